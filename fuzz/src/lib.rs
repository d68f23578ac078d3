//! The pure rings of `diembao`, compiled from the same sources, and what the fuzz targets share.
//!
//! The sources are taken by path, not by a dependency on the package: HTTP, SQLite and tokio would have to be built
//! once more with coverage, some minutes for nothing. That the rings need no more than this is the import table's
//! doing (`tests/layers.rs`).

#![allow(dead_code, unused_imports, reason = "only a part of each ring is called here")]

#[path = "../../src/config/mod.rs"]
pub mod config;
#[path = "../../src/feed/mod.rs"]
pub mod feed;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/page/mod.rs"]
pub mod page;
#[path = "../../src/mail/reply.rs"]
mod reply;
#[path = "../../src/net/robots/rules.rs"]
pub mod robots;
#[path = "../../src/text/mod.rs"]
pub mod text;

use jiff::tz::TimeZone;
use std::sync::LazyLock;
use url::Url;

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
