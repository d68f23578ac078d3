//! `search`: full text, with or without diacritics.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::model::SourceKey;
use crate::store::SearchFilter;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

/// What the command line asks for.
pub struct Filter<'a> {
    /// A source's key.
    pub source: &'a Option<String>,
    /// A province's key.
    pub province: &'a Option<String>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// How many at most.
    pub limit: u32,
}

/// Runs the command.
pub async fn run(args: &Args, query: &str, filter: &Filter<'_>) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let setup = works.setup();
    let zone = setup.config.daemon.time_zone.clone();
    let wanted = SearchFilter {
        source: filter.source.as_deref().map(SourceKey::from),
        province: filter.province.clone(),
        topic: None,
        from: filter.from.and_then(|day| midnight(day, &zone)),
        to: filter
            .to
            .and_then(|day| day.tomorrow().ok())
            .and_then(|day| midnight(day, &zone)),
    };
    let found = works.store.search(query, &wanted, filter.limit).await?;
    if args.json {
        for hit in &found {
            let article = &hit.article;
            out::json(&json!({
                "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
                "published": article.published.map(|at| at.to_string()),
                "level": article.verdict.as_ref().map(|verdict| verdict.level),
            }));
        }
        return Ok(());
    }
    let name = |key: &SourceKey| {
        setup
            .sources
            .get(key)
            .map_or_else(|| key.to_string(), |source| source.name.clone())
    };
    for hit in &found {
        let article = &hit.article;
        let day = article
            .published
            .unwrap_or(article.seen)
            .to_zoned(zone.clone())
            .strftime("%d/%m/%Y")
            .to_string();
        out::line(&format!(
            "{:>6}  {day}  {}",
            article.id,
            out::safe(&article.title)
        ));
        out::line(&format!(
            "        {} · {}",
            out::safe(&name(&article.source)),
            out::safe(&article.url)
        ));
    }
    out::line(&match found.len() {
        0 => "Không tìm thấy bài nào.".to_owned(),
        some => format!("{some} bài."),
    });
    Ok(())
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}
