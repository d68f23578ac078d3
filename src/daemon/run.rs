//! Start, supervise, stop: the daemon's loops, the signals, the alarm clock and the watchdog.

use super::gate::Gate;
use super::watch::{self, BEAT_AT_LEAST, Heart, Watch};
use super::works::{Setup, Works};
use super::{calendar, desk, hubs, keep, metrics, pages, poll, post, reload, room, start};
use crate::config::{Config, Problems};
use crate::store::StoreError;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio_cron_scheduler::{JobBuilder, JobScheduler};

/// How long loops get to end when asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// A loop that breaks down this often within [`PANIC_WINDOW`] takes the process with it: systemd starts a fresh one.
const PANICS_MAX: usize = 3;
const PANIC_WINDOW: Duration = Duration::from_secs(600);

/// Why the daemon ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed at the start.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process cannot listen to signals.
    #[error("listening to signals: {0}")]
    Signals(#[from] std::io::Error),
    /// A loop broke down again and again.
    #[error("the loop `{0}` broke down {PANICS_MAX} times in ten minutes")]
    Broken(&'static str),
}

/// Runs all loops until `stop` is asked for by a signal. `reread` reads the config anew for SIGHUP.
///
/// # Errors
/// See [`RunError`]; what was not committed is still due at the next start.
pub async fn run(
    works: Works,
    setup: Sender<Arc<Setup>>,
    reread: impl Fn() -> Result<Config, Problems>,
) -> Result<(), RunError> {
    let report = works
        .store
        .sync_sources(&works.setup().config.sources, works.clock.now())
        .await?;
    start::spread(&works).await?;
    // The config that the service starts with is in force.
    reload::note_refusal(&works, None).await?;
    Gate::soften(&works.store, works.clock.now()).await?;
    let mut signals = Signals::new()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut watch = Watch::default();
    let beat = watch::watchdog_interval()
        .unwrap_or(BEAT_AT_LEAST)
        .min(BEAT_AT_LEAST);
    let mut loops = Loops::start(&works, &mut watch, &stopped, beat);
    let mut alarms = Alarms::set(&works).await;
    tracing::info!(
        feeds_added = report.added.len(),
        version = env!("CARGO_PKG_VERSION"),
        "ready"
    );
    watch::status(&status_line(&works).await);
    watch::ready();
    let mut ticks = tokio::time::interval(beat);
    let result = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Reload => {
                    reload::reload(&works, &setup, &reread).await;
                    alarms.stop().await;
                    alarms = Alarms::set(&works).await;
                }
                Signal::Stop => break Ok(()),
            },
            broken = loops.supervise() => if let Some(name) = broken { break Err(RunError::Broken(name)) },
            _ = ticks.tick() => tick(&works, &watch).await,
        }
    };
    watch::stopping();
    tracing::info!("stopping");
    // The receivers live in the loops; one that is gone needs no word.
    let _ = stop.send(true);
    alarms.stop().await;
    loops.end().await;
    result
}

/// Feeds the watchdog if every loop has come round, and keeps the status line current.
async fn tick(works: &Works, watch: &Watch) {
    match watch.all_beaten() {
        Ok(()) => {
            watch::alive();
            watch::status(&status_line(works).await);
        }
        Err(silent) => tracing::debug!(
            loops = silent.join(", "),
            "not every loop has come round yet"
        ),
    }
}

/// One line for `systemctl status`.
async fn status_line(works: &Works) -> String {
    let setup = works.setup();
    let now = works.clock.now();
    let zone = setup.config.daemon.time_zone.clone();
    let failing = match works.store.failing().await {
        Ok(failing) => failing,
        Err(err) => return format!("the store cannot be read: {err}"),
    };
    let feeds = setup.config.sources.iter().flat_map(|s| &s.feeds);
    let enabled = feeds.filter(|feed| feed.enabled).count();
    let next = setup
        .config
        .digests
        .iter()
        .filter_map(|digest| calendar::schedule(&setup, digest).next_slot(now))
        .map(|slot| slot.at)
        .min();
    match next {
        Some(at) => {
            format!(
                "{enabled} feeds, {failing} failing; next edition {}",
                at.to_zoned(zone).strftime("%d/%m %H:%M")
            )
        }
        None => format!("{enabled} feeds, {failing} failing; no digest configured"),
    }
}

enum Signal {
    Reload,
    Stop,
}

struct Signals {
    hup: tokio::signal::unix::Signal,
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hup: signal(SignalKind::hangup())?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hup.recv() => Signal::Reload,
            _ = self.term.recv() => Signal::Stop,
            _ = self.int.recv() => Signal::Stop,
        }
    }
}

