//! The examination of one address: asked once, read as its kind has it, and everything about it noted. What prints it is
//! in `feeds_test`, what goes on from it in `feeds_discover` and `feeds_verify`.

use crate::daemon::document::{self, Document};
use crate::daemon::drift::{self, Seen};
use crate::daemon::hubs;
use crate::daemon::pace::{self, ReadResult};
use crate::daemon::works::Setup;
use crate::feed::canonical::Address;
use crate::feed::{How, Reading, Warning, identity};
use crate::model::{
    ArticleText, Drift, FailureKind, Feed, FeedId, FeedKey, FeedKind, FeedPart, FeedState,
    FetchOutcome, Fetched, Hop, IdentifiedEntry, ListRules, Source, SourceKey, Validators, Verdict,
    credible,
};
use crate::net::{Accept, Request};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use url::Url;

/// Reasons told of an item that would be taken.
const REASONS: usize = 4;
/// From so many items with a section on, their sections say which section the feed is of.
const SECTIONED: usize = 5;

/// What is examined.
#[derive(Debug, Clone)]
pub struct Patient {
    /// The address.
    pub url: Url,
    /// What should be there.
    pub kind: FeedKind,
    /// How to read a list page.
    pub list: Option<ListRules>,
    /// The section it should carry.
    pub section: Option<String>,
    /// Whose it is.
    pub source: Source,
}

impl Patient {
    /// An address of nobody's.
    pub fn stranger(url: Url) -> Self {
        let domain = url
            .host_str()
            .unwrap_or_default()
            .trim_start_matches("www.")
            .to_owned();
        let source = Source {
            key: SourceKey::from("test"),
            name: domain.clone(),
            province: None,
            domain,
            aliases: Vec::new(),
            rank: 0,
            publisher: None,
            page_rules: Default::default(),
            access: crate::model::SourceAccess::default(),
            time_zone: None,
            feeds: Vec::new(),
        };
        Self {
            url,
            kind: FeedKind::Feed,
            list: None,
            section: None,
            source,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The address asked.
    pub url: Url,
    /// Whether it could be read.
    pub ok: bool,
    /// What should be there.
    pub kind: FeedKind,
    /// What went wrong, in Vietnamese.
    pub trouble: Option<&'static str>,
    /// The same as the stable word.
    pub failure: Option<FailureKind>,
    /// What exactly, in English, for the admin.
    pub detail: Option<String>,
    /// The answer, where there was one with a body.
    pub answer: Option<Answer>,
    /// What the document holds.
    pub content: Option<Content>,
    /// Documents of a sitemap index that would be read.
    pub parts: Vec<Url>,
    /// What is odd, in Vietnamese.
    pub notes: Vec<String>,
    /// The hub that delivers it, if it names one that may be asked (W3C WebSub).
    pub hub: Option<Hub>,
    /// When the daemon would ask again, had it asked now.
    pub next_poll: Option<Timestamp>,
}

/// A hub that a feed names.
#[derive(Debug, Clone, Serialize)]
pub struct Hub {
    /// Its address.
    pub url: Url,
    /// Whether the config lets it deliver: `[web] public_url` is set.
    pub wanted: bool,
}

/// What came over the wire.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Where it came from, after redirects.
    pub final_url: Url,
    /// The redirects on the way there, in order.
    pub redirects: Vec<Hop>,
    /// Where a permanent redirect led: what `feeds.toml` should say.
    pub moved_to: Option<Url>,
    /// Whether the connection was encrypted; the certificate was then checked and found good.
    pub tls: bool,
    /// `Content-Type`, verbatim.
    pub content_type: Option<String>,
    /// Bytes after decompression.
    pub bytes: usize,
    /// Whether it gave an `ETag`.
    pub etag: bool,
    /// Whether it gave a `Last-Modified`.
    pub last_modified: bool,
    /// What a second, conditional request came to: whether the server said "not modified"; `None` without validators.
    pub conditional: Option<bool>,
}

/// What the document holds.
#[derive(Debug, Clone, Serialize)]
pub struct Content {
    /// Its title.
    pub title: Option<String>,
    /// The charset it was read in.
    pub encoding: &'static str,
    /// How that was found, in Vietnamese.
    pub decided: &'static str,
    /// Items.
    pub items: usize,
    /// Of them, those whose date was understood.
    pub dated: usize,
    /// The newest date.
    pub newest: Option<Timestamp>,
    /// The oldest date.
    pub oldest: Option<Timestamp>,
    /// How many items stand in which section, by their addresses; the most first.
    pub sections: Vec<(String, usize)>,
    /// Each item as it would be judged by its headline and lead.
    pub taken: Vec<Item>,
}

/// An item.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// Its headline.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
    /// Its date.
    pub published: Option<Timestamp>,
    /// Its level: 2 enters an edition, 1 is listed, 0 is left out.
    pub level: u8,
    /// The phrases that speak for it, the strongest first.
    pub why: Vec<String>,
}

