//! When each digest comes out, and what the question "what is due?" must know of it.

use super::works::{Setup, Works};
use crate::config::DigestConfig;
use crate::edition::window;
use crate::store::{Mailed, StoreError, mailed_key};
use jiff::Timestamp;
use std::sync::Arc;

/// What the calendar must know of every digest.
///
/// # Errors
/// When the store cannot be read.
pub async fn plans(works: &Works, setup: &Setup) -> Result<Vec<window::Plan>, StoreError> {
    let mut plans = Vec::new();
    for digest in &setup.config.digests {
        plans.push(plan(works, setup, digest).await?);
    }
    Ok(plans)
}

/// What the calendar must know of one digest.
///
/// # Errors
/// When the store cannot be read.
pub async fn plan(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
) -> Result<window::Plan, StoreError> {
    let last = match works.store.last_edition(&digest.name).await? {
        Some(head) => works.store.edition(head.id).await?,
        None => None,
    };
    let mailed = mailed(works, digest).await?;
    Ok(window::Plan {
        digest: digest.name.clone(),
        schedule: schedule(setup, digest),
        since: since(works, digest).await?,
        last: last.map(|last| {
            let covers_to = last.edition.window.covers.to;
            window::LastEdition {
                slot: last.edition.slot,
                covers_to: mailed.map_or(covers_to, |mailed| mailed.until.max(covers_to)),
            }
        }),
    })
}

/// What was mailed of the digest before a backup was put back.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn mailed(
    works: &Works,
    digest: &DigestConfig,
) -> Result<Option<Mailed>, StoreError> {
    let kept = works.store.meta(&mailed_key(digest.name.as_str())).await?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Since when the digest is configured here; noted at the first question.
pub(super) async fn since(works: &Works, digest: &DigestConfig) -> Result<Timestamp, StoreError> {
    let key = format!("digest.{}.since", digest.name);
    if let Some(since) = works
        .store
        .meta(&key)
        .await?
        .and_then(|text| text.parse().ok())
    {
        return Ok(since);
    }
    let now = works.clock.now();
    works.store.set_meta(&key, &now.to_string()).await?;
    Ok(now)
}

/// When a digest comes out.
pub fn schedule(setup: &Setup, digest: &DigestConfig) -> window::Schedule {
    window::Schedule {
        time: digest.at,
        days: digest.days,
        zone: setup.config.daemon.time_zone.clone(),
        holidays: match digest.on_holidays {
            true => Arc::default(),
            false => Arc::clone(&setup.config.holidays),
        },
    }
}
