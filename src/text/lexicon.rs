//! A phrase automaton over Vietnamese text: whole syllables, longest match, contexts that confirm or cancel.
//!
//! Phrases and text are both reduced to comparison keys ([`super::normal`]), so case, tone placement, composition and
//! punctuation inside a phrase do not matter; a phrase never reaches across the end of a sentence. What a match *means*
//! (topic, weight) is the caller's business: a match only names the rule it belongs to.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::normal::push_key;
use super::syllable::{Syllable, syllables};

/// How many ways of writing one pattern of a rule may stand for.
pub const MAX_VARIANTS: usize = 1024;

/// A set of phrases that count under the same conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The phrases; `{a|b|}` stands for `a`, `b` or nothing.
    pub any: Vec<String>,
    /// Counts only with one of these within `within` syllables; empty = always.
    pub near: Vec<String>,
    /// Does not count with one of these within `within` syllables.
    pub unless: Vec<String>,
    /// How many syllables may stand between a phrase and its context.
    pub within: usize,
}

/// A phrase found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'l> {
    /// Index of the rule.
    pub rule: usize,
    /// The phrase as the rule writes it, its alternatives chosen.
    pub phrase: &'l str,
    /// First byte in the text as printed.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// The context that cancels it, where one does.
    pub cancelled_by: Option<&'l str>,
}

/// Why a lexicon could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// A pattern has an unmatched or nested brace, or too many variants.
    #[error(
        "pattern \"{0}\" has unbalanced braces, or stands for more than {MAX_VARIANTS} phrases"
    )]
    Pattern(String),
    /// A pattern has nothing in it that can be looked for.
    #[error("pattern \"{0}\" can stand for nothing at all")]
    Empty(String),
    /// More phrases than the automaton takes.
    #[error("the lexicon is too large")]
    TooLarge,
}

/// The compiled phrases of a list of rules.
#[derive(Debug)]
pub struct Lexicon {
    automaton: AhoCorasick,
    /// Every phrase and context once, as written.
    terms: Vec<String>,
    /// By term: the rules that it is a phrase of.
    rules_of: Vec<Vec<usize>>,
    conditions: Vec<Conditions>,
    /// Syllables in the longest term.
    longest_term: usize,
    /// Upper-case abbreviation → keys of what it stands for.
    abbreviations: HashMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Conditions {
    near: Vec<usize>,
    unless: Vec<usize>,
    within: usize,
}

/// A term at a place: syllable numbers, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    term: usize,
    first: usize,
    last: usize,
}

/// Whether a pattern can stand in a rule.
///
/// # Errors
/// It is not well-formed, stands for too much, or for nothing.
pub fn check_pattern(pattern: &str) -> Result<(), LexiconError> {
    for phrase in variants(pattern)? {
        if syllables(&phrase).next().is_none() {
            return Err(LexiconError::Empty(pattern.to_owned()));
        }
    }
    Ok(())
}

/// Whether `context` stands inside of `phrase` in every form that both patterns can take: then the phrase never occurs
/// without it. False for patterns that are not well-formed.
pub fn always_beside(phrase: &str, context: &str) -> bool {
    let keys = |pattern: &str| -> Vec<Vec<String>> {
        let forms = variants(pattern).unwrap_or_default();
        let key = |form: &String| {
            syllables(form)
                .map(|s| super::normal::key(s.of(form)))
                .collect()
        };
        forms.iter().map(key).collect()
    };
    let contexts = keys(context);
    let holds = |form: &Vec<String>| {
        contexts.iter().any(|inner| {
            !inner.is_empty()
                && form
                    .windows(inner.len())
                    .any(|window| window == inner.as_slice())
        })
    };
    let forms = keys(phrase);
    !forms.is_empty() && forms.iter().all(holds)
}

