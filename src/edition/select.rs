//! Which stories lead, which are listed by topic, which only follow; and in what order. Decides, prints nothing.

use super::compose::{Material, StoryGroup};
use crate::model::{Article, ArticleId, TopicKey};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet},
};

/// Articles on one event, while the edition is being put together.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    /// The lead copy first; whether each is a copy of one before it.
    pub articles: Vec<(&'a Article, bool)>,
    /// What is said of it, where the analysis said something.
    pub group: Option<&'a StoryGroup>,
    /// The highest of its articles.
    pub level: u8,
    /// Topics, strongest first.
    pub topics: Vec<TopicKey>,
    score: f32,
    /// Papers that carry it; those of one house count once.
    pub papers: usize,
    best_rank: u16,
    home: bool,
}

/// The stories of an edition by their place.
#[derive(Debug, Default)]
pub(super) struct Selection<'a> {
    /// Printed with sentences.
    pub leads: Vec<Candidate<'a>>,
    /// Listed with all their papers, by topic in the configured order; the key is `None` for topics nobody configured.
    pub sections: Vec<(Option<TopicKey>, Vec<Candidate<'a>>)>,
    /// Over the cap.
    pub others: Vec<Candidate<'a>>,
    /// Below the digest's level.
    pub related: Vec<Candidate<'a>>,
    /// What an earlier edition had, with its number: the latest edition first, then by rank of the paper.
    pub reprints: Vec<(&'a Article, u32)>,
}

/// Cuts the material into places. Does not depend on the order of `material.articles`.
pub(super) fn select(material: &Material) -> Selection<'_> {
    let digest = &material.digest;
    let (mut stories, related): (Vec<_>, Vec<_>) = candidates(material)
        .into_iter()
        .partition(|c| c.level >= digest.min_level);
    stories.sort_by(|a, b| a.by_weight(b));

    let leads_wanted = digest.leads.clamp(1, 5);
    let mut rest = stories.split_off(stories.len().min(leads_wanted));
    let others = rest.split_off(rest.len().min(digest.listed.saturating_sub(stories.len())));
    let mut related = related;
    related.sort_by(|a, b| a.by_weight(b));
    Selection {
        leads: stories,
        sections: by_topic(rest, material),
        others,
        related,
        reprints: reprints(material),
    }
}

/// What an edition of this digest may name at all. A paper's correction of what an earlier edition had stands with that.
fn printable(material: &Material) -> impl Iterator<Item = &Article> {
    let notices: BTreeSet<ArticleId> = material.corrections.iter().map(|c| c.article.id).collect();
    material
        .articles
        .iter()
        .filter(move |a| !a.backfill && level(a) >= 1 && !notices.contains(&a.id))
}

fn reprints(material: &Material) -> Vec<(&Article, u32)> {
    let mut reprints: Vec<(&Article, u32)> = printable(material)
        .filter_map(|a| Some((a, *material.reprints.get(&a.id)?)))
        .collect();
    reprints.sort_by_key(|&(a, number)| (Reverse(number), material.rank(&a.source), a.age(), a.id));
    reprints
}

/// Stories of articles of level 1 and up. An article that stands in no story of the material is one by itself.
fn candidates(material: &Material) -> Vec<Candidate<'_>> {
    let mut left: BTreeMap<ArticleId, &Article> = printable(material)
        .filter(|a| !material.reprints.contains_key(&a.id))
        .map(|a| (a.id, a))
        .collect();
    let mut found = Vec::new();
    for story in &material.stories {
        let mut articles = Vec::new();
        for copies in &story.copies {
            let present = copies.iter().filter_map(|id| left.remove(id));
            articles.extend(
                present
                    .enumerate()
                    .map(|(place, article)| (article, place > 0)),
            );
        }
        if let Some((_, rest)) = articles.split_first_mut() {
            // Behind the story's own article the papers stand by rank, as the offices' reviews name them.
            rest.sort_by_key(|&(a, _)| (material.rank(&a.source), a.age(), a.id));
            let group = Some(story);
            found.push(Candidate {
                group,
                ..Candidate::new(articles, material)
            });
        }
    }
    let alone = left
        .into_values()
        .map(|article| Candidate::new(vec![(article, false)], material));
    found.extend(alone);
    found
}

fn level(article: &Article) -> u8 {
    article.verdict.as_ref().map_or(0, |v| v.level)
}

impl<'a> Candidate<'a> {
    fn new(articles: Vec<(&'a Article, bool)>, material: &Material) -> Self {
        let papers: BTreeSet<_> = articles.iter().map(|(a, _)| &a.source).collect();
        let houses: BTreeSet<_> = papers.iter().map(|s| material.publisher(s)).collect();
        let home = material.digest.home_province.as_deref();
        let topics = articles
            .iter()
            .filter_map(|(a, _)| a.verdict.as_ref())
            .find(|v| !v.topics.is_empty())
            .map(|v| v.topics.iter().map(|t| t.topic.clone()).collect())
            .unwrap_or_default();
        Self {
            group: None,
            level: articles.iter().map(|(a, _)| level(a)).max().unwrap_or(0),
            topics,
            score: articles
                .iter()
                .filter_map(|(a, _)| a.verdict.as_ref())
                .map(|v| v.score)
                .fold(0.0, f32::max),
            papers: houses.len(),
            best_rank: papers
                .iter()
                .map(|s| material.rank(s))
                .min()
                .unwrap_or(u16::MAX),
            home: home.is_some() && papers.iter().any(|s| material.province(s) == home),
            articles,
        }
    }

    /// The heavier first: more papers, a higher paper, a stronger verdict, the office's own province, the earlier.
    fn by_weight(&self, other: &Self) -> Ordering {
        let first = |c: &Self| c.articles.first().map(|&(a, _)| (a.age(), a.id));
        other
            .papers
            .cmp(&self.papers)
            .then(self.best_rank.cmp(&other.best_rank))
            .then(other.score.total_cmp(&self.score))
            .then(other.home.cmp(&self.home))
            .then_with(|| first(self).cmp(&first(other)))
    }
}

/// Sections in the configured order; a story stands under its strongest topic that is configured.
fn by_topic<'a>(
    stories: Vec<Candidate<'a>>,
    material: &Material,
) -> Vec<(Option<TopicKey>, Vec<Candidate<'a>>)> {
    let place = |c: &Candidate<'_>| {
        c.topics
            .iter()
            .find_map(|t| material.topics.iter().position(|known| known.key == *t))
    };
    let mut sections: Vec<(Option<TopicKey>, Vec<Candidate<'a>>)> = material
        .topics
        .iter()
        .map(|t| (Some(t.key.clone()), Vec::new()))
        .collect();
    sections.push((None, Vec::new()));
    let last = sections.len() - 1;
    for story in stories {
        let at = place(&story).unwrap_or(last);
        sections[at].1.push(story);
    }
    // The office's own province opens each section; the order by weight stays within.
    for (_, stories) in &mut sections {
        stories.sort_by_key(|c| !c.home);
    }
    sections.retain(|(_, stories)| !stories.is_empty());
    sections
}
