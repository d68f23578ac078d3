//! `tool train`: fits the weights of relevance and topics to labelled articles and prints their table.

use super::classify;
use crate::analyse::topic::learn::{self, Example, Model};
use crate::config::topics::Topics;
use crate::model::ArticleText;
use serde::Deserialize;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// One labelled article; lines with `split` = `judge` are measured and never learned from.
#[derive(Deserialize)]
struct Line {
    title: Option<String>,
    excerpt: Option<String>,
    body: Option<String>,
    section: Option<String>,
    url: Option<String>,
    relevant: u8,
    #[serde(default)]
    topics: Vec<String>,
    split: Option<String>,
}

impl Line {
    fn example(&self) -> Example<'_> {
        Example {
            text: ArticleText {
                title: self.title.as_deref().unwrap_or(""),
                sapo: self.excerpt.as_deref().unwrap_or(""),
                body: self.body.as_deref().unwrap_or(""),
                section: self.section.as_deref(),
                url: self.url.as_deref(),
            },
            level: self.relevant,
            topics: self.topics.clone(),
        }
    }
}

/// stdin JSON lines `{"title","excerpt","body","relevant","topics","split"}`; stdout the table, stderr how it does;
/// 1 on unreadable input. With `folds` at 2 or more, also how models do on parts that they were not fitted to.
pub fn run(folds: usize, file: Option<&Path>) -> ExitCode {
    let own = match classify::taxonomy(file) {
        Ok(own) => own,
        Err(error) => {
            eprintln!("diembao: tool train: {error}");
            return ExitCode::FAILURE;
        }
    };
    let topics = own.as_ref().unwrap_or_else(|| Topics::builtin());
    let lines = match lines() {
        Ok(lines) => lines,
        Err(error) => {
            eprintln!("reading labelled articles: {error}");
            return ExitCode::FAILURE;
        }
    };
    let judging = |line: &&Line| line.split.as_deref() == Some("judge");
    let learned: Vec<Example<'_>> = (lines.iter().filter(|line| !judging(line)))
        .map(Line::example)
        .collect();
    let kept: Vec<Example<'_>> = lines.iter().filter(judging).map(Line::example).collect();
    if folds > 1 {
        eprintln!(
            "{folds} folds: {}",
            learn::cross_validate(topics, &learned, folds)
        );
    }
    let table = learn::table(&learn::fit(topics, &learned));
    match Model::parse(&table) {
        Ok(model) => {
            eprintln!("learned: {}", learn::measure(topics, &model, &learned));
            eprintln!(
                "kept for judging: {}",
                learn::measure(topics, &model, &kept)
            );
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    match io::stdout().lock().write_all(table.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn lines() -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            let read = serde_json::from_str(&line)
                .map_err(|error| io::Error::other(format!("line {}: {error}", number + 1)))?;
            lines.push(read);
        }
    }
    Ok(lines)
}
