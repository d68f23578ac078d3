//! What became of articles that earlier editions had: retouched headlines, figures that were mended, corrections that
//! their papers printed, articles that were taken down. Each is told once.

use super::{Corrected, safe};
use crate::model::{Article, ArticleId, Change, Edition, Reworded, StoryView};
use crate::text::fold::fold;
use crate::text::sentence::sentences;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Sentences of it that were mailed.
    sentences: BTreeSet<&'e str>,
    gone: bool,
}

impl<'e> Told<'e> {
    fn new(number: u32, title: &'e str, sentences: BTreeSet<&'e str>) -> Self {
        let gone = false;
        Self {
            number,
            title,
            sentences,
            gone,
        }
    }
}

/// What is new since `editions`, the digest's of the last days in order: of articles as they are `now`, of those that are
/// `withdrawn`, and by `notices` that came since.
pub fn corrections(
    editions: &[Edition],
    now: &[Article],
    withdrawn: &[ArticleId],
    notices: &[Article],
) -> Vec<Corrected> {
    let told = told(editions);
    let mut found = Vec::new();
    for article in now {
        let Some(told) = told.get(&article.id).filter(|told| !told.gone) else {
            continue;
        };
        let mut tell = |change, reworded| {
            found.push(Corrected {
                article: article.clone(),
                number: told.number,
                mailed_title: told.title.to_owned(),
                change,
                reworded,
            });
        };
        if withdrawn.contains(&article.id) {
            tell(Change::Withdrawn, None);
            continue;
        }
        if differ(told.title, &safe::title(&article.title)) {
            tell(Change::Retitled, None);
        }
        if let Some(reworded) = refigured(&told.sentences, article) {
            tell(Change::Refigured, Some(reworded));
        }
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
            reworded: None,
        })
    }));
    found
}

/// What was last told of each article.
fn told(editions: &[Edition]) -> BTreeMap<ArticleId, Told<'_>> {
    let mut told: BTreeMap<ArticleId, Told<'_>> = BTreeMap::new();
    for edition in editions {
        for story in &edition.stories {
            for article in &story.articles {
                let mailed = mailed(story, &article.url);
                told.insert(
                    article.id,
                    Told::new(edition.number, &article.title, mailed),
                );
            }
        }
        for article in &edition.related {
            let mailed = BTreeSet::new();
            told.insert(
                article.id,
                Told::new(edition.number, &article.title, mailed),
            );
        }
        for correction in &edition.corrections {
            if let Some(told) = told.get_mut(&correction.article.id) {
                told.gone |= correction.change == Change::Withdrawn;
                told.title = &correction.article.title;
                if let Some(reworded) = &correction.reworded {
                    told.sentences.remove(reworded.was.as_str());
                    told.sentences.insert(&reworded.now);
                }
            }
        }
    }
    told
}

/// The story's sentences, its figures' among them, that stand at this address.
fn mailed<'e>(story: &'e StoryView, url: &str) -> BTreeSet<&'e str> {
    let quotes = story.summary.iter().map(|quote| (&quote.url, &quote.text));
    let figures = story.figures.iter().map(|f| (&f.url, &f.figure.sentence));
    let all = quotes.chain(figures).filter(|(at, _)| *at == url);
    all.map(|(_, text)| text.as_str()).collect()
}

/// The first mailed sentence that stands in the article no more, where one that says the same with other numbers does.
fn refigured(mailed: &BTreeSet<&str>, article: &Article) -> Option<Reworded> {
    let text = article.text();
    let parts = [text.sapo, text.body];
    let present: Vec<String> = parts
        .iter()
        .flat_map(|part| sentences(part))
        .filter_map(safe::quote)
        .collect();
    mailed.iter().find_map(|was| {
        if present.iter().any(|now| now == was) {
            return None;
        }
        let (words, numbers) = apart(was);
        let now = present.iter().find(|now| {
            let (others, new) = apart(now);
            words == others && numbers != new
        })?;
        Some(Reworded {
            was: (*was).to_owned(),
            now: now.clone(),
        })
    })
}

/// The letters of a sentence with a mark for each number, and the numbers.
fn apart(sentence: &str) -> (String, Vec<String>) {
    let (mut words, mut numbers) = (String::new(), Vec::<String>::new());
    let mut inside = false;
    let mut chars = sentence.chars().peekable();
    while let Some(c) = chars.next() {
        // 1.527 and 95,6 are one number each.
        let inner =
            inside && matches!(c, '.' | ',') && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() || inner {
            if !inside {
                words.push('#');
                numbers.push(String::new());
            }
            numbers.last_mut().into_iter().for_each(|n| n.push(c));
            inside = true;
            continue;
        }
        inside = false;
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
    }
    (words, numbers)
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
    use crate::model::Quote;

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
    fn a_mended_figure_is_told_once_with_both_sentences() {
        let (mut first, mut now) = mailed();
        let (was, mended) = (
            "Toàn tỉnh kết nạp 1.527 đảng viên, đạt 95,6%.",
            "Toàn tỉnh kết nạp 1.257 đảng viên, đạt 95,6%.",
        );
        let url = first.stories[0].articles[0].url.clone();
        let id = first.stories[0].articles[0].id;
        first.stories[0].summary = vec![Quote {
            text: was.to_owned(),
            url,
        }];
        let at = now.iter().position(|article| article.id == id).unwrap();
        let mut found = |body: String, editions: &[Edition]| {
            now[at].body = Some(body);
            corrections(editions, &now, &[], &[])
        };
        assert_eq!(
            found(format!("Mở đầu. {was} Hết."), std::slice::from_ref(&first)),
            []
        );
        let other = "Toàn tỉnh đã kết nạp 1.257 đảng viên trong năm.";
        assert_eq!(
            found(other.to_owned(), std::slice::from_ref(&first)),
            [],
            "another sentence"
        );
        let mut told = found(
            format!("Mở đầu. {mended} Hết."),
            std::slice::from_ref(&first),
        );
        let reworded = Reworded {
            was: was.to_owned(),
            now: mended.to_owned(),
        };
        assert_eq!(
            (told[0].change, &told[0].reworded),
            (Change::Refigured, &Some(reworded))
        );
        let mut next = material(Vec::new());
        next.last_number = Some(288);
        next.corrections = std::mem::take(&mut told);
        let second = compose(&next);
        assert_eq!(
            found(format!("{mended} Hết."), &[first, second]),
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
