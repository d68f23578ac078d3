//! A feed's own hours: how often to ask it in each hour of the day, and the moments at which it is asked. Pure.
//!
//! Of a day's requests each hour gets a share that grows with what is published in it, though less than in proportion: the
//! square root would keep the mean delay of news smallest, but the busy hours are those before an edition. The moments are a lattice that lies elsewhere for each feed
//! and does not move: after a restart, an import or an outage every feed goes back to its own, and no crowd stays together.

use super::{HOUR, PaceLimits, later};
use crate::model::Rhythm;
use jiff::{SignedDuration, Timestamp};

/// What was published a week ago counts for a third of what was published now.
const MEMORY_DAYS: f64 = 7.0;
/// Of a first document the rate is read over at least so many days, and at most.
const FIRST_SPAN_DAYS: (f64, f64) = (1.0, 30.0);
/// Requests a day for each entry a day…
const POLLS_PER_ENTRY: f64 = 3.0;
/// …and in all, unless the longest interval wants more.
const POLLS_A_DAY: f64 = 60.0;
/// The share of an hour grows with this power of what is published in it.
const SHARE_POWER: f64 = 0.75;
/// The next moment is at least this part of an interval away: the lattice shifts a little when the rhythm is learned.
const LEAST_PART: f64 = 0.25;
/// No feed is asked more often an hour by its rhythm, whatever the limits allow.
const FASTEST_AN_HOUR: f64 = 60.0;

/// Requests a day by which a day's shares may miss its whole number: the lattice moves by less than a millisecond.
const NEAR_ENOUGH: f64 = 1e-9;

const DAY_S: f64 = 86_400.0;

/// Requests an hour in each hour of the day (UTC).
pub(super) type Density = [f64; 24];

/// Counts in publications newer than any seen before; whether there were some. Dates that lie in the future are not
/// believed.
pub(super) fn learn(rhythm: &mut Rhythm, published: &[Timestamp], now: Timestamp) -> bool {
    let known = rhythm.counted_to;
    let fresh = || {
        let past = published.iter().copied().filter(|t| *t <= now);
        past.filter(|t| known.is_none_or(|known| *t > known))
    };
    let Some(newest) = fresh().max() else {
        return false;
    };
    let weight = match known {
        None => {
            let oldest = fresh().min().unwrap_or(newest);
            let (shortest, longest) = FIRST_SPAN_DAYS;
            1.0 / days_between(oldest, now).clamp(shortest, longest)
        }
        Some(known) => {
            let faded = fading(known, newest);
            rhythm
                .hours
                .iter_mut()
                .for_each(|rate| *rate *= faded as f32);
            1.0 / MEMORY_DAYS
        }
    };
    for t in fresh() {
        rhythm.hours[hour_of(t)] += weight as f32;
    }
    rhythm.counted_to = Some(newest);
    true
}

/// How often to ask in each hour, so that the day has a whole number of requests: the lattice then fits day to day.
pub(super) fn density(rhythm: &Rhythm, limits: &PaceLimits, now: Timestamp) -> Density {
    let lowest = an_hour(limits.max_interval);
    let highest = an_hour(limits.min_interval).clamp(lowest, FASTEST_AN_HOUR.max(lowest));
    let Some(counted_to) = rhythm.counted_to else {
        return [an_hour(limits.default_interval).clamp(lowest, highest); 24];
    };
    let faded = fading(counted_to, now);
    let rates = rhythm.hours.map(|rate| f64::from(rate) * faded);
    let entries: f64 = rates.iter().sum();
    let wanted = (entries * POLLS_PER_ENTRY).min(POLLS_A_DAY).ceil();
    let (fewest, most) = ((24.0 * lowest).ceil(), (24.0 * highest).floor());
    if fewest >= most {
        return [lowest; 24];
    }
    let wanted = wanted.clamp(fewest, most);
    // Hours shade into one another: what is printed at 5:58 one day is printed at 6:02 the next.
    let around = |h: usize| rates[(h + 23) % 24] + 2.0 * rates[h] + rates[(h + 1) % 24];
    let weights: Density = std::array::from_fn(|h| around(h).max(0.0).powf(SHARE_POWER) + 1e-9);
    share_out(&weights, wanted, lowest, highest)
}

