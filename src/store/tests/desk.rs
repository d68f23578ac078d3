//! Analysis, pages, editions, search.

use super::*;

pub(super) fn digest() -> DigestName {
    DigestName::from("hang-ngay")
}

pub(super) fn edition(slot: &str, number: u32, after: i64, upto: i64) -> Edition {
    Edition {
        format: EDITION_FORMAT,
        digest: digest(),
        title: "Điểm báo xây dựng Đảng".into(),
        number,
        slot: slot.into(),
        date: slot[..10].parse().unwrap(),
        time_zone: "Asia/Ho_Chi_Minh".into(),
        window: Window {
            after: Ingest(after),
            upto: Ingest(upto),
            covers: Span {
                from: noon(),
                to: noon() + minutes(60),
            },
        },
        composed_at: noon() + minutes(90),
        counts: Counts::default(),
        stories: Vec::new(),
        sections: Vec::new(),
        related: Vec::new(),
        reprints: Vec::new(),
        corrections: Vec::new(),
        coverage: Coverage::default(),
        week: Vec::new(),
        contact: None,
        language: Default::default(),
    }
}

/// Freezes an edition up to the newest article, to two recipients.
pub(super) fn freeze(world: &World, slot: &str, number: u32, articles: &[ArticleId]) -> Frozen {
    let after = wait(world.store.last_edition(&digest()))
        .unwrap()
        .map_or(0, |e| e.upto.0);
    let upto = wait(world.store.highest_ingest()).unwrap().0;
    let to = |recipient: &str| NewDelivery {
        recipient: recipient.into(),
        message_id: format!("<{number}.{recipient}>"),
        message: b"Subject: x\r\n\r\nNoi dung\r\n".to_vec(),
    };
    let new = NewEdition {
        edition: Edition {
            counts: Counts {
                articles: articles.len() as u32,
                ..Counts::default()
            },
            ..edition(slot, number, after, upto)
        },
        rendered: Rendered {
            subject: "Điểm báo".into(),
            html: "<p>Điểm báo</p>".into(),
            text: "Điểm báo".into(),
        },
        articles: articles.to_vec(),
        deliveries: vec![
            to("lan@tinhuy.example"),
            to("binh@tinhuy.example"),
            to("Lan@tinhuy.example"),
        ],
        rereading: Rereading {
            articles: articles.to_vec(),
            first: noon() + SignedDuration::from_hours(20),
            until: noon() + SignedDuration::from_hours(72),
        },
    };
    wait(world.store.freeze_edition(new)).unwrap()
}

fn candidates(world: &World, after: i64) -> Vec<ArticleId> {
    let upto = wait(world.store.highest_ingest()).unwrap();
    let found = wait(world.store.candidates(&digest(), Ingest(after), upto, 2)).unwrap();
    found.into_iter().map(|a| a.id).collect()
}

#[test]
fn new_articles_are_analysed_first_and_other_versions_after() {
    let world = World::with(&[("a", "moi")]);
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![
                item("x", "Tin một"),
                item("y", "Tin hai"),
                item("z", "Tin ba"),
            ],
        )
        .new_articles;
    world.judge(ids[0], 1);
    world.judge(ids[1], 0);
    let claim = |version, limit| -> Vec<ArticleId> {
        let found = wait(world.store.claim_unanalysed(version, limit)).unwrap();
        found.into_iter().map(|u| u.article.id).collect()
    };
    assert_eq!(claim(7, 9), [ids[2]]);
    assert_eq!(claim(8, 9), [ids[2], ids[1], ids[0]]);
    assert_eq!(claim(6, 2), [ids[2], ids[1]]);
    assert_eq!(world.article(ids[0]).verdict.unwrap().level, 1);
    world.sound();
}

