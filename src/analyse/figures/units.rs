//! Things that are counted: a list of the common ones, and how an unknown one is read off the words behind a number.

use super::Reading;
use crate::text::normal::key;
use std::{collections::HashMap, sync::LazyLock};

/// What a number counts, with the token behind its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// As printed, in small letters.
    pub name: String,
    /// Token behind it.
    pub to: usize,
    /// Whether it is on the list.
    pub known: bool,
    /// Whether decimals make sense of it: %, money, lengths.
    pub measures: bool,
}

impl Unit {
    /// Money that is not called by its name; the amount ends before token `to`.
    pub fn money(to: usize) -> Self {
        Self {
            name: "đồng".to_owned(),
            to,
            known: true,
            measures: true,
        }
    }
}

/// Members and bodies of the Party.
const PARTY: &[&str] = &[
    "tổ chức đảng",
    "tổ chức cơ sở đảng",
    "tccsđ",
    "đảng viên",
    "đảng viên mới",
    "đảng viên dự bị",
    "đảng viên chính thức",
    "chi bộ",
    "chi bộ trực thuộc",
    "chi bộ cơ sở",
    "đảng bộ",
    "đảng bộ cơ sở",
    "đảng bộ bộ phận",
    "đảng ủy",
    "đảng ủy cơ sở",
    "chi ủy",
    "chi ủy viên",
    "cấp ủy",
    "cấp ủy viên",
    "cấp ủy cơ sở",
    "bí thư",
    "phó bí thư",
    "bí thư chi bộ",
    "ủy viên",
    "quần chúng ưu tú",
    "quần chúng",
    "huy hiệu đảng",
    "huy hiệu",
    "đồng chí",
    "đại hội",
    "ủy ban kiểm tra",
    "tỉnh ủy viên",
    "đảng đoàn",
    "ban cán sự đảng",
    "loại hình tổ chức đảng",
    "lượt đảng viên",
    "lượt cán bộ, đảng viên",
    "cán bộ, đảng viên",
    "đv",
];
/// People.
const PEOPLE: &[&str] = &[
    "cán bộ",
    "cán bộ, công chức",
    "cán bộ, công chức, viên chức",
    "công chức",
    "viên chức",
    "người lao động",
    "lao động",
    "công nhân",
    "đoàn viên",
    "hội viên",
    "đại biểu",
    "đại biểu chính thức",
    "học viên",
    "học sinh",
    "sinh viên",
    "giáo viên",
    "báo cáo viên",
    "tuyên truyền viên",
    "người",
    "người dân",
    "lượt người",
    "lượt",
    "lượt cán bộ",
    "lượt học viên",
    "hộ",
    "hộ dân",
    "hộ nghèo",
    "hộ cận nghèo",
    "hộ gia đình",
    "gia đình",
    "thành viên",
    "cá nhân",
    "tập thể",
    "trường hợp",
    "chiến sĩ",
    "cán bộ, chiến sĩ",
    "thanh niên",
    "phụ nữ",
    "nông dân",
    "cựu chiến binh",
    "người có uy tín",
    "trẻ em",
    "đối tượng",
    "bị can",
    "bị cáo",
    "đội viên",
    "thí sinh",
    "khách",
    "du khách",
    "nhân khẩu",
    "khẩu",
    "cử tri",
    "nữ",
    "nam",
    "dân",
    "thân nhân",
    "bệnh nhân",
    "ứng viên",
    "ứng cử viên",
    "nhà báo",
    "phóng viên",
    "tác giả",
    "hòa giải viên",
    "người có công",
    "thương binh",
    "bà mẹ việt nam anh hùng",
    "chủ doanh nghiệp",
    "dân tộc",
    "hội đồng",
];
/// Bodies and places.
const BODIES: &[&str] = &[
    "tổ chức",
    "cơ quan",
    "cơ quan, đơn vị",
    "đơn vị",
    "đơn vị hành chính",
    "doanh nghiệp",
    "hợp tác xã",
    "xã",
    "phường",
    "đặc khu",
    "xã, phường",
    "thị trấn",
    "huyện",
    "tỉnh",
    "tỉnh, thành phố",
    "tỉnh, thành",
    "thành phố",
    "thôn",
    "bản",
    "ấp",
    "khóm",
    "buôn",
    "tổ dân phố",
    "khu phố",
    "khu dân cư",
    "thôn, bản",
    "tổ dân vận",
    "tổ công nghệ số cộng đồng",
    "tổ",
    "đoàn",
    "đoàn kiểm tra",
    "đoàn công tác",
    "đội",
    "ban chỉ đạo",
    "sở, ngành",
    "sở, ban, ngành",
    "phòng, ban",
    "chi hội",
    "chi đoàn",
    "công đoàn",
    "công đoàn cơ sở",
    "trường",
    "trường học",
    "cơ sở",
    "câu lạc bộ",
    "đầu mối",
    "địa phương",
    "điểm cầu",
    "điểm",
    "khối",
    "cụm",
    "ngành",
    "trung tâm",
    "trạm",
];
/// Doings and papers.
const WORKS: &[&str] = &[
    "mô hình",
    "điển hình",
    "công trình",
    "phần việc",
    "dự án",
    "cuộc",
    "cuộc kiểm tra",
    "cuộc giám sát",
    "cuộc đối thoại",
    "cuộc họp",
    "hội nghị",
    "hội nghị phản biện",
    "hội thảo",
    "tọa đàm",
    "buổi",
    "buổi sinh hoạt",
    "lớp",
    "lớp bồi dưỡng",
    "khóa bồi dưỡng",
    "khóa học",
    "chuyên đề",
    "kỳ họp",
    "phiên họp",
    "đợt",
    "vụ",
    "vụ việc",
    "vụ án",
    "đơn",
    "đơn thư",
    "lượt đơn",
    "đơn tố cáo",
    "đơn khiếu nại",
    "kiến nghị",
    "phản ánh",
    "ý kiến",
    "ý kiến góp ý",
    "lượt ý kiến",
    "câu hỏi",
    "quyết định",
    "nghị quyết",
    "chỉ thị",
    "kết luận",
    "văn bản",
    "báo cáo",
    "đề án",
    "kế hoạch",
    "chương trình",
    "nhiệm vụ",
    "yêu cầu",
    "đề xuất",
    "nhóm nhiệm vụ",
    "chỉ tiêu",
    "giải pháp",
    "nhóm giải pháp",
    "nội dung",
    "tiêu chí",
    "phiếu",
    "tham luận",
    "bài viết",
    "tin, bài",
    "tin bài",
    "tác phẩm",
    "bài dự thi",
    "giải",
    "giải thưởng",
    "bằng khen",
    "giấy khen",
    "huân chương",
    "danh hiệu",
    "hồ sơ",
    "thủ tục",
    "thủ tục hành chính",
    "nhóm",
    "nhóm vấn đề",
    "vấn đề",
    "bài học",
    "khuyết điểm",
    "sáng kiến",
    "việc làm",
    "việc",
    "hoạt động",
    "phong trào",
    "biên chế",
    "chức danh",
    "vị trí",
    "vị trí việc làm",
    "điểm nhấn",
    "đột phá",
    "khâu đột phá",
    "tiết mục",
    "sản phẩm",
    "lần",
    "suất quà",
    "phần quà",
    "suất học bổng",
    "học bổng",
    "suất",
    "căn nhà",
    "ngôi nhà",
    "căn",
    "nhà đại đoàn kết",
    "nhà ở",
    "nhà tạm",
    "cây",
    "cây xanh",
    "ngày công",
    "giờ công",
    "tài khoản",
    "cuốn",
    "bộ hồ sơ",
    "bộ máy tính",
    "máy tính",
    "xe",
    "tuyến đường",
    "tuyến",
    "cây cầu",
    "con đường",
    "phương tiện",
    "thiết bị",
    "camera",
    "mục tiêu",
    "biểu hiện",
    "hiện vật",
    "cầu thủ",
    "vận động viên",
    "hiệu trưởng",
    "phó chủ tịch",
    "chủ tịch",
    "thứ trưởng",
    "bộ trưởng",
    "bước",
    "khâu",
    "tủ sách",
    "quyển",
    "đầu sách",
    "pano",
    "băng rôn",
    "khẩu hiệu",
    "ca",
    "thôn trắng đảng viên",
    "cơ sở dữ liệu",
    "chữ ký số",
    "chữ ký",
    "lá cờ",
    "chỗ",
    "phòng học",
    "phần",
    "đơn vị máu",
    "túi",
    "thùng",
];
/// Money and measures.
const MEASURES: &[&str] = &[
    "đồng",
    "vnd",
    "usd",
    "đô la",
    "euro",
    "ha",
    "héc-ta",
    "hecta",
    "km",
    "km2",
    "m",
    "m2",
    "m3",
    "mét",
    "mét vuông",
    "tấn",
    "tạ",
    "kg",
    "lít",
    "điểm phần trăm",
    "mw",
    "kwh",
    "độ",
    "gam",
    "ki-lô-mét",
    "cây số",
    "lần",
    "công đất",
    "sào",
];
/// Spans of time and ages: never in the table.
const TIMES: &[&str] = &[
    "năm",
    "tháng",
    "ngày",
    "giờ",
    "phút",
    "giây",
    "tuần",
    "quý",
    "thập kỷ",
    "thập niên",
    "thế kỷ",
    "nhiệm kỳ",
    "tuổi",
    "tuổi đảng",
    "năm tuổi",
    "đêm",
    "hôm",
    "mùa",
    "vụ mùa",
    "h",
    "giờ đồng hồ",
    "khóa liền",
    "tuổi đời",
    "buổi sáng",
    "mùa xuân",
];
/// Words that are no thing counted, and end one.
const STOPS: &str = "và với cùng hoặc hay của tại ở trong trên dưới từ đến tới cho về theo so bằng do để vào qua khi nếu mà là thì có được bị đã đang \
     sẽ không chưa chẳng vẫn còn này đó kia nói trực thuộc thuộc diện đạt tăng giảm tham thực hiện hoàn gồm nhằm như cũng đều tiếp tục phải cần nên \
     vì bởi tuy nhưng song ngoài giữa trước sau hơn gần khoảng trở lên xuống nữa đầu cuối tức bao gồm chiếm vượt rồi lại ra đi thông sử dụng tốt sạch xanh đẹp sao \
     nhất dám biết chung rõ tự mới cũ lớn nhỏ cao thấp nhanh chậm an dương âm phẩy chia nhân cộng trừ a b c d đ e g h i k l o p r s t u v x y số tỷ tỉ lệ \
     trước mắt chủ yếu đối làm lao lên mất bắt triển khai kết nạp kiểm tra giám sát khai trừ khiển cảnh cáo cách chức xóa đưa người-ta nào ai gì khác \
     đồng thời nhờ mỗi mọi các những từng một hai ba bốn năm sáu bảy tám chín mười ấy dự trao tặng bầu mở yêu cầu đề nghị trình phê duyệt ban hành \
     quyết nêu chỉ xem xét xử lý giải tổng sáng chiều tối hằng hàng toàn riêng sang kỳ cấp khóa lần bên phía mặt tương ứng ứng vừa xong nay vậy";

