//! What a report is about, as numbers: its syllables, pairs of syllables and names, each weighed by how rarely
//! newspapers use it. The weights come from a small table of general news mixed with the window's own articles, so that a
//! window of ten articles is judged like one of a thousand, and what every article of the day says weighs little.

use crate::{
    model::Article,
    text::{
        normal,
        syllable::{Syllable, syllables},
    },
};
use std::{collections::HashMap, sync::LazyLock};

/// Syllables of one article that are looked at.
const MAX_SYLLABLES: usize = 1_500;
/// Syllables of the running text that belong to its opening: where the news is.
const OPENING: usize = 120;
/// How often a word of the headline counts.
const HEADLINE: u32 = 2;
/// Names longer than this many syllables are headlines in capitals.
const LONGEST_NAME: usize = 6;
/// One article of the table counts as much as this part of an article of the window.
const BACKGROUND: f32 = 0.02;
/// An article of the paper's last weeks counts as much as this part of one of the window.
const USAGE: f32 = 0.25;
/// Articles that the table gives a term which stands in too few of them to be listed.
const UNLISTED: f32 = 10.0;
/// How much a term counts that stands in one article only and is not in the table.
const LONE: f32 = 0.35;
/// A term is particular that so many articles have at most, or one in [`FEW_OF`]…
const FEW: u32 = 3;
/// …of a large window.
const FEW_OF: usize = 6;
/// Terms below this weight are in every other article: they tell nothing and cost much.
const MIN_IDF: f32 = 0.5;
/// How much whole text, opening and names count; squared, they add up to 1.
const SHARES: [(Field, f32); 3] = [
    (Field::Text, 0.70),
    (Field::Opening, 0.15),
    (Field::Names, 0.15),
];

/// Document frequencies of common syllables and pairs in general news. Figures only; 80 articles at least.
static TABLE: LazyLock<(f32, HashMap<u64, f32>)> =
    LazyLock::new(|| parse(include_str!("frequencies.tsv")));

fn parse(table: &str) -> (f32, HashMap<u64, f32>) {
    let mut total = 1.0;
    let mut known = HashMap::new();
    for line in table.lines() {
        let Some((term, count)) = line.split_once('\t') else {
            continue;
        };
        let count: f32 = count.parse().unwrap_or(0.0);
        if term.starts_with('#') {
            total = count;
            continue;
        }
        let words = term.split(' ').map(|word| hash(&normal::key(word)));
        if let Some(term) = words.reduce(pair) {
            known.insert(term, count);
        }
    }
    (total, known)
}

