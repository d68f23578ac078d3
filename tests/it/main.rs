//! Tests across modules and over real sockets, as one binary: one link step instead of many.

// A failing test is where a panic belongs; clippy.toml knows only the bodies of #[test] functions.
#![allow(clippy::unwrap_used)]

mod config;
mod net;
mod support;
