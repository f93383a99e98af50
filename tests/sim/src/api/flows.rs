// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerFlow: standard and advanced flows (objects.md 5, operations.md 3).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::home::Flow;
use crate::home::feed::What;
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

/// `GET /flowfolder`: one folder, as homes have.
pub async fn folders(State(hub): Shared) -> Response {
    let id = "0b9f5c1e-54a7-4c0e-9d3a-6f1e2d3c4b5a";
    let mut folder = json!({"id": id, "name": "Lighting"});
    if hub.v2() {
        folder["order"] = json!(1);
    }
    folder["parent"] = Value::Null;
    list_of(&hub, vec![(id.to_owned(), folder)])
}

/// `PUT /flow/:id` with `{"enabled":b}` or a new name.
pub async fn update(state: Shared, Path(id): Path<String>, fields: Fields) -> Response {
    change(&state.0, &id, &fields, false)
}

/// `PUT /advancedflow/:id`, the same.
pub async fn update_advanced(state: Shared, Path(id): Path<String>, fields: Fields) -> Response {
    change(&state.0, &id, &fields, true)
}

fn change(hub: &Hub, id: &str, fields: &Fields, advanced: bool) -> Response {
    let enabled = fields.0.get("enabled");
    let name = fields.0.get("name");
    let typed = enabled.is_none_or(Value::is_boolean) && name.is_none_or(Value::is_string);
    // Cards and folders of flows are not kept, so changing them is refused.
    if !fields.only(&["enabled", "name"]) || !typed {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let mut flows = home.flows.iter_mut();
        let Some(flow) = flows.find(|f| f.id == id && f.advanced == advanced) else {
            return hub.refuse("not_found");
        };
        if let Some(enabled) = enabled.and_then(Value::as_bool) {
            flow.enabled = enabled;
        }
        if let Some(name) = name.and_then(Value::as_str) {
            name.clone_into(&mut flow.name);
        }
        let class = flow.class();
        home.feed.item("flow", class, What::Updated, id);
    }
    one_of(hub, items(hub, advanced), id)
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
