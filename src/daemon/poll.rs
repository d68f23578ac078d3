//! The feeds' loop: claim what is due → ask and read → decide ([`pace`]) → commit.
//!
//! Feeds are asked newspaper by newspaper, a newspaper's feeds in turn; a slow one holds up only its own. What came is
//! committed in batches that wait for nobody longer than `LINGER`.

use super::document::{self, Document};
use super::drift::{self, Seen};
use super::pace::{self, Change, ReadResult};
use super::parts;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::feed::{Reading, identity};
use crate::model::{
    Failure, FailureKind, Feed, FeedKey, FeedKind, FeedPart, FetchOutcome, Fetched,
    IdentifiedEntry, PublisherHints, Source, SourceKey,
};
use crate::net::{Accept, Held, Request, Verdict};
use crate::store::{PollCommit, PollReport, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long a claim lasts: longer than any queue at one newspaper should be. A dead owner's leases end at once, when
/// the next owner opens the store.
const LEASE: SignedDuration = SignedDuration::from_mins(15);
/// Feeds claimed in one go.
const CLAIM: u32 = 2_000;
/// A batch is committed when it has so many entries…
const BATCH_ENTRIES: usize = 500;
/// …or when its first commit has waited for so long.
const LINGER: Duration = Duration::from_millis(80);

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
    /// The bodies' shares of the memory budget: entries are as large as the body they were read from.
    held: Vec<Held>,
}

/// Polls these feeds once and gives every result to `each`, as it is committed. Ends when all are done.
///
/// # Errors
/// When a batch could not be committed; its feeds stay due.
pub async fn pass(
    works: &Works,
    feeds: Vec<Feed>,
    mut each: impl FnMut(&Polled),
) -> Result<(), StoreError> {
    let (sender, mut done) = mpsc::channel(BATCH_ENTRIES);
    let mut papers = JoinSet::new();
    for (_, queue) in by_newspaper(feeds) {
        papers.spawn(poll_in_turn(works.clone(), queue, sender.clone()));
    }
    drop(sender);
    while let Some(batch) = next_batch(&mut done).await {
        for polled in commit(works, batch).await? {
            each(&polled);
        }
    }
    Ok(())
}