impl Lexicon {
    /// Compiles `rules`; `abbreviations` are pairs such as `("UBKT", "ủy ban kiểm tra")`.
    ///
    /// # Errors
    /// A pattern that is not well-formed or matches nothing; too many phrases.
    pub fn new<'a>(
        rules: &[Rule],
        abbreviations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LexiconError> {
        let abbreviations: HashMap<String, Vec<String>> = abbreviations
            .into_iter()
            .map(|(short, long)| (short.to_owned(), keys_of(long)))
            .collect();
        let mut terms = Terms {
            abbreviations,
            ..Terms::default()
        };
        let mut conditions = Vec::with_capacity(rules.len());
        for (rule, spec) in rules.iter().enumerate() {
            for phrase in terms.intern_all(&spec.any)? {
                terms.rules_of[phrase].push(rule);
            }
            conditions.push(Conditions {
                near: terms.intern_all(&spec.near)?,
                unless: terms.intern_all(&spec.unless)?,
                within: spec.within,
            });
        }
        let blanks = |keys: &String| keys.matches(' ').count();
        let longest_term = terms.keys.iter().map(blanks).max().unwrap_or(0);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&terms.keys)
            .map_err(|_| LexiconError::TooLarge)?;
        Ok(Self {
            automaton,
            terms: terms.written,
            rules_of: terms.rules_of,
            conditions,
            longest_term,
            abbreviations: terms.abbreviations,
        })
    }

    /// Every phrase in `text` that its context confirms, in order of place; cancelled ones are kept, with the reason.
    ///
    /// A phrase inside a longer phrase is not reported, whatever rules they belong to.
    pub fn find(&self, text: &str) -> Vec<Found<'_>> {
        let stream = Stream::new(text, &self.abbreviations);
        let places = self.places(&stream);
        let mut found = Vec::new();
        for (place, rules) in self.longest(&places) {
            for &rule in rules {
                let conditions = &self.conditions[rule];
                let context = |terms: &[usize]| {
                    first_near(place, terms, conditions.within, &places, self.longest_term)
                };
                if !conditions.near.is_empty() && context(&conditions.near).is_none() {
                    continue;
                }
                let (start, end) = stream.span(place.first, place.last);
                found.push(Found {
                    rule,
                    phrase: &self.terms[place.term],
                    start,
                    end,
                    cancelled_by: context(&conditions.unless).map(|t| self.terms[t].as_str()),
                });
            }
        }
        found
    }

    /// All terms in the stream, by place; whole syllables by construction of the keys.
    fn places(&self, stream: &Stream) -> Vec<Place> {
        let mut places: Vec<Place> = self
            .automaton
            .find_overlapping_iter(&stream.keys)
            .map(|m| Place {
                term: m.pattern().as_usize(),
                first: stream.syllable_at(m.start() + 1),
                last: stream.syllable_at(m.end() - 2),
            })
            .collect();
        places.sort_unstable_by_key(|p| (p.first, std::cmp::Reverse(p.last), p.term));
        places
    }

    /// The places of phrases that lie in no longer phrase, with their rules, by place.
    fn longest(&self, places: &[Place]) -> Vec<(Place, &[usize])> {
        let mut phrases: Vec<Place> = places
            .iter()
            .copied()
            .filter(|p| !self.rules_of[p.term].is_empty())
            .collect();
        let mut reach: Option<Place> = None;
        phrases.retain(|p| {
            let inside =
                reach.is_some_and(|r| p.last <= r.last && (p.first, p.last) != (r.first, r.last));
            if reach.is_none_or(|r| p.last > r.last) {
                reach = Some(*p);
            }
            !inside
        });
        phrases
            .into_iter()
            .map(|p| (p, self.rules_of[p.term].as_slice()))
            .collect()
    }
}

/// The first place of one of `terms` (sorted) within `within` syllables of `place`; overlap counts as 0.
///
/// `places` stand in order of their first syllable and are at most `longest` syllables long: only the neighbourhood is
/// looked at, however many contexts a rule has.
fn first_near(
    place: Place,
    terms: &[usize],
    within: usize,
    places: &[Place],
    longest: usize,
) -> Option<usize> {
    if terms.is_empty() {
        return None;
    }
    let from = place.first.saturating_sub(within.saturating_add(longest));
    let to = place.last.saturating_add(within).saturating_add(1);
    let start = places.partition_point(|p| p.first < from);
    places[start..]
        .iter()
        .take_while(|p| p.first <= to)
        .filter(|p| place.first.saturating_sub(p.last + 1) <= within)
        .map(|p| p.term)
        .find(|term| terms.binary_search(term).is_ok())
}

/// Terms while a lexicon is being built: each written form once, by its keys.
#[derive(Default)]
struct Terms {
    written: Vec<String>,
    keys: Vec<String>,
    rules_of: Vec<Vec<usize>>,
    by_key: HashMap<String, usize>,
    abbreviations: HashMap<String, Vec<String>>,
}

