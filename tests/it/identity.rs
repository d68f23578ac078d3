//! Is one article one article? What feeds really do to ids, addresses and headlines, through `identify` and the store.

use diembao::{
    feed::identity::identify,
    model::{Entry, FeedKey, FeedKind, FeedSpec, FeedState, PageRules, Source, SourceKey},
    store::{PollCommit, Store, wait},
};
use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization as _;

const TEXTS: [&str; 3] = [
    "Sáng 20-11, Đảng ủy xã Thạnh Lộc họp phiên thường kỳ, nghe báo cáo kết quả mười tháng và bàn việc kết nạp đảng \
     viên ở các ấp còn ít đảng viên. Bí thư Đảng ủy yêu cầu mỗi chi bộ chọn một việc khó để làm xong trước Tết, có \
     người chịu trách nhiệm và ngày hoàn thành cụ thể.",
    "Ủy ban Kiểm tra Đảng ủy phường vừa kết thúc cuộc giám sát chuyên đề đối với bốn chi bộ trường học. Đoàn giám sát \
     ghi nhận nền nếp sinh hoạt được giữ vững, song việc ghi sổ nghị quyết còn sơ sài, một số đảng viên trẻ chưa được \
     phân công nhiệm vụ rõ ràng.",
    "Nhân kỷ niệm ngày thành lập, Huyện ủy trao huy hiệu 40, 50 và 60 năm tuổi Đảng cho ba mươi hai đảng viên cao tuổi. \
     Nhiều đảng viên đã ngoài chín mươi vẫn dự sinh hoạt đều, góp ý thẳng thắn cho cấp ủy và giúp con cháu trong xóm \
     giữ nếp nhà.",
];

struct World {
    _dir: tempfile::TempDir,
    store: Store,
    source: Source,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), |text| text.to_lowercase()).unwrap();
        let feed = |name: &str| FeedSpec {
            key: FeedKey(format!("song-hau/{name}")),
            url: format!("https://baosonghau.vn/rss/{name}.rss")
                .parse()
                .unwrap(),
            kind: FeedKind::Feed,
            section: None,
            enabled: true,
            verified: true,
            list: None,
        };
        let source = Source {
            key: SourceKey::from("song-hau"),
            name: "Báo Sông Hậu".into(),
            province: None,
            domain: "baosonghau.vn".into(),
            aliases: vec!["baosonghau.com.vn".into()],
            rank: 1,
            publisher: None,
            page_rules: PageRules::default(),
            user_agent: None,
            time_zone: None,
            feeds: vec![feed("moi"), feed("xdd")],
        };
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        wait(store.sync_sources(std::slice::from_ref(&source), now)).unwrap();
        Self {
            _dir: dir,
            store,
            source,
            now,
        }
    }

    fn poll(&mut self, feed: &str, entries: Vec<Entry>) {
        self.now += SignedDuration::from_mins(20);
        let rows = wait(self.store.list_feeds()).unwrap();
        let row = rows
            .iter()
            .find(|row| row.feed.key.as_str().ends_with(feed))
            .unwrap();
        let commit = PollCommit {
            feed: row.feed.id,
            state: FeedState {
                last_ok_at: Some(self.now),
                ..FeedState::default()
            },
            entries: identify(&self.source, None, entries),
            at: self.now,
            backfill_after: SignedDuration::from_hours(48),
        };
        wait(self.store.commit_polls(vec![commit])).unwrap();
    }

    /// Distinct articles kept, after checking that the file is sound.
    fn articles(self) -> u32 {
        assert_eq!(wait(self.store.verify()).unwrap(), Vec::<String>::new());
        wait(self.store.counts()).unwrap().articles
    }
}

/// Item `n` with its address as guid.
fn item(n: usize) -> Entry {
    let link = format!("http://baosonghau.vn/xay-dung-dang/viec-cua-chi-bo-{n}.html");
    Entry {
        guid: Some(link.clone()),
        link: Some(link),
        title: format!("Việc của chi bộ, kỳ {n}"),
        summary: Some(TEXTS[n - 1].to_owned()),
        published: Some("2026-11-20T00:30:00Z".parse().unwrap()),
        ..Entry::default()
    }
}

fn three() -> Vec<Entry> {
    vec![item(1), item(2), item(3)]
}

fn each(entries: Vec<Entry>, change: impl Fn(&mut Entry)) -> Vec<Entry> {
    entries
        .into_iter()
        .map(|mut entry| {
            change(&mut entry);
            entry
        })
        .collect()
}

fn both(entry: &mut Entry, change: impl Fn(&str) -> String) {
    entry.link = entry.link.as_deref().map(&change);
    entry.guid = entry.guid.as_deref().map(&change);
}

/// Articles after polls of one feed.
fn after(polls: Vec<Vec<Entry>>) -> u32 {
    let mut world = World::new();
    for entries in polls {
        world.poll("moi", entries);
    }
    world.articles()
}

#[test]
fn a_paper_that_moves_to_tls_has_no_new_articles() {
    let moved = each(three(), |e| both(e, |t| t.replace("http:", "https:")));
    assert_eq!(after(vec![three(), moved]), 3);
}

#[test]
fn tracking_parameters_make_no_new_articles() {
    let tracked = each(three(), |e| {
        both(e, |t| {
            format!("{t}?utm_source=rss&utm_campaign=7&zarsrc=31")
        })
    });
    assert_eq!(after(vec![three(), tracked]), 3);
}

#[test]
fn other_hosts_and_dresses_of_the_paper_are_the_paper() {
    for host in [
        "m.baosonghau.vn",
        "amp.baosonghau.vn",
        "www.baosonghau.com.vn",
        "BAOSONGHAU.vn:443",
    ] {
        let dressed = each(three(), |e| {
            both(e, |t| format!("{}/", t.replace("baosonghau.vn", host)))
        });
        assert_eq!(after(vec![three(), dressed]), 3, "{host}");
    }
}

