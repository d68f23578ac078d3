//! Sitemaps: what sources without a feed tell search engines. Plain ones and Google News', indexes of sitemaps, lists of
//! addresses as text; gzipped or not.
//!
//! After sitemaps.org 0.9 and Google's "News sitemaps". A document with titles reads as a feed does. One without has
//! addresses and times of change only: what does not look like an article's address is left out, and the headline
//! comes from the article's page.

use super::{
    Reading, decode,
    document::{Address, Document, ENTRIES_MAX, Fields, PrintedDate, Text},
    entity, markup,
    markup::{Token, Tokens},
    read::{self, NotAFeed, trimmed},
    value::Inside,
};
use crate::{
    model::{FailureKind, FeedPart, Validators},
    text::date,
};
use flate2::read::MultiGzDecoder;
use jiff::{Timestamp, civil, tz::TimeZone};
use std::{borrow::Cow, cmp::Reverse, io::Read as _};
use url::Url;

/// Bytes of a document after unpacking; what exceeds them is cut off, like a document that breaks off. The protocol
/// allows 50 MB, which no small machine wants to hold.
pub const INFLATED_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Addresses looked at in one document; twice what the protocol allows.
const LOOKED_AT_MAX: usize = 100_000;

/// Documents of one index that are read: the newest.
pub const PARTS_MAX: usize = 3;

/// From so many addresses on, times of change that are all the same say when the file was made.
const STAMPED_ALIKE: usize = 20;

/// What a sitemap is.
#[derive(Debug, Clone, PartialEq)]
pub enum Sitemap {
    /// Articles' addresses.
    Articles(Box<Reading>),
    /// An index: its documents that may hold news, the newest first, at most [`PARTS_MAX`]; none of them read yet.
    Index(Vec<FeedPart>),
}

/// Reads a sitemap as a server sent it. The arguments are those of [`super::read()`]; a feed at the address is read as one.
///
/// # Errors
/// [`NotAFeed`] for everything else.
pub fn read(
    body: &[u8],
    content_type: Option<&str>,
    base: &Url,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
) -> Result<Sitemap, NotAFeed> {
    let unpacked = unpack(body)?;
    let (text, decoded) = decode::decode(&unpacked.bytes, content_type);
    let text = entity::without_declared(trimmed(&text));
    let mut found = match root(&text) {
        Some(Root::Index) => return index(&text, base),
        Some(Root::Urls) => gather(&text),
        Some(Root::Other) => {
            return super::read(&unpacked.bytes, content_type, base, zone, arrived)
                .map(|reading| Sitemap::Articles(Box::new(reading)));
        }
        None => lines(&text)?,
    };
    found.cut |= unpacked.cut;
    let document = found.into_document(arrived.map(|at| at.to_zoned(zone.clone()).date()));
    let reading = read::finish(document, decoded, base, zone, arrived)?;
    Ok(Sitemap::Articles(Box::new(reading)))
}

struct Unpacked<'a> {
    bytes: Cow<'a, [u8]>,
    cut: bool,
}

/// Takes gzip off, by its magic number (RFC 1952 §2.3.1): servers label such files in every way.
fn unpack(body: &[u8]) -> Result<Unpacked<'_>, NotAFeed> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(Unpacked {
            bytes: Cow::Borrowed(body),
            cut: false,
        });
    }
    let mut bytes = Vec::new();
    let limit = INFLATED_MAX_BYTES as u64 + 1;
    let read = MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut bytes);
    if bytes.is_empty() {
        return Err(NotAFeed::new(
            FailureKind::BadEncoding,
            "gzip that cannot be unpacked",
        ));
    }
    let long = bytes.len() > INFLATED_MAX_BYTES;
    bytes.truncate(INFLATED_MAX_BYTES);
    Ok(Unpacked {
        bytes: Cow::Owned(bytes),
        cut: long || read.is_err(),
    })
}

enum Root {
    Urls,
    Index,
    Other,
}

/// By the first element; `None` where there is none.
fn root(text: &str) -> Option<Root> {
    let name = Tokens::new(text).find_map(|token| match token {
        Token::Open { name, .. } => Some(markup::local_name(name)),
        _ => None,
    })?;
    Some(match name.to_ascii_lowercase().as_str() {
        "urlset" | "url" => Root::Urls,
        "sitemapindex" | "sitemap" => Root::Index,
        _ => Root::Other,
    })
}

/// The properties of one address, as slices of the document.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'a> {
    loc: &'a str,
    changed: &'a str,
    title: &'a str,
    published: &'a str,
    keywords: &'a str,
}

#[derive(Debug, Default)]
struct Found<'a> {
    places: Vec<Place<'a>>,
    language: &'a str,
    left_out: usize,
    cut: bool,
}

