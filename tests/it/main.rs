//! The one integration binary: a module for each area.

// A failing test is where a panic belongs; clippy.toml knows only the bodies of #[test] functions.
#![allow(clippy::unwrap_used)]

mod config;
