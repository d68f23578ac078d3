//! Whole pages in, articles out; and pages made to hurt.

use super::*;
use crate::model::PageRules;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::time::{Duration, Instant};
use url::Url;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn read(html: &str) -> Result<PageArticle, NotAnArticle> {
    let url = Url::parse("https://bao.example/chi-bo/bai-viet-1.html").unwrap();
    extract(
        html.as_bytes(),
        None,
        Some(&url),
        &PageRules::default(),
        &zone(),
    )
}

/// What a page of the corpus says, beside it in a JSON file.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Expected {
    title: String,
    lead: Option<String>,
    paragraphs: Vec<String>,
    author: Option<String>,
    published: Option<jiff::Timestamp>,
    canonical_url: Option<String>,
    section: Option<String>,
}

#[test]
fn the_pages_of_the_corpus_are_read_as_written_beside_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pages");
    let mut pages = 0;
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|e| e != "html") {
            continue;
        }
        pages += 1;
        let expected: Expected =
            serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap())
                .unwrap();
        let article = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let got = Expected {
            title: article.title,
            lead: article.lead,
            paragraphs: article.text.split("\n\n").map(str::to_owned).collect(),
            author: article.author,
            published: article.published,
            canonical_url: article.canonical_url,
            section: article.section,
        };
        if got != expected {
            wrong.push(format!(
                "{}\n  want {expected:#?}\n  got  {got:#?}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pages >= 12, "{pages} pages only");
}

/// An article with `inside` in its middle.
fn page_with(inside: &str) -> String {
    let paragraph = "Chi bộ thôn Bãi Sậy họp bàn việc nạo vét kênh mương trước mùa mưa, phân công từng đảng viên phụ trách.";
    format!(
        "<!DOCTYPE html><html><body><h1>Chi bộ Bãi Sậy bàn việc thôn</h1><div class=\"content\"><p>{paragraph}</p>{inside}<p>{paragraph} Ai cũng ký tên.</p></div></body></html>"
    )
}

/// Debug builds on busy machines are slow; what is quadratic takes many minutes.
const BOUND: Duration = Duration::from_secs(90);

#[test]
fn hostile_pages_take_bounded_time_and_stack() {
    let n = 30_000;
    let bombs = [
        ("nested div", "<div>".repeat(100_000)),
        ("nested span with text", "<span>x".repeat(n)),
        ("nested tables", "<table><tr><td>".repeat(n / 3)),
        ("nested lists", "<ul><li>".repeat(n / 2)),
        (
            "open formatting",
            (0..n).map(|i| format!("<b id={i}><p>")).collect(),
        ),
        ("open links", "<a href=x><div>".repeat(n / 2)),
        (
            "attributes",
            format!(
                "<div {}>",
                (0..n).map(|i| format!("a{i}=1 ")).collect::<String>()
            ),
        ),
        (
            "attributes of html",
            (0..n).map(|i| format!("<html a{i}=1>")).collect(),
        ),
        ("unclosed svg", "<svg>".repeat(n)),
        ("unclosed comment", "<!--".repeat(n)),
        ("end tags", "</p></div></a></b>".repeat(n / 4)),
        ("misnested", "<b><div></b><i></div></i>".repeat(n / 6)),
        ("less-than signs", "<".repeat(n)),
        ("open quotes", "<a href='\"".repeat(n)),
        ("headings", "<h1>x</h1>".repeat(n)),
        (
            "linked headings",
            "<div><h3><a href=x>Tin khác trong ngày hôm nay</a></h3>".repeat(n / 10),
        ),
        ("pictures", "<div><img>".repeat(n)),
        ("templates", "<template><div>".repeat(n / 2)),
        (
            "frames and forms",
            "<frameset><form><select><option>".repeat(n / 4),
        ),
        ("foreign content", "<math><mi><svg><desc><p>".repeat(n / 5)),
    ];
    for (name, bomb) in bombs {
        let started = Instant::now();
        let article = read(&page_with(&bomb));
        let took = started.elapsed();
        assert!(took < BOUND, "{name}: {took:?}");
        // What comes of it matters less than that something does; most keep the text before the bomb.
        let _ = article;
    }
}

#[test]
fn json_that_is_nested_or_huge_is_passed_over() {
    for json in [
        "[".repeat(200_000),
        "{\"a\":".repeat(100_000),
        format!("[{}1]", "1,".repeat(500_000)),
    ] {
        let html = page_with(&format!(
            "<script type=\"application/ld+json\">{json}</script>"
        ));
        assert_eq!(read(&html).unwrap().title, "Chi bộ Bãi Sậy bàn việc thôn");
    }
}

#[test]
fn a_page_of_five_megabytes_is_read_and_a_larger_one_refused() {
    let paragraph = "<p>Đảng ủy xã phân công cấp ủy viên dự sinh hoạt với từng chi bộ, ghi lại kiến nghị và trả lời trong tháng.</p>";
    let html = page_with(&paragraph.repeat((MAX_PAGE_BYTES - 2_000) / paragraph.len()));
    assert!(html.len() <= MAX_PAGE_BYTES && html.len() > MAX_PAGE_BYTES * 9 / 10);
    let started = Instant::now();
    let article = read(&html).unwrap();
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
    assert!(article.text.len() > 4_000_000);
    assert_eq!(
        read(&" ".repeat(MAX_PAGE_BYTES + 1)),
        Err(NotAnArticle::TooLarge)
    );
}

#[test]
fn pages_without_an_article_are_refused() {
    for html in [
        "",
        "   ",
        "<html><body></body></html>",
        "{\"error\":404}",
        "<p>Không tìm thấy trang</p>",
    ] {
        assert_eq!(read(html), Err(NotAnArticle::NoText), "{html:?}");
    }
}

#[test]
fn hidden_text_is_not_read() {
    let html = page_with(
        "<p style='display: none'>khai trừ khỏi Đảng</p><p hidden>cách chức tất cả</p><!-- kỷ luật --><p>Cuộc họp kết thúc lúc chín giờ tối cùng ngày, không khí cởi mở.</p>",
    );
    let text = read(&html).unwrap().text;
    assert!(!text.contains("khai trừ") && !text.contains("cách chức") && !text.contains("kỷ luật"));
    assert!(text.contains("chín giờ tối"));
}

#[test]
fn site_rules_come_before_the_general_reading() {
    let html = "<html><head><title>Trang</title></head><body><h1>Tên báo</h1><div class=t>Tin thật của hôm nay</div><div class=s>Mở đầu của bài.</div>\
        <div class=w>Người viết: Lê Na</div><div class=d>07.03.2026 lúc 08h15</div><div id=n><p>Đoạn một của bài viết, dài vừa đủ để đọc và hiểu.</p><p class=x>Rao vặt nhà đất xen giữa bài viết này.</p><p>Đoạn hai.</p></div>\
        <div><p>Một khối chữ khác dài hơn nhiều so với bài viết, mà cách đọc chung có thể lấy nhầm làm bài nếu không có luật của riêng tờ báo này, thật vậy.</p></div></body></html>";
    let some = |s: &str| Some(s.to_owned());
    let rules = PageRules {
        title: some(".t"),
        lead: some(".s"),
        body: some("#n"),
        author: some(".w"),
        published: some(".d"),
        remove: vec![".x".to_owned(), ":::broken".to_owned()],
    };
    let article = extract(html.as_bytes(), None, None, &rules, &zone()).unwrap();
    assert_eq!(article.title, "Tin thật của hôm nay");
    assert_eq!(article.lead.as_deref(), Some("Mở đầu của bài."));
    assert_eq!(
        article.text,
        "Đoạn một của bài viết, dài vừa đủ để đọc và hiểu.\n\nĐoạn hai."
    );
    assert_eq!(article.author.as_deref(), Some("Lê Na"));
    assert_eq!(
        article.published,
        Some("2026-03-07T08:15:00+07:00".parse().unwrap())
    );
    // Rules that match nothing change nothing.
    let none = PageRules {
        title: some(".no"),
        body: some("#no"),
        lead: some("p:("),
        ..PageRules::default()
    };
    let general = extract(html.as_bytes(), None, None, &PageRules::default(), &zone());
    assert_eq!(
        extract(html.as_bytes(), None, None, &none, &zone()),
        general
    );
}

#[test]
fn encodings_are_read() {
    let html = page_with("<p>Kết luận: 100% đồng ý.</p>");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(html.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mut broken = html.clone().into_bytes();
    broken.extend_from_slice(b"\xe1\xbb");
    for bytes in [utf16, broken] {
        let article = extract(
            &bytes,
            Some("text/html; charset=utf-8"),
            None,
            &PageRules::default(),
            &zone(),
        )
        .unwrap();
        assert_eq!(article.title, "Chi bộ Bãi Sậy bàn việc thôn");
    }
    let french = "<html><meta charset=iso-8859-1><h1>\u{c9}lections</h1><p>Le conseil municipal a vot\u{e9} hier soir le budget de la nouvelle \u{e9}cole du quartier nord.</p><p>Les travaux commenceront en septembre, a pr\u{e9}cis\u{e9} le maire devant les habitants.</p>";
    let latin: Vec<u8> = french.chars().map(|c| c as u8).collect();
    assert_eq!(
        extract(&latin, None, None, &PageRules::default(), &zone())
            .unwrap()
            .title,
        "\u{c9}lections"
    );
}

#[test]
fn dates_are_read_as_papers_print_them() {
    use dates::{Written, find};
    let printed = [
        ("Thứ sáu, 28/10/2021 | 05:04", "2021-10-28T05:04:00"),
        ("05:04 28/10/2021", "2021-10-28T05:04:00"),
        (
            "Cập nhật lúc 15 giờ 20, ngày 7/3/2026",
            "2026-03-07T15:20:00",
        ),
        ("Thứ 7, 07.03.2026 | 08h47'", "2026-03-07T08:47:00"),
        ("07-03-2026 - 09:40 AM", "2026-03-07T09:40:00"),
        ("07/03/2026 04:05 CH", "2026-03-07T16:05:00"),
        ("Ngày 2 tháng 9 năm 2025, 10:00", "2025-09-02T10:00:00"),
        ("2026-03-07T08:52:11.000 +07:00", "2026-03-07T08:52:11"),
        ("March 7, 2026 at 8:47 pm", "2026-03-07T20:47:00"),
        ("7 Mar 2026", "2026-03-07T00:00:00"),
        ("14:02 | 19/06/2025", "2025-06-19T14:02:00"),
    ];
    for (text, clock) in printed {
        let stamp = find(text, Written::Printed).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(stamp.clock, clock.parse().unwrap(), "{text}");
    }
    let american = find("1/8/2026 10:02:01 AM", Written::Metadata).unwrap();
    assert_eq!(american.clock, "2026-01-08T10:02:01".parse().unwrap());
    for text in [
        "",
        "31/02/2026",
        "Nghị quyết 18-NQ/TW",
        "99/99/9999",
        "0257.3841275",
        "điểm 3.12.1",
    ] {
        assert_eq!(find(text, Written::Printed), None, "{text}");
    }
}

#[test]
fn names_are_found_in_signatures_and_only_there() {
    let signatures = [
        ("Tin, ảnh: Nguyễn Văn A", Some("Nguyễn Văn A")),
        ("Tin: Tường Minh - Ảnh: Đỗ Hiền", Some("Tường Minh")),
        ("SONG NHI (Theo Medical News Today)", Some("SONG NHI")),
        ("Theo Hồ Hương", Some("Hồ Hương")),
        ("(TTXVN)", Some("TTXVN")),
        ("BÀI VÀ ẢNH: LAM PHƯƠNG", Some("LAM PHƯƠNG")),
        ("Nguyên Minh - 07/03/2026 08:47", Some("Nguyên Minh")),
        ("Tạ Nguyên/Báo Tin tức", Some("Tạ Nguyên")),
        ("By Ella Marsh", Some("Ella Marsh")),
        ("Đồng chí Bí thư phát biểu kết luận hội nghị.", None),
        ("Xem các bài viết của tác giả", None),
        ("https://bao.example", None),
        ("", None),
    ];
    for (line, name) in signatures {
        assert_eq!(lines::name_in(line).as_deref(), name, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = extract(&bytes, None, None, &PageRules::default(), &zone());
    }

    #[test]
    fn reading_tag_soup_never_panics(soup in "(<(/)?(div|p|a|b|table|tr|td|ul|li|h1|h2|script|svg|title|html|body|img)( class=\"?(sapo|author|share|time)?\"?)?>|Đảng ủy xã |07/03/2026 08:47 |&#1|<!--|-->|\"|'|\\PC){0,200}") {
        let _ = extract(soup.as_bytes(), None, None, &PageRules::default(), &zone());
        let _ = extract(page_with(&soup).as_bytes(), None, None, &PageRules::default(), &zone());
    }

    #[test]
    fn the_guard_bounds_depth_whatever_comes(soup in "(<(/)?(div|p|a|b|span|td|li|ul|section)>){0,3000}") {
        let bounded = guard::bounded(&soup);
        let document = dom_query::Document::from(bounded);
        let deepest = document.root().descendants_it().map(|n| n.ancestors_it(None).count()).max().unwrap_or(0);
        prop_assert!(deepest <= 3 * guard::MAX_DEPTH, "{deepest}");
    }

    #[test]
    fn dates_and_lines_never_panic(text in "\\PC{0,300}|([0-9]{1,4}[/:.\\-hT ]){0,12}(AM|CH|\\+07:00|Z)?") {
        let _ = dates::find(&text, dates::Written::Metadata).map(|s| s.instant(&zone()));
        let _ = dates::find(&text, dates::Written::Printed);
        let _ = (lines::name_in(&text), lines::is_caption(&text), lines::is_invitation(&text), lines::is_source(&text));
    }
}
