//! The pace as tables and laws.

use super::*;
use crate::model::{FeedId, FeedKind, Rhythm, SourceKey};
use proptest::prelude::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Monday, 06:00 in Viet Nam.
fn now() -> Timestamp {
    at("2026-11-22T23:00:00Z")
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn feed_with(state: FeedState) -> Feed {
    Feed {
        id: FeedId(1),
        key: "dong-bung/xay-dung-dang".into(),
        source: SourceKey::from("dong-bung"),
        url: url("https://baodongbung.example/rss"),
        kind: FeedKind::Feed,
        added_at: at("2026-01-01T00:00:00Z"),
        state,
    }
}

fn fetched(moved_to: Option<&str>) -> Fetched {
    Fetched {
        body: b"<rss/>".to_vec(),
        content_type: None,
        final_url: url(moved_to.unwrap_or("https://baodongbung.example/rss")),
        hops: Vec::new(),
        moved_to: moved_to.map(url),
        validators: Validators {
            etag: Some("\"2\"".into()),
            last_modified: None,
        },
        hints: PublisherHints::default(),
        links: Default::default(),
        server_date: None,
        body_hash: [7; 32],
    }
}

fn fresh() -> FetchOutcome {
    FetchOutcome::Fresh(Box::new(fetched(None)))
}

fn same() -> FetchOutcome {
    FetchOutcome::NotModified(Unmodified::default())
}

fn failure(kind: FailureKind) -> Failure {
    Failure {
        kind,
        detail: "thử".into(),
    }
}

fn trouble(kind: FailureKind) -> FetchOutcome {
    FetchOutcome::Failed(failure(kind))
}

fn busy(until: Option<&str>) -> FetchOutcome {
    FetchOutcome::Throttled {
        until: until.map(at),
        status: 429,
    }
}

fn read(published: Vec<Timestamp>) -> ReadResult {
    ReadResult::Read {
        entries: published.len(),
        hash: hash_of(&published),
        published,
        hints: PublisherHints::default(),
    }
}

fn hash_of(published: &[Timestamp]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(format!("{published:?}").as_bytes()).as_bytes()[..16]);
    hash
}

/// `count` publications, `gap` apart, the newest `ago` before now.
fn every(gap: SignedDuration, count: i32, ago: SignedDuration) -> Vec<Timestamp> {
    (0..count).map(|n| now() - ago - gap * n).collect()
}

/// One poll with the shipped limits.
fn poll(
    state: FeedState,
    outcome: &FetchOutcome,
    read: &ReadResult,
) -> (FeedState, Option<Change>) {
    after_poll(
        &feed_with(state),
        outcome,
        read,
        &PaceLimits::default(),
        now(),
    )
}

/// One poll after another, a minute apart; the state and the changes.
fn polls(
    outcomes: impl IntoIterator<Item = (FetchOutcome, ReadResult)>,
) -> (FeedState, Vec<Option<Change>>) {
    let mut feed = feed_with(FeedState::default());
    let mut changes = Vec::new();
    for (n, (outcome, read)) in (0..).zip(outcomes) {
        let (state, change) = after_poll(
            &feed,
            &outcome,
            &read,
            &PaceLimits::default(),
            now() + MINUTE * n,
        );
        feed.state = state;
        changes.push(change);
    }
    (feed.state, changes)
}

/// The pause until the next poll, which may be an eighth longer for the feed's own place.
#[track_caller]
fn assert_pause(state: &FeedState, wish: SignedDuration) {
    let pause = state.next_poll_at.unwrap().duration_since(now());
    assert!(
        pause >= wish && pause <= wish + wish / 8,
        "{pause:#} instead of {wish:#}"
    );
}

