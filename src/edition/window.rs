//! When an edition is due and which hours it covers. Pure: the truth about what was already made comes in.
//!
//! Articles are cut on ingest numbers, by the caller in one transaction; the hours here are what is printed.

use crate::config::{Days, Holidays};
use crate::model::{DigestName, Span};
use jiff::{
    SignedDuration, Timestamp,
    civil::{self, Weekday},
    tz::TimeZone,
};
use std::sync::Arc;

/// A missed slot is made up for as long as this; older ones are gone, and no edition says it covers more.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far to look for the next or the previous slot: further than any holiday lasts.
const DAYS_SEARCHED: i64 = 45;

/// An edition composed within this of its slot says it covers the hours up to the slot; a later one says until when.
const ON_TIME: SignedDuration = SignedDuration::from_mins(15);

/// When a digest comes out: at a civil time on some days of the week in a named zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The civil time, such as 06:30.
    pub time: civil::Time,
    /// The days; with none, nothing is ever due.
    pub days: Days,
    /// The zone of `time`.
    pub zone: TimeZone,
    /// Days on which nothing is due, and days worked instead.
    pub holidays: Arc<Holidays>,
}

impl Schedule {
    /// The newest slot at or before `now`; `None` if there was none for a long time.
    pub fn last_slot(&self, now: Timestamp) -> Option<Slot> {
        let today = now.to_zoned(self.zone.clone()).date();
        (0..=DAYS_SEARCHED)
            .filter_map(|back| {
                today
                    .checked_sub(SignedDuration::from_hours(24 * back))
                    .ok()
            })
            .filter_map(|date| self.slot_on(date))
            .find(|slot| slot.at <= now)
    }

    /// The first slot after `now`: for `status`. `None` without days.
    pub fn next_slot(&self, now: Timestamp) -> Option<Slot> {
        let today = now.to_zoned(self.zone.clone()).date();
        (0..=DAYS_SEARCHED)
            .filter_map(|ahead| {
                today
                    .checked_add(SignedDuration::from_hours(24 * ahead))
                    .ok()
            })
            .filter_map(|date| self.slot_on(date))
            .find(|slot| slot.at > now)
    }

    fn slot_on(&self, date: civil::Date) -> Option<Slot> {
        self.appears_on(date)
            .then(|| self.appointment(date))
            .flatten()
    }

    /// Whether an edition is promised for `date`. A weekend day that is worked counts as one of the week for what
    /// appears on all of them.
    fn appears_on(&self, date: civil::Date) -> bool {
        let workdays = Weekday::Monday.cycle_forward().take(5);
        let ordinary = self.days.contains(date.weekday()) && !self.holidays.is_closed(date);
        ordinary || self.holidays.is_worked(date) && self.days.contains_all(workdays)
    }

    /// The slot of a date, whatever its day of the week: for an edition that an admin asks for. `None` at the ends of
    /// the calendar.
    pub fn appointment(&self, date: civil::Date) -> Option<Slot> {
        let civil = date.to_datetime(self.time);
        // A time that a zone skips or has twice is taken once, as jiff's "compatible" rule says.
        let at = self.zone.to_zoned(civil).ok()?.timestamp();
        Some(Slot {
            text: civil.strftime("%Y-%m-%dT%H:%M").to_string(),
            at,
        })
    }
}

/// One appointment of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// `YYYY-MM-DDTHH:MM`, civil: with the digest, an edition's identity.
    pub text: String,
    /// The instant.
    pub at: Timestamp,
}

/// What is known of a digest when asking what is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which digest.
    pub digest: DigestName,
    /// When it comes out.
    pub schedule: Schedule,
    /// Since when it is configured here: slots before that were never promised.
    pub since: Timestamp,
    /// Its last edition.
    pub last: Option<LastEdition>,
}

/// The last edition of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEdition {
    /// Its slot.
    pub slot: String,
    /// Where the hours it covers end.
    pub covers_to: Timestamp,
}

/// An edition to be composed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of which digest.
    pub digest: DigestName,
    /// For which slot.
    pub slot: String,
    /// Which hours it covers: from the end of the edition before, at most a week.
    pub covers: Span,
}

