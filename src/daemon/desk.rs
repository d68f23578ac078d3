//! The desk: judges what came in, and composes the editions that are due.
//!
//! An edition, its articles, the new watermark and one delivery a recipient are frozen in one transaction; what is due is
//! asked of the store and the calendar at every wake, so that a missed alarm, a restart or a jump of the clock changes
//! nothing.

use super::watch::Heart;
use super::works::{Setup, Works};
use crate::analyse::{neardup, topic::Classifier};
use crate::config::DigestConfig;
use crate::edition::{self, DeskInput, window};
use crate::mail;
use crate::model::{Article, ArticleId, DigestName, Edition, Rendered, SourceKey, Verdict, Window};
use crate::store::{Analysed, Frozen, NewDelivery, NewEdition, StoreError};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Articles judged in one go.
const CLAIM: u32 = 200;

/// Why an edition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rendering failed, also with the built-in templates.
    #[error("rendering the edition: {0}")]
    Render(#[from] edition::RenderError),
    /// A mail could not be built.
    #[error("building the mail for a recipient: {0}")]
    Mail(#[from] mail::BuildError),
    /// The analysis broke down.
    #[error("the analysis broke down: {0}")]
    Broken(String),
}

/// An edition with its forms, frozen or not.
#[derive(Debug, Clone)]
pub struct Composed {
    /// What it says.
    pub edition: Edition,
    /// As it is sent.
    pub rendered: Rendered,
    /// Whether this call froze it.
    pub frozen: bool,
}

/// The daemon's loop; ends when `stop` turns true.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    loop {
        heart.beat();
        let round = async {
            analyse_pending(&works, || heart.beat()).await?;
            compose_due(&works).await
        };
        match round.await {
            Ok(made) => made.iter().for_each(announce),
            Err(err) => tracing::error!(error = %err, "the desk could not finish its round"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = works.wakes.desk.notified() => {}
            () = tokio::time::sleep(beat) => {}
        }
    }
}

fn announce(made: &Composed) {
    let edition = &made.edition;
    tracing::info!(
        digest = edition.digest.as_str(), number = edition.number, slot = edition.slot, articles = edition.counts.articles,
        stories = edition.counts.stories, provinces = edition.counts.provinces, failing = edition.counts.failing,
        "edition composed"
    );
}

/// Judges every article that the present lexicon has not judged; returns how many. `progress` is called between batches.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn analyse_pending(works: &Works, progress: impl Fn()) -> Result<usize, DeskError> {
    let mut judged = 0;
    loop {
        let setup = works.setup();
        let version = setup.classifier.version();
        let articles = works.store.claim_unanalysed(version, CLAIM).await?;
        if articles.is_empty() {
            return Ok(judged);
        }
        judged += articles.len();
        let pages = setup.config.article.pages;
        let verdicts = tokio::task::spawn_blocking(move || judge_all(&setup.classifier, &articles, pages))
            .await
            .map_err(|err| DeskError::Broken(err.to_string()))?;
        works.store.commit_analyses(version, verdicts, works.clock.now()).await?;
        works.wakes.pages.notify_one();
        progress();
    }
}

fn judge_all(classifier: &Classifier, articles: &[Article], pages: bool) -> Vec<Analysed> {
    articles
        .iter()
        .map(|article| {
            let verdict = classifier.classify(&article.text());
            let page_wanted = pages && !article.backfill && classifier.page_can_matter(&verdict);
            Analysed { article: article.id, verdict, page_wanted }
        })
        .collect()
}

/// Composes and freezes every edition that is due now.
///
/// # Errors
/// When the store, rendering or the mails fail: nothing of the failed edition is kept, and it stays due.
pub async fn compose_due(works: &Works) -> Result<Vec<Composed>, DeskError> {
    let mut made = Vec::new();
    let setup = works.setup();
    for due in window::due(&plans(works, &setup).await?, works.clock.now()) {
        let Some(digest) = setup.config.digests.iter().find(|digest| digest.name == due.digest) else { continue };
        let composed = compose(works, &setup, digest, &due).await?;
        if let Some(composed) = freeze(works, &setup, digest, composed).await? {
            made.push(composed);
            works.wakes.post.notify_one();
        }
    }
    Ok(made)
}

