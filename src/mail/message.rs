//! The letter: a rendered edition for one recipient, as bytes that any mail server takes (7-bit, CRLF, lines within 78).
//!
//! The same arguments give the same bytes, so that a letter sent twice is the same letter: lettre's builder would put in
//! its own clock and a random boundary, so its parts are used (header encoding, MIME bodies), not its `MessageBuilder`.

use super::{Address, reply::is_invisible};
use crate::model::Rendered;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{Zoned, fmt::rfc2822};
use lettre::message::{
    MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue, Headers},
};
use std::fmt::Write as _;
use thiserror::Error;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// What stands on the outside of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The name staff see as sender: "Điểm báo xây dựng Đảng".
    pub from_name: String,
    /// The sender's address.
    pub from: Address,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Address>,
    /// The one recipient.
    pub recipient: Address,
    /// The digest's name for people, in `List-Id`.
    pub list_name: String,
    /// The digest's name for machines, `label.domain`: filters and folders hang on it.
    pub list_id: String,
    /// A `mailto:` address that unsubscribes; see [`unsubscribe_mailto`].
    pub unsubscribe_mailto: Option<String>,
    /// An `https:` address that unsubscribes by one click (RFC 8058); only where there is a public page.
    pub unsubscribe_https: Option<String>,
    /// Without angle brackets; see [`message_id`].
    pub message_id: String,
    /// When the edition was composed, in the zone to be shown.
    pub date: Zoned,
}

/// A file that goes with the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name; may hold Vietnamese letters.
    pub name: String,
    /// Such as `application/pdf`.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a letter cannot be written.
