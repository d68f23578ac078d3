//! Fitting the weights to labelled articles: logistic regression with a strong pull towards 0 and weights that keep their
//! direction, by coordinate descent; the same input gives the same table.

use super::features::{Own, Seen, Sign, own, seen};
use super::lessons::Lessons;
use super::model::LEVELS;
use super::tally;
use crate::config::topics::Topics;
use crate::model::{ArticleText, Verdict};
use std::fmt::{self, Write as _};

pub use super::model::Model;

/// Strength of the pull towards 0.
const RIDGE: f64 = 2.0;
/// Rounds over all weights; the last changes nothing that is printed.
const ROUNDS: usize = 400;
/// A weight moves no further in one step: keeps the descent stable.
const MAX_STEP: f64 = 1.0;

/// An article with what a person said of it.
#[derive(Debug, Clone)]
pub struct Example<'a> {
    /// The article.
    pub text: ArticleText<'a>,
    /// Its level, 0 to 2.
    pub level: u8,
    /// Keys of its topics.
    pub topics: Vec<String>,
}

/// Fits a model to `examples`.
pub fn fit(topics: &Topics, examples: &[Example<'_>]) -> Model {
    let keys: Vec<&str> = topics.list.iter().map(|t| t.key.as_str()).collect();
    let mut levels = [1, 2].map(|_| Problem::new(&Seen::NAMES, 1));
    let mut of_topics = Problem::new(&Own::NAMES, keys.len());
    for example in examples {
        let sums = tally::sums(topics, &example.text);
        let seen = seen(topics, &example.text, &sums);
        for (problem, level) in levels.iter_mut().zip(1..) {
            problem.push(&seen.0, 0, example.level >= level);
        }
        if example.level > 0 {
            for (topic, own) in own(topics, &sums.topics).iter().enumerate() {
                let is = example.topics.iter().any(|key| key == keys[topic]);
                of_topics.push(&own.0, topic, is);
            }
        }
    }
    let levels: Vec<Vec<f64>> = levels.iter().map(Problem::solve).collect();
    let of_topics = of_topics.solve();
    let of_level = |at: usize| [levels[0][at] as f32, levels[1][at] as f32];
    Model {
        bias: of_level(Seen::COUNT),
        seen: std::array::from_fn(of_level),
        topics: (keys.iter().enumerate())
            .map(|(topic, key)| ((*key).to_owned(), of_topics[Own::COUNT + topic] as f32))
            .collect(),
        own: std::array::from_fn(|at| of_topics[at] as f32),
    }
}

/// Logistic regression: weights of the numbers, then a bias for each kind of row.
struct Problem<'n> {
    names: &'n [(&'static str, Sign)],
    kinds: usize,
    /// By weight: the rows that have it, with the value.
    columns: Vec<Vec<(usize, f64)>>,
    /// By row: +1 or -1.
    rows: Vec<f64>,
}

impl<'n> Problem<'n> {
    fn new(names: &'n [(&'static str, Sign)], kinds: usize) -> Self {
        Self {
            names,
            kinds,
            columns: vec![Vec::new(); names.len() + kinds],
            rows: Vec::new(),
        }
    }

    fn push(&mut self, values: &[f32], kind: usize, is: bool) {
        let row = self.rows.len();
        for (column, &value) in self.columns.iter_mut().zip(values) {
            if value != 0.0 {
                column.push((row, f64::from(value)));
            }
        }
        self.columns[self.names.len() + kind].push((row, 1.0));
        self.rows.push(if is { 1.0 } else { -1.0 });
    }

    /// Newton steps along one weight after another; the bias of a model that has one only is not pulled towards 0.
    fn solve(&self) -> Vec<f64> {
        let mut weights = vec![0.0_f64; self.columns.len()];
        let mut margins = vec![0.0_f64; self.rows.len()];
        for _ in 0..ROUNDS {
            for (at, column) in self.columns.iter().enumerate() {
                let (free, sign) = match self.names.get(at) {
                    Some(&(_, sign)) => (false, sign),
                    None => (self.kinds == 1, Sign::Free),
                };
                let ridge = if free { 1e-6 } else { RIDGE };
                let (mut slope, mut bend) = (ridge * weights[at], ridge);
                for &(row, value) in column {
                    let is = self.rows[row];
                    let wrong = 1.0 / (1.0 + (is * margins[row]).exp());
                    slope -= is * wrong * value;
                    bend += wrong * (1.0 - wrong) * value * value;
                }
                let wish = weights[at] + (-slope / bend).clamp(-MAX_STEP, MAX_STEP);
                let allowed = match sign {
                    Sign::Up => wish.max(0.0),
                    Sign::Down => wish.min(0.0),
                    Sign::Free => wish,
                };
                let step = allowed - weights[at];
                if step != 0.0 {
                    weights[at] = allowed;
                    column
                        .iter()
                        .for_each(|&(row, value)| margins[row] += step * value);
                }
            }
        }
        weights
    }
}

