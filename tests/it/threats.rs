//! Threats against the whole program that no module's own tests hold. Each test is named after its line in the list
//! `tests/threats.txt`, which `.ci/threats` holds against all tests.

use crate::support::office::{Office, feed, until};
use crate::support::origin::{Answer, Origin};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const RELAXED: Duration = Duration::from_secs(60);

/// A feed document of these items.
fn rss(head: &str, items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
         <title>Báo Ví Dụ</title>{head}{items}</channel></rss>"
    )
}

fn item(link: &str, title: &str, more: &str) -> String {
    format!("<item><title>{title}</title><link>{link}</link><guid>{link}</guid>{more}</item>")
}

const PARTY: &str =
    "Đảng bộ tỉnh kết nạp đảng viên mới, kiểm tra tổ chức đảng và thi hành kỷ luật đảng viên";

/// An office whose only feed is this document, read once.
fn read_once(origin: &Origin, document: String) -> Office {
    origin.on("/tin.rss", Answer::ok(document));
    let office = Office::new(
        &[origin.url("/tin.rss")],
        "recipients = [\"an@tinh.example\"]",
    );
    office.says(&["fetch"]);
    office
}

#[test]
fn a8_addresses_inside_a_feed_are_not_fetched() {
    let origin = Origin::start();
    let at = |path: &str| origin.url(path).to_string();
    let head = format!(
        "<?xml-stylesheet href=\"{0}\"?><atom:link rel=\"hub\" href=\"{0}\"/><atom:link rel=\"next\" href=\"{0}\"/>\
         <cloud domain=\"127.0.0.1\" port=\"{1}\" path=\"/moi\"/><image><url>{0}</url></image><docs>{0}</docs>",
        at("/moi"),
        origin.port()
    );
    let inside = format!(
        "<enclosure url=\"{0}\" type=\"image/jpeg\" length=\"1\"/><description>&lt;img src=\"{0}\"&gt; {PARTY}</description>",
        at("/moi")
    );
    let office = read_once(
        &origin,
        rss(&head, &item(&at("/bai/1.html"), PARTY, &inside)),
    );
    office.says(&["digest", "hang-ngay", "--send"]);
    let asked: Vec<String> = origin.paths();
    assert_eq!(
        asked,
        ["/tin.rss"],
        "only what the config names is asked for"
    );
}

#[test]
fn b2_headers_without_end_are_cut_off() {
    let origin = Origin::start();
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for nth in 0..60_000 {
        head.extend(format!("X-{nth}: {}\r\n", "a".repeat(60)).bytes());
    }
    origin.on("/dau.rss", Answer::raw(head));
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n".repeat(20_000);
    origin.on("/goi-y.rss", Answer::raw(hints));
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..2, true));
    let urls = ["/dau.rss", "/goi-y.rss", "/tin.rss"].map(|path| origin.url(path));
    let office = Office::new(&urls, "");
    office.says(&["fetch"]);
    let feeds = office.json(&["--json", "feeds", "list"]);
    let failures: Vec<bool> = feeds
        .iter()
        .map(|feed| !feed["failure"].is_null())
        .collect();
    assert_eq!(failures, [true, true, false], "{feeds:?}");
}

#[test]
fn b8_cookies_are_never_sent_back() {
    let origin = Origin::start();
    let answer = Answer::ok(rss("", &item("http://127.0.0.1/bai/1.html", PARTY, "")));
    origin.on(
        "/tin.rss",
        answer.header("Set-Cookie", "phien=abc123; Path=/"),
    );
    let office = Office::new(&[origin.url("/tin.rss")], "");
    office.says(&["fetch"]);
    office.says(&["fetch"]);
    let asked = origin.log();
    assert_eq!(asked.len(), 2);
    assert!(
        asked
            .iter()
            .all(|request| request.header("cookie").is_none())
    );
}

