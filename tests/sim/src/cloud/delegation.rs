// SPDX-License-Identifier: MIT OR Apache-2.0

//! Delegation tokens at api.athom.com (api.md 7).

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::Shared;
use super::ask::Ask;
use super::{jwt, token};
use crate::refuse::reply;

/// `POST /delegation/token?audience=homey` with the access token in the header
/// or, with id and secret, in a form: a JSON string.
pub async fn token(State(hub): Shared, ask: Ask) -> Response {
    let access = match ask.bearer() {
        Some(bearer) => Some(bearer),
        None => {
            let given = ask.form.get("access_token");
            if let (Some(_), Err(reason)) = (given, token::check_client(&hub, &ask)) {
                return hub.cloud_refuse(reason);
            }
            given
        }
    };
    let good = hub.cloud.book().check_access(access);
    if let Err(reason) = good {
        return hub.cloud_refuse(reason);
    }
    if ask.query.get("audience") != Some("homey") {
        return hub.cloud_refuse("audience");
    }
    let ttl = hub.cloud.options().delegation_ttl_ms;
    let token = jwt::delegation(&hub.args.account_key, &mut hub.cloud.dice(), ttl);
    hub.cloud.counters().grant("delegation");
    reply(200, &Value::from(token).to_string())
}

/// `GET /delegation/verify?token=`; what a good one is answered with no source
/// tells.
pub async fn verify(State(hub): Shared, ask: Ask) -> Response {
    let token = ask.query.get("token").unwrap_or_default();
    match jwt::check(&hub.args.account_key, token) {
        Ok(claims) => reply(200, &json!({"valid": true, "token": claims}).to_string()),
        Err(reason) => hub.cloud_refuse(reason),
    }
}
