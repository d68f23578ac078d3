//! What is written into the two indexes of words: folded text, which knows what stands beside what, and *marks*, tokens
//! of which only is known which articles bear them. A mark begins with a letter that says what it is of, so that a word,
//! a filter or an exact form is one short list and not a look at every article:
//!
//! | mark | stands for |
//! |---|---|
//! | `w` + word | a folded word anywhere |
//! | `t` + word | a folded word of the headline |
//! | `x` + form | an exact form anywhere (`normal::key`: with diacritics, wherever the tone is written) |
//! | `y` + form | an exact form of the headline |
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
use std::collections::{BTreeSet, HashMap};
use unicode_normalization::UnicodeNormalization as _;

/// Distinct words of one article that get marks; a text of more is no article.
const MARKED_MAX: usize = 20_000;
/// Words that are remembered from article to article.
const VOCABULARY_MAX: usize = 50_000;
/// Years before and after are counted as these.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2060;

/// The words of a text as the index's tokenizer cuts them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_letter(c))
        .filter(|word| !word.is_empty())
}

/// `char::is_alphanumeric`, which looks long for letters outside of ASCII: here those of Vietnamese are known at sight.
fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric(),
        '×' | '÷' => false,
        '\u{c0}'..='\u{24f}' | '\u{1ea0}'..='\u{1ef9}' => true,
        _ => c.is_alphanumeric(),
    }
}

/// A word's exact form as one token: letters composed, the tone as a digit at the end.
pub(super) fn form(word: &str) -> String {
    normal::key(word).nfc().collect()
}

/// The marks which are of words.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Word,
    TitleWord,
    Form,
    TitleForm,
}

impl Mark {
    /// The mark of a folded word or an exact form.
    pub(super) fn of(self, word: &str) -> String {
        format!("{}{word}", self.letter())
    }

    fn letter(self) -> char {
        match self {
            Self::Word => 'w',
            Self::TitleWord => 't',
            Self::Form => 'x',
            Self::TitleForm => 'y',
        }
    }
}

/// The marks one of which an article bears that mentions the document.
pub(super) fn wanted(code: &DocCode) -> Vec<String> {
    let name = document(code);
    match &code.issuer {
        Some(issuer) => vec![format!("f{name}{issuer}"), format!("b{name}")],
        None => vec![format!("a{name}")],
    }
}

fn document(code: &DocCode) -> String {
    format!("{}{}", code.number, code.kind)
}

/// A topic's name as a token.
pub(super) fn topic(key: &str) -> String {
    words(key).collect()
}

/// What the index needs of an article.
struct Row {
    /// Headline, lead and text.
    parts: [String; 3],
    source: i64,
    at: Timestamp,
    verdict: Option<Verdict>,
}

/// Writes the index's row of an article as it stands now, in place of what stood there. Nothing for an unknown one.
pub(in crate::store) fn index(
    tx: &Transaction<'_>,
    id: i64,
    vocabulary: &mut Vocabulary,
) -> rusqlite::Result<()> {
    let row = tx
        .prepare_cached(
            "SELECT title, sapo, body, source_id, coalesce(published, seen), verdict FROM articles WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let part = |n| Ok::<_, rusqlite::Error>(composed(row.get::<_, Option<String>>(n)?.unwrap_or_default()));
            Ok(Row {
                parts: [part(0)?, part(1)?, part(2)?],
                source: row.get(3)?,
                at: super::super::rows::to_time(row.get(4)?)?,
                verdict: super::super::rows::verdict(row.get(5)?),
            })
        })
        .optional()?;
    let Some(row) = row else { return Ok(()) };
    let Cut {
        text: [title, sapo, body],
        mut marks,
    } = vocabulary.cut(&row.parts);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO articles_fts (rowid, title, sapo, body) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((id, title, sapo, body))?;
    for mark in marks_of(&row) {
        push(&mut marks, &mark);
    }
    tx.prepare_cached("INSERT OR REPLACE INTO articles_marks (rowid, marks) VALUES (?1, ?2)")?
        .execute((id, marks))?;
    Ok(())
}

/// Words of decomposed letters would fall apart at their marks.
pub(super) fn composed(text: String) -> String {
    // Blocks that hold nothing else than composed letters and signs.
    let plain =
        |c| matches!(c, '\0'..='\u{2ff}' | '\u{1ea0}'..='\u{1ef9}' | '\u{2010}'..='\u{2027}');
    match text.chars().all(plain) {
        true => text,
        false => text.nfc().collect(),
    }
}

/// The words met so far, ready to be written: papers use few, and folding one costs more than looking it up.
pub(in crate::store) struct Vocabulary {
    fold: Fold,
    places: HashMap<String, usize>,
    entries: Vec<Entry>,
    /// Articles cut so far.
    articles: u32,
}