#[derive(Debug, Error)]
pub enum BuildError {
    /// An attachment's type is none.
    #[error("attachment {name:?}: {content_type:?} is not a media type")]
    ContentType {
        /// The attachment.
        name: String,
        /// What was given.
        content_type: String,
    },
    /// A date before the year 0 or after 9999 (RFC 5322 has no form for it).
    #[error("the date cannot be written in a mail: {0}")]
    Date(#[from] jiff::Error),
}

/// RFC 5322 §2.1.1: what a line should not exceed, without its end.
const MAX_LINE_CHARS: usize = 78;

/// Bytes in one encoded-word: 52 characters of base64 and 12 around them leave room for "Subject: ".
const WORD_BYTES: usize = 39;

/// Longest subject or name that is written, in characters; longer ones are cut with "…".
const MAX_HEADER_CHARS: usize = 200;

/// Writes the letter.
///
/// Control characters, line ends and characters of bidirectional text in any value are taken out, never an error: a
/// headline from a hostile feed must not keep the edition from going out.
///
/// # Errors
/// See [`BuildError`]; none depends on what the newspapers wrote.
pub fn build(
    envelope: &Envelope,
    rendered: &Rendered,
    attachments: &[Attachment],
) -> Result<Vec<u8>, BuildError> {
    let boundary = boundary(&envelope.message_id);
    let alternative = MultiPart::alternative()
        .boundary(boundary.clone())
        .singlepart(text_part(ContentType::TEXT_PLAIN, &rendered.text))
        .singlepart(text_part(ContentType::TEXT_HTML, &rendered.html));
    let content = if attachments.is_empty() {
        alternative
    } else {
        let mut mixed = MultiPart::mixed()
            .boundary(format!("{boundary}-m"))
            .multipart(alternative);
        for attachment in attachments {
            mixed = mixed.singlepart(attachment_part(attachment)?);
        }
        mixed
    };
    let mut letter = headers(envelope, &rendered.subject)?
        .to_string()
        .into_bytes();
    letter.extend_from_slice(&content.formatted());
    Ok(letter)
}

/// The Message-ID of an edition's letter to one recipient: the same at every try, so that the receiving side can drop a
/// second copy. The recipient stands in it as a hash only.
pub fn message_id(digest: &str, number: u32, recipient: &str, domain: &str) -> String {
    let label: String = digest
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    let label = if label.is_empty() { "diembao" } else { &label };
    format!(
        "{label}.{number}.{}@{domain}",
        recipient_mark(digest, number, recipient)
    )
}

/// Twenty hexadecimal digits that stand for a recipient of one edition; another edition gives others.
pub(super) fn recipient_mark(digest: &str, number: u32, recipient: &str) -> String {
    let key = format!("{digest}\0{number}\0{}", recipient.to_ascii_lowercase());
    let hash = blake3::derive_key("diembao recipient of an edition v1", key.as_bytes());
    hash[..10].iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The `mailto:` address for header and text by which a recipient takes leave: a letter to `address` with `subject`,
/// which should carry an opaque mark of the recipient.
pub fn unsubscribe_mailto(address: &Address, subject: &str) -> String {
    let mut uri = format!("mailto:{address}?subject=");
    for byte in header_text(subject).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Small letters: SpamAssassin takes `%BB` in a header for a template's mark that nobody filled in.
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri
}

fn headers(envelope: &Envelope, subject: &str) -> Result<Headers, BuildError> {
    let mut headers = Headers::new();
    headers.insert_raw(ascii(
        "From",
        &named("From", &envelope.from_name, envelope.from.as_str()),
    ));
    headers.insert_raw(ascii("To", envelope.recipient.as_str()));
    if let Some(reply_to) = &envelope.reply_to {
        headers.insert_raw(ascii("Reply-To", reply_to.as_str()));
    }
    headers.insert_raw(ascii("Subject", &encoded("Subject", &header_text(subject))));
    headers.insert_raw(ascii(
        "Date",
        &rfc2822::DateTimePrinter::new().zoned_to_string(&envelope.date)?,
    ));
    headers.insert_raw(ascii(
        "Message-ID",
        &format!("<{}>", token(&envelope.message_id)),
    ));
    headers.insert_raw(ascii("MIME-Version", "1.0"));
    headers.insert_raw(ascii("Content-Language", "vi"));
    headers.insert_raw(ascii(
        "List-Id",
        &named("List-Id", &envelope.list_name, &token(&envelope.list_id)),
    ));
    list_unsubscribe(&mut headers, envelope);
    headers.insert_raw(ascii("Auto-Submitted", "auto-generated"));
    headers.insert_raw(ascii("X-Auto-Response-Suppress", "All"));
    headers.insert_raw(ascii("Precedence", "list"));
    Ok(headers)
}

/// RFC 2369 and RFC 8058: where there is a page, the mail program itself may call it. It is named last: its line may be as
/// long as an address is.
fn list_unsubscribe(headers: &mut Headers, envelope: &Envelope) {
    let https = envelope
        .unsubscribe_https
        .as_deref()
        .and_then(|uri| address_in_header(uri, "https"));
    let mailto = envelope
        .unsubscribe_mailto
        .as_deref()
        .and_then(|uri| address_in_header(uri, "mailto"));
    let ways: Vec<_> = [mailto, https.clone()].into_iter().flatten().collect();
    if !ways.is_empty() {
        headers.insert_raw(ascii("List-Unsubscribe", &ways.join(",\r\n ")));
    }
    if https.is_some() {
        headers.insert_raw(ascii("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
}

/// `<uri>` if it is one of that scheme. The parser percent-encodes what may not stand in a header.
fn address_in_header(uri: &str, scheme: &str) -> Option<String> {
    let uri = url::Url::parse(uri)
        .ok()
        .filter(|uri| uri.scheme() == scheme)?;
    // A comma would end the address and begin another.
    let uri = uri.as_str().replace(',', "%2C");
    let safe = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>');
    uri.bytes().all(safe).then(|| format!("<{uri}>"))
}

/// `name <id>`: an address with its name, or a list's identifier with its own (RFC 2919).
fn named(header: &str, name: &str, id: &str) -> String {
    let name = header_text(name);
    if name.is_empty() {
        return format!("<{id}>");
    }
    // RFC 5322 §3.2.5: outside of quotes a phrase holds letters, digits and blanks.
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    let phrase = if name.is_ascii() && !plain {
        let inner = name.replace(['"', '\\'], "");
        encoded(header, &format!("\"{inner}\""))
    } else {
        encoded(header, &name)
    };
    let last_line = phrase.rsplit("\r\n").next().map_or(0, str::len);
    let gap = if header.len() + 2 + last_line + id.len() + 3 <= MAX_LINE_CHARS {
        " "
    } else {
        "\r\n "
    };
    format!("{phrase}{gap}<{id}>")
}

/// A value as it stands in a header: as it is if short and ASCII, else as encoded-words (RFC 2047), each of whole
/// characters, within its line. The whole value is encoded, so that nothing in it can pass for an encoded-word.
fn encoded(header: &str, text: &str) -> String {
    if text.is_ascii() && !text.contains("=?") && header.len() + 2 + text.len() <= MAX_LINE_CHARS {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, tail) = rest.split_at(end);
        words.push(format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word)));
        rest = tail;
    }
    words.join("\r\n ")
}

/// A header whose value is ours and ASCII.
fn ascii(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        value.to_owned(),
        value.to_owned(),
    )
}

/// Only what an identifier in angle brackets may hold.
fn token(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'))
        .collect()
}

/// One line of text: line ends and control characters become blanks, what turns text around goes, NFC, bounded.
fn header_text(text: &str) -> String {
    let visible: String = text
        .chars()
        .take(8 * MAX_HEADER_CHARS)
        .filter(|&c| !is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}'))
        .map(|c| {
            if c.is_control() || c.is_whitespace() {
                ' '
            } else {
                c
            }
        })
        .nfc()
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_HEADER_CHARS) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// Quoted-printable: still readable in the raw, and spam filters count base64 text against a letter.
fn text_part(kind: ContentType, text: &str) -> SinglePart {
    let lines = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "");
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(lines.replace('\n', "\r\n"))
}

