use super::*;

/// Our own sentences with the figures they give: those the rules were made with, and those written afterwards to judge
/// them.
const CORPORA: [(&str, &str, usize); 3] = [
    (
        "made with",
        include_str!("../../../tests/corpus/figures.tsv"),
        150,
    ),
    (
        "judged by",
        include_str!("../../../tests/corpus/figures_judge.tsv"),
        75,
    ),
    (
        "judged by in autumn",
        include_str!("../../../tests/corpus/figures_2026.tsv"),
        40,
    ),
];

fn brief(figures: &[Figure]) -> Vec<(f64, &str, Option<&str>)> {
    let one = |f| {
        let Figure {
            value,
            unit,
            subject,
            ..
        }: &Figure = f;
        (*value, unit.as_str(), subject.as_deref())
    };
    figures.iter().map(one).collect()
}

/// A figure by its value and the first word of its unit.
fn head(value: &str, unit: &str) -> (u64, String) {
    let value: f64 = value.parse().unwrap();
    (
        value.to_bits(),
        unit.split(' ').next().unwrap_or("").to_owned(),
    )
}

#[test]
fn figures_of_the_corpora_are_found_and_nothing_else() {
    for (name, corpus, least) in CORPORA {
        let rows: Vec<_> = corpus
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let (mut right, mut found, mut wanted) = (0_u32, 0_u32, 0_u32);
        let mut wrong = Vec::new();
        for row in &rows {
            let (sentence, expected) = row.split_once('\t').unwrap();
            let expected: Vec<_> = expected
                .split(" | ")
                .filter_map(|figure| figure.split_once(' '))
                .map(|(value, unit)| head(value, unit))
                .collect();
            let got = figures("", "", sentence);
            let got: Vec<_> = got
                .iter()
                .map(|f| head(&f.value.to_string(), &f.unit))
                .collect();
            let hits = got.iter().filter(|f| expected.contains(f)).count();
            if hits != got.len() || hits != expected.len() {
                wrong.push(sentence);
            }
            right += hits as u32;
            found += got.len() as u32;
            wanted += expected.len() as u32;
        }
        assert!(rows.len() >= least, "{name}: {} sentences", rows.len());
        let precision = f64::from(right) / f64::from(found);
        let recall = f64::from(right) / f64::from(wanted);
        println!(
            "figures, {name} {} sentences: precision {precision:.3}, recall {recall:.3}",
            rows.len()
        );
        assert!(
            precision >= 0.98 && recall >= 0.95,
            "{name}: precision {precision:.3}, recall {recall:.3}: {wrong:#?}"
        );
    }
}

#[test]
fn papers_that_count_one_thing_differently_are_set_side_by_side() {
    let of = |text: &str| figures("", "", text);
    let articles = [
        of(
            "Chín tháng qua, cấp ủy các cấp trong tỉnh kiểm tra 245 tổ chức đảng và kết nạp 1.204 đảng viên.",
        ),
        of(
            "Trong chín tháng, cấp ủy các cấp trong tỉnh đã kiểm tra 254 tổ chức đảng, kết nạp hơn 1.200 đảng viên.",
        ),
        of("Riêng tháng Chín, xã Bến Mới kiểm tra 3 tổ chức đảng."),
    ];
    let articles: Vec<&[Figure]> = articles.iter().map(Vec::as_slice).collect();
    assert_eq!(conflicts(&articles), [[(0, 0), (1, 0)]]);
    assert_eq!(conflicts(&articles[..1]), Vec::<Vec<(usize, usize)>>::new());
}

#[test]
fn each_figure_has_what_was_done() {
    let text = "Tám tháng qua, các đảng ủy đã kiểm tra 38 tổ chức Đảng và 1.214 đảng viên; giám sát 57 tổ chức Đảng; \
                thi hành kỷ luật đối với 2 tổ chức Đảng và 46 đảng viên.";
    let found = figures("", "", text);
    assert_eq!(
        brief(&found),
        [
            (38.0, "tổ chức đảng", Some("kiểm tra")),
            (1214.0, "đảng viên", Some("kiểm tra")),
            (57.0, "tổ chức đảng", Some("giám sát")),
            (2.0, "tổ chức đảng", Some("thi hành kỷ luật")),
            (46.0, "đảng viên", Some("thi hành kỷ luật")),
        ]
    );
    assert!(found.iter().all(|f| f.sentence == text));
    assert_eq!(found[0].text, "38 tổ chức Đảng");
}

#[test]
fn the_passive_is_told_behind_and_bodies_are_no_doings() {
    let passive = figures("", "", "Có 12 đảng viên bị khiển trách.");
    assert_eq!(brief(&passive), [(12.0, "đảng viên", Some("khiển trách"))]);
    let body = figures("", "", "Ủy ban Kiểm tra Tỉnh ủy có 9 ủy viên.");
    assert_eq!(brief(&body), [(9.0, "ủy viên", None)]);
}

#[test]
fn those_who_were_just_counted_are_meant() {
    let found = figures(
        "",
        "",
        "Thi hành kỷ luật 62 đảng viên: khiển trách 28 (45,2%), khai trừ 3.",
    );
    assert_eq!(
        brief(&found),
        [
            (62.0, "đảng viên", Some("Thi hành kỷ luật")),
            (28.0, "đảng viên", Some("khiển trách")),
            (45.2, "%", Some("khiển trách")),
            (3.0, "đảng viên", Some("khai trừ")),
        ]
    );
}

#[test]
fn a_figure_counts_once_and_about_words_stay_in_the_text() {
    let found = figures(
        "Kết nạp hơn 3.000 đảng viên",
        "Toàn tỉnh kết nạp hơn 3.000 đảng viên.",
        "Năm nay, toàn tỉnh kết nạp hơn 3.000 đảng viên, đạt 104% kế hoạch.",
    );
    let texts: Vec<&str> = found.iter().map(|f| f.text.as_str()).collect();
    assert_eq!(texts, ["hơn 3.000 đảng viên", "104%"]);
}

#[test]
fn members_come_before_money_and_shares() {
    let found = figures(
        "",
        "",
        "Hỗ trợ 5 tỷ đồng, đạt 80%, giúp 12 hộ; kết nạp 7 đảng viên.",
    );
    let units: Vec<String> = telling(&found, 3).into_iter().map(|f| f.unit).collect();
    assert_eq!(units, ["đảng viên", "hộ", "đồng"]);
}

#[test]
fn decomposed_text_is_read_and_quoted_composed() {
    let text: String = "Kết nạp 14 đảng viên.".nfd().collect();
    let found = figures("", &text, "");
    assert_eq!(found[0].sentence, "Kết nạp 14 đảng viên.");
    assert_eq!(brief(&found), [(14.0, "đảng viên", Some("Kết nạp"))]);
}

proptest::proptest! {
    #[test]
    fn every_figure_stands_in_its_sentence(
        text in "(?:[0-9.,/%()–-]{1,6}|[ \n]|đảng viên|chi bộ|kiểm tra|ngày|tháng|tỷ|số|năm|và|hơn|[A-ZĐa-zđ“”]{1,3}|\\PC){0,60}"
    ) {
        for figure in figures("", "", &text) {
            proptest::prop_assert!(figure.sentence.contains(&figure.text), "{figure:?}");
            proptest::prop_assert!(figure.value.is_finite() && figure.value >= 0.0);
        }
    }

    #[test]
    fn never_panics(text in "\\PC{0,300}") {
        let _ = figures(&text, &text, &text);
    }
}
