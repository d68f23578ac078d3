//! Editions: the newest, all by month, one with its permanent address, and one of its stories.

use super::page::{Form, Page, Trouble};
use super::room::{Office, Room};
use crate::edition::{self, RenderOptions};
use crate::model::{ArticleView, DigestName, Edition, Quote, StoryView};
use crate::store::EditionHead;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Entries of "Các tin khác" and "Tin liên quan" on one page: it stays under 50 KB.
const TAIL: usize = 50;

/// An edition in lists.
#[derive(Serialize)]
pub(super) struct Head {
    digest: String,
    title: String,
    number: u32,
    date: String,
    subject: String,
    articles: u32,
    path: String,
}

impl Head {
    pub(super) fn of(office: &Office, head: &EditionHead) -> Self {
        Self {
            title: office.title_of(&head.digest),
            path: path(&head.digest, head.number),
            digest: head.digest.to_string(),
            number: head.number,
            date: head.date.to_string(),
            subject: head.subject.clone(),
            articles: head.articles,
        }
    }
}

/// The permanent address of an edition.
pub fn path(digest: &DigestName, number: u32) -> String {
    format!("/ban-tin/{digest}/{number}")
}

/// Which part of a long edition.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    trang: u32,
}

/// `/`: the newest edition of the first digest that has one.
pub(super) async fn newest(State(room): State<Arc<Room>>, form: Form) -> Response {
    let page = async {
        let office = room.office();
        for digest in &office.config.digests {
            if let Some(head) = room.shelf().last_edition(&digest.name).await? {
                return edition_page(&room, &head.digest, head.number, 1).await;
            }
        }
        Page::new("empty.html", "Chưa có bản tin", &serde_json::json!({}))
    };
    let page = page.await;
    room.show(form, page)
}

/// `/ban-tin`: the months, and the editions of the newest.
pub(super) async fn all(State(room): State<Arc<Room>>, form: Form) -> Response {
    let page = async {
        let months = room.shelf().edition_months().await?;
        let newest = months
            .first()
            .map(|(month, _)| month.clone())
            .unwrap_or_default();
        editions_page(&room, &newest, months).await
    };
    let page = page.await;
    room.show(form, page)
}

/// `/thang/2026-11`.
pub(super) async fn month(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(month): Path<String>,
) -> Response {
    let page = async {
        let months = room.shelf().edition_months().await?;
        if !months.iter().any(|(known, _)| *known == month) {
            return Err(Trouble::NotFound);
        }
        editions_page(&room, &month, months).await
    };
    let page = page.await;
    room.show(form, page)
}

async fn editions_page(
    room: &Room,
    month: &str,
    months: Vec<(String, u32)>,
) -> Result<Page, Trouble> {
    let editions = match days_of(month) {
        Some((from, to)) => room.shelf().heads_between(from, to).await?,
        None => Vec::new(),
    };
    let office = room.office();
    let changed = editions.iter().map(|head| head.composed_at).max();
    let heads: Vec<Head> = editions
        .iter()
        .map(|head| Head::of(&office, head))
        .collect();
    let months: Vec<_> = months
        .into_iter()
        .map(|(month, editions)| serde_json::json!({ "month": month, "editions": editions }))
        .collect();
    let data = serde_json::json!({ "month": month, "months": months, "editions": heads });
    let page = Page::new("editions.html", "Các bản tin đã phát hành", &data)?
        .with_feed("/feed/ban-tin.atom");
    Ok(match changed {
        Some(at) => page.changed(at),
        None => page,
    })
}

/// First and last day of `2026-11`.
pub(super) fn days_of(month: &str) -> Option<(Date, Date)> {
    let (year, number) = month.split_once('-')?;
    let first = Date::new(year.parse().ok()?, number.parse().ok()?, 1).ok()?;
    Some((first, first.last_of_month()))
}

/// `/ban-tin/hang-ngay/288`.
pub(super) async fn one(
    State(room): State<Arc<Room>>,
    form: Form,
    Path((digest, number)): Path<(String, u32)>,
    Query(part): Query<Part>,
) -> Response {
    let page = edition_page(&room, &DigestName(digest), number, part.trang.max(1)).await;
    room.show(form, page)
}

