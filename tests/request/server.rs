// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server that is a script: it records every byte of a request and answers with the bytes it was given.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request is over when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(80);

/// What one connection is answered with.
pub type Answer = dyn Fn(&mut TcpStream) -> io::Result<()> + Send + Sync;

/// A listening script.
pub struct Server {
    pub port: u16,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    /// Answers every connection with these bytes and closes it.
    pub fn with(reply: impl Into<Vec<u8>>) -> Server {
        let reply = reply.into();
        Server::script(move |peer| peer.write_all(&reply))
    }

    /// `200` with a short body.
    pub fn ok() -> Server {
        Server::with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
    }

    pub fn json(status: &str, body: &str) -> Server {
        let length = body.len();
        Server::with(format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// Answers every connection, each in a thread of its own, by `answer`, then closes it.
    pub fn script(
        answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Server {
        Server::listen("127.0.0.1:0", Arc::new(answer))
    }

    pub fn listen(at: &str, answer: Arc<Answer>) -> Server {
        let listener = TcpListener::bind(at).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let record = requests.clone();
        // Ends with the test process.
        thread::spawn(move || {
            for peer in listener.incoming().flatten() {
                let (record, answer) = (record.clone(), answer.clone());
                thread::spawn(move || serve(peer, &record, &answer));
            }
        });
        Server { port, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address as `[hub]` has it.
    pub fn address(&self) -> String {
        self.url("")
    }

    /// The requests so far, as text.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|r| String::from_utf8(r.clone()).unwrap())
            .collect()
    }

    /// The one request so far, its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let requests = self.requests.lock().unwrap();
        assert_eq!(requests.len(), 1, "requests");
        requests[0].clone()
    }

    /// The one request so far.
    pub fn request(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

fn serve(mut peer: TcpStream, record: &Mutex<Vec<Vec<u8>>>, answer: &Arc<Answer>) {
    let _ = peer.set_nodelay(true);
    let request = read_request(&mut peer);
    record.lock().unwrap().push(request);
    // The client may have had enough at any time.
    let _ = answer(&mut peer);
}

/// Reads a head and the body that it announces; where it announces none or too little, until it is quiet.
pub fn read_request(peer: &mut TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    let mut piece = [0; 64 * 1024];
    while !got.ends_with(b"\r\n\r\n") {
        match peer.read(&mut piece[..1]) {
            Ok(n) if n > 0 => got.extend_from_slice(&piece[..n]),
            _ => return got,
        }
    }
    let is_bare = got.starts_with(b"GET ") && !contains(&got, b"\r\ncontent-length:");
    if is_bare || got.starts_with(b"HEAD ") || got.starts_with(b"CONNECT ") {
        return got;
    }
    peer.set_read_timeout(Some(QUIET)).unwrap();
    while let Ok(n) = peer.read(&mut piece) {
        if n == 0 {
            break;
        }
        got.extend_from_slice(&piece[..n]);
    }
    peer.set_read_timeout(None).unwrap();
    got
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.to_ascii_lowercase()
        .windows(word.len())
        .any(|w| w == word)
}

/// Writes byte by byte, or in as many pieces as keep a long reply short of a second.
pub fn drip(peer: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let size = 1 + bytes.len() / 4000;
    for piece in bytes.chunks(size) {
        peer.write_all(piece)?;
        thread::sleep(Duration::from_micros(20));
    }
    Ok(())
}

/// Waits until the other side has gone.
pub fn hold(peer: &mut TcpStream) -> io::Result<()> {
    let mut sink = [0; 1024];
    while peer.read(&mut sink)? > 0 {}
    Ok(())
}
