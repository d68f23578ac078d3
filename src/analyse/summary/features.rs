//! What is known of a sentence before it is scored. Every feature is a share or a flag (0 to 1), so that the weights can
//! be read; none knows the corpus, the paper or the topic.

use super::{Chosen, Place, Source, prose};
use crate::text::{normal::push_key, sentence::sentence_spans, syllable::syllables};
use std::collections::{HashMap, HashSet};

/// Names of the features, in the order of the weights.
pub const NAMES: [&str; FEATURES] = [
    "bias", "first", "second", "third", "early", "place", "lead", "lead_first", "title", "titles", "shared", "widely",
    "echo", "leads", "central", "length", "short", "long", "figures", "names", "quoted", "asks", "speaks", "leans",
    "whole", "alone_first",
];
/// How many features a sentence has.
pub const FEATURES: usize = 26;

/// Sentences of one article that are looked at: what matters stands far above it.
const MAX_SENTENCES: usize = 150;
/// Articles of one event that are looked at.
const MAX_SOURCES: usize = 24;
/// A sentence has at least this many syllables.
const MIN_SYLLABLES: usize = 6;

/// A sentence that may be chosen.
#[derive(Debug)]
pub(crate) struct Sentence<'a> {
    pub chosen: Chosen<'a>,
    /// White-space separated words.
    pub words: usize,
    /// Its distinct pairs of neighbouring syllables, sorted.
    pub pairs: Vec<(u32, u32)>,
    /// Whether it needs the sentence before it…
    pub leans: bool,
    /// …which is this candidate.
    pub before: Option<usize>,
    pub features: [f64; FEATURES],
    /// Its syllables.
    tokens: Vec<u32>,
    /// Its place in its part, counted from 0.
    rank: usize,
    /// Sentences of that part.
    of: usize,
}

impl Sentence<'_> {
    /// Whether the two share `share` of the shorter one's pairs.
    pub fn says_the_same(&self, other: &Sentence<'_>, share: f64) -> bool {
        let least = self.pairs.len().min(other.pairs.len());
        least > 0 && common(&self.pairs, &other.pairs) as f64 >= share * least as f64
    }
}

/// Words as numbers.
#[derive(Default)]
pub(crate) struct Words(HashMap<String, u32>);

impl Words {
    /// The syllables of a text, whatever their case and spelling of tones.
    pub fn read(&mut self, text: &str) -> Vec<u32> {
        let mut key = String::new();
        syllables(text)
            .map(|syllable| {
                key.clear();
                push_key(syllable.of(text), &mut key);
                let next = self.0.len() as u32;
                match self.0.get(&key) {
                    Some(&known) => known,
                    None => *self.0.entry(key.clone()).or_insert(next),
                }
            })
            .collect()
    }
}

/// The distinct neighbouring pairs, sorted.
pub(crate) fn pairs(tokens: &[u32]) -> Vec<(u32, u32)> {
    let mut pairs: Vec<_> = tokens.windows(2).map(|w| (w[0], w[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn common<T: Ord>(a: &[T], b: &[T]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                n += 1;
                i += 1;
                j += 1;
            }
        }
    }
    n
}

/// The sentences that may be chosen, article by article as they stand, with their features.
pub(crate) fn candidates<'a>(sources: &[Source<'a>]) -> Vec<Sentence<'a>> {
    let sources = &sources[..sources.len().min(MAX_SOURCES)];
    let mut words = Words::default();
    let mut out = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        for (place, part) in [(Place::Lead, source.lead), (Place::Body, source.body)] {
            read_part(at, place, part, &mut words, &mut out);
        }
    }
    let event = Event::new(sources, &out, &mut words);
    let features: Vec<_> = (0..out.len()).map(|i| event.features(i, &out)).collect();
    for (sentence, features) in out.iter_mut().zip(features) {
        sentence.features = features;
    }
    out
}

fn read_part<'a>(source: usize, place: Place, part: &'a str, words: &mut Words, out: &mut Vec<Sentence<'a>>) {
    let mut spans = sentence_spans(part);
    spans.truncate(MAX_SENTENCES);
    let of = spans.len();
    let mut before = None;
    for (rank, mut span) in spans.into_iter().enumerate() {
        span.start += prose::dateline(&part[span.clone()]);
        let text = &part[span.clone()];
        let tokens = words.read(text);
        if tokens.len() < MIN_SYLLABLES || prose::is_furniture(text) {
            before = None;
            continue;
        }
        out.push(Sentence {
            words: text.split_whitespace().count(),
            pairs: pairs(&tokens),
            leans: prose::leans(text),
            before,
            features: [0.0; FEATURES],
            tokens,
            rank,
            of,
            chosen: Chosen { source, place, span, text },
        });
        before = Some(out.len() - 1);
    }
}

/// What the articles of one event have in common.
struct Event {
    /// Articles that hold a pair.
    holders: HashMap<(u32, u32), u32>,
    /// How often a syllable stands in all articles.
    counts: HashMap<u32, u32>,
    total: f64,
    articles: usize,
    titles: Vec<Vec<u32>>,
    all_titles: HashSet<u32>,
    /// Pairs of all leads and first sentences, by article.
    heads: Vec<HashSet<(u32, u32)>>,
    commonest: f64,
}

