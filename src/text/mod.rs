//! Ring 0: pure Vietnamese text; knows nothing of feeds or articles.

pub mod date;
