// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Finds the hub again where it is not where it was, and home again from the relay, while everything else lives on.
//!
//! ```text
//!   the poll misses the hub twice ─► multicast DNS and other ways of the house, each pinged with the id ─┐
//!      still nothing, and a way outside is known ─► a child: discover --for-run ─────────────────────────┼─► found: the poll
//!   reached from outside, every 30 s ─► the ways of the house again, beside the connection outside ──────┘    takes it over
//! ```
//!
//! While the hub answers where it is, there is no socket and no timer here. No bearer leaves for an address before a ping there
//! has told the right id.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::client::Hub;
use crate::client::route::{Ear, Place, Probe};
use crate::homey::route::{Via, Way};
use crate::net::{Deadlines, Interest};
use crate::panel::{Link, Route};
use crate::time::Time;

use super::helper::{Ended, Errand};
use super::life::Life;

/// Tries in a row that found no hub before it is looked for elsewhere; another hub in its place counts as all of them.
const MISSES: u32 = 2;

/// The first pause between two searches, and the longest; it doubles (N11).
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// So long the house has for itself before a way outside is asked for.
const HEAD_START: Duration = Duration::from_secs(1);

/// A child is not sent out more often than this.
const CHILD_PAUSE: Duration = Duration::from_secs(10);

/// How often the way home is tried from outside.
const HOME: Duration = Duration::from_secs(30);

/// Addresses that are pinged in one search.
const MAX_PROBES: usize = 8;

/// Troubles that are kept in mind: one for every address, and a few of the search itself.
const MAX_TOLD: usize = 16;

/// When what is done.
#[derive(Debug)]
struct Timing {
    misses: u32,
    /// No search begins before.
    not_before: Time,
    pause: Duration,
    /// No child starts before.
    no_child_before: Time,
    /// When the way home is tried; `NEVER` at home.
    home_at: Time,
}

impl Timing {
    fn new() -> Timing {
        Timing {
            misses: 0,
            not_before: Time::ZERO,
            pause: PAUSE.0,
            no_child_before: Time::ZERO,
            home_at: Time::NEVER,
        }
    }

    /// The hub was missed; `for_good`: there is no doubt.
    fn missed(&mut self, for_good: bool) {
        self.misses = if for_good {
            MISSES
        } else {
            self.misses.saturating_add(1)
        };
    }

    /// When the next search begins by itself.
    fn next(&self) -> Option<Time> {
        let away = (self.misses >= MISSES).then_some(self.not_before);
        let home = Some(self.home_at).filter(|at| *at != Time::NEVER);
        away.into_iter().chain(home).min()
    }

    /// A search has come to nothing.
    fn in_vain(&mut self, now: Time) {
        self.not_before = now + self.pause;
        self.pause = (self.pause * 2).min(PAUSE.1);
        if self.home_at != Time::NEVER {
            self.home_at = now + HOME;
        }
    }

    /// A way that was found is gone from now on: it has its own misses, or the next search would begin before anybody was asked
    /// there, and find another of the hub's addresses. Ways that lead nowhere are not taken at ever the same pace.
    fn taken(&mut self, outside: bool, now: Time) {
        self.in_vain(now);
        self.misses = 0;
        self.home_at = if outside { now + HOME } else { Time::NEVER };
    }

    /// The hub is where it should be; `outside`: not in this house.
    fn met(&mut self, outside: bool, now: Time) {
        self.misses = 0;
        self.pause = PAUSE.0;
        self.not_before = Time::ZERO;
        self.home_at = match outside {
            true if self.home_at == Time::NEVER => now + HOME,
            true => self.home_at,
            false => Time::NEVER,
        };
    }
}

/// What is known of other ways at present.
pub struct Routes {
    timing: Timing,
    search: Option<Box<Search>>,
    found: Option<Way>,
    /// The way that was gone has been left, and the poll's connection still leads there.
    left: bool,
    /// What was wrong with searches since the hub was last met, so that each is said once.
    told: Vec<String>,
}

/// One search.
struct Search {
    began: Time,
    ear: Option<Ear>,
    probes: Vec<(Way, Probe)>,
    tried: Vec<(IpAddr, u16)>,
    /// A way outside has been asked for.
    asked: bool,
}

impl Routes {
    /// None is looked for yet.
    pub fn new() -> Routes {
        Routes {
            timing: Timing::new(),
            search: None,
            found: None,
            left: false,
            told: Vec::new(),
        }
    }

    /// Whether there is a way for the poll to take, or one to leave.
    pub fn is_found(&self) -> bool {
        self.found.is_some() || self.left
    }

