use super::*;

const HEAD: &str = "[cuts]\nsubject = 3.0\nborderline = 1.5\ntopic = 1.0\ntopic_share = 0.4\ntopic_in_body = 1.3\n\n[parts]\ntitle = 1.5\nsapo = 1.0\nsapo_alone = 0.85\nbody = 0.4\nbody_most = 2.5\n\n";

/// The problems of `HEAD` and `rest`: message, and the text it points at.
fn problems(rest: &str) -> Vec<(String, String)> {
    let text = format!("{HEAD}{rest}");
    Topics::parse(&text)
        .unwrap_err()
        .into_iter()
        .map(|p| (p.wrong.what.en, text[p.span].to_owned()))
        .collect()
}

#[test]
fn the_shipped_file_has_the_twelve_topics_in_the_order_of_the_review() {
    let topics = Topics::parse(BUILTIN).unwrap();
    let keys: Vec<&str> = topics.list.iter().map(|t| t.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "chinh_tri",
            "tu_tuong",
            "dao_duc",
            "to_chuc",
            "can_bo",
            "dang_vien",
            "dai_hoi",
            "kiem_tra",
            "dan_van",
            "mttq",
            "noi_chinh",
            "phuong_thuc"
        ]
    );
    assert_eq!(topics.topic("dan_van").unwrap().name, "Công tác dân vận");
}

#[test]
fn every_problem_is_found_with_its_place() {
    let found = problems(
        "[[topic]]\nkey = \"Kiểm tra\"\nname = \"Kiểm tra\"\n[[topic.phrases]]\nweight = -1.0\nany = [\"a {b\", \"kỷ luật\"]\n\n[[general]]\nany = [\"x\"]\n\n[[section]]\nslug = \"tin\"\nweight = 99.0\ntopic = \"la\"\n",
    );
    let places: Vec<&str> = found.iter().map(|(_, at)| at.as_str()).collect();
    assert_eq!(
        places,
        [
            "\"Kiểm tra\"",
            "-1.0",
            "\"a {b\"",
            "[\"x\"]",
            "99.0",
            "\"la\""
        ]
    );
}

#[test]
fn an_unknown_key_and_wrong_toml_are_placed() {
    let [(message, at)] = &problems("[[general]]\nany = [\"x\"]\nwieght = 1.0\n")[..] else {
        panic!("one problem");
    };
    assert!(
        message.contains("wieght") && at == "wieght",
        "{message} at {at}"
    );
    assert_eq!(problems("[[topic]\n").len(), 1);
}

#[test]
fn cuts_must_be_in_order() {
    let text = HEAD.replace("borderline = 1.5", "borderline = 4.0");
    assert!(
        Topics::parse(&text).unwrap_err()[0]
            .wrong
            .how
            .en
            .contains("borderline < subject")
    );
}

#[test]
fn a_section_is_the_same_by_name_and_by_slug() {
    for name in [
        "Xây dựng Đảng",
        "xay-dung-dang",
        "xay_dung_dang",
        " XÂY DỰNG ÐẢNG",
    ] {
        assert_eq!(section_slug(name), "xay-dung-dang");
    }
}
