//! The config as an admin meets it: the shipped files hold, and a broken file says where and how to mend it.

use diembao::config::{self, Config, Days, Env, Place, Problems, Severity, Tls};
use jiff::civil::Time;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const NOTHING: Env<'_> = Env(&|_| None);

/// Loads a folder that holds these files, and gives its problems with the folder's path taken out.
fn load(files: &[(&str, &str)]) -> Result<Config, Problems> {
    let folder = tempfile::tempdir().unwrap();
    load_in(folder.path(), files, NOTHING)
}

fn load_in(folder: &Path, files: &[(&str, &str)], env: Env<'_>) -> Result<Config, Problems> {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
        close_to_others(&folder.join(name), 0o600);
    }
    let prefix = format!("{}/", folder.display());
    config::load_with(Some(&folder.join("diembao.toml")), env).map_err(|Problems(mut problems)| {
        for problem in &mut problems {
            for text in [
                &mut problem.file,
                &mut problem.what,
                &mut problem.how,
                &mut problem.what_vi,
                &mut problem.how_vi,
            ] {
                *text = text.replace(&prefix, "");
            }
        }
        Problems(problems)
    })
}

fn close_to_others(file: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (file, mode);
}

/// What an admin reads of a folder's problems.
fn told(files: &[(&str, &str)]) -> String {
    let problems = match load(files) {
        Ok(config) => config.warnings,
        Err(problems) => problems.0,
    };
    let mut out = String::new();
    for problem in problems {
        let severity = match problem.severity {
            Severity::Error => "lỗi",
            Severity::Warning => "lưu ý",
        };
        // The folder's path has no fixed name; warnings of a folder that loads keep it.
        let place = problem.place();
        let place = place.rsplit('/').next().unwrap_or_default();
        writeln!(
            out,
            "{place}: {severity}: {}\n    → {}",
            problem.what_vi, problem.how_vi
        )
        .unwrap();
        writeln!(out, "    {}; {}", problem.what, problem.how).unwrap();
    }
    out
}

/// Enough to be told of nothing else.
const SOUND: &str = "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\n\n[admin]\nrecipients = [\"q@tinhuy.vn\"]\n\n[fetch]\ncontact = \"quantri@tinhuy.vn\"\n\n[[digest]]\nname = \"hang-ngay\"\nrecipients = [\"an@tinhuy.vn\"]\n";

/// The same without a mail server, and with somebody to tell.
const UNMAILED: &str = "[admin]\nrecipients = [\"q@tinhuy.vn\"]\n\n[fetch]\ncontact = \"quantri@tinhuy.vn\"\n\n[[digest]]\nname = \"hang-ngay\"\nrecipients = [\"an@tinhuy.vn\"]\n";

/// Each case as the admin wrote it and what it is told, in one text.
fn tell_all(file: &str, cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, text) in cases {
        let files = match file {
            "diembao.toml" => vec![("diembao.toml", *text)],
            _ => vec![("diembao.toml", SOUND), (file, *text)],
        };
        writeln!(out, "## {name}\n{}", told(&files)).unwrap();
    }
    out
}

#[test]
fn the_shipped_files_load() {
    let config = config::load_with(None, NOTHING).unwrap();
    let advice: Vec<&str> = config.warnings.iter().map(|p| p.what.as_str()).collect();
    // What only the office itself can mend.
    assert_eq!(advice.len(), 2, "{advice:#?}");
    assert!(
        advice[0].contains("contact") && advice[1].contains("recipients"),
        "{advice:#?}"
    );
    assert_eq!(config.places.all().len(), 34);
    assert!(config.smtp.is_none());
    assert_eq!(config.digests[0].name.as_str(), "hang-ngay");
    assert_eq!(config.digests[0].days.to_string(), "T2-T7");
    assert_eq!(config.fetch.newspapers_at_once, 256);
    assert_eq!(config.fetch.bytes_in_flight, 32 << 20);
    assert!(config.fetch.allow_private.is_empty());
    assert_eq!(
        config.daemon.time_zone.iana_name(),
        Some("Asia/Ho_Chi_Minh")
    );
}

