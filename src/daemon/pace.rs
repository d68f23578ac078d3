//! When to ask a feed again, and what a poll says about the feed's health. Pure: no clock, no I/O, no chance.
//!
//! [`plan`] says what to ask before a poll, [`after_poll`] what to remember after it. The caller stores the state in the
//! same transaction as the entries: validators must never outlive a document that was not stored.

mod rhythm;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use url::Url;

use crate::model::{
    Failure, FailureKind, Feed, FeedKey, FeedState, FetchOutcome, Fetched, PublisherHints,
    Unmodified, Validators,
};

/// Sightings of a permanent redirect, each with a valid feed at its end, before the target is asked directly.
pub const MOVE_BELIEVED: u32 = 3;
/// Failures in a row at a believed target before the configured address is asked again.
const MOVE_DOUBTED: u32 = 3;
/// So long no validators are sent to a server that gave news under old ones.
const DISTRUST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A feed that a reliable hub delivers is polled no more often than this: the net below the hub, eight times a day. What the hub
/// fails to deliver is late by no more.
const PUSHED_INTERVAL: SignedDuration = SignedDuration::from_hours(3);

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Bounds on the pace; all durations are non-negative. `Default` gives the shipped values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    /// Never sooner than this after a poll; zero for tests.
    pub min_interval: SignedDuration,
    /// For feeds whose rhythm is not known.
    pub default_interval: SignedDuration,
    /// Never later than this, save where the publisher or a hard failure says otherwise.
    pub max_interval: SignedDuration,
    /// Freshness (max-age, Expires, ttl, sy:updatePeriod) delays a poll by no more than this: caches in front of
    /// newspapers are often set up for pictures.
    pub obey_freshness: SignedDuration,
    /// Retry-After, skipHours and skipDays delay a poll by no more than this.
    pub obey_at_most: SignedDuration,
    /// Addresses that are not found are asked at this interval in the end.
    pub max_hard_interval: SignedDuration,
    /// One full, unconditional request in each such period: some servers answer 304 for ever. `None` = never.
    pub audit: Option<SignedDuration>,
}

impl Default for PaceLimits {
    fn default() -> Self {
        Self {
            min_interval: SignedDuration::from_mins(10),
            default_interval: SignedDuration::from_mins(30),
            max_interval: SignedDuration::from_hours(6),
            obey_freshness: SignedDuration::from_hours(24),
            obey_at_most: SignedDuration::from_hours(7 * 24),
            max_hard_interval: SignedDuration::from_hours(24),
            audit: Some(SignedDuration::from_hours(7 * 24)),
        }
    }
}

impl PaceLimits {
    /// The same for a feed that a reliable hub delivers.
    fn below_a_hub(&self) -> Self {
        let seldom = PUSHED_INTERVAL.min(self.max_interval);
        Self {
            min_interval: self.min_interval.max(seldom),
            ..*self
        }
    }
}

/// What to ask in the next poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The configured address, or the target of a believed permanent redirect.
    pub url: Url,
    /// For the conditional request; empty in an audit.
    pub validators: Validators,
    /// Whether this is the full request of the audit, at the configured address.
    pub audit: bool,
}

/// What reading the body came to.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadResult {
    /// There was no body to read: a 304 or a failure.
    NotRead,
    /// The bytes are those of the last document (same BLAKE3).
    SameBody,
    /// A feed.
    Read {
        /// Its entries, known or new.
        entries: usize,
        /// Their publication times, in any order.
        published: Vec<Timestamp>,
        /// What they say, all together, in one value.
        hash: [u8; 16],
        /// `<ttl>`, `skipHours`, `skipDays`, `sy:updatePeriod`.
        hints: PublisherHints,
    },
    /// No feed: HTML, nothing, anything else, or the reader broke down.
    NotAFeed(Failure),
}

/// A change worth one line in the log; the same failure again is none. Of several at once the last named here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A believed redirect is given up: the configured address is asked again.
    MoveForgotten,
    /// It failed, or was retired, and works again.
    Recovered,
    /// A permanent redirect is believed from now on: `state.moved` says where.
    Moved,
    /// It fails in another way than last time.
    KindChanged,
    /// It worked, or was never asked, and fails now.
    StartedFailing,
    /// 410: not asked any more until an admin enables it again.
    Retired,
}

/// The state in the making.
struct AfterPoll {
    state: FeedState,
    change: Option<Change>,
}

impl AfterPoll {
    fn note(&mut self, change: Change) {
        self.change = self.change.max(Some(change));
    }
}

