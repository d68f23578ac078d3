//! Feeds and what polls bring.

use super::*;

#[test]
fn a_claimed_feed_is_nobody_elses_until_its_lease_ends() {
    let world = World::with(&[("a", "moi"), ("a", "cu"), ("b", "moi")]);
    let claim = |now| wait(world.store.claim_due_feeds(now, LEASE, 2)).unwrap();
    assert_eq!(claim(noon()).len(), 2);
    assert_eq!(claim(noon()).len(), 1);
    assert_eq!(claim(noon()).len(), 0);
    assert_eq!(claim(noon() + LEASE).len(), 2);
    world.sound();
}

#[test]
fn what_a_poll_remembers_comes_back_with_the_next_claim() {
    let world = World::with(&[("a", "moi")]);
    let state = FeedState {
        validators: Validators {
            etag: Some("W/\"x\"".into()),
            last_modified: Some("Fri, 20 Nov 2026 05:00:00 GMT".into()),
        },
        body_hash: Some([7; 32]),
        next_poll_at: Some(noon() + minutes(15)),
        not_before: Some(noon() + minutes(5)),
        last_poll_at: Some(noon()),
        last_ok_at: Some(noon()),
        last_new_at: Some(noon() - minutes(5)),
        rhythm: Rhythm {
            hours: std::array::from_fn(|hour| hour as f32 / 7.0),
            counted_to: Some(noon() - minutes(30)),
        },
        distrusted_until: Some(noon() + minutes(90)),
        entries_hash: Some([9; 16]),
        failures: 2,
        failing_since: Some(noon() - minutes(40)),
        failure: Some(Failure {
            kind: FailureKind::Timeout,
            detail: "no answer in 30 s".into(),
        }),
        retired_at: None,
        moved: Some(("https://a.vn/rss/moi2.xml".parse().unwrap(), 2)),
        parts: vec![FeedPart {
            url: "https://a.vn/bai-2026-11.xml".parse().unwrap(),
            changed: Some("2026-11-20".into()),
            read: true,
            validators: Validators::default(),
            body_hash: Some([8; 32]),
        }],
        watch: Watch {
            empty_since: Some(noon() - minutes(90)),
            vietnamese: true,
            ..Watch::default()
        },
        hub: Some(HubLink {
            hub: "https://hub.vn/".parse().unwrap(),
            topic: "https://a.vn/rss/moi.xml".parse().unwrap(),
        }),
        pushed_until: None,
    };
    let commit = PollCommit {
        state: state.clone(),
        ..world.commit("a/moi", noon(), Vec::new())
    };
    wait(world.store.commit_polls(vec![commit])).unwrap();
    assert!(
        wait(world.store.claim_due_feeds(noon() + minutes(14), LEASE, 9))
            .unwrap()
            .is_empty()
    );
    let claimed = wait(world.store.claim_due_feeds(noon() + minutes(15), LEASE, 9)).unwrap();
    assert_eq!(claimed[0].state, state);
    world.sound();
}

#[test]
fn an_admins_fetch_leaves_those_under_retry_after() {
    let world = World::with(&[("a", "moi"), ("b", "moi")]);
    let mut commit = world.commit("a/moi", noon(), Vec::new());
    commit.state.not_before = Some(noon() + minutes(60));
    wait(world.store.commit_polls(vec![commit])).unwrap();
    let rows = wait(world.store.list_feeds()).unwrap();
    let feeds = rows.into_iter().map(|row| row.feed).collect();
    let claimed = wait(world.store.claim_feeds(feeds, noon(), LEASE)).unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].key.as_str(), "b/moi");
    let due = wait(world.store.next_due()).unwrap();
    assert_eq!(due.poll, Some(noon() + LEASE));
    world.sound();
}

#[test]
fn the_same_poll_twice_changes_nothing_the_second_time() {
    let world = World::with(&[("a", "moi")]);
    let entries = vec![item("x", "Đại hội chi bộ"), item("y", "Kiểm tra, giám sát")];
    let first = world.poll("a/moi", noon(), entries.clone());
    assert_eq!((first.new_entries, first.new_articles.len()), (2, 2));
    let second = world.poll("a/moi", noon() + minutes(90), entries);
    assert_eq!(
        (
            second.new_entries,
            second.changed_entries,
            second.new_articles.len()
        ),
        (0, 0, 0)
    );
    world.sound();
}

