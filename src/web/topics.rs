//! Topics and provinces: how much was written of each over the last months, and their stories.

use super::page::{Form, Page, Trouble};
use super::room::Room;
use crate::store::{StoryHead, StoryKey};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Months in a trend, the present one included.
const MONTHS: i32 = 12;
/// Stories on one page.
const STORIES: u32 = 50;
/// Pages of a list; older stories are found by search.
const PAGES: u32 = 200;

/// A row of a trend: a topic or province with its bars.
#[derive(Serialize)]
struct Row {
    name: String,
    path: String,
    total: u32,
    bars: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    month: String,
    stories: u32,
    /// Of the highest bar of all rows.
    percent: u32,
}

/// A story in lists.
#[derive(Serialize)]
pub(super) struct Story {
    pub title: String,
    pub path: String,
    pub date: String,
    pub number: u32,
    pub articles: u32,
    pub lead: bool,
}

impl From<&StoryHead> for Story {
    fn from(head: &StoryHead) -> Self {
        let edition = super::editions::path(&head.digest, head.number);
        Self {
            title: head.title.clone(),
            path: format!("{edition}/viec/{}", head.nth + 1),
            date: head.date.to_string(),
            number: head.number,
            articles: head.articles,
            lead: head.lead,
        }
    }
}

/// `/chu-de`.
pub(super) async fn topics(State(room): State<Arc<Room>>, form: Form) -> Response {
    let office = room.office();
    let named = office.config.topics.list.iter();
    let named = named.map(|topic| {
        (
            topic.key.to_string(),
            topic.name.clone(),
            format!("/chu-de/{}", topic.key),
        )
    });
    let page = trends(&room, StoryKey::Topic, "Theo chủ đề", named.collect()).await;
    room.show(form, page)
}

/// `/tinh`.
pub(super) async fn provinces(State(room): State<Arc<Room>>, form: Form) -> Response {
    let office = room.office();
    let named = office.config.places.all().iter();
    let named = named.map(|place| {
        (
            place.name.clone(),
            place.name.clone(),
            format!("/tinh/{}", place.key),
        )
    });
    let page = trends(
        &room,
        StoryKey::Province,
        "Theo tỉnh, thành phố",
        named.collect(),
    )
    .await;
    room.show(form, page)
}

/// `named`: the key as stored, the name, the address.
async fn trends(
    room: &Room,
    kind: StoryKey,
    title: &'static str,
    named: Vec<(String, String, String)>,
) -> Result<Page, Trouble> {
    let office = room.office();
    let today = office
        .now
        .to_zoned(office.config.daemon.time_zone.clone())
        .date();
    let first = today.first_of_month().saturating_sub((MONTHS - 1).months());
    let months: Vec<String> = (0..MONTHS)
        .map(|nth| {
            first
                .saturating_add(nth.months())
                .strftime("%Y-%m")
                .to_string()
        })
        .collect();
    let counts = room.shelf().stories_by_month(kind, first).await?;
    let highest = counts
        .iter()
        .map(|count| count.stories)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut by_key: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for count in &counts {
        by_key
            .entry(&count.key)
            .or_default()
            .insert(&count.month, count.stories);
    }
    let rows: Vec<Row> = named
        .into_iter()
        .map(|(key, name, path)| {
            let of_key = by_key.get(key.as_str());
            let stories = |month: &str| of_key.and_then(|row| row.get(month)).copied().unwrap_or(0);
            let bar = |month: &String| Bar {
                month: month.clone(),
                stories: stories(month),
                percent: stories(month) * 100 / highest,
            };
            Row {
                name,
                path,
                total: months.iter().map(|month| stories(month)).sum(),
                bars: months.iter().map(bar).collect(),
            }
        })
        .collect();
    let data = serde_json::json!({ "months": months, "rows": rows });
    Page::new("trends.html", title, &data)
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    trang: u32,
}

/// `/chu-de/kiem_tra`.
pub(super) async fn topic(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(key): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let office = room.office();
    let page = match office.config.topics.topic(&key) {
        Some(topic) => stories(
            &room,
            StoryKey::Topic,
            &key,
            &topic.name,
            &format!("/chu-de/{key}"),
            which.trang,
        )
        .await
        .map(|page| page.with_feed(format!("/feed/chu-de/{key}.atom"))),
        None => Err(Trouble::NotFound),
    };
    room.show(form, page)
}

/// `/tinh/an-giang`.
pub(super) async fn province(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(key): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let office = room.office();
    let page = match office.config.places.get(&key) {
        Some(place) => {
            let path = format!("/tinh/{key}");
            stories(
                &room,
                StoryKey::Province,
                &place.name,
                &place.name,
                &path,
                which.trang,
            )
            .await
        }
        None => Err(Trouble::NotFound),
    };
    room.show(form, page)
}

async fn stories(
    room: &Room,
    kind: StoryKey,
    key: &str,
    name: &str,
    path: &str,
    page: u32,
) -> Result<Page, Trouble> {
    let page = page.clamp(1, PAGES);
    // One more tells whether there is a next page.
    let found = room
        .shelf()
        .stories_of(kind, key, STORIES + 1, (page - 1) * STORIES)
        .await?;
    let more = found.len() > STORIES as usize && page < PAGES;
    let stories: Vec<Story> = found
        .iter()
        .take(STORIES as usize)
        .map(Story::from)
        .collect();
    let data = serde_json::json!({ "name": name, "path": path, "part": page, "more": more, "stories": stories });
    Page::new("stories.html", name.to_owned(), &data)
}
