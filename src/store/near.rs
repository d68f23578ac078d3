//! The index of near-duplicates: which articles share windows of text. What is shared enough, and what a copy is, the
//! analysis says.

use super::{
    Store, StoreError,
    rows::{ARTICLE, article, ms},
};
use crate::model::{Article, ArticleId, DigestName, Ingest, NearKeys};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::BTreeMap;

/// An article first seen longer ago is not looked up any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How far back a sample reaches.
const SAMPLED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Articles that leave the index with one batch of new ones: more than come, so that it never grows behind.
const LEAVE: u32 = 400;

/// The articles that choose a window (`?1`), at most `?2`, by their tags.
pub(super) const HOLDERS: &str =
    "SELECT article_id, tag FROM near_windows WHERE window = ?1 ORDER BY tag, article_id LIMIT ?2";
/// The oldest articles of the index.
pub(super) const OLDEST: &str =
    "SELECT article_id FROM near_texts WHERE seen < ?1 ORDER BY seen LIMIT ?2";

/// What shares windows with an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Of which.
    pub article: ArticleId,
    /// Windows that it chose.
    pub size: usize,
    /// The others, by id.
    pub others: Vec<NearOther>,
}

/// An article that shares windows with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearOther {
    /// Which.
    pub article: ArticleId,
    /// Windows that both chose.
    pub shared: usize,
    /// Windows that it chose.
    pub size: usize,
    /// Its tag.
    pub tag: u16,
}

impl Store {
    /// What shares windows with each of these articles, among all of the last 90 days; at most `holders` of one window. An
    /// article that is not in the index has no others.
    pub async fn near(&self, ids: Vec<ArticleId>, holders: usize) -> Result<Vec<Near>, StoreError> {
        self.read("looking for near-duplicates", move |conn| {
            ids.into_iter().map(|id| near(conn, id, holders)).collect()
        })
        .await
    }

