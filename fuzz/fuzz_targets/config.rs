//! An admin's `diembao.toml` or `feeds.toml` → a config, or problems that each name a place.

#![no_main]

use diembao_fuzz::{choice, config};
use libfuzzer_sys::fuzz_target;
use std::{fs, path::PathBuf, sync::LazyLock};

/// Files are read from a folder of this process's own.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("diembao-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the files");
    folder
});

fuzz_target!(|input: &[u8]| {
    let (choice, text) = choice(input);
    let name = ["diembao.toml", "feeds.toml"][usize::from(choice) % 2];
    let file = FOLDER.join(name);
    fs::write(&file, text).expect("written");
    let loaded = config::load_with(Some(&FOLDER.join("diembao.toml")), config::Env(&|_| None));
    fs::remove_file(&file).expect("removed");
    if let Err(problems) = loaded {
        assert!(!problems.to_string().is_empty());
    }
});
