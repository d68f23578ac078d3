use super::*;
use proptest::prelude::*;

fn envelope() -> Envelope {
    let from: Address = "diembao@tinhuy.example.vn".parse().unwrap();
    Envelope {
        from_name: "Điểm báo xây dựng Đảng".into(),
        reply_to: Some("vanphong@tinhuy.example.vn".parse().unwrap()),
        recipient: "an.nguyen@tinhuy.example.vn".parse().unwrap(),
        list_name: "Điểm báo hằng ngày".into(),
        list_id: "hang-ngay.tinhuy.example.vn".into(),
        unsubscribe_mailto: Some(unsubscribe_mailto(&from, "thôi nhận 4f1c9a0be27d")),
        unsubscribe_https: None,
        message_id: message_id(
            "hang-ngay",
            288,
            "an.nguyen@tinhuy.example.vn",
            from.domain(),
        ),
        from,
        date: "2026-11-23T06:30:00[Asia/Ho_Chi_Minh]".parse().unwrap(),
    }
}

fn rendered() -> Rendered {
    Rendered {
        subject: "Điểm báo xây dựng Đảng · thứ Hai 23/11/2026 · 17 việc, 9 tỉnh".into(),
        html: "<!doctype html>\n<html lang=\"vi\"><p>Kiểm tra, giám sát</p>\n</html>\n".into(),
        text: "Kiểm tra, giám sát\n.một dòng bắt đầu bằng dấu chấm\nFrom đầu dòng\n".into(),
    }
}

fn letter(envelope: &Envelope, rendered: &Rendered) -> String {
    String::from_utf8(build(envelope, rendered, &[]).unwrap()).unwrap()
}

