//! What single lines of a newspaper page are: captions, signatures, sources, invitations to read on.

use aho_corasick::AhoCorasick;
use regex::Regex;
use std::sync::LazyLock;

/// Longer lines are prose, whatever they begin with.
const MAX_LINE_CHARS: usize = 260;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[\s.,;:(\[–—\-/…|])(?:ảnh|clip|video|đồ họa|nguồn ảnh|photo(?:graph)?|image|picture|credit)(?:\s+(?:minh họa|minh hoạ|tư liệu|chụp|courtesy|by|credit))?\s*(?P<sign>[:/©]|–|-|by\s)\s*(?P<name>[^.!?]{0,70})[.)\]]*$",
    )
});
static CAPTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:[(.…]\s*ảnh\s*(?:minh họa|minh hoạ|tư liệu|internet|tl|cắt từ clip)[^.]{0,40}[.)]*$|^\(?(?:ảnh|hình|photo|image)\s*(?:minh họa|minh hoạ|tư liệu|internet|\d{1,2})\b.{0,160}$|\((?:ảnh|nguồn|photo|getty|ap|afp|reuters|epa)\b[^)]{0,60}\)\.?$|^(?:getty images|reuters|afp|epa|ap photo)\b.{0,40}$|/(?:getty images|afp|reuters|ttxvn)\)?\.?$)",
    )
});
static PICTURE_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)[-–]\s*ảnh\s*\d{1,3}\.?$"));
static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\(?\s*(?:theo|nguồn|nguồn tin|dẫn nguồn|source|via)\s*(?::|\s)\s*[^.!?]{2,70}[.)]*$",
    )
});
static INVITATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)^[\s*>»▶►•●+\-–—|\[(]*(?:
        m[ờơ]i\s+(?:các\s+|quý\s+)?(?:bạn|độc\s+giả|quý|vị|đọc|xem|theo\s+dõi)
        |(?:xem|đọc|tham\s+khảo|tìm\s+hiểu)\s+(?:thêm|tiếp|ngay|chi\s+tiết|bài\s+gốc|nhiều)
        |(?:tin|bài|bài\s+viết|các\s+tin|các\s+bài|tin\s+bài|tin\s*,\s*bài|tin\s+tức|video|ảnh|chủ\s+đề|sự\s+kiện|nội\s+dung)\s+(?:cùng|liên\s+quan|khác|mới|đọc\s+nhiều|nóng|nổi\s+bật|xem\s+nhiều|đã\s+đưa)
        |có\s+thể\s+bạn\s+(?:quan\s+tâm|chưa)|bạn\s+có\s+thể\s+(?:quan\s+tâm|thích)|đang\s+được\s+quan\s+tâm
        |cùng\s+chuyên\s+mục|liên\s+quan\s*:?\s*$|từ\s+kh[óo]a\s*:?|tags?\s*:|thẻ\s*:|chủ\s+đề\s*:|keywords?\s*:
        |theo\s+dõi\s+.{0,60}\s+(?:trên|tại|qua)\b|chia\s+sẻ(?:\s+(?:bài|lên|facebook|zalo|link|ngay)\b|\s*:?\s*$)|bình\s+luận\s*(?:\(?\d*\)?)?\s*:?\s*$|gửi\s+bình\s+luận|ý\s+kiến\s*(?:\(.*\))?\s*$
        |link\s+bài\s+gốc|lấy\s+link|copy\s+link|sao\s+chép|đã\s+copy|quảng\s+cáo\s*$|adv(?:ertisement)?s?\s*$|in\s+bài(?:\s+viết)?\s*$|gửi\s+(?:bài|email)|lưu\s+bài|nghe\s+(?:đọc\s+)?(?:bài|tin)|a\s*[-+]?\s+a\s*[-+]?(?:\s+a\s*[-+]?)?\s*$|\[?facebook\]?\s*$|zalo\s*$|twitter\s*$|trở\s+lại\b|về\s+trang\s+chủ|xem\s+các\s+bài
        |read\s+(?:more|also|next|the\s+full)\b|see\s+also\b|related(?:\s+(?:articles?|stories|content|links?|topics?|news|coverage))?\s*:?\s*$|related\s*:|more\s+(?:on\s+this|from|stories|news|about)\b.{0,80}$|recommended\b.{0,40}$|also\s+read\b|don'?t\s+miss\b|most\s+(?:read|popular)\b|trending\b.{0,20}$|you\s+(?:may|might)\s+(?:also\s+)?(?:like|be\s+interested)
        |share\s*(?:this|on|via|:)|share\s*$|follow\s+(?:us|him|her|me|@|.{1,40}\s+on\s+(?:twitter|facebook|instagram))|sign\s+up\b|subscribe\b|click\s+here\b|advertisements?\s*(?:$|[-–—:(.])|sponsored\s+(?:by|content|post)\b|story\s+continues|continue\s+reading|comments?\s*(?:\(\d*\))?\s*$|leave\s+a\s+(?:comment|reply)|all\s+rights\s+reserved|copyright\s+(?:©|\(c\)|20)|©|filed\s+under|posted\s+(?:in|by|on)\b.{0,60}$|tagged\s*(?:as|in|with|under|:)\b.{0,80}$|tagged\s*:|print\s*$|e-?mail\s*$|tweet\s*$|download\s+our|get\s+our\s+app|this\s+article\s+(?:was\s+originally|originally)
        )",
    )
});
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s>»*•]*(?:tin mới|đọc tiếp|đọc nhiều|xem nhiều|tin nổi bật|tin tức liên quan|nổi bật|thông báo|video|podcast|infographic|multimedia|tác giả|ad|live|top stories|latest|latest news|newsletter)[\s:]*$",
    )
});
static ROLE_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)^[\s(*\-–—]*(?:
        (?:tin|bài|thực\s+hiện|tác\s+giả|người\s+viết|phóng\s+viên|pv|biên\s+tập|tổng\s+hợp|nội\s+dung|chùm\s+ảnh|clip|video|đồ\s+họa|trình\s+bày|bài\s+viết)(?:\s*(?:,|-|–|và|&|/|:)\s*(?:tin|bài|ảnh|clip|video|đồ\s+họa|clip)){0,3}\s*[:：]
        |(?:ảnh|clip)\s*(?:,|và|&|-)\s*(?:bài|tin)\s*[:：]
        |(?:tin\s+bài|tin,?\s+ảnh|bài,?\s+ảnh|bài\s+và\s+ảnh|tin\s+và\s+ảnh)\s*[:：]?\s
        |theo\s+|nguồn\s*:\s*|(?:được\s+)?(?:viết|đăng|gửi)\s+bởi\s*:?\s+|người\s+(?:đăng|gửi)\s*:\s*|(?:written|reported|story|posted|published)?\s*\bby\b[:\s]\s*|author\s*:\s*
        )\s*",
    )
});
static PHOTOGRAPHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\s*(?:[-–—;,|/.]|\bvà\b)?\s*(?:ảnh|clip|video|đồ họa|photos?)\s*:.*$")
});
static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\s*,\s*(?:[\w ]{0,30}\b(?:writer|reporter|correspondent|editor|columnist|contributor)s?|for .{2,40}|associated press|cnn|bbc news)\b.*$",
    )
});
static BOTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:(?:tin|bài|bài viết|nội dung|thực hiện|clip)\b.{0,12}\bảnh|ảnh\b.{0,6}\b(?:tin|bài))\s*[:：]",
    )
});
static AGENCY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\(?(?:TTXVN|VNA|VOV|VTV|PV|P\.V|P\.V\.|CTV|BBT|AFP|Reuters|AP|Xinhua|TTXVN/Vietnam\+|Vietnam\+|VietnamPlus|Vietnam Plus|Nhóm PV|Nhóm phóng viên)\)?(?:/.{1,30})?$",
    )
});

