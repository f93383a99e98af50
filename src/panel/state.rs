// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of one point, and what is wanted of it: the truth that the panel shows.
//!
//! All requests of ours have a number in the order of their starts; a command's number is taken again when it ends. So "was
//! this read before or after" is a comparison of two of our own numbers, and no clock of ours is ever compared
//! with the hub's. Knows no output and no press beyond its key.
//!
//! How the conditions look, so that they differ even on a lamp that can do nothing but blink:
//!
//! | condition   | on           | rhythm       | colour  | text in place of the value |
//! |-------------|--------------|--------------|---------|----------------------------|
//! | unknown     | no           | blip         | none    | `?`                        |
//! | ready       | as rendered  | as rendered while on, else steady | as rendered | the value |
//! | pending     | as wanted    | fast         | as wanted | the wanted value, then `…` |
//! | unavailable | no           | double       | none    | `n/a`                      |
//! | blocked     | no           | triple       | none    | `!`                        |
//! | stale       | as it last was | slow       | as it last was | `~` and the last value |

use std::time::Duration;

use super::intent::Intent;
use super::press::Key;
use super::step::Grid;
use super::{Condition, Ticket};
use crate::homey::{Reading, Traits, Value};
use crate::time::Time;

/// A command that waits: to be pulled, for its turn, or for a reading.
#[derive(Debug)]
pub(super) struct Want {
    pub(super) press: Key,
    pub(super) intent: Intent,
    pub(super) life: Time,
    /// Not to be pulled earlier: a pause before it is tried again.
    pub(super) not_before: Time,
    /// Its place among all waiting commands.
    pub(super) place: u64,
    /// From a knob, which must not flood the hub.
    pub(super) turned: bool,
    /// Our newest request when it was asked; a reading that started later answers it.
    pub(super) asked: u64,
    /// The read under way for it, and when to give that up.
    pub(super) read: Option<(Ticket, Time)>,
    /// `not_before` is the hub's wish, not the time between two tries of ours.
    pub(super) put_off: bool,
}

impl Want {
    /// The pause that a newer command in this one's place has to keep.
    pub(super) fn hub_pause(&self) -> Time {
        if self.put_off {
            self.not_before
        } else {
            Time::ZERO
        }
    }
}

/// A command that was pulled and has no outcome yet.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) ticket: Ticket,
    pub(super) press: Key,
    pub(super) value: Value,
    pub(super) life: Time,
    /// Without an outcome by now it counts as lost: a backstop, so that no mistake elsewhere blocks a lamp for years.
    pub(super) give_up: Time,
    pub(super) sent: bool,
    /// A second time would be once too often.
    pub(super) once: bool,
    /// Its number among our requests.
    order: u64,
    /// The hub's stamp of the value before this command, where that is known for sure.
    before: Option<u64>,
}

/// The value that counts, once no command is under way.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) value: Value,
    updated: Option<u64>,
    /// Our number of the request that brought it.
    order: u64,
    at: Time,
    /// `false`: a command's own value, which no reading and no reply has repeated yet.
    pub(super) sure: bool,
}

/// After a confirmed command: differing readings may still tell of the time before it.
#[derive(Clone, Debug)]
struct Settle {
    until: Time,
    before: Option<u64>,
}

/// Everything about one point.
#[derive(Debug)]
pub(super) struct PointState {
    base: Option<Base>,
    pub(super) traits: Option<Box<Traits>>,
    available: bool,
    /// Read or confirmed since the link stood, and not too long ago.
    fresh: bool,
    /// A command's reply was lost; no reading since.
    doubt: bool,
    /// Readings of this and lower numbers are older than a command that ran.
    barrier: u64,
    /// The newest reading's number, heeded or not.
    heard: u64,
    settle: Option<Settle>,
    blocked: Option<(u64, Box<str>)>,
    /// The newest command that waits.
    pub(super) waiting: Option<Want>,
    /// One-shots that wait before it, oldest first: none takes the place of another. Empty where nothing waits.
    pub(super) before: Vec<Want>,
    pub(super) flight: Option<Flight>,
    /// When the last command was pulled.
    pub(super) pulled: Option<Time>,
    /// Which way the last ramp went: up, or down.
    pub(super) ramped: Option<bool>,
}

impl PointState {
    pub(super) fn new() -> PointState {
        PointState {
            base: None,
            traits: None,
            available: true,
            fresh: false,
            doubt: false,
            barrier: 0,
            heard: 0,
            settle: None,
            blocked: None,
            waiting: None,
            before: Vec::new(),
            flight: None,
            pulled: None,
            ramped: None,
        }
    }

