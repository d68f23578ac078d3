//! Ring 2: the one file of data; the only user of rusqlite.
//!
//! The store is the queue: `feeds.next_poll_at`, `articles.page_due_at`, `articles.analysed_with` and
//! `deliveries.due_at` are the to-do lists. `claim_*` takes work, `commit_*` writes an outcome, and each is one short
//! transaction on the one thread that owns the connection. Nothing here decides anything that needs a clock.

mod articles;
mod editions;
mod error;
mod feeds;
mod hubs;
mod keep;
mod leavers;
mod names;
mod near;
mod open;
mod outbox;
mod polls;
mod rereads;
mod resolve;
mod restore;
mod rows;
mod search;
mod shelf;
#[cfg(test)]
mod tests;

pub use articles::{Analysis, DuePage, EntryRow, PageOutcome, PageText, Unanalysed};
pub use editions::{EditionHead, Frozen, NewDelivery, NewEdition, StoredEdition};
pub use error::StoreError;
pub use feeds::{FeedRow, SyncReport};
pub use hubs::{
    Callback, Caller, DueSubscription, DueUnsubscription, NewRequest, Proof, Requested,
};
pub use keep::{Due, StoreCounts};
pub use leavers::{LEFT, Leaver, Left};
pub use near::{Near, NearOther};
pub use open::FILE_NAME;
pub use outbox::{Attempt, DeliveryRow};
pub use polls::{PollCommit, PollReport, PushCommit};
pub use rereads::{DueReread, PageNow, Reread, Rereading};
pub use restore::{Mailed, Restored, mailed_key, restore};
pub use search::{Found, INDEX_AT_ONCE, Page, SearchFilter, SearchOrder, SearchResult, Snippet};
pub use shelf::{MonthCount, StoryHead, StoryKey};

use open::sql;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle, Thread},
};
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait for the thread; more callers wait for room.
const QUEUE: usize = 64;
/// How often a transaction asks for the write lock anew, each time for [`open::BUSY`]: 30 s in all.
const LOCK_ATTEMPTS: u32 = 6;

/// How text is folded for full text search: without case and diacritics, the same for queries and articles.
pub type Fold = fn(&str) -> String;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The open file. Clones share one connection; the last one to go closes it and puts the WAL away.
///
/// Methods are `async` but need no particular runtime: synchronous commands drive them with [`wait`].
#[derive(Clone)]
pub struct Store {
    thread: Arc<Writer>,
    path: PathBuf,
    fold: Fold,
}

/// The thread that owns the connection, and the lock while it is the owner's.
struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    handle: Option<JoinHandle<()>>,
    // Dropped after the thread has ended: the next owner finds the file put away.
    lock: Option<open::Lock>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(handle) = self.handle.take() {
            // A panic outside of a job cannot be told to anybody any more.
            let _ = handle.join();
        }
    }
}

impl Store {
    /// Opens the file in `dir` as its owner, which only one process can be: makes directory and file if they are
    /// missing, checks the file, brings its schema up to date (after a copy), and takes back leases of a dead owner.
    pub fn open(dir: &Path, fold: Fold) -> Result<Self, StoreError> {
        open::make_dir(dir)?;
        let lock = open::lock(dir)?;
        let conn = open::open_owner(dir)?;
        feeds::release_leases(&conn).map_err(|e| sql("taking back leases", e))?;
        outbox::release_tries(&conn).map_err(|e| sql("taking back tries to deliver", e))?;
        Self::start(conn, Some(lock), dir, fold)
    }

    /// The process that owns the data in `dir`, as it wrote its number; `None` where nobody does.
    pub fn owner_of(dir: &Path) -> Option<String> {
        match open::lock(dir) {
            Err(StoreError::InUse { pid, .. }) => Some(pid),
            _ => None,
        }
    }

    /// Opens the file beside its owner, for reading and for small writes such as "due now".
    pub fn open_beside(dir: &Path, fold: Fold) -> Result<Self, StoreError> {
        Self::start(open::open_beside(dir)?, None, dir, fold)
    }

