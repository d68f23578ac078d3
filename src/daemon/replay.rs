//! An old edition under today's rules, beside the one that was sent. Nothing is kept and nobody is mailed.

use super::calendar;
use super::desk::{self, DeskError, Draft};
use super::letter::Composed;
use super::works::{Setup, Works};
use crate::analyse::topic::lessons::Lessons;
use crate::config::DigestConfig;
use crate::model::{ArticleId, Edition, Ingest};
use crate::store::StoredEdition;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Where in an edition an article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a story.
    Story,
    /// Among the related.
    Related,
    /// Among the copies of what an earlier edition had.
    Reprint,
}

/// An article that stands elsewhere than it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub article: ArticleId,
    /// Its headline.
    pub title: String,
    /// Where it stood; `None`: not in the edition.
    pub then: Option<Place>,
    /// Where it stands under today's rules.
    pub now: Option<Place>,
}

/// Composes the edition anew: its window, its articles as they are kept now, judged by today's lexicon, weights and
/// marks; articles that another edition of the digest took since stay with that one.
///
/// # Errors
/// When the store cannot be read or rendering fails.
pub async fn replay(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    stored: &StoredEdition,
) -> Result<Composed, DeskError> {
    let frozen = &stored.edition;
    let works = works.at(frozen.composed_at);
    let marked = works.store.marked().await?;
    let lessons = Lessons::of(&marked);
    let mut marks: HashMap<ArticleId, Vec<String>> = (marked.into_iter())
        .map(|(article, words)| (article.id, words))
        .collect();
    let mut articles = works.store.articles_of_window(stored.id).await?;
    if frozen.window.after == Ingest(0) {
        let begin = desk::first_window(calendar::since(&works, digest).await?);
        articles.retain(|article| article.seen >= begin);
    }
    let judging = Arc::clone(setup);
    let judge = move || {
        for article in &mut articles {
            let marks = marks.remove(&article.id).unwrap_or_default();
            let verdict = desk::verdict(&judging.config.topics, &lessons, article, &marks);
            article.verdict = Some(verdict);
        }
        articles.retain(|article| article.verdict.as_ref().is_some_and(|v| v.level > 0));
        articles
    };
    let articles = tokio::task::spawn_blocking(judge)
        .await
        .map_err(|err| DeskError::Broken(err.to_string()))?;
    let draft = Draft {
        slot: &frozen.slot,
        window: frozen.window.clone(),
        articles,
        last_number: frozen.number.checked_sub(1),
    };
    desk::compose_from(&works, setup, digest, draft).await
}

/// Every article that is not where it was, by its number.
pub fn changes(then: &Edition, now: &Edition) -> Vec<Change> {
    let (old, new) = (places(then), places(now));
    let mut titles: BTreeMap<ArticleId, &str> = BTreeMap::new();
    titles.extend(old.iter().chain(&new).map(|(&id, &(title, _))| (id, title)));
    let place = |places: &BTreeMap<ArticleId, (&str, Place)>, id| places.get(&id).map(|p| p.1);
    titles
        .into_iter()
        .map(|(article, title)| Change {
            article,
            title: title.to_owned(),
            then: place(&old, article),
            now: place(&new, article),
        })
        .filter(|change| change.then != change.now)
        .collect()
}

fn places(edition: &Edition) -> BTreeMap<ArticleId, (&str, Place)> {
    let stories = edition.stories.iter().flat_map(|story| &story.articles);
    let stories = stories.map(|article| (article, Place::Story));
    let related = edition.related.iter().map(|a| (a, Place::Related));
    let reprints = edition
        .reprints
        .iter()
        .map(|r| (&r.article, Place::Reprint));
    let all = reprints.chain(related).chain(stories);
    all.map(|(article, place)| (article.id, (article.title.as_str(), place)))
        .collect()
}
