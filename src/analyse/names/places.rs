//! Provinces by all their names: those of today, those before 1 July 2025, and other spellings.

use super::words::{Gap, Keys, Word, keys, phrase, printed, reads};
use crate::{
    config::Places,
    text::{
        normal::push_key,
        syllable::{Syllable, syllables},
    },
};
use std::{collections::HashMap, sync::LazyLock};

/// Before a name these make it something else: a street, a school, a surname.
static NOT_PROVINCES: LazyLock<Keys> = LazyLock::new(|| {
    keys("đường phố trường chợ cầu sông sạn xã phường nguyễn trần lê phạm hoàng vũ võ đặng bùi")
});

static UNCLE: LazyLock<Vec<String>> = LazyLock::new(|| phrase("Hồ Chí Minh"));

/// Last words of a province's office.
static OFFICES: LazyLock<Keys> = LazyLock::new(|| keys("tỉnh ủy"));

static CITY: LazyLock<Vec<String>> = LazyLock::new(|| phrase("thành phố"));

/// Words in front of a name that tell what it is.
const BEFORE: usize = 2;

/// All names of the provinces, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    /// By first key, the longest first: the whole name, and the province's key of today.
    names: HashMap<String, Vec<(Vec<String>, String)>>,
    /// Words of the longest name.
    longest: usize,
}

/// A province as an article names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Key of the unit of today.
    pub key: String,
    /// Words it takes, from…
    pub from: usize,
    /// …to before.
    pub to: usize,
}

impl Named {
    pub fn printed<'t>(&self, text: &'t str, words: &[Word]) -> &'t str {
        printed(text, words, self.from, self.to)
    }
}

impl Gazetteer {
    /// The names of all units, former ones included.
    pub fn new(places: &Places) -> Self {
        let mut names: HashMap<String, Vec<(Vec<String>, String)>> = HashMap::new();
        for province in places.all() {
            let spellings = [&province.name]
                .into_iter()
                .chain(&province.former)
                .chain(&province.aliases);
            for name in spellings {
                let keys: Vec<String> = name
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|part| !part.is_empty())
                    .flat_map(phrase)
                    .collect();
                if let Some(first) = keys.first() {
                    let same = names.entry(first.clone()).or_default();
                    same.push((keys, province.key.clone()));
                }
            }
        }
        for same in names.values_mut() {
            same.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
            same.dedup();
        }
        let longest = names.values().flatten().map(|(keys, _)| keys.len()).max();
        Self {
            names,
            longest: longest.unwrap_or_default(),
        }
    }

    /// Keys of the provinces that a text names, as often as it names them.
    pub fn provinces_in(&self, text: &str) -> Vec<String> {
        let syllables: Vec<Syllable> = syllables(text).collect();
        let mut key = String::new();
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(syllable) = syllables.get(at) {
            let printed = syllable.of(text);
            key.clear();
            if printed.starts_with(char::is_uppercase) {
                push_key(printed, &mut key);
            }
            // Few words begin a name: only what stands around these is looked at closer.
            let found = self.names.contains_key(&key).then(|| {
                let from = at.saturating_sub(BEFORE);
                let around = &syllables[from..syllables.len().min(at + self.longest)];
                let end = around.last().map_or(syllable.end, |last| last.end);
                let words = super::words::words(&text[around[0].start..end]);
                let (length, key) = self.at(&words, at - from)?;
                Some((length, key.to_owned()))
            });
            match found.flatten() {
                Some((length, key)) => {
                    out.push(key);
                    at += length;
                }
                None => at += 1,
            }
        }
        out
    }

    /// Keys of the provinces whose office acts in a text: "Tỉnh ủy An Giang", "UBND tỉnh Cà Mau". Where something merely takes
    /// place ("tại Hà Nội") is not told.
    pub fn acting_in(&self, text: &str) -> Vec<String> {
        let words = super::words::words(text);
        let office = |named: &Named| {
            let before = named.from.checked_sub(1).map(|i| &words[i].key);
            before.is_some_and(|key| OFFICES.contains(key))
        };
        let acting = self.find(&words).into_iter().filter(office);
        acting.map(|named| named.key).collect()
    }

    /// The provinces that the words name, in order.
    pub(super) fn find(&self, words: &[Word]) -> Vec<Named> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < words.len() {
            match self.at(words, at) {
                Some((length, key)) => {
                    out.push(Named {
                        key: key.to_owned(),
                        from: at,
                        to: at + length,
                    });
                    at += length;
                }
                None => at += 1,
            }
        }
        out
    }

    fn at(&self, words: &[Word], at: usize) -> Option<(usize, &str)> {
        let first = &words[at];
        let same = self.names.get(&first.key).filter(|_| first.capital)?;
        let before = at
            .checked_sub(1)
            .filter(|_| first.before == Gap::Blank)
            .map(|i| &words[i]);
        // "thành phố Huế" is the city itself, "phố Huế" a street.
        let city = at
            .checked_sub(2)
            .is_some_and(|from| reads(words, from, &CITY));
        if !city && before.is_some_and(|w| NOT_PROVINCES.contains(&w.key)) {
            return None;
        }
        let fits = |name: &Vec<String>| {
            name.iter().enumerate().all(|(i, key)| {
                words.get(at + i).is_some_and(|word| {
                    let joined =
                        i == 0 || matches!(word.before, Gap::Blank | Gap::Dash | Gap::Stop);
                    word.key == *key && word.capital && joined
                })
            })
        };
        // "tư tưởng Hồ Chí Minh" is no city, "TP. Hồ Chí Minh" is.
        let short = at.checked_sub(1).is_some_and(|i| words[i].key == "tp");
        if reads(words, at, &UNCLE) && !city && !short {
            return None;
        }
        let (name, key) = same.iter().find(|(name, _)| fits(name))?;
        Some((name.len(), key))
    }
}
