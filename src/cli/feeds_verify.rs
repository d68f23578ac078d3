//! `feeds verify`: every address of `feeds.toml` tried; where one fails, another looked for from the paper's home page;
//! what was found proposed, or written with `--fix`.

use super::app::{self, AppError};
use super::args::Args;
use super::feeds_edit::Desk;
use super::feeds_exam::{self, Patient, Report};
use super::{draws_progress, feeds_discover, out};
use crate::config::edit::{EditError, FeedsFile};
use crate::daemon::works::Setup;
use crate::model::{FailureKind, FeedKey, FeedKind, FeedSpec, Source};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use url::Url;

/// Newspapers asked at the same time.
const AT_ONCE: usize = 16;

/// What verifying one feed came to.
#[derive(Debug, Clone, Serialize)]
struct Verified {
    /// Which.
    feed: FeedKey,
    /// Its address.
    url: Url,
    /// Whether it can be read and holds items.
    ok: bool,
    /// What went wrong, in Vietnamese.
    trouble: Option<String>,
    /// What is odd, in Vietnamese.
    notes: Vec<String>,
    /// How many items.
    items: usize,
    /// The newest one's date.
    newest: Option<Timestamp>,
    /// The address that should stand there instead.
    instead: Option<Url>,
    /// Whether `verified = true` should be added.
    confirm: bool,
}

impl Verified {
    fn changes(&self) -> bool {
        self.instead.is_some() || self.confirm
    }
}

/// Runs the command. A feed that fails is the feed's trouble, not the command's.
pub async fn run(args: &Args, names: &[String], fix: bool) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let setup = Arc::new(Setup::new(config, None).map_err(anyhow::Error::from)?);
    let papers = chosen(&setup.config.sources, names)?;
    let all = verify_all(args, &setup, papers, app::clock(args).now()).await;
    if args.json {
        all.iter().for_each(out::json);
    } else {
        print(&all);
    }
    let changes: Vec<&Verified> = all.iter().filter(|one| one.changes()).collect();
    if changes.is_empty() {
        return Ok(());
    }
    match fix {
        true => write(args, &changes),
        false => {
            if !args.json {
                let count = changes.len();
                out::line(&format!(
                    "Có {count} thay đổi nên làm; thêm --fix để ghi vào feeds.toml."
                ));
            }
            Ok(())
        }
    }
}

/// The sources to verify, each with those of its feeds that are meant.
fn chosen(sources: &[Source], names: &[String]) -> Result<Vec<Source>, AppError> {
    let named = |source: &Source, feed: &FeedSpec| {
        names.is_empty()
            || names
                .iter()
                .any(|name| name == source.key.as_str() || name == feed.key.as_str())
    };
    let known = |name: &&String| {
        sources.iter().any(|source| {
            source.key.as_str() == **name
                || source.feeds.iter().any(|feed| feed.key.as_str() == **name)
        })
    };
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(AppError::Usage(format!(
            "no feed and no source {unknown:?} in feeds.toml"
        )));
    }
    let papers = sources.iter().map(|source| Source {
        feeds: source
            .feeds
            .iter()
            .filter(|feed| named(source, feed))
            .cloned()
            .collect(),
        ..source.clone()
    });
    Ok(papers.filter(|source| !source.feeds.is_empty()).collect())
}

/// Verifies newspaper by newspaper, several at once; results in the order of the file.
async fn verify_all(
    args: &Args,
    setup: &Arc<Setup>,
    papers: Vec<Source>,
    now: Timestamp,
) -> Vec<Verified> {
    let feeds: usize = papers.iter().map(|source| source.feeds.len()).sum();
    let bar = progress(args, feeds);
    let order: Vec<FeedKey> = papers
        .iter()
        .flat_map(|source| source.feeds.iter().map(|feed| feed.key.clone()))
        .collect();
    let mut tasks = JoinSet::new();
    let mut all: Vec<Verified> = Vec::with_capacity(feeds);
    for source in papers {
        while tasks.len() >= AT_ONCE {
            all.extend(
                tasks
                    .join_next()
                    .await
                    .and_then(Result::ok)
                    .into_iter()
                    .flatten(),
            );
        }
        let (setup, bar) = (Arc::clone(setup), bar.clone());
        tasks.spawn(async move { verify_paper(&setup, source, now, &bar).await });
    }
    while let Some(done) = tasks.join_next().await {
        all.extend(done.into_iter().flatten());
    }
    bar.finish_and_clear();
    all.sort_by_cached_key(|one| order.iter().position(|key| *key == one.feed));
    all
}

