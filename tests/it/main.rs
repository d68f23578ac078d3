//! Tests across modules and over real sockets, as one binary: one link step instead of many.

#![allow(clippy::unwrap_used)] // a failing test is where a panic belongs; helpers are not seen as tests

mod config;
mod mail;
mod net;
mod support;
