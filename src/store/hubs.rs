//! Subscriptions at hubs (W3C WebSub): what is to be asked, what a hub's call is about, how reliable it has been.

use super::{
    Store, StoreError,
    rows::{from_json, ms, opt_ms, opt_time, unreadable},
};
use crate::model::{FeedId, FeedKey, HubLink, HubState, Subscription};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Row, Transaction, params, types::Type};
use std::collections::HashMap;
use std::fmt;
use url::Url;

/// What only the hub and we know of a subscription. Whoever knows the token can call us in the hub's name, whoever knows
/// the secret can sign deliveries: neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address that the hub calls, without the token at its end.
    pub base: String,
    /// The unguessable end of the address.
    pub token: String,
    /// Signs deliveries.
    pub secret: String,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback({}…)", self.base)
    }
}

/// A subscription that is to be asked for, or renewed.
#[derive(Debug, Clone)]
pub struct DueSubscription {
    /// Whose.
    pub feed: FeedId,
    /// Its key.
    pub key: FeedKey,
    /// Its configured address.
    pub url: Url,
    /// Where and what to ask.
    pub link: HubLink,
    /// `None` before the first request.
    pub callback: Option<Callback>,
    /// Whether this is a renewal.
    pub live: bool,
    /// Requests since the last verification.
    pub tries: u32,
}

/// A subscription that is to be taken back.
#[derive(Debug, Clone)]
pub struct DueUnsubscription {
    /// Whose it was.
    pub key: FeedKey,
    /// The feed's configured address.
    pub url: Url,
    /// Where and what.
    pub link: HubLink,
    /// The address that the hub calls, without the token.
    pub base: String,
    /// The unguessable end of it.
    pub token: String,
    /// Requests so far.
    pub tries: u32,
}

/// A request that is about to be sent.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Whose.
    pub feed: FeedId,
    /// What only the hub is told.
    pub callback: Callback,
    /// When it is sent.
    pub at: Timestamp,
    /// Until then the hub may verify it.
    pub pending_until: Timestamp,
    /// When the next one is due.
    pub due_at: Timestamp,
}

/// What came of a request to a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// It will verify.
    Taken,
    /// It will not.
    Refused,
    /// Nobody knows.
    Failed,
}

/// Who calls.
#[derive(Clone)]
pub struct Caller {
    /// The feed it is about.
    pub feed: FeedId,
    /// What was subscribed to.
    pub topic: Url,
    /// The subscription's secret; `None` for one that is being taken back.
    pub secret: Option<String>,
}

/// How many deliveries show that a hub delivers what the feed prints: at first, and once a poll found what it had not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Of a hub that never missed anything.
    pub first: u32,
    /// In a row, of one that did.
    pub again: u32,
}

impl Store {
    /// Brings the subscriptions in line with what the feeds' documents name. `base` begins the addresses that hubs call; `None`:
    /// none are wanted. A feed's hub is asked no sooner than `gap` after the last time that this feed made us ask. How many
    /// changed.
    pub async fn sync_hubs(
        &self,
        base: Option<String>,
        gap: SignedDuration,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write("bringing subscriptions in line with the feeds", move |tx| {
            let feeds = tx
                .prepare_cached(
                    "SELECT f.id, f.hub AS named, f.enabled = 1 AND f.retired_at IS NULL, s.* FROM feeds f \
                     LEFT JOIN subscriptions s ON s.feed_id = f.id WHERE f.hub IS NOT NULL \
                     UNION ALL SELECT f.id, NULL, 0, s.* FROM subscriptions s JOIN feeds f ON f.id = s.feed_id \
                     WHERE f.hub IS NULL",
                )?
                .query_map([], named)?
                .collect::<Result<Vec<_>, _>>()?;
            let mut changed = 0;
            for feed in feeds {
                changed += usize::from(feed.settle(tx, base.as_deref(), gap, now)?);
            }
            Ok(changed)
        })
        .await
    }

