//! The config: read once, checked whole, then a value.
//!
//! Two steps. `raw`, over the text that `files` found, holds a file as it was written, every value with its place;
//! `settings`, `digests`, `smtp`, `keeping`, `web`, `sources` and `places` say what it means, `sense` what cannot be meant; `load` joins the files of a folder into one [`Config`] in which
//! nothing is left to check. Whatever is wrong anywhere is reported at once ([`Problems`]).

mod address;
mod digests;
pub mod edit;
pub mod embedded;
mod files;
mod holidays;
mod keeping;
mod load;
pub mod opml;
mod places;
mod problem;
mod raw;
mod secret;
mod sense;
mod settings;
mod smtp;
mod sources;
pub mod topics;
mod value;
mod web;

pub use address::{Cidr, Recipient};
pub use digests::{DigestConfig, DocxConfig, DocxHead};
pub use files::locate;
pub use holidays::Holidays;
pub use keeping::{MetricsConfig, RetentionConfig};
pub use load::{check_feeds, load, load_with};
pub use places::{Place, Places, Province, ProvinceKind};
pub(crate) use problem::did_you_mean;
pub use problem::{Problem, Problems, Severity};
pub use secret::{Env, Secret, process_env};
pub use settings::{AdminConfig, ArticleConfig, DaemonConfig, FetchConfig, ProxyConfig};
pub use smtp::{DkimConfig, SmtpConfig, Tls};
pub use sources::same_address;
pub use value::Days;
pub use web::WebConfig;

use crate::model::Source;
use std::path::PathBuf;
use std::sync::Arc;

/// All that an admin decides, resolved and valid.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where `diembao.toml` is looked for, also while its folder has other files only; `None`: all is embedded.
    pub file: Option<PathBuf>,
    /// Where things are kept, and the office's zone.
    pub daemon: DaemonConfig,
    /// How feeds are fetched.
    pub fetch: FetchConfig,
    /// How article pages are fetched.
    pub article: ArticleConfig,
    /// The digests, in the file's order; may be empty.
    pub digests: Vec<DigestConfig>,
    /// The mail server; `None`: mails are written as files.
    pub smtp: Option<SmtpConfig>,
    /// Who keeps the program.
    pub admin: AdminConfig,
    /// How long texts are kept.
    pub retention: RetentionConfig,
    /// What machines may read of us.
    pub metrics: MetricsConfig,
    /// The office's own pages.
    pub web: WebConfig,
    /// The newspapers and sites, in the file's order.
    pub sources: Vec<Source>,
    /// The units and their former names.
    pub places: Places,
    /// Holidays and days worked instead.
    pub holidays: Arc<Holidays>,
    /// The topics and what speaks for them.
    pub topics: topics::Taxonomy,
    /// The folder `templates/` beside `diembao.toml`, if there is one.
    pub templates: Option<PathBuf>,
    /// What is taken but should be looked at; every one of them a [`Severity::Warning`].
    pub warnings: Vec<Problem>,
}
