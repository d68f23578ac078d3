//! Windows of folded syllables: what two texts share, whatever their spelling of tones, their Unicode form or
//! their punctuation. For telling copies apart; not for search.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How many syllables a window holds.
pub const WINDOW: usize = 5;

/// A text longer than this many syllables is compared by its beginning: bounds time and memory per article.
pub const MAX_SYLLABLES: usize = 6_000;

/// A folded syllable, or a number as printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token {
    /// Lower case, without marks: "Đảng" = "dang"; numbers keep their inner marks: "1.527", "95,6".
    pub text: String,
    /// Whether it starts with a digit.
    pub number: bool,
    /// Whether it was written with a capital.
    pub capital: bool,
}

/// The tokens of a text, at most [`MAX_SYLLABLES`].
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut capital = false;
    let mut chars = text.nfd().filter(|c| !is_combining_mark(*c)).peekable();
    while let Some(c) = chars.next() {
        // 1.527, 95,6, 06:30: a mark between digits belongs to the number; a date is as often 28-10 as 28/10.
        let inner = ".,:".contains(c)
            && word.starts_with(|d: char| d.is_ascii_digit())
            && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() || inner {
            capital |= word.is_empty() && c.is_uppercase();
            word.extend(c.to_lowercase().map(|l| if l == 'đ' { 'd' } else { l }));
            if word.len() < 64 {
                continue;
            }
        }
        if flush(&mut word, &mut capital, &mut out) {
            return out;
        }
    }
    flush(&mut word, &mut capital, &mut out);
    out
}

/// Ends the word; true when the text is long enough.
fn flush(word: &mut String, capital: &mut bool, out: &mut Vec<Token>) -> bool {
    if !word.is_empty() {
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        out.push(Token {
            text: std::mem::take(word),
            number,
            capital: *capital,
        });
        *capital = false;
    }
    out.len() >= MAX_SYLLABLES
}

/// The distinct windows of `tokens`, sorted. A text shorter than a window has none.
pub fn shingles(tokens: &[Token]) -> Vec<u64> {
    let mut out: Vec<u64> = tokens
        .windows(WINDOW)
        .map(|window| hash_of(window.iter().map(|t| t.text.as_str())))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// A hash of words in a row, the same on every machine and in every version: it is stored. FNV-1a, then the finish of
/// SplitMix64, so that its high bits are as good as its low ones.
pub fn hash_of<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    let byte = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for word in words {
        hash = word.bytes().fold(hash, byte);
        // Between words, so that "an giang" is not "ang iang".
        hash = byte(hash, 0xff);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// How many values two sorted, distinct lists share.
pub fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn spelling_does_not_matter() {
        assert_eq!(words("Đảng bộ Hòa Bình"), ["dang", "bo", "hoa", "binh"]);
        assert_eq!(words("hoà, THUÝ"), words("hòa thúy"));
        let nfd: String = "Kiểm tra, giám sát".nfd().collect();
        assert_eq!(words(&nfd), words("kiểm tra – giám sát"));
    }

    #[test]
    fn numbers_stay_whole() {
        assert_eq!(
            words("1.527 chi bộ, đạt 95,6% (28/10)."),
            ["1.527", "chi", "bo", "dat", "95,6", "28", "10"]
        );
    }

    #[test]
    fn hashes_are_the_same_for_ever() {
        // Stored in the index of near-duplicates: a change needs a migration that empties it.
        assert_eq!(hash_of(["dang", "bo"].into_iter()), 0x2ed4_72bb_b7c8_5bde);
        assert_ne!(hash_of(["dan", "gbo"].into_iter()), 0x2ed4_72bb_b7c8_5bde);
    }

    #[test]
    fn windows_are_sets() {
        let text = "một hai ba bốn năm một hai ba bốn năm";
        assert_eq!(shingles(&tokens(text)).len(), 5);
        assert_eq!(shingles(&tokens("một hai ba bốn")).len(), 0);
        assert_eq!(shared(&[1, 3, 5], &[2, 3, 5, 9]), 2);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,300}") {
            let _ = shingles(&tokens(&text));
        }
    }
}
