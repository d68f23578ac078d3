//! What tells two events apart however alike their words are: the other commune, the other session, the other decision,
//! the other person. Offices report the same kind of work in the same words every week; only these differ.

use super::{
    named::Named,
    terms::{Terms, Word, pair, words},
};
use crate::analyse::names::Gazetteer;
use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::LazyLock,
};

/// Share of the shorter headline that must stand in the other for both to be one form filled in twice.
const SAME_FORM: f32 = 0.6;
/// The same for two headlines to say the same by themselves.
const SAME_WORDS: f32 = 0.75;
/// The same where both have words of their own, more than one.
const SAME_WORDS_REWORDED: f32 = 0.85;
/// The same of the longer headline.
const SAME_OF_LONGER: f32 = 0.5;
/// A shorter headline than this says nothing by itself: "Tin vắn xây dựng Đảng".
const LEAST_WORDS: usize = 6;
/// Syllables of a headline that are looked at.
const MAX_TITLE: usize = 60;
/// Syllables of a lead that are looked at.
const MAX_LEAD: usize = 120;

/// Headings of columns that come every day, whatever stands under them.
const COLUMNS: [&str; 8] = [
    "điểm báo",
    "tin vắn",
    "tin tức",
    "tin nhanh",
    "bản tin",
    "thời sự",
    "lịch công tác",
    "hộp thư",
];

/// Words after which a name tells where.
const PLACES: [&str; 9] = [
    "xã",
    "phường",
    "trấn",
    "khu",
    "huyện",
    "quận",
    "tỉnh",
    "phố",
    "ủy",
];
/// Last words of offices, before the place: "Đảng bộ xã", "Đảng ủy phường", "Tỉnh ủy", "Ủy ban nhân dân huyện".
const OFFICES: [&str; 6] = ["bộ", "ủy", "dân", "tỉnh", "thành", "huyện"];
/// Words, or pairs of them, after which a number tells which.
const ORDINALS: [&str; 8] = [
    "lần thứ",
    "kỳ họp thứ",
    "phiên họp thứ",
    "hội nghị thứ",
    "đợt",
    "quý",
    "khóa",
    "nhiệm kỳ",
];
/// The same in headlines only: reports name many days and years.
const DATES: [&str; 3] = ["ngày", "năm", "tháng"];
/// What stands behind the number of a decision: 57-NQ/TW.
const DOCUMENTS: [&str; 10] = ["NQ", "CT", "KL", "QĐ", "QC", "HD", "TB", "KH", "NĐ", "BC"];
/// Short forms in headlines.
const SHORT_FORMS: [(&str, &str); 12] = [
    ("tp", "thành phố"),
    ("tx", "thị xã"),
    ("tt", "thị trấn"),
    ("ubnd", "ủy ban nhân dân"),
    ("hđnd", "hội đồng nhân dân"),
    ("ubkt", "ủy ban kiểm tra"),
    ("mttq", "mặt trận tổ quốc"),
    ("bch", "ban chấp hành"),
    ("btv", "ban thường vụ"),
    ("tư", "trung ương"),
    ("T.Ư", "trung ương"),
    ("tw", "trung ương"),
];

type Phrase = Vec<u64>;

struct Tables {
    columns: Vec<Phrase>,
    places: BTreeSet<u64>,
    offices: BTreeSet<u64>,
    town: u64,
    ordinals: Vec<Phrase>,
    dates: Vec<Phrase>,
    documents: BTreeSet<u64>,
    short: HashMap<u64, Phrase>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let phrases = |list: &[&str]| list.iter().map(|text| phrase(text)).collect();
    Tables {
        columns: phrases(&COLUMNS),
        places: PLACES.iter().flat_map(|text| phrase(text)).collect(),
        offices: OFFICES.iter().flat_map(|text| phrase(text)).collect(),
        town: phrase("thị").into_iter().fold(0, |_, term| term),
        ordinals: phrases(&ORDINALS),
        dates: phrases(&DATES),
        documents: DOCUMENTS.iter().flat_map(|text| phrase(text)).collect(),
        short: SHORT_FORMS
            .iter()
            .flat_map(|(short, long)| phrase(short).into_iter().map(|s| (s, phrase(long))))
            .collect(),
    }
});

