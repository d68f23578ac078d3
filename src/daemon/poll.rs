//! The feeds' loop: claim what is due → ask and read → decide ([`pace`]) → commit.
//!
//! Feeds are asked newspaper by newspaper, a newspaper's feeds in turn; a slow one holds up only its own. What came is
//! committed in batches that wait for nobody longer than `LINGER`, and what is not new no longer than `LINGER_UNCHANGED`.

use super::by_newspaper;
use super::drift::{self, Seen};
use super::found::{Found, hash_of, read_fresh};
use super::hubs::Beside;
use super::pace::{self, Change, ReadResult};
use super::parts;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::model::{
    Failure, FailureKind, Feed, FeedId, FeedKey, FeedKind, FetchOutcome, SourceKey,
};
use crate::net::{Accept, Held, Request, Verdict};
use crate::store::{PollCommit, PollReport, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long a claim lasts: longer than any queue at one newspaper should be. A dead owner's leases end at once, when
/// the next owner opens the store.
const LEASE: SignedDuration = SignedDuration::from_mins(15);
/// Feeds claimed in one go.
const CLAIM: u32 = 2_000;
/// Feeds that wait for their newspaper's turn, at most: the rest waits in the store.
const WAITING_MAX: usize = 20_000;
/// Between two claims, so that feeds due in the same moment cost one transaction.
const CLAIM_APART: Duration = Duration::from_millis(200);
/// A batch is committed when it has so many entries: keys lie all over their table, and each commit writes most of its
/// pages anew…
const BATCH_ENTRIES: usize = 1_000;
/// Polls on their way to a batch, at most: each holds a document's entries.
const ON_THE_WAY: usize = 128;
/// …or when its first commit has waited for so long…
const LINGER: Duration = Duration::from_millis(200);
/// …which may be longer where nothing is new: such polls promise nothing, and each commit writes most pages of the feeds anew.
const LINGER_UNCHANGED: Duration = Duration::from_secs(1);

/// What came of polling one feed.
#[derive(Debug, Clone)]
pub struct Polled {
    /// Which.
    pub key: FeedKey,
    /// Its source.
    pub source: SourceKey,
    /// In one word: `new`, `same`, `not-modified`, or the kind of failure.
    pub result: &'static str,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What the store made of it; `None` if it could not be committed.
    pub report: Option<PollReport>,
    /// When it will be asked again; `None` when retired.
    pub next: Option<Timestamp>,
    /// From claim to answer.
    pub took: Duration,
}

/// A poll on its way to the store.
struct Done {
    commit: PollCommit,
    polled: Polled,
    change: Option<Change>,
    beside: Beside,
    /// The bodies' shares of the memory budget: entries are as large as the body they were read from.
    held: Vec<Held>,
}

/// What a pass tells while it goes on.
pub enum Progress<'a> {
    /// A feed was polled, and what it brought is stored.
    Polled(&'a Polled),
    /// A newspaper is done with, or given up.
    Newspaper,
}

/// Newspapers among these feeds.
pub fn newspapers(feeds: &[Feed]) -> usize {
    feeds
        .iter()
        .map(|feed| &feed.source)
        .collect::<HashSet<_>>()
        .len()
}

/// Polls these feeds once and tells `each` what comes of it, as it is stored. Ends when all are done, or soon after
/// `stop` is ready: requests under way are dropped then, and what was read is stored. Whether all were done.
///
/// # Errors
/// When a batch could not be committed; its feeds stay due.
pub async fn pass(
    works: &Works,
    feeds: Vec<Feed>,
    stop: impl Future<Output = ()>,
    mut each: impl FnMut(Progress<'_>),
) -> Result<bool, StoreError> {
    let (sender, done) = mpsc::channel(ON_THE_WAY);
    let mut batches = Batches::of(done);
    let mut papers = JoinSet::new();
    for (_, queue) in by_newspaper(feeds, |feed| &feed.source) {
        papers.spawn(poll_in_turn(works.clone(), queue, sender.clone()));
    }
    drop(sender);
    let mut stop = std::pin::pin!(stop);
    let mut stopped = false;
    loop {
        tokio::select! {
            batch = batches.next() => match batch {
                Some(batch) => {
                    for polled in commit(works, batch).await? {
                        each(Progress::Polled(&polled));
                    }
                }
                None => return Ok(!stopped),
            },
            Some(_) = papers.join_next() => each(Progress::Newspaper),
            () = &mut stop, if !stopped => {
                stopped = true;
                papers.abort_all();
            }
        }
    }
}

/// The daemon's loop; ends when `stop` turns true. Requests under way are dropped then: nothing of them is lost, the
/// feeds stay due. What was read is still committed.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let (sender, done) = mpsc::channel(ON_THE_WAY);
    let committer = tokio::spawn(commit_all(works.clone(), done));
    let mut crowd = Crowd::default();
    'claiming: loop {
        heart.beat();
        let full = crowd.waiting() >= WAITING_MAX;
        let wait = match full {
            true => beat,
            false => crowd.claim(&works, &sender, beat).await,
        };
        let mut rested = std::pin::pin!(tokio::time::sleep(wait.max(CLAIM_APART)));
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break 'claiming,
                Some(_) = crowd.papers.join_next() => if full { break },
                () = works.wakes.polls.notified() => break,
                () = &mut rested => break,
            }
        }
    }
    crowd.papers.shutdown().await;
    drop((crowd, sender));
    if let Err(err) = committer.await {
        tracing::error!(error = %err, "the last polls could not be stored");
    }
}

