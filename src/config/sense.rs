//! What single values cannot show: settings that contradict each other, or that are right and surely not meant.
//!
//! Looks at the files a second time, after each value was read and judged by itself; it never reports what was.

use super::problem::{Problem, Severity, Wrong, did_you_mean, quoted, words, wrong};
use super::raw::{At, Section};
use super::{DigestConfig, FetchConfig, Recipient, SmtpConfig, Tls, address};
use crate::model::{FeedKind, FeedSpec, Source};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use url::{Host, Url};

/// A server that is slow for longer holds up its paper's other feeds.
const PATIENCE_MAX: Duration = Duration::from_secs(600);
/// Bytes of a certificate file at most.
const PEM_MAX_BYTES: u64 = 4 << 20;
/// Hosts of addresses as people mistype them.
const MISTYPED_HOSTS: &[(&str, &str)] = &[
    ("gmial.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.com.vn", "gmail.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.con", "yahoo.com"),
    ("hotmal.com", "hotmail.com"),
    ("outlok.com", "outlook.com"),
];
/// Files that are read, and those in `templates/`.
const FILES: [&str; 5] = [
    "diembao.toml",
    "feeds.toml",
    "topics.toml",
    "provinces.toml",
    "holidays.toml",
];
const TEMPLATES: [&str; 2] = ["digest.html.j2", "digest.txt.j2"];

/// What `diembao.toml` says, for [`settings`].
pub(super) struct Said<'s> {
    pub fetch: &'s FetchConfig,
    pub max_page: u64,
    pub data_dir: &'s Path,
    pub digests: &'s [DigestConfig],
    pub smtp: Option<&'s SmtpConfig>,
    pub admins: &'s [Recipient],
    /// The newspapers, where `feeds.toml` could be read.
    pub sources: Option<&'s [Source]>,
}

/// Looks at `diembao.toml` as a whole.
pub(super) fn settings(root: &Section<'_>, said: &Said<'_>) {
    if let Some(fetch) = root.peek_section("fetch") {
        fetching(&fetch, said);
    }
    if let Some(article) = root.peek_section("article")
        && said.max_page > said.fetch.bytes_in_flight
    {
        article.error(&article.key_span("max_page"), page_too_large());
    }
    if let Some(daemon) = root.peek_section("daemon")
        && said.data_dir.is_file()
    {
        daemon.error(&daemon.key_span("data_dir"), no_folder(said.data_dir));
    }
    for section in root.peek_sections("digest") {
        let name = section.peek("name");
        let digest =
            name.and_then(|name| said.digests.iter().find(|d| d.name.as_str() == name.value));
        if let Some(digest) = digest {
            // A server that is written and wrong was told of.
            if !root.has("smtp") && !digest.recipients.is_empty() {
                section.warn(&section.key_span("recipients"), no_server());
            }
            one_digest(&section, digest, said);
        }
    }
    if let Some(admin) = root.peek_section("admin") {
        mistyped_hosts(&admin);
    }
    if let (Some(section), Some(smtp)) = (root.peek_section("smtp"), said.smtp) {
        mail(root, &section, smtp, said);
    }
}

fn fetching(section: &Section<'_>, said: &Said<'_>) {
    let fetch = said.fetch;
    if fetch.gap > fetch.min_interval && !fetch.min_interval.is_zero() {
        section.warn(&section.key_span("gap"), long_gap());
    }
    if fetch.request_timeout > PATIENCE_MAX {
        section.warn(&section.key_span("request_timeout"), long_timeout());
    }
}

fn one_digest(section: &Section<'_>, digest: &DigestConfig, said: &Said<'_>) {
    mistyped_hosts(section);
    if let Some(home) = &digest.home_province
        && !digest.provinces.is_empty()
        && !digest.provinces.contains(home)
    {
        section.warn(&section.key_span("home_province"), home_left_out(home));
    }
    let Some(sources) = said.sources else { return };
    let covered = |province: &str| {
        sources.iter().any(|source| {
            source.province.as_deref() == Some(province)
                && source.feeds.iter().any(|feed| feed.enabled)
        })
    };
    for province in digest
        .provinces
        .iter()
        .filter(|province| !covered(province))
    {
        section.warn(&section.key_span("provinces"), uncovered(province));
    }
}

