// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the house answers while a race is on: hubs that were not known of, addresses that were not.

use std::net::IpAddr;

use super::{Attempt, Outcome, Race, Sought, learn};
use crate::client::route::Place;
use crate::config::is_within_reach;
use crate::homey::mdns::{self, Answers, Heard, MAX_PACKET};
use crate::homey::route::{Via, Way, host_field};
use crate::net::{LISTEN, Multicast};
use crate::time::Time;

/// Questions for what announcements left out are sent so often at most.
pub const MAX_FOLLOW_UPS: u8 = 3;

/// What is asked by multicast and heard.
pub(super) struct Ear {
    pub(super) multicast: Multicast,
    answers: Answers,
    questions: Vec<Vec<u8>>,
    followed: u8,
    last_asked: Time,
}

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
        let mut questions = vec![mdns::service_question()];
        questions.extend(mdns::address_question(id).filter(|_| !id.is_empty()));
        let opened = Multicast::open(mdns::GROUP, now).and_then(|mut multicast| {
            multicast.step(&questions, now)?;
            Ok(multicast)
        });
        match opened {
            Ok(multicast) => {
                self.ear = Some(Ear {
                    multicast,
                    answers: Answers::new(id),
                    questions,
                    followed: 0,
                    last_asked: now,
                });
            }
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
        let mut packet = vec![0; MAX_PACKET];
        let mut heard = false;
        ear.multicast
            .receive(&mut packet, &mut |bytes| heard |= ear.answers.take(bytes));
        // That one question did not leave is no reason to stop listening.
        let _ = ear.multicast.step(&ear.questions, now);
        if heard {
            let missing = ear.answers.missing();
            if !missing.is_empty() && ear.followed < MAX_FOLLOW_UPS {
                ear.followed += 1;
                ear.last_asked = now;
                let _ = ear.multicast.send(&missing);
            }
        }
        let over = ear.multicast.is_over(now);
        let hubs = if heard || over {
            ear.answers.hubs()
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