#[test]
fn an_article_is_in_one_edition_and_no_backfill_in_any() {
    let world = World::with(&[("a", "moi")]);
    let mut old = item("cu", "Bài cũ");
    old.entry.published = Some(noon() - SignedDuration::from_hours(99));
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![item("x", "Tin một"), item("y", "Tin hai"), old],
        )
        .new_articles;
    world.judge(ids[0], 2);
    world.judge(ids[1], 1);
    world.judge(ids[2], 2);
    assert_eq!(candidates(&world, 0), [ids[0]]);
    assert!(matches!(
        freeze(&world, "2026-11-20T06:30", 1, &[ids[0]]),
        Frozen::Now(_)
    ));
    assert_eq!(candidates(&world, 0), []);
    assert!(matches!(
        freeze(&world, "2026-11-20T06:30", 2, &[]),
        Frozen::Already(_)
    ));
    assert_eq!(
        freeze(&world, "2026-11-21T06:30", 2, &[ids[0]]),
        Frozen::Stale
    );
    assert_eq!(freeze(&world, "2026-11-21T06:30", 1, &[]), Frozen::Stale);
    assert!(matches!(
        freeze(&world, "2026-11-21T06:30", 2, &[]),
        Frozen::Now(_)
    ));
    let last = wait(world.store.last_edition(&digest())).unwrap().unwrap();
    assert_eq!((last.number, last.upto, last.articles), (2, Ingest(3), 0));
    let sizes = wait(
        world
            .store
            .edition_sizes(&digest(), jiff::civil::date(2026, 11, 15)),
    )
    .unwrap();
    assert_eq!(sizes.iter().map(|d| d.articles).collect::<Vec<_>>(), [1, 0]);
    let published = |day| {
        let since = jiff::civil::date(2026, 11, day);
        let articles = wait(world.store.published_since(&digest(), since)).unwrap();
        articles.iter().map(|(a, n)| (a.id, *n)).collect::<Vec<_>>()
    };
    assert_eq!((published(20), published(21)), (vec![(ids[0], 1)], vec![]));
    let again = wait(
        world
            .store
            .find_edition(&digest(), jiff::civil::date(2026, 11, 20)),
    )
    .unwrap()
    .unwrap();
    assert_eq!(again.edition.slot, "2026-11-20T06:30");
    world.sound();
}

#[test]
fn an_article_that_rises_after_its_window_comes_in_the_next() {
    let world = World::with(&[("a", "moi")]);
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![item("x", "Tin một"), item("y", "Tin hai")],
        )
        .new_articles;
    world.judge(ids[0], 2);
    world.judge(ids[1], 0);
    freeze(&world, "2026-11-20T06:30", 1, &[ids[0]]);
    let upto = wait(world.store.highest_ingest()).unwrap().0;
    world.judge(ids[1], 0);
    assert_eq!(world.article(ids[1]).ingest, Ingest(2));
    world.judge(ids[1], 2);
    world.judge(ids[0], 2);
    assert_eq!(candidates(&world, upto), [ids[1]]);
    world.judge(ids[1], 2);
    assert_eq!(world.article(ids[1]).ingest, Ingest(3));
    world.sound();
}

#[test]
fn one_papers_backlog_of_pages_does_not_hide_the_others() {
    let world = World::with(&[("a", "moi"), ("b", "moi")]);
    let many: Vec<_> = (0..30)
        .map(|n| item(&format!("a{n}"), &format!("Tin {n}")))
        .collect();
    for id in world.poll("a/moi", noon(), many).new_articles {
        world.judge(id, 2);
    }
    let b = world
        .poll("b/moi", noon(), vec![item("b1", "Tin của báo b")])
        .new_articles[0];
    world.judge(b, 2);
    let claim = |now| wait(world.store.claim_due_pages(now, LEASE, 2, 10)).unwrap();
    let due = claim(noon());
    assert_eq!(due.len(), 3);
    assert!(due.iter().any(|page| page.article == b));
    assert_eq!(claim(noon()).len(), 2);
    world.sound();
}

#[test]
fn a_page_that_was_read_is_analysed_again_and_found() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Hội nghị")])
        .new_articles[0];
    world.judge(id, 1);
    let page = PageText {
        body: "Ủy ban Kiểm tra công bố kết luận.\n\nHội nghị thống nhất cao.".into(),
        author: Some("Minh Châu".into()),
        published: Some(noon()),
        ..PageText::default()
    };
    wait(
        world
            .store
            .commit_page(id, PageOutcome::Read(Box::new(page)), TWO_DAYS),
    )
    .unwrap();
    let article = world.article(id);
    assert_eq!(article.author.as_deref(), Some("Minh Châu"));
    assert_eq!(article.published, Some(noon() - minutes(60)));
    assert_eq!(wait(world.store.claim_unanalysed(7, 9)).unwrap().len(), 1);
    let find = |query: &str| {
        wait(
            world
                .store
                .search(query, &SearchFilter::default(), Page::first(9)),
        )
        .unwrap()
        .hits
        .len()
    };
    assert_eq!(find("uy ban kiem tra"), 1);
    assert_eq!(find("\"Kiểm tra công bố\""), 1);
    assert_eq!(find("\"công bố kiểm tra\""), 0);
    assert_eq!(find("OR ( * NEAR"), 0);
    assert_eq!(find("!!"), 0);
    world.sound();
}

