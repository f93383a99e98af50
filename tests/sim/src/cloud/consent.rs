// SPDX-License-Identifier: MIT OR Apache-2.0

//! The authorise step in all its variants: of a password login at
//! accounts.athom.com (api.md 5), of a browser at api.athom.com (api.md 6).
//!
//! Under the name `localhost` a `user_token` in the query tells them apart.

use axum::extract::State;
use axum::response::Response;

use super::Shared;
use super::ask::{Ask, Host};
use super::book::Asked;
use super::options::{Options, Variant};
use super::page::{self, Consent};
use super::user;
use crate::state::Hub;

/// What a resource is called.
const RESOURCE: &str = "resource.homey.";

fn by_password(ask: &Ask) -> bool {
    match ask.host {
        Host::Accounts => true,
        Host::Api => false,
        Host::Either => ask.query.get("user_token").is_some(),
    }
}

/// Checks what both ways have in the query.
fn asked(hub: &Hub, ask: &Ask, options: &Options) -> Result<Asked, &'static str> {
    let query = &ask.query;
    if query.get("client_id") != Some(&hub.cloud.client_id) {
        return Err("client_unknown");
    }
    let uri = query.get("redirect_uri").unwrap_or_default();
    if !options.leads_back(uri) {
        return Err("redirect_unknown");
    }
    // Documented as the one, sent as the other (api.md 17).
    let code = ["response_type", "authorization_type"].map(|name| query.get(name));
    if !code.contains(&Some("code")) {
        return Err("response_type");
    }
    let jwt = query.get("user_token").filter(|_| by_password(ask));
    Ok(Asked {
        redirect_uri: uri.to_owned(),
        state: query.get("state").map(str::to_owned),
        jwt: jwt.map(str::to_owned),
    })
}

/// The redirect URI with more members in its query.
fn back(asked: &Asked, name: &str, value: &str) -> String {
    let uri = &asked.redirect_uri;
    let mark = if uri.contains('?') { '&' } else { '?' };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    if let Some(state) = &asked.state {
        query.append_pair("state", state);
    }
    format!("{uri}{mark}{}", query.finish())
}

/// Gives a code.
fn code(hub: &Hub, ask: &Ask, asked: &Asked, options: &Options, location: bool) -> Response {
    let code = {
        let mut dice = hub.cloud.dice();
        hub.cloud.book().add_code(&mut dice, asked, options)
    };
    hub.cloud.counters().grant("code");
    page::found(&back(asked, "code", &code), location, ask.wants_html())
}

/// The form, with its cookie among others.
fn form(hub: &Hub, ask: &Ask, asked: Asked, options: &Options) -> Response {
    let mut dice = hub.cloud.dice();
    // The forms of the package csurf: a secret, and a salted hash of it.
    let cookie = dice.base64url(24);
    let value = format!("{}-{}", dice.base64url(8), dice.base64url(27));
    let path = match asked.jwt {
        Some(_) => "/authorise",
        None => "/oauth2/authorise",
    };
    let mut reply = page::consent(&Consent {
        action: &format!("{path}?{}", ask.raw_query),
        client: "Panel",
        csrf: &value,
        hubs: user::hubs(hub, options)
            .iter()
            .map(|h| (user::id(h).to_owned(), user::name(h).to_owned()))
            .collect(),
    });
    page::set_cookies(&mut reply, &cookie, &mut dice);
    drop(dice);
    hub.cloud.book().add_form(&cookie, &value, asked);
    hub.cloud.counters().grant("form");
    reply
}

/// `GET /oauth2/authorise`.
pub async fn ask(State(hub): Shared, ask: Ask) -> Response {
    let options = hub.cloud.options().clone();
    let asked = match asked(&hub, &ask, &options) {
        Ok(asked) => asked,
        Err(reason) => return hub.cloud_refuse(reason),
    };
    if !by_password(&ask) {
        // A test has no hand to click with.
        return match ask.query.get("allow") {
            Some(_) => code(&hub, &ask, &asked, &options, true),
            None => form(&hub, &ask, asked, &options),
        };
    }
    let good = hub.cloud.book().check_jwt(asked.jwt.as_deref());
    if let Err(reason) = good {
        return hub.cloud_refuse(reason);
    }
    match options.variant {
        Variant::Form | Variant::FormBody => form(&hub, &ask, asked, &options),
        variant => code(&hub, &ask, &asked, &options, variant == Variant::Redirect),
    }
}

/// Whether the hubs chosen are the account's.
fn chosen(hub: &Hub, ask: &Ask, options: &Options) -> Result<(), &'static str> {
    let known = user::hubs(hub, options);
    let mut any = false;
    for resource in ask.form.all("resource") {
        let id = resource.strip_prefix(RESOURCE);
        if !known.iter().any(|h| Some(user::id(h)) == id) {
            return Err("resource_unknown");
        }
        any = true;
    }
    any.then_some(()).ok_or("resource_missing")
}

/// `POST /authorise`: the click of a password login.
pub async fn allow(State(hub): Shared, ask: Ask) -> Response {
    let options = hub.cloud.options().clone();
    let checked = asked(&hub, &ask, &options).and_then(|asked| {
        let mut book = hub.cloud.book();
        book.check_jwt(asked.jwt.as_deref())?;
        book.take_form(ask.cookie("_csrf"), ask.form.get("_csrf"), &asked)?;
        drop(book);
        chosen(&hub, &ask, &options)?;
        Ok(asked)
    });
    let asked = match checked {
        Ok(asked) => asked,
        Err(reason) => return hub.cloud_refuse(reason),
    };
    if ask.form.get("allow").is_none_or(str::is_empty) {
        hub.cloud.counters().refuse("not_allowed");
        let target = back(&asked, "error", "access_denied");
        return page::found(&target, true, ask.wants_html());
    }
    code(
        &hub,
        &ask,
        &asked,
        &options,
        options.variant != Variant::FormBody,
    )
}

/// `POST /oauth2/authorise`: the click in a browser.
pub async fn click(State(hub): Shared, ask: Ask) -> Response {
    let options = hub.cloud.options().clone();
    if by_password(&ask) {
        return page::no_route("POST", "/oauth2/authorise");
    }
    let asked = match asked(&hub, &ask, &options) {
        Ok(asked) => asked,
        Err(reason) => return hub.cloud_refuse(reason),
    };
    if ask.form.get("deny").is_some() {
        hub.cloud.counters().refuse("not_allowed");
        let target = back(&asked, "error", "access_denied");
        return page::found(&target, true, ask.wants_html());
    }
    code(&hub, &ask, &asked, &options, true)
}
