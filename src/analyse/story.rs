//! Stories: which articles tell of one event. Complete-link grouping over weighed words and names, with vetoes: all
//! articles of a story are alike, none is drawn in by a single neighbour, and none contradicts another on where,
//! who, which session or which decision. The result depends on the set of articles only, not on their order.

#[cfg(test)]
mod hard;
mod named;
mod terms;
#[cfg(test)]
mod tests;
mod veto;

use super::names::Gazetteer;
use crate::model::{Article, ArticleId, SourceKey};
use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};
pub use terms::Usage;
use terms::{Likeness, Space, Terms};
use veto::{Marks, Side};

/// How alike articles must be to be one story.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// All articles of a story, with one another.
    alike: f32,
    /// The same where they share next to nothing particular: offices that do the same work use the same words.
    in_common_words: f32,
}

impl Cut {
    const OURS: Self = Self {
        alike: 0.145,
        in_common_words: 0.4,
    };
}

/// Names, figures and wordings, used by few others, that tell one event from the same work elsewhere.
const PARTICULARS: u32 = 6;
/// An article with fewer syllables than this under its headline is judged by the headline alone.
const BARE: usize = 12;

/// What a desk knows beside the articles.
pub struct Desk<'d> {
    /// The names of the provinces.
    pub gazetteer: &'d Gazetteer,
    /// What papers write every day.
    pub usage: &'d Usage,
    /// The province of a paper; `None` for the central press.
    pub home: &'d dyn Fn(&SourceKey) -> Option<String>,
    /// The place of a paper; the smallest stands first.
    pub rank: &'d dyn Fn(&SourceKey) -> u16,
}

/// Articles on one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Groups of copies, each with its lead copy first.
    pub copies: Vec<Vec<ArticleId>>,
    /// The place of an earlier article that tells of the same event; that of the latest edition.
    pub continues: Option<usize>,
}

/// An article, prepared for comparing.
#[derive(Debug, Clone, Default)]
pub struct StoryText {
    terms: Terms,
    marks: Marks,
    bare: bool,
}

impl StoryText {
    /// Prepares headline, lead and running text; the latter two may be empty. `home` is the key of the province whose
    /// Party committee a paper means where it names none.
    pub fn new(
        title: &str,
        lead: &str,
        text: &str,
        gazetteer: &Gazetteer,
        home: Option<&str>,
    ) -> Self {
        let under = terms::words(lead, BARE).len() + terms::words(text, BARE).len();
        Self {
            terms: Terms::new(title, lead, text),
            marks: Marks::new(title, lead, text, gazetteer, home),
            bare: under < BARE,
        }
    }

    fn of(article: &Article, desk: &Desk<'_>) -> Self {
        let text = article.text();
        let home = (desk.home)(&article.source);
        Self::new(
            text.title,
            text.sapo,
            text.body,
            desk.gazetteer,
            home.as_deref(),
        )
    }

    fn side(&self) -> Side<'_> {
        Side {
            marks: &self.marks,
            terms: &self.terms,
        }
    }
}

/// The story of each article: equal numbers are one story; the number is the place of its first article.
pub fn cluster(articles: &[StoryText], usage: &Usage) -> Vec<usize> {
    cluster_with(articles, usage, Cut::OURS)
}

fn cluster_with(articles: &[StoryText], usage: &Usage, cut: Cut) -> Vec<usize> {
    let mut order: Vec<usize> = (0..articles.len()).collect();
    order.sort_by_cached_key(|&i| articles[i].terms.fingerprint());
    let sorted: Vec<&StoryText> = order.iter().map(|&i| &articles[i]).collect();
    let mut numbers: Vec<usize> = (0..articles.len()).collect();
    for members in complete_link(&links(&sorted, usage, cut)) {
        let places = members.iter().map(|&place| order[place]);
        let first = places.clone().min().unwrap_or_default();
        places.for_each(|i| numbers[i] = first);
    }
    numbers
}

