//! The mail server's gate: closed after the server refused us as a whole, so that nobody else is tried meanwhile, and so
//! that a wrong password is not tried until the account is locked. It is kept in the store: a service that is started
//! again and again, and a command that is run beside it, stand before the same gate.

use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where the store keeps it.
const KEY: &str = "smtp.gate";
/// How long the server is left alone: after the first time, and after each further one.
const CLOSED_FOR: [SignedDuration; 3] = [
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
];

/// The gate of one server. The default is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    closed: Option<Closed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Closed {
    /// Which server, under which account: another one has a gate of its own.
    server: String,
    until: Timestamp,
    times: usize,
}

impl Gate {
    /// The gate of `server` as it was kept; one of another server counts as open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(store: &Store, server: &str) -> Result<Self, StoreError> {
        let kept = store.meta(KEY).await?;
        let closed = kept.and_then(|text| serde_json::from_str::<Closed>(&text).ok());
        Ok(Self {
            closed: closed.filter(|closed| closed.server == server),
        })
    }

    /// Opens whatever gate is kept: the settings changed, or an admin asks for a try now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn open_now(store: &Store) -> Result<(), StoreError> {
        store.set_meta(KEY, "").await
    }

    /// A service that is started may have been mended: it tries again soon, but not at each of many starts.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn soften(store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let kept = store.meta(KEY).await?;
        let Some(mut closed) = kept.and_then(|text| serde_json::from_str::<Closed>(&text).ok())
        else {
            return Ok(());
        };
        closed.until = closed.until.min(plus(now, CLOSED_FOR[0]));
        Self {
            closed: Some(closed),
        }
        .keep(store)
        .await
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        let text = self
            .closed
            .as_ref()
            .and_then(|closed| serde_json::to_string(closed).ok())
            .unwrap_or_default();
        store.set_meta(KEY, &text).await
    }

    /// Whether nobody is to be tried at `now`. A gate that would open later than it can have been closed for is a clock
    /// that was set back: it counts as open.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.opens_at()
            .is_some_and(|until| now < until && until <= plus(now, CLOSED_FOR[2]))
    }

    /// When it opens; `None` if it is open for good.
    pub fn opens_at(&self) -> Option<Timestamp> {
        self.closed.as_ref().map(|closed| closed.until)
    }

    /// Closes it, for longer each time; `firmly`, where only an admin can help, for the longest time at once. When it
    /// opens again.
    #[must_use]
    pub fn close(&mut self, server: &str, firmly: bool, now: Timestamp) -> Timestamp {
        let times = self.closed.as_ref().map_or(0, |closed| closed.times + 1);
        let last = CLOSED_FOR.len() - 1;
        let step = if firmly { last } else { times.min(last) };
        let until = plus(now, CLOSED_FOR[step]);
        self.closed = Some(Closed {
            server: server.to_owned(),
            until,
            times,
        });
        until
    }

    /// Opens it; whether it was not open before.
    pub fn open(&mut self) -> bool {
        self.closed.take().is_some()
    }
}

fn plus(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::wait;
    use crate::text::fold::fold;

    fn at(minute: i64) -> Timestamp {
        "2026-11-23T06:30:00+07:00".parse::<Timestamp>().unwrap()
            + SignedDuration::from_mins(minute)
    }

    #[test]
    fn each_refusal_closes_it_for_longer() {
        let mut gate = Gate::default();
        assert!(!gate.is_closed(at(0)));
        let mut minutes = Vec::new();
        let mut now = at(0);
        for _ in 0..4 {
            let until = gate.close("a", false, now);
            assert!(gate.is_closed(now) && !gate.is_closed(until));
            minutes.push(until.duration_since(now).as_mins());
            now = until;
        }
        assert_eq!(minutes, [10, 30, 60, 60]);
        assert!(gate.open() && !gate.open());
        assert_eq!(gate.close("a", true, at(0)), at(60), "a wrong password");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_it_closed() {
        let mut gate = Gate::default();
        assert_eq!(gate.close("a", false, at(600)), at(610));
        assert!(!gate.is_closed(at(0)));
    }

    #[test]
    fn it_outlives_the_process_and_belongs_to_one_server() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), fold).unwrap();
        let mut gate = Gate::default();
        assert_eq!(gate.close("mail:587 an", true, at(0)), at(60));
        wait(gate.keep(&store)).unwrap();
        assert_eq!(wait(Gate::load(&store, "mail:587 an")).unwrap(), gate);
        assert_eq!(
            wait(Gate::load(&store, "mail:587 binh")).unwrap(),
            Gate::default()
        );
        for _ in 0..3 {
            wait(Gate::soften(&store, at(1))).unwrap();
        }
        let kept = wait(Gate::load(&store, "mail:587 an")).unwrap();
        assert_eq!(
            kept.opens_at(),
            Some(at(11)),
            "a start, and not each start anew"
        );
        wait(Gate::soften(&store, at(9))).unwrap();
        assert_eq!(wait(Gate::load(&store, "mail:587 an")).unwrap(), kept);
        wait(Gate::open_now(&store)).unwrap();
        assert_eq!(
            wait(Gate::load(&store, "mail:587 an")).unwrap(),
            Gate::default()
        );
    }
}
