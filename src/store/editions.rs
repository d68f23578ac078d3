//! Editions: what they draw from, and the one transaction that freezes one together with its outbox rows.

use super::{
    Rereading, Store, StoreError, leavers, rereads,
    rows::{ARTICLE, article, from_json, ms, time, to_json},
    shelf,
};
use crate::model::{
    ADMIN_DIGEST, Article, ArticleId, DayCount, DigestName, Edition, EditionId, Ingest, Rendered,
};
use jiff::{Timestamp, civil};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

/// Articles of a window that no edition of the digest has: `?1` digest, `?2`/`?3` window, `?4` least level.
pub(super) fn candidates_sql() -> String {
    format!(
        "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id \
         WHERE a.ingest > ?2 AND a.ingest <= ?3 AND a.backfill = 0 AND a.level >= ?4 \
           AND NOT EXISTS (SELECT 1 FROM edition_articles m WHERE m.digest = ?1 AND m.article_id = a.id) \
         ORDER BY a.ingest"
    )
}

/// Articles of recent editions: `?1` digest, `?2` least slot; a day's name sorts before all of its slots.
pub(super) fn published_sql() -> String {
    format!(
        "SELECT {ARTICLE}, e.number FROM editions e \
         CROSS JOIN edition_articles m ON m.edition_id = e.id \
         CROSS JOIN articles a ON a.id = m.article_id CROSS JOIN sources s ON s.id = a.source_id \
         WHERE e.digest = ?1 AND e.slot >= ?2 ORDER BY a.ingest"
    )
}

/// What an edition (`?1`) was chosen from, and what stands in it.
pub(super) fn window_sql() -> String {
    format!(
        "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id IN ( \
             SELECT c.id FROM editions e JOIN articles c ON c.ingest > e.after_ingest AND c.ingest <= e.upto_ingest \
             WHERE e.id = ?1 AND c.backfill = 0 \
               AND NOT EXISTS (SELECT 1 FROM edition_articles m WHERE m.digest = e.digest AND m.article_id = c.id) \
             UNION SELECT article_id FROM edition_articles WHERE edition_id = ?1) \
         ORDER BY a.ingest"
    )
}

/// The highest number that a window may reach.
pub(super) const WATERMARK: &str = "SELECT coalesce( \
    (SELECT min(ingest) - 1 FROM articles WHERE analysed_with = 0 AND level IS NULL), \
    (SELECT max(ingest) FROM articles), 0)";

/// An edition to be frozen.
#[derive(Debug, Clone)]
pub struct NewEdition {
    /// Its content.
    pub edition: Edition,
    /// As sent and shown.
    pub rendered: Rendered,
    /// Every article in it, in whatever part: none of them enters another edition of this digest.
    pub articles: Vec<ArticleId>,
    /// One for each recipient.
    pub deliveries: Vec<NewDelivery>,
    /// Whose pages are asked again later.
    pub rereading: Rereading,
}

/// A mail to be put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The address, without a name.
    pub recipient: String,
    /// The same at every try.
    pub message_id: String,
    /// The exact bytes to send.
    pub message: Vec<u8>,
}

/// What freezing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// Written, with its deliveries.
    Now(EditionId),
    /// There is one of this digest and slot already; nothing was written.
    Already(EditionId),
    /// Another edition took one of its articles, or its number, since it was composed: compose it again.
    Stale,
}

/// An edition in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionHead {
    /// Its row.
    pub id: EditionId,
    /// Whose.
    pub digest: DigestName,
    /// The civil time it was due for.
    pub slot: String,
    /// The running number.
    pub number: u32,
    /// Its date.
    pub date: civil::Date,
    /// Its watermark: the next window begins after it.
    pub upto: Ingest,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// Its subject line.
    pub subject: String,
    /// Articles in it.
    pub articles: u32,
}

/// An edition with all that was frozen.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEdition {
    /// Its row.
    pub id: EditionId,
    /// Its content.
    pub edition: Edition,
    /// As it was sent.
    pub rendered: Rendered,
}

