//! The mistakes that admins make, each as a file beside what `check` says of it: a table to be read by people. Every line
//! must be good enough to act on without the manual.

use diembao::config::{self, Env, Problem, Problems, Severity};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const SETTINGS: &str = r#"[fetch]
contact = "quantri@tinhuy.vn"

[[digest]]
name = "hang-ngay"
at = "06:30"
days = "T2-T7"
recipients = ["Nguyễn Văn An <an@tinhuy.vn>"]
home_province = "an-giang"

[smtp]
host = "mail.tinhuy.vn"
tls = "starttls"
from = "Điểm báo <diembao@tinhuy.vn>"
user = "diembao@tinhuy.vn"
password_file = "smtp-password"

[admin]
recipients = ["quantri@tinhuy.vn"]
"#;

const FEEDS: &str = r#"[[source]]
key = "an-giang"
name = "Báo An Giang"
province = "an-giang"
domain = "baoangiang.com.vn"

[[source.feed]]
url = "https://baoangiang.com.vn/rss/home.rss"

[[source]]
key = "ca-mau"
name = "Báo Cà Mau"
province = "ca-mau"
domain = "baocamau.vn"

[[source.feed]]
url = "https://baocamau.vn/rss/home.rss"
"#;

const TOPICS: &str = r#"[cuts]
subject = 3.0
borderline = 1.5
topic = 1.0
topic_share = 0.4
topic_in_body = 1.3

[parts]
title = 1.5
sapo = 1.0
sapo_alone = 0.85
body = 0.4
body_most = 2.5

[[topic]]
key = "kiem_tra"
name = "Kiểm tra, giám sát"

[[topic.phrases]]
weight = 3.0
any = ["kỷ luật đảng viên"]
unless = ["bóng đá"]
"#;

const HOLIDAYS: &str = "every_year = [\"30/4\"]\nworking_days = [\"22/8/2026\"]\n\n[[holiday]]\nname = \"Tết Nguyên đán\"\nfrom = \"14/2/2026\"\nto = \"22/2/2026\"\n";

/// A mistake: its name, the file it is in, what stands there when all is well, and what the admin wrote instead.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

const S: &str = "diembao.toml";
const F: &str = "feeds.toml";
const T: &str = "topics.toml";
const H: &str = "holidays.toml";

