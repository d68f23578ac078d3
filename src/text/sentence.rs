//! Where sentences end in Vietnamese newspaper prose. Spans into the original, so that a quotation is verbatim.
//!
//! Not for tokens, and no judgement of what a good sentence is. A full stop is the hard case: it also closes
//! abbreviations (TP., T.Ư., PGS.TS.), initials (N.V.A.), ordinals ("1."), and stands inside numbers and addresses.

use regex::Regex;
use std::{collections::HashSet, ops::Range, sync::LazyLock};

/// Titles and units that always have something after them: a full stop behind one never ends a sentence.
static OPEN_ABBREVIATIONS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "tp tx tt q p h đ st mr mrs ms dr gs pgs ts tskh ths bs bsck cki ckii ks kts cn ls nsnd nsưt ngnd ngưt vs \
     ncs đt đc tr no nxb kp t.ư tw ubkt"
        .split_ascii_whitespace()
        .collect()
});

/// Words after which a number with a full stop is a heading's number, not an end: "Điều 5. …".
const NUMBERED: [&str; 10] = [
    "điều",
    "khoản",
    "mục",
    "chương",
    "phần",
    "câu",
    "bài",
    "điểm",
    "tiểu mục",
    "phụ lục",
];

const CLOSERS: &[char] = &['"', '”', '’', '»', ')', ']', '\''];
const OPENERS: &[char] = &['"', '“', '‘', '«', '(', '[', '-', '–', '—', '•', '*', '+'];

static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[.!?…]+").expect("a constant pattern"));

/// The sentences of a text, in order, as byte spans without surrounding white space.
///
/// A line break always ends one (headings have no full stop). Every non-white character lies in exactly one span.
pub fn sentence_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
        spans_of_line(text, line_start..line_start + line.len(), &mut spans);
        line_start += line.len();
    }
    spans
}

/// The sentences of a text, verbatim.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    sentence_spans(text).into_iter().map(|span| &text[span])
}

fn spans_of_line(text: &str, line: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let mut start = line.start;
    let body = &text[line.clone()];
    for mark in MARK.find_iter(body) {
        let after_mark = &body[mark.end()..];
        let closed = after_mark.trim_start_matches(CLOSERS);
        let end = line.start + body.len() - closed.len();
        let stop = Stop {
            before: &text[start..line.start + mark.start()],
            mark: mark.as_str(),
            closers: &after_mark[..after_mark.len() - closed.len()],
            after: closed,
        };
        if stop.ends_a_sentence() {
            push_trimmed(text, start..end, spans);
            start = end;
        }
    }
    push_trimmed(text, start..line.end, spans);
}

fn push_trimmed(text: &str, span: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let raw = &text[span.clone()];
    let trimmed = raw.trim();
    if !trimmed.is_empty() {
        let from = span.start + (raw.len() - raw.trim_start().len());
        spans.push(from..from + trimmed.len());
    }
}

/// A run of closing marks with its surroundings.
struct Stop<'a> {
    /// The sentence so far.
    before: &'a str,
    mark: &'a str,
    /// Quotes and brackets that close right behind the mark.
    closers: &'a str,
    /// The rest of the line.
    after: &'a str,
}

impl Stop<'_> {
    fn ends_a_sentence(&self) -> bool {
        let rest = self.after.trim_start();
        let Some(next) = rest.chars().next() else {
            return true;
        };
        let glued = rest.len() == self.after.len();
        if glued && !self.lost_space(next) {
            return false;
        }
        // "Khánh Hòa... đã xong", "dân kiểm tra…” là": the thought goes on in lower case. A digit after an
        // ellipsis goes on as well ("từ… 2020").
        let ellipsis = self.mark.contains('…') || self.mark.contains("..");
        let opens = next.is_uppercase() || OPENERS.contains(&next);
        if !opens && (ellipsis || !next.is_numeric()) {
            return false;
        }
        self.mark != "." || !self.closers.is_empty() || !self.stop_belongs_to_word(rest)
    }

    /// "trong 2 ngày.Đại biểu": a space was lost. Only between a lower-case word and a capitalised one, so that
    /// TP.HCM, VOV.VN and N.V.A stay whole.
    fn lost_space(&self, next: char) -> bool {
        let word = last_word(self.before);
        let long_enough = word.chars().count() >= 2 && !word.contains('.');
        let capitalised =
            next.is_uppercase() && self.after.chars().nth(1).is_some_and(char::is_lowercase);
        long_enough
            && capitalised
            && word.chars().all(char::is_lowercase)
            && !OPEN_ABBREVIATIONS.contains(word)
    }

    /// Whether the single full stop is part of the word before it.
    fn stop_belongs_to_word(&self, rest: &str) -> bool {
        let word = last_word(self.before);
        let lower = word.to_lowercase();
        let last_piece = lower.rsplit('.').next().unwrap_or(&lower);
        if OPEN_ABBREVIATIONS.contains(lower.as_str()) || OPEN_ABBREVIATIONS.contains(last_piece) {
            // "TP" in capitals or "Tp": always open. A lower-case "tr", "no", "đ" may be a word at the end.
            return word.chars().next().is_some_and(char::is_uppercase)
                || last_piece.chars().count() > 2;
        }
        if is_initials(word) {
            return !starts_like_a_new_sentence(rest);
        }
        let alone = self.before.trim() == word;
        let ordinal = is_ordinal(word);
        ordinal && (alone || follows_a_numbered_word(self.before, word))
    }
}

