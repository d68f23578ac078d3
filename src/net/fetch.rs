//! One exchange: a request, its redirects, its body, and what it all came to.

use std::time::Duration;

use futures_util::TryFutureExt;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER, SET_COOKIE, USER_AGENT,
};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::budget::Share;
use super::cachectl;
use super::client::Client;
use super::failure::{Phase, classify, failure, shown};
use super::links;
use super::wall;
use crate::model::{Failure, FailureKind, FetchOutcome, Fetched, Hop, Unmodified, Validators};

/// What kind of document is asked for; it sets `Accept` and the largest body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// RSS, Atom, RDF, JSON Feed, sitemaps.
    Feed,
    /// An article or list page.
    Page,
    /// Plain text; what exceeds the limit is left unread instead of failing.
    Robots,
}

impl Accept {
    fn header(self) -> &'static str {
        match self {
            Self::Feed => {
                "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, \
                 application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
            }
            Self::Page => "text/html, application/xhtml+xml, */*;q=0.5",
            Self::Robots => "text/plain, */*;q=0.5",
        }
    }
}

/// RFC 9309 §2.5: at least 500 KiB are read.
const ROBOTS_BYTES: usize = 500 * 1024;

/// What to ask for, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The address; only http and https.
    pub url: Url,
    /// What is expected there.
    pub accept: Accept,
    /// From the last whole answer; empty asks unconditionally.
    pub validators: Validators,
    /// Instead of the program's own name.
    pub user_agent: Option<String>,
    /// Further headers, such as `Authorization`; sent to the origin of `url` only, never along a redirect elsewhere.
    pub headers: Vec<(String, String)>,
    /// Shorter (or longer) than the client's own limit for the whole request.
    pub timeout: Option<Duration>,
    /// Who is asked: requests of the same newspaper never run at once. `None` takes the host of `url`.
    pub newspaper: Option<String>,
    /// The host an admin wrote into the configuration: the only one to which opened private ranges apply.
    pub configured_host: Option<String>,
}

impl Request {
    /// For a configured feed: its own host is the configured one.
    pub fn feed(url: Url, validators: Validators) -> Self {
        let configured_host = url.host_str().map(str::to_owned);
        Self {
            validators,
            configured_host,
            ..Self::to(url, Accept::Feed)
        }
    }

    /// For an article's page, whose address came from a feed and is trusted with nothing; name the source's own host in
    /// `configured_host` where pages of internal hosts are wanted.
    pub fn page(url: Url) -> Self {
        Self::to(url, Accept::Page)
    }

    pub(super) fn to(url: Url, accept: Accept) -> Self {
        Self {
            url,
            accept,
            validators: Validators::default(),
            user_agent: None,
            headers: Vec::new(),
            timeout: None,
            newspaper: None,
            configured_host: None,
        }
    }

    fn is_conditional(&self) -> bool {
        self.validators.etag.is_some() || self.validators.last_modified.is_some()
    }
}

/// A body's share of the memory budget. Keep it as long as the body is kept.
#[derive(Debug, Default)]
pub struct Held {
    // Read by nobody: it is there to be dropped.
    _share: Share,
}

impl Client {
    /// Asks, once it is the newspaper's turn. `now` is the time of the call.
    ///
    /// Never an error: whatever the server does is an outcome. Dropping the future ends the request.
    pub async fn fetch(&self, request: &Request, now: Timestamp) -> FetchOutcome {
        self.fetch_held(request, now).await.0
    }

    /// As [`Client::fetch`], and the body goes on counting against the budget until the second value is dropped.
    pub async fn fetch_held(&self, request: &Request, now: Timestamp) -> (FetchOutcome, Held) {
        let called = Instant::now();
        let host = request.url.host_str().unwrap_or_default();
        let _slot = self
            .slots
            .take(request.newspaper.as_deref().unwrap_or(host))
            .await;
        let limit = request.timeout.unwrap_or(self.config.request_timeout);
        let mut share = Share::default();
        let exchange = Exchange {
            client: self,
            request,
            now,
            called,
        };
        let outcome = match timeout(limit, Box::pin(exchange.run(&mut share))).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => FetchOutcome::Failed(failure),
            Err(_) => {
                let detail = format!("no complete answer within {:.1} s", limit.as_secs_f64());
                FetchOutcome::Failed(failure(FailureKind::Timeout, detail))
            }
        };
        (outcome, Held { _share: share })
    }
}

