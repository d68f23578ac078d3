//! Pages of mailed articles that are asked again: which are due, what became of them.

use super::{
    Store, StoreError, articles,
    rows::{ARTICLE, article, ms, opt_ms, opt_time},
    search,
};
use crate::model::{Article, ArticleId, SourceKey, Validators};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// Due pages of mailed articles, a few of each paper.
pub(super) const REREADS_DUE: &str = "SELECT article_id FROM ( \
         SELECT r.article_id, r.due_at, row_number() OVER (PARTITION BY a.source_id ORDER BY r.due_at, r.article_id) AS nth \
         FROM rereads r JOIN articles a ON a.id = r.article_id WHERE r.due_at IS NOT NULL AND r.due_at <= ?1) \
     WHERE nth <= ?2 ORDER BY due_at, article_id LIMIT ?3";

/// When the pages of an edition's articles are asked again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rereading {
    /// Whose.
    pub articles: Vec<ArticleId>,
    /// First then.
    pub first: Timestamp,
    /// Not after this.
    pub until: Timestamp,
}

/// A mailed article whose page is to be asked again, claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct DueReread {
    /// As it is known now.
    pub article: Article,
    /// The page's own headline when it was read last; papers often give their feeds another.
    pub page_title: Option<String>,
    /// To ask with: empty where the page was never read.
    pub validators: Validators,
    /// Asked no more after this.
    pub until: Timestamp,
    /// Since when the page looks taken down.
    pub missing_since: Option<Timestamp>,
}

/// What asking again came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reread {
    /// When to ask once more; `None`: never.
    pub due_at: Option<Timestamp>,
    /// Since when the page looks taken down; `None`: it stands.
    pub missing_since: Option<Timestamp>,
    /// It was taken down, as was found then.
    pub withdrawn_at: Option<Timestamp>,
    /// What the page says now, where it was read.
    pub page: Option<Box<PageNow>>,
}

/// A page as it is now. `None` where nothing is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageNow {
    /// Its own headline.
    pub page_title: Option<String>,
    /// To ask with next time.
    pub validators: Validators,
    /// A new headline for the article.
    pub title: Option<String>,
    /// A new lead.
    pub sapo: Option<String>,
    /// A new text.
    pub body: Option<String>,
}

impl Store {
    /// Takes up to `limit` mailed articles whose pages are due to be asked again, at most `per_source` of one paper, each
    /// for `lease`.
    pub async fn claim_rereads(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        per_source: u32,
        limit: u32,
    ) -> Result<Vec<DueReread>, StoreError> {
        self.write("claiming pages to be asked again", move |tx| {
            let ids = articles::ids(tx, REREADS_DUE, params![ms(now), per_source, limit])?;
            let until = now.saturating_add(lease).unwrap_or(now);
            ids.into_iter()
                .map(|id| {
                    tx.prepare_cached("UPDATE rereads SET due_at = ?2 WHERE article_id = ?1")?
                        .execute([id, ms(until)])?;
                    due(tx, id)
                })
                .collect()
        })
        .await
    }

    /// Stores what asking again came to; a text that changed is judged anew.
    pub async fn commit_reread(&self, id: ArticleId, reread: Reread) -> Result<(), StoreError> {
        self.write("storing what a page says now", move |tx| {
            tx.prepare_cached(
                "UPDATE rereads SET due_at = ?2, missing_since = ?3, withdrawn_at = ?4 WHERE article_id = ?1",
            )?
            .execute(params![
                id.0,
                opt_ms(reread.due_at),
                opt_ms(reread.missing_since),
                opt_ms(reread.withdrawn_at)
            ])?;
            match &reread.page {
                Some(page) => put_page(tx, id, page),
                None => Ok(()),
            }
        })
        .await
    }

