//! A form sent to a server that nobody but a feed named: a hub (W3C WebSub §5.1).

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::Serializer;

use super::client::Client;
use super::failure::{Phase, classify, failure, shown};
use crate::model::{Failure, FailureKind};

/// Redirects followed (307 and 308 alone: only those keep the method).
const HOPS: usize = 2;
/// Bytes read of what a server says in explanation of its no.
const WORDS_BYTES: usize = 1024;

/// What to send, and where.
pub struct Form {
    /// The address; only http and https.
    pub url: Url,
    /// Names and values, in their order. They may hold secrets: none is logged or part of a failure.
    pub fields: Vec<(&'static str, String)>,
    /// Parts of those values that must not be shown, whatever the server says in its answer.
    pub secrets: Vec<String>,
    /// The host an admin wrote into the configuration: the only one to which opened private ranges apply.
    pub configured_host: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// 2xx.
    Taken,
    /// 4xx: the same form will not be taken another time either. The status and the server's words, in one line.
    Refused(String),
    /// Anything else: later it may be.
    Failed(Failure),
}

impl Client {
    /// Sends the form, once it is the host's turn, within the limits of all requests.
    ///
    /// Never an error: whatever the server does is an outcome. Dropping the future ends the request.
    pub async fn post(&self, form: &Form) -> Posted {
        let _slot = self
            .slots
            .take(form.url.host_str().unwrap_or_default())
            .await;
        let limit = self.config.request_timeout;
        let posted = timeout(limit, Box::pin(self.exchange(form))).await;
        posted
            .unwrap_or_else(|_| {
                let detail = format!("no complete answer within {:.1} s", limit.as_secs_f64());
                Ok(Posted::Failed(failure(FailureKind::Timeout, detail)))
            })
            .unwrap_or_else(Posted::Failed)
    }

    async fn exchange(&self, form: &Form) -> Result<Posted, Failure> {
        let mut url = form.url.clone();
        for _ in 0..=HOPS {
            let answer = self.send(&url, form).await?;
            match answer.status() {
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
                    url = next(&url, &answer)?;
                }
                status if status.is_success() => return Ok(Posted::Taken),
                // "Not now" is no refusal.
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                    return Err(failure(
                        FailureKind::Throttled,
                        format!("HTTP {}", answer.status()),
                    ));
                }
                status if status.is_client_error() => {
                    return Ok(Posted::Refused(words(status, answer, form).await));
                }
                status => {
                    return Err(failure(
                        FailureKind::HttpServer,
                        words(status, answer, form).await,
                    ));
                }
            }
        }
        Err(failure(
            FailureKind::Redirect,
            format!("more than {HOPS} redirects"),
        ))
    }

    async fn send(&self, url: &Url, form: &Form) -> Result<Response, Failure> {
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(failure(
                FailureKind::Redirect,
                "the address is neither http nor https",
            ));
        }
        let route = self.route(url, form.configured_host.as_deref(), None);
        route
            .guard
            .check_literal(url)
            .map_err(|no| failure(FailureKind::Guard, format!("{no}: not allowed")))?;
        let pairs = form
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let asked = route
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, kind)
            .header(ACCEPT, HeaderValue::from_static("text/plain, */*;q=0.5"))
            .body(body);
        asked.send().await.map_err(|e| classify(&e, Phase::Answer))
    }
}

/// Where a redirect leads; what is encrypted stays so.
fn next(at: &Url, answer: &Response) -> Result<Url, Failure> {
    let wrong = |why: &str| failure(FailureKind::Redirect, format!("{why} (at {})", shown(at)));
    let location = answer
        .headers()
        .get(LOCATION)
        .ok_or_else(|| wrong("a redirect without Location"))?;
    let location = String::from_utf8_lossy(location.as_bytes());
    let to = at
        .join(location.trim())
        .map_err(|_| wrong("a redirect to no address"))?;
    match (at.scheme(), to.scheme()) {
        ("https", "http") => Err(wrong("a redirect from https to plain http")),
        _ => Ok(to),
    }
}

/// The status and what the server says of it.
async fn words(status: StatusCode, mut answer: Response, form: &Form) -> String {
    let mut said = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            said.extend_from_slice(&chunk);
            if said.len() >= WORDS_BYTES {
                break;
            }
        }
    };
    // What has come until then has to do.
    let _ = timeout(Duration::from_secs(2), reading).await;
    said.truncate(WORDS_BYTES);
    let said = String::from_utf8_lossy(&said);
    let said = form.secrets.iter().fold(said.into_owned(), |said, secret| {
        said.replace(secret.as_str(), "…")
    });
    let said = match said.trim_start().starts_with('<') {
        true => "", // A page is for browsers.
        false => said.trim(),
    };
    let line = match said.is_empty() {
        true => format!("HTTP {}", status.as_u16()),
        false => format!("HTTP {}: {said}", status.as_u16()),
    };
    failure(FailureKind::HttpClient, line).detail
}
