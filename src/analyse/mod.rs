//! Ring 1: article(s) → judgement; every result carries its reasons.
pub mod neardup;
