// SPDX-License-Identifier: MIT OR Apache-2.0

//! The relay: the hub's whole API under its `remoteUrl` (api.md 2). While the
//! hub is away it answers for it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::{Shared, page};
use crate::state::{Hub, Life};

/// Everything the relay's port answers.
pub fn app(hub: &Arc<Hub>) -> Router {
    let away = from_fn_with_state(hub.clone(), away);
    crate::api::app(hub).layer(away)
}

async fn away(State(hub): Shared, request: Request, next: Next) -> Response {
    let down = *hub.life.borrow() != Life::Up || hub.cloud.options().offline_hub;
    match down {
        true => page::error(502),
        false => next.run(request).await,
    }
}
