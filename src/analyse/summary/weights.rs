//! The learned weights, in the order of [`super::features::NAMES`]; made by `diembao tool train-summary`.

use super::features::FEATURES;

/// One weight a feature.
#[rustfmt::skip]
pub const WEIGHTS: [f64; FEATURES] = [
    -0.0399, // bias
    -0.0074, // first
    0.1227, // second
    0.0505, // third
    0.2893, // early
    -0.0211, // place
    0.0480, // lead
    -0.0062, // lead_first
    0.1170, // title
    0.0898, // titles
    0.0831, // shared
    0.0914, // widely
    0.0594, // echo
    0.2843, // leads
    0.1049, // central
    0.0323, // length
    -0.0262, // short
    -0.0544, // long
    0.0081, // figures
    -0.0252, // names
    -0.0219, // quoted
    -0.0523, // asks
    -0.0628, // speaks
    0.0056, // leans
];
