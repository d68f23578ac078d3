//! Full text search over folded text: `xay dung dang` finds *xây dựng Đảng*, and what is written exactly as typed
//! comes first.
//!
//! **Why not `bm25`.** Ranking by it visits every article that fits, twice over; of common words that is most of the
//! archive. Here each way of fitting (exactly, in the headline, at all) is its own list of the index, read from the
//! newest article on and only as far as needed; the few found in one way are put in order by their text.

mod marks;
mod query;
mod snippet;

pub(super) use marks::index;
pub use snippet::Snippet;

use super::{
    Fold, Store, StoreError,
    rows::{ARTICLE, article, ms},
};
use crate::model::{Article, SourceKey, TopicKey};
use jiff::Timestamp;
use query::{Fit, Query};
use rusqlite::{Connection, Transaction, params_from_iter, types::Value};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization as _;

/// Newest articles of each way of fitting that are put in order; a page further back takes more.
const POOL: usize = 60;
/// Counting ends here: a reader who hears "more than 300" asks for something narrower.
const COUNT_MAX: u32 = 300;
/// Hits that can be paged through.
const DEPTH_MAX: u32 = 2000;

/// Articles indexed in one transaction.
pub const INDEX_AT_ONCE: u32 = 500;
/// Pages of the index merged in one transaction: some tens of milliseconds.
const MERGED_AT_ONCE: i64 = 500;
/// Fewer rewritten articles are not worth a merge.
const WORN_FROM: u32 = 1_000;
/// How many articles were rewritten in the index since it was last merged, in `meta`.
const REWRITTEN: &str = "index_rewritten";

/// What narrows a search; the default narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFilter {
    /// Only this paper.
    pub source: Option<SourceKey>,
    /// Only papers of this province (key).
    pub province: Option<String>,
    /// Only articles with this topic.
    pub topic: Option<TopicKey>,
    /// Only articles that name this person; the words must stand together.
    pub person: Option<String>,
    /// Only articles that mention this document: `57-NQ/TW`, `Nghị quyết 57`.
    pub document: Option<String>,
    /// Published (or first seen, where undated) at or after.
    pub from: Option<Timestamp>,
    /// Published (or first seen, where undated) before.
    pub to: Option<Timestamp>,
}

/// In which order hits come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// Written exactly as typed, in the headline, together: first; of equals the newest.
    #[default]
    Best,
    /// The newest article first, by when it came in.
    Newest,
}

/// Which of the hits are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Hits left out at the beginning; with `limit`, at most 2,000 hits deep.
    pub offset: u32,
    /// Hits at most.
    pub limit: u32,
    /// In which order.
    pub order: SearchOrder,
}

impl Page {
    /// The first `limit` hits, the best first.
    pub fn first(limit: u32) -> Self {
        Self {
            offset: 0,
            limit,
            order: SearchOrder::Best,
        }
    }
}

/// One page of what was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResult {
    /// The hits of the page.
    pub hits: Vec<Found>,
    /// How many articles fit in all; counted up to 300.
    pub total: u32,
    /// Whether there are more than `total`.
    pub more: bool,
}

/// An article found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The article.
    pub article: Article,
    /// Whether all words stand in it exactly as typed.
    pub exact: bool,
    /// The passage that shows why.
    pub snippet: Snippet,
}

impl Store {
    /// Brings the index in line with up to `limit` articles whose words changed; how many there were. A search does so
    /// before it looks; the daemon does it meanwhile, so that a search has nothing left to do.
    pub async fn index_pending(&self, limit: u32) -> Result<usize, StoreError> {
        let fold = self.fold;
        self.write("indexing articles", move |tx| index_some(tx, limit, fold))
            .await
    }

    /// Whether a fifth of the index was written again since it was last merged. What stood there before is only marked
    /// as gone, and every search has to look at the marks: half of its time, once the whole archive was judged anew.
    pub async fn is_index_worn(&self) -> Result<bool, StoreError> {
        self.read("looking at the index", |conn| {
            let rewritten: u32 = conn
                .prepare_cached(
                    "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM meta WHERE key = ?1",
                )?
                .query_row([REWRITTEN], |row| row.get(0))?;
            if rewritten < WORN_FROM {
                return Ok(false);
            }
            let all: u32 = conn
                .prepare_cached("SELECT count(*) FROM articles_fts_docsize")?
                .query_row([], |row| row.get(0))?;
            Ok(rewritten >= all / 5)
        })
        .await
    }

