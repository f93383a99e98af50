// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP to a literal address, with or without TLS, never blocking. The loop's only way to a hub.
//!
//! The name for SNI and for the certificate is apart from the address that is dialled (design section 5), so
//! no DNS answer and no router's rebind protection stands between a panel and its hub.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, getsockopt, setsockopt, socket,
    sockopt,
};
use rustls::{ClientConfig, ClientConnection};

use super::verify::fault_of;
use super::{Dial, Error, Interest, Link, Phase, TlsFault, TlsName};

/// A packet unacknowledged for this long, in milliseconds, breaks the connection (N16): a hub that lost
/// power sends no RST.
const USER_TIMEOUT_MS: u32 = 5000;

/// Where to dial and how.
#[derive(Clone)]
pub struct Address {
    pub ip: IpAddr,
    pub port: u16,
    /// `None`: plain HTTP, only where the configuration says `http://`.
    pub tls: Option<(Arc<ClientConfig>, TlsName)>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

impl Dial for Address {
    fn dial(&mut self) -> Result<Box<dyn Link>, Error> {
        Ok(Box::new(Lan::start(self)?))
    }

    fn peer(&self) -> String {
        self.to_string()
    }
}

/// One connection.
pub struct Lan {
    peer: String,
    tcp: TcpStream,
    connected: bool,
    tls: Option<Tls>,
}

struct Tls {
    name: String,
    connection: Box<ClientConnection>,
}

impl Lan {
    /// Starts to connect. Errors where the kernel says no at once (no route, no descriptors).
    pub fn start(address: &Address) -> Result<Lan, Error> {
        let failed = |source: io::Error| Error::Connect {
            peer: address.to_string(),
            source,
        };
        let tls = match &address.tls {
            None => None,
            Some((config, name)) => {
                let connection = ClientConnection::new(config.clone(), name.clone())
                    .map_err(|e| tls_error(&address.to_string(), &name.to_str(), &e))?;
                Some(Tls {
                    name: name.to_str().into_owned(),
                    connection: Box::new(connection),
                })
            }
        };
        let family = if address.ip.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd: OwnedFd =
            socket(family, SockType::Stream, flags, None).map_err(|e| failed(e.into()))?;
        // A press is one small segment; waiting to fill one would cost more than it saves. Both options only
        // make things better, so a kernel without them is no reason not to connect.
        let _ = setsockopt(&fd, sockopt::TcpNoDelay, &true);
        let _ = setsockopt(&fd, sockopt::TcpUserTimeout, &USER_TIMEOUT_MS);
        let to: SockaddrStorage = match SocketAddr::new(address.ip, address.port) {
            SocketAddr::V4(v4) => v4.into(),
            SocketAddr::V6(v6) => v6.into(),
        };
        let connected = match connect(fd.as_raw_fd(), &to) {
            Ok(()) => true,
            Err(Errno::EINPROGRESS | Errno::EINTR) => false,
            Err(e) => return Err(failed(e.into())),
        };
        Ok(Lan {
            peer: address.to_string(),
            tcp: TcpStream::from(fd),
            connected,
            tls,
        })
    }

    fn finish_connect(&mut self) -> Result<bool, Error> {
        let failed = |source: io::Error| Error::Connect {
            peer: self.peer.clone(),
            source,
        };
        let pending = getsockopt(&self.tcp, sockopt::SocketError).map_err(|e| failed(e.into()))?;
        if pending != 0 {
            return Err(failed(io::Error::from_raw_os_error(pending)));
        }
        // No error and no peer means that the connection is still on its way.
        self.connected = self.tcp.peer_addr().is_ok();
        Ok(self.connected)
    }
}

fn tls_error(peer: &str, name: &str, error: &rustls::Error) -> Error {
    Error::Tls {
        peer: peer.to_string(),
        name: name.to_string(),
        fault: fault_of(error),
    }
}

impl Link for Lan {
    fn establish(&mut self) -> Result<bool, Error> {
        if !self.connected && !self.finish_connect()? {
            return Ok(false);
        }
        let Some(tls) = &mut self.tls else {
            return Ok(true);
        };
        handshake(&mut tls.connection, &mut self.tcp).map_err(|source| {
            // rustls's own errors come wrapped in io::Error; what they mean is worth more than that.
            match source
                .get_ref()
                .and_then(|e| e.downcast_ref::<rustls::Error>())
            {
                Some(e) => tls_error(&self.peer, &tls.name, e),
                None if source.kind() == io::ErrorKind::UnexpectedEof => Error::Tls {
                    peer: self.peer.clone(),
                    name: tls.name.clone(),
                    fault: TlsFault::Other(
                        "the other side closed the connection during the handshake".into(),
                    ),
                },
                None => Error::Closed {
                    peer: self.peer.clone(),
                    phase: Phase::Handshake,
                    source: Some(source),
                },
            }
        })
    }

    fn phase(&self) -> Phase {
        if self.connected {
            Phase::Handshake
        } else {
            Phase::Connect
        }
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.tcp.read(buf);
        };
        loop {
            match tls.connection.reader().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            // An end here without close_notify makes the reader above say UnexpectedEof, not 0.
            tls.connection.read_tls(&mut self.tcp)?;
            tls.connection
                .process_new_packets()
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        }
    }

    fn try_write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.tcp.write(buf),
            Some(tls) => tls.connection.writer().write(buf),
        }
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else {
            return Ok(true);
        };
        while tls.connection.wants_write() {
            match tls.connection.write_tls(&mut self.tcp) {
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)> {
        let interest = match &self.tls {
            _ if !self.connected => Interest::Write,
            Some(tls) if tls.connection.wants_write() => Interest::Both,
            _ => Interest::Read,
        };
        Some((self.tcp.as_fd(), interest))
    }
}

/// Moves the handshake on as far as the socket allows. `true`: done.
fn handshake(connection: &mut ClientConnection, tcp: &mut TcpStream) -> io::Result<bool> {
    loop {
        while connection.wants_write() {
            match connection.write_tls(tcp) {
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        if !connection.is_handshaking() {
            return Ok(true);
        }
        match connection.read_tls(tcp) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(e) => return Err(e),
        }
        if let Err(e) = connection.process_new_packets() {
            // The alert that says why should reach the other side; if it cannot, the reason here is enough.
            let _ = connection.write_tls(tcp);
            return Err(io::Error::new(io::ErrorKind::InvalidData, e));
        }
    }
}
