//! What an edition is made of: gathered from the store and the setup, as the plain values that `edition` works on.

use super::drift;
use super::works::{Setup, Works};
use crate::analyse::neardup::{
    self,
    index::{self, Neighbour},
};
use crate::analyse::story::{self, Desk, Usage};
use crate::config::DigestConfig;
use crate::edition::{
    self, Corrected, DigestSettings, Failing, Material, SourceInfo, StoryGroup, TopicHeading,
};
use crate::model::{Article, ArticleId, Edition, FailureKind, Ingest, Source, SourceKey, Window};
use crate::store::{FeedRow, StoreError};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Events with their papers in a mail; the rest are listed by title (a review of more is a list, not a review).
const LISTED: usize = 30;
/// A story may continue one of the editions of so many days before.
const REMEMBERED: i64 = 7;
/// Articles before the window from which it is learned what papers write every day.
const USAGE: u32 = 400;

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
) -> Result<(Material, Earlier), StoreError> {
    let now = works.clock.now();
    let (sources_ok, failing) = coverage(&works.store.list_feeds().await?, window.covers.from, now);
    let date = now.to_zoned(setup.config.daemon.time_zone.clone()).date();
    let week_begin = date.saturating_sub(6.days());
    let articles: Vec<Article> = articles
        .into_iter()
        .filter(|article| is_wanted(setup, digest, article))
        .collect();
    let earlier = match last_number {
        Some(last) => earlier(works, digest, date, window.after, last, &articles).await?,
        // A review outside of all editions repeats freely.
        None => Earlier::default(),
    };
    let corrections = corrections(works, digest, date, &window, &earlier.stories).await?;
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
        composed_at: now,
        last_number,
        stories: Vec::new(),
        reprints: BTreeMap::new(),
        corrections,
        sources: source_infos(
            setup,
            articles
                .iter()
                .chain(earlier.stories.iter().map(|(article, _)| article)),
        ),
        articles,
        topics: topics(setup),
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

/// The configured topics in their order.
pub fn topics(setup: &Setup) -> Vec<TopicHeading> {
    let topics = setup.config.topics.list.iter();
    topics
        .map(|topic| TopicHeading {
            key: topic.key.clone(),
            name: topic.name.clone(),
        })
        .collect()
}

/// What the digest's earlier editions had, as far as this one must know it.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Articles of the last days' editions, with their numbers.
    stories: Vec<(Article, u32)>,
    /// For an article of this edition what an edition of the last months had that is near it, with that one's number.
    near: Vec<(ArticleId, Article, u32)>,
    /// What papers wrote before this edition's window.
    usage: Vec<Article>,
}

async fn earlier(
    works: &Works,
    digest: &DigestConfig,
    date: Date,
    after: Ingest,
    last_number: u32,
    articles: &[Article],
) -> Result<Earlier, StoreError> {
    // An edition that is composed once more knows nothing of itself and those after it.
    let before = |&(_, number): &(Article, u32)| number <= last_number;
    let from = date.saturating_sub(REMEMBERED.days());
    let ids = articles.iter().map(|article| article.id).collect();
    let mut near = Vec::new();
    for found in works.store.near(ids, index::MAX_HOLDERS).await? {
        let others = found.others.iter().map(|other| Neighbour {
            text: other.article,
            shared: other.shared,
            size: other.size,
            tag: other.tag,
        });
        let others = index::nearest(found.size, others);
        let printed = works.store.published_of(&digest.name, others).await?;
        near.extend(
            printed
                .into_iter()
                .filter(before)
                .map(|(other, number)| (found.article, other, number)),
        );
    }
    let mut stories = works.store.published_since(&digest.name, from).await?;
    stories.retain(before);
    Ok(Earlier {
        stories,
        near,
        usage: works.store.sample(after, works.clock.now(), USAGE).await?,
    })
}

/// What became of the articles of those editions since.
async fn corrections(
    works: &Works,
    digest: &DigestConfig,
    date: Date,
    window: &Window,
    earlier: &[(Article, u32)],
) -> Result<Vec<Corrected>, StoreError> {
    if earlier.is_empty() {
        return Ok(Vec::new());
    }
    let from = date.saturating_sub(REMEMBERED.days());
    let editions = works
        .store
        .editions_between(&digest.name, from, date)
        .await?;
    let editions: Vec<Edition> = editions.into_iter().map(|stored| stored.edition).collect();
    let mut notices = works.store.notices(window.after, window.upto).await?;
    notices.retain(|article| edition::is_notice(&article.title));
    let now: Vec<Article> = earlier.iter().map(|(article, _)| article.clone()).collect();
    let ids = now.iter().map(|article| article.id).collect();
    let withdrawn = works.store.withdrawn(ids).await?;
    Ok(edition::corrections(&editions, &now, &withdrawn, &notices))
}

