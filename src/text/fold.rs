//! The one folding: what search and duplicate-finding compare. `fold("Đảng") == "dang"`.

use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::normal::is_invisible;

/// Text without case, diacritics, invisible characters or compatibility forms; everything else stays where it is.
/// Idempotent. At most 18 times as long as `text` (one Arabic ligature expands so far).
pub fn fold(text: &str) -> String {
    let known: &[Option<char>] = &KNOWN;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else if let Some(Some(letter)) = place(c).and_then(|at| known.get(at)) {
            out.push(*letter);
        } else {
            out.extend(slowly(c));
        }
    }
    out
}

/// The blocks in which Vietnamese letters stand.
const LOW: Range<u32> = 0..0x250;
const HIGH: Range<u32> = 0x1E00..0x1F00;

/// What the letters of these blocks fold to, if it is one letter.
static KNOWN: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let folded = |code| {
        let mut parts = slowly(char::from_u32(code)?);
        parts.next().filter(|_| parts.next().is_none())
    };
    LOW.chain(HIGH).map(folded).collect()
});

fn place(c: char) -> Option<usize> {
    let code = u32::from(c);
    let at = match code {
        low if LOW.contains(&low) => low,
        high if HIGH.contains(&high) => high - HIGH.start + LOW.end,
        _ => return None,
    };
    usize::try_from(at).ok()
}

/// Any character. Lower-casing can bring new marks (İ → i̇) and compatibility forms: hence decomposition on both sides of it.
fn slowly(c: char) -> impl Iterator<Item = char> {
    let parts = std::iter::once(c).nfkd().filter(|&c| keeps(c));
    let lower = parts.flat_map(char::to_lowercase);
    lower.nfkd().filter(|&c| keeps(c)).map(plain)
}

fn keeps(c: char) -> bool {
    !is_combining_mark(c) && !is_invisible(c)
}

fn plain(c: char) -> char {
    match c {
        'đ' | 'ð' | 'ɖ' => 'd',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vietnamese_folds_to_ascii() {
        for (text, folded) in [
            ("Đảng", "dang"),
            ("Ðảng", "dang"),
            ("Xây dựng ĐẢNG, 2026", "xay dung dang, 2026"),
            ("Tru\u{31b}o\u{31b}\u{309}ng ban", "truong ban"),
            ("Uỷ ban", "uy ban"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    /// Marks fall away and nothing is put together, so that a text's characters fold each for itself.
    #[test]
    fn every_character_folds_as_the_whole_text_does() {
        for c in '\0'..=char::MAX {
            let whole: String = slowly(c).collect();
            assert_eq!(fold(&c.to_string()), whole, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_folds_by_its_characters(text in any::<String>()) {
            let lower: String = text.nfkd().filter(|&c| keeps(c)).flat_map(char::to_lowercase).collect();
            let whole: String = lower.nfkd().filter(|&c| keeps(c)).map(plain).collect();
            prop_assert_eq!(fold(&text), whole);
        }

        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
