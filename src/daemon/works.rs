//! What every loop and every one-shot command works with: the store, the clock, and a [`Setup`] made of the config.

use super::clock::Clock;
use crate::analyse::names::Gazetteer;
use crate::config::Config;
use crate::edition::{TemplateError, Templates};
use crate::mail::dkim::Signer;
use crate::model::{Source, SourceKey};
use crate::net;
use crate::store::Store;
use crate::web::Inbox;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, watch};

/// Documents read at the same time: as many as keep a small server's two cores busy.
const READERS: usize = 3;

/// All that follows from one reading of the config. A reload makes a whole new one; nothing in it ever changes.
pub struct Setup {
    /// The config itself.
    pub config: Arc<Config>,
    /// Its sources by key.
    pub sources: HashMap<SourceKey, Arc<Source>>,
    /// Which lexicon, weights and code judge: a number above 0 that changes with any of them.
    pub analysis_version: i64,
    /// The names of the provinces, ready to be looked for in articles.
    pub gazetteer: Gazetteer,
    /// The mail's templates.
    pub templates: Templates,
    /// What is wrong with the admin's, so that built-in ones take their place.
    pub template_faults: Vec<TemplateError>,
    /// Signs the mails, where `[smtp]` has a key for it.
    pub signer: Option<Signer>,
    /// The HTTP client with its limits.
    pub client: net::Client,
    /// What papers' robots.txt say.
    pub robots: net::Robots,
}

/// Who wakes whom: a loop that made work for another says so, and none has to look on a timer.
#[derive(Debug, Default)]
pub struct Wakes {
    /// Feeds may be due.
    pub polls: Notify,
    /// Article pages may be due.
    pub pages: Notify,
    /// There is something to analyse, or an edition may be due.
    pub desk: Notify,
    /// Deliveries may be due.
    pub post: Notify,
    /// A feed names another hub.
    pub hubs: Notify,
}

/// The parts that are handed to every loop.
#[derive(Clone)]
pub struct Works {
    /// The one file of data.
    pub store: Store,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Who wakes whom.
    pub wakes: Arc<Wakes>,
    /// Turns for reading a feed document: as text and tree it takes several times its bytes.
    pub readers: Arc<Semaphore>,
    /// What hubs delivered.
    pub inbox: Arc<Inbox>,
    setup: watch::Receiver<Arc<Setup>>,
}

impl Works {
    /// Parts over a setup that `setup` may replace while they work.
    pub fn new(store: Store, clock: Clock, setup: watch::Receiver<Arc<Setup>>) -> Self {
        Self {
            store,
            clock,
            wakes: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            inbox: Arc::default(),
            setup,
        }
    }

    /// Parts for a one-shot command: the setup never changes.
    pub fn fixed(store: Store, clock: Clock, setup: Setup) -> Self {
        let (_, receiver) = watch::channel(Arc::new(setup));
        Self::new(store, clock, receiver)
    }

    /// The same parts, at a fixed instant: for what looks back.
    pub fn at(&self, now: Timestamp) -> Self {
        Self {
            clock: Clock::Fixed(now),
            ..self.clone()
        }
    }

    /// The same parts over another connection to the same data.
    pub fn over(&self, store: Store) -> Self {
        Self {
            store,
            ..self.clone()
        }
    }

    /// The setup in force now; a loop takes it once a round.
    pub fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.borrow())
    }
}