pub(super) const HEAD: &str = "SELECT e.id, e.digest, e.slot, e.number, e.date, e.upto_ingest, e.composed_at, e.subject, \
     (SELECT count(*) FROM edition_articles m WHERE m.edition_id = e.id) AS articles FROM editions e";

impl Store {
    /// Where a window cut now ends: at the highest number given so far, but before the first article that was never
    /// judged (it came in between analysis and composing; the next window has it). 0 if there is no article.
    pub async fn highest_ingest(&self) -> Result<Ingest, StoreError> {
        self.read("reading the watermark", |conn| {
            conn.prepare_cached(WATERMARK)?
                .query_row([], |row| row.get(0).map(Ingest))
        })
        .await
    }

    /// The highest number among articles first seen before `seen`: where the first window of a new digest begins, so
    /// that its first edition is not the whole archive.
    pub async fn ingest_before(&self, seen: Timestamp) -> Result<Ingest, StoreError> {
        self.read("reading the watermark", move |conn| {
            conn.prepare_cached("SELECT coalesce(max(ingest), 0) FROM articles WHERE seen < ?1")?
                .query_row([ms(seen)], |row| row.get(0).map(Ingest))
        })
        .await
    }

    /// Articles that an edition of `digest` may take from the window `(after, upto]`: at least `min_level`, no
    /// backfill, in no edition of this digest; in order of ingest.
    pub async fn candidates(
        &self,
        digest: &DigestName,
        after: Ingest,
        upto: Ingest,
        min_level: u8,
    ) -> Result<Vec<Article>, StoreError> {
        let digest = digest.clone();
        self.read("finding an edition's articles", move |conn| {
            conn.prepare_cached(&candidates_sql())?
                .query_map(
                    params![digest.as_str(), after.0, upto.0, min_level],
                    article,
                )?
                .collect()
        })
        .await
    }

    /// All articles of the window of a frozen edition, of any level, and those that it had from elsewhere; without
    /// those that another edition of its digest took. In order of ingest.
    pub async fn articles_of_window(&self, edition: EditionId) -> Result<Vec<Article>, StoreError> {
        self.read("finding an old edition's articles", move |conn| {
            conn.prepare_cached(&window_sql())?
                .query_map([edition.0], article)?
                .collect()
        })
        .await
    }

    /// Articles of the editions of `digest` that were due since the day `from`, each with its edition's number.
    pub async fn published_since(
        &self,
        digest: &DigestName,
        from: civil::Date,
    ) -> Result<Vec<(Article, u32)>, StoreError> {
        let digest = digest.clone();
        self.read("reading what recent editions had", move |conn| {
            conn.prepare_cached(&published_sql())?
                .query_map(params![digest.as_str(), from.to_string()], |row| {
                    Ok((article(row)?, row.get("number")?))
                })?
                .collect()
        })
        .await
    }

    /// The edition of `digest` with the highest number.
    pub async fn last_edition(
        &self,
        digest: &DigestName,
    ) -> Result<Option<EditionHead>, StoreError> {
        let digest = digest.clone();
        self.read("reading the last edition", move |conn| {
            conn.prepare_cached(&format!(
                "{HEAD} WHERE e.digest = ?1 ORDER BY e.number DESC LIMIT 1"
            ))?
            .query_row([digest.as_str()], head)
            .optional()
        })
        .await
    }

    /// Editions, newest first; of one digest, or of all but the admin's.
    pub async fn list_editions(
        &self,
        digest: Option<&DigestName>,
        limit: u32,
    ) -> Result<Vec<EditionHead>, StoreError> {
        let digest = digest.cloned();
        self.read("listing editions", move |conn| {
            conn.prepare_cached(&format!(
                "{HEAD} WHERE e.digest = ?1 OR ?1 IS NULL AND e.digest <> ?3 ORDER BY e.id DESC LIMIT ?2"
            ))?
            .query_map(
                params![
                    digest.as_ref().map(DigestName::as_str),
                    limit,
                    ADMIN_DIGEST
                ],
                head,
            )?
            .collect()
        })
        .await
    }

