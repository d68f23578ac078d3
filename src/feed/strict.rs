//! Writes a gathered document as strict Atom (RFC 4287) for feed-rs: well-formed, one namespace, no declarations.
//!
//! feed-rs panics on a second XML declaration and on a byte order mark that contradicts the first: neither can be here.

use super::{
    document::{Address, Document, Fields, Text},
    markup::find_cdata_end,
};

/// The document as strict Atom, without what feed-rs would only hand on: dates, which [`crate::text::date`] reads
/// because it knows our papers', ids, names and terms, addresses that nothing could change, headlines, and the texts of
/// entries, nine tenths of a feed. To escape those here and have them unescaped there gives the same text at twice the price.
pub(super) fn atom(document: &Document<'_>) -> String {
    let mut out = String::with_capacity(1024 * (document.entries.len() + 1));
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\"");
    if let Some(language) = document.feed.language.get() {
        attribute(&mut out, "xml:lang", language.trim());
    }
    out.push('>');
    if let Some(subtitle) = document.feed.summary.get() {
        text(&mut out, "subtitle", subtitle);
    }
    fields(&mut out, &document.feed);
    for entry in &document.entries {
        out.push_str("<entry>");
        fields(&mut out, entry);
        out.push_str("</entry>");
    }
    out.push_str("</feed>");
    out
}

fn fields(out: &mut String, fields: &Fields<'_>) {
    if let Some(address) = fields.link.get().filter(|link| link.settled().is_none()) {
        link(out, "alternate", address);
    }
    for address in &fields.enclosures {
        link(out, "enclosure", address);
    }
}

fn tag(out: &mut String, open: &str, name: &str) {
    out.push_str(open);
    out.push_str(name);
}

fn text(out: &mut String, name: &str, value: &Text<'_>) {
    tag(out, "<", name);
    out.push_str(if value.html {
        " type=\"html\">"
    } else {
        " type=\"text\">"
    });
    character_data(out, &value.value);
    tag(out, "</", name);
    out.push('>');
}

/// Markup goes into a CDATA section, which is quicker to write and to read than thousands of escapes.
fn character_data(out: &mut String, text: &str) {
    if !text.contains(['<', '&']) || find_cdata_end(text).is_some() || any(text, is_control) {
        escape(out, text);
        return;
    }
    out.push_str("<![CDATA[");
    out.push_str(text);
    out.push_str("]]>");
}

fn link(out: &mut String, rel: &str, address: &Address<'_>) {
    out.push_str("<link");
    if let Some(base) = &address.base {
        attribute(out, "xml:base", base.as_str());
    }
    attribute(out, "rel", rel);
    attribute(out, "href", address.href.trim());
    out.push_str("/>");
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// What XML 1.0 §2.2 forbids.
fn is_control(byte: u8) -> bool {
    byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// Whether any byte is such: in whole chunks without an early exit, so that the compiler can look at many at once.
fn any(text: &str, such: impl Fn(u8) -> bool) -> bool {
    let in_chunk = |chunk: &[u8]| chunk.iter().fold(false, |found, byte| found | such(*byte));
    text.as_bytes().chunks(256).any(in_chunk)
}

/// Escapes what XML reserves and leaves out what it forbids.
fn escape(out: &mut String, text: &str) {
    if !any(text, |byte| {
        matches!(byte, b'<' | b'>' | b'&' | b'"') | is_control(byte)
    }) {
        out.push_str(text);
        return;
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let replacement = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            _ if is_control(byte) => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(replacement);
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
}
