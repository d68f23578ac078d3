//! What a feed says about how often to come: `ttl`, `skipHours`, `skipDays`, and RSS 1.0's syndication module.

use super::document::RawHints;
use crate::model::PublisherHints;

/// No wish beyond a week is heard: a feed that asks for years has made a mistake.
const FRESH_MAX_S: u32 = 7 * 24 * 3600;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The hints as numbers; what is unreadable or would forbid every hour or day is left out.
pub(super) fn hints(raw: &RawHints<'_>) -> PublisherHints {
    let ttl = raw
        .ttl
        .as_deref()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map(|minutes| minutes.saturating_mul(60));
    let fresh = ttl
        .or_else(|| update_every(raw))
        .filter(|seconds| *seconds > 0);
    let hours = raw
        .skip_hours
        .iter()
        .filter_map(|text| text.trim().parse::<u8>().ok());
    // The RSS 0.91 specification counts to 24, RSS 2.0 from 0 to 23.
    let hours = hours.filter(|hour| *hour <= 24).map(|hour| hour % 24);
    let days = raw.skip_days.iter().filter_map(|text| day(text));
    PublisherHints {
        fresh_for_s: fresh.map(|seconds| seconds.min(FRESH_MAX_S)),
        skip_hours: some_of(hours, 24),
        skip_days: some_of(days, 7),
    }
}

/// Sorted, each once; nothing where all are named, for then the feed could never be read.
fn some_of(values: impl Iterator<Item = u8>, all: usize) -> Vec<u8> {
    let mut values: Vec<u8> = values.collect();
    values.sort_unstable();
    values.dedup();
    if values.len() >= all {
        values.clear();
    }
    values
}

fn day(text: &str) -> Option<u8> {
    let head = text.trim().get(..3)?.to_ascii_lowercase();
    let at = DAYS.iter().position(|day| *day == head)?;
    u8::try_from(at + 1).ok()
}

fn update_every(raw: &RawHints<'_>) -> Option<u32> {
    let period = match raw
        .update_period
        .as_deref()?
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "hourly" => 3600,
        "daily" => 24 * 3600,
        "weekly" => FRESH_MAX_S,
        "monthly" => 30 * 24 * 3600,
        "yearly" => 365 * 24 * 3600,
        _ => return None,
    };
    let times = raw
        .update_frequency
        .as_deref()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .unwrap_or(1);
    Some(period / times.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_heard_within_bounds() {
        let raw = RawHints {
            ttl: Some(" 45 ".into()),
            skip_hours: vec!["0".into(), "24".into(), "3".into(), "x".into(), "99".into()],
            skip_days: vec!["Sunday".into(), "saturday".into(), "Chủ nhật".into()],
            update_period: Some("hourly".into()),
            update_frequency: Some("2".into()),
        };
        let hints = hints(&raw);
        assert_eq!(hints.fresh_for_s, Some(2700));
        assert_eq!(hints.skip_hours, [0, 3]);
        assert_eq!(hints.skip_days, [6, 7]);
        let sy = RawHints {
            ttl: Some("bao lâu".into()),
            skip_hours: vec![],
            ..raw
        };
        assert_eq!(super::hints(&sy).fresh_for_s, Some(1800));
    }

    #[test]
    fn a_feed_that_forbids_everything_is_not_obeyed() {
        let raw = RawHints {
            ttl: Some("4000000000".into()),
            skip_hours: (0..24).map(|hour| hour.to_string().into()).collect(),
            ..RawHints::default()
        };
        assert_eq!(hints(&raw).fresh_for_s, Some(FRESH_MAX_S));
        assert!(hints(&raw).skip_hours.is_empty());
    }
}
