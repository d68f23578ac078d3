//! `check --diff`: what the change would do: feeds that come, go or change, and each digest's last edition composed anew
//! under the new config. Writes nothing.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::analyse;
use crate::config::{self, DigestConfig};
use crate::daemon::desk;
use crate::daemon::works::{Setup, Works};
use crate::model::{Article, ArticleId, Edition, Ingest};
use crate::store::{FeedRow, Store, StoreError};
use crate::text::fold::fold;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What becomes of the feeds.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct FeedChanges {
    added: Vec<String>,
    removed: Vec<String>,
    /// Feed, and its old and new address.
    moved: Vec<(String, String, String)>,
    switched_on: Vec<String>,
    switched_off: Vec<String>,
}

/// An article that comes into the last edition, or falls out of it.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    id: i64,
    title: String,
    source: String,
}

/// What becomes of a digest's last edition.
#[derive(Debug, Serialize)]
struct EditionChange {
    digest: String,
    number: u32,
    stories: (u32, u32),
    articles: (u32, u32),
    comes: Vec<Line>,
    goes: Vec<Line>,
}

/// Runs the command's second half, after the files were found sound.
pub async fn run(args: &Args, file: Option<&Path>) -> Result<(), AppError> {
    let mut config = config::load(config::locate(file).as_deref()).map_err(AppError::Config)?;
    if let Some(dir) = &args.data_dir {
        config.daemon.data_dir.clone_from(dir);
    }
    let store = match Store::open_beside(&config.daemon.data_dir, fold) {
        Ok(store) => store,
        Err(StoreError::NotReady { .. }) => {
            out::line("Chưa có dữ liệu để so sánh: đây sẽ là lần chạy đầu tiên.");
            return Ok(());
        }
        Err(err) => return Err(err.into()),
    };
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    let works = Works::fixed(store, app::clock(args), setup);
    let feeds = feed_changes(&works.store.list_feeds().await?, &works.setup());
    let mut editions = Vec::new();
    for digest in &works.setup().config.digests {
        editions.extend(edition_change(&works, digest).await?);
    }
    match args.json {
        true => out::json(&json!({"feeds": feeds, "editions": editions})),
        false => {
            print_feeds(&feeds);
            editions.iter().for_each(print_edition);
        }
    }
    Ok(())
}

/// The store's feeds are those of the config in force: they were put there when it was last read.
fn feed_changes(rows: &[FeedRow], setup: &Setup) -> FeedChanges {
    let mut changes = FeedChanges::default();
    let mut listed: BTreeMap<&str, &FeedRow> = rows
        .iter()
        .filter(|row| row.listed)
        .map(|row| (row.feed.key.as_str(), row))
        .collect();
    for spec in setup.config.sources.iter().flat_map(|source| &source.feeds) {
        let key = spec.key.to_string();
        let Some(row) = listed.remove(key.as_str()) else {
            changes.added.push(key);
            continue;
        };
        if row.feed.url != spec.url {
            let (old, new) = (row.feed.url.to_string(), spec.url.to_string());
            changes.moved.push((key.clone(), old, new));
        }
        match (row.enabled, spec.enabled) {
            (false, true) => changes.switched_on.push(key),
            (true, false) => changes.switched_off.push(key),
            _ => {}
        }
    }
    changes.removed = listed.into_keys().map(str::to_owned).collect();
    changes
}

/// The digest's last edition from the same articles, judged and composed by the new config; `None` without one.
async fn edition_change(
    works: &Works,
    digest: &DigestConfig,
) -> Result<Option<EditionChange>, AppError> {
    let Some(head) = works.store.last_edition(&digest.name).await? else {
        return Ok(None);
    };
    let Some(old) = works
        .store
        .edition(head.id)
        .await?
        .map(|stored| stored.edition)
    else {
        return Ok(None);
    };
    let mut articles = material(works, digest, &old).await?;
    judge(works, &mut articles).await?;
    articles.retain(|article| {
        article
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.level > 0)
    });
    let setup = works.setup();
    let titles: BTreeMap<ArticleId, Line> = articles
        .iter()
        .map(|article| (article.id, line(article)))
        .collect();
    let new = desk::review(works, &setup, digest, articles, old.window.covers)
        .await
        .map_err(anyhow::Error::from)?
        .edition;
    let (before, after) = (told(&old), told(&new));
    let lines = |ids: Vec<&ArticleId>| -> Vec<Line> {
        ids.into_iter()
            .filter_map(|id| titles.get(id))
            .map(|one| Line {
                id: one.id,
                title: one.title.clone(),
                source: one.source.clone(),
            })
            .collect()
    };
    let mut goes = lines(before.difference(&after).collect());
    // What the new config does not even look at is in no list of its own.
    for id in before
        .difference(&after)
        .filter(|id| !titles.contains_key(id))
    {
        if let Some(article) = works.store.find_article(*id).await? {
            goes.push(line(&article));
        }
    }
    Ok(Some(EditionChange {
        digest: digest.name.to_string(),
        number: old.number,
        stories: (old.counts.stories, new.counts.stories),
        articles: (old.counts.articles, new.counts.articles),
        comes: lines(after.difference(&before).collect()),
        goes,
    }))
}

