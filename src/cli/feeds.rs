//! `feeds list|show`: the sources' health. The tries are in `feeds_test`, `feeds_discover` and `feeds_verify`; what writes
//! `feeds.toml` is in `feeds_edit`.

use super::app::{self, AppError};
use super::args::{Args, Feeds};
use super::{feeds_discover, feeds_edit, feeds_test, feeds_verify, out};
use crate::daemon::drift;
use crate::model::Subscription;
use crate::store::FeedRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

/// Runs the command.
pub async fn run(args: &Args, action: &Feeds) -> Result<(), AppError> {
    match action {
        Feeds::List => list(args).await,
        Feeds::Show { feed } => show(args, feed).await,
        Feeds::Add(new) => feeds_edit::add(args, new),
        Feeds::Remove { feeds } => feeds_edit::remove(args, feeds),
        Feeds::Import { file, dry_run } => feeds_edit::import(args, file, *dry_run),
        Feeds::Export { file } => feeds_edit::export(args, file.as_deref()),
        Feeds::Test { url } => Box::pin(feeds_test::run(args, url)).await,
        Feeds::Discover { url } => Box::pin(feeds_discover::run(args, url)).await,
        Feeds::Verify { feeds, fix } => Box::pin(feeds_verify::run(args, feeds, *fix)).await,
    }
}

async fn list(args: &Args) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let rows = works.store.list_feeds().await?;
    let subscriptions = works.store.subscriptions().await?;
    let subscription = |row: &FeedRow| subscriptions.get(&row.feed.id);
    if args.json {
        let now = works.clock.now();
        rows.iter()
            .for_each(|row| out::json(&as_json(row, subscription(row), now)));
        return Ok(());
    }
    let setup = works.setup();
    let zone = setup.config.daemon.time_zone.clone();
    let now = works.clock.now();
    let by_hubs = !subscriptions.is_empty();
    let cells = rows.iter().filter(|row| row.listed).map(|row| {
        let state = &row.feed.state;
        let mut cells = vec![
            row.feed.key.to_string(),
            condition(row, now).to_owned(),
            when(state.last_ok_at, &zone),
            when(state.last_new_at, &zone),
            when(
                state
                    .next_poll_at
                    .filter(|_| row.enabled && state.retired_at.is_none()),
                &zone,
            ),
        ];
        if by_hubs {
            let wanted = subscription(row).filter(|one| one.due_at.is_some());
            let state = wanted.map_or("", |one| one.state.in_vietnamese());
            cells.push(state.to_owned());
        }
        cells.push(
            drift::trouble(row, now)
                .map(|(words, since)| format!("{words} (từ {})", when(Some(since), &zone)))
                .unwrap_or_default(),
        );
        cells
    });
    let mut head = vec!["nguồn", "tình trạng", "đọc được", "tin mới", "lần tới"];
    head.extend(by_hubs.then_some("qua hub"));
    head.push("lỗi");
    out::table(&head, cells);
    for source in setup
        .config
        .sources
        .iter()
        .filter(|source| source.feeds.is_empty())
    {
        out::line(&format!(
            "{} ({}): chưa có địa chỉ RSS",
            source.key,
            out::safe(&source.name)
        ));
    }
    Ok(())
}

/// The feed's condition in one or two words.
fn condition(row: &FeedRow, now: Timestamp) -> &'static str {
    let state = &row.feed.state;
    match () {
        () if !row.enabled => "tắt",
        () if state.retired_at.is_some() => "đã gỡ (410)",
        () if state.failing_since.is_some() => "lỗi",
        () if state.last_poll_at.is_none() => "chưa đọc",
        () if drift::trouble(row, now).is_some() => "bất thường",
        () => "tốt",
    }
}

fn when(at: Option<Timestamp>, zone: &TimeZone) -> String {
    at.map(|at| {
        at.to_zoned(zone.clone())
            .strftime("%H:%M %d/%m")
            .to_string()
    })
    .unwrap_or_default()
}

fn as_json(
    row: &FeedRow,
    subscription: Option<&Subscription>,
    now: Timestamp,
) -> serde_json::Value {
    let state = &row.feed.state;
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let alarms: Vec<_> = match row.enabled {
        true => drift::alarms(state, row.feed.added_at, now),
        false => Vec::new(),
    };
    let alarms: Vec<_> = alarms
        .iter()
        .map(|alarm| json!({"drift": alarm.drift, "since": alarm.since.to_string(), "words": alarm.drift.in_vietnamese()}))
        .collect();
    json!({
        "feed": row.feed.key, "source": row.feed.source, "url": row.feed.url.as_str(), "kind": row.feed.kind,
        "section": row.section,
        "enabled": row.enabled, "verified": row.verified, "listed": row.listed,
        "last_poll": time(state.last_poll_at), "last_ok": time(state.last_ok_at), "last_new": time(state.last_new_at),
        "next_poll": time(state.next_poll_at), "not_before": time(state.not_before), "failures": state.failures,
        "failing_since": time(state.failing_since), "retired": time(state.retired_at),
        "failure": state.failure.as_ref().map(|f| f.kind.as_str()),
        "detail": state.failure.as_ref().map(|f| f.detail.as_str()),
        "moved_to": state.moved.as_ref().map(|(url, _)| url.as_str()),
        "parts": state.parts.iter().map(|part| part.url.as_str()).collect::<Vec<_>>(),
        "alarms": alarms,
        "pushed_until": time(state.pushed_until),
        "subscription": subscription.map(|one| json!({
            "hub": one.link.hub.as_str(), "topic": one.link.topic.as_str(), "state": one.state,
            "asked": time(one.asked_at), "lease_until": time(one.lease_until), "due": time(one.due_at),
            "delivered": time(one.delivered_at), "deliveries": one.deliveries, "ignored": one.ignored,
            "misses": one.misses, "detail": one.detail,
        })),
    })
}

async fn show(args: &Args, name: &str) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let rows = works.store.list_feeds().await?;
    let row = rows
        .iter()
        .find(|row| row.feed.key.as_str() == name)
        .ok_or_else(|| {
            AppError::Usage(format!("no feed {name:?}; `diembao feeds list` shows all"))
        })?;
    let subscriptions = works.store.subscriptions().await?;
    let value = as_json(row, subscriptions.get(&row.feed.id), works.clock.now());
    if args.json {
        out::json(&value);
        return Ok(());
    }
    print_fields("", &value);
    Ok(())
}

/// A field a line; those of a part under the part's name.
fn print_fields(part: &str, value: &serde_json::Value) {
    for (field, value) in value.as_object().into_iter().flatten() {
        if value.is_object() {
            print_fields(&format!("{field}."), value);
            continue;
        }
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if text != "null" && text != "[]" {
            let name = format!("{part}{field}");
            out::line(&format!("{name:>14}  {}", out::safe(&text)));
        }
    }
}
