//! `[web]` of `diembao.toml`: the reading room, where it listens and under which address people know it.

use super::address;
use super::problem::{Wrong, quoted, words, wrong};
use super::raw::{At, Section};
use super::settings::or_default;
use std::net::SocketAddr;
use url::Url;

/// The office's own pages; off unless an address to listen at is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebConfig {
    /// Where to listen; `None`: no pages, no listener.
    pub listen: Option<SocketAddr>,
    /// The address under which people reach the pages; `None`: feeds of our own carry addresses without a host.
    pub public_url: Option<Url>,
    /// Whether other machines may connect directly, without a web server in front.
    pub open: bool,
    /// Whether hubs that feeds name are asked to deliver to `public_url`; without that address they are not.
    pub websub: bool,
}

impl WebConfig {
    /// The public address of a page; `path` begins with a slash. `None` without `public_url`.
    pub fn page(&self, path: &str) -> Option<String> {
        let base = self.public_url.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{base}{path}"))
    }

    /// Where hubs deliver: the public address of each subscription without its last part. `None`: nowhere, and no hub is
    /// asked.
    pub fn hooks(&self) -> Option<String> {
        self.websub.then(|| self.page("/websub/")).flatten()
    }
}

pub(super) fn web(section: Option<Section<'_>>) -> WebConfig {
    or_default(section, |read| {
        let listen = read.text("listen", "127.0.0.1:8288", socket);
        let public_url = read.text("public_url", "https://diembao.tinhuy.vn", public_url);
        let open = read.0.and_then(|section| section.flag("open"));
        let websub = read.0.and_then(|section| section.flag("websub"));
        if let Some(section) = read.0 {
            sound_together(section, listen.as_ref(), public_url.as_ref(), open);
            if websub == Some(true) && public_url.is_none() {
                section.warn(&section.key_span("websub"), no_address_for_hubs());
            }
        }
        WebConfig {
            listen: listen.map(|at| at.value),
            public_url: public_url.map(|at| at.value),
            open: open.unwrap_or(false),
            websub: websub.unwrap_or(true),
        }
    })
}

fn sound_together(
    section: &Section<'_>,
    listen: Option<&At<SocketAddr>>,
    public_url: Option<&At<Url>>,
    open: Option<bool>,
) {
    if let Some(At { value, span }) = listen
        && !value.ip().is_loopback()
        && open != Some(true)
    {
        section.error(span, not_loopback(*value));
    }
    if let (None, Some(At { span, .. })) = (listen, public_url) {
        section.error(span, no_listener());
    }
    if let Some(At { value, span }) = public_url
        && value.scheme() == "http"
        && !value.host_str().is_some_and(is_local)
    {
        section.warn(span, in_the_clear(value));
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "[::1]"
}

/// An IP address with its port.
fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        wrong(
            words(
                format!("{} is not an IP address with a port", quoted(text)),
                format!("{} không phải địa chỉ IP kèm cổng", quoted(text)),
            ),
            words(
                "write \"127.0.0.1:8288\": this machine only, with a web server in front of it",
                "viết \"127.0.0.1:8288\": chỉ máy này, phía trước đặt máy chủ web",
            ),
        )
    })
}

/// A web address that is nothing but scheme, host and port: the pages link each other from the root.
fn public_url(text: &str) -> Result<Url, Wrong> {
    let url = address::web_address(text)?;
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err(wrong(
            words(
                format!("{} has a part behind the host", quoted(text)),
                format!("{} có phần đứng sau tên máy", quoted(text)),
            ),
            words(
                "the pages want a host of their own: https://diembao.tinhuy.vn",
                "các trang cần một tên máy riêng: https://diembao.tinhuy.vn",
            ),
        ));
    }
    Ok(url)
}

fn not_loopback(listen: SocketAddr) -> Wrong {
    wrong(
        words(
            format!("{listen} is open to other machines, without encryption or login"),
            format!("{listen} mở cho các máy khác, không mã hóa, không đăng nhập"),
        ),
        words(
            "listen at 127.0.0.1 with a web server in front (README), or write open = true under [web]",
            "dùng 127.0.0.1 và đặt máy chủ web phía trước (README.vi), hoặc viết open = true trong mục [web]",
        ),
    )
}

fn no_listener() -> Wrong {
    wrong(
        words(
            "public_url is set, but nothing listens: the address leads nowhere",
            "có public_url nhưng chưa có listen: địa chỉ này sẽ không mở được",
        ),
        words(
            "write listen = \"127.0.0.1:8288\" under [web], or take public_url out",
            "viết listen = \"127.0.0.1:8288\" trong mục [web], hoặc bỏ public_url",
        ),
    )
}

fn no_address_for_hubs() -> Wrong {
    wrong(
        words(
            "hubs are to deliver, but there is no address at which they could",
            "muốn nhận tin qua hub nhưng chưa có địa chỉ để hub gửi tới",
        ),
        words(
            "write public_url under [web]: an https address that can be reached from outside",
            "viết public_url trong mục [web]: địa chỉ https mà bên ngoài vào được",
        ),
    )
}

fn in_the_clear(url: &Url) -> Wrong {
    let host = url.host_str().unwrap_or_default();
    wrong(
        words(
            format!(
                "{host} is reached without encryption: others on the way can read along and change what is read"
            ),
            format!("{host} không mã hóa: người khác trên đường truyền xem và sửa được nội dung"),
        ),
        words(
            "give the web server a certificate and write https://",
            "cấp chứng thư cho máy chủ web rồi viết https://",
        ),
    )
}
