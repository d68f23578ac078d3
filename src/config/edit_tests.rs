use super::*;
use proptest::prelude::*;

const FILE: &str = r#"# Các báo của văn phòng.

# ── Miền Nam ──

# Đổi tên năm 2025.
[[source]]
key = "an-giang"   # khóa cố định
name = "Báo An Giang"
domain = "baoangiang.com.vn"

# Nguồn chung.
[[source.feed]]
url = "https://baoangiang.com.vn/rss/home.rss" # thử ngày 1/11
verified = true

[[source.feed]]
section = "xay-dung-dang"
url = 'https://baoangiang.com.vn/rss/xdd.rss'

# ── Miền Bắc ──

[[source]]
key = "lao-cai"
name = "Báo Lào Cai"
domain = "baolaocai.vn"
"#;

fn edited(edit: impl FnOnce(&mut FeedsFile)) -> String {
    let mut file = FeedsFile::parse(FILE).unwrap();
    edit(&mut file);
    file.text()
}

fn feed(url: &str) -> NewFeed {
    NewFeed {
        key: None,
        section: Some("thoi-su".to_owned()),
        url: url.parse().unwrap(),
        enabled: true,
        verified: false,
    }
}

#[test]
fn a_file_that_is_not_edited_stays_byte_for_byte() {
    assert_eq!(edited(|_| ()), FILE);
}

#[test]
fn a_feed_is_added_behind_its_sources_others() {
    let due = FILE.replace(
        "xdd.rss'\n",
        "xdd.rss'\n\n[[source.feed]]\nsection = \"thoi-su\"\nurl = \"https://baoangiang.com.vn/rss/ts.rss\"\n",
    );
    let new = feed("https://baoangiang.com.vn/rss/ts.rss");
    assert_eq!(
        edited(|file| file.add_feed(&"an-giang".into(), &new).unwrap()),
        due
    );
    let mut file = FeedsFile::parse(FILE).unwrap();
    let none = file.add_feed(&"ca-mau".into(), &new);
    assert_eq!(none, Err(EditError::NoSource("ca-mau".into())));
}

#[test]
fn a_source_is_added_at_the_end_with_its_feed() {
    let text = edited(|file| {
        file.add_source(&NewSource {
            key: "ca-mau".into(),
            name: "Báo \"Cà Mau\"".to_owned(),
            province: Some("ca-mau".to_owned()),
            domain: "baocamau.vn".to_owned(),
        });
        let general = NewFeed {
            section: None,
            enabled: false,
            ..feed("https://baocamau.vn/rss")
        };
        file.add_feed(&"ca-mau".into(), &general).unwrap();
    });
    assert_eq!(
        text,
        format!(
            "{FILE}\n[[source]]\nkey = \"ca-mau\"\nname = 'Báo \"Cà Mau\"'\nprovince = \"ca-mau\"\ndomain = \"baocamau.vn\"\n\n\
             [[source.feed]]\nurl = \"https://baocamau.vn/rss\"\nenabled = false\n"
        )
    );
}

#[test]
fn what_is_removed_takes_its_own_remark_along_and_no_other() {
    let text = edited(|file| {
        file.remove_feed(&FeedKey("an-giang/chung".to_owned()))
            .unwrap()
    });
    let from = FILE.find("\n# Nguồn chung").unwrap();
    let to = FILE.find("\n[[source.feed]]\nsection").unwrap();
    assert_eq!(text, format!("{}{}", &FILE[..from], &FILE[to..]));

    let text = edited(|file| file.remove_source(&"an-giang".into()).unwrap());
    assert_eq!(
        text,
        "# Các báo của văn phòng.\n\n# ── Miền Nam ──\n\n# ── Miền Bắc ──\n\n[[source]]\nkey = \"lao-cai\"\nname = \"Báo Lào Cai\"\ndomain = \"baolaocai.vn\"\n"
    );

    let text = edited(|file| file.remove_source(&"lao-cai".into()).unwrap());
    assert!(text.ends_with("xdd.rss'\n\n# ── Miền Bắc ──\n"), "{text}");

    let mut file = FeedsFile::parse(FILE).unwrap();
    let key = FeedKey("an-giang/khac".to_owned());
    assert_eq!(file.remove_feed(&key), Err(EditError::NoFeed(key)));
}

#[test]
fn values_change_in_place_and_keep_their_remarks() {
    let url = "https://baoangiang.com.vn/feed".parse().unwrap();
    let text = edited(|file| {
        file.set_url(&FeedKey("an-giang/chung".to_owned()), &url)
            .unwrap();
        file.set_flag(
            &FeedKey("an-giang/xay-dung-dang".to_owned()),
            "verified",
            true,
        )
        .unwrap();
    });
    let due = FILE
        .replace("/rss/home.rss\"", "/feed\"")
        .replace("xdd.rss'\n", "xdd.rss'\nverified = true\n");
    assert_eq!(text, due);
}

#[test]
fn broken_files_are_left_alone() {
    for text in ["[[source]", "source = 1", "[source]\nkey = \"a\""] {
        assert!(
            matches!(FeedsFile::parse(text), Err(EditError::Broken)),
            "{text}"
        );
    }
}

#[test]
fn a_file_is_replaced_whole_with_its_permissions_and_never_over_anothers_change() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (
        folder.path().join("that.toml"),
        folder.path().join("feeds.toml"),
    );
    fs::write(&file, FILE).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    replace(&link, Some(FILE), "mới").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "mới");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(link.is_symlink());
    let late = replace(&link, Some(FILE), "của tôi");
    assert!(matches!(late, Err(EditError::Changed { .. })), "{late:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mới");
    assert_eq!(replace(&folder.path().join("b.toml"), None, "x"), Ok(()));
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 3, "nothing half-written is left");
}

proptest! {
    #[test]
    fn any_text_is_refused_or_kept(text in "\\PC{0,60}|(\\[\\[source\\]\\]\n|key = \"a\"\n|# x\n|\n){0,12}") {
        if let Ok(file) = FeedsFile::parse(&text) {
            prop_assert_eq!(file.text(), text);
        }
    }
}
