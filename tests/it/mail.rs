//! The post against a server that misbehaves: what the server saw decides.

use crate::support::smtpd::{Act, CA, OTHER_CA, Script, Smtpd};
use diembao::{
    mail::{Address, Login, Secret, Session, SmtpConfig, Tls, Verdict},
    model::SendOutcome,
};
use std::{convert::Infallible, time::Duration};

const LETTER: &[u8] = b"Subject: Tin\r\n\r\n.hai\r\n..ba\r\nhet\r\n";

fn config(server: &Smtpd, tls: Tls) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".into(),
        port: server.port,
        tls,
        ca_pem: Some(CA.into()),
        login: None,
        hello: "diembao.tinhuy.test".into(),
        step_timeout: Duration::from_secs(5),
        dot_timeout: Duration::from_secs(5),
        pause: Duration::ZERO,
    }
}

fn with_login(config: SmtpConfig) -> SmtpConfig {
    let password = Secret::new("bí mật");
    SmtpConfig {
        login: Some(Login {
            user: "diembao".into(),
            password,
        }),
        ..config
    }
}

fn address(name: &str) -> Address {
    format!("{name}@tinhuy.test").parse().unwrap()
}

async fn give(session: &mut Session, name: &str, letter: &[u8]) -> Verdict {
    session
        .deliver(&address("bao"), &address(name), letter, async || {
            Ok::<(), Infallible>(())
        })
        .await
}

async fn send_all(config: SmtpConfig, names: &[&str]) -> Vec<Verdict> {
    let mut session = Session::new(config).unwrap();
    let mut verdicts = Vec::new();
    for name in names {
        verdicts.push(give(&mut session, name, LETTER).await);
    }
    session.close().await;
    verdicts
}

