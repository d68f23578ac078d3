//! The post: claim a delivery → send it, one recipient a transaction → commit what came of it.
//!
//! Before the final dot goes out, the row says so (`dot`): after a crash the same bytes with the same Message-ID are sent
//! again, and nowhere else is there a second copy. Without `[smtp]` a mail is written as a file, and that counts as sent.

use super::gate::Gate;
use super::watch::Heart;
use super::works::{Setup, Works};
use crate::config;
use crate::mail::{self, Address, Session, Verdict, eml};
use crate::model::{Delivery, DeliveryState, SendOutcome};
use crate::store::{Attempt, StoreError};
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::watch;

/// Deliveries claimed in one go: one, since a claim is a promise to try now.
const CLAIM: u32 = 1;
/// What the outbox says of a mail that could not be brought to its recipient in time.
const GIVEN_UP: &str = "given up after five days";

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

impl Sent {
    fn add(&mut self, state: DeliveryState) {
        match state {
            DeliveryState::Sent => self.sent += 1,
            DeliveryState::Failed => self.failed += 1,
            _ => self.deferred += 1,
        }
    }
}

/// Where mails go.
enum Way {
    Server(Box<Session>, Address),
    Files,
}

/// Tries every delivery that is due now, once, as long as `go_on` says so: it is asked before each of them.
///
/// # Errors
/// When the store cannot be read or written, or `[smtp]` cannot be used at all; nothing is lost then.
pub async fn pass(works: &Works, go_on: impl Fn() -> bool) -> Result<Sent, PostError> {
    let mut sent = Sent::default();
    let setup = works.setup();
    let server = server_name(&setup);
    let mut gate = Gate::load(&works.store, &server).await?;
    let waits = works.store.next_due().await?.delivery;
    if waits.is_none_or(|due| due > works.clock.now()) {
        return Ok(sent);
    }
    // Before anything is claimed: settings that cannot be used are nobody's try.
    let mut way = open(&setup)?;
    while go_on() && !gate.is_closed(works.clock.now()) {
        let due = works
            .store
            .claim_due_deliveries(works.clock.now(), CLAIM)
            .await?;
        let Some((delivery, was)) = due.into_iter().next() else {
            break;
        };
        let verdict = match &mut way {
            Way::Server(session, from) => by_server(works, session, from, &delivery).await,
            Way::Files => as_file(&setup, &delivery),
        };
        let note = decide(
            &mut gate,
            &server,
            &delivery,
            was,
            verdict,
            works.clock.now(),
        );
        sent.add(note.attempt.state);
        if note.gate_moved {
            gate.keep(&works.store).await?;
        }
        works
            .store
            .commit_attempt(delivery.id, note.attempt, works.clock.now())
            .await?;
    }
    if let Way::Server(session, _) = way {
        session.close().await;
    }
    if gate.is_closed(works.clock.now()) {
        sent.failed += give_up_old(works).await?;
    }
    Ok(sent)
}

/// Behind a closed gate nobody is tried; what waits there too long is given up all the same.
async fn give_up_old(works: &Works) -> Result<u32, StoreError> {
    let now = works.clock.now();
    let Ok(before) = now.saturating_sub(mail::GIVE_UP_AFTER) else {
        return Ok(0);
    };
    let rows = works.store.expire_deliveries(before, GIVEN_UP, now).await?;
    if rows > 0 {
        tracing::warn!(deliveries = rows, "given up after five days");
    }
    Ok(u32::try_from(rows).unwrap_or(u32::MAX))
}

/// The server and account whose gate it is; files have one too (a full disk).
pub(super) fn server_name(setup: &Setup) -> String {
    setup.config.smtp.as_ref().map_or_else(
        || "files".to_owned(),
        |smtp| {
            let user = smtp.user.as_deref().unwrap_or_default();
            format!("{}:{} {user}", smtp.host, smtp.port)
        },
    )
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
    /// The password comes with the service, and this process is not the service.
    #[error("[smtp] the password of {0} is not to be had here; let the service send")]
    NoPassword(String),
}

