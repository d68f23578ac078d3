//! What headers say about time: freshness, dates, Retry-After. `Name: value`, one a line.

#![no_main]

use diembao_fuzz::{NOW, headers, times};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let headers = headers(input);
    let (fresh, again) = times(&headers);
    assert!(fresh.is_none_or(|seconds| seconds <= 1 << 31));
    let said = headers.get("retry-after").map(|value| value.as_bytes().trim_ascii());
    match again {
        Some(at) if said.is_some_and(|said| said.iter().all(u8::is_ascii_digit)) => assert!(at >= NOW),
        Some(_) => assert!(said.is_some()),
        None => {}
    }
});
