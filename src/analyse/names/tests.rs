use super::*;
use crate::config::Places;
use proptest::prelude::*;

fn read(text: &str) -> Vec<Name> {
    let article = ArticleText {
        body: text,
        ..ArticleText::default()
    };
    names(&article, &Gazetteer::new(&Places::builtin()))
}

fn of(kind: NameKind, text: &str) -> Vec<String> {
    let all = read(text).into_iter().filter(|name| name.kind == kind);
    all.map(|name| name.key).collect()
}

fn person(text: &str) -> (String, Option<String>) {
    let mut all = read(text)
        .into_iter()
        .filter(|name| name.kind == NameKind::Person);
    let first = all.next().unwrap_or_else(|| panic!("nobody in {text}"));
    assert_eq!(all.next(), None, "one person only in {text}");
    (first.shown, first.position)
}

#[test]
fn a_person_has_the_positions_in_front() {
    for (text, name, position) in [
        (
            "Theo Phó Bí thư Thường trực Tỉnh ủy, Chủ tịch HĐND tỉnh Gia Lai Rơ Chăm Phúc, kết quả là rõ.",
            "Rơ Chăm Phúc",
            "Phó Bí thư Thường trực Tỉnh ủy, Chủ tịch HĐND tỉnh Gia Lai",
        ),
        (
            "Dự hội nghị có đồng chí Trần Văn Lộc, Ủy viên Trung ương Đảng, Bí thư Tỉnh ủy.",
            "Trần Văn Lộc",
            "Ủy viên Trung ương Đảng, Bí thư Tỉnh ủy",
        ),
        (
            "Phó Chủ tịch UBND tỉnh Lê Thị Mận kiểm tra hai xã.",
            "Lê Thị Mận",
            "Phó Chủ tịch UBND tỉnh",
        ),
        (
            "Bí thư Đảng ủy xã Bến Mới Nguyễn Hữu Tài trao quà.",
            "Nguyễn Hữu Tài",
            "Bí thư Đảng ủy xã Bến Mới",
        ),
        (
            "Bí thư Chi bộ ấp 3, đồng chí Võ Thành Nhơn nói về cách làm.",
            "Võ Thành Nhơn",
            "Bí thư Chi bộ ấp 3",
        ),
        (
            "Bà Hồ Thị Thu Hằng - Trưởng Ban Tổ chức Tỉnh ủy, cho biết như vậy.",
            "Hồ Thị Thu Hằng",
            "Trưởng Ban Tổ chức Tỉnh ủy",
        ),
    ] {
        assert_eq!(
            person(text),
            (name.to_owned(), Some(position.to_owned())),
            "{text}"
        );
    }
}

#[test]
fn a_title_makes_a_person_and_a_street_none() {
    assert_eq!(person("Ông Đinh Lộc kể lại.").0, "Đinh Lộc");
    assert_eq!(
        person("Gặp gỡ Nguyễn Thị Bé Ba ở xóm chài.").0,
        "Nguyễn Thị Bé Ba"
    );
    for nobody in [
        "Nút giao đường Nguyễn Văn Linh thông xe.",
        "Học tập và làm theo tư tưởng Hồ Chí Minh.",
        "Trường Nguyễn Thị Minh Khai khai giảng.",
        "Hà Nội mở hội nghị.",
        "Xã Lê Hồng Phong về đích.",
        "Lê Lợi là tên một con phố.",
    ] {
        assert_eq!(
            of(NameKind::Person, nobody),
            Vec::<String>::new(),
            "{nobody}"
        );
    }
}

#[test]
fn the_fullest_position_counts() {
    let text =
        "Chủ tịch Lê Văn Đậm chủ trì. Phó Bí thư Tỉnh ủy, Chủ tịch UBND tỉnh Lê Văn Đậm kết luận.";
    assert_eq!(
        person(text),
        (
            "Lê Văn Đậm".to_owned(),
            Some("Phó Bí thư Tỉnh ủy, Chủ tịch UBND tỉnh".to_owned())
        )
    );
}

