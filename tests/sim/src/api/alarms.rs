// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerAlarms (objects.md 6, operations.md 4).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;
use super::body::{Fields, list_of, one_of, text};
use crate::home::Alarm;
use crate::home::feed::What;
use crate::shape::rest as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let alarms = home.alarms.iter();
    alarms.map(|a| (a.id.clone(), shape::alarm(a))).collect()
}

/// `GET /alarm`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /alarm/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// `POST /alarm`: what is left out is "Alarm", 08:00, on, once.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let id = hub.dice().uuid();
    let fresh = Alarm {
        id: id.clone(),
        name: "Alarm".to_owned(),
        time: "08:00".to_owned(),
        enabled: true,
        days: [false; 7],
    };
    let Some(alarm) = changed(&fresh, &fields) else {
        return hub.refuse("invalid_body");
    };
    {
        let mut home = hub.home();
        home.alarms.push(alarm);
        home.feed.item("alarms", "alarm", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /alarm/:id` with any of name, time, enabled, repetition.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(alarm) = home.alarms.iter_mut().find(|a| a.id == id) else {
            return hub.refuse("not_found");
        };
        match changed(alarm, &fields) {
            Some(next) => *alarm = next,
            None => return hub.refuse("invalid_body"),
        }
        home.feed.item("alarms", "alarm", What::Updated, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `DELETE /alarm/:id`.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let before = home.alarms.len();
    home.alarms.retain(|a| a.id != id);
    if home.alarms.len() == before {
        return hub.refuse("not_found");
    }
    home.feed.item("alarms", "alarm", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}

/// Two digits that stay below a limit.
fn below(text: &str, limit: u8) -> bool {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    digits && text.parse::<u8>().is_ok_and(|n| n < limit)
}

/// The alarm with the members of the body, none when one of them is wrong.
fn changed(alarm: &Alarm, fields: &Fields) -> Option<Alarm> {
    let mut next = alarm.clone();
    for (key, value) in &fields.0 {
        match key.as_str() {
            "name" => next.name = text(value)?,
            "enabled" => next.enabled = value.as_bool()?,
            "time" => {
                let time = value.as_str()?;
                let (hour, minute) = time.split_once(':')?;
                if !below(hour, 24) || !below(minute, 60) {
                    return None;
                }
                time.clone_into(&mut next.time);
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
