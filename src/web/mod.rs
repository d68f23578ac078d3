//! Ring 3: the reading room. Past editions, search and the health of the sources as plain pages; read-only but for taking
//! leave of a digest and for what hubs deliver; off unless `[web] listen` is set.
//!
//! A request goes through `guard` (who may ask, how long it may take, what a browser may do with the answer) to a
//! handler in the file named after the page; a handler reads the store and returns a `page::Page`: data and the name
//! of a template. The same data are the page's JSON. Nothing here computes what an edition says: that was frozen.

mod articles;
mod atom;
mod editions;
mod feeds;
mod guard;
mod health;
mod hooks;
mod intent;
mod leave;
mod months;
mod page;
mod room;
mod search;
mod serve;
mod sources;
mod topics;

pub use editions::path as edition_path;
pub use hooks::{Delivery, Hooks, Inbox, Tally, Verified, Verify};
pub use intent::{Intent, Mode};
pub use room::{Answer, Metrics, Office, Room, Watch};
pub use serve::serve;
