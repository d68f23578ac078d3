//! Sources without a feed: sitemaps and list pages, polled tick by tick like feeds, each article kept once.

use crate::support::office::Office;
use crate::support::origin::{Answer, Origin, gzip};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Articles that a list shows at a time.
const SHOWN: u32 = 8;

/// A paper without a feed: article after article, told in an index of sitemaps, a news sitemap, and on a section's front.
struct Paper<'o> {
    origin: &'o Origin,
    delay: Duration,
}

impl Paper<'_> {
    fn link(&self, number: u32) -> String {
        let path =
            format!("/xay-dung-dang/chi-bo-ap-{number}-ket-nap-dang-vien-moi-2045{number:03}.html");
        self.origin.url(&path).into()
    }

    fn title(number: u32) -> String {
        format!("Chi bộ ấp {number} kết nạp {} đảng viên mới", number + 2)
    }

    /// The paper after its first `upto` articles.
    fn prints(&self, upto: u32) {
        let newest = upto.saturating_sub(SHOWN)..upto;
        self.put("/tin.xml", self.news(newest.clone()), upto);
        self.put("/xay-dung-dang", self.front(newest), upto);
        // The index changes with its newest document only; the old one is never asked again.
        let changed = format!("2026-11-20T07:{upto:02}:00+07:00");
        let index = format!(
            "<sitemapindex><sitemap><loc>/bai-2026-10.xml</loc><lastmod>2026-10-31</lastmod></sitemap>\
             <sitemap><loc>/bai-2026-11.xml.gz</loc><lastmod>{changed}</lastmod></sitemap></sitemapindex>"
        );
        self.put("/sitemap.xml", index.into_bytes(), upto);
        self.put("/bai-2026-10.xml", self.plain(900..903), 0);
        self.put("/bai-2026-11.xml.gz", gzip(&self.plain(0..upto)), upto);
        for number in 0..upto {
            let path = self.link(number);
            let path = path
                .split_once("127.0.0.1")
                .unwrap()
                .1
                .split_once('/')
                .unwrap()
                .1;
            self.origin
                .on(&format!("/{path}"), Answer::ok(Self::page(number)));
        }
    }

    fn put(&self, path: &str, body: Vec<u8>, version: u32) {
        let answer = Answer::ok(body)
            .header("ETag", &format!("\"ban-{version}\""))
            .delay(self.delay)
            .conditional();
        self.origin.on(path, answer);
    }

    fn news(&self, numbers: std::ops::Range<u32>) -> Vec<u8> {
        let mut body =
            String::from("<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">");
        for number in numbers {
            let now = jiff::Timestamp::now();
            let (link, title) = (self.link(number), Self::title(number));
            write!(
                body,
                "<url><loc>{link}</loc><news:news><news:publication_date>{now}</news:publication_date>\
                 <news:title>{title}</news:title></news:news></url>"
            )
            .unwrap();
        }
        (body + "</urlset>").into_bytes()
    }

    fn plain(&self, numbers: std::ops::Range<u32>) -> Vec<u8> {
        let urls: String = numbers
            .map(|number| format!("<url><loc>{}</loc></url>", self.link(number)))
            .collect();
        format!(
            "<urlset><url><loc>{}</loc></url>{urls}</urlset>",
            self.origin.url("/")
        )
        .into_bytes()
    }

    fn front(&self, numbers: std::ops::Range<u32>) -> Vec<u8> {
        let items: String = numbers
            .rev()
            .map(|number| {
                let (link, title) = (self.link(number), Self::title(number));
                format!("<li class=\"tin\"><a href=\"{link}\"><img src=a.jpg></a><h3><a href=\"{link}?utm_source=front\">{title}</a></h3><span class=gio>{number} phút trước</span></li>")
            })
            .collect();
        format!("<html><body><nav><a href=\"/\">Trang chủ</a></nav><ul>{items}</ul></body></html>")
            .into_bytes()
    }

    fn page(number: u32) -> String {
        let title = Self::title(number);
        format!(
            "<html><head><meta charset=utf-8></head><body><h1>{title}</h1><p class=sapo>Sáng nay, chi bộ ấp {number} làm lễ kết nạp đảng viên mới.</p>\
             <div class=content><p>Bí thư chi bộ ấp {number} trao quyết định kết nạp cho các đảng viên trẻ, phân công đảng viên chính thức giúp đỡ từng người.</p>\
             <p>Từ đầu năm, chi bộ kết nạp {} đảng viên, vượt chỉ tiêu mà Đảng ủy xã giao cho ấp.</p></div></body></html>",
            number + 2
        )
    }
}

