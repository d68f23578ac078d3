//! A feed that answers 200 and is of no use any more: empty, frozen, thinned out, turned into something else. Pure.
//!
//! [`observe`] notes what a poll saw, the store adds how much was new, [`alarms`] judges the whole at any time. A
//! scraper that finds nothing must say so, not "0 new" for ever.

use crate::model::{
    Alarm, Drift, Entry, FailureKind, Feed, FeedState, FetchOutcome, Rhythm, Watch,
};
use crate::store::FeedRow;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use url::Url;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// So long an empty document may be a quiet weekend.
const EMPTY: SignedDuration = SignedDuration::from_hours(2 * 24);
/// What was seen of language, dates or home page counts when it has held for so long.
const SETTLED: SignedDuration = SignedDuration::from_hours(24);
/// No feed is called frozen before.
const FROZEN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Nor before so many of its usual gaps have gone by.
const FROZEN_GAPS: i32 = 10;
/// The days whose volume is compared with that of those before.
const LATELY: i32 = 5;
/// The days before, which tell what is usual.
const BEFORE: i32 = Watch::DAYS - LATELY;
/// New entries a day from which a fall means something.
const STEADY: u32 = 3;
/// Items from which their dates or languages say something of the feed.
const SAMPLE: usize = 5;

/// What one poll saw of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Items in the document.
    pub items: usize,
    /// Of them, how many carry a headline.
    pub titled: usize,
    /// Of those, how many are written in Vietnamese.
    pub vietnamese: usize,
    /// Whether all of several dated items carry the same date.
    pub same_dates: bool,
}

impl Seen {
    /// What the entries of a document say.
    pub fn of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut dates = HashSet::new();
        let mut seen = Self {
            items: 0,
            titled: 0,
            vietnamese: 0,
            same_dates: false,
        };
        let mut dated = 0;
        for entry in entries {
            seen.items += 1;
            seen.titled += usize::from(!entry.title.is_empty());
            seen.vietnamese += usize::from(is_vietnamese(&entry.title));
            if let Some(at) = entry.published.or(entry.updated) {
                dated += 1;
                dates.insert(at);
            }
        }
        seen.same_dates = dated >= SAMPLE && dates.len() == 1;
        seen
    }
}

/// Letters that no other language has in this number: đ, ơ, ư, and vowels with two marks.
fn is_vietnamese(title: &str) -> bool {
    title.chars().any(|c| {
        matches!(c, 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | 'ă' | 'Ă')
            || ('\u{1ea0}'..='\u{1ef9}').contains(&c)
    })
}

/// Whether an answer came from a site's front although another address was asked.
pub fn is_home(asked: &Url, came_from: &Url) -> bool {
    let front = |url: &Url| url.path().trim_matches('/').is_empty() && url.query().is_none();
    front(came_from) && !front(asked)
}

/// What to remember after a poll at `now`. `seen` is `None` where no items were read: a failure, or bytes known before.
pub fn observe(feed: &Feed, outcome: &FetchOutcome, seen: Option<Seen>, now: Timestamp) -> Watch {
    let mut watch = feed.state.watch.clone();
    let mark = |since: &mut Option<Timestamp>, holds: bool| {
        *since = holds.then(|| since.unwrap_or(now));
    };
    if let FetchOutcome::Fresh(fetched) = outcome {
        mark(
            &mut watch.home_since,
            is_home(&feed.url, &fetched.final_url),
        );
    }
    let Some(seen) = seen else { return watch };
    mark(&mut watch.empty_since, seen.items == 0);
    if seen.items > 0 {
        mark(&mut watch.same_dates_since, seen.same_dates);
    }
    if seen.titled >= SAMPLE {
        let share = |part: usize, of: usize| part * 100 / of;
        let percent = share(seen.vietnamese, seen.titled);
        watch.vietnamese |= percent >= 70;
        mark(&mut watch.foreign_since, watch.vietnamese && percent < 20);
    }
    watch
}