/// Addresses at hosts that are slips of well-known ones, or no hosts of the Internet.
fn mistyped_hosts(section: &Section<'_>) {
    for At { value, span } in section.peek_list("recipients") {
        let Ok(recipient) = address::recipient(value) else {
            continue;
        };
        let Some((_, host)) = recipient.address.rsplit_once('@') else {
            continue;
        };
        let meant = MISTYPED_HOSTS.iter().find(|(slip, _)| *slip == host);
        if let Some((slip, meant)) = meant {
            section.warn(&span, slip_of(slip, meant));
        } else if !host.contains('.') {
            section.warn(&span, short_host(host));
        }
    }
}

fn mail(root: &Section<'_>, section: &Section<'_>, smtp: &SmtpConfig, said: &Said<'_>) {
    let expected = match smtp.tls {
        Tls::Implicit => (587, "starttls"),
        Tls::StartTls => (465, "implicit"),
        Tls::None => (0, ""),
    };
    if smtp.port == expected.0 && section.has("tls") {
        section.warn(&section.key_span("tls"), other_tls(smtp.port, expected.1));
    }
    if let Some(dkim) = &smtp.dkim {
        let from = smtp.from.address.rsplit('@').next().unwrap_or_default();
        if from != dkim.domain && !from.ends_with(&format!(".{}", dkim.domain)) {
            section.warn(&section.key_span("dkim"), not_aligned(&dkim.domain, from));
        }
        let key = dkim.key.as_ref().map(|key| key.reveal());
        if key.is_some_and(|key| !key.contains("PRIVATE KEY-----")) {
            section.error(&section.key_span("dkim"), no_private_key());
        }
    }
    if let Some(file) = &smtp.ca_file
        && !holds_certificate(file)
    {
        section.error(&section.key_span("ca_file"), no_certificate(file));
    }
    let mailed = said
        .digests
        .iter()
        .any(|digest| !digest.recipients.is_empty());
    if !mailed && said.admins.is_empty() {
        section.warn(&root.key_span("smtp"), nobody_to_mail());
    } else if said.admins.is_empty() {
        section.warn(&root.key_span("smtp"), nobody_told());
    }
}

/// True also where it cannot be read: that was told.
fn holds_certificate(file: &Path) -> bool {
    let mut text = Vec::new();
    let read =
        std::fs::File::open(file).and_then(|file| file.take(PEM_MAX_BYTES).read_to_end(&mut text));
    read.is_err() || String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----")
}

/// Looks at `feeds.toml` as a whole.
pub(super) fn feeds(root: &Section<'_>, sources: &[Source], fetch: Option<&FetchConfig>) {
    let sources_by_key = sources.iter().rev().map(|s| (s.key.as_str(), s));
    let by_key: HashMap<&str, &Source> = sources_by_key.collect(); // the first of two
    let hosts = owners(sources);
    for section in root.peek_sections("source") {
        let key = section.peek("key");
        let Some(source) = key.and_then(|key| by_key.get(key.value)) else {
            continue;
        };
        for feed in section.peek_sections("feed") {
            let Some(written) = feed.peek("url") else {
                continue;
            };
            // Nearly all were read when the sources were, and stand as they were written.
            let as_written = |spec: &&FeedSpec| spec.url.as_str() == written.value;
            let url = match source.feeds.iter().find(as_written) {
                Some(spec) => Cow::Borrowed(&spec.url),
                None => match Url::parse(written.value) {
                    Ok(url) => Cow::Owned(url),
                    Err(_) => continue,
                },
            };
            let mut specs = source.feeds.iter();
            let kind = specs.find(|spec| spec.url == *url).map(|spec| spec.kind);
            if let Some(wrong) = odd_address(&url, source, &hosts, kind) {
                feed.warn(&written.span, wrong);
            }
            if fetch.is_some_and(|fetch| is_closed(&url, fetch)) {
                feed.error(&written.span, private_address(&url));
            }
        }
    }
}

