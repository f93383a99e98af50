// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerUsers and ManagerSessions: login, the own session, the user, API
//! keys (api.md 7, 8; objects.md 2).

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, list_of, ok, text};
use crate::auth::{Bearer, Kind, is_scope};
use crate::clock::iso;
use crate::gate::Caller;
use crate::shape::rest;
use crate::state::Via;

/// `POST /users/login` with `{"token":"<delegation JWT>"}`: a JSON string.
pub async fn login(State(hub): Shared, fields: Fields) -> Response {
    let given = fields.0.get("token").and_then(Value::as_str);
    let made = {
        let mut dice = hub.dice();
        given.and_then(|jwt| hub.auth().login(jwt, &mut dice))
    };
    match made {
        Some(token) => {
            hub.counters().login();
            ok(&json!(token))
        }
        None => hub.refuse("invalid_token"),
    }
}

/// `POST /users/login-local` (V3) with `{"username":…,"password":…,"clientId":…,
/// "clientName":…}`: a JSON string, a guess of api.md 4. Over the relay it is
/// no way in.
pub async fn login_local(
    State(hub): Shared,
    Extension(via): Extension<Via>,
    fields: Fields,
) -> Response {
    let member = |name: &str| fields.0.get(name).and_then(Value::as_str);
    let (Some(user), Some(password)) = (member("username"), member("password")) else {
        return hub.refuse("invalid_body");
    };
    if via == Via::Relay {
        return hub.refuse("not_logged_in");
    }
    let client = member("clientName").unwrap_or("Homey Web App");
    let made = {
        let mut dice = hub.dice();
        hub.auth().login_local(user, password, client, &mut dice)
    };
    match made {
        Some(token) => {
            hub.counters().login();
            ok(&json!(token))
        }
        None => hub.worded(401, "invalid_credentials"),
    }
}

/// `GET /sessions/session/me`.
pub async fn me(State(hub): Shared, Extension(Caller(bearer)): Extension<Caller>) -> Response {
    let mut object = rest::session(&bearer, hub.v2());
    let times = hub.switches().session_times;
    if let (true, false, Some(end)) = (times, hub.v2(), bearer.expires) {
        object["createdAt"] = json!(iso(bearer.created));
        object["expiresAt"] = json!(iso(end));
    }
    ok(&object)
}

/// `GET /sessions/session` (V2): the caller's own session only.
pub async fn list(State(hub): Shared, Extension(Caller(bearer)): Extension<Caller>) -> Response {
    let item = rest::session(&bearer, true);
    list_of(&hub, vec![(bearer.id, item)])
}

/// `DELETE /sessions/session/:id` (V2): logs out.
pub async fn logout(State(hub): Shared, Path(id): Path<String>) -> Response {
    let ended = hub.auth().revoke(Kind::Session, Some(&id));
    match ended {
        0 => hub.refuse("not_found"),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

/// `GET /users/user/me`.
pub async fn user_me(State(hub): Shared) -> Response {
    let user = rest::user(&hub.home().user, hub.v2());
    ok(&user)
}

/// `GET /users/user`: the owner is the only user.
pub async fn users(State(hub): Shared) -> Response {
    let (id, user) = {
        let home = hub.home();
        (home.user.id.clone(), rest::user(&home.user, hub.v2()))
    };
    list_of(&hub, vec![(id, user)])
}

fn key(bearer: &Bearer, token: Option<&str>) -> Value {
    let mut object = json!({"id": bearer.id, "name": bearer.name, "scopes": bearer.scopes});
    if let Some(token) = token {
        object["token"] = json!(token);
    }
    object["createdAt"] = json!(iso(bearer.created));
    object
}

/// `GET /users/pat` (V3): an array, without the tokens (objects.md 2.4).
pub async fn keys(State(hub): Shared) -> Response {
    let list: Value = hub
        .auth()
        .keys()
        .into_iter()
        .map(|b| key(b, None))
        .collect();
    ok(&list)
}

/// `POST /users/pat` (V3) with `{"name":…,"scopes":[…]}`.
pub async fn make_key(State(hub): Shared, fields: Fields) -> Response {
    let name = fields.0.get("name").and_then(text);
    let scopes = fields.0.get("scopes").and_then(Value::as_array);
    let (Some(name), Some(scopes)) = (name, scopes) else {
        return hub.refuse("invalid_body");
    };
    let known = |s: &Value| s.as_str().filter(|s| is_scope(s)).map(str::to_owned);
    let scopes: Option<Vec<String>> = scopes.iter().map(known).collect();
    let scopes = scopes.filter(|s| !s.is_empty() && fields.only(&["name", "scopes"]));
    let Some(scopes) = scopes else {
        return hub.refuse("invalid_body");
    };
    let (token, id) = {
        let mut dice = hub.dice();
        (dice.bearer(), dice.uuid())
    };
    let object = {
        let mut auth = hub.auth();
        auth.add_key(&token, &id, &name, scopes);
        let made = auth.keys().into_iter().find(|b| b.id == id);
        made.map(|b| key(b, Some(&token)))
    };
    object.map_or_else(|| hub.refuse("not_found"), |o| ok(&o))
}

/// `DELETE /users/pat/:id` (V3).
pub async fn delete_key(State(hub): Shared, Path(id): Path<String>) -> Response {
    let ended = hub.auth().revoke(Kind::Key, Some(&id));
    match ended {
        0 => hub.refuse("not_found"),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}
