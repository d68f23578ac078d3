//! Things that are counted: a list of the common ones, and how an unknown one is read off the words behind a number.

use super::{
    Reading,
    things::{BODIES, MEASURES, PARTY, PEOPLE, STOPS, TIMES, WORKS},
};
use crate::text::normal::key;
use std::{collections::HashMap, sync::LazyLock};

/// What a number counts, with the token behind its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// As printed, in small letters.
    pub name: String,
    /// Token behind it.
    pub to: usize,
    /// Whether it is on the list.
    pub known: bool,
    /// Whether decimals make sense of it: %, money, lengths.
    pub measures: bool,
}

impl Unit {
    /// Money that is not called by its name; the amount ends before token `to`.
    pub fn money(to: usize) -> Self {
        Self {
            name: "đồng".to_owned(),
            to,
            known: true,
            measures: true,
        }
    }
}

struct Entry {
    keys: Vec<String>,
    kind: u8,
}

const TIME: u8 = 9;

/// The list by first key, longest first.
static UNITS: LazyLock<HashMap<String, Vec<Entry>>> = LazyLock::new(|| {
    let mut map: HashMap<String, Vec<Entry>> = HashMap::new();
    for (kind, names) in [
        (0, PARTY),
        (1, PEOPLE),
        (2, BODIES),
        (3, WORKS),
        (4, MEASURES),
        (TIME, TIMES),
    ] {
        for name in names.split('|') {
            let keys = keys(name);
            if let Some(first) = keys.first() {
                map.entry(first.clone())
                    .or_default()
                    .push(Entry { keys, kind });
            }
        }
    }
    for entries in map.values_mut() {
        entries.sort_by_key(|e| std::cmp::Reverse(e.keys.len()));
    }
    map
});

static STOP_KEYS: LazyLock<std::collections::HashSet<String>> =
    LazyLock::new(|| STOPS.split_whitespace().map(key).collect());

/// The comparison keys of the words of a phrase; its commas are not looked at.
pub(super) fn keys(phrase: &str) -> Vec<String> {
    phrase
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(key)
        .collect()
}

/// Whether a key is that of `word`.
pub(super) fn same(of: &str, word: &str) -> bool {
    let (Some(&a), Some(&b)) = (of.as_bytes().first(), word.as_bytes().first()) else {
        return false;
    };
    // Most pairs differ in their first letter, which a key keeps where it is ASCII.
    (!b.is_ascii() || a == b.to_ascii_lowercase()) && key(word) == of
}

/// Whether the words from token `at` on are those of `phrase`.
pub(super) fn reads(reading: &Reading<'_>, at: usize, phrase: &str) -> bool {
    phrase
        .split(' ')
        .enumerate()
        .all(|(i, word)| same(reading.word(at + i), word))
}

/// Whether figures that leave out their thing may mean this one.
pub(super) fn is_countable(unit: &str) -> bool {
    unit != "%" && kind(unit).is_none_or(|kind| kind < 4)
}

/// How far behind in the table a unit stands: members and bodies of the Party first.
pub(super) fn weight(unit: &str) -> u8 {
    match unit {
        "%" => 4,
        "đồng" => 3,
        _ => match kind(unit) {
            Some(0) => 0,
            Some(1 | 2) => 1,
            Some(3) => 2,
            _ => 5,
        },
    }
}

fn kind(unit: &str) -> Option<u8> {
    let keys = keys(unit);
    let entries = UNITS.get(keys.first()?)?;
    entries.iter().find(|e| e.keys == keys).map(|e| e.kind)
}

/// The thing counted that begins at token `at`; `None` where none does, and for spans of time.
pub(super) fn at(reading: &Reading<'_>, at: usize) -> Option<Unit> {
    if reading.mark(at) == Some('%') {
        return Some(Unit {
            name: "%".to_owned(),
            to: at + 1,
            known: true,
            measures: true,
        });
    }
    if reads(reading, at, "phần trăm") {
        return Some(Unit {
            name: "%".to_owned(),
            to: at + 2,
            known: true,
            measures: true,
        });
    }
    if let Some((kind, to)) = listed(reading, at).filter(|_| !is_committee(reading, at)) {
        let to = to + usize::from(is_power(reading, to));
        return (kind != TIME).then(|| Unit {
            name: name(reading.printed(at, to)),
            to,
            known: true,
            measures: kind == 4,
        });
    }
    unlisted(reading, at)
}

/// "Ban Chỉ đạo 35 Tỉnh ủy": the committee whose name follows is not counted.
fn is_committee(reading: &Reading<'_>, at: usize) -> bool {
    reading.is_upper(at) && same(reading.word(at + 1), "ủy") && !same(reading.word(at), "cấp")
}

/// The longest item of the list that begins at token `at`: its kind and the token behind it.
fn listed(reading: &Reading<'_>, at: usize) -> Option<(u8, usize)> {
    let entries = UNITS.get(reading.word(at))?;
    entries
        .iter()
        .find_map(|entry| Some((entry.kind, spelled(reading, at, &entry.keys)?)))
}

/// The token behind the words `keys` from token `at` on; a comma may stand between ("cán bộ, đảng viên"), and a quotation
/// mark.
fn spelled(reading: &Reading<'_>, at: usize, keys: &[String]) -> Option<usize> {
    let mut i = at;
    for (n, key) in keys.iter().enumerate() {
        if n > 0 && matches!(reading.mark(i), Some(',' | '“' | '"' | '-')) {
            i += 1;
        }
        if reading.word(i) != key {
            return None;
        }
        i += 1;
    }
    Some(i)
}

/// The 2 of "m2", the ² of "km²".
fn is_power(reading: &Reading<'_>, at: usize) -> bool {
    let glued = at.checked_sub(1).is_some_and(|i| reading.glued(i));
    glued && matches!(reading.printed(at, at + 1), "2" | "3" | "²" | "³")
}

/// Words of an unlisted thing at most.
const MOST_WORDS: usize = 3;

/// An unlisted thing: the words behind the number up to one that is no thing.
fn unlisted(reading: &Reading<'_>, at: usize) -> Option<Unit> {
    let mut to = at;
    while to < at + MOST_WORDS {
        let word = reading.word(to);
        // A name begins here, or the sentence goes on.
        if word.is_empty() || STOP_KEYS.contains(word) || reading.is_upper(to) {
            break;
        }
        to += 1;
    }
    (to > at).then(|| Unit {
        name: name(reading.printed(at, to)),
        to,
        known: false,
        measures: false,
    })
}

/// Small letters, abbreviations aside: "tổ chức Đảng" and "tổ chức đảng" are one thing.
fn name(printed: &str) -> String {
    let words = printed.split_whitespace().map(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic());
        if letters.clone().count() > 1 && letters.clone().all(char::is_uppercase) {
            word.to_owned()
        } else {
            word.to_lowercase()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text begins with a thing on the list or a scale word.
pub(super) fn begins(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(60)];
    let reading = Reading {
        text: head,
        tokens: crate::text::number::tokens(head),
        masked: Vec::new(),
    };
    crate::text::number::scale(reading.word(0)).is_some()
        || listed(&reading, 0).is_some_and(|(kind, _)| kind != TIME)
}
