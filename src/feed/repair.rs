//! Reads what a feed document says, however broken its XML: missing or wrong namespaces, open tags, upper case, junk
//! around the root, any dialect. It gathers slices; [`super::strict`] then writes them as XML that deserves the name.
//!
//! One pass over the tokens, a bounded stack, no recursion. Entities that a document declares are not expanded.

mod fields;

use super::{
    dialect::{self, Field, Role, Space},
    document::{Document, ENTRIES_MAX, Fields},
    markup::{self, Token, Tokens},
    value::{self, Inside},
};
use fields::{cdf_attributes, note_hub, set};
use std::rc::Rc;
use url::Url;

/// Elements nested deeper than this are not told apart: no feed is, except those that want to hurt.
const DEPTH_MAX: usize = 64;

/// Namespace declarations in force at one time.
const BINDINGS_MAX: usize = 128;

/// A longer `xml:base` is passed over: it would be written before each of thousands of addresses.
const BASE_MAX_BYTES: usize = 256;

/// Why a text is no feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoFeed {
    /// It is a web page.
    Html,
    /// It has another root, or none.
    Root(Option<String>),
}

/// Gathers what the document says. `base` is where it came from.
pub(super) fn read<'a>(text: &'a str, base: &Url) -> Result<Document<'a>, NoFeed> {
    let mut reader = Reader {
        tokens: Tokens::new(text),
        text,
        base,
        frames: Vec::new(),
        too_deep: 0,
        bindings: Vec::new(),
        entry: None,
        found: false,
        first: None,
        document: Document::default(),
    };
    reader.run()?;
    if !reader.found {
        return Err(NoFeed::Root(reader.first.map(str::to_owned)));
    }
    reader.end_of_text();
    Ok(reader.document)
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    Feed,
    Entry,
    Other,
}

struct Frame<'a> {
    name: &'a str,
    kind: Kind,
    /// How many namespace bindings were in force outside of it.
    bindings: usize,
    base: Option<Rc<Url>>,
}

