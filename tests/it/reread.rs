//! Mailed articles whose pages are asked again, over real sockets and a real file: what papers take down or correct stands
//! in the next edition, once; a paper's broken site is no withdrawal.

use crate::support::origin::{Answer, Origin};
use crate::support::poller::Poller;
use diembao::daemon::{desk, pages, reread};
use diembao::edition;
use diembao::model::{Change, Edition, Reworded};
use jiff::Timestamp;
use std::fmt::Write as _;
use std::io::{Cursor, Read as _};

const ARTICLES: u32 = 9;
const DIGEST: &str = "[[digest]]\nname = \"hang-ngay\"\nat = \"06:30\"\ndays = \"T2-CN\"\nrecipients = [\"an@x.example\"]\n";

/// What each paper's article tells: of a body of its own, so that no two are one story.
const DEEDS: [&str; ARTICLES as usize] = [
    "khen thưởng các tổ đảng tiêu biểu",
    "kiểm tra chi bộ có dấu hiệu vi phạm",
    "bồi dưỡng cấp ủy viên cơ sở",
    "luân chuyển cán bộ trẻ về xã",
    "học tập và làm theo tấm gương Bác",
    "đối thoại với đảng viên trẻ",
    "sắp xếp lại chi bộ sau sáp nhập",
    "triển khai nghị quyết chuyên đề",
    "tổng kết công tác dân vận khéo",
];

fn title(nth: u32) -> String {
    format!("Đảng ủy phường Bến Lúa {nth} {}", DEEDS[nth as usize])
}

fn figure(nth: u32, members: u32) -> String {
    format!("Đợt này, Đảng bộ phường Bến Lúa {nth} kết nạp {members} đảng viên mới.")
}

fn page(title: &str, text: &str) -> Answer {
    let html = format!(
        "<html><head><title>{title}</title></head><body><h1>{title}</h1><article>{text}</article></body></html>"
    );
    Answer::ok(html).header("Content-Type", "text/html; charset=utf-8")
}

fn article(nth: u32, members: u32) -> Answer {
    let deed = DEEDS[nth as usize];
    let text = format!(
        "<p>Đảng ủy phường Bến Lúa {nth} vừa {deed}, theo chương trình công tác của Ban Thường vụ Đảng ủy.</p>\
         <p>{}</p><p>Bí thư Đảng ủy phường nhấn mạnh việc {deed} phải làm đến từng chi bộ khu phố, có kiểm tra, có sơ kết.</p>",
        figure(nth, members)
    );
    page(&title(nth), &text)
        .header("ETag", &format!("\"{nth}-{members}\""))
        .conditional()
}

fn address(nth: u32) -> String {
    format!("/xay-dung-dang/ben-lua-{nth}-a{}.html", 1000 + nth)
}

/// One paper with its articles, fetched, read and mailed on Monday.
async fn mailed(article_settings: &str) -> (Origin, Poller, Edition) {
    let origin = Origin::start();
    let mut items = String::new();
    for nth in 0..ARTICLES {
        origin.on(&address(nth), article(nth, 12 + nth));
        let link = origin.url(&address(nth));
        write!(
            items,
            "<item><title>{}</title><link>{link}</link><guid>{link}</guid><pubDate>Sun, 15 Nov 2026 {:02}:00:00 +0000</pubDate>\
             <description>Tin từ phường Bến Lúa {nth}.</description></item>",
            title(nth),
            10 + nth
        )
        .unwrap();
    }
    let feed =
        format!("<rss version=\"2.0\"><channel><title>Báo Bến Lúa</title>{items}</channel></rss>");
    origin.on("/rss", Answer::ok(feed));
    origin.on(
        "/",
        page(
            "Báo Bến Lúa điện tử",
            "<ul><li><a href=\"/a\">Tin mới</a></li></ul>",
        ),
    );
    let feeds = [("ben-lua", "tin", origin.url("/rss"))];
    let mut poller = Poller::new(
        &feeds,
        &format!("[article]\n{article_settings}\n{DIGEST}"),
        "",
    )
    .await;
    poller.poll_all().await;
    let works = poller.works();
    desk::analyse_pending(&works, || ()).await.unwrap();
    pages::pass(&works, |_| ()).await.unwrap();
    desk::analyse_pending(&works, || ()).await.unwrap();
    desk::compose_due(&works).await.unwrap();
    let edition = compose(&mut poller, 16).await;
    assert_eq!(edition.counts.articles, ARTICLES);
    (origin, poller, edition)
}

