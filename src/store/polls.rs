//! What a poll found, written in one transaction: the feed's memory, its entries, their articles and keys. A saved
//! ETag never outlives unsaved entries.

use super::{
    Proof, Store, StoreError, hubs,
    resolve::{self, KeyHash, Names, Taken},
    rows::{from_json, ms, opt_ms, opt_time, time, to_json},
    search,
};
use crate::model::{ArticleId, FeedId, FeedState, IdentifiedEntry, Watch, credible};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{CachedStatement, OptionalExtension as _, Transaction, params};
use std::collections::HashSet;

/// Old texts kept of an entry that changes again and again (pages that print the time in their summary).
const REVISIONS: i64 = 20;
/// Bytes kept of an entry's full content; it is raw material for the article's text, not an archive.
const CONTENT_MAX: usize = 256 * 1024;

const PUT_ENTRY: &str = "INSERT INTO entries (feed_id, entry_key, article_id, first_seen, content_hash, guid, link, \
         published, updated, raw_date, title, terms, summary, content) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

const PUT_ARTICLE: &str = "INSERT INTO articles (source_id, ingest, seen, published, backfill, url, section, author, \
         title, sapo) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

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

/// What a hub delivered.
#[derive(Debug, Clone)]
pub struct PushCommit {
    /// The feed that it is subscribed for.
    pub feed: FeedId,
    /// What the document holds.
    pub entries: Vec<IdentifiedEntry>,
    /// When it came.
    pub at: Timestamp,
    /// As in [`PollCommit`].
    pub backfill_after: SignedDuration,
    /// When the hub is believed.
    pub proof: Proof,
}

impl Store {
    /// Writes what a hub delivered, by the same rules as what a poll found: which article an entry is of, and what this paper
    /// may say of it. Of the feed's memory only what is new counts: validators and hashes are of polled documents.
    pub async fn commit_push(&self, push: PushCommit) -> Result<PollReport, StoreError> {
        let proof = push.proof;
        let commit = PollCommit {
            feed: push.feed,
            state: FeedState::default(), // Not written.
            entries: push.entries,
            at: push.at,
            backfill_after: push.backfill_after,
        };
        self.write("storing what a hub delivered", move |tx| {
            let report = take_in(tx, &commit, Came::Pushed)?;
            hubs::note_delivery(tx, commit.feed, commit.at, proof)?;
            Ok(report)
        })
        .await
    }

    /// Writes what polls of claimed feeds found, all of `commits` in one transaction; reports in the same order. A feed that is gone
    /// from the store reports nothing new. The same commit twice changes nothing the second time.
    pub async fn commit_polls(
        &self,
        commits: Vec<PollCommit>,
    ) -> Result<Vec<PollReport>, StoreError> {
        // Of an unchanged feed only the time is new; lost in a power cut, the feed is asked once more.
        let nothing_new = commits.iter().all(|commit| commit.entries.is_empty());
        let store = move |tx: &Transaction<'_>| {
            let reports = commits
                .iter()
                .map(|commit| take_in(tx, commit, Came::Asked));
            reports.collect()
        };
        match nothing_new {
            true => self.write_soon("storing what polls found", store).await,
            false => self.write("storing what polls found", store).await,
        }
    }
}

/// How a document came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// A poll asked for it: it is what stands at the feed's address.
    Asked,
    /// A hub delivered it: often only what is new.
    Pushed,
}

/// One document on its way in.
struct Intake<'a> {
    tx: &'a Transaction<'a>,
    keys: resolve::Keys<'a>,
    put_entry: CachedStatement<'a>,
    put_article: CachedStatement<'a>,
    commit: &'a PollCommit,
    came: Came,
    source: i64,
    /// The newspaper's own host.
    domain: String,
    /// The feed has never been read before.
    first_reading: bool,
    /// Undated items of this document are old ones: the feed was added to a paper that is already printed.
    undated_is_old: bool,
    taken: Taken,
    /// Names of entries and addresses that this document brought.
    met: HashSet<KeyHash>,
    /// The next article's place in the order of arrival, once one was made.
    next_ingest: Option<i64>,
    report: PollReport,
}

/// One entry with what is computed of it once.
struct Item<'a> {
    entry: &'a IdentifiedEntry,
    names: Names,
    content: KeyHash,
}

/// How an entry speaks of the article it belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// The article was made of this very entry.
    First,
    /// Another entry with the same address: it may fill gaps.
    Further,
    /// The same item under a new address, by a strong id: its address is the one that lives.
    Moved,
    /// An entry of this article that says something else than before.
    Revised { retitled: bool },
    /// The paper at whose host the article lies, where another paper's feed spoke of it first: it is its own.
    Owner,
}

/// An entry as it stands in the store.
struct Known {
    id: i64,
    article: ArticleId,
    content_hash: KeyHash,
}

