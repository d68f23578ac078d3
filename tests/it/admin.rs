//! What an admin does beside the running service, with the real binary: feeds edited, data saved and put back.

use crate::support::office::{Office, feed, until};
use crate::support::origin::Origin;
use std::fs;
use std::process::Output;
use std::time::Duration;

const RELAXED: Duration = Duration::from_secs(60);

fn told(out: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )
}

#[test]
fn feeds_are_added_and_removed_in_the_admins_own_file() {
    let office = Office::new(&[], "");
    let file = office.path("feeds.toml");
    let own = "# Của văn phòng.\n[[source]]\nkey = \"an-giang\" # giữ\nname = \"Báo An Giang\"\ndomain = \"baoangiang.com.vn\"\n";
    fs::write(&file, own).unwrap();
    let said = office.says(&[
        "feeds",
        "add",
        "https://baoangiang.com.vn/rss/xdd.rss",
        "--section",
        "xay-dung-dang",
    ]);
    assert!(
        said.contains("an-giang/xay-dung-dang") && said.contains("systemctl reload"),
        "{said}"
    );
    office.says(&[
        "feeds",
        "add",
        "https://baocamau.vn/rss",
        "--name",
        "Báo Cà Mau",
        "--province",
        "Bạc Liêu",
    ]);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(own), "{text}");
    assert!(
        text.contains("key = \"bao-ca-mau\"") && text.contains("province = \"ca-mau\""),
        "{text}"
    );
    office.says(&["check"]);

    let twice = office.run(&["feeds", "add", "http://www.baocamau.vn/rss/"]);
    assert_eq!(twice.status.code(), Some(2), "{}", told(&twice));
    let whose = office.run(&["feeds", "add", "https://baola.vn/rss"]);
    assert!(
        told(&whose).contains("--name") && whose.status.code() == Some(2),
        "{}",
        told(&whose)
    );
    let bad = office.run(&[
        "feeds",
        "add",
        "https://baoangiang.com.vn/rss/2.rss",
        "--key",
        "Xấu Xí",
    ]);
    assert!(told(&bad).contains("feeds.toml:"), "{}", told(&bad));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        text,
        "what would not load is not written"
    );

    office.says(&["feeds", "remove", "an-giang/xay-dung-dang", "bao-ca-mau"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), own);
    let gone = office.run(&["feeds", "remove", "bao-ca-mau"]);
    assert_eq!(gone.status.code(), Some(2), "{}", told(&gone));
}

#[test]
fn a_list_goes_out_as_opml_and_comes_back() {
    let office = Office::new(&[], "");
    fs::remove_file(office.path("feeds.toml")).unwrap();
    let all = office.path("all.opml");
    office.says(&["feeds", "export", all.to_str().unwrap()]);
    let other = Office::new(&[], "");
    fs::write(other.path("feeds.toml"), "# trống\n").unwrap();
    let said = other.says(&["feeds", "import", all.to_str().unwrap()]);
    assert!(said.contains("0 đã có sẵn"), "{said}");
    let listed = |office: &Office| {
        let text = office.says(&["feeds", "export"]);
        let mut feeds: Vec<String> = text
            .lines()
            .filter(|line| line.contains("xmlUrl"))
            .map(|line| line.trim().to_owned())
            .collect();
        feeds.sort();
        feeds
    };
    let (here, there) = (listed(&office), listed(&other));
    assert!(here.len() > 60, "{}", here.len());
    assert_eq!(here.len(), there.len());
    // Names, addresses, sections, keys, and which are switched off; a source's host may have been a former one.
    let same = here.iter().filter(|line| there.contains(line)).count();
    assert!(same * 10 > here.len() * 9, "{same} of {}", here.len());
    let again = other.says(&["feeds", "import", all.to_str().unwrap()]);
    assert!(again.contains("Đã thêm 0 nguồn tin"), "{again}");
}

#[test]
fn a_hostile_list_changes_nothing() {
    let office = Office::new(&[], "");
    let before = fs::read_to_string(office.path("feeds.toml")).unwrap();
    let file = office.path("x.opml");
    for text in [
        "<!DOCTYPE opml SYSTEM \"http://127.0.0.1/x\"><opml><body><outline xmlUrl=\"https://a.vn/rss\"/></body></opml>",
        "<opml><body><outline xmlUrl=\"https://a.vn/rss\"/>\n<outline xmlUrl=\"file:///etc/passwd\"/></body></opml>",
    ] {
        fs::write(&file, text).unwrap();
        let out = office.run(&["feeds", "import", file.to_str().unwrap()]);
        assert_eq!(out.status.code(), Some(2), "{}", told(&out));
        assert!(told(&out).contains("x.opml:"), "{}", told(&out));
        assert_eq!(
            fs::read_to_string(office.path("feeds.toml")).unwrap(),
            before
        );
    }
}