    /// Those of the articles that were taken down by their papers.
    pub async fn withdrawn(&self, ids: Vec<ArticleId>) -> Result<Vec<ArticleId>, StoreError> {
        self.read("finding withdrawn articles", move |conn| {
            let mut asked = conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM rereads WHERE article_id = ?1 AND withdrawn_at IS NOT NULL)",
            )?;
            let mut gone = Vec::new();
            for id in ids {
                if asked.query_row([id.0], |row| row.get(0))? {
                    gone.push(id);
                }
            }
            Ok(gone)
        })
        .await
    }

    /// The newest articles of a paper, first seen since `since`, whose pages do not look taken down: by them it is seen
    /// whether the paper's site works at all.
    pub async fn standing(
        &self,
        source: &SourceKey,
        but: ArticleId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Article>, StoreError> {
        let source = source.clone();
        self.read("finding a paper's newest articles", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id \
                 WHERE s.key = ?1 AND a.id <> ?2 AND a.seen >= ?3 AND a.url <> '' AND NOT EXISTS (SELECT 1 FROM rereads r \
                     WHERE r.article_id = a.id AND (r.missing_since IS NOT NULL OR r.withdrawn_at IS NOT NULL)) \
                 ORDER BY a.ingest DESC LIMIT ?4"
            ))?
            .query_map(params![source.as_str(), but.0, ms(since), limit], article)?
            .collect()
        })
        .await
    }
}

/// Keeps how a page was when it was first read.
pub(super) fn remember(
    tx: &Transaction<'_>,
    id: ArticleId,
    page_title: Option<&str>,
    validators: &Validators,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO rereads (article_id, page_title, etag, last_modified) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (article_id) DO UPDATE SET page_title = coalesce(excluded.page_title, page_title), \
             etag = excluded.etag, last_modified = excluded.last_modified",
    )?
    .execute(params![
        id.0,
        page_title,
        validators.etag,
        validators.last_modified
    ])
    .map(drop)
}

/// Plans the pages of an edition's articles. What another edition planned before stays as early as it is.
pub(super) fn plan(tx: &Transaction<'_>, reading: &Rereading) -> rusqlite::Result<()> {
    for id in &reading.articles {
        tx.prepare_cached(
            "INSERT INTO rereads (article_id, due_at, until) SELECT id, ?2, ?3 FROM articles WHERE id = ?1 AND url <> '' \
             ON CONFLICT (article_id) DO UPDATE SET due_at = coalesce(due_at, excluded.due_at), until = excluded.until \
                 WHERE withdrawn_at IS NULL",
        )?
        .execute(params![id.0, ms(reading.first), ms(reading.until)])?;
    }
    Ok(())
}

fn due(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<DueReread> {
    tx.prepare_cached(&format!(
        "SELECT {ARTICLE}, r.page_title, r.etag, r.last_modified, r.until, r.missing_since FROM rereads r \
         JOIN articles a ON a.id = r.article_id JOIN sources s ON s.id = a.source_id WHERE r.article_id = ?1"
    ))?
    .query_row([id], |row| {
        Ok(DueReread {
            article: article(row)?,
            page_title: row.get("page_title")?,
            validators: Validators {
                etag: row.get("etag")?,
                last_modified: row.get("last_modified")?,
            },
            until: super::rows::time(row, "until")?,
            missing_since: opt_time(row, "missing_since")?,
        })
    })
}

fn put_page(tx: &Transaction<'_>, id: ArticleId, page: &PageNow) -> rusqlite::Result<()> {
    remember(tx, id, page.page_title.as_deref(), &page.validators)?;
    if page.title.is_none() && page.sapo.is_none() && page.body.is_none() {
        return Ok(());
    }
    let changed = tx
        .prepare_cached(
            "UPDATE articles SET first_title = CASE WHEN ?2 IS NULL THEN first_title ELSE coalesce(first_title, title) END, \
                 title = coalesce(?2, title), sapo = coalesce(?3, sapo), body = coalesce(?4, body), analysed_with = 0 \
             WHERE id = ?1 RETURNING id",
        )?
        .query_row(params![id.0, page.title, page.sapo, page.body], |row| row.get::<_, i64>(0))
        .optional()?;
    changed.map_or(Ok(()), |id| search::queue(tx, id))
}
