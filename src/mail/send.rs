//! The conversation with the mail server: one recipient per transaction, several transactions per connection.
//!
//! lettre writes our messages' parts and knows the grammar of addresses, but the conversation is our own, over tokio and
//! tokio-rustls, because its `AsyncSmtpConnection` (0.11.23) cannot give what the outbox promises: it keeps bytes that
//! came in clear behind the answer to STARTTLS and reads them as answers inside TLS; it sends body and final dot in one
//! call, so that no "from here on the server may have it" can be committed in between; it takes any positive answer
//! (354, say) after the dot for success; it has no HELO, no SIZE, and its time limit covers a read, not an answer.

use super::{
    Address, Secret,
    reply::{Offers, Reply},
    verdict::{Event, Phase, Verdict, judge},
    wire::{Wire, dotted},
};
use crate::model::SendOutcome;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{sync::Arc, time::Duration};
use thiserror::Error;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Not at all: for a server on this machine.
    None,
    /// Asked for after the greeting (port 587), and demanded: a server without it gets nothing.
    #[default]
    StartTls,
    /// From the first byte (port 465).
    Implicit,
}

/// Who we are to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub user: String,
    /// Its password; sent over TLS only.
    pub password: Secret,
}

/// The server and how to talk to it.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Its name, which its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// PEM text of the authority that alone is trusted; `None`: those the system trusts.
    pub ca_pem: Option<String>,
    /// `None`: the server knows us by our address.
    pub login: Option<Login>,
    /// The name we greet with: this machine's full name, or `[192.0.2.1]`.
    pub hello: String,
    /// How long one answer, one handshake, one 16 KiB of the message may take.
    pub step_timeout: Duration,
    /// How long the answer to the final dot may take. Generous: giving up on a server that is still filtering makes
    /// a second copy (RFC 5321 §4.5.3.2.6 asks for 10 minutes).
    pub dot_timeout: Duration,
    /// How long to wait between two deliveries.
    pub pause: Duration,
}

/// A setting with which no connection can be made.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The text given as authority holds no certificate that can be used.
    #[error("the CA file holds no usable certificate: {0}")]
    Ca(String),
    /// The system's own store of authorities cannot be used.
    #[error("the system's certificates cannot be used: {0}")]
    System(#[from] rustls::Error),
    /// Not a name a machine can have.
    #[error("{0:?} cannot be the name to greet the server with")]
    Hello(String),
}

/// After so many broken connections in a row, at whatever recipients, the server counts as unwell.
const LOSSES_UNTIL_UNWELL: u32 = 3;

/// A server on an event loop may still be setting up its side when the first bytes come: asyncio's `start_tls` loses a
/// ClientHello that is there in the same instant as the connection, and both sides wait for each other.
const BEFORE_IMPLICIT_TLS: Duration = Duration::from_millis(20);

/// Deliveries over one connection after the other, opened when first needed.
pub struct Session {
    config: SmtpConfig,
    tls: Option<Arc<ClientConfig>>,
    open: Option<Open>,
    losses_in_a_row: u32,
    began: bool,
}

/// A connection that is greeted, encrypted and logged in as the settings demand.
struct Open {
    wire: Wire,
    offers: Offers,
    /// A transaction was begun on it before.
    used: bool,
    /// It holds a transaction that was not finished.
    dirty: bool,
}

/// An event and where it happened.
struct Trouble(Phase, Event);

type Step<T> = Result<T, Trouble>;

trait At<T> {
    /// Says at which step it was.
    fn at(self, phase: Phase) -> Step<T>;
}

impl<T> At<T> for Result<T, Event> {
    fn at(self, phase: Phase) -> Step<T> {
        self.map_err(|event| Trouble(phase, event))
    }
}

/// Sends one message over a connection of its own; see [`Session::deliver`].
///
/// # Errors
/// See [`Session::new`].
pub async fn deliver<E: std::fmt::Display>(
    config: SmtpConfig,
    from: &Address,
    recipient: &Address,
    message: &[u8],
    before_dot: impl AsyncFnOnce() -> Result<(), E>,
) -> Result<Verdict, SetupError> {
    let mut session = Session::new(config)?;
    let verdict = session.deliver(from, recipient, message, before_dot).await;
    session.close().await;
    Ok(verdict)
}