#[test]
fn the_change_is_told_before_it_is_made() {
    let origin = Origin::start();
    origin.on("/mot.rss", feed(&origin, "/mot.rss", 0..4, true));
    origin.on("/hai.rss", feed(&origin, "/hai.rss", 0..2, true));
    let urls = ["/mot.rss", "/hai.rss"].map(|path| origin.url(path));
    let office = Office::new(&urls[..1], "");
    office.says(&["fetch"]);
    office.says(&["digest", "hang-ngay", "--send"]);
    let same = office.says(&["check", "--diff"]);
    assert!(
        same.contains("không thay đổi so với") && same.contains("không thay đổi bài nào"),
        "{same}"
    );

    office.set_feeds(&urls[1..]);
    // A lexicon in which the Party does not occur.
    let builtin = diembao::config::topics::BUILTIN;
    let head = &builtin[..builtin.find("[[topic]]").unwrap()];
    let other = "[[topic]]\nkey = \"kiem_tra\"\nname = \"Bóng đá\"\n[[topic.phrases]]\nweight = 3.0\nany = [\"bóng đá\"]\n";
    let head = &head[..head.find("[[").unwrap_or(head.len())];
    fs::write(office.path("topics.toml"), format!("{head}{other}")).unwrap();
    let told = office.says(&["check", "--diff"]);
    assert!(told.contains("  - ") && told.contains("→ 0 việc"), "{told}");
    let letters = office.letters().len();
    let text = office.says(&["--json", "check", "--diff"]);
    let values: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let [checked, json] = values.as_slice() else {
        panic!("the check and the change, not {text}");
    };
    assert_eq!(checked["ok"], true);
    assert!(json["feeds"].is_object(), "{json}");
    assert!(
        !json["editions"][0]["goes"].as_array().unwrap().is_empty(),
        "{json}"
    );
    assert_eq!(office.letters().len(), letters, "nothing is made or mailed");
}

#[test]
fn check_online_tries_every_feed_and_names_those_that_fail() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..2, true));
    let office = Office::new(&[origin.url("/tin.rss")], "");
    assert!(
        office
            .says(&["check", "--online"])
            .contains("1 đọc được, 0 không")
    );
    office.set_feeds(&[origin.url("/tin.rss"), origin.url("/mat.rss")]);
    let out = office.run(&["check", "--online"]);
    assert_eq!(out.status.code(), Some(1), "{}", told(&out));
    assert!(
        told(&out).contains("1 đọc được, 1 không") && told(&out).contains("404"),
        "{}",
        told(&out)
    );
}

#[test]
fn a_backup_is_made_while_polling_and_its_restore_mails_nothing_again() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let office = Office::new(&[origin.url("/tin.rss")], "");
    let entries = || office.json(&["--json", "feeds", "list"]).len();
    let mut daemon = office.daemon(RELAXED);
    daemon.hears("READY=1");
    until("the feed is read", || {
        office.says(&["search", "dang", "bo"]).contains("3 bài")
    });
    let folder = office.path("saved");
    for _ in 0..3 {
        let said = office.says(&["backup", &format!("{}/", folder.display()), "--keep", "2"]);
        assert!(said.contains("đã kiểm tra"), "{said}");
    }
    let running = office.run(&["restore", folder.to_str().unwrap()]);
    assert!(
        told(&running).contains("systemctl stop"),
        "{}",
        told(&running)
    );
    daemon.signal("TERM");
    assert!(daemon.ends().success());
    let backup = office.path("sao-luu.db");
    office.says(&["backup", backup.to_str().unwrap()]);
    let twice = office.run(&["backup", backup.to_str().unwrap()]);
    assert_eq!(
        twice.status.code(),
        Some(1),
        "a backup never overwrites: {}",
        told(&twice)
    );

    // An edition goes out after the backup; then the data are put back.
    office.says(&["digest", "hang-ngay", "--send"]);
    let mailed = office.letters().len();
    assert!(mailed > 0);
    let said = office.says(&["restore", backup.to_str().unwrap()]);
    assert!(
        said.contains("Dữ liệu nguyên vẹn") && said.contains("số cuối đã dùng: 1"),
        "{said}"
    );
    assert_eq!(entries(), 1);
    assert!(office.says(&["verify"]).contains("nguyên vẹn"));
    // The same news again, and nothing of it is mailed again; the numbering goes on.
    office.says(&["fetch"]);
    let draft = office
        .json(&["--json", "digest", "hang-ngay", "--dry-run"])
        .pop()
        .unwrap();
    assert_eq!(draft["counts"]["articles"], 0, "{draft}");
    assert_eq!(draft["number"], 2, "{draft}");
    assert_eq!(office.letters().len(), mailed);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn a_restore_without_any_memory_asks_what_was_mailed() {
    let origin = Origin::start();
    origin.on("/tin.rss", feed(&origin, "/tin.rss", 0..3, true));
    let office = Office::new(&[origin.url("/tin.rss")], "");
    office.says(&["fetch"]);
    let backup = office.path("sao-luu.db");
    office.says(&["backup", backup.to_str().unwrap()]);
    fs::remove_dir_all(office.path("data")).unwrap();
    let asks = office.run(&["restore", backup.to_str().unwrap()]);
    assert_eq!(asks.status.code(), Some(2));
    assert!(told(&asks).contains("--mailed-until"), "{}", told(&asks));
    office.says(&[
        "restore",
        backup.to_str().unwrap(),
        "--mailed-until",
        "backup",
    ]);
    let draft = office
        .json(&["--json", "digest", "hang-ngay", "--dry-run"])
        .pop()
        .unwrap();
    assert_eq!(draft["counts"]["articles"], 3, "{draft}");

    // What is no backup of ours is refused, and the data stay.
    for (name, bytes) in [("rong.db", ""), ("khac.db", "không phải cơ sở dữ liệu")] {
        fs::write(office.path(name), bytes).unwrap();
        let out = office.run(&["restore", office.path(name).to_str().unwrap()]);
        assert_eq!(out.status.code(), Some(1), "{}", told(&out));
    }
    let mut broken = fs::read(&backup).unwrap();
    let middle = broken.len() / 2 / 4096 * 4096;
    broken[middle..middle + 8192].fill(0x5a);
    fs::write(office.path("hong.db"), broken).unwrap();
    let out = office.run(&["restore", office.path("hong.db").to_str().unwrap()]);
    assert!(told(&out).contains("damaged"), "{}", told(&out));
    assert!(office.says(&["verify"]).contains("nguyên vẹn"));
}
