//! The post: claim a delivery → send it, one recipient a transaction → commit what came of it.
//!
//! Before the final dot goes out, the row says so (`dot`): after a crash the same bytes with the same Message-ID are sent
//! again, and nowhere else is there a second copy. Without `[smtp]` a mail is written as a file, and that counts as sent.

use super::desk::Composed;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::config::{self, DigestConfig};
use crate::edition::RenderOptions;
use crate::mail::{self, Address, BuildError, Envelope, Session, eml};
use crate::model::{Delivery, DeliveryState, SendOutcome};
use crate::store::{Attempt, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::watch;

/// Deliveries claimed in one go: one, since a claim is a promise to try now.
const CLAIM: u32 = 1;
/// Sender and recipient of mails as files where the config names none (RFC 2606: no such host).
const NOBODY: &str = "diem-bao@diembao.invalid";
/// The subject of a mail by which a recipient takes leave.
const UNSUBSCRIBE_SUBJECT: &str = "Ngừng nhận điểm báo";
/// How long a server that refuses us as a whole is left alone: after the first time, and after each further one.
const GATE: [SignedDuration; 3] = [
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
];

/// What a round of the post came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Taken by the server, or written as files.
    pub sent: u32,
    /// To be tried again.
    pub deferred: u32,
    /// Refused for good.
    pub failed: u32,
}

/// The server's gate: closed after it refused us as a whole, so that nobody else is tried meanwhile.
#[derive(Debug, Default)]
pub struct Gate {
    closed: Option<(Timestamp, usize)>,
}

impl Gate {
    fn is_closed(&self, now: Timestamp) -> bool {
        self.closed.is_some_and(|(until, _)| now < until)
    }

    fn close(&mut self, now: Timestamp) -> Timestamp {
        let times = self.closed.map_or(0, |(_, times)| times + 1);
        let until = now
            .saturating_add(GATE[times.min(GATE.len() - 1)])
            .unwrap_or(Timestamp::MAX);
        self.closed = Some((until, times));
        until
    }

    fn opens_at(&self) -> Option<Timestamp> {
        self.closed.map(|(until, _)| until)
    }
}

/// Where mails go.
enum Way {
    Server(Box<Session>, Address),
    Files,
}

/// Tries every delivery that is due now, once.
///
/// # Errors
/// When the store cannot be read or written, or `[smtp]` cannot be used at all; nothing is lost then.
pub async fn pass(works: &Works, gate: &mut Gate, progress: impl Fn()) -> Result<Sent, PostError> {
    let mut sent = Sent::default();
    let setup = works.setup();
    let mut way = None;
    while !gate.is_closed(works.clock.now()) {
        let due = works
            .store
            .claim_due_deliveries(works.clock.now(), CLAIM)
            .await?;
        let Some((delivery, was)) = due.into_iter().next() else {
            break;
        };
        let way = match &mut way {
            Some(way) => way,
            empty => empty.insert(open(&setup)?),
        };
        let outcome = match way {
            Way::Server(session, from) => by_server(works, session, from, &delivery).await,
            Way::Files => as_file(&setup, &delivery),
        };
        progress();
        note(works, gate, &delivery, was, outcome, &mut sent).await?;
    }
    if let Some(Way::Server(session, _)) = way {
        session.close().await;
    }
    Ok(sent)
}

/// Why the post cannot work.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No connection can be made with these settings.
    #[error("[smtp]: {0}")]
    Setup(#[from] mail::SetupError),
    /// The sender's address is none.
    #[error("[smtp] from: {0}")]
    From(#[from] mail::AddressError),
    /// The file of the office's own authority cannot be read.
    #[error("[smtp] ca_file {0}: {1}")]
    CaFile(std::path::PathBuf, std::io::Error),
}

/// The daemon's loop; ends when `stop` turns true, after the delivery under way.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let mut gate = Gate::default();
    loop {
        heart.beat();
        let round = pass(&works, &mut gate, || heart.beat());
        match beating(round, &heart, beat).await {
            Ok(sent) if sent != Sent::default() => {
                tracing::info!(
                    sent = sent.sent,
                    deferred = sent.deferred,
                    failed = sent.failed,
                    "post went out"
                );
            }
            Ok(_) => {}
            Err(err) => tracing::error!(error = %err, "the post could not be done"),
        }
        let now = works.clock.now();
        let due = works
            .store
            .next_due()
            .await
            .ok()
            .and_then(|due| due.delivery);
        let due = due.map(|at| gate.opens_at().map_or(at, |opens| at.max(opens)));
        let wait = super::until(due, now, beat).max(Duration::from_millis(50));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = works.wakes.post.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// A slow server is not a stuck loop: every step of the conversation has its own limit.
async fn beating<T>(work: impl Future<Output = T>, heart: &Heart, beat: Duration) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result,
            () = tokio::time::sleep(beat) => heart.beat(),
        }
    }
}

