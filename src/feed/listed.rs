//! Items found on a page that is no feed, brought into the same form as a feed's: the same dates, bounds and cleaning.

use super::{
    decode::Decoded,
    document::{Address, Document, Fields, PrintedDate, Text},
    read::{self, NotAFeed, Reading},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::borrow::Cow;
use url::Url;

/// One item of a list page, as printed there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The article's address, absolute or relative to the page's.
    pub link: String,
    /// Plain text.
    pub title: String,
    /// The printed time.
    pub printed: Option<String>,
    /// How long ago it was published, where the page says just that ("2 giờ trước").
    pub ago: Option<SignedDuration>,
    /// Plain text.
    pub summary: Option<String>,
}

/// Reads items in the page's order, at most 5,000. The other arguments are those of [`super::read()`].
///
/// # Errors
/// [`NotAFeed`] should feed-rs break down.
pub fn listed(
    title: Option<&str>,
    items: &[Listed],
    decoded: Decoded,
    base: &Url,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
) -> Result<Reading, NotAFeed> {
    let mut document = Document::default();
    if let Some(title) = title {
        document.feed.title.offer(1, text(title));
    }
    let items = &items[..items.len().min(super::document::ENTRIES_MAX)];
    document.entries = items.iter().map(fields).collect();
    let mut reading = read::finish(document, decoded, base, zone, arrived)?;
    for (entry, item) in reading.entries.iter_mut().zip(items) {
        if entry.published.is_none()
            && let Some((now, ago)) = arrived.zip(item.ago)
        {
            entry.published = now.checked_sub(ago).ok();
        }
    }
    Ok(reading)
}

fn fields(item: &Listed) -> Fields<'_> {
    let mut fields = Fields::default();
    fields.title.offer(1, text(&item.title));
    fields.link.offer(
        1,
        Address {
            href: Cow::Borrowed(&item.link),
            base: None,
        },
    );
    if let Some(summary) = &item.summary {
        fields.summary.offer(1, text(summary));
    }
    if let Some(printed) = &item.printed {
        fields.dates.push(PrintedDate {
            updated: false,
            strength: 1,
            text: Cow::Borrowed(printed),
        });
    }
    fields
}

fn text(value: &str) -> Text<'_> {
    Text {
        value: Cow::Borrowed(value),
        html: false,
    }
}
