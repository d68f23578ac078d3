//! `status`: daemon, feeds, editions, outbox at a glance.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::daemon::calendar;
use crate::daemon::health::{Late, late as late_editions};
use crate::model::DeliveryState;
use crate::store::{Store, StoreError};
use crate::text::fold::fold;
use serde_json::json;

/// Failing feeds named one by one.
const NAMED: usize = 20;

/// Runs the command. With `health` the exit code is 1 where an edition is late; else it says whether it could look, not
/// whether all is well.
pub async fn run(args: &Args, health: bool) -> Result<(), AppError> {
    let Some(works) = app::beside(args).await? else {
        out::line(&app::no_data(args));
        return Ok(());
    };
    let setup = works.setup();
    let pid = match Store::open(&setup.config.daemon.data_dir, fold) {
        Err(StoreError::InUse { pid, .. }) => Some(pid),
        _ => None,
    };
    let now = works.clock.now();
    let zone = setup.config.daemon.time_zone.clone();
    let show = |at: jiff::Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%H:%M %d/%m/%Y")
            .to_string()
    };
    let feeds = works.store.list_feeds().await?;
    let enabled: Vec<_> = feeds.iter().filter(|row| row.enabled).collect();
    let failing: Vec<_> = enabled
        .iter()
        .filter(|row| row.feed.state.failing_since.is_some() || row.feed.state.retired_at.is_some())
        .collect();
    let late = late_editions(&works, &setup).await?;
    let counts = works.store.counts().await?;
    let outbox = works.store.outbox_counts().await?;
    let editions = works.store.list_editions(None, 1).await?;
    let next = setup
        .config
        .digests
        .iter()
        .filter_map(|d| calendar::schedule(&setup, d).next_slot(now))
        .map(|s| s.at)
        .min();
    if args.json {
        out::json(&json!({
            "daemon": pid, "feeds": enabled.len(), "failing": failing.len(), "entries": counts.entries,
            "articles": counts.articles, "unanalysed": counts.unanalysed, "pages": counts.pages, "outbox": outbox,
            "last_edition": editions.first().map(|e| json!({
                "digest": e.digest, "number": e.number, "slot": e.slot, "articles": e.articles,
            })),
            "next_edition": next.map(|at| at.to_string()),
            "late": late.iter().map(|late| json!({
                "digest": late.digest, "slot": late.slot, "due": late.due.to_string(), "waiting": late.waiting,
            })).collect::<Vec<_>>(),
        }));
        return verdict(&late, health);
    }
    match pid {
        Some(pid) => out::line(&format!("Dịch vụ: đang chạy (pid {pid})")),
        None => out::line("Dịch vụ: không chạy"),
    }
    out::line(&format!(
        "Địa chỉ tin: {} đang bật, {} lỗi",
        enabled.len(),
        failing.len()
    ));
    out::line(&format!(
        "Đã lưu: {} bài từ {} mục tin; {} bài chờ phân tích, {} bài chờ đọc toàn văn",
        counts.articles, counts.entries, counts.unanalysed, counts.pages
    ));
    if let Some(last) = editions.first() {
        out::line(&format!(
            "Bản tin gần nhất: {} ({} bài), lập lúc {}",
            last.subject,
            last.articles,
            show(last.composed_at)
        ));
    }
    if let Some(next) = next {
        out::line(&format!("Bản tin kế tiếp: {}", show(next)));
    }
    let post: Vec<String> = outbox
        .iter()
        .map(|(state, count)| {
            let words =
                DeliveryState::from_word(state).map_or(*state, DeliveryState::in_vietnamese);
            format!("{count} thư {words}")
        })
        .collect();
    out::line(&format!(
        "Hộp thư đi: {}",
        if post.is_empty() {
            "trống".to_owned()
        } else {
            post.join("; ")
        }
    ));
    for row in failing.iter().take(NAMED) {
        let state = &row.feed.state;
        let why = state
            .failure
            .as_ref()
            .map_or("", |failure| failure.kind.in_vietnamese());
        let since = state
            .failing_since
            .or(state.retired_at)
            .map(&show)
            .unwrap_or_default();
        out::line(&format!("  lỗi {} từ {since}: {why}", row.feed.key));
    }
    if failing.len() > NAMED {
        out::line(&format!(
            "  … và {} nguồn khác; xem `diembao feeds list`",
            failing.len() - NAMED
        ));
    }
    for late in &late {
        out::line(&format!("  CHẬM: {}", late.in_vietnamese()));
    }
    verdict(&late, health)
}

fn verdict(late: &[Late], health: bool) -> Result<(), AppError> {
    match late.len() {
        _ if !health => Ok(()),
        0 => Ok(()),
        editions => Err(AppError::Work(anyhow::anyhow!(
            "{editions} editions are not out half an hour after their time"
        ))),
    }
}
