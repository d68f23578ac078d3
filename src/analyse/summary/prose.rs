//! What makes a sentence unfit to stand in a summary, or unfit to stand there alone. Judged by its words only.

use regex::Regex;
use std::sync::LazyLock;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// "(TTXVN) - ", "VOV.VN - ", "(GLO)-", "TTO –": whose report it is, in front of the first sentence.
static DATELINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\(\s*[\p{Lu}\d][\p{L}\d.&/ -]{0,28}\)\s*[-–—:]*|[\p{Lu}\d][\p{Lu}\d.&]{1,14}\s*[-–—]+|(?:Bao|Báo|bao)[\p{L}. ]{2,24}\s+[-–—]+|[-–—•*+]+)\s*",
    )
});

/// How much of a sentence's beginning is a dateline or a list mark, in bytes.
pub(super) fn dateline(sentence: &str) -> usize {
    let Some(found) = DATELINE.find(sentence) else {
        return 0;
    };
    let rest = &sentence[found.end()..];
    // Never the whole of it, and only in front of something that begins anew.
    if rest.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || "“\"‘".contains(c))
    {
        found.end()
    } else {
        0
    }
}

/// Captions, bylines, credits, editors' notes, pointers to other stories.
static NOT_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\(?(?:ảnh|clip|video|đồ họa|infographic|nguồn|theo|tin,? ảnh|bài,? ảnh|bài và ảnh|thực hiện)\s*[:\-–]|^\(?ảnh (?:minh họa|tư liệu|chụp)|(?:ảnh|clip|nguồn|đồ họa)\s*:\s*[^.]{1,40}[.)]*$|ảnh minh họa|^\(?(?:xem thêm|đọc thêm|tin liên quan|bấm vào|mời (?:quý )?(?:độc giả|bạn đọc)|liên hệ|điện thoại|email|hotline|tags?|từ khóa)(?:[\s:.]|$)|^theo [\p{Lu}][\p{L}.\d]*[.)]*$|\(theo [^)]{2,30}\)\.?$",
    )
});

/// Whether it is a caption, a byline or the like, not running text.
pub(super) fn is_furniture(sentence: &str) -> bool {
    NOT_TEXT.is_match(sentence)
}

/// Beginnings that point back to what was said before.
static LEANS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[“”\x22‘’(\[\-–—\s]*(?:
          (?:Theo|Do|Trước|Sau|Cùng\ với|Bên\ cạnh|Ngoài|Trong\ khi|Trong\ số|Khi|Nhờ|Từ|Vì|Qua|Kể\ từ|Trên\ cơ\ sở|Ngay\ sau|Kết\ quả|Với\ kết\ quả)\ (?:đó|ấy|vậy|thế)(?:[\s,]|$)
          |(?:Tuy\ nhiên|Tuy\ vậy|Tuy\ thế|Song|Nhưng|Thế\ nhưng|Mặc\ dù\ vậy|Dù\ vậy|Mặt\ khác|Ngược\ lại|Thay\ vào\ đó|Ngoài\ ra|Hơn\ nữa|Hơn\ thế|Thêm\ vào\ đó|Đồng\ thời|Đặc\ biệt\ là|Cụ\ thể|Chẳng\ hạn|Ví\ dụ|Nói\ cách\ khác|Như\ vậy|Như\ thế|Vì\ thế|Do\ vậy|Bởi\ vậy|Chính\ vì\ vậy|Chính\ vì\ thế|Bởi\ thế|Tiếp\ đó|Sau\ cùng|Trước\ tình\ hình\ đó|Trước\ tình\ hình\ này|Tương\ tự|Cùng\ ngày|Nhân\ dịp\ này|Dịp\ này|Về\ vấn\ đề\ này|Về\ việc\ này|Cũng\ theo|Cũng\ tại|Cũng\ trong|Được\ biết|Trong\ đó|Tại\ đây|Lúc\ này|Khi\ ấy|Lúc\ đó|Theo\ ông\ này|Còn|Và|Rồi|Hay|Hoặc)(?:[\s,:;.”]|$)
          |(?:Đây|Đó|Nó|Họ|Điều\ này|Điều\ đó|Việc\ này|Việc\ đó|Vụ\ việc\ này|Người\ này|Những\ người\ này|Số\ này|Con\ số\ này|Kết\ quả\ này|Hành\ vi\ này|Quyết\ định\ này|Ông\ ta|Bà\ ta|Ông\ này|Bà\ này|Anh\ ta|Cô\ ta|Cô\ ấy|Anh\ này|Cũng)(?:[\s,:;.”]|$)
          |(?:Ông|Bà|Anh|Chị|Cô|Đồng\ chí|Vị|Cậu|Em)\ \p{Ll}
        )",
    )
});

/// "…, ông cho biết": somebody speaks who is not named in the sentence.
static NAMELESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[\s,”\x22])(?:ông|bà|anh|chị|cô) (?:này )?(?:cho biết|nói|khẳng định|cho hay|chia sẻ|nhấn mạnh|kể|cho rằng|nhận định|bày tỏ|thừa nhận)",
    )
});

/// The first words of the sentence: nothing of a pronoun further on points out of it.
const HEAD_WORDS: usize = 12;

/// Whether the sentence needs the one before it to be understood.
pub(super) fn leans(sentence: &str) -> bool {
    if LEANS.is_match(sentence) {
        return true;
    }
    let nobody_named = || {
        let mut words = sentence.split_whitespace().skip(1);
        let names = words
            .by_ref()
            .take(HEAD_WORDS)
            .filter(|w| w.starts_with(char::is_uppercase));
        names.count() < 2
    };
    NAMELESS.is_match(sentence) && nobody_named()
}

/// Whether it ends as a sentence does; three dots stand where something was cut off.
pub(super) fn is_whole(sentence: &str) -> bool {
    let inner = sentence.trim_end_matches(CLOSERS);
    inner.ends_with(['.', '!', '?', '…']) && !inner.ends_with("..")
}

/// Words of a sapo that may lack its full stop, as many papers print it; a heading is shorter.
const SAPO_WORDS: usize = 14;

/// Whether a line of a sapo is a sentence, but perhaps for its full stop. An ellipsis is where the feed cut it off.
pub(super) fn is_sapo(line: &str) -> bool {
    let inner = line.trim_end_matches(CLOSERS);
    let open = inner.ends_with(|c: char| c.is_alphanumeric() || c == '%');
    is_whole(line) && !inner.ends_with('…') || open && line.split_whitespace().count() >= SAPO_WORDS
}

const CLOSERS: [char; 5] = ['"', '”', '’', ')', '»'];