#[test]
fn c7_another_paper_rewrites_nothing() {
    let origin = Origin::start();
    let link = origin.url("/bai/that.html").to_string();
    origin.on(
        "/that.rss",
        Answer::ok(rss(
            "",
            &item(&link, "Tỉnh ủy công bố quyết định về công tác cán bộ", ""),
        )),
    );
    origin.on(
        "/gia.rss",
        Answer::ok(rss("", &item(&link, "Tin bịa thay cho tin thật", ""))),
    );
    let office = Office::new(&["/that.rss", "/gia.rss"].map(|path| origin.url(path)), "");
    office.says(&["fetch", "bao-0"]);
    office.says(&["fetch", "bao-1"]);
    let found = office.json(&["--json", "search", "tỉnh ủy công bố quyết định"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["source"], "bao-0");
}

#[test]
fn d4_no_picture_of_anybody_is_loaded_by_a_mail() {
    let origin = Origin::start();
    let inside = format!(
        "<description>&lt;img src=\"http://127.0.0.1/theo-doi.gif\"&gt;{PARTY}&lt;iframe srcdoc=\"x\"&gt;</description>"
    );
    let office = read_once(
        &origin,
        rss("", &item("http://127.0.0.1/bai/1.html", PARTY, &inside)),
    );
    let out = office.path("ra");
    office.says(&[
        "digest",
        "hang-ngay",
        "--dry-run",
        "--out",
        out.to_str().unwrap(),
    ]);
    let html = the_file(&out, ".html");
    assert!(html.contains("kết nạp đảng viên"), "the article is in it");
    let lower = html.to_lowercase();
    for tag in ["<img", "<iframe", "<script", "url(", "background=", "<link"] {
        assert!(!lower.contains(tag), "{tag} stands in the mail");
    }
    assert!(!lower.contains("theo-doi"));
}

#[test]
fn d11_template_syntax_in_a_headline_is_only_text() {
    let origin = Origin::start();
    let title = format!("{{{{ 7 * 191 }}}} {{% raw %}} ${{env}} {PARTY}");
    let office = read_once(
        &origin,
        rss("", &item("http://127.0.0.1/bai/1.html", &title, "")),
    );
    let out = office.path("ra");
    office.says(&[
        "digest",
        "hang-ngay",
        "--dry-run",
        "--out",
        out.to_str().unwrap(),
    ]);
    let text = the_file(&out, ".txt");
    // Wherever the text part breaks its lines.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("7 * 191") && !text.contains("1337"), "{text}");
}

#[test]
fn d12_recipients_come_from_the_config_alone() {
    let origin = Origin::start();
    let title =
        format!("{PARTY}&#13;&#10;Bcc: ke-xau@x.example&#13;&#10;Reply-To: ke-xau@x.example");
    let head =
        "<managingEditor>ke-xau@x.example</managingEditor><webMaster>ke-xau@x.example</webMaster>";
    let office = read_once(
        &origin,
        rss(
            head,
            &item(
                "http://127.0.0.1/bai/1.html",
                &title,
                "<author>ke-xau@x.example</author>",
            ),
        ),
    );
    office.says(&["digest", "hang-ngay", "--send"]);
    let letters = office.letters();
    assert_eq!(letters.len(), 1);
    let head = letters[0].split("\r\n\r\n").next().unwrap_or_default();
    assert!(
        head.contains("an@tinh.example") && !head.contains("ke-xau"),
        "{head}"
    );
}

#[test]
fn e2_an_event_is_one_line_whatever_a_server_says() {
    let origin = Origin::start();
    origin.on(
        "/a.rss",
        Answer::ok("<html>\u{85}\u{2028}gia\u{1b}[31m ERROR mao danh</html>"),
    );
    let moved = Answer::status(302).header("Location", "http://127.0.0.1:1/\u{1b}[2Jx");
    origin.on("/b.rss", moved);
    let office = Office::new(&[origin.url("/a.rss"), origin.url("/b.rss")], "");
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    until("both have failed", || {
        office
            .json(&["--json", "feeds", "list"])
            .iter()
            .all(|feed| !feed["failure"].is_null())
    });
    daemon.signal("TERM");
    assert!(daemon.ends().success());
    let log = office.log();
    let shown = String::from_utf8(office.run(&["feeds", "list"]).stdout).unwrap();
    for text in [&log, &shown] {
        let odd = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{2028}' | '\u{2029}'));
        assert_eq!(odd, None, "{text}");
    }
    assert!(
        !log.lines()
            .any(|line| line.trim_start().starts_with("ERROR mao danh")),
        "{log}"
    );
}

#[test]
fn e3_secrets_stand_in_no_log_no_output_and_no_data() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..1, true));
    let smtp = "[smtp]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"a@tinh.example\"\nuser = \"a\"\n\
                password_file = \"mat-khau\"\ntimeout = \"1s\"\n";
    let office = Office::new(
        &[origin.url("/tin.rss")],
        &format!("recipients = [\"an@tinh.example\"]\n{smtp}"),
    );
    let secret = "bi-mat-7f3a9c";
    fs::write(office.path("mat-khau"), secret).unwrap();
    fs::set_permissions(
        office.path("mat-khau"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let mut said = String::new();
    for args in [
        &["-vv", "fetch"][..],
        &["-vv", "digest", "hang-ngay", "--send"],
        &["-vv", "check", "--online"],
        &["outbox", "list"],
        &["status"],
        &["check", "--json"],
    ] {
        let out = office.run(args);
        said.push_str(&String::from_utf8_lossy(&out.stdout));
        said.push_str(&String::from_utf8_lossy(&out.stderr));
    }
    assert!(said.contains("127.0.0.1:1"), "the server was tried: {said}");
    assert!(!said.contains(secret));
    for file in fs::read_dir(office.path("data")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        );
    }
}

