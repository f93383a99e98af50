// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub that a session is for, found and asked who it is: nothing secret leaves before its id was right.
//!
//! The configured address first; where that does not lead to it, every way that the account or the old session tells, and
//! multicast DNS ([`crate::client::route`]).

use std::time::Duration;

use crate::client::{Hub, Refusal, read_ping};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::Ask;
use crate::homey::call::Call;
use crate::homey::session::Routes;
use crate::http::ResponseHead;
use crate::net::{self, Alone, Deadlines, Session};

use super::cloud;

/// For the ping of the configured address, with room for a slow board's first handshake.
const PATIENCE: Duration = Duration::from_secs(5);

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
    fn of(hub: &Hub, session: Session) -> HubEnd {
        HubEnd {
            session,
            host: hub
                .way
                .as_ref()
                .map(|way| way.host.clone())
                .unwrap_or_default(),
            id: hub.id.clone(),
            via: hub.shown(),
        }
    }

    /// Sends a call of the way in.
    pub fn send(
        &mut self,
        ask: &Ask,
        name: &str,
        patience: Duration,
    ) -> Result<(ResponseHead, Vec<u8>), Failure> {
        let sent = cloud::send(&mut self.session, ask, &self.host, name, patience);
        sent.map_err(|e| Refusal::Net(e).failure(&ask.step.to_string()))
    }
}

/// Finds the hub. `id` may be empty where the configuration has none: then the hub has to tell it. `pings` counts requests.
/// Takes not much longer than `patience`, and not much longer than 15 s.
pub fn reach(
    config: &Config,
    id: &str,
    routes: Option<&Routes>,
    pings: &mut u32,
    patience: Duration,
) -> Result<HubEnd, Failure> {
    let mut hub = Hub::new(config)?;
    if let Some(routes) = routes {
        hub.known.learn(id, routes);
    }
    if !id.is_empty() {
        id.clone_into(&mut hub.id);
    }
    let mut failed = None;
    if hub.way.is_some() {
        *pings += 1;
        match ping(&mut hub, patience.min(PATIENCE)) {
            Ok(session) => return Ok(HubEnd::of(&hub, session)),
            Err(refusal) => {
                let doing = format!("asking {} who it is", hub.shown());
                failed = Some(refusal.failure(&doing));
            }
        }
    }
    // Without an id nobody can be looked for, so the address was all there is.
    match (failed, hub.id.is_empty()) {
        (Some(failure), true) => Err(failure),
        (failed, _) => match hub.find() {
            Ok(()) => {
                *pings += 1;
                let session = hub.session();
                Ok(HubEnd::of(&hub, session))
            }
            Err(found) => Err(match failed {
                Some(first) => {
                    Failure::new(first.exit, format!("{}\n{}", first.message, found.message))
                }
                None => found,
            }),
        },
    }
}

fn ping(hub: &mut Hub, patience: Duration) -> Result<Session, Refusal> {
    let mut session = hub.session();
    let request = hub
        .request(&Call::Ping { hub_id: &hub.id })
        .map_err(|e| Refusal::Local(e.message))?;
    let mut wait = Alone;
    let deadlines = Deadlines::all(patience);
    let reply = net::fetch(&mut session, request, deadlines, &mut wait)?;
    let told = read_ping(reply, hub.limits, &hub.id)?;
    hub.recognise(told)?;
    Ok(session)
}
