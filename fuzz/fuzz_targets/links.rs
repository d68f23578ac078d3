//! `Link` headers, a value a line → the hubs that they name, which written again are the same.

#![no_main]

use diembao_fuzz::{headers, hubs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n');
    let lines: Vec<u8> = lines.flat_map(|line| [b"link:", line, b"\n"].concat()).collect();
    let found = hubs(&headers(&lines));
    assert!(found.hubs.len() <= 4);
    let own = found.topic.iter().map(|url| format!("link: <{url}>; rel=self\n"));
    let others = found.hubs.iter().map(|url| format!("link: <{url}>; title=\"<\\\"\"; rel=\"hub\"\n"));
    let again: String = own.chain(others).collect();
    assert_eq!(hubs(&headers(again.as_bytes())), found);
});
