//! Text of a hostile page → a document that is safe to build a tree of: elements, attributes, nesting and open
//! formatting are bounded, scripts and other content that is never read are gone. One pass, linear time.
//!
//! Needed because tree builders are quadratic in depth, in attributes of one tag and in unclosed formatting, and
//! because a stack overflow in a later recursion aborts the process.

/// Open elements at most; deeper ones lose their tags and keep their text.
pub(super) const MAX_DEPTH: usize = 160;
/// Elements at most.
const MAX_ELEMENTS: usize = 120_000;
/// Attributes kept of one tag.
const MAX_ATTRIBUTES: usize = 40;
/// Bytes of one attribute's value at most; a longer one is left out whole.
const MAX_VALUE_BYTES: usize = 16 * 1024;
/// Formatting elements (`b`, `i`, `font` …) open at once: the tree builder opens them again in every paragraph.
const MAX_FORMATTING: usize = 8;

/// Content that is never read.
const SKIPPED: [&str; 20] = [
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "math",
    "iframe",
    "object",
    "canvas",
    "audio",
    "video",
    "textarea",
    "select",
    "noembed",
    "noframes",
    "xmp",
    "plaintext",
    "frameset",
    "datalist",
    "applet",
];
const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "frame",
];
const FORMATTING: [&str; 13] = [
    "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements that begin only after an open paragraph has ended (HTML standard, 13.2.6.4.7).
const CLOSES_PARAGRAPH: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "section",
    "table",
    "ul",
];
/// Elements that one of a list ends, unless one of a second list stands between.
const IMPLIED_ENDS: [(&[&str], &[&str], &[&str]); 5] = [
    (&["li"], &["li"], &["ul", "ol", "menu", "div", "table"]),
    (&["dt", "dd"], &["dt", "dd"], &["dl", "div", "table"]),
    (&["td", "th"], &["td", "th"], &["tr", "table"]),
    (&["tr"], &["tr"], &["table"]),
    (
        &["tbody", "thead", "tfoot"],
        &["tbody", "thead", "tfoot"],
        &["table"],
    ),
];

/// The bounded document.
pub(super) fn bounded(html: &str) -> String {
    let mut guard = Guard {
        html,
        out: String::with_capacity(html.len().min(1 << 20)),
        open: Vec::new(),
        dropped: 0,
        formatting: 0,
        elements: 0,
        unclosed: [false; SKIPPED.len()],
    };
    guard.run();
    guard.out
}

struct Guard<'a> {
    html: &'a str,
    out: String,
    open: Vec<&'a str>,
    dropped: usize,
    formatting: usize,
    elements: usize,
    /// Skipped elements whose end tag is known not to come any more.
    unclosed: [bool; SKIPPED.len()],
}

/// A start tag as read: its name, its attributes as slices, and where it ends.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, Option<&'a str>)>,
    end: usize,
}

