// SPDX-License-Identifier: MIT OR Apache-2.0

//! The control API's part for the cloud, `/_sim/cloud/`, and the clock.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Shared, token};
use crate::clock;
use crate::sim_control::{Ask, done, fail, faults};
use crate::state::{Hub, Via};

fn time() -> Response {
    done(&json!({
        "now_ms": clock::now_ms(), "now": clock::iso(clock::now_ms()), "frozen": clock::frozen(),
    }))
}

/// `GET /_sim/clock`.
pub async fn clock() -> Response {
    time()
}

/// All optional, done in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hands {
    freeze: Option<bool>,
    set_ms: Option<i64>,
    advance_ms: Option<i64>,
}

/// `POST /_sim/clock`.
pub async fn set_clock(Ask(ask): Ask<Hands>) -> Response {
    if let Some(on) = ask.freeze {
        clock::freeze(on);
    }
    if let Some(ms) = ask.set_ms {
        clock::set(ms);
    }
    if let Some(ms) = ask.advance_ms {
        clock::advance(ms);
    }
    time()
}

/// `GET /_sim/cloud/options`.
pub async fn options(State(hub): Shared) -> Response {
    let options = hub.cloud.options().json();
    done(&options)
}

/// `POST /_sim/cloud/options`: what is absent stays.
pub async fn set_options(State(hub): Shared, Ask(ask): Ask<Map<String, Value>>) -> Response {
    let next = hub.cloud.options().with(ask);
    let next = match next {
        Ok(next) => next,
        Err(text) => return fail(400, &format!("the options do not fit: {text}")),
    };
    let (shown, down) = (next.json(), next.down);
    *hub.cloud.options() = next;
    faults::settle(&hub).await;
    if down {
        faults::sever(&hub, false, |port| port == Via::Cloud);
    }
    done(&shown)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    what: What,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum What {
    Access,
    Refresh,
    All,
}

/// `POST /_sim/cloud/revoke`.
pub async fn revoke(State(hub): Shared, Ask(ask): Ask<Revoke>) -> Response {
    let (access, refresh) = (ask.what != What::Refresh, ask.what != What::Access);
    let ended = hub.cloud.book().revoke(access, refresh);
    done(&json!({"revoked": ended}))
}

/// `POST /_sim/cloud/tokens`: the tokens of a login, without one.
pub async fn tokens(State(hub): Shared) -> Response {
    let options = hub.cloud.options().clone();
    let granted = {
        let mut dice = hub.cloud.dice();
        hub.cloud.book().grant(&mut dice, &options, true)
    };
    crate::refuse::reply(200, &token::tokens(&granted, &options))
}

/// `GET /_sim/cloud/counters`.
pub async fn counters(State(hub): Shared) -> Response {
    let counters = hub.cloud.counters().json();
    done(&counters)
}

/// `POST /_sim/cloud/counters/reset`.
pub async fn reset(State(hub): Shared) -> Response {
    hub.cloud.counters().reset();
    done(&Value::Bool(true))
}

/// `GET /_sim/cloud/entry`: the hub as an account's list of hubs has it, to be
/// put into another account's.
pub async fn entry(State(hub): State<Arc<Hub>>) -> Response {
    let entry = super::user::own(&hub, false);
    done(&Value::Object(entry))
}
