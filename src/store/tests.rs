//! On real files. Every test ends with `verify`.

use super::*;
use crate::model::*;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::{fs, os::unix::fs::PermissionsExt as _};

mod desk;
mod files;
mod hubs;
mod intake;
mod post;
mod search;

/// Enough of a fold for tests: lower case, marks off.
pub(super) fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.to_lowercase()
        .nfd()
        .filter(|c| !('\u{300}'..'\u{370}').contains(c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn noon() -> Timestamp {
    at("2026-11-20T05:00:00Z")
}

pub(super) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub(super) const LEASE: SignedDuration = SignedDuration::from_mins(2);
pub(super) const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);

/// A directory that lives as long as its store.
pub(super) struct World {
    pub dir: tempfile::TempDir,
    pub store: Store,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), fold).unwrap();
        Self { dir, store }
    }

    /// The same file under a new owner, as after a crash.
    pub fn reopened(self) -> Self {
        let Self { dir, store } = self;
        drop(store);
        let store = Store::open(dir.path(), fold).unwrap();
        Self { dir, store }
    }

    /// A world whose papers each have the given feeds.
    pub fn with(feeds: &[(&str, &str)]) -> Self {
        let world = Self::new();
        wait(world.store.sync_sources(&sources(feeds), noon())).unwrap();
        world
    }

    pub fn sound(self) {
        assert_eq!(wait(self.store.verify()).unwrap(), Vec::<String>::new());
    }

    pub fn feed(&self, key: &str) -> FeedId {
        let rows = wait(self.store.list_feeds()).unwrap();
        let row = rows.into_iter().find(|r| r.feed.key.as_str() == key);
        row.unwrap().feed.id
    }

    /// One poll of `feed` that served `entries`.
    pub fn poll(&self, feed: &str, now: Timestamp, entries: Vec<IdentifiedEntry>) -> PollReport {
        let commit = self.commit(feed, now, entries);
        wait(self.store.commit_polls(vec![commit]))
            .unwrap()
            .remove(0)
    }

    /// What a poll of `feed`, claimed for it, would write.
    pub fn commit(&self, feed: &str, now: Timestamp, entries: Vec<IdentifiedEntry>) -> PollCommit {
        let key = feed.to_owned();
        let claim = move |tx: &Transaction<'_>| {
            tx.execute("UPDATE feeds SET lease_until = 1 WHERE key = ?1", [key])
        };
        wait(self.store.write("claiming", claim)).unwrap();
        PollCommit {
            feed: self.feed(feed),
            state: FeedState {
                last_ok_at: Some(now),
                last_poll_at: Some(now),
                next_poll_at: Some(now + minutes(20)),
                ..FeedState::default()
            },
            entries,
            at: now,
            backfill_after: TWO_DAYS,
        }
    }

    pub fn article(&self, id: ArticleId) -> Article {
        wait(self.store.find_article(id)).unwrap().unwrap()
    }

    pub fn judge(&self, id: ArticleId, level: u8) {
        self.judge_with(id, level, &["kiem_tra"]);
    }

    pub fn judge_with(&self, id: ArticleId, level: u8, topics: &[&str]) {
        let scored = |topic: &&str| TopicScore {
            topic: TopicKey::from(*topic),
            score: 1.5,
        };
        let verdict = Verdict {
            level,
            score: f32::from(level),
            topics: topics.iter().map(scored).collect(),
            ..Verdict::default()
        };
        self.analysed(7, vec![analysis(id, verdict)], noon());
    }

    pub fn analysed(&self, version: i64, analyses: Vec<Analysis>, now: Timestamp) {
        wait(self.store.commit_analyses(version, analyses, now)).unwrap();
    }
}

/// What a verdict comes to: the page of a relevant article is wanted; no names.
pub(super) fn analysis(article: ArticleId, verdict: Verdict) -> Analysis {
    Analysis {
        article,
        page_wanted: verdict.level > 0,
        verdict,
        names: Vec::new(),
        near: NearKeys::default(),
    }
}

/// Papers and feeds from `(source, feed)` pairs.
pub(super) fn sources(feeds: &[(&str, &str)]) -> Vec<Source> {
    let mut all: Vec<Source> = Vec::new();
    for (source, feed) in feeds {
        let spec = FeedSpec {
            key: FeedKey(format!("{source}/{feed}")),
            url: format!("https://{source}.vn/rss/{feed}.xml")
                .parse()
                .unwrap(),
            kind: FeedKind::Feed,
            section: None,
            enabled: true,
            verified: true,
            list: None,
        };
        match all.iter_mut().find(|s| s.key.as_str() == *source) {
            Some(known) => known.feeds.push(spec),
            None => all.push(Source {
                key: SourceKey::from(*source),
                name: format!("Báo {source}"),
                province: Some(source.to_string()),
                domain: format!("{source}.vn"),
                aliases: Vec::new(),
                rank: 1,
                publisher: None,
                page_rules: PageRules::default(),
                access: crate::model::SourceAccess::default(),
                time_zone: None,
                feeds: vec![spec],
            }),
        }
    }
    all
}

/// An entry named by its address alone, published an hour before noon.
pub(super) fn item(slug: &str, title: &str) -> IdentifiedEntry {
    IdentifiedEntry {
        entry_key: format!("u:a.vn/{slug}"),
        article_keys: vec![ArticleKey(format!("url:a.vn/{slug}"))],
        url: Some(format!("https://a.vn/{slug}")),
        sapo: Some(format!("Sapo của {title}.")),
        section: None,
        url_date: None,
        content: [0; 16],
        entry: Entry {
            link: Some(format!("https://a.vn/{slug}")),
            title: title.into(),
            summary: Some(format!("Sapo của {title}.")),
            published: Some(noon() - minutes(60)),
            ..Entry::default()
        },
    }
    .hashed()
}

pub(super) fn with_key(mut item: IdentifiedEntry, key: &str) -> IdentifiedEntry {
    item.article_keys.push(ArticleKey(key.into()));
    item
}