#[test]
fn after_three_failures_an_article_stands_with_its_sapo() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Hội nghị")])
        .new_articles[0];
    world.judge(id, 2);
    for round in 1..=4 {
        let now = noon() + minutes(round * 10);
        let due = wait(world.store.claim_due_pages(now, LEASE, 2, 9)).unwrap();
        assert_eq!(due.len(), usize::from(round <= 3), "round {round}");
        let failed = PageOutcome::Failed { retry_at: now };
        wait(world.store.commit_page(id, failed, TWO_DAYS)).unwrap();
    }
    assert_eq!(wait(world.store.next_due()).unwrap().page, None);
    assert!(world.article(id).body.is_none());
    world.sound();
}

#[test]
fn a_page_shows_an_undated_article_to_be_old() {
    let world = World::with(&[("a", "moi")]);
    let mut undated = item("x", "Hội nghị");
    undated.entry.published = None;
    let id = world.poll("a/moi", noon(), vec![undated]).new_articles[0];
    let page = PageText {
        body: "Nội dung.".into(),
        published: Some(noon() - SignedDuration::from_hours(24 * 30)),
        ..PageText::default()
    };
    wait(
        world
            .store
            .commit_page(id, PageOutcome::Read(Box::new(page)), TWO_DAYS),
    )
    .unwrap();
    assert!(world.article(id).backfill);
    world.sound();
}

#[test]
fn articles_of_a_span_and_filters_of_a_search() {
    let world = World::with(&[("a", "moi"), ("b", "moi")]);
    let mut undated = item("y", "Kiểm tra đảng viên");
    undated.entry.published = None;
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![item("x", "Giám sát đảng viên"), undated],
        )
        .new_articles;
    world.poll("b/moi", noon(), vec![item("z", "Kết nạp đảng viên")]);
    world.judge(ids[0], 2);
    let span = wait(world.store.published_between(noon() - minutes(61), noon())).unwrap();
    assert_eq!(span.len(), 2);
    let span = wait(
        world
            .store
            .published_between(noon() - 1.hour(), noon() + minutes(1)),
    )
    .unwrap();
    assert_eq!(span.len(), 3);
    let find = |filter| {
        wait(world.store.search("dang vien", &filter, Page::first(9)))
            .unwrap()
            .hits
            .len()
    };
    assert_eq!(find(SearchFilter::default()), 3);
    assert_eq!(
        find(SearchFilter {
            province: Some("b".into()),
            ..SearchFilter::default()
        }),
        1
    );
    assert_eq!(
        find(SearchFilter {
            topic: Some("kiem_tra".into()),
            ..SearchFilter::default()
        }),
        1
    );
    assert_eq!(
        find(SearchFilter {
            from: Some(noon()),
            ..SearchFilter::default()
        }),
        1
    );
    world.sound();
}

#[test]
fn an_admins_mark_comes_with_the_next_analysis() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Hội nghị")])
        .new_articles[0];
    world.judge(id, 2);
    for mark in ["relevant", "topic=kiem_tra", "irrelevant"] {
        assert!(wait(world.store.mark(id, mark, noon())).unwrap());
    }
    assert!(!wait(world.store.mark(ArticleId(99), "relevant", noon())).unwrap());
    let claimed = wait(world.store.claim_unanalysed(7, 9)).unwrap().remove(0);
    assert_eq!(claimed.marks, ["irrelevant", "topic=kiem_tra"]);
    assert_eq!(wait(world.store.marked()).unwrap()[0].1, claimed.marks);

    world.judge(id, 0);
    let undo = |word| wait(world.store.unmark(id, word, noon())).unwrap();
    assert!(undo(Some("topic=kiem_tra")) && !undo(Some("relevant")));
    let claimed = wait(world.store.claim_unanalysed(7, 9)).unwrap().remove(0);
    assert_eq!(claimed.marks, ["irrelevant"]);
    assert!(undo(None) && !undo(None));
    assert_eq!(wait(world.store.marked()).unwrap(), []);
    world.sound();
}

