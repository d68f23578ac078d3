//! What a robots.txt says to us. Pure.

use url::Url;

/// The product token that groups in robots.txt are matched against.
const AGENT: &str = "diembao";

/// The rules of one origin, by RFC 9309.
#[derive(Debug)]
pub struct Rules(robotxt::Robots);

impl Rules {
    /// Reads a robots.txt; lines that are none are passed over.
    pub fn read(file: &[u8]) -> Self {
        Self(robotxt::Robots::parse(file, AGENT))
    }

    /// The rules of an origin that has none.
    pub fn none() -> Self {
        Self(robotxt::Robots::allow_all())
    }

    /// Whether this page may be read.
    pub fn allow(&self, page: &Url) -> bool {
        self.0.is_url_allowed(page)
    }
}
