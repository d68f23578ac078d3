//! What is known of a sentence before it is scored. Every feature is a share or a flag (0 to 1), so that the weights can
//! be read; none knows the corpus, the paper or the topic.

use super::{Chosen, Place, Source, prose};
use crate::text::{normal::push_key, sentence::sentence_spans, syllable::syllables};
use std::collections::HashMap;

/// Names of the features, in the order of the weights.
pub const NAMES: [&str; FEATURES] = [
    "bias",
    "first",
    "second",
    "third",
    "early",
    "place",
    "lead",
    "lead_first",
    "title",
    "titles",
    "shared",
    "widely",
    "echo",
    "leads",
    "central",
    "length",
    "short",
    "long",
    "figures",
    "names",
    "quoted",
    "asks",
    "speaks",
    "leans",
];
/// How many features a sentence has.
pub const FEATURES: usize = 24;

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
    sorted(tokens.windows(2).map(|w| (w[0], w[1])).collect())
}

/// How many values two sorted, distinct lists share.
pub(crate) fn common<T: Ord>(a: &[T], b: &[T]) -> usize {
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
        let title = words.read(source.title);
        for (place, part) in [(Place::Lead, source.lead), (Place::Body, source.body)] {
            read_part(at, place, part, &title, &mut words, &mut out);
        }
    }
    let event = Event::new(sources, &out, &mut words);
    let features: Vec<_> = (0..out.len()).map(|i| event.features(i, &out)).collect();
    for (sentence, features) in out.iter_mut().zip(features) {
        sentence.features = features;
    }
    out
}

fn read_part<'a>(
    source: usize,
    place: Place,
    part: &'a str,
    title: &[u32],
    words: &mut Words,
    out: &mut Vec<Sentence<'a>>,
) {
    let mut spans = sentence_spans(part);
    spans.truncate(MAX_SENTENCES);
    let of = spans.len();
    let mut before = None;
    for (rank, mut span) in spans.into_iter().enumerate() {
        span.start += prose::dateline(&part[span.clone()]);
        let text = &part[span.clone()];
        let tokens = words.read(text);
        // The headline printed again says nothing that is not read already.
        let repeats = tokens == title;
        let whole = match place {
            Place::Lead => prose::is_sapo(text),
            Place::Body => prose::is_whole(text),
        };
        if tokens.len() < MIN_SYLLABLES || repeats || !whole || prose::is_furniture(text) {
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
            chosen: Chosen {
                source,
                place,
                span,
                text,
            },
        });
        before = Some(out.len() - 1);
    }
}

/// What the articles of one event have in common.
struct Event {
    /// Pairs of each article, sorted.
    articles: Vec<Vec<(u32, u32)>>,
    /// Pairs of its sapo and first sentences, sorted.
    heads: Vec<Vec<(u32, u32)>>,
    /// How often each syllable stands in all articles.
    counts: Vec<u32>,
    commonest: f64,
    /// Syllables of each headline, sorted, and of all.
    titles: Vec<Vec<u32>>,
    all_titles: Vec<u32>,
    /// Sentences of the sapos.
    sapo: usize,
}

impl Event {
    fn new(sources: &[Source<'_>], sentences: &[Sentence<'_>], words: &mut Words) -> Self {
        let titles: Vec<Vec<u32>> = sources
            .iter()
            .map(|s| sorted(words.read(s.title)))
            .collect();
        let mut articles: Vec<Vec<(u32, u32)>> = vec![Vec::new(); sources.len()];
        let mut heads = articles.clone();
        let mut counts = vec![0; words.0.len()];
        for s in sentences {
            articles[s.chosen.source].extend(&s.pairs);
            if s.chosen.place == Place::Lead || s.rank < 2 {
                heads[s.chosen.source].extend(&s.pairs);
            }
            for &token in &s.tokens {
                counts[token as usize] += 1;
            }
        }
        Self {
            articles: articles.into_iter().map(sorted).collect(),
            heads: heads.into_iter().map(sorted).collect(),
            commonest: counts.iter().copied().max().unwrap_or(1).into(),
            counts,
            sapo: sentences
                .iter()
                .filter(|s| s.chosen.place == Place::Lead)
                .count(),
            all_titles: sorted(titles.concat()),
            titles,
        }
    }

