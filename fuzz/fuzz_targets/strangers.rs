//! What strangers send to the listener: a hub's question, a delivery's signature, a word by which to leave a digest.

#![no_main]

use diembao_fuzz::{NOW, choice, hub_question, is_signed, leave, model::DigestName, model::Rendered};
use libfuzzer_sys::fuzz_target;

const KEY: leave::Key = [7; 32];
const NOBODYS: &str = "https://bao.example/ngung-nhan/thu-nay";

fuzz_target!(|input: &[u8]| {
    let (choice, sent) = choice(input);
    let text = String::from_utf8_lossy(sent);
    match choice % 4 {
        0 => {
            if let Some((_, _, challenge)) = hub_question(&text) {
                assert!(challenge.len() <= 1_024);
                assert_eq!(hub_question(&format!("{text}&hub.mode=denied")), None, "said twice");
            }
        }
        1 => {
            let (signature, body) = text.split_once('\n').unwrap_or((&text, ""));
            assert!(!is_signed("một bí mật", signature, body.as_bytes()), "a guess");
        }
        2 => {
            let digest = DigestName::from("hang-ngay");
            let known = [(&digest, "an@tinhuy.example")];
            assert_eq!(leave::read(&KEY, &text, known, NOW), None, "a guess");
        }
        _ => letters(&text),
    }
});

/// A letter whose words come from newspapers: nothing but the address of nobody is changed in it.
fn letters(text: &str) {
    let rendered = Rendered {
        subject: text.to_owned(),
        html: text.to_owned(),
        text: text.to_owned(),
    };
    let own = NOBODYS.replace("thu-nay", "mot-tu");
    let made = leave::made_out(&rendered, NOBODYS, &own);
    assert_eq!(made.subject, text);
    for form in [&made.html, &made.text] {
        // Neither address grows out of the words around it.
        if !text.contains(&own) {
            assert_eq!(form.replace(&own, NOBODYS), text);
        }
    }
    assert_eq!(leave::made_out(&rendered, NOBODYS, NOBODYS), rendered);
}