/// The config of the paper's three lists, each a source of its own unless `together`.
fn feeds(origin: &Origin, together: bool) -> String {
    let url = |path| origin.url(path);
    let feed = |key: &str, rest: String| {
        format!("[[source.feed]]\nkey = \"{key}\"\nverified = true\n{rest}\n")
    };
    let lists = [
        feed(
            "tin",
            format!("url = \"{}\"\nkind = \"sitemap\"", url("/tin.xml")),
        ),
        feed(
            "ban-do",
            format!("url = \"{}\"\nkind = \"sitemap\"", url("/sitemap.xml")),
        ),
        feed(
            "muc",
            format!(
                "url = \"{}\"\nkind = \"page\"\nsection = \"xay-dung-dang\"\n[source.feed.list]\nitem = \"li.tin\"\nlink = \"h3 a\"\ntime = \".gio\"",
                url("/xay-dung-dang")
            ),
        ),
    ];
    let mut text = String::new();
    for (number, list) in lists.iter().enumerate() {
        if number == 0 || !together {
            writeln!(text, "[[source]]\nkey = \"bao-{number}\"\nname = \"Báo {number}\"\ndomain = \"bao-{number}.example\"").unwrap();
        }
        text.push_str(list);
    }
    text
}

fn office(origin: &Origin, together: bool, more: &str) -> Office {
    let office = Office::new(&[], more);
    fs::write(office.path("feeds.toml"), feeds(origin, together)).unwrap();
    office
}

/// The links kept, by feed; each with how often.
fn kept(office: &Office) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut kept: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for entry in office.json(&["dump", "entries"]) {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let link = text("link").split('?').next().unwrap().to_owned();
        *kept
            .entry(text("feed"))
            .or_default()
            .entry(link)
            .or_default() += 1;
    }
    kept
}

#[test]
fn sitemaps_and_list_pages_bring_every_article_once() {
    let origin = Origin::start();
    let paper = Paper {
        origin: &origin,
        delay: Duration::ZERO,
    };
    let office = office(&origin, false, "");
    for tick in 1..=6 {
        paper.prints(tick * 5);
        office.says(&["fetch"]);
        office.says(&["fetch"]);
    }
    let kept = kept(&office);
    let all: BTreeSet<String> = (0..30).map(|number| paper.link(number)).collect();
    for path in ["/tin.xml", "/xay-dung-dang", "/sitemap.xml"] {
        let of_feed = &kept[origin.url(path).as_str()];
        let mut found: BTreeSet<String> = of_feed.keys().cloned().collect();
        found.retain(|link| {
            !link.contains("2045900") && !link.contains("2045901") && !link.contains("2045902")
        });
        assert_eq!(found, all, "{path}");
        assert!(
            of_feed.values().all(|times| *times == 1),
            "{path}: {of_feed:?}"
        );
    }
    // The second of two requests is answered 304, and no document is asked that has not changed.
    let asked = |path: &str| origin.paths().iter().filter(|asked| *asked == path).count();
    assert_eq!(
        (
            asked("/tin.xml"),
            asked("/xay-dung-dang"),
            asked("/sitemap.xml")
        ),
        (12, 12, 12)
    );
    assert_eq!(
        (asked("/bai-2026-10.xml"), asked("/bai-2026-11.xml.gz")),
        (1, 6)
    );
    let conditional = origin
        .log()
        .iter()
        .filter(|asked| asked.header("If-None-Match").is_some())
        .count();
    assert_eq!(conditional, 3 * 11 + 5);
    assert_eq!(office.troubles(), Vec::<String>::new());
}

#[test]
fn one_article_in_three_lists_of_a_paper_is_one_article_with_a_headline() {
    let origin = Origin::start();
    let paper = Paper {
        origin: &origin,
        delay: Duration::ZERO,
    };
    let office = office(&origin, true, "");
    paper.prints(6);
    office.says(&["fetch"]);
    let articles: BTreeSet<u64> = office
        .json(&["dump", "entries"])
        .iter()
        .filter(|entry| !entry["link"].as_str().unwrap().contains("-90"))
        .map(|entry| entry["article"].as_u64().unwrap())
        .collect();
    assert_eq!(articles.len(), 6);
    let found = office.json(&["--json", "search", "kết nạp đảng viên mới"]);
    assert_eq!(found.len(), 6, "{found:?}");
}

