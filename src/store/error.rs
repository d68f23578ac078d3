//! What can go wrong with the file, said so that an admin knows what to do.

use rusqlite::ErrorCode;
use std::{io, path::PathBuf};

/// A failure of the store: what was being done, to what, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the data directory.
    #[error(
        "{} is in use by another diembao (process {pid}); stop that one first (systemctl stop diembao)",
        path.display()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The owner's process id as it wrote it; "unknown" if it could not be read.
        pid: String,
    },
    /// The file is a database of some other program, or no database.
    #[error(
        "{} is not a diembao database ({why}); it was left untouched. Set another data_dir, or move that file away",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How we know.
        why: String,
    },
    /// The file was written by a newer program.
    #[error(
        "{} has data version {found}, this program knows up to {known}; it was left untouched. \
         Install the newer diembao again, or restore a backup made before the update",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A command beside the daemon found no data.
    #[error("there are no data in {} yet; start the daemon once, or run `diembao fetch`", path.display())]
    NotReady {
        /// The file.
        path: PathBuf,
    },
    /// A command beside the daemon found a file that still waits to be brought up to this program's schema.
    #[error(
        "{} has data version {found}, this program needs {known}: start the daemon with it once \
         (`systemctl restart diembao`), or run `diembao fetch`",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// SQLite finds the file damaged.
    #[error(
        "{} is damaged: {detail}. Nothing was changed. Keep a copy of the file, then put a backup back \
         (`diembao restore FILE`) or, without one, try `sqlite3 OLD .recover | sqlite3 NEW`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said first.
        detail: String,
    },
    /// A restore cannot know which editions were mailed since the backup.
    #[error(
        "the data in {} cannot say which editions were mailed since the backup; say it with --mailed-until: the time of the \
         last edition that the staff got, such as 2026-11-20T06:30+07:00, or \"backup\" if none was mailed after the backup",
        path.display()
    )]
    MailedUnknown {
        /// The present file, missing or unreadable.
        path: PathBuf,
    },
    /// A file or directory could not be made, opened or read.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{doing}: {source}{}", advice(source))]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The schema could not be brought up to date.
    #[error("bringing {} up to date: {source}; the file is as it was", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rusqlite_migration::Error,
    },
    /// A bug of ours: the step panicked and was undone.
    #[error("{doing}: a bug in diembao ({detail}); nothing was written")]
    Bug {
        /// What was tried.
        doing: &'static str,
        /// The panic's words.
        detail: String,
    },
    /// The store was closed before.
    #[error("{doing}: the store is closed")]
    Closed {
        /// What was tried.
        doing: &'static str,
    },
}

impl StoreError {
    /// Whether waiting may mend it: a full disk, a lock, a file system gone read-only.
    pub fn is_passing(&self) -> bool {
        let Self::Sql { source, .. } = self else {
            return false;
        };
        matches!(
            source.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
            )
        )
    }
}

/// What an admin can do about an error of SQLite's.
fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "; the disk is full: make room in data_dir, nothing stored is lost"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program holds the database: close it (lsof shows which)"
        }
        Some(ErrorCode::ReadOnly) => {
            "; data_dir cannot be written: check the mount and the owner of its files"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "; the disk refused a read or write: check it (dmesg) and the room left"
        }
        Some(ErrorCode::CannotOpen) => "; check that data_dir exists and who owns it",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; the file is damaged: keep a copy of it, then `diembao restore` a backup"
        }
        _ => "",
    }
}