/// Words of which a caption's credit has one; most lines have none, and are spared the patterns.
static CREDIT_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new([
        "ảnh",
        "clip",
        "video",
        "đồ họa",
        "hình",
        "nguồn",
        "photo",
        "image",
        "picture",
        "credit",
        "getty",
        "reuters",
        "afp",
        "epa",
        "(ap",
        "ap photo",
        "ttxvn",
    ])
    .expect("a constant list")
});

/// A picture's caption by its own words: a credit at the end, "Ảnh minh họa".
pub(super) fn is_caption(text: &str) -> bool {
    let chars = text.chars().count();
    if chars > 400 || !CREDIT_WORDS.is_match(&text.to_lowercase()) {
        return false;
    }
    // "Tin, ảnh: Kim Ngân" signs the article.
    !BOTH.is_match(text)
        && (CAPTION.is_match(text)
            || (chars <= 300 && is_credited(text, chars))
            || PICTURE_NUMBER.is_match(text))
}

/// Whether a line ends in a credit. After a dash or "by", and in a long line, only a name is one: "a video - the third".
fn is_credited(text: &str, chars: usize) -> bool {
    CREDIT.captures(text).is_some_and(|found| {
        let name = found["name"].trim();
        let plain = matches!(&found["sign"], ":" | "/" | "©") && chars <= 160;
        plain || name.is_empty() || looks_like_name(name)
    })
}

