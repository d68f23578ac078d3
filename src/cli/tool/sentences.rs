//! `tool sentences`: a text to its sentences.

use crate::text::sentence;
use serde::Deserialize;
use std::{
    io::{Read, Write},
    process::ExitCode,
};

#[derive(Deserialize)]
struct Question {
    text: String,
}

/// stdin `{"text"}`, stdout `{"sentences":[…]}`; 1 on unreadable input.
pub fn run() -> ExitCode {
    let mut input = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut input);
    let question = read
        .map_err(serde_json::Error::io)
        .and_then(|_| serde_json::from_str::<Question>(&input));
    match question {
        Ok(Question { text }) => {
            let sentences: Vec<&str> = sentence::sentences(&text).collect();
            // A reader that went away is not our failure.
            let _ = writeln!(
                std::io::stdout().lock(),
                "{}",
                serde_json::json!({ "sentences": sentences })
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reading the text: {error}");
            ExitCode::FAILURE
        }
    }
}
