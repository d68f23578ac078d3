//! A list of feeds as other readers write it → outlines, which written again are the same.

#![no_main]

use diembao_fuzz::config::opml::{parse, print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(outlines) = parse("feeds.opml", text) else {
        return;
    };
    let again = parse("again.opml", &print("Các báo", &outlines)).expect("our own writing");
    let addresses = |outlines: &[diembao_fuzz::config::opml::Outline]| {
        let mut addresses: Vec<_> = outlines.iter().map(|one| one.url.clone()).collect();
        addresses.sort();
        addresses
    };
    assert_eq!(addresses(&again), addresses(&outlines));
});
