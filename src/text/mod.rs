//! Ring 0: pure Vietnamese text; knows nothing of feeds or articles.

pub mod date;
pub mod doccode;
pub mod fold;
pub mod lexicon;
pub mod normal;
pub mod number;
pub mod sentence;
pub mod shingle;
pub mod syllable;
