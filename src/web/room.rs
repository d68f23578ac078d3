//! What every handler works with: readers of the store, the office as it is now, the templates.

use super::page::Templates;
use crate::config::Config;
use crate::model::{DigestName, SourceKey};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Connections that read beside the daemon's own: a slow search holds up one of them, never a poll.
const READERS: usize = 3;

/// The office at the moment of a request.
pub struct Office {
    /// The config in force.
    pub config: Arc<Config>,
    /// The time.
    pub now: Timestamp,
}

/// The reading room: shared by all requests.
pub struct Room {
    readers: Vec<Store>,
    turn: AtomicUsize,
    /// Writes go through the daemon's own connection.
    desk: Store,
    office: Box<dyn Fn() -> Office + Send + Sync>,
    pub(super) templates: Templates,
    pub(super) months: super::months::Shelf,
}

impl Room {
    /// A room over the data in `dir`, which `desk` has open. `office` says what holds at the moment it is asked.
    ///
    /// # Errors
    /// When the data cannot be opened for reading.
    pub fn new(
        dir: &Path,
        desk: Store,
        office: impl Fn() -> Office + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let readers = (0..READERS).map(|_| Store::open_beside(dir, crate::text::fold::fold));
        Ok(Self {
            readers: readers.collect::<Result<_, _>>()?,
            turn: AtomicUsize::new(0),
            desk,
            office: Box::new(office),
            templates: Templates::new(),
            months: super::months::Shelf::default(),
        })
    }

    /// A connection to read with.
    pub(super) fn shelf(&self) -> &Store {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        // `READERS` is not 0.
        &self.readers[turn % self.readers.len()]
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
