//! `tool parse`: a feed document to JSON.

use std::{path::Path, process::ExitCode};

/// Contract: feedconf's README.
pub fn run(_content_type: Option<&str>, _url: Option<&str>, _file: &Path) -> ExitCode {
    ExitCode::FAILURE
}
