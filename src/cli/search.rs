//! `search`: full text, with or without diacritics.

use super::app::{self, AppError};
use super::args::{Args, Search};
use super::out;
use crate::config::{Config, Place};
use crate::daemon::works::Setup;
use crate::model::{SourceKey, TopicKey};
use crate::store::{Found, Page, SearchFilter, SearchOrder, SearchResult};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

/// Runs the command.
pub async fn run(args: &Args, wanted: &Search) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let setup = works.setup();
    let filter = filter(wanted, &setup.config)?;
    let page = Page {
        offset: (wanted.page - 1).saturating_mul(wanted.limit),
        limit: wanted.limit,
        order: match wanted.newest {
            true => SearchOrder::Newest,
            false => SearchOrder::Best,
        },
    };
    let query = wanted.query.join(" ");
    let found = works.store.search(&query, &filter, page).await?;
    match args.json {
        true => found.hits.iter().for_each(print_json),
        false => {
            found.hits.iter().for_each(|hit| print(hit, &setup));
            out::line(&counted(&found, wanted));
        }
    }
    Ok(())
}

/// Provinces also by their former names. A province or topic that does not exist is refused: it would only find
/// nothing. Papers are not: one that left the config keeps its articles.
fn filter(wanted: &Search, config: &Config) -> Result<SearchFilter, AppError> {
    let zone = &config.daemon.time_zone;
    let unknown =
        |what: &str, name: &str| AppError::Usage(format!("không có {what} nào tên \"{name}\""));
    let province = match &wanted.province {
        None => None,
        Some(name) => match config.places.find(name) {
            Some(Place::Today(province) | Place::Former(province)) => Some(province.key.clone()),
            None => return Err(unknown("tỉnh, thành phố", name)),
        },
    };
    if let Some(topic) = &wanted.topic
        && !config.topics.list.iter().any(|t| t.key.as_str() == topic)
    {
        return Err(unknown("lĩnh vực", topic));
    }
    Ok(SearchFilter {
        source: wanted.source.as_deref().map(SourceKey::from),
        province,
        topic: wanted.topic.as_deref().map(TopicKey::from),
        person: wanted.person.clone(),
        document: wanted.document.clone(),
        from: wanted.from.and_then(|day| midnight(day, zone)),
        to: wanted
            .to
            .and_then(|day| day.tomorrow().ok())
            .and_then(|day| midnight(day, zone)),
    })
}

fn print_json(hit: &Found) {
    let article = &hit.article;
    let marked: Vec<_> = hit
        .snippet
        .hits
        .iter()
        .map(|range| &hit.snippet.text[range.clone()])
        .collect();
    out::json(&json!({
        "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
        "published": article.published.map(|at| at.to_string()),
        "level": article.verdict.as_ref().map(|verdict| verdict.level),
        "exact": hit.exact, "snippet": hit.snippet.text, "found": marked,
    }));
}

fn print(hit: &Found, setup: &Setup) {
    let article = &hit.article;
    let day = article
        .published
        .unwrap_or(article.seen)
        .to_zoned(setup.config.daemon.time_zone.clone())
        .strftime("%d/%m/%Y")
        .to_string();
    let name = setup
        .sources
        .get(&article.source)
        .map_or_else(|| article.source.to_string(), |source| source.name.clone());
    out::line(&format!(
        "{:>6}  {day}  {}",
        article.id,
        out::safe(&article.title)
    ));
    out::line(&format!(
        "        {} · {}",
        out::safe(&name),
        out::safe(&article.url)
    ));
    if !hit.snippet.text.is_empty() {
        out::line(&format!("        {}", out::safe(&hit.snippet.text)));
    }
}

/// "3 bài.", "Bài 21–40 trong hơn 300 bài; trang sau: --page 3."
fn counted(found: &SearchResult, wanted: &Search) -> String {
    let total = match found.more {
        true => format!("hơn {}", found.total),
        false => found.total.to_string(),
    };
    let first = (wanted.page - 1).saturating_mul(wanted.limit);
    let shown = u32::try_from(found.hits.len()).unwrap_or(u32::MAX);
    match (found.total, shown) {
        (0, _) => "Không tìm thấy bài nào.".to_owned(),
        (_, 0) => format!("Không còn bài nào ở trang này; có {total} bài."),
        _ if first == 0 && shown == found.total && !found.more => format!("{total} bài."),
        _ => {
            let last = first.saturating_add(shown);
            let next = match last < found.total || found.more {
                true => format!("; trang sau: --page {}", wanted.page + 1),
                false => String::new(),
            };
            format!("Bài {}–{last} trong {total} bài{next}.", first + 1)
        }
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}
