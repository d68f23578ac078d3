//! The housekeeper's loop: watches the disk, drops texts that are kept no longer, keeps the index of words quick, and
//! writes the metrics.
//!
//! The disk is asked often and cheaply, so that a full one is told within seconds, also at an hour when nothing is
//! written; each change of its state is one event.

use super::metrics;
use super::watch::Heart;
use super::works::Works;
use crate::store::StoreError;
use jiff::SignedDuration;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the disk is asked.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the metrics are written.
const METRICS_EVERY: Duration = Duration::from_secs(60);
/// How often old texts and a worn index are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// Articles whose texts are dropped in one step: others' writes never wait for longer than one of these.
const PURGE_STEP: u32 = 200;
/// Free bytes below which an admin should make room: a busy day's news and their index fit in there several times.
const LOW: u64 = 256 << 20;
/// Free bytes below which nothing can be relied on to be written.
const FULL: u64 = 4 << 20;

/// How much room there is for the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Disk {
    /// Enough.
    Roomy,
    /// An admin should make room.
    Low,
    /// Nothing more can be stored.
    Full,
}

/// Free bytes where the data are kept, for the service's user; `None` where the system does not say.
pub fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// What so many free bytes mean.
pub fn disk(free: u64) -> Disk {
    match free {
        ..FULL => Disk::Full,
        FULL..LOW => Disk::Low,
        _ => Disk::Roomy,
    }
}

/// The daemon's loop; ends when `stop` turns true.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let mut was = Disk::Roomy;
    let (mut metrics_due, mut tidy_due) = (Instant::now(), Instant::now());
    let mut file_failed = false;
    loop {
        heart.beat();
        was = look(&works, was);
        if Instant::now() >= metrics_due {
            metrics_due = Instant::now() + METRICS_EVERY;
            let written = metrics::write(&works).await;
            // At the change, not every minute.
            if let (Err(err), false) = (&written, file_failed) {
                tracing::warn!(error = %err, "the metrics cannot be written");
            }
            file_failed = written.is_err();
        }
        if Instant::now() >= tidy_due {
            tidy_due = Instant::now() + TIDY_EVERY;
            if let Err(err) = purge(&works, || heart.beat()).await {
                tracing::warn!(error = %err, "old texts could not be dropped");
            }
            if let Err(err) = merge(&works, || heart.beat()).await {
                tracing::warn!(error = %err, "the index could not be merged");
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK_EVERY.min(beat)) => {}
        }
    }
}

/// Looks at the disk, and tells of a change.
fn look(works: &Works, was: Disk) -> Disk {
    let dir = &works.setup().config.daemon.data_dir;
    let Some(free) = free_bytes(dir) else {
        return was;
    };
    let is = disk(free);
    let (dir, free_mb) = (dir.display(), free >> 20);
    match is {
        _ if is == was => {}
        Disk::Full => tracing::error!(
            data_dir = %dir, free_mb,
            "the disk is full (ENOSPC): nothing can be stored until there is room in data_dir; what is stored is safe"
        ),
        Disk::Low => tracing::warn!(
            data_dir = %dir, free_mb,
            "the disk is nearly full: make room in data_dir"
        ),
        Disk::Roomy => tracing::info!(data_dir = %dir, free_mb, "the disk has room again"),
    }
    is
}

/// Drops the texts that are kept no longer, step by step; how many articles lost theirs. `progress` is called between
/// the steps.
///
/// # Errors
/// When the store cannot be written; the rest goes next time.
pub async fn purge(works: &Works, progress: impl Fn()) -> Result<usize, StoreError> {
    let Some(kept) = works.setup().config.retention.texts else {
        return Ok(0);
    };
    let kept = SignedDuration::try_from(kept).unwrap_or(SignedDuration::MAX);
    let Ok(before) = works.clock.now().checked_sub(kept) else {
        return Ok(0);
    };
    let mut dropped = 0;
    loop {
        let step = works.store.purge_texts(before, PURGE_STEP).await?;
        dropped += step;
        progress();
        if step == 0 {
            break;
        }
        // Others' writes come between.
        tokio::task::yield_now().await;
    }
    if dropped > 0 {
        tracing::info!(articles = dropped, "old texts dropped");
    }
    Ok(dropped)
}

/// Merges the index of words where much of it was written again, step by step, so that searches stay quick; whether it
/// did. `progress` is called between the steps.
///
/// # Errors
/// When the store cannot be written; the index is as good as before.
pub async fn merge(works: &Works, progress: impl Fn()) -> Result<bool, StoreError> {
    if !works.store.is_index_worn().await? {
        return Ok(false);
    }
    let mut done = works.store.merge_index(true).await?;
    while !done {
        progress();
        // Others' writes come between.
        tokio::task::yield_now().await;
        done = works.store.merge_index(false).await?;
    }
    tracing::info!("the index of words is merged");
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disks_states_have_sharp_borders() {
        let states = [0, FULL - 1, FULL, LOW - 1, LOW, u64::MAX].map(disk);
        use Disk::{Full, Low, Roomy};
        assert_eq!(states, [Full, Full, Low, Low, Roomy, Roomy]);
    }
}