#[test]
fn provinces_go_by_their_names_of_today() {
    assert_eq!(
        of(
            NameKind::Place,
            "Tỉnh Kiên Giang cũ và An Giang; TP.HCM, Bà Rịa - Vũng Tàu; thành phố Huế."
        ),
        ["an-giang", "tp-ho-chi-minh", "hue"]
    );
    assert_eq!(
        of(
            NameKind::Place,
            "TP. Hồ Chí Minh và Thành phố Hồ Chí Minh học tập tư tưởng Hồ Chí Minh."
        ),
        ["tp-ho-chi-minh"]
    );
    assert_eq!(
        of(NameKind::Place, "Học tập và làm theo tư tưởng Hồ Chí Minh."),
        Vec::<String>::new()
    );
    // Peace is no province, nor is a person, nor a street.
    assert_eq!(
        of(
            NameKind::Place,
            "Vì hòa bình. Chị Nguyễn Hải Dương ở đường Điện Biên."
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_document_has_one_key_by_code_and_by_name() {
    for (text, key) in [
        ("triển khai Nghị quyết số 57-NQ/TW ngày 22/12", "nq 57"),
        ("Nghị quyết 57 mở đường", "nq 57"),
        ("Chỉ thị 05-CT/T.Ư về học Bác", "ct 5"),
        ("Chỉ thị số 05 của Bộ Chính trị", "ct 5"),
        ("Nghị định 178/2024/NĐ-CP", "nd 178 2024 cp"),
        ("Nghị quyết số 12/NQ-HĐND", "nq 12 hdnd"),
        ("Quy định số 41-QĐ/TW", "qd 41"),
        ("Nghị quyết Trung ương 4 (khóa XII)", "nq 4 tw xii"),
        ("Kế hoạch 45-KH/TU", "kh 45 tu"),
        (
            "theo 12-CTr/TU và Chương trình hành động số 12-CTr/TU",
            "ctr 12 tu",
        ),
    ] {
        assert_eq!(of(NameKind::Document, text), [key], "{text}");
    }
    assert_eq!(doccode::key("57-NQ/TW"), doccode::key("nghị quyết 57"));
    assert_eq!(doccode::key("57-nq/tw").as_deref(), Some("nq 57"));
    for none in [
        "ban hành 3 nghị quyết, kết luận 5 đảng viên",
        "đạt kế hoạch 95%",
        "28/10/2021",
    ] {
        assert_eq!(of(NameKind::Document, none), Vec::<String>::new(), "{none}");
    }
}

#[test]
fn bodies_are_known_with_their_committee_and_place() {
    assert_eq!(
        of(
            NameKind::Body,
            "Ủy ban Kiểm tra Tỉnh ủy An Giang làm việc với Đảng ủy xã Bến Mới; UBND tỉnh dự. UBKT Tỉnh ủy An Giang kết luận."
        ),
        [
            "uy ban kiem tra tinh uy an giang",
            "dang uy xa ben moi",
            "uy ban nhan dan tinh"
        ]
    );
    assert_eq!(
        search_key(NameKind::Body, "UBND tỉnh"),
        "uy ban nhan dan tinh"
    );
}

#[test]
fn a_headline_in_capitals_names_nobody() {
    assert_eq!(
        of(NameKind::Person, "LÊ VĂN TÁM TRAO QUÀ CHO HỌC SINH NGHÈO"),
        Vec::<String>::new()
    );
}

proptest::proptest! {
    #[test]
    fn what_is_shown_stands_in_the_text(
        text in "(?:Nguyễn|Lê|Văn|Bí thư|Tỉnh ủy|An Giang|Hà Nội|, |\\. | |57-NQ/TW|Nghị quyết 4|đồng chí|ông|UBND|[A-ZĐa-zđ0-9/.-]{1,4}|\\PC){0,40}"
    ) {
        let squashed = squash(&text);
        for name in read(&text) {
            proptest::prop_assert!(squashed.contains(&name.shown), "{name:?}");
            proptest::prop_assert!(!name.key.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn provinces_found_word_by_word_are_those_found_around_capitals(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "Hà Nội", "An Giang", "an Giang", "Bà Rịa - Vũng Tàu", "Bà", "Rịa", "thành phố Huế", "phố Huế", "TP. Hồ Chí Minh", "Hồ Chí Minh",
                "xã", "đường", "Nguyễn", "tỉnh", ", ", ". ", "- ", "Kiên Giang", "Đắk", "Lắk", "Huế", "(", "a\u{309}", "TP.HCM",
            ]),
            0..30,
        ),
        joined in prop::sample::select(vec![" ", ""]),
    ) {
        let places = Gazetteer::new(&Places::builtin());
        let text = parts.join(joined);
        let slowly: Vec<String> = places.find(&words(&text)).into_iter().map(|named| named.key).collect();
        prop_assert_eq!(places.provinces_in(&text), slowly);
    }
}
