//! What a poll found, written in one transaction: the feed's memory, its entries, their articles and keys. A saved
//! ETag never outlives unsaved entries.

use super::{
    Fold, Store, StoreError,
    resolve::{self, KeyHash, Taken},
    rows::{ms, opt_ms, opt_time, to_json},
    search,
};
use crate::model::{ArticleId, FeedId, FeedState, IdentifiedEntry};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// Old texts kept of an entry that changes again and again (pages that print the time in their summary).
const REVISIONS: i64 = 20;
/// `last_seen` of an unchanged entry is written at most this often: most polls then write one row.
const LAST_SEEN_STEP: SignedDuration = SignedDuration::from_mins(30);
/// Bytes kept of an entry's full content; it is raw material for the article's text, not an archive.
const CONTENT_MAX: usize = 256 * 1024;

/// What a poll came to: what to remember of the feed, and what it served.
#[derive(Debug, Clone)]
pub struct PollCommit {
    /// The feed that was claimed.
    pub feed: FeedId,
    /// What to remember of it, whole. `last_new_at` and the watched volume are set by the store, which alone knows what
    /// is new.
    pub state: FeedState,
    /// What it served; empty where nothing was read (304, same bytes, failure).
    pub entries: Vec<IdentifiedEntry>,
    /// When the answer came.
    pub at: Timestamp,
    /// First seen longer than this after its own date, an article is backfill.
    pub backfill_after: SignedDuration,
}

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollReport {
    /// Which feed.
    pub feed: FeedId,
    /// Entries in the document.
    pub entries: usize,
    /// Entries never seen in this feed before.
    pub new_entries: usize,
    /// Entries whose text was changed.
    pub changed_entries: usize,
    /// Articles never seen before, in no feed.
    pub new_articles: Vec<ArticleId>,
}

impl Store {
    /// Writes what polls of claimed feeds found, all of `commits` in one transaction; reports in the same order. A feed that is gone
    /// from the store reports nothing new. The same commit twice changes nothing the second time.
    pub async fn commit_polls(
        &self,
        commits: Vec<PollCommit>,
    ) -> Result<Vec<PollReport>, StoreError> {
        let fold = self.fold;
        self.write("storing what polls found", move |tx| {
            commits.iter().map(|c| commit_poll(tx, c, fold)).collect()
        })
        .await
    }
}

/// One document on its way in.
struct Intake<'a> {
    tx: &'a Transaction<'a>,
    commit: &'a PollCommit,
    fold: Fold,
    source: i64,
    /// The feed has never been read before.
    first_reading: bool,
    /// Undated items of this document are old ones: the feed was added to a paper that is already printed.
    undated_is_old: bool,
    taken: Taken,
    report: PollReport,
}

/// How an entry speaks of the article it belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// Another entry with the same address: it may fill gaps.
    Further,
    /// The same item under a new address, by a strong id: its address is the one that lives.
    Moved,
    /// An entry of this article that says something else than before.
    Revised { retitled: bool },
}

/// An entry as it stands in the store.
struct Known {
    id: i64,
    article: ArticleId,
    content_hash: KeyHash,
    last_seen: i64,
}