/// Every commented key of the shipped file, switched on, is a key that the program knows and takes.
#[test]
fn every_example_in_the_shipped_settings_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for line in config::embedded::DIEMBAO.lines() {
        let bare = line.trim_start_matches("# ");
        let key = bare.split(" = ").next().unwrap_or_default();
        let is_key =
            bare.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let is_section = bare.starts_with('[') && bare.ends_with(']');
        let one_way_is_enough = matches!(key, "password_credential" | "password_env" | "ca_file");
        if line.starts_with("recipients") || one_way_is_enough {
            continue;
        }
        if is_key || is_section {
            text.push_str(bare);
            text.push('\n');
        }
    }
    let text = text.replace(
        "[admin]\n",
        "[admin]\nrecipients = [\"quantri@tinhuy.vn\"]\n",
    );
    let password = folder.path().join("smtp-password");
    std::fs::write(&password, "x\n").unwrap();
    close_to_others(&password, 0o600);
    let key = folder.path().join("dkim.pem");
    std::fs::write(
        &key,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    close_to_others(&key, 0o600);
    let config = load_in(folder.path(), &[("diembao.toml", &text)], NOTHING).unwrap();
    let defaults = config::load_with(None, NOTHING).unwrap();
    assert!(config.warnings.is_empty(), "{:#?}", config.warnings);
    assert_eq!(config.fetch.min_interval, defaults.fetch.min_interval);
    assert_eq!(config.fetch.max_interval, defaults.fetch.max_interval);
    assert_eq!(config.fetch.audit, defaults.fetch.audit);
    assert_eq!(
        config.fetch.backfill_max_age,
        defaults.fetch.backfill_max_age
    );
    assert_eq!(config.fetch.max_body, defaults.fetch.max_body);
    assert_eq!(config.article, defaults.article);
    let smtp = config.smtp.unwrap();
    assert_eq!((smtp.port, smtp.tls), (587, Tls::StartTls));
    assert_eq!(smtp.password.unwrap().reveal(), "x");
    assert_eq!(config.digests[0].home_province.as_deref(), Some("an-giang"));
}

#[test]
fn every_province_has_a_source_and_every_former_unit_one_home() {
    let config = config::load_with(None, NOTHING).unwrap();
    let covered: HashSet<&str> = config
        .sources
        .iter()
        .filter_map(|s| s.province.as_deref())
        .collect();
    for province in config.places.all() {
        assert!(
            covered.contains(province.key.as_str()),
            "{} has no source",
            province.name
        );
    }
    let former: Vec<&String> = config.places.all().iter().flat_map(|p| &p.former).collect();
    assert_eq!(former.len(), 63);
    assert_eq!(former.iter().collect::<HashSet<_>>().len(), 63);
    for name in former {
        assert!(config.places.find(name).is_some(), "{name}");
    }
}

#[test]
fn names_of_places_are_found_in_many_spellings() {
    let config = config::load_with(None, NOTHING).unwrap();
    for (name, today) in [
        ("An Giang", Some("an-giang")),
        ("tỉnh An Giang", Some("an-giang")),
        ("AN GIANG", Some("an-giang")),
        ("an-giang", Some("an-giang")),
        ("TP.HCM", Some("tp-ho-chi-minh")),
        ("TP HCM", Some("tp-ho-chi-minh")),
        ("Thành phố Hồ Chí Minh", Some("tp-ho-chi-minh")),
        ("thành phố Đà Nẵng", Some("da-nang")),
        ("Thừa Thiên - Huế", None),
        ("Bà Rịa – Vũng Tàu", None),
        ("Dak Nong", None),
    ] {
        match config.places.find(name) {
            Some(Place::Today(province)) => {
                assert_eq!(Some(province.key.as_str()), today, "{name}")
            }
            Some(Place::Former(_)) => assert_eq!(today, None, "{name}"),
            None => panic!("{name} is unknown"),
        }
    }
    assert_eq!(config.places.find("Paris"), None);
}

#[test]
fn sources_of_the_shipped_list_are_ranked_and_reachable_by_their_former_hosts() {
    let config = config::load_with(None, NOTHING).unwrap();
    let rank: HashMap<&str, u16> = config
        .sources
        .iter()
        .map(|s| (s.key.as_str(), s.rank))
        .collect();
    let order = [
        "nhan-dan",
        "chinh-phu",
        "vietnamplus",
        "vov",
        "quan-doi-nhan-dan",
        "ha-noi",
        "an-giang",
    ];
    assert!(order.windows(2).all(|pair| rank[pair[0]] < rank[pair[1]]));
    let an_giang = config
        .sources
        .iter()
        .find(|s| s.key.as_str() == "an-giang")
        .unwrap();
    assert_eq!(an_giang.aliases, ["baokiengiang.vn"]);
    assert!(an_giang.feeds[0].enabled && !an_giang.feeds[0].verified);
    assert!(!an_giang.feeds[1].enabled);
    assert_eq!(an_giang.feeds[1].key.as_str(), "an-giang/xay-dung-dang");
    assert!(config.sources.iter().all(|s| s.domain != "baomoi.com"));
}

