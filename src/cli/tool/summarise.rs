//! `tool summarise`: the articles of one event to the sentences that tell it.

use super::json;
use crate::analyse::summary::{
    Budget, Source,
    features::{FEATURES, NAMES},
    summarise_with,
    weights::WEIGHTS,
};
use serde::Deserialize;
use std::{io, path::Path, process::ExitCode};

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

/// stdin `{"documents":[{"title","lead","text"}],"max_words"}`, stdout `{"sentences":[…]}`; 1 on unreadable input. `weights`
/// names a table to use in place of the program's own.
pub fn run(weights: Option<&Path>) -> ExitCode {
    let weights = match weights.map(read_weights).transpose() {
        Ok(weights) => weights.unwrap_or(WEIGHTS),
        Err(error) => {
            eprintln!("reading the weights: {error}");
            return ExitCode::FAILURE;
        }
    };
    json::answer(|question: Question| {
        let sources: Vec<Source<'_>> = question.documents.iter().map(Document::source).collect();
        let budget = Budget::about(question.max_words.unwrap_or(WORDS));
        let sentences: Vec<&str> = summarise_with(&sources, budget, &weights)
            .iter()
            .map(|chosen| chosen.text)
            .collect();
        serde_json::json!({ "sentences": sentences })
    })
}

/// A table as `train-summary` prints it: a line for each feature, its weight and its name.
fn read_weights(path: &Path) -> io::Result<[f64; FEATURES]> {
    let text = std::fs::read_to_string(path)?;
    let rows: Vec<(f64, &str)> = text
        .lines()
        .filter_map(|line| line.trim().split_once(", // "))
        .filter_map(|(weight, name)| Some((weight.parse().ok()?, name)))
        .collect();
    let wrong = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "not a table of this program's features",
        )
    };
    if !rows.iter().map(|(_, name)| *name).eq(NAMES) {
        return Err(wrong());
    }
    let weights: Vec<f64> = rows.into_iter().map(|(weight, _)| weight).collect();
    weights.try_into().map_err(|_| wrong())
}
