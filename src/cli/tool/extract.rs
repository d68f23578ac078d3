//! `tool extract`: an article page to JSON.

use std::{path::Path, process::ExitCode};

/// Contract: product.md, "Plumbing contracts".
pub fn run(_no_site_rules: bool, _url: Option<&str>, _file: &Path) -> ExitCode {
    ExitCode::FAILURE
}
