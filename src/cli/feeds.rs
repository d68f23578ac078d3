//! `feeds list|show|test`: the sources' health, and a try of one address.

use super::app::{self, AppError};
use super::args::{Args, Feeds};
use super::out;
use crate::daemon::works::Setup;
use crate::feed::{self, How, Warning, identity};
use crate::model::{ArticleText, FetchOutcome, Fetched, Source, SourceKey, Validators};
use crate::net::Request;
use crate::store::FeedRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use url::Url;

/// Items shown by `feeds test`.
const SHOWN: usize = 8;

/// Runs the command.
pub async fn run(args: &Args, action: &Feeds) -> Result<(), AppError> {
    match action {
        Feeds::List => list(args).await,
        Feeds::Show { feed } => show(args, feed).await,
        Feeds::Test { url } => test(args, url).await,
    }
}

async fn list(args: &Args) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let rows = works.store.list_feeds().await?;
    if args.json {
        rows.iter().for_each(|row| out::json(&as_json(row)));
        return Ok(());
    }
    let setup = works.setup();
    let zone = setup.config.daemon.time_zone.clone();
    let cells = rows.iter().filter(|row| row.listed).map(|row| {
        let state = &row.feed.state;
        vec![
            row.feed.key.to_string(),
            condition(row).to_owned(),
            when(state.last_ok_at, &zone),
            when(state.last_new_at, &zone),
            when(
                state
                    .next_poll_at
                    .filter(|_| row.enabled && state.retired_at.is_none()),
                &zone,
            ),
            state
                .failure
                .as_ref()
                .filter(|_| state.failures > 0)
                .map(|f| f.kind.in_vietnamese().to_owned())
                .unwrap_or_default(),
        ]
    });
    out::table(
        &[
            "nguồn",
            "tình trạng",
            "đọc được",
            "tin mới",
            "lần tới",
            "lỗi",
        ],
        cells,
    );
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
fn condition(row: &FeedRow) -> &'static str {
    let state = &row.feed.state;
    match () {
        () if !row.enabled => "tắt",
        () if state.retired_at.is_some() => "đã gỡ (410)",
        () if state.failing_since.is_some() => "lỗi",
        () if state.last_poll_at.is_none() => "chưa đọc",
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

fn as_json(row: &FeedRow) -> serde_json::Value {
    let state = &row.feed.state;
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "feed": row.feed.key, "source": row.feed.source, "url": row.feed.url.as_str(), "section": row.section,
        "enabled": row.enabled, "verified": row.verified, "listed": row.listed,
        "last_poll": time(state.last_poll_at), "last_ok": time(state.last_ok_at), "last_new": time(state.last_new_at),
        "next_poll": time(state.next_poll_at), "not_before": time(state.not_before), "failures": state.failures,
        "failing_since": time(state.failing_since), "retired": time(state.retired_at),
        "failure": state.failure.as_ref().map(|f| f.kind.as_str()),
        "detail": state.failure.as_ref().map(|f| f.detail.as_str()),
        "moved_to": state.moved.as_ref().map(|(url, _)| url.as_str()),
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
    let value = as_json(row);
    if args.json {
        out::json(&value);
        return Ok(());
    }
    for (field, value) in value.as_object().into_iter().flatten() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if text != "null" {
            out::line(&format!("{field:>14}  {}", out::safe(&text)));
        }
    }
    Ok(())
}

/// What was asked, and of whom.
struct Patient {
    url: Url,
    source: Source,
}

async fn test(args: &Args, which: &str) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    let patient = patient(&setup, which)?;
    let now = app::clock(args).now();
    let outcome = setup
        .client
        .fetch(
            &Request::feed(patient.url.clone(), Validators::default()),
            now,
        )
        .await;
    let report = match outcome {
        FetchOutcome::Fresh(fetched) => examine(&setup, &patient, &fetched, now),
        FetchOutcome::Failed(failure) => trouble(failure.kind.in_vietnamese(), &failure.detail),
        FetchOutcome::Gone => trouble("nguồn tin đã bị gỡ hẳn", "410 Gone"),
        FetchOutcome::Throttled { until, status } => {
            let until = until.map(|at| format!(", until {at}")).unwrap_or_default();
            trouble("máy chủ yêu cầu chờ", &format!("HTTP {status}{until}"))
        }
        FetchOutcome::NotModified(_) => trouble(
            "máy chủ trả lời sai quy cách",
            "304 to an unconditional request",
        ),
    };
    print_report(args, &patient.url, &report);
    match report.get("ok").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(()),
        _ => Err(AppError::Work(anyhow::anyhow!(
            "{} could not be read as a feed",
            patient.url
        ))),
    }
}

/// A configured feed by its key, else any http(s) address, as a source of its own.
fn patient(setup: &Setup, which: &str) -> Result<Patient, AppError> {
    for source in setup.sources.values() {
        if let Some(feed) = source
            .feeds
            .iter()
            .find(|feed| feed.key.as_str() == which || feed.url.as_str() == which)
        {
            return Ok(Patient {
                url: feed.url.clone(),
                source: Source::clone(source),
            });
        }
    }
    let url = Url::parse(which)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| {
        AppError::Usage(format!(
            "{which:?} is neither a feed of feeds.toml nor an http address"
        ))
    })?;
    let domain = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches("www.")
        .to_owned();
    let source = Source {
        key: SourceKey::from("test"),
        name: domain.clone(),
        province: None,
        domain,
        aliases: Vec::new(),
        rank: 0,
        publisher: None,
        page_rules: Default::default(),
        user_agent: None,
        time_zone: None,
        feeds: Vec::new(),
    };
    Ok(Patient { url, source })
}

