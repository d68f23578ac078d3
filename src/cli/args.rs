//! The command line as typed: names, flags and their help. Nothing is decided here.

use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::PathBuf;

/// Điểm báo: a morning review of party-building news from Viet Nam's provincial newspapers.
///
/// Exit codes: 0 done; 1 ran, but the command's own work failed; 2 wrong usage or config. `run` ends with 78 on a wrong
/// config, so that systemd does not start it again.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Args {
    /// Config file [default: /etc/diembao/diembao.toml, else config/diembao.toml, else what is built in]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Folder of the database and the mails written as files [default: from the config]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Say more; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print JSON instead of a table
    #[arg(long, global = true)]
    pub json: bool,

    /// Colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    /// Take this instant for now
    #[arg(long, global = true, value_name = "RFC3339", hide = true)]
    pub now: Option<Timestamp>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to print colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also into pipes.
    Always,
    /// Not at all.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon: polls, composes, mails, until stopped
    Run,
    /// The whole way on this machine, with no network and no set-up: two sample days into ./demo-out
    Demo {
        /// Where to write
        #[arg(long, value_name = "DIR", default_value = "demo-out")]
        out: PathBuf,
    },
    /// The whole job once, over the real papers: a review of the last 24 hours; freezes nothing, mails nobody
    Now {
        /// Where to write
        #[arg(long, value_name = "DIR", default_value = "diembao-out")]
        out: PathBuf,
    },
    /// One pass over the feeds
    Fetch {
        /// Only feeds whose time has come
        #[arg(long)]
        due_only: bool,
        /// Also read the article pages that are due
        #[arg(long, hide = true)]
        pages: bool,
        /// Feeds (source/feed) or whole sources; all unless named
        #[arg(value_name = "FEED")]
        feeds: Vec<String>,
    },
    /// Compose an edition, or render a frozen one again
    Digest {
        /// The digest's name in diembao.toml
        name: String,
        /// The edition of this day [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        date: Option<Date>,
        /// Compose without freezing: nothing is kept, nobody is mailed
        #[arg(long)]
        dry_run: bool,
        /// Write .eml, .html, .txt and .json into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Write what an edition composed now would be into this folder; keeps nothing, mails nobody
        #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "send"])]
        preview: Option<PathBuf>,
        /// Put the edition into the outbox for its recipients and send it
        #[arg(long, conflicts_with = "dry_run")]
        send: bool,
        /// Send the frozen edition to this recipient once more
        #[arg(long, value_name = "RECIPIENT", conflicts_with_all = ["dry_run", "send", "preview"])]
        resend: Option<String>,
        /// Compose the edition of this day anew under today's rules, beside the one that was sent; keeps nothing
        #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["date", "dry_run", "send", "preview", "resend", "near_misses"])]
        replay: Option<Date>,
        /// Also list the ten articles of its span that came nearest to being taken
        #[arg(long)]
        near_misses: bool,
    },
    /// Check the whole config; every problem with its place and its mend
    Check {
        /// The diembao.toml to check [default: the one in use]
        file: Option<PathBuf>,
    },
    /// Feeds: their health, one in full, a try
    Feeds {
        /// What to do with them.
        #[command(subcommand)]
        action: Feeds,
    },
    /// Full-text search, with or without diacritics
    Search {
        /// Words; all must occur
        #[arg(required = true)]
        query: Vec<String>,
        /// Only this source (its key)
        #[arg(long)]
        source: Option<String>,
        /// Only sources of this province (its key)
        #[arg(long)]
        province: Option<String>,
        /// Seen on or after this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<Date>,
        /// Seen on or before this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: Option<Date>,
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Why an article was taken or left
    Explain {
        /// Its number or address
        article: String,
    },
    /// Deliveries: who has which edition, who does not and why
    Outbox {
        /// What to do with them.
        #[command(subcommand)]
        action: Outbox,
    },
    /// Correct what was judged of an article; the next edition heeds it, for similar articles too. Without a word: what is
    /// marked
    Mark {
        /// Its number or address [default: list all that are marked]
        article: Option<String>,
        /// relevant, irrelevant or topic=KEY
        word: Option<String>,
        /// Take the word back; all words of the article unless one is given
        #[arg(long, requires = "article")]
        undo: bool,
        /// Print all marked articles as labelled data, one JSON line each, as `tool train` reads it
        #[arg(long, conflicts_with = "article")]
        export: bool,
    },
    /// Daemon, queue, last and next edition, failing feeds, outbox
    Status,
    /// Plumbing: JSON in, JSON out, no state
    Tool {
        /// Which.
        #[command(subcommand)]
        tool: Tool,
    },
    /// What is kept, as JSON: for evaluation kits
    #[command(hide = true)]
    Dump {
        /// What to print
        what: Dump,
    },
    /// Shell completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// The manual page
    Man,
}

