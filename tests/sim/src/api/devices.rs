// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerDevices: the list, one device, its settings (operations.md 4).

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::Value;

use super::Shared;
use super::body::{list as listed, ok};
use crate::refuse::reply;
use crate::shape;
use crate::state::Hub;

/// Whether devices exist already and whether they are ready: both take a
/// while after a boot.
fn booted(hub: &Hub) -> (bool, bool) {
    let now = Instant::now();
    match *hub.boot() {
        Some(boot) => (now >= boot.empty, now >= boot.unready),
        None => (true, true),
    }
}

/// The JSON of the device at a position, from its kept copy if it has one.
fn wire(hub: &Hub, home: &mut crate::home::Home, at: usize, ready: bool) -> Arc<str> {
    let device = &home.devices[at];
    if let Some(kept) = device.wire.clone().filter(|_| ready) {
        return kept;
    }
    let value = shape::device::device(home, device, hub.v2(), ready);
    let text: Arc<str> = value.to_string().into();
    if ready {
        home.devices[at].wire = Some(text.clone());
    }
    text
}

/// `GET /device`. The query `?zone=` is ignored: whether a real hub filters is
/// not known (api.md 9).
pub async fn list(State(hub): Shared) -> Response {
    let (exist, ready) = booted(&hub);
    let mut items: Vec<(String, Arc<str>)> = Vec::new();
    if exist {
        let mut home = hub.home();
        for at in 0..home.devices.len() {
            if !home.devices[at].gone {
                let id = home.devices[at].id.clone();
                items.push((id, wire(&hub, &mut home, at, ready)));
            }
        }
    }
    listed(&hub, &items)
}

/// `GET /device/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    let (exist, ready) = booted(&hub);
    let mut home = hub.home();
    let at = home.devices.iter().position(|d| d.id == id && !d.gone);
    match at.filter(|_| exist) {
        Some(at) => reply(200, &wire(&hub, &mut home, at, ready)),
        None => hub.refuse("not_found"),
    }
}

/// `GET /device/:id/settings_obj`.
pub async fn settings(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = {
        let home = hub.home();
        let device = home.devices.iter().find(|d| d.id == id && !d.gone);
        device.map(|d| Value::Object(d.settings.clone()))
    };
    found.map_or_else(|| hub.refuse("not_found"), |s| ok(&s))
}
