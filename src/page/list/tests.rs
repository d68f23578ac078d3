//! Section fronts as papers lay them out, and what comes when they change.

use super::*;
use crate::feed::How;
use proptest::prelude::*;

fn rules(item: &str) -> ListRules {
    ListRules {
        item: item.to_owned(),
        ..ListRules::default()
    }
}

fn list(html: &str, rules: &ListRules) -> Result<Reading, NotAFeed> {
    let base = Url::parse("https://baodongbung.example/xay-dung-dang/").unwrap();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let arrived = "2026-11-20T08:00:00+07:00".parse().unwrap();
    read_list(html.as_bytes(), None, &base, rules, &zone, Some(arrived))
}

const FRONT: &str = r#"<!DOCTYPE html><html><head><meta charset="utf-8"><title>Xây dựng Đảng - Báo Đồng Bưng</title></head><body>
<nav><a href="/">Trang chủ</a></nav>
<div class="top"><article class="story">
  <a href="/xay-dung-dang/chi-bo-ap-ba-204518.html"><img src="a.jpg"></a>
  <h2><a href="/xay-dung-dang/chi-bo-ap-ba-204518.html">Chi bộ ấp Ba kết nạp ba đảng viên trẻ</a></h2>
  <span class="time">07:12 20/11/2026</span><p class="sapo">Lễ kết nạp gọn gàng, ấm áp.</p></article></div>
<ul>
 <li class="story"><h3><a href="chi-bo-ap-tu-204517.html">Chi bộ ấp Tư sinh hoạt chuyên đề</a></h3><span class="time">Thứ Năm, 19/11/2026 | 16:40</span></li>
 <li class="story"><h3><a href="https://baodongbung.example/a-204516.html" title="Đảng ủy xã Thạnh Lộc giao ban với bí thư chi bộ">Đảng ủy xã Thạnh Lộc giao ban…</a></h3><span class="time">2 giờ trước</span></li>
 <li class="story"><h3><a href="chi-bo-ap-tu-204517.html">Chi bộ ấp Tư sinh hoạt chuyên đề</a></h3></li>
 <li class="story"><h3><a href="javascript:void(0)">Xem thêm</a></h3></li>
 <li class="story"><span>Quảng cáo</span></li>
</ul></body></html>"#;

#[test]
fn a_front_reads_as_a_feed_does() {
    let rules = ListRules {
        time: Some(".time".into()),
        summary: Some(".sapo".into()),
        ..rules(".story")
    };
    let reading = list(FRONT, &rules).unwrap();
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let got: Vec<_> = reading
        .entries
        .iter()
        .map(|e| {
            (
                e.title.as_str(),
                e.link.as_deref().unwrap_or_default(),
                e.published,
            )
        })
        .collect();
    assert_eq!(
        got,
        [
            (
                "Chi bộ ấp Ba kết nạp ba đảng viên trẻ",
                "https://baodongbung.example/xay-dung-dang/chi-bo-ap-ba-204518.html",
                at("2026-11-20T07:12:00+07:00")
            ),
            (
                "Chi bộ ấp Tư sinh hoạt chuyên đề",
                "https://baodongbung.example/xay-dung-dang/chi-bo-ap-tu-204517.html",
                at("2026-11-19T16:40:00+07:00")
            ),
            (
                "Đảng ủy xã Thạnh Lộc giao ban với bí thư chi bộ",
                "https://baodongbung.example/a-204516.html",
                at("2026-11-20T06:00:00+07:00")
            ),
        ]
    );
    assert_eq!(
        reading.entries[0].summary.as_deref(),
        Some("Lễ kết nạp gọn gàng, ấm áp.")
    );
    // "2 giờ trước" is another text at each poll: as a printed date it would be a change each time.
    assert_eq!(reading.entries[2].raw_date, None);
    assert_eq!(
        reading.meta.title.as_deref(),
        Some("Xây dựng Đảng - Báo Đồng Bưng")
    );
    assert_eq!(reading.decoded.how, How::Valid);
}

#[test]
fn selectors_name_link_and_headline_where_the_first_link_is_another() {
    let html = r#"<base href="https://m.baodongbung.example/tin/"><div class="row"><a class="cat" href="/chinh-tri">Chính trị</a>
        <a class="go" href="5-204518.html"><b class="t">Huyện ủy trao huy hiệu Đảng</b><i>đọc tiếp</i></a></div>"#;
    let rules = ListRules {
        link: Some(".go".into()),
        title: Some(".t".into()),
        ..rules("div.row")
    };
    let reading = list(html, &rules).unwrap();
    let entry = &reading.entries[0];
    assert_eq!(entry.title, "Huyện ủy trao huy hiệu Đảng");
    assert_eq!(
        entry.link.as_deref(),
        Some("https://m.baodongbung.example/tin/5-204518.html")
    );
    // The item may be the link, and the link around the headline.
    let itself = list(
        html,
        &ListRules {
            title: Some(".t".into()),
            ..self::rules("a.go")
        },
    )
    .unwrap();
    let around = list(
        html,
        &ListRules {
            link: Some(".t".into()),
            title: Some(".t".into()),
            ..self::rules("div.row")
        },
    )
    .unwrap();
    assert_eq!(
        (&itself.entries, &around.entries),
        (&reading.entries, &reading.entries)
    );
}

#[test]
fn a_page_without_items_is_a_failure_that_says_so() {
    for (html, rules, says) in [
        (
            FRONT,
            rules(".card"),
            "nothing in the page matches \".card\"",
        ),
        ("", rules(".story"), "nothing in the page"),
        (
            "<p class=story>Bảo trì</p>",
            rules(".story"),
            "1 places match",
        ),
        (FRONT, rules("p:("), "a selector that is none"),
    ] {
        let not = list(html, &rules).unwrap_err();
        assert_eq!(not.kind, FailureKind::NoItems);
        assert!(not.detail.contains(says), "{}", not.detail);
    }
}

#[test]
fn old_charsets_are_read_by_the_page_s_own_word() {
    let base = Url::parse("https://baodongbung.example/").unwrap();
    let html: Vec<u8> = [
        b"<meta http-equiv=content-type content='text/html; charset=windows-1258'><a href=/a-1>Ph\xf3".as_slice(),
        b"ng s\xf0</a>",
    ]
    .concat();
    let reading = read_list(
        &html,
        Some("text/html"),
        &base,
        &rules("a"),
        &TimeZone::UTC,
        None,
    )
    .unwrap();
    assert_eq!(reading.decoded.how, How::Declaration);
    assert_eq!(reading.decoded.encoding, "windows-1258");
    assert!(reading.entries[0].title.starts_with("Phó"));
}

#[test]
fn words_on_how_long_ago_are_understood() {
    for (text, minutes) in [
        ("15 phút trước", Some(15)),
        ("Cách đây 2 giờ trước", Some(120)),
        ("3 ngày trước", Some(3 * 24 * 60)),
        ("5 hours ago", Some(300)),
        ("vừa xong", Some(0)),
        ("Hôm qua", Some(24 * 60)),
        ("trước Tết", None),
        ("", None),
    ] {
        assert_eq!(ago(text), minutes.map(SignedDuration::from_mins), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_never_panics(soup in "(<(/)?(div|li|a|h3|span)( (class=x|href=/a-1|datetime=2026-11-20))?>|2 giờ trước|20/11/2026|\\PC){0,80}") {
        let rules = ListRules { time: Some("span".into()), title: Some("h3".into()), link: Some("a".into()), ..rules("div,li") };
        let _ = list(&soup, &rules);
    }
}
