//! Where events go: the journal with its fields when systemd reads us, else stderr. The one place that sets up `tracing`.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Only what went wrong.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// Every decision of ours.
    Verbose,
    /// Everything, the libraries' events too.
    Debug,
}

impl Verbosity {
    /// Our own level, and the libraries'.
    fn levels(self) -> (LevelFilter, LevelFilter) {
        match self {
            Self::Quiet => (LevelFilter::WARN, LevelFilter::ERROR),
            Self::Normal => (LevelFilter::INFO, LevelFilter::ERROR),
            Self::Verbose => (LevelFilter::DEBUG, LevelFilter::WARN),
            Self::Debug => (LevelFilter::TRACE, LevelFilter::DEBUG),
        }
    }
}

/// Starts logging. `journal` says that stderr is connected to the journal: then its native protocol is used, so that
/// fields stay fields. A second call in one process changes nothing.
pub fn init(verbosity: Verbosity, journal: bool) {
    let (own, others) = verbosity.levels();
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(others)
        .with_target("diembao", own);
    let native = if journal {
        tracing_journald::layer().ok()
    } else {
        None
    };
    let stderr = native.is_none().then(|| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_target(false)
            .without_time()
    });
    // Only tests set up logging twice in a process; the first one stands.
    let _ = tracing_subscriber::registry()
        .with(native.with_filter(filter.clone()))
        .with(stderr.with_filter(filter))
        .try_init();
}
