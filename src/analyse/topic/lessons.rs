//! What an admin's marks teach about similar articles: a correction of this installation alone, from the first mark on.
//!
//! Likeness is the share of word groups that two heads have in common. The likest marked article speaks loudest, all
//! together move a judgement by [`MOST`] at most, so that a slip teaches nothing that the text itself does not bear; and
//! every lesson heeded is named among the reasons. Nothing is stored but the marks: taken back, they have never been.

use crate::analyse::mark::Mark;
use crate::config::topics::Topics;
use crate::model::{Article, ArticleId, ArticleText, Hit, Part};
use crate::text::normal::push_key;
use crate::text::syllable::syllables;
use std::collections::{BTreeSet, HashMap};

/// The most that lessons move a level or a topic, in logits.
pub const MOST: f32 = 6.0;
/// Heads that share less than this of their word groups, 0 to 1, have nothing to do with one another.
const UNLIKE: f32 = 0.15;
/// From this share on a lesson counts in full.
const ALIKE: f32 = 0.45;
/// The most marked articles that are heeded, the latest first.
pub const MAX_LESSONS: usize = 500;
/// Syllables in the longest word group that is compared.
const GROUP: usize = 3;
/// Syllables of a headline or lead that are compared.
const MAX_SYLLABLES: usize = 160;

/// All that was marked, ready to be held against an article.
#[derive(Debug, Clone, Default)]
pub struct Lessons {
    all: Vec<Lesson>,
    /// By word group: the lessons that have it.
    holders: HashMap<String, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Lesson {
    article: ArticleId,
    title: String,
    /// How many word groups its head has.
    size: usize,
    words: Vec<String>,
}

/// What lessons add to a judgement, in logits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Added {
    /// To both levels.
    pub relevance: f32,
    /// To topics, in the order of the taxonomy; empty where nothing was said of any.
    pub topics: Vec<f32>,
}

impl Lessons {
    /// The lessons of articles with what was said of each, later articles last.
    pub fn of(marked: &[(Article, Vec<String>)]) -> Self {
        let mut lessons = Self::default();
        for (article, words) in marked.iter().rev().take(MAX_LESSONS) {
            let groups = head(&article.text());
            lessons.all.push(Lesson {
                article: article.id,
                title: article.title.clone(),
                size: groups.len(),
                words: words.clone(),
            });
            for group in groups {
                let holders = lessons.holders.entry(group).or_default();
                holders.push(lessons.all.len() - 1);
            }
        }
        lessons
    }

    /// Whether nothing was marked.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What they add to the judgement of an article, with the reasons.
    pub fn heed(&self, text: &ArticleText<'_>, topics: &Topics) -> (Added, Vec<Hit>) {
        let (mut added, mut heard) = (Added::default(), Vec::new());
        if self.is_empty() {
            return (added, heard);
        }
        let groups = head(text);
        let mut shared = vec![0_usize; self.all.len()];
        for group in &groups {
            for &holder in self.holders.get(group).into_iter().flatten() {
                shared[holder] += 1;
            }
        }
        for (lesson, shared) in self.all.iter().zip(shared) {
            let strength = strength(likeness(shared, groups.len(), lesson.size));
            if strength > 0.0 {
                lesson.teach(strength, topics, &mut added, &mut heard);
            }
        }
        added.relevance = added.relevance.clamp(-MOST, MOST);
        for topic in &mut added.topics {
            *topic = topic.clamp(-MOST, MOST);
        }
        (added, heard)
    }
}

impl Lesson {
    fn teach(&self, strength: f32, topics: &Topics, added: &mut Added, heard: &mut Vec<Hit>) {
        let full = MOST * strength;
        for word in &self.words {
            let mut topic = None;
            let weight = match Mark::read(word, topics) {
                Some(Mark::Relevant) => full,
                Some(Mark::Irrelevant) => -full,
                Some(Mark::Topic(key)) => {
                    let sums = &mut added.topics;
                    sums.resize(topics.list.len(), 0.0);
                    let named = |at: usize| topics.list[at].key == key;
                    let said =
                        |word: &String| matches!(Mark::read(word, topics), Some(Mark::Topic(_)));
                    let others = full / self.words.iter().filter(|word| said(word)).count() as f32;
                    for (at, sum) in sums.iter_mut().enumerate() {
                        *sum += if named(at) { full } else { -others };
                    }
                    topic = Some(key.clone());
                    full
                }
                None => continue,
            };
            if topic.is_none() {
                added.relevance += weight;
            }
            heard.push(Hit {
                phrase: word.clone(),
                found: format!("{}: {}", self.article, self.title),
                topic,
                part: Part::Mark,
                start: 0,
                weight,
                cancelled_by: None,
            });
        }
    }
}