fn at(day: i8, time: &str) -> Timestamp {
    format!("2026-11-{day}T{time}:00+07:00").parse().unwrap()
}

/// The edition of that morning.
async fn compose(poller: &mut Poller, day: i8) -> Edition {
    poller.now = at(day, "06:31");
    let works = poller.works();
    desk::analyse_pending(&works, || ()).await.unwrap();
    let mut made = desk::compose_due(&works).await.unwrap();
    let composed = made.pop().unwrap();
    for correction in &composed.edition.corrections {
        let mail = [&composed.rendered.html, &composed.rendered.text];
        let shown = word_text(&composed.edition);
        let told = correction.mailed_title.split(' ').next_back().unwrap();
        assert!(mail.iter().all(|part| part.contains(told)), "{told}");
        assert!(shown.contains(&correction.mailed_title), "{shown}");
    }
    composed.edition
}

/// Whether the edition has this sentence.
fn quotes(edition: &Edition, sentence: &str) -> bool {
    let summaries = edition.stories.iter().flat_map(|story| &story.summary);
    let figures = edition.stories.iter().flat_map(|story| &story.figures);
    let all = summaries
        .map(|quote| &quote.text)
        .chain(figures.map(|f| &f.figure.sentence));
    all.into_iter().any(|text| text == sentence)
}

/// What the Word file says.
fn word_text(edition: &Edition) -> String {
    let bytes = edition::docx(edition, &Default::default(), &Default::default()).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut document = String::new();
    let mut part = archive.by_name("word/document.xml").unwrap();
    part.read_to_string(&mut document).unwrap();
    let pieces = document.split('<').filter_map(|tag| tag.split_once('>'));
    pieces.map(|(_, text)| text).collect()
}

/// Asks what is due then.
async fn ask(poller: &mut Poller, day: i8, time: &str) -> usize {
    poller.now = at(day, time);
    reread::round(&poller.works()).await.unwrap()
}

fn told(edition: &Edition) -> Vec<(String, Change)> {
    let line = |c: &diembao::model::Correction| (c.mailed_title.clone(), c.change);
    let mut told: Vec<_> = edition.corrections.iter().map(line).collect();
    told.sort();
    told
}

