//! Stories: which articles tell of one event. Complete-link grouping over weighed words and names, with vetoes: all
//! articles of a story are alike, none is drawn in by a single neighbour, and none contradicts another on where,
//! who, which session or which decision. The result depends on the set of articles only, not on their order.

#[cfg(test)]
mod hard;
mod named;
mod space;
mod terms;
#[cfg(test)]
mod tests;
mod veto;

use super::names::Gazetteer;
use crate::model::{Article, ArticleId, SourceKey};
use space::Space;
pub use space::Usage;
use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};
use terms::Terms;
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

    /// How alike two articles must be that share so many particulars.
    fn wanted(self, particulars: u32) -> f32 {
        if particulars >= PARTICULARS {
            self.alike
        } else {
            self.in_common_words
        }
    }
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
    let links = links(&sorted, |i| i + 1, usage, cut);
    for members in complete_link(&links) {
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
    let links = links(&all, |_| texts.len(), desk.usage, Cut::OURS);
    let mut members: BTreeMap<usize, (Vec<&StoryText>, BTreeSet<usize>)> = BTreeMap::new();
    for ((number, text), links) in numbers.iter().zip(texts).zip(links) {
        let (story, linked) = members.entry(*number).or_default();
        story.push(text);
        linked.extend(links.iter().map(|(j, _)| j - texts.len()));
    }
    // The latest edition; of its articles the first by rank.
    let key = |place: &usize| {
        let (article, edition) = &earlier[*place];
        (Reverse(*edition), (desk.rank)(&article.source), article.id)
    };
    let latest = |(story, linked): (Vec<&StoryText>, BTreeSet<usize>)| {
        let contradicts =
            |text: &&StoryText, place: usize| veto::apart(text.side(), known[place].side());
        let told = linked
            .into_iter()
            .filter(|&place| !story.iter().any(|text| contradicts(text, place)));
        told.min_by_key(key)
    };
    members
        .into_iter()
        .filter_map(|(number, story)| Some((number, latest(story)?)))
        .collect()
}

/// For each article the others that can be in its story, in order, with how alike they are; of those only that stand at
/// `from` of its place or behind.
fn links(
    articles: &[&StoryText],
    from: impl Fn(usize) -> usize,
    usage: &Usage,
    cut: Cut,
) -> Vec<Vec<(usize, f32)>> {
    let terms: Vec<&Terms> = articles.iter().map(|a| &a.terms).collect();
    let space = Space::new(&terms, usage);
    let bare = |a: &StoryText, b: &StoryText| a.bare && b.bare;
    let can_be_one = |a: &StoryText, b: &StoryText| match bare(a, b) {
        true => veto::same_headline(&a.marks, &b.marks),
        false => !veto::apart(a.side(), b.side()),
    };
    let of = |(i, a): (usize, &&StoryText)| {
        // What costs least is asked first.
        let can_be_near = |j: usize| {
            let b = articles[j];
            bare(a, b) || !veto::named_apart(a.side(), b.side())
        };
        let wanted = |particulars| cut.wanted(particulars);
        let mut near = space.near(i, from(i), can_be_near, wanted);
        near.retain(|(j, _)| can_be_one(a, articles[*j]));
        near
    };
    articles.iter().enumerate().map(of).collect()
}

/// Joins the most alike groups first, as long as every member of the one is linked with every member of the other.
/// `links` has each pair at its first article.
fn complete_link(links: &[Vec<(usize, f32)>]) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = (0..links.len()).map(|i| vec![i]).collect();
    // Non-negative floats sort by their bits; ties go to the earlier pair.
    let entry = |i: usize, j: usize, alike: f32| (alike.to_bits(), Reverse(i.min(j)), i.max(j));
    let mut near = vec![Near::default(); links.len()];
    let mut pairs = Vec::new();
    for (i, later) in links.iter().enumerate() {
        for &(j, alike) in later {
            near[i].0.push((j, alike));
            near[j].0.push((i, alike));
            pairs.push(entry(i, j, alike));
        }
    }
    let mut heap = BinaryHeap::from(pairs);
    while let Some((bits, Reverse(i), j)) = heap.pop() {
        // Entries of groups that have changed since are void.
        if near[i].get(j).map(f32::to_bits) != Some(bits) {
            continue;
        }
        let moved = std::mem::take(&mut members[j]);
        members[i].extend(moved);
        let (ours, theirs) = (std::mem::take(&mut near[i]), std::mem::take(&mut near[j]));
        for &(k, _) in &theirs.0 {
            near[k].remove(j);
        }
        for (k, alike) in ours.0 {
            match theirs.get(k) {
                Some(other) => {
                    let least = alike.min(other);
                    near[i].0.push((k, least));
                    near[k].set(i, least);
                    heap.push(entry(i, k, least));
                }
                None => near[k].remove(i),
            }
        }
    }
    members.retain(|group| !group.is_empty());
    members
}

/// The groups that one can be joined with, in order, with how alike they are.
#[derive(Debug, Clone, Default)]
struct Near(Vec<(usize, f32)>);

impl Near {
    fn place(&self, group: usize) -> Result<usize, usize> {
        self.0.binary_search_by_key(&group, |(known, _)| *known)
    }

    fn get(&self, group: usize) -> Option<f32> {
        self.place(group).ok().map(|place| self.0[place].1)
    }

    fn set(&mut self, group: usize, alike: f32) {
        if let Ok(place) = self.place(group) {
            self.0[place].1 = alike;
        }
    }

    fn remove(&mut self, group: usize) {
        if let Ok(place) = self.place(group) {
            self.0.remove(place);
        }
    }
}
