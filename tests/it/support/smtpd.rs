//! An SMTP server on loopback that follows a script and keeps what it saw.
//!
//! Certificate and keys under `tls/` are made for these tests and trusted by nobody.

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// The authority that signed the server's certificate (for `localhost`).
pub const CA: &str = include_str!("tls/ca.pem");
/// Another authority.
pub const OTHER_CA: &str = include_str!("tls/other-ca.pem");

/// What the server does instead of the usual.
#[derive(Clone)]
pub enum Act {
    /// Says these bytes.
    Say(&'static str),
    /// Says these bytes and hangs up.
    SayAndClose(&'static str),
    /// At the dot: takes the message, hangs up without a word. Elsewhere: hangs up.
    Close,
    /// Says nothing, keeps the line open.
    Silence,
    /// Says these bytes again and again.
    Endless(&'static str),
}

struct Rule {
    at: &'static str,
    times: usize,
    act: Act,
}

/// A message the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub recipient: String,
    /// As it came over the wire: dots doubled, without the final one.
    pub wire: Vec<u8>,
    pub encrypted: bool,
}

/// What happened, as the server saw it.
#[derive(Default)]
pub struct Seen {
    pub connections: usize,
    /// Every command line of every connection, `.` for the end of a message.
    pub lines: Vec<String>,
    pub taken: Vec<Taken>,
}

/// The script: capabilities and the rules, the first that fits is played.
#[derive(Default)]
pub struct Script {
    offers: Vec<&'static str>,
    rules: Vec<Rule>,
    implicit_tls: bool,
}

impl Script {
    pub fn new(offers: &[&'static str]) -> Self {
        Self {
            offers: offers.to_vec(),
            ..Self::default()
        }
    }

    /// At the next `times` lines that begin with `at` (`BANNER` and `BODY` are lines too), does `act`.
    pub fn at(mut self, at: &'static str, times: usize, act: Act) -> Self {
        self.rules.push(Rule { at, times, act });
        self
    }

    pub fn implicit_tls(mut self) -> Self {
        self.implicit_tls = true;
        self
    }

    pub async fn start(self) -> Smtpd {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let server = Server {
            script: Arc::new(Mutex::new(self)),
            seen: Arc::clone(&seen),
            tls: acceptor(),
        };
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                server.seen.lock().unwrap().connections += 1;
                tokio::spawn(server.clone().serve(tcp));
            }
        });
        Smtpd { port, seen, task }
    }
}

/// The running server; it ends with this value.
pub struct Smtpd {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Smtpd {
    pub fn saw<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    pub fn lines(&self) -> Vec<String> {
        self.saw(|seen| seen.lines.clone())
    }