/// Groups of copies, told together where they tell of one event. `copies` has each article's number once, lead copies
/// first; within a story the group of the highest-ranked paper (smallest `rank`) stands first, then the earliest by its date.
/// Stories stand in the order of their first articles. `earlier` has what editions of the last days told, each article
/// with the number of its edition.
pub fn stories<A: Borrow<Article>>(
    articles: &[A],
    copies: Vec<Vec<ArticleId>>,
    earlier: &[(Article, u32)],
    desk: &Desk<'_>,
) -> Vec<Story> {
    let by_id: BTreeMap<ArticleId, &Article> = articles
        .iter()
        .map(|article| (article.borrow().id, article.borrow()))
        .collect();
    let mut groups: Vec<(&Article, Vec<ArticleId>)> = copies
        .into_iter()
        .filter_map(|group| Some((*by_id.get(group.first()?)?, group)))
        .collect();
    groups.sort_by_key(|(lead, _)| ((desk.rank)(&lead.source), (*lead).age(), lead.id));
    let texts: Vec<StoryText> = groups
        .iter()
        .map(|(lead, _)| StoryText::of(lead, desk))
        .collect();
    let numbers = cluster(&texts, desk.usage);
    let continued = continued(&texts, &numbers, earlier, desk);
    let mut stories: BTreeMap<usize, Story> = BTreeMap::new();
    for (number, (_, group)) in numbers.into_iter().zip(groups) {
        let story = stories.entry(number).or_insert_with(|| Story {
            copies: Vec::new(),
            continues: continued.get(&number).copied(),
        });
        story.copies.push(group);
    }
    stories.into_values().collect()
}

/// Which stories go on with what an earlier edition told: by the story's number, the place of the earlier article.
///
/// An article of the story and an earlier one must be as alike as articles of one story are, and no article of the story
/// may contradict it.
fn continued(
    texts: &[StoryText],
    numbers: &[usize],
    earlier: &[(Article, u32)],
    desk: &Desk<'_>,
) -> BTreeMap<usize, usize> {
    let known: Vec<StoryText> = earlier
        .iter()
        .map(|(article, _)| StoryText::of(article, desk))
        .collect();
    let all: Vec<&StoryText> = texts.iter().chain(&known).collect();
    let links = links(&all, desk.usage, Cut::OURS);
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, number) in numbers.iter().enumerate() {
        let linked = links[i].range(texts.len()..).map(|(&j, _)| j - texts.len());
        for place in linked {
            let members = numbers.iter().zip(texts).filter(|(n, _)| *n == number);
            let mut sides = members.map(|(_, text)| text.side());
            if sides.any(|side| veto::apart(side, known[place].side())) {
                continue;
            }
            // The latest edition; of its articles the first by rank.
            let key = |at: usize| {
                let (article, edition) = &earlier[at];
                (Reverse(*edition), (desk.rank)(&article.source), article.id)
            };
            let best = found.entry(*number).or_insert(place);
            if key(place) < key(*best) {
                *best = place;
            }
        }
    }
    found
}

fn is_near(likeness: Likeness, cut: Cut) -> bool {
    let wanted = if likeness.particulars >= PARTICULARS {
        cut.alike
    } else {
        cut.in_common_words
    };
    likeness.alike >= wanted
}

/// For each article the others that can be in its story, with how alike they are.
fn links(articles: &[&StoryText], usage: &Usage, cut: Cut) -> Vec<BTreeMap<usize, f32>> {
    let terms: Vec<&Terms> = articles.iter().map(|a| &a.terms).collect();
    let space = Space::new(&terms, usage);
    let mut links = vec![BTreeMap::new(); articles.len()];
    for (i, a) in articles.iter().enumerate() {
        for (j, likeness) in space
            .like(i)
            .filter(|(_, likeness)| is_near(*likeness, cut))
        {
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
