//! What a person typed, as the index's own language. Every word is quoted: nothing typed is an operator.

use super::super::Fold;
use super::marks::{self, Mark};
use crate::text::doccode::{self, DocCode};
use unicode_normalization::UnicodeNormalization as _;

/// Words of a query that are looked for; more are ignored.
const WORDS_MAX: usize = 32;

/// A query taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    clauses: Vec<Clause>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Clause {
    /// Words in this order, one after the other; a single word is the short case.
    Phrase(Vec<Word>),
    /// A document by any of its names; also the words as typed.
    Document(DocCode, Vec<Word>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    folded: String,
    form: String,
    /// How many it has.
    letters: usize,
}

impl Word {
    /// Whether a word of a text is this one but for case and diacritics.
    pub(super) fn is(&self, word: &str, fold: Fold) -> bool {
        self.may_be(word) && fold(word) == self.folded
    }

    /// Whether a word of a text is this one as typed, wherever the tone is written.
    pub(super) fn is_exactly(&self, word: &str) -> bool {
        self.may_be(word) && marks::form(word) == self.form
    }

    /// Nearly all words are told apart at sight: by their length, or by a first letter that bears no marks.
    fn may_be(&self, word: &str) -> bool {
        let (Some(own), Some(first)) = (self.folded.chars().next(), word.chars().next()) else {
            return false;
        };
        word.chars().count() == self.letters
            && (!first.is_ascii() || first.to_ascii_lowercase() == own)
    }
}

/// How strictly words must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Exact forms, all of them in the headline.
    ExactInTitle,
    /// Exact forms, anywhere.
    Exact,
    /// Folded, all of them in the headline.
    InTitle,
    /// Folded, anywhere.
    Any,
}

impl Query {
    /// Cuts `text` at double quotes: what stands between two of them is a phrase.
    pub(super) fn parse(text: &str, fold: Fold) -> Self {
        let mut query = Self::default();
        for (nth, part) in text.split(['"', '“', '”', '„']).enumerate() {
            let part: String = part.nfc().collect();
            query.part(&part, nth % 2 == 1, fold);
        }
        query
    }

    /// One phrase: a person's name.
    pub(super) fn phrase(text: &str, fold: Fold) -> Self {
        let mut query = Self::default();
        let text: String = text.nfc().collect();
        query.push_phrase(words_of(&text, fold));
        query
    }

    /// A document by its number, whatever form it is typed in; the words alone where it is no such number.
    pub(super) fn document(text: &str, fold: Fold) -> Self {
        let mut query = Self::default();
        query.part(text, true, fold);
        query
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// All folded words, in order.
    pub(super) fn folded_words(&self) -> impl Iterator<Item = &str> {
        self.words().map(|word| word.folded.as_str())
    }

    /// All exact forms, in order.
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        self.words().map(|word| word.form.as_str())
    }

    /// The words that are no document's name: only they fit more or less well.
    pub(super) fn loose(&self) -> impl Iterator<Item = &Word> {
        self.clauses.iter().flat_map(|clause| match clause {
            Clause::Phrase(words) => words.as_slice(),
            Clause::Document(..) => &[],
        })
    }

    /// All words, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.clauses.iter().flat_map(|clause| match clause {
            Clause::Phrase(words) | Clause::Document(_, words) => words.iter(),
        })
    }

    fn part(&mut self, part: &str, quoted: bool, fold: Fold) {
        let typed = doccode::central(part);
        let folded = fold(&typed);
        let words = words_of(&typed, fold);
        // Folding keeps words apart: the words from a place on are as many in both.
        let nth = |at: usize| {
            let behind = words_of(&folded[at..], fold).len();
            words.len().saturating_sub(behind)
        };
        let mut from = 0;
        let mut at = 0;
        for (range, code) in doccode::spans(&folded) {
            // Two names of one place: the longer, which comes first, counts.
            if range.start < at {
                continue;
            }
            let (start, end) = (nth(range.start), nth(range.end));
            self.plain(words.get(from..start).unwrap_or_default(), quoted);
            let named = words.get(start..end).unwrap_or_default().to_vec();
            if !named.is_empty() {
                self.clauses.push(Clause::Document(code, named));
            }
            (from, at) = (end, range.end);
        }
        self.plain(words.get(from..).unwrap_or_default(), quoted);
    }

    /// Words between documents.
    fn plain(&mut self, words: &[Word], quoted: bool) {
        match quoted {
            true => self.push_phrase(words.to_vec()),
            false => words
                .iter()
                .for_each(|word| self.push_phrase(vec![word.clone()])),
        }
    }

    fn push_phrase(&mut self, mut words: Vec<Word>) {
        words.truncate(WORDS_MAX.saturating_sub(self.words().count()));
        if !words.is_empty() {
            self.clauses.push(Clause::Phrase(words));
        }
    }

    /// The query in the indexes' language.
    pub(super) fn pattern(&self, fit: Fit) -> Pattern {
        let mut pattern = Pattern::default();
        for clause in &self.clauses {
            clause.add_to(&mut pattern, fit);
        }
        pattern
    }
}

/// What articles must hold, in FTS5's language; all of it, and nothing of an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Clauses over the marks.
    pub(super) marks: Vec<String>,
    /// Phrases of the text: only there it is known what stands beside what.
    pub(super) text: Vec<String>,
}

impl Pattern {
    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.marks.extend(other.marks);
        self.text.extend(other.text);
        self
    }
}

impl Clause {
    fn add_to(&self, pattern: &mut Pattern, fit: Fit) {
        match self {
            Self::Phrase(words) => {
                let marks = words.iter().map(|word| match fit {
                    Fit::ExactInTitle => Mark::TitleForm.of(&word.form),
                    Fit::Exact => Mark::Form.of(&word.form),
                    Fit::InTitle => Mark::TitleWord.of(&word.folded),
                    Fit::Any => Mark::Word.of(&word.folded),
                });
                pattern.marks.extend(marks.map(|mark| quoted(&mark)));
                if words.len() > 1 {
                    let words: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
                    pattern.text.push(quoted(&words.join(" ")));
                }
            }
            Self::Document(code, _) => {
                let named = marks::wanted(code);
                pattern.marks.push(any_of(named));
            }
        }
    }
}

/// One token or phrase.
fn quoted(words: &str) -> String {
    format!("\"{words}\"")
}

/// Articles that bear one of the marks; empty for none.
pub(super) fn any_of(marks: impl IntoIterator<Item = String>) -> String {
    let quoted: Vec<String> = marks.into_iter().map(|mark| quoted(&mark)).collect();
    match quoted.is_empty() {
        true => String::new(),
        false => format!("({})", quoted.join(" OR ")),
    }
}

fn words_of(text: &str, fold: Fold) -> Vec<Word> {
    marks::words(text)
        .flat_map(|word| {
            let form = marks::form(word);
            // A compatibility character may fold to several words.
            let folded: Vec<Word> = marks::words(&fold(word))
                .map(|folded| Word {
                    folded: folded.to_owned(),
                    form: form.clone(),
                    letters: folded.chars().count(),
                })
                .collect();
            folded
        })
        .take(WORDS_MAX)
        .collect()
}
