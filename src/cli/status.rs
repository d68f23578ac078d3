//! `status`: daemon, feeds, editions, outbox at a glance, and whether a human is needed.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::daemon::works::Works;
use crate::daemon::{calendar, drift, health, keep, reload};
use crate::model::{DeliveryState, HubState};
use crate::store::{EditionHead, FeedRow, Store, StoreCounts};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Failing feeds named one by one.
const NAMED: usize = 20;
/// A mail that waits for longer wants a look.
const WAITS: SignedDuration = SignedDuration::from_hours(2);
/// A feed that fails for longer does not come back by itself.
const FAILS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Mails that were given up are told of for so long.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Deliveries looked at for what waits and what failed.
const DELIVERIES: u32 = 1000;

/// Something that will not mend itself.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Need {
    /// A stable word, for machines.
    kind: &'static str,
    /// What, in Vietnamese.
    what: String,
    /// What to do, in Vietnamese.
    how: String,
}

fn need(kind: &'static str, what: impl Into<String>, how: impl Into<String>) -> Need {
    Need {
        kind,
        what: what.into(),
        how: how.into(),
    }
}

/// All that is shown.
struct Report {
    pid: Option<String>,
    feeds: Vec<FeedRow>,
    counts: StoreCounts,
    outbox: BTreeMap<&'static str, u32>,
    left: usize,
    /// Subscriptions at hubs, by state.
    hubs: BTreeMap<HubState, usize>,
    last: Option<EditionHead>,
    next: Option<Timestamp>,
    free: Option<u64>,
    needs: Vec<Need>,
    zone: TimeZone,
    now: Timestamp,
}

/// Runs the command: exit code 0 where all is well, 1 where a human is needed.
pub async fn run(args: &Args) -> Result<(), AppError> {
    let Some(works) = app::beside(args).await? else {
        out::line(&app::no_data(args));
        return Ok(());
    };
    let report = Report::of(&works).await?;
    match args.json {
        true => report.print_json(),
        false => report.print(),
    }
    match report.needs.is_empty() {
        true => Ok(()),
        false => Err(AppError::Unwell),
    }
}

impl Report {
    async fn of(works: &Works) -> Result<Self, AppError> {
        let setup = works.setup();
        let now = works.clock.now();
        let dir = &setup.config.daemon.data_dir;
        let pid = Store::owner_of(dir);
        let feeds = works.store.list_feeds().await?;
        let schedules = setup
            .config
            .digests
            .iter()
            .map(|d| calendar::schedule(&setup, d));
        let mut report = Self {
            counts: works.store.counts().await?,
            outbox: works.store.outbox_counts().await?,
            left: works.store.leavers(None).await?.len(),
            hubs: hubs(works).await?,
            last: works.store.list_editions(None, 1).await?.into_iter().next(),
            next: schedules
                .filter_map(|s| s.next_slot(now))
                .map(|s| s.at)
                .min(),
            free: keep::free_bytes(dir),
            needs: Vec::new(),
            zone: setup.config.daemon.time_zone.clone(),
            now,
            pid,
            feeds,
        };
        report.needs.extend(report.service());
        report.needs.extend(refused_config(works).await?);
        report.needs.extend(report.disk());
        report.needs.extend(overdue(works).await?);
        report.needs.extend(report.post(works, now).await?);
        report.needs.extend(report.failing_feeds(now));
        Ok(report)
    }

    fn service(&self) -> Option<Need> {
        self.pid.is_none().then(|| {
            need(
                "stopped",
                "dịch vụ không chạy",
                "sudo systemctl start diembao; nếu không được: journalctl -u diembao -e",
            )
        })
    }

    fn disk(&self) -> Option<Need> {
        let free = self.free?;
        let what = match keep::disk(free) {
            keep::Disk::Roomy => return None,
            keep::Disk::Low => format!("đĩa sắp đầy: còn {} MB", free >> 20),
            keep::Disk::Full => "đĩa đã đầy: không lưu được tin mới".to_owned(),
        };
        Some(need("disk", what, "giải phóng chỗ trống nơi đặt dữ liệu"))
    }