/// What to ask of this feed at `now`.
pub fn plan(feed: &Feed, limits: &PaceLimits, now: Timestamp) -> Plan {
    if audit_due(feed, limits, now) {
        return Plan {
            url: feed.url.clone(),
            validators: Validators::default(),
            audit: true,
        };
    }
    let believed = feed
        .state
        .moved
        .as_ref()
        .filter(|(_, seen)| *seen >= MOVE_BELIEVED);
    let url = believed.map_or(&feed.url, |(to, _)| to);
    let distrusted = feed.state.distrusted_until.is_some_and(|until| now < until);
    Plan {
        url: url.clone(),
        validators: match distrusted {
            true => Validators::default(),
            false => feed.state.validators.clone(),
        },
        audit: false,
    }
}

/// Whether a boundary of the audit's period, which lies at another time for each feed, has passed since the last good
/// answer.
pub fn audit_due(feed: &Feed, limits: &PaceLimits, now: Timestamp) -> bool {
    let Some((period, last_ok)) = limits.audit.zip(feed.state.last_ok_at) else {
        return false;
    };
    let shift = phase(&feed.key, period).as_secs();
    let number = |t: Timestamp| {
        t.as_second()
            .saturating_sub(shift)
            .div_euclid(period.as_secs().max(1))
    };
    number(last_ok) < number(now)
}

/// The time of a feed's first poll: feeds that are added together are spread over `spread`.
pub fn first_poll(key: &FeedKey, spread: SignedDuration, now: Timestamp) -> Timestamp {
    later(now, phase(key, spread))
}

/// What to remember after a poll that ended at `now`, and what of it is worth a line in the log.
pub fn after_poll(
    feed: &Feed,
    outcome: &FetchOutcome,
    read: &ReadResult,
    limits: &PaceLimits,
    now: Timestamp,
) -> (FeedState, Option<Change>) {
    let mut after = AfterPoll {
        state: feed.state.clone(),
        change: None,
    };
    after.state.last_poll_at = Some(now);
    after.state.not_before = None;
    match outcome {
        FetchOutcome::Fresh(fetched) => match read {
            ReadResult::NotAFeed(failure) => failed(&mut after, feed, failure.clone(), limits, now),
            _ => succeeded(&mut after, feed, &Answer::fresh(fetched), read, limits, now),
        },
        FetchOutcome::NotModified(same) => {
            succeeded(&mut after, feed, &Answer::same(same), read, limits, now)
        }
        FetchOutcome::Gone => gone(&mut after, feed, limits, now),
        FetchOutcome::Throttled { until, status } => {
            throttled(&mut after, feed, *until, *status, limits, now)
        }
        FetchOutcome::Failed(failure) => failed(&mut after, feed, failure.clone(), limits, now),
    }
    (after.state, after.change)
}

/// A good answer, with a body or as a 304.
struct Answer<'a> {
    hints: &'a PublisherHints,
    moved_to: Option<&'a Url>,
    /// `None` for a 304.
    fetched: Option<&'a Fetched>,
}

impl<'a> Answer<'a> {
    fn fresh(fetched: &'a Fetched) -> Self {
        Self {
            hints: &fetched.hints,
            moved_to: fetched.moved_to.as_ref(),
            fetched: Some(fetched),
        }
    }

    fn same(same: &'a Unmodified) -> Self {
        Self {
            hints: &same.hints,
            moved_to: same.moved_to.as_ref(),
            fetched: None,
        }
    }
}

/// A feed came, or the server said that it is the same as before.
fn succeeded(
    after: &mut AfterPoll,
    feed: &Feed,
    answer: &Answer<'_>,
    read: &ReadResult,
    limits: &PaceLimits,
    now: Timestamp,
) {
    note_success(after, now);
    let state = &mut after.state;
    let nothing_said = PublisherHints::default();
    let (news, said_in_feed) = match read {
        ReadResult::Read {
            entries,
            published,
            hash,
            hints,
        } => {
            let other = state.entries_hash != Some(*hash);
            state.entries_hash = Some(*hash);
            let dated = published.iter().any(|t| *t <= now);
            let news = match dated {
                true => rhythm::learn(&mut state.rhythm, published, now),
                // Where nothing is dated, other entries have to do.
                false => other && *entries > 0 && rhythm::learn(&mut state.rhythm, &[now], now),
            };
            (news, hints)
        }
        _ => (false, &nothing_said),
    };
    if news {
        state.last_new_at = Some(now);
    }
    // Only of a document that was read whole: the next request would else be told that there is nothing new.
    if let Some(fetched) = answer.fetched.filter(|_| *read != ReadResult::NotRead) {
        let known = std::mem::replace(&mut state.validators, fetched.validators.clone());
        if news && known == fetched.validators && known != Validators::default() {
            state.distrusted_until = Some(later(now, DISTRUST));
        }
        state.body_hash = Some(fetched.body_hash);
    }
    state.next_poll_at = Some(next_poll(
        feed,
        state,
        [answer.hints, said_in_feed],
        limits,
        now,
    ));
    learn_move(after, feed, answer);
}

