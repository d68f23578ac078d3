//! Tests across modules and over real sockets, as one binary: one link step instead of many.

// A failing test is where a panic belongs; clippy knows this of test functions, not of what helps them.
#![allow(clippy::unwrap_used)]

mod admin;
mod calendar;
mod cli;
mod config;
mod crash;
mod daemon;
mod histories;
mod identity;
mod mail;
mod net;
mod order;
mod post;
mod readme;
mod support;