/// Shares `wanted` out by weight, each within its bounds.
fn share_out(weights: &Density, wanted: f64, lowest: f64, highest: f64) -> Density {
    let shares = |scale: f64| weights.map(|weight| (weight * scale).clamp(lowest, highest));
    // Halving the exponent: weights differ by many powers of two.
    let (mut low, mut high) = (-64.0_f64, 64.0_f64);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        let shared = shares(middle.exp2());
        let total: f64 = shared.iter().sum();
        if (total - wanted).abs() < NEAR_ENOUGH {
            return shared;
        }
        match total < wanted {
            true => low = middle,
            false => high = middle,
        }
    }
    shares(high.exp2())
}

/// The next moment of the feed's own lattice that is some part of an interval after `now` and not before `earliest`.
/// `place` in 0..1 says where the lattice lies.
pub(super) fn next_moment(
    density: &Density,
    place: f64,
    now: Timestamp,
    earliest: Timestamp,
) -> Timestamp {
    // Both count from the midnight before `now`.
    let after_part = (passed(density, now) + place + 1.0 - LEAST_PART).floor() + 1.0;
    let a_day: f64 = density.iter().sum();
    let not_before = (passed(density, earliest) + place).ceil() + days_from(now, earliest) * a_day;
    let target = after_part.max(not_before) - place;
    let seconds = seconds_to(density, target);
    let midnight = midnight_of(now);
    later(
        midnight,
        SignedDuration::from_millis((seconds * 1000.0) as i64),
    )
    .max(earliest)
}

/// Requests of the lattice between midnight (UTC) and `t`.
fn passed(density: &Density, t: Timestamp) -> f64 {
    let second = t.duration_since(midnight_of(t)).as_secs_f64();
    let hour = (second / 3600.0) as usize;
    let whole: f64 = density[..hour.min(24)].iter().sum();
    whole + density[hour.min(23)] * (second / 3600.0 - hour as f64)
}

/// Seconds after midnight at which so many requests of the lattice have passed; it may be on a later day.
fn seconds_to(density: &Density, requests: f64) -> f64 {
    let a_day: f64 = density.iter().sum();
    let days = (requests / a_day).floor();
    let mut left = requests - days * a_day;
    let mut seconds = days * DAY_S;
    for share in density {
        if left <= *share {
            return seconds + 3600.0 * left / share.max(f64::MIN_POSITIVE);
        }
        left -= share;
        seconds += 3600.0;
    }
    seconds
}

fn midnight_of(t: Timestamp) -> Timestamp {
    let second = t.as_second();
    Timestamp::from_second(second - second.rem_euclid(86_400)).unwrap_or(Timestamp::MIN)
}

/// Midnights between the two.
fn days_from(a: Timestamp, b: Timestamp) -> f64 {
    (b.as_second().div_euclid(86_400) - a.as_second().div_euclid(86_400)) as f64
}

fn days_between(a: Timestamp, b: Timestamp) -> f64 {
    b.duration_since(a).as_secs_f64() / DAY_S
}

/// What is left after the time from `a` to `b` of a rate that nothing feeds.
fn fading(a: Timestamp, b: Timestamp) -> f64 {
    (-days_between(a, b).max(0.0) / MEMORY_DAYS).exp()
}

fn hour_of(t: Timestamp) -> usize {
    usize::try_from(t.as_second().rem_euclid(86_400) / 3600).unwrap_or(0)
}

