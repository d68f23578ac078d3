//! From a config to a [`Setup`]: compiles the lexicon, loads the templates, sets up the client.

use super::works::Setup;
use crate::analyse;
use crate::config::Config;
use crate::edition::{TemplateError, Templates};
use crate::mail::{
    self,
    dkim::{KeyError, Signer},
};
use crate::net::{Client, NetConfig, NetError, Robots};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Why a valid config still cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The HTTP client.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The key that signs the mails.
    #[error("[smtp] dkim: {0}")]
    Dkim(#[from] KeyError),
}

impl Setup {
    /// Everything that follows from `config`. `names` maps hosts under `.example` to a loopback server: the demo's.
    ///
    /// # Errors
    /// When the client cannot be set up; a broken template falls back to the built-in one with a warning.
    pub fn new(config: Config, names: Option<SocketAddr>) -> Result<Self, SetupError> {
        let client = Client::new(net_config(&config, names))?;
        let (templates, template_faults) = config
            .templates
            .as_deref()
            .map_or_else(|| (Templates::builtin(), Vec::new()), templates_of);
        Ok(Self {
            sources: config
                .sources
                .iter()
                .map(|source| (source.key.clone(), Arc::new(source.clone())))
                .collect(),
            analysis_version: analyse::analysis_version(&config.topics),
            gazetteer: analyse::names::Gazetteer::new(&config.places),
            templates,
            template_faults,
            signer: signer(&config)?,
            client,
            robots: Robots::default(),
            config: Arc::new(config),
        })
    }
}

/// The signer of `[smtp] dkim`; `None` without one, or where its key is not to be had.
fn signer(config: &Config) -> Result<Option<Signer>, KeyError> {
    let dkim = config.smtp.as_ref().and_then(|smtp| smtp.dkim.as_ref());
    let Some((dkim, key)) = dkim.and_then(|dkim| Some((dkim, dkim.key.as_ref()?))) else {
        return Ok(None);
    };
    let key = mail::Secret::new(key.reveal());
    Signer::new(&dkim.domain, &dkim.selector, &key).map(Some)
}

/// The admin's templates; a broken one gives way to the built-in one, and what is wrong with it is told.
pub fn templates_of(folder: &Path) -> (Templates, Vec<TemplateError>) {
    let mut faults = Vec::new();
    let mut read = |name: &str| match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Some(text),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => None,
        Err(err) => {
            faults.push(TemplateError {
                name: name.to_owned(),
                line: 0,
                field: None,
                reason: format!("it cannot be read: {err}"),
                reason_vi: format!("không đọc được tệp: {err}"),
            });
            None
        }
    };
    let (html, text) = (read("digest.html.j2"), read("digest.txt.j2"));
    let (templates, wrong) = Templates::of(html.as_deref(), text.as_deref());
    faults.extend(wrong);
    for fault in &faults {
        tracing::warn!(
            template = fault.name,
            line = fault.line,
            field = fault.field,
            reason = fault.reason,
            "a template is broken; the built-in one is used"
        );
    }
    (templates, faults)
}

fn net_config(config: &Config, names: Option<SocketAddr>) -> NetConfig {
    let fetch = &config.fetch;
    let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    NetConfig {
        user_agent: fetch.user_agent.clone(),
        contact: None, // Part of `user_agent` already.
        request_timeout: fetch.request_timeout,
        max_body: bytes(fetch.max_body),
        max_page: bytes(config.article.max_page),
        allow_private: fetch
            .allow_private
            .iter()
            .map(|cidr| cidr.to_string().parse())
            .filter_map(Result::ok)
            .collect(),
        proxy: fetch.proxy.as_ref().map(|proxy| {
            let mut url = proxy.url.clone();
            if let Some((user, password)) = &proxy.login {
                // An http(s) address takes both; anything else was refused with the config.
                let _ = url.set_username(user);
                let _ = url.set_password(Some(password.reveal()));
            }
            url
        }),
        max_in_flight_bytes: bytes(fetch.bytes_in_flight),
        newspapers_at_once: fetch.newspapers_at_once,
        gap: fetch.gap,
        example_hosts: names,
        ..NetConfig::default()
    }
}