/// The daemon's loop; ends when `stop` turns true, after the delivery under way.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    loop {
        heart.beat();
        let mut failed = false;
        let round = pass(&works, || {
            heart.beat();
            !*stop.borrow()
        });
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
            Err(err) => {
                tracing::error!(error = %err, "the post could not be done");
                failed = true;
            }
        }
        let now = works.clock.now();
        let due = works
            .store
            .next_due()
            .await
            .ok()
            .and_then(|due| due.delivery);
        // While the gate is closed, a due delivery is no reason to look again at once.
        let opens = Gate::load(&works.store, &server_name(&works.setup()))
            .await
            .ok()
            .filter(|gate| gate.is_closed(now))
            .and_then(|gate| gate.opens_at());
        let due = due.map(|at| opens.map_or(at, |opens| at.max(opens)));
        let wait = match failed {
            true => beat,
            false => super::until(due, now, beat).max(Duration::from_millis(50)),
        };
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

/// Greets the mail server and logs in, and sends nothing; `None` if it would take our mail, or there is none.
///
/// # Errors
/// When the settings alone do not allow a connection.
pub async fn probe(setup: &Setup) -> Result<Option<mail::Verdict>, PostError> {
    match open(setup)? {
        Way::Files => Ok(None),
        Way::Server(mut session, _) => Ok(session.probe().await),
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
    if let (Some(user), None) = (&smtp.user, &smtp.password) {
        return Err(PostError::NoPassword(user.clone()));
    }
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
        dot_timeout: smtp.dot_timeout.max(smtp.timeout),
        pause: smtp.pause,
    };
    Ok(Way::Server(Box::new(Session::new(settings)?), from))
}

