//! What the service manager hears of us: ready, status, and a watchdog fed only by real progress.
//!
//! Every loop owns a [`Heart`] and beats it at each round, also when it found nothing to do. `WATCHDOG=1` is sent only
//! when *every* heart has beaten since the last time: one stuck loop lets the watchdog bite, however busy the others are.

use sd_notify::NotifyState;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest a loop may wait before it beats again, whatever the watchdog's limit.
pub const BEAT_AT_LEAST: Duration = Duration::from_secs(10);

/// One loop's sign of life.
#[derive(Debug, Clone)]
pub struct Heart {
    name: &'static str,
    beaten: Arc<AtomicBool>,
}

impl Heart {
    /// Says that the loop has come round.
    pub fn beat(&self) {
        self.beaten.store(true, Ordering::Relaxed);
    }
}

/// All loops' hearts.
#[derive(Debug, Default)]
pub struct Watch {
    hearts: Vec<Heart>,
}

impl Watch {
    /// A heart for a further loop.
    pub fn heart(&mut self, name: &'static str) -> Heart {
        let heart = Heart {
            name,
            beaten: Arc::default(),
        };
        self.hearts.push(heart.clone());
        heart
    }

    /// Whether all have beaten since the last time that all had; then the count begins anew.
    /// `Err` names the loops that have not.
    pub fn all_beaten(&self) -> Result<(), Vec<&'static str>> {
        let still: Vec<_> = self
            .hearts
            .iter()
            .filter(|h| !h.beaten.load(Ordering::Relaxed))
            .map(|h| h.name)
            .collect();
        if !still.is_empty() {
            return Err(still);
        }
        for heart in &self.hearts {
            heart.beaten.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// How often to look whether to feed the watchdog: a third of its limit; `None` where none is set.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| (limit / 3).max(Duration::from_millis(100)))
}

/// Tells the service manager that the service is ready.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Tells the service manager that the service stops.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Tells the service manager that a reload begins; `ready` ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(at) => notify(&[NotifyState::Reloading, at]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    notify(&[NotifyState::Status(line)]);
}

/// Feeds the watchdog.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    // No service manager, no socket: nothing to tell, and nobody to tell it to.
    if let Err(err) = sd_notify::notify(states) {
        tracing::debug!(error = %err, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_silent_loop_is_enough_to_starve_the_watchdog() {
        let mut watch = Watch::default();
        let (polls, desk) = (watch.heart("polls"), watch.heart("desk"));
        polls.beat();
        assert_eq!(watch.all_beaten(), Err(vec!["desk"]));
        polls.beat();
        desk.beat();
        assert_eq!(watch.all_beaten(), Ok(()));
        assert_eq!(
            watch.all_beaten(),
            Err(vec!["polls", "desk"]),
            "the count begins anew"
        );
    }
}
