//! The loopback server that stands for all papers of the demo: it opens no other address.

use super::world::{Step, World};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Longest request head it reads.
const MAX_HEAD_BYTES: u64 = 16 * 1024;

/// A running server; it ends with its runtime.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    step: Arc<AtomicU8>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(world: World) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let step = Arc::new(AtomicU8::new(1));
        let (world, at) = (Arc::new(world), Arc::clone(&step));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (world, at) = (Arc::clone(&world), Arc::clone(&at));
                tokio::spawn(async move {
                    // A client that went away mid-answer is its own affair.
                    let _ = serve(stream, &world, &at).await;
                });
            }
        });
        Ok(Self { addr, step })
    }

    /// Moves the world to a step.
    pub fn set_step(&self, step: Step) {
        self.step.store(step.0, Ordering::Relaxed);
    }
}

/// Answers the requests of one connection.
async fn serve(stream: TcpStream, world: &World, step: &AtomicU8) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((path, host)) = read_head(&mut stream).await? {
        let (status, kind, body) = world.answer(&host, &path, Step(step.load(Ordering::Relaxed)));
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// The path and host of the next request; `None` when the client is done.
async fn read_head(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, String)>> {
    let mut head = stream.take(MAX_HEAD_BYTES);
    let (mut path, mut host) = (None, String::new());
    loop {
        let mut line = String::new();
        if head.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(path.map(|path| (path, host)));
        }
        if path.is_none() {
            path = line.split(' ').nth(1).map(str::to_owned);
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            host = value
                .trim()
                .split(':')
                .next()
                .unwrap_or_default()
                .to_owned();
        }
    }
}
