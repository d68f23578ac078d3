//! The values that admins write: `15m`, `10MiB`, `06:30`, `T2-T7`, keys and lines of text.
//!
//! Each reader says what is wrong in both languages; where the value stands is its caller's to know.

use super::problem::{Wrong, quoted, suggestion, words, wrong};
use crate::text::fold::fold;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use std::fmt;
use std::time::Duration;
use unicode_normalization::UnicodeNormalization as _;

/// Longer spans than this are mistakes: ten years.
const DURATION_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);

/// `90s`, `15m`, `1h30m`, `48h`, `7d`; parts add up.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let bad = || {
        wrong(
            words(
                format!("{} is not a duration", quoted(text)),
                format!("{} không phải khoảng thời gian", quoted(text)),
            ),
            words(
                "write a number and a unit: ms, s, m, h, d; such as \"15m\" or \"1h30m\"",
                "viết số kèm đơn vị: ms (mili giây), s (giây), m (phút), h (giờ), d (ngày); ví dụ \"15m\" hoặc \"1h30m\"",
            ),
        )
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, after) = number_and_unit(rest).ok_or_else(bad)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        sum = number
            .checked_mul(millis)
            .map(Duration::from_millis)
            .and_then(|part| sum.checked_add(part))
            .filter(|sum| *sum <= DURATION_MAX)
            .ok_or_else(bad)?;
        rest = after.trim_start();
    }
    Ok(sum)
}

/// A duration that is not below `least`, which is written `least_text`.
pub(crate) fn duration_from(
    least: Duration,
    least_text: &'static str,
) -> impl Fn(&str) -> Result<Duration, Wrong> {
    move |text| {
        let read = duration(text)?;
        if read >= least {
            return Ok(read);
        }
        Err(wrong(
            words(
                format!("{} is too short", quoted(text)),
                format!("{} quá ngắn", quoted(text)),
            ),
            words(
                format!("write at least \"{least_text}\""),
                format!("viết ít nhất \"{least_text}\""),
            ),
        ))
    }
}

/// Leading digits, the letters behind them, and the rest; `None` without digits.
fn number_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, rest))
}

/// `10MiB`, `512KiB`, `2MB`: bytes.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    let read = || -> Option<u64> {
        let (number, unit, rest) = number_and_unit(text.trim())?;
        let unit: u64 = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "KB" | "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return None,
        };
        // Beyond 2^53 no JSON reader agrees on the number, and no server has the memory.
        let bytes = number.checked_mul(unit).filter(|bytes| *bytes <= 1 << 53);
        bytes.filter(|_| rest.is_empty())
    };
    read().ok_or_else(|| {
        wrong(
            words(
                format!("{} is not a size", quoted(text)),
                format!("{} không phải dung lượng", quoted(text)),
            ),
            words(
                "write a number and a unit: B, KiB, MiB, GiB; such as \"10MiB\"",
                "viết số kèm đơn vị B, KiB, MiB, GiB; ví dụ \"10MiB\"",
            ),
        )
    })
}

/// `06:30`; `6:30` and `6h30` are taken too.
pub(crate) fn time_of_day(text: &str) -> Result<Time, Wrong> {
    let read = || -> Option<Time> {
        let (hour, minute) = text.trim().split_once([':', 'h', 'H'])?;
        let number = |part: &str, most: usize| -> Option<i8> {
            let fits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| fits)
        };
        let minute = if minute.len() == 2 {
            number(minute, 2)?
        } else {
            return None;
        };
        Time::new(number(hour, 2)?, minute, 0, 0).ok()
    };
    read().ok_or_else(|| {
        wrong(
            words(
                format!("{} is not a time of day", quoted(text)),
                format!("{} không phải giờ trong ngày", quoted(text)),
            ),
            words(
                "write hour and minute from \"00:00\" to \"23:59\", such as \"06:30\"",
                "viết giờ và phút từ \"00:00\" đến \"23:59\", ví dụ \"06:30\"",
            ),
        )
    })
}

/// Days of the week, at least one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days(u8);

/// Monday first, as written in Viet Nam: the second day up to the seventh, then Chủ nhật.
const DAY_NAMES: [&str; 7] = ["T2", "T3", "T4", "T5", "T6", "T7", "CN"];

impl Days {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// The set of these days; of none, nothing is ever due.
    pub fn new(days: impl IntoIterator<Item = Weekday>) -> Self {
        let bit = |day: Weekday| 1 << day.to_monday_zero_offset();
        Self(days.into_iter().fold(0, |set, day| set | bit(day)))
    }

    /// Whether all of `days` are among them.
    pub fn contains_all(self, days: impl IntoIterator<Item = Weekday>) -> bool {
        days.into_iter().all(|day| self.contains(day))
    }

