//! Figures for machines, in the exposition format of Prometheus: a file for node_exporter's textfile collector, and on
//! request `GET /metrics` on loopback. Names, units and types follow the field's rules (base units, `_total` for what
//! only grows, one meaning a name); labels come from the config and from words of this program, never from feeds.

use super::calendar;
use super::keep;
use super::watch::Heart;
use super::works::Works;
use crate::model::HubState;
use crate::store::StoreError;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes of a request that are read; more is none of ours.
const REQUEST_MAX: usize = 4096;
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Why the metrics could not be written.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// One family: its name, what it says, its type, and its samples by label.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    samples: Vec<(String, f64)>,
}

#[derive(Default)]
struct Page(Vec<Family>);

impl Page {
    fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.family(name, help, "gauge", vec![(String::new(), value)]);
    }

    fn family(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: &'static str,
        samples: Vec<(String, f64)>,
    ) {
        self.0.push(Family {
            name,
            help,
            kind,
            samples,
        });
    }

    fn print(&self) -> String {
        let mut out = String::new();
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# HELP {} {}", family.name, family.help);
            let _ = writeln!(out, "# TYPE {} {}", family.name, family.kind);
            for (labels, value) in &family.samples {
                let _ = writeln!(out, "{}{labels} {value}", family.name);
            }
        }
        out
    }
}

/// `{name="value"}`, the value escaped.
fn label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bytes and counts far below 2^52; the format has no other numbers"
)]
fn number(value: u64) -> f64 {
    value as f64
}

/// All figures as they are now.
///
/// # Errors
/// When the store cannot be read.
pub async fn collect(works: &Works) -> Result<String, StoreError> {
    let mut page = Page::default();
    page.family(
        "diembao_build_info",
        "Which program this is; always 1.",
        "gauge",
        vec![(label("version", env!("CARGO_PKG_VERSION")), 1.0)],
    );
    feeds(works, &mut page).await?;
    hubs(works, &mut page).await?;
    work(works, &mut page).await?;
    editions(works, &mut page).await?;
    machine(works, &mut page);
    Ok(page.print())
}

async fn feeds(works: &Works, page: &mut Page) -> Result<(), StoreError> {
    let (counted, first_due) = works.store.feed_states().await?;
    let samples = ["ok", "failing", "retired", "unread", "off"].map(|state| {
        let count = counted.get(state).copied().unwrap_or_default();
        (label("state", state), f64::from(count))
    });
    let now = seconds(works.clock.now());
    let lag = first_due.map_or(0.0, |due| now - seconds(due));
    page.family(
        "diembao_feeds",
        "Feeds of the config, by state.",
        "gauge",
        samples.to_vec(),
    );
    page.gauge(
        "diembao_poll_lag_seconds",
        "How long the feed that waits longest has been due.",
        lag.max(0.0),
    );
    Ok(())
}

async fn hubs(works: &Works, page: &mut Page) -> Result<(), StoreError> {
    let mut states = BTreeMap::from(HubState::ALL.map(|state| (state, 0)));
    for one in works.store.subscriptions().await?.values() {
        if one.due_at.is_some() {
            *states.entry(one.state).or_default() += 1;
        }
    }
    let samples = states
        .into_iter()
        .map(|(state, count)| (label("state", state.as_str()), number(count)));
    page.family(
        "diembao_subscriptions",
        "Subscriptions at hubs (WebSub), by state.",
        "gauge",
        samples.collect(),
    );
    let tally = &works.inbox.tally;
    let results = [
        ("read", &tally.read),
        ("forged", &tally.forged),
        ("unread", &tally.unread),
        ("put_off", &tally.put_off),
        ("too_large", &tally.too_large),
    ];
    let samples = results.map(|(result, count)| {
        (
            label("result", result),
            number(count.load(Ordering::Relaxed)),
        )
    });
    page.family(
        "diembao_pushes_total",
        "What hubs delivered since the start, by what became of it.",
        "counter",
        samples.to_vec(),
    );
    Ok(())
}

async fn work(works: &Works, page: &mut Page) -> Result<(), StoreError> {
    let counts = works.store.counts().await?;
    for (name, help, value) in [
        ("diembao_entries", "Entries kept.", counts.entries),
        (
            "diembao_articles",
            "Distinct articles kept.",
            counts.articles,
        ),
        (
            "diembao_articles_unanalysed",
            "Articles that wait for their analysis.",
            counts.unanalysed,
        ),
        (
            "diembao_pages_waiting",
            "Article pages that wait to be read.",
            counts.pages,
        ),
    ] {
        page.gauge(name, help, f64::from(value));
    }
    let now = works.clock.now();
    let late = works
        .store
        .next_due()
        .await?
        .delivery
        .map_or(0.0, |due| seconds(now) - seconds(due));
    page.gauge(
        "diembao_delivery_lag_seconds",
        "How long the mail that waits longest has been due.",
        late.max(0.0),
    );
    let outbox = works.store.outbox_counts().await?;
    let samples = outbox
        .iter()
        .map(|(state, count)| (label("state", state), f64::from(*count)));
    page.family(
        "diembao_deliveries",
        "Mails, by state.",
        "gauge",
        samples.collect(),
    );
    Ok(())
}

