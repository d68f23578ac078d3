//! The outbox: one row for each edition and recipient. `due_at` is queue and lease in one: a claim moves it ten
//! minutes ahead, so that a row whose try never came to an end returns by itself.

use super::{
    NewDelivery, Store, StoreError,
    leavers::STAYS,
    rows::{ms, opt_ms, opt_time, time, unreadable},
};
use crate::model::{Delivery, DeliveryId, DeliveryState, DigestName, EditionId};
use jiff::{SignedDuration, Timestamp, civil};
use rusqlite::{Connection, Row, params, types::Type};
use std::collections::BTreeMap;

/// After this long a try without an outcome is taken for dead, and the row returns.
const TRY_LEASE: SignedDuration = SignedDuration::from_mins(10);
/// A delivery under whose tries the process died this often waits for its lease, so that it cannot take all others
/// down with it at every start.
const DEATHS_MAX: u32 = 5;

/// Deliveries that are due, the longest waiting first.
pub(super) const DUE: &str = "SELECT id, edition_id, recipient, tries, queued_at, message_id, message, state \
     FROM deliveries WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2";

const LISTED: &str = "SELECT d.id, e.digest, d.edition_id, e.number, e.date, d.recipient, d.state, d.tries, d.queued_at, \
     d.due_at, d.tried_at, d.done_at, d.last_reply, d.message_id FROM deliveries d JOIN editions e ON e.id = d.edition_id";

/// What a try came to, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// `Sent`, `Failed`, or `Deferred`.
    pub state: DeliveryState,
    /// The server's words, or what happened.
    pub reply: String,
    /// For `Deferred`: when to try again. Ignored otherwise.
    pub due_at: Timestamp,
    /// Whether it was a try of this recipient: trouble of the server as a whole uses up nobody's tries.
    pub counts: bool,
}

/// A delivery in lists; without the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its row.
    pub id: DeliveryId,
    /// Whose edition.
    pub digest: DigestName,
    /// Which edition.
    pub edition: EditionId,
    /// The edition's number.
    pub number: u32,
    /// The edition's date.
    pub date: civil::Date,
    /// To whom.
    pub recipient: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it was put into the outbox.
    pub queued_at: Timestamp,
    /// When it is tried next; `None` once it is sent or failed.
    pub due_at: Option<Timestamp>,
    /// The last try.
    pub tried_at: Option<Timestamp>,
    /// When it was sent or given up.
    pub done_at: Option<Timestamp>,
    /// The server's last words.
    pub last_reply: Option<String>,
    /// Its Message-ID.
    pub message_id: String,
}

