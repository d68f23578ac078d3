//! The admin's mail: at most one a day, only when something needs a person. It is an edition of a digest of its own, so
//! that ledger and outbox keep their promises for it too: never lost, never twice.

use super::desk::DeskError;
use super::drift;
use super::gate::Gate;
use super::health;
use super::keep;
use super::letter::{Composed, Writer};
use super::post;
use super::reload;
use super::works::{Setup, Works};
use crate::config::{Days, DigestConfig, DocxConfig};
use crate::edition::{Concern, Trouble, report};
use crate::model::{
    ADMIN_DIGEST, Alarm, Article, Counts, Coverage, DeliveryState, EDITION_FORMAT, Edition,
    Failure, Ingest, Language, Span, Window,
};
use crate::store::{FeedRow, Frozen, LEFT, Leaver, NewEdition, Rereading, StoreError};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeMap;

/// Where the store keeps what was told, and when.
const TOLD: &str = "admin.told";
/// What goes on is told again after so many days.
const REMIND_DAYS: i64 = 7;
/// Of mails that failed and people who left longer ago it was told.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A mail that waits for less is the server's ordinary slowness.
const WAITING_AFTER: SignedDuration = SignedDuration::from_hours(2);
/// Nearest misses in a mail.
const NEAR_MISSES: usize = 10;
/// What an admin did himself needs no telling.
const CANCELLED: &str = "cancelled";

/// Writes the day's mail to the admins into the outbox if its hour has come, there was none today, and something needs a
/// person; without admins it is logged. Whether a mail was written.
///
/// # Errors
/// When the store fails, or the mail cannot be written; then it is still due.
pub async fn report_due(works: &Works) -> Result<bool, DeskError> {
    let setup = works.setup();
    let now = works.clock.now();
    let zone = setup.config.daemon.time_zone.clone();
    let today = now.to_zoned(zone.clone()).datetime();
    let admin = &setup.config.admin;
    let digest = digest(&setup);
    let last = works.store.last_edition(&digest.name).await?;
    if today.time() < admin.at || last.as_ref().is_some_and(|last| last.date >= today.date()) {
        return Ok(false);
    }
    let told = told(works).await?;
    let troubles = troubles(works, &setup).await?;
    let Some(telling) = to_tell(troubles, &told, today.date()) else {
        return Ok(false);
    };
    for (trouble, _) in telling.iter().filter(|(_, is_new)| *is_new) {
        tracing::warn!(concern = ?trouble.concern, what = trouble.text, "this needs a person");
    }
    let mailed = !admin.recipients.is_empty();
    if mailed {
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        freeze(works, &setup, &digest, &telling, number, today).await?;
    }
    let told: BTreeMap<&str, Date> = telling
        .iter()
        .map(|(trouble, _)| (trouble.key.as_str(), today.date()))
        .collect();
    let told = serde_json::to_string(&told).unwrap_or_default();
    works.store.set_meta(TOLD, &told).await?;
    Ok(mailed)
}

