//! `topics.toml`: the taxonomy as an admin writes it, and as the analysis reads it.
//!
//! The file gives topics in the order of the review, each with groups of phrases that share a weight and contexts;
//! beside them phrases that only speak for or against the Party's work being the subject, titles of persons, and
//! section names. It is checked whole: every problem comes with the bytes it stands at.

mod read;

use super::problem::Wrong;
use crate::model::TopicKey;
use crate::text::fold::fold;
use crate::text::lexicon::Lexicon;
use serde::Deserialize;
use std::ops::{Deref, Range};
use std::sync::{Arc, LazyLock};

/// The shipped file.
pub const BUILTIN: &str = include_str!("../../config/topics.toml");

/// Something wrong in `topics.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicsProblem {
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// What, and how to mend it.
    pub(crate) wrong: Wrong,
}

/// A topic as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its key.
    pub key: TopicKey,
    /// Its heading, in Vietnamese.
    pub name: String,
}

/// What a phrase does to the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// Index of its topic; `None` for one that only speaks for or against relevance.
    pub topic: Option<usize>,
    /// What it adds to its topic.
    pub weight: f32,
    /// What it adds to relevance; negative for a false friend.
    pub relevance: f32,
    /// Whether its relevance can lift an article to level 1 only.
    pub borderline: bool,
    /// Whether an article headed by it stays at level 1, whatever else it says.
    pub caps: bool,
}

/// A section name with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Folded, words joined by `-`: `xay-dung-dang`.
    pub slug: String,
    /// What it does.
    pub meaning: Meaning,
}

/// Where the lexicon by itself would cut levels and topics: what its sums are held against.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cuts {
    /// Relevance from which the Party's own work is the subject (level 2).
    pub subject: f32,
    /// Relevance from which an article is borderline (level 1).
    pub borderline: f32,
    /// Score from which a topic is an article's topic …
    pub topic: f32,
    /// … if it also has this share of the strongest topic's score, 0 to 1.
    pub topic_share: f32,
    /// The share, 0 to 1, that a topic needs where the headline speaks for others and not for it.
    #[serde(default = "same_share")]
    pub topic_share_unnamed: f32,
    /// Score within the running text alone from which a topic counts whatever its share: it has a passage of its own.
    pub topic_in_body: f32,
}

/// A headline's topic alone is not enough to drop the others.
fn same_share() -> f32 {
    0.5
}

/// How much a phrase counts in each part of an article.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartFactors {
    /// In the headline.
    pub title: f32,
    /// In the lead.
    pub sapo: f32,
    /// What the lead still counts, 0 to 1, where the headline speaks of nothing of ours: a mention, hardly the subject.
    pub sapo_alone: f32,
    /// In the running text.
    pub body: f32,
    /// The most that the running text as a whole adds to relevance.
    pub body_most: f32,
}

/// The taxonomy, checked and compiled.
#[derive(Debug)]
pub struct Topics {
    /// In the order of the review.
    pub list: Vec<Topic>,
    /// Where to cut.
    pub cuts: Cuts,
    /// What parts count.
    pub parts: PartFactors,
    /// Section names.
    pub sections: Vec<Section>,
    /// By rule of `lexicon`.
    pub meanings: Vec<Meaning>,
    /// The phrases.
    pub lexicon: Lexicon,
    /// BLAKE3 of the file, first 16 hex digits: names this taxonomy in stored analyses.
    pub hash: String,
}

/// The taxonomy in force. The shipped one, which most configs leave as it is, is compiled when it is first asked for: what
/// only fetches never asks.
#[derive(Debug, Clone)]
pub enum Taxonomy {
    /// [`BUILTIN`].
    Shipped,
    /// The admin's.
    Own(Arc<Topics>),
}

impl Taxonomy {
    /// As [`Topics::hash`].
    pub fn hash(&self) -> String {
        match self {
            Self::Shipped => hash_of(BUILTIN),
            Self::Own(topics) => topics.hash.clone(),
        }
    }
}

impl Deref for Taxonomy {
    type Target = Topics;

    fn deref(&self) -> &Topics {
        match self {
            Self::Shipped => Topics::builtin(),
            Self::Own(topics) => topics,
        }
    }
}

fn hash_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

static BUILTIN_TOPICS: LazyLock<Topics> =
    LazyLock::new(|| Topics::parse(BUILTIN).expect("a test parses the shipped topics.toml"));

impl Topics {
    /// The shipped taxonomy.
    pub fn builtin() -> &'static Self {
        &BUILTIN_TOPICS
    }

    /// Reads and checks a `topics.toml`.
    ///
    /// # Errors
    /// Every problem found, in order of place; one only if the file is not TOML of this shape.
    pub fn parse(text: &str) -> Result<Self, Vec<TopicsProblem>> {
        read::read(text)
    }

    /// The topic of a key.
    pub fn topic(&self, key: &str) -> Option<&Topic> {
        self.list.iter().find(|t| t.key.as_str() == key)
    }
}

/// The one form of a section's name or slug: `Xây dựng Đảng`, `xay-dung-dang` and `xay_dung_dang` are the same.
pub fn section_slug(name: &str) -> String {
    fold(name)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
#[path = "topics_tests.rs"]
mod tests;
