//! Between SQLite's values and ours.

use crate::model::{Article, ArticleId, Ingest, SourceKey, Verdict};
use jiff::Timestamp;
use rusqlite::{Row, types::Type};
use serde::{Deserialize, Serialize};

/// Version of the stored verdict's form.
const VERDICT_FORMAT: u32 = 1;

/// Milliseconds, as all times are stored.
pub(super) fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// The same, of a time that may be missing.
pub(super) fn opt_ms(time: Option<Timestamp>) -> Option<i64> {
    time.map(ms)
}

/// The time in a column; an error if it is outside of what the calendar holds.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    to_time(row.get(column)?)
}

/// The time in a column that may be NULL.
pub(super) fn opt_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(to_time).transpose()
}

pub(super) fn to_time(ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|e| unreadable(Type::Integer, e))
}

/// A stored value that we cannot have written.
pub(super) fn unreadable(
    kind: Type,
    why: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(why))
}

/// Any serde value as stored JSON.
pub(super) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// Stored JSON as a value.
pub(super) fn from_json<T: for<'a> Deserialize<'a>>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| unreadable(Type::Text, e))
}

#[derive(Serialize, Deserialize)]
struct StoredVerdict {
    format: u32,
    verdict: Verdict,
}

pub(super) fn verdict_to_json(verdict: &Verdict) -> rusqlite::Result<String> {
    to_json(&StoredVerdict {
        format: VERDICT_FORMAT,
        verdict: verdict.clone(),
    })
}

/// A stored verdict. A form of another version is as good as none: the analysis comes by again.
pub(super) fn verdict(stored: Option<String>) -> Option<Verdict> {
    stored
        .and_then(|text| serde_json::from_str::<StoredVerdict>(&text).ok())
        .filter(|stored| stored.format == VERDICT_FORMAT)
        .map(|stored| stored.verdict)
}

/// The columns that [`article`] reads, of `articles AS a` joined with `sources AS s`.
pub(super) const ARTICLE: &str = "a.id, s.key AS source, a.url, a.title, a.first_title, a.sapo, a.body, a.author, \
     a.section, a.published, a.seen, a.ingest, a.backfill, a.verdict";

/// One article from a row of [`ARTICLE`].
pub(super) fn article(row: &Row<'_>) -> rusqlite::Result<Article> {
    let verdict = verdict(row.get("verdict")?);
    Ok(Article {
        id: ArticleId(row.get("id")?),
        source: SourceKey(row.get("source")?),
        url: row.get("url")?,
        title: row.get("title")?,
        first_title: row.get("first_title")?,
        sapo: row.get("sapo")?,
        body: row.get("body")?,
        author: row.get("author")?,
        section: row.get("section")?,
        published: opt_time(row, "published")?,
        seen: time(row, "seen")?,
        ingest: Ingest(row.get("ingest")?),
        backfill: row.get("backfill")?,
        verdict,
    })
}
