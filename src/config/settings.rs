//! `[daemon]`, `[fetch]`, `[article]`, `[admin]` of `diembao.toml`, with what holds where nothing is written.

use super::address::{self, Cidr, Recipient};
use super::problem::{Wrong, quoted, words, wrong};
use super::raw::{At, Section};
use super::secret::{Env, Secret};
use super::value;
use crate::model::Via;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where things are kept, and the office's zone.
#[derive(Debug, Clone, PartialEq)]
pub struct DaemonConfig {
    /// The folder of the database and of mails written as files: `data_dir`, else systemd's `STATE_DIRECTORY`,
    /// else `/var/lib/diembao`. `--data-dir` goes before all three.
    pub data_dir: PathBuf,
    /// The zone of digests' times and of dates without zone.
    pub time_zone: TimeZone,
}

/// How feeds are fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchConfig {
    /// Whom a server's admin may write to: a mail or web address. Part of `user_agent`.
    pub contact: Option<String>,
    /// The whole `User-Agent` line.
    pub user_agent: String,
    /// No feed is asked again sooner, unless an admin asks.
    pub min_interval: Duration,
    /// No feed is left alone for longer, unless its server wants it so.
    pub max_interval: Duration,
    /// For one whole request, redirects and body included.
    pub request_timeout: Duration,
    /// Bytes of a body, counted after decompression.
    pub max_body: u64,
    /// Newspapers that are asked at the same time; each gets one request at a time.
    pub newspapers_at_once: usize,
    /// Between two requests to one newspaper.
    pub gap: Duration,
    /// Bytes of all bodies that are being received.
    pub bytes_in_flight: u64,
    /// Private ranges that may be reached all the same.
    pub allow_private: Vec<Cidr>,
    /// The office's way out; `None` goes straight.
    pub proxy: Option<ProxyConfig>,
    /// How often a feed is asked for in full, whatever its validators say; `None` = never.
    pub audit: Option<Duration>,
    /// What is older than this by its own date when first seen enters no edition.
    pub backfill_max_age: Duration,
}

/// An HTTP proxy.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyConfig {
    /// Its address, without credentials.
    pub url: Url,
    /// User name and password, if it wants them.
    pub login: Option<(String, Secret)>,
}

/// How article pages are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleConfig {
    /// Whether pages are fetched at all.
    pub pages: bool,
    /// Bytes of a page, counted after decompression.
    pub max_page: u64,
    /// Newspapers whose pages are read at the same time.
    pub newspapers_at_once: usize,
    /// For so many days the pages of mailed articles are asked again, once a day, for corrections and withdrawals; 0: never.
    pub reread_days: u8,
}

/// Who keeps the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminConfig {
    /// Who is told of trouble; may be empty.
    pub recipients: Vec<Recipient>,
    /// When, at most once a day and only where something needs a person; in the zone of `[daemon]`.
    pub at: Time,
    /// A feed that fails for less is its newspaper's trouble.
    pub failing_after: Duration,
    /// Whether the articles that came nearest to being taken are listed, each day.
    pub near_misses: bool,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            at: Time::constant(7, 30, 0, 0),
            failing_after: Duration::from_secs(3 * 24 * 3600),
            near_misses: false,
        }
    }
}

/// Shorter than this and servers take us for an attack; it is allowed, and advised against.
const POLITE_INTERVAL: Duration = Duration::from_secs(5 * 60);

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// What an absent section reads as.
pub(super) fn or_default<T>(
    section: Option<Section<'_>>,
    read: impl Fn(&Reader<'_, '_>) -> T,
) -> T {
    let reader = Reader(section.as_ref());
    let value = read(&reader);
    if let Some(section) = section {
        section.close(&[]);
    }
    value
}

/// A section that may be absent: then every key is.
pub(super) struct Reader<'s, 'd>(pub Option<&'s Section<'d>>);

