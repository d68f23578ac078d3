//! Pages that stand where a feed was: shields against robots, cookie walls, login pages of networks, home pages. Pure.
//!
//! Only what was no feed is looked at, so a wrong guess changes the name of a failure and nothing else.

use crate::model::{Failure, FailureKind};
use reqwest::header::HeaderMap;
use url::Url;

use super::failure::{failure, shown};

/// So much of a page is looked at: its head, and the script that such pages consist of.
pub const LOOKED_AT: usize = 32 * 1024;

/// Words in a page that only a shield writes, and whose shield it is.
const SHIELDS: &[(&str, &str)] = &[
    ("/cdn-cgi/challenge-platform", "Cloudflare"),
    ("cf-browser-verification", "Cloudflare"),
    ("<title>just a moment...", "Cloudflare"),
    ("<title>attention required! | cloudflare", "Cloudflare"),
    ("_incapsula_resource", "Imperva"),
    ("sucuri_cloudproxy_js", "Sucuri"),
    ("<title>sucuri website firewall", "Sucuri"),
    ("<title>ddos-guard", "DDoS-Guard"),
    ("/.well-known/ddos-guard", "DDoS-Guard"),
    ("captcha-delivery.com", "DataDome"),
    ("id=\"px-captcha\"", "HUMAN"),
    ("awswafcookiedomainlist", "AWS WAF"),
    ("gokuprops", "AWS WAF"),
    ("/_bm/", "Akamai"),
    ("errors.edgesuite.net", "Akamai"),
    ("slowaes.decrypt", "testcookie"),
    (
        "the requested url was rejected. please consult with your administrator",
        "F5",
    ),
    ("g-recaptcha", "a CAPTCHA"),
    ("h-captcha", "a CAPTCHA"),
    ("cf-turnstile", "a CAPTCHA"),
];

/// Headers that only a shield sends with a page of its own: name, what the value must hold, whose.
const SHIELD_HEADERS: &[(&str, &str, &str)] = &[
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-sucuri-block", "", "Sucuri"),
    ("x-datadome", "", "DataDome"),
    ("x-amzn-waf-action", "", "AWS WAF"),
    ("server", "ddos-guard", "DDoS-Guard"),
];

/// What a page with status 200 is that stands where `asked` should give a feed; `None` if it is just a page.
pub fn recognise(asked: &Url, at: &Url, body: &[u8]) -> Option<Failure> {
    let head = head_of(body);
    if let Some(no) = shield(&head) {
        return Some(no);
    }
    if !same_site(asked, at) {
        let detail = format!(
            "a page of another host: {} (a network's login page, or the domain was given up)",
            shown(at)
        );
        return Some(failure(FailureKind::Portal, detail));
    }
    if wants_cookie(&head) {
        let detail = "a page that sets a cookie by script and loads itself again";
        return Some(failure(FailureKind::CookieWall, detail));
    }
    let was_home = asked.path() == "/" && asked.query().is_none();
    let is_home =
        at.path() == "/" || matches!(at.path(), "/index.html" | "/index.php" | "/default.aspx");
    (is_home && !was_home && asked != at)
        .then(|| failure(FailureKind::HomePage, format!("leads to {}", shown(at))))
}

/// What an answer of 403, 429, 503 and the like says of itself, if it is a shield's.
pub(super) fn recognise_refusal(headers: &HeaderMap, body: &[u8]) -> Option<Failure> {
    let by_header = SHIELD_HEADERS.iter().find(|(name, holds, _)| {
        headers
            .get(*name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().contains(holds))
    });
    match by_header {
        Some((_, _, whose)) => Some(challenge(whose)),
        None => shield(&head_of(body)),
    }
}

fn head_of(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]).to_lowercase()
}

fn shield(head: &str) -> Option<Failure> {
    let (_, whose) = SHIELDS.iter().find(|(word, _)| head.contains(word))?;
    Some(challenge(whose))
}

fn challenge(whose: &str) -> Failure {
    failure(
        FailureKind::Challenge,
        format!(
            "a page that wants a browser to prove itself ({whose}); ask the paper to let us in by name"
        ),
    )
}

/// A short page whose script writes a cookie and then goes somewhere: nothing else is on it.
fn wants_cookie(head: &str) -> bool {
    const SHORT: usize = 8 * 1024;
    let goes = [
        "location.reload",
        "location.href",
        "location.replace",
        "window.location",
        "http-equiv=\"refresh\"",
    ];
    head.len() < SHORT
        && head.contains("document.cookie")
        && goes.iter().any(|word| head.contains(word))
}

/// The same host, or one under the other: `www.`, `m.`, `rss.`.
fn same_site(a: &Url, b: &Url) -> bool {
    let bare = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        host.strip_prefix("www.")
            .map_or(host.clone(), str::to_owned)
    };
    let (a, b) = (bare(a), bare(b));
    let under = |inner: &str, outer: &str| {
        inner
            .strip_suffix(outer)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    a == b || under(&a, &b) || under(&b, &a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: &str, body: &str) -> Option<FailureKind> {
        let url = |text| Url::parse(text).unwrap();
        recognise(
            &url("https://baodongbang.vn/rss/tin.rss"),
            &url(at),
            body.as_bytes(),
        )
        .map(|no| no.kind)
    }

    #[test]
    fn pages_are_known_for_what_they_are() {
        let feed_address = "https://baodongbang.vn/rss/tin.rss";
        for (at, body, kind) in [
            (
                feed_address,
                "<html><head><title>Just a moment...</title></head>",
                Some(FailureKind::Challenge),
            ),
            (
                feed_address,
                "<script>document.cookie=\"D1N=\"+x;window.location.reload(true)</script>",
                Some(FailureKind::CookieWall),
            ),
            (
                "https://baodongbang.vn/",
                "<html><title>Báo Đồng Bằng điện tử</title>",
                Some(FailureKind::HomePage),
            ),
            (
                "https://dangnhap.wifi-coquan.vn/login?to=rss",
                "<html><form>Mời đăng nhập mạng</form>",
                Some(FailureKind::Portal),
            ),
            (
                "https://www.baodongbang.vn/rss",
                "<html><p>Danh sách nguồn tin</p>",
                None,
            ),
            (
                "https://rss.baodongbang.vn/tin",
                "<html><p>Bảo trì</p>",
                None,
            ),
            (feed_address, "<html><p>Hệ thống đang bảo trì</p>", None),
        ] {
            assert_eq!(seen(at, body), kind, "{at} {body}");
        }
    }

    #[test]
    fn a_refusal_says_whose_shield_it_is() {
        let mut headers = HeaderMap::new();
        assert_eq!(recognise_refusal(&headers, b"<p>403 Forbidden</p>"), None);
        headers.insert("cf-mitigated", "challenge".parse().unwrap());
        let named = recognise_refusal(&headers, b"").unwrap();
        assert_eq!(named.kind, FailureKind::Challenge);
        assert!(named.detail.contains("Cloudflare"), "{}", named.detail);
    }
}
