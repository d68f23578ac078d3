//! A tokenizer for what claims to be XML. It never fails: whatever cannot be markup is text.
//!
//! One pass, no recursion, and no search is repeated after it failed once, so that its time is linear in the input.

use super::entity;
use memchr::{memchr, memmem};
use std::borrow::Cow;

/// More attributes on one tag are not looked at.
const ATTRIBUTES_MAX: usize = 64;

/// A piece of a document, as slices of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `<name attributes>` or `<name attributes/>`.
    Open {
        /// As written, with its prefix.
        name: &'a str,
        /// Everything between name and `>`.
        attributes: &'a str,
        /// Whether it ends with `/>`.
        empty: bool,
    },
    /// `</name>`.
    Close {
        /// As written, with its prefix.
        name: &'a str,
    },
    /// Text with its references undecoded.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
    /// A document type declaration.
    Doctype(&'a str),
    /// Comments and processing instructions.
    Nothing,
}

/// Reads tokens from a text.
#[derive(Debug, Clone)]
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    // Set once a search came to the end without a find: the next would, too.
    no_comment_end: bool,
    no_doctype_end: bool,
    // Where the next `]]>` stands, once looked for; the text's length if there is none.
    cdata_end: Option<usize>,
}

impl<'a> Tokens<'a> {
    /// From the start of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            no_comment_end: false,
            no_doctype_end: false,
            cdata_end: None,
        }
    }

    /// Byte offset of the next token.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to where a token began.
    pub(crate) fn rewind(&mut self, position: usize) {
        self.at = position.min(self.at);
    }

    fn take(&mut self, len: usize) -> &'a str {
        let start = self.at;
        self.at = (start + len).min(self.text.len());
        &self.text[start..self.at]
    }

    fn special(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(body) = rest.strip_prefix("<!--") {
            return Some(self.comment(body));
        }
        if let Some(body) = strip_prefix_no_case(rest, "<![CDATA[") {
            return Some(self.cdata(rest.len() - body.len(), body));
        }
        if strip_prefix_no_case(rest, "<!DOCTYPE").is_some() {
            if self.no_doctype_end {
                return None;
            }
            let len = doctype_len(rest);
            self.no_doctype_end = len.is_none();
            return len.map(|len| Token::Doctype(self.take(len)));
        }
        if rest.starts_with("<?") {
            // PHP and XML instructions alike end at `>` for us: a missing `?` must not swallow the document.
            let len = rest.find('>').map_or(rest.len(), |end| end + 1);
            self.take(len);
            return Some(Token::Nothing);
        }
        None
    }

    /// A section that is not closed within its item is ordinary markup, so that the tags behind it are seen.
    fn cdata(&mut self, head: usize, body: &'a str) -> Token<'a> {
        let start = self.at + head;
        let end = match self.cdata_end.filter(|end| *end >= start) {
            Some(end) => end,
            None => find_cdata_end(body).map_or(self.text.len(), |end| start + end),
        };
        self.cdata_end = Some(end);
        let inside = &self.text[start..end];
        let next = find_cdata(inside).map(|next| &inside[..next]);
        let runs_over =
            next.is_some_and(|part| part.contains("</item>") || part.contains("</entry>"));
        if end == self.text.len() || runs_over {
            self.take(head);
            return Token::Nothing;
        }
        self.take(head + inside.len() + 3);
        Token::Cdata(inside)
    }

    fn comment(&mut self, body: &'a str) -> Token<'a> {
        if !self.no_comment_end {
            if let Some(end) = memmem::find(body.as_bytes(), b"-->") {
                self.take(4 + end + 3);
                return Token::Nothing;
            }
            self.no_comment_end = true;
        }
        self.take(4);
        Token::Nothing
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with('<') {
            let token = match rest.as_bytes().get(1) {
                Some(b'!' | b'?') => self.special(rest),
                _ => tag(rest).map(|(token, len)| {
                    self.take(len);
                    token
                }),
            };
            if token.is_some() {
                return token;
            }
        }
        // Text up to the next `<`; one that opened nothing belongs to it.
        let from = usize::from(rest.starts_with('<'));
        let len = memchr(b'<', &rest.as_bytes()[from..]).map_or(rest.len(), |next| from + next);
        Some(Token::Text(self.take(len)))
    }
}

/// Reads a tag at the start of `rest`, with its length; `None` where there is none or the document breaks off in it.
fn tag(rest: &str) -> Option<(Token<'_>, usize)> {
    let bytes = rest.as_bytes();
    let close = bytes.get(1) == Some(&b'/');
    let start = 1 + usize::from(close);
    let first = *bytes.get(start)?;
    if !(first.is_ascii_alphabetic() || first == b'_' || first >= 0x80) {
        return None;
    }
    let name_len = bytes[start..]
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<' | b'='))?;
    let name = &rest[start..start + name_len];
    let inside = start + name_len;
    let end = tag_end(bytes, inside)?;
    let len = end + usize::from(bytes[end] == b'>');
    if close {
        return Some((Token::Close { name }, len));
    }
    let attributes = rest[inside..end].trim_end();
    let empty = attributes.ends_with('/') && !ends_in_unquoted_value(attributes);
    let attributes = if empty {
        &attributes[..attributes.len() - 1]
    } else {
        attributes
    };
    Some((
        Token::Open {
            name,
            attributes,
            empty,
        },
        len,
    ))
}

/// `<a href=http://example.vn/>`: the slash belongs to the address.
fn ends_in_unquoted_value(attributes: &str) -> bool {
    attributes
        .rsplit(|c: char| c.is_ascii_whitespace())
        .next()
        .is_some_and(|last| {
            last.len() > 1
                && last.contains('=')
                && !last[..last.len() - 1].ends_with(['"', '\'', '='])
        })
}

/// Where the tag ends: at its `>`, or before a `<` that shows that it was never closed.
///
/// A quote that holds a `<` or never ends is a typing error: then the first `>` counts.
fn tag_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut after_equals = false;
    loop {
        match *bytes.get(at)? {
            b'>' | b'<' => return Some(at),
            quote @ (b'"' | b'\'') if after_equals => {
                let inside = &bytes[at + 1..];
                match inside
                    .iter()
                    .position(|byte| *byte == quote || *byte == b'<')
                {
                    Some(end) if inside[end] == quote => at += end + 1,
                    _ => {
                        return bytes[at..]
                            .iter()
                            .position(|byte| *byte == b'>' || *byte == b'<')
                            .map(|end| at + end);
                    }
                }
                after_equals = false;
            }
            b'=' => after_equals = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => after_equals = false,
        }
        at += 1;
    }
}

