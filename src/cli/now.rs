//! `now`: the whole job once, over the papers of the config: a review of what was published in the last 24 hours.
//! Freezes no edition and mails nobody. Keeps what it read under the output folder, so that the next run asks politely.

use super::app::{self, AppError};
use super::args::Args;
use super::{digest, fetch, out};
use crate::config::{self, Config, DigestConfig, WebConfig};
use crate::daemon::desk;
use crate::model::Span;
use anyhow::Context as _;
use jiff::SignedDuration;
use std::path::Path;

/// The config's first digest, else the built-in one.
fn first_digest(config: &Config) -> Result<DigestConfig, AppError> {
    if let Some(digest) = config.digests.first() {
        return Ok(digest.clone());
    }
    let builtin = config::load(None).map_err(AppError::Config)?;
    Ok(builtin
        .digests
        .into_iter()
        .next()
        .context("the built-in config has a digest")?)
}

/// How far back the review looks.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Sources named one by one when they could not be reached.
const NAMED: usize = 40;

/// Runs the command.
pub async fn run(args: &Args, dir: &Path) -> Result<(), AppError> {
    let mut config = app::load_config(args).map_err(AppError::Config)?;
    // Made here, open to all: the store makes its own folder within closed to others.
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    if args.data_dir.is_none() {
        config.daemon.data_dir = dir.join("data");
    }
    // What is not frozen has no page.
    config.web = WebConfig::default();
    let digest = first_digest(&config)?;
    let works = app::own(config, app::clock(args), None).await?;
    let options = fetch::Options {
        due_only: false,
        pages: true,
        tells: false,
        feeds: &[],
    };
    let summary = fetch::pass(args, &works, &options).await?;
    if !summary.all {
        return Err(fetch::stopped());
    }
    fetch::analyse_and_read(&works).await?;

    let setup = works.setup();
    let to = works.clock.now();
    let from = to
        .saturating_sub(LOOK_BACK)
        .context("the clock stands outside of all calendars")?;
    let articles = works.store.published_between(from, to).await?;
    let read = articles.len();
    let composed = desk::review(&works, &setup, &digest, articles, Span { from, to })
        .await
        .map_err(anyhow::Error::from)?;
    digest::write_forms(&works, &digest, &composed, dir, "edition").await?;

    if args.json {
        out::json(&crate::edition::to_json(&composed.edition));
        return Ok(());
    }
    for polled in summary
        .polled
        .iter()
        .filter(|polled| polled.failure.is_some())
        .take(NAMED)
    {
        let why = polled
            .failure
            .as_ref()
            .map_or("", |failure| failure.kind.in_vietnamese());
        out::line(&format!("không đọc được {}: {why}", polled.key));
    }
    let counts = composed.edition.counts;
    out::line(&format!(
        "{} địa chỉ tin, {} không đọc được; {read} bài trong 24 giờ qua, {} bài về xây dựng Đảng trong {} việc.",
        summary.polled.len(),
        summary.failed(),
        counts.articles,
        counts.stories
    ));
    out::line(&format!(
        "Bản điểm báo: {}",
        dir.join("edition.html").display()
    ));
    Ok(())
}
