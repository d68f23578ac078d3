//! A list page (a section's front) → its items, by the selectors of the config: for sources without a feed.

use super::{dates, decode, guard, meta, site};
use crate::feed::{Listed, NotAFeed, Reading, listed};
use crate::model::{FailureKind, ListRules};
use crate::text::date;
use dom_query::{Document, Matcher, NodeRef, Selection};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;
use url::Url;

/// Items read of one page; a front has some dozens.
const ITEMS_MAX: usize = 500;

/// Reads the items of a list page. `base` is where the page came from, `zone` that of its dates, `arrived` when it came.
///
/// Items without an address or a headline are left out, as are repetitions of one address. Time is linear in the page,
/// memory bounded.
///
/// # Errors
/// [`NotAFeed`] with [`FailureKind::TooLarge`] beyond [`super::MAX_PAGE_BYTES`], [`FailureKind::NoItems`] where the
/// selectors find nothing: a list page is never empty, so the page has changed or another one came.
pub fn read_list(
    html: &[u8],
    content_type: Option<&str>,
    base: &Url,
    rules: &ListRules,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
) -> Result<Reading, NotAFeed> {
    if html.len() > super::MAX_PAGE_BYTES {
        return Err(refuse(FailureKind::TooLarge, "the page is too large"));
    }
    let read = std::panic::AssertUnwindSafe(|| {
        let (text, decoded) = decode::decode(html, content_type);
        let document = Document::from(guard::bounded(&text));
        let base = site::base(&document, base);
        let title = meta::document_title(&document);
        let items = items(&document, &base, rules)?;
        listed(title.as_deref(), &items, decoded, &base, zone, arrived)
    });
    // The tree builder is not ours: a panic in it is this page's trouble only.
    std::panic::catch_unwind(read)
        .unwrap_or_else(|_| Err(refuse(FailureKind::Reader, "the page could not be read")))
}

fn refuse(kind: FailureKind, detail: &str) -> NotAFeed {
    NotAFeed {
        kind,
        detail: detail.to_owned(),
    }
}

/// The compiled selectors.
struct Selectors {
    item: Matcher,
    link: Option<Matcher>,
    title: Option<Matcher>,
    time: Option<Matcher>,
    summary: Option<Matcher>,
}

impl Selectors {
    /// `None` where one is no selector, which the config's check has refused.
    fn new(rules: &ListRules) -> Option<Self> {
        let optional = |text: &Option<String>| match text {
            Some(text) => Matcher::new(text).map(Some),
            None => Ok(None),
        };
        Some(Self {
            item: Matcher::new(&rules.item).ok()?,
            link: optional(&rules.link).ok()?,
            title: optional(&rules.title).ok()?,
            time: optional(&rules.time).ok()?,
            summary: optional(&rules.summary).ok()?,
        })
    }
}

fn items(document: &Document, base: &Url, rules: &ListRules) -> Result<Vec<Listed>, NotAFeed> {
    let selectors = Selectors::new(rules)
        .ok_or_else(|| refuse(FailureKind::NoItems, "a selector that is none"))?;
    let found = document.select_matcher(&selectors.item);
    let mut met = HashSet::new();
    let items: Vec<Listed> = found
        .nodes()
        .iter()
        .filter_map(|node| item(*node, base, &selectors))
        .filter(|item| met.insert(item.link.clone()))
        .take(ITEMS_MAX)
        .collect();
    if !items.is_empty() {
        return Ok(items);
    }
    let places = found.nodes().len();
    let selector = &rules.item;
    Err(refuse(
        FailureKind::NoItems,
        &match places {
            0 => format!("nothing in the page matches {selector:?}"),
            _ => format!(
                "{places} places match {selector:?}, none of them holds a link with a headline"
            ),
        },
    ))
}