fn phrase(text: &str) -> Phrase {
    words(text, MAX_TITLE).iter().map(|w| w.term).collect()
}

/// What an article says that another report of its event cannot say otherwise.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    title: Vec<Word>,
    /// By word of the headline: the term under which a text would say it, of names and numbers.
    specific: Vec<Option<u64>>,
    /// A column's heading, not a headline.
    column: bool,
    /// In order, each once.
    slots: Vec<Slot>,
    named: Named,
}

/// A place that only one value can fill: the commune, the session, the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    kind: u64,
    value: Phrase,
}

impl Marks {
    pub fn new(
        title: &str,
        lead: &str,
        text: &str,
        gazetteer: &Gazetteer,
        home: Option<&str>,
    ) -> Self {
        let title_words = words(title, MAX_TITLE);
        let mut slots = BTreeSet::new();
        find_slots(&title_words, true, &mut slots);
        find_slots(&words(lead, MAX_LEAD), false, &mut slots);
        let plain: Phrase = title_words.iter().map(|w| w.term).collect();
        let expanded = expand(title_words, is_shouted(title));
        Self {
            column: TABLES.columns.iter().any(|head| plain.starts_with(head)),
            specific: (0..expanded.len())
                .map(|i| specific(&expanded, i))
                .collect(),
            title: expanded,
            slots: slots.into_iter().collect(),
            named: Named::new(title, lead, text, gazetteer, home),
        }
    }
}

/// Headlines in capitals tell nothing about names.
fn is_shouted(title: &str) -> bool {
    let (mut upper, mut lower) = (0, 0);
    for c in title.chars() {
        upper += u32::from(c.is_uppercase());
        lower += u32::from(c.is_lowercase());
    }
    upper > lower
}

/// Short forms in full.
fn expand(title: Vec<Word>, shouted: bool) -> Vec<Word> {
    let mut out = Vec::with_capacity(title.len());
    for word in title {
        match TABLES.short.get(&word.term).filter(|_| word.capital) {
            Some(long) => out.extend(long.iter().map(|&term| Word {
                term,
                capital: false,
                ..word
            })),
            None => out.push(Word {
                capital: word.capital && !shouted,
                ..word
            }),
        }
    }
    out
}

fn find_slots(words: &[Word], title: bool, slots: &mut BTreeSet<Slot>) {
    for (i, word) in words.iter().enumerate() {
        let rest = &words[i + 1..];
        let before = i.checked_sub(1).and_then(|i| words.get(i));
        // Leads name many places; only the office that acts there tells whose news it is.
        let named = title || before.is_some_and(|w| TABLES.offices.contains(&w.term));
        let town = before.is_some_and(|w| w.term == TABLES.town);
        if TABLES.places.contains(&word.term) && named && !town {
            let value = name_at(rest);
            if !value.is_empty() {
                slots.insert(Slot {
                    kind: word.term,
                    value,
                });
            }
        }
        if word.number
            && let Some(code) = rest.first()
            && TABLES.documents.contains(&code.term)
            && code.capital
        {
            slots.insert(Slot {
                kind: code.term,
                value: vec![word.term],
            });
        }
        let upto: Phrase = words[i.saturating_sub(2)..=i]
            .iter()
            .map(|w| w.term)
            .collect();
        let ends = |heads: &[Phrase]| heads.iter().find(|head| upto.ends_with(head)).cloned();
        let head = ends(&TABLES.ordinals).or_else(|| ends(&TABLES.dates).filter(|_| title));
        if let (Some(head), Some(value)) = (head, number_at(rest)) {
            slots.insert(Slot {
                kind: head.into_iter().fold(0, pair),
                value,
            });
        }
    }
}

