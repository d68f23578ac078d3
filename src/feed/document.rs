//! What a feed document says, gathered but not yet read: slices of it wherever possible.

use crate::text::date;
use std::{borrow::Cow, cmp::Reverse, collections::HashSet, net::Ipv4Addr, rc::Rc};
use url::Url;

/// Entries kept of one document.
pub(super) const ENTRIES_MAX: usize = 5_000;

/// Values kept of properties that may stand several times.
pub(super) const VALUES_MAX: usize = 64;

/// Hubs kept of a document: one is enough, a few let us choose.
pub(super) const HUBS_MAX: usize = 4;

/// Pictures, sounds and films kept of an entry.
pub(super) const ENCLOSURES_MAX: usize = 16;

/// A text as the document means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'a> {
    pub(super) value: Cow<'a, str>,
    /// Whether `value` is HTML source; else it is literal text.
    pub(super) html: bool,
}

/// A value that a stronger one replaces.
#[derive(Debug, Clone)]
pub(super) struct Slot<T> {
    held: Option<(u8, T)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T> Slot<T> {
    /// Keeps `value` unless one at least as strong is there.
    pub(super) fn offer(&mut self, strength: u8, value: T) {
        if self.held.as_ref().is_none_or(|(held, _)| *held < strength) {
            self.held = Some((strength, value));
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.held.as_ref().map(|(_, value)| value)
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.held.map(|(_, value)| value)
    }
}

/// An address as written, with the base it is relative to where that is not the document's own.
#[derive(Debug, Clone)]
pub(super) struct Address<'a> {
    pub(super) href: Cow<'a, str>,
    pub(super) base: Option<Rc<Url>>,
}

impl Address<'_> {
    /// The address, where neither a base nor the URL standard's spelling could make another of it.
    pub(super) fn settled(&self) -> Option<&str> {
        let href = self.href.trim();
        is_settled(href).then_some(href)
    }
}

/// Whether the URL standard would write the address just so: whole, of letters that it neither folds nor escapes. Most
/// addresses of every feed are; of others it only says that they want a closer look.
fn is_settled(href: &str) -> bool {
    let Some((scheme, rest)) = href.split_once("://") else {
        return false;
    };
    let Some((authority, path)) = rest.split_once('/') else {
        return false;
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_usual = |port: u16| matches!((scheme, port), ("http", 80) | ("https", 443));
    let as_number = |port: &str| {
        !port.starts_with(['0', '+']) && port.parse().is_ok_and(|port| !is_usual(port))
    };
    let is_path =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    matches!(scheme, "http" | "https")
        && (is_plain_name(host) || host.parse::<Ipv4Addr>().is_ok())
        && port.is_none_or(as_number)
        && path.bytes().all(is_path)
        && !path.starts_with('.')
        && !path.contains("/.")
}

/// Whether a host is a name in small letters, with nothing in it that is a number or written in another alphabet.
fn is_plain_name(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let mut labels = host.split('.');
    labels
        .all(|label| !label.is_empty() && label.bytes().all(is_plain) && !label.starts_with("xn--"))
        && host
            .rsplit('.')
            .next()
            .is_some_and(|top| top.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// A printed date: whether it is that of a change, how strongly it speaks, its text.
#[derive(Debug, Clone)]
pub(super) struct PrintedDate<'a> {
    pub(super) updated: bool,
    pub(super) strength: u8,
    pub(super) text: Cow<'a, str>,
}

/// The properties of a feed or an entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields<'a> {
    pub(super) id: Slot<Cow<'a, str>>,
    pub(super) title: Slot<Text<'a>>,
    pub(super) link: Slot<Address<'a>>,
    pub(super) summary: Slot<Text<'a>>,
    pub(super) content: Slot<Text<'a>>,
    pub(super) language: Slot<Cow<'a, str>>,
    pub(super) dates: Vec<PrintedDate<'a>>,
    pub(super) authors: Vec<(u8, Cow<'a, str>)>,
    pub(super) categories: Vec<Cow<'a, str>>,
    pub(super) enclosures: Vec<Address<'a>>,
}

impl Fields<'_> {
    /// Whether nothing at all is set.
    pub(super) fn is_empty(&self) -> bool {
        self.id.get().is_none()
            && self.title.get().is_none()
            && self.link.get().is_none()
            && self.summary.get().is_none()
            && self.content.get().is_none()
            && self.dates.is_empty()
            && self.authors.is_empty()
            && self.categories.is_empty()
            && self.enclosures.is_empty()
    }

    /// The printed date that speaks strongest; of equals the last, as an update replaces what it updates.
    pub(super) fn date(&self, updated: bool) -> impl Iterator<Item = &str> {
        let mut dates: Vec<_> = self
            .dates
            .iter()
            .filter(|date| date.updated == updated)
            .collect();
        dates.reverse();
        dates.sort_by_key(|date| std::cmp::Reverse(date.strength));
        dates.into_iter().map(|date| date.text.trim())
    }
}

/// The publisher's wishes as written.
#[derive(Debug, Clone, Default)]
pub(super) struct RawHints<'a> {
    pub(super) ttl: Option<Cow<'a, str>>,
    pub(super) skip_hours: Vec<Cow<'a, str>>,
    pub(super) skip_days: Vec<Cow<'a, str>>,
    pub(super) update_period: Option<Cow<'a, str>>,
    pub(super) update_frequency: Option<Cow<'a, str>>,
}

