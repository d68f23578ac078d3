//! What is never a figure: dates, times, years, terms, ordinals, document numbers, phone and house numbers, names that
//! contain a number.

use super::{Reading, units};
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

/// Boundaries are those of ASCII: Unicode ones would take the slow engine, and stand next to digits here.
static MASKS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // 28/10/2021, 28-10-2021, 31.12.2021, 10/2021
        r"(?-u:\b)\d{1,2}\s?[/.\-–]\s?\d{1,2}\s?[/.\-–]\s?(?:19|20)?\d{2}(?-u:\b)",
        r"(?-u:\b)\d{1,2}\s?[/\-]\s?(?:19|20)\d{2}(?-u:\b)",
        // ngày 5, ngày 4 và 5/3, từ ngày 3 đến 6-8, ngày 28 tháng 10, tháng 9, năm 2021, quý 3
        r"(?i)(?:ngày|sáng|trưa|chiều|tối|đêm|hôm|mùng|mồng|rạng sáng|thứ)\s+(?:ngày\s+)?\d{1,2}(?-u:\b)(?:\s?[-–/.]\s?\d{1,2}(?-u:\b))*(?:\s*(?:,|và|đến|tới|-|–)\s*(?:ngày\s+)?\d{1,2}(?:\s?[-–/.]\s?\d{1,2}(?-u:\b))+)*",
        r"(?i)ngày\s+\d{1,2}(?:\s*(?:,|và|đến|tới|-|–)\s*\d{1,2})*\s+tháng\s+\d{1,2}(?-u:\b)",
        r"(?i)(?:tháng|quý)\s+(?:0?[1-9]|1[0-2])(?-u:\b)(?:\s?[-–/]\s?\d{1,4}(?-u:\b))*(?:\s*(?:,|và|đến|tới)\s*(?:tháng\s+|quý\s+)?(?:0?[1-9]|1[0-2])(?-u:\b)(?:\s?[/]\s?\d{4})?)?",
        r"(?i)(?:năm|niên vụ|niên khóa|năm học|nhiệm kỳ|giai đoạn|thời kỳ)\s+(?:19|20)\d{2}(?-u:\b)(?:\s?[-–/]\s?\d{1,4}(?-u:\b))*(?:\s*(?:,|và|đến|tới)\s*(?:năm\s+)?(?:19|20)\d{2}(?-u:\b))*",
        // 2020–2025
        r"(?-u:\b)(?:19|20)\d{2}\s?[-–—/]\s?(?:19|20)?\d{2}(?-u:\b)",
        // (3/2/1930 – 3/2/2025) is covered above; a bare day and month in brackets
        r"\(\d{1,2}[/\-.]\d{1,2}(?:\s?[-–]\s?\d{1,2}[/\-.]\d{1,2})?\)",
        // 7 giờ 30, 7h30, 06:45
        r"(?i)\d{1,2}\s?giờ(?:\s?\d{1,2}(?:\s?phút)?)?",
        r"\d{1,2}[hgHG]\d{0,2}(?-u:\b)",
        r"(?-u:\b)\d{1,2}:\d{2}(?-u:\b)",
        // 18-NQ/TW, 1234/UBND-NC, 57-NQ/TU, 100/2019/NĐ-CP, 22-QĐ/TW
        r"(?-u:\b)\d{1,5}(?:/\d{4})?(?:/QH\d+|[-–/](?:\p{Lu}{2,}|QĐi)[\p{L}\d]*(?:[-/][\p{L}\d]+)*)",
        // 0913 123 456, 0296.3852.123, (0296) 3852 123, 1900.1234
        r"\(?(?-u:\b)0\d{2,4}\)?[ .\-]\d{3,4}(?:[ .\-]\d{2,4}){0,2}(?-u:\b)",
        r"(?-u:\b)0\d{6,}(?-u:\b)|(?-u:\b)1[89]00[ .]?\d{4,6}(?-u:\b)",
        // 12/5 đường …, số 45A; 24/24, 24/7
        r"(?i)(?:số nhà|hẻm|ngõ|ngách|kiệt|lô)\s+\d+[\p{L}\d/]*",
        r"(?-u:\b)24/(?:24|7)(?-u:\b)",
        // VTV1, G20, COVID-19, A80; 4.0
        r"\p{L}+[-–]?\d+(?:[.\-]\d+)*(?-u:\b)",
        // 12A, 4G, 56/3B: letters grown to digits, units of measure aside
        r"(?-u:\b)\d+(?:/\d+)?\p{Lu}(?-u:\b)",
        // addresses of pages and mails
        r"(?:https?://|www\.)\S+|\S+@\S+",
        // tỷ số 3-1, tỉ số 2–0
        r"(?i)t[ỷỉ] số\s+\d+\s?[-–]\s?\d+",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
    .collect()
});

