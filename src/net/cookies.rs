//! Cookies of the few newspapers whose admin asked for them: in memory, for one host, until the process ends.
//!
//! Of RFC 6265 only what such walls need: name and value go back to the very host that gave them. Domain, Path and expiry
//! are not read, which keeps a cookie nearer to home than it asked for; nothing is written down, so nobody is followed.

use reqwest::header::{HeaderMap, SET_COOKIE};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use url::Url;

use super::client::Paper;

/// Cookies kept of one host at most, and bytes of each (RFC 6265 §6.1 asks for 50 and 4096 at least).
const OF_ONE_HOST: usize = 50;
const BYTES: usize = 4096;

/// The cookies, by host.
#[derive(Debug, Default)]
pub(super) struct Jar {
    papers: HashSet<String>,
    hosts: Mutex<HashMap<String, BTreeMap<String, String>>>,
}

impl Jar {
    /// A jar for those of `papers` that want one.
    pub(super) fn of(papers: &HashMap<String, Paper>) -> Self {
        let wanted = papers.iter().filter(|(_, paper)| paper.cookies);
        Self {
            papers: wanted.map(|(name, _)| name.clone()).collect(),
            hosts: Mutex::default(),
        }
    }

    /// Whether this newspaper's cookies are kept.
    pub(super) fn is_kept(&self, newspaper: Option<&str>) -> bool {
        newspaper.is_some_and(|name| self.papers.contains(name))
    }

    /// Keeps what an answer of `url` set.
    pub(super) fn keep(&self, newspaper: Option<&str>, url: &Url, headers: &HeaderMap) {
        if !self.is_kept(newspaper) {
            return;
        }
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.entry(origin(url)).or_default();
        for line in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
        {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let fits = !name.is_empty() && name.len() + value.len() <= BYTES;
            if fits && (host.len() < OF_ONE_HOST || host.contains_key(name)) {
                host.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The `Cookie` header for `url`, if there is one to send.
    pub(super) fn of_host(&self, newspaper: Option<&str>, url: &Url) -> Option<String> {
        if !self.is_kept(newspaper) {
            return None;
        }
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = hosts.get(&origin(url)).filter(|pairs| !pairs.is_empty())?;
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some(pairs.join("; "))
    }
}

/// Scheme, host and port: what was given over https is not told over http.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
