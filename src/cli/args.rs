//! The command line as typed.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Điểm báo: a morning review of party-building news from Viet Nam's provincial newspapers.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Plumbing: JSON in, JSON out, no state.
    Tool {
        /// Which.
        #[command(subcommand)]
        tool: Tool,
    },
}

/// The plumbing commands; what the evaluation kits call.
#[derive(Debug, Subcommand)]
pub enum Tool {
    /// A feed document to JSON; exit 1 with {"error"} when it is not a feed.
    Parse {
        /// The Content-Type header, verbatim.
        #[arg(long)]
        content_type: Option<String>,
        /// Where the document came from.
        #[arg(long)]
        url: Option<String>,
        /// The body as the server sent it.
        file: PathBuf,
    },
    /// An article page to JSON.
    Extract {
        /// Leave out the selectors of feeds.toml.
        #[arg(long)]
        no_site_rules: bool,
        /// Where the page came from.
        #[arg(long)]
        url: Option<String>,
        /// The page as the server sent it.
        file: PathBuf,
    },
    /// JSON lines {id,url,site,title,excerpt} on stdin to {id,relevant,score,topics}.
    Classify,
    /// JSON lines {id,lead,text} on stdin to {id,group}: equal groups print the same report.
    Neardup,
    /// {text} on stdin to {sentences}.
    Sentences,
}
