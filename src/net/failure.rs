//! From the HTTP client's errors to a [`FailureKind`] and one line for the admin.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use url::Url;

use super::guard::Refused;
use crate::model::{Failure, FailureKind};

/// Longest detail, in characters.
const DETAIL_CHARS: usize = 200;

/// A failure whose detail is safe to store, log and show: one line, bounded, without control characters.
pub(super) fn failure(kind: FailureKind, detail: impl AsRef<str>) -> Failure {
    Failure {
        kind,
        detail: one_line(detail.as_ref()),
    }
}

fn one_line(text: &str) -> String {
    let unsafe_here = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = text
        .chars()
        .map(|c| if unsafe_here(c) { ' ' } else { c })
        .take(DETAIL_CHARS + 1)
        .collect();
    match plain.char_indices().nth(DETAIL_CHARS - 1) {
        Some((end, _)) if plain.chars().count() > DETAIL_CHARS => format!("{}…", &plain[..end]),
        _ => plain,
    }
}

/// A URL as logs and failures may show it: without user, password and fragment, the query (it may hold a token) hinted at.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    let query = if url.query().is_some() { "?…" } else { "" };
    format!(
        "{}://{}{port}{}{query}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path()
    )
}

/// Where in the exchange an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before the answer's headers were whole.
    Answer,
    /// While the body was read.
    Body,
}

/// Sorts an error of the HTTP client.
pub(super) fn classify(error: &reqwest::Error, phase: Phase) -> Failure {
    let chain = || causes(error);
    if let Some(no) = chain().find_map(|e| e.downcast_ref::<Refused>()) {
        return failure(FailureKind::Guard, format!("{no}: not allowed"));
    }
    if let Some(tls) = chain().find_map(|e| e.downcast_ref::<rustls::Error>()) {
        return failure(FailureKind::Tls, tls_detail(tls));
    }
    if error.is_timeout() {
        let what = if error.is_connect() {
            "no connection in time"
        } else {
            "no answer in time"
        };
        return failure(FailureKind::Timeout, what);
    }
    if error.is_dns() {
        return failure(
            FailureKind::Dns,
            format!("the name could not be resolved: {}", root(error)),
        );
    }
    match phase {
        Phase::Answer => before_answer(error),
        Phase::Body => in_body(error),
    }
}

fn before_answer(error: &reqwest::Error) -> Failure {
    let http = causes(error).find_map(|e| e.downcast_ref::<hyper::Error>());
    if http.is_some_and(|e| e.is_parse() && !e.is_incomplete_message()) {
        return failure(
            FailureKind::Protocol,
            format!("the answer is not HTTP: {}", root(error)),
        );
    }
    if error.is_builder() {
        return failure(
            FailureKind::Protocol,
            format!("the request cannot be sent: {}", root(error)),
        );
    }
    if error.is_connect() {
        return failure(
            FailureKind::Connect,
            format!("no connection: {}", root(error)),
        );
    }
    failure(
        FailureKind::Connect,
        format!("the connection broke before an answer: {}", root(error)),
    )
}

/// Under the decoder lies the HTTP body, whose errors are hyper's: cut or broken off. What is left is the decoder's own.
fn in_body(error: &reqwest::Error) -> Failure {
    if causes(error).any(|e| e.is::<hyper::Error>()) {
        return failure(
            FailureKind::Cut,
            format!("the body broke off: {}", root(error)),
        );
    }
    failure(
        FailureKind::BadEncoding,
        format!("the compressed body is damaged: {}", root(error)),
    )
}

fn tls_detail(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(reason) = error else {
        return format!("TLS handshake failed: {error}");
    };
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "certificate expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate not valid yet (is the clock right?)".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate is for another name".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "certificate from an unknown issuer, or its chain is incomplete".to_owned()
        }
        CertificateError::Revoked => "certificate revoked".to_owned(),
        other => format!("certificate refused: {other}"),
    }
}

/// The error and what caused it, outermost first, looking into `io::Error`, whose `source` skips what it wraps.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    const DEEPEST: usize = 32;
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let here = next?;
        let wrapped = here
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => here.source(),
        };
        Some(here)
    })
    .take(DEEPEST)
}

/// The innermost cause in words: the one that says what happened. It names no URL.
fn root(error: &reqwest::Error) -> String {
    match causes(error).last() {
        Some(last) if !last.is::<reqwest::Error>() => last.to_string(),
        _ => "no reason given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_one_short_line() {
        let detail = failure(FailureKind::Dns, "a\r\nb\u{1b}[31m\u{9b}c\u{2028}d").detail;
        assert_eq!(detail, "a  b [31m c d");
        let long = failure(FailureKind::Dns, "ạ".repeat(10_000)).detail;
        assert_eq!(long.chars().count(), DETAIL_CHARS);
        assert!(long.ends_with('…'));
        assert_eq!(
            failure(FailureKind::Dns, "ạ".repeat(DETAIL_CHARS))
                .detail
                .chars()
                .count(),
            DETAIL_CHARS
        );
    }

    #[test]
    fn shown_addresses_hold_no_secret() {
        let url = Url::parse("https://an:bi-mat@bao.vn:8443/rss?key=bi-mat#bi-mat").unwrap();
        assert_eq!(shown(&url), "https://bao.vn:8443/rss?…");
    }
}
