//! OPML 2.0, the list of feeds that readers of feeds exchange. Pure: text in, text out.
//!
//! An OPML file comes from anywhere: it is refused whole, with its line, rather than taken in half. A document type, and
//! with it every entity of its own, is refused before anything is expanded; so are addresses that are not http(s), and
//! what is deeper or larger than any list of papers.

use super::problem::{Problem, Severity, Wrong, quoted, words, wrong};
use super::raw::Sheet;
use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;
use url::Url;

/// Outlines of a file at most; all newspapers of the country have some hundreds.
const OUTLINES_MAX: usize = 20_000;
/// Groups within groups at most.
const DEPTH_MAX: usize = 32;
/// Bytes of a file at most.
pub const FILE_MAX_BYTES: usize = 8 << 20;
/// Characters of a name that are kept.
const NAME_MAX_CHARS: usize = 200;

/// A feed as an OPML file names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The names of the groups around it, outermost first.
    pub groups: Vec<String>,
    /// Its name; empty where none is written.
    pub title: String,
    /// The feed's address (`xmlUrl`).
    pub url: Option<Url>,
    /// The home page (`htmlUrl`).
    pub home: Option<Url>,
    /// Its section (`category`).
    pub category: Option<String>,
    /// The key that this program wrote.
    pub key: Option<String>,
    /// Whether it is polled, as this program wrote it.
    pub enabled: bool,
    /// Its line.
    pub line: usize,
}

/// The feeds of an OPML text, in its order; `file` is the name that messages give it.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub fn parse(file: &str, text: &str) -> Result<Vec<Outline>, Box<Problem>> {
    let sheet = Sheet::new(file, text);
    let fail = |at: usize, wrong: Wrong| {
        let (line, column) = sheet.position(at);
        Box::new(Problem::at(file, line, column, Severity::Error, wrong))
    };
    if text.len() > FILE_MAX_BYTES {
        return Err(fail(0, too_much("8 MiB")));
    }
    let mut reader = Reader::from_str(text);
    let mut reading = Reading::default();
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(at);
                return Err(fail(at, no_xml(&error.to_string())));
            }
        };
        let line = sheet.position(at).0;
        let step = match &event {
            Event::Eof => break,
            Event::DocType(_) => Err(doctype()),
            Event::PI(_) => Err(instruction()),
            Event::Start(start) => reading.open(start, line, false),
            Event::Empty(start) => reading.open(start, line, true),
            Event::End(_) => {
                reading.close();
                Ok(())
            }
            _ => Ok(()),
        };
        step.map_err(|wrong| fail(at, wrong))?;
    }
    match reading.is_opml {
        true if reading.depth > 0 => Err(fail(text.len(), no_xml("the file ends too early"))),
        true => Ok(reading.feeds),
        false => Err(fail(0, no_opml())),
    }
}

#[derive(Default)]
struct Reading {
    is_opml: bool,
    depth: usize,
    /// The open groups: at which depth, and its name.
    groups: Vec<(usize, String)>,
    outlines: usize,
    feeds: Vec<Outline>,
}

impl Reading {
    fn open(&mut self, start: &BytesStart<'_>, line: usize, empty: bool) -> Result<(), Wrong> {
        let name = start.local_name();
        let name = name.as_ref();
        if self.depth == 0 && !self.is_opml {
            if !name.eq_ignore_ascii_case("opml") {
                return Err(no_opml());
            }
            self.is_opml = true;
        }
        if !empty {
            self.depth += 1;
        }
        if self.depth > DEPTH_MAX {
            return Err(too_much(&format!("{DEPTH_MAX} levels")));
        }
        if !name.eq_ignore_ascii_case("outline") {
            return Ok(());
        }
        self.outlines += 1;
        if self.outlines > OUTLINES_MAX {
            return Err(too_much(&format!("{OUTLINES_MAX} outlines")));
        }
        let outline = self.outline(start, line)?;
        match outline.url.is_some() {
            true => self.feeds.push(outline),
            false if !empty => self.groups.push((self.depth, outline.title)),
            false => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        if self
            .groups
            .last()
            .is_some_and(|(depth, _)| *depth == self.depth)
        {
            self.groups.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn outline(&self, start: &BytesStart<'_>, line: usize) -> Result<Outline, Wrong> {
        let mut outline = Outline {
            groups: self.groups.iter().map(|(_, name)| name.clone()).collect(),
            enabled: true,
            line,
            ..Outline::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| no_xml(&error.to_string()))?;
            let key = attribute.key.local_name().as_ref().to_ascii_lowercase();
            let text =
                quick_xml::escape::unescape_with(&attribute.value, resolve_predefined_entity)
                    .map_err(|error| no_xml(&error.to_string()))?;
            let text = crate::text::normal::clean(&text);
            match key.as_str() {
                "title" => outline.title = short(&text),
                "text" if outline.title.is_empty() => outline.title = short(&text),
                "xmlurl" => outline.url = Some(super::address::web_address(&text)?),
                // Only a hint: a home page that is none is as good as none.
                "htmlurl" => outline.home = super::address::web_address(&text).ok(),
                "category" if !text.is_empty() => outline.category = Some(short(&text)),
                "feed" => outline.key = Some(short(&text)),
                "enabled" => outline.enabled = text != "false",
                _ => {}
            }
        }
        Ok(outline)
    }
}

fn short(text: &str) -> String {
    text.chars().take(NAME_MAX_CHARS).collect()
}

/// An OPML text: a group for each distinct way of groups, in the order of first sight; feeds in theirs.
pub fn print(title: &str, feeds: &[Outline]) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" xmlns:diembao=\"urn:diembao:opml\">\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "  <head><title>{}</title></head>\n  <body>",
        escape(title)
    );
    let mut root = Group::default();
    for feed in feeds {
        root.put(&feed.groups, feed);
    }
    root.print(&mut out, 2);
    out.push_str("  </body>\n</opml>\n");
    out
}