#[test]
fn a_republished_item_with_a_new_id_and_date_is_the_same_article() {
    let short = each(vec![item(1)], |e| e.guid = Some("b7".into()));
    let again = each(vec![item(1)], |e| {
        e.guid = Some("b7-2".into());
        e.published = Some("2026-11-20T04:00:00Z".parse().unwrap());
    });
    assert_eq!(after(vec![short, again]), 1);
}

#[test]
fn a_mended_slug_with_the_same_headline_and_text_is_the_same_article() {
    let mut mended = three();
    both(&mut mended[0], |t| {
        t.replace("viec-cua-chi-bo-1", "viec-kho-cua-chi-bo-thanh-loc")
    });
    assert_eq!(after(vec![three(), mended]), 3);
}

#[test]
fn a_cms_number_holds_through_slug_headline_and_text() {
    let number = |slug: &str| {
        let mut entry = item(1);
        both(&mut entry, |_| {
            format!("https://baosonghau.vn/{slug}-post812347.html")
        });
        entry
    };
    let mut other = number("viec-kho-o-thanh-loc");
    other.title = "Việc khó ở Thạnh Lộc".into();
    other.summary = Some("Tin ngắn.".into());
    assert_eq!(after(vec![vec![number("viec-cua-chi-bo")], vec![other]]), 1);
}

#[test]
fn two_numbers_of_the_paper_are_two_articles_though_they_print_the_same_words() {
    let number = |number: u32| {
        let mut entry = item(1);
        both(&mut entry, |_| {
            format!("https://baosonghau.vn/viec-cua-chi-bo-{number}.html")
        });
        entry
    };
    let mut world = World::new();
    world.poll("moi", vec![number(812_347)]);
    world.poll("xdd", vec![number(812_391)]);
    assert_eq!(world.articles(), 2);
}

#[test]
fn an_article_in_two_sections_is_one() {
    let mut world = World::new();
    world.poll("moi", three());
    world.poll("xdd", three());
    assert_eq!(world.articles(), 3);
}

#[test]
fn an_item_that_leaves_and_comes_back_is_not_new() {
    assert_eq!(
        after(vec![three(), vec![item(2), item(3)], Vec::new(), three()]),
        3
    );
}

#[test]
fn one_id_for_all_items_does_not_make_them_one() {
    let same = || each(three(), |e| e.guid = Some("0".into()));
    assert_eq!(after(vec![same(), same()]), 3);
    // Also where the feed shows one item at a time.
    let alone = same().into_iter().map(|entry| vec![entry]).collect();
    assert_eq!(after(alone), 3);
}

#[test]
fn items_without_id_and_date_are_known_again() {
    let bare = || {
        each(three(), |e| {
            e.guid = None;
            e.published = None;
        })
    };
    assert_eq!(after(vec![bare(), bare()]), 3);
}

#[test]
fn items_without_any_address_are_known_again() {
    let bare = || {
        each(three(), |e| {
            e.guid = None;
            e.link = None;
        })
    };
    assert_eq!(after(vec![bare(), bare()]), 3);
}

#[test]
fn a_corrected_headline_is_the_same_article() {
    let mut corrected = three();
    corrected[0].title = "Việc của chi bộ Thạnh Lộc (đính chính)".into();
    assert_eq!(after(vec![three(), corrected]), 3);
}

#[test]
fn decomposed_letters_are_the_same_letters() {
    let named = |nfd: bool| {
        each(vec![item(1)], |e| {
            let form = |text: &str| {
                if nfd {
                    text.nfd().collect()
                } else {
                    text.to_owned()
                }
            };
            e.guid = Some(form("Việc của chi bộ xã Thạnh Lộc"));
            e.title = form(&e.title);
        })
    };
    assert_eq!(after(vec![named(false), named(true)]), 1);
}

#[test]
fn communes_with_one_frame_of_a_headline_stay_apart() {
    let frame = |n: usize, commune: &str| {
        let mut entry = item(n);
        entry.title = format!("Đảng bộ xã {commune} tổng kết năm 2026");
        entry.summary = Some(format!("{commune}: {}", TEXTS[0]));
        entry
    };
    assert_eq!(
        after(vec![vec![frame(1, "Thạnh Lộc"), frame(2, "Thạnh Phú")]]),
        2
    );
}

#[test]
fn a_standing_column_is_a_new_article_each_time() {
    let column = |n: usize| {
        let mut entry = item(n);
        entry.title = "Chuyện trong tuần".into();
        entry
    };
    assert_eq!(
        after(vec![vec![column(1)], vec![column(2)], vec![column(3)]]),
        3
    );
    // A short line that is the same each week is no text to go by.
    let short = |n: usize| {
        each(vec![column(n)], |e| {
            e.summary = Some("Mời bạn đọc theo dõi.".into())
        })
    };
    assert_eq!(after(vec![short(1), short(2)]), 2);
}

#[test]
fn two_feeds_that_number_from_one_do_not_share_numbers() {
    let mut world = World::new();
    let numbered = |n: usize| each(vec![item(n)], |e| e.guid = Some("1".into()));
    world.poll("moi", numbered(1));
    world.poll("xdd", numbered(2));
    assert_eq!(world.articles(), 2);
}

#[test]
fn host_case_and_trailing_slash_do_not_matter() {
    let address = |text: &'static str| each(vec![item(1)], move |e| both(e, |_| text.to_owned()));
    let polls = vec![
        address("http://baosonghau.vn/tin/9"),
        address("http://BAOSONGHAU.vn/tin/9/"),
    ];
    assert_eq!(after(polls), 1);
}
