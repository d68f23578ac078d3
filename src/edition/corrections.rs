//! What became of articles that earlier editions had: retouched headlines, corrections that their papers printed, articles
//! that were taken down. Each is told once.

use super::{Corrected, safe};
use crate::model::{Article, ArticleId, Change, Edition};
use crate::text::fold::fold;
use std::collections::BTreeMap;

/// A headline shorter than this may stand in any text by chance.
const TITLE_CHARS: usize = 20;

/// Words by which a paper's correction begins its headline, folded.
const NOTICES: [&str; 3] = ["dinh chinh", "cai chinh", "noi lai cho ro"];

/// Whether a headline is that of a correction.
pub fn is_notice(title: &str) -> bool {
    let title = fold(title);
    let title = title.trim_start_matches(|c: char| !c.is_alphanumeric());
    NOTICES.iter().any(|word| title.starts_with(word))
}

/// What was last told of an article.
struct Told<'e> {
    number: u32,
    title: &'e str,
    gone: bool,
}

/// What is new since `editions`, the digest's of the last days in order: of articles as they are `now`, of those that are
/// `withdrawn`, and by `notices` that came since.
pub fn corrections(
    editions: &[Edition],
    now: &[Article],
    withdrawn: &[ArticleId],
    notices: &[Article],
) -> Vec<Corrected> {
    let mut told: BTreeMap<ArticleId, Told<'_>> = BTreeMap::new();
    for edition in editions {
        let stories = edition.stories.iter().flat_map(|story| &story.articles);
        for article in stories.chain(&edition.related) {
            let (number, title) = (edition.number, article.title.as_str());
            let gone = false;
            told.insert(
                article.id,
                Told {
                    number,
                    title,
                    gone,
                },
            );
        }
        for correction in &edition.corrections {
            if let Some(told) = told.get_mut(&correction.article.id) {
                told.gone |= correction.change == Change::Withdrawn;
                told.title = &correction.article.title;
            }
        }
    }
    let mut found = Vec::new();
    for article in now {
        let Some(told) = told.get(&article.id) else {
            continue;
        };
        let change = if told.gone {
            None
        } else if withdrawn.contains(&article.id) {
            Some(Change::Withdrawn)
        } else {
            differ(told.title, &safe::title(&article.title)).then_some(Change::Retitled)
        };
        found.extend(change.map(|change| Corrected {
            article: article.clone(),
            number: told.number,
            mailed_title: told.title.to_owned(),
            change,
        }));
    }
    found.extend(notices.iter().filter_map(|notice| {
        let named = now
            .iter()
            .filter(|mailed| mailed.source == notice.source && mailed.id != notice.id)
            .find_map(|mailed| {
                let told = told.get(&mailed.id)?;
                names(notice, told.title, &mailed.url).then_some(told)
            })?;
        Some(Corrected {
            article: notice.clone(),
            number: named.number,
            mailed_title: named.title.to_owned(),
            change: Change::Corrected,
        })
    }));
    found
}

/// Whether two headlines say something else: other letters, not other marks or spaces.
fn differ(one: &str, other: &str) -> bool {
    let letters = |title: &str| -> String {
        let lower = title.to_lowercase();
        lower.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    letters(one) != letters(other)
}

/// Whether a notice speaks of the article with this headline or address.
fn names(notice: &Article, title: &str, url: &str) -> bool {
    let text = notice.text();
    let (sapo, body) = (text.sapo, text.body);
    if sapo.contains(url) || body.contains(url) {
        return true;
    }
    let title = fold(title);
    title.chars().count() >= TITLE_CHARS
        && [sapo, body].iter().any(|part| fold(part).contains(&title))
}

#[cfg(test)]
mod tests {
    use super::super::{compose, fixtures::*};
    use super::*;

    /// An edition of the articles 0 to 3.
    fn mailed() -> (Edition, Vec<Article>) {
        let articles: Vec<Article> = (0..4).map(article).collect();
        (compose(&material(articles.clone())), articles)
    }

    fn changes(found: &[Corrected]) -> Vec<(i64, Change)> {
        found.iter().map(|c| (c.article.id.0, c.change)).collect()
    }

    #[test]
    fn a_changed_headline_is_told_once() {
        let (first, mut now) = mailed();
        now[1].title = format!("{} ", now[1].title.to_uppercase());
        now[2].title = "Kết nạp 12 đảng viên, không phải 21".to_owned();
        let found = corrections(std::slice::from_ref(&first), &now, &[], &[]);
        assert_eq!(changes(&found), [(3, Change::Retitled)]);
        assert_eq!(found[0].number, 288);
        assert!(found[0].mailed_title.starts_with("Kết nạp đảng viên"));
        let mut next = material(Vec::new());
        next.last_number = Some(288);
        next.corrections = found;
        let second = compose(&next);
        assert_eq!(
            changes(&corrections(&[first, second], &now, &[], &[])),
            [],
            "the second edition said so"
        );
    }

    #[test]
    fn what_was_taken_down_is_told_once_and_before_all_else() {
        let (first, mut now) = mailed();
        now[0].title = "Một tiêu đề khác hẳn".to_owned();
        let gone = [now[0].id];
        let found = corrections(std::slice::from_ref(&first), &now, &gone, &[]);
        assert_eq!(changes(&found), [(1, Change::Withdrawn)]);
        let mut next = material(Vec::new());
        next.last_number = Some(288);
        next.corrections = found;
        let second = compose(&next);
        assert_eq!(
            changes(&corrections(&[first, second], &now, &gone, &[])),
            []
        );
    }

    #[test]
    fn a_papers_correction_stands_with_the_article_that_it_names() {
        let (first, now) = mailed();
        let mut notice = article(40);
        notice.source = now[3].source.clone();
        notice.title = "ĐÍNH CHÍNH: về bài đăng ngày 22/11".to_owned();
        notice.body = Some(format!("Trong bài “{}”, số liệu đúng là 7.", now[3].title));
        let mut other = notice.clone();
        other.source = now[0].source.clone();
        assert!(is_notice(&notice.title) && !is_notice("Chỉnh đốn Đảng"));
        let found = corrections(&[first], &now, &[], &[notice.clone(), other]);
        assert_eq!(changes(&found), [(notice.id.0, Change::Corrected)]);
        assert!(found[0].mailed_title.starts_with("Luân chuyển cán bộ trẻ"));
    }
}
