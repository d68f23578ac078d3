//! `status`: daemon, feeds, editions, outbox at a glance.

use super::app::{self, AppError};
use super::args::Args;
use super::{feeds, out};
use crate::daemon::calendar;
use crate::model::DeliveryState;
use crate::store::{Store, StoreError};
use crate::text::fold::fold;
use serde_json::json;

/// Failing feeds named one by one.
const NAMED: usize = 20;

/// Runs the command; the exit code says whether it could look, not whether all is well.
pub async fn run(args: &Args) -> Result<(), AppError> {
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
    // Those that answer and are of no use count apart: nothing is broken, and yet they want looking at.
    let drifted: Vec<_> = enabled
        .iter()
        .filter(|row| !failing.iter().any(|other| other.feed.id == row.feed.id))
        .filter_map(|row| Some((row, feeds::trouble(row, now)?)))
        .collect();
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
            "daemon": pid, "feeds": enabled.len(), "failing": failing.len(), "drifted": drifted.len(), "entries": counts.entries,
            "articles": counts.articles, "unanalysed": counts.unanalysed, "pages": counts.pages, "outbox": outbox,
            "last_edition": editions.first().map(|e| json!({
                "digest": e.digest, "number": e.number, "slot": e.slot, "articles": e.articles,
            })),
            "next_edition": next.map(|at| at.to_string()),
        }));
        return Ok(());
    }
    match pid {
        Some(pid) => out::line(&format!("Dịch vụ: đang chạy (pid {pid})")),
        None => out::line("Dịch vụ: không chạy"),
    }
    out::line(&format!(
        "Địa chỉ tin: {} đang bật, {} lỗi, {} bất thường",
        enabled.len(),
        failing.len(),
        drifted.len()
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
    let failing = failing
        .iter()
        .filter_map(|row| Some(("lỗi", *row, feeds::trouble(row, now)?)));
    let drifted = drifted
        .iter()
        .map(|(row, trouble)| ("bất thường", *row, *trouble));
    let all: Vec<_> = failing.chain(drifted).collect();
    for (word, row, (why, since)) in all.iter().take(NAMED) {
        out::line(&format!(
            "  {word} {} từ {}: {why}",
            row.feed.key,
            show(*since)
        ));
    }
    if all.len() > NAMED {
        out::line(&format!(
            "  … và {} nguồn khác; xem `diembao feeds list`",
            all.len() - NAMED
        ));
    }
    Ok(())
}
