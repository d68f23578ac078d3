//! Character references as HTML knows them: numeric, named, doubly escaped, and the bare `&` that is only an `&`.
//!
//! Entities that a document declares itself stand for plain words or for nothing: they are how a few bytes become
//! gigabytes.

use memchr::memmem;
use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

/// The named references of the HTML standard: `name codepoint [codepoint]`; `*` marks those that may stand without `;`.
const TABLE: &str = include_str!("html5_entities.txt");

/// No name of the standard is longer.
const NAME_MAX: usize = 32;

/// As HTML §13.2.5.80 has it: references to C1 controls mean what windows-1252 shows there.
const C1: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

struct Named {
    text: String,
    bare: bool,
}

static NAMED: LazyLock<HashMap<&'static str, Named>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?;
            let text = words
                .filter_map(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?))
                .collect();
            let bare = name.ends_with('*');
            Some((name.trim_end_matches('*'), Named { text, bare }))
        })
        .collect()
});

/// What windows-1252 shows for a C1 control; any other character as it is.
pub(crate) fn windows_1252(c: char) -> char {
    match u32::from(c) {
        code @ 0x80..=0x9f => C1[(code - 0x80) as usize],
        _ => c,
    }
}

/// Decodes every character reference once. What is no reference stays as it stands.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    let next = |rest: &str| memchr::memchr(b'&', rest.as_bytes());
    let Some(first) = next(text) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        let used = reference(rest, &mut out);
        if used == 0 {
            out.push('&');
        }
        rest = &rest[used.max(1)..];
        let Some(plain) = next(rest) else { break };
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// More declared names than any honest document has.
const DECLARED_MAX: usize = 256;

/// More than all references to declared entities together may say, in bytes.
const EXPANDED_MAX: usize = 4 * 1024;

/// Puts in what the document's own entities say, of those that are plain words: no reference and no markup in them, so
/// that nothing can be built from them, and no more than 4 KB in all. Every other reference to a declared entity goes.
///
/// Declarations of names that HTML has anyway (`<!ENTITY nbsp "&#160;">`) change nothing.
pub(crate) fn without_declared(text: &str) -> Cow<'_, str> {
    let Some(doctype) =
        memmem::find(text.as_bytes(), b"<!DOCTYPE").filter(|at| text[*at..].contains("<!ENTITY"))
    else {
        return Cow::Borrowed(text);
    };
    let declared: HashMap<&str, &str> = text[doctype..]
        .split("<!ENTITY")
        .skip(1)
        .take(DECLARED_MAX)
        .filter_map(declaration)
        .filter(|(name, _)| !NAMED.contains_key(name))
        .collect();
    let mut out = String::with_capacity(text.len() + EXPANDED_MAX);
    let mut left = EXPANDED_MAX;
    let mut pieces = text.split('&');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let reference = piece
            .split_once(';')
            .filter(|(name, _)| name.len() <= NAME_MAX);
        let found = reference.and_then(|(name, rest)| Some((*declared.get(name)?, rest)));
        match found {
            Some((words, rest)) => {
                if let Some(fewer) = left.checked_sub(words.len()) {
                    left = fewer;
                    out.push_str(words);
                }
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(piece);
            }
        }
    }
    Cow::Owned(out)
}

/// A name and what it stands for, from behind `<!ENTITY`: nothing, unless it is plain words.
fn declaration(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.trim_start().split_once(|c: char| c.is_whitespace())?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let words = quote.and_then(|quote| rest[1..].split_once(quote));
    let words = words.map_or("", |(words, _)| words);
    let plain = words.len() <= EXPANDED_MAX && !words.contains(['&', '<', '>', '%']);
    Some((name, if plain { words } else { "" }))
}

/// Reads one reference at the start of `text` (which starts with `&`) into `out`; how many bytes it took, 0 = none.
fn reference(text: &str, out: &mut String) -> usize {
    if let Some(number) = text.strip_prefix("&#") {
        return numeric(number, out).map_or(0, |used| used + 2);
    }
    let body = &text[1..];
    if let Some((c, used)) = of_xml(body.as_bytes()) {
        out.push(c);
        return used;
    }
    let len = body
        .bytes()
        .take(NAME_MAX)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name = &body[..len];
    let next = body.as_bytes().get(len);
    match NAMED.get(name) {
        Some(named) if next == Some(&b';') => {
            out.push_str(&named.text);
            len + 2
        }
        // HTML §13.2.5.73: before `=` it is a parameter of an address (`?a=1&copy=2`). Within a longer word it is
        // left alone as well, so that `AT&Truong` keeps its letters.
        Some(named) if named.bare && next != Some(&b'=') => {
            out.push_str(&named.text);
            len + 1
        }
        _ => 0,
    }
}

/// The five that XML knows, of which nearly all are: without a look into the table.
fn of_xml(body: &[u8]) -> Option<(char, usize)> {
    Some(match body {
        [b'l', b't', b';', ..] => ('<', 4),
        [b'g', b't', b';', ..] => ('>', 4),
        [b'a', b'm', b'p', b';', ..] => ('&', 5),
        [b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
        [b'a', b'p', b'o', b's', b';', ..] => ('\'', 6),
        _ => return None,
    })
}

/// Reads the number of `&#…;`; how many bytes it took after `&#`.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let (radix, digits) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (16, hex),
        None => (10, text),
    };
    let len = digits
        .bytes()
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    let used = text.len() - digits.len() + len;
    // An unreadable number is swallowed: nobody wants to see it.
    let code = u32::from_str_radix(
        digits.get(..len).filter(|digits| !digits.is_empty())?,
        radix,
    )
    .unwrap_or(0);
    if let Some(c) = char::from_u32(code).map(windows_1252)
        && !is_forbidden(c)
    {
        out.push(c);
    }
    Some(used + usize::from(text.as_bytes().get(used) == Some(&b';')))
}

/// Whether XML 1.0 §2.2 has no place for this character, or nobody can see it.
pub(crate) fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once() {
        for (given, wanted) in [
            ("Đảng bộ", "Đảng bộ"),
            ("C&ocirc;ng t&aacute;c", "Công tác"),
            ("&#272;ảng &#x1EAE; &#X1eae;", "Đảng Ắ Ắ"),
            ("&amp;aacute;", "&aacute;"),
            ("Nông dân & Phụ nữ", "Nông dân & Phụ nữ"),
            ("?id=1&cat=2&copy=3", "?id=1&cat=2&copy=3"),
            ("a&nbsp b", "a\u{a0} b"),
            ("R&D; AT&T", "R&D; AT&T"),
            ("&#146;&#11;&#1;&#xD800;", "’"),
            ("&#99999999999999999999;x&#;", "x&#;"),
            ("&", "&"),
            ("&&amp;&", "&&&"),
            ("&NotEqualTilde;", "≂̸"),
        ] {
            assert_eq!(decode(given), wanted, "{given}");
        }
    }
}