/// What the calendar must know of every digest.
///
/// # Errors
/// When the store cannot be read.
pub async fn plans(works: &Works, setup: &Setup) -> Result<Vec<window::Plan>, StoreError> {
    let mut plans = Vec::new();
    for digest in &setup.config.digests {
        plans.push(plan(works, setup, digest).await?);
    }
    Ok(plans)
}

/// What the calendar must know of one digest.
///
/// # Errors
/// When the store cannot be read.
pub async fn plan(works: &Works, setup: &Setup, digest: &DigestConfig) -> Result<window::Plan, StoreError> {
    let since = works.store.digest_since(&digest.name, works.clock.now()).await?;
    let last = works.store.last_edition(&digest.name).await?;
    Ok(window::Plan {
        digest: digest.name.clone(),
        schedule: schedule(setup, digest),
        since,
        last: last.map(|last| window::LastEdition { slot: last.slot, covers_to: last.covers_to }),
    })
}

/// When a digest comes out.
pub fn schedule(setup: &Setup, digest: &DigestConfig) -> window::Schedule {
    window::Schedule { time: digest.at, days: digest.days, zone: setup.config.daemon.time_zone.clone() }
}

/// Composes an edition for a slot, without freezing it.
///
/// # Errors
/// When the store cannot be read, or the edition cannot be rendered.
pub async fn compose(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    due: &window::Due,
) -> Result<Composed, DeskError> {
    let last = works.store.last_edition(&digest.name).await?;
    let after = last.as_ref().map_or(crate::model::Ingest(0), |last| last.upto);
    let upto = works.store.highest_ingest().await?.max(after);
    let articles = works.store.candidates(&digest.name, after, upto, 1).await?;
    let number = last.as_ref().map_or(digest.first_number, |last| last.number + 1);
    let input = DeskInput {
        digest: settings(setup, digest),
        number,
        slot: due.slot.clone(),
        window: Window { after, upto, covers: due.covers },
        composed_at: works.clock.now(),
        articles: articles.into_iter().filter(|article| is_wanted(setup, digest, article)).collect(),
        sources: source_views(setup),
        topics: setup.classifier.headings(),
        provinces: setup.config.places.all().iter().map(|p| p.name.clone()).collect(),
        coverage: coverage(works, setup, due.covers.from).await?,
        week: works.store.articles_by_edition_day(&digest.name, 6).await?,
    };
    let setup = Arc::clone(setup);
    let task = tokio::task::spawn_blocking(move || -> Result<Composed, DeskError> {
        let edition = edition::compose(input);
        let rendered = edition::render(&setup.templates, &edition)?;
        Ok(Composed { edition, rendered, frozen: false })
    });
    task.await.map_err(|err| DeskError::Broken(err.to_string()))?
}

/// Freezes a composed edition with one delivery a recipient; `None` if its slot was frozen before.
///
/// # Errors
/// When a mail cannot be built, or the store fails; then nothing is frozen.
pub async fn freeze(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    mut composed: Composed,
) -> Result<Option<Composed>, DeskError> {
    let now = works.clock.now();
    let mut deliveries = Vec::new();
    for recipient in super::post::recipients(digest) {
        let (message_id, message) = super::post::message(setup, digest, &composed, &recipient)?;
        deliveries.push(NewDelivery { recipient, message_id, message });
    }
    let frozen = NewEdition { edition: composed.edition.clone(), rendered: composed.rendered.clone(), deliveries };
    match works.store.freeze_edition(frozen, now).await? {
        Frozen::New(_) => {
            composed.frozen = true;
            Ok(Some(composed))
        }
        Frozen::Already => Ok(None),
    }
}

/// Whether an article passes the digest's own filter of topics and provinces.
fn is_wanted(setup: &Setup, digest: &DigestConfig, article: &Article) -> bool {
    let topic = digest.topics.is_empty()
        || article.verdict.as_ref().is_some_and(|v| v.topics.iter().any(|score| digest.topics.contains(&score.topic)));
    let province = digest.provinces.is_empty()
        || setup
            .sources
            .get(&article.source)
            .and_then(|source| source.province.as_ref())
            .is_some_and(|province| digest.provinces.contains(province));
    topic && province
}
