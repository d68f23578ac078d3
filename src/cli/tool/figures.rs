//! `tool figures`: an article to the figures it gives.

use super::json;
use crate::analyse::figures::figures;
use serde::Deserialize;
use std::process::ExitCode;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    lead: Option<String>,
    #[serde(default)]
    text: Option<String>,
}

/// stdin `{"title","lead","text"}`, stdout `{"figures":[{"text","value","unit","subject","sentence"}]}`; 1 on unreadable
/// input.
pub fn run() -> ExitCode {
    json::answer(|question: Question| {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let found = figures(
            &part(&question.title),
            &part(&question.lead),
            &part(&question.text),
        );
        serde_json::json!({ "figures": found })
    })
}
