// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerMoods (objects.md 6).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of, text};
use crate::clock::now_ms;
use crate::home::drive::check;
use crate::home::feed::What;
use crate::home::{Effect, Home, Mood};
use crate::shape::rest as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let moods = home.moods.iter();
    moods.map(|m| (m.id.clone(), shape::mood(m))).collect()
}

/// `GET /mood`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /mood/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// `POST /mood/:id/set`, with or without a body. The reply is not known; `true`
/// is what triggering a flow gives (objects.md 6).
pub async fn set(State(hub): Shared, Path(id): Path<String>) -> Response {
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

/// `{"<device id>":{"state":{"<capability>":value}}}` as effects; none when a
/// device, capability or value does not fit.
fn effects(home: &Home, devices: &Value) -> Option<Vec<Effect>> {
    let mut effects = Vec::new();
    for (id, entry) in devices.as_object()? {
        let device = home.devices.iter().find(|d| d.id == *id && !d.gone)?;
        for (cap, value) in entry.get("state")?.as_object()? {
            let value = check(device.cap(cap)?, value).ok()?;
            effects.push((id.clone(), cap.clone(), value));
        }
    }
    Some(effects)
}

fn changed(home: &Home, mood: &Mood, fields: &Fields) -> Option<Mood> {
    let mut next = mood.clone();
    for (key, value) in &fields.0 {
        match key.as_str() {
            "name" => next.name = text(value)?,
            "devices" => next.effects = effects(home, value)?,
            "preset" if value.is_null() || value.is_string() => {}
            _ => return None,
        }
    }
    Some(next)
}

/// `POST /mood` with name and devices; it belongs to the zone of the first.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let id = hub.dice().uuid();
    if ["name", "devices"]
        .iter()
        .any(|k| !fields.0.contains_key(*k))
    {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let fresh = Mood {
            id: id.clone(),
            name: String::new(),
            zone: String::new(),
            effects: Vec::new(),
        };
        let Some(mut mood) = changed(&home, &fresh, &fields) else {
            return hub.refuse("invalid_body");
        };
        let first = mood.effects.first().map(|e| e.0.clone());
        let device = home.devices.iter().find(|d| Some(&d.id) == first.as_ref());
        let root = home.zones.first().map(|z| z.id.clone());
        mood.zone = device.map_or(root.unwrap_or_default(), |d| d.zone.clone());
        home.moods.push(mood);
        home.feed.item("moods", "mood", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /mood/:id` with any of name, devices, preset.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(at) = home.moods.iter().position(|m| m.id == id) else {
            return hub.refuse("not_found");
        };
        match changed(&home, &home.moods[at], &fields) {
            Some(next) => home.moods[at] = next,
            None => return hub.refuse("invalid_body"),
        }
        home.feed.item("moods", "mood", What::Updated, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `DELETE /mood/:id`.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let Some(at) = home.moods.iter().position(|m| m.id == id) else {
        return hub.refuse("not_found");
    };
    home.moods.remove(at);
    home.feed.item("moods", "mood", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}
