//! Reload: a whole new config or none. A wrong one changes nothing, and says at which line it is wrong.

use super::gate::Gate;
use super::works::{Setup, Works};
use super::{start, watch};
use crate::config::{self, Problem, Problems, Severity};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch::Sender;

/// Reads the config anew and puts it in force, or leaves the old one and says why.
pub async fn reload(
    works: &Works,
    setup: &Sender<Arc<Setup>>,
    reread: &dyn Fn() -> Result<config::Config, Problems>,
) {
    watch::reloading();
    let refused = match reread() {
        Ok(config) => put_in_force(works, setup, config).await,
        Err(problems) => {
            log_problems(&problems, "the old config stays in force");
            Some(problems.0)
        }
    };
    if let Err(err) = note_refusal(works, refused).await {
        tracing::warn!(error = %err, "what became of the config could not be noted for `status`");
    }
    watch::ready();
}

/// Where the store keeps why the config was refused when it was last read.
const REFUSED: &str = "config.refused";

/// Why the config on disk is not in force: for `status`, the metrics and the mail to the admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When it was read.
    pub at: Timestamp,
    /// What is wrong: place, what and how in Vietnamese.
    pub problems: Vec<String>,
}

/// The refusal that stands, if the config was refused when it was last read.
///
/// # Errors
/// When the store cannot be read.
pub async fn refusal(store: &Store) -> Result<Option<Refusal>, StoreError> {
    let kept = store.meta(REFUSED).await?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Notes that the config was refused, or that the one on disk is in force.
///
/// # Errors
/// When the store cannot be written.
pub async fn note_refusal(works: &Works, problems: Option<Vec<Problem>>) -> Result<(), StoreError> {
    let text = match problems {
        None => String::new(),
        Some(problems) => {
            let errors = problems.iter().filter(|p| p.severity == Severity::Error);
            let refusal = Refusal {
                at: works.clock.now(),
                problems: errors
                    .map(|p| format!("{}: {} → {}", p.place(), p.what_vi, p.how_vi))
                    .collect(),
            };
            serde_json::to_string(&refusal).unwrap_or_default()
        }
    };
    works.store.set_meta(REFUSED, &text).await
}

/// `None` where it is in force; else what stood against it.
async fn put_in_force(
    works: &Works,
    setup: &Sender<Arc<Setup>>,
    config: config::Config,
) -> Option<Vec<Problem>> {
    let file = config.file.clone().unwrap_or_default();
    let against = |what: &str| vec![against(&file, what)];
    let new = match Setup::new(config, None) {
        Ok(new) => Arc::new(new),
        Err(err) => {
            tracing::error!(error = %err, "the new config cannot be worked with; the old one stays in force");
            return Some(against(&err.to_string()));
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
            return Some(against(&err.to_string()));
        }
    }
    if let Err(err) = start::spread(works).await {
        tracing::warn!(error = %err, "the new feeds could not be spread; they are asked together");
    }
    // What was mended in [smtp] is to be tried now.
    if let Err(err) = Gate::open_now(&works.store).await {
        tracing::warn!(error = %err, "the mail server's gate could not be opened");
    }
    // Only fails when no loop is left to hear it.
    let _ = setup.send(new);
    works.wakes.polls.notify_one();
    works.wakes.desk.notify_one();
    works.wakes.post.notify_one();
    None
}

/// A trouble that no single line is to blame for.
fn against(file: &Path, what: &str) -> Problem {
    Problem {
        file: file.display().to_string(),
        line: 0,
        column: 0,
        severity: Severity::Error,
        what: what.to_owned(),
        how: "mend it, then: systemctl reload diembao".to_owned(),
        what_vi: what.to_owned(),
        how_vi: "sửa rồi chạy: systemctl reload diembao".to_owned(),
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
