//! The month report: what the month's editions had, in counts and bars; printable.

use super::page::{Form, Page, Trouble};
use super::room::Room;
use crate::edition::TopicHeading;
use crate::edition::month::Month;
use crate::model::{DigestName, Edition};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Reports kept; a year's of a few digests.
const KEPT: usize = 64;

/// Reports that were counted, by digest, month and how many editions they had: editions are frozen, so a report changes
/// only with a new one.
#[derive(Default)]
pub(super) struct Shelf(Mutex<HashMap<(DigestName, String, usize), Arc<Month>>>);

#[derive(Deserialize)]
pub(super) struct Which {
    /// The digest; the first one where absent.
    #[serde(default)]
    ban: String,
}

/// `/bao-cao/2026-11`.
pub(super) async fn page(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(month): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let page = month_page(&room, &month, &which.ban).await;
    room.show(form, page)
}

async fn month_page(room: &Room, month: &str, digest: &str) -> Result<Page, Trouble> {
    let office = room.office();
    let (from, to) = super::editions::days_of(month).ok_or(Trouble::NotFound)?;
    let digests = &office.config.digests;
    let chosen = digests
        .iter()
        .find(|one| one.name.as_str() == digest)
        .or(digests.first());
    let digest = chosen.ok_or(Trouble::NotFound)?;
    let heads = room.shelf().heads_between(from, to).await?;
    let heads: Vec<_> = heads
        .into_iter()
        .filter(|head| head.digest == digest.name)
        .collect();
    if heads.is_empty() {
        return Err(Trouble::NotFound);
    }
    let key = (digest.name.clone(), month.to_owned(), heads.len());
    let kept = room
        .months
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    let report = match kept {
        Some(report) => report,
        None => {
            let stored = room
                .shelf()
                .editions_between(&digest.name, from, to)
                .await?;
            let editions: Vec<Edition> = stored.into_iter().map(|stored| stored.edition).collect();
            let topics: Vec<TopicHeading> = office
                .config
                .topics
                .list
                .iter()
                .map(|topic| TopicHeading {
                    key: topic.key.clone(),
                    name: topic.name.clone(),
                })
                .collect();
            let report = Arc::new(Month::of(&digest.title, from, &editions, &topics));
            let mut kept = room.months.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(key, Arc::clone(&report));
            report
        }
    };
    let names: Vec<_> = digests
        .iter()
        .map(|one| serde_json::json!({ "name": one.name, "title": one.title }))
        .collect();
    let data = serde_json::json!({
        "month": month, "digest": digest.name, "report": &*report, "digests": names,
    });
    Page::new(
        "month.html",
        format!("Báo cáo tháng {}/{}", from.month(), from.year()),
        &data,
    )
}