#[test]
fn old_texts_go_and_their_articles_are_known_for_ever() {
    let world = World::with(&[("a", "moi")]);
    let mut one = item("x", "Hội nghị");
    one.entry.content = Some("Toàn văn bài báo.".into());
    let id = world.poll("a/moi", noon(), vec![one.clone()]).new_articles[0];
    let page = PageText {
        body: "Nghị quyết chuyên đề.".into(),
        ..PageText::default()
    };
    wait(
        world
            .store
            .commit_page(id, PageOutcome::Read(Box::new(page)), TWO_DAYS),
    )
    .unwrap();
    let purge = || wait(world.store.purge_texts(noon() + minutes(1), 9)).unwrap();
    assert_eq!((purge(), purge()), (1, 0));
    let find = |query: &str| {
        wait(
            world
                .store
                .search(query, &SearchFilter::default(), Page::first(9)),
        )
        .unwrap()
        .hits
        .len()
    };
    assert_eq!((find("nghi quyet"), find("hoi nghi")), (0, 1));
    let again = world.poll("a/moi", noon() + minutes(99), vec![one]);
    assert_eq!((again.new_entries, again.changed_entries), (0, 0));
    world.sound();
}

#[test]
fn a_new_version_pours_no_archive_into_the_next_edition() {
    let world = World::with(&[("a", "moi")]);
    let ids = world
        .poll(
            "a/moi",
            noon(),
            vec![item("x", "Tin một"), item("y", "Tin hai")],
        )
        .new_articles;
    world.judge(ids[0], 2);
    world.judge(ids[1], 0);
    freeze(&world, "2026-11-20T06:30", 1, &[ids[0]]);
    let month_later = noon() + SignedDuration::from_hours(24 * 30);
    let risen = Verdict {
        level: 2,
        ..Verdict::default()
    };
    world.analysed(8, vec![analysis(ids[1], risen)], month_later);
    assert_eq!(world.article(ids[1]).ingest, Ingest(2));
    assert_eq!(
        wait(world.store.ingest_before(month_later)).unwrap(),
        Ingest(2)
    );
    world.sound();
}

#[test]
fn names_and_windows_follow_the_verdict() {
    let world = World::with(&[("a", "moi")]);
    let entries = (0..3).map(|n| item(&format!("x{n}"), &format!("Tin số {n}")));
    let ids = world.poll("a/moi", noon(), entries.collect()).new_articles;
    let nung = Name {
        kind: NameKind::Person,
        key: "le van nung".into(),
        shown: "Lê Văn Nưng".into(),
        position: Some("Chủ tịch HĐND tỉnh".into()),
    };
    let said = |id: ArticleId, windows: &[u32], tag: u16| Analysis {
        names: vec![nung.clone()],
        near: NearKeys {
            windows: windows.to_vec(),
            tag,
        },
        ..analysis(
            id,
            Verdict {
                level: 2,
                ..Verdict::default()
            },
        )
    };
    let all = vec![
        said(ids[0], &[1, 2, 3, u32::MAX], 7),
        said(ids[1], &[2, 3, 9, u32::MAX], 5),
        said(ids[2], &[3], 1),
    ];
    world.analysed(7, all, noon());
    assert_eq!(
        wait(world.store.names_of(ids[0])).unwrap(),
        std::slice::from_ref(&nung)
    );
    let near = |holders| {
        let found = wait(world.store.near(vec![ids[0]], holders)).unwrap();
        let others = found[0].others.iter();
        (
            found[0].size,
            others
                .map(|o| (o.article, o.shared, o.size, o.tag))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(near(64), (4, vec![(ids[1], 3, 4, 5), (ids[2], 1, 1, 1)]));
    // Of a window that too many hold, those with the lowest tags are looked at: whoever came first.
    assert_eq!(near(1), (4, vec![(ids[1], 2, 4, 5), (ids[2], 1, 1, 1)]));
    let sample = |upto| {
        let sample = wait(world.store.sample(Ingest(upto), noon() + minutes(5), 2)).unwrap();
        sample.iter().map(|article| article.id).collect::<Vec<_>>()
    };
    assert_eq!((sample(3), sample(1)), (vec![ids[2], ids[1]], vec![ids[0]]));

    freeze(&world, "2026-11-20T06:30", 1, &[ids[1]]);
    let published = wait(world.store.published_of(&digest(), vec![ids[0], ids[1]])).unwrap();
    assert_eq!(
        published
            .iter()
            .map(|(a, n)| (a.id, *n))
            .collect::<Vec<_>>(),
        [(ids[1], 1)]
    );

    // Judged anew without names and windows, and looked up long after.
    world.analysed(8, vec![analysis(ids[1], Verdict::default())], noon());
    assert_eq!(near(64).1, [(ids[2], 1, 1, 1)]);
    world.analysed(8, Vec::new(), noon() + SignedDuration::from_hours(24 * 91));
    assert_eq!(near(64), (0, Vec::new()), "ninety days are over");
    assert_eq!(
        wait(world.store.names_of(ids[1])).unwrap(),
        Vec::<Name>::new()
    );
    world.sound();
}
