//! A week of seven feeds, from Monday five o'clock on, with a night in which our machine was off, an afternoon without network and a paper that was down:
//! how often each feed was asked, and how late its news came. Time is set by hand; the requests are real.
//!
//! `WEEK_CSV=FILE` writes every request down (day, hour, feed), for a plot.

use crate::support::origin::{Answer, Origin};
use crate::support::poller::Poller;
use diembao::daemon::start;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAYS: i64 = 7;
/// Items that a feed shows.
const SHOWN: usize = 20;

/// Items that are printed in each hour of the day in Viet Nam, from midnight on.
type Day = [u32; 24];
const BUSY: Day = [
    0, 0, 0, 0, 1, 5, 6, 5, 4, 3, 3, 2, 1, 2, 3, 3, 3, 2, 2, 2, 1, 1, 0, 0,
];
const USUAL: Day = [
    0, 0, 0, 0, 0, 1, 2, 2, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
];
const QUIET: Day = [
    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
];

struct Paper {
    path: String,
    busy: bool,
    /// When each item is printed, in order.
    printed: Vec<Timestamp>,
    /// Items on the page that is being served.
    served: usize,
}

impl Paper {
    /// Prints by the day's plan, each item at another minute of its hour.
    fn new(number: usize, plan: &Day, midnight: Timestamp) -> Self {
        let mut printed = Vec::new();
        // Two days before the beginning: a feed is never empty.
        for (day, hour) in (-2..DAYS).flat_map(|day| (0..24).map(move |hour| (day, hour))) {
            for nth in 0..plan[hour as usize] {
                let minute =
                    (i64::from(nth) * 23 + day * 11 + hour * 7 + number as i64 * 13).rem_euclid(60);
                printed
                    .push(midnight + HOUR * ((day * 24 + hour) as i32) + MINUTE * (minute as i32));
            }
        }
        printed.sort_unstable();
        Self {
            path: format!("/{number}.rss"),
            busy: plan[6] == BUSY[6],
            printed,
            served: usize::MAX,
        }
    }

    fn serve(&mut self, origin: &Origin, now: Timestamp) {
        let count = self.printed.partition_point(|at| *at <= now);
        if count == self.served {
            return;
        }
        self.served = count;
        let first = count.saturating_sub(SHOWN);
        let mut items = String::new();
        for (nth, at) in self.printed[..count].iter().enumerate().skip(first).rev() {
            let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
            let link = format!("https://bao.example{}/bai-{nth}.html", self.path);
            write!(
                items,
                "<item><title>Đảng bộ xã số {nth} triển khai nghị quyết</title><link>{link}</link><pubDate>{date}</pubDate></item>"
            )
            .unwrap();
        }
        let body =
            format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>");
        let answer = Answer::ok(body)
            .header("ETag", &format!("\"{count}\""))
            .conditional();
        origin.on(&self.path, answer);
    }
}

/// What happens at an hour of the week (0 = Monday midnight in Viet Nam).
fn machine_is_off(hour: i64) -> bool {
    (25..33).contains(&hour) // Tuesday 1:00 to 9:00
}
fn network_is_down(hour: i64) -> bool {
    (86..88).contains(&hour) // Thursday 14:00 to 16:00
}
fn paper_is_down(hour: i64) -> bool {
    (53..56).contains(&hour) // Wednesday 5:00 to 8:00
}

/// Feed → when it was asked.
type Requests = BTreeMap<String, Vec<Timestamp>>;

async fn live(papers: &mut [Paper], midnight: Timestamp) -> Requests {
    let origin = Origin::start();
    let keys: Vec<String> = (0..papers.len()).map(|n| format!("bao-{n}")).collect();
    let feeds: Vec<_> = keys
        .iter()
        .zip(papers.iter())
        .map(|(key, paper)| (key.as_str(), "tin", origin.url(&paper.path)))
        .collect();
    let mut poller = Poller::new(&feeds, "", "").await;
    start::spread(&poller.works()).await.unwrap();
    let (mut requests, mut read) = (Requests::new(), 0);
    while let Some(next) = poller.next_due().await {
        poller.now = next.max(poller.now);
        let hour = poller.now.duration_since(midnight).as_hours();
        if hour >= DAYS * 24 {
            break;
        }
        if machine_is_off(hour) {
            while machine_is_off(poller.now.duration_since(midnight).as_hours()) {
                poller.pass_time(MINUTE);
            }
            start::spread(&poller.works()).await.unwrap();
            continue;
        }
        for (number, paper) in papers.iter_mut().enumerate() {
            if network_is_down(hour) {
                paper.served = usize::MAX;
                origin.on(&paper.path, Answer::reset_early());
            } else if paper_is_down(hour) && number == 1 {
                paper.served = usize::MAX;
                origin.on(&paper.path, Answer::status(500));
            } else {
                paper.serve(&origin, poller.now);
            }
        }
        poller.poll_due().await;
        for asked in origin.log_after(read) {
            requests.entry(asked.path).or_default().push(poller.now);
            read += 1;
        }
    }
    requests
}

