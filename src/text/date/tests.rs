use super::*;
use proptest::prelude::*;

fn utc(text: &str, order: Option<Order>) -> Option<String> {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    parse(text, order)?.instant(&zone).map(|at| at.to_string())
}

#[test]
fn every_printed_form_is_read() {
    for (text, wanted) in [
        ("Mon, 14 Sep 2026 08:30:00 +0700", "2026-09-14T01:30:00Z"),
        ("Mon, 14 Sep 26 08:30:00 +0700", "2026-09-14T01:30:00Z"),
        ("Mon, 14 Sep 2026 08:30:00 GMT+7", "2026-09-14T01:30:00Z"),
        ("Mon, 14 Sep 2026 08:30:00 gMt + 7", "2026-09-14T01:30:00Z"),
        ("Mon, 14 Sep 2026 08:30:00 GMT", "2026-09-14T08:30:00Z"),
        ("Mon, 14 Sep 2026 08:30:00 EST", "2026-09-14T13:30:00Z"),
        ("Mon, 14 Sep 2026 08:30:00", "2026-09-14T01:30:00Z"),
        ("Monday, 14-Sep-26 08:30:00 UTC", "2026-09-14T08:30:00Z"),
        ("Mon Sep 14 08:30:00 2026", "2026-09-14T01:30:00Z"),
        ("Mon Sep 14 08:30:00 +0000 2026", "2026-09-14T08:30:00Z"),
        ("9/14/2026 6:44:00 PM", "2026-09-14T11:44:00Z"),
        ("9/4/2026 6:44:00\u{202f}PM", "2026-09-04T11:44:00Z"),
        ("9/4/2026 12:44:00 a.m.", "2026-09-03T17:44:00Z"),
        ("4/9/2026 6:44:00 CH", "2026-09-04T11:44:00Z"),
        ("4/9/2026 6:44:00 SA", "2026-09-03T23:44:00Z"),
        ("2026-09-14T08:30:00 +07:00", "2026-09-14T01:30:00Z"),
        ("2026-09-14T08:30:00.123+07", "2026-09-14T01:30:00Z"),
        ("2026-09-14T08:30:00Z", "2026-09-14T08:30:00Z"),
        ("2026-09-14 08:30:00", "2026-09-14T01:30:00Z"),
        ("2026-09-14T24:00:00", "2026-09-14T17:00:00Z"),
        ("2026-09-14T08:30:60+07:00", "2026-09-14T01:30:59Z"),
        ("2026-09-14", "2026-09-13T17:00:00Z"),
        ("20260914083000", "2026-09-14T01:30:00Z"),
        ("20260914T083000", "2026-09-14T01:30:00Z"),
        ("2026-257", "2026-09-13T17:00:00Z"),
        ("1789349400", "2026-09-14T01:30:00Z"),
        ("1789349400000", "2026-09-14T01:30:00Z"),
        ("Thứ Hai, 14/09/2026, 08:30 (GMT+7)", "2026-09-14T01:30:00Z"),
        ("Thứ 2, 14/09/2026 08:30:00 GMT+7", "2026-09-14T01:30:00Z"),
        ("T2, 14/09/2026 08:30", "2026-09-14T01:30:00Z"),
        ("Chủ nhật, ngày 13-09-2026", "2026-09-12T17:00:00Z"),
        ("08:30 14/09/2026", "2026-09-14T01:30:00Z"),
        ("08:30 | 04/09/2026", "2026-09-04T01:30:00Z"),
        ("08:30 - 14/9/2026", "2026-09-14T01:30:00Z"),
        ("14/09/2026 - 08h30", "2026-09-14T01:30:00Z"),
        ("14.09.2026, 8 giờ 30", "2026-09-14T01:30:00Z"),
        ("ngày 14 tháng 9 năm 2026", "2026-09-13T17:00:00Z"),
        ("14 tháng Mười Hai, 2026 08:30", "2026-12-14T01:30:00Z"),
        ("14 thg 9, 2026", "2026-09-13T17:00:00Z"),
        ("September 14, 2026, 8:30 am", "2026-09-14T01:30:00Z"),
        (
            "Mon, 14 Sep 2026 08:30:00 Asia/Ho_Chi_Minh",
            "2026-09-14T01:30:00Z",
        ),
    ] {
        assert_eq!(utc(text, None).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "mới cập nhật",
        "5 phút trước",
        "0000-00-00 00:00:00",
        "1/1/0001 12:00:00 AM",
        "31/02/2026",
        "99999-01-01",
        "2026-13-40",
        "28/10",
        "25:61 14/09/2026",
        "99999999999999999999999999",
        "+07:00",
        "::::",
        "T",
        "GMT+7",
    ] {
        assert_eq!(utc(text, None), None, "{text}");
    }
    assert_eq!(utc(&"1 ".repeat(200), None), None);
}

#[test]
fn a_series_tells_the_order_of_day_and_month() {
    let american = ["9/4/2026 18:44", "9/14/2026 18:44"];
    let vietnamese = ["04/09/2026 18:44", "14/09/2026 18:44"];
    assert_eq!(order_of(american), Some(Order::MonthFirst));
    assert_eq!(order_of(vietnamese), Some(Order::DayFirst));
    assert_eq!(
        order_of(["04/09/2026", "Mon, 14 Sep 2026 08:30:00 +0700"]),
        None
    );
    assert_eq!(
        utc(american[0], Some(Order::MonthFirst)).as_deref(),
        Some("2026-09-04T11:44:00Z")
    );
    assert_eq!(
        utc(american[0], None).as_deref(),
        Some("2026-04-09T11:44:00Z")
    );
    assert!(parse(american[0], None).unwrap().ambiguous);
    assert!(!parse("2026-09-04", None).unwrap().ambiguous);
}

#[test]
fn a_zone_that_is_only_a_label_is_told_apart() {
    assert_eq!(parse("2026-09-14T08:30:00Z", None).unwrap().zone, Zone::Utc);
    assert_eq!(parse("2026-09-14T08:30:00", None).unwrap().zone, Zone::None);
    assert_eq!(
        parse("2026-09-14T08:30:00+00:00", None).unwrap().zone,
        Zone::Offset(Offset::UTC)
    );
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,40}|[0-9:/ .,+TZGMAPthứngàgờ-]{0,40}") {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        for order in [None, Some(Order::DayFirst), Some(Order::MonthFirst)] {
            if let Some(printed) = parse(&text, order) {
                let _ = printed.instant(&zone);
                prop_assert!((1900..=2201).contains(&printed.civil.year()));
            }
        }
        let _ = order_of([text.as_str()]);
    }
}
