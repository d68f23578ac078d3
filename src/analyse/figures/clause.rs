//! One amount in a sentence: the number with its scale, its partner ("418/436", "120–150") and the thing counted.

use super::{Reading, refuse, units};
use crate::text::number::scale;

/// An amount, as token numbers of its sentence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount {
    /// First token as quoted, "hơn" and the like included.
    pub from: usize,
    /// The number itself.
    pub first: usize,
    /// Behind the last token as quoted.
    pub to: usize,
    /// Where reading goes on.
    pub next: usize,
    /// Absolute.
    pub value: f64,
    /// What is counted; `None` where the sentence leaves it out ("khiển trách 28, cảnh cáo 21").
    pub unit: Option<String>,
}

/// The amount whose number is token `at`; `None` if that is no number or counts nothing.
pub(super) fn amount(reading: &Reading<'_>, at: usize) -> Option<Amount> {
    let number = reading.number(at)?;
    let last = partner(reading, at).unwrap_or(at);
    let doubtful = reading.number(last)?.doubtful || number.doubtful;
    let (factor, after_scale) = scales(reading, last + 1);
    let (more, after_scale) = remainder(reading, factor, after_scale);
    // "152/152 (100%) chi bộ": the share stands between.
    let behind = share_in_brackets(reading, after_scale)
        .filter(|&to| units::at(reading, to).is_some_and(|u| u.known));
    let found = units::at(reading, behind.unwrap_or(after_scale));
    if doubtful && factor == 1.0 && !found.as_ref().is_some_and(|u| u.measures) {
        return None;
    }
    // "hơn 1.000 tỷ": what is counted in thousands of millions without a word for it is money.
    let found = match found {
        Some(unit) if unit.known => Some(unit),
        _ if factor >= 1e9 => Some(units::Unit::money(after_scale)),
        other => other,
    };
    let value = number.value * factor + more;
    let from = first_quoted(reading, at);
    if let Some(unit) = found {
        if refuse::is_name(reading, at, Some(&unit))
            || (unit.name == "lần" && !compares(reading, from))
        {
            return None;
        }
        return Some(Amount {
            from,
            first: at,
            to: unit.to,
            next: behind.map_or(unit.to, |_| after_scale),
            value,
            unit: Some(unit.name),
        });
    }
    let bare = factor == 1.0
        && refuse::counts_bare(reading, at, after_scale)
        && !refuse::is_name(reading, at, None);
    bare.then_some(Amount {
        from,
        first: at,
        to: after_scale,
        next: after_scale,
        value,
        unit: None,
    })
}

/// The second number of "418/436" or of a range: its token, where a thing counted follows the two as one.
fn partner(reading: &Reading<'_>, at: usize) -> Option<usize> {
    let second = at + 2;
    reading.number(second)?;
    let (a, b) = (reading.number(at)?.value, reading.number(second)?.value);
    let joins = match reading.mark(at + 1) {
        // 28/10 and 16-7 are dates, not 28 of 10.
        Some('/') => reading.glued(at) && reading.glued(at + 1) && (a <= b || b > 12.0),
        Some('-' | '–' | '—' | '÷') => a < b,
        _ => ["đến", "tới"]
            .iter()
            .any(|w| units::same(reading.word(at + 1), w)),
    };
    joins.then_some(second)
}

/// The token behind "(100%)".
fn share_in_brackets(reading: &Reading<'_>, at: usize) -> Option<usize> {
    let share = reading.mark(at) == Some('(')
        && reading.number(at + 1).is_some()
        && reading.mark(at + 2) == Some('%');
    (share && reading.mark(at + 3) == Some(')')).then_some(at + 4)
}

/// The factor of the scale words from token `at` on, and the token behind them.
fn scales(reading: &Reading<'_>, mut at: usize) -> (f64, usize) {
    let mut factor = 1.0;
    // "nghìn tỷ" has two; "tỷ lệ" is a rate.
    for _ in 0..2 {
        match scale(reading.word(at)) {
            Some(by) if !units::same(reading.word(at + 1), "lệ") => {
                factor *= by;
                at += 1;
            }
            _ => break,
        }
    }
    (factor, at)
}

/// "1 tỷ 250 triệu đồng" is one amount: what a smaller scale adds behind token `at`, and the token behind that.
fn remainder(reading: &Reading<'_>, factor: f64, at: usize) -> (f64, usize) {
    let more = reading.number(at).and_then(|number| {
        let (smaller, after) = scales(reading, at + 1);
        let more = number.value * smaller;
        let counted = || units::at(reading, after).is_some_and(|unit| unit.known);
        (smaller > 1.0 && smaller < factor && more < factor && counted()).then_some((more, after))
    });
    more.unwrap_or((0.0, at))
}

/// Words that belong to the number as printed.
const ABOUT: [&str; 13] = [
    "hơn",
    "trên",
    "gần",
    "khoảng",
    "chừng",
    "ngót",
    "gấp",
    "xấp xỉ",
    "ít nhất",
    "tối thiểu",
    "tối đa",
    "không dưới",
    "nhiều nhất",
];

fn first_quoted(reading: &Reading<'_>, at: usize) -> usize {
    let mut from = at;
    for _ in 0..2 {
        let longer = ABOUT.iter().find_map(|about| {
            let length = about.split(' ').count();
            let start = from.checked_sub(length)?;
            units::reads(reading, start, about).then_some(start)
        });
        match longer {
            Some(start) => from = start,
            None => break,
        }
    }
    from
}

/// "gấp 1,6 lần", "tăng 3 lần", "cao hơn 2 lần": a comparison, not a count of times.
fn compares(reading: &Reading<'_>, from: usize) -> bool {
    (from.saturating_sub(4)..=from).any(|i| {
        ["gấp", "tăng", "giảm", "bằng", "cao"]
            .iter()
            .any(|w| units::same(reading.word(i), w))
    })
}
