//! A month of a digest's editions in counts: for the monthly press briefing. What was frozen is counted as it was mailed.

use super::{
    TemplateError, TopicHeading,
    csv::Table,
    render::page,
    safe,
    word::{Piece, Stand, Word, WordError},
    words,
};
use crate::config::DocxConfig;
use crate::model::Edition;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const TEMPLATE: &str = include_str!("../../config/templates/month.html.j2");
/// What stands at the end of every form.
const REMARK: &str = "Một sự việc kéo dài qua nhiều kỳ được tính ở mỗi kỳ có tin. Sự việc thuộc nhiều lĩnh vực được tính \
     vào lĩnh vực chính; sự việc của nhiều tỉnh được tính cho từng tỉnh.";

/// A month in counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Month {
    /// The digest's heading.
    pub digest: String,
    /// The month's first day.
    pub first: Date,
    /// Editions that came out in it.
    pub editions: u32,
    /// Articles in them, copies included.
    pub articles: u32,
    /// Stories in them.
    pub stories: u32,
    /// Papers that carried something.
    pub papers: u32,
    /// Provinces with news.
    pub provinces: u32,
    /// Stories by their first topic, in the order of the mail.
    pub by_topic: Vec<Tally>,
    /// Stories by province, most first.
    pub by_province: Vec<Tally>,
    /// Articles by paper, most first.
    pub by_paper: Vec<Tally>,
    /// Articles by edition, in order.
    pub by_day: Vec<Tally>,
}

/// A name and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// What.
    pub label: String,
    /// How often.
    pub count: u32,
}

#[derive(Serialize)]
struct Row {
    label: String,
    percent: u32,
    figure: String,
}

#[derive(Serialize)]
struct Part {
    heading: &'static str,
    unit: &'static str,
    rows: Vec<Row>,
}

impl Month {
    /// Counts a digest's editions of the month that begins at `first`, given in order; `topics` name the topics' keys.
    pub fn of(digest: &str, first: Date, editions: &[Edition], topics: &[TopicHeading]) -> Self {
        let stories = || editions.iter().flat_map(|edition| &edition.stories);
        let articles = || stories().flat_map(|story| &story.articles);
        let by_topic = tally(stories().map(|story| topic(story.topics.first(), topics)));
        let place = |tally: &Tally| topics.iter().position(|topic| topic.name == tally.label);
        let mut by_topic = by_topic;
        by_topic.sort_by_key(|tally| place(tally).unwrap_or(usize::MAX));
        let by_province = most_first(stories().flat_map(|story| story.provinces.iter().cloned()));
        let by_paper = most_first(articles().map(|article| article.source.clone()));
        let day = |edition: &Edition| Tally {
            label: format!(
                "{} {}/{} (số {})",
                words::weekday_short(edition.date),
                edition.date.day(),
                edition.date.month(),
                edition.number
            ),
            count: edition.counts.articles,
        };
        let papers: BTreeSet<&str> = articles().map(|article| article.source.as_str()).collect();
        Self {
            digest: safe::line(digest),
            first,
            editions: count(editions.len()),
            articles: count(articles().count()),
            stories: count(stories().count()),
            papers: count(papers.len()),
            provinces: count(by_province.len()),
            by_topic,
            by_province,
            by_paper,
            by_day: editions.iter().map(day).collect(),
        }
    }

    /// "Điểm báo xây dựng Đảng: tháng 11 năm 2026".
    pub fn title(&self) -> String {
        format!(
            "{}: tháng {} năm {}",
            self.digest,
            self.first.month(),
            self.first.year()
        )
    }

    /// One sentence with the sums.
    pub fn summary(&self) -> String {
        if self.editions == 0 {
            return "Trong tháng không có bản điểm báo nào.".to_owned();
        }
        format!(
            "Trong tháng có {} bản điểm báo với {} bài của {} báo về {} lượt sự việc ở {} tỉnh, thành phố.",
            words::number(self.editions),
            words::number(self.articles),
            words::number(self.papers),
            words::number(self.stories),
            words::number(self.provinces)
        )
    }

    /// As a page for the browser and the printer.
    ///
    /// # Errors
    /// None for the built-in template, which the tests render.
    pub fn html(&self) -> Result<String, TemplateError> {
        #[derive(Serialize)]
        struct Page {
            title: String,
            summary: String,
            parts: Vec<Part>,
            remark: &'static str,
        }
        page(
            "month.html.j2",
            TEMPLATE,
            &Page {
                title: self.title(),
                summary: self.summary(),
                parts: self.parts(),
                remark: REMARK,
            },
        )
    }

