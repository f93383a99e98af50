// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pings along all ways at once, in one poll(2): for commands, which wait for nothing else.
//!
//! Literal ways begin at once, beside questions by multicast. Names of the internet are looked up a little later, since that
//! blocks, and only where no way of the house has won by then.

mod heard;

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::{Ear, Known, Place, Probe};
use crate::client::{Hub, Refusal};
use crate::failure::Failure;
use crate::homey::error::Kind;
use crate::homey::reply::PingReply;
use crate::homey::route::{Choice, Runner, State, Via, Way, choose};
use crate::homey::text::one_line;
use crate::net::{Deadlines, Interest, monotonic, wait_any, wan};
use crate::time::Time;

/// So long the ways of the house have for themselves.
const HEAD_START: Duration = Duration::from_millis(1000);

/// A look-up that takes longer finds nothing worth it.
const LOOK_UP: Duration = Duration::from_secs(2);

/// Addresses of one name that are tried.
const MAX_LOOKED_UP: usize = 2;

/// More ways at once than any house has.
const MAX_ATTEMPTS: usize = 64;

/// A hub that is looked for, or was heard of.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Empty while nobody has told it.
    pub id: String,
    pub name: String,
    pub model: String,
    pub version: String,
}

/// One way that is tried.
pub struct Attempt {
    /// Whose, by number in [`Race::sought`].
    pub hub: usize,
    pub via: Via,
    /// Where, for people.
    pub shown: String,
    /// The same, literally; `None` where it is not known.
    pub way: Option<Way>,
    /// A bearer may go there. Without: it is only to be seen that the hub is there.
    pub usable: bool,
    pub outcome: Outcome,
    secure: bool,
    began: Time,
    probe: Option<Box<Probe>>,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    Waiting,
    /// The hub answered, after so long.
    Good(Duration, PingReply),
    /// It does not count.
    Bad(Refusal),
    /// Nothing was sent.
    NotTried(String),
}

/// All of them.
pub struct Race<'h> {
    hub: &'h Hub,
    pub sought: Vec<Sought>,
    pub attempts: Vec<Attempt>,
    /// Hubs that nobody named are taken in, too.
    all: bool,
    began: Time,
    ear: Option<Ear>,
    looked_up: bool,
    /// So long nothing was heard, since names were looked up.
    deaf: Duration,
}

