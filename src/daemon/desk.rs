//! The desk: judges what came in, and composes the editions that are due.
//!
//! An edition, its articles, the new watermark and one delivery a recipient are frozen in one transaction; what is due is
//! asked of the store and the calendar at every wake, so that a missed alarm, a restart or a jump of the clock changes
//! nothing.

use super::post::LetterError;
use super::start::CatchUp;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::analyse;
use crate::config::DigestConfig;
use crate::config::topics::Topics;
use crate::edition::{
    self, DigestSettings, Failing, Material, SourceInfo, StoryGroup, TemplateError, TopicHeading,
    window,
};
use crate::model::{
    Article, ArticleId, Edition, Failure, FailureKind, Ingest, Rendered, SourceKey, Span, Verdict,
    Window,
};
use crate::store::{FeedRow, Frozen, NewDelivery, NewEdition, StoreError, Unanalysed};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// All days of the week.
const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
/// Articles judged in one go.
const CLAIM: u32 = 200;
/// How far back the first edition of a digest looks from the moment it was configured.
const FIRST_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Events with their papers in a mail; the rest are listed by title (a review of more is a list, not a review).
const LISTED: usize = 30;
/// An edition repeats nothing of those of so many days before it.
const REMEMBERED: i64 = 7;
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
    let mut catch_up = CatchUp::new(works.clock.now());
    loop {
        heart.beat();
        let round = async {
            // Asked before the analysis: what is read after the question is the next round's.
            let waits = catch_up.waits(&works).await?;
            analyse_pending(&works, || heart.beat()).await?;
            if waits {
                return Ok(Vec::new());
            }
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

/// Judges every article that the present lexicon has not judged; returns how many. `progress` is called between batches.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn analyse_pending(works: &Works, progress: impl Fn()) -> Result<usize, DeskError> {
    let mut judged = 0;
    loop {
        let setup = works.setup();
        let version = setup.analysis_version;
        let articles = works.store.claim_unanalysed(version, CLAIM).await?;
        if articles.is_empty() {
            return Ok(judged);
        }
        judged += articles.len();
        let verdicts = tokio::task::spawn_blocking(move || judge_all(&setup, &articles))
            .await
            .map_err(|err| DeskError::Broken(err.to_string()))?;
        works
            .store
            .commit_analyses(version, verdicts, works.clock.now())
            .await?;
        works.wakes.pages.notify_one();
        progress();
    }
}

fn judge_all(setup: &Setup, articles: &[Unanalysed]) -> Vec<(ArticleId, Verdict, bool)> {
    articles
        .iter()
        .map(|one| judge(&setup.config.topics, setup.config.article.pages, one))
        .collect()
}

/// A verdict with the admin's word in it, and whether the article's page is worth reading: it can matter, and no edition will pass it over.
fn judge(topics: &Topics, pages: bool, one: &Unanalysed) -> (ArticleId, Verdict, bool) {
    let article = &one.article;
    let found = analyse::topic::classify(topics, &article.text());
    let verdict = analyse::mark::apply(found, &one.marks, topics);
    let page_wanted = pages && !article.backfill && analyse::topic::can_matter(topics, &verdict);
    (article.id, verdict, page_wanted)
}

/// Composes and freezes every edition that is due now.
///
/// # Errors
/// When the store, rendering or the letters fail: nothing of the failed edition is kept, and it stays due.
pub async fn compose_due(works: &Works) -> Result<Vec<Composed>, DeskError> {
    let mut made = Vec::new();
    let setup = works.setup();
    for due in window::due(&plans(works, &setup).await?, works.clock.now()) {
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
pub async fn plan(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
) -> Result<window::Plan, StoreError> {
    let last = match works.store.last_edition(&digest.name).await? {
        Some(head) => works.store.edition(head.id).await?,
        None => None,
    };
    Ok(window::Plan {
        digest: digest.name.clone(),
        schedule: schedule(setup, digest),
        since: since(works, digest).await?,
        last: last.map(|last| window::LastEdition {
            slot: last.edition.slot,
            covers_to: last.edition.window.covers.to,
        }),
    })
}

/// Since when the digest is configured here; noted at the first question.
async fn since(works: &Works, digest: &DigestConfig) -> Result<Timestamp, StoreError> {
    let key = format!("digest.{}.since", digest.name);
    if let Some(since) = works
        .store
        .meta(&key)
        .await?
        .and_then(|text| text.parse().ok())
    {
        return Ok(since);
    }
    let now = works.clock.now();
    works.store.set_meta(&key, &now.to_string()).await?;
    Ok(now)
}

/// When a digest comes out.
pub fn schedule(setup: &Setup, digest: &DigestConfig) -> window::Schedule {
    window::Schedule {
        time: digest.at,
        days: window::Days::new(WEEK.into_iter().filter(|day| digest.days.contains(*day))),
        zone: setup.config.daemon.time_zone.clone(),
        holidays: match digest.on_holidays {
            true => Arc::default(),
            false => Arc::clone(&setup.config.holidays),
        },
    }
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
        let begin = since(works, digest)
            .await?
            .saturating_sub(FIRST_WINDOW)
            .unwrap_or(Timestamp::MIN);
        articles.retain(|article| article.seen >= begin);
    }
    let window = Window {
        after,
        upto,
        covers: due.covers,
    };
    compose_from(
        works,
        setup,
        digest,
        &due.slot,
        window,
        articles,
        last.map(|last| last.number),
    )
    .await
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
    compose_from(works, setup, digest, &slot, window, articles, None).await
}

async fn compose_from(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    slot: &str,
    window: Window,
    articles: Vec<Article>,
    last_number: Option<u32>,
) -> Result<Composed, DeskError> {
    let (sources_ok, failing) = coverage(&works.store.list_feeds().await?, window.covers.from);
    let date = works
        .clock
        .now()
        .to_zoned(setup.config.daemon.time_zone.clone())
        .date();
    let week_begin = date.saturating_sub(6.days());
    let articles: Vec<Article> = articles
        .into_iter()
        .filter(|article| is_wanted(setup, digest, article))
        .collect();
    let earlier = earlier(works, digest, date, last_number).await?;
    let mut material = Material {
        digest: settings(setup, digest),
        slot: slot.to_owned(),
        window,
        time_zone: setup
            .config
            .daemon
            .time_zone
            .iana_name()
            .unwrap_or("Asia/Ho_Chi_Minh")
            .to_owned(),
        composed_at: works.clock.now(),
        last_number,
        stories: Vec::new(),
        reprints: BTreeMap::new(),
        sources: source_infos(setup, &articles),
        articles,
        topics: setup
            .config
            .topics
            .list
            .iter()
            .map(|topic| TopicHeading {
                key: topic.key.clone(),
                name: topic.name.clone(),
            })
            .collect(),
        provinces: setup
            .config
            .places
            .all()
            .iter()
            .map(|province| province.name.clone())
            .collect(),
        sources_ok,
        failing,
        week: works.store.edition_sizes(&digest.name, week_begin).await?,
        contact: digest.contact.clone(),
    };
    let options = super::post::render_options(setup, digest);
    let setup = Arc::clone(setup);
    let task = tokio::task::spawn_blocking(move || -> Result<Composed, DeskError> {
        material.reprints = analyse::neardup::reprints(&material.articles, &earlier);
        material.stories = stories(&setup, &material.articles);
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

/// What the digest's editions of the last days had. A review outside of all editions repeats freely.
async fn earlier(
    works: &Works,
    digest: &DigestConfig,
    date: Date,
    last_number: Option<u32>,
) -> Result<Vec<(Article, u32)>, StoreError> {
    match last_number {
        Some(_) => {
            let from = date.saturating_sub(REMEMBERED.days());
            works.store.published_since(&digest.name, from).await
        }
        None => Ok(Vec::new()),
    }
}

/// Reports of one event, and their copies, make one story.
fn stories(setup: &Setup, articles: &[Article]) -> Vec<StoryGroup> {
    let rank = |key: &SourceKey| {
        setup
            .sources
            .get(key)
            .map_or(u16::MAX, |source| source.rank)
    };
    let copies = analyse::neardup::copies(articles, rank);
    analyse::story::stories(articles, copies, rank)
        .into_iter()
        .map(|copies| StoryGroup {
            copies,
            ..StoryGroup::default()
        })
        .collect()
}

fn settings(setup: &Setup, digest: &DigestConfig) -> DigestSettings {
    let province = |key: &str| {
        setup
            .config
            .places
            .get(key)
            .map(|province| province.name.clone())
    };
    DigestSettings {
        name: digest.name.clone(),
        title: digest.title.clone(),
        home_province: digest.home_province.as_deref().and_then(province),
        leads: digest.lead_stories,
        min_level: digest.min_level,
        first_number: digest.first_number,
        listed: LISTED,
    }
}

/// The sources that are watched, and those that articles stand in.
fn source_infos(setup: &Setup, articles: &[Article]) -> BTreeMap<SourceKey, SourceInfo> {
    let province = |key: &String| {
        setup
            .config
            .places
            .get(key)
            .map(|province| province.name.clone())
    };
    setup
        .sources
        .values()
        .filter(|source| {
            source.feeds.iter().any(|feed| feed.enabled)
                || articles.iter().any(|article| article.source == source.key)
        })
        .map(|source| {
            let info = SourceInfo {
                name: source.name.clone(),
                province: source.province.as_ref().and_then(province),
                rank: source.rank,
            };
            (source.key.clone(), info)
        })
        .collect()
}

/// Sources that were read since `from`, and those of which a feed could not be read.
fn coverage(feeds: &[FeedRow], from: Timestamp) -> (u32, Vec<Failing>) {
    let mut papers: BTreeMap<&SourceKey, Vec<&FeedRow>> = BTreeMap::new();
    for row in feeds.iter().filter(|row| row.enabled) {
        papers.entry(&row.feed.source).or_default().push(row);
    }
    let mut ok = 0;
    let mut failing = Vec::new();
    for (source, rows) in papers {
        let read = |row: &&&FeedRow| {
            row.feed.state.last_ok_at.is_some_and(|at| at >= from) && trouble(row).is_none()
        };
        ok += u32::from(rows.iter().any(|row| read(&row)));
        // The feed that fails longest speaks for its paper.
        let worst = rows
            .iter()
            .filter_map(|row| Some((trouble(row)?, row)))
            .min_by_key(|((since, _), _)| *since);
        if let Some(((since, failure), row)) = worst {
            let last_ok = row.feed.state.last_ok_at;
            failing.push(Failing {
                source: source.clone(),
                kind: failure.kind,
                since: Some(since),
                last_ok,
            });
        }
    }
    (ok, failing)
}

/// Since when a feed fails, and how; `None` for a healthy one.
fn trouble(row: &FeedRow) -> Option<(Timestamp, Failure)> {
    let state = &row.feed.state;
    let gone = Failure {
        kind: FailureKind::Gone,
        detail: String::new(),
    };
    if let Some(at) = state.retired_at {
        return Some((at, gone));
    }
    Some((state.failing_since?, state.failure.clone()?))
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
    for recipient in super::post::recipients(digest) {
        let (message_id, message) = super::post::letter(setup, digest, composed, &recipient)?;
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

/// Whether an article passes the digest's own filter of topics and provinces.
fn is_wanted(setup: &Setup, digest: &DigestConfig, article: &Article) -> bool {
    let topic = digest.topics.is_empty()
        || article.verdict.as_ref().is_some_and(|v| {
            v.topics
                .iter()
                .any(|score| digest.topics.contains(&score.topic))
        });
    let province = digest.provinces.is_empty()
        || setup
            .sources
            .get(&article.source)
            .and_then(|source| source.province.as_ref())
            .is_some_and(|province| digest.provinces.contains(province));
    topic && province
}