    /// The newest edition of `digest` on a date, to be rendered or sent again.
    pub async fn find_edition(
        &self,
        digest: &DigestName,
        date: civil::Date,
    ) -> Result<Option<StoredEdition>, StoreError> {
        let digest = digest.clone();
        self.read("reading an edition", move |conn| {
            conn.prepare_cached(
                "SELECT id, frozen, subject, html, text FROM editions WHERE digest = ?1 AND date = ?2 \
                 ORDER BY number DESC LIMIT 1",
            )?
            .query_row(params![digest.as_str(), date.to_string()], stored)
            .optional()
        })
        .await
    }

    /// The edition of a row.
    pub async fn edition(&self, id: EditionId) -> Result<Option<StoredEdition>, StoreError> {
        self.read("reading an edition", move |conn| {
            conn.prepare_cached(
                "SELECT id, frozen, subject, html, text FROM editions WHERE id = ?1",
            )?
            .query_row([id.0], stored)
            .optional()
        })
        .await
    }

    /// The editions of `digest` that were due from the day `from` to the day `to`, both included, in order.
    pub async fn editions_between(
        &self,
        digest: &DigestName,
        from: civil::Date,
        to: civil::Date,
    ) -> Result<Vec<StoredEdition>, StoreError> {
        let digest = digest.clone();
        self.read("reading editions", move |conn| {
            conn.prepare_cached(
                "SELECT id, frozen, subject, html, text FROM editions \
                 WHERE digest = ?1 AND slot >= ?2 AND slot < ?3 || 'U' ORDER BY slot",
            )?
            .query_map(
                params![digest.as_str(), from.to_string(), to.to_string()],
                stored,
            )?
            .collect()
        })
        .await
    }

    /// Articles of the window `(after, upto]` whose headline may be that of a paper's correction, whatever was judged of
    /// them.
    pub async fn notices(&self, after: Ingest, upto: Ingest) -> Result<Vec<Article>, StoreError> {
        self.read("finding corrections", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {ARTICLE} FROM articles a JOIN sources s ON s.id = a.source_id \
                 WHERE a.ingest > ?1 AND a.ingest <= ?2 AND a.backfill = 0 AND (a.title LIKE '%ính chính%' \
                     OR a.title LIKE '%ÍNH CHÍNH%' OR a.title LIKE '%ải chính%' OR a.title LIKE '%ẢI CHÍNH%' \
                     OR a.title LIKE '%ói lại cho rõ%' OR a.title LIKE '%ÓI LẠI CHO RÕ%') ORDER BY a.ingest"
            ))?
            .query_map(params![after.0, upto.0], article)?
            .collect()
        })
        .await
    }

    /// Articles per edition day of `digest` since `from`, oldest first: the bars of the week.
    pub async fn edition_sizes(
        &self,
        digest: &DigestName,
        from: civil::Date,
    ) -> Result<Vec<DayCount>, StoreError> {
        let digest = digest.clone();
        self.read("counting the week's articles", move |conn| {
            conn.prepare_cached(
                // As each edition counted itself: `edition_articles` has what it only names too.
                "SELECT date, sum(json_extract(frozen, '$.counts.articles')) FROM editions \
                 WHERE digest = ?1 AND date >= ?2 GROUP BY date ORDER BY date",
            )?
            .query_map(params![digest.as_str(), from.to_string()], |row| {
                Ok(DayCount {
                    date: date(&row.get::<_, String>(0)?)?,
                    articles: row.get(1)?,
                })
            })?
            .collect()
        })
        .await
    }

    /// Writes the edition, its articles and its deliveries, all or nothing; deliveries are due at once. Who left the digest
    /// gets none.
    pub async fn freeze_edition(&self, new: NewEdition) -> Result<Frozen, StoreError> {
        self.write("freezing an edition", move |tx| freeze(tx, &new))
            .await
    }
}

