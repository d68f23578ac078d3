//! Hubs (W3C WebSub): a feed that names one is subscribed to, so that its news come when they are printed. The polls stay as
//! the net below: rarer while a hub has shown itself reliable, at the feed's own pace when it has not.
//!
//! Four beats here too: a subscription that is due is claimed, the hub asked, what came of it decided (`lease`), and
//! written. What hubs send comes through the reading room (`web::hooks`) as a box of deliveries; one that is signed with the
//! subscription's secret is read as a poll's answer would be, and may say no more of an article than a poll's could.

mod lease;
mod named;
mod signature;

pub use lease::GAP;
pub use named::choose;

use super::found::{Found, read_fresh};
use super::pace::ReadResult;
use super::poll::{limits, signed};
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::model::{
    Feed, FeedId, FeedKind, FeedState, FetchOutcome, Fetched, HubLink, HubLinks, PublisherHints,
    Validators,
};
use crate::net::{Form, Posted};
use crate::store::{
    Callback, DueSubscription, DueUnsubscription, NewRequest, PollReport, Proof, PushCommit,
    Requested, StoreError,
};
use crate::web::{Delivery, Hooks, Intent, Mode};
use jiff::SignedDuration;
use lease::later;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use url::Url;

/// Requests in one go.
const CLAIM: u32 = 50;
/// How long a claim lasts.
const CLAIM_FOR: SignedDuration = SignedDuration::from_mins(15);
/// Between two rounds, whatever is due.
const BREATH: Duration = Duration::from_millis(200);
/// The feeds are looked through at least so often for hubs that came or went.
const SYNC_EVERY: Duration = Duration::from_secs(300);
/// Hubs of one paper. More are no paper's need, and a way to have us ask strangers.
const HUBS_PER_PAPER: u32 = 3;
/// So often a hub is asked to end a subscription; then its lease has to.
const LEAVE_TRIES: u32 = 3;
/// A hub is relied on from its first delivery; once it failed to deliver something, after some that came in a row.
const PROOF: Proof = Proof { first: 1, again: 3 };
/// Characters kept of what a hub says in explanation of its no.
const REASON_CHARS: usize = 200;

/// The daemon's loop; ends when `stop` turns true. A request under way is dropped then, and asked again another day; what
/// was delivered is still read.
pub async fn run(works: Works, heart: Heart, stop: watch::Receiver<bool>, beat: Duration) {
    let asking = async {
        tokio::select! {
            () = stopped(stop.clone()) => {}
            () = ask_hubs(&works, &heart, beat) => {}
        }
    };
    tokio::join!(asking, take_deliveries(&works, stop.clone()));
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // That nobody can say so any more says so, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn take_deliveries(works: &Works, stop: watch::Receiver<bool>) {
    let mut stopped = std::pin::pin!(stopped(stop));
    loop {
        tokio::select! {
            Some(delivery) = works.inbox.next() => take_delivery(works, delivery).await,
            () = &mut stopped => break,
        }
    }
    take_waiting(works).await;
}

/// Reads what hubs have delivered so far.
pub async fn take_waiting(works: &Works) {
    while let Some(delivery) = works.inbox.waiting().await {
        take_delivery(works, delivery).await;
    }
}

