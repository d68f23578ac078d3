//! What the model sees of an article: some tens of numbers, all of them findings of the lexicon.
//!
//! No words: what single words say was learned badly from labelled articles and is better said by a phrase. Each number
//! has a meaning, so most have a direction too ([`Sign`]): a phrase that speaks for the Party's work never makes an
//! article less relevant.

use super::tally::{Counted, Relevance, Sums, TopicSum};
use crate::config::topics::Topics;
use crate::model::{ArticleText, Part};
use std::collections::BTreeSet;

/// The weight of one strong phrase: sums are counted in these.
const UNIT: f32 = 3.0;

/// Which way a weight may point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// More of it never lowers the judgement.
    Up,
    /// More of it never lifts the judgement.
    Down,
    /// Either.
    Free,
}

/// The numbers that levels are judged by, in the order of [`Seen::NAMES`]; all between -3 and 3.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen(pub [f32; Seen::COUNT]);

impl Seen {
    /// How many.
    pub const COUNT: usize = 23;
    /// What they are, and which way each may point.
    pub const NAMES: [(&'static str, Sign); Seen::COUNT] = [
        ("subject", Sign::Up),
        ("borderline", Sign::Up),
        ("capped", Sign::Down),
        ("untitled", Sign::Free),
        ("no lead", Sign::Free),
        ("title core", Sign::Up),
        ("title side", Sign::Up),
        ("title against", Sign::Up),
        ("title strongest", Sign::Up),
        ("title kinds", Sign::Up),
        ("title persons", Sign::Down),
        ("title cancelled", Sign::Down),
        ("lead core", Sign::Up),
        ("lead side", Sign::Up),
        ("lead against", Sign::Up),
        ("lead strongest", Sign::Up),
        ("lead kinds", Sign::Up),
        ("lead persons", Sign::Down),
        ("lead cancelled", Sign::Down),
        ("lead early", Sign::Up),
        ("text core", Sign::Up),
        ("text side", Sign::Up),
        ("section", Sign::Up),
    ];
}

/// What the lexicon's sum for one topic tells about that topic, in the order of [`Own::NAMES`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Own(pub [f32; Own::COUNT]);

impl Own {
    /// How many numbers it has.
    pub const COUNT: usize = 9;
    /// What they are, and which way each may point.
    pub const NAMES: [(&'static str, Sign); Own::COUNT] = [
        ("all", Sign::Up),
        ("title", Sign::Up),
        ("lead", Sign::Up),
        ("text", Sign::Up),
        ("share", Sign::Up),
        ("strongest", Sign::Up),
        ("stands out", Sign::Up),
        ("unnamed", Sign::Down),
        ("ahead", Sign::Up),
    ];
}

/// All that levels are judged by.
pub fn seen(topics: &Topics, text: &ArticleText<'_>, sums: &Sums<'_>) -> Seen {
    let cuts = &topics.cuts;
    let margin = |cut: f32| ((sums.score - cut) / cut).clamp(-1.0, 3.0);
    let (title, lead) = (Head::of(sums, Part::Title), Head::of(sums, Part::Sapo));
    let of = |part| sums.parts.get(&part).copied().unwrap_or_default();
    let (body, section): (Relevance, Relevance) = (of(Part::Body), of(Part::Section));
    let units = |sum: f32| (sum / cuts.subject).clamp(-3.0, 3.0);
    Seen([
        margin(cuts.subject),
        margin(cuts.borderline),
        flag(sums.capped),
        flag(text.title.trim().is_empty()),
        flag(text.sapo.trim().is_empty()),
        units(title.sum.core),
        units(title.sum.side),
        units(title.sum.against),
        title.strongest,
        title.kinds,
        title.persons,
        title.cancelled,
        units(lead.sum.core),
        units(lead.sum.side),
        units(lead.sum.against),
        lead.strongest,
        lead.kinds,
        lead.persons,
        lead.cancelled,
        lead.first
            .map_or(0.0, |at| 1.0 - at / text.sapo.len() as f32),
        units(body.core),
        units(body.side),
        units(section.core + section.side),
    ])
}

/// What stands in the headline or in the lead.
struct Head {
    sum: Relevance,
    /// The strongest phrase for level 2, in [`UNIT`]s.
    strongest: f32,
    /// Topics that phrases for level 2 speak for, each a third, to 1.
    kinds: f32,
    /// Whether there is a title of a person, which says nothing.
    persons: f32,
    /// Phrases that a context cancelled, each a third, to 1.
    cancelled: f32,
    /// The first byte of the first phrase for level 2.
    first: Option<f32>,
}

impl Head {
    fn of(sums: &Sums<'_>, part: Part) -> Self {
        let here = || sums.counted.iter().filter(move |c| c.hit.part == part);
        let speaks = |c: &&Counted<'_>| c.relevance > 0.0 && !c.meaning.borderline;
        let topics: BTreeSet<Option<usize>> =
            here().filter(speaks).map(|c| c.meaning.topic).collect();
        let strongest = here()
            .filter(speaks)
            .map(|c| c.relevance)
            .fold(0.0, f32::max);
        let cancelled = here().filter(|c| c.hit.cancelled_by.is_some()).count();
        let thirds = |count: usize| (count as f32 / 3.0).min(1.0);
        Self {
            sum: sums.parts.get(&part).copied().unwrap_or_default(),
            strongest: (strongest / UNIT).min(3.0),
            kinds: thirds(topics.len()),
            persons: flag(sums.silent.contains(&part)),
            cancelled: thirds(cancelled),
            first: here()
                .filter(speaks)
                .map(|c| c.hit.start as f32)
                .reduce(f32::min),
        }
    }
}

/// The sums of all topics of the taxonomy, each held against the others.
pub fn own(topics: &Topics, sums: &[TopicSum]) -> Vec<Own> {
    let best = sums.iter().map(|sum| sum.all).fold(0.0, f32::max);
    let named = sums.iter().any(|sum| sum.title > 0.0);
    let stands_out = |sum: &TopicSum| {
        sum.all >= topics.cuts.topic.max(best * topics.cuts.topic_share)
            || sum.body >= topics.cuts.topic_in_body
    };
    sums.iter()
        .enumerate()
        .map(|(at, sum)| {
            let others = sums.iter().enumerate().filter(|&(other, _)| other != at);
            let next = others.map(|(_, sum)| sum.all).fold(0.0, f32::max);
            Own([
                (sum.all / UNIT).min(3.0),
                (sum.title / UNIT).min(2.0),
                (sum.sapo / UNIT).min(2.0),
                (sum.body / UNIT).min(2.0),
                if best > 0.0 { sum.all / best } else { 0.0 },
                flag(sum.all > 0.0 && sum.all >= best),
                flag(stands_out(sum)),
                flag(named && sum.title <= 0.0),
                ((sum.all - next) / UNIT).clamp(-2.0, 2.0),
            ])
        })
        .collect()
}

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}
