//! DKIM (RFC 6376, RFC 8463): a signature of the office's domain over the letter, so that receivers can tell it from a
//! forged one. Relaxed canonical form for both halves: relays may refold headers.
//!
//! No time stands in the signature, so that the same letter signed twice is the same letter.

use super::Secret;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use std::fmt;
use thiserror::Error;

/// What is signed. `from` twice: a second From put in later breaks the signature (RFC 6376 §8.15). Names that the letter
/// lacks are signed as missing, so that nobody can add a List-Unsubscribe-Post of their own.
const SIGNED: [&str; 15] = [
    "from",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-language",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "auto-submitted",
    "cc",
];

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Signs letters for one domain.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

/// Why there can be no signatures.
#[derive(Debug, Error)]
pub enum KeyError {
    /// No PEM block with a private key in it.
    #[error("the DKIM key is not a private key in PEM form: {0}")]
    Pem(String),
    /// A key of another kind, too short, or damaged.
    #[error("the DKIM key is neither an RSA key of 2048 bits or more nor an Ed25519 key: {0}")]
    Key(String),
    /// Domain and selector become a DNS name.
    #[error("{0:?} cannot be part of a DNS name")]
    Name(String),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

impl Signer {
    /// A signer for `domain` whose public key stands in the DNS at `selector._domainkey.domain`. The key is PEM text:
    /// PKCS#8 (RSA or Ed25519) or PKCS#1 (RSA).
    ///
    /// # Errors
    /// A key that cannot be used, a name that DNS cannot hold.
    pub fn new(domain: &str, selector: &str, key_pem: &Secret) -> Result<Self, KeyError> {
        for name in [domain, selector] {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            if name.is_empty() || name.len() > 200 || !name.bytes().all(plain) {
                return Err(KeyError::Name(name.to_owned()));
            }
        }
        let key = match PrivateKeyDer::from_pem_slice(key_pem.reveal().as_bytes())
            .map_err(|e| KeyError::Pem(e.to_string()))?
        {
            PrivateKeyDer::Pkcs8(der) => {
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                    Ok(key) => Key::Ed25519(key),
                    Err(_) => Key::Rsa(
                        RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
                            .map_err(|e| KeyError::Key(e.to_string()))?,
                    ),
                }
            }
            PrivateKeyDer::Pkcs1(der) => Key::Rsa(
                RsaKeyPair::from_der(der.secret_pkcs1_der())
                    .map_err(|e| KeyError::Key(e.to_string()))?,
            ),
            _ => return Err(KeyError::Key("another kind of key".into())),
        };
        Ok(Self {
            domain: domain.to_ascii_lowercase(),
            selector: selector.to_owned(),
            key,
        })
    }

    /// The letter with a `DKIM-Signature` in front of it.
    pub fn sign(&self, letter: &[u8]) -> Vec<u8> {
        let (head, body) = split(letter);
        let fields = fields(head);
        let mut unsigned =
            self.header(&BASE64_STANDARD.encode(digest(&SHA256, &relaxed_body(body))));
        let mut data = Vec::new();
        let mut left = fields;
        for name in SIGNED {
            // RFC 6376 §5.4.2: of several fields of one name, the lowest not signed yet.
            if let Some(at) = left.iter().rposition(|(field, _)| field == name) {
                let (field, value) = left.remove(at);
                data.extend_from_slice(format!("{field}:{value}\r\n").as_bytes());
            }
        }
        data.extend_from_slice(format!("dkim-signature:{}", relaxed_value(&unsigned)).as_bytes());
        for piece in BASE64_STANDARD
            .encode(self.signature(&data))
            .as_bytes()
            .chunks(72)
        {
            unsigned.push_str("\r\n ");
            unsigned.push_str(&String::from_utf8_lossy(piece));
        }
        let mut signed = format!("DKIM-Signature:{unsigned}\r\n").into_bytes();
        signed.extend_from_slice(letter);
        signed
    }

    fn header(&self, body_hash: &str) -> String {
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let names = SIGNED
            .chunks(5)
            .map(|some| some.join(":"))
            .collect::<Vec<_>>()
            .join(":\r\n  ");
        format!(
            " v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={}; s={};\r\n h={names};\r\n bh={body_hash};\r\n b=",
            self.domain, self.selector,
        )
    }

