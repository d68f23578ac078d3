//! `diembao`: polls the feeds of Viet Nam's provincial newspapers and mails a morning review of party-building news.
//!
//! Data flows one way: sources → fetch → read → store → analyse → select → compose → deliver, and nothing flows back
//! except through a row in the store. The modules below stand in rings; a module imports only from those above it
//! (`ARCHITECTURE.md`; held by `tests/layers.rs`).

// Ring 0: words, values, Vietnamese text.
pub mod model;
pub mod text;

// Config: read once, then a value.
pub mod config;

// Ring 1: pure steps. No tokio, no files, no clock.
pub mod analyse;
pub mod edition;
pub mod feed;
pub mod page;

// Ring 2: the three edges. They never import one another.
pub mod mail;
pub mod net;
pub mod store;

// Ring 3: putting it together.
pub mod cli;
pub mod daemon;
pub mod log;
pub mod web;
