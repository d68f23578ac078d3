//! Leaving a digest by one click, from the delivered mail to the next edition: a real daemon with its pages, mails over real
//! SMTP, the address taken from the delivered bytes.

use crate::support::office::{Daemon, Office, feed};
use crate::support::origin::Origin;
use crate::support::smtpd::{Script, Smtpd};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use reqwest::StatusCode;
use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

const PUBLIC: &str = "https://diembao.tinh.example";
/// Made for this test with `openssl genpkey -algorithm ed25519`.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFGDyq3u4KAqVs69yndJn0a8jhKUazqY686xkSlvO6DR\n-----END PRIVATE KEY-----\n";

/// An office with two recipients, a mail server and a reading room.
struct World {
    office: Office,
    smtpd: Smtpd,
    _origin: Origin,
    port: u16,
    client: reqwest::Client,
}

impl World {
    async fn new() -> Self {
        let origin = Origin::start();
        origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..5, true));
        let smtpd = Script::new(&["8BITMIME"]).start().await;
        let office = Office::new(&[origin.url("/tin.rss")], "");
        fs::write(office.path("dkim.pem"), KEY).unwrap();
        fs::set_permissions(office.path("dkim.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        // Free a moment ago; the daemon takes it next.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let world = Self {
            office,
            smtpd,
            _origin: origin,
            port,
            client,
        };
        world.configure("\"an@tinh.example\", \"binh@tinh.example\"");
        world
    }

    fn configure(&self, recipients: &str) {
        self.office.set_config(&format!(
            "recipients = [{recipients}]\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"diem-bao@tinh.example\"\ndkim = {{ domain = \"tinh.example\", selector = \"s\", key_file = \"dkim.pem\" }}\n\
             [web]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{PUBLIC}\"",
            self.smtpd.port, self.port
        ));
    }

    /// The daemon with its pages open.
    async fn daemon(&self) -> Daemon {
        let mut daemon = self.office.daemon(Duration::from_secs(60));
        daemon.hears("READY=1");
        for _ in 0..500 {
            if self.client.get(self.url("/healthz")).send().await.is_ok() {
                return daemon;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no page: {}", self.office.log());
    }

    /// A public address at this machine.
    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let asked = self
            .client
            .get(self.url(path))
            .header("host", "diembao.tinh.example");
        let answer = asked.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn one_click(&self, path: &str) -> StatusCode {
        let asked = self
            .client
            .post(self.url(path))
            .header("host", "diembao.tinh.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click");
        asked.send().await.unwrap().status()
    }

    /// Who got which edition in order, and the mails themselves.
    fn delivered(&self) -> Vec<(String, Vec<u8>)> {
        self.smtpd.saw(|seen| {
            let taken = seen.taken.iter();
            taken
                .map(|mail| {
                    (
                        mail.recipient.trim_matches(['<', '>']).to_owned(),
                        mail.wire.clone(),
                    )
                })
                .collect()
        })
    }

    /// Composes and sends the edition of a day from now; who got it.
    fn edition(&self, days: i64) -> Vec<String> {
        let before = self.delivered().len();
        self.office
            .says(&["--now", &later(days), "digest", "hang-ngay", "--send"]);
        let mut who: Vec<_> = self
            .delivered()
            .split_off(before)
            .into_iter()
            .map(|(who, _)| who)
            .collect();
        who.sort();
        who
    }

    fn left(&self) -> Vec<serde_json::Value> {
        self.office.json(&["--json", "outbox", "left"])
    }
}

/// Eight in the morning of a day from today on.
fn later(days: i64) -> String {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let day = Timestamp::now().to_zoned(zone.clone()).date() + days.days();
    day.at(8, 0, 0, 0)
        .to_zoned(zone)
        .unwrap()
        .timestamp()
        .to_string()
}

/// What a recipient's mail program finds in a mail.
struct Letter {
    /// The path of the page that takes effect.
    path: String,
    headers: String,
    html: String,
    text: String,
}

/// The letter out of the bytes of the wire.
fn letter(wire: &[u8]) -> Letter {
    let [text, html] = bodies(wire);
    let headers = String::from_utf8_lossy(wire)
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .replace("\r\n ", " ");
    let header = |name: &str| {
        let start = format!("{name}: ");
        let line = headers.lines().find(|line| line.starts_with(&start));
        line.unwrap_or_else(|| panic!("no {name}: {headers}"))
            .trim_start_matches(&start)
            .to_owned()
    };
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    let ways = header("List-Unsubscribe");
    let (mailto, https) = ways.split_once(',').unwrap();
    assert!(
        mailto.trim().starts_with("<mailto:diem-bao@tinh.example?"),
        "{ways}"
    );
    let address = https.trim().trim_matches(['<', '>']);
    let signed = header("DKIM-Signature").to_ascii_lowercase();
    assert!(
        signed.contains("list-unsubscribe:") && signed.contains("list-unsubscribe-post"),
        "{signed}"
    );
    let letter = Letter {
        path: address
            .strip_prefix(PUBLIC)
            .unwrap_or_else(|| panic!("{address}"))
            .to_owned(),
        html,
        text,
        headers: headers.clone(),
    };
    assert!(letter.html.contains(&format!("href=\"{address}\"")) && letter.text.contains(address));
    letter
}

/// The text and the HTML part of a letter of ours, of quoted-printable (RFC 2045) as much decoded as addresses need.
fn bodies(wire: &[u8]) -> [String; 2] {
    let wire = String::from_utf8_lossy(wire);
    ["text/plain", "text/html"].map(|kind| {
        let part = wire.split(&format!("Content-Type: {kind}")).nth(1).unwrap();
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("quoted-printable"), "{head}");
        let body = body.split("\r\nContent-Type: ").next().unwrap();
        body.replace("=\r\n", "").replace("=3D", "=")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_in_a_delivered_mail_ends_the_next_editions_and_nothing_else_does() {
    let world = World::new().await;
    world.office.says(&["fetch"]);
    assert_eq!(world.edition(0), ["an@tinh.example", "binh@tinh.example"]);
    let mails = world.delivered();
    let (an, binh) = (letter(&mails[0].1), letter(&mails[1].1));
    assert_ne!(an.path, binh.path, "each has its own");
    assert!(!an.headers.contains("binh@") && !an.path.contains("an@"));
    for link in [&an, &binh] {
        let page = format!("{PUBLIC}/ban-tin/hang-ngay/1");
        assert!(
            link.html.contains(&page) && link.text.contains(&page),
            "the edition's page"
        );
    }
    // The next edition waits already; its time has not come.
    world
        .office
        .says(&["--now", &later(1), "digest", "hang-ngay"]);

    let mut daemon = world.daemon().await;
    let (status, page) = world.get(&an.path).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("an@tinh.example") && page.contains("method=\"post\""),
        "{page}"
    );
    let (status, edition) = world.get("/ban-tin/hang-ngay/1").await;
    assert!(
        status.is_success() && edition.contains("Số 1"),
        "the mail's own link"
    );
    assert!(
        !edition.contains("/ngung-nhan/"),
        "no word on a page that all may see"
    );
    assert!(world.left().is_empty(), "looking changes nothing");
    let nobodys = "/ngung-nhan/thu-nay";
    let mut forged = an.path.clone();
    forged.replace_range(forged.len() - 9..forged.len() - 3, "AAAAAA");
    for wrong in [nobodys, &forged, "/ngung-nhan/x"] {
        assert_eq!(
            world.one_click(wrong).await,
            StatusCode::FORBIDDEN,
            "{wrong}"
        );
        assert_eq!(world.get(wrong).await.0, StatusCode::FORBIDDEN, "{wrong}");
    }
    assert!(world.left().is_empty());

    assert_eq!(world.one_click(&an.path).await, StatusCode::OK);
    let left = world.left();
    assert_eq!(
        (left.len(), left[0]["recipient"].as_str()),
        (1, Some("an@tinh.example"))
    );
    assert_eq!(
        world.one_click(&an.path).await,
        StatusCode::CONFLICT,
        "once is enough"
    );
    let status = world.office.json(&["--json", "status"]);
    assert_eq!(status[0]["left"], 1, "the admin sees it");
    daemon.kill();

    let failed = ["--json", "outbox", "list", "--state", "failed"];
    let given_up = world.office.json(&failed);
    assert_eq!(
        given_up.len(),
        1,
        "what waited is given up at once: {given_up:?}"
    );
    assert_eq!(given_up[0]["recipient"], "an@tinh.example");
    world.office.says(&["outbox", "retry", "--all"]);
    assert_eq!(
        world.office.json(&failed),
        given_up,
        "a retry is not for them"
    );
    assert_eq!(world.edition(1), ["binh@tinh.example"]);
    assert_eq!(world.edition(2), ["binh@tinh.example"]);
    let resent = world
        .office
        .run(&["digest", "hang-ngay", "--resend", "an@tinh.example"]);
    assert!(String::from_utf8_lossy(&resent.stderr).contains("đã tự ngừng nhận"));

    world
        .office
        .says(&["--now", &later(2), "outbox", "rejoin", "An@tinh.example"]);
    assert_eq!(world.edition(3), ["an@tinh.example", "binh@tinh.example"]);
    assert_eq!(world.office.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_the_past_are_refused() {
    let world = World::new().await;
    world.office.says(&["fetch"]);
    world.edition(0);
    let mails = world.delivered();
    let (an, binh) = (letter(&mails[0].1), letter(&mails[1].1));
    // Who is not on the list any more has nothing to leave; others have.
    world.configure("\"binh@tinh.example\", \"chi@tinh.example\"");
    let mut daemon = world.daemon().await;
    assert_eq!(world.one_click(&an.path).await, StatusCode::FORBIDDEN);
    daemon.kill();
    // An admin let them in again after that mail.
    world.configure("\"an@tinh.example\", \"binh@tinh.example\"");
    let mut daemon = world.daemon().await;
    assert_eq!(world.one_click(&an.path).await, StatusCode::OK);
    world.office.says(&[
        "--now",
        &later(1),
        "outbox",
        "rejoin",
        "an@tinh.example",
        "--digest",
        "hang-ngay",
    ]);
    assert_eq!(world.one_click(&an.path).await, StatusCode::FORBIDDEN);
    assert!(world.left().is_empty());
    daemon.kill();
    // Another key: every word of before is nobody's.
    let db = rusqlite::Connection::open(world.office.path("data/diembao.db")).unwrap();
    assert_eq!(
        db.execute("DELETE FROM meta WHERE key = 'leave_key'", [])
            .unwrap(),
        1
    );
    drop(db);
    world.edition(1);
    let mut daemon = world.daemon().await;
    assert_eq!(world.one_click(&binh.path).await, StatusCode::FORBIDDEN);
    let (_, new) = world.delivered().pop().unwrap();
    assert_eq!(world.one_click(&letter(&new).path).await, StatusCode::OK);
    daemon.kill();
}
