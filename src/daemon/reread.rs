//! Mailed articles' pages, asked again once a day: did the paper take the report down, or change its headline or figures?
//!
//! A paper is not called a withdrawer lightly. A page must look gone twice, an hour apart, while another article of the
//! same paper stands; where most of a paper's pages look gone at once, its site has changed, not its reports.

use super::by_newspaper;
use super::pages::{Trouble, ask, reading_of};
use super::works::{Setup, Works};
use crate::model::{Article, Edition, FailureKind, FetchOutcome, Fetched, SourceKey, Validators};
use crate::page::{self, Again, PageArticle};
use crate::store::{DueReread, PageNow, Reread, Rereading, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tokio::task::JoinSet;
use url::Url;

/// Pages asked again in one go…
const CLAIM: u32 = 200;
/// …and of one newspaper.
const CLAIM_PER_SOURCE: u32 = 20;
/// How long a claim lasts.
const LEASE: SignedDuration = SignedDuration::from_mins(30);
/// After an edition: four hours before the next day's, when papers have had their evening.
const FIRST: SignedDuration = SignedDuration::from_hours(20);
/// From then on.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// A page that looks gone is asked once more after this, so that the next edition can say so.
const CONFIRM: SignedDuration = SignedDuration::from_mins(60);
/// Two looks that lie closer together are one.
const APART: SignedDuration = SignedDuration::from_mins(30);
/// Of one edition at most; the stories come before what is only listed.
const MOST: usize = 200;
/// From so many pages on that look gone, a paper's site is suspected, where they are most of those that were asked.
const SITE_WIDE: usize = 3;
/// An article seen within this shows whether the paper's site works…
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// …if one of so many stands.
const WITNESSES: u32 = 3;
/// The least share of words that an old and a new lead have in common.
const SAME_LEAD: f64 = 0.6;

/// When the pages of a frozen edition's articles are asked again.
pub(super) fn plan(setup: &Setup, edition: &Edition) -> Rereading {
    let days = match setup.config.article.pages {
        true => setup.config.article.reread_days,
        false => 0,
    };
    if days == 0 {
        return Rereading::default();
    }
    let after = |span: SignedDuration| {
        let at = edition.composed_at.saturating_add(span);
        at.unwrap_or(Timestamp::MAX)
    };
    let stories = edition.stories.iter().flat_map(|story| &story.articles);
    let articles = stories.chain(&edition.related).map(|article| article.id);
    Rereading {
        articles: articles.take(MOST).collect(),
        first: after(FIRST),
        until: after(SignedDuration::from_hours(24 * i64::from(days))),
    }
}

/// Asks the pages that are due again, once; how many.
///
/// # Errors
/// When the store cannot be read or written; what was not committed is asked once more.
pub async fn round(works: &Works) -> Result<usize, StoreError> {
    let due = works
        .store
        .claim_rereads(works.clock.now(), LEASE, CLAIM_PER_SOURCE, CLAIM)
        .await?;
    let asked = due.len();
    let at_once = works.setup().config.article.newspapers_at_once.max(1);
    let mut papers: JoinSet<Result<(), StoreError>> = JoinSet::new();
    for (source, pages) in by_newspaper(due, |page| &page.article.source) {
        while papers.len() >= at_once {
            take_one(&mut papers).await?;
        }
        papers.spawn(one_newspaper(works.clone(), source, pages));
    }
    while !papers.is_empty() {
        take_one(&mut papers).await?;
    }
    if asked > 0 {
        works.wakes.desk.notify_one();
    }
    Ok(asked)
}

async fn take_one(papers: &mut JoinSet<Result<(), StoreError>>) -> Result<(), StoreError> {
    // One that broke down stays claimed, and due when the claim ends.
    papers
        .join_next()
        .await
        .map_or(Ok(()), |done| done.unwrap_or(Ok(())))
}

/// What one look at a page shows.
#[derive(Debug, Clone, PartialEq)]
enum Sight {
    /// The article stands; what the page says now, unless nothing changed.
    Stands(Option<Box<(PageArticle, Validators)>>),
    /// 404 or 410.
    Missing,
    /// The home page, a section or a notice in its place.
    Replaced,
    /// The server's trouble, or something else in its place.
    Unclear,
    /// Not to be asked: robots.txt.
    Unwanted,
}

impl Sight {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Missing | Self::Replaced)
    }
}

