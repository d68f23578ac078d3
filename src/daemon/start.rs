//! The first minutes after a start: feeds that are due are not asked all at once, and an edition that was missed waits
//! until they have been read, so that it carries the night's news.

use super::works::Works;
use super::{calendar, pace};
use crate::edition::window;
use crate::store::{FeedRow, StoreError};
use jiff::{SignedDuration, Timestamp};

/// How long a missed edition waits for feeds at most: one that hangs must not keep it from the staff.
const WAIT_AT_MOST: SignedDuration = SignedDuration::from_mins(2);
/// Time given to each feed that is due, on average, when many are due together.
const APART: SignedDuration = SignedDuration::from_millis(50);
/// The last of them begins no later than this.
const SPREAD_AT_MOST: SignedDuration = SignedDuration::from_mins(1);

/// Spreads the feeds that are due now over the next moments; and those that a hub delivers, since it found nobody here.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn spread(works: &Works) -> Result<(), StoreError> {
    let now = works.clock.now();
    let rows = works.store.list_feeds().await?;
    let due: Vec<_> = rows
        .iter()
        .filter(|row| is_due(row, now) || is_delivered(row, now))
        .collect();
    let spread = i32::try_from(due.len())
        .map_or(SPREAD_AT_MOST, |feeds| APART.saturating_mul(feeds))
        .min(SPREAD_AT_MOST);
    let times = due
        .iter()
        .map(|row| {
            let key = row.feed.key.clone();
            let at = pace::first_poll(&key, spread, now);
            (key, at)
        })
        .collect();
    works.store.set_due(times).await
}

/// Holds a missed edition back; see the module.
#[derive(Debug)]
pub struct CatchUp {
    began: Timestamp,
    over: bool,
}

impl CatchUp {
    /// For a desk that begins to work at `began`.
    pub fn new(began: Timestamp) -> Self {
        Self { began, over: false }
    }

    /// Whether an edition that was due before the start should still wait.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn waits(&mut self, works: &Works) -> Result<bool, StoreError> {
        if self.over {
            return Ok(false);
        }
        let in_time = works.clock.now().duration_since(self.began) < WAIT_AT_MOST;
        let missed = window::due(&calendar::plans(works, &works.setup()).await?, self.began);
        let waits = in_time
            && !missed.is_empty()
            && works
                .store
                .list_feeds()
                .await?
                .iter()
                .any(|row| is_unread(row, self.began));
        self.over = !waits;
        Ok(waits)
    }
}

fn is_due(row: &FeedRow, at: Timestamp) -> bool {
    may_be_asked(row, at) && row.feed.state.next_poll_at.is_some_and(|due| due <= at)
}

fn is_delivered(row: &FeedRow, at: Timestamp) -> bool {
    may_be_asked(row, at) && row.feed.state.pushed_until.is_some_and(|until| at < until)
}

fn may_be_asked(row: &FeedRow, at: Timestamp) -> bool {
    let state = &row.feed.state;
    row.enabled && state.retired_at.is_none() && state.not_before.is_none_or(|floor| floor <= at)
}

/// Due when the daemon began, or a moment after, and not asked since.
fn is_unread(row: &FeedRow, began: Timestamp) -> bool {
    let soon = began.saturating_add(SPREAD_AT_MOST).unwrap_or(began);
    is_due(row, soon) && row.feed.state.last_poll_at.is_none_or(|at| at < began)
}
