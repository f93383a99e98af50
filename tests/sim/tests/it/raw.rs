// SPDX-License-Identifier: MIT OR Apache-2.0

//! A client of raw bytes over TCP or TLS, that shows what ordinary ones hide:
//! what came, and how the connection ended.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::sim::Sim;

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

/// Which hub port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Tcp,
    Tls,
}

pub const BOTH: [Over; 2] = [Over::Tcp, Over::Tls];

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// FIN, with TLS after `close_notify`.
    Fin,
    /// FIN without `close_notify`.
    Bare,
    /// RST.
    Rst,
}

/// A connection.
pub struct Raw {
    stream: Box<dyn Both>,
    tcp: TcpStream,
    bearer: String,
}

/// What came over a connection until it ended.
#[derive(Debug)]
pub struct Got {
    pub bytes: Vec<u8>,
    pub ended: Ended,
}

/// A reply's head and the bytes after it.
pub struct Parts {
    pub head: String,
    pub body: Vec<u8>,
}

impl Parts {
    pub fn of(bytes: &[u8]) -> Parts {
        let blank = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        let end = blank.expect("a whole head") + 4;
        Parts {
            head: String::from_utf8(bytes[..end].to_vec()).expect("a head of text"),
            body: bytes[end..].to_vec(),
        }
    }

    pub fn status(&self) -> u16 {
        self.head[9..12].parse().expect("a status")
    }

    /// A header's value by its name as the hub writes it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The Content-Length.
    pub fn length(&self) -> usize {
        let length = self.header("Content-Length").expect("a length");
        length.parse().expect("a number")
    }
}

fn socket(sim: &Sim, over: Over) -> io::Result<TcpStream> {
    let address = match over {
        Over::Tcp => sim.word("http").trim_start_matches("http://").to_owned(),
        Over::Tls => sim.word("https_address").to_owned(),
    };
    let tcp = TcpStream::connect(address)?;
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(tcp)
}

impl Raw {
    /// Connects; the TLS handshake comes with the first bytes.
    pub fn open(sim: &Sim, over: Over) -> io::Result<Raw> {
        let tcp = socket(sim, over)?;
        let kept = tcp.try_clone()?;
        let stream: Box<dyn Both> = match over {
            Over::Tcp => Box::new(tcp),
            Over::Tls => {
                let config = crate::tls::config(sim, &rustls::version::TLS13);
                let name = ServerName::try_from("localhost").expect("a name");
                let client = ClientConnection::new(config, name).expect("a client");
                Box::new(StreamOwned::new(client, tcp))
            }
        };
        let bearer = sim.full().to_owned();
        Ok(Raw {
            stream,
            tcp: kept,
            bearer,
        })
    }

    /// Sends a request below `/api/manager`; `extra` are whole header lines.
    pub fn send(&mut self, method: &str, path: &str, extra: &str, body: &str) -> io::Result<()> {
        let length = match method {
            "GET" => String::new(),
            _ => format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            ),
        };
        let text = format!(
            "{method} /api/manager{path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {}\r\n\
             {length}{extra}\r\n{body}",
            self.bearer
        );
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }

    /// Reads until the connection ends.
    pub fn rest(&mut self) -> Got {
        let mut bytes = Vec::new();
        let mut buf = [0u8; 4096];
        let ended = loop {
            match self.stream.read(&mut buf) {
                Ok(0) => break Ended::Fin,
                Ok(n) => bytes.extend_from_slice(&buf[..n]),
                Err(e) if e.kind() == ErrorKind::ConnectionReset => break Ended::Rst,
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => break Ended::Bare,
                Err(e) => panic!("{e} after {:?}", String::from_utf8_lossy(&bytes)),
            }
        };
        Got { bytes, ended }
    }

    /// Reads one piece.
    pub fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut buf = [0u8; 4096];
        let n = self.stream.read(&mut buf)?;
        Ok(buf[..n].to_vec())
    }

    /// Reads a reply with a Content-Length, no byte more.
    pub fn reply(&mut self) -> Parts {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut one = [0u8];
            self.stream.read_exact(&mut one).expect("a head");
            bytes.push(one[0]);
        }
        let mut parts = Parts::of(&bytes);
        parts.body = vec![0; parts.length()];
        self.stream.read_exact(&mut parts.body).expect("a body");
        parts
    }

    /// True when nothing comes within this time.
    pub fn quiet(&mut self, ms: u64) -> bool {
        let limit = |ms| self.tcp.set_read_timeout(Some(Duration::from_millis(ms)));
        limit(ms).expect("a time limit");
        let read = self.stream.read(&mut [0u8; 1]);
        let limit = |ms| self.tcp.set_read_timeout(Some(Duration::from_millis(ms)));
        limit(10_000).expect("a time limit");
        read.is_err_and(|e| matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

impl Sim {
    /// One request on a connection of its own, which the hub is to close
    /// afterwards: everything that came.
    pub fn raw(&self, over: Over, method: &str, path: &str, extra: &str, body: &str) -> Got {
        let mut raw = Raw::open(self, over).expect("a connection");
        let extra = format!("Connection: close\r\n{extra}");
        raw.send(method, path, &extra, body).expect("sent");
        raw.rest()
    }

    /// The same for GET, when a whole reply is expected.
    pub fn raw_get(&self, over: Over, path: &str, extra: &str) -> Parts {
        let got = self.raw(over, "GET", path, extra, "");
        assert_eq!(got.ended, Ended::Fin, "{path}");
        Parts::of(&got.bytes)
    }

    /// Sets a fault; its id.
    pub fn fault(&self, fault: serde_json::Value) -> u64 {
        let id = self.control("fault", fault)["id"].as_u64();
        id.expect("an id")
    }

    /// Writes and starts that were executed.
    pub fn executed(&self) -> (u64, u64) {
        let executed = &self.control("counters", serde_json::Value::Null)["executed"];
        let count = |key: &str| executed[key].as_u64().expect("a count");
        (count("writes"), count("starts"))
    }
}
