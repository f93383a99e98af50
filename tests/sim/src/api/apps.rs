// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerApps (objects.md 11).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of};
use crate::home::App;
use crate::home::feed::What;
use crate::shape::system as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let apps = home.apps.iter();
    apps.map(|a| (a.id.clone(), shape::app(a, hub.v2())))
        .collect()
}

/// `GET /app`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /app/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// Changes an app and tells it; false when there is none.
fn change(hub: &Hub, id: &str, how: impl FnOnce(&mut App)) -> bool {
    let mut home = hub.home();
    let Some(app) = home.apps.iter_mut().find(|a| a.id == id) else {
        return false;
    };
    how(app);
    home.feed.item("apps", "app", What::Updated, id);
    true
}

/// The reply to an action of an app.
fn done(hub: &Hub, id: &str, how: impl FnOnce(&mut App)) -> Response {
    match change(hub, id, how) {
        true => one_of(hub, items(hub), id),
        false => hub.refuse("not_found"),
    }
}

/// `PUT /app/:id` with autoupdate.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let auto = fields.0.get("autoupdate");
    if !fields.only(&["autoupdate"]) || auto.is_some_and(|a| !a.is_boolean()) {
        return hub.refuse("invalid_body");
    }
    let auto = auto.and_then(Value::as_bool);
    done(&hub, &id, |app| {
        app.autoupdate = auto.unwrap_or(app.autoupdate)
    })
}

/// `PUT /app/:id/enable`.
pub async fn enable(State(hub): Shared, Path(id): Path<String>) -> Response {
    done(&hub, &id, |app| app.enabled = true)
}

/// `PUT /app/:id/disable`.
pub async fn disable(State(hub): Shared, Path(id): Path<String>) -> Response {
    done(&hub, &id, |app| app.enabled = false)
}

/// `POST /app/:id/restart`.
pub async fn restart(State(hub): Shared, Path(id): Path<String>) -> Response {
    let disabled = {
        let home = hub.home();
        home.apps.iter().any(|a| a.id == id && !a.enabled)
    };
    match disabled {
        true => hub.refuse("app_disabled"),
        false => done(&hub, &id, |app| app.restarts += 1),
    }
}

/// `DELETE /app/:id`: its devices are unavailable from then on.
pub async fn uninstall(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let Some(at) = home.apps.iter().position(|a| a.id == id) else {
        return hub.refuse("not_found");
    };
    home.apps.remove(at);
    for device in home.devices.iter_mut().filter(|d| d.app == id) {
        device.available = false;
        device.unavailable_message = Some("App not found".to_owned());
        device.wire = None;
        let (feed, id) = (device.feed.clone(), device.id.clone());
        feed.item("devices", "device", What::Updated, &id);
    }
    home.feed.item("apps", "app", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /store` with an id: the app is there at once.
pub async fn install(State(hub): Shared, fields: Fields) -> Response {
    let id = fields.0.get("id").and_then(Value::as_str);
    let good = |id: &&str| id.contains('.') && id.bytes().all(|b| b.is_ascii_graphic());
    let Some(id) = id.filter(good).map(str::to_owned) else {
        return hub.refuse("invalid_body");
    };
    {
        let mut home = hub.home();
        if !home.apps.iter().any(|a| a.id == id) {
            home.apps.push(App::new(&id));
            home.feed.item("apps", "app", What::Created, &id);
        }
    }
    one_of(&hub, items(&hub), &id)
}

/// `GET /app/:id/setting`.
pub async fn settings(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = {
        let home = hub.home();
        let app = home.apps.iter().find(|a| a.id == id);
        app.map(|a| Value::Object(a.settings.clone()))
    };
    found.map_or_else(|| hub.refuse("not_found"), |s| ok(&s))
}

type Named = Path<(String, String)>;

/// `GET /app/:id/setting/:name`: null for one that was never set.
pub async fn setting(State(hub): Shared, Path((id, name)): Named) -> Response {
    let found = {
        let home = hub.home();
        let app = home.apps.iter().find(|a| a.id == id);
        app.map(|a| a.settings.get(&name).cloned().unwrap_or_default())
    };
    found.map_or_else(|| hub.refuse("not_found"), |s| ok(&s))
}

/// `PUT /app/:id/setting/:name` with a value.
pub async fn set(State(hub): Shared, Path((id, name)): Named, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value").cloned() else {
        return hub.refuse("missing_value");
    };
    let kept = value.clone();
    match change(&hub, &id, |app| drop(app.settings.insert(name, kept))) {
        true => ok(&value),
        false => hub.refuse("not_found"),
    }
}

/// `DELETE /app/:id/setting/:name`.
pub async fn unset(State(hub): Shared, Path((id, name)): Named) -> Response {
    match change(&hub, &id, |app| drop(app.settings.remove(&name))) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => hub.refuse("not_found"),
    }
}

/// `GET /app/:id/usage` (V3).
pub async fn usage(State(hub): Shared, Path(id): Path<String>) -> Response {
    let known = hub.home().apps.iter().any(|a| a.id == id);
    match known {
        true => ok(&json!({"cpu": 0.0011, "mem": 19_000_000})),
        false => hub.refuse("not_found"),
    }
}