#[test]
fn the_interval_follows_the_feeds_own_rhythm() {
    let hours = SignedDuration::from_hours;
    // The interval in force at `now` for a feed that published so; the pause is between half of it and half more.
    for (published, interval) in [
        (vec![], MINUTE * 30),
        (every(MINUTE * 30, 200, MINUTE), MINUTE * 24), // day and night: sixty a day
        (every(hours(4), 40, MINUTE), MINUTE * 80),     // six a day: three times as often
        (every(DAY * 5, 20, MINUTE), hours(6)),         // the longest
        (every(MINUTE * 20, 20, DAY * 90), hours(6)),   // silent for months
    ] {
        let (state, _) = poll(FeedState::default(), &fresh(), &read(published.clone()));
        let pause = state.next_poll_at.unwrap().duration_since(now());
        assert!(
            pause >= interval / 2 - MINUTE && pause <= interval * 3 / 2 + interval / 5,
            "{pause:#} where {interval:#} is usual"
        );
    }
}

#[test]
fn a_feed_that_prints_in_one_hour_is_asked_in_that_hour() {
    // Ten items each day between 06:00 and 07:00 UTC.
    let mut state = FeedState::default();
    for day in (1..12).rev() {
        let six = at("2026-11-22T06:00:00Z") - DAY * day;
        let published = (0..10).map(|n| six + MINUTE * 5 * n).collect();
        let outcome = after_poll(
            &feed_with(state),
            &fresh(),
            &ReadResult::Read {
                entries: 10,
                published,
                hash: [u8::try_from(day).unwrap(); 16],
                hints: PublisherHints::default(),
            },
            &PaceLimits::default(),
            six + HOUR,
        );
        state = outcome.0;
    }
    let mut feed = feed_with(state);
    let mut asked = vec![at("2026-11-22T00:00:00Z")];
    while asked[asked.len() - 1] < at("2026-11-23T00:00:00Z") {
        let last = asked[asked.len() - 1];
        let (state, _) = after_poll(
            &feed,
            &same(),
            &ReadResult::NotRead,
            &PaceLimits::default(),
            last,
        );
        asked.push(state.next_poll_at.unwrap());
        feed.state = state;
    }
    let within = |from: &str, to: &str| {
        asked
            .iter()
            .filter(|t| **t >= at(from) && **t < at(to))
            .count()
    };
    assert!(
        within("2026-11-22T06:00:00Z", "2026-11-22T07:00:00Z") >= 5,
        "{asked:?}"
    );
    assert!(
        within("2026-11-22T12:00:00Z", "2026-11-23T00:00:00Z") <= 6,
        "{asked:?}"
    );
    assert!(asked.len() <= 32, "{}", asked.len());
}

#[test]
fn validators_under_which_news_came_are_not_sent_for_a_month() {
    let liar = |published| {
        poll(
            FeedState {
                validators: fetched(None).validators,
                rhythm: Rhythm {
                    hours: [1.0; 24],
                    counted_to: Some(now() - HOUR),
                },
                ..FeedState::default()
            },
            &fresh(),
            &read(published),
        )
        .0
    };
    let state = liar(vec![now() - MINUTE]);
    let feed = feed_with(state);
    assert_eq!(
        plan(&feed, &PaceLimits::default(), now()).validators,
        Validators::default()
    );
    let later = now() + DAY * 31;
    let limits = PaceLimits {
        audit: None,
        ..PaceLimits::default()
    };
    assert_eq!(
        plan(&feed, &limits, later).validators,
        fetched(None).validators
    );
    // The same news under the same validators is what they are for.
    let feed = feed_with(liar(vec![now() - HOUR * 2]));
    assert_eq!(
        plan(&feed, &PaceLimits::default(), now()).validators,
        fetched(None).validators
    );
}

#[test]
fn publishers_hints_are_obeyed_within_bounds() {
    let busy_paper = every(MINUTE * 20, 20, MINUTE);
    let hours = SignedDuration::from_hours;
    for (http_s, feed_s, wish) in [
        (None, None, MINUTE * 10),
        (Some(0), None, MINUTE * 10),
        (Some(3600), None, hours(1)),
        (Some(60), Some(7200), hours(2)),
        (Some(12 * 3600), None, hours(12)), // above our own longest
        (Some(u32::MAX), None, hours(24)),
    ] {
        let hints = |fresh_for_s| PublisherHints {
            fresh_for_s,
            ..PublisherHints::default()
        };
        let outcome = FetchOutcome::Fresh(Box::new(Fetched {
            hints: hints(http_s),
            ..fetched(None)
        }));
        let read = ReadResult::Read {
            entries: 20,
            published: busy_paper.clone(),
            hash: [1; 16],
            hints: hints(feed_s),
        };
        let (state, _) = poll(FeedState::default(), &outcome, &read);
        let pause = state.next_poll_at.unwrap().duration_since(now());
        assert!(
            pause >= wish && pause <= wish + hours(7),
            "{pause:#} for {wish:#}"
        );
    }
}

