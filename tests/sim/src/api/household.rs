// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zones, moods, alarms, logic variables and presence (objects.md 4, 6).

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of};
use crate::clock::now_ms;
use crate::home::Alarm;
use crate::shape::flow::kind_of;
use crate::shape::rest as shape;
use crate::state::Hub;

type Items = Vec<(String, Value)>;

fn zone_items(hub: &Hub) -> Items {
    shape::zones(&hub.home(), hub.v2())
}

fn mood_items(hub: &Hub) -> Items {
    let home = hub.home();
    let moods = home.moods.iter();
    moods.map(|m| (m.id.clone(), shape::mood(m))).collect()
}

fn alarm_items(hub: &Hub) -> Items {
    let home = hub.home();
    let alarms = home.alarms.iter();
    alarms.map(|a| (a.id.clone(), shape::alarm(a))).collect()
}

fn variable_items(hub: &Hub) -> Items {
    let home = hub.home();
    let variables = home.variables.iter();
    variables
        .map(|v| (v.id.clone(), shape::variable(v)))
        .collect()
}

/// `GET /zone`.
pub async fn zones(State(hub): Shared) -> Response {
    list_of(&hub, zone_items(&hub))
}

/// `GET /zone/:id`.
pub async fn zone(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, zone_items(&hub), &id)
}

/// `GET /mood`.
pub async fn moods(State(hub): Shared) -> Response {
    list_of(&hub, mood_items(&hub))
}

/// `GET /mood/:id`.
pub async fn mood(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, mood_items(&hub), &id)
}

/// `POST /mood/:id/set`, with or without a body. The reply is not known; `true`
/// is what triggering a flow gives (objects.md 6).
pub async fn set_mood(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = {
        let mut home = hub.home();
        let mood = home.moods.iter().find(|m| m.id == id).cloned();
        if let Some(mood) = &mood {
            home.apply(&mood.effects, now_ms());
        }
        mood
    };
    let name = found.as_ref().map_or("", |m| m.name.as_str());
    let outcome = if found.is_some() { "ok" } else { "not_found" };
    hub.counters().start("mood", &id, name, outcome);
    match found {
        Some(_) => ok(&json!(true)),
        None => hub.refuse("not_found"),
    }
}

/// `GET /alarm`.
pub async fn alarms(State(hub): Shared) -> Response {
    list_of(&hub, alarm_items(&hub))
}

/// `GET /alarm/:id`.
pub async fn alarm(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, alarm_items(&hub), &id)
}

/// `PUT /alarm/:id` with any of name, time, enabled, repetition.
pub async fn update_alarm(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(alarm) = home.alarms.iter_mut().find(|a| a.id == id) else {
            return hub.refuse("not_found");
        };
        match changed(alarm, &fields) {
            Some(next) => *alarm = next,
            None => return hub.refuse("invalid_body"),
        }
    }
    one_of(&hub, alarm_items(&hub), &id)
}

/// The alarm with the members of the body, none when one of them is wrong.
fn changed(alarm: &Alarm, fields: &Fields) -> Option<Alarm> {
    let mut next = alarm.clone();
    for (key, value) in &fields.0 {
        match key.as_str() {
            "name" => value.as_str()?.clone_into(&mut next.name),
            "enabled" => next.enabled = value.as_bool()?,
            "time" => {
                let time = value.as_str()?;
                let (hour, minute) = time.split_once(':')?;
                let good = time.len() == 5
                    && hour.parse::<u8>().ok()? < 24
                    && minute.parse::<u8>().ok()? < 60;
                time.clone_into(&mut next.time);
                good.then_some(())?;
            }
            "repetition" => {
                for (name, on) in value.as_object()? {
                    next.days[shape::day(name)?] = on.as_bool()?;
                }
            }
            _ => return None,
        }
    }
    Some(next)
}

/// `GET /variable`.
pub async fn variables(State(hub): Shared) -> Response {
    list_of(&hub, variable_items(&hub))
}

/// `GET /variable/:id`.
pub async fn variable(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, variable_items(&hub), &id)
}

/// `PUT /variable/:id` with a value of the same type, or a new name.
pub async fn update_variable(
    State(hub): Shared,
    Path(id): Path<String>,
    fields: Fields,
) -> Response {
    let value = fields.0.get("value");
    let name = fields.0.get("name");
    if !fields.only(&["name", "value"]) || name.is_some_and(|n| !n.is_string()) {
        return hub.refuse("invalid_body");
    }
    {
        let mut home = hub.home();
        let Some(variable) = home.variables.iter_mut().find(|v| v.id == id) else {
            return hub.refuse("not_found");
        };
        if let Some(value) = value {
            let scalar = !value.is_null() && !value.is_array() && !value.is_object();
            if !scalar || kind_of(value) != kind_of(&variable.value) {
                return hub.refuse("invalid_value_type");
            }
            variable.value = value.clone();
        }
        if let Some(name) = name.and_then(Value::as_str) {
            name.clone_into(&mut variable.name);
        }
    }
    one_of(&hub, variable_items(&hub), &id)
}

/// `PUT /presence/me/present` with `{"value":b}`.
pub async fn present(State(hub): Shared, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value").and_then(Value::as_bool) else {
        return hub.refuse("missing_value");
    };
    hub.home().user.present = value;
    ok(&Value::Null)
}

/// `PUT /presence/me/asleep` with `{"value":b}`.
pub async fn asleep(State(hub): Shared, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value").and_then(Value::as_bool) else {
        return hub.refuse("missing_value");
    };
    hub.home().user.asleep = value;
    ok(&Value::Null)
}
