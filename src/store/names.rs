//! Who and what articles name: written with their verdicts, read by filters and lookups.

use super::{Store, StoreError, rows::unreadable};
use crate::model::{ArticleId, Name, NameKind};
use rusqlite::{Transaction, params, types::Type};

impl Store {
    /// What the article names, in order of first mention; nothing of an article that is not relevant.
    pub async fn names_of(&self, id: ArticleId) -> Result<Vec<Name>, StoreError> {
        self.read("reading an article's names", move |conn| {
            conn.prepare_cached(
                "SELECT kind, name, shown, position FROM article_names WHERE article_id = ?1 ORDER BY nth",
            )?
            .query_map([id.0], |row| {
                let kind: String = row.get(0)?;
                let kind = NameKind::from_word(&kind)
                    .ok_or_else(|| unreadable(Type::Text, std::fmt::Error))?;
                Ok(Name {
                    kind,
                    key: row.get(1)?,
                    shown: row.get(2)?,
                    position: row.get(3)?,
                })
            })?
            .collect()
        })
        .await
    }
}

/// Puts an article's names in the place of those it had.
pub(super) fn put(tx: &Transaction<'_>, id: ArticleId, names: &[Name]) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM article_names WHERE article_id = ?1")?
        .execute([id.0])?;
    let mut insert = tx.prepare_cached(
        "INSERT OR IGNORE INTO article_names (kind, name, article_id, nth, shown, position) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (nth, name) in names.iter().enumerate() {
        insert.execute(params![
            name.kind.as_str(),
            name.key,
            id.0,
            nth as i64,
            name.shown,
            name.position
        ])?;
    }
    Ok(())
}
