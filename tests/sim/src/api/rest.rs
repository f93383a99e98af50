// SPDX-License-Identifier: MIT OR Apache-2.0

//! The operations without behaviour of their own: what is only read has a
//! plausible answer, options are kept, things asked for by an id are not there,
//! and what would need hardware is refused.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, ok};
use super::operations::Operation;
use crate::shape::plausible;
use crate::state::Hub;

/// Any operation that nothing else answers.
pub async fn answer(
    State(hub): Shared,
    Extension(operation): Extension<&'static Operation>,
    Path(given): Path<HashMap<String, String>>,
    fields: Fields,
) -> Response {
    if let Some(name) = operation.path.strip_prefix("/option/") {
        return option(&hub, operation, name, &fields);
    }
    let read = operation.method == "GET";
    if read && operation.name == "getState" {
        return ok(&plausible::state(operation.manager));
    }
    let known = plausible::answer(operation.manager, operation.name);
    match known {
        Some(value) => ok(&value),
        None if !given.is_empty() => hub.refuse("not_found"),
        None if read => ok(&json!({})),
        None => hub.refuse("not_supported"),
    }
}

/// `/option/<name>`: `{"value":…}` both ways; what was not set has its default.
fn option(hub: &Hub, operation: &'static Operation, name: &str, fields: &Fields) -> Response {
    let default = plausible::option(operation.manager, name);
    let key = (operation.manager, operation.path);
    match operation.method {
        "PUT" => {
            let Some(value) = fields.0.get("value") else {
                return hub.refuse("missing_value");
            };
            let same = std::mem::discriminant(value) == std::mem::discriminant(&default);
            if !default.is_null() && !same {
                return hub.refuse("invalid_value_type");
            }
            hub.home().options.insert(key, value.clone());
            ok(&json!({"value": value}))
        }
        "DELETE" => {
            hub.home().options.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let set: Option<Value> = hub.home().options.get(&key).cloned();
            ok(&json!({"value": set.unwrap_or(default)}))
        }
    }
}
