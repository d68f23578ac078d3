//! Printed numbers as Vietnamese writes them: the dot groups thousands, the comma is decimal, scale words follow.
//!
//! Lexing only: whether a number counts anything is for the caller to say.

use std::ops::Range;

use super::normal::key;

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Letters, with their comparison key ([`key`]).
    Word(String),
    /// Digits with their inner marks; `None` where they make no number ("16.6.2022").
    Number(Option<Printed>),
    /// Any other visible character.
    Mark(char),
}

/// A number as printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// Without its scale word.
    pub value: f64,
    /// "7.30", "25.12": a decimal with a dot may also be a date or a time of day.
    pub doubtful: bool,
}

/// Words, numbers and marks of a text, in order; white space lies between them.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let end = if c.is_ascii_digit() {
            number_end(text, at)
        } else if c.is_alphabetic() {
            let rest = &text[at..];
            at + rest
                .find(|c: char| !(c.is_alphabetic() || is_mark_on_letter(c)))
                .unwrap_or(rest.len())
        } else {
            at + c.len_utf8()
        };
        let span = at..end;
        at = end;
        if c.is_whitespace() {
            continue;
        }
        let kind = if c.is_ascii_digit() {
            Kind::Number(read(&text[span.clone()]))
        } else if c.is_alphabetic() {
            Kind::Word(key(&text[span.clone()]))
        } else {
            Kind::Mark(c)
        };
        out.push(Token { span, kind });
    }
    out
}

fn is_mark_on_letter(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Digits, and single dots and commas between digits.
fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = start;
    while digit(end) || (matches!(bytes.get(end), Some(b'.' | b',')) && digit(end + 1)) {
        end += 1;
    }
    end
}

/// The value of digits with dots and commas; `None` where they are no number.
pub fn read(printed: &str) -> Option<Printed> {
    let last_comma = printed.rfind(',');
    let (whole, decimals, doubtful) = match (last_comma, printed.rfind('.')) {
        (None, None) => (printed.to_owned(), "", false),
        // 1.284.000 – or 7.30
        (None, Some(dot)) => match ungroup(printed, '.') {
            Some(whole) => (whole, "", false),
            None => (digits(&printed[..dot])?, &printed[dot + 1..], true),
        },
        // 95,9 – or 1,284,000
        (Some(comma), None) if printed.matches(',').count() == 1 => {
            (printed[..comma].to_owned(), &printed[comma + 1..], false)
        }
        (Some(_), None) => (ungroup(printed, ',')?, "", false),
        // 1.284,5 – or 1,284.5
        (Some(comma), Some(dot)) if dot < comma => (
            ungroup(&printed[..comma], '.')?,
            &printed[comma + 1..],
            false,
        ),
        (Some(_), Some(dot)) => (ungroup(&printed[..dot], ',')?, &printed[dot + 1..], false),
    };
    let value = format!(
        "{whole}.{}",
        digits(decimals).or_else(|| decimals.is_empty().then(|| "0".to_owned()))?
    );
    // Longer ones are account or phone numbers.
    (value.len() <= 20)
        .then(|| value.parse().ok())
        .flatten()
        .map(|value| Printed { value, doubtful })
}

fn digits(text: &str) -> Option<String> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

/// "11.819" → "11819"; `None` unless all groups but the first have three digits.
fn ungroup(printed: &str, mark: char) -> Option<String> {
    let mut groups = printed.split(mark);
    let first = groups.next()?;
    let grouped = printed.contains(mark);
    let fits = !grouped
        || ((1..=3).contains(&first.len())
            && !first.starts_with('0')
            && groups.all(|g| g.len() == 3));
    fits.then(|| digits(&printed.replace(mark, ""))).flatten()
}

/// What a scale word multiplies by: its key is "nghìn", "ngàn", "vạn", "triệu", "tỷ", "tỉ".
pub fn scale(word: &str) -> Option<f64> {
    SCALES
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, by)| *by)
}

/// Keys of the scale words.
static SCALES: std::sync::LazyLock<Vec<(String, f64)>> = std::sync::LazyLock::new(|| {
    [
        ("nghìn", 1e3),
        ("ngàn", 1e3),
        ("vạn", 1e4),
        ("triệu", 1e6),
        ("tỷ", 1e9),
        ("tỉ", 1e9),
    ]
    .iter()
    .map(|(word, by)| (key(word), *by))
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_printed() {
        for (printed, value) in [
            ("11.819", Some(11_819.0)),
            ("1.284.000", Some(1_284_000.0)),
            ("95,9", Some(95.9)),
            ("38,723", Some(38.723)),
            ("02", Some(2.0)),
            ("1.284,5", Some(1_284.5)),
            ("1,284,000", Some(1_284_000.0)),
            ("13.2", Some(13.2)),
            ("0.5", Some(0.5)),
            ("16.6.2022", None),
            ("0296.3852.123", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(read(printed).map(|n| n.value), value, "{printed}");
        }
        assert!(read("7.30").is_some_and(|n| n.doubtful));
        assert!(read("3.401").is_some_and(|n| !n.doubtful));
    }

    #[test]
    fn sentences_fall_into_words_numbers_and_marks() {
        let text = "Có 1.577 đảng viên (35,34%).";
        let cut: Vec<&str> = tokens(text).into_iter().map(|t| &text[t.span]).collect();
        assert_eq!(
            cut,
            ["Có", "1.577", "đảng", "viên", "(", "35,34", "%", ")", "."]
        );
        assert_eq!(scale(&key("tỉ")), Some(1e9));
        assert_eq!(scale(&key("tỷ")), Some(1e9));
        assert_eq!(scale(&key("đồng")), None);
    }

    proptest::proptest! {
        #[test]
        fn spans_lie_inside_and_in_order(text in "[\\PC0-9., ]{0,120}") {
            let mut last = 0;
            for token in tokens(&text) {
                proptest::prop_assert!(token.span.start >= last && token.span.end > token.span.start);
                proptest::prop_assert!(text.get(token.span.clone()).is_some());
                last = token.span.end;
            }
        }
    }
}
