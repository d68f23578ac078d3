//! What is written into the index of words: folded text, and beside it *marks*, tokens that are nobody's words. A mark
//! begins with a letter that says what it is of, so that a filter or an exact form is a short list of the index's own
//! and not a look at every article:
//!
//! | mark | stands for |
//! |---|---|
//! | `t` + word | a folded word of the headline |
//! | `y` + form | an exact form of the headline (`normal::key`: with diacritics, wherever the tone is written) |
//! | `x` + form | an exact form anywhere |
//! | `a` / `f` / `b` + document | any mention; by its full number; by kind and number alone |
//! | `s` + number | the paper (`sources.id`) |
//! | `k` + topic | a topic of the verdict |
//! | `e` year, `m` month, `d` day | of publication, else of first sight; UTC |

use super::super::Fold;
use crate::model::Verdict;
use crate::text::doccode::{self, DocCode};
use crate::text::fold::fold;
use crate::text::normal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::{OptionalExtension as _, Transaction};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use unicode_normalization::UnicodeNormalization as _;

/// Exact forms of one article that are kept; a text of more is no article.
const FORMS_MAX: usize = 5_000;
/// Years before and after are counted as these.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2060;

/// The words of a text as the index's tokenizer cuts them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// A word's exact form as one token: letters composed, the tone as a digit at the end.
pub(super) fn form(word: &str) -> String {
    normal::key(word).nfc().collect()
}

/// The marks of a document as an article bears them or a query looks for them.
pub(super) fn document(code: &DocCode) -> String {
    format!("{}{}", code.number, code.kind)
}

/// A topic's name as a token.
pub(super) fn topic(key: &str) -> String {
    words(key).collect()
}

/// What the index needs of an article.
struct Row {
    title: String,
    sapo: String,
    body: String,
    source: i64,
    at: Timestamp,
    verdict: Option<Verdict>,
}

/// Writes the index's row of an article as it stands now, in place of what stood there. Nothing for an unknown one.
pub(in crate::store) fn index(tx: &Transaction<'_>, id: i64, fold: Fold) -> rusqlite::Result<()> {
    let row = tx
        .prepare_cached(
            "SELECT title, sapo, body, source_id, coalesce(published, seen), verdict FROM articles WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let text = |n| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(n)?.unwrap_or_default());
            Ok(Row {
                title: text(0)?,
                sapo: text(1)?,
                body: text(2)?,
                source: row.get(3)?,
                at: super::super::rows::to_time(row.get(4)?)?,
                verdict: super::super::rows::verdict(row.get(5)?),
            })
        })
        .optional()?;
    let Some(row) = row else { return Ok(()) };
    let parts = [&row.title, &row.sapo, &row.body].map(|part| Part {
        composed: part.nfc().collect(),
        folded: fold(part),
    });
    tx.prepare_cached(
        "INSERT OR REPLACE INTO articles_fts (rowid, title, sapo, body, marks) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((
        id,
        &parts[0].folded,
        &parts[1].folded,
        &parts[2].folded,
        marks(&row, &parts),
    ))?;
    Ok(())
}

/// A part of an article in both forms.
struct Part {
    composed: String,
    folded: String,
}

fn marks(row: &Row, parts: &[Part; 3]) -> String {
    let mut out: HashSet<String> = HashSet::new();
    for word in words(&parts[0].folded) {
        out.insert(format!("t{word}"));
    }
    for word in words(&parts[0].composed) {
        out.insert(format!("y{}", form(word)));
    }
    let distinct: HashSet<&str> = parts
        .iter()
        .flat_map(|part| words(&part.composed))
        .take(FORMS_MAX)
        .collect();
    out.extend(distinct.into_iter().map(|word| format!("x{}", form(word))));
    out.extend(documents(parts));
    out.insert(format!("s{}", row.source));
    for scored in row.verdict.iter().flat_map(|verdict| &verdict.topics) {
        out.insert(format!("k{}", topic(scored.topic.as_str())));
    }
    let day = day(row.at);
    out.extend([day_mark(day), month_mark(day), year_mark(day.year())]);
    out.into_iter().collect::<Vec<_>>().join(" ")
}

/// "Nghị quyết 57" beside "57-NQ/TU" means that one; only where no full number explains it is it a mention by number
/// alone, which any full number may be looking for.
fn documents(parts: &[Part; 3]) -> Vec<String> {
    let mentions = |part: &Part| match doccode::central(&part.composed) {
        Cow::Borrowed(_) => doccode::spans(&part.folded),
        Cow::Owned(plain) => doccode::spans(&fold(&plain)),
    };
    let all: BTreeSet<DocCode> = parts
        .iter()
        .filter(|part| part.folded.bytes().any(|byte| byte.is_ascii_digit()))
        .flat_map(mentions)
        .map(|(_, code)| code)
        .collect();
    let mut out = Vec::new();
    for code in &all {
        let name = document(code);
        out.push(format!("a{name}"));
        match &code.issuer {
            Some(issuer) => out.push(format!("f{name}{issuer}")),
            None => {
                let explained = all
                    .iter()
                    .any(|other| other.issuer.is_some() && document(other) == name);
                if !explained {
                    out.push(format!("b{name}"));
                }
            }
        }
    }
    out
}

/// The day in UTC on which a time falls.
pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn day_mark(day: Date) -> String {
    format!("d{}", day.strftime("%Y%m%d"))
}

fn month_mark(day: Date) -> String {
    format!("m{}", day.strftime("%Y%m"))
}

fn year_mark(year: i16) -> String {
    format!("e{}", year.clamp(*YEARS.start(), *YEARS.end()))
}

/// The marks that cover the days `from..=to`, whole years and months as one each.
pub(super) fn dates(from: Option<Date>, to: Option<Date>) -> Vec<String> {
    let first = Date::constant(*YEARS.start(), 1, 1);
    let last = Date::constant(*YEARS.end(), 12, 31);
    let mut at = from.unwrap_or(first).max(first);
    let to = to.unwrap_or(last).min(last);
    let mut out = Vec::new();
    while at <= to {
        let (mark, end) = if at.first_of_year() == at && at.last_of_year() <= to {
            (year_mark(at.year()), at.last_of_year())
        } else if at.first_of_month() == at && at.last_of_month() <= to {
            (month_mark(at), at.last_of_month())
        } else {
            (day_mark(at), at)
        };
        out.push(mark);
        match end.checked_add(1.day()) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_span_of_days_is_covered_by_few_marks() {
        let span = |from, to| dates(Some(from), Some(to)).join(" ");
        assert_eq!(
            span(date(2026, 11, 20), date(2026, 11, 21)),
            "d20261120 d20261121"
        );
        assert_eq!(
            span(date(2025, 12, 30), date(2027, 2, 1)),
            "d20251230 d20251231 e2026 m202701 d20270201"
        );
        assert_eq!(dates(None, None).len(), YEARS.count());
        assert_eq!(span(date(2026, 1, 2), date(2026, 1, 1)), "");
    }

    #[test]
    fn forms_keep_diacritics_and_forget_where_the_tone_stands() {
        assert_eq!(form("hoà"), form("hòa"));
        assert_ne!(form("đảng"), form("đang"));
        assert!(form("Đảng").chars().all(char::is_alphanumeric));
    }
}