/// A feed document, gathered.
#[derive(Debug, Clone, Default)]
pub(super) struct Document<'a> {
    pub(super) feed: Fields<'a>,
    pub(super) entries: Vec<Fields<'a>>,
    pub(super) hints: RawHints<'a>,
    /// The hubs it names.
    pub(super) hubs: Vec<Address<'a>>,
    /// The address it gives itself.
    pub(super) topic: Option<Address<'a>>,
    /// Whether it breaks off before its end.
    pub(super) cut: bool,
    /// Entries left out because there were too many.
    pub(super) left_out: usize,
}

impl<'a> Document<'a> {
    /// Every printed date of the entries.
    pub(super) fn printed_dates(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .flat_map(|entry| &entry.dates)
            .map(|date| date.text.trim())
    }

    /// Adds an entry if it says anything; of far too many the oldest are left out.
    pub(super) fn add(&mut self, entry: Fields<'a>) {
        if !entry.is_empty() {
            self.entries.push(entry);
            if self.entries.len() >= 2 * ENTRIES_MAX {
                self.keep_newest(ENTRIES_MAX);
            }
        }
    }

    /// Notes a hub; more than a few are nobody's need.
    pub(super) fn add_hub(&mut self, hub: Address<'a>) {
        if !hub.href.trim().is_empty() && self.hubs.len() < HUBS_MAX {
            self.hubs.push(hub);
        }
    }

    /// Leaves out the oldest entries beyond `max`; those without a date count as the oldest, later ones first.
    pub(super) fn keep_newest(&mut self, max: usize) {
        if self.entries.len() <= max {
            return;
        }
        let order = date::order_of(self.printed_dates());
        let printed = |entry: &Fields<'_>| {
            entry
                .date(false)
                .chain(entry.date(true))
                .find_map(|text| date::parse(text, order))
        };
        let mut ranked: Vec<_> = self
            .entries
            .iter()
            .map(|entry| printed(entry).map(|printed| printed.civil))
            .enumerate()
            .collect();
        ranked.sort_by_key(|(at, civil)| (Reverse(*civil), *at));
        let kept: HashSet<usize> = ranked.into_iter().take(max).map(|(at, _)| at).collect();
        self.left_out += self.entries.len() - kept.len();
        let mut at = 0;
        self.entries.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_addresses_are_settled_and_odd_ones_are_not() {
        for settled in [
            "https://baoangiang.com.vn/xay-dung-dang/bai-a317.html",
            "http://127.0.0.1:8080/rss/0.xml",
            "https://bao.vn/",
        ] {
            assert!(is_settled(settled), "{settled}");
        }
        for odd in [
            "/bai-a317.html",
            "//bao.vn/a",
            "https://bao.vn",
            "HTTPS://bao.vn/a",
            "https://Bao.vn/a",
            "https://xn--bo-jma.vn/a",
            "https://bao.vn:443/a",
            "https://bao.vn:0443/a",
            "https://1.2.3/a",
            "https://bao.vn/../a",
            "https://bao.vn/a/./b",
            "https://bao.vn/đảng",
            "https://an@bao.vn/a",
            "ftp://bao.vn/a",
        ] {
            assert!(!is_settled(odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn a_settled_address_is_written_as_the_url_standard_writes_it(
            host in "[a-z0-9.:-]{0,3}[a-z0-9]{0,3}[.][a-z0-9x]{0,3}(:[0-9]{0,5})?", path in "[a-zA-Z0-9/._-]{0,12}",
        ) {
            for scheme in ["http", "https"] {
                let href = format!("{scheme}://{host}/{path}");
                if is_settled(&href) {
                    let read = Url::parse(&href).unwrap();
                    prop_assert_eq!(read.as_str(), &href);
                }
            }
        }
    }
}