impl Event {
    fn new(sources: &[Source<'_>], sentences: &[Sentence<'_>], words: &mut Words) -> Self {
        let titles: Vec<Vec<u32>> = sources
            .iter()
            .map(|s| {
                let mut title = words.read(s.title);
                title.sort_unstable();
                title.dedup();
                title
            })
            .collect();
        let mut by_article: Vec<HashSet<(u32, u32)>> = vec![HashSet::new(); sources.len()];
        let mut heads = by_article.clone();
        let mut counts: HashMap<u32, u32> = HashMap::new();
        let mut total = 0.0;
        for s in sentences {
            by_article[s.chosen.source].extend(&s.pairs);
            if s.chosen.place == Place::Lead || s.rank < 2 {
                heads[s.chosen.source].extend(&s.pairs);
            }
            for &token in &s.tokens {
                *counts.entry(token).or_default() += 1;
                total += 1.0;
            }
        }
        let mut holders: HashMap<(u32, u32), u32> = HashMap::new();
        for pair in by_article.iter().flatten() {
            *holders.entry(*pair).or_default() += 1;
        }
        let commonest = counts.values().copied().max().unwrap_or(1).into();
        Self {
            holders,
            counts,
            total,
            articles: sources.len(),
            all_titles: titles.iter().flatten().copied().collect(),
            titles,
            heads,
            commonest,
        }
    }

    fn features(&self, i: usize, sentences: &[Sentence<'_>]) -> [f64; FEATURES] {
        let s = &sentences[i];
        let text = s.chosen.text;
        let body = s.chosen.place == Place::Body;
        let flag = |yes: bool| f64::from(u8::from(yes));
        let at = |rank: usize| flag(body && s.rank == rank);
        let size = s.words as f64;
        let others = self.articles.saturating_sub(1);
        let share = |hits: usize| hits as f64 / s.pairs.len().max(1) as f64;
        let support = |pair: &(u32, u32)| self.holders.get(pair).map_or(0, |n| n - 1) as usize;
        let shared = s.pairs.iter().map(support).sum::<usize>() as f64;
        let shared = if others == 0 { 0.0 } else { shared / (others * s.pairs.len().max(1)) as f64 };
        let widely = s.pairs.iter().filter(|p| support(p) * 2 >= others.max(1)).count();
        let heads = self.heads.iter().enumerate().filter(|(k, _)| *k != s.chosen.source);
        let leads = heads.map(|(_, head)| s.pairs.iter().filter(|p| head.contains(p)).count()).max().unwrap_or(0);
        [
            1.0,
            at(0),
            at(1),
            at(2),
            flag(body) / (1.0 + s.rank as f64),
            if body { s.rank as f64 / s.of.max(1) as f64 } else { 0.0 },
            flag(!body),
            flag(!body && s.rank == 0),
            self.covers_title(s),
            s.tokens.iter().filter(|t| self.all_titles.contains(t)).count() as f64 / s.tokens.len().max(1) as f64,
            shared,
            share(widely),
            self.echo(s, sentences),
            share(leads),
            self.centrality(s),
            (size / 30.0).min(2.0),
            flag(size < 12.0),
            flag(size > 55.0),
            flag(text.contains(|c: char| c.is_ascii_digit())),
            names(text),
            flag(text.contains(['"', '“', '”'])),
            flag(text.contains('?')),
            flag(SPEAKERS.iter().any(|w| text.contains(w))),
            flag(s.leans),
            flag(prose::is_whole(text)),
            at(0) * flag(self.articles == 1),
        ]
    }

    /// How much of its own headline it says.
    fn covers_title(&self, s: &Sentence<'_>) -> f64 {
        let title = &self.titles[s.chosen.source];
        let said = title.iter().filter(|t| s.tokens.contains(t)).count();
        said as f64 / title.len().max(1) as f64
    }

    /// The likest sentence of another article.
    fn echo(&self, s: &Sentence<'_>, sentences: &[Sentence<'_>]) -> f64 {
        let other = sentences.iter().filter(|o| o.chosen.source != s.chosen.source);
        let like = other.map(|o| {
            let both = common(&s.pairs, &o.pairs) as f64;
            2.0 * both / (s.pairs.len() + o.pairs.len()).max(1) as f64
        });
        like.fold(0.0, f64::max)
    }

    /// How common its syllables are in the articles, the commonest (function words) cut off.
    fn centrality(&self, s: &Sentence<'_>) -> f64 {
        let sum: f64 = s
            .tokens
            .iter()
            .filter_map(|t| self.counts.get(t))
            .map(|&n| f64::from(n).ln_1p() / self.commonest.ln_1p())
            .sum();
        if self.total == 0.0 { 0.0 } else { sum / s.tokens.len().max(1) as f64 }
    }
}

/// Speech of the reporter or the interviewed in the first person.
const SPEAKERS: [&str; 6] = ["tôi ", "Tôi ", "chúng ta", "Chúng ta", "chúng tôi", "Chúng tôi"];

/// Share of words that are written with a capital inside the sentence.
fn names(text: &str) -> f64 {
    let words = text.split_whitespace().skip(1);
    let (mut all, mut capital) = (0.0, 0.0);
    for word in words {
        all += 1.0;
        if word.trim_start_matches(['“', '"', '(']).starts_with(char::is_uppercase) {
            capital += 1.0;
        }
    }
    if all == 0.0 { 0.0 } else { capital / all }
}