    /// Whether the day is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

impl fmt::Display for Days {
    /// `T2-T6, CN`: runs of three or more as a range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let mut day = 0;
        while day < DAY_NAMES.len() {
            let run = (day..DAY_NAMES.len())
                .take_while(|d| self.0 & (1 << d) != 0)
                .count();
            match run {
                0 => day += 1,
                1 | 2 => {
                    parts.push(DAY_NAMES[day].to_owned());
                    day += 1;
                }
                _ => {
                    parts.push(format!("{}-{}", DAY_NAMES[day], DAY_NAMES[day + run - 1]));
                    day += run;
                }
            }
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Days({self})")
    }
}

impl std::str::FromStr for Days {
    type Err = String;

    /// As a digest's `days` is read; the error says what is wrong, in English.
    fn from_str(text: &str) -> Result<Self, String> {
        days(text).map_err(|wrong| wrong.what.en)
    }
}

/// `T2-T7`, `T2, T4, CN`; a range may run over the week's end, as in `T7-T2`.
pub(crate) fn days(text: &str) -> Result<Days, Wrong> {
    let bad = |part: &str| {
        wrong(
            words(
                format!("{} is not a day of the week", quoted(part.trim())),
                format!("{} không phải ngày trong tuần", quoted(part.trim())),
            ),
            words(
                "write T2 (Monday) to T7 (Saturday), CN (Sunday), such as \"T2-T6\" or \"T2, T4, CN\"",
                "viết T2 đến T7 và CN, ví dụ \"T2-T6\" hoặc \"T2, T4, CN\"",
            ),
        )
    };
    let day = |name: &str| {
        DAY_NAMES
            .iter()
            .position(|known| name.trim().eq_ignore_ascii_case(known))
            .ok_or_else(|| bad(name))
    };
    let mut bits = 0;
    for part in text.split([',', ';']) {
        let (from, to) = match part.split_once(['-', '–']) {
            Some((from, to)) => (day(from)?, day(to)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = from;
        bits |= 1 << at;
        while at != to {
            at = (at + 1) % DAY_NAMES.len();
            bits |= 1 << at;
        }
    }
    Ok(Days(bits))
}

/// An IANA zone such as `Asia/Ho_Chi_Minh`.
pub(crate) fn time_zone(text: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(text).map_err(|_| {
        wrong(
            words(
                format!("{} is not a known time zone", quoted(text)),
                format!("{} không phải múi giờ đã biết", quoted(text)),
            ),
            words(
                "write a zone's name; Viet Nam's is \"Asia/Ho_Chi_Minh\"",
                "viết tên múi giờ; của Việt Nam là \"Asia/Ho_Chi_Minh\"",
            ),
        )
    })
}

/// A key: lower-case ASCII letters, digits, `-` and `_`; at most 64.
pub(crate) fn key(text: &str) -> Result<String, Wrong> {
    let sound = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if sound {
        return Ok(text.to_owned());
    }
    let near: Vec<String> = fold(text)
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let near = match near.join("-") {
        near if near.is_empty() => "an-giang".to_owned(),
        near => near.chars().take(64).collect(),
    };
    Err(wrong(
        words(
            format!(
                "{} is not a key: lower-case letters without marks, digits and - only",
                quoted(text)
            ),
            format!(
                "{} không dùng làm khóa được: chỉ gồm chữ thường không dấu, chữ số và dấu -",
                quoted(text)
            ),
        ),
        words(format!("write \"{near}\""), format!("viết \"{near}\"")),
    ))
}

/// Text for people: not empty, one line, at most 200 characters; white space at its ends is dropped.
pub(crate) fn line(text: &str) -> Result<String, Wrong> {
    const LINE_MAX_CHARS: usize = 200;
    let text = text.trim();
    let sound = !text.is_empty()
        && text.chars().count() <= LINE_MAX_CHARS
        && !text.chars().any(char::is_control);
    if sound {
        return Ok(text.nfc().collect());
    }
    Err(wrong(
        words(
            format!("{} is empty, too long, or more than one line", quoted(text)),
            format!("{} trống, quá dài hoặc có hơn một dòng", quoted(text)),
        ),
        words(
            format!("write one line of at most {LINE_MAX_CHARS} characters"),
            format!("viết một dòng, không quá {LINE_MAX_CHARS} ký tự"),
        ),
    ))
}

/// One word of a closed list.
pub(crate) fn one_of<T: Copy>(choices: &[(&'static str, T)]) -> impl Fn(&str) -> Result<T, Wrong> {
    move |text| {
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let near = suggestion(text, &known);
            wrong(
                words(
                    format!("{} is not a choice here", quoted(text)),
                    format!("{} không phải lựa chọn hợp lệ", quoted(text)),
                ),
                near,
            )
        })
    }
}

#[cfg(test)]
mod tests;
