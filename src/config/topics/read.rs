//! Reads `topics.toml`: as written, with places; checked; compiled. What is wrong is told in two languages.

use super::super::problem::{Wrong, quoted, suggestion, visible, words, wrong};
use super::*;
use crate::text::lexicon::{LexiconError, Rule, always_beside, check_pattern};
use std::collections::BTreeMap;
use toml::Spanned;

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

/// See [`Topics::parse`].
pub(super) fn read(text: &str) -> Result<Topics, Vec<TopicsProblem>> {
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
        Ok(lexicon) if reading.problems.is_empty() => Ok(Topics {
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
    super::super::raw::syntax(&message)
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
