//! Persons: a surname with one to four more capitals, held to be a person by a title, a position or its length; and the
//! positions in front of the name or behind it.

use super::{
    Found, NameKind,
    places::Named,
    plain,
    words::{Gap, Keys, Word, keys, phrase, printed, reads},
};
use std::sync::LazyLock;

/// Surnames of the country's peoples, as names begin with them.
static SURNAMES: LazyLock<Keys> = LazyLock::new(|| {
    keys(
        "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh đoàn trịnh mai tô lương lâm trương cao hà thạch \
         danh kim sơn chu châu thái tạ phùng quách vương tăng hứa la lại doãn đào đàm đồng giang giáp kiều khổng khuất lưu lường ma mã \
         mạc nghiêm nông ninh phí phương quang tống thân thiều tôn triệu trà tiêu từ văn vi viên giàng lò quàng cầm hầu sùng thào \
         vàng lầu tòng điểu siu ksor rơ rmah nay ayun hờ bá cà lù tẩn chẻo hạng thèn lèo bạch cù hán khúc cấn chế diệp hàn \
         kha lục mạnh mùa nguỵ nhan nhâm nhữ ong phó thang tiết trang tường ung y k",
    )
});
/// Surnames that are common words too: only behind a title or a position.
static DOUBTFUL: LazyLock<Keys> = LazyLock::new(|| {
    keys(
        "sơn danh kim đồng giang ninh phương quang văn vi viên mùa hạng cà bá nay phó thang trang tường y k mạnh hà cao mai vàng đoàn thái từ chế kha hàn bạch từ châu thân",
    )
});
/// Never persons in news of today, or part of a body's name.
const NOT_PERSONS: [&str; 8] = [
    "Hồ Chí Minh",
    "Lê Duẩn",
    "Võ Văn Kiệt",
    "Tôn Đức Thắng",
    "Lý Tự Trọng",
    "Trần Phú",
    "Lê Nin",
    "Hà Nội",
];
/// Before a name: a street, a school, a ward, an award of that name.
static NAMED_AFTER: LazyLock<Keys> = LazyLock::new(|| {
    keys(
        "đường phố trường xã phường huyện quận tỉnh thôn ấp khóm bản công hầm cầu hồ giải quỹ viện tàu khu nhà tượng đài đền",
    )
});
/// Titles right before a name.
const TITLES: [&str; 22] = [
    "ông",
    "bà",
    "đồng chí",
    "anh",
    "chị",
    "thầy",
    "cô",
    "bác sĩ",
    "thạc sĩ",
    "tiến sĩ",
    "đại tá",
    "thượng tá",
    "trung tá",
    "thiếu tá",
    "thiếu tướng",
    "trung tướng",
    "thượng tướng",
    "đại tướng",
    "đảng viên",
    "nghệ nhân",
    "luật sư",
    "kỹ sư",
];
/// Heads of positions.
const POSITIONS: [&str; 52] = [
    "Tổng Bí thư",
    "Chủ tịch nước",
    "Phó Chủ tịch nước",
    "Thủ tướng",
    "Phó Thủ tướng",
    "Chủ tịch Quốc hội",
    "Ủy viên Bộ Chính trị",
    "Ủy viên Ban Chấp hành",
    "Ủy viên Trung ương",
    "Ủy viên Ban Thường vụ",
    "Ủy viên dự khuyết",
    "nguyên Ủy viên",
    "Ủy viên",
    "Bí thư",
    "Phó Bí thư",
    "Chủ tịch",
    "Phó Chủ tịch",
    "Bộ trưởng",
    "Thứ trưởng",
    "Trưởng ban",
    "Trưởng Ban",
    "Phó Trưởng ban",
    "Phó Trưởng Ban",
    "Phó ban",
    "Trưởng Đoàn",
    "Phó Trưởng Đoàn",
    "Trưởng đoàn",
    "Phó Trưởng đoàn",
    "Chủ nhiệm",
    "Phó Chủ nhiệm",
    "Giám đốc",
    "Phó Giám đốc",
    "Tổng Giám đốc",
    "Chánh Văn phòng",
    "Phó Chánh Văn phòng",
    "Chánh án",
    "Viện trưởng",
    "Chỉ huy trưởng",
    "Chính ủy",
    "Phó Chính ủy",
    "Tư lệnh",
    "Tổng Biên tập",
    "Hiệu trưởng",
    "Phó Hiệu trưởng",
    "Trưởng phòng",
    "Phó Trưởng phòng",
    "Cục trưởng",
    "Vụ trưởng",
    "Tổ trưởng",
    "Trưởng thôn",
    "Đại biểu Quốc hội",
    "Tỉnh ủy viên",
];
/// Words that end a position behind a name: what the person does.
static DOINGS: LazyLock<Keys> = LazyLock::new(|| {
    keys(
        "cho phát nhấn chủ dự đã đến tới kết yêu trao và cùng tham làm khẳng chia đánh ghi đề biểu được bị sẽ đang nêu thông trình \
         ký tiếp thăm tặng chúc điều cũng nói kêu chỉ phê đồng là với khi tại gửi mong bày vừa đọc báo khai quán có cảm cung lãnh",
    )
});
/// Words of one position at most.
const MAX_POSITION: usize = 18;
/// Positions of one person that are read together.
const MAX_SEGMENTS: usize = 5;
/// Syllables of a person's name.
const MAX_NAME: usize = 5;

