//! The outbox as an admin sees it, through the real commands: list, retry, cancel, send again; and the signature.

use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Made for this test with `openssl genpkey -algorithm ed25519`.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFGDyq3u4KAqVs69yndJn0a8jhKUazqY686xkSlvO6DR\n-----END PRIVATE KEY-----\n";
const SOURCE: &str = "[[source]]\nkey = \"a\"\nname = \"Báo A\"\ndomain = \"a.example\"\n[[source.feed]]\nkey = \"b\"\nurl = \"https://a.example/rss\"\n";

struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    /// An office whose settings end with `rest`.
    fn new(recipients: &str, rest: &str) -> Self {
        let office = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::write(office.path("feeds.toml"), SOURCE).unwrap();
        office.configure(recipients, rest);
        office
    }

    fn configure(&self, recipients: &str, rest: &str) {
        let text = format!(
            "[daemon]\ndata_dir = \"data\"\n[[digest]]\nname = \"hang-ngay\"\nrecipients = [{recipients}]\n{rest}"
        );
        fs::write(self.path("diembao.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command on Monday morning; its exit code and what it printed.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_diembao"))
            .arg("--config")
            .arg(self.path("diembao.toml"))
            .args(["--now", "2026-11-23T06:31:00+07:00", "--quiet"])
            .args(args)
            .output()
            .unwrap();
        let code = out.status.code().unwrap();
        (code, String::from_utf8(out.stdout).unwrap())
    }

    fn rows(&self) -> Vec<Value> {
        let (code, text) = self.run(&["--json", "outbox", "list"]);
        assert_eq!(code, 0);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn states(&self) -> Vec<String> {
        let rows = self.rows();
        let words = rows
            .iter()
            .map(|row| row["state"].as_str().unwrap().to_owned());
        words.collect()
    }

    fn letters(&self) -> Vec<PathBuf> {
        let folder = self.path("data").join("outbox");
        match fs::read_dir(folder) {
            Ok(files) => files.map(|file| file.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        }
    }
}

fn close_to_others(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_admin_sees_what_waits_cancels_it_and_has_it_tried_again() {
    let office = Office::new("\"an@x.example\", \"binh@x.example\"", "");
    assert_eq!(office.run(&["digest", "hang-ngay"]).0, 0);
    assert_eq!(office.states(), ["queued", "queued"]);
    let (_, table) = office.run(&["outbox", "list"]);
    assert!(
        table.contains("binh@x.example") && table.contains("chờ gửi"),
        "{table}"
    );
    let first = office.rows()[0]["id"].to_string();
    assert_eq!(office.run(&["outbox", "cancel", &first]).0, 0);
    assert_eq!(office.states(), ["failed", "queued"]);
    assert_eq!(office.run(&["digest", "hang-ngay", "--send"]).0, 0);
    assert_eq!(office.states(), ["failed", "sent"]);
    assert_eq!(office.run(&["outbox", "retry", "--all"]).0, 0);
    assert_eq!(office.states(), ["queued", "sent"], "what was sent is left");
    assert_eq!(office.run(&["outbox", "cancel", "--all"]).0, 0);
    assert_eq!(
        office.run(&["outbox", "cancel", "--all"]).0,
        1,
        "nothing waits"
    );
    assert_eq!(office.run(&["outbox", "retry"]).0, 2, "which?");
}

#[test]
fn an_edition_is_sent_again_to_one_recipient_and_to_one_who_came_later() {
    let office = Office::new("\"an@x.example\"", "");
    assert_eq!(office.run(&["digest", "hang-ngay", "--send"]).0, 0);
    let letter = office.letters().pop().unwrap();
    let bytes = fs::read(&letter).unwrap();
    fs::remove_file(&letter).unwrap();
    let resend = |to: &str| office.run(&["digest", "hang-ngay", "--resend", to]).0;
    assert_eq!(resend("an@x.example"), 0);
    assert_eq!(fs::read(&letter).unwrap(), bytes, "the same to the byte");
    assert_eq!(resend("binh@x.example"), 2, "not on the list");
    office.configure("\"an@x.example\", \"binh@x.example\"", "");
    assert_eq!(resend("binh@x.example"), 0);
    assert_eq!(
        (office.letters().len(), office.states()),
        (2, vec!["sent".into(), "sent".into()])
    );
}

#[test]
fn a_preview_is_written_and_leaves_no_trace() {
    let office = Office::new("\"an@x.example\"", "");
    let folder = office.path("xem-truoc");
    let preview = ["digest", "hang-ngay", "--preview", folder.to_str().unwrap()];
    assert_eq!(office.run(&preview).0, 0);
    assert!(folder.join("edition.html").exists() && folder.join("edition.eml").exists());
    assert!(office.rows().is_empty());
    assert_eq!(
        office.run(&["digest", "hang-ngay", "--send"]).0,
        0,
        "the day's edition is still to come"
    );
}

#[test]
fn mails_are_signed_where_a_key_is_given_and_never_leave_unsigned() {
    let smtp = |key: &str| {
        format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\nfrom = \"an@x.example\"\n\
             dkim = {{ domain = \"x.example\", selector = \"s1\", {key} }}\n"
        )
    };
    let office = Office::new("\"an@x.example\"", &smtp("key_file = \"dkim.pem\""));
    fs::write(office.path("dkim.pem"), KEY).unwrap();
    close_to_others(&office.path("dkim.pem"));
    assert_eq!(
        office
            .run(&[
                "digest",
                "hang-ngay",
                "--out",
                office.path("out").to_str().unwrap()
            ])
            .0,
        0
    );
    let letter = fs::read_to_string(office.path("out").join("edition.eml")).unwrap();
    assert!(
        letter.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"),
        "{letter:.200}"
    );
    assert!(letter.contains("d=x.example; s=s1;"));
    let elsewhere = Office::new("\"an@x.example\"", &smtp("credential = \"dkim-key\""));
    assert_eq!(
        elsewhere.run(&["digest", "hang-ngay"]).0,
        1,
        "the key is the service's"
    );
    assert!(elsewhere.states().is_empty(), "nothing was frozen");
    let broken = Office::new("\"an@x.example\"", &smtp("key_file = \"dkim.pem\""));
    fs::write(broken.path("dkim.pem"), "no key\n").unwrap();
    close_to_others(&broken.path("dkim.pem"));
    assert_ne!(broken.run(&["digest", "hang-ngay"]).0, 0);
}

#[test]
fn templates_are_checked_with_file_line_and_field() {
    let office = Office::new("\"an@x.example\"", "");
    assert_eq!(
        office.run(&["digest", "template", "check"]).0,
        0,
        "none are there"
    );
    fs::create_dir(office.path("templates")).unwrap();
    let text = office.path("templates").join("digest.txt.j2");
    fs::write(
        &text,
        "{{ title }}\n\n{% if lead %}x{% endif %}\n{{ counts[0].valu }}\n",
    )
    .unwrap();
    let (code, told) = office.run(&["digest", "template", "check"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("digest.txt.j2:3: lead: không có trường này; có phải định viết `leads`?"),
        "{told}"
    );
    assert!(
        told.contains("digest.txt.j2:4: counts[0].valu: không có trường này"),
        "{told}"
    );
    // A mail is made all the same.
    assert_eq!(office.run(&["digest", "hang-ngay", "--send"]).0, 0);
    let letter = fs::read_to_string(office.letters().pop().unwrap()).unwrap();
    assert!(letter.contains("template check"), "and says so");
    fs::write(&text, "{{ title }}\n").unwrap();
    let (code, told) = office.run(&["digest", "template", "check"]);
    assert_eq!((code, told.contains("dùng được")), (0, true), "{told}");
}

#[test]
fn no_template_takes_the_memory() {
    let office = Office::new("\"an@x.example\"", "");
    fs::create_dir(office.path("templates")).unwrap();
    let text = office.path("templates").join("digest.txt.j2");
    for bomb in [
        "{{ 'x' * 1000000000 }}",
        "{{ range(99999)|join('x' * 60000) }}",
        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% macro m(s, n) %}{% if n %}{{ m(s ~ s, n - 1) }}{% endif %}{% endmacro %}{{ m('xxxxxxxx', 40) }}",
        "{% set x %}{% for i in range(99999) %}{{ 'x' * 60000 }}{% endfor %}{% endset %}{{ x|length }}",
        "{{ 'x'|indent(999999999, true)|length }}",
        "{{ ('x ' * 200000)|wrap('y' * 9000, 'z' * 9000)|length }}",
    ] {
        fs::write(&text, bomb).unwrap();
        // The whole process in less memory than any of them would take.
        let check = "ulimit -v 1500000; exec \"$0\" --config \"$1\" --quiet digest template check";
        let out = Command::new("sh")
            .args(["-c", check, env!("CARGO_BIN_EXE_diembao")])
            .arg(office.path("diembao.toml"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&out.stdout);
        assert_eq!(out.status.code(), Some(1), "{bomb}: {told} {out:?}");
        assert!(told.contains("digest.txt.j2:"), "{bomb}: {told}");
    }
}

#[test]
fn a_month_is_counted_for_the_briefing() {
    let office = Office::new(
        "\"an@x.example\"",
        "docx = { heading = \"dang\", place = \"An Giang\" }",
    );
    assert_eq!(office.run(&["digest", "hang-ngay"]).0, 0);
    let out = office.path("thang");
    let month = |month: &str| {
        let out = out.to_str().unwrap();
        office.run(&[
            "--json",
            "digest",
            "hang-ngay",
            "--month",
            month,
            "--out",
            out,
        ])
    };
    let (code, told) = month("2026-11");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["editions"]), (0, &1.into()));
    for ending in ["html", "docx", "csv"] {
        assert!(
            out.join(format!("thang-2026-11.{ending}")).exists(),
            "{ending}"
        );
    }
    let (_, told) = month("2026-10");
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["editions"], 0);
    assert_eq!(month("2026-13").0, 2);
    assert_eq!(month("thang-11").0, 2);
}

