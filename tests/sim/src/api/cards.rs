// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerFlow's cards and ManagerFlowToken: the card that tells the dialects
//! apart, running an action card, readable values (objects.md 5.5, 6).

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, full_id, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::home::Notice;
use crate::home::drive::take;
use crate::home::feed::What;
use crate::shape::flow as shape;
use crate::state::Hub;

/// The short form of a card id: V3 wants the full one, V2 the short one
/// (operations.md 3); the probe of api.md 3.7 uses the short one on both.
fn short<'a>(hub: &Hub, uri: &str, id: &'a str) -> &'a str {
    let cut = id.strip_prefix(uri).and_then(|rest| rest.strip_prefix(':'));
    match hub.v2() {
        true => id,
        false => cut.unwrap_or(id),
    }
}

/// `GET /flowcardtrigger/:uri/:id`: only the one card is known.
pub async fn trigger(State(hub): Shared, Path((uri, id)): Path<(String, String)>) -> Response {
    let known = uri == "homey:manager:flow" && short(&hub, &uri, &id) == "programmatic_trigger";
    match known {
        true => ok(&shape::trigger_card(hub.v2())),
        false => hub.refuse("not_found"),
    }
}

/// `POST /flowcardaction/:uri/:id/run`: notifications, and the cards on, off
/// and toggle of a device (capabilities.md 2).
pub async fn run(
    State(hub): Shared,
    Path((uri, id)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let card = short(&hub, &uri, &id).to_owned();
    let done = match uri.strip_prefix("homey:device:") {
        Some(device) => switch(&hub, device, &card),
        None if uri == "homey:manager:notifications" && card == "create_notification" => {
            notify(&hub, &fields);
            true
        }
        None => false,
    };
    let outcome = if done { "ok" } else { "not_found" };
    hub.counters().start("flowcardaction", &id, &uri, outcome);
    match done {
        true => ok(&Value::Null),
        false => hub.refuse("not_found"),
    }
}

fn switch(hub: &Hub, id: &str, card: &str) -> bool {
    let mut home = hub.home();
    let mut devices = home.devices.iter_mut();
    let Some(device) = devices.find(|d| d.id == id && !d.gone) else {
        return false;
    };
    let Some(now) = device.cap("onoff").map(|c| c.value == json!(true)) else {
        return false;
    };
    let next = match card {
        "on" => true,
        "off" => false,
        "toggle" => !now,
        _ => return false,
    };
    take(device, "onoff", &json!(next), now_ms());
    true
}

fn notify(hub: &Hub, fields: &Fields) {
    let text = fields.0.get("args").and_then(|a| a.get("text"));
    let notice = Notice {
        id: hub.dice().uuid(),
        excerpt: text.and_then(Value::as_str).unwrap_or_default().to_owned(),
        date: now_ms(),
    };
    let mut home = hub.home();
    home.feed
        .item("notifications", "notification", What::Created, &notice.id);
    home.notices.push(notice);
}

fn items(hub: &Hub) -> Vec<shape::Token> {
    shape::tokens(&hub.home(), hub.v2())
}

fn objects(hub: &Hub) -> Vec<(String, Value)> {
    items(hub).into_iter().map(|t| (t.0, t.1)).collect()
}

/// `GET /flowtoken`.
pub async fn tokens(State(hub): Shared) -> Response {
    list_of(&hub, objects(&hub))
}

/// `GET /flowtoken/:id` (V3) or `/flowtoken/:uri/:id` (V2).
pub async fn token(State(hub): Shared, Path(given): Path<HashMap<String, String>>) -> Response {
    one_of(&hub, objects(&hub), &full_id(&given))
}

/// `GET /flowtoken/:id/value` (V3): the bare value.
pub async fn token_value(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = items(&hub).into_iter().find(|t| t.0 == id);
    found.map_or_else(|| hub.refuse("not_found"), |t| ok(&t.2))
}
