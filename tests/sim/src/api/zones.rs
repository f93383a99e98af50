// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerZones (objects.md 4, operations.md 4).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;
use super::body::{Fields, list_of, one_of, text};
use crate::home::feed::What;
use crate::home::{Home, Zone};
use crate::shape::rest as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    shape::zones(&hub.home(), hub.v2())
}

/// `GET /zone`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /zone/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// Whether `inner` is `outer` or lies in it.
fn lies_in(home: &Home, inner: &str, outer: &str) -> bool {
    let mut next = Some(inner.to_owned());
    for _ in 0..=home.zones.len() {
        let Some(id) = next else { return false };
        if id == outer {
            return true;
        }
        let zone = home.zones.iter().find(|z| z.id == id);
        next = zone.and_then(|z| z.parent.clone());
    }
    true
}

/// The zone with the members of the body, or the code of the refusal.
fn changed(home: &Home, zone: &Zone, fields: &Fields) -> Result<Zone, &'static str> {
    let mut next = zone.clone();
    for (key, value) in &fields.0 {
        match key.as_str() {
            "name" => next.name = text(value).ok_or("invalid_body")?,
            "icon" => next.icon = text(value).ok_or("invalid_body")?,
            "parent" => {
                let parent = value.as_str().ok_or("invalid_body")?;
                if !home.zones.iter().any(|z| z.id == parent) {
                    return Err("not_found");
                }
                // The root stays the root, and no zone lies in itself.
                let root = zone.parent.is_none() && home.zones.iter().any(|z| z.id == zone.id);
                if root || lies_in(home, parent, &zone.id) {
                    return Err("invalid_body");
                }
                next.parent = Some(parent.to_owned());
            }
            _ => return Err("invalid_body"),
        }
    }
    Ok(next)
}

/// `POST /zone` with name, icon and parent.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let id = hub.dice().uuid();
    if ["name", "icon", "parent"]
        .iter()
        .any(|k| !fields.0.contains_key(*k))
    {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let fresh = Zone {
            id: id.clone(),
            name: String::new(),
            parent: None,
            icon: String::new(),
            order: home.zones.len() + 1,
        };
        match changed(&home, &fresh, &fields) {
            Ok(zone) => home.zones.push(zone),
            Err(code) => return hub.refuse(code),
        }
        home.feed.item("zones", "zone", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /zone/:id` with any of name, icon, parent.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(at) = home.zones.iter().position(|z| z.id == id) else {
            return hub.refuse("not_found");
        };
        match changed(&home, &home.zones[at], &fields) {
            Ok(zone) => home.zones[at] = zone,
            Err(code) => return hub.refuse(code),
        }
        if hub.v2() {
            // Devices show its name there.
            home.devices.iter_mut().for_each(|d| d.wire = None);
        }
        home.feed.item("zones", "zone", What::Updated, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `DELETE /zone/:id`: only an empty one.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let Some(at) = home.zones.iter().position(|z| z.id == id) else {
        return hub.refuse("not_found");
    };
    let devices = home.devices.iter().any(|d| d.zone == id && !d.gone);
    let zones = home.zones.iter().any(|z| z.parent.as_ref() == Some(&id));
    if devices || zones || home.zones[at].parent.is_none() {
        return hub.refuse("zone_not_empty");
    }
    home.zones.remove(at);
    home.feed.item("zones", "zone", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}
