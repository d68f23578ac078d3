//! The desk: judges what came in, and composes the editions that are due.
//!
//! An edition, its articles, the new watermark and one delivery a recipient are frozen in one transaction; what is due is
//! asked of the store and the calendar at every wake, so that a missed alarm, a restart or a jump of the clock changes
//! nothing.

use super::calendar;
use super::letter::{self, Composed, LetterError};
use super::material;
use super::start::CatchUp;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::analyse::topic::lessons::Lessons;
use crate::analyse::{self, topic};
use crate::config::DigestConfig;
use crate::config::topics::Topics;
use crate::edition::{self, TemplateError, window};
use crate::model::{Article, ArticleId, Ingest, Span, Verdict, Window};
use crate::store::{Frozen, NewDelivery, NewEdition, StoreError, Unanalysed};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Articles judged in one go.
const CLAIM: u32 = 200;
/// How far back the first edition of a digest looks from the moment it was configured.
const FIRST_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Batches of one round: a change of lexicon reads the whole archive again, and an edition that is due must not wait for it.
const BATCHES: usize = 10;
/// How often an edition is composed anew when the ledger changes meanwhile.
const STALE_TRIES: u32 = 3;

/// Why an edition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rendering failed, also with the built-in templates.
    #[error("rendering the edition: {0}")]
    Render(#[from] TemplateError),
    /// A letter could not be written.
    #[error("writing the letter to a recipient: {0}")]
    Letter(#[from] LetterError),
    /// Other commands went on composing at the same moment.
    #[error("the edition changed under our hands {0} times; it stays due")]
    Stale(u32),
    /// The analysis broke down.
    #[error("the analysis broke down: {0}")]
    Broken(String),
}

/// The daemon's loop; ends when `stop` turns true.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let mut catch_up = CatchUp::new(works.clock.now());
    loop {
        heart.beat();
        let round = async {
            // Asked before the analysis: what is read after the question is the next round's.
            let waits = catch_up.waits(&works).await?;
            let more = analyse(&works, BATCHES, || heart.beat()).await? == BATCHES * CLAIM as usize;
            if waits {
                return Ok((Vec::new(), more));
            }
            Ok::<_, DeskError>((compose_due(&works).await?, more))
        };
        let mut more = false;
        match round.await {
            Ok((made, rest)) => {
                made.iter().for_each(announce);
                more = rest;
            }
            Err(err) => tracing::error!(error = %err, "the desk could not finish its round"),
        }
        if more && !*stop.borrow() {
            continue;
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
        digest = edition.digest.as_str(),
        number = edition.number,
        slot = edition.slot,
        articles = edition.counts.articles,
        stories = edition.counts.stories,
        provinces = edition.counts.provinces,
        failing = edition.counts.failing,
        "edition composed"
    );
}

/// Judges every article that the present rules have not judged; returns how many. `progress` is called between batches.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn analyse_pending(works: &Works, progress: impl Fn()) -> Result<usize, DeskError> {
    analyse(works, usize::MAX, progress).await
}

/// New articles first, then those of older rules, the latest first; at most `batches` of [`CLAIM`].
async fn analyse(works: &Works, batches: usize, progress: impl Fn()) -> Result<usize, DeskError> {
    let lessons = Arc::new(Lessons::of(&works.store.marked().await?));
    let mut judged = 0;
    for _ in 0..batches {
        let setup = works.setup();
        let version = setup.analysis_version;
        let articles = works.store.claim_unanalysed(version, CLAIM).await?;
        if articles.is_empty() {
            return Ok(judged);
        }
        judged += articles.len();
        let lessons = Arc::clone(&lessons);
        let verdicts = tokio::task::spawn_blocking(move || judge_all(&setup, &lessons, &articles))
            .await
            .map_err(|err| DeskError::Broken(err.to_string()))?;
        works
            .store
            .commit_analyses(version, verdicts, works.clock.now())
            .await?;
        works.wakes.pages.notify_one();
        progress();
    }
    Ok(judged)
}

/// Verdicts, each with whether the article's page is worth reading: it can matter, and no edition will pass it over.
fn judge_all(
    setup: &Setup,
    lessons: &Lessons,
    articles: &[Unanalysed],
) -> Vec<(ArticleId, Verdict, bool)> {
    let pages = setup.config.article.pages;
    articles
        .iter()
        .map(|one| {
            let verdict = judge(&setup.config.topics, lessons, one);
            let page_wanted = pages && !one.article.backfill && topic::can_matter(&verdict);
            (one.article.id, verdict, page_wanted)
        })
        .collect()
}

/// A verdict with the admin's word in it: on this article, else on similar ones.
pub(super) fn judge(topics: &Topics, lessons: &Lessons, one: &Unanalysed) -> Verdict {
    let found = if one.marks.is_empty() {
        topic::classify_with(topics, &one.article.text(), lessons)
    } else {
        topic::classify(topics, &one.article.text())
    };
    analyse::mark::apply(found, &one.marks, topics)
}

