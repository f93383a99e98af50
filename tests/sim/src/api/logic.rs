// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerLogic: the household's variables (objects.md 6, operations.md 4, 5).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;
use super::body::{Fields, list_of, one_of, text};
use crate::home::Variable;
use crate::home::feed::What;
use crate::shape::flow::kind_of;
use crate::shape::rest as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let variables = home.variables.iter();
    variables
        .map(|v| (v.id.clone(), shape::variable(v)))
        .collect()
}

/// `GET /variable`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /variable/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// Whether a value is one that a variable can have.
fn scalar(value: &Value) -> bool {
    value.is_boolean() || value.is_number() || value.is_string()
}

/// `POST /variable` with name, type and a value of that type.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let name = fields.0.get("name").and_then(text);
    let kind = fields.0.get("type").and_then(Value::as_str);
    let (Some(name), Some(kind), Some(value)) = (name, kind, fields.0.get("value")) else {
        return hub.refuse("invalid_body");
    };
    let known = ["string", "number", "boolean"].contains(&kind);
    if !known || !fields.only(&["name", "type", "value"]) {
        return hub.refuse("invalid_body");
    }
    if !scalar(value) || kind_of(value) != kind {
        return hub.refuse("invalid_value_type");
    }
    let id = hub.dice().uuid();
    {
        let mut home = hub.home();
        home.variables.push(Variable {
            id: id.clone(),
            name,
            value: value.clone(),
        });
        home.feed.item("logic", "variable", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /variable/:id` with a value of the same type, or a new name.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let value = fields.0.get("value");
    let name = fields.0.get("name").map(text);
    if !fields.only(&["name", "value"]) || name == Some(None) {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let Some(variable) = home.variables.iter_mut().find(|v| v.id == id) else {
            return hub.refuse("not_found");
        };
        if let Some(value) = value {
            if !scalar(value) || kind_of(value) != kind_of(&variable.value) {
                return hub.refuse("invalid_value_type");
            }
            variable.value = value.clone();
        }
        if let Some(name) = name.flatten() {
            variable.name = name;
        }
        home.feed.item("logic", "variable", What::Updated, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `DELETE /variable/:id`.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let before = home.variables.len();
    home.variables.retain(|v| v.id != id);
    if home.variables.len() == before {
        return hub.refuse("not_found");
    }
    home.feed.item("logic", "variable", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}