/// Hosts and the source that each belongs to; the first where several claim one, which was told.
fn owners(sources: &[Source]) -> HashMap<&str, &Source> {
    let mut owners = HashMap::new();
    for source in sources {
        for host in std::iter::once(&source.domain).chain(&source.aliases) {
            owners.entry(host.as_str()).or_insert(source);
        }
    }
    owners
}

fn odd_address(
    url: &Url,
    source: &Source,
    owners: &HashMap<&str, &Source>,
    kind: Option<FeedKind>,
) -> Option<Wrong> {
    let host = address::bare_host(url.host_str()?);
    if let Some(other) = owners.get(host).filter(|other| other.key != source.key) {
        return Some(others_host(host, other));
    }
    if url.path() == "/" && url.query().is_none() && kind == Some(FeedKind::Feed) {
        return Some(home_page());
    }
    url.fragment().map(|_| fragment())
}

/// Whether the guard would refuse the address as it stands, before any name is looked up.
fn is_closed(url: &Url, fetch: &FetchConfig) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain("localhost")) => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        _ => return false,
    };
    let private = match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local(),
    };
    private
        && !fetch
            .allow_private
            .iter()
            .any(|range| range.contains(address))
}

/// Files beside `diembao.toml`, and templates, that look like ours and are never read.
pub(super) fn folder(diembao_toml: &Path, problems: &mut Vec<Problem>) {
    let Some(folder) = diembao_toml.parent() else {
        return;
    };
    let own = diembao_toml
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let known: HashSet<&str> = FILES.into_iter().chain(own.as_deref()).collect();
    strangers(folder, &FILES, &known, problems);
    strangers(
        &folder.join("templates"),
        &TEMPLATES,
        &TEMPLATES.into(),
        problems,
    );
}

fn strangers(folder: &Path, meant: &[&str], known: &HashSet<&str>, problems: &mut Vec<Problem>) {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    for name in names.iter().filter(|name| !known.contains(name.as_str())) {
        // Only what differs from a file of ours that is missing here: copies and backups are the admin's own.
        let missing = meant
            .iter()
            .copied()
            .filter(|file| !names.iter().any(|name| name == file));
        if let Some(near) = did_you_mean(name, missing) {
            let file = folder.join(name).to_string_lossy().into_owned();
            problems.push(Problem::of_file(&file, Severity::Warning, never_read(near)));
        }
    }
}

fn never_read(near: &str) -> Wrong {
    wrong(
        words("this file is never read", "tệp này không bao giờ được đọc"),
        words(
            format!("did you mean \"{near}\"? rename it, or delete it"),
            format!("có phải định viết \"{near}\"? đổi tên hoặc xóa tệp này"),
        ),
    )
}

fn long_gap() -> Wrong {
    wrong(
        words(
            "the pause between two requests to a paper is longer than min_interval: its feeds cannot be read that often",
            "khoảng nghỉ giữa hai yêu cầu tới một báo dài hơn min_interval: không thể đọc dày như vậy",
        ),
        words(
            "write a shorter gap, such as \"100ms\"",
            "viết gap ngắn hơn, ví dụ \"100ms\"",
        ),
    )
}

fn long_timeout() -> Wrong {
    wrong(
        words(
            "one server that hangs holds up its paper's other feeds for so long",
            "một máy chủ treo sẽ làm các nguồn khác của cùng báo phải chờ lâu như vậy",
        ),
        words(
            "write \"1m\", at most \"10m\"",
            "viết \"1m\", nhiều nhất \"10m\"",
        ),
    )
}

