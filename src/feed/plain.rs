//! An HTML fragment as the plain text that a reader sees.
//!
//! Linear in the input and without recursion, so depth cannot hurt. Scripts, styles and comments are not seen.

use super::{
    entity,
    markup::{self, Token, Tokens},
};
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
    if !html.contains(['<', '&']) {
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

/// As [`clean`]; gives the text itself back where nothing is to be done.
pub(crate) fn clean_owned(text: String) -> String {
    if text.trim().len() == text.len() && is_clean(&text) {
        text
    } else {
        clean(&text)
    }
}

fn is_clean(text: &str) -> bool {
    text.chars().all(is_plainly_clean)
}

/// Characters that stand in NFC whatever is beside them, and that everybody can see: nearly all of every feed.
fn is_plainly_clean(c: char) -> bool {
    matches!(c, ' '..='~' | '\t' | '\n' | '\r' | '\u{a0}'..='\u{2ff}' | 'Ạ'..='ỹ' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
}

/// As [`clean`], on one line: every run of white space becomes one blank.
pub(crate) fn clean_line(text: &str) -> String {
    let mut text = clean(text);
    let odd = |c: char| c.is_whitespace() && c != ' ';
    if !text.contains("  ") && !text.contains(odd) {
        text.truncate(text.trim_end().len());
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