/// All that the edition could draw from: what it took, and what it left.
async fn material(
    works: &Works,
    digest: &DigestConfig,
    old: &Edition,
) -> Result<Vec<Article>, AppError> {
    let (after, upto): (Ingest, Ingest) = (old.window.after, old.window.upto);
    let mut articles = works.store.candidates(&digest.name, after, upto, 0).await?;
    let known: BTreeSet<ArticleId> = articles.iter().map(|article| article.id).collect();
    let related = old.related.iter().map(|article| article.id);
    for id in told(old)
        .into_iter()
        .chain(related)
        .filter(|id| !known.contains(id))
    {
        articles.extend(works.store.find_article(id).await?);
    }
    Ok(articles)
}

/// Gives each article the verdict of the new lexicon, the admin's marks in it.
async fn judge(works: &Works, articles: &mut [Article]) -> Result<(), AppError> {
    let setup = works.setup();
    let marks: BTreeMap<ArticleId, Vec<String>> = works
        .store
        .marked()
        .await?
        .into_iter()
        .map(|(article, marks)| (article.id, marks))
        .collect();
    for article in articles {
        let found = analyse::topic::classify(&setup.config.topics, &article.text());
        let words = marks.get(&article.id).map_or(&[][..], Vec::as_slice);
        article.verdict = Some(analyse::mark::apply(found, words, &setup.config.topics));
    }
    Ok(())
}

/// The articles of an edition's stories.
fn told(edition: &Edition) -> BTreeSet<ArticleId> {
    edition
        .stories
        .iter()
        .flat_map(|story| &story.articles)
        .map(|article| article.id)
        .collect()
}

fn line(article: &Article) -> Line {
    Line {
        id: article.id.0,
        title: article.title.clone(),
        source: article.source.to_string(),
    }
}

fn print_feeds(changes: &FeedChanges) {
    let all = [
        ("+", "thêm", &changes.added),
        ("-", "bỏ", &changes.removed),
        ("✓", "bật", &changes.switched_on),
        ("×", "tắt", &changes.switched_off),
    ];
    if *changes == FeedChanges::default() {
        out::line("Nguồn tin: không thay đổi so với thiết lập đang dùng.");
    }
    for (sign, words, keys) in all.into_iter().filter(|(.., keys)| !keys.is_empty()) {
        out::line(&format!("Nguồn tin {words}: {}", keys.len()));
        keys.iter()
            .for_each(|key| out::line(&format!("  {sign} {}", out::safe(key))));
    }
    for (key, old, new) in &changes.moved {
        out::line(&format!(
            "  ~ {}: {} → {}",
            out::safe(key),
            out::safe(old),
            out::safe(new)
        ));
    }
}

fn print_edition(change: &EditionChange) {
    let ((stories_before, stories), (articles_before, articles)) =
        (change.stories, change.articles);
    out::line(&format!(
        "Bản tin {} số {} nếu lập theo thiết lập mới: {stories_before} → {stories} việc, {articles_before} → {articles} bài",
        change.digest, change.number
    ));
    for (sign, lines) in [("+", &change.comes), ("-", &change.goes)] {
        for one in lines {
            out::line(&format!(
                "  {sign} {} [{}] (bài {})",
                out::safe(&one.title),
                out::safe(&one.source),
                one.id
            ));
        }
    }
    if change.comes.is_empty() && change.goes.is_empty() {
        out::line("  không thay đổi bài nào");
    }
}
