//! Sources, feeds, what a poll found, and what we remember of a feed between polls.

use super::{FeedId, FeedKey, HubLink, HubLinks, SourceKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// A newspaper or site, as `feeds.toml` names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its stable key.
    pub key: SourceKey,
    /// The name printed in the mail, such as "Báo An Giang".
    pub name: String,
    /// Its province's key in `provinces.toml` (such as `an-giang`); `None` for the central press.
    pub province: Option<String>,
    /// Its host without `www.`, such as `baoangiang.com.vn`.
    pub domain: String,
    /// Former or further hosts that are the same paper: for identity and discovery.
    pub aliases: Vec<String>,
    /// Its place when papers of one story are listed; smaller stands first.
    pub rank: u16,
    /// The house it comes from, a word of the admin's: papers of one count once. `None` = a house by itself, or that of
    /// the paper whose domain it lies under.
    pub publisher: Option<String>,
    /// CSS selectors for its article pages; empty where the general reading does.
    pub page_rules: PageRules,
    /// How its servers are asked, where that differs from the others.
    pub access: SourceAccess,
    /// The zone of its dates without zone; `None` = `Asia/Ho_Chi_Minh`.
    pub time_zone: Option<String>,
    /// Its feeds, in the file's order.
    pub feeds: Vec<FeedSpec>,
}

impl Source {
    /// Whether a host is this paper's: its domain, an alias, or a host below one of them.
    pub fn has_host(&self, host: &str) -> bool {
        std::iter::once(&self.domain)
            .chain(&self.aliases)
            .filter_map(|domain| host.strip_suffix(domain.as_str()))
            .any(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// How one source's servers are asked. The default is as all others are.
#[derive(Clone, Default, PartialEq)]
pub struct SourceAccess {
    /// User-Agent for this source alone; `None` takes the program's own.
    pub user_agent: Option<String>,
    /// Further headers, name and value, sent to the feed's own origin only. They may hold a key.
    pub headers: Vec<(String, String)>,
    /// Whether cookies are kept (in memory) and sent back: some servers give nothing without.
    pub cookies: bool,
    /// The way out.
    pub via: Via,
}

/// The way out to a source's servers.
#[derive(Clone, Default, PartialEq)]
pub enum Via {
    /// As all others: through the office's proxy, if there is one.
    #[default]
    Usual,
    /// Straight, past the office's proxy.
    Direct,
    /// Through this HTTP proxy; its address may hold a login.
    Proxy(Url),
}

// Keys and logins stay out of logs.
impl std::fmt::Debug for SourceAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("SourceAccess")
            .field("user_agent", &self.user_agent)
            .field("headers", &names)
            .field("cookies", &self.cookies)
            .field("via", &self.via)
            .finish()
    }
}

impl std::fmt::Debug for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usual => f.write_str("Usual"),
            Self::Direct => f.write_str("Direct"),
            Self::Proxy(url) => write!(f, "Proxy({})", url.host_str().unwrap_or_default()),
        }
    }
}

/// CSS selectors that read one paper's article pages; each may be empty (= the general reading).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageRules {
    /// The headline.
    pub title: Option<String>,
    /// The sapo.
    pub lead: Option<String>,
    /// The block that holds the running text.
    pub body: Option<String>,
    /// The signature.
    pub author: Option<String>,
    /// The printed time.
    pub published: Option<String>,
    /// What to take out of the body first.
    pub remove: Vec<String>,
}

/// CSS selectors that read a list page (`kind = "page"`): where its items stand, and what of an item is what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRules {
    /// Each item: the element around one article's teaser, or its link itself.
    pub item: String,
    /// The link to the article, within the item; `None` takes the item's first link with a text.
    pub link: Option<String>,
    /// The headline; `None` takes the link's text.
    pub title: Option<String>,
    /// The printed time; an attribute `datetime` counts before the text.
    pub time: Option<String>,
    /// The sapo.
    pub summary: Option<String>,
}

/// What kind of document a feed address gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    /// A sitemap (plain or Google News), possibly an index of sitemaps.
    Sitemap,
    /// A list page read with selectors.
    Page,
}

/// A feed as configured: one address of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSpec {
    /// `source/feed`.
    pub key: FeedKey,
    /// Where it is.
    pub url: Url,
    /// What it is.
    pub kind: FeedKind,
    /// The section it carries, such as `xay-dung-dang`; `None` for the general feed.
    pub section: Option<String>,
    /// Whether it is polled at all.
    pub enabled: bool,
    /// Whether somebody has seen this address answer with a feed.
    pub verified: bool,
    /// How to read it; there for [`FeedKind::Page`] and only for it.
    pub list: Option<ListRules>,
}

