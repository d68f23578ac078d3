//! The canonical address: one text for all spellings of an article's URL. It serves to recognise, not to fetch: it
//! has no scheme, and what a newspaper adds to count its readers is gone.
//!
//! Only differences that are certain are levelled; where two addresses may be two articles they stay two.

use crate::model::Source;
use jiff::civil;
use unicode_normalization::UnicodeNormalization as _;
use url::{Host, Url};

/// Longest address that is looked at, in bytes; a longer one identifies nothing.
const URL_MAX: usize = 4096;

/// Labels before a paper's domain that only name another dress of the same site.
const DRESS_HOSTS: &[&str] = &["www", "www2", "m", "mobile", "wap", "amp", "touch"];

/// Beginnings of parameter names that only count readers.
const TRACKING_PREFIXES: &[&str] = &[
    "utm_", "mc_", "pk_", "mtm_", "matomo_", "piwik_", "hsa_", "_hs", "__hs", "vero_", "oly_",
    "itm_", "at_", "fb_", "_ga", "_gl", "zalo", "zarsrc", "__tn__", "__cft__", "_bta_",
];

/// Parameter names that only count readers, choose a dress of the page, or defeat caches.
const TRACKING_NAMES: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "li_fat_id",
    "mkt_tok",
    "gidzl",
    "zanpid",
    "zclid",
    "zdid",
    "ref",
    "ref_src",
    "ref_url",
    "refsrc",
    "referrer",
    "referer",
    "share",
    "shared",
    "sharetype",
    "share_from",
    "cmpid",
    "spm",
    "s_cid",
    "ncid",
    "ocid",
    "sr_share",
    "xtor",
    "mibextid",
    "rdid",
    "_openstat",
    "_rsc",
    "phpsessid",
    "jsessionid",
    "aspsessionid",
    "amp",
    "amp_js_v",
    "amp_gsa",
    "usqp",
    "outputtype",
    "print",
    "nocache",
    "_",
    "rss",
    "dtr",
    "traffic_source",
];

/// Parameters that may identify, except with these values.
const TRACKING_VALUES: &[(&str, &[&str])] = &[
    ("source", CHANNELS),
    ("src", CHANNELS),
    ("from", CHANNELS),
    ("via", CHANNELS),
    ("medium", CHANNELS),
];
const CHANNELS: &[&str] = &[
    "rss",
    "feed",
    "feeds",
    "facebook",
    "fb",
    "zalo",
    "twitter",
    "x",
    "google",
    "googlenews",
    "gnews",
    "email",
    "mail",
    "home",
    "trangchu",
    "web",
    "mobile",
    "app",
    "social",
    "share",
    "newsletter",
    "telegram",
];

/// The canonical text of an http(s) address, such as `baoangiang.com.vn/xay-dung-dang/bai-a317.html?p=2`; `None` for
/// any other text. Canonical texts are stable: read as an address again they give themselves.
pub fn canonical(address: &str) -> Option<String> {
    let url = parse(address)?;
    canonical_url(&url, &host(&url))
}

/// An http(s) address, taken apart once: it is asked many things.
#[derive(Debug, Clone)]
pub struct Address {
    url: Url,
    host: String,
    canonical: String,
}

impl Address {
    /// Reads an address; `None` for any other text.
    pub fn read(address: &str) -> Option<Self> {
        let url = parse(address)?;
        let host = host(&url);
        Some(Self {
            canonical: canonical_url(&url, &host)?,
            host,
            url,
        })
    }

    /// As [`canonical`].
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The host by which it is known: lower case, without `www.` and other dress, with a port that is not the scheme's
    /// own.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The canonical text within a source: a former domain of the paper counts as its present one.
    pub fn canonical_in(&self, source: &Source) -> String {
        let same = |name: &String| bare_host(&name.trim().to_ascii_lowercase()) == self.host;
        match self.canonical.strip_prefix(&self.host) {
            Some(rest) if source.aliases.iter().any(same) => {
                format!(
                    "{}{rest}",
                    bare_host(&source.domain.trim().to_ascii_lowercase())
                )
            }
            _ => self.canonical.clone(),
        }
    }