async fn one_newspaper(
    works: Works,
    source: SourceKey,
    pages: Vec<DueReread>,
) -> Result<(), StoreError> {
    let mut seen = Vec::with_capacity(pages.len());
    for due in pages {
        let sight = look(
            &works,
            &source,
            &due.article,
            due.page_title.as_deref(),
            due.validators.clone(),
        )
        .await;
        seen.push((due, sight));
    }
    // Those that were suspected before come back alone: they say nothing of the site.
    let first = || seen.iter().filter(|(due, _)| due.missing_since.is_none());
    let clear = first().filter(|(_, sight)| !matches!(sight, Sight::Unclear | Sight::Unwanted));
    let gone = first().filter(|(_, sight)| sight.is_gone()).count();
    let site_wide = gone >= SITE_WIDE && gone * 2 > clear.count();
    let stands = |(_, sight): &(DueReread, Sight)| matches!(sight, Sight::Stands(_));
    let mut witness = seen.iter().any(stands).then_some(Witness::Article);
    for (due, sight) in seen {
        if witness.is_none() && sight.is_gone() && !site_wide {
            witness = Some(find_witness(&works, &source, &due.article).await?);
        }
        let proven = !site_wide && witness.is_some_and(|witness| witness.proves(&sight));
        let now = works.clock.now();
        let reread = decide(&due, sight, proven, now);
        if reread.withdrawn_at.is_some() {
            tracing::info!(
                article = due.article.id.0,
                source = source.as_str(),
                url = due.article.url,
                "a mailed article was taken down by its paper"
            );
        }
        works.store.commit_reread(due.article.id, reread).await?;
    }
    Ok(())
}

/// What shows that a paper's site works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Witness {
    /// Another article of it stands.
    Article,
    /// No other article is known, but its home page answers. That says nothing of a site that shows it for every address.
    Home,
    /// Nothing does.
    Nobody,
}

impl Witness {
    fn proves(self, sight: &Sight) -> bool {
        match self {
            Self::Article => sight.is_gone(),
            Self::Home => *sight == Sight::Missing,
            Self::Nobody => false,
        }
    }
}

async fn find_witness(
    works: &Works,
    source: &SourceKey,
    suspect: &Article,
) -> Result<Witness, StoreError> {
    let now = works.clock.now();
    let since = now.saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
    let others = works
        .store
        .standing(source, suspect.id, since, WITNESSES)
        .await?;
    for other in &others {
        let seen = look(works, source, other, None, Validators::default()).await;
        if matches!(seen, Sight::Stands(_)) {
            return Ok(Witness::Article);
        }
    }
    let home = Url::parse(&suspect.url).and_then(|url| url.join("/"));
    let (Ok(home), true) = (home, others.is_empty()) else {
        return Ok(Witness::Nobody);
    };
    let answer = ask(
        works,
        &works.setup(),
        source,
        home.as_str(),
        Validators::default(),
    )
    .await;
    Ok(match answer {
        Ok((FetchOutcome::Fresh(_), _)) => Witness::Home,
        _ => Witness::Nobody,
    })
}

async fn look(
    works: &Works,
    source: &SourceKey,
    article: &Article,
    page_title: Option<&str>,
    validators: Validators,
) -> Sight {
    let setup = works.setup();
    let (outcome, held) = match ask(works, &setup, source, &article.url, validators).await {
        Ok(answer) => answer,
        Err(Trouble::NotWanted) => return Sight::Unwanted,
        Err(Trouble::NotNow(..)) => return Sight::Unclear,
    };
    let fetched = match outcome {
        FetchOutcome::Fresh(fetched) => fetched,
        FetchOutcome::NotModified(_) => return Sight::Stands(None),
        FetchOutcome::Gone => return Sight::Missing,
        FetchOutcome::Failed(failure) if failure.kind == FailureKind::NotFound => {
            return Sight::Missing;
        }
        FetchOutcome::Failed(_) | FetchOutcome::Throttled { .. } => return Sight::Unclear,
    };
    let (rules, zone) = reading_of(&setup, source);
    let titles = [
        Some(article.title.clone()),
        article.first_title.clone(),
        page_title.map(str::to_owned),
    ];
    let text = text_of(article);
    let asked = article.url.clone();
    let task = tokio::task::spawn_blocking(move || {
        let _held = held; // The page counts against the memory budget until it is read.
        let known = page::Known {
            titles: titles.iter().flatten().map(String::as_str).collect(),
            text,
        };
        let Ok(asked) = Url::parse(&asked) else {
            return Sight::Unwanted;
        };
        seen(&fetched, &asked, &known, |answer, known| {
            page::look_again(answer, known, &rules, &zone)
        })
    });
    task.await.unwrap_or(Sight::Unclear)
}

