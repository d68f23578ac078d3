//! The config: read once, checked whole, then a value.

pub mod topics;