#[test]
fn a_whole_config_means_what_it_says() {
    let config = load(&[
        (
            "diembao.toml",
            r#"
[daemon]
data_dir = "du-lieu"
[fetch]
contact = "https://tinhuy.vn/lien-he"
audit = "off"
allow_private = ["127.0.0.0/8"]
proxy = "http://an:bi-mat@proxy.tinhuy.vn:3128"
[[digest]]
name = "hang-ngay"
at = "6h45"
days = ["T2", "T4-T6"]
provinces = ["Cà Mau", "an-giang"]
first_number = 288
[admin]
recipients = ["Trần Thị Bình <binh@tinhuy.vn>"]
[smtp]
host = "127.0.0.1"
tls = "none"
from = "diembao@tinhuy.vn"
"#,
        ),
        (
            "feeds.toml",
            r#"
[[source]]
key = "ca-mau"
name = "Báo Cà Mau"
province = "Cà Mau"
domain = "www.baocamau.vn"
[source.page]
body = ".noi-dung"
remove = [".tin-lien-quan"]
[[source.feed]]
url = "https://baocamau.vn/rss"
[[source.feed]]
url = "https://baocamau.vn/sitemap.xml"
key = "so-do"
kind = "sitemap"
"#,
        ),
    ])
    .unwrap();
    assert!(config.daemon.data_dir.ends_with("du-lieu"));
    assert!(
        config
            .fetch
            .user_agent
            .ends_with("(+https://tinhuy.vn/lien-he)")
    );
    assert_eq!(
        (config.fetch.audit, config.fetch.min_interval),
        (None, Duration::from_secs(900))
    );
    let proxy = config.fetch.proxy.unwrap();
    assert_eq!(proxy.url.as_str(), "http://proxy.tinhuy.vn:3128/");
    assert!(!format!("{proxy:?}").contains("bi-mat"));
    assert_eq!(proxy.login.unwrap().1.reveal(), "bi-mat");
    let digest = &config.digests[0];
    assert_eq!(digest.at, Time::constant(6, 45, 0, 0));
    assert_ne!(digest.days, Days::ALL);
    assert_eq!(digest.provinces, ["ca-mau", "an-giang"]);
    assert_eq!(digest.first_number, 288);
    assert_eq!(digest.contact.as_deref(), Some("binh@tinhuy.vn"));
    assert_eq!(config.smtp.unwrap().port, 25);
    let source = &config.sources[0];
    assert_eq!((source.domain.as_str(), source.rank), ("baocamau.vn", 500));
    assert_eq!(source.page_rules.remove, [".tin-lien-quan"]);
    assert_eq!(source.feeds[0].key.as_str(), "ca-mau/chung");
    assert_eq!(source.feeds[1].key.as_str(), "ca-mau/so-do");
}

#[cfg(unix)]
#[test]
fn a_proxys_password_stands_in_no_file_that_everybody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("diembao.toml");
    std::fs::write(
        &file,
        "[fetch]\nproxy = \"http://an:bi-mat@proxy.tinhuy.vn:3128\"\n",
    )
    .unwrap();
    close_to_others(&file, 0o640);
    assert!(config::load_with(Some(&file), NOTHING).is_ok());
    close_to_others(&file, 0o644);
    let problems = config::load_with(Some(&file), NOTHING).unwrap_err();
    assert!(
        problems.to_string().contains("proxy's password"),
        "{problems}"
    );
    assert!(!format!("{problems:?}").contains("bi-mat"));
}

#[test]
fn systemd_says_where_the_state_is_unless_the_file_does() {
    let env =
        |name: &str| (name == "STATE_DIRECTORY").then(|| OsString::from("/var/lib/a:/var/lib/b"));
    let config = config::load_with(None, Env(&env)).unwrap();
    assert_eq!(config.daemon.data_dir, Path::new("/var/lib/a"));
    let config = config::load_with(None, NOTHING).unwrap();
    assert_eq!(config.daemon.data_dir, Path::new("/var/lib/diembao"));
}

