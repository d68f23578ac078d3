//! Bytes of a document → text, and an honest word on how they were read.
//!
//! Order: byte order mark; the shape of UTF-16 and UTF-32; valid UTF-8, whatever any label says; UTF-8 with a few
//! broken bytes; the charset of HTTP; that of the XML declaration; detection. Labels lie, shapes do not.

use super::vietnamese;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Where a declaration is looked for.
const DECLARATION_WITHIN_BYTES: usize = 1024;

/// How the charset was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By its byte order mark.
    Mark,
    /// By the zero bytes of UTF-16 or UTF-32.
    Shape,
    /// It is valid UTF-8, which is never an accident.
    Valid,
    /// UTF-8 but for a few bytes.
    Mended,
    /// By the charset of the Content-Type header.
    Header,
    /// By the XML declaration.
    Declaration,
    /// By the look of the bytes.
    Detected,
}

/// In which charset a document was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The charset's name, as WHATWG spells it where it knows it.
    pub encoding: &'static str,
    /// How it was found.
    pub how: How,
    /// How many characters were lost to broken bytes.
    pub broken: usize,
}

/// Reads `body` as text. Never fails; what cannot be read becomes U+FFFD and is counted.
pub(crate) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> (Cow<'a, str>, Decoded) {
    if let Some(found) = wide(body) {
        return found;
    }
    let bytes = skip_marks(body);
    let marked = bytes.len() < body.len();
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        let how = if marked { How::Mark } else { How::Valid };
        return (Cow::Borrowed(text), told("UTF-8", how, 0));
    }
    let labels = [
        (content_type.and_then(charset_of), How::Header),
        (declared(bytes), How::Declaration),
    ];
    let says_utf8 = labels
        .iter()
        .find_map(|(label, _)| label.as_deref())
        .is_some_and(|label| find(label) == Some(UTF_8));
    let (mended, broken) = mend(bytes);
    if marked || says_utf8 || broken.few {
        return (Cow::Owned(mended), told("UTF-8", How::Mended, broken.lost));
    }
    for (label, how) in labels {
        let Some(label) = label else { continue };
        if let Some((text, name)) = vietnamese::decode(&label, bytes) {
            return (Cow::Owned(text), told(name, how, 0));
        }
        // A single-byte document cannot be UTF-16 without a shape, and UTF-8 has been ruled out.
        if let Some(encoding) =
            find(&label).filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8)
        {
            return by(encoding, bytes, how);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    by(
        detector.guess(None, Utf8Detection::Deny),
        bytes,
        How::Detected,
    )
}

fn told(encoding: &'static str, how: How, broken: usize) -> Decoded {
    Decoded {
        encoding,
        how,
        broken,
    }
}

fn by<'a>(encoding: &'static Encoding, bytes: &'a [u8], how: How) -> (Cow<'a, str>, Decoded) {
    let (text, errors) = encoding.decode_without_bom_handling(bytes);
    let broken = if errors {
        text.matches('\u{fffd}').count()
    } else {
        0
    };
    (text, told(encoding.name(), how, broken))
}

/// UTF-8's mark is sometimes written twice, by two programs.
fn skip_marks(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        bytes = rest;
    }
    bytes
}

/// UTF-16 and UTF-32, by mark or by where the zeros of the first `<` or `{` stand.
fn wide(body: &[u8]) -> Option<(Cow<'_, str>, Decoded)> {
    let (encoding, skip, how) = match body {
        [0xff, 0xfe, 0, 0, ..] => ("UTF-32LE", 4, How::Mark),
        [0, 0, 0xfe, 0xff, ..] => ("UTF-32BE", 4, How::Mark),
        [0xff, 0xfe, ..] => ("UTF-16LE", 2, How::Mark),
        [0xfe, 0xff, ..] => ("UTF-16BE", 2, How::Mark),
        [first, 0, 0, 0, ..] if *first != 0 => ("UTF-32LE", 0, How::Shape),
        [0, 0, 0, last, ..] if *last != 0 => ("UTF-32BE", 0, How::Shape),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => ("UTF-16LE", 0, How::Shape),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => ("UTF-16BE", 0, How::Shape),
        _ => return None,
    };
    let bytes = &body[skip..];
    let text: String = match encoding {
        "UTF-16LE" => return Some(by(encoding_rs::UTF_16LE, bytes, how)),
        "UTF-16BE" => return Some(by(encoding_rs::UTF_16BE, bytes, how)),
        _ => bytes
            .chunks(4)
            .map(|unit| {
                let mut four = [0; 4];
                four[..unit.len()].copy_from_slice(unit);
                let code = if encoding == "UTF-32LE" {
                    u32::from_le_bytes(four)
                } else {
                    u32::from_be_bytes(four)
                };
                char::from_u32(code).unwrap_or('\u{fffd}')
            })
            .collect(),
    };
    let broken = text.matches('\u{fffd}').count();
    Some((Cow::Owned(text), told(encoding, how, broken)))
}

/// What mending found.
struct Broken {
    lost: usize,
    /// Few enough, beside valid characters of several bytes, that it is UTF-8 all the same.
    few: bool,
}

/// Reads UTF-8 and takes each byte that is none for what an old Windows program meant by it, where it stands alone
/// between ASCII; a torn sequence is lost.
fn mend(bytes: &[u8]) -> (String, Broken) {
    let mut out = String::with_capacity(bytes.len() + 16);
    let (mut lost, mut alone, mut valid) = (0, 0, 0);
    for chunk in bytes.utf8_chunks() {
        let text = chunk.valid();
        valid += text.chars().filter(|c| *c > '\u{7f}').count();
        out.push_str(text);
        match chunk.invalid() {
            [] => {}
            [byte @ 0x80..=0xfd] => {
                alone += 1;
                let one = [*byte];
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(&one).0);
            }
            _ => {
                lost += 1;
                out.push('\u{fffd}');
            }
        }
    }
    // In a single-byte charset nearly every accented letter breaks UTF-8; a handful of accidents in many is the reverse.
    let few = (lost + alone) * 4 <= valid;
    (out, Broken { lost, few })
}