impl Session {
    /// Checks the settings; connects to nothing.
    ///
    /// # Errors
    /// A CA that cannot be read, a name that no machine can have.
    pub fn new(config: SmtpConfig) -> Result<Self, SetupError> {
        let plain =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']');
        if config.hello.is_empty() || config.hello.len() > 255 || !config.hello.bytes().all(plain) {
            return Err(SetupError::Hello(config.hello));
        }
        let tls = match config.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(tls_config(config.ca_pem.as_deref())?),
        };
        Ok(Self {
            config,
            tls,
            open: None,
            losses_in_a_row: 0,
            began: false,
        })
    }

    /// Sends one message to one recipient and says what came of it.
    ///
    /// `before_dot` runs when the server has the whole message but not the final dot: before it returns, the server
    /// cannot have accepted anything; from then on it may have, whatever else happens. If it fails, the dot is not sent.
    ///
    /// A connection that served others before and turns out to be closed, or to have reached the server's limit (421),
    /// is replaced once: nothing of this message was handed over yet.
    pub async fn deliver<E: std::fmt::Display>(
        &mut self,
        from: &Address,
        recipient: &Address,
        message: &[u8],
        before_dot: impl AsyncFnOnce() -> Result<(), E>,
    ) -> Verdict {
        if self.began && !self.config.pause.is_zero() {
            tokio::time::sleep(self.config.pause).await;
        }
        self.began = true;
        let result = self.transaction(from, recipient, message, before_dot).await;
        let verdict = match result {
            Ok(reply) => {
                self.losses_in_a_row = 0;
                return Verdict::accepted(&reply);
            }
            Err(Trouble(phase, event)) => {
                self.after_trouble(phase, &event);
                judge(phase, &event)
            }
        };
        self.unwell_after_many_losses(verdict)
    }

    /// Opens a connection (greeting, encryption, login) and closes it again: what `check --online` asks.
    /// `None` if the server would take our mail.
    pub async fn probe(&mut self) -> Option<Verdict> {
        match connect(&self.config, self.tls.as_ref()).await {
            Ok(open) => {
                open.wire.quit().await;
                None
            }
            Err(Trouble(phase, event)) => Some(judge(phase, &event)),
        }
    }

    /// Takes leave of the server.
    pub async fn close(mut self) {
        if let Some(open) = self.open.take() {
            open.wire.quit().await;
        }
    }

    async fn transaction<E: std::fmt::Display>(
        &mut self,
        from: &Address,
        recipient: &Address,
        message: &[u8],
        before_dot: impl AsyncFnOnce() -> Result<(), E>,
    ) -> Step<Reply> {
        let limit = self.config.dot_timeout;
        if !message.is_ascii() {
            return Err(Trouble(
                Phase::Body,
                Event::Ours("the message is not 7-bit".into()),
            ));
        }
        let open = self.announced(from, recipient, message).await?;
        open.send_body(message).await?;
        if let Err(error) = before_dot().await {
            return Err(Trouble(Phase::Body, Event::Ours(error.to_string())));
        }
        let reply = open.send_dot(limit).await.at(Phase::Dot)?;
        // RFC 5321 §4.3.2: 250 is the one answer by which the server takes the message over.
        if reply.code == 250 {
            Ok(reply)
        } else {
            Err(Trouble(Phase::Dot, Event::Reply(reply)))
        }
    }

    /// A connection that waits for the message: MAIL, RCPT and DATA are answered.
    async fn announced(
        &mut self,
        from: &Address,
        recipient: &Address,
        message: &[u8],
    ) -> Step<&mut Open> {
        let mut first = true;
        let open = loop {
            let kept = match self.open.take() {
                Some(mut open) => open.reset().await.then_some(open),
                None => None,
            };
            let mut open = match kept {
                Some(open) => open,
                None => connect(&self.config, self.tls.as_ref()).await?,
            };
            let again = first && open.used;
            first = false;
            match open.announce(from, recipient, message.len()).await {
                Ok(()) => break open,
                Err(Trouble(_, event)) if again && is_worn_out(&event) => drop(open),
                Err(trouble) => {
                    self.open = Some(open);
                    return Err(trouble);
                }
            }
        };
        Ok(self.open.insert(open))
    }

    /// Keeps the connection only where both sides know what comes next: after a clear "no" to a command or to the message.
    fn after_trouble(&mut self, phase: Phase, event: &Event) {
        let usable = match event {
            Event::Reply(reply) => {
                reply.code != 421
                    && (reply.is_transient() || reply.is_permanent())
                    && phase != Phase::Body
            }
            _ => false,
        };
        if !usable {
            self.open = None;
        }
    }

    fn unwell_after_many_losses(&mut self, mut verdict: Verdict) -> Verdict {
        self.losses_in_a_row = if self.open.is_none() {
            self.losses_in_a_row + 1
        } else {
            0
        };
        if let SendOutcome::Later { whole_server, .. } = &mut verdict.outcome {
            *whole_server |= self.losses_in_a_row >= LOSSES_UNTIL_UNWELL;
        }
        verdict
    }
}

