//! WebSub over real sockets: papers and hubs that are scripted, our pages that hubs call, and a clock that the tests set, so that
//! leases of days end in a moment. One test has the real daemon and its own clock.

use crate::support::office::{Office, until};
use crate::support::origin::{Answer, Asked, Origin};
use diembao::config::{self, Env};
use diembao::daemon::clock::Clock;
use diembao::daemon::works::{Setup, Works};
use diembao::daemon::{drift, hubs, poll};
use diembao::model::{ArticleKey, FeedKey, FeedState, HubState, Subscription};
use diembao::store::Store;
use diembao::text::fold::fold;
use diembao::web::{self, Hooks, Room, Watch};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use ring::hmac;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use url::Url;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Papers, what we make of them, and the pages that hubs call.
struct World {
    dir: tempfile::TempDir,
    /// The papers' server; most tests have the hub there too.
    origin: Origin,
    works: Works,
    now: Arc<Mutex<Timestamp>>,
    at: SocketAddr,
    client: reqwest::Client,
    setup: tokio::sync::watch::Sender<Arc<Setup>>,
    _close: oneshot::Sender<()>,
}

/// A request that reached a hub.
#[derive(Debug, Clone)]
struct Form {
    callback: String,
    mode: String,
    topic: String,
    secret: String,
    fields: HashMap<String, String>,
}

impl Form {
    fn of(asked: &Asked) -> Self {
        assert_eq!(asked.method, "POST");
        assert_eq!(
            asked.header("Content-Type"),
            Some("application/x-www-form-urlencoded")
        );
        let fields: HashMap<String, String> = url::form_urlencoded::parse(&asked.body)
            .into_owned()
            .collect();
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        Self {
            callback: field("hub.callback"),
            mode: field("hub.mode"),
            topic: field("hub.topic"),
            secret: field("hub.secret"),
            fields,
        }
    }

    /// The address of a question about this request.
    fn question(&self, mode: &str, topic: &str, more: &[(&str, &str)]) -> Url {
        let mut url: Url = self.callback.parse().unwrap();
        url.query_pairs_mut()
            .append_pair("hub.mode", mode)
            .append_pair("hub.topic", topic)
            .extend_pairs(more);
        url
    }

    fn signature(&self, body: &[u8]) -> String {
        sign(hmac::HMAC_SHA256, "sha256", &self.secret, body)
    }
}

fn sign(algorithm: hmac::Algorithm, name: &str, secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), body);
    let mut text = format!("{name}=");
    for byte in tag.as_ref() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// A feed that names a hub, of items `(address, headline)`.
fn document(hub: &Url, topic: &Url, items: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Báo Đồng Bưng</title>\
         <atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{topic}\"/>"
    );
    for (link, title) in items {
        write!(
            text,
            "<item><title>{title}</title><link>{link}</link><pubDate>Mon, 16 Nov 2026 04:00:00 +0700</pubDate></item>"
        )
        .unwrap();
    }
    text.push_str("</channel></rss>");
    text.into_bytes()
}

/// The same of a paper that prints every half an hour, also at night.
fn busy(document: Vec<u8>) -> Vec<u8> {
    let mut older = String::new();
    for number in 0..48 {
        let at: Timestamp = "2026-11-15T03:50:00+07:00".parse().unwrap();
        let at = at + SignedDuration::from_mins(30) * number;
        let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
        write!(
            older,
            "<item><title>Tin thứ {number} của ngày Chủ nhật</title><link>https://bao-a.example/tin/cu-{number}.html</link>\
             <pubDate>{date}</pubDate></item>"
        )
        .unwrap();
    }
    let document = String::from_utf8(document).unwrap();
    document
        .replace("</channel>", &format!("{older}</channel>"))
        .into_bytes()
}

const FIRST: (&str, &str) = (
    "https://bao-a.example/tin/ket-nap-1.html",
    "Chi bộ ấp Bình Hòa kết nạp hai đảng viên trẻ",
);
const SECOND: (&str, &str) = (
    "https://bao-a.example/tin/kiem-tra-2.html",
    "Đảng ủy xã Tân Lập kiểm tra ba tổ chức đảng",
);
const THIRD: (&str, &str) = (
    "https://bao-a.example/tin/hoc-tap-3.html",
    "Cán bộ xã Tân Lập học tập nghị quyết qua mạng",
);

impl World {
    /// Papers `bao-a`, `bao-b`, … with these feeds each, all at one server.
    async fn new(papers: &[(&str, &[&str])]) -> Self {
        Self::configured(papers, "").await
    }

