//! `[[digest]]` of `diembao.toml`: the standing products.

use super::address::{self, Recipient};
use super::places::Places;
use super::problem::{Wrong, suggestion, words, wrong};
use super::raw::{At, Section};
use super::value::{self, Days};
use crate::model::{ADMIN_DIGEST, DigestName, Language, TopicKey};
use jiff::civil::Time;
use std::collections::HashSet;

/// A standing product: when it appears, what it takes, who gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestConfig {
    /// Its name, for commands and the store.
    pub name: DigestName,
    /// Its heading, such as "Điểm báo xây dựng Đảng".
    pub title: String,
    /// When it is composed, in the zone of `[daemon]`.
    pub at: Time,
    /// On which days.
    pub days: Days,
    /// Whether it appears on holidays too.
    pub on_holidays: bool,
    /// Who gets it, each once; empty: it is written as a file.
    pub recipients: Vec<Recipient>,
    /// The lowest level that enters as a story: 1 or 2.
    pub min_level: u8,
    /// Only these topics; empty: all.
    pub topics: Vec<TopicKey>,
    /// Only these provinces, by key; empty: all.
    pub provinces: Vec<String>,
    /// The office's own province, by key: it stands first.
    pub home_province: Option<String>,
    /// The number of the first edition.
    pub first_number: u32,
    /// How many stories stand as lead stories at most.
    pub lead_stories: usize,
    /// Whom readers ask: a mail address; `[admin]`'s first where none is written.
    pub contact: Option<String>,
    /// Of its headings.
    pub language: Language,
    /// Its Word file.
    pub docx: DocxConfig,
}

/// `docx` of a digest: the Word file of an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocxConfig {
    /// Whether it goes with the mail.
    pub attach: bool,
    /// Which head it carries.
    pub heading: DocxHead,
    /// The authority above the office.
    pub parent: Option<String>,
    /// The office.
    pub office: Option<String>,
    /// Where its letters are dated.
    pub place: Option<String>,
}

/// Which head a Word file carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DocxHead {
    /// Of the state.
    HanhChinh,
    /// Of the Party.
    Dang,
    /// None.
    #[default]
    Khong,
}

/// The keys of `topics.toml`, where somebody asks for them; `None` if it could not be read.
pub(super) type TopicKeys<'k> = Option<&'k dyn Fn() -> Vec<&'k str>>;

/// All digests.
pub(super) fn digests(
    root: &Section<'_>,
    places: &Places,
    topic_keys: TopicKeys<'_>,
    admin: Option<&Recipient>,
) -> Vec<DigestConfig> {
    let sections = root.sections("digest");
    // A [digest] that is no list was told of already.
    let mistaken = root.is_table("digest");
    if sections.is_empty() && !mistaken {
        root.warn(
            &root.key_span("digest"),
            wrong(
                words(
                    "there is no [[digest]]: news is collected, and no edition is ever made",
                    "chưa có mục [[digest]]: tin vẫn được thu thập nhưng không có bản điểm báo nào",
                ),
                words(
                    "add a section [[digest]] with name = \"hang-ngay\"",
                    "thêm mục [[digest]] với name = \"hang-ngay\"",
                ),
            ),
        );
    }
    let mut names = HashSet::new();
    let mut out = Vec::new();
    for section in sections {
        if let Some((name, digest)) = digest(&section, places, topic_keys, admin) {
            if !names.insert(name.value.clone()) {
                section.error(&name.span, twice(&name.value));
            }
            out.push(digest);
        }
        section.close(&[]);
    }
    out
}

fn digest(
    section: &Section<'_>,
    places: &Places,
    topic_keys: TopicKeys<'_>,
    admin: Option<&Recipient>,
) -> Option<(At<String>, DigestConfig)> {
    let name = section.need_text("name", "hang-ngay", name);
    let title = section.text("title", "Điểm báo xây dựng Đảng", value::line);
    let at = section.text("at", "06:30", value::time_of_day);
    let days = section.text_or_list("days", "T2-T7", value::days);
    let choices = [("skip", false), ("send", true)];
    let on_holidays = section.text("holidays", "skip", value::one_of(&choices));
    let province = |text: &str| places.read_key(text);
    let provinces = section.list("provinces", "an-giang", province);
    let home = section.text("home_province", "an-giang", province);
    let topics = section.list("topics", "kiem_tra", |text| topic(text, topic_keys));
    let min_level = section.whole("min_level", 1..=2);
    let first_number = section.whole("first_number", 1..=1_000_000);
    let lead_stories = section.whole("lead_stories", 0..=20);
    let contact = section.text("contact", "vanphong@tinhuy.vn", address::recipient);
    let languages = [("vi", Language::Vi), ("en", Language::En)];
    let language = section.text("headings", "vi", value::one_of(&languages));
    let docx = section.section("docx").map(docx).unwrap_or_default();
    let recipients = recipients(section);
    if recipients.is_empty() {
        section.warn(
            &section.key_span("recipients"),
            wrong(
                words(
                    "this digest has no recipients: it is written as a file and mailed to nobody",
                    "bản điểm báo này chưa có người nhận: chỉ ghi ra tệp, không gửi cho ai",
                ),
                words(
                    "write recipients = [\"Nguyễn Văn An <an@tinhuy.vn>\"]",
                    "viết recipients = [\"Nguyễn Văn An <an@tinhuy.vn>\"]",
                ),
            ),
        );
    }
    let name = name?;
    let digest = DigestConfig {
        name: DigestName(name.value.clone()),
        title: title.map_or_else(|| "Điểm báo xây dựng Đảng".to_owned(), |at| at.value),
        at: at.map_or(Time::constant(6, 30, 0, 0), |at| at.value),
        days: days.map_or(Days::ALL, |at| at.value),
        on_holidays: on_holidays.is_some_and(|at| at.value),
        recipients,
        min_level: small(min_level, 2),
        topics: unique(topics).into_iter().map(TopicKey).collect(),
        provinces: unique(provinces),
        home_province: home.map(|at| at.value),
        first_number: small(first_number, 1),
        lead_stories: small(lead_stories, 5),
        contact: contact
            .map(|at| at.value.address)
            .or_else(|| admin.map(|admin| admin.address.clone())),
        language: language.map(|at| at.value).unwrap_or_default(),
        docx,
    };
    Some((name, digest))
}

