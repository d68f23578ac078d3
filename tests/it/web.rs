//! The reading room over a real socket, on the editions that `demo` makes: what a browser, a mail provider and a stranger
//! get to see.

use diembao::{
    config::{self, Config, Env},
    daemon::drift,
    edition::leave,
    feed,
    model::{ArticleKey, Entry, FeedState, IdentifiedEntry},
    store::{PollCommit, Store},
    text::fold::fold,
    web::{self, Hooks, Office, Room, Watch},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Response, StatusCode};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, LazyLock},
};
use tokio::{net::TcpListener, sync::oneshot};

/// The hour at which the pages are looked at.
const NOW: &str = "2026-11-20T08:00:00+07:00";
/// What a page may weigh.
const BYTES: usize = 50 * 1024;
/// A headline with all that a page must not obey.
const EVIL: &str =
    "</title><script>alert(1)</script>\u{202e}\u{1b}[31m<img src=x onerror=alert(1)>{{ 7*7 }}";

/// The data of the demo, made once.
static DEMO: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_diembao"))
        .current_dir(dir.path())
        .arg("demo")
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    dir
});

/// A room of its own, over a copy of the demo's data.
struct Visit {
    at: SocketAddr,
    store: Store,
    client: reqwest::Client,
    _close: oneshot::Sender<()>,
    _dir: tempfile::TempDir,
}

impl Visit {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in fs::read_dir(DEMO.path().join("demo-out/data")).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
            }
        }
        let store = Store::open(dir.path(), fold).unwrap();
        // As the daemon's desk does meanwhile.
        while store.index_pending(500).await.unwrap() > 0 {}
        let config = Arc::new(config(dir.path()));
        let office = move || Office {
            config: Arc::clone(&config),
            now: NOW.parse().unwrap(),
        };
        let watch = Watch {
            trouble: drift::trouble,
            metrics: Box::new(|_| Box::pin(async { Ok("diembao_feeds 1\n".to_owned()) })),
            hubs: Hooks {
                inbox: Arc::default(),
                verify: Box::new(|_| Box::pin(async { Ok(false) })),
            },
        };
        let room = Room::new(dir.path(), store.clone(), office, watch);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (close, closed) = oneshot::channel();
        let room = Arc::new(room.unwrap());
        tokio::spawn(async move {
            web::serve(room, listener, async {
                let _ = closed.await;
            })
            .await;
        });
        // The one crypto provider of the process; another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            at,
            store,
            client,
            _close: close,
            _dir: dir,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    async fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.page(path).await).unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }
}

fn config(dir: &Path) -> Config {
    let file = dir.join("diembao.toml");
    fs::write(
        &file,
        "[fetch]\ncontact = \"quantri@tinh.example\"\n[[digest]]\nname = \"hang-ngay\"\n\
         title = \"Điểm báo xây dựng Đảng\"\nrecipients = [\"can-bo@tinh.example\"]\n\
         [web]\nlisten = \"127.0.0.1:8288\"\npublic_url = \"https://diembao.tinh.example\"\n",
    )
    .unwrap();
    config::load_with(Some(&file), Env(&|_| None)).unwrap()
}

/// Every page that a visitor meets, one of each kind.
async fn paths(visit: &Visit) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/ban-tin",
        "/ban-tin/hang-ngay/287",
        "/ban-tin/hang-ngay/288",
        "/ban-tin/hang-ngay/288/viec/1",
        "/ban-tin/hang-ngay/288?trang=2",
        "/thang/2026-11",
        "/tim",
        "/tim?q=xay+dung+dang&sap=moi&trang=2",
        "/chu-de",
        "/chu-de/kiem_tra",
        "/tinh",
        "/tinh/an-giang",
        "/nguon",
        "/bao-cao/2026-11",
    ]
    .map(str::to_owned)
    .into();
    let found = visit.json("/tim.json?q=dang").await;
    let first = found["hits"][0]["path"].as_str().unwrap();
    paths.push(first.to_owned());
    paths
}

