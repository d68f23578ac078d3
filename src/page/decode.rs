//! Bytes of a page → text.

use encoding_rs::{Encoding, UTF_8};
use std::sync::LazyLock;

/// How far into the page a `<meta charset>` is looked for; the HTML standard says 1024, real heads need more.
const META_WINDOW: usize = 8192;

static CHARSET: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
    regex::bytes::Regex::new(r#"(?i)charset\s*=\s*["']?\s*([a-z0-9_:\-]{2,40})"#)
        .expect("a constant pattern")
});

/// The page as text; malformed sequences become U+FFFD.
///
/// A byte order mark wins; then bytes that are UTF-8 are UTF-8, whatever the page claims (a text of some length is
/// not UTF-8 by accident); then the header, the `<meta>`, a guess.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[bom..])
            .0
            .into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let declared = content_type
        .and_then(|header| label_in(header.as_bytes()))
        .or_else(|| label_in(&bytes[..bytes.len().min(META_WINDOW)]));
    // A page that declares UTF-8 and is not quite (cut in the middle of a letter, one bad byte) is still UTF-8.
    declared
        .unwrap_or_else(|| guess(bytes))
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

fn label_in(bytes: &[u8]) -> Option<&'static Encoding> {
    let found = CHARSET.captures(bytes)?;
    let encoding = Encoding::for_label(&found[1])?;
    // A document whose meta could be read byte by byte is not UTF-16 (HTML standard, "prescan").
    Some(if encoding.is_ascii_compatible() {
        encoding
    } else {
        UTF_8
    })
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(256 * 1024)], true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}
