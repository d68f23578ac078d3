//! Plumbing commands: JSON in, JSON out, no state. One file each.

mod classify;
mod cluster;
mod extract;
mod figures;
mod json;
mod names;
mod neardup;
mod parse;
mod sentences;
mod summarise;
mod train;
mod train_summary;

use super::args::{Args, Tool};
use std::process::ExitCode;

/// Runs one plumbing command. `args` is the whole line: some look at its config.
pub fn run(args: &Args, tool: &Tool) -> ExitCode {
    match tool {
        Tool::Parse {
            content_type,
            url,
            file,
        } => parse::run(content_type.as_deref(), url.as_deref(), file),
        Tool::Extract {
            no_site_rules,
            url,
            file,
        } => extract::run(args, *no_site_rules, url.as_deref(), file),
        Tool::Classify { topics } => classify::run(topics.as_deref()),
        Tool::Cluster => cluster::run(),
        Tool::Neardup => neardup::run(),
        Tool::Sentences => sentences::run(),
        Tool::Summarise { weights } => summarise::run(weights.as_deref()),
        Tool::Figures => figures::run(),
        Tool::Names => names::run(),
        Tool::Train { folds, topics } => train::run(*folds, topics.as_deref()),
        Tool::TrainSummary { folds, without } => train_summary::run(*folds, without),
    }
}