impl Store {
    /// Takes up to `limit` due deliveries and notes the try before anything is sent. A row whose earlier try never
    /// ended comes with the state it died in: `Dot` means that the server may have it.
    pub async fn claim_due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Delivery, DeliveryState)>, StoreError> {
        self.write("claiming due deliveries", move |tx| {
            let due: Vec<(Delivery, DeliveryState)> = tx
                .prepare_cached(DUE)?
                .query_map(params![ms(now), limit], |row| Ok((delivery(row)?, state(row)?)))?
                .collect::<Result<_, _>>()?;
            for (delivery, _) in &due {
                tx.prepare_cached(
                    "UPDATE deliveries SET state = 'sending', tries = tries + 1, tried_at = ?2, due_at = ?3 WHERE id = ?1",
                )?
                .execute([delivery.id.0, ms(now), ms(lease_end(now))])?;
            }
            Ok(due)
        })
        .await
    }

    /// Notes that the final dot is about to be sent: from here on the server may have the mail. `false` if the row
    /// is not under way any more (cancelled): then do not send it.
    pub async fn mark_dot(&self, id: DeliveryId, now: Timestamp) -> Result<bool, StoreError> {
        self.write("noting the final dot", move |tx| {
            let rows = tx
                .prepare_cached(
                    "UPDATE deliveries SET state = 'dot', due_at = ?2 WHERE id = ?1 AND state = 'sending'",
                )?
                .execute([id.0, ms(lease_end(now))])?;
            Ok(rows == 1)
        })
        .await
    }

    /// Writes what a try came to. A delivery that was sent stays sent; one that was cancelled meanwhile stays so unless
    /// the server has it.
    pub async fn commit_attempt(
        &self,
        id: DeliveryId,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("storing an attempt", move |tx| {
            let (due, done) = match attempt.state {
                DeliveryState::Sent | DeliveryState::Failed => (None, Some(now)),
                _ => (Some(attempt.due_at), None),
            };
            tx.prepare_cached(
                "UPDATE deliveries SET state = ?2, last_reply = ?3, due_at = ?4, done_at = ?5, tries = tries - ?6 \
                 WHERE id = ?1 AND state <> 'sent' AND (state IN ('sending', 'dot') OR ?2 = 'sent')",
            )?
            .execute(params![
                id.0,
                attempt.state.as_str(),
                attempt.reply,
                opt_ms(due),
                opt_ms(done),
                u32::from(!attempt.counts)
            ])?;
            Ok(())
        })
        .await
    }

    /// Deliveries, newest first; only those in one of `states` unless that is empty.
    pub async fn list_deliveries(
        &self,
        states: &[DeliveryState],
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let words =
            super::rows::to_json(&words).map_err(|e| super::sql("listing deliveries", e))?;
        self.read("listing deliveries", move |conn| {
            conn.prepare_cached(&format!(
                "{LISTED} WHERE ?1 = '[]' OR d.state IN (SELECT value FROM json_each(?1)) ORDER BY d.id DESC LIMIT ?2"
            ))?
            .query_map(params![words, limit], list_row)?
            .collect()
        })
        .await
    }

    /// The deliveries of a digest's edition for a slot.
    pub async fn deliveries_of(
        &self,
        digest: &DigestName,
        slot: &str,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let (digest, slot) = (digest.clone(), slot.to_owned());
        self.read("listing an edition's deliveries", move |conn| {
            conn.prepare_cached(&format!(
                "{LISTED} WHERE e.digest = ?1 AND e.slot = ?2 ORDER BY d.id"
            ))?
            .query_map([digest.as_str(), &slot], list_row)?
            .collect()
        })
        .await
    }

    /// Makes deliveries due now: the given one, or all that are deferred or failed. How many. One that was sent, or
    /// is under way, is left, and so is one whose recipient left; see [`Store::resend`].
    pub async fn retry_deliveries(
        &self,
        id: Option<DeliveryId>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write("retrying deliveries", move |tx| {
            tx.execute(
                &format!(
                    "UPDATE deliveries SET queued_at = iif(state = 'failed', ?2, queued_at), state = 'queued', due_at = ?2, \
                         done_at = NULL FROM editions e \
                     WHERE e.id = edition_id AND state IN ('queued', 'deferred', 'failed') AND (?1 IS NULL OR deliveries.id = ?1) \
                         AND {STAYS}"
                ),
                params![id.map(|id| id.0), ms(now)],
            )
        })
        .await
    }

    /// Puts a delivery into the outbox once more though it was sent, as an admin asked; the same bytes, the same
    /// Message-ID. `false` if the edition was never meant for that address, or is just under way.
    pub async fn resend(
        &self,
        edition: EditionId,
        recipient: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let recipient = recipient.to_owned();
        self.write("sending an edition again", move |tx| {
            let rows = tx.execute(
                "UPDATE deliveries SET state = 'queued', queued_at = ?3, due_at = ?3, done_at = NULL, tries = 0 \
                 WHERE edition_id = ?1 AND recipient = ?2 AND state NOT IN ('sending', 'dot')",
                params![edition.0, recipient, ms(now)],
            )?;
            Ok(rows == 1)
        })
        .await
    }

    /// Puts one more delivery of a frozen edition into the outbox: for somebody who was put on the list later. `false` if
    /// that address has one already.
    pub async fn add_delivery(
        &self,
        edition: EditionId,
        new: NewDelivery,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write("adding a delivery", move |tx| {
            let rows = tx.execute(
                "INSERT INTO deliveries (edition_id, recipient, state, due_at, queued_at, message_id, message) \
                 VALUES (?1, ?2, 'queued', ?3, ?3, ?4, ?5) ON CONFLICT (edition_id, recipient) DO NOTHING",
                params![edition.0, new.recipient, ms(now), new.message_id, new.message],
            )?;
            Ok(rows == 1)
        })
        .await
    }

    /// Gives up what waits since before `queued_before`; how many. One that is under way is left.
    pub async fn expire_deliveries(
        &self,
        queued_before: Timestamp,
        why: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let why = why.to_owned();
        self.write("giving up old deliveries", move |tx| {
            tx.execute(
                "UPDATE deliveries SET state = 'failed', due_at = NULL, done_at = ?3, last_reply = \
                     ?2 || coalesce('; ' || last_reply, '') \
                 WHERE state IN ('queued', 'deferred') AND queued_at < ?1",
                params![ms(queued_before), why, ms(now)],
            )
        })
        .await
    }

    /// Gives deliveries up: the given one, or all that wait (after a restore, so that no old mail goes out). How many.
    pub async fn cancel_deliveries(
        &self,
        id: Option<DeliveryId>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write("cancelling deliveries", move |tx| {
            tx.execute(
                "UPDATE deliveries SET state = 'failed', due_at = NULL, done_at = ?2, last_reply = 'cancelled' \
                 WHERE state NOT IN ('sent', 'failed') AND (?1 IS NULL OR id = ?1)",
                params![id.map(|id| id.0), ms(now)],
            )
        })
        .await
    }

    /// How many deliveries stand where; states without any are left out.
    pub async fn outbox_counts(&self) -> Result<BTreeMap<&'static str, u32>, StoreError> {
        self.read("counting the outbox", |conn| {
            conn.prepare_cached("SELECT state, count(*) AS n FROM deliveries GROUP BY state")?
                .query_map([], |row| Ok((state(row)?.as_str(), row.get("n")?)))?
                .collect()
        })
        .await
    }
}