/// `accepted`, `later`, `LATER` (whole server), `refused`, `unsure`; `!` for an alarm.
fn words(verdicts: &[Verdict]) -> String {
    let word = |verdict: &Verdict| {
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
    };
    verdicts.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Sends to an, ba and chi in clear; the words of it.
async fn three(server: &Smtpd) -> String {
    words(&send_all(config(server, Tls::None), &["an", "ba", "chi"]).await)
}

#[tokio::test]
async fn three_recipients_get_the_letter_over_one_connection() {
    let server = Script::new(&["SIZE 1000000"]).start().await;
    assert_eq!(three(&server).await, "accepted accepted accepted");
    assert_eq!(
        server.got(),
        ["an@tinhuy.test", "ba@tinhuy.test", "chi@tinhuy.test"]
    );
    assert_eq!(server.saw(|seen| seen.connections), 1);
    assert_eq!(
        server.lines()[..5],
        [
            "EHLO diembao.tinhuy.test",
            "MAIL FROM:<bao@tinhuy.test> SIZE=33",
            "RCPT TO:<an@tinhuy.test>",
            "DATA",
            "."
        ]
    );
    server.saw(|seen| {
        assert_eq!(
            seen.taken[0].wire,
            b"Subject: Tin\r\n\r\n..hai\r\n...ba\r\nhet\r\n"
        );
        assert_eq!(seen.taken[0].from, "bao@tinhuy.test");
        assert_eq!(seen.lines.last().map(String::as_str), Some("QUIT"));
    });
}

#[tokio::test]
async fn the_dot_goes_out_after_the_caller_has_committed_it() {
    let server = Script::new(&[]).start().await;
    let mut session = Session::new(config(&server, Tls::None)).unwrap();
    let mut taken_at_hook = None;
    let hook = async || {
        taken_at_hook = Some(server.lines().contains(&".".to_owned()));
        Ok::<(), Infallible>(())
    };
    let verdict = session
        .deliver(&address("bao"), &address("an"), LETTER, hook)
        .await;
    assert_eq!(
        (words(&[verdict]).as_str(), taken_at_hook),
        ("accepted", Some(false))
    );

    // What cannot be committed is not sent; the next one is, over a new connection.
    let verdict = session
        .deliver(&address("bao"), &address("ba"), LETTER, async || {
            Err("disk full")
        })
        .await;
    let SendOutcome::Later { reply, .. } = verdict.outcome else {
        panic!("not sent")
    };
    assert_eq!(reply, "message: disk full");
    assert_eq!(
        words(&[give(&mut session, "chi", LETTER).await]),
        "accepted"
    );
    assert_eq!(server.got(), ["an@tinhuy.test", "chi@tinhuy.test"]);
}

#[tokio::test]
async fn one_refused_recipient_never_stops_the_others() {
    for (at, says, want) in [
        (
            "RCPT TO:<ba@",
            "550 5.1.1 không có người này\r\n",
            "accepted refused accepted",
        ),
        (
            "RCPT TO:<ba@",
            "450-4.2.0 Hộp thư\r\n450 4.2.0 tạm đầy\r\n",
            "accepted later accepted",
        ),
        (
            "RCPT TO:<ba@",
            "251 will forward\r\n",
            "accepted accepted accepted",
        ),
        ("RCPT TO:<ba@", "550\n", "accepted refused accepted"),
    ] {
        let server = Script::new(&[]).at(at, 1, Act::Say(says)).start().await;
        assert_eq!(three(&server).await, want, "{says}");
        assert_eq!(server.saw(|seen| seen.connections), 1, "{says}");
    }
    let server = Script::new(&[])
        .at("RCPT TO:<ba@", 1, Act::Close)
        .start()
        .await;
    // The connection had served one: it is replaced, and the letter goes out.
    assert_eq!(three(&server).await, "accepted accepted accepted");
    let server = Script::new(&[])
        .at("RCPT TO:<an@", 1, Act::Close)
        .start()
        .await;
    assert_eq!(three(&server).await, "later accepted accepted");
}

#[tokio::test]
async fn answers_to_data_and_dot_are_taken_at_their_word() {
    for (at, says, want) in [
        ("DATA", "451 4.3.0 later\r\n", "later accepted accepted"),
        ("DATA", "554 5.7.1 no\r\n", "refused accepted accepted"),
        (".", "452 4.3.1 disk full\r\n", "later accepted accepted"),
        (".", "554 5.7.1 spam\r\n", "refused accepted accepted"),
        (".", "354 go on\r\n", "unsure accepted accepted"),
        (".", "?? what\r\n", "unsure accepted accepted"),
    ] {
        let server = Script::new(&[]).at(at, 1, Act::Say(says)).start().await;
        assert_eq!(three(&server).await, want, "{at} {says}");
        assert_eq!(
            server.got(),
            ["ba@tinhuy.test", "chi@tinhuy.test"],
            "{at} {says}"
        );
    }
}

#[tokio::test]
async fn a_break_before_the_dot_is_no_delivery_and_one_after_it_may_be() {
    let server = Script::new(&[]).at(".", 1, Act::Close).start().await;
    assert_eq!(three(&server).await, "unsure accepted accepted");
    assert_eq!(server.got().len(), 3, "the server had taken it");

    let server = Script::new(&[]).at("BODY", 1, Act::Close).start().await;
    let mut session = Session::new(config(&server, Tls::None)).unwrap();
    // Large enough that the break is noticed while it is written.
    let large = b"Tin tinh uy trong tuan.\r\n".repeat(400_000);
    assert_eq!(words(&[give(&mut session, "an", &large).await]), "later");
    assert_eq!(server.got().len(), 0);
}

#[tokio::test]
async fn an_answer_that_came_too_early_is_not_believed() {
    let server = Script::new(&[])
        .at("DATA", 1, Act::Say("354 go on\r\n250 2.0.0 queued\r\n"))
        .start()
        .await;
    assert_eq!(three(&server).await, "LATER accepted accepted");
    assert_eq!(server.got(), ["ba@tinhuy.test", "chi@tinhuy.test"]);
}

#[tokio::test]
async fn silence_ends_by_our_clock() {
    for (at, want) in [
        ("BANNER", "LATER"),
        ("MAIL", "LATER"),
        ("RCPT", "later"),
        (".", "unsure"),
    ] {
        let server = Script::new(&[]).at(at, 1, Act::Silence).start().await;
        let short = Duration::from_millis(150);
        let config = SmtpConfig {
            step_timeout: short,
            dot_timeout: short,
            ..config(&server, Tls::None)
        };
        assert_eq!(words(&send_all(config, &["an"]).await), want, "{at}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    for words in ["250-và nữa\r\n", "250 một dòng không dứt "] {
        let server = Script::new(&[])
            .at("MAIL", 1, Act::Endless(words))
            .start()
            .await;
        assert_eq!(three(&server).await, "LATER accepted accepted");
    }
}

#[tokio::test]
async fn a_limit_per_connection_costs_a_connection_and_no_delivery() {
    let server = Script::new(&[])
        .at("MAIL", 1, Act::Say("250 2.1.0 ok\r\n"))
        .at(
            "MAIL",
            1,
            Act::SayAndClose("421 4.4.5 too many messages\r\n"),
        )
        .start()
        .await;
    assert_eq!(three(&server).await, "accepted accepted accepted");
    assert_eq!(server.saw(|seen| seen.connections), 2);

    // Recipients may be counted by connection, too: the next connection begins anew.
    let server = Script::new(&[])
        .at("RCPT", 1, Act::Say("250 2.1.5 ok\r\n"))
        .at("RCPT", 1, Act::Say("452 4.5.3 too many recipients\r\n"))
        .start()
        .await;
    assert_eq!(three(&server).await, "accepted accepted accepted");
    assert_eq!(server.saw(|seen| seen.connections), 2);

    // 421 on a fresh connection is the server's word for everybody.
    let server = Script::new(&[])
        .at("MAIL", 1, Act::SayAndClose("421 4.3.2 shutting down\r\n"))
        .start()
        .await;
    assert_eq!(three(&server).await, "LATER accepted accepted");
}

#[tokio::test]
async fn a_closed_gate_is_the_servers_and_rings_the_bell() {
    for (at, says, want) in [
        ("BANNER", "554 5.3.2 no service\r\n", "LATER!"),
        ("BANNER", "421 4.3.2 busy\r\n", "LATER"),
        ("MAIL", "530 5.7.0 log in first\r\n", "LATER!"),
        ("MAIL", "?? what\r\n", "LATER"),
    ] {
        let server = Script::new(&[]).at(at, 1, Act::Say(says)).start().await;
        assert_eq!(
            words(&send_all(config(&server, Tls::None), &["an"]).await),
            want,
            "{says}"
        );
    }
    let server = Script::new(&[]).start().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = SmtpConfig {
        port: free,
        ..config(&server, Tls::None)
    };
    assert_eq!(words(&send_all(nobody, &["an"]).await), "LATER");
}

#[tokio::test]
async fn a_server_of_the_old_school_gets_helo() {
    let server = Script::new(&[])
        .at("EHLO", 9, Act::Say("502 5.5.1 what?\r\n"))
        .start()
        .await;
    assert_eq!(three(&server).await, "accepted accepted accepted");
    assert_eq!(server.lines()[1], "HELO diembao.tinhuy.test");
    assert_eq!(server.lines()[2], "MAIL FROM:<bao@tinhuy.test>");
}

#[tokio::test]
async fn a_letter_that_is_too_large_is_not_offered() {
    let server = Script::new(&["SIZE 20"]).start().await;
    assert_eq!(three(&server).await, "refused refused refused");
    assert!(!server.lines().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn encryption_and_login_work_both_ways() {
    for (script, tls) in [
        (
            Script::new(&["STARTTLS", "AUTH PLAIN LOGIN"]),
            Tls::StartTls,
        ),
        (
            Script::new(&["AUTH PLAIN LOGIN"]).implicit_tls(),
            Tls::Implicit,
        ),
        (Script::new(&["STARTTLS", "AUTH LOGIN"]), Tls::StartTls),
    ] {
        let server = script.start().await;
        let verdicts = send_all(with_login(config(&server, tls)), &["an", "ba"]).await;
        assert_eq!(words(&verdicts), "accepted accepted", "{verdicts:?}");
        assert!(server.saw(|seen| seen.taken.iter().all(|taken| taken.encrypted)));
        let logins = server
            .lines()
            .iter()
            .filter(|line| line.starts_with("AUTH"))
            .count();
        assert_eq!(logins, 1, "one login per connection");
    }
}

#[tokio::test]
async fn nothing_is_said_in_clear_that_should_be_encrypted() {
    let server = Script::new(&["AUTH PLAIN"]).start().await;
    let verdicts = send_all(with_login(config(&server, Tls::StartTls)), &["an"]).await;
    assert_eq!(words(&verdicts), "LATER!", "STARTTLS taken out on the way");
    assert_eq!(server.lines(), ["EHLO diembao.tinhuy.test"]);

    let server = Script::new(&["AUTH PLAIN"]).start().await;
    let verdicts = send_all(with_login(config(&server, Tls::None)), &["an"]).await;
    assert_eq!(words(&verdicts), "LATER!", "a password without encryption");
    assert!(
        !server
            .lines()
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn answers_smuggled_in_before_the_encryption_are_not_believed() {
    let smuggled = "220 2.0.0 go\r\n250-mail.tinhuy.test\r\n250 AUTH PLAIN\r\n";
    let server = Script::new(&["STARTTLS"])
        .at("STARTTLS", 1, Act::Say(smuggled))
        .start()
        .await;
    let verdicts = send_all(with_login(config(&server, Tls::StartTls)), &["an"]).await;
    assert_eq!(words(&verdicts), "LATER!");
    assert_eq!(server.lines(), ["EHLO diembao.tinhuy.test", "STARTTLS"]);
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    for tls in [Tls::StartTls, Tls::Implicit] {
        for (host, ca) in [
            ("localhost", Some(OTHER_CA)),
            ("127.0.0.1", Some(CA)),
            ("localhost", None),
        ] {
            let script = Script::new(&["STARTTLS"]);
            let script = if tls == Tls::Implicit {
                script.implicit_tls()
            } else {
                script
            };
            let server = script.start().await;
            let config = SmtpConfig {
                host: host.into(),
                ca_pem: ca.map(Into::into),
                ..config(&server, tls)
            };
            let verdicts = send_all(config, &["an"]).await;
            assert_eq!(words(&verdicts), "LATER!", "{host} {verdicts:?}");
            assert!(!server.lines().iter().any(|line| line.starts_with("MAIL")));
        }
    }
    let server = Script::new(&[]).start().await;
    for ca in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            Session::new(SmtpConfig {
                ca_pem: Some(ca.into()),
                ..config(&server, Tls::StartTls)
            })
            .is_err()
        );
    }
    assert!(
        Session::new(SmtpConfig {
            hello: "a\r\nMAIL".into(),
            ..config(&server, Tls::None)
        })
        .is_err()
    );
}

#[tokio::test]
async fn a_refused_password_is_tried_once() {
    let refused = Act::Say("535 5.7.8 wrong\r\n");
    let server = Script::new(&["STARTTLS", "AUTH PLAIN LOGIN"])
        .at("AUTH", 9, refused)
        .start()
        .await;
    let verdicts = send_all(with_login(config(&server, Tls::StartTls)), &["an"]).await;
    assert_eq!(words(&verdicts), "LATER!");
    assert_eq!(
        server
            .lines()
            .iter()
            .filter(|line| line.starts_with("AUTH"))
            .count(),
        1
    );
    assert!(!format!("{verdicts:?}").contains("bí mật"));
}

#[tokio::test]
async fn breaks_in_a_row_mean_that_the_server_is_unwell() {
    let server = Script::new(&[]).at("RCPT", 9, Act::Close).start().await;
    assert_eq!(three(&server).await, "later later LATER");
    // A post that runs as a task of its own.
    let config = config(&server, Tls::None);
    let verdict = tokio::spawn(async move {
        let mut session = Session::new(config).unwrap();
        give(&mut session, "an", LETTER).await
    });
    assert_eq!(words(&[verdict.await.unwrap()]), "later");
}

#[tokio::test]
async fn a_server_that_cannot_reset_gets_a_new_connection() {
    let server = Script::new(&[])
        .at("RCPT TO:<an@", 1, Act::Say("550 5.1.1 no\r\n"))
        .at("RSET", 1, Act::Say("502 5.5.1 what?\r\n"))
        .start()
        .await;
    assert_eq!(three(&server).await, "refused accepted accepted");
    assert_eq!(server.saw(|seen| seen.connections), 2);
}
