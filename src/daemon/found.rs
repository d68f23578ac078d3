//! What came from a feed's address, read and named: off the runtime's workers, and nothing is written here.

use super::document::{self, Document};
use super::hubs;
use super::pace::ReadResult;
use super::works::{Setup, Works};
use crate::feed::{NotAFeed, Reading, identity};
use crate::model::{
    Failure, FailureKind, Feed, FeedKind, FeedPart, FeedSpec, FetchOutcome, Fetched, HubLink,
    IdentifiedEntry, PublisherHints, Source,
};
use crate::net;
use jiff::Timestamp;
use std::sync::Arc;

/// What reading a document found.
pub(super) struct Found {
    /// For the pace.
    pub read: ReadResult,
    /// For the store.
    pub entries: Vec<IdentifiedEntry>,
    /// The documents that it names, where it is an index of sitemaps.
    pub index: Option<Vec<FeedPart>>,
    /// The hub that it names, if it is one we may ask.
    pub hub: Option<HubLink>,
}

impl Found {
    pub(super) fn nothing(read: ReadResult) -> Self {
        Self {
            read,
            entries: Vec::new(),
            index: None,
            hub: None,
        }
    }
}

/// Reads a fresh body off the runtime's workers; everything else passes through. The outcome is a failure should the
/// reader break down.
pub(super) async fn read_fresh(
    works: &Works,
    setup: &Arc<Setup>,
    feed: &Feed,
    outcome: FetchOutcome,
) -> (FetchOutcome, Found) {
    let FetchOutcome::Fresh(fetched) = outcome else {
        return (outcome, Found::nothing(ReadResult::NotRead));
    };
    // A list page's selectors may have changed since the same bytes were read.
    if feed.state.body_hash == Some(fetched.body_hash) && feed.kind != FeedKind::Page {
        let same = Found::nothing(ReadResult::SameBody);
        return (FetchOutcome::Fresh(fetched), same);
    }
    let turn = works.readers.acquire().await.ok(); // never closed
    let (now, setup, feed) = (works.clock.now(), Arc::clone(setup), feed.clone());
    let task = tokio::task::spawn_blocking(move || {
        let found = read(&setup, &feed, &fetched, now);
        (FetchOutcome::Fresh(fetched), found)
    });
    let read = task.await.unwrap_or_else(|err| {
        let failure = Failure {
            kind: FailureKind::Reader,
            detail: format!("the reader broke down: {err}"),
        };
        (
            FetchOutcome::Failed(failure),
            Found::nothing(ReadResult::NotRead),
        )
    });
    drop(turn);
    read
}

fn read(setup: &Setup, feed: &Feed, fetched: &Fetched, now: Timestamp) -> Found {
    let Some(source) = setup.sources.get(&feed.source) else {
        return Found::nothing(ReadResult::NotRead); // Removed by a reload meanwhile.
    };
    if let Some(other) = other_feed(source, feed, fetched) {
        let failure = Failure {
            kind: FailureKind::WrongSection,
            detail: format!("leads to the feed {}", other.key),
        };
        return Found::nothing(ReadResult::NotAFeed(failure));
    }
    let zone = super::zone_of(source, &setup.config);
    let spec = source.feeds.iter().find(|spec| spec.key == feed.key);
    let list = spec.and_then(|spec| spec.list.as_ref());
    match document::read(feed.kind, list, fetched, &zone, now) {
        Ok(Document::Entries(reading)) => {
            let section = spec.and_then(|spec| spec.section.as_deref());
            let hub = hubs::choose(
                &feed.url,
                source,
                &fetched.final_url,
                &fetched.links,
                &reading.links,
            );
            Found {
                hub: hub.filter(|_| feed.kind == FeedKind::Feed),
                ..identified(source, section, *reading)
            }
        }
        Ok(Document::Index(parts)) => Found {
            index: Some(parts),
            ..Found::nothing(ReadResult::Read {
                entries: 0,
                published: Vec::new(),
                hash: hash_of(&[]),
                hints: PublisherHints::default(),
            })
        },
        Err(not) => Found::nothing(ReadResult::NotAFeed(named(feed, fetched, not))),
    }
}

fn identified(source: &Source, section: Option<&str>, reading: Reading) -> Found {
    // Times that the page gives as "2 giờ trước" are ours, and another at each poll: they tell nothing of its rhythm.
    let published = reading
        .entries
        .iter()
        .filter(|entry| entry.raw_date.is_some())
        .filter_map(|entry| entry.published.or(entry.updated))
        .collect();
    let entries = identity::identify(source, section, reading.entries);
    let read = ReadResult::Read {
        entries: entries.len(),
        published,
        hash: hash_of(&entries),
        hints: reading.hints,
    };
    Found {
        read,
        entries,
        index: None,
        hub: None,
    }
}

/// Why this is no feed: a page often is something that has a name.
fn named(feed: &Feed, fetched: &Fetched, not: NotAFeed) -> Failure {
    // A page may begin with its script.
    let just_a_page = matches!(not.kind, FailureKind::Html | FailureKind::NotAFeed);
    let named = just_a_page
        .then(|| net::recognise(&feed.url, &fetched.final_url, &fetched.body))
        .flatten();
    named.unwrap_or(Failure {
        kind: not.kind,
        detail: not.detail,
    })
}

/// The paper's other feed that stands at the end of a redirect: what it holds comes in by itself, under its own name.
fn other_feed<'a>(source: &'a Source, feed: &Feed, fetched: &Fetched) -> Option<&'a FeedSpec> {
    let mut others = source.feeds.iter().filter(|spec| spec.key != feed.key);
    others.find(|spec| spec.enabled && spec.url == fetched.final_url && spec.url != feed.url)
}

/// What the entries say, all together. The order counts: feeds that shuffle are few, and the store looks closer.
pub(super) fn hash_of(entries: &[IdentifiedEntry]) -> [u8; 16] {
    let mut said = Vec::new();
    for entry in entries {
        said.extend_from_slice(entry.entry_key.as_bytes());
        said.extend_from_slice(&entry.content);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(&said).as_bytes()[..16]);
    short
}