#[test]
fn skipped_hours_and_days_are_left_out() {
    let hints = |hours: &[u8], days: &[u8]| PublisherHints {
        fresh_for_s: None,
        skip_hours: hours.to_vec(),
        skip_days: days.to_vec(),
    };
    // The next poll would be between 23:15 and 23:45, Sunday (UTC).
    for (hints, next) in [
        (hints(&[23], &[]), Some("2026-11-23T00:00:00Z")),
        (hints(&[23, 0, 1], &[]), Some("2026-11-23T02:00:00Z")),
        (hints(&[23, 24], &[]), Some("2026-11-23T01:00:00Z")),
        (hints(&[], &[7]), Some("2026-11-23T00:00:00Z")),
        (hints(&[0], &[7, 1]), Some("2026-11-24T01:00:00Z")),
        (hints(&[5], &[3]), None),
        (hints(&(0..24).collect::<Vec<_>>(), &[]), None), // never at all: not believed
        (hints(&[], &[1, 2, 3, 4, 5, 6, 7]), None),
    ] {
        let read = ReadResult::Read {
            entries: 0,
            published: vec![],
            hash: [1; 16],
            hints: hints.clone(),
        };
        let (state, _) = poll(FeedState::default(), &fresh(), &read);
        match next {
            Some(next) => {
                let within = state.next_poll_at.unwrap().duration_since(at(next));
                assert!(within >= SignedDuration::ZERO && within < HOUR, "{hints:?}");
            }
            None => {
                let pause = state.next_poll_at.unwrap().duration_since(now());
                assert!(
                    pause >= MINUTE * 15 && pause <= MINUTE * 45,
                    "{hints:?} {pause:#}"
                );
            }
        }
    }
}

#[test]
fn failures_are_asked_again_ever_more_rarely_and_never_given_up() {
    let hours = SignedDuration::from_hours;
    let once_good = FeedState {
        last_ok_at: Some(now() - DAY),
        ..FeedState::default()
    };
    for (kind, known, pauses) in [
        (
            FailureKind::Timeout,
            false,
            [
                MINUTE * 10,
                MINUTE * 20,
                MINUTE * 40,
                MINUTE * 80,
                MINUTE * 160,
                MINUTE * 320,
                hours(6),
            ],
        ),
        (
            FailureKind::NotFound,
            true,
            [hours(1), hours(2), hours(4), hours(8), hours(16), DAY, DAY],
        ),
        (
            FailureKind::Forbidden,
            true,
            [
                hours(1),
                hours(2),
                hours(4),
                hours(6),
                hours(6),
                hours(6),
                hours(6),
            ],
        ),
        (
            FailureKind::Forbidden,
            false,
            [hours(1), hours(2), hours(4), hours(8), hours(16), DAY, DAY],
        ),
    ] {
        let mut state = if known {
            once_good.clone()
        } else {
            FeedState::default()
        };
        for (n, wish) in (1..).zip(pauses) {
            state = poll(state, &trouble(kind), &ReadResult::NotRead).0;
            assert_pause(&state, wish);
            assert_eq!((state.failures, state.not_before), (n, None), "{kind:?}");
        }
        let (state, _) = poll(
            FeedState {
                failures: u32::MAX,
                ..state
            },
            &trouble(kind),
            &ReadResult::NotRead,
        );
        assert!(state.next_poll_at.unwrap() <= now() + DAY * 2);
    }
}