#[derive(Default)]
struct Group<'f> {
    feeds: Vec<&'f Outline>,
    groups: Vec<(&'f str, Group<'f>)>,
}

impl<'f> Group<'f> {
    fn put(&mut self, way: &'f [String], feed: &'f Outline) {
        let Some((first, rest)) = way.split_first() else {
            self.feeds.push(feed);
            return;
        };
        let known = self.groups.iter().position(|(name, _)| name == first);
        let nth = known.unwrap_or_else(|| {
            self.groups.push((first, Self::default()));
            self.groups.len() - 1
        });
        self.groups[nth].1.put(rest, feed);
    }

    fn print(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        for feed in &self.feeds {
            let attribute = |name: &str, value: Option<&str>| {
                value.map_or(String::new(), |value| {
                    format!(" {name}=\"{}\"", escape(value))
                })
            };
            let _ = writeln!(
                out,
                "{indent}<outline type=\"rss\"{}{}{}{}{}{}/>",
                attribute("text", Some(&feed.title)),
                attribute("xmlUrl", feed.url.as_ref().map(Url::as_str)),
                attribute("htmlUrl", feed.home.as_ref().map(Url::as_str)),
                attribute("category", feed.category.as_deref()),
                attribute("diembao:feed", feed.key.as_deref()),
                attribute("diembao:enabled", (!feed.enabled).then_some("false")),
            );
        }
        for (name, group) in &self.groups {
            let _ = writeln!(out, "{indent}<outline text=\"{}\">", escape(*name));
            group.print(out, depth + 1);
            let _ = writeln!(out, "{indent}</outline>");
        }
    }
}

fn no_xml(detail: &str) -> Wrong {
    let detail = quoted(detail);
    wrong(
        words(
            format!("this is not well-formed XML: {detail}"),
            format!("không phải XML đúng quy cách: {detail}"),
        ),
        words(
            "export the list again from the program it came from",
            "xuất lại danh sách từ chương trình gốc",
        ),
    )
}

fn no_opml() -> Wrong {
    wrong(
        words("this is not an OPML file", "đây không phải tệp OPML"),
        words(
            "give a file that begins with <opml>; the address of a single feed goes to: diembao feeds add ADDRESS",
            "chọn tệp bắt đầu bằng <opml>; nếu là địa chỉ một nguồn tin thì dùng: diembao feeds add ĐỊA_CHỈ",
        ),
    )
}

fn doctype() -> Wrong {
    wrong(
        words(
            "the file declares a document type: it could define entities, and is refused",
            "tệp có khai báo DOCTYPE, có thể dùng để tấn công nên bị từ chối",
        ),
        words("take the line <!DOCTYPE …> out", "bỏ dòng <!DOCTYPE …>"),
    )
}

fn instruction() -> Wrong {
    wrong(
        words(
            "the file holds an instruction for a program (<?…?>)",
            "tệp chứa chỉ thị cho chương trình (<?…?>)",
        ),
        words("take it out", "bỏ phần đó đi"),
    )
}

