//! Bytes of a feed with its Content-Type → entries, and the names by which they are known again.

#![no_main]

use diembao_fuzz::{BASE, ZONE, assert_clean, choice, feed};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const TYPES: [Option<&str>; 8] = [
    None,
    Some("application/rss+xml; charset=utf-8"),
    Some("text/xml; charset=windows-1258"),
    Some("text/xml; charset=VISCII"),
    Some("text/xml; charset=tcvn"),
    Some("application/xml; charset=iso-8859-1"),
    Some("text/xml; charset=utf-16"),
    Some("text/xml; charset=shift_jis"),
];

fuzz_target!(|input: &[u8]| {
    let (choice, body) = choice(input);
    let content_type = TYPES[usize::from(choice) % TYPES.len()];
    let arrived = (choice & 8 != 0).then_some(Timestamp::constant(1_789_349_400, 0));
    let Ok(reading) = feed::read(body, content_type, &BASE, &ZONE, arrived) else {
        return;
    };
    assert!(reading.entries.len() <= 5_000);
    let mut texts = 0;
    for entry in &reading.entries {
        let parts = [&entry.guid, &entry.link, &entry.summary, &entry.content];
        let parts = parts.into_iter().flatten().chain([&entry.title]);
        let lists = [&entry.authors, &entry.categories, &entry.enclosures];
        for text in parts.chain(lists.into_iter().flatten()) {
            assert_clean(text);
            texts += text.len();
        }
        assert!(entry.raw_date.is_some() || entry.published.or(entry.updated).is_none());
    }
    // An address may be lengthened by its base; nothing else grows beyond what references and charsets explain.
    let addresses = reading.entries.iter().map(|entry| 1 + entry.enclosures.len());
    assert!(texts <= body.len() * 8 + addresses.sum::<usize>() * 4096);
});
