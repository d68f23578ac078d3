//! The admin's mail, by the real desk on a real file: at most one a day, only when something needs a person; and whether
//! an edition is late.

use crate::support::claim_all;
use diembao::{
    config::{self, Env, Problem, Severity},
    daemon::{
        admin,
        clock::Clock,
        desk, health, reload,
        works::{Setup, Works},
    },
    model::{DeliveryState, DigestName, Failure, FailureKind, FeedState, Watch},
    store::{Attempt, DeliveryRow, Left, PollCommit, Store},
    text::fold::fold,
};
use jiff::{SignedDuration, Timestamp};
use std::{fs, sync::Arc};

const FEEDS: &str = "[[source]]\nkey = \"song-hau\"\nname = \"Báo Sông Hậu\"\ndomain = \"a.example\"\n[[source.feed]]\nkey = \"moi\"\n\
     url = \"https://a.example/rss\"\n[[source]]\nkey = \"bien-dong\"\nname = \"Báo Biển Đông\"\ndomain = \"b.example\"\n\
     [[source.feed]]\nkey = \"moi\"\nurl = \"https://b.example/rss\"\n";
const DIGEST: &str = "[[digest]]\nname = \"hang-ngay\"\nat = \"06:30\"\ndays = \"T2-CN\"\nrecipients = [\"an@x.example\"]\n";
const ADMIN: &str = "[admin]\nrecipients = [\"quan-tri@x.example\"]\nat = \"07:30\"\n";

struct Office {
    dir: tempfile::TempDir,
    store: Store,
    setup: Arc<Setup>,
}

impl Office {
    fn new(settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("feeds.toml"), FEEDS).unwrap();
        let store = Store::open(&dir.path().join("data"), fold).unwrap();
        let setup = setup(&dir, settings);
        Self { dir, store, setup }
    }

    fn at(&self, time: &str) -> Works {
        let (_, setup) = tokio::sync::watch::channel(Arc::clone(&self.setup));
        Works::new(self.store.clone(), Clock::Fixed(at(time)), setup)
    }

    async fn begin(&self, time: &str) {
        let works = self.at(time);
        let sources = &self.setup.config.sources;
        self.store
            .sync_sources(sources, works.clock.now())
            .await
            .unwrap();
        desk::compose_due(&works).await.unwrap();
    }

    /// All feeds fail since that time.
    async fn fail(&self, since: &str, now: &str) {
        let feeds = claim_all(&self.store, at(now)).await;
        let commits = feeds.iter().map(|feed| PollCommit {
            feed: feed.id,
            state: FeedState {
                failing_since: Some(at(since)),
                failure: Some(Failure {
                    kind: FailureKind::Timeout,
                    detail: String::new(),
                }),
                next_poll_at: Some(at(now)),
                ..FeedState::default()
            },
            entries: Vec::new(),
            at: at(now),
            backfill_after: SignedDuration::from_hours(48),
        });
        self.store.commit_polls(commits.collect()).await.unwrap();
    }

    async fn mails(&self, to: &str) -> Vec<DeliveryRow> {
        let mut rows = self.store.list_deliveries(&[], 1000).await.unwrap();
        rows.retain(|row| row.recipient == to);
        rows
    }

    async fn last_text(&self) -> String {
        let digest = DigestName::from("quan-tri");
        let head = self.store.last_edition(&digest).await.unwrap().unwrap();
        self.store
            .edition(head.id)
            .await
            .unwrap()
            .unwrap()
            .rendered
            .text
    }

    /// The same in one line, however it was broken.
    async fn last_words(&self) -> String {
        let text = self.last_text().await;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Every mail that waits is answered so.
    async fn answer(&self, state: DeliveryState, reply: &str, now: &str) {
        while let Some((delivery, _)) = self
            .store
            .claim_due_deliveries(at(now), 1)
            .await
            .unwrap()
            .pop()
        {
            let attempt = Attempt {
                state,
                reply: reply.to_owned(),
                due_at: at(now),
                counts: true,
            };
            self.store
                .commit_attempt(delivery.id, attempt, at(now))
                .await
                .unwrap();
        }
    }
}

fn setup(dir: &tempfile::TempDir, settings: &str) -> Arc<Setup> {
    let file = dir.path().join("diembao.toml");
    let text = format!("[daemon]\ndata_dir = \"data\"\n{settings}");
    fs::write(&file, text).unwrap();
    let config = config::load_with(Some(&file), Env(&|_| None)).unwrap();
    Arc::new(Setup::new(config, None).unwrap())
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00+07:00").parse().unwrap()
}

