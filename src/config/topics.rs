//! `topics.toml`: the taxonomy as an admin writes it, and as the analysis reads it.
//!
//! The file gives topics in the order of the review, each with groups of phrases that share a weight and contexts;
//! beside them phrases that only speak for or against the Party's work being the subject, titles of persons, and
//! section names. It is checked whole: every problem comes with the bytes it stands at.

use std::collections::BTreeMap;
use std::ops::{Deref, Range};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Wrong, quoted, suggestion, visible, words, wrong};
use crate::model::TopicKey;
use crate::text::fold::fold;
use crate::text::lexicon::{Lexicon, LexiconError, Rule, always_beside, check_pattern};

/// The shipped file.
pub const BUILTIN: &str = include_str!("../../config/topics.toml");

/// Something wrong in `topics.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicsProblem {
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// What, and how to mend it.
    pub(crate) wrong: Wrong,
}

/// A topic as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its key.
    pub key: TopicKey,
    /// Its heading, in Vietnamese.
    pub name: String,
}

/// What a phrase does to the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// Index of its topic; `None` for one that only speaks for or against relevance.
    pub topic: Option<usize>,
    /// What it adds to its topic.
    pub weight: f32,
    /// What it adds to relevance; negative for a false friend.
    pub relevance: f32,
    /// Whether its relevance can lift an article to level 1 only.
    pub borderline: bool,
    /// Whether an article headed by it stays at level 1, whatever else it says.
    pub caps: bool,
}

/// A section name with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Folded, words joined by `-`: `xay-dung-dang`.
    pub slug: String,
    /// What it does.
    pub meaning: Meaning,
}

/// Where the lexicon by itself would cut levels and topics: what its sums are held against.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cuts {
    /// Relevance from which the Party's own work is the subject (level 2).
    pub subject: f32,
    /// Relevance from which an article is borderline (level 1).
    pub borderline: f32,
    /// Score from which a topic is an article's topic …
    pub topic: f32,
    /// … if it also has this share of the strongest topic's score, 0 to 1.
    pub topic_share: f32,
    /// The share, 0 to 1, that a topic needs where the headline speaks for others and not for it.
    #[serde(default = "same_share")]
    pub topic_share_unnamed: f32,
    /// Score within the running text alone from which a topic counts whatever its share: it has a passage of its own.
    pub topic_in_body: f32,
}

/// A headline's topic alone is not enough to drop the others.
fn same_share() -> f32 {
    0.5
}

/// How much a phrase counts in each part of an article.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartFactors {
    /// In the headline.
    pub title: f32,
    /// In the lead.
    pub sapo: f32,
    /// What the lead still counts, 0 to 1, where the headline speaks of nothing of ours: a mention, hardly the subject.
    pub sapo_alone: f32,
    /// In the running text.
    pub body: f32,
    /// The most that the running text as a whole adds to relevance.
    pub body_most: f32,
}

/// The taxonomy, checked and compiled.
#[derive(Debug)]
pub struct Topics {
    /// In the order of the review.
    pub list: Vec<Topic>,
    /// Where to cut.
    pub cuts: Cuts,
    /// What parts count.
    pub parts: PartFactors,
    /// Section names.
    pub sections: Vec<Section>,
    /// By rule of `lexicon`.
    pub meanings: Vec<Meaning>,
    /// The phrases.
    pub lexicon: Lexicon,
    /// BLAKE3 of the file, first 16 hex digits: names this taxonomy in stored analyses.
    pub hash: String,
}

/// The taxonomy in force. The shipped one, which most configs leave as it is, is compiled when it is first asked for: what
/// only fetches never asks.
#[derive(Debug, Clone)]
pub enum Taxonomy {
    /// [`BUILTIN`].
    Shipped,
    /// The admin's.
    Own(Arc<Topics>),
}

impl Taxonomy {
    /// As [`Topics::hash`].
    pub fn hash(&self) -> String {
        match self {
            Self::Shipped => hash_of(BUILTIN),
            Self::Own(topics) => topics.hash.clone(),
        }
    }
}

impl Deref for Taxonomy {
    type Target = Topics;

    fn deref(&self) -> &Topics {
        match self {
            Self::Shipped => Topics::builtin(),
            Self::Own(topics) => topics,
        }
    }
}

fn hash_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

static BUILTIN_TOPICS: LazyLock<Topics> =
    LazyLock::new(|| Topics::parse(BUILTIN).expect("a test parses the shipped topics.toml"));

