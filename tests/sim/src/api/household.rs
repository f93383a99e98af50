// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zones, moods and presence (objects.md 4, 6).

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::shape::rest as shape;
use crate::state::Hub;

type Items = Vec<(String, Value)>;

fn zone_items(hub: &Hub) -> Items {
    shape::zones(&hub.home(), hub.v2())
}

fn mood_items(hub: &Hub) -> Items {
    let home = hub.home();
    let moods = home.moods.iter();
    moods.map(|m| (m.id.clone(), shape::mood(m))).collect()
}

/// `GET /zone`.
pub async fn zones(State(hub): Shared) -> Response {
    list_of(&hub, zone_items(&hub))
}

/// `GET /zone/:id`.
pub async fn zone(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, zone_items(&hub), &id)
}

/// `GET /mood`.
pub async fn moods(State(hub): Shared) -> Response {
    list_of(&hub, mood_items(&hub))
}

/// `GET /mood/:id`.
pub async fn mood(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, mood_items(&hub), &id)
}

/// `POST /mood/:id/set`, with or without a body. The reply is not known; `true`
/// is what triggering a flow gives (objects.md 6).
pub async fn set_mood(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = {
        let mut home = hub.home();
        let mood = home.moods.iter().find(|m| m.id == id).cloned();
        if let Some(mood) = &mood {
            home.apply(&mood.effects, now_ms());
        }
        mood
    };
    let name = found.as_ref().map_or("", |m| m.name.as_str());
    let outcome = if found.is_some() { "ok" } else { "not_found" };
    hub.counters().start("mood", &id, name, outcome);
    match found {
        Some(_) => ok(&json!(true)),
        None => hub.refuse("not_found"),
    }
}

/// `PUT /presence/me/present` with `{"value":b}`.
pub async fn present(State(hub): Shared, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value").and_then(Value::as_bool) else {
        return hub.refuse("missing_value");
    };
    hub.home().user.present = value;
    ok(&Value::Null)
}

/// `PUT /presence/me/asleep` with `{"value":b}`.
pub async fn asleep(State(hub): Shared, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value").and_then(Value::as_bool) else {
        return hub.refuse("missing_value");
    };
    hub.home().user.asleep = value;
    ok(&Value::Null)
}
