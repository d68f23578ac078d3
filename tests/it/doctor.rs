//! The doctor of sources: one address examined, a site searched, and feeds that answer and have drifted.

use crate::support::office::{Office, feed};
use crate::support::origin::{Answer, Origin};

/// A feed of a section that serves another one's articles.
fn mixed(origin: &Origin) -> Answer {
    let items: String = (0..8)
        .map(|n| {
            let section = if n < 6 { "thoi-su" } else { "xay-dung-dang" };
            let link = origin.url(&format!(
                "/{section}/chi-bo-ap-{n}-ket-nap-dang-vien-20451{n}.html"
            ));
            format!(
                "<item><title>Chi bộ ấp {n} kết nạp đảng viên mới</title><link>{link}</link>\
                 <pubDate>Fri, 20 Nov 2026 0{n}:00:00 +0700</pubDate></item>"
            )
        })
        .collect();
    Answer::ok(format!(
        "<rss><channel><title>Trang chủ</title>{items}</channel></rss>"
    ))
    .header("Content-Type", "text/xml")
    .header("ETag", "\"mot\"")
}

fn with_section(origin: &Origin) -> Office {
    let office = Office::new(&[origin.url("/xay-dung-dang.rss")], "");
    let feeds = std::fs::read_to_string(office.path("feeds.toml")).unwrap();
    let feeds = feeds.replace(
        "key = \"tin\"",
        "key = \"tin\"\nsection = \"xay-dung-dang\"",
    );
    std::fs::write(office.path("feeds.toml"), feeds).unwrap();
    office
}

const NOW: [&str; 2] = ["--now", "2026-11-20T08:30:00+07:00"];

#[test]
fn one_address_is_examined_and_reported_in_full() {
    let origin = Origin::start();
    origin.on("/xay-dung-dang.rss", mixed(&origin));
    let office = with_section(&origin);
    let report = &office.json(&["--json", NOW[0], NOW[1], "feeds", "test", "bao-0/tin"])[0];
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(report["answer"]["etag"], true);
    // The server gave an ETag and does not know it again.
    assert_eq!(report["answer"]["conditional"], false);
    assert_eq!(report["content"]["items"], 8);
    assert_eq!(
        report["content"]["sections"][0],
        serde_json::json!(["thoi-su", 6])
    );
    assert_eq!(report["content"]["taken"][0]["level"], 2);
    assert!(
        !report["content"]["taken"][0]["why"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let next: jiff::Timestamp = report["next_poll"].as_str().unwrap().parse().unwrap();
    assert!(next > NOW[1].parse().unwrap());
    let told = office.says(&[NOW[0], NOW[1], "feeds", "test", "bao-0/tin"]);
    assert!(
        told.contains("có thể nhầm chuyên mục: cần \"xay-dung-dang\", nhưng chỉ 2/8 bài"),
        "{told}"
    );
    assert!(
        told.contains("Bài mới nhất: 07:00 20/11/2026 (1 giờ trước)"),
        "{told}"
    );
    // A try keeps nothing and asks nothing twice but the one question about the ETag.
    assert!(!office.path("data").exists());
    assert_eq!(origin.paths().len(), 4);
}

#[test]
fn a_page_where_a_feed_was_due_is_searched_for_feeds() {
    let origin = Origin::start();
    let page = "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/rss/home.rss\"></head>\
        <body><a href=\"/rss\">RSS</a> <a href=\"/rss/chet.rss\">Cũ</a></body></html>";
    origin.on("/", Answer::ok(page).header("Content-Type", "text/html"));
    origin.on("/rss/home.rss", mixed(&origin));
    origin.on(
        "/rss",
        Answer::ok("<html><body><a href=\"/rss/thoi-su.rss\">Thời sự</a></body></html>"),
    );
    origin.on("/rss/thoi-su.rss", mixed(&origin));
    origin.on(
        "/robots.txt",
        Answer::ok("User-agent: *\nSITEMAP: /sitemap.xml\n"),
    );
    let article = origin.url("/thoi-su/bai-204518.html");
    origin.on(
        "/sitemap.xml",
        Answer::ok(format!("<urlset><url><loc>{article}</loc></url></urlset>")),
    );
    let office = Office::new(&[], "");
    let url = origin.url("/");
    let found = office.json(&["--json", NOW[0], NOW[1], "feeds", "discover", url.as_str()]);
    let paths: Vec<&str> = found
        .iter()
        .map(|one| {
            one["url"]
                .as_str()
                .unwrap()
                .rsplit_once(&format!(":{}", origin.port()))
                .unwrap()
                .1
        })
        .collect();
    assert_eq!(paths, ["/rss/home.rss", "/rss/thoi-su.rss", "/sitemap.xml"]);
    assert_eq!(found[2]["kind"], "sitemap");
    let out = office.run(&[NOW[0], NOW[1], "feeds", "test", url.as_str()]);
    let told = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(
        told.contains("KHÔNG ĐỌC ĐƯỢC: trả về trang web") && told.contains("/rss/home.rss"),
        "{told}"
    );
    // Nothing at all: said, and the exit code says it too.
    let bare = Origin::start();
    let out = office.run(&["feeds", "discover", bare.url("/").as_str()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        String::from_utf8(out.stdout)
            .unwrap()
            .contains("Không tìm thấy nguồn tin nào")
    );
}

#[test]
fn a_feed_that_answers_and_brings_nothing_new_is_shown_since_when() {
    let origin = Origin::start();
    let answer = feed(&origin, "/tin.rss", 0..4, true)
        .header("ETag", "\"mot\"")
        .conditional();
    origin.on("/tin.rss", answer);
    let office = Office::new(&[origin.url("/tin.rss")], "");
    let after = |days: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        at.to_string()
    };
    let (today, later) = (after(0), after(12));
    office.says(&["--now", &today, "fetch"]);
    assert!(
        !office
            .says(&["--now", &today, "feeds", "list"])
            .contains("bất thường")
    );
    office.says(&["--now", &later, "fetch"]);
    let list = office.says(&["--now", &later, "feeds", "list"]);
    assert!(
        list.contains("bất thường") && list.contains("vẫn trả lời nhưng không có bài mới (từ "),
        "{list}"
    );
    let row = &office.json(&["--now", &later, "--json", "feeds", "show", "bao-0/tin"])[0];
    assert_eq!(row["alarms"][0]["drift"], "frozen", "{row}");
    let status = office.says(&["--now", &later, "status"]);
    assert!(
        status.contains("0 lỗi, 1 bất thường") && status.contains("bất thường bao-0/tin từ"),
        "{status}"
    );
    // The staff hear of it in the mail's own words on what could not be seen.
    let dir = office.path("xem");
    let out = dir.to_str().unwrap();
    office.says(&[
        "--now",
        &later,
        "digest",
        "hang-ngay",
        "--dry-run",
        "--out",
        out,
    ]);
    let json = std::fs::read_dir(&dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "json"))
        .unwrap();
    let edition: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(
        edition["coverage"]["sources_failing"][0]["reason"], "vẫn trả lời nhưng không có bài mới",
        "{}",
        edition["coverage"]
    );
}
