//! `kill -9` at moments that nobody chose, and a disk that is full: nothing is lost, nothing comes twice.

use crate::support::office::{Office, feed, until};
use crate::support::origin::Origin;
use crate::support::smtpd::{Script, Smtpd};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds that differ from run to run; a failing test prints them.
fn moment(below: u64) -> Duration {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    Duration::from_millis(u64::from(nanos / 1000) % below)
}

/// How often each link is kept.
fn kept(office: &Office) -> BTreeMap<String, usize> {
    let mut kept = BTreeMap::new();
    for entry in office.json(&["dump", "entries"]) {
        *kept
            .entry(entry["link"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    kept
}

#[test]
fn kills_while_polling_lose_nothing_and_double_nothing() {
    const FEEDS: u32 = 8;
    let origin = Origin::start();
    let path = |number: u32| format!("/bao-{number}.rss");
    let show = |items: std::ops::Range<u32>| {
        for number in 0..FEEDS {
            let answer = feed(&origin, &path(number), items.clone(), number % 2 == 0)
                .header("ETag", &format!("\"den-{}\"", items.end))
                .delay(Duration::from_millis(u64::from(number) * 15))
                .conditional();
            origin.on(&path(number), answer);
        }
    };
    show(0..20);
    let urls: Vec<_> = (0..FEEDS).map(|number| origin.url(&path(number))).collect();
    let office = Office::new(&urls, "");
    let mut moments = Vec::new();
    for round in 0..6 {
        show(round * 3..20 + round * 3);
        let mut daemon = office.daemon(Duration::from_secs(60));
        daemon.hears("READY=1");
        let when = moment(400);
        std::thread::sleep(when);
        daemon.kill();
        moments.push(when);
    }
    assert_eq!(
        office.troubles(),
        Vec::<String>::new(),
        "killed at {moments:?}"
    );
    office.says(&["fetch"]);
    let kept = kept(&office);
    assert!(
        kept.values().all(|times| *times == 1),
        "killed at {moments:?}"
    );
    // The last round's document is read whole, whatever died before.
    for number in 0..FEEDS {
        for item in 15..35 {
            let link = origin.url(&format!("/bai/bao-{number}-rss-so-{item}.html"));
            assert!(
                kept.contains_key(link.as_str()),
                "{link} is lost; killed at {moments:?}"
            );
        }
    }
}

const PEOPLE: usize = 12;

/// An office with news, people and a mail server.
async fn mailing_office() -> (Origin, Smtpd, Office) {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..5, true));
    let smtpd = Script::new(&["8BITMIME", "SMTPUTF8"]).start().await;
    let people: Vec<String> = (0..PEOPLE)
        .map(|n| format!("\"can-bo-{n}@tinh.example\""))
        .collect();
    let more = format!(
        "recipients = [{}]\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"diem-bao@tinh.example\"\npause = \"20ms\"",
        people.join(", "),
        smtpd.port
    );
    let office = Office::new(&[origin.url("/tin.rss")], &more);
    office.says(&["fetch"]);
    (origin, smtpd, office)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_on_one_file_double_nothing() {
    let (_origin, smtpd, office) = mailing_office().await;
    office.says(&["digest", "hang-ngay"]);
    let mut at_the_dot = BTreeSet::new();
    for round in 0..3 {
        let mut daemons: Vec<_> = (0..2)
            .map(|_| {
                let mut run = office.command(&["run"]);
                run.stdout(Stdio::null()).stderr(Stdio::null());
                run.spawn().unwrap()
            })
            .collect();
        // One of them gives up by itself; the other goes on sending.
        until("one daemon gives up", || {
            daemons
                .iter_mut()
                .any(|one| one.try_wait().unwrap().is_some())
        });
        let last = round == 2;
        until("some are sent", || {
            smtpd.got().len() >= if last { PEOPLE } else { 3 * (round + 1) }
        });
        if last {
            until("all are known to be sent", || {
                office.json(&["--json", "status"])[0]["outbox"]
                    == serde_json::json!({"sent": PEOPLE})
            });
        }
        let ended = daemons.iter_mut().map(|one| one.try_wait().unwrap());
        let ended: Vec<_> = ended.flatten().collect();
        assert_eq!(ended.len(), 1, "one daemon holds the file");
        assert!(!ended[0].success(), "the other says that it failed");
        for mut one in daemons {
            // The one that gave up is gone.
            let _ = one.kill();
            one.wait().unwrap();
        }
        at_the_dot.extend(between_dot_and_answer(&office));
    }
    judge_mails(&smtpd, PEOPLE, &at_the_dot, &[]);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_while_sending_double_no_mail_but_at_the_dot() {
    let (_origin, smtpd, office) = mailing_office().await;
    let mut at_the_dot = BTreeSet::new();
    let mut moments = Vec::new();
    for _ in 0..5 {
        let mut sending = office
            .command(&["digest", "hang-ngay", "--send"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let before = smtpd.got().len();
        let when = moment(150);
        // Not before it sends: what comes earlier is another test's.
        for _ in 0..500 {
            if smtpd.got().len() > before || sending.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(when);
        sending.kill().unwrap();
        sending.wait().unwrap();
        moments.push(when);
        at_the_dot.extend(between_dot_and_answer(&office));
    }
    office.says(&["digest", "hang-ngay", "--send"]);
    judge_mails(&smtpd, PEOPLE, &at_the_dot, &moments);
    assert_eq!(
        office.json(&["--json", "status"])[0]["outbox"],
        serde_json::json!({"sent": PEOPLE})
    );
    assert_eq!(
        office.troubles(),
        Vec::<String>::new(),
        "killed at {moments:?}"
    );
}

/// Recipients whose mail the server may have without our knowing: no client of SMTP can do better (RFC 1047).
fn between_dot_and_answer(office: &Office) -> Vec<String> {
    let db = rusqlite::Connection::open(office.path("data/diembao.db")).unwrap();
    let mut rows = db
        .prepare("SELECT recipient FROM deliveries WHERE state = 'dot'")
        .unwrap();
    let names = rows.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

fn judge_mails(smtpd: &Smtpd, people: usize, at_the_dot: &BTreeSet<String>, moments: &[Duration]) {
    let mut mails: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    smtpd.saw(|seen| {
        for taken in &seen.taken {
            mails
                .entry(taken.recipient.clone())
                .or_default()
                .push(taken.wire.clone());
        }
    });
    assert_eq!(mails.len(), people, "killed at {moments:?}");
    let mut ids = BTreeSet::new();
    for (recipient, mails) in &mails {
        let address = recipient.trim_matches(['<', '>']);
        let doubtful = at_the_dot.contains(address);
        assert!(
            mails.len() == 1 || doubtful,
            "{recipient} got {}; killed at {moments:?}",
            mails.len()
        );
        assert!(
            mails.iter().all(|mail| *mail == mails[0]),
            "{recipient} got two kinds of bytes"
        );
        let text = String::from_utf8_lossy(&mails[0]).into_owned();
        let id = text
            .lines()
            .find(|line| line.starts_with("Message-ID:"))
            .unwrap();
        assert!(ids.insert(id.to_owned()), "{id} twice");
    }
}

#[test]
fn a_full_disk_stops_the_writing_and_nothing_else() {
    let origin = Origin::start();
    let paths = ["/mot.rss", "/hai.rss", "/ba.rss"];
    for path in paths {
        let answer = feed(&origin, path, 0..200, true).header("ETag", "\"mot\"");
        origin.on(path, answer.conditional());
    }
    let office = Office::new(&paths.map(|path| origin.url(path)), "");
    office.says(&["digest", "hang-ngay", "--dry-run"]);
    // No file may grow beyond 320 KiB: writing fails as on a full disk (EFBIG instead of ENOSPC).
    let out = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 640; exec \"$0\" --config diembao.toml fetch",
        ])
        .arg(env!("CARGO_BIN_EXE_diembao"))
        .current_dir(office.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("storing what polls found"), "{said}");
    assert_eq!(office.troubles(), Vec::<String>::new());
    office.says(&["fetch"]);
    let kept = kept(&office);
    assert_eq!(kept.len(), 600);
    assert!(kept.values().all(|times| *times == 1));
    assert_eq!(office.troubles(), Vec::<String>::new());
}