    /// As a Word file.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub fn docx(
        &self,
        letterhead: &DocxConfig,
        made_at: Timestamp,
        today: Date,
    ) -> Result<Vec<u8>, WordError> {
        let mut word = Word::new(&self.title(), made_at);
        word.letterhead(letterhead, None, today);
        word.title(&self.title());
        word.say(Stand::Body, &[Piece::Plain(&self.summary())]);
        for part in self.parts() {
            let heading = format!("{} ({})", part.heading, part.unit);
            word.heading(1, &heading.to_uppercase());
            let bars: Vec<(String, u32, String)> = part
                .rows
                .into_iter()
                .map(|row| (row.label, row.percent, row.figure))
                .collect();
            word.bars(&bars);
        }
        word.say(Stand::Note, &[Piece::Italic(REMARK)]);
        word.finish()
    }

    /// As a table for spreadsheets: part, name, count.
    pub fn csv(&self) -> Vec<u8> {
        let mut table = Table::new(&["thang", "phan", "ten", "so_luong"]);
        let month = self.first.strftime("%Y-%m").to_string();
        let parts = [
            ("linh_vuc", &self.by_topic),
            ("tinh", &self.by_province),
            ("bao", &self.by_paper),
            ("ky", &self.by_day),
        ];
        for (part, tallies) in parts {
            for tally in tallies {
                table.row(&[
                    month.clone(),
                    part.to_owned(),
                    tally.label.clone(),
                    tally.count.to_string(),
                ]);
            }
        }
        table.finish()
    }

    fn parts(&self) -> Vec<Part> {
        let part = |heading, unit, tallies: &[Tally]| {
            let longest = tallies
                .iter()
                .map(|tally| tally.count)
                .max()
                .unwrap_or(0)
                .max(1);
            let row = |tally: &Tally| Row {
                label: tally.label.clone(),
                percent: tally.count * 100 / longest,
                figure: words::number(tally.count),
            };
            Part {
                heading,
                unit,
                rows: tallies.iter().map(row).collect(),
            }
        };
        vec![
            part("Theo lĩnh vực", "số sự việc", &self.by_topic),
            part("Theo tỉnh, thành phố", "số sự việc", &self.by_province),
            part("Theo báo", "số bài", &self.by_paper),
            part("Theo kỳ", "số bài", &self.by_day),
        ]
    }
}

fn topic(key: Option<&String>, topics: &[TopicHeading]) -> String {
    let known = key.and_then(|key| topics.iter().find(|topic| topic.key.0 == *key));
    known.map_or_else(
        || "Việc khác về xây dựng Đảng".to_owned(),
        |topic| topic.name.clone(),
    )
}

fn tally(names: impl Iterator<Item = String>) -> Vec<Tally> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let tally = |(label, count)| Tally { label, count };
    counts.into_iter().map(tally).collect()
}

fn most_first(names: impl Iterator<Item = String>) -> Vec<Tally> {
    let mut tallies = tally(names);
    tallies.sort_by_key(|tally| std::cmp::Reverse(tally.count));
    tallies
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{compose, fixtures::*};
    use super::*;

    #[test]
    fn a_month_is_the_sum_of_its_editions() {
        let mut material = many(40);
        let first = compose(&material);
        material.last_number = Some(288);
        material.slot = "2026-11-24T06:30".to_owned();
        material.articles.truncate(7);
        let second = compose(&material);
        let editions = [first, second];
        let month = Month::of(
            "Điểm báo xây dựng Đảng",
            Date::constant(2026, 11, 1),
            &editions,
            &material.topics,
        );
        let sum = |of: fn(&Edition) -> u32| editions.iter().map(of).sum::<u32>();
        assert_eq!(month.editions, 2);
        assert_eq!(month.articles, sum(|edition| edition.counts.articles));
        assert_eq!(month.stories, sum(|edition| edition.counts.stories));
        let all = |tallies: &[Tally]| tallies.iter().map(|tally| tally.count).sum::<u32>();
        assert_eq!(all(&month.by_topic), month.stories, "each under one topic");
        assert_eq!(all(&month.by_paper), month.articles);
        assert_eq!(all(&month.by_day), month.articles);
        let order: Vec<&str> = month
            .by_topic
            .iter()
            .map(|tally| tally.label.as_str())
            .collect();
        assert_eq!(
            order,
            [
                "Tổ chức, cán bộ",
                "Phát triển đảng viên",
                "Kiểm tra, giám sát, kỷ luật"
            ]
        );
        let html = month.html().unwrap();
        assert!(html.contains("Điểm báo xây dựng Đảng: tháng 11 năm 2026"));
        assert!(html.contains("T3 24/11 (số 289)") && html.contains("width:100%"));
        let csv = String::from_utf8(month.csv()).unwrap();
        assert!(csv.contains("2026-11,bao,Báo An Giang,"), "{csv}");
        let head = DocxConfig::default();
        let made = at("2026-12-01T08:00");
        let today = Date::constant(2026, 12, 1);
        assert_eq!(
            month.docx(&head, made, today).unwrap(),
            month.docx(&head, made, today).unwrap()
        );
    }

    #[test]
    fn a_month_without_editions_says_so() {
        let month = Month::of("Điểm báo", Date::constant(2026, 2, 1), &[], &[]);
        assert!(month.html().unwrap().contains("không có bản điểm báo nào"));
    }
}
