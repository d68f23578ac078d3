//! Invented articles and sources for the tests of this folder.

use super::*;
use crate::model::{
    Article, ArticleId, DayCount, Edition, FailureKind, Ingest, Rendered, SourceKey, Span,
    TopicKey, TopicScore, Verdict, Window,
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, sync::LazyLock};

pub(super) const PLACES: [(&str, &str); 12] = [
    ("an-giang", "An Giang"),
    ("ca-mau", "Cà Mau"),
    ("cao-bang", "Cao Bằng"),
    ("da-nang", "Đà Nẵng"),
    ("dak-lak", "Đắk Lắk"),
    ("dong-thap", "Đồng Tháp"),
    ("ha-tinh", "Hà Tĩnh"),
    ("hue", "Huế"),
    ("lai-chau", "Lai Châu"),
    ("nghe-an", "Nghệ An"),
    ("phu-tho", "Phú Thọ"),
    ("tp-ho-chi-minh", "TP. Hồ Chí Minh"),
];

pub(super) const TITLES: [&str; 6] = [
    "Đảng ủy phường tổ chức đối thoại với bí thư chi bộ khu dân cư",
    "Kiểm tra việc chấp hành quy chế làm việc tại các đảng bộ cơ sở",
    "Kết nạp đảng viên trong công nhân khu công nghiệp, cách làm từ một chi bộ nhỏ",
    "Luân chuyển cán bộ trẻ về xã vùng cao: bước đầu nhiều chuyển động",
    "Học Bác từ việc nhỏ: tủ sách chung của chi bộ thôn",
    "Sinh hoạt chuyên đề quý IV, nhiều chi bộ đổi mới cách ra nghị quyết",
];

pub(super) fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().unwrap()
}

/// Invented reports: no two are alike, since their figures differ even where the words meet again.
pub(super) fn body(i: usize) -> String {
    let places = [
        "phường Bến Mới",
        "xã Đồi Thông",
        "xã Cồn Dừa",
        "phường Chợ Gạo",
        "đặc khu Hòn Xanh",
        "xã Suối Trong",
        "xã Bãi Ngang",
    ];
    let works = [
        "nâng chất lượng sinh hoạt chi bộ thôn",
        "rà soát hồ sơ đảng viên đi làm ăn xa",
        "đưa nghị quyết vào kế hoạch của từng tổ dân phố",
        "tự phê bình và phê bình cuối năm",
        "tiếp dân và trả lời kiến nghị đúng hẹn",
    ];
    let deeds = [
        "góp ý cho dự thảo quy chế làm việc",
        "nhận giúp đỡ hộ khó khăn ở nơi cư trú",
        "dự lớp bồi dưỡng kỹ năng số buổi tối",
        "tham gia dọn tuyến kênh nội đồng",
        "đăng ký việc làm theo gương Bác",
        "viết cam kết tu dưỡng, rèn luyện",
        "đi cơ sở gặp bí thư chi bộ mới",
        "học tập trực tuyến bốn chuyên đề",
        "tự chấm điểm theo mẫu chung",
        "nêu gương hiến đất mở đường",
        "kèm cặp quần chúng ưu tú",
    ];
    format!(
        "Sáng 22/11, Đảng ủy {} họp bàn việc {} và giao {} chi bộ thực hiện. Trong tháng, {} lượt đảng viên đã {}. \
         Đồng chí bí thư yêu cầu việc {} phải xong trước ngày 15/12. Kết quả được báo cáo tại kỳ họp cuối năm.",
        places[i % places.len()],
        works[i % works.len()],
        i + 11,
        i + 120,
        deeds[i % deeds.len()],
        works[(i / 5 + i + 1) % works.len()],
    )
}

pub(super) fn article(i: usize) -> Article {
    let (key, _) = PLACES[i % PLACES.len()];
    Article {
        id: ArticleId(i as i64 + 1),
        source: key.into(),
        url: format!("https://bao-{key}.example/xay-dung-dang/tin-{i}.html"),
        title: format!("{} ({})", TITLES[i % TITLES.len()], i + 1),
        first_title: None,
        sapo: None,
        body: Some(body(i)),
        author: None,
        section: None,
        published: Some(at("2026-11-22T08:00") + SignedDuration::from_mins((i as i64 * 37) % 1200)),
        seen: at("2026-11-22T22:00"),
        ingest: Ingest(i as i64 + 1),
        backfill: false,
        verdict: Some(verdict(
            2,
            ["to_chuc", "kiem_tra", "dang_vien"][i % 3],
            1.0 + i as f32 / 100.0,
        )),
    }
}

pub(super) fn verdict(level: u8, topic: &str, score: f32) -> Verdict {
    let topics = vec![TopicScore {
        topic: topic.into(),
        score,
    }];
    Verdict {
        level,
        score,
        topics,
        ..Verdict::default()
    }
}

/// The article `i` as another paper reprints it.
pub(super) fn reprint(i: usize, id: usize, place: usize) -> Article {
    let (key, _) = PLACES[place];
    Article {
        id: ArticleId(id as i64),
        ingest: Ingest(id as i64),
        source: key.into(),
        url: format!("https://bao-{key}.example/tin-{id}.html"),
        title: format!("Theo báo bạn: {}", TITLES[i % TITLES.len()]),
        ..article(i)
    }
}

/// Articles with one text are copies; places stand by rank.
fn stories(articles: &[Article]) -> Vec<StoryGroup> {
    let mut texts: BTreeMap<Option<&str>, Vec<&Article>> = BTreeMap::new();
    for article in articles {
        texts
            .entry(article.body.as_deref())
            .or_default()
            .push(article);
    }
    let place = |a: &Article| PLACES.iter().position(|(key, _)| *key == a.source.as_str());
    let story = |mut copies: Vec<&Article>| {
        copies.sort_by_key(|a| (place(a), a.id));
        StoryGroup {
            copies: vec![copies.iter().map(|a| a.id).collect()],
            ..StoryGroup::default()
        }
    };
    texts.into_values().map(story).collect()
}

