//! A year of mornings with the shipped holidays, whatever zone the server is in.

use diembao::{
    config::{self, Days, Env, Holidays},
    daemon::{
        clock::Clock,
        desk,
        works::{Setup, Works},
    },
    edition::window::{LastEdition, Plan, Schedule, due},
    store::Store,
    text::fold::fold,
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, time},
    tz::TimeZone,
};
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

/// The days of 2026 on which the real desk made an edition between `from` and `to`, looking in three times a day: a minute
/// before and after the digest's time, and at noon.
async fn desk_days(from: Date, to: Date) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("diembao.toml");
    let text = "[daemon]\ndata_dir = \"data\"\n[[digest]]\nname = \"cong-so\"\nat = \"06:30\"\ndays = \"T2-T6\"\n";
    std::fs::write(&file, text).unwrap();
    let config = config::load_with(Some(&file), Env(&|_| None)).unwrap();
    let setup = Arc::new(Setup::new(config, None).unwrap());
    let store = Store::open(&dir.path().join("data"), fold).unwrap();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let mut days = Vec::new();
    let mut day = from;
    while day < to {
        for (hour, minute) in [(6, 29), (6, 31), (12, 0)] {
            let now = zone.to_timestamp(day.at(hour, minute, 0, 0)).unwrap();
            let (_, setup) = tokio::sync::watch::channel(Arc::clone(&setup));
            let works = Works::new(store.clone(), Clock::Fixed(now), setup);
            for made in desk::compose_due(&works).await.unwrap() {
                let covers = made.edition.window.covers;
                let hours = covers.to.duration_since(covers.from).as_hours();
                days.push(format!("{} {hours}h", made.edition.date.strftime("%d/%m")));
            }
        }
        day = day.tomorrow().unwrap();
    }
    days
}

#[tokio::test]
async fn the_real_desk_keeps_the_calendar() {
    let days = desk_days(Date::constant(2026, 2, 9), Date::constant(2026, 3, 3)).await;
    // Tết is from 14 to 22 February.
    assert_eq!(
        days,
        [
            "09/02 72h",
            "10/02 24h",
            "11/02 24h",
            "12/02 24h",
            "13/02 24h",
            "23/02 240h",
            "24/02 24h",
            "25/02 24h",
            "26/02 24h",
            "27/02 24h",
            "02/03 72h",
        ]
    );
    if std::env::var_os("WHOLE_YEAR").is_some() {
        let days = desk_days(Date::constant(2025, 12, 31), Date::constant(2027, 1, 1)).await;
        // The first is that of 31 December 2025.
        assert_eq!(days.len() - 1, 261 - 13 + 2, "{days:?}");
        assert!(
            days.contains(&"22/08 24h".to_owned()),
            "a Saturday that is worked"
        );
    }
}

#[test]
fn the_servers_own_zone_changes_nothing() {
    for zone in ["UTC", "Asia/Ho_Chi_Minh", "America/New_York"] {
        let run = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "calendar::the_right_editions_on_the_right_days",
                "calendar::the_real_desk_keeps_the_calendar",
            ])
            .env("TZ", zone)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(
            run.status.success() && told.contains("2 passed"),
            "{zone}: {told}"
        );
    }
}
