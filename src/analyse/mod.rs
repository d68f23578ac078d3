//! Ring 1: article(s) → judgement; every result carries its reasons.

pub mod figures;
pub mod mark;
pub mod names;
pub mod neardup;
pub mod story;
pub mod summary;
pub mod topic;

use crate::config::topics::Topics;

/// Version of the analysing code: raise it when the same text and taxonomy would be judged otherwise.
pub const ANALYSIS_VERSION: u32 = 2;

/// Names code and taxonomy together, above 0; stored with each analysis, so that a change of either queues articles anew.
pub fn analysis_version(topics: &Topics) -> i64 {
    let digits = format!("{ANALYSIS_VERSION:x}{}", topics.hash);
    // Fifteen hexadecimal digits fit below the sign.
    i64::from_str_radix(digits.get(..15).unwrap_or(&digits), 16)
        .unwrap_or(i64::MAX)
        .max(1)
}
