//! The binary as an admin meets it: exit codes, messages, JSON, and what it refuses to touch.

use crate::support::office::{Office, feed, until};
use crate::support::origin::{Answer, Origin};
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn exit_codes_tell_usage_from_work() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let office = Office::new(&[origin.url("/tin.rss"), origin.url("/khong-co.rss")], "");
    let cases: [(&[&str], i32); 12] = [
        (&["--version"], 0),
        (&["xem-bao"], 2),
        (&["fetch", "--khong-co"], 2),
        (&["fetch", "bao-7/tin"], 2),
        (&["fetch"], 0),  // one of the two feeds is 404: its own trouble
        (&["status"], 1), // nobody runs the service: a human is needed
        (&["explain", "1"], 0),
        (&["explain", "999"], 1),
        (&["feeds", "show", "bao-9/tin"], 2),
        (&["digest", "hang-tuan"], 2),
        (&["digest", "hang-ngay", "--dry-run", "--send"], 2),
        (&["feeds", "test", "bao-1/tin"], 1),
    ];
    for (args, code) in cases {
        let out = office.run(args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", stderr(&out));
        if code != 0 {
            assert!(
                !stderr(&out).trim().is_empty() || !out.stdout.is_empty(),
                "{args:?} says nothing"
            );
        }
    }
}

#[test]
fn check_names_file_line_and_column_and_run_ends_with_78() {
    let office = Office::new(
        &[],
        "recipient = [\"a@tinh.example\"]\n[articel]\npages = true",
    );
    let out = office.run(&["check"]);
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8(out.stdout).unwrap();
    let config = fs::read_to_string(office.path("diembao.toml")).unwrap();
    for (key, mend) in [("recipient =", "recipients"), ("[articel]", "article")] {
        let line = config
            .lines()
            .position(|line| line.starts_with(key))
            .unwrap()
            + 1;
        let told = said
            .lines()
            .find(|told| told.starts_with(&format!("diembao.toml:{line}:")));
        assert!(told.is_some(), "nothing is said of line {line}: {said}");
        assert!(said.contains(&format!("\"{mend}\"")), "{said}");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&office.run(&["--json", "check"]).stdout).unwrap();
    assert_eq!((&json["ok"], &json["errors"]), (&false.into(), &2.into()));
    assert_eq!(office.run(&["status"]).status.code(), Some(2));
    let run = office.run(&["run"]);
    assert_eq!(run.status.code(), Some(78), "{}", stderr(&run));
    assert!(stderr(&run).contains("diembao.toml:"), "{}", stderr(&run));
    assert!(
        !office.path("data").exists(),
        "a refused config leaves no data behind"
    );
}

#[test]
fn what_is_printed_for_machines_is_json_alone() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..4, true));
    origin.on("/loi.rss", Answer::status(500));
    let office = Office::new(&[origin.url("/tin.rss"), origin.url("/loi.rss")], "");
    let polled = office.json(&["--json", "fetch"]);
    let of = |feed: &str| {
        polled
            .iter()
            .find(|one| one["feed"] == feed)
            .unwrap()
            .clone()
    };
    assert_eq!(of("bao-0/tin")["new_articles"], 4);
    assert_eq!(of("bao-1/tin")["kind"], "http-server");
    assert_eq!(office.json(&["--json", "status"])[0]["entries"], 4);
    assert_eq!(office.json(&["--json", "feeds", "list"]).len(), 2);
    assert_eq!(
        office
            .json(&["--json", "search", "dang", "uy", "hoa", "thuan"])
            .len(),
        4
    );
    let edition = &office.json(&["--json", "digest", "hang-ngay", "--dry-run"])[0];
    assert_eq!(edition["counts"]["articles"], 4, "{edition}");
    assert_eq!(
        office.json(&["--json", "explain", "1"])[0]["verdict"]["level"],
        2
    );
}

#[test]
fn an_edition_is_made_once_and_rendered_again_the_same() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..5, true));
    let office = Office::new(&[origin.url("/tin.rss")], "");
    office.says(&["fetch"]);
    office.says(&["digest", "hang-ngay", "--out", "mot"]);
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 3..9, true));
    office.says(&["fetch"]);
    office.says(&["digest", "hang-ngay", "--out", "hai"]);
    assert!(
        files(&office.path("mot")) == files(&office.path("hai")),
        "other bytes"
    );
}

#[test]
fn a_second_daemon_is_refused_with_the_number_of_the_first() {
    let office = Office::new(&[], "");
    let mut first = office.daemon(Duration::from_secs(60));
    first.hears("READY=1");
    let second = office.run(&["run"]);
    assert_eq!(second.status.code(), Some(1));
    let said = stderr(&second);
    assert!(said.contains(&format!("process {}", first.pid())), "{said}");
    assert_eq!(
        office.json(&["--json", "status"])[0]["daemon"],
        first.pid().to_string()
    );
    // Commands go on beside it: they write rows, the daemon works.
    until("fetch beside the daemon", || {
        office.run(&["fetch"]).status.success()
    });
}

#[test]
fn a_database_of_another_kind_is_refused_and_left_as_it_was() {
    let sql = |path: &Path, sql: &str| {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute_batch(sql).unwrap();
        db.close().unwrap();
    };
    type Spoil<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, &str, Spoil); 3] = [
        ("another program's", "not a diembao database", &|path| {
            sql(
                path,
                "PRAGMA application_id = 7; CREATE TABLE kho (id INTEGER);",
            );
        }),
        ("no database", "not a diembao database", &|path| {
            fs::write(path, "Sổ tay công tác, quyển 2\n".repeat(400)).unwrap();
        }),
        ("a newer one", "data version 99", &|path| {
            sql(
                path,
                "PRAGMA journal_mode = DELETE; PRAGMA user_version = 99;",
            );
        }),
    ];
    for (what, words, spoil) in cases {
        let office = Office::new(&[], "");
        let path = office.path("data/diembao.db");
        if what == "a newer one" {
            office.says(&["fetch"]);
        } else {
            fs::create_dir(office.path("data")).unwrap();
        }
        spoil(&path);
        let before = fs::read(&path).unwrap();
        for (args, code) in [(["run"], 1), (["fetch"], 1), (["status"], 1)] {
            let out = office.run(&args);
            assert_eq!(
                out.status.code(),
                Some(code),
                "{what}, {args:?}: {}",
                stderr(&out)
            );
            assert!(
                stderr(&out).contains(words),
                "{what}, {args:?}: {}",
                stderr(&out)
            );
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{what} was written to");
    }
}

#[test]
fn the_demo_gives_the_same_bytes_each_time() {
    let demo = || {
        let office = Office::new(&[], "");
        fs::remove_file(office.path("diembao.toml")).unwrap();
        fs::remove_file(office.path("feeds.toml")).unwrap();
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_diembao"))
            .arg("demo")
            .current_dir(office.path(""))
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", stderr(&out));
        files(&office.path("demo-out"))
    };
    let first = demo();
    assert!(first.iter().any(|(name, _)| name.ends_with(".eml")));
    let other: Vec<_> = demo()
        .into_iter()
        .zip(&first)
        .filter(|(a, b)| a != *b)
        .collect();
    let names: Vec<_> = other.iter().map(|((name, _), _)| name).collect();
    assert!(names.is_empty(), "other bytes in {names:?}");
}

/// Names and bytes of a folder's own files.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}
