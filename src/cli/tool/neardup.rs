//! `tool neardup`: JSON lines of documents in order of arrival to JSON lines of groups.

use super::json;
use crate::analyse::neardup::{NearText, group};
use std::process::ExitCode;

/// stdin `{"id","lead","text"}` a line, stdout `{"id","group"}` a line in the same order; 1 on unreadable input.
pub fn run() -> ExitCode {
    json::groups("group", |documents| {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let texts: Vec<NearText> = documents
            .iter()
            .map(|d| NearText::new(&part(&d.lead), &part(&d.text)))
            .collect();
        group(&texts)
    })
}
