//! What was done to or with the things counted, in the article's own words.

use super::{Reading, units};
use std::{collections::HashMap, sync::LazyLock};

/// Doings, longest first where one begins as another.
const ACTIONS: &str = "kiểm tra khi có dấu hiệu vi phạm|kiểm tra dấu hiệu vi phạm|kiểm tra việc chấp hành|kiểm tra tài chính|\
    kiểm tra|giám sát chuyên đề|giám sát thường xuyên|giám sát|thi hành kỷ luật|xử lý kỷ luật|\
    xem xét kỷ luật|kỷ luật|đình chỉ sinh hoạt|đình chỉ công tác|đình chỉ|khiển trách|cảnh cáo|cách chức|\
    khai trừ|xóa tên|đưa ra khỏi Đảng|giải thể|kết nạp|phát triển|bồi dưỡng|chuyển Đảng chính thức|\
    chuyển đảng chính thức|công nhận đảng viên chính thức|công nhận chính thức|công nhận|chuyển sinh hoạt|\
    miễn sinh hoạt|truy tặng|trao tặng|trao|tặng|khen thưởng|biểu dương|tuyên dương|tôn vinh|vinh danh|\
    tiếp nhận|nhận được|giải quyết|xử lý|khiếu nại|tố cáo|tiếp dân|tiếp công dân|đối thoại|điều động|\
    luân chuyển|bổ nhiệm lại|bổ nhiệm|giới thiệu ứng cử|miễn nhiệm|phân công|chỉ định|chuẩn y|quy hoạch|\
    đào tạo|tập huấn|quán triệt|học tập|triển khai|tuyên truyền|mở|tổ chức|thành lập|sáp nhập|hợp nhất|\
    sắp xếp|tinh giản|tinh gọn|cắt giảm|giảm|tăng|xây dựng|nhân rộng|duy trì|đăng ký|hoàn thành|vượt|đạt|\
    chiếm|ban hành|tham mưu|phản biện|tham gia|tham dự|dự|triệu tập|đại diện|bầu|góp ý|đóng góp|ủng hộ|\
    vận động|quyên góp|huy động|hỗ trợ|giải ngân|thu hồi|nộp|khởi tố|điều tra|truy tố|xét xử|thanh tra|\
    phát hiện|kiến nghị|đánh giá|xếp loại|kiểm điểm|lấy phiếu tín nhiệm|thăm hỏi|thăm|chúc Tết|khởi công|\
    khánh thành|bàn giao|xóa|hiến|sửa chữa|xây mới|kéo giảm|quản lý|tiếp xúc|tư vấn|chuyển đổi|số hóa|\
    cập nhật|cài đặt|phát hành|trình bày|thông qua|đề ra|phấn đấu|thực hiện";
/// In front of a doing these make it a name or a field of work: "Ủy ban Kiểm tra", "công tác giám sát".
const NOT_DOINGS: [&str; 14] = [
    "ban", "ubkt", "công", "tác", "tổ", "đoàn", "nhiệm", "cuộc", "đợt", "kế", "hoạch", "ngành",
    "chương", "trình",
];
/// Doings of any kind of work: they reach no further than the next comma.
const LOOSE: [&str; 8] = [
    "thực hiện",
    "triển khai",
    "xây dựng",
    "tổ chức",
    "mở",
    "dự",
    "tham gia",
    "phát triển",
];
/// Words that only begin like a doing.
const COMPOUNDS: [&str; 16] = [
    "dự án",
    "dự kiến",
    "dự thảo",
    "dự toán",
    "dự báo",
    "dự bị",
    "trao đổi",
    "mở rộng",
    "mở đầu",
    "bầu cử",
    "thăm dò",
    "tăng cường",
    "giảm nghèo",
    "đạt được",
    "tổ chức xã hội",
    "phát triển kinh tế",
];
/// How far in front a doing may stand, in tokens.
const REACH: usize = 40;
/// How far behind: "245 tổ chức đảng được kiểm tra".
const BEHIND: usize = 5;

struct Action {
    keys: Vec<String>,
}

/// Doings by their first key, longest first.
static BY_FIRST: LazyLock<HashMap<String, Vec<Action>>> = LazyLock::new(|| {
    let mut map: HashMap<String, Vec<Action>> = HashMap::new();
    for action in ACTIONS.split('|') {
        let keys = units::keys(action);
        if let Some(first) = keys.first() {
            map.entry(first.clone()).or_default().push(Action { keys });
        }
    }
    for actions in map.values_mut() {
        actions.sort_by_key(|a| std::cmp::Reverse(a.keys.len()));
    }
    map
});

/// The doing that the amount at tokens `first..to` is told of: one said of it in the passive behind it, else the nearest
/// in front of it within its part of the sentence.
pub(super) fn of(reading: &Reading<'_>, first: usize, to: usize) -> Option<String> {
    passive(reading, to).or_else(|| in_front(reading, first))
}

fn passive(reading: &Reading<'_>, to: usize) -> Option<String> {
    let given = (to..to + BEHIND).find(|&i| {
        let word = reading.word(i);
        ["được", "bị"].iter().any(|w| units::same(word, w))
    })?;
    let clear = (to..given).all(|i| !reading.word(i).is_empty());
    if !clear {
        return None;
    }
    (given + 1..given + 4)
        .find_map(|i| action_at(reading, i))
        .map(|(from, to)| reading.printed(from, to).to_owned())
}

fn in_front(reading: &Reading<'_>, first: usize) -> Option<String> {
    let mut at = first;
    while at > 0 && first - at < REACH {
        at -= 1;
        if matches!(reading.mark(at), Some(';')) {
            return None;
        }
        let Some((from, to)) = action_at(reading, at) else {
            continue;
        };
        let loose = LOOSE.iter().any(|doing| units::reads(reading, from, doing));
        if loose && (to..first).any(|i| reading.mark(i) == Some(',')) {
            continue;
        }
        if to <= first && is_doing(reading, from) {
            // "thi hành kỷ luật": the longer doing may begin further in front.
            let longest = (from.saturating_sub(4)..from)
                .filter_map(|i| action_at(reading, i))
                .find(|&(_, end)| end == to)
                .filter(|&(start, _)| is_doing(reading, start))
                .unwrap_or((from, to));
            return Some(reading.printed(longest.0, longest.1).to_owned());
        }
    }
    None
}

fn action_at(reading: &Reading<'_>, at: usize) -> Option<(usize, usize)> {
    let actions = BY_FIRST.get(reading.word(at))?;
    let fits = |action: &&Action| {
        action
            .keys
            .iter()
            .enumerate()
            .all(|(i, key)| reading.word(at + i) == key)
    };
    actions
        .iter()
        .find(fits)
        .map(|action| (at, at + action.keys.len()))
}

fn is_doing(reading: &Reading<'_>, at: usize) -> bool {
    let head = reading.word_before(at, 1);
    let named = at > 0 && reading.is_upper(at) && reading.mark(at - 1).is_none();
    // "tổ chức" the body, not the doing: "245 tổ chức đảng", "các tổ chức đảng".
    let body = units::reads(reading, at, "tổ chức")
        && ["đảng", "cơ", "chính"]
            .iter()
            .any(|w| units::same(reading.word(at + 2), w));
    let compound = COMPOUNDS.iter().any(|pair| units::reads(reading, at, pair));
    !named && !body && !compound && !NOT_DOINGS.iter().any(|w| units::same(head, w))
}