    fn start(
        conn: Connection,
        lock: Option<open::Lock>,
        dir: &Path,
        fold: Fold,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let handle = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || serve(conn, queue))
            .map_err(|source| StoreError::Io {
                doing: "starting the thread for",
                path: dir.to_owned(),
                source,
            })?;
        Ok(Self {
            thread: Arc::new(Writer {
                jobs: Some(jobs),
                handle: Some(handle),
                lock,
            }),
            path: dir.join(FILE_NAME),
            fold,
        })
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this process owns the file (and so does the daemon's work).
    pub fn is_owner(&self) -> bool {
        self.thread.lock.is_some()
    }

    /// Runs `step` in one `BEGIN IMMEDIATE` transaction: all of it, or nothing.
    async fn write<R: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.call(doing, move |conn| in_transaction(conn, "FULL", step))
            .await
    }

    /// As [`Store::write`], for what promises nothing (claims, times of unchanged feeds): durable with the next write that
    /// does, and until then only a power cut can take it back, in order, leaving the file sound.
    async fn write_soon<R: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.call(doing, move |conn| in_transaction(conn, "NORMAL", step))
            .await
    }

    /// Runs `step` on the connection, in one consistent view of the data.
    async fn read<R: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.call(doing, move |conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Deferred)?;
            step(&tx)
        })
        .await
    }

    async fn call<R: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&mut Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.call_raw(doing, move |conn| step(conn).map_err(|e| sql(doing, e)))
            .await
    }

    async fn call_raw<R: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&mut Connection) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            // A panic undoes its transaction while unwinding; the thread and the others' work go on.
            let result = catch_unwind(AssertUnwindSafe(|| step(conn)));
            let result = result.unwrap_or_else(|panic| Err(bug(doing, &*panic)));
            // The caller may have gone; what it wanted done is done.
            let _ = answer.send(result);
        });
        let closed = StoreError::Closed { doing };
        let Some(jobs) = &self.thread.jobs else {
            return Err(closed);
        };
        if jobs.send(job).await.is_err() {
            return Err(closed);
        }
        answered.await.unwrap_or(Err(closed))
    }
}

/// Drives one store call from synchronous code. Never from inside a runtime's worker: it blocks the thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// The thread's whole life: jobs in order, then the WAL is put away.
fn serve(conn: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut conn = conn;
    while let Some(job) = queue.blocking_recv() {
        job(&mut conn);
    }
    // Not possible while somebody else reads; then the next owner does it.
    let _ = conn.execute_batch("PRAGMA optimize;");
    // Counted while the index of words is small, its own tables would be read whole at every merge once it is large.
    let _ = conn.execute_batch(
        "DELETE FROM sqlite_stat1 WHERE tbl GLOB 'articles_fts*' OR tbl GLOB 'articles_marks*';",
    );
    let _ = conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
}

/// One transaction, made durable as `synchronous` says; that is set each time, a panic may have left the other value.
fn in_transaction<R>(
    conn: &Connection,
    synchronous: &str,
    step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R>,
) -> rusqlite::Result<R> {
    conn.pragma_update(None, "synchronous", synchronous)?;
    let tx = begin(conn)?;
    let result = step(&tx)?;
    tx.commit()?;
    Ok(result)
}

/// `BEGIN IMMEDIATE`, as often as it takes to outwait another process for half a minute.
fn begin(conn: &Connection) -> rusqlite::Result<Transaction<'_>> {
    let mut attempt = 1;
    loop {
        // "Unchecked" spares the exclusive borrow, which a loop cannot give back; jobs never nest transactions.
        match Transaction::new_unchecked(conn, TransactionBehavior::Immediate) {
            Err(e) if is_busy(&e) && attempt < LOCK_ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn bug(doing: &'static str, panic: &(dyn std::any::Any + Send)) -> StoreError {
    let detail = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    StoreError::Bug {
        doing,
        detail: detail.unwrap_or_else(|| "a panic without words".to_owned()),
    }
}
