//! A scripted HTTP/1.1 server on 127.0.0.1, written by hand because the bugs are in the bytes: it can cut, reset, drip,
//! bomb and lie. It keeps a log of what it was asked, so that tests assert on what the *server* saw.
//!
//! It runs on a thread of its own, so that synchronous tests (of the binary) can use it as well.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// A running server; it ends when dropped.
pub struct Origin {
    address: SocketAddr,
    world: Arc<World>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct World {
    scripts: Mutex<HashMap<String, Script>>,
    log: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// Answers in the order in which they are given; the last one stays.
struct Script {
    answers: Vec<Answer>,
    given: usize,
}

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at: Instant,
    pub method: String,
    /// Path and query, as sent (absolute form when the server is used as a proxy).
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// As much as `Content-Length` announced.
    pub body: Vec<u8>,
    /// Which connection since the start, from 1.
    pub connection: usize,
}

impl Asked {
    /// The header's value; the name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

/// What the server does with one request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    conditional: bool,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    /// With Content-Length.
    Whole,
    /// In chunks of this size.
    Chunked(usize),
    /// Announces everything, sends so much, closes.
    Cut(usize),
    /// Announces everything, sends so much, resets the connection.
    CutByReset(usize),
    /// Chunked, but the connection ends in the middle of a chunk.
    BrokenChunk,
    /// One byte each time.
    Drip(Duration),
    /// The body again and again, without length, for ever.
    Endless,
    /// Resets before the first byte.
    ResetEarly,
    /// Takes the request and never answers.
    Silent,
    /// These bytes instead of an answer.
    Raw,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            conditional: false,
            how: How::Whole,
        }
    }

    /// 200 with this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::status(200)
        }
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("Location", location)
    }

    /// Bytes that need not be HTTP.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            how: How::Raw,
            ..Self::ok(bytes)
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers 304 where the request carries this answer's ETag or, without one, its Last-Modified.
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Compresses the body.
    pub fn gzip(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("Content-Encoding", "gzip")
    }

    pub fn chunked(self, size: usize) -> Self {
        Self {
            how: How::Chunked(size),
            ..self
        }
    }

    pub fn cut_at(self, bytes: usize) -> Self {
        Self {
            how: How::Cut(bytes),
            ..self
        }
    }

    pub fn reset_at(self, bytes: usize) -> Self {
        Self {
            how: How::CutByReset(bytes),
            ..self
        }
    }

    pub fn broken_chunk(self) -> Self {
        Self {
            how: How::BrokenChunk,
            ..self
        }
    }

    pub fn drip(self, every: Duration) -> Self {
        Self {
            how: How::Drip(every),
            ..self
        }
    }

    pub fn endless(self) -> Self {
        Self {
            how: How::Endless,
            ..self
        }
    }

    pub fn reset_early() -> Self {
        Self {
            how: How::ResetEarly,
            ..Self::status(200)
        }
    }

    pub fn silent() -> Self {
        Self {
            how: How::Silent,
            ..Self::status(200)
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    fn is_unchanged_for(&self, asked: &Asked) -> bool {
        // RFC 9110 §13.2.2: If-None-Match wins over If-Modified-Since.
        match asked.header("If-None-Match") {
            Some(tag) => self.value("ETag") == Some(tag),
            None => asked
                .header("If-Modified-Since")
                .is_some_and(|since| self.value("Last-Modified") == Some(since)),
        }
    }

    fn head(&self, status: u16, length: Option<&str>) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(length.unwrap_or(""));
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// `bytes` as a gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

impl Origin {
    /// Starts a server on a free port of 127.0.0.1; paths without a script are 404.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1")
    }

    /// Starts it on another loopback address, such as `127.0.0.2`: another host.
    pub fn start_at(ip: &str) -> Self {
        let listener = std::net::TcpListener::bind((ip, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(World::default());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! { _ = accept(listener, served) => {}, _ = stopped => {} }
            });
        });
        Self {
            address,
            world,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Sets what happens at `path`, for good.
    pub fn on(&self, path: &str, answer: Answer) {
        self.script(path, [answer]);
    }

    /// Sets what happens at `path`, request after request; the last answer stays.
    pub fn script(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let script = Script {
            answers: answers.into_iter().collect(),
            given: 0,
        };
        self.world
            .scripts
            .lock()
            .unwrap()
            .insert(path.to_owned(), script);
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Everything asked so far, in order.
    pub fn log(&self) -> Vec<Asked> {
        self.world.log.lock().unwrap().clone()
    }

    /// What was asked after the first `known` requests.
    pub fn log_after(&self, known: usize) -> Vec<Asked> {
        self.world.log.lock().unwrap()[known..].to_vec()
    }

    /// The paths asked so far, in order.
    pub fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|asked| asked.path).collect()
    }

    /// Most requests that were being answered at the same time.
    pub fn most_in_flight(&self) -> usize {
        self.world.most_in_flight.load(Ordering::SeqCst)
    }

    /// Connections accepted so far, with or without a request on them.
    pub fn connections(&self) -> usize {
        self.world.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = world.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let world = Arc::clone(&world);
        // A client that goes away is no trouble of the server's.
        tokio::spawn(async move { serve(stream, number, &world).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, number: usize, world: &World) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut unread = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut unread, number).await? {
        let now = world.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        world.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let answer = world.answer(&asked);
        world.log.lock().unwrap().push(asked.clone());
        let stays = give(&mut stream, &answer, &asked).await;
        world.in_flight.fetch_sub(1, Ordering::SeqCst);
        if !stays? {
            break;
        }
    }
    Ok(())
}

impl World {
    fn answer(&self, asked: &Asked) -> Answer {
        let mut scripts = self.scripts.lock().unwrap();
        let Some(script) = scripts.get_mut(&asked.path) else {
            return Answer::status(404);
        };
        let nth = script.given.min(script.answers.len() - 1);
        script.given += 1;
        script.answers[nth].clone()
    }
}

/// Reads one request's head; `None` at the end of the connection.
async fn read_request(
    stream: &mut TcpStream,
    unread: &mut Vec<u8>,
    connection: usize,
) -> std::io::Result<Option<Asked>> {
    let end = loop {
        if let Some(end) = unread.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = unread.drain(..end + 4).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut first = lines
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(':'));
    let mut asked = Asked {
        at: Instant::now(),
        method: first.next().unwrap_or_default(),
        path: first.next().unwrap_or_default(),
        headers: headers
            .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
            .collect(),
        body: Vec::new(),
        connection,
    };
    let length = asked.header("Content-Length");
    let length = length.map_or(0, |length| length.parse().unwrap());
    while unread.len() < length {
        if stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
    asked.body = unread.drain(..length).collect();
    Ok(Some(asked))
}

/// Answers; whether the connection stays open.
async fn give(stream: &mut TcpStream, answer: &Answer, asked: &Asked) -> std::io::Result<bool> {
    tokio::time::sleep(answer.delay).await;
    if answer.conditional && answer.is_unchanged_for(asked) {
        stream.write_all(&answer.head(304, None)).await?;
        return Ok(true);
    }
    let length = format!("Content-Length: {}\r\n", answer.body.len());
    let announced = answer.head(answer.status, Some(&length));
    match answer.how {
        How::Whole if matches!(answer.status, 204 | 304) => {
            stream.write_all(&answer.head(answer.status, None)).await?;
            return Ok(true);
        }
        How::Whole => {
            stream
                .write_all(&[announced, answer.body.clone()].concat())
                .await?;
            return Ok(true);
        }
        How::Chunked(size) => {
            stream
                .write_all(&answer.head(answer.status, Some("Transfer-Encoding: chunked\r\n")))
                .await?;
            for chunk in answer.body.chunks(size) {
                let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
                stream.write_all(&framed).await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
            return Ok(true);
        }
        How::Cut(bytes) => {
            stream
                .write_all(&[&announced, &answer.body[..bytes]].concat())
                .await?
        }
        How::CutByReset(bytes) => {
            stream
                .write_all(&[&announced, &answer.body[..bytes]].concat())
                .await?;
            // The client should have seen the beginning before the reset takes the rest away.
            tokio::time::sleep(Duration::from_millis(30)).await;
            stream.set_zero_linger()?;
        }
        How::BrokenChunk => {
            stream
                .write_all(&answer.head(answer.status, Some("Transfer-Encoding: chunked\r\n")))
                .await?;
            stream
                .write_all(&[b"ffff\r\n", answer.body.as_slice()].concat())
                .await?;
        }
        How::Drip(every) => {
            stream.write_all(&announced).await?;
            for byte in &answer.body {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(every).await;
            }
        }
        How::Endless => {
            stream
                .write_all(&answer.head(answer.status, Some("Connection: close\r\n")))
                .await?;
            loop {
                stream.write_all(&answer.body).await?;
            }
        }
        How::ResetEarly => stream.set_zero_linger()?,
        How::Silent => {
            // Until the client gives up.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
        }
        How::Raw => stream.write_all(&answer.body).await?,
    }
    Ok(false)
}