#[test]
fn an_address_without_a_headline_gets_it_from_its_page() {
    let origin = Origin::start();
    let paper = Paper {
        origin: &origin,
        delay: Duration::ZERO,
    };
    let office = office(&origin, false, "");
    let config = fs::read_to_string(office.path("diembao.toml")).unwrap();
    fs::write(
        office.path("diembao.toml"),
        config.replace("pages = false", "pages = true"),
    )
    .unwrap();
    let feeds = feeds(&origin, false);
    let second = feeds.split("[[source]]").nth(2).unwrap();
    fs::write(office.path("feeds.toml"), format!("[[source]]{second}")).unwrap();
    paper.prints(4);
    office.says(&["fetch", "--pages"]);
    // What a sitemap holds when it is first read is an archive: kept, and no page of it is asked for.
    assert!(office.json(&["--json", "search", "kết nạp"]).is_empty());
    assert!(!origin.paths().iter().any(|path| path.contains("2045001")));
    paper.prints(7);
    office.says(&["fetch", "--pages"]);
    let found = office.json(&["--json", "search", "kết nạp đảng viên mới"]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(origin.paths().iter().any(|path| path == "/robots.txt"));
}

#[test]
fn a_list_page_that_lost_its_items_or_is_forbidden_is_a_failing_source() {
    let origin = Origin::start();
    let paper = Paper {
        origin: &origin,
        delay: Duration::ZERO,
    };
    let office = office(&origin, false, "");
    paper.prints(3);
    office.says(&["fetch"]);
    origin.on(
        "/xay-dung-dang",
        Answer::ok("<html><body><h1>Giao diện mới</h1></body></html>"),
    );
    let told = office.json(&["--json", "fetch", "bao-2/muc"]);
    assert_eq!(told[0]["result"], "no-items", "{told:?}");
    let list = office.says(&["feeds", "list"]);
    assert!(
        list.contains("không tìm thấy bài nào trên trang danh mục"),
        "{list}"
    );
    assert_eq!(office.json(&["dump", "entries"]).len(), 3 * 3 + 3);

    let shut = Origin::start();
    shut.on(
        "/robots.txt",
        Answer::ok("User-agent: *\nDisallow: /xay-dung-dang"),
    );
    Paper {
        origin: &shut,
        delay: Duration::ZERO,
    }
    .prints(3);
    let office = self::office(&shut, false, "");
    let told = office.json(&["--json", "fetch", "bao-2/muc"]);
    assert_eq!(told[0]["result"], "forbidden", "{told:?}");
    assert!(!shut.paths().contains(&"/xay-dung-dang".to_owned()));
}

#[test]
fn kills_while_lists_are_read_lose_nothing_and_double_nothing() {
    let origin = Origin::start();
    let paper = Paper {
        origin: &origin,
        delay: Duration::from_millis(20),
    };
    let office = office(&origin, false, "");
    let mut moments = Vec::new();
    for round in 1..=6 {
        paper.prints(round * 3);
        let mut daemon = office.daemon(Duration::from_secs(60));
        daemon.hears("READY=1");
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .subsec_nanos();
        let when = Duration::from_millis(u64::from(nanos / 1000) % 300);
        std::thread::sleep(when);
        daemon.kill();
        moments.push(when);
    }
    assert_eq!(
        office.troubles(),
        Vec::<String>::new(),
        "killed at {moments:?}"
    );
    office.says(&["fetch"]);
    let kept = kept(&office);
    for path in ["/tin.xml", "/xay-dung-dang", "/sitemap.xml"] {
        let of_feed = &kept[origin.url(path).as_str()];
        assert!(
            of_feed.values().all(|times| *times == 1),
            "killed at {moments:?}: {path}"
        );
        // What the last documents show is there, whatever died before.
        for number in 10..18 {
            assert!(
                of_feed.contains_key(&paper.link(number)),
                "killed at {moments:?}: {path} lost {number}"
            );
        }
    }
    let whole = &kept[origin.url("/sitemap.xml").as_str()];
    assert_eq!(whole.len(), 18 + 3, "killed at {moments:?}");
}

#[test]
fn a_page_is_extracted_by_its_paper_s_rules_unless_they_are_left_out() {
    let office = Office::new(&[], "");
    fs::write(
        office.path("feeds.toml"),
        "[[source]]\nkey = \"bao\"\nname = \"Báo\"\ndomain = \"bao.example\"\n[source.page]\ntitle = \".tua\"\nbody = \"#noi-dung\"\n",
    )
    .unwrap();
    let prose = "Đảng ủy xã họp phiên thường kỳ tháng Mười một, nghe báo cáo và bàn việc kết nạp đảng viên ở các ấp.";
    let page = format!(
        "<html><head><link rel=canonical href=\"https://www.bao.example/bai-1.html\"></head><body><h1>Chuyên trang của báo</h1>\
         <div class=tua>Đảng ủy xã họp phiên tháng Mười một</div><div id=khac><p>{prose} {prose}</p></div><div id=noi-dung><p>Bài thật. {prose}</p></div></body></html>"
    );
    fs::write(office.path("bai.html"), page).unwrap();
    let titled = |args: &[&str]| {
        office.json(&[&["tool", "extract"], args, &["bai.html"]].concat())[0].clone()
    };
    for args in [
        &["--url", "https://m.bao.example/bai-1.html?utm_source=rss"][..],
        &[],
    ] {
        let got = titled(args);
        assert_eq!(
            got["title"], "Đảng ủy xã họp phiên tháng Mười một",
            "{args:?}"
        );
        assert_eq!(got["text"], format!("Bài thật. {prose}"));
    }
    for args in [
        &["--no-site-rules"][..],
        &["--url", "https://bao-khac.example/bai-1.html"],
    ] {
        assert_eq!(titled(args)["title"], "Chuyên trang của báo", "{args:?}");
    }
    fs::write(office.path("feeds.toml"), "[[source]]\nkey = \"bao\"\n").unwrap();
    let out = office.run(&["tool", "extract", "bai.html"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("feeds.toml"));
}
