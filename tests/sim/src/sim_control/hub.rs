// SPDX-License-Identifier: MIT OR Apache-2.0

//! Control of the hub as a whole: tokens, switches, counters, restarts, faults.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, done, fail, faults};
use crate::args::{Language, Lists, WriteReply};
use crate::auth::Kind;
use crate::cloud::jwt;
use crate::counters::Counters;
use crate::state::{Boot, Hub, Life, Via};

/// `GET /_sim`: says where the rest is explained.
pub async fn help(State(hub): State<Arc<Hub>>) -> Response {
    done(&json!({
        "simulator": "homey-sim", "hub_id": hub.id, "dialect": hub.args.dialect.word(),
        "help": "the control calls are listed in tests/sim/README.md",
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    ttl_ms: Option<i64>,
}

/// `POST /_sim/delegation`: a token that `users/login` takes.
pub async fn delegation(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Delegation>) -> Response {
    let usual = hub.cloud.options().delegation_ttl_ms;
    let ttl = ask.ttl_ms.unwrap_or(usual);
    let token = jwt::delegation(&hub.args.account_key, &mut hub.cloud.dice(), ttl);
    done(&json!({"token": token}))
}

/// `POST /_sim/sessions/expire`: as if 24 hours had passed for every session.
pub async fn expire(State(hub): State<Arc<Hub>>) -> Response {
    done(&json!({"expired": hub.auth().expire_sessions()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndSession {
    session: Option<String>,
}

/// `POST /_sim/sessions/revoke`: one session by token or id, or all, as when
/// the user ends it in the web app.
pub async fn end_session(State(hub): State<Arc<Hub>>, Ask(ask): Ask<EndSession>) -> Response {
    let ended = hub.auth().revoke(Kind::Session, ask.session.as_deref());
    match (ended, ask.session) {
        (0, Some(_)) => fail(404, "no good session has that token or id"),
        _ => done(&json!({"revoked": ended})),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    scopes: Vec<String>,
}

/// `POST /_sim/keys`: an API key with these scopes.
pub async fn make_key(State(hub): State<Arc<Hub>>, Ask(ask): Ask<NewKey>) -> Response {
    let (token, id) = {
        let mut dice = hub.dice();
        (dice.bearer(), dice.uuid())
    };
    hub.auth().add_key(&token, &id, "control", ask.scopes);
    done(&json!({"token": token, "id": id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    key: Option<String>,
}

/// `POST /_sim/keys/revoke`: one key by token or id, or all.
pub async fn revoke(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Revoke>) -> Response {
    let ended = hub.auth().revoke(Kind::Key, ask.key.as_deref());
    match (ended, ask.key) {
        (0, Some(_)) => fail(404, "no good key has that token or id"),
        _ => done(&json!({"revoked": ended})),
    }
}

/// All optional: what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    lists: Option<String>,
    v3_write_reply: Option<String>,
    language: Option<String>,
    etag: Option<bool>,
    rate_limit: Option<bool>,
    v3_session_times: Option<bool>,
    /// Of new sessions.
    session_ttl_ms: Option<i64>,
    /// Empty text takes the licence error away.
    licence: Option<String>,
}

/// `POST /_sim/options`: the switches of the command line, and the licence error.
pub async fn options(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Options>) -> Response {
    match switched(&hub, ask) {
        Ok(()) => {
            let s = hub.switches().clone();
            done(&json!({
                "lists": word(&s.lists), "v3_write_reply": word(&s.write_reply),
                "language": word(&s.language), "etag": s.etag, "rate_limit": s.rate,
                "licence": s.licence, "v3_session_times": s.session_times,
                "session_ttl_ms": hub.auth().session_ms,
            }))
        }
        Err(text) => fail(400, &text),
    }
}

fn word<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|v| v.get_name().to_owned())
}

fn switched(hub: &Hub, ask: Options) -> Result<(), String> {
    let mut next = hub.switches().clone();
    if let Some(text) = ask.lists {
        next.lists = Lists::from_str(&text, true)?;
    }
    if let Some(text) = ask.v3_write_reply {
        next.write_reply = WriteReply::from_str(&text, true)?;
    }
    if let Some(text) = ask.language {
        next.language = Language::from_str(&text, true)?;
    }
    next.etag = ask.etag.unwrap_or(next.etag);
    next.session_times = ask.v3_session_times.unwrap_or(next.session_times);
    if let Some(ms) = ask.session_ttl_ms {
        hub.auth().session_ms = ms;
    }
    next.rate = ask.rate_limit.unwrap_or(next.rate);
    if let Some(text) = ask.licence {
        next.licence = Some(text).filter(|t| !t.is_empty());
    }
    *hub.switches() = next;
    Ok(())
}

/// `GET /_sim/counters`.
pub async fn counters(State(hub): State<Arc<Hub>>) -> Response {
    let mut value = hub.counters().json();
    value["faults"] = json!(hub.faults().totals());
    let (open, spread) = hub.links().json();
    value["connections_open"] = json!(open.as_array().map_or(0, Vec::len));
    value["open"] = open;
    value["requests_per_connection"] = spread;
    value["realtime"] = hub.realtime().counters();
    done(&value)
}

/// `POST /_sim/counters/reset`.
pub async fn reset(State(hub): State<Arc<Hub>>) -> Response {
    *hub.counters() = Counters::default();
    hub.faults().reset_totals();
    hub.links().reset();
    hub.realtime().reset();
    done(&Value::Bool(true))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    #[serde(default)]
    down_ms: u64,
    #[serde(default)]
    boot: bool,
    boot_ms: Option<u64>,
}

/// `POST /_sim/restart`: closes the hub ports and cuts every connection for
/// `down_ms`, then opens the same ports again. Tokens stay good. With `boot`
/// three phases of `boot_ms` (1 s) follow: only ping answers, no devices yet,
/// devices not ready. On the control port the reply comes when the ports are
/// closed; on a hub port the connection of the request dies with the rest.
pub async fn restart(
    State(hub): State<Arc<Hub>>,
    Extension(via): Extension<Via>,
    Ask(ask): Ask<Restart>,
) -> Response {
    if *hub.life.borrow() != Life::Up {
        return fail(409, "the hub is restarting already");
    }
    let down = Duration::from_millis(ask.down_ms);
    let again = hub.clone();
    let task = tokio::spawn(async move {
        if via != Via::Control {
            // Let the reply go out first.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut listening = again.listening.subscribe();
        again.life.send_replace(Life::Down);
        let closed = |open: &[Option<_>; 4]| open[0].is_none() && open[1].is_none();
        let _ = listening.wait_for(closed).await;
        tokio::spawn(up_again(again, down, ask));
    });
    if via == Via::Control {
        let _ = task.await;
    }
    done(&json!({"down_ms": down.as_millis()}))
}

async fn up_again(hub: Arc<Hub>, down: Duration, ask: Restart) {
    tokio::time::sleep(down).await;
    if ask.boot {
        let step = Duration::from_millis(ask.boot_ms.unwrap_or(1000));
        *hub.boot() = Some(Boot::new(Instant::now(), step));
    }
    // The process may be ending meanwhile.
    hub.life.send_if_modified(|life| {
        *life == Life::Down && std::mem::replace(life, Life::Up) == Life::Down
    });
}

/// `POST /_sim/clear`: no faults, no slow or hanging devices, no boot phases,
/// no licence error. Values, availability and tokens stay.
pub async fn clear(State(hub): State<Arc<Hub>>) -> Response {
    hub.faults().clear();
    faults::settle(&hub).await;
    *hub.boot() = None;
    hub.switches().licence = None;
    for device in &mut hub.home().devices {
        (device.slow_ms, device.hang) = (0, false);
    }
    done(&Value::Bool(true))
}