/// Length of a document type declaration with its internal subset.
fn doctype_len(rest: &str) -> Option<usize> {
    let mark = rest.find(['>', '['])?;
    if rest.as_bytes()[mark] == b'>' {
        return Some(mark + 1);
    }
    let subset = rest[mark..].find("]>").or_else(|| rest[mark..].find(']'))?;
    let end = mark + subset;
    Some(end + rest[end..].find('>')? + 1)
}

/// Where the first CDATA section begins.
pub(crate) fn find_cdata(text: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), b"<![CDATA[")
}

/// Where the first `]]>` stands.
pub(crate) fn find_cdata_end(text: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), b"]]>")
}

fn strip_prefix_no_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// The attributes of a tag: names as written, values with their references decoded.
pub(crate) fn attributes(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = text;
    std::iter::from_fn(move || next_attribute(&mut rest)).take(ATTRIBUTES_MAX)
}

fn next_attribute<'a>(rest: &mut &'a str) -> Option<(&'a str, Cow<'a, str>)> {
    let text = rest.trim_start_matches(|c: char| {
        c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '=')
    });
    if text.is_empty() {
        return None;
    }
    let name_len = text
        .find(|c: char| c.is_ascii_whitespace() || c == '=')
        .unwrap_or(text.len());
    let (name, after) = text.split_at(name_len);
    let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
        *rest = after;
        return Some((name, Cow::Borrowed("")));
    };
    let quoted = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))
        .and_then(|quote| value[1..].split_once(quote));
    let (value, after) = match quoted {
        Some(parts) => parts,
        None => {
            let value = value.trim_start_matches(['"', '\'']);
            value.split_at(
                value
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            )
        }
    };
    *rest = after;
    Some((name, entity::decode(value)))
}

