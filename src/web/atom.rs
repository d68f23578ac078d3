//! Atom (RFC 4287) of our own: so that other readers, and this program itself, can follow the office's reviews.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// A feed to be written. Every text is plain; the writer escapes.
pub(super) struct Atom {
    /// Permanent and unique (RFC 4287 §4.2.6).
    pub id: String,
    /// Its heading.
    pub title: String,
    /// The address it is read from.
    pub own_address: String,
    /// The page that shows the same.
    pub page: String,
    /// When anything in it last changed; RFC 3339.
    pub updated: String,
    /// Newest first.
    pub entries: Vec<AtomEntry>,
}

/// One of its entries.
pub(super) struct AtomEntry {
    /// Permanent and unique.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Its page.
    pub link: String,
    /// RFC 3339.
    pub updated: String,
    /// Plain text.
    pub summary: String,
    /// Who says it.
    pub author: String,
}

impl Atom {
    /// The document.
    ///
    /// # Errors
    /// Never in practice: it is written to memory.
    pub(super) fn write(&self) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        writer
            .create_element("feed")
            .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
            .with_attribute(("xml:lang", "vi"))
            .write_inner_content(|writer| self.content(writer))?;
        Ok(writer.into_inner())
    }

    fn content(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        text(writer, "id", &self.id)?;
        text(writer, "title", &self.title)?;
        text(writer, "updated", &self.updated)?;
        link(writer, "self", &self.own_address)?;
        link(writer, "alternate", &self.page)?;
        text(writer, "generator", "diembao")?;
        self.entries.iter().try_for_each(|entry| {
            writer
                .create_element("entry")
                .write_inner_content(|writer| entry.content(writer))?;
            Ok(())
        })
    }
}

impl AtomEntry {
    fn content(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        text(writer, "id", &self.id)?;
        text(writer, "title", &self.title)?;
        text(writer, "updated", &self.updated)?;
        link(writer, "alternate", &self.link)?;
        writer
            .create_element("author")
            .write_inner_content(|writer| text(writer, "name", &self.author))?;
        text(writer, "summary", &self.summary)
    }
}

fn text(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    writer
        .create_element(name)
        .write_text_content(BytesText::new(&printable(text)))?;
    Ok(())
}

fn link(writer: &mut Writer<Vec<u8>>, rel: &str, href: &str) -> io::Result<()> {
    writer
        .create_element("link")
        .with_attribute(("rel", rel))
        .with_attribute(("href", printable(href).as_str()))
        .write_empty()?;
    Ok(())
}

/// XML 1.0 §2.2 has no control characters, escaped or not.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|&c| c == '\n' || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let evil = "</title><script>&\u{1b}[31m\u{0}\"'";
        let atom = Atom {
            id: "tag:bao.example,2026:/".into(),
            title: evil.into(),
            own_address: "https://bao.example/feed/tim.atom?q=a&b".into(),
            page: "https://bao.example/".into(),
            updated: "2026-11-23T00:00:00Z".into(),
            entries: vec![AtomEntry {
                id: "tag:bao.example,2026:/1".into(),
                title: evil.into(),
                link: "https://bao.example/1".into(),
                updated: "2026-11-23T00:00:00Z".into(),
                summary: evil.into(),
                author: evil.into(),
            }],
        };
        let bytes = atom.write().unwrap();
        let feed = feed_rs::parser::parse(bytes.as_slice()).unwrap();
        assert_eq!(feed.title.unwrap().content, "</title><script>&[31m\"'");
        assert_eq!(feed.entries.len(), 1);
        assert!(!String::from_utf8(bytes).unwrap().contains("<script>"));
    }
}
