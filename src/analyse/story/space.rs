//! How alike the articles of a window are: what they share, each term weighed by how rarely newspapers use it. The weights
//! come from a small table of general news mixed with the window's own articles, so that a window of ten articles is judged
//! like one of a thousand, and what every article of the day says weighs little.

use super::terms::{self, Field, Terms};
use crate::{model::Article, text::normal};
use std::{collections::HashMap, sync::LazyLock};

/// One article of the table counts as much as this part of an article of the window.
const BACKGROUND: f32 = 0.02;
/// An article of the paper's last weeks counts as much as this part of one of the window.
const USAGE: f32 = 0.25;
/// Articles that the table gives a term which stands in too few of them to be listed.
const UNLISTED: f32 = 10.0;
/// How much a term counts that stands in one article only and is not in the table.
const LONE: f32 = 0.35;
/// A term is particular that so many articles have at most, or one in [`FEW_OF`]…
const FEW: u32 = 3;
/// …of a large window.
const FEW_OF: usize = 6;
/// Terms below this weight are in every other article: they tell nothing and cost much.
const MIN_IDF: f32 = 0.5;
/// A term is common that so many of the window's articles have, one in…
const COMMON: usize = 4;
/// How much whole text, opening and names count; squared, they add up to 1.
const SHARES: [(Field, f32); 3] = [
    (Field::Text, 0.70),
    (Field::Opening, 0.15),
    (Field::Names, 0.15),
];

/// Document frequencies of common syllables and pairs in general news. Figures only; 80 articles at least.
static TABLE: LazyLock<(f32, HashMap<u64, f32>)> =
    LazyLock::new(|| parse(include_str!("frequencies.tsv")));

fn parse(table: &str) -> (f32, HashMap<u64, f32>) {
    let mut total = 1.0;
    let mut known = HashMap::new();
    for line in table.lines() {
        let Some((term, count)) = line.split_once('\t') else {
            continue;
        };
        let count: f32 = count.parse().unwrap_or(0.0);
        if term.starts_with('#') {
            total = count;
            continue;
        }
        let words = term.split(' ').map(|word| terms::hash(&normal::key(word)));
        if let Some(term) = words.reduce(terms::pair) {
            known.insert(term, count);
        }
    }
    (total, known)
}

/// What papers write every day: in how many of some articles each term stands. A desk learns it from its own store, so that
/// in a small window too the words of its trade weigh little.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    articles: usize,
    terms: [HashMap<u64, u32>; 3],
}

impl Usage {
    /// Learned from these articles.
    pub fn of(articles: &[Article]) -> Self {
        let mut usage = Self {
            articles: articles.len(),
            ..Self::default()
        };
        for article in articles {
            let text = article.text();
            let terms = Terms::new(text.title, text.sapo, text.body);
            for (field, _) in SHARES {
                for (term, _) in terms.of(field) {
                    *usage.terms[field as usize].entry(*term).or_default() += 1;
                }
            }
        }
        usage
    }
}

/// How alike the articles of a window are.
///
/// Most of what two articles share is said by many: it costs the most and tells the least. So what few say is summed first,
/// over the articles of each term; common terms follow for those pairs only that they could still make near.
#[derive(Default)]
pub(super) struct Space {
    /// Each article's rare terms, as places in `holders`, with its weight.
    rare: Vec<Vec<(u32, f32)>>,
    holders: Vec<Holders>,
    common: Rows,
}

/// The articles that have a rare term.
struct Holders {
    /// No common word of newspapers, nor of this window: a name, a figure, the wording of one event.
    particular: bool,
    /// With its weight in each, in order.
    articles: Vec<(u32, f32)>,
}

/// What two articles share of the rare terms.
#[derive(Debug, Clone, Copy, Default)]
struct Shared {
    alike: f32,
    particulars: u32,
}

/// A term of one field in the window.
struct Weighed {
    idf: f32,
    /// How far it is vocabulary at all.
    known: f32,
    /// `None` for what one article alone says: it makes none alike.
    place: Option<Place>,
}

#[derive(Clone, Copy)]
enum Place {
    Rare(u32),
    Common(usize),
}

impl Space {
    pub fn new(articles: &[&Terms], usage: &Usage) -> Self {
        let mut space = Self {
            rare: vec![Vec::new(); articles.len()],
            holders: Vec::new(),
            common: Rows::new(articles.len()),
        };
        for (field, share) in SHARES {
            space.add(field, share.sqrt(), articles, usage);
        }
        space.common.measure();
        space
    }

    /// Of the articles from number `from` on that `can` be near those that are as like article `i` as is `wanted` of those
    /// that share so many particulars, terms that only few use; with how alike they are: 0 for nothing in common, 1 for
    /// the same.
    pub fn near(
        &self,
        i: usize,
        from: usize,
        can: impl Fn(usize) -> bool,
        wanted: impl Fn(u32) -> f32,
    ) -> Vec<(usize, f32)> {
        let mut shared = vec![Shared::default(); self.rare.len()];
        for &(term, weight) in &self.rare[i] {
            let holders = &self.holders[term as usize];
            let last_first = holders.articles.iter().rev();
            for &(j, other) in last_first.take_while(|(j, _)| *j as usize >= from) {
                let shared = &mut shared[j as usize];
                shared.alike += weight * other;
                shared.particulars += u32::from(holders.particular);
            }
        }
        let near = |(j, shared): (usize, Shared)| {
            let wanted = wanted(shared.particulars);
            let could = shared.alike + self.common.most(i, j) >= wanted && can(j);
            let alike = could.then(|| shared.alike + self.common.product(i, j))?;
            (alike >= wanted).then_some((j, alike))
        };
        let others = shared.into_iter().enumerate().skip(from);
        others.filter_map(near).collect()
    }

