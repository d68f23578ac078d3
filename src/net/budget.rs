//! Bytes that bodies may take up together.
//!
//! Bodies grow as they arrive, so several could each hold a part and wait for the others for ever. Therefore room for one
//! whole body, the lane, is set apart: whoever has it gets done. Who waits is served by size: room that comes free goes
//! to the smallest body, and the last half of it to none that is larger than feeds usually are, so that these do not stand
//! behind bombs; the lane goes to the largest, whose bytes come fast: one that drips would hold it for the whole time of its
//! request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Bytes are given in steps of this size, so that a body costs few of them.
const STEP: usize = 64 * 1024;
/// Steps that a feed usually needs.
const USUAL: usize = 2;

/// Who may have how much.
#[derive(Debug)]
pub(super) struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Steps that nobody holds.
    free: usize,
    /// How many of them are for bodies of the usual size alone.
    reserved: usize,
    lane_is_free: bool,
    /// By steps held, then by when they came.
    waiting: BTreeMap<(usize, u64), oneshot::Sender<Place>>,
    came: u64,
}

/// A step, or the lane; given back when dropped.
#[derive(Debug)]
struct Place {
    budget: Arc<Budget>,
    is_lane: bool,
}

/// What one body holds of the budget; dropped with the body.
#[derive(Debug, Default)]
pub(super) struct Share {
    steps: Vec<Place>,
    lane: Option<Place>,
}

impl Budget {
    /// `total` bytes for all bodies together, of which `largest` is what one body may need.
    pub(super) fn new(total: usize, largest: usize) -> Arc<Self> {
        let free = total.saturating_sub(largest).div_ceil(STEP).max(1);
        Self::of(free, free / 2)
    }

    fn of(free: usize, reserved: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            free,
            reserved,
            lane_is_free: true,
            waiting: BTreeMap::new(),
            came: 0,
        })))
    }

    /// Makes `share` large enough for a body of `bytes`; waits while there is no room.
    pub(super) async fn grow(self: &Arc<Self>, share: &mut Share, bytes: usize) {
        while share.steps.len() * STEP < bytes && share.lane.is_none() {
            let coming = self.lock().wait(share.steps.len());
            self.serve();
            let Ok(place) = coming.await else {
                continue; // Never: a waiter is taken from the queue to be served.
            };
            match place.is_lane {
                true => share.lane = Some(place),
                false => share.steps.push(place),
            }
        }
    }

    fn serve(self: &Arc<Self>) {
        loop {
            let next = self.lock().next();
            let Some((waiter, is_lane)) = next else {
                return;
            };
            let budget = Arc::clone(self);
            // Who has just given up waiting drops it, which gives it back.
            let _ = waiter.send(Place { budget, is_lane });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, held: usize) -> oneshot::Receiver<Place> {
        let (waiter, coming) = oneshot::channel();
        self.came += 1;
        self.waiting.insert((held, self.came), waiter);
        coming
    }

    /// Takes the next place out for who is to have it, and says whether it is the lane.
    fn next(&mut self) -> Option<(oneshot::Sender<Place>, bool)> {
        self.waiting.retain(|_, waiter| !waiter.is_closed());
        let (&(held, _), _) = self.waiting.first_key_value()?;
        let is_open = self.free > self.reserved || (held < USUAL && self.free > 0);
        if !is_open && !self.lane_is_free {
            return None;
        }
        let (_, waiter) = match is_open {
            true => self.waiting.pop_first()?,
            false => self.waiting.pop_last()?,
        };
        match is_open {
            true => self.free -= 1,
            false => self.lane_is_free = false,
        }
        Some((waiter, !is_open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        match self.is_lane {
            true => state.lane_is_free = true,
            false => state.free += 1,
        }
        drop(state);
        self.budget.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::time::{sleep, timeout};

    async fn has_room(budget: &Arc<Budget>, share: &mut Share, steps: usize) -> bool {
        is_done(budget.grow(share, steps * STEP)).await
    }

    async fn is_done(growing: impl Future<Output = ()>) -> bool {
        timeout(Duration::from_millis(1), growing).await.is_ok()
    }

    fn left(budget: &Budget) -> (usize, bool) {
        let state = budget.lock();
        (state.free, state.lane_is_free)
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_together_exceed_the_budget_all_get_done() {
        let budget = Budget::of(2, 0);
        let one = |budget: Arc<Budget>| async move {
            let mut share = Share::default();
            for chunk in 1..=2 {
                budget.grow(&mut share, chunk * STEP).await;
                sleep(Duration::from_millis(10)).await;
            }
        };
        let all = (0..20).map(|_| one(Arc::clone(&budget)));
        let done = timeout(Duration::from_secs(5), futures_util::future::join_all(all)).await;
        assert!(done.is_ok(), "bodies waited for one another for ever");
        assert_eq!(left(&budget), (2, true));
    }

    #[tokio::test(start_paused = true)]
    async fn room_goes_to_the_smallest_and_the_lane_to_the_largest() {
        let budget = Budget::of(4, 0);
        let [mut first, mut bomb, mut drip, mut feed] = [(); 4].map(|()| Share::default());
        assert!(has_room(&budget, &mut first, 3).await);
        assert!(has_room(&budget, &mut drip, 1).await);
        assert!(has_room(&budget, &mut bomb, 4).await && bomb.lane.is_some());
        let mut second_bomb = Share {
            steps: first.steps.split_off(1),
            lane: None,
        };
        let mut second_bomb = pin!(budget.grow(&mut second_bomb, 4 * STEP));
        let mut drip = pin!(budget.grow(&mut drip, 2 * STEP));
        let mut feed = pin!(budget.grow(&mut feed, STEP));
        assert!(!is_done(second_bomb.as_mut()).await);
        assert!(!is_done(drip.as_mut()).await);
        assert!(!is_done(feed.as_mut()).await);
        drop(first);
        assert!(is_done(feed).await, "the smallest has the step");
        assert!(!is_done(second_bomb.as_mut()).await);
        drop(bomb);
        assert!(!is_done(drip).await);
        assert!(is_done(second_bomb).await, "the largest has the lane");
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_leave_room_for_those_of_the_usual_size() {
        let budget = Budget::new(10 * STEP, 2 * STEP);
        let [mut bomb, mut other, mut feed] = [(); 3].map(|()| Share::default());
        assert!(has_room(&budget, &mut bomb, 9).await && bomb.lane.is_some());
        assert!(!has_room(&budget, &mut other, 9).await);
        assert_eq!((bomb.steps.len(), other.steps.len()), (4, USUAL));
        assert!(has_room(&budget, &mut feed, USUAL).await);
        assert_eq!(left(&budget), (0, false));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gave_up_waiting_is_passed_over() {
        let budget = Budget::of(2, 0);
        let [mut first, mut second, mut lane] = [(); 3].map(|()| Share::default());
        assert!(has_room(&budget, &mut first, 2).await);
        assert!(has_room(&budget, &mut lane, 9).await);
        assert!(!has_room(&budget, &mut second, 1).await);
        drop((first, lane));
        assert_eq!(left(&budget), (2, true));
        assert!(has_room(&budget, &mut second, 1).await);
    }
}