/// Examines one address. Nothing is stored.
pub async fn examine(setup: &Setup, patient: &Patient, now: Timestamp) -> Report {
    let request = request(patient, Validators::default());
    let outcome = setup.client.fetch(&request, now).await;
    let mut report = Report {
        url: patient.url.clone(),
        ok: false,
        kind: patient.kind,
        trouble: None,
        failure: None,
        detail: None,
        answer: None,
        content: None,
        parts: Vec::new(),
        notes: Vec::new(),
        hub: None,
        next_poll: None,
    };
    let read = match &outcome {
        FetchOutcome::Fresh(fetched) => {
            report.answer = Some(answer(setup, patient, fetched, now).await);
            read(setup, patient, fetched, now, &mut report)
        }
        other => {
            refused(&mut report, other);
            ReadResult::NotRead
        }
    };
    let feed = unknown_feed(patient, now);
    let limits = crate::daemon::poll::limits(setup);
    let (state, _) = pace::after_poll(&feed, &outcome, &read, &limits, now);
    report.next_poll = state.next_poll_at;
    report
}

fn request(patient: &Patient, validators: Validators) -> Request {
    let mut request = Request::feed(patient.url.clone(), validators);
    request.newspaper = Some(patient.source.key.as_str().to_owned());
    request
        .user_agent
        .clone_from(&patient.source.access.user_agent);
    request.headers.clone_from(&patient.source.access.headers);
    if patient.kind == FeedKind::Page {
        request.accept = Accept::Page;
    }
    request
}

/// The answer, and whether the server keeps its word on conditional requests.
async fn answer(setup: &Setup, patient: &Patient, fetched: &Fetched, now: Timestamp) -> Answer {
    let validators = fetched.validators.clone();
    let conditional = match validators == Validators::default() {
        true => None,
        false => {
            let again = setup.client.fetch(&request(patient, validators), now).await;
            Some(matches!(again, FetchOutcome::NotModified(_)))
        }
    };
    Answer {
        final_url: fetched.final_url.clone(),
        redirects: fetched.hops.clone(),
        moved_to: fetched.moved_to.clone(),
        tls: fetched.final_url.scheme() == "https",
        content_type: fetched.content_type.clone(),
        bytes: fetched.body.len(),
        etag: fetched.validators.etag.is_some(),
        last_modified: fetched.validators.last_modified.is_some(),
        conditional,
    }
}

fn refused(report: &mut Report, outcome: &FetchOutcome) {
    let (kind, detail) = match outcome {
        FetchOutcome::Failed(failure) => (failure.kind, failure.detail.clone()),
        FetchOutcome::Gone => (FailureKind::Gone, "HTTP 410 Gone".to_owned()),
        FetchOutcome::Throttled { until, status } => {
            let until = until
                .map(|at| format!(", not before {at}"))
                .unwrap_or_default();
            (FailureKind::Throttled, format!("HTTP {status}{until}"))
        }
        FetchOutcome::NotModified(_) | FetchOutcome::Fresh(_) => (
            FailureKind::Protocol,
            "304 to an unconditional request".to_owned(),
        ),
    };
    fail(report, kind, detail);
}

fn fail(report: &mut Report, kind: FailureKind, detail: String) {
    report.failure = Some(kind);
    report.trouble = Some(kind.in_vietnamese());
    report.detail = Some(detail);
}