    fn add(&mut self, field: Field, share: f32, articles: &[&Terms], usage: &Usage) {
        let (numbers, found) = number(articles, field);
        let weighed: Vec<Weighed> = found
            .iter()
            .map(|&(term, here)| self.weigh(term, here, field, usage))
            .collect();
        let mut numbers = numbers.into_iter();
        for (i, article) in articles.iter().enumerate() {
            let of_article = article.of(field).iter().zip(numbers.by_ref());
            let told: Vec<(Option<Place>, f32)> = of_article
                .map(|((_, count), number)| (count, &weighed[number as usize]))
                .filter(|(_, term)| term.idf >= MIN_IDF)
                .map(|(count, term)| {
                    let weight = term.known * (1.0 + (*count as f32).ln()) * term.idf;
                    (term.place, weight)
                })
                .collect();
            let length = told.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            for (place, weight) in told {
                let weight = share * weight / length;
                match place {
                    Some(Place::Rare(term)) => {
                        self.rare[i].push((term, weight));
                        self.holders[term as usize]
                            .articles
                            .push((short(i), weight));
                    }
                    Some(Place::Common(column)) => self.common.put(i, column, weight),
                    None => {}
                }
            }
        }
    }

    /// Weighs a term that stands in `here` articles of the window, and finds it a place.
    fn weigh(&mut self, term: u64, here: u32, field: Field, usage: &Usage) -> Weighed {
        let (total, table) = &*TABLE;
        let window = self.rare.len();
        let there = table.get(&term);
        let lately = usage.terms[field as usize].get(&term).copied().unwrap_or(0);
        // What one article alone says, and no newspaper otherwise, is hardly vocabulary: in full it would make long
        // articles unlike all others, left out it would make two short ones alike by their common words.
        let lone = here < 2 && there.is_none() && lately == 0;
        let seen =
            here as f32 + USAGE * lately as f32 + BACKGROUND * there.copied().unwrap_or(UNLISTED);
        let all = window as f32 + USAGE * usage.articles as f32 + BACKGROUND * total;
        let idf = (all / seen).ln();
        let few = FEW.max(short(window / FEW_OF));
        let place = if here < 2 || idf < MIN_IDF {
            None
        } else if here as usize * COMMON > window && here > few {
            Some(Place::Common(self.common.column()))
        } else {
            self.holders.push(Holders {
                particular: field == Field::Text
                    && lately as usize * FEW_OF <= usage.articles
                    && there.is_none()
                    && here <= few,
                articles: Vec::with_capacity(here as usize),
            });
            Some(Place::Rare(short(self.holders.len() - 1)))
        };
        Weighed {
            idf,
            known: if lone { LONE } else { 1.0 },
            place,
        }
    }
}

fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Numbers for the terms of a field: those of all articles, one article behind the other; and by number the term, with how
/// many articles have it.
fn number(articles: &[&Terms], field: Field) -> (Vec<u32>, Vec<(u64, u32)>) {
    let mut found: Vec<(u64, u32)> = Vec::new();
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut number = |&(term, _): &(u64, u32)| {
        let number = *known.entry(term).or_insert_with(|| {
            found.push((term, 0));
            short(found.len() - 1)
        });
        found[number as usize].1 += 1;
        number
    };
    let terms = articles.iter().flat_map(|article| article.of(field));
    (terms.map(&mut number).collect(), found)
}

/// The weights of the common terms: a row for each article, a column for each term.
#[derive(Default)]
struct Rows {
    columns: usize,
    rows: Vec<Vec<f32>>,
    lengths: Vec<f32>,
}

impl Rows {
    /// Sums that are kept apart, so that the processor can add them at once.
    const LANES: usize = 16;
    /// What rounding can make of a product beyond the product of two lengths.
    const ROUNDING: f32 = 1.001;

    fn new(articles: usize) -> Self {
        Self {
            columns: 0,
            rows: vec![Vec::new(); articles],
            lengths: Vec::new(),
        }
    }

    fn column(&mut self) -> usize {
        self.columns += 1;
        self.columns - 1
    }

    fn put(&mut self, article: usize, column: usize, weight: f32) {
        let row = &mut self.rows[article];
        row.resize(self.columns, 0.0);
        row[column] = weight;
    }

    fn measure(&mut self) {
        for row in &mut self.rows {
            row.resize(self.columns.next_multiple_of(Self::LANES), 0.0);
        }
        let lengths = (0..self.rows.len()).map(|i| self.product(i, i).sqrt());
        self.lengths = lengths.collect();
    }

    /// What two articles share at most.
    fn most(&self, i: usize, j: usize) -> f32 {
        self.lengths[i] * self.lengths[j] * Self::ROUNDING
    }

    /// What two articles share.
    fn product(&self, i: usize, j: usize) -> f32 {
        let (a, _) = self.rows[i].as_chunks::<{ Self::LANES }>();
        let (b, _) = self.rows[j].as_chunks::<{ Self::LANES }>();
        let mut sums = [0.0; Self::LANES];
        for (a, b) in a.iter().zip(b) {
            for lane in 0..Self::LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        sums.iter().sum()
    }
}
