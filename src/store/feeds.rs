//! Sources and feeds: what the config says of them, which are due, and what we remember.

use super::{
    Store, StoreError,
    rows::{from_json, ms, opt_time, time, unreadable},
};
use crate::model::{
    Failure, FailureKind, Feed, FeedId, FeedKey, FeedKind, FeedSpec, FeedState, Source, SourceKey,
    Validators,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params, types::Type};
use std::collections::{HashMap, HashSet};
use url::Url;

/// What bringing the store in line with `feeds.toml` changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Feeds never configured before.
    pub added: Vec<FeedKey>,
    /// Feeds switched on again: retired or failing, they start afresh.
    pub enabled: Vec<FeedKey>,
    /// Feeds switched off or gone from the file; their history stays.
    pub disabled: Vec<FeedKey>,
    /// Feeds whose address changed, or what is there.
    pub moved: Vec<FeedKey>,
}

/// A feed for tables: also those that are not polled.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedRow {
    /// The feed with its state.
    pub feed: Feed,
    /// Its section, where it carries one.
    pub section: Option<String>,
    /// Whether `feeds.toml` still names it.
    pub listed: bool,
    /// Whether it is polled.
    pub enabled: bool,
    /// Whether somebody has seen this address answer with a feed.
    pub verified: bool,
}

/// The columns that [`feed`] reads, of `feeds AS f` joined with `sources AS s`.
const FEED: &str = "f.id, f.key, s.key AS source, f.url, f.kind, f.section, f.listed, f.enabled, f.verified, \
     f.added_at, f.etag, f.last_modified, f.body_hash, f.next_poll_at, f.not_before, f.last_poll_at, f.last_ok_at, \
     f.last_new_at, f.recent, f.failures, f.failing_since, f.failure, f.failure_detail, f.retired_at, f.moved_to, \
     f.moved_seen, f.parts, f.watch";

/// Feeds of `feeds_due` that are due and nobody's work: the order of the index is the order of the queue.
pub(super) const DUE: &str = "SELECT id FROM feeds \
     WHERE enabled = 1 AND retired_at IS NULL AND next_poll_at <= ?1 \
       AND (lease_until IS NULL OR lease_until <= ?1) AND (not_before IS NULL OR not_before <= ?1) \
     ORDER BY next_poll_at LIMIT ?2";

impl Store {
    /// Brings sources and feeds in line with the config. History is kept: a feed that left is only switched off, one
    /// that comes back goes on. A new feed is due at once; a 410 is forgotten when the admin switches the feed off
    /// and on again, or gives it another address.
    pub async fn sync_sources(
        &self,
        sources: &[Source],
        now: Timestamp,
    ) -> Result<SyncReport, StoreError> {
        let sources = sources.to_vec();
        self.write("bringing the feeds in line with the config", move |tx| {
            let mut report = SyncReport::default();
            let mut named = HashSet::new();
            for source in &sources {
                let id = put_source(tx, source, now)?;
                for spec in &source.feeds {
                    named.insert(spec.key.clone());
                    put_feed(tx, id, spec, now, &mut report)?;
                }
            }
            let listed: Vec<String> = tx
                .prepare_cached("SELECT key FROM feeds WHERE listed = 1")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for key in listed.into_iter().map(FeedKey) {
                if !named.contains(&key) {
                    tx.prepare_cached("UPDATE feeds SET listed = 0, enabled = 0 WHERE key = ?1")?
                        .execute([key.as_str()])?;
                    report.disabled.push(key);
                }
            }
            Ok(report)
        })
        .await
    }

