// SPDX-License-Identifier: MIT OR Apache-2.0

//! Calls over the socket: every operation of the dialect, carried out by the
//! very routes that answer over HTTP, so that scopes and refusals are the same.

use std::fmt::Write;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::response::Response;
use serde_json::{Map, Value};
use tower::ServiceExt;

use crate::api::operations::{self, Operation};
use crate::state::{Hub, Via};

/// An error of an ack, as JSON text: an object as over HTTP, or a bare text
/// (api.md 12).
pub async fn error(hub: &Hub, reply: Response) -> String {
    let status = reply.status().as_u16();
    let body = to_bytes(reply.into_body(), usize::MAX).await;
    let body: Value = body
        .ok()
        .and_then(|b| serde_json::from_slice(&b).ok())
        .unwrap_or_default();
    let text = hub.realtime().text_errors;
    match body {
        Value::Object(mut map) if !text => {
            map.insert("statusCode".to_owned(), Value::from(status));
            Value::Object(map).to_string()
        }
        body => body
            .get("error")
            .unwrap_or(&Value::from("unknown"))
            .to_string(),
    }
}

/// Percent-encodes what could not stand in a path or query.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The request of a call: path parameters and query by name, and the rest as
/// the body. None when a path parameter is missing.
fn request(
    operation: &'static Operation,
    mut args: Map<String, Value>,
    token: &str,
) -> Option<Request<Body>> {
    let mut path = operation.route();
    for name in operation.parameters() {
        let value = plain(&args.remove(name).filter(|v| !v.is_null())?);
        path = path.replacen(&format!(":{name}"), &encoded(&value), 1);
    }
    let mut mark = '?';
    for name in &operation.query {
        if let Some(value) = args.remove(*name).filter(|v| !v.is_null()) {
            let _ = write!(path, "{mark}{name}={}", encoded(&plain(&value)));
            mark = '&';
        }
    }
    let request = Request::builder()
        .method(operation.method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .extension(Via::Socket);
    let body = match operation.method {
        "GET" | "DELETE" => return request.body(Body::empty()).ok(),
        // The one argument that is left is the body, whatever its name.
        _ if operation.root => {
            args.retain(|name, _| !name.starts_with('$') && name != "query");
            let body = args.into_iter().next().map(|a| a.1);
            body.unwrap_or_else(|| Value::Object(Map::new()))
        }
        // Clients pass more than the operation knows.
        _ => {
            args.retain(|name, _| operation.body.contains(&name.as_str()));
            Value::Object(args)
        }
    };
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .ok()
}

/// Carries out `{"args":{…},"operation":"…","uri":"homey:manager:…"}`; the JSON
/// array of the ack: `[err]` or `[null,result]`.
pub async fn call(hub: &Hub, router: Router, token: &str, ask: &Value) -> String {
    let word = |key: &str| ask.get(key).and_then(Value::as_str).unwrap_or_default();
    let manager = word("uri").strip_prefix("homey:manager:");
    let found = manager.and_then(|m| operations::find(hub.v2(), m, word("operation")));
    let label = format!("{} {}", word("uri"), word("operation"));
    *hub.realtime().calls.entry(label).or_default() += 1;
    let args = match ask.get("args") {
        Some(Value::Object(args)) => args.clone(),
        _ => Map::new(),
    };
    let Some(operation) = found else {
        return format!("[{}]", error(hub, hub.refuse(hub.unknown())).await);
    };
    let Some(request) = request(operation, args, token) else {
        return format!("[{}]", error(hub, hub.refuse("invalid_body")).await);
    };
    let Ok(reply) = router.oneshot(request).await;
    if !reply.status().is_success() {
        return format!("[{}]", error(hub, reply).await);
    }
    let body = to_bytes(reply.into_body(), usize::MAX).await;
    let body = body.unwrap_or_default();
    match std::str::from_utf8(&body) {
        Ok(text) if !text.is_empty() => format!("[null,{text}]"),
        _ => "[null]".to_owned(),
    }
}