/// The bytes of a sentence in which no number counts anything.
pub(super) fn masks(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for pattern in MASKS.iter() {
        out.extend(pattern.find_iter(text).map(|m| m.range()));
    }
    out.into_iter()
        .filter_map(|mask| true_mask(text, mask))
        .collect()
}

/// A date may run into an amount: "năm 2021, 3.401 đảng viên", "tháng 9, 12 chi bộ", "mỗi tháng 5 triệu đồng". It then ends
/// at its last comma, or is none.
fn true_mask(text: &str, mask: Range<usize>) -> Option<Range<usize>> {
    let inside = &text[mask.clone()];
    if !inside.starts_with(|c: char| c.is_alphabetic()) || !inside.contains(' ') {
        return Some(mask);
    }
    let after = &text[mask.end..];
    let grows = after.starts_with('%')
        || after.starts_with(['.', ',']) && after[1..].starts_with(|c: char| c.is_ascii_digit());
    let listed = inside
        .rfind(',')
        .filter(|&at| inside[..at].contains(|c: char| c.is_ascii_digit()));
    let counts = units::begins(after.trim_start());
    match listed {
        Some(comma) if grows || counts => Some(mask.start..mask.start + comma),
        _ if grows => None,
        _ if counts
            && RATES
                .iter()
                .any(|rate| text[..mask.start].trim_end().ends_with(rate)) =>
        {
            None
        }
        _ => Some(mask),
    }
}

/// In front of "tháng 5 triệu đồng": so much a month.
const RATES: [&str; 8] = ["mỗi", "Mỗi", "hằng", "Hằng", "hàng", "Hàng", "một", "/"];

/// Documents: the number behind is theirs, whatever follows.
const DOCUMENTS: [&str; 30] = [
    "nghị quyết",
    "chỉ thị",
    "kết luận",
    "quy định",
    "quyết định",
    "nghị định",
    "thông tư",
    "công văn",
    "kế hoạch",
    "hướng dẫn",
    "thông báo",
    "công điện",
    "văn bản",
    "đề án",
    "chương trình",
    "quy chế",
    "điều",
    "khoản",
    "mục",
    "chương",
    "phụ lục",
    "báo cáo",
    "pháp lệnh",
    "luật",
    "tờ trình",
    "quy trình",
    "dự án",
    "chuyên đề",
    "mẫu",
    "biểu",
];
/// What is numbered or named by a number: "Chi bộ 27", "Quân khu 7", "bão số 10", "lần thứ 5".
const NUMBERED: [&str; 82] = [
    "chi bộ",
    "đảng bộ bộ phận",
    "quân khu",
    "quân đoàn",
    "sư đoàn",
    "lữ đoàn",
    "trung đoàn",
    "tiểu đoàn",
    "đại đội",
    "trung đội",
    "binh đoàn",
    "vùng",
    "tổ",
    "khu phố",
    "khóm",
    "ấp",
    "thôn",
    "bản",
    "buôn",
    "làng",
    "xóm",
    "phường",
    "quận",
    "khu vực",
    "tổ dân phố",
    "khu",
    "cụm",
    "quốc lộ",
    "tỉnh lộ",
    "đường",
    "đường tỉnh",
    "ban chỉ đạo",
    "hội nghị trung ương",
    "trung ương",
    "tổ công tác",
    "đoàn công tác",
    "đội",
    "trạm",
    "lớp",
    "khối",
    "kỳ họp",
    "kỳ",
    "phiên họp",
    "phiên",
    "lần",
    "thứ",
    "lần thứ",
    "kỳ thứ",
    "đợt",
    "khóa",
    "hạng",
    "loại",
    "cấp",
    "cấp độ",
    "mức độ",
    "trang",
    "kênh",
    "ca",
    "bước",
    "vòng",
    "top",
    "nhóm",
    "huy hiệu",
    "huy hiệu đảng",
    "công ty",
    "xí nghiệp",
    "nhà máy",
    "trường",
    "trại",
    "bệnh viện",
    "đồn",
    "cảng",
    "km",
    "hẻm",
    "tuổi",
    "độ tuổi",
    "tòa",
    "phòng",
    "giai đoạn",
    "mức",
    "chặng",
    "bài",
];
/// Before "số": it is a sum and not a name.
const SUMS: [&str; 6] = ["tổng", "trong", "với", "có", "quân", "dân"];

