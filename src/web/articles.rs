//! One article: its headline, lead and link, why it was taken or left, and where it stands. Never a paper's full text.

use super::editions::Head;
use super::page::{Form, Page, Trouble};
use super::room::{Office, Room};
use crate::edition::safe;
use crate::model::{Article, ArticleId, Hit, Part};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

/// Characters of the sapo that are shown.
const LEAD: usize = 600;
/// Reasons that are shown, strongest first.
const REASONS: usize = 20;

#[derive(Serialize)]
struct Data {
    id: i64,
    title: String,
    first_title: Option<String>,
    url: Option<String>,
    source: String,
    section: Option<String>,
    author: Option<String>,
    lead: Option<String>,
    published: Option<String>,
    seen: String,
    backfill: bool,
    level: Option<u8>,
    score: Option<f32>,
    topics: Vec<Topic>,
    reasons: Vec<Reason>,
    feeds: Vec<String>,
    editions: Vec<Head>,
}

#[derive(Serialize)]
struct Topic {
    key: String,
    name: String,
}

#[derive(Serialize)]
struct Reason {
    found: String,
    part: &'static str,
    weight: f32,
    topic: Option<String>,
    cancelled_by: Option<String>,
}

/// `/bai/1234`.
pub(super) async fn one(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(id): Path<i64>,
) -> Response {
    let page = article_page(&room, ArticleId(id)).await;
    room.show(form, page)
}

async fn article_page(room: &Room, id: ArticleId) -> Result<Page, Trouble> {
    let shelf = room.shelf();
    let article = shelf.find_article(id).await?.ok_or(Trouble::NotFound)?;
    let entries = shelf.entries_of(id).await?;
    let editions = shelf.editions_with(id).await?;
    let office = room.office();
    let mut data = data(&office, &article);
    data.feeds = entries.iter().map(|entry| entry.feed.to_string()).collect();
    data.editions = editions
        .iter()
        .map(|head| Head::of(&office, head))
        .collect();
    Page::new("article.html", data.title.clone(), &data)
}

fn data(office: &Office, article: &Article) -> Data {
    let verdict = article.verdict.as_ref();
    let lead = article
        .sapo
        .as_deref()
        .map(|sapo| safe::clip(&safe::line(sapo), LEAD));
    Data {
        id: article.id.0,
        title: safe::title(&article.title),
        first_title: article.first_title.as_deref().map(safe::title),
        url: safe::link(&article.url),
        source: office.paper(&article.source),
        section: article.section.as_deref().map(safe::line),
        author: article.author.as_deref().map(safe::line),
        lead: lead.filter(|lead| !lead.is_empty()),
        published: article.published.map(|at| at.to_string()),
        seen: article.seen.to_string(),
        backfill: article.backfill,
        level: verdict.map(|verdict| verdict.level),
        score: verdict.map(|verdict| verdict.score),
        topics: verdict
            .map(|verdict| {
                let topic = |key: &str| Topic {
                    key: key.to_owned(),
                    name: office.topic(key),
                };
                verdict
                    .topics
                    .iter()
                    .map(|one| topic(one.topic.as_str()))
                    .collect()
            })
            .unwrap_or_default(),
        reasons: verdict
            .map(|verdict| {
                verdict
                    .hits
                    .iter()
                    .take(REASONS)
                    .map(|hit| reason(office, hit))
                    .collect()
            })
            .unwrap_or_default(),
        feeds: Vec::new(),
        editions: Vec::new(),
    }
}

fn reason(office: &Office, hit: &Hit) -> Reason {
    Reason {
        found: safe::line(&hit.found),
        part: match hit.part {
            Part::Title => "tiêu đề",
            Part::Sapo => "sapo",
            Part::Body => "nội dung",
            Part::Section => "chuyên mục",
            Part::Mark => "đánh dấu của quản trị viên",
        },
        weight: hit.weight,
        topic: hit.topic.as_ref().map(|topic| office.topic(topic.as_str())),
        cancelled_by: hit.cancelled_by.as_deref().map(safe::line),
    }
}