#[tokio::test]
async fn one_mail_a_day_and_only_when_something_is_new() {
    let office = Office::new(&format!("{DIGEST}{ADMIN}"));
    office.begin("16T06:00").await;
    let due = async |time: &str| admin::report_due(&office.at(time)).await.unwrap();
    desk::compose_due(&office.at("16T06:31")).await.unwrap();
    office
        .answer(DeliveryState::Sent, "250 ok", "16T06:32")
        .await;
    assert!(!due("16T08:00").await, "nothing needs a person");
    office.fail("14T03:00", "16T09:00").await;
    desk::compose_due(&office.at("17T06:31")).await.unwrap();
    office
        .answer(DeliveryState::Sent, "250 ok", "17T06:32")
        .await;
    assert!(!due("17T07:29").await, "its hour has not come");
    assert!(due("17T07:30").await, "three days and four hours");
    let text = office.last_text().await;
    assert!(
        text.contains("NGUỒN TIN LỖI NHIỀU NGÀY")
            && text.contains("Mới: Báo Sông Hậu (song-hau/moi)"),
        "{text}"
    );
    assert!(text.contains("KHÔNG ĐỌC ĐƯỢC NGUỒN TIN NÀO"), "{text}");
    office.fail("14T03:00", "17T08:00").await;
    assert!(!due("17T12:00").await, "one a day");
    office
        .answer(DeliveryState::Sent, "250 ok", "17T12:00")
        .await;

    desk::compose_due(&office.at("18T06:31")).await.unwrap();
    office
        .answer(
            DeliveryState::Failed,
            "RCPT TO: 550 5.1.1 no such user",
            "18T06:32",
        )
        .await;
    assert!(due("18T07:30").await, "a recipient was refused");
    let text = office.last_text().await;
    assert!(
        text.contains("Mới: an@x.example, hang-ngay số 3") && text.contains("550 5.1.1"),
        "{text}"
    );
    assert!(
        text.contains("- Báo Sông Hậu"),
        "what goes on is there, but not as new: {text}"
    );
    office
        .answer(DeliveryState::Sent, "250 ok", "18T07:31")
        .await;
    assert_eq!(office.mails("quan-tri@x.example").await.len(), 2);
    assert_eq!(office.store.verify().await.unwrap(), Vec::<String>::new());
    let listed = office.store.list_editions(None, 100).await.unwrap();
    assert!(
        listed
            .iter()
            .all(|head| head.digest == DigestName::from("hang-ngay"))
    );
}

#[tokio::test]
async fn what_goes_on_is_told_again_after_a_week_and_a_crash_tells_nothing_twice() {
    let office = Office::new(&format!(
        "[admin]\nrecipients = [\"a@x.example\", \"b@x.example\"]\n{}",
        ""
    ));
    office.begin("16T06:00").await;
    office.fail("10T03:00", "16T06:10").await;
    let mut told = Vec::new();
    for day in 16..=24 {
        // Each round may be the first after a crash: the ledger knows.
        for time in ["07:30", "07:31", "19:00"] {
            if admin::report_due(&office.at(&format!("{day}T{time}")))
                .await
                .unwrap()
            {
                told.push(day);
            }
        }
    }
    assert_eq!(told, [16, 23]);
    assert_eq!(office.mails("a@x.example").await.len(), 2);
    assert_eq!(office.mails("b@x.example").await.len(), 2);
}

#[tokio::test]
async fn drifted_feeds_are_told_once() {
    let office = Office::new(ADMIN);
    office.begin("16T06:00").await;
    let feeds = claim_all(&office.store, at("16T06:10")).await;
    let drifting = feeds.into_iter().take(1).map(|feed| PollCommit {
        feed: feed.id,
        state: FeedState {
            last_ok_at: Some(at("16T06:10")),
            next_poll_at: Some(at("16T07:10")),
            watch: Watch {
                vietnamese: true,
                foreign_since: Some(at("10T06:00")),
                ..Watch::default()
            },
            ..FeedState::default()
        },
        entries: Vec::new(),
        at: at("16T06:10"),
        backfill_after: SignedDuration::from_hours(48),
    });
    office.store.commit_polls(drifting.collect()).await.unwrap();
    assert!(admin::report_due(&office.at("16T07:30")).await.unwrap());
    let text = office.last_words().await;
    assert!(
        text.contains("không còn là tiếng Việt, từ 06:00 ngày 10/11/2026"),
        "{text}"
    );
    office
        .answer(DeliveryState::Sent, "250 ok", "16T07:31")
        .await;
    for day in 17..23 {
        assert!(
            !admin::report_due(&office.at(&format!("{day}T07:30")))
                .await
                .unwrap(),
            "{day}"
        );
    }
}

