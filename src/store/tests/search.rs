//! Search: forms, phrases, documents, filters, order, paging, passages.

use super::*;

fn find(world: &World, query: &str) -> Vec<String> {
    find_in(world, query, &SearchFilter::default())
}

fn find_in(world: &World, query: &str, filter: &SearchFilter) -> Vec<String> {
    let found = wait(world.store.search(query, filter, Page::first(20))).unwrap();
    assert_eq!(found.total as usize, found.hits.len(), "{query}");
    found
        .hits
        .into_iter()
        .map(|hit| hit.article.title)
        .collect()
}

/// A paper whose articles have these headlines, in this order, one a minute.
fn told(titles: &[&str]) -> World {
    let world = World::with(&[("a", "moi")]);
    for (nth, title) in titles.iter().enumerate() {
        let mut one = item(&format!("bai-{nth}"), title);
        one.sapo = None;
        one.entry.published = Some(noon() + minutes(nth as i64));
        world.poll("a/moi", noon() + minutes(nth as i64), vec![one]);
    }
    world
}

#[test]
fn exact_forms_come_first_and_the_newest_of_equals() {
    let world = told(&[
        "Đảng bộ tỉnh họp",
        "Đang bó lúa trên đồng",
        "Đảng bộ xã họp",
        "Dạng bơ mới",
    ]);
    let found = find(&world, "đảng bộ");
    assert_eq!(
        found,
        [
            "Đảng bộ xã họp",
            "Đảng bộ tỉnh họp",
            "Dạng bơ mới",
            "Đang bó lúa trên đồng"
        ]
    );
    assert_eq!(find(&world, "dang bo").len(), 4);
    assert_eq!(find(&world, "ĐẢNG BỘ XÃ"), ["Đảng bộ xã họp"]);
    world.sound();
}

#[test]
fn the_tone_may_be_written_on_either_vowel() {
    let world = told(&["Hòa Bình đổi mới", "Hoả hoạn", "Hoá đơn"]);
    assert_eq!(find(&world, "hoà")[0], "Hòa Bình đổi mới");
    assert_eq!(find(&world, "hỏa")[0], "Hoả hoạn");
    world.sound();
}

#[test]
fn the_headline_goes_before_the_lead_and_words_together_before_words_apart() {
    let world = World::with(&[("a", "moi")]);
    let with_sapo = |slug, title, sapo: &str| {
        let mut one = item(slug, title);
        one.sapo = Some(sapo.to_owned());
        one
    };
    world.poll(
        "a/moi",
        noon(),
        vec![
            with_sapo("1", "Kết nạp đảng viên mới", ""),
            with_sapo("2", "Viên chức vào đảng", ""),
            with_sapo("3", "Tin trong ngày", "Một đảng viên cao tuổi."),
        ],
    );
    assert_eq!(
        find(&world, "đảng viên"),
        [
            "Kết nạp đảng viên mới",
            "Viên chức vào đảng",
            "Tin trong ngày"
        ]
    );
    assert_eq!(find(&world, "\"đảng viên\"").len(), 2);
    assert_eq!(find(&world, "“viên đảng”").len(), 0);
    world.sound();
}

#[test]
fn a_document_is_found_by_any_of_its_names() {
    let world = told(&[
        "Quán triệt Nghị quyết số 57-NQ/TW",
        "Thực hiện Nghị quyết 57 về khoa học",
        "Nghị quyết số 57-NQ/TU của Tỉnh ủy",
        "Các nghị quyết 57, 59 và 66",
        "57 nghị quyết được thông qua",
    ]);
    let all: Vec<_> = find(&world, "\"Nghị quyết 57\"");
    assert_eq!(all.len(), 4, "{all:?}");
    for query in [
        "57-NQ/TW",
        "57-nq/tw",
        "57-NQ/T.Ư",
        "nghị quyết số 57-NQ/TW",
    ] {
        let found = find(&world, query);
        assert_eq!(found.len(), 3, "{query}: {found:?}");
        assert!(!found.iter().any(|title| title.contains("TU")), "{query}");
    }
    assert_eq!(find(&world, "57-NQ/TU").len(), 3);
    assert_eq!(find(&world, "59-NQ/TW"), ["Các nghị quyết 57, 59 và 66"]);
    assert_eq!(
        find(&world, "khoa học 57-NQ/TW"),
        ["Thực hiện Nghị quyết 57 về khoa học"]
    );
    let filter = SearchFilter {
        document: Some("57-NQ/TW".into()),
        ..SearchFilter::default()
    };
    assert_eq!(find_in(&world, "", &filter).len(), 3);
    assert_eq!(find_in(&world, "khoa hoc", &filter).len(), 1);
    world.sound();
}

