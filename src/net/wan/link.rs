// SPDX-License-Identifier: MIT OR Apache-2.0
//! A connection that blocks by itself, up to a deadline: ureq's transport, and TLS of ours on top.

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection};
use ureq::Timeout;
use ureq::unversioned::transport::Transport;

use super::super::verify::fault_of;
use super::super::{Error, Interest, Link, Phase, TlsFault, TlsName};
use super::chain::{io_error, left};

/// Far enough for every timeout that means "none".
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// `now` and a timeout, without overflow.
pub(super) fn deadline_after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(FAR)
}

/// One connection, by way of whatever stands between.
pub(super) struct Connection {
    peer: String,
    /// The whole time for connecting and the handshake, for the error text.
    timeout: Duration,
    stream: Stream,
    tls: Option<Tls>,
}

struct Tls {
    name: String,
    connection: Box<ClientConnection>,
}

impl Connection {
    /// `deadline` bounds the handshake; after it `allow` says how long reading and writing may block.
    pub(super) fn new(
        peer: String,
        timeout: Duration,
        deadline: Instant,
        transport: Box<dyn Transport>,
        tls: Option<&(Arc<ClientConfig>, TlsName)>,
    ) -> Result<Connection, Error> {
        let tls = match tls {
            None => None,
            Some((config, name)) => {
                let connection = ClientConnection::new(config.clone(), name.clone())
                    .map_err(|e| tls_error(&peer, &name.to_str(), &e))?;
                Some(Tls {
                    name: name.to_str().into_owned(),
                    connection: Box::new(connection),
                })
            }
        };
        let stream = Stream {
            transport,
            deadline,
            broken: false,
        };
        Ok(Connection {
            peer,
            timeout,
            stream,
            tls,
        })
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.stream.read(buf);
        };
        loop {
            match tls.connection.reader().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            // An end here without close_notify makes the reader above say UnexpectedEof, not 0.
            tls.connection.read_tls(&mut self.stream)?;
            tls.connection
                .process_new_packets()
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        }
    }
}

fn tls_error(peer: &str, name: &str, error: &rustls::Error) -> Error {
    let (peer, name) = (peer.to_string(), name.to_string());
    Error::Tls {
        peer,
        name,
        fault: fault_of(error),
    }
}

impl Link for Connection {
    fn establish(&mut self) -> Result<bool, Error> {
        let Some(tls) = &mut self.tls else {
            return Ok(true);
        };
        while tls.connection.is_handshaking() || tls.connection.wants_write() {
            let Err(source) = tls.connection.complete_io(&mut self.stream) else {
                continue;
            };
            let peer = self.peer.clone();
            // rustls's own errors come wrapped in io::Error; what they mean is worth more than that.
            let inner = source.get_ref().and_then(|e| e.downcast_ref());
            return Err(match (inner, source.kind()) {
                (Some(e), _) => tls_error(&peer, &tls.name, e),
                (None, io::ErrorKind::UnexpectedEof) => Error::Tls {
                    peer,
                    name: tls.name.clone(),
                    fault: TlsFault::Other(
                        "the other side closed the connection during the handshake".into(),
                    ),
                },
                (None, io::ErrorKind::TimedOut) if self.stream.is_over() => Error::Deadline {
                    peer,
                    phase: Phase::Handshake,
                    after: self.timeout,
                },
                (None, _) => Error::Closed {
                    peer,
                    phase: Phase::Handshake,
                    source: Some(source),
                },
            });
        }
        Ok(true)
    }

    fn phase(&self) -> Phase {
        // A connection that exists is connected.
        Phase::Handshake
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.read(buf) {
            // The time that was allowed is used up and nothing is lost: to the caller nothing is there yet.
            Err(e) if e.kind() == io::ErrorKind::TimedOut && self.stream.is_over() => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            other => other,
        }
    }

    fn try_write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.stream.write(buf),
            Some(tls) => tls.connection.writer().write(buf),
        }
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        if let Some(tls) = &mut self.tls {
            while tls.connection.wants_write() {
                tls.connection.write_tls(&mut self.stream)?;
            }
        }
        Ok(true)
    }

    fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)> {
        None
    }

    fn allow(&mut self, timeout: Duration) {
        self.stream.deadline = deadline_after(timeout);
    }
}

/// Bytes over ureq's transport.
struct Stream {
    transport: Box<dyn Transport>,
    deadline: Instant,
    /// A write failed: how much of it has left nobody knows.
    broken: bool,
}

impl Stream {
    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.transport.buffers().input().is_empty() {
            let timeout = left(self.deadline, Timeout::RecvResponse);
            self.transport.await_input(timeout).map_err(io_error)?;
        }
        let buffers = self.transport.buffers();
        let n = Read::read(&mut buffers.input(), buf)?;
        buffers.input_consume(n);
        Ok(n)
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = Write::write(&mut self.transport.buffers().output(), buf)?;
        let timeout = left(self.deadline, Timeout::SendRequest);
        let sent = self.transport.transmit_output(n, timeout);
        self.broken = sent.is_err();
        sent.map(|()| n).map_err(io_error)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
