//! What an admin says of articles, and what a change of the rules does: to what is open, and never to what was sent.

use crate::support::{
    office::{Office, news, until},
    origin::Origin,
};
use diembao::config::topics::BUILTIN;
use serde_json::Value;
use std::{fs, process::Stdio, time::Duration};

/// A column that two papers print alike, and one article each of the Party's work and of the market.
const NEWS: [(&str, &str); 4] = [
    (
        "Lịch tiếp công dân định kỳ của các đồng chí lãnh đạo tuần 46",
        "Thông báo lịch tiếp công dân định kỳ tại trụ sở tiếp công dân của tỉnh.",
    ),
    (
        "Lịch tiếp công dân định kỳ của các đồng chí lãnh đạo tuần 47",
        "Thông báo lịch tiếp công dân định kỳ tại trụ sở tiếp công dân của tỉnh, bắt đầu từ thứ Hai.",
    ),
    (
        "Đảng ủy xã Mường Vang kết nạp 9 đảng viên mới",
        "Chi bộ bản Nà Sài tổ chức lễ kết nạp; bí thư chi bộ trao quyết định cho các đảng viên trẻ.",
    ),
    (
        "Cán bộ, đảng viên xuống đồng giúp dân gặt lúa chạy mưa",
        "Giá lúa ở chợ Cồn Vành nhích lên hai trăm đồng mỗi ký so với hôm qua.",
    ),
];

/// An office that has read the news once.
fn office() -> (Office, Origin) {
    let origin = Origin::start();
    let items = NEWS.iter().enumerate().map(|(number, (title, sapo))| {
        let link = origin.url(&format!("/bai/tin-{number}.html"));
        (link, (*title).to_owned(), (*sapo).to_owned())
    });
    let answer = news(items);
    origin.on("/tin.rss", answer);
    let office = Office::new(&[origin.url("/tin.rss")], "");
    office.says(&["fetch"]);
    titles(&office);
    (office, origin)
}

/// The number that the article with this headline has.
fn number(office: &Office, title: &str) -> String {
    let explained = |id: u32| {
        office
            .json(&["--json", "explain", &id.to_string()])
            .remove(0)
    };
    let found = (1..=NEWS.len() as u32).find(|id| explained(*id)["title"] == title);
    found.expect("an article of that headline").to_string()
}

fn verdict(office: &Office, number: &str) -> Value {
    office.json(&["--json", "explain", number])[0]["verdict"].clone()
}