fn trouble(words: &str, detail: &str) -> serde_json::Value {
    json!({"ok": false, "trouble": words, "detail": detail})
}

fn examine(
    setup: &Setup,
    patient: &Patient,
    fetched: &Fetched,
    now: Timestamp,
) -> serde_json::Value {
    let zone = setup.config.daemon.time_zone.clone();
    let content_type = fetched.content_type.as_deref();
    let reading = match feed::read(
        &fetched.body,
        content_type,
        &fetched.final_url,
        &zone,
        Some(now),
    ) {
        Ok(reading) => reading,
        Err(not) => return trouble(not.kind.in_vietnamese(), &not.detail),
    };
    let dated = reading
        .entries
        .iter()
        .filter(|entry| entry.published.is_some())
        .count();
    let newest = reading
        .entries
        .iter()
        .filter_map(|entry| entry.published)
        .max();
    let decoded = format!(
        "{} ({})",
        reading.decoded.encoding,
        how_decoded(reading.decoded.how)
    );
    let warnings: Vec<String> = reading.warnings.iter().map(warning_words).collect();
    let title = reading.meta.title.clone();
    let count = reading.entries.len();
    let items: Vec<_> = identity::identify(&patient.source, None, reading.entries)
        .into_iter()
        .map(|item| {
            let text = ArticleText {
                title: &item.entry.title,
                sapo: item.sapo.as_deref().unwrap_or(""),
                body: "",
                section: item.section.as_deref(),
                url: item.url.as_deref(),
            };
            let verdict = crate::analyse::topic::classify(&setup.config.topics, &text);
            json!({"title": item.entry.title, "url": item.url, "level": verdict.level, "published": item.entry.published.map(|at| at.to_string())})
        })
        .collect();
    json!({
        "ok": true, "final_url": fetched.final_url.as_str(), "content_type": content_type, "bytes": fetched.body.len(),
        "encoding": decoded, "title": title, "entries": count, "dated": dated,
        "newest": newest.map(|at| at.to_string()), "warnings": warnings,
        "etag": fetched.validators.etag.is_some(), "last_modified": fetched.validators.last_modified.is_some(),
        "items": items,
    })
}

/// How the charset was found, in Vietnamese.
fn how_decoded(how: How) -> &'static str {
    match how {
        How::Mark => "theo dấu đầu tệp",
        How::Shape => "theo dạng byte",
        How::Valid => "UTF-8 hợp lệ",
        How::Mended => "UTF-8, có byte hỏng",
        How::Header => "theo tiêu đề HTTP",
        How::Declaration => "theo khai báo XML",
        How::Detected => "đoán theo nội dung",
    }
}

/// What was noticed while reading, in Vietnamese.
fn warning_words(warning: &Warning) -> String {
    match warning {
        Warning::BrokenBytes(n) => format!("mất {n} ký tự vì byte hỏng"),
        Warning::Cut => "tài liệu bị cắt ngang; mục cuối bị bỏ".to_owned(),
        Warning::TooManyEntries(n) => format!("quá nhiều mục; bỏ {n} mục cũ nhất"),
        Warning::UnreadableDates(n) => format!("{n} ngày không đọc được"),
        Warning::FutureDates(n) => format!("{n} ngày nằm ở tương lai, đã bỏ qua"),
        Warning::LocalTimeAsUtc => {
            "giờ địa phương ghi nhầm là GMT; đã hiểu là giờ địa phương".to_owned()
        }
        Warning::TextCut(n) => format!("{n} đoạn quá dài đã bị cắt"),
    }
}

fn print_report(args: &Args, url: &Url, report: &serde_json::Value) {
    if args.json {
        out::json(report);
        return;
    }
    let text = |name: &str| match &report[name] {
        serde_json::Value::String(text) => out::safe(text),
        serde_json::Value::Null => "không có".to_owned(),
        other => other.to_string(),
    };
    out::line(&format!("Địa chỉ: {}", out::safe(url.as_str())));
    if report["ok"] != true {
        out::line(&format!(
            "Không đọc được: {} ({})",
            text("trouble"),
            text("detail")
        ));
        return;
    }
    out::line(&format!("Đọc tại: {}", text("final_url")));
    out::line(&format!(
        "Kiểu nội dung: {}; {} byte; bảng mã: {}",
        text("content_type"),
        text("bytes"),
        text("encoding")
    ));
    out::line(&format!("Tên nguồn: {}", text("title")));
    out::line(&format!(
        "Số mục: {}, có ngày: {}, mới nhất: {}",
        text("entries"),
        text("dated"),
        text("newest")
    ));
    out::line(&format!(
        "Dấu để hỏi tin mới: ETag {}, Last-Modified {}",
        text("etag"),
        text("last_modified")
    ));
    for warning in report["warnings"].as_array().into_iter().flatten() {
        out::line(&format!(
            "Lưu ý: {}",
            out::safe(warning.as_str().unwrap_or_default())
        ));
    }
    for item in report["items"].as_array().into_iter().flatten().take(SHOWN) {
        let title = out::safe(item["title"].as_str().unwrap_or_default());
        out::line(&format!("  mức {}: {title}", item["level"]));
    }
}