fn open(setup: &Setup) -> Result<Way, PostError> {
    let Some(smtp) = &setup.config.smtp else {
        return Ok(Way::Files);
    };
    let from = smtp.from.address.parse::<Address>()?;
    let ca_pem = match &smtp.ca_file {
        Some(path) => Some(
            std::fs::read_to_string(path).map_err(|err| PostError::CaFile(path.clone(), err))?,
        ),
        None => None,
    };
    let login = smtp
        .user
        .as_ref()
        .zip(smtp.password.as_ref())
        .map(|(user, password)| mail::Login {
            user: user.clone(),
            password: mail::Secret::new(password.reveal()),
        });
    let settings = mail::SmtpConfig {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            config::Tls::None => mail::Tls::None,
            config::Tls::StartTls => mail::Tls::StartTls,
            config::Tls::Implicit => mail::Tls::Implicit,
        },
        ca_pem,
        login,
        hello: from.domain().to_owned(),
        step_timeout: smtp.timeout,
        dot_timeout: smtp.timeout.max(Duration::from_secs(30)).saturating_mul(4),
        pause: smtp.pause,
    };
    Ok(Way::Server(Box::new(Session::new(settings)?), from))
}

async fn by_server(
    works: &Works,
    session: &mut Session,
    from: &Address,
    delivery: &Delivery,
) -> SendOutcome {
    let recipient = match delivery.recipient.parse::<Address>() {
        Ok(recipient) => recipient,
        Err(err) => {
            return SendOutcome::Refused {
                reply: err.to_string(),
            };
        }
    };
    let before_dot = async || match works.store.mark_dot(delivery.id, works.clock.now()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("the delivery was cancelled".to_owned()),
        Err(err) => Err(err.to_string()),
    };
    let verdict = session
        .deliver(from, &recipient, &delivery.message, before_dot)
        .await;
    if verdict.alarm {
        tracing::error!(delivery = delivery.id.0, outcome = ?verdict.outcome, "the mail server refuses us; a setting must be changed");
    }
    verdict.outcome
}

fn as_file(setup: &Setup, delivery: &Delivery) -> SendOutcome {
    let dir = setup.config.daemon.data_dir.join("outbox");
    let name = format!(
        "{}.eml",
        delivery.message_id.split('@').next().unwrap_or("mail")
    );
    match eml::write(&dir, &name, &delivery.message) {
        Ok(path) => SendOutcome::Accepted {
            reply: format!("written to {}", path.display()),
        },
        Err(err) => SendOutcome::Later {
            reply: format!("{}: {err}", dir.display()),
            whole_server: true,
        },
    }
}

/// Commits what a try came to.
async fn note(
    works: &Works,
    gate: &mut Gate,
    delivery: &Delivery,
    was: DeliveryState,
    outcome: SendOutcome,
    sent: &mut Sent,
) -> Result<(), StoreError> {
    let now = works.clock.now();
    let again = mail::next_try(delivery.tries + 1, delivery.queued_at, now);
    let (state, reply, due_at) = match outcome {
        SendOutcome::Accepted { reply } => {
            gate.closed = None;
            sent.sent += 1;
            (DeliveryState::Sent, reply, None)
        }
        SendOutcome::Refused { reply } => {
            gate.closed = None;
            sent.failed += 1;
            tracing::warn!(
                delivery = delivery.id.0,
                reply,
                "the mail server refuses a recipient for good"
            );
            (DeliveryState::Failed, reply, None)
        }
        SendOutcome::Later {
            reply,
            whole_server,
        } => {
            let floor = whole_server.then(|| gate.close(now));
            later(
                delivery,
                was,
                reply,
                again.map(|at| floor.map_or(at, |floor| at.min(floor))),
                sent,
            )
        }
        SendOutcome::Unsure { reply } => later(delivery, was, reply, again, sent),
    };
    works
        .store
        .commit_attempt(
            delivery.id,
            Attempt {
                state,
                reply,
                due_at: due_at.unwrap_or(now),
            },
            now,
        )
        .await
}