#[test]
fn retry_after_is_a_floor_for_everybody_up_to_a_week() {
    for (until, floor, pause) in [
        (
            Some("2026-11-22T23:00:30Z"),
            Some("2026-11-22T23:00:30Z"),
            MINUTE * 10,
        ),
        (
            Some("2026-11-23T23:00:00Z"),
            Some("2026-11-23T23:00:00Z"),
            DAY,
        ), // above our own longest
        (
            Some("2036-01-01T00:00:00Z"),
            Some("2026-11-29T23:00:00Z"),
            DAY * 7,
        ),
        (Some("2020-01-01T00:00:00Z"), None, MINUTE * 10), // long past
        (None, None, SignedDuration::from_hours(1)),
    ] {
        let (state, change) = poll(FeedState::default(), &busy(until), &ReadResult::NotRead);
        assert_eq!(
            (state.not_before, change),
            (floor.map(at), Some(Change::StartedFailing)),
            "{until:?}"
        );
        assert_pause(&state, pause);
        let (state, _) = poll(state, &fresh(), &read(vec![]));
        assert_eq!(state.not_before, None);
    }
}

#[test]
fn gone_retires_until_an_admin_enables_it_and_a_feed_revives() {
    let (state, change) = poll(
        FeedState::default(),
        &FetchOutcome::Gone,
        &ReadResult::NotRead,
    );
    assert_eq!(
        (state.retired_at, state.next_poll_at, change),
        (Some(now()), None, Some(Change::Retired))
    );
    assert_eq!(
        state.failure.as_ref().map(|f| f.kind),
        Some(FailureKind::Gone)
    );
    let (again, change) = poll(state.clone(), &FetchOutcome::Gone, &ReadResult::NotRead);
    assert_eq!((again.retired_at, change), (Some(now()), None));
    let (state, change) = poll(state, &fresh(), &read(vec![]));
    assert_eq!((state.retired_at, change), (None, Some(Change::Recovered)));
    assert!(state.next_poll_at.is_some());
}

#[test]
fn only_changes_of_state_are_worth_a_line() {
    use FailureKind::{Dns, Html};
    let not = |kind| (trouble(kind), ReadResult::NotRead);
    let html = || (fresh(), ReadResult::NotAFeed(failure(Html)));
    let good = || (fresh(), read(vec![now() - MINUTE]));
    let (state, changes) = polls([good(), not(Dns), not(Dns), html(), html(), good(), good()]);
    let (failing, other, well) = (
        Some(Change::StartedFailing),
        Some(Change::KindChanged),
        Some(Change::Recovered),
    );
    assert_eq!(changes, [None, failing, None, other, None, well, None]);
    assert_eq!(
        (state.failures, state.failing_since, state.failure),
        (0, None, None)
    );
    let (state, _) = polls([good(), not(Dns), not(Dns), html()]);
    assert_eq!(
        (state.failures, state.failing_since),
        (3, Some(now() + MINUTE)),
        "since the first of them"
    );
    assert_eq!(
        (state.last_ok_at, state.last_poll_at),
        (Some(now()), Some(now() + MINUTE * 3))
    );
}

#[test]
fn validators_are_kept_of_whole_documents_only() {
    let before = FeedState {
        validators: Validators {
            etag: Some("\"1\"".into()),
            last_modified: None,
        },
        body_hash: Some([1; 32]),
        ..FeedState::default()
    };
    for (outcome, read, etag) in [
        (fresh(), read(vec![]), "\"2\""),
        (fresh(), ReadResult::SameBody, "\"2\""),
        (fresh(), ReadResult::NotRead, "\"1\""),
        (
            fresh(),
            ReadResult::NotAFeed(failure(FailureKind::Html)),
            "\"1\"",
        ),
        (same(), ReadResult::NotRead, "\"1\""),
        (trouble(FailureKind::Cut), ReadResult::NotRead, "\"1\""),
    ] {
        let (state, _) = poll(before.clone(), &outcome, &read);
        assert_eq!(
            state.validators.etag.as_deref(),
            Some(etag),
            "{outcome:?} {read:?}"
        );
        assert_eq!(
            state.body_hash,
            Some(if etag == "\"2\"" { [7; 32] } else { [1; 32] })
        );
    }
}

