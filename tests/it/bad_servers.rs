//! Every way in which a server can fail us: what the feed's state says then, and when it is asked again. Each alone, and
//! all at once in one pass, where the healthy feeds beside them must not notice.

use crate::support::origin::{Answer, Origin, gzip};
use crate::support::poller::Poller;
use diembao::model::FailureKind;
use jiff::SignedDuration;
use std::time::Duration;

/// One fault, and what must come of it.
struct Case {
    name: &'static str,
    answer: Answer,
    /// What the state says; `None` = healthy.
    says: Option<FailureKind>,
    /// Minutes until it is asked again, from and to; `None` = never by itself.
    again: Option<(i64, i64)>,
    /// Entries kept.
    kept: u32,
}

/// Soft failures: soon, then ever more rarely.
const SOON: Option<(i64, i64)> = Some((15, 18));
/// Nobody expects it back within minutes.
const HARD: Option<(i64, i64)> = Some((60, 68));
/// The server was not reached, so none is bothered.
const AT_ONCE: Option<(i64, i64)> = Some((1, 2));
/// A healthy feed without a known rhythm.
const USUAL: Option<(i64, i64)> = Some((15, 270));

fn feed() -> String {
    let items: String = (0..5)
        .map(|n| {
            format!(
                "<item><title>Kiểm tra, giám sát ở chi bộ {n}</title><link>https://bao.example/kiem-tra-{n}.html</link>\
                 <pubDate>Sun, 15 Nov 2026 0{n}:10:00 +0700</pubDate></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>")
}

fn page(html: &str) -> Answer {
    Answer::ok(html).header("Content-Type", "text/html")
}

fn cases() -> Vec<Case> {
    use FailureKind as Kind;
    let ok = || Answer::ok(feed());
    let case = |name, answer, says, again| Case {
        name,
        answer,
        says: Some(says),
        again,
        kept: 0,
    };
    let well = |name, answer| Case {
        name,
        answer,
        says: None,
        again: USUAL,
        kept: 5,
    };
    let bomb = gzip(&vec![b' '; 8 << 20]);
    let mut damaged = gzip(feed().repeat(20).as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle..].iter_mut().for_each(|byte| *byte = !*byte);
    let mut wide = vec![0xff, 0xfe];
    wide.extend(feed().encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        case("403", Answer::status(403), Kind::Forbidden, HARD),
        case("404", Answer::status(404), Kind::NotFound, HARD),
        case("410", Answer::status(410), Kind::Gone, None),
        case("418", Answer::status(418), Kind::HttpClient, SOON),
        case("500", Answer::status(500), Kind::HttpServer, SOON),
        case("502", Answer::status(502), Kind::HttpServer, SOON),
        case("511", Answer::status(511), Kind::Portal, AT_ONCE),
        case(
            "503",
            Answer::status(503).header("Retry-After", "3600"),
            Kind::Throttled,
            Some((60, 63)),
        ),
        case(
            "429",
            Answer::status(429).header("Retry-After", "86400"),
            Kind::Throttled,
            Some((24 * 60, 24 * 60 + 3)),
        ),
        case(
            "429 without a time",
            Answer::status(429),
            Kind::Throttled,
            HARD,
        ),
        case("no answer", Answer::silent(), Kind::Timeout, SOON),
        case(
            "drip",
            ok().drip(Duration::from_millis(20)),
            Kind::Timeout,
            SOON,
        ),
        case("endless", ok().endless(), Kind::TooLarge, SOON),
        case(
            "announced too large",
            Answer::ok(vec![b' '; 200_000]),
            Kind::TooLarge,
            SOON,
        ),
        case(
            "gzip bomb",
            Answer::ok(bomb).header("Content-Encoding", "gzip"),
            Kind::TooLarge,
            SOON,
        ),
        case(
            "bad gzip",
            Answer::ok(damaged).header("Content-Encoding", "gzip"),
            Kind::BadEncoding,
            SOON,
        ),
        case("short", ok().cut_at(300), Kind::Cut, SOON),
        case("reset in the body", ok().reset_at(300), Kind::Cut, SOON),
        case("broken chunk", ok().broken_chunk(), Kind::Cut, SOON),
        case(
            "reset at once",
            Answer::reset_early(),
            Kind::Connect,
            AT_ONCE,
        ),
        case(
            "no HTTP",
            Answer::raw("SSH-2.0-OpenSSH_9.2\r\n"),
            Kind::Protocol,
            SOON,
        ),
        case(
            "304 to the first request",
            Answer::status(304),
            Kind::Protocol,
            SOON,
        ),
        case(
            "redirect loop",
            Answer::redirect(302, "/tin.rss"),
            Kind::Redirect,
            SOON,
        ),
        case(
            "redirect to another scheme",
            Answer::redirect(301, "ftp://bao.example/tin"),
            Kind::Redirect,
            SOON,
        ),
        case(
            "redirect inside",
            Answer::redirect(302, "http://169.254.169.254/latest"),
            Kind::Guard,
            SOON,
        ),
        case(
            "cookie wall",
            Answer::redirect(302, "/tin.rss").header("Set-Cookie", "a=1"),
            Kind::CookieWall,
            HARD,
        ),
        case(
            "cookie script",
            page("<script>document.cookie='a=1';location.reload()</script>"),
            Kind::CookieWall,
            HARD,
        ),
        case(
            "shield",
            page(
                "<title>Just a moment...</title><script src=\"/cdn-cgi/challenge-platform/x.js\">",
            ),
            Kind::Challenge,
            HARD,
        ),
        case(
            "shield with 403",
            Answer::status(403).header("cf-mitigated", "challenge"),
            Kind::Challenge,
            HARD,
        ),
        case(
            "home page",
            Answer::redirect(301, "/"),
            Kind::HomePage,
            HARD,
        ),
        case(
            "html",
            page("<html><p>Hệ thống bảo trì</p></html>"),
            Kind::Html,
            SOON,
        ),
        case("empty", Answer::ok(""), Kind::Empty, SOON),
        case(
            "nonsense",
            Answer::ok("bảo trì đến 8 giờ"),
            Kind::NotAFeed,
            SOON,
        ),
        well("with BOM", Answer::ok(format!("\u{feff}{}", feed()))),
        well("UTF-16", Answer::ok(wide)),
        well(
            "leading junk",
            Answer::ok(format!("\n\n<!-- máy 3 -->{}", feed())),
        ),
        well("found", Answer::redirect(302, "/that.rss")),
        well("moved", Answer::redirect(301, "/that.rss")),
        well("healthy", ok()),
    ]
}

const LIMITS: &str = "request_timeout = \"1s\"\nmax_body = \"128KiB\"\naudit = \"off\"\n";

fn server(case: &Case) -> Origin {
    let origin = Origin::start();
    origin.on("/tin.rss", case.answer.clone());
    origin.on("/that.rss", Answer::ok(feed()));
    origin.on("/", page("<html><title>Báo điện tử</title></html>"));
    origin
}

async fn check(case: &Case, poller: &Poller, key: &str) -> Result<(), String> {
    let state = poller.state(key).await;
    let said = state.failure.as_ref().map(|failure| failure.kind);
    if said != case.says {
        return Err(format!("{}: its state says {:?}", case.name, state.failure));
    }
    if case.says.is_some() && (state.failing_since != Some(poller.now) || state.failures != 1) {
        return Err(format!("{}: it is not said since when", case.name));
    }
    if said.is_some()
        && state
            .failure
            .is_some_and(|failure| failure.detail.is_empty())
    {
        return Err(format!("{}: no reason is given", case.name));
    }
    let wait = state.next_poll_at.map(|at| at.duration_since(poller.now));
    let fits = match (case.again, wait) {
        (None, None) => state.retired_at.is_some(),
        (Some((from, to)), Some(wait)) => {
            (SignedDuration::from_mins(from)..=SignedDuration::from_mins(to)).contains(&wait)
        }
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(format!("{}: asked again after {wait:?}", case.name)),
    }
}

#[tokio::test]
async fn every_fault_alone_is_named_and_asked_again_in_its_time() {
    let mut wrong = Vec::new();
    for case in cases() {
        let origin = server(&case);
        let poller = Poller::new(&[("bao", "tin", origin.url("/tin.rss"))], LIMITS, "").await;
        poller.poll_due().await;
        wrong.extend(check(&case, &poller, "bao/tin").await.err());
        let kept = poller.entries().await;
        if kept != case.kept {
            wrong.push(format!("{}: {kept} entries kept", case.name));
        }
        // Not a second before its time.
        if let Some(next) = poller.next_due().await {
            let asked = origin.log().len();
            let mut poller = poller;
            poller.now = next - SignedDuration::from_secs(1);
            poller.poll_due().await;
            if origin.log().len() != asked {
                wrong.push(format!("{}: asked before its time", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn all_faults_together_change_nothing_for_each_and_for_the_healthy() {
    let cases = cases();
    let names: Vec<String> = (0..cases.len()).map(|n| format!("bao-{n}")).collect();
    let origins: Vec<Origin> = cases.iter().map(server).collect();
    // Beside each faulty feed stands a healthy one of the same paper.
    let mut feeds = Vec::new();
    for (name, origin) in names.iter().zip(&origins) {
        feeds.push((name.as_str(), "tin", origin.url("/tin.rss")));
        feeds.push((name.as_str(), "khac", origin.url("/that.rss?khac")));
        origin.on("/that.rss?khac", Answer::ok(feed()));
    }
    let poller = Poller::new(&feeds, LIMITS, "").await;
    poller.poll_due().await;
    let mut wrong = Vec::new();
    for (case, name) in cases.iter().zip(&names) {
        wrong.extend(check(case, &poller, &format!("{name}/tin")).await.err());
        let healthy = poller.state(&format!("{name}/khac")).await;
        if healthy.failure.is_some() || healthy.last_ok_at.is_none() {
            wrong.push(format!("beside {}: {:?}", case.name, healthy.failure));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
