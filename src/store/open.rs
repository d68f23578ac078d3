//! Opening the file: whose it is, whether it is ours, sound and current. Nothing here writes to a file it refuses.

use super::StoreError;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// The database's name in the data directory.
pub const FILE_NAME: &str = "diembao.db";
/// "DiBa", as the first migration writes it.
const APPLICATION_ID: i64 = 1_147_748_961;
/// How many steps the schema has: the `user_version` that this program writes.
const STEPS: usize = 11;

/// Every step of the schema, in order; `user_version` counts them.
fn steps() -> [M<'static>; STEPS] {
    [
        M::up(include_str!("migrations/0001_first.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0002_names.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0003_near.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0004_marks.sql")),
        M::up(include_str!("migrations/0005_stories.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0006_sources.sql")),
        M::up(include_str!("migrations/0007_flat.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0008_months.sql")),
        M::up(include_str!("migrations/0009_rereads.sql")).foreign_key_check(),
        M::up(include_str!("migrations/0010_hubs.sql")),
        M::up(include_str!("migrations/0011_lists.sql")),
    ]
}
/// How long one statement waits for a lock of another process.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// How long opening waits: a stranger may hold the file for a while (a backup, a curious admin).
const BUSY_AT_OPEN: Duration = Duration::from_secs(30);

/// The schema version that this program writes.
pub(super) fn latest_version() -> i64 {
    i64::try_from(STEPS).unwrap_or(i64::MAX)
}

/// The owner's lock; held as long as the value lives, and released by the kernel however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do: a process that is just being started holds a copy of the file, and with it the lock.
        // What fails here is settled by that process's first step.
        let _ = self.file.unlock();
    }
}

/// Makes `dir` (mode 0700) if it is not there.
pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| StoreError::Io {
            doing: "making the data directory",
            path: dir.to_owned(),
            source,
        })
}

/// Takes the one lock of `dir`, or says who has it.
pub(super) fn lock(dir: &Path) -> Result<Lock, StoreError> {
    let path = dir.join("diembao.lock");
    let failed = |source| StoreError::Io {
        doing: "locking",
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(source)) => return Err(failed(source)),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Only for the message; a holder that has not written its number yet is still a holder.
            let _ = file.take(20).read_to_string(&mut pid);
            let pid = match pid.trim() {
                "" => "unknown".to_owned(),
                number => number.to_owned(),
            };
            return Err(StoreError::InUse {
                path: dir.to_owned(),
                pid,
            });
        }
    }
    let write = |file: &mut File| -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(failed)?;
    Ok(Lock { file })
}

/// Opens the file as its owner: made if missing, checked, brought up to date.
pub(super) fn open_owner(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE_NAME);
    let version = inspect(&path)?;
    create_private(&path)?;
    let mut conn = connect(&path)?;
    quick_check(&conn, &path)?;
    if version < latest_version() {
        if version > 0 {
            let before = dir.join(format!("{FILE_NAME}.before-v{}", latest_version()));
            copy_into(&conn, &before)?;
        }
        Migrations::new(steps().to_vec())
            .to_latest(&mut conn)
            .map_err(|source| StoreError::Migration {
                path: path.clone(),
                source,
            })?;
    }
    configure(&conn, BUSY).map_err(|source| sql("opening the database", source))?;
    Ok(conn)
}

/// Opens the file beside its owner: never makes or migrates it.
pub(super) fn open_beside(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE_NAME);
    let version = inspect(&path)?;
    match version {
        0 => return Err(StoreError::NotReady { path }),
        older if older < latest_version() => {
            return Err(StoreError::Older {
                path,
                found: older,
                known: latest_version(),
            });
        }
        _ => {}
    }
    let conn = connect(&path)?;
    configure(&conn, BUSY).map_err(|source| sql("opening the database", source))?;
    Ok(conn)
}

/// A sound copy of a live database, readable by its owner alone; complete or not there. Takes the place of `to`.
pub(super) fn copy_into(conn: &Connection, to: &Path) -> Result<(), StoreError> {
    let part = PathBuf::from(format!("{}.part", to.display()));
    let io = |doing, path: &Path, source| StoreError::Io {
        doing,
        path: path.to_owned(),
        source,
    };
    if part.exists() {
        // Left by a copy that was broken off.
        fs::remove_file(&part).map_err(|e| io("removing", &part, e))?;
    }
    create_private(&part)?;
    conn.execute("VACUUM INTO ?1", [part.display().to_string()])
        .map_err(|source| sql("copying the database", source))?;
    let file = File::open(&part).map_err(|e| io("opening", &part, e))?;
    file.sync_all().map_err(|e| io("writing", &part, e))?;
    fs::rename(&part, to).map_err(|e| io("naming the copy", to, e))?;
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    File::open(parent)
        .and_then(|dir| dir.sync_all())
        .map_err(|e| io("writing", parent, e))
}

