// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerFlow: standard and advanced flows (objects.md 5, operations.md 3).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::body::{Fields, list_of, ok, one_of, text};
use super::{Shared, cards};
use crate::clock::now_ms;
use crate::home::feed::What;
use crate::home::{Effect, Flow, Home};
use crate::shape::flow as shape;
use crate::state::Hub;

fn items(hub: &Hub, advanced: bool) -> Vec<(String, Value)> {
    let home = hub.home();
    let flows = home.flows.iter().enumerate();
    let shaped = |(order, flow): (usize, &Flow)| {
        let value = match advanced {
            true => shape::advanced(flow, hub.v2()),
            false => shape::standard(flow, order + 1, hub.v2()),
        };
        (flow.id.clone(), value)
    };
    flows
        .filter(|(_, f)| f.advanced == advanced)
        .map(shaped)
        .collect()
}

/// `GET /flow`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub, false))
}

/// `GET /advancedflow`.
pub async fn list_advanced(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub, true))
}

/// `GET /flow/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub, false), &id)
}

/// `GET /advancedflow/:id`.
pub async fn one_advanced(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub, true), &id)
}

/// `POST /flow` with name, trigger, conditions, actions.
pub async fn create(state: Shared, fields: Fields) -> Response {
    make(&state.0, &fields, false)
}

/// `POST /advancedflow`: name and cards.
pub async fn create_advanced(state: Shared, fields: Fields) -> Response {
    make(&state.0, &fields, true)
}

/// `PUT /flow/:id` with `{"enabled":b}`, a new name, folder or cards.
pub async fn update(state: Shared, Path(id): Path<String>, fields: Fields) -> Response {
    change(&state.0, &id, &fields, false)
}

/// `PUT /advancedflow/:id`, the same.
pub async fn update_advanced(state: Shared, Path(id): Path<String>, fields: Fields) -> Response {
    change(&state.0, &id, &fields, true)
}

/// `DELETE /flow/:id`.
pub async fn delete(state: Shared, Path(id): Path<String>) -> Response {
    remove(&state.0, &id, false)
}

/// `DELETE /advancedflow/:id`.
pub async fn delete_advanced(state: Shared, Path(id): Path<String>) -> Response {
    remove(&state.0, &id, true)
}

fn make(hub: &Hub, fields: &Fields, advanced: bool) -> Response {
    let id = hub.dice().uuid();
    let needed: &[&str] = match advanced {
        true => &["name", "cards"],
        false => &["name", "trigger", "conditions", "actions"],
    };
    if needed.iter().any(|key| !fields.0.contains_key(*key)) {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let fresh = Flow {
            id: id.clone(),
            name: String::new(),
            enabled: true,
            broken: false,
            triggerable: false,
            count: 0,
            advanced,
            effects: Vec::new(),
            folder: None,
            own: None,
        };
        let Some(flow) = changed(&home, &fresh, fields, hub.v2()) else {
            return hub.refuse("invalid_body");
        };
        let class = flow.class();
        home.flows.push(flow);
        home.feed.item("flow", class, What::Created, &id);
    }
    one_of(hub, items(hub, advanced), &id)
}

fn change(hub: &Hub, id: &str, fields: &Fields, advanced: bool) -> Response {
    {
        let mut home = hub.home();
        let mut flows = home.flows.iter();
        let Some(at) = flows.position(|f| f.id == id && f.advanced == advanced) else {
            return hub.refuse("not_found");
        };
        match changed(&home, &home.flows[at], fields, hub.v2()) {
            Some(flow) => home.flows[at] = flow,
            None => return hub.refuse("invalid_body"),
        }
        let class = home.flows[at].class();
        home.feed.item("flow", class, What::Updated, id);
    }
    one_of(hub, items(hub, advanced), id)
}

fn remove(hub: &Hub, id: &str, advanced: bool) -> Response {
    let mut home = hub.home();
    let mut flows = home.flows.iter();
    let Some(at) = flows.position(|f| f.id == id && f.advanced == advanced) else {
        return hub.refuse("not_found");
    };
    let class = home.flows.remove(at).class();
    home.feed.item("flow", class, What::Deleted, id);
    StatusCode::NO_CONTENT.into_response()
}