/// An invitation, a heading of a list of links, a row of buttons.
pub(super) fn is_invitation(text: &str) -> bool {
    if text.chars().count() > MAX_LINE_CHARS {
        return false;
    }
    INVITATION.is_match(text) || HEADING.is_match(text)
}

/// "Theo Vietnam+", "Nguồn: …": short, without a sentence's end inside.
pub(super) fn is_source(text: &str) -> bool {
    text.chars().count() <= 80 && text.split_whitespace().count() <= 12 && SOURCE.is_match(text)
}

/// "Nguyên Minh - 07/03/2026 08:47", "Cập nhật lúc 15 giờ 20, ngày 12/11/2025".
pub(super) fn is_dateline(text: &str) -> bool {
    text.chars().count() <= 80
        && !text.ends_with(['.', ':', '!', '?'])
        && super::dates::find(text, super::dates::Written::Printed).is_some()
}

/// "By John Roe", "Bài và ảnh: Lam Phương": a role and a name.
pub(super) fn is_byline(text: &str) -> bool {
    text.chars().count() <= 80 && has_role(text) && name_in(text).is_some()
}

/// Nothing but signs, digits or a single letter.
pub(super) fn is_noise(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() < 2
        && text.chars().count() < 12
        && !text.chars().any(|c| c.is_ascii_digit())
}

/// The name in a signature line; `None` when the line is not one.
///
/// "Tin, ảnh: Nguyễn Văn A" → Nguyễn Văn A; "SONG NHI (Theo Medical News Today)" → SONG NHI.
pub(super) fn name_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > 160 {
        return None;
    }
    if AGENCY.is_match(text.trim_end_matches('.')) {
        return Some(text.trim_matches(['(', ')', ' ']).to_owned());
    }
    let bare = ROLE_PREFIX.replace(text, "");
    let bare = PHOTOGRAPHER.replace(&bare, "");
    let bare = OFFICE.replace(&bare, "");
    let bare = cut_parentheses(&bare);
    let bare = cut_date(&bare);
    let bare = bare.split(['|', '•', '/', '\n']).next().unwrap_or("");
    let bare = bare.trim_matches(|c: char| c.is_whitespace() || ",;:-–—*()./".contains(c));
    looks_like_name(bare).then(|| bare.to_owned())
}

fn cut_parentheses(text: &str) -> String {
    let mut depth = 0usize;
    let out: String = text
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    // A line that is one parenthesis: "(Theo TTXVN)".
    if out.trim().is_empty() {
        let inner = text.trim_matches(['(', ')', ' ', '.']);
        return ROLE_PREFIX.replace(inner, "").into_owned();
    }
    out
}

fn cut_date(text: &str) -> String {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\s*(?:[-–—|,•]\s*|\b(?:vào\s+)?lúc\s+|\b(?:on|at)\s+)?(?:(?:thứ\s+\S+|chủ nhật)\s*,?\s*)?(?:ngày\s+)?\d{1,4}\s*(?:[:/.\-h]|giờ)\s*\d{1,2}\b.*$",
        )
    });
    DATE.replace(text, "")
        .trim_matches(|c: char| c.is_whitespace() || ",;:-–—".contains(c))
        .to_owned()
}

fn looks_like_name(text: &str) -> bool {
    const LINKS: [&str; 14] = [
        "và", "-", "–", "and", "de", "van", "von", "der", "la", "&", "bin", "al", "da", "of",
    ];
    let count = text.chars().count();
    let words: Vec<&str> = text.split_whitespace().collect();
    (2..=70).contains(&count)
        && (1..=12).contains(&words.len())
        && !text.contains(['?', '!', ':', '@', '“', '"', '…', '>', '©', '#'])
        && !text.contains("http")
        && text.chars().filter(char::is_ascii_digit).count() <= 1
        && words.first().is_some_and(|w| starts_upper(w))
        && words.iter().all(|w| starts_upper(w) || LINKS.contains(w))
}

fn starts_upper(word: &str) -> bool {
    word.trim_start_matches(['(', '\'', '‘'])
        .chars()
        .next()
        .is_some_and(char::is_uppercase)
}

/// Whether a sentence ends at the end of `text`.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '\'', ')', '»', ' ', '/'])
        .ends_with(['.', '!', '?', '…', ':', ';'])
}

/// Whether the line names a role: "Tin:", "Bài và ảnh:", "Theo …".
pub(super) fn has_role(text: &str) -> bool {
    ROLE_PREFIX.is_match(text)
}