/// FNV-1a: the same on every machine, and fast on syllables.
fn hash(word: &str) -> u64 {
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
enum Field {
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

    /// Whether the article says this syllable or pair anywhere.
    pub fn has(&self, term: u64) -> bool {
        let text = &self.fields[Field::Text as usize];
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

/// What papers write every day: in how many of some articles each term stands. A desk learns it from its own store, so that
/// in a small window too the words of its trade weigh little.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    articles: usize,
    terms: [HashMap<u64, u32>; 3],
}

impl Usage {
    /// Learned from these articles.
    pub fn of(articles: &[Article]) -> Self {
        let mut usage = Self {
            articles: articles.len(),
            ..Self::default()
        };
        for article in articles {
            let text = article.text();
            let terms = Terms::new(text.title, text.sapo, text.body);
            for (known, field) in usage.terms.iter_mut().zip(&terms.fields) {
                for (term, _) in field {
                    *known.entry(*term).or_default() += 1;
                }
            }
        }
        usage
    }
}

fn count<const N: usize>(
    parts: [(&[Word], u32); N],
    terms: impl Fn(&[Word], &mut dyn FnMut(u64)),
) -> Vec<(u64, u32)> {
    let mut all: Vec<(u64, u32)> = Vec::new();
    for (words, times) in parts {
        terms(words, &mut |term| all.push((term, times)));
    }
    all.sort_unstable();
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    all
}

fn grams(words: &[Word], emit: &mut dyn FnMut(u64)) {
    words.iter().for_each(|word| emit(word.term));
    words
        .windows(2)
        .for_each(|two| emit(pair(two[0].term, two[1].term)));
}

/// Runs of capitalised words, whole and in pairs; a single one at the head of a sentence is no name.
fn names(words: &[Word], emit: &mut dyn FnMut(u64)) {
    for run in words.chunk_by(|a, b| a.capital && b.capital && !b.apart) {
        let single = run.len() == 1;
        if !run[0].capital || run.len() > LONGEST_NAME || (single && run[0].opens) {
            continue;
        }
        if run.len() != 2
            && let Some(whole) = run.iter().map(|word| word.term).reduce(pair)
        {
            emit(whole);
        }
        run.windows(2)
            .for_each(|two| emit(pair(two[0].term, two[1].term)));
    }
}

/// The articles that have a term.
struct Holders {
    /// No common word of newspapers, nor of this window: a name, a figure, the wording of one event.
    particular: bool,
    /// With its weight in each, in order.
    articles: Vec<(u32, f32)>,
}

/// How alike two articles are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Likeness {
    /// 0 for nothing in common, 1 for the same.
    pub alike: f32,
    /// Shared terms that only few use.
    pub particulars: u32,
}

/// How alike the articles of a window are.
pub(super) struct Space {
    /// Weights of each article by term, each of length 1.
    vectors: Vec<Vec<(u32, f32)>>,
    /// Articles by term.
    holders: Vec<Holders>,
}

impl Space {
    pub fn new(articles: &[&Terms], usage: &Usage) -> Self {
        let mut vectors = vec![Vec::new(); articles.len()];
        let mut holders = Vec::new();
        for (field, share) in SHARES {
            let share = share.sqrt();
            add_field(articles, usage, field, share, &mut vectors, &mut holders);
        }
        Self { vectors, holders }
    }

    /// The articles after `i` that share something with it.
    pub fn like(&self, i: usize) -> impl Iterator<Item = (usize, Likeness)> {
        let mut sums = vec![Likeness::default(); self.vectors.len()];
        for &(term, weight) in &self.vectors[i] {
            let holders = &self.holders[term as usize];
            let all = &holders.articles;
            let after = all.partition_point(|&(j, _)| j as usize <= i);
            for &(j, other) in &all[after..] {
                let sum = &mut sums[j as usize];
                sum.alike += weight * other;
                sum.particulars += u32::from(holders.particular);
            }
        }
        sums.into_iter().enumerate().skip(i + 1)
    }
}

fn add_field(
    articles: &[&Terms],
    usage: &Usage,
    field: Field,
    share: f32,
    vectors: &mut [Vec<(u32, f32)>],
    holders: &mut Vec<Holders>,
) {
    let (total, table) = &*TABLE;
    let mut found: HashMap<u64, u32> = HashMap::new();
    for (term, _) in articles.iter().flat_map(|a| &a.fields[field as usize]) {
        *found.entry(*term).or_default() += 1;
    }
    let all = articles.len() as f32 + USAGE * usage.articles as f32 + BACKGROUND * total;
    let few = FEW.max(u32::try_from(articles.len() / FEW_OF).unwrap_or(u32::MAX));
    let mut ids: HashMap<u64, u32> = HashMap::new();
    for (i, article) in articles.iter().enumerate() {
        let mut vector: Vec<(u64, u32, f32)> = Vec::new();
        for &(term, count) in &article.fields[field as usize] {
            let here = found.get(&term).copied().unwrap_or(1);
            let there = table.get(&term);
            let lately = usage.terms[field as usize].get(&term).copied().unwrap_or(0);
            // What one article alone says, and no newspaper otherwise, is hardly vocabulary: in full it would make long
            // articles unlike all others, left out it would make two short ones alike by their common words.
            let lone = here < 2 && there.is_none() && lately == 0;
            let known = if lone { LONE } else { 1.0 };
            let seen = here as f32
                + USAGE * lately as f32
                + BACKGROUND * there.copied().unwrap_or(UNLISTED);
            let idf = (all / seen).ln();
            if idf >= MIN_IDF {
                vector.push((term, lately, known * (1.0 + (count as f32).ln()) * idf));
            }
        }
        let length = vector.iter().map(|(_, _, w)| w * w).sum::<f32>().sqrt();
        for (term, lately, weight) in vector {
            let weight = share * weight / length;
            let id = *ids.entry(term).or_insert_with(|| {
                holders.push(Holders {
                    particular: field == Field::Text
                        && lately as usize * FEW_OF <= usage.articles
                        && !table.contains_key(&term)
                        && found.get(&term).is_some_and(|here| *here <= few),
                    articles: Vec::new(),
                });
                u32::try_from(holders.len() - 1).unwrap_or(u32::MAX)
            });
            vectors[i].push((id, weight));
            holders[id as usize]
                .articles
                .push((u32::try_from(i).unwrap_or(u32::MAX), weight));
        }
    }
}
