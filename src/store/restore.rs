//! Putting a backup back. The present file is never deleted: it stays beside the restored one, and what it knows of the
//! editions that were mailed since the backup is carried over, so that none is mailed again.

use super::{
    FILE_NAME, StoreError,
    open::{self, sql},
    rows::ms,
};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// What was mailed of a digest by data that are not here any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    /// News published before this was in an edition already.
    pub until: Timestamp,
    /// The highest number given to an edition.
    pub number: u32,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the file that was there before is kept; `None` where there was none.
    pub aside: Option<PathBuf>,
    /// What counts as mailed, by digest.
    pub mailed: BTreeMap<String, Mailed>,
    /// Deliveries that were waiting in the backup; they are given up.
    pub given_up: usize,
}

/// Where the store keeps what was mailed of a digest: see [`Mailed`].
pub fn mailed_key(digest: &str) -> String {
    format!("digest.{digest}.mailed")
}

/// Puts the backup `from` in the place of the data in `dir`, which nobody else may have open. Complete, or not at all: a
/// power cut leaves the old file or the restored one.
///
/// `until`: up to when editions were mailed, where the present data cannot say it any more.
///
/// # Errors
/// [`StoreError::InUse`] while the daemon runs; [`StoreError::MailedUnknown`] where neither the present data nor `until`
/// say what was mailed; what [`super::Store::open`] refuses of a file it refuses of a backup.
pub fn restore(
    from: &Path,
    dir: &Path,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Restored, StoreError> {
    open::make_dir(dir)?;
    let _lock = open::lock(dir)?;
    let source = open_backup(from)?;
    let current = dir.join(FILE_NAME);
    let present = present_editions(&current);
    let copy = dir.join(format!("{FILE_NAME}.restoring"));
    open::copy_into(&source, &copy)?;
    drop(source);
    let fixed = fix_copy(&copy, present, until, now, &current);
    let (mailed, given_up) = match fixed {
        Ok(done) => done,
        Err(error) => {
            // The copy is of no use; the data in `dir` are as they were.
            let _ = fs::remove_file(&copy);
            return Err(error);
        }
    };
    let aside = put_aside(&current, now)?;
    let named = fs::rename(&copy, &current).and_then(|()| fs::File::open(dir)?.sync_all());
    named.map_err(|source| io_error("naming the restored file", &current, source))?;
    Ok(Restored {
        aside,
        mailed,
        given_up,
    })
}

/// Opens a backup for reading, after everything that makes it one was looked at.
fn open_backup(from: &Path) -> Result<Connection, StoreError> {
    let version = open::inspect(from)?;
    if version == 0 {
        let missing = match fs::metadata(from) {
            Err(error) => error.to_string(),
            Ok(_) => "it is empty".to_owned(),
        };
        return Err(StoreError::Foreign {
            path: from.to_owned(),
            why: missing,
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags(from, flags).map_err(|e| sql("opening the backup", e))?;
    open::integrity_check(&conn, from)?;
    Ok(conn)
}

/// What the present file knows of editions: by digest, the last one's end and number. `None` where there is no file, or
/// it cannot be read any more.
fn present_editions(current: &Path) -> Option<BTreeMap<String, Mailed>> {
    // A file of another program or version says nothing that could be trusted.
    if open::inspect(current).ok()? == 0 {
        return None;
    }
    // Read-write, so that a WAL that was left is read too.
    let conn = Connection::open_with_flags(
        current,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .ok()?;
    let editions = editions(&conn).ok()?;
    let _ = conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    Some(editions)
}

/// By digest, when the last edition was composed and the highest number; digests without an edition: the beginning.
fn editions(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Mailed>> {
    let mut known = BTreeMap::new();
    let mut names = conn.prepare("SELECT key FROM meta WHERE key LIKE 'digest.%.since'")?;
    for key in names.query_map([], |row| row.get::<_, String>(0))? {
        let key = key?;
        let name = key.trim_start_matches("digest.").trim_end_matches(".since");
        known.insert(
            name.to_owned(),
            Mailed {
                until: Timestamp::UNIX_EPOCH,
                number: 0,
            },
        );
    }
    let mut last =
        conn.prepare("SELECT digest, max(composed_at), max(number) FROM editions GROUP BY digest")?;
    let rows = last.query_map([], |row| {
        let until = super::rows::to_time(row.get(1)?)?;
        Ok((
            row.get::<_, String>(0)?,
            Mailed {
                until,
                number: row.get(2)?,
            },
        ))
    })?;
    for row in rows {
        let (digest, mailed) = row?;
        known.insert(digest, mailed);
    }
    Ok(known)
}

/// Makes the copy fit to go on with: nothing that waits in it is sent, and no edition is made of what was mailed since.
fn fix_copy(
    copy: &Path,
    present: Option<BTreeMap<String, Mailed>>,
    until: Option<Timestamp>,
    now: Timestamp,
    current: &Path,
) -> Result<(BTreeMap<String, Mailed>, usize), StoreError> {
    let mut conn = Connection::open(copy).map_err(|e| sql("opening the copy", e))?;
    let known = editions(&conn).map_err(|e| sql("reading the backup's editions", e))?;
    let mailed = match (until, present) {
        (Some(until), present) => {
            let mut all = known;
            for (digest, mailed) in present.unwrap_or_default() {
                let own = all.entry(digest).or_insert(mailed);
                own.number = own.number.max(mailed.number);
            }
            all.values_mut().for_each(|mailed| mailed.until = until);
            all
        }
        (None, Some(present)) => present,
        (None, None) => {
            return Err(StoreError::MailedUnknown {
                path: current.to_owned(),
            });
        }
    };
    let fix = |conn: &mut Connection| -> rusqlite::Result<usize> {
        let tx = conn.transaction()?;
        let given_up = tx.execute(
            "UPDATE deliveries SET state = 'failed', due_at = NULL, done_at = ?1, \
                 last_reply = 'restored from a backup: not sent again' WHERE state NOT IN ('sent', 'failed')",
            [ms(now)],
        )?;
        for (digest, mailed) in &mailed {
            let put = |key: &str, value: &str| {
                tx.execute(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2) \
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    params![key, value],
                )
            };
            put(&mailed_key(digest), &super::rows::to_json(mailed)?)?;
            let since = format!("digest.{digest}.since");
            let before: Option<String> = tx
                .query_row("SELECT value FROM meta WHERE key = ?1", [&since], |row| {
                    row.get(0)
                })
                .ok();
            let before = before.and_then(|text| text.parse::<Timestamp>().ok());
            if before.is_none_or(|before| before < mailed.until) {
                put(&since, &mailed.until.to_string())?;
            }
        }
        // A lease of the backup's owner is nobody's.
        tx.execute("UPDATE feeds SET lease_until = NULL", [])?;
        tx.commit()?;
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(given_up)
    };
    let given_up = fix(&mut conn).map_err(|e| sql("preparing the restored data", e))?;
    drop(conn);
    let synced = fs::File::open(copy).and_then(|file| file.sync_all());
    synced.map_err(|source| io_error("writing", copy, source))?;
    Ok((mailed, given_up))
}

/// Gives the present file a second name beside it, and its WAL, if one was left, the same; `None` where there is none.
fn put_aside(current: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    if !current.exists() {
        return Ok(None);
    }
    let stamp = now.strftime("%Y%m%d-%H%M%S");
    let aside = current.with_file_name(format!("{FILE_NAME}.before-restore-{stamp}"));
    fs::hard_link(current, &aside).map_err(|source| io_error("keeping", &aside, source))?;
    for tail in ["-wal", "-shm"] {
        let with_tail = |path: &Path| PathBuf::from(format!("{}{tail}", path.display()));
        match fs::rename(with_tail(current), with_tail(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("keeping", &with_tail(&aside), error));
            }
            _ => {}
        }
    }
    Ok(Some(aside))
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
