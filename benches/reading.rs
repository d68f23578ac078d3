//! How fast feeds are read: everything that [`diembao::feed::read`] does, beside feed-rs alone on the same documents.
//!
//!     cargo bench --bench reading -- [--tsv] DIR      every document in DIR, XML and JSON apart
//!
//! Both are given the bytes in memory and take turns; of each the best of nine rounds counts, in CPU time of this one
//! thread, so that other work on the machine matters little. Only the ratio means anything. `benches/peers` puts other
//! readers beside it.

#![allow(clippy::print_stdout, reason = "the figures are the output")]

use diembao::feed;
use jiff::{Timestamp, tz::TimeZone};
use std::{ffi::OsStr, fs, hint::black_box, path::Path};
use url::Url;

const ROUNDS: usize = 9;

/// CPU time of this thread so far, in seconds: proc(5), `schedstat`.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux kernel");
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    nanoseconds.expect("a number") / 1e9
}

/// Bytes of the documents in a folder whose names end so.
fn documents(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder of feeds")
        .map(|file| file.expect("a file").path())
        .filter(|file| file.extension() == Some(OsStr::new(ending)))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| fs::read(file).expect("readable"))
        .collect()
}

/// Reads every document once: the items found, and the CPU time it took in seconds.
fn round(documents: &[Vec<u8>], read: impl Fn(&[u8]) -> usize) -> (usize, f64) {
    let began = cpu_seconds();
    let items = documents.iter().map(|document| read(document)).sum();
    (items, cpu_seconds() - began)
}

fn main() {
    // cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let Some(folder) = arguments.iter().find(|a| !a.starts_with("--")) else {
        eprintln!("no DIR given: nothing to read (see the head of benches/reading.rs)");
        return;
    };
    let tsv = arguments.iter().any(|a| a == "--tsv");
    let base = Url::parse("http://127.0.0.1/rss/home.rss").expect("an address");
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").expect("a bundled zone");
    let now = Timestamp::from_second(1_800_000_000).expect("a time");
    for kind in ["xml", "json"] {
        let documents = documents(Path::new(folder), kind);
        let megabytes = documents.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
        let by_feed_rs = |document: &[u8]| {
            let feed = feed_rs::parser::parse(document).expect("a valid feed");
            black_box(feed).entries.len()
        };
        let by_us = |document: &[u8]| {
            let reading = feed::read(document, None, &base, &zone, Some(now));
            black_box(reading).expect("a feed").entries.len()
        };
        let (mut alone, mut whole, mut items) = (f64::MAX, f64::MAX, 0);
        for _ in 0..ROUNDS {
            let (theirs, seconds) = round(&documents, by_feed_rs);
            alone = alone.min(seconds);
            (items, whole) = {
                let (ours, seconds) = round(&documents, by_us);
                (ours, whole.min(seconds))
            };
            assert_eq!(items, theirs, "both read the same items");
        }
        for (name, seconds) in [("feed-rs alone", alone), ("diembao", whole)] {
            let (rate, per_item) = (megabytes / seconds, items as f64 / seconds);
            let ratio = seconds / alone;
            if tsv {
                println!("{kind}\t{name}\t{rate:.1}\t{per_item:.0}\t{ratio:.2}");
            } else {
                println!("{kind:5} {name:14} {rate:7.1} MB/s {per_item:8.0} items/s  {ratio:.2} x");
            }
        }
    }
}
