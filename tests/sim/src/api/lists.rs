// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is only read: insights, live power, weather, notifications, apps
//! (objects.md 6, 8 to 11).

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::Shared;
use super::body::{full_id, list_of, ok, one_of};
use crate::shape::{insights, rest, system};

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

/// `GET /insights/log/:uri/:id/entry?resolution=`: V2 takes the short id, V3
/// the full one (operations.md 3).
pub async fn entries(
    State(hub): Shared,
    Path((uri, id)): Path<(String, String)>,
    Query(asked): Asked,
) -> Response {
    let cap = match hub.v2() {
        true => Some(id.as_str()),
        false => id
            .strip_prefix(uri.as_str())
            .and_then(|rest| rest.strip_prefix(':')),
    };
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

/// `GET /energy/live[?zone=]`.
pub async fn live(State(hub): Shared, Query(asked): Asked) -> Response {
    let zone = asked.get("zone").map(String::as_str);
    let report = insights::live(&hub.home(), zone);
    ok(&report)
}

/// `GET /weather/weather`.
pub async fn weather() -> Response {
    ok(&system::weather())
}

/// `GET /notifications/notification`.
pub async fn notifications(State(hub): Shared) -> Response {
    let items = {
        let home = hub.home();
        let notices = home.notices.iter();
        notices
            .map(|n| (n.id.clone(), rest::notice(n, hub.v2())))
            .collect()
    };
    list_of(&hub, items)
}

/// `GET /apps/app`.
pub async fn apps(State(hub): Shared) -> Response {
    let items = system::apps(&hub.home(), hub.v2());
    list_of(&hub, items)
}

/// `GET /apps/app/:id`.
pub async fn app(State(hub): Shared, Path(id): Path<String>) -> Response {
    let items = system::apps(&hub.home(), hub.v2());
    one_of(&hub, items, &id)
}