    async fn configured(papers: &[(&str, &[&str])], web: &str) -> Self {
        let origin = Origin::start();
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let setup = Self::read(
            dir.path(),
            &origin,
            papers,
            &format!("[web]\nlisten = \"{at}\"\npublic_url = \"http://{at}\"\n{web}"),
        );
        let store = Store::open(&dir.path().join("data"), fold).unwrap();
        let now: Timestamp = "2026-11-16T05:00:00+07:00".parse().unwrap();
        store
            .sync_sources(&setup.config.sources, now)
            .await
            .unwrap();
        let (setup, receiver) = tokio::sync::watch::channel(setup);
        let works = Works::new(store, Clock::Fixed(now), receiver);
        let now = Arc::new(Mutex::new(now));
        let close = open(&dir, &works, &now, listener);
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            dir,
            origin,
            works,
            now,
            at,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            setup,
            _close: close,
        }
    }

    fn read(
        dir: &std::path::Path,
        origin: &Origin,
        papers: &[(&str, &[&str])],
        web: &str,
    ) -> Arc<Setup> {
        let mut text = String::new();
        for (paper, feeds) in papers {
            writeln!(
                text,
                "[[source]]\nkey = \"{paper}\"\nname = \"Báo {paper}\"\ndomain = \"{paper}.example\""
            )
            .unwrap();
            for feed in *feeds {
                let url = origin.url(&format!("/{paper}/{feed}"));
                writeln!(
                    text,
                    "[[source.feed]]\nkey = \"{feed}\"\nurl = \"{url}\"\nverified = true"
                )
                .unwrap();
            }
        }
        fs::write(dir.join("feeds.toml"), text).unwrap();
        let fetch = "[fetch]\ncontact = \"quan-tri@tinh.example\"\ngap = \"0s\"\nallow_private = [\"127.0.0.0/8\"]\n\
                     request_timeout = \"2s\"\naudit = \"off\"\n";
        fs::write(dir.join("diembao.toml"), format!("{fetch}{web}")).unwrap();
        let config = config::load_with(Some(&dir.join("diembao.toml")), Env(&|_| None));
        Arc::new(Setup::new(config.unwrap(), None).unwrap())
    }

    /// Other papers or another `[web]`, as after a reload.
    async fn reload(&self, papers: &[(&str, &[&str])], web: &str) {
        let web = format!(
            "[web]\nlisten = \"{0}\"\npublic_url = \"http://{0}\"\n{web}",
            self.at
        );
        let setup = Self::read(self.dir.path(), &self.origin, papers, &web);
        let store = &self.works.store;
        store
            .sync_sources(&setup.config.sources, self.now())
            .await
            .unwrap();
        self.setup.send(setup).unwrap();
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn pass_time(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    fn works(&self) -> Works {
        self.works.at(self.now())
    }

    fn hub(&self) -> Url {
        self.origin.url("/hub")
    }

    fn topic(&self) -> Url {
        self.origin.url("/bao-a/tin")
    }

    /// What the first feed serves.
    fn prints(&self, items: &[(&str, &str)]) {
        self.origin.on(
            "/bao-a/tin",
            Answer::ok(document(&self.hub(), &self.topic(), items)),
        );
    }

    /// Polls all feeds that are due.
    async fn poll(&self) {
        let lease = SignedDuration::from_mins(15);
        let feeds = self
            .works
            .store
            .claim_due_feeds(self.now(), lease, 100)
            .await
            .unwrap();
        let all = poll::pass(&self.works(), feeds, std::future::pending(), |_| ()).await;
        assert!(all.unwrap());
    }

    /// Has the hubs asked that are due; the requests that came to `path`.
    async fn ask_at(&self, path: &str) -> Vec<Form> {
        let before = self.origin.log().len();
        hubs::round(&self.works()).await.unwrap();
        let log = self.origin.log_after(before);
        log.iter()
            .filter(|asked| asked.path == path)
            .map(Form::of)
            .collect()
    }

    async fn ask(&self) -> Vec<Form> {
        self.ask_at("/hub").await
    }

    async fn get(&self, url: Url) -> (StatusCode, String) {
        let answer = self.client.get(url).send().await.unwrap();
        let kind = answer.headers().get("content-type").cloned();
        if answer.status() == StatusCode::OK {
            assert_eq!(kind.unwrap(), "text/plain; charset=utf-8");
        }
        (answer.status(), answer.text().await.unwrap())
    }

    /// The hub verifies a request.
    async fn verify(&self, form: &Form, lease_s: i64) -> StatusCode {
        let lease = lease_s.to_string();
        let more = [
            ("hub.challenge", "thử-thách<b>"),
            ("hub.lease_seconds", lease.as_str()),
        ];
        let (status, text) = self
            .get(form.question(&form.mode, &form.topic, &more))
            .await;
        assert!(status != StatusCode::OK || text == "thử-thách<b>", "{text}");
        status
    }

    async fn post(&self, callback: &str, signature: Option<&str>, body: Vec<u8>) -> StatusCode {
        let mut asked = self
            .client
            .post(callback)
            .header("content-type", "application/rss+xml");
        if let Some(signature) = signature {
            asked = asked.header("x-hub-signature", signature);
        }
        asked.body(body).send().await.unwrap().status()
    }

    /// A delivery of unknown length that never ends; the answer to it.
    async fn endless(&self, callback: &str) -> String {
        let (mut read, mut write) = TcpStream::connect(self.at).await.unwrap().into_split();
        let path = callback.parse::<Url>().unwrap().path().to_owned();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            self.at
        );
        let sending = async move {
            write.write_all(head.as_bytes()).await?;
            loop {
                write
                    .write_all(&[&b"1000\r\n"[..], &[b' '; 0x1000], b"\r\n"].concat())
                    .await?;
            }
        };
        let sending: tokio::task::JoinHandle<std::io::Result<()>> = tokio::spawn(sending);
        let mut answer = [0; 12];
        read.read_exact(&mut answer).await.unwrap();
        sending.abort();
        String::from_utf8(answer.to_vec()).unwrap() + " "
    }

    /// The hub delivers a document, and we read it.
    async fn deliver(&self, form: &Form, items: &[(&str, &str)]) {
        let body = document(&self.hub(), &self.topic(), items);
        let signature = form.signature(&body);
        let status = self.post(&form.callback, Some(&signature), body).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        hubs::take_waiting(&self.works()).await;
    }

    /// A feed that is read, subscribed to and verified.
    async fn subscribed(&self) -> Form {
        self.prints(&[FIRST]);
        self.origin.on("/hub", Answer::status(202));
        self.poll().await;
        let form = self.ask().await.pop().unwrap();
        assert_eq!(self.verify(&form, 864_000).await, StatusCode::OK);
        form
    }

    async fn state(&self, key: &str) -> FeedState {
        let rows = self.works.store.list_feeds().await.unwrap();
        let key = FeedKey(key.to_owned());
        rows.into_iter()
            .find(|row| row.feed.key == key)
            .unwrap()
            .feed
            .state
    }

    /// The first feed's subscription.
    async fn subscription(&self) -> Subscription {
        let rows = self.works.store.list_feeds().await.unwrap();
        let all = self.works.store.subscriptions().await.unwrap();
        all[&rows[0].feed.id].clone()
    }

    async fn entries(&self) -> u32 {
        self.works.store.counts().await.unwrap().entries
    }

    /// How long until the first feed is polled again.
    async fn next_poll(&self) -> SignedDuration {
        let at = self.state("bao-a/tin").await.next_poll_at.unwrap();
        at.duration_since(self.now())
    }
}