/// The charset parameter of a Content-Type header.
fn charset_of(content_type: &str) -> Option<String> {
    let lower = content_type.to_ascii_lowercase();
    let (_, value) = lower.split_once("charset")?;
    let value = value.trim_start().strip_prefix('=')?;
    label(value)
}

/// The encoding of the XML declaration.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(DECLARATION_WITHIN_BYTES)];
    let head: String = head
        .iter()
        .map(|byte| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                '?'
            }
        })
        .collect();
    let head = head.split_once("<?xml")?.1;
    let declaration = head
        .split_once('>')
        .map_or(head, |(declaration, _)| declaration);
    label(
        declaration
            .split_once("encoding")?
            .1
            .trim_start()
            .strip_prefix('=')?,
    )
}

fn label(value: &str) -> Option<String> {
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    let end = value
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ',' | '?'))
        .unwrap_or(value.len());
    let label = value[..end].to_ascii_lowercase().replace('_', "-");
    (!label.is_empty()).then_some(label)
}

/// The encoding of a label: WHATWG's names, and the spellings of older software.
fn find(label: &str) -> Option<&'static Encoding> {
    let name = match label {
        "utf8" | "u8" | "utf" | "cp65001" | "unicode-1-1-utf-8" => "utf-8",
        "ms-ansi" | "cp1252" | "ansi" => "windows-1252",
        "ms-ee" => "windows-1250",
        "ms-cyrl" => "windows-1251",
        "ms-greek" => "windows-1253",
        "ms-turk" => "windows-1254",
        "ms-hebr" => "windows-1255",
        "ms-arab" => "windows-1256",
        "winbaltrim" => "windows-1257",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "cp874" | "874" => "windows-874",
        "cp949" | "949" | "uhc" | "ms949" => "euc-kr",
        "cp936" | "936" | "ms936" => "gbk",
        "cp950" | "950" => "big5",
        "cp932" | "932" | "ms932" => "shift_jis",
        "cp866" | "866" => "ibm866",
        "vietnamese" | "vn" | "windows-vietnamese" => "windows-1258",
        other => match other.strip_prefix("cp125").or(other.strip_prefix("125")) {
            Some(_) => {
                return Encoding::for_label(
                    format!("windows-{}", other.trim_start_matches("cp")).as_bytes(),
                );
            }
            None => other,
        },
    };
    // "shift-jis" and "euc_kr": underscore and hyphen are mixed up everywhere.
    Encoding::for_label(name.as_bytes())
        .or_else(|| Encoding::for_label(name.replace('-', "_").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], content_type: Option<&str>, wanted: &str, encoding: &str, how: How) {
        let (text, decoded) = decode(bytes, content_type);
        assert_eq!(
            (text.as_ref(), decoded.encoding, decoded.how),
            (wanted, encoding, how)
        );
    }

    #[test]
    fn the_shape_of_the_bytes_is_believed_before_any_label() {
        let text = "<rss>Đảng bộ</rss>";
        let lying = Some("text/xml; charset=iso-8859-1");
        check(text.as_bytes(), lying, text, "UTF-8", How::Valid);
        let mark = [b"\xef\xbb\xbf\xef\xbb\xbf", text.as_bytes()].concat();
        check(&mark, lying, text, "UTF-8", How::Mark);
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&le, lying, text, "UTF-16LE", How::Shape);
        check(
            &[b"\xff\xfe", le.as_slice()].concat(),
            lying,
            text,
            "UTF-16LE",
            How::Mark,
        );
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(&be, None, text, "UTF-16BE", How::Shape);
        let wide: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        check(&wide, None, text, "UTF-32BE", How::Shape);
    }

    #[test]
    fn a_few_broken_bytes_do_not_spoil_the_rest() {
        let bytes = "Đảng bộ tỉnh kiểm tra cơ sở".as_bytes().to_vec();
        let torn = [&bytes, b" m\xe1\xbb i".as_slice()].concat();
        check(
            &torn,
            None,
            "Đảng bộ tỉnh kiểm tra cơ sở m\u{fffd} i",
            "UTF-8",
            How::Mended,
        );
        let old = [&bytes, b" Espa\xf1a".as_slice()].concat();
        check(
            &old,
            Some("text/xml;charset=utf-8"),
            "Đảng bộ tỉnh kiểm tra cơ sở España",
            "UTF-8",
            How::Mended,
        );
    }

    #[test]
    fn labels_are_believed_where_the_bytes_are_no_utf8() {
        let old = b"<?xml version='1.0' encoding='windows_1258'?>\xd0\xe2\xcc";
        check(
            old,
            None,
            "<?xml version='1.0' encoding='windows_1258'?>Đâ\u{300}",
            "windows-1258",
            How::Declaration,
        );
        check(
            b"b\xb5",
            Some("text/xml; charset=VISCII"),
            "bộ",
            "viscii",
            How::Header,
        );
        check(
            b"Espa\xf1a",
            Some("text/xml; charset=\"ISO-8859-1\""),
            "España",
            "windows-1252",
            How::Header,
        );
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), header in prop::option::of("[a-z/;= ]{0,12}charset=\\PC{0,9}")) {
            let _ = decode(&bytes, header.as_deref());
        }
    }
}
