// SPDX-License-Identifier: MIT OR Apache-2.0

//! The realtime endpoint over the relay, and when the hub moves.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;

use crate::sim::Sim;

const OPEN: &str = "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: x\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A short text as a client sends it (RFC 6455, 5.2), masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let mut bytes = vec![0x81, 0xfe];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Reads until a piece has come.
fn until(stream: &mut impl Read, piece: &str) -> String {
    let mut got = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if text.contains(piece) {
            return text;
        }
        let mut buffer = [0u8; 1024];
        let n = stream
            .read(&mut buffer)
            .unwrap_or_else(|e| panic!("{e} after {text:?}"));
        assert!(n > 0, "the end after {text:?}");
        got.extend_from_slice(&buffer[..n]);
    }
}

fn limited(address: &str) -> TcpStream {
    let tcp = TcpStream::connect(address).expect("a connection");
    tcp.set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a time limit");
    tcp
}

#[test]
fn the_relay_takes_sessions_and_no_keys() {
    let sim = Sim::start(&["--devices", "0"]);
    let relay = |bearer: &str| {
        let config = crate::tls::config(&sim, &rustls::version::TLS13);
        let name = ServerName::try_from("localhost").expect("a name");
        let client = ClientConnection::new(config, name).expect("a client");
        let mut stream = StreamOwned::new(client, limited(sim.word("relay_address")));
        stream.write_all(OPEN.as_bytes()).expect("sent");
        until(&mut stream, "40");
        let ask = json!(["handshakeClient", {"token": bearer, "homeyId": sim.word("hub_id")}]);
        stream
            .write_all(&frame(&format!("420{ask}")))
            .expect("sent");
        until(&mut stream, "]")
    };
    let good = relay(sim.word("session_token"));
    assert!(good.contains("430[null,{\"success\":true"), "{good}");
    let bad = relay(sim.full());
    assert!(
        bad.contains("430[{") && bad.contains("invalid_token"),
        "{bad}"
    );
}

#[test]
fn a_websocket_ends_when_the_hub_moves_unless_nobody_ends_it() {
    let sim = Sim::start(&["--devices", "0"]);
    let at = |ip: &str| {
        let port = sim.word("http").rsplit(':').next().expect("a port");
        let mut tcp = limited(&format!("{ip}:{port}"));
        tcp.write_all(OPEN.as_bytes()).expect("sent");
        until(&mut tcp, "40");
        tcp
    };
    let mut first = at("127.0.0.1");
    // Cuts of other ports are none of its.
    sim.control("cloud/options", json!({"down": true}));
    first
        .set_read_timeout(Some(Duration::from_millis(100)))
        .expect("a time limit");
    let read = first.read(&mut [0u8; 1]);
    assert!(read.is_err_and(|e| e.kind() == ErrorKind::WouldBlock));
    sim.control("address", json!({"ip": "127.0.0.2"}));
    let read = first.read(&mut [0u8; 1]);
    assert!(read.is_err_and(|e| e.kind() == ErrorKind::ConnectionReset));

    let mut second = at("127.0.0.2");
    sim.control("address", json!({"ip": "127.0.0.1", "silent": true}));
    second
        .set_read_timeout(Some(Duration::from_millis(100)))
        .expect("a time limit");
    second.write_all(&frame("2")).expect("sent");
    let read = second.read(&mut [0u8; 1]);
    assert!(read.is_err_and(|e| e.kind() == ErrorKind::WouldBlock));
}
