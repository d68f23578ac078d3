//! `run`: the daemon.

use super::app::{self, AppError};
use super::args::Args;
use super::{EX_CONFIG, FAILED};
use crate::daemon::reload::log_problems;
use crate::daemon::works::{Setup, Works};
use crate::store::Store;
use crate::text::fold::fold;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs until stopped. 78 on a wrong config: starting again would not mend it.
pub fn run(args: &Args) -> ExitCode {
    let config = match app::load_config(args) {
        Ok(config) => config,
        Err(problems) => {
            log_problems(&problems, "the service does not start");
            return ExitCode::from(EX_CONFIG);
        }
    };
    for warning in &config.warnings {
        tracing::warn!("{}: {} ({})", warning.place(), warning.what, warning.how);
    }
    // Two workers: a page of the reading room in the making holds up no poll.
    let mut workers = tokio::runtime::Builder::new_multi_thread();
    workers.worker_threads(2);
    let result = super::started(workers)
        .and_then(|runtime| runtime.block_on(Box::pin(daemon(args, config))));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            tracing::error!("{err}");
            ExitCode::from(FAILED)
        }
    }
}

async fn daemon(args: &Args, config: crate::config::Config) -> Result<(), AppError> {
    let store = Store::open(&config.daemon.data_dir, fold)?;
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    let (sender, receiver) = tokio::sync::watch::channel(Arc::new(setup));
    let works = Works::new(store, app::clock(args), receiver);
    crate::daemon::run(works, sender, || app::load_config(args))
        .await
        .map_err(|err| AppError::Work(err.into()))
}