const MISTAKES: &[Mistake] = &[
    ("a key that does not exist", S, "contact =", "contakt ="),
    ("a section that does not exist", S, "[admin]", "[amdin]"),
    (
        "a key twice",
        S,
        "at = \"06:30\"",
        "at = \"06:30\"\nat = \"07:00\"",
    ),
    ("no quotes", S, "\"06:30\"", "06h30"),
    (
        "quotes of a word processor",
        S,
        "\"mail.tinhuy.vn\"",
        "“mail.tinhuy.vn”",
    ),
    ("an open quote", S, "\"mail.tinhuy.vn\"", "\"mail.tinhuy.vn"),
    ("an open list", S, "an@tinhuy.vn>\"]", "an@tinhuy.vn>\""),
    ("a blank that is none", S, "at = ", "at\u{a0}= "),
    ("an equals sign missing", S, "days = ", "days "),
    ("one bracket too few", S, "[[digest]]", "[[digest]"),
    (
        "a single section where many may be",
        S,
        "[[digest]]",
        "[digest]",
    ),
    ("a number where text is due", S, "\"06:30\"", "630"),
    (
        "text where a number is due",
        S,
        "home_province",
        "lead_stories = \"5\"\nhome_province",
    ),
    (
        "text where yes or no is due",
        S,
        "[admin]",
        "[article]\npages = \"không\"\n\n[admin]",
    ),
    (
        "text where a list is due",
        S,
        "[\"quantri@tinhuy.vn\"]",
        "\"quantri@tinhuy.vn\"",
    ),
    ("a time that does not exist", S, "\"06:30\"", "\"25:00\""),
    ("a day that does not exist", S, "\"T2-T7\"", "\"T2-T8\""),
    (
        "a duration without unit",
        S,
        "[fetch]",
        "[fetch]\nmax_interval = \"90\"",
    ),
    (
        "a duration that is too short",
        S,
        "[fetch]",
        "[fetch]\naudit = \"5m\"",
    ),
    (
        "a size in a wrong unit",
        S,
        "[fetch]",
        "[fetch]\nmax_body = \"10M\"",
    ),
    (
        "a size that is too small",
        S,
        "[fetch]",
        "[fetch]\nmax_body = \"1KiB\"",
    ),
    (
        "a number out of bounds",
        S,
        "home_province",
        "min_level = 3\nhome_province",
    ),
    (
        "a zone that does not exist",
        S,
        "[fetch]",
        "[daemon]\ntime_zone = \"Asia/Hanoi\"\n\n[fetch]",
    ),
    (
        "a range that begins in its middle",
        S,
        "[fetch]",
        "[fetch]\nallow_private = [\"10.20.1.1/16\"]",
    ),
    (
        "no range at all",
        S,
        "[fetch]",
        "[fetch]\nallow_private = [\"mạng nội bộ\"]",
    ),
    (
        "a proxy that is none",
        S,
        "[fetch]",
        "[fetch]\nproxy = \"proxy.tinhuy.vn\"",
    ),
    (
        "a header that cannot be sent",
        S,
        "[fetch]",
        "[fetch]\nuser_agent = \"Điểm báo\"",
    ),
    (
        "intervals the wrong way round",
        S,
        "[fetch]",
        "[fetch]\nmin_interval = \"4h\"",
    ),
    (
        "less memory than one feed may need",
        S,
        "[fetch]",
        "[fetch]\nbytes_in_flight = \"1MiB\"\n",
    ),
    (
        "a page larger than all memory for pages",
        S,
        "[admin]",
        "[article]\nmax_page = \"64MiB\"\n\n[admin]",
    ),
    (
        "newspapers burdened",
        S,
        "[fetch]",
        "[fetch]\nmin_interval = \"1m\"",
    ),
    (
        "a pause longer than the interval",
        S,
        "[fetch]",
        "[fetch]\ngap = \"20m\"",
    ),
    (
        "patience without end",
        S,
        "[fetch]",
        "[fetch]\nrequest_timeout = \"30m\"",
    ),
    (
        "nobody to write to",
        S,
        "contact = \"quantri@tinhuy.vn\"\n",
        "",
    ),
    (
        "a recipient that is no address",
        S,
        "an@tinhuy.vn>",
        "an.tinhuy.vn>",
    ),
    (
        "two recipients in one pair of quotes",
        S,
        "Nguyễn Văn An <an@tinhuy.vn>",
        "an@tinhuy.vn; binh@tinhuy.vn",
    ),
    (
        "a recipient twice",
        S,
        "an@tinhuy.vn>\"]",
        "an@tinhuy.vn>\", \"AN@tinhuy.vn\"]",
    ),
    (
        "a recipient at a mistyped host",
        S,
        "an@tinhuy.vn>\"]",
        "an@gmial.com>\"]",
    ),
    (
        "a recipient without a whole host",
        S,
        "an@tinhuy.vn>\"]",
        "an@tinhuy>\"]",
    ),
    (
        "no recipients",
        S,
        "recipients = [\"Nguyễn Văn An <an@tinhuy.vn>\"]\n",
        "",
    ),
    (
        "no mail server",
        S,
        "[smtp]\nhost = \"mail.tinhuy.vn\"\ntls = \"starttls\"\nfrom = \"Điểm báo <diembao@tinhuy.vn>\"\nuser = \"diembao@tinhuy.vn\"\npassword_file = \"smtp-password\"\n",
        "",
    ),
    (
        "nobody told of trouble",
        S,
        "[admin]\nrecipients = [\"quantri@tinhuy.vn\"]\n",
        "",
    ),
    (
        "two digests of one name",
        S,
        "[smtp]",
        "[[digest]]\nname = \"hang-ngay\"\nrecipients = [\"b@tinhuy.vn\"]\n\n[smtp]",
    ),
    ("a name that is no key", S, "\"hang-ngay\"", "\"Hằng ngày\""),
    (
        "a topic that does not exist",
        S,
        "home_province",
        "topics = [\"kiem-tra\"]\nhome_province",
    ),
    (
        "a province that does not exist",
        S,
        "\"an-giang\"",
        "\"an-gian\"",
    ),
    (
        "a province of former days",
        S,
        "\"an-giang\"",
        "\"Kiên Giang\"",
    ),
    (
        "the home province left out",
        S,
        "home_province",
        "provinces = [\"ca-mau\"]\nhome_province",
    ),
    (
        "a province without a feed",
        S,
        "home_province",
        "provinces = [\"an-giang\", \"lao-cai\"]\nhome_province",
    ),
    (
        "the password in the file",
        S,
        "password_file = \"smtp-password\"",
        "password = \"bimat123\"",
    ),
    (
        "a password nowhere",
        S,
        "password_file = \"smtp-password\"\n",
        "",
    ),
    (
        "a password in two places",
        S,
        "password_file = ",
        "password_credential = \"smtp-password\"\npassword_file = ",
    ),
    (
        "a password without user",
        S,
        "user = \"diembao@tinhuy.vn\"\n",
        "",
    ),
    (
        "a password file that is not there",
        S,
        "\"smtp-password\"",
        "\"smtp-pass\"",
    ),
    (
        "a password file that everybody reads",
        S,
        "\"smtp-password\"",
        "\"open-password\"",
    ),
    (
        "no encryption over the network",
        S,
        "\"starttls\"",
        "\"none\"",
    ),
    (
        "a port of the other kind",
        S,
        "tls = \"starttls\"",
        "tls = \"starttls\"\nport = 465",
    ),
    (
        "a port in the host",
        S,
        "\"mail.tinhuy.vn\"",
        "\"mail.tinhuy.vn:587\"",
    ),
    ("a choice that is none", S, "\"starttls\"", "\"ssl\""),
    (
        "a CA file without certificate",
        S,
        "[admin]",
        "ca_file = \"smtp-password\"\n\n[admin]",
    ),
    (
        "DKIM of another domain",
        S,
        "[admin]",
        "dkim = { domain = \"khac.vn\", selector = \"diembao\", key_file = \"dkim.pem\" }\n\n[admin]",
    ),
    (
        "a DKIM key that is none",
        S,
        "[admin]",
        "dkim = { domain = \"tinhuy.vn\", selector = \"diembao\", key_file = \"smtp-password\" }\n\n[admin]",
    ),
    (
        "DKIM without a key",
        S,
        "[admin]",
        "dkim = { domain = \"tinhuy.vn\", selector = \"diembao\" }\n\n[admin]",
    ),
    (
        "figures open to the network",
        S,
        "[admin]",
        "[metrics]\nlisten = \"0.0.0.0:9786\"\n\n[admin]",
    ),
    (
        "texts kept too short",
        S,
        "[admin]",
        "[retention]\ntexts = \"7d\"\n\n[admin]",
    ),
    (
        "data kept in a file",
        S,
        "[fetch]",
        "[daemon]\ndata_dir = \"smtp-password\"\n\n[fetch]",
    ),
    (
        "a feed without address",
        F,
        "url = \"https://baocamau.vn/rss/home.rss\"",
        "section = \"xay-dung-dang\"",
    ),
    (
        "an address without https",
        F,
        "https://baocamau.vn/rss",
        "baocamau.vn/rss",
    ),
    (
        "an address of another kind",
        F,
        "https://baocamau.vn/rss",
        "ftp://baocamau.vn/rss",
    ),
    (
        "an address with a password",
        F,
        "https://baocamau.vn/rss",
        "https://an:bimat@baocamau.vn/rss",
    ),
    (
        "one address twice, spelt otherwise",
        F,
        "https://baocamau.vn/rss/home.rss",
        "http://www.baoangiang.com.vn/rss/home.rss/",
    ),
    (
        "a feed of another paper's host",
        F,
        "https://baocamau.vn/rss",
        "https://baoangiang.com.vn/camau",
    ),
    (
        "a home page for a feed",
        F,
        "https://baocamau.vn/rss/home.rss",
        "https://baocamau.vn/",
    ),
    (
        "an address with a fragment",
        F,
        "home.rss\"\n\n[[source]]",
        "home.rss#tin\"\n\n[[source]]",
    ),
    (
        "an address of the internal network",
        F,
        "https://baocamau.vn/rss",
        "http://192.168.1.20/rss",
    ),
    (
        "a source twice",
        F,
        "key = \"ca-mau\"",
        "key = \"an-giang\"",
    ),
    (
        "a host twice",
        F,
        "domain = \"baocamau.vn\"",
        "domain = \"baocamau.vn\"\naliases = [\"baoangiang.com.vn\"]",
    ),
    (
        "a host with a path",
        F,
        "domain = \"baocamau.vn\"",
        "domain = \"https://baocamau.vn/\"",
    ),
    (
        "two feeds of one key",
        F,
        "home.rss\"\n\n[[source]]",
        "home.rss\"\n\n[[source.feed]]\nurl = \"https://baoangiang.com.vn/rss/xdd.rss\"\n\n[[source]]",
    ),
    ("a source without name", F, "name = \"Báo Cà Mau\"\n", ""),
    (
        "a selector that is none",
        F,
        "domain = \"baocamau.vn\"",
        "domain = \"baocamau.vn\"\npage.body = \"div..noi-dung[\"",
    ),
    ("no source at all", F, FEEDS, "# chưa có gì\n"),
    (
        "a topic's key twice",
        T,
        "[[topic]]",
        "[[topic]]\nkey = \"kiem_tra\"\nname = \"Kiểm tra\"\n[[topic.phrases]]\nweight = 1.0\nany = [\"kiểm tra\"]\n\n[[topic]]",
    ),
    (
        "a topic's key with marks",
        T,
        "\"kiem_tra\"",
        "\"Kiểm tra\"",
    ),
    ("a topic without name", T, "\"Kiểm tra, giám sát\"", "\" \""),
    (
        "a topic that nothing leads to",
        T,
        "[[topic.phrases]]\nweight = 3.0\nany = [\"kỷ luật đảng viên\"]\nunless = [\"bóng đá\"]\n",
        "",
    ),
    (
        "a phrase that cancels itself",
        T,
        "\"bóng đá\"",
        "\"kỷ luật\"",
    ),
    (
        "a pattern with an open brace",
        T,
        "\"kỷ luật đảng viên\"",
        "\"{kỷ luật|khai trừ đảng viên\"",
    ),
    ("a phrase of nothing", T, "\"kỷ luật đảng viên\"", "\"…\""),
    (
        "a group without phrases",
        T,
        "[\"kỷ luật đảng viên\"]",
        "[]",
    ),
    ("a weight missing", T, "weight = 3.0\n", ""),
    (
        "a weight of the wrong sign",
        T,
        "weight = 3.0",
        "weight = -3.0",
    ),
    (
        "a weight beyond all others",
        T,
        "weight = 3.0",
        "weight = 300.0",
    ),
    (
        "a mistyped key of a group",
        T,
        "weight = 3.0",
        "wieght = 3.0",
    ),
    (
        "cuts the wrong way round",
        T,
        "borderline = 1.5",
        "borderline = 4.0",
    ),
    ("a cut missing", T, "topic = 1.0\n", ""),
    ("a weight in quotes", T, "weight = 3.0", "weight = \"3.0\""),
    (
        "a section of an unknown topic",
        T,
        "[[topic]]",
        "[[section]]\nslug = \"kiem-tra\"\nweight = 2.0\ntopic = \"kiemtra\"\n\n[[topic]]",
    ),
    ("a date that does not exist", H, "\"30/4\"", "\"31/4\""),
    (
        "a date the American way",
        H,
        "\"14/2/2026\"",
        "\"2026-02-14\"",
    ),
    (
        "a holiday that ends before it begins",
        H,
        "\"22/2/2026\"",
        "\"12/2/2026\"",
    ),
    (
        "a worked day that is worked anyway",
        H,
        "\"22/8/2026\"",
        "\"21/8/2026\"",
    ),
];