/// The model as its table, for `src/analyse/topic/weights.tsv`.
pub fn table(model: &Model) -> String {
    // No minus before a nothing.
    let shown = |weight: f32| format!("{:.2}", (weight * 100.0).round() / 100.0 + 0.0);
    let mut out = String::from(
        "# Rebuilt by `diembao tool train` (docs/relevance.md); logits. level: number, at least 1, 2.\n",
    );
    let mut level = |name: &str, weights: &[f32; LEVELS]| {
        let _ = writeln!(
            out,
            "level\t{name}\t{}\t{}",
            shown(weights[0]),
            shown(weights[1])
        );
    };
    level("bias", &model.bias);
    for ((name, _), weights) in Seen::NAMES.iter().zip(&model.seen) {
        level(name, weights);
    }
    for ((name, _), weight) in Own::NAMES.iter().zip(model.own) {
        let _ = writeln!(out, "own\t{name}\t{}", shown(weight));
    }
    for (key, weight) in &model.topics {
        let _ = writeln!(out, "topic\t{key}\t{}", shown(*weight));
    }
    out
}

/// How a model does on labelled articles, F1 each.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// How many articles.
    pub articles: usize,
    /// At least level 1; level 2.
    pub levels: [f32; LEVELS],
    /// Over all pairs of topic and article of level 2.
    pub topics: f32,
    /// Mean squared distance of the chance from what is: of at least level 1, of level 2.
    pub brier: [f32; LEVELS],
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([one, two], [first, second]) = (self.levels, self.brier);
        write!(
            f,
            "{} articles, F1 of level >= 1 {one:.3}, of level 2 {two:.3}, of topics {:.3}; Brier {first:.3}, {second:.3}",
            self.articles, self.topics
        )
    }
}

/// Figures of `model` over `examples`.
pub fn measure(topics: &Topics, model: &Model, examples: &[Example<'_>]) -> Figures {
    let judged = examples.iter().map(|one| (one, judge(topics, model, one)));
    figures(topics, &judged.collect::<Vec<_>>())
}

/// Figures of models, each over a part of `examples` that it was not fitted to.
pub fn cross_validate(topics: &Topics, examples: &[Example<'_>], folds: usize) -> Figures {
    let mut judged = Vec::new();
    for fold in 0..folds {
        let others: Vec<Example<'_>> = (examples.iter().enumerate())
            .filter(|(at, _)| at % folds != fold)
            .map(|(_, example)| example.clone())
            .collect();
        let model = fit(topics, &others);
        let here = examples.iter().skip(fold).step_by(folds);
        judged.extend(here.map(|one| (one, judge(topics, &model, one))));
    }
    figures(topics, &judged)
}

fn judge(topics: &Topics, model: &Model, example: &Example<'_>) -> Verdict {
    super::judge(topics, model, &example.text, &Lessons::default())
}

fn figures(topics: &Topics, judged: &[(&Example<'_>, Verdict)]) -> Figures {
    let level = |level: u8| {
        f1(judged
            .iter()
            .map(|(one, verdict)| (one.level >= level, verdict.level >= level)))
    };
    let brier = |level: u8| {
        let off = |(one, verdict): &(&Example<'_>, Verdict)| {
            let is = f32::from(u8::from(one.level >= level));
            (verdict.chances[usize::from(level) - 1] - is).powi(2)
        };
        judged.iter().map(off).sum::<f32>() / judged.len().max(1) as f32
    };
    let subject = judged.iter().filter(|(one, _)| one.level == 2);
    let pairs = subject.flat_map(|(one, verdict)| {
        topics.list.iter().map(|topic| {
            let does = verdict.topics.iter().any(|score| score.topic == topic.key);
            (one.topics.contains(&topic.key.0), does)
        })
    });
    Figures {
        articles: judged.len(),
        levels: [level(1), level(2)],
        topics: f1(pairs),
        brier: [brier(1), brier(2)],
    }
}

/// F1 over pairs of (should, does).
fn f1(pairs: impl Iterator<Item = (bool, bool)>) -> f32 {
    let (mut hit, mut wrong) = (0.0_f32, 0.0_f32);
    for (should, does) in pairs {
        hit += f32::from(u8::from(should && does));
        wrong += f32::from(u8::from(should != does));
    }
    if hit == 0.0 {
        0.0
    } else {
        2.0 * hit / (2.0 * hit + wrong)
    }
}
