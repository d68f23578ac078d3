//! Ring 1: article(s) → judgement; every result carries its reasons.

pub mod figures;
pub mod mark;
pub mod names;
pub mod neardup;
pub mod story;
pub mod summary;
pub mod topic;

use crate::config::topics::Taxonomy;

/// Version of the analysing code: raise it when the same text and taxonomy would be judged otherwise.
pub const ANALYSIS_VERSION: u32 = 3;

/// Names code, weights and taxonomy together, above 1 (which stands for "judged without what is known now"); stored with
/// each analysis, so that a change of any of them queues articles anew.
pub fn analysis_version(topics: &Taxonomy) -> i64 {
    let mut hash = blake3::Hasher::new();
    hash.update(&ANALYSIS_VERSION.to_le_bytes());
    hash.update(topics.hash().as_bytes());
    hash.update(topic::weights_hash().as_bytes());
    let [a, b, c, d, e, f, g, ..] = *hash.finalize().as_bytes();
    // Seven bytes fit below the sign.
    i64::from_le_bytes([a, b, c, d, e, f, g, 0]).max(2)
}
