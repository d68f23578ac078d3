//! One form for the many spellings of the same Vietnamese word.
//!
//! [`clean`] makes text fit to print: composed, without invisible characters. [`push_key`] makes a syllable fit to
//! compare: without case, with its tone taken off the vowel and put at the end, so that `hòa`/`hoà`, `Ủy`/`uỷ`,
//! composed and decomposed text, and `Ð` (U+00D0) for `Đ` (U+0110) all meet. A key is for matching, never for print.

use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Text fit to print: NFC, `Ð`/`ð` as `Đ`/`đ`, no invisible or control characters, white space collapsed to single
/// blanks and trimmed; line breaks are white space here. Idempotent.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let visible = text.chars().filter(|&c| !is_invisible(c));
    for c in visible.map(vietnamese_d).nfc() {
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
    }
    out
}

/// Whether a character shows nothing and separates nothing: zero-width marks, soft hyphen, grapheme joiner, bidi marks.
/// Re-publishing sites sprinkle them into words.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Appends the comparison key of one syllable to `out`.
///
/// Letters come lower-cased and without tone, the tone as a digit (1 huyền, 2 sắc, 3 ngã, 4 hỏi, 5 nặng) at the end.
/// Of several tones, which no Vietnamese syllable has, the last counts.
pub fn push_key(syllable: &str, out: &mut String) {
    let mut tone = None;
    for c in syllable.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else if let Some(letter) = Letter::lookup(c) {
            push_letter(letter, out, &mut tone);
        } else if !is_invisible(c) {
            for d in c.to_lowercase().map(look_alike).nfd() {
                push_part(d, out, &mut tone);
            }
        }
    }
    if let Some(tone) = tone {
        out.push(tone);
    }
}

/// The comparison key of one syllable: see [`push_key`].
pub fn key(syllable: &str) -> String {
    let mut out = String::with_capacity(syllable.len());
    push_key(syllable, &mut out);
    out
}

/// A precomposed letter taken apart: base, modifier (breve, circumflex, horn), tone.
#[derive(Clone, Copy, Default)]
struct Letter {
    base: Option<char>,
    modifier: Option<char>,
    tone: Option<char>,
}

/// First block of precomposed Vietnamese letters (Latin-1 Supplement to Latin Extended-B) and the second.
const LOW: std::ops::Range<u32> = 0xC0..0x1B1;
const HIGH: std::ops::Range<u32> = 0x1EA0..0x1EFA;

static LETTERS: LazyLock<Vec<Letter>> =
    LazyLock::new(|| LOW.chain(HIGH).map(Letter::take_apart).collect());

impl Letter {
    /// `None` for what is not a letter of the two blocks: it takes the long way.
    fn lookup(c: char) -> Option<Self> {
        let code = u32::from(c);
        let at = if LOW.contains(&code) {
            code - LOW.start
        } else if HIGH.contains(&code) {
            code - HIGH.start + (LOW.end - LOW.start)
        } else {
            return None;
        };
        let letter = LETTERS.get(usize::try_from(at).ok()?).copied()?;
        letter.base.is_some().then_some(letter)
    }

    fn take_apart(code: u32) -> Self {
        let mut letter = Self::default();
        let Some(c) = char::from_u32(code) else {
            return letter;
        };
        let mut lower = c.to_lowercase();
        let (Some(c), None) = (lower.next(), lower.next()) else {
            return letter;
        };
        for d in std::iter::once(look_alike(c)).nfd() {
            match tone_digit(d) {
                Some(digit) => letter.tone = Some(digit),
                None if is_combining_mark(d) => letter.modifier = Some(d),
                None => letter.base = Some(d),
            }
        }
        letter
    }
}

fn push_letter(letter: Letter, out: &mut String, tone: &mut Option<char>) {
    for part in [letter.base, letter.modifier].into_iter().flatten() {
        out.push(part);
    }
    *tone = letter.tone.or(*tone);
}

fn push_part(c: char, out: &mut String, tone: &mut Option<char>) {
    match tone_digit(c) {
        Some(digit) => *tone = Some(digit),
        // Breve, circumflex and horn make another letter; any other mark is decoration.
        None if is_combining_mark(c) && !matches!(c, '\u{302}' | '\u{306}' | '\u{31b}') => {}
        None => out.push(c),
    }
}

fn tone_digit(c: char) -> Option<char> {
    Some(match c {
        '\u{300}' | '\u{340}' => '1',
        '\u{301}' | '\u{341}' => '2',
        '\u{303}' => '3',
        '\u{309}' => '4',
        '\u{323}' => '5',
        _ => return None,
    })
}

/// Icelandic eth, which old fonts and keyboards give for the Vietnamese letter.
fn vietnamese_d(c: char) -> char {
    match c {
        'Ð' | 'Ɖ' => 'Đ',
        'ð' => 'đ',
        _ => c,
    }
}

/// The Latin letter that a lower-case character is made to look like on re-publishing sites.
fn look_alike(c: char) -> char {
    match c {
        'ð' | 'ɖ' => 'đ',
        'а' | 'α' | 'ᴀ' => 'a',
        'в' | 'ʙ' => 'b',
        'с' | 'ᴄ' | 'ϲ' => 'c',
        'ԁ' | 'ᴅ' => 'd',
        'е' | 'ᴇ' => 'e',
        'ɡ' | 'ɢ' => 'g',
        'һ' | 'ʜ' | 'Ꮒ' => 'h',
        'і' | 'ı' | 'ɪ' | 'ι' => 'i',
        'ᴋ' | 'κ' => 'k',
        'ʟ' => 'l',
        'ᴍ' | 'м' => 'm',
        'ᥒ' | 'ɴ' | 'ո' => 'n',
        'о' | 'ο' | 'ᴏ' | 'օ' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'ʀ' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'ᴛ' => 't',
        'ᴜ' | 'υ' => 'u',
        'ᴠ' | 'ν' | 'ѵ' => 'v',
        'х' | 'χ' => 'x',
        'у' | 'ʏ' | 'γ' => 'y',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_syllable_share_a_key() {
        for (a, b) in [
            ("hòa", "hoà"),
            ("Ủy", "uỷ"),
            ("THỦY", "thuỷ"),
            ("Đảng", "Ðảng"),
            ("đảng", "ðảng"),
            ("Đảng", "Đa\u{309}ng"),
            ("trưởng", "tru\u{31b}o\u{31b}\u{309}ng"),
            ("việt", "vie\u{302}\u{323}t"),
            ("kỷ", "kỷ\u{200b}"),
            ("cán", "ᴄán"),
            ("bộ", "b\u{34f}ộ"),
            ("quý", "qúy"),
        ] {
            assert_eq!(key(a), key(b), "{a} / {b}");
        }
    }

    #[test]
    fn different_syllables_keep_different_keys() {
        for (a, b) in [
            ("đảng", "dảng"),
            ("đảng", "đang"),
            ("ủy", "úy"),
            ("tư", "tu"),
            ("bộ", "bố"),
            ("ơn", "ôn"),
            ("ngã", "ngả"),
        ] {
            assert_ne!(key(a), key(b), "{a} / {b}");
        }
    }

    #[test]
    fn clean_text_is_composed_and_visible() {
        assert_eq!(
            clean(" Ða\u{309}ng\u{a0}\u{200b}bộ\r\n\t tỉnh\u{feff} "),
            "Đảng bộ tỉnh"
        );
    }

    proptest! {
        #[test]
        fn clean_is_idempotent(text in "\\PC*") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn keys_never_panic_and_hold_no_blank(word in "\\S*") {
            prop_assert!(!key(&word).contains(' '));
        }
    }
}
