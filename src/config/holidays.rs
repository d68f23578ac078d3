//! `holidays.toml`: the days on which offices are closed, and the weekend days that are worked instead.

use super::embedded;
use super::problem::{Problem, Wrong, quoted, words, wrong};
use super::raw::{Section, Sheet};
use super::value;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// A holiday lasts at most so many days: more is a mistyped year.
const DAYS_MAX: i32 = 31;

/// The office's calendar beyond the week. The default has no holidays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    /// Month and day.
    every_year: BTreeSet<(i8, i8)>,
    closed: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

impl Holidays {
    /// The shipped calendar.
    pub fn builtin() -> Self {
        Self::parse("holidays.toml", embedded::HOLIDAYS).unwrap_or_default()
    }

    /// Whether offices are closed on `date` for more than the weekend.
    pub fn is_closed(&self, date: Date) -> bool {
        !self.worked.contains(&date)
            && (self.closed.contains(&date)
                || self.every_year.contains(&(date.month(), date.day())))
    }

    /// Whether `date` is a weekend day that is worked instead of another.
    pub fn is_worked(&self, date: Date) -> bool {
        self.worked.contains(&date)
    }

    /// # Errors
    /// Everything that is wrong in the text.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let sheet = Sheet::new(file, text);
        let document = sheet.parse();
        let mut calendar = Self::default();
        if let Some(document) = &document {
            let root = Section::root(&sheet, document);
            let every_year = root.list("every_year", "30/4", day_and_month);
            let worked = root.list("working_days", "22/8/2026", date);
            calendar.every_year = every_year
                .into_iter()
                .flatten()
                .map(|at| at.value)
                .collect();
            for day in worked.into_iter().flatten() {
                if !matches!(day.value.weekday(), Weekday::Saturday | Weekday::Sunday) {
                    root.error(&day.span, not_a_weekend());
                }
                calendar.worked.insert(day.value);
            }
            for section in root.sections("holiday") {
                calendar.take(section);
            }
            root.close(&[]);
        }
        drop(document);
        match sheet.into_problems() {
            problems if problems.is_empty() => Ok(calendar),
            problems => Err(problems),
        }
    }

    fn take(&mut self, section: Section<'_>) {
        section.need_text("name", "Tết Nguyên đán", value::line);
        let from = section.need_text("from", "14/2/2026", date);
        let to = section.text("to", "22/2/2026", date);
        if let Some(from) = from {
            let last = to.as_ref().map_or(from.value, |to| to.value);
            let days = (last - from.value).get_days() + 1;
            if (1..=DAYS_MAX).contains(&days) {
                self.closed.extend(
                    from.value
                        .series(jiff::Span::new().days(1))
                        .take_while(|d| *d <= last),
                );
            } else {
                let span = to.map_or(from.span, |to| to.span);
                section.error(&span, wrong_way_round());
            }
        }
        section.close(&[]);
    }
}

/// "30/4/2026".
fn date(text: &str) -> Result<Date, Wrong> {
    let read = || {
        let mut parts = text.trim().split('/');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        (parts.next().is_none() && (2000..2200).contains(&date.year())).then_some(date)
    };
    read().ok_or_else(|| {
        no_date(
            text,
            words(
                "write day/month/year, such as \"30/4/2026\"",
                "viết ngày/tháng/năm, ví dụ \"30/4/2026\"",
            ),
        )
    })
}

/// "30/4": month and day.
fn day_and_month(text: &str) -> Result<(i8, i8), Wrong> {
    let read = || {
        let (day, month) = text.trim().split_once('/')?;
        // 2024 is a leap year: 29/2 is a day.
        let date = Date::new(2024, month.parse().ok()?, day.parse().ok()?).ok()?;
        Some((date.month(), date.day()))
    };
    read().ok_or_else(|| {
        no_date(
            text,
            words(
                "write day/month, such as \"30/4\"",
                "viết ngày/tháng, ví dụ \"30/4\"",
            ),
        )
    })
}

fn no_date(text: &str, how: super::problem::Words) -> Wrong {
    let shown = quoted(text);
    wrong(
        words(
            format!("{shown} is not a date"),
            format!("{shown} không phải là ngày"),
        ),
        how,
    )
}

fn not_a_weekend() -> Wrong {
    wrong(
        words(
            "this day is no Saturday or Sunday: it is worked anyway",
            "ngày này không phải thứ Bảy hay Chủ nhật: vốn đã là ngày làm việc",
        ),
        words(
            "write the weekend day that is worked instead, or take it out",
            "viết ngày cuối tuần phải đi làm bù, hoặc bỏ đi",
        ),
    )
}

fn wrong_way_round() -> Wrong {
    wrong(
        words(
            "this holiday ends before it begins, or lasts over a month",
            "kỳ nghỉ này kết thúc trước khi bắt đầu, hoặc dài hơn một tháng",
        ),
        words("check from and to", "kiểm tra lại from và to"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn the_shipped_calendar_knows_the_published_days() {
        let calendar = Holidays::builtin();
        for closed in [
            day(2026, 1, 2),
            day(2026, 2, 16),
            day(2026, 2, 20),
            day(2026, 4, 27),
            day(2026, 4, 30),
            day(2026, 8, 31),
            day(2026, 9, 1),
            day(2027, 1, 1),
            day(2040, 9, 2),
        ] {
            assert!(calendar.is_closed(closed), "{closed}");
        }
        for open in [day(2026, 2, 13), day(2026, 2, 23), day(2026, 9, 3)] {
            assert!(!calendar.is_closed(open), "{open}");
        }
        assert!(calendar.is_worked(day(2026, 8, 22)) && calendar.is_worked(day(2026, 1, 10)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let text = "every_year = [\"31/4\"]\nworking_days = [\"24/8/2026\"]\n[[holiday]]\nname = \"Tết\"\nfrom = \"17/2/2026\"\nto = \"17/2/2062\"\n[[holiday]]\nname = \"x\"\nfrom = \"2026-02-17\"\ntill = \"1/1/2026\"\n";
        let problems = Holidays::parse("holidays.toml", text).unwrap_err();
        let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(places, [(1, 15), (2, 17), (6, 6), (9, 8), (10, 1)]);
        assert_eq!(
            problems[0].to_string(),
            "holidays.toml:1:15: error: \"31/4\" is not a date; write day/month, such as \"30/4\""
        );
    }
}
