//! robots.txt by RFC 9309, fetched through the same client and kept for a while.

mod rules;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;
use url::Url;

use super::client::Client;
use super::fetch::{Accept, Request};
use crate::model::{FailureKind, FetchOutcome};
use rules::Rules;

/// RFC 9309 §2.4: a copy should not be used for more than a day.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After a server's failure we stay away for this long before asking for the file again.
const KEPT_FAILED: SignedDuration = SignedDuration::from_hours(1);
/// Origins remembered at most.
const REMEMBERED: usize = 2048;

/// What robots.txt says of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be read.
    Allowed,
    /// It may not.
    Disallowed,
    /// The file could not be had (5xx, no answer): not now; worth asking again after the given time.
    NotNow(Timestamp),
}

/// The rules of the origins we read pages of.
#[derive(Debug, Default)]
pub struct Robots {
    known: Mutex<HashMap<String, Arc<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    since: Timestamp,
    /// `None`: the file could not be had.
    rules: OnceCell<Option<Rules>>,
}

impl Entry {
    fn is_stale(&self, now: Timestamp) -> bool {
        let kept = match self.rules.get() {
            Some(None) => KEPT_FAILED,
            _ => KEPT,
        };
        let age = now.duration_since(self.since);
        age >= kept || age < SignedDuration::ZERO
    }
}

impl Robots {
    /// Whether the page of `request` may be read; asks the origin for its robots.txt where it is not known.
    ///
    /// The question takes the newspaper's turn like any request: do not call this while holding one.
    pub async fn verdict(&self, client: &Client, request: &Request, now: Timestamp) -> Verdict {
        let Ok(address) = robotxt::robots_url(&request.url) else {
            return Verdict::Disallowed;
        };
        let entry = self.entry(&address, now);
        let rules = entry
            .rules
            .get_or_init(|| load(client, request, address, now))
            .await;
        match rules {
            Some(rules) if rules.allow(&request.url) => Verdict::Allowed,
            Some(_) => Verdict::Disallowed,
            None => Verdict::NotNow(entry.since.saturating_add(KEPT_FAILED).unwrap_or(now)),
        }
    }

    /// The one entry of this origin, so that ten pages at once ask for one file once.
    fn entry(&self, address: &Url, now: Timestamp) -> Arc<Entry> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(address.as_str()) {
            known.retain(|_, entry| !entry.is_stale(now));
            if known.len() >= REMEMBERED {
                known.clear(); // rare, and costs only questions asked again
            }
        }
        let new = || {
            Arc::new(Entry {
                since: now,
                rules: OnceCell::new(),
            })
        };
        let entry = known.entry(address.as_str().to_owned()).or_insert_with(new);
        if entry.is_stale(now) {
            *entry = new();
        }
        Arc::clone(entry)
    }
}

async fn load(client: &Client, page: &Request, address: Url, now: Timestamp) -> Option<Rules> {
    let asked = Request {
        user_agent: page.user_agent.clone(),
        newspaper: page.newspaper.clone(),
        configured_host: page.configured_host.clone(),
        ..Request::to(address, Accept::Robots)
    };
    match Box::pin(client.fetch(&asked, now)).await {
        FetchOutcome::Fresh(file) => Some(Rules::read(&file.body)),
        // RFC 9309 §2.3.1.3: the file does not exist or is not for us (4xx): everything is allowed. §2.3.1.2: so it is
        // where redirects lead nowhere. 429 is a 4xx too, but says that the server is busy.
        FetchOutcome::Gone => Some(Rules::none()),
        FetchOutcome::Failed(failure) => match failure.kind {
            FailureKind::NotFound
            | FailureKind::Forbidden
            | FailureKind::HttpClient
            | FailureKind::Redirect
            | FailureKind::Empty => Some(Rules::none()),
            _ => None,
        },
        FetchOutcome::NotModified(_) | FetchOutcome::Throttled { .. } => None,
    }
}