/// The fields of the head, unfolded.
fn head(letter: &str) -> Vec<(String, String)> {
    let head = letter
        .split_once("\r\n\r\n")
        .unwrap()
        .0
        .replace("\r\n ", " ");
    head.split("\r\n")
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn field(letter: &str, name: &str) -> Option<String> {
    head(letter)
        .into_iter()
        .find(|(field, _)| field == name)
        .map(|(_, value)| value)
}

/// Encoded-words back to text, each of them a whole UTF-8 string.
fn decoded(value: &str) -> String {
    let mut text = String::new();
    for word in value.split(' ') {
        match word
            .strip_prefix("=?UTF-8?B?")
            .and_then(|word| word.strip_suffix("?="))
        {
            Some(base64) => {
                assert!(word.len() <= 75, "{word}");
                text.push_str(
                    std::str::from_utf8(&BASE64_STANDARD.decode(base64).unwrap()).unwrap(),
                );
            }
            None => text.push_str(&format!(" {word}")),
        }
    }
    text.trim().to_owned()
}

#[test]
fn the_same_letter_has_the_same_bytes() {
    let docx = Attachment {
        name: "Điểm báo số 288, ngày 23-11-2026.docx".into(),
        content_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            .into(),
        bytes: vec![0, 13, 10, 46, 255],
    };
    let one = build(&envelope(), &rendered(), std::slice::from_ref(&docx)).unwrap();
    assert_eq!(one, build(&envelope(), &rendered(), &[docx]).unwrap());
    let text = String::from_utf8(one).unwrap();
    assert!(
        text.contains("filename=\"Diem bao so 288- ngay 23-11-2026.docx\""),
        "{text}"
    );
    assert!(
        text.contains("filename*0*=UTF-8''%C4%90i%E1%BB%83m"),
        "{text}"
    );
}

#[test]
fn the_head_says_what_mail_programs_ask() {
    let letter = letter(&envelope(), &rendered());
    let get = |name| field(&letter, name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(get("Date"), "Mon, 23 Nov 2026 06:30:00 +0700");
    assert_eq!(decoded(&get("Subject")), rendered().subject);
    assert_eq!(
        decoded(&get("From")),
        "Điểm báo xây dựng Đảng <diembao@tinhuy.example.vn>"
    );
    assert_eq!(
        decoded(&get("List-Id")),
        "Điểm báo hằng ngày <hang-ngay.tinhuy.example.vn>"
    );
    assert_eq!(get("To"), "an.nguyen@tinhuy.example.vn");
    assert_eq!(get("Message-ID"), format!("<{}>", envelope().message_id));
    assert_eq!(get("Auto-Submitted"), "auto-generated");
    assert!(
        get("List-Unsubscribe")
            .starts_with("<mailto:diembao@tinhuy.example.vn?subject=th%c3%b4i%20")
    );
    assert_eq!(
        field(&letter, "List-Unsubscribe-Post"),
        None,
        "one click needs a page"
    );

    let with_page = Envelope {
        unsubscribe_https: Some("https://bao.example.vn/huy/4f1c9a0be27d".into()),
        ..envelope()
    };
    let letter = self::letter(&with_page, &rendered());
    assert!(
        field(&letter, "List-Unsubscribe")
            .unwrap()
            .ends_with(">, <https://bao.example.vn/huy/4f1c9a0be27d>")
    );
    assert_eq!(
        field(&letter, "List-Unsubscribe-Post").unwrap(),
        "List-Unsubscribe=One-Click"
    );
}

#[test]
fn a_message_id_is_stable_and_tells_no_address() {
    let id = |digest, number, recipient| message_id(digest, number, recipient, "tinhuy.vn");
    let one = id("hang-ngay", 288, "an@tinhuy.vn");
    assert_eq!(one, id("hang-ngay", 288, "AN@tinhuy.vn"));
    assert!(
        one.starts_with("hang-ngay.288.") && one.ends_with("@tinhuy.vn") && !one.contains("an@")
    );
    for other in [
        id("hang-ngay", 289, "an@tinhuy.vn"),
        id("hang-tuan", 288, "an@tinhuy.vn"),
        id("hang-ngay", 288, "ba@tinhuy.vn"),
    ] {
        assert_ne!(one, other);
    }
    assert!(id("Điểm\r\nX: ", 1, "an@tinhuy.vn").starts_with("imX.1."));
}

#[test]
fn hostile_values_change_nothing_but_themselves() {
    let hostile = "Tin\r\nBcc: ke@xau.vn\r\n\r\nthân\u{202e}\0\u{2028}=?utf-8?q?=0D=0AX:?=";
    let envelope = Envelope {
        from_name: hostile.into(),
        list_name: hostile.into(),
        list_id: hostile.into(),
        unsubscribe_mailto: Some(format!("mailto:a@b.vn?subject={hostile}")),
        unsubscribe_https: Some(format!("https://b.vn/\r\nBcc: {hostile}>,<x")),
        message_id: format!("{hostile}@x"),
        ..self::envelope()
    };
    let rendered = Rendered {
        subject: hostile.into(),
        html: hostile.into(),
        text: hostile.into(),
    };
    let letter = letter(&envelope, &rendered);
    let names: Vec<String> = head(&letter).into_iter().map(|(name, _)| name).collect();
    assert!(
        !names.iter().any(|name| name == "Bcc" || name == "X"),
        "{letter}"
    );
    assert_eq!(names.len(), 15, "{names:?}");
    assert_eq!(
        decoded(&field(&letter, "Subject").unwrap()),
        "Tin Bcc: ke@xau.vn thân =?utf-8?q?=0D=0AX:?="
    );
    // An encoded-word in plain ASCII is text of ours, too.
    assert!(encoded("Subject", "=?utf-8?q?=0D=0ABcc:?=").starts_with("=?UTF-8?B?"));
}

proptest! {
    #[test]
    fn any_words_make_a_sound_letter(subject in "\\PC{0,120}|.{0,60}", name in ".{0,60}", text in "(?s).{0,300}") {
        let envelope = Envelope { from_name: name.clone(), list_name: name, ..envelope() };
        let rendered = Rendered { subject: subject.clone(), html: text.clone(), text };
        let letter = letter(&envelope, &rendered);
        prop_assert!(letter.is_ascii() && letter.ends_with("\r\n"));
        let bare = letter.replace("\r\n", "");
        prop_assert!(!bare.contains(['\r', '\n', '\0']), "{letter:?}");
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        prop_assert!(body.lines().all(|line| line.len() <= 78));
        for line in head.split("\r\n").filter(|line| !line.contains("List-Unsubscribe")) {
            prop_assert!(line.len() <= 78, "{line}");
            prop_assert!(!line.trim().is_empty());
        }
        prop_assert_eq!(self::head(&letter).len(), 14);
        prop_assert_eq!(decoded(&field(&letter, "Subject").unwrap()), header_text(&subject));
    }
}
