//! Where two papers count one thing differently. Shown to the reader, never decided: which of them is right, a review
//! does not know.

use super::units;
use crate::{model::Figure, text::syllable::syllables};
use std::collections::{BTreeMap, BTreeSet};

/// Of the wording of the shorter sentence, numbers aside, this part must stand in the other: only then do both speak of
/// the same span, place and doing.
const SAME_WORDING: f64 = 0.75;
/// A rounded figure agrees with one that is off by less than this part.
const ROUNDED: f64 = 0.05;
/// Figures farther apart than this part count different things.
const APART: f64 = 0.5;
/// Words that round.
const ABOUT: [&str; 8] = [
    "hơn",
    "trên",
    "gần",
    "khoảng",
    "chừng",
    "ngót",
    "xấp xỉ",
    "ít nhất",
];

/// Figures that contradict each other: groups of two and more, each as the place of its article in `articles` and its own
/// place there. Only what each article gives once is compared.
pub fn conflicts(articles: &[&[Figure]]) -> Vec<Vec<(usize, usize)>> {
    let mut given: BTreeMap<(String, String), Vec<(usize, usize)>> = BTreeMap::new();
    let mut order = Vec::new();
    for (at, figures) in articles.iter().enumerate() {
        for (key, nth) in singles(figures) {
            if !given.contains_key(&key) {
                order.push(key.clone());
            }
            given.entry(key).or_default().push((at, nth));
        }
    }
    let figure = |&(at, nth): &(usize, usize)| &articles[at][nth];
    let mut out = Vec::new();
    for key in order {
        let all = &given[&key];
        let Some((first, rest)) = all.split_first() else {
            continue;
        };
        let mut group = vec![*first];
        group.extend(
            rest.iter()
                .filter(|other| contradict(figure(first), figure(other))),
        );
        if group.len() > 1 {
            out.push(group);
        }
    }
    out
}

/// What an article gives once of a doing and a thing.
fn singles(figures: &[Figure]) -> BTreeMap<(String, String), usize> {
    let mut places: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (nth, figure) in figures.iter().enumerate() {
        let Some(subject) = &figure.subject else {
            continue;
        };
        let key = (
            units::keys(&figure.unit).join(" "),
            units::keys(subject).join(" "),
        );
        places.entry(key).or_default().push(nth);
    }
    let single = |(key, places): (_, Vec<usize>)| (places.len() == 1).then(|| (key, places[0]));
    places.into_iter().filter_map(single).collect()
}

fn contradict(a: &Figure, b: &Figure) -> bool {
    let off = (a.value - b.value).abs();
    let rounded = is_rounded(a) || is_rounded(b);
    let larger = a.value.max(b.value);
    let differ = off > 0.0 && !(rounded && off <= ROUNDED * larger);
    differ && off <= APART * larger && same_wording(&a.sentence, &b.sentence)
}

fn is_rounded(figure: &Figure) -> bool {
    let text = figure.text.to_lowercase();
    ABOUT.iter().any(|about| text.starts_with(about))
}

fn same_wording(a: &str, b: &str) -> bool {
    let (a, b) = (wording(a), wording(b));
    let shorter = a.len().min(b.len());
    let shared = a.intersection(&b).count();
    shorter > 3 && shared as f64 >= SAME_WORDING * shorter as f64
}

/// The distinct words of a sentence, numbers aside.
fn wording(sentence: &str) -> BTreeSet<String> {
    let printed = syllables(sentence).map(|syllable| syllable.of(sentence));
    let words = printed.filter(|word| word.starts_with(char::is_alphabetic));
    words.map(crate::text::normal::key).collect()
}
