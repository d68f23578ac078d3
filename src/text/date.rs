//! Dates as newspapers print them: RFC 822 and ISO 8601 with all their misspellings, .NET and SQL forms, and
//! Vietnamese ones ("Thứ Năm, 28/10/2021, 05:04 (GMT+7)", "5:04:00 CH", "28 tháng 10 năm 2021").
//!
//! Nothing is guessed from a clock. What cannot be read is `None`.

mod letter;
mod lex;
mod zone;

use jiff::{
    Timestamp,
    civil::{self, Date, DateTime, Time},
    tz::{Offset, TimeZone},
};
use lex::Token;
use zone::take_zone;

/// No printed date is longer; a longer text is none.
const TEXT_MAX_BYTES: usize = 160;

/// Years outside of these are typing errors or empty database fields (`1/1/0001`, `0000-00-00`).
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Which of two numbers comes first in `10/11/2021`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// 10 November, as in Viet Nam.
    DayFirst,
    /// October 11, as .NET prints it by default.
    MonthFirst,
}

/// What a printed date says of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Nothing.
    None,
    /// `GMT`, `UTC` or `Z` without an offset. Some publishers write so and mean their own clock.
    Utc,
    /// An offset from UTC.
    Offset(Offset),
}

/// A date as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// The civil time; midnight where only a day is printed.
    pub civil: DateTime,
    /// Its zone.
    pub zone: Zone,
    /// Whether only the other members of a series can tell which order it is in.
    pub ambiguous: bool,
}

impl Printed {
    /// The instant, with `local` for a date that names no zone.
    pub fn instant(&self, local: &TimeZone) -> Option<Timestamp> {
        match self.zone {
            Zone::None => local.to_ambiguous_timestamp(self.civil).compatible().ok(),
            Zone::Utc => Offset::UTC.to_timestamp(self.civil).ok(),
            Zone::Offset(offset) => offset.to_timestamp(self.civil).ok(),
        }
    }
}

/// Reads a printed date. `order` decides where day and month cannot be told apart; `None` takes the day first.
pub fn parse(text: &str, order: Option<Order>) -> Option<Printed> {
    read(text, order).map(|(printed, _)| printed)
}

/// The order of day and month that a series of dates shows: the first that is decided by itself decides.
pub fn order_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Order> {
    texts
        .into_iter()
        .filter(|text| text.contains(['/', '-', '.']) && !starts_with_year(text))
        .find_map(|text| read(text, None)?.1)
}

/// ISO 8601 and SQL: nothing to decide.
fn starts_with_year(text: &str) -> bool {
    text.len() > 4 && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
}

/// A number left over for the date, with its digits as printed.
#[derive(Debug, Clone, Copy)]
struct Number {
    value: u64,
    digits: usize,
}

/// A date, whether it is ambiguous, and which order it shows.
struct Day {
    date: Date,
    ambiguous: bool,
    shows: Option<Order>,
}

impl Day {
    fn plain(date: Option<Date>) -> Option<Self> {
        date.map(|date| Self {
            date,
            ambiguous: false,
            shows: None,
        })
    }
}

fn read(text: &str, order: Option<Order>) -> Option<(Printed, Option<Order>)> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_MAX_BYTES {
        return None;
    }
    if let Some(printed) = letter::rfc3339(text).or_else(|| letter::rfc2822(text)) {
        return Some((printed, None));
    }
    let mut tokens = lex::tokens(text);
    let clock = take_clock(&mut tokens);
    let zone = take_zone(&mut tokens, clock.as_ref().map_or(0, |clock| clock.end));
    let half = take_half(&mut tokens);
    if let (None, Some(printed)) = (&clock, compact(&tokens, zone)) {
        return Some((printed, None));
    }
    // An English half of the day betrays .NET's American default, a Vietnamese one the Vietnamese culture.
    let hint = match half {
        Some(Half {
            vietnamese: true, ..
        }) => Some(Order::DayFirst),
        Some(_) => Some(Order::MonthFirst),
        None => None,
    };
    let day = find_day(&tokens, hint.or(order))?;
    let (time, next_day) = match clock {
        Some(clock) => clock.time(half)?,
        None => (Time::midnight(), false),
    };
    let date = if next_day {
        day.date.tomorrow().ok()?
    } else {
        day.date
    };
    let printed = Printed {
        civil: date.to_datetime(time),
        zone,
        ambiguous: day.ambiguous && hint.is_none(),
    };
    YEARS
        .contains(&date.year())
        .then_some((printed, day.shows.or(hint.filter(|_| day.ambiguous))))
}

