//! Search: words with or without marks, narrowed by paper, province, topic, person, document and dates.

use super::page::{Form, Page, Trouble};
use super::room::{Office, Room};
use crate::edition::safe;
use crate::model::{Article, SourceKey, TopicKey};
use crate::store::{self, Found, SearchFilter, SearchOrder, Snippet};
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Hits on one page.
const HITS: u32 = 20;
/// Pages that can be turned: by age they are read as they stand; the best of many have to be put in order first.
const PAGES: u32 = 50;
const BEST_PAGES: u32 = 10;
/// Characters of what is asked for.
const WORDS: usize = 200;

/// What is asked for; what is left empty narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The words.
    pub q: String,
    /// A paper's key.
    pub bao: String,
    /// A province's key.
    pub tinh: String,
    /// A topic's key.
    #[serde(rename = "chu-de")]
    pub chu_de: String,
    /// A person's name.
    pub nguoi: String,
    /// A document's number or name.
    #[serde(rename = "van-ban")]
    pub van_ban: String,
    /// The first day, `2026-11-01`.
    pub tu: String,
    /// The last day.
    pub den: String,
    /// "moi": the newest first.
    pub sap: String,
    /// The page, from 1.
    pub trang: String,
}

impl Asked {
    fn is_empty(&self) -> bool {
        let fields = [
            &self.q,
            &self.bao,
            &self.tinh,
            &self.chu_de,
            &self.nguoi,
            &self.van_ban,
            &self.tu,
            &self.den,
        ];
        fields.iter().all(|field| field.trim().is_empty())
    }

    fn is_narrowed(&self) -> bool {
        let words_alone = Self {
            q: self.q.clone(),
            trang: self.trang.clone(),
            ..Self::default()
        };
        *self != words_alone
    }

    /// As part of an address, without the page.
    pub(super) fn to_query(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("bao", &self.bao),
            ("tinh", &self.tinh),
            ("chu-de", &self.chu_de),
            ("nguoi", &self.nguoi),
            ("van-ban", &self.van_ban),
            ("tu", &self.tu),
            ("den", &self.den),
            ("sap", &self.sap),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    fn filter(&self, zone: &TimeZone) -> Result<SearchFilter, Trouble> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(SearchFilter {
            source: given(&self.bao).map(SourceKey),
            province: given(&self.tinh),
            topic: given(&self.chu_de).map(TopicKey),
            person: given(&self.nguoi),
            document: given(&self.van_ban),
            from: day(&self.tu)?.and_then(|day| midnight(day, zone)),
            to: day(&self.den)?
                .and_then(|day| day.tomorrow().ok())
                .and_then(|day| midnight(day, zone)),
        })
    }

    fn page(&self) -> u32 {
        self.trang.parse().unwrap_or(1).clamp(1, self.pages())
    }

    fn pages(&self) -> u32 {
        match self.order() {
            SearchOrder::Newest => PAGES,
            SearchOrder::Best => BEST_PAGES,
        }
    }

    fn order(&self) -> SearchOrder {
        if self.sap == "moi" {
            SearchOrder::Newest
        } else {
            SearchOrder::Best
        }
    }

    fn check(&self) -> Result<(), Trouble> {
        let long = [&self.q, &self.nguoi, &self.van_ban]
            .iter()
            .any(|text| text.chars().count() > WORDS);
        if long {
            Err(Trouble::Wrong(
                "Câu hỏi quá dài: xin viết không quá 200 ký tự.",
            ))
        } else {
            Ok(())
        }
    }
}

/// A day as a date field sends it; `None` where it is empty.
fn day(text: &str) -> Result<Option<Date>, Trouble> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(date) => Ok(Some(date)),
            Err(_) => Err(Trouble::Wrong(
                "Ngày chưa đúng: xin viết năm-tháng-ngày, ví dụ 2026-11-23.",
            )),
        },
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}

#[derive(Serialize)]
struct Data<'a> {
    asked: &'a Asked,
    query: String,
    empty: bool,
    /// Whether anything but words is asked for.
    narrowed: bool,
    hits: Vec<Hit>,
    total: u32,
    more: bool,
    part: u32,
    next: bool,
    papers: Vec<Choice>,
    provinces: Vec<Choice>,
    topics: Vec<Choice>,
}

/// An entry of a drop-down list.
#[derive(Serialize)]
struct Choice {
    key: String,
    name: String,
}

#[derive(Serialize)]
struct Hit {
    path: String,
    title: String,
    url: Option<String>,
    source: String,
    at: String,
    level: Option<u8>,
    exact: bool,
    snippet: Vec<Piece>,
}

/// A part of a passage; `hit`: what was looked for.
#[derive(Serialize)]
struct Piece {
    text: String,
    hit: bool,
}

