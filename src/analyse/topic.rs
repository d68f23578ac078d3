//! Whether an article is about the Party's own work, and about which branch of it.
//!
//! A sum of hand-set weights, so that a person can check it: each phrase of the taxonomy counts once per part, more in
//! the headline than in the running text. Titles of persons cover the words inside them and count nothing. The verdict
//! carries every phrase that counted, and those that a context cancelled.

use std::collections::{BTreeMap, HashSet};

use crate::config::topics::{Meaning, Topics, section_slug};
use crate::model::{ArticleText, Hit, Part, TopicScore, Verdict};
use crate::text::lexicon::Found;

/// The most bytes of one part that are read; an article is shorter, a hostile page may not be.
pub const MAX_PART_BYTES: usize = 256 * 1024;
/// The most reasons that a verdict keeps.
pub const MAX_HITS: usize = 200;
/// How far below the cut of level 2 borderline phrases can lift a score.
const JUST_BELOW: f32 = 0.01;

/// Judges one article. Deterministic; linear in the length of the text.
pub fn classify(topics: &Topics, text: &ArticleText<'_>) -> Verdict {
    let mut tally = Tally::new(topics);
    tally.read(Part::Title, text.title);
    tally.has_title = !text.title.trim().is_empty();
    tally.headed = tally.has_title;
    tally.read(Part::Sapo, text.sapo);
    tally.headed = true;
    tally.read(Part::Body, text.body);
    tally.read_section(text);
    tally.verdict()
}

/// A hit with what it means, before sums are made.
struct Counted<'t> {
    hit: Hit,
    meaning: &'t Meaning,
    /// What it adds to relevance.
    relevance: f32,
}

struct Tally<'t> {
    topics: &'t Topics,
    counted: Vec<Counted<'t>>,
    /// Whether there is a headline.
    has_title: bool,
    /// Whether the article's head has been read: the headline or, for want of one, the lead.
    headed: bool,
    /// Whether a phrase of the head keeps the article at level 1.
    capped: bool,
}

/// Relevance by what it can do.
#[derive(Default)]
struct Relevance {
    /// Speaks for level 2.
    core: f32,
    /// Speaks for level 1 only.
    side: f32,
    /// Speaks against both; not above 0.
    against: f32,
}

/// Whether the article's page is worth reading: it is relevant by headline and sapo, or near enough that its text may
/// show it to be.
pub fn can_matter(topics: &Topics, verdict: &Verdict) -> bool {
    verdict.level > 0 || verdict.score >= topics.cuts.borderline / 2.0
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
            if silent || seen.contains(&(found.rule, found.phrase)) {
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

    fn verdict(self) -> Verdict {
        let cuts = &self.topics.cuts;
        let mut score = self.relevance().score(cuts.subject);
        if self.capped {
            score = score.min(cuts.subject - JUST_BELOW);
        }
        let level = if score >= cuts.subject {
            2
        } else {
            u8::from(score >= cuts.borderline)
        };
        let topics = self.topic_scores(level);
        let mut hits: Vec<Hit> = self.counted.into_iter().map(|c| c.hit).collect();
        // Stable: equal weights stay in the order of the article.
        hits.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        hits.truncate(MAX_HITS);
        Verdict {
            level,
            score,
            topics,
            hits,
        }
    }

    /// One place of the text counts once, however many topics its phrase speaks for.
    fn relevance(&self) -> Relevance {
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
        let factors = &self.topics.parts;
        let mut of = |part| parts.remove(&part).unwrap_or_default();
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

    /// Topics above the cut, strongest first; a relevant article has at least its strongest, however weak.
    fn topic_scores(&self, level: u8) -> Vec<TopicScore> {
        let mut all = vec![0.0_f32; self.topics.list.len()];
        let (mut title, mut body) = (all.clone(), all.clone());
        for c in &self.counted {
            let Some(topic) = c.meaning.topic else {
                continue;
            };
            all[topic] += c.hit.weight;
            match c.hit.part {
                Part::Title => title[topic] += c.hit.weight,
                Part::Body => body[topic] += c.hit.weight,
                Part::Sapo | Part::Section | Part::Mark => {}
            }
        }
        let best = all.iter().copied().fold(0.0, f32::max);
        let cuts = &self.topics.cuts;
        let headline_names_one = title.iter().any(|&score| score > 0.0);
        let stands_out = |named: f32| {
            let unnamed = headline_names_one && named <= 0.0;
            let share = if unnamed {
                cuts.topic_share_unnamed
            } else {
                cuts.topic_share
            };
            cuts.topic.max(best * share)
        };
        let mut scores = Vec::new();
        for (i, topic) in self.topics.list.iter().enumerate() {
            let (score, in_body) = (all[i], body[i]);
            let only_one = level > 0 && score > 0.0 && score >= best;
            if score >= stands_out(title[i]) || in_body >= cuts.topic_in_body || only_one {
                scores.push(TopicScore {
                    topic: topic.key.clone(),
                    score,
                });
            }
        }
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        scores
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

#[cfg(test)]
#[path = "topic_tests.rs"]
mod tests;
