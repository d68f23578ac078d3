//! The feeds' loop in this process, with real parts (config, store, client) and a clock that tests set by hand: a week
//! passes as fast as its requests.

use diembao::config::{self, Env};
use diembao::daemon::clock::Clock;
use diembao::daemon::poll::{self, Polled, Progress};
use diembao::daemon::works::{Setup, Works};
use diembao::model::{FeedKey, FeedState};
use diembao::store::{FeedRow, Store};
use diembao::text::fold::fold;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use url::Url;

const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// A folder, its config, its store, and the time.
pub struct Poller {
    dir: tempfile::TempDir,
    store: Option<Store>,
    setup: Arc<Setup>,
    pub now: Timestamp,
}

impl Poller {
    /// Polls these feeds; `(paper, feed, url)`, those of one paper together. `fetch` is put into `[fetch]`, `source` into each `[[source]]`.
    pub async fn new(feeds: &[(&str, &str, Url)], fetch: &str, source: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut text = String::new();
        for (number, (paper, key, url)) in feeds.iter().enumerate() {
            if number == 0 || feeds[number - 1].0 != *paper {
                writeln!(
                    text,
                    "[[source]]\nkey = \"{paper}\"\nname = \"Báo {paper}\"\ndomain = \"{paper}.example\"\n{source}"
                )
                .unwrap();
            }
            writeln!(
                text,
                "[[source.feed]]\nkey = \"{key}\"\nurl = \"{url}\"\nverified = true"
            )
            .unwrap();
        }
        fs::write(dir.path().join("feeds.toml"), text).unwrap();
        let fetch = format!(
            "[fetch]\ncontact = \"quan-tri@tinh.example\"\ngap = \"0s\"\nallow_private = [\"127.0.0.0/8\"]\n{fetch}\n"
        );
        fs::write(dir.path().join("diembao.toml"), fetch).unwrap();
        let config = config::load_with(Some(&dir.path().join("diembao.toml")), Env(&|_| None));
        let setup = Arc::new(Setup::new(config.unwrap(), None).unwrap());
        let store = Store::open(&dir.path().join("data"), fold).unwrap();
        let now = "2026-11-16T05:00:00+07:00".parse().unwrap();
        store
            .sync_sources(&setup.config.sources, now)
            .await
            .unwrap();
        Self {
            dir,
            store: Some(store),
            setup,
            now,
        }
    }

    /// The admin's file as it stands.
    pub fn feeds_toml(&self) -> String {
        fs::read_to_string(self.dir.path().join("feeds.toml")).unwrap()
    }

    pub fn works(&self) -> Works {
        let (_, setup) = tokio::sync::watch::channel(Arc::clone(&self.setup));
        Works::new(self.store().clone(), Clock::Fixed(self.now), setup)
    }

    /// Polls what is due now; what came of it.
    pub async fn poll_due(&self) -> Vec<Polled> {
        let feeds = self.store().claim_due_feeds(self.now, LEASE, 10_000).await;
        self.pass(feeds.unwrap()).await
    }

    /// Polls all, due or not, as an admin's `fetch` does.
    pub async fn poll_all(&self) -> Vec<Polled> {
        let feeds = super::claim_all(self.store(), self.now).await;
        self.pass(feeds).await
    }

    async fn pass(&self, feeds: Vec<diembao::model::Feed>) -> Vec<Polled> {
        let mut polled = Vec::new();
        let each = |progress: Progress<'_>| {
            if let Progress::Polled(one) = progress {
                polled.push(one.clone());
            }
        };
        let all = poll::pass(&self.works(), feeds, std::future::pending(), each).await;
        assert!(all.unwrap());
        polled
    }

    pub async fn next_due(&self) -> Option<Timestamp> {
        self.store().next_due().await.unwrap().poll
    }

    pub async fn rows(&self) -> Vec<FeedRow> {
        self.store().list_feeds().await.unwrap()
    }

    pub async fn state(&self, key: &str) -> FeedState {
        let rows = self.rows().await;
        let row = rows
            .iter()
            .find(|row| row.feed.key == FeedKey(key.to_owned()));
        row.unwrap().feed.state.clone()
    }

    pub async fn entries(&self) -> u32 {
        self.store().counts().await.unwrap().entries
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Where the database lies.
    pub fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// The process dies without a word and another one opens its file.
    pub fn restart(&mut self) {
        self.store = None;
        self.store = Some(Store::open(&self.data(), fold).unwrap());
    }

    /// The config is read again, as after a SIGHUP.
    pub async fn reload(&mut self) {
        let file = self.dir.path().join("diembao.toml");
        let config = config::load_with(Some(&file), Env(&|_| None)).unwrap();
        self.setup = Arc::new(Setup::new(config, None).unwrap());
        let sources = &self.setup.config.sources;
        self.store().sync_sources(sources, self.now).await.unwrap();
    }

    pub fn pass_time(&mut self, time: SignedDuration) {
        self.now = self.now.checked_add(time).unwrap();
    }
}