    /// Whether the request that is under way is not worth waiting for, and no other may follow: the hub is elsewhere, or is to
    /// be reached elsewhere.
    pub fn is_urgent(&self) -> bool {
        self.left || self.found.is_some() && self.timing.misses > 0
    }

    /// Descriptors to wait for.
    pub fn wants(&self) -> impl Iterator<Item = (BorrowedFd<'_>, Interest)> {
        let search = self.search.iter();
        search.flat_map(|search| {
            let ear = search.ear.as_ref();
            let ear = ear.map(|ear| (ear.multicast.fd(), Interest::Read));
            let probes = search.probes.iter().filter_map(|(_, probe)| probe.wants());
            ear.into_iter().chain(probes)
        })
    }

    /// When `step` wants its turn though no descriptor is ready.
    pub fn poll_at(&self) -> Option<Time> {
        let Some(search) = &self.search else {
            return self.timing.next().filter(|_| !self.is_found());
        };
        let ear = search.ear.as_ref().map(|ear| ear.multicast.deadline());
        let probes = search.probes.iter().map(|(_, probe)| probe.deadline());
        let child = (!search.asked).then_some(search.began + HEAD_START);
        ear.into_iter().chain(probes).chain(child).min()
    }

    fn begin(&mut self, hub: &Hub, now: Time) {
        if self.search.is_some() || self.found.is_some() || hub.id.is_empty() {
            return;
        }
        let mut search = Search {
            began: now,
            ear: None,
            probes: Vec::new(),
            tried: Vec::new(),
            asked: false,
        };
        if let Some(way) = &hub.way {
            search.tried.push((way.ip, way.port));
        }
        match Ear::open(&hub.id, now) {
            Ok(ear) => search.ear = Some(ear),
            Err(error) => self.tell(error.to_string()),
        }
        for lead in hub.known.leads() {
            if let (Via::Local, Place::Way(way)) = (lead.via, lead.place) {
                search.ping(hub, way, now);
            }
        }
        self.search = Some(Box::new(search));
    }

    /// Moves a search on. `true`: it wants a child to ask for ways outside.
    fn step(&mut self, hub: &Hub, now: Time) -> bool {
        if self.timing.next().is_some_and(|at| at <= now) {
            self.begin(hub, now);
        }
        let Some(search) = &mut self.search else {
            return false;
        };
        let (found, trouble) = search.step(hub, now);
        if let Some(trouble) = trouble {
            self.tell(trouble);
        }
        let Some(search) = &mut self.search else {
            return false;
        };
        if let Some(way) = found {
            self.found = Some(way);
            self.search = None;
            return false;
        }
        let asks = !search.asked && now >= search.began + HEAD_START;
        search.asked |= asks;
        if search.ear.is_none() && search.probes.is_empty() && search.asked {
            self.search = None;
            self.timing.in_vain(now);
        }
        let asks = asks && self.timing.misses > 0 && now >= self.timing.no_child_before;
        if asks {
            self.timing.no_child_before = now + self.timing.pause.max(CHILD_PAUSE);
        }
        asks
    }

    /// Says what is wrong with a search, if it is news.
    fn tell(&mut self, text: String) {
        if self.told.contains(&text) {
            return;
        }
        log::info!("looking for the hub: {text}");
        self.told.truncate(MAX_TOLD - 1);
        self.told.insert(0, text);
    }
}

impl Search {
    /// The way that was found, and what was wrong with another.
    fn step(&mut self, hub: &Hub, now: Time) -> (Option<Way>, Option<String>) {
        let mut trouble = None;
        let mut over = false;
        if let Some(ear) = &mut self.ear {
            let heard = ear.listen();
            if let Err(error) = ear.ask(now) {
                trouble = Some(error.to_string());
            }
            over = ear.multicast.is_over(now);
            let hubs = if heard { ear.hubs() } else { Vec::new() };
            let is_ours = |id: &String| id.eq_ignore_ascii_case(&hub.id);
            for heard in hubs.iter().filter(|h| h.id.as_ref().is_some_and(is_ours)) {
                for ip in &heard.ips {
                    self.hear(hub, *ip, heard.port, now, &mut trouble);
                }
            }
        }
        if over {
            self.ear = None;
        }
        let mut found: Option<Way> = None;
        self.probes
            .retain_mut(|(way, probe)| match probe.step(now) {
                None => true,
                Some(Ok(_)) => {
                    let is_better = |best: &Way| rank(way) < rank(best);
                    if found.as_ref().is_none_or(is_better) {
                        found = Some(way.clone());
                    }
                    false
                }
                Some(Err(refusal)) => {
                    trouble = Some(refusal.to_string());
                    false
                }
            });
        (found, trouble)
    }

