// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerSystem: ping, information, name (api.md 3, objects.md 7).

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::body::ok;
use crate::shape::system;

/// `GET /system/ping?id=`: true, or false when it asks for another hub. The
/// hub's own id is in a header, which `gate` adds on V3.
pub async fn ping(State(hub): Shared, Query(asked): Query<HashMap<String, String>>) -> Response {
    let licence = hub.switches().licence.clone();
    if let Some(text) = licence {
        return hub.licence_error(&text);
    }
    ok(&json!(asked.get("id").is_none_or(|id| *id == hub.id)))
}

/// `GET /system`.
pub async fn info(State(hub): Shared) -> Response {
    ok(&system::system(&hub))
}

/// `GET /system/name`.
pub async fn name() -> Response {
    ok(&json!("Home"))
}
