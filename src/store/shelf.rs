//! Past editions and their stories, as the reading room asks for them; written when an edition is frozen.

use super::{
    Store, StoreError,
    editions::{HEAD, StoredEdition, date, head, stored},
};
use crate::model::{ADMIN_DIGEST, ArticleId, DigestName, Edition, EditionId, StoryView};
use crate::store::EditionHead;
use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

/// By what stories are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoryKey {
    /// A topic's key.
    Topic,
    /// A province's name, as printed.
    Province,
    /// A paper's name, as printed.
    Source,
}

impl StoryKey {
    fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Province => "province",
            Self::Source => "source",
        }
    }
}

/// A story of a frozen edition, in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryHead {
    /// Whose edition.
    pub digest: DigestName,
    /// That edition's number.
    pub number: u32,
    /// That edition's date.
    pub date: Date,
    /// Its place in the edition, from 0.
    pub nth: u32,
    /// Its headline.
    pub title: String,
    /// Whether it stood among the lead stories.
    pub lead: bool,
    /// Articles in it, copies included.
    pub articles: u32,
}

/// How many stories of a key a month had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthCount {
    /// `2026-11`.
    pub month: String,
    /// The topic's key, or the name of the province or paper.
    pub key: String,
    /// Stories.
    pub stories: u32,
}

pub(super) const STORIES_OF: &str = "SELECT e.digest, e.number, e.date, s.nth, s.title, s.lead, s.articles \
     FROM edition_story_keys k CROSS JOIN edition_stories s ON s.edition_id = k.edition_id AND s.nth = k.nth \
     CROSS JOIN editions e ON e.id = k.edition_id \
     WHERE k.kind = ?1 AND k.key = ?2 ORDER BY k.edition_id DESC, k.nth LIMIT ?3 OFFSET ?4";
pub(super) const BY_MONTH: &str = "SELECT month, key, stories FROM story_months \
     WHERE kind = ?1 AND month >= ?2 ORDER BY month, key";

impl Store {
    /// The edition of `digest` with a number.
    pub async fn edition_numbered(
        &self,
        digest: &DigestName,
        number: u32,
    ) -> Result<Option<StoredEdition>, StoreError> {
        let digest = digest.clone();
        self.read("reading an edition", move |conn| {
            conn.prepare_cached(
                "SELECT id, frozen, subject, html, text FROM editions WHERE digest = ?1 AND number = ?2",
            )?
            .query_row(params![digest.as_str(), number], stored)
            .optional()
        })
        .await
    }