impl<'d> Reader<'_, 'd> {
    fn duration(&self, key: &'static str, default: Duration) -> Duration {
        self.duration_from(key, Duration::ZERO, "0s", default)
    }

    fn duration_from(
        &self,
        key: &'static str,
        least: Duration,
        least_text: &'static str,
        default: Duration,
    ) -> Duration {
        let read = value::duration_from(least, least_text);
        self.text(key, "15m", read).map_or(default, |at| at.value)
    }

    fn size(&self, key: &'static str, least: u64, default: u64) -> u64 {
        let Some(section) = self.0 else {
            return default;
        };
        let Some(At { value, span }) = section.text(key, "10MiB", value::size) else {
            return default;
        };
        if value < least {
            let kib = least / 1024;
            section.error(
                &span,
                wrong(
                    words(
                        format!("{key} is too small to read anything"),
                        format!("{key} quá nhỏ, không đọc được gì"),
                    ),
                    words(
                        format!("write at least \"{kib}KiB\""),
                        format!("viết ít nhất \"{kib}KiB\""),
                    ),
                ),
            );
        }
        value
    }

    fn count(&self, key: &'static str, most: i64, default: usize) -> usize {
        let read = self.0.and_then(|section| section.whole(key, 1..=most));
        read.map_or(default, |at| usize::try_from(at.value).unwrap_or(default))
    }

    pub(super) fn text<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        self.0.and_then(|section| section.text(key, example, read))
    }
}

pub(super) fn daemon(section: Option<Section<'_>>, folder: &Path, env: Env<'_>) -> DaemonConfig {
    or_default(section, |read| {
        let written = read.text("data_dir", "/var/lib/diembao", value::line);
        let zone = read.text("time_zone", "Asia/Ho_Chi_Minh", value::time_zone);
        DaemonConfig {
            data_dir: match written {
                Some(at) => folder.join(at.value),
                None => state_directory(env).unwrap_or_else(|| "/var/lib/diembao".into()),
            },
            time_zone: zone.map_or_else(home_zone, |at| at.value),
        }
    })
}

/// systemd.exec(5): several state directories are joined by colons; ours is the first.
fn state_directory(env: Env<'_>) -> Option<PathBuf> {
    let given = env.get("STATE_DIRECTORY")?;
    let first = given.to_str()?.split(':').next()?;
    (!first.is_empty()).then(|| first.into())
}

/// Viet Nam's zone; it has had no summer time since 1975.
fn home_zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh")
        .unwrap_or_else(|_| TimeZone::fixed(jiff::tz::Offset::constant(7)))
}

/// `open_to_all`: whether every user of the machine may read the file.
pub(super) fn fetch(section: Option<Section<'_>>, open_to_all: bool) -> FetchConfig {
    or_default(section, |read| {
        let contact = read.text("contact", "quantri@tinhuy.vn", contact);
        let own_agent = read.text("user_agent", "diembao (+quantri@tinhuy.vn)", header_line);
        let contact = contact.map(|at| at.value);
        let config = FetchConfig {
            user_agent: own_agent.map_or_else(|| user_agent(contact.as_deref()), |at| at.value),
            contact,
            min_interval: read.duration("min_interval", minutes(15)),
            max_interval: read.duration_from("max_interval", minutes(1), "1m", minutes(180)),
            request_timeout: read.duration_from(
                "request_timeout",
                Duration::from_secs(1),
                "1s",
                minutes(1),
            ),
            max_body: read.size("max_body", 64 << 10, 10 << 20),
            newspapers_at_once: read.count("newspapers_at_once", 4096, 256),
            gap: read.duration("gap", Duration::from_millis(100)),
            bytes_in_flight: read.size("bytes_in_flight", 64 << 10, 32 << 20),
            allow_private: allow_private(read),
            proxy: read
                .text("proxy", "http://proxy.tinhuy.vn:3128", proxy)
                .map(|at| at.value),
            audit: read
                .text("audit", "7d", span_or_off)
                .map_or(Some(minutes(7 * 24 * 60)), |at| at.value),
            backfill_max_age: read.duration("backfill_max_age", minutes(48 * 60)),
        };
        if let Some(section) = read.0 {
            sound_together(section, &config);
            let login = config
                .proxy
                .as_ref()
                .is_some_and(|proxy| proxy.login.is_some());
            if login && open_to_all {
                section.error(&section.key_span("proxy"), open_password());
            }
        }
        config
    })
}