/// Which property an element is, by the names around it; the innermost last.
fn property<'p, 'a>(place: &'p mut Place<'a>, path: &[&str]) -> Option<&'p mut &'a str> {
    let [.., parent, name] = path else {
        return None;
    };
    let is = |written: &str, wanted: &str| written.eq_ignore_ascii_case(wanted);
    let own = is(parent, "url") || is(parent, "sitemap");
    let news = is(parent, "news");
    Some(match name {
        name if own && is(name, "loc") => &mut place.loc,
        name if own && is(name, "lastmod") => &mut place.changed,
        name if news && is(name, "title") => &mut place.title,
        name if news && is(name, "publication_date") => &mut place.published,
        name if news && is(name, "keywords") => &mut place.keywords,
        _ => return None,
    })
}

/// Gathers every whole `<url>` (or `<sitemap>`) of the document.
fn gather(text: &str) -> Found<'_> {
    let mut found = Found::default();
    let mut tokens = Tokens::new(text);
    let mut path: Vec<&str> = Vec::new();
    let mut place = Place::default();
    let mut start = 0;
    let mut closed = false;
    loop {
        let before = tokens.position();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Open { name, empty, .. } => {
                let name = markup::local_name(name);
                if is_place(name) {
                    // An address that was left open ends where the next begins.
                    found.keep(std::mem::take(&mut place));
                    path.clear();
                }
                if !empty && path.len() < 8 {
                    path.push(name);
                }
                start = tokens.position();
            }
            Token::Close { name } => {
                let name = markup::local_name(name);
                closed = matches!(
                    name.to_ascii_lowercase().as_str(),
                    "urlset" | "sitemapindex"
                );
                if path
                    .last()
                    .is_some_and(|last| last.eq_ignore_ascii_case(name))
                {
                    let inside = &text[start..before];
                    if let Some(slot) = property(&mut place, &path) {
                        *slot = inside;
                    } else if found.language.is_empty() && name.eq_ignore_ascii_case("language") {
                        found.language = inside;
                    }
                }
                if let Some(at) = path
                    .iter()
                    .rposition(|open| open.eq_ignore_ascii_case(name))
                {
                    path.truncate(at);
                }
                if is_place(name) {
                    found.keep(std::mem::take(&mut place));
                }
            }
            _ => {}
        }
    }
    // What is still open when the document breaks off is not whole.
    found.cut = !closed;
    found
}

fn is_place(name: &str) -> bool {
    name.eq_ignore_ascii_case("url") || name.eq_ignore_ascii_case("sitemap")
}

impl<'a> Found<'a> {
    fn keep(&mut self, place: Place<'a>) {
        if place.loc.trim().is_empty() {
            return;
        }
        if self.places.len() < LOOKED_AT_MAX {
            self.places.push(place);
        } else {
            self.left_out += 1;
        }
    }

    /// The newest places as entries. `today` is the day on which the document came.
    fn into_document(mut self, today: Option<civil::Date>) -> Document<'a> {
        self.places
            .retain(|place| !place.title.is_empty() || names_an_article(&literal(place.loc)));
        self.forget_stamps();
        let mut document = Document {
            cut: self.cut,
            left_out: self.left_out,
            ..Document::default()
        };
        if !self.language.is_empty() {
            document.feed.language.offer(1, literal(self.language));
        }
        document.left_out += keep_newest(&mut self.places, today);
        document.entries = self.places.iter().map(fields).collect();
        document
    }

    /// Times of change that are all the same say nothing of any article.
    fn forget_stamps(&mut self) {
        let Some(first) = self.places.first().map(|place| place.changed) else {
            return;
        };
        if self.places.len() >= STAMPED_ALIKE
            && self.places.iter().all(|place| place.changed == first)
        {
            for place in &mut self.places {
                place.changed = "";
            }
        }
    }
}

/// Leaves the newest [`ENTRIES_MAX`]; of those without a date the last in the document, which is where most systems put
/// what is new, unless it goes backwards. How many were left out.
fn keep_newest(places: &mut Vec<Place<'_>>, today: Option<civil::Date>) -> usize {
    if places.len() <= ENTRIES_MAX {
        return 0;
    }
    let stamp = |place: &Place<'_>| {
        let text = if place.published.is_empty() {
            place.changed
        } else {
            place.published
        };
        let civil = date::parse(&literal(text), None)?.civil;
        // A year in the future would hold its place for ever.
        today
            .is_none_or(|today| civil.date() <= today.saturating_add(jiff::Span::new().days(2)))
            .then_some(civil)
    };
    let mut ranked: Vec<_> = places.iter().map(stamp).enumerate().collect();
    ranked.sort_by_key(|(at, civil)| (Reverse(*civil), Reverse(*at)));
    ranked.truncate(ENTRIES_MAX);
    let mut kept: Vec<usize> = ranked.into_iter().map(|(at, _)| at).collect();
    kept.sort_unstable();
    let left_out = places.len() - kept.len();
    *places = kept.into_iter().map(|at| places[at]).collect();
    left_out
}

fn literal(source: &str) -> Cow<'_, str> {
    Inside {
        source,
        attributes: "",
        markup: false,
    }
    .literal()
}

