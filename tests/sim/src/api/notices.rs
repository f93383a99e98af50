// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerNotifications (objects.md 6).

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of};
use crate::home::feed::What;
use crate::shape::rest as shape;
use crate::state::Hub;

/// Who writes them here.
const OWNER: &str = "homey:manager:flow";

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let notices = home.notices.iter();
    notices
        .map(|n| (n.id.clone(), shape::notice(n, hub.v2())))
        .collect()
}

/// `GET /notification`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /notification/:id` (V2).
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// `POST /notification/:id/read` (V2).
pub async fn read(State(hub): Shared, Path(id): Path<String>) -> Response {
    let known = hub.home().notices.iter().any(|n| n.id == id);
    match known {
        true => ok(&json!(true)),
        false => hub.refuse("not_found"),
    }
}

/// `DELETE /notification/:id`.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    match remove(&hub, |n| n == id) {
        0 => hub.refuse("not_found"),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

/// `DELETE /notification[?ownerUri=]`: all, or all of an owner.
pub async fn clear(State(hub): Shared, Query(asked): Query<HashMap<String, String>>) -> Response {
    if asked.get("ownerUri").is_none_or(|uri| uri == OWNER) {
        remove(&hub, |_| true);
    }
    StatusCode::NO_CONTENT.into_response()
}

fn remove(hub: &Hub, which: impl Fn(&str) -> bool) -> usize {
    let mut home = hub.home();
    let all = std::mem::take(&mut home.notices);
    let (gone, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|n| which(&n.id));
    home.notices = kept;
    for notice in &gone {
        let feed = &home.feed;
        feed.item("notifications", "notification", What::Deleted, &notice.id);
    }
    gone.len()
}

fn owner(hub: &Hub) -> Value {
    let home = hub.home();
    let on = |what: &str| !home.muted.contains(&(OWNER.to_owned(), what.to_owned()));
    json!({
        "uri": OWNER, "name": "Flow", "enabled": on("enabled"), "push": on("push"),
        "size": home.notices.len(),
    })
}

/// `GET /owner`.
pub async fn owners(State(hub): Shared) -> Response {
    let mut map = Map::new();
    map.insert(OWNER.to_owned(), owner(&hub));
    ok(&Value::Object(map))
}

fn switch(hub: &Hub, uri: &str, what: &str, fields: &Fields) -> Response {
    let Some(on) = fields.0.get(what).and_then(Value::as_bool) else {
        return hub.refuse("invalid_body");
    };
    if uri != OWNER {
        return hub.refuse("not_found");
    }
    let key = (uri.to_owned(), what.to_owned());
    match on {
        true => drop(hub.home().muted.remove(&key)),
        false => drop(hub.home().muted.insert(key)),
    }
    ok(&owner(hub))
}

/// `PUT /owner/:uri/enabled`.
pub async fn enabled(State(hub): Shared, Path(uri): Path<String>, fields: Fields) -> Response {
    switch(&hub, &uri, "enabled", &fields)
}

/// `PUT /owner/:uri/push`.
pub async fn push(State(hub): Shared, Path(uri): Path<String>, fields: Fields) -> Response {
    switch(&hub, &uri, "push", &fields)
}
