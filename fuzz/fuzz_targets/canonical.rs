//! Addresses as feeds write them → the form in which they are compared.

#![no_main]

use diembao_fuzz::feed::canonical::{Address, canonical};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|address: &str| {
    if let Some(read) = Address::read(address) {
        let _ = (read.host(), read.day());
        let once = Some(read.canonical().to_owned());
        let again = canonical(&format!("https://{}", read.canonical()));
        assert_eq!(again, once, "not stable: {address:?}");
        let shown = read.for_people();
        assert_eq!(canonical(&shown), once, "another page: {address:?} {shown:?}");
    }
});
