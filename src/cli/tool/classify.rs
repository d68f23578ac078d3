//! `tool classify`: JSON lines of titles and excerpts to levels and topics.

use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::analyse::topic::classify;
use crate::config::topics::Topics;
use crate::model::{ArticleText, TopicKey};

/// One line of the input; all but the id may be missing, other fields are for other readers.
#[derive(Debug, Deserialize)]
struct Question {
    id: String,
    url: Option<String>,
    title: Option<String>,
    excerpt: Option<String>,
    body: Option<String>,
    section: Option<String>,
}

/// One line of the output.
#[derive(Debug, Serialize)]
struct Answer {
    id: String,
    relevant: u8,
    score: f32,
    topics: Vec<TopicKey>,
}

/// Reads questions from stdin to its end, by the taxonomy of `file` where one is given. Exit 1 at the first line that is
/// not a question, naming it.
pub fn run(file: Option<&Path>) -> ExitCode {
    let out = BufWriter::new(io::stdout().lock());
    let answered = taxonomy(file).and_then(|own| {
        let topics = own.as_ref().unwrap_or_else(|| Topics::builtin());
        answer_all(topics, io::stdin().lock(), out)
    });
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("diembao: tool classify: {e}");
            ExitCode::FAILURE
        }
    }
}

/// The taxonomy of a file; `None` without a file: the shipped one.
pub(super) fn taxonomy(file: Option<&Path>) -> io::Result<Option<Topics>> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", file.display())))?;
    let topics = Topics::parse(&text).map_err(|problems| {
        let count = problems.len();
        let said = format!(
            "{}: {count} problems; put it beside diembao.toml and run `diembao check`",
            file.display()
        );
        io::Error::new(io::ErrorKind::InvalidData, said)
    })?;
    Ok(Some(topics))
}

fn answer_all(topics: &Topics, questions: impl BufRead, mut out: impl Write) -> io::Result<()> {
    for (number, line) in questions.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let question: Question = serde_json::from_str(&line).map_err(|e| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {}: {e}", number + 1),
            )
        })?;
        serde_json::to_writer(&mut out, &answer(topics, question))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn answer(topics: &Topics, question: Question) -> Answer {
    let verdict = classify(
        topics,
        &ArticleText {
            title: question.title.as_deref().unwrap_or(""),
            sapo: question.excerpt.as_deref().unwrap_or(""),
            body: question.body.as_deref().unwrap_or(""),
            section: question.section.as_deref(),
            url: question.url.as_deref(),
        },
    );
    Answer {
        id: question.id,
        relevant: verdict.level,
        score: verdict.score,
        topics: verdict.topics.into_iter().map(|t| t.topic).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_is_a_line_out_and_a_null_title_is_read() {
        let questions = "{\"id\":\"a\",\"url\":null,\"site\":\"x\",\"title\":null,\"excerpt\":\"Chi bộ kết nạp 2 đảng viên mới\"}\n\n{\"id\":\"b\",\"title\":\"Trời mưa\",\"excerpt\":\"\"}\n";
        let mut out = Vec::new();
        answer_all(Topics::builtin(), questions.as_bytes(), &mut out).unwrap();
        let lines: Vec<serde_json::Value> = String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines[0]["relevant"], 2);
        assert_eq!(lines[0]["topics"][0], "dang_vien");
        assert_eq!(lines[1]["relevant"], 0);
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_bad_line_is_named() {
        let e = answer_all(Topics::builtin(), "{}\n".as_bytes(), Vec::new()).unwrap_err();
        assert!(e.to_string().starts_with("line 1: "), "{e}");
    }
}
