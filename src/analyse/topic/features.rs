//! What the model sees of an article: the lexicon's sums, which kinds of phrases stand where, and the words around them.

use super::tally::{Sums, TopicSum};
use crate::config::topics::Topics;
use crate::model::{ArticleText, Part};
use crate::text::normal::push_key;
use crate::text::syllable::{Syllable, syllables};
use std::collections::BTreeMap;

/// Syllables of a headline or lead that are looked at; the rest of a longer one is left to the lexicon.
const MAX_SYLLABLES: usize = 160;
/// Syllables in the longest word group.
const MAX_GROUP: usize = 3;
/// The weight of one strong phrase: sums are counted in these.
const UNIT: f32 = 3.0;

/// One thing seen, by the name that it has in the table.
///
/// Word groups are `t`, `h` or `o` and their comparison keys (`t ket2 nap5`): in the headline, in headline or lead, at
/// the very beginning of the headline. All others are sums of the lexicon (`x title.core`) and kinds of its phrases
/// (`c title kiem_tra`).
#[derive(Debug, Clone, PartialEq)]
pub struct Feature<'a> {
    /// Its name.
    pub name: String,
    /// How much of it: 1 for what is there or not.
    pub value: f32,
    /// A word group as printed.
    pub found: Option<&'a str>,
}

impl Feature<'_> {
    /// Whether it is a word group, not something that the lexicon says.
    pub fn is_words(&self) -> bool {
        is_words(&self.name)
    }
}

/// Whether a feature of this name is a word group.
pub fn is_words(name: &str) -> bool {
    matches!(name.as_bytes(), [b't' | b'h' | b'o', b' ', ..])
}

/// What the lexicon's sum for one topic tells about that topic, in the order of [`Own::NAMES`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Own(pub [f32; Own::COUNT]);

impl Own {
    /// How many numbers it has.
    pub const COUNT: usize = 9;
    /// What they are.
    pub const NAMES: [&'static str; Own::COUNT] = [
        "all",
        "title",
        "sapo",
        "body",
        "share",
        "strongest",
        "stands out",
        "unnamed",
        "ahead",
    ];
}

/// The sums of all topics of the taxonomy, each held against the others.
pub fn own(topics: &Topics, sums: &[TopicSum]) -> Vec<Own> {
    let best = sums.iter().map(|sum| sum.all).fold(0.0, f32::max);
    let named = sums.iter().any(|sum| sum.title > 0.0);
    let stands_out = |sum: &TopicSum| {
        sum.all >= topics.cuts.topic.max(best * topics.cuts.topic_share)
            || sum.body >= topics.cuts.topic_in_body
    };
    let flag = |is: bool| f32::from(u8::from(is));
    sums.iter()
        .enumerate()
        .map(|(at, sum)| {
            let others = sums.iter().enumerate().filter(|&(other, _)| other != at);
            let next = others.map(|(_, sum)| sum.all).fold(0.0, f32::max);
            Own([
                (sum.all / UNIT).min(3.0),
                (sum.title / UNIT).min(2.0),
                (sum.sapo / UNIT).min(2.0),
                (sum.body / UNIT).min(2.0),
                if best > 0.0 { sum.all / best } else { 0.0 },
                flag(sum.all > 0.0 && sum.all >= best),
                flag(stands_out(sum)),
                flag(named && sum.title <= 0.0),
                ((sum.all - next) / UNIT).clamp(-2.0, 2.0),
            ])
        })
        .collect()
}

/// All features of an article, by name; each once. Linear in the length of headline and lead.
pub fn features<'a>(topics: &Topics, text: &ArticleText<'a>, sums: &Sums<'_>) -> Vec<Feature<'a>> {
    let mut all = All::default();
    words(text, &mut all);
    kinds(topics, sums, &mut all);
    numbers(topics, text, sums, &mut all);
    all.0
        .into_iter()
        .filter(|(_, (value, _))| *value != 0.0)
        .map(|(name, (value, found))| Feature { name, value, found })
        .collect()
}

/// By name: the value, and a word group as printed where it first stands.
#[derive(Default)]
struct All<'a>(BTreeMap<String, (f32, Option<&'a str>)>);