    /// The same point under a new plan: what is known stays, what is under way is given up, so that after a command with an
    /// open end only a reading that starts after `order` counts.
    pub(super) fn adopt(&mut self, old: &PointState, order: u64) {
        self.base = old.base.clone();
        self.traits = old.traits.clone();
        self.available = old.available;
        self.fresh = old.fresh;
        self.barrier = order;
        self.heard = old.heard;
        self.settle = old.settle.clone();
        self.blocked = None;
        self.doubt = old.doubt || old.flight.is_some();
        self.pulled = old.pulled;
        self.ramped = old.ramped;
    }

    pub(super) fn grid(&self) -> Grid {
        Grid::of(self.traits.as_deref())
    }

    /// A pulse, such as a bell's button: written, never read.
    fn is_pulse(&self) -> bool {
        self.traits.as_ref().is_some_and(|traits| !traits.getable)
    }

    /// A command waits or is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.is_some() || self.flight.is_some()
    }

    /// Whether a set that is sent twice may do more than one that is sent once: a pulse, and what was never read, of which
    /// nobody knows.
    pub(super) fn is_once(&self) -> bool {
        match &self.traits {
            Some(traits) => !traits.getable,
            None => self.heard == 0,
        }
    }

    /// The next command to go out.
    pub(super) fn front(&self) -> Option<&Want> {
        self.before.first().or(self.waiting.as_ref())
    }

    /// Takes the next command to go out.
    pub(super) fn take_front(&mut self) -> Option<Want> {
        if self.before.is_empty() {
            self.waiting.take()
        } else {
            Some(self.before.remove(0))
        }
    }

    /// Puts a command that did not run back in its place, before all that wait.
    pub(super) fn put_back(&mut self, want: Want) {
        if self.waiting.is_none() {
            self.waiting = Some(want);
        } else {
            self.before.insert(0, want);
        }
    }

    /// Takes a command that waits and that `which` picks; the rest stay in their order. Call until there is none.
    pub(super) fn take_waiting(&mut self, which: impl Fn(&Want) -> bool) -> Option<Want> {
        if let Some(index) = self.before.iter().position(&which) {
            return Some(self.before.remove(index));
        }
        let taken = self.waiting.take_if(|want| which(want))?;
        self.waiting = self.before.pop();
        Some(taken)
    }

    /// What the newest command wants, while one is under way.
    pub(super) fn wanted(&self) -> Option<&Value> {
        match &self.waiting {
            Some(Want {
                intent: Intent::Value(value),
                ..
            }) => Some(value),
            _ => self.flight.as_ref().map(|flight| &flight.value),
        }
    }

    pub(super) fn condition(&self) -> Condition {
        if self.blocked.is_some() {
            return Condition::Blocked;
        }
        if self.wanted().is_some() && !self.is_pulse() {
            return Condition::Pending;
        }
        match &self.base {
            Some(base) if !self.doubt => match () {
                () if !self.fresh => Condition::Stale,
                () if !self.available => Condition::Unavailable,
                () if base.value == Value::Null && !self.is_pulse() => Condition::Unknown,
                () if !base.sure => Condition::Pending,
                () => Condition::Ready,
            },
            _ => Condition::Unknown,
        }
    }

    /// The value to show, whatever it is worth.
    pub(super) fn value(&self) -> Option<&Value> {
        match self.wanted() {
            Some(wanted) if !self.is_pulse() => Some(wanted),
            _ => self.base.as_ref().map(|base| &base.value),
        }
    }

    /// The value from which a toggle or a step may start: wanted, or known well enough now, or, for one that was
    /// asked when `asked` was our newest request, read since.
    pub(super) fn present(&self, asked: u64) -> Option<&Value> {
        if let Some(wanted) = self.wanted() {
            return Some(wanted);
        }
        let known = matches!(self.condition(), Condition::Ready | Condition::Pending);
        let base = self.base.as_ref().filter(|_| !self.doubt)?;
        (known || base.order > asked).then_some(&base.value)
    }

    /// The value that the hub confirmed a moment ago, while readings are not trusted to know of it yet.
    pub(super) fn settling(&self) -> Option<&Value> {
        let base = self.base.as_ref().filter(|_| self.settle.is_some());
        base.map(|base| &base.value)
    }

    /// Why no command can be meant for this point.
    pub(super) fn refusal(&self) -> Option<&str> {
        if let Some((_, why)) = &self.blocked {
            return Some(why);
        }
        let fixed = self.traits.as_ref().is_some_and(|traits| !traits.setable);
        fixed.then_some("can only be read")
    }

    /// No command and no reading of it is possible, as known at our request `order`; `true` when that is news.
    pub(super) fn block(&mut self, order: u64, why: &str) -> bool {
        let news = self
            .blocked
            .as_ref()
            .is_none_or(|(_, known)| **known != *why);
        self.blocked = Some((order, why.into()));
        news
    }

    /// When the waiting command may go out, as far as time decides: after its pause, and a knob's not sooner than `merge` after
    /// the last one.
    pub(super) fn call_at(&self, merge: Duration) -> Time {
        let Some(want) = self.front() else {
            return Time::NEVER;
        };
        match self.pulled {
            Some(pulled) if want.turned => want.not_before.max(pulled + merge),
            _ => want.not_before,
        }
    }

    /// Whether a reading would tell something new about a command: it ran, or may have, and no reading has said so.
    pub(super) fn unsettled(&self) -> bool {
        self.flight.is_some()
            || self.doubt
            || self.settle.is_some()
            || self.base.as_ref().is_some_and(|base| !base.sure)
    }

    /// Takes a reading that our request `order` brought. `fresh`: that request started since the link stands.
    pub(super) fn hear(&mut self, order: u64, reading: Reading, fresh: bool, now: Time) {
        let newest = order >= self.heard;
        if newest {
            self.heard = order;
            self.available = reading.available;
            if let Some(traits) = reading.traits {
                self.traits = Some(traits);
            }
        }
        if self
            .blocked
            .as_ref()
            .is_some_and(|(since, _)| order > *since)
        {
            self.blocked = None;
        }
        if !newest || order <= self.barrier {
            return;
        }
        let agrees = self
            .base
            .as_ref()
            .is_some_and(|base| self.grid().same(&base.value, &reading.value));
        if let Some(settle) = &self.settle {
            let newer = matches!((reading.updated, settle.before), (Some(u), Some(b)) if u > b);
            if !agrees && !newer && now < settle.until {
                return;
            }
        }
        if let Some(flight) = &mut self.flight {
            if order < flight.order {
                flight.before = reading.updated;
            }
        }
        self.base = Some(Base {
            value: reading.value,
            updated: reading.updated,
            order,
            at: now,
            sure: true,
        });
        self.settle = None;
        self.doubt = false;
        self.fresh = fresh;
    }

    /// The hub says that nothing has changed since its last full reply, in the reply to our request `order`.
    pub(super) fn unchanged(&mut self, order: u64, fresh: bool, now: Time) {
        if self.unsettled() || order < self.heard {
            return;
        }
        if let Some(base) = &mut self.base {
            base.order = order;
            base.at = now;
            self.heard = order;
            self.fresh = fresh;
        }
    }

    /// Puts a command on its way: `order` is its number.
    pub(super) fn fly(
        &mut self,
        ticket: Ticket,
        want: Want,
        value: Value,
        order: u64,
        now: Time,
        give_up: Time,
    ) {
        self.flight = Some(Flight {
            ticket,
            press: want.press,
            value,
            life: want.life,
            give_up,
            sent: false,
            once: self.is_once(),
            order,
            before: self.base.as_ref().and_then(|base| base.updated),
        });
        self.pulled = Some(now);
    }

    /// A command ran. `order` is our newest request: only readings that start later can tell of it.
    pub(super) fn confirm(
        &mut self,
        flight: Flight,
        reply: Option<&Value>,
        order: u64,
        fresh: bool,
        now: Time,
        settle: Duration,
    ) {
        let pulse = self.is_pulse();
        let sure = pulse || reply.is_some_and(|reply| self.grid().same(reply, &flight.value));
        self.base = Some(Base {
            value: if pulse { Value::Null } else { flight.value },
            // So that after a further command a newer stamp, which may be this one's doing, proves nothing.
            updated: None,
            order,
            at: now,
            sure,
        });
        self.barrier = order;
        self.settle = (!pulse).then_some(Settle {
            until: now + settle,
            before: flight.before,
        });
        self.doubt = false;
        self.fresh = fresh;
    }

    /// A command may have run.
    pub(super) fn lose(&mut self, order: u64) {
        self.doubt = !self.is_pulse();
        self.barrier = order;
        self.settle = None;
    }

    /// The link broke, or stands again: what is known is of the time before.
    pub(super) fn disconnect(&mut self) {
        self.fresh = false;
    }

    /// When this becomes stale; [`Time::NEVER`] where it is not fresh.
    pub(super) fn stale_at(&self, stale: Duration) -> Time {
        match &self.base {
            Some(base) if self.fresh => base.at + stale,
            _ => Time::NEVER,
        }
    }

    /// Lets it become stale where that is due; `true` when it did.
    pub(super) fn age(&mut self, stale: Duration, now: Time) -> bool {
        let due = self.stale_at(stale) <= now;
        self.fresh &= !due;
        due
    }
}