fn attachment_part(attachment: &Attachment) -> Result<SinglePart, BuildError> {
    let kind =
        ContentType::parse(&attachment.content_type).map_err(|_| BuildError::ContentType {
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
        })?;
    Ok(SinglePart::builder()
        .header(kind)
        .header(FileName(attachment.name.clone()))
        .header(ContentTransferEncoding::Base64)
        .body(attachment.bytes.clone()))
}

/// `Content-Disposition` with the name twice: in ASCII for old readers, in full after RFC 2231. lettre writes one of them.
#[derive(Debug, Clone)]
struct FileName(String);

impl FileName {
    fn encoded(&self) -> String {
        let name: String = header_text(&self.0)
            .chars()
            .filter(|c| !matches!(c, '/' | '\\'))
            .collect();
        let mut value = format!("attachment;\r\n filename=\"{}\"", plain_letters(&name));
        if !name.is_ascii() {
            // RFC 2231 §3: continuations, so that no line grows beyond 78.
            for (at, piece) in percent_pieces(&name).iter().enumerate() {
                let charset = if at == 0 { "UTF-8''" } else { "" };
                // Writing to a String cannot fail.
                let _ = write!(value, ";\r\n filename*{at}*={charset}{piece}");
            }
        }
        value
    }
}

impl Header for FileName {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.encoded())
    }
}

/// Percent-encoded UTF-8 in pieces of at most 54 characters.
fn percent_pieces(name: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for byte in name.bytes() {
        let piece = if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        };
        match pieces.last_mut() {
            Some(last) if last.len() + piece.len() <= 54 => last.push_str(&piece),
            _ => pieces.push(piece),
        }
    }
    pieces
}

/// "Điểm báo 23-11.docx" → "Diem bao 23-11.docx", at most 60 characters, the ending kept.
fn plain_letters(name: &str) -> String {
    let plain: String = name
        .nfd()
        .filter(|&c| !is_combining_mark(c))
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            c if c.is_ascii_alphanumeric() || " .-_()".contains(c) => c,
            _ => '-',
        })
        .collect();
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((&plain, ""));
    let stem: String = stem.chars().take(50).collect();
    let ending: String = ending.chars().take(8).collect();
    if ending.is_empty() {
        stem
    } else {
        format!("{stem}.{ending}")
    }
}

/// A line that no quoted-printable or base64 body of ours contains: they never start a line with two dashes and the
/// hash of this letter's own id.
fn boundary(message_id: &str) -> String {
    let hash = blake3::derive_key("diembao mime boundary v1", message_id.as_bytes());
    let tail = hash[..12].iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("diembao-{tail}")
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