/// The capitalised run, or the number, that follows a word at once.
fn name_at(rest: &[Word]) -> Phrase {
    if let Some(word) = rest.first().filter(|w| w.number && !w.apart) {
        return vec![word.term];
    }
    let mut run = Vec::new();
    for word in rest {
        if !word.capital || word.apart || run.len() > 4 {
            break;
        }
        run.push(word.term);
    }
    run
}

/// The number that follows: "5", "XIII", "7/11".
fn number_at(rest: &[Word]) -> Option<Phrase> {
    let first = rest.first().filter(|w| !w.apart)?;
    if !first.number && !first.capital {
        return None;
    }
    let mut value = vec![first.term];
    if first.number
        && let Some(second) = rest.get(1).filter(|w| w.number && w.apart && !w.opens)
    {
        value.push(second.term);
    }
    Some(value)
}

/// One article, as far as a veto must know it.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub marks: &'a Marks,
    pub terms: &'a Terms,
}

/// Whether these cannot be reports of one event.
pub(super) fn apart(a: Side<'_>, b: Side<'_>) -> bool {
    // The dearest last.
    named_apart(a, b) || other_slot(a, b) || one_form_filled_twice(a, b)
}

/// Whether it is another person, province or document already.
pub(super) fn named_apart(a: Side<'_>, b: Side<'_>) -> bool {
    a.marks.named.apart(a.terms, &b.marks.named, b.terms)
}

/// The same headline but for a name or a number in one place, and neither report knows the other's.
fn one_form_filled_twice(a: Side<'_>, b: Side<'_>) -> bool {
    // Most headlines hold nothing that could be such a place: no need to lay them side by side.
    if !fills_alone(a, b) || !fills_alone(b, a) {
        return false;
    }
    let (title_a, title_b) = (&a.marks.title, &b.marks.title);
    let gaps = gaps(title_a, title_b);
    let unlike: usize = gaps.iter().map(|(a, b)| a.len().min(b.len())).sum();
    let shorter = title_a.len().min(title_b.len());
    // Only names and numbers, on both sides: "xã [Bến Mới] khai mạc", "xã [Chợ Cũ] khai mạc".
    let filled = |side: Side<'_>, gap: &Range<usize>, other: Side<'_>| {
        !gap.is_empty() && gap.clone().all(|i| is_alone(side, i, other))
    };
    (shorter - unlike) as f32 >= SAME_FORM * shorter as f32
        && gaps
            .iter()
            .any(|(gap_a, gap_b)| filled(a, gap_a, b) && filled(b, gap_b, a))
}

/// Whether a headline has a name or number that the other article has nowhere.
fn fills_alone(side: Side<'_>, other: Side<'_>) -> bool {
    (0..side.marks.title.len()).any(|i| is_alone(side, i, other))
}

/// Whether word `i` of a headline is of a name or number that the other article has nowhere; one that only moved to another
/// place of the headline fills nothing else.
fn is_alone(side: Side<'_>, i: usize, other: Side<'_>) -> bool {
    side.marks.specific[i].is_some_and(|term| {
        let word = side.marks.title[i].term;
        !other.marks.title.iter().any(|known| known.term == word) && !other.terms.has(term)
    })
}

/// Places of words that stand in one headline where the other has others.
type Gap = (Range<usize>, Range<usize>);

/// What differs between two headlines, in order, around the longest sequence of words that they share.
fn gaps(a: &[Word], b: &[Word]) -> Vec<Gap> {
    // By places in both: how many words the rests from there on share.
    let width = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let at = i * width + j;
            longest[at] = if a[i].term == b[j].term {
                longest[at + width + 1] + 1
            } else {
                longest[at + width].max(longest[at + 1])
            };
        }
    }
    let mut gaps: Vec<Gap> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let mut gap = (0..0, 0..0);
    while i < a.len() || j < b.len() {
        let both = i < a.len() && j < b.len();
        if both && a[i].term == b[j].term {
            gaps.push(gap);
            (i, j) = (i + 1, j + 1);
            gap = (i..i, j..j);
            continue;
        }
        let below = (i + 1) * width + j;
        let skip_a = j == b.len() || (i < a.len() && longest[below] >= longest[below - width + 1]);
        if skip_a {
            i += 1;
            gap.0.end = i;
        } else {
            j += 1;
            gap.1.end = j;
        }
    }
    gaps.push(gap);
    gaps.retain(|(a, b)| !a.is_empty() || !b.is_empty());
    gaps
}