fn seen(
    fetched: &Fetched,
    asked: &Url,
    known: &page::Known<'_>,
    look_again: impl FnOnce(&page::Answer<'_>, &page::Known<'_>) -> Again,
) -> Sight {
    let answer = page::Answer {
        asked,
        at: &fetched.final_url,
        html: &fetched.body,
        content_type: fetched.content_type.as_deref(),
    };
    match look_again(&answer, known) {
        Again::Stands(article) => {
            Sight::Stands(Some(Box::new((*article, fetched.validators.clone()))))
        }
        Again::Gone => Sight::Replaced,
        Again::Unclear => Sight::Unclear,
    }
}

fn text_of(article: &Article) -> String {
    let parts = [article.sapo.as_deref(), article.body.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// What follows. `proven`: the page looks gone while its paper's site works.
fn decide(due: &DueReread, sight: Sight, proven: bool, now: Timestamp) -> Reread {
    let after = |span: SignedDuration| now.saturating_add(span).ok();
    let tomorrow = after(EVERY).filter(|at| *at <= due.until);
    match sight {
        Sight::Stands(page) => Reread {
            due_at: tomorrow,
            page: page.map(|page| Box::new(news(due, page.0, page.1))),
            ..Reread::default()
        },
        Sight::Unwanted => Reread::default(),
        Sight::Missing | Sight::Replaced if proven => match due.missing_since {
            Some(since) if now.duration_since(since) >= APART => Reread {
                missing_since: Some(since),
                withdrawn_at: Some(now),
                ..Reread::default()
            },
            since => Reread {
                due_at: after(CONFIRM),
                missing_since: since.or(Some(now)),
                ..Reread::default()
            },
        },
        // Nothing is counted, nothing is forgotten.
        Sight::Missing | Sight::Replaced | Sight::Unclear => Reread {
            due_at: tomorrow,
            missing_since: due.missing_since,
            ..Reread::default()
        },
    }
}

/// What the page says that is not known yet.
fn news(due: &DueReread, page: PageArticle, validators: Validators) -> PageNow {
    let article = &due.article;
    let page_title = Some(page.title).filter(|title| !title.is_empty());
    // A headline is new only against the page's own before: papers give their feeds another.
    let title = due.page_title.as_deref().zip(page_title.as_deref());
    let title = title.and_then(|(old, new)| is_other(old, new).then(|| new.to_owned()));
    let sapo = article.sapo.as_deref().zip(page.lead.as_deref());
    let sapo = sapo.filter(|(old, new)| is_other(old, new) && is_reworded(old, new));
    let body = match &article.body {
        // A page that is being rebuilt, or shows its beginning only, is no correction.
        Some(old) => old != &page.text && page.text.len() * 2 >= old.len(),
        None => !page.text.is_empty(),
    };
    PageNow {
        title: title.filter(|title| is_other(&article.title, title)),
        sapo: sapo.map(|(_, new)| new.to_owned()),
        body: body.then_some(page.text),
        page_title,
        validators,
    }
}

fn letters(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether the letters differ, and neither is the other with something before or behind it, such as the paper's name.
fn is_other(old: &str, new: &str) -> bool {
    let (old, new) = (letters(old), letters(new));
    !old.contains(&new) && !new.contains(&old)
}

fn is_reworded(old: &str, new: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let (old, new) = (words(old), words(new));
    2.0 * old.intersection(&new).count() as f64 >= SAME_LEAD * (old.len() + new.len()) as f64
}
