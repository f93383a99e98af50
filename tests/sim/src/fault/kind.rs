// SPDX-License-Identifier: MIT OR Apache-2.0

//! What can go wrong on purpose (api.md 16), as values.
//!
//! It knows neither how a fault is asked for (`ask`) nor how it is done
//! (`exchange` for requests, `listen` for connections).

use std::time::Duration;

use crate::pki::Which;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// FIN; with TLS `close_notify` first, unless that is left out as a
    /// process that dies leaves it out.
    Close {
        /// Whether TLS says goodbye.
        notify: bool,
    },
    /// RST.
    Rst,
}

/// Where in an exchange something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request has been read and is not executed yet.
    Request,
    /// It was executed, nothing of the reply is sent: an ambiguous write.
    Head,
    /// In the middle of the reply's body.
    Body,
    /// After the whole reply, on the kept connection.
    Idle,
}

/// Where in a new connection something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// As soon as it is accepted.
    Accept,
    /// When the ClientHello is there.
    Handshake,
}

/// How the body of a reply is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Coding {
    Identity,
    Gzip,
    Br,
    /// What HTTP means by it: zlib's wrapper (RFC 9110, 8.4.1.2).
    Deflate,
    /// What some servers send under that name: no wrapper.
    RawDeflate,
}

/// A status instead of the reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// 401, 403, 404, 429, 500, 502, 503 or 504.
    pub code: u16,
    /// Whether the request is executed all the same.
    pub executed: bool,
    /// The header of that name.
    pub retry_after: Option<String>,
    /// The 403 of a missing scope instead of the licence's.
    pub scopes: bool,
    /// The machine-readable error instead of the usual one.
    pub error: Option<String>,
}

/// One kind of fault with what it needs to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// No listening sockets, so long or until removed.
    Refuse {
        /// How long.
        time: Option<Duration>,
        /// Whether kept connections are cut too.
        cut: bool,
    },
    /// Accepted, never read, never answered; so long or for ever.
    Silent(Option<Duration>),
    /// A pause after the ClientHello.
    StallHandshake(Option<Duration>),
    /// A new connection ends.
    EndArrival(Arrived, End),
    /// A handshake with another certificate.
    Certificate(Which),
    /// A pause in an exchange, so long or for ever.
    Stall(Phase, Option<Duration>),
    /// A reply in small pieces.
    Drip {
        /// Its head too, not only its body.
        head: bool,
        /// Time between two pieces.
        every: Duration,
        /// Bytes of a piece.
        size: usize,
    },
    /// The connection ends in an exchange, the phase `Idle` after the delay.
    End(Phase, End, Duration),
    /// A chunked reply with chunks of so many bytes.
    Chunked(usize),
    /// A reply in this coding, whatever was offered.
    Coding(Coding),
    /// JSON that ends in its middle, framed rightly.
    TruncatedJson,
    /// A Content-Length that is wrong by so much.
    WrongLength(i64),
    /// A status instead of the reply.
    Status(Status),
    /// A login page of somebody else's.
    Portal,
    /// Another hub's id; one made from the hub's own when none is given.
    WrongId(Option<String>),
}

impl Kind {
    /// True for those that a connection meets rather than a request.
    pub fn of_connection(&self) -> bool {
        use Kind::{Certificate, EndArrival, Refuse, Silent, StallHandshake};
        matches!(
            self,
            Refuse { .. } | Silent(_) | StallHandshake(_) | EndArrival(..) | Certificate(_)
        )
    }

    /// True for those that need a TLS handshake to show.
    pub fn of_handshake(&self) -> bool {
        matches!(
            self,
            Kind::StallHandshake(_)
                | Kind::EndArrival(Arrived::Handshake, _)
                | Kind::Certificate(_)
        )
    }
}
