//! Mails as files: what happens to a delivery where no server is configured.

use super::message::recipient_mark;
use jiff::civil::Date;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The file's name, made of our own words only: `2026-11-23-hang-ngay-288-<mark of the recipient>.eml`.
pub fn file_name(date: Date, digest: &str, number: u32, recipient: &str) -> String {
    let digest: String = digest
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    format!(
        "{date}-{digest}-{number}-{}.eml",
        recipient_mark(&digest, number, recipient)
    )
}

/// Writes `message` as `dir/name`, whole or not at all, readable by the daemon's user only. A file of that name is
/// replaced: the same delivery has the same bytes.
///
/// Blocks on the disk.
///
/// # Errors
/// What the file system says; then no file of that name was begun.
pub fn write(dir: &Path, name: &str, message: &[u8]) -> io::Result<PathBuf> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let path = dir.join(name);
    let draft = dir.join(format!(".{name}.part"));
    // A draft left behind by a crash may have another mode or owner's idea of content: begin anew.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    // The name itself must survive a power cut too.
    File::open(dir)?.sync_all()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_mail_becomes_a_private_file_with_a_name_of_our_own() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = dir.path().join("outbox");
        let name = file_name(
            jiff::civil::date(2026, 11, 23),
            "hang-ngay/../..",
            288,
            "An@tinhuy.vn",
        );
        assert!(
            name.starts_with("2026-11-23-hang-ngay-288-")
                && !name.contains('/')
                && !name.contains("tinhuy"),
            "{name}"
        );
        fs::create_dir(&outbox).unwrap();
        fs::write(outbox.join(format!(".{name}.part")), "dở dang").unwrap();
        for body in ["một", "hai"] {
            let path = write(&outbox, &name, body.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), body);
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(
            fs::read_dir(&outbox).unwrap().count(),
            1,
            "no draft stays behind"
        );
    }
}
