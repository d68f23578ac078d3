//! Mail addresses as they stand in an envelope: ASCII, bounded, nothing in them that a command line could trip over.

use std::{fmt, str::FromStr};
use thiserror::Error;

/// A checked address, `local@domain`, all ASCII: a domain with Vietnamese letters is kept in its `xn--` form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

/// Why a text is no address we can write to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not `local@domain`.
    #[error("{0:?} is not a mail address")]
    Syntax(String),
    /// Letters beyond ASCII before the `@`: they need SMTPUTF8 at every hop, which office servers do not speak.
    #[error("{0:?}: only ASCII letters may stand before the @")]
    NonAscii(String),
    /// RFC 5321 §4.5.3.1.3: a path has at most 256 octets, the angle brackets included.
    #[error("{0:?} is longer than 254 characters")]
    TooLong(String),
}

const MAX_ADDRESS_BYTES: usize = 254;

impl Address {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shown = || text.chars().take(MAX_ADDRESS_BYTES).collect::<String>();
        let syntax = || AddressError::Syntax(shown());
        let text = text.trim();
        if text.len() > 4 * MAX_ADDRESS_BYTES {
            return Err(AddressError::TooLong(shown()));
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(syntax)?;
        if !local.is_ascii() {
            return Err(AddressError::NonAscii(shown()));
        }
        let domain = if domain.is_ascii() {
            domain.to_owned()
        } else {
            url::Host::parse(domain).map_err(|_| syntax())?.to_string()
        };
        let address = format!("{local}@{domain}");
        if address.len() > MAX_ADDRESS_BYTES {
            return Err(AddressError::TooLong(shown()));
        }
        // lettre knows the grammar; quoted local parts may hold what a header or a path cannot.
        let plain =
            |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\' | b',' | b';');
        if !address.bytes().all(plain) || address.parse::<lettre::Address>().is_err() {
            return Err(syntax());
        }
        Ok(Self(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_checked_before_they_reach_a_command() {
        let cases = [
            ("an.nguyen@tinhuy.vn", Ok("an.nguyen@tinhuy.vn")),
            ("  an@tinhuy.vn ", Ok("an@tinhuy.vn")),
            ("an@tỉnh-ủy.vn", Ok("an@xn--tnh-y-u8a3105d.vn")),
            (
                "nguyễn@tinhuy.vn",
                Err(AddressError::NonAscii("nguyễn@tinhuy.vn".into())),
            ),
            (
                "an@tinhuy.vn>\r\nDATA",
                Err(AddressError::Syntax("an@tinhuy.vn>\r\nDATA".into())),
            ),
            (
                "an b@tinhuy.vn",
                Err(AddressError::Syntax("an b@tinhuy.vn".into())),
            ),
            ("tinhuy.vn", Err(AddressError::Syntax("tinhuy.vn".into()))),
            ("@tinhuy.vn", Err(AddressError::Syntax("@tinhuy.vn".into()))),
            ("an@", Err(AddressError::Syntax("an@".into()))),
        ];
        for (text, want) in cases {
            let got = text.parse::<Address>();
            match want {
                Ok("an@xn--tnh-y-u8a3105d.vn") => {
                    assert!(got.expect(text).domain().starts_with("xn--"), "{text}");
                }
                Ok(want) => assert_eq!(got.expect(text).as_str(), want),
                Err(want) => assert_eq!(got, Err(want)),
            }
        }
        let long = format!("{}@tinhuy.vn", "a".repeat(300));
        assert!(long.parse::<Address>().is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_one_plain_word(text in ".{0,80}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(!address.as_str().contains(['<', '>', ',']));
            }
        }
    }
}