#[test]
fn settings_that_are_wrong_are_all_told() {
    let told = tell_all(
        "diembao.toml",
        &[
            (
                "syntax: no quotes",
                "[fetch]\ncontact = quantri@tinhuy.vn\n",
            ),
            (
                "syntax: curly quotes",
                "[fetch]\ncontact = “quantri@tinhuy.vn”\n",
            ),
            ("syntax: twice", "[fetch]\ngap = \"1s\"\ngap = \"2s\"\n"),
            (
                "syntax: open list",
                "[admin]\nrecipients = [\"an@tinhuy.vn\"\n[fetch]\n",
            ),
            (
                "syntax: open string",
                "[admin]\nrecipients = [\"an@tinhuy.vn]\n",
            ),
            ("unknown section", "[smpt]\nhost = \"mail.tinhuy.vn\"\n"),
            (
                "many at once",
                "[fetch]\nmin_intervall = \"15m\"\nmax_interval = 3\ngap = \"nhanh\"\nmax_body = \"10M\"\nnewspapers_at_once = 0\nallow_private = [\"127.0.0.1/8\", \"mạng\"]\n[daemon]\ntime_zone = \"Asia/Hanoi\"\n",
            ),
            (
                "intervals the wrong way",
                "[fetch]\ncontact = \"a@b.vn\"\nmin_interval = \"4m\"\nmax_interval = \"2m\"\naudit = \"5m\"\nmax_body = \"40MiB\"\nrequest_timeout = \"0s\"\n",
            ),
            (
                "pages",
                "[fetch]\ncontact = \"a@b.vn\"\n[web]\nlisten = \"0.0.0.0:8288\"\npublic_url = \"http://diembao.tinhuy.vn/?q\"\n",
            ),
            (
                "pages without a listener",
                "[fetch]\ncontact = \"a@b.vn\"\n[web]\npublic_url = \"http://diembao.tinhuy.vn\"\nport = 80\n",
            ),
            (
                "pages at a name",
                "[fetch]\ncontact = \"a@b.vn\"\n[web]\nlisten = \"localhost:8288\"\n",
            ),
            (
                "hubs without an address",
                "[fetch]\ncontact = \"a@b.vn\"\n[web]\nlisten = \"127.0.0.1:8288\"\nwebsub = true\n",
            ),
            (
                "bad proxy",
                "[fetch]\ncontact = \"a@b.vn\"\nproxy = \"proxy.tinhuy.vn:3128\"\n",
            ),
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn digests_that_are_wrong_are_all_told() {
    let head = "[fetch]\ncontact = \"quantri@tinhuy.vn\"\n";
    let with = |rest: &str| format!("{head}{rest}");
    let cases = [
        ("none", with("")),
        ("empty list", format!("digest = []\n{head}")),
        ("no list", with("[digest]\nname = \"a\"\n")),
        (
            "no name",
            with("[[digest]]\nrecipients = [\"an@tinhuy.vn\"]\n"),
        ),
        (
            "one name twice",
            with(
                "[[digest]]\nname = \"a\"\nrecipients = [\"an@tinhuy.vn\"]\n[[digest]]\nname = \"a\"\nrecipients = [\"an@tinhuy.vn\"]\n",
            ),
        ),
        ("no recipients", with("[[digest]]\nname = \"Hằng ngày\"\n")),
        (
            "bad recipients",
            with(
                "[[digest]]\nname = \"a\"\nrecipients = [\"an@\", \"An <an@tinhuy.vn>\", \"AN@tinhuy.vn\", 5]\n",
            ),
        ),
        (
            "bad time, days, level",
            with(
                "[[digest]]\nname = \"a\"\nat = \"25:00\"\ndays = \"T2-T8\"\nmin_level = 3\nlead_stories = \"ba\"\nrecipients = [\"an@tinhuy.vn\"]\n",
            ),
        ),
        (
            "time without quotes",
            with("[[digest]]\nname = \"a\"\nat = 06:30:00\nrecipients = [\"an@tinhuy.vn\"]\n"),
        ),
        (
            "places",
            with(
                "[[digest]]\nname = \"a\"\nprovinces = [\"Kiên Giang\", \"an-gian\", \"Atlantis\"]\nhome_province = \"Hải Dương\"\nrecipients = [\"an@tinhuy.vn\"]\n",
            ),
        ),
        (
            "a near key",
            with("[[digest]]\nname = \"a\"\nrecipient = [\"an@tinhuy.vn\"]\n"),
        ),
    ];
    let cases: Vec<(&str, &str)> = cases
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let told = tell_all("diembao.toml", &cases);
    insta::assert_snapshot!(told);
}

#[test]
fn a_mail_server_that_is_wrong_is_told() {
    let cases = [
        ("nothing in it", String::from("[smtp]\n")),
        (
            "password in the file",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\nuser = \"a\"\npassword = \"bi-mat\"\n",
            ),
        ),
        (
            "in the clear",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\ntls = \"none\"\n",
            ),
        ),
        (
            "unknown protection",
            String::from(
                "[smtp]\nhost = \"https://mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\ntls = \"startls\"\nport = 70000\n",
            ),
        ),
        (
            "user without password",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\nuser = \"a\"\n",
            ),
        ),
        (
            "password without user, twice",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\npassword_env = \"P\"\npassword_file = \"khong-co\"\n",
            ),
        ),
        (
            "password as the variable's name",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\nuser = \"a\"\npassword_env = \"bi mat!\"\n",
            ),
        ),
        (
            "kept by the service",
            String::from(
                "[smtp]\nhost = \"mail.tinhuy.vn\"\nfrom = \"a@tinhuy.vn\"\nuser = \"a\"\npassword_credential = \"smtp\"\nca_file = \"khong-co.pem\"\n",
            ),
        ),
    ];
    let cases: Vec<(&str, String)> = cases
        .into_iter()
        .map(|(name, text)| (name, format!("{UNMAILED}{text}")))
        .collect();
    let cases: Vec<(&str, &str)> = cases
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let told = tell_all("diembao.toml", &cases);
    assert!(
        !told.contains("bi-mat") && !told.contains("bi mat"),
        "{told}"
    );
    insta::assert_snapshot!(told);
}