    /// Mails that wait for long, and those that were given up.
    async fn post(&self, works: &Works, now: Timestamp) -> Result<Vec<Need>, AppError> {
        let states = [
            DeliveryState::Queued,
            DeliveryState::Sending,
            DeliveryState::Dot,
            DeliveryState::Deferred,
            DeliveryState::Failed,
        ];
        let rows = works.store.list_deliveries(&states, DELIVERIES).await?;
        let (failed, waiting): (Vec<_>, Vec<_>) = rows
            .iter()
            .partition(|row| row.state == DeliveryState::Failed);
        let mut needs = Vec::new();
        let said = |row: &crate::store::DeliveryRow| row.last_reply.clone().unwrap_or_default();
        let late: Vec<_> = waiting
            .into_iter()
            .filter(|row| now.duration_since(row.queued_at) > WAITS)
            .collect();
        if let Some(first) = late.first() {
            needs.push(need(
                "waiting",
                format!(
                    "{} thư chưa gửi được sau hơn 2 giờ: {}",
                    late.len(),
                    said(first)
                ),
                "diembao outbox list; sửa [smtp] nếu cần, rồi: diembao outbox retry --all",
            ));
        }
        let given_up: Vec<_> = failed
            .into_iter()
            .filter(|row| {
                row.done_at
                    .is_some_and(|at| now.duration_since(at) < GIVEN_UP)
            })
            .collect();
        if let Some(first) = given_up.first() {
            needs.push(need(
                "failed",
                format!(
                    "{} thư không gửi được trong 7 ngày qua, gần nhất {}: {}",
                    given_up.len(),
                    first.recipient,
                    said(first)
                ),
                "sửa địa chỉ người nhận, hoặc gửi lại: diembao outbox retry SỐ",
            ));
        }
        Ok(needs)
    }

    fn enabled(&self) -> impl Iterator<Item = &FeedRow> {
        self.feeds.iter().filter(|row| row.enabled)
    }

    fn failing(&self) -> Vec<&FeedRow> {
        self.enabled()
            .filter(|row| {
                row.feed.state.failing_since.is_some() || row.feed.state.retired_at.is_some()
            })
            .collect()
    }

