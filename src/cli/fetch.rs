//! `fetch`: one pass over the feeds. Beside the daemon it makes them due, and the daemon does the rest.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::daemon::poll::{self, Polled, Progress};
use crate::daemon::works::Works;
use crate::daemon::{desk, pages, reread};
use crate::model::{Feed, FeedKey};
use crate::store::{FeedRow, Store, StoreError};
use crate::text::fold::fold;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::time::{Duration, Instant};

/// A one-shot pass is over long before.
const LEASE: SignedDuration = SignedDuration::from_hours(2);

/// What the command line asks for.
pub struct Options<'a> {
    /// Only feeds whose time has come.
    pub due_only: bool,
    /// Also read article pages.
    pub pages: bool,
    /// Print failures as they come.
    pub tells: bool,
    /// Feeds or sources; empty means all.
    pub feeds: &'a [String],
}

/// A feed that is not asked, and why.
pub type Skipped = (FeedKey, String);

/// What a pass came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Every feed asked.
    pub polled: Vec<Polled>,
    /// Feeds that were not asked, and why.
    pub skipped: Vec<Skipped>,
    /// Whether it came to its end; else somebody stopped it, and what was not asked stays due.
    pub all: bool,
}

impl Summary {
    fn count(&self, wanted: impl Fn(&Polled) -> bool) -> usize {
        self.polled.iter().filter(|polled| wanted(polled)).count()
    }

    /// Feeds that failed.
    pub fn failed(&self) -> usize {
        self.count(|polled| polled.failure.is_some())
    }

    fn new_articles(&self) -> usize {
        self.polled
            .iter()
            .filter_map(|p| p.report.as_ref())
            .map(|report| report.new_articles.len())
            .sum()
    }
}

/// Runs the command.
pub async fn run(args: &Args, options: &Options<'_>) -> Result<(), AppError> {
    let works = match app::owner(args).await {
        Err(AppError::Store(StoreError::InUse { pid, .. })) => {
            return beside_daemon(args, options, &pid).await;
        }
        works => works?,
    };
    let summary = pass(args, &works, options).await?;
    report(args, &summary);
    if !summary.all {
        return Err(stopped());
    }
    if options.pages {
        analyse_and_read(&works).await?;
    }
    Ok(())
}

/// What a pass that was stopped ends with.
pub fn stopped() -> AppError {
    AppError::Work(anyhow::anyhow!(
        "stopped; what was read is stored, and feeds not asked yet stay due"
    ))
}

/// Judges what came, reads the pages that matter, and judges again.
pub async fn analyse_and_read(works: &Works) -> Result<(), AppError> {
    desk::analyse_pending(works, || ())
        .await
        .map_err(anyhow::Error::from)?;
    pages::pass(works, |_| ()).await?;
    reread::round(works).await?;
    desk::analyse_pending(works, || ())
        .await
        .map_err(anyhow::Error::from)?;
    Ok(())
}

/// One pass over the feeds that `options` names; Ctrl-C ends it, and what was not done stays due.
pub async fn pass(args: &Args, works: &Works, options: &Options<'_>) -> Result<Summary, AppError> {
    let rows = works.store.list_feeds().await?;
    let (feeds, skipped) = choose(rows, options, works.clock.now())?;
    let mut summary = Summary {
        polled: Vec::with_capacity(feeds.len()),
        skipped,
        all: false,
    };
    let feeds: Vec<Feed> = works
        .store
        .claim_feeds(feeds, works.clock.now(), LEASE)
        .await?;
    let bar = progress(args, poll::newspapers(&feeds), feeds.len());
    let began = Instant::now();
    let interrupted = async {
        // Without the signal's handler, Ctrl-C ends the process as ever: what was not stored stays due.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    let all = poll::pass(works, feeds, interrupted, |progress| match progress {
        Progress::Newspaper => bar.inc(1),
        Progress::Polled(polled) => {
            if polled.failure.is_some() && options.tells && !args.json && !args.quiet {
                bar.suspend(|| out::line(&failure_line(polled)));
            }
            summary.polled.push(polled.clone());
            bar.set_message(summary.polled.len().to_string());
        }
    });
    summary.all = all.await?;
    bar.finish_and_clear();
    tracing::debug!(
        took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "pass over"
    );
    Ok(summary)
}