/// `/tim`.
pub(super) async fn page(
    State(room): State<Arc<Room>>,
    form: Form,
    Query(asked): Query<Asked>,
) -> Response {
    let page = search_page(&room, &asked).await;
    room.show(form, page)
}

async fn search_page(room: &Room, asked: &Asked) -> Result<Page, Trouble> {
    asked.check()?;
    let office = room.office();
    let part = asked.page();
    let page = store::Page {
        offset: (part - 1) * HITS,
        limit: HITS,
        order: asked.order(),
    };
    let filter = asked.filter(&office.config.daemon.time_zone)?;
    let found = room.shelf().search_indexed(&asked.q, &filter, page).await?;
    let seen = part * HITS;
    let config = &office.config;
    let choice = |key: &str, name: &str| Choice {
        key: key.to_owned(),
        name: name.to_owned(),
    };
    let data = Data {
        query: asked.to_query(),
        empty: asked.is_empty(),
        narrowed: asked.is_narrowed(),
        hits: found.hits.iter().map(|found| hit(&office, found)).collect(),
        total: found.total,
        more: found.more,
        part,
        next: part < asked.pages()
            && (found.total > seen || found.more)
            && found.hits.len() == HITS as usize,
        papers: config
            .sources
            .iter()
            .map(|one| choice(one.key.as_str(), &one.name))
            .collect(),
        provinces: config
            .places
            .all()
            .iter()
            .map(|one| choice(&one.key, &one.name))
            .collect(),
        topics: config
            .topics
            .list
            .iter()
            .map(|one| choice(one.key.as_str(), &one.name))
            .collect(),
        asked,
    };
    let title = if asked.q.is_empty() {
        "Tra cứu".to_owned()
    } else {
        format!("Tìm: {}", safe::line(&asked.q))
    };
    let page = Page::new("search.html", title, &data)?;
    Ok(if asked.is_empty() {
        page
    } else {
        page.with_feed(format!("/feed/tim.atom?{}", data.query))
    })
}

fn hit(office: &Office, found: &Found) -> Hit {
    let article = &found.article;
    Hit {
        path: format!("/bai/{}", article.id),
        title: safe::title(&article.title),
        url: safe::link(&article.url),
        source: office.paper(&article.source),
        at: article.published.unwrap_or(article.seen).to_string(),
        level: article.verdict.as_ref().map(|verdict| verdict.level),
        exact: found.exact,
        snippet: pieces(&found.snippet),
    }
}

/// A passage cut at what was found. Its text is shown, never interpreted: each piece is made safe by itself.
fn pieces(snippet: &Snippet) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut push = |text: Option<&str>, hit| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            pieces.push(Piece {
                text: safe::inert(text),
                hit,
            });
        }
    };
    for range in &snippet.hits {
        push(snippet.text.get(at..range.start), false);
        push(snippet.text.get(range.clone()), true);
        at = range.end;
    }
    push(snippet.text.get(at..), false);
    pieces
}

/// The newest articles that fit, for a feed.
pub(super) async fn newest(
    room: &Room,
    office: &Office,
    asked: &Asked,
    limit: u32,
) -> Result<Vec<Article>, Trouble> {
    asked.check()?;
    let filter = asked.filter(&office.config.daemon.time_zone)?;
    let page = store::Page {
        offset: 0,
        limit,
        order: SearchOrder::Newest,
    };
    let found = room.shelf().search_indexed(&asked.q, &filter, page).await?;
    Ok(found.hits.into_iter().map(|found| found.article).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_cut_at_what_was_found() {
        let snippet = Snippet {
            text: "… kiểm tra Đảng viên".into(),
            hits: vec![4..14, 15..21],
        };
        let pieces = pieces(&snippet);
        let texts: Vec<_> = pieces
            .iter()
            .map(|piece| (piece.text.as_str(), piece.hit))
            .collect();
        assert_eq!(texts.concat_text(), snippet.text);
        assert_eq!(texts.iter().filter(|(_, hit)| *hit).count(), 2);
    }

    trait ConcatText {
        fn concat_text(&self) -> String;
    }

    impl ConcatText for Vec<(&str, bool)> {
        fn concat_text(&self) -> String {
            self.iter().map(|(text, _)| *text).collect()
        }
    }

    #[test]
    fn what_is_asked_goes_round_as_an_address() {
        let asked = Asked {
            q: "Đảng & \"chi bộ\"".into(),
            chu_de: "kiem_tra".into(),
            ..Asked::default()
        };
        assert_eq!(
            asked.to_query(),
            "q=%C4%90%E1%BA%A3ng+%26+%22chi+b%E1%BB%99%22&chu-de=kiem_tra"
        );
        assert!(
            Asked {
                tu: "hôm qua".into(),
                ..Asked::default()
            }
            .filter(&TimeZone::UTC)
            .is_err()
        );
    }
}