fn note_success(after: &mut AfterPoll, now: Timestamp) {
    if after.state.failures > 0 || after.state.retired_at.is_some() {
        after.note(Change::Recovered);
    }
    let state = &mut after.state;
    state.failures = 0;
    state.failing_since = None;
    state.failure = None;
    state.retired_at = None;
    state.last_ok_at = Some(now);
}

/// Counts sightings of one target; anything else seen at the configured address ends the count.
fn learn_move(after: &mut AfterPoll, feed: &Feed, answer: &Answer<'_>) {
    let known = after.state.moved.take();
    // A 304 without redirect comes from the believed target: audits, which ask the configured address, get no 304.
    let asked_at = |to: &Url| {
        answer
            .fetched
            .is_none_or(|fetched| fetched.final_url == *to)
    };
    after.state.moved = match (known, answer.moved_to) {
        (Some((to, seen)), Some(target)) if to == *target => {
            let seen = seen.saturating_add(1);
            if seen == MOVE_BELIEVED {
                after.note(Change::Moved);
            }
            Some((to, seen))
        }
        (Some((to, seen)), None) if seen >= MOVE_BELIEVED && to != feed.url && asked_at(&to) => {
            Some((to, seen))
        }
        (known, target) => {
            if known.is_some_and(|(to, seen)| seen >= MOVE_BELIEVED && to != feed.url) {
                after.note(Change::MoveForgotten);
            }
            target.map(|to| (to.clone(), 1))
        }
    };
}

fn gone(after: &mut AfterPoll, feed: &Feed, limits: &PaceLimits, now: Timestamp) {
    let failure = Failure {
        kind: FailureKind::Gone,
        detail: "HTTP 410 Gone".to_owned(),
    };
    if forget_move(after) {
        // What is gone is the redirect's target; whether the feed is, the configured address has to say.
        return failed(after, feed, failure, limits, now);
    }
    note_failure(after, failure, now);
    if after.state.retired_at.is_none() {
        after.state.retired_at = Some(now);
        after.note(Change::Retired);
    }
    after.state.next_poll_at = None;
}

fn throttled(
    after: &mut AfterPoll,
    feed: &Feed,
    until: Option<Timestamp>,
    status: u16,
    limits: &PaceLimits,
    now: Timestamp,
) {
    let detail = match until {
        Some(_) => format!("HTTP {status} with Retry-After"),
        None => format!("HTTP {status}"),
    };
    note_failure(
        after,
        Failure {
            kind: FailureKind::Throttled,
            detail,
        },
        now,
    );
    // RFC 9110 §10.2.3: a floor, also above our own longest interval; a week bounds absurd values.
    let floor = until.map(|t| t.clamp(now, later(now, limits.obey_at_most)));
    let pause = match floor {
        Some(_) => limits.min_interval,
        None => doubled(busy_base(limits), after.state.failures, limits.max_interval),
    };
    let earliest = floor.unwrap_or(now).max(later(now, pause));
    after.state.not_before = floor.filter(|t| *t > now);
    after.state.next_poll_at = Some(later(earliest, phase(&feed.key, pause / 8)));
}

fn failed(
    after: &mut AfterPoll,
    feed: &Feed,
    failure: Failure,
    limits: &PaceLimits,
    now: Timestamp,
) {
    let kind = failure.kind;
    note_failure(after, failure, now);
    let failures = after.state.failures;
    if failures >= MOVE_DOUBTED {
        forget_move(after);
    }
    let (base, cap) = match kind {
        // Nobody expects it back within minutes, and 404s are counted against us.
        FailureKind::NotFound
        | FailureKind::Gone
        | FailureKind::HomePage
        | FailureKind::WrongSection
        | FailureKind::CookieWall => (busy_base(limits), limits.max_hard_interval),
        // A 403 from a server that let us in before means that we came too often.
        FailureKind::Forbidden | FailureKind::Challenge if after.state.last_ok_at.is_some() => {
            (busy_base(limits), limits.max_interval)
        }
        FailureKind::Forbidden | FailureKind::Challenge => {
            (busy_base(limits), limits.max_hard_interval)
        }
        // The paper's server was not reached, so it is not bothered: the network may be back in a moment, as after a start
        // of the machine or a login.
        FailureKind::Dns | FailureKind::Connect | FailureKind::Portal => (
            limits.min_interval.clamp(SECOND, MINUTE),
            limits.max_interval,
        ),
        // Also where no minimum is set, trouble is given some time to pass.
        _ => (
            limits.min_interval.max(limits.default_interval / 3),
            limits.max_interval,
        ),
    };
    let pause = doubled(base, failures, cap);
    after.state.next_poll_at = Some(later(later(now, pause), phase(&feed.key, pause / 8)));
}

