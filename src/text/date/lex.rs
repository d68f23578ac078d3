//! Cuts a printed date into numbers, words and signs.

/// A piece of a printed date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of digits.
    Number {
        value: u64,
        digits: usize,
        /// Whether it stands right behind what is before it.
        touches: bool,
    },
    /// Letters, in lower case.
    Word(String),
    /// Any other sign.
    Sign(char),
    /// Already understood.
    Used,
}

impl Token {
    pub(super) fn number(&self) -> Option<(u64, usize)> {
        match self {
            Self::Number { value, digits, .. } => Some((*value, *digits)),
            _ => None,
        }
    }

    pub(super) fn touches(&self) -> bool {
        matches!(self, Self::Number { touches: true, .. })
    }

    pub(super) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if words.contains(&word.as_str()))
    }

    pub(super) fn is_half(&self) -> bool {
        self.is_word(&["am", "pm", "sa", "ch"])
    }
}

/// More pieces than any date has.
const TOKENS_MAX: usize = 40;

/// More digits than any number of a date has.
const DIGITS_MAX: usize = 18;

/// The pieces of `text`; blanks of any kind (also U+202F, which .NET prints before PM) only part them.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::with_capacity(16);
    let mut chars = text.chars().peekable();
    let mut touches = false;
    while let Some(c) = chars.next() {
        if out.len() == TOKENS_MAX {
            break;
        }
        if c.is_ascii_digit() {
            let mut run = String::from(c);
            while let Some(next) = chars.next_if(char::is_ascii_digit) {
                run.push(next);
            }
            let value = if run.len() > DIGITS_MAX {
                0
            } else {
                run.parse().unwrap_or(0)
            };
            out.push(Token::Number {
                value,
                digits: run.len(),
                touches,
            });
        } else if c.is_alphabetic() {
            let mut word: String = c.to_lowercase().collect();
            while let Some(next) =
                chars.next_if(|next| next.is_alphabetic() || *next == '_' || is_mark(*next))
            {
                word.extend(next.to_lowercase());
            }
            out.push(Token::Word(word));
        } else if !c.is_whitespace() {
            out.push(Token::Sign(c));
        }
        touches = !c.is_whitespace();
    }
    join_halves(out)
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// "a.m." and "S.A" are written with dots: one word.
fn join_halves(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let (Token::Word(last), [.., Token::Word(first), Token::Sign('.')]) =
            (&token, out.as_slice())
            && let ("a" | "p", "m") | ("s", "a") | ("c", "h") = (first.as_str(), last.as_str())
        {
            let joined = format!("{first}{last}");
            out.truncate(out.len() - 2);
            out.push(Token::Word(joined));
            continue;
        }
        out.push(token);
    }
    out
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Months as Vietnamese writes them out, after "tháng".
const VIETNAMESE: [&str; 12] = [
    "giêng", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "một", "chạp",
];

/// Beginnings of month names in the languages of feeds that keep their own.
const OTHERS: [(&str, u64); 24] = [
    ("ιαν", 1),
    ("φεβ", 2),
    ("μάρ", 3),
    ("μαρ", 3),
    ("απρ", 4),
    ("μάι", 5),
    ("μαϊ", 5),
    ("ιούν", 6),
    ("ιουν", 6),
    ("ιούλ", 7),
    ("ιουλ", 7),
    ("αύγ", 8),
    ("αυγ", 8),
    ("σεπ", 9),
    ("οκτ", 10),
    ("νοέ", 11),
    ("δεκ", 12),
    ("január", 1),
    ("február", 2),
    ("márc", 3),
    ("ápri", 4),
    ("máju", 5),
    ("júni", 6),
    ("júli", 7),
];

/// The month that is named, and where its name or number stands.
pub(super) fn month_name(tokens: &[Token]) -> Option<(u64, usize)> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let Token::Word(word) = token else {
            return None;
        };
        if matches!(word.as_str(), "tháng" | "thg" | "th" | "thang") {
            return vietnamese_month(tokens, at + 1);
        }
        month(word).map(|month| (month, at))
    })
}

fn vietnamese_month(tokens: &[Token], at: usize) -> Option<(u64, usize)> {
    match tokens.get(at)? {
        Token::Number {
            value: month @ 1..=12,
            ..
        } => Some((*month, at)),
        Token::Word(word) => {
            let first = VIETNAMESE.iter().position(|name| name == word)? + 1;
            let more = |name: &str| {
                tokens
                    .get(at + 1)
                    .is_some_and(|token| token.is_word(&[name]))
            };
            let month = match first {
                10 if more("một") => 11,
                10 if more("hai") => 12,
                month => month,
            };
            Some((month as u64, at))
        }
        _ => None,
    }
}

fn month(word: &str) -> Option<u64> {
    if word.len() < 3 {
        return None;
    }
    let known = MONTHS
        .iter()
        .position(|name| name.starts_with(word) || (word == "sept" && *name == "september"));
    known
        .map(|at| at as u64 + 1)
        .or_else(|| {
            OTHERS
                .iter()
                .find(|(start, _)| word.starts_with(start))
                .map(|(_, month)| *month)
        })
        .or_else(|| {
            ["augu", "szept", "októb", "novem", "decem"]
                .iter()
                .position(|start| word.starts_with(start))
                .map(|at| at as u64 + 8)
        })
}