/// A folder in which all is well, but for one file's text.
fn folder(file: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, sound) in [(S, SETTINGS), (F, FEEDS), (T, TOPICS), (H, HOLIDAYS)] {
        put(name, if name == file { text } else { sound }, 0o600);
    }
    put("smtp-password", "bimat123\n", 0o600);
    put("open-password", "bimat123\n", 0o644);
    put(
        "dkim.pem",
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        0o600,
    );
    folder
}

fn problems(folder: &Path) -> Vec<Problem> {
    let found = match config::load_with(Some(&folder.join(S)), Env(&|_| None)) {
        Ok(config) => config.warnings,
        Err(Problems(found)) => found,
    };
    let prefix = format!("{}/", folder.display());
    let clean = |mut problem: Problem| {
        for text in [
            &mut problem.file,
            &mut problem.what,
            &mut problem.how,
            &mut problem.what_vi,
            &mut problem.how_vi,
        ] {
            *text = text.replace(&prefix, "");
        }
        problem
    };
    found.into_iter().map(clean).collect()
}

/// The line that the admin wrote wrongly, as the message's place names it.
fn line_of(text: &str, problem: &Problem) -> String {
    let nth = problem.line.saturating_sub(1);
    text.lines().nth(nth).unwrap_or_default().to_owned()
}

