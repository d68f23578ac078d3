//! `tool names`: an article to who and what it names.

use super::json;
use crate::analyse::names::{Gazetteer, names};
use crate::config::Places;
use crate::model::ArticleText;
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

/// stdin `{"title","lead","text"}`, stdout `{"names":[{"kind","key","shown","position"}]}`; 1 on unreadable input.
pub fn run() -> ExitCode {
    json::answer(|question: Question| {
        let article = ArticleText {
            title: question.title.as_deref().unwrap_or(""),
            sapo: question.lead.as_deref().unwrap_or(""),
            body: question.text.as_deref().unwrap_or(""),
            ..ArticleText::default()
        };
        let found = names(&article, &Gazetteer::new(&Places::builtin()));
        serde_json::json!({ "names": found })
    })
}
