//! `[retention]` and `[metrics]` of `diembao.toml`: how long texts are kept, and what machines may read of us.

use super::problem::{Wrong, quoted, words, wrong};
use super::raw::Section;
use super::secret::Env;
use super::settings::or_default;
use super::value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reprints, "tiếp theo số …" and the search of a season look back so far.
const TEXTS_AT_LEAST: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long things are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionConfig {
    /// Running texts of articles first seen longer ago are dropped; headline, lead, verdict and identity stay for ever.
    /// `None`: nothing is dropped.
    pub texts: Option<Duration>,
}

/// What machines may read of us, in the exposition format of Prometheus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// A file for node_exporter's textfile collector, written anew each minute; `None`: no file.
    pub file: Option<PathBuf>,
    /// Where to answer `GET /metrics`; always on loopback. `None`: nowhere.
    pub listen: Option<SocketAddr>,
}

pub(super) fn retention(section: Option<Section<'_>>) -> RetentionConfig {
    or_default(section, |read| RetentionConfig {
        texts: read.text("texts", "730d", texts).and_then(|at| at.value),
    })
}

pub(super) fn metrics(section: Option<Section<'_>>, folder: &Path, env: Env<'_>) -> MetricsConfig {
    or_default(section, |read| {
        let file = read.text("file", "/run/diembao/metrics.prom", value::line);
        MetricsConfig {
            file: match file.map(|at| at.value) {
                Some(word) if word == "off" => None,
                Some(path) => Some(folder.join(path)),
                None => runtime_directory(env).map(|dir| dir.join("metrics.prom")),
            },
            listen: read
                .text("listen", "127.0.0.1:9786", loopback)
                .map(|at| at.value),
        }
    })
}

/// systemd's `RuntimeDirectory=`, which the machine's collector may read; the data directory is closed to it.
fn runtime_directory(env: Env<'_>) -> Option<PathBuf> {
    let given = env.get("RUNTIME_DIRECTORY")?;
    let first = given.to_str()?.split(':').next()?;
    (!first.is_empty()).then(|| first.into())
}

fn texts(text: &str) -> Result<Option<Duration>, Wrong> {
    match text {
        "off" => Ok(None),
        _ => value::duration_from(TEXTS_AT_LEAST, "90d")(text).map(Some),
    }
}

/// An address and a port on this machine itself: figures of an office are nobody else's business.
fn loopback(text: &str) -> Result<SocketAddr, Wrong> {
    let read = text.parse::<SocketAddr>().ok();
    match read {
        Some(address) if address.ip().is_loopback() => Ok(address),
        Some(_) => Err(wrong(
            words(
                format!("{} can be reached from other machines", quoted(text)),
                format!("{} có thể truy cập từ máy khác", quoted(text)),
            ),
            words(
                "write \"127.0.0.1:9786\"; let a proxy of your own pass it on",
                "viết \"127.0.0.1:9786\"; nếu cần, cho proxy của cơ quan chuyển tiếp",
            ),
        )),
        None => Err(wrong(
            words(
                format!("{} is not an address with a port", quoted(text)),
                format!("{} không phải địa chỉ kèm cổng", quoted(text)),
            ),
            words("write \"127.0.0.1:9786\"", "viết \"127.0.0.1:9786\""),
        )),
    }
}