#[test]
fn a_sound_folder_has_no_problem() {
    let found = problems(folder("", "").path());
    assert_eq!(found, [], "{found:#?}");
}

#[test]
fn every_mistake_is_told_with_its_place_its_reason_and_its_mend() {
    let mut table = String::new();
    let mut kinds = BTreeSet::new();
    for (name, file, right, wrong) in MISTAKES {
        let sound = match *file {
            S => SETTINGS,
            F => FEEDS,
            T => TOPICS,
            _ => HOLIDAYS,
        };
        assert!(sound.contains(right), "{name}: {right:?} is not in {file}");
        let text = sound.replacen(right, wrong, 1);
        let found = problems(folder(file, &text).path());
        assert!(!found.is_empty(), "{name}: nothing is told of {wrong:?}");
        writeln!(table, "## {name}").unwrap();
        for problem in &found {
            assert_eq!(problem.file, *file, "{name}: {problem}");
            assert!(problem.line > 0 && problem.column > 0, "{name}: {problem}");
            let all = [
                &problem.what,
                &problem.how,
                &problem.what_vi,
                &problem.how_vi,
            ];
            assert!(
                all.iter().all(|text| text.chars().count() > 5),
                "{name}: {problem:?}"
            );
            assert_ne!(problem.what, problem.what_vi, "{name}");
            assert!(
                !format!("{problem:?}").contains("bimat"),
                "{name} shows the password"
            );
            let word = match problem.severity {
                Severity::Error => "lỗi",
                Severity::Warning => "lưu ý",
            };
            writeln!(table, "    {}", line_of(&text, problem)).unwrap();
            writeln!(table, "{}: {word}: {}", problem.place(), problem.what_vi).unwrap();
            writeln!(table, "  → {}", problem.how_vi).unwrap();
            writeln!(table, "  {}; {}", problem.what, problem.how).unwrap();
        }
        kinds.insert(without_details(&found[0].what));
    }
    assert!(kinds.len() >= 50, "only {} kinds of mistakes", kinds.len());
    insta::assert_snapshot!(table);
}