#[tokio::test]
async fn what_papers_take_down_or_correct_stands_in_the_next_edition_once() {
    let (origin, mut poller, first) = mailed("").await;
    assert!(first.corrections.is_empty());
    let before = origin.log().len();
    let (mended, others): (Vec<u32>, Vec<u32>) =
        (0..ARTICLES).partition(|nth| quotes(&first, &figure(*nth, 12 + nth)));
    let (mended, others) = (mended[0], [&others[..], &mended[1..]].concat());
    // Taken down in three ways; a figure mended; the server's trouble; the rest stands.
    origin.on(&address(others[0]), Answer::status(404));
    origin.on(
        &address(others[1]),
        Answer::redirect(302, "/xay-dung-dang/"),
    );
    origin.on(
        "/xay-dung-dang/",
        page(
            "Xây dựng Đảng",
            "<ul><li><a href=\"/a\">Tin mới</a></li></ul>",
        ),
    );
    origin.on(
        &address(others[2]),
        page(
            "Báo Bến Lúa",
            "<p>Rất tiếc, bài viết không tồn tại hoặc đã bị gỡ.</p>",
        ),
    );
    origin.on(&address(mended), article(mended, 51));
    origin.on(&address(others[3]), Answer::status(503));

    assert_eq!(
        ask(&mut poller, 17, "02:30").await,
        0,
        "twenty hours after the edition"
    );
    assert_eq!(ask(&mut poller, 17, "02:32").await, ARTICLES as usize);
    let asked = origin.log_after(before);
    let conditional = asked
        .iter()
        .filter(|a| a.path.contains("ben-lua") && a.header("If-None-Match").is_some())
        .count();
    assert_eq!(
        conditional, ARTICLES as usize,
        "with what the first reading left"
    );
    assert_eq!(ask(&mut poller, 17, "02:40").await, 0);
    // Seen once is not yet gone. Asked once more, an hour later, the three alone.
    assert_eq!(ask(&mut poller, 17, "03:33").await, 3);

    let second = compose(&mut poller, 17).await;
    let mut expected = vec![
        (title(others[0]), Change::Withdrawn),
        (title(others[1]), Change::Withdrawn),
        (title(others[2]), Change::Withdrawn),
        (title(mended), Change::Refigured),
    ];
    expected.sort();
    assert_eq!(told(&second), expected);
    let reworded = second.corrections.iter().find_map(|c| c.reworded.clone());
    assert_eq!(
        reworded,
        Some(Reworded {
            was: figure(mended, 12 + mended),
            now: figure(mended, 51)
        })
    );
    let json = edition::to_json(&second);
    assert_eq!(json["corrections"].as_array().unwrap().len(), 4);

    // Once a day until the third day, the withdrawn never again; told never again.
    let before = origin.log().len();
    assert_eq!(ask(&mut poller, 18, "02:40").await, 6);
    assert_eq!(ask(&mut poller, 18, "12:00").await, 0);
    assert_eq!(compose(&mut poller, 18).await.corrections, []);
    assert_eq!(ask(&mut poller, 19, "02:50").await, 6);
    assert_eq!(
        ask(&mut poller, 25, "02:50").await,
        0,
        "three days, no longer"
    );
    let asked = origin.log_after(before);
    assert!(
        asked
            .iter()
            .all(|a| others[..3].iter().all(|nth| a.path != address(*nth)))
    );
}

#[tokio::test]
async fn a_broken_site_or_one_bad_night_is_no_withdrawal() {
    let (origin, mut poller, _) = mailed("").await;
    // All is the home page, as after a change of the paper's system.
    for nth in 0..ARTICLES {
        origin.on(&address(nth), Answer::redirect(302, "/"));
    }
    assert_eq!(ask(&mut poller, 17, "02:40").await, ARTICLES as usize);
    assert_eq!(ask(&mut poller, 17, "04:00").await, 0, "nothing to confirm");
    // One page is away for a night, and another's absence cannot be told from the site's own: only 404, and few stand.
    for nth in 0..ARTICLES {
        origin.on(&address(nth), article(nth, 12 + nth));
    }
    origin.on(&address(5), Answer::status(404));
    assert_eq!(ask(&mut poller, 18, "02:50").await, ARTICLES as usize);
    origin.on(&address(5), article(5, 17));
    assert_eq!(ask(&mut poller, 18, "03:51").await, 1);
    for nth in 0..ARTICLES {
        origin.on(&address(nth), Answer::status(404));
    }
    assert!(ask(&mut poller, 19, "03:00").await > 0);
    assert_eq!(
        ask(&mut poller, 19, "05:00").await,
        1,
        "the one of that night"
    );
    assert_eq!(compose(&mut poller, 19).await.corrections, []);
}

#[tokio::test]
async fn pages_that_may_not_be_asked_are_not() {
    let (origin, mut poller, _) = mailed("reread_days = 0").await;
    let before = origin.log().len();
    assert_eq!(ask(&mut poller, 17, "02:40").await, 0);
    assert_eq!(origin.log_after(before).len(), 0);
}