/// Commits what polls bring until nobody polls any more.
async fn commit_all(works: Works, done: mpsc::Receiver<Done>) {
    let mut batches = Batches::of(done);
    while let Some(batch) = batches.next().await {
        match commit(&works, batch).await {
            Ok(polled) => {
                if polled.iter().any(|one| one.result == "new") {
                    works.wakes.desk.notify_one();
                }
            }
            Err(err) => {
                tracing::error!(error = %err, "what polls found could not be stored; these feeds are asked again");
            }
        }
    }
}

/// The newspapers that are being asked: a task each, and the feeds that wait for their turn there.
#[derive(Default)]
struct Crowd {
    papers: JoinSet<()>,
    queues: HashMap<SourceKey, Queue>,
}

/// One newspaper's feeds that wait for their turn.
struct Queue {
    sender: mpsc::UnboundedSender<Feed>,
    /// A queue may last longer than its claims: a feed that is claimed again waits here already.
    waiting: Waiting,
}

type Waiting = Arc<Mutex<HashSet<FeedId>>>;

fn locked(waiting: &Waiting) -> MutexGuard<'_, HashSet<FeedId>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crowd {
    fn waiting(&self) -> usize {
        let queues = self.queues.values();
        queues.map(|queue| locked(&queue.waiting).len()).sum()
    }

    /// Claims what is due and hands it out; how long to rest then, `at_most`.
    async fn claim(
        &mut self,
        works: &Works,
        done: &mpsc::Sender<Done>,
        at_most: Duration,
    ) -> Duration {
        let now = works.clock.now();
        match works.store.claim_due_feeds(now, LEASE, CLAIM).await {
            Ok(feeds) if feeds.len() < CLAIM as usize => {
                self.dispatch(works, feeds, done);
                until_next_due(works, at_most).await
            }
            Ok(feeds) => {
                self.dispatch(works, feeds, done);
                Duration::ZERO
            }
            Err(err) => {
                tracing::error!(error = %err, "feeds that are due could not be claimed");
                at_most
            }
        }
    }

    /// Hands claimed feeds to their newspapers' tasks; starts a task where there is none.
    fn dispatch(&mut self, works: &Works, feeds: Vec<Feed>, done: &mpsc::Sender<Done>) {
        self.queues.retain(|_, queue| !queue.sender.is_closed());
        for (source, feeds) in by_newspaper(feeds, |feed| &feed.source) {
            let queue = self.queues.entry(source);
            let rest = match &queue {
                Entry::Occupied(queue) => queue.get().take(feeds),
                Entry::Vacant(_) => feeds,
            };
            if !rest.is_empty() {
                let (sender, more) = mpsc::unbounded_channel();
                let fresh = Queue {
                    sender,
                    waiting: Waiting::default(),
                };
                fresh.take(rest);
                let serve = serve_newspaper(
                    works.clone(),
                    more,
                    Arc::clone(&fresh.waiting),
                    done.clone(),
                );
                self.papers.spawn(serve);
                queue.insert_entry(fresh);
            }
        }
    }
}

