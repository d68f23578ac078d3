//! Sources and feeds: what the config says of them, which are due, and what we remember.

use super::{
    Store, StoreError, hubs,
    rows::{from_json, ms, to_time, unreadable},
};
use crate::model::{
    Failure, FailureKind, Feed, FeedId, FeedKey, FeedKind, FeedSpec, FeedState, Rhythm, Source,
    SourceKey, Validators,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{
    Connection, OptionalExtension as _, Row, Transaction, params,
    types::{FromSql, Type},
};
use std::collections::{BTreeMap, HashMap};
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

/// The columns that [`feed`] reads, in its order, of `feeds AS f` joined with `sources AS s`.
const FEED: &str = "f.id, f.key, s.key, f.url, f.kind, f.added_at, f.etag, f.last_modified, f.body_hash, \
     f.next_poll_at, f.not_before, f.last_poll_at, f.last_ok_at, f.last_new_at, f.failures, \
     f.failing_since, f.failure, f.failure_detail, f.retired_at, f.moved_to, f.moved_seen, f.distrusted_until, \
     f.entries_hash, f.hours, f.counted_to, f.parts, f.watch, f.hub, f.pushed_until";

/// Feeds that are due and nobody's work, in the order of the index `feeds_due`: a feed's place is the latest of its time,
/// its lease and its server's floor.
pub(super) const DUE: &str = "SELECT id FROM feeds WHERE enabled = 1 AND retired_at IS NULL \
     AND max(next_poll_at, coalesce(lease_until, 0), coalesce(not_before, 0)) <= ?1 \
     ORDER BY max(next_poll_at, coalesce(lease_until, 0), coalesce(not_before, 0)) LIMIT ?2";

/// The first place in that order.
pub(super) const NEXT_DUE: &str = "SELECT min(max(next_poll_at, coalesce(lease_until, 0), coalesce(not_before, 0))) \
     FROM feeds WHERE enabled = 1 AND retired_at IS NULL";

pub(super) const FAILING: &str =
    "SELECT count(*) FROM feeds WHERE enabled = 1 AND failing_since > 0";

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
            let mut known = known_feeds(tx)?;
            for source in &sources {
                let id = put_source(tx, source, now)?;
                for spec in &source.feeds {
                    let was = known.remove(spec.key.as_str());
                    put_feed(tx, id, spec, was.as_ref(), now, &mut report)?;
                }
            }
            for (key, was) in known {
                if was.listed {
                    tx.prepare_cached("UPDATE feeds SET listed = 0, enabled = 0 WHERE id = ?1")?
                        .execute([was.id])?;
                    report.disabled.push(FeedKey(key));
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
        self.write_soon("claiming due feeds", move |tx| {
            let due = tx
                .prepare_cached(&format!(
                    "SELECT {FEED} FROM ({DUE}) d CROSS JOIN feeds f ON f.id = d.id CROSS JOIN sources s ON s.id = f.source_id"
                ))?
                .query_map(params![ms(now), limit], |row| feed(&mut Columns(row, 0)))?
                .collect::<Result<Vec<Feed>, _>>()?;
            take(tx, &due, now, lease)?;
            Ok(due)
        })
        .await
    }

    /// Takes these feeds, just read, whether they are due or not: an admin's `fetch`. Those under Retry-After, retired,
    /// switched off or in work are left; compare with what was asked for.
    pub async fn claim_feeds(
        &self,
        feeds: Vec<Feed>,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Vec<Feed>, StoreError> {
        self.write_soon("claiming feeds", move |tx| {
            let until = ms(now.saturating_add(lease).unwrap_or(now));
            let mut take = tx.prepare_cached(
                "UPDATE feeds SET lease_until = ?3 WHERE id = ?1 AND enabled = 1 AND retired_at IS NULL \
                     AND coalesce(lease_until, 0) <= ?2 AND coalesce(not_before, 0) <= ?2",
            )?;
            let mut taken = Vec::with_capacity(feeds.len());
            for feed in feeds {
                if take.execute([feed.id.0, ms(now), until])? > 0 {
                    taken.push(feed);
                }
            }
            Ok(taken)
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

    /// One feed with its state, polled or not; `None` if the config never named it.
    pub async fn feed(&self, id: FeedId) -> Result<Option<Feed>, StoreError> {
        self.read("reading a feed", move |conn| {
            conn.prepare_cached(&format!(
                "SELECT {FEED} FROM feeds f JOIN sources s ON s.id = f.source_id WHERE f.id = ?1"
            ))?
            .query_row([id.0], |row| feed(&mut Columns(row, 0)))
            .optional()
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

    /// How many polled feeds fail.
    pub async fn failing(&self) -> Result<u32, StoreError> {
        self.read("counting failing feeds", |conn| {
            conn.prepare_cached(FAILING)?
                .query_row([], |row| row.get(0))
        })
        .await
    }

    /// Every feed ever configured, by key.
    pub async fn list_feeds(&self) -> Result<Vec<FeedRow>, StoreError> {
        self.read("listing feeds", |conn| {
            conn.prepare_cached(&format!(
                "SELECT {FEED}, f.section, f.listed, f.enabled, f.verified \
                 FROM feeds f JOIN sources s ON s.id = f.source_id ORDER BY f.key"
            ))?
            .query_map([], |row| {
                // By place: thousands of rows, and a column's name is looked for from the first on.
                let mut columns = Columns(row, 0);
                Ok(FeedRow {
                    feed: feed(&mut columns)?,
                    section: columns.next()?,
                    listed: columns.next()?,
                    enabled: columns.next()?,
                    verified: columns.next()?,
                })
            })?
            .collect()
        })
        .await
    }
}

impl Store {
    /// How many feeds of the config are in each state (`off`, `retired`, `failing`, `unread`, `ok`), and since when the first
    /// of them has been due. Counted where they are: for figures that are asked for every few seconds.
    pub async fn feed_states(
        &self,
    ) -> Result<(BTreeMap<String, u32>, Option<Timestamp>), StoreError> {
        self.read("counting feeds", |conn| {
            let mut states = BTreeMap::new();
            let mut first: Option<i64> = None;
            let mut query = conn.prepare_cached(
                "SELECT CASE WHEN enabled = 0 THEN 'off' WHEN retired_at IS NOT NULL THEN 'retired' \
                     WHEN failing_since IS NOT NULL THEN 'failing' WHEN last_poll_at IS NULL THEN 'unread' ELSE 'ok' END AS state, \
                     count(*), min(CASE WHEN enabled = 1 AND retired_at IS NULL THEN max(next_poll_at, coalesce(not_before, 0)) END) \
                 FROM feeds WHERE listed = 1 GROUP BY state",
            )?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                states.insert(row.get(0)?, row.get(1)?);
                let due: Option<i64> = row.get(2)?;
                first = first.into_iter().chain(due).min();
            }
            Ok((states, first.map(to_time).transpose()?))
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
             domain = excluded.domain, rank = excluded.rank RETURNING id",
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

/// What the store says of a feed's place in the config.
#[derive(PartialEq)]
struct KnownFeed {
    id: i64,
    source: i64,
    url: String,
    kind: String,
    section: Option<String>,
    listed: bool,
    enabled: bool,
    verified: bool,
}

fn known_feeds(tx: &Transaction<'_>) -> rusqlite::Result<BTreeMap<String, KnownFeed>> {
    tx.prepare_cached(
        "SELECT key, id, source_id, url, kind, section, listed, enabled, verified FROM feeds",
    )?
    .query_map([], |row| {
        let known = KnownFeed {
            id: row.get(1)?,
            source: row.get(2)?,
            url: row.get(3)?,
            kind: row.get(4)?,
            section: row.get(5)?,
            listed: row.get(6)?,
            enabled: row.get(7)?,
            verified: row.get(8)?,
        };
        Ok((row.get(0)?, known))
    })?
    .collect()
}

/// Writes what differs: most feeds are as they were, and files of many thousand are read at every start.
fn put_feed(
    tx: &Transaction<'_>,
    source: i64,
    spec: &FeedSpec,
    known: Option<&KnownFeed>,
    now: Timestamp,
    report: &mut SyncReport,
) -> rusqlite::Result<()> {
    let Some(known) = known else {
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
    let (id, was_enabled, url) = (known.id, known.enabled, &known.url);
    let wanted = KnownFeed {
        id,
        source,
        url: spec.url.to_string(),
        kind: kind_word(spec.kind).to_owned(),
        section: spec.section.clone(),
        listed: true,
        enabled: spec.enabled,
        verified: spec.verified,
    };
    if *known == wanted {
        return Ok(());
    }
    tx.prepare_cached(
        "UPDATE feeds SET source_id = ?2, url = ?3, kind = ?4, section = ?5, listed = 1, enabled = ?6, verified = ?7 \
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        source,
        wanted.url,
        wanted.kind,
        wanted.section,
        wanted.enabled,
        wanted.verified
    ])?;
    if was_enabled && !spec.enabled {
        report.disabled.push(spec.key.clone());
    }
    let switched_on = spec.enabled && !was_enabled;
    let moved = *url != wanted.url || known.kind != wanted.kind;
    if switched_on {
        report.enabled.push(spec.key.clone());
    }
    if moved {
        report.moved.push(spec.key.clone());
        // What was learned of another address, or of it read otherwise, says nothing; its validators would lie.
        tx.prepare_cached(
            "UPDATE feeds SET etag = NULL, last_modified = NULL, distrusted_until = NULL, body_hash = NULL, \
                 entries_hash = NULL, moved_to = NULL, moved_seen = 0, not_before = NULL, parts = '[]', \
                 watch = '{}' WHERE id = ?1",
        )?
        .execute([id])?;
        hubs::forget(tx, id)?;
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

/// Claims these feeds.
fn take(
    tx: &Transaction<'_>,
    feeds: &[Feed],
    now: Timestamp,
    lease: SignedDuration,
) -> rusqlite::Result<()> {
    let until = ms(now.saturating_add(lease).unwrap_or(now));
    let mut put = tx.prepare_cached("UPDATE feeds SET lease_until = ?2 WHERE id = ?1")?;
    for feed in feeds {
        put.execute([feed.id.0, until])?;
    }
    Ok(())
}

/// A row's columns in order: names would be compared column by column, for each of many thousand rows.
struct Columns<'a, 'b>(&'a Row<'b>, usize);

impl Columns<'_, '_> {
    fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.1 += 1;
        self.0.get(self.1 - 1)
    }

    fn time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        self.next::<Option<i64>>()?.map(to_time).transpose()
    }
}

fn feed(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Feed> {
    Ok(Feed {
        id: FeedId(columns.next()?),
        key: FeedKey(columns.next()?),
        source: SourceKey(columns.next()?),
        url: url(&columns.next::<String>()?)?,
        kind: kind(&columns.next::<String>()?),
        added_at: to_time(columns.next()?)?,
        state: state(columns)?,
    })
}

fn state(columns: &mut Columns<'_, '_>) -> rusqlite::Result<FeedState> {
    Ok(FeedState {
        validators: Validators {
            etag: columns.next()?,
            last_modified: columns.next()?,
        },
        body_hash: columns.next()?,
        next_poll_at: columns.time()?,
        not_before: columns.time()?,
        last_poll_at: columns.time()?,
        last_ok_at: columns.time()?,
        last_new_at: columns.time()?,
        failures: columns.next()?,
        failing_since: columns.time()?,
        failure: match (columns.next::<Option<String>>()?, columns.next()?) {
            (Some(word), detail) => Some(Failure {
                kind: FailureKind::from_word(&word).unwrap_or(FailureKind::Reader),
                detail: Option::<String>::unwrap_or_default(detail),
            }),
            (None, _) => None,
        },
        retired_at: columns.time()?,
        moved: match (columns.next::<Option<String>>()?, columns.next()?) {
            (Some(text), seen) => Some((url(&text)?, seen)),
            (None, _) => None,
        },
        distrusted_until: columns.time()?,
        entries_hash: columns.next()?,
        rhythm: Rhythm {
            hours: hours(columns.next()?),
            counted_to: columns.time()?,
        },
        parts: from_json(&columns.next::<String>()?)?,
        watch: from_json(&columns.next::<String>()?)?,
        hub: match columns.next::<Option<String>>()? {
            Some(text) => Some(from_json(&text)?),
            None => None,
        },
        pushed_until: columns.time()?,
    })
}

/// The stored form of [`Rhythm::hours`]; what cannot be one is no rhythm yet.
fn hours(bytes: Option<Vec<u8>>) -> [f32; 24] {
    let mut hours = [0.0; 24];
    let bytes = bytes.unwrap_or_default();
    for (hour, rate) in hours.iter_mut().zip(bytes.as_chunks().0) {
        *hour = f32::from_le_bytes(*rate);
    }
    hours
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
