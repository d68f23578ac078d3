//! What a good client does, a line a test, asserted on what the *server* saw.

use crate::support::origin::{Answer, Asked, Origin};
use crate::support::poller::Poller;
use diembao::model::FailureKind;
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A feed of the items with these numbers, each published at its own minute of 15 November; `built` is the document's own date.
fn items(numbers: std::ops::Range<u32>, built: &str) -> String {
    let items: String = numbers
        .rev()
        .map(|n| {
            format!(
                "<item><title>Chi bộ thôn {n} sinh hoạt chuyên đề</title><link>https://bao.example/chi-bo-{n}.html</link>\
                 <guid>https://bao.example/chi-bo-{n}.html</guid>\
                 <pubDate>Sun, 15 Nov 2026 {:02}:{:02}:00 +0700</pubDate></item>",
                n / 60,
                n % 60
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Báo Thử</title><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>"
    )
}

fn good() -> Answer {
    Answer::ok(items(0..3, "")).header("Content-Type", "application/rss+xml")
}

async fn one(origin: &Origin, fetch: &str, source: &str) -> Poller {
    Poller::new(&[("bao", "tin", origin.url("/tin.rss"))], fetch, source).await
}

fn conditional(asked: &Asked) -> bool {
    asked.header("If-None-Match").is_some() || asked.header("If-Modified-Since").is_some()
}

#[tokio::test]
async fn it_says_who_it_is_and_how_to_reach_its_keeper() {
    let origin = Origin::start();
    origin.on("/tin.rss", good());
    one(&origin, "", "").await.poll_due().await;
    let log = origin.log();
    let name = log[0].header("User-Agent").unwrap();
    assert!(
        name.starts_with("diembao/") && name.ends_with("(+quan-tri@tinh.example)"),
        "{name}"
    );
    assert_eq!(log[0].header("Accept-Encoding"), Some("gzip,br"));
    assert_eq!(log[0].header("Cookie"), None);
    assert_eq!(log[0].header("Referer"), None);
}

#[tokio::test]
async fn after_the_first_time_it_asks_only_for_what_is_new() {
    let origin = Origin::start();
    let answer = good()
        .header("ETag", "W/\"a, b\"")
        .header("Last-Modified", "Sun, 15 Nov 2026 10:00:00 +0700")
        .conditional();
    origin.on("/tin.rss", answer);
    let mut poller = one(&origin, "", "").await;
    for _ in 0..4 {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let log = origin.log();
    assert!(!conditional(&log[0]));
    for asked in &log[1..] {
        // As they came, byte for byte, also where no parser would take them.
        assert_eq!(asked.header("If-None-Match"), Some("W/\"a, b\""));
        assert_eq!(
            asked.header("If-Modified-Since"),
            Some("Sun, 15 Nov 2026 10:00:00 +0700")
        );
    }
    assert_eq!(log.len(), 4);
}

#[tokio::test]
async fn validators_of_what_was_no_feed_are_not_kept() {
    let origin = Origin::start();
    let tagged = |answer: Answer, tag: &str| answer.header("ETag", tag);
    origin.script(
        "/tin.rss",
        [
            tagged(good(), "\"1\""),
            tagged(Answer::ok("<html><p>Bảo trì</p></html>"), "\"2\""),
            tagged(Answer::status(500), "\"3\""),
            tagged(Answer::ok(items(0..3, "")).cut_at(200), "\"4\""),
            tagged(good(), "\"1\""),
        ],
    );
    let mut poller = one(&origin, "", "").await;
    for _ in 0..5 {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let sent: Vec<_> = origin
        .log()
        .iter()
        .map(|a| a.header("If-None-Match").map(str::to_owned))
        .collect();
    let first = || Some("\"1\"".to_owned());
    assert_eq!(sent, [None, first(), first(), first(), first()]);
}

#[tokio::test]
async fn retry_after_is_waited_for_also_by_an_admins_fetch() {
    for (value, wait) in [
        ("7200", HOUR * 2),
        ("518400", DAY * 6), // above our own longest interval
        ("Mon, 16 Nov 2026 03:00:00 GMT", HOUR * 5),
    ] {
        let origin = Origin::start();
        origin.script(
            "/tin.rss",
            [
                // The server's clock is right, so that its date needs no moving.
                Answer::status(429)
                    .header("Retry-After", value)
                    .header("Date", "Sun, 15 Nov 2026 22:00:00 GMT"),
                good(),
            ],
        );
        let mut poller = one(&origin, "", "").await;
        poller.poll_due().await;
        poller.pass_time(wait - SignedDuration::from_secs(1));
        poller.poll_due().await;
        poller.poll_all().await;
        assert_eq!(origin.log().len(), 1, "Retry-After: {value}");
        poller.pass_time(HOUR);
        poller.poll_due().await;
        assert_eq!(origin.log().len(), 2, "Retry-After: {value}");
    }
}

#[tokio::test]
async fn what_is_gone_is_not_asked_for_again() {
    let origin = Origin::start();
    origin.on("/tin.rss", Answer::status(410));
    let mut poller = one(&origin, "", "").await;
    poller.poll_due().await;
    for _ in 0..30 {
        poller.pass_time(DAY);
        poller.poll_due().await;
        poller.poll_all().await;
    }
    assert_eq!(origin.log().len(), 1);
}

#[tokio::test]
async fn freshness_and_hours_to_skip_are_obeyed() {
    let in_feed = "<skipHours><hour>0</hour><hour>1</hour><hour>2</hour></skipHours><ttl>120</ttl>";
    let with_hints = items(0..3, "").replacen("<item>", &format!("{in_feed}<item>"), 1);
    for (answer, soonest) in [
        (
            good().header("Cache-Control", "max-age=10800"),
            "2026-11-16T01:00:00Z",
        ),
        (
            good()
                .header("Date", "Sun, 15 Nov 2026 22:00:00 GMT")
                .header("Expires", "Mon, 16 Nov 2026 02:00:00 GMT"),
            "2026-11-16T02:00:00Z",
        ),
        (Answer::ok(with_hints), "2026-11-16T03:00:00Z"),
    ] {
        let origin = Origin::start();
        origin.on("/tin.rss", answer);
        let mut poller = one(&origin, "", "").await;
        poller.poll_due().await;
        let soonest: Timestamp = soonest.parse().unwrap();
        let next = poller.next_due().await.unwrap();
        assert!(
            next >= soonest && next < soonest + HOUR * 5,
            "{next} for {soonest}"
        );
        poller.now = soonest - SignedDuration::from_secs(1);
        poller.poll_due().await;
        assert_eq!(origin.log().len(), 1);
    }
}

#[tokio::test]
async fn once_a_week_it_asks_in_full_in_spite_of_all_304s() {
    let origin = Origin::start();
    origin.on("/tin.rss", good().header("ETag", "\"1\"").conditional());
    let mut poller = one(&origin, "", "").await;
    let end = poller.now + DAY * 28;
    while poller.now < end {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let log = origin.log();
    let full = log[1..].iter().filter(|asked| !conditional(asked)).count();
    assert!(
        (3..=5).contains(&full),
        "{full} of {} in four weeks",
        log.len()
    );
}

#[tokio::test]
async fn a_tag_under_which_news_came_is_not_believed_for_a_while() {
    let origin = Origin::start();
    let tagged = |range| Answer::ok(items(range, "")).header("ETag", "\"1\"");
    // The tag never changes; the third document has news.
    origin.script("/tin.rss", [tagged(0..3), tagged(0..3), tagged(0..5)]);
    let mut poller = one(&origin, "", "").await;
    for _ in 0..5 {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let sent: Vec<bool> = origin.log().iter().map(conditional).collect();
    assert_eq!(sent, [false, true, true, false, false]);
    assert_eq!(poller.entries().await, 5);
}

#[tokio::test]
async fn a_tag_or_a_date_of_the_document_that_always_changes_is_no_news() {
    let origin = Origin::start();
    let nth = |n: u32| {
        Answer::ok(items(0..3, &format!("Mon, 16 Nov 2026 05:{n:02}:00 +0700")))
            .header("ETag", &format!("\"{n}\""))
    };
    origin.script("/tin.rss", (0..6).map(nth));
    let mut poller = one(&origin, "", "").await;
    let mut results = Vec::new();
    for _ in 0..6 {
        results.extend(poller.poll_due().await.iter().map(|one| one.result));
        poller.now = poller.next_due().await.unwrap();
    }
    assert_eq!(results, ["new", "read", "read", "read", "read", "read"]);
    let log = origin.log();
    assert_eq!(
        log[5].header("If-None-Match"),
        Some("\"4\""),
        "the newest tag goes back"
    );
    assert_eq!(poller.state("bao/tin").await.last_new_at, Some(log_start()));
}

fn log_start() -> Timestamp {
    "2026-11-15T22:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_permanent_redirect_is_followed_and_asked_directly_after_repeated_sight() {
    for status in [301, 308] {
        let (old, new) = (Origin::start(), Origin::start_at("127.0.0.2"));
        old.on(
            "/tin.rss",
            Answer::redirect(status, new.url("/moi.rss").as_str()),
        );
        new.on("/moi.rss", good());
        let same = Origin::start();
        same.on("/tin.rss", Answer::redirect(status, "/moi.rss"));
        same.on("/moi.rss", good());
        let mut poller = one(&same, "", "").await;
        let before = poller.feeds_toml();
        for _ in 0..5 {
            poller.poll_due().await;
            poller.now = poller.next_due().await.unwrap();
        }
        let old_asked = same
            .paths()
            .iter()
            .filter(|path| *path == "/tin.rss")
            .count();
        assert_eq!(
            (old_asked, same.paths().len()),
            (3, 8),
            "{:?}",
            same.paths()
        );
        assert_eq!(
            poller.feeds_toml(),
            before,
            "the admin's file is the admin's"
        );
        // And to another closed address it is not followed at all.
        let poller = one(&old, "", "").await;
        let polled = poller.poll_due().await;
        assert_eq!(
            polled[0].failure.as_ref().map(|f| f.kind),
            Some(FailureKind::Guard)
        );
        assert_eq!(new.log().len(), 0);
    }
}

#[tokio::test]
async fn a_newspaper_is_asked_once_at_a_time_over_one_connection() {
    let origin = Origin::start();
    let keys: Vec<String> = (0..8).map(|n| format!("muc-{n}")).collect();
    let feeds: Vec<_> = keys
        .iter()
        .map(|key| {
            origin.on(&format!("/{key}.rss"), good());
            ("bao", key.as_str(), origin.url(&format!("/{key}.rss")))
        })
        .collect();
    let poller = Poller::new(&feeds, "", "").await;
    poller.poll_all().await;
    assert_eq!(origin.log().len(), 8);
    assert_eq!((origin.most_in_flight(), origin.connections()), (1, 1));
}

#[tokio::test]
async fn a_source_may_be_asked_by_another_name_with_its_key_and_its_cookies() {
    let origin = Origin::start();
    origin.script(
        "/tin.rss",
        [
            Answer::redirect(302, "/tin.rss").header("Set-Cookie", "D1N=abc123; Path=/; HttpOnly"),
            good(),
        ],
    );
    let source = "user_agent = \"Khach/1.0\"\nheaders = [\"X-Api-Key: bi-mat\"]\ncookies = true\n";
    let poller = one(&origin, "", source).await;
    let polled = poller.poll_due().await;
    assert_eq!(polled[0].failure, None);
    let log = origin.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].header("Cookie"), None);
    assert_eq!(log[1].header("Cookie"), Some("D1N=abc123"));
    for asked in &log {
        assert_eq!(asked.header("User-Agent"), Some("Khach/1.0"));
        assert_eq!(asked.header("X-Api-Key"), Some("bi-mat"));
    }
    // Nobody else sends cookies: there such a wall is named.
    let wall = Origin::start();
    wall.on(
        "/tin.rss",
        Answer::redirect(302, "/tin.rss").header("Set-Cookie", "D1N=abc123"),
    );
    let polled = one(&wall, "", "").await.poll_due().await;
    assert_eq!(
        polled[0].failure.as_ref().map(|f| f.kind),
        Some(FailureKind::CookieWall)
    );
    assert_eq!(wall.log().len(), 1);
}

#[tokio::test]
async fn a_source_may_have_a_way_out_of_its_own() {
    let (proxy, origin) = (Origin::start(), Origin::start());
    let url = origin.url("/tin.rss");
    proxy.on(url.as_str(), good());
    origin.on("/tin.rss", good());
    let through = format!("proxy = \"{}\"\n", proxy.url("/"));
    one(&origin, "", &through).await.poll_due().await;
    assert_eq!((proxy.log().len(), origin.log().len()), (1, 0));
    // And past the office's proxy.
    let office = format!("proxy = \"{}\"\n", proxy.url("/"));
    one(&origin, &office, "proxy = \"off\"\n")
        .await
        .poll_due()
        .await;
    assert_eq!((proxy.log().len(), origin.log().len()), (1, 1));
}

#[tokio::test]
async fn feeds_that_stop_working_are_asked_ever_more_rarely_and_never_given_up() {
    let origin = Origin::start();
    origin.on("/tin.rss", Answer::status(404));
    let mut poller = one(&origin, "", "").await;
    let end = poller.now + DAY * 90;
    while poller.now < end {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let asked = origin.log().len();
    assert!((80..=100).contains(&asked), "{asked} times in three months");
    origin.on("/tin.rss", good());
    poller.poll_due().await;
    let state = poller.state("bao/tin").await;
    assert_eq!(
        (state.failures, state.failing_since),
        (0, None),
        "it came back"
    );
}

#[tokio::test]
async fn a_forbidding_server_that_let_us_in_before_is_given_time() {
    let origin = Origin::start();
    origin.script("/tin.rss", [good(), Answer::status(403)]);
    let mut poller = one(&origin, "", "").await;
    for _ in 0..2 {
        poller.poll_due().await;
        poller.now = poller.next_due().await.unwrap();
    }
    let log = origin.log();
    assert_eq!(log.len(), 2);
    let state = poller.state("bao/tin").await;
    let wait = state
        .next_poll_at
        .unwrap()
        .duration_since(state.last_poll_at.unwrap());
    assert!(wait >= HOUR, "{wait:#}");
}
