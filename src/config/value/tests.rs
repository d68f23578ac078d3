use super::*;
use proptest::prelude::*;

#[test]
fn durations() {
    for (text, seconds) in [
        ("15m", Some(900.0)),
        ("90s", Some(90.0)),
        ("1h30m", Some(5_400.0)),
        ("1h 30m", Some(5_400.0)),
        ("7d", Some(604_800.0)),
        ("100ms", Some(0.1)),
        ("0s", Some(0.0)),
        ("15", None),
        ("m", None),
        ("", None),
        ("-5m", None),
        ("1.5h", None),
        ("15 phút", None),
        ("99999999999999999999d", None),
        ("4000d", None),
    ] {
        let read = duration(text).ok().map(|d| d.as_secs_f64());
        assert_eq!(read, seconds, "{text}");
    }
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("10MiB", Some(10 << 20)),
        ("512KiB", Some(512 << 10)),
        ("2 MB", Some(2_000_000)),
        ("7B", Some(7)),
        ("10", None),
        ("10Mb", None),
        ("10MiB5", None),
        ("18446744073709551615GiB", None),
    ] {
        assert_eq!(size(text).ok(), bytes, "{text}");
    }
}

#[test]
fn times_of_day() {
    for (text, hour_minute) in [
        ("06:30", Some((6, 30))),
        ("6h30", Some((6, 30))),
        ("23:59", Some((23, 59))),
        ("24:00", None),
        ("6:3", None),
        ("06:30:00", None),
        ("+6:30", None),
        ("sáng", None),
    ] {
        let read = time_of_day(text).ok().map(|t| (t.hour(), t.minute()));
        assert_eq!(read, hour_minute, "{text}");
    }
}

#[test]
fn days_of_the_week() {
    for (text, printed) in [
        ("T2-T7", "T2-T7"),
        ("T2,T4, cn", "T2, T4, CN"),
        ("T7-T2", "T2, T7, CN"),
        ("T2-CN", "T2-CN"),
        ("T5", "T5"),
        ("T2-T3", "T2, T3"),
    ] {
        let read = days(text).map(|d| d.to_string());
        assert_eq!(read.ok().as_deref(), Some(printed), "{text}");
    }
    for text in ["T8", "T1", "", "T2-", "Mon-Fri", "T2-T4-T6"] {
        assert!(days(text).is_err(), "{text}");
    }
    let week = days("T2-T6").unwrap();
    assert!(week.contains(Weekday::Monday) && !week.contains(Weekday::Sunday));
}

#[test]
fn keys() {
    assert_eq!(key("an-giang").unwrap(), "an-giang");
    let wrong = key("Báo Đắk Lắk").unwrap_err();
    assert!(wrong.how.en.contains("bao-dak-lak"), "{wrong:?}");
}

proptest! {
    #[test]
    fn no_reader_panics(text in "\\PC{0,40}|[0-9TCN:hms,/.@<> -]{0,24}") {
        let _ = (duration(&text), size(&text), time_of_day(&text), days(&text));
        let _ = (key(&text), line(&text), time_zone(&text));
    }

    #[test]
    fn durations_add_up(hours in 0u64..1000, minutes in 0u64..600, millis in 0u64..9000) {
        let read = duration(&format!("{hours}h{minutes}m{millis}ms"));
        let due = Duration::from_millis((hours * 60 + minutes) * 60_000 + millis);
        prop_assert_eq!(read.ok(), Some(due));
    }

    #[test]
    fn days_read_back_as_printed(bits in 1u8..128) {
        let some = Days(bits);
        prop_assert_eq!(days(&some.to_string()), Ok(some));
    }

    #[test]
    fn every_suggested_key_is_a_key(text in "\\PC{1,80}") {
        if let Err(wrong) = key(&text) {
            let offered = wrong.how.en.split('"').nth(1).unwrap_or_default().to_owned();
            prop_assert!(key(&offered).is_ok(), "{}", offered);
        }
    }
}
