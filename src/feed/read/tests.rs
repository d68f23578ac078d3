use super::*;
use proptest::prelude::*;

const HEAD: &str =
    "<rss version=\"2.0\"><channel><title>Báo Sông Hậu</title><link>https://bao.example.vn/</link>";

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn base() -> Url {
    Url::parse("https://bao.example.vn/rss/thoi-su.rss").unwrap()
}

fn attempt(body: impl AsRef<[u8]>) -> Result<Reading, NotAFeed> {
    read(
        body.as_ref(),
        Some("application/rss+xml; charset=utf-8"),
        &base(),
        &zone(),
        None,
    )
}

fn reading(body: impl AsRef<[u8]>) -> Reading {
    attempt(body).unwrap()
}

fn rss(items: &str) -> String {
    format!("{HEAD}{items}</channel></rss>")
}

fn item(title: &str, number: u32) -> String {
    format!(
        "<item><title>{title}</title><link>https://bao.example.vn/bai-{number}.html</link></item>"
    )
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[test]
fn the_hubs_that_a_feed_names_are_found() {
    let links = |head: &str| {
        let links = reading(format!("{head}{}</channel></rss>", item("Tin", 1))).links;
        let hubs: Vec<String> = links.hubs.iter().map(Url::to_string).collect();
        (hubs, links.topic.map(|topic| topic.to_string()))
    };
    let both = (
        vec!["https://hub.example.vn/".to_owned()],
        Some("https://bao.example.vn/rss/goc.rss".to_owned()),
    );
    for named in [
        "<atom:link rel='hub' href='https://hub.example.vn/'/><atom:link rel=\"self\" href=\"goc.rss\"/>",
        "<atom10:link xmlns:atom10='http://www.w3.org/2005/Atom' rel='HUB' href=' https://hub.example.vn '/>\
         <link rel='self alternate' href='/rss/goc.rss'>",
        "<a10:link rel='self' href='goc.rss'/><a10:link rel='hub' href='https://hub.example.vn/'></a10:link>\
         <a10:link rel='self' href='khac.rss'/><a10:link rel='search' href='https://tim.example.vn/'/>",
    ] {
        assert_eq!(links(&format!("{HEAD}{named}")), both, "{named}");
    }
    let based = "<rss xml:base='https://hub.example.vn/a/'><channel><link rel='hub' href='../'/>";
    assert_eq!(links(based).0, both.0);
    let many = "<atom:link rel='hub' href='https://hub.example.vn/'/>".repeat(50);
    assert_eq!(links(&format!("{HEAD}{many}")).0.len(), 4);
    let nobody = (Vec::new(), None);
    for named in [
        "<atom:link rel='hub'/><atom:link rel='hub' href=''/><link>https://hub.example.vn/</link>",
        "<item><title>Tin</title><atom:link rel='hub' href='https://hub.example.vn/'/></item>",
    ] {
        assert_eq!(links(&format!("{HEAD}{named}")), nobody, "{named}");
    }
    let atom = reading(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Báo</title><link href='https://hub.example.vn/' rel='hub'/>\
         <entry><title>Tin</title><link rel='self' href='https://bao.example.vn/1'/></entry></feed>",
    );
    assert_eq!(atom.links.hubs.len(), 1);
    assert_eq!(
        atom.links.topic, None,
        "an entry's own address is not the feed's"
    );
}

#[test]
fn an_rss_item_is_read_whole() {
    let reading = reading(rss(
        "<item><title><![CDATA[ Bí thư: &quot;Phải <b>sát</b> dân&quot; ]]></title>
        <link>\n /tin/bai-1.html?a=1&b=2 </link><guid isPermaLink='false'> bai-1 </guid>
        <description>&lt;img src=x&gt;Chi bộ ấp 3</description><pubDate>9/14/2026 6:44:00 PM</pubDate>
        <author>toasoan@bao.example.vn (Hạnh Châu)</author><category>Xây dựng Đảng</category>
        <enclosure url='/anh/1.jpg' type='image/jpeg'/></item>",
    ));
    assert_eq!(reading.meta.title.as_deref(), Some("Báo Sông Hậu"));
    assert_eq!(
        reading.entries,
        [Entry {
            guid: Some("bai-1".into()),
            link: Some("https://bao.example.vn/tin/bai-1.html?a=1&b=2".into()),
            title: "Bí thư: \"Phải sát dân\"".into(),
            summary: Some("<img src=x>Chi bộ ấp 3".into()),
            content: None,
            published: at("2026-09-14T11:44:00Z"),
            updated: None,
            raw_date: Some("9/14/2026 6:44:00 PM".into()),
            authors: vec!["Hạnh Châu".into()],
            categories: vec!["Xây dựng Đảng".into()],
            enclosures: vec!["https://bao.example.vn/anh/1.jpg".into()],
        }]
    );
    assert!(reading.complete && reading.warnings.is_empty());
}

#[test]
fn every_dialect_gives_the_same_entry() {
    let (title, link) = ("Huyện Châu Thành họp", "https://bao.example.vn/a.html");
    let atom = "http://www.w3.org/2005/Atom";
    for document in [
        format!(
            "<rss><channel><item><title>{title}</title><link>{link}</link></item></channel></rss>"
        ),
        format!(
            "<RSS version='0.94'><CHANNEL></CHANNEL><ITEM><TITLE>{title}</TITLE><LINK>{link}</LINK></ITEM></RSS>"
        ),
        format!(
            "<rss version='9'><channel><item><title>{title}</title><guid>{link}</guid></item></channel></rss>"
        ),
        format!(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel/><item rdf:about='x'><title>{title}</title><link>{link}</link></item></rdf:RDF>"
        ),
        format!(
            "<feed xmlns='{atom}'><entry><title>{title}</title><link rel='self' href='x'/><link href='{link}'/></entry></feed>"
        ),
        format!(
            "<a:feed xmlns:a='{atom}'><a:entry><a:title type='html'>&lt;b>{title}&lt;/b></a:title><a:link href='{link}'/></a:entry></a:feed>"
        ),
        format!(
            "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='escaped'>{title}</title><link rel='alternate' href='{link}'/></entry></feed>"
        ),
        format!(
            "<CHANNEL HREF='https://bao.example.vn/'><ITEM HREF='{link}'><TITLE>{title}</TITLE></ITEM></CHANNEL>"
        ),
        format!(
            "<feed xmlns='{atom}' xml:base='https://bao.example.vn/muc/'><entry xml:base='../'><title>{title}</title><link href='a.html'/></entry></feed>"
        ),
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{{\"id\":7,\"title\":\"{title}\",\"url\":\"{link}\"}}]}}"
        ),
    ] {
        let reading = reading(&document);
        assert_eq!(reading.entries.len(), 1, "{document}");
        assert_eq!(
            (
                reading.entries[0].title.as_str(),
                reading.entries[0].link.as_deref()
            ),
            (title, Some(link)),
            "{document}"
        );
    }
}

#[test]
fn broken_documents_give_every_whole_item() {
    let (one, two) = (item("Một", 1), item("Hai", 2));
    let both = format!("{one}{two}");
    for (document, complete) in [
        (
            format!("<br /><b>Warning</b>: x<br />\n{}", rss(&both)),
            true,
        ),
        (
            format!("{}<script>if (a<b) {{}}</script>", rss(&both)),
            true,
        ),
        (format!("{HEAD}{both}"), true),
        (format!("{HEAD}{both}<item><title>Ba</tit"), false),
        (
            format!("{HEAD}{both}<item><title>Ba</title><link>https://bao"),
            false,
        ),
        (rss(&both.replacen("</item>", "", 1)), true),
        (rss(&both.replace("</title>", "")), true),
        (
            rss(&both.replacen(
                "<title>Một",
                "<description><![CDATA[x</description><title>Một",
                1,
            )),
            true,
        ),
        (
            rss(&both).replacen(
                "<channel>",
                "<?xml version='1.0' encoding='windows-1252'?><channel>",
                1,
            ),
            true,
        ),
        (
            rss(&both).replacen("<channel>", "<channel><!-- a -- b --></b></i>", 1),
            true,
        ),
        (rss(&format!("<item/><item> </item>{both}")), true),
    ] {
        let reading = reading(&document);
        let titles: Vec<_> = reading
            .entries
            .iter()
            .map(|entry| entry.title.as_str())
            .collect();
        assert_eq!(
            (titles, reading.complete),
            (vec!["Một", "Hai"], complete),
            "{document}"
        );
    }
}

#[test]
fn headlines_are_plain_text() {
    for (given, wanted) in [
        ("C&ocirc;ng t&amp;aacute;c Đảng", "Công tác Đảng"),
        ("Nông dân & Phụ nữ", "Nông dân & Phụ nữ"),
        ("2 &lt; 3", "2 < 3"),
        ("<![CDATA[&#272;ảng <em>bộ</em>]]>", "Đảng bộ"),
        ("Đa\u{309}ng\n  bo\u{323}\u{302}\u{1}&#7;", "Đảng bộ"),
        ("Đảng <b>bộ</b><br>tỉnh", "Đảng bộ tỉnh"),
    ] {
        assert_eq!(
            reading(rss(&item(given, 1))).entries[0].title,
            wanted,
            "{given}"
        );
    }
}

#[test]
fn declared_entities_are_plain_words_or_nothing() {
    let bomb = format!(
        "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'><!ENTITY c SYSTEM 'file:///etc/passwd'>]>{}",
        rss(&item("&b;&c;Tin &nbsp; mới", 1))
    );
    assert_eq!(reading(bomb).entries[0].title, "Tin mới");
    let words = format!(
        "<!DOCTYPE rss [<!ENTITY bao 'Báo Sông Hậu'>]>{}",
        rss(&item("&bao;: &bao;", 1))
    );
    assert_eq!(
        reading(words).entries[0].title,
        "Báo Sông Hậu: Báo Sông Hậu"
    );
    let many = format!(
        "<!DOCTYPE rss [<!ENTITY a '{}'>]>{}",
        "a".repeat(3000),
        rss(&item(&"&a;".repeat(1000), 1))
    );
    assert_eq!(reading(many).entries[0].title.len(), TITLE_MAX_BYTES);
}

#[test]
fn a_json_feed_is_read_whatever_its_values_are() {
    let whole = r#"{"title": "Báo", "icon": {"a": [1, {}]}, "authors": [{"name": "Tòa soạn", "url": "x"}, "An"], "items": [
        {"id": 7, "id": 8, "url": " /a.html ", "title": null, "content_text": "1 < 2", "tags": ["Đảng", 5, null, ["x"]],
         "author": {"name": "Bình \"B\""}, "attachments": [{"url": "a.mp3", "size": 1}], "date_modified": "2026-09-14T01:30:00Z"},
        "none", [], {}, {"title": "Hai", "summary": {}, "id": true}]}"#;
    let read = reading(whole);
    assert_eq!(read.meta.authors, ["Tòa soạn", "An"]);
    let [one, two] = read.entries.as_slice() else {
        panic!("{:?}", read.entries);
    };
    assert_eq!(one.guid.as_deref(), Some("7"));
    assert_eq!(one.link.as_deref(), Some("https://bao.example.vn/a.html"));
    assert_eq!(one.content.as_deref(), Some("1 &lt; 2"));
    assert_eq!(one.updated, at("2026-09-14T01:30:00Z"));
    assert_eq!(one.authors, ["Bình \"B\""]);
    assert_eq!(one.categories, ["Đảng", "5", "x"]);
    assert_eq!(one.enclosures, ["https://bao.example.vn/rss/a.mp3"]);
    assert_eq!((two.title.as_str(), &two.guid), ("Hai", &None));
    assert!(read.complete);
    // Broken off: what stood before is kept.
    let cut = reading(&whole[..whole.find("\"Hai").unwrap()]);
    assert_eq!(cut.entries, std::slice::from_ref(one));
    assert!(!cut.complete && cut.warnings == [Warning::Cut]);
    let deep = format!(
        "{{\"items\": [{{\"title\": \"Một\", \"x\": {}",
        "[".repeat(100_000)
    );
    assert_eq!(reading(deep).entries, []);
}

