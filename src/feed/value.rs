//! The value of a property from its slice of the document: escaped, in CDATA, as naked markup or in base64.

use super::{
    document::Text,
    entity, markup,
    markup::{Token, Tokens},
};
use std::borrow::Cow;

/// What stands between the tags of a property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside<'a> {
    pub(super) source: &'a str,
    pub(super) attributes: &'a str,
    /// Whether there are tags in it.
    pub(super) markup: bool,
}

impl<'a> Inside<'a> {
    /// As one literal text, references decoded once.
    pub(super) fn literal(self) -> Cow<'a, str> {
        if memchr::memchr(b'<', self.source.as_bytes()).is_none() {
            return trim(entity::decode(self.source));
        }
        if let Some(whole) = whole_cdata(self.source) {
            return Cow::Borrowed(whole.trim());
        }
        let mut out = String::with_capacity(self.source.len());
        for token in Tokens::new(self.source) {
            match token {
                Token::Text(text) => out.push_str(&entity::decode(text)),
                Token::Cdata(text) => out.push_str(text),
                _ => {}
            }
        }
        Cow::Owned(out.trim().to_owned())
    }

    /// As HTML source: markup as it stands, CDATA unwrapped.
    fn source_html(self) -> Cow<'a, str> {
        if markup::find_cdata(self.source).is_none() {
            return Cow::Borrowed(self.source.trim());
        }
        let mut out = String::with_capacity(self.source.len());
        let mut tokens = Tokens::new(self.source);
        let mut start = 0;
        while let Some(token) = tokens.next() {
            let end = tokens.position();
            match token {
                Token::Cdata(text) => out.push_str(text),
                Token::Nothing => {}
                _ => out.push_str(&self.source[start..end]),
            }
            start = end;
        }
        Cow::Owned(out)
    }

    /// As the type that its attributes name has it.
    pub(super) fn text(self) -> Text<'a> {
        let attribute = |name| {
            let value = markup::attribute(self.attributes, name)?;
            Some(value.trim().to_ascii_lowercase())
        };
        let kind = attribute("type").unwrap_or_default();
        let mode = attribute("mode").unwrap_or_default();
        let xml =
            matches!(kind.as_str(), "xhtml") || kind.ends_with("/xml") || kind.ends_with("+xml");
        let is_text = kind.is_empty() || kind.starts_with("text") || kind == "html" || xml;
        if !self.markup
            && (mode == "base64" || !is_text)
            && let Some(value) = base64(&self.literal())
        {
            return Text {
                value: Cow::Owned(value),
                html: true,
            };
        }
        if self.markup || (xml && mode != "escaped") {
            return Text {
                value: self.source_html(),
                html: true,
            };
        }
        let html = !matches!(kind.as_str(), "text" | "text/plain");
        Text {
            value: self.literal(),
            html,
        }
    }
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The inside of a source that is one CDATA section and nothing else.
fn whole_cdata(source: &str) -> Option<&str> {
    let inside = source
        .trim()
        .strip_prefix("<![CDATA[")?
        .strip_suffix("]]>")?;
    markup::find_cdata_end(inside).is_none().then_some(inside)
}

/// Text in base64 (RFC 4648), white space ignored; `None` if it is none.
fn base64(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.is_empty())
}

/// The name of a person from "mail (Name)", `Name <mail>` and the like; the address only where there is no name.
pub(super) fn person(text: &str) -> String {
    let text = text.trim();
    if !text.contains('@') {
        return text.to_owned();
    }
    let is_mail = |word: &&str| word.contains('@') && word.contains('.');
    let edge = |c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ',' | ';' | ':');
    let words = || {
        text.split_whitespace()
            .flat_map(|word| word.split(['<', '>', '(', ')', '[', ']']))
    };
    let Some(mail) = words()
        .map(|word| word.trim_matches(edge).trim_start_matches("mailto:"))
        .find(is_mail)
    else {
        return text.to_owned();
    };
    let rest = text.replace("mailto:", "").replace(mail, " ");
    let name = rest.trim_matches(|c: char| c.is_whitespace() || edge(c) || c == '-');
    if name.is_empty() {
        mail.to_owned()
    } else {
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The text of the first child element with this name: `<author><name>…</name></author>`.
pub(super) fn child<'a>(source: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    children(source, wanted).into_iter().next()
}

/// The texts of all child elements with this name.
pub(super) fn children<'a>(source: &'a str, wanted: &str) -> Vec<Cow<'a, str>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut tokens = Tokens::new(source);
    let is_wanted = |name| markup::local_name(name).eq_ignore_ascii_case(wanted);
    loop {
        let before = tokens.position();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Open {
                name, empty: false, ..
            } if is_wanted(name) => start = Some(tokens.position()),
            Token::Close { name } if is_wanted(name) => {
                if let Some(start) = start.take() {
                    let inside = Inside {
                        source: &source[start..before],
                        attributes: "",
                        markup: false,
                    };
                    found.push(inside.literal());
                }
            }
            _ => {}
        }
    }
    found.retain(|text| !text.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &'static str, attributes: &'static str, markup: bool) -> (String, bool) {
        let text = Inside {
            source,
            attributes,
            markup,
        }
        .text();
        (text.value.into_owned(), text.html)
    }

    #[test]
    fn a_property_is_read_as_its_type_says() {
        assert_eq!(
            text(" &lt;b>Tỉnh&lt;/b> ", "", false),
            ("<b>Tỉnh</b>".into(), true)
        );
        assert_eq!(
            text("<![CDATA[ a &amp; b ]]>", "", false),
            ("a &amp; b".into(), true)
        );
        assert_eq!(
            text("a <![CDATA[<]]> b", " type='text'", false),
            ("a < b".into(), false)
        );
        assert_eq!(
            text("<p>A &lt; B</p>", " type='xhtml'", true),
            ("<p>A &lt; B</p>".into(), true)
        );
        assert_eq!(
            text("VMOibiBDaMOidQ==", " mode=\"base64\"", false),
            ("Tân Châu".into(), true)
        );
        assert_eq!(
            text("không phải", " type='application/octet-stream'", false).0,
            "không phải"
        );
    }

    #[test]
    fn persons_are_known_by_name() {
        for (given, wanted) in [
            ("toasoan@bao.vn (Hạnh Châu)", "Hạnh Châu"),
            ("Hạnh Châu (toasoan@bao.vn)", "Hạnh Châu"),
            ("Hạnh Châu <mailto:toasoan@bao.vn>", "Hạnh Châu"),
            ("toasoan@bao.vn", "toasoan@bao.vn"),
            ("Hạnh Châu", "Hạnh Châu"),
        ] {
            assert_eq!(person(given), wanted, "{given}");
        }
    }
}
