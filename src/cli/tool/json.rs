//! One JSON value in, one out: the frame of the plumbing commands that answer one question.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
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
