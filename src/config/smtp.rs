//! `[smtp]` of `diembao.toml`: the server that takes the mail.

use super::address::{self, Recipient};
use super::problem::{Wrong, io_words, quoted, words, wrong};
use super::raw::{At, Section};
use super::secret::{self, Env, Found, Kept, Secret};
use super::value;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (port 465, RFC 8314).
    Implicit,
    /// TLS after STARTTLS, or no mail (port 587).
    StartTls,
    /// None: only to this machine itself.
    None,
}

/// The server that takes the mail.
#[derive(Debug, Clone, PartialEq)]
pub struct SmtpConfig {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The user to log in as; `None`: no login.
    pub user: Option<String>,
    /// The password. `None` with a `user`: it is kept where only the service can see it, and this is not the service.
    pub password: Option<Secret>,
    /// The sender.
    pub from: Recipient,
    /// Where answers go.
    pub reply_to: Option<Recipient>,
    /// Further certificates to trust: a PEM file of the office's own authority.
    pub ca_file: Option<PathBuf>,
    /// For each step of the conversation.
    pub timeout: Duration,
    /// For the server's answer to the whole message. Generous by default: giving up on a server that is still filtering
    /// makes a second copy (RFC 5321 §4.5.3.2.6).
    pub dot_timeout: Duration,
    /// Between two mails.
    pub pause: Duration,
    /// With which key mails are signed; `None`: not at all (the server may do it).
    pub dkim: Option<DkimConfig>,
}

/// `dkim` of `[smtp]`: the signature of the office's domain.
#[derive(Debug, Clone, PartialEq)]
pub struct DkimConfig {
    /// The domain that signs.
    pub domain: String,
    /// Where in it the public key stands: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The private key, PEM. `None`: it is kept where only the service can see it, and this is not the service.
    pub key: Option<Secret>,
}

/// The section as a value; `None` where it is absent or lacks what it needs (then that was reported).
pub(super) fn smtp(
    section: Option<Section<'_>>,
    folder: &Path,
    env: Env<'_>,
) -> Option<SmtpConfig> {
    let section = section?;
    let host = section.need_text("host", "mail.tinhuy.vn", address::server);
    let port = section.whole("port", 1..=65_535);
    let port = port.and_then(|at| u16::try_from(at.value).ok());
    let tls = tls(&section, port, host.as_ref());
    let from = section.need_text("from", "Điểm báo <diembao@tinhuy.vn>", address::recipient);
    let reply_to = section.text("reply_to", "vanphong@tinhuy.vn", address::recipient);
    let user = section.text("user", "diembao@tinhuy.vn", value::line);
    let password = password(&section, user.is_some(), folder, env);
    let ca_file = section.text("ca_file", "/etc/diembao/ca.pem", value::line);
    let ca_file = ca_file.map(|at| At {
        value: folder.join(at.value),
        span: at.span,
    });
    if let Some(At { value, span }) = &ca_file
        && let Err(error) = std::fs::File::open(value)
    {
        section.error(span, unreadable(value, &error));
    }
    let timeout = section.text(
        "timeout",
        "2m",
        value::duration_from(Duration::from_secs(1), "1s"),
    );
    let dot_timeout = section.text(
        "dot_timeout",
        "10m",
        value::duration_from(Duration::from_secs(1), "1s"),
    );
    let pause = section.text("pause", "1s", value::duration);
    let dkim = section
        .section("dkim")
        .and_then(|section| dkim(section, folder, env));
    section.forbid("password", no_password_here());
    section.close(&["password"]);
    Some(SmtpConfig {
        host: host?.value,
        port: port.unwrap_or(match tls {
            Tls::Implicit => 465,
            Tls::StartTls => 587,
            Tls::None => 25,
        }),
        tls,
        user: user.map(|at| at.value),
        password,
        from: from?.value,
        reply_to: reply_to.map(|at| at.value),
        ca_file: ca_file.map(|at| at.value),
        timeout: timeout.map_or(Duration::from_secs(120), |at| at.value),
        dot_timeout: dot_timeout.map_or(Duration::from_secs(600), |at| at.value),
        pause: pause.map_or(Duration::ZERO, |at| at.value),
        dkim,
    })
}

