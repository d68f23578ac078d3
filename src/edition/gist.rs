//! An edition in one line: for the subject, for the reader's list of mails, for the head of the page.

use super::{safe, words};
use crate::model::{Edition, StoryView};
use std::collections::BTreeSet;

/// Characters of a subject; phones show about half of it.
const MAX_SUBJECT: usize = 78;

/// The subject of the mail: what, which day, how much.
pub(super) fn subject(edition: &Edition) -> String {
    let date = format!(
        "{} {}",
        words::weekday(edition.date),
        words::short_date(edition.date)
    );
    let what = if is_blind(edition) {
        "không đọc được nguồn tin".to_owned()
    } else if edition.stories.is_empty() {
        "không có tin".to_owned()
    } else {
        let counts = &edition.counts;
        format!(
            "{} việc, {} tỉnh",
            words::number(counts.stories),
            words::number(counts.provinces)
        )
    };
    let rest = format!(" · {date} · {what}");
    let room = MAX_SUBJECT.saturating_sub(rest.chars().count() + 1);
    safe::clip(&edition.title, room) + &rest
}

/// Whether the edition says nothing because nothing could be read.
pub(super) fn is_blind(edition: &Edition) -> bool {
    edition.stories.is_empty()
        && edition.coverage.sources_ok == 0
        && !edition.coverage.sources_failing.is_empty()
}

/// The first line of a mail in the reader's list: 30 to 160 characters.
pub(super) fn preheader(edition: &Edition) -> String {
    let counts = &edition.counts;
    let sum = format!(
        "{} bài, {} sự việc, {} tỉnh có tin",
        words::number(counts.articles),
        words::number(counts.stories),
        words::number(counts.provinces)
    );
    match edition.stories.first() {
        Some(first) => format!(
            "{}. Cả kỳ: {sum}.",
            safe::clip(&first.title, 100).trim_end_matches(['.', ' '])
        ),
        None => day(edition),
    }
}

/// One line of what the day was.
pub(super) fn day(edition: &Edition) -> String {
    let (coverage, counts) = (&edition.coverage, &edition.counts);
    if is_blind(edition) {
        return format!(
            "Kỳ này không đọc được nguồn tin nào ({} nguồn lỗi), nên chưa biết có tin hay không.",
            words::number(counts.failing)
        );
    }
    if edition.stories.is_empty() {
        return format!(
            "Đã đọc {} nguồn tin, không có bài nào về công tác xây dựng Đảng.",
            words::number(coverage.sources_ok)
        );
    }
    let papers: BTreeSet<&str> = edition
        .stories
        .iter()
        .flat_map(|s| &s.articles)
        .map(|a| a.source.as_str())
        .collect();
    let shared = edition
        .stories
        .iter()
        .filter(|s| paper_count(s) > 1)
        .count();
    let mut line = format!(
        "{} bài của {} báo",
        words::number(counts.articles),
        papers.len()
    );
    if shared > 0 {
        line.push_str(&format!("; {shared} việc có từ hai báo trở lên đưa tin"));
    }
    if coverage.late > 0 {
        line.push_str(&format!("; {} bài đến muộn", words::number(coverage.late)));
    }
    line.push('.');
    line
}

/// How many papers carried it; those of one publisher count once.
pub(super) fn paper_count(story: &StoryView) -> usize {
    if let Ok(papers @ 1..) = usize::try_from(story.papers) {
        return papers;
    }
    story
        .articles
        .iter()
        .map(|a| &a.source)
        .collect::<BTreeSet<_>>()
        .len()
}