#[test]
fn the_word_file_goes_with_the_mail_where_it_is_wanted() {
    let office = Office::new(
        "\"an@x.example\"",
        "docx = { attach = true, heading = \"dang\" }",
    );
    assert_eq!(office.run(&["digest", "hang-ngay", "--send"]).0, 0);
    let letter = fs::read_to_string(office.letters().pop().unwrap()).unwrap();
    assert!(letter.contains("Content-Type: multipart/mixed"));
    assert!(letter.contains("wordprocessingml.document"));
    assert!(
        letter.contains("filename=\"Diem bao xay dung Dang so 1 -23-11-2026-.docx\"")
            || letter.contains(".docx\""),
        "{letter:.2000}"
    );
}

#[test]
fn the_outbox_says_in_plain_words_what_a_server_meant() {
    let office = Office::new(
        "\"an@x.example\"",
        "[smtp]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\nfrom = \"bao@x.example\"\n",
    );
    assert_eq!(
        office.run(&["digest", "hang-ngay", "--send"]).0,
        1,
        "nobody listens there"
    );
    let (_, table) = office.run(&["outbox", "list"]);
    assert!(
        table.contains("chưa nói chuyện được với máy chủ thư"),
        "{table}"
    );
    assert_eq!(office.run(&["outbox", "cancel", "--all"]).0, 0);
    let (_, table) = office.run(&["outbox", "list"]);
    assert!(table.contains("người quản trị đã hủy"), "{table}");
}
