//! Ring 3: the loops of the daemon. Each has four beats: claim → do → decide → commit; claim and commit are one short
//! transaction each, do is I/O and may die, decide is a pure function. Work is never kept in memory: the store's due
//! columns are the to-do lists.

pub mod admin;
pub mod calendar;
pub mod clock;
pub mod desk;
pub mod document;
pub mod drift;
mod found;
pub mod gate;
pub mod health;
pub mod hubs;
pub mod keep;
pub mod letter;
pub mod material;
pub mod metrics;
pub mod pace;
pub mod pages;
mod parts;
pub mod poll;
pub mod post;
pub mod reload;
pub mod replay;
pub mod reread;
mod room;
mod run;
pub mod setup;
pub mod start;
mod tell;
pub mod watch;
pub mod works;

pub use run::{RunError, run};

use crate::config::Config;
use crate::model::{Source, SourceKey};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::time::Duration;

/// How long to sleep until `due`, at most `at_most`; nothing due: `at_most`.
fn until(due: Option<Timestamp>, now: Timestamp, at_most: Duration) -> Duration {
    due.map_or(at_most, |due| {
        Duration::try_from(due.duration_since(now))
            .unwrap_or(Duration::ZERO)
            .min(at_most)
    })
}

/// The zone of a source's dates without zone: its own, else the office's.
pub(crate) fn zone_of(source: &Source, config: &Config) -> TimeZone {
    let own = source
        .time_zone
        .as_deref()
        .and_then(|name| TimeZone::get(name).ok());
    own.unwrap_or_else(|| config.daemon.time_zone.clone())
}

/// What is due, by newspaper: the newspapers in the order of their first item, each one's items in their order.
fn by_newspaper<T>(items: Vec<T>, of: impl Fn(&T) -> &SourceKey) -> Vec<(SourceKey, Vec<T>)> {
    let mut papers: Vec<(SourceKey, Vec<T>)> = Vec::new();
    let mut places: HashMap<SourceKey, usize> = HashMap::new();
    for item in items {
        let paper = of(&item);
        let place = match places.get(paper) {
            Some(place) => *place,
            None => {
                places.insert(paper.clone(), papers.len());
                papers.push((paper.clone(), Vec::new()));
                papers.len() - 1
            }
        };
        papers[place].1.push(item);
    }
    papers
}