#[test]
fn feeds_that_are_wrong_are_all_told() {
    let source = "[[source]]\nkey = \"an-giang\"\nname = \"Báo An Giang\"\nprovince = \"an-giang\"\ndomain = \"baoangiang.com.vn\"\n";
    let with = |rest: &str| format!("{source}{rest}");
    let cases = [
        ("empty", String::new()),
        (
            "no key, no domain",
            String::from("[[source]]\nname = \"Báo An Giang\"\n"),
        ),
        (
            "a near key",
            with("[[source.feed]]\nurll = \"https://baoangiang.com.vn/rss\"\nverifed = true\n"),
        ),
        (
            "bad addresses",
            with(
                "[[source.feed]]\nurl = \"baoangiang.com.vn/rss\"\n[[source.feed]]\nkey = \"b\"\nurl = \"ftp://baoangiang.com.vn/rss\"\n[[source.feed]]\nkey = \"c\"\nurl = \"https://a:b@baoangiang.com.vn/rss\"\n",
            ),
        ),
        (
            "one source twice",
            with(&source.replace("Báo An", "Báo  An")),
        ),
        (
            "one feed key twice",
            with(
                "[[source.feed]]\nurl = \"https://baoangiang.com.vn/a\"\n[[source.feed]]\nurl = \"https://baoangiang.com.vn/b\"\n",
            ),
        ),
        (
            "one address twice",
            with(
                "[[source.feed]]\nurl = \"https://baoangiang.com.vn/rss\"\n[[source.feed]]\nkey = \"b\"\nurl = \"http://www.baoangiang.com.vn/rss/\"\n",
            ),
        ),
        (
            "unknown and former provinces",
            source.replace("\"an-giang\"\ndomain", "\"Kiên Giang\"\ndomain")
                + &source
                    .replace("an-giang", "dak-lac")
                    .replace("baoan", "baodak"),
        ),
        (
            "wrong kinds",
            with(
                "rank = \"một\"\naliases = \"baokiengiang.vn\"\npage = \"h1\"\n[[source.feed]]\nurl = \"https://baoangiang.com.vn/rss\"\nenabled = \"có\"\nkind = \"rss\"\n",
            ),
        ),
        (
            "selectors",
            with("[source.page]\nbody = \"\"\nsapo = \".sapo\"\n"),
        ),
        (
            "a host of another",
            with("aliases = [\"www.baoangiang.com.vn\"]\n")
                + "[[source]]\nkey = \"kg\"\nname = \"Báo Kiên Giang\"\ndomain = \"baoangiang.com.vn\"\n",
        ),
    ];
    let cases: Vec<(&str, &str)> = cases
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let told = tell_all("feeds.toml", &cases);
    insta::assert_snapshot!(told);
}

