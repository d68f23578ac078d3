//! The lexicon's part of the judgement: a sum of hand-set weights, so that a person can check and change it.
//!
//! Each phrase of the taxonomy counts once per part, more in the headline than in the running text. Titles of persons
//! cover the words inside them and count nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::config::topics::{Meaning, Topics, section_slug};
use crate::model::{ArticleText, Hit, Part};
use crate::text::lexicon::Found;

/// The most bytes of one part that are read; an article is shorter, a hostile page may not be.
pub const MAX_PART_BYTES: usize = 256 * 1024;
/// How far below the cut of level 2 borderline phrases can lift a score.
const JUST_BELOW: f32 = 0.01;

/// A hit with what it means.
#[derive(Debug)]
pub struct Counted<'t> {
    /// The phrase and its place.
    pub hit: Hit,
    /// Its group in the taxonomy.
    pub meaning: &'t Meaning,
    /// What it adds to relevance.
    pub relevance: f32,
}

/// Relevance by what it can do.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Relevance {
    /// Speaks for level 2.
    pub core: f32,
    /// Speaks for level 1 only.
    pub side: f32,
    /// Speaks against both; not above 0.
    pub against: f32,
}

/// What speaks for one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TopicSum {
    /// In all parts together.
    pub all: f32,
    /// In the headline.
    pub title: f32,
    /// In the lead.
    pub sapo: f32,
    /// In the running text.
    pub body: f32,
}

/// All that the lexicon says of an article.
#[derive(Debug)]
pub struct Sums<'t> {
    /// Every phrase that counted or was cancelled, in order of place.
    pub counted: Vec<Counted<'t>>,
    /// Relevance in the lexicon's own units, to be held against its cuts; not below 0.
    pub score: f32,
    /// Whether a phrase of the head keeps the article at level 1.
    pub capped: bool,
    /// Relevance part by part.
    pub parts: BTreeMap<Part, Relevance>,
    /// By topic, in the order of the taxonomy.
    pub topics: Vec<TopicSum>,
    /// Parts with a title of a person or another phrase that says nothing.
    pub silent: BTreeSet<Part>,
}

impl Sums<'_> {
    /// Whether any phrase speaks for the article.
    pub fn speaks(&self) -> bool {
        self.parts
            .values()
            .any(|part| part.core > 0.0 || part.side > 0.0)
    }
}

/// Reads an article with the lexicon. Deterministic; linear in the length of the text.
pub fn sums<'t>(topics: &'t Topics, text: &ArticleText<'_>) -> Sums<'t> {
    let mut tally = Tally::new(topics);
    tally.read(Part::Title, text.title);
    tally.has_title = !text.title.trim().is_empty();
    tally.headed = tally.has_title;
    tally.read(Part::Sapo, text.sapo);
    tally.headed = true;
    tally.read(Part::Body, text.body);
    tally.read_section(text);
    tally.sums()
}

struct Tally<'t> {
    topics: &'t Topics,
    counted: Vec<Counted<'t>>,
    silent: BTreeSet<Part>,
    /// Whether there is a headline.
    has_title: bool,
    /// Whether the article's head has been read: the headline or, for want of one, the lead.
    headed: bool,
    /// Whether a phrase of the head keeps the article at level 1.
    capped: bool,
}

impl Relevance {
    fn add(&mut self, meaning: &Meaning, amount: f32) {
        if amount < 0.0 {
            self.against += amount;
        } else if meaning.borderline {
            self.side += amount;
        } else {
            self.core += amount;
        }
    }

    /// One number to cut levels from: borderline phrases lift it to just below level 2, never into it.
    fn score(&self, subject: f32) -> f32 {
        let core = self.core + self.against;
        let both = core + self.side;
        core.max(both.min(subject - JUST_BELOW)).max(0.0)
    }
}

impl<'t> Tally<'t> {
    fn new(topics: &'t Topics) -> Self {
        Self {
            topics,
            counted: Vec::new(),
            silent: BTreeSet::new(),
            has_title: false,
            headed: false,
            capped: false,
        }
    }

    fn read(&mut self, part: Part, text: &str) {
        let text = &text[..text.floor_char_boundary(MAX_PART_BYTES)];
        let mut seen: HashSet<(usize, &str)> = HashSet::new();
        for found in self.topics.lexicon.find(text) {
            let meaning = &self.topics.meanings[found.rule];
            let silent = meaning.weight == 0.0 && meaning.relevance == 0.0;
            // A later mention that no context cancels still counts: only what counted is remembered.
            if silent {
                self.silent.insert(part);
                continue;
            }
            if seen.contains(&(found.rule, found.phrase)) {
                continue;
            }
            if found.cancelled_by.is_none() {
                seen.insert((found.rule, found.phrase));
            }
            self.count(part, text, &found, meaning);
        }
    }

