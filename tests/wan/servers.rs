// SPDX-License-Identifier: MIT OR Apache-2.0
//! Servers on the loopback: plain, TLS, silent, and ones that follow a script to the byte.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use homey_rig::spared;

/// Serves every connection on a thread of its own, until the process ends.
fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let each = Arc::new(each);
    thread::spawn(move || {
        let _own_side = spared();
        for tcp in listener.incoming().map_while(Result::ok) {
            let each = each.clone();
            thread::spawn(move || {
                let _own_side = spared();
                each(tcp)
            });
        }
    });
    address
}

/// Answers every request on a connection with `body`.
fn answer(stream: &mut (impl Read + Write), body: &str) {
    let mut request = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|n| n == 1) {
        request.push(byte[0]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            let length = body.len();
            let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            if stream.write_all(reply.as_bytes()).is_err() || stream.flush().is_err() {
                return;
            }
        }
    }
}

/// Plain HTTP; every body is `hello`.
pub fn http() -> SocketAddr {
    serve(|mut tcp| answer(&mut tcp, "hello"))
}

/// Takes connections and whatever comes on them, and says nothing.
pub fn silent() -> SocketAddr {
    serve(|mut tcp| while tcp.read(&mut [0; 64]).is_ok_and(|n| n > 0) {})
}

/// Says one byte of `text` every 20 ms, over and over.
pub fn drip(text: &'static str) -> SocketAddr {
    serve(|mut tcp| {
        for byte in text.bytes().cycle() {
            thread::sleep(std::time::Duration::from_millis(20));
            if tcp.write_all(&[byte]).is_err() {
                return;
            }
        }
    })
}

/// Waits for just these bytes and says `reply`; then serves as [`http`]. What came goes into the channel too.
pub fn scripted(expected: &'static str, reply: &'static [u8]) -> (SocketAddr, Receiver<String>) {
    let (sender, receiver) = channel();
    let address = serve(move |mut tcp| {
        let mut got = vec![0; expected.len()];
        tcp.read_exact(&mut got).unwrap();
        sender.send(String::from_utf8(got).unwrap()).unwrap();
        tcp.write_all(reply).unwrap();
        answer(&mut tcp, "hello");
    });
    (address, receiver)
}

/// A port where nothing listens.
pub fn closed() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A directory of its own that goes with the value.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("homey-panel-wan-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// HTTP over TLS with a certificate for `name`; every body is the name that came in SNI.
pub struct TlsServer {
    pub address: SocketAddr,
    /// What trusts it.
    pub ca: PathBuf,
    _scratch: Scratch,
}

pub fn tls(name: &str) -> TlsServer {
    let scratch = Scratch::new();
    let (ca, key) = certificate(&scratch, name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&ca).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let address = serve(move |tcp| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                return;
            }
        }
        let name = stream.conn.server_name().unwrap_or("none").to_string();
        answer(&mut stream, &name);
    });
    TlsServer {
        address,
        ca,
        _scratch: scratch,
    }
}

fn certificate(scratch: &Scratch, name: &str) -> (PathBuf, PathBuf) {
    let config = scratch.write(
        "openssl.cnf",
        &format!(
            "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\nCN={name}\n\
             [ext]\nsubjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n"
        ),
    );
    let (certificate, key) = (scratch.path("certificate.pem"), scratch.path("key.pem"));
    let path = |path: &Path| path.to_str().unwrap().to_string();
    let status = Command::new("openssl")
        .args(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(' '),
        )
        .args(["-config", &path(&config), "-keyout", &path(&key)])
        .args(["-out", &path(&certificate)])
        .output()
        .expect("openssl makes the certificates of these tests: apt-get install openssl");
    assert!(status.status.success(), "{status:?}");
    (certificate, key)
}
