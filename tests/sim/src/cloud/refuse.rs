// SPDX-License-Identifier: MIT OR Apache-2.0

//! Refusals of the cloud (objects.md 12): which reason has which status and
//! code, and the forms that errors come in.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::options::ErrorForm;
use super::page;
use crate::fault::kind::Status;
use crate::refuse::reply;
use crate::state::Hub;

/// Reason in the counters, status, code, text.
type Row = (&'static str, u16, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("bad_json", 400, "invalid_json", "The body is not JSON"),
    ("missing_login", 400, "invalid_request", "E-mail address and password are required"),
    ("wrong_password", 401, "invalid_credentials", "Invalid e-mail address or password"),
    ("otp_missing", 403, "otp_required", "A two-factor authentication code is required"),
    ("otp_wrong", 403, "otp_invalid", "Invalid two-factor authentication code"),
    ("client_unknown", 400, "invalid_client", "Unknown client"),
    ("client_secret", 401, "invalid_client", "Client authentication failed"),
    ("redirect_unknown", 400, "invalid_request", "The redirect URI is not registered for this client"),
    ("response_type", 400, "unsupported_response_type", "The response type is not code"),
    ("jwt_unknown", 401, "invalid_token", "The user token is invalid"),
    ("jwt_expired", 401, "invalid_token", "The user token has expired"),
    ("jwt_used", 401, "invalid_token", "The user token has been used"),
    ("csrf_cookie", 403, "EBADCSRFTOKEN", "invalid csrf token"),
    ("csrf_value", 403, "EBADCSRFTOKEN", "invalid csrf token"),
    ("other_request", 400, "invalid_request", "The form belongs to another request"),
    ("resource_missing", 400, "invalid_request", "No resource was chosen"),
    ("resource_unknown", 400, "invalid_request", "The resource is not known"),
    ("grant_missing", 400, "invalid_request", "Missing parameter: grant_type"),
    ("grant_unsupported", 400, "unsupported_grant_type", "The grant type is not supported"),
    ("grant_unauthorized", 400, "unauthorized_client", "The client may not use this grant type"),
    ("code_missing", 400, "invalid_request", "Missing parameter: code"),
    ("code_unknown", 400, "invalid_grant", "Invalid authorization code"),
    ("code_used", 400, "invalid_grant", "Invalid authorization code"),
    ("code_expired", 400, "invalid_grant", "The authorization code has expired"),
    ("code_redirect", 400, "invalid_grant", "The redirect URI does not match"),
    ("refresh_missing", 400, "invalid_request", "Missing parameter: refresh_token"),
    ("refresh_unknown", 400, "invalid_grant", "Invalid refresh token"),
    ("refresh_spent", 400, "invalid_grant", "Invalid refresh token"),
    ("refresh_revoked", 400, "invalid_grant", "Invalid refresh token"),
    ("refresh_expired", 400, "invalid_grant", "The refresh token has expired"),
    ("user_password", 400, "invalid_grant", "Invalid user credentials"),
    ("no_token", 401, "unauthorized", "No access token was given"),
    ("access_unknown", 401, "invalid_token", "The access token is invalid"),
    ("access_expired", 401, "invalid_token", "The access token has expired"),
    ("access_revoked", 401, "invalid_token", "The access token is invalid"),
    ("audience", 400, "invalid_audience", "The audience is not known"),
    ("delegation_bad", 401, "invalid_token", "The delegation token is invalid"),
    ("delegation_expired", 401, "invalid_token", "The delegation token has expired"),
];

/// An error in one of its forms.
fn body(form: ErrorForm, status: u16, code: &str, text: &str) -> Value {
    match form {
        ErrorForm::Description => json!({"error": code, "error_description": text}),
        ErrorForm::Fields => json!({"error": code, "error_description": {"request": text}}),
        ErrorForm::ErrorMessage => json!({"error": code, "error_message": text}),
        ErrorForm::Message => json!({"error": code, "message": text}),
        ErrorForm::Result => json!({"status": status, "error": code, "result": text}),
    }
}

impl Hub {
    /// The cloud's refusal for a reason, which is counted.
    pub fn cloud_refuse(&self, reason: &'static str) -> Response {
        self.cloud.counters().refuse(reason);
        let row = ROWS.iter().find(|r| r.0 == reason);
        let (_, status, code, text) = *row.unwrap_or(&(reason, 500, reason, reason));
        self.cloud_error(status, code, text)
    }

    fn cloud_error(&self, status: u16, code: &str, text: &str) -> Response {
        let (form, html) = {
            let options = self.cloud.options();
            (options.error_form, options.html_errors)
        };
        match html {
            true => page::error(status),
            false => reply(status, &body(form, status, code, text).to_string()),
        }
    }

    /// Too many requests; nothing says what that looks like at the cloud.
    pub fn cloud_busy(&self) -> Response {
        self.cloud.counters().refuse("rate_limit");
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        let mut reply = (StatusCode::TOO_MANY_REQUESTS, kind, "Too many requests").into_response();
        let after = self.cloud.options().retry_after;
        if let Some(seconds) = after {
            let seconds = HeaderValue::from(seconds);
            reply.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        reply
    }

    /// The reply of a fault `status` on the cloud's port.
    pub fn cloud_forged(&self, status: &Status) -> Response {
        let error = |usual| status.error.as_deref().unwrap_or(usual);
        match status.code {
            401 => self.cloud_error(401, error("invalid_token"), "The access token is invalid"),
            403 => self.cloud_error(403, error("forbidden"), "Forbidden"),
            404 => self.cloud_error(404, error("not_found"), "Not found"),
            429 => self.cloud_busy(),
            500 => self.cloud_error(500, error("server_error"), "Internal server error"),
            code => page::error(code),
        }
    }
}