fn fields<'a>(place: &Place<'a>) -> Fields<'a> {
    let mut fields = Fields::default();
    fields.link.offer(
        1,
        Address {
            href: literal(place.loc),
            base: None,
        },
    );
    if !place.title.is_empty() {
        let title = Text {
            value: literal(place.title),
            html: true,
        };
        fields.title.offer(1, title);
    }
    for (text, updated) in [(place.published, false), (place.changed, true)] {
        if !text.is_empty() {
            fields.dates.push(PrintedDate {
                updated,
                strength: 1,
                text: literal(text),
            });
        }
    }
    if !place.keywords.is_empty() {
        let keywords = literal(place.keywords);
        fields.categories = keywords
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .take(30)
            .map(|word| Cow::Owned(word.to_owned()))
            .collect();
    }
    fields
}

/// Whether an address looks like an article's: a long slug, a number of the system's, a day in the path. Home page,
/// sections and tags have none of these.
fn names_an_article(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let parts: Vec<&str> = path
        .split('/')
        .skip(1)
        .filter(|part| !part.is_empty())
        .collect();
    let Some(last) = parts.last() else {
        return false;
    };
    let listed = [
        "tag",
        "tags",
        "author",
        "category",
        "chu-de",
        "tac-gia",
        "tu-khoa",
        "chuyen-muc",
        "topic",
    ];
    if parts.iter().any(|part| listed.contains(part)) {
        return false;
    }
    let stem = last.split('.').next().unwrap_or(last);
    let words = stem
        .split(['-', '_'])
        .filter(|word| word.chars().any(char::is_alphabetic));
    let number = |part: &str, digits: usize| {
        part.split(|c: char| !c.is_ascii_digit())
            .any(|run| run.len() >= digits)
    };
    let year = |part: &&str| {
        part.len() == 4 && part.starts_with("20") && part.bytes().all(|b| b.is_ascii_digit())
    };
    let dated = parts.iter().any(year) && words.clone().count() >= 2;
    words.count() >= 6 || number(stem, 5) || number(address, 7) || dated
}

/// A sitemap as text: one address a line, nothing else (sitemaps.org, "Text file").
fn lines(text: &str) -> Result<Found<'_>, NotAFeed> {
    if text.is_empty() {
        return Err(NotAFeed::new(FailureKind::Empty, "nothing in it"));
    }
    let mut found = Found::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !line.starts_with("http://") && !line.starts_with("https://")
            || line.contains(char::is_whitespace)
        {
            return Err(NotAFeed::new(
                FailureKind::NotAFeed,
                "neither a sitemap nor a list of addresses",
            ));
        }
        found.keep(Place {
            loc: line,
            ..Place::default()
        });
    }
    Ok(found)
}

/// The documents of an index that may hold news.
fn index(text: &str, base: &Url) -> Result<Sitemap, NotAFeed> {
    let mut parts: Vec<(usize, FeedPart)> = gather(text)
        .places
        .iter()
        .filter_map(|place| {
            let url = base.join(&literal(place.loc)).ok()?;
            matches!(url.scheme(), "http" | "https").then_some(())?;
            let changed = literal(place.changed).into_owned();
            Some(FeedPart {
                url,
                changed: Some(changed).filter(|changed| !changed.is_empty()),
                read: false,
                validators: Validators::default(),
                body_hash: None,
            })
        })
        .enumerate()
        .collect();
    if parts.is_empty() {
        return Err(NotAFeed::new(
            FailureKind::NotAFeed,
            "a sitemap index that names no sitemap",
        ));
    }
    if parts.iter().any(|(_, part)| !holds_other_things(part)) {
        parts.retain(|(_, part)| !holds_other_things(part));
    }
    parts.sort_by_cached_key(|(at, part)| Reverse((newness(part), *at)));
    parts.truncate(PARTS_MAX);
    Ok(Sitemap::Index(
        parts.into_iter().map(|(_, part)| part).collect(),
    ))
}

fn file_name(part: &FeedPart) -> String {
    let path = part.url.path().to_ascii_lowercase();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Sections, tags, authors, pictures: by the name of the file, as the common systems name them.
fn holds_other_things(part: &FeedPart) -> bool {
    let name = file_name(part);
    [
        "category",
        "categories",
        "tag",
        "author",
        "image",
        "video",
        "page-sitemap",
        "pages",
        "chuyen-muc",
        "chuyenmuc",
        "topic",
        "static",
        "event",
        "menu",
        "folder",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// How new a document of an index is: its date, else a name of news, else the numbers in its name.
fn newness(part: &FeedPart) -> (Option<Timestamp>, bool, Vec<u64>) {
    let name = file_name(part);
    let changed = part
        .changed
        .as_deref()
        .and_then(|text| date::parse(text, None));
    let changed = changed.and_then(|printed| printed.instant(&TimeZone::UTC));
    let news = ["news", "latest", "tin-moi", "tinmoi", "moi-nhat"]
        .iter()
        .any(|word| name.contains(word));
    let numbers = name
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|run| run.parse().ok())
        .collect();
    (changed, news, numbers)
}

#[cfg(test)]
mod tests;
