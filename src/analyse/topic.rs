//! Whether an article is about the Party's own work, and about which branch of it.
//!
//! Three voices, each a reason that a person can check: the lexicon ([`tally`]: phrases with hand-set weights, which an
//! admin may edit), the words around its phrases ([`model`]: weights learned from labelled articles, bounded), and what an
//! admin said of similar articles ([`lessons`], bounded too). Their sum is a chance for each level; a level is reached
//! from one half on. Where no phrase of the lexicon stands, only an admin's word makes an article relevant.

use crate::config::topics::Topics;
use crate::model::{ArticleText, Hit, TopicScore, Verdict, Words};

mod features;
pub mod learn;
pub mod lessons;
mod model;
mod tally;

use features::{Feature, Own};
use lessons::Lessons;
use model::{Margins, Model, TABLE, chance};
use tally::Sums;

pub use tally::MAX_PART_BYTES;

/// The most reasons that a verdict keeps.
pub const MAX_HITS: usize = 200;
/// The most word groups that a verdict names.
pub const MAX_WORDS: usize = 8;
/// The chance from which a level is reached.
pub const CUT: f32 = 0.5;
/// The chance from which a topic is an article's topic although its phrases alone would not make it one.
const SURE_OF_TOPIC: f32 = 0.8;
/// What the lexicon's own cut weighs, in logits: the words around overrule it only where they are sure. Learned from
/// invented articles, they are surer of those than of a newspaper's.
const VOTE: f32 = 1.5;
/// The chance of level 1 from which an article's page is worth reading.
const WORTH_READING: f32 = 0.1;
/// What an article gets that came near a level which it must not have.
const JUST_BELOW: f32 = CUT - 0.01;

/// Judges one article. Deterministic; linear in the length of the text.
pub fn classify(topics: &Topics, text: &ArticleText<'_>) -> Verdict {
    classify_with(topics, text, &Lessons::default())
}

/// Judges one article, heeding what an admin said of others.
pub fn classify_with(topics: &Topics, text: &ArticleText<'_>, lessons: &Lessons) -> Verdict {
    judge(topics, Model::shipped(), text, lessons)
}

fn judge(topics: &Topics, model: &Model, text: &ArticleText<'_>, lessons: &Lessons) -> Verdict {
    let sums = tally::sums(topics, text);
    let features = features::features(topics, text, &sums);
    let mut margins = model.margins(&features, &own_of(model, topics, &sums));
    let (lesson, heard) = lessons.heed(text, topics);
    let lexicon = [topics.cuts.borderline, topics.cuts.subject].map(|cut| sums.score >= cut);
    for (margin, reached) in margins.levels.iter_mut().zip(lexicon) {
        *margin += lesson.relevance + if reached { VOTE } else { -VOTE };
    }
    let chances = chances(&sums, &margins, lesson.relevance > 0.0);
    let level = chances.iter().filter(|&&chance| chance >= CUT).count() as u8;
    let topics = topic_scores(topics, model, &sums, &margins, level, &lesson.topics);
    let mut hits: Vec<Hit> = sums.counted.into_iter().map(|c| c.hit).collect();
    // Stable: equal weights stay in the order of the article.
    hits.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    hits.truncate(MAX_HITS - heard.len().min(MAX_HITS));
    hits.splice(0..0, heard);
    Verdict {
        level,
        score: chances.iter().sum(),
        chances,
        topics,
        hits,
        words: strongest(model, &features, level),
    }
}

/// Whether the article's page is worth reading: it is relevant by headline and sapo, or near enough that its text may
/// show it to be.
pub fn can_matter(verdict: &Verdict) -> bool {
    verdict.level > 0 || verdict.chances[0] >= WORTH_READING
}

/// Names the shipped weights; part of the analysis's version.
pub fn weights_hash() -> blake3::Hash {
    blake3::hash(TABLE.as_bytes())
}