impl Terms {
    /// The keys that a text with this phrase in it has: a text's abbreviations are read out, so are a phrase's.
    fn keys(&self, phrase: &str) -> Vec<String> {
        let mut keys = Vec::new();
        for s in syllables(phrase) {
            let word = s.of(phrase);
            match self.abbreviations.get(word) {
                Some(long) if word.starts_with(char::is_uppercase) => keys.extend_from_slice(long),
                _ => keys.push(super::normal::key(word)),
            }
        }
        keys
    }

    fn intern_all(&mut self, patterns: &[String]) -> Result<Vec<usize>, LexiconError> {
        let mut all = Vec::new();
        for pattern in patterns {
            for phrase in variants(pattern)? {
                let keys = self.keys(&phrase);
                if keys.is_empty() {
                    return Err(LexiconError::Empty(pattern.clone()));
                }
                let keys = format!(" {} ", keys.join(" "));
                let term = *self.by_key.entry(keys).or_insert_with_key(|keys| {
                    self.written.push(phrase);
                    self.keys.push(keys.clone());
                    self.rules_of.push(Vec::new());
                    self.written.len() - 1
                });
                all.push(term);
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// Every phrase that a pattern stands for: `hội nghị {Ban Thường vụ|BTV}` → two.
fn variants(pattern: &str) -> Result<Vec<String>, LexiconError> {
    let wrong = || LexiconError::Pattern(pattern.to_owned());
    let mut all = vec![String::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let (plain, tail) = rest.split_once('{').unwrap_or((rest, ""));
        let had_brace = plain.len() < rest.len();
        if plain.contains('}') {
            return Err(wrong());
        }
        all.iter_mut().for_each(|v| v.push_str(plain));
        if !had_brace {
            break;
        }
        let (choices, tail) = tail.split_once('}').ok_or_else(wrong)?;
        let choices: Vec<&str> = choices.split('|').collect();
        if choices.iter().any(|c| c.contains('{')) || all.len() * choices.len() > MAX_VARIANTS {
            return Err(wrong());
        }
        all = all
            .iter()
            .flat_map(|v| choices.iter().map(move |c| format!("{v}{c}")))
            .collect();
        rest = tail;
    }
    Ok(all
        .into_iter()
        .map(|v| v.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect())
}

fn keys_of(phrase: &str) -> Vec<String> {
    syllables(phrase)
        .map(|s| super::normal::key(s.of(phrase)))
        .collect()
}

/// A text as one string of keys, ` key key . key `, with the way back to the text as printed.
struct Stream {
    keys: String,
    /// Where each key starts in `keys`.
    starts: Vec<usize>,
    /// The span of the printed syllable behind each key.
    spans: Vec<(usize, usize)>,
}

impl Stream {
    fn new(text: &str, abbreviations: &HashMap<String, Vec<String>>) -> Self {
        let all: Vec<Syllable> = syllables(text).collect();
        let mut stream = Self {
            keys: String::with_capacity(text.len() + text.len() / 4 + 2),
            starts: Vec::with_capacity(all.len()),
            spans: Vec::with_capacity(all.len()),
        };
        stream.keys.push(' ');
        for (i, s) in all.iter().enumerate() {
            if s.opens && i > 0 {
                stream.keys.push_str(". ");
            }
            let capital = s.of(text).starts_with(char::is_uppercase);
            let long = capital
                .then(|| abbreviations.get(s.of(text)))
                .flatten()
                .filter(|_| !shouted(text, &all, i));
            match long {
                Some(keys) => keys.iter().for_each(|key| {
                    stream.push(s, |out| out.push_str(key));
                }),
                None => stream.push(s, |out| push_key(s.of(text), out)),
            }
        }
        stream
    }

    fn push(&mut self, s: &Syllable, write: impl FnOnce(&mut String)) {
        self.starts.push(self.keys.len());
        self.spans.push((s.start, s.end));
        write(&mut self.keys);
        self.keys.push(' ');
    }

    /// The syllable that the byte `at` of the key string belongs to.
    fn syllable_at(&self, at: usize) -> usize {
        self.starts
            .partition_point(|&start| start <= at)
            .saturating_sub(1)
    }

    fn span(&self, first: usize, last: usize) -> (usize, usize) {
        (self.spans[first].0, self.spans[last].1)
    }
}

/// Whether the abbreviation at `i` may be a plain word in a line of capitals ("TƯ TƯỞNG"): a neighbour that is no
/// abbreviation itself, but a word of Vietnamese letters in capitals.
fn shouted(text: &str, all: &[Syllable], i: usize) -> bool {
    let capital_word = |s: &Syllable| {
        let word = s.of(text);
        !word.is_ascii() && word.chars().count() > 2 && word.chars().all(char::is_uppercase)
    };
    let same_line = |s: &&Syllable| !s.opens;
    let before = i.checked_sub(1).and_then(|j| all.get(j));
    let after = all.get(i + 1).filter(same_line);
    before.is_some_and(capital_word) || after.is_some_and(capital_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(any: &[&str], near: &[&str], unless: &[&str]) -> Rule {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Rule {
            any: own(any),
            near: own(near),
            unless: own(unless),
            within: 4,
        }
    }

    fn lexicon() -> Lexicon {
        let rules = [
            rule(&["đảng bộ", "đảng {ủy|bộ} xã"], &[], &[]),
            rule(&["kết nạp"], &["đảng viên", "vào Đảng"], &["đoàn viên"]),
            rule(&["ủy ban kiểm tra"], &[], &[]),
            rule(&["Hòa Bình", "tư tưởng"], &[], &[]),
        ];
        Lexicon::new(&rules, [("UBKT", "ủy ban kiểm tra"), ("TƯ", "trung ương")]).unwrap()
    }

    fn hits(text: &str) -> Vec<(usize, String, bool)> {
        lexicon()
            .find(text)
            .into_iter()
            .map(|f| {
                (
                    f.rule,
                    text[f.start..f.end].to_owned(),
                    f.cancelled_by.is_some(),
                )
            })
            .collect()
    }

    #[test]
    fn the_longest_phrase_wins_and_spans_are_of_the_print() {
        assert_eq!(
            hits("Ðảng uỷ  xã và Ða\u{309}ng bộ tỉnh Hoà Bình"),
            [
                (0, "Ðảng uỷ  xã".into(), false),
                (0, "Ða\u{309}ng bộ".into(), false),
                (3, "Hoà Bình".into(), false),
            ]
        );
    }

    #[test]
    fn only_whole_syllables_and_no_sentence_is_crossed() {
        assert_eq!(hits("hải đảng bộm; đảng. Bộ trưởng"), []);
    }

    #[test]
    fn a_context_confirms_or_cancels() {
        assert_eq!(hits("Kết nạp 28 đảng viên"), [(1, "Kết nạp".into(), false)]);
        assert_eq!(hits("Kết nạp 28 hội viên"), []);
        assert_eq!(
            hits("kết nạp đoàn viên vào Đảng"),
            [(1, "kết nạp".into(), true)]
        );
        assert_eq!(hits("kết nạp một hai ba bốn năm đảng viên"), []);
    }

    #[test]
    fn abbreviations_are_read_out_but_not_in_capital_lines() {
        assert_eq!(hits("Kỳ họp UBKT Tỉnh ủy"), [(2, "UBKT".into(), false)]);
        assert_eq!(hits("HỌC TẬP TƯ TƯỞNG"), [(3, "TƯ TƯỞNG".into(), false)]);
    }

    #[test]
    fn abbreviations_in_phrases_are_read_out_too() {
        let lexicon = Lexicon::new(
            &[rule(&["57-NQ/TW"], &[], &[])],
            [("NQ", "nghị quyết"), ("TW", "trung ương")],
        )
        .unwrap();
        for text in ["số 57-NQ/TW", "57 Nghị quyết Trung ương"] {
            assert_eq!(lexicon.find(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_wrong_pattern_is_refused() {
        for pattern in ["a {b", "a b}", "{a{b}}", " … "] {
            assert!(
                Lexicon::new(&[rule(&[pattern], &[], &[])], []).is_err(),
                "{pattern}"
            );
        }
    }

    proptest! {
        #[test]
        fn spans_are_inside_and_on_borders(text in "([đĐÐảaơuủyýộbồ\u{309}\u{200b} .]|đảng|bộ|kết nạp|viên|\\PC){0,60}") {
            for f in lexicon().find(&text) {
                prop_assert!(text.get(f.start..f.end).is_some_and(|s| !s.is_empty()));
            }
        }
    }
}