struct Entry {
    keys: Vec<String>,
    kind: u8,
}

const TIME: u8 = 9;

/// The list by first key, longest first.
static UNITS: LazyLock<HashMap<String, Vec<Entry>>> = LazyLock::new(|| {
    let mut map: HashMap<String, Vec<Entry>> = HashMap::new();
    for (kind, names) in [
        (0, PARTY),
        (1, PEOPLE),
        (2, BODIES),
        (3, WORKS),
        (4, MEASURES),
        (TIME, TIMES),
    ] {
        for name in names {
            let keys = keys(name);
            if let Some(first) = keys.first() {
                map.entry(first.clone())
                    .or_default()
                    .push(Entry { keys, kind });
            }
        }
    }
    for entries in map.values_mut() {
        entries.sort_by_key(|e| std::cmp::Reverse(e.keys.len()));
    }
    map
});

static STOP_KEYS: LazyLock<std::collections::HashSet<String>> =
    LazyLock::new(|| STOPS.split_whitespace().map(key).collect());

/// The comparison keys of the words of a phrase; its commas are not looked at.
pub(super) fn keys(phrase: &str) -> Vec<String> {
    phrase
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(key)
        .collect()
}

/// Whether a key is that of `word`.
pub(super) fn same(of: &str, word: &str) -> bool {
    let (Some(&a), Some(&b)) = (of.as_bytes().first(), word.as_bytes().first()) else {
        return false;
    };
    // Most pairs differ in their first letter, which a key keeps where it is ASCII.
    (!b.is_ascii() || a == b.to_ascii_lowercase()) && key(word) == of
}

