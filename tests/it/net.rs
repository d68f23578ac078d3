//! The HTTP edge against a real server on loopback: what comes back, and what the server saw.

use std::time::Duration;

use diembao::model::{FailureKind, FetchOutcome, Fetched, Validators};
use diembao::net::{Client, NetConfig, Request, Robots, Verdict};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::support::origin::{Answer, Origin, gzip};

const FEED: &str = "<rss version=\"2.0\"><channel><title>Báo Đồng Bưng</title></channel></rss>";

fn now() -> Timestamp {
    "2026-11-22T23:00:00Z".parse().unwrap()
}

/// Short limits, and loopback opened as an admin would open it.
fn config() -> NetConfig {
    NetConfig {
        request_timeout: Duration::from_millis(250),
        connect_timeout: Duration::from_millis(200),
        max_body: 64 * 1024,
        gap: Duration::ZERO,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..NetConfig::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

fn feed(url: Url) -> Request {
    Request::feed(url, Validators::default())
}

async fn get(origin: &Origin, path: &str) -> FetchOutcome {
    client().fetch(&feed(origin.url(path)), now()).await
}

#[track_caller]
fn fresh(outcome: FetchOutcome) -> Fetched {
    match outcome {
        FetchOutcome::Fresh(fetched) => *fetched,
        other => panic!("not fresh: {other:?}"),
    }
}

/// The kind of failure; its detail is checked to be one short line on the way.
#[track_caller]
fn failed(outcome: FetchOutcome) -> FailureKind {
    match outcome {
        FetchOutcome::Failed(failure) => {
            assert!(
                !failure.detail.is_empty() && failure.detail.chars().count() <= 200,
                "{failure:?}"
            );
            assert!(!failure.detail.contains(char::is_control), "{failure:?}");
            failure.kind
        }
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test]
async fn a_feed_comes_with_all_that_came_with_it() {
    let origin = Origin::start();
    let answer = Answer::ok(FEED)
        .header("Content-Type", "application/rss+xml; charset=utf-8")
        .header("ETag", "W/\"a1\"")
        .header("Last-Modified", "Sun, 22 Nov 2026 22:00:00 GMT")
        .header("Date", "Sun, 22 Nov 2026 22:59:00 GMT")
        .header("Cache-Control", "max-age=600");
    origin.on("/rss", answer);
    let got = fresh(get(&origin, "/rss").await);
    assert_eq!(got.body, FEED.as_bytes());
    assert_eq!(got.body_hash, *blake3::hash(FEED.as_bytes()).as_bytes());
    assert_eq!(
        got.content_type.as_deref(),
        Some("application/rss+xml; charset=utf-8")
    );
    assert_eq!(got.validators.etag.as_deref(), Some("W/\"a1\""));
    assert_eq!(
        got.validators.last_modified.as_deref(),
        Some("Sun, 22 Nov 2026 22:00:00 GMT")
    );
    assert_eq!(got.hints.fresh_for_s, Some(600));
    assert_eq!(
        got.server_date,
        Some("2026-11-22T22:59:00Z".parse().unwrap())
    );
    assert_eq!((got.final_url, got.moved_to), (origin.url("/rss"), None));
}

#[tokio::test]
async fn the_request_is_honest_and_asks_for_feeds() {
    let origin = Origin::start();
    let client = Client::new(NetConfig {
        contact: Some("mailto:vp@tinhuy.example".into()),
        ..config()
    })
    .unwrap();
    client.fetch(&feed(origin.url("/rss?a=1")), now()).await;
    client
        .fetch(
            &Request {
                user_agent: Some("Trình duyệt".into()),
                ..feed(origin.url("/2"))
            },
            now(),
        )
        .await;
    client
        .fetch(
            &Request {
                user_agent: Some("khac/1".into()),
                ..feed(origin.url("/3"))
            },
            now(),
        )
        .await;
    let page = Request {
        configured_host: Some("127.0.0.1".into()),
        ..Request::page(origin.url("/bai.html"))
    };
    client.fetch(&page, now()).await;
    let log = origin.log();
    let name = format!(
        "diembao/{} (+mailto:vp@tinhuy.example)",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(
        (log[0].method.as_str(), log[0].path.as_str()),
        ("GET", "/rss?a=1")
    );
    assert_eq!(log[0].header("user-agent"), Some(name.as_str()));
    assert!(
        log[0]
            .header("accept")
            .unwrap()
            .contains("application/rss+xml")
    );
    let codings = log[0].header("accept-encoding").unwrap();
    assert!(
        codings.contains("gzip") && codings.contains("br"),
        "{codings}"
    );
    for absent in [
        "if-none-match",
        "if-modified-since",
        "cookie",
        "authorization",
        "referer",
    ] {
        assert_eq!(log[0].header(absent), None);
    }
    assert_eq!(log[2].header("user-agent"), Some("khac/1"));
    assert!(log[3].header("accept").unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn validators_go_back_byte_for_byte_and_304_is_understood() {
    let origin = Origin::start();
    let modified = "Sun, 6 Nov 1994 8:49:37 +0000"; // odd, and sent back as it is
    let answer = Answer::ok(FEED)
        .header("ETag", "W/\"x y;z\"")
        .header("Last-Modified", modified)
        .conditional();
    origin.on("/rss", answer.header("Cache-Control", "max-age=60"));
    let client = client();
    let first = fresh(client.fetch(&feed(origin.url("/rss")), now()).await);
    let again = client
        .fetch(&Request::feed(origin.url("/rss"), first.validators), now())
        .await;
    assert!(
        matches!(&again, FetchOutcome::NotModified(same) if same.hints.fresh_for_s == Some(60)),
        "{again:?}"
    );
    let log = origin.log();
    assert_eq!(log[1].header("if-none-match"), Some("W/\"x y;z\""));
    assert_eq!(log[1].header("if-modified-since"), Some(modified));
    assert_eq!(
        (log[0].connection, log[1].connection),
        (1, 1),
        "the connection is used again"
    );
}

#[tokio::test]
async fn a_304_nobody_asked_for_is_a_failure() {
    let origin = Origin::start();
    origin.on("/rss", Answer::status(304));
    assert_eq!(failed(get(&origin, "/rss").await), FailureKind::Protocol);
}

#[tokio::test]
async fn validators_are_kept_only_if_short_and_printable() {
    let origin = Origin::start();
    origin.on(
        "/long",
        Answer::ok(FEED).header("ETag", &format!("\"{}\"", "a".repeat(1023))),
    );
    origin.on(
        "/odd",
        Answer::ok(FEED)
            .header("ETag", "\"điểm\"")
            .header("Last-Modified", "hôm qua"),
    );
    origin.on(
        "/just",
        Answer::ok(FEED).header("ETag", &format!("\"{}\"", "a".repeat(1022))),
    );
    assert_eq!(
        fresh(get(&origin, "/long").await).validators,
        Validators::default()
    );
    assert_eq!(
        fresh(get(&origin, "/odd").await).validators,
        Validators::default()
    );
    assert!(fresh(get(&origin, "/just").await).validators.etag.is_some());
}

#[tokio::test]
async fn compressed_and_chunked_bodies_are_read() {
    let origin = Origin::start();
    origin.on("/gzip", Answer::ok(FEED).gzip());
    origin.on("/gzip-chunked", Answer::ok(FEED).gzip().chunked(7));
    origin.on("/chunked", Answer::ok(FEED).chunked(5));
    origin.on(
        "/br",
        Answer::ok(brotli_stored(FEED.as_bytes())).header("Content-Encoding", "br"),
    );
    for path in ["/gzip", "/gzip-chunked", "/chunked", "/br"] {
        assert_eq!(
            fresh(get(&origin, path).await).body,
            FEED.as_bytes(),
            "{path}"
        );
    }
}

/// RFC 7932 §9.2: one uncompressed meta-block and an empty last one.
fn brotli_stored(bytes: &[u8]) -> Vec<u8> {
    let header = ((bytes.len() as u32 - 1) << 4) | (1 << 20);
    [&header.to_le_bytes()[..3], bytes, &[3]].concat()
}

#[tokio::test]
async fn an_empty_200_is_left_to_the_reader() {
    let origin = Origin::start();
    origin.on("/rss", Answer::ok(""));
    assert!(fresh(get(&origin, "/rss").await).body.is_empty());
}

#[tokio::test]
async fn too_many_bytes_are_refused_whatever_their_disguise() {
    let origin = Origin::start();
    let zeros = vec![b' '; 20 * 1024 * 1024];
    origin.on("/announced", Answer::ok(vec![b' '; 64 * 1024 + 1]));
    origin.on(
        "/unannounced",
        Answer::ok(vec![b' '; 64 * 1024 + 1]).chunked(4096),
    );
    origin.on("/endless", Answer::ok(vec![b' '; 4096]).endless());
    origin.on("/bomb", Answer::ok(zeros.clone()).gzip());
    origin.on("/bomb-in-bomb", Answer::ok(gzip(&zeros)).gzip());
    origin.on("/just", Answer::ok(vec![b' '; 64 * 1024]));
    for path in ["/announced", "/unannounced", "/endless", "/bomb"] {
        assert_eq!(
            failed(get(&origin, path).await),
            FailureKind::TooLarge,
            "{path}"
        );
    }
    assert_eq!(fresh(get(&origin, "/just").await).body.len(), 64 * 1024);
    // Opened once, it is a small gzip file: no feed, and no harm.
    assert!(fresh(get(&origin, "/bomb-in-bomb").await).body.len() <= 64 * 1024);
}

#[tokio::test]
async fn a_body_that_ends_too_soon_is_cut() {
    let origin = Origin::start();
    let answer = || Answer::ok(FEED).header("ETag", "\"1\"");
    origin.on("/short", answer().cut_at(20));
    origin.on("/short-gzip", answer().gzip().cut_at(20));
    origin.on("/reset", answer().reset_at(20));
    origin.on("/chunk", answer().broken_chunk());
    for path in ["/short", "/short-gzip", "/reset", "/chunk"] {
        assert_eq!(failed(get(&origin, path).await), FailureKind::Cut, "{path}");
    }
}

#[tokio::test]
async fn damaged_and_unknown_compression_is_told_apart_from_a_cut() {
    let origin = Origin::start();
    let mut damaged = gzip(&FEED.repeat(100).into_bytes());
    let middle = damaged.len() / 2;
    damaged[middle..].iter_mut().for_each(|byte| *byte = !*byte);
    let half = gzip(FEED.as_bytes())[..40].to_vec();
    origin.on(
        "/damaged",
        Answer::ok(damaged).header("Content-Encoding", "gzip"),
    );
    origin.on("/half", Answer::ok(half).header("Content-Encoding", "gzip"));
    origin.on("/none", Answer::ok(FEED).header("Content-Encoding", "gzip"));
    origin.on("/zstd", Answer::ok(FEED).header("Content-Encoding", "zstd"));
    origin.on(
        "/stacked",
        Answer::ok(gzip(&gzip(FEED.as_bytes()))).header("Content-Encoding", "gzip, gzip"),
    );
    for path in ["/damaged", "/half", "/none", "/zstd", "/stacked"] {
        assert_eq!(
            failed(get(&origin, path).await),
            FailureKind::BadEncoding,
            "{path}"
        );
    }
}

#[tokio::test]
async fn slow_servers_run_into_the_deadline_of_the_whole_request() {
    let origin = Origin::start();
    origin.on("/silent", Answer::silent());
    origin.on("/drip", Answer::ok(FEED).drip(Duration::from_millis(20)));
    origin.on(
        "/hop",
        Answer::redirect(302, "/hop2").delay(Duration::from_millis(150)),
    );
    origin.on("/hop2", Answer::ok(FEED).delay(Duration::from_millis(150)));
    let client = client();
    let start = std::time::Instant::now();
    let asked = ["/silent", "/drip", "/hop"].map(|path| Request {
        newspaper: Some(path.into()),
        ..feed(origin.url(path))
    });
    let outcomes =
        futures_util::future::join_all(asked.iter().map(|request| client.fetch(request, now())))
            .await;
    for (outcome, request) in outcomes.into_iter().zip(&asked) {
        assert_eq!(failed(outcome), FailureKind::Timeout, "{}", request.url);
    }
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn broken_connections_and_answers_are_told_apart() {
    let origin = Origin::start();
    origin.on("/reset", Answer::reset_early());
    origin.on("/not-http", Answer::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    origin.on(
        "/huge-head",
        Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nX: {}\r\n\r\n",
            "a".repeat(1024 * 1024)
        )),
    );
    assert_eq!(failed(get(&origin, "/reset").await), FailureKind::Connect);
    assert_eq!(
        failed(get(&origin, "/not-http").await),
        FailureKind::Protocol
    );
    assert_eq!(
        failed(get(&origin, "/huge-head").await),
        FailureKind::Protocol
    );
    let gone = origin.url("/rss");
    drop(origin);
    assert_eq!(
        failed(client().fetch(&feed(gone), now()).await),
        FailureKind::Connect
    );
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_failure() {
    let url = Url::parse("http://bao-khong-co.invalid/rss").unwrap();
    let long = NetConfig {
        request_timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(20),
        ..config()
    };
    let outcome = Client::new(long).unwrap().fetch(&feed(url), now()).await;
    assert_eq!(failed(outcome), FailureKind::Dns);
}

#[tokio::test]
async fn statuses_are_sorted() {
    let origin = Origin::start();
    for (status, kind) in [
        (204, FailureKind::Empty),
        (206, FailureKind::Protocol),
        (300, FailureKind::Protocol),
        (400, FailureKind::HttpClient),
        (401, FailureKind::Forbidden),
        (403, FailureKind::Forbidden),
        (404, FailureKind::NotFound),
        (451, FailureKind::HttpClient),
        (500, FailureKind::HttpServer),
        (502, FailureKind::HttpServer),
        (503, FailureKind::HttpServer),
        (299, FailureKind::Protocol),
    ] {
        origin.on("/rss", Answer::status(status));
        assert_eq!(failed(get(&origin, "/rss").await), kind, "{status}");
    }
    origin.on("/rss", Answer::status(410));
    assert_eq!(get(&origin, "/rss").await, FetchOutcome::Gone);
}

#[tokio::test]
async fn a_busy_server_says_when_to_come_again() {
    let origin = Origin::start();
    let at = |answer: Answer| {
        origin.on("/rss", answer);
        get(&origin, "/rss")
    };
    let after = |outcome: FetchOutcome| match outcome {
        FetchOutcome::Throttled { until, status } => {
            (until.map(|t| t.duration_since(now()).as_secs()), status)
        }
        other => panic!("not throttled: {other:?}"),
    };
    assert_eq!(after(at(Answer::status(429)).await), (None, 429));
    assert_eq!(
        after(at(Answer::status(429).header("Retry-After", "120")).await),
        (Some(120), 429)
    );
    assert_eq!(
        after(at(Answer::status(503).header("Retry-After", "9")).await),
        (Some(9), 503)
    );
    let date = Answer::status(429).header("Retry-After", "Mon, 23 Nov 2026 00:00:00 GMT");
    assert_eq!(after(at(date).await), (Some(3600), 429));
}

#[tokio::test]
async fn permanent_redirects_are_reported_and_others_only_followed() {
    let origin = Origin::start();
    origin.on("/moi", Answer::ok(FEED));
    origin.on("/301", Answer::redirect(301, "/308"));
    origin.on("/308", Answer::redirect(308, "/moi#phan-dau"));
    origin.on("/302", Answer::redirect(302, "/moi"));
    origin.on("/303", Answer::redirect(303, "/moi"));
    origin.on("/307", Answer::redirect(307, "/308"));
    for (path, moved) in [
        ("/301", true),
        ("/308", true),
        ("/302", false),
        ("/303", false),
        ("/307", false),
    ] {
        let got = fresh(get(&origin, path).await);
        assert_eq!(got.final_url, origin.url("/moi"), "{path}");
        assert_eq!(got.moved_to, moved.then(|| origin.url("/moi")), "{path}");
    }
}

#[tokio::test]
async fn redirects_keep_the_connection_and_the_validators() {
    let origin = Origin::start();
    origin.on("/cu", Answer::redirect(301, "/moi"));
    origin.on(
        "/moi",
        Answer::ok(FEED).header("ETag", "\"1\"").conditional(),
    );
    let client = client();
    let first = fresh(client.fetch(&feed(origin.url("/cu")), now()).await);
    let again = client
        .fetch(&Request::feed(origin.url("/cu"), first.validators), now())
        .await;
    assert!(
        matches!(&again, FetchOutcome::NotModified(same) if same.moved_to == Some(origin.url("/moi"))),
        "{again:?}"
    );
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_fail() {
    let origin = Origin::start();
    origin.on("/loop", Answer::redirect(302, "/loop2"));
    origin.on("/loop2", Answer::redirect(302, "/loop"));
    origin.on("/self", Answer::redirect(301, "/self"));
    for hop in 0..9 {
        origin.on(
            &format!("/hop{hop}"),
            Answer::redirect(302, &format!("/hop{}", hop + 1)),
        );
    }
    origin.on("/hop9", Answer::ok(FEED));
    origin.on("/bare", Answer::status(302));
    origin.on("/bad", Answer::redirect(302, "http://[::1"));
    for (path, target) in [
        ("/file", "file:///etc/passwd"),
        ("/ftp", "ftp://127.0.0.1/"),
        ("/data", "data:text/xml,<rss/>"),
        ("/gopher", "gopher://127.0.0.1:6379/_FLUSHALL"),
        ("/js", "javascript:alert(1)"),
        ("/mail", "mailto:a@b.vn"),
    ] {
        origin.on(path, Answer::redirect(302, target));
    }
    for path in [
        "/loop", "/self", "/hop0", "/bare", "/bad", "/file", "/ftp", "/data", "/gopher", "/js",
        "/mail",
    ] {
        assert_eq!(
            failed(get(&origin, path).await),
            FailureKind::Redirect,
            "{path}"
        );
    }
    assert_eq!(
        fresh(get(&origin, "/hop4").await).final_url,
        origin.url("/hop9"),
        "five hops are followed"
    );
    assert!(
        !origin.paths().contains(&"/hop6".to_owned())
            || origin.paths().iter().filter(|p| *p == "/hop6").count() == 1
    );
}

#[tokio::test]
async fn only_http_is_asked() {
    for url in [
        "file:///etc/passwd",
        "ftp://bao.vn/rss",
        "data:text/xml,<rss/>",
    ] {
        let outcome = client().fetch(&feed(Url::parse(url).unwrap()), now()).await;
        assert_eq!(failed(outcome), FailureKind::Redirect, "{url}");
    }
}

#[tokio::test]
async fn closed_addresses_are_refused_before_a_connection() {
    let origin = Origin::start();
    let closed = Client::new(NetConfig {
        allow_private: vec![],
        ..config()
    })
    .unwrap();
    let port = origin.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "LOCALHOST.",
    ] {
        let url = Url::parse(&format!("http://{host}:{port}/rss")).unwrap();
        assert_eq!(
            failed(closed.fetch(&feed(url), now()).await),
            FailureKind::Guard,
            "{host}"
        );
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn an_opened_range_holds_for_the_configured_host_and_not_for_redirects_elsewhere() {
    let (origin, inner) = (Origin::start(), Origin::start_at("127.0.0.2"));
    inner.on("/bi-mat", Answer::ok("nội bộ"));
    origin.on("/same-host", Answer::redirect(301, "/rss"));
    origin.on("/rss", Answer::ok(FEED));
    origin.on(
        "/other-host",
        Answer::redirect(301, inner.url("/bi-mat").as_str()),
    );
    origin.on(
        "/by-name",
        Answer::redirect(301, &format!("http://localhost:{}/bi-mat", inner.port())),
    );
    origin.on(
        "/metadata",
        Answer::redirect(302, "http://169.254.169.254/latest/meta-data/"),
    );
    fresh(get(&origin, "/same-host").await);
    for path in ["/other-host", "/by-name", "/metadata"] {
        assert_eq!(
            failed(get(&origin, path).await),
            FailureKind::Guard,
            "{path}"
        );
    }
    // The connection that the configured host opened is not lent to an address found in a feed.
    let client = client();
    fresh(client.fetch(&feed(inner.url("/bi-mat")), now()).await);
    let found = Request::page(inner.url("/bi-mat"));
    assert_eq!(
        failed(client.fetch(&found, now()).await),
        FailureKind::Guard
    );
    assert_eq!(inner.log().len(), 1);
}

#[tokio::test]
async fn credentials_stay_at_their_origin_and_out_of_what_is_shown() {
    let (origin, other) = (Origin::start(), Origin::start());
    origin.on("/a", Answer::redirect(302, "/b"));
    origin.on(
        "/b",
        Answer::redirect(301, other.url("/c").as_str()).header("Set-Cookie", "phien=1; Path=/"),
    );
    let back = format!("http://ke:gian@127.0.0.1:{}/d", origin.port());
    other.on("/c", Answer::redirect(301, &back));
    origin.on("/d", Answer::ok(FEED));
    let mut url = origin.url("/a");
    url.set_username("an").unwrap();
    url.set_password(Some("bi-mat")).unwrap();
    let request = Request {
        headers: vec![("X-Khoa".into(), "k1".into())],
        ..feed(url)
    };
    let got = fresh(client().fetch(&request, now()).await);
    assert_eq!((got.final_url, got.moved_to), (origin.url("/d"), None));
    let basic = Some("Basic YW46YmktbWF0"); // an:bi-mat
    for asked in origin.log() {
        assert_eq!(
            (asked.header("authorization"), asked.header("x-khoa")),
            (basic, Some("k1")),
            "{}",
            asked.path
        );
        assert_eq!(asked.header("cookie"), None);
    }
    let elsewhere = &other.log()[0];
    assert_eq!(
        (
            elsewhere.header("authorization"),
            elsewhere.header("x-khoa")
        ),
        (None, None)
    );
    assert_eq!(
        (elsewhere.header("cookie"), elsewhere.header("referer")),
        (None, None)
    );
}

#[tokio::test]
async fn a_newspaper_is_asked_once_at_a_time_with_a_gap_over_one_connection() {
    let origin = Origin::start();
    let client = Client::new(NetConfig {
        gap: Duration::from_millis(20),
        ..config()
    })
    .unwrap();
    let paths: Vec<String> = (0..5).map(|n| format!("/rss/{n}")).collect();
    for path in &paths {
        origin.on(path, Answer::ok(FEED).delay(Duration::from_millis(5)));
    }
    let requests: Vec<Request> = paths.iter().map(|path| feed(origin.url(path))).collect();
    futures_util::future::join_all(requests.iter().map(|request| client.fetch(request, now())))
        .await;
    let log = origin.log();
    assert_eq!(
        (log.len(), origin.most_in_flight(), origin.connections()),
        (5, 1, 1)
    );
    for pair in log.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_hanging_newspaper_does_not_hold_up_the_others() {
    let (hanging, good) = (Origin::start(), Origin::start_at("127.0.0.3"));
    good.on("/rss", Answer::ok(FEED));
    let client = Client::new(NetConfig {
        newspapers_at_once: 2,
        ..config()
    })
    .unwrap();
    let slow: Vec<Request> = (0..4)
        .map(|n| feed(hanging.url(&format!("/treo{n}"))))
        .collect();
    for request in &slow {
        hanging.on(request.url.path(), Answer::silent());
    }
    let all_slow =
        futures_util::future::join_all(slow.iter().map(|request| client.fetch(request, now())));
    let quick = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        tokio::time::timeout(
            Duration::from_millis(200),
            client.fetch(&feed(good.url("/rss")), now()),
        )
        .await
    };
    tokio::select! {
        done = quick => assert!(matches!(done, Ok(FetchOutcome::Fresh(_))), "{done:?}"),
        _ = all_slow => panic!("the hanging paper was quicker"),
    }
}

#[tokio::test]
async fn a_proxy_is_trusted_itself_and_still_no_way_around_the_guard() {
    let proxy = Origin::start();
    let address = "http://bao-tinh.feedworld.test/rss";
    proxy.on(address, Answer::ok(FEED));
    let proxied = Client::new(NetConfig {
        proxy: Some(proxy.url("/")),
        allow_private: vec![],
        ..config()
    })
    .unwrap();
    fresh(
        proxied
            .fetch(&feed(Url::parse(address).unwrap()), now())
            .await,
    );
    for closed in [
        "http://10.0.0.1/rss",
        "http://localhost/rss",
        "http://x.localhost/rss",
    ] {
        let outcome = proxied
            .fetch(&feed(Url::parse(closed).unwrap()), now())
            .await;
        assert_eq!(failed(outcome), FailureKind::Guard, "{closed}");
    }
    assert_eq!(proxy.paths(), [address]);
}

#[tokio::test]
async fn robots_txt_is_asked_once_and_obeyed() {
    let origin = Origin::start();
    let rules = "User-agent: khac\nDisallow: /\n\nUser-agent: *\nDisallow: /in/\nAllow: /in/duoc/\nDisallow: /*?print=\n";
    origin.on("/robots.txt", Answer::ok(rules));
    let (client, robots) = (client(), Robots::default());
    let page = |path: &str| Request {
        configured_host: Some("127.0.0.1".into()),
        ..Request::page(origin.url(path))
    };
    for (path, verdict) in [
        ("/bai-viet.html", Verdict::Allowed),
        ("/in/bai.html", Verdict::Disallowed),
        ("/in/duoc/bai.html", Verdict::Allowed),
        ("/bai.html?print=1", Verdict::Disallowed),
    ] {
        assert_eq!(
            robots.verdict(&client, &page(path), now()).await,
            verdict,
            "{path}"
        );
    }
    let pages = [page("/1"), page("/2")];
    futures_util::future::join_all(pages.iter().map(|p| robots.verdict(&client, p, now()))).await;
    assert_eq!(origin.paths(), ["/robots.txt"]);
    let tomorrow = now() + SignedDuration::from_hours(24);
    robots.verdict(&client, &page("/1"), tomorrow).await;
    assert_eq!(
        origin.log().len(),
        2,
        "after a day the file is asked for again"
    );
}

#[tokio::test]
async fn robots_txt_that_is_missing_allows_and_that_fails_forbids_for_now() {
    let later = Verdict::NotNow(now() + SignedDuration::from_hours(1));
    let long = format!(
        "User-agent: *\nDisallow: /in/\n{}",
        "# chú thích\n".repeat(100_000)
    );
    for (answer, verdict) in [
        (Answer::status(404), Verdict::Allowed),
        (Answer::status(403), Verdict::Allowed),
        (Answer::redirect(302, "/robots.txt"), Verdict::Allowed),
        (Answer::status(500), later),
        (Answer::status(429), later),
        (Answer::reset_early(), later),
        (Answer::ok(long), Verdict::Disallowed),
    ] {
        let origin = Origin::start();
        origin.on("/robots.txt", answer.clone());
        let page = Request {
            configured_host: Some("127.0.0.1".into()),
            ..Request::page(origin.url("/in/1.html"))
        };
        assert_eq!(
            Robots::default().verdict(&client(), &page, now()).await,
            verdict,
            "{answer:?}"
        );
    }
}