#[test]
fn provinces_that_are_wrong_are_told() {
    let told = tell_all(
        "provinces.toml",
        &[
            (
                "kind",
                "[[province]]\nkey = \"an-giang\"\nname = \"An Giang\"\nkind = \"huyện\"\nregion = \"Nam Bộ\"\n",
            ),
            (
                "one former unit in two",
                "[[province]]\nkey = \"a\"\nname = \"A\"\nkind = \"tỉnh\"\nregion = \"R\"\nformer = [\"C\"]\n[[province]]\nkey = \"b\"\nname = \"B\"\nkind = \"tỉnh\"\nregion = \"R\"\nformer = [\"C\"]\n",
            ),
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn a_file_that_is_no_text_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("diembao.toml");
    let missing = config::load_with(Some(&path), NOTHING).unwrap_err();
    assert_eq!(
        (missing.0[0].line, missing.0[0].severity),
        (0, Severity::Error)
    );
    std::fs::write(&path, b"[fetch]\n# \xC4\x90i\xE1\n").unwrap();
    let broken = config::load_with(Some(&path), NOTHING).unwrap_err();
    assert_eq!((broken.0[0].line, broken.0[0].column), (2, 5));
    std::fs::write(&path, format!("\u{feff}{SOUND}")).unwrap();
    assert!(
        config::load_with(Some(&path), NOTHING).is_ok(),
        "Notepad's mark at the head is no error"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    /// A slip of the hand anywhere in the shipped files: told or taken, never a panic; and a place that exists.
    #[test]
    fn a_slip_anywhere_is_told_or_taken(
        which in 0usize..3,
        at in proptest::prelude::any::<proptest::sample::Index>(),
        cut in 0usize..40,
        typed in "[\\[\\]\"'=#a-z0-9\n.,-]{0,4}|\\PC{1,2}",
    ) {
        let mut files = [
            ("diembao.toml", config::embedded::DIEMBAO.to_owned()),
            ("feeds.toml", config::embedded::FEEDS.to_owned()),
            ("provinces.toml", config::embedded::PROVINCES.to_owned()),
        ];
        let mut chars: Vec<char> = files[which].1.chars().collect();
        let from = at.index(chars.len());
        let to = (from + cut).min(chars.len());
        chars.splice(from..to, typed.chars());
        files[which].1 = chars.into_iter().collect();
        let written: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        if let Err(Problems(problems)) = load(&written) {
            proptest::prop_assert!(problems.iter().any(|p| p.severity == Severity::Error));
            for problem in problems {
                let lines = files.iter().find(|(name, _)| *name == problem.file).map(|(_, text)| text.split('\n').count());
                proptest::prop_assert!(problem.line >= 1 && Some(problem.line) <= lines, "{}", problem);
            }
        }
    }
}

#[test]
fn a_folder_with_feeds_alone_takes_the_settings_of_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = folder.path().join("feeds.toml");
    std::fs::write(
        &feeds,
        "[[source]]\nkey = \"a\"\nname = \"A\"\ndomain = \"a.vn\"\n",
    )
    .unwrap();
    let settings = config::locate(Some(&feeds)).unwrap();
    assert_eq!(settings, folder.path().join("diembao.toml"));
    let config = config::load_with(Some(&settings), NOTHING).unwrap();
    assert_eq!((config.sources.len(), config.digests.len()), (1, 1));
}

#[test]
fn a_broken_taxonomy_and_an_unknown_topic_are_told_with_their_place() {
    let filter = SOUND.to_owned() + "topics = [\"kiem_tr\"]\n";
    let unknown = load(&[("diembao.toml", &filter)]).unwrap_err();
    assert!(
        unknown.0.iter().any(|p| p.how.contains("kiem_tra")),
        "{unknown}"
    );
    let broken = load(&[("diembao.toml", &filter), ("topics.toml", "a = 1\nb = \n")]).unwrap_err();
    let errors: Vec<_> = broken
        .0
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(|p| (p.file.as_str(), p.line))
        .collect();
    assert_eq!(errors, [("topics.toml", 2)], "{broken}");
}

#[test]
fn problems_of_all_files_are_told_at_once() {
    let problems = load(&[
        ("diembao.toml", "[fetch]\ncontac = \"a@b.vn\"\n"),
        ("feeds.toml", "[[source]]\nkey = 1\n"),
        ("provinces.toml", "[[province]]\n"),
    ])
    .unwrap_err();
    let files: Vec<&str> = problems.0.iter().map(|p| p.file.as_str()).collect();
    for file in ["diembao.toml", "feeds.toml", "provinces.toml"] {
        assert!(files.contains(&file), "{files:?}");
    }
}