/// Whether the words from token `at` on are those of `phrase`.
pub(super) fn reads(reading: &Reading<'_>, at: usize, phrase: &str) -> bool {
    phrase
        .split(' ')
        .enumerate()
        .all(|(i, word)| same(reading.word(at + i), word))
}

/// Whether figures that leave out their thing may mean this one.
pub(super) fn is_countable(unit: &str) -> bool {
    unit != "%" && kind(unit).is_none_or(|kind| kind < 4)
}

/// How far behind in the table a unit stands: members and bodies of the Party first.
pub(super) fn weight(unit: &str) -> u8 {
    match unit {
        "%" => 4,
        "đồng" => 3,
        _ => match kind(unit) {
            Some(0) => 0,
            Some(1 | 2) => 1,
            Some(3) => 2,
            _ => 5,
        },
    }
}

fn kind(unit: &str) -> Option<u8> {
    let keys = keys(unit);
    let entries = UNITS.get(keys.first()?)?;
    entries.iter().find(|e| e.keys == keys).map(|e| e.kind)
}

/// The thing counted that begins at token `at`; `None` where none does, and for spans of time.
pub(super) fn at(reading: &Reading<'_>, at: usize) -> Option<Unit> {
    if reading.mark(at) == Some('%') {
        return Some(Unit {
            name: "%".to_owned(),
            to: at + 1,
            known: true,
            measures: true,
        });
    }
    if reads(reading, at, "phần trăm") {
        return Some(Unit {
            name: "%".to_owned(),
            to: at + 2,
            known: true,
            measures: true,
        });
    }
    if let Some((kind, to)) = listed(reading, at) {
        let to = to + usize::from(is_power(reading, to));
        return (kind != TIME).then(|| Unit {
            name: name(reading.printed(at, to)),
            to,
            known: true,
            measures: kind == 4,
        });
    }
    unlisted(reading, at)
}

