//! Bytes of an article page → its parts.

#![no_main]

use diembao_fuzz::{BASE, ZONE, assert_clean, choice, model::PageRules, page};
use libfuzzer_sys::fuzz_target;

const TYPES: [Option<&str>; 3] = [
    None,
    Some("text/html; charset=utf-8"),
    Some("text/html; charset=windows-1258"),
];

fuzz_target!(|input: &[u8]| {
    let (choice, html) = choice(input);
    let content_type = TYPES[usize::from(choice) % TYPES.len()];
    let Ok(article) = page::extract(html, content_type, Some(&BASE), &PageRules::default(), &ZONE)
    else {
        return;
    };
    assert_clean(&article.title);
    assert_clean(&article.text);
});