/// The flow with the members of the body, none when one of them is wrong. What
/// a client writes of cards is kept as it is; the cards that this hub can run
/// become the flow's effects.
fn changed(home: &Home, flow: &Flow, fields: &Fields, v2: bool) -> Option<Flow> {
    let mut next = flow.clone();
    for (key, value) in &fields.0 {
        match (key.as_str(), value) {
            ("name", value) => next.name = text(value)?,
            ("enabled", Value::Bool(on)) => next.enabled = *on,
            ("folder", Value::Null) => next.folder = None,
            ("folder", Value::String(id)) if home.folders.iter().any(|f| f.id == *id) => {
                next.folder = Some(id.clone());
            }
            ("trigger", Value::Object(_)) | ("conditions" | "actions", Value::Array(_))
                if !flow.advanced =>
            {
                let own = next.own.get_or_insert_with(Map::new);
                own.insert(key.clone(), value.clone());
            }
            ("cards", Value::Object(_)) if flow.advanced => {
                let own = next.own.get_or_insert_with(Map::new);
                own.insert(key.clone(), value.clone());
            }
            // What a GET shows beside them may be sent back.
            ("id" | "broken" | "triggerable" | "triggerCount" | "order", _) => {}
            _ => return None,
        }
    }
    if let Some(own) = &next.own {
        (next.triggerable, next.effects) = meaning(home, own, v2);
    }
    Some(next)
}

/// Whether cards let the flow be started, and what they do to devices.
fn meaning(home: &Home, own: &Map<String, Value>, v2: bool) -> (bool, Vec<Effect>) {
    let list = |key: &str| own.get(key).and_then(Value::as_array).cloned();
    let cards = own.get("cards").and_then(Value::as_object);
    let cards: Vec<&Value> = cards.map(|c| c.values().collect()).unwrap_or_default();
    let mut startable = cards.iter().any(|c| c.get("type") == Some(&json!("start")));
    let trigger = own.get("trigger").and_then(|t| t.get("id"));
    let trigger = trigger.and_then(Value::as_str).unwrap_or_default();
    startable |= trigger.ends_with("programmatic_trigger");
    let mut effects = Vec::new();
    let actions = list("actions").unwrap_or_default();
    for card in actions.iter().chain(cards) {
        let word = |key: &str| card.get(key).and_then(Value::as_str).unwrap_or_default();
        let (uri, id) = match (word("uri"), word("ownerUri")) {
            ("", "") => cards::split(word("id")),
            ("", uri) | (uri, _) => (uri, cards::short(v2, uri, word("id"))),
        };
        effects.extend(cards::effects(home, uri, id, card.get("args")).unwrap_or_default());
    }
    (startable, effects)
}

/// `POST /flow/:id/trigger`; a body is neither needed nor looked at: on V2 it
/// is a free state object.
pub async fn trigger(State(hub): Shared, Path(id): Path<String>) -> Response {
    start(&hub, &id, false)
}

/// `POST /advancedflow/:id/trigger`.
pub async fn trigger_advanced(State(hub): Shared, Path(id): Path<String>) -> Response {
    start(&hub, &id, true)
}

/// Starts a flow: `true` when it was accepted (objects.md 5.3).
fn start(hub: &Arc<Hub>, id: &str, advanced: bool) -> Response {
    let (outcome, name) = {
        let mut home = hub.home();
        let mut flows = home.flows.iter_mut();
        match flows.find(|f| f.id == id && f.advanced == advanced) {
            None => ("not_found", String::new()),
            Some(flow) => {
                let outcome = match flow {
                    Flow { broken: true, .. } => "flow_broken",
                    Flow { enabled: false, .. } => "flow_disabled",
                    Flow {
                        triggerable: false, ..
                    } => "flow_not_triggerable",
                    _ => "ok",
                };
                let name = flow.name.clone();
                if outcome == "ok" {
                    flow.count += 1;
                    let effects = flow.effects.clone();
                    home.apply(&effects, now_ms());
                }
                (outcome, name)
            }
        }
    };
    let kind = if advanced { "advancedflow" } else { "flow" };
    hub.counters().start(kind, id, &name, outcome);
    match outcome {
        "ok" => ok(&json!(true)),
        code => hub.refuse(code),
    }
}
