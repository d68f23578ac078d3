//! `tool cluster`: JSON lines of documents to JSON lines of clusters.

use crate::analyse::story::{StoryText, cluster};
use serde::Deserialize;
use std::{
    io::{BufRead, Write},
    process::ExitCode,
};

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    lead: Option<String>,
    #[serde(default)]
    text: Option<String>,
}

/// stdin `{"id","title","lead","text"}` a line, stdout `{"id","cluster"}` a line in the same order; 1 on unreadable input.
pub fn run() -> ExitCode {
    match answer(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reading documents: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for line in input.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let document: Document = serde_json::from_str(&line)?;
        texts.push(StoryText::new(
            document.title.as_deref().unwrap_or(""),
            document.lead.as_deref().unwrap_or(""),
            document.text.as_deref().unwrap_or(""),
        ));
        ids.push(document.id);
    }
    for (id, story) in ids.iter().zip(cluster(&texts)) {
        writeln!(
            output,
            "{}",
            serde_json::json!({"id": id, "cluster": ids[story]})
        )?;
    }
    Ok(())
}
