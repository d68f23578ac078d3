//! `backup`, `restore`, `verify`: the one file of data, saved, put back, checked.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::config::Config;
use crate::store::{self, Restored, Store, StoreError};
use crate::text::fold::fold;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How backups are named in a folder: `diembao-20261120-063000.db`.
const PREFIX: &str = "diembao-";
const SUFFIX: &str = ".db";

/// `backup FILE`, also beside the running service. A folder gets a file named after the moment; `keep` leaves so many
/// of those in it.
pub async fn backup(args: &Args, to: &Path, keep: Option<u32>) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let store = Store::open_beside(&config.daemon.data_dir, fold)?;
    let folder = to.is_dir() || to.to_string_lossy().ends_with('/');
    let file = match folder {
        true => {
            std::fs::create_dir_all(to).map_err(|err| work(to, err))?;
            let now = app::clock(args)
                .now()
                .to_zoned(config.daemon.time_zone.clone());
            free_name(to, now)
        }
        false => to.to_owned(),
    };
    store.backup(&file).await?;
    let bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    let dropped = match (keep, folder) {
        (Some(keep), true) => drop_old(to, keep)?,
        _ => Vec::new(),
    };
    if args.json {
        out::json(&json!({"file": file, "bytes": bytes, "dropped": dropped}));
        return Ok(());
    }
    out::line(&format!(
        "Đã sao lưu vào {} ({} MB), đã kiểm tra.",
        file.display(),
        bytes.div_ceil(1 << 20)
    ));
    for old in &dropped {
        out::line(&format!("Đã xóa bản cũ {}", old.display()));
    }
    Ok(())
}

/// Deletes the oldest backups of ours in a folder, all but the newest `keep`; the one just made is always kept.
fn drop_old(folder: &Path, keep: u32) -> Result<Vec<PathBuf>, AppError> {
    let entries = std::fs::read_dir(folder).map_err(|err| work(folder, err))?;
    let mut ours: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(is_backup)
        })
        .collect();
    // The name is the time: newest first.
    ours.sort_by(|a, b| b.cmp(a));
    let old = ours.split_off(
        ours.len()
            .min(usize::try_from(keep.max(1)).unwrap_or(usize::MAX)),
    );
    for path in &old {
        std::fs::remove_file(path).map_err(|err| work(path, err))?;
    }
    Ok(old)
}

/// A file named after the moment; where that second has one, after the next second that has none.
fn free_name(folder: &Path, now: jiff::Zoned) -> PathBuf {
    let named =
        |at: &jiff::Zoned| folder.join(format!("{PREFIX}{}{SUFFIX}", at.strftime("%Y%m%d-%H%M%S")));
    let mut at = now;
    while named(&at).exists() {
        at = at.saturating_add(jiff::SignedDuration::from_secs(1));
    }
    named(&at)
}

/// `diembao-YYYYMMDD-HHMMSS.db` and nothing else: other files in the folder are the admin's.
fn is_backup(name: &str) -> bool {
    let stamp = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    stamp.is_some_and(|stamp| {
        stamp.len() == 15
            && stamp.bytes().enumerate().all(|(nth, byte)| match nth {
                8 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    })
}

/// `restore FILE`. The service must be stopped.
pub fn restore(args: &Args, from: &Path, mailed_until: Option<&str>) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let until = mailed_until.map(|text| mailed(text, &config)).transpose()?;
    let now = app::clock(args).now();
    let done = match store::restore(from, &config.daemon.data_dir, until, now) {
        Err(StoreError::InUse { pid, .. }) => {
            return Err(AppError::Usage(format!(
                "dịch vụ đang chạy (pid {pid}); dừng trước đã: sudo systemctl stop diembao"
            )));
        }
        Err(err @ StoreError::MailedUnknown { .. }) => {
            return Err(AppError::Usage(err.to_string()));
        }
        done => done?,
    };
    // Brought up to date and looked at here, not at the next start of the service.
    let store = Store::open(&config.daemon.data_dir, fold)?;
    let troubles = store::wait(store.verify())?;
    tell(args, &config, &done, &troubles);
    match troubles.is_empty() {
        true => Ok(()),
        false => Err(AppError::Work(anyhow::anyhow!(
            "the restored data have troubles"
        ))),
    }
}

/// A moment as an admin writes it; `backup`: the beginning of time, nothing was mailed since.
fn mailed(text: &str, config: &Config) -> Result<Timestamp, AppError> {
    if text == "backup" {
        return Ok(Timestamp::UNIX_EPOCH);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    text.parse::<DateTime>()
        .ok()
        .and_then(|civil| civil.to_zoned(config.daemon.time_zone.clone()).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| {
            AppError::Usage(format!(
                "{text:?} không phải thời điểm; viết như 2026-11-20T06:30, hoặc backup"
            ))
        })
}

fn tell(args: &Args, config: &Config, done: &Restored, troubles: &[String]) {
    if args.json {
        out::json(&json!({
            "aside": done.aside, "given_up": done.given_up, "mailed": done.mailed, "troubles": troubles,
        }));
        return;
    }
    out::line(&format!(
        "Đã khôi phục dữ liệu vào {}.",
        config.daemon.data_dir.display()
    ));
    if let Some(aside) = &done.aside {
        out::line(&format!("Dữ liệu trước đó được giữ ở {}.", aside.display()));
    }
    for (digest, mailed) in &done.mailed {
        let until = mailed.until.to_zoned(config.daemon.time_zone.clone());
        out::line(&format!(
            "Bản tin {}: không gửi lại những gì đã gửi đến {}; số cuối đã dùng: {}.",
            out::safe(digest),
            until.strftime("%H:%M %d/%m/%Y"),
            mailed.number
        ));
    }
    if done.given_up > 0 {
        out::line(&format!(
            "{} thư đang chờ trong bản sao lưu không được gửi; xem `diembao outbox list`, gửi lại bằng `diembao outbox retry`.",
            done.given_up
        ));
    }
    print_troubles(troubles);
}

/// `verify`: SQLite's integrity and our own promises.
pub async fn verify(args: &Args) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let store = Store::open_beside(&config.daemon.data_dir, fold)?;
    let troubles = store.verify().await?;
    match args.json {
        true => out::json(&json!({"ok": troubles.is_empty(), "troubles": troubles})),
        false => print_troubles(&troubles),
    }
    match troubles.is_empty() {
        true => Ok(()),
        false => Err(AppError::Work(anyhow::anyhow!(
            "{} has {} troubles; keep a copy of the file, then put a backup back: diembao restore FILE",
            store.path().display(),
            troubles.len()
        ))),
    }
}

fn print_troubles(troubles: &[String]) {
    for trouble in troubles {
        out::line(&format!("  lỗi: {}", out::safe(trouble)));
    }
    if troubles.is_empty() {
        out::line("Dữ liệu nguyên vẹn.");
    }
}

fn work(path: &Path, err: std::io::Error) -> AppError {
    AppError::Work(anyhow::Error::from(err).context(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backups_of_ours_are_dropped_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "diembao-20261118-023000.db",
            "diembao-20261119-023000.db",
            "diembao-20261120-023000.db",
            "diembao-truoc-khi-nang-cap.db",
            "diembao-20261101-023000.db.part",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let dropped = drop_old(folder.path(), 2).unwrap();
        assert_eq!(dropped, [folder.path().join(names[0])]);
        assert_eq!(
            drop_old(folder.path(), 0).unwrap(),
            [folder.path().join(names[1])]
        );
        assert!(folder.path().join(names[3]).exists());
    }
}
