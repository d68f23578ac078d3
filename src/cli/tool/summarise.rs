//! `tool summarise`: the articles of one event to the sentences that tell it.

use super::json;
use crate::analyse::summary::{Budget, Source, summarise};
use serde::Deserialize;
use std::process::ExitCode;

/// Words of a summary where none are asked for: two or three sentences.
const WORDS: usize = 90;

#[derive(Deserialize)]
struct Question {
    documents: Vec<Document>,
    #[serde(default)]
    max_words: Option<usize>,
}

/// An article as the contract writes it.
#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    lead: Option<String>,
    #[serde(default)]
    text: Option<String>,
}

impl Document {
    pub(super) fn source(&self) -> Source<'_> {
        Source {
            title: self.title.as_deref().unwrap_or(""),
            lead: self.lead.as_deref().unwrap_or(""),
            body: self.text.as_deref().unwrap_or(""),
        }
    }
}

/// stdin `{"documents":[{"title","lead","text"}],"max_words"}`, stdout `{"sentences":[…]}`; 1 on unreadable input.
pub fn run() -> ExitCode {
    json::answer(|question: Question| {
        let sources: Vec<Source<'_>> = question.documents.iter().map(Document::source).collect();
        let budget = Budget::about(question.max_words.unwrap_or(WORDS));
        let sentences: Vec<&str> = summarise(&sources, budget)
            .iter()
            .map(|chosen| chosen.text)
            .collect();
        serde_json::json!({ "sentences": sentences })
    })
}
