//! Articles on their way: analysis, pages, lookups, an admin's marks.

use super::{
    Store, StoreError, names, near, rereads,
    resolve::{self, KeyHash},
    rows::{ARTICLE, article, ms, opt_ms, opt_time, verdict_to_json},
    search,
};
use crate::model::{
    Article, ArticleId, ArticleKey, FeedKey, Name, NearKeys, SourceKey, TopicKey, Validators,
    Verdict, credible,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

/// After so many failures an article stands with its sapo.
const PAGE_TRIES_MAX: u32 = 3;

/// An article first seen longer ago is not news any more: a new version of the analysis, which reads the whole
/// archive again, must not pour it into the next edition.
const RISE_MAX: SignedDuration = SignedDuration::from_hours(72);

/// What came in longer ago stands in an edition or will never: a week is as far as a machine that was off catches up.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Never analysed, or its text changed since; `?1` = how many.
pub(super) const UNANALYSED: &str =
    "SELECT id FROM articles WHERE analysed_with = 0 ORDER BY ingest LIMIT ?1";
/// Analysed by an older version (`?1`), newest first: what the next edition may print comes first.
pub(super) const OUTDATED: &str = "SELECT id FROM articles WHERE analysed_with > 0 AND analysed_with < ?1 \
     ORDER BY analysed_with DESC, ingest DESC LIMIT ?2";
/// Analysed by a version that sorts above (`?1`): versions may be hashes.
pub(super) const OUTDATED_ABOVE: &str = "SELECT id FROM articles WHERE analysed_with > ?1 \
     ORDER BY analysed_with DESC, ingest DESC LIMIT ?2";
/// Due pages, a few of each paper, so that one paper's backlog never hides the others.
pub(super) const PAGES_DUE: &str = "SELECT a.id, s.key AS source, a.url, a.page_tries, a.page_due_at \
     FROM sources s JOIN articles a ON a.id IN (SELECT id FROM articles \
         WHERE source_id = s.id AND page_due_at IS NOT NULL AND page_due_at <= ?1 ORDER BY page_due_at LIMIT ?2) \
     ORDER BY a.page_due_at, a.id LIMIT ?3";

/// An article that waits for its analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanalysed {
    /// The article.
    pub article: Article,
    /// What an admin said of it, oldest first.
    pub marks: Vec<String>,
}

/// What an analysis says of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Of which.
    pub article: ArticleId,
    /// The judgement.
    pub verdict: Verdict,
    /// Whether its page is worth reading.
    pub page_wanted: bool,
    /// Who and what it names; nothing where it is not relevant.
    pub names: Vec<Name>,
    /// By what its copies are found; nothing where it is not relevant.
    pub near: NearKeys,
}

/// A page to be read, claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePage {
    /// Whose.
    pub article: ArticleId,
    /// The paper.
    pub source: SourceKey,
    /// Where it is.
    pub url: String,
    /// How often it failed before.
    pub tries: u32,
}

/// What a page said. Fields that it did not give are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageText {
    /// The headline; taken only where the feed gave none.
    pub title: Option<String>,
    /// The lead; taken where the feed gave none or only its beginning.
    pub sapo: Option<String>,
    /// Paragraphs joined by blank lines.
    pub body: String,
    /// The signature.
    pub author: Option<String>,
    /// The printed time.
    pub published: Option<Timestamp>,
    /// To ask for it again with.
    pub validators: Validators,
}

/// What trying to read a page came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// Read.
    Read(Box<PageText>),
    /// Not this time; after three times the article stands with its sapo.
    Failed {
        /// When to try again.
        retry_at: Timestamp,
    },
    /// Not to be read at all: robots.txt, no page, no article.
    NotWanted,
}

/// An entry as it points at its article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// The feed it stands in.
    pub feed: FeedKey,
    /// That feed's configured address.
    pub feed_url: String,
    /// As served.
    pub guid: Option<String>,
    /// As served, absolute.
    pub link: Option<String>,
    /// What it points at.
    pub article: ArticleId,
}

const ENTRIES: &str = "SELECT f.key, f.url, e.guid, e.link, e.article_id FROM entries e JOIN feeds f ON f.id = e.feed_id";

fn entry_row(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        feed: FeedKey(row.get(0)?),
        feed_url: row.get(1)?,
        guid: row.get(2)?,
        link: row.get(3)?,
        article: ArticleId(row.get(4)?),
    })
}

