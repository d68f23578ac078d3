//! An admin's word on an article, which goes before what the analysis finds.
//!
//! A mark decides for its article, from the first on; similar articles heed it within bounds ([`super::topic::lessons`]).

use crate::config::topics::Topics;
use crate::model::{Hit, Part, TopicKey, TopicScore, Verdict};

/// What an admin can say of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// It is about the Party's own work.
    Relevant,
    /// It is not.
    Irrelevant,
    /// It belongs to this topic, instead of those found.
    Topic(TopicKey),
}

impl Mark {
    /// Reads `relevant`, `irrelevant` or `topic=KEY`; `None` for any other word or a topic that the taxonomy has not.
    pub fn read(word: &str, topics: &Topics) -> Option<Self> {
        match word {
            "relevant" => Some(Self::Relevant),
            "irrelevant" => Some(Self::Irrelevant),
            _ => {
                let topic = topics.topic(word.strip_prefix("topic=")?)?;
                Some(Self::Topic(topic.key.clone()))
            }
        }
    }
}

/// The verdict as the admin's words make it; words that mean nothing (any more) change nothing. The later of `relevant`
/// and `irrelevant` counts; several topics stand together. Each word that counted is a reason.
pub fn apply(mut verdict: Verdict, words: &[String], topics: &Topics) -> Verdict {
    let mut chosen: Vec<TopicScore> = Vec::new();
    for word in words {
        let Some(mark) = Mark::read(word, topics) else {
            continue;
        };
        let before = verdict.score;
        let mut topic = None;
        match mark {
            Mark::Relevant => {
                verdict.level = 2;
                verdict.chances = [1.0, 1.0];
            }
            Mark::Irrelevant => {
                verdict.level = 0;
                verdict.chances = [0.0, 0.0];
            }
            Mark::Topic(key) => {
                topic = Some(key.clone());
                chosen.push(TopicScore {
                    score: 1.0,
                    topic: key,
                });
            }
        }
        verdict.score = verdict.chances.iter().sum();
        let reason = Hit {
            phrase: word.clone(),
            found: word.clone(),
            topic,
            part: Part::Mark,
            start: 0,
            weight: verdict.score - before,
            cancelled_by: None,
        };
        verdict.hits.insert(0, reason);
    }
    if !chosen.is_empty() {
        verdict.topics = chosen;
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::topic::classify;
    use crate::model::ArticleText;

    fn marked(title: &str, words: &[&str]) -> Verdict {
        let topics = Topics::builtin();
        let text = ArticleText {
            title,
            ..ArticleText::default()
        };
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        apply(classify(topics, &text), &words, topics)
    }

    #[test]
    fn the_admins_word_goes_before_what_was_found() {
        let rain = marked("Trời mưa to ở Cửa Lò", &["relevant", "topic=dan_van"]);
        assert_eq!(rain.level, 2);
        assert_eq!(rain.topics[0].topic.as_str(), "dan_van");
        assert!(rain.hits.iter().any(|hit| hit.part == Part::Mark));
        let congress = marked("Đại hội Đảng bộ xã Mường Bú", &["irrelevant"]);
        assert_eq!((congress.level, congress.score), (0, 0.0));
    }

    #[test]
    fn topics_replace_those_found_and_leave_the_level() {
        let title = "Đại hội Đảng bộ xã Mường Bú nhiệm kỳ 2025 - 2030";
        let plain = marked(title, &[]);
        let verdict = marked(title, &["topic=kiem_tra", "topic=can_bo", "topic=gone"]);
        let keys: Vec<&str> = verdict.topics.iter().map(|t| t.topic.as_str()).collect();
        assert_eq!(keys, ["kiem_tra", "can_bo"]);
        assert_eq!(verdict.level, plain.level);
    }

    #[test]
    fn other_words_are_no_marks() {
        let topics = Topics::builtin();
        for word in ["", "Relevant", "topic=", "topic=x", "topic"] {
            assert_eq!(Mark::read(word, topics), None, "{word}");
        }
        assert_eq!(marked("Trời mưa", &["nonsense"]), marked("Trời mưa", &[]));
    }
}
