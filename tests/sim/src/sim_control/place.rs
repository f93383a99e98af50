// SPDX-License-Identifier: MIT OR Apache-2.0

//! Control of where the hub is in its network.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{Ask, done, fail, faults};
use crate::listen;
use crate::state::{Hub, Via};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    ip: IpAddr,
    /// Kept connections stay without an answer, instead of being reset.
    #[serde(default)]
    silent: bool,
}

/// `POST /_sim/address`: the router gave the hub another address. Its ports
/// are there then, with the same numbers; who asks at the old one is refused.
/// The account, the dashed name and the mDNS answers follow. The reply comes
/// when all is done; over the control port, as the others are cut off.
pub async fn change(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Move>) -> Response {
    let ports = [Via::Http, Via::Https].map(|via| hub.address(via));
    let [Some(http), Some(https)] = ports else {
        return fail(409, "the hub is not open yet");
    };
    let [http, https] = [http, https].map(|a| SocketAddr::new(ask.ip, a.port()));
    if hub.address(Via::Http) != Some(http) {
        for address in [http, https] {
            if let Err(e) = listen::reserve(address) {
                return fail(409, &format!("the hub cannot move to {address}: {e}"));
            }
        }
        hub.lease.send_modify(|lease| {
            lease.ip = Some(ask.ip);
            lease.count += 1;
            lease.silent = ask.silent;
        });
        let mut listening = hub.listening.subscribe();
        let moved = |open: &[Option<SocketAddr>; 4]| {
            let gone = |at: Option<SocketAddr>| at.is_none_or(|a| a.ip() == ask.ip);
            gone(open[0]) && gone(open[1])
        };
        let _ = listening.wait_for(moved).await;
        faults::settle(&hub).await;
    }
    let dashed = ask.ip.to_string().replace(['.', ':'], "-");
    done(&json!({
        "http": format!("http://{http}"),
        "https": format!("https://{dashed}.homey.homeylocal.com:{}", https.port()),
        "https_address": https.to_string(),
    }))
}