impl<'a> Guard<'a> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(found) = self.html[at..].find('<') {
            let open = at + found;
            self.text(at, open);
            at = self.markup(open);
        }
        self.text(at, self.html.len());
    }

    fn text(&mut self, from: usize, to: usize) {
        // NUL is dropped by browsers in text; elsewhere it only serves to hide things.
        self.out
            .extend(self.html[from..to].chars().filter(|c| *c != '\0'));
    }

    /// Handles what starts with `<` at `open`; returns where to go on.
    fn markup(&mut self, open: usize) -> usize {
        let rest = &self.html[open + 1..];
        match rest.bytes().next() {
            Some(b'!') if rest.starts_with("!--") => {
                // `<!-->` and `<!--->` are whole comments (HTML standard, 13.2.5.43).
                self.html[open + 3..]
                    .find("->")
                    .filter(|_| rest.starts_with("!-->") || rest.starts_with("!--->"))
                    .map(|end| open + 3 + end + 2)
                    .or_else(|| self.html[open + 4..].find("-->").map(|e| open + 4 + e + 3))
                    .unwrap_or(self.html.len())
            }
            Some(b'!' | b'?') => {
                let end = rest.find('>').map_or(self.html.len(), |e| open + 1 + e + 1);
                if self.elements == 0
                    && rest.len() > 8
                    && rest.as_bytes()[1..8].eq_ignore_ascii_case(b"doctype")
                    && end - open < 300
                {
                    self.out.push_str(&self.html[open..end]);
                }
                end
            }
            Some(b'/') => self.end_tag(open),
            Some(c) if c.is_ascii_alphabetic() => self.start_tag(open),
            _ => {
                self.out.push_str("&lt;");
                open + 1
            }
        }
    }

    fn end_tag(&mut self, open: usize) -> usize {
        let start = open + 2;
        let Some(close) = self.html[start..].find('>') else {
            return self.html.len();
        };
        let end = start + close + 1;
        let name = name_at(&self.html[start..start + close]);
        if contains(&FORMATTING, name) {
            if self.formatting > 0 {
                self.formatting -= 1;
                self.emit_end(name);
            }
        } else if name.eq_ignore_ascii_case("a") {
            self.emit_end(name);
        } else if self.dropped > 0 {
            self.dropped -= 1;
        } else if !contains(&["html", "body"], name) {
            // End tags without a start tag are noise; for `html` and `body` we wait for the end of the page, as some
            // papers put a whole second document into the first.
            if let Some(at) = self.open.iter().rposition(|o| o.eq_ignore_ascii_case(name)) {
                self.open.truncate(at);
                self.emit_end(name);
            }
        }
        end
    }

    fn emit_end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn start_tag(&mut self, open: usize) -> usize {
        let Some(tag) = read_tag(self.html, open + 1) else {
            return self.html.len();
        };
        if let Some(index) = SKIPPED
            .iter()
            .position(|s| s.eq_ignore_ascii_case(tag.name))
        {
            return self.skip(index, &tag);
        }
        if self.elements >= MAX_ELEMENTS {
            return tag.end;
        }
        if contains(&FORMATTING, tag.name) {
            if self.formatting < MAX_FORMATTING {
                self.formatting += 1;
                self.emit(&tag);
            }
            return tag.end;
        }
        // A link is closed by the next one; like formatting it may be misnested with blocks.
        if !contains(&VOID, tag.name) && !tag.name.eq_ignore_ascii_case("a") {
            self.imply_ends(tag.name);
            if self.open.len() >= MAX_DEPTH {
                self.dropped += 1;
                return tag.end;
            }
            self.open.push(tag.name);
        }
        self.emit(&tag);
        tag.end
    }

    /// Keeps our list of open elements in step with the tree builder's, which closes some by itself.
    fn imply_ends(&mut self, name: &str) {
        if contains(&CLOSES_PARAGRAPH, name) {
            self.close_up_to(
                &["p"],
                &["td", "th", "table", "button", "caption", "object"],
            );
        }
        for (starts, ends, walls) in IMPLIED_ENDS {
            if contains(starts, name) {
                self.close_up_to(ends, walls);
            }
        }
    }

    fn close_up_to(&mut self, ends: &[&str], walls: &[&str]) {
        for at in (0..self.open.len()).rev() {
            if contains(ends, self.open[at]) {
                return self.open.truncate(at);
            }
            if contains(walls, self.open[at]) {
                return;
            }
        }
    }

    fn emit(&mut self, tag: &Tag<'a>) {
        self.elements += 1;
        self.out.push('<');
        self.out.push_str(tag.name);
        for (name, value) in &tag.attributes {
            self.out.push(' ');
            self.out.push_str(name);
            if let Some(value) = value {
                let quote = if value.contains('"') { '\'' } else { '"' };
                self.out.push('=');
                self.out.push(quote);
                self.out.push_str(value);
                self.out.push(quote);
            }
        }
        self.out.push('>');
    }

    /// Leaves out an element with its content; structured data (JSON-LD) stays.
    fn skip(&mut self, index: usize, tag: &Tag<'a>) -> usize {
        if self.unclosed[index] {
            return tag.end;
        }
        let Some(close) = find_end(self.html, tag.end, SKIPPED[index]) else {
            self.unclosed[index] = true;
            // An unclosed script is the rest of the page; of the others the tag alone is left out.
            return if index < 2 { self.html.len() } else { tag.end };
        };
        let structured = tag.attributes.iter().any(|(n, v)| {
            n.eq_ignore_ascii_case("type") && v.is_some_and(|v| v.contains("ld+json"))
        });
        if index == 0 && structured && self.elements < MAX_ELEMENTS {
            self.emit(tag);
            self.out.push_str(&self.html[tag.end..close]);
            self.emit_end("script");
        }
        self.html[close..]
            .find('>')
            .map_or(self.html.len(), |e| close + e + 1)
    }
}

