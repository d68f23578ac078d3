//! One answer of an SMTP server, read from its lines. Pure.

use std::fmt;

/// A server's answer: its code and its words, cleaned for logs and terminals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200..=599.
    pub code: u16,
    /// The lines behind the code.
    pub lines: Vec<String>,
}

/// A line of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub code: u16,
    pub last: bool,
    pub text: String,
}

/// How much of an answer is kept for people to read.
const SHOWN_CHARS: usize = 300;

impl Line {
    /// A line such as `250-SIZE 1000` without its line end; `None` if it is no SMTP.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (code, rest) = bytes.split_at_checked(3)?;
        if !code.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let code = code.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return None,
        };
        (200..600).contains(&code).then(|| Self {
            code,
            last,
            text: clean(&String::from_utf8_lossy(text)),
        })
    }
}

impl Reply {
    /// Whether the first digit says yes.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether the first digit says "not now".
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether the first digit says "never".
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lines.join(" ");
        let shown: String = words.trim().chars().take(SHOWN_CHARS).collect();
        write!(f, "{}", format!("{} {shown}", self.code).trim_end())
    }
}

/// A stranger's words without what moves a cursor or turns a line around.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|&c| !is_invisible(c))
        .collect()
}

/// Characters that show nothing but change how others are shown: zero-width ones and those of bidirectional text.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}')
}

/// What a server said it can do, from the lines behind its greeting to EHLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub starttls: bool,
    /// `Some(None)`: SIZE without a limit.
    pub size: Option<Option<u64>>,
    pub plain: bool,
    pub login: bool,
}

impl Offers {
    /// Reads the answer to EHLO; its first line is the server's name.
    pub fn of(reply: &Reply) -> Self {
        let mut offers = Self::default();
        for line in reply.lines.iter().skip(1) {
            // "AUTH=LOGIN" is how some old servers still write it.
            let line = line.to_ascii_uppercase().replace('=', " ");
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => offers.starttls = true,
                // RFC 1870 §4: 0 or no number means no fixed limit.
                Some("SIZE") => {
                    offers.size =
                        Some(words.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0));
                }
                Some("AUTH") => {
                    for mechanism in words {
                        offers.plain |= mechanism == "PLAIN";
                        offers.login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply {
            code,
            lines: lines.iter().map(|l| (*l).to_owned()).collect(),
        }
    }

    #[test]
    fn lines_are_read_or_refused() {
        let line = |code, last, text: &str| {
            Some(Line {
                code,
                last,
                text: text.to_owned(),
            })
        };
        let cases: &[(&[u8], Option<Line>)] = &[
            (b"250 OK", line(250, true, "OK")),
            (b"250", line(250, true, "")),
            (b"250-", line(250, false, "")),
            (
                "450-4.2.0 Hộp thư đầy".as_bytes(),
                line(450, false, "4.2.0 Hộp thư đầy"),
            ),
            (b"550 \x1b[31mno\xff", line(550, true, " [31mno\u{fffd}")),
            (b"?? what", None),
            (b"25", None),
            (b"250x", None),
            (b"199 no", None),
            (b"600 no", None),
        ];
        for (bytes, want) in cases {
            assert_eq!(
                &Line::parse(bytes),
                want,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn offers_are_read_in_any_spelling() {
        let ehlo = reply(
            250,
            &[
                "mail.tinhuy.vn STARTTLS",
                "size 10485760",
                "Auth LOGIN plain XOAUTH2",
                "STARTTLS",
            ],
        );
        let want = Offers {
            starttls: true,
            size: Some(Some(10_485_760)),
            plain: true,
            login: true,
        };
        assert_eq!(Offers::of(&ehlo), want);
        // The server's own name is no offer.
        assert_eq!(Offers::of(&reply(250, &["STARTTLS"])), Offers::default());
        assert_eq!(Offers::of(&reply(250, &["x", "SIZE 0"])).size, Some(None));
        assert_eq!(Offers::of(&reply(250, &["x", "SIZE"])).size, Some(None));
        assert!(Offers::of(&reply(250, &["x", "AUTH=LOGIN"])).login);
    }

    #[test]
    fn a_long_answer_is_cut_for_people() {
        let words = "chưa sẵn sàng ".repeat(200);
        assert_eq!(
            reply(451, &[&words]).to_string().chars().count(),
            4 + SHOWN_CHARS
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(line) = Line::parse(&bytes) {
                prop_assert!(!line.text.chars().any(char::is_control));
            }
        }
    }
}