/// A message without what it quotes: its kind.
fn without_details(what: &str) -> String {
    let plain: String = what.split('"').step_by(2).collect();
    plain.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn files_that_are_never_read_are_told() {
    let folder = folder("", "");
    fs::rename(folder.path().join(F), folder.path().join("feed.toml")).unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    fs::write(folder.path().join("templates/digest.html.j"), "").unwrap();
    // Copies and backups are the admin's own.
    fs::write(folder.path().join("diembao.toml.bak"), "").unwrap();
    fs::write(folder.path().join("topics-2025.toml"), "").unwrap();
    let told: Vec<String> = problems(folder.path())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "feed.toml: warning: this file is never read; did you mean \"feeds.toml\"? rename it, or delete it",
            "templates/digest.html.j: warning: this file is never read; did you mean \"digest.html.j2\"? rename it, or delete it",
        ]
    );
}

#[test]
fn a_slip_in_every_file_is_told_at_once() {
    let folder = folder(S, &SETTINGS.replace("06:30", "25h30"));
    for (name, sound, right, wrong) in [
        (F, FEEDS, "https://baocamau", "htps://baocamau"),
        (T, TOPICS, "weight = 3.0", "weight = 99.0"),
        (H, HOLIDAYS, "30/4", "30/13"),
    ] {
        fs::write(folder.path().join(name), sound.replacen(right, wrong, 1)).unwrap();
    }
    let found = problems(folder.path());
    let files: Vec<&str> = found.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, [S, F, H, T]);
}
