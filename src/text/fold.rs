//! The one folding: what search and duplicate-finding compare. `fold("Đảng") == "dang"`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::normal::is_invisible;

/// Text without case, diacritics, invisible characters or compatibility forms; everything else stays where it is.
/// Idempotent. At most 18 times as long as `text` (one Arabic ligature expands so far).
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Lower-casing can bring new marks (İ → i̇) and compatibility forms: hence decomposition on both sides of it.
    let lower = text
        .nfkd()
        .filter(|&c| keeps(c))
        .flat_map(char::to_lowercase);
    out.extend(lower.nfkd().filter(|&c| keeps(c)).map(plain));
    out
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

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
