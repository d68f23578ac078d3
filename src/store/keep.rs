//! Keeping the file well: counts, what is due next, checks, copies.

use super::{
    Store, StoreError, feeds, open,
    rows::{ms, to_time},
    search,
};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Feeds that the config names.
    pub feeds: u32,
    /// Entries kept.
    pub entries: u32,
    /// Distinct articles.
    pub articles: u32,
    /// Articles not analysed since their text last changed.
    pub unanalysed: u32,
    /// Pages waiting to be read.
    pub pages: u32,
}

/// When each kind of work is due next; `None` where there is none. A loop sleeps until then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    /// A feed to be polled.
    pub poll: Option<Timestamp>,
    /// A page to be read, for the first time or again.
    pub page: Option<Timestamp>,
    /// A mail to be delivered.
    pub delivery: Option<Timestamp>,
}

/// Our own promises as queries that find their breach; all must give no row.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "an article stands in two editions of one digest",
        "SELECT m.article_id FROM edition_articles m JOIN editions e ON e.id = m.edition_id WHERE e.digest <> m.digest",
    ),
    (
        "an article has no entry",
        "SELECT id FROM articles a WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.article_id = a.id) \
           AND NOT EXISTS (SELECT 1 FROM entry_revisions r WHERE r.article_id = a.id)",
    ),
    (
        "an article has no key",
        "SELECT id FROM articles WHERE id NOT IN (SELECT article_id FROM article_keys)",
    ),
    (
        "a key leads to an article that is not there",
        "SELECT article_id FROM article_keys WHERE article_id NOT IN (SELECT id FROM articles)",
    ),
    (
        "an entry is of a feed or an article that is not there",
        "SELECT id FROM entries WHERE feed_id NOT IN (SELECT id FROM feeds) OR article_id NOT IN (SELECT id FROM articles)",
    ),
    (
        "an article is missing from the index of words",
        "SELECT id FROM articles WHERE (id NOT IN (SELECT rowid FROM articles_fts) OR id NOT IN (SELECT rowid FROM articles_marks)) \
           AND id NOT IN (SELECT article_id FROM unindexed)",
    ),
    (
        "the windows of two editions overlap",
        "SELECT a.id FROM editions a JOIN editions b ON a.digest = b.digest AND a.number < b.number \
         WHERE a.upto_ingest > b.upto_ingest OR b.after_ingest < a.upto_ingest",
    ),
    (
        "a month's counts of stories are not those of its editions",
        "SELECT kind, month, key, stories FROM story_months EXCEPT \
         SELECT k.kind, substr(e.date, 1, 7), k.key, count(*) FROM edition_story_keys k \
         JOIN editions e ON e.id = k.edition_id GROUP BY 1, 2, 3",
    ),
    (
        "validators are kept for a feed that was never read",
        "SELECT id FROM feeds WHERE last_ok_at IS NULL AND (etag IS NOT NULL OR last_modified IS NOT NULL)",
    ),
];

impl Store {
    /// How much there is.
    pub async fn counts(&self) -> Result<StoreCounts, StoreError> {
        self.read("counting", |conn| {
            let count = |sql| -> rusqlite::Result<u32> {
                conn.prepare_cached(sql)?.query_row([], |row| row.get(0))
            };
            Ok(StoreCounts {
                feeds: count("SELECT count(*) FROM feeds WHERE listed = 1")?,
                entries: count("SELECT count(*) FROM entries")?,
                articles: count("SELECT count(*) FROM articles")?,
                unanalysed: count("SELECT count(*) FROM articles WHERE analysed_with = 0")?,
                pages: count("SELECT count(*) FROM articles WHERE page_due_at IS NOT NULL")?,
            })
        })
        .await
    }

