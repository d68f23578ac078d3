//! When the article was published, by its own word.

use super::dates::{self, Stamp, Written};
use super::meta::Meta;
use super::tree::{Role, Tree};
use jiff::{Timestamp, tz::TimeZone};

/// Blocks looked at before the headline.
const BEFORE: usize = 40;
/// Blocks looked at after the text.
const AFTER: usize = 15;

/// The time of publication: the metadata's, checked and completed by the printed one.
pub(super) fn find(
    tree: &Tree<'_>,
    meta: &Meta,
    title: Option<usize>,
    text: &[usize],
    zone: &TimeZone,
) -> Option<Timestamp> {
    let printed = printed(tree, title, text);
    match stated(meta, tree) {
        Some(stated) => agree(stated, &printed, zone).instant(zone),
        None => best_printed(&printed)?.instant(zone),
    }
}

/// What two sources say together.
fn agree(stated: Stamp, printed: &[Stamp], zone: &TimeZone) -> Stamp {
    let same_minute = |a: jiff::civil::DateTime, b: jiff::civil::DateTime| {
        a.date() == b.date() && (a.hour(), a.minute()) == (b.hour(), b.minute())
    };
    if !stated.has_time {
        // Only the day: the page prints the time of that day.
        return printed
            .iter()
            .find(|p| p.has_time && p.clock.date() == stated.clock.date())
            .copied()
            .unwrap_or(stated);
    }
    if let Some(swapped) = stated.swapped {
        let says = |day| printed.iter().any(|p| p.clock.date() == day);
        if says(swapped.date()) && !says(stated.clock.date()) {
            return Stamp {
                clock: swapped,
                ..stated
            };
        }
    }
    // Local time stamped "Z" or "+00:00": the page prints the same clock, and means its own zone.
    if stated.offset_minutes == Some(0)
        && printed
            .iter()
            .any(|p| p.has_time && p.offset_minutes.is_none() && same_minute(p.clock, stated.clock))
        && TimeZone::UTC != *zone
    {
        return Stamp {
            offset_minutes: None,
            ..stated
        };
    }
    stated
}

/// The first date of the metadata that has a time, else the first with a day.
fn stated(meta: &Meta, tree: &Tree<'_>) -> Option<Stamp> {
    const NAMES: [&str; 18] = [
        "article:published_time",
        "og:article:published_time",
        "article:published",
        "datepublished",
        "pubdate",
        "publishdate",
        "publish-date",
        "publish_date",
        "dc.date.issued",
        "dc.date",
        "dcterms.created",
        "dcterms.date",
        "date",
        "sailthru.date",
        "parsely-pub-date",
        "og:published_time",
        "cxenseparse:recs:publishtime",
        "datecreated",
    ];
    let texts = NAMES
        .iter()
        .flat_map(|name| meta.all(name))
        .chain(meta.published.iter().map(String::as_str));
    let mut stamps: Vec<Stamp> = texts
        .filter_map(|text| dates::find(text, Written::Metadata))
        .collect();
    stamps.extend(
        tree.elements
            .iter()
            .filter(|e| e.role == Role::Date)
            .filter(|e| {
                e.node
                    .attr("itemprop")
                    .is_some_and(|p| p.eq_ignore_ascii_case("datePublished"))
                    || e.node.has_attr("pubdate")
            })
            .filter_map(|e| e.node.attr("datetime").or_else(|| e.node.attr("content")))
            .filter_map(|text| dates::find(&text, Written::Metadata)),
    );
    stamps
        .iter()
        .find(|s| s.has_time)
        .or_else(|| stamps.first())
        .copied()
}

/// Printed dates, the likeliest first: between headline and text, then before the headline (nearest first), then after the text.
fn printed(tree: &Tree<'_>, title: Option<usize>, text: &[usize]) -> Vec<Stamp> {
    let first = text.first().copied().unwrap_or(tree.blocks.len());
    let last = text.last().copied().unwrap_or(first);
    let head = title.unwrap_or(first.saturating_sub(12)).min(first);
    let upto = (last + 1 + AFTER).min(tree.blocks.len());
    let order = (head..first)
        .chain((head.saturating_sub(BEFORE)..head).rev())
        .chain((last + 1).min(upto)..upto);
    let mut stamps: Vec<(u8, Stamp)> = order
        .filter_map(|at| {
            let block = &tree.blocks[at];
            let dated = tree.role_of(block, usize::MAX) == Role::Date
                || tree
                    .ancestors(block.owner)
                    .take(3)
                    .any(|i| tree.elements[i].role == Role::Date);
            let short = block.chars <= 100;
            let named = tree
                .ancestors(block.owner)
                .take(3)
                .find_map(|i| tree.elements[i].node.attr("datetime"))
                .and_then(|text| dates::find(&text, Written::Metadata))
                .filter(|s| s.has_time);
            let stamp = named.or_else(|| {
                dates::find(&block.text, Written::Printed).filter(|_| short || dated)
            })?;
            let rank = 2 * u8::from(at < head)
                + 4 * u8::from(at > last)
                + u8::from(!dated)
                + u8::from(!stamp.has_time);
            Some((rank, stamp))
        })
        .collect();
    stamps.sort_by_key(|(rank, _)| *rank);
    stamps.into_iter().map(|(_, stamp)| stamp).collect()
}

fn best_printed(printed: &[Stamp]) -> Option<Stamp> {
    printed.first().copied()
}
