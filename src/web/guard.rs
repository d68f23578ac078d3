//! What stands before and behind every request: whose name it uses, how long it may take, how many at once; and what a
//! browser may do with the answer.

use super::page::JsonByName;
use super::room::Room;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Requests answered at once; more are told to come back.
const AT_ONCE: usize = 32;
/// For one answer.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an address.
const ADDRESS_BYTES: usize = 2_048;
/// Bytes of an answer; every page is cut far below.
const ANSWER_BYTES: usize = 8 << 20;

/// Nothing but our own style sheet may be loaded, nothing may run, no other page may frame ours.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Bounds shared by all requests.
pub(super) struct Guard {
    room: Arc<Room>,
    turns: Semaphore,
}

impl Guard {
    pub(super) fn new(room: Arc<Room>) -> Self {
        Self {
            room,
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

/// The middleware around all routes.
pub(super) async fn guard(
    State(guard): State<Arc<Guard>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = refuse(&guard.room, &request) {
        return sealed(refusal);
    }
    let Ok(_turn) = guard.turns.try_acquire() else {
        return sealed(busy());
    };
    let asked = Asked::of(request.method(), request.headers());
    rewrite_json(&mut request);
    let answer = tokio::time::timeout(WITHIN, next.run(request)).await;
    let answer = answer.unwrap_or_else(|_| busy());
    sealed(conditional(&asked, answer).await)
}

fn busy() -> Response {
    let retry = [(header::RETRY_AFTER, HeaderValue::from_static("2"))];
    (
        StatusCode::SERVICE_UNAVAILABLE,
        retry,
        "Máy đang bận, xin thử lại sau vài giây.",
    )
        .into_response()
}

/// An address that is too long, or a name that is not ours: a page elsewhere may have its own name point at this
/// machine to read along (DNS rebinding).
fn refuse(room: &Room, request: &Request) -> Option<Response> {
    if request.uri().to_string().len() > ADDRESS_BYTES {
        return Some((StatusCode::URI_TOO_LONG, "Địa chỉ quá dài.").into_response());
    }
    let office = room.office();
    let web = &office.config.web;
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let public = web.public_url.as_ref().and_then(|url| url.host_str());
    let listen = web.listen.map(|at| at.ip().to_string());
    let known = host.map(bare).is_some_and(|host| {
        let ours = [
            public,
            listen.as_deref(),
            Some("localhost"),
            Some("127.0.0.1"),
            Some("[::1]"),
        ];
        ours.into_iter()
            .flatten()
            .any(|name| name.eq_ignore_ascii_case(host))
            || web.open
    });
    (!known).then(|| {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "Máy chủ này không mang tên đó.",
        )
            .into_response()
    })
}

/// A host without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// `/x.json` is `/x` with its data wanted.
fn rewrite_json(request: &mut Request) {
    let uri = request.uri();
    let Some(path) = uri.path().strip_suffix(".json") else {
        return;
    };
    let path = if path.is_empty() || path == "/index" {
        "/"
    } else {
        path
    };
    let whole = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(whole) = whole.parse::<PathAndQuery>() {
        *request.uri_mut() = Uri::from(whole);
        request.extensions_mut().insert(JsonByName);
    }
}

/// What a conditional request knows (RFC 9110 §13).
struct Asked {
    reads: bool,
    tag: Option<String>,
    since: Option<Timestamp>,
}

impl Asked {
    fn of(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            reads: matches!(*method, Method::GET | Method::HEAD),
            tag: text(header::IF_NONE_MATCH).map(str::to_owned),
            since: text(header::IF_MODIFIED_SINCE)
                .and_then(|at| DateTimeParser::new().parse_timestamp(at).ok()),
        }
    }

    /// RFC 9110 §13.2.2: the tag decides where there is one.
    fn has(&self, tag: &str, changed: Option<Timestamp>) -> bool {
        match (&self.tag, self.since, changed) {
            (Some(known), _, _) => known.split(',').any(|one| {
                let one = one.trim();
                one == "*" || one.trim_start_matches("W/") == tag
            }),
            (None, Some(since), Some(changed)) => changed.as_second() <= since.as_second(),
            _ => false,
        }
    }
}

/// Gives an answer its tag, or says that nothing changed.
async fn conditional(asked: &Asked, answer: Response) -> Response {
    if !asked.reads || answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, ANSWER_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..20]);
    let changed = parts.headers.get(header::LAST_MODIFIED);
    let changed = changed.and_then(|value| value.to_str().ok());
    let changed = changed.and_then(|at| DateTimeParser::new().parse_timestamp(at).ok());
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if asked.has(&tag, changed) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The headers that every answer carries.
fn sealed(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    let set = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_without_its_port() {
        assert_eq!(bare("diembao.example:8288"), "diembao.example");
        assert_eq!(bare("[::1]:8288"), "[::1]");
        assert_eq!(bare("[::1]"), "[::1]");
        assert_eq!(bare("diembao.example"), "diembao.example");
    }

    #[test]
    fn a_known_tag_or_time_needs_no_second_answer() {
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let asked = |tag: Option<&str>, since: Option<Timestamp>| Asked {
            reads: true,
            tag: tag.map(str::to_owned),
            since,
        };
        assert!(asked(Some("W/\"a\", \"b\""), None).has("\"a\"", None));
        assert!(!asked(Some("\"b\""), Some(at)).has("\"a\"", Some(at)));
        assert!(asked(None, Some(at)).has("\"a\"", Some(at)));
        assert!(!asked(None, Some(at)).has("\"a\"", None));
    }
}