/// Requests an hour at this interval.
fn an_hour(interval: SignedDuration) -> f64 {
    HOUR.as_secs_f64() / interval.as_secs_f64().max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// `a_day` entries each day for two weeks, all in the hours of `hours` (UTC).
    fn paper(hours: std::ops::Range<i64>, a_day: i64) -> Rhythm {
        let mut rhythm = Rhythm::default();
        let first = at("2026-11-01T00:00:00Z").as_second();
        for day in 0..14 {
            let span = (hours.end - hours.start) * 3600;
            let published: Vec<Timestamp> = (0..a_day)
                .map(|n| {
                    let second = first + day * 86_400 + hours.start * 3600 + n * span / a_day;
                    Timestamp::from_second(second).unwrap()
                })
                .collect();
            let evening = Timestamp::from_second(first + (day + 1) * 86_400 - 1).unwrap();
            learn(&mut rhythm, &published, evening);
        }
        rhythm
    }

    fn now() -> Timestamp {
        at("2026-11-15T00:00:00Z")
    }

    #[test]
    fn rates_are_learned_and_fade() {
        let rhythm = paper(0..12, 24);
        let total: f32 = rhythm.hours.iter().sum();
        assert!((20.0..28.0).contains(&total), "{total} a day");
        assert!(rhythm.hours[12..].iter().all(|rate| *rate < 0.01));
        let mut same = rhythm.clone();
        assert!(!learn(&mut same, &[at("2026-11-01T05:00:00Z")], now()));
        assert!(!learn(&mut same, &[at("2027-11-01T05:00:00Z")], now()));
        assert_eq!(same, rhythm);
    }

    #[test]
    fn an_active_paper_is_asked_often_in_its_hours_and_seldom_at_night() {
        let limits = PaceLimits {
            min_interval: SignedDuration::from_mins(15),
            max_interval: SignedDuration::from_mins(180),
            ..PaceLimits::default()
        };
        // 5 to 22 o'clock in Viet Nam.
        let mut rhythm = paper(0..15, 40);
        rhythm.hours[22] = rhythm.hours[5];
        rhythm.hours[23] = rhythm.hours[5];
        let shares = density(&rhythm, &limits, now());
        let total: f64 = shares.iter().sum();
        assert!((total - 60.0).abs() < 1e-6, "{total} requests a day");
        assert!(shares[23] >= 3.0, "{shares:?}");
        assert!(shares[18] < 0.5, "{shares:?}");
        let asleep = density(&rhythm, &limits, at("2027-11-15T00:00:00Z"));
        let total: f64 = asleep.iter().sum();
        assert!((total - 8.0).abs() < 1e-6, "{total}");
    }

    #[test]
    fn the_lattice_stays_where_it_is_whenever_one_asks() {
        let density = density(&paper(0..15, 40), &PaceLimits::default(), now());
        let mut moments = vec![now()];
        for _ in 0..200 {
            let last = moments[moments.len() - 1];
            moments.push(next_moment(&density, 0.37, last, last));
        }
        // Asked in between, as after an outage, it goes back to the same moments.
        for late in 1..200 {
            let between = now() + SignedDuration::from_mins(7) * late;
            let next = next_moment(&density, 0.37, between, between);
            let apart = moments.iter().map(|m| m.duration_since(next).abs()).min();
            assert!(
                apart.unwrap() < SignedDuration::from_secs(1),
                "{next} is not of the lattice"
            );
        }
    }

    proptest! {
        #[test]
        fn a_day_has_a_whole_number_of_requests_within_the_bounds(
            hours in prop::array::uniform24(0.0_f32..20.0),
            min in 0_i64..60, more in 1_i64..400,
        ) {
            let limits = PaceLimits {
                min_interval: SignedDuration::from_mins(min),
                max_interval: SignedDuration::from_mins(min + more),
                ..PaceLimits::default()
            };
            let rhythm = Rhythm { hours, counted_to: Some(now()) };
            let shares = density(&rhythm, &limits, now());
            let total: f64 = shares.iter().sum();
            let lowest = an_hour(limits.max_interval);
            if shares != [lowest; 24] {
                prop_assert!((total - total.round()).abs() < 1e-6, "{total}");
            }
            for share in shares {
                prop_assert!(share >= lowest - 1e-9);
                prop_assert!(share <= an_hour(limits.min_interval).max(lowest) + 1e-9);
            }
        }

        #[test]
        fn the_next_moment_is_later_and_not_before_the_earliest(
            place in 0.0_f64..1.0, second in 0_i64..200_000, wait in 0_i64..1_000_000, hour in 0_usize..24,
        ) {
            let mut density = [0.4; 24];
            density[hour] = 3.0;
            let now = now() + SignedDuration::from_secs(second);
            let earliest = now + SignedDuration::from_secs(wait);
            let next = next_moment(&density, place, now, earliest);
            prop_assert!(next >= earliest);
            prop_assert!(next > now);
            prop_assert!(next <= earliest + SignedDuration::from_hours(4), "{next} after {earliest}");
        }
    }
}
