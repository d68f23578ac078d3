//! A document as a server sent it → [`Reading`], or a refusal that says what it is instead.

use super::{
    decode::{self, Decoded},
    document::{Address, Document, Fields, Text},
    entity, json,
    plain::{clean_cow, clean_line, strip},
    repair::{self, NoFeed},
    strict,
    times::{self, Times},
    ttl,
    value::person,
};
use crate::{
    model::{Entry, FailureKind, HubLinks, PublisherHints},
    text::date,
};
use feed_rs::{model as rs, parser};
use jiff::{Timestamp, tz::TimeZone};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use url::Url;

/// A longer headline is cut.
const TITLE_MAX_BYTES: usize = 2_000;

/// A longer summary or content is cut; pages are fetched for the whole text.
const TEXT_MAX_BYTES: usize = 512 * 1024;

/// Longer addresses and ids are dropped: they name nothing.
const ADDRESS_MAX_BYTES: usize = 8 * 1024;

/// What a feed says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedMeta {
    /// Plain text.
    pub title: Option<String>,
    /// The site, absolute where the document's own address is known.
    pub link: Option<String>,
    /// An HTML fragment or plain text.
    pub description: Option<String>,
    /// As written: `vi`, `vi-VN`, also `vn`.
    pub language: Option<String>,
    /// atom:id.
    pub id: Option<String>,
    /// Often the time of the request.
    pub published: Option<Timestamp>,
    /// Often the time of the request.
    pub updated: Option<Timestamp>,
    /// Names.
    pub authors: Vec<String>,
    /// Terms.
    pub categories: Vec<String>,
}

/// Something that an admin may want to know of a feed that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// So many characters were lost to broken bytes.
    BrokenBytes(usize),
    /// The document breaks off; an entry that was not whole was left out.
    Cut,
    /// So many entries, the oldest, were left out because the document holds too many.
    TooManyEntries(usize),
    /// So many dates could not be read.
    UnreadableDates(usize),
    /// So many dates lie ahead of the arrival and are not believed.
    FutureDates(usize),
    /// Local times carry the label GMT; they were read as local.
    LocalTimeAsUtc,
    /// So many headlines or texts were cut at their limit.
    TextCut(usize),
}

/// A feed, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it says of itself.
    pub meta: FeedMeta,
    /// Its entries in the document's order, at most 5,000.
    pub entries: Vec<Entry>,
    /// In which charset it was read.
    pub decoded: Decoded,
    /// What was odd.
    pub warnings: Vec<Warning>,
    /// When the publisher wants us to come again.
    pub hints: PublisherHints,
    /// The hubs that the document names.
    pub links: HubLinks,
    /// Whether the document was whole and nothing of it was left out.
    pub complete: bool,
}

/// The document is no feed, or could not be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAFeed {
    /// `Html`, `Empty`, `NotAFeed` or `Reader`.
    pub kind: FailureKind,
    /// What it is instead, in one English line.
    pub detail: String,
}

impl NotAFeed {
    pub(super) fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

/// Reads a document as a server sent it: any charset, any dialect, however broken.
///
/// `content_type` is the header, verbatim; `base` where the document came from; `zone` that of dates without one;
/// `arrived` when it came, by which dates in the future are judged (`None` judges none).
///
/// # Errors
/// [`NotAFeed`] for pages, empty and foreign documents, and should feed-rs break down.
pub fn read(
    body: &[u8],
    content_type: Option<&str>,
    base: &Url,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
) -> Result<Reading, NotAFeed> {
    let (text, decoded) = decode::decode(body, content_type);
    let text = entity::without_declared(trimmed(&text));
    finish(gather(&text, base)?, decoded, base, zone, arrived)
}

/// Without the white space, marks and zeros around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'))
}