/// The schema version of the file, 0 if there is none yet; refuses what is not ours without writing a byte.
pub(super) fn inspect(path: &Path) -> Result<i64, StoreError> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() > 0 => {}
        // An empty file is how SQLite itself begins one.
        Ok(_) => return Ok(0),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => {
            return Err(StoreError::Io {
                doing: "reading",
                path: path.to_owned(),
                source,
            });
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let facts = Connection::open_with_flags(path, flags).and_then(|conn| {
        conn.busy_timeout(BUSY_AT_OPEN)?;
        let pragma = |sql| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok((
            pragma("PRAGMA application_id")?,
            pragma("PRAGMA user_version")?,
            pragma("SELECT count(*) FROM sqlite_master")?,
        ))
    });
    let foreign = |why: &str| StoreError::Foreign {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    match facts {
        Ok((APPLICATION_ID, version, _)) if version > latest_version() => Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: latest_version(),
        }),
        Ok((APPLICATION_ID, version, _)) => Ok(version),
        // Made, then the power went before the first migration was committed.
        Ok((0, 0, 0)) => Ok(0),
        Ok(_) => Err(foreign("it belongs to another program")),
        Err(e) => Err(match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => foreign("it is not an SQLite file"),
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                path: path.to_owned(),
                detail: e.to_string(),
            },
            _ => sql("reading the database's header", e),
        }),
    }
}

/// An empty file that only its owner may read; SQLite gives its -wal and -shm the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|source| StoreError::Io {
            doing: "opening",
            path: path.to_owned(),
            source,
        })
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|conn| {
            configure(&conn, BUSY_AT_OPEN)?;
            Ok(conn)
        })
        .map_err(|source| sql("opening the database", source))
}

fn configure(conn: &Connection, busy: Duration) -> rusqlite::Result<()> {
    conn.busy_timeout(busy)?;
    conn.set_prepared_statement_cache_capacity(96);
    // FULL: a commit that returned survives a power cut. trusted_schema, cell_size_check: the file may have been
    // tampered with. wal_autocheckpoint (pages): keys are random, so a page is often written again soon; 16 MB of them are
    // put away together. journal_size_limit: a WAL that once grew does not stay large.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432;",
    )
}

/// Checks a small file whole, and of a large one the tables that steer the work: reading gigabytes at every start would
/// cost more than all polls of a day. Damage elsewhere is found where it is read, and by `verify`.
fn quick_check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    const WHOLE_UP_TO: u64 = 64 << 20;
    let size = fs::metadata(path).map_or(0, |meta| meta.len());
    let checks: &[&str] = if size <= WHOLE_UP_TO {
        &["PRAGMA quick_check(1)"]
    } else {
        &[
            "PRAGMA quick_check('sqlite_schema')",
            "PRAGMA quick_check('sources')",
            "PRAGMA quick_check('feeds')",
            "PRAGMA quick_check('meta')",
        ]
    };
    let damaged = |detail: String| StoreError::Damaged {
        path: path.to_owned(),
        detail,
    };
    for check in checks {
        match conn.query_row(check, [], |row| row.get::<_, String>(0)) {
            Ok(word) if word == "ok" => {}
            Ok(detail) => return Err(damaged(detail)),
            Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                return Err(damaged(e.to_string()));
            }
            Err(source) => return Err(sql("checking the database", source)),
        }
    }
    Ok(())
}

/// The thorough check: pages, indexes, and every row's references.
pub(super) fn integrity_check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let damaged = |detail: String| StoreError::Damaged {
        path: path.to_owned(),
        detail,
    };
    match conn.query_row("PRAGMA integrity_check(1)", [], |row| {
        row.get::<_, String>(0)
    }) {
        Ok(word) if word == "ok" => {}
        Ok(detail) => return Err(damaged(detail)),
        Err(e) => return Err(damaged(e.to_string())),
    }
    let broken = conn
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut check| check.exists([]))
        .map_err(|source| sql("checking references", source))?;
    match broken {
        true => Err(damaged(
            "a row refers to another that is not there".to_owned(),
        )),
        false => Ok(()),
    }
}

pub(super) fn sql(doing: &'static str, source: rusqlite::Error) -> StoreError {
    StoreError::Sql { doing, source }
}
