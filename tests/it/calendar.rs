//! A year of mornings with the shipped holidays, whatever zone the server is in.

use diembao::{
    config::{Days, Holidays},
    edition::window::{LastEdition, Plan, Schedule, due},
};
use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};
use std::{collections::BTreeMap, process::Command, sync::Arc};

/// The digests of an office, and how often each must have come out in 2026.
fn plans() -> BTreeMap<&'static str, (Plan, usize)> {
    // 2026 has 52 of each weekday and a Thursday more. T2-T7: 313 days, 17 of them holidays (1-3 January, 14 and 16-21
    // February, 27 and 30 April, 1 May, 29 and 31 August, 1 and 2 September); the Saturdays that are worked are T7
    // already.
    let digests = [
        ("hang-ngay", "T2-T7", 313 - 17),
        // 261 weekdays, 13 of them holidays (1, 2 January, 16-20 February, 27, 30 April, 1 May, 31 August, 1, 2
        // September), and the two Saturdays that are worked.
        ("cong-so", "T2-T6", 261 - 13 + 2),
        // 52 Mondays without 16 February, 27 April and 31 August.
        ("dau-tuan", "T2", 52 - 3),
    ];
    digests
        .into_iter()
        .map(|(name, days, count)| {
            let schedule = Schedule {
                time: time(6, 30, 0, 0),
                days: days.parse::<Days>().unwrap(),
                zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
                holidays: Arc::new(Holidays::builtin()),
            };
            let plan = Plan {
                digest: name.into(),
                schedule,
                since: at("2025-12-31T12:00"),
                last: None,
            };
            (name, (plan, count))
        })
        .collect()
}

fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().unwrap()
}

/// Looks every 20 minutes through 2026, with a machine that is off from 3 June, noon, to 7 June, noon.
fn year(plan: &mut Plan) -> Vec<(String, i64)> {
    let (off, on) = (at("2026-06-03T12:00"), at("2026-06-07T12:00"));
    let mut editions = Vec::new();
    let mut now = at("2026-01-01T00:00");
    while now < at("2027-01-01T00:00") {
        let asleep = off <= now && now < on;
        for due in due(std::slice::from_ref(plan), now)
            .into_iter()
            .filter(|_| !asleep)
        {
            let hours = due.covers.to.duration_since(due.covers.from).as_hours();
            if let Some(last) = &plan.last {
                assert_eq!(last.covers_to, due.covers.from, "no hour is left out");
            }
            plan.last = Some(LastEdition {
                slot: due.slot.clone(),
                covers_to: due.covers.to,
            });
            editions.push((due.slot, hours));
        }
        now += SignedDuration::from_mins(20);
    }
    editions
}

#[test]
fn the_right_editions_on_the_right_days() {
    for (name, (mut plan, count)) in plans() {
        let editions = year(&mut plan);
        let hours = |slot: &str| {
            editions
                .iter()
                .find(|(at, _)| at == slot)
                .map(|(_, hours)| *hours)
        };
        // The machine was off on 4, 5 and 6 June: Thursday, Friday, Saturday.
        let missed = match name {
            "hang-ngay" => 2,
            "cong-so" => 1,
            _ => 0,
        };
        assert_eq!(editions.len(), count - missed, "{name}");
        if name == "hang-ngay" {
            assert_eq!(hours("2026-02-17T06:30"), None, "Tết");
            assert_eq!(
                hours("2026-02-23T06:30"),
                Some(240),
                "the first morning after Tết"
            );
            assert_eq!(
                hours("2026-03-09T06:30"),
                Some(48),
                "a Monday covers the Sunday"
            );
            assert_eq!(
                hours("2026-06-06T06:30"),
                Some(101),
                "one edition for what was missed"
            );
            assert_eq!(
                hours("2026-06-08T06:30"),
                Some(18),
                "and the next begins where it ended"
            );
        }
    }
}

#[test]
fn the_servers_own_zone_changes_nothing() {
    for zone in ["UTC", "Asia/Ho_Chi_Minh", "America/New_York"] {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "calendar::the_right_editions_on_the_right_days"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(
            run.status.success() && told.contains("1 passed"),
            "{zone}: {told}"
        );
    }
}
