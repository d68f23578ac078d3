//! The article pages' loop: claim the pages that are due → ask politely and read → commit.
//!
//! Only articles that can matter have a page due (the desk decides that); without its page, the sapo stands for the text.

use super::by_newspaper;
use super::poll::signed;
use super::reread;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::model::{
    Failure, FailureKind, FetchOutcome, Fetched, PageRules, Source, SourceKey, Validators,
};
use crate::net::{self, Request};
use crate::page;
use crate::store::{DuePage, PageOutcome, PageText, StoreError};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// Pages claimed in one go…
const CLAIM: u32 = 200;
/// …and of one newspaper: its pages are read in turn, and none should outlive its lease.
const CLAIM_PER_SOURCE: u32 = 20;
/// How long a claim lasts.
const LEASE: SignedDuration = SignedDuration::from_mins(15);
/// A page that could not be read is tried again after this, and after thrice this.
const RETRY: SignedDuration = SignedDuration::from_mins(20);

/// What came of one page.
#[derive(Debug, Clone)]
pub struct PageDone {
    /// Where it is.
    pub url: String,
    /// Why it could not be read.
    pub failure: Option<Failure>,
}

/// Reads every page that is due now, once; ends when none is left.
///
/// # Errors
/// When the store cannot be read or written; what was not committed stays due.
pub async fn pass(works: &Works, mut each: impl FnMut(&PageDone)) -> Result<(), StoreError> {
    loop {
        let due = claim(works).await?;
        if due.is_empty() {
            return Ok(());
        }
        read_all(works, due, &mut each).await?;
    }
}