/// A time of day as printed.
struct Clock {
    hour: u64,
    minute: u64,
    second: u64,
    /// Index of the token after it.
    end: usize,
}

impl Clock {
    /// The time, and whether it is midnight of the next day (`24:00`).
    fn time(&self, half: Option<Half>) -> Option<(Time, bool)> {
        let hour = match half {
            Some(Half {
                afternoon: true, ..
            }) if self.hour < 12 => self.hour + 12,
            Some(Half {
                afternoon: false, ..
            }) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let next_day = hour == 24 && self.minute == 0 && self.second == 0;
        let small = |number: u64| i8::try_from(number).ok();
        // A leap second is shown as the second before it.
        let second = self
            .second
            .min(if self.second == 60 { 59 } else { u64::MAX });
        let time = Time::new(
            small(if next_day { 0 } else { hour })?,
            small(self.minute)?,
            small(second)?,
            0,
        )
        .ok()?;
        Some((time, next_day))
    }
}

/// Takes `5:04`, `05:04:00.123`, `5h04`, `9 giờ 15` out of the tokens.
fn take_clock(tokens: &mut [Token]) -> Option<Clock> {
    let start = (0..tokens.len()).find(|&at| {
        matches!(tokens[at], Token::Number { digits: 1..=2, .. })
            && tokens
                .get(at + 1)
                .is_some_and(|next| next.is(':') || next.is_word(&["h", "giờ", "g"]))
            && tokens.get(at + 2).and_then(Token::number).is_some()
    })?;
    let value = |at: usize| {
        tokens
            .get(at)
            .and_then(Token::number)
            .map(|(value, _)| value)
    };
    let (hour, minute) = (value(start)?, value(start + 2)?);
    let mut end = start + 3;
    let mut second = 0;
    let colon = tokens.get(end).is_some_and(|token| token.is(':'));
    if let Some(value) = colon.then(|| value(end + 1)).flatten() {
        second = value;
        end += 2;
        let fraction = tokens
            .get(end)
            .is_some_and(|token| token.is('.') || token.is(','));
        let digits = tokens
            .get(end + 1)
            .is_some_and(|token| token.touches() && token.number().is_some());
        if fraction && digits {
            end += 2;
        }
    }
    tokens[start..end].fill(Token::Used);
    Some(Clock {
        hour,
        minute,
        second,
        end,
    })
}

/// A half of the day.
#[derive(Debug, Clone, Copy)]
struct Half {
    afternoon: bool,
    vietnamese: bool,
}

fn take_half(tokens: &mut [Token]) -> Option<Half> {
    const HALVES: [(&[&str], bool, bool); 4] = [
        (&["am", "오전"], false, false),
        (&["pm", "오후"], true, false),
        (&["sa", "sáng"], false, true),
        (&["ch", "chiều", "tối"], true, true),
    ];
    tokens.iter_mut().find_map(|token| {
        let found = HALVES.iter().find(|(words, ..)| token.is_word(words))?;
        *token = Token::Used;
        Some(Half {
            afternoon: found.1,
            vietnamese: found.2,
        })
    })
}

/// One run of digits: `20211028`, `20211028050400`, `2021301`, seconds or milliseconds since 1970.
fn compact(tokens: &[Token], zone: Zone) -> Option<Printed> {
    let mut numbers = tokens.iter().filter_map(Token::number);
    let (value, digits) = numbers.next()?;
    let second = numbers.next();
    let printed = |civil| Printed {
        civil,
        zone,
        ambiguous: false,
    };
    let instant = |at: Timestamp| Printed {
        civil: Offset::UTC.to_datetime(at),
        zone: Zone::Utc,
        ambiguous: false,
    };
    let found = match (digits, second) {
        (10, None) => instant(Timestamp::from_second(i64::try_from(value).ok()?).ok()?),
        (13, None) => instant(Timestamp::from_millisecond(i64::try_from(value).ok()?).ok()?),
        (14, None) => {
            printed(digits_date(value / 1_000_000)?.to_datetime(digits_time(value % 1_000_000)?))
        }
        (8, Some((time, 6))) => printed(digits_date(value)?.to_datetime(digits_time(time)?)),
        (8, Some((time, 4))) => printed(digits_date(value)?.to_datetime(digits_time(time * 100)?)),
        _ => return None,
    };
    YEARS.contains(&found.civil.year()).then_some(found)
}

fn digits_date(value: u64) -> Option<Date> {
    date(value / 10_000, value / 100 % 100, value % 100)
}

fn digits_time(value: u64) -> Option<Time> {
    let part = |number: u64| i8::try_from(number).ok();
    Time::new(
        part(value / 10_000)?,
        part(value / 100 % 100)?,
        part(value % 100)?,
        0,
    )
    .ok()
}

fn date(year: u64, month: u64, day: u64) -> Option<Date> {
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}

/// The year of two or four digits; RFC 2822 §4.3, with 70 as the turn.
fn year(number: Number) -> Option<u64> {
    match number.digits {
        4 => Some(number.value),
        1 | 2 if number.value < 70 => Some(2000 + number.value),
        2 => Some(1900 + number.value),
        _ => None,
    }
}

fn find_day(tokens: &[Token], order: Option<Order>) -> Option<Day> {
    if let Some((month, at)) = lex::month_name(tokens) {
        let numbers = numbers(tokens, Some(at));
        return day_of_named_month(&numbers, month);
    }
    let numbers = numbers(tokens, None);
    match *numbers.as_slice() {
        [one] if one.digits == 8 => Day::plain(digits_date(one.value)),
        [one] if one.digits == 7 => Day::plain(ordinal(one.value / 1000, one.value % 1000)),
        [one] if one.digits == 6 => Day::plain(date(
            2000 + one.value / 10_000,
            one.value / 100 % 100,
            one.value % 100,
        )),
        [one] if one.digits == 4 => Day::plain(date(one.value, 1, 1)),
        [y, day] if y.digits == 4 && day.digits == 3 => Day::plain(ordinal(y.value, day.value)),
        [y, m] if y.digits == 4 => Day::plain(date(y.value, m.value, 1)),
        [y, a, b, ..] if y.digits == 4 => {
            Day::plain(date(y.value, a.value, b.value).or_else(|| date(y.value, b.value, a.value)))
        }
        [a, b, y, ..] => day_of_three(a.value, b.value, year(y)?, order),
        _ => None,
    }
}

fn day_of_named_month(numbers: &[Number], month: u64) -> Option<Day> {
    Day::plain(match *numbers {
        [y, d, ..] if y.digits == 4 => date(y.value, month, d.value),
        [d, y, ..] => date(year(y)?, month, d.value),
        [y] if y.digits == 4 => date(y.value, month, 1),
        _ => None,
    })
}

fn day_of_three(a: u64, b: u64, year: u64, order: Option<Order>) -> Option<Day> {
    let (day_first, month_first) = (date(year, b, a), date(year, a, b));
    match (day_first, month_first) {
        (Some(_), Some(_)) if a != b => {
            let date = if order == Some(Order::MonthFirst) {
                month_first
            } else {
                day_first
            };
            Some(Day {
                date: date?,
                ambiguous: true,
                shows: None,
            })
        }
        (Some(date), Some(_)) => Day::plain(Some(date)),
        (Some(date), None) => Some(Day {
            date,
            ambiguous: false,
            shows: Some(Order::DayFirst),
        }),
        (None, Some(date)) => Some(Day {
            date,
            ambiguous: false,
            shows: Some(Order::MonthFirst),
        }),
        (None, None) => None,
    }
}

fn ordinal(year: u64, day: u64) -> Option<Date> {
    let days = i16::try_from(day)
        .ok()
        .filter(|day| (1..=366).contains(day))?;
    let start = civil::date(
        i16::try_from(year)
            .ok()
            .filter(|year| YEARS.contains(year))?,
        1,
        1,
    );
    start.with().day_of_year(days).build().ok()
}

/// The numbers that may belong to the date, without the weekday of "Thứ 5" and the month's own.
fn numbers(tokens: &[Token], month_at: Option<usize>) -> Vec<Number> {
    // "Thu 2 Oct" is English: without its diacritics the word counts only before a comma.
    let weekday = |at: usize| {
        let (before, after) = (at.checked_sub(1).map(|at| &tokens[at]), tokens.get(at + 1));
        tokens[at].number().is_some_and(|(_, digits)| digits == 1)
            && (before.is_some_and(|word| word.is_word(&["thứ"]))
                && !after.is_some_and(|next| next.is('/'))
                || before.is_some_and(|word| word.is_word(&["thu", "t"]))
                    && after.is_some_and(|next| next.is(',')))
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != month_at && !weekday(*at))
        .filter_map(|(_, token)| token.number())
        .map(|(value, digits)| Number { value, digits })
        .collect()
}

#[cfg(test)]
mod tests;
