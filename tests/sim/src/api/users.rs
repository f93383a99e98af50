// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerUsers and ManagerPresence: who lives here, who is in, who sleeps, and
//! what they like (objects.md 2.3). Logging in is `sessions`' business.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, one_of, text};
use crate::home::feed::What;
use crate::home::{Home, User};
use crate::shape::rest as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let users = home.users();
    users
        .map(|u| (u.id.clone(), shape::user(u, hub.v2())))
        .collect()
}

/// `GET /user`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /user/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// `GET /user/me`: the owner, to whom all bearers belong.
pub async fn me(State(hub): Shared) -> Response {
    let user = shape::user(&hub.home().user, hub.v2());
    ok(&user)
}

/// Changes a user, tells it, and answers with what `reply` makes of the user.
fn change(
    hub: &Hub,
    id: Option<&str>,
    how: impl FnOnce(&mut User) -> Result<(), &'static str>,
    reply: impl FnOnce(&User) -> Value,
) -> Response {
    let mut home = hub.home();
    let own = home.user.id.clone();
    let id = id.unwrap_or(&own).to_owned();
    let Some(user) = home.user_mut(&id) else {
        return hub.refuse("not_found");
    };
    if let Err(code) = how(user) {
        return hub.refuse(code);
    }
    let value = reply(user);
    home.feed.item("users", "user", What::Updated, &id);
    ok(&value)
}

/// `PUT /user/me` with a name.
pub async fn update_me(State(hub): Shared, fields: Fields) -> Response {
    let v2 = hub.v2();
    let named = |user: &mut User| {
        for (key, value) in &fields.0 {
            match key.as_str() {
                "name" => user.name = text(value).ok_or("invalid_body")?,
                "email" if v2 => {}
                _ => return Err("invalid_body"),
            }
        }
        Ok(())
    };
    change(&hub, None, named, |u| shape::user(u, v2))
}

const ROLES: [&str; 3] = ["manager", "user", "guest"];

/// `POST /user` with a role: an invitation.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let role = fields.0.get("role").and_then(Value::as_str);
    let known = role.filter(|r| ROLES.contains(r) && fields.only(&["role"]));
    let Some(role) = known else {
        return hub.refuse("invalid_body");
    };
    let user = User {
        id: hub.dice().uuid(),
        name: "Invited".to_owned(),
        role: role.to_owned(),
        enabled: true,
        ..User::default()
    };
    let id = user.id.clone();
    {
        let mut home = hub.home();
        home.guests.push(user);
        home.feed.item("users", "user", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /user/:id` with role and enabled; the owner stays the owner.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let v2 = hub.v2();
    let owner = hub.home().user.id == id;
    let changed = |user: &mut User| {
        for (key, value) in &fields.0 {
            match (key.as_str(), value) {
                ("role", Value::String(role)) if !owner && ROLES.contains(&role.as_str()) => {
                    role.clone_into(&mut user.role);
                }
                ("enabled", Value::Bool(enabled)) if !owner => user.enabled = *enabled,
                _ => return Err("invalid_body"),
            }
        }
        Ok(())
    };
    change(&hub, Some(&id), changed, |u| shape::user(u, v2))
}

/// `DELETE /user/:id`: never the owner.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    if home.user.id == id {
        return hub.refuse("cannot_delete_owner");
    }
    let Some(at) = home.guests.iter().position(|u| u.id == id) else {
        return hub.refuse("not_found");
    };
    home.guests.remove(at);
    home.feed.item("users", "user", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}

/// `DELETE /user/me`: the caller is the owner.
pub async fn delete_me(State(hub): Shared) -> Response {
    hub.refuse("cannot_delete_owner")
}

/// A list of ids, as favourites are.
fn ids(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?.iter();
    list.map(|v| v.as_str().map(str::to_owned)).collect()
}

fn property(user: &mut User, id: &str, value: Option<&Value>) -> Result<(), &'static str> {
    let list = match value {
        Some(value) => ids(value).ok_or("invalid_value_type"),
        None => Ok(Vec::new()),
    };
    match id {
        "favoriteDevices" => user.favorite_devices = list?,
        "favoriteFlows" => user.favorite_flows = list?,
        other => match value {
            Some(value) => drop(user.properties.insert(other.to_owned(), value.clone())),
            None => drop(user.properties.remove(other)),
        },
    }
    Ok(())
}

/// `PUT /user/me/properties/:id` with a value: favourites, and what apps of the
/// user keep there.
pub async fn set_property(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let Some(value) = fields.0.get("value") else {
        return hub.refuse("missing_value");
    };
    change(
        &hub,
        None,
        |u| property(u, &id, Some(value)),
        |_| value.clone(),
    )
}

/// `DELETE /user/me/properties/:id`.
pub async fn unset_property(State(hub): Shared, Path(id): Path<String>) -> Response {
    change(&hub, None, |u| property(u, &id, None), |_| Value::Null)
}

/// Which of the two states of a user.
#[derive(Clone, Copy)]
enum Which {
    Present,
    Asleep,
}

fn put_state(hub: &Hub, id: Option<&str>, which: Which, fields: &Fields) -> Response {
    let Some(value) = fields.0.get("value").and_then(Value::as_bool) else {
        return hub.refuse("missing_value");
    };
    let put = |user: &mut User| {
        match which {
            Which::Present => user.present = value,
            Which::Asleep => user.asleep = value,
        }
        Ok(())
    };
    change(hub, id, put, |_| Value::Null)
}

fn get_state(hub: &Hub, id: &str, which: Which) -> Response {
    let found = {
        let home = hub.home();
        let user = home.users().find(|u| u.id == id);
        user.map(|u| match which {
            Which::Present => u.present,
            Which::Asleep => u.asleep,
        })
    };
    found.map_or_else(|| hub.refuse("not_found"), |on| ok(&json!(on)))
}

/// `PUT /presence/me/present` with `{"value":b}`.
pub async fn present_me(State(hub): Shared, fields: Fields) -> Response {
    put_state(&hub, None, Which::Present, &fields)
}

/// `PUT /presence/me/asleep` with `{"value":b}`.
pub async fn asleep_me(State(hub): Shared, fields: Fields) -> Response {
    put_state(&hub, None, Which::Asleep, &fields)
}

/// `PUT /presence/:id/present`.
pub async fn present(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    put_state(&hub, Some(&id), Which::Present, &fields)
}

/// `PUT /presence/:id/asleep`.
pub async fn asleep(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    put_state(&hub, Some(&id), Which::Asleep, &fields)
}

/// `GET /presence/:id/present`.
pub async fn is_present(State(hub): Shared, Path(id): Path<String>) -> Response {
    get_state(&hub, &id, Which::Present)
}

/// `GET /presence/:id/asleep`.
pub async fn is_asleep(State(hub): Shared, Path(id): Path<String>) -> Response {
    get_state(&hub, &id, Which::Asleep)
}

/// What V2's `mobile/summary` holds: its form is not known.
pub fn summary(home: &Home) -> Value {
    let mut map = Map::new();
    map.insert("devices".into(), json!(home.devices.len()));
    map.insert("flows".into(), json!(home.flows.len()));
    map.insert("users".into(), json!(home.users().count()));
    Value::Object(map)
}