#[test]
fn a_newer_entry_is_noticed_and_future_dates_are_not_believed() {
    let (state, _) = poll(
        FeedState::default(),
        &fresh(),
        &read(vec![now() - DAY, now() + DAY * 400]),
    );
    assert_eq!(
        (state.rhythm.counted_to, state.last_new_at),
        (Some(now() - DAY), Some(now()))
    );
    let known = FeedState {
        last_new_at: Some(now() - DAY),
        ..state
    };
    let (state, _) = poll(
        known.clone(),
        &fresh(),
        &read(vec![now() - DAY, now() - DAY * 2]),
    );
    assert_eq!(
        (state.last_new_at, state.rhythm),
        (Some(now() - DAY), known.rhythm.clone())
    );
    let (state, _) = poll(known, &fresh(), &read(every(MINUTE, 100, MINUTE)));
    assert_eq!(
        (state.last_new_at, state.rhythm.counted_to),
        (Some(now()), Some(now() - MINUTE))
    );
}

#[test]
fn undated_entries_are_news_when_they_are_others() {
    let undated = |hash| ReadResult::Read {
        entries: 3,
        published: vec![],
        hash: [hash; 16],
        hints: PublisherHints::default(),
    };
    let (state, _) = poll(FeedState::default(), &fresh(), &undated(1));
    assert_eq!(state.last_new_at, Some(now()));
    let before = FeedState {
        last_new_at: Some(now() - DAY),
        rhythm: Rhythm {
            hours: [0.5; 24],
            counted_to: Some(now() - DAY),
        },
        ..state
    };
    let (state, _) = poll(before.clone(), &fresh(), &undated(1));
    assert_eq!(
        state.last_new_at,
        Some(now() - DAY),
        "only the document's own date changed"
    );
    let (state, _) = poll(before, &fresh(), &undated(2));
    assert_eq!(state.last_new_at, Some(now()));
}

const NEW: &str = "https://moi.example/rss";

fn moved() -> (FetchOutcome, ReadResult) {
    (
        FetchOutcome::Fresh(Box::new(fetched(Some(NEW)))),
        read(vec![]),
    )
}

fn moved_same() -> (FetchOutcome, ReadResult) {
    (
        FetchOutcome::NotModified(Unmodified {
            moved_to: Some(url(NEW)),
            ..Unmodified::default()
        }),
        ReadResult::NotRead,
    )
}

fn asked(state: FeedState) -> Url {
    plan(
        &feed_with(state),
        &PaceLimits {
            audit: None,
            ..PaceLimits::default()
        },
        now(),
    )
    .url
}

#[test]
fn a_permanent_redirect_is_believed_at_the_third_sight_with_a_feed_there() {
    let (state, changes) = polls([moved(), moved_same()]);
    assert_eq!(asked(state), url("https://baodongbung.example/rss"));
    assert_eq!(changes, [None, None]);
    let (state, changes) = polls([moved(), moved_same(), moved()]);
    assert_eq!((asked(state), changes[2]), (url(NEW), Some(Change::Moved)));

    let html = (moved().0, ReadResult::NotAFeed(failure(FailureKind::Html)));
    let (state, _) = polls([html.clone(), html.clone(), html]);
    assert_eq!(state.moved, None, "a home page is no new address");
    let (state, _) = polls([moved(), moved(), (fresh(), read(vec![])), moved()]);
    assert_eq!(state.moved, Some((url(NEW), 1)), "in a row");
}

