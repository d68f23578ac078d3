//! The sources at a glance: which can be read, which not, which answer and bring nothing any more, since when and why.

use super::page::{Form, Page, Trouble};
use super::room::{Office, Room, Watch};
use crate::edition::safe;
use crate::model::{Source, SourceKey};
use crate::store::FeedRow;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Feeds on one page.
const FEEDS: usize = 100;

/// A feed of a paper.
#[derive(Serialize)]
struct Feed {
    paper: String,
    province: Option<String>,
    key: String,
    /// "đọc được", "bất thường", "lỗi", "đã dừng", "chưa đọc".
    state: &'static str,
    last_ok: Option<String>,
    last_new: Option<String>,
    since: Option<String>,
    reason: Option<&'static str>,
}

/// Which part of a long list.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    trang: usize,
}

/// `/nguon`.
pub(super) async fn page(
    State(room): State<Arc<Room>>,
    form: Form,
    Query(which): Query<Which>,
) -> Response {
    let page = sources_page(&room, which.trang.max(1)).await;
    room.show(form, page)
}

async fn sources_page(room: &Room, part: usize) -> Result<Page, Trouble> {
    let rows = room.feeds().await?;
    let office = room.office();
    let sources: HashMap<&SourceKey, &Source> = office
        .config
        .sources
        .iter()
        .map(|source| (&source.key, source))
        .collect();
    let watched: Vec<(&FeedRow, Condition)> = rows
        .iter()
        .filter(|row| row.enabled)
        .map(|row| (row, Condition::of(&room.watch, row, office.now)))
        .collect();
    // A paper is in trouble with its worst feed.
    let mut papers: BTreeMap<&SourceKey, bool> = BTreeMap::new();
    for (row, condition) in &watched {
        *papers.entry(&row.feed.source).or_default() |= condition.since.is_some();
    }
    let failing = papers.values().filter(|failing| **failing).count();
    // Trouble first: that is what an admin comes for.
    let (bad, good): (Vec<_>, Vec<_>) = watched
        .into_iter()
        .partition(|(_, condition)| condition.since.is_some());
    let (troubled, all) = (bad.len(), bad.len() + good.len());
    let skip = (part - 1).saturating_mul(FEEDS);
    let shown: Vec<(bool, Feed)> = bad
        .iter()
        .map(|one| (true, one))
        .chain(good.iter().map(|one| (false, one)))
        .skip(skip)
        .take(FEEDS)
        .map(|(is_bad, (row, condition))| (is_bad, feed(&office, &sources, row, condition)))
        .collect();
    if shown.is_empty() && part > 1 {
        return Err(Trouble::NotFound);
    }
    let (bad, good): (Vec<_>, Vec<_>) = shown.into_iter().partition(|(is_bad, _)| *is_bad);
    let feeds =
        |list: Vec<(bool, Feed)>| list.into_iter().map(|(_, feed)| feed).collect::<Vec<_>>();
    let data = serde_json::json!({
        "failing": failing, "sound": papers.len() - failing, "feeds": all, "troubled": troubled,
        "bad": feeds(bad), "good": feeds(good), "part": part, "next": skip + FEEDS < all,
    });
    Page::new("sources.html", "Tình trạng nguồn tin", &data)
}

/// What a feed is like now.
struct Condition {
    state: &'static str,
    since: Option<Timestamp>,
    reason: Option<&'static str>,
}

impl Condition {
    fn of(watch: &Watch, row: &FeedRow, now: Timestamp) -> Self {
        let state = &row.feed.state;
        let trouble = (watch.trouble)(row, now);
        Self {
            since: trouble.map(|(_, since)| since),
            reason: trouble.map(|(reason, _)| reason),
            state: match (state.retired_at, state.failing_since, trouble) {
                (Some(_), _, _) => "đã dừng",
                (None, Some(_), _) => "lỗi",
                (None, None, Some(_)) => "bất thường",
                (None, None, None) if state.last_ok_at.is_some() => "đọc được",
                (None, None, None) => "chưa đọc",
            },
        }
    }
}

fn feed(
    office: &Office,
    sources: &HashMap<&SourceKey, &Source>,
    row: &FeedRow,
    condition: &Condition,
) -> Feed {
    let source = sources.get(&row.feed.source);
    let province = source.and_then(|source| source.province.as_deref());
    let province = province.and_then(|key| office.config.places.get(key));
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let state = &row.feed.state;
    Feed {
        paper: source.map_or_else(
            || row.feed.source.to_string(),
            |source| safe::line(&source.name),
        ),
        province: province.map(|province| province.name.clone()),
        key: row.feed.key.to_string(),
        state: condition.state,
        last_ok: text(state.last_ok_at),
        last_new: text(state.last_new_at),
        since: text(condition.since),
        reason: condition.reason,
    }
}
