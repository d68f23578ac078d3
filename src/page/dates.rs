//! Dates as papers print them and as their pages state them.

use jiff::{Timestamp, civil, tz::TimeZone};
use regex::Regex;
use std::sync::LazyLock;

/// A date found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// As on the clock.
    pub clock: civil::DateTime,
    /// Minutes east of UTC, where given.
    pub offset_minutes: Option<i32>,
    /// Whether a time of day was given.
    pub has_time: bool,
    /// The other reading of day and month, where both are possible and the text does not decide.
    pub swapped: Option<civil::DateTime>,
}

impl Stamp {
    /// The instant; a date without offset is local in `zone`.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self.offset_minutes {
            Some(minutes) => {
                let offset = jiff::tz::Offset::from_seconds(minutes.checked_mul(60)?).ok()?;
                offset.to_timestamp(self.clock).ok()
            }
            None => zone.to_timestamp(self.clock).ok(),
        }
    }
}

/// Who wrote a date: people write day first, .NET's default format month first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// On the page, for readers.
    Printed,
    /// In metadata, for machines.
    Metadata,
}

const TIME: &str = r"(?P<h>\d{1,2})\s*(?:[:hg]|giờ)\s*(?P<i>\d{2})(?:\s*(?:[:']|phút)\s*(?P<s>\d{2})?)?(?:\.\d+)?\s*(?P<ap>[AaPp]\.?[Mm]\b\.?|SA\b|CH\b)?";

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?:(?:T|t|\s+)(?P<h>\d{1,2}):(?P<i>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<o>Z|z|UTC|GMT|(?:GMT|UTC)?\s*[+\-]\d{1,2}(?::?\d{2})?)?)?",
    )
});
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\d./\-])(?P<a>\d{1,2})\s?(?P<sep>[/.\-])\s?(?P<b>\d{1,2})\s?[/.\-]\s?(?P<y>(?:19|20)\d{2})\b",
    )
});
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:ngày\s*)?(?P<d>\d{1,2})\s*(?:tháng|thg)\s*(?P<m>\d{1,2})\s*,?\s*(?:năm\s*)?(?P<y>(?:19|20)\d{2})",
    )
});
static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+)?(?P<mon>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+(?:(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y>(?:19|20)\d{2})\b",
    )
});
static CLOCK: LazyLock<Regex> = LazyLock::new(|| pattern(TIME));
static OFFSET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:GMT|UTC)\s*(?P<sign>[+\-])\s*(?P<oh>\d{1,2})(?::?(?P<om>\d{2}))?")
});

/// How far from a date its time of day may stand, in bytes.
const NEAR: usize = 40;

/// The first date in `text`, with its time of day where one stands beside it.
pub(super) fn find(text: &str, written: Written) -> Option<Stamp> {
    let end = text
        .char_indices()
        .nth(400)
        .map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    iso(text)
        .or_else(|| numeric(text, written))
        .or_else(|| words(text))
        .or_else(|| english(text))
}

fn number(captures: &regex::Captures<'_>, name: &str) -> Option<i16> {
    captures.name(name)?.as_str().parse().ok()
}

fn date(year: i16, month: i16, day: i16) -> Option<civil::Date> {
    (1990..2100).contains(&year).then_some(())?;
    civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn iso(text: &str) -> Option<Stamp> {
    let c = ISO.captures(text)?;
    let day = date(number(&c, "y")?, number(&c, "m")?, number(&c, "d")?)?;
    let time = number(&c, "h").and_then(|h| {
        let (minute, second) = (number(&c, "i")?, number(&c, "s").unwrap_or(0));
        clock(h, minute, second, None)
    });
    if time.is_none() {
        return Some(with_time(text, day, c.get(0)?.range()));
    }
    Some(Stamp {
        clock: day.to_datetime(time.unwrap_or_default()),
        offset_minutes: c.name("o").and_then(|o| offset(o.as_str())),
        has_time: true,
        swapped: None,
    })
}

fn offset(text: &str) -> Option<i32> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Some(0);
    }
    let minutes = match digits.len() {
        1 | 2 => digits.parse::<i32>().ok()? * 60,
        3 | 4 => {
            let (hours, minutes) = digits.split_at(digits.len() - 2);
            hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?
        }
        _ => return None,
    };
    (minutes <= 14 * 60).then_some(if text.contains('-') {
        -minutes
    } else {
        minutes
    })
}

