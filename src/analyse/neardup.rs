//! Copies: articles that print the same report. A judgement on texts, never on titles.
//!
//! Two texts are copies when most of the shorter one's five-syllable windows stand in the other and where their
//! wording agrees their figures and names do: papers reprint agency reports with new titles, cuts and captions,
//! but a monthly report from the neighbouring commune has the same words with other figures.
//!
//! Which texts are compared at all says an index of a few windows of each text ([`index`]): in memory for the articles
//! of one edition, in the store for those of the last months. Both are asked and judged alike.

pub mod index;
#[cfg(test)]
mod tests;

use crate::{
    model::{Article, ArticleId, NearKeys, SourceKey},
    text::shingle::{self, Token},
};
use index::Index;
use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Share of the shorter text's windows that must stand in the longer.
const CONTAINED: f64 = 0.6;
/// The same for a text so short that a quotation could fill it.
const CONTAINED_SHORT: f64 = 0.8;
/// Below this many windows a text is short…
const SHORT: usize = 40;
/// …and below this it is only a copy of one about as short: a single sentence proves nothing about a long report.
const TINY: usize = 16;
/// How many times longer a text may be without its opening being asked for.
const MUCH_LONGER: f64 = 1.4;
/// Syllables of a text that open it: where the news is.
const OPENING: usize = 64;
/// Share of a much longer text's opening that must stand in the shorter: a follow-up opens with its own news and quotes
/// the first report as background, a cut reprint keeps the opening.
const OPENING_SHARED: f64 = 0.25;
/// Below this no text is compared at all.
const NOTHING: usize = 6;

/// One text to compare.
#[derive(Debug, Clone, Default)]
pub struct NearText {
    tokens: Vec<Token>,
    shingles: Vec<u64>,
    opening: Vec<u64>,
    figures: Filled,
    names: Filled,
}

impl NearText {
    /// Prepares the sapo and body of an article. The title is left out: papers write their own, and equal
    /// titles stand over different reports every month.
    pub fn new(sapo: &str, body: &str) -> Self {
        let mut tokens = shingle::tokens(sapo);
        let lead = shingle::shingles(&tokens);
        let body = shingle::tokens(body);
        let shingles = shingle::shingles(&body);
        // Many feeds print the sapo as the first paragraph again.
        let repeated = !lead.is_empty() && shingle::shared(&lead, &shingles) * 10 >= lead.len() * 9;
        if repeated {
            tokens = body;
        } else {
            tokens.extend(body);
            tokens.truncate(shingle::MAX_SYLLABLES);
        }
        let shingles = shingle::shingles(&tokens);
        let opening = shingle::shingles(&tokens[..tokens.len().min(OPENING)]);
        Self {
            figures: figures_by_wording(&tokens),
            names: names_by_wording(&tokens),
            tokens,
            shingles,
            opening,
        }
    }

    /// What an index holds of the text.
    pub fn keys(&self) -> NearKeys {
        index::choose(&self.shingles, &self.opening)
    }
}

/// What stands in the windows of one wording; `None` where several things do.
type Filled = HashMap<u64, Option<u64>>;

/// Windows with their figures and capitalised words masked, to the figures that stand there. Names are masked too,
/// since a form that is filled in anew has other names beside its figures.
fn figures_by_wording(tokens: &[Token]) -> Filled {
    filled(tokens, |window| {
        let figures: Vec<&str> = texts(window, |t| t.number);
        (1..=2).contains(&figures.len()).then_some(figures)
    })
}

/// Windows without figures, their capitalised words masked, to the words that stand there.
fn names_by_wording(tokens: &[Token]) -> Filled {
    filled(tokens, |window| {
        let names: Vec<&str> = texts(window, |t| t.capital);
        let plain = window.iter().all(|t| !t.number);
        (plain && (1..=2).contains(&names.len())).then_some(names)
    })
}

fn texts(window: &[Token], wanted: impl Fn(&Token) -> bool) -> Vec<&str> {
    let wanted = window.iter().filter(|t| wanted(t));
    wanted.map(|t| t.text.as_str()).collect()
}

fn filled<'a>(tokens: &'a [Token], values: impl Fn(&'a [Token]) -> Option<Vec<&'a str>>) -> Filled {
    let mut out = Filled::new();
    for window in tokens.windows(shingle::WINDOW) {
        let Some(values) = values(window) else {
            continue;
        };
        let wording = window.iter().map(|t| match (t.number, t.capital) {
            (true, _) => "#",
            (_, true) => "@",
            _ => t.text.as_str(),
        });
        let value = shingle::hash_of(values.into_iter());
        out.entry(shingle::hash_of(wording))
            .and_modify(|known| {
                if *known != Some(value) {
                    *known = None;
                }
            })
            .or_insert(Some(value));
    }
    out
}