fn page_too_large() -> Wrong {
    wrong(
        words(
            "max_page is larger than [fetch] bytes_in_flight: the largest allowed page could never be read",
            "max_page lớn hơn bytes_in_flight của [fetch]: trang lớn nhất được phép sẽ không bao giờ đọc được",
        ),
        words(
            "make max_page at most as large as bytes_in_flight",
            "đặt max_page không quá bytes_in_flight",
        ),
    )
}

fn no_folder(path: &Path) -> Wrong {
    let shown = quoted(&path.to_string_lossy());
    wrong(
        words(
            format!("{shown} is a file, not a folder"),
            format!("{shown} là tệp, không phải thư mục"),
        ),
        words(
            "write the folder in which diembao.db is to be kept",
            "viết đường dẫn thư mục chứa diembao.db",
        ),
    )
}

fn no_server() -> Wrong {
    wrong(
        words(
            "there are recipients but no [smtp]: mails are written as files, nobody gets any",
            "có người nhận nhưng chưa có mục [smtp]: thư chỉ được ghi ra tệp, không ai nhận được",
        ),
        words(
            "add [smtp] with host, from and user; config/diembao.toml shows one",
            "thêm mục [smtp] có host, from, user; xem mẫu trong config/diembao.toml",
        ),
    )
}

fn home_left_out(home: &str) -> Wrong {
    wrong(
        words(
            format!(
                "the home province \"{home}\" is not among provinces: it can never stand first"
            ),
            format!(
                "tỉnh của cơ quan \"{home}\" không có trong provinces: không bao giờ được xếp lên đầu"
            ),
        ),
        words(
            format!("add \"{home}\" to provinces, or take home_province out"),
            format!("thêm \"{home}\" vào provinces, hoặc bỏ home_province"),
        ),
    )
}

fn uncovered(province: &str) -> Wrong {
    wrong(
        words(
            format!(
                "no feed of \"{province}\" is switched on: this digest can never have news of it"
            ),
            format!(
                "không có nguồn tin nào của \"{province}\" đang bật: bản này sẽ không bao giờ có tin ở đó"
            ),
        ),
        words(
            "switch one on in feeds.toml, or take the province out",
            "bật một nguồn trong feeds.toml, hoặc bỏ tỉnh này",
        ),
    )
}

fn slip_of(slip: &str, meant: &str) -> Wrong {
    wrong(
        words(
            format!(
                "\"{slip}\" is hardly the host that was meant: the mail would go to strangers, or nowhere"
            ),
            format!("\"{slip}\" có lẽ gõ nhầm: thư sẽ không đến hoặc đến nhầm người"),
        ),
        words(
            format!("did you mean \"{meant}\"?"),
            format!("có phải định viết \"{meant}\"?"),
        ),
    )
}

fn short_host(host: &str) -> Wrong {
    wrong(
        words(
            format!("\"{host}\" after the @ has no dot: only the mail server itself could know it"),
            format!(
                "phần sau dấu @ (\"{host}\") không có dấu chấm: chỉ máy chủ thư nội bộ mới hiểu"
            ),
        ),
        words(
            "write the whole address, such as \"an@tinhuy.vn\"",
            "viết đầy đủ địa chỉ, ví dụ \"an@tinhuy.vn\"",
        ),
    )
}

fn other_tls(port: u16, due: &str) -> Wrong {
    wrong(
        words(
            format!(
                "port {port} speaks tls = \"{due}\" almost everywhere; the connection would hang"
            ),
            format!("cổng {port} hầu như luôn dùng tls = \"{due}\"; kết nối sẽ bị treo"),
        ),
        words(
            format!("write tls = \"{due}\", or the other port (465 implicit, 587 starttls)"),
            format!("viết tls = \"{due}\", hoặc đổi cổng (465 implicit, 587 starttls)"),
        ),
    )
}

