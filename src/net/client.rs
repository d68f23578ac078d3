//! The one HTTP client: its limits, its name, and the two routes it sends requests over.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use url::Url;

use super::budget::Budget;
use super::cookies::Jar;
use super::guard::{Cidr, Guard};
use super::slots::Slots;
use crate::model::Via;

/// What the client may do and how it presents itself. `Default` gives the shipped values.
#[derive(Debug, Clone)]
pub struct NetConfig {
    /// The name in `User-Agent`, such as `diembao/0.1.0`.
    pub user_agent: String,
    /// Address of whoever answers for the requests, printed behind the name as `(+contact)`; `None` leaves it out.
    pub contact: Option<String>,
    /// For a whole request with its redirects and its body; waiting for the newspaper's turn is not counted.
    pub request_timeout: Duration,
    /// For name, TCP and TLS of one connection.
    pub connect_timeout: Duration,
    /// Largest body of a feed, in bytes after decompression.
    pub max_body: usize,
    /// Largest body of a page, in bytes after decompression.
    pub max_page: usize,
    /// Redirects followed for one request.
    pub max_redirects: usize,
    /// Closed ranges that configured hosts may lie in; redirects to other hosts never may.
    pub allow_private: Vec<Cidr>,
    /// HTTP proxy for everything, itself trusted. Behind a proxy only addresses written in URLs can be checked:
    /// names are resolved by the proxy.
    pub proxy: Option<Url>,
    /// Newspapers that are asked in another way than the others, by the name that requests give.
    pub papers: HashMap<String, Paper>,
    /// Bodies in memory together, in bytes.
    pub max_in_flight_bytes: usize,
    /// Newspapers asked at once.
    pub newspapers_at_once: usize,
    /// From the end of one request to a newspaper to the start of the next.
    pub gap: Duration,
    /// Where names under `.example` lead, which nobody can own (RFC 2606): the demo's server on loopback.
    pub example_hosts: Option<SocketAddr>,
    /// Further trusted certificate authorities, PEM, beside those of the system.
    pub extra_roots_pem: Option<Vec<u8>>,
}

/// How one newspaper is asked.
#[derive(Debug, Clone, Default)]
pub struct Paper {
    /// Keep its cookies, in memory, and send them back.
    pub cookies: bool,
    /// The way out.
    pub via: Via,
}

const MIB: usize = 1024 * 1024;

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("diembao/", env!("CARGO_PKG_VERSION")).to_owned(),
            contact: None,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_body: 8 * MIB,
            max_page: 5 * MIB,
            max_redirects: 5,
            allow_private: Vec::new(),
            proxy: None,
            papers: HashMap::new(),
            max_in_flight_bytes: 32 * MIB,
            newspapers_at_once: 256,
            gap: Duration::from_millis(100),
            example_hosts: None,
            extra_roots_pem: None,
        }
    }
}

/// The client could not be set up: the configuration is at fault, or the system's certificates are.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// `User-Agent` would hold what no header may.
    #[error("user agent {0:?} holds characters that an HTTP header cannot carry")]
    UserAgent(String),
    /// The proxy's address is not usable, or TLS could not be set up.
    #[error("setting up the HTTP client")]
    Setup(#[from] reqwest::Error),
}

/// Asks servers, within the limits and manners of its [`NetConfig`]. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Client {
    pub(super) config: NetConfig,
    pub(super) slots: Slots,
    pub(super) budget: Arc<Budget>,
    usual: Routes,
    /// Newspapers with a way out of their own.
    own: HashMap<String, Routes>,
    pub(super) jar: Jar,
    /// Hosts whose step from https to http was said already.
    downgraded: Mutex<HashSet<String>>,
}

/// The two pools of one way out.
#[derive(Debug)]
struct Routes {
    /// For configured hosts: the admin's ranges are open.
    configured: Route,
    /// For every other host: closed ranges stay closed.
    public: Route,
}

