// SPDX-License-Identifier: MIT OR Apache-2.0

//! A websocket that says and hears literal frames.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use tungstenite::{Message, WebSocket};

use crate::raw::Over;
use crate::sim::Sim;

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

/// A connection to `/socket.io/`.
pub struct Frames(WebSocket<Box<dyn Both>>);

impl Frames {
    /// Upgrades a connection.
    pub fn open(sim: &Sim, over: Over, eio: &str) -> Frames {
        let address = match over {
            Over::Tcp => sim.word("http").trim_start_matches("http://"),
            Over::Tls => sim.word("https_address"),
        };
        let stream = TcpStream::connect(address).expect("a connection");
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("a time limit");
        let stream: Box<dyn Both> = match over {
            Over::Tcp => Box::new(stream),
            Over::Tls => {
                let config = crate::tls::config(sim, &rustls::version::TLS13);
                let name = ServerName::try_from("localhost").expect("a name");
                let client = ClientConnection::new(config, name).expect("a client");
                Box::new(StreamOwned::new(client, stream))
            }
        };
        let url = format!("ws://{address}/socket.io/?EIO={eio}&transport=websocket");
        match tungstenite::client(url, stream) {
            Ok((socket, _)) => Frames(socket),
            Err(e) => panic!("no upgrade: {e}"),
        }
    }

    pub fn say(&mut self, frame: &str) {
        self.0
            .send(Message::Text(frame.to_owned()))
            .expect("it is sent");
    }

    /// The next frame; "closed" or "cut" at the end.
    pub fn hear(&mut self) -> String {
        match self.0.read() {
            Ok(Message::Text(text)) => text,
            Ok(Message::Close(_)) => "closed".to_owned(),
            Ok(other) => panic!("an unexpected frame {other:?}"),
            Err(tungstenite::Error::Io(e)) if e.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("nothing was heard")
            }
            Err(_) => "cut".to_owned(),
        }
    }

    /// Plays lines: `>` is said, `<` must be heard; `#ID` stands for anything
    /// up to the next quote.
    pub fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match line.split_at(1) {
                (">", frame) => self.say(frame.trim_start()),
                (_, wanted) => {
                    let (heard, wanted) = (self.hear(), wanted.trim_start());
                    assert!(fits(&heard, wanted), "heard {heard}\nnot   {wanted}");
                }
            }
        }
    }
}

fn fits(heard: &str, wanted: &str) -> bool {
    let mut rest = heard;
    let mut parts = wanted.split("#ID");
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    for part in parts {
        let end = rest.find(['"', ',', '}']).unwrap_or(rest.len());
        match rest[end..].strip_prefix(part) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}
