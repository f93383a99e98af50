// SPDX-License-Identifier: MIT OR Apache-2.0

//! One capability: reading it (V3 only) and setting it (objects.md 3.3).

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, ok};
use crate::args::WriteReply;
use crate::clock::now_ms;
use crate::counters::Write;
use crate::gate::Caller;
use crate::home::Device;
use crate::home::drive::{check, take};
use crate::state::{Hub, Via};

/// `GET …/capability/:cap`: the bare value.
pub async fn get(State(hub): Shared, Path((id, cap)): Path<(String, String)>) -> Response {
    let value = {
        let home = hub.home();
        let device = home.devices.iter().find(|d| d.id == id && !d.gone);
        device.and_then(|d| d.cap(&cap)).map(|c| c.value.clone())
    };
    value.map_or_else(|| hub.refuse("not_found"), |v| ok(&v))
}

/// What becomes of a write.
enum Outcome {
    /// Taken; the value to echo.
    Taken(Value),
    /// Refused with a code.
    Refused(&'static str),
    /// The driver failed with a text of its own.
    Driver(String),
    /// Never answered.
    Hang,
}

/// `PUT …/capability/:cap` with `{"value":…,"opts":{…},"transactionId":"…"}`.
pub async fn set(
    State(hub): Shared,
    Extension(Caller(bearer)): Extension<Caller>,
    Extension(via): Extension<Via>,
    Path((id, cap)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let (outcome, name) = decide(&hub, &id, &cap, &fields);
    let member = |key: &str| fields.0.get(key).cloned().unwrap_or(Value::Null);
    hub.counters().write(&Write {
        device: id,
        name,
        capability: cap,
        value: member("value"),
        opts: member("opts"),
        transaction: member("transactionId"),
        bearer: bearer.word(),
        via: via.word(),
        outcome: match &outcome {
            Outcome::Taken(_) => "ok",
            Outcome::Refused(code) => code,
            Outcome::Driver(_) => "driver_error",
            Outcome::Hang => "hang",
        },
    });
    let value = match outcome {
        Outcome::Taken(value) => value,
        Outcome::Refused(code) => return hub.refuse(code),
        Outcome::Driver(text) => return hub.driver_error(&text),
        Outcome::Hang => std::future::pending().await,
    };
    let form = hub.switches().write_reply;
    match form {
        WriteReply::Empty if !hub.v2() => StatusCode::OK.into_response(),
        WriteReply::NoContent if !hub.v2() => StatusCode::NO_CONTENT.into_response(),
        _ => {
            let given = member("transactionId");
            let transaction = match given {
                Value::String(_) => given,
                _ => json!(hub.dice().uuid()),
            };
            ok(&json!({
                "transactionId": transaction, "transactionTime": now_ms(), "value": value,
            }))
        }
    }
}

fn decide(hub: &Arc<Hub>, id: &str, cap: &str, fields: &Fields) -> (Outcome, String) {
    let mut home = hub.home();
    let at = home.devices.iter().position(|d| d.id == id && !d.gone);
    let Some(at) = at else {
        return (Outcome::Refused("not_found"), String::new());
    };
    let zone = home.zone_name(&home.devices[at].zone);
    let name = format!("{zone}/{}", home.devices[at].name);
    let device = &mut home.devices[at];
    let Some(old) = device.cap(cap) else {
        return (Outcome::Refused("not_found"), name);
    };
    let opts = fields.0.get("opts");
    if !fields.only(&["value", "opts", "transactionId"]) || opts.is_some_and(|o| !o.is_object()) {
        return (Outcome::Refused("invalid_body"), name);
    }
    let Some(value) = fields.0.get("value") else {
        return (Outcome::Refused("missing_value"), name);
    };
    let value = match check(old, value) {
        Ok(value) => value,
        Err(code) => return (Outcome::Refused(code), name),
    };
    let echo = old.value.clone();
    if device.hang {
        return (Outcome::Hang, name);
    }
    if !device.available {
        let text = device.unavailable_message.clone();
        let text = text.unwrap_or_else(|| "Het apparaat reageert niet".to_owned());
        return (Outcome::Driver(text), name);
    }
    let transaction = fields.0.get("transactionId").and_then(Value::as_str);
    let transaction = transaction.map(str::to_owned);
    if device.slow_ms == 0 {
        carry_out(device, cap, &value, transaction);
        return (Outcome::Taken(value), name);
    }
    // A sleeping device: it takes the value later and echoes the old one until
    // then (objects.md 3.3).
    let pause = Duration::from_millis(device.slow_ms);
    let (hub, id, cap) = (hub.clone(), id.to_owned(), cap.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        let mut home = hub.home();
        if let Some(device) = home.devices.iter_mut().find(|d| d.id == id) {
            carry_out(device, &cap, &value, transaction);
        }
    });
    (Outcome::Taken(echo), name)
}

/// Takes a value; what is told of it bears the client's transaction.
fn carry_out(device: &mut Device, cap: &str, value: &Value, transaction: Option<String>) {
    device.transaction = transaction;
    take(device, cap, value, now_ms());
    device.transaction = None;
}