async fn ask_hubs(works: &Works, heart: &Heart, beat: Duration) {
    let mut in_line: Option<(Arc<Setup>, Instant)> = None;
    loop {
        let setup = works.setup();
        let fresh =
            |(of, at): &(Arc<Setup>, Instant)| Arc::ptr_eq(of, &setup) && at.elapsed() < SYNC_EVERY;
        if !in_line.as_ref().is_some_and(fresh) {
            in_line = Some((Arc::clone(&setup), Instant::now()));
            told(sync(works, &setup).await.map(drop));
        }
        let mut round = std::pin::pin!(ask_due(works, &setup));
        let done = loop {
            heart.beat();
            tokio::select! {
                done = &mut round => break told(done.map(drop)),
                () = tokio::time::sleep(beat) => {}
            }
        };
        let wait = match done {
            true => {
                let due = works.store.next_hub_due().await.unwrap_or_default();
                super::until(due, works.clock.now(), beat).max(BREATH)
            }
            false => beat,
        };
        tokio::select! {
            () = works.wakes.hubs.notified() => in_line = None,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Tells what went wrong; whether nothing did.
fn told(result: Result<(), StoreError>) -> bool {
    if let Err(err) = &result {
        tracing::error!(error = %err, "what is due at hubs could not be looked up");
    }
    result.is_ok()
}

/// Does what is due at hubs, once: leases that ended, subscriptions to be asked for, renewed and taken back. How many requests.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn round(works: &Works) -> Result<usize, StoreError> {
    let setup = works.setup();
    sync(works, &setup).await?;
    ask_due(works, &setup).await
}

async fn sync(works: &Works, setup: &Setup) -> Result<usize, StoreError> {
    let base = setup.config.web.hooks();
    works.store.sync_hubs(base, GAP, works.clock.now()).await
}

async fn ask_due(works: &Works, setup: &Setup) -> Result<usize, StoreError> {
    let (store, now) = (&works.store, works.clock.now());
    if store.next_hub_due().await?.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let over = store.end_leases(now).await?;
    for feed in &over {
        tracing::warn!(
            feed = feed.as_str(),
            "a hub's lease ended; the feed is polled at its own pace"
        );
    }
    if !over.is_empty() {
        works.wakes.polls.notify_one();
    }
    let leave = store
        .claim_unsubscriptions(now, GAP, LEAVE_TRIES, CLAIM)
        .await?;
    let mut asked = leave.len();
    for one in leave {
        unsubscribe(setup, &one).await;
    }
    let Some(base) = setup.config.web.hooks() else {
        return Ok(asked);
    };
    for due in store.claim_subscriptions(now, CLAIM_FOR, CLAIM).await? {
        subscribe(works, setup, &base, due).await?;
        asked += 1;
    }
    Ok(asked)
}

async fn subscribe(
    works: &Works,
    setup: &Setup,
    base: &str,
    due: DueSubscription,
) -> Result<(), StoreError> {
    let now = works.clock.now();
    let next = lease::again(due.tries, now);
    let feed = due.key.as_str();
    let hub = due.link.hub.host_str().unwrap_or_default().to_owned();
    // Kept when renewed: a hub that knew two addresses would deliver everything twice until the older lease ends.
    let Some(callback) = due.callback.clone().or_else(|| fresh(base)) else {
        tracing::error!(feed, "the system gives no random numbers; no hub is asked");
        return Ok(());
    };
    let request = NewRequest {
        feed: due.feed,
        callback: callback.clone(),
        at: now,
        pending_until: later(now, lease::VERIFY_WITHIN),
        due_at: next,
    };
    if !works.store.begin_request(request, HUBS_PER_PAPER).await? {
        tracing::warn!(
            feed,
            hub,
            "this paper names too many hubs; this one is not asked"
        );
        let (next, why) = (later(now, lease::SELDOM), "the paper names too many hubs");
        return works.store.refuse_hub(due.feed, next, why).await;
    }
    let token = &callback.token;
    let mut form = form(&due.link, &due.url, &callback.base, token, "subscribe");
    form.secrets.push(callback.secret.clone());
    form.fields.extend([
        ("hub.lease_seconds", lease::LEASE.as_secs().to_string()),
        ("hub.secret", callback.secret),
    ]);
    let (requested, detail) = match setup.client.post(&form).await {
        Posted::Taken => (Requested::Taken, None),
        Posted::Refused(why) => (Requested::Refused, Some(why)),
        Posted::Failed(failure) => (Requested::Failed, Some(failure.detail)),
    };
    match &detail {
        None => tracing::info!(
            feed,
            hub,
            renewal = due.live,
            "a hub was asked for a subscription"
        ),
        Some(why) => {
            tracing::warn!(feed, hub, why, next = %next, "a hub does not take a subscription; the feed is polled")
        }
    }
    works
        .store
        .end_request(callback.token, requested, next, detail)
        .await
}

async fn unsubscribe(setup: &Setup, due: &DueUnsubscription) {
    let form = form(&due.link, &due.url, &due.base, &due.token, "unsubscribe");
    let (feed, hub) = (
        due.key.as_str(),
        due.link.hub.host_str().unwrap_or_default(),
    );
    match setup.client.post(&form).await {
        Posted::Taken => tracing::info!(feed, hub, "a hub was asked to end a subscription"),
        Posted::Refused(why) => {
            tracing::debug!(feed, hub, why, "a hub does not end a subscription")
        }
        Posted::Failed(failure) => {
            tracing::debug!(
                feed,
                hub,
                why = failure.detail,
                "a hub could not be asked to end a subscription"
            );
        }
    }
}

/// What all requests to hubs say (§5.1).
fn form(link: &HubLink, feed: &Url, base: &str, token: &str, mode: &str) -> Form {
    Form {
        url: link.hub.clone(),
        fields: vec![
            ("hub.callback", format!("{base}{token}")),
            ("hub.mode", mode.to_owned()),
            ("hub.topic", link.topic.to_string()),
        ],
        secrets: vec![token.to_owned()],
        configured_host: feed.host_str().map(str::to_owned),
    }
}

/// An address and a secret that nobody can guess; `None` where the system gives no random numbers.
fn fresh(base: &str) -> Option<Callback> {
    let random = || {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(blake3::Hash::from_bytes(bytes).to_hex().to_string())
    };
    Some(Callback {
        base: base.to_owned(),
        token: random()?,
        secret: random()?,
    })
}

/// What the reading room is given to answer hubs with.
pub fn hooks(works: &Works) -> Hooks {
    let inbox = Arc::clone(&works.inbox);
    let works = works.clone();
    Hooks {
        inbox,
        verify: Box::new(move |intent| {
            let works = works.clone();
            Box::pin(async move { verify(&works, intent).await })
        }),
    }
}

/// Whether what a hub says it means to do is what we asked for, and then it is noted. A question that was answered is answered
/// no second time.
///
/// # Errors
/// When the store cannot be written.
pub async fn verify(works: &Works, intent: Intent) -> Result<bool, StoreError> {
    let now = works.clock.now();
    let (store, token, topic) = (&works.store, intent.token.as_str(), intent.topic.as_str());
    let agreed = match intent.mode {
        Mode::Subscribe => {
            let (ends, renew) = lease::granted(intent.lease_seconds, now);
            store
                .verify_subscription(token, topic, ends, renew, now)
                .await?
        }
        Mode::Unsubscribe => store.verify_unsubscription(token, topic).await?,
        Mode::Denied => {
            let next = later(now, lease::SELDOM);
            let reason = intent.reason.as_deref().map(one_line);
            store
                .deny_subscription(token, topic, reason, next, now)
                .await?
        }
    };
    let mode = match intent.mode {
        Mode::Subscribe => "subscribe",
        Mode::Unsubscribe => "unsubscribe",
        Mode::Denied => "denied",
    };
    match agreed {
        true => tracing::info!(mode, topic, "a hub called, and was right"),
        false => tracing::debug!(mode, "somebody called in the name of a hub"),
    }
    Ok(agreed)
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(REASON_CHARS).collect()
}

/// Looks at one delivery and reads it; what it is worth is counted.
async fn take_delivery(works: &Works, delivery: Delivery) {
    let feed = delivery.caller.feed;
    let tally = &works.inbox.tally;
    match read_delivery(works, delivery).await {
        Ok(Taken::Read(report)) => {
            tally.read.fetch_add(1, Ordering::Relaxed);
            if report.new_entries > 0 || report.changed_entries > 0 {
                works.wakes.desk.notify_one();
            }
        }
        Ok(Taken::Forged) => {
            pass_over(works, feed, &tally.forged, "it is not signed as agreed").await
        }
        Ok(Taken::Unread(why)) => pass_over(works, feed, &tally.unread, &why).await,
        // The next poll brings it.
        Err(err) => tracing::error!(error = %err, "what a hub delivered could not be stored"),
    }
}

async fn pass_over(works: &Works, feed: FeedId, count: &AtomicU64, why: &str) {
    count.fetch_add(1, Ordering::Relaxed);
    match works.store.ignore_delivery(feed).await {
        // A stranger's flood is no flood of lines.
        Ok(ignored) if ignored.is_power_of_two() => {
            tracing::warn!(feed = feed.0, ignored, why, "a delivery is passed over");
        }
        Ok(_) => {}
        Err(err) => tracing::error!(error = %err, "a delivery passed over could not be counted"),
    }
}

enum Taken {
    Read(PollReport),
    Forged,
    Unread(String),
}

async fn read_delivery(works: &Works, delivery: Delivery) -> Result<Taken, StoreError> {
    let Delivery {
        ref caller,
        ref body,
        ref signature,
        ..
    } = delivery;
    let secret = caller.secret.as_deref().unwrap_or_default();
    if secret.is_empty() || !signature::fits(secret, signature.as_deref(), body) {
        return Ok(Taken::Forged);
    }
    let feed = works.store.feed(caller.feed).await?;
    let Some(feed) = feed.filter(|feed| feed.kind == FeedKind::Feed) else {
        return Ok(Taken::Unread("its feed is none".to_owned()));
    };
    let setup = works.setup();
    let (_, found) = read_fresh(works, &setup, &feed, as_fetched(&feed, delivery)).await;
    let Found { read, entries, .. } = found;
    match read {
        ReadResult::Read { .. } | ReadResult::SameBody => {}
        ReadResult::NotAFeed(failure) => return Ok(Taken::Unread(failure.detail)),
        ReadResult::NotRead => return Ok(Taken::Unread("it could not be read".to_owned())),
    }
    let push = PushCommit {
        feed: feed.id,
        entries,
        at: works.clock.now(),
        backfill_after: signed(setup.config.fetch.backfill_max_age),
        proof: PROOF,
    };
    let report = works.store.commit_push(push).await?;
    tracing::debug!(
        feed = feed.key.as_str(),
        entries = report.entries,
        new = report.new_articles.len(),
        "a hub delivered"
    );
    Ok(Taken::Read(report))
}

/// A delivery as the answer to a poll of the feed's own address. Nothing in it says where the feed is or when to ask.
fn as_fetched(feed: &Feed, delivery: Delivery) -> FetchOutcome {
    FetchOutcome::Fresh(Box::new(Fetched {
        body_hash: *blake3::hash(&delivery.body).as_bytes(),
        body: delivery.body,
        content_type: delivery.content_type,
        final_url: feed.url.clone(),
        hops: Vec::new(),
        moved_to: None,
        validators: Validators::default(),
        hints: PublisherHints::default(),
        links: HubLinks::default(),
        server_date: None,
    }))
}

/// What a poll has to do with hubs: kept beside it until it is stored.
pub(super) struct Beside {
    feed: FeedId,
    /// A hub was to have delivered all that the poll finds.
    relied_on: bool,
    /// The document names another hub than before, or none any more.
    renamed: bool,
}

impl Beside {
    pub(super) fn of(feed: &Feed, after: &FeedState, now: jiff::Timestamp) -> Self {
        Self {
            feed: feed.id,
            relied_on: feed.state.pushed_until.is_some_and(|until| now < until),
            renamed: feed.state.hub != after.hub,
        }
    }

    /// After the poll was stored. New entries mean that the hub did not deliver them: it is not relied on until it has
    /// shown itself anew, and the feed is soon asked again, at its own pace.
    pub(super) async fn stored(self, works: &Works, report: &PollReport) {
        if self.renamed {
            works.wakes.hubs.notify_one();
        }
        if self.relied_on && report.new_entries > 0 {
            let soon = later(works.clock.now(), limits(&works.setup()).min_interval);
            if let Err(err) = works.store.note_missed(self.feed, soon).await {
                tracing::error!(error = %err, "what a hub did not deliver could not be noted");
            }
        }
    }
}