/// The longest item of the list that begins at token `at`: its kind and the token behind it.
fn listed(reading: &Reading<'_>, at: usize) -> Option<(u8, usize)> {
    let entries = UNITS.get(reading.word(at))?;
    entries
        .iter()
        .find_map(|entry| Some((entry.kind, spelled(reading, at, &entry.keys)?)))
}

/// The token behind the words `keys` from token `at` on; a comma may stand between ("cán bộ, đảng viên"), and a quotation
/// mark.
fn spelled(reading: &Reading<'_>, at: usize, keys: &[String]) -> Option<usize> {
    let mut i = at;
    for (n, key) in keys.iter().enumerate() {
        if n > 0 && matches!(reading.mark(i), Some(',' | '“' | '"' | '-')) {
            i += 1;
        }
        if reading.word(i) != key {
            return None;
        }
        i += 1;
    }
    Some(i)
}

/// The 2 of "m2", the ² of "km²".
fn is_power(reading: &Reading<'_>, at: usize) -> bool {
    let glued = at.checked_sub(1).is_some_and(|i| reading.glued(i));
    glued && matches!(reading.printed(at, at + 1), "2" | "3" | "²" | "³")
}

/// Words of an unlisted thing at most.
const MOST_WORDS: usize = 3;

/// An unlisted thing: the words behind the number up to one that is no thing.
fn unlisted(reading: &Reading<'_>, at: usize) -> Option<Unit> {
    let mut to = at;
    while to < at + MOST_WORDS {
        let word = reading.word(to);
        // A name begins here, or the sentence goes on.
        if word.is_empty() || STOP_KEYS.contains(word) || reading.is_upper(to) {
            break;
        }
        to += 1;
    }
    (to > at).then(|| Unit {
        name: name(reading.printed(at, to)),
        to,
        known: false,
        measures: false,
    })
}

/// Small letters, abbreviations aside: "tổ chức Đảng" and "tổ chức đảng" are one thing.
fn name(printed: &str) -> String {
    let words = printed.split_whitespace().map(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic());
        if letters.clone().count() > 1 && letters.clone().all(char::is_uppercase) {
            word.to_owned()
        } else {
            word.to_lowercase()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text begins with a thing on the list or a scale word.
pub(super) fn begins(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(60)];
    let reading = Reading {
        text: head,
        tokens: crate::text::number::tokens(head),
        masked: Vec::new(),
    };
    crate::text::number::scale(reading.word(0)).is_some()
        || listed(&reading, 0).is_some_and(|(kind, _)| kind != TIME)
}
