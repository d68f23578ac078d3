//! Text and addresses from newspapers, made fit to be shown: the one door through which they enter an edition.
//!
//! What comes out is inert in HTML, plain text, a mail header and a terminal: one line of NFC text without
//! control, bidirectional or invisible characters, without markup and without template marks.

use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use url::Url;

/// A headline longer than this many characters is cut: the longest seen in print are about half as long.
const MAX_TITLE: usize = 240;
/// Input beyond this many characters is not looked at.
const MAX_INPUT: usize = 8_000;
/// Marks over one letter: Vietnamese needs two at most, more only climbs over the lines above.
const MAX_MARKS: usize = 3;
/// Addresses longer than this are not linked: mail readers cut them.
const MAX_LINK: usize = 1_500;

static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z!][^<>]*>").expect("a constant pattern"));
static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"&(amp|lt|gt|quot|apos|nbsp|ldquo|rdquo|ndash|hellip|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});",
    )
    .expect("a constant pattern")
});

/// A name, a reason, a place: one clean line.
pub fn line(text: &str) -> String {
    defuse(&verbatim(text))
}

/// A part of a passage: what shows nothing or turns the direction of writing is left out, blanks at its ends stay.
/// It may still hold markup: only for where text is escaped.
pub fn inert(text: &str) -> String {
    let shown = text.chars().filter(|&c| !is_invisible(c));
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A headline: a clean line, cut at a word if it is absurdly long; never empty.
pub fn title(text: &str) -> String {
    let clean = clip(&line(text), MAX_TITLE);
    if clean.is_empty() {
        "(không có tiêu đề)".to_owned()
    } else {
        clean
    }
}

/// A sentence as it may stand between quotation marks: only its Unicode form, white space and invisible characters
/// are touched. `None` if it could not be shown without changing it further: then it is not quoted at all.
pub fn quote(sentence: &str) -> Option<String> {
    let clean = verbatim(sentence);
    (!clean.is_empty() && defuse(&clean) == clean).then_some(clean)
}

/// An address that may become a link: http or https, a plain host, no user name, printable ASCII.
pub fn link(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let fit = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    let text = url.as_str();
    (fit && url.has_host() && text.len() <= MAX_LINK && text.bytes().all(|b| b.is_ascii_graphic()))
        .then(|| text.to_owned())
}

/// At most `max` characters, cut between words, with an ellipsis where something is missing.
pub fn clip(text: &str, max: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(max) else {
        return text.to_owned();
    };
    let head = &text[..cut];
    let at_word = head.rfind(' ').filter(|&at| at * 2 > cut).unwrap_or(cut);
    format!("{}…", head[..at_word].trim_end())
}

/// NFC, invisible characters taken out, white space collapsed: what no reader can see changed.
fn verbatim(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_INPUT));
    let mut marks = 0;
    for c in text.chars().take(MAX_INPUT).nfc() {
        if c.is_whitespace() || c.is_control() {
            marks = 0;
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks <= MAX_MARKS {
            out.push(c);
        }
    }
    // What stood apart may now touch: once more into one form.
    out.trim_end().nfc().collect()
}

/// Characters that show nothing, turn the direction of writing, or have no meaning in public text.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
        | '\u{e0000}'..='\u{10ffff}')
}

/// Takes markup out and sets template marks apart. Entities are read first: feeds escape twice.
fn defuse(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    // Each round shortens the text or ends; three undo what real feeds do, more is malice and stays as text.
    for _ in 0..3 {
        let decoded = ENTITY
            .replace_all(&text, |found: &regex::Captures<'_>| entity(&found[1]))
            .into_owned();
        let stripped = TAG.replace_all(&decoded, " ").into_owned();
        if stripped == text {
            break;
        }
        text = Cow::Owned(stripped);
    }
    // References may have stood for what shows nothing: it goes first, so that it keeps no two marks apart.
    let text = verbatim(&text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let last = out.chars().next_back();
        let mark = matches!(
            (last, c),
            (Some('{'), '{' | '%' | '#') | (Some('}' | '%' | '#'), '}')
        );
        if mark {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn entity(name: &str) -> String {
    let c = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        "ndash" => Some('–'),
        "hellip" => Some('…'),
        _ => {
            let digits = name.trim_start_matches('#');
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => digits.parse().ok(),
            };
            code.and_then(char::from_u32)
        }
    };
    c.map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_titles_become_inert() {
        let cases = [
            ("<b>Đảng</b> viên &amp; chi bộ", "Đảng viên & chi bộ"),
            ("&lt;script&gt;alert(1)&lt;/script&gt;Họp", "alert(1) Họp"),
            ("&amp;amp;nbsp;Họp", "Họp"),
            ("Họp\r\nBcc: ai@do.example", "Họp Bcc: ai@do.example"),
            ("\u{202e}gnảĐ\u{202c} \u{200b}viên\u{feff}", "gnảĐ viên"),
            (
                "{{ 7*7 }} {% raw %} {# x #}",
                "{ { 7*7 } } { % raw % } { # x # }",
            ),
            ("{&#8203;{ 7*7 }&#173;}", "{ { 7*7 } }"),
            (
                "A\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
                "Á\u{301}\u{301}\u{301}",
            ),
            ("Đa\u{309}ng", "Đảng"),
            ("5 < 7 và 9 > 3", "5 < 7 và 9 > 3"),
        ];
        for (hostile, expected) in cases {
            assert_eq!(title(hostile), expected);
        }
        assert_eq!(title(" \u{200b}\n"), "(không có tiêu đề)");
        assert_eq!(title(&"dài ".repeat(200)).chars().count(), 240);
    }

    #[test]
    fn a_quotation_is_verbatim_or_not_made() {
        assert_eq!(
            quote("Tăng  6%\u{200b}\nso với cùng kỳ.").as_deref(),
            Some("Tăng 6% so với cùng kỳ.")
        );
        assert_eq!(quote("Xem <a href=x>đây</a>."), None);
        assert_eq!(quote("{{ secret }}"), None);
        assert_eq!(quote("  "), None);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(
            link("https://bao.example/tin?a=1&b=2").as_deref(),
            Some("https://bao.example/tin?a=1&b=2")
        );
        assert_eq!(
            link(" https://bao.example/đảng \"x").as_deref(),
            Some("https://bao.example/%C4%91%E1%BA%A3ng%20%22x")
        );
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//bao.example/x",
            "mailto:a@b.vn",
            "https://a@b.vn/",
            "",
        ] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn clean_text_stays_as_it_is(text in "\\PC{0,80}") {
            let once = line(&text);
            proptest::prop_assert!(!once.contains(['\n', '\r', '\t']) && !once.contains("{{"));
            proptest::prop_assert!(once.nfc().eq(once.chars()));
        }
    }
}
