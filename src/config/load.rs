//! From a folder of files, or what the binary carries, to one [`Config`].

use super::places::Places;
use super::problem::{Problem, Severity, Wrong, io_words, words, wrong};
use super::raw::{Section, Sheet};
use super::secret::{Env, process_env};
use super::{Config, Problems, digests, embedded, secret, settings, smtp, sources};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// A list of a thousand feeds has 200 KB.
const FILE_MAX_BYTES: u64 = 8 << 20;

/// The config to take: the one that was named, else that of the system, else that of this folder; `None`: the
/// embedded default. A named file is taken at its word, also where it is missing: then [`load`] says so.
pub fn locate(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let usual = ["/etc/diembao/diembao.toml", "config/diembao.toml"];
    usual.iter().map(PathBuf::from).find(|path| path.exists())
}

/// Reads `diembao.toml` and its neighbours, or the embedded default for `None`.
///
/// A neighbour that does not exist (`feeds.toml`, `provinces.toml`, `topics.toml`) is the embedded one.
///
/// # Errors
/// Everything that is wrong in any of the files.
pub fn load(diembao_toml: Option<&Path>) -> Result<Config, Problems> {
    load_with(diembao_toml, Env(&process_env))
}

/// As [`load`], with the environment given.
///
/// # Errors
/// Everything that is wrong in any of the files.
pub fn load_with(diembao_toml: Option<&Path>, env: Env<'_>) -> Result<Config, Problems> {
    let folder = folder_of(diembao_toml);
    let mut problems = Vec::new();
    let mut neighbour = |name: &str, embedded: &str| {
        let path = diembao_toml.map(|_| folder.join(name));
        let path = path.filter(|path| path.symlink_metadata().is_ok());
        let text = Text::read(path.as_deref(), name, embedded, &mut problems);
        // A file that cannot be read was told of; the others are looked at all the same.
        text.unwrap_or_else(|| Text::embedded(name, embedded))
    };
    let provinces = neighbour("provinces.toml", embedded::PROVINCES);
    let feeds = neighbour("feeds.toml", embedded::FEEDS);
    let places = Places::parse(&provinces.name, &provinces.text).unwrap_or_else(|found| {
        problems.extend(found);
        // The other files are read all the same: every problem at once.
        Places::builtin()
    });
    let sources = with_root(&feeds, &mut problems, |root| {
        sources::sources(root, &places)
    });
    let topic_keys: Option<&[&str]> = None;
    let settings = Text::read(
        diembao_toml,
        "diembao.toml",
        embedded::DIEMBAO,
        &mut problems,
    );
    let config = settings.and_then(|text| {
        with_root(&text, &mut problems, |root| {
            settings_of(root, diembao_toml, env, &places, topic_keys)
        })
    });
    problems.sort_by_key(|problem| !problem.file.ends_with("diembao.toml"));
    match (config, sources) {
        (Some(config), Some(sources))
            if problems
                .iter()
                .all(|problem| problem.severity == Severity::Warning) =>
        {
            let templates = diembao_toml.map(|_| folder.join("templates"));
            Ok(Config {
                file: diembao_toml.map(Path::to_owned),
                sources,
                places,
                templates: templates.filter(|folder| folder.is_dir()),
                warnings: problems,
                ..config
            })
        }
        _ => Err(Problems(problems)),
    }
}

/// What `diembao.toml` says; sources, places and the like are the caller's to fill in.
fn settings_of(
    root: &Section<'_>,
    file: Option<&Path>,
    env: Env<'_>,
    places: &Places,
    topic_keys: Option<&[&str]>,
) -> Config {
    let folder = folder_of(file);
    let fetch = settings::fetch(root.section("fetch"), open_to_all(file));
    if fetch.contact.is_none() {
        root.warn(&root.key_span("fetch"), no_contact());
    }
    let admin = settings::admin(root.section("admin"));
    Config {
        file: None,
        daemon: settings::daemon(root.section("daemon"), folder, env),
        fetch,
        article: settings::article(root.section("article")),
        digests: digests::digests(root, places, topic_keys, admin.recipients.first()),
        smtp: smtp::smtp(root.section("smtp"), folder, env),
        admin,
        sources: Vec::new(),
        places: Places::default(),
        templates: None,
        warnings: Vec::new(),
    }
}

