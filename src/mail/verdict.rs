//! What a try to deliver came to, and when to try again. Pure: the one place that reads meaning into SMTP codes.

use super::reply::Reply;
use crate::model::SendOutcome;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// The step of the conversation at which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Finding and reaching the server.
    Connect,
    /// Its first words.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// Asking for encryption.
    StartTls,
    /// The handshake, the certificate.
    Handshake,
    /// User and password.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, up to its 354.
    Data,
    /// The message itself; the final dot was not sent.
    Body,
    /// The final dot was sent, perhaps.
    Dot,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Handshake => "TLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Body => "message",
            Self::Dot => "end of message",
        })
    }
}

/// What happened at a step that did not go as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server answered; the answer is not the one that leads on.
    Reply(Reply),
    /// The connection broke, or no answer came in time.
    Lost(String),
    /// The server said something that is not SMTP, or not an answer to what was asked.
    Nonsense(String),
    /// We will not go on: what the settings demand cannot be had from this server.
    Policy(String),
    /// We cannot go on here, for a reason of our own (the outbox could not be written).
    Ours(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => reply.fmt(f),
            Self::Lost(words) | Self::Nonsense(words) | Self::Policy(words) | Self::Ours(words) => {
                f.write_str(words)
            }
        }
    }
}

/// What a try came to, and whether an admin has to do something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What to write into the outbox.
    pub outcome: SendOutcome,
    /// The server will go on refusing until somebody changes a setting: password, certificate, sender, permission.
    pub alarm: bool,
}

impl Verdict {
    pub(super) fn accepted(reply: &Reply) -> Self {
        Self {
            outcome: SendOutcome::Accepted {
                reply: reply.to_string(),
            },
            alarm: false,
        }
    }
}

/// RFC 4954 §6: answers that mean "log in (better) first". They say nothing about a recipient.
const AUTH_WANTED: [u16; 4] = [530, 534, 535, 538];

/// What `event` at `phase` means for the delivery.
pub fn judge(phase: Phase, event: &Event) -> Verdict {
    let words = format!("{phase}: {event}");
    let later = |whole_server, alarm| Verdict {
        outcome: SendOutcome::Later {
            reply: words.clone(),
            whole_server,
        },
        alarm,
    };
    let refused = || Verdict {
        outcome: SendOutcome::Refused {
            reply: words.clone(),
        },
        alarm: false,
    };
    match (phase, event) {
        // Up to AUTH no recipient was named: whatever was said, was said to us. 5xx there is a closed gate.
        (_, Event::Reply(reply)) if phase <= Phase::Auth => later(true, reply.is_permanent()),
        (Phase::Handshake, Event::Nonsense(_)) | (_, Event::Policy(_)) => later(true, true),
        _ if phase <= Phase::Auth => later(true, false),
        (_, Event::Reply(reply)) if reply.code == 421 => later(true, false),
        (_, Event::Reply(reply)) if AUTH_WANTED.contains(&reply.code) => later(true, true),
        (_, Event::Reply(reply)) if reply.is_permanent() => refused(),
        // MAIL names only the sender: "not now" there holds for every recipient.
        (_, Event::Reply(reply)) if reply.is_transient() => later(phase == Phase::Mail, false),
        (Phase::Dot, _) => Verdict {
            outcome: SendOutcome::Unsure { reply: words },
            alarm: false,
        },
        (_, Event::Ours(_)) => later(false, true),
        // A break at RCPT or later can be the doing of this one recipient or message; the others get their chance.
        (_, Event::Lost(_)) => later(phase == Phase::Mail, false),
        (_, Event::Reply(_) | Event::Nonsense(_)) => later(true, false),
    }
}

/// How long a recipient's mail is tried before it counts as failed. RFC 5321 §4.5.4.1 asks for 4-5 days.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long to wait after the `tries`-th try (the first is 1): 10 minutes, 30 minutes, then hourly. The first ones are
/// short because of greylisting, which lets pass what comes again after some minutes; a morning review cannot wait for hours.
pub fn retry_after(tries: u32) -> SignedDuration {
    SignedDuration::from_mins(match tries {
        0 | 1 => 10,
        2 => 30,
        _ => 60,
    })
}

