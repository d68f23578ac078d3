//! A text as words with what lies between them: names are runs of capitals that nothing interrupts.

use crate::text::{normal::push_key, syllable::syllables};
use std::collections::HashSet;

/// Single words, for looking up.
pub(super) type Keys = HashSet<String>;

/// The keys of words that blanks separate.
pub(super) fn keys(list: &str) -> Keys {
    list.split_whitespace().map(key).collect()
}

/// What stands before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// White space, or nothing.
    Blank,
    /// One comma.
    Comma,
    /// A hyphen or dash: "Đoàn Chủ tịch - Tổng Thư ký".
    Dash,
    /// Anything else, and the beginning of a sentence.
    Stop,
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub start: usize,
    pub end: usize,
    /// Comparison key: lower case, tone at the end.
    pub key: String,
    /// Begins with a capital letter.
    pub capital: bool,
    /// All its letters are capitals, two at least: "HĐND".
    pub shouted: bool,
    pub before: Gap,
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut end = 0;
    syllables(text)
        .map(|syllable| {
            let printed = syllable.of(text);
            let between = text.get(end..syllable.start).unwrap_or("");
            end = syllable.end;
            let mut key = String::new();
            push_key(printed, &mut key);
            let letters = printed.chars().filter(|c| c.is_alphabetic());
            Word {
                start: syllable.start,
                end: syllable.end,
                key,
                capital: printed.starts_with(char::is_uppercase),
                shouted: letters.clone().count() > 1 && letters.clone().all(char::is_uppercase),
                before: if syllable.opens {
                    Gap::Stop
                } else {
                    gap(between)
                },
            }
        })
        .collect()
}

fn gap(between: &str) -> Gap {
    match between.trim() {
        "" => Gap::Blank,
        "," => Gap::Comma,
        "-" | "–" | "—" => Gap::Dash,
        _ => Gap::Stop,
    }
}

/// The key of a word as the tables write it.
pub(super) fn key(word: &str) -> String {
    let mut key = String::new();
    push_key(word, &mut key);
    key
}

/// A phrase as the tables write it, in keys.
pub(super) fn phrase(text: &str) -> Vec<String> {
    text.split(' ').map(key).collect()
}

/// Whether the words from `at` on are those of `phrase`, with only blanks (or, in "Mặt trận - Đoàn thể", dashes) between.
pub(super) fn reads(words: &[Word], at: usize, phrase: &[String]) -> bool {
    phrase.iter().enumerate().all(|(i, key)| {
        words.get(at + i).is_some_and(|word| {
            word.key == *key && (i == 0 || matches!(word.before, Gap::Blank | Gap::Dash))
        })
    })
}

/// As printed, from word `from` to before word `to`.
pub(super) fn printed<'t>(text: &'t str, words: &[Word], from: usize, to: usize) -> &'t str {
    match (words.get(from), words.get(to.wrapping_sub(1))) {
        (Some(first), Some(last)) if from < to => text.get(first.start..last.end).unwrap_or(""),
        _ => "",
    }
}