pub(super) fn open_password() -> Wrong {
    wrong(
        words(
            "the proxy's password stands in a file that every user of this machine may read",
            "mật khẩu proxy nằm trong tệp mà mọi người dùng trên máy đều đọc được",
        ),
        words(
            "take the password out, or run: chmod 600 on this file",
            "bỏ mật khẩu, hoặc đặt quyền cho tệp này bằng lệnh chmod 600",
        ),
    )
}

/// What single values cannot show.
fn sound_together(section: &Section<'_>, config: &FetchConfig) {
    if config.max_interval < config.min_interval {
        section.error(
            &section.key_span("max_interval"),
            wrong(
                words(
                    "max_interval is shorter than min_interval",
                    "max_interval ngắn hơn min_interval",
                ),
                words(
                    "make max_interval the longer one",
                    "đặt max_interval dài hơn min_interval",
                ),
            ),
        );
    }
    if config.bytes_in_flight < config.max_body {
        section.error(
            &section.key_span("bytes_in_flight"),
            wrong(
                words(
                    "bytes_in_flight is smaller than max_body: the largest allowed feed could never be read",
                    "bytes_in_flight nhỏ hơn max_body: nguồn tin lớn nhất được phép sẽ không bao giờ đọc được",
                ),
                words(
                    "make bytes_in_flight at least as large as max_body",
                    "đặt bytes_in_flight ít nhất bằng max_body",
                ),
            ),
        );
    }
    if config.min_interval < POLITE_INTERVAL {
        section.warn(
            &section.key_span("min_interval"),
            wrong(
                words(
                    "feeds asked more often than every 5 minutes burden the newspapers; some will lock us out",
                    "đọc mỗi nguồn dày hơn 5 phút một lần gây tải cho các báo; có báo sẽ chặn",
                ),
                words(
                    "write \"15m\" unless these are your own servers",
                    "viết \"15m\", trừ khi đây là máy chủ của cơ quan",
                ),
            ),
        );
    }
}

fn allow_private(read: &Reader<'_, '_>) -> Vec<Cidr> {
    let ranges = read
        .0
        .and_then(|section| section.list("allow_private", "10.20.0.0/16", address::cidr));
    let ranges = ranges.unwrap_or_default();
    ranges.into_iter().map(|at| at.value).collect()
}

/// `diembao/1.2.3 (+contact)`; the project's own address where no contact is set.
fn user_agent(contact: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match contact.unwrap_or(env!("CARGO_PKG_REPOSITORY")) {
        "" => format!("diembao/{version}"),
        contact => format!("diembao/{version} (+{contact})"),
    }
}

/// A mail or web address that may stand in a header.
fn contact(text: &str) -> Result<String, Wrong> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return address::web_address(text).map(String::from);
    }
    address::recipient(text).map(|recipient| recipient.address)
}

/// A header's value: visible ASCII and blanks (RFC 9110 §5.5).
pub(super) fn header_line(text: &str) -> Result<String, Wrong> {
    let sound = (1..=200).contains(&text.len())
        && text.bytes().all(|b| (0x20..0x7f).contains(&b))
        && text.trim() == text;
    if sound {
        return Ok(text.to_owned());
    }
    Err(wrong(
        words(
            format!("{} cannot stand in an HTTP header", quoted(text)),
            format!("{} không dùng được trong tiêu đề HTTP", quoted(text)),
        ),
        words(
            "write one line of letters without marks, at most 200",
            "viết một dòng chữ không dấu, không quá 200 ký tự",
        ),
    ))
}

