//! Events told apart by who, where and which document: two headlines that name another person, province or resolution,
//! neither report knowing the other's. Provinces go by their names of today, documents by one key for code and name.

use super::terms::{Terms, pair, words};
use crate::{
    analyse::names::{Gazetteer, documents_in, names},
    model::{ArticleText, NameKind},
};
use std::collections::BTreeSet;

/// Bytes of the running text in which documents are looked for.
const OPENING: usize = 3_000;
/// Syllables of one name that are looked at.
const MAX_NAME: usize = 8;

/// A paper's own province, where it names none: "Tỉnh ủy", "toàn tỉnh".
const HOME: [&str; 10] = [
    "Tỉnh ủy",
    "Thành ủy",
    "toàn tỉnh",
    "trong tỉnh",
    "Đảng bộ tỉnh",
    "UBND tỉnh",
    "HĐND tỉnh",
    "MTTQ tỉnh",
    "tỉnh nhà",
    "tỉnh ta",
];

/// Who, where and which document an article is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// The province of the headline, else of the lead, else the paper's own; several say nothing of where.
    provinces: BTreeSet<String>,
    /// Those named anywhere.
    all_provinces: BTreeSet<String>,
    /// Documents of the headline.
    documents: BTreeSet<String>,
    /// Those named in the opening too.
    all_documents: BTreeSet<String>,
    /// Persons of the headline, as terms.
    persons: Vec<Vec<u64>>,
}

impl Named {
    pub fn new(
        title: &str,
        lead: &str,
        text: &str,
        gazetteer: &Gazetteer,
        home: Option<&str>,
    ) -> Self {
        let mut out = Self::default();
        let headline = ArticleText {
            title,
            ..ArticleText::default()
        };
        for name in names(&headline, gazetteer) {
            match name.kind {
                NameKind::Place => drop(out.provinces.insert(name.key)),
                NameKind::Document => drop(out.documents.insert(name.key)),
                NameKind::Person => {
                    let terms = words(&name.shown, MAX_NAME)
                        .iter()
                        .map(|word| word.term)
                        .collect();
                    out.persons.push(terms);
                }
                NameKind::Body => {}
            }
        }
        out.all_provinces.clone_from(&out.provinces);
        out.all_documents.clone_from(&out.documents);
        let in_lead: BTreeSet<String> = gazetteer.provinces_in(lead).into_iter().collect();
        if out.provinces.is_empty() {
            out.provinces.clone_from(&in_lead);
        }
        out.all_provinces.extend(in_lead);
        out.all_provinces.extend(gazetteer.provinces_in(text));
        let opening = &text[..text.floor_char_boundary(OPENING)];
        out.all_documents
            .extend(documents_in(lead).chain(documents_in(opening)));
        if let Some(home) = home
            && out.provinces.is_empty()
            && HOME
                .iter()
                .any(|word| title.contains(word) || lead.contains(word) || opening.contains(word))
        {
            out.provinces.insert(home.to_owned());
            out.all_provinces.insert(home.to_owned());
        }
        if out.provinces.len() > 1 {
            out.provinces.clear();
        }
        out
    }

    /// Whether these cannot be about one event.
    pub fn apart(&self, terms: &Terms, other: &Self, other_terms: &Terms) -> bool {
        let unknown = |ours: &BTreeSet<String>,
                       theirs: &BTreeSet<String>,
                       all: &BTreeSet<String>,
                       others: &BTreeSet<String>| {
            !ours.is_empty()
                && !theirs.is_empty()
                && ours.is_disjoint(others)
                && theirs.is_disjoint(all)
        };
        let says = |terms: &Terms, person: &Vec<u64>| {
            person.windows(2).all(|two| terms.has(pair(two[0], two[1])))
        };
        let others = !self.persons.is_empty()
            && !other.persons.is_empty()
            && !self.persons.iter().any(|person| says(other_terms, person))
            && !other.persons.iter().any(|person| says(terms, person));
        others
            || unknown(
                &self.provinces,
                &other.provinces,
                &self.all_provinces,
                &other.all_provinces,
            )
            || unknown(
                &self.documents,
                &other.documents,
                &self.all_documents,
                &other.all_documents,
            )
    }
}