    /// Whether `digest` has an edition of that number.
    pub async fn has_edition(&self, digest: &DigestName, number: u32) -> Result<bool, StoreError> {
        let digest = digest.clone();
        self.read("looking for an edition", move |conn| {
            conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM editions WHERE digest = ?1 AND number = ?2)",
            )?
            .query_row(params![digest.as_str(), number], |row| row.get(0))
        })
        .await
    }

    /// Months with editions, `2026-11`, newest first, with how many.
    pub async fn edition_months(&self) -> Result<Vec<(String, u32)>, StoreError> {
        self.read("listing months", |conn| {
            conn.prepare_cached(
                "SELECT substr(date, 1, 7) AS month, count(*) FROM editions WHERE digest <> ?1 \
                 GROUP BY month ORDER BY month DESC",
            )?
            .query_map([ADMIN_DIGEST], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
        })
        .await
    }

    /// Editions dated `from` to `to`, both included, of all digests; newest first.
    pub async fn heads_between(
        &self,
        from: Date,
        to: Date,
    ) -> Result<Vec<EditionHead>, StoreError> {
        self.read("listing editions", move |conn| {
            conn.prepare_cached(&format!(
                "{HEAD} WHERE e.date >= ?1 AND e.date <= ?2 AND e.digest <> ?3 ORDER BY e.date DESC, e.id DESC"
            ))?
            .query_map(params![from.to_string(), to.to_string(), ADMIN_DIGEST], head)?
            .collect()
        })
        .await
    }

    /// The editions that have an article, one a digest at most.
    pub async fn editions_with(&self, article: ArticleId) -> Result<Vec<EditionHead>, StoreError> {
        self.read("finding an article's editions", move |conn| {
            conn.prepare_cached(&format!(
                "{HEAD} WHERE e.id IN (SELECT m.edition_id FROM (SELECT DISTINCT digest FROM editions) d \
                     JOIN edition_articles m ON m.digest = d.digest AND m.article_id = ?1) ORDER BY e.id DESC"
            ))?
            .query_map([article.0], head)?
            .collect()
        })
        .await
    }

    /// Stories of a topic, province or paper, the newest edition's first.
    pub async fn stories_of(
        &self,
        kind: StoryKey,
        key: &str,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<StoryHead>, StoreError> {
        let key = key.to_owned();
        self.read("listing stories", move |conn| {
            conn.prepare_cached(STORIES_OF)?
                .query_map(params![kind.as_str(), key, limit, offset], story_head)?
                .collect()
        })
        .await
    }

    /// Stories per month and key from the month of a day on, of all digests.
    pub async fn stories_by_month(
        &self,
        kind: StoryKey,
        from: Date,
    ) -> Result<Vec<MonthCount>, StoreError> {
        self.read("counting stories by month", move |conn| {
            conn.prepare_cached(BY_MONTH)?
                .query_map(params![kind.as_str(), month(from)], |row| {
                    Ok(MonthCount {
                        month: row.get(0)?,
                        key: row.get(1)?,
                        stories: row.get(2)?,
                    })
                })?
                .collect()
        })
        .await
    }
}

fn month(date: Date) -> String {
    date.strftime("%Y-%m").to_string()
}

fn story_head(row: &Row<'_>) -> rusqlite::Result<StoryHead> {
    Ok(StoryHead {
        digest: DigestName(row.get(0)?),
        number: row.get(1)?,
        date: date(&row.get::<_, String>(2)?)?,
        nth: row.get(3)?,
        title: row.get(4)?,
        lead: row.get(5)?,
        articles: row.get(6)?,
    })
}

/// Writes an edition's stories and their keys; part of freezing it.
pub(super) fn put_stories(
    tx: &Transaction<'_>,
    id: EditionId,
    edition: &Edition,
) -> rusqlite::Result<()> {
    let mut story_row = tx.prepare_cached(
        "INSERT INTO edition_stories (edition_id, nth, lead, articles, title) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut key_row = tx.prepare_cached(
        "INSERT OR IGNORE INTO edition_story_keys (kind, key, edition_id, nth) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut month_row = tx.prepare_cached(
        "INSERT INTO story_months (kind, month, key, stories) VALUES (?1, ?2, ?3, 1) \
         ON CONFLICT DO UPDATE SET stories = stories + 1",
    )?;
    let month = month(edition.date);
    for (nth, story) in (0_i64..).zip(&edition.stories) {
        let articles = i64::try_from(story.articles.len()).unwrap_or(i64::MAX);
        story_row.execute(params![id.0, nth, story.lead, articles, story.title])?;
        for (kind, key) in keys(story) {
            // A paper with two articles in a story has one story.
            if key_row.execute(params![kind.as_str(), key, id.0, nth])? > 0 {
                month_row.execute([kind.as_str(), &month, key])?;
            }
        }
    }
    Ok(())
}

fn keys(story: &StoryView) -> impl Iterator<Item = (StoryKey, &str)> {
    let topics = story
        .topics
        .iter()
        .map(|key| (StoryKey::Topic, key.as_str()));
    let provinces = story
        .provinces
        .iter()
        .map(|name| (StoryKey::Province, name.as_str()));
    let sources = story
        .articles
        .iter()
        .map(|article| (StoryKey::Source, article.source.as_str()));
    topics.chain(provinces).chain(sources)
}
