//! Fitting the weights to labelled articles: logistic regression, by coordinate descent; the same input gives the same
//! table.
//!
//! The lexicon was written with many of the labelled articles in view and looks better on them than it is. Every article
//! is therefore learned twice: as it is, and with [`BLIND`] weight as if the lexicon had found nothing, so that the words
//! around are learned for their own sake.

use super::features::{Feature, Own, features, is_words, own};
use super::lessons::Lessons;
use super::model::{LEVELS, Weights};
use super::tally;
use crate::config::topics::Topics;
use crate::model::{ArticleText, Verdict};
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};

pub use super::model::Model;

/// What an article that is learned without the lexicon counts beside one that is learned with it.
const BLIND: f64 = 0.5;
/// Strength of the pull towards 0.
const RIDGE: f64 = 1.0;
/// A word group must stand in so many articles.
const MIN_ARTICLES: usize = 4;
/// Rounds over all weights; the last changes nothing that is printed.
const ROUNDS: usize = 60;
/// A weight moves no further in one step: keeps the descent stable.
const MAX_STEP: f64 = 1.0;
/// Weights of words for topics below this are left out of the table.
const SMALL: f64 = 0.06;

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

/// What is seen of an example: features by number, and the sums of its topics.
struct Seen {
    features: Vec<(usize, f64)>,
    own: Vec<Own>,
    weight: f64,
    level: u8,
    topics: Vec<bool>,
}

/// Fits a model to `examples`.
pub fn fit(topics: &Topics, examples: &[Example<'_>]) -> Model {
    let keys: Vec<String> = topics.list.iter().map(|t| t.key.0.clone()).collect();
    let read: Vec<(Vec<Feature<'_>>, Vec<Own>)> = examples
        .iter()
        .map(|example| {
            let sums = tally::sums(topics, &example.text);
            let features = features(topics, &example.text, &sums);
            (features, own(topics, &sums.topics))
        })
        .collect();
    let names = vocabulary(read.iter().map(|(features, _)| features));
    let seen: Vec<Seen> = (examples.iter().zip(&read))
        .flat_map(|(example, (features, own))| {
            let open = see(example, features, own, &keys, &names);
            let blind = see(
                example,
                &blinded(features),
                &vec![Own::default(); own.len()],
                &keys,
                &names,
            );
            [
                open,
                Seen {
                    weight: BLIND,
                    ..blind
                },
            ]
        })
        .collect();
    let levels = [1, 2].map(|level| fit_level(&seen, names.len(), level));
    let of_topics = fit_topics(&seen, names.len(), keys.len());
    assemble(keys, &names, &levels, &of_topics)
}

/// Names of the features that are learned, numbered in their order.
fn vocabulary<'a>(read: impl Iterator<Item = &'a Vec<Feature<'a>>>) -> BTreeMap<String, usize> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for features in read {
        for feature in features {
            *count.entry(&feature.name).or_default() += 1;
        }
    }
    count
        .into_iter()
        .filter(|&(name, count)| count >= MIN_ARTICLES || !is_words(name))
        .enumerate()
        .map(|(number, (name, _))| (name.to_owned(), number))
        .collect()
}

/// The article as if no phrase of the lexicon stood in it.
fn blinded<'a>(features: &[Feature<'a>]) -> Vec<Feature<'a>> {
    let nothing = ["x subject", "x borderline"].map(|name| Feature {
        name: name.to_owned(),
        value: -1.0,
        found: None,
    });
    let words = features.iter().filter(|feature| feature.is_words());
    words.cloned().chain(nothing).collect()
}

