//! Bytes to and from an SMTP server: bounded, timed, CRLF only. Knows lines and answers, not what they mean.

use super::{
    reply::{Line, Reply},
    verdict::Event,
};
use futures_util::FutureExt as _;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

/// RFC 5321 §4.5.3.1.5 sets 512 octets a line; servers with long help texts exceed it.
const MAX_LINE_BYTES: usize = 4 * 1024;
/// All lines of one answer. An EHLO with every known extension has under 2 KiB.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Written in one go under one time limit, so that a slow line is not mistaken for a dead one.
const CHUNK_BYTES: usize = 16 * 1024;
/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 6;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An open connection.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    encrypted: bool,
    limit: Duration,
}

impl Wire {
    /// Reaches `host`, each of its addresses under `limit` of its own.
    pub async fn connect(host: &str, port: u16, limit: Duration) -> Result<Self, Event> {
        let addresses: Vec<_> = within(limit, tokio::net::lookup_host((host, port)))
            .await?
            .take(MAX_ADDRESSES)
            .collect();
        let mut trouble = Event::Lost(format!("{host} has no address"));
        for address in addresses {
            match within(limit, TcpStream::connect(address)).await {
                Ok(tcp) => {
                    // Short commands, each awaiting an answer: waiting to fill a packet only costs time.
                    // A socket that refuses the option still works.
                    let _ = tcp.set_nodelay(true);
                    return Ok(Self {
                        stream: BufReader::new(Box::new(tcp)),
                        encrypted: false,
                        limit,
                    });
                }
                Err(event) => trouble = event,
            }
        }
        Err(trouble)
    }

    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The same connection, encrypted from here on.
    ///
    /// What the server sent in clear behind its last answer would otherwise be read later as if it had come through
    /// the encryption: somebody on the way could put answers into its mouth (CVE-2011-0411). It ends the connection.
    pub async fn encrypt(self, host: &str, tls: &Arc<ClientConfig>) -> Result<Self, Event> {
        if !self.stream.buffer().is_empty() {
            return Err(Event::Policy(
                "the server (or somebody on the way) spoke in clear after STARTTLS was agreed"
                    .into(),
            ));
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Event::Policy(format!("{host:?} cannot be a name in a certificate")))?;
        let connector = TlsConnector::from(Arc::clone(tls));
        match timeout(
            self.limit,
            connector.connect(name, self.stream.into_inner()),
        )
        .await
        {
            Err(_) => Err(no_answer(self.limit)),
            Ok(Ok(stream)) => Ok(Self {
                stream: BufReader::new(Box::new(stream)),
                encrypted: true,
                limit: self.limit,
            }),
            // rustls reports what is wrong with a certificate or a handshake as invalid data; the rest is the network.
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Err(Event::Nonsense(error.to_string()))
            }
            Ok(Err(error)) => Err(lost(&error)),
        }
    }

    /// Sends one command line and returns the answer to it.
    pub async fn ask(&mut self, command: &str) -> Result<Reply, Event> {
        debug_assert!(!command.contains(['\r', '\n']), "a command is one line");
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.reply(self.limit).await
    }

    /// The next answer, all its lines together within `limit`: a server that drips must not hold us.
    pub async fn reply(&mut self, limit: Duration) -> Result<Reply, Event> {
        match timeout(limit, self.read_reply()).await {
            Ok(result) => result,
            Err(_) => Err(no_answer(limit)),
        }
    }

    /// What the server said although it was not asked, or that it hung up; `None` if it waits for us as it should.
    pub async fn interruption(&mut self) -> Option<Event> {
        match self.stream.fill_buf().now_or_never()? {
            Err(error) => Some(lost(&error)),
            Ok([]) => Some(Event::Lost("the server closed the connection".into())),
            Ok(_) => Some(self.last_words().await),
        }
    }

    /// Its answer, if one came before the connection broke; a server that refuses a message half-way says why and closes.
    pub async fn last_words(&mut self) -> Event {
        match self.reply(self.limit.min(Duration::from_secs(2))).await {
            Ok(reply) if reply.is_transient() || reply.is_permanent() => Event::Reply(reply),
            Ok(reply) => Event::Nonsense(format!("unasked: {reply}")),
            Err(event) => event,
        }
    }

    /// Sends `bytes`, each chunk under the time limit.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Event> {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            within(self.limit, async {
                self.stream.get_mut().write_all(chunk).await?;
                self.stream.get_mut().flush().await
            })
            .await?;
        }
        Ok(())
    }

    /// Says goodbye; what comes back changes nothing any more.
    pub async fn quit(mut self) {
        let limit = self.limit.min(Duration::from_secs(5));
        // Everything was settled before: an answer, a silence or a break are the same to us.
        let _ = timeout(limit, async {
            let _ = self.ask("QUIT").await;
            let _ = self.stream.get_mut().shutdown().await;
        })
        .await;
    }

    async fn read_reply(&mut self) -> Result<Reply, Event> {
        let mut lines = Vec::new();
        let mut code = None;
        let mut bytes_left = MAX_REPLY_BYTES;
        loop {
            let bytes = self.read_line().await?;
            bytes_left = bytes_left
                .checked_sub(bytes.len())
                .ok_or_else(|| Event::Nonsense("an answer without end".into()))?;
            let line = Line::parse(bytes.trim_ascii_end()).ok_or_else(|| nonsense(&bytes))?;
            if *code.get_or_insert(line.code) != line.code {
                return Err(nonsense(&bytes));
            }
            lines.push(line.text);
            if line.last {
                return Ok(Reply {
                    code: line.code,
                    lines,
                });
            }
        }
    }

    async fn read_line(&mut self) -> Result<Vec<u8>, Event> {
        let mut line = Vec::new();
        loop {
            let ready = self.stream.fill_buf().await.map_err(|error| lost(&error))?;
            if ready.is_empty() {
                return Err(Event::Lost("the server closed the connection".into()));
            }
            let end = ready.iter().position(|&b| b == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(ready.len());
            line.extend_from_slice(&ready[..taken]);
            self.stream.consume(taken);
            if line.len() > MAX_LINE_BYTES {
                return Err(Event::Nonsense("a line without end".into()));
            }
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

/// A message as it goes over the wire, up to but without the final dot: CRLF line ends only, dots at line starts doubled
/// (RFC 5321 §4.5.2), the last line ended. A lone CR or LF becomes a line end: two servers that read it differently
/// could otherwise see two messages in one.
pub(super) fn dotted(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 40);
    let mut bytes = message.iter().copied().peekable();
    let mut at_line_start = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    bytes.next_if_eq(&b'\n');
                }
                out.extend_from_slice(b"\r\n");
                at_line_start = true;
            }
            _ => {
                if byte == b'.' && at_line_start {
                    out.push(b'.');
                }
                out.push(byte);
                at_line_start = false;
            }
        }
    }
    if !at_line_start {
        out.extend_from_slice(b"\r\n");
    }
    out
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, Event> {
    match timeout(limit, work).await {
        Ok(result) => result.map_err(|error| lost(&error)),
        Err(_) => Err(no_answer(limit)),
    }
}

