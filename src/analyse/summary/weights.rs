//! The learned weights, in the order of [`super::features::NAMES`]; made by `diembao tool train-summary`.

use super::features::FEATURES;

/// One weight a feature.
#[rustfmt::skip]
pub const WEIGHTS: [f64; FEATURES] = [
    -0.0478, // bias
    -0.0045, // first
    0.1235, // second
    0.0564, // third
    0.2814, // early
    -0.0268, // place
    0.0453, // lead
    -0.0071, // lead_first
    0.1107, // title
    0.1064, // titles
    0.0949, // shared
    0.0895, // widely
    0.0588, // echo
    0.2812, // leads
    0.0834, // central
    0.0308, // length
    -0.0256, // short
    -0.0524, // long
    0.0095, // figures
    -0.0287, // names
    -0.0224, // quoted
    -0.0376, // asks
    -0.0584, // speaks
    0.0057, // leans
    0.0192, // whole
    0.0000, // alone_first
];