    /// Feeds that answer and are of no use: nothing is broken, and yet they want looking at.
    fn drifted(&self) -> Vec<(&FeedRow, (&'static str, Timestamp))> {
        let failing = self.failing();
        self.enabled()
            .filter(|row| !failing.iter().any(|other| other.feed.id == row.feed.id))
            .filter_map(|row| Some((row, drift::trouble(row, self.now)?)))
            .collect()
    }

    fn failing_feeds(&self, now: Timestamp) -> Vec<Need> {
        let failing = self.failing();
        let enabled = self.enabled().count();
        let mut needs = Vec::new();
        if enabled >= 10 && failing.len() * 3 > enabled {
            needs.push(need(
                "network",
                format!("{} trên {enabled} nguồn tin không đọc được", failing.len()),
                "kiểm tra mạng, DNS và proxy của máy này",
            ));
        }
        let named = |rows: &[&&FeedRow]| {
            let names: Vec<_> = rows
                .iter()
                .take(3)
                .map(|row| row.feed.key.to_string())
                .collect();
            match rows.len() > 3 {
                true => format!("{} …", names.join(", ")),
                false => names.join(", "),
            }
        };
        let retired: Vec<_> = failing
            .iter()
            .filter(|row| row.feed.state.retired_at.is_some())
            .collect();
        if !retired.is_empty() {
            needs.push(need(
                "retired",
                format!(
                    "{} nguồn tin đã bị báo gỡ hẳn (410): {}",
                    retired.len(),
                    named(&retired)
                ),
                "tìm địa chỉ mới: diembao feeds verify, hoặc tắt nguồn trong feeds.toml",
            ));
        }
        let long: Vec<_> = failing
            .iter()
            .filter(|row| {
                row.feed
                    .state
                    .failing_since
                    .is_some_and(|since| now.duration_since(since) > FAILS)
            })
            .collect();
        if !long.is_empty() {
            needs.push(need(
                "failing",
                format!("{} nguồn tin lỗi hơn 7 ngày: {}", long.len(), named(&long)),
                "diembao feeds verify; sửa địa chỉ hoặc tắt nguồn trong feeds.toml",
            ));
        }
        needs
    }

    fn print_json(&self) {
        out::json(&json!({
            "ok": self.needs.is_empty(), "needs": self.needs,
            "daemon": self.pid, "feeds": self.enabled().count(), "failing": self.failing().len(),
            "drifted": self.drifted().len(),
            "entries": self.counts.entries, "articles": self.counts.articles,
            "unanalysed": self.counts.unanalysed, "pages": self.counts.pages, "outbox": self.outbox, "left": self.left,
            "subscriptions": self.hubs.iter().map(|(state, count)| (state.as_str(), count)).collect::<BTreeMap<_, _>>(),
            "disk_free_bytes": self.free,
            "last_edition": self.last.as_ref().map(|e| json!({
                "digest": e.digest, "number": e.number, "slot": e.slot, "articles": e.articles,
            })),
            "next_edition": self.next.map(|at| at.to_string()),
        }));
    }

    fn show(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        zoned.strftime("%H:%M %d/%m/%Y").to_string()
    }

    fn print(&self) {
        match self.needs.as_slice() {
            [] => out::line("Tình trạng: tốt"),
            needs => out::line(&format!("Tình trạng: CẦN XỬ LÝ ({} việc)", needs.len())),
        }
        for need in &self.needs {
            out::line(&format!("  ! {}", out::safe(&need.what)));
            out::line(&format!("    → {}", out::safe(&need.how)));
        }
        match &self.pid {
            Some(pid) => out::line(&format!("Dịch vụ: đang chạy (pid {pid})")),
            None => out::line("Dịch vụ: không chạy"),
        }
        self.print_work();
        self.print_failing();
    }

    fn print_work(&self) {
        let counts = &self.counts;
        out::line(&format!(
            "Địa chỉ tin: {} đang bật, {} lỗi, {} bất thường",
            self.enabled().count(),
            self.failing().len(),
            self.drifted().len()
        ));
        if !self.hubs.is_empty() {
            let states = self.hubs.iter();
            let states: Vec<String> = states
                .rev()
                .map(|(state, count)| format!("{count} {}", state.in_vietnamese()))
                .collect();
            out::line(&format!("Nhận tin qua hub (WebSub): {}", states.join(", ")));
        }
        out::line(&format!(
            "Đã lưu: {} bài từ {} mục tin; {} bài chờ phân tích, {} bài chờ đọc toàn văn",
            counts.articles, counts.entries, counts.unanalysed, counts.pages
        ));
        if let Some(last) = &self.last {
            out::line(&format!(
                "Bản tin gần nhất: {} ({} bài), lập lúc {}",
                last.subject,
                last.articles,
                self.show(last.composed_at)
            ));
        }
        if let Some(next) = self.next {
            out::line(&format!("Bản tin kế tiếp: {}", self.show(next)));
        }
        let in_state = |(state, count): (&&'static str, &u32)| {
            let words =
                DeliveryState::from_word(state).map_or(*state, DeliveryState::in_vietnamese);
            format!("{count} thư {words}")
        };
        let post: Vec<String> = self.outbox.iter().map(in_state).collect();
        out::line(&match post.is_empty() {
            true => "Hộp thư đi: trống".to_owned(),
            false => format!("Hộp thư đi: {}", post.join("; ")),
        });
        if self.left > 0 {
            out::line(&format!(
                "Tự ngừng nhận: {} người; xem `diembao outbox left`",
                self.left
            ));
        }
    }

    fn print_failing(&self) {
        let failing = self.failing();
        let failing = failing
            .iter()
            .filter_map(|row| Some(("lỗi", *row, drift::trouble(row, self.now)?)));
        let drifted = self.drifted();
        let drifted = drifted
            .iter()
            .map(|(row, trouble)| ("bất thường", *row, *trouble));
        let all: Vec<_> = failing.chain(drifted).collect();
        for (word, row, (why, since)) in all.iter().take(NAMED) {
            out::line(&format!(
                "  {word} {} từ {}: {why}",
                row.feed.key,
                self.show(*since)
            ));
        }
        if all.len() > NAMED {
            out::line(&format!(
                "  … và {} nguồn khác; xem `diembao feeds list`",
                all.len() - NAMED
            ));
        }
    }
}

/// How the subscriptions of feeds that are polled stand.
async fn hubs(works: &Works) -> Result<BTreeMap<HubState, usize>, AppError> {
    let mut states = BTreeMap::new();
    for one in works.store.subscriptions().await?.values() {
        if one.due_at.is_some() {
            *states.entry(one.state).or_default() += 1;
        }
    }
    Ok(states)
}

async fn refused_config(works: &Works) -> Result<Option<Need>, AppError> {
    let refused = reload::refusal(&works.store).await?;
    Ok(refused.map(|refused| {
        need(
            "config",
            format!(
                "thiết lập mới bị từ chối, dịch vụ vẫn dùng thiết lập cũ: {}",
                refused.problems.first().cloned().unwrap_or_default()
            ),
            "diembao check; sửa xong: sudo systemctl reload diembao",
        )
    }))
}

/// Editions that are not out half an hour after their time.
async fn overdue(works: &Works) -> Result<Vec<Need>, AppError> {
    let late = health::late(works, &works.setup()).await?;
    Ok(late
        .iter()
        .map(|late| {
            need(
                "edition",
                format!("bản tin chậm: {}", late.in_vietnamese()),
                "xem dịch vụ có chạy không; lập ngay: diembao digest TÊN --send; thư đang chờ: diembao outbox list",
            )
        })
        .collect())
}
