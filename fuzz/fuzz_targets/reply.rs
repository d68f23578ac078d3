//! Lines of an SMTP server.

#![no_main]

use diembao_fuzz::smtp_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for line in input.split(|byte| *byte == b'\n') {
        if let Some((code, words)) = smtp_line(line) {
            assert!((200..600).contains(&code));
            assert!(!words.contains(char::is_control), "{words:?}");
        }
    }
});
