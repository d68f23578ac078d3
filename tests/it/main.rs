//! Tests across modules and over real sockets, as one binary: one link step instead of many.

mod config;
mod identity;
mod mail;
mod net;
mod support;
