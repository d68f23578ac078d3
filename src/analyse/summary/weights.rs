//! The learned weights, in the order of [`super::features::NAMES`]; made by `diembao tool train-summary`.

use super::features::FEATURES;

/// One weight a feature.
#[rustfmt::skip]
pub const WEIGHTS: [f64; FEATURES] = [
    -0.0421, // bias
    -0.0073, // first
    0.1233, // second
    0.0522, // third
    0.2900, // early
    -0.0213, // place
    0.0480, // lead
    -0.0048, // lead_first
    0.1168, // title
    0.0906, // titles
    0.0857, // shared
    0.0917, // widely
    0.0581, // echo
    0.2785, // leads
    0.1079, // central
    0.0331, // length
    -0.0263, // short
    -0.0546, // long
    0.0075, // figures
    -0.0230, // names
    -0.0222, // quoted
    -0.0523, // asks
    -0.0632, // speaks
    0.0056, // leans
];
