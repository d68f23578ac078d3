use super::*;
use crate::model::{PageRules, SourceKey};
use proptest::prelude::*;

fn source() -> Source {
    Source {
        key: SourceKey::from("ven-bien"),
        name: "Báo Ven Biển".into(),
        province: None,
        domain: "baovenbien.vn".into(),
        aliases: vec!["baodoinui.com.vn".into()],
        rank: 1,
        publisher: None,
        page_rules: PageRules::default(),
        access: crate::model::SourceAccess::default(),
        time_zone: None,
        feeds: Vec::new(),
    }
}

fn entry(link: &str, guid: &str, title: &str, summary: &str) -> Entry {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Entry {
        guid: some(guid),
        link: some(link),
        title: title.into(),
        summary: some(summary),
        ..Entry::default()
    }
}

fn keys(entries: Vec<Entry>) -> Vec<Vec<String>> {
    identify(&source(), None, entries)
        .into_iter()
        .map(|e| e.article_keys.into_iter().map(|k| k.0).collect())
        .collect()
}

fn key_kinds(e: Entry) -> Vec<String> {
    let found = keys(vec![e]).remove(0);
    found
        .iter()
        .map(|k| k.split(':').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_former_domain_is_the_paper_itself() {
    let a = keys(vec![entry(
        "http://www.baodoinui.com.vn/tin/hop-chi-bo.html",
        "",
        "Họp chi bộ",
        "",
    )]);
    let b = keys(vec![entry(
        "https://baovenbien.vn/tin/hop-chi-bo.html",
        "",
        "Họp chi bộ",
        "",
    )]);
    assert_eq!(a, b);
}

#[test]
fn guids_say_how_far_they_reach() {
    let kinds = |guid| key_kinds(entry("https://baovenbien.vn/tin/a", guid, "Tin", ""));
    assert_eq!(kinds("g1"), ["url", "feed-guid"]);
    assert_eq!(kinds("https://baovenbien.vn/?p=812"), ["url", "guid"]);
    assert_eq!(kinds("tag:baovenbien.vn,2026:812"), ["url", "guid"]);
    assert_eq!(
        kinds("0b1c2d3e-5f60-4718-92a3-b4c5d6e7f809"),
        ["url", "guid"]
    );
    assert_eq!(kinds("https://baovenbien.vn/"), ["url"]);
    assert_eq!(kinds("  "), ["url"]);
}

#[test]
fn a_guid_address_stands_for_a_missing_link() {
    let one = identify(
        &source(),
        None,
        vec![entry(
            "",
            "https://baovenbien.vn/tin/b?utm_source=rss",
            "Tin",
            "",
        )],
    );
    assert_eq!(one[0].url.as_deref(), Some("https://baovenbien.vn/tin/b"));
    assert_eq!(one[0].article_keys[0].0, "url:baovenbien.vn/tin/b");
}

#[test]
fn the_number_of_the_cms_is_read_where_it_is_certain() {
    let cms = |path: &str| {
        Address::read(&format!("https://www.baovenbien.vn{path}"))
            .as_ref()
            .and_then(cms_number)
    };
    let some = |number: &str| Some(format!("baovenbien.vn:{number}"));
    assert_eq!(cms("/tin/hop-chi-bo-4846612.html"), some("4846612"));
    assert_eq!(cms("/hop-chi-bo-post578873.html"), some("578873"));
    assert_eq!(cms("/hop-chi-bo-d1451255.html"), some("1451255"));
    assert_eq!(
        cms("/hop-chi-bo-188260307071033787.chn"),
        some("188260307071033787")
    );
    assert_eq!(cms("/tin/246818"), some("246818"));
    for unsure in [
        "/hop-chi-bo-a317.html",
        "/dai-hoi-nhiem-ky-2025-2030.html",
        "/tin-van-22112026.html",
        "/tin-van-20261122.html",
        "/ung-ho-500000.html",
        "/tin-12345-cap-nhat.html",
        "/duong-quoclo12345.html",
        "/",
    ] {
        assert_eq!(cms(unsure), None, "{unsure}");
    }
}

#[test]
fn what_two_items_share_names_neither() {
    let long =
        "Chi bộ tổ chức sinh hoạt chuyên đề về xây dựng nếp sống văn minh ở khu dân cư. ".repeat(4);
    let found = keys(vec![
        entry(
            "https://baovenbien.vn/tin/a-812345.html",
            "1",
            "Sinh hoạt chi bộ",
            &long,
        ),
        entry(
            "https://baovenbien.vn/tin/b-812345.html",
            "1",
            "Sinh hoạt chi bộ",
            &long,
        ),
    ]);
    assert_eq!(found[0], ["url:baovenbien.vn/tin/a-812345.html"]);
    assert_eq!(found[1], ["url:baovenbien.vn/tin/b-812345.html"]);
}

#[test]
fn an_address_under_many_headlines_is_a_list() {
    let link = "https://baovenbien.vn/tin-moi";
    let found = keys(vec![
        entry(link, "a1", "Bế mạc đại hội đảng bộ", ""),
        entry(link, "a2", "Trao huy hiệu 50 năm tuổi Đảng", ""),
        entry(link, "a3", "Kiểm tra dấu hiệu vi phạm", ""),
    ]);
    assert_eq!(
        found,
        [["feed-guid:a1"], ["feed-guid:a2"], ["feed-guid:a3"]]
    );
}

#[test]
fn entry_keys_are_distinct_within_a_document() {
    let link = "https://baovenbien.vn/tin/hop";
    let named = identify(
        &source(),
        None,
        vec![
            entry(link, "g1", "Họp", ""),
            entry(link, "g2", "Họp", ""),
            entry("", "", "Không có gì", ""),
            entry("", "", "Không có gì khác", ""),
        ],
    );
    let distinct: HashSet<_> = named.iter().map(|e| &e.entry_key).collect();
    assert_eq!(distinct.len(), 4);
    assert_eq!(named[0].article_keys[0], named[1].article_keys[0]);
}

#[test]
fn decomposed_letters_make_no_other_article() {
    let long = "Đảng ủy xã triển khai kế hoạch kiểm tra, giám sát năm mới tới toàn thể đảng viên. "
        .repeat(4);
    let nfd = |text: &str| text.nfd().collect::<String>();
    let a = keys(vec![entry(
        "",
        "Xây dựng Đảng bộ xã",
        "Kế hoạch kiểm tra",
        &long,
    )]);
    let b = keys(vec![entry(
        "",
        &nfd("Xây dựng Đảng bộ xã"),
        &nfd("Kế hoạch kiểm tra"),
        &nfd(&long),
    )]);
    assert_eq!(a, b);
}

#[test]
fn the_section_stands_in_the_address_or_is_the_feeds() {
    let section = |link: &str| {
        identify(
            &source(),
            Some("chinh-tri"),
            vec![entry(link, "", "Tin", "")],
        )
        .remove(0)
        .section
    };
    assert_eq!(
        section("https://baovenbien.vn/tin-tuc/xay-dung-dang/202611/hop-chi-bo.html").as_deref(),
        Some("xay-dung-dang")
    );
    assert_eq!(
        section("https://baovenbien.vn/hop-chi-bo.html").as_deref(),
        Some("chinh-tri")
    );
}

#[test]
fn the_lead_is_plain_and_bounded() {
    let one = identify(
        &source(),
        None,
        vec![entry(
            "",
            "x",
            "Tin",
            "<p>(BVB) - Sáng&nbsp;nay,<br/>chi bộ họp.</p>",
        )],
    );
    assert_eq!(
        one[0].sapo.as_deref(),
        Some("(BVB) - Sáng nay, chi bộ họp.")
    );
    let long = identify(
        &source(),
        None,
        vec![entry("", "x", "Tin", &"chi bộ ".repeat(900))],
    );
    assert!(long[0].sapo.as_ref().unwrap().chars().count() <= SAPO_MAX + 1);
}

proptest! {
    #[test]
    fn never_panics_and_always_names(
        links in prop::collection::vec("\\PC{0,40}", 0..6),
        guid in "\\PC{0,20}",
        summary in "\\PC{0,80}",
    ) {
        let entries: Vec<_> = links.iter().map(|l| entry(&format!("https://b.vn/{l}"), &guid, l, &summary)).collect();
        let named = identify(&source(), None, entries.clone());
        prop_assert_eq!(named.len(), entries.len());
        for one in &named {
            prop_assert!(!one.article_keys.is_empty());
            prop_assert!(!one.entry_key.is_empty());
        }
    }
}
