//! Plumbing commands: JSON in, JSON out, no state. One file each.

mod classify;
mod cluster;
mod extract;
mod figures;
mod json;
mod neardup;
mod parse;
mod sentences;
mod summarise;
mod train;
mod train_summary;

use super::args::Tool;
use std::process::ExitCode;

/// Runs one plumbing command.
pub fn run(tool: &Tool) -> ExitCode {
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
        } => extract::run(*no_site_rules, url.as_deref(), file),
        Tool::Classify => classify::run(),
        Tool::Cluster => cluster::run(),
        Tool::Neardup => neardup::run(),
        Tool::Sentences => sentences::run(),
        Tool::Summarise => summarise::run(),
        Tool::Figures => figures::run(),
        Tool::Train { folds } => train::run(*folds),
        Tool::TrainSummary { folds } => train_summary::run(*folds),
    }
}