    /// A step of merging the index into one piece, without what is gone; `first` begins. Whether all is done. Broken off, it
    /// is finished by the index itself in the course of its work.
    pub async fn merge_index(&self, first: bool) -> Result<bool, StoreError> {
        self.write("merging the index", move |tx| {
            if first {
                tx.execute("DELETE FROM meta WHERE key = ?1", [REWRITTEN])?;
            }
            // A negative number takes all pieces for the merge; then as many pages a call. No work left: nothing written.
            // https://www.sqlite.org/fts5.html#the_merge_command
            let pages = if first {
                -MERGED_AT_ONCE
            } else {
                MERGED_AT_ONCE
            };
            let before = changes(tx)?;
            tx.execute(
                "INSERT INTO articles_fts (articles_fts, rank) VALUES ('merge', ?1)",
                [pages],
            )?;
            Ok(changes(tx)? - before < 2)
        })
        .await
    }

    /// Articles that hold all words of `query`. Words in double quotes must stand together. Case and diacritics do
    /// not count, though exact forms come first; punctuation has no meaning; a document is found by any of its names
    /// (`57-NQ/TW`, "Nghị quyết 57"). An empty query lists what the filter leaves, the newest first; with an empty
    /// filter it finds nothing.
    pub async fn search(
        &self,
        query: &str,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<SearchResult, StoreError> {
        while self.index_pending(INDEX_AT_ONCE).await? > 0 {}
        self.search_indexed(query, filter, page).await
    }

    /// As [`Self::search`] over what is in the index already: it writes nothing, for readers beside a daemon that indexes.
    pub async fn search_indexed(
        &self,
        query: &str,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<SearchResult, StoreError> {
        let fold = self.fold;
        let query = Query::parse(query, fold);
        let filter = filter.clone();
        if query.is_empty() && filter == SearchFilter::default() {
            return Ok(SearchResult::default());
        }
        self.read("searching", move |conn| {
            let Some(scope) = Scope::of(conn, &filter, fold)? else {
                return Ok(SearchResult::default());
            };
            let search = Search {
                conn,
                query: &query,
                scope: &scope,
                fold,
            };
            search.page(page)
        })
        .await
    }
}

/// Notes that the article's words changed: [`Store::index_pending`] brings the index in line. Folding and indexing cost as
/// much as all else that a poll writes, and nobody searches for an article in the second in which it comes.
pub(super) fn queue(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO unindexed (article_id) VALUES (?1)")?
        .execute([id])?;
    Ok(())
}

/// Indexes up to `limit` articles that wait for it; how many.
fn index_some(tx: &Transaction<'_>, limit: u32, fold: Fold) -> rusqlite::Result<usize> {
    let waiting: Vec<i64> = tx
        .prepare_cached("SELECT article_id FROM unindexed ORDER BY article_id LIMIT ?1")?
        .query_map([limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let Some(last) = waiting.last() else {
        return Ok(0);
    };
    let newest: i64 = tx
        .prepare_cached("SELECT coalesce(max(id), 0) FROM articles_fts_docsize")?
        .query_row([], |row| row.get(0))?;
    let again = waiting.iter().filter(|id| **id <= newest).count();
    let again = i64::try_from(again).unwrap_or(i64::MAX);
    if again > 0 {
        tx.prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) \
             ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + excluded.value",
        )?
        .execute(rusqlite::params![REWRITTEN, again])?;
    }
    for id in &waiting {
        index(tx, *id, fold)?;
    }
    tx.prepare_cached("DELETE FROM unindexed WHERE article_id <= ?1")?
        .execute([last])?;
    Ok(waiting.len())
}

/// Rows that this connection has changed so far.
fn changes(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT total_changes()")?
        .query_row([], |row| row.get(0))
}

/// Writes the index of all articles anew: after a step of the schema.
pub(super) fn index_all(tx: &Transaction<'_>, fold: Fold) -> rusqlite::Result<()> {
    let mut ids = tx.prepare("SELECT id FROM articles")?;
    let mut rows = ids.query([])?;
    while let Some(row) = rows.next()? {
        index(tx, row.get(0)?, fold)?;
    }
    Ok(())
}

/// A filter in the index's language.
struct Scope {
    clauses: Vec<String>,
    /// The exact bounds, where the days' marks are too coarse.
    from: Option<i64>,
    to: Option<i64>,
}

impl Scope {
    /// `None` where nothing can be in it.
    fn of(conn: &Connection, filter: &SearchFilter, fold: Fold) -> rusqlite::Result<Option<Self>> {
        let mut clauses = Vec::new();
        if filter.source.is_some() || filter.province.is_some() {
            let sources: Vec<i64> = conn
                .prepare_cached(
                    "SELECT id FROM sources WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR province = ?2)",
                )?
                .query_map(
                    (filter.source.as_ref().map(SourceKey::as_str), &filter.province),
                    |row| row.get(0),
                )?
                .collect::<Result<_, _>>()?;
            clauses.push(any_mark(sources.iter().map(|id| format!("s{id}"))));
        }
        if let Some(topic) = &filter.topic {
            clauses.push(any_mark([format!("k{}", marks::topic(topic.as_str()))]));
        }
        for narrower in [
            filter
                .person
                .as_deref()
                .map(|name| (Query::phrase(name, fold), Fit::Exact)),
            filter
                .document
                .as_deref()
                .map(|code| (Query::document(code, fold), Fit::Any)),
        ] {
            match narrower {
                Some((query, _)) if query.is_empty() => return Ok(None),
                Some((query, fit)) => clauses.push(query.pattern(fit)),
                None => {}
            }
        }
        if filter.from.is_some() || filter.to.is_some() {
            let last = filter.to.map(marks::day);
            clauses.push(any_mark(marks::dates(filter.from.map(marks::day), last)));
        }
        let nothing = clauses.iter().any(String::is_empty);
        Ok((!nothing).then_some(Self {
            clauses,
            from: filter.from.map(ms),
            to: filter.to.map(ms),
        }))
    }

    fn is_dated(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// Articles that bear one of the marks; empty for none.
fn any_mark(marks: impl IntoIterator<Item = String>) -> String {
    let quoted: Vec<String> = marks
        .into_iter()
        .map(|mark| format!("\"{mark}\""))
        .collect();
    match quoted.is_empty() {
        true => String::new(),
        false => format!("marks : ({})", quoted.join(" OR ")),
    }
}

/// One search under way.
struct Search<'a> {
    conn: &'a Connection,
    query: &'a Query,
    scope: &'a Scope,
    fold: Fold,
}

/// A hit before its article is read.
#[derive(Clone, Copy)]
struct Candidate {
    id: i64,
    exact: bool,
}

/// What articles are put in order by, beside the way in which they fit.
struct Rank {
    exact_in_title: bool,
    in_title: bool,
    /// The words stand together in the headline; in it or in the lead; age.
    place: (bool, bool, i64),
}

impl Search<'_> {
    fn page(&self, page: Page) -> rusqlite::Result<SearchResult> {
        let last = page.offset.saturating_add(page.limit).min(DEPTH_MAX) as usize;
        let counted = last.max(COUNT_MAX as usize);
        let fitting = self.ids(Fit::Any, counted + 1, None)?;
        let ranked = match page.order {
            SearchOrder::Newest => self.newest(&fitting, page.offset as usize, last)?,
            SearchOrder::Best if self.query.is_empty() => self.newest(&fitting, 0, 0)?,
            SearchOrder::Best if fitting.len() <= counted => self.best_of(&fitting, last)?,
            SearchOrder::Best => self.best(last)?,
        };
        let hits = ranked
            .into_iter()
            .take(last)
            .skip(page.offset as usize)
            .map(|candidate| self.found(candidate))
            .collect::<Result<_, _>>()?;
        let total = u32::try_from(fitting.len()).unwrap_or(u32::MAX);
        Ok(SearchResult {
            hits,
            total: total.min(COUNT_MAX),
            more: total > COUNT_MAX,
        })
    }

    /// All that fit, in order: where they are few, reading them costs less than asking the index once more.
    fn best_of(&self, fitting: &[i64], last: usize) -> rusqlite::Result<Vec<Candidate>> {
        let ranked: Vec<(i64, Rank)> = fitting
            .iter()
            .map(|id| Ok((*id, self.rank(*id)?)))
            .collect::<rusqlite::Result<_>>()?;
        let sure = ranked.iter().filter(|(_, rank)| rank.exact_in_title);
        let exact: HashSet<i64> = match sure.count() >= last {
            // They alone fill the page.
            true => HashSet::new(),
            false => self
                .ids(Fit::Exact, fitting.len(), None)?
                .into_iter()
                .collect(),
        };
        let mut ranked: Vec<_> = ranked
            .into_iter()
            .map(|(id, rank)| {
                let exact = rank.exact_in_title || exact.contains(&id);
                let fit = (exact, rank.exact_in_title, !exact && rank.in_title);
                ((fit, rank.place), Candidate { id, exact })
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        Ok(ranked.into_iter().map(|(_, candidate)| candidate).collect())
    }

    /// The best `last` of very many. Each way of fitting stands before the next, so that none is read further than to the
    /// page's end.
    fn best(&self, last: usize) -> rusqlite::Result<Vec<Candidate>> {
        let pool = last.max(POOL);
        let mut taken = HashSet::new();
        let mut found = Vec::new();
        for fit in [Fit::ExactInTitle, Fit::Exact, Fit::InTitle, Fit::Any] {
            let exact = matches!(fit, Fit::ExactInTitle | Fit::Exact);
            let mut ranked = Vec::new();
            for id in self.ids(fit, pool, None)? {
                if taken.insert(id) {
                    ranked.push((self.rank(id)?.place, Candidate { id, exact }));
                }
            }
            ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
            found.extend(ranked.into_iter().map(|(_, candidate)| candidate));
            if found.len() >= last {
                break;
            }
        }
        Ok(found)
    }

    /// As they come; those from `first` to `last` say whether they fit exactly.
    fn newest(
        &self,
        fitting: &[i64],
        first: usize,
        last: usize,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let shown = fitting.get(first..last.min(fitting.len()));
        let exact: HashSet<i64> = match shown.and_then(|ids| Some((*ids.last()?, *ids.first()?))) {
            Some(among) if !self.query.is_empty() => self
                .ids(Fit::Exact, last - first, Some(among))?
                .into_iter()
                .collect(),
            _ => HashSet::new(),
        };
        let candidate = |id: &i64| Candidate {
            id: *id,
            exact: exact.contains(id),
        };
        Ok(fitting.iter().map(candidate).collect())
    }

    /// The newest articles that fit so, at most `limit`, all or those from one number to another.
    fn ids(&self, fit: Fit, limit: usize, among: Option<(i64, i64)>) -> rusqlite::Result<Vec<i64>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (mut sql, mut params) = self.sql(fit, limit);
        for (bound, compare) in [
            (among.map(|ids| ids.0), ">="),
            (among.map(|ids| ids.1), "<="),
        ] {
            if let Some(bound) = bound {
                params.push(Value::Integer(bound));
                sql += &format!(" AND articles_fts.rowid {compare} ?{}", params.len());
            }
        }
        sql += " ORDER BY articles_fts.rowid DESC LIMIT ?2";
        self.conn
            .prepare_cached(&sql)?
            .query_map(params_from_iter(params), |row| row.get(0))?
            .collect()
    }

    /// The numbers of what fits so, still without an order; `limit` stands at `?2`.
    fn sql(&self, fit: Fit, limit: i64) -> (String, Vec<Value>) {
        let mut clauses = self.scope.clauses.clone();
        if !self.query.is_empty() {
            clauses.push(self.query.pattern(fit));
        }
        let mut params = vec![Value::Text(clauses.join(" AND ")), Value::Integer(limit)];
        let mut sql = "SELECT articles_fts.rowid FROM articles_fts".to_owned();
        if self.scope.is_dated() {
            sql += " JOIN articles a ON a.id = articles_fts.rowid";
        }
        sql += " WHERE articles_fts MATCH ?1";
        for (bound, compare) in [(self.scope.from, ">="), (self.scope.to, "<")] {
            if let Some(bound) = bound {
                params.push(Value::Integer(bound));
                sql += &format!(
                    " AND coalesce(a.published, a.seen) {compare} ?{}",
                    params.len()
                );
            }
        }
        (sql, params)
    }

    fn rank(&self, id: i64) -> rusqlite::Result<Rank> {
        let (title, sapo, at): (String, Option<String>, i64) = self
            .conn
            .prepare_cached(
                "SELECT title, sapo, coalesce(published, seen) FROM articles WHERE id = ?1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let folded = (self.fold)(&title);
        let words: HashSet<&str> = marks::words(&folded).collect();
        let title: String = title.nfc().collect();
        let forms: HashSet<String> = marks::words(&title).map(marks::form).collect();
        let phrase = self.query.folded_words().collect::<Vec<_>>().join(" ");
        let together = |folded: &str| {
            let words = marks::words(folded).collect::<Vec<_>>().join(" ");
            format!(" {words} ").contains(&format!(" {phrase} "))
        };
        let in_title = together(&folded);
        let in_lead = in_title || sapo.is_some_and(|sapo| together(&(self.fold)(&sapo)));
        Ok(Rank {
            exact_in_title: self.query.loose().all(|word| forms.contains(word.form())),
            in_title: self.query.loose().all(|word| words.contains(word.folded())),
            place: (in_title, in_lead, at),
        })
    }

    fn found(&self, candidate: Candidate) -> rusqlite::Result<Found> {
        let article = self
            .conn
            .prepare_cached(&format!(
                "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id = ?1"
            ))?
            .query_row([candidate.id], article)?;
        Ok(Found {
            exact: candidate.exact,
            snippet: snippet::snippet(&article, self.query, self.fold),
            article,
        })
    }
}
