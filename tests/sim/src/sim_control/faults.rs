// SPDX-License-Identifier: MIT OR Apache-2.0

//! Control of the faults: adding, removing, listing, and cutting connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Ask, done, fail};
use crate::fault::kind::Kind;
use crate::state::{Hub, Life, PORTS, Via};

/// Whether ports are open or closed as the faults want it, waited for this
/// long; a restart may be under way.
const SOON: Duration = Duration::from_secs(2);

/// Makes the ports follow the faults, and waits until they do.
pub async fn settle(hub: &Hub) {
    let closed = {
        let faults = hub.faults();
        let down = hub.cloud.options().down;
        PORTS.map(|port| faults.refuses(port) || (port == Via::Cloud && down))
    };
    hub.refusing.send_replace(closed);
    let mut listening = hub.listening.subscribe();
    let down = *hub.life.borrow() != Life::Up;
    let follows = |open: &[Option<SocketAddr>; 4]| {
        let wanted = |n: usize| !(closed[n] || down && PORTS[n].at_home());
        (0..4).all(|n| open[n].is_some() == wanted(n))
    };
    let _ = tokio::time::timeout(SOON, listening.wait_for(follows)).await;
}

/// `POST /_sim/fault`: see README.md.
pub async fn add(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Map<String, Value>>) -> Response {
    put(&hub, ask, None).await
}

/// `POST /_sim/cloud/fault`: the same for the cloud's port.
pub async fn cloud(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Map<String, Value>>) -> Response {
    put(&hub, ask, Some(Via::Cloud)).await
}

/// `POST /_sim/stall`: the same for `kind` stall.
pub async fn stall(State(hub): State<Arc<Hub>>, Ask(mut ask): Ask<Map<String, Value>>) -> Response {
    ask.insert("kind".to_owned(), json!("stall"));
    put(&hub, ask, None).await
}

async fn put(hub: &Arc<Hub>, ask: Map<String, Value>, usual: Option<Via>) -> Response {
    let added = hub.faults().add(ask, usual);
    let (id, fault) = match added {
        Ok(added) => added,
        Err(text) => return fail(400, &text),
    };
    match fault.kind {
        Kind::Certificate(which) if !hub.certs.others.contains_key(&which) => {
            hub.faults().remove(id);
            return fail(409, "the --pki folder holds no such certificate: empty it");
        }
        Kind::Refuse { time, cut } => {
            settle(hub).await;
            if cut {
                let home = fault.port.is_none_or(Via::at_home);
                sever(hub, false, |port| match home {
                    true => port.at_home(),
                    false => fault.on(port),
                });
            }
            if let Some(time) = time {
                tokio::spawn(ended(hub.clone(), id, time));
            }
        }
        _ => {}
    }
    done(&json!({"id": id}))
}

async fn ended(hub: Arc<Hub>, id: u64, time: Duration) {
    tokio::time::sleep(time).await;
    hub.faults().remove(id);
    settle(&hub).await;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    id: u64,
}

/// `POST /_sim/fault/remove`: what it holds up already stays held up.
pub async fn remove(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Remove>) -> Response {
    let removed = hub.faults().remove(ask.id);
    settle(&hub).await;
    match removed {
        true => done(&Value::Bool(true)),
        false => fail(404, "no fault has that id"),
    }
}

/// `GET /_sim/faults`.
pub async fn list(State(hub): State<Arc<Hub>>) -> Response {
    let list = hub.faults().json();
    done(&list)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutAsk {
    #[serde(default)]
    rst: bool,
}

/// `POST /_sim/cut`: every connection to the hub ports ends, with a FIN or a
/// RST; the ports stay open.
pub async fn cut(State(hub): State<Arc<Hub>>, Ask(ask): Ask<CutAsk>) -> Response {
    sever(&hub, ask.rst, Via::at_home);
    done(&Value::Bool(true))
}

/// Ends the connections to the ports that are meant.
pub fn sever(hub: &Hub, rst: bool, meant: impl Fn(Via) -> bool) {
    hub.cut.send_modify(|cut| {
        for (count, port) in cut.counts.iter_mut().zip(PORTS) {
            *count += u64::from(meant(port));
        }
        cut.rst = rst;
    });
}