/// What a server gave us to ask conditionally next time, byte for byte (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    /// `ETag`, sent back as it came in `If-None-Match`.
    pub etag: Option<String>,
    /// `Last-Modified`, sent back verbatim in `If-Modified-Since`.
    pub last_modified: Option<String>,
}

/// Why a request or a reading failed: a stable word, stored, and what `status` groups by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The name could not be resolved.
    Dns,
    /// No connection, or it broke before an answer.
    Connect,
    /// Certificate expired, for another name, unknown issuer; or the handshake failed.
    Tls,
    /// The whole request took longer than allowed.
    Timeout,
    /// More bytes than allowed, counted after decompression.
    TooLarge,
    /// The body ended before its announced length, or broke off.
    Cut,
    /// The body's compression is damaged.
    BadEncoding,
    /// A loop, too many hops, or a target that is no http(s) address.
    Redirect,
    /// An address in a range that is not allowed.
    Guard,
    /// An answer of 4xx other than those below.
    HttpClient,
    /// 401 or 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 410.
    Gone,
    /// 429, or 503 with Retry-After.
    Throttled,
    /// An answer of 5xx.
    HttpServer,
    /// An answer that HTTP does not allow here.
    Protocol,
    /// An HTML page where a feed was due.
    Html,
    /// Nothing at all.
    Empty,
    /// Bytes that are no feed.
    NotAFeed,
    /// A page that wants a browser to prove itself: a shield against robots, a CAPTCHA.
    Challenge,
    /// A page that is not given without its cookie.
    CookieWall,
    /// A page of another host: an office's or provider's login page, a parked domain.
    Portal,
    /// The paper's home page where the feed was.
    HomePage,
    /// Another feed of the same paper where this one was.
    WrongSection,
    /// A list page in which the selectors find no article.
    NoItems,
    /// The reader broke down on it; the bug is ours, the trouble stays this feed's.
    Reader,
}

impl FailureKind {
    /// The stable word, as stored and shown by `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TooLarge => "too-large",
            Self::Cut => "cut",
            Self::BadEncoding => "bad-encoding",
            Self::Redirect => "redirect",
            Self::Guard => "guard",
            Self::HttpClient => "http-client",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::Throttled => "throttled",
            Self::HttpServer => "http-server",
            Self::Protocol => "protocol",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::NotAFeed => "not-a-feed",
            Self::Challenge => "challenge",
            Self::CookieWall => "cookie-wall",
            Self::Portal => "portal",
            Self::HomePage => "home-page",
            Self::WrongSection => "wrong-section",
            Self::NoItems => "no-items",
            Self::Reader => "reader",
        }
    }

    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 26] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::TooLarge,
        Self::Cut,
        Self::BadEncoding,
        Self::Redirect,
        Self::Guard,
        Self::HttpClient,
        Self::Forbidden,
        Self::NotFound,
        Self::Gone,
        Self::Throttled,
        Self::HttpServer,
        Self::Protocol,
        Self::Html,
        Self::Empty,
        Self::NotAFeed,
        Self::Challenge,
        Self::CookieWall,
        Self::Portal,
        Self::HomePage,
        Self::WrongSection,
        Self::NoItems,
        Self::Reader,
    ];

    /// The kind of a stored word; `None` for a word no version of ours wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The reason as staff and admins read it, in Vietnamese.
    pub fn in_vietnamese(self) -> &'static str {
        match self {
            Self::Dns => "không tìm thấy địa chỉ máy chủ",
            Self::Connect => "không kết nối được máy chủ",
            Self::Tls => "chứng chỉ bảo mật (TLS) không hợp lệ",
            Self::Timeout => "máy chủ không trả lời kịp",
            Self::TooLarge => "nội dung quá lớn",
            Self::Cut => "nội dung bị ngắt giữa chừng",
            Self::BadEncoding => "dữ liệu nén bị hỏng",
            Self::Redirect => "chuyển hướng lòng vòng hoặc sai địa chỉ",
            Self::Guard => "địa chỉ không được phép truy cập",
            Self::HttpClient => "máy chủ từ chối yêu cầu",
            Self::Forbidden => "máy chủ không cho truy cập",
            Self::NotFound => "địa chỉ nguồn tin không còn",
            Self::Gone => "nguồn tin đã bị gỡ hẳn",
            Self::Throttled => "máy chủ yêu cầu chờ",
            Self::HttpServer => "máy chủ báo lỗi",
            Self::Protocol => "máy chủ trả lời sai quy cách",
            Self::Html => "trả về trang web, không phải nguồn tin",
            Self::Empty => "trả về nội dung rỗng",
            Self::NotAFeed => "nội dung không phải nguồn tin",
            Self::Challenge => "lớp chống robot của báo chặn chương trình",
            Self::CookieWall => "trang đòi cookie mới cho đọc",
            Self::Portal => {
                "bị dẫn sang trang của máy chủ khác (trang đăng nhập mạng hoặc tên miền đã bỏ)"
            }
            Self::HomePage => "địa chỉ nguồn tin dẫn về trang chủ của báo",
            Self::WrongSection => "địa chỉ nguồn tin dẫn sang nguồn tin khác của cùng báo",
            Self::NoItems => "không tìm thấy bài nào trên trang danh mục",
            Self::Reader => "không đọc được nội dung",
        }
    }
}

