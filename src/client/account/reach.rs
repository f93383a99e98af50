// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub that a session is for, found and asked who it is: nothing secret leaves before its id was right.
//!
//! In turn: the configured address, what the account or the old session says of the house's own network, the relay.

use std::time::Duration;

use crate::client::{Hub, Refusal, read_ping};
use crate::config::{Address, Config, Scheme, Site};
use crate::failure::{Exit, Failure};
use crate::homey::auth::Ask;
use crate::homey::call::Call;
use crate::homey::session::Routes;
use crate::http::ResponseHead;
use crate::net::{self, Alone, Deadlines, Session};

use super::cloud::{self, Host};

/// For a ping in the house, and over the relay (`api.md` 3 rule 2, with room for a slow board's handshake).
const NEAR: Duration = Duration::from_secs(4);
const FAR: Duration = Duration::from_secs(10);

/// A hub that answered with the right id.
pub struct HubEnd {
    session: Session,
    host: String,
    /// Its id, as it said or as it was asked for.
    pub id: String,
    /// Where it answered, for people.
    pub via: String,
}

impl HubEnd {
    /// Sends a call of the way in.
    pub fn send(&mut self, ask: &Ask, name: &str) -> Result<(ResponseHead, Vec<u8>), Failure> {
        let sent = cloud::send(&mut self.session, ask, &self.host, name);
        sent.map_err(|e| Refusal::Net(e).failure(&ask.step.to_string()))
    }
}

/// Finds the hub. `id` may be empty where the configuration has none: then the hub has to tell it. `pings` counts requests.
pub fn reach(
    config: &Config,
    id: &str,
    routes: Option<&Routes>,
    pings: &mut u32,
) -> Result<HubEnd, Failure> {
    let mut hub = Hub::new(config)?;
    let configured = hub.host.clone();
    let mut failures = Vec::new();
    match ping(&mut hub, None, id, NEAR, pings) {
        Ok(end) => return Ok(end),
        Err(refusal) => failures.push(refusal.failure(&format!("asking {configured} who it is"))),
    }
    let local = routes.and_then(|routes| routes.local.as_deref());
    let local = local.and_then(Address::from_account);
    if let Some(address) = local.filter(|a| a.scheme == Scheme::Https && a.host != configured) {
        let mut moved = config.clone();
        moved.hub.address = address;
        let mut hub = Hub::new(&moved)?;
        let host = hub.host.clone();
        match ping(&mut hub, None, id, NEAR, pings) {
            Ok(end) => return Ok(end),
            Err(refusal) => failures.push(refusal.failure(&format!("asking {host} who it is"))),
        }
    }
    let relay = routes.and_then(|routes| routes.relay.as_deref());
    if let Some(site) = relay.and_then(Site::parse) {
        let host = Host::new(&site, &cloud::trust(&config.cloud))?;
        let name = site.authority();
        match ping(&mut hub, Some(host), id, FAR, pings) {
            Ok(end) => return Ok(end),
            Err(refusal) => failures.push(refusal.failure(&format!("asking the relay {name}"))),
        }
    }
    let exit = failures
        .first()
        .map_or(Exit::Unavailable, |first| first.exit);
    let texts: Vec<String> = failures.into_iter().map(|f| f.message).collect();
    Err(Failure::new(exit, texts.join("\n")))
}

fn ping(
    hub: &mut Hub,
    relay: Option<Host>,
    id: &str,
    patience: Duration,
    pings: &mut u32,
) -> Result<HubEnd, Refusal> {
    id.clone_into(&mut hub.id);
    let (mut session, host) = match relay {
        None => (hub.session(), hub.host.clone()),
        Some(relay) => {
            let (session, authority) = relay.into_parts();
            (session, authority)
        }
    };
    hub.host.clone_from(&host);
    let request = hub
        .request(&Call::Ping { hub_id: id })
        .map_err(|e| Refusal::Local(e.message))?;
    *pings += 1;
    let mut wait = Alone;
    let reply = net::fetch(&mut session, request, Deadlines::all(patience), &mut wait)?;
    let told = read_ping(reply, hub.limits, id)?;
    hub.recognise(told)?;
    Ok(HubEnd {
        via: format!("{host} ({})", session.peer()),
        session,
        host,
        id: hub.id.clone(),
    })
}