/// The word groups of an article's head, of two and three syllables within a sentence; numbers are all one.
fn head(text: &ArticleText<'_>) -> BTreeSet<String> {
    let mut groups = BTreeSet::new();
    for text in [text.title, text.sapo] {
        let mut last: Vec<String> = Vec::new();
        for syllable in syllables(text).take(MAX_SYLLABLES) {
            if syllable.opens {
                last.clear();
            }
            let word = syllable.of(text);
            let mut key = String::new();
            match word.starts_with(|c: char| c.is_ascii_digit()) {
                true => key.push('#'),
                false => push_key(word, &mut key),
            }
            last.push(key);
            if last.len() > GROUP {
                last.remove(0);
            }
            for from in 0..last.len().saturating_sub(1) {
                groups.insert(last[from..].join(" "));
            }
        }
    }
    groups
}

/// Cosine of two sets of those sizes, 0 to 1.
fn likeness(shared: usize, one: usize, other: usize) -> f32 {
    let sizes = (one * other) as f32;
    if sizes == 0.0 {
        return 0.0;
    }
    shared as f32 / sizes.sqrt()
}

/// 0 for the unlike, 1 for the alike.
fn strength(likeness: f32) -> f32 {
    ((likeness - UNLIKE) / (ALIKE - UNLIKE)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::topic::{classify, classify_with};
    use crate::model::{Ingest, SourceKey};
    use jiff::Timestamp;

    fn article(id: i64, title: &str, sapo: &str) -> Article {
        Article {
            id: ArticleId(id),
            source: SourceKey::from("bao-thu"),
            url: format!("https://bao.example/{id}.html"),
            title: title.to_owned(),
            first_title: None,
            sapo: Some(sapo.to_owned()),
            body: None,
            author: None,
            section: None,
            published: None,
            seen: Timestamp::UNIX_EPOCH,
            ingest: Ingest(id),
            backfill: false,
            verdict: None,
        }
    }

    fn lessons(title: &str, sapo: &str, words: &[&str]) -> Lessons {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Lessons::of(&[(article(7, title, sapo), words)])
    }

    const COLUMN: (&str, &str) = (
        "Lịch tiếp công dân định kỳ của các đồng chí lãnh đạo tuần 46",
        "Thông báo lịch tiếp công dân định kỳ tại trụ sở tiếp công dân tỉnh.",
    );
    const NEXT: (&str, &str) = (
        "Lịch tiếp công dân định kỳ của các đồng chí lãnh đạo tuần 47",
        "Thông báo lịch tiếp công dân định kỳ tại trụ sở tiếp công dân tỉnh, bắt đầu từ thứ Hai.",
    );

    #[test]
    fn the_first_mark_teaches_similar_articles_and_no_others() {
        let topics = Topics::builtin();
        let text = ArticleText {
            title: NEXT.0,
            sapo: NEXT.1,
            ..ArticleText::default()
        };
        let plain = classify(topics, &text);
        let up = classify_with(
            topics,
            &text,
            &lessons(COLUMN.0, COLUMN.1, &["relevant", "topic=dan_van"]),
        );
        assert!(up.chances[0] > plain.chances[0] && up.chances[1] > plain.chances[1]);
        assert_eq!(
            (up.level, up.topics[0].topic.as_str()),
            (2, "dan_van"),
            "{up:?}"
        );
        assert!(up.hits[0].part == Part::Mark && up.hits[0].found.starts_with("7: "));
        let down = classify_with(topics, &text, &lessons(COLUMN.0, COLUMN.1, &["irrelevant"]));
        assert!(down.chances[0] < plain.chances[0]);
        let other = ArticleText {
            title: "Đại hội Đảng bộ xã Mường Bú thành công tốt đẹp",
            ..ArticleText::default()
        };
        assert_eq!(
            classify_with(
                topics,
                &other,
                &lessons(COLUMN.0, COLUMN.1, &["irrelevant"])
            ),
            classify(topics, &other)
        );
    }

    #[test]
    fn what_lessons_add_is_bounded_however_many_they_are() {
        let marked: Vec<_> = (0..50)
            .map(|id| {
                (
                    article(id, COLUMN.0, COLUMN.1),
                    vec!["irrelevant".to_owned(), "topic=can_bo".to_owned()],
                )
            })
            .collect();
        let text = ArticleText {
            title: COLUMN.0,
            sapo: COLUMN.1,
            ..ArticleText::default()
        };
        let (added, heard) = Lessons::of(&marked).heed(&text, Topics::builtin());
        assert_eq!(added.relevance, -MOST);
        assert!(added.topics.iter().all(|topic| topic.abs() <= MOST));
        assert_eq!(heard.len(), 100);
    }

    #[test]
    fn no_marks_say_nothing() {
        let text = ArticleText {
            title: NEXT.0,
            ..ArticleText::default()
        };
        let (added, heard) = Lessons::default().heed(&text, Topics::builtin());
        assert_eq!((added, heard.len()), (Added::default(), 0));
    }
}
