//! Manners: one request at once per newspaper and a gap after it, so many newspapers at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Past this many remembered newspapers, those long unused are forgotten.
const REMEMBERED: usize = 1024;

/// Who may ask whom, and when.
#[derive(Debug)]
pub(super) struct Slots {
    gap: Duration,
    at_once: Arc<Semaphore>,
    papers: Mutex<HashMap<String, Arc<Paper>>>,
}

/// One newspaper: the moment its last request ended. Whoever holds the lock may ask it.
type Paper = AsyncMutex<Option<Instant>>;

/// The right to ask one newspaper; giving it up starts the gap.
pub(super) struct Slot {
    ended: OwnedMutexGuard<Option<Instant>>,
    _among_all: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.ended = Some(Instant::now());
    }
}

impl Slots {
    pub(super) fn new(newspapers_at_once: usize, gap: Duration) -> Self {
        let at_once = newspapers_at_once.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            gap,
            at_once: Arc::new(Semaphore::new(at_once)),
            papers: Mutex::default(),
        }
    }

    /// Waits for the newspaper's turn, its gap, and a place among all newspapers, in this order: a queue at one slow
    /// paper takes one place from the others, however long it is.
    pub(super) async fn take(&self, newspaper: &str) -> Slot {
        let ended = self.paper(newspaper).lock_owned().await;
        if let Some(last) = *ended {
            sleep_until(last + self.gap).await;
        }
        let place = Arc::clone(&self.at_once).acquire_owned().await;
        Slot {
            ended,
            _among_all: place.expect("the semaphore of newspapers is never closed"),
        }
    }

    fn paper(&self, newspaper: &str) -> Arc<Paper> {
        let mut papers = self.papers.lock().unwrap_or_else(PoisonError::into_inner);
        if papers.len() >= REMEMBERED && !papers.contains_key(newspaper) {
            // Nobody holds it or waits for it, and its gap is over.
            papers.retain(|_, paper| {
                Arc::strong_count(paper) > 1
                    || paper
                        .try_lock()
                        .is_ok_and(|ended| ended.is_some_and(|last| last.elapsed() < self.gap))
            });
        }
        Arc::clone(papers.entry(newspaper.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_newspaper_is_asked_once_at_a_time_with_a_gap() {
        let slots = Slots::new(10, Duration::from_millis(100));
        let start = Instant::now();
        drop(slots.take("an-giang").await);
        drop(slots.take("an-giang").await);
        assert_eq!(start.elapsed(), Duration::from_millis(100));
        drop(slots.take("ca-mau").await);
        assert_eq!(
            start.elapsed(),
            Duration::from_millis(100),
            "another paper does not wait"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_at_one_paper_holds_one_place_only() {
        let slots = Arc::new(Slots::new(2, Duration::ZERO));
        let slow = slots.take("treo").await;
        let queue = futures_util::future::join_all((0..5).map(|_| slots.take("treo")));
        let queue = tokio::time::timeout(Duration::from_millis(1), queue).await;
        assert!(queue.is_err());
        let other = tokio::time::timeout(Duration::from_secs(1), slots.take("khac")).await;
        assert!(other.is_ok());
        drop(slow);
    }

    #[tokio::test(start_paused = true)]
    async fn newspapers_long_unused_are_forgotten() {
        let slots = Slots::new(10, Duration::from_millis(1));
        for n in 0..REMEMBERED {
            drop(slots.take(&format!("bao-{n}")).await);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(slots.take("mot-bao-nua").await);
        assert_eq!(slots.papers.lock().unwrap().len(), 1);
    }
}
