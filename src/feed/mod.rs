//! Ring 1: bytes of a feed → entries and what identifies them.

pub mod canonical;
pub mod identity;
