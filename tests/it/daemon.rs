//! The daemon as the service manager sees it: a process with a notify socket, a watchdog and signals.

use crate::support::office::{Office, feed, until};
use crate::support::origin::{Answer, Origin, gzip};
use std::time::{Duration, Instant};

const RELAXED: Duration = Duration::from_secs(60);

#[test]
fn the_service_manager_hears_of_the_start_the_work_and_the_end() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    origin.on("/treo.rss", Answer::silent());
    let office = Office::new(&[origin.url("/tin.rss"), origin.url("/treo.rss")], "");
    let mut daemon = office.daemon(Duration::from_millis(900));
    daemon.hears("READY=1");
    daemon.hears("STATUS=2 feeds");
    daemon.hears("WATCHDOG=1");
    daemon.hears("WATCHDOG=1");
    until("the slow feed is being asked", || {
        origin.paths().contains(&"/treo.rss".to_owned())
    });
    let asked = Instant::now();
    daemon.signal("TERM");
    daemon.hears("STOPPING=1");
    let status = daemon.ends();
    assert!(status.success(), "{status}: {}", office.log());
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );
    let feeds = office.json(&["--json", "feeds", "list"]);
    assert_eq!(feeds[0]["failures"], 0, "{feeds:?}");
    assert_eq!(office.json(&["--json", "status"])[0]["entries"], 3);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn a_reload_takes_a_good_config_and_refuses_a_broken_one() {
    let origin = Origin::start();
    let paths = ["/mot.rss", "/hai.rss", "/ba.rss"];
    for path in paths {
        origin.on(path, feed(&origin, path, 0..2, true));
    }
    let urls = paths.map(|path| origin.url(path));
    let office = Office::new(&urls[..1], "");
    let entries = || office.json(&["--json", "status"])[0]["entries"].clone();
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    until("the first feed is read", || entries() == 2);

    office.set_feeds(&urls[..2]);
    daemon.signal("HUP");
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    until("the new feed is read", || entries() == 4);

    office.set_feeds(&urls);
    office.set_config("recipients = [\"khong-phai-dia-chi\"]");
    daemon.signal("HUP");
    daemon.hears("READY=1");
    let log = office.log();
    let refusal = log
        .lines()
        .find(|line| line.contains("the old config stays in force"));
    assert!(
        refusal.is_some_and(|line| line.contains("diembao.toml:")),
        "{log}"
    );
    assert!(
        !origin.paths().contains(&"/ba.rss".to_owned()),
        "a refused config is in force"
    );

    office.set_config("");
    daemon.signal("HUP");
    until("the third feed is read", || entries() == 6);
    daemon.signal("TERM");
    assert!(daemon.ends().success());
}

#[test]
fn bad_input_is_its_own_feeds_trouble_and_the_rest_is_on_time() {
    let origin = Origin::start();
    let mut spoilt = b"<rss version=\"2.0\"><channel><title>B\xe1o</title><item><title>Chi b\xff\xfe\x80</title>".to_vec();
    spoilt.extend(b"<link>http://127.0.0.1/bai/x1.html</link></item></channel></rss>");
    let bomb = gzip(&vec![b' '; 8 << 20]);
    let bad = [
        (
            "/html.rss",
            Answer::ok("<!doctype html><html><body>Trang đang bảo trì</body></html>"),
            "html",
        ),
        ("/rong.rss", Answer::ok(""), "empty"),
        (
            "/vo-tan.rss",
            Answer::ok("<rss><channel><item>").endless(),
            "too-large",
        ),
        (
            "/bom.rss",
            Answer::ok(bomb).header("Content-Encoding", "gzip"),
            "too-large",
        ),
        ("/treo.rss", Answer::silent(), "timeout"),
        (
            "/nhi-phan.rss",
            Answer::ok([0x00, 0xff, 0x13, 0x37].repeat(200)),
            "",
        ),
    ];
    let mut urls = Vec::new();
    for (path, answer, _) in &bad {
        origin.on(path, answer.clone());
        urls.push(origin.url(path));
    }
    let good = ["/tin.rss", "/xdd.rss", "/thoi-su.rss"];
    for path in good {
        origin.on(path, feed(&origin, path, 0..10, true));
        urls.push(origin.url(path));
    }
    origin.on("/sai-byte.rss", Answer::ok(spoilt));
    urls.push(origin.url("/sai-byte.rss"));
    let office = Office::new(&urls, "");
    let began = Instant::now();
    let polled = office.json(&["--json", "fetch"]);
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    let feeds = office.json(&["--json", "feeds", "list"]);
    for (number, (path, _, kind)) in bad.iter().enumerate() {
        let row = feeds
            .iter()
            .find(|row| row["feed"] == format!("bao-{number}/tin"))
            .unwrap();
        assert_eq!(row["failures"], 1, "{path}: {row}");
        assert!(kind.is_empty() || row["failure"] == *kind, "{path}: {row}");
        assert!(
            row["detail"].as_str().is_some_and(|why| !why.is_empty()),
            "{path}: {row}"
        );
        assert!(
            row["failing_since"].is_string() && row["next_poll"].is_string(),
            "{path}: {row}"
        );
    }
    for number in bad.len()..urls.len() {
        let key = format!("bao-{number}/tin");
        let one = polled.iter().find(|one| one["feed"] == *key).unwrap();
        assert!(one["kind"].is_null(), "{one}");
        assert!(
            one["took_ms"].as_u64().unwrap() < 1500,
            "held up by another: {one}"
        );
    }
    assert_eq!(office.json(&["--json", "status"])[0]["entries"], 31);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn a_missed_edition_waits_for_the_nights_news_and_comes_once() {
    let origin = Origin::start();
    let slow = feed(&origin, "/cham.rss", 0..3, true).delay(Duration::from_millis(700));
    origin.on("/cham.rss", slow);
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 5..6, true));
    origin.on("/hong.rss", Answer::status(500));
    let office = Office::new(
        &["/tin.rss", "/cham.rss", "/hong.rss"].map(|path| origin.url(path)),
        "",
    );
    // Known since the day before yesterday, down since then: the last morning's edition is missed.
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(47);
    office.says(&[
        "--now",
        &then.to_string(),
        "digest",
        "hang-ngay",
        "--dry-run",
    ]);
    for _ in 0..2 {
        let mut daemon = office.daemon(RELAXED);
        daemon.hears("READY=1");
        until("the edition is written", || office.letters().len() == 1);
        daemon.signal("TERM");
        assert!(daemon.ends().success());
    }
    let letters = office.letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("Message-ID: <"));
    let edition = &office.json(&["--json", "status"])[0]["last_edition"];
    assert_eq!(edition["articles"], 4, "it did not wait: {edition}");
    assert_eq!(office.troubles(), Vec::<String>::new());
}