    /// Takes up to `limit` subscriptions that are due. One whose request is not begun within `lease` is due again.
    pub async fn claim_subscriptions(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<DueSubscription>, StoreError> {
        self.write_soon("claiming subscriptions", move |tx| {
            let due = tx
                .prepare_cached(
                    "SELECT s.*, f.key, f.url FROM subscriptions s JOIN feeds f ON f.id = s.feed_id \
                     WHERE s.due_at <= ?1 ORDER BY s.due_at LIMIT ?2",
                )?
                .query_map(params![ms(now), limit], due_subscription)?
                .collect::<Result<Vec<_>, _>>()?;
            let until = now.saturating_add(lease).unwrap_or(now);
            for one in &due {
                tx.prepare_cached("UPDATE subscriptions SET due_at = ?2 WHERE feed_id = ?1")?
                    .execute([one.feed.0, ms(until)])?;
            }
            Ok(due)
        })
        .await
    }

    /// Writes down a request before it is sent: the hub may call back before it answers. Until `pending_until` it may; unless
    /// something is heard the next request is due at `due_at`. `false`, and nothing is written, where other feeds of the same
    /// paper have made us ask `most` hubs or more besides this one.
    pub async fn begin_request(&self, request: NewRequest, most: u32) -> Result<bool, StoreError> {
        self.write("noting a request to a hub", move |tx| {
            let others: u32 = tx
                .prepare_cached(
                    "SELECT count(DISTINCT o.hub) FROM subscriptions s JOIN feeds f ON f.id = s.feed_id \
                     JOIN feeds g ON g.source_id = f.source_id JOIN subscriptions o ON o.feed_id = g.id \
                     WHERE s.feed_id = ?1 AND o.token IS NOT NULL AND o.hub <> s.hub",
                )?
                .query_row([request.feed.0], |row| row.get(0))?;
            if others >= most {
                return Ok(false);
            }
            let callback = request.callback;
            let noted = tx
                .prepare_cached(
                    "UPDATE subscriptions SET base = ?2, token = ?3, secret = ?4, asked_at = ?5, pending_until = ?6, \
                         due_at = ?7, tries = tries + 1 WHERE feed_id = ?1",
                )?
                .execute(params![
                    request.feed.0,
                    callback.base,
                    callback.token,
                    callback.secret,
                    ms(request.at),
                    ms(request.pending_until),
                    ms(request.due_at)
                ])?;
            Ok(noted > 0)
        })
        .await
    }

    /// Writes down what came of a request, unless the hub has verified it meanwhile.
    pub async fn end_request(
        &self,
        token: String,
        requested: Requested,
        due_at: Timestamp,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        let state = match requested {
            Requested::Taken => HubState::Asked,
            Requested::Refused => HubState::Refused,
            Requested::Failed => HubState::Named,
        };
        self.write("noting a hub's answer", move |tx| {
            tx.prepare_cached(
                "UPDATE subscriptions SET state = CASE state WHEN 'live' THEN state ELSE ?2 END, due_at = ?3, detail = ?4, \
                     pending_until = CASE WHEN ?2 = 'refused' THEN NULL ELSE pending_until END \
                 WHERE token = ?1 AND pending_until IS NOT NULL",
            )?
            .execute(params![token, state.as_str(), ms(due_at), detail])
            .map(drop)
        })
        .await
    }

    /// Puts off a subscription that is not asked for, and says why.
    pub async fn refuse_hub(
        &self,
        feed: FeedId,
        due_at: Timestamp,
        detail: &'static str,
    ) -> Result<(), StoreError> {
        self.write("refusing a hub", move |tx| {
            tx.prepare_cached(
                "UPDATE subscriptions SET state = 'refused', due_at = ?2, detail = ?3 WHERE feed_id = ?1",
            )?
            .execute(params![feed.0, ms(due_at), detail])
            .map(drop)
        })
        .await
    }

    /// Whose call this token is in; `None` for nobody's. A feed that is switched off has no callers but for taking back.
    pub async fn caller(&self, token: &str) -> Result<Option<Caller>, StoreError> {
        let token = token.to_owned();
        self.read("asking whose call it is", move |conn| {
            conn.prepare_cached(
                "SELECT s.feed_id, s.topic, s.secret FROM subscriptions s JOIN feeds f ON f.id = s.feed_id \
                 WHERE s.token = ?1 AND f.enabled = 1 \
                 UNION ALL SELECT feed_id, topic, NULL FROM unsubscriptions WHERE token = ?1",
            )?
            .query_row([token], |row| {
                Ok(Caller {
                    feed: FeedId(row.get(0)?),
                    topic: url(row.get(1)?)?,
                    secret: row.get(2)?,
                })
            })
            .optional()
        })
        .await
    }

    /// A hub verifies that we want the subscription: `true`, once for each request, if a request for this topic waits for it.
    /// The lease then ends at `lease_until` and is renewed at `due_at`.
    pub async fn verify_subscription(
        &self,
        token: &str,
        topic: &str,
        lease_until: Timestamp,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (token, topic) = (token.to_owned(), topic.to_owned());
        self.write("starting a lease", move |tx| {
            let feed: Option<i64> = tx
                .prepare_cached(
                    "UPDATE subscriptions SET state = 'live', lease_until = ?3, due_at = ?4, pending_until = NULL, tries = 0, \
                         detail = NULL WHERE token = ?1 AND topic = ?2 AND pending_until >= ?5 AND due_at IS NOT NULL \
                     RETURNING feed_id",
                )?
                .query_row(
                    params![token, topic, ms(lease_until), ms(due_at), ms(now)],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(feed) = feed {
                tx.prepare_cached(
                    "UPDATE feeds SET pushed_until = ?2 WHERE id = ?1 AND pushed_until IS NOT NULL",
                )?
                .execute([feed, ms(lease_until)])?;
            }
            Ok(feed.is_some())
        })
        .await
    }

    /// A hub verifies that we want no more: `true`, once, if we said so of this topic.
    pub async fn verify_unsubscription(
        &self,
        token: &str,
        topic: &str,
    ) -> Result<bool, StoreError> {
        let (token, topic) = (token.to_owned(), topic.to_owned());
        self.write("ending a subscription", move |tx| {
            let ended = tx
                .prepare_cached(
                    "DELETE FROM unsubscriptions WHERE token = ?1 AND topic = ?2 AND tries > 0",
                )?
                .execute([token, topic])?;
            Ok(ended > 0)
        })
        .await
    }

    /// A hub denies the subscription, also one that it had verified; `false` for a topic that is not the subscription's. It is
    /// asked again at `due_at`.
    pub async fn deny_subscription(
        &self,
        token: &str,
        topic: &str,
        detail: Option<String>,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (token, topic) = (token.to_owned(), topic.to_owned());
        self.write("noting a hub's denial", move |tx| {
            let feed: Option<i64> = tx
                .prepare_cached(
                    "UPDATE subscriptions SET state = 'refused', pending_until = NULL, lease_until = NULL, streak = 0, \
                         due_at = CASE WHEN due_at IS NULL THEN NULL ELSE ?3 END, detail = ?4 \
                     WHERE token = ?1 AND topic = ?2 RETURNING feed_id",
                )?
                .query_row(params![token, topic, ms(due_at), detail], |row| row.get(0))
                .optional()?;
            if let Some(feed) = feed {
                back_to_polling(tx, feed, now)?;
            }
            Ok(feed.is_some())
        })
        .await
    }

    /// Ends the leases that have run out; whose they were. Their feeds are polled at their own pace again, beginning now.
    pub async fn end_leases(&self, now: Timestamp) -> Result<Vec<FeedKey>, StoreError> {
        self.write_soon("ending leases", move |tx| {
            let over: Vec<(i64, String)> = tx
                .prepare_cached(
                    "SELECT s.feed_id, f.key FROM subscriptions s JOIN feeds f ON f.id = s.feed_id \
                     WHERE s.state = 'live' AND s.lease_until <= ?1",
                )?
                .query_map([ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (feed, _) in &over {
                tx.prepare_cached(
                    "UPDATE subscriptions SET state = 'named', lease_until = NULL, streak = 0, detail = 'the lease ended' \
                     WHERE feed_id = ?1",
                )?
                .execute([feed])?;
                back_to_polling(tx, *feed, now)?;
            }
            Ok(over.into_iter().map(|(_, key)| FeedKey(key)).collect())
        })
        .await
    }

    /// Takes up to `limit` subscriptions that are to be taken back; the next request for each is due `again` later. Those that
    /// were asked for `most` times are given up: their leases end by themselves.
    pub async fn claim_unsubscriptions(
        &self,
        now: Timestamp,
        again: SignedDuration,
        most: u32,
        limit: u32,
    ) -> Result<Vec<DueUnsubscription>, StoreError> {
        self.write("claiming subscriptions to be taken back", move |tx| {
            tx.prepare_cached("DELETE FROM unsubscriptions WHERE due_at <= ?1 AND tries >= ?2")?
                .execute(params![ms(now), most])?;
            let due = tx
                .prepare_cached(
                    "SELECT u.*, f.key, f.url FROM unsubscriptions u JOIN feeds f ON f.id = u.feed_id \
                     WHERE u.due_at <= ?1 ORDER BY u.due_at LIMIT ?2",
                )?
                .query_map(params![ms(now), limit], |row| {
                    Ok(DueUnsubscription {
                        key: FeedKey(row.get("key")?),
                        url: url(row.get("url")?)?,
                        link: link(row)?,
                        base: row.get("base")?,
                        token: row.get("token")?,
                        tries: row.get("tries")?,
                    })
                })?
                .collect::<Result<Vec<_>, _>>()?;
            let next = now.saturating_add(again).unwrap_or(now);
            for one in &due {
                tx.prepare_cached(
                    "UPDATE unsubscriptions SET due_at = ?2, tries = tries + 1 WHERE token = ?1",
                )?
                .execute(params![one.token, ms(next)])?;
            }
            Ok(due)
        })
        .await
    }

    /// When a hub is to be asked, or a lease ends, next.
    pub async fn next_hub_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read("asking when a hub is due", |conn| {
            conn.prepare_cached(
                "SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM subscriptions WHERE due_at IS NOT NULL \
                 UNION ALL SELECT min(lease_until) FROM subscriptions WHERE state = 'live' \
                 UNION ALL SELECT min(due_at) FROM unsubscriptions)",
            )?
            .query_row([], |row| opt_time(row, "at"))
        })
        .await
    }

    /// Counts a delivery that was passed over; how many there were of this feed.
    pub async fn ignore_delivery(&self, feed: FeedId) -> Result<u32, StoreError> {
        self.write_soon("counting a delivery passed over", move |tx| {
            let ignored = tx
                .prepare_cached(
                    "UPDATE subscriptions SET ignored = ignored + 1 WHERE feed_id = ?1 RETURNING ignored",
                )?
                .query_row([feed.0], |row| row.get(0))
                .optional()?;
            Ok(ignored.unwrap_or(0))
        })
        .await
    }

    /// Notes that a poll found what the hub had not delivered: the feed is polled at its own pace again, next at `next`.
    pub async fn note_missed(&self, feed: FeedId, next: Timestamp) -> Result<(), StoreError> {
        self.write_soon("noting what a hub missed", move |tx| {
            tx.prepare_cached(
                "UPDATE subscriptions SET streak = 0, misses = misses + 1 WHERE feed_id = ?1",
            )?
            .execute([feed.0])?;
            back_to_polling(tx, feed.0, next)
        })
        .await
    }

    /// Every subscription, by feed.
    pub async fn subscriptions(&self) -> Result<HashMap<FeedId, Subscription>, StoreError> {
        self.read("listing subscriptions", |conn| {
            conn.prepare_cached("SELECT * FROM subscriptions")?
                .query_map([], |row| {
                    Ok((FeedId(row.get("feed_id")?), subscription(row)?))
                })?
                .collect()
        })
        .await
    }
}

/// Counts a delivery that was read, and believes the hub where it has shown itself reliable.
pub(super) fn note_delivery(
    tx: &Transaction<'_>,
    feed: FeedId,
    at: Timestamp,
    proof: Proof,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE subscriptions SET deliveries = deliveries + 1, streak = streak + 1, delivered_at = ?2 WHERE feed_id = ?1",
    )?
    .execute([feed.0, ms(at)])?;
    tx.prepare_cached(
        "UPDATE feeds SET pushed_until = (SELECT lease_until FROM subscriptions WHERE feed_id = ?1 AND state = 'live' \
             AND streak >= CASE misses WHEN 0 THEN ?2 ELSE ?3 END) WHERE id = ?1",
    )?
    .execute(params![feed.0, proof.first, proof.again])
    .map(drop)
}

/// Forgets the hub of a feed that was given another address: what is named there is not known yet.
pub(super) fn forget(tx: &Transaction<'_>, feed: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE feeds SET hub = NULL, pushed_until = NULL WHERE id = ?1")?
        .execute([feed])
        .map(drop)
}

fn back_to_polling(tx: &Transaction<'_>, feed: i64, next: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE feeds SET pushed_until = NULL, next_poll_at = min(next_poll_at, ?2) WHERE id = ?1",
    )?
    .execute([feed, ms(next)])
    .map(drop)
}

/// A feed with what its document names and what there is of a subscription.
struct Named {
    feed: i64,
    named: Option<HubLink>,
    /// Whether the feed is polled at all.
    polled: bool,
    row: Option<Known>,
}

/// A subscription as [`Store::sync_hubs`] looks at it.
struct Known {
    link: HubLink,
    base: Option<String>,
    /// Whether the hub may think that we want it.
    held: bool,
    asked_at: Option<Timestamp>,
    wanted: bool,
}

fn named(row: &Row<'_>) -> rusqlite::Result<Named> {
    let known = match row.get::<_, Option<i64>>("feed_id")? {
        None => None,
        Some(_) => Some(Known {
            link: link(row)?,
            base: row.get("base")?,
            held: row.get::<_, String>("state")? == HubState::Live.as_str()
                || row.get::<_, Option<i64>>("pending_until")?.is_some(),
            asked_at: opt_time(row, "asked_at")?,
            wanted: row.get::<_, Option<i64>>("due_at")?.is_some(),
        }),
    };
    let hub: Option<String> = row.get(1)?;
    Ok(Named {
        feed: row.get(0)?,
        named: hub.map(|hub| from_json(&hub)).transpose()?,
        polled: row.get(2)?,
        row: known,
    })
}

impl Named {
    /// Brings one subscription in line; whether something changed.
    fn settle(
        self,
        tx: &Transaction<'_>,
        base: Option<&str>,
        gap: SignedDuration,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let wanted = self.named.filter(|_| self.polled && base.is_some());
        let Some(known) = self.row else {
            let Some(link) = wanted else { return Ok(false) };
            tx.prepare_cached(
                "INSERT INTO subscriptions (feed_id, hub, topic, state, due_at) VALUES (?1, ?2, ?3, 'named', ?4)",
            )?
            .execute(params![self.feed, link.hub.as_str(), link.topic.as_str(), ms(now)])?;
            return Ok(true);
        };
        let same_link = wanted.as_ref().is_none_or(|link| *link == known.link);
        let same_base = wanted.is_none() || known.base.is_none() || known.base.as_deref() == base;
        let stays = wanted.is_some() == known.wanted && same_link && same_base;
        if stays && (wanted.is_some() || known.base.is_none()) {
            return Ok(false);
        }
        if known.held {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO unsubscriptions (token, feed_id, hub, topic, base, due_at) \
                 SELECT token, feed_id, hub, topic, base, ?2 FROM subscriptions WHERE feed_id = ?1",
            )?
            .execute([self.feed, ms(now)])?;
        }
        let soonest = known
            .asked_at
            .and_then(|at| at.saturating_add(gap).ok())
            .map_or(now, |at| at.max(now));
        let due_at = wanted.is_some().then_some(soonest);
        let link = wanted.unwrap_or(known.link);
        tx.prepare_cached(
            "UPDATE subscriptions SET hub = ?2, topic = ?3, base = NULL, token = NULL, secret = NULL, state = 'named', \
                 pending_until = NULL, lease_until = NULL, due_at = ?4, tries = 0, streak = 0, misses = 0, detail = NULL \
             WHERE feed_id = ?1",
        )?
        .execute(params![
            self.feed,
            link.hub.as_str(),
            link.topic.as_str(),
            opt_ms(due_at)
        ])?;
        back_to_polling(tx, self.feed, now)?;
        Ok(true)
    }
}

