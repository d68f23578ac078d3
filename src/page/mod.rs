//! Ring 1: HTML of an article page → the article: headline, sapo, running text, signature, time. A list page → its items.
//! An article's address asked again → whether it still stands there.
//!
//! For one page in memory; no network, no clock, no store. Pages are hostile input: bytes, elements, attributes and
//! depth are bounded before anything builds a tree. Imports `model`, `text` and `feed`.

mod again;
mod author;
mod body;
mod dates;
mod decode;
mod discover;
mod extract;
mod guard;
mod lead;
mod library;
mod lines;
mod list;
mod meta;
mod published;
mod rules;
mod site;
mod title;
mod tree;

pub use again::{Again, Answer, Known, look_again};
pub use discover::{Offer, discover};
pub use extract::{MAX_PAGE_BYTES, NotAnArticle, PageArticle, extract};
pub use list::read_list;

#[cfg(test)]
mod tests;
