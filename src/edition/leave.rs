//! The signed word by which a recipient takes leave of a digest: part of an address in each mail (RFC 8058).
//!
//! It names digest, recipient and when it was issued, and carries a keyed hash over them. Nobody else can make one, and
//! it serves for nothing else.

use crate::model::DigestName;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// The key that signs, of this installation alone.
pub type Key = [u8; 32];

/// After so long a word is not believed any more: mails lie about in mailboxes for years.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24 * 400);
/// What is signed begins with this, so that the key can never be made to sign another thing.
const CONTEXT: &str = "diembao leave 1";
/// Bytes of the longest word that is looked at; an address has 320 at most.
const TOKEN_BYTES: usize = 1_024;

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

/// The word for an address: URL-safe, the same for the same input.
pub fn token(key: &Key, digest: &DigestName, recipient: &str, issued: Timestamp) -> String {
    let payload = format!("{}\n{recipient}\n{digest}", issued.as_second());
    let seal = seal(key, &payload);
    let payload = URL_SAFE_NO_PAD.encode(payload);
    format!("{payload}.{}", URL_SAFE_NO_PAD.encode(seal.as_bytes()))
}

/// What a word says; `None` if it was not made with this key, was changed, or is older than 400 days.
pub fn read(key: &Key, token: &str, now: Timestamp) -> Option<Wish> {
    let (payload, given) = token
        .split_once('.')
        .filter(|_| token.len() <= TOKEN_BYTES)?;
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let given: [u8; 32] = URL_SAFE_NO_PAD.decode(given).ok()?.try_into().ok()?;
    // blake3 compares hashes in constant time.
    if blake3::Hash::from_bytes(given) != seal(key, &payload) {
        return None;
    }
    let mut parts = payload.splitn(3, '\n');
    let issued = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
    let recipient = parts.next()?.to_owned();
    let digest = DigestName(parts.next()?.to_owned());
    (now.duration_since(issued) <= GOOD_FOR).then_some(Wish {
        digest,
        recipient,
        issued,
    })
}

fn seal(key: &Key, payload: &str) -> blake3::Hash {
    blake3::keyed_hash(key, format!("{CONTEXT}\n{payload}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    fn made() -> (String, Timestamp) {
        let issued: Timestamp = "2026-11-23T23:30:00Z".parse().unwrap();
        (
            token(&KEY, &"hang-ngay".into(), "an@tinhuy.example", issued),
            issued,
        )
    }

    #[test]
    fn a_word_says_who_wants_to_leave_what() {
        let (token, issued) = made();
        let wish = read(&KEY, &token, issued).unwrap();
        assert_eq!(
            (wish.digest.as_str(), wish.recipient.as_str()),
            ("hang-ngay", "an@tinhuy.example")
        );
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        );
    }

    #[test]
    fn forged_changed_and_old_words_are_not_believed() {
        let (token, issued) = made();
        assert!(read(&[8; 32], &token, issued).is_none());
        let late = issued + SignedDuration::from_hours(24 * 401);
        assert!(read(&KEY, &token, late).is_none());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != token {
                assert!(read(&KEY, &changed, issued).is_none(), "changed at {at}");
            }
        }
        for bad in ["", ".", "a.b", &"a".repeat(5_000)] {
            assert!(read(&KEY, bad, issued).is_none());
        }
    }
}
