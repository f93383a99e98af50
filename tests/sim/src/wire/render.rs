// SPDX-License-Identifier: MIT OR Apache-2.0

//! A reply as bytes (RFC 9112), right or wrong, for the replies that hyper
//! must not write because it writes only right ones.

use std::fmt::Write;

use axum::http::response::Parts;
use axum::http::{StatusCode, header};
use bytes::{BufMut, Bytes, BytesMut};

use crate::clock::{http_date, now_ms};

/// Where a body ends.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// A Content-Length, perhaps a wrong one.
    Length(u64),
    /// Chunks of so many bytes.
    Chunked(usize),
    /// No body: 204 and 304.
    None,
}

impl Framing {
    /// The framing of a reply with this body; `size` chunks it.
    pub fn of(status: StatusCode, body: &[u8], size: Option<usize>) -> Framing {
        match (status, size) {
            (StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED, _) => Framing::None,
            (_, Some(size)) => Framing::Chunked(size),
            (_, None) => Framing::Length(body.len() as u64),
        }
    }
}

/// `content-type` as `Content-Type`, as the hub's other replies have it.
fn titled(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let now = std::mem::replace(&mut start, c == '-');
        if now { c.to_ascii_uppercase() } else { c }
    };
    name.chars().map(letter).collect()
}

/// The head of a reply, its blank line included. `close` says that the
/// connection ends after it.
pub fn head(parts: &Parts, framing: Framing, close: bool) -> Bytes {
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_u16());
    for (name, value) in &parts.headers {
        let ours = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        if !ours.contains(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let _ = write!(text, "{}: {value}\r\n", titled(name.as_str()));
        }
    }
    let _ = match framing {
        Framing::Length(n) => write!(text, "Content-Length: {n}\r\n"),
        Framing::Chunked(_) => write!(text, "Transfer-Encoding: chunked\r\n"),
        Framing::None => Ok(()),
    };
    if close {
        text.push_str("Connection: close\r\n");
    }
    let _ = write!(text, "Date: {}\r\n\r\n", http_date(now_ms()));
    Bytes::from(text)
}

/// The body as it goes over the wire.
pub fn body(body: Bytes, framing: Framing) -> Bytes {
    let size = match framing {
        Framing::Length(_) => return body,
        Framing::None => return Bytes::new(),
        Framing::Chunked(size) => size,
    };
    let mut out = BytesMut::with_capacity(body.len() + body.len() / size * 16 + 16);
    for chunk in body.chunks(size) {
        out.put_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.put_slice(chunk);
        out.put_slice(b"\r\n");
    }
    out.put_slice(b"0\r\n\r\n");
    out.freeze()
}