/// Every drift of a feed at `now`, the worst first. A feed that fails is not judged: it says itself what is wrong.
///
/// `added_at` is when it was configured: what is younger has no history.
pub fn alarms(state: &FeedState, added_at: Timestamp, now: Timestamp) -> Vec<Alarm> {
    let mut found = Vec::new();
    let watch = &state.watch;
    let held = |since: Option<Timestamp>, for_long: SignedDuration| {
        since.filter(|at| now.duration_since(*at) >= for_long)
    };
    let mut raise = |drift, since: Option<Timestamp>| {
        found.extend(since.map(|since| Alarm { drift, since }));
    };
    raise(Drift::HomePage, held(watch.home_since, SETTLED));
    if state.failing_since.is_none() && state.retired_at.is_none() {
        raise(Drift::Empty, held(watch.empty_since, EMPTY));
        raise(Drift::OtherLanguage, held(watch.foreign_since, SETTLED));
        raise(Drift::SameDates, held(watch.same_dates_since, SETTLED));
        if watch.empty_since.is_none() {
            let frozen = frozen(state, added_at, now);
            raise(Drift::Frozen, frozen);
            if frozen.is_none() {
                raise(Drift::Collapsed, collapsed(watch, now));
            }
        }
    }
    found.sort_by_key(|alarm| alarm.drift);
    found
}

/// What is wrong with a feed that is polled, in Vietnamese, and since when: it fails, or it answers and has drifted.
pub fn trouble(row: &FeedRow, now: Timestamp) -> Option<(&'static str, Timestamp)> {
    let state = &row.feed.state;
    if !row.enabled {
        return None;
    }
    if let Some(at) = state.retired_at {
        return Some((FailureKind::Gone.in_vietnamese(), at));
    }
    let alarms = alarms(state, row.feed.added_at, now);
    let home = alarms.iter().find(|alarm| alarm.drift == Drift::HomePage);
    let drifted = home
        .or(alarms.first())
        .map(|alarm| (alarm.drift.in_vietnamese(), alarm.since));
    match (state.failing_since, &state.failure) {
        (Some(since), Some(failure)) if home.is_none() => {
            Some((failure.kind.in_vietnamese(), since))
        }
        _ => drifted,
    }
}

/// Since when nothing new has come, where that is far longer than usual although the feed is asked and answers.
fn frozen(state: &FeedState, added_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let newest = state.rhythm.counted_to;
    let since = state
        .last_new_at
        .unwrap_or(added_at)
        .max(newest.unwrap_or(added_at).min(now));
    let usual = usual_gap(&state.rhythm).unwrap_or(DAY);
    let patience = FROZEN.max(usual.saturating_mul(FROZEN_GAPS));
    let answers = state
        .last_ok_at
        .is_some_and(|at| now.duration_since(at) < DAY * 2);
    (answers && now.duration_since(since) >= patience).then_some(since)
}

/// The mean time between two publications, as long as it published; `None` where nothing is known.
fn usual_gap(rhythm: &Rhythm) -> Option<SignedDuration> {
    let a_day: f32 = rhythm.hours.iter().sum();
    let gap = DAY.as_secs_f64() / f64::from(a_day);
    // As large as a number may be, a gap of a hundred years is as good as any.
    (a_day > 0.0).then(|| SignedDuration::from_secs(gap.min(3.2e9) as i64))
}

/// The day on which the volume fell to less than a fifth of what three weeks before had made usual.
fn collapsed(watch: &Watch, now: Timestamp) -> Option<Timestamp> {
    let today = Watch::day(now);
    let sum = |from: i32, to: i32| -> u32 {
        let within = watch
            .volume
            .iter()
            .filter(|(day, _)| (from..to).contains(day));
        within.map(|(_, count)| *count).sum()
    };
    let (start, lately) = (today - LATELY - BEFORE, today - LATELY);
    let known = watch
        .volume
        .first()
        .is_some_and(|(first, _)| *first <= start + 7);
    // The first day of all brings what the feed held before: it is no measure.
    let first = watch
        .volume
        .first()
        .map_or(start, |(first, _)| first + 1)
        .max(start);
    let days = u32::try_from(lately - first)
        .ok()
        .filter(|days| *days > 0)?;
    let (usual, now_sum) = (sum(first, lately), sum(lately, today));
    let fell = now_sum * days * 5 < usual * LATELY.unsigned_abs();
    (known && usual >= STEADY * days && fell)
        .then(|| Timestamp::from_second(i64::from(lately) * DAY.as_secs()).ok())
        .flatten()
}

#[cfg(test)]
mod tests;