/// Takes in a document, and remembers of its feed what the way it came allows.
fn take_in(tx: &Transaction<'_>, commit: &PollCommit, came: Came) -> rusqlite::Result<PollReport> {
    let put = match came {
        Came::Asked => put_state,
        Came::Pushed => put_news,
    };
    let report = PollReport {
        feed: commit.feed,
        entries: commit.entries.len(),
        new_entries: 0,
        changed_entries: 0,
        new_articles: Vec::new(),
    };
    if commit.entries.is_empty() {
        put(tx, commit, 0)?;
        return Ok(report);
    }
    let feed = tx
        .prepare_cached(
            "SELECT f.source_id, s.domain, f.added_at, f.last_ok_at IS NULL \
             FROM feeds f JOIN sources s ON s.id = f.source_id WHERE f.id = ?1",
        )?
        .query_row([commit.feed.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((source, domain, added_at, first_reading)): Option<(i64, String, i64, bool)> = feed
    else {
        return Ok(report);
    };
    let undated_is_old = first_reading
        && tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM editions WHERE composed_at <= ?1)")?
            .query_row([added_at], |row| row.get(0))?;
    let mut intake = Intake {
        tx,
        keys: resolve::Keys::of(tx)?,
        put_entry: tx.prepare_cached(PUT_ENTRY)?,
        put_article: tx.prepare_cached(PUT_ARTICLE)?,
        commit,
        came,
        source,
        domain,
        first_reading,
        undated_is_old,
        taken: Taken::default(),
        met: HashSet::new(),
        next_ingest: None,
        report,
    };
    intake.entries()?;
    put(tx, commit, intake.report.new_entries)?;
    Ok(intake.report)
}

impl Intake<'_> {
    /// First the entries that stand as they stood in the last document, then those whose article is certain, then the
    /// others: those may not join an article that another entry of the same document has under another address.
    fn entries(&mut self) -> rusqlite::Result<()> {
        let commit = self.commit;
        let stood = shown(self.tx, commit.feed)?;
        let mut shows = Vec::with_capacity(commit.entries.len());
        let (mut changed, mut open) = (Vec::new(), Vec::new());
        for entry in &commit.entries {
            let item = Item {
                entry,
                names: Names::of(commit.feed, entry),
                content: entry.content,
            };
            let mark = item.mark();
            if stood.contains(&mark) {
                self.taken.note_unasked(&item.names);
            } else {
                changed.push(item);
            }
            shows.push(mark);
        }
        for item in changed {
            // Of a feed that never showed anything no entry is stored.
            let known = match stood.is_empty() {
                true => None,
                false => self.known(&item)?,
            };
            if let Some(known) = &known
                && known.content_hash == item.content
            {
                self.taken.note(known.article, item.names.address());
                continue;
            }
            match self.keys.by_address(&item.names)? {
                Some(article) => self.put(&item, known, article, Voice::Further)?,
                None => open.push((item, known)),
            }
        }
        for (item, known) in open {
            self.put_open(&item, known)?;
        }
        match self.came {
            // A part of the feed would make the next poll ask about all the rest.
            Came::Pushed if !stood.is_empty() => Ok(()),
            _ => put_shown(self.tx, commit.feed, &stood, &shows),
        }
    }

    /// Stores an entry whose address nobody had.
    fn put_open(&mut self, item: &Item<'_>, known: Option<Known>) -> rusqlite::Result<()> {
        let mut known = known;
        // Asked anew where an entry before this one may have been the same item.
        if self.has_met(item) {
            known = self.known(item)?;
            if let Some(article) = self.keys.by_address(&item.names)? {
                return self.put(item, known, article, Voice::Further);
            }
        }
        let (feed, taken) = (self.commit.feed, &mut self.taken);
        match self
            .keys
            .by_other_keys(feed, item.entry, &item.names, taken)?
        {
            Some(article) => self.put(item, known, article, Voice::Moved),
            None => {
                let article = self.new_article(item.entry)?;
                self.put(item, known, article, Voice::First)
            }
        }
    }

    fn has_met(&self, item: &Item<'_>) -> bool {
        let address = item.names.address();
        self.met.contains(&item.names.entry) || address.is_some_and(|key| self.met.contains(&key))
    }

    fn known(&self, item: &Item<'_>) -> rusqlite::Result<Option<Known>> {
        self.tx
            .prepare_cached(
                "SELECT id, article_id, content_hash FROM entries WHERE feed_id = ?1 AND entry_key = ?2",
            )?
            .query_row((self.commit.feed.0, item.names.entry), |row| {
                Ok(Known {
                    id: row.get(0)?,
                    article: ArticleId(row.get(1)?),
                    content_hash: row.get(2)?,
                })
            })
            .optional()
    }

    /// Stores the entry, new or changed, as one of `article`.
    fn put(
        &mut self,
        item: &Item<'_>,
        known: Option<Known>,
        article: ArticleId,
        voice: Voice,
    ) -> rusqlite::Result<()> {
        let row = match known {
            Some(known) => {
                self.report.changed_entries += 1;
                let retitled = self.revise(&known, item, article)?;
                // Another feed's shorter headline is no retouch; the same entry's new one is.
                let same = known.article == article;
                self.refresh(
                    article,
                    item.entry,
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
                let row = self.insert(item, article)?;
                self.refresh(article, item.entry, voice)?;
                row
            }
        };
        self.keys.put(&item.names, article, row)?;
        let address = item.names.address();
        self.taken.note(article, address);
        self.met.insert(item.names.entry);
        self.met.extend(address);
        Ok(())
    }

    fn insert(&mut self, item: &Item<'_>, article: ArticleId) -> rusqlite::Result<i64> {
        let raw = &item.entry.entry;
        self.put_entry.insert(params![
            self.commit.feed.0,
            item.names.entry,
            article.0,
            ms(self.commit.at),
            item.content,
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
    fn revise(&self, known: &Known, item: &Item<'_>, article: ArticleId) -> rusqlite::Result<bool> {
        let raw = &item.entry.entry;
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
                "UPDATE entries SET article_id = ?2, revision = revision + 1, content_hash = ?3, guid = ?4, link = ?5, \
                     published = ?6, updated = ?7, raw_date = ?8, title = ?9, terms = ?10, summary = ?11, \
                     content = ?12 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                article.0,
                item.content,
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
        let ingest = match self.next_ingest {
            Some(ingest) => ingest,
            None => self
                .tx
                .prepare_cached("SELECT coalesce(max(ingest), 0) + 1 FROM articles")?
                .query_row([], |row| row.get(0))?,
        };
        self.next_ingest = Some(ingest + 1);
        let backfill = self.is_backfill(entry);
        let id = self.put_article.insert(params![
            self.source,
            ingest,
            ms(now),
            opt_ms(credible(raw.published, now)),
            backfill,
            entry.url.as_deref().unwrap_or_default(),
            entry.section,
            (!raw.authors.is_empty()).then(|| raw.authors.join(", ")),
            raw.title,
            entry.sapo,
        ])?;
        search::queue(self.tx, id)?;
        self.report.new_articles.push(ArticleId(id));
        Ok(ArticleId(id))
    }

    /// First seen too long after its own date. Of an undated item the time of its last change tells, or the day in its
    /// address, and else whether the feed is new to a digest that has appeared before. A list of bare addresses that is
    /// read for the first time is a whole archive.
    fn is_backfill(&self, entry: &IdentifiedEntry) -> bool {
        let oldest = self.commit.at.saturating_sub(self.commit.backfill_after);
        let Ok(oldest) = oldest else { return false };
        if let Some(published) = credible(entry.entry.published, self.commit.at) {
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

    /// What this paper may say of the article. No paper rewrites another's, whoever spoke of it first; the one at whose
    /// host it lies takes it over from one that only links there.
    fn standing(
        &self,
        article: ArticleId,
        entry: &IdentifiedEntry,
        voice: Voice,
    ) -> rusqlite::Result<Voice> {
        let (source, domain): (i64, String) = self
            .tx
            .prepare_cached(
                "SELECT s.id, s.domain FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id = ?1",
            )?
            .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if source == self.source {
            return Ok(voice);
        }
        if !lies_at(entry, &self.domain) || lies_at(entry, &domain) {
            return Ok(Voice::Further);
        }
        self.tx
            .prepare_cached("UPDATE articles SET source_id = ?2 WHERE id = ?1")?
            .execute((article.0, self.source))?;
        search::queue(self.tx, article.0)?;
        Ok(Voice::Owner)
    }

    /// Brings the article in line with what an entry says now: a retouched headline or lead, a date or lead it
    /// lacked. A republished date never moves it.
    fn refresh(
        &self,
        article: ArticleId,
        entry: &IdentifiedEntry,
        voice: Voice,
    ) -> rusqlite::Result<()> {
        if voice == Voice::First {
            return Ok(());
        }
        let voice = self.standing(article, entry, voice)?;
        let (title, sapo, published, url, seen) = self
            .tx
            .prepare_cached("SELECT title, sapo, published, url, seen FROM articles WHERE id = ?1")?
            .query_row([article.0], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    opt_time(row, "published")?,
                    row.get::<_, String>(3)?,
                    time(row, "seen")?,
                ))
            })?;
        let raw = &entry.entry;
        let date = credible(raw.published, seen);
        let retitled = matches!(
            voice,
            Voice::Revised { retitled: true } | Voice::Moved | Voice::Owner
        );
        let new_title =
            ((retitled || title.is_empty()) && !raw.title.is_empty() && raw.title != title)
                .then_some(&raw.title);
        // A revision may bring another lead; from a further feed only a missing one is taken.
        let new_sapo = match (&sapo, &entry.sapo) {
            (None, Some(new)) => Some(new),
            (Some(old), Some(new)) if voice != Voice::Further && old != new => Some(new),
            _ => None,
        };
        let dated = published.is_none() && date.is_some();
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
            .execute(params![article.0, new_title, new_sapo, opt_ms(date), new_url])?;
        if new_title.is_some() || new_sapo.is_some() || dated {
            search::queue(self.tx, article.0)?;
        }
        Ok(())
    }
}

/// Whether the entry's address is one of this host, or of a part of it ("tinhuy." before it).
fn lies_at(entry: &IdentifiedEntry, domain: &str) -> bool {
    let mut keys = entry.article_keys.iter();
    let host = keys
        .find_map(|key| key.0.strip_prefix("url:"))
        .and_then(|address| address.split(['/', '?', ':']).next());
    host.and_then(|host| host.strip_suffix(domain))
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Writes the feed's memory, if the claim still stands: a feed that was given another address meanwhile lost it, and
/// the old address's validators would lie about the new one.
fn put_state(tx: &Transaction<'_>, commit: &PollCommit, new: usize) -> rusqlite::Result<()> {
    let state = &commit.state;
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
             failures = ?10, failing_since = ?11, failure = ?12, failure_detail = ?13, retired_at = ?14, moved_to = ?15, \
             moved_seen = ?16, distrusted_until = ?17, entries_hash = ?18, hours = ?19, counted_to = ?20, parts = ?21, \
             watch = ?22, hub = ?23 \
         WHERE id = ?1 AND lease_until IS NOT NULL",
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
        state.failures,
        opt_ms(state.failing_since),
        state.failure.as_ref().map(|f| f.kind.as_str()),
        state.failure.as_ref().map(|f| f.detail.as_str()),
        opt_ms(state.retired_at),
        state.moved.as_ref().map(|(url, _)| url.as_str()),
        state.moved.as_ref().map_or(0, |(_, times)| *times),
        opt_ms(state.distrusted_until),
        state.entries_hash,
        state.rhythm.hours.map(f32::to_le_bytes).as_flattened(),
        opt_ms(state.rhythm.counted_to),
        to_json(&state.parts)?,
        to_json(&watch)?,
        state.hub.as_ref().map(to_json).transpose()?,
    ])?;
    Ok(())
}

/// Writes that a feed brought so much that is new, by a hub: nothing else of its memory is touched.
fn put_news(tx: &Transaction<'_>, commit: &PollCommit, new: usize) -> rusqlite::Result<()> {
    if new == 0 {
        return Ok(());
    }
    let watch: String = tx
        .prepare_cached("SELECT watch FROM feeds WHERE id = ?1")?
        .query_row([commit.feed.0], |row| row.get(0))?;
    let mut watch: Watch = from_json(&watch)?;
    watch.count(new, commit.at);
    tx.prepare_cached("UPDATE feeds SET watch = ?2, last_new_at = ?3 WHERE id = ?1")?
        .execute(params![commit.feed.0, to_json(&watch)?, ms(commit.at)])
        .map(drop)
}

impl Item<'_> {
    /// Which item it is and what it says, in one value: as long as that stands in the feed there is nothing to do.
    fn mark(&self) -> KeyHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.names.entry).update(&self.content);
        resolve::short(&hasher.finalize())
    }
}

/// What the feed's last document showed, as [`Item::mark`]s. A document of which one entry is new costs one entry's
/// questions, however many articles there are.
fn shown(tx: &Transaction<'_>, feed: FeedId) -> rusqlite::Result<HashSet<KeyHash>> {
    let marks: Option<Vec<u8>> = tx
        .prepare_cached("SELECT marks FROM feed_shows WHERE feed_id = ?1")?
        .query_row([feed.0], |row| row.get(0))
        .optional()?;
    let marks = marks.unwrap_or_default();
    Ok(marks.as_chunks().0.iter().copied().collect())
}

fn put_shown(
    tx: &Transaction<'_>,
    feed: FeedId,
    stood: &HashSet<KeyHash>,
    shows: &[KeyHash],
) -> rusqlite::Result<()> {
    if shows.len() == stood.len() && shows.iter().all(|mark| stood.contains(mark)) {
        return Ok(());
    }
    tx.prepare_cached("INSERT OR REPLACE INTO feed_shows (feed_id, marks) VALUES (?1, ?2)")?
        .execute(params![feed.0, shows.as_flattened()])?;
    Ok(())
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