/// Headers that the program sets itself, and what would break the request's frame.
const OWN_HEADERS: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "user-agent",
];

/// One header, `Name: value`.
pub(super) fn header(text: &str) -> Result<(String, String), Wrong> {
    let token = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let split = text
        .split_once(':')
        .map(|(name, value)| (name.trim(), value.trim()));
    match split {
        Some((name, _)) if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) => {
            Err(wrong(
                words(
                    format!("the header {} is set by the program itself", quoted(name)),
                    format!("tiêu đề {} do chương trình tự đặt", quoted(name)),
                ),
                words(
                    "take it out; for the program's name use user_agent",
                    "bỏ tiêu đề này; muốn đổi tên chương trình thì dùng user_agent",
                ),
            ))
        }
        Some((name, value)) if token(name) && header_line(value).is_ok() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        // The value is not shown: it may be a key.
        _ => Err(wrong(
            words("this is not an HTTP header", "đây không phải tiêu đề HTTP"),
            words(
                "write \"Name: value\" in letters without marks",
                "viết \"Tên: giá trị\" bằng chữ không dấu",
            ),
        )),
    }
}

/// A source's own way out: a proxy, or `off` for none.
pub(super) fn via(text: &str) -> Result<Via, Wrong> {
    if text == "off" {
        return Ok(Via::Direct);
    }
    proxy(text).map(|proxy| {
        let mut url = proxy.url;
        if let Some((user, password)) = &proxy.login {
            // An http(s) address takes both.
            let _ = url.set_username(user);
            let _ = url.set_password(Some(password.reveal()));
        }
        Via::Proxy(url)
    })
}

/// A duration, or `off`.
fn span_or_off(text: &str) -> Result<Option<Duration>, Wrong> {
    match text {
        "off" => Ok(None),
        // A full request each time would undo what conditional ones save the newspapers.
        _ => value::duration_from(minutes(60), "1h")(text).map(Some),
    }
}

fn proxy(text: &str) -> Result<ProxyConfig, Wrong> {
    let read = || -> Option<ProxyConfig> {
        let mut url = Url::parse(text).ok()?;
        let user = url.username().to_owned();
        let password = url.password().unwrap_or_default().to_owned();
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        let login = (!user.is_empty()).then(|| (user, Secret::new(password)));
        let url = address::web_address(url.as_str()).ok()?;
        Some(ProxyConfig { url, login })
    };
    read().ok_or_else(|| {
        wrong(
            // Not shown: it may hold a password.
            words(
                "this is not the address of an HTTP proxy",
                "đây không phải địa chỉ của máy chủ proxy HTTP",
            ),
            words(
                "write \"http://proxy.tinhuy.vn:3128\" with your proxy's name and port",
                "viết \"http://proxy.tinhuy.vn:3128\" với tên và cổng proxy của cơ quan",
            ),
        )
    })
}

pub(super) fn admin(section: Option<Section<'_>>) -> AdminConfig {
    let default = AdminConfig::default();
    or_default(section, |read| AdminConfig {
        recipients: read.0.map(super::digests::recipients).unwrap_or_default(),
        at: read
            .text("at", "07:30", value::time_of_day)
            .map_or(default.at, |at| at.value),
        failing_after: read.duration("failing_after", default.failing_after),
        near_misses: read
            .0
            .and_then(|section| section.flag("near_misses"))
            .unwrap_or(default.near_misses),
    })
}

pub(super) fn article(section: Option<Section<'_>>) -> ArticleConfig {
    or_default(section, |read| ArticleConfig {
        pages: read
            .0
            .and_then(|section| section.flag("pages"))
            .unwrap_or(true),
        max_page: read.size("max_page", 64 << 10, 5 << 20),
        newspapers_at_once: read.count("newspapers_at_once", 1024, 16),
        reread_days: read
            .0
            .and_then(|section| section.whole("reread_days", 0..=14))
            .map_or(3, |at| u8::try_from(at.value).unwrap_or(3)),
    })
}
