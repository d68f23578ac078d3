//! An HTML fragment as the plain text that a reader sees.
//!
//! Linear in the input and without recursion, so depth cannot hurt. Scripts, styles and comments are not seen.

use super::{
    entity,
    markup::{self, Token, Tokens},
};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Tags that end a line: words on both sides of them are two words.
const BREAKING: [&str; 34] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
    "tbody",
    "thead",
];

/// The plain text of an HTML fragment: tags out, references decoded once, white space folded, NFC.
///
/// A `<` that opens no tag stays: `2 < 3`.
pub fn plain(html: &str) -> String {
    clean_line(&strip(html))
}

/// As [`plain`], not yet cleaned: white space and composition are as they came.
pub(crate) fn strip(html: &str) -> String {
    if memchr::memchr2(b'<', b'&', html.as_bytes()).is_none() {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    let mut hidden: Option<&str> = None;
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) if hidden.is_none() => out.push_str(&entity::decode(text)),
            Token::Cdata(text) if hidden.is_none() => out.push_str(text),
            Token::Open { name, empty, .. } if hidden.is_none() => {
                if ["script", "style"]
                    .iter()
                    .any(|tag| name.eq_ignore_ascii_case(tag))
                {
                    hidden = (!empty).then_some(name);
                }
                break_line(name, &mut out);
            }
            Token::Close { name } if hidden.is_some_and(|tag| name.eq_ignore_ascii_case(tag)) => {
                hidden = None
            }
            Token::Close { name } if hidden.is_none() => break_line(name, &mut out),
            _ => {}
        }
    }
    out
}

fn break_line(name: &str, out: &mut String) {
    let name = markup::local_name(name);
    if BREAKING.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
        out.push(' ');
    }
}

/// Text in NFC without control characters; C1 controls become what windows-1252 means by them.
pub(crate) fn clean(text: &str) -> String {
    let text = text.trim();
    if is_clean(text) {
        return text.to_owned();
    }
    let wanted = |c: char| !entity::is_forbidden(c) && !matches!(c, '\u{feff}' | '\u{200b}');
    let out: String = text
        .chars()
        .map(entity::windows_1252)
        .filter(|c| wanted(*c))
        .nfc()
        .collect();
    out.trim().to_owned()
}

/// As [`clean`], of a text that may be given back as it is.
pub(crate) fn clean_cow(text: Cow<'_, str>) -> String {
    match text {
        Cow::Owned(text) if text.trim().len() == text.len() && is_clean(&text) => text,
        text => clean(&text),
    }
}

/// Whether the text is in NFC whatever stands beside it, and everybody can see it: as nearly all of every feed is.
fn is_clean(text: &str) -> bool {
    !any(text, is_odd)
}

/// Whether a character of these first bytes in UTF-8 asks for a closer look. Not so: visible ASCII, U+00A0..=U+02FF,
/// U+1E80..=U+1EFF with all the Vietnamese letters, and U+2010..=U+207F: dashes, quotes and the like.
///
/// Always inlined, as what stands below: called byte by byte they would be a third of a first fetch.
#[inline(always)]
fn is_odd(first: u8, second: u8, third: u8) -> bool {
    let control = (first < b' ') & (first != b'\t') & (first != b'\n') & (first != b'\r');
    let latin = (first == 0xc2) & (second < 0xa0);
    let vietnamese = (first == 0xe1) & (second != 0xba) & (second != 0xbb);
    let signs = (first == 0xe2) & ((second > 0x81) | (second == 0x80) & (third < 0x90));
    let other = (first > 0xcb) & (first != 0xe1) & (first != 0xe2) | (first == 0x7f);
    control | latin | vietnamese | signs | other
}

/// Whether a character of these first bytes in UTF-8 may be white space that is no single blank.
#[inline(always)]
fn is_wide(first: u8, second: u8, third: u8) -> bool {
    let two = (first == b' ') & (second == b' ');
    let line = (first == b'\t') | (first == b'\n') | (first == b'\r');
    let latin = (first == 0xc2) & ((second == 0x85) | (second == 0xa0));
    // U+2000..=U+200F, U+2028..=U+202F; U+205F.
    let spaces = (second == 0x80) & ((third < 0x90) | (third & 0xf8 == 0xa8));
    let general = (first == 0xe2) & (spaces | (second == 0x81) & (third == 0x9f));
    let other = (first == 0xe1) & (second == 0x9a) | (first == 0xe3) & (second == 0x80);
    two | line | latin | general | other
}

/// Whether any byte is such together with the two behind it, of which there may be none (0).
///
/// In whole chunks without an early exit, so that the compiler looks at many bytes at once.
#[inline(always)]
fn any(text: &str, such: impl Fn(u8, u8, u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let Some(whole) = bytes.len().checked_sub(2) else {
        return bytes.iter().any(|byte| such(*byte, 0, 0));
    };
    let in_chunk = |start: usize| {
        let end = (start + 256).min(whole);
        let behind = bytes[start + 1..end + 1]
            .iter()
            .zip(&bytes[start + 2..end + 2]);
        bytes[start..end]
            .iter()
            .zip(behind)
            .fold(false, |found, (a, (b, c))| found | such(*a, *b, *c))
    };
    such(bytes[whole], bytes[whole + 1], 0)
        || such(bytes[whole + 1], 0, 0)
        || (0..whole).step_by(256).any(in_chunk)
}

/// Whether [`clean_line`] would leave the text as it is.
pub(crate) fn is_clean_line(text: &str) -> bool {
    text.trim().len() == text.len() && is_clean(text) && !any(text, is_wide)
}

/// As [`clean`], on one line: every run of white space becomes one blank.
pub(crate) fn clean_line(text: &str) -> String {
    let text = clean(text);
    if !any(&text, is_wide) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fragments_become_what_a_reader_sees() {
        for (given, wanted) in [
            (
                "<p>Chi bộ <b>thôn</b> 3</p><p>họp.</p>",
                "Chi bộ thôn 3 họp.",
            ),
            (
                "<a href=\"x\"><img src=y ></a></br>Ủy ban Kiểm tra",
                "Ủy ban Kiểm tra",
            ),
            ("Dưới 3 đảng viên: 2 < 3", "Dưới 3 đảng viên: 2 < 3"),
            ("Ki&ecirc;n&nbsp;Giang", "Kiên Giang"),
            (
                "a<script>var b = '<p>x</p>';</script>c<style>d{}</style>",
                "ac",
            ),
            ("Đa\u{309}ng b\u{6f}\u{323}\u{302}\u{b}", "Đảng bộ"),
            ("<!-- lời <b>chú</b> -->Huyện", "Huyện"),
            ("", ""),
        ] {
            assert_eq!(plain(given), wanted, "{given}");
        }
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = "<div>".repeat(400_000) + "Đảng bộ";
        assert_eq!(plain(&deep), "Đảng bộ");
    }

    proptest! {
        #[test]
        fn never_panics_and_leaves_no_controls(html in "\\PC{0,60}|[<>&;#x/a-z0-9 đ]{0,60}") {
            let text = plain(&html);
            prop_assert!(!text.chars().any(entity::is_forbidden));
            prop_assert_eq!(text.trim(), &text);
        }
    }
}