/// The last word before the mark, without opening brackets and quotes.
fn last_word(before: &str) -> &str {
    before
        .rsplit(|c: char| c.is_whitespace() || "(“\"‘[«/".contains(c))
        .next()
        .unwrap_or(before)
}

/// "N.V.A", "B": single capitals, each but the last with its full stop.
fn is_initials(word: &str) -> bool {
    !word.is_empty()
        && word.split('.').all(|piece| {
            let mut chars = piece.chars();
            chars.next().is_some_and(char::is_uppercase) && chars.next().is_none()
        })
}

/// After initials only a plain function word tells a new sentence from a continued name.
fn starts_like_a_new_sentence(rest: &str) -> bool {
    let first = rest.split(char::is_whitespace).next().unwrap_or(rest);
    [
        "Sau", "Theo", "Tại", "Trong", "Đến", "Ngày", "Hiện", "Tuy", "Vì", "Khi", "Các", "Những",
        "Đây", "Ông", "Bà",
    ]
    .contains(&first.trim_end_matches(','))
}

/// "1", "12", "IV", "a": numbers of list items.
fn is_ordinal(word: &str) -> bool {
    let short = (1..=4).contains(&word.len());
    let digits = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    let roman = word.bytes().all(|b| b"IVXL".contains(&b));
    let letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase());
    short && (digits || roman || letter)
}

/// "Điều 5." at the head of its sentence is a heading; "… theo Điều 5." at the end of one is an end.
fn follows_a_numbered_word(before: &str, word: &str) -> bool {
    let head = before.trim_end_matches(word).trim();
    NUMBERED.contains(&head.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).collect()
    }

    #[test]
    fn stops_inside_words_do_not_end_sentences() {
        for text in [
            "Đoàn công tác làm việc tại TP. Cao Lãnh và P. Mỹ Phú trong sáng 4.6.",
            "Báo cáo do PGS.TS. Phạm Văn Hải và ThS. Võ Thị Lài trình bày.",
            "Ông T.Q.H. nộp lại 13.2 tỷ đồng.",
            "Trang xaydungdang.org.vn có 1.527 lượt đọc.",
            "Các xã Tân Hòa, Tân Bình... đã xong.",
            "Nghị quyết của T.Ư. Đảng được quán triệt.",
        ] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn ends_are_found() {
        assert_eq!(
            split(
                "Chi bộ họp ngày 3.2. Có 25 đảng viên dự. Ai cũng phát biểu?! Không… Chỉ một nửa."
            ),
            [
                "Chi bộ họp ngày 3.2.",
                "Có 25 đảng viên dự.",
                "Ai cũng phát biểu?!",
                "Không…",
                "Chỉ một nửa."
            ]
        );
        assert_eq!(
            split("Lớp học mở 5 ngày.Học viên đến từ 12 xã."),
            ["Lớp học mở 5 ngày.", "Học viên đến từ 12 xã."]
        );
        assert_eq!(
            split("“Làm thật.” Bí thư nói."),
            ["“Làm thật.”", "Bí thư nói."]
        );
        assert_eq!(
            split("Điều 7. Hiệu lực thi hành.\nĐiều 8. Trách nhiệm."),
            ["Điều 7. Hiệu lực thi hành.", "Điều 8. Trách nhiệm."]
        );
        assert_eq!(
            split("Tiêu đề nhỏ\r\nThân bài."),
            ["Tiêu đề nhỏ", "Thân bài."]
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[\\PC\n.!?…” A-ZĐa-zđ0-9]{0,200}") {
            let joined: String = sentences(&text).collect::<String>().split_whitespace().collect();
            let whole: String = text.split_whitespace().collect();
            proptest::prop_assert_eq!(joined, whole);
        }
    }
}