fn lost(error: &io::Error) -> Event {
    Event::Lost(error.to_string())
}

fn no_answer(limit: Duration) -> Event {
    Event::Lost(format!("no answer within {} s", limit.as_secs_f32()))
}

fn nonsense(bytes: &[u8]) -> Event {
    let text: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
    Event::Nonsense(format!("not an SMTP answer: {:?}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dots_and_line_ends_are_made_safe() {
        let cases: &[(&str, &str)] = &[
            ("a\r\n.b\r\n", "a\r\n..b\r\n"),
            (".\r\n", "..\r\n"),
            ("a.b\r\n..c", "a.b\r\n...c\r\n"),
            ("a\n.\nb\r.c", "a\r\n..\r\nb\r\n..c\r\n"),
            ("a\r\n\r\n", "a\r\n\r\n"),
            ("a\r\r\n.\r\n", "a\r\n\r\n..\r\n"),
            ("", ""),
        ];
        for (message, want) in cases {
            assert_eq!(
                String::from_utf8_lossy(&dotted(message.as_bytes())),
                *want,
                "{message:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_message_can_end_itself(message in "[a.\r\n]{0,60}") {
            let wire = String::from_utf8(dotted(message.as_bytes())).unwrap();
            prop_assert!(wire.is_empty() || wire.ends_with("\r\n"));
            prop_assert!(!wire.split("\r\n").any(|line| line == "." || line.contains(['\r', '\n'])));
            let back: Vec<&str> = wire.split("\r\n").map(|line| line.strip_prefix('.').unwrap_or(line)).collect();
            let (back, want) = (back.join("\n"), message.replace("\r\n", "\n").replace('\r', "\n"));
            prop_assert_eq!(back.trim_end_matches('\n'), want.trim_end_matches('\n'));
        }
    }
}