/// Tries that were under way when their process died return at once; only for the file's one owner.
pub(super) fn release_tries(conn: &Connection) -> rusqlite::Result<usize> {
    conn.execute(
        "UPDATE deliveries SET due_at = min(due_at, tried_at) \
         WHERE state IN ('sending', 'dot') AND tries < ?1",
        [DEATHS_MAX],
    )
}

fn lease_end(now: Timestamp) -> Timestamp {
    now.saturating_add(TRY_LEASE).unwrap_or(now)
}

fn state(row: &Row<'_>) -> rusqlite::Result<DeliveryState> {
    let word: String = row.get("state")?;
    DeliveryState::from_word(&word).ok_or_else(|| {
        unreadable(
            Type::Text,
            std::io::Error::other(format!("no such delivery state: {word}")),
        )
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.get("id")?),
        edition: EditionId(row.get("edition_id")?),
        recipient: row.get("recipient")?,
        tries: row.get("tries")?,
        queued_at: time(row, "queued_at")?,
        message_id: row.get("message_id")?,
        message: row.get("message")?,
    })
}

fn list_row(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: DeliveryId(row.get("id")?),
        digest: DigestName(row.get("digest")?),
        edition: EditionId(row.get("edition_id")?),
        number: row.get("number")?,
        date: super::editions::date(&row.get::<_, String>("date")?)?,
        recipient: row.get("recipient")?,
        state: state(row)?,
        tries: row.get("tries")?,
        queued_at: time(row, "queued_at")?,
        due_at: opt_time(row, "due_at")?,
        tried_at: opt_time(row, "tried_at")?,
        done_at: opt_time(row, "done_at")?,
        last_reply: row.get("last_reply")?,
        message_id: row.get("message_id")?,
    })
}