fn see(
    example: &Example<'_>,
    features: &[Feature<'_>],
    own: &[Own],
    keys: &[String],
    names: &BTreeMap<String, usize>,
) -> Seen {
    let numbered = features.iter().filter_map(|feature| {
        let number = *names.get(&feature.name)?;
        Some((number, f64::from(feature.value) * scale(&feature.name)))
    });
    Seen {
        features: numbered.collect(),
        own: own.to_vec(),
        weight: 1.0,
        level: example.level,
        topics: keys
            .iter()
            .map(|key| example.topics.contains(key))
            .collect(),
    }
}

/// How freely a kind of feature may be used: the smaller, the stronger its pull towards 0.
fn scale(name: &str) -> f64 {
    match name.as_bytes().first() {
        Some(b'x') => 1.0,
        Some(b'c') => 0.5,
        _ => 0.3,
    }
}

fn fit_level(seen: &[Seen], features: usize, level: u8) -> Vec<f64> {
    let mut problem = Problem::new(features + 1);
    for one in seen {
        let bias = [(features, 1.0)];
        let values = one.features.iter().copied().chain(bias);
        problem.push(values, one.level >= level, one.weight);
    }
    problem.solve(Some(features))
}

/// Weights of the topics' own sums, then a bias a topic, then a block of word groups a topic.
fn fit_topics(seen: &[Seen], features: usize, topics: usize) -> Vec<f64> {
    let head = Own::COUNT + topics;
    let mut problem = Problem::new(head + topics * features);
    for one in seen.iter().filter(|one| one.level > 0) {
        for topic in 0..topics {
            let own = one.own[topic].0.map(f64::from);
            let own = own.into_iter().enumerate();
            let bias = [(Own::COUNT + topic, 1.0)];
            let words = one
                .features
                .iter()
                .map(|&(number, value)| (head + topic * features + number, value));
            let values = own.chain(bias).chain(words);
            problem.push(values, one.topics[topic], one.weight);
        }
    }
    problem.solve(None)
}

fn assemble(
    keys: Vec<String>,
    names: &BTreeMap<String, usize>,
    levels: &[Vec<f64>; LEVELS],
    of_topics: &[f64],
) -> Model {
    let (features, topics) = (names.len(), keys.len());
    let head = Own::COUNT + topics;
    let of_level = |at: usize, scale: f64| [0, 1].map(|l: usize| (levels[l][at] * scale) as f32);
    let weights = names.iter().map(|(name, &number)| {
        let scale = scale(name);
        let of_topics = (0..topics)
            .map(|topic| (topic, of_topics[head + topic * features + number] * scale))
            .filter(|(_, weight)| weight.abs() >= SMALL)
            .map(|(topic, weight)| (topic, weight as f32))
            .collect();
        let weights = Weights {
            levels: of_level(number, scale),
            topics: of_topics,
        };
        (name.clone(), weights)
    });
    Model {
        bias: Weights {
            levels: of_level(features, 1.0),
            topics: (0..topics)
                .map(|topic| (topic, of_topics[Own::COUNT + topic] as f32))
                .collect(),
        },
        features: weights.collect::<HashMap<_, _>>(),
        own: std::array::from_fn(|at| of_topics[at] as f32),
        topics: keys,
    }
}

/// Sparse logistic regression.
struct Problem {
    /// By feature: the rows that have it, with the value.
    columns: Vec<Vec<(usize, f64)>>,
    /// By row: +1 or -1, and how much it counts.
    rows: Vec<(f64, f64)>,
}

impl Problem {
    fn new(features: usize) -> Self {
        Self {
            columns: vec![Vec::new(); features],
            rows: Vec::new(),
        }
    }

    fn push(&mut self, values: impl Iterator<Item = (usize, f64)>, is: bool, weight: f64) {
        for (feature, value) in values.filter(|&(_, value)| value != 0.0) {
            self.columns[feature].push((self.rows.len(), value));
        }
        self.rows.push((if is { 1.0 } else { -1.0 }, weight));
    }

    /// Newton steps along one weight after another; the feature `free` is not pulled towards 0.
    fn solve(&self, free: Option<usize>) -> Vec<f64> {
        let mut weights = vec![0.0_f64; self.columns.len()];
        let mut margins = vec![0.0_f64; self.rows.len()];
        for _ in 0..ROUNDS {
            for (feature, column) in self.columns.iter().enumerate() {
                let ridge = if free == Some(feature) { 1e-6 } else { RIDGE };
                let (mut slope, mut bend) = (ridge * weights[feature], ridge);
                for &(row, value) in column {
                    let (sign, weight) = self.rows[row];
                    let wrong = 1.0 / (1.0 + (sign * margins[row]).exp());
                    slope -= weight * sign * wrong * value;
                    bend += weight * wrong * (1.0 - wrong) * value * value;
                }
                let step = (-slope / bend).clamp(-MAX_STEP, MAX_STEP);
                if step != 0.0 {
                    weights[feature] += step;
                    column
                        .iter()
                        .for_each(|&(row, value)| margins[row] += step * value);
                }
            }
        }
        weights
    }
}

/// The model as its table, for `src/analyse/topic/weights.tsv`: features in the order of their names.
pub fn table(model: &Model) -> String {
    let mut out = format!("topics\t{}\n", model.topics.join("\t"));
    for (name, weight) in Own::NAMES.iter().zip(model.own) {
        let _ = writeln!(out, "own\t{name}\t{weight:.2}");
    }
    let line = |out: &mut String, name: &str, weights: &Weights| {
        let _ = write!(
            out,
            "{name}\t{:.2}\t{:.2}",
            weights.levels[0], weights.levels[1]
        );
        for (topic, weight) in &weights.topics {
            let _ = write!(out, "\t{}={weight:.2}", model.topics[*topic]);
        }
        out.push('\n');
    };
    line(&mut out, "bias", &model.bias);
    let ordered: BTreeMap<&String, &Weights> = model.features.iter().collect();
    for (name, weights) in ordered {
        let nothing = weights.topics.is_empty() && weights.levels.iter().all(|w| w.abs() < 0.005);
        if !nothing {
            line(&mut out, name, weights);
        }
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