/// Both name a place, session or document of one kind, each another, and neither mentions the other's.
fn other_slot<'a>(a: Side<'a>, b: Side<'a>) -> bool {
    let kinds = |side: Side<'a>| side.marks.slots.chunk_by(|a, b| a.kind == b.kind);
    kinds(a).any(|ours| {
        let theirs = kinds(b).find(|theirs| theirs[0].kind == ours[0].kind);
        theirs.is_some_and(|theirs| {
            !ours.iter().any(|slot| is_said(slot, b.terms))
                && !theirs.iter().any(|slot| is_said(slot, a.terms))
        })
    })
}

/// Whether an article mentions what fills a slot: a name in pairs of syllables, a short one with its kind.
fn is_said(slot: &Slot, terms: &Terms) -> bool {
    if slot.value.len() < 2 {
        return slot.value.iter().all(|v| terms.has(*v));
    }
    slot.value
        .windows(2)
        .all(|two| terms.has(pair(two[0], two[1])))
}

/// Words of two headlines that have no counterpart, by their places.
struct Difference {
    shared: usize,
    only_a: Vec<usize>,
    only_b: Vec<usize>,
}

impl Difference {
    fn of(a: &[Word], b: &[Word]) -> Self {
        let mut left: HashMap<u64, Vec<usize>> = HashMap::new();
        for (i, word) in b.iter().enumerate().rev() {
            left.entry(word.term).or_default().push(i);
        }
        let mut only_a = Vec::new();
        for (i, word) in a.iter().enumerate() {
            if left.get_mut(&word.term).and_then(Vec::pop).is_none() {
                only_a.push(i);
            }
        }
        let mut only_b: Vec<usize> = left.into_values().flatten().collect();
        only_b.sort_unstable();
        Self {
            shared: a.len() - only_a.len(),
            only_a,
            only_b,
        }
    }
}

/// The term under which a text would say word `i` of a headline, if that is of a name or a number.
fn specific(title: &[Word], i: usize) -> Option<u64> {
    let at = |i: Option<usize>| i.and_then(|i| title.get(i));
    let word = title.get(i)?;
    let before = at(i.checked_sub(1)).filter(|w| w.capital && !word.apart);
    let after = at(Some(i + 1)).filter(|w| !w.apart);
    if word.number {
        return Some(after.map_or(word.term, |w| pair(word.term, w.term)));
    }
    let after = after.filter(|w| w.capital);
    // The first word is capitalised whatever it is.
    if !word.capital || (word.opens && after.is_none()) {
        return None;
    }
    Some(match (before, after) {
        (Some(before), _) => pair(before.term, word.term),
        (None, Some(after)) => pair(word.term, after.term),
        (None, None) => word.term,
    })
}

/// Whether two headlines, all there is of their articles, say the same.
pub(super) fn same_headline(a: &Marks, b: &Marks) -> bool {
    let shorter = a.title.len().min(b.title.len());
    if a.column || b.column || shorter < LEAST_WORDS {
        return false;
    }
    let diff = Difference::of(&a.title, &b.title);
    let shared = diff.shared as f32;
    let reworded = diff.only_a.len().min(diff.only_b.len()) > 1;
    let wanted = if reworded {
        SAME_WORDS_REWORDED
    } else {
        SAME_WORDS
    };
    let names =
        |marks: &Marks, places: &[usize]| places.iter().any(|&i| marks.specific[i].is_some());
    let conflict = names(a, &diff.only_a) && names(b, &diff.only_b);
    !conflict
        && shared >= wanted * shorter as f32
        && shared >= SAME_OF_LONGER * a.title.len().max(b.title.len()) as f32
}
