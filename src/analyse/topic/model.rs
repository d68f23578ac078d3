//! The shipped weights: what the words around the phrases add to the lexicon's judgement.
//!
//! A table of names and numbers that a person can read ([`TABLE`]); `diembao tool train` rebuilds it from the labelled
//! articles of `tests/corpus`. Levels are two logistic models over the lexicon's sums and the words of the head; topics
//! one each. What the words add is bounded by [`WORDS_MOST`]: they correct the lexicon and never outvote it.

use super::features::{Feature, Own};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The shipped table.
pub const TABLE: &str = include_str!("weights.tsv");
/// The most that all word groups together move a judgement, in logits: 3 turns a chance of 5 % into one of 50 %.
pub const WORDS_MOST: f32 = 3.0;
/// Levels that are told apart: at least 1, and 2.
pub const LEVELS: usize = 2;

/// A line of the table that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the table of weights: {what}")]
pub struct TableError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// What one feature adds, for each unit of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// To the levels.
    pub levels: [f32; LEVELS],
    /// To topics, by their number in [`Model::topics`].
    pub topics: Vec<(usize, f32)>,
}

/// The table, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Keys of the topics that it knows.
    pub topics: Vec<String>,
    /// What is added to each level and topic before anything is seen.
    pub bias: Weights,
    /// By name of the feature.
    pub features: HashMap<String, Weights>,
    /// What the lexicon's sum for a topic adds to that topic, in the order of [`Own::NAMES`].
    pub own: [f32; Own::COUNT],
}

/// A judgement in logits, before it is made a level.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// At least level 1; level 2.
    pub levels: [f32; LEVELS],
    /// By topic of the model.
    pub topics: Vec<f32>,
}

static SHIPPED: LazyLock<Model> =
    LazyLock::new(|| Model::parse(TABLE).expect("a test parses the shipped table"));

impl Model {
    /// The model of the shipped table.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a table: lines of tab-separated fields, `#` begins a remark.
    ///
    /// `topics KEY…` comes first; then `own NAME NUMBER`, and `NAME LEVEL1 LEVEL2 KEY=NUMBER…` for every feature, `bias`
    /// among them.
    ///
    /// # Errors
    /// The first line that is not of this form.
    pub fn parse(table: &str) -> Result<Self, TableError> {
        let mut model = Self::default();
        for (at, line) in table.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| TableError {
                line: at + 1,
                what: what.to_owned(),
            };
            let mut fields = line.split('\t');
            let name = fields.next().unwrap_or_default();
            match name {
                "topics" => model.topics = fields.map(str::to_owned).collect(),
                "own" => {
                    let name = fields.next().unwrap_or_default();
                    let place = Own::NAMES.iter().position(|own| *own == name);
                    let place = place.ok_or_else(|| wrong("an unknown sum of a topic"))?;
                    model.own[place] = number(fields.next()).ok_or_else(|| wrong("no number"))?;
                }
                _ => {
                    let weights = model.weights(fields).ok_or_else(|| {
                        wrong("expected two numbers and then topics, each with a number")
                    })?;
                    if name == "bias" {
                        model.bias = weights;
                    } else {
                        model.features.insert(name.to_owned(), weights);
                    }
                }
            }
        }
        Ok(model)
    }

    fn weights<'a>(&self, mut fields: impl Iterator<Item = &'a str>) -> Option<Weights> {
        let levels = [number(fields.next())?, number(fields.next())?];
        let topics = fields
            .map(|field| {
                let (key, weight) = field.split_once('=')?;
                let topic = self.topics.iter().position(|topic| topic == key)?;
                Some((topic, number(Some(weight))?))
            })
            .collect::<Option<_>>()?;
        Some(Weights { levels, topics })
    }

    /// Adds up what `features` and the topics' own sums weigh. `own` has a place for every topic of the model.
    pub fn margins(&self, features: &[Feature<'_>], own: &[Own]) -> Margins {
        let mut sums = Sum::of(&self.bias, self.topics.len());
        let mut words = Sum::of(&Weights::default(), self.topics.len());
        for feature in features {
            if let Some(weights) = self.features.get(&feature.name) {
                let sum = if feature.is_words() {
                    &mut words
                } else {
                    &mut sums
                };
                sum.add(weights, feature.value);
            }
        }
        let bounded = |words: f32| words.clamp(-WORDS_MOST, WORDS_MOST);
        let topics = own.iter().zip(&sums.topics).zip(&words.topics);
        Margins {
            levels: [0, 1].map(|level| sums.levels[level] + bounded(words.levels[level])),
            topics: topics
                .map(|((own, sum), words)| {
                    let own: f32 = own.0.iter().zip(&self.own).map(|(a, b)| a * b).sum();
                    own + sum + bounded(*words)
                })
                .collect(),
        }
    }
}

struct Sum {
    levels: [f32; LEVELS],
    topics: Vec<f32>,
}

impl Sum {
    fn of(weights: &Weights, topics: usize) -> Self {
        let mut sum = Self {
            levels: [0.0; LEVELS],
            topics: vec![0.0; topics],
        };
        sum.add(weights, 1.0);
        sum
    }

    fn add(&mut self, weights: &Weights, value: f32) {
        for (sum, weight) in self.levels.iter_mut().zip(weights.levels) {
            *sum += weight * value;
        }
        for &(topic, weight) in &weights.topics {
            if let Some(sum) = self.topics.get_mut(topic) {
                *sum += weight * value;
            }
        }
    }
}

fn number(field: Option<&str>) -> Option<f32> {
    field?.parse().ok().filter(|n: &f32| n.is_finite())
}

/// The chance, 0 to 1, that logits stand for.
pub fn chance(logits: f32) -> f32 {
    1.0 / (1.0 + (-logits).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_read_and_knows_the_shipped_topics() {
        let model = Model::parse(TABLE).unwrap();
        let topics = crate::config::topics::Topics::builtin();
        let keys: Vec<&str> = topics.list.iter().map(|t| t.key.as_str()).collect();
        assert_eq!(model.topics, keys);
        assert!(model.features.len() > 1000);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (table, line) in [
            ("topics\ta\nx y\t1\tz", 2),
            ("own\tnothing\t1", 1),
            ("topics\ta\n\nh đang4\t1\t2\tb=1", 3),
            ("x\tNaN\t1", 1),
        ] {
            assert_eq!(Model::parse(table).unwrap_err().line, line, "{table}");
        }
    }

    #[test]
    fn words_are_bounded_and_lexicon_sums_are_not() {
        let model = Model::parse("topics\nbias\t0\t0\nh a\t9\t-9\nx subject\t9\t-9").unwrap();
        let feature = |name: &str| Feature {
            name: name.to_owned(),
            value: 1.0,
            found: None,
        };
        let of = |name: &str| model.margins(&[feature(name)], &[]).levels;
        assert_eq!(of("h a"), [WORDS_MOST, -WORDS_MOST]);
        assert_eq!(of("x subject"), [9.0, -9.0]);
    }
}
