//! What a report is about, as numbers: its syllables, pairs of syllables and names.

use crate::text::{
    normal,
    syllable::{Syllable, syllables},
};

/// Syllables of one article that are looked at.
const MAX_SYLLABLES: usize = 1_500;
/// Syllables of the running text that belong to its opening: where the news is.
const OPENING: usize = 120;
/// How often a word of the headline counts.
const HEADLINE: u32 = 2;
/// Names longer than this many syllables are headlines in capitals.
const LONGEST_NAME: usize = 6;

/// FNV-1a: the same on every machine, and fast on syllables.
pub(super) fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The term of two words in a row.
pub(super) fn pair(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A syllable of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// Its key without its spelling.
    pub term: u64,
    /// Written with a capital.
    pub capital: bool,
    /// Starts with a digit.
    pub number: bool,
    /// Whether something else than white space stands before it, or nothing.
    pub apart: bool,
    /// Whether a sentence begins here.
    pub opens: bool,
}

/// The words of a text, at most `most`.
pub(super) fn words(text: &str, most: usize) -> Vec<Word> {
    let mut end = 0;
    let mut key = String::new();
    let word = |syllable: Syllable| {
        let printed = syllable.of(text);
        key.clear();
        normal::push_key(printed, &mut key);
        let between = text.get(end..syllable.start).unwrap_or("");
        let first = printed.chars().next();
        let word = Word {
            term: hash(&key),
            capital: first.is_some_and(char::is_uppercase),
            number: first.is_some_and(|c| c.is_ascii_digit()),
            apart: end == 0 || !between.chars().all(char::is_whitespace),
            opens: syllable.opens,
        };
        end = syllable.end;
        word
    };
    syllables(text).take(most).map(word).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Text,
    Opening,
    Names,
}

/// How often each term stands in an article.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    fields: [Vec<(u64, u32)>; 3],
}

impl Terms {
    pub fn new(title: &str, lead: &str, text: &str) -> Self {
        let title: &[Word] = &words(title, MAX_SYLLABLES);
        let lead = words(lead, MAX_SYLLABLES);
        let text = words(text, MAX_SYLLABLES.saturating_sub(lead.len()));
        let opening = &text[..text.len().min(OPENING)];
        let grams = |text: &[Word]| count([(title, HEADLINE), (&lead, 1), (text, 1)], grams);
        let names = count([(title, HEADLINE), (&lead, 1), (&text, 1)], names);
        Self {
            fields: [grams(&text), grams(opening), names],
        }
    }

    /// The terms of one field, each once, in order.
    pub fn of(&self, field: Field) -> &[(u64, u32)] {
        &self.fields[field as usize]
    }

    /// Whether the article says this syllable or pair anywhere.
    pub fn has(&self, term: u64) -> bool {
        let text = self.of(Field::Text);
        text.binary_search_by_key(&term, |(known, _)| *known)
            .is_ok()
    }

    /// The same for the same content; for an order that arrival cannot change.
    pub fn fingerprint(&self) -> u64 {
        let all = self.fields.iter().flatten();
        all.fold(0, |hash, (term, count)| {
            pair(hash, term ^ u64::from(*count))
        })
    }
}

/// Each term once, in order, with how often it stands in all parts, each of which counts so many times.
fn count<const N: usize>(
    parts: [(&[Word], u32); N],
    terms: impl Fn(&[Word], &mut Vec<u64>),
) -> Vec<(u64, u32)> {
    let mut all = Vec::with_capacity(2 * parts.iter().map(|(words, _)| words.len()).sum::<usize>());
    for (words, times) in parts {
        (0..times).for_each(|_| terms(words, &mut all));
    }
    all.sort_unstable();
    let same = all.chunk_by(|a, b| a == b);
    same.map(|terms| (terms[0], u32::try_from(terms.len()).unwrap_or(u32::MAX)))
        .collect()
}

fn grams(words: &[Word], out: &mut Vec<u64>) {
    out.extend(words.iter().map(|word| word.term));
    out.extend(pairs(words));
}

fn pairs(words: &[Word]) -> impl Iterator<Item = u64> {
    words.windows(2).map(|two| pair(two[0].term, two[1].term))
}

/// Runs of capitalised words, whole and in pairs; a single one at the head of a sentence is no name.
fn names(words: &[Word], out: &mut Vec<u64>) {
    for run in words.chunk_by(|a, b| a.capital && b.capital && !b.apart) {
        let single = run.len() == 1;
        if !run[0].capital || run.len() > LONGEST_NAME || (single && run[0].opens) {
            continue;
        }
        if run.len() != 2 {
            out.extend(run.iter().map(|word| word.term).reduce(pair));
        }
        out.extend(pairs(run));
    }
}