    /// Who got a message, in order.
    pub fn got(&self) -> Vec<String> {
        self.saw(|seen| {
            seen.taken
                .iter()
                .map(|taken| taken.recipient.clone())
                .collect()
        })
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
type Line = BufReader<Box<dyn Stream>>;

#[derive(Clone)]
struct Server {
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Seen>>,
    tls: TlsAcceptor,
}

/// The conversation is over.
struct Gone;

impl Server {
    async fn serve(self, tcp: TcpStream) {
        let implicit = self.script.lock().unwrap().implicit_tls;
        let stream: Box<dyn Stream> = if implicit {
            match self.tls.accept(tcp).await {
                Ok(stream) => Box::new(stream),
                Err(_) => return,
            }
        } else {
            Box::new(tcp)
        };
        // However it ends, the client was told, or is meant to notice.
        let _ = self.talk(BufReader::new(stream), implicit).await;
    }

    async fn talk(&self, mut line: Line, mut encrypted: bool) -> Result<(), Gone> {
        self.answer(&mut line, "BANNER", "220 mail.tinhuy.test\r\n")
            .await?;
        let (mut from, mut recipient) = (String::new(), String::new());
        loop {
            let command = self.hear(&mut line).await?;
            let word = command
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match word.as_str() {
                "EHLO" => {
                    let offers = self.offers();
                    self.answer(&mut line, &command, &offers).await?;
                }
                "STARTTLS" => {
                    self.answer(&mut line, &command, "220 2.0.0 go\r\n").await?;
                    let stream = self.tls.accept(line.into_inner()).await.map_err(|_| Gone)?;
                    line = BufReader::new(Box::new(stream));
                    encrypted = true;
                }
                "AUTH" => self.auth(&mut line, &command).await?,
                "MAIL" => {
                    from = address(&command);
                    self.answer(&mut line, &command, "250 2.1.0 ok\r\n").await?;
                }
                "RCPT" => {
                    recipient = address(&command);
                    self.answer(&mut line, &command, "250 2.1.5 ok\r\n").await?;
                }
                "DATA" => {
                    if !self.answer(&mut line, &command, "354 go on\r\n").await? {
                        continue;
                    }
                    if let Some(Act::Close) = self.rule("BODY") {
                        return Err(Gone);
                    }
                    let wire = self.body(&mut line).await?;
                    let taken = Taken {
                        from: from.clone(),
                        recipient: recipient.clone(),
                        wire,
                        encrypted,
                    };
                    self.dot(&mut line, taken).await?;
                }
                "QUIT" => {
                    return self
                        .answer(&mut line, &command, "221 bye\r\n")
                        .await
                        .map(drop);
                }
                _ => self
                    .answer(&mut line, &command, "250 2.0.0 ok\r\n")
                    .await
                    .map(drop)?,
            }
        }
    }

    fn offers(&self) -> String {
        let script = self.script.lock().unwrap();
        let mut lines = vec!["mail.tinhuy.test"];
        lines.extend(&script.offers);
        let last = lines.len() - 1;
        let line = |(at, text)| format!("250{}{text}\r\n", if at == last { ' ' } else { '-' });
        lines.into_iter().enumerate().map(line).collect()
    }

    async fn auth(&self, line: &mut Line, command: &str) -> Result<(), Gone> {
        if command.eq_ignore_ascii_case("AUTH LOGIN") {
            for prompt in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] {
                self.say(line, prompt).await?;
                self.hear(line).await?;
            }
        }
        self.answer(line, command, "235 2.7.0 welcome\r\n")
            .await
            .map(drop)
    }

    async fn body(&self, line: &mut Line) -> Result<Vec<u8>, Gone> {
        let mut wire = Vec::new();
        loop {
            let start = wire.len();
            match line.read_until(b'\n', &mut wire).await {
                Ok(0) | Err(_) => return Err(Gone),
                Ok(_) if &wire[start..] == b".\r\n" => {
                    wire.truncate(start);
                    self.seen.lock().unwrap().lines.push(".".to_owned());
                    return Ok(wire);
                }
                Ok(_) => {}
            }
        }
    }

    /// Takes the message if the answer says so, or if the line breaks before it.
    async fn dot(&self, line: &mut Line, taken: Taken) -> Result<(), Gone> {
        let act = self.rule(".");
        let refused = matches!(&act, Some(Act::Say(words) | Act::SayAndClose(words)) if !words.starts_with('2'));
        if !refused {
            self.seen.lock().unwrap().taken.push(taken);
        }
        self.play(line, act, "250 2.0.0 queued as 288\r\n")
            .await
            .map(drop)
    }

    async fn hear(&self, line: &mut Line) -> Result<String, Gone> {
        let mut bytes = Vec::new();
        match line.read_until(b'\n', &mut bytes).await {
            Ok(n) if n > 0 => {}
            _ => return Err(Gone),
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text
            .strip_suffix("\r\n")
            .expect("a client ends its lines with CRLF")
            .to_owned();
        self.seen.lock().unwrap().lines.push(text.clone());
        Ok(text)
    }

    fn rule(&self, at: &str) -> Option<Act> {
        let mut script = self.script.lock().unwrap();
        let rule = script
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && at.starts_with(rule.at))?;
        rule.times -= 1;
        Some(rule.act.clone())
    }

    /// Answers `at` by the script, else with `usual`; whether it was the usual.
    async fn answer(&self, line: &mut Line, at: &str, usual: &str) -> Result<bool, Gone> {
        let act = self.rule(at);
        self.play(line, act, usual).await
    }

    async fn play(&self, line: &mut Line, act: Option<Act>, usual: &str) -> Result<bool, Gone> {
        match act {
            None => self.say(line, usual).await.map(|()| true),
            // A script may say the usual with something behind it: then things go on as usual.
            Some(Act::Say(words)) => self
                .say(line, words)
                .await
                .map(|()| words[..3] == usual[..3]),
            Some(Act::SayAndClose(words)) => self.say(line, words).await.and(Err(Gone)),
            Some(Act::Close) => Err(Gone),
            Some(Act::Silence) => {
                // Until the client gives up.
                while self.hear(line).await.is_ok() {}
                Err(Gone)
            }
            Some(Act::Endless(words)) => loop {
                self.say(line, words).await?;
            },
        }
    }

    async fn say(&self, line: &mut Line, words: &str) -> Result<(), Gone> {
        line.get_mut()
            .write_all(words.as_bytes())
            .await
            .map_err(|_| Gone)?;
        line.get_mut().flush().await.map_err(|_| Gone)
    }
}

fn address(command: &str) -> String {
    let path = command
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    path.expect("a path in angle brackets").0.to_owned()
}