    /// The address to give to people: as printed, without tracking parameters and fragment.
    pub fn for_people(&self) -> String {
        let mut url = self.url.clone();
        url.set_fragment(None);
        // Neither can fail on an http(s) URL.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if let Some(query) = self.url.query() {
            let kept: Vec<&str> = identifying(query).collect();
            let kept = kept.join("&");
            url.set_query((!kept.is_empty()).then_some(&kept));
        }
        url.into()
    }

    /// The day that stands in it: `/2026/11/22/`, `/2026-11-22`, `/20261122`, `…-20261122070512.htm`. `None` without one,
    /// or if it is no day between 1990 and 2100. For items whose feed gives no date.
    pub fn day(&self) -> Option<civil::Date> {
        day_in(self.url.path())
    }
}

/// Whether the address names an article rather than a whole site: it has a path or a query.
pub(crate) fn names_a_page(canonical: &str) -> bool {
    canonical.contains(['/', '?'])
}

fn day_in(path: &str) -> Option<civil::Date> {
    let numbers: Vec<(usize, &str)> = digit_runs(path);
    let whole = numbers.iter().find_map(|(_, run)| match run.len() {
        // A day, or a day with a time of day behind it.
        8 | 12 | 14 | 17 | 18 => day(&run[..4], &run[4..6], &run[6..8]),
        _ => None,
    });
    whole.or_else(|| {
        numbers.windows(3).find_map(|run| {
            let [(a, year), (b, month), (c, dom)] = run else {
                return None;
            };
            let joined = |at: usize, text: &str, next: usize| {
                next == at + text.len() + 1
                    && matches!(path.as_bytes().get(next - 1), Some(b'/' | b'-'))
            };
            let shaped = year.len() == 4 && month.len() <= 2 && dom.len() <= 2;
            (shaped && joined(*a, year, *b) && joined(*b, month, *c))
                .then(|| day(year, month, dom))
                .flatten()
        })
    })
}