fn due_subscription(row: &Row<'_>) -> rusqlite::Result<DueSubscription> {
    let callback = match row.get::<_, Option<String>>("token")? {
        None => None,
        Some(token) => Some(Callback {
            base: row.get("base")?,
            token,
            secret: row.get("secret")?,
        }),
    };
    Ok(DueSubscription {
        feed: FeedId(row.get("feed_id")?),
        key: FeedKey(row.get("key")?),
        url: url(row.get("url")?)?,
        link: link(row)?,
        callback,
        live: state(row)? == HubState::Live,
        tries: row.get("tries")?,
    })
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    Ok(Subscription {
        link: link(row)?,
        state: state(row)?,
        asked_at: opt_time(row, "asked_at")?,
        lease_until: opt_time(row, "lease_until")?,
        due_at: opt_time(row, "due_at")?,
        delivered_at: opt_time(row, "delivered_at")?,
        deliveries: row.get("deliveries")?,
        ignored: row.get("ignored")?,
        misses: row.get("misses")?,
        detail: row.get("detail")?,
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<HubState> {
    let word: String = row.get("state")?;
    Ok(HubState::from_word(&word).unwrap_or(HubState::Named))
}

fn link(row: &Row<'_>) -> rusqlite::Result<HubLink> {
    Ok(HubLink {
        hub: url(row.get("hub")?)?,
        topic: url(row.get("topic")?)?,
    })
}

fn url(text: String) -> rusqlite::Result<Url> {
    Url::parse(&text).map_err(|e| unreadable(Type::Text, e))
}
