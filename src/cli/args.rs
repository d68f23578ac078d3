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
    /// Compose an edition, or render a frozen one again; `digest template check` checks the mail's templates
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Digest {
        /// What else can be done.
        #[command(subcommand)]
        action: Option<DigestAction>,
        /// The digest's name in diembao.toml
        #[arg(required = true)]
        name: Option<String>,
        /// The edition of this day [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        date: Option<Date>,
        /// Compose without freezing: nothing is kept, nobody is mailed
        #[arg(long)]
        dry_run: bool,
        /// Write .eml, .html, .txt, .docx, .csv and .json into this folder
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
        /// Count the editions of this month, for the press briefing; with --out as .html, .docx and .csv
        #[arg(long, value_name = "YYYY-MM", value_parser = month, conflicts_with_all = ["date", "dry_run", "send", "preview", "resend", "near_misses"])]
        month: Option<Date>,
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
        /// Also say what the change would do: feeds, and the last edition under the new config
        #[arg(long)]
        diff: bool,
        /// Also try every feed that is switched on, and the login at the mail server
        #[arg(long)]
        online: bool,
    },
    /// Write a sound copy of the data, also while the service runs
    Backup {
        /// The file; in a folder, a file named after the moment
        file: PathBuf,
        /// In a folder: leave only so many backups
        #[arg(long, value_name = "COUNT")]
        keep: Option<u32>,
    },
    /// Put a backup in the place of the data; editions that were mailed are not mailed again
    Restore {
        /// The backup
        file: PathBuf,
        /// Up to when editions were mailed, where the present data cannot say it: a time, or "backup" for none since then
        #[arg(long, value_name = "TIME")]
        mailed_until: Option<String>,
    },
    /// Check the data: SQLite's integrity and this program's own promises
    Verify,
    /// Feeds: their health, one in full, a try
    Feeds {
        /// What to do with them.
        #[command(subcommand)]
        action: Feeds,
    },
    /// Full-text search, with or without diacritics; what is written exactly as typed comes first
    Search(Search),
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
        /// List all articles that are marked, with what was said of them
        #[arg(long, conflicts_with_all = ["article", "export"])]
        list: bool,
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

/// What to look for, and where.
#[derive(Debug, clap::Args)]
pub struct Search {
    /// Words; all must occur. In double quotes they must stand together: '"kiểm tra đảng viên"'. A document is found by
    /// any of its names: 57-NQ/TW, "Nghị quyết 57"
    #[arg(required_unless_present_any = ["source", "province", "topic", "person", "document", "from", "to"])]
    pub query: Vec<String>,
    /// Only this paper (its key)
    #[arg(long, visible_alias = "paper")]
    pub source: Option<String>,
    /// Only papers of this province (its key)
    #[arg(long)]
    pub province: Option<String>,
    /// Only this topic (its key in topics.toml)
    #[arg(long)]
    pub topic: Option<String>,
    /// Only articles that name this person
    #[arg(long, value_name = "NAME")]
    pub person: Option<String>,
    /// Only articles that mention this document, by any of its names
    #[arg(long, value_name = "NUMBER")]
    pub document: Option<String>,
    /// Published on or after this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<Date>,
    /// Published on or before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<Date>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub limit: u32,
    /// Which page of so many
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub page: u32,
    /// The newest first, not the best
    #[arg(long)]
    pub newest: bool,
}

/// What can be done about digests besides composing one.
#[derive(Debug, Subcommand)]
pub enum DigestAction {
    /// The mail's templates
    Template {
        /// What to do with them.
        #[command(subcommand)]
        action: TemplateAction,
    },
}

/// What can be done with templates.
#[derive(Debug, Subcommand)]
pub enum TemplateAction {
    /// Try the admin's templates; every mistake with file, line and field
    Check {
        /// The folder [default: templates/ beside diembao.toml]
        folder: Option<PathBuf>,
    },
}

