//! robots.txt → whether a page may be read.

#![no_main]

use diembao_fuzz::{BASE, choice, robots::Rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (len, rest) = choice(input);
    let (path, file) = rest.split_at(usize::from(len).min(rest.len()));
    let rules = Rules::read(file);
    let _ = rules.allow(&BASE);
    if let Ok(page) = BASE.join(&String::from_utf8_lossy(path)) {
        let _ = rules.allow(&page);
    }
});