#[test]
fn a_believed_redirect_is_kept_while_it_works_and_given_up_when_it_does_not() {
    let believed = FeedState {
        moved: Some((url(NEW), MOVE_BELIEVED)),
        ..FeedState::default()
    };
    let direct = FetchOutcome::Fresh(Box::new(Fetched {
        final_url: url(NEW),
        ..fetched(None)
    }));
    for (outcome, result) in [
        (direct, read(vec![])),
        (same(), ReadResult::NotRead),
        moved(),
    ] {
        let (state, change) = poll(believed.clone(), &outcome, &result);
        assert_eq!((asked(state), change), (url(NEW), None), "{outcome:?}");
    }
    // The audit asks the configured address, which answers by itself again.
    let (state, change) = poll(believed.clone(), &fresh(), &read(vec![]));
    assert_eq!((state.moved, change), (None, Some(Change::MoveForgotten)));
    // Gone is the target, not the feed.
    let (state, change) = poll(believed.clone(), &FetchOutcome::Gone, &ReadResult::NotRead);
    assert_eq!(
        (state.moved, state.retired_at, change),
        (None, None, Some(Change::StartedFailing))
    );
    let mut state = believed;
    for kept in [true, true, false] {
        state = poll(state, &trouble(FailureKind::NotFound), &ReadResult::NotRead).0;
        assert_eq!(state.moved.is_some(), kept);
    }
}

#[test]
fn once_a_week_a_feed_is_asked_in_full_at_its_configured_address() {
    let state = FeedState {
        validators: Validators {
            etag: Some("\"1\"".into()),
            last_modified: None,
        },
        moved: Some((url(NEW), MOVE_BELIEVED)),
        last_ok_at: Some(now()),
        ..FeedState::default()
    };
    let limits = PaceLimits::default();
    let mut feed = feed_with(state);
    let mut audits = 0;
    for hour in 0..(28 * 24) {
        let then = now() + HOUR * hour;
        let plan = plan(&feed, &limits, then);
        assert_eq!(plan.audit, plan.validators == Validators::default());
        assert_eq!(plan.audit, plan.url == feed.url);
        audits += i32::from(plan.audit);
        feed.state.last_ok_at = Some(then);
    }
    assert_eq!(audits, 4);
    assert!(!audit_due(
        &feed,
        &PaceLimits {
            audit: None,
            ..limits
        },
        now() + DAY * 30
    ));
    feed.state.last_ok_at = None;
    assert!(
        !audit_due(&feed, &limits, now()),
        "the first request is full anyway"
    );
}

#[test]
fn a_thousand_feeds_are_no_herd() {
    let starts = (0..1000).map(|n| first_poll(&FeedKey(format!("bao-{n}/tin")), MINUTE * 2, now()));
    let mut per_second = std::collections::HashMap::new();
    starts.for_each(|t| *per_second.entry(t.as_second()).or_insert(0) += 1);
    assert!(per_second.values().all(|n| *n < 30), "{per_second:?}");
    let mut next: Vec<Timestamp> = (0..1000)
        .map(|n| {
            let feed = Feed {
                key: FeedKey(format!("bao-{n}/tin")),
                ..feed_with(FeedState::default())
            };
            after_poll(
                &feed,
                &fresh(),
                &read(vec![]),
                &PaceLimits::default(),
                now(),
            )
            .0
            .next_poll_at
            .unwrap()
        })
        .collect();
    next.sort_unstable();
    // Half an hour is usual: they lie all over it, nowhere denser than by chance.
    assert!(next[999].duration_since(next[0]) > MINUTE * 28);
    let densest = (0..950).map(|n| next[n + 49].duration_since(next[n])).min();
    assert!(densest > Some(MINUTE / 2), "{densest:?}");
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (-2_000_000_000_i64..200_000_000_000).prop_map(|s| Timestamp::from_second(s).unwrap())
}

