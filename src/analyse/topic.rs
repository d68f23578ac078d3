//! Whether an article is about the Party's own work, and about which branch of it.
//!
//! Three voices, each a reason that a person can check: the lexicon (`tally`: phrases with hand-set weights, which an
//! admin may edit), a small model that weighs its findings against one another (`model`: some tens of weights learned from
//! labelled articles), and what an admin said of similar articles ([`lessons`], bounded). Their sum is a chance for each
//! level; a level is reached from one half on. Where no phrase of the lexicon stands, only an admin's word makes an article
//! relevant.

use crate::config::topics::Topics;
use crate::model::{ArticleText, Factor, Hit, TopicScore, Verdict};

mod features;
pub mod learn;
pub mod lessons;
mod model;
mod tally;

use features::Seen;
use lessons::Lessons;
use model::{Model, TABLE, chance};
use tally::Sums;

pub use tally::MAX_PART_BYTES;

/// The most reasons that a verdict keeps.
pub const MAX_HITS: usize = 200;
/// The most numbers that a verdict names.
pub const MAX_FACTORS: usize = 6;
/// The chance from which a level is reached.
pub const CUT: f32 = 0.5;
/// What an admin must have taught of a topic, in logits, for it to be taken although its phrases do not stand out.
const TAUGHT: f32 = 1.0;
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
    let seen = features::seen(topics, text, &sums);
    let (lesson, heard) = lessons.heed(text, topics);
    let margins = model.levels(&seen).map(|margin| margin + lesson.relevance);
    let chances = chances(&sums, margins, lesson.relevance > 0.0);
    let level = chances.iter().filter(|&&chance| chance >= CUT).count() as u8;
    let topics = topic_scores(topics, model, &sums, level, &lesson.topics);
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
        factors: strongest(model, &seen, level),
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
fn chances(sums: &Sums<'_>, margins: [f32; 2], taught: bool) -> [f32; 2] {
    let [mut one, mut two] = margins.map(chance);
    if !taught && !sums.speaks() {
        one = one.min(JUST_BELOW);
    }
    if sums.capped {
        two = two.min(JUST_BELOW);
    }
    [one, two.min(one)]
}

/// Topics whose phrases stand out or that an admin taught, likeliest first. A relevant article has at least one, if any
/// phrase speaks for one.
///
/// The model gives the chances and the order; which topics are taken is the lexicon's to say: its cuts, which an admin
/// may change, do as well on articles that neither was made from.
fn topic_scores(
    topics: &Topics,
    model: &Model,
    sums: &Sums<'_>,
    level: u8,
    lesson: &[f32],
) -> Vec<TopicScore> {
    let own = features::own(topics, &sums.topics);
    let stand_out = stand_out(topics, sums);
    let mut scores: Vec<(TopicScore, bool)> = Vec::new();
    for (at, topic) in topics.list.iter().enumerate() {
        let taught = lesson.get(at).copied().unwrap_or_default();
        if sums.topics[at].all > 0.0 || taught > 0.0 {
            let score = chance(model.topic(topic.key.as_str(), &own[at]) + taught);
            let topic = topic.key.clone();
            let taken = (stand_out[at] && taught >= 0.0) || taught > TAUGHT;
            scores.push((TopicScore { topic, score }, taken));
        }
    }
    scores.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    let none = !scores.iter().any(|&(_, taken)| taken);
    let least = usize::from(level > 0 && none);
    let ranked = scores.into_iter().enumerate();
    ranked
        .filter(|&(rank, (_, taken))| taken || rank < least)
        .map(|(_, (score, _))| score)
        .collect()
}

/// By topic: whether its phrases weigh enough beside those of the strongest, or have a passage of the text to themselves.
fn stand_out(topics: &Topics, sums: &Sums<'_>) -> Vec<bool> {
    let cuts = &topics.cuts;
    let best = sums.topics.iter().map(|sum| sum.all).fold(0.0, f32::max);
    let named = sums.topics.iter().any(|sum| sum.title > 0.0);
    let share = |title: f32| match named && title <= 0.0 {
        true => cuts.topic_share_unnamed,
        false => cuts.topic_share,
    };
    sums.topics
        .iter()
        .map(|sum| {
            sum.all >= cuts.topic.max(best * share(sum.title)) || sum.body >= cuts.topic_in_body
        })
        .collect()
}

/// The numbers that moved the judgement most: of level 2 where level 1 is reached, else of level 1.
fn strongest(model: &Model, seen: &Seen, level: u8) -> Vec<Factor> {
    let which = usize::from(level > 0);
    let mut all: Vec<Factor> = (Seen::NAMES.iter().zip(seen.0).zip(&model.seen))
        .map(|((&(name, _), value), weights)| Factor {
            name: name.to_owned(),
            weight: value * weights[which],
        })
        .filter(|factor| factor.weight.abs() >= 0.01)
        .collect();
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    all.truncate(MAX_FACTORS);
    all
}

#[cfg(test)]
#[path = "topic_tests.rs"]
mod tests;