fn contains(list: &[&str], name: &str) -> bool {
    list.iter().any(|l| l.eq_ignore_ascii_case(name))
}

/// The tag name at the start of `text`.
fn name_at(text: &str) -> &str {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<'))
        .unwrap_or(text.len());
    &text[..end]
}

/// Where `</name` stands at or after `from`.
fn find_end(html: &str, from: usize, name: &str) -> Option<usize> {
    let mut at = from;
    while let Some(found) = html[at..].find("</") {
        let here = at + found;
        let after = &html.as_bytes()[here + 2..];
        if after.len() >= name.len()
            && after[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && after
                .get(name.len())
                .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
        {
            return Some(here);
        }
        at = here + 2;
    }
    None
}

/// Reads the start tag whose name begins at `start`; `None` when the page ends within it.
fn read_tag(html: &str, start: usize) -> Option<Tag<'_>> {
    let bytes = html.as_bytes();
    let name = name_at(&html[start..]);
    let mut attributes = Vec::new();
    let mut at = start + name.len();
    loop {
        while matches!(bytes.get(at), Some(b) if b.is_ascii_whitespace() || *b == b'/') {
            at += 1;
        }
        match bytes.get(at)? {
            b'>' => {
                let end = at + 1;
                return Some(Tag {
                    name,
                    attributes,
                    end,
                });
            }
            _ => {
                let (attribute, next) = read_attribute(html, at)?;
                let fits = attribute.1.is_none_or(|v| v.len() <= MAX_VALUE_BYTES)
                    && attribute.0.len() <= 100
                    && !attribute.0.contains(['<', '"', '\'']);
                if fits && attributes.len() < MAX_ATTRIBUTES {
                    attributes.push(attribute);
                }
                at = next;
            }
        }
    }
}

type Attribute<'a> = (&'a str, Option<&'a str>);

fn read_attribute(html: &str, start: usize) -> Option<(Attribute<'_>, usize)> {
    let bytes = html.as_bytes();
    let end_of = |from: usize, stop: fn(u8) -> bool| {
        bytes[from..]
            .iter()
            .position(|b| stop(*b))
            .map(|found| from + found)
    };
    // The first byte belongs to the name even if it is `=` (HTML standard, 13.2.5.32).
    let name_end = end_of(start + 1, |b| {
        b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=')
    })?;
    let name = html.get(start..name_end).unwrap_or("");
    let sign = end_of(name_end, |b| !b.is_ascii_whitespace())?;
    if bytes[sign] != b'=' {
        return Some(((name, None), name_end));
    }
    let value = end_of(sign + 1, |b| !b.is_ascii_whitespace())?;
    let (from, to, next) = match bytes[value] {
        b'"' => {
            let to = end_of(value + 1, |b| b == b'"')?;
            (value + 1, to, to + 1)
        }
        b'\'' => {
            let to = end_of(value + 1, |b| b == b'\'')?;
            (value + 1, to, to + 1)
        }
        _ => {
            let to = end_of(value, |b| b.is_ascii_whitespace() || b == b'>')?;
            (value, to, to)
        }
    };
    // An unquoted value may hold both quotes; what is then written would be another value: leave it out.
    let text = html.get(from..to)?;
    let clean = !(text.contains('"') && text.contains('\''));
    Some(((name, clean.then_some(text)), next))
}