/// When to try again after the `tries`-th try at `now`; `None` if it was put into the outbox (`queued_at`) so long ago
/// that it is given up.
pub fn next_try(tries: u32, queued_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let at = now.saturating_add(retry_after(tries)).ok()?;
    (at.duration_since(queued_at) <= GIVE_UP_AFTER).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16) -> Event {
        Event::Reply(Reply {
            code,
            lines: vec!["lời máy chủ".into()],
        })
    }

    fn lost() -> Event {
        Event::Lost("connection closed".into())
    }

    /// `later`, `LATER` (whole server), `refused`, `unsure`; with `!` for an alarm.
    fn word(phase: Phase, event: &Event) -> String {
        let verdict = judge(phase, event);
        let word = match verdict.outcome {
            SendOutcome::Accepted { .. } => "accepted",
            SendOutcome::Later {
                whole_server: false,
                ..
            } => "later",
            SendOutcome::Later {
                whole_server: true, ..
            } => "LATER",
            SendOutcome::Refused { .. } => "refused",
            SendOutcome::Unsure { .. } => "unsure",
        };
        format!("{word}{}", if verdict.alarm { "!" } else { "" })
    }

    #[test]
    fn every_step_has_its_own_meaning() {
        use Phase::*;
        let cases = [
            (Connect, lost(), "LATER"),
            (Greeting, reply(554), "LATER!"),
            (Greeting, reply(421), "LATER"),
            (Greeting, lost(), "LATER"),
            (Hello, reply(550), "LATER!"),
            (StartTls, Event::Policy("not offered".into()), "LATER!"),
            (StartTls, reply(454), "LATER"),
            (
                Handshake,
                Event::Nonsense("certificate expired".into()),
                "LATER!",
            ),
            (Handshake, lost(), "LATER"),
            (Auth, reply(535), "LATER!"),
            (Auth, reply(454), "LATER"),
            (Mail, reply(421), "LATER"),
            (Mail, reply(451), "LATER"),
            (Mail, reply(530), "LATER!"),
            (Mail, reply(552), "refused"),
            (Mail, lost(), "LATER"),
            (Mail, Event::Nonsense("?? what".into()), "LATER"),
            (Mail, reply(354), "LATER"),
            (Rcpt, reply(450), "later"),
            (Rcpt, reply(421), "LATER"),
            (Rcpt, reply(550), "refused"),
            (Rcpt, lost(), "later"),
            (Data, reply(451), "later"),
            (Data, reply(554), "refused"),
            (Data, reply(250), "LATER"),
            (Body, lost(), "later"),
            (Body, reply(552), "refused"),
            (Body, Event::Ours("disk full".into()), "later!"),
            (Dot, reply(452), "later"),
            (Dot, reply(421), "LATER"),
            (Dot, reply(554), "refused"),
            (Dot, reply(354), "unsure"),
            (Dot, lost(), "unsure"),
            (Dot, Event::Nonsense("??".into()), "unsure"),
        ];
        for (phase, event, want) in cases {
            assert_eq!(word(phase, &event), want, "{phase:?} {event:?}");
        }
    }

    #[test]
    fn the_words_say_at_which_step_it_was() {
        let SendOutcome::Refused { reply } = judge(Phase::Rcpt, &reply(550)).outcome else {
            panic!("550 is a refusal");
        };
        assert_eq!(reply, "RCPT TO: 550 lời máy chủ");
    }

    #[test]
    fn tries_end_after_five_days() {
        let queued: Timestamp = "2026-11-22T23:30:00Z".parse().unwrap();
        let (mut now, mut tries) = (queued, 0);
        let mut gaps = Vec::new();
        loop {
            tries += 1;
            let Some(next) = next_try(tries, queued, now) else {
                break;
            };
            gaps.push(next.duration_since(now).as_mins());
            now = next;
        }
        assert_eq!(&gaps[..4], [10, 30, 60, 60]);
        assert!(now.duration_since(queued) <= GIVE_UP_AFTER);
        assert!(now.duration_since(queued) > GIVE_UP_AFTER - SignedDuration::from_hours(1));
        assert_eq!(next_try(u32::MAX, queued, Timestamp::MAX), None);
    }
}