    fn features(&self, i: usize, sentences: &[Sentence<'_>]) -> [f64; FEATURES] {
        let s = &sentences[i];
        let text = s.chosen.text;
        let body = s.chosen.place == Place::Body;
        let flag = |yes: bool| f64::from(u8::from(yes));
        // Where other papers report too, they tell what matters, and sapos repeat one another. An article alone says it
        // itself: its sapo is its opening, and its text comes after.
        let alone = self.articles.len() == 1;
        let rank = s.rank + if alone && body { self.sapo } else { 0 };
        let opens = body || alone;
        let at = |place: usize| flag(opens && rank == place);
        let size = s.words as f64;
        let others = self.articles.len().saturating_sub(1);
        let pairs = s.pairs.len().max(1) as f64;
        let others_hold = |held: &[Vec<(u32, u32)>], pair: &(u32, u32)| {
            let others = held
                .iter()
                .enumerate()
                .filter(|(k, _)| *k != s.chosen.source);
            others
                .filter(|(_, pairs)| pairs.binary_search(pair).is_ok())
                .count()
        };
        let support: Vec<usize> = s
            .pairs
            .iter()
            .map(|pair| others_hold(&self.articles, pair))
            .collect();
        let shared = support.iter().sum::<usize>() as f64 / (others.max(1) as f64 * pairs);
        let widely = support.iter().filter(|&&n| n * 2 >= others.max(1)).count() as f64 / pairs;
        let heads = self
            .heads
            .iter()
            .enumerate()
            .filter(|(k, _)| *k != s.chosen.source);
        let leads = heads
            .map(|(_, head)| {
                s.pairs
                    .iter()
                    .filter(|p| head.binary_search(p).is_ok())
                    .count()
            })
            .max();
        [
            1.0,
            at(0),
            at(1),
            at(2),
            flag(opens) / (1.0 + rank as f64),
            if body {
                s.rank as f64 / s.of.max(1) as f64
            } else {
                0.0
            },
            flag(!body),
            flag(!body && s.rank == 0),
            self.covers_title(s),
            s.tokens
                .iter()
                .filter(|t| self.all_titles.binary_search(t).is_ok())
                .count() as f64
                / s.tokens.len().max(1) as f64,
            shared,
            widely,
            self.echo(s, sentences),
            leads.unwrap_or(0) as f64 / pairs,
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
        let other = sentences
            .iter()
            .filter(|o| o.chosen.source != s.chosen.source);
        let like = other.map(|o| {
            let both = common(&s.pairs, &o.pairs) as f64;
            2.0 * both / (s.pairs.len() + o.pairs.len()).max(1) as f64
        });
        like.fold(0.0, f64::max)
    }

    /// How common its syllables are in the articles, the commonest (function words) cut off.
    fn centrality(&self, s: &Sentence<'_>) -> f64 {
        let common = |&t: &u32| f64::from(self.counts[t as usize]).ln_1p() / self.commonest.ln_1p();
        s.tokens.iter().map(common).sum::<f64>() / s.tokens.len().max(1) as f64
    }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Speech of the reporter or the interviewed in the first person.
const SPEAKERS: [&str; 6] = [
    "tôi ",
    "Tôi ",
    "chúng ta",
    "Chúng ta",
    "chúng tôi",
    "Chúng tôi",
];

/// Share of words that are written with a capital inside the sentence.
fn names(text: &str) -> f64 {
    let words = text.split_whitespace().skip(1);
    let (mut all, mut capital) = (0.0, 0.0);
    for word in words {
        all += 1.0;
        if word
            .trim_start_matches(['“', '"', '('])
            .starts_with(char::is_uppercase)
        {
            capital += 1.0;
        }
    }
    if all == 0.0 { 0.0 } else { capital / all }
}