#[test]
fn a_retouched_headline_keeps_the_first_and_is_analysed_again() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Đại hội chi bộ thôn 5")])
        .new_articles[0];
    world.judge(id, 2);
    let report = world.poll(
        "a/moi",
        noon() + minutes(20),
        vec![item("x", "Đại hội điểm chi bộ thôn 5")],
    );
    assert_eq!((report.changed_entries, report.new_articles.len()), (1, 0));
    let article = world.article(id);
    assert_eq!(article.title, "Đại hội điểm chi bộ thôn 5");
    assert_eq!(
        article.first_title.as_deref(),
        Some("Đại hội chi bộ thôn 5")
    );
    assert_eq!(wait(world.store.claim_unanalysed(7, 9)).unwrap().len(), 1);
    assert_eq!(
        wait(
            world
                .store
                .search("dai hoi diem", &SearchFilter::default(), Page::first(9))
        )
        .unwrap()
        .hits
        .len(),
        1
    );
    world.sound();
}

#[test]
fn another_feeds_headline_is_no_retouch() {
    let world = World::with(&[("a", "moi"), ("a", "xdd")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Đại hội chi bộ thôn 5")])
        .new_articles[0];
    let report = world.poll("a/xdd", noon(), vec![item("x", "Đại hội chi bộ")]);
    assert_eq!((report.new_entries, report.new_articles.len()), (1, 0));
    assert_eq!(world.article(id).first_title, None);
    world.sound();
}

#[test]
fn old_texts_of_an_entry_are_kept_but_not_without_end() {
    let world = World::with(&[("a", "moi")]);
    for n in 0..40 {
        world.poll(
            "a/moi",
            noon() + minutes(n),
            vec![item("x", &format!("Cập nhật lúc {n} phút"))],
        );
    }
    let kept: i64 = wait(world.store.read("counting", |conn| {
        conn.query_row("SELECT count(*) FROM entry_revisions", [], |row| row.get(0))
    }))
    .unwrap();
    assert_eq!(kept, 20);
    world.sound();
}

#[test]
fn where_keys_disagree_the_address_wins_and_nothing_is_merged() {
    let world = World::with(&[("a", "moi")]);
    let first = world.poll(
        "a/moi",
        noon(),
        vec![
            with_key(item("x", "Bài thứ nhất"), "guid:a:1"),
            with_key(item("y", "Bài thứ hai"), "guid:a:2"),
        ],
    );
    let mut crossed = with_key(item("x", "Bài thứ nhất"), "guid:a:2");
    crossed.entry.title = "Bài thứ nhất, có sửa".into();
    let crossed = crossed.hashed();
    let second = world.poll("a/moi", noon() + minutes(20), vec![crossed]);
    assert!(second.new_articles.is_empty());
    assert_eq!(
        world.article(first.new_articles[0]).title,
        "Bài thứ nhất, có sửa"
    );
    assert_eq!(world.article(first.new_articles[1]).title, "Bài thứ hai");
    let other = wait(
        world
            .store
            .find_article_by_key(&ArticleKey("guid:a:2".into())),
    )
    .unwrap();
    assert_eq!(other.unwrap().id, first.new_articles[1]);
    world.sound();
}

#[test]
fn two_addresses_in_one_document_are_two_articles() {
    let world = World::with(&[("a", "moi")]);
    let old = with_key(item("x", "Hội nghị sơ kết"), "text:a:1");
    world.poll("a/moi", noon(), vec![old.clone()]);
    let report = world.poll(
        "a/moi",
        noon() + minutes(5),
        vec![with_key(item("y", "Hội nghị sơ kết"), "text:a:1"), old],
    );
    assert_eq!(report.new_articles.len(), 1);
    world.sound();
}

#[test]
fn a_new_address_with_the_same_text_is_the_article_moved() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll(
            "a/moi",
            noon(),
            vec![with_key(item("x", "Hội nghị sơ kết"), "text:a:1")],
        )
        .new_articles[0];
    let report = world.poll(
        "a/moi",
        noon() + minutes(5),
        vec![with_key(item("y", "Hội nghị sơ kết"), "text:a:1")],
    );
    assert_eq!((report.new_entries, report.new_articles.len()), (1, 0));
    assert_eq!(world.article(id).url, "https://a.vn/y");
    world.sound();
}

#[test]
fn an_id_that_a_feed_uses_again_does_not_swallow_tomorrows_article() {
    let world = World::with(&[("a", "moi"), ("a", "cu")]);
    world.poll(
        "a/moi",
        noon(),
        vec![with_key(
            item("x", "Hội nghị sơ kết quý III"),
            "feed-guid:1",
        )],
    );
    let other_feed = world.poll(
        "a/cu",
        noon(),
        vec![with_key(
            item("y", "Hội nghị sơ kết quý III"),
            "feed-guid:1",
        )],
    );
    assert_eq!(other_feed.new_articles.len(), 1);
    let mut tomorrow = with_key(item("z", "Trao huy hiệu Đảng đợt 7-11"), "feed-guid:1");
    tomorrow.entry.published = Some(noon() + minutes(1400));
    let again = world.poll("a/moi", noon() + minutes(1440), vec![tomorrow]);
    assert_eq!(again.new_articles.len(), 1);
    world.sound();
}

#[test]
fn old_items_are_backfill() {
    let world = World::with(&[("a", "moi")]);
    let mut old = item("x", "Bài cũ");
    old.entry.published = Some(noon() - SignedDuration::from_hours(49));
    let mut by_url = item("y", "Bài cũ theo địa chỉ");
    by_url.entry.published = None;
    by_url.url_date = Some(jiff::civil::date(2026, 11, 17));
    let mut undated = item("z", "Bài không ngày");
    undated.entry.published = None;
    let report = world.poll(
        "a/moi",
        noon(),
        vec![old, by_url, undated, item("w", "Bài mới")],
    );
    let backfill: Vec<bool> = report
        .new_articles
        .iter()
        .map(|id| world.article(*id).backfill)
        .collect();
    assert_eq!(backfill, [true, true, false, false]);
    world.sound();
}

#[test]
fn undated_items_of_a_feed_added_later_do_not_flood() {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Bài đầu")])
        .new_articles[0];
    world.judge(id, 2);
    desk::freeze(&world, "2026-11-20T06:30", 1, &[id]);
    let later = noon() + minutes(600);
    wait(
        world
            .store
            .sync_sources(&sources(&[("a", "moi"), ("b", "moi")]), later),
    )
    .unwrap();
    let undated = |slug: &str| {
        let mut one = item(slug, "Bài không ngày");
        one.entry.published = None;
        one
    };
    let first = world.poll("b/moi", later, vec![undated("b1")]);
    let second = world.poll(
        "b/moi",
        later + minutes(30),
        vec![undated("b1"), undated("b2")],
    );
    assert!(world.article(first.new_articles[0]).backfill);
    assert!(!world.article(second.new_articles[0]).backfill);
    world.sound();
}

#[test]
fn feeds_come_and_go_with_their_history() {
    let world = World::with(&[("a", "moi"), ("b", "moi")]);
    world.poll("b/moi", noon(), vec![item("x", "Một tin")]);
    let mut retired = world.commit("b/moi", noon(), Vec::new());
    retired.state.retired_at = Some(noon());
    wait(world.store.commit_polls(vec![retired])).unwrap();

    let sync =
        |list: &[Source]| wait(world.store.sync_sources(list, noon() + minutes(60))).unwrap();
    let both = sources(&[("a", "moi"), ("b", "moi")]);
    assert_eq!(sync(&both), SyncReport::default());
    assert_eq!(
        wait(world.store.claim_due_feeds(noon() + minutes(99), LEASE, 9))
            .unwrap()
            .len(),
        1
    );

    let off = sync(&sources(&[("a", "moi")]));
    assert_eq!(off.disabled, [FeedKey::from("b/moi")]);
    let on = sync(&both);
    assert_eq!(on.enabled, [FeedKey::from("b/moi")]);
    let row = wait(world.store.list_feeds()).unwrap().remove(1);
    assert_eq!(row.feed.state.retired_at, None);
    let again = world.poll("b/moi", noon() + minutes(70), vec![item("x", "Một tin")]);
    assert_eq!(again.new_entries, 0);
    world.sound();
}

#[test]
fn a_new_address_forgets_the_old_ones_validators() {
    let world = World::with(&[("a", "moi")]);
    let mut commit = world.commit("a/moi", noon(), Vec::new());
    commit.state.validators.etag = Some("\"1\"".into());
    wait(world.store.commit_polls(vec![commit])).unwrap();
    let mut list = sources(&[("a", "moi")]);
    list[0].feeds[0].url = "https://a.vn/rss/khac.xml".parse().unwrap();
    let report = wait(world.store.sync_sources(&list, noon())).unwrap();
    assert_eq!(report.moved.len(), 1);
    let claimed = wait(world.store.claim_due_feeds(noon(), LEASE, 9)).unwrap();
    assert_eq!(claimed[0].state.validators, Validators::default());
    world.sound();
}

#[test]
fn a_thousand_feeds_of_twenty_are_kept_whole() {
    let names: Vec<String> = (0..1000).map(|n| format!("bao-{n}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "moi")).collect();
    let world = World::with(&pairs);
    let ids: Vec<FeedId> = wait(world.store.list_feeds())
        .unwrap()
        .into_iter()
        .map(|r| r.feed.id)
        .collect();
    let template = world.commit("bao-0/moi", noon(), Vec::new());
    let commits: Vec<PollCommit> = ids
        .iter()
        .map(|feed| PollCommit {
            feed: *feed,
            entries: (0..20)
                .map(|n| {
                    let one = item(
                        &format!("{feed}-{n}"),
                        &format!("Đảng bộ xã số {n} của báo {feed} họp"),
                    );
                    with_key(one, &format!("text:{feed}:{n}"))
                })
                .collect(),
            ..template.clone()
        })
        .collect();
    for chunk in commits.chunks(50) {
        wait(world.store.commit_polls(chunk.to_vec())).unwrap();
    }
    assert_eq!(wait(world.store.counts()).unwrap().articles, 20_000);
    world.sound();
}

#[test]
fn what_was_learned_of_an_old_address_is_not_kept_for_the_new_one() {
    let world = World::with(&[("a", "moi")]);
    let mut in_flight = world.commit("a/moi", noon(), vec![item("x", "Một tin")]);
    in_flight.state.validators.etag = Some("\"cũ\"".into());
    let mut list = sources(&[("a", "moi")]);
    list[0].feeds[0].url = "https://a.vn/rss/khac.xml".parse().unwrap();
    wait(world.store.sync_sources(&list, noon())).unwrap();
    let report = wait(world.store.commit_polls(vec![in_flight])).unwrap();
    assert_eq!(report[0].new_entries, 1);
    let row = wait(world.store.list_feeds()).unwrap().remove(0);
    assert_eq!(row.feed.state.validators.etag, None);
    assert_eq!(row.feed.state.next_poll_at, Some(noon()));
    assert_eq!(
        wait(world.store.entries_since(noon())).unwrap()[&row.feed.id],
        1
    );
    world.sound();
}

#[test]
fn a_date_ahead_of_its_arrival_is_kept_of_the_entry_and_not_believed_of_the_article() {
    let world = World::with(&[("a", "moi")]);
    let dated = |slug: &str, at: Timestamp| {
        let mut item = item(slug, "Đảng bộ xã Tân Lập họp bàn công tác quý IV");
        item.entry.published = Some(at);
        item
    };
    let entries = vec![
        dated("toi", noon() + minutes(400)),
        dated("nam-sau", noon() + minutes(60 * 24 * 365)),
        dated("sang", noon() - minutes(90)),
    ];
    let seen = world.poll("a/moi", noon(), entries.clone()).new_articles;
    let published: Vec<_> = seen.iter().map(|id| world.article(*id).published).collect();
    assert_eq!(published, [Some(noon()), None, Some(noon() - minutes(90))]);
    // The same printed dates at the next poll change nothing.
    world.poll("a/moi", noon() + minutes(15), entries);
    assert_eq!(world.article(seen[0]).published, Some(noon()));
    assert_eq!(world.article(seen[1]).published, None);
    let kept = wait(world.store.all_entries()).unwrap();
    assert_eq!(kept.len(), 3);
    world.sound();
}

#[test]
fn c7_the_paper_at_whose_host_an_article_lies_takes_it_back() {
    let world = World::with(&[("a", "moi"), ("b", "gia")]);
    let link = "bai-1.html";
    let real = item(link, "Tỉnh ủy công bố quyết định về công tác cán bộ");
    // The other paper was read first, with the address of an article that is not its own.
    let seen = world.poll(
        "b/gia",
        noon(),
        vec![item(link, "Tin bịa thay cho tin thật")],
    );
    let id = seen.new_articles[0];
    assert_eq!(world.article(id).source.as_str(), "b");
    let back = world.poll("a/moi", noon() + minutes(5), vec![real]);
    assert!(back.new_articles.is_empty());
    let article = world.article(id);
    assert_eq!(article.source.as_str(), "a");
    assert_eq!(
        article.title,
        "Tỉnh ủy công bố quyết định về công tác cán bộ"
    );
    // From now on nothing that the other says changes it.
    let again = vec![item(link, "Tin bịa lần thứ hai, dài hơn")];
    world.poll("b/gia", noon() + minutes(20), again);
    let article = world.article(id);
    assert_eq!(article.source.as_str(), "a");
    assert_eq!(
        article.title,
        "Tỉnh ủy công bố quyết định về công tác cán bộ"
    );
    world.sound();
}