impl<'h> Race<'h> {
    /// Prepares one: `hub` has the trust and the header lines, `known` the ways. `all`: every hub that is heard of, to its end.
    pub fn new(hub: &'h Hub, all: bool) -> Race<'h> {
        Race {
            hub,
            sought: Vec::new(),
            attempts: Vec::new(),
            all,
            began: monotonic(),
            ear: None,
            looked_up: false,
            deaf: Duration::ZERO,
        }
    }

    /// Takes in what is known of a hub, but for the way that has just failed.
    pub fn seek(&mut self, known: &Known, failed: Option<&Way>) {
        let hub = self.sought.len();
        self.sought.push(Sought {
            id: known.id.clone(),
            name: known.name.clone(),
            ..Sought::default()
        });
        for lead in known.leads() {
            match lead.place {
                Place::Way(way) if failed.is_some_and(|failed| is_same(failed, &way)) => {}
                Place::Way(way) => self.try_way(hub, way, lead.shown, true),
                Place::Name(base) => {
                    let way = Way {
                        via: lead.via,
                        // Until it is looked up.
                        ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                        port: base.port,
                        host: base.host_field(),
                        tls: Some(base.host),
                    };
                    self.add(hub, lead.via, lead.shown, Some(way), Outcome::Waiting);
                }
                Place::Barred(why) => {
                    let why = Outcome::NotTried(why.to_owned());
                    self.add(hub, lead.via, lead.shown, None, why);
                }
            }
        }
    }

    /// `false`: there is no room for it.
    fn add(
        &mut self,
        hub: usize,
        via: Via,
        shown: String,
        way: Option<Way>,
        outcome: Outcome,
    ) -> bool {
        let has_room = self.attempts.len() < MAX_ATTEMPTS;
        if has_room {
            self.attempts.push(Attempt {
                hub,
                via,
                shown,
                secure: way.as_ref().is_some_and(|way| way.tls.is_some()),
                way,
                usable: true,
                outcome,
                began: monotonic(),
                probe: None,
            });
        }
        has_room
    }

    /// Begins a ping, unless there is one there already.
    fn try_way(&mut self, hub: usize, way: Way, shown: String, usable: bool) {
        let same = |a: &Attempt| a.hub == hub && a.way.as_ref().is_some_and(|w| is_same(w, &way));
        if self.attempts.iter().any(same) {
            return;
        }
        let via = way.via;
        if !self.add(hub, via, shown, Some(way), Outcome::Waiting) {
            return;
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.usable = usable;
            // What is heard late has less time where somebody waits for the winner.
            if via == Via::Mdns && !self.all {
                attempt.began = self.began + self.deaf;
            }
        }
        self.begin(self.attempts.len().saturating_sub(1));
    }

    fn begin(&mut self, at: usize) {
        let Some(attempt) = self.attempts.get_mut(at) else {
            return;
        };
        let id = self.sought.get(attempt.hub).map_or("", |s| &s.id);
        let now = monotonic();
        let left = attempt.via.limit(attempt.secure);
        let left = left.saturating_sub(now.since(attempt.began));
        let Some(way) = &attempt.way else { return };
        match Probe::new(self.hub, way, id, Deadlines::all(left), now) {
            Ok(probe) => attempt.probe = Some(Box::new(probe)),
            Err(refusal) => attempt.outcome = Outcome::Bad(refusal),
        }
    }

    /// Runs it. `Ok(Some)`: the number of the attempt that has won, where one hub is looked for; an error ends the search for
    /// good (a licence).
    pub fn run(&mut self) -> Result<Option<usize>, Failure> {
        loop {
            let now = monotonic();
            self.step(now);
            // Where everything is to be seen, it is shown with the others.
            let mut attempts = self.attempts.iter_mut().filter(|_| !self.all);
            if let Some(refusal) = attempts.find_map(Attempt::licence) {
                return Err(refusal.failure("asking the hub who it is"));
            }
            let choice = choose(&self.runners());
            match choice {
                Choice::Take(at) if !self.all => return Ok(Some(at)),
                _ if self.is_over() => return Ok(None),
                _ => {}
            }
            if !self.looked_up && self.wants_names(now) {
                self.look_up();
                continue;
            }
            self.wait(now)?;
        }
    }

    /// Those that may win, in the order of the attempts; the others count as failed.
    fn runners(&self) -> Vec<Runner> {
        let mut runners: Vec<Runner> = self
            .attempts
            .iter()
            .map(|attempt| Runner {
                via: attempt.via,
                secure: attempt.secure,
                state: match &attempt.outcome {
                    _ if !attempt.usable => State::Failed,
                    Outcome::Waiting => State::Waiting,
                    Outcome::Good(..) => State::Good(attempt_end(attempt, self.began)),
                    Outcome::Bad(_) | Outcome::NotTried(_) => State::Failed,
                },
            })
            .collect();
        if self.ear.is_some() {
            runners.push(Runner {
                via: Via::Mdns,
                secure: true,
                state: State::Waiting,
            });
        }
        runners
    }

    fn is_over(&self) -> bool {
        let waits = |a: &Attempt| matches!(a.outcome, Outcome::Waiting);
        self.ear.is_none() && !self.attempts.iter().any(waits)
    }

    fn step(&mut self, now: Time) {
        // First, so that whoever was heard is dialled in this turn: nothing wakes the wait for that.
        self.hear(now);
        for attempt in &mut self.attempts {
            let Some(ended) = attempt.probe.as_mut().and_then(|probe| probe.step(now)) else {
                continue;
            };
            attempt.probe = None;
            attempt.outcome = match ended {
                Ok(reply) => Outcome::Good(now.since(attempt.began), reply),
                Err(refusal) => Outcome::Bad(refusal),
            };
            if let (Outcome::Good(_, reply), Some(sought)) =
                (&attempt.outcome, self.sought.get_mut(attempt.hub))
            {
                learn(&mut sought.id, reply.hub_id.as_deref());
                learn(&mut sought.version, reply.version.as_deref());
            }
        }
    }

    fn wants_names(&self, now: Time) -> bool {
        let unnamed = |a: &Attempt| is_unnamed(a);
        // A ping that is under way would not be heard in time.
        let busy = |a: &Attempt| matches!(a.outcome, Outcome::Waiting) && a.probe.is_some();
        self.attempts.iter().any(unnamed)
            && (now >= self.began + HEAD_START || self.ear.is_none())
            && !self.attempts.iter().any(busy)
    }

    /// Blocks for a moment for each name; only then they are tried. Nobody hears by multicast meanwhile, and has his time after.
    fn look_up(&mut self) {
        self.looked_up = true;
        let before = monotonic();
        let mut found = Vec::new();
        for (at, attempt) in self.attempts.iter_mut().enumerate() {
            let unnamed = is_unnamed(attempt);
            let Some(way) = attempt.way.as_ref().filter(|_| unnamed) else {
                continue;
            };
            let name = way.tls.clone().unwrap_or_default();
            match wan::look_up(&name, way.port, LOOK_UP) {
                Ok(ips) if !ips.is_empty() => found.push((at, ips)),
                Ok(_) => {
                    attempt.outcome = Outcome::NotTried(format!("{name} has no address"));
                }
                Err(error) => attempt.outcome = Outcome::Bad(error.into()),
            }
        }
        let now = monotonic();
        self.deaf = now.since(before);
        if let Some(ear) = &mut self.ear {
            ear.multicast.postpone(self.deaf);
        }
        for (at, ips) in found {
            let mut ips = ips.into_iter().take(MAX_LOOKED_UP);
            let Some(attempt) = self.attempts.get_mut(at) else {
                continue;
            };
            attempt.began = now;
            let (Some(way), Some(ip)) = (&mut attempt.way, ips.next()) else {
                continue;
            };
            way.ip = ip;
            let (hub, way, shown) = (attempt.hub, way.clone(), attempt.shown.clone());
            self.begin(at);
            for ip in ips {
                self.try_way(hub, Way { ip, ..way.clone() }, shown.clone(), true);
            }
        }
    }

    fn wait(&self, now: Time) -> Result<(), Failure> {
        let mut until = now + LOOK_UP;
        let mut fds: Vec<(BorrowedFd<'_>, Interest)> = Vec::new();
        for probe in self.attempts.iter().filter_map(|a| a.probe.as_ref()) {
            until = until.min(probe.deadline());
            fds.extend(probe.wants());
        }
        if let Some(ear) = &self.ear {
            until = until.min(ear.multicast.deadline());
            fds.push((ear.multicast.fd(), Interest::Read));
        }
        if !self.looked_up && now < self.began + HEAD_START {
            until = until.min(self.began + HEAD_START);
        }
        wait_any(&fds, until)
            .map_err(|e| Failure::unavailable(format!("waiting for the network: {e}")))
    }

    /// Takes hubs together that turned out to be one: whose id was learned from its ping.
    pub fn unite(&mut self) {
        for hub in 1..self.sought.len() {
            let id = self.sought.get(hub).map_or("", |s| &s.id);
            let same = |s: &Sought| !id.is_empty() && s.id.eq_ignore_ascii_case(id);
            let Some(first) = self.sought.iter().take(hub).position(same) else {
                continue;
            };
            let other = self.sought.get_mut(hub).map(std::mem::take);
            for attempt in self.attempts.iter_mut().filter(|a| a.hub == hub) {
                attempt.hub = first;
            }
            if let (Some(other), Some(sought)) = (other, self.sought.get_mut(first)) {
                learn(&mut sought.name, Some(&other.name));
                learn(&mut sought.model, Some(&other.model));
                learn(&mut sought.version, Some(&other.version));
            }
        }
        // Those that are one with another have nothing left of their own.
        let attempts = &mut self.attempts;
        let mut at = 0;
        self.sought.retain(|sought| {
            let is_husk = sought.id.is_empty()
                && sought.name.is_empty()
                && !attempts.iter().any(|a| a.hub == at);
            if is_husk {
                attempts
                    .iter_mut()
                    .filter(|a| a.hub > at)
                    .for_each(|a| a.hub -= 1);
            } else {
                at += 1;
            }
            !is_husk
        });
    }

    /// The ways of one hub that it answered on and that a bearer may go, best first.
    pub fn ways(&self, hub: usize) -> Vec<Way> {
        let mut good: Vec<(Via, bool, Duration, &Way)> = Vec::new();
        for attempt in self.attempts.iter().filter(|a| a.hub == hub && a.usable) {
            if let (Outcome::Good(after, _), Some(way)) = (&attempt.outcome, &attempt.way) {
                good.push((attempt.via, !attempt.secure, *after, way));
            }
        }
        good.sort_by_key(|(via, plain, after, _)| (*via, *plain, *after));
        good.into_iter().map(|(_, _, _, way)| way.clone()).collect()
    }

    /// What was tried for one hub and did not come to anything, each with the reason: for one line, at most 600 bytes.
    pub fn failures(&self, hub: usize) -> String {
        let of_it = self.attempts.iter().filter(|a| a.hub == hub);
        let lines: Vec<String> = of_it
            .filter_map(|a| Some(format!("{} ({})", a.via.word(), a.why()?)))
            .collect();
        one_line(&lines.join("; "), 600)
    }
}

impl Attempt {
    /// Takes out why it ends the whole search: the hub is there and may not serve (`api.md` 3 rule 5).
    pub fn licence(&mut self) -> Option<Refusal> {
        let is_it = matches!(&self.outcome, Outcome::Bad(Refusal::Hub { error, .. })
            if matches!(error.kind, Kind::SubscriptionInactive | Kind::InvalidSerial));
        match std::mem::replace(&mut self.outcome, Outcome::Waiting) {
            Outcome::Bad(refusal) if is_it => Some(refusal),
            other => {
                self.outcome = other;
                None
            }
        }
    }

    /// Why it does not count; `None` where it does, or is under way.
    pub fn why(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Waiting | Outcome::Good(..) => None,
            Outcome::Bad(refusal) => Some(one_line(&refusal.to_string(), 200)),
            Outcome::NotTried(why) => Some(why.clone()),
        }
    }
}

/// When it ended, counted from the beginning of the race.
fn attempt_end(attempt: &Attempt, began: Time) -> Duration {
    match &attempt.outcome {
        Outcome::Good(after, _) => (attempt.began + *after).since(began),
        _ => Duration::MAX,
    }
}

/// Not looked up yet.
fn is_unnamed(attempt: &Attempt) -> bool {
    let unnamed = |way: &Way| way.ip.is_unspecified();
    matches!(attempt.outcome, Outcome::Waiting) && attempt.way.as_ref().is_some_and(unnamed)
}

fn is_same(one: &Way, other: &Way) -> bool {
    (one.ip, one.port, &one.tls) == (other.ip, other.port, &other.tls)
}

fn learn(slot: &mut String, told: Option<&str>) {
    if let (true, Some(told)) = (slot.is_empty(), told) {
        slot.push_str(told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_has_no_room_changes_nothing_else() {
        let text = "[hub]\naddress = \"127.0.0.1:9\"\napi_key_file = \"/nowhere/key\"";
        let hub = Hub::new(&Config::parse("test", text).unwrap()).unwrap();
        let mut race = Race::new(&hub, true);
        race.seek(&hub.known, None);
        let mut begin = |port: u16, usable| {
            let way = hub.known.at(Via::Local, [127, 0, 0, 1].into(), port);
            race.try_way(0, way, port.to_string(), usable);
        };
        (1000..1100).for_each(|port| begin(port, true));
        begin(2000, false);
        assert_eq!(race.attempts.len(), MAX_ATTEMPTS);
        assert!(race.attempts.iter().all(|a| a.usable));
    }
}
