//! Who and where: the persons with their positions, the bodies, the provinces and the documents that an article names,
//! each with one key for all its spellings ("57-NQ/TW" and "Nghị quyết 57", "Kiên Giang" and "An Giang").
//!
//! Read off the words alone: capitals, surnames, titles and codes. What is doubtful is left out: a name that is missing
//! costs a search hit, a wrong one a wrong veto.

mod bodies;
mod persons;
mod places;
#[cfg(test)]
mod tests;
mod words;

pub use places::Gazetteer;

use crate::{
    model::{ArticleText, Name, NameKind},
    text::{doccode, fold::fold},
};
use std::collections::HashMap;
use words::words;

/// Names of one article at most, of all kinds: a list of delegates is not read by anybody.
const MAX_NAMES: usize = 200;
/// Bytes of a part that are looked at.
const MAX_PART: usize = 60_000;

/// The names of an article in the order of their first mention: headline, sapo, text. Each key of a kind stands once, a
/// person with the fullest position given anywhere. At most 200.
pub fn names(article: &ArticleText<'_>, places: &Gazetteer) -> Vec<Name> {
    let mut found = Found::default();
    for part in [article.title, article.sapo, article.body] {
        let part = &part[..part.floor_char_boundary(MAX_PART)];
        for (key, printed) in doccode::printed(part) {
            found.add(NameKind::Document, key, printed, None);
        }
        let words = words(part);
        let named = places.find(&words);
        for place in &named {
            found.add(
                NameKind::Place,
                place.key.clone(),
                place.printed(part, &words),
                None,
            );
        }
        bodies::find(part, &words, &named, &mut found);
        persons::find(part, &words, &named, &mut found);
    }
    found.names
}

/// The key under which a person, a body or a document is stored, of what somebody typed: case, diacritics and blanks do
/// not count, a document may be given by its code or its name.
pub fn search_key(kind: NameKind, typed: &str) -> String {
    match kind {
        NameKind::Document => doccode::key(typed).unwrap_or_else(|| plain(typed)),
        NameKind::Body => bodies::key(typed),
        NameKind::Person | NameKind::Place => plain(typed),
    }
}

/// Folded, single blanks between words.
fn plain(text: &str) -> String {
    let folded = fold(text);
    let words = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The names so far.
#[derive(Default)]
struct Found {
    names: Vec<Name>,
    at: HashMap<(NameKind, String), usize>,
}

impl Found {
    fn add(&mut self, kind: NameKind, key: String, shown: &str, position: Option<&str>) {
        if key.is_empty() {
            return;
        }
        if let Some(&at) = self.at.get(&(kind, key.clone())) {
            let known = &mut self.names[at].position;
            if position.is_some_and(|new| known.as_ref().is_none_or(|old| old.len() < new.len())) {
                *known = position.map(squash);
            }
            return;
        }
        if self.names.len() < MAX_NAMES {
            self.at.insert((kind, key.clone()), self.names.len());
            self.names.push(Name {
                kind,
                key,
                shown: squash(shown),
                position: position.map(squash),
            });
        }
    }
}

fn squash(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