    fn hear(
        &mut self,
        hub: &Hub,
        ip: Ipv4Addr,
        port: Option<u16>,
        now: Time,
        trouble: &mut Option<String>,
    ) {
        match hub.known.heard(ip, port) {
            Place::Way(way) => self.ping(hub, way, now),
            Place::Barred(why) => *trouble = Some(format!("{ip}, as told by multicast: {why}")),
            Place::Name(_) => {}
        }
    }

    fn ping(&mut self, hub: &Hub, way: Way, now: Time) {
        let place = (way.ip, way.port);
        if self.tried.contains(&place) || self.tried.len() > MAX_PROBES {
            return;
        }
        self.tried.push(place);
        let deadlines = Deadlines::all(way.via.limit(way.tls.is_some()));
        if let Ok(probe) = Probe::new(hub, &way, &hub.id, deadlines, now) {
            self.probes.push((way, probe));
        }
    }
}

/// Of ways that answer in the same turn the first is taken, as in a race: the house's own address, over TLS.
fn rank(way: &Way) -> (Via, bool) {
    (way.via, way.tls.is_none())
}

impl Life {
    /// The poll did not find the hub; `another`: somebody else is there.
    pub fn missed_hub(&mut self, another: bool) {
        if self.hub.id.is_empty() {
            // Nobody can be told apart from it, so there is nobody to look for.
            return;
        }
        let for_good = another || self.hub.way.is_none();
        self.routes.timing.missed(for_good);
    }

    /// The hub has answered where it was asked.
    pub fn met_hub(&mut self, now: Time) {
        let outside = self.hub.via().is_some_and(Via::is_outside);
        if self.routes.timing.misses > 0 {
            // What was looked for is here.
            self.routes.search = None;
            self.routes.found = None;
            self.routes.told.clear();
        }
        self.routes.timing.met(outside, now);
    }

    /// Searches on; may start a child.
    pub(super) fn step_routes(&mut self, now: Time) {
        if !self.routes.step(&self.hub, now) || !self.hub.known.leads_outside() {
            return;
        }
        let words = ["discover", "--for-run"];
        if let Err(e) = self.helpers.start(Errand::Discover, &words, now) {
            self.routes
                .tell(format!("starting homey-panel discover: {e}"));
        }
    }

    /// The child has ended: the best way of those that it found which is not the present one.
    pub(super) fn discovered(&mut self, ended: &Ended) {
        let present = self.hub.way.as_ref();
        let ways = ended.output.lines().filter_map(Way::parse);
        let is_other = |way: &Way| present.is_none_or(|p| (p.ip, p.port) != (way.ip, way.port));
        if self.routes.timing.misses == 0 {
            // It is back meanwhile.
            return;
        }
        match ways.into_iter().find(is_other) {
            Some(way) => self.routes.found = Some(way),
            None if ended.code == Some(0) => {}
            None => self.routes.tell(ended.why.clone()),
        }
    }

    /// Takes the way that was found, if there is one: from now on everything new goes there. `true`: it was taken; the poll's
    /// connection is to be made anew. What is under way on the old one ends there.
    pub fn take_found_way(&mut self, now: Time) -> bool {
        let left = std::mem::take(&mut self.routes.left);
        let way = self.routes.found.take();
        let Some(way) = way.filter(|way| self.hub.known.permits(way)) else {
            return left;
        };
        let before = self.hub.shown();
        if let Err(failure) = self.hub.follow(way) {
            self.routes.tell(failure.message);
            return left;
        }
        log::info!("the hub was at {before}, going to {}", self.hub.shown());
        self.routes.search = None;
        let outside = self.hub.via().is_some_and(Via::is_outside);
        self.routes.timing.taken(outside, now);
        let hub = &self.hub;
        self.lanes.redirect(&mut || hub.session());
        true
    }

    /// With another bearer the present way may be none: the relay takes no keys. What is under way there has the old one.
    pub(super) fn leave_way(&mut self) {
        let before = self.hub.shown();
        match self.hub.leave() {
            Ok(false) => return,
            Ok(true) => {}
            Err(failure) => self.routes.tell(failure.message),
        }
        let now = self.hub.shown();
        log::info!("the hub was at {before}, where the new bearer does not go; going to {now}");
        self.routes = Routes::new();
        self.routes.left = true;
        self.identified = false;
        let hub = &self.hub;
        self.lanes.redirect(&mut || hub.session());
    }

    /// By which way the hub is reached while the link is like this.
    pub(super) fn route(&self, link: Link) -> Route {
        match self.hub.via() {
            _ if link < Link::Token => Route::None,
            None => Route::None,
            Some(via) if via.is_outside() => Route::Relay,
            Some(_) => Route::Local,
        }
    }
}

#[cfg(test)]
mod tests;
