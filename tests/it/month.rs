//! Thirty days of the whole desk on its own scripted papers: polls, analysis, an edition each working day, with nights
//! in which the process died, a weekend without power, days of outages, and a reload each week. Nothing may grow but
//! the archive: what the process and its files weigh is written down each hour.
//!
//! `MONTH_DAYS` sets the length (3 without it), `MONTH_TSV=FILE` keeps the table for `benches/soak.py plot`
//! and holds the process's own weight to it, which makes sense where no other test runs.

use crate::support::origin::{Answer, Origin};
use crate::support::poller::Poller;
use diembao::daemon::{desk, start};
use diembao::model::{DigestName, Edition, Ingest};
use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const PAPERS: usize = 6;
const SHOWN: usize = 20;
/// Items that a paper prints from five in the morning to eight in the evening.
const A_DAY: u32 = 24;
const DIGEST: &str = r#"
[article]
pages = false
[[digest]]
name = "hang-ngay"
title = "Điểm báo xây dựng Đảng"
at = "06:30"
days = "T2-T7"
contact = "diem-bao@tinh.example"
"#;

/// What an item is about: one in three is party building, and each is another story.
fn headline(paper: usize, nth: u32) -> String {
    match nth % 3 {
        0 => format!(
            "Đảng bộ xã Tân Lập {paper} kết nạp {} đảng viên mới đợt {nth}",
            nth + 2
        ),
        1 => format!("Giá lúa tại vựa số {paper} tăng phiên thứ {nth}"),
        _ => format!("Đội bóng phường {paper} thắng trận thứ {nth}"),
    }
}

/// When the item of this number is printed: a third of an hour and more after the one before it.
fn printed(midnight: Timestamp, paper: usize, nth: u32) -> Timestamp {
    let (day, of_day) = (nth / A_DAY, nth % A_DAY);
    let minute = 300 + of_day * 37 + paper as u32 * 5;
    midnight + SignedDuration::from_hours(24) * day as i32 + MINUTE * minute as i32
}

/// How many items the paper has printed.
fn count(midnight: Timestamp, paper: usize, now: Timestamp) -> u32 {
    (0..)
        .take_while(|nth| printed(midnight, paper, *nth) <= now)
        .count() as u32
}

fn serve(origin: &Origin, midnight: Timestamp, paper: usize, count: u32) {
    let mut items = String::new();
    for nth in (count.saturating_sub(SHOWN as u32)..count).rev() {
        let date = printed(midnight, paper, nth).strftime("%a, %d %b %Y %H:%M:%S +0000");
        let title = headline(paper, nth);
        write!(
            items,
            "<item><title>{title}</title><link>https://bao-{paper}.example/bai-{nth}.html</link>\
             <description>{title}, theo báo cáo của Ban Tổ chức.</description><pubDate>{date}</pubDate></item>"
        )
        .unwrap();
    }
    let body = format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>");
    let answer = Answer::ok(body)
        .header("ETag", &format!("\"{count}\""))
        .conditional();
    origin.on(&path(paper), answer);
}

fn path(paper: usize) -> String {
    format!("/{paper}.rss")
}

/// What this process and its files weigh now.
#[derive(Clone, Copy)]
struct Weight {
    hours: f64,
    rss_kb: u64,
    files: usize,
    wal_kb: u64,
    database_kb: u64,
    /// How long the feed that waits longest has been due, in minutes.
    lag: f64,
    unanalysed: u32,
}

const COLUMNS: &str = "hours\trss_kb\tfiles\twal_kb\tdatabase_kb\tpoll_lag_min\tunanalysed";

fn weigh(poller: &Poller, hours: f64, lag: f64, unanalysed: u32) -> Weight {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = rss.and_then(|text| text.split_whitespace().next()?.parse().ok());
    let size = |name: &str| fs::metadata(poller.data().join(name)).map_or(0, |m| m.len() / 1024);
    Weight {
        hours,
        rss_kb: number.unwrap(),
        files: fs::read_dir("/proc/self/fd").unwrap().count(),
        wal_kb: size("diembao.db-wal"),
        database_kb: size("diembao.db"),
        lag,
        unanalysed,
    }
}

