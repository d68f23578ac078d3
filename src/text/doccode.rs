//! Numbers of official documents in running text: `57-NQ/TW`, "Nghị quyết số 57", "Nghị định 178/2024/NĐ-CP".
//!
//! A document is called by its full number in one report and by kind and number alone in the next. `spans` gives
//! both under one name, so that each finds the other, however somebody types them. [`printed()`] and [`key`] are
//! stricter, for what an article is held to be about.

mod printed;

use super::fold::fold;
pub use printed::{key, printed};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// A mention of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocCode {
    /// Its number: `57`. No leading zeros.
    pub number: String,
    /// The abbreviation of its kind, folded: `nq` (nghị quyết), `ct`, `qd` … Empty where the full number has none
    /// (`80/2025/QH15`).
    pub kind: String,
    /// The rest of a full number, letters and digits only: `tw`, `2024cp`. `None` where kind and number are all.
    pub issuer: Option<String>,
}

/// Kinds of documents: in a number, in words. Of two that begin alike the longer stands first.
const KINDS: [(&str, &str); 20] = [
    ("NQ", "nghị quyết"),
    ("CT", "chỉ thị"),
    ("KL", "kết luận"),
    ("QĐ", "quyết định"),
    ("QĐ", "quy định"),
    ("QC", "quy chế"),
    ("HD", "hướng dẫn"),
    ("TB", "thông báo"),
    ("KH", "kế hoạch"),
    ("NĐ", "nghị định"),
    ("TT", "thông tư"),
    ("CV", "công văn"),
    ("CĐ", "công điện"),
    ("BC", "báo cáo"),
    ("TTr", "tờ trình"),
    ("CTr", "chương trình hành động"),
    ("CTr", "chương trình"),
    ("ĐA", "đề án"),
    ("PL", "pháp lệnh"),
    ("Luật", "luật"),
];
/// Further kinds in numbers: another short form of *quy định*, joint circulars, programmes.
const CODES: [&str; 3] = ["QĐi", "TTLT", "CTHĐ"];

/// [`KINDS`], folded.
static FOLDED: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let kinds = KINDS.iter();
    kinds
        .map(|(code, words)| (fold(code), fold(words)))
        .collect()
});

/// What stands for a kind in a number, the longer before the shorter, for a pattern.
fn codes() -> String {
    let mut codes: Vec<&str> = KINDS.iter().map(|(code, _)| *code).chain(CODES).collect();
    codes.sort_by_key(|code| std::cmp::Reverse(code.len()));
    codes.dedup();
    codes.join("|")
}

/// A full number: number, year, kind, issuer; or number, year, issuer (`80/2025/QH15`).
static FULL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let kinds = fold(&codes());
    Regex::new(&format!(
        r"\b(\d{{1,5}})\s?(?:/\s?(\d{{4}})\s?)?[-‐–—−/]\s?(?:({kinds})\s?[-‐–—−/]\s?([a-z][a-z0-9]{{1,11}}(?:[-/][a-z]{{2,12}})?)|((?:ubtv)?qh\d{{1,2}}))\b"
    ))
    .ok()
});

/// Kind and number in words; the plural ("các nghị quyết 57, 59 và 66") names several.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let kinds: Vec<&str> = FOLDED.iter().map(|(_, words)| words.as_str()).collect();
    let kinds = kinds.join("|").replace(' ', r"\s");
    Regex::new(&format!(
        r"(\b(?:cac|nhung)\s)?\b({kinds})\s(?:so\s?:?\s?)?(\d{{1,5}})\b((?:(?:,|;|\sva)\s?(?:so\s)?\d{{1,5}}\b)*)"
    ))
    .ok()
});

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d{1,5}").ok());

/// The organ "T.Ư" or "TƯ" after a number's slash: folded it would be "TU", a province's committee.
static CENTRAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)([-/]\s?)t\.?(?:ư|u\u{31b})(?:\b|$)").ok());

/// `text` with "/T.Ư" written "/TW", so that folding does not make it "/TU".
pub(crate) fn central(text: &str) -> Cow<'_, str> {
    match CENTRAL.as_ref().filter(|_| text.contains(['-', '/'])) {
        Some(central) => central.replace_all(text, "${1}tw"),
        None => Cow::Borrowed(text),
    }
}

/// The mentions of a text that went through [`central`] and was folded, with the bytes they stand in, in order.
pub(crate) fn spans(folded: &str) -> Vec<(Range<usize>, DocCode)> {
    let mut found = Vec::new();
    let (Some(full), Some(words)) = (FULL.as_ref(), WORDS.as_ref()) else {
        return found;
    };
    let mut numbers_taken = BTreeSet::new();
    for hit in full.captures_iter(folded) {
        let (Some(whole), Some(number)) = (hit.get(0), hit.get(1)) else {
            continue;
        };
        numbers_taken.insert(number.start());
        found.push((whole.range(), full_code(&hit)));
    }
    for hit in words.captures_iter(folded) {
        in_words(folded, &hit, &numbers_taken, &mut found);
    }
    found.sort_by_key(|(range, _)| (range.start, range.end));
    found
}

