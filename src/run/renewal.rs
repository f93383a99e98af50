// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Staying logged in: when the session is renewed, what follows from a renewal, and when the panel warns.
//!
//! The renewal itself is a child's (`session renew`), which writes the session file; here stands when to start one and what
//! to make of it. Polls and presses go on with the old bearer meanwhile, and with the new one from the next request on, over
//! the same connections. An API key has no end and is never renewed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::client::Held;
use crate::config::Session;
use crate::panel::Lease;
use crate::time::Time;

use super::helper::{Ended, Errand};
use super::life::Life;
use super::term::{Term, renews};

/// What the child is told. The file has been looked at here, so it need not ask itself whether it is time.
const RENEW: [&str; 3] = ["session", "renew", "--force"];

/// Exit code of a child that was refused for good: 77.
const REFUSED: i32 = crate::failure::Exit::Permission as i32;

/// Between two looks at the session file and the clock, and after a failed renewal, in units of `retry_ms`: 60 s.
const LOOK: u32 = 120;

/// The longest pause after a failed renewal, in the same units: 30 min.
const LONGEST: u32 = 3600;

/// The pause after a renewal that was refused for good: somebody has to log in again, but clouds err. 6 h.
const HOPELESS: u32 = 43_200;

/// The longest pause while the hub refuses the bearer, when nothing works: 2 min; [`LONGEST`] after one refused for good.
const URGENT: u32 = 240;

/// How long the poll waits for a renewal after a 401 before the panel says that the bearer is refused: 10 s.
const PATIENCE: u32 = 20;

/// What is known of the session and of the tries to renew it.
pub(super) struct Renewal {
    held: Option<Held>,
    term: Option<Term>,
    warn: Duration,
    unit: Duration,
    /// 0 to 100: by how much of its life this panel renews later than others.
    shift: u32,
    seed: u64,
    /// In a row.
    failures: u32,
    /// Renewals in a row whose session was over as soon as it was made, by the clock here.
    barren: u32,
    /// Why the last try failed, for people; empty where it did not.
    why: String,
    /// What was last told of it.
    told: String,
    /// No try before this instant; while the hub refuses the bearer, not before that one.
    not_before: Time,
    when_refused: Time,
    /// When the next try is due.
    due: Time,
    look_at: Time,
    /// When the child that is at it was started, and which bearer was the present one then, by number; `None` where none is,
    /// or one of another configuration: what that says counts for nothing here.
    since: Time,
    instead_of: Option<u32>,
    /// The hub has refused the present bearer.
    refused: bool,
    lease: Lease,
}

impl Renewal {
    /// Of the bearer that was read at `now`; `retry` is `[poll]`'s, from which all pauses follow; `lease` is what is shown.
    pub(super) fn new(
        held: Option<Held>,
        session: &Session,
        retry: Duration,
        seed: u64,
        now: Time,
        lease: Lease,
    ) -> Renewal {
        let mut renewal = Renewal {
            held: None,
            term: None,
            warn: session.warn,
            unit: retry,
            shift: 0,
            seed: seed | 1,
            failures: 0,
            barren: 0,
            why: String::new(),
            told: String::new(),
            not_before: Time::ZERO,
            when_refused: Time::ZERO,
            due: Time::NEVER,
            look_at: Time::ZERO,
            since: Time::ZERO,
            instead_of: None,
            refused: false,
            lease,
        };
        renewal.shift = renewal.dice(101);
        renewal.adopt(held, now);
        renewal
    }