#[test]
fn what_is_no_feed_is_said() {
    use FailureKind::{Empty, Html, NotAFeed};
    for (body, kind) in [
        ("", Empty),
        (" \r\n\t\u{feff}", Empty),
        ("<!doctype html><html><body>Bảo trì</body></html>", Html),
        ("<html><script>location.reload()</script></html>", Html),
        (
            "<?xml version='1.0'?><urlset><url><loc>https://bao.example.vn</loc></url></urlset>",
            NotAFeed,
        ),
        ("{\"error\":\"not found\"}", NotAFeed),
        ("PK\u{3}\u{4}\0\0\0", NotAFeed),
        ("Không có gì", NotAFeed),
    ] {
        assert_eq!(attempt(body).unwrap_err().kind, kind, "{body}");
    }
    let sitemap = attempt("<urlset/>").unwrap_err();
    assert_eq!(sitemap.detail, "a document of <urlset>, not a feed");
}

#[test]
fn input_that_makes_the_parser_panic_is_read() {
    // feed-rs 3.0.0 panics on a byte order mark with another declaration, and on a second declaration.
    let document = format!(
        "<?xml version='1.0' encoding='utf-8'?>{}",
        rss(&item("Tin", 1))
    );
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(document.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let twice = document.replacen(
        "<channel>",
        "<?xml version='1.0' encoding='windows-1258'?><channel>",
        1,
    );
    for body in [utf16, twice.into_bytes()] {
        assert_eq!(reading(body).entries[0].title, "Tin");
    }
}

#[test]
fn dates_in_the_future_are_judged_by_the_hour_of_arrival() {
    let dated = |dates: &[&str]| {
        let items: String = dates
            .iter()
            .map(|date| format!("<item><title>Tin</title><pubDate>{date}</pubDate></item>"))
            .collect();
        let now = "2026-09-14T01:40:00Z".parse().unwrap();
        read(rss(&items).as_bytes(), None, &base(), &zone(), Some(now)).unwrap()
    };
    let published = |reading: &Reading| {
        reading
            .entries
            .iter()
            .map(|entry| entry.published)
            .collect::<Vec<_>>()
    };
    // Local clock, labelled GMT: the whole feed is meant so.
    let local = dated(&[
        "Mon, 14 Sep 2026 08:30:00 GMT",
        "Mon, 14 Sep 2026 07:00:00 GMT",
        "Sun, 13 Sep 2026 20:00:00 GMT",
    ]);
    assert_eq!(
        published(&local),
        [
            at("2026-09-14T01:30:00Z"),
            at("2026-09-14T00:00:00Z"),
            at("2026-09-13T13:00:00Z")
        ]
    );
    assert_eq!(local.warnings, [Warning::LocalTimeAsUtc]);
    // An honest GMT stays.
    let honest = dated(&[
        "Mon, 14 Sep 2026 01:30:00 GMT",
        "Sun, 13 Sep 2026 20:00:00 GMT",
    ]);
    assert_eq!(
        published(&honest),
        [at("2026-09-14T01:30:00Z"), at("2026-09-13T20:00:00Z")]
    );
    // Ahead: kept as it was parsed, and said. Unreadable: no date, but what was printed is kept.
    let wrong = dated(&["2027-09-14", "hôm nay"]);
    assert_eq!(published(&wrong), [at("2027-09-13T17:00:00Z"), None]);
    assert_eq!(wrong.entries[1].raw_date.as_deref(), Some("hôm nay"));
    assert_eq!(
        wrong.warnings,
        [Warning::FutureDates(1), Warning::UnreadableDates(1)]
    );
}

#[test]
fn the_publishers_wishes_are_heard() {
    let reading = reading(rss(
        "<ttl>30</ttl><skipHours><hour>1</hour><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
    ));
    assert_eq!(
        reading.hints,
        PublisherHints {
            fresh_for_s: Some(1800),
            skip_hours: vec![1, 2],
            skip_days: vec![7]
        }
    );
    assert!(reading.entries.is_empty());
}

#[test]
fn too_many_entries_leave_the_newest() {
    let items: String = (0..12_000)
        .map(|n| {
            format!(
                "<item><title>{n}</title><pubDate>{}</pubDate></item>",
                Timestamp::from_second(1_700_000_000 + n * 60).unwrap()
            )
        })
        .collect();
    let reading = reading(rss(&items));
    assert_eq!(reading.entries.len(), 5_000);
    assert_eq!(
        (
            reading.entries[0].title.as_str(),
            reading.entries[4_999].title.as_str()
        ),
        ("7000", "11999")
    );
    assert_eq!(reading.warnings, [Warning::TooManyEntries(7_000)]);
    assert!(!reading.complete);
}

#[test]
fn long_headlines_are_cut_on_a_character() {
    let reading = reading(rss(&item(&"Đảng ".repeat(10_000), 1)));
    assert!(reading.entries[0].title.len() <= TITLE_MAX_BYTES);
    assert_eq!(reading.warnings, [Warning::TextCut(1)]);
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<rss>",
        "<channel>",
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<link>",
        "<link href='a'/>",
        "</link>",
        "<![CDATA[",
        "]]>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>",
        "<entry>",
        "</entry>",
        "<content type='xhtml'>",
        "</content>",
        "&amp;",
        "&#0;",
        "<!--",
        "-->",
        "<?xml version='1.0' encoding='x'?>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "Đảng",
        "<pubDate>",
        "1/1/1",
        "<",
        "\"",
        "<guid>",
        "<author>",
        "<a:b xmlns:a='c'>",
        "</channel>",
        "</rss>",
        "\u{fffe}",
        "\0",
        "<dc:date>",
        "<x xml:base='//'>",
        "<enclosure url='::'/>",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn never_panics_on_bytes(body in prop::collection::vec(any::<u8>(), 0..200), header in prop::option::of("\\PC{0,20}")) {
        let _ = read(&body, header.as_deref(), &base(), &zone(), at("2026-09-14T01:40:00Z"));
    }

    #[test]
    fn never_breaks_down_on_markup(document in pieces()) {
        for document in [document.clone(), format!("<rss><channel><item><title>{document}")] {
            match attempt(&document) {
                Ok(reading) => for entry in &reading.entries {
                    prop_assert!(!entry.title.chars().any(char::is_control));
                },
                Err(refusal) => prop_assert_ne!(refusal.kind, FailureKind::Reader, "{}", refusal.detail),
            }
        }
    }
}

/// A valid document of one to five items, as RSS 2.0 and as Atom.
fn valid_documents() -> impl Strategy<Value = [String; 2]> {
    let word = "[a-zđăâêôơưàảãáạộữ]{1,7}";
    let line = prop::collection::vec(word, 1..9).prop_map(|words| words.join(" "));
    let html = (line.clone(), line.clone(), any::<bool>()).prop_map(|(a, b, cdata)| {
        let html = format!("<p>{a} &amp; \"{b}\"</p> 2 &lt; 3 > 1");
        if cdata {
            return format!("<![CDATA[{html}]]>");
        }
        html.replace('&', "&amp;").replace('<', "&lt;")
    });
    let parts = (
        line.clone(),
        html.clone(),
        prop::option::of(html),
        0_i64..1_700_000_000,
    );
    let item = (parts, prop::option::of(line.clone()), line);
    prop::collection::vec(item, 1..6).prop_map(|items| {
        let (mut rss, mut atom) = (String::new(), String::new());
        for (number, ((title, summary, content, at), author, term)) in items.iter().enumerate() {
            let at = Timestamp::from_second(*at).unwrap().to_zoned(TimeZone::UTC);
            let link = format!("https://bao.example.vn/bai-{number}.html?a=1&amp;b=2");
            let [encoded, content] = match content {
                Some(html) => ["content:encoded", "content type='html'"].map(|tag| {
                    let name = tag.split(' ').next().unwrap();
                    format!("<{tag}>{html}</{name}>")
                }),
                None => [const { String::new() }; 2],
            };
            let [creator, author] = match author {
                Some(name) => [
                    format!("<dc:creator>{name}</dc:creator>"),
                    format!("<author><name>{name}</name></author>"),
                ],
                None => [const { String::new() }; 2],
            };
            let printed = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
            rss += &format!(
                "<item><title>{title}</title>\n<link>{link}</link><guid>id-{number}</guid><pubDate>{printed}</pubDate>\
                 <description>{summary}</description>{encoded}{creator}<category>{term}</category></item>\n"
            );
            let printed = at.strftime("%Y-%m-%dT%H:%M:%SZ");
            atom += &format!(
                "<entry><title>{title}</title>\n<link href=\"{link}\"/><id>id-{number}</id><published>{printed}</published>\
                 <summary type='html'>{summary}</summary>{content}{author}<category term='{term}'/></entry>\n"
            );
        }
        [
            format!(
                "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
                 xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Báo</title>{rss}</channel></rss>"
            ),
            format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Báo</title>{atom}</feed>"),
        ]
    })
}

proptest! {
    #[test]
    fn of_valid_documents_we_read_what_feed_rs_reads_alone(documents in valid_documents()) {
        for document in documents {
            let ours = reading(&document);
            let alone = parser::parse(document.as_bytes()).unwrap();
            prop_assert_eq!(ours.entries.len(), alone.entries.len());
            for (ours, alone) in ours.entries.iter().zip(alone.entries) {
                prop_assert_eq!(&ours.title, &alone.title.unwrap().content);
                prop_assert_eq!(ours.guid.as_ref(), Some(&alone.id));
                prop_assert_eq!(ours.link.as_ref(), alone.links.first().map(|link| &link.href));
                prop_assert_eq!(&ours.summary, &alone.summary.map(|text| text.content));
                prop_assert_eq!(&ours.content, &alone.content.and_then(|content| content.body));
                let published = alone.published.map(|at| Timestamp::from_second(at.timestamp()).unwrap());
                prop_assert_eq!(ours.published, published);
                let names: Vec<_> = alone.authors.into_iter().filter_map(|person| person.name).collect();
                prop_assert_eq!(&ours.authors, &names);
                let terms: Vec<_> = alone.categories.into_iter().map(|category| category.term).collect();
                prop_assert_eq!(&ours.categories, &terms);
            }
        }
    }
}
