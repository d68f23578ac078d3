//! Ring 3: the loops of the daemon; the only place that spawns.

pub mod pace;
