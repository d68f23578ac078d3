//! `check`: every problem of every config file, with its place and its mend, Vietnamese first.

use crate::config::{self, Problem, Severity};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Checks the config that `config_path` names, or the one that would be taken; exit 0 without errors, else 2.
pub fn run(config_path: Option<&Path>, json: bool) -> ExitCode {
    let file = config::locate(config_path);
    let report = Report::of(file.as_deref(), config::load(file.as_deref()));
    let mut out = io::stdout().lock();
    let written = match json {
        true => report.write_json(&mut out),
        false => report.write_text(&mut out),
    };
    // A closed pipe (`check | head`) is no failure of the check; its verdict stands.
    drop(written);
    match report.errors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

/// Tells a command's caller on stderr why its config cannot be used.
pub fn print_problems(problems: &config::Problems) {
    let mut err = io::stderr().lock();
    for problem in &problems.0 {
        // With stderr gone there is nobody to tell; the exit code stays.
        let _ = write_problem(problem, &mut err);
    }
}

/// What `check` found.
#[derive(Debug, Serialize)]
struct Report {
    /// The file that was checked; absent for the built-in settings.
    file: Option<String>,
    ok: bool,
    errors: usize,
    warnings: usize,
    sources: Option<usize>,
    feeds: Option<usize>,
    digests: Option<usize>,
    problems: Vec<Problem>,
}

impl Report {
    fn of(file: Option<&Path>, loaded: Result<config::Config, config::Problems>) -> Self {
        let (config, problems) = match loaded {
            Ok(mut config) => {
                let warnings = std::mem::take(&mut config.warnings);
                (Some(config), warnings)
            }
            Err(problems) => (None, problems.0),
        };
        let count = |severity| problems.iter().filter(|p| p.severity == severity).count();
        let config = config.as_ref();
        Self {
            file: file.map(|path| path.display().to_string()),
            ok: count(Severity::Error) == 0,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            sources: config.map(|config| config.sources.len()),
            feeds: config.map(|config| config.sources.iter().map(|s| s.feeds.len()).sum()),
            digests: config.map(|config| config.digests.len()),
            problems,
        }
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        for problem in &self.problems {
            write_problem(problem, out)?;
        }
        let file = match &self.file {
            Some(file) => format!("{file}: "),
            None => String::from("thiết lập có sẵn (built-in settings): "),
        };
        let (errors, warnings) = (self.errors, self.warnings);
        match (self.sources, self.feeds, self.digests) {
            (Some(sources), Some(feeds), Some(digests)) => writeln!(
                out,
                "{file}hợp lệ: {sources} nguồn, {feeds} địa chỉ tin, {digests} bản điểm báo; {warnings} lưu ý (ok: {sources} sources, {feeds} feeds, {digests} digests; {warnings} warnings)"
            ),
            _ => writeln!(
                out,
                "{file}{errors} lỗi, {warnings} lưu ý ({errors} errors, {warnings} warnings)"
            ),
        }
    }
}

fn write_problem(problem: &Problem, out: &mut impl Write) -> io::Result<()> {
    let (vi, en) = match problem.severity {
        Severity::Error => ("lỗi", "error"),
        Severity::Warning => ("lưu ý", "warning"),
    };
    writeln!(out, "{}: {vi}: {}", problem.place(), problem.what_vi)?;
    writeln!(out, "    → {}", problem.how_vi)?;
    writeln!(out, "    {en}: {}; {}", problem.what, problem.how)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;

    fn report(settings: &str) -> Report {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("diembao.toml");
        std::fs::write(&file, settings).unwrap();
        let mut report = Report::of(Some(&file), config::load_with(Some(&file), Env(&|_| None)));
        report.file = Some("diembao.toml".to_owned());
        for problem in &mut report.problems {
            problem.file = "diembao.toml".to_owned();
        }
        report
    }

    const WRONG: &str = "[fetch]\ncontact = \"quantri@tinhuy.vn\"\nmin_intervall = \"15m\"\n";
    const RIGHT: &str = "[fetch]\ncontact = \"quantri@tinhuy.vn\"\n[[digest]]\nname = \"a\"\nrecipients = [\"an@tinhuy.vn\"]\n";

    #[test]
    fn people_read_vietnamese_first() {
        let mut out = Vec::new();
        report(WRONG).write_text(&mut out).unwrap();
        report(RIGHT).write_text(&mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn programs_read_both_languages_and_the_place() {
        let mut out = Vec::new();
        report(WRONG).write_json(&mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&json["ok"], &json["errors"]), (&false.into(), &1.into()));
        let problem = &json["problems"][1];
        assert_eq!(
            (&problem["line"], &problem["column"]),
            (&3.into(), &1.into())
        );
        assert_eq!(problem["severity"], "error");
        assert_eq!(problem["how"], "did you mean \"min_interval\"?");
        assert_eq!(problem["how_vi"], "có phải định viết \"min_interval\"?");
    }
}
