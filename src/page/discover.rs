//! Where a page says that feeds are: its `<link rel=alternate>`, and links that look like feeds.

use super::{decode, guard, meta, site};
use dom_query::Document;
use std::collections::HashSet;
use url::Url;

/// Addresses taken from one page.
const FOUND_MAX: usize = 60;

/// An address at which a page says, or lets us guess, that a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Where.
    pub url: Url,
    /// The page's name for it; may be empty.
    pub title: String,
    /// Whether the page declares it (`rel=alternate`) and does not just link there.
    pub declared: bool,
}

/// The feeds that a page offers, those it declares first. `base` is where the page came from.
///
/// Never fails: a page that cannot be read offers nothing.
pub fn discover(html: &[u8], content_type: Option<&str>, base: &Url) -> Vec<Offer> {
    if html.len() > super::MAX_PAGE_BYTES {
        return Vec::new();
    }
    let read = std::panic::AssertUnwindSafe(|| {
        let document = Document::from(guard::bounded(&decode::decode(html, content_type).0));
        let base = site::base(&document, base);
        let mut met = HashSet::new();
        let mut offers: Vec<Offer> = declared(&document, &base)
            .into_iter()
            .chain(linked(&document, &base))
            .filter(|offer| met.insert(offer.url.clone()))
            .collect();
        offers.truncate(FOUND_MAX);
        offers
    });
    // The tree builder is not ours: a panic in it is this page's trouble only.
    std::panic::catch_unwind(read).unwrap_or_default()
}

fn declared(document: &Document, base: &Url) -> Vec<Offer> {
    let links = document.select("link[rel][href]");
    let is_feed = |kind: &str| {
        let kind = kind.to_ascii_lowercase();
        ["rss", "atom", "rdf", "feed+json"]
            .iter()
            .any(|word| kind.contains(word))
    };
    links
        .nodes()
        .iter()
        .filter(|link| {
            let rel = link.attr("rel").unwrap_or_default().to_ascii_lowercase();
            let kind = link.attr("type").unwrap_or_default();
            rel.split_whitespace()
                .any(|word| word == "alternate" || word == "feed")
                && is_feed(&kind)
        })
        .filter_map(|link| {
            Some(Offer {
                url: http(base, &link.attr("href")?)?,
                title: meta::tidy(&link.attr("title").unwrap_or_default()),
                declared: true,
            })
        })
        .collect()
}

fn linked(document: &Document, base: &Url) -> Vec<Offer> {
    let links = document.select("a[href]");
    links
        .nodes()
        .iter()
        .filter_map(|link| {
            let url = http(base, &link.attr("href")?)?;
            looks_like_a_feed(&url).then(|| Offer {
                url,
                title: meta::tidy(&link.text()),
                declared: false,
            })
        })
        .collect()
}

fn http(base: &Url, href: &str) -> Option<Url> {
    let mut url = base.join(href.trim()).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// `/rss/…`, `….rss`, `/feed`, `/atom.xml`, `?feed=rss2`, and the pages on which papers list such.
fn looks_like_a_feed(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let named = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part);
        matches!(stem, "rss" | "feed" | "feeds" | "atom" | "rss2")
            || part.ends_with(".rss")
            || part.ends_with(".atom")
    };
    let asked = url
        .query()
        .is_some_and(|query| query.to_ascii_lowercase().contains("feed=rss"));
    parts.any(named) || asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_feeds_come_first_and_links_that_look_like_feeds_after() {
        let html = r#"<head><base href="https://baodongbung.example/vi/"><link rel="stylesheet" href="a.css">
            <link rel="alternate" type="application/rss+xml" title="Tin mới" href="../rss/home.rss">
            <link rel="alternate" hreflang="en" href="/en/"><link rel="Alternate" type="application/feed+json" href="feed.json#x"></head>
            <a href="/rss/xay-dung-dang.rss">Xây dựng Đảng</a><a href="/rss/home.rss">RSS</a><a href="/?feed=rss2">Nguồn</a>
            <a href="/tin/press-release">Thông cáo</a><a href="javascript:rss()">RSS</a><a href="mailto:rss@x.example">Thư</a><a href="/rss">RSS</a>"#;
        let base = Url::parse("https://baodongbung.example/").unwrap();
        let offers = discover(html.as_bytes(), None, &base);
        let got: Vec<_> = offers
            .iter()
            .map(|o| (o.url.as_str(), o.title.as_str(), o.declared))
            .collect();
        assert_eq!(
            got,
            [
                ("https://baodongbung.example/rss/home.rss", "Tin mới", true),
                ("https://baodongbung.example/vi/feed.json", "", true),
                (
                    "https://baodongbung.example/rss/xay-dung-dang.rss",
                    "Xây dựng Đảng",
                    false
                ),
                ("https://baodongbung.example/?feed=rss2", "Nguồn", false),
                ("https://baodongbung.example/rss", "RSS", false),
            ]
        );
    }
}