/// Whether two texts print the same report.
pub fn is_copy(a: &NearText, b: &NearText) -> bool {
    let (short, long) = if a.shingles.len() <= b.shingles.len() {
        (a, b)
    } else {
        (b, a)
    };
    let size = short.shingles.len();
    if size < NOTHING {
        return false;
    }
    let shared = shingle::shared(&short.shingles, &long.shingles) as f64;
    let contained = shared / size as f64;
    let wanted = if size < SHORT {
        CONTAINED_SHORT
    } else {
        CONTAINED
    };
    if contained < wanted {
        return false;
    }
    if size < TINY && shared / (long.shingles.len() as f64) < CONTAINED_SHORT {
        return false;
    }
    opens_alike(short, long)
        && agree(&short.figures, &long.figures)
        && agree(&short.names, &long.names)
}

fn opens_alike(short: &NearText, long: &NearText) -> bool {
    let much_longer = long.shingles.len() as f64 > MUCH_LONGER * short.shingles.len() as f64;
    let shared = shingle::shared(&long.opening, &short.shingles) as f64;
    !much_longer || shared >= OPENING_SHARED * long.opening.len() as f64
}

/// Whether, where the wording is the same, nearly always the same stands in it.
fn agree(a: &Filled, b: &Filled) -> bool {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let (mut same, mut other) = (0u32, 0u32);
    for (wording, value) in small {
        if let (Some(x), Some(Some(y))) = (value, large.get(wording)) {
            if x == y {
                same += 1;
            } else {
                other += 1;
            }
        }
    }
    other < 2 || other * 4 <= same + other
}

/// The group of each text: equal numbers are copies of one another. The grouping depends on the set of texts
/// only, not on their order; the number is the place of the group's first text.
pub fn group(texts: &[NearText]) -> Vec<usize> {
    let mut index = Index::default();
    for (i, text) in texts.iter().enumerate() {
        index.add(i, &text.keys());
    }
    let mut parent: Vec<usize> = (0..texts.len()).collect();
    for (i, text) in texts.iter().enumerate() {
        for j in index.near(&text.keys()) {
            let (a, b) = (root(&mut parent, i), root(&mut parent, j));
            if a != b && is_copy(text, &texts[j]) {
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    (0..texts.len()).map(|i| root(&mut parent, i)).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Articles in groups of copies. Within a group the lead copy stands first: that of the highest-ranked
/// paper (smallest `rank`), then the fullest text, then the earliest ingested; the others follow in the same order.
/// Groups stand in the order of their lead copies' ingest numbers.
pub fn copies<A: Borrow<Article>>(
    articles: &[A],
    rank: impl Fn(&SourceKey) -> u16,
) -> Vec<Vec<ArticleId>> {
    let texts: Vec<NearText> = articles.iter().map(|a| near_text(a.borrow())).collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, group) in group(&texts).into_iter().enumerate() {
        groups.entry(group).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by_key(|&i| {
            let article: &Article = articles[i].borrow();
            (
                rank(&article.source),
                Reverse(texts[i].tokens.len()),
                article.ingest,
                article.id,
            )
        });
    }
    groups.sort_by_key(|group| {
        let lead: &Article = articles[group[0]].borrow();
        (lead.ingest, lead.id)
    });
    groups
        .into_iter()
        .map(|group| group.into_iter().map(|i| articles[i].borrow().id).collect())
        .collect()
}

/// Which articles print again a report that an earlier edition had, and the number of the first such edition. `known`
/// has, for an article of a group, what the store's index found near it: the article that an edition had, and its number.
pub fn reprints(
    copies: &[Vec<ArticleId>],
    articles: &[Article],
    known: &[(ArticleId, Article, u32)],
) -> BTreeMap<ArticleId, u32> {
    let by_id: HashMap<ArticleId, &Article> = articles.iter().map(|a| (a.id, a)).collect();
    let mut texts: HashMap<ArticleId, NearText> = HashMap::new();
    let mut first: HashMap<ArticleId, u32> = HashMap::new();
    for (id, earlier, number) in known {
        let Some(article) = by_id.get(id) else {
            continue;
        };
        for one in [*article, earlier] {
            texts.entry(one.id).or_insert_with(|| near_text(one));
        }
        if is_copy(&texts[id], &texts[&earlier.id]) {
            let least = first.entry(*id).or_insert(*number);
            *least = (*least).min(*number);
        }
    }
    let of_group = |group: &Vec<ArticleId>| {
        let number = group.iter().filter_map(|id| first.get(id)).min().copied();
        group
            .iter()
            .filter_map(|id| Some((*id, number?)))
            .collect::<Vec<_>>()
    };
    copies.iter().flat_map(of_group).collect()
}

/// What the store's index holds of an article.
pub fn keys(article: &Article) -> NearKeys {
    near_text(article).keys()
}

fn near_text(article: &Article) -> NearText {
    NearText::new(
        article.sapo.as_deref().unwrap_or(""),
        article.body.as_deref().unwrap_or(""),
    )
}