fn open(
    dir: &tempfile::TempDir,
    works: &Works,
    now: &Arc<Mutex<Timestamp>>,
    listener: TcpListener,
) -> oneshot::Sender<()> {
    let (office_works, office_now) = (works.clone(), Arc::clone(now));
    let (verify_works, verify_now) = (works.clone(), Arc::clone(now));
    let office = move || web::Office {
        config: Arc::clone(&office_works.setup().config),
        now: *office_now.lock().unwrap(),
    };
    let watch = Watch {
        trouble: drift::trouble,
        metrics: Box::new(|_| Box::pin(async { Ok(String::new()) })),
        hubs: Hooks {
            verify: Box::new(move |intent| {
                let works = verify_works.at(*verify_now.lock().unwrap());
                Box::pin(async move { hubs::verify(&works, intent).await })
            }),
            ..hubs::hooks(works)
        },
    };
    let room = Room::new(&dir.path().join("data"), works.store.clone(), office, watch).unwrap();
    let (close, closed) = oneshot::channel();
    tokio::spawn(async move {
        let closed = async { drop(closed.await) };
        web::serve(Arc::new(room), listener, closed).await;
    });
    close
}

const ONE: &[(&str, &[&str])] = &[("bao-a", &["tin"])];

#[tokio::test]
async fn a_hub_is_asked_as_the_recommendation_has_it() {
    let world = World::new(ONE).await;
    world.prints(&[FIRST]);
    world.origin.on("/hub", Answer::status(202));
    assert!(world.ask().await.is_empty(), "nothing is known yet");
    world.poll().await;
    let forms = world.ask().await;
    let [form] = forms.as_slice() else {
        panic!("{forms:?}")
    };
    assert_eq!(
        (form.mode.as_str(), form.topic.as_str()),
        ("subscribe", world.topic().as_str())
    );
    let token = form
        .callback
        .strip_prefix(&format!("http://{}/websub/", world.at))
        .unwrap();
    assert_eq!((token.len(), form.secret.len()), (64, 64), "256 bits each");
    assert_ne!(token, form.secret);
    assert_eq!(form.fields["hub.lease_seconds"], "864000");
    assert_eq!(world.subscription().await.state, HubState::Asked);
    assert!(world.ask().await.is_empty(), "once is enough");
    assert_eq!(world.verify(form, 864_000).await, StatusCode::OK);
    let live = world.subscription().await;
    assert_eq!(live.state, HubState::Live);
    assert_eq!(live.lease_until.unwrap(), world.now() + DAY * 10);
    // A redirect that keeps the method is followed, another is not.
    let other = World::new(ONE).await;
    other.prints(&[FIRST]);
    other.origin.on("/hub", Answer::redirect(307, "/hub-2"));
    other.origin.on("/hub-2", Answer::status(202));
    other.poll().await;
    assert_eq!(other.ask_at("/hub-2").await.len(), 1);
    assert_eq!(other.subscription().await.state, HubState::Asked);
}

#[tokio::test]
async fn every_way_of_naming_a_hub_is_known() {
    let world = World::new(&[("bao-a", &["tin", "the", "json", "khong"])]).await;
    let (hub, origin) = (world.hub(), &world.origin);
    let plain = |title: &str| {
        Answer::ok(format!(
            "<rss><channel><item><title>{title}</title><link>{}</link></item></channel></rss>",
            FIRST.0
        ))
    };
    world.prints(&[FIRST]);
    let link = format!("<{hub}>; rel=\"hub\", </bao-a/the-goc>; rel=self");
    origin.on("/bao-a/the", plain("Tin").header("Link", &link));
    origin.on(
        "/bao-a/json",
        Answer::ok(format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Báo\",\"feed_url\":\"{}\",\
             \"hubs\":[{{\"type\":\"rssCloud\",\"url\":\"{}\"}},{{\"url\":\"{hub}\",\"type\":\"WebSub\"}}],\
             \"items\":[{{\"id\":\"1\",\"url\":\"{}\",\"title\":\"Tin\"}}]}}",
            origin.url("/bao-a/json"), origin.url("/rsscloud"), FIRST.0
        ))
        .header("Content-Type", "application/feed+json"),
    );
    origin.on("/bao-a/khong", plain("Tin"));
    origin.on("/hub", Answer::status(202));
    world.poll().await;
    let mut topics: Vec<String> = world
        .ask()
        .await
        .into_iter()
        .map(|form| form.topic)
        .collect();
    topics.sort();
    let known =
        ["/bao-a/json", "/bao-a/the-goc", "/bao-a/tin"].map(|path| origin.url(path).to_string());
    assert_eq!(topics, known);
}

