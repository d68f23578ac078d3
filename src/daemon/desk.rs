//! The desk: judges what came in, and composes the editions that are due.
//!
//! An edition, its articles, the new watermark and one delivery a recipient are frozen in one transaction; what is due is
//! asked of the store and the calendar at every wake, so that a missed alarm, a restart or a jump of the clock changes
//! nothing.

use super::admin;
use super::calendar;
use super::health;
use super::letter::{self, Composed, LetterError, Writer};
use super::material;
use super::start::CatchUp;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::analyse::{self, topic::lessons::Lessons};
use crate::config::DigestConfig;
use crate::config::topics::Topics;
use crate::edition::{self, TemplateError, window};
use crate::model::{Article, Change, Ingest, NearKeys, Span, Verdict, Window};
use crate::store::{Analysis, Frozen, INDEX_AT_ONCE, NewEdition, StoreError, Unanalysed};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Articles judged in one go.
const CLAIM: u32 = 200;
/// Batches of one round: new rules have the whole archive read again, and an edition that is due must not wait for it.
const BATCHES: usize = 10;
/// How far back the first edition of a digest looks from the moment it was configured.
const FIRST_WINDOW: SignedDuration = SignedDuration::from_hours(24);
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
    let mut look = Look::default();
    loop {
        heart.beat();
        let mut more = false;
        let round = async {
            // Asked before the analysis: what is read after the question is the next round's.
            let waits = catch_up.waits(&works).await?;
            more = analyse(&works, BATCHES, || heart.beat()).await? == BATCHES * CLAIM as usize;
            while works.store.index_pending(INDEX_AT_ONCE).await? > 0 {
                heart.beat();
            }
            if waits {
                return Ok(Vec::new());
            }
            let made = compose_due(&works).await?;
            look.after(&works).await?;
            Ok::<_, DeskError>(made)
        };
        match round.await {
            Ok(made) => made.iter().for_each(announce),
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

/// How often the desk asks itself whether something needs a person: reading all feeds and mails has its price.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// When the desk last looked, and which editions it has called late.
#[derive(Debug, Default)]
struct Look {
    at: Option<Timestamp>,
    called: BTreeSet<String>,
}

impl Look {
    /// Says which editions are late, each once in a life of the process, and writes to the admin where it is due.
    async fn after(&mut self, works: &Works) -> Result<(), DeskError> {
        let now = works.clock.now();
        let since = self.at.map(|at| now.duration_since(at));
        if since.is_some_and(|since| !since.is_negative() && since < LOOK_EVERY) {
            return Ok(());
        }
        self.at = Some(now);
        for late in health::late(works, &works.setup()).await? {
            if self.called.insert(format!("{} {}", late.digest, late.slot)) {
                tracing::error!(
                    digest = late.digest.as_str(),
                    slot = late.slot,
                    waiting = late.waiting,
                    "an edition is not out half an hour after its time"
                );
            }
        }
        admin::report_due(works).await?;
        Ok(())
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

fn judge_all(setup: &Setup, lessons: &Lessons, articles: &[Unanalysed]) -> Vec<Analysis> {
    articles
        .iter()
        .map(|one| judge(setup, lessons, one))
        .collect()
}

/// A verdict with the admin's word in it, and whether the article's page is worth reading: it can matter, and no edition will pass it over.
fn judge(setup: &Setup, lessons: &Lessons, one: &Unanalysed) -> Analysis {
    let article = &one.article;
    let pages = setup.config.article.pages;
    let verdict = verdict(&setup.config.topics, lessons, article, &one.marks);
    // An address from a sitemap is judged by its page: there is nothing else.
    let unread = article.title.is_empty() && article.body.is_none();
    let page_wanted =
        pages && !article.backfill && (unread || analyse::topic::can_matter(&verdict));
    let (names, near) = match verdict.level {
        0 => (Vec::new(), NearKeys::default()),
        _ => (
            analyse::names::names(&article.text(), &setup.gazetteer),
            analyse::neardup::keys(article),
        ),
    };
    Analysis {
        article: article.id,
        verdict,
        page_wanted,
        names,
        near,
    }
}

/// What is thought of an article: an admin's words on it go before those on similar ones, which go before the lexicon.
pub(super) fn verdict(
    topics: &Topics,
    lessons: &Lessons,
    article: &Article,
    marks: &[String],
) -> Verdict {
    let found = if marks.is_empty() {
        analyse::topic::classify_with(topics, &article.text(), lessons)
    } else {
        analyse::topic::classify(topics, &article.text())
    };
    analyse::mark::apply(found, marks, topics)
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
    let mailed = calendar::mailed(works, digest).await?;
    if let Some(mailed) = mailed {
        // The editions of that time had it, though the restored data do not know of them.
        articles.retain(|article| article.published.unwrap_or(article.seen) >= mailed.until);
    }
    let window = Window {
        after,
        upto,
        covers: due.covers,
    };
    let mailed = mailed.map(|mailed| mailed.number).filter(|&n| n > 0);
    let draft = Draft {
        slot: &due.slot,
        window,
        articles,
        last_number: last.map(|last| last.number).max(mailed),
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
    let (setup, digest) = (Arc::clone(setup), digest.clone());
    let task = tokio::task::spawn_blocking(move || -> Result<Composed, DeskError> {
        material::group(&setup, &mut material, &earlier);
        super::tell::tell(
            &mut material.stories,
            &material.articles,
            &material.provinces,
        );
        let edition = edition::compose(&material);
        let options = letter::render_options(&setup, &digest, edition.number);
        let (rendered, failed) = edition::render_somehow(&setup.templates, &edition, &options)?;
        if let Some(fault) = failed {
            tracing::warn!(
                template = fault.name,
                line = fault.line,
                field = fault.field,
                reason = fault.reason,
                "a template fails on this edition; the built-in ones are used"
            );
        }
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
    let deliveries = Writer::new(works, setup, digest, composed)
        .await?
        .letters()?;
    let edition = &composed.edition;
    let articles = edition
        .stories
        .iter()
        .flat_map(|story| &story.articles)
        .chain(&edition.related)
        .chain(edition.reprints.iter().map(|reprint| &reprint.article))
        // A notice came in its window; the others stand in the editions that had them.
        .chain(
            edition
                .corrections
                .iter()
                .filter(|correction| correction.change == Change::Corrected)
                .map(|correction| &correction.article),
        );
    let new = NewEdition {
        articles: articles.map(|article| article.id).collect(),
        edition: edition.clone(),
        rendered: composed.rendered.clone(),
        deliveries,
        rereading: super::reread::plan(setup, edition),
    };
    Ok(works.store.freeze_edition(new).await?)
}