/// Composes and freezes every edition that is due now.
///
/// # Errors
/// When the store, rendering or the letters fail: nothing of the failed edition is kept, and it stays due.
pub async fn compose_due(works: &Works) -> Result<Vec<Composed>, DeskError> {
    let mut made = Vec::new();
    let setup = works.setup();
    for due in window::due(&calendar::plans(works, &setup).await?, works.clock.now()) {
        let Some(digest) = setup
            .config
            .digests
            .iter()
            .find(|digest| digest.name == due.digest)
        else {
            continue;
        };
        if let Some(composed) = compose_and_freeze(works, &setup, digest, &due).await? {
            made.push(composed);
            works.wakes.post.notify_one();
        }
    }
    Ok(made)
}

/// Composes and freezes; composes anew when another process changed the ledger meanwhile. `None` if the slot was
/// frozen before.
///
/// # Errors
/// As [`compose_due`].
pub async fn compose_and_freeze(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    due: &window::Due,
) -> Result<Option<Composed>, DeskError> {
    for _ in 0..STALE_TRIES {
        let composed = compose(works, setup, digest, due).await?;
        match freeze(works, setup, digest, &composed).await? {
            Frozen::Now(_) => {
                return Ok(Some(Composed {
                    frozen: true,
                    ..composed
                }));
            }
            Frozen::Already(_) => return Ok(None),
            Frozen::Stale => {}
        }
    }
    Err(DeskError::Stale(STALE_TRIES))
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
    let after = last.as_ref().map_or(Ingest(0), |last| last.upto);
    let upto = works.store.highest_ingest().await?.max(after);
    let mut articles = works.store.candidates(&digest.name, after, upto, 1).await?;
    if last.is_none() {
        // A digest that is added later begins with the present, not with all that was ever stored.
        let begin = first_window(calendar::since(works, digest).await?);
        articles.retain(|article| article.seen >= begin);
    }
    let window = Window {
        after,
        upto,
        covers: due.covers,
    };
    let draft = Draft {
        slot: &due.slot,
        window,
        articles,
        last_number: last.map(|last| last.number),
    };
    compose_from(works, setup, digest, draft).await
}

/// When the first window of a digest begins that is known `since` then.
pub(super) fn first_window(since: Timestamp) -> Timestamp {
    since.saturating_sub(FIRST_WINDOW).unwrap_or(Timestamp::MIN)
}

/// What an edition is composed from.
pub(super) struct Draft<'a> {
    /// The civil time it is due for.
    pub slot: &'a str,
    /// What it draws from.
    pub window: Window,
    /// Its articles, with their verdicts.
    pub articles: Vec<Article>,
    /// Number of the edition before; `None` before the first.
    pub last_number: Option<u32>,
}

/// A review of these articles, outside of all editions: nothing is frozen.
///
/// # Errors
/// As [`compose`].
pub async fn review(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    articles: Vec<Article>,
    covers: Span,
) -> Result<Composed, DeskError> {
    let slot = covers
        .to
        .to_zoned(setup.config.daemon.time_zone.clone())
        .strftime("%Y-%m-%dT%H:%M")
        .to_string();
    let window = Window {
        after: Ingest(0),
        upto: works.store.highest_ingest().await?,
        covers,
    };
    let draft = Draft {
        slot: &slot,
        window,
        articles,
        last_number: None,
    };
    compose_from(works, setup, digest, draft).await
}

/// Composes and renders, without freezing.
pub(super) async fn compose_from(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    draft: Draft<'_>,
) -> Result<Composed, DeskError> {
    let Draft {
        slot,
        window,
        articles,
        last_number,
    } = draft;
    let (mut material, earlier) =
        material::gather(works, setup, digest, slot, window, articles, last_number).await?;
    let options = letter::render_options(setup, digest);
    let setup = Arc::clone(setup);
    let task = tokio::task::spawn_blocking(move || -> Result<Composed, DeskError> {
        material.reprints = analyse::neardup::reprints(&material.articles, &earlier);
        material.stories = material::stories(&setup, &material.articles);
        super::tell::tell(
            &mut material.stories,
            &material.articles,
            &material.provinces,
        );
        let edition = edition::compose(&material);
        let rendered = edition::render(&setup.templates, &edition, &options)?;
        Ok(Composed {
            edition,
            rendered,
            frozen: false,
        })
    });
    task.await
        .map_err(|err| DeskError::Broken(err.to_string()))?
}

/// Freezes a composed edition with one delivery a recipient.
///
/// # Errors
/// When a letter cannot be written, or the store fails; then nothing is frozen.
pub async fn freeze(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
) -> Result<Frozen, DeskError> {
    let mut deliveries = Vec::new();
    for recipient in letter::recipients(digest) {
        let (message_id, message) = letter::letter(setup, digest, composed, &recipient)?;
        deliveries.push(NewDelivery {
            recipient,
            message_id,
            message,
        });
    }
    let edition = &composed.edition;
    let articles = edition
        .stories
        .iter()
        .flat_map(|story| &story.articles)
        .chain(&edition.related)
        .chain(edition.reprints.iter().map(|reprint| &reprint.article));
    let new = NewEdition {
        articles: articles.map(|article| article.id).collect(),
        edition: edition.clone(),
        rendered: composed.rendered.clone(),
        deliveries,
    };
    Ok(works.store.freeze_edition(new).await?)
}