fn later(
    delivery: &Delivery,
    was: DeliveryState,
    reply: String,
    again: Option<Timestamp>,
    sent: &mut Sent,
) -> (DeliveryState, String, Option<Timestamp>) {
    let Some(at) = again else {
        sent.failed += 1;
        tracing::warn!(delivery = delivery.id.0, reply, "given up after five days");
        return (
            DeliveryState::Failed,
            format!("given up after five days; last: {reply}"),
            None,
        );
    };
    sent.deferred += 1;
    // A greylisting or sleeping server says the same each time: the first time is news, the rest is not.
    if delivery.tries == 0 && was == DeliveryState::Queued {
        tracing::warn!(delivery = delivery.id.0, reply, next = %at, "delivery deferred");
    } else {
        tracing::debug!(delivery = delivery.id.0, reply, next = %at, "delivery deferred again");
    }
    (DeliveryState::Deferred, reply, Some(at))
}

/// Who gets a digest: its recipients, or for one without any the file's own reader.
pub fn recipients(digest: &DigestConfig) -> Vec<String> {
    if digest.recipients.is_empty() {
        return vec![digest.contact.clone().unwrap_or_else(|| NOBODY.to_owned())];
    }
    digest
        .recipients
        .iter()
        .map(|recipient| recipient.address.clone())
        .collect()
}

/// What the edition's footer says of this digest.
pub fn render_options(setup: &Setup, digest: &DigestConfig) -> RenderOptions {
    let sender = setup
        .config
        .smtp
        .as_ref()
        .map(|smtp| smtp.from.address.as_str());
    let leave = digest
        .contact
        .as_deref()
        .or(sender)
        .unwrap_or(NOBODY)
        .parse::<Address>()
        .ok();
    RenderOptions {
        contact: digest.contact.clone(),
        unsubscribe: leave.map(|to| unsubscribe(&to)),
        web_url: None,
    }
}

fn unsubscribe(to: &Address) -> String {
    mail::unsubscribe_mailto(to, UNSUBSCRIBE_SUBJECT)
}

/// The exact bytes of one recipient's mail, and its Message-ID.
///
/// # Errors
/// When the letter cannot be written; never because of what a newspaper wrote.
pub fn letter(
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
    recipient: &str,
) -> Result<(String, Vec<u8>), LetterError> {
    let smtp = setup.config.smtp.as_ref();
    let sender = smtp.map(|smtp| &smtp.from);
    let from = sender
        .map_or_else(
            || digest.contact.as_deref().unwrap_or(NOBODY),
            |s| s.address.as_str(),
        )
        .parse::<Address>()?;
    let edition = &composed.edition;
    let message_id = mail::message_id(
        digest.name.as_str(),
        edition.number,
        recipient,
        from.domain(),
    );
    let contact = digest
        .contact
        .as_deref()
        .and_then(|contact| contact.parse::<Address>().ok());
    let leave = contact.as_ref().unwrap_or(&from);
    let envelope = Envelope {
        from_name: sender
            .and_then(|sender| sender.name.clone())
            .unwrap_or_else(|| digest.title.clone()),
        reply_to: smtp
            .and_then(|smtp| smtp.reply_to.as_ref())
            .and_then(|to| to.address.parse::<Address>().ok())
            .or(contact.clone()),
        recipient: recipient.parse()?,
        list_name: digest.title.clone(),
        list_id: format!("{}.{}", digest.name, from.domain()),
        unsubscribe_mailto: Some(unsubscribe(leave)),
        unsubscribe_https: None,
        message_id: message_id.clone(),
        date: edition
            .composed_at
            .to_zoned(setup.config.daemon.time_zone.clone()),
        from,
    };
    Ok((message_id, mail::build(&envelope, &composed.rendered, &[])?))
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// An address is none.
    #[error(transparent)]
    Address(#[from] mail::AddressError),
    /// See [`BuildError`].
    #[error(transparent)]
    Build(#[from] BuildError),
}