#[tokio::test]
async fn what_a_hub_delivers_is_read_like_a_poll() {
    let world = World::new(ONE).await;
    let form = world.subscribed().await;
    assert_eq!(world.entries().await, 1);
    world.pass_time(SignedDuration::from_mins(1));
    // Only what is new, in another encoding, by each method of signing, and broken.
    let utf16: Vec<u8> = String::from_utf8(document(&world.hub(), &world.topic(), &[SECOND]))
        .unwrap()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf16 = [&[0xff, 0xfe], utf16.as_slice()].concat();
    let mut cut = document(&world.hub(), &world.topic(), &[FIRST, SECOND, THIRD]);
    cut.truncate(cut.len() - 12);
    for (algorithm, name, body) in [
        (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "sha1", utf16),
        (hmac::HMAC_SHA512, "sha512", cut),
    ] {
        let signature = sign(algorithm, name, &form.secret, &body);
        let status = world.post(&form.callback, Some(&signature), body).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        hubs::take_waiting(&world.works()).await;
    }
    assert_eq!(world.entries().await, 3);
    let state = world.state("bao-a/tin").await;
    assert_eq!(state.last_new_at, Some(world.now()));
    assert_eq!(
        state.watch.volume.last().unwrap().1,
        3,
        "what was delivered is no drying up"
    );
    let subscription = world.subscription().await;
    assert_eq!((subscription.deliveries, subscription.ignored), (2, 0));
    // The poll that follows finds nothing new, and doubles nothing.
    world.prints(&[THIRD, SECOND, FIRST]);
    world.pass_time(DAY);
    world.poll().await;
    assert_eq!(world.entries().await, 3);
    assert_eq!(world.subscription().await.misses, 0);
    assert_eq!(
        world.works.store.verify().await.unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_lease_is_renewed_in_time_and_its_end_brings_the_polls_back() {
    let world = World::new(ONE).await;
    let form = world.subscribed().await;
    world.deliver(&form, &[SECOND]).await;
    world.pass_time(DAY * 8 - SignedDuration::from_mins(1));
    assert!(world.ask().await.is_empty(), "not before its time");
    world.pass_time(SignedDuration::from_mins(1));
    let renewals = world.ask().await;
    let [renewal] = renewals.as_slice() else {
        panic!("{renewals:?}")
    };
    assert_eq!(
        (&renewal.callback, &renewal.secret),
        (&form.callback, &form.secret)
    );
    assert_eq!(
        world.subscription().await.state,
        HubState::Live,
        "the old lease runs on"
    );
    assert_eq!(world.verify(renewal, 432_000).await, StatusCode::OK);
    let end = world.now() + DAY * 5;
    assert_eq!(world.subscription().await.lease_until, Some(end));
    assert_eq!(world.state("bao-a/tin").await.pushed_until, Some(end));
    // From here on the hub takes requests and verifies none.
    world.pass_time(DAY * 4);
    assert_eq!(world.ask().await.len(), 1);
    let hour = SignedDuration::from_hours(1);
    world.pass_time(DAY - hour);
    world.poll().await;
    assert!(world.next_poll().await >= hour * 3);
    world.pass_time(hour);
    world.ask().await;
    let over = world.subscription().await;
    assert_eq!(
        (over.state, over.lease_until),
        (HubState::Asked, None),
        "and asked anew"
    );
    let state = world.state("bao-a/tin").await;
    assert_eq!(
        (state.pushed_until, state.next_poll_at),
        (None, Some(world.now()))
    );
}

#[tokio::test]
async fn a_reliable_hub_spares_polls_until_it_misses_something() {
    let world = World::new(ONE).await;
    let hours = |hours: i64| SignedDuration::from_hours(hours);
    let prints = |items: &[(&str, &str)]| {
        let document = busy(document(&world.hub(), &world.topic(), items));
        world.origin.on("/bao-a/tin", Answer::ok(document));
    };
    prints(&[FIRST]);
    world.origin.on("/hub", Answer::status(202));
    world.poll().await;
    let form = world.ask().await.pop().unwrap();
    assert_eq!(world.verify(&form, 864_000).await, StatusCode::OK);
    world.pass_time(hours(1));
    world.poll().await;
    assert!(
        world.next_poll().await <= hours(1),
        "verified alone is not reliable"
    );
    world.deliver(&form, &[SECOND]).await;
    prints(&[SECOND, FIRST]);
    world.pass_time(hours(1));
    world.poll().await;
    let next = world.next_poll().await;
    assert!(next >= hours(3) && next <= hours(6), "{next}");
    // The paper prints, the hub says nothing.
    prints(&[THIRD, SECOND, FIRST]);
    world.pass_time(next);
    world.poll().await;
    assert_eq!(world.subscription().await.misses, 1);
    let soon = world.next_poll().await;
    assert!(soon <= SignedDuration::from_mins(15), "{soon}");
    world.pass_time(soon);
    world.poll().await;
    assert!(world.next_poll().await <= hours(1), "at its own pace");
    // One delivery is not enough any more.
    for (deliveries, relied_on) in [(1, false), (2, false), (3, true)] {
        world.pass_time(SignedDuration::from_mins(1));
        world.deliver(&form, &[THIRD]).await;
        let state = world.state("bao-a/tin").await;
        assert_eq!(state.pushed_until.is_some(), relied_on, "{deliveries}");
    }
}

#[tokio::test]
async fn forged_deliveries_are_acknowledged_and_passed_over() {
    let world = World::new(&[("bao-a", &["tin"]), ("bao-b", &["tin"])]).await;
    world.origin.on(
        "/bao-b/tin",
        Answer::ok(document(&world.hub(), &world.origin.url("/bao-b/tin"), &[])),
    );
    world.prints(&[FIRST]);
    world.origin.on("/hub", Answer::status(202));
    world.poll().await;
    let mut forms = world.ask().await;
    forms.sort_by_key(|form| form.topic.clone());
    for form in &forms {
        assert_eq!(world.verify(form, 864_000).await, StatusCode::OK);
    }
    let [a, b] = forms.as_slice() else {
        panic!("{forms:?}")
    };
    assert!(
        a.callback != b.callback && a.secret != b.secret,
        "each feed its own"
    );
    let body = document(&world.hub(), &world.topic(), &[SECOND]);
    let right = a.signature(&body);
    let others = b.signature(&body);
    let md5 = right.replace("sha256", "md5");
    for signature in [
        None,
        Some(""),
        Some(others.as_str()),
        Some(&right[..40]),
        Some(md5.as_str()),
    ] {
        let status = world.post(&a.callback, signature, body.clone()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{signature:?}");
    }
    let altered = document(&world.hub(), &world.topic(), &[THIRD]);
    assert_eq!(
        world.post(&a.callback, Some(&right), altered).await,
        StatusCode::ACCEPTED
    );
    hubs::take_waiting(&world.works()).await;
    assert_eq!(world.entries().await, 1, "nothing of it was read");
    let subscription = world.subscription().await;
    assert_eq!((subscription.deliveries, subscription.ignored), (0, 6));
    assert_eq!(world.state("bao-a/tin").await.pushed_until, None);
    // A page that is signed is no news either.
    let page = b"<!DOCTYPE html><html><body>Bao tri</body></html>".to_vec();
    let signature = a.signature(&page);
    world.post(&a.callback, Some(&signature), page).await;
    hubs::take_waiting(&world.works()).await;
    assert_eq!(world.subscription().await.ignored, 7);
    let tally = &world.works.inbox.tally;
    let count =
        |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        (
            count(&tally.forged),
            count(&tally.unread),
            count(&tally.read)
        ),
        (6, 1, 0)
    );
}

#[tokio::test]
async fn a_hub_is_answered_once_and_only_about_what_was_asked() {
    let world = World::new(ONE).await;
    world.prints(&[FIRST]);
    world.origin.on("/hub", Answer::status(202));
    world.poll().await;
    let form = world.ask().await.pop().unwrap();
    let topic = form.topic.clone();
    let challenge = ("hub.challenge", "x");
    let lease = ("hub.lease_seconds", "864000");
    let mut stranger = form.clone();
    stranger
        .callback
        .replace_range(form.callback.len() - 4.., "0000");
    for wrong in [
        form.question(
            "subscribe",
            "https://bao-a.example/khac.rss",
            &[challenge, lease],
        ),
        form.question("unsubscribe", &topic, &[challenge]),
        form.question("publish", &topic, &[challenge, lease]),
        form.question("subscribe", &topic, &[lease]),
        form.question(
            "subscribe",
            &topic,
            &[challenge, lease, ("hub.topic", &topic)],
        ),
        stranger.question("subscribe", &topic, &[challenge, lease]),
        form.question("denied", "https://bao-a.example/khac.rss", &[]),
    ] {
        assert_eq!(
            world.get(wrong.clone()).await.0,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
    let right = form.question("subscribe", &topic, &[challenge, lease]);
    let head = world
        .client
        .request(Method::HEAD, right.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
    let foreign = world
        .client
        .get(right.clone())
        .header("host", "ke-la.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(world.subscription().await.state, HubState::Asked);
    assert_eq!(
        world.get(right.clone()).await,
        (StatusCode::OK, "x".to_owned())
    );
    let lease_until = world.subscription().await.lease_until;
    world.pass_time(SignedDuration::from_hours(1));
    assert_eq!(
        world.get(right).await.0,
        StatusCode::NOT_FOUND,
        "a question seen before"
    );
    assert_eq!(
        world.subscription().await.lease_until,
        lease_until,
        "lengthens no lease"
    );
    // The hub may change its mind; its words come to the admin without what a terminal would obey.
    let denied = form.question("denied", &topic, &[("hub.reason", "quá\u{1b}[31m nhiều\n")]);
    assert_eq!(world.get(denied).await.0, StatusCode::OK);
    let refused = world.subscription().await;
    assert_eq!(
        (refused.state, refused.lease_until),
        (HubState::Refused, None)
    );
    assert_eq!(refused.detail.as_deref(), Some("quá [31m nhiều "));
    world.pass_time(DAY * 6);
    assert!(world.ask().await.is_empty(), "a no is a no for a week");
    world.pass_time(DAY * 2);
    assert_eq!(world.ask().await.len(), 1);
}

#[tokio::test]
async fn a_hub_that_never_verifies_is_asked_ever_more_rarely_and_the_polls_go_on() {
    let world = World::new(ONE).await;
    world.prints(&[FIRST]);
    let mut days = Vec::new();
    for (day, status) in [(0, 202), (1, 500), (3, 202), (7, 404), (14, 429), (21, 202)] {
        world.origin.on("/hub", Answer::status(status));
        days.push(day);
    }
    let mut asked = Vec::new();
    let mut late = None;
    for day in 0..30 {
        world.poll().await;
        for form in world.ask().await {
            asked.push(day);
            late.get_or_insert(form);
        }
        world.pass_time(DAY);
    }
    assert_eq!(asked, [0, 1, 3, 7, 14, 21, 28]);
    let late = late.unwrap();
    world.pass_time(DAY);
    assert_eq!(
        world.verify(&late, 864_000).await,
        StatusCode::NOT_FOUND,
        "too late"
    );
    let state = world.state("bao-a/tin").await;
    assert_eq!((state.pushed_until, state.failures), (None, 0));
    assert!(
        world
            .origin
            .paths()
            .iter()
            .filter(|path| *path == "/bao-a/tin")
            .count()
            >= 30
    );
}

#[tokio::test]
async fn what_a_hub_says_of_a_request_is_told_without_the_requests_secrets() {
    let world = World::new(ONE).await;
    let form = world.subscribed().await;
    let token = form.callback.rsplit('/').next().unwrap();
    let words = format!(
        "không nhận {} và {token}, khóa\n{}",
        form.callback, form.secret
    );
    let refusal = Answer::raw(format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{words}",
        words.len()
    ));
    world.origin.on("/hub", refusal);
    world.pass_time(DAY * 8);
    assert_eq!(world.ask().await.len(), 1);
    let subscription = world.subscription().await;
    assert_eq!(subscription.state, HubState::Live, "the lease runs on");
    let detail = subscription.detail.unwrap();
    let public = form.callback.trim_end_matches(token);
    assert_eq!(
        detail,
        format!("HTTP 400: không nhận {public}… và …, khóa …")
    );
}

#[tokio::test]
async fn a_hub_in_a_closed_range_is_not_reached() {
    let world = World::new(ONE).await;
    let inside = Origin::start_at("127.0.0.2");
    inside.on("/hub", Answer::status(202));
    let feed = |hub: &Url| Answer::ok(document(hub, &world.topic(), &[FIRST]));
    world.origin.on("/bao-a/tin", feed(&inside.url("/hub")));
    world.poll().await;
    assert!(world.ask().await.is_empty());
    let subscription = world.subscription().await;
    assert_eq!(subscription.state, HubState::Named);
    assert!(
        subscription
            .detail
            .unwrap()
            .contains("127.0.0.2 is a loopback address")
    );
    // Nor by a redirect of a hub that may be asked, nor by another name.
    for hub in [
        "http://[::1]:9/hub",
        "http://2130706434/hub",
        "http://localhost:9/hub",
    ] {
        world.pass_time(DAY * 8);
        world.origin.on("/bao-a/tin", feed(&hub.parse().unwrap()));
        world.poll().await;
        world.ask().await;
        let subscription = world.subscription().await;
        assert_eq!(
            subscription.link.hub.as_str(),
            Url::parse(hub).unwrap().as_str()
        );
        assert!(
            subscription
                .detail
                .unwrap()
                .contains("is a loopback address"),
            "{hub}"
        );
    }
    world.pass_time(DAY * 8);
    world
        .origin
        .on("/hub", Answer::redirect(307, inside.url("/hub").as_str()));
    world.prints(&[SECOND]);
    world.poll().await;
    assert_eq!(world.ask().await.len(), 1);
    assert!(
        world
            .subscription()
            .await
            .detail
            .unwrap()
            .contains("127.0.0.2")
    );
    assert!(inside.log().is_empty() && inside.connections() == 0);
}

#[tokio::test]
async fn what_a_feed_names_cannot_have_us_ask_strangers_over_and_over() {
    let world = World::new(&[("bao-a", &["tin", "mot", "hai", "ba", "bon"])]).await;
    // Another hub in each document, for days.
    let mut asked = 0;
    for hour in 0..72 {
        let hub = world.origin.url(&format!("/hub-{hour}"));
        world.origin.on(hub.path(), Answer::status(202));
        world.origin.on(
            "/bao-a/tin",
            Answer::ok(document(&hub, &world.topic(), &[FIRST])),
        );
        world.poll().await;
        let before = world.origin.log().len();
        hubs::round(&world.works()).await.unwrap();
        asked += world.origin.log_after(before).len();
        world.pass_time(SignedDuration::from_hours(1));
    }
    // One subscription a day, and what was asked for is taken back, with two more tries at most.
    let modes = world.origin.log();
    let modes = modes
        .iter()
        .filter(|asked| asked.method == "POST")
        .map(|asked| Form::of(asked).mode);
    assert_eq!(modes.filter(|mode| mode == "subscribe").count(), 3);
    assert!(asked <= 3 + 2 * 3, "{asked}");
    // A hub for each feed of one paper.
    for feed in ["mot", "hai", "ba", "bon"] {
        let hub = world.origin.url(&format!("/hub-{feed}"));
        world.origin.on(hub.path(), Answer::status(202));
        let topic = world.origin.url(&format!("/bao-a/{feed}"));
        world.origin.on(
            &format!("/bao-a/{feed}"),
            Answer::ok(document(&hub, &topic, &[FIRST])),
        );
    }
    world.pass_time(DAY);
    let before = world.origin.log().len();
    world.poll().await;
    hubs::round(&world.works()).await.unwrap();
    let log = world.origin.log_after(before);
    let hubs: Vec<&Asked> = log.iter().filter(|asked| asked.method == "POST").collect();
    let subscribed = hubs
        .iter()
        .filter(|asked| Form::of(asked).mode == "subscribe")
        .count();
    assert_eq!(subscribed, 3, "no more hubs for one paper");
}

#[tokio::test]
async fn too_large_and_too_many_deliveries_are_turned_away_and_the_pages_stay_open() {
    let world = World::new(ONE).await;
    let form = world.subscribed().await;
    let large = vec![b' '; (2 << 20) + 1];
    let signature = form.signature(&large);
    let status = world
        .post(&form.callback, Some(&signature), large.clone())
        .await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let endless = world.endless(&form.callback).await;
    assert!(endless.starts_with("HTTP/1.1 413 "), "{endless}");
    let zipped = world
        .client
        .post(&form.callback)
        .header("content-encoding", "gzip")
        .body("x")
        .send()
        .await;
    assert_eq!(zipped.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // Nobody takes out of the box.
    let body = document(&world.hub(), &world.topic(), &[SECOND]);
    let signature = form.signature(&body);
    let mut seen = Vec::new();
    for _ in 0..12 {
        let asked = world
            .client
            .post(&form.callback)
            .header("x-hub-signature", &signature);
        let answer = asked.body(body.clone()).send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(
                answer.headers()["retry-after"],
                "30",
                "the hub is to come again"
            );
        }
        seen.push(answer.status());
    }
    assert_eq!(seen[..8], [StatusCode::ACCEPTED; 8]);
    assert_eq!(seen[8..], [StatusCode::SERVICE_UNAVAILABLE; 4]);
    let health = world
        .client
        .get(format!("http://{}/healthz", world.at))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    hubs::take_waiting(&world.works()).await;
    assert_eq!(world.entries().await, 2);
    // And no hub keeps us busy with one feed.
    let mut taken = 0;
    let last = loop {
        match world.post(&form.callback, None, b"x".to_vec()).await {
            StatusCode::ACCEPTED => taken += 1,
            other => break other,
        }
        hubs::take_waiting(&world.works()).await;
    };
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert!(taken < 60, "{taken}");
    world.pass_time(SignedDuration::from_hours(1));
    assert_eq!(
        world.post(&form.callback, None, b"x".to_vec()).await,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn a_delivery_says_no_more_of_another_papers_article_than_a_poll() {
    let world = World::new(&[("bao-a", &["tin"]), ("bao-b", &["tin"])]).await;
    let theirs = (
        "https://bao-b.example/tin/dai-hoi-9.html",
        "Đảng bộ phường Rạch Dừa chuẩn bị đại hội",
    );
    world.origin.on(
        "/bao-b/tin",
        Answer::ok(document(
            &world.origin.url("/khac"),
            &world.origin.url("/bao-b/tin"),
            &[theirs],
        )),
    );
    let form = world.subscribed().await;
    let forged = (theirs.0, "Đại hội phường Rạch Dừa bị hoãn");
    world.deliver(&form, &[forged, SECOND]).await;
    let article = |key: &str| {
        let store = world.works.store.clone();
        let key = format!("url:{key}");
        async move {
            store
                .find_article_by_key(&ArticleKey(key))
                .await
                .unwrap()
                .unwrap()
        }
    };
    let stored = article("bao-b.example/tin/dai-hoi-9.html").await;
    assert_eq!(
        (stored.title.as_str(), stored.source.as_str()),
        (theirs.1, "bao-b")
    );
    // Spoken of here first, it becomes its own paper's as soon as that prints it.
    let next = (
        "https://bao-b.example/tin/bau-cu-10.html",
        "Tin vịt của báo khác",
    );
    world.pass_time(SignedDuration::from_mins(1));
    world.deliver(&form, &[next]).await;
    let own = (next.0, "Phường Rạch Dừa bầu xong ban chấp hành");
    world.origin.on(
        "/bao-b/tin",
        Answer::ok(document(
            &world.origin.url("/khac"),
            &world.origin.url("/bao-b/tin"),
            &[own, theirs],
        )),
    );
    world.pass_time(DAY);
    world.poll().await;
    let stored = article("bao-b.example/tin/bau-cu-10.html").await;
    assert_eq!(
        (stored.title.as_str(), stored.source.as_str()),
        (own.1, "bao-b")
    );
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_taken_back() {
    let world = World::new(ONE).await;
    let form = world.subscribed().await;
    // The feed names another hub.
    world.origin.on("/hub-moi", Answer::status(202));
    world.origin.on(
        "/bao-a/tin",
        Answer::ok(document(
            &world.origin.url("/hub-moi"),
            &world.topic(),
            &[SECOND],
        )),
    );
    world.pass_time(DAY);
    world.poll().await;
    let before = world.origin.log().len();
    hubs::round(&world.works()).await.unwrap();
    let forms: Vec<_> = world
        .origin
        .log_after(before)
        .iter()
        .map(|asked| (asked.path.clone(), Form::of(asked)))
        .collect();
    let [(old_hub, left), (new_hub, new)] = forms.as_slice() else {
        panic!("{forms:?}")
    };
    assert_eq!(
        (old_hub.as_str(), left.mode.as_str()),
        ("/hub", "unsubscribe")
    );
    assert_eq!(
        (&left.callback, &left.secret),
        (&form.callback, &String::new())
    );
    assert_eq!(
        (new_hub.as_str(), new.mode.as_str()),
        ("/hub-moi", "subscribe")
    );
    assert!(new.callback != form.callback && new.secret != form.secret);
    let body = document(&world.hub(), &world.topic(), &[THIRD]);
    let signature = form.signature(&body);
    let status = world
        .post(&form.callback, Some(&signature), body.clone())
        .await;
    assert_eq!(status, StatusCode::GONE, "it was told");
    let wrong = left.question(
        "unsubscribe",
        "https://bao-a.example/khac",
        &[("hub.challenge", "x")],
    );
    assert_eq!(world.get(wrong).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.verify(left, 0).await, StatusCode::OK);
    assert_eq!(world.verify(left, 0).await, StatusCode::NOT_FOUND, "once");
    assert_eq!(world.verify(new, 864_000).await, StatusCode::OK);
    // The feed goes, then comes back; a hub that does not hear is told three times.
    world
        .reload(&[("bao-a", &[]), ("bao-b", &["tin"])], "")
        .await;
    let mut told = Vec::new();
    for day in 0..6 {
        told.extend(
            world
                .ask_at("/hub-moi")
                .await
                .into_iter()
                .map(|form| (day, form.mode)),
        );
        world.pass_time(DAY);
    }
    let thrice: Vec<_> = (0..3).map(|day| (day, "unsubscribe".to_owned())).collect();
    assert_eq!(told, thrice);
    assert_eq!(
        world.post(&new.callback, None, body.clone()).await,
        StatusCode::GONE
    );
    world.reload(ONE, "").await;
    let again = world.ask_at("/hub-moi").await.pop().unwrap();
    assert_eq!(again.mode, "subscribe");
    assert_ne!(again.callback, new.callback);
    assert_eq!(world.verify(&again, 864_000).await, StatusCode::OK);
    // The admin wants none.
    world.reload(ONE, "websub = false").await;
    assert_eq!(
        world.ask_at("/hub-moi").await.pop().unwrap().mode,
        "unsubscribe"
    );
    assert_eq!(
        world.post(&again.callback, None, body).await,
        StatusCode::GONE
    );
}

#[tokio::test]
async fn without_a_public_address_no_hub_is_asked() {
    let world = World::configured(ONE, "websub = false\n").await;
    world.prints(&[FIRST]);
    world.poll().await;
    assert!(world.ask().await.is_empty());
    assert!(world.works.store.subscriptions().await.unwrap().is_empty());
    let nobody = format!("http://{}/websub/{}", world.at, "0".repeat(64));
    assert_eq!(
        world.post(&nobody, None, Vec::new()).await,
        StatusCode::GONE
    );
}

#[test]
fn the_daemon_subscribes_takes_deliveries_and_keeps_its_secrets() {
    let origin = Origin::start();
    let (hub, topic) = (origin.url("/hub"), origin.url("/tin.rss"));
    origin.on("/tin.rss", Answer::ok(document(&hub, &topic, &[FIRST])));
    origin.on("/hub", Answer::status(202));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let office = Office::new(
        std::slice::from_ref(&topic),
        &format!("[web]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\""),
    );
    let mut daemon = office.daemon(Duration::from_secs(60));
    daemon.hears("READY=1");
    let asked = |mode: &str| {
        let log = origin.log();
        let mut posts = log
            .iter()
            .filter(|asked| asked.method == "POST")
            .map(Form::of);
        posts.rfind(|form| form.mode == mode)
    };
    until("the hub is asked", || asked("subscribe").is_some());
    let form = asked("subscribe").unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let question = form.question(
        "subscribe",
        &form.topic,
        &[("hub.challenge", "đúng"), ("hub.lease_seconds", "864000")],
    );
    let body = document(&hub, &topic, &[SECOND]);
    let (answer, status) = runtime.block_on(async {
        let answer = client
            .get(question)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let signed = client
            .post(&form.callback)
            .header("x-hub-signature", form.signature(&body));
        (
            answer,
            signed.body(body.clone()).send().await.unwrap().status(),
        )
    });
    assert_eq!((answer.as_str(), status), ("đúng", StatusCode::ACCEPTED));
    let shown = || {
        office
            .json(&["--json", "feeds", "show", "bao-0/tin"])
            .remove(0)
    };
    until("the delivery is read", || {
        shown()["subscription"]["deliveries"] == 1
    });
    let shown = shown();
    assert_eq!(shown["subscription"]["state"], "live");
    assert_eq!(shown["subscription"]["hub"], hub.as_str());
    let list = office.says(&["feeds", "list"]);
    assert!(list.contains("đang nhận"), "{list}");
    let status = office.says(&["status"]);
    assert!(
        status.contains("Nhận tin qua hub (WebSub): 1 đang nhận"),
        "{status}"
    );
    let metrics = runtime.block_on(async {
        let page = client
            .get(format!("http://127.0.0.1:{port}/metrics"))
            .send()
            .await
            .unwrap();
        page.text().await.unwrap()
    });
    assert!(
        metrics.contains("diembao_subscriptions{state=\"live\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("diembao_pushes_total{result=\"read\"} 1"),
        "{metrics}"
    );
    // Switched off, it is taken back.
    let feeds = fs::read_to_string(office.path("feeds.toml")).unwrap();
    fs::write(
        office.path("feeds.toml"),
        feeds.replace("verified = true", "verified = true\nenabled = false"),
    )
    .unwrap();
    daemon.signal("HUP");
    until("the hub is told", || asked("unsubscribe").is_some());
    daemon.signal("TERM");
    daemon.ends();
    let token = form.callback.rsplit('/').next().unwrap();
    let everything = [office.log(), list, status, shown.to_string(), metrics].concat();
    assert!(
        everything.contains("a hub was asked for a subscription"),
        "{everything}"
    );
    assert!(!everything.contains(token) && !everything.contains(&form.secret));
    assert_eq!(office.troubles(), Vec::<String>::new());
}
