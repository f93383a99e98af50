// SPDX-License-Identifier: MIT OR Apache-2.0
//! Servers on the loopback, each a thread that does what a test hands it, one connection after the other.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::spared;

/// What is done with the next connection; it is closed at the end.
pub type Turn = Box<dyn FnOnce(TcpStream) + Send>;

/// A listener that takes one connection for each turn it is given.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    turns: Sender<Turn>,
}

impl Server {
    /// On a free port of 127.0.0.1.
    pub fn start() -> Server {
        Server::on("127.0.0.1:0").expect("a port of the loopback")
    }

    /// At this address.
    pub fn on(addr: &str) -> std::io::Result<Server> {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let (turns, todo) = channel::<Turn>();
        thread::spawn(move || {
            let _own_side = spared();
            while let Ok(turn) = todo.recv() {
                let Ok((tcp, _)) = listener.accept() else {
                    return;
                };
                // A test that went wrong must not leave a thread waiting for ever.
                let _ = tcp.set_read_timeout(Some(Duration::from_secs(30)));
                let _ = tcp.set_nodelay(true);
                turn(tcp);
            }
        });
        Ok(Server { addr, turns })
    }

    /// What to do with the next connection that has no turn yet.
    pub fn next(&self, turn: impl FnOnce(TcpStream) + Send + 'static) {
        let _ = self.turns.send(Box::new(turn));
    }

    /// The same, and what it finds out.
    pub fn ask<T: Send + 'static>(
        &self,
        turn: impl FnOnce(TcpStream) -> T + Send + 'static,
    ) -> Receiver<T> {
        let (sender, receiver) = channel();
        self.next(move |tcp| {
            let _ = sender.send(turn(tcp));
        });
        receiver
    }
}

/// Reads a head, byte by byte so that nothing beyond it is taken; what came of it before the end.
pub fn read_head(stream: &mut impl Read) -> Vec<u8> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    head
}

/// Reads so many bytes, or as many as come.
pub fn read_len(stream: &mut impl Read, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.take(len as u64).read_to_end(&mut bytes);
    bytes
}

/// Waits for the other side to close.
pub fn wait_for_end(stream: &mut impl Read) {
    let mut rest = [0; 256];
    while matches!(stream.read(&mut rest), Ok(1..)) {}
}
