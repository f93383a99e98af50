// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong between us and a hub, said so that an installer can act on it.
//!
//! The variants are what the loop decides by (link state, retry, backoff); the text is for people only.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::http::{BodyError, CodingError, FramingError, HeadError};

/// Where an exchange was.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    Connect,
    Handshake,
    Send,
    /// Waiting for the first byte of the reply.
    FirstByte,
    Head,
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "connecting",
            Phase::Handshake => "the TLS handshake",
            Phase::Send => "sending the request",
            Phase::FirstByte => "waiting for the reply",
            Phase::Head => "reading the head of the reply",
            Phase::Body => "reading the body of the reply",
        })
    }
}

/// Why TLS did not come about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TlsFault {
    /// The certificate starts in the future of our clock: most likely the clock is wrong.
    NotYetValid {
        our_year: i64,
    },
    Expired,
    /// The certificate is for other names.
    WrongName {
        presented: Vec<String>,
    },
    /// No chain to a trusted root. `pin` is what to configure to trust this very key.
    Untrusted {
        self_signed: bool,
        pin: String,
    },
    /// A pin is configured and the key is another one.
    WrongPin {
        pin: String,
    },
    /// The other side ended the handshake with this alert.
    Alert(String),
    /// It does not speak TLS here.
    NotTls,
    Other(String),
}

/// What ended an exchange.
#[derive(Debug)]
pub enum Error {
    /// TCP did not connect. `peer` is the literal address.
    Connect {
        peer: String,
        source: io::Error,
    },
    Tls {
        peer: String,
        name: String,
        fault: TlsFault,
    },
    /// A deadline of its own passed.
    Deadline {
        peer: String,
        phase: Phase,
        after: Duration,
    },
    /// The connection ended or broke in this phase. `source` is `None` for an orderly end.
    Closed {
        peer: String,
        phase: Phase,
        source: Option<io::Error>,
    },
    Head {
        peer: String,
        source: HeadError,
    },
    Framing {
        peer: String,
        source: FramingError,
    },
    Body {
        peer: String,
        source: BodyError,
    },
    Coding {
        peer: String,
        source: CodingError,
    },
    /// The reply is larger than the caller allows.
    TooLarge {
        limit: usize,
    },
    /// A proxy, a name look-up or something else outside the exchange.
    Route(String),
    /// Trust could not be set up: no CA bundle, unreadable file.
    Trust(String),
    /// The program is stopping or reloading.
    Cancelled,
}

impl Error {
    /// Takes an [`Error`] or a coding error out of the `io::Error` that carried it through a reader.
    pub fn from_io(error: io::Error) -> Error {
        if let Some(source) = CodingError::of(&error) {
            return Error::Coding {
                peer: "the hub".into(),
                source: source.clone(),
            };
        }
        match error.downcast::<Error>() {
            Ok(inner) => inner,
            Err(other) => Error::Closed {
                peer: "the hub".into(),
                phase: Phase::Body,
                source: Some(other),
            },
        }
    }

    /// Nothing answers at that address at all: no route, no such neighbour, no network here.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Error::Connect { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::NetworkDown
            ),
            _ => false,
        }
    }

    /// Somebody answers there, but it is not the hub that was meant.
    pub fn is_wrong_host(&self) -> bool {
        matches!(
            self,
            Error::Head { .. }
                | Error::Tls {
                    fault: TlsFault::Expired
                        | TlsFault::WrongName { .. }
                        | TlsFault::Untrusted { .. }
                        | TlsFault::WrongPin { .. }
                        | TlsFault::NotTls,
                    ..
                }
        )
    }

    /// Our clock is behind the certificate's first day.
    pub fn is_clock(&self) -> bool {
        matches!(
            self,
            Error::Tls {
                fault: TlsFault::NotYetValid { .. },
                ..
            }
        )
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFault::NotYetValid { our_year } => {
                write!(
                    f,
                    "the certificate is not valid yet; the clock here says year {our_year}: set the clock (NTP)"
                )
            }
            TlsFault::Expired => f.write_str(
                "the certificate has expired; renew it on the hub, or check the clock here",
            ),
            TlsFault::WrongName { presented } if presented.is_empty() => f.write_str(
                "the certificate is for another name; check the address, or set tls_name",
            ),
            TlsFault::WrongName { presented } => write!(
                f,
                "the certificate is for {}; check the address, or set tls_name",
                presented.join(", ")
            ),
            TlsFault::Untrusted {
                self_signed: true,
                pin,
            } => write!(
                f,
                "the certificate is self-signed; to trust exactly this key set pin = \"{pin}\" under [trust] (or --pin)"
            ),
            TlsFault::Untrusted {
                self_signed: false,
                pin,
            } => write!(
                f,
                "the certificate is from an unknown issuer; set ca_file (or --cacert), or trust exactly this key with pin = \"{pin}\" under [trust] (or --pin)"
            ),
            TlsFault::WrongPin { pin } => write!(
                f,
                "the key is not the pinned one; if the hub got a new certificate on purpose, set pin = \"{pin}\""
            ),
            TlsFault::Alert(alert) => write!(
                f,
                "the other side refused the handshake ({alert}); a hub needs its dashed homeylocal name, like 192-168-1-17.homey.homeylocal.com, not a bare address"
            ),
            TlsFault::NotTls => f.write_str(
                "no TLS is spoken there; use http:// if that is meant, or check the port",
            ),
            TlsFault::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connect { peer, source } => match source.kind() {
                io::ErrorKind::ConnectionRefused => {
                    write!(
                        f,
                        "connecting to {peer}: refused; nothing listens there (is the hub starting? is the port right?)"
                    )
                }
                io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown => {
                    write!(
                        f,
                        "connecting to {peer}: no route; check the network here and the hub's address"
                    )
                }
                _ => write!(f, "connecting to {peer}: {source}"),
            },
            Error::Tls { peer, name, fault } => write!(f, "TLS to {name} at {peer}: {fault}"),
            Error::Deadline { peer, phase, after } => write!(
                f,
                "{phase} ({peer}): no answer within {:.1} s; check that this is the hub's address",
                after.as_secs_f64()
            ),
            Error::Closed {
                peer,
                phase,
                source: Some(e),
            } => write!(f, "{phase} ({peer}): the connection broke: {e}"),
            Error::Closed {
                peer,
                phase,
                source: None,
            } => {
                write!(
                    f,
                    "{phase} ({peer}): the other side closed the connection; the reply is not complete"
                )
            }
            Error::Head { peer, source } => write!(f, "reply from {peer}: {source}"),
            Error::Framing { peer, source } => write!(f, "reply from {peer}: {source}"),
            Error::Body { peer, source } => write!(f, "body from {peer}: {source}"),
            Error::Coding { peer, source } => write!(f, "body from {peer}: {source}"),
            Error::TooLarge { limit } => {
                write!(f, "the reply is larger than the {limit} bytes allowed here")
            }
            Error::Route(text) | Error::Trust(text) => f.write_str(text),
            Error::Cancelled => f.write_str("given up: the program is stopping or reloading"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Connect { source, .. } => Some(source),
            Error::Closed {
                source: Some(source),
                ..
            } => Some(source),
            Error::Head { source, .. } => Some(source),
            Error::Framing { source, .. } => Some(source),
            Error::Body { source, .. } => Some(source),
            Error::Coding { source, .. } => Some(source),
            _ => None,
        }
    }
}
