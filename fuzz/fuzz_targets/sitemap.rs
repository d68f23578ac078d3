//! Bytes of a sitemap or an index of sitemaps → articles' addresses.

#![no_main]

use diembao_fuzz::{BASE, ZONE, assert_clean, choice, feed::sitemap};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (choice, body) = choice(input);
    let arrived = (choice & 1 != 0).then_some(Timestamp::constant(1_789_349_400, 0));
    match sitemap::read(body, None, &BASE, &ZONE, arrived) {
        Ok(sitemap::Sitemap::Articles(reading)) => {
            assert!(reading.entries.len() <= 5_000);
            for entry in &reading.entries {
                assert_clean(&entry.title);
                entry.link.as_deref().map(assert_clean);
            }
        }
        Ok(sitemap::Sitemap::Index(parts)) => assert!(parts.len() <= sitemap::PARTS_MAX),
        Err(_) => {}
    }
});
