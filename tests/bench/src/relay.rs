// SPDX-License-Identifier: MIT OR Apache-2.0
//! A TCP relay between panel and hub that notes when each TLS record of the panel's passes, by the clock of this process.
//!
//! It reads the records' heads (RFC 8446 §5.1) and forwards everything as it comes. It can end connections, and it can
//! let new ones hang as a host does that answers no SYN. It does not know what is said inside.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use homey_rig::Result;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Backlog, listen};

/// TLS's type of a record with something inside.
const APPLICATION_DATA: u8 = 23;

/// One record of the panel's, seen when its first byte came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub when: Instant,
    pub connection: u64,
    /// Whether it carries anything but the handshake.
    pub data: bool,
    /// Bytes inside.
    pub len: usize,
}

#[derive(Default)]
struct Shared {
    records: Mutex<Vec<Record>>,
    /// Both ends of each connection that stands.
    open: Mutex<HashMap<u64, (TcpStream, TcpStream)>>,
    /// From the panel, from the hub.
    bytes: [AtomicU64; 2],
    /// When something last came from the hub.
    reply: Mutex<Option<Instant>>,
    closed: AtomicBool,
    ended: AtomicBool,
}

/// The relay; it ends with its owner.
pub struct Relay {
    pub address: SocketAddr,
    listener: Arc<TcpListener>,
    shared: Arc<Shared>,
    /// Connections of our own that fill the queue.
    plugs: Vec<TcpStream>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    /// Listens on a port of its own, in front of `hub`.
    pub fn new(hub: SocketAddr) -> Result<Relay> {
        let open = || -> io::Result<(TcpListener, SocketAddr)> {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = open().map_err(|e| format!("the relay's port: {e}"))?;
        let (listener, shared) = (Arc::new(listener), Arc::new(Shared::default()));
        let (own, state) = (listener.clone(), shared.clone());
        std::thread::spawn(move || accept(&own, hub, &state));
        Ok(Relay {
            address,
            listener,
            shared,
            plugs: Vec::new(),
        })
    }

    /// How many records there were.
    pub fn mark(&self) -> usize {
        lock(&self.shared.records).len()
    }

    /// Records from number `from` on.
    pub fn since(&self, from: usize) -> Vec<Record> {
        lock(&self.shared.records)
            .get(from..)
            .unwrap_or_default()
            .to_vec()
    }

    /// The first record from number `from` on that passes `test`, waited for.
    pub fn find(
        &self,
        from: usize,
        within: Duration,
        test: impl Fn(&Record) -> bool,
    ) -> Option<Record> {
        let end = Instant::now() + within;
        loop {
            if let Some(found) = self.since(from).into_iter().find(&test) {
                return Some(found);
            }
            if Instant::now() > end {
                return None;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    /// Bytes so far, from the panel and from the hub.
    pub fn bytes(&self) -> (u64, u64) {
        let count = |n: usize| self.shared.bytes[n].load(Ordering::Relaxed);
        (count(0), count(1))
    }

    /// When the hub last sent anything.
    pub fn last_reply(&self) -> Option<Instant> {
        *lock(&self.shared.reply)
    }

    /// Ends connections: that one, or all.
    pub fn cut(&self, which: Option<u64>) {
        lock(&self.shared.open).retain(|number, (panel, hub)| {
            let chosen = which.is_none_or(|w| w == *number);
            if chosen {
                let _ = panel.shutdown(Shutdown::Both);
                let _ = hub.shutdown(Shutdown::Both);
            }
            !chosen
        });
    }

    /// Lets new connections hang: the queue is full, so that the kernel answers no SYN.
    pub fn block(&mut self) -> Result<()> {
        self.shared.closed.store(true, Ordering::SeqCst);
        // What the accepting thread had begun is over by then.
        std::thread::sleep(Duration::from_millis(50));
        self.backlog(0)?;
        for _ in 0..16 {
            match TcpStream::connect_timeout(&self.address, Duration::from_millis(100)) {
                Ok(plug) => self.plugs.push(plug),
                Err(e) if e.kind() == io::ErrorKind::TimedOut => return Ok(()),
                Err(e) => return Err(format!("filling the relay's queue: {e}")),
            }
        }
        Err("this kernel's queue cannot be filled".into())
    }

    /// Takes connections again.
    pub fn unblock(&mut self) -> Result<()> {
        self.plugs.clear();
        self.backlog(128)?;
        self.shared.closed.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn backlog(&self, len: i32) -> Result<()> {
        Backlog::new(len)
            .and_then(|backlog| listen(&*self.listener, backlog))
            .map_err(|e| format!("the relay's queue: {e}"))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.cut(None);
    }
}

fn accept(listener: &TcpListener, hub: SocketAddr, shared: &Arc<Shared>) {
    let mut number = 0;
    while !shared.ended.load(Ordering::SeqCst) {
        if shared.closed.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, PollTimeout::from(20_u8));
        while !shared.closed.load(Ordering::SeqCst) {
            let Ok((panel, _)) = listener.accept() else {
                break;
            };
            number += 1;
            // A hub that is away ends the connection; a panel that went away again needs none.
            let _ = connect(number, panel, hub, shared);
        }
    }
}

fn connect(number: u64, panel: TcpStream, hub: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    panel.set_nonblocking(false)?;
    panel.set_nodelay(true)?;
    let hub = TcpStream::connect(hub)?;
    hub.set_nodelay(true)?;
    lock(&shared.open).insert(number, (panel.try_clone()?, hub.try_clone()?));
    let (own, from, to) = (shared.clone(), panel.try_clone()?, hub.try_clone()?);
    std::thread::spawn(move || {
        let mut heads = Heads::default();
        forward(from, to, |bytes| {
            own.bytes[0].fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let when = Instant::now();
            heads.read(bytes, |data, len| {
                lock(&own.records).push(Record {
                    when,
                    connection: number,
                    data,
                    len,
                });
            });
        });
        lock(&own.open).remove(&number);
    });
    let own = shared.clone();
    std::thread::spawn(move || {
        forward(hub, panel, |bytes| {
            own.bytes[1].fetch_add(bytes.len() as u64, Ordering::Relaxed);
            *lock(&own.reply) = Some(Instant::now());
        });
    });
    Ok(())
}

fn forward(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(n) => {
                see(&buffer[..n]);
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Finds the heads of TLS records in a stream that comes in pieces.
#[derive(Default)]
struct Heads {
    head: Vec<u8>,
    /// Bytes of the present record that are to come.
    left: usize,
}

impl Heads {
    fn read(&mut self, mut bytes: &[u8], mut found: impl FnMut(bool, usize)) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let n = self.left.min(bytes.len());
                self.left -= n;
                bytes = &bytes[n..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            if let [kind, _, _, high, low] = self.head[..] {
                self.left = usize::from(u16::from_be_bytes([high, low]));
                found(kind == APPLICATION_DATA, self.left);
                self.head.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_however_the_stream_is_cut() {
        let stream = b"\x16\x03\x01\x00\x02ab\x17\x03\x03\x01\x00".to_vec();
        let stream = [
            stream,
            vec![7; 256],
            b"\x17\x03\x03\x00\x00\x15\x03\x03\x00\x01x".to_vec(),
        ]
        .concat();
        for size in 1..stream.len() {
            let (mut heads, mut seen) = (Heads::default(), Vec::new());
            for piece in stream.chunks(size) {
                heads.read(piece, |data, len| seen.push((data, len)));
            }
            assert_eq!(
                seen,
                [(false, 2), (true, 256), (true, 0), (false, 1)],
                "{size}"
            );
        }
    }

    #[test]
    fn a_blocked_relay_answers_no_syn_until_it_is_opened() {
        let hub = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut relay = Relay::new(hub.local_addr().expect("an address")).expect("a relay");
        let wait = Duration::from_millis(300);
        relay.block().expect("a full queue");
        assert!(TcpStream::connect_timeout(&relay.address, wait).is_err());
        relay.unblock().expect("an empty queue");
        let mut client =
            TcpStream::connect_timeout(&relay.address, wait * 10).expect("a connection");
        client.write_all(b"\x17\x03\x03\x00\x01x").expect("a write");
        let found = relay.find(0, wait * 10, |r| r.data && r.len == 1);
        assert!(found.is_some());
    }
}
