//! The indexes of words are brought in line with the articles, and merged where they are worn.

use super::super::{Fold, Store, StoreError};
use super::marks::{Vocabulary, index};
use rusqlite::{Connection, Transaction};

/// The two indexes of words: of the text, and of the marks.
const INDEXES: [&str; 2] = ["articles_fts", "articles_marks"];
/// Articles indexed in one transaction: about a tenth of a second. Fewer make more pieces, which have to be merged.
pub const INDEX_AT_ONCE: u32 = 1_000;
/// Pages of the index merged in one transaction: some tens of milliseconds.
const MERGED_AT_ONCE: i64 = 500;
/// Fewer rewritten articles are not worth a merge.
const WORN_FROM: u32 = 1_000;
/// How many articles were rewritten in the index since it was last merged, in `meta`.
const REWRITTEN: &str = "index_rewritten";

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
            let mut done = true;
            for index in INDEXES {
                let before = changes(tx)?;
                tx.execute(
                    &format!("INSERT INTO {index} ({index}, rank) VALUES ('merge', ?1)"),
                    [pages],
                )?;
                done &= changes(tx)? - before < 2;
            }
            Ok(done)
        })
        .await
    }
}

/// Notes that the article's words changed: [`Store::index_pending`] brings the index in line. Folding and indexing cost as
/// much as all else that a poll writes, and nobody searches for an article in the second in which it comes.
pub(in crate::store) fn queue(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
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
    let mut vocabulary = Vocabulary::new(fold);
    for id in &waiting {
        index(tx, *id, &mut vocabulary)?;
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
