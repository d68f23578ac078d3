//! `tool parse`: a feed document to JSON, for people and kits that want to see how a feed is read.

use crate::{
    feed::{self, FeedMeta},
    model::Entry,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::{io::Write, path::Path, process::ExitCode};
use url::Url;

/// The zone of dates without one.
const ZONE: &str = "Asia/Ho_Chi_Minh";

/// Prints the feed in `file` as one JSON object; for anything else `{"error": …}` and exit code 1.
pub fn run(content_type: Option<&str>, url: Option<&str>, file: &Path) -> ExitCode {
    let (value, code) = match parse(content_type, url, file) {
        Ok(value) => (value, ExitCode::SUCCESS),
        Err(error) => (json!({ "error": error }), ExitCode::FAILURE),
    };
    // Nobody is left to tell when stdout is closed.
    let _ = writeln!(std::io::stdout().lock(), "{value}");
    code
}

fn parse(content_type: Option<&str>, url: Option<&str>, file: &Path) -> Result<Value, String> {
    let body = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    // Without an address relative ones stay as they are: nothing can be joined to this.
    let base =
        Url::parse(url.unwrap_or("about:blank")).map_err(|error| format!("--url: {error}"))?;
    let zone = TimeZone::get(ZONE).map_err(|error| error.to_string())?;
    let reading =
        feed::read(&body, content_type, &base, &zone, None).map_err(|refusal| refusal.detail)?;
    let entries: Vec<Value> = reading.entries.iter().map(entry).collect();
    Ok(json!({ "feed": meta(&reading.meta), "entries": entries }))
}

fn meta(meta: &FeedMeta) -> Value {
    json!({
        "title": meta.title, "link": meta.link, "description": meta.description, "language": meta.language,
        "id": meta.id, "published": time(meta.published), "updated": time(meta.updated),
        "authors": meta.authors, "categories": meta.categories,
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "id": entry.guid, "title": entry.title, "link": entry.link, "summary": entry.summary,
        "content": entry.content, "published": time(entry.published), "updated": time(entry.updated),
        "authors": entry.authors, "categories": entry.categories, "enclosures": entry.enclosures,
    })
}

/// RFC 3339 in UTC, whole seconds.
fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
