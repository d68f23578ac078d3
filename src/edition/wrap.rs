//! The text part's lines: 72 columns as a terminal counts them, addresses never broken.

use unicode_width::UnicodeWidthStr;

/// Columns of a line.
pub(super) const COLUMNS: usize = 72;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Fills lines with the words of `text`; the first line starts with `first`, the others with `next`. A word longer
/// than a line stands alone on one.
pub(super) fn wrap(text: &str, first: &str, next: &str) -> String {
    let mut out = first.to_owned();
    let mut column = width(first);
    let mut at_start = true;
    // Not at non-breaking spaces: names of papers and places stay together.
    for word in text
        .split([' ', '\n', '\t'])
        .filter(|word| !word.is_empty())
    {
        let needed = width(word);
        if !at_start && column + 1 + needed > COLUMNS {
            out.push('\n');
            out.push_str(next);
            column = width(next);
            at_start = true;
        }
        if !at_start {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += needed;
        at_start = false;
    }
    out
}

/// No trailing blanks, at most one empty line in a row, one line end at the end, plain spaces.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 && !(line.is_empty() && out.is_empty()) {
            out.extend(
                line.chars()
                    .map(|c| if c == '\u{a0}' || c == '\t' { ' ' } else { c }),
            );
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_by_columns_not_by_bytes() {
        let text = "Ủy ban Kiểm tra ".repeat(12);
        for line in wrap(&text, "1. ", "   ").lines() {
            assert!(width(line) <= COLUMNS && width(line) > 50, "{line}");
        }
        assert_eq!(wrap("a b", "- ", "  "), "- a b");
        let long = "https://bao.example/".to_owned() + &"x".repeat(100);
        assert_eq!(wrap(&format!("xem {long}"), "", ""), format!("xem\n{long}"));
    }

    #[test]
    fn tidy_leaves_no_trailing_blanks() {
        assert_eq!(tidy("\n\na  \n\n\n\n\nb\u{a0}c\n\n"), "a\n\nb c\n");
    }
}