fn any_hints() -> impl Strategy<Value = PublisherHints> {
    (any::<Option<u32>>(), any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(
        |(fresh_for_s, skip_hours, skip_days)| PublisherHints {
            fresh_for_s,
            skip_hours,
            skip_days,
        },
    )
}

fn any_answer() -> impl Strategy<Value = (FetchOutcome, ReadResult)> {
    let kind = prop::sample::select(FailureKind::ALL.to_vec());
    let read = (
        0_usize..50,
        prop::collection::vec(any_time(), 0..60),
        any_hints(),
    )
        .prop_map(|(entries, published, hints)| ReadResult::Read {
            entries,
            hash: hash_of(&published),
            published,
            hints,
        });
    let moves = prop::option::of(Just(NEW));
    prop_oneof![
        (moves, any_hints(), read).prop_map(|(to, hints, read)| {
            (
                FetchOutcome::Fresh(Box::new(Fetched {
                    hints,
                    ..fetched(to)
                })),
                read,
            )
        }),
        kind.clone()
            .prop_map(|kind| (fresh(), ReadResult::NotAFeed(failure(kind)))),
        any_hints().prop_map(|hints| {
            (
                FetchOutcome::NotModified(Unmodified {
                    hints,
                    moved_to: None,
                }),
                ReadResult::NotRead,
            )
        }),
        Just((FetchOutcome::Gone, ReadResult::NotRead)),
        prop::option::of(any_time()).prop_map(|until| (
            FetchOutcome::Throttled { until, status: 429 },
            ReadResult::NotRead
        )),
        kind.prop_map(|kind| (trouble(kind), ReadResult::NotRead)),
    ]
}

#[test]
fn a_server_that_was_not_reached_is_tried_again_within_minutes_and_ever_more_rarely() {
    let limits = PaceLimits::default();
    let mut feed = feed_with(FeedState::default());
    let mut waits = Vec::new();
    for _ in 0..12 {
        let (state, _) = after_poll(
            &feed,
            &trouble(FailureKind::Connect),
            &ReadResult::NotRead,
            &limits,
            now(),
        );
        waits.push(state.next_poll_at.unwrap().duration_since(now()));
        feed.state = state;
    }
    assert!(
        waits[0] >= MINUTE && waits[0] < MINUTE * 2,
        "{:?}",
        waits[0]
    );
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(*waits.last().unwrap() >= limits.max_interval);
}

proptest! {
    #[test]
    fn whatever_happens_the_next_poll_is_neither_early_nor_lost(
        steps in prop::collection::vec((any_answer(), any_time()), 1..20),
        min_minutes in prop::sample::select(vec![0_i64, 10, 60]),
    ) {
        let limits = PaceLimits { min_interval: SignedDuration::from_mins(min_minutes), ..PaceLimits::default() };
        let mut feed = feed_with(FeedState::default());
        for ((outcome, read), now) in steps {
            let (state, _) = after_poll(&feed, &outcome, &read, &limits, now);
            if state.retired_at.is_some() && outcome == FetchOutcome::Gone {
                prop_assert_eq!(state.next_poll_at, None);
            } else {
                let next = state.next_poll_at.expect("a feed that is not retired is asked again");
                let kind = state.failure.as_ref().filter(|_| state.failures > 0).map(|failure| failure.kind);
                let reached = !matches!(kind, Some(FailureKind::Dns | FailureKind::Connect | FailureKind::Portal));
                let soonest = if reached { limits.min_interval } else { limits.min_interval.min(MINUTE) };
                prop_assert!(next >= now + soonest);
                prop_assert!(next <= now + DAY * 8);
                if let FetchOutcome::Throttled { until: Some(until), .. } = &outcome {
                    prop_assert!(next >= (*until).min(now + limits.obey_at_most));
                }
            }
            prop_assert!(state.rhythm.hours.iter().all(|rate| rate.is_finite() && *rate >= 0.0));
            prop_assert_eq!(state.failures > 0, state.failing_since.is_some());
            feed.state = state;
        }
    }
}

#[test]
fn a_reliable_hub_spares_polls_as_long_as_its_lease_runs() {
    let published = every(MINUTE * 20, 72, MINUTE * 5);
    let next = |pushed_until: Option<Timestamp>| {
        let state = FeedState {
            pushed_until,
            ..FeedState::default()
        };
        let (state, _) = poll(state, &fresh(), &read(published.clone()));
        assert_eq!(
            state.pushed_until, pushed_until,
            "a poll does not decide it"
        );
        state.next_poll_at.unwrap().duration_since(now())
    };
    let own = next(None);
    assert!(own <= HOUR, "{own}");
    assert_eq!(next(Some(now())), own);
    let seldom = next(Some(now() + HOUR));
    assert!(seldom >= HOUR * 3 && seldom <= HOUR * 6, "{seldom}");
}