fn read(
    setup: &Setup,
    patient: &Patient,
    fetched: &Fetched,
    now: Timestamp,
    report: &mut Report,
) -> ReadResult {
    let zone = crate::daemon::zone_of(&patient.source, &setup.config);
    if drift::is_home(&patient.url, &fetched.final_url) {
        report
            .notes
            .push(Drift::HomePage.in_vietnamese().to_owned());
    }
    if let Some(to) = &fetched.moved_to {
        report.notes.push(format!(
            "đã chuyển hẳn sang {to}; nên sửa địa chỉ trong feeds.toml"
        ));
    }
    match document::read(patient.kind, patient.list.as_ref(), fetched, &zone, now) {
        Ok(Document::Entries(reading)) => {
            report.ok = true;
            let hints = reading.hints.clone();
            report.hub = hub(setup, patient, fetched, &reading);
            let published: Vec<Timestamp> = reading
                .entries
                .iter()
                .filter_map(|e| e.published.or(e.updated))
                .collect();
            let entries = reading.entries.len();
            content(setup, patient, *reading, now, report);
            ReadResult::Read {
                entries,
                published,
                hash: fetched.body_hash.as_chunks().0[0],
                hints,
            }
        }
        Ok(Document::Index(parts)) => {
            report.ok = true;
            report.parts = parts.into_iter().map(|FeedPart { url, .. }| url).collect();
            ReadResult::SameBody
        }
        Err(not) => {
            fail(report, not.kind, not.detail);
            ReadResult::NotRead
        }
    }
}

fn hub(setup: &Setup, patient: &Patient, fetched: &Fetched, reading: &Reading) -> Option<Hub> {
    let (at, headers) = (&fetched.final_url, &fetched.links);
    let link = hubs::choose(&patient.url, &patient.source, at, headers, &reading.links)?;
    (patient.kind == FeedKind::Feed).then(|| Hub {
        url: link.hub,
        wanted: setup.config.web.hooks().is_some(),
    })
}

fn content(
    setup: &Setup,
    patient: &Patient,
    reading: Reading,
    now: Timestamp,
    report: &mut Report,
) {
    report
        .notes
        .extend(reading.warnings.iter().map(warning_words));
    let dates = || {
        reading
            .entries
            .iter()
            .filter_map(|e| credible(e.published.or(e.updated), now))
    };
    let (newest, oldest) = (dates().max(), dates().min());
    let dated = dates().count();
    let seen = Seen::of(reading.entries.iter());
    let title = reading.meta.title.clone();
    let (encoding, decided) = (reading.decoded.encoding, how_decoded(reading.decoded.how));
    let items = identity::identify(&patient.source, patient.section.as_deref(), reading.entries);
    let sections = sections(&items);
    report
        .notes
        .extend(oddities(patient, &seen, &sections, newest, now));
    report.content = Some(Content {
        title,
        encoding,
        decided,
        items: items.len(),
        dated,
        newest,
        oldest,
        sections,
        taken: items.iter().map(|item| judged(setup, item)).collect(),
    });
}

