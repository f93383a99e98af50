// SPDX-License-Identifier: MIT OR Apache-2.0

//! Replies that a fault puts in the place of the hub's own, and what it does
//! to bodies. The texts are those of api.md 10.

use std::io::Write;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde::de::IgnoredAny;

use crate::fault::kind::{Coding, Status};
use crate::fault::plan::Instead;
use crate::state::{Hub, Via};

fn html(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, body).into_response()
}

/// The error page of a relay.
fn page(status: u16) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = code.canonical_reason().unwrap_or_default();
    let body = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
         <center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    html(status, body)
}

/// The login page of a guest network.
fn portal() -> Response {
    let body = "<!DOCTYPE html>\n<html>\n<head><title>Welcome to Guest WiFi</title></head>\n\
        <body>\n<form method=\"post\" action=\"/login\">\n<input name=\"email\">\n\
        <input type=\"password\" name=\"password\">\n<button>Accept &amp; connect</button>\n\
        </form>\n</body>\n</html>\n";
    html(200, body.to_owned())
}

impl Hub {
    /// The reply of a fault; true with it when the hub itself sends it, and
    /// not something on the way.
    pub fn forged(&self, instead: &Instead, via: Via) -> (Response, bool) {
        let status = match instead {
            Instead::Portal => return (portal(), false),
            Instead::Status(status) => status,
        };
        let (mut reply, own) = match via {
            Via::Cloud => (self.cloud_forged(status), false),
            _ => self.status(status),
        };
        let after = status.retry_after.as_deref();
        if let Some(Ok(after)) = after.map(HeaderValue::from_str) {
            reply.headers_mut().insert(header::RETRY_AFTER, after);
        }
        (reply, own)
    }

    fn status(&self, status: &Status) -> (Response, bool) {
        let error = |usual| status.error.as_deref().unwrap_or(usual);
        let code = status.code;
        match code {
            401 => (self.worded(code, error("session_expired")), true),
            403 if status.scopes => (self.refuse("Missing Scopes"), true),
            403 => (self.licence_error(error("Subscription Inactive")), true),
            404 => (self.worded(code, error("not_found")), true),
            429 => (html(code, "Too many requests".to_owned()), true),
            500 => (self.driver_error(error("Internal Server Error")), true),
            _ => (page(code), false),
        }
    }
}

/// The first half of a JSON text, or less if that is one too.
pub fn truncated(body: &Bytes) -> Bytes {
    let mut end = body.len() / 2;
    while end > 0 && serde_json::from_slice::<IgnoredAny>(&body[..end]).is_ok() {
        end -= 1;
    }
    body.slice(..end)
}

/// A body in a coding, and its word for Content-Encoding.
pub fn coded(body: &[u8], coding: Coding) -> std::io::Result<(Bytes, Option<&'static str>)> {
    let level = Compression::default();
    let (out, word) = match coding {
        Coding::Identity => return Ok((Bytes::copy_from_slice(body), None)),
        Coding::Gzip => {
            let mut to = GzEncoder::new(Vec::new(), level);
            to.write_all(body)?;
            (to.finish()?, "gzip")
        }
        Coding::Deflate => {
            let mut to = ZlibEncoder::new(Vec::new(), level);
            to.write_all(body)?;
            (to.finish()?, "deflate")
        }
        Coding::RawDeflate => {
            let mut to = DeflateEncoder::new(Vec::new(), level);
            to.write_all(body)?;
            (to.finish()?, "deflate")
        }
        Coding::Br => {
            let mut to = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            to.write_all(body)?;
            to.flush()?;
            (to.into_inner(), "br")
        }
    };
    Ok((Bytes::from(out), Some(word)))
}