fn too_much(limit: &str) -> Wrong {
    wrong(
        words(
            format!("the file has more than {limit}"),
            format!("tệp vượt quá {limit}"),
        ),
        words("import a smaller list", "nhập danh sách nhỏ hơn"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nested_groups_and_foreign_habits_are_read() {
        let text = r#"<?xml version="1.0"?>
<opml version="1.1"><head><title>x</title></head><body>
 <outline text="Miền Nam"><outline title="An Giang &amp; bạn">
   <outline text="Báo" title="Báo An Giang" type="rss" xmlUrl="https://baoangiang.com.vn/rss?a=1&amp;b=2" htmlUrl="javascript:alert(1)"/>
 </outline></outline>
 <OUTLINE TEXT="Nhân Dân" XMLURL="https://nhandan.vn/rss/home.rss" category="/Tin tức"></OUTLINE>
 <outline text="Ghi chú"/>
</body></opml>"#;
        let found = parse("a.opml", text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].groups, ["Miền Nam", "An Giang & bạn"]);
        assert_eq!(found[0].title, "Báo An Giang");
        assert_eq!(found[0].url.as_ref().unwrap().query(), Some("a=1&b=2"));
        assert_eq!((found[0].home.clone(), found[0].line), (None, 4));
        assert_eq!(
            (found[1].groups.len(), found[1].category.as_deref()),
            (0, Some("/Tin tức"))
        );
    }

    #[test]
    fn hostile_files_are_refused_with_their_line() {
        let many = format!(
            "<opml><body>{}</body></opml>",
            "<outline text=\"a\"/>".repeat(100_000)
        );
        let deep = format!("<opml>{}", "<outline text=\"a\">".repeat(50));
        let cases = [
            (
                "<?xml version=\"1.0\"?>\n<!DOCTYPE opml [<!ENTITY a \"b\">]>\n<opml/>",
                "2:",
                "DOCTYPE",
            ),
            (
                "<opml><body>\n<outline text=\"x\" xmlUrl=\"file:///etc/passwd\"/>\n</body></opml>",
                "2:",
                "neither http",
            ),
            (
                "<opml><body>\n\n<outline xmlUrl=\"javascript:alert(1)\"/></body></opml>",
                "3:",
                "neither http",
            ),
            (
                "<opml><body><outline xmlUrl=\"https://u:p@a.vn/\"/></body></opml>",
                "1:",
                "password",
            ),
            (
                "<opml><body><outline text=\"&xxe;\"/></body></opml>",
                "1:",
                "well-formed",
            ),
            ("<opml><?php system('x') ?></opml>", "1:", "instruction"),
            (many.as_str(), "1:", "outlines"),
            (deep.as_str(), "1:", "levels"),
            ("<opml><body>", "1:", "too early"),
            ("<rss><channel/></rss>", "1:", "not an OPML"),
            ("", "1:", "not an OPML"),
        ];
        for (text, line, why) in cases {
            let problem = parse("a.opml", text).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("a.opml:{line}")), "{problem}");
            assert!(problem.contains(why), "{problem}");
        }
    }

    fn outline() -> impl Strategy<Value = Outline> {
        let name = "[a-zđảáơ&<>\"' ]{0,12}";
        (
            prop::collection::vec(name, 0..4),
            name,
            "[a-z0-9?&=;%]{0,10}",
            prop::option::of("[a-z&\"-]{1,9}"),
            any::<bool>(),
        )
            .prop_map(|(groups, title, path, category, enabled)| Outline {
                groups: groups
                    .iter()
                    .map(|name| crate::text::normal::clean(name))
                    .collect(),
                title: crate::text::normal::clean(&title),
                url: Url::parse(&format!("https://a.vn/{path}")).ok(),
                home: Url::parse("https://a.vn/").ok(),
                category,
                key: Some("a/chung".to_owned()),
                enabled,
                line: 0,
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(feeds in prop::collection::vec(outline(), 0..8)) {
            let mut again = parse("a.opml", &print("Điểm báo <&>", &feeds)).unwrap();
            again.iter_mut().for_each(|feed| feed.line = 0);
            let sorted = |mut feeds: Vec<Outline>| {
                feeds.sort_by(|a, b| (&a.groups, &a.title, &a.url).cmp(&(&b.groups, &b.title, &b.url)));
                feeds
            };
            // A group is written once, however its feeds are mixed with others.
            prop_assert_eq!(again.len(), feeds.len());
            let (again, feeds) = (sorted(again), sorted(feeds));
            for (a, b) in again.iter().zip(&feeds) {
                prop_assert_eq!((&a.groups, &a.title, &a.url), (&b.groups, &b.title, &b.url));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|(<opml>|<outline |text=\"a\"|xmlUrl=\"https://a/\"|/>|>|</outline>|&a;|<!--){0,12}") {
            let _ = parse("a.opml", &text);
        }
    }
}
