//! The signature of a delivery (W3C WebSub §7.1). Pure.

use ring::hmac::{self, Algorithm};

/// Whether `X-Hub-Signature` is that of this body under this secret. Compared in constant time.
pub(super) fn fits(secret: &str, signature: Option<&str>, body: &[u8]) -> bool {
    let Some((method, hex)) = signature.and_then(|signature| signature.trim().split_once('='))
    else {
        return false;
    };
    let Some(algorithm) = algorithm(method) else {
        return false;
    };
    let Some(tag) = bytes(hex) else { return false };
    hmac::verify(&hmac::Key::new(algorithm, secret.as_bytes()), body, &tag).is_ok()
}

/// §7.1.1. That SHA-1 has collisions is nothing to an HMAC (RFC 6194 §3.3); most hubs know no other.
fn algorithm(method: &str) -> Option<Algorithm> {
    Some(match method {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return None,
    })
}

/// Hexadecimal digits as bytes, no more than the longest signature has.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() > 128 {
        return None;
    }
    let digits: Option<Vec<u8>> = hex
        .bytes()
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2202 test case 2 (SHA-1), RFC 4231 test case 2 (the others).
    const KNOWN: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];
    const BODY: &[u8] = b"what do ya want for nothing?";

    #[test]
    fn each_method_of_the_recommendation_is_known_and_none_besides() {
        for signature in KNOWN {
            assert!(fits("Jefe", Some(signature), BODY), "{signature}");
            assert!(fits(
                "Jefe",
                Some(&signature.to_uppercase().replacen("SHA", "sha", 1)),
                BODY
            ));
            assert!(!fits(
                "Jefe",
                Some(signature),
                b"what do ya want for nothing!"
            ));
            assert!(!fits("jefe", Some(signature), BODY));
            let (_, hex) = signature.split_once('=').unwrap();
            for wrong in ["md5", "", "sha-256", "SHA256", "sha512"] {
                let forged = format!("{wrong}={hex}");
                assert!(
                    forged == signature || !fits("Jefe", Some(&forged), BODY),
                    "{forged}"
                );
            }
            assert!(!fits("Jefe", Some(&signature[..signature.len() - 2]), BODY));
            assert!(!fits("Jefe", Some(hex), BODY));
        }
        assert!(!fits("Jefe", None, BODY));
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_check(header in "\\PC{0,80}", hex in "(sha1|sha256)=[0-9a-fđ]{0,80}") {
            prop_assert!(!fits("bí mật", Some(&header), BODY));
            prop_assert!(!fits("bí mật", Some(&hex), BODY));
        }
    }
}
