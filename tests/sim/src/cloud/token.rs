// SPDX-License-Identifier: MIT OR Apache-2.0

//! `POST /oauth2/token` at api.athom.com: code, refresh token or password to
//! tokens (api.md 6).

use axum::extract::State;
use axum::http::header;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Shared;
use super::account::known;
use super::ask::Ask;
use super::book::Granted;
use super::options::Options;
use crate::refuse::reply;
use crate::state::Hub;

/// Id and secret of the client, from the header or from the form.
fn client(ask: &Ask) -> Option<(String, String)> {
    if let Some(header) = ask.header(&header::AUTHORIZATION) {
        let (scheme, text) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        return Some((id.to_owned(), secret.to_owned()));
    }
    let (id, secret) = (ask.form.get("client_id")?, ask.form.get("client_secret")?);
    Some((id.to_owned(), secret.to_owned()))
}

/// Checks the client. Its form members are checked beside a header too.
pub fn check_client(hub: &Hub, ask: &Ask) -> Result<(), &'static str> {
    let (id, secret) = client(ask).ok_or("client_secret")?;
    match id == hub.cloud.client_id && secret == hub.cloud.client_secret {
        true => Ok(()),
        false => Err("client_secret"),
    }
}

fn granted(hub: &Hub, ask: &Ask, options: &Options) -> Result<Granted, &'static str> {
    check_client(hub, ask)?;
    let form = &ask.form;
    let grant = form.get("grant_type").ok_or("grant_missing")?;
    let every = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
    ];
    let grant = *every
        .iter()
        .find(|g| **g == grant)
        .ok_or("grant_unsupported")?;
    if !options.grants.iter().any(|g| g == grant) {
        return Err("grant_unauthorized");
    }
    let mut dice = hub.cloud.dice();
    let mut book = hub.cloud.book();
    let granted = match grant {
        "authorization_code" => {
            // Documented as the one, sent as the other (api.md 17).
            let names = ["code", "authorization_code"];
            let name = names.into_iter().find(|n| form.get(n).is_some());
            let name = name.ok_or("code_missing")?;
            let code = form.get(name).ok_or("code_missing")?;
            book.take_code(code, form.get("redirect_uri"))?;
            hub.cloud.counters().grant(match name {
                "code" => "as_code",
                _ => "as_authorization_code",
            });
            book.grant(&mut dice, options, true)
        }
        "refresh_token" => {
            let token = form.get("refresh_token").ok_or("refresh_missing")?;
            book.renew(token, &mut dice, options)?
        }
        "password" => {
            let (user, password) = (form.get("username"), form.get("password"));
            if !known(
                options,
                user.unwrap_or_default(),
                password.unwrap_or_default(),
            ) {
                return Err("user_password");
            }
            book.grant(&mut dice, options, true)
        }
        _ => book.grant(&mut dice, options, false),
    };
    hub.cloud.counters().grant(grant);
    Ok(granted)
}

/// The reply of objects.md 1.1.
pub fn tokens(granted: &Granted, options: &Options) -> String {
    let mut object = json!({
        "token_type": "bearer", "access_token": granted.access,
        "expires_in": options.access_ttl_ms / 1000,
    });
    if let Some(refresh) = &granted.refresh {
        object["refresh_token"] = json!(refresh);
    }
    object.to_string()
}

/// The route.
pub async fn token(State(hub): Shared, ask: Ask) -> Response {
    let options = hub.cloud.options().clone();
    match granted(&hub, &ask, &options) {
        Ok(granted) => reply(200, &tokens(&granted, &options)),
        Err(reason) => hub.cloud_refuse(reason),
    }
}
