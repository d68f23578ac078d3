//! Tests across modules and over real sockets, as one binary: one link step instead of many.

mod net;
mod support;