#[tokio::test]
async fn every_page_is_small_inert_and_has_its_data_beside_it() {
    let visit = Visit::new().await;
    for path in paths(&visit).await {
        let response = visit.get(&path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(response.headers().get("set-cookie").is_none(), "{path}");
        let html = response.text().await.unwrap();
        assert!(html.len() < BYTES, "{path} has {} bytes", html.len());
        assert!(html.contains("<html lang=\"vi\">"), "{path}");
        for bad in ["<script", " style=\"", " onerror=", "http-equiv"] {
            assert!(!html.contains(bad), "{path} has {bad}");
        }
        let asked = visit
            .client
            .get(visit.url(&path))
            .header("accept", "application/json");
        let data = asked.send().await.unwrap().text().await.unwrap();
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert!(data.is_object(), "{path}");
    }
}

#[tokio::test]
async fn the_newest_edition_is_the_mails_and_stays_at_its_address() {
    let visit = Visit::new().await;
    let newest = visit.json("/index.json").await;
    assert_eq!(newest, visit.json("/ban-tin/hang-ngay/288.json").await);
    let written = DEMO.path().join("demo-out/diem-bao-2026-11-20.json");
    let written: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(written).unwrap()).unwrap();
    assert_eq!(newest["counts"], written["counts"]);
    assert_eq!(newest["stories"], written["stories"]);
    let page = visit.page("/").await;
    let lead = written["stories"][0]["title"].as_str().unwrap();
    assert!(page.contains(lead) && page.contains("Số 288"), "{page}");
    let quoted = written["stories"][0]["summary"][0]["text"]
        .as_str()
        .unwrap();
    // The sentences of one paper stand between one pair of marks.
    assert!(page.contains(&format!("“{quoted}")), "{page}");
    assert!(page.contains("href=\"/ban-tin/hang-ngay/287\""));
    assert_eq!(
        visit.get("/ban-tin/hang-ngay/999").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        visit.get("/ban-tin/khong-co/1").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_article_says_why_it_was_taken_and_never_its_full_text() {
    let visit = Visit::new().await;
    let found = visit.json("/tim.json?q=kiem+tra").await;
    let path = found["hits"][0]["path"].as_str().unwrap();
    let data = visit.json(&format!("{path}.json")).await;
    assert!(!data["reasons"].as_array().unwrap().is_empty());
    assert!(data.get("body").is_none() && data.get("text").is_none());
    let id: i64 = path.trim_start_matches("/bai/").parse().unwrap();
    let article = visit
        .store
        .find_article(diembao::model::ArticleId(id))
        .await
        .unwrap()
        .unwrap();
    if let Some(last) = article
        .body
        .as_deref()
        .and_then(|body| body.rsplit("\n\n").next())
    {
        assert!(!visit.page(path).await.contains(last));
    }
}

#[tokio::test]
async fn who_has_a_page_is_not_sent_it_again() {
    let visit = Visit::new().await;
    for path in [
        "/ban-tin/hang-ngay/288",
        "/feed/ban-tin.atom",
        "/feed/chu-de/kiem_tra.atom",
    ] {
        let first = visit.get(path).await;
        let (tag, changed) = (
            first.headers()["etag"].clone(),
            first.headers()["last-modified"].clone(),
        );
        let again = |name, value| visit.client.get(visit.url(path)).header(name, value).send();
        assert_eq!(
            again("if-none-match", tag).await.unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(
            again("if-modified-since", changed).await.unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
        let other = again("if-none-match", "\"x\"".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(other.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn our_feeds_are_read_by_our_own_reader() {
    let visit = Visit::new().await;
    for path in [
        "/feed/ban-tin.atom",
        "/feed/chu-de/kiem_tra.atom",
        "/feed/tim.atom?q=chi+bo",
    ] {
        let response = visit.get(path).await;
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let url = visit.url(path).parse().unwrap();
        let bytes = response.bytes().await.unwrap();
        let reading =
            feed::read(&bytes, Some(&kind), &url, &jiff::tz::TimeZone::UTC, None).unwrap();
        assert!(
            reading.warnings.is_empty(),
            "{path}: {:?}",
            reading.warnings
        );
        assert!(!reading.entries.is_empty(), "{path}");
        for entry in &reading.entries {
            let link = entry.link.as_deref().unwrap();
            assert!(link.starts_with("https://diembao.tinh.example/"), "{link}");
            assert!(entry.guid.is_some() && entry.published.or(entry.updated).is_some());
        }
    }
}

#[tokio::test]
async fn leaving_takes_a_post_and_a_word_of_ours() {
    let visit = Visit::new().await;
    let key = visit.store.set_leave_key([7; 32]).await.unwrap();
    let issued: Timestamp = "2026-11-20T06:30:00+07:00".parse().unwrap();
    let digest = "hang-ngay".into();
    let token = leave::token(&key, &digest, "can-bo@tinh.example", issued);
    let path = format!("/ngung-nhan/{token}");
    let post = |path: String| {
        visit
            .client
            .post(visit.url(&path))
            .body("List-Unsubscribe=One-Click")
            .send()
    };
    let left = || visit.store.leavers(Some(&digest));

    assert!(visit.page(&path).await.contains("can-bo@tinh.example"));
    assert!(left().await.unwrap().is_empty(), "a GET changes nothing");
    let forged = leave::token(&[8; 32], &digest, "can-bo@tinh.example", issued);
    assert_eq!(
        post(format!("/ngung-nhan/{forged}"))
            .await
            .unwrap()
            .status(),
        StatusCode::FORBIDDEN
    );
    let old = leave::token(
        &key,
        &digest,
        "can-bo@tinh.example",
        issued - SignedDuration::from_hours(24 * 500),
    );
    assert_eq!(
        post(format!("/ngung-nhan/{old}")).await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    assert!(left().await.unwrap().is_empty());

    assert_eq!(post(path.clone()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(left().await.unwrap()[0].recipient, "can-bo@tinh.example");
    assert_eq!(
        post(path.clone()).await.unwrap().status(),
        StatusCode::CONFLICT,
        "once is enough"
    );

    let back: Timestamp = NOW.parse().unwrap();
    assert!(
        visit
            .store
            .rejoin(&digest, "Can-Bo@tinh.example", back)
            .await
            .unwrap()
    );
    assert_eq!(
        post(path).await.unwrap().status(),
        StatusCode::FORBIDDEN,
        "older than coming back"
    );
    assert!(left().await.unwrap().is_empty());
}

#[tokio::test]
async fn strangers_and_absurd_wishes_are_refused() {
    let visit = Visit::new().await;
    let rebound = visit
        .client
        .get(visit.url("/"))
        .header("host", "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
    let through_proxy = visit
        .client
        .get(visit.url("/"))
        .header("host", "diembao.tinh.example")
        .send();
    assert_eq!(through_proxy.await.unwrap().status(), StatusCode::OK);
    for (path, status) in [
        (
            format!("/tim?q={}", "a".repeat(3_000)),
            StatusCode::URI_TOO_LONG,
        ),
        (
            format!("/tim?q={}", "a".repeat(300)),
            StatusCode::BAD_REQUEST,
        ),
        ("/tim?tu=hom-qua".into(), StatusCode::BAD_REQUEST),
        ("/bai/abc".into(), StatusCode::BAD_REQUEST),
        ("/bai/999999".into(), StatusCode::NOT_FOUND),
        ("/thang/2026-99".into(), StatusCode::NOT_FOUND),
        ("/chu-de/khong-co".into(), StatusCode::NOT_FOUND),
        ("/../../etc/passwd".into(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(visit.get(&path).await.status(), status, "{path}");
    }
    let post = visit.client.post(visit.url("/tim")).send().await.unwrap();
    assert!(!post.status().is_success());
}

#[tokio::test]
async fn hostile_articles_are_inert_on_every_page() {
    let visit = Visit::new().await;
    let now: Timestamp = NOW.parse().unwrap();
    let feed = visit.store.list_feeds().await.unwrap().remove(0).feed;
    let long = "dài ".repeat(2_500);
    let item = |number: usize, title: &str| {
        IdentifiedEntry {
            entry_key: format!("evil-{number}"),
            article_keys: vec![ArticleKey(format!("url:https://bao.example/evil-{number}"))],
            url: Some(format!("https://bao.example/evil-{number}?\"><script>")),
            sapo: Some(format!("Xabuzu {EVIL}")),
            section: Some(EVIL.to_owned()),
            url_date: None,
            content: [0; 16],
            entry: Entry {
                title: title.to_owned(),
                published: Some(now),
                authors: vec![EVIL.to_owned()],
                ..Entry::default()
            },
        }
        .hashed()
    };
    let commit = PollCommit {
        feed: feed.id,
        state: FeedState {
            last_ok_at: Some(now),
            ..FeedState::default()
        },
        entries: vec![
            item(1, EVIL),
            item(2, &long),
            item(3, "Xabuzu \u{202e}gnảĐ\u{200b}"),
        ],
        at: now,
        backfill_after: SignedDuration::from_hours(48),
    };
    visit.store.commit_polls(vec![commit]).await.unwrap();
    while visit.store.index_pending(500).await.unwrap() > 0 {}
    let found = visit.json("/tim.json?q=xabuzu").await;
    assert_eq!(found["hits"].as_array().unwrap().len(), 3);
    let mut pages = vec![
        "/tim?q=xabuzu".to_owned(),
        format!("/tim?q={}", "%3Cscript%3E"),
        "/tim?q=%22%3E%3Cimg%20src=x%3E".into(),
    ];
    pages.extend(
        found["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["path"].as_str().unwrap().to_owned()),
    );
    for path in pages {
        let html = visit.page(&path).await;
        assert!(html.len() < BYTES, "{path}");
        for bad in ["<script", "<img", "\u{202e}", "\u{1b}", "onerror=alert(1)>"] {
            assert!(!html.contains(bad), "{path} has {bad:?}");
        }
    }
    let feed = visit.page("/feed/tim.atom?q=xabuzu").await;
    assert!(!feed.contains("<script") && !feed.contains('\u{1b}'));
}
