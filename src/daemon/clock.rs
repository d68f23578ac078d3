//! The wall clock: the only place that reads it. Everything else takes `now` as an argument.

use jiff::Timestamp;

/// Where "now" comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant: one-shot commands with `--now`.
    Fixed(Timestamp),
    /// Follows tokio's time from `start`: under a paused runtime, tests drive timers and timestamps with one hand.
    Tokio {
        /// The instant at `t0`.
        start: Timestamp,
        /// Tokio's instant that means `start`.
        t0: tokio::time::Instant,
    },
}

impl Clock {
    /// A clock that reads `start` now and goes on with tokio's time.
    pub fn from_tokio(start: Timestamp) -> Self {
        Self::Tokio {
            start,
            t0: tokio::time::Instant::now(),
        }
    }

    /// The present instant, cut to milliseconds: the store keeps no more.
    pub fn now(self) -> Timestamp {
        let now = match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
            Self::Tokio { start, t0 } => {
                start.saturating_add(t0.elapsed()).unwrap_or(Timestamp::MAX)
            }
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
