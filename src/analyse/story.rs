//! Stories: which articles tell of one event. Complete-link grouping over weighed words and names, with vetoes: all
//! articles of a story are alike, none is drawn in by a single neighbour, and none contradicts another on where,
//! who, which session or which decision. The result depends on the set of articles only, not on their order.

mod terms;
#[cfg(test)]
mod tests;
mod veto;

use crate::model::{Article, ArticleId, SourceKey};
use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};
use terms::{Likeness, Space, Terms};
use veto::{Marks, Side};

/// How alike all articles of a story must be.
const ALIKE: f32 = 0.145;
/// The same where they share next to nothing particular: offices that do the same work use the same words.
const ALIKE_IN_COMMON_WORDS: f32 = 0.4;
/// Names, figures and wordings, used by few others, that tell one event from the same work elsewhere.
const PARTICULARS: u32 = 6;
/// An article with fewer syllables than this under its headline is judged by the headline alone.
const BARE: usize = 12;

/// An article, prepared for comparing.
#[derive(Debug, Clone, Default)]
pub struct StoryText {
    terms: Terms,
    marks: Marks,
    bare: bool,
}

impl StoryText {
    /// Prepares headline, lead and running text; the latter two may be empty.
    pub fn new(title: &str, lead: &str, text: &str) -> Self {
        let under = terms::words(lead, BARE).len() + terms::words(text, BARE).len();
        Self {
            terms: Terms::new(title, lead, text),
            marks: Marks::new(title, lead),
            bare: under < BARE,
        }
    }

    fn side(&self) -> Side<'_> {
        Side {
            marks: &self.marks,
            terms: &self.terms,
        }
    }
}

/// The story of each article: equal numbers are one story; the number is the place of its first article.
pub fn cluster(articles: &[StoryText]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..articles.len()).collect();
    order.sort_by_cached_key(|&i| articles[i].terms.fingerprint());
    let sorted: Vec<&StoryText> = order.iter().map(|&i| &articles[i]).collect();
    let mut numbers: Vec<usize> = (0..articles.len()).collect();
    for members in complete_link(&links(&sorted)) {
        let places = members.iter().map(|&place| order[place]);
        let first = places.clone().min().unwrap_or_default();
        places.for_each(|i| numbers[i] = first);
    }
    numbers
}

/// Groups of copies, told together where they tell of one event. `copies` has each article's number once, lead copies
/// first; within a story the group of the highest-ranked paper (smallest `rank`) stands first, then the earliest.
/// Stories stand in the order of their first articles.
pub fn stories<A: Borrow<Article>>(
    articles: &[A],
    copies: Vec<Vec<ArticleId>>,
    rank: impl Fn(&SourceKey) -> u16,
) -> Vec<Vec<Vec<ArticleId>>> {
    let by_id: BTreeMap<ArticleId, &Article> = articles
        .iter()
        .map(|article| (article.borrow().id, article.borrow()))
        .collect();
    let mut groups: Vec<(&Article, Vec<ArticleId>)> = copies
        .into_iter()
        .filter_map(|group| Some((*by_id.get(group.first()?)?, group)))
        .collect();
    groups.sort_by_key(|(lead, _)| (rank(&lead.source), lead.ingest, lead.id));
    let texts: Vec<StoryText> = groups
        .iter()
        .map(|(lead, _)| {
            let text = lead.text();
            StoryText::new(text.title, text.sapo, text.body)
        })
        .collect();
    let mut stories: BTreeMap<usize, Vec<Vec<ArticleId>>> = BTreeMap::new();
    for (number, (_, group)) in cluster(&texts).into_iter().zip(groups) {
        stories.entry(number).or_default().push(group);
    }
    stories.into_values().collect()
}

fn is_near(likeness: Likeness) -> bool {
    let wanted = if likeness.particulars >= PARTICULARS {
        ALIKE
    } else {
        ALIKE_IN_COMMON_WORDS
    };
    likeness.alike >= wanted
}

/// For each article the others that can be in its story, with how alike they are.
fn links(articles: &[&StoryText]) -> Vec<BTreeMap<usize, f32>> {
    let terms: Vec<&Terms> = articles.iter().map(|a| &a.terms).collect();
    let space = Space::new(&terms);
    let mut links = vec![BTreeMap::new(); articles.len()];
    for (i, a) in articles.iter().enumerate() {
        for (j, likeness) in space.like(i).filter(|(_, likeness)| is_near(*likeness)) {
            let alike = likeness.alike;
            let b = articles[j];
            let together = if a.bare && b.bare {
                veto::same_headline(&a.marks, &b.marks)
            } else {
                !veto::apart(a.side(), b.side())
            };
            if together {
                links[i].insert(j, alike);
                links[j].insert(i, alike);
            }
        }
    }
    links
}

/// Joins the most alike groups first, as long as every member of the one is linked with every member of the other.
fn complete_link(links: &[BTreeMap<usize, f32>]) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = (0..links.len()).map(|i| vec![i]).collect();
    let mut near = links.to_vec();
    // Non-negative floats sort by their bits; ties go to the earlier pair.
    let entry = |i: usize, j: usize, alike: f32| (alike.to_bits(), Reverse(i.min(j)), i.max(j));
    let mut heap: BinaryHeap<_> = BinaryHeap::new();
    for (i, near) in links.iter().enumerate() {
        let later = near.range(i + 1..);
        heap.extend(later.map(|(&j, &alike)| entry(i, j, alike)));
    }
    while let Some((bits, Reverse(i), j)) = heap.pop() {
        // Entries of groups that have changed since are void.
        if near[i].get(&j).map(|alike| alike.to_bits()) != Some(bits) {
            continue;
        }
        let moved = std::mem::take(&mut members[j]);
        members[i].extend(moved);
        let (ours, theirs) = (std::mem::take(&mut near[i]), std::mem::take(&mut near[j]));
        for &k in ours.keys().chain(theirs.keys()) {
            near[k].remove(&i);
            near[k].remove(&j);
        }
        for (&k, &alike) in &ours {
            if let Some(other) = theirs.get(&k) {
                let least = alike.min(*other);
                near[i].insert(k, least);
                near[k].insert(i, least);
                heap.push(entry(i, k, least));
            }
        }
    }
    members.retain(|group| !group.is_empty());
    members
}