impl Queue {
    /// Takes feeds in; gives back those that came too late for this task.
    fn take(&self, feeds: Vec<Feed>) -> Vec<Feed> {
        let mut waiting = locked(&self.waiting);
        let mut back = Vec::new();
        for feed in feeds {
            let id = feed.id;
            if waiting.contains(&id) {
                continue;
            }
            match self.sender.send(feed) {
                Ok(()) => {
                    waiting.insert(id);
                }
                Err(late) => back.push(late.0),
            }
        }
        back
    }
}

/// One newspaper's task in the daemon: its feeds in turn, and those that become due meanwhile.
async fn serve_newspaper(
    works: Works,
    mut feeds: mpsc::UnboundedReceiver<Feed>,
    waiting: Waiting,
    done: mpsc::Sender<Done>,
) {
    loop {
        let feed = match feeds.try_recv() {
            Ok(feed) => feed,
            Err(_) => {
                // Nothing more comes in from here on; what came in the last moment is still there.
                feeds.close();
                match feeds.try_recv() {
                    Ok(feed) => feed,
                    Err(_) => return,
                }
            }
        };
        locked(&waiting).remove(&feed.id);
        let one = poll_one(&works, feed).await;
        if done.send(one).await.is_err() {
            return; // Nobody commits any more: we are stopping.
        }
    }
}

async fn until_next_due(works: &Works, at_most: Duration) -> Duration {
    let now = works.clock.now();
    match works.store.next_due().await {
        Ok(due) => super::until(due.poll, now, at_most),
        Err(_) => at_most,
    }
}

async fn poll_in_turn(works: Works, feeds: Vec<Feed>, done: mpsc::Sender<Done>) {
    for feed in feeds {
        let one = poll_one(&works, feed).await;
        if done.send(one).await.is_err() {
            return; // Nobody commits any more: we are stopping.
        }
    }
}