#[tokio::test]
async fn broken_templates_and_refused_changes_are_told() {
    let mut office = Office::new(&format!("{DIGEST}{ADMIN}"));
    let templates = office.dir.path().join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(
        templates.join("digest.txt.j2"),
        "{{ title }}\n{{ titel }}\n",
    )
    .unwrap();
    office.setup = setup(&office.dir, &format!("{DIGEST}{ADMIN}"));
    office.begin("16T06:00").await;
    let works = office.at("16T07:00");
    let problem = Problem {
        file: "diembao.toml".to_owned(),
        line: 4,
        column: 1,
        severity: Severity::Error,
        what: "a quotation mark is missing".to_owned(),
        how: "close it".to_owned(),
        what_vi: "thiếu dấu nháy".to_owned(),
        how_vi: "thêm dấu nháy".to_owned(),
    };
    reload::note_refusal(&works, Some(vec![problem]))
        .await
        .unwrap();
    assert!(admin::report_due(&office.at("16T07:30")).await.unwrap());
    let text = office.last_words().await;
    assert!(
        text.contains("digest.txt.j2, dòng 2, titel: không có trường này"),
        "{text}"
    );
    assert!(
        text.contains("Lúc 07:00 ngày 16/11/2026: diembao.toml:4:1: thiếu dấu nháy"),
        "{text}"
    );
    reload::note_refusal(&works, None).await.unwrap();
    // The day's edition is made all the same, by the built-in template, and says so.
    let made = desk::compose_due(&office.at("17T06:31")).await.unwrap();
    assert!(made[0].rendered.text.contains("dùng mẫu có sẵn"));
}

#[tokio::test]
async fn an_edition_half_an_hour_behind_is_late_until_somebody_has_it() {
    let office = Office::new(DIGEST);
    office.begin("16T06:00").await;
    let late = async |time: &str| {
        let late = health::late(&office.at(time), &office.setup).await.unwrap();
        late.into_iter()
            .map(|late| late.in_vietnamese())
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(late("16T06:45").await, "");
    assert_eq!(
        late("16T07:00").await,
        "hang-ngay, kỳ 06:30 ngày 16/11: chưa lập được"
    );
    desk::compose_due(&office.at("16T07:05")).await.unwrap();
    assert_eq!(
        late("16T07:06").await,
        "hang-ngay, kỳ 06:30 ngày 16/11: đã lập nhưng chưa ai nhận được, 1 thư đang chờ"
    );
    office
        .answer(DeliveryState::Sent, "250 ok", "16T07:07")
        .await;
    assert_eq!(late("16T07:08").await, "");
}

#[tokio::test]
async fn an_admin_is_told_once_who_left_by_themselves() {
    let office = Office::new(&format!("{DIGEST}{ADMIN}"));
    office.begin("23T06:31").await;
    let digest = DigestName::from("hang-ngay");
    for recipient in ["an@x.example", "nguoi-la@x.example"] {
        let left = office
            .store
            .leave(&digest, recipient, at("23T06:31"), at("23T07:00"));
        assert_eq!(left.await.unwrap(), Left::Now);
    }
    assert!(admin::report_due(&office.at("23T07:31")).await.unwrap());
    let text = office.last_text().await;
    assert!(
        text.contains("an@x.example") && text.contains("outbox rejoin"),
        "{text}"
    );
    assert!(!text.contains("nguoi-la"), "not on the list: {text}");
    // The mail itself arrives; nothing else needs a person.
    office
        .answer(DeliveryState::Sent, "250 OK", "23T07:32")
        .await;
    for day in 24..=30 {
        let works = office.at(&format!("{day}T07:31"));
        let told = admin::report_due(&works).await.unwrap();
        let text = office.last_text().await;
        assert!(
            !told || !text.contains("Người nhận tự ngừng nhận ("),
            "{day}: {text}"
        );
    }
}
