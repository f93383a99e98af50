// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a connection may carry another request after a reply, with the reason as data (RFC 9112 §9.3).
//!
//! Judges the reply only. What the request asked for (`Connection: close`) and what went wrong on the way is the caller's.

use std::fmt;
use std::time::Duration;

use super::field::{digits, elements};
use super::framing::Framing;
use super::response::ResponseHead;

/// What the reply says about its connection, once its content is read to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// It may carry another request.
    Keep,
    /// It must be closed.
    Close(CloseReason),
}

/// Why a connection must not carry another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The reply has the connection option `close`.
    CloseOption,
    /// The reply is HTTP/1.0 and does not have the connection option `keep-alive`.
    Http10,
    /// The end of the content is the end of the connection.
    UntilClose,
    /// The reply has Transfer-Encoding and Content-Length.
    TwoFramings,
    /// The reply is HTTP/1.0 and has Transfer-Encoding.
    TransferCodingOnHttp10,
    /// The connection is a tunnel now.
    Tunnel,
}

/// Whether the connection outlives the reply `head`, framed as `framing`, to a request with `method`.
///
/// Interim replies ([`ResponseHead::is_interim`]) always keep it: the final reply is still to come.
pub fn persistence(method: &str, head: &ResponseHead, framing: Framing) -> Persistence {
    if head.is_interim() {
        return Persistence::Keep;
    }
    match close_reason(method, head, framing) {
        Some(reason) => Persistence::Close(reason),
        None => Persistence::Keep,
    }
}

fn close_reason(method: &str, head: &ResponseHead, framing: Framing) -> Option<CloseReason> {
    let has_option = |option: &[u8]| {
        head.get_all("Connection")
            .flat_map(elements)
            .any(|found| found.eq_ignore_ascii_case(option))
    };
    let has_transfer_codings = head.get("Transfer-Encoding").is_some();
    if method == "CONNECT" && (200..300).contains(&head.status()) {
        Some(CloseReason::Tunnel)
    } else if framing == Framing::UntilClose {
        Some(CloseReason::UntilClose)
    } else if has_option(b"close") {
        Some(CloseReason::CloseOption)
    } else if has_transfer_codings && head.minor_version() == 0 {
        // RFC 9112 §6.1: "MUST treat the message as if the framing is faulty, even if a Content-Length is present, and
        // close the connection after processing the message".
        Some(CloseReason::TransferCodingOnHttp10)
    } else if has_transfer_codings && head.get("Content-Length").is_some() {
        // RFC 9112 §6.1: such a message is a sign of smuggling; a server "MUST close the connection after responding",
        // and a client that reads on may read what someone else put there.
        Some(CloseReason::TwoFramings)
    } else if head.minor_version() == 0 && !has_option(b"keep-alive") {
        Some(CloseReason::Http10)
    } else {
        None
    }
}

/// How long the server says it keeps an idle connection, `timeout` in the Keep-Alive field; none where it does not say.
///
/// The field is Node's (`Keep-Alive: timeout=5`) and in no RFC but 2068 §19.7.1.1. Whole seconds, at most a day. Reusing
/// a connection shortly before that time meets a server that is just closing it.
pub fn keep_alive_timeout(head: &ResponseHead) -> Option<Duration> {
    const DAY: u64 = 24 * 60 * 60;
    let mut parameters = head.get_all("Keep-Alive").flat_map(elements);
    let seconds = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_at_checked(b"timeout=".len())?;
        name.eq_ignore_ascii_case(b"timeout=")
            .then(|| digits(value))?
    });
    seconds.map(|seconds| Duration::from_secs(seconds.min(DAY)))
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloseOption => "the server announced that it closes the connection",
            Self::Http10 => "the server speaks HTTP/1.0 and did not offer to keep the connection",
            Self::UntilClose => "the end of the reply is the end of the connection",
            Self::TwoFramings => "the reply has both Transfer-Encoding and Content-Length, so what follows it cannot be trusted",
            Self::TransferCodingOnHttp10 => "the reply has Transfer-Encoding, which HTTP/1.0 does not know, so what follows it cannot be trusted",
            Self::Tunnel => "the connection has become a tunnel",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> ResponseHead {
        let bytes = text.replace('|', "\r\n") + "\r\n\r\n";
        ResponseHead::parse(bytes.as_bytes())
            .expect("a head")
            .expect("a complete one")
            .0
    }

    #[test]
    fn every_reason_and_none() {
        let cases = [
            ("HTTP/1.1 200 OK|Content-Length: 0", None),
            ("HTTP/1.1 204 No Content", None),
            ("HTTP/1.1 200 OK|Transfer-Encoding: chunked", None),
            (
                "HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive",
                None,
            ),
            ("HTTP/1.1 200 OK|Content-Length: 0|Connection: closed", None),
            (
                "HTTP/1.1 200 OK|Content-Length: 0|Connection: x|Connection: Upgrade, CLOSE",
                Some(CloseReason::CloseOption),
            ),
            (
                "HTTP/1.1 200 OK|Content-Length: 0|Connection: close, keep-alive",
                Some(CloseReason::CloseOption),
            ),
            ("HTTP/1.1 200 OK", Some(CloseReason::UntilClose)),
            (
                "HTTP/1.0 200 OK|Content-Length: 0",
                Some(CloseReason::Http10),
            ),
            (
                "HTTP/1.0 200 OK|Content-Length: 0|Connection: Keep-Alive",
                None,
            ),
            (
                "HTTP/1.0 200 OK|Transfer-Encoding: chunked|Connection: keep-alive",
                Some(CloseReason::TransferCodingOnHttp10),
            ),
            (
                "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 3",
                Some(CloseReason::TwoFramings),
            ),
            ("HTTP/1.1 100 Continue|Connection: close", None),
        ];
        for (text, expected) in cases {
            let head = head(text);
            let framing = Framing::of("GET", &head).expect("a framing");
            let found = match persistence("GET", &head, framing) {
                Persistence::Keep => None,
                Persistence::Close(reason) => Some(reason),
            };
            assert_eq!(found, expected, "{text}");
        }
        let tunnel = head("HTTP/1.1 200 Connected");
        assert_eq!(
            persistence("CONNECT", &tunnel, Framing::None),
            Persistence::Close(CloseReason::Tunnel)
        );
    }

    #[test]
    fn keep_alive_timeouts() {
        let cases = [
            ("Keep-Alive: timeout=5", Some(5)),
            ("Keep-Alive: max=100, Timeout=72", Some(72)),
            ("keep-alive: timeout=99999999999", Some(86_400)),
            ("Keep-Alive: timeout=-1", None),
            ("Keep-Alive: timeout=", None),
            ("Keep-Alive: time", None),
            ("Connection: keep-alive", None),
        ];
        for (field, seconds) in cases {
            let head = head(&format!("HTTP/1.1 200 OK|{field}"));
            assert_eq!(
                keep_alive_timeout(&head),
                seconds.map(Duration::from_secs),
                "{field}"
            );
        }
    }
}
