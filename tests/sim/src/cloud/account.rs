// SPDX-License-Identifier: MIT OR Apache-2.0

//! `POST /login` at accounts.athom.com: password to JWT (api.md 5, step 1).

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::ask::Ask;
use super::jwt;
use super::options::Options;
use crate::refuse::reply;

/// Whether an e-mail address and a password are the account's.
pub fn known(options: &Options, email: &str, password: &str) -> bool {
    options.email.eq_ignore_ascii_case(email.trim()) && options.password == password
}

/// As a form or as JSON; what it misses and what is wrong is refused in the
/// order password, second factor.
pub async fn login(State(hub): Shared, ask: Ask) -> Response {
    let options = hub.cloud.options().clone();
    let (Some(email), Some(password)) = (ask.form.get("email"), ask.form.get("password")) else {
        return hub.cloud_refuse("missing_login");
    };
    if !known(&options, email, password) {
        return hub.cloud_refuse("wrong_password");
    }
    let given = ask.form.get("otptoken").unwrap_or_default();
    match options.otp.as_deref() {
        Some(_) if given.is_empty() => return hub.cloud_refuse("otp_missing"),
        Some(otp) if otp != given => return hub.cloud_refuse("otp_wrong"),
        _ => {}
    }
    let token = jwt::account(&mut hub.cloud.dice());
    hub.cloud.book().add_jwt(&token, &options);
    hub.cloud.counters().grant("login");
    reply(200, &json!({"token": token}).to_string())
}
