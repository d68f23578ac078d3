//! Ring 2: the post; the only user of lettre.
//!
//! An edition goes out in four steps, each in a file of its own: [`message`] writes the letter (the same bytes at every
//! try), [`dkim`] signs it, [`send`] holds the conversation with the server, [`verdict`] says what came of it.
//! Where no server is configured, [`eml`] puts the letter into a folder instead.
//!
//! Nothing here knows the outbox: what was committed when, and when to try again, is the caller's.

pub mod address;
pub mod dkim;
pub mod eml;
pub mod message;
mod reply;
pub mod send;
pub mod verdict;
mod wire;

pub use address::{Address, AddressError};
pub use message::{Attachment, BuildError, Envelope, build, message_id, unsubscribe_mailto};
pub use send::{Login, Session, SetupError, SmtpConfig, Tls, deliver};
pub use verdict::{GIVE_UP_AFTER, Verdict, next_try, retry_after};

use std::fmt;

/// A word that must not reach a log: a password, a private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `word`.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The word itself; for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
