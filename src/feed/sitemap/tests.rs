//! Sitemaps as papers serve them, and as nobody should.

use super::*;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::io::Write as _;

fn base() -> Url {
    Url::parse("https://baodongbung.example/sitemap.xml").unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn arrived() -> Timestamp {
    "2026-11-20T08:00:00+07:00".parse().unwrap()
}

fn sitemap(body: &[u8]) -> Result<Sitemap, NotAFeed> {
    read(
        body,
        Some("application/xml"),
        &base(),
        &zone(),
        Some(arrived()),
    )
}

#[track_caller]
fn articles(body: &[u8]) -> Reading {
    match sitemap(body).unwrap() {
        Sitemap::Articles(reading) => *reading,
        Sitemap::Index(parts) => panic!("an index: {parts:?}"),
    }
}

#[track_caller]
fn index_of(body: &str) -> Vec<String> {
    match sitemap(body.as_bytes()).unwrap() {
        Sitemap::Index(parts) => parts.into_iter().map(|part| part.url.into()).collect(),
        Sitemap::Articles(reading) => panic!("articles: {:?}", reading.entries),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const NEWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url>
  <loc>https://baodongbung.example/chinh-tri/chi-bo-ap-ba-ket-nap-dang-vien-204518.html?a=1&amp;b=2</loc>
  <lastmod>2026-11-20T07:30:00+07:00</lastmod>
  <news:news>
   <news:publication><news:name>Báo Đồng Bưng</news:name><news:language>vi</news:language></news:publication>
   <news:publication_date>2026-11-20T07:12:00+07:00</news:publication_date>
   <news:title><![CDATA[Chi bộ ấp Ba kết nạp đảng viên &amp; bàn việc kênh]]></news:title>
   <news:keywords>đảng viên, chi bộ , kết nạp</news:keywords>
  </news:news>
  <image:image><image:loc>https://img.example/a.jpg</image:loc><image:title>Ảnh lễ kết nạp</image:title></image:image>
 </url>
 <url><loc>/chinh-tri/</loc><news:news><news:title>Một bài có địa chỉ ngắn</news:title></news:news></url>
</urlset>"#;

#[test]
fn a_news_sitemap_reads_as_a_feed_does() {
    let reading = articles(NEWS.as_bytes());
    let entry = &reading.entries[0];
    assert_eq!(
        entry.title,
        "Chi bộ ấp Ba kết nạp đảng viên & bàn việc kênh"
    );
    assert_eq!(
        entry.link.as_deref(),
        Some(
            "https://baodongbung.example/chinh-tri/chi-bo-ap-ba-ket-nap-dang-vien-204518.html?a=1&b=2"
        )
    );
    assert_eq!(
        entry.published,
        Some("2026-11-20T07:12:00+07:00".parse().unwrap())
    );
    assert_eq!(
        entry.updated,
        Some("2026-11-20T07:30:00+07:00".parse().unwrap())
    );
    assert_eq!(entry.raw_date.as_deref(), Some("2026-11-20T07:12:00+07:00"));
    assert_eq!(entry.categories, ["đảng viên", "chi bộ", "kết nạp"]);
    assert_eq!(reading.entries.len(), 2);
    assert_eq!(
        reading.entries[1].link.as_deref(),
        Some("https://baodongbung.example/chinh-tri/")
    );
    assert_eq!(reading.meta.language.as_deref(), Some("vi"));
    assert!(reading.complete);
}

#[test]
fn names_and_prefixes_may_be_odd() {
    let odd = NEWS
        .replace("news:", "n:")
        .replace("<url>", "<URL>")
        .replace("</url>", "</URL>")
        .replace("<loc>", "<sm:loc>")
        .replace("</loc>", "</sm:loc>");
    assert_eq!(
        articles(odd.as_bytes()).entries,
        articles(NEWS.as_bytes()).entries
    );
}

#[test]
fn a_plain_sitemap_keeps_what_looks_like_articles() {
    let addresses = [
        ("https://baodongbung.example/", false),
        ("https://baodongbung.example/chinh-tri", false),
        ("https://baodongbung.example/xay-dung-dang.html", false),
        (
            "https://baodongbung.example/tag/chi-bo-ap-ba-thi-dua-nam-2026",
            false,
        ),
        ("https://baodongbung.example/lien-he.html", false),
        (
            "https://baodongbung.example/chinh-tri/dang-uy-xa-hop-phien-thuong-ky.html",
            true,
        ),
        ("https://baodongbung.example/bai-204519.html", true),
        ("https://baodongbung.example/2026/11/20/hop-chi-bo/", true),
        ("https://baodongbung.example/post.aspx?id=2045190", true),
    ];
    let urls: String = addresses
        .iter()
        .map(|(url, _)| format!("<url><loc>{url}</loc><lastmod>2026-11-19</lastmod></url>"))
        .collect();
    let reading = articles(format!("<urlset>{urls}</urlset>").as_bytes());
    let kept: Vec<&str> = reading
        .entries
        .iter()
        .filter_map(|e| e.link.as_deref())
        .collect();
    let due: Vec<&str> = addresses
        .iter()
        .filter(|(_, due)| *due)
        .map(|(url, _)| *url)
        .collect();
    assert_eq!(kept, due);
    let first = &reading.entries[0];
    assert_eq!((first.title.as_str(), first.published), ("", None));
    assert_eq!(
        first.updated,
        Some("2026-11-19T00:00:00+07:00".parse().unwrap())
    );
}

#[test]
fn times_that_are_all_the_same_say_nothing() {
    let urls: String = (0..40)
        .map(|n| format!("<url><loc>https://baodongbung.example/bai-20{n:04}.html</loc><lastmod>2026-11-20T01:00:00Z</lastmod></url>"))
        .collect();
    let reading = articles(format!("<urlset>{urls}</urlset>").as_bytes());
    assert_eq!(reading.entries.len(), 40);
    assert!(reading.entries.iter().all(|entry| entry.updated.is_none()));
}

#[test]
fn gzip_is_taken_off_and_bounded() {
    assert_eq!(
        articles(&gzip(NEWS.as_bytes())).entries,
        articles(NEWS.as_bytes()).entries
    );
    let mut long = String::from("<urlset>");
    while long.len() <= INFLATED_MAX_BYTES + 1_000 {
        long.push_str("<url><loc>https://baodongbung.example/bai-204518.html</loc></url>\n");
    }
    let reading = articles(&gzip(long.as_bytes()));
    assert!(!reading.complete && !reading.entries.is_empty());
    let half = gzip(NEWS.as_bytes());
    let cut = articles(&half[..half.len() - 60]);
    assert!(!cut.complete);
    assert_eq!(
        sitemap(&half[..12]).unwrap_err().kind,
        FailureKind::BadEncoding
    );
}

#[test]
fn what_breaks_off_keeps_what_was_whole() {
    let cut = &NEWS[..NEWS.find("<image:image>").unwrap()];
    let reading = articles(
        format!(
            "{}<url><loc>https://x.example/a-204520.html</loc></url>{}",
            "<urlset>",
            &cut[cut.find("<url>").unwrap()..]
        )
        .as_bytes(),
    );
    assert_eq!(reading.entries.len(), 1);
    assert!(!reading.complete);
    assert!(reading.warnings.contains(&crate::feed::Warning::Cut));
}

#[test]
fn an_index_names_its_newest_documents() {
    let dated = "<sitemapindex><sitemap><loc>/post-sitemap1.xml</loc><lastmod>2024-01-01</lastmod></sitemap>\
        <sitemap><loc>/post-sitemap2.xml.gz</loc><lastmod>2026-11-20T02:00:00+00:00</lastmod></sitemap>\
        <sitemap><loc>/category-sitemap.xml</loc><lastmod>2026-11-20T03:00:00+00:00</lastmod></sitemap>\
        <sitemap><loc>/post-sitemap3.xml</loc><lastmod>2026-11-19</lastmod></sitemap>\
        <sitemap><loc>/post-sitemap4.xml</loc><lastmod>2025-11-19</lastmod></sitemap></sitemapindex>";
    assert_eq!(
        index_of(dated),
        [
            "https://baodongbung.example/post-sitemap2.xml.gz",
            "https://baodongbung.example/post-sitemap3.xml",
            "https://baodongbung.example/post-sitemap4.xml"
        ]
    );
    let named = "<sitemapindex><sitemap><loc>/sitemaps/2026-9.xml</loc></sitemap><sitemap><loc>/sitemaps/2026-11.xml</loc></sitemap>\
        <sitemap><loc>/sitemaps/2026-10.xml</loc></sitemap><sitemap><loc>/news-sitemap.xml</loc></sitemap></sitemapindex>";
    assert_eq!(
        index_of(named),
        [
            "https://baodongbung.example/news-sitemap.xml",
            "https://baodongbung.example/sitemaps/2026-11.xml",
            "https://baodongbung.example/sitemaps/2026-10.xml"
        ]
    );
    // Where all are named so, they are not other things.
    let only = "<sitemapindex><sitemap><loc>/category-tin.xml</loc></sitemap></sitemapindex>";
    assert_eq!(
        index_of(only),
        ["https://baodongbung.example/category-tin.xml"]
    );
}

#[test]
fn lists_of_lines_and_feeds_are_read_and_the_rest_refused() {
    let lines = "https://baodongbung.example/\nhttps://baodongbung.example/bai-204518.html\r\n\n";
    assert_eq!(articles(lines.as_bytes()).entries.len(), 1);
    let rss = "<rss version='2.0'><channel><item><title>Tin</title><link>https://x.example/1</link></item></channel></rss>";
    assert_eq!(articles(rss.as_bytes()).entries[0].title, "Tin");
    for (body, kind) in [
        ("", FailureKind::Empty),
        ("không có gì", FailureKind::NotAFeed),
        ("<html><body>Trang chủ</body></html>", FailureKind::Html),
        ("<sitemapindex></sitemapindex>", FailureKind::NotAFeed),
    ] {
        assert_eq!(sitemap(body.as_bytes()).unwrap_err().kind, kind, "{body}");
    }
    // A quiet day: a news sitemap holds two days only.
    assert!(articles(b"<urlset></urlset>").entries.is_empty());
}

#[test]
fn of_many_addresses_the_newest_are_kept() {
    let day = |n: usize| {
        format!(
            "20{:02}-{:02}-{:02}",
            10 + n / 336 % 17,
            1 + n / 28 % 12,
            1 + n % 28
        )
    };
    let urls: String = (0..ENTRIES_MAX + 700)
        .map(|n| format!("<url><loc>https://baodongbung.example/bai-{:07}.html</loc><lastmod>{}</lastmod></url>", n, day(n)))
        .collect();
    let reading = articles(format!("<urlset>{urls}</urlset>").as_bytes());
    assert_eq!(reading.entries.len(), ENTRIES_MAX);
    let oldest = reading
        .entries
        .iter()
        .filter_map(|entry| entry.updated)
        .min()
        .unwrap();
    assert!(oldest > "2011-06-01T00:00:00Z".parse().unwrap(), "{oldest}");
}

proptest! {
    #[test]
    fn reading_never_panics(body in "(<(/)?(urlset|url|loc|lastmod|sitemapindex|sitemap|news:(news|title|publication_date))( a='1')?>|https://x\\.example/bai-12345|2026-11-20|<!\\[CDATA\\[|]]>|&amp;|&#|\\PC){0,80}") {
        let _ = sitemap(body.as_bytes());
        let _ = sitemap(&gzip(body.as_bytes()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = sitemap(&body);
        let _ = sitemap(&[&[0x1f, 0x8b, 8, 0], body.as_slice()].concat());
    }
}