/// Which feeds to ask, and which of the named ones not, with the reason.
fn choose(
    rows: Vec<FeedRow>,
    options: &Options<'_>,
    now: Timestamp,
) -> Result<(Vec<Feed>, Vec<Skipped>), AppError> {
    for name in options.feeds {
        if !rows.iter().any(|row| is_named(row, name)) {
            return Err(AppError::Usage(format!(
                "feeds.toml has no feed or source {name:?}; `diembao feeds list` shows all"
            )));
        }
    }
    let (mut feeds, mut skipped) = (Vec::with_capacity(rows.len()), Vec::new());
    let named = |row: &FeedRow| {
        options.feeds.is_empty() || options.feeds.iter().any(|name| is_named(row, name))
    };
    for row in rows.into_iter().filter(|row| row.listed).filter(named) {
        let state = &row.feed.state;
        let key = row.feed.key.clone();
        if !row.enabled {
            // Shipped disabled: named only when asked for by name.
            if !options.feeds.is_empty() {
                skipped.push((key, "đang tắt trong feeds.toml".to_owned()));
            }
        } else if let Some(at) = state.retired_at {
            skipped.push((
                key,
                format!(
                    "ngừng đọc từ {at} vì máy chủ báo đã gỡ (410 Gone); muốn đọc lại, bật lại trong feeds.toml"
                ),
            ));
        } else if let Some(until) = state.not_before.filter(|until| *until > now) {
            skipped.push((key, format!("máy chủ yêu cầu chờ đến {until}")));
        } else if !options.due_only || state.next_poll_at.is_none_or(|at| at <= now) {
            feeds.push(row.feed);
        }
    }
    Ok((feeds, skipped))
}

fn is_named(row: &FeedRow, name: &str) -> bool {
    row.feed.key.as_str() == name || row.feed.source.as_str() == name
}

fn progress(args: &Args, newspapers: usize, feeds: usize) -> ProgressBar {
    if !super::draws_progress(args) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(newspapers as u64);
    let template =
        format!("{{bar:30}} {{pos}}/{{len}} báo, {{msg}}/{feeds} địa chỉ tin, còn {{eta}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.set_message("0");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn report(args: &Args, summary: &Summary) {
    if args.json {
        for polled in &summary.polled {
            out::json(&json!({
                "feed": polled.key, "result": polled.result,
                "kind": polled.failure.as_ref().map(|f| f.kind.as_str()),
                "detail": polled.failure.as_ref().map(|f| f.detail.as_str()),
                "entries": polled.report.as_ref().map(|r| r.entries),
                "new_articles": polled.report.as_ref().map(|r| r.new_articles.len()),
                "next": polled.next.map(|at| at.to_string()),
                "took_ms": u64::try_from(polled.took.as_millis()).unwrap_or(u64::MAX),
            }));
        }
        for (feed, why) in &summary.skipped {
            out::json(&json!({"feed": feed, "result": "skipped", "detail": why}));
        }
        return;
    }
    if args.quiet {
        return;
    }
    for (feed, why) in &summary.skipped {
        out::line(&format!("bỏ qua {feed}: {}", out::safe(why)));
    }
    out::line(&format!(
        "{} địa chỉ tin: {} có tin mới, {} không đổi, {} lỗi, {} bỏ qua; {} bài mới",
        summary.polled.len() + summary.skipped.len(),
        summary.count(|p| p.result == "new"),
        summary.count(|p| matches!(p.result, "read" | "same" | "not-modified")),
        summary.failed(),
        summary.skipped.len(),
        summary.new_articles(),
    ));
}

/// One feed's failure, as it comes.
fn failure_line(polled: &Polled) -> String {
    let (words, detail) = match &polled.failure {
        Some(failure) => (failure.kind.in_vietnamese(), out::safe(&failure.detail)),
        None => return String::new(),
    };
    format!("lỗi {}: {words} ({detail})", polled.key)
}

/// The daemon has the data: its feeds are made due, and it polls them.
async fn beside_daemon(args: &Args, options: &Options<'_>, pid: &str) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let store = Store::open_beside(&config.daemon.data_dir, fold)?;
    let now = app::clock(args).now();
    let (feeds, skipped) = choose(store.list_feeds().await?, options, now)?;
    let keys = feeds.into_iter().map(|feed| feed.key).collect();
    let made = store.make_due(Some(keys), now).await?;
    for (feed, why) in skipped {
        out::line(&format!("bỏ qua {feed}: {}", out::safe(&why)));
    }
    out::line(&format!(
        "Dịch vụ đang chạy (pid {pid}) sẽ đọc ngay {made} địa chỉ tin."
    ));
    Ok(())
}