struct Tables {
    titles: Vec<Vec<String>>,
    positions: Vec<Vec<String>>,
    not: Vec<String>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let phrases = |list: &[&str]| list.iter().map(|text| phrase(text)).collect::<Vec<_>>();
    Tables {
        titles: phrases(&TITLES),
        positions: phrases(&POSITIONS),
        not: NOT_PERSONS.iter().map(|name| plain(name)).collect(),
    }
});

/// Whether a whole name may begin here: a surname and another capital.
pub(super) fn starts_with_surname(words: &[Word]) -> bool {
    let (Some(first), Some(second)) = (words.first(), words.get(1)) else {
        return false;
    };
    first.capital
        && SURNAMES.contains(&first.key)
        && !first.shouted
        && second.capital
        && second.before == Gap::Blank
        && !second.shouted
}

pub(super) fn find(text: &str, words: &[Word], places: &[Named], found: &mut Found) {
    let mut at = 0;
    while at < words.len() {
        let Some((end, position)) = person_at(text, words, at, places) else {
            // What follows a surname that begins no person begins none either.
            let in_place = places.iter().any(|p| p.from <= at && at < p.to);
            at += if in_place { 1 } else { run_length(words, at) };
            continue;
        };
        let shown = printed(text, words, at, end);
        found.add(NameKind::Person, plain(shown), shown, position);
        at = end;
    }
}

/// Behind the person that begins at word `at`, and the positions.
fn person_at<'t>(
    text: &'t str,
    words: &[Word],
    at: usize,
    places: &[Named],
) -> Option<(usize, Option<&'t str>)> {
    if !starts_with_surname(&words[at..]) || places.iter().any(|p| p.from <= at && at < p.to) {
        return None;
    }
    let run = run_length(words, at);
    let before = position_before(words, at);
    let titled = has_title(words, at);
    let behind = position_behind(words, at + run);
    let known = titled || before.is_some() || behind.is_some();
    // "Đắk Lắk Nguyễn Đình Trung": inside a run of capitals a person begins only behind a position.
    let inside = at > 0
        && words[at].before == Gap::Blank
        && words[at - 1].capital
        && before.is_none()
        && !titled;
    let named_after =
        at > 0 && words[at].before == Gap::Blank && NAMED_AFTER.contains(&words[at - 1].key);
    let short = run < 3 || DOUBTFUL.contains(&words[at].key);
    let after_something = named_after && (before.is_none() || run < 3);
    if run > MAX_NAME || inside || after_something || (short && !known) {
        return None;
    }
    let name = plain(printed(text, words, at, at + run));
    if TABLES.not.contains(&name) {
        return None;
    }
    let before = before.map(|from| printed(text, words, from, at).trim_end_matches([' ', ',']));
    let before = before.map(without_title);
    let behind = behind.map(|to| printed(text, words, at + run, to));
    Some((at + run, before.or(behind)))
}