/// Maximal runs of ASCII digits with their byte offsets.
pub(crate) fn digit_runs(text: &str) -> Vec<(usize, &str)> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().chain(std::iter::once(b'/')).enumerate() {
        match (byte.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push((from, &text[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// The day of three numbers, if it is one and of our times.
pub(crate) fn day(year: &str, month: &str, dom: &str) -> Option<civil::Date> {
    let year: i16 = year.parse().ok()?;
    if !(1990..2100).contains(&year) {
        return None;
    }
    civil::Date::new(year, month.parse().ok()?, dom.parse().ok()?).ok()
}

fn parse(address: &str) -> Option<Url> {
    let address = address.trim();
    if address.len() > URL_MAX {
        return None;
    }
    let url = Url::parse(address).ok()?;
    // RFC 1035 §2.3.1: a label has a letter at least. "a..b" is a host to the URL standard, but nobody's.
    let host = url.host_str()?;
    let mut labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let sound = labels.all(|label| !label.is_empty()) && url.as_str().len() <= URL_MAX;
    (matches!(url.scheme(), "http" | "https") && sound).then_some(url)
}

/// `None` for one that would be too long an address itself: escaping makes three bytes of one.
fn canonical_url(url: &Url, host: &str) -> Option<String> {
    let mut text = String::with_capacity(url.as_str().len());
    text.push_str(host);
    push_path(&mut text, url.path());
    let query = query(url.query().unwrap_or_default());
    if !query.is_empty() {
        text.push('?');
        text.push_str(&query);
    }
    let may_be_long = text.len() * 3 + 8 > URL_MAX;
    (!may_be_long || parse(&format!("https://{text}")).is_some()).then_some(text)
}

fn host(url: &Url) -> String {
    let mut host = match url.host() {
        Some(Host::Domain(name)) => bare_host(name).to_owned(),
        Some(ip) => ip.to_string(),
        None => String::new(),
    };
    // 80 on https and 443 on http are the other scheme's usual port: still the same server.
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        host.push_str(&format!(":{port}"));
    }
    host
}

/// The name without dress; what is left keeps at least two labels (`m.vn` is a domain of its own).
fn bare_host(name: &str) -> &str {
    let mut name = name.trim_end_matches('.');
    while let Some((first, rest)) = name.split_once('.') {
        if !DRESS_HOSTS.contains(&first) || !rest.contains('.') {
            break;
        }
        name = rest;
    }
    name
}

/// Puts `/a/b.html` behind `text`, or nothing for the root.
fn push_path(text: &mut String, raw: &str) {
    // Session ids that servlets put into the path.
    let session = |raw: &str| raw.to_ascii_lowercase().find(";jsessionid=");
    let raw = match raw.contains(';').then(|| session(raw)).flatten() {
        Some(at) => &raw[..at],
        None => raw,
    };
    let mut segments: Vec<String> = raw
        .split('/')
        .map(plain_escapes)
        // A session id may have hidden a dot segment (RFC 3986 §5.2.4) from the URL's own reading.
        .filter(|segment| !matches!(segment.as_str(), "" | "." | ".."))
        .collect();
    while segments.len() > 1 && segments.first().is_some_and(|s| s == "amp" || s == "print") {
        segments.remove(0);
    }
    loop {
        if let Some(last) = segments.last_mut() {
            while let Some(plain) = without_amp(last) {
                *last = plain;
            }
        }
        let dress = |s: &String| matches!(s.as_str(), "amp" | "print" | "index.html" | "index.htm");
        if segments.len() < 2 || !segments.last().is_some_and(dress) {
            break;
        }
        segments.pop();
    }
    for segment in segments {
        text.push('/');
        text.push_str(&segment);
    }
}

/// `bai.amp.html` and `bai.html.amp` are `bai.html`; `bai.amp` is `bai`.
fn without_amp(segment: &str) -> Option<String> {
    let plain = match segment.strip_suffix(".amp") {
        Some(stem) => stem.to_owned(),
        None => {
            let (stem, ext) = segment.rsplit_once('.')?;
            format!("{}.{ext}", stem.strip_suffix(".amp")?)
        }
    };
    (!plain.is_empty() && !plain.starts_with('.')).then_some(plain)
}

/// Parameters that identify, in order of name and value, each once.
fn query(raw: &str) -> String {
    let mut pairs: Vec<String> = identifying(raw)
        .map(|pair| plain_escapes(&pair.replace('+', "%20")))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.join("&")
}

/// The parameters that may identify, as written.
fn identifying(query: &str) -> impl Iterator<Item = &str> {
    query
        .split('&')
        // `&amp;` escaped once too often leaves `amp;` before the name.
        .map(|pair| pair.trim_start_matches("amp;"))
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
}

fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = plain_escapes(name).to_ascii_lowercase();
    let value = plain_escapes(value).to_ascii_lowercase();
    name.is_empty()
        || TRACKING_NAMES.contains(&name.as_str())
        || TRACKING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || TRACKING_VALUES
            .iter()
            .any(|(key, values)| *key == name.as_str() && values.contains(&value.as_str()))
}

/// Percent-escapes in one form: text as NFC, what has a meaning in addresses escaped in upper case (RFC 3986 §6.2.2).
/// Bytes that are no UTF-8 stay escaped.
fn plain_escapes(raw: &str) -> String {
    if raw.chars().all(|c| c == '=' || is_plain(c)) {
        return raw.to_owned();
    }
    let bytes = raw.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| raw.get(at + 1..at + 3))
            .flatten()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    // `=` alone may be a separator of a pair: it is kept as it stands, and so an escaped one has to stay escaped.
    let keep_equals = !raw.to_ascii_lowercase().contains("%3d");
    let mut text = String::with_capacity(decoded.len());
    for chunk in decoded.utf8_chunks() {
        for c in chunk.valid().nfc() {
            let stands = is_plain(c) || (c == '=' && keep_equals) || !c.is_ascii();
            if stands && !c.is_whitespace() && !c.is_control() {
                text.push(c);
            } else {
                escape_char(c, &mut text);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// ASCII that means itself wherever it stands in an address.
fn is_plain(c: char) -> bool {
    let sign = matches!(
        c,
        '-' | '.' | '_' | '~' | ',' | '!' | '(' | ')' | '*' | '\'' | ':' | '@' | '$'
    );
    sign || c.is_ascii_alphanumeric()
}

fn escape_char(c: char, out: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        out.push_str(&format!("%{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(a: &str, b: &str) {
        assert_eq!(canonical(a), canonical(b), "{a} | {b}");
        assert!(canonical(a).is_some(), "{a}");
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        let plain = "https://baovenbien.vn/xay-dung-dang/chi-bo-thon-5-202611.html";
        for other in [
            "http://baovenbien.vn/xay-dung-dang/chi-bo-thon-5-202611.html",
            "https://WWW.BaoVenBien.vn:443/xay-dung-dang/chi-bo-thon-5-202611.html/",
            "http://m.baovenbien.vn:80//xay-dung-dang/chi-bo-thon-5-202611.html#binh-luan",
            "https://amp.baovenbien.vn/amp/xay-dung-dang/chi-bo-thon-5-202611.html",
            "https://baovenbien.vn/xay-dung-dang/chi-bo-thon-5-202611.amp.html?amp=1",
            "https://baovenbien.vn/print/xay-dung-dang/chi-bo-thon-5-202611.html",
            "https://baovenbien.vn/xay-dung-dang/chi-bo-thon-5-202611.html?utm_source=rss&utm_medium=feed",
            "https://baovenbien.vn/xay-dung-dang/chi-bo-thon-5-202611.html?fbclid=IwAR0&amp;zarsrc=30&gidzl=x",
            "https://baovenbien.vn/x/../xay-dung-dang/chi-b%6F-thon-5-202611.html?source=rss",
        ] {
            same(plain, other);
        }
        same(
            "https://bao.vn/tin?id=7&cat=3",
            "https://bao.vn/tin?cat=3&id=7&_ga=2.1",
        );
        same(
            "https://bao.vn/tin/đảng-viên",
            "https://bao.vn/tin/%C4%91%E1%BA%A3ng-vi%c3%aan",
        );
        same("https://bao.vn/đa\u{309}ng", "https://bao.vn/đảng");
    }

    #[test]
    fn what_identifies_is_kept() {
        let differ = |a, b| assert_ne!(canonical(a), canonical(b), "{a} | {b}");
        differ("https://bao.vn/tin?id=7", "https://bao.vn/tin?id=8");
        differ("https://bao.vn/tin?id=7", "https://bao.vn/tin");
        differ("https://bao.vn/a.html", "https://en.bao.vn/a.html");
        differ("https://bao.vn/a.html", "https://bao.vn:8080/a.html");
        differ("https://bao.vn/a%2Fb", "https://bao.vn/a/b");
        differ("https://bao.vn/t?q=a%26b", "https://bao.vn/t?q=a&b");
        differ("https://bao.vn/t?q=a%3Db", "https://bao.vn/t?q=a=b");
        differ("https://m.vn/a", "https://vn/a");
        assert_eq!(canonical("mailto:a@bao.vn"), None);
        assert_eq!(canonical("g1"), None);
        for nobodys in [
            "http://../tin/bai.html",
            "https://bao....vn/bai",
            "https://.bao.vn/bai",
        ] {
            assert_eq!(canonical(nobodys), None);
        }
        same("https://bao.vn./bai", "https://bao.vn/bai");
        same("https://bao.vn/tin/.;jsessionid=7", "https://bao.vn/tin");
        assert!(!names_a_page(&canonical("https://bao.vn/").unwrap()));
        assert!(names_a_page(&canonical("https://bao.vn/?p=12").unwrap()));
    }

    #[test]
    fn people_get_the_address_without_what_tracks_them() {
        let for_people = |url| Address::read(url).map(|address| address.for_people());
        assert_eq!(
            for_people("http://u:p@bao.vn/a.html?id=3&utm_source=rss#x").as_deref(),
            Some("http://bao.vn/a.html?id=3")
        );
        assert_eq!(for_people("javascript:alert(1)"), None);
    }

    #[test]
    fn a_day_is_read_from_the_address() {
        let day = |url| {
            let day = Address::read(url).and_then(|address| address.day());
            day.map(|day| day.to_string())
        };
        assert_eq!(
            day("https://bao.vn/2026/11/22/bai.html").as_deref(),
            Some("2026-11-22")
        );
        assert_eq!(
            day("https://bao.vn/tin-20261122.htm").as_deref(),
            Some("2026-11-22")
        );
        assert_eq!(
            day("https://bao.vn/tin-20261122071500123.htm").as_deref(),
            Some("2026-11-22")
        );
        assert_eq!(
            day("https://bao.vn/tin/2026-1-5-bai").as_deref(),
            Some("2026-01-05")
        );
        assert_eq!(day("https://bao.vn/bai-48466121.html"), None);
        assert_eq!(day("https://bao.vn/nhiem-ky-2025-2030.html"), None);
        assert_eq!(day("https://bao.vn/20261399"), None);
    }

    proptest! {
        #[test]
        fn canonical_is_stable_and_never_panics(text in "\\PC{0,80}", path in "[a-z%/.?&=;+0-9đê\u{309}]{0,60}") {
            if let Some(address) = Address::read(&text) {
                let _ = (address.for_people(), address.day());
            }
            let url = format!("https://www.bao.vn/{path}");
            let once = canonical(&url).unwrap();
            prop_assert_eq!(canonical(&format!("https://{once}")).unwrap(), once);
        }
    }
}