fn item(node: NodeRef<'_>, base: &Url, selectors: &Selectors) -> Option<Listed> {
    let place = Selection::from(node);
    let first = |matcher: &Matcher| {
        place
            .select_single_matcher(matcher)
            .nodes()
            .first()
            .copied()
    };
    let text_of = |matcher: &Option<Matcher>| {
        let text = meta::tidy(&first(matcher.as_ref()?)?.text());
        (!text.is_empty()).then_some(text)
    };
    let link = match &selectors.link {
        Some(matcher) => linked(first(matcher)?)?,
        None => own_link(node)?,
    };
    let address = base.join(link.attr("href")?.trim()).ok()?;
    matches!(address.scheme(), "http" | "https").then_some(())?;
    let title = match &selectors.title {
        Some(_) => text_of(&selectors.title),
        None => Some(headline(&link)),
    };
    let mut listed = Listed {
        link: address.into(),
        title: title.filter(|title| !title.is_empty())?,
        summary: text_of(&selectors.summary),
        ..Listed::default()
    };
    if let Some(time) = selectors.time.as_ref().and_then(first) {
        when(&time, &mut listed);
    }
    Some(listed)
}

/// The link at, in or around an element.
fn linked(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let is_link = |node: &NodeRef<'_>| node.has_name("a") && node.has_attr("href");
    if is_link(&node) {
        return Some(node);
    }
    let inside = Selection::from(node).select_single("a[href]");
    inside
        .nodes()
        .first()
        .copied()
        .or_else(|| node.ancestors_it(Some(8)).find(is_link))
}

/// The item's own link: itself, else its first with a text; pictures are linked too.
fn own_link(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    if node.has_name("a") && node.has_attr("href") {
        return Some(node);
    }
    let links = Selection::from(node).select("a[href]");
    let mut nodes = links.nodes().iter().copied();
    nodes.find(|link| !headline(link).is_empty())
}

/// A link's text, else its title: pictures and cut headlines have the whole one there.
fn headline(link: &NodeRef<'_>) -> String {
    let text = meta::tidy(&link.text());
    let title = link
        .attr("title")
        .map(|title| meta::tidy(&title))
        .unwrap_or_default();
    let cut = text.ends_with('…') || text.ends_with("...");
    if text.is_empty() || (cut && title.chars().count() > text.chars().count()) {
        title
    } else {
        text
    }
}

/// The time of an item: a `datetime` for machines, else what is printed.
fn when(node: &NodeRef<'_>, listed: &mut Listed) {
    let stated = ["datetime", "data-time", "title"]
        .iter()
        .filter_map(|name| node.attr(name))
        .map(|text| meta::tidy(&text))
        .find(|text| date::parse(text, None).is_some());
    let text = meta::tidy(&node.text());
    let printed = stated.or_else(|| {
        if date::parse(&text, None).is_some() {
            return Some(text.clone());
        }
        let stamp = dates::find(&text, dates::Written::Printed)?;
        Some(clock(stamp.clock))
    });
    match printed {
        Some(printed) => listed.printed = Some(printed),
        None => listed.ago = ago(&text),
    }
}

/// A clock without a zone, as ISO 8601: dates found amid other words are kept so.
fn clock(at: civil::DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// "15 phút trước", "2 giờ trước", "3 days ago", "hôm qua".
fn ago(text: &str) -> Option<SignedDuration> {
    static AGO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(\d{1,3})\s*(phút|giờ|tiếng|ngày|tuần|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?)\s*(?:trước|ago)")
            .expect("a constant pattern")
    });
    let lower = text.to_lowercase();
    if lower.contains("vừa xong") || lower.contains("just now") {
        return Some(SignedDuration::ZERO);
    }
    if lower.starts_with("hôm qua") || lower == "yesterday" {
        return Some(SignedDuration::from_hours(24));
    }
    let found = AGO.captures(&lower)?;
    let count: i64 = found[1].parse().ok()?;
    let unit = &found[2];
    let minutes = match unit {
        _ if unit.starts_with("ph") || unit.starts_with("min") => 1,
        _ if unit.starts_with("gi") || unit.starts_with("ti") || unit.starts_with('h') => 60,
        _ if unit.starts_with("ng") || unit.starts_with("da") => 24 * 60,
        _ => 7 * 24 * 60,
    };
    Some(SignedDuration::from_mins(count * minutes))
}

#[cfg(test)]
mod tests;
