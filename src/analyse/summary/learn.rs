//! Fits the weights to human summaries: ridge regression of each sentence's worth on its features.
//!
//! A sentence's worth is the share of its word pairs that stand in the human summaries. Plain normal equations: there
//! are few features. Used by `diembao tool train-summary`, never by the daemon.

use super::{
    Budget, Source,
    features::{FEATURES, Words, candidates, pairs},
    summarise_with,
};
use std::collections::HashMap;

/// One event with what people wrote about it.
#[derive(Debug, Clone)]
pub struct Example<'a> {
    /// The articles.
    pub sources: Vec<Source<'a>>,
    /// Summaries by people; at least one.
    pub references: Vec<&'a str>,
}

/// Mean F1 over events and references, in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rouge {
    /// Of single syllables.
    pub one: f64,
    /// Of neighbouring pairs.
    pub two: f64,
}

/// Strength of the ridge, as a share of the number of sentences.
const RIDGE: f64 = 0.003;

/// The weights that fit the examples best; 0 for the features that are not `used`.
pub fn fit(examples: &[&Example<'_>], used: &[bool; FEATURES]) -> [f64; FEATURES] {
    let mut gram = [[0.0; FEATURES]; FEATURES];
    let mut right = [0.0; FEATURES];
    let mut rows = 0.0;
    for example in examples {
        let sentences = candidates(&example.sources);
        // Every event counts the same, however long its articles are.
        let weight = 1.0 / (sentences.len().max(1) as f64);
        for (mut sentence, worth) in sentences.into_iter().zip(worths(example)) {
            for (feature, used) in sentence.features.iter_mut().zip(used) {
                *feature *= f64::from(u8::from(*used));
            }
            let weight = weight * (sentence.pairs.len() as f64 / 30.0).min(2.0);
            rows += weight;
            for (i, a) in sentence.features.iter().enumerate() {
                right[i] += weight * a * worth;
                for (j, b) in sentence.features.iter().enumerate() {
                    gram[i][j] += weight * a * b;
                }
            }
        }
    }
    for (i, row) in gram.iter_mut().enumerate() {
        row[i] += rows * RIDGE + 1e-9;
    }
    solve(gram, right)
}

/// Share of each candidate's pairs that stand in the references, averaged over them.
fn worths(example: &Example<'_>) -> Vec<f64> {
    let mut words = Words::default();
    let references: Vec<_> = example
        .references
        .iter()
        .map(|r| pairs(&words.read(r)))
        .collect();
    let mut worth = |text: &str| {
        let own = pairs(&words.read(text));
        let hits: usize = references
            .iter()
            .map(|r| own.iter().filter(|p| r.binary_search(p).is_ok()).count())
            .sum();
        hits as f64 / (own.len().max(1) * references.len().max(1)) as f64
    };
    candidates(&example.sources)
        .iter()
        .map(|s| worth(s.chosen.text))
        .collect()
}

/// Gaussian elimination with the largest pivot.
fn solve(mut a: [[f64; FEATURES]; FEATURES], mut b: [f64; FEATURES]) -> [f64; FEATURES] {
    for i in 0..FEATURES {
        let pivot = (i..FEATURES)
            .max_by(|&x, &y| a[x][i].abs().total_cmp(&a[y][i].abs()))
            .unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        let (pivot_row, pivot_right) = (a[i], b[i]);
        for (row, right) in a.iter_mut().zip(b.iter_mut()).skip(i + 1) {
            let factor = row[i] / pivot_row[i];
            for (cell, above) in row.iter_mut().zip(pivot_row) {
                *cell -= factor * above;
            }
            *right -= factor * pivot_right;
        }
    }
    let mut x = [0.0; FEATURES];
    for i in (0..FEATURES).rev() {
        let known: f64 = (i + 1..FEATURES).map(|j| a[i][j] * x[j]).sum();
        x[i] = (b[i] - known) / a[i][i];
    }
    x
}

/// How the weights do on examples: summaries as long as people's are on average.
pub fn measure(examples: &[&Example<'_>], weights: &[f64; FEATURES]) -> Rouge {
    let mut sum = Rouge::default();
    for example in examples {
        let one = rouge(example, weights);
        sum.one += one.one;
        sum.two += one.two;
    }
    let n = examples.len().max(1) as f64 / 100.0;
    Rouge {
        one: sum.one / n,
        two: sum.two / n,
    }
}

/// As [`measure`], each example scored with weights that were fitted without its fold.
pub fn cross_validate(examples: &[Example<'_>], folds: usize, used: &[bool; FEATURES]) -> Rouge {
    let mut sum = Rouge::default();
    for fold in 0..folds {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (i, example) in examples.iter().enumerate() {
            if i % folds == fold {
                test.push(example)
            } else {
                train.push(example)
            }
        }
        let part = measure(&test, &fit(&train, used));
        sum.one += part.one * test.len() as f64;
        sum.two += part.two * test.len() as f64;
    }
    let n = examples.len().max(1) as f64;
    Rouge {
        one: sum.one / n,
        two: sum.two / n,
    }
}

fn rouge(example: &Example<'_>, weights: &[f64; FEATURES]) -> Rouge {
    let length: usize = example
        .references
        .iter()
        .map(|r| r.split_whitespace().count())
        .sum();
    let mean = (length as f64 / example.references.len().max(1) as f64).round() as usize;
    let chosen = summarise_with(&example.sources, Budget::about(mean.max(20)), weights);
    let mut words = Words::default();
    let text: Vec<&str> = chosen.iter().map(|c| c.text).collect();
    let own = words.read(&text.join(" "));
    let mut sum = Rouge::default();
    for reference in &example.references {
        let reference = words.read(reference);
        sum.one += f1(
            counts(own.iter().map(|&w| (w, 0))),
            counts(reference.iter().map(|&w| (w, 0))),
        );
        sum.two += f1(
            counts(own.windows(2).map(|w| (w[0], w[1]))),
            counts(reference.windows(2).map(|w| (w[0], w[1]))),
        );
    }
    let n = example.references.len().max(1) as f64;
    Rouge {
        one: sum.one / n,
        two: sum.two / n,
    }
}

fn counts(grams: impl Iterator<Item = (u32, u32)>) -> HashMap<(u32, u32), usize> {
    let mut out = HashMap::new();
    for gram in grams {
        *out.entry(gram).or_default() += 1;
    }
    out
}

fn f1(a: HashMap<(u32, u32), usize>, b: HashMap<(u32, u32), usize>) -> f64 {
    let hits: usize = a
        .iter()
        .map(|(gram, n)| (*n).min(b.get(gram).copied().unwrap_or(0)))
        .sum();
    let all: usize = a.values().sum::<usize>() + b.values().sum::<usize>();
    2.0 * hits as f64 / all.max(1) as f64
}
