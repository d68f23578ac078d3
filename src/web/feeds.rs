//! Feeds of our own: editions, the stories of a topic, and what a search finds.

use super::atom::{Atom, AtomEntry};
use super::page::{self, Form, Trouble};
use super::room::{Office, Room};
use super::search::Asked;
use crate::edition::safe;
use crate::store::StoryKey;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use std::sync::Arc;

/// Entries of a feed.
const ENTRIES: u32 = 50;

/// `/feed/ban-tin.atom`.
pub(super) async fn editions(State(room): State<Arc<Room>>) -> Response {
    let feed = async {
        let heads = room.shelf().list_editions(None, ENTRIES).await?;
        let office = room.office();
        let entries = heads.iter().map(|head| {
            let path = super::editions::path(&head.digest, head.number);
            AtomEntry {
                id: tag(&office, head.date, &path),
                title: head.subject.clone(),
                link: office.address(&path),
                updated: head.composed_at.to_string(),
                summary: format!("{} bài báo.", head.articles),
                author: office.title_of(&head.digest),
            }
        });
        let entries = entries.collect();
        let changed = heads.iter().map(|head| head.composed_at).max();
        Ok((
            feed(
                &office,
                "Các bản điểm báo",
                "/feed/ban-tin.atom",
                "/ban-tin",
                changed,
                entries,
            ),
            changed,
        ))
    };
    answer(&room, feed.await)
}

/// `/feed/chu-de/kiem_tra.atom`.
pub(super) async fn topic(State(room): State<Arc<Room>>, Path(name): Path<String>) -> Response {
    let feed = async {
        let office = room.office();
        let key = name.strip_suffix(".atom").ok_or(Trouble::NotFound)?;
        let topic = office.config.topics.topic(key).ok_or(Trouble::NotFound)?;
        let heads = room
            .shelf()
            .stories_of(StoryKey::Topic, key, ENTRIES, 0)
            .await?;
        let entries = heads.iter().map(|head| {
            let path = format!(
                "{}/viec/{}",
                super::editions::path(&head.digest, head.number),
                head.nth + 1
            );
            AtomEntry {
                id: tag(&office, head.date, &path),
                title: head.title.clone(),
                link: office.address(&path),
                updated: noon(&office, head.date).to_string(),
                summary: format!(
                    "{} bài báo, trong bản tin số {}.",
                    head.articles, head.number
                ),
                author: office.title_of(&head.digest),
            }
        });
        let entries = entries.collect();
        let changed = heads.first().map(|head| noon(&office, head.date));
        let own = format!("/feed/chu-de/{key}.atom");
        Ok((
            feed(
                &office,
                &topic.name,
                &own,
                &format!("/chu-de/{key}"),
                changed,
                entries,
            ),
            changed,
        ))
    };
    answer(&room, feed.await)
}

/// `/feed/tim.atom?q=…`: a saved search.
pub(super) async fn search(State(room): State<Arc<Room>>, Query(asked): Query<Asked>) -> Response {
    let feed = async {
        let office = room.office();
        let found = super::search::newest(&room, &office, &asked, ENTRIES).await?;
        let entries = found.iter().map(|article| {
            let path = format!("/bai/{}", article.id);
            let zone = office.config.daemon.time_zone.clone();
            AtomEntry {
                id: tag(&office, article.seen.to_zoned(zone).date(), &path),
                title: safe::title(&article.title),
                link: office.address(&path),
                updated: article
                    .published
                    .unwrap_or(article.seen)
                    .min(article.seen)
                    .to_string(),
                summary: article
                    .sapo
                    .as_deref()
                    .map(|sapo| safe::clip(&safe::line(sapo), 400))
                    .unwrap_or_default(),
                author: office.paper(&article.source),
            }
        });
        let entries = entries.collect();
        let changed = found.iter().map(|article| article.seen).max();
        let query = asked.to_query();
        let title = format!("Tìm: {}", safe::line(&asked.q));
        let own = format!("/feed/tim.atom?{query}");
        Ok((
            feed(
                &office,
                &title,
                &own,
                &format!("/tim?{query}"),
                changed,
                entries,
            ),
            changed,
        ))
    };
    answer(&room, feed.await)
}

fn feed(
    office: &Office,
    title: &str,
    own: &str,
    page: &str,
    changed: Option<Timestamp>,
    entries: Vec<AtomEntry>,
) -> Atom {
    // A feed needs a date; one that never had an entry has that of the beginning of our time.
    let updated = changed.unwrap_or(Timestamp::UNIX_EPOCH);
    Atom {
        id: tag(office, Date::constant(2026, 1, 1), own),
        title: title.to_owned(),
        own_address: office.address(own),
        page: office.address(page),
        updated: updated.to_string(),
        entries,
    }
}

/// RFC 4151: stable as long as the public address is.
fn tag(office: &Office, date: Date, path: &str) -> String {
    let public = office
        .config
        .web
        .public_url
        .as_ref()
        .and_then(|url| url.host_str());
    format!("tag:{},{date}:{path}", public.unwrap_or("diembao.invalid"))
}

fn noon(office: &Office, date: Date) -> Timestamp {
    let zone = office.config.daemon.time_zone.clone();
    let noon = date
        .to_zoned(zone)
        .and_then(|day| day.checked_add(12.hours()));
    noon.map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp())
}

fn answer(room: &Room, feed: Result<(Atom, Option<Timestamp>), Trouble>) -> Response {
    let written = feed.and_then(|(atom, changed)| {
        let bytes = atom
            .write()
            .map_err(|err| Trouble::Failed(err.to_string()))?;
        Ok((bytes, changed))
    });
    let (bytes, changed) = match written {
        Ok(written) => written,
        Err(trouble) => return room.show(Form::Html, Err(trouble)),
    };
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/atom+xml; charset=utf-8"),
    )];
    let mut response = (kind, bytes).into_response();
    if let Some(value) = changed.and_then(page::http_date) {
        response.headers_mut().insert(header::LAST_MODIFIED, value);
    }
    response
}