async fn told(works: &Works) -> Result<BTreeMap<String, Date>, StoreError> {
    let kept = works.store.meta(TOLD).await?;
    Ok(kept
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

/// All troubles, each with whether it is new, if at least one is new or was told long ago.
fn to_tell(
    troubles: Vec<Trouble>,
    told: &BTreeMap<String, Date>,
    today: Date,
) -> Option<Vec<(Trouble, bool)>> {
    let remind = today.saturating_sub(REMIND_DAYS.days());
    let worth = troubles
        .iter()
        .any(|trouble| told.get(&trouble.key).is_none_or(|day| *day <= remind));
    worth.then(|| {
        let is_new = |trouble: &Trouble| !told.contains_key(&trouble.key);
        troubles
            .into_iter()
            .map(|trouble| (is_new(&trouble), trouble))
            .map(|(is_new, trouble)| (trouble, is_new))
            .collect()
    })
}

/// The digest that the admin's mails belong to; its name is no digest's of the config.
fn digest(setup: &Setup) -> DigestConfig {
    let admin = &setup.config.admin;
    DigestConfig {
        name: ADMIN_DIGEST.into(),
        title: "Quản trị điểm báo".to_owned(),
        at: admin.at,
        days: Days::ALL,
        on_holidays: true,
        recipients: admin.recipients.clone(),
        min_level: 2,
        topics: Vec::new(),
        provinces: Vec::new(),
        home_province: None,
        first_number: 1,
        lead_stories: 0,
        contact: admin.recipients.first().map(|admin| admin.address.clone()),
        language: Language::Vi,
        docx: DocxConfig::default(),
    }
}

async fn freeze(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    telling: &[(Trouble, bool)],
    number: u32,
    today: DateTime,
) -> Result<(), DeskError> {
    let now = works.clock.now();
    let zone = &setup.config.daemon.time_zone;
    let time_zone = zone.iana_name().unwrap_or("Asia/Ho_Chi_Minh").to_owned();
    let rendered = report(telling, today.date(), now, &time_zone)?;
    let upto = works.store.highest_ingest().await?;
    let edition = Edition {
        format: EDITION_FORMAT,
        digest: digest.name.clone(),
        title: digest.title.clone(),
        number,
        slot: today
            .date()
            .to_datetime(digest.at)
            .strftime("%Y-%m-%dT%H:%M")
            .to_string(),
        date: today.date(),
        time_zone,
        window: Window {
            after: Ingest(0),
            upto,
            covers: Span { from: now, to: now },
        },
        composed_at: now,
        counts: Counts::default(),
        stories: Vec::new(),
        sections: Vec::new(),
        related: Vec::new(),
        reprints: Vec::new(),
        corrections: Vec::new(),
        coverage: Coverage::default(),
        week: Vec::new(),
        contact: digest.contact.clone(),
        language: Language::Vi,
    };
    let composed = Composed {
        edition,
        rendered,
        frozen: false,
    };
    let deliveries = Writer::new(works, setup, digest, &composed)
        .await?
        .letters()?;
    let new = NewEdition {
        articles: Vec::new(),
        edition: composed.edition,
        rendered: composed.rendered,
        deliveries,
        rereading: Rereading::default(),
    };
    // Another process that made it first has told the same.
    if let Frozen::Now(_) = works.store.freeze_edition(new).await? {
        works.wakes.post.notify_one();
    }
    Ok(())
}

/// All that needs a person now.
async fn troubles(works: &Works, setup: &Setup) -> Result<Vec<Trouble>, StoreError> {
    let now = works.clock.now();
    let zone = setup.config.daemon.time_zone.clone();
    let mut found = Vec::new();
    for late in health::late(works, setup).await? {
        found.push(Trouble {
            key: format!("late:{}:{}", late.digest, late.slot),
            concern: Concern::Late,
            text: late.in_vietnamese(),
        });
    }
    found.extend(blind(works, setup).await?);
    found.extend(disk(setup));
    found.extend(refused_reload(works, &zone).await?);
    found.extend(mails(works, setup, now).await?);
    found.extend(left(works, setup, now, &zone).await?);
    found.extend(setup.template_faults.iter().map(|fault| {
        let field = fault.field.as_ref();
        let field = field.map(|field| format!(", {field}")).unwrap_or_default();
        Trouble {
            key: format!("template:{}:{}:{}", fault.name, fault.line, fault.reason),
            concern: Concern::Template,
            text: format!(
                "{}, dòng {}{field}: {}",
                fault.name, fault.line, fault.reason_vi
            ),
        }
    }));
    let feeds = works.store.list_feeds().await?;
    found.extend(feeds.iter().filter_map(|row| feed(row, setup, now, &zone)));
    found.extend(feeds.iter().flat_map(|row| drifted(row, setup, now, &zone)));
    if setup.config.admin.near_misses {
        found.extend(near_misses(works, now, &zone).await?);
    }
    Ok(found)
}

/// Digests whose edition of today could not read one source.
async fn blind(works: &Works, setup: &Setup) -> Result<Vec<Trouble>, StoreError> {
    let today = works
        .clock
        .now()
        .to_zoned(setup.config.daemon.time_zone.clone())
        .date();
    let mut found = Vec::new();
    for digest in &setup.config.digests {
        let Some(stored) = works.store.find_edition(&digest.name, today).await? else {
            continue;
        };
        let coverage = &stored.edition.coverage;
        if coverage.sources_ok == 0 && !coverage.sources_failing.is_empty() {
            found.push(Trouble {
                key: format!("blind:{}:{}", digest.name, stored.edition.slot),
                concern: Concern::Blind,
                text: format!(
                    "{} số {}: cả {} nguồn đều lỗi",
                    digest.name,
                    stored.edition.number,
                    coverage.sources_failing.len()
                ),
            });
        }
    }
    Ok(found)
}

fn disk(setup: &Setup) -> Option<Trouble> {
    let dir = &setup.config.daemon.data_dir;
    let free = keep::free_bytes(dir)?;
    (keep::disk(free) != keep::Disk::Roomy).then(|| Trouble {
        key: "disk".to_owned(),
        concern: Concern::Disk,
        text: format!("Còn trống {} MiB ở {}", free >> 20, dir.display()),
    })
}

async fn refused_reload(works: &Works, zone: &TimeZone) -> Result<Option<Trouble>, StoreError> {
    let refused = reload::refusal(&works.store).await?;
    Ok(refused.map(|refused| Trouble {
        key: format!("reload:{}", refused.at),
        concern: Concern::Reload,
        text: format!(
            "Lúc {}: {}",
            moment(refused.at, zone),
            refused.problems.join("; ")
        ),
    }))
}

/// Mails that failed, each, and those that wait for long, in one line a server's word.
async fn mails(works: &Works, setup: &Setup, now: Timestamp) -> Result<Vec<Trouble>, StoreError> {
    let mut found = Vec::new();
    let failed = works
        .store
        .list_deliveries(&[DeliveryState::Failed], 200)
        .await?;
    for mail in failed {
        let old = mail
            .done_at
            .is_none_or(|at| now.duration_since(at) > TOLD_WITHIN);
        let words = mail.last_reply.unwrap_or_default();
        if old || words == CANCELLED || words == LEFT {
            continue;
        }
        found.push(Trouble {
            key: format!("mail:{}", mail.id.0),
            concern: Concern::Refused,
            text: format!(
                "{}, {} số {}: {words}",
                mail.recipient, mail.digest, mail.number
            ),
        });
    }
    let waiting = [
        DeliveryState::Queued,
        DeliveryState::Deferred,
        DeliveryState::Dot,
    ];
    let mut by_words: BTreeMap<String, usize> = BTreeMap::new();
    for mail in works.store.list_deliveries(&waiting, 10_000).await? {
        // Of itself this mail need not speak: it waits too.
        let own = mail.digest.as_str() == ADMIN_DIGEST;
        if !own && now.duration_since(mail.queued_at) > WAITING_AFTER {
            *by_words
                .entry(mail.last_reply.unwrap_or_default())
                .or_default() += 1;
        }
    }
    let server = post::server_name(setup);
    let shut = Gate::load(&works.store, &server).await?.is_closed(now);
    found.extend(by_words.into_iter().map(|(words, mails)| Trouble {
        key: format!("waiting:{}", words.chars().take(3).collect::<String>()),
        concern: Concern::Waiting,
        text: format!(
            "{mails} thư chờ quá 2 giờ{}: {words}",
            if shut {
                ", máy chủ đang từ chối tất cả"
            } else {
                ""
            }
        ),
    }));
    Ok(found)
}

/// Who left lately and still stands in the config.
async fn left(
    works: &Works,
    setup: &Setup,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<Trouble>, StoreError> {
    let configured = |leaver: &Leaver| {
        let of = setup
            .config
            .digests
            .iter()
            .filter(|digest| digest.name == leaver.digest);
        of.flat_map(|digest| &digest.recipients)
            .any(|one| one.address.eq_ignore_ascii_case(&leaver.recipient))
    };
    let leavers = works.store.leavers(None).await?;
    let lately = leavers
        .iter()
        .filter(|leaver| now.duration_since(leaver.left_at) <= TOLD_WITHIN && configured(leaver));
    Ok(lately
        .map(|leaver| Trouble {
            key: format!(
                "left:{}:{}:{}",
                leaver.digest, leaver.recipient, leaver.left_at
            ),
            concern: Concern::Left,
            text: format!(
                "{}, {}, lúc {}",
                leaver.recipient,
                leaver.digest,
                moment(leaver.left_at, zone)
            ),
        })
        .collect())
}

fn feed(row: &FeedRow, setup: &Setup, now: Timestamp, zone: &TimeZone) -> Option<Trouble> {
    let state = &row.feed.state;
    if !row.enabled {
        return None;
    }
    let name = feed_name(row, setup);
    if let Some(at) = state.retired_at {
        return Some(Trouble {
            key: format!("retired:{}:{at}", row.feed.key.as_str()),
            concern: Concern::Retired,
            text: format!("{name}, từ {}", moment(at, zone)),
        });
    }
    let since = state.failing_since?;
    let patience = SignedDuration::try_from(setup.config.admin.failing_after).ok()?;
    if now.duration_since(since) < patience {
        return None;
    }
    let why = state
        .failure
        .as_ref()
        .map_or("lỗi", |failure: &Failure| failure.kind.in_vietnamese());
    Some(Trouble {
        key: format!("failing:{}:{since}", row.feed.key.as_str()),
        concern: Concern::Failing,
        text: format!("{name}: {why}, từ {}", moment(since, zone)),
    })
}

fn feed_name(row: &FeedRow, setup: &Setup) -> String {
    let paper = setup.sources.get(&row.feed.source);
    let paper = paper.map_or(row.feed.source.as_str(), |source| source.name.as_str());
    format!("{paper} ({})", row.feed.key.as_str())
}

/// What a feed that answers has become; each drift once, as long as it goes on.
fn drifted(row: &FeedRow, setup: &Setup, now: Timestamp, zone: &TimeZone) -> Vec<Trouble> {
    if !row.enabled {
        return Vec::new();
    }
    let alarms = drift::alarms(&row.feed.state, row.feed.added_at, now);
    let trouble = |alarm: Alarm| Trouble {
        key: format!("drift:{}:{}", row.feed.key.as_str(), alarm.drift.as_str()),
        concern: Concern::Drift,
        text: format!(
            "{}: {}, từ {}",
            feed_name(row, setup),
            alarm.drift.in_vietnamese(),
            moment(alarm.since, zone)
        ),
    };
    alarms.into_iter().map(trouble).collect()
}

async fn near_misses(
    works: &Works,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<Trouble>, StoreError> {
    let day_ago = now
        .saturating_sub(SignedDuration::from_hours(24))
        .unwrap_or(now);
    let articles = works.store.published_between(day_ago, now).await?;
    let today = now.to_zoned(zone.clone()).date();
    Ok(nearest_misses(articles)
        .into_iter()
        .map(|(article, score)| Trouble {
            key: format!("near:{today}:{}", article.id),
            concern: Concern::NearMiss,
            text: format!("{} · {score:.2} · {}", article.id, article.title),
        })
        .collect())
}

/// The articles that came nearest to level 1 without reaching it, with their chances of it: likeliest first; equal ones in order of
/// time.
pub fn nearest_misses(articles: Vec<Article>) -> Vec<(Article, f32)> {
    let mut missed: Vec<(Article, f32)> = articles
        .into_iter()
        .filter(|article| !article.backfill)
        .filter_map(|article| {
            let verdict = article.verdict.as_ref()?;
            let chance = verdict.chances[0];
            (verdict.level == 0 && chance > 0.02).then_some((article, chance))
        })
        .collect();
    missed.sort_by(|a, b| b.1.total_cmp(&a.1));
    missed.truncate(NEAR_MISSES);
    missed
}

fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%H:%M ngày %d/%m/%Y")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(key: &str) -> Trouble {
        Trouble {
            key: key.to_owned(),
            concern: Concern::Failing,
            text: key.to_owned(),
        }
    }

    #[test]
    fn what_was_told_is_no_reason_for_a_mail_until_a_week_has_passed() {
        let day = |day| Date::constant(2026, 11, day);
        let told = BTreeMap::from([("a".to_owned(), day(10)), ("b".to_owned(), day(12))]);
        let tell = |keys: &[&str], today| {
            let troubles = keys.iter().map(|key| trouble(key)).collect();
            to_tell(troubles, &told, today).map(|all| {
                all.into_iter()
                    .map(|(t, new)| (t.key, new))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(tell(&[], day(20)), None);
        assert_eq!(tell(&["a", "b"], day(16)), None);
        assert_eq!(
            tell(&["a", "b"], day(17)),
            Some(vec![("a".into(), false), ("b".into(), false)])
        );
        assert_eq!(
            tell(&["b", "c"], day(13)),
            Some(vec![("b".into(), false), ("c".into(), true)])
        );
    }
}
