//! What is wrong with a config file, where, and how to mend it, in English and in Vietnamese.

use serde::Serialize;
use std::fmt;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The config is refused.
    Error,
    /// The config is taken; somebody should look.
    Warning,
}

/// One thing to mend in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as the admin named it.
    pub file: String,
    /// Its line from 1; 0 where the trouble is the file itself.
    pub line: usize,
    /// The column from 1, in characters; 0 where the trouble is the file itself.
    pub column: usize,
    /// Whether the config is refused for it.
    pub severity: Severity,
    /// What is wrong, in English.
    pub what: String,
    /// How to mend it, in English.
    pub how: String,
    /// What is wrong, in Vietnamese.
    pub what_vi: String,
    /// How to mend it, in Vietnamese.
    pub how_vi: String,
}

impl Problem {
    /// `config/feeds.toml:12:7`, or the file alone.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{}:{}", self.file, line, self.column),
        }
    }

    /// A problem of a file as a whole.
    pub(crate) fn of_file(file: &str, severity: Severity, wrong: Wrong) -> Self {
        Self::at(file, 0, 0, severity, wrong)
    }

    pub(crate) fn at(
        file: &str,
        line: usize,
        column: usize,
        severity: Severity,
        wrong: Wrong,
    ) -> Self {
        Self {
            file: visible(file),
            line,
            column,
            severity,
            what: wrong.what.en,
            how: wrong.how.en,
            what_vi: wrong.what.vi,
            how_vi: wrong.how.vi,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}: {word}: {}; {}", self.place(), self.what, self.how)
    }
}

/// Why a config was refused: all of it, warnings included, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub en: String,
    pub vi: String,
}

/// A sentence in both languages.
pub(crate) fn words(en: impl Into<String>, vi: impl Into<String>) -> Words {
    Words {
        en: en.into(),
        vi: vi.into(),
    }
}

/// What is wrong with a value and how to mend it; its reader does not know where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub what: Words,
    pub how: Words,
}

/// What is wrong and how to mend it.
pub(crate) fn wrong(what: Words, how: Words) -> Wrong {
    Wrong { what, how }
}

/// Text of a file as it may be shown: quoted, short, without anything that moves a terminal's cursor.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    format!("\"{}\"", visible(&shown))
}

/// Why a file could not be read.
pub(crate) fn io_words(error: &std::io::Error) -> Words {
    use std::io::ErrorKind;
    let vi = match error.kind() {
        ErrorKind::NotFound => "tệp không tồn tại".to_owned(),
        ErrorKind::PermissionDenied => "không có quyền đọc".to_owned(),
        ErrorKind::IsADirectory => "đây là thư mục, không phải tệp".to_owned(),
        ErrorKind::InvalidData => "nội dung không phải văn bản UTF-8".to_owned(),
        _ => error.to_string(),
    };
    let en = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    words(en, vi)
}

/// Control characters and direction overrides written out.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The word among `known` that was most likely meant; `None` when none is near.
pub(crate) fn did_you_mean<'k>(
    typed: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    // Beyond this no key or name of ours is meant, and the distance costs its square.
    const LONGEST_CHARS: usize = 60;
    let plain = |word: &str| -> Vec<char> {
        let folded = crate::text::fold::fold(word);
        folded.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let typed = plain(typed);
    if typed.is_empty() || typed.len() > LONGEST_CHARS {
        return None;
    }
    known
        .into_iter()
        .map(|word| (distance(&typed, &plain(word)), word))
        .filter(|(far, word)| *far <= (typed.len().max(word.chars().count()) / 3).max(1))
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(ca != cb))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// "…; did you mean "x"?" or, where nothing is near, the words that are known.
pub(crate) fn suggestion(typed: &str, known: &[&str]) -> Words {
    match did_you_mean(typed, known.iter().copied()) {
        Some(word) => words(
            format!("did you mean \"{word}\"?"),
            format!("có phải định viết \"{word}\"?"),
        ),
        None => words(
            format!("known here: {}", known.join(", ")),
            format!("ở đây chỉ có: {}", known.join(", ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = [
            "min_interval",
            "max_interval",
            "gap",
            "newspapers_at_once",
            "at",
        ];
        for (typed, meant) in [
            ("min_intervall", Some("min_interval")),
            ("max-interval", Some("max_interval")),
            ("gpa", Some("gap")),
            ("newspaper_at_once", Some("newspapers_at_once")),
            ("retention", None),
            ("", None),
        ] {
            assert_eq!(did_you_mean(typed, known), meant, "{typed}");
        }
        assert_eq!(
            did_you_mean("An Gian", ["Hà Giang", "An Giang"]),
            Some("An Giang")
        );
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_raw() {
        assert_eq!(quoted("a\u{1b}[2Jb"), "\"a\\u{1b}[2Jb\"");
        assert_eq!(quoted("a\u{202e}b"), "\"a\\u{202e}b\"");
        assert!(quoted(&"x".repeat(500)).chars().count() < 70);
    }
}
