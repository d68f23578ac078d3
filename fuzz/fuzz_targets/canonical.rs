//! Addresses as feeds write them → the form in which they are compared.

#![no_main]

use diembao_fuzz::feed::canonical::{canonical, canonical_host, date_in_url, for_people};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|address: &str| {
    let _ = (canonical_host(address), date_in_url(address));
    if let Some(once) = canonical(address) {
        let again = canonical(&format!("https://{once}"));
        assert_eq!(again.as_deref(), Some(once.as_str()), "not stable: {address:?}");
    }
    if let Some(shown) = for_people(address) {
        assert_eq!(canonical(&shown), canonical(address), "another page: {address:?} {shown:?}");
    }
});