/// The daemon's loop; ends when `stop` turns true.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    loop {
        heart.beat();
        let beating = async {
            loop {
                tokio::time::sleep(beat).await;
                heart.beat();
            }
        };
        let round = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            round = round(&works) => round,
            () = beating => return,
        };
        let wait = match round {
            Ok(0) => match works.store.next_due().await {
                Ok(next) => super::until(next.page, works.clock.now(), beat),
                Err(_) => beat,
            },
            Ok(_) => Duration::ZERO,
            Err(err) => {
                tracing::error!(error = %err, "article pages could not be claimed or stored; they are read again");
                beat
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = works.wakes.pages.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Reads pages that are due, and those of mailed articles that are due again; how many.
async fn round(works: &Works) -> Result<usize, StoreError> {
    let due = claim(works).await?;
    let pages = due.len();
    read_all(works, due, &mut |_| ()).await?;
    Ok(pages + reread::round(works).await?)
}

async fn claim(works: &Works) -> Result<Vec<DuePage>, StoreError> {
    works
        .store
        .claim_due_pages(works.clock.now(), LEASE, CLAIM_PER_SOURCE, CLAIM)
        .await
}

/// Reads claimed pages, newspaper by newspaper, and commits each as it comes.
async fn read_all(
    works: &Works,
    due: Vec<DuePage>,
    each: &mut impl FnMut(&PageDone),
) -> Result<(), StoreError> {
    let mut papers: JoinSet<Result<Vec<PageDone>, StoreError>> = JoinSet::new();
    let at_once = works.setup().config.article.newspapers_at_once.max(1);
    for (source, pages) in by_newspaper(due, |page| &page.source) {
        while papers.len() >= at_once {
            take_one(&mut papers, each).await?;
        }
        papers.spawn(read_in_turn(works.clone(), source, pages));
    }
    if papers.is_empty() {
        return Ok(());
    }
    while !papers.is_empty() {
        take_one(&mut papers, each).await?;
    }
    works.wakes.desk.notify_one();
    Ok(())
}

async fn take_one(
    papers: &mut JoinSet<Result<Vec<PageDone>, StoreError>>,
    each: &mut impl FnMut(&PageDone),
) -> Result<(), StoreError> {
    if let Some(Ok(done)) = papers.join_next().await {
        done?.iter().for_each(each);
    }
    Ok(())
}

async fn read_in_turn(
    works: Works,
    source: SourceKey,
    pages: Vec<DuePage>,
) -> Result<Vec<PageDone>, StoreError> {
    let mut done = Vec::with_capacity(pages.len());
    for due in pages {
        let setup = works.setup();
        let read = read_one(&works, &setup, &source, &due).await;
        let failure = read.as_ref().err().and_then(Trouble::failure);
        if let Some(failure) = &failure {
            let kind = failure.kind.as_str();
            tracing::debug!(
                article = due.article.0,
                url = due.url,
                kind,
                detail = failure.detail,
                "page not read"
            );
        }
        let outcome = match read {
            Ok(page) => PageOutcome::Read(Box::new(page)),
            Err(Trouble::NotWanted) => PageOutcome::NotWanted,
            Err(Trouble::NotNow(_, Some(at))) => PageOutcome::Failed { retry_at: at },
            Err(Trouble::NotNow(_, None)) => PageOutcome::Failed {
                retry_at: retry_at(&due, works.clock.now()),
            },
        };
        works
            .store
            .commit_page(
                due.article,
                outcome,
                signed(setup.config.fetch.backfill_max_age),
            )
            .await?;
        done.push(PageDone {
            url: due.url,
            failure,
        });
    }
    Ok(done)
}

fn retry_at(due: &DuePage, now: Timestamp) -> Timestamp {
    let wait = RETRY.saturating_mul(if due.tries == 0 { 1 } else { 3 });
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Why a page was not read.
pub(super) enum Trouble {
    /// It is not to be read: robots.txt, no article.
    NotWanted,
    /// Perhaps later, at the time given.
    NotNow(Failure, Option<Timestamp>),
}

impl Trouble {
    fn failure(&self) -> Option<Failure> {
        match self {
            Self::NotWanted => None,
            Self::NotNow(failure, _) => Some(failure.clone()),
        }
    }

    fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self::NotNow(
            Failure {
                kind,
                detail: detail.into(),
            },
            None,
        )
    }
}

/// Asks for a page, politely: robots.txt first, then the newspaper's turn. The second value holds the body's memory.
pub(super) async fn ask(
    works: &Works,
    setup: &Setup,
    source: &SourceKey,
    url: &str,
    validators: Validators,
) -> Result<(FetchOutcome, net::Held), Trouble> {
    let url = Url::parse(url).map_err(|_| Trouble::NotWanted)?;
    let known = setup.sources.get(source);
    let mut request = Request::page(url);
    request.validators = validators;
    request.configured_host = known.and_then(|source| configured_host(source));
    request.newspaper = Some(source.as_str().to_owned());
    request.user_agent = known.and_then(|source| source.access.user_agent.clone());
    let now = works.clock.now();
    match setup.robots.verdict(&setup.client, &request, now).await {
        net::Verdict::Allowed => Ok(setup.client.fetch_held(&request, now).await),
        net::Verdict::Disallowed => Err(Trouble::NotWanted),
        net::Verdict::NotNow(at) => {
            let failure = Failure {
                kind: FailureKind::Connect,
                detail: "robots.txt could not be read".to_owned(),
            };
            Err(Trouble::NotNow(failure, Some(at)))
        }
    }
}

/// By what rules a source's pages are read, and in which zone its times are.
pub(super) fn reading_of(setup: &Setup, source: &SourceKey) -> (PageRules, TimeZone) {
    match setup.sources.get(source) {
        Some(known) => (
            known.page_rules.clone(),
            super::zone_of(known, &setup.config),
        ),
        None => (PageRules::default(), setup.config.daemon.time_zone.clone()),
    }
}

async fn read_one(
    works: &Works,
    setup: &Arc<Setup>,
    source: &SourceKey,
    due: &DuePage,
) -> Result<PageText, Trouble> {
    let (outcome, held) = ask(works, setup, source, &due.url, Validators::default()).await?;
    let fetched = body(outcome)?;
    let validators = fetched.validators.clone();
    let (rules, zone) = reading_of(setup, source);
    let task = tokio::task::spawn_blocking(move || {
        let _held = held; // The page counts against the memory budget until it is read.
        page::extract(
            &fetched.body,
            fetched.content_type.as_deref(),
            Some(&fetched.final_url),
            &rules,
            &zone,
        )
    });
    let article = task
        .await
        .map_err(|err| Trouble::new(FailureKind::Reader, format!("the reader broke down: {err}")))?
        .map_err(|not| Trouble::new(FailureKind::NotAFeed, not.to_string()))?;
    Ok(PageText {
        title: Some(article.title).filter(|title| !title.is_empty()),
        sapo: article.lead,
        body: article.text,
        author: article.author,
        published: article.published,
        validators,
    })
}

/// The host of the source's feeds, as an admin wrote it: only there are opened private ranges open.
fn configured_host(source: &Source) -> Option<String> {
    source
        .feeds
        .iter()
        .find_map(|feed| feed.url.host_str())
        .map(str::to_owned)
}

fn body(outcome: FetchOutcome) -> Result<Box<Fetched>, Trouble> {
    match outcome {
        FetchOutcome::Fresh(fetched) => Ok(fetched),
        FetchOutcome::Gone => Err(Trouble::NotWanted),
        FetchOutcome::Failed(failure) => Err(Trouble::NotNow(failure, None)),
        FetchOutcome::Throttled { until, status } => {
            let failure = Failure {
                kind: FailureKind::Throttled,
                detail: format!("HTTP {status}"),
            };
            Err(Trouble::NotNow(failure, until))
        }
        FetchOutcome::NotModified(_) => Err(Trouble::new(
            FailureKind::Protocol,
            "304 to an unconditional request",
        )),
    }
}
