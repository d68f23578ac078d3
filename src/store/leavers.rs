//! Recipients who took leave of a digest by themselves. The config names who is meant to get it; who left is left out
//! until an admin lets them in again.

use super::{
    Store, StoreError,
    rows::{ms, opt_time, time},
};
use crate::model::DigestName;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// The name in `meta` of the key that signs the words by which recipients leave.
const KEY: &str = "leave_key";

/// The last words of a delivery that was given up because its recipient left.
pub const LEFT: &str = "the recipient left";

/// In a query over `deliveries` with its edition as `e`: the recipient has not left that digest.
pub(super) const STAYS: &str = "NOT EXISTS (SELECT 1 FROM leavers l WHERE l.digest = e.digest \
     AND l.recipient = deliveries.recipient AND l.back_at IS NULL)";

/// What taking leave came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// From now on.
    Now,
    /// Has left before; nothing changed.
    Before,
    /// The wish is of a mail older than the admin's letting them in again; nothing changed.
    Overtaken,
}

/// A recipient who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// What they left.
    pub digest: DigestName,
    /// Their address.
    pub recipient: String,
    /// When.
    pub left_at: Timestamp,
}

impl Store {
    /// The key that signs the words by which recipients leave; `None` before [`Self::set_leave_key`].
    pub async fn leave_key(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let kept = self.meta(KEY).await?;
        Ok(kept
            .and_then(|hex| blake3::Hash::from_hex(hex).ok())
            .map(|hash| *hash.as_bytes()))
    }

    /// Keeps `fresh` as that key unless there is one; the one that holds. It stays with the data, also in a backup.
    pub async fn set_leave_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let hex = blake3::Hash::from_bytes(fresh).to_hex().to_string();
        self.write("keeping the key of leaving", move |tx| {
            tx.prepare_cached("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)")?
                .execute([KEY, &hex])
                .map(drop)
        })
        .await?;
        Ok(self.leave_key().await?.unwrap_or(fresh))
    }

    /// A recipient takes leave, by the word of a mail of `issued`; what waits for them in the outbox is given up.
    pub async fn leave(
        &self,
        digest: &DigestName,
        recipient: &str,
        issued: Timestamp,
        now: Timestamp,
    ) -> Result<Left, StoreError> {
        let (digest, recipient) = (digest.clone(), recipient.to_owned());
        self.write("taking a recipient off a digest", move |tx| {
            let before = tx
                .prepare_cached("SELECT back_at FROM leavers WHERE digest = ?1 AND recipient = ?2")?
                .query_row(params![digest.as_str(), recipient], |row| {
                    opt_time(row, "back_at")
                })
                .optional()?;
            match before {
                Some(None) => return Ok(Left::Before),
                Some(Some(back)) if back >= issued => return Ok(Left::Overtaken),
                _ => {}
            }
            tx.prepare_cached(
                "INSERT INTO leavers (digest, recipient, left_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO UPDATE SET left_at = excluded.left_at, back_at = NULL",
            )?
            .execute(params![digest.as_str(), recipient, ms(now)])?;
            // As a cancelled one: under way, it stops before the dot.
            tx.prepare_cached(
                "UPDATE deliveries SET state = 'failed', due_at = NULL, done_at = ?3, last_reply = ?4 \
                 WHERE recipient = ?2 AND state NOT IN ('sent', 'failed') \
                     AND edition_id IN (SELECT id FROM editions WHERE digest = ?1)",
            )?
            .execute(params![digest.as_str(), recipient, ms(now), LEFT])?;
            Ok(Left::Now)
        })
        .await
    }

    /// Lets a recipient in again; `false` if they had not left.
    pub async fn rejoin(
        &self,
        digest: &DigestName,
        recipient: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (digest, recipient) = (digest.clone(), recipient.to_owned());
        self.write("letting a recipient in again", move |tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE leavers SET back_at = ?3 WHERE digest = ?1 AND recipient = ?2 AND back_at IS NULL",
                )?
                .execute(params![digest.as_str(), recipient, ms(now)])?;
            Ok(changed > 0)
        })
        .await
    }

    /// Whether a recipient has left a digest.
    pub async fn has_left(&self, digest: &DigestName, recipient: &str) -> Result<bool, StoreError> {
        let (digest, recipient) = (digest.clone(), recipient.to_owned());
        self.read("asking whether a recipient left", move |conn| {
            has_left(conn, digest.as_str(), &recipient)
        })
        .await
    }

    /// Who has left, of one digest or of all, the latest first.
    pub async fn leavers(&self, digest: Option<&DigestName>) -> Result<Vec<Leaver>, StoreError> {
        let digest = digest.cloned();
        self.read("listing who left", move |conn| {
            conn.prepare_cached(
                "SELECT digest, recipient, left_at FROM leavers \
                 WHERE back_at IS NULL AND (?1 IS NULL OR digest = ?1) ORDER BY left_at DESC, recipient",
            )?
            .query_map([digest.as_ref().map(DigestName::as_str)], |row| {
                Ok(Leaver {
                    digest: DigestName(row.get(0)?),
                    recipient: row.get(1)?,
                    left_at: time(row, "left_at")?,
                })
            })?
            .collect()
        })
        .await
    }
}

/// Whether a recipient has left a digest.
pub(super) fn has_left(conn: &Connection, digest: &str, recipient: &str) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM leavers WHERE digest = ?1 AND recipient = ?2 AND back_at IS NULL)",
    )?
    .query_row([digest, recipient], |row| row.get(0))
}