impl Open {
    /// Ends a transaction that was left half-way; `false` if the connection is of no more use.
    async fn reset(&mut self) -> bool {
        if std::mem::replace(&mut self.dirty, false) {
            return matches!(self.wire.ask("RSET").await, Ok(reply) if reply.code == 250);
        }
        true
    }

    /// MAIL, RCPT, DATA, each with its answer.
    async fn announce(
        &mut self,
        from: &Address,
        recipient: &Address,
        size_bytes: usize,
    ) -> Step<()> {
        if let Some(Some(limit)) = self.offers.size
            && size_bytes as u64 > limit
        {
            let lines = vec![format!(
                "5.3.4 the message has {size_bytes} bytes, the server takes {limit}; it was not asked"
            )];
            return Err(Trouble(
                Phase::Mail,
                Event::Reply(Reply { code: 552, lines }),
            ));
        }
        self.used = true;
        self.dirty = true;
        let size = self
            .offers
            .size
            .map(|_| format!(" SIZE={size_bytes}"))
            .unwrap_or_default();
        let mail = self
            .wire
            .ask(&format!("MAIL FROM:<{from}>{size}"))
            .await
            .at(Phase::Mail)?;
        positive(mail, Phase::Mail)?;
        let rcpt = self
            .wire
            .ask(&format!("RCPT TO:<{recipient}>"))
            .await
            .at(Phase::Rcpt)?;
        // 251 (will forward) and 252 (will try) are yes as well.
        positive(rcpt, Phase::Rcpt)?;
        let data = self.wire.ask("DATA").await.at(Phase::Data)?;
        expect(data, 354, Phase::Data)
    }

    /// The whole message, but not the dot.
    async fn send_body(&mut self, message: &[u8]) -> Step<()> {
        if self.wire.write(&dotted(message)).await.is_err() {
            let why = self.wire.last_words().await;
            return Err(Trouble(Phase::Body, why));
        }
        // An answer that is here before the dot answers nothing; it must not be taken for the one that counts.
        match self.wire.interruption().await {
            Some(event) => Err(Trouble(Phase::Body, event)),
            None => Ok(()),
        }
    }

    async fn send_dot(&mut self, limit: Duration) -> Result<Reply, Event> {
        self.wire.write(b".\r\n").await?;
        let reply = self.wire.reply(limit).await?;
        self.dirty = false;
        Ok(reply)
    }
}

/// Whether a connection that worked before has come to its end, which says nothing about the message: closed, or at
/// the server's limit (421; 452 or 552 with X.5.3, "too many recipients", where they are counted by connection).
fn is_worn_out(event: &Event) -> bool {
    match event {
        Event::Reply(reply) => {
            let enhanced = reply.lines.first().map_or("", String::as_str);
            let full = enhanced.starts_with("4.5.3") || enhanced.starts_with("5.5.3");
            reply.code == 421 || full && matches!(reply.code, 452 | 552)
        }
        Event::Lost(_) => true,
        _ => false,
    }
}

