//! What an edition is made of: gathered from the store and the setup, as the plain values that `edition` works on.

use super::works::{Setup, Works};
use crate::analyse;
use crate::config::DigestConfig;
use crate::edition::{DigestSettings, Failing, Material, SourceInfo, StoryGroup, TopicHeading};
use crate::model::{Article, Failure, FailureKind, SourceKey, Window};
use crate::store::{FeedRow, StoreError};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use std::collections::BTreeMap;

/// Events with their papers in a mail; the rest are listed by title (a review of more is a list, not a review).
const LISTED: usize = 30;
/// An edition repeats nothing of those of so many days before it.
const REMEMBERED: i64 = 7;

/// The material of an edition, its stories not yet made, and what the digest's editions of the last days had.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn gather(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    slot: &str,
    window: Window,
    articles: Vec<Article>,
    last_number: Option<u32>,
) -> Result<(Material, Vec<(Article, u32)>), StoreError> {
    let (sources_ok, failing) = coverage(&works.store.list_feeds().await?, window.covers.from);
    let date = works
        .clock
        .now()
        .to_zoned(setup.config.daemon.time_zone.clone())
        .date();
    let week_begin = date.saturating_sub(6.days());
    let articles: Vec<Article> = articles
        .into_iter()
        .filter(|article| is_wanted(setup, digest, article))
        .collect();
    let earlier = earlier(works, digest, date, last_number).await?;
    let material = Material {
        digest: settings(setup, digest),
        slot: slot.to_owned(),
        window,
        time_zone: setup
            .config
            .daemon
            .time_zone
            .iana_name()
            .unwrap_or("Asia/Ho_Chi_Minh")
            .to_owned(),
        composed_at: works.clock.now(),
        last_number,
        stories: Vec::new(),
        reprints: BTreeMap::new(),
        sources: source_infos(setup, &articles),
        articles,
        topics: setup
            .config
            .topics
            .list
            .iter()
            .map(|topic| TopicHeading {
                key: topic.key.clone(),
                name: topic.name.clone(),
            })
            .collect(),
        provinces: setup
            .config
            .places
            .all()
            .iter()
            .map(|province| province.name.clone())
            .collect(),
        sources_ok,
        failing,
        week: works.store.edition_sizes(&digest.name, week_begin).await?,
        contact: digest.contact.clone(),
    };
    Ok((material, earlier))
}

/// What the digest's editions of the last days had. A review outside of all editions repeats freely.
async fn earlier(
    works: &Works,
    digest: &DigestConfig,
    date: Date,
    last_number: Option<u32>,
) -> Result<Vec<(Article, u32)>, StoreError> {
    match last_number {
        Some(last) => {
            let from = date.saturating_sub(REMEMBERED.days());
            let mut earlier = works.store.published_since(&digest.name, from).await?;
            // An edition that is composed once more knows nothing of itself and those after it.
            earlier.retain(|&(_, number)| number <= last);
            Ok(earlier)
        }
        None => Ok(Vec::new()),
    }
}

/// Reports of one event, and their copies, make one story.
pub(super) fn stories(setup: &Setup, articles: &[Article]) -> Vec<StoryGroup> {
    let rank = |key: &SourceKey| {
        setup
            .sources
            .get(key)
            .map_or(u16::MAX, |source| source.rank)
    };
    let copies = analyse::neardup::copies(articles, rank);
    analyse::story::stories(articles, copies, rank)
        .into_iter()
        .map(|copies| StoryGroup {
            copies,
            ..StoryGroup::default()
        })
        .collect()
}

fn settings(setup: &Setup, digest: &DigestConfig) -> DigestSettings {
    let province = |key: &str| {
        setup
            .config
            .places
            .get(key)
            .map(|province| province.name.clone())
    };
    DigestSettings {
        name: digest.name.clone(),
        title: digest.title.clone(),
        home_province: digest.home_province.as_deref().and_then(province),
        leads: digest.lead_stories,
        min_level: digest.min_level,
        first_number: digest.first_number,
        listed: LISTED,
    }
}

/// The sources that are watched, and those that articles stand in.
fn source_infos(setup: &Setup, articles: &[Article]) -> BTreeMap<SourceKey, SourceInfo> {
    let province = |key: &String| {
        setup
            .config
            .places
            .get(key)
            .map(|province| province.name.clone())
    };
    setup
        .sources
        .values()
        .filter(|source| {
            source.feeds.iter().any(|feed| feed.enabled)
                || articles.iter().any(|article| article.source == source.key)
        })
        .map(|source| {
            let info = SourceInfo {
                name: source.name.clone(),
                province: source.province.as_ref().and_then(province),
                rank: source.rank,
            };
            (source.key.clone(), info)
        })
        .collect()
}

/// Sources that were read since `from`, and those of which a feed could not be read.
fn coverage(feeds: &[FeedRow], from: Timestamp) -> (u32, Vec<Failing>) {
    let mut papers: BTreeMap<&SourceKey, Vec<&FeedRow>> = BTreeMap::new();
    for row in feeds.iter().filter(|row| row.enabled) {
        papers.entry(&row.feed.source).or_default().push(row);
    }
    let mut ok = 0;
    let mut failing = Vec::new();
    for (source, rows) in papers {
        let read = |row: &&&FeedRow| {
            row.feed.state.last_ok_at.is_some_and(|at| at >= from) && trouble(row).is_none()
        };
        ok += u32::from(rows.iter().any(|row| read(&row)));
        // The feed that fails longest speaks for its paper.
        let worst = rows
            .iter()
            .filter_map(|row| Some((trouble(row)?, row)))
            .min_by_key(|((since, _), _)| *since);
        if let Some(((since, failure), row)) = worst {
            let last_ok = row.feed.state.last_ok_at;
            failing.push(Failing {
                source: source.clone(),
                kind: failure.kind,
                since: Some(since),
                last_ok,
            });
        }
    }
    (ok, failing)
}

/// Since when a feed fails, and how; `None` for a healthy one.
fn trouble(row: &FeedRow) -> Option<(Timestamp, Failure)> {
    let state = &row.feed.state;
    let gone = Failure {
        kind: FailureKind::Gone,
        detail: String::new(),
    };
    if let Some(at) = state.retired_at {
        return Some((at, gone));
    }
    Some((state.failing_since?, state.failure.clone()?))
}

/// Whether an article passes the digest's own filter of topics and provinces.
fn is_wanted(setup: &Setup, digest: &DigestConfig, article: &Article) -> bool {
    let topic = digest.topics.is_empty()
        || article.verdict.as_ref().is_some_and(|v| {
            v.topics
                .iter()
                .any(|score| digest.topics.contains(&score.topic))
        });
    let province = digest.provinces.is_empty()
        || setup
            .sources
            .get(&article.source)
            .and_then(|source| source.province.as_ref())
            .is_some_and(|province| digest.provinces.contains(province));
    topic && province
}