#[test]
fn f3_the_unit_confines_what_runs_in_it() {
    let unit =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/diembao.service"))
            .unwrap();
    for line in [
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateDevices=yes",
        "RestrictNamespaces=yes",
        "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "StateDirectoryMode=0700",
        "RestartPreventExitStatus=78",
        "UMask=0077",
    ] {
        assert!(
            unit.lines().any(|written| written == line),
            "the unit lacks {line}"
        );
    }
}

#[test]
fn f4_metrics_are_for_this_machine_and_show_no_feeds_words() {
    let office = Office::new(&[], "[metrics]\nlisten = \"0.0.0.0:9786\"\n");
    let refused = office.run(&["check"]);
    assert!(String::from_utf8_lossy(&refused.stdout).contains("other machines"));

    let origin = Origin::start();
    let words = "Nhan_xau\"} 1";
    origin.on(
        "/tin.rss",
        Answer::ok(rss(
            &format!("<generator>{words}</generator>"),
            &item("http://127.0.0.1/bai/1.html", words, ""),
        )),
    );
    let port = free_port();
    let more = format!("[metrics]\nfile = \"so-lieu.prom\"\nlisten = \"127.0.0.1:{port}\"\n");
    let office = Office::new(&[origin.url("/tin.rss")], &more);
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    until("the item is kept and counted", || {
        get(port, "/metrics").is_some_and(|page| page.contains("diembao_entries 1"))
    });
    let page = get(port, "/metrics").unwrap();
    assert!(
        page.starts_with("HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4"),
        "{page}"
    );
    assert!(!page.contains("Nhan_xau"));
    let body = page.split("\r\n\r\n").nth(1).unwrap();
    for line in body.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let bare = name.split('{').next().unwrap();
        assert!(
            body.contains(&format!("# TYPE {bare} ")),
            "{line} has no type"
        );
    }
    assert!(
        get(port, "/etc/passwd")
            .unwrap()
            .starts_with("HTTP/1.0 404")
    );
    until("the file is written", || {
        office.path("so-lieu.prom").exists()
    });
    daemon.signal("TERM");
    assert!(daemon.ends().success());
}

#[test]
fn f5_crates_with_known_holes_are_not_in_the_tree() {
    let lock =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    // What was published after the offline copy of the advisories.
    for (name, least) in [
        ("feed-rs", (3, 0)),
        ("quick-xml", (0, 41)),
        ("tracing-subscriber", (0, 3)),
    ] {
        let mut packages = lock
            .split("[[package]]")
            .filter(|package| package.contains(&format!("name = \"{name}\"\n")));
        let versions: Vec<(u32, u32)> = packages.by_ref().map(version).collect();
        assert!(!versions.is_empty(), "{name}");
        assert!(
            versions.iter().all(|version| *version >= least),
            "{name}: {versions:?}"
        );
    }
    let subscriber = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"tracing-subscriber\"\n"))
        .unwrap();
    let patch = subscriber
        .split("version = \"0.3.")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(patch.parse::<u32>().unwrap() >= 20, "RUSTSEC-2025-0055");
}

fn version(package: &str) -> (u32, u32) {
    let text = package
        .split("version = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap(), parts.next().unwrap())
}

/// The one file in a folder whose name ends so.
fn the_file(folder: &Path, end: &str) -> String {
    let path = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(end));
    fs::read_to_string(path.unwrap()).unwrap()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .write_all(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").as_bytes())
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