/// A failure with its detail for the admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable word.
    pub kind: FailureKind,
    /// What happened, in one English line without secrets, control characters or line breaks.
    pub detail: String,
}

/// What an HTTP request for a feed or page came to. Expected events are values, not errors.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchOutcome {
    /// 200 with a body.
    Fresh(Box<Fetched>),
    /// 304 to a conditional request.
    NotModified(Unmodified),
    /// 410.
    Gone,
    /// 429 or 503 with Retry-After.
    Throttled {
        /// When the server wants to see us again, if it said so. Not yet bounded.
        until: Option<Timestamp>,
        /// The status it said so with.
        status: u16,
    },
    /// Anything else that went wrong.
    Failed(Failure),
}

/// What came with a 304.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmodified {
    /// What HTTP said about when to come again.
    pub hints: PublisherHints,
    /// Where a permanent redirect (301, 308) led, if the chain held only such. That the validators matched there shows
    /// that it is the same feed.
    pub moved_to: Option<Url>,
}

/// A body and what came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// The bytes after decompression.
    pub body: Vec<u8>,
    /// `Content-Type`, verbatim.
    pub content_type: Option<String>,
    /// Where the document came from, after redirects.
    pub final_url: Url,
    /// The redirects on the way there, in order; without credentials.
    pub hops: Vec<Hop>,
    /// Where a permanent redirect (301, 308) led, if the chain held only such.
    pub moved_to: Option<Url>,
    /// For the next request.
    pub validators: Validators,
    /// What HTTP said about when to come again.
    pub hints: PublisherHints,
    /// The hubs that its `Link` headers name (RFC 8288).
    pub links: HubLinks,
    /// `Date`, if readable: the server's clock.
    pub server_date: Option<Timestamp>,
    /// BLAKE3 of `body`.
    pub body_hash: [u8; 32],
}

/// One redirect of an exchange (RFC 9110 §15.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Where it led.
    pub to: Url,
}

/// What the publisher says about how often to come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublisherHints {
    /// Seconds for which the answer stays fresh: Cache-Control max-age or Expires, `<ttl>`, sy:updatePeriod.
    pub fresh_for_s: Option<u32>,
    /// Hours of the day, UTC, in which not to come (`skipHours`).
    pub skip_hours: Vec<u8>,
    /// ISO weekdays (1 = Monday), UTC, on which not to come (`skipDays`).
    pub skip_days: Vec<u8>,
}

/// When in the day a feed publishes, as a running mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rhythm {
    /// Entries a day in each hour of the day (UTC), as of `counted_to`.
    pub hours: [f32; 24],
    /// The newest publication seen so far; `None` before the first.
    pub counted_to: Option<Timestamp>,
}

/// What we remember of a feed from poll to poll; a row of the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedState {
    /// For conditional requests; only of the last document that was read whole and stored.
    pub validators: Validators,
    /// Until then no validators are sent: the server gave news under old ones, or old news for ever.
    pub distrusted_until: Option<Timestamp>,
    /// BLAKE3 of that document: the same bytes again need no reading.
    pub body_hash: Option<[u8; 32]>,
    /// Hash of that document's entries: a document whose own date alone changed has nothing new.
    pub entries_hash: Option<[u8; 16]>,
    /// When to ask next; never before.
    pub next_poll_at: Option<Timestamp>,
    /// The server's own floor (Retry-After): also an admin's `fetch` waits for it.
    pub not_before: Option<Timestamp>,
    /// Last request, whatever came of it.
    pub last_poll_at: Option<Timestamp>,
    /// Last answer that was a feed or a 304.
    pub last_ok_at: Option<Timestamp>,
    /// Last time a new entry came.
    pub last_new_at: Option<Timestamp>,
    /// When in the day it publishes, and how much.
    pub rhythm: Rhythm,
    /// Failures in a row.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// How it failed last.
    pub failure: Option<Failure>,
    /// 410 came then: retired until the admin enables it again.
    pub retired_at: Option<Timestamp>,
    /// A permanent redirect's target and how often in a row it was seen with a valid feed there.
    pub moved: Option<(Url, u32)>,
    /// Of a sitemap index: its documents that are read, the newest first.
    pub parts: Vec<FeedPart>,
    /// What is watched for drift: a feed that answers and is yet of no use any more.
    pub watch: Watch,
    /// The hub that its last document named, if it is one we may ask.
    pub hub: Option<HubLink>,
    /// Until then a hub that has shown itself reliable delivers what the feed prints. Never written with the state: deliveries
    /// and polls that find what was not delivered decide it.
    pub pushed_until: Option<Timestamp>,
}