fn progress(args: &Args, feeds: usize) -> ProgressBar {
    if !draws_progress(args) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(feeds as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} địa chỉ, {elapsed}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// One newspaper's feeds, in turn; its site is searched once, and only where a feed fails.
async fn verify_paper(
    setup: &Setup,
    source: Source,
    now: Timestamp,
    bar: &ProgressBar,
) -> Vec<Verified> {
    let mut done = Vec::with_capacity(source.feeds.len());
    let mut site: Option<Vec<Report>> = None;
    let mut taken: HashSet<Url> = setup
        .sources
        .get(&source.key)
        .map(|whole| whole.feeds.iter().map(|feed| feed.url.clone()).collect())
        .unwrap_or_default();
    for spec in &source.feeds {
        let patient = Patient {
            url: spec.url.clone(),
            kind: spec.kind,
            list: spec.list.clone(),
            section: spec.section.clone(),
            source: source.clone(),
        };
        let report = feeds_exam::examine(setup, &patient, now).await;
        let mut one = judged(spec, &report);
        if !one.ok && may_be_elsewhere(&report) {
            if site.is_none() {
                site = Some(search_site(setup, &source, now).await);
            }
            one.instead = best(spec, site.as_deref().unwrap_or_default(), &taken);
            taken.extend(one.instead.clone());
        }
        done.push(one);
        bar.inc(1);
    }
    done
}

fn judged(spec: &FeedSpec, report: &Report) -> Verified {
    let content = report.content.as_ref();
    let items = content.map_or(0, |content| content.items);
    let ok = report.ok && (items > 0 || !report.parts.is_empty());
    let trouble = match (&report.trouble, ok) {
        (Some(words), _) => Some(match &report.detail {
            Some(detail) => format!("{words} ({detail})"),
            None => (*words).to_owned(),
        }),
        (None, false) => Some("đọc được nhưng không có mục nào".to_owned()),
        (None, true) => None,
    };
    let moved = report
        .answer
        .as_ref()
        .and_then(|answer| answer.moved_to.clone());
    Verified {
        feed: spec.key.clone(),
        url: spec.url.clone(),
        ok,
        trouble,
        // A wrong section is a note, and keeps the address from being confirmed.
        confirm: ok
            && !spec.verified
            && !report.notes.iter().any(|note| note.contains("chuyên mục")),
        notes: report.notes.clone(),
        items,
        newest: content.and_then(|content| content.newest),
        instead: moved.filter(|_| ok),
    }
}

/// Whether looking for another address makes sense: not where the server only wants us to wait.
fn may_be_elsewhere(report: &Report) -> bool {
    !matches!(
        report.failure,
        Some(FailureKind::Throttled | FailureKind::Guard)
    )
}

/// What the paper's own hosts offer: the first of them that offers anything. The feeds' own hosts are asked first; they
/// know the scheme and port that a domain alone does not tell.
async fn search_site(setup: &Setup, source: &Source, now: Timestamp) -> Vec<Report> {
    let own = source
        .feeds
        .iter()
        .filter_map(|feed| feed.url.join("/").ok());
    let named = std::iter::once(&source.domain)
        .chain(&source.aliases)
        .filter_map(|host| Url::parse(&format!("https://{host}/")).ok());
    let mut met = HashSet::new();
    for home in own.chain(named) {
        if !met.insert(home.clone()) {
            continue;
        }
        let found = feeds_discover::discover(setup, source, &home, now).await;
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The address that serves a feed's purpose best: for a section one that carries it, for the general feed the one with
/// the newest item; never one that stands in the file already, and of its own kind only.
fn best(spec: &FeedSpec, site: &[Report], taken: &HashSet<Url>) -> Option<Url> {
    let free = site
        .iter()
        .filter(|report| report.kind == spec.kind && spec.kind != FeedKind::Page)
        .filter(|report| !taken.contains(&report.url));
    let carries = |report: &&Report| match &spec.section {
        None => true,
        Some(section) => {
            let named = report.url.path().contains(section.as_str());
            let counts = report.content.as_ref().map(|content| &content.sections);
            named
                || counts
                    .is_some_and(|counts| counts.first().is_some_and(|(most, _)| most == section))
        }
    };
    let newest = |report: &&Report| report.content.as_ref().and_then(|content| content.newest);
    // Of equals the first, which the site declares itself.
    free.filter(carries)
        .reduce(|best, next| {
            if newest(&next) > newest(&best) {
                next
            } else {
                best
            }
        })
        .map(|report| report.url.clone())
}

fn print(all: &[Verified]) {
    let rows = all.iter().map(|one| {
        let state = match &one.trouble {
            None => format!("tốt, {} mục", one.items),
            Some(trouble) => trouble.clone(),
        };
        let mut advice = one.notes.clone();
        if let Some(instead) = &one.instead {
            advice.push(format!("đổi thành {instead}"));
        }
        if one.confirm {
            advice.push("ghi verified = true".to_owned());
        }
        vec![one.feed.to_string(), state, advice.join("; ")]
    });
    out::table(&["nguồn", "kết quả", "đề nghị"], rows);
    let ok = all.iter().filter(|one| one.ok).count();
    out::line(&format!(
        "{} địa chỉ: {ok} tốt, {} không đọc được.",
        all.len(),
        all.len() - ok
    ));
}

/// Writes the changes into `feeds.toml` beside the config; where there is none yet, the shipped list with the changes.
fn write(args: &Args, changes: &[&Verified]) -> Result<(), AppError> {
    let mut desk = Desk::open(args)?;
    for one in changes {
        apply(&mut desk.file, one).map_err(anyhow::Error::from)?;
    }
    desk.write()?;
    if !args.json {
        let (count, path) = (changes.len(), desk.path.display());
        out::line(&format!(
            "Đã ghi {count} thay đổi vào {path}; chạy `systemctl reload diembao` để dùng."
        ));
    }
    Ok(())
}

fn apply(text: &mut FeedsFile, one: &Verified) -> Result<(), EditError> {
    if let Some(instead) = &one.instead {
        text.set_url(&one.feed, instead)?;
    }
    text.set_flag(&one.feed, "verified", true)
}
