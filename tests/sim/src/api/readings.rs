// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerInsights: logs and their entries (objects.md 8).

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::body::{full_id, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::home::Home;
use crate::home::caps::Capability;
use crate::shape::insights;
use crate::state::Hub;

type Asked = Query<HashMap<String, String>>;

/// `GET /insights/log`.
pub async fn logs(State(hub): Shared) -> Response {
    let items = insights::logs(&hub.home(), hub.v2());
    list_of(&hub, items)
}

/// `GET /insights/log/:id` (V3) or `/insights/log/:uri/:id` (V2).
pub async fn log(State(hub): Shared, Path(given): Path<HashMap<String, String>>) -> Response {
    let items = insights::logs(&hub.home(), hub.v2());
    one_of(&hub, items, &full_id(&given))
}

/// The capability that a path names, by the dialect's rule.
fn short<'a>(hub: &Hub, uri: &str, id: &'a str) -> Option<&'a str> {
    match hub.v2() {
        true => Some(id),
        false => id.strip_prefix(uri)?.strip_prefix(':'),
    }
}

/// `GET /insights/log/:uri/:id/entry?resolution=`: V2 takes the short id, V3
/// the full one (operations.md 3).
pub async fn entries(
    State(hub): Shared,
    Path((uri, id)): Path<(String, String)>,
    Query(asked): Asked,
) -> Response {
    let cap = short(&hub, &uri, &id);
    let resolution = asked
        .get("resolution")
        .map_or("last24Hours", String::as_str);
    let found = {
        let home = hub.home();
        let device = home
            .devices
            .iter()
            .find(|d| !d.gone && uri.strip_prefix("homey:device:") == Some(d.id.as_str()));
        let logged = device.zip(cap).and_then(|(device, cap)| {
            let cap = device.cap(cap).filter(|c| c.insights)?;
            Some((device, cap))
        });
        logged.map(|(device, cap)| insights::entries(&home, device, cap, resolution))
    };
    found.map_or_else(|| hub.refuse("not_found"), |e| ok(&e))
}

/// Does something to a log; false when there is none.
fn change(hub: &Hub, uri: &str, id: &str, how: impl FnOnce(&mut Capability)) -> bool {
    let mut home = hub.home();
    let Some(cap) = short(hub, uri, id) else {
        return false;
    };
    let device = uri.strip_prefix("homey:device:");
    let device = home
        .devices
        .iter_mut()
        .find(|d| Some(d.id.as_str()) == device && !d.gone);
    let Some(cap) = device.and_then(|d| d.cap_mut(cap)).filter(|c| c.insights) else {
        return false;
    };
    how(cap);
    true
}

fn done(hub: &Hub, found: bool) -> Response {
    match found {
        true => StatusCode::NO_CONTENT.into_response(),
        false => hub.refuse("not_found"),
    }
}

/// `DELETE /insights/log/:uri/:id/entry`: its past is empty from then on.
pub async fn clear(State(hub): Shared, Path((uri, id)): Path<(String, String)>) -> Response {
    let now = now_ms();
    done(&hub, change(&hub, &uri, &id, |cap| cap.cleared = now))
}

/// `DELETE /insights/log/:uri/:id`: it is recorded no longer.
pub async fn delete(State(hub): Shared, Path((uri, id)): Path<(String, String)>) -> Response {
    done(&hub, change(&hub, &uri, &id, |cap| cap.insights = false))
}

/// `DELETE /insights/log` (V2): all of them.
pub async fn delete_all(State(hub): Shared) -> Response {
    let home: &mut Home = &mut hub.home();
    for device in &mut home.devices {
        device.wire = None;
        device.caps.iter_mut().for_each(|c| c.insights = false);
    }
    StatusCode::NO_CONTENT.into_response()
}
