//! Invented reports of the kind that offices write every week.

use super::*;
use crate::{config::Places, model::Ingest};
use proptest::prelude::*;

/// Title, lead, text. Equal numbers tell of one event.
const REPORTS: [(u8, &str, &str, &str); 9] = [
    (
        1,
        "Tỉnh ủy Sông Trà trao Huy hiệu Đảng cho 214 đảng viên",
        "Sáng 12/11, Tỉnh ủy Sông Trà tổ chức lễ trao Huy hiệu Đảng đợt 7/11 cho các đảng viên cao tuổi Đảng.",
        "Dự lễ có đồng chí Lê Hoài Nam, Bí thư Tỉnh ủy. Có 214 đảng viên nhận huy hiệu đợt này, trong đó cụ Phạm Thị Sửu, \
         chi bộ khóm 4, được trao Huy hiệu 80 năm tuổi Đảng. Thay mặt Ban Thường vụ, đồng chí Lê Hoài Nam mong các đảng viên \
         lão thành tiếp tục nêu gương, giáo dục con cháu và góp ý xây dựng chi bộ nơi cư trú.",
    ),
    (
        1,
        "Cụ bà 80 năm tuổi Đảng nhận huy hiệu tại Sông Trà",
        "Cụ Phạm Thị Sửu ở khóm 4 là một trong 214 đảng viên được Tỉnh ủy Sông Trà trao Huy hiệu Đảng đợt này.",
        "Tại buổi lễ sáng 12/11, Bí thư Tỉnh ủy Lê Hoài Nam gắn huy hiệu cho cụ Sửu và chúc cụ mạnh khỏe. Cụ kể những năm làm \
         giao liên, rồi hai mươi năm dạy học ở khóm. Con cháu cụ nay có sáu người là đảng viên.",
    ),
    (
        2,
        "Đại hội Chi bộ thôn Đồi Mây, xã Bến Mới nhiệm kỳ 2025 - 2027",
        "Chiều 12/11, Đảng ủy xã Bến Mới chỉ đạo tổ chức đại hội điểm tại Chi bộ thôn Đồi Mây.",
        "Đại hội thảo luận báo cáo chính trị, kiểm điểm nhiệm kỳ qua, bầu chi ủy gồm ba đồng chí và nêu chỉ tiêu kết nạp \
         hai đảng viên mỗi năm. Đại hội yêu cầu chi ủy mới giữ nền nếp sinh hoạt định kỳ, nâng chất lượng ra nghị quyết.",
    ),
    (
        3,
        "Đại hội Chi bộ thôn Cồn Dừa, xã Chợ Cũ nhiệm kỳ 2025 - 2027",
        "Chiều 12/11, Đảng ủy xã Chợ Cũ chỉ đạo tổ chức đại hội điểm tại Chi bộ thôn Cồn Dừa.",
        "Đại hội thảo luận báo cáo chính trị, kiểm điểm nhiệm kỳ qua, bầu chi ủy gồm ba đồng chí và nêu chỉ tiêu kết nạp \
         một đảng viên mỗi năm. Đại hội yêu cầu chi ủy mới giữ nền nếp sinh hoạt định kỳ, nâng chất lượng ra nghị quyết.",
    ),
    (
        4,
        "Khai mạc Hội nghị Ban Chấp hành Đảng bộ tỉnh Sông Trà lần thứ 5",
        "Hội nghị lần thứ 5 bàn kế hoạch kinh tế năm tới và công tác cán bộ sau sắp xếp.",
        "Phát biểu khai mạc, đồng chí Bí thư đề nghị các đại biểu thẳng thắn nhìn vào việc chậm, nhất là giải ngân và đất đai.",
    ),
    (
        5,
        "Khai mạc Hội nghị Ban Chấp hành Đảng bộ tỉnh Sông Trà lần thứ 6",
        "Hội nghị lần thứ 6 cho ý kiến về quy hoạch cán bộ và tổng kết nghị quyết giữa nhiệm kỳ.",
        "Phát biểu khai mạc, đồng chí Bí thư đề nghị các đại biểu tập trung vào ba việc, trước hết là quy hoạch.",
    ),
    (
        6,
        "Công bố quyết định kiểm tra việc thực hiện Nghị quyết 21-NQ/TW tại Đảng bộ thành phố Bãi Nồm",
        "Đoàn kiểm tra số 3 làm việc với Ban Thường vụ Thành ủy Bãi Nồm trong 25 ngày.",
        "Đoàn yêu cầu đơn vị được kiểm tra báo cáo bằng văn bản trước ngày 20/11 và cử đầu mối làm việc.",
    ),
    (
        6,
        "Đoàn kiểm tra số 3 làm việc tại Bãi Nồm về Nghị quyết 21-NQ/TW",
        "Ban Thường vụ Thành ủy Bãi Nồm tiếp đoàn kiểm tra số 3 sáng 12/11; thời gian kiểm tra 25 ngày.",
        "Trưởng đoàn đề nghị Thành ủy gửi báo cáo trước ngày 20/11 và cử đầu mối phối hợp với đoàn.",
    ),
    (
        7,
        "Lũ trên sông Trà vượt báo động ba, di dời 400 hộ dân",
        "Mực nước tại trạm Cầu Ván đạt 6,2 m lúc 4 giờ sáng.",
        "Bộ đội và công an đưa người già, trẻ em ra khỏi vùng trũng trong đêm; trường học đóng cửa hai ngày.",
    ),
];

pub(super) fn gazetteer() -> Gazetteer {
    Gazetteer::new(&Places::builtin())
}