/// What is remembered of a feed's answers to see it drift; `daemon::drift` fills and judges it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// Since when its document holds no item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Timestamp>,
    /// Since when all items carry one date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_dates_since: Option<Timestamp>,
    /// Since when its headlines are not Vietnamese any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_since: Option<Timestamp>,
    /// Since when the address leads to a home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_since: Option<Timestamp>,
    /// Whether its headlines were Vietnamese once.
    pub vietnamese: bool,
    /// New entries by day (days since 1970, UTC), the oldest first; days without any are left out.
    pub volume: Vec<(i32, u32)>,
}

impl Watch {
    /// Days whose volume is remembered, today aside.
    pub const DAYS: i32 = 26;

    /// The day of an instant, as [`Watch::volume`] numbers them.
    pub fn day(at: Timestamp) -> i32 {
        i32::try_from(at.as_second().div_euclid(24 * 60 * 60)).unwrap_or(i32::MAX)
    }

    /// Puts what is new into the volume of its day; what is too old to compare with is forgotten.
    pub fn count(&mut self, new: usize, at: Timestamp) {
        let today = Self::day(at);
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        self.volume.retain(|(day, _)| *day >= today - Self::DAYS);
        match self.volume.last_mut() {
            Some((day, count)) if *day == today => *count = count.saturating_add(new),
            _ if new > 0 => self.volume.push((today, new)),
            _ => {}
        }
    }
}

/// How a feed that answers has drifted away from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It leads to the paper's home page.
    HomePage,
    /// It answers with no item, for days.
    Empty,
    /// It answers with the same old items, far longer than was usual.
    Frozen,
    /// It brings a small part of what it used to bring.
    Collapsed,
    /// Its headlines are in another language than before.
    OtherLanguage,
    /// All its items carry one date: when the file was made.
    SameDates,
}

impl Drift {
    /// The stable word, as `--json` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HomePage => "home-page",
            Self::Empty => "empty",
            Self::Frozen => "frozen",
            Self::Collapsed => "collapsed",
            Self::OtherLanguage => "other-language",
            Self::SameDates => "same-dates",
        }
    }

    /// What staff and admins read, in Vietnamese.
    pub fn in_vietnamese(self) -> &'static str {
        match self {
            Self::HomePage => "địa chỉ nay dẫn về trang chủ",
            Self::Empty => "vẫn trả lời nhưng không có bài nào",
            Self::Frozen => "vẫn trả lời nhưng không có bài mới",
            Self::Collapsed => "số bài giảm hẳn so với trước",
            Self::OtherLanguage => "không còn là tiếng Việt",
            Self::SameDates => "mọi bài đều ghi cùng một giờ",
        }
    }

    /// Whether news may be missed: staff are told, not the admin alone.
    pub fn hides_news(self) -> bool {
        !matches!(self, Self::SameDates)
    }
}

/// A drift, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub drift: Drift,
    /// Since when, as far as we can tell.
    pub since: Timestamp,
}

/// One document that a sitemap index names, and what we remember of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPart {
    /// Where it is.
    pub url: Url,
    /// The index's word on when it changed, as written.
    pub changed: Option<String>,
    /// Whether it was read since it changed.
    pub read: bool,
    /// For conditional requests; only of a document that was read and stored.
    #[serde(default)]
    pub validators: Validators,
    /// BLAKE3 of that document.
    #[serde(default)]
    pub body_hash: Option<[u8; 32]>,
}

/// A feed due to be polled, claimed from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Its row.
    pub id: FeedId,
    /// Its key.
    pub key: FeedKey,
    /// Its source.
    pub source: SourceKey,
    /// The address in `feeds.toml`.
    pub url: Url,
    /// What it is.
    pub kind: FeedKind,
    /// When it was first configured here.
    pub added_at: Timestamp,
    /// Memory.
    pub state: FeedState,
}