/// Composes without freezing, which judges what waits; the headlines in it.
fn titles(office: &Office) -> Vec<String> {
    let edition = office
        .json(&["--json", "digest", "hang-ngay", "--dry-run"])
        .remove(0);
    let stories = edition["stories"].as_array().unwrap().clone();
    let articles = stories
        .iter()
        .flat_map(|s| s["articles"].as_array().unwrap().clone());
    articles
        .map(|a| a["title"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_first_mark_corrects_its_article_and_similar_ones_and_can_be_taken_back() {
    let (office, _origin) = office();
    let [first, second, party, _] = NEWS.map(|(title, _)| number(&office, title));
    assert_eq!(titles(&office), [NEWS[2].0]);
    assert_eq!(verdict(&office, &second)["level"], 0);

    for word in ["relevant", "topic=dan_van"] {
        office.says(&["mark", &first, word]);
    }
    let taken = titles(&office);
    assert_eq!(taken.len(), 3, "{taken:?}");
    assert!(
        [0, 1, 2]
            .iter()
            .all(|&at| taken.iter().any(|title| title == NEWS[at].0))
    );
    let taught = verdict(&office, &second);
    assert_eq!(
        (&taught["level"], &taught["topics"][0]["topic"]),
        (&2.into(), &"dan_van".into())
    );
    let reason = &taught["hits"][0];
    assert_eq!(reason["part"], "mark");
    assert!(
        reason["found"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{first}: ")),
        "{reason}"
    );
    assert!(office.says(&["explain", &second]).contains("đánh dấu"));
    // Nothing in common, nothing learned.
    assert_eq!(
        verdict(&office, &party)["hits"]
            .to_string()
            .matches("\"mark\"")
            .count(),
        0
    );

    let listed = office.json(&["--json", "mark", "--list"]);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["marks"].as_array().unwrap().len(), 2);

    office.says(&["mark", &first, "--undo"]);
    assert_eq!(titles(&office), [NEWS[2].0]);
    assert_eq!(verdict(&office, &second)["level"], 0);
    assert!(office.json(&["--json", "mark", "--list"]).is_empty());
    let again = office.run(&["mark", &first, "--undo"]);
    assert_eq!(
        again.status.code(),
        Some(1),
        "there is nothing left to take back"
    );
}

#[test]
fn marks_are_exported_as_the_training_reads_them() {
    let (office, _origin) = office();
    let [first, _, party, market] = NEWS.map(|(title, _)| number(&office, title));
    office.says(&["mark", &first, "relevant"]);
    office.says(&["mark", &first, "topic=dan_van"]);
    office.says(&["mark", &market, "irrelevant"]);
    office.says(&["mark", &party, "topic=to_chuc"]);
    let exported = office.says(&["mark", "--export"]);
    let lines: Vec<Value> = exported
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let of = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&of(&first)["relevant"], &of(&first)["topics"][0]),
        (&2.into(), &"dan_van".into())
    );
    assert_eq!(of(&market)["relevant"], 0);
    // Of which only a topic was said: as relevant as it was judged.
    assert_eq!(
        (&of(&party)["relevant"], &of(&party)["topics"][0]),
        (&2.into(), &"to_chuc".into())
    );
    assert_eq!(of(&first)["excerpt"], NEWS[0].1);

    let file = office.path("marks.jsonl");
    fs::write(&file, &exported).unwrap();
    let trained = office
        .command(&["tool", "train"])
        .stdin(fs::File::open(&file).unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert!(
        trained.status.success() && said.contains("learned: 3 articles"),
        "{said}"
    );
}

#[test]
fn new_rules_judge_what_is_open_and_replay_what_was_sent() {
    let (office, _origin) = office();
    let [_, _, party, market] = NEWS.map(|(title, _)| number(&office, title));
    office.says(&["digest", "hang-ngay", "--out", "sent"]);
    let sent = fs::read(office.path("sent/edition.html")).unwrap();
    let date = office.json(&["--json", "digest", "hang-ngay"])[0]["date"]
        .as_str()
        .unwrap()
        .to_owned();
    let replayed = office.says(&["digest", "hang-ngay", "--replay", &date]);
    assert!(replayed.contains("Không bài nào đổi chỗ"), "{replayed}");

    // Another lexicon: one more phrase, one less that counts.
    let group = "[[topic.phrases]]\nweight = 8.0\nany = [\"giúp dân gặt lúa\"]\n\n[[topic]]\nkey = \"tu_tuong\"";
    let topics = BUILTIN.replacen("[[topic]]\nkey = \"tu_tuong\"", group, 1);
    assert_ne!(topics, BUILTIN);
    fs::write(office.path("topics.toml"), topics).unwrap();
    office.says(&["mark", &party, "irrelevant"]);

    let changes = office
        .json(&[
            "--json",
            "digest",
            "hang-ngay",
            "--replay",
            &date,
            "--out",
            "beside",
        ])
        .remove(0);
    let change = |id: &str| {
        let all = changes["changes"].as_array().unwrap();
        let found = all
            .iter()
            .find(|change| change["id"].as_i64() == id.parse().ok());
        let found = found.unwrap_or_else(|| panic!("no change of {id}: {all:?}"));
        (found["sent"].clone(), found["replay"].clone())
    };
    assert_eq!(change(&market), (Value::Null, "story".into()));
    assert_eq!(change(&party), ("story".into(), Value::Null));
    let beside =
        |name: &str| fs::read_to_string(office.path(&format!("beside/{name}.html"))).unwrap();
    assert!(beside("replay").contains(NEWS[3].0) && !beside("sent").contains(NEWS[3].0));

    // What was sent stands as it stood.
    office.says(&["digest", "hang-ngay", "--date", &date, "--out", "again"]);
    assert!(
        fs::read(office.path("again/edition.html")).unwrap() == sent,
        "the frozen edition changed"
    );
    // What is open is judged again by itself, in the background of the daemon.
    let mut daemon = office.daemon(Duration::from_secs(60));
    daemon.hears("READY=1");
    until("the new rules judge what is open", || {
        verdict(&office, &market)["level"] == 2
    });
    assert_eq!(verdict(&office, &market)["level"], 2);
}

#[test]
fn near_misses_of_an_edition_are_told_with_their_chance() {
    let (office, _origin) = office();
    let market = number(&office, NEWS[3].0);
    assert_eq!(verdict(&office, &market)["level"], 0);
    let told = office.json(&["--json", "digest", "hang-ngay", "--near-misses"]);
    let missed: Vec<&Value> = told
        .iter()
        .filter(|line| line["id"].as_i64() == market.parse().ok())
        .collect();
    assert_eq!(missed.len(), 1, "{told:?}");
    assert!(missed[0]["score"].as_f64().unwrap() < missed[0]["cut"].as_f64().unwrap());
}
