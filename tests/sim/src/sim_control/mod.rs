// SPDX-License-Identifier: MIT OR Apache-2.0

//! The control API under `/_sim/`: how a test changes the hub and asks what
//! happened. It is no part of what a real hub does.

pub mod faults;
mod hub;
mod items;
mod place;
mod realtime;

use std::sync::Arc;

use axum::Router;
use axum::async_trait;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cloud::control;
use crate::gate;
use crate::home::Home;
use crate::home::find::Miss;
use crate::mdns;
use crate::refuse::reply;
use crate::state::Hub;

/// Everything the control port answers.
pub fn app(hub: &Arc<Hub>) -> Router {
    routes(hub).layer(from_fn(gate::whole))
}

/// The routes; what is not one of them falls through to the caller's fallback.
#[rustfmt::skip]
pub fn routes(hub: &Arc<Hub>) -> Router {
    Router::new()
        .route("/_sim", get(hub::help))
        .route("/_sim/state", get(items::state))
        .route("/_sim/value", post(items::value))
        .route("/_sim/available", post(items::available))
        .route("/_sim/gone", post(items::gone))
        .route("/_sim/return", post(items::come_back))
        .route("/_sim/rename", post(items::rename))
        .route("/_sim/slow", post(items::slow))
        .route("/_sim/hang", post(items::hang))
        .route("/_sim/flow", post(items::flow))
        .route("/_sim/delegation", post(hub::delegation))
        .route("/_sim/sessions/expire", post(hub::expire))
        .route("/_sim/keys", post(hub::make_key))
        .route("/_sim/keys/revoke", post(hub::revoke))
        .route("/_sim/options", post(hub::options))
        .route("/_sim/counters", get(hub::counters))
        .route("/_sim/counters/reset", post(hub::reset))
        .route("/_sim/restart", post(hub::restart))
        .route("/_sim/fault", post(faults::add))
        .route("/_sim/fault/remove", post(faults::remove))
        .route("/_sim/faults", get(faults::list))
        .route("/_sim/stall", post(faults::stall))
        .route("/_sim/cut", post(faults::cut))
        .route("/_sim/realtime", get(realtime::show).post(realtime::change))
        .route("/_sim/clear", post(hub::clear))
        .route("/_sim/address", post(place::change))
        .route("/_sim/mdns", get(mdns::show).post(mdns::change))
        .route("/_sim/sessions/revoke", post(hub::end_session))
        .route("/_sim/clock", get(control::clock).post(control::set_clock))
        .route("/_sim/cloud/options", get(control::options).post(control::set_options))
        .route("/_sim/cloud/revoke", post(control::revoke))
        .route("/_sim/cloud/tokens", post(control::tokens))
        .route("/_sim/cloud/entry", get(control::entry))
        .route("/_sim/cloud/counters", get(control::counters))
        .route("/_sim/cloud/counters/reset", post(control::reset))
        .route("/_sim/cloud/fault", post(faults::cloud))
        .with_state(hub.clone())
}

/// The body of a control request. The Content-Type does not matter, so that
/// `curl -d` suffices; an empty body counts as `{}`.
pub struct Ask<T>(pub T);

#[async_trait]
impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Ask<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let body = to_bytes(request.into_body(), 1024 * 1024).await;
        let body = body.map_err(|_| fail(400, "the body could not be read"))?;
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        match serde_json::from_slice(text) {
            Ok(ask) => Ok(Ask(ask)),
            Err(e) => Err(fail(400, &format!("the body does not fit: {e}"))),
        }
    }
}

/// An error of the control API.
pub fn fail(status: u16, text: &str) -> Response {
    reply(status, &json!({"error": text}).to_string())
}

/// Done; with what there is to tell.
pub fn done(value: &Value) -> Response {
    reply(200, &value.to_string())
}

/// Position of a device, or the error to answer.
#[allow(clippy::result_large_err)]
fn find(home: &Home, device: &str) -> Result<usize, Response> {
    home.find(device).map_err(|miss| match miss {
        Miss::Unknown => fail(404, &format!("no device is called {device:?}")),
        Miss::Ambiguous(ids) => fail(
            409,
            &format!(
                "{} devices are called {device:?}: use one of the ids {ids:?}",
                ids.len()
            ),
        ),
    })
}
