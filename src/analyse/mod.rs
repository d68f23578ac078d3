//! Ring 1: article(s) → judgement; every result carries its reasons.

pub mod topic;

use crate::config::topics::Topics;

/// Version of the analysing code: raise it when the same text and taxonomy would be judged otherwise.
pub const ANALYSIS_VERSION: u32 = 1;

/// Names code and taxonomy together; stored with each analysis, so that a change of either queues articles anew.
pub fn analysis_version(topics: &Topics) -> String {
    format!("{ANALYSIS_VERSION}-{}", topics.hash)
}