#[test]
fn filters_narrow_alone_and_together() {
    let world = World::with(&[("a", "moi"), ("b", "moi")]);
    let dated = |slug: &str, title: &str, day: &str| {
        let mut one = item(slug, title);
        one.entry.published = Some(at(&format!("{day}T03:00:00Z")));
        one
    };
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![
                dated("1", "Đồng chí Nguyễn Văn An dự hội nghị", "2026-11-19"),
                dated("2", "Hội nghị của Nguyễn An", "2026-10-02"),
            ],
        )
        .new_articles;
    world.poll(
        "b/moi",
        noon(),
        vec![dated("3", "Hội nghị ở B", "2025-12-31")],
    );
    world.judge(ids[1], 2);
    let by = |filter: SearchFilter| find_in(&world, "hội nghị", &filter).len();
    let none = SearchFilter::default;
    assert_eq!(by(none()), 3);
    assert_eq!(
        by(SearchFilter {
            source: Some("b".into()),
            ..none()
        }),
        1
    );
    assert_eq!(
        by(SearchFilter {
            province: Some("a".into()),
            ..none()
        }),
        2
    );
    assert_eq!(
        by(SearchFilter {
            province: Some("x".into()),
            ..none()
        }),
        0
    );
    assert_eq!(
        by(SearchFilter {
            topic: Some("kiem_tra".into()),
            ..none()
        }),
        1
    );
    assert_eq!(
        by(SearchFilter {
            person: Some("Nguyễn Văn An".into()),
            ..none()
        }),
        1
    );
    assert_eq!(
        by(SearchFilter {
            person: Some("!".into()),
            ..none()
        }),
        0
    );
    let span = |from: &str, to: &str| SearchFilter {
        from: Some(at(from)),
        to: Some(at(to)),
        ..none()
    };
    assert_eq!(by(span("2026-01-01T00:00:00Z", "2026-11-19T03:00:00Z")), 1);
    assert_eq!(
        by(span("2025-12-31T03:00:00Z", "2026-11-19T03:00:00.001Z")),
        3
    );
    assert_eq!(by(span("2026-11-20T00:00:00Z", "2026-11-19T00:00:00Z")), 0);
    // A topic that is taken away again, a paper that is read again.
    world.judge_with(ids[1], 0, &[]);
    assert_eq!(
        by(SearchFilter {
            topic: Some("kiem_tra".into()),
            ..none()
        }),
        0
    );
    let listed = find_in(
        &world,
        "",
        &SearchFilter {
            source: Some("a".into()),
            ..none()
        },
    );
    assert_eq!(
        listed[0], "Hội nghị của Nguyễn An",
        "the newest in the store first"
    );
    assert_eq!(find(&world, ""), [""; 0]);
    world.sound();
}

