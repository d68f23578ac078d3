//! The frames of the plumbing commands: one question in, one answer out; or a line for each document, both ways.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    io::{BufRead as _, Read as _, Write as _},
    process::ExitCode,
};

/// Reads stdin as one question and prints its answer on one line; 1 on unreadable input.
pub(super) fn answer<Q: DeserializeOwned>(respond: impl FnOnce(Q) -> Value) -> ExitCode {
    let mut input = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut input);
    match read
        .map_err(serde_json::Error::io)
        .and_then(|_| serde_json::from_str(&input))
    {
        Ok(question) => {
            // A reader that went away is not our failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", respond(question));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reading the question: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A document of the grouping commands; what it lacks is absent.
#[derive(Deserialize)]
pub(super) struct Document {
    id: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub lead: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
}

/// Reads `{"id",…}` a line, asks `group` for the place of each document's group, and prints `{"id",NAME}` a line in the
/// same order, a group named after its first document; 1 on unreadable input.
pub(super) fn groups(name: &str, group: impl FnOnce(&[Document]) -> Vec<usize>) -> ExitCode {
    let documents = match documents() {
        Ok(documents) => documents,
        Err(error) => {
            eprintln!("reading documents: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut out = std::io::stdout().lock();
    for (document, place) in documents.iter().zip(group(&documents)) {
        let line = serde_json::json!({"id": document.id, name: documents[place].id});
        if writeln!(out, "{line}").is_err() {
            break; // A reader that went away is not our failure.
        }
    }
    ExitCode::SUCCESS
}

fn documents() -> std::io::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            documents.push(serde_json::from_str(&line)?);
        }
    }
    Ok(documents)
}
