//! Figures of an article: the printed numbers that count or measure something, with what they count, what was done to
//! it, and the sentence they stand in. Everything is copied from the article; what cannot be told stays `None`.
//!
//! A number is a figure by what stands around it: a thing counted behind it (`units`), and in front nothing that makes
//! it a name, a date or a document number (`refuse`).

mod clause;
mod differ;
mod refuse;
mod subject;
mod things;
mod units;

pub use differ::conflicts;

use crate::{
    model::Figure,
    text::{
        number::{Kind, Printed, Token, tokens},
        sentence::sentences,
    },
};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization as _;

/// Figures of one article; a longer table is not read by anybody.
const MAX_FIGURES: usize = 200;
/// Bytes of a sentence that are looked at; a longer one is a list that lost its line breaks.
const MAX_SENTENCE: usize = 6_000;
/// Bytes of an article that are looked at.
const MAX_TEXT: usize = 400_000;

/// The figures of an article, in reading order: sapo, body, then what only the headline says. One that is given twice
/// counts once. At most 200.
pub fn figures(title: &str, lead: &str, body: &str) -> Vec<Figure> {
    let mut out: Vec<Figure> = Vec::new();
    let mut seen = HashSet::new();
    for part in [lead, body, title] {
        let part = &part[..part.floor_char_boundary(MAX_TEXT)];
        for sentence in sentences(part).filter(|s| s.bytes().any(|b| b.is_ascii_digit())) {
            for figure in of_sentence(&squash(sentence)) {
                if out.len() == MAX_FIGURES {
                    return out;
                }
                if seen.insert((figure.value.to_bits(), figure.unit.clone())) {
                    out.push(figure);
                }
            }
        }
    }
    out
}

/// The figures that say most about the work of the Party, best first: members and organisations before money before
/// shares, those whose subject is known first.
pub fn telling(figures: &[Figure], most: usize) -> Vec<Figure> {
    let mut ranked: Vec<&Figure> = figures.iter().collect();
    ranked.sort_by_key(|f| (units::weight(&f.unit), f.subject.is_none()));
    ranked.truncate(most);
    ranked.into_iter().cloned().collect()
}

/// NFC, white space collapsed: all that is ever changed of a sentence.
fn squash(sentence: &str) -> String {
    let sentence = &sentence[..sentence.floor_char_boundary(MAX_SENTENCE)];
    let composed: String = sentence.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A sentence cut into tokens, with what is known of them.
struct Reading<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// By token: belongs to a date, a time, an address, a document number.
    masked: Vec<bool>,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        let masks = refuse::masks(text);
        let covered = |t: &Token| {
            masks
                .iter()
                .any(|m| m.start < t.span.end && t.span.start < m.end)
        };
        let masked = tokens.iter().map(covered).collect();
        Self {
            text,
            tokens,
            masked,
        }
    }

    /// The comparison key of the word at `i`; empty for anything else.
    fn word(&self, i: usize) -> &str {
        match self.tokens.get(i).map(|t| &t.kind) {
            Some(Kind::Word(key)) => key,
            _ => "",
        }
    }

    /// The key of the word `back` tokens before `i`; empty for anything else.
    fn word_before(&self, i: usize, back: usize) -> &str {
        i.checked_sub(back).map_or("", |at| self.word(at))
    }

    fn mark(&self, i: usize) -> Option<char> {
        match self.tokens.get(i)?.kind {
            Kind::Mark(c) => Some(c),
            _ => None,
        }
    }

    fn number(&self, i: usize) -> Option<Printed> {
        match self.tokens.get(i)?.kind {
            Kind::Number(printed) if !self.masked[i] => printed,
            _ => None,
        }
    }

    /// As printed, from token `from` to before token `to`.
    fn printed(&self, from: usize, to: usize) -> &'a str {
        match (self.tokens.get(from), self.tokens.get(to.wrapping_sub(1))) {
            (Some(first), Some(last)) if from < to => &self.text[first.span.start..last.span.end],
            _ => "",
        }
    }

    /// Whether tokens `i` and `i + 1` touch.
    fn glued(&self, i: usize) -> bool {
        match (self.tokens.get(i), self.tokens.get(i + 1)) {
            (Some(a), Some(b)) => a.span.end == b.span.start,
            _ => false,
        }
    }

    fn is_upper(&self, i: usize) -> bool {
        let token = self.tokens.get(i);
        token.is_some_and(|t| self.text[t.span.clone()].starts_with(char::is_uppercase))
    }
}

/// The first thing that is counted from token `at` on.
fn ahead(reading: &Reading<'_>, at: usize) -> Option<String> {
    (at..reading.tokens.len())
        .filter_map(|at| clause::amount(reading, at)?.unit)
        .find(|unit| units::is_countable(unit))
}

fn of_sentence(sentence: &str) -> Vec<Figure> {
    let reading = Reading::new(sentence);
    let mut out: Vec<Figure> = Vec::new();
    let mut at = 0;
    while at < reading.tokens.len() {
        let Some(found) = clause::amount(&reading, at) else {
            at += 1;
            continue;
        };
        at = found.next.max(at + 1);
        let inherited = || {
            out.iter()
                .rev()
                .map(|f| f.unit.as_str())
                .find(|unit| units::is_countable(unit))
        };
        let unit = match &found.unit {
            Some(unit) => unit.clone(),
            // "kỷ luật 62 đảng viên: khiển trách 28": of those just counted; "xóa tên 7, khai trừ 4 đảng viên": of those
            // that follow.
            None => match inherited()
                .map(str::to_owned)
                .or_else(|| ahead(&reading, at))
            {
                Some(unit) => unit,
                None => continue,
            },
        };
        out.push(Figure {
            text: reading.printed(found.from, found.to).to_owned(),
            value: found.value,
            unit,
            subject: subject::of(&reading, found.first, found.to),
            sentence: sentence.to_owned(),
        });
    }
    out
}

#[cfg(test)]
mod tests;
