//! What most commands begin with: the config, the clock, the store, and the parts over them.

use super::args::Args;
use crate::config::{self, Config, Problems};
use crate::daemon::clock::Clock;
use crate::daemon::works::{Setup, Works};
use crate::store::{Store, StoreError};
use crate::text::fold::fold;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a command could not begin or go on; decides the exit code.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The config is wrong: exit code 2.
    #[error("{0}")]
    Config(Problems),
    /// The command line names something that is not there: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The command's own work failed: exit code 1.
    #[error("{0:#}")]
    Work(#[from] anyhow::Error),
    /// A human is needed, as the output says: exit code 1.
    #[error("a human is needed")]
    Unwell,
    /// The store failed: exit code 1.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The config that the command line names, with `--data-dir` put in.
///
/// # Errors
/// Everything that is wrong in any of its files.
pub fn load_config(args: &Args) -> Result<Config, Problems> {
    let mut config = config::load(config::locate(args.config.as_deref()).as_deref())?;
    if let Some(dir) = &args.data_dir {
        config.daemon.data_dir.clone_from(dir);
    }
    Ok(config)
}

/// The clock that the command line asks for.
pub fn clock(args: &Args) -> Clock {
    args.now.map_or(Clock::System, Clock::Fixed)
}

/// Parts for a command that does the daemon's work: it must be the only one at the data.
///
/// # Errors
/// When the config is wrong, the daemon runs, or the store cannot be opened.
pub async fn owner(args: &Args) -> Result<Works, AppError> {
    let config = load_config(args).map_err(AppError::Config)?;
    own(config, clock(args), None).await
}

/// As [`owner`], over a config that is already there. `names`: see [`Setup::new`].
///
/// # Errors
/// When the store cannot be opened.
pub async fn own(
    config: Config,
    clock: Clock,
    names: Option<SocketAddr>,
) -> Result<Works, AppError> {
    let store = Store::open(&config.daemon.data_dir, fold)?;
    let setup = Setup::new(config, names).map_err(anyhow::Error::from)?;
    store
        .sync_sources(&setup.config.sources, clock.now())
        .await?;
    Ok(Works::fixed(store, clock, setup))
}

/// Parts for a command that only looks, also beside the daemon. `None` where there are no data yet.
///
/// # Errors
/// When the config is wrong, or the data are there and cannot be read.
pub async fn beside(args: &Args) -> Result<Option<Works>, AppError> {
    let config = load_config(args).map_err(AppError::Config)?;
    let store = match Store::open_beside(&config.daemon.data_dir, fold) {
        Ok(store) => store,
        Err(StoreError::NotReady { .. }) => return Ok(None),
        Err(err) => return Err(err.into()),
    };
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    Ok(Some(Works::fixed(store, clock(args), setup)))
}

/// Says where there are no data yet.
pub fn no_data(args: &Args) -> String {
    let dir =
        load_config(args).map_or_else(|_| PathBuf::from("?"), |config| config.daemon.data_dir);
    format!(
        "Chưa có dữ liệu trong {}. Hãy chạy `diembao fetch` hoặc `diembao run` trước.",
        dir.display()
    )
}