impl<'a> All<'a> {
    fn put(&mut self, name: String, value: f32) {
        self.0.insert(name, (value, None));
    }

    fn put_words(&mut self, name: String, found: &'a str) {
        self.0.entry(name).or_insert((1.0, Some(found)));
    }
}

fn words<'a>(text: &ArticleText<'a>, all: &mut All<'a>) {
    for (prefixes, text) in [(&["t", "h"][..], text.title), (&["h"][..], text.sapo)] {
        for (group, found) in groups(text) {
            for prefix in prefixes {
                all.put_words(format!("{prefix} {group}"), found);
            }
        }
    }
    let opening: Vec<(Syllable, String)> = keys(text.title).take(2).collect();
    let mut name = "o".to_owned();
    for (syllable, key) in &opening {
        name.push(' ');
        name.push_str(key);
        let found = text.title.get(opening[0].0.start..syllable.end);
        all.put_words(name.clone(), found.unwrap_or_default());
    }
}

/// The syllables of a text with their comparison keys; numbers are all one.
fn keys(text: &str) -> impl Iterator<Item = (Syllable, String)> + '_ {
    syllables(text).take(MAX_SYLLABLES).map(|syllable| {
        let word = syllable.of(text);
        let mut key = String::new();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            key.push('#');
        } else {
            push_key(word, &mut key);
        }
        (syllable, key)
    })
}

/// Groups of neighbouring syllables within a sentence, with the text that they are.
pub(super) fn groups(text: &str) -> BTreeMap<String, &str> {
    let keys: Vec<(Syllable, String)> = keys(text).collect();
    let mut all = BTreeMap::new();
    for first in 0..keys.len() {
        let mut group = String::new();
        for (at, (syllable, key)) in keys.iter().enumerate().skip(first).take(MAX_GROUP) {
            if at > first {
                if syllable.opens {
                    break;
                }
                group.push(' ');
            }
            group.push_str(key);
            let found = text.get(keys[first].0.start..syllable.end);
            all.entry(group.clone())
                .or_insert(found.unwrap_or_default());
        }
    }
    all
}

/// Which kinds of phrases stand in which part.
fn kinds(topics: &Topics, sums: &Sums<'_>, all: &mut All<'_>) {
    for counted in &sums.counted {
        let part = part_name(counted.hit.part);
        let topic = counted
            .meaning
            .topic
            .map_or("general", |t| topics.list[t].key.as_str());
        let kind = if counted.hit.cancelled_by.is_some() {
            "cancelled"
        } else if counted.relevance < 0.0 {
            "against"
        } else if counted.meaning.borderline {
            "side"
        } else {
            "core"
        };
        all.put(format!("c {part}.{kind} {topic}"), 1.0);
    }
    for &part in &sums.silent {
        all.put(format!("c {}.silent", part_name(part)), 1.0);
    }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Title => "title",
        Part::Sapo => "sapo",
        Part::Body => "body",
        Part::Section => "section",
        Part::Mark => "mark",
    }
}

fn numbers(topics: &Topics, text: &ArticleText<'_>, sums: &Sums<'_>, all: &mut All<'_>) {
    let cuts = &topics.cuts;
    let mut put = |name: &str, value: f32| {
        all.put(format!("x {name}"), value);
    };
    put(
        "subject",
        ((sums.score - cuts.subject) / cuts.subject).clamp(-1.0, 3.0),
    );
    put(
        "borderline",
        ((sums.score - cuts.borderline) / cuts.borderline).clamp(-1.0, 3.0),
    );
    put("capped", f32::from(u8::from(sums.capped)));
    put(
        "untitled",
        f32::from(u8::from(text.title.trim().is_empty())),
    );
    put("no lead", f32::from(u8::from(text.sapo.trim().is_empty())));
    for (part, sum) in &sums.parts {
        let part = part_name(*part);
        put(&format!("{part}.core"), (sum.core / cuts.subject).min(3.0));
        put(&format!("{part}.side"), (sum.side / cuts.subject).min(3.0));
        put(
            &format!("{part}.against"),
            (sum.against / cuts.subject).max(-3.0),
        );
    }
}
