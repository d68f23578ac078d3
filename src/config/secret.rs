//! Secrets: where they are kept, who else could read them, and a type that never prints one.

use super::problem::{Wrong, io_words, words, wrong};
use std::ffi::OsString;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A password is one line, a key some sixty of them; more than this is another file.
const SECRET_MAX_BYTES: u64 = 16 << 10;

/// The environment of this process, as far as the config may look at it. Tests bring their own.
#[derive(Clone, Copy)]
pub struct Env<'a>(pub &'a dyn Fn(&str) -> Option<OsString>);

impl Env<'_> {
    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }
}

/// This process's own environment.
pub fn process_env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A password or token. `Debug` shows `***`; there is no `Display` and no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: for the one place that hands it to a server.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where the config says a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A systemd credential of this name (`LoadCredential=` or `LoadCredentialEncrypted=`).
    Credential(String),
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

/// What became of the search for a secret.
pub(crate) enum Found {
    /// It is here, perhaps with something to mend.
    Here(Secret, Option<Wrong>),
    /// It comes with the service; this process was not started by it. No error for `check` in an admin's shell.
    Elsewhere(Wrong),
    /// It cannot be had.
    Refused(Wrong),
}

/// What a secret looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A password.
    Line,
    /// A private key.
    Lines,
}

/// Reads a password from where it is kept.
pub(crate) fn find(kept: &Kept, env: Env<'_>) -> Found {
    look(kept, env, Shape::Line)
}

/// Reads a private key, which has several lines.
pub(crate) fn find_key(kept: &Kept, env: Env<'_>) -> Found {
    look(kept, env, Shape::Lines)
}

fn look(kept: &Kept, env: Env<'_>, shape: Shape) -> Found {
    match kept {
        Kept::Variable(name) => match env.get(name).and_then(|value| value.into_string().ok()) {
            Some(secret) => Found::Here(Secret::new(secret), None),
            None => Found::Elsewhere(wrong(
                words(
                    format!("the variable {name} is not set here"),
                    format!("biến môi trường {name} chưa có ở đây"),
                ),
                words(
                    "set it for the service; in this shell only if you mean to send from it",
                    "đặt biến này cho dịch vụ; chỉ cần đặt ở đây nếu gửi thư từ cửa sổ lệnh này",
                ),
            )),
        },
        Kept::Credential(name) => match env.get("CREDENTIALS_DIRECTORY") {
            // systemd gives the folder to the service alone (mode 0500): no check of our own needed.
            Some(folder) => from_file(&Path::new(&folder).join(name), false, shape),
            None => Found::Elsewhere(wrong(
                words(
                    format!(
                        "the credential {name} is given to the service only; it was not looked at"
                    ),
                    format!(
                        "thông tin xác thực {name} chỉ được systemd trao cho dịch vụ; lần này chưa kiểm tra được"
                    ),
                ),
                words(
                    format!("see that the unit has LoadCredential={name}:/path/of/the/file"),
                    format!("bảo đảm tệp dịch vụ có dòng LoadCredential={name}:/đường/dẫn/tệp"),
                ),
            )),
        },
        Kept::File(path) => from_file(path, true, shape),
    }
}

fn from_file(path: &Path, check_readers: bool, shape: Shape) -> Found {
    let shown = super::problem::quoted(&path.to_string_lossy());
    let read = || -> std::io::Result<(u32, String)> {
        let file = std::fs::File::open(path)?;
        let mode = mode(&file.metadata()?);
        let mut text = String::new();
        file.take(SECRET_MAX_BYTES).read_to_string(&mut text)?;
        Ok((mode, text))
    };
    let (mode, text) = match read() {
        Ok(read) => read,
        Err(error) => {
            let why = io_words(&error);
            return Found::Refused(wrong(
                words(
                    format!("cannot read the secret in {shown}: {}", why.en),
                    format!("không đọc được mật khẩu trong {shown}: {}", why.vi),
                ),
                words(
                    "write the secret alone into that file and let the service's user read it",
                    "ghi mật khẩu vào tệp đó (chỉ một dòng) và cho người dùng của dịch vụ quyền đọc",
                ),
            ));
        }
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || shape == Shape::Line && secret.contains(['\r', '\n']) {
        return Found::Refused(wrong(
            words(
                format!("{shown} must hold the secret alone, on one line"),
                format!("{shown} chỉ được chứa mật khẩu, trên đúng một dòng"),
            ),
            words(
                "write the secret into it again",
                "ghi lại mật khẩu vào tệp đó",
            ),
        ));
    }
    if check_readers && mode & 0o007 != 0 {
        return Found::Refused(readers("everybody", "mọi người dùng", &shown, mode, "600"));
    }
    let group = check_readers && mode & 0o070 != 0;
    let advice = group.then(|| readers("its group", "cả nhóm", &shown, mode, "600"));
    Found::Here(Secret::new(secret), advice)
}

fn readers(who_en: &str, who_vi: &str, shown: &str, mode: u32, due: &str) -> Wrong {
    let mode = mode & 0o777;
    wrong(
        words(
            format!("the secret in {shown} is open to {who_en} (mode {mode:03o})"),
            format!("{who_vi} đều truy cập được mật khẩu trong {shown} (quyền {mode:03o})"),
        ),
        words(
            format!("chmod {due} {shown}"),
            format!("chạy lệnh: chmod {due} {shown}"),
        ),
    )
}

/// The permission bits; where the system has none, only the owner's.
pub(crate) fn mode(metadata: &std::fs::Metadata) -> u32 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.permissions().mode()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        0o600
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        assert_eq!(format!("{:?}", Secret::new("mật khẩu")), "***");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_read_is_refused_and_the_groups_is_warned_of() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("smtp-password");
        std::fs::write(&path, "s3cret\n").unwrap();
        let env = Env(&|_| None);
        for (mode, taken, advised) in [
            (0o600, true, false),
            (0o640, true, true),
            (0o644, false, false),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match find(&Kept::File(path.clone()), env) {
                Found::Here(secret, advice) => {
                    assert!(taken, "{mode:o}");
                    assert_eq!((secret.reveal(), advice.is_some()), ("s3cret", advised));
                }
                _ => assert!(!taken, "{mode:o}"),
            }
        }
    }

    #[test]
    fn a_credential_comes_from_the_folder_that_systemd_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("smtp"), "abc\n").unwrap();
        let given = folder.path().as_os_str().to_owned();
        let lookup = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| given.clone());
        let kept = Kept::Credential("smtp".to_owned());
        assert!(
            matches!(find(&kept, Env(&lookup)), Found::Here(secret, None) if secret.reveal() == "abc")
        );
        assert!(matches!(find(&kept, Env(&|_| None)), Found::Elsewhere(_)));
    }
}
