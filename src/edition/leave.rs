//! The signed word by which a recipient takes leave of a digest: part of an address in each mail (RFC 8058).
//!
//! It is when the mail was made and a keyed hash over that, the recipient and the digest: nobody else can make one, it
//! serves for nothing else, and whoever reads it on its way learns no address. Whose it is, is found by trying those who
//! are configured; a word of somebody who is not any more is nobody's.

use crate::model::{DigestName, Rendered};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// The key that signs, of this installation alone.
pub type Key = [u8; 32];

/// After so long a word is not believed any more: mails lie about in mailboxes for years.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24 * 400);
/// What is signed begins with this, so that the key can never be made to sign another thing.
const CONTEXT: &str = "diembao leave 1";
/// Bytes of a word before they are made letters: seconds since 1970, hash.
const BYTES: usize = 8 + 32;
/// The word of nobody ("this mail"): an edition's frozen forms have it where each letter has its recipient's own.
pub const NOBODYS: &str = "thu-nay";

/// Who wants to leave what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub digest: DigestName,
    /// Who, a mail address.
    pub recipient: String,
    /// When the mail was made, to the second.
    pub issued: Timestamp,
}

/// The path of the page on which a word takes effect.
pub fn path(token: &str) -> String {
    format!("/ngung-nhan/{token}")
}

/// The word for an address: URL-safe, the same for the same input and any case of the address.
pub fn token(key: &Key, digest: &DigestName, recipient: &str, issued: Timestamp) -> String {
    let second = issued.as_second();
    let mut bytes = second.to_be_bytes().to_vec();
    bytes.extend(seal(key, digest, recipient, second).as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Who of `known` a word is of; `None` if it was not made with this key for one of them, was changed, or is older than
/// 400 days.
pub fn read<'a>(
    key: &Key,
    token: &str,
    known: impl IntoIterator<Item = (&'a DigestName, &'a str)>,
    now: Timestamp,
) -> Option<Wish> {
    // Longer ones are not even decoded.
    let bytes = (token.len() <= BYTES * 2).then(|| URL_SAFE_NO_PAD.decode(token).ok())??;
    let bytes: [u8; BYTES] = bytes.try_into().ok()?;
    let (second, given) = bytes.split_first_chunk::<8>()?;
    let second = i64::from_be_bytes(*second);
    let given = blake3::Hash::from_bytes(given.try_into().ok()?);
    let issued = Timestamp::from_second(second).ok()?;
    if now.duration_since(issued) > GOOD_FOR {
        return None;
    }
    known
        .into_iter()
        // blake3 compares hashes in constant time.
        .find(|(digest, recipient)| seal(key, digest, recipient, second) == given)
        .map(|(digest, recipient)| Wish {
            digest: digest.clone(),
            recipient: recipient.to_owned(),
            issued,
        })
}

fn seal(key: &Key, digest: &DigestName, recipient: &str, second: i64) -> blake3::Hash {
    // Neither names nor addresses have line ends.
    let signed = format!(
        "{CONTEXT}\n{second}\n{digest}\n{}",
        recipient.to_ascii_lowercase()
    );
    blake3::keyed_hash(key, signed.as_bytes())
}

/// An edition's forms for one recipient: `own` in place of the address `nobodys`, wherever that stands alone. As a part of a
/// newspaper's address it stays: nobody shall be sent elsewhere with a recipient's word.
pub fn made_out(rendered: &Rendered, nobodys: &str, own: &str) -> Rendered {
    let in_html = |c: char| c.is_whitespace() || "\"<>".contains(c);
    Rendered {
        subject: rendered.subject.clone(),
        html: replaced(&rendered.html, nobodys, own, in_html),
        text: replaced(&rendered.text, nobodys, own, char::is_whitespace),
    }
}

fn replaced(text: &str, from: &str, to: &str, ends: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from).filter(|_| !from.is_empty()) {
        let (before, found) = rest.split_at(at);
        let (found, after) = found.split_at(from.len());
        out.push_str(before);
        let alone =
            out.chars().next_back().is_none_or(&ends) && after.chars().next().is_none_or(&ends);
        out.push_str(if alone { to } else { found });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    fn digest() -> DigestName {
        "hang-ngay".into()
    }

    fn made() -> (String, Timestamp) {
        let issued: Timestamp = "2026-11-23T23:30:00Z".parse().unwrap();
        (token(&KEY, &digest(), "an@tinhuy.example", issued), issued)
    }

    fn read_as(key: &Key, token: &str, known: &[&str], now: Timestamp) -> Option<Wish> {
        let digest = digest();
        let known = known.iter().map(|address| (&digest, *address));
        read(key, token, known, now)
    }

    #[test]
    fn a_word_says_who_wants_to_leave_what_to_us_alone() {
        let (token, issued) = made();
        let known = ["binh@tinhuy.example", "An@tinhuy.example"];
        let wish = read_as(&KEY, &token, &known, issued).unwrap();
        assert_eq!(
            (wish.digest.as_str(), wish.recipient.as_str(), wish.issued),
            ("hang-ngay", "An@tinhuy.example", issued)
        );
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        let plain = URL_SAFE_NO_PAD.decode(&token).unwrap();
        assert!(!String::from_utf8_lossy(&plain).contains("tinhuy"));
    }

    #[test]
    fn forged_changed_old_and_unknown_words_are_not_believed() {
        let (token, issued) = made();
        let known = ["an@tinhuy.example"];
        assert!(read_as(&[8; 32], &token, &known, issued).is_none());
        assert!(read_as(&KEY, &token, &["binh@tinhuy.example"], issued).is_none());
        let late = issued + SignedDuration::from_hours(24 * 401);
        assert!(read_as(&KEY, &token, &known, late).is_none());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != token {
                assert!(
                    read_as(&KEY, &changed, &known, issued).is_none(),
                    "changed at {at}"
                );
            }
        }
        for bad in ["", ".", "a.b", NOBODYS, &"a".repeat(5_000)] {
            assert!(read_as(&KEY, bad, &known, issued).is_none());
        }
    }

    #[test]
    fn a_letter_has_its_own_word_and_no_link_elsewhere_carries_it() {
        let nobodys = "https://bao.example/ngung-nhan/thu-nay";
        let evil = format!("https://do.example/?to={nobodys}");
        let rendered = Rendered {
            subject: "s".into(),
            html: format!("<a href=\"{nobodys}\">Ngừng</a> <a href=\"{evil}\">{nobodys}x</a>"),
            text: format!("Ngừng nhận:\n{nobodys}\n{evil}\n{nobodys}"),
        };
        let own = made_out(&rendered, nobodys, "https://bao.example/ngung-nhan/CUA-AN");
        assert_eq!(own.html.matches("CUA-AN").count(), 1);
        assert!(
            own.html
                .starts_with("<a href=\"https://bao.example/ngung-nhan/CUA-AN\">")
        );
        assert_eq!(own.text.matches("CUA-AN").count(), 2);
        assert!(own.html.contains(&evil) && own.text.contains(&evil));
    }
}