/// Counts a failure and says what is new about it. Since when it fails is kept.
fn note_failure(after: &mut AfterPoll, failure: Failure, now: Timestamp) {
    let last = after
        .state
        .failure
        .as_ref()
        .filter(|_| after.state.failures > 0)
        .map(|f| f.kind);
    match last {
        None => after.note(Change::StartedFailing),
        Some(kind) if kind != failure.kind => after.note(Change::KindChanged),
        Some(_) => {}
    }
    let state = &mut after.state;
    state.failures = state.failures.saturating_add(1);
    state.failing_since.get_or_insert(now);
    state.failure = Some(failure);
}

/// Gives up a redirect; whether it was believed.
fn forget_move(after: &mut AfterPoll) -> bool {
    let believed = after
        .state
        .moved
        .take_if(|(_, seen)| *seen >= MOVE_BELIEVED)
        .is_some();
    if believed {
        after.note(Change::MoveForgotten);
    }
    believed
}

/// The next moment of the feed's own lattice that its publisher allows.
fn next_poll(
    feed: &Feed,
    state: &FeedState,
    said: [&PublisherHints; 2],
    limits: &PaceLimits,
    now: Timestamp,
) -> Timestamp {
    let pushed = state.pushed_until.is_some_and(|until| now < until);
    let limits = &match pushed {
        true => limits.below_a_hub(),
        false => *limits,
    };
    let fresh_for = said.iter().filter_map(|hints| hints.fresh_for_s).max();
    let fresh_for = SignedDuration::from_secs(i64::from(fresh_for.unwrap_or(0)));
    let fresh_until = later(now, fresh_for.min(limits.obey_freshness));
    let density = rhythm::density(&state.rhythm, limits, now);
    let place = f64::from(thousandths(&feed.key)) / 1000.0;
    // Not by the lattice: asked a second late, a feed would else miss its next moment for being a second too near.
    let soonest = later(now, limits.min_interval);
    let latest = later(now, limits.max_interval).max(soonest);
    let own = rhythm::next_moment(&density, place, now, fresh_until).max(soonest);
    let mut at = match fresh_until <= latest {
        true => own.min(latest),
        false => own,
    };
    let latest = later(now, limits.obey_at_most);
    for hints in said {
        if let Some(start) = after_skipped(at, hints).filter(|t| *t <= latest && *t != at) {
            // The hour that begins there is open as a whole.
            at = later(start, phase(&feed.key, HOUR));
        }
    }
    at
}

/// The first moment at or after `at` that lies in no skipped hour or day (UTC); `None` if a whole week is skipped.
fn after_skipped(at: Timestamp, hints: &PublisherHints) -> Option<Timestamp> {
    let skipped = |t: Timestamp| {
        let utc = t.to_zoned(TimeZone::UTC);
        let hour = u8::try_from(utc.hour()).unwrap_or(0);
        let day = u8::try_from(utc.weekday().to_monday_one_offset()).unwrap_or(0);
        // In RSS the hour of midnight is written 0, and by some 24.
        let hour_is_skipped = hints.skip_hours.iter().any(|h| h % 24 == hour);
        hour_is_skipped || hints.skip_days.contains(&day)
    };
    if !skipped(at) {
        return Some(at);
    }
    let hour = at.as_second().div_euclid(3600);
    let mut starts =
        (1..=7 * 24).filter_map(|ahead| Timestamp::from_second((hour + ahead) * 3600).ok());
    starts.find(|t| !skipped(*t))
}

/// Where a server does not want us: an hour, or less where the limits are smaller (tests).
fn busy_base(limits: &PaceLimits) -> SignedDuration {
    limits.min_interval.max(HOUR.min(limits.max_interval))
}

/// `base` doubled for each failure after the first, at most `cap`.
fn doubled(base: SignedDuration, failures: u32, cap: SignedDuration) -> SignedDuration {
    let factor = 1_i32 << failures.saturating_sub(1).min(20);
    base.checked_mul(factor).unwrap_or(cap).min(cap)
}

/// This feed's place within `span`: always the same, and another for each feed, so that no crowd forms.
fn phase(key: &FeedKey, span: SignedDuration) -> SignedDuration {
    let millis = i64::try_from(span.as_millis()).unwrap_or(0).max(0);
    let place = i64::from(thousandths(key));
    SignedDuration::from_millis(millis / 1000 * place + millis % 1000 * place / 1000)
}

/// A number in 0..1000 that belongs to the key.
fn thousandths(key: &FeedKey) -> u32 {
    let hash = blake3::hash(key.as_str().as_bytes());
    let mut place = [0; 4];
    place.copy_from_slice(&hash.as_bytes()[..4]);
    u32::from_le_bytes(place) % 1000
}

fn later(t: Timestamp, by: SignedDuration) -> Timestamp {
    t.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