fn docx(section: Section<'_>) -> DocxConfig {
    let heads = [
        ("hanh-chinh", DocxHead::HanhChinh),
        ("dang", DocxHead::Dang),
        ("khong", DocxHead::Khong),
    ];
    let heading = section.text("heading", "dang", value::one_of(&heads));
    let line = |key, example| section.text(key, example, value::line).map(|at| at.value);
    let docx = DocxConfig {
        attach: section.flag("attach").unwrap_or(false),
        heading: heading.map(|at| at.value).unwrap_or_default(),
        parent: line("parent", "TỈNH ỦY AN GIANG"),
        office: line("office", "VĂN PHÒNG"),
        place: line("place", "An Giang"),
    };
    section.close(&[]);
    docx
}

/// Words that stand for something else, and for what.
const RESERVED: [(&str, &str, &str); 2] = [
    (
        "template",
        "`diembao digest template check` checks the templates",
        "lệnh `diembao digest template check` dùng để kiểm tra mẫu thư",
    ),
    (
        ADMIN_DIGEST,
        "the admin's own mails are called so",
        "tên này dành cho thư gửi người quản trị",
    ),
];

/// A digest's name: a key that stands for nothing else.
fn name(text: &str) -> Result<String, Wrong> {
    match RESERVED.iter().find(|(word, ..)| *word == text) {
        Some((_, en, vi)) => Err(wrong(
            words(
                format!("no digest can be called \"{text}\": {en}"),
                format!("không thể đặt tên bản điểm báo là \"{text}\": {vi}"),
            ),
            words("choose another name", "chọn tên khác"),
        )),
        None => value::key(text),
    }
}

fn small<T: TryFrom<i64>>(read: Option<At<i64>>, default: T) -> T {
    match read.map(|at| T::try_from(at.value)) {
        Some(Ok(number)) => number,
        _ => default,
    }
}

fn unique(list: Option<Vec<At<String>>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let list = list.unwrap_or_default().into_iter().map(|at| at.value);
    list.filter(|value| seen.insert(value.clone())).collect()
}

/// A topic's key; that `topics.toml` itself could not be read was told already.
fn topic(text: &str, known: TopicKeys<'_>) -> Result<String, Wrong> {
    let Some(known) = known else {
        return value::key(text);
    };
    let known = known();
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    let shown = super::problem::quoted(text);
    Err(wrong(
        words(
            format!("there is no topic {shown} in topics.toml"),
            format!("topics.toml không có lĩnh vực nào tên {shown}"),
        ),
        suggestion(text, &known),
    ))
}

/// `recipients`, each address once: a second time is warned of and left out.
pub(super) fn recipients(section: &Section<'_>) -> Vec<Recipient> {
    let written = section.list(
        "recipients",
        "Nguyễn Văn An <an@tinhuy.vn>",
        address::recipient,
    );
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for At { value, span } in written.unwrap_or_default() {
        if seen.insert(value.address.to_lowercase()) {
            out.push(value);
            continue;
        }
        let address = &value.address;
        section.warn(
            &span,
            wrong(
                words(
                    format!("{address} stands here twice; it gets one mail"),
                    format!("{address} được ghi hai lần; chỉ gửi một thư"),
                ),
                words("take one of them out", "bỏ bớt một dòng"),
            ),
        );
    }
    out
}

fn twice(name: &str) -> Wrong {
    wrong(
        words(
            format!("two digests are called \"{name}\""),
            format!("có hai bản điểm báo cùng tên \"{name}\""),
        ),
        words("give this one another name", "đặt tên khác cho bản này"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::raw::Sheet;
    use super::*;

    fn told(text: &str, topic_keys: TopicKeys<'_>) -> (Vec<DigestConfig>, Vec<String>) {
        let sheet = Sheet::new("diembao.toml", text);
        let document = sheet.parse().unwrap();
        let root = Section::root(&sheet, &document);
        let read = digests(&root, &Places::builtin(), topic_keys, None);
        let problems = sheet.into_problems();
        (read, problems.iter().map(ToString::to_string).collect())
    }

    const FILTERED: &str = "[[digest]]\nname = \"a\"\nrecipients = [\"an@tinhuy.vn\"]\ntopics = [\"kiem_tra\", \"can-bo\", \"the-thao\", \"kiem_tra\"]\n";

    #[test]
    fn a_topic_that_topics_toml_does_not_have_is_refused() {
        let (_, problems) = told(FILTERED, Some(&|| vec!["kiem_tra", "can_bo"]));
        assert_eq!(
            problems,
            [
                "diembao.toml:4:23: error: there is no topic \"can-bo\" in topics.toml; did you mean \"can_bo\"?",
                "diembao.toml:4:33: error: there is no topic \"the-thao\" in topics.toml; known here: kiem_tra, can_bo",
            ]
        );
    }

    #[test]
    fn while_topics_toml_is_broken_no_topic_is_blamed() {
        let (digests, problems) = told(FILTERED, None);
        assert_eq!(problems, [""; 0]);
        assert_eq!(digests[0].topics.len(), 3, "each once");
    }
}