async fn edition_page(
    room: &Room,
    digest: &DigestName,
    number: u32,
    part: u32,
) -> Result<Page, Trouble> {
    let stored = room.shelf().edition_numbered(digest, number).await?;
    let edition = stored.ok_or(Trouble::NotFound)?.edition;
    let title = format!("{} · Số {number}", edition.title);
    let skip = (part as usize - 1).saturating_mul(TAIL);
    let options = RenderOptions::default();
    let view = edition::printed(&edition, &options, skip, TAIL);
    let data = serde_json::json!({
        "digest": digest, "number": number, "path": path(digest, number), "part": part,
        "view": view,
        "before": neighbour(room, digest, number.checked_sub(1)).await?,
        "after": neighbour(room, digest, number.checked_add(1)).await?,
    });
    Ok(Page::new("edition.html", title, &data)?
        .with_json(edition::to_json(&edition))
        .with_feed("/feed/ban-tin.atom")
        .changed(edition.composed_at))
}

/// The path of an edition, if there is one.
async fn neighbour(
    room: &Room,
    digest: &DigestName,
    number: Option<u32>,
) -> Result<Option<String>, Trouble> {
    let Some(number) = number else {
        return Ok(None);
    };
    let there = room.shelf().has_edition(digest, number).await?;
    Ok(there.then(|| path(digest, number)))
}

/// `/ban-tin/hang-ngay/288/viec/3`: the story at that place of the edition, counted from 1.
pub(super) async fn story(
    State(room): State<Arc<Room>>,
    form: Form,
    Path((digest, number, nth)): Path<(String, u32, usize)>,
) -> Response {
    let page = story_page(&room, &DigestName(digest), number, nth).await;
    room.show(form, page)
}

async fn story_page(
    room: &Room,
    digest: &DigestName,
    number: u32,
    nth: usize,
) -> Result<Page, Trouble> {
    let stored = room.shelf().edition_numbered(digest, number).await?;
    let edition = stored.ok_or(Trouble::NotFound)?.edition;
    let nth = nth.checked_sub(1).ok_or(Trouble::NotFound)?;
    let story = edition.stories.get(nth).ok_or(Trouble::NotFound)?;
    let data = story_data(&room.office(), &edition, story);
    Ok(Page::new("story.html", story.title.clone(), &data)?.changed(edition.composed_at))
}

#[derive(Serialize)]
struct StoryData<'a> {
    title: &'a str,
    number: u32,
    date: String,
    path: String,
    /// The edition in which the story began.
    continues: Option<Before>,
    topics: Vec<Named>,
    provinces: &'a [String],
    articles: Vec<Item<'a>>,
    summary: Vec<Said<'a>>,
    figures: Vec<Counted<'a>>,
}

#[derive(Serialize)]
struct Before {
    number: u32,
    path: String,
}

#[derive(Serialize)]
struct Named {
    key: String,
    name: String,
}

#[derive(Serialize)]
struct Item<'a> {
    path: String,
    #[serde(flatten)]
    article: &'a ArticleView,
}

#[derive(Serialize)]
struct Said<'a> {
    text: &'a str,
    url: &'a str,
    source: Option<&'a str>,
}

#[derive(Serialize)]
struct Counted<'a> {
    text: &'a str,
    subject: Option<&'a str>,
    sentence: &'a str,
    place: Option<&'a str>,
    source: Option<&'a str>,
}

fn story_data<'a>(office: &Office, edition: &'a Edition, story: &'a StoryView) -> StoryData<'a> {
    let source = |url: &str| {
        let found = story.articles.iter().find(|article| article.url == url);
        found.map(|article| article.source.as_str())
    };
    let said = |quote: &'a Quote| Said {
        text: &quote.text,
        url: &quote.url,
        source: source(&quote.url),
    };
    StoryData {
        title: &story.title,
        number: edition.number,
        date: edition.date.to_string(),
        path: path(&edition.digest, edition.number),
        continues: story.continues.map(|number| Before {
            number,
            path: path(&edition.digest, number),
        }),
        topics: story
            .topics
            .iter()
            .map(|key| Named {
                key: key.clone(),
                name: office.topic(key),
            })
            .collect(),
        provinces: &story.provinces,
        articles: story
            .articles
            .iter()
            .map(|article| Item {
                path: format!("/bai/{}", article.id),
                article,
            })
            .collect(),
        summary: story.summary.iter().map(said).collect(),
        figures: story
            .figures
            .iter()
            .map(|one| Counted {
                text: &one.figure.text,
                subject: one.figure.subject.as_deref(),
                sentence: &one.figure.sentence,
                place: one.place.as_deref(),
                source: source(&one.url),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_days() {
        let (from, to) = days_of("2028-02").unwrap();
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2028-02-01".into(), "2028-02-29".into())
        );
        for bad in ["", "2026", "2026-13", "2026-xx"] {
            assert!(days_of(bad).is_none(), "{bad}");
        }
    }
}