fn not_aligned(signs: &str, from: &str) -> Wrong {
    wrong(
        words(
            format!(
                "mails from \"{from}\" are signed for \"{signs}\": receivers do not count that signature (DMARC)"
            ),
            format!(
                "thư gửi từ \"{from}\" nhưng ký cho \"{signs}\": nơi nhận không công nhận chữ ký (DMARC)"
            ),
        ),
        words(
            format!("write domain = \"{from}\", or send from an address of {signs}"),
            format!("viết domain = \"{from}\", hoặc gửi từ địa chỉ thuộc {signs}"),
        ),
    )
}

fn no_private_key() -> Wrong {
    wrong(
        words(
            "the DKIM key is not a private key in PEM",
            "khóa DKIM không phải khóa bí mật dạng PEM",
        ),
        words(
            "make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim.pem",
            "tạo khóa: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim.pem",
        ),
    )
}

fn no_certificate(path: &Path) -> Wrong {
    let shown = quoted(&path.to_string_lossy());
    wrong(
        words(
            format!("{shown} holds no certificate"),
            format!("{shown} không chứa chứng thư nào"),
        ),
        words(
            "give a PEM file with -----BEGIN CERTIFICATE-----",
            "dùng tệp PEM có dòng -----BEGIN CERTIFICATE-----",
        ),
    )
}

fn nobody_to_mail() -> Wrong {
    wrong(
        words(
            "there is a mail server, but nobody to mail: no digest and no [admin] has recipients",
            "có máy chủ thư nhưng không có ai để gửi: chưa mục [[digest]] hay [admin] nào có recipients",
        ),
        words(
            "write recipients = [\"an@tinhuy.vn\"] under [[digest]]",
            "viết recipients = [\"an@tinhuy.vn\"] trong [[digest]]",
        ),
    )
}

fn nobody_told() -> Wrong {
    wrong(
        words(
            "nobody is told when something goes wrong: [admin] has no recipients",
            "khi có sự cố sẽ không ai được báo: mục [admin] chưa có recipients",
        ),
        words(
            "write recipients = [\"quantri@tinhuy.vn\"] under [admin]",
            "viết recipients = [\"quantri@tinhuy.vn\"] trong mục [admin]",
        ),
    )
}

fn others_host(host: &str, other: &Source) -> Wrong {
    let (key, name) = (&other.key, &other.name);
    wrong(
        words(
            format!(
                "\"{host}\" is the host of another source, \"{key}\" ({name}): its news would appear under the wrong name"
            ),
            format!(
                "\"{host}\" là tên miền của nguồn khác, \"{key}\" ({name}): tin sẽ ghi sai tên báo"
            ),
        ),
        words(
            format!("move this feed under [[source]] key = \"{key}\""),
            format!("chuyển nguồn tin này xuống dưới [[source]] có key = \"{key}\""),
        ),
    )
}

fn home_page() -> Wrong {
    wrong(
        words(
            "this looks like a home page, not a feed",
            "đây có vẻ là trang chủ, không phải nguồn tin RSS",
        ),
        words(
            "look for the feed's address: diembao feeds discover, or the page's RSS link",
            "tìm địa chỉ RSS: diembao feeds discover, hoặc liên kết RSS trên trang",
        ),
    )
}

fn fragment() -> Wrong {
    wrong(
        words(
            "what stands after # is never sent to the server",
            "phần sau dấu # không bao giờ được gửi tới máy chủ",
        ),
        words("take it out", "bỏ phần đó đi"),
    )
}

fn private_address(url: &Url) -> Wrong {
    let host = url.host_str().unwrap_or_default();
    wrong(
        words(
            format!(
                "{host} is an address of the internal network, which is refused: this feed could never be read"
            ),
            format!(
                "{host} là địa chỉ mạng nội bộ nên bị chặn: nguồn tin này sẽ không bao giờ đọc được"
            ),
        ),
        words(
            format!("if it is yours, write allow_private = [\"{host}/32\"] under [fetch]"),
            format!(
                "nếu là máy của cơ quan, viết allow_private = [\"{host}/32\"] trong mục [fetch]"
            ),
        ),
    )
}
