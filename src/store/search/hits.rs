//! A search under way: lists of the indexes walked from the newest article on, and what they give put in order.

use super::super::{
    Fold,
    rows::{ARTICLE, article, ms},
};
use super::query::{Fit, Pattern, Query, Word, any_of};
use super::{Found, Page, SearchFilter, SearchOrder, SearchResult, marks, snippet};
use crate::model::SourceKey;
use rusqlite::{Connection, Rows, params_from_iter, types::Value};
use std::collections::HashSet;

/// Newest articles of each way of fitting that are put in order; a page further back takes more.
const POOL: usize = 60;
/// Counting ends here: a reader who hears "more than 300" asks for something narrower.
const COUNT_MAX: u32 = 300;
/// Hits that can be paged through.
const DEPTH_MAX: u32 = 2000;

/// A filter in the indexes' language.
pub(super) struct Scope {
    pattern: Pattern,
    /// The exact bounds, where the days' marks are too coarse.
    from: Option<i64>,
    to: Option<i64>,
}

impl Scope {
    /// `None` where nothing can be in it.
    pub(super) fn of(
        conn: &Connection,
        filter: &SearchFilter,
        fold: Fold,
    ) -> rusqlite::Result<Option<Self>> {
        let mut pattern = Pattern::default();
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
            pattern
                .marks
                .push(any_of(sources.iter().map(|id| format!("s{id}"))));
        }
        if let Some(topic) = &filter.topic {
            pattern
                .marks
                .push(any_of([format!("k{}", marks::topic(topic.as_str()))]));
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
                Some((query, fit)) => pattern = pattern.and(query.pattern(fit)),
                None => {}
            }
        }
        if filter.from.is_some() || filter.to.is_some() {
            let last = filter.to.map(marks::day);
            pattern
                .marks
                .push(any_of(marks::dates(filter.from.map(marks::day), last)));
        }
        let nothing = pattern.marks.iter().any(String::is_empty);
        Ok((!nothing).then_some(Self {
            pattern,
            from: filter.from.map(ms),
            to: filter.to.map(ms),
        }))
    }

    fn is_dated(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// One search under way.
pub(super) struct Search<'a> {
    pub(super) conn: &'a Connection,
    pub(super) query: &'a Query,
    pub(super) scope: &'a Scope,
    pub(super) fold: Fold,
}

/// A hit before its article is read.
#[derive(Clone, Copy)]
struct Candidate {
    id: i64,
    exact: bool,
}

/// What articles that fit equally well are put in order by: the words stand together in the headline; in it or in the lead; age.
type Place = (bool, bool, i64);

/// How an article's headline and lead fit.
struct Rank {
    exact: bool,
    exact_in_title: bool,
    in_title: bool,
    place: Place,
}

/// Hits by how they fit, the best first: exactly in the headline, exactly, in the headline, at all.
#[derive(Default)]
struct Tiers {
    taken: HashSet<i64>,
    tiers: [Vec<(Place, i64)>; 4],
}

impl Tiers {
    fn add(&mut self, tier: usize, id: i64, rank: &Rank) {
        if self.taken.insert(id) {
            self.tiers[tier].push((rank.place, id));
        }
    }

    fn in_order(self) -> Vec<Candidate> {
        let mut found = Vec::with_capacity(self.taken.len());
        for (nth, mut tier) in self.tiers.into_iter().enumerate() {
            tier.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
            found.extend(
                tier.into_iter()
                    .map(|(_, id)| Candidate { id, exact: nth < 2 }),
            );
        }
        found
    }
}

