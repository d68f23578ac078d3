//! The pure rings of `diembao`, compiled from the same sources, and what the fuzz targets share.
//!
//! The sources are taken by path, not by a dependency on the package: HTTP, SQLite and tokio would have to be built
//! once more with coverage, some minutes for nothing. That the rings need no more than this is the import table's
//! doing (`tests/layers.rs`).

#![allow(dead_code, unused_imports, reason = "only a part of each ring is called here")]

#[path = "../../src/analyse/mod.rs"]
pub mod analyse;
#[path = "../../src/net/cachectl.rs"]
mod cachectl;
#[path = "../../src/config/mod.rs"]
pub mod config;
#[path = "../../src/feed/mod.rs"]
pub mod feed;
#[path = "../../src/web/intent.rs"]
mod intent;
#[path = "../../src/edition/leave.rs"]
pub mod leave;
#[path = "../../src/net/links.rs"]
mod links;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/page/mod.rs"]
pub mod page;
#[path = "../../src/mail/reply.rs"]
mod reply;
#[path = "../../src/net/robots/rules.rs"]
pub mod robots;
#[path = "../../src/edition/safe.rs"]
pub mod safe;
#[path = "../../src/daemon/hubs/signature.rs"]
mod signature;
#[path = "../../src/text/mod.rs"]
pub mod text;

use jiff::{Timestamp, tz::TimeZone};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::sync::LazyLock;
use url::Url;

/// When they came: 14 September 2026.
pub const NOW: Timestamp = Timestamp::constant(1_789_349_400, 0);

/// Where the documents under test come from.
pub static BASE: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://bao.example.vn/rss/home.rss").expect("an address"));

/// The zone of dates without one.
pub static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Ho_Chi_Minh").expect("a bundled zone"));

/// The last byte, which chooses between variants of a test, and what is before it, the document: seeds are plain files.
pub fn choice(input: &[u8]) -> (u8, &[u8]) {
    input
        .split_last()
        .map_or((0, input), |(choice, rest)| (*choice, rest))
}

/// Panics unless `text` is fit to be shown: composed, and without control characters.
#[track_caller]
pub fn assert_clean(text: &str) {
    assert!(
        unicode_normalization::is_nfc(text),
        "not composed: {text:?}"
    );
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    assert!(!text.contains(forbidden), "a control character: {text:?}");
}

/// Reads a line of an SMTP server: its code and its words. The grammar is private to its module.
pub fn smtp_line(line: &[u8]) -> Option<(u16, String)> {
    reply::Line::parse(line).map(|line| (line.code, line.text))
}

/// `Name: value` lines as headers; lines that no HTTP client would let through are left out.
pub fn headers(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().map(HeaderName::from_bytes);
        let value = parts.next().map(|value| HeaderValue::from_bytes(value.trim_ascii()));
        if let (Some(Ok(name)), Some(Ok(value))) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// The hubs that headers name.
pub fn hubs(headers: &HeaderMap) -> model::HubLinks {
    links::hubs(headers, &BASE)
}

/// For how many seconds headers call an answer fresh, and when they want the next request.
pub fn times(headers: &HeaderMap) -> (Option<u32>, Option<Timestamp>) {
    let hints = cachectl::hints(headers, NOW);
    (hints.fresh_for_s, cachectl::retry_after(headers, NOW))
}

/// What a hub's query asks: the mode, the topic, and the challenge to be sent back.
pub fn hub_question(query: &str) -> Option<(intent::Mode, String, String)> {
    let (intent, challenge) = intent::asked(String::new(), query)?;
    Some((intent.mode, intent.topic, challenge))
}

/// Whether a delivery is signed with the secret.
pub fn is_signed(secret: &str, signature: &str, body: &[u8]) -> bool {
    signature::fits(secret, Some(signature), body)
}
