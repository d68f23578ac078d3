//! Reload: a whole new config or none. A wrong one changes nothing, and says at which line it is wrong.

use super::admin;
use super::gate::Gate;
use super::works::{Setup, Works};
use super::{start, watch};
use crate::config::{self, Problems, Severity};
use std::sync::Arc;
use tokio::sync::watch::Sender;

/// Reads the config anew and puts it in force, or leaves the old one and says why.
pub async fn reload(
    works: &Works,
    setup: &Sender<Arc<Setup>>,
    reread: &dyn Fn() -> Result<config::Config, Problems>,
) {
    watch::reloading();
    match reread() {
        Ok(config) => put_in_force(works, setup, config).await,
        Err(problems) => {
            log_problems(&problems, "the old config stays in force");
            let told = problems
                .0
                .iter()
                .filter(|problem| problem.severity == Severity::Error);
            let told = told.map(|problem| format!("{}: {}", problem.place(), problem.what_vi));
            note(works, told.collect()).await;
        }
    }
    watch::ready();
}

async fn put_in_force(works: &Works, setup: &Sender<Arc<Setup>>, config: config::Config) {
    let new = match Setup::new(config, None) {
        Ok(new) => Arc::new(new),
        Err(err) => {
            tracing::error!(error = %err, "the new config cannot be worked with; the old one stays in force");
            note(works, vec![err.to_string()]).await;
            return;
        }
    };
    match works
        .store
        .sync_sources(&new.config.sources, works.clock.now())
        .await
    {
        Ok(report) => {
            tracing::info!(
                added = report.added.len(),
                enabled = report.enabled.len(),
                disabled = report.disabled.len(),
                moved = report.moved.len(),
                "config reloaded"
            );
        }
        Err(err) => {
            tracing::error!(error = %err, "the new feeds could not be stored; the old config stays in force");
            return;
        }
    }
    if let Err(err) = start::spread(works).await {
        tracing::warn!(error = %err, "the new feeds could not be spread; they are asked together");
    }
    // What was mended in [smtp] is to be tried now.
    if let Err(err) = Gate::open_now(&works.store).await {
        tracing::warn!(error = %err, "the mail server's gate could not be opened");
    }
    note(works, Vec::new()).await;
    // Only fails when no loop is left to hear it.
    let _ = setup.send(new);
    works.wakes.polls.notify_one();
    works.wakes.desk.notify_one();
    works.wakes.post.notify_one();
}

/// Keeps what was refused for the admin's mail; nothing: it was taken.
async fn note(works: &Works, problems: Vec<String>) {
    if let Err(err) = admin::note_reload(works, problems).await {
        tracing::warn!(error = %err, "what came of the reload could not be noted");
    }
}

/// One event a problem, each with its file, line and mend; a warning is none the less one beside errors.
pub fn log_problems(problems: &Problems, consequence: &str) {
    for problem in &problems.0 {
        let (place, what, how) = (problem.place(), &problem.what, &problem.how);
        match problem.severity {
            Severity::Error => {
                tracing::error!(file = %problem.file, line = problem.line, "{place}: {what} ({how}); {consequence}");
            }
            Severity::Warning => {
                tracing::warn!(file = %problem.file, line = problem.line, "{place}: {what} ({how})");
            }
        }
    }
}
