//! Newtypes for every id, so that an article's number can never be passed where a feed's is wanted.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

row_id! {
    /// Row of a feed.
    FeedId,
    /// Row of an entry: one item as one feed served it.
    EntryId,
    /// Row of an article: the deduplicated piece.
    ArticleId,
    /// Row of an edition.
    EditionId,
    /// Row of a delivery: one edition to one recipient.
    DeliveryId,
    /// The number under which an article last came to the desk's attention: given at first sight, and anew if a
    /// later reading raised its level. It only grows; editions are cut on it, never on published dates.
    Ingest,
}

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The key as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

key! {
    /// A source's key in `feeds.toml`: lower-case ASCII, digits and `-`, such as `an-giang`. Stable over renames of the paper.
    SourceKey,
    /// A feed's key: `source/feed`, such as `an-giang/xay-dung-dang`.
    FeedKey,
    /// A topic's key in `topics.toml`, such as `kiem_tra`.
    TopicKey,
    /// A digest's name in `diembao.toml`, such as `hang-ngay`.
    DigestName,
}