/// What was gathered, as feed-rs and our dates read it.
pub(super) fn finish(
    document: Document<'_>,
    decoded: Decoded,
    base: &Url,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
) -> Result<Reading, NotAFeed> {
    let feed = parse(strict::atom(&document), base)?;
    if feed.entries.len() != document.entries.len() {
        return Err(NotAFeed::new(
            FailureKind::Reader,
            "entries were lost on the way",
        ));
    }
    let mut warnings = Vec::new();
    let mut cut = 0;
    let times = times::of_entries(&document, zone, arrived, &mut warnings);
    let meta = meta(&document, &feed, zone, &mut cut);
    let links = hub_links(&document, base);
    let entries = feed
        .entries
        .into_iter()
        .zip(document.entries.into_iter().zip(times))
        .map(|(entry, (fields, times))| to_entry(entry, fields, times, &mut cut))
        .collect();
    for (warning, count) in [
        (Warning::BrokenBytes(decoded.broken), decoded.broken),
        (Warning::Cut, usize::from(document.cut)),
        (
            Warning::TooManyEntries(document.left_out),
            document.left_out,
        ),
        (Warning::TextCut(cut), cut),
    ] {
        if count > 0 {
            warnings.push(warning);
        }
    }
    Ok(Reading {
        meta,
        entries,
        decoded,
        warnings,
        hints: ttl::hints(&document.hints),
        links,
        complete: !document.cut && document.left_out == 0,
    })
}

fn gather<'a>(text: &'a str, base: &Url) -> Result<Document<'a>, NotAFeed> {
    if text.is_empty() {
        return Err(NotAFeed::new(FailureKind::Empty, "nothing in it"));
    }
    if text.starts_with(['{', '[']) {
        return json::read(text)
            .ok_or_else(|| NotAFeed::new(FailureKind::NotAFeed, "JSON that is no JSON Feed"));
    }
    repair::read(text, base).map_err(|reason| match reason {
        NoFeed::Html => NotAFeed::new(FailureKind::Html, "an HTML page"),
        NoFeed::Root(_) if text.chars().take(1024).any(|c| c == '\0') => {
            NotAFeed::new(FailureKind::NotAFeed, "binary data")
        }
        NoFeed::Root(Some(name)) => {
            let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            NotAFeed::new(
                FailureKind::NotAFeed,
                format!("a document of <{name}>, not a feed"),
            )
        }
        NoFeed::Root(None) => NotAFeed::new(FailureKind::NotAFeed, "neither XML nor JSON"),
    })
}

/// Has feed-rs read our strict Atom.
fn parse(atom: String, base: &Url) -> Result<rs::Feed, NotAFeed> {
    // Ids and dates are ours: neither is left to feed-rs.
    let parser = parser::Builder::new()
        .base_uri(Some(base.as_str()))
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|_| None)
        .sanitize_content(false)
        .build();
    // feed-rs 3.0.0 panics on some well-formed input; none that we know of can come from `strict`, but one bad feed
    // must harm only itself.
    match catch_unwind(AssertUnwindSafe(|| parser.parse(atom.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(NotAFeed::new(FailureKind::Reader, error.to_string())),
        Err(_) => Err(NotAFeed::new(
            FailureKind::Reader,
            "the feed parser broke down",
        )),
    }
}

fn meta(document: &Document<'_>, feed: &rs::Feed, zone: &TimeZone, cut: &mut usize) -> FeedMeta {
    let order = times::order(document);
    let time = |updated| {
        let printed = document
            .feed
            .date(updated)
            .find_map(|text| date::parse(text, order))?;
        printed.instant(zone)
    };
    FeedMeta {
        title: document
            .feed
            .title
            .get()
            .map(|text| title(text, cut))
            .filter(|title| !title.is_empty()),
        link: first_link(&document.feed, &feed.links),
        description: feed.description.as_ref().and_then(|text| {
            let html = text.content_type.subty().as_str() == "html";
            let value = Cow::Borrowed(text.content.as_str());
            fragment(Text { value, html }, cut)
        }),
        language: feed
            .language
            .as_deref()
            .map(clean_line)
            .filter(|language| !language.is_empty()),
        id: document.feed.id.get().and_then(|id| address(id)),
        published: time(false),
        updated: time(true),
        authors: authors(&document.feed),
        categories: terms(&document.feed),
    }
}

/// What the document says of its hubs, as whole addresses.
fn hub_links(document: &Document<'_>, base: &Url) -> HubLinks {
    let whole = |address: &Address<'_>| {
        let href = address.href.trim();
        let base = address.base.as_deref().unwrap_or(base);
        (href.len() <= ADDRESS_MAX_BYTES)
            .then(|| base.join(href).ok())
            .flatten()
    };
    HubLinks {
        hubs: document.hubs.iter().filter_map(whole).collect(),
        topic: document.topic.as_ref().and_then(whole),
    }
}