/// Asks one feed and decides what to write; nothing is written here.
async fn poll_one(works: &Works, feed: Feed) -> Done {
    let setup = works.setup();
    let began = Instant::now();
    let asked_at = works.clock.now();
    let request = request(&setup, &feed, asked_at);
    let (outcome, held) = match forbidden(&setup, &feed, &request, asked_at).await {
        Some(failure) => (FetchOutcome::Failed(failure), Held::default()),
        None => setup.client.fetch_held(&request, asked_at).await,
    };
    let mut held = vec![held];
    let (mut outcome, mut found) = read_fresh(works, &setup, &feed, outcome).await;
    let mut parts = None;
    if feed.kind == FeedKind::Sitemap {
        let followed = parts::follow(works, &setup, &feed, &request, &outcome, &mut found).await;
        held.extend(followed.held);
        parts = followed.parts;
        if let Some(failure) = followed.failure {
            outcome = FetchOutcome::Failed(failure);
        }
        if let ReadResult::Read { hash, .. } = &mut found.read {
            *hash = hash_of(&found.entries);
        }
    }
    let Found {
        read, entries, hub, ..
    } = found;
    let now = works.clock.now();
    let (mut state, change) = pace::after_poll(&feed, &outcome, &read, &limits(&setup), now);
    if let ReadResult::Read { .. } = &read {
        state.hub = hub;
    }
    let indexed = parts.as_ref().is_some_and(|parts| !parts.is_empty());
    if let Some(parts) = parts {
        state.parts = parts;
    }
    // An index none of whose documents was due holds nothing, and says nothing.
    let seen = matches!(read, ReadResult::Read { .. })
        .then(|| Seen::of(entries.iter().map(|entry| &entry.entry)))
        .filter(|seen| seen.items > 0 || !indexed);
    state.watch = drift::observe(&feed, &outcome, seen, now);
    let entries = match &read {
        // Only the document's own date is another: nothing to store.
        ReadResult::Read { hash, .. } if feed.state.entries_hash == Some(*hash) => Vec::new(),
        _ => entries,
    };
    let polled = Polled {
        key: feed.key.clone(),
        source: feed.source.clone(),
        result: result_word(&outcome, &read),
        failure: state
            .failure
            .clone()
            .filter(|_| state.failures > 0 || state.retired_at.is_some()),
        report: None,
        next: state.next_poll_at.filter(|_| state.retired_at.is_none()),
        took: began.elapsed(),
    };
    let commit = PollCommit {
        feed: feed.id,
        state,
        entries,
        at: now,
        backfill_after: signed(setup.config.fetch.backfill_max_age),
    };
    Done {
        beside: Beside::of(&feed, &commit.state, now),
        commit,
        polled,
        change,
        held,
    }
}

/// The request for a feed; once in a while a whole one in spite of all validators, to audit what they say.
fn request(setup: &Setup, feed: &Feed, now: Timestamp) -> Request {
    let plan = pace::plan(feed, &limits(setup), now);
    let mut request = Request::feed(plan.url, plan.validators);
    if feed.kind == FeedKind::Page {
        request.accept = Accept::Page;
    }
    request.configured_host = feed.url.host_str().map(str::to_owned);
    request.newspaper = Some(feed.source.as_str().to_owned());
    if let Some(source) = setup.sources.get(&feed.source) {
        request.user_agent = source.access.user_agent.clone();
        request.headers = source.access.headers.clone();
    }
    request
}

/// The bounds on the pace, by the config.
pub fn limits(setup: &Setup) -> pace::PaceLimits {
    let fetch = &setup.config.fetch;
    pace::PaceLimits {
        min_interval: signed(fetch.min_interval),
        max_interval: signed(fetch.max_interval),
        audit: fetch.audit.map(signed),
        ..pace::PaceLimits::default()
    }
}

pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// A page is read like a visitor's, so robots.txt is asked, as for articles; feeds and sitemaps are there for machines.
async fn forbidden(
    setup: &Setup,
    feed: &Feed,
    request: &Request,
    now: Timestamp,
) -> Option<Failure> {
    if feed.kind != FeedKind::Page {
        return None;
    }
    match setup.robots.verdict(&setup.client, request, now).await {
        Verdict::Allowed => None,
        Verdict::Disallowed => Some(Failure {
            kind: FailureKind::Forbidden,
            detail: "robots.txt does not allow this page".to_owned(),
        }),
        Verdict::NotNow(_) => Some(Failure {
            kind: FailureKind::Connect,
            detail: "robots.txt could not be read".to_owned(),
        }),
    }
}

fn result_word(outcome: &FetchOutcome, read: &ReadResult) -> &'static str {
    match (outcome, read) {
        (FetchOutcome::Fresh(_) | FetchOutcome::NotModified(_), ReadResult::Read { .. }) => "read",
        (FetchOutcome::Fresh(_), ReadResult::NotAFeed(failure)) => failure.kind.as_str(),
        (FetchOutcome::Fresh(_), _) => "same",
        (FetchOutcome::NotModified(_), _) => "not-modified",
        (FetchOutcome::Gone, _) => FailureKind::Gone.as_str(),
        (FetchOutcome::Throttled { .. }, _) => FailureKind::Throttled.as_str(),
        (FetchOutcome::Failed(failure), _) => failure.kind.as_str(),
    }
}

