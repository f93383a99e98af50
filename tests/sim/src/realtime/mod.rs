// SPDX-License-Identifier: MIT OR Apache-2.0

//! The realtime endpoint `/socket.io/` (api.md 12): websockets of both protocol
//! generations, the handshake with a bearer, subscriptions, events and calls.
//!
//! The websocket itself is axum's; what is framed in it is here. What changes
//! in the home comes from its feed.

pub mod calls;
pub mod events;
pub mod packet;
pub mod session;
pub mod switches;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use serde_json::json;

use crate::refuse::reply;
use crate::state::Hub;
use crate::wire::link::Link;
use session::Session;

/// Largest frame that a client may send.
const LIMIT: usize = 1024 * 1024;

/// The routes that calls go through.
#[derive(Clone)]
pub struct Calls(pub Router);

/// An error as Engine.IO's server words it.
fn bad(code: u64, message: &str) -> Response {
    reply(400, &json!({"code": code, "message": message}).to_string())
}

/// `GET /socket.io/?EIO=3|4&transport=websocket`. Long polling is not offered:
/// no client uses it with hubs.
pub async fn open(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<HashMap<String, String>>,
    Extension(calls): Extension<Calls>,
    link: Option<Extension<Arc<Link>>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let word = |key: &str| asked.get(key).map_or("", String::as_str);
    let refused = {
        let mut realtime = hub.realtime();
        let refused = match (word("EIO"), word("transport")) {
            _ if !realtime.on => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            ("3", "websocket") => None,
            ("4", "websocket") if realtime.eio4 => None,
            (_, "websocket") => Some(bad(5, "Unsupported protocol version")),
            _ => Some(bad(0, "Transport unknown")),
        };
        if refused.is_some() {
            realtime.count("refused");
        }
        refused
    };
    if let Some(refused) = refused {
        return refused;
    }
    let Ok(upgrade) = upgrade else {
        return bad(3, "Bad request");
    };
    let four = word("EIO") == "4";
    let link = link.map(|l| l.0);
    upgrade
        .max_message_size(LIMIT)
        .max_frame_size(LIMIT)
        .on_upgrade(move |socket| Session::new(hub, calls.0, link, four).run(socket))
}
