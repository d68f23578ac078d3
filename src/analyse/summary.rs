//! Extractive summaries: which sentences of one event's articles tell it best, verbatim.
//!
//! Two steps, both explainable: every sentence gets a score (a linear model over [`features`], its weights a small table
//! in [`weights`], learned by [`learn`]), then sentences are taken greedily by score × share of word pairs that the
//! summary does not have yet. Picking is not writing: nothing is joined, shortened or made up.

pub mod features;
pub mod learn;
mod prose;
pub mod weights;

use features::{FEATURES, Sentence, candidates, common};
use std::ops::Range;

/// An article to summarise; parts may be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// The headline: tells what matters, is never quoted.
    pub title: &'a str,
    /// The sapo.
    pub lead: &'a str,
    /// The paragraphs.
    pub body: &'a str,
}

/// How much may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// White-space separated words that are aimed at.
    pub words: usize,
    /// Words that are never exceeded.
    pub most_words: usize,
    /// Words of one sentence that are never exceeded.
    pub longest: usize,
    /// Sentences that are never exceeded.
    pub sentences: usize,
}

impl Budget {
    /// About `words` words, a tenth more at most.
    pub fn about(words: usize) -> Self {
        Self {
            words,
            most_words: words.saturating_add(words / 10),
            longest: usize::MAX,
            sentences: usize::MAX,
        }
    }
}

/// The part of an article a sentence stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The sapo.
    Lead,
    /// The paragraphs.
    Body,
}

/// A sentence of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// Index of its article.
    pub source: usize,
    /// Where it stands there.
    pub place: Place,
    /// Its bytes in that part.
    pub span: Range<usize>,
    /// The sentence, verbatim.
    pub text: &'a str,
}

/// Two sentences that share this much of the shorter one's word pairs say the same.
const SAME: f64 = 0.5;
/// How strongly new words are preferred to a high score.
const NOVELTY: f64 = 1.5;
/// A summary that is filled this far is full.
const FULL: f64 = 0.97;

/// The sentences that tell the event, in reading order: by article in the given order, then as they stand there.
/// Empty if no sentence fits the budget.
pub fn summarise<'a>(sources: &[Source<'a>], budget: Budget) -> Vec<Chosen<'a>> {
    summarise_with(sources, budget, &weights::WEIGHTS)
}

/// As [`summarise`], with weights of one's own: for measuring.
pub(crate) fn summarise_with<'a>(
    sources: &[Source<'a>],
    budget: Budget,
    weights: &[f64; FEATURES],
) -> Vec<Chosen<'a>> {
    let sentences = candidates(sources);
    let mut picked = pick(&sentences, budget, weights);
    picked.sort_unstable();
    picked
        .into_iter()
        .map(|i| sentences[i].chosen.clone())
        .collect()
}

fn score(sentence: &Sentence<'_>, weights: &[f64; FEATURES]) -> f64 {
    let sum: f64 = sentence
        .features
        .iter()
        .zip(weights)
        .map(|(feature, weight)| feature * weight)
        .sum();
    sum.max(0.001)
}

/// Indexes of the chosen sentences, in order of choice.
fn pick(sentences: &[Sentence<'_>], budget: Budget, weights: &[f64; FEATURES]) -> Vec<usize> {
    let scores: Vec<f64> = sentences.iter().map(|s| score(s, weights)).collect();
    let mut said: Vec<(u32, u32)> = Vec::new();
    let mut picked: Vec<usize> = Vec::new();
    let mut words = 0;
    while picked.len() < budget.sentences && (words as f64) < budget.words as f64 * FULL {
        let mut best: Option<(usize, f64)> = None;
        for (i, sentence) in sentences.iter().enumerate() {
            let fits =
                sentence.words <= budget.longest && words + sentence.words <= budget.most_words;
            if !fits || picked.contains(&i) || !stands_alone(i, sentences, &picked) {
                continue;
            }
            let old = common(&sentence.pairs, &said);
            let novelty = 1.0 - old as f64 / sentence.pairs.len().max(1) as f64;
            let value = scores[i] * novelty.powf(NOVELTY);
            if best.is_none_or(|(_, most)| value > most)
                && !picked
                    .iter()
                    .any(|&p| sentences[p].says_the_same(sentence, SAME))
            {
                best = Some((i, value));
            }
        }
        let Some((i, _)) = best else { break };
        picked.push(i);
        words += sentences[i].words;
        said.extend(&sentences[i].pairs);
        said.sort_unstable();
        said.dedup();
    }
    picked
}

/// Whether sentence `i` can be understood where it would stand: it does not lean on the sentence before it, or that one
/// is in the summary too.
fn stands_alone(i: usize, sentences: &[Sentence<'_>], picked: &[usize]) -> bool {
    !sentences[i].leans
        || sentences[i]
            .before
            .is_some_and(|before| picked.contains(&before))
}

#[cfg(test)]
mod tests;
