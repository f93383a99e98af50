// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the house answers while a race is on: hubs that were not known of, addresses that were not.

use std::net::IpAddr;

use super::{Attempt, Outcome, Race, Sought, learn};
use crate::client::route::{Ear, Place};
use crate::config::is_within_reach;
use crate::homey::mdns::Heard;
use crate::homey::route::{Via, Way, host_field};
use crate::net::LISTEN;
use crate::time::Time;

impl Race<'_> {
    /// Asks the house, too: for `id`, or for all where that is empty.
    pub fn listen(&mut self, id: &str) {
        if self.sought.is_empty() && !id.is_empty() {
            self.sought.push(Sought {
                id: id.to_owned(),
                ..Sought::default()
            });
        }
        let now = self.began;
        let opened = Ear::open(id, now).and_then(|mut ear| {
            ear.ask(now)?;
            Ok(ear)
        });
        match opened {
            Ok(ear) => self.ear = Some(ear),
            Err(error) if !self.sought.is_empty() => {
                self.add(
                    0,
                    Via::Mdns,
                    String::new(),
                    None,
                    Outcome::Bad(error.into()),
                );
            }
            Err(error) => log::warn!("{error}"),
        }
    }

    pub(super) fn hear(&mut self, now: Time) {
        let Some(ear) = &mut self.ear else { return };
        let heard = ear.listen();
        // That one question did not leave is no reason to stop listening.
        let _ = ear.ask(now);
        let over = ear.multicast.is_over(now);
        let hubs = if heard || over {
            ear.hubs()
        } else {
            Vec::new()
        };
        // Its id may still be on its way.
        for hub in hubs.iter().filter(|hub| over || hub.id.is_some()) {
            self.take_in(hub);
        }
        if over {
            self.ear = None;
            for hub in 0..self.sought.len() {
                let heard = |a: &Attempt| a.hub == hub && a.via == Via::Mdns;
                let is_named = self.sought.get(hub).is_some_and(|s| !s.id.is_empty());
                if is_named && !self.attempts.iter().any(heard) {
                    let why = format!("no answer by multicast within {} s", LISTEN.as_secs());
                    let why = Outcome::NotTried(why);
                    self.add(hub, Via::Mdns, String::new(), None, why);
                }
            }
        }
    }

    fn take_in(&mut self, heard: &Heard) {
        let id = heard.id.as_deref().unwrap_or_default();
        let known = |s: &Sought| !id.is_empty() && s.id.eq_ignore_ascii_case(id);
        let hub = match self.sought.iter().position(known) {
            Some(at) => at,
            None if !self.all => return,
            None => {
                self.sought.push(Sought {
                    id: id.to_owned(),
                    ..Sought::default()
                });
                self.sought.len() - 1
            }
        };
        if let Some(sought) = self.sought.get_mut(hub) {
            learn(&mut sought.name, heard.name.as_deref());
            learn(&mut sought.model, heard.model.as_deref());
            learn(&mut sought.version, heard.version.as_deref());
        }
        for ip in &heard.ips {
            match self.hub.known.heard(*ip, heard.port) {
                Place::Way(way) => self.try_way(hub, way.clone(), way.host, true),
                Place::Barred(why) => {
                    let shown = ip.to_string();
                    let told = |a: &Attempt| a.hub == hub && a.shown == shown;
                    if !self.attempts.iter().any(told) {
                        let why = Outcome::NotTried(why.to_owned());
                        self.add(hub, Via::Mdns, shown, None, why);
                    }
                }
                Place::Name(_) => {}
            }
            if let (true, Some(port)) = (self.all, heard.port.filter(|port| *port != 0)) {
                self.try_plain(hub, IpAddr::V4(*ip), port);
            }
        }
    }

    /// Where everything is to be seen: the announced port itself, which speaks plain http; there is no bearer to lose.
    fn try_plain(&mut self, hub: usize, ip: IpAddr, port: u16) {
        let host = host_field(&ip.to_string(), port, false);
        let shown = format!("http://{host}");
        let plain = Way {
            via: Via::Mdns,
            ip,
            port,
            tls: None,
            host,
        };
        if is_within_reach(ip, false) {
            self.try_way(hub, plain, shown, false);
        }
    }
}
