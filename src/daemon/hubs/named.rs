//! Which of the hubs that a document names may be asked. Pure.
//!
//! A feed is hostile input: what it names is asked only as far as the feed itself is trusted. Where the address leads to is
//! looked at when it is connected to (`net::guard`).

use crate::model::{HubLink, HubLinks, Source};
use url::Url;

/// A longer address names nothing; both have to fit into one more address when the hub verifies.
const ADDRESS_BYTES: usize = 1_024;

/// The hub to ask for a feed, and what to ask for. `at` is where the document came from after redirects, `headers` and
/// `document` what its `Link` headers and it itself name: headers go first (W3C WebSub §4).
pub fn choose(
    feed: &Url,
    source: &Source,
    at: &Url,
    headers: &HubLinks,
    document: &HubLinks,
) -> Option<HubLink> {
    // What is given only to those who know a password or a key is not to be had by way of a third party.
    if has_login(feed) || !source.access.headers.is_empty() {
        return None;
    }
    let hubs = match headers.hubs.is_empty() {
        true => &document.hubs,
        false => &headers.hubs,
    };
    let topic = headers.topic.as_ref().or(document.topic.as_ref());
    let topic = topic.unwrap_or(at);
    let host = topic.host_str()?;
    let own = [feed, at].iter().any(|url| url.host_str() == Some(host)) || source.has_host(host);
    if !own || !is_plain(topic) {
        return None;
    }
    let encrypted = at.scheme() == "https";
    let hub = hubs.iter().find_map(|hub| acceptable(hub, encrypted))?;
    Some(HubLink {
        hub,
        topic: topic.clone(),
    })
}

/// The hub's address as it is asked. What a feed gives over an encrypted connection is not taken over an open one, where
/// anybody on the way could read the secret and sign articles of his own.
fn acceptable(hub: &Url, encrypted: bool) -> Option<Url> {
    if !is_plain(hub) {
        return None;
    }
    let mut hub = hub.clone();
    hub.set_fragment(None);
    if encrypted && hub.scheme() == "http" {
        if hub.port().is_some() {
            return None;
        }
        hub.set_scheme("https").ok()?;
    }
    Some(hub)
}

fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && !has_login(url)
        && url.as_str().len() <= ADDRESS_BYTES
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceAccess, SourceKey};

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn source() -> Source {
        Source {
            key: SourceKey::from("dong-bung"),
            name: "Báo Đồng Bưng".into(),
            province: None,
            domain: "baodongbung.example".into(),
            aliases: Vec::new(),
            rank: 0,
            publisher: None,
            page_rules: Default::default(),
            access: SourceAccess::default(),
            time_zone: None,
            feeds: Vec::new(),
        }
    }

    fn links(hubs: &[&str], topic: Option<&str>) -> HubLinks {
        HubLinks {
            hubs: hubs.iter().map(|hub| url(hub)).collect(),
            topic: topic.map(url),
        }
    }

    fn chosen(feed: &str, headers: &HubLinks, document: &HubLinks) -> Option<(String, String)> {
        let link = choose(&url(feed), &source(), &url(feed), headers, document)?;
        Some((link.hub.to_string(), link.topic.to_string()))
    }

    const FEED: &str = "https://rss.baodongbung.example/tin.rss";

    #[test]
    fn headers_go_before_the_document_and_the_feeds_own_address_is_the_last_word() {
        let document = links(
            &["https://hub-b.example/"],
            Some("https://baodongbung.example/goc.rss"),
        );
        let both = |headers: &HubLinks| chosen(FEED, headers, &document).unwrap();
        let pair = |hub: &str, topic: &str| (hub.to_owned(), topic.to_owned());
        assert_eq!(
            both(&HubLinks::default()),
            pair(
                "https://hub-b.example/",
                "https://baodongbung.example/goc.rss"
            )
        );
        assert_eq!(
            both(&links(
                &["https://hub-a.example/"],
                Some("https://baodongbung.example/khac.rss")
            )),
            pair(
                "https://hub-a.example/",
                "https://baodongbung.example/khac.rss"
            )
        );
        let bare = links(&["https://hub-a.example/"], None);
        assert_eq!(
            chosen(FEED, &bare, &HubLinks::default()).unwrap(),
            pair("https://hub-a.example/", FEED)
        );
        assert_eq!(
            chosen(FEED, &HubLinks::default(), &links(&[], Some(FEED))),
            None
        );
    }

    #[test]
    fn what_a_feed_names_is_not_trusted_beyond_the_feed() {
        let none = HubLinks::default();
        let ask =
            |feed: &str, hub: &str, topic: &str| chosen(feed, &none, &links(&[hub], Some(topic)));
        let well = ask(FEED, "http://hub.example/", FEED).unwrap();
        assert_eq!(
            well.0, "https://hub.example/",
            "an encrypted feed's hub is asked encrypted"
        );
        let plain = "http://rss.baodongbung.example/tin.rss";
        assert_eq!(
            ask(plain, "http://hub.example:8080/", plain).unwrap().0,
            "http://hub.example:8080/"
        );
        for (hub, topic) in [
            ("http://hub.example:8080/", FEED),
            ("ftp://hub.example/", FEED),
            ("https://toi:mat@hub.example/", FEED),
            ("mailto:hub@hub.example", FEED),
            ("https://hub.example/", "https://baokhac.example/tin.rss"),
            (
                "https://hub.example/",
                "https://baodongbung.example.ke-khac.example/tin.rss",
            ),
            (
                "https://hub.example/",
                "https://toi:mat@baodongbung.example/tin.rss",
            ),
        ] {
            assert_eq!(ask(FEED, hub, topic), None, "{hub} {topic}");
        }
        let long = format!("https://hub.example/{}", "x".repeat(ADDRESS_BYTES));
        assert_eq!(ask(FEED, &long, FEED), None);
        assert_eq!(
            ask(
                "https://toi:mat@baodongbung.example/tin.rss",
                "https://hub.example/",
                FEED
            ),
            None
        );
        let second = links(&["ftp://hub.example/", "https://hub.example/"], None);
        assert!(
            chosen(FEED, &none, &second).is_some(),
            "the first that may be asked"
        );
    }
}
