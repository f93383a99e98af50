// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerSystem: ping, information, name (api.md 3, objects.md 7).

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::body::ok;
use crate::gate::OtherId;
use crate::shape::system;

/// The other hub that a fault makes of this one.
type Other = Option<Extension<OtherId>>;

/// `GET /system/ping?id=`: true, or false when it asks for another hub. The
/// hub's own id is in a header, which `gate` adds on V3.
pub async fn ping(
    State(hub): Shared,
    other: Other,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let licence = hub.switches().licence.clone();
    if let Some(text) = licence {
        return hub.licence_error(&text);
    }
    let own = other.map_or_else(|| hub.id.clone(), |o| o.0.0);
    ok(&json!(asked.get("id").is_none_or(|id| *id == own)))
}

/// `GET /system`.
pub async fn info(State(hub): Shared, other: Other) -> Response {
    let own = other.map_or_else(|| hub.id.clone(), |o| o.0.0);
    ok(&system::system(&hub, &own))
}

/// `GET /system/name`.
pub async fn name() -> Response {
    ok(&json!("Home"))
}
