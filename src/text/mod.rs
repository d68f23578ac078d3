//! Ring 0: pure Vietnamese text; knows nothing of feeds or articles.

pub mod fold;
pub mod lexicon;
pub mod normal;
pub mod syllable;