/// Capitals from `at` on, if a surname stands there; else 1.
fn run_length(words: &[Word], at: usize) -> usize {
    if !starts_with_surname(&words[at..]) {
        return 1;
    }
    let more = words[at + 1..].iter();
    1 + more
        .take_while(|w| w.capital && !w.shouted && w.before == Gap::Blank)
        .count()
}

/// "Bí thư Tỉnh ủy, đồng chí" → "Bí thư Tỉnh ủy".
fn without_title(said: &str) -> &str {
    let mut said = said;
    for title in TITLES {
        let cut = said
            .strip_suffix(title)
            .map(|rest| rest.trim_end_matches([' ', ',', '-', '–']));
        said = cut.unwrap_or(said);
    }
    said
}

fn has_title(words: &[Word], at: usize) -> bool {
    TABLES.titles.iter().any(|title| {
        at.checked_sub(title.len())
            .is_some_and(|from| reads(words, from, title) && words[at].before == Gap::Blank)
    })
}

/// The first word of the positions that lead up to the name at `at`: segments between commas, each from its head on; the
/// farthest one that only positions lie behind.
fn position_before(words: &[Word], at: usize) -> Option<usize> {
    if matches!(words[at].before, Gap::Stop | Gap::Comma) {
        return None;
    }
    // ", đồng chí Lê Văn Nưng": the title stands between.
    let title = TABLES.titles.iter().find_map(|title| {
        let start = at.checked_sub(title.len())?;
        reads(words, start, title).then_some(start)
    });
    let mut end = title.filter(|&start| start > 0).unwrap_or(at);
    let mut from = None;
    for _ in 0..MAX_SEGMENTS {
        let begin = segment_begin(words, end)?;
        let Some(head) = (begin..end).find(|&i| is_head(words, i)) else {
            break;
        };
        from = Some(head);
        // Something else stands before the head, or nothing before the segment.
        if head > begin || begin == 0 || words[begin].before == Gap::Stop {
            break;
        }
        end = begin;
    }
    from
}

/// Where the segment that ends before `end` begins: at a comma, a dash or a sentence; `None` if it is too long.
fn segment_begin(words: &[Word], end: usize) -> Option<usize> {
    let least = end.saturating_sub(MAX_POSITION);
    let begin = (least..end)
        .rev()
        .find(|&i| i == 0 || words[i].before != Gap::Blank);
    // Too far: the head must stand within reach all the same.
    begin.or((end > least).then_some(least))
}

fn is_head(words: &[Word], at: usize) -> bool {
    let heads = TABLES
        .positions
        .iter()
        .filter(|head| head[0] == words[at].key);
    // "phó chủ tịch" in small letters too, a single word only with its capital.
    heads
        .filter(|head| words[at].capital || head.len() > 1)
        .any(|head| reads(words, at, head))
}

/// Behind the last word of the positions that follow the name: ", Phó Bí thư Thường trực Tỉnh ủy, Chủ tịch HĐND tỉnh".
fn position_behind(words: &[Word], at: usize) -> Option<usize> {
    let mut end = None;
    let mut begin = at;
    for _ in 0..MAX_SEGMENTS {
        let follows = words
            .get(begin)
            .is_some_and(|w| matches!(w.before, Gap::Comma | Gap::Dash));
        if !follows || !is_head(words, begin) {
            break;
        }
        let length = words[begin + 1..]
            .iter()
            .take(MAX_POSITION)
            .take_while(|w| w.before == Gap::Blank && (w.capital || !DOINGS.contains(&w.key)))
            .count();
        end = Some(begin + 1 + length);
        begin += 1 + length;
    }
    end
}