fn numeric(text: &str, written: Written) -> Option<Stamp> {
    let c = NUMERIC.captures(text)?;
    let (a, b, year) = (number(&c, "a")?, number(&c, "b")?, number(&c, "y")?);
    let (day_first, month_first) = (date(year, b, a), date(year, a, b));
    let range = c.name("a")?.start()..c.get(0)?.end();
    // "1/8/2026 10:02:01 AM" in metadata is what .NET writes for the United States: month first.
    let american = written == Written::Metadata
        && c.name("sep").is_some_and(|s| s.as_str() == "/")
        && CLOCK
            .captures(&text[range.end..])
            .is_some_and(|t| t.name("ap").is_some() && t.name("s").is_some());
    let (first, second) = if american {
        (month_first, day_first)
    } else {
        (day_first, month_first)
    };
    let stamp = with_time(text, first.or(second)?, range);
    let swapped = match (first, second) {
        (Some(one), Some(other)) if one != other => Some(other.to_datetime(stamp.clock.time())),
        _ => None,
    };
    Some(Stamp { swapped, ..stamp })
}

fn words(text: &str) -> Option<Stamp> {
    let c = WORDS.captures(text)?;
    let day = date(number(&c, "y")?, number(&c, "m")?, number(&c, "d")?)?;
    Some(with_time(text, day, c.get(0)?.range()))
}

fn english(text: &str) -> Option<Stamp> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let c = ENGLISH.captures(text)?;
    let name = c.name("mon")?.as_str().to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == name)? as i16 + 1;
    let day = number(&c, "d1").or_else(|| number(&c, "d2"))?;
    Some(with_time(
        text,
        date(number(&c, "y")?, month, day)?,
        c.get(0)?.range(),
    ))
}

/// The time of day after the date, or before it ("15:28 | 05/05/2021").
fn with_time(text: &str, day: civil::Date, range: std::ops::Range<usize>) -> Stamp {
    let after = clip(&text[range.end..], NEAR);
    let before_start = floor(text, range.start.saturating_sub(NEAR));
    let before = &text[before_start..range.start];
    let time = CLOCK
        .captures(after)
        .and_then(|c| time_of(&c))
        .or_else(|| CLOCK.captures_iter(before).last().and_then(|c| time_of(&c)));
    Stamp {
        clock: day.to_datetime(time.unwrap_or_default()),
        offset_minutes: time.and_then(|_| printed_offset(&text[range.start..])),
        has_time: time.is_some(),
        swapped: None,
    }
}

fn time_of(c: &regex::Captures<'_>) -> Option<civil::Time> {
    clock(
        number(c, "h")?,
        number(c, "i")?,
        number(c, "s").unwrap_or(0),
        c.name("ap").map(|m| m.as_str()),
    )
}

/// `CH` (chiều) and `SA` (sáng) are PM and AM; "15:28 PM" is 15:28.
fn clock(hour: i16, minute: i16, second: i16, half: Option<&str>) -> Option<civil::Time> {
    let half = half.map(str::to_ascii_lowercase);
    let hour = match half.as_deref() {
        Some(h) if (h.starts_with('p') || h == "ch") && hour < 12 => hour + 12,
        Some(h) if (h.starts_with('a') || h == "sa") && hour == 12 => 0,
        _ => hour,
    };
    civil::Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        0,
    )
    .ok()
}

fn printed_offset(text: &str) -> Option<i32> {
    let c = OFFSET.captures(clip(text, 2 * NEAR))?;
    let minutes = c.name("oh")?.as_str().parse::<i32>().ok()? * 60
        + c.name("om").map_or(0, |m| m.as_str().parse().unwrap_or(0));
    let signed = if &c["sign"] == "-" { -minutes } else { minutes };
    (minutes <= 14 * 60).then_some(signed)
}

fn clip(text: &str, bytes: usize) -> &str {
    &text[..floor(text, bytes.min(text.len()))]
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
