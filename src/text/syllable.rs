//! Text cut into syllables, each with its byte span in the text as printed.

use unicode_normalization::char::is_combining_mark;

use super::normal::is_invisible;

/// A syllable, number or abbreviation of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syllable {
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset behind its last.
    pub end: usize,
    /// Whether a sentence or line ended before it (also true of the first): phrases do not reach across.
    pub opens: bool,
}

impl Syllable {
    /// The syllable as printed in the text it was cut from; empty if `text` is another one.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// Cuts `text` into syllables, in order, in linear time.
///
/// A number keeps its separators (`11.819`, `35,34`), an abbreviation of single letters its dots (`T.Ư`).
/// Everything between is punctuation; only `. : ! ? ; …` and line breaks close a sentence, a dot only before white space.
pub fn syllables(text: &str) -> impl Iterator<Item = Syllable> + '_ {
    let mut at = 0;
    let mut opens = true;
    std::iter::from_fn(move || {
        loop {
            let c = text.get(at..)?.chars().next()?;
            if is_alphanumeric(c) {
                let end = syllable_end(text, at);
                let syllable = Syllable {
                    start: at,
                    end,
                    opens: std::mem::take(&mut opens),
                };
                at = end;
                return Some(syllable);
            }
            at += c.len_utf8();
            opens |= closes_sentence(c, text.get(at..).and_then(|rest| rest.chars().next()));
        }
    })
}

/// [`char::is_alphanumeric`], without its search through tables for the letters of Vietnamese: it is asked of every character.
fn is_alphanumeric(c: char) -> bool {
    match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric(),
        '\u{c0}'..='\u{24f}' => !matches!(c, '×' | '÷'),
        '\u{1e00}'..='\u{1eff}' => true,
        _ => c.is_alphanumeric(),
    }
}

fn closes_sentence(c: char, next: Option<char>) -> bool {
    match c {
        '\n' | '!' | '?' | ';' | '…' => true,
        '.' | ':' => next.is_none_or(|n| !n.is_alphanumeric()),
        _ => false,
    }
}

fn syllable_end(text: &str, start: usize) -> usize {
    let mut before = '\0'; // the visible character before, within the syllable
    let mut end = start;
    let mut visible = 0_usize;
    let mut chars = text[start..].chars();
    while let Some(c) = chars.next() {
        if is_alphanumeric(c) {
            visible += 1;
            before = c;
        } else if !c.is_ascii() && (is_combining_mark(c) || is_invisible(c)) {
            // belongs to the letter before
        } else {
            let next = || chars.as_str().chars().next();
            let joins = match c {
                '.' | ',' if before.is_ascii_digit() => next().is_some_and(|n| n.is_ascii_digit()),
                '.' => {
                    visible == 1 && before.is_uppercase() && next().is_some_and(char::is_uppercase)
                }
                _ => false,
            };
            if !joins {
                break;
            }
            visible = 0; // T.Ư.Đ: each letter stands alone again
        }
        end = text.len() - chars.as_str().len();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        syllables(text).map(|s| s.of(text)).collect()
    }

    #[test]
    fn numbers_codes_and_abbreviations() {
        assert_eq!(
            cut("Nghị quyết 18-NQ/TW của T.Ư: 11.819 đảng viên (35,34%)."),
            [
                "Nghị", "quyết", "18", "NQ", "TW", "của", "T.Ư", "11.819", "đảng", "viên", "35,34"
            ]
        );
        assert_eq!(cut("Hà Nội.Tin mới"), ["Hà", "Nội", "Tin", "mới"]);
        assert_eq!(cut("Đa\u{309}ng bộ"), ["Đa\u{309}ng", "bộ"]);
    }

    #[test]
    fn sentences_open_where_one_closed() {
        let text = "Đảng bộ. Viên chức\nTỉnh ủy: họp; bàn, quyết T.Ư giao";
        let opening: Vec<_> = syllables(text)
            .filter(|s| s.opens)
            .map(|s| s.of(text))
            .collect();
        assert_eq!(opening, ["Đảng", "Viên", "Tỉnh", "họp", "bàn"]);
    }

    #[test]
    fn the_quick_answer_is_the_tables_answer() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn spans_are_inside_ordered_and_on_borders(text in any::<String>()) {
            let mut last = 0;
            for s in syllables(&text) {
                prop_assert!(last <= s.start && s.start < s.end && s.end <= text.len());
                prop_assert!(text.is_char_boundary(s.start) && text.is_char_boundary(s.end));
                last = s.end;
            }
        }
    }
}
