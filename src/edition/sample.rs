//! Two invented editions that fill every place of a template, or none: what an admin's template is tried on.

use super::RenderOptions;
use crate::model::{
    ArticleId, ArticleView, Change, Correction, Counts, Coverage, DayCount, Discord,
    EDITION_FORMAT, Edition, FailingSource, Figure, FigureView, Ingest, Language, ProvinceCount,
    Quote, Reprint, Reworded, Span, StoryView, TopicSection, Window,
};
use jiff::{Timestamp, civil::Date};

const TO: Timestamp = Timestamp::constant(1_795_390_200, 0);

pub(super) fn options() -> RenderOptions {
    RenderOptions {
        contact: Some("diembao@coquan.example".to_owned()),
        unsubscribe: Some("mailto:diembao@coquan.example?subject=ngung".to_owned()),
        web_url: Some("https://diembao.coquan.example/288".to_owned()),
        note: Some("Mẫu thư riêng chưa dùng được.".to_owned()),
    }
}

/// An edition with nothing in it.
pub(super) fn empty() -> Edition {
    let from = Timestamp::constant(1_795_303_800, 0);
    Edition {
        format: EDITION_FORMAT,
        digest: "mau".into(),
        title: "Điểm báo xây dựng Đảng".to_owned(),
        number: 288,
        slot: "2026-11-23T06:30".to_owned(),
        date: Date::constant(2026, 11, 23),
        time_zone: "Asia/Ho_Chi_Minh".to_owned(),
        window: Window {
            after: Ingest(0),
            upto: Ingest(0),
            covers: Span { from, to: TO },
        },
        composed_at: TO,
        counts: Counts::default(),
        stories: Vec::new(),
        sections: Vec::new(),
        related: Vec::new(),
        reprints: Vec::new(),
        corrections: Vec::new(),
        coverage: Coverage::default(),
        week: Vec::new(),
        contact: None,
        language: Language::Vi,
    }
}

fn article(id: i64, copy: bool) -> ArticleView {
    ArticleView {
        id: ArticleId(id),
        title: format!("Đảng bộ xã mẫu số {id} sơ kết công tác kiểm tra"),
        url: format!("https://bao.example/{id}"),
        source: format!("Báo Mẫu {id}"),
        province: Some("Tỉnh Mẫu".to_owned()),
        published: Some(TO),
        copy,
        late: id == 2,
        retitled: id == 3,
    }
}

fn story(id: i64, lead: bool) -> StoryView {
    let sentence = "Trong năm, đảng ủy đã kiểm tra 12 chi bộ.".to_owned();
    let url = format!("https://bao.example/{id}");
    let figure = FigureView {
        figure: Figure {
            text: "12 chi bộ".to_owned(),
            value: 12.0,
            unit: "chi bộ".to_owned(),
            subject: Some("được kiểm tra".to_owned()),
            sentence: sentence.clone(),
        },
        url: url.clone(),
        place: Some("Tỉnh Mẫu".to_owned()),
    };
    StoryView {
        title: format!("Đảng bộ xã mẫu số {id} sơ kết công tác kiểm tra"),
        lead,
        topics: vec!["kiem_tra".to_owned()],
        provinces: vec!["Tỉnh Mẫu".to_owned()],
        articles: vec![article(id, false), article(id + 1, true)],
        summary: vec![Quote {
            text: sentence,
            url,
        }],
        figures: vec![figure.clone()],
        continues: Some(287),
        discords: vec![Discord {
            what: "chi bộ được kiểm tra".to_owned(),
            claims: vec![figure.clone(), figure],
        }],
        papers: 2,
    }
}

/// An edition with something in every place.
pub(super) fn full() -> Edition {
    let trouble = |last_ok| FailingSource {
        source: "Báo Mẫu 9".to_owned(),
        province: None,
        reason: "máy chủ không trả lời kịp".to_owned(),
        since: Some(TO),
        last_ok,
    };
    let days = [(21, 14), (22, 0), (23, 6)];
    let one = || vec!["Tỉnh Khác".to_owned()];
    Edition {
        counts: Counts {
            articles: 6,
            stories: 3,
            provinces: 1,
            failing: 2,
        },
        stories: vec![story(1, true), story(3, false), story(5, false)],
        sections: vec![TopicSection {
            topic: "kiem_tra".to_owned(),
            name: "Kiểm tra, giám sát, kỷ luật".to_owned(),
            stories: vec![1],
        }],
        related: vec![article(8, false), article(9, true)],
        reprints: vec![Reprint {
            article: article(10, true),
            number: 287,
        }],
        corrections: [
            Change::Corrected,
            Change::Withdrawn,
            Change::Refigured,
            Change::Retitled,
        ]
        .map(|change| Correction {
            reworded: (change == Change::Refigured).then(|| Reworded {
                was: "Xã mẫu kết nạp 12 đảng viên.".to_owned(),
                now: "Xã mẫu kết nạp 21 đảng viên.".to_owned(),
            }),
            article: article(11, false),
            number: 287,
            mailed_title: "Đảng bộ xã mẫu sơ kết".to_owned(),
            change,
        })
        .into(),
        coverage: Coverage {
            sources_ok: 60,
            sources_failing: vec![trouble(Some(TO)), trouble(None)],
            provinces_with: vec![ProvinceCount {
                name: "Tỉnh Mẫu".to_owned(),
                stories: 3,
            }],
            provinces_without: one(),
            provinces_unread: one(),
            provinces_unwatched: one(),
            late: 1,
        },
        week: days
            .map(|(day, articles)| DayCount {
                date: Date::constant(2026, 11, day),
                articles,
            })
            .into(),
        contact: Some("diembao@coquan.example".to_owned()),
        ..empty()
    }
}