    fn signature(&self, data: &[u8]) -> Vec<u8> {
        match &self.key {
            // RFC 8463 §3: the hash is what is signed.
            Key::Ed25519(key) => key.sign(digest(&SHA256, data).as_ref()).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .expect("the buffer has the modulus' length, and no key of ring's minimum length is too short for SHA-256");
                signature
            }
        }
    }
}

fn split(letter: &[u8]) -> (&[u8], &[u8]) {
    match letter.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => (&letter[..at], &letter[at + 4..]),
        None => (letter, &[]),
    }
}

/// The fields of a head: name in lower case, value relaxed.
fn fields(head: &[u8]) -> Vec<(String, String)> {
    let head = String::from_utf8_lossy(head)
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ");
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), relaxed_value(value)))
        .collect()
}

/// RFC 6376 §3.4.2: unfolded, runs of blanks as one, none at the ends.
fn relaxed_value(value: &str) -> String {
    value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// RFC 6376 §3.4.4: runs of blanks as one, none at line ends, no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut end = 0;
    for line in body.split(|&b| b == b'\n') {
        let line = line.trim_ascii_end();
        let mut blank = false;
        for &byte in line {
            match byte {
                b' ' | b'\t' => blank = true,
                _ => {
                    if std::mem::take(&mut blank) {
                        out.push(b' ');
                    }
                    out.push(byte);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
        if !line.is_empty() {
            end = out.len();
        }
    }
    out.truncate(end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};

    /// Made for this test with `openssl genpkey -algorithm ed25519`.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFGDyq3u4KAqVs69yndJn0a8jhKUazqY686xkSlvO6DR\n-----END PRIVATE KEY-----\n";

    #[test]
    fn bodies_take_their_relaxed_form() {
        // The example of RFC 6376 §3.4.5, and the edges around it.
        let cases = [
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("", ""),
            ("\r\n\r\n", ""),
            ("a", "a\r\n"),
            ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
        ];
        for (body, want) in cases {
            assert_eq!(
                String::from_utf8_lossy(&relaxed_body(body.as_bytes())),
                want,
                "{body:?}"
            );
        }
        let head = fields(b"A: X\r\nB : Y\t\r\n\tZ  ");
        assert_eq!(head, [("a".into(), "X".into()), ("b".into(), "Y Z".into())]);
    }

    #[test]
    fn a_signature_holds_over_headers_and_body() {
        let signer = Signer::new("TinhUy.vn", "s2026", &Secret::new(KEY)).unwrap();
        let letter = b"From: a@tinhuy.vn\r\nSubject: =?utf-8?b?xJA=?=\r\nList-Unsubscribe:\r\n <mailto:a@tinhuy.vn>\r\n\r\nTin\r\n";
        let signed = signer.sign(letter);
        assert_eq!(signed, signer.sign(letter), "the same at every try");
        assert!(signed.ends_with(letter));
        let text = String::from_utf8(signed).unwrap();
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        let field = fields(text.as_bytes()).remove(0).1;
        let (unsigned, b) = field.rsplit_once("b=").unwrap();
        let data = format!(
            "from:a@tinhuy.vn\r\nsubject:=?utf-8?b?xJA=?=\r\nlist-unsubscribe:<mailto:a@tinhuy.vn>\r\ndkim-signature:{unsigned}b="
        );
        let Key::Ed25519(pair) = &signer.key else {
            panic!("an Ed25519 key")
        };
        let signature = BASE64_STANDARD.decode(b.replace(' ', "")).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
        public
            .verify(digest(&SHA256, data.as_bytes()).as_ref(), &signature)
            .unwrap();
        assert!(unsigned.contains("d=tinhuy.vn; s=s2026;"));
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_shown() {
        for pem in [
            "",
            "abc",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(Signer::new("tinhuy.vn", "s", &Secret::new(pem)).is_err());
        }
        assert!(matches!(
            Signer::new("tinhuy.vn", "s;b=", &Secret::new(KEY)),
            Err(KeyError::Name(_))
        ));
        assert_eq!(format!("{:?}", Secret::new("mật khẩu")), "***");
    }
}