/// The daemon's loop; ends when `stop` turns true. Requests under way are dropped then: nothing of them is lost, the
/// feeds stay due. What was read is still committed.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let (sender, done) = mpsc::channel(BATCH_ENTRIES);
    let committer = tokio::spawn(commit_all(works.clone(), done));
    let mut queues: HashMap<SourceKey, mpsc::UnboundedSender<Feed>> = HashMap::new();
    let mut papers = JoinSet::new();
    loop {
        heart.beat();
        let wait = match claim(&works).await {
            Ok(feeds) if feeds.is_empty() => until_next_due(&works, beat).await,
            Ok(feeds) => {
                dispatch(&works, feeds, &mut queues, &mut papers, &sender);
                Duration::ZERO
            }
            Err(err) => {
                tracing::error!(error = %err, "feeds that are due could not be claimed");
                beat
            }
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = papers.join_next() => {}
            () = works.wakes.polls.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    papers.shutdown().await;
    drop((queues, sender));
    if let Err(err) = committer.await {
        tracing::error!(error = %err, "the last polls could not be stored");
    }
}

/// Commits what polls bring until nobody polls any more.
async fn commit_all(works: Works, mut done: mpsc::Receiver<Done>) {
    while let Some(batch) = next_batch(&mut done).await {
        if let Err(err) = commit(&works, batch).await {
            tracing::error!(error = %err, "what polls found could not be stored; these feeds are asked again");
        }
        works.wakes.desk.notify_one();
    }
}

/// Hands claimed feeds to their newspapers' tasks; starts a task where there is none.
fn dispatch(
    works: &Works,
    feeds: Vec<Feed>,
    queues: &mut HashMap<SourceKey, mpsc::UnboundedSender<Feed>>,
    papers: &mut JoinSet<()>,
    done: &mpsc::Sender<Done>,
) {
    queues.retain(|_, queue| !queue.is_closed());
    for (source, feeds) in by_newspaper(feeds) {
        let mut feeds = feeds;
        if let Some(queue) = queues.get(&source) {
            feeds = feeds
                .into_iter()
                .filter_map(|feed| queue.send(feed).err().map(|back| back.0))
                .collect();
        }
        if !feeds.is_empty() {
            let (queue, more) = mpsc::unbounded_channel();
            queues.insert(source, queue);
            papers.spawn(serve_newspaper(works.clone(), feeds, more, done.clone()));
        }
    }
}

/// One newspaper's task in the daemon: its feeds in turn, and those that become due meanwhile.
async fn serve_newspaper(
    works: Works,
    feeds: Vec<Feed>,
    mut more: mpsc::UnboundedReceiver<Feed>,
    done: mpsc::Sender<Done>,
) {
    poll_in_turn(works.clone(), feeds, done.clone()).await;
    more.close();
    let mut rest = Vec::new();
    while let Ok(feed) = more.try_recv() {
        rest.push(feed);
    }
    poll_in_turn(works, rest, done).await;
}

async fn claim(works: &Works) -> Result<Vec<Feed>, StoreError> {
    works
        .store
        .claim_due_feeds(works.clock.now(), LEASE, CLAIM)
        .await
}

async fn until_next_due(works: &Works, at_most: Duration) -> Duration {
    let now = works.clock.now();
    match works.store.next_due().await {
        Ok(due) => super::until(due.poll, now, at_most),
        Err(_) => at_most,
    }
}

/// Feeds by newspaper, the newspapers in the order of their first due feed.
fn by_newspaper(feeds: Vec<Feed>) -> Vec<(SourceKey, Vec<Feed>)> {
    let mut papers: Vec<(SourceKey, Vec<Feed>)> = Vec::new();
    let mut places: HashMap<SourceKey, usize> = HashMap::new();
    for feed in feeds {
        let place = *places.entry(feed.source.clone()).or_insert_with(|| {
            papers.push((feed.source.clone(), Vec::new()));
            papers.len() - 1
        });
        papers[place].1.push(feed);
    }
    papers
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
    }
    let Found { read, entries, .. } = found;
    let now = works.clock.now();
    let (mut state, change) = pace::after_poll(&feed, &outcome, &read, &limits(&setup), now);
    let indexed = parts.as_ref().is_some_and(|parts| !parts.is_empty());
    if let Some(parts) = parts {
        state.parts = parts;
    }
    // An index none of whose documents was due holds nothing, and says nothing.
    let seen = matches!(read, ReadResult::Read { .. })
        .then(|| Seen::of(entries.iter().map(|entry| &entry.entry)))
        .filter(|seen| seen.items > 0 || !indexed);
    state.watch = drift::observe(&feed, &outcome, seen, now);
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
    request.user_agent = setup
        .sources
        .get(&feed.source)
        .and_then(|source| source.user_agent.clone());
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

/// What reading a document found.
pub(super) struct Found {
    /// For the pace.
    pub read: ReadResult,
    /// For the store.
    pub entries: Vec<IdentifiedEntry>,
    /// The documents that it names, where it is an index of sitemaps.
    pub index: Option<Vec<FeedPart>>,
}

impl Found {
    pub(super) fn nothing(read: ReadResult) -> Self {
        Self {
            read,
            entries: Vec::new(),
            index: None,
        }
    }
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

/// Reads a fresh body off the runtime's workers; everything else passes through. The outcome is a failure should the
/// reader break down.
pub(super) async fn read_fresh(
    works: &Works,
    setup: &Arc<Setup>,
    feed: &Feed,
    outcome: FetchOutcome,
) -> (FetchOutcome, Found) {
    let FetchOutcome::Fresh(fetched) = outcome else {
        return (outcome, Found::nothing(ReadResult::NotRead));
    };
    // A list page's selectors may have changed since the same bytes were read.
    if feed.state.body_hash == Some(fetched.body_hash) && feed.kind != FeedKind::Page {
        let same = Found::nothing(ReadResult::SameBody);
        return (FetchOutcome::Fresh(fetched), same);
    }
    let turn = works.readers.acquire().await.ok(); // never closed
    let (now, setup, feed) = (works.clock.now(), Arc::clone(setup), feed.clone());
    let task = tokio::task::spawn_blocking(move || {
        let found = read(&setup, &feed, &fetched, now);
        (FetchOutcome::Fresh(fetched), found)
    });
    let read = task.await.unwrap_or_else(|err| {
        let failure = Failure {
            kind: FailureKind::Reader,
            detail: format!("the reader broke down: {err}"),
        };
        (
            FetchOutcome::Failed(failure),
            Found::nothing(ReadResult::NotRead),
        )
    });
    drop(turn);
    read
}

fn read(setup: &Setup, feed: &Feed, fetched: &Fetched, now: Timestamp) -> Found {
    let Some(source) = setup.sources.get(&feed.source) else {
        return Found::nothing(ReadResult::NotRead); // Removed by a reload meanwhile.
    };
    let zone = super::zone_of(source, &setup.config);
    let spec = source.feeds.iter().find(|spec| spec.key == feed.key);
    let list = spec.and_then(|spec| spec.list.as_ref());
    match document::read(feed.kind, list, fetched, &zone, now) {
        Ok(Document::Entries(reading)) => {
            let section = spec.and_then(|spec| spec.section.as_deref());
            identified(source, section, *reading)
        }
        Ok(Document::Index(parts)) => Found {
            index: Some(parts),
            ..Found::nothing(ReadResult::Read {
                entries: 0,
                published: Vec::new(),
                hints: PublisherHints::default(),
            })
        },
        Err(not) => Found::nothing(ReadResult::NotAFeed(Failure {
            kind: not.kind,
            detail: not.detail,
        })),
    }
}

fn identified(source: &Source, section: Option<&str>, reading: Reading) -> Found {
    // Times that the page gives as "2 giờ trước" are ours, and another at each poll: they tell nothing of its rhythm.
    let published = reading
        .entries
        .iter()
        .filter(|entry| entry.raw_date.is_some())
        .filter_map(|entry| entry.published.or(entry.updated))
        .collect();
    let entries = identity::identify(source, section, reading.entries);
    let read = ReadResult::Read {
        entries: entries.len(),
        published,
        hints: reading.hints,
    };
    Found {
        read,
        entries,
        index: None,
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

/// The next batch to commit; `None` when nobody polls any more.
async fn next_batch(done: &mut mpsc::Receiver<Done>) -> Option<Vec<Done>> {
    let first = done.recv().await?;
    let mut entries = first.commit.entries.len();
    let mut batch = vec![first];
    let deadline = tokio::time::Instant::now() + LINGER;
    while entries < BATCH_ENTRIES {
        match tokio::time::timeout_at(deadline, done.recv()).await {
            Ok(Some(next)) => {
                entries += next.commit.entries.len();
                batch.push(next);
            }
            Ok(None) | Err(_) => break,
        }
    }
    Some(batch)
}

async fn commit(works: &Works, batch: Vec<Done>) -> Result<Vec<Polled>, StoreError> {
    let mut held = Vec::with_capacity(batch.len());
    let (commits, told): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|done| {
            held.push(done.held);
            (done.commit, (done.polled, done.change))
        })
        .unzip();
    let reports = works.store.commit_polls(commits).await?;
    drop(held);
    let mut polled = Vec::with_capacity(told.len());
    for ((mut one, change), report) in told.into_iter().zip(reports) {
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