    /// Something between 0 and `below`, by xorshift: unlike its neighbours' is all that it has to be.
    fn dice(&mut self, below: u32) -> u32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        u32::try_from(self.seed % u64::from(below)).unwrap_or(0)
    }

    /// Another session file was read: whatever was tried for the old one is over.
    fn adopt(&mut self, held: Option<Held>, now: Time) {
        self.term = held.as_ref().and_then(|held| Term::of(held, now));
        self.held = held;
        self.failures = 0;
        self.why.clear();
        self.not_before = Time::ZERO;
        self.refused = false;
        self.look_at = Time::ZERO;
    }

    /// Whether a child could renew it.
    fn renews(&self) -> bool {
        self.held.as_ref().is_some_and(|held| renews(held.kind))
    }

    /// What the panel shows.
    pub(super) fn lease(&self) -> Lease {
        self.lease
    }

    /// Nothing is renewed any more: the program ends.
    pub(super) fn stop(&mut self) {
        (self.due, self.look_at) = (Time::NEVER, Time::NEVER);
    }

    /// When it wants its turn though nothing else happens.
    pub(super) fn poll_at(&self) -> Option<Time> {
        (self.due != Time::NEVER).then_some(self.due)
    }

    /// Looks at the clocks: when the next try is due, and what the panel shows.
    fn reckon(&mut self, now: Time, wall: Option<u64>) -> Lease {
        self.look_at = now + self.unit * LOOK;
        self.due = Time::NEVER;
        let Some(term) = &self.term else {
            return Lease::Good;
        };
        let left = term.left(now, wall);
        if self.renews() {
            let at = now + term.due_in(now, wall, self.shift);
            self.due = match self.refused {
                true => now.max(self.not_before.min(self.when_refused)),
                false => at.max(self.not_before),
            };
            // A try that failed in a spell of refusals, before its time, is no reason to warn once that is over.
            if self.why.is_empty() || !self.refused && at > now {
                return Lease::Good;
            }
        }
        match left {
            Duration::ZERO => Lease::Ended,
            _ if self.refused => Lease::Ended,
            left if left <= self.warn => Lease::Ending,
            _ => Lease::Good,
        }
    }

    /// A try has failed: when the next one may be.
    fn fail(&mut self, code: Option<i32>, now: Time) {
        let growth = 2_u32.saturating_pow((self.failures + self.barren).min(16));
        let (units, urgent) = match code {
            Some(REFUSED) => (HOPELESS, LONGEST),
            _ => (LONGEST.min(LOOK.saturating_mul(growth)), URGENT),
        };
        self.failures = self.failures.saturating_add(1);
        // Up to a fifth later.
        let shake = 100 + self.dice(21);
        self.not_before = now + self.unit * units * shake / 100;
        self.when_refused = now + self.unit * urgent * shake / 100;
    }
}