fn to_entry(entry: rs::Entry, fields: Fields<'_>, times: Times, cut: &mut usize) -> Entry {
    Entry {
        guid: fields.id.get().and_then(|id| address(id)),
        authors: authors(&fields),
        categories: terms(&fields),
        link: first_link(&fields, &entry.links),
        title: fields
            .title
            .get()
            .map(|text| title(text, cut))
            .unwrap_or_default(),
        summary: fields
            .summary
            .into_inner()
            .and_then(|text| fragment(text, cut)),
        content: fields
            .content
            .into_inner()
            .and_then(|text| fragment(text, cut)),
        published: times.published,
        updated: times.updated,
        raw_date: times.raw.as_deref().map(clean_line),
        enclosures: link(&entry.links, "enclosure").collect(),
    }
}

/// A headline: plain text on one line.
fn title(text: &Text<'_>, cut: &mut usize) -> String {
    let source = bound(&text.value, TEXT_MAX_BYTES, cut);
    let line = if text.html {
        clean_line(&strip(source))
    } else {
        clean_line(source)
    };
    bound(&line, TITLE_MAX_BYTES, cut).to_owned()
}

/// A fragment of HTML; literal text is escaped where it would be taken for markup.
fn fragment(text: Text<'_>, cut: &mut usize) -> Option<String> {
    let value = clean_cow(match text.value {
        Cow::Borrowed(value) => Cow::Borrowed(bound(value, TEXT_MAX_BYTES, cut)),
        Cow::Owned(mut value) => {
            let len = bound(&value, TEXT_MAX_BYTES, cut).len();
            value.truncate(len);
            Cow::Owned(value)
        }
    });
    if value.is_empty() {
        return None;
    }
    if text.html || !value.contains(['<', '&']) {
        return Some(value);
    }
    Some(value.replace('&', "&amp;").replace('<', "&lt;"))
}

fn bound<'a>(text: &'a str, max_bytes: usize, cut: &mut usize) -> &'a str {
    if text.len() <= max_bytes {
        return text;
    }
    *cut += 1;
    &text[..text.floor_char_boundary(max_bytes)]
}

fn address(text: &str) -> Option<String> {
    let text = clean_line(text);
    (!text.is_empty() && text.len() <= ADDRESS_MAX_BYTES).then_some(text)
}

fn link(links: &[rs::Link], rel: &'static str) -> impl Iterator<Item = String> {
    links
        .iter()
        .filter(move |link| link.rel.as_deref() == Some(rel))
        .filter_map(|link| address(&link.href))
}

/// The address of a feed's site or of an article: as it stands, or as feed-rs made it of its base.
fn first_link(fields: &Fields<'_>, links: &[rs::Link]) -> Option<String> {
    match fields.link.get().and_then(|address| address.settled()) {
        Some(settled) => address(settled),
        None => link(links, "alternate").next(),
    }
}

/// Names, the strongest statement alone: an editor is not an author where the author is named.
fn authors(fields: &Fields<'_>) -> Vec<String> {
    let strongest = fields.authors.iter().map(|(strength, _)| *strength).max();
    let mut names: Vec<String> = Vec::new();
    for (strength, name) in &fields.authors {
        if Some(*strength) < strongest {
            continue;
        }
        let name = person(&clean_line(&strip(name)));
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn terms(fields: &Fields<'_>) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for category in &fields.categories {
        let term = clean_line(&strip(category));
        if !term.is_empty() && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

#[cfg(test)]
mod tests;
