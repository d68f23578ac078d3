//! `mark`: an admin's word on an article, listed, given and taken back.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::analyse::mark::Mark;
use crate::config::topics::Topics;
use crate::daemon::works::Works;
use crate::feed::canonical;
use crate::model::{Article, ArticleId, ArticleKey};
use serde_json::json;

/// What the command line asks for.
pub struct Options<'a> {
    /// An article's number or address; all marked ones unless given.
    pub article: Option<&'a str>,
    /// What is said of it; its marks are listed unless given.
    pub word: Option<&'a str>,
    /// Take the word back, or all words.
    pub undo: bool,
    /// Print all marked articles as labelled data.
    pub export: bool,
}

/// Runs the command.
pub async fn run(args: &Args, options: &Options<'_>) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    if options.export {
        return export(&works).await;
    }
    let Some(which) = options.article else {
        return list(args, &works).await;
    };
    let article = find(&works, which).await?;
    match options.word {
        word if options.undo => undo(&works, &article, word).await?,
        Some(word) => mark(&works, &article, word).await?,
        None => {}
    }
    let words = works.store.marks_of(article.id).await?;
    if args.json {
        out::json(&json!({"id": article.id.0, "title": article.title, "marks": words}));
    } else {
        show(&article, &words);
    }
    Ok(())
}

async fn mark(works: &Works, article: &Article, word: &str) -> Result<(), AppError> {
    let setup = works.setup();
    let topics = &setup.config.topics;
    if Mark::read(word, topics).is_none() {
        return Err(AppError::Usage(unknown(word, topics)));
    }
    works
        .store
        .mark(article.id, word, works.clock.now())
        .await?;
    Ok(())
}

async fn undo(works: &Works, article: &Article, word: Option<&str>) -> Result<(), AppError> {
    if works
        .store
        .unmark(article.id, word, works.clock.now())
        .await?
    {
        return Ok(());
    }
    Err(AppError::Work(match word {
        Some(word) => anyhow::anyhow!("article {} is not marked {word:?}", article.id),
        None => anyhow::anyhow!("article {} is not marked", article.id),
    }))
}

/// Marked articles with what was said of them, in the form of the labelled articles that the weights are learned from.
///
/// An article of which only topics were said is as relevant as it was judged.
async fn export(works: &Works) -> Result<(), AppError> {
    let setup = works.setup();
    for (article, words) in works.store.marked().await? {
        let marks: Vec<Mark> = words
            .iter()
            .filter_map(|word| Mark::read(word, &setup.config.topics))
            .collect();
        let verdict = article.verdict.as_ref();
        let level = marks.iter().find_map(|mark| match mark {
            Mark::Relevant => Some(2),
            Mark::Irrelevant => Some(0),
            Mark::Topic(_) => None,
        });
        let said = marks.iter().filter_map(|mark| match mark {
            Mark::Topic(key) => Some(key.as_str()),
            _ => None,
        });
        let mut topics: Vec<&str> = said.collect();
        if topics.is_empty() && level != Some(0) {
            let found = verdict.map(|v| v.topics.iter().map(|t| t.topic.as_str()));
            topics.extend(found.into_iter().flatten());
        }
        out::json(&json!({
            "id": article.id.to_string(), "url": article.url, "title": article.title,
            "excerpt": article.sapo, "body": article.body, "section": article.section,
            "relevant": level.unwrap_or_else(|| verdict.map_or(2, |v| v.level)), "topics": topics,
        }));
    }
    Ok(())
}

async fn list(args: &Args, works: &Works) -> Result<(), AppError> {
    let marked = works.store.marked().await?;
    if marked.is_empty() && !args.json {
        out::line("Chưa có bài nào được đánh dấu.");
    }
    for (article, words) in &marked {
        if args.json {
            out::json(&json!({"id": article.id.0, "title": article.title, "marks": words}));
        } else {
            show(article, words);
        }
    }
    Ok(())
}

fn show(article: &Article, words: &[String]) {
    let said = if words.is_empty() {
        "không có đánh dấu".to_owned()
    } else {
        words.join(", ")
    };
    out::line(&format!(
        "{:>6}  {said}  {}",
        article.id,
        out::safe(&article.title)
    ));
}

fn unknown(word: &str, topics: &Topics) -> String {
    let keys: Vec<&str> = topics.list.iter().map(|topic| topic.key.as_str()).collect();
    format!(
        "{word:?} is no mark; write relevant, irrelevant or topic=KEY, where KEY is one of {}",
        keys.join(", ")
    )
}

/// The article of a number or an address.
///
/// # Errors
/// When it is neither, or no such article is kept.
pub(super) async fn find(works: &Works, which: &str) -> Result<Article, AppError> {
    let article = match which.parse::<i64>() {
        Ok(number) => works.store.find_article(ArticleId(number)).await?,
        Err(_) => {
            let address = canonical::canonical(which).ok_or_else(|| {
                AppError::Usage(format!(
                    "{which:?} is neither an article's number nor its address"
                ))
            })?;
            works
                .store
                .find_article_by_key(&ArticleKey(format!("url:{address}")))
                .await?
        }
    };
    article.ok_or_else(|| AppError::Work(anyhow::anyhow!("no article {which} is kept here")))
}
