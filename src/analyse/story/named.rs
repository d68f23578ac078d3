//! Events told apart by who, where and which document: two headlines that name another person, province or resolution,
//! neither report knowing the other's. Provinces go by their names of today, documents by one key for code and name.

use super::terms::{Terms, hash, pair, words};
use crate::{
    analyse::names::{Gazetteer, names},
    model::{ArticleText, NameKind},
    text::doccode,
};

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

/// Keys of names, as numbers.
type Keys = Vec<u64>;

/// Who, where and which document an article is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// The province of the headline, else whose office acts in the lead, else the paper's own; several say nothing of where.
    provinces: Keys,
    /// Those named anywhere.
    all_provinces: Keys,
    /// Documents of the headline.
    documents: Keys,
    /// Those named in the opening too.
    all_documents: Keys,
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
                NameKind::Place => out.provinces.push(hash(&name.key)),
                NameKind::Document => out.documents.push(hash(&name.key)),
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
        if out.provinces.is_empty() {
            add(&mut out.provinces, gazetteer.acting_in(lead));
        }
        add(&mut out.all_provinces, gazetteer.provinces_in(lead));
        add(&mut out.all_provinces, gazetteer.provinces_in(text));
        let opening = &text[..text.floor_char_boundary(OPENING)];
        for part in [lead, opening] {
            add(
                &mut out.all_documents,
                doccode::printed(part).map(|(key, _)| key),
            );
        }
        if let Some(home) = home
            && out.provinces.is_empty()
            && HOME
                .iter()
                .any(|word| title.contains(word) || lead.contains(word) || opening.contains(word))
        {
            add(&mut out.provinces, [home]);
            add(&mut out.all_provinces, [home]);
        }
        if out.provinces.len() > 1 {
            out.provinces.clear();
        }
        out
    }

    /// Whether these cannot be about one event.
    pub fn apart(&self, terms: &Terms, other: &Self, other_terms: &Terms) -> bool {
        let share = |ours: &Keys, theirs: &Keys| ours.iter().any(|key| theirs.contains(key));
        let unknown = |ours: &Keys, theirs: &Keys, all: &Keys, others: &Keys| {
            !ours.is_empty() && !theirs.is_empty() && !share(ours, others) && !share(theirs, all)
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

/// Adds those that are not there yet.
fn add(known: &mut Keys, keys: impl IntoIterator<Item = impl AsRef<str>>) {
    for key in keys {
        let key = hash(key.as_ref());
        if !known.contains(&key) {
            known.push(key);
        }
    }
}