fn commit_poll(
    tx: &Transaction<'_>,
    commit: &PollCommit,
    fold: Fold,
) -> rusqlite::Result<PollReport> {
    let report = PollReport {
        feed: commit.feed,
        entries: commit.entries.len(),
        new_entries: 0,
        changed_entries: 0,
        new_articles: Vec::new(),
    };
    let feed = tx
        .prepare_cached("SELECT source_id, added_at, last_ok_at IS NULL FROM feeds WHERE id = ?1")?
        .query_row([commit.feed.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((source, added_at, first_reading)): Option<(i64, i64, bool)> = feed else {
        return Ok(report);
    };
    let undated_is_old = first_reading
        && tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM editions WHERE composed_at <= ?1)")?
            .query_row([added_at], |row| row.get(0))?;
    let mut intake = Intake {
        tx,
        commit,
        fold,
        source,
        first_reading,
        undated_is_old,
        taken: Taken::default(),
        report,
    };
    intake.entries()?;
    put_state(tx, commit, intake.report.new_entries)?;
    Ok(intake.report)
}

impl Intake<'_> {
    /// First the entries whose article is certain, then the others: those may not join an article that another
    /// entry of the same document has under another address.
    fn entries(&mut self) -> rusqlite::Result<()> {
        let commit = self.commit;
        let mut open = Vec::new();
        for entry in &commit.entries {
            let content = content_hash(entry);
            let known = self.known(&entry.entry_key)?;
            if let Some(known) = &known
                && known.content_hash == content
            {
                self.touch(known)?;
                self.taken
                    .note(known.article, resolve::address(commit.feed, entry));
                continue;
            }
            match resolve::by_address(self.tx, commit.feed, entry)? {
                Some(article) => self.put(entry, content, known, article, Voice::Further)?,
                None => open.push((entry, content)),
            }
        }
        for (entry, content) in open {
            // Asked anew: an entry before this one may have been the same item.
            let known = self.known(&entry.entry_key)?;
            let (article, voice) = match self.resolve(entry)? {
                Some(found) => found,
                None => (self.new_article(entry)?, Voice::Further),
            };
            self.put(entry, content, known, article, voice)?;
        }
        Ok(())
    }

    fn resolve(&self, entry: &IdentifiedEntry) -> rusqlite::Result<Option<(ArticleId, Voice)>> {
        let feed = self.commit.feed;
        if let Some(article) = resolve::by_address(self.tx, feed, entry)? {
            return Ok(Some((article, Voice::Further)));
        }
        let article = resolve::by_other_keys(self.tx, feed, entry, &self.taken)?;
        Ok(article.map(|article| (article, Voice::Moved)))
    }

    fn known(&self, entry_key: &str) -> rusqlite::Result<Option<Known>> {
        self.tx
            .prepare_cached(
                "SELECT id, article_id, content_hash, last_seen FROM entries WHERE feed_id = ?1 AND entry_key = ?2",
            )?
            .query_row((self.commit.feed.0, resolve::hash(entry_key)), |row| {
                Ok(Known {
                    id: row.get(0)?,
                    article: ArticleId(row.get(1)?),
                    content_hash: row.get(2)?,
                    last_seen: row.get(3)?,
                })
            })
            .optional()
    }

    fn touch(&self, known: &Known) -> rusqlite::Result<()> {
        let now = ms(self.commit.at);
        if now.saturating_sub(known.last_seen) < LAST_SEEN_STEP.as_millis() as i64 {
            return Ok(());
        }
        self.tx
            .prepare_cached("UPDATE entries SET last_seen = ?2 WHERE id = ?1")?
            .execute([known.id, now])?;
        Ok(())
    }

    /// Stores the entry, new or changed, as one of `article`.
    fn put(
        &mut self,
        entry: &IdentifiedEntry,
        content: KeyHash,
        known: Option<Known>,
        article: ArticleId,
        voice: Voice,
    ) -> rusqlite::Result<()> {
        let row = match known {
            Some(known) => {
                self.report.changed_entries += 1;
                let retitled = self.revise(&known, entry, content, article)?;
                // Another feed's shorter headline is no retouch; the same entry's new one is.
                let same = known.article == article;
                self.refresh(
                    article,
                    entry,
                    if same {
                        Voice::Revised { retitled }
                    } else {
                        voice
                    },
                )?;
                known.id
            }
            None => {
                self.report.new_entries += 1;
                let row = self.insert(entry, content, article)?;
                self.refresh(article, entry, voice)?;
                row
            }
        };
        resolve::put_keys(self.tx, self.commit.feed, entry, article, row)?;
        self.taken
            .note(article, resolve::address(self.commit.feed, entry));
        Ok(())
    }

    fn insert(
        &self,
        entry: &IdentifiedEntry,
        content: KeyHash,
        article: ArticleId,
    ) -> rusqlite::Result<i64> {
        let raw = &entry.entry;
        self.tx
            .prepare_cached(
                "INSERT INTO entries (feed_id, entry_key, article_id, first_seen, last_seen, content_hash, guid, link, \
                     published, updated, raw_date, title, terms, summary, content) \
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .insert(params![
                self.commit.feed.0,
                resolve::hash(&entry.entry_key),
                article.0,
                ms(self.commit.at),
                content,
                raw.guid,
                raw.link,
                opt_ms(raw.published),
                opt_ms(raw.updated),
                raw.raw_date,
                raw.title,
                to_json(&(&raw.authors, &raw.categories, &raw.enclosures))?,
                raw.summary,
                raw.content.as_deref().map(bounded),
            ])
    }

    /// Keeps what the entry said before, then writes what it says now; whether its headline changed.
    fn revise(
        &self,
        known: &Known,
        entry: &IdentifiedEntry,
        content: KeyHash,
        article: ArticleId,
    ) -> rusqlite::Result<bool> {
        let raw = &entry.entry;
        let now = ms(self.commit.at);
        let (revision, old_title): (i64, String) = self
            .tx
            .prepare_cached("SELECT revision, title FROM entries WHERE id = ?1")?
            .query_row([known.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.tx
            .prepare_cached(
                "INSERT INTO entry_revisions (entry_id, revision, article_id, until, guid, link, published, title, summary) \
                 SELECT id, revision, article_id, ?2, guid, link, published, title, summary FROM entries WHERE id = ?1",
            )?
            .execute([known.id, now])?;
        self.tx
            .prepare_cached("DELETE FROM entry_revisions WHERE entry_id = ?1 AND revision <= ?2")?
            .execute([known.id, revision - REVISIONS])?;
        self.tx
            .prepare_cached(
                "UPDATE entries SET article_id = ?2, last_seen = ?3, revision = revision + 1, content_hash = ?4, \
                     guid = ?5, link = ?6, published = ?7, updated = ?8, raw_date = ?9, title = ?10, terms = ?11, \
                     summary = ?12, content = ?13 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                article.0,
                now,
                content,
                raw.guid,
                raw.link,
                opt_ms(raw.published),
                opt_ms(raw.updated),
                raw.raw_date,
                raw.title,
                to_json(&(&raw.authors, &raw.categories, &raw.enclosures))?,
                raw.summary,
                raw.content.as_deref().map(bounded),
            ])?;
        Ok(old_title != raw.title)
    }

    fn new_article(&mut self, entry: &IdentifiedEntry) -> rusqlite::Result<ArticleId> {
        let raw = &entry.entry;
        let now = self.commit.at;
        let id = self
            .tx
            .prepare_cached(
                "INSERT INTO articles (source_id, ingest, seen, published, backfill, url, section, author, title, sapo) \
                 VALUES (?1, (SELECT coalesce(max(ingest), 0) + 1 FROM articles), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .insert(params![
                self.source,
                ms(now),
                opt_ms(raw.published),
                self.is_backfill(entry),
                entry.url.as_deref().unwrap_or_default(),
                entry.section,
                (!raw.authors.is_empty()).then(|| raw.authors.join(", ")),
                raw.title,
                entry.sapo,
            ])?;
        search::index(self.tx, id, self.fold)?;
        self.report.new_articles.push(ArticleId(id));
        Ok(ArticleId(id))
    }

    /// First seen too long after its own date. Of an undated item the time of its last change tells, or the day in its
    /// address, and else whether the feed is new to a digest that has appeared before. A list of bare addresses that is
    /// read for the first time is a whole archive.
    fn is_backfill(&self, entry: &IdentifiedEntry) -> bool {
        let oldest = self.commit.at.saturating_sub(self.commit.backfill_after);
        let Ok(oldest) = oldest else { return false };
        if let Some(published) = entry.entry.published {
            return published < oldest;
        }
        if let Some(updated) = entry.entry.updated
            && (updated < oldest || entry.url_date.is_none())
        {
            return updated < oldest;
        }
        match entry.url_date.and_then(end_of_day) {
            Some(end) => end < oldest,
            None => self.undated_is_old || (self.first_reading && entry.entry.title.is_empty()),
        }
    }

    /// Brings the article in line with what an entry says now: a retouched headline or lead, a date or lead it
    /// lacked. A republished date never moves it.
    fn refresh(
        &self,
        article: ArticleId,
        entry: &IdentifiedEntry,
        voice: Voice,
    ) -> rusqlite::Result<()> {
        let (title, sapo, published, url) = self
            .tx
            .prepare_cached("SELECT title, sapo, published, url FROM articles WHERE id = ?1")?
            .query_row([article.0], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    opt_time(row, "published")?,
                    row.get::<_, String>(3)?,
                ))
            })?;
        let raw = &entry.entry;
        let retitled = matches!(voice, Voice::Revised { retitled: true } | Voice::Moved);
        let new_title =
            ((retitled || title.is_empty()) && !raw.title.is_empty() && raw.title != title)
                .then_some(&raw.title);
        // A revision may bring another lead; from a further feed only a missing one is taken.
        let new_sapo = match (&sapo, &entry.sapo) {
            (None, Some(new)) => Some(new),
            (Some(old), Some(new)) if voice != Voice::Further && old != new => Some(new),
            _ => None,
        };
        let dated = published.is_none() && raw.published.is_some();
        let new_url = entry
            .url
            .as_ref()
            .filter(|new| **new != url && (voice != Voice::Further || url.is_empty()));
        if new_title.is_none() && new_sapo.is_none() && new_url.is_none() && !dated {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "UPDATE articles SET first_title = CASE WHEN ?2 IS NULL OR title = '' THEN first_title \
                         ELSE coalesce(first_title, title) END, \
                     title = coalesce(?2, title), sapo = coalesce(?3, sapo), published = coalesce(published, ?4), \
                     url = coalesce(?5, url), \
                     analysed_with = CASE WHEN ?2 IS NULL AND ?3 IS NULL THEN analysed_with ELSE 0 END \
                 WHERE id = ?1",
            )?
            .execute(params![article.0, new_title, new_sapo, opt_ms(raw.published), new_url])?;
        if new_title.is_some() || new_sapo.is_some() || dated {
            search::index(self.tx, article.0, self.fold)?;
        }
        Ok(())
    }
}