fn prepared() -> Vec<StoryText> {
    let places = gazetteer();
    REPORTS
        .iter()
        .map(|(_, title, lead, text)| StoryText::new(title, lead, text, &places, None))
        .collect()
}

/// The grouping of articles alone, without a desk's own usage.
fn cluster(articles: &[StoryText]) -> Vec<usize> {
    super::cluster(articles, &Usage::default())
}

/// Two headlines and nothing under them.
fn same_headlines(a: &str, b: &str) -> bool {
    let bare = |title| StoryText::new(title, "", "", &gazetteer(), None);
    let found = cluster(&[bare(a), bare(b)]);
    found[0] == found[1]
}

#[test]
fn one_event_in_two_papers_is_one_story_and_the_neighbours_is_another() {
    let found = cluster(&prepared());
    for (i, a) in REPORTS.iter().enumerate() {
        for (j, b) in REPORTS.iter().enumerate() {
            let same = found[i] == found[j];
            assert_eq!(same, a.0 == b.0, "{} | {}", a.1, b.1);
        }
    }
}

#[test]
fn two_articles_alone_are_judged_like_many() {
    let all = prepared();
    let two = |i: usize, j: usize| cluster(&[all[i].clone(), all[j].clone()]);
    assert_eq!(two(0, 1), [0, 0]);
    assert_eq!(two(2, 3), [0, 1]);
    assert_eq!(two(0, 8), [0, 1]);
}

#[test]
fn headlines_alone_say_the_same_in_other_spellings_and_orders() {
    let long = "Đảng ủy xã Bến Mới kết nạp 12 đảng viên trong công nhân may";
    for other in [
        "ĐẢNG UỶ XÃ BẾN MỚI KẾT NẠP 12 ĐẢNG VIÊN TRONG CÔNG NHÂN MAY",
        "Xã Bến Mới: Đảng ủy kết nạp 12 đảng viên trong công nhân may",
        "Đảng ủy xã Bến Mới kết nạp 12 đảng viên trong công nhân…",
        "Đảng ủy xã Bến Mới kết nạp 12 đảng viên trong công nhân may - Báo Sông Trà",
    ] {
        assert!(same_headlines(long, other), "{other}");
    }
    assert!(same_headlines(
        "Ban Thường vụ T.Ư làm việc với UBND TP Bãi Nồm về đất đai",
        "Ban Thường vụ Trung ương làm việc với Ủy ban nhân dân thành phố Bãi Nồm về đất đai"
    ));
}

#[test]
fn headlines_of_one_form_are_different_events() {
    let long = "Đảng ủy xã Bến Mới kết nạp 12 đảng viên trong công nhân may";
    for other in [
        "Đảng ủy xã Chợ Cũ kết nạp 12 đảng viên trong công nhân may",
        "Đảng ủy xã Bến Mới kết nạp 15 đảng viên trong công nhân may",
        "Đảng ủy xã Bến Cũ kết nạp 12 đảng viên trong công nhân may",
    ] {
        assert!(!same_headlines(long, other), "{other}");
    }
    let column = "Điểm báo sáng về công tác xây dựng Đảng";
    assert!(!same_headlines(column, column));
    assert!(!same_headlines("Tin xây dựng Đảng", "Tin xây dựng Đảng"));
    assert!(!same_headlines("", ""));
}

#[test]
fn copies_go_with_their_story_and_the_higher_paper_first() {
    let article = |i: usize, source: &str| Article {
        id: ArticleId(i as i64),
        source: source.into(),
        url: format!("https://{source}.example/{i}"),
        title: REPORTS[i].1.into(),
        first_title: None,
        sapo: Some(REPORTS[i].2.into()),
        body: Some(REPORTS[i].3.into()),
        author: None,
        section: None,
        published: None,
        seen: jiff::Timestamp::UNIX_EPOCH,
        ingest: Ingest(i as i64),
        backfill: false,
        verdict: None,
    };
    let articles = [article(0, "huyen"), article(1, "tinh"), article(8, "tinh")];
    let copies = vec![
        vec![ArticleId(0), ArticleId(77)],
        vec![ArticleId(1)],
        vec![ArticleId(8)],
    ];
    let rank = |source: &SourceKey| if source.as_str() == "tinh" { 10 } else { 20 };
    let desk = Desk {
        gazetteer: &gazetteer(),
        usage: &Usage::default(),
        home: &|_| None,
        rank: &rank,
    };
    let earlier = [
        (article(1, "xa"), 285),
        (article(1, "tinh"), 286),
        (article(2, "tinh"), 287),
    ];
    let story = |copies, continues| Story { copies, continues };
    assert_eq!(
        stories(&articles, copies, &earlier, &desk),
        [
            story(
                vec![vec![ArticleId(1)], vec![ArticleId(0), ArticleId(77)]],
                Some(1)
            ),
            story(vec![vec![ArticleId(8)]], None),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_arrival_does_not_matter(order in Just((0..REPORTS.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let all = prepared();
        let straight = cluster(&all);
        let mixed = cluster(&order.iter().map(|&i| all[i].clone()).collect::<Vec<_>>());
        for (a, &i) in order.iter().enumerate() {
            for (b, &j) in order.iter().enumerate() {
                prop_assert_eq!(mixed[a] == mixed[b], straight[i] == straight[j]);
            }
        }
    }

    #[test]
    fn never_panics(texts in proptest::collection::vec(("\\PC{0,60}", "\\PC{0,80}"), 0..6)) {
        let places = gazetteer();
        let texts: Vec<_> = texts.iter().map(|(title, lead)| StoryText::new(title, lead, lead, &places, None)).collect();
        prop_assert_eq!(cluster(&texts).len(), texts.len());
    }
}
