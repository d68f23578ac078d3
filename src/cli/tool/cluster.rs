//! `tool cluster`: JSON lines of documents to JSON lines of clusters.

use super::json;
use crate::analyse::{
    names::Gazetteer,
    story::{StoryText, Usage, cluster},
};
use crate::config::Places;
use std::process::ExitCode;

/// stdin `{"id","title","lead","text"}` a line, stdout `{"id","cluster"}` a line in the same order; 1 on unreadable input.
pub fn run() -> ExitCode {
    json::groups("cluster", |documents| {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let gazetteer = Gazetteer::new(&Places::builtin());
        let texts: Vec<StoryText> = documents
            .iter()
            .map(|d| {
                let (title, lead, text) = (part(&d.title), part(&d.lead), part(&d.text));
                StoryText::new(&title, &lead, &text, &gazetteer, None)
            })
            .collect();
        cluster(&texts, &Usage::default())
    })
}