/// Polls as they come, gathered for one transaction.
struct Batches {
    done: mpsc::Receiver<Done>,
    gathered: Vec<Done>,
    entries: usize,
    /// When the gathered ones are committed at the latest.
    deadline: tokio::time::Instant,
}

impl Batches {
    fn of(done: mpsc::Receiver<Done>) -> Self {
        Self {
            done,
            gathered: Vec::new(),
            entries: 0,
            deadline: tokio::time::Instant::now(),
        }
    }

    /// The next batch to commit; `None` when nobody polls any more. May be dropped while it waits: nothing is lost.
    async fn next(&mut self) -> Option<Vec<Done>> {
        while self.gathered.is_empty() || self.entries < BATCH_ENTRIES {
            let next = match self.gathered.is_empty() {
                true => Ok(self.done.recv().await),
                false => tokio::time::timeout_at(self.deadline, self.done.recv()).await,
            };
            match next {
                Ok(Some(one)) => {
                    let now = tokio::time::Instant::now();
                    let at_the_latest = match one.commit.entries.is_empty() {
                        true => now + LINGER_UNCHANGED,
                        false => now + LINGER,
                    };
                    if self.gathered.is_empty() || at_the_latest < self.deadline {
                        self.deadline = at_the_latest;
                    }
                    self.entries += one.commit.entries.len();
                    self.gathered.push(one);
                }
                Ok(None) if self.gathered.is_empty() => return None,
                Ok(None) | Err(_) => break,
            }
        }
        self.entries = 0;
        Some(std::mem::take(&mut self.gathered))
    }
}

async fn commit(works: &Works, batch: Vec<Done>) -> Result<Vec<Polled>, StoreError> {
    let mut held = Vec::with_capacity(batch.len());
    let (commits, told): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|done| {
            held.push(done.held);
            (done.commit, (done.polled, done.change, done.beside))
        })
        .unzip();
    let reports = works.store.commit_polls(commits).await?;
    drop(held);
    let mut polled = Vec::with_capacity(told.len());
    for ((mut one, change, beside), report) in told.into_iter().zip(reports) {
        beside.stored(works, &report).await;
        if one.result == "read" && (report.new_entries > 0 || report.changed_entries > 0) {
            one.result = "new";
        }
        one.report = Some(report);
        tell(&one, change);
        polled.push(one);
    }
    Ok(polled)
}

/// One event per change of state; the rest is for `--verbose`.
fn tell(polled: &Polled, change: Option<Change>) {
    let feed = polled.key.as_str();
    let failure = polled.failure.as_ref();
    let (kind, detail) = failure.map_or(("", ""), |failure| {
        (failure.kind.as_str(), failure.detail.as_str())
    });
    let next = polled.next.map(|at| at.to_string());
    let took_ms = u64::try_from(polled.took.as_millis()).unwrap_or(u64::MAX);
    let new = polled
        .report
        .as_ref()
        .map_or(0, |report| report.new_articles.len());
    match change {
        Some(Change::StartedFailing | Change::KindChanged) => {
            tracing::warn!(feed, kind, detail, next, "feed failed")
        }
        Some(Change::Recovered) => tracing::info!(feed, "feed answers again"),
        Some(Change::Retired) => {
            tracing::warn!(
                feed,
                "feed is gone for good (410); not asked until it is enabled again"
            );
        }
        Some(Change::Moved) => {
            tracing::warn!(
                feed,
                "feed moved for good; `feeds show` names the address that should stand in feeds.toml"
            );
        }
        Some(Change::MoveForgotten) => {
            tracing::warn!(
                feed,
                "the address that a redirect led to fails; the configured one is asked again"
            );
        }
        None => tracing::debug!(feed, result = polled.result, new, took_ms, "feed polled"),
    }
}
