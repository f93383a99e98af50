// SPDX-License-Identifier: MIT OR Apache-2.0

//! Request bodies as Express reads them, and the common forms of replies.

use std::collections::HashMap;
use std::sync::Arc;

use axum::async_trait;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::Response;
use serde_json::{Map, Value};

use crate::args::Lists;
use crate::refuse::reply;
use crate::state::Hub;

/// Largest body that the hub reads.
const LIMIT: usize = 1024 * 1024;

/// The members of a JSON body. A body that is missing, or that does not say
/// `Content-Type: application/json`, has none (api.md 15.1); one that is not
/// JSON is refused (api.md 10).
pub struct Fields(pub Map<String, Value>);

#[async_trait]
impl FromRequest<Arc<Hub>> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|k| k.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let json = kind.eq_ignore_ascii_case("application/json");
        let body = to_bytes(request.into_body(), LIMIT).await;
        let body = body.map_err(|_| hub.refuse("invalid_json"))?;
        if !json || body.is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(map)) => Ok(Fields(map)),
            Ok(Value::Array(_)) => Err(hub.refuse("invalid_body")),
            // Bare scalars are not taken for JSON by Express's strict parser.
            _ => Err(hub.refuse("invalid_json")),
        }
    }
}

impl Fields {
    /// True when it has no other members than these.
    pub fn only(&self, allowed: &[&str]) -> bool {
        self.0.keys().all(|k| allowed.contains(&k.as_str()))
    }
}

/// A text that is not blank, as names are.
pub fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The key of an item whose path is its id (V3), or its owner and its short id
/// (V2).
pub fn full_id(given: &HashMap<String, String>) -> String {
    let id = given.get("id").map_or("", String::as_str);
    match given.get("uri") {
        Some(uri) => format!("{uri}:{id}"),
        None => id.to_owned(),
    }
}

/// A 200 with a JSON value.
pub fn ok(value: &Value) -> Response {
    reply(200, &value.to_string())
}

/// A list as the hub shows lists: an object keyed by id, or an array when the
/// switch says so (objects.md, rules).
pub fn list<T: AsRef<str>>(hub: &Hub, items: &[(String, T)]) -> Response {
    let array = hub.switches().lists == Lists::Array;
    let size: usize = items.iter().map(|i| i.1.as_ref().len() + 45).sum();
    let mut text = String::with_capacity(size + 2);
    text.push(if array { '[' } else { '{' });
    for (n, (key, item)) in items.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        if !array {
            text.push_str(&Value::from(key.as_str()).to_string());
            text.push(':');
        }
        text.push_str(item.as_ref());
    }
    text.push(if array { ']' } else { '}' });
    reply(200, &text)
}

/// The same from values.
pub fn list_of(hub: &Hub, items: Vec<(String, Value)>) -> Response {
    let items: Vec<(String, String)> = items
        .into_iter()
        .map(|(key, value)| (key, value.to_string()))
        .collect();
    list(hub, &items)
}

/// One item of a list, or 404.
pub fn one_of(hub: &Hub, items: Vec<(String, Value)>, id: &str) -> Response {
    match items.into_iter().find(|(key, _)| key == id) {
        Some((_, value)) => ok(&value),
        None => hub.refuse("not_found"),
    }
}
