//! `tool cluster`: JSON lines of documents to JSON lines of clusters.

use super::json;
use crate::analyse::story::{StoryText, cluster};
use std::process::ExitCode;

/// stdin `{"id","title","lead","text"}` a line, stdout `{"id","cluster"}` a line in the same order; 1 on unreadable input.
pub fn run() -> ExitCode {
    json::groups("cluster", |documents| {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let texts: Vec<StoryText> = documents
            .iter()
            .map(|d| StoryText::new(&part(&d.title), &part(&d.lead), &part(&d.text)))
            .collect();
        cluster(&texts)
    })
}
