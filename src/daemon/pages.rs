//! The article pages' loop: claim the pages that are due → ask politely and read → commit.
//!
//! Only articles that can matter have a page due (the desk decides that); without its page, the sapo stands for the text.

use super::poll::signed;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::model::{Failure, FailureKind, FetchOutcome, SourceKey};
use crate::net::{PageAnswer, PageRequest};
use crate::page;
use crate::store::{DuePage, PageOutcome, PageText, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// Pages claimed in one go.
const CLAIM: u32 = 200;

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
        let due = works.store.claim_due_pages(works.clock.now(), CLAIM).await?;
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
        let wait = match works.store.claim_due_pages(works.clock.now(), CLAIM).await {
            Ok(due) if due.is_empty() => match works.store.next_due().await {
                Ok(next) => super::until(next.page, works.clock.now(), beat),
                Err(_) => beat,
            },
            Ok(due) => {
                let beating = async {
                    loop {
                        tokio::time::sleep(beat).await;
                        heart.beat();
                    }
                };
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return,
                    () = beating => {}
                    result = read_all(&works, due, &mut |_| {}) => {
                        if let Err(err) = result {
                            tracing::error!(error = %err, "article pages could not be stored; they are read again");
                        }
                    }
                }
                Duration::ZERO
            }
            Err(err) => {
                tracing::error!(error = %err, "article pages that are due could not be claimed");
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

/// Reads claimed pages, newspaper by newspaper, and commits each as it comes.
async fn read_all(works: &Works, due: Vec<DuePage>, each: &mut impl FnMut(&PageDone)) -> Result<(), StoreError> {
    let mut papers: JoinSet<Result<Vec<PageDone>, StoreError>> = JoinSet::new();
    let at_once = works.setup().config.article.newspapers_at_once.max(1);
    for (source, pages) in by_newspaper(due) {
        while papers.len() >= at_once {
            take_one(&mut papers, each).await?;
        }
        papers.spawn(read_in_turn(works.clone(), source, pages));
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

fn by_newspaper(due: Vec<DuePage>) -> Vec<(SourceKey, Vec<DuePage>)> {
    let mut papers: Vec<(SourceKey, Vec<DuePage>)> = Vec::new();
    for page in due {
        match papers.iter_mut().find(|(source, _)| *source == page.source) {
            Some((_, pages)) => pages.push(page),
            None => papers.push((page.source.clone(), vec![page])),
        }
    }
    papers
}

async fn read_in_turn(works: Works, source: SourceKey, pages: Vec<DuePage>) -> Result<Vec<PageDone>, StoreError> {
    let mut done = Vec::with_capacity(pages.len());
    for due in pages {
        let setup = works.setup();
        let outcome = read_one(&setup, &source, &due).await;
        let failure = match &outcome {
            PageOutcome::Failed { failure, .. } => Some(failure.clone()),
            _ => None,
        };
        if let Some(failure) = &failure {
            tracing::debug!(article = due.id.0, url = due.url, kind = failure.kind.as_str(), detail = failure.detail, "page not read");
        }
        let backfill_after = signed(setup.config.fetch.backfill_max_age);
        works.store.commit_page(due.id, outcome, backfill_after, works.clock.now()).await?;
        done.push(PageDone { url: due.url, failure });
    }
    Ok(done)
}

async fn read_one(setup: &Arc<Setup>, source: &SourceKey, due: &DuePage) -> PageOutcome {
    let Ok(url) = Url::parse(&due.url) else {
        return failed(FailureKind::Protocol, "the article's address is no address".to_owned());
    };
    let known = setup.sources.get(source);
    let request = PageRequest {
        url: url.clone(),
        newspaper: source.as_str().to_owned(),
        user_agent: known.and_then(|source| source.user_agent.clone()),
    };
    let fetched = match setup.client.page(&request).await {
        PageAnswer::Forbidden => return PageOutcome::NotWanted,
        PageAnswer::Fetched(FetchOutcome::Fresh(fetched)) => fetched,
        PageAnswer::Fetched(FetchOutcome::Gone) => return failed(FailureKind::Gone, "410 Gone".to_owned()),
        PageAnswer::Fetched(FetchOutcome::Failed(failure)) => return PageOutcome::Failed { failure, not_before: None },
        PageAnswer::Fetched(FetchOutcome::Throttled { until, status }) => {
            let failure = Failure { kind: FailureKind::Throttled, detail: format!("HTTP {status}") };
            return PageOutcome::Failed { failure, not_before: until };
        }
        PageAnswer::Fetched(FetchOutcome::NotModified(_)) => {
            return failed(FailureKind::Protocol, "304 to an unconditional request".to_owned());
        }
    };
    let zone = known.map_or_else(|| setup.config.daemon.time_zone.clone(), |s| super::zone_of(s, &setup.config));
    let rules = known.map(|source| source.page_rules.clone()).unwrap_or_default();
    let task = tokio::task::spawn_blocking(move || {
        page::extract(&fetched.body, fetched.content_type.as_deref(), Some(&fetched.final_url), &rules, &zone)
    });
    match task.await {
        Ok(Ok(article)) => PageOutcome::Read(PageText {
            title: article.title,
            sapo: article.lead,
            body: article.text,
            author: article.author,
            published: article.published,
            section: article.section,
        }),
        Ok(Err(not)) => failed(FailureKind::NotAFeed, not.to_string()),
        Err(err) => failed(FailureKind::Reader, format!("the reader broke down: {err}")),
    }
}

fn failed(kind: FailureKind, detail: String) -> PageOutcome {
    PageOutcome::Failed { failure: Failure { kind, detail }, not_before: None }
}
