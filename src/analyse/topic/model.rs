//! The shipped weights: how the lexicon's findings are weighed against one another.
//!
//! A table of some tens of names and numbers that a person can read ([`TABLE`]); `diembao tool train` rebuilds it from the
//! labelled articles of `tests/corpus`. Two logistic models for the levels, one that all topics share.

use super::features::{Own, Seen, Sign};
use std::sync::LazyLock;

/// The shipped table.
pub const TABLE: &str = include_str!("weights.tsv");
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

/// The table, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// What is added to each level before anything is seen.
    pub bias: [f32; LEVELS],
    /// What each number of `Seen` adds to the levels, for each unit of it.
    pub seen: [[f32; LEVELS]; Seen::COUNT],
    /// What is added to each topic, by its key.
    pub topics: Vec<(String, f32)>,
    /// What each number of `Own` adds to its topic.
    pub own: [f32; Own::COUNT],
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
    /// `level NAME LEVEL1 LEVEL2` for every number of `Seen` and for `bias`, `own NAME WEIGHT` for every number of
    /// `Own`, `topic KEY WEIGHT` for every topic that is known.
    ///
    /// # Errors
    /// The first line that is not of this form, or that weighs a number in the direction which it must not have.
    pub fn parse(table: &str) -> Result<Self, TableError> {
        let mut model = Self::default();
        for (at, line) in table.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            model.read(line).map_err(|what| TableError {
                line: at + 1,
                what: what.to_owned(),
            })?;
        }
        Ok(model)
    }

    fn read(&mut self, line: &str) -> Result<(), &'static str> {
        let fields: Vec<&str> = line.split('\t').collect();
        let weight = |field: &str| number(field).ok_or("expected a number");
        match fields[..] {
            ["level", "bias", one, two] => self.bias = [weight(one)?, weight(two)?],
            ["level", name, one, two] => {
                let (at, sign) = place(&Seen::NAMES, name).ok_or("an unknown number")?;
                let weights = [weight(one)?, weight(two)?];
                if !weights.iter().all(|&weight| fits(sign, weight)) {
                    return Err("a weight of the wrong sign");
                }
                self.seen[at] = weights;
            }
            ["own", name, one] => {
                let (at, sign) = place(&Own::NAMES, name).ok_or("an unknown number")?;
                self.own[at] = weight(one)?;
                if !fits(sign, self.own[at]) {
                    return Err("a weight of the wrong sign");
                }
            }
            ["topic", key, one] => self.topics.push((key.to_owned(), weight(one)?)),
            _ => return Err("expected level, own or topic with its fields"),
        }
        Ok(())
    }

    /// What is seen of an article, in logits for at least level 1 and for level 2.
    pub fn levels(&self, seen: &Seen) -> [f32; LEVELS] {
        let mut margins = self.bias;
        for (value, weights) in seen.0.iter().zip(&self.seen) {
            for (margin, weight) in margins.iter_mut().zip(weights) {
                *margin += value * weight;
            }
        }
        margins
    }

    /// What the sum of the topic `key` says, in logits. One that an admin added starts as topics do on average.
    pub fn topic(&self, key: &str, own: &Own) -> f32 {
        let known = self.topics.iter().find(|(known, _)| known == key);
        let bias = known.map_or_else(|| self.usual_topic(), |&(_, bias)| bias);
        bias + own.0.iter().zip(&self.own).map(|(a, b)| a * b).sum::<f32>()
    }

    fn usual_topic(&self) -> f32 {
        let sum: f32 = self.topics.iter().map(|(_, bias)| bias).sum();
        sum / self.topics.len().max(1) as f32
    }
}

fn place(names: &[(&str, Sign)], name: &str) -> Option<(usize, Sign)> {
    let at = names.iter().position(|(known, _)| *known == name)?;
    Some((at, names[at].1))
}

fn fits(sign: Sign, weight: f32) -> bool {
    match sign {
        Sign::Up => weight >= 0.0,
        Sign::Down => weight <= 0.0,
        Sign::Free => true,
    }
}

fn number(field: &str) -> Option<f32> {
    field.parse().ok().filter(|n: &f32| n.is_finite())
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
        let known = model.topics.iter().map(|(key, _)| key.as_str());
        assert!(known.eq(topics.list.iter().map(|topic| topic.key.as_str())));
        assert!(model.seen.iter().any(|weights| weights[1] > 0.0));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (table, line) in [
            ("level\tbias\t1\tz", 1),
            ("own\tnothing\t1", 1),
            ("# a remark\n\nlevel\ttitle core\t1", 3),
            ("level\ttitle core\tNaN\t1", 1),
            ("level\tsubject\t1\t1\nlevel\ttitle core\t-1\t1", 2),
            ("own\tunnamed\t0.5", 1),
        ] {
            assert_eq!(Model::parse(table).unwrap_err().line, line, "{table}");
        }
    }

    #[test]
    fn an_unknown_topic_starts_as_the_others_do() {
        let model = Model::parse("own\tall\t2\ntopic\ta\t-1\ntopic\tb\t-3").unwrap();
        let own = Own([1.0; Own::COUNT]);
        assert_eq!([model.topic("a", &own), model.topic("z", &own)], [1.0, 0.0]);
    }
}
