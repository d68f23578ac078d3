//! `tool train-summary`: fits the weights of the summary to human summaries and prints them as their table in the source.

use super::summarise::Document;
use crate::analyse::summary::{
    features::NAMES,
    learn::{Example, cross_validate, fit, measure},
    weights::WEIGHTS,
};
use serde::Deserialize;
use std::{
    io::{BufRead as _, Write as _},
    process::ExitCode,
};

#[derive(Deserialize)]
struct Event {
    documents: Vec<Document>,
    #[serde(default)]
    references: Vec<String>,
}

/// stdin JSON lines `{"documents":[{"title","lead","text"}],"references":[…]}`; stdout the table, with how it does;
/// 1 on unreadable input. The features `without` get no weight.
pub fn run(folds: usize, without: &[String]) -> ExitCode {
    match events() {
        Ok(events) => {
            let _ = std::io::stdout()
                .lock()
                .write_all(report(&events, folds, without).as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reading events: {error}");
            ExitCode::FAILURE
        }
    }
}

fn events() -> std::io::Result<Vec<Event>> {
    let mut events = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            events.push(serde_json::from_str(&line)?);
        }
    }
    events.retain(|event: &Event| !event.references.is_empty());
    Ok(events)
}

fn report(events: &[Event], folds: usize, without: &[String]) -> String {
    let used = NAMES.map(|name| !without.iter().any(|word| word == name));
    let examples: Vec<Example<'_>> = events
        .iter()
        .map(|event| Example {
            sources: event.documents.iter().map(Document::source).collect(),
            references: event.references.iter().map(String::as_str).collect(),
        })
        .collect();
    let all: Vec<&Example<'_>> = examples.iter().collect();
    let held_out = cross_validate(&examples, folds.max(2), &used);
    let now = measure(&all, &WEIGHTS);
    let mut out = format!(
        "// {} events; held out: ROUGE-1 {:.2}, ROUGE-2 {:.2}; the table in use: {:.2}, {:.2}\n",
        examples.len(),
        held_out.one,
        held_out.two,
        now.one,
        now.two
    );
    for (name, weight) in NAMES.iter().zip(fit(&all, &used)) {
        out.push_str(&format!("    {weight:.4}, // {name}\n"));
    }
    out
}
