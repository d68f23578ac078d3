//! What stands in for the world: real servers on loopback with scripts of (mis)behaviour.

pub mod https;
pub mod office;
pub mod origin;
pub mod poller;
pub mod smtpd;

use diembao::model::Feed;
use diembao::store::Store;
use jiff::{SignedDuration, Timestamp};

/// Claims every feed for a minute, due or not.
pub async fn claim_all(store: &Store, now: Timestamp) -> Vec<Feed> {
    let rows = store.list_feeds().await.unwrap();
    let feeds = rows.into_iter().map(|row| row.feed).collect();
    let minute = SignedDuration::from_mins(1);
    store.claim_feeds(feeds, now, minute).await.unwrap()
}