impl Store {
    /// Up to `limit` articles not analysed with `version` (any number above 0): first those never analysed or
    /// changed since, then those of other versions, newest first. Nothing is reserved: analysing is pure, and
    /// committing twice changes nothing.
    pub async fn claim_unanalysed(
        &self,
        version: i64,
        limit: u32,
    ) -> Result<Vec<Unanalysed>, StoreError> {
        self.read("finding articles to analyse", move |conn| {
            let limit = limit as usize;
            let mut ids = ids(conn, UNANALYSED, params![limit as i64])?;
            for query in [OUTDATED, OUTDATED_ABOVE] {
                if ids.len() < limit {
                    let room = (limit - ids.len()) as i64;
                    ids.extend(self::ids(conn, query, params![version, room])?);
                }
            }
            ids.into_iter()
                .map(|id| {
                    Ok(Unanalysed {
                        marks: marks(conn, id)?,
                        article: load(conn, id)?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Stores what analysis `version` says; an article's page is asked for unless that was decided before.
    ///
    /// An article of the last three days whose level rose after an edition had passed its place in the line gets a
    /// new place at the end, so that a later edition of that digest catches it. Articles in an edition stay there.
    pub async fn commit_analyses(
        &self,
        version: i64,
        analyses: Vec<Analysis>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("storing verdicts", move |tx| {
            let passed: Vec<(String, i64)> = tx
                .prepare_cached("SELECT digest, max(upto_ingest) FROM editions GROUP BY digest")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for analysis in &analyses {
                if commit_analysis(tx, version, analysis, now, &passed)? {
                    search::queue(tx, analysis.article.0)?;
                }
            }
            near::forget(tx, now)
        })
        .await
    }

    /// Takes up to `limit` due pages, at most `per_source` of one paper, each for `lease`.
    pub async fn claim_due_pages(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        per_source: u32,
        limit: u32,
    ) -> Result<Vec<DuePage>, StoreError> {
        self.write("claiming due pages", move |tx| {
            let due: Vec<DuePage> = tx
                .prepare_cached(PAGES_DUE)?
                .query_map(params![ms(now), per_source, limit], |row| {
                    Ok(DuePage {
                        article: ArticleId(row.get("id")?),
                        source: SourceKey(row.get("source")?),
                        url: row.get("url")?,
                        tries: row.get("page_tries")?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            let until = now.saturating_add(lease).unwrap_or(now);
            for page in &due {
                tx.prepare_cached("UPDATE articles SET page_due_at = ?2 WHERE id = ?1")?
                    .execute([page.article.0, ms(until)])?;
            }
            Ok(due)
        })
        .await
    }

    /// Stores what a page said and has the article analysed again, or notes that it could not be read. A page that
    /// shows an undated article to be older than `backfill_after` makes it backfill, unless an edition has it.
    pub async fn commit_page(
        &self,
        id: ArticleId,
        outcome: PageOutcome,
        backfill_after: SignedDuration,
    ) -> Result<(), StoreError> {
        self.write("storing a page", move |tx| match &outcome {
            PageOutcome::Read(page) => {
                put_page(tx, id, page, backfill_after)?;
                search::queue(tx, id.0)
            }
            PageOutcome::Failed { retry_at } => tx
                .prepare_cached(
                    "UPDATE articles SET page_tries = page_tries + 1, \
                         page_state = CASE WHEN page_tries + 1 >= ?3 THEN 'failed' ELSE 'wanted' END, \
                         page_due_at = CASE WHEN page_tries + 1 >= ?3 THEN NULL ELSE ?2 END \
                     WHERE id = ?1 AND page_state = 'wanted'",
                )?
                .execute(params![id.0, ms(*retry_at), PAGE_TRIES_MAX])
                .map(drop),
            PageOutcome::NotWanted => tx
                .prepare_cached(
                    "UPDATE articles SET page_state = 'unwanted', page_due_at = NULL WHERE id = ?1 AND page_state <> 'read'",
                )?
                .execute([id.0])
                .map(drop),
        })
        .await
    }

    /// The article of a row number; `None` if there is none.
    pub async fn find_article(&self, id: ArticleId) -> Result<Option<Article>, StoreError> {
        self.read("reading an article", move |conn| {
            load(conn, id.0).optional()
        })
        .await
    }

    /// The article that has this key, such as `url:` with a canonical address. Keys of a feed find nothing here.
    pub async fn find_article_by_key(
        &self,
        key: &ArticleKey,
    ) -> Result<Option<Article>, StoreError> {
        let key: KeyHash = resolve::hash(&key.0);
        self.read("looking an article up", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {ARTICLE} FROM article_keys k JOIN articles a ON a.id = k.article_id \
                 JOIN sources s ON s.id = a.source_id WHERE k.key = ?1"
            ))?
            .query_row([key], article)
            .optional()
        })
        .await
    }

    /// The entries that point at the article.
    pub async fn entries_of(&self, id: ArticleId) -> Result<Vec<EntryRow>, StoreError> {
        self.read("reading an article's entries", move |conn| {
            conn.prepare_cached(&format!("{ENTRIES} WHERE e.article_id = ?1 ORDER BY e.id"))?
                .query_map([id.0], entry_row)?
                .collect()
        })
        .await
    }

    /// Every entry kept, by feed and age. Reads everything: for kits and bug reports.
    pub async fn all_entries(&self) -> Result<Vec<EntryRow>, StoreError> {
        self.read("reading all entries", |conn| {
            conn.prepare_cached(&format!("{ENTRIES} ORDER BY e.feed_id, e.id"))?
                .query_map([], entry_row)?
                .collect()
        })
        .await
    }

    /// Articles published in `[from, to)`, or first seen then where they are undated; any level, by time.
    pub async fn published_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Article>, StoreError> {
        self.read("reading the articles of a span", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {ARTICLE}, coalesce(a.published, a.seen) AS at \
                 FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id IN ( \
                     SELECT id FROM articles WHERE published >= ?1 AND published < ?2 \
                     UNION ALL SELECT id FROM articles WHERE published IS NULL AND seen >= ?1 AND seen < ?2) \
                 ORDER BY at, a.id"
            ))?
            .query_map([ms(from), ms(to)], article)?
            .collect()
        })
        .await
    }

    /// Notes an admin's word on an article (`relevant`, `irrelevant`, `topic=…`) and has it analysed again, and after it
    /// what came in lately: similar articles heed the word. `false` if there is no such article. The latest of `relevant` and `irrelevant` counts.
    pub async fn mark(
        &self,
        id: ArticleId,
        mark: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mark = mark.to_owned();
        self.write("marking an article", move |tx| {
            let known = tx.execute("UPDATE articles SET analysed_with = 0 WHERE id = ?1", [id.0])?;
            if known == 0 {
                return Ok(false);
            }
            heed(tx, now)?;
            if matches!(mark.as_str(), "relevant" | "irrelevant") {
                tx.execute(
                    "DELETE FROM marks WHERE article_id = ?1 AND mark IN ('relevant', 'irrelevant')",
                    [id.0],
                )?;
            }
            tx.execute(
                "INSERT OR REPLACE INTO marks (article_id, mark, at) VALUES (?1, ?2, ?3)",
                params![id.0, mark, ms(now)],
            )?;
            Ok(true)
        })
        .await
    }

    /// Takes an admin's word on an article back (all words unless one is given) and has it analysed again; `false` if
    /// nothing was said.
    pub async fn unmark(
        &self,
        id: ArticleId,
        mark: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mark = mark.map(str::to_owned);
        self.write("taking a mark back", move |tx| {
            let gone = tx.execute(
                "DELETE FROM marks WHERE article_id = ?1 AND (?2 IS NULL OR mark = ?2)",
                params![id.0, mark],
            )?;
            if gone > 0 {
                tx.execute(
                    "UPDATE articles SET analysed_with = 0 WHERE id = ?1",
                    [id.0],
                )?;
                heed(tx, now)?;
            }
            Ok(gone > 0)
        })
        .await
    }

    /// Every article that an admin said something of, with the words, by article.
    pub async fn marked(&self) -> Result<Vec<(Article, Vec<String>)>, StoreError> {
        self.read("reading all marks", |conn| {
            ids(
                conn,
                "SELECT DISTINCT article_id FROM marks ORDER BY article_id",
                [],
            )?
            .into_iter()
            .map(|id| Ok((load(conn, id)?, marks(conn, id)?)))
            .collect()
        })
        .await
    }

    /// What an admin said of the article, oldest first.
    pub async fn marks_of(&self, id: ArticleId) -> Result<Vec<String>, StoreError> {
        self.read("reading marks", move |conn| marks(conn, id.0))
            .await
    }
}

/// Has judged articles that an edition may still take judged again, as if by an older version.
fn heed(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let since = now.saturating_sub(OPEN_FOR).unwrap_or(Timestamp::MIN);
    tx.execute(
        "UPDATE articles SET analysed_with = 1 WHERE analysed_with > 1 AND seen >= ?1",
        [ms(since)],
    )?;
    Ok(())
}

pub(super) fn ids(
    conn: &Connection,
    query: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached(query)?
        .query_map(params, |row: &Row<'_>| row.get(0))?
        .collect()
}

pub(super) fn load(conn: &Connection, id: i64) -> rusqlite::Result<Article> {
    conn.prepare_cached(&format!(
        "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id = ?1"
    ))?
    .query_row([id], article)
}

fn marks(conn: &Connection, id: i64) -> rusqlite::Result<Vec<String>> {
    conn.prepare_cached("SELECT mark FROM marks WHERE article_id = ?1 ORDER BY at, mark")?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// Stores a verdict; whether the article's topics are others than before.
fn commit_analysis(
    tx: &Transaction<'_>,
    version: i64,
    analysis: &Analysis,
    now: Timestamp,
    passed: &[(String, i64)],
) -> rusqlite::Result<bool> {
    let (id, verdict) = (analysis.article, &analysis.verdict);
    let before = tx
        .prepare_cached(
            "SELECT coalesce(level, 0), ingest, seen, verdict FROM articles WHERE id = ?1",
        )?
        .query_row([id.0], |row| {
            Ok((
                row.get::<_, u8>(0)?,
                row.get::<_, i64>(1)?,
                super::rows::time(row, "seen")?,
                super::rows::verdict(row.get(3)?),
            ))
        })
        .optional()?;
    let Some((level, ingest, seen, before)) = before else {
        return Ok(false);
    };
    tx.prepare_cached(
        "UPDATE articles SET analysed_with = ?2, level = ?3, score = ?4, verdict = ?5 WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        version,
        verdict.level,
        verdict.score,
        verdict_to_json(verdict)?
    ])?;
    names::put(tx, id, &analysis.names)?;
    near::put(tx, id, seen, &analysis.near, now)?;
    if analysis.page_wanted {
        tx.prepare_cached(
            "UPDATE articles SET page_state = 'wanted', page_due_at = ?2 \
             WHERE id = ?1 AND page_state = 'open' AND url <> ''",
        )?
        .execute([id.0, ms(now)])?;
    }
    let is_news = now.duration_since(seen) <= RISE_MAX;
    if verdict.level > level && is_news && was_passed(tx, id, ingest, passed)? {
        tx.prepare_cached(
            "UPDATE articles SET ingest = (SELECT max(ingest) + 1 FROM articles) WHERE id = ?1",
        )?
        .execute([id.0])?;
    }
    let keys = |verdict: &Verdict| -> Vec<TopicKey> {
        let mut keys: Vec<_> = verdict.topics.iter().map(|t| t.topic.clone()).collect();
        keys.sort();
        keys
    };
    Ok(before.as_ref().map(keys).unwrap_or_default() != keys(verdict))
}

/// Whether an edition's window has gone past the article without taking it.
fn was_passed(
    tx: &Transaction<'_>,
    id: ArticleId,
    ingest: i64,
    passed: &[(String, i64)],
) -> rusqlite::Result<bool> {
    for (digest, _) in passed.iter().filter(|(_, upto)| *upto >= ingest) {
        let taken: bool = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM edition_articles WHERE digest = ?1 AND article_id = ?2)",
            )?
            .query_row(params![digest, id.0], |row| row.get(0))?;
        if !taken {
            return Ok(true);
        }
    }
    Ok(false)
}

fn put_page(
    tx: &Transaction<'_>,
    id: ArticleId,
    page: &PageText,
    backfill_after: SignedDuration,
) -> rusqlite::Result<()> {
    let Some((published, seen)) = tx
        .prepare_cached("SELECT published, seen FROM articles WHERE id = ?1")?
        .query_row([id.0], |row| {
            Ok((opt_time(row, "published")?, super::rows::time(row, "seen")?))
        })
        .optional()?
    else {
        return Ok(());
    };
    let printed = credible(page.published, seen);
    let old =
        published.is_none() && printed.is_some_and(|at| seen.duration_since(at) > backfill_after);
    // A feed's lead is the paper's own; the page's counts where it goes on from there, or there is none.
    tx.prepare_cached(
        "UPDATE articles SET page_state = 'read', page_due_at = NULL, analysed_with = 0, body = ?2, \
             title = CASE WHEN title = '' THEN coalesce(?3, '') ELSE title END, \
             sapo = CASE WHEN sapo IS NULL OR sapo = '' OR (length(?4) > length(sapo) \
                         AND substr(?4, 1, length(rtrim(sapo, '.… '))) = rtrim(sapo, '.… ')) \
                    THEN coalesce(?4, sapo) ELSE sapo END, \
             author = coalesce(author, ?5), published = coalesce(published, ?6), \
             backfill = CASE WHEN ?7 AND NOT EXISTS (SELECT 1 FROM editions e JOIN edition_articles m \
                         ON m.digest = e.digest AND m.article_id = ?1) THEN 1 ELSE backfill END \
         WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        page.body,
        page.title,
        page.sapo,
        page.author,
        opt_ms(printed),
        old
    ])?;
    rereads::remember(tx, id, page.title.as_deref(), &page.validators)
}
