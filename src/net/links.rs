//! `Link` headers (RFC 8288), as far as hubs are named there (W3C WebSub §4).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

use crate::model::HubLinks;

/// Bytes read of one header line: a line of many links is somebody's mistake.
const LINE_BYTES: usize = 4 * 1024;
/// Hubs kept: one is enough, a few let us choose.
const HUBS: usize = 4;
/// A longer address names nothing; whole and escaped, as it would be asked.
const ADDRESS_BYTES: usize = 2 * 1024;

/// The hubs that an answer's headers name, and the address it gives itself; relative ones against `base`.
pub(super) fn hubs(headers: &HeaderMap, base: &Url) -> HubLinks {
    let mut found = HubLinks::default();
    for line in headers.get_all(LINK) {
        let line = String::from_utf8_lossy(line.as_bytes());
        let mut rest = &line[..line.floor_char_boundary(LINE_BYTES)];
        while let Some((target, relations, after)) = link(rest) {
            rest = after;
            let named = |wanted: &str| {
                let mut words = relations.split_ascii_whitespace();
                words.any(|word| word.eq_ignore_ascii_case(wanted))
            };
            let (is_hub, is_self) = (named("hub"), named("self"));
            if !(is_hub || is_self) {
                continue;
            }
            let url = base.join(target.trim()).ok();
            let Some(url) = url.filter(|url| url.as_str().len() <= ADDRESS_BYTES) else {
                continue;
            };
            if is_self && found.topic.is_none() {
                found.topic = Some(url.clone());
            }
            if is_hub && found.hubs.len() < HUBS {
                found.hubs.push(url);
            }
        }
    }
    found
}

/// The first link of a line: its target, its relations (those of its first `rel`: §3.3), and what stands after it.
fn link(line: &str) -> Option<(&str, String, &str)> {
    let (_, rest) = line.split_once('<')?;
    let (target, mut rest) = rest.split_once('>')?;
    let mut relations = None;
    loop {
        rest = rest.trim_start();
        let Some(parameter) = rest.strip_prefix(';') else {
            // A comma, or what does not belong here: the next link begins at the next `<`.
            return Some((target, relations.unwrap_or_default(), rest));
        };
        let parameter = parameter.trim_start();
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let name = parameter[..end].trim();
        let is_rel = name.eq_ignore_ascii_case("rel");
        rest = &parameter[end..];
        if let Some(value) = rest.strip_prefix('=') {
            let (value, after) = value_of(value.trim_start());
            rest = after;
            if is_rel {
                relations.get_or_insert(value);
            }
        }
    }
}

/// A parameter's value, quoted (RFC 9110 §5.6.4) or bare, and what stands after it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    fn named(lines: &[&str]) -> HubLinks {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(LINK, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        hubs(
            &headers,
            &"https://bao.example/rss/tin.rss".parse().unwrap(),
        )
    }

    fn texts(links: &HubLinks) -> (Vec<&str>, Option<&str>) {
        let hubs = links.hubs.iter().map(Url::as_str).collect();
        (hubs, links.topic.as_ref().map(Url::as_str))
    }

    #[test]
    fn link_headers_name_hubs_in_any_of_their_forms() {
        let hub = vec!["https://hub.example/"];
        let topic = Some("https://bao.example/rss/goc.rss");
        for lines in [
            &[
                "<https://hub.example/>; rel=\"hub\"",
                "</rss/goc.rss>; rel=\"self\"",
            ][..],
            &["<https://hub.example/>;rel=hub, <goc.rss> ; type=\"application/rss+xml\"; REL=Self"],
            &[
                "<x>; title=\"a, <b>; rel=\\\"hub\\\"\"; rel=next, <https://hub.example/>; rel=\"nofollow HUB\", <goc.rss>; rel=self; rel=hub",
            ],
            &[
                "rác <https://hub.example/>; rel=hub; ; flag, rác, <goc.rss>; rel='x'; q, <goc.rss>; rel=self",
            ],
        ] {
            assert_eq!(texts(&named(lines)), (hub.clone(), topic), "{lines:?}");
        }
        assert_eq!(
            named(&["<https://hub.example/>; rel=\"hubs\""]),
            HubLinks::default()
        );
        assert_eq!(
            named(&["<https://hub.example/; rel=hub"]),
            HubLinks::default()
        );
        let many = "<https://hub.example/>; rel=hub, ".repeat(1000);
        assert_eq!(named(&[&many]).hubs.len(), HUBS);
    }

    proptest! {
        #[test]
        fn no_link_header_breaks_the_reading(line in "[<>;,=\" \\\\a-zđ]{0,80}", rel in "rel=\"?(hub|self)\"?") {
            named(&[&line, &format!("{line}{rel}{line}"), &format!("<{line}>;{rel}")]);
        }
    }
}