/// Greeted, encrypted, logged in: whatever the settings demand, or nothing.
async fn connect(config: &SmtpConfig, tls: Option<&Arc<ClientConfig>>) -> Step<Open> {
    let mut wire = Wire::connect(&config.host, config.port, config.step_timeout)
        .await
        .at(Phase::Connect)?;
    if let (Tls::Implicit, Some(tls)) = (config.tls, tls) {
        tokio::time::sleep(BEFORE_IMPLICIT_TLS).await;
        wire = wire.encrypt(&config.host, tls).await.at(Phase::Handshake)?;
    }
    let greeting = wire.reply(config.step_timeout).await.at(Phase::Greeting)?;
    expect(greeting, 220, Phase::Greeting)?;
    let mut offers = hello(&mut wire, &config.hello).await?;
    if let (Tls::StartTls, Some(tls)) = (config.tls, tls) {
        if !offers.starttls {
            return Err(Trouble(
                Phase::StartTls,
                Event::Policy(
                    "the server does not offer STARTTLS; nothing is sent in clear".into(),
                ),
            ));
        }
        let ready = wire.ask("STARTTLS").await.at(Phase::StartTls)?;
        expect(ready, 220, Phase::StartTls)?;
        wire = wire.encrypt(&config.host, tls).await.at(Phase::Handshake)?;
        // RFC 3207 §4.2: what was offered in clear does not count any more.
        offers = hello(&mut wire, &config.hello).await?;
    }
    if let Some(login) = &config.login {
        log_in(&mut wire, &offers, login).await?;
    }
    Ok(Open {
        wire,
        offers,
        used: false,
        dirty: false,
    })
}

async fn hello(wire: &mut Wire, name: &str) -> Step<Offers> {
    let reply = wire.ask(&format!("EHLO {name}")).await.at(Phase::Hello)?;
    if reply.is_positive() {
        return Ok(Offers::of(&reply));
    }
    // RFC 5321 §3.2: a server that does not know EHLO may still know HELO.
    if !reply.is_permanent() {
        return Err(Trouble(Phase::Hello, Event::Reply(reply)));
    }
    let reply = wire.ask(&format!("HELO {name}")).await.at(Phase::Hello)?;
    positive(reply, Phase::Hello)?;
    Ok(Offers::default())
}

/// One try with one mechanism: a second one with the same password only brings us nearer to being locked out.
async fn log_in(wire: &mut Wire, offers: &Offers, login: &Login) -> Step<()> {
    let policy = |words: &str| Err(Trouble(Phase::Auth, Event::Policy(words.into())));
    if !wire.is_encrypted() {
        return policy("a password is not sent in clear: set tls to starttls or implicit");
    }
    let (user, password) = (login.user.as_str(), login.password.reveal());
    // RFC 4616: NUL separates the fields of PLAIN.
    if user.contains('\0') || password.contains('\0') {
        return policy("user or password holds a NUL character");
    }
    let reply = if offers.plain {
        let token = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        let reply = wire
            .ask(&format!("AUTH PLAIN {token}"))
            .await
            .at(Phase::Auth)?;
        // RFC 4954 §4: a server that overlooks the token on the command's line asks for it, once.
        match reply.code {
            334 => wire.ask(&token).await.at(Phase::Auth)?,
            _ => reply,
        }
    } else if offers.login {
        // What the server prints as prompts differs between servers; their order does not.
        expect(
            wire.ask("AUTH LOGIN").await.at(Phase::Auth)?,
            334,
            Phase::Auth,
        )?;
        expect(
            wire.ask(&BASE64_STANDARD.encode(user))
                .await
                .at(Phase::Auth)?,
            334,
            Phase::Auth,
        )?;
        wire.ask(&BASE64_STANDARD.encode(password))
            .await
            .at(Phase::Auth)?
    } else {
        return policy("the server offers neither AUTH PLAIN nor AUTH LOGIN");
    };
    expect(reply, 235, Phase::Auth)
}

fn expect(reply: Reply, code: u16, phase: Phase) -> Step<()> {
    if reply.code == code {
        Ok(())
    } else {
        Err(Trouble(phase, Event::Reply(reply)))
    }
}

fn positive(reply: Reply, phase: Phase) -> Step<()> {
    if reply.is_positive() {
        Ok(())
    } else {
        Err(Trouble(phase, Event::Reply(reply)))
    }
}

/// Trust in the given authority alone, else in those of the system.
fn tls_config(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let config = match ca_pem {
        None => {
            let verifier = rustls_platform_verifier::Verifier::new(provider)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth()
        }
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| SetupError::Ca(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| SetupError::Ca(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(SetupError::Ca("no CERTIFICATE block in it".into()));
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}
