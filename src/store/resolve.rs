//! Which article an entry belongs to. Precision first: a wrong merge loses an article, a missed one shows it twice.
//!
//! The keys of an entry are asked strongest first, and the address outweighs all others. Two stored articles are
//! never made one: where an entry's keys point at both, it joins the stronger and the keys stay where they were.

use super::rows::{ms, opt_time, time};
use crate::model::{ArticleId, FeedId, IdentifiedEntry, credible};
use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension as _, Transaction};
use std::collections::{HashMap, HashSet};

/// A key as stored: 16 bytes, so that the table stays small when it holds millions.
pub(super) type KeyHash = [u8; 16];

/// What the entries of one document have been given so far: article -> address of the entry that has it.
#[derive(Debug, Default)]
pub(super) struct Taken {
    articles: HashMap<ArticleId, Option<KeyHash>>,
    /// Entries that stand unchanged in the document; their articles are looked up when somebody asks, which is seldom.
    unasked: Vec<(KeyHash, Option<KeyHash>)>,
}

impl Taken {
    pub(super) fn note(&mut self, article: ArticleId, address: Option<KeyHash>) {
        let held = self.articles.entry(article).or_insert(address);
        *held = held.or(address);
    }

    /// Notes an entry whose article is not known yet.
    pub(super) fn note_unasked(&mut self, names: &Names) {
        self.unasked.push((names.entry, names.address()));
    }

    /// Two entries of one document with different addresses are two articles, whatever else they share.
    fn forbids(
        &mut self,
        tx: &Transaction<'_>,
        feed: FeedId,
        article: ArticleId,
        address: Option<KeyHash>,
    ) -> rusqlite::Result<bool> {
        for (entry, its_address) in std::mem::take(&mut self.unasked) {
            let of = tx
                .prepare_cached(
                    "SELECT article_id FROM entries WHERE feed_id = ?1 AND entry_key = ?2",
                )?
                .query_row((feed.0, entry), |row| row.get(0).map(ArticleId))
                .optional()?;
            if let Some(of) = of {
                self.note(of, its_address);
            }
        }
        Ok(match (self.articles.get(&article), address) {
            (Some(Some(held)), Some(ours)) => *held != ours,
            _ => false,
        })
    }
}

/// The first 16 bytes of BLAKE3 over any text.
pub(super) fn hash(text: &str) -> KeyHash {
    short(&blake3::hash(text.as_bytes()))
}

/// The first 16 bytes of a hash: enough to tell everything apart that a table will ever hold.
pub(super) fn short(hash: &blake3::Hash) -> KeyHash {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}

/// The names of one entry as they are stored, strongest first.
#[derive(Debug)]
pub(super) struct Names {
    /// Its name within its feed.
    pub(super) entry: KeyHash,
    keys: Vec<(Kind, KeyHash)>,
}

/// What a key of an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Its address.
    Address,
    /// An id that means nothing outside of its feed; scoped to it.
    OfFeed,
    /// Anything else that is unique.
    Other,
}

impl Names {
    pub(super) fn of(feed: FeedId, entry: &IdentifiedEntry) -> Self {
        let keys = entry.article_keys.iter().map(|key| {
            if key.0.starts_with("url:") {
                (Kind::Address, hash(&key.0))
            } else if key.0.starts_with("feed-guid:") {
                (Kind::OfFeed, hash(&format!("{feed}\n{}", key.0)))
            } else {
                (Kind::Other, hash(&key.0))
            }
        });
        Self {
            entry: hash(&entry.entry_key),
            keys: keys.collect(),
        }
    }

    /// The entry's address, if it has one that identifies.
    pub(super) fn address(&self) -> Option<KeyHash> {
        let mut keys = self.keys.iter();
        keys.find(|(kind, _)| *kind == Kind::Address)
            .map(|(_, key)| *key)
    }
}

/// The table of keys with its statements at hand: each entry asks them several times.
pub(super) struct Keys<'t> {
    tx: &'t Transaction<'t>,
    get: CachedStatement<'t>,
    put: CachedStatement<'t>,
}

