//! Bodies of the Party and the state: "Ủy ban Kiểm tra Tỉnh ủy An Giang", "Đảng ủy xã Bến Mới", "UBND tỉnh".
//!
//! A body is a head, perhaps the committee it belongs to, perhaps a level and a place. The key spells abbreviations out.

use super::{
    Found, NameKind,
    places::Named,
    plain,
    words::{Gap, Word, phrase, printed, reads},
};
use std::sync::LazyLock;

/// Heads of bodies, the longest of those that begin alike first.
const HEADS: [&str; 56] = [
    "Ban Chấp hành Trung ương Đảng",
    "Ban Chấp hành Trung ương",
    "Ban Chấp hành Đảng bộ",
    "Ban Thường vụ",
    "Ban Tuyên giáo và Dân vận Trung ương",
    "Ban Tuyên giáo và Dân vận",
    "Ban Tuyên giáo Trung ương",
    "Ban Tuyên giáo",
    "Ban Dân vận Trung ương",
    "Ban Dân vận",
    "Ban Tổ chức Trung ương",
    "Ban Tổ chức",
    "Ban Nội chính Trung ương",
    "Ban Nội chính",
    "Ban Xây dựng Đảng",
    "Ban Chính sách, chiến lược Trung ương",
    "Ban Bí thư",
    "Bộ Chính trị",
    "Bộ Quốc phòng",
    "Bộ Công an",
    "Bộ Nội vụ",
    "Ủy ban Kiểm tra Trung ương",
    "Ủy ban Kiểm tra",
    "UBKT Trung ương",
    "UBKT",
    "Ủy ban Mặt trận Tổ quốc Việt Nam",
    "Ủy ban MTTQ Việt Nam",
    "Ủy ban nhân dân",
    "UBND",
    "Hội đồng nhân dân",
    "HĐND",
    "Đoàn đại biểu Quốc hội",
    "Ủy ban Thường vụ Quốc hội",
    "Mặt trận Tổ quốc Việt Nam",
    "MTTQ Việt Nam",
    "Học viện Chính trị quốc gia Hồ Chí Minh",
    "Trường Chính trị",
    "Văn phòng Trung ương Đảng",
    "Văn phòng Tỉnh ủy",
    "Văn phòng Thành ủy",
    "Đảng ủy Công an Trung ương",
    "Đảng ủy Các cơ quan Đảng",
    "Đảng ủy Quân sự",
    "Đảng ủy Công an",
    "Đảng ủy UBND",
    "Đảng ủy",
    "Đảng bộ",
    "Tỉnh ủy",
    "Thành ủy",
    "Huyện ủy",
    "Quận ủy",
    "Thị ủy",
    "Sở Nội vụ",
    "Hội Nông dân",
    "Liên đoàn Lao động",
    "Hội Liên hiệp Phụ nữ",
];
/// Committees whose part a body may be.
const OWNERS: [&str; 7] = [
    "Tỉnh ủy",
    "Thành ủy",
    "Đảng ủy",
    "Huyện ủy",
    "Quận ủy",
    "Thị ủy",
    "Đảng bộ",
];
/// Levels, which a name may follow.
const LEVELS: [&str; 12] = [
    "tỉnh",
    "thành phố",
    "TP",
    "huyện",
    "quận",
    "thị xã",
    "thị trấn",
    "xã",
    "phường",
    "đặc khu",
    "bộ phận",
    "các cơ quan Đảng",
];
/// Abbreviations, spelled out in keys.
const SPELLED: [(&str, &str); 9] = [
    ("ubkt", "uy ban kiem tra"),
    ("ubnd", "uy ban nhan dan"),
    ("hdnd", "hoi dong nhan dan"),
    ("mttq", "mat tran to quoc"),
    ("bch", "ban chap hanh"),
    ("btv", "ban thuong vu"),
    ("tp", "thanh pho"),
    ("tu", "tinh uy"),
    ("tw", "trung uong"),
];
/// Capitalised syllables of a place's name.
const MAX_PLACE: usize = 5;

struct Tables {
    heads: Vec<Vec<String>>,
    owners: Vec<Vec<String>>,
    levels: Vec<Vec<String>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let phrases = |list: &[&str]| list.iter().map(|text| phrase(text)).collect();
    let heads = HEADS.iter().map(|head| head.replace(',', ""));
    Tables {
        heads: heads.map(|head| phrase(&head)).collect(),
        owners: phrases(&OWNERS),
        levels: phrases(&LEVELS),
    }
});

pub(super) fn find(text: &str, words: &[Word], places: &[Named], found: &mut Found) {
    let mut at = 0;
    while at < words.len() {
        match end_of_body(words, at, places) {
            Some(end) => {
                let shown = printed(text, words, at, end);
                found.add(NameKind::Body, key(shown), shown, None);
                at = end;
            }
            None => at += 1,
        }
    }
}

/// Behind the body that begins at word `at`.
fn end_of_body(words: &[Word], at: usize, places: &[Named]) -> Option<usize> {
    let first = words.get(at).filter(|word| word.capital)?;
    let head = TABLES
        .heads
        .iter()
        .find(|head| head[0] == first.key && reads(words, at, head))?;
    let mut end = at + head.len();
    if let Some(owner) = one_of(&TABLES.owners, words, end) {
        end += owner;
    }
    if let Some(level) = one_of(&TABLES.levels, words, end) {
        end += level;
    }
    if let Some(province) = places.iter().find(|place| place.from == end) {
        return Some(province.to);
    }
    let place = words[end.min(words.len())..]
        .iter()
        .take(MAX_PLACE)
        .take_while(|word| word.before == Gap::Blank && word.capital && !word.shouted)
        .count();
    // "Tỉnh ủy Lê Văn Nưng": a person follows.
    let person = super::persons::starts_with_surname(&words[end.min(words.len())..]);
    Some(if person {
        end
    } else {
        end + place_length(words, end, place)
    })
}

/// How many of `run` capitals from `at` on are the place: up to a surname that a whole name follows.
fn place_length(words: &[Word], at: usize, run: usize) -> usize {
    (1..run)
        .find(|&i| run - i >= 2 && super::persons::starts_with_surname(&words[at + i..]))
        .unwrap_or(run)
}

fn one_of(phrases: &[Vec<String>], words: &[Word], at: usize) -> Option<usize> {
    let next = words.get(at).filter(|word| word.before == Gap::Blank)?;
    let found = phrases
        .iter()
        .find(|p| p[0] == next.key && reads(words, at, p))?;
    Some(found.len())
}

/// The key of a body: folded, abbreviations spelled out.
pub(super) fn key(shown: &str) -> String {
    let spelled = |word: &str| {
        let long = SPELLED.iter().find(|(short, _)| *short == word);
        long.map_or_else(|| word.to_owned(), |(_, long)| (*long).to_owned())
    };
    plain(shown)
        .split(' ')
        .map(spelled)
        .collect::<Vec<_>>()
        .join(" ")
}
