//! When hubs are asked: for the first time, again, and before a lease ends. Pure.

use jiff::{SignedDuration, Timestamp};

/// Asked for; hubs commonly give what is asked, up to ten days or so.
pub(super) const LEASE: SignedDuration = SignedDuration::from_hours(10 * 24);
/// No lease is believed to last longer: a hub that forgets us is found out by then.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// From one request for a feed to the next, whatever its documents name: a feed cannot use us to flood anybody.
pub const GAP: SignedDuration = SignedDuration::from_hours(24);
/// Between requests that come to nothing, in the end. Also after a hub's no.
pub(super) const SELDOM: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A hub may take its time to verify; after that it verifies nothing.
pub(super) const VERIFY_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// When to ask again if nothing is heard, after so many requests in vain.
pub(super) fn again(tries: u32, now: Timestamp) -> Timestamp {
    let pause = GAP.checked_mul(1 << tries.min(3)).unwrap_or(SELDOM);
    later(now, pause.min(SELDOM))
}

/// When a lease of so many seconds that begins now ends, and when it is to be renewed: with a fifth left, for a second try.
/// One that is shorter than [`GAP`] ends before it may be renewed; until then the polls have to do.
pub(super) fn granted(seconds: Option<i64>, now: Timestamp) -> (Timestamp, Timestamp) {
    let lease = seconds.map_or(LEASE, SignedDuration::from_secs);
    let lease = lease.clamp(SignedDuration::ZERO, LONGEST);
    (later(now, lease), later(now, (lease / 5 * 4).max(GAP)))
}

pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_vain_become_rare_and_none_follows_within_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let hours =
            [0, 1, 2, 3, 4, 100].map(|tries| again(tries, now).duration_since(now).as_hours());
        assert_eq!(hours, [24, 48, 96, 168, 168, 168]);
    }

    #[test]
    fn leases_are_renewed_before_they_end_and_absurd_ones_are_not_believed() {
        let now = Timestamp::UNIX_EPOCH;
        let hours = |seconds: Option<i64>| {
            let (ends, renewed) = granted(seconds, now);
            (
                ends.duration_since(now).as_hours(),
                renewed.duration_since(now).as_hours(),
            )
        };
        assert_eq!(hours(Some(864_000)), (240, 192));
        assert_eq!(hours(None), (240, 192));
        assert_eq!(hours(Some(3600)), (1, 24));
        assert_eq!(hours(Some(-5)), (0, 24));
        assert_eq!(hours(Some(i64::MAX)), (720, 576));
    }
}