/// The loops and their starters: one that panics is started again.
struct Loops {
    running: JoinSet<&'static str>,
    parts: Vec<(&'static str, Starter)>,
    names: std::collections::HashMap<tokio::task::Id, &'static str>,
    panics: Vec<tokio::time::Instant>,
}

type Starter = Box<dyn Fn() -> futures_util::future::BoxFuture<'static, ()> + Send>;

impl Loops {
    fn start(works: &Works, watch: &mut Watch, stop: &Receiver<bool>, beat: Duration) -> Self {
        fn part<F>(
            works: &Works,
            heart: Heart,
            stop: &Receiver<bool>,
            beat: Duration,
            body: impl Fn(Works, Heart, Receiver<bool>, Duration) -> F + Send + 'static,
        ) -> Starter
        where
            F: Future<Output = ()> + Send + 'static,
        {
            let (works, stop) = (works.clone(), stop.clone());
            Box::new(move || Box::pin(body(works.clone(), heart.clone(), stop.clone(), beat)))
        }
        // A third of what the watchdog's tick expects: every heart has beaten well before it is asked.
        let beat = beat / 3;
        let parts = vec![
            (
                "polls",
                part(works, watch.heart("polls"), stop, beat, poll::run),
            ),
            (
                "pages",
                part(works, watch.heart("pages"), stop, beat, pages::run),
            ),
            (
                "hubs",
                part(works, watch.heart("hubs"), stop, beat, hubs::run),
            ),
            (
                "desk",
                part(works, watch.heart("desk"), stop, beat, desk::run),
            ),
            (
                "post",
                part(works, watch.heart("post"), stop, beat, post::run),
            ),
            (
                "room",
                part(works, watch.heart("room"), stop, beat, room::run),
            ),
            (
                "keep",
                part(works, watch.heart("keep"), stop, beat, keep::run),
            ),
            (
                "metrics",
                part(works, watch.heart("metrics"), stop, beat, metrics::run),
            ),
        ];
        let names: Vec<&'static str> = parts.iter().map(|(name, _)| *name).collect();
        let mut loops = Self {
            running: JoinSet::new(),
            parts,
            names: Default::default(),
            panics: Vec::new(),
        };
        for name in names {
            loops.spawn(name);
        }
        loops
    }

    fn spawn(&mut self, name: &'static str) {
        if let Some((_, start)) = self.parts.iter().find(|(part, _)| *part == name) {
            let body = start();
            let handle = self.running.spawn(async move {
                body.await;
                name
            });
            self.names.insert(handle.id(), name);
        }
    }

    /// Waits for a loop to end: starts it again, or names the one that breaks down too often.
    async fn supervise(&mut self) -> Option<&'static str> {
        let Some(ended) = self.running.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let (name, why) = match ended {
            Ok((_, name)) => (name, "it ended".to_owned()),
            Err(err) => (
                self.names.get(&err.id()).copied().unwrap_or("unknown"),
                err.to_string(),
            ),
        };
        tracing::error!(r#loop = name, why, "a loop broke down and is started again");
        let now = tokio::time::Instant::now();
        self.panics
            .retain(|at| now.duration_since(*at) < PANIC_WINDOW);
        self.panics.push(now);
        if self.panics.len() >= PANICS_MAX {
            return Some(name);
        }
        self.spawn(name);
        None
    }

    /// Waits for all loops to end; drops what is not done in time.
    async fn end(&mut self) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("work under way is dropped; it stays due");
            self.running.shutdown().await;
        }
    }
}

/// The alarm clock: tokio-cron-scheduler wakes the desk at the digests' times, and does nothing else. What is due is
/// asked of the store; an alarm that never rings costs at most one of the desk's own rounds.
struct Alarms(Option<JobScheduler>);

impl Alarms {
    async fn set(works: &Works) -> Self {
        match Self::try_set(works).await {
            Ok(scheduler) => Self(Some(scheduler)),
            Err(err) => {
                tracing::warn!(error = %err, "the alarm clock does not work; the desk looks by itself");
                Self(None)
            }
        }
    }

    async fn try_set(
        works: &Works,
    ) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let setup = works.setup();
        let now = works.clock.now();
        for digest in &setup.config.digests {
            let cron = cron_line(digest.at, offset_s(&setup, now));
            let works = works.clone();
            let job = JobBuilder::new()
                .with_cron_job_type()
                .with_schedule(cron.as_str())?
                .with_run_async(Box::new(move |_, _| {
                    let works = works.clone();
                    Box::pin(async move { works.wakes.desk.notify_one() })
                }))
                .build()?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        Ok(scheduler)
    }

    async fn stop(&mut self) {
        if let Some(mut scheduler) = self.0.take()
            && let Err(err) = scheduler.shutdown().await
        {
            tracing::debug!(error = %err, "the alarm clock did not stop cleanly");
        }
    }
}

fn offset_s(setup: &Setup, now: Timestamp) -> i32 {
    setup.config.daemon.time_zone.to_offset(now).seconds()
}

/// A daily alarm in UTC, seconds first; which days count is the desk's business. The offset is today's: in a zone with
/// summer time the alarm may ring an hour off until the next reload, and the desk's own rounds are the net below it.
fn cron_line(at: jiff::civil::Time, offset_s: i32) -> String {
    let second_of_day = i32::from(at.hour()) * 3600 + i32::from(at.minute()) * 60 - offset_s;
    let minute = second_of_day.rem_euclid(86_400) / 60;
    format!("0 {} {} * * *", minute % 60, minute / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_rings_at_the_civil_time_of_the_zone() {
        let at = jiff::civil::time(6, 30, 0, 0);
        assert_eq!(cron_line(at, 7 * 3600), "0 30 23 * * *");
        assert_eq!(cron_line(at, 0), "0 30 6 * * *");
        assert_eq!(cron_line(at, -5 * 3600), "0 30 11 * * *");
    }
}