impl<'t> Keys<'t> {
    pub(super) fn of(tx: &'t Transaction<'t>) -> rusqlite::Result<Self> {
        Ok(Self {
            tx,
            get: tx.prepare_cached("SELECT article_id FROM article_keys WHERE key = ?1")?,
            put: tx.prepare_cached(
                "INSERT INTO article_keys (key, article_id, entry_id) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
            )?,
        })
    }

    /// The article that carries this very address.
    pub(super) fn by_address(&mut self, names: &Names) -> rusqlite::Result<Option<ArticleId>> {
        match names.address() {
            Some(key) => self.article(&key),
            None => Ok(None),
        }
    }

    /// The article of the entry's other keys, unless what is known of it speaks against it.
    pub(super) fn by_other_keys(
        &mut self,
        feed: FeedId,
        entry: &IdentifiedEntry,
        names: &Names,
        taken: &mut Taken,
    ) -> rusqlite::Result<Option<ArticleId>> {
        let address = names.address();
        for (kind, key) in names.keys.iter().filter(|(kind, _)| *kind != Kind::Address) {
            let Some(article) = self.article(key)? else {
                continue;
            };
            if taken.forbids(self.tx, feed, article, address)? {
                continue;
            }
            // A feed that numbers its items from 1 again, or gives its one item always the same id, must not swallow
            // tomorrow's article in yesterday's.
            if *kind == Kind::OfFeed && address.is_some() && !agrees(self.tx, article, entry)? {
                continue;
            }
            return Ok(Some(article));
        }
        Ok(None)
    }

    /// Gives the keys to the article; those that another article has stay there.
    pub(super) fn put(
        &mut self,
        names: &Names,
        article: ArticleId,
        entry_row: i64,
    ) -> rusqlite::Result<()> {
        for (_, key) in &names.keys {
            self.put.execute((key, article.0, entry_row))?;
        }
        Ok(())
    }

    fn article(&mut self, key: &KeyHash) -> rusqlite::Result<Option<ArticleId>> {
        self.get
            .query_row([key], |row| row.get(0).map(ArticleId))
            .optional()
    }
}

/// Whether a weak id is borne out: by the same printed time and a headline that was at most retouched.
fn agrees(
    tx: &Transaction<'_>,
    article: ArticleId,
    entry: &IdentifiedEntry,
) -> rusqlite::Result<bool> {
    let (title, published, seen): (String, Option<Timestamp>, Timestamp) = tx
        .prepare_cached("SELECT title, published, seen FROM articles WHERE id = ?1")?
        .query_row([article.0], |row| {
            Ok((row.get(0)?, opt_time(row, "published")?, time(row, "seen")?))
        })?;
    // Stored to the millisecond.
    let same_time = published.map(ms) == credible(entry.entry.published, seen).map(ms);
    Ok(same_time && is_retouch(&title, &entry.entry.title))
}

/// Whether the two share at least two thirds of their distinct words, counted on the longer one, and all their
/// numbers: "kỳ 1" and "kỳ 2" of a series are two articles.
fn is_retouch(a: &str, b: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    let has_digit = |word: &&String| word.contains(|c: char| c.is_ascii_digit());
    let same_numbers = !a.symmetric_difference(&b).any(|word| has_digit(&word));
    let longer = a.len().max(b.len());
    longer > 0 && same_numbers && a.intersection(&b).count() * 3 >= longer * 2
}

#[cfg(test)]
mod tests {
    use super::is_retouch;

    #[test]
    fn a_retouched_headline_shares_its_words_and_another_one_does_not() {
        let first = "Đảng bộ xã Tân Lập kết nạp 12 đảng viên mới";
        assert!(is_retouch(
            first,
            "Đảng bộ Tân Lập kết nạp 12 đảng viên mới"
        ));
        assert!(!is_retouch(
            first,
            "Đảng bộ xã Tân Lập kết nạp 15 đảng viên mới"
        ));
        assert!(!is_retouch(
            first,
            "Khai mạc hội nghị kiểm tra, giám sát quý III"
        ));
        assert!(!is_retouch("", ""));
    }
}