/// What is due at `now`, at most one edition a digest: several missed slots become one that covers all their hours.
pub fn due(plans: &[Plan], now: Timestamp) -> Vec<Due> {
    plans.iter().filter_map(|plan| due_of(plan, now)).collect()
}

fn due_of(plan: &Plan, now: Timestamp) -> Option<Due> {
    let slot = plan.schedule.last_slot(now)?;
    if slot.at < plan.since || slot.at < now.saturating_sub(LOOK_BACK).ok()? {
        return None;
    }
    // Slot texts sort as times do. "At least" also holds after the clock or the zone was set back.
    if plan
        .last
        .as_ref()
        .is_some_and(|last| last.slot >= slot.text)
    {
        return None;
    }
    let covers = covers(plan, &slot, now)?;
    Some(Due {
        digest: plan.digest.clone(),
        slot: slot.text,
        covers,
    })
}

/// The hours of the edition for `slot` composed at `now`; for a preview too.
pub fn covers(plan: &Plan, slot: &Slot, now: Timestamp) -> Option<Span> {
    let punctual = now.duration_since(slot.at) <= ON_TIME;
    let to = if punctual {
        slot.at.min(now)
    } else {
        whole_minute(now)
    };
    let week_ago = to.saturating_sub(LOOK_BACK).ok()?;
    let before = slot.at.saturating_sub(SignedDuration::from_secs(1)).ok()?;
    let previous = plan
        .schedule
        .last_slot(before)
        .map_or(week_ago, |previous| previous.at);
    let from = match &plan.last {
        // A holiday may be longer than the look-back.
        Some(last) => last.covers_to.max(week_ago.min(previous)),
        None => previous.max(week_ago),
    };
    Some(Span {
        from: from.min(to),
        to,
    })
}

