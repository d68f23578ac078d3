use super::*;
use crate::model::Ingest;

const REPORT: &str = "Sáng 12/11, Ban Thường vụ Tỉnh ủy tổ chức hội nghị sơ kết ba năm thực hiện nghị quyết về nâng cao \
    chất lượng sinh hoạt chi bộ. Đến nay toàn tỉnh có 1.284 chi bộ thực hiện sinh hoạt chuyên đề mỗi quý, tăng 312 \
    chi bộ so với năm trước. Các đại biểu đã thảo luận về cách làm hay ở cơ sở và những việc còn chậm. Kết luận hội \
    nghị, đồng chí Bí thư Tỉnh ủy yêu cầu cấp ủy các cấp bám sát cơ sở, nói đi đôi với làm, không chạy theo hình thức.";

fn group_of(texts: &[(&str, &str)]) -> Vec<usize> {
    group(
        &texts
            .iter()
            .map(|(sapo, body)| NearText::new(sapo, body))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_reprint_with_other_spelling_and_a_cut_is_a_copy() {
    use unicode_normalization::UnicodeNormalization;
    let cut: String = REPORT[..REPORT.find("Các đại biểu").unwrap()]
        .nfd()
        .collect();
    assert_eq!(
        group_of(&[("", REPORT), ("(TTXVN) - Tin trong tỉnh", &cut)]),
        [0, 0]
    );
}

#[test]
fn the_same_words_with_other_figures_are_another_report() {
    let other = REPORT
        .replace("1.284", "967")
        .replace("312", "45")
        .replace("12/11", "13/11");
    assert_eq!(group_of(&[("", REPORT), ("", &other)]), [0, 1]);
}

#[test]
fn the_same_words_with_other_names_or_dates_are_another_report() {
    let form = |place: &str, who: &str, date: &str| {
        format!(
            "Ngày {date}, tại xã {place}, Đảng ủy tổ chức lớp bồi dưỡng cho cấp ủy viên chi bộ thôn, do đồng chí {who} trực tiếp \
             đứng lớp. Học viên xã {place} nghe ba chuyên đề về nghiệp vụ và trao đổi với báo cáo viên {who} về cách ghi sổ."
        )
    };
    let one = form("Bến Mới", "Trần Hải", "21/10");
    let again = form("Bến Mới", "Trần Hải", "21-10");
    let moved = form("Bến Mới", "Trần Hải", "28-10");
    let other = form("Chợ Cũ", "Lê Sơn", "21/10");
    assert_eq!(
        group_of(&[("", &one), ("", &again), ("", &other)]),
        [0, 0, 2]
    );
    assert_eq!(group_of(&[("", &one), ("", &moved)]), [0, 1]);
}

#[test]
fn a_follow_up_that_quotes_the_first_report_is_none_of_its_copies() {
    let news = "Hôm nay đoàn giám sát của Tỉnh ủy công bố kết luận đối với ba đảng ủy xã chậm sơ kết. Kết luận nêu rõ trách nhiệm \
        của từng tập thể, thời hạn khắc phục và cách theo dõi. Đảng ủy các xã nhận khuyết điểm, hứa sửa ngay trong tháng, có \
        phân công từng cấp ủy viên xuống dự sinh hoạt với chi bộ yếu. Trước đó, báo đã đưa tin về hội nghị.";
    let follow_up = format!("{news} {REPORT}");
    assert_eq!(group_of(&[("", REPORT), ("", &follow_up)]), [0, 1]);
}

#[test]
fn one_shared_sentence_does_not_make_a_copy() {
    let sapo = "Các đại biểu đã thảo luận về cách làm hay ở cơ sở và những việc còn chậm.";
    assert_eq!(group_of(&[("", REPORT), (sapo, "")]), [0, 1]);
    assert_eq!(
        group_of(&[(sapo, ""), (sapo, "")]),
        [0, 0],
        "two feeds with the same sapo alone"
    );
    assert_eq!(
        group_of(&[("", ""), ("", "")]),
        [0, 1],
        "titles alone never merge"
    );
}

fn article(id: i64, source: &str, body: &str) -> Article {
    Article {
        id: ArticleId(id),
        source: source.into(),
        url: format!("https://{source}.example/{id}"),
        title: "Sơ kết ba năm".into(),
        first_title: None,
        sapo: None,
        body: Some(body.into()),
        author: None,
        section: None,
        published: None,
        seen: jiff::Timestamp::UNIX_EPOCH,
        ingest: Ingest(id),
        backfill: false,
        verdict: None,
    }
}

#[test]
fn the_lead_copy_is_of_the_highest_paper_then_the_fullest_then_the_earliest() {
    let cut = &REPORT[..REPORT.find("Kết luận").unwrap()];
    let articles = [
        article(1, "huyen", REPORT),
        article(2, "tinh", cut),
        article(3, "tinh", REPORT),
        article(4, "tinh", REPORT),
    ];
    let rank = |source: &SourceKey| if source.as_str() == "tinh" { 10 } else { 20 };
    assert_eq!(copies(&articles, rank), [[3, 4, 2, 1].map(ArticleId)]);
}

#[test]
fn what_an_earlier_edition_had_is_a_reprint_of_the_first_that_had_it() {
    let cut = &REPORT[..REPORT.find("Kết luận").unwrap()];
    let known =
        |of: i64, id: i64, number: u32| (ArticleId(of), article(id, "tinh", REPORT), number);
    let known = [known(3, 1, 288), known(3, 2, 287), known(4, 2, 287)];
    let fresh = REPORT.replace("1.284", "967").replace("312", "45");
    let articles = [article(3, "xa", cut), article(4, "xa", &fresh)];
    let copies = [[3, 5].map(ArticleId).to_vec(), vec![ArticleId(4)]];
    assert_eq!(
        reprints(&copies, &articles, &known),
        BTreeMap::from([(ArticleId(3), 287), (ArticleId(5), 287)])
    );
    assert!(reprints(&copies, &articles, &[]).is_empty());
}

proptest::proptest! {
    #[test]
    fn order_does_not_matter(seed in 0usize..720) {
        let variants = [
            REPORT.to_owned(),
            REPORT[..REPORT.find("Kết luận").unwrap()].to_owned(),
            REPORT.replace("1.284", "967").replace("312", "45"),
            "Đảng ủy xã phát động thi đua nước rút trong hai tháng cuối năm với 14 chỉ tiêu được giao cho từng chi bộ.".to_owned(),
            REPORT[REPORT.find("Các đại biểu").unwrap()..].to_owned(),
            "Đảng ủy xã phát động thi đua nước rút trong hai tháng cuối năm với 14 chỉ tiêu được giao cho từng chi bộ thôn.".to_owned(),
        ];
        let straight = group_of(&variants.each_ref().map(|v| ("", v.as_str())));
        let mut left: Vec<usize> = (0..6).collect();
        let mut seed = seed;
        let order: Vec<usize> = (1..=6).rev().map(|n| { let at = seed % n; seed /= n; left.remove(at) }).collect();
        let mixed = group_of(&order.iter().map(|&i| ("", variants[i].as_str())).collect::<Vec<_>>());
        for (a, &i) in order.iter().enumerate() {
            for (b, &j) in order.iter().enumerate() {
                proptest::prop_assert_eq!(mixed[a] == mixed[b], straight[i] == straight[j]);
            }
        }
    }
}