struct Month {
    poller: Poller,
    origin: Origin,
    midnight: Timestamp,
    days: i64,
    /// Items on each paper's page as it is served; `None` while it is down.
    served: [Option<u32>; PAPERS],
    weights: Vec<Weight>,
}

impl Month {
    async fn new(days: i64) -> Self {
        let origin = Origin::start();
        let keys: Vec<String> = (0..PAPERS).map(|n| format!("bao-{n}")).collect();
        let feeds: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(n, key)| (key.as_str(), "tin", origin.url(&path(n))))
            .collect();
        let poller = Poller::new(&feeds, DIGEST, "").await;
        start::spread(&poller.works()).await.unwrap();
        Self {
            poller,
            origin,
            midnight: "2026-11-16T00:00:00+07:00".parse().unwrap(),
            days,
            served: [None; PAPERS],
            weights: Vec::new(),
        }
    }

    fn hour(&self) -> i64 {
        self.poller.now.duration_since(self.midnight).as_hours()
    }

    /// Every second week the power is gone from Saturday noon to Monday at eight, past the edition's hour.
    fn power_is_off(hour: i64) -> bool {
        (hour - 132).rem_euclid(24 * 14) < 44 && hour >= 132
    }

    /// A paper is down each third day for six hours, the network each fifth day for two.
    fn is_down(hour: i64, paper: usize) -> bool {
        let (day, of_day) = (hour / 24, hour % 24);
        (day % 3 == paper as i64 % 3 && (5..11).contains(&of_day))
            || (day % 5 == 4 && (13..15).contains(&of_day))
    }

    async fn live(&mut self) {
        let mut weighed = -1;
        while let Some(next) = self.poller.next_due().await {
            // The desk looks at its clock each minute; here it is enough to stop at the hour of the edition.
            let due = next.max(self.poller.now);
            let half_past_six =
                self.midnight + SignedDuration::from_hours(24 * (self.hour() / 24)) + MINUTE * 391;
            let stop = match half_past_six > self.poller.now {
                true => due.min(half_past_six),
                false => due,
            };
            let lag = stop.duration_since(next).as_secs_f64().max(0.0) / 60.0;
            self.poller.now = stop;
            let hour = self.hour();
            if hour >= self.days * 24 {
                return;
            }
            if Self::power_is_off(hour) {
                self.dark().await;
                continue;
            }
            self.work(hour).await;
            if hour > weighed {
                weighed = hour;
                self.oddities(hour).await;
                let left = self.poller.works().store.counts().await.unwrap().unanalysed;
                let hours = hour as f64;
                self.weights.push(weigh(&self.poller, hours, lag, left));
            }
        }
    }

    async fn work(&mut self, hour: i64) {
        for paper in 0..PAPERS {
            let count =
                (!Self::is_down(hour, paper)).then(|| count(self.midnight, paper, self.poller.now));
            if std::mem::replace(&mut self.served[paper], count) == count && hour > 0 {
                continue;
            }
            match count {
                None => self.origin.on(&path(paper), Answer::status(503)),
                Some(count) => serve(&self.origin, self.midnight, paper, count),
            }
        }
        self.poller.poll_due().await;
        let works = self.poller.works();
        desk::analyse_pending(&works, || ()).await.unwrap();
        desk::compose_due(&works).await.unwrap();
    }

    /// The process is gone without a word, and back when the power is.
    async fn dark(&mut self) {
        while Self::power_is_off(self.hour()) {
            self.poller.pass_time(MINUTE * 30);
        }
        self.poller.restart();
        start::spread(&self.poller.works()).await.unwrap();
    }

    /// A kill each fourth day at three in the morning; a reload each week.
    async fn oddities(&mut self, hour: i64) {
        if hour % 96 == 75 {
            self.poller.restart();
        }
        if hour % 168 == 100 {
            self.poller.reload().await;
        }
    }

    async fn editions(&self) -> Vec<Edition> {
        let store = self.poller.works().store;
        let mut editions = Vec::new();
        for head in store.list_editions(None, 1_000).await.unwrap() {
            editions.push(store.edition(head.id).await.unwrap().unwrap().edition);
        }
        editions.sort_by_key(|edition| edition.number);
        editions
    }
}