/// Fills in which articles print again what an earlier edition had, and which tell of one event.
pub(super) fn group(setup: &Setup, material: &mut Material, earlier: &Earlier) {
    let rank = |key: &SourceKey| {
        setup
            .sources
            .get(key)
            .map_or(u16::MAX, |source| source.rank)
    };
    let desk = Desk {
        gazetteer: &setup.gazetteer,
        usage: &Usage::of(&earlier.usage),
        home: &|key| setup.sources.get(key)?.province.clone(),
        rank: &rank,
    };
    let copies = neardup::copies(&material.articles, rank);
    material.reprints = neardup::reprints(&copies, &material.articles, &earlier.near);
    let told = story::stories(&material.articles, copies, &earlier.stories, &desk);
    material.stories = told
        .into_iter()
        .map(|told| StoryGroup {
            copies: told.copies,
            continues: told.continues.map(|at| earlier.stories[at].1),
            ..StoryGroup::default()
        })
        .collect();
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
        language: digest.language,
    }
}

/// The sources that are watched, and those that articles stand in.
fn source_infos<'a>(
    setup: &Setup,
    articles: impl Iterator<Item = &'a Article>,
) -> BTreeMap<SourceKey, SourceInfo> {
    let printed: BTreeSet<&SourceKey> = articles.map(|article| &article.source).collect();
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
            source.feeds.iter().any(|feed| feed.enabled) || printed.contains(&source.key)
        })
        .map(|source| {
            let info = SourceInfo {
                name: source.name.clone(),
                province: source.province.as_ref().and_then(province),
                rank: source.rank,
                publisher: publisher(setup, source),
            };
            (source.key.clone(), info)
        })
        .collect()
}

/// The house of a paper: as configured, else that of the paper whose domain it lies under ("phuyen.baodaklak.vn").
fn publisher(setup: &Setup, source: &Source) -> SourceKey {
    if let Some(house) = &source.publisher {
        return SourceKey(house.clone());
    }
    let lies_under = |other: &&Arc<Source>| {
        let rest = source.domain.strip_suffix(other.domain.as_str());
        rest.is_some_and(|rest| rest.ends_with('.'))
    };
    let parents = setup.sources.values().filter(lies_under);
    let parent = parents.min_by_key(|other| (other.domain.len(), &other.key));
    parent.map_or_else(
        || source.key.clone(),
        |parent| match &parent.publisher {
            Some(house) => SourceKey(house.clone()),
            None => parent.key.clone(),
        },
    )
}

/// Sources that were read since `from`, and those of which a feed could not be read, or answers and is of no use.
fn coverage(feeds: &[FeedRow], from: Timestamp, now: Timestamp) -> (u32, Vec<Failing>) {
    let mut papers: BTreeMap<&SourceKey, Vec<&FeedRow>> = BTreeMap::new();
    for row in feeds.iter().filter(|row| row.enabled) {
        papers.entry(&row.feed.source).or_default().push(row);
    }
    let mut ok = 0;
    let mut failing = Vec::new();
    for (source, rows) in papers {
        let read = |row: &&&FeedRow| {
            row.feed.state.last_ok_at.is_some_and(|at| at >= from) && trouble(row, now).is_none()
        };
        let any_ok = rows.iter().any(|row| read(&row));
        ok += u32::from(any_ok);
        // The feed that fails longest speaks for its paper; one that has drifted only where no other is read.
        let worst = rows
            .iter()
            .filter(|row| !any_ok || is_failing(row))
            .filter_map(|row| Some((trouble(row, now)?, row)))
            .min_by_key(|((since, _), _)| *since);
        if let Some(((since, reason), row)) = worst {
            let last_ok = row.feed.state.last_ok_at;
            failing.push(Failing {
                source: source.clone(),
                reason,
                since: Some(since),
                last_ok,
            });
        }
    }
    (ok, failing)
}

fn is_failing(row: &FeedRow) -> bool {
    row.feed.state.failing_since.is_some() || row.feed.state.retired_at.is_some()
}

/// Since when a feed fails or hides news, and how, in Vietnamese; `None` for a healthy one.
fn trouble(row: &FeedRow, now: Timestamp) -> Option<(Timestamp, &'static str)> {
    let state = &row.feed.state;
    if let Some(at) = state.retired_at {
        return Some((at, FailureKind::Gone.in_vietnamese()));
    }
    if let Some((since, failure)) = state.failing_since.zip(state.failure.as_ref()) {
        return Some((since, failure.kind.in_vietnamese()));
    }
    let alarms = drift::alarms(state, row.feed.added_at, now);
    let alarm = alarms.iter().find(|alarm| alarm.drift.hides_news())?;
    Some((alarm.since, alarm.drift.in_vietnamese()))
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