/// The value of the attribute with this local name, whatever its prefix and case.
pub(crate) fn attribute<'a>(text: &'a str, local: &str) -> Option<Cow<'a, str>> {
    if text.is_empty() {
        return None;
    }
    attributes(text)
        .find(|(name, _)| {
            local_name(name).eq_ignore_ascii_case(local) && !name.starts_with("xmlns")
        })
        .map(|(_, value)| value)
}

/// The part of a name after its prefix.
pub(crate) fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open<'a>(name: &'a str, attributes: &'a str, empty: bool) -> Token<'a> {
        Token::Open {
            name,
            attributes,
            empty,
        }
    }

    #[test]
    fn what_is_no_markup_is_text() {
        for (given, wanted) in [
            (
                "<a>x</a>",
                vec![
                    open("a", "", false),
                    Token::Text("x"),
                    Token::Close { name: "a" },
                ],
            ),
            ("2 < 3", vec![Token::Text("2 "), Token::Text("< 3")]),
            (
                "<br/><hr />",
                vec![open("br", "", true), open("hr", " ", true)],
            ),
            (
                "<![CDATA[a<b]]>c",
                vec![Token::Cdata("a<b"), Token::Text("c")],
            ),
            (
                "<![CDATA[a</t>",
                vec![Token::Nothing, Token::Text("a"), Token::Close { name: "t" }],
            ),
            ("<!-- a -- b -->c", vec![Token::Nothing, Token::Text("c")]),
            ("<!' a", vec![Token::Text("<!' a")]),
            ("<a b=\"x>y\">", vec![open("a", " b=\"x>y\"", false)]),
            (
                "<a b=\"x>y<c>",
                vec![
                    open("a", " b=\"x", false),
                    Token::Text("y"),
                    open("c", "", false),
                ],
            ),
            (
                "<a href=http://bao.vn/>",
                vec![open("a", " href=http://bao.vn/", false)],
            ),
            ("<item", vec![Token::Text("<item")]),
            (
                "<!DOCTYPE r [<!ENTITY a \"b\">]>t",
                vec![
                    Token::Doctype("<!DOCTYPE r [<!ENTITY a \"b\">]>"),
                    Token::Text("t"),
                ],
            ),
        ] {
            assert_eq!(Tokens::new(given).collect::<Vec<_>>(), wanted, "{given}");
        }
    }

    #[test]
    fn attributes_are_read_in_any_spelling() {
        let all: Vec<_> = attributes(" a=\"1&amp;2\" b = 'x y' C=d e xmlns:f='u'").collect();
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
            .collect();
        assert_eq!(
            all,
            [
                ("a", "1&2"),
                ("b", "x y"),
                ("C", "d"),
                ("e", ""),
                ("xmlns:f", "u")
            ]
        );
        assert_eq!(attribute(" rdf:about='u'", "about").as_deref(), Some("u"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_into_tokens(text in "[<>/!?\\[\\]=\"'&;a-cđ -]{0,80}") {
            let mut tokens = Tokens::new(&text);
            let mut last = 0;
            while let Some(token) = tokens.next() {
                prop_assert!(tokens.position() > last);
                last = tokens.position();
                if let Token::Open { attributes: inside, .. } = token {
                    let _ = attributes(inside).count();
                }
            }
            prop_assert_eq!(last, text.len());
        }
    }
}