#[tokio::test]
async fn a_month_of_editions_loses_nothing_and_grows_nowhere() {
    let days = std::env::var("MONTH_DAYS").map_or(3, |text| text.parse().unwrap());
    let mut month = Month::new(days).await;
    month.live().await;
    if let Some(file) = std::env::var_os("MONTH_TSV") {
        fs::write(file, table(&month.weights)).unwrap();
    }
    let editions = month.editions().await;
    each_working_day_has_its_edition(&month, &editions);
    each_relevant_article_is_in_one(&month, &editions).await;
    nothing_grows(&month.weights);
    // Beside other tests the process's weight is theirs too.
    if std::env::var_os("MONTH_TSV").is_some() {
        the_process_does_not_grow(&month.weights);
    }
}

/// One that was due while the power was off is made when it is back, the same day.
fn each_working_day_has_its_edition(month: &Month, editions: &[Edition]) {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let dates: Vec<_> = editions.iter().map(|edition| edition.date).collect();
    let begin = month.midnight.to_zoned(zone).date();
    for day in 0..month.days {
        let date = begin + SignedDuration::from_hours(24 * day);
        let works = date.weekday() != Weekday::Sunday;
        assert_eq!(
            dates.iter().filter(|its| **its == date).count(),
            usize::from(works),
            "{date} has not the editions that it should: {dates:?}"
        );
    }
    let numbers: Vec<_> = editions.iter().map(|edition| edition.number).collect();
    let expected: Vec<_> = (1..=editions.len() as u32).collect();
    assert_eq!(numbers, expected);
}

async fn each_relevant_article_is_in_one(month: &Month, editions: &[Edition]) {
    let mut seen = BTreeSet::new();
    for edition in editions {
        let stories = edition.stories.iter().flat_map(|story| &story.articles);
        let reprints = edition.reprints.iter().map(|reprint| &reprint.article);
        for article in stories.chain(&edition.related).chain(reprints) {
            assert!(seen.insert(article.id), "{} stands twice", article.title);
        }
    }
    let store = month.poller.works().store;
    let digest = DigestName::from("hang-ngay");
    let until = editions
        .last()
        .map_or(Ingest(0), |edition| edition.window.upto);
    let missed = store.candidates(&digest, Ingest(0), until, 2).await;
    assert_eq!(missed.unwrap().len(), 0, "relevant, and in no edition");
    // A third of what was printed while anybody looked is party building.
    assert!(seen.len() as i64 > month.days * PAPERS as i64 * 4);
}

fn most(weights: &[Weight], of: impl Fn(&Weight) -> u64) -> u64 {
    weights.iter().map(of).max().unwrap()
}

fn nothing_grows(weights: &[Weight]) {
    assert!(most(weights, |w| w.wal_kb) < 32 * 1024, "the WAL grows");
    assert_eq!(most(weights, |w| w.unanalysed.into()), 0);
    assert!(
        weights.iter().all(|w| w.lag < 1.0),
        "a feed was asked a minute late"
    );
}

/// Compares the second half with the first, in which caches fill.
fn the_process_does_not_grow(weights: &[Weight]) {
    let (first, second) = weights.split_at(weights.len() / 2);
    let files = |w: &Weight| w.files as u64;
    assert!(most(second, files) <= most(first, files) + 4, "open files");
    assert!(
        most(second, |w| w.rss_kb) < most(first, |w| w.rss_kb) * 5 / 4 + 8 * 1024,
        "memory grows"
    );
}

fn table(weights: &[Weight]) -> String {
    let mut table = format!("{COLUMNS}\n");
    for w in weights {
        writeln!(
            table,
            "{}\t{}\t{}\t{}\t{}\t{:.2}\t{}",
            w.hours, w.rss_kb, w.files, w.wal_kb, w.database_kb, w.lag, w.unanalysed
        )
        .unwrap();
    }
    table
}
