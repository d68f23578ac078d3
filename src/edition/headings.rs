//! The fixed words over the parts of an edition, in the digest's language. What the papers wrote stays as they wrote it.

use super::words;
use crate::model::Language;
use jiff::civil::{Date, Weekday};
use serde::Serialize;

/// Headings and labels; their names are part of the contract with admins' templates (`h.leads`).
#[derive(Debug, Serialize)]
pub(super) struct Headings {
    pub count_articles: &'static str,
    pub count_stories: &'static str,
    pub count_provinces: &'static str,
    pub count_failing: &'static str,
    /// Before the running number.
    pub number: &'static str,
    /// After a number of stories.
    pub stories: &'static str,
    pub leads: &'static str,
    pub figures: &'static str,
    pub corrections: &'static str,
    pub discords: &'static str,
    pub topics: &'static str,
    pub others: &'static str,
    pub related: &'static str,
    pub reprints: &'static str,
    pub provinces: &'static str,
    pub provinces_with: &'static str,
    pub provinces_without: &'static str,
    pub provinces_unread: &'static str,
    pub provinces_unwatched: &'static str,
    pub sources: &'static str,
    pub week: &'static str,
    pub week_unit: &'static str,
}

const VIETNAMESE: Headings = Headings {
    count_articles: "bài báo",
    count_stories: "sự việc",
    count_provinces: "tỉnh có tin",
    count_failing: "nguồn lỗi",
    number: "Số",
    stories: "việc",
    leads: "Tin nổi bật",
    figures: "Số liệu đáng chú ý",
    corrections: "Đính chính, gỡ bài",
    discords: "Số liệu các báo đưa khác nhau",
    topics: "Theo chủ đề",
    others: "Các tin khác",
    related: "Tin liên quan",
    reprints: "Báo khác đăng lại tin đã điểm",
    provinces: "Theo tỉnh, thành phố",
    provinces_with: "Có tin",
    provinces_without: "Không có tin",
    provinces_unread: "Chưa biết, vì không đọc được nguồn tin",
    provinces_unwatched: "Chưa có nguồn tin để theo dõi",
    sources: "Nguồn tin",
    week: "Các kỳ gần đây",
    week_unit: "(số bài)",
};

const ENGLISH: Headings = Headings {
    count_articles: "articles",
    count_stories: "events",
    count_provinces: "provinces with news",
    count_failing: "failing sources",
    number: "No.",
    stories: "events",
    leads: "Lead stories",
    figures: "Figures of the day",
    corrections: "Corrections and withdrawals",
    discords: "Papers give different figures",
    topics: "By topic",
    others: "Other news",
    related: "Related news",
    reprints: "Reprints of what was reviewed before",
    provinces: "By province",
    provinces_with: "With news",
    provinces_without: "Without news",
    provinces_unread: "Not known: no source could be read",
    provinces_unwatched: "No source is watched",
    sources: "Sources",
    week: "Recent editions",
    week_unit: "(articles)",
};

/// The headings of a language.
pub(super) fn of(language: Language) -> &'static Headings {
    match language {
        Language::Vi => &VIETNAMESE,
        Language::En => &ENGLISH,
    }
}

/// "Thứ Hai, ngày 23 tháng 11 năm 2026", "Monday, 23 November 2026".
pub(super) fn long_date(date: Date, language: Language) -> String {
    if language == Language::Vi {
        return words::long_date(date);
    }
    let weekday = match date.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    format!("{weekday}, {}", date.strftime("%-d %B %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_date_is_written_in_english() {
        let date = Date::constant(2026, 11, 3);
        assert_eq!(long_date(date, Language::En), "Tuesday, 3 November 2026");
        assert_eq!(
            long_date(date, Language::Vi),
            "Thứ Ba, ngày 3 tháng 11 năm 2026"
        );
    }
}