/// `2026-11` as its first day.
fn month(text: &str) -> Result<Date, String> {
    let first = format!("{text}-01");
    match text.len() {
        7 => first.parse().map_err(|err| format!("{err}")),
        _ => Err("write a month as YYYY-MM, such as 2026-11".to_owned()),
    }
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
    /// Add a feed to feeds.toml, and its source if there is none yet; comments and order stay
    Add(AddFeed),
    /// Take feeds, or sources with all their feeds, out of feeds.toml; what was read of them stays
    Remove {
        /// source/feed, or a source's key
        #[arg(required = true, value_name = "FEED")]
        feeds: Vec<String>,
    },
    /// Add the feeds of an OPML file to feeds.toml; those that are there already are left alone
    Import {
        /// The file; "-" reads standard input
        file: PathBuf,
        /// Only say what would be added
        #[arg(long)]
        dry_run: bool,
    },
    /// All feeds as OPML, grouped by region and province
    Export {
        /// Where to write [default: standard output]
        file: Option<PathBuf>,
    },
    /// Try an address and report like a doctor: what came, how it was read, what would be taken, when it is asked again
    Test {
        /// Address, or source/feed
        url: String,
    },
    /// Look for feeds and sitemaps of a site, and try each
    Discover {
        /// Home page, or a page that lists feeds
        url: String,
    },
    /// Try every address of feeds.toml; where one fails, look for another from the home page
    Verify {
        /// Feeds (source/feed) or whole sources; all unless named, those that are switched off too
        #[arg(value_name = "FEED")]
        feeds: Vec<String>,
        /// Write what was found into feeds.toml; its remarks stay
        #[arg(long)]
        fix: bool,
    },
}

/// A feed to be added.
#[derive(Debug, clap::Args)]
pub struct AddFeed {
    /// The feed's address
    pub url: String,
    /// The source it belongs to (its key) [default: the one whose host it is]
    #[arg(long)]
    pub source: Option<String>,
    /// The feed's own key within its source [default: the section, else "chung"]
    #[arg(long)]
    pub key: Option<String>,
    /// The section it serves, such as xay-dung-dang
    #[arg(long)]
    pub section: Option<String>,
    /// The name of a new source, as printed in the mail
    #[arg(long)]
    pub name: Option<String>,
    /// The province of a new source (key or name); none for the central press
    #[arg(long)]
    pub province: Option<String>,
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
    /// Recipients who took leave of a digest by themselves
    Left,
    /// Let somebody who left have a digest again; the config must name them
    Rejoin {
        /// Their address
        address: String,
        /// Only this digest [default: all that they left]
        #[arg(long)]
        digest: Option<String>,
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
    Classify {
        /// Judge by this topics.toml instead of the shipped one
        #[arg(long, value_name = "FILE")]
        topics: Option<PathBuf>,
    },
    /// JSON lines {id,lead,text} on stdin to {id,group}: equal groups print the same report.
    Neardup,
    /// JSON lines {id,title,lead,text} on stdin to {id,cluster}: equal clusters tell of one event
    Cluster,
    /// {text} on stdin to {sentences}.
    Sentences,
    /// {documents:[{title,lead,text}],max_words} on stdin to {sentences}: those that tell the event, verbatim
    Summarise {
        /// Weights of one's own, as train-summary prints them
        #[arg(long, hide = true)]
        weights: Option<PathBuf>,
    },
    /// {title,lead,text} on stdin to {figures:[{text,value,unit,subject,sentence}]}
    Figures,
    /// {title,lead,text} on stdin to {names:[{kind,key,shown,position}]}: persons, bodies, provinces, documents
    Names,
    /// JSON lines {title,excerpt,body,relevant,topics,split} on stdin to the table of src/analyse/topic/weights.tsv
    #[command(hide = true)]
    Train {
        /// Parts for measuring each with weights fitted to the others; 0: not measured so
        #[arg(long, default_value_t = 0)]
        folds: usize,
        /// Read the articles by this topics.toml instead of the shipped one
        #[arg(long, value_name = "FILE")]
        topics: Option<PathBuf>,
    },
    /// JSON lines {documents,references} on stdin to the table of src/analyse/summary/weights.rs
    #[command(hide = true)]
    TrainSummary {
        /// Parts for measuring each with weights fitted to the others
        #[arg(long, default_value_t = 5)]
        folds: usize,
        /// Features to do without, to see what they are worth
        #[arg(long, value_delimiter = ',')]
        without: Vec<String>,
    },
}
