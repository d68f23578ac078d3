//! What the parts do together, seen from outside: one binary, so that it is linked once.

#![allow(clippy::unwrap_used)] // a failing test is where a panic belongs; helpers are not seen as tests

mod mail;
mod support;
