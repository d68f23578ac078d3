//! `tool classify`: JSON lines of titles and excerpts to levels and topics.

use std::process::ExitCode;

/// Contract: the relevance scorer's header.
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