async fn editions(works: &Works, page: &mut Page) -> Result<(), StoreError> {
    let setup = works.setup();
    let now = works.clock.now();
    let (mut last, mut next) = (Vec::new(), Vec::new());
    for digest in &setup.config.digests {
        let name = label("digest", digest.name.as_str());
        if let Some(head) = works.store.last_edition(&digest.name).await? {
            last.push((name.clone(), seconds(head.composed_at)));
        }
        if let Some(slot) = calendar::schedule(&setup, digest).next_slot(now) {
            next.push((name, seconds(slot.at)));
        }
    }
    page.family(
        "diembao_edition_last_timestamp_seconds",
        "When the digest's last edition was composed.",
        "gauge",
        last,
    );
    page.family(
        "diembao_edition_next_timestamp_seconds",
        "When the digest's next edition is due.",
        "gauge",
        next,
    );
    let refused = super::reload::refusal(&works.store).await?.is_some();
    page.gauge(
        "diembao_config_last_reload_successful",
        "Whether the config was taken when it was last read.",
        f64::from(u8::from(!refused)),
    );
    Ok(())
}

fn machine(works: &Works, page: &mut Page) {
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let database = works.store.path();
    let wal = PathBuf::from(format!("{}-wal", database.display()));
    page.gauge(
        "diembao_database_size_bytes",
        "The database's file.",
        number(size(database)),
    );
    page.gauge(
        "diembao_wal_size_bytes",
        "The database's write-ahead log.",
        number(size(&wal)),
    );
    let free = database.parent().and_then(keep::free_bytes);
    if let Some(free) = free {
        page.gauge(
            "diembao_disk_free_bytes",
            "Room where the data are kept.",
            number(free),
        );
    }
    if let Some(memory) = resident_bytes() {
        page.gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            number(memory),
        );
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let open = u64::try_from(files.count()).unwrap_or(u64::MAX);
        page.gauge(
            "process_open_fds",
            "Number of open file descriptors.",
            number(open),
        );
    }
}

/// proc(5): `VmRSS` of `/proc/self/status`, in kB.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kb: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kb * 1024)
}

/// Writes the metrics' file, if one is configured: complete, and readable to all of this machine.
///
/// # Errors
/// When the store cannot be read, or the file cannot be written.
pub async fn write(works: &Works) -> Result<(), MetricsError> {
    let Some(path) = works.setup().config.metrics.file.clone() else {
        return Ok(());
    };
    let text = collect(works).await?;
    let part = PathBuf::from(format!("{}.part", path.display()));
    let put = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(&part)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        // The umask of the service closes files to others; this one is meant for them.
        let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.set_permissions(open_to_all)?;
        fs::rename(&part, &path)
    };
    put().map_err(|source| MetricsError::File { path, source })
}

/// The loop that answers `GET /metrics`, where an address is configured; it follows a reload.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let mut bound: Option<(SocketAddr, TcpListener)> = None;
    let mut refused: Option<SocketAddr> = None;
    loop {
        heart.beat();
        let wanted = works.setup().config.metrics.listen;
        if bound.as_ref().map(|(address, _)| *address) != wanted {
            bound = None;
            if let Some(address) = wanted.filter(|address| refused != Some(*address)) {
                match TcpListener::bind(address).await {
                    Ok(listener) => {
                        let address = listener.local_addr().unwrap_or(address);
                        tracing::info!(%address, "metrics are answered");
                        bound = wanted.map(|wanted| (wanted, listener));
                    }
                    Err(err) => {
                        tracing::error!(%address, error = %err, "metrics cannot be answered there; change [metrics] listen");
                        refused = Some(address);
                    }
                }
            }
        }
        let listener = bound.as_ref().map(|(_, listener)| listener);
        let caller = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            stream = accept(listener) => stream,
            () = tokio::time::sleep(beat) => None,
        };
        if let Some(stream) = caller {
            // A reader that is slow or rude is its own trouble.
            let _ = tokio::time::timeout(ANSWER_WITHIN.min(beat), answer(&works, stream)).await;
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => match listener.accept().await {
            Ok((stream, _)) => Some(stream),
            // Out of descriptors: asking again at once would only spin.
            Err(_) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                None
            }
        },
        None => std::future::pending().await,
    }
}

/// HTTP/1.0 in both directions: one request, one answer, the connection closed.
async fn answer(works: &Works, mut stream: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < REQUEST_MAX {
        match stream.read(&mut chunk).await? {
            0 => break,
            read => request.extend_from_slice(&chunk[..read]),
        }
    }
    let (status, kind, body) = match request.starts_with(b"GET /metrics ") {
        false => (
            "404 Not Found",
            "text/plain",
            "only GET /metrics\n".to_owned(),
        ),
        true => match collect(works).await {
            Ok(text) => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text),
            Err(err) => (
                "500 Internal Server Error",
                "text/plain",
                format!("{err}\n"),
            ),
        },
    };
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_the_format() {
        assert_eq!(
            label("digest", "a\"b\\c\nd"),
            "{digest=\"a\\\"b\\\\c\\nd\"}"
        );
    }

    #[test]
    fn a_page_is_what_the_format_asks_for() {
        let mut page = Page::default();
        page.gauge("diembao_entries", "Entries kept.", 3.0);
        page.family("diembao_none", "Nothing.", "gauge", Vec::new());
        assert_eq!(
            page.print(),
            "# HELP diembao_entries Entries kept.\n# TYPE diembao_entries gauge\ndiembao_entries 3\n"
        );
    }
}
