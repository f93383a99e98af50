// SPDX-License-Identifier: MIT OR Apache-2.0

//! Control of the realtime endpoint.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{Ask, done};
use crate::realtime::switches;
use crate::state::Hub;

/// `GET /_sim/realtime`: settings and counters.
pub async fn show(State(hub): State<Arc<Hub>>) -> Response {
    let value = hub.realtime().json();
    done(&value)
}

/// `POST /_sim/realtime`: see README.md.
pub async fn change(State(hub): State<Arc<Hub>>, Ask(ask): Ask<switches::Ask>) -> Response {
    let end = hub.realtime().change(&ask);
    if let Some(end) = end {
        // Nobody may be connected.
        let _ = hub.endings.send(end);
    }
    let value = hub.realtime().json();
    done(&value)
}
