// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. By which way the hub is reached: what is known of it, pings along all ways at once, and the switch from one to another.
//!
//! ```text
//!   known ── configuration, session file ──► leads ─┐
//!   ear ──── multicast DNS ─────────────────────────┼─► probe: a ping with the id, never a bearer ──► the winner, or a table
//!            names looked up, by who may block ─────┘
//! ```
//!
//! Commands run a [`Race`]; the loop steps an [`Ear`] and [`Probe`]s of its own. Must not know panels.

mod ear;
mod known;
mod probe;
mod race;

use std::sync::Arc;

use rustls::ClientConfig;

use super::Hub;
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::route::{Via, Way};
use crate::net::{self, Address, Dial, Error, Link, Session, TlsName, Trust};

pub use ear::Ear;
pub use known::{Known, Lead, Place};
pub use probe::Probe;
pub use race::{Attempt, Outcome, Race, Sought};

/// Whom to trust along a way: the relay is one of the cloud's machines, whatever the hub shows.
pub fn trust(config: &Config, via: Via) -> Trust {
    match via {
        Via::Relay => super::account::trust(&config.cloud),
        Via::Local | Via::Mdns | Via::Forwarded => super::trust(config),
    }
}

/// The way to the configured hub: its address, or where it is found; nothing is asked of it where the address is known.
pub fn find(config: &Config) -> Result<Way, Failure> {
    let mut hub = Hub::new(config)?;
    if hub.way.is_none() {
        hub.find()?;
    }
    hub.way
        .ok_or_else(|| Failure::unavailable("the hub was not found"))
}

/// What to look at when a hub is nowhere to be found.
pub const WHAT_TO_CHECK: &str = "check that the hub has power and is in this network, and that the network lets multicast through (guest Wi-Fi and VLANs do not); with its IP address as address under [hub] nothing has to be found";

impl Hub {
    /// A connection to this hub, not yet dialled.
    pub fn session(&self) -> Session {
        Session::new(match &self.address {
            Some(address) => Box::new(address.clone()),
            None => Box::new(Nowhere),
        })
    }

    /// Takes another way from now on: sessions and requests made later go there.
    pub fn follow(&mut self, way: Way) -> Result<(), Failure> {
        self.address = Some(self.dial(&way)?);
        self.way = Some(way);
        Ok(())
    }

    /// Lets go of its way where that may not be gone with the present bearer, and takes the configured one, if there is one:
    /// `true`: that was so.
    pub fn leave(&mut self) -> Result<bool, Failure> {
        if self.way.as_ref().is_none_or(|way| self.known.permits(way)) {
            return Ok(false);
        }
        (self.way, self.address) = (None, None);
        if let Some(way) = self.known.configured() {
            self.follow(way)?;
        }
        Ok(true)
    }

    /// Whether there is anything to reach or find it by: an address, or an id.
    pub fn check_is_named(&self) -> Result<(), Failure> {
        if self.way.is_some() || !self.id.is_empty() {
            return Ok(());
        }
        Err(Failure::config(
            "no hub is named: there is neither address nor id under [hub], and the session names none; homey-panel discover shows hubs",
        ))
    }

    /// Looks for it along every way that is known of but the present one, and takes the one that wins: for commands.
    pub fn find(&mut self) -> Result<(), Failure> {
        self.check_is_named()?;
        if self.id.is_empty() {
            return Err(Failure::config(
                "a hub without an id cannot be looked for; set id under [hub], as homey-panel discover shows it",
            ));
        }
        let mut known = self.known.clone();
        known.id.clone_from(&self.id);
        let mut race = Race::new(self, false);
        race.seek(&known, self.way.as_ref());
        race.listen(&known.id);
        let won = race.run()?;
        let way = won.and_then(|at| race.attempts.get(at)?.way.clone());
        let Some(way) = way else {
            return Err(Failure::unavailable(format!(
                "the hub {} was not found: {}; {WHAT_TO_CHECK}",
                known.id,
                race.failures(0)
            )));
        };
        self.follow(way)
    }

    /// By which way it is reached, or was; `None` while it has to be found.
    pub fn via(&self) -> Option<Via> {
        self.way.as_ref().map(|way| way.via)
    }

    /// Where it is dialled and by which way, for people.
    pub fn shown(&self) -> String {
        match (&self.address, self.via()) {
            (Some(address), Some(Via::Relay)) => format!("{address} (the relay)"),
            (Some(address), Some(Via::Forwarded)) => format!("{address} (forwarded)"),
            (Some(address), _) => address.to_string(),
            (None, _) => "an address that is looked for".into(),
        }
    }

    /// What a way is dialled by: names and trust as they belong there.
    pub fn dial(&self, way: &Way) -> Result<Address, Failure> {
        let tls = match &way.tls {
            None => None,
            Some(name) => {
                let name = TlsName::try_from(name.clone()).map_err(|e| {
                    Failure::config(format!("the hub's TLS name: {e}; set tls_name under [hub]"))
                })?;
                let config = match (&self.tls, way.via) {
                    (Some(config), Via::Local | Via::Mdns | Via::Forwarded) => config.clone(),
                    _ => self.relay_config()?,
                };
                Some((config, name))
            }
        };
        Ok(Address {
            ip: way.ip,
            port: way.port,
            tls,
        })
    }

    fn relay_config(&self) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.relay_tls.get() {
            return Ok(config.clone());
        }
        let config = net::client_config(&self.relay_trust)
            .map_err(|e| Failure::config(format!("the way to the relay: {e}")))?;
        Ok(self.relay_tls.get_or_init(|| config).clone())
    }
}

/// Where a hub is that has to be found first.
struct Nowhere;

impl Dial for Nowhere {
    fn dial(&mut self) -> Result<Box<dyn Link>, Error> {
        Err(Error::Route(
            "the hub has not been found yet; homey-panel discover shows what answers in this network".into(),
        ))
    }

    fn peer(&self) -> String {
        "a hub that is looked for".into()
    }
}