impl Search<'_> {
    /// The page that is asked for.
    pub(super) fn page(&self, page: Page) -> rusqlite::Result<SearchResult> {
        let (first, last) = (page.offset, page.offset.saturating_add(page.limit));
        let (first, last) = (first as usize, last.min(DEPTH_MAX) as usize);
        let depth = last.max(COUNT_MAX as usize);
        let fitting = self.ids(Fit::Any, depth + 1, None)?;
        let ranked = match page.order {
            SearchOrder::Newest => self.newest(&fitting, first, last)?,
            SearchOrder::Best if self.query.is_empty() => self.newest(&fitting, 0, 0)?,
            SearchOrder::Best if fitting.len() <= depth => self.all(&fitting)?,
            SearchOrder::Best => self.best(&fitting, last)?,
        };
        let hits = ranked
            .into_iter()
            .take(last)
            .skip(first)
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
    fn all(&self, fitting: &[i64]) -> rusqlite::Result<Vec<Candidate>> {
        let mut tiers = Tiers::default();
        for id in fitting {
            let rank = self.rank(*id)?;
            let tier = match &rank {
                rank if rank.exact_in_title => 0,
                rank if rank.exact || self.is_exact(*id)? => 1,
                rank if rank.in_title => 2,
                _ => 3,
            };
            tiers.add(tier, *id, &rank);
        }
        Ok(tiers.in_order())
    }

    /// The best `last` of very many. Each way of fitting stands before the next, so that none is looked for once the page is
    /// full, and none is read further than to its end.
    fn best(&self, fitting: &[i64], last: usize) -> rusqlite::Result<Vec<Candidate>> {
        let pool = last.max(POOL);
        let mut tiers = Tiers::default();
        let exact = self.ids(Fit::Exact, pool + 1, None)?;
        if exact.len() <= pool {
            for id in exact {
                let rank = self.rank(id)?;
                tiers.add(usize::from(!rank.exact_in_title), id, &rank);
            }
        } else {
            let titled = self.ids(Fit::ExactInTitle, pool, None)?;
            self.add(&mut tiers, 0, titled)?;
            self.add(&mut tiers, 1, exact)?;
        }
        if tiers.taken.len() < last {
            let titled = self.ids(Fit::InTitle, pool, None)?;
            self.add(&mut tiers, 2, titled)?;
            self.add(&mut tiers, 3, fitting.iter().copied().take(pool))?;
        }
        Ok(tiers.in_order())
    }

    fn add(
        &self,
        tiers: &mut Tiers,
        tier: usize,
        ids: impl IntoIterator<Item = i64>,
    ) -> rusqlite::Result<()> {
        for id in ids {
            if !tiers.taken.contains(&id) {
                tiers.add(tier, id, &self.rank(id)?);
            }
        }
        Ok(())
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
        let pattern = self.query.pattern(fit).and(self.scope.pattern.clone());
        let mut lists = Vec::new();
        if !pattern.marks.is_empty() || pattern.text.is_empty() {
            lists.push(self.list("articles_marks", &pattern.marks, among));
        }
        if !pattern.text.is_empty() {
            lists.push(self.list("articles_fts", &pattern.text, among));
        }
        let mut statements = lists
            .iter()
            .map(|(sql, _)| self.conn.prepare_cached(sql))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut lists = statements
            .iter_mut()
            .zip(lists)
            .map(|(statement, (_, params))| List::new(statement.query(params_from_iter(params))?))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut ids = Vec::new();
        while ids.len() < limit
            && let Some(id) = next_in_all(&mut lists)?
        {
            ids.push(id);
        }
        Ok(ids)
    }

    /// The articles of one index that hold all of `clauses`, the newest first.
    fn list(
        &self,
        index: &str,
        clauses: &[String],
        among: Option<(i64, i64)>,
    ) -> (String, Vec<Value>) {
        let mut params = vec![Value::Text(clauses.join(" AND "))];
        let mut sql = format!("SELECT i.rowid FROM {index} i");
        if self.scope.is_dated() {
            sql += " JOIN articles a ON a.id = i.rowid";
        }
        sql += &format!(" WHERE {index} MATCH ?1");
        for (bound, compare) in [
            (among.map(|ids| ids.0), "i.rowid >="),
            (among.map(|ids| ids.1), "i.rowid <="),
            (self.scope.from, "coalesce(a.published, a.seen) >="),
            (self.scope.to, "coalesce(a.published, a.seen) <"),
        ] {
            if let Some(bound) = bound {
                params.push(Value::Integer(bound));
                sql += &format!(" AND {compare} ?{}", params.len());
            }
        }
        sql += " ORDER BY i.rowid DESC";
        (sql, params)
    }

    fn rank(&self, id: i64) -> rusqlite::Result<Rank> {
        let (title, sapo, at): (String, Option<String>, i64) = self
            .conn
            .prepare_cached(
                "SELECT title, sapo, coalesce(published, seen) FROM articles WHERE id = ?1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let title = marks::composed(title);
        let lead = marks::composed(sapo.unwrap_or_default());
        let (in_title, in_lead) = (words(&title), words(&lead));
        let exact_in_title =
            self.loose(|wanted| in_title.iter().any(|word| wanted.is_exactly(word)));
        let beside = self.stand_together(&in_title);
        Ok(Rank {
            exact: exact_in_title
                || self.loose(|wanted| {
                    let mut both = in_title.iter().chain(&in_lead);
                    both.any(|word| wanted.is_exactly(word))
                }),
            exact_in_title,
            in_title: self.loose(|wanted| in_title.iter().any(|word| wanted.is(word, self.fold))),
            place: (beside, beside || self.stand_together(&in_lead), at),
        })
    }

    /// Whether all words stand exactly as typed in headline, lead or text.
    fn is_exact(&self, id: i64) -> rusqlite::Result<bool> {
        let parts: [Option<String>; 3] = self
            .conn
            .prepare_cached("SELECT title, sapo, body FROM articles WHERE id = ?1")?
            .query_row([id], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
        let parts = parts.map(|part| marks::composed(part.unwrap_or_default()));
        let parts = parts.each_ref().map(|part| words(part));
        Ok(self.loose(|wanted| parts.iter().flatten().any(|word| wanted.is_exactly(word))))
    }

    /// Whether all words that are no document's name are so.
    fn loose(&self, is_so: impl Fn(&Word) -> bool) -> bool {
        self.query.loose().all(is_so)
    }

    /// Whether all words of the query stand one after the other.
    fn stand_together(&self, words: &[&str]) -> bool {
        let wanted: Vec<&Word> = self.query.words().collect();
        words.windows(wanted.len().max(1)).any(|window| {
            let mut pairs = wanted.iter().zip(window);
            pairs.all(|(wanted, word)| wanted.is(word, self.fold))
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

/// Articles of one index, the newest first, and the one reached.
struct List<'s> {
    rows: Rows<'s>,
    at: Option<i64>,
}

impl<'s> List<'s> {
    fn new(rows: Rows<'s>) -> rusqlite::Result<Self> {
        let mut list = Self { rows, at: None };
        list.advance()?;
        Ok(list)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.at = self.rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(())
    }
}

/// The next article that stands in all of the lists.
fn next_in_all(lists: &mut [List<'_>]) -> rusqlite::Result<Option<i64>> {
    // An ended list comes before all numbers.
    while let Some(oldest) = lists.iter().map(|list| list.at).min().flatten() {
        let mut agree = true;
        for list in lists.iter_mut() {
            agree &= list.at == Some(oldest);
            while list.at > Some(oldest) {
                list.advance()?;
            }
        }
        if agree {
            lists.iter_mut().try_for_each(List::advance)?;
            return Ok(Some(oldest));
        }
    }
    Ok(None)
}

fn words(text: &str) -> Vec<&str> {
    marks::words(text).collect()
}