struct Entry {
    /// The folded word; of a compatibility character several, with blanks between.
    folded: String,
    /// Its marks, and those which it bears beside them in a headline.
    marks: String,
    title_marks: String,
    /// The last article in which it stood.
    article: u32,
}

impl Entry {
    fn new(word: &str, fold: Fold) -> Self {
        let folded = fold(word);
        let folded: Vec<&str> = words(&folded).collect();
        let form = form(word);
        let all = |words: Mark, exact: Mark| {
            let words = folded.iter().map(|word| words.of(word));
            words.chain([exact.of(&form)]).collect::<Vec<_>>().join(" ")
        };
        Self {
            folded: folded.join(" "),
            marks: all(Mark::Word, Mark::Form),
            title_marks: all(Mark::TitleWord, Mark::TitleForm),
            article: 0,
        }
    }
}

/// An article as the indexes take it: words with blanks between.
#[derive(Debug, Default)]
struct Cut {
    text: [String; 3],
    marks: String,
}

impl Vocabulary {
    /// An empty one.
    pub(in crate::store) fn new(fold: Fold) -> Self {
        Self {
            fold,
            places: HashMap::new(),
            entries: Vec::new(),
            articles: 0,
        }
    }

    fn cut(&mut self, parts: &[String; 3]) -> Cut {
        if self.entries.len() > VOCABULARY_MAX {
            *self = Self::new(self.fold);
        }
        self.articles += 1;
        let article = self.articles;
        let mut cut = Cut::default();
        let mut distinct = 0;
        for (nth, part) in parts.iter().enumerate() {
            for word in words(part) {
                let entry = self.entry(word);
                push(&mut cut.text[nth], &entry.folded);
                if std::mem::replace(&mut entry.article, article) == article {
                    continue;
                }
                distinct += 1;
                if distinct <= MARKED_MAX {
                    push(&mut cut.marks, &entry.marks);
                }
                if nth == 0 {
                    push(&mut cut.marks, &entry.title_marks);
                }
            }
        }
        cut
    }

    fn entry(&mut self, word: &str) -> &mut Entry {
        let next = self.entries.len();
        let place = match self.places.get(word) {
            Some(place) => *place,
            None => {
                self.entries.push(Entry::new(word, self.fold));
                self.places.insert(word.to_owned(), next);
                next
            }
        };
        &mut self.entries[place]
    }
}

fn push(text: &mut String, words: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(words);
}

/// The marks of an article that are not of its words.
fn marks_of(row: &Row) -> Vec<String> {
    let mut out = documents(&row.parts);
    out.push(format!("s{}", row.source));
    for scored in row.verdict.iter().flat_map(|verdict| &verdict.topics) {
        out.push(format!("k{}", topic(scored.topic.as_str())));
    }
    let day = day(row.at);
    out.extend([day_mark(day), month_mark(day), year_mark(day.year())]);
    out
}

/// "Nghị quyết 57" beside "57-NQ/TU" means that one; only where no full number explains it is it a mention by number
/// alone, which any full number may be looking for.
fn documents(parts: &[String; 3]) -> Vec<String> {
    let mentions = |part: &String| doccode::spans(&fold(&doccode::central(part)));
    let all: BTreeSet<DocCode> = parts
        .iter()
        .filter(|part| part.bytes().any(|byte| byte.is_ascii_digit()))
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
    format!("d{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn month_mark(day: Date) -> String {
    format!("m{:04}{:02}", day.year(), day.month())
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
    fn an_article_is_cut_into_words_and_their_marks() {
        let mut vocabulary = Vocabulary::new(fold);
        let parts = ["Chi bộ, Chi bộ!", "“chi” bố", ""].map(str::to_owned);
        let cut = vocabulary.cut(&parts);
        assert_eq!(cut.text, ["chi bo chi bo", "chi bo", ""]);
        // As typed in another case: one mark more, of which the index knows already.
        let once = "wchi xchi tchi ychi wbo xbô5 tbo ybô5 wchi xchi wbo xbô2";
        assert_eq!(cut.marks, once);
        assert_eq!(vocabulary.cut(&parts).marks, once, "by heart as at first");
        let decomposed = vocabulary.cut(&["Việt ½ ﷺ".to_owned(), String::new(), String::new()]);
        assert!(
            decomposed.text[0].starts_with("viet 1 2 "),
            "{decomposed:?}"
        );
    }

    #[test]
    fn letters_are_what_they_are_everywhere() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_letter(c), c.is_alphanumeric(), "{c:?}");
            let alone = c.to_string();
            assert_eq!(
                composed(alone.clone()),
                alone.nfc().collect::<String>(),
                "{c:?}"
            );
        }
    }

    #[test]
    fn forms_keep_diacritics_and_forget_where_the_tone_stands() {
        assert_eq!(form("hoà"), form("hòa"));
        assert_ne!(form("đảng"), form("đang"));
        assert!(form("Đảng").chars().all(char::is_alphanumeric));
    }
}
