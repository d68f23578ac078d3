//! The files of a config folder: found, read whole, decoded; or what the binary carries in their place.

use super::embedded;
use super::problem::{Problem, Severity, Wrong, io_words, words, wrong};
use super::raw::Sheet;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// A list of a hundred thousand feeds has 20 MB.
const FILE_MAX_BYTES: u64 = 64 << 20;

/// The settings' file; the others stand beside it.
const SETTINGS: &str = "diembao.toml";
const NEIGHBOURS: [&str; 4] = [
    "feeds.toml",
    "topics.toml",
    "provinces.toml",
    "holidays.toml",
];

/// The config to take: the one that was named, else that of the system, else that of this folder; `None`: the
/// embedded default. A named file is taken at its word, also where it is missing: then `super::load` says so.
/// To name a neighbour, such as `feeds.toml`, is to name its folder.
pub fn locate(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        let neighbour = NEIGHBOURS
            .iter()
            .any(|name| named.file_name().is_some_and(|n| n == *name));
        return Some(match neighbour {
            true => named.with_file_name(SETTINGS),
            false => named.to_owned(),
        });
    }
    let usual = ["/etc/diembao/diembao.toml", "config/diembao.toml"];
    usual
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists() || has_neighbour(path))
}

/// Whether any of the other files stands beside this one.
fn has_neighbour(settings: &Path) -> bool {
    NEIGHBOURS
        .iter()
        .any(|name| settings.with_file_name(name).exists())
}

/// `diembao.toml` at a path, or the embedded one: for `None`, and where it is missing beside other files of ours.
/// `None` after its problem was told.
pub(super) fn settings(path: Option<&Path>, problems: &mut Vec<Problem>) -> Option<Text> {
    let path = path.filter(|path| path.symlink_metadata().is_ok() || !has_neighbour(path));
    Text::read(path, SETTINGS, embedded::DIEMBAO, problems)
}

/// The file of this name beside `diembao.toml`, or the embedded one where there is none. After a problem the
/// embedded one too, so that the other files can be looked at all the same.
pub(super) fn neighbour(
    settings: Option<&Path>,
    name: &str,
    embedded: &str,
    problems: &mut Vec<Problem>,
) -> Text {
    let path = settings.map(|settings| settings.with_file_name(name));
    let path = path.filter(|path| path.symlink_metadata().is_ok());
    let text = Text::read(path.as_deref(), name, embedded, problems);
    text.unwrap_or_else(|| Text::embedded(name, embedded))
}

/// A file's text under the name that messages give it.
pub(super) struct Text {
    pub name: String,
    pub text: String,
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
        words("is larger than 64 MiB", "lớn hơn 64 MiB"),
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
