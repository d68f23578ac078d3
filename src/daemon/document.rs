//! What a feed's address served, read as its kind has it. Pure.

use crate::feed::sitemap::Sitemap;
use crate::feed::{self, NotAFeed, Reading};
use crate::model::{FeedKind, FeedPart, Fetched, ListRules};
use crate::page;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A document, read.
#[derive(Debug)]
pub enum Document {
    /// Items.
    Entries(Box<Reading>),
    /// An index of sitemaps: those of its documents that may hold news.
    Index(Vec<FeedPart>),
}

/// Reads a document. `list` is for [`FeedKind::Page`]; a list page without selectors is read as a feed, which it is not.
///
/// # Errors
/// [`NotAFeed`] where it is something else.
pub fn read(
    kind: FeedKind,
    list: Option<&ListRules>,
    fetched: &Fetched,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Document, NotAFeed> {
    let (body, content_type) = (&fetched.body, fetched.content_type.as_deref());
    let base = &fetched.final_url;
    let entries = |reading| Document::Entries(Box::new(reading));
    match (kind, list) {
        (FeedKind::Sitemap, _) => {
            let read = feed::sitemap::read(body, content_type, base, zone, Some(now))?;
            Ok(match read {
                Sitemap::Articles(reading) => Document::Entries(reading),
                Sitemap::Index(parts) => Document::Index(parts),
            })
        }
        (FeedKind::Page, Some(rules)) => {
            page::read_list(body, content_type, base, rules, zone, Some(now)).map(entries)
        }
        (FeedKind::Page | FeedKind::Feed, _) => {
            feed::read(body, content_type, base, zone, Some(now)).map(entries)
        }
    }
}