fn freeze(tx: &Transaction<'_>, new: &NewEdition) -> rusqlite::Result<Frozen> {
    let edition = &new.edition;
    let digest = edition.digest.as_str();
    let there = tx
        .prepare_cached("SELECT id FROM editions WHERE digest = ?1 AND slot = ?2")?
        .query_row([digest, &edition.slot], |row| row.get(0).map(EditionId))
        .optional()?;
    if let Some(id) = there {
        return Ok(Frozen::Already(id));
    }
    if is_stale(tx, new)? {
        return Ok(Frozen::Stale);
    }
    let composed_at = ms(edition.composed_at);
    let id = tx
        .prepare_cached(
            "INSERT INTO editions (digest, slot, number, date, after_ingest, upto_ingest, composed_at, subject, frozen, \
                 html, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .insert(params![
            digest,
            edition.slot,
            edition.number,
            edition.date.to_string(),
            edition.window.after.0,
            edition.window.upto.0,
            composed_at,
            new.rendered.subject,
            to_json(edition)?,
            new.rendered.html,
            new.rendered.text,
        ])?;
    shelf::put_stories(tx, EditionId(id), edition)?;
    for article in &new.articles {
        tx.prepare_cached(
            "INSERT INTO edition_articles (digest, article_id, edition_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (digest, article_id) DO NOTHING",
        )?
        .execute(params![digest, article.0, id])?;
    }
    rereads::plan(tx, &new.rereading)?;
    for delivery in &new.deliveries {
        // Asked here and not while composing: leaving takes effect at once.
        if leavers::has_left(tx, digest, &delivery.recipient)? {
            continue;
        }
        // The same address written twice in the list is one recipient.
        tx.prepare_cached(
            "INSERT INTO deliveries (edition_id, recipient, state, due_at, queued_at, message_id, message) \
             VALUES (?1, ?2, 'queued', ?3, ?3, ?4, ?5) ON CONFLICT (edition_id, recipient) DO NOTHING",
        )?
        .execute(params![
            id,
            delivery.recipient,
            composed_at,
            delivery.message_id,
            delivery.message
        ])?;
    }
    Ok(Frozen::Now(EditionId(id)))
}

/// Whether something it was composed from has changed hands meanwhile.
fn is_stale(tx: &Transaction<'_>, new: &NewEdition) -> rusqlite::Result<bool> {
    let digest = new.edition.digest.as_str();
    let number_taken = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM editions WHERE digest = ?1 AND number = ?2)")?
        .query_row(params![digest, new.edition.number], |row| row.get(0))?;
    let mut taken = tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM edition_articles WHERE digest = ?1 AND article_id = ?2)",
    )?;
    let mut stale = number_taken;
    for article in &new.articles {
        stale = stale || taken.query_row(params![digest, article.0], |row| row.get(0))?;
    }
    Ok(stale)
}

pub(super) fn head(row: &Row<'_>) -> rusqlite::Result<EditionHead> {
    Ok(EditionHead {
        id: EditionId(row.get("id")?),
        digest: DigestName(row.get("digest")?),
        slot: row.get("slot")?,
        number: row.get("number")?,
        date: date(&row.get::<_, String>("date")?)?,
        upto: Ingest(row.get("upto_ingest")?),
        composed_at: time(row, "composed_at")?,
        subject: row.get("subject")?,
        articles: row.get("articles")?,
    })
}

pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<StoredEdition> {
    Ok(StoredEdition {
        id: EditionId(row.get("id")?),
        edition: from_json(&row.get::<_, String>("frozen")?)?,
        rendered: Rendered {
            subject: row.get("subject")?,
            html: row.get("html")?,
            text: row.get("text")?,
        },
    })
}

pub(super) fn date(text: &str) -> rusqlite::Result<civil::Date> {
    text.parse()
        .map_err(|e: jiff::Error| super::rows::unreadable(rusqlite::types::Type::Text, e))
}
