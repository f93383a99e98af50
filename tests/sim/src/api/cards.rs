// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerFlow's cards and ManagerFlowToken: their lists, running conditions
//! and actions, readable values (objects.md 5.5, 6).

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, full_id, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::home::cards::{action as action_of, condition as condition_of};
use crate::home::feed::What;
use crate::home::{Effect, Home, Notice};
use crate::shape::flow as shape;
use crate::state::Hub;

/// The short form of a card id: V3 wants the full one, V2 the short one
/// (operations.md 3); the probe of api.md 3.7 uses the short one on both.
pub fn short<'a>(v2: bool, uri: &str, id: &'a str) -> &'a str {
    let cut = id.strip_prefix(uri).and_then(|rest| rest.strip_prefix(':'));
    match v2 {
        true => id,
        false => cut.unwrap_or(id),
    }
}

/// A full id as owner and short id.
pub fn split(full: &str) -> (&str, &str) {
    let mut colons = full.match_indices(':').map(|m| m.0);
    match colons.nth(2) {
        Some(at) => (&full[..at], &full[at + 1..]),
        None => (full, ""),
    }
}

fn shaped(hub: &Hub, kind: shape::CardKind) -> Vec<(String, Value)> {
    shape::cards(&hub.home(), kind, hub.v2())
}

/// A list of cards: always an array on V2, either on V3 (objects.md).
fn listed(hub: &Hub, kind: shape::CardKind) -> Response {
    let items = shaped(hub, kind);
    match hub.v2() {
        true => ok(&items.into_iter().map(|c| c.1).collect()),
        false => list_of(hub, items),
    }
}

fn card(hub: &Hub, kind: shape::CardKind, uri: &str, id: &str) -> Response {
    let key = format!("{uri}:{}", short(hub.v2(), uri, id));
    one_of(hub, shaped(hub, kind), &key)
}

type Named = Path<(String, String)>;

/// `GET /flowcardtrigger`.
pub async fn triggers(State(hub): Shared) -> Response {
    listed(&hub, shape::CardKind::Trigger)
}

/// `GET /flowcardtrigger/:uri/:id`.
pub async fn trigger(State(hub): Shared, Path((uri, id)): Named) -> Response {
    card(&hub, shape::CardKind::Trigger, &uri, &id)
}

/// `GET /flowcardcondition`.
pub async fn conditions(State(hub): Shared) -> Response {
    listed(&hub, shape::CardKind::Condition)
}

/// `GET /flowcardcondition/:uri/:id`.
pub async fn condition(State(hub): Shared, Path((uri, id)): Named) -> Response {
    card(&hub, shape::CardKind::Condition, &uri, &id)
}

/// `GET /flowcardaction`.
pub async fn actions(State(hub): Shared) -> Response {
    listed(&hub, shape::CardKind::Action)
}

/// `GET /flowcardaction/:uri/:id`.
pub async fn action(State(hub): Shared, Path((uri, id)): Named) -> Response {
    card(&hub, shape::CardKind::Action, &uri, &id)
}

/// `POST /flowcardcondition/:uri/:id/run`: whether it holds.
pub async fn test(State(hub): Shared, Path((uri, id)): Named) -> Response {
    let holds = {
        let home = hub.home();
        let id = short(hub.v2(), &uri, &id);
        match (uri.strip_prefix("homey:device:"), uri.as_str(), id) {
            (Some(device), ..) => {
                let device = home.devices.iter().find(|d| d.id == device && !d.gone);
                let cap = device.and_then(|d| d.cap(id)).filter(|c| condition_of(c));
                cap.map(|c| c.value == json!(true))
            }
            (_, "homey:manager:presence", "noone_athome") => Some(!home.users().any(|u| u.present)),
            _ => None,
        }
    };
    holds.map_or_else(|| hub.refuse("not_found"), |on| ok(&json!(on)))
}

/// `POST /flowcardaction/:uri/:id/run`: notifications, presence, and the action
/// cards of devices (capabilities.md 2 to 6).
pub async fn run(State(hub): Shared, Path((uri, id)): Named, fields: Fields) -> Response {
    let outcome = done(&hub, &uri, short(hub.v2(), &uri, &id), &fields);
    let word = outcome.err().unwrap_or("ok");
    hub.counters().start("flowcardaction", &id, &uri, word);
    match outcome {
        Ok(()) => ok(&Value::Null),
        Err(code) => hub.refuse(code),
    }
}

fn done(hub: &Hub, uri: &str, card: &str, fields: &Fields) -> Result<(), &'static str> {
    let args = fields.0.get("args");
    match (uri, card) {
        ("homey:manager:notifications", "create_notification") => notify(hub, fields),
        ("homey:manager:presence", "set_present" | "set_absent") => {
            let mut home = hub.home();
            home.user.present = card == "set_present";
            let id = home.user.id.clone();
            home.feed.item("users", "user", What::Updated, &id);
        }
        _ => {
            let mut home = hub.home();
            let all = effects(&home, uri, card, args)?;
            home.apply(&all, now_ms());
        }
    }
    Ok(())
}

/// What a device's action card does, or the code of the refusal.
pub fn effects(
    home: &Home,
    uri: &str,
    card: &str,
    args: Option<&Value>,
) -> Result<Vec<Effect>, &'static str> {
    let id = uri.strip_prefix("homey:device:").ok_or("not_found")?;
    let device = home.devices.iter().find(|d| d.id == id && !d.gone);
    let (cap, value) = action_of(device.ok_or("not_found")?, card, args)?;
    Ok(vec![(id.to_owned(), cap.to_owned(), value)])
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