struct Reader<'a, 'b> {
    text: &'a str,
    tokens: Tokens<'a>,
    base: &'b Url,
    frames: Vec<Frame<'a>>,
    /// Open elements beyond `DEPTH_MAX`.
    too_deep: usize,
    /// Prefixes (empty for the default) and what they mean.
    bindings: Vec<(&'a str, Space)>,
    entry: Option<Fields<'a>>,
    /// Whether a root was seen.
    found: bool,
    first: Option<&'a str>,
    document: Document<'a>,
}

impl<'a> Reader<'a, '_> {
    fn run(&mut self) -> Result<(), NoFeed> {
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Open {
                    name,
                    attributes,
                    empty,
                } => self.open(name, attributes, empty)?,
                Token::Close { name } => self.close(name),
                Token::Doctype(text) if !self.found && is_html_doctype(text) => {
                    return Err(NoFeed::Html);
                }
                _ => {}
            }
            if self.found && self.frames.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &'a str, attributes: &'a str, empty: bool) -> Result<(), NoFeed> {
        let outer = self.bindings.len();
        if attributes.contains("xmlns") {
            self.bind(attributes);
        }
        let role = self.role(name);
        if !self.found && !self.is_root(name, role)? {
            self.bindings.truncate(outer);
            return Ok(());
        }
        let parent = self.frames.last().map(|frame| frame.kind);
        let base = self.named_base(attributes);
        match (role, parent) {
            (Role::Field(field, strength), Some(Kind::Feed | Kind::Entry | Kind::Root)) => {
                self.field(field, strength, name, attributes, empty, base);
                self.bindings.truncate(outer);
            }
            (Role::Root, None) => self.push(name, Kind::Root, outer, base, empty),
            (Role::Feed, None | Some(Kind::Root | Kind::Feed)) => {
                self.feed_attributes(attributes);
                self.push(name, Kind::Feed, outer, base, empty);
            }
            (Role::Entry, _) => {
                self.begin_entry(attributes);
                self.push(name, Kind::Entry, outer, base, empty);
            }
            _ => self.push(name, Kind::Other, outer, base, empty),
        }
        Ok(())
    }

    /// Whether this element opens the feed; anything before is junk, but a web page is a web page.
    fn is_root(&mut self, name: &'a str, role: Role) -> Result<bool, NoFeed> {
        if name.eq_ignore_ascii_case("html") {
            return Err(NoFeed::Html);
        }
        self.found = match role {
            Role::Root | Role::Feed => true,
            Role::Entry => {
                self.first.is_none() && markup::local_name(name).eq_ignore_ascii_case("entry")
            }
            _ => false,
        };
        self.first.get_or_insert(name);
        Ok(self.found)
    }

    fn push(
        &mut self,
        name: &'a str,
        kind: Kind,
        bindings: usize,
        base: Option<Rc<Url>>,
        empty: bool,
    ) {
        if empty {
            self.bindings.truncate(bindings);
            if kind == Kind::Entry {
                self.end_entry();
            }
        } else if self.frames.len() < DEPTH_MAX {
            self.frames.push(Frame {
                name,
                kind,
                bindings,
                base,
            });
        } else {
            self.too_deep += 1;
        }
    }

    /// Closes the innermost element of this name and what was left open in it; an end tag of nothing is ignored.
    fn close(&mut self, name: &str) {
        if self.too_deep > 0 && !self.encloses(name) {
            self.too_deep -= 1;
            return;
        }
        let Some(at) = self
            .frames
            .iter()
            .rposition(|frame| frame.name.eq_ignore_ascii_case(name))
        else {
            return;
        };
        // A stray `</b>` must not reach out of the entry it stands in.
        let entry = self
            .frames
            .iter()
            .rposition(|frame| frame.kind == Kind::Entry);
        if entry.is_some_and(|entry| at < entry) && self.frames[at].kind == Kind::Other {
            return;
        }
        self.too_deep = 0;
        for frame in self.frames.split_off(at) {
            self.bindings.truncate(frame.bindings);
            if frame.kind == Kind::Entry {
                self.end_entry();
            }
        }
    }

    fn begin_entry(&mut self, attributes: &'a str) {
        if let Some(open) = self
            .frames
            .iter()
            .position(|frame| frame.kind == Kind::Entry)
        {
            // An item in an item: the end tag of the first was forgotten.
            self.frames.truncate(open);
            self.end_entry();
        }
        let mut fields = Fields::default();
        if let Some(about) =
            markup::attribute(attributes, "about").filter(|about| !about.trim().is_empty())
        {
            fields.id.offer(2, about);
        }
        cdf_attributes(&mut fields, attributes);
        self.entry = Some(fields);
    }

    fn end_entry(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.document.add(entry);
        }
    }

    fn feed_attributes(&mut self, attributes: &'a str) {
        cdf_attributes(&mut self.document.feed, attributes);
        if let Some(language) = attributes
            .contains("xml:lang")
            .then(|| markup::attribute(attributes, "lang"))
            .flatten()
        {
            self.document.feed.language.offer(1, language);
        }
    }

    /// The text broke off: an entry that is not whole is left out, unless it is all there is.
    fn end_of_text(&mut self) {
        let closed = self.frames.is_empty();
        self.document.cut |= !closed && self.entry.is_some();
        if self.document.entries.is_empty() {
            self.end_entry();
        }
        self.document.keep_newest(ENTRIES_MAX);
    }

    /// The base that a tag names, whatever bases are in force around it.
    fn named_base(&self, attributes: &str) -> Option<Rc<Url>> {
        let base = attributes
            .contains("xml:base")
            .then(|| markup::attribute(attributes, "base"))??;
        let around = self.own_base(None);
        let base = around.as_deref().unwrap_or(self.base).join(base.trim());
        base.ok()
            .filter(|base| base.as_str().len() <= BASE_MAX_BYTES)
            .map(Rc::new)
    }

    /// The base in force, where it is not the document's own.
    fn own_base(&self, base: Option<Rc<Url>>) -> Option<Rc<Url>> {
        base.or_else(|| {
            self.frames
                .iter()
                .rev()
                .find_map(|frame| frame.base.clone())
        })
    }

    fn bind(&mut self, attributes: &'a str) {
        for (name, value) in markup::attributes(attributes) {
            let Some(prefix) = name.strip_prefix("xmlns") else {
                continue;
            };
            let space = match (prefix.strip_prefix(':'), dialect::space_of(&value)) {
                (_, Some(space)) => space,
                // Whatever a root claims to be by default, it is what it is.
                (None, None) if self.frames.is_empty() => Space::Core,
                // A known prefix bound to a wrong address is still that prefix.
                (Some(prefix), None) => dialect::space_of_prefix(prefix),
                (None, None) => Space::Other,
            };
            if self.bindings.len() < BINDINGS_MAX {
                self.bindings.push((prefix.trim_start_matches(':'), space));
            }
        }
    }

    fn role(&self, name: &str) -> Role {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let space = self
            .bindings
            .iter()
            .rev()
            .find(|(bound, _)| *bound == prefix)
            .map(|(_, space)| *space);
        let space = space.unwrap_or_else(|| match prefix {
            "" => Space::Core,
            _ => dialect::space_of_prefix(&prefix.to_ascii_lowercase()),
        });
        if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
            dialect::role(space, &local.to_ascii_lowercase())
        } else {
            dialect::role(space, local)
        }
    }
}

