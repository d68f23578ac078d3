//! Full text search over folded text: `xay dung dang` finds *xây dựng Đảng*.

use super::{
    Fold, Store, StoreError,
    rows::{ARTICLE, article, opt_ms},
};
use crate::model::{Article, SourceKey, TopicKey};
use jiff::Timestamp;
use rusqlite::{Transaction, named_params};

/// Words of a query that are looked for; more are ignored.
const WORDS_MAX: usize = 32;

/// What narrows a search; the default narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFilter {
    /// Only this paper.
    pub source: Option<SourceKey>,
    /// Only papers of this province (key).
    pub province: Option<String>,
    /// Only articles with this topic.
    pub topic: Option<TopicKey>,
    /// Published (or first seen, where undated) at or after.
    pub from: Option<Timestamp>,
    /// Published (or first seen, where undated) before.
    pub to: Option<Timestamp>,
}

/// An article found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The article.
    pub article: Article,
    /// How well it fits; larger is better, meaningful only within one search.
    pub rank: f64,
}

impl Store {
    /// Articles that hold all words of `query`, the best first. Words in double quotes must stand together. Case and
    /// diacritics do not count; punctuation has no meaning. A query without a word finds nothing.
    pub async fn search(
        &self,
        query: &str,
        filter: &SearchFilter,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let Some(pattern) = pattern(query, self.fold) else {
            return Ok(Vec::new());
        };
        let filter = filter.clone();
        self.read("searching", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {ARTICLE}, -bm25(articles_fts, 8.0, 3.0, 1.0) AS rank \
                 FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid JOIN sources s ON s.id = a.source_id \
                 WHERE articles_fts MATCH :pattern \
                   AND (:source IS NULL OR s.key = :source) AND (:province IS NULL OR s.province = :province) \
                   AND (:from IS NULL OR coalesce(a.published, a.seen) >= :from) \
                   AND (:to IS NULL OR coalesce(a.published, a.seen) < :to) \
                   AND (:topic IS NULL OR EXISTS (SELECT 1 FROM json_each(a.verdict, '$.verdict.topics') \
                        WHERE json_extract(value, '$.topic') = :topic)) \
                 ORDER BY bm25(articles_fts, 8.0, 3.0, 1.0), a.id DESC LIMIT :limit"
            ))?
            .query_map(
                named_params! {
                    ":pattern": pattern,
                    ":source": filter.source.as_ref().map(SourceKey::as_str),
                    ":province": filter.province,
                    ":topic": filter.topic.as_ref().map(TopicKey::as_str),
                    ":from": opt_ms(filter.from),
                    ":to": opt_ms(filter.to),
                    ":limit": limit,
                },
                |row| {
                    Ok(Found {
                        article: article(row)?,
                        rank: row.get("rank")?,
                    })
                },
            )?
            .collect()
        })
        .await
    }
}

/// Writes the folded text of an article, in place of what stood there.
pub(super) fn index(
    tx: &Transaction<'_>,
    id: i64,
    title: &str,
    sapo: Option<&str>,
    body: Option<&str>,
    fold: Fold,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO articles_fts (rowid, title, sapo, body) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((
        id,
        fold(title),
        fold(sapo.unwrap_or_default()),
        fold(body.unwrap_or_default()),
    ))?;
    Ok(())
}

/// The query in FTS5's language: every word quoted, so that nothing a person types is an operator.
fn pattern(query: &str, fold: Fold) -> Option<String> {
    let mut left = WORDS_MAX;
    let mut terms = Vec::new();
    for (nth, part) in query.split(['"', '“', '”']).enumerate() {
        let folded = fold(part);
        let words: Vec<&str> = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(left)
            .collect();
        left -= words.len();
        if nth % 2 == 1 && !words.is_empty() {
            terms.push(format!("\"{}\"", words.join(" ")));
        } else {
            terms.extend(words.iter().map(|word| format!("\"{word}\"")));
        }
    }
    (!terms.is_empty()).then(|| terms.join(" "))
}
