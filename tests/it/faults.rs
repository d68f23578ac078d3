//! Faults of the machine and its surroundings that no module's own tests hold; named after their line in
//! `tests/threats.txt`.

use crate::support::office::{Office, feed, until};
use crate::support::origin::Origin;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::time::Duration;

const RELAXED: Duration = Duration::from_secs(60);

#[test]
fn fault_10_a_clock_that_jumps_makes_no_edition_twice() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let office = Office::new(
        &[origin.url("/tin.rss")],
        "recipients = [\"an@tinh.example\"]",
    );
    let now = |at: &str, args: &[&str]| office.says(&[&["--now", at], args].concat());
    now("2026-11-20T01:00:00Z", &["fetch"]);
    now("2026-11-20T01:00:00Z", &["digest", "hang-ngay", "--send"]);
    let mailed = office.letters().len();
    assert_eq!(mailed, 1);
    // Back by three days, ahead by two, and home again.
    for at in ["2026-11-20T00:10:00Z", "2026-11-20T09:00:00Z"] {
        now(at, &["digest", "hang-ngay", "--send"]);
        assert_eq!(office.letters().len(), mailed, "at {at}");
    }
    now("2026-11-22T01:00:00Z", &["digest", "hang-ngay", "--send"]);
    let after = office.letters().len();
    now("2026-11-20T01:00:00Z", &["digest", "hang-ngay", "--send"]);
    assert_eq!(office.letters().len(), after);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn fault_12_a_day_of_25_hours_has_one_edition() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let office = Office::new(
        &[origin.url("/tin.rss")],
        "recipients = [\"an@tinh.example\"]",
    );
    let config = fs::read_to_string(office.path("diembao.toml")).unwrap();
    let config = config
        .replace("[daemon]\n", "[daemon]\ntime_zone = \"Europe/Berlin\"\n")
        .replace("06:30", "02:30");
    fs::write(office.path("diembao.toml"), config).unwrap();
    // On 25 October 2026 half past two comes twice: at 00:30 and at 01:30 UTC.
    for at in [
        "2026-10-25T00:31:00Z",
        "2026-10-25T01:31:00Z",
        "2026-10-25T02:31:00Z",
    ] {
        office.says(&["--now", at, "digest", "hang-ngay", "--send"]);
        assert_eq!(office.letters().len(), 1, "at {at}");
    }
}

#[test]
fn fault_13_the_service_is_ready_without_any_network() {
    // Nothing listens there: the port was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nowhere = format!("http://127.0.0.1:{port}/tin.rss").parse().unwrap();
    let office = Office::new(&[nowhere], "");
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    until("the feed is found unreachable", || {
        !office.json(&["--json", "feeds", "list"])[0]["failure"].is_null()
    });
    daemon.signal("TERM");
    assert!(daemon.ends().success());
}

#[test]
fn fault_18_a_mail_server_that_comes_late_gets_the_edition_once() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut more = String::from("recipients = [\"an@tinh.example\"]\n");
    write!(more, "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"a@tinh.example\"\ntimeout = \"2s\"\n").unwrap();
    let office = Office::new(&[origin.url("/tin.rss")], &more);
    office.says(&["fetch"]);
    // Nobody is there: the edition waits, and is not lost.
    office.run(&["digest", "hang-ngay", "--send"]);
    let row = &office.json(&["--json", "outbox", "list"])[0];
    assert_eq!(row["state"], "deferred", "{row}");
    assert_eq!(office.letters().len(), 0);
    // Now as files: the way is open again.
    office.set_config("recipients = [\"an@tinh.example\"]");
    for _ in 0..2 {
        office.run(&["outbox", "retry", "--all"]);
        office.run(&["digest", "hang-ngay", "--send"]);
    }
    assert_eq!(office.letters().len(), 1);
    assert_eq!(
        office.json(&["--json", "outbox", "list"])[0]["state"],
        "sent"
    );
}

#[test]
fn fault_23_a_removed_feed_stops_at_once_and_comes_back_with_its_history() {
    let origin = Origin::start();
    for path in ["/mot.rss", "/hai.rss"] {
        origin.on(path, feed(&origin, path, 0..3, true));
    }
    let urls = ["/mot.rss", "/hai.rss"].map(|path| origin.url(path));
    let office = Office::new(&urls, "");
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    let entries = || office.json(&["--json", "status"])[0]["entries"].clone();
    until("both are read", || entries() == 6);
    office.set_feeds(&urls[..1]);
    daemon.signal("HUP");
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    let asked = |path: &str| origin.paths().iter().filter(|asked| *asked == path).count();
    let before = (asked("/mot.rss"), asked("/hai.rss"));
    until("the other one is asked again", || {
        office.run(&["fetch"]);
        asked("/mot.rss") > before.0
    });
    assert_eq!(
        asked("/hai.rss"),
        before.1,
        "a removed feed is asked no more"
    );
    assert_eq!(entries(), 6, "what was read of it stays");
    office.set_feeds(&urls);
    daemon.signal("HUP");
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    until("it is asked again", || {
        office.run(&["fetch"]);
        asked("/hai.rss") > before.1
    });
    assert_eq!(entries(), 6, "its old items are known");
    daemon.signal("TERM");
    assert!(daemon.ends().success());
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn a_refused_config_is_told_by_status_until_it_is_mended() {
    let office = Office::new(&[], "");
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    let needs = || office.json(&["--json", "status"])[0]["needs"].to_string();
    assert!(!needs().contains("\"config\""), "{}", needs());
    let sound = fs::read_to_string(office.path("diembao.toml")).unwrap();
    fs::write(office.path("diembao.toml"), sound.replace("06:30", "25h30")).unwrap();
    // `status` itself reads the config: it must be given the one in force.
    daemon.signal("HUP");
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    fs::write(office.path("diembao.toml"), &sound).unwrap();
    assert!(
        needs().contains("\"config\"") && needs().contains("diembao.toml:"),
        "{}",
        needs()
    );
    daemon.signal("HUP");
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    assert!(!needs().contains("\"config\""), "{}", needs());
    daemon.signal("TERM");
    assert!(daemon.ends().success());
}