    /// Up to `limit` relevant articles first seen in the 30 days before `now` and up to ingest number `upto`: a sample chosen
    /// by content, the same for the same articles in whatever order they came.
    pub async fn sample(
        &self,
        upto: Ingest,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Article>, StoreError> {
        let from = now.saturating_sub(SAMPLED).unwrap_or(Timestamp::MIN);
        self.read("reading a sample of articles", move |conn| {
            super::articles::ids(conn, SAMPLE, params![ms(from), upto.0, limit])?
                .into_iter()
                .map(|id| super::articles::load(conn, id))
                .collect()
        })
        .await
    }

    /// Of these articles those that stood in an edition of `digest`, each with its edition's number.
    pub async fn published_of(
        &self,
        digest: &DigestName,
        ids: Vec<ArticleId>,
    ) -> Result<Vec<(Article, u32)>, StoreError> {
        let digest = digest.clone();
        self.read("reading in which edition articles stood", move |conn| {
            let mut find = conn.prepare_cached(&format!(
                "SELECT {ARTICLE}, e.number FROM edition_articles x JOIN editions e ON e.id = x.edition_id \
                 JOIN articles a ON a.id = x.article_id JOIN sources s ON s.id = a.source_id \
                 WHERE x.digest = ?1 AND x.article_id = ?2"
            ))?;
            let mut out = Vec::new();
            for id in ids {
                let found = find.query_row(params![digest.as_str(), id.0], |row| {
                    Ok((article(row)?, row.get("number")?))
                });
                out.extend(found.optional()?);
            }
            Ok(out)
        })
        .await
    }
}

/// Articles of the index that came before an edition's window, chosen by content.
pub(super) const SAMPLE: &str = "SELECT n.article_id FROM near_texts n JOIN articles a ON a.id = n.article_id \
     WHERE n.seen >= ?1 AND a.ingest <= ?2 ORDER BY n.tag, n.article_id LIMIT ?3";

fn near(conn: &Connection, id: ArticleId, holders: usize) -> rusqlite::Result<Near> {
    let windows = windows_of(conn, id)?.map_or(Vec::new(), |(windows, _)| windows);
    let mut shared: BTreeMap<i64, (usize, u16)> = BTreeMap::new();
    let mut find = conn.prepare_cached(HOLDERS)?;
    for window in &windows {
        let mut rows = find.query(params![window, holders as i64])?;
        while let Some(row) = rows.next()? {
            shared.entry(row.get(0)?).or_insert((0, row.get(1)?)).0 += 1;
        }
    }
    shared.remove(&id.0);
    let mut size =
        conn.prepare_cached("SELECT length(windows) / 4 FROM near_texts WHERE article_id = ?1")?;
    let other = |(article, (shared, tag))| {
        Ok(NearOther {
            article: ArticleId(article),
            shared,
            size: size.query_row([article], |row| row.get::<_, u32>(0))? as usize,
            tag,
        })
    };
    Ok(Near {
        article: id,
        size: windows.len(),
        others: shared
            .into_iter()
            .map(other)
            .collect::<rusqlite::Result<_>>()?,
    })
}

/// The windows of an article as they are stored, with its tag; `None` if it is not in the index.
fn windows_of(conn: &Connection, id: ArticleId) -> rusqlite::Result<Option<(Vec<i32>, u16)>> {
    conn.prepare_cached("SELECT windows, tag FROM near_texts WHERE article_id = ?1")?
        .query_row([id.0], |row| {
            let blob: Vec<u8> = row.get(0)?;
            let windows = blob.chunks_exact(4);
            let windows =
                windows.map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            Ok((windows.collect(), row.get(1)?))
        })
        .optional()
}

/// Puts an article's windows in the place of those it had.
pub(super) fn put(
    tx: &Transaction<'_>,
    id: ArticleId,
    seen: Timestamp,
    keys: &NearKeys,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // A new version of the analysis reads the whole archive again.
    if now.duration_since(seen) > REMEMBERED {
        return take_out(tx, id);
    }
    // The same four bytes as a signed number, which SQLite keeps in four bytes whatever it is.
    let windows: Vec<i32> = keys
        .windows
        .iter()
        .map(|window| window.cast_signed())
        .collect();
    if windows_of(tx, id)? == Some((windows.clone(), keys.tag)) {
        return Ok(());
    }
    take_out(tx, id)?;
    if windows.is_empty() {
        return Ok(());
    }
    let blob: Vec<u8> = windows
        .iter()
        .flat_map(|window| window.to_le_bytes())
        .collect();
    tx.prepare_cached(
        "INSERT INTO near_texts (article_id, seen, tag, windows) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![id.0, ms(seen), keys.tag, blob])?;
    let mut insert = tx
        .prepare_cached("INSERT INTO near_windows (window, tag, article_id) VALUES (?1, ?2, ?3)")?;
    for window in windows {
        insert.execute(params![window, keys.tag, id.0])?;
    }
    Ok(())
}

/// Takes the articles out that are too old, a few at a time.
pub(super) fn forget(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let before = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    let old: Vec<i64> = tx
        .prepare_cached(OLDEST)?
        .query_map(params![ms(before), LEAVE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    old.into_iter()
        .try_for_each(|id| take_out(tx, ArticleId(id)))
}

fn take_out(tx: &Transaction<'_>, id: ArticleId) -> rusqlite::Result<()> {
    let Some((windows, tag)) = windows_of(tx, id)? else {
        return Ok(());
    };
    let mut delete = tx.prepare_cached(
        "DELETE FROM near_windows WHERE window = ?1 AND tag = ?2 AND article_id = ?3",
    )?;
    for window in windows {
        delete.execute(params![window, tag, id.0])?;
    }
    tx.prepare_cached("DELETE FROM near_texts WHERE article_id = ?1")?
        .execute([id.0])
        .map(drop)
}