struct Exchange<'a> {
    client: &'a Client,
    request: &'a Request,
    now: Timestamp,
    called: Instant,
}

/// Where the redirects led.
struct Trail {
    /// Every address asked, the last one being the present one.
    visited: Vec<Url>,
    /// What led from each of them to the next.
    statuses: Vec<StatusCode>,
    /// Only 301 and 308 so far, and none from https to http.
    permanent: bool,
}

impl Trail {
    fn hops(&self) -> Vec<Hop> {
        let targets = self.visited.iter().skip(1).map(without_credentials);
        self.statuses
            .iter()
            .zip(targets)
            .map(|(status, to)| Hop {
                status: status.as_u16(),
                to,
            })
            .collect()
    }

    /// Where the feed moved for good. An address with credentials is the admin's to change: the target would be asked
    /// without them.
    fn moved_to(&self) -> Option<Url> {
        let end = self
            .visited
            .last()
            .filter(|_| self.permanent && self.visited.len() > 1)?;
        (without_credentials(end) == *end).then(|| end.clone())
    }
}

impl Exchange<'_> {
    async fn run(&self, share: &mut Share) -> Result<FetchOutcome, Failure> {
        if !is_http(&self.request.url) {
            return Err(failure(
                FailureKind::Redirect,
                "the address is neither http nor https",
            ));
        }
        let mut trail = Trail {
            visited: vec![self.request.url.clone()],
            statuses: Vec::new(),
            permanent: true,
        };
        loop {
            let at = trail.visited.last().unwrap_or(&self.request.url).clone();
            let response = self.ask(&at).await?;
            if !is_followed(response.status()) {
                return self.judge(response, &at, &trail, share).await;
            }
            let next = self.next_hop(&response, &at, &mut trail)?;
            trail.statuses.push(response.status());
            drain(response).await;
            trail.visited.push(next);
        }
    }

    /// Sends one request and gives the answer's head.
    async fn ask(&self, url: &Url) -> Result<Response, Failure> {
        let newspaper = self.request.newspaper.as_deref();
        let route = self
            .client
            .route(url, self.request.configured_host.as_deref(), newspaper);
        route
            .guard
            .check_literal(url)
            .map_err(|no| failure(FailureKind::Guard, format!("{no}: not allowed")))?;
        let asked = route.http.get(url.clone()).headers(self.headers(url));
        let answer = asked
            .send()
            .map_err(|e| classify(&e, Phase::Answer))
            .await?;
        self.client.jar.keep(newspaper, url, answer.headers());
        Ok(answer)
    }

    fn headers(&self, url: &Url) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static(self.request.accept.header()),
        );
        let mut put = |name: HeaderName, value: Option<&str>| {
            // A value that cannot stand in a header is left out: a request without it is still a good request.
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
                headers.insert(name, value);
            }
        };
        let cookies = self
            .client
            .jar
            .of_host(self.request.newspaper.as_deref(), url);
        put(COOKIE, cookies.as_deref());
        put(USER_AGENT, self.request.user_agent.as_deref());
        put(IF_NONE_MATCH, self.request.validators.etag.as_deref());
        put(
            IF_MODIFIED_SINCE,
            self.request.validators.last_modified.as_deref(),
        );
        if url.origin() == self.request.url.origin() {
            for (name, value) in &self.request.headers {
                if let Ok(name) = HeaderName::try_from(name.as_str()) {
                    put(name, Some(value));
                }
            }
        }
        headers
    }

    /// Where a redirect leads, checked: http or https, no loop, not too far, no credentials but our own.
    fn next_hop(&self, response: &Response, at: &Url, trail: &mut Trail) -> Result<Url, Failure> {
        let wrong = |why: &str| failure(FailureKind::Redirect, format!("{why} (at {})", shown(at)));
        let location = response
            .headers()
            .get(LOCATION)
            .ok_or_else(|| wrong("a redirect without Location"))?;
        // Locations in bare UTF-8 are common; joining encodes them as browsers do.
        let location = String::from_utf8_lossy(location.as_bytes());
        let mut next = at
            .join(location.trim())
            .map_err(|_| wrong("a redirect to no address"))?;
        if !is_http(&next) {
            let scheme: String = next.scheme().chars().take(20).collect();
            return Err(wrong(&format!("a redirect to a {scheme}: address")));
        }
        next.set_fragment(None);
        self.set_own_credentials(&mut next);
        if trail.visited.contains(&next) {
            let sets_cookie = response.headers().contains_key(SET_COOKIE);
            let kept = self.client.jar.is_kept(self.request.newspaper.as_deref());
            if !sets_cookie {
                return Err(wrong("a redirect loop"));
            }
            let again = trail.visited.iter().filter(|url| **url == next).count();
            if !kept || again > 1 {
                return Err(failure(
                    FailureKind::CookieWall,
                    "redirects to itself until its cookie comes back (cookies = true in feeds.toml sends it)",
                ));
            }
        }
        if trail.visited.len() > self.client.config.max_redirects {
            return Err(wrong(&format!(
                "more than {} redirects",
                self.client.config.max_redirects
            )));
        }
        let downgrade = at.scheme() == "https" && next.scheme() == "http";
        if downgrade {
            self.client.say_downgrade(at, &next);
        }
        let permanent = matches!(
            response.status(),
            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
        );
        trail.permanent &= permanent && !downgrade;
        Ok(next)
    }

    /// Takes out what a server put before the `@`, and puts in ours where the target is the configured origin.
    fn set_own_credentials(&self, next: &mut Url) {
        let own = &self.request.url;
        let ours = own.origin() == next.origin();
        let (user, password) = if ours {
            (own.username(), own.password())
        } else {
            ("", None)
        };
        // Both fail only on URLs without host, which `is_http` excludes.
        let _ = next.set_username(user);
        let _ = next.set_password(password);
    }

    /// What an answer that is no redirect means.
    async fn judge(
        &self,
        response: Response,
        at: &Url,
        trail: &Trail,
        share: &mut Share,
    ) -> Result<FetchOutcome, Failure> {
        let status = response.status();
        let headers = response.headers();
        let throttled = || FetchOutcome::Throttled {
            until: cachectl::retry_after(headers, self.moment()),
            status: status.as_u16(),
        };
        let kind = match status.as_u16() {
            200 | 203 => return self.fresh(response, at, trail, share).await,
            204 | 205 => FailureKind::Empty,
            304 if self.request.is_conditional() => {
                let hints = cachectl::hints(headers, self.moment());
                return Ok(FetchOutcome::NotModified(Unmodified {
                    hints,
                    moved_to: trail.moved_to(),
                }));
            }
            304 => {
                return Err(failure(
                    FailureKind::Protocol,
                    "HTTP 304 to a request without validators",
                ));
            }
            429 => return Ok(throttled()),
            503 if headers.contains_key(RETRY_AFTER) => return Ok(throttled()),
            410 => return Ok(FetchOutcome::Gone),
            404 => FailureKind::NotFound,
            // RFC 6585 §6: the network wants a login, the server was never asked.
            511 => FailureKind::Portal,
            401 => FailureKind::Forbidden,
            403 | 503 => return Err(refused(response).await),
            400..500 => FailureKind::HttpClient,
            500..600 => FailureKind::HttpServer,
            _ => FailureKind::Protocol,
        };
        Err(failure(kind, status_line(status)))
    }

    async fn fresh(
        &self,
        response: Response,
        at: &Url,
        trail: &Trail,
        share: &mut Share,
    ) -> Result<FetchOutcome, Failure> {
        let headers = response.headers().clone();
        if let Some(coding) = undecoded(&headers) {
            return Err(failure(
                FailureKind::BadEncoding,
                format!("a content coding we did not offer: {coding}"),
            ));
        }
        let body = self.body(response, share).await?;
        let moment = self.moment();
        Ok(FetchOutcome::Fresh(Box::new(Fetched {
            body_hash: *blake3::hash(&body).as_bytes(),
            body,
            content_type: headers.get(CONTENT_TYPE).map(|v| {
                String::from_utf8_lossy(v.as_bytes())
                    .chars()
                    .take(256)
                    .collect()
            }),
            hops: trail.hops(),
            moved_to: trail.moved_to(),
            final_url: without_credentials(at),
            validators: validators(&headers),
            hints: cachectl::hints(&headers, moment),
            links: links::hubs(&headers, at),
            server_date: cachectl::server_date(&headers),
        })))
    }

    /// Reads the body, counting what comes out of the decompressor, and stops at the limit.
    async fn body(&self, mut response: Response, share: &mut Share) -> Result<Vec<u8>, Failure> {
        let limit = match self.request.accept {
            Accept::Feed => self.client.config.max_body,
            Accept::Page => self.client.config.max_page,
            Accept::Robots => ROBOTS_BYTES,
        };
        let too_large = || failure(FailureKind::TooLarge, format!("more than {limit} bytes"));
        let cut_off = self.request.accept == Accept::Robots;
        if !cut_off
            && response
                .content_length()
                .is_some_and(|announced| announced > limit as u64)
        {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|e| classify(&e, Phase::Body))?
        {
            let room = limit - body.len();
            if chunk.len() > room {
                if cut_off {
                    body.extend_from_slice(&chunk[..room]);
                    return Ok(body);
                }
                return Err(too_large());
            }
            let needed = body.len() + chunk.len();
            if needed > body.capacity() {
                // What is set apart counts, filled or not.
                let capacity = needed.max(body.capacity() * 2).min(limit);
                self.client.budget.grow(share, capacity).await;
                body.reserve_exact(capacity - body.len());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Now, counted from the time of the call.
    fn moment(&self) -> Timestamp {
        let passed =
            SignedDuration::try_from(self.called.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.now.saturating_add(passed).unwrap_or(self.now)
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn is_followed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn without_credentials(url: &Url) -> Url {
    let mut plain = url.clone();
    // Both fail only on URLs without host.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain
}

/// What stands behind a 403, or a 503 that names no time: often not the paper, but the shield in front of it.
async fn refused(mut response: Response) -> Failure {
    let status = response.status();
    let headers = response.headers().clone();
    let mut head = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            head.extend_from_slice(&chunk);
            if head.len() >= wall::LOOKED_AT {
                break;
            }
        }
    };
    // What has come until then has to do: the status alone is an answer too.
    let _ = timeout(Duration::from_secs(2), reading).await;
    wall::recognise_refusal(&headers, &head).unwrap_or_else(|| {
        let kind = match status {
            StatusCode::FORBIDDEN => FailureKind::Forbidden,
            _ => FailureKind::HttpServer,
        };
        failure(kind, status_line(status))
    })
}

fn status_line(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("");
    format!("HTTP {} {reason}", status.as_u16())
        .trim_end()
        .to_owned()
}

/// Reads the little body of a redirect, so that its connection can be used again; gives up early on a long or slow one.
async fn drain(mut response: Response) {
    const AT_MOST: usize = 16 * 1024;
    let reading = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > AT_MOST {
                break;
            }
        }
    };
    // Running out of time means that the connection is closed, which is right.
    let _ = timeout(Duration::from_millis(100), reading).await;
}

/// A content coding that is still on the body: the client takes the header away from what it decoded.
fn undecoded(headers: &HeaderMap) -> Option<&'static str> {
    const CODINGS: [&str; 7] = [
        "gzip",
        "x-gzip",
        "br",
        "deflate",
        "zstd",
        "compress",
        "x-compress",
    ];
    let lines = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let mut named = lines.flat_map(|line| line.split(','));
    named.find_map(|word| {
        CODINGS
            .into_iter()
            .find(|coding| word.trim().eq_ignore_ascii_case(coding))
    })
}

/// What may be sent back to the server later: short and printable, byte for byte as it came.
fn validators(headers: &HeaderMap) -> Validators {
    const LONGEST: usize = 1024;
    let kept = |name: HeaderName| {
        let text = headers.get(name)?.to_str().ok()?;
        let good = !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        good.then(|| text.to_owned())
    };
    Validators {
        etag: kept(ETAG),
        last_modified: kept(LAST_MODIFIED),
    }
}
