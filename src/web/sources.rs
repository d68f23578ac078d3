//! The sources at a glance: which can be read, which not, since when and why.

use super::page::{Form, Page, Trouble};
use super::room::{Office, Room};
use crate::edition::safe;
use crate::store::FeedRow;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A paper with its feeds.
#[derive(Serialize)]
struct Paper {
    name: String,
    province: Option<String>,
    feeds: Vec<Feed>,
    failing: bool,
}

#[derive(Serialize)]
struct Feed {
    key: String,
    /// "đọc được", "lỗi", "đã dừng", "chưa đọc".
    state: &'static str,
    last_ok: Option<String>,
    last_new: Option<String>,
    since: Option<String>,
    reason: Option<&'static str>,
}

/// `/nguon`.
pub(super) async fn page(State(room): State<Arc<Room>>, form: Form) -> Response {
    let page = sources_page(&room).await;
    room.show(form, page)
}

async fn sources_page(room: &Room) -> Result<Page, Trouble> {
    let rows = room.shelf().list_feeds().await?;
    let office = room.office();
    let mut papers: BTreeMap<String, Paper> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.enabled) {
        let paper = papers
            .entry(row.feed.source.to_string())
            .or_insert_with(|| paper(&office, row));
        let feed = feed(row);
        paper.failing |= feed.since.is_some();
        paper.feeds.push(feed);
    }
    // Trouble first: that is what an admin comes for.
    let (bad, good): (Vec<Paper>, Vec<Paper>) =
        papers.into_values().partition(|paper| paper.failing);
    let data = serde_json::json!({
        "failing": bad.len(), "sound": good.len(), "bad": bad, "good": good,
    });
    Page::new("sources.html", "Tình trạng nguồn tin", &data)
}

fn paper(office: &Office, row: &FeedRow) -> Paper {
    let source = office
        .config
        .sources
        .iter()
        .find(|source| source.key == row.feed.source);
    let province = source.and_then(|source| source.province.as_deref());
    let province = province.and_then(|key| office.config.places.get(key));
    Paper {
        name: safe::line(&office.paper(&row.feed.source)),
        province: province.map(|province| province.name.clone()),
        feeds: Vec::new(),
        failing: false,
    }
}

fn feed(row: &FeedRow) -> Feed {
    let state = &row.feed.state;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let since = state.retired_at.or(state.failing_since);
    Feed {
        key: row.feed.key.to_string(),
        state: match (state.retired_at, state.failing_since, state.last_ok_at) {
            (Some(_), _, _) => "đã dừng: nguồn tin bị gỡ hẳn",
            (None, Some(_), _) => "lỗi",
            (None, None, Some(_)) => "đọc được",
            (None, None, None) => "chưa đọc",
        },
        last_ok: text(state.last_ok_at),
        last_new: text(state.last_new_at),
        since: text(since),
        reason: since
            .and(state.failure.as_ref())
            .map(|failure| failure.kind.in_vietnamese()),
    }
}