/// The chances of level 1 and of level 2; the second never above the first.
fn chances(sums: &Sums<'_>, margins: &Margins, taught: bool) -> [f32; 2] {
    let [mut one, mut two] = margins.levels.map(chance);
    if !taught && !sums.speaks() {
        one = one.min(JUST_BELOW);
    }
    if sums.capped {
        two = two.min(JUST_BELOW);
    }
    [one, two.min(one)]
}

/// The sums of the topics that the model knows, in its order; nothing for one that an admin took out.
fn own_of(model: &Model, topics: &Topics, sums: &Sums<'_>) -> Vec<Own> {
    let own = features::own(topics, &sums.topics);
    let place = |key: &String| topics.list.iter().position(|t| t.key.as_str() == key);
    model
        .topics
        .iter()
        .map(|key| place(key).map_or_else(Own::default, |at| own[at]))
        .collect()
}

/// Topics that the phrases make, that the words around are sure of, or that an admin taught; likeliest first. A relevant
/// article has at least one.
///
/// A topic that an admin added is unknown to the model: it is cut from its own phrases alone.
fn topic_scores(
    topics: &Topics,
    model: &Model,
    sums: &Sums<'_>,
    margins: &Margins,
    level: u8,
    lesson: &[f32],
) -> Vec<TopicScore> {
    let best = sums.topics.iter().map(|sum| sum.all).fold(0.0, f32::max);
    let named = sums.topics.iter().any(|sum| sum.title > 0.0);
    let mut scores: Vec<(TopicScore, bool)> = Vec::new();
    for (at, topic) in topics.list.iter().enumerate() {
        let sum = &sums.topics[at];
        let known = model
            .topics
            .iter()
            .position(|key| key == topic.key.as_str());
        let margin = known.map_or_else(
            || sum.all - topics.cuts.topic,
            |known| margins.topics[known],
        );
        let score = TopicScore {
            topic: topic.key.clone(),
            score: chance(margin + lesson.get(at).copied().unwrap_or_default()),
        };
        let share = if named && sum.title <= 0.0 {
            topics.cuts.topic_share_unnamed
        } else {
            topics.cuts.topic_share
        };
        let by_phrases = sum.all >= topics.cuts.topic.max(best * share)
            || sum.body >= topics.cuts.topic_in_body
            || (level > 0 && sum.all > 0.0 && sum.all >= best);
        let taught = lesson.get(at).copied().unwrap_or_default();
        let taken = (by_phrases && taught >= 0.0) || score.score >= SURE_OF_TOPIC || taught > 1.0;
        scores.push((score, taken));
    }
    scores.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    let none = !scores.iter().any(|&(_, taken)| taken);
    let likeliest = usize::from(level > 0 && none);
    scores
        .into_iter()
        .enumerate()
        .filter(|&(rank, (_, taken))| taken || rank < likeliest)
        .map(|(_, (score, _))| score)
        .collect()
}

/// The word groups that moved the judgement most: for level 2 where level 1 is reached, else for level 1.
fn strongest(model: &Model, features: &[Feature<'_>], level: u8) -> Vec<Words> {
    let which = usize::from(level > 0);
    let mut all: Vec<Words> = features
        .iter()
        .filter_map(|feature| {
            let weights = model.features.get(&feature.name)?;
            let found = feature.found?;
            Some(Words {
                found: found.to_owned(),
                weight: weights.levels[which] * feature.value,
            })
        })
        .collect();
    all.sort_by(|a, b| {
        let by_weight = b.weight.abs().total_cmp(&a.weight.abs());
        by_weight.then_with(|| b.found.len().cmp(&a.found.len()))
    });
    let mut named: Vec<Words> = Vec::new();
    for words in all {
        if named.len() == MAX_WORDS {
            break;
        }
        if words.weight != 0.0 && !named.iter().any(|other| other.found == words.found) {
            named.push(words);
        }
    }
    named
}

#[cfg(test)]
#[path = "topic_tests.rs"]
mod tests;