    /// When the next feed, page and delivery are due; times in the past mean now.
    pub async fn next_due(&self) -> Result<Due, StoreError> {
        self.read("reading what is due next", |conn| {
            let first = |sql| -> rusqlite::Result<Option<Timestamp>> {
                conn.prepare_cached(sql)?
                    .query_row([], |row| row.get::<_, Option<i64>>(0))?
                    .map(to_time)
                    .transpose()
            };
            Ok(Due {
                poll: first(feeds::NEXT_DUE)?,
                page: [
                    first("SELECT min(page_due_at) FROM articles WHERE page_due_at IS NOT NULL")?,
                    first("SELECT min(due_at) FROM rereads WHERE due_at IS NOT NULL")?,
                ]
                .into_iter()
                .flatten()
                .min(),
                delivery: first("SELECT min(due_at) FROM deliveries WHERE due_at IS NOT NULL")?,
            })
        })
        .await
    }

    /// Gives back the memory of pages that were read: they are read again, from the system's own cache, when asked for.
    pub async fn rest(&self) -> Result<(), StoreError> {
        let shrink = |conn: &mut Connection| conn.execute_batch("PRAGMA shrink_memory");
        self.call("giving memory back", shrink).await
    }

    /// Checks the whole file: pages and indexes, references, and our own promises. Every trouble as one line; an
    /// empty list means sound. Reads everything: seconds to minutes.
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.read("verifying", troubles).await
    }

    /// Writes a sound copy to `to` while the daemon goes on, and reads it through once; fails if `to` exists.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.call_raw("backing up", move |conn| {
            if to.exists() {
                return Err(StoreError::Io {
                    doing: "writing the backup",
                    source: std::io::ErrorKind::AlreadyExists.into(),
                    path: to,
                });
            }
            open::copy_into(conn, &to)?;
            // A copy that was never read is a hope, not a backup.
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let copy = Connection::open_with_flags(&to, flags)
                .map_err(|e| open::sql("reading the backup", e))?;
            open::integrity_check(&copy, &to)
        })
        .await
    }

    /// Drops the texts of up to `limit` articles first seen before `before`, and of their entries; how many. What
    /// identifies them, headline, lead and verdict stay: they are known again for ever, and found by these.
    pub async fn purge_texts(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.write("dropping old texts", move |tx| {
            let old: Vec<i64> = tx
                .prepare_cached(
                    "SELECT id FROM articles WHERE seen < ?1 AND (body IS NOT NULL \
                         OR EXISTS (SELECT 1 FROM entries e WHERE e.article_id = articles.id AND e.content IS NOT NULL)) \
                     LIMIT ?2",
                )?
                .query_map(rusqlite::params![ms(before), limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for id in &old {
                tx.prepare_cached("UPDATE articles SET body = NULL WHERE id = ?1")?
                    .execute([id])?;
                tx.prepare_cached("UPDATE entries SET content = NULL WHERE article_id = ?1")?
                    .execute([id])?;
                tx.prepare_cached("DELETE FROM rereads WHERE article_id = ?1 AND due_at IS NULL AND withdrawn_at IS NULL")?
                    .execute([id])?;
                search::queue(tx, *id)?;
            }
            Ok(old.len())
        })
        .await
    }

    /// Reads a small fact by name.
    pub async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        use rusqlite::OptionalExtension as _;
        let key = key.to_owned();
        self.read("reading a setting", move |conn| {
            conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()
        })
        .await
    }

    /// Keeps a small fact by name.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write("keeping a setting", move |tx| {
            tx.prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute([key, value])
            .map(drop)
        })
        .await
    }
}

fn troubles(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found: Vec<String> = conn
        .prepare("PRAGMA integrity_check(20)")?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter(|line| !matches!(line.as_deref(), Ok("ok")))
        .collect::<Result<_, _>>()?;
    let mut broken = conn.prepare("PRAGMA foreign_key_check")?;
    let mut rows = broken.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        found.push(format!("a row of {table} refers to nothing in {parent}"));
    }
    for (what, query) in INVARIANTS {
        let rows: u32 = conn.query_row(&format!("SELECT count(*) FROM ({query})"), [], |row| {
            row.get(0)
        })?;
        if rows > 0 {
            found.push(format!("{what} ({rows} times)"));
        }
    }
    Ok(found)
}