    /// Takes up to `limit` feeds that are due, the longest waiting first, each for `lease`. One that is not
    /// committed within its lease is due again.
    pub async fn claim_due_feeds(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<Feed>, StoreError> {
        self.write("claiming due feeds", move |tx| {
            let due: Vec<i64> = tx
                .prepare_cached(DUE)?
                .query_map(params![ms(now), limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            due.into_iter().map(|id| take(tx, id, now, lease)).collect()
        })
        .await
    }

    /// Takes the named feeds (all when `None`) whether they are due or not: an admin's `fetch`. Those under
    /// Retry-After, retired, switched off or in work are left; compare with what was asked for.
    pub async fn claim_feeds(
        &self,
        keys: Option<Vec<FeedKey>>,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Vec<Feed>, StoreError> {
        self.write("claiming feeds", move |tx| {
            let keys = keys.map(|keys| keys.into_iter().collect::<HashSet<_>>());
            let free: Vec<(i64, String)> = tx
                .prepare_cached(
                    "SELECT id, key FROM feeds WHERE enabled = 1 AND retired_at IS NULL \
                       AND (lease_until IS NULL OR lease_until <= ?1) AND (not_before IS NULL OR not_before <= ?1) \
                     ORDER BY id",
                )?
                .query_map([ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            free.into_iter()
                .filter(|(_, key)| keys.as_ref().is_none_or(|k| k.contains(&FeedKey(key.clone()))))
                .map(|(id, _)| take(tx, id, now, lease))
                .collect()
        })
        .await
    }

    /// Makes the named feeds due now (all when `None`); how many. For a command beside the daemon.
    pub async fn make_due(
        &self,
        keys: Option<Vec<FeedKey>>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write("making feeds due", move |tx| {
            let Some(keys) = keys else {
                return tx.execute(
                    "UPDATE feeds SET next_poll_at = ?1 WHERE enabled = 1",
                    [ms(now)],
                );
            };
            let mut changed = 0;
            for key in &keys {
                changed += tx
                    .prepare_cached(
                        "UPDATE feeds SET next_poll_at = ?1 WHERE enabled = 1 AND key = ?2",
                    )?
                    .execute(params![ms(now), key.as_str()])?;
            }
            Ok(changed)
        })
        .await
    }

    /// Sets when each of these feeds is asked next; one that is switched off is left.
    pub async fn set_due(&self, times: Vec<(FeedKey, Timestamp)>) -> Result<(), StoreError> {
        self.write("setting when feeds are due", move |tx| {
            for (key, at) in &times {
                tx.prepare_cached(
                    "UPDATE feeds SET next_poll_at = ?1 WHERE enabled = 1 AND key = ?2",
                )?
                .execute(params![ms(*at), key.as_str()])?;
            }
            Ok(())
        })
        .await
    }

    /// How many entries each feed brought since `from`; feeds without any are left out.
    pub async fn entries_since(&self, from: Timestamp) -> Result<HashMap<FeedId, u32>, StoreError> {
        self.read("counting new entries", move |conn| {
            conn.prepare_cached(
                "SELECT feed_id, count(*) FROM entries WHERE first_seen >= ?1 GROUP BY feed_id",
            )?
            .query_map([ms(from)], |row| Ok((FeedId(row.get(0)?), row.get(1)?)))?
            .collect()
        })
        .await
    }

    /// Every feed ever configured, by key.
    pub async fn list_feeds(&self) -> Result<Vec<FeedRow>, StoreError> {
        self.read("listing feeds", |conn| {
            conn.prepare_cached(&format!(
                "SELECT {FEED} FROM feeds f JOIN sources s ON s.id = f.source_id ORDER BY f.key"
            ))?
            .query_map([], |row| {
                Ok(FeedRow {
                    feed: feed(row)?,
                    section: row.get("section")?,
                    listed: row.get("listed")?,
                    enabled: row.get("enabled")?,
                    verified: row.get("verified")?,
                })
            })?
            .collect()
        })
        .await
    }
}

/// Gives back what a dead owner had claimed.
pub(super) fn release_leases(conn: &Connection) -> rusqlite::Result<usize> {
    conn.execute(
        "UPDATE feeds SET lease_until = NULL WHERE lease_until IS NOT NULL",
        [],
    )
}

fn put_source(tx: &Transaction<'_>, source: &Source, now: Timestamp) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO sources (key, name, province, domain, rank, added_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (key) DO UPDATE SET name = excluded.name, province = excluded.province, \
             domain = excluded.domain, rank = excluded.rank \
         RETURNING id",
    )?
    .query_row(
        params![
            source.key.as_str(),
            source.name,
            source.province,
            source.domain,
            source.rank,
            ms(now)
        ],
        |row| row.get(0),
    )
}

fn put_feed(
    tx: &Transaction<'_>,
    source: i64,
    spec: &FeedSpec,
    now: Timestamp,
    report: &mut SyncReport,
) -> rusqlite::Result<()> {
    let known = tx
        .prepare_cached("SELECT id, url, enabled, kind FROM feeds WHERE key = ?1")?
        .query_row([spec.key.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((id, url, was_enabled, kind)): Option<(i64, String, bool, String)> = known else {
        tx.prepare_cached(
            "INSERT INTO feeds (key, source_id, url, kind, section, listed, enabled, verified, added_at, next_poll_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?8)",
        )?
        .execute(params![
            spec.key.as_str(),
            source,
            spec.url.as_str(),
            kind_word(spec.kind),
            spec.section,
            spec.enabled,
            spec.verified,
            ms(now)
        ])?;
        report.added.push(spec.key.clone());
        return Ok(());
    };
    tx.prepare_cached(
        "UPDATE feeds SET source_id = ?2, url = ?3, kind = ?4, section = ?5, listed = 1, enabled = ?6, verified = ?7 \
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        source,
        spec.url.as_str(),
        kind_word(spec.kind),
        spec.section,
        spec.enabled,
        spec.verified
    ])?;
    if was_enabled && !spec.enabled {
        report.disabled.push(spec.key.clone());
    }
    let switched_on = spec.enabled && !was_enabled;
    let moved = url != spec.url.as_str() || kind != kind_word(spec.kind);
    if switched_on {
        report.enabled.push(spec.key.clone());
    }
    if moved {
        report.moved.push(spec.key.clone());
        // What was learned of another address, or of it read otherwise, says nothing; its validators would lie.
        tx.prepare_cached(
            "UPDATE feeds SET etag = NULL, last_modified = NULL, body_hash = NULL, moved_to = NULL, moved_seen = 0, \
                 not_before = NULL, parts = '[]', watch = '{}' WHERE id = ?1",
        )?
        .execute([id])?;
    }
    if switched_on || moved {
        tx.prepare_cached(
            "UPDATE feeds SET retired_at = NULL, failures = 0, failing_since = NULL, failure = NULL, \
                 failure_detail = NULL, lease_until = NULL, next_poll_at = ?2 WHERE id = ?1",
        )?
        .execute(params![id, ms(now)])?;
    }
    Ok(())
}

fn take(
    tx: &Transaction<'_>,
    id: i64,
    now: Timestamp,
    lease: SignedDuration,
) -> rusqlite::Result<Feed> {
    let until = now.saturating_add(lease).unwrap_or(now);
    tx.prepare_cached("UPDATE feeds SET lease_until = ?2 WHERE id = ?1")?
        .execute(params![id, ms(until)])?;
    tx.prepare_cached(&format!(
        "SELECT {FEED} FROM feeds f JOIN sources s ON s.id = f.source_id WHERE f.id = ?1"
    ))?
    .query_row([id], feed)
}

fn feed(row: &Row<'_>) -> rusqlite::Result<Feed> {
    Ok(Feed {
        id: FeedId(row.get("id")?),
        key: FeedKey(row.get("key")?),
        source: SourceKey(row.get("source")?),
        url: url(&row.get::<_, String>("url")?)?,
        kind: kind(&row.get::<_, String>("kind")?),
        added_at: time(row, "added_at")?,
        state: state(row)?,
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    let recent: Vec<i64> = from_json(&row.get::<_, String>("recent")?)?;
    let failure = row.get::<_, Option<String>>("failure")?;
    let moved_to = row.get::<_, Option<String>>("moved_to")?;
    Ok(FeedState {
        validators: Validators {
            etag: row.get("etag")?,
            last_modified: row.get("last_modified")?,
        },
        body_hash: row.get("body_hash")?,
        next_poll_at: opt_time(row, "next_poll_at")?,
        not_before: opt_time(row, "not_before")?,
        last_poll_at: opt_time(row, "last_poll_at")?,
        last_ok_at: opt_time(row, "last_ok_at")?,
        last_new_at: opt_time(row, "last_new_at")?,
        recent: recent
            .into_iter()
            .map(super::rows::to_time)
            .collect::<Result<_, _>>()?,
        failures: row.get("failures")?,
        failing_since: opt_time(row, "failing_since")?,
        failure: match failure {
            Some(word) => Some(Failure {
                kind: FailureKind::from_word(&word).unwrap_or(FailureKind::Reader),
                detail: row
                    .get::<_, Option<String>>("failure_detail")?
                    .unwrap_or_default(),
            }),
            None => None,
        },
        retired_at: opt_time(row, "retired_at")?,
        moved: match moved_to {
            Some(text) => Some((url(&text)?, row.get("moved_seen")?)),
            None => None,
        },
        parts: from_json(&row.get::<_, String>("parts")?)?,
        watch: from_json(&row.get::<_, String>("watch")?)?,
    })
}

fn url(text: &str) -> rusqlite::Result<Url> {
    Url::parse(text).map_err(|e| unreadable(Type::Text, e))
}

fn kind_word(kind: FeedKind) -> &'static str {
    match kind {
        FeedKind::Feed => "feed",
        FeedKind::Sitemap => "sitemap",
        FeedKind::Page => "page",
    }
}

fn kind(word: &str) -> FeedKind {
    match word {
        "sitemap" => FeedKind::Sitemap,
        "page" => FeedKind::Page,
        _ => FeedKind::Feed,
    }
}