/// `<!DOCTYPE html>` and the PUBLIC forms of HTML 4 and XHTML.
fn is_html_doctype(text: &str) -> bool {
    text.split_whitespace()
        .nth(1)
        .is_some_and(|name| name.trim_end_matches('>').eq_ignore_ascii_case("html"))
}

impl<'a> Reader<'a, '_> {
    fn field(
        &mut self,
        field: Field,
        strength: u8,
        name: &'a str,
        attributes: &'a str,
        empty: bool,
        base: Option<Rc<Url>>,
    ) {
        let inside = if empty {
            Inside {
                source: "",
                attributes,
                markup: false,
            }
        } else {
            self.inside(field, name, attributes)
        };
        let base = match field {
            Field::Link | Field::Enclosure => self.own_base(base),
            _ => None,
        };
        match field {
            Field::Ttl
            | Field::SkipHours
            | Field::SkipDays
            | Field::UpdatePeriod
            | Field::UpdateFrequency => {
                self.hint(field, inside);
            }
            _ => {
                if field == Field::Link && self.entry.is_none() {
                    note_hub(&mut self.document, attributes, base.as_ref());
                }
                let fields = self.entry.as_mut().unwrap_or(&mut self.document.feed);
                set(fields, field, strength, inside, base);
            }
        }
    }

    /// Takes everything up to the end tag of `name`, or to where it must have been forgotten.
    fn inside(&mut self, field: Field, name: &'a str, attributes: &'a str) -> Inside<'a> {
        let start = self.tokens.position();
        let (mut depth, mut markup) = (0_usize, false);
        let end = loop {
            let before = self.tokens.position();
            match self.tokens.next() {
                None => {
                    self.document.cut = true;
                    break before;
                }
                Some(Token::Close { name: closed })
                    if closed == name || closed.eq_ignore_ascii_case(name) =>
                {
                    if depth == 0 {
                        break before;
                    }
                    depth -= 1;
                }
                Some(Token::Close { name: closed }) => {
                    if self.encloses(closed) {
                        self.tokens.rewind(before);
                        break before;
                    }
                    markup = true;
                }
                Some(Token::Open {
                    name: opened,
                    attributes,
                    empty,
                }) => {
                    if self.must_end(field, opened, attributes) {
                        self.tokens.rewind(before);
                        break before;
                    }
                    markup = true;
                    if !empty && opened.eq_ignore_ascii_case(name) {
                        depth += 1;
                    }
                }
                Some(_) => {}
            }
        };
        Inside {
            source: &self.text[start..end],
            attributes,
            markup,
        }
    }

    /// Whether this is the end tag of the entry or feed around.
    fn encloses(&self, name: &str) -> bool {
        self.frames
            .iter()
            .rev()
            .any(|frame| frame.kind != Kind::Other && frame.name.eq_ignore_ascii_case(name))
    }

    /// Whether this start tag cannot stand inside of the property.
    fn must_end(&self, field: Field, name: &str, attributes: &str) -> bool {
        if attributes.contains("xmlns") {
            return false;
        }
        match self.role(name) {
            Role::Entry => true,
            Role::Field(other, 3..) => field.is_short() && other != field,
            _ => false,
        }
    }

    fn hint(&mut self, field: Field, inside: Inside<'a>) {
        let hints = &mut self.document.hints;
        match field {
            Field::Ttl => hints.ttl = Some(inside.literal()),
            Field::SkipHours => hints.skip_hours = value::children(inside.source, "hour"),
            Field::SkipDays => hints.skip_days = value::children(inside.source, "day"),
            Field::UpdatePeriod => hints.update_period = Some(inside.literal()),
            _ => hints.update_frequency = Some(inside.literal()),
        }
    }
}
