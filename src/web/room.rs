//! What every handler works with: readers of the store, the office as it is now, the templates.

use super::page::Templates;
use crate::config::Config;
use crate::model::{DigestName, SourceKey};
use crate::store::{FeedRow, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::ops::Deref;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Mutex;

/// Connections that read beside the daemon's own: a slow search holds up one of them, never a poll.
const READERS: usize = 3;
/// So long the figures for machines are good.
const FIGURES_FOR: SignedDuration = SignedDuration::from_secs(15);
/// So long the state of the feeds is: thousands are read whole for one page.
const FEEDS_FOR: SignedDuration = SignedDuration::from_secs(5);

/// The office at the moment of a request.
pub struct Office {
    /// The config in force.
    pub config: Arc<Config>,
    /// The time.
    pub now: Timestamp,
}

/// What only the daemon knows, asked when a page needs it.
pub struct Watch {
    /// What is wrong with a feed, in Vietnamese, and since when: it fails, or it answers and is of no use.
    pub trouble: fn(&FeedRow, Timestamp) -> Option<(&'static str, Timestamp)>,
    /// The figures for machines, out of this connection.
    pub metrics: Metrics,
    /// What hubs send goes there.
    pub hubs: super::hooks::Hooks,
}

/// Makes the page of figures for machines.
pub type Metrics = Box<dyn Fn(Store) -> Answer + Send + Sync>;
/// That page, or why there is none.
pub type Answer = Pin<Box<dyn Future<Output = Result<String, StoreError>> + Send>>;

/// The reading room: shared by all requests.
pub struct Room {
    readers: Vec<Reader>,
    /// Counting a large archive for everybody who asks would slow the rest.
    figures: Kept<String>,
    feeds: Kept<Arc<Vec<FeedRow>>>,
    pub(super) watch: Watch,
    /// Writes go through the daemon's own connection.
    desk: Store,
    office: Box<dyn Fn() -> Office + Send + Sync>,
    pub(super) templates: Templates,
    pub(super) months: super::months::Shelf,
}

/// What takes long to make, and when it was last made. Whoever asks meanwhile waits for the one who makes it.
#[derive(Default)]
struct Kept<T>(Mutex<Option<(Timestamp, T)>>);

impl<T: Clone> Kept<T> {
    async fn get(
        &self,
        now: Timestamp,
        good_for: SignedDuration,
        make: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut kept = self.0.lock().await;
        if let Some((at, value)) = kept.as_ref()
            && now.duration_since(*at).abs() < good_for
        {
            return Ok(value.clone());
        }
        let value = make.await?;
        *kept = Some((now, value.clone()));
        Ok(value)
    }
}

/// A connection to read with, and how many wait for it.
struct Reader {
    store: Store,
    busy: AtomicUsize,
}

/// A reader as long as it is used.
pub(super) struct Turn<'a>(&'a Reader);

impl Deref for Turn<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0.store
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Room {
    /// A room over the data in `dir`, which `desk` has open. `office` says what holds at the moment it is asked, `watch`
    /// what the daemon sees.
    ///
    /// # Errors
    /// When the data cannot be opened for reading.
    pub fn new(
        dir: &Path,
        desk: Store,
        office: impl Fn() -> Office + Send + Sync + 'static,
        watch: Watch,
    ) -> Result<Self, StoreError> {
        let reader = |_| {
            Ok(Reader {
                store: Store::open_beside(dir, crate::text::fold::fold)?,
                busy: AtomicUsize::new(0),
            })
        };
        Ok(Self {
            readers: (0..READERS)
                .map(reader)
                .collect::<Result<_, StoreError>>()?,
            figures: Kept::default(),
            feeds: Kept::default(),
            watch,
            desk,
            office: Box::new(office),
            templates: Templates::new(),
            months: super::months::Shelf::default(),
        })
    }

    /// The connection that has least to do.
    pub(super) fn shelf(&self) -> Turn<'_> {
        let free = self
            .readers
            .iter()
            .min_by_key(|reader| reader.busy.load(Ordering::Relaxed));
        // `READERS` is not 0.
        let reader = free.unwrap_or(&self.readers[0]);
        reader.busy.fetch_add(1, Ordering::Relaxed);
        Turn(reader)
    }

    /// The figures for machines, not older than a quarter of a minute.
    pub(super) async fn figures(&self) -> Result<String, StoreError> {
        let make = async { (self.watch.metrics)(self.shelf().clone()).await };
        self.figures.get(self.office().now, FIGURES_FOR, make).await
    }

    /// All feeds as they were a few seconds ago at most.
    pub(super) async fn feeds(&self) -> Result<Arc<Vec<FeedRow>>, StoreError> {
        let make = async { Ok(Arc::new(self.shelf().list_feeds().await?)) };
        self.feeds.get(self.office().now, FEEDS_FOR, make).await
    }

    /// The connection that writes.
    pub(super) fn desk(&self) -> &Store {
        &self.desk
    }

    /// The office as it is now.
    pub fn office(&self) -> Office {
        (self.office)()
    }
}

impl Office {
    /// The heading of a digest; its name where it left the config.
    pub(super) fn title_of(&self, digest: &DigestName) -> String {
        let found = self.config.digests.iter().find(|one| one.name == *digest);
        found.map_or_else(|| digest.to_string(), |one| one.title.clone())
    }

    /// A paper's name; its key where it left the config.
    pub(super) fn paper(&self, key: &SourceKey) -> String {
        let found = self.config.sources.iter().find(|source| source.key == *key);
        found.map_or_else(|| key.to_string(), |source| source.name.clone())
    }

    /// A topic's heading; its key where it left the config.
    pub(super) fn topic(&self, key: &str) -> String {
        let found = self.config.topics.topic(key);
        found.map_or_else(|| key.to_owned(), |topic| topic.name.clone())
    }

    /// The whole address of a page: under the public address, or of this server where none is set.
    pub(super) fn address(&self, path: &str) -> String {
        self.config
            .web
            .page(path)
            .unwrap_or_else(|| path.to_owned())
    }
}
