//! Printed dates, alone and as a series, a date a line.

#![no_main]

use diembao_fuzz::{ZONE, text::date};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let shown = date::order_of(text.lines());
    for line in text.lines() {
        for order in [None, Some(date::Order::DayFirst), Some(date::Order::MonthFirst), shown] {
            let Some(printed) = date::parse(line, order) else {
                continue;
            };
            assert!((1900..=2201).contains(&printed.civil.year()), "{line:?}");
            let _ = printed.instant(&ZONE);
            // White space around a date says nothing.
            assert_eq!(date::parse(&format!(" {line}\n"), order), Some(printed));
        }
    }
});