impl Topics {
    /// The shipped taxonomy.
    pub fn builtin() -> &'static Self {
        &BUILTIN_TOPICS
    }

    /// Reads and checks a `topics.toml`.
    ///
    /// # Errors
    /// Every problem found, in order of place; one only if the file is not TOML of this shape.
    pub fn parse(text: &str) -> Result<Self, Vec<TopicsProblem>> {
        let raw: RawTopics = toml::from_str(text).map_err(|e| {
            vec![TopicsProblem {
                span: e.span().unwrap_or(0..0),
                wrong: misshapen(e.message()),
            }]
        })?;
        let mut reading = Reading::default();
        let sections = reading.read(&raw);
        reading.check_cuts(&raw);
        reading.check_reach(&raw, &sections);
        let abbreviations = raw
            .abbreviations
            .iter()
            .map(|(short, long)| (short.as_str(), long.as_str()));
        // Each rule was compiled alone before, with its place: what is left to go wrong is sheer size.
        let lexicon = Lexicon::new(&reading.rules, abbreviations);
        match lexicon {
            Ok(lexicon) if reading.problems.is_empty() => Ok(Self {
                list: reading.list,
                cuts: *raw.cuts.get_ref(),
                parts: *raw.parts.get_ref(),
                sections,
                meanings: reading.meanings,
                lexicon,
                hash: hash_of(text),
            }),
            Ok(_) => Err(reading.sorted_problems()),
            Err(e) => {
                if reading.problems.is_empty() {
                    reading.problem(0..0, bad_pattern(&e));
                }
                Err(reading.sorted_problems())
            }
        }
    }

    /// The topic of a key.
    pub fn topic(&self, key: &str) -> Option<&Topic> {
        self.list.iter().find(|t| t.key.as_str() == key)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopics {
    cuts: Spanned<Cuts>,
    parts: Spanned<PartFactors>,
    #[serde(default)]
    abbreviations: BTreeMap<String, String>,
    #[serde(default)]
    topic: Vec<RawTopic>,
    #[serde(default)]
    general: Vec<RawGroup>,
    #[serde(default)]
    against: Vec<RawGroup>,
    /// Titles of persons and other phrases that say nothing: they only cover shorter phrases inside.
    #[serde(default)]
    silent: Vec<RawGroup>,
    #[serde(default)]
    section: Vec<RawSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    key: Spanned<String>,
    name: Spanned<String>,
    #[serde(default)]
    phrases: Vec<RawGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    any: Spanned<Vec<Spanned<String>>>,
    weight: Option<Spanned<f32>>,
    relevance: Option<Spanned<f32>>,
    #[serde(default)]
    borderline: bool,
    #[serde(default)]
    caps: bool,
    #[serde(default)]
    near: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    within: Option<Spanned<usize>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSection {
    slug: Spanned<String>,
    weight: Spanned<f32>,
    topic: Option<Spanned<String>>,
    #[serde(default)]
    borderline: bool,
}

/// How far a context may stand from its phrase when the group does not say.
const DEFAULT_WITHIN: usize = 6;
/// Weights beyond this are a slip of the pen.
const MAX_WEIGHT: f32 = 20.0;

/// What kind of table a group stands in.
#[derive(Clone, Copy)]
enum Place {
    Topic(usize),
    General,
    Against,
    Silent,
}

#[derive(Default)]
struct Reading {
    list: Vec<Topic>,
    rules: Vec<Rule>,
    meanings: Vec<Meaning>,
    problems: Vec<TopicsProblem>,
}

impl Reading {
    fn problem(&mut self, span: Range<usize>, wrong: Wrong) {
        self.problems.push(TopicsProblem { span, wrong });
    }

    fn sorted_problems(mut self) -> Vec<TopicsProblem> {
        self.problems.sort_by_key(|p| (p.span.start, p.span.end));
        self.problems
    }

    fn read(&mut self, raw: &RawTopics) -> Vec<Section> {
        for topic in &raw.topic {
            self.read_topic(topic);
        }
        let tables = [
            (&raw.general, Place::General),
            (&raw.against, Place::Against),
            (&raw.silent, Place::Silent),
        ];
        for (groups, place) in tables {
            for group in groups {
                self.read_group(group, place);
            }
        }
        raw.section.iter().map(|s| self.read_section(s)).collect()
    }

    fn read_topic(&mut self, topic: &RawTopic) {
        let key = topic.key.get_ref();
        let shown = quoted(key);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.is_empty() || !key.chars().all(plain) {
            let meant = section_slug(key).replace('-', "_");
            let what = words(
                format!("{shown} is no topic key: it may hold only a-z, 0-9 and _"),
                format!("{shown} không dùng làm khóa được: chỉ gồm a-z, 0-9 và dấu _"),
            );
            let how = words(format!("write \"{meant}\""), format!("viết \"{meant}\""));
            self.problem(topic.key.span(), wrong(what, how));
        }
        if self.list.iter().any(|t| t.key.as_str() == key) {
            let what = words(
                format!("two topics have the key {shown}"),
                format!("có hai lĩnh vực cùng khóa {shown}"),
            );
            let how = words(
                "give this one another key, or put its phrases into the other",
                "đặt khóa khác, hoặc chuyển các cụm từ sang lĩnh vực kia",
            );
            self.problem(topic.key.span(), wrong(what, how));
        }
        if topic.name.get_ref().trim().is_empty() {
            let what = words(
                format!("the topic {shown} has no name: readers would see an empty heading"),
                format!("lĩnh vực {shown} chưa có tên: bản điểm báo sẽ có một tiêu đề trống"),
            );
            let how = words(
                "write its heading, such as name = \"Công tác kiểm tra, giám sát\"",
                "viết tiêu đề, ví dụ name = \"Công tác kiểm tra, giám sát\"",
            );
            self.problem(topic.name.span(), wrong(what, how));
        }
        self.list.push(Topic {
            key: TopicKey(key.clone()),
            name: topic.name.get_ref().clone(),
        });
        for group in &topic.phrases {
            self.read_group(group, Place::Topic(self.list.len() - 1));
        }
    }

    fn read_group(&mut self, group: &RawGroup, place: Place) {
        let weight = self.group_weight(group, place);
        let relevance = match &group.relevance {
            Some(relevance) => self.bounded(relevance),
            None => weight,
        };
        if group.any.get_ref().is_empty() {
            let what = words(
                "this group has no phrase: it finds nothing",
                "nhóm này không có cụm từ nào: không tìm được gì",
            );
            let how = words(
                "write any = [\"kỷ luật đảng viên\"], or take the group out",
                "viết any = [\"kỷ luật đảng viên\"], hoặc bỏ nhóm này",
            );
            self.problem(group.any.span(), wrong(what, how));
        }
        let mut list = |phrases: &[Spanned<String>]| -> Vec<String> {
            phrases
                .iter()
                .filter_map(|p| self.checked_phrase(p))
                .collect()
        };
        let rule = Rule {
            any: list(group.any.get_ref()),
            near: list(&group.near),
            unless: list(&group.unless),
            within: group
                .within
                .as_ref()
                .map_or(DEFAULT_WITHIN, |w| *w.get_ref()),
        };
        self.check_cancelled(group);
        self.rules.push(rule);
        self.meanings.push(Meaning {
            topic: match place {
                Place::Topic(topic) => Some(topic),
                _ => None,
            },
            weight,
            relevance,
            borderline: group.borderline,
            caps: group.caps,
        });
    }

    fn group_weight(&mut self, group: &RawGroup, place: Place) -> f32 {
        let Some(weight) = &group.weight else {
            if !matches!(place, Place::Silent) {
                let what = words(
                    "this group of phrases has no weight",
                    "nhóm cụm từ này chưa có trọng số",
                );
                let how = words("add a line: weight = 1.0", "thêm dòng: weight = 1.0");
                self.problem(group.any.span(), wrong(what, how));
            }
            return 0.0;
        };
        let value = self.bounded(weight);
        if value != *weight.get_ref() {
            return value; // Out of bounds: that was told.
        }
        let fits = match place {
            Place::Topic(_) | Place::General => value > 0.0,
            Place::Against => value < 0.0,
            Place::Silent => value == 0.0,
        };
        if !fits {
            let what = words(
                format!("the weight {value} has the wrong sign for where it stands"),
                format!("trọng số {value} sai dấu ở vị trí này"),
            );
            let how = words(
                "write a number above 0 under topics and [[general]], below 0 under [[against]], none under [[silent]]",
                "viết số dương trong lĩnh vực và [[general]], số âm trong [[against]], không ghi weight trong [[silent]]",
            );
            self.problem(weight.span(), wrong(what, how));
        }
        value
    }

    fn bounded(&mut self, weight: &Spanned<f32>) -> f32 {
        let value = *weight.get_ref();
        if value.is_finite() && value.abs() <= MAX_WEIGHT {
            return value;
        }
        let what = words(
            format!("the weight {value} is out of bounds"),
            format!("trọng số {value} nằm ngoài khoảng cho phép"),
        );
        let how = words(
            format!(
                "write a number between -{MAX_WEIGHT} and {MAX_WEIGHT}; strong phrases have about 3"
            ),
            format!("viết số từ -{MAX_WEIGHT} đến {MAX_WEIGHT}; cụm từ mạnh khoảng 3"),
        );
        self.problem(weight.span(), wrong(what, how));
        0.0
    }

    fn checked_phrase(&mut self, phrase: &Spanned<String>) -> Option<String> {
        match check_pattern(phrase.get_ref()) {
            Ok(()) => Some(phrase.get_ref().clone()),
            Err(e) => {
                self.problem(phrase.span(), bad_pattern(&e));
                None
            }
        }
    }

    fn read_section(&mut self, section: &RawSection) -> Section {
        let weight = self.bounded(&section.weight);
        let topic = section.topic.as_ref().and_then(|key| {
            let at = self
                .list
                .iter()
                .position(|t| t.key.as_str() == key.get_ref());
            if at.is_none() {
                let shown = quoted(key.get_ref());
                let known: Vec<String> = self.list.iter().map(|t| t.key.to_string()).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let what = words(
                    format!("there is no topic {shown}"),
                    format!("không có lĩnh vực nào tên {shown}"),
                );
                self.problem(key.span(), wrong(what, suggestion(key.get_ref(), &known)));
            }
            at
        });
        Section {
            slug: section_slug(section.slug.get_ref()),
            meaning: Meaning {
                topic,
                weight,
                relevance: weight,
                borderline: section.borderline,
                caps: false,
            },
        }
    }

    fn check_cuts(&mut self, raw: &RawTopics) {
        let cuts = raw.cuts.get_ref();
        if !(cuts.borderline > 0.0 && cuts.borderline < cuts.subject && cuts.subject.is_finite()) {
            let (low, high) = (cuts.borderline, cuts.subject);
            let what = words(
                format!(
                    "borderline = {low} and subject = {high} are the wrong way round, or not above 0"
                ),
                format!(
                    "borderline = {low} và subject = {high} ngược thứ tự, hoặc không lớn hơn 0"
                ),
            );
            let how = words(
                "write 0 < borderline < subject, such as borderline = 1.5 and subject = 3.0",
                "viết sao cho 0 < borderline < subject, ví dụ borderline = 1.5 và subject = 3.0",
            );
            self.problem(raw.cuts.span(), wrong(what, how));
        }
        let shares = [cuts.topic_share, cuts.topic_share_unnamed];
        let shares_fit = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !(cuts.topic > 0.0 && cuts.topic_in_body > 0.0 && shares_fit) {
            let what = words(
                "a cut for topics is out of bounds: articles would get all topics, or none",
                "một ngưỡng lĩnh vực nằm ngoài khoảng cho phép: bài sẽ thuộc mọi lĩnh vực hoặc không thuộc lĩnh vực nào",
            );
            let how = words(
                "write topic and topic_in_body above 0, topic_share and topic_share_unnamed between 0 and 1",
                "viết topic và topic_in_body lớn hơn 0, topic_share và topic_share_unnamed từ 0 đến 1",
            );
            self.problem(raw.cuts.span(), wrong(what, how));
        }
        let p = raw.parts.get_ref();
        let factors = [p.title, p.sapo, p.sapo_alone, p.body, p.body_most];
        if !factors.iter().all(|f| (0.0..=MAX_WEIGHT).contains(f)) {
            let what = words(
                "a part of the article counts less than nothing, or far too much",
                "hệ số của một phần bài viết nhỏ hơn 0 hoặc quá lớn",
            );
            let how = words(
                format!("write numbers between 0 and {MAX_WEIGHT}"),
                format!("viết số từ 0 đến {MAX_WEIGHT}"),
            );
            self.problem(raw.parts.span(), wrong(what, how));
        }
    }

    /// A phrase that holds one of its own `unless` contexts is cancelled wherever it stands: overlap counts as near.
    fn check_cancelled(&mut self, group: &RawGroup) {
        for phrase in group.any.get_ref() {
            let by = group
                .unless
                .iter()
                .find(|context| always_beside(phrase.get_ref(), context.get_ref()));
            if let Some(context) = by {
                let (phrase_shown, by) = (quoted(phrase.get_ref()), quoted(context.get_ref()));
                let what = words(
                    format!("{phrase_shown} cancels itself: it always holds {by} of its unless"),
                    format!("{phrase_shown} tự loại chính nó: bên trong luôn có {by} của unless"),
                );
                let how = words(
                    "put the phrase into a group of its own, or take that context out of unless",
                    "chuyển cụm từ sang nhóm khác, hoặc bỏ ngữ cảnh đó khỏi unless",
                );
                self.problem(phrase.span(), wrong(what, how));
            }
        }
    }

    /// A topic that nothing speaks for is no article's topic, whatever is written.
    fn check_reach(&mut self, raw: &RawTopics, sections: &[Section]) {
        for (nth, topic) in raw.topic.iter().enumerate() {
            let named = sections
                .iter()
                .any(|section| section.meaning.topic == Some(nth));
            if topic.phrases.is_empty() && !named {
                let shown = quoted(topic.key.get_ref());
                let what = words(
                    format!(
                        "the topic {shown} cannot be reached: it has no phrases, and no section leads to it"
                    ),
                    format!(
                        "lĩnh vực {shown} không bao giờ có bài: không có cụm từ, cũng không có chuyên mục nào dẫn tới"
                    ),
                );
                let how = words(
                    "add [[topic.phrases]] with weight and any below it, or take the topic out",
                    "thêm [[topic.phrases]] có weight và any bên dưới, hoặc bỏ lĩnh vực này",
                );
                self.problem(topic.key.span(), wrong(what, how));
            }
        }
    }
}

/// What serde says of a file of another shape, for people.
fn misshapen(message: &str) -> Wrong {
    let message = visible(message);
    let mut ticked = message.split('`').skip(1).step_by(2);
    let named = ticked.next().unwrap_or_default();
    let shown = quoted(named);
    if message.starts_with("unknown field") {
        let known: Vec<&str> = ticked.collect();
        let what = words(
            format!("there is no key {shown} here"),
            format!("ở đây không có khóa nào tên {shown}"),
        );
        return wrong(what, suggestion(named, &known));
    }
    if message.starts_with("missing field") {
        let what = words(
            format!("{shown} is missing here"),
            format!("ở đây thiếu {shown}"),
        );
        let how = words(
            format!("add a line: {named} = …; the shipped topics.toml shows one"),
            format!("thêm dòng: {named} = …; xem mẫu trong topics.toml đi kèm chương trình"),
        );
        return wrong(what, how);
    }
    if message.starts_with("invalid type") {
        let what = words(
            format!("the value is of the wrong kind ({message})"),
            format!("giá trị không đúng kiểu ({message})"),
        );
        let how = words(
            "write numbers without quotes (weight = 1.5), text in quotes, lists in square brackets",
            "số viết không có dấu nháy (weight = 1.5), chữ trong dấu nháy kép, danh sách trong ngoặc vuông",
        );
        return wrong(what, how);
    }
    super::raw::syntax(&message)
}

fn bad_pattern(error: &LexiconError) -> Wrong {
    match error {
        LexiconError::Pattern(pattern) => wrong(
            words(
                format!(
                    "the braces of {} do not match, or stand for too many phrases",
                    quoted(pattern)
                ),
                format!(
                    "dấu ngoặc nhọn trong {} không khớp, hoặc cho ra quá nhiều cụm từ",
                    quoted(pattern)
                ),
            ),
            words(
                "write alternatives as {a|b}, not one within another: \"{kết nạp|phát triển} đảng viên\"",
                "viết các lựa chọn dạng {a|b}, không lồng nhau: \"{kết nạp|phát triển} đảng viên\"",
            ),
        ),
        LexiconError::Empty(pattern) => wrong(
            words(
                format!("{} can stand for nothing at all", quoted(pattern)),
                format!("{} có thể không còn chữ nào", quoted(pattern)),
            ),
            words("write at least one word", "viết ít nhất một từ"),
        ),
        LexiconError::TooLarge => wrong(
            words("there are too many phrases", "có quá nhiều cụm từ"),
            words(
                "take out those that find nothing",
                "bỏ bớt các cụm từ không tìm được gì",
            ),
        ),
    }
}

/// The one form of a section's name or slug: `Xây dựng Đảng`, `xay-dung-dang` and `xay_dung_dang` are the same.
pub fn section_slug(name: &str) -> String {
    fold(name)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
#[path = "topics_tests.rs"]
mod tests;