/// The wall clock in milliseconds since 1970, where it can be true: not before this program was written.
fn wall() -> Option<u64> {
    let floor: u64 = env!("BUILD_EPOCH").parse().unwrap_or(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let millis = u64::try_from(now.as_millis()).ok()?;
    (now.as_secs() >= floor).then_some(millis)
}

/// A length of time for people, rounded down.
fn told_length(left: Duration) -> String {
    match left.as_secs() / 60 {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}

impl Life {
    /// Looks after the session where that is due; costs nothing at any other time.
    pub(super) fn look_after_session(&mut self, now: Time) {
        if now < self.renewal.look_at && now < self.renewal.due {
            return;
        }
        if self.hub.bearer_changed() {
            self.reload_bearer(now);
        }
        let mut lease = self.renewal.reckon(now, wall());
        if self.renewal.due <= now {
            self.renewal.due = Time::NEVER;
            if self.helpers.is_free(Some(Errand::Renew)) {
                self.renewal.since = now;
                self.renewal.instead_of = Some(self.bearers);
                if let Err(error) = self.helpers.start(Errand::Renew, &RENEW, now) {
                    self.renewal.why = format!("starting homey-panel session renew: {error}");
                    self.renewal.fail(None, now);
                    lease = self.renewal.reckon(now, wall());
                }
            }
        }
        self.tell_lease(lease, now);
    }

    /// Says on the panel, once, that the session will end or has ended, and shows it as long as that is so.
    fn tell_lease(&mut self, lease: Lease, now: Time) {
        if lease == self.renewal.lease {
            return;
        }
        self.renewal.lease = lease;
        self.controller.lease(lease);
        let term = self.renewal.term.as_ref();
        let left = term.map_or(Duration::ZERO, |term| term.left(now, wall()));
        let when = match lease {
            Lease::Good => return,
            Lease::Ending => format!("ends in {}", told_length(left)),
            Lease::Ended => "has ended".to_owned(),
        };
        let why = match self.renewal.renews() {
            true => self.renewal.why.as_str(),
            false => "log in again with homey-panel login",
        };
        let text = format!("the session {when} and cannot be renewed: {why}");
        self.notice(&text, now);
    }

    /// The child that renews has ended. What it wrote counts, not what it said.
    pub(super) fn renewal_ended(&mut self, ended: &Ended, now: Time) {
        let waited_for = self.renewal.refused;
        self.reload_bearer(now);
        let old = self.renewal.instead_of.take();
        // The file may have been looked at since the child wrote it.
        if old.is_some_and(|old| old != self.bearers) {
            self.renewal.told.clear();
            log::info!("the session was renewed");
            self.renewal.reckon(now, wall());
            if self.renewal.due <= now {
                // That clock is wrong, and trying again at once makes nothing better.
                self.renewal.fail(None, now);
                self.renewal.failures = 0;
                self.renewal.barren += 1;
            } else {
                self.renewal.barren = 0;
                // A hub that refuses what it has just given out, or gives out minutes only, is asked again, but not in a storm.
                let least = now + self.renewal.unit * LOOK;
                (self.renewal.not_before, self.renewal.when_refused) = (least, least);
            }
        } else if old.is_some() && self.renewal.renews() {
            self.renewal.why = match (ended.code, ended.why.as_str()) {
                (Some(0), _) => "homey-panel session renew has changed nothing".to_owned(),
                (None, "") => "homey-panel session renew did not end by itself".to_owned(),
                (_, "") => "homey-panel session renew said nothing".to_owned(),
                (_, why) => why.to_owned(),
            };
            if self.renewal.told != self.renewal.why {
                log::warn!("renewing the session: {}", self.renewal.why);
                self.renewal.told.clone_from(&self.renewal.why);
            }
            self.renewal.fail(ended.code, now);
        }
        // The poll that met a 401 waits for this.
        self.bearer_news |= waited_for;
        self.trouble |= waited_for;
        self.renewal.look_at = Time::ZERO;
        self.look_after_session(now);
    }

    /// The hub takes the bearer: what it has refused was one of the short spells that hubs have (`api.md` 10).
    pub(super) fn bearer_taken(&mut self) {
        if self.renewal.refused {
            self.renewal.refused = false;
            self.renewal.look_at = Time::ZERO;
        }
    }

    /// The hub has refused the bearer: the file is read again, else it is renewed at once, once. `Some`: until when it is worth to
    /// wait for what comes of it.
    pub(super) fn bearer_refused(&mut self, now: Time) -> Option<Time> {
        if self.hub.bearer_changed() && self.reload_bearer(now) {
            return Some(now);
        }
        if !self.renewal.renews() {
            return None;
        }
        if !self.renewal.refused {
            self.renewal.refused = true;
            self.renewal.look_at = Time::ZERO;
            self.look_after_session(now);
        }
        let until = self.renewal.since + self.renewal.unit * PATIENCE;
        let busy = !self.helpers.is_free(Some(Errand::Renew));
        (busy && now < until).then_some(until)
    }

    /// Reads the bearer's file again; `true` where it held another one than before, which the next request carries.
    pub(super) fn reload_bearer(&mut self, now: Time) -> bool {
        let changed = match self.hub.reload_bearer() {
            Ok(changed) => {
                self.bearer_fault.clear();
                changed
            }
            Err(failure) => {
                let text = failure.to_string();
                if text != self.bearer_fault {
                    log::warn!("{text}");
                    self.bearer_fault = text;
                }
                return false;
            }
        };
        let held = self.hub.bearer.as_ref().and_then(|b| b.held);
        if changed || held != self.renewal.held {
            self.renewal.adopt(held, now);
        }
        if changed {
            self.leave_way();
            self.bearers = self.bearers.wrapping_add(1);
            self.bearer_news = true;
            self.variable.renew();
        }
        changed
    }
}

#[cfg(test)]
mod tests;