pub(super) fn material(articles: Vec<Article>) -> Material {
    let source = |(i, (key, name)): (usize, &(&str, &str))| {
        let info = SourceInfo {
            publisher: SourceKey::from(*key),
            name: format!("Báo {name}"),
            province: Some((*name).to_owned()),
            rank: 100 + i as u16,
        };
        (SourceKey::from(*key), info)
    };
    let heading = |(key, name): &(&str, &str)| TopicHeading {
        key: TopicKey::from(*key),
        name: (*name).to_owned(),
    };
    Material {
        digest: DigestSettings {
            name: "hang-ngay".into(),
            title: "Điểm báo xây dựng Đảng".to_owned(),
            home_province: Some("Nghệ An".to_owned()),
            leads: 3,
            min_level: 2,
            first_number: 288,
            listed: 30,
            language: crate::model::Language::Vi,
        },
        slot: "2026-11-23T06:30".to_owned(),
        window: Window {
            after: Ingest(0),
            upto: Ingest(9_999),
            covers: Span {
                from: at("2026-11-22T06:30"),
                to: at("2026-11-23T06:30"),
            },
        },
        time_zone: "Asia/Ho_Chi_Minh".to_owned(),
        composed_at: at("2026-11-23T06:30") + SignedDuration::from_secs(2),
        last_number: None,
        stories: stories(&articles),
        reprints: BTreeMap::new(),
        corrections: Vec::new(),
        articles,
        sources: PLACES.iter().enumerate().map(source).collect(),
        topics: [
            ("to_chuc", "Tổ chức, cán bộ"),
            ("dang_vien", "Phát triển đảng viên"),
            ("kiem_tra", "Kiểm tra, giám sát, kỷ luật"),
        ]
        .iter()
        .map(heading)
        .collect(),
        provinces: PLACES
            .iter()
            .map(|(_, name)| (*name).to_owned())
            .chain(["Vĩnh Long".to_owned()])
            .collect(),
        sources_ok: 11,
        failing: vec![Failing {
            source: "lai-chau".into(),
            reason: FailureKind::Timeout.in_vietnamese(),
            since: Some(at("2026-11-22T21:10")),
            last_ok: Some(at("2026-11-22T20:40")),
        }],
        week: (17..=22)
            .map(|day| DayCount {
                date: jiff::civil::date(2026, 11, day),
                articles: day as u32,
            })
            .collect(),
        contact: Some("diembao@tinhuy.example".to_owned()),
    }
}

pub(super) fn options() -> RenderOptions {
    RenderOptions {
        unsubscribe: Some("mailto:diembao@tinhuy.example?subject=ngung".to_owned()),
        ..Default::default()
    }
}

pub(super) fn mail(edition: &Edition) -> Rendered {
    static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::builtin);
    render(&TEMPLATES, edition, &options()).unwrap()
}

pub(super) fn blind() -> Material {
    let mut m = material(Vec::new());
    m.sources_ok = 0;
    m.failing = m
        .sources
        .keys()
        .map(|key| Failing {
            source: key.clone(),
            reason: FailureKind::Dns.in_vietnamese(),
            since: Some(at("2026-11-20T03:00")),
            last_ok: None,
        })
        .collect();
    m
}

pub(super) fn hostile() -> Material {
    let titles = [
        "<script>alert('Đảng')</script><b>Chi bộ</b> &lt;img src=x onerror=alert(1)&gt;",
        "{{ 7 * 7 }} {% for x in range(99999) %} chi bộ {% endfor %}",
        "\u{202e}gnảĐ ựd yâx\u{202c} \u{200b}\u{feff}họp chi bộ\u{0}\u{1b}[31m",
        "Họp chi bộ\r\nBcc: nguoi-khac@do.example\r\n\r\n<html>",
        "🎉🎉 Chúc mừng đảng bộ 👩‍👩‍👧‍👦",
        "Đa\u{309}ng bo\u{323}\u{302} xa\u{303} ho\u{323}p (NFD)",
        "",
        "Đ\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}ảng",
    ];
    let mut articles: Vec<Article> = (0..10).map(article).collect();
    for (article, title) in articles.iter_mut().zip(titles) {
        article.title = title.to_owned();
        article.sapo = Some(format!(
            "{title} {title}. Một câu sạch, đủ dài để có thể trích nguyên văn ở đây."
        ));
    }
    articles[8].title = "dài ".repeat(100) + &"liềnmạch".repeat(40);
    articles[9].url = "javascript:alert(1)".to_owned();
    articles[0].url = "https://bao.example/\"><script>alert(1)</script>?a=1&b=2".to_owned();
    material(articles)
}

pub(super) fn many(n: usize) -> Material {
    let mut articles: Vec<Article> = (0..n).map(article).collect();
    for k in 0..n / 10 {
        articles.push(reprint(k, n + 1 + 2 * k, (k + 5) % PLACES.len()));
        articles.push(reprint(k, n + 2 + 2 * k, (k + 7) % PLACES.len()));
    }
    if let [_, second, third, ..] = articles.as_mut_slice() {
        second.published = Some(at("2026-11-21T20:00"));
        third.first_title = Some("Tiêu đề lúc đầu".to_owned());
    }
    for article in articles.iter_mut().take(n).skip(5).step_by(9) {
        article.verdict = Some(verdict(1, "to_chuc", 0.4));
    }
    material(articles)
}