#[test]
fn hits_are_counted_and_paged() {
    let titles: Vec<String> = (0..30).map(|n| format!("Tin số {n} của Đảng")).collect();
    let world = told(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    let mut seen = Vec::new();
    for nth in 0..4 {
        let page = Page {
            offset: nth * 9,
            limit: 9,
            order: SearchOrder::Newest,
        };
        let found = wait(world.store.search("đảng", &SearchFilter::default(), page)).unwrap();
        assert_eq!((found.total, found.more), (30, false));
        seen.extend(found.hits.into_iter().map(|hit| hit.article.title));
    }
    let expected: Vec<_> = titles.into_iter().rev().collect();
    assert_eq!(seen, expected);
    world.sound();
}

#[test]
fn of_very_many_the_best_come_first_as_of_few() {
    let many = |count: usize| {
        let mut titles: Vec<String> = (0..count).map(|n| format!("Dang bo lúa {n}")).collect();
        titles[1] = "Họp đảng bộ".to_owned();
        titles[2] = "Đảng có bộ máy".to_owned();
        titles[3] = "Bo dang dở".to_owned();
        told(&titles.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let ask = |world: &World| {
        let all = SearchFilter::default();
        wait(world.store.search("đảng bộ", &all, Page::first(3))).unwrap()
    };
    let few = many(40);
    let found = ask(&few);
    assert_eq!((found.total, found.more), (40, false));
    let very_many = many(330);
    let more = ask(&very_many);
    assert_eq!((more.total, more.more), (300, true));
    let told = |found: &SearchResult| -> Vec<(String, bool)> {
        let hit = |hit: &Found| (hit.article.title.clone(), hit.exact);
        found.hits.iter().map(hit).collect()
    };
    assert_eq!(told(&found)[..2], told(&more)[..2]);
    assert_eq!(
        told(&found),
        [
            ("Họp đảng bộ".to_owned(), true),
            ("Đảng có bộ máy".to_owned(), true),
            ("Dang bo lúa 39".to_owned(), false),
        ]
    );
    assert_eq!(told(&more)[2], ("Dang bo lúa 329".to_owned(), false));
    very_many.sound();
}

#[test]
fn a_passage_shows_why() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Tin")])
        .new_articles[0];
    let filler = "Câu này chỉ để cho dài. ".repeat(30);
    let page = PageText {
        body: format!("{filler}\n\nỦy ban Kiểm tra\nTỉnh ủy công bố kết luận. {filler}"),
        ..PageText::default()
    };
    wait(
        world
            .store
            .commit_page(id, PageOutcome::Read(Box::new(page)), TWO_DAYS),
    )
    .unwrap();
    let found = wait(world.store.search(
        "uy ban kiem tra",
        &SearchFilter::default(),
        Page::first(9),
    ))
    .unwrap();
    let snippet = &found.hits[0].snippet;
    let marked: Vec<&str> = snippet
        .hits
        .iter()
        .map(|hit| &snippet.text[hit.clone()])
        .collect();
    assert_eq!(marked, ["Ủy", "ban", "Kiểm", "tra", "ủy"]);
    assert!(
        snippet
            .text
            .contains("Ủy ban Kiểm tra Tỉnh ủy công bố kết luận"),
        "{}",
        snippet.text
    );
    assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'));
    world.sound();
}

#[test]
fn a_date_learned_later_is_searched_by() {
    let world = World::with(&[("a", "moi"), ("a", "xdd")]);
    let mut undated = item("x", "Hội nghị");
    undated.entry.published = None;
    world.poll("a/moi", noon(), vec![undated]);
    let mut dated = item("x", "Hội nghị");
    dated.entry.published = Some(at("2026-11-01T05:00:00Z"));
    world.poll("a/xdd", noon() + minutes(20), vec![dated]);
    let filter = SearchFilter {
        to: Some(at("2026-11-02T00:00:00Z")),
        ..SearchFilter::default()
    };
    assert_eq!(find_in(&world, "hoi nghi", &filter).len(), 1);
    world.sound();
}

#[test]
fn nothing_typed_is_an_operator() {
    let world = told(&["Đảng bộ tỉnh"]);
    for query in [
        "đảng OR",
        "đảng*",
        "NOT đảng",
        "marks:đảng",
        "\"",
        "(đảng",
        "x\u{0}y",
        "tdang",
        "^đảng",
    ] {
        let found = wait(
            world
                .store
                .search(query, &SearchFilter::default(), Page::first(9)),
        );
        assert!(found.is_ok(), "{query}: {found:?}");
    }
    assert_eq!(find(&world, "tdang"), [""; 0]);
    assert_eq!(find(&world, "(đảng)"), ["Đảng bộ tỉnh"]);
    world.sound();
}

#[test]
fn an_index_that_was_written_again_is_merged_and_says_the_same() {
    let world = World::with(&[("a", "moi")]);
    let titled = |nth| {
        item(
            &format!("bai-{nth}"),
            &format!("Chi bộ thôn {nth} họp phiên thường kỳ"),
        )
    };
    world.poll("a/moi", noon(), (0..1_100).map(titled).collect());
    assert_eq!(find(&world, "\"thôn 77\"").len(), 1);
    let worn = |world: &World| wait(world.store.is_index_worn()).unwrap();
    assert!(!worn(&world), "each was written once");

    let verdict = Verdict {
        level: 2,
        topics: vec![TopicScore {
            topic: TopicKey::from("kiem_tra"),
            score: 1.5,
        }],
        ..Verdict::default()
    };
    let judged = (1..=1_100).map(|id| analysis(ArticleId(id), verdict.clone()));
    world.analysed(1, judged.collect(), noon());
    assert_eq!(find(&world, "\"thôn 78\"").len(), 1);
    assert!(worn(&world), "each was written twice");
    let mut done = wait(world.store.merge_index(true)).unwrap();
    while !done {
        done = wait(world.store.merge_index(false)).unwrap();
    }
    assert!(!worn(&world));
    let pieces: u32 = rusqlite::Connection::open(world.store.path())
        .unwrap()
        .query_row(
            "SELECT count(DISTINCT segid) FROM articles_fts_idx",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(pieces, 1);
    assert_eq!(find(&world, "\"thôn 77\"").len(), 1);
    world.sound();
}