/// As written, else by the port: 465 speaks TLS at once, every other asks for it.
fn tls(section: &Section<'_>, port: Option<u16>, host: Option<&At<String>>) -> Tls {
    let choices = [
        ("implicit", Tls::Implicit),
        ("starttls", Tls::StartTls),
        ("none", Tls::None),
    ];
    let Some(At { value, span }) = section.text("tls", "starttls", value::one_of(&choices)) else {
        return if port == Some(465) {
            Tls::Implicit
        } else {
            Tls::StartTls
        };
    };
    if let (Tls::None, Some(host)) = (value, host)
        && !is_loopback(&host.value)
    {
        let name = &host.value;
        section.error(
            &span,
            wrong(
                words(
                    format!("tls = \"none\" would send mail and password in the clear to {name}"),
                    format!("tls = \"none\" gửi thư và mật khẩu không mã hóa tới {name}"),
                ),
                words(
                    "write tls = \"starttls\" or \"implicit\"; \"none\" is for a mail server on this machine",
                    "viết tls = \"starttls\" hoặc \"implicit\"; \"none\" chỉ dùng khi máy chủ thư ở ngay máy này",
                ),
            ),
        );
    }
    value
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn password(section: &Section<'_>, has_user: bool, folder: &Path, env: Env<'_>) -> Option<Secret> {
    let file = section.text("password_file", "/etc/diembao/smtp-password", value::line);
    let credential = section.text("password_credential", "smtp-password", credential_name);
    let variable = section.text("password_env", "DIEMBAO_SMTP_PASSWORD", variable_name);
    let kept = [
        credential.map(|at| (Kept::Credential(at.value), at.span)),
        file.map(|at| (Kept::File(folder.join(at.value)), at.span)),
        variable.map(|at| (Kept::Variable(at.value), at.span)),
    ];
    let mut kept = kept.into_iter().flatten();
    let Some((place, span)) = kept.next() else {
        if has_user && !section.has("password") {
            section.error(&section.key_span("user"), no_password());
        }
        return None;
    };
    if let Some((_, second)) = kept.next() {
        section.error(&second, two_passwords());
    }
    if !has_user {
        section.error(&span, no_user());
    }
    match secret::find(&place, env) {
        Found::Here(secret, advice) => {
            if let Some(advice) = advice {
                section.warn(&span, advice);
            }
            Some(secret)
        }
        Found::Elsewhere(note) => {
            section.warn(&span, note);
            None
        }
        Found::Refused(why) => {
            section.error(&span, why);
            None
        }
    }
}

fn dkim(section: Section<'_>, folder: &Path, env: Env<'_>) -> Option<DkimConfig> {
    let domain = section.need_text("domain", "tinhuy.vn", address::server);
    let selector = section.need_text("selector", "diembao", value::key);
    let file = section.text("key_file", "dkim.pem", value::line);
    let credential = section.text("credential", "dkim-key", credential_name);
    let kept = match (file, credential) {
        (Some(file), None) => Some((Kept::File(folder.join(file.value)), file.span)),
        (None, Some(name)) => Some((Kept::Credential(name.value), name.span)),
        _ => {
            section.error(&section.span, one_key());
            None
        }
    };
    let key = kept.and_then(|(place, span)| match secret::find_key(&place, env) {
        Found::Here(secret, advice) => {
            if let Some(advice) = advice {
                section.warn(&span, advice);
            }
            Some(secret)
        }
        Found::Elsewhere(note) => {
            section.warn(&span, note);
            None
        }
        Found::Refused(why) => {
            section.error(&span, why);
            None
        }
    });
    section.close(&[]);
    Some(DkimConfig {
        domain: domain?.value,
        selector: selector?.value,
        key,
    })
}

/// A file's name within systemd's folder, never a path.
fn credential_name(text: &str) -> Result<String, Wrong> {
    let sound = (1..=128).contains(&text.len())
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    sound.then(|| text.to_owned()).ok_or_else(|| {
        wrong(
            words(
                "what stands here is not the name of a credential",
                "nội dung ở đây không phải tên thông tin xác thực của systemd",
            ),
            words(
                "write the name that stands after LoadCredential= in the unit, such as \"smtp-password\"",
                "viết tên đứng sau LoadCredential= trong tệp dịch vụ, ví dụ \"smtp-password\"",
            ),
        )
    })
}

fn variable_name(text: &str) -> Result<String, Wrong> {
    let sound = (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    sound.then(|| text.to_owned()).ok_or_else(|| {
        wrong(
            words(
                // Not shown: what stands here by mistake is most likely the password.
                "what stands here is not the name of a variable",
                "nội dung ở đây không phải tên biến môi trường",
            ),
            words(
                "write the variable's name, not the password, such as \"DIEMBAO_SMTP_PASSWORD\"",
                "viết tên biến, không viết mật khẩu, ví dụ \"DIEMBAO_SMTP_PASSWORD\"",
            ),
        )
    })
}

fn no_password_here() -> Wrong {
    wrong(
        words(
            "a password must not stand in this file",
            "không được ghi mật khẩu trong tệp này",
        ),
        words(
            "put it into a file of its own (chmod 600) and write password_file = \"smtp-password\"",
            "ghi mật khẩu vào một tệp riêng (chmod 600) rồi viết password_file = \"smtp-password\"",
        ),
    )
}

fn no_password() -> Wrong {
    wrong(
        words(
            "there is a user but no password",
            "có user nhưng chưa có mật khẩu",
        ),
        words(
            "add password_file, password_credential or password_env; or take user out if the server wants no login",
            "thêm password_file, password_credential hoặc password_env; nếu máy chủ không cần đăng nhập thì bỏ user",
        ),
    )
}

fn two_passwords() -> Wrong {
    wrong(
        words(
            "the password is said to be in two places",
            "mật khẩu được khai báo ở hai nơi",
        ),
        words(
            "keep one of password_file, password_credential, password_env",
            "chỉ giữ một trong password_file, password_credential, password_env",
        ),
    )
}

fn one_key() -> Wrong {
    wrong(
        words(
            "dkim needs the private key from one place",
            "dkim cần đúng một nơi để khóa bí mật",
        ),
        words(
            "write key_file = \"dkim.pem\" (chmod 600) or credential = \"dkim-key\"",
            "viết key_file = \"dkim.pem\" (chmod 600) hoặc credential = \"dkim-key\"",
        ),
    )
}

fn no_user() -> Wrong {
    wrong(
        words(
            "there is a password but no user",
            "có mật khẩu nhưng chưa có user",
        ),
        words(
            "add user = \"diembao@tinhuy.vn\"",
            "thêm user = \"diembao@tinhuy.vn\"",
        ),
    )
}

fn unreadable(path: &Path, error: &std::io::Error) -> Wrong {
    let (shown, why) = (quoted(&path.to_string_lossy()), io_words(error));
    wrong(
        words(
            format!("cannot read {shown}: {}", why.en),
            format!("không đọc được {shown}: {}", why.vi),
        ),
        words(
            "write the path of a PEM file that the service's user may read",
            "ghi đường dẫn tệp PEM mà người dùng của dịch vụ đọc được",
        ),
    )
}
