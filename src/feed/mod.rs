//! Ring 1: bytes of a feed → entries and what identifies them.
//!
//! Reading goes `decode` (bytes → text, whatever the labels say) → `repair` or `json` (text → what the document says,
//! however broken) → `strict` (that, as XML worth the name) → feed-rs → `read` (its result, cleaned).

pub mod canonical;
pub mod decode;
mod dialect;
mod document;
mod entity;
pub mod identity;
mod json;
mod listed;
mod markup;
pub mod plain;
mod read;
mod repair;
pub mod sitemap;
mod strict;
mod times;
mod ttl;
mod value;
mod vietnamese;

pub use decode::{Decoded, How};
pub use listed::{Listed, listed};
pub use plain::plain;
pub use read::{FeedMeta, NotAFeed, Reading, Warning, read};
