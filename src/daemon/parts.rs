//! A sitemap that is an index: the documents it names are asked after it, each with its own conditional request.

use super::found::{Found, read_fresh};
use super::pace::{self, ReadResult};
use super::poll;
use super::works::{Setup, Works};
use crate::model::{Failure, Feed, FeedPart, FetchOutcome, PublisherHints, Validators};
use crate::net::{Held, Request};
use std::sync::Arc;

/// What came of the documents of an index.
#[derive(Default)]
pub(super) struct Followed {
    /// To be remembered; `None` leaves what is remembered.
    pub parts: Option<Vec<FeedPart>>,
    /// Why none of those asked could be read.
    pub failure: Option<Failure>,
    /// The bodies' shares of the memory budget.
    pub held: Vec<Held>,
}

/// Asks what is due of the documents that the index names now, or named last where it has not changed. What they hold is
/// added to `found`.
pub(super) async fn follow(
    works: &Works,
    setup: &Arc<Setup>,
    feed: &Feed,
    asked: &Request,
    outcome: &FetchOutcome,
    found: &mut Found,
) -> Followed {
    let known = &feed.state.parts;
    let named = match (outcome, &found.read, found.index.take()) {
        (_, _, Some(index)) => index
            .into_iter()
            .map(|part| remembered(part, known))
            .collect(),
        (FetchOutcome::NotModified(_), ..) | (_, ReadResult::SameBody, _) => known.clone(),
        (FetchOutcome::Fresh(_), ReadResult::Read { .. }, None) => {
            // A plain sitemap, or one again.
            return Followed {
                parts: Some(Vec::new()),
                ..Followed::default()
            };
        }
        _ => return Followed::default(),
    };
    // A full request of the index is one of its documents, too.
    let audit = pace::audit_due(feed, &poll::limits(setup), works.clock.now());
    let mut followed = Followed::default();
    let mut parts = Vec::with_capacity(named.len());
    let (mut well, mut ill) = (0, None);
    for part in named {
        if part.read && part.changed.is_some() && !audit {
            well += 1;
            parts.push(part);
            continue;
        }
        let request = Request {
            url: part.url.clone(),
            validators: if audit {
                Validators::default()
            } else {
                part.validators.clone()
            },
            // An index may point anywhere; what lets us in here is nobody else's business.
            headers: match part.url.origin() == asked.url.origin() {
                true => asked.headers.clone(),
                false => Vec::new(),
            },
            ..asked.clone()
        };
        let one = ask(works, setup, feed, part, &request).await;
        followed.held.push(one.held);
        parts.push(one.part);
        match one.failure {
            None => well += 1,
            failure => ill = ill.or(failure),
        }
        if let Some(more) = one.found {
            add(found, more);
        }
    }
    followed.parts = Some(parts);
    // One dead document among others is the index's untidiness; all of them dead is a failure.
    followed.failure = ill.filter(|_| well == 0);
    followed
}

/// A document the index names, with what is known of it.
fn remembered(part: FeedPart, known: &[FeedPart]) -> FeedPart {
    match known.iter().find(|known| known.url == part.url) {
        Some(known) => FeedPart {
            read: known.read && known.changed == part.changed,
            changed: part.changed,
            ..known.clone()
        },
        None => part,
    }
}

struct Asked {
    part: FeedPart,
    found: Option<Found>,
    failure: Option<Failure>,
    held: Held,
}

async fn ask(
    works: &Works,
    setup: &Arc<Setup>,
    feed: &Feed,
    mut part: FeedPart,
    request: &Request,
) -> Asked {
    let (outcome, held) = setup.client.fetch_held(request, works.clock.now()).await;
    let mut as_feed = feed.clone();
    as_feed.state.body_hash = part.body_hash;
    let (outcome, found) = read_fresh(works, setup, &as_feed, outcome).await;
    let failure = match (&outcome, &found.read) {
        (_, ReadResult::NotAFeed(failure)) | (FetchOutcome::Failed(failure), _) => {
            Some(failure.clone())
        }
        (FetchOutcome::Fresh(_), _) if found.index.is_some() => {
            Some(refused("an index within an index"))
        }
        (FetchOutcome::Fresh(_), ReadResult::NotRead) => Some(refused("not read")),
        (FetchOutcome::Fresh(fetched), _) => {
            part.validators = fetched.validators.clone();
            part.body_hash = Some(fetched.body_hash);
            None
        }
        (FetchOutcome::NotModified(_), _) => None,
        (FetchOutcome::Gone, _) => Some(refused("HTTP 410 Gone")),
        (FetchOutcome::Throttled { status, .. }, _) => Some(refused(&format!("HTTP {status}"))),
    };
    part.read = failure.is_none();
    let failure = failure.map(|failure| Failure {
        detail: format!("{}: {}", part.url.path(), failure.detail),
        ..failure
    });
    Asked {
        found: Some(found).filter(|_| part.read),
        part,
        failure,
        held,
    }
}

fn refused(detail: &str) -> Failure {
    Failure {
        kind: crate::model::FailureKind::NotAFeed,
        detail: detail.to_owned(),
    }
}

/// Puts what one document holds to what the others hold.
fn add(found: &mut Found, more: Found) {
    let ReadResult::Read {
        entries, published, ..
    } = more.read
    else {
        return;
    };
    match &mut found.read {
        ReadResult::Read {
            entries: all,
            published: times,
            ..
        } => {
            *all += entries;
            times.extend(published);
        }
        // The index itself had not changed.
        read => {
            *read = ReadResult::Read {
                entries,
                published,
                hash: [0; 16], // of all of them together: the caller's to say
                hints: PublisherHints::default(),
            };
        }
    }
    found.entries.extend(more.entries);
}