fn full_code(hit: &Captures<'_>) -> DocCode {
    let group = |n: usize| hit.get(n).map_or("", |m| m.as_str());
    let kind = match group(3) {
        "qdi" => "qd",
        kind => kind,
    };
    let mut issuer: String = group(2).to_owned();
    let organ = [group(4), group(5)].concat();
    issuer.extend(organ.chars().filter(char::is_ascii_alphanumeric));
    DocCode {
        number: plain(group(1)),
        kind: kind.to_owned(),
        issuer: Some(issuer),
    }
}

/// Kind and number in words. A number that begins a full one is named by that; its kind in words is kept beside it
/// where the full number has none.
fn in_words(
    folded: &str,
    hit: &Captures<'_>,
    full: &BTreeSet<usize>,
    found: &mut Vec<(Range<usize>, DocCode)>,
) {
    let (Some(whole), Some(words), Some(number)) = (hit.get(0), hit.get(2), hit.get(3)) else {
        return;
    };
    let words = words
        .as_str()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let Some((kind, _)) = FOLDED.iter().find(|(_, known)| *known == words) else {
        return;
    };
    let bare = |number: &str| DocCode {
        number: plain(number),
        kind: kind.clone(),
        issuer: None,
    };
    if full.contains(&number.start()) {
        let named = found
            .iter_mut()
            .find(|(range, _)| range.start == number.start());
        if let Some((range, code)) = named {
            range.start = whole.start();
            if code.kind.is_empty() {
                code.kind.clone_from(kind);
            }
        }
        return;
    }
    // "Kế hoạch 57.000 tỷ": a number that goes on is none of a document.
    let rest = &folded[number.end()..];
    let goes_on =
        rest.starts_with(['.', ',', '%']) && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if goes_on || rest.starts_with('%') {
        return;
    }
    found.push((whole.start()..number.end(), bare(number.as_str())));
    let (Some(_), Some(more), Some(digits)) = (hit.get(1), hit.get(4), NUMBER.as_ref()) else {
        return;
    };
    for further in digits.find_iter(more.as_str()) {
        let at = more.start() + further.start();
        if !full.contains(&at) {
            found.push((at..at + further.len(), bare(further.as_str())));
        }
    }
}

fn plain(number: &str) -> String {
    let plain = number.trim_start_matches('0');
    if plain.is_empty() { "0" } else { plain }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let name = |code: &DocCode| match &code.issuer {
            Some(issuer) => format!("{} {} {issuer}", code.number, code.kind),
            None => format!("{} {}", code.number, code.kind),
        };
        spans(&fold(&central(text)))
            .iter()
            .map(|(_, code)| name(code))
            .collect()
    }

    #[test]
    fn full_numbers_and_numbers_in_words() {
        for (text, codes) in [
            ("Nghị quyết số 57-NQ/TW của Bộ Chính trị", vec!["57 nq tw"]),
            ("57-NQ/T.Ư, 57-NQ/TƯ và 57 – NQ/TW", vec!["57 nq tw"; 3]),
            ("Kết luận số 05-KL/TU của Tỉnh ủy", vec!["5 kl tu"]),
            ("theo Nghị quyết 57", vec!["57 nq"]),
            ("NGHỊ QUYẾT SỐ 57: đột phá", vec!["57 nq"]),
            (
                "các Nghị quyết 57, 59, 66 và 68",
                vec!["57 nq", "59 nq", "66 nq", "68 nq"],
            ),
            ("Nghị quyết 18, 20 đảng viên", vec!["18 nq"]),
            ("Nghị định 178/2024/NĐ-CP", vec!["178 nd 2024cp"]),
            ("Quyết định số 1234/QĐ-TTg", vec!["1234 qd ttg"]),
            (
                "Quy định 144-QĐ/TW, Quyết định 12",
                vec!["144 qd tw", "12 qd"],
            ),
            ("Nghị quyết số 202/2025/QH15", vec!["202 nq 2025qh15"]),
            ("kế hoạch 57.000 tỷ, kế hoạch 95%", vec![]),
            (
                "12-CTr/TU, Chương trình hành động số 12, Chương trình 12",
                vec!["12 ctr tu", "12 ctr", "12 ctr"],
            ),
            (
                "Báo cáo số 9, Công điện 12/CĐ-TTg",
                vec!["9 bc", "12 cd ttg"],
            ),
            ("ngày 15/11/2026, mã 19-HN/AB", vec![]),
        ] {
            assert_eq!(told(text), codes, "{text}");
        }
    }

    proptest! {
        #[test]
        fn spans_lie_inside_and_on_borders(text in "(các )?(nghị quyết|[a-zđ]|57|-NQ/T|,| |/|\\PC){0,30}") {
            let folded = fold(&central(&text));
            for (range, _) in spans(&folded) {
                prop_assert!(folded.get(range).is_some());
            }
        }
    }
}