/// Writes the feed's memory, if the claim still stands: a feed that was given another address meanwhile lost it, and
/// the old address's validators would lie about the new one.
fn put_state(tx: &Transaction<'_>, commit: &PollCommit, new: usize) -> rusqlite::Result<()> {
    let state = &commit.state;
    let recent: Vec<i64> = state.recent.iter().copied().map(ms).collect();
    let mut watch = state.watch.clone();
    watch.count(new, commit.at);
    let last_new = if new > 0 {
        Some(commit.at)
    } else {
        state.last_new_at
    };
    tx.prepare_cached(
        "UPDATE feeds SET lease_until = NULL, etag = ?2, last_modified = ?3, body_hash = ?4, next_poll_at = ?5, \
             not_before = ?6, last_poll_at = ?7, last_ok_at = ?8, last_new_at = coalesce(?9, last_new_at), \
             recent = ?10, failures = ?11, failing_since = ?12, failure = ?13, failure_detail = ?14, \
             retired_at = ?15, moved_to = ?16, moved_seen = ?17, parts = ?18, watch = ?19 WHERE id = ?1 AND lease_until IS NOT NULL",
    )?
    .execute(params![
        commit.feed.0,
        state.validators.etag,
        state.validators.last_modified,
        state.body_hash,
        opt_ms(state.next_poll_at),
        opt_ms(state.not_before),
        opt_ms(state.last_poll_at),
        opt_ms(state.last_ok_at),
        opt_ms(last_new),
        to_json(&recent)?,
        state.failures,
        opt_ms(state.failing_since),
        state.failure.as_ref().map(|f| f.kind.as_str()),
        state.failure.as_ref().map(|f| f.detail.as_str()),
        opt_ms(state.retired_at),
        state.moved.as_ref().map(|(url, _)| url.as_str()),
        state.moved.as_ref().map_or(0, |(_, times)| *times),
        to_json(&state.parts)?,
        to_json(&watch)?,
    ])?;
    Ok(())
}

/// What makes an entry another one than before. Not `updated`, guid, nor what tracking adds to the link: some feeds
/// give these anew at every request, and each would be a revision for ever.
fn content_hash(entry: &IdentifiedEntry) -> KeyHash {
    let url = entry.url.as_deref();
    let entry = &entry.entry;
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(Some(&entry.title));
    part(url);
    part(entry.summary.as_deref());
    part(entry.content.as_deref());
    part(entry.raw_date.as_deref());
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// The last instant of a day in Viet Nam (UTC+7, no summer time), as UTC.
fn end_of_day(day: jiff::civil::Date) -> Option<Timestamp> {
    let offset = jiff::tz::Offset::constant(7);
    offset
        .to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0))
        .ok()
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(CONTENT_MAX)]
}