    fn count(&mut self, part: Part, text: &str, found: &Found<'_>, meaning: &'t Meaning) {
        let factor = self.factor(part, meaning);
        let live = if found.cancelled_by.is_some() {
            0.0
        } else {
            factor
        };
        if factor == 0.0 {
            return;
        }
        self.capped |= meaning.caps && live > 0.0 && !self.headed;
        self.counted.push(Counted {
            hit: Hit {
                phrase: found.phrase.to_owned(),
                found: text[found.start..found.end].to_owned(),
                topic: meaning.topic.map(|t| self.topics.list[t].key.clone()),
                part,
                start: found.start,
                weight: meaning.weight * live,
                cancelled_by: found.cancelled_by.map(str::to_owned),
            },
            meaning,
            relevance: meaning.relevance * live,
        });
    }

    /// What speaks against an article must stand at its head: a long report may mention anything.
    fn factor(&self, part: Part, meaning: &Meaning) -> f32 {
        let parts = &self.topics.parts;
        match part {
            Part::Title => parts.title,
            Part::Sapo => parts.sapo,
            Part::Body if meaning.relevance < 0.0 => 0.0,
            Part::Body => parts.body,
            Part::Section | Part::Mark => 1.0,
        }
    }

    /// The section as given, else the folders of the address; each section of the taxonomy once.
    fn read_section(&mut self, text: &ArticleText<'_>) {
        let folders = text.url.map(folders).unwrap_or_default();
        let names = text.section.into_iter().chain(folders);
        let mut seen: HashSet<usize> = HashSet::new();
        for name in names {
            let slug = section_slug(name);
            let at = self.topics.sections.iter().position(|s| s.slug == slug);
            let Some(at) = at.filter(|&at| seen.insert(at)) else {
                continue;
            };
            let section = &self.topics.sections[at];
            self.counted.push(Counted {
                hit: Hit {
                    phrase: section.slug.clone(),
                    found: name.to_owned(),
                    topic: section
                        .meaning
                        .topic
                        .map(|t| self.topics.list[t].key.clone()),
                    part: Part::Section,
                    start: 0,
                    weight: section.meaning.weight,
                    cancelled_by: None,
                },
                meaning: &section.meaning,
                relevance: section.meaning.relevance,
            });
        }
    }

    fn sums(self) -> Sums<'t> {
        let cuts = &self.topics.cuts;
        let parts = self.relevance();
        let mut score = self.joined(&parts).score(cuts.subject);
        if self.capped {
            score = score.min(cuts.subject - JUST_BELOW);
        }
        Sums {
            score,
            capped: self.capped,
            topics: self.topic_sums(),
            parts,
            silent: self.silent,
            counted: self.counted,
        }
    }

    fn topic_sums(&self) -> Vec<TopicSum> {
        let mut sums = vec![TopicSum::default(); self.topics.list.len()];
        for c in &self.counted {
            let Some(topic) = c.meaning.topic else {
                continue;
            };
            let (sum, weight) = (&mut sums[topic], c.hit.weight);
            sum.all += weight;
            match c.hit.part {
                Part::Title => sum.title += weight,
                Part::Sapo => sum.sapo += weight,
                Part::Body => sum.body += weight,
                Part::Section | Part::Mark => {}
            }
        }
        sums
    }

    /// One place of the text counts once, however many topics its phrase speaks for.
    fn relevance(&self) -> BTreeMap<Part, Relevance> {
        let mut best: BTreeMap<(Part, usize, usize), &Counted<'_>> = BTreeMap::new();
        for c in &self.counted {
            let place = (c.hit.part, c.hit.start, c.hit.found.len());
            let slot = best.entry(place).or_insert(c);
            if c.relevance.abs() > slot.relevance.abs() {
                *slot = c;
            }
        }
        let mut parts: BTreeMap<Part, Relevance> = BTreeMap::new();
        for c in best.values() {
            let sum = parts.entry(c.hit.part).or_default();
            sum.add(c.meaning, c.relevance);
        }
        parts
    }

    /// The parts' relevance as one.
    fn joined(&self, parts: &BTreeMap<Part, Relevance>) -> Relevance {
        let factors = &self.topics.parts;
        let of = |part| parts.get(&part).copied().unwrap_or_default();
        let (mut all, sapo, body, section) = (
            of(Part::Title),
            of(Part::Sapo),
            of(Part::Body),
            of(Part::Section),
        );
        let alone = self.has_title && all.core <= 0.0;
        let sapo_factor = if alone { factors.sapo_alone } else { 1.0 };
        all.core += sapo.core * sapo_factor + section.core + body.core.min(factors.body_most);
        all.side += sapo.side + section.side + body.side.min(factors.body_most);
        all.against += sapo.against + section.against;
        all
    }
}

/// The folders of an address's path: all but its last part, which is the article.
fn folders(url: &str) -> Vec<&str> {
    let after_host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_host.split(['?', '#']).next().unwrap_or("");
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    parts.pop();
    parts.truncate(8);
    parts
}
