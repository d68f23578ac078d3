//! Feeds that answer, and what became of them.

use super::*;
use crate::model::{
    FeedId, FeedKey, FeedKind, Fetched, PublisherHints, SourceKey, Unmodified, Validators,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn added() -> Timestamp {
    at("2026-10-01T00:00:00Z")
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn feed(watch: Watch) -> Feed {
    Feed {
        id: FeedId(1),
        key: FeedKey("bao/tin".into()),
        source: SourceKey::from("bao"),
        url: "https://bao.example/rss/xay-dung-dang.rss".parse().unwrap(),
        kind: FeedKind::Feed,
        added_at: added(),
        state: FeedState {
            watch,
            ..FeedState::default()
        },
    }
}

fn fresh(final_url: &str) -> FetchOutcome {
    FetchOutcome::Fresh(Box::new(Fetched {
        body: Vec::new(),
        content_type: None,
        final_url: final_url.parse().unwrap(),
        hops: Vec::new(),
        moved_to: None,
        validators: Validators::default(),
        hints: PublisherHints::default(),
        links: Default::default(),
        server_date: None,
        body_hash: [0; 32],
    }))
}

const OWN: &str = "https://bao.example/rss/xay-dung-dang.rss";

/// What is remembered after this was seen at these times.
fn after(seen: Seen, times: &[Timestamp], before: Watch) -> Watch {
    times.iter().fold(before, |watch, now| {
        observe(&feed(watch), &fresh(OWN), Some(seen), *now)
    })
}

fn items(titles: &[&str], published: &[&str]) -> Seen {
    let entries: Vec<Entry> = titles
        .iter()
        .enumerate()
        .map(|(n, title)| Entry {
            title: (*title).to_owned(),
            published: published
                .get(n.min(published.len().max(1) - 1))
                .map(|text| at(text)),
            ..Entry::default()
        })
        .collect();
    Seen::of(entries.iter())
}

/// The words of all alarms at `now`, for a feed that answered then.
fn words(watch: Watch, now: Timestamp) -> Vec<(&'static str, Timestamp)> {
    let state = FeedState {
        last_ok_at: Some(now),
        last_new_at: Some(now),
        watch,
        ..FeedState::default()
    };
    let alarms = alarms(&state, added(), now);
    alarms
        .iter()
        .map(|alarm| (alarm.drift.as_str(), alarm.since))
        .collect()
}

const VIETNAMESE: [&str; 5] = [
    "Đảng bộ xã họp",
    "Giá lúa tăng",
    "Mưa lớn ở đầu nguồn",
    "Trường mới",
    "Chợ phiên",
];
const ENGLISH: [&str; 5] = [
    "Party cell meets",
    "Rice up",
    "Heavy rain",
    "New school",
    "Fair",
];
const SPREAD: [&str; 5] = [
    "2026-11-01T01:00:00Z",
    "2026-11-01T02:00:00Z",
    "2026-11-01T03:00:00Z",
    "2026-11-01T04:00:00Z",
    "2026-11-01T05:00:00Z",
];

#[test]
fn an_empty_feed_is_an_alarm_after_two_days_and_none_once_it_fills() {
    let start = at("2026-11-01T00:00:00Z");
    let nothing = items(&[], &[]);
    let empty = after(nothing, &[start, start + days(1)], Watch::default());
    assert_eq!(words(empty.clone(), start + days(1)), []);
    assert_eq!(words(empty.clone(), start + days(2)), [("empty", start)]);
    let filled = after(items(&VIETNAMESE, &SPREAD), &[start + days(3)], empty);
    assert_eq!(words(filled, start + days(3)), []);
}

#[test]
fn a_change_of_language_counts_where_the_feed_was_vietnamese() {
    let start = at("2026-11-01T00:00:00Z");
    let english = items(&ENGLISH, &SPREAD);
    let always = after(english, &[start, start + days(2)], Watch::default());
    assert_eq!(words(always, start + days(5)), []);
    let once = after(items(&VIETNAMESE, &SPREAD), &[start], Watch::default());
    let changed = after(english, &[start + days(1), start + days(2)], once);
    assert_eq!(
        words(changed, start + days(2)),
        [("other-language", start + days(1))]
    );
}

#[test]
fn one_date_on_every_item_is_the_file_s_own() {
    let start = at("2026-11-01T00:00:00Z");
    let same = items(&VIETNAMESE, &["2026-11-01T00:00:00Z"]);
    assert!(same.same_dates);
    let watch = after(same, &[start, start + days(1)], Watch::default());
    assert_eq!(words(watch, start + days(1)), [("same-dates", start)]);
    assert!(!items(&VIETNAMESE[..2], &["2026-11-01T00:00:00Z"]).same_dates);
    assert!(!items(&VIETNAMESE, &SPREAD).same_dates);
}

#[test]
fn an_address_that_leads_home_is_told_also_while_it_fails() {
    let start = at("2026-11-01T00:00:00Z");
    let front = fresh("https://bao.example/");
    let watch = observe(&feed(Watch::default()), &front, None, start);
    let state = FeedState {
        watch: watch.clone(),
        failing_since: Some(start),
        ..FeedState::default()
    };
    let found = alarms(&state, added(), start + days(1));
    assert_eq!(
        found,
        [Alarm {
            drift: Drift::HomePage,
            since: start
        }]
    );
    let back = observe(&feed(watch.clone()), &fresh(OWN), None, start + days(1));
    assert_eq!(back.home_since, None);
    // A 304 says nothing of where it came from.
    let same = FetchOutcome::NotModified(Unmodified::default());
    assert_eq!(
        observe(&feed(watch.clone()), &same, None, start + days(2)),
        watch
    );
}

#[test]
fn a_frozen_feed_is_one_silent_for_far_longer_than_usual() {
    let now = at("2026-11-30T00:00:00Z");
    let state = |gap_hours: i64, silent_days: i64| FeedState {
        last_ok_at: Some(now),
        last_new_at: Some(now - days(silent_days)),
        rhythm: Rhythm {
            hours: [1.0 / gap_hours as f32; 24],
            counted_to: Some(now - days(silent_days)),
        },
        ..FeedState::default()
    };
    let frozen = |state: &FeedState| {
        alarms(state, added(), now)
            .iter()
            .any(|alarm| alarm.drift == Drift::Frozen)
    };
    assert!(!frozen(&state(1, 6)));
    assert!(frozen(&state(1, 7)));
    // A section with an article in two days may be silent for longer.
    assert!(!frozen(&state(48, 15)));
    assert!(frozen(&state(48, 20)));
    let failing = FeedState {
        failing_since: Some(now - days(9)),
        ..state(1, 9)
    };
    assert!(!frozen(&failing));
    // Nor one that nobody could ask: the machine was off.
    let unasked = FeedState {
        last_ok_at: Some(now - days(9)),
        ..state(1, 9)
    };
    assert!(!frozen(&unasked));
    // Never an item since it was added, though it answers with old ones.
    let old = FeedState {
        last_ok_at: Some(now),
        ..FeedState::default()
    };
    assert!(frozen(&old));
}

#[test]
fn a_collapse_is_a_fall_below_a_fifth_of_three_weeks() {
    let start = at("2026-11-01T12:00:00Z");
    let run = |lately: usize| {
        let mut watch = Watch::default();
        for n in 0..31 {
            let new = match n {
                0 => 200, // what the feed held when it was added
                1..25 => 10,
                _ => lately,
            };
            watch.count(new, start + days(n));
            watch.count(0, start + days(n));
        }
        words(watch, start + days(30))
    };
    assert_eq!(run(10), []);
    assert_eq!(run(3), []);
    assert_eq!(run(1), [("collapsed", at("2026-11-26T00:00:00Z"))]);
    // Too young to know what is usual.
    let mut young = Watch::default();
    young.count(50, start + days(24));
    assert_eq!(words(young, start + days(30)), []);
}

#[test]
fn the_volume_forgets_and_stays_small() {
    let mut watch = Watch::default();
    for n in 0..400 {
        watch.count(5, added() + days(n));
    }
    assert!(watch.volume.len() <= 28, "{}", watch.volume.len());
}