/// What `dump` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dump {
    /// One line for every entry kept.
    Entries,
    /// How much there is, and how many groups the articles make once copies are put together.
    Counts,
}

/// What can be done with feeds.
#[derive(Debug, Subcommand)]
pub enum Feeds {
    /// Health of all feeds
    List,
    /// One feed in full
    Show {
        /// source/feed
        feed: String,
    },
    /// Try an address and report like a doctor
    Test {
        /// Address, or source/feed
        url: String,
    },
}

/// What can be done with deliveries.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// Deliveries, newest first, with the server's last words
    List {
        /// Only those in this state; may be given several times
        #[arg(long, value_name = "STATE", value_parser = ["queued", "sending", "dot", "sent", "deferred", "failed"])]
        state: Vec<String>,
        /// How many at most
        #[arg(long, default_value_t = 200)]
        limit: u32,
    },
    /// Try deferred or failed deliveries again now
    Retry {
        /// Which of them.
        #[command(flatten)]
        which: Which,
    },
    /// Give waiting deliveries up
    Cancel {
        /// Which of them.
        #[command(flatten)]
        which: Which,
    },
}

/// Deliveries by number, or all.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// Their numbers, as `outbox list` shows them
    #[arg(value_name = "ID")]
    pub ids: Vec<i64>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// The plumbing commands; what the evaluation kits call.
#[derive(Debug, Subcommand)]
pub enum Tool {
    /// A feed document to JSON; exit 1 with {"error"} when it is not a feed
    Parse {
        /// The Content-Type header, verbatim
        #[arg(long)]
        content_type: Option<String>,
        /// Where the document came from
        #[arg(long)]
        url: Option<String>,
        /// The body as the server sent it
        file: PathBuf,
    },
    /// An article page to JSON
    Extract {
        /// Leave out the selectors of feeds.toml
        #[arg(long)]
        no_site_rules: bool,
        /// Where the page came from
        #[arg(long)]
        url: Option<String>,
        /// The page as the server sent it
        file: PathBuf,
    },
    /// JSON lines {id,url,site,title,excerpt,body,section} on stdin to {id,relevant,score,topics}
    Classify,
    /// JSON lines {id,lead,text} on stdin to {id,group}: equal groups print the same report.
    Neardup,
    /// JSON lines {id,title,lead,text} on stdin to {id,cluster}: equal clusters tell of one event
    Cluster,
    /// {text} on stdin to {sentences}.
    Sentences,
    /// {documents:[{title,lead,text}],max_words} on stdin to {sentences}: those that tell the event, verbatim
    Summarise,
    /// {title,lead,text} on stdin to {figures:[{text,value,unit,subject,sentence}]}
    Figures,
    /// JSON lines {title,excerpt,body,relevant,topics,split} on stdin to the table of src/analyse/topic/weights.tsv
    #[command(hide = true)]
    Train {
        /// Parts for measuring each with weights fitted to the others; 0: not measured so
        #[arg(long, default_value_t = 0)]
        folds: usize,
    },
    /// JSON lines {documents,references} on stdin to the table of src/analyse/summary/weights.rs
    #[command(hide = true)]
    TrainSummary {
        /// Parts for measuring each with weights fitted to the others
        #[arg(long, default_value_t = 5)]
        folds: usize,
    },
}