/// Whether the number at token `at` belongs to a name, an ordinal or a document, by the words in front of it.
pub(super) fn is_name(reading: &Reading<'_>, at: usize, unit: Option<&units::Unit>) -> bool {
    let known = unit.is_some_and(|u| u.known);
    if touches(reading, at) || is_list_mark(reading, at) {
        return true;
    }
    let numero = units::same(reading.word_before(at, 1), "số");
    if numero
        && SUMS
            .iter()
            .any(|w| units::same(reading.word_before(at, 2), w))
    {
        return false;
    }
    let head = if numero { at - 1 } else { at };
    if let Some((start, _)) = ends_with(reading, head, &DOCUMENTS) {
        // "ban hành 3 nghị quyết, kết luận 5 đảng viên vi phạm": a verb in small letters with a known thing behind.
        return numero || !known || reading.is_upper(start) && start > 0;
    }
    if let Some((start, _)) = ends_with(reading, head, &NUMBERED) {
        let ordinal = ["lần", "thứ", "kỳ", "đợt", "khóa", "tuổi", "hạng"]
            .iter()
            .any(|w| units::same(reading.word(head - 1), w));
        return numero || ordinal || !known || reading.is_upper(start) && start > 0;
    }
    if numero {
        return !known;
    }
    // "T.Ư 5", "BCĐ 35", "Đoàn B 12": a name in capitals with its number.
    let before = at.checked_sub(1).is_some_and(|i| is_acronym(reading, i));
    (before && !known) || is_year(reading, at, known)
}

/// The item of `names` that ends before token `end`, with its first token.
fn ends_with(
    reading: &Reading<'_>,
    end: usize,
    names: &[&'static str],
) -> Option<(usize, &'static str)> {
    names.iter().find_map(|name| {
        let start = end.checked_sub(name.split(' ').count())?;
        units::reads(reading, start, name).then_some((start, *name))
    })
}

fn is_acronym(reading: &Reading<'_>, i: usize) -> bool {
    let Some(token) = reading.tokens.get(i) else {
        return false;
    };
    let printed = &reading.text[token.span.clone()];
    printed.chars().next().is_some_and(char::is_alphabetic)
        && printed.chars().all(char::is_uppercase)
}

/// Digits that touch a letter, a hyphen or a slash of a name.
fn touches(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).filter(|&i| reading.glued(i));
    let Some(i) = before else { return false };
    match reading.mark(i) {
        // The second half of a date, a score, a code; the second number of a pair is read with its first.
        Some('-' | '–' | '/' | '.' | ':' | '_' | '#') => true,
        Some(_) => false,
        None => true,
    }
}

/// "1. Kết quả", "2) Tồn tại", "(3) …" at the head of the sentence.
fn is_list_mark(reading: &Reading<'_>, at: usize) -> bool {
    let head = at == 0 || (at == 1 && reading.mark(0).is_some());
    head && matches!(reading.mark(at + 1), Some('.' | ')' | ':')) && reading.glued(at)
}

/// 1930, 2025 with nothing known behind.
fn is_year(reading: &Reading<'_>, at: usize, known: bool) -> bool {
    let printed = reading.printed(at, at + 1);
    !known && printed.len() == 4 && (printed.starts_with("19") || printed.starts_with("20"))
}

/// Words that a number without its thing may follow: those who were just counted are meant.
const BEFORE_BARE: [&str; 22] = [
    "khiển trách",
    "cảnh cáo",
    "cách chức",
    "khai trừ",
    "xóa tên",
    "đưa ra khỏi đảng",
    "kỷ luật",
    "kiểm tra",
    "giám sát",
    "kết nạp",
    "giải quyết",
    "xử lý",
    "chuyển đảng chính thức",
    "công nhận chính thức",
    "chuyển sinh hoạt",
    "miễn sinh hoạt",
    "bổ nhiệm",
    "điều động",
    "luân chuyển",
    "miễn nhiệm",
    "đã giải quyết",
    "hoàn thành",
];

/// Whether a number without a thing behind counts those of before: "khiển trách 28, cảnh cáo 21".
pub(super) fn counts_bare(reading: &Reading<'_>, at: usize, after: usize) -> bool {
    let closed = reading.tokens.get(after).is_none()
        || matches!(reading.mark(after), Some(',' | ';' | '.' | '(' | ')'))
        || units::same(reading.word(after), "và");
    closed && ends_with(reading, at, &BEFORE_BARE).is_some()
}