/// A connection pool and the guard it connects through. Pools are not shared between guards: a connection that one
/// guard let through must not be found open by a request under the other.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) http: reqwest::Client,
    pub(super) guard: Guard,
}

impl Client {
    /// Sets up the client.
    ///
    /// # Errors
    /// If the name cannot stand in a header, the proxy's address is unusable or TLS cannot be set up.
    pub fn new(config: NetConfig) -> Result<Self, NetError> {
        // reqwest panics without a provider. `main` installs the same one first; tests and tools need not know.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // An error means that another thread was quicker, with the same provider.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok(Self {
            slots: Slots::new(config.newspapers_at_once, config.gap),
            budget: Budget::new(
                config.max_in_flight_bytes,
                config.max_body.max(config.max_page),
            ),
            usual: Routes::new(&config, config.proxy.as_ref())?,
            own: own_routes(&config)?,
            jar: Jar::of(&config.papers),
            downgraded: Mutex::default(),
            config,
        })
    }

    /// The way to `url`: private addresses are open only for the host that an admin configured.
    pub(super) fn route(
        &self,
        url: &Url,
        configured_host: Option<&str>,
        newspaper: Option<&str>,
    ) -> &Route {
        let routes = newspaper.and_then(|name| self.own.get(name));
        let routes = routes.unwrap_or(&self.usual);
        match (url.host_str(), configured_host) {
            (Some(host), Some(configured)) if host.eq_ignore_ascii_case(configured) => {
                &routes.configured
            }
            _ => &routes.public,
        }
    }

    /// Says, once per host, that it led from https to http.
    pub(super) fn say_downgrade(&self, from: &Url, to: &Url) {
        const SAID_AT_MOST: usize = 1000;
        let host = from.host_str().unwrap_or_default().to_owned();
        let mut said = self
            .downgraded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if said.len() < SAID_AT_MOST && said.insert(host.clone()) {
            tracing::warn!(
                host,
                to = super::failure::shown(to),
                "a redirect leads from https to plain http"
            );
        }
    }
}

impl Routes {
    fn new(config: &NetConfig, proxy: Option<&Url>) -> Result<Self, NetError> {
        let open = Guard::new(&config.allow_private, config.example_hosts);
        let closed = Guard::new(&[], config.example_hosts);
        Ok(Self {
            configured: Route::new(config, proxy, open)?,
            public: Route::new(config, proxy, closed)?,
        })
    }
}

fn own_routes(config: &NetConfig) -> Result<HashMap<String, Routes>, NetError> {
    let mut own = HashMap::new();
    for (name, paper) in &config.papers {
        let proxy = match &paper.via {
            Via::Usual => continue,
            Via::Direct => None,
            Via::Proxy(url) => Some(url),
        };
        own.insert(name.clone(), Routes::new(config, proxy)?);
    }
    Ok(own)
}

impl Route {
    fn new(config: &NetConfig, proxy: Option<&Url>, guard: Guard) -> Result<Self, NetError> {
        let name = user_agent(config);
        let name = HeaderValue::from_str(&name).map_err(|_| NetError::UserAgent(name))?;
        let resolver = if proxy.is_some() {
            Guard::open()
        } else {
            guard.clone()
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(name)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy() // the environment is not ours to read
            .connect_timeout(config.connect_timeout)
            // Shorter than what common servers keep (Apache 5 s): a connection closed under us would look like a failure.
            .pool_idle_timeout(Duration::from_secs(4))
            .pool_max_idle_per_host(1)
            .http2_max_header_list_size(64 * 1024)
            .dns_resolver(resolver);
        if let Some(proxy) = proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.as_str())?);
        }
        if let Some(pem) = &config.extra_roots_pem {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        Ok(Self {
            http: builder.build()?,
            guard,
        })
    }
}

fn user_agent(config: &NetConfig) -> String {
    match config.contact.as_deref().map(str::trim) {
        Some(contact) if !contact.is_empty() => format!("{} (+{contact})", config.user_agent),
        _ => config.user_agent.clone(),
    }
}