fn whole_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+07:00").parse().unwrap()
    }

    fn plan(days: &str, last: Option<(&str, &str)>) -> Plan {
        Plan {
            digest: "hang-ngay".into(),
            schedule: Schedule {
                time: civil::time(6, 30, 0, 0),
                days: days.parse().unwrap(),
                zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
                holidays: Arc::default(),
            },
            since: at("2026-01-01T00:00"),
            last: last.map(|(slot, to)| LastEdition {
                slot: slot.into(),
                covers_to: at(to),
            }),
        }
    }

    fn one(plan: &Plan, now: &str) -> Option<(String, String, String)> {
        let zone = plan.schedule.zone.clone();
        let print = |t: Timestamp| t.to_zoned(zone.clone()).strftime("%m-%dT%H:%M").to_string();
        due(std::slice::from_ref(plan), at(now))
            .pop()
            .map(|d| (d.slot, print(d.covers.from), print(d.covers.to)))
    }

    fn expected(slot: &str, from: &str, to: &str) -> Option<(String, String, String)> {
        Some((slot.into(), from.into(), to.into()))
    }

    #[test]
    fn an_edition_is_due_from_its_minute_on_and_once() {
        let daily = plan("T2-CN", Some(("2026-11-22T06:30", "2026-11-22T06:30")));
        assert_eq!(one(&daily, "2026-11-23T06:29"), None);
        let due = expected("2026-11-23T06:30", "11-22T06:30", "11-23T06:30");
        assert_eq!(one(&daily, "2026-11-23T06:30"), due);
        assert_eq!(one(&daily, "2026-11-23T06:31"), due);
        let made = plan("T2-CN", Some(("2026-11-23T06:30", "2026-11-23T06:30")));
        assert_eq!(one(&made, "2026-11-23T23:00"), None);
    }

    #[test]
    fn the_first_edition_goes_back_to_the_slot_before() {
        assert_eq!(
            one(&plan("T2-T7", None), "2026-11-23T06:31"),
            expected("2026-11-23T06:30", "11-21T06:30", "11-23T06:30")
        );
        let mut fresh = plan("T2-T7", None);
        fresh.since = at("2026-11-23T09:00");
        assert_eq!(
            one(&fresh, "2026-11-23T09:30"),
            None,
            "a slot before the digest existed"
        );
    }

    #[test]
    fn missed_slots_become_one_edition_that_says_its_hours() {
        let down = plan("T2-CN", Some(("2026-11-19T06:30", "2026-11-19T06:30")));
        assert_eq!(
            one(&down, "2026-11-23T09:12"),
            expected("2026-11-23T06:30", "11-19T06:30", "11-23T09:12")
        );
        let long = plan("T2-CN", Some(("2026-10-01T06:30", "2026-10-01T06:30")));
        assert_eq!(
            one(&long, "2026-11-23T06:31"),
            expected("2026-11-23T06:30", "11-16T06:30", "11-23T06:30")
        );
    }

    #[test]
    fn holidays_have_no_edition_and_the_next_one_covers_them() {
        let mut tet = plan("T2-T7", Some(("2026-02-13T06:30", "2026-02-13T06:30")));
        tet.schedule.holidays = Arc::new(Holidays::builtin());
        assert_eq!(one(&tet, "2026-02-21T09:00"), None);
        assert_eq!(
            one(&tet, "2026-02-23T06:30"),
            expected("2026-02-23T06:30", "02-13T06:30", "02-23T06:30"),
            "ten days, longer than the look-back"
        );
        let next = tet.schedule.next_slot(at("2026-02-13T06:31")).unwrap();
        assert_eq!(next.text, "2026-02-23T06:30");
        // Saturday 22 August is worked instead of Monday the 31st.
        let mut weekdays = plan("T2-T6", Some(("2026-08-21T06:30", "2026-08-21T06:30")));
        weekdays.schedule.holidays = Arc::new(Holidays::builtin());
        assert!(one(&weekdays, "2026-08-22T06:30").is_some());
        weekdays.schedule.days = "T2,T4".parse().unwrap();
        let next = weekdays.schedule.next_slot(at("2026-08-21T12:00")).unwrap();
        assert_eq!(next.text, "2026-08-24T06:30");
    }

    #[test]
    fn a_skipped_hour_still_has_its_slot() {
        let mut berlin = plan("T2-CN", None);
        berlin.schedule.zone = TimeZone::get("Europe/Berlin").unwrap();
        berlin.schedule.time = civil::time(2, 30, 0, 0);
        let now: Timestamp = "2026-03-29T04:00:00Z".parse().unwrap();
        assert_eq!(due(&[berlin], now)[0].slot, "2026-03-29T02:30");
    }

    #[test]
    fn status_knows_the_next_slot() {
        let weekdays = plan("T2-T6", None).schedule;
        assert_eq!(
            weekdays.next_slot(at("2026-11-20T06:30")).unwrap().text,
            "2026-11-23T06:30"
        );
        assert_eq!(
            plan("T2-CN", None)
                .schedule
                .next_slot(at("2026-11-23T06:29"))
                .unwrap()
                .text,
            "2026-11-23T06:30"
        );
    }

    proptest::proptest! {
        /// Whenever the daemon happens to look, the hours of its editions follow one another without gap or overlap.
        #[test]
        fn windows_partition_time(steps in proptest::collection::vec(1u32..3000, 1..60), days in 1u8..128) {
            let mut plan = plan("T2-CN", None);
            let named = Weekday::Monday.cycle_forward().take(7).enumerate();
            plan.schedule.days = Days::new(named.filter(|(n, _)| days & (1 << n) != 0).map(|(_, day)| day));
            let mut now = at("2026-11-01T00:00");
            let mut end = None;
            for minutes in steps {
                now += SignedDuration::from_mins(i64::from(minutes));
                for due in due(std::slice::from_ref(&plan), now) {
                    proptest::prop_assert!(due.covers.from <= due.covers.to && due.covers.to <= now);
                    if let Some(end) = end {
                        let gap = due.covers.to.duration_since(end) > LOOK_BACK;
                        proptest::prop_assert!(due.covers.from == end || gap);
                    }
                    end = Some(due.covers.to);
                    plan.last = Some(LastEdition { slot: due.slot, covers_to: due.covers.to });
                }
                proptest::prop_assert!(due(std::slice::from_ref(&plan), now).is_empty());
            }
        }
    }
}