#[tokio::test]
async fn a_week_with_outages_has_no_herd_no_starvation_and_no_late_morning_news() {
    let midnight: Timestamp = "2026-11-16T00:00:00+07:00".parse().unwrap();
    let plans = [&BUSY, &BUSY, &BUSY, &USUAL, &USUAL, &QUIET, &QUIET];
    let mut papers: Vec<Paper> = (0..plans.len())
        .map(|n| Paper::new(n, plans[n], midnight))
        .collect();
    let requests = live(&mut papers, midnight).await;
    write_csv(&requests, midnight);
    let mut wrong = Vec::new();
    for (number, paper) in papers.iter().enumerate() {
        let asked = &requests[&paper.path];
        wrong.extend(too_often(paper, asked, midnight));
        wrong.extend(starved(paper, asked, midnight));
        if paper.busy {
            wrong.extend(late(paper, asked, midnight, number));
        }
    }
    wrong.extend(herds(&requests, midnight));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn too_often(paper: &Paper, asked: &[Timestamp], midnight: Timestamp) -> Vec<String> {
    let of_day = |day: i64| {
        let days = asked
            .iter()
            .map(|at| at.duration_since(midnight).as_hours() / 24);
        days.filter(|its| *its == day).count()
    };
    let days = (0..DAYS).map(|day| (day, of_day(day)));
    // An outage of our own network is tried over by single requests that reach nobody.
    days.filter(|(day, count)| *count > if *day == 3 { 72 } else { 60 })
        .map(|(day, count)| format!("{} was asked {count} times on day {day}", paper.path))
        .collect()
}

fn starved(paper: &Paper, asked: &[Timestamp], midnight: Timestamp) -> Vec<String> {
    let gaps = asked
        .windows(2)
        .map(|pair| (pair[0], pair[1].duration_since(pair[0])));
    let off = |at: Timestamp| {
        let hour = at.duration_since(midnight).as_hours();
        (20..33).contains(&hour)
    };
    gaps.filter(|(from, gap)| *gap > HOUR * 5 && !off(*from))
        .map(|(from, gap)| format!("{} was left alone for {gap:#} from {from}", paper.path))
        .collect()
}

/// Items printed between five and eight in the morning that were not seen within twenty minutes, the first two days, in which
/// the rhythm is learned, and the outages aside.
fn late(paper: &Paper, asked: &[Timestamp], midnight: Timestamp, number: usize) -> Vec<String> {
    let mut late = Vec::new();
    for at in &paper.printed {
        let hour = at.duration_since(midnight).as_hours();
        let excused = hour < 48 || (paper_is_down(hour) && number == 1);
        if excused || !(5..8).contains(&(hour % 24)) {
            continue;
        }
        let seen = asked.iter().find(|poll| *poll >= at);
        let delay = seen.map(|poll| poll.duration_since(*at));
        if delay.is_none_or(|delay| delay > MINUTE * 20) {
            late.push(format!(
                "{}: printed at {at}, seen after {delay:?}",
                paper.path
            ));
        }
    }
    late
}

/// Minutes in which more than two thirds of all feeds were asked, the start, the restart and the dead network aside.
fn herds(requests: &Requests, midnight: Timestamp) -> Vec<String> {
    let mut per_minute: BTreeMap<i64, usize> = BTreeMap::new();
    for at in requests.values().flatten() {
        *per_minute
            .entry(at.duration_since(midnight).as_mins())
            .or_default() += 1;
    }
    let quiet = |minute: i64| {
        let hour = minute / 60;
        minute > 305 && hour != 33 && !(86..90).contains(&hour)
    };
    per_minute
        .into_iter()
        .filter(|(minute, count)| quiet(*minute) && *count * 3 > requests.len() * 2)
        .map(|(minute, count)| format!("{count} feeds were asked in minute {minute}"))
        .collect()
}

fn write_csv(requests: &Requests, midnight: Timestamp) {
    let Some(file) = std::env::var_os("WEEK_CSV") else {
        return;
    };
    let mut csv = "feed,hours\n".to_owned();
    for (feed, times) in requests {
        for at in times {
            let hours = at.duration_since(midnight).as_secs_f64() / 3600.0;
            writeln!(csv, "{feed},{hours:.4}").unwrap();
        }
    }
    std::fs::write(file, csv).unwrap();
}
