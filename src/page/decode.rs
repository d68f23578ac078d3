//! Bytes of a page → text: as for feeds, and a page has its charset in a `<meta>`.

use crate::feed::{Decoded, How, decode};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// How far into the page a `<meta charset>` is looked for; the HTML standard says 1024, real heads need more.
const META_WINDOW: usize = 8192;

static CHARSET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)charset\s*=\s*["']?\s*([a-z0-9_:\-]{2,40})"#).expect("a constant pattern")
});

/// The page as text, and how it was read. Never fails; what cannot be read becomes U+FFFD.
///
/// The order is that of [`decode()`]: shapes before labels, the header before the page's own word, then a guess.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> (Cow<'a, str>, Decoded) {
    let labelled = content_type.is_some_and(|header| label_in(header.as_bytes()).is_some());
    let own = (!labelled)
        .then(|| label_in(&bytes[..bytes.len().min(META_WINDOW)]))
        .flatten()
        .map(|label| format!("text/html; charset={label}"));
    let (text, mut decoded) = decode::decode(bytes, own.as_deref().or(content_type));
    if own.is_some() && decoded.how == How::Header {
        decoded.how = How::Declaration;
    }
    (text, decoded)
}

fn label_in(bytes: &[u8]) -> Option<String> {
    let found = CHARSET.captures(bytes)?;
    Some(String::from_utf8_lossy(&found[1]).into_owned())
}
