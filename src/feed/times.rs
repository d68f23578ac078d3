//! The dates of a feed's entries, read together: neighbours tell the order of day and month, and whether a publisher
//! writes its own clock and calls it GMT.

use super::{Warning, document::Document};
use crate::text::date::{self, Order, Printed, Zone};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// How far a clock may be ahead of ours without anything being wrong.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// When an entry says it was published and changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    /// As printed: the first that could be read, else the first.
    pub(super) raw: Option<String>,
}

/// The order of day and month in this document.
pub(super) fn order(document: &Document<'_>) -> Option<Order> {
    date::order_of(document.printed_dates())
}

/// The times of every entry.
pub(super) fn of_entries(
    document: &Document<'_>,
    zone: &TimeZone,
    arrived: Option<Timestamp>,
    warnings: &mut Vec<Warning>,
) -> Vec<Times> {
    let order = order(document);
    let read: Vec<_> = document
        .entries
        .iter()
        .map(|entry| {
            let read = |updated| {
                entry
                    .date(updated)
                    .find_map(|text| Some((date::parse(text, order)?, text)))
            };
            let (published, updated) = (read(false), read(true));
            let first = entry.date(false).chain(entry.date(true)).next();
            let raw = published.or(updated).map(|(_, text)| text).or(first);
            (
                published.map(|found| found.0),
                updated.map(|found| found.0),
                raw.map(str::to_owned),
            )
        })
        .collect();
    let mislabelled = arrived.map_or(Mislabelled::Never, |now| {
        mislabelled(
            read.iter()
                .filter_map(|(published, updated, _)| published.or(*updated)),
            zone,
            now,
        )
    });
    let instant = |printed: Option<Printed>| mislabelled.instant(printed?, zone, arrived);
    let times: Vec<Times> = read
        .into_iter()
        .map(|(published, updated, raw)| Times {
            published: instant(published),
            updated: instant(updated),
            raw,
        })
        .collect();
    // Kept as parsed; who uses a date asks `Entry::dated` how far it can be believed.
    let ahead = times
        .iter()
        .filter_map(|times| times.published.or(times.updated).zip(arrived))
        .filter(|(at, now)| at.duration_since(*now) > SKEW)
        .count();
    let unread = times
        .iter()
        .filter(|times| times.raw.is_some() && times.published.or(times.updated).is_none())
        .count();
    if mislabelled != Mislabelled::Never {
        warnings.push(Warning::LocalTimeAsUtc);
    }
    if ahead > 0 {
        warnings.push(Warning::FutureDates(ahead));
    }
    if unread > 0 {
        warnings.push(Warning::UnreadableDates(unread));
    }
    times
}

/// Which dates labelled GMT are in truth local ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mislabelled {
    Never,
    /// Only those that would lie in the future.
    Future,
    Always,
}

impl Mislabelled {
    fn instant(
        self,
        printed: Printed,
        zone: &TimeZone,
        arrived: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let at = printed.instant(zone)?;
        let future = || arrived.is_some_and(|now| at.duration_since(now) > SKEW);
        let local = printed.zone == Zone::Utc
            && match self {
                Self::Never => false,
                Self::Future => future(),
                Self::Always => true,
            };
        if local {
            Printed {
                zone: Zone::None,
                ..printed
            }
            .instant(zone)
        } else {
            Some(at)
        }
    }
}

/// One date in the future may be an announcement. Several, all explained by the zone's offset, are a wrong label.
fn mislabelled(
    dates: impl Iterator<Item = Printed>,
    zone: &TimeZone,
    now: Timestamp,
) -> Mislabelled {
    let (mut labelled, mut future) = (0, 0);
    for printed in dates.filter(|printed| printed.zone == Zone::Utc) {
        labelled += 1;
        let local = Printed {
            zone: Zone::None,
            ..printed
        }
        .instant(zone);
        let (Some(at), Some(local)) = (printed.instant(zone), local) else {
            continue;
        };
        if at.duration_since(now) > SKEW && local.duration_since(now) <= SKEW {
            future += 1;
        }
    }
    match future {
        0 => Mislabelled::Never,
        1 if labelled > 2 => Mislabelled::Future,
        _ => Mislabelled::Always,
    }
}