async fn by_server(
    works: &Works,
    session: &mut Session,
    from: &Address,
    delivery: &Delivery,
) -> Verdict {
    let recipient = match delivery.recipient.parse::<Address>() {
        Ok(recipient) => recipient,
        Err(err) => {
            return quiet(SendOutcome::Refused {
                reply: err.to_string(),
            });
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
    verdict
}

fn quiet(outcome: SendOutcome) -> Verdict {
    Verdict {
        outcome,
        alarm: false,
    }
}

fn as_file(setup: &Setup, delivery: &Delivery) -> Verdict {
    let dir = setup.config.daemon.data_dir.join("outbox");
    let name = format!(
        "{}.eml",
        delivery.message_id.split('@').next().unwrap_or("mail")
    );
    quiet(match eml::write(&dir, &name, &delivery.message) {
        Ok(path) => SendOutcome::Accepted {
            reply: format!("written to {}", path.display()),
        },
        Err(err) => SendOutcome::Later {
            reply: format!("{}: {err}", dir.display()),
            whole_server: true,
        },
    })
}

/// What is to be written after a try.
struct Note {
    attempt: Attempt,
    gate_moved: bool,
}

/// What a try means for the delivery and for the gate.
fn decide(
    gate: &mut Gate,
    server: &str,
    delivery: &Delivery,
    was: DeliveryState,
    verdict: Verdict,
    now: Timestamp,
) -> Note {
    let end = |state, reply| Attempt {
        state,
        reply,
        due_at: now,
        counts: true,
    };
    match verdict.outcome {
        SendOutcome::Accepted { reply } => Note {
            attempt: end(DeliveryState::Sent, reply),
            gate_moved: gate.open(),
        },
        SendOutcome::Refused { reply } => {
            tracing::warn!(
                delivery = delivery.id.0,
                reply,
                "the mail server refuses a recipient for good"
            );
            Note {
                attempt: end(DeliveryState::Failed, reply),
                gate_moved: gate.open(),
            }
        }
        SendOutcome::Later {
            reply,
            whole_server: true,
        } => {
            let opens = gate.close(server, verdict.alarm, now);
            let in_time = mail::next_try(0, delivery.queued_at, now).map(|_| opens);
            Note {
                attempt: later(delivery, was, reply, in_time, false),
                gate_moved: true,
            }
        }
        SendOutcome::Later { reply, .. } | SendOutcome::Unsure { reply } => {
            let again = mail::next_try(delivery.tries + 1, delivery.queued_at, now);
            Note {
                attempt: later(delivery, was, reply, again, true),
                gate_moved: false,
            }
        }
    }
}

fn later(
    delivery: &Delivery,
    was: DeliveryState,
    reply: String,
    again: Option<Timestamp>,
    counts: bool,
) -> Attempt {
    let Some(due_at) = again else {
        tracing::warn!(delivery = delivery.id.0, reply, "{GIVEN_UP}");
        return Attempt {
            state: DeliveryState::Failed,
            reply: format!("{GIVEN_UP}; {reply}"),
            due_at: delivery.queued_at,
            counts,
        };
    };
    // A greylisting or sleeping server says the same each time: the first time is news, the rest is not.
    if delivery.tries == 0 && was == DeliveryState::Queued {
        tracing::warn!(delivery = delivery.id.0, reply, next = %due_at, "delivery deferred");
    } else {
        tracing::debug!(delivery = delivery.id.0, reply, next = %due_at, "delivery deferred again");
    }
    Attempt {
        state: DeliveryState::Deferred,
        reply,
        due_at,
        counts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeliveryId, EditionId};
    use jiff::SignedDuration;

    fn at(hours: i64) -> Timestamp {
        "2026-11-23T06:30:00+07:00".parse::<Timestamp>().unwrap()
            + SignedDuration::from_hours(hours)
    }

    fn delivery(tries: u32) -> Delivery {
        Delivery {
            id: DeliveryId(1),
            edition: EditionId(1),
            recipient: "an@coquan.example".into(),
            tries,
            queued_at: at(0),
            message_id: "m@coquan.example".into(),
            message: Vec::new(),
        }
    }

    fn verdict(whole_server: bool, alarm: bool) -> Verdict {
        Verdict {
            outcome: SendOutcome::Later {
                reply: "bận".into(),
                whole_server,
            },
            alarm,
        }
    }

    #[test]
    fn one_recipients_trouble_is_his_own() {
        let mut gate = Gate::default();
        let verdict = verdict(false, false);
        let note = decide(
            &mut gate,
            "a",
            &delivery(1),
            DeliveryState::Deferred,
            verdict,
            at(1),
        );
        assert!(!note.gate_moved && !gate.is_closed(at(1)) && note.attempt.counts);
        assert_eq!(note.attempt.due_at, at(1) + SignedDuration::from_mins(30));
    }

    #[test]
    fn a_server_that_refuses_us_closes_the_gate_and_counts_for_nobody() {
        let mut gate = Gate::default();
        let note = decide(
            &mut gate,
            "a",
            &delivery(0),
            DeliveryState::Queued,
            verdict(true, true),
            at(1),
        );
        assert_eq!(note.attempt.state, DeliveryState::Deferred);
        assert!(note.gate_moved && gate.is_closed(at(1)) && !note.attempt.counts);
        assert_eq!(
            note.attempt.due_at,
            at(2),
            "a wrong password is not tried for an hour"
        );
        let sent = quiet(SendOutcome::Accepted {
            reply: "250".into(),
        });
        let note = decide(
            &mut gate,
            "a",
            &delivery(0),
            DeliveryState::Deferred,
            sent,
            at(2),
        );
        assert!(note.gate_moved && !gate.is_closed(at(2)));
    }

    #[test]
    fn after_five_days_it_is_given_up() {
        for whole_server in [true, false] {
            let verdict = verdict(whole_server, false);
            let note = decide(
                &mut Gate::default(),
                "a",
                &delivery(99),
                DeliveryState::Deferred,
                verdict,
                at(120),
            );
            assert_eq!(note.attempt.state, DeliveryState::Failed);
            assert_eq!(note.attempt.reply, "given up after five days; bận");
        }
    }
}