/// Sections by the items' own addresses, the most frequent first.
fn sections(items: &[IdentifiedEntry]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        let address = item.url.as_deref().and_then(Address::read);
        let own = address.as_ref().and_then(identity::section_of);
        if let Some(section) = own.as_deref().and(item.section.as_deref()) {
            *counts.entry(section).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts
        .into_iter()
        .map(|(section, count)| (section.to_owned(), count))
        .collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// What is odd about a document that could be read.
fn oddities(
    patient: &Patient,
    seen: &Seen,
    sections: &[(String, usize)],
    newest: Option<Timestamp>,
    now: Timestamp,
) -> Vec<String> {
    let mut notes = Vec::new();
    if seen.items == 0 {
        notes.push("đọc được nhưng không có mục nào".to_owned());
    }
    if seen.same_dates {
        notes.push(Drift::SameDates.in_vietnamese().to_owned());
    }
    if seen.titled >= SECTIONED && seen.vietnamese * 5 < seen.titled {
        notes.push("tiêu đề hầu hết không phải tiếng Việt".to_owned());
    }
    let week = SignedDuration::from_hours(7 * 24);
    if let Some(newest) = newest.filter(|newest| now.duration_since(*newest) > week) {
        let days = now.duration_since(newest).as_hours() / 24;
        notes.push(format!(
            "bài mới nhất đã cách đây {days} ngày: nguồn có thể đã ngừng"
        ));
    }
    notes.extend(wrong_section(patient, sections));
    notes
}

/// Some systems answer a wrong section with another one, or with all of them mixed.
fn wrong_section(patient: &Patient, sections: &[(String, usize)]) -> Option<String> {
    let due = patient.section.as_deref()?;
    let all: usize = sections.iter().map(|(_, count)| count).sum();
    let own = sections
        .iter()
        .find(|(section, _)| section == due)
        .map_or(0, |(_, count)| *count);
    if all < SECTIONED || own * 3 >= all {
        return None;
    }
    let (most, count) = sections.first()?;
    Some(format!(
        "có thể nhầm chuyên mục: cần \"{due}\", nhưng chỉ {own}/{all} bài thuộc mục này; nhiều nhất là \"{most}\" ({count} bài)"
    ))
}

fn judged(setup: &Setup, item: &IdentifiedEntry) -> Item {
    let text = ArticleText {
        title: &item.entry.title,
        sapo: item.sapo.as_deref().unwrap_or(""),
        body: "",
        section: item.section.as_deref(),
        url: item.url.as_deref(),
    };
    let verdict = crate::analyse::topic::classify(&setup.config.topics, &text);
    Item {
        title: item.entry.title.clone(),
        url: item.url.clone(),
        published: item.entry.published,
        level: verdict.level,
        why: why(&verdict),
    }
}

fn why(verdict: &Verdict) -> Vec<String> {
    let mut hits: Vec<_> = verdict.hits.iter().filter(|hit| hit.weight > 0.0).collect();
    hits.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut words: Vec<String> = Vec::new();
    for hit in hits {
        if !words.contains(&hit.phrase) {
            words.push(hit.phrase.clone());
        }
    }
    words.truncate(REASONS);
    words
}

/// A feed that was never asked: for its first pace.
fn unknown_feed(patient: &Patient, now: Timestamp) -> Feed {
    Feed {
        id: FeedId(0),
        key: FeedKey(patient.url.as_str().to_owned()),
        source: patient.source.key.clone(),
        url: patient.url.clone(),
        kind: patient.kind,
        added_at: now,
        state: FeedState::default(),
    }
}

/// How the charset was found, in Vietnamese.
fn how_decoded(how: How) -> &'static str {
    match how {
        How::Mark => "theo dấu đầu tệp",
        How::Shape => "theo dạng byte",
        How::Valid => "UTF-8 hợp lệ",
        How::Mended => "UTF-8, có byte hỏng",
        How::Header => "theo tiêu đề HTTP",
        How::Declaration => "theo khai báo trong tài liệu",
        How::Detected => "đoán theo nội dung",
    }
}

/// What was noticed while reading, in Vietnamese.
fn warning_words(warning: &Warning) -> String {
    match warning {
        Warning::BrokenBytes(n) => format!("mất {n} ký tự vì byte hỏng"),
        Warning::Cut => "tài liệu bị cắt ngang; mục cuối bị bỏ".to_owned(),
        Warning::TooManyEntries(n) => format!("quá nhiều mục; bỏ {n} mục cũ nhất"),
        Warning::UnreadableDates(n) => format!("{n} ngày không đọc được"),
        Warning::FutureDates(n) => format!("{n} ngày nằm ở tương lai, không dùng để xếp tin"),
        Warning::LocalTimeAsUtc => {
            "giờ địa phương ghi nhầm là GMT; đã hiểu là giờ địa phương".to_owned()
        }
        Warning::TextCut(n) => format!("{n} đoạn quá dài đã bị cắt"),
    }
}

/// The zone in which times are printed.
pub fn zone(setup: &Setup) -> TimeZone {
    setup.config.daemon.time_zone.clone()
}
