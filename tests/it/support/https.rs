//! A TLS server on 127.0.0.1 that shows a certificate of our choice and answers 200 to everything.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use url::Url;

/// The authority that signed all certificates here, PEM.
pub const CA_PEM: &[u8] = include_bytes!("https/ca.pem");
/// For `localhost` and 127.0.0.1.
pub const GOOD_PEM: &[u8] = include_bytes!("https/good.pem");
/// For another name.
pub const OTHER_PEM: &[u8] = include_bytes!("https/other.pem");
/// Ended in 2021.
pub const EXPIRED_PEM: &[u8] = include_bytes!("https/expired.pem");

/// Serves until the test process ends; its address.
pub fn serve(certificate_pem: &[u8]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://{}/rss", listener.local_addr().unwrap())).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate_pem).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("https/server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = Arc::new(
        config
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap(),
    );
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            // A client that refuses the certificate is what most tests are about.
            answer(socket.unwrap(), Arc::clone(&config)).ok();
        }
    });
    url
}

fn answer(mut socket: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let mut tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = Stream::new(&mut tls, &mut socket);
    let mut head = [0; 4096];
    let _asked = stream.read(&mut head)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<rss/>")?;
    stream.conn.send_close_notify();
    stream.flush()
}