/// Where the neighbours are, and what relative paths are relative to.
fn folder_of(file: Option<&Path>) -> &Path {
    file.and_then(Path::parent).unwrap_or(Path::new(""))
}

/// Whether every user of this machine may read the file.
fn open_to_all(file: Option<&Path>) -> bool {
    let metadata = file.and_then(|file| file.metadata().ok());
    metadata.is_some_and(|metadata| secret::mode(&metadata) & 0o004 != 0)
}

fn no_contact() -> Wrong {
    wrong(
        words(
            "[fetch] has no contact: newspapers cannot tell whom to write to when something troubles them",
            "[fetch] chưa có contact: các báo không biết liên hệ với ai khi có trục trặc",
        ),
        words(
            "write contact = \"quantri@tinhuy.vn\" with your own address under [fetch]",
            "viết contact = \"quantri@tinhuy.vn\" (địa chỉ của cơ quan) trong mục [fetch]",
        ),
    )
}

/// A file's document, its problems added to `problems`; `None` where it is not TOML.
fn with_root<T>(
    text: &Text,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Option<T> {
    let sheet = Sheet::new(&text.name, &text.text);
    let document = sheet.parse();
    let value = document.as_ref().map(|document| {
        let root = Section::root(&sheet, document);
        let value = read(&root);
        root.close(&[]);
        value
    });
    drop(document);
    problems.extend(sheet.into_problems());
    value
}

/// A file's text under the name that messages give it.
struct Text {
    name: String,
    text: String,
}

impl Text {
    fn embedded(name: &str, text: &str) -> Self {
        Self {
            name: format!("(built-in) {name}"),
            text: text.to_owned(),
        }
    }

    /// The file of a path, or the embedded one for `None`; `None` after its problem was told.
    fn read(
        path: Option<&Path>,
        name: &str,
        embedded: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let Some(path) = path else {
            return Some(Self::embedded(name, embedded));
        };
        let name = path.to_string_lossy().into_owned();
        let bytes = match read_bounded(path) {
            Ok(bytes) if bytes.len() as u64 <= FILE_MAX_BYTES => bytes,
            outcome => {
                let why = outcome.map_or_else(|error| unreadable(&error), |_| too_large());
                problems.push(Problem::of_file(&name, Severity::Error, why));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self { name, text }),
            Err(error) => {
                let (line, column) = place_of_bad_byte(&error);
                let why = not_utf8();
                problems.push(Problem::at(&name, line, column, Severity::Error, why));
                None
            }
        }
    }
}

fn unreadable(error: &std::io::Error) -> Wrong {
    let why = io_words(error);
    let what = words(
        format!("cannot be read: {}", why.en),
        format!("không đọc được: {}", why.vi),
    );
    let how = match error.kind() {
        ErrorKind::NotFound => words(
            "check the path, or leave --config out to use the built-in settings",
            "kiểm tra lại đường dẫn, hoặc bỏ --config để dùng thiết lập có sẵn",
        ),
        _ => words(
            "let the user that runs diembao read it",
            "cho người dùng chạy diembao quyền đọc tệp này",
        ),
    };
    wrong(what, how)
}

fn too_large() -> Wrong {
    wrong(
        words("is larger than 8 MiB", "lớn hơn 8 MiB"),
        words(
            "this is hardly the file that was meant; check the path",
            "có lẽ nhầm tệp; kiểm tra lại đường dẫn",
        ),
    )
}

fn not_utf8() -> Wrong {
    wrong(
        words("is not UTF-8 text", "không phải văn bản UTF-8"),
        words(
            "save the file again with the encoding UTF-8",
            "lưu lại tệp với bảng mã UTF-8",
        ),
    )
}

fn place_of_bad_byte(error: &std::string::FromUtf8Error) -> (usize, usize) {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let good = String::from_utf8_lossy(good);
    Sheet::new("", &good).position(good.len())
}

/// One byte more than allowed tells that there is more.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
