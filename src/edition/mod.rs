//! Ring 1: stories → one edition, rendered.

pub mod window;
