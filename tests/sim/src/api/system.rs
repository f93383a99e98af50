// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerSystem: ping, information, name (api.md 3, objects.md 7).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde_json::json;

use super::body::{Fields, ok, text};
use super::{Shared, users};
use crate::gate::OtherId;
use crate::shape::system;
use crate::state::{Boot, Life};

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
pub async fn name(State(hub): Shared) -> Response {
    let name = hub.home().name.clone();
    ok(&json!(name))
}

/// `PUT /system/name` with a name.
pub async fn rename(State(hub): Shared, fields: Fields) -> Response {
    let Some(name) = fields.0.get("name").and_then(text) else {
        return hub.refuse("invalid_body");
    };
    hub.home().name.clone_from(&name);
    ok(&json!(name))
}

/// How long a reboot takes until ping answers, and each of its phases then.
const DOWN: Duration = Duration::from_secs(3);

/// `POST /system/reboot` and its like: the reply, then all that a reboot does.
pub async fn reboot(State(hub): Shared) -> Response {
    let again = hub.clone();
    tokio::spawn(async move {
        // Let the reply go out first.
        tokio::time::sleep(Duration::from_millis(50)).await;
        again.life.send_replace(Life::Down);
        tokio::time::sleep(DOWN).await;
        *again.boot() = Some(Boot::new(Instant::now(), Duration::from_secs(1)));
        again.life.send_if_modified(|life| {
            *life == Life::Down && std::mem::replace(life, Life::Up) == Life::Down
        });
    });
    ok(&json!(true))
}

/// `GET /logic/webhook/:event` (V2): counted as a start; no login.
pub async fn webhook(State(hub): Shared, Path(event): Path<String>) -> Response {
    hub.counters().start("webhook", &event, "", "ok");
    ok(&json!(true))
}

/// `GET /mobile/summary` (V2).
pub async fn summary(State(hub): Shared) -> Response {
    let value = users::summary(&hub.home());
    ok(&value)
}
