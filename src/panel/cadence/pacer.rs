// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds the starts of requests apart, and bounds how many are in flight, as each dialect bears it.
//!
//! Numbers in, numbers out; must not know what a request is. Sources: design section 5, `api.md` 11.

use std::time::Duration;

use crate::homey::Dialect;
use crate::time::Time;

/// Holds starts apart and counts requests in flight, as each dialect bears it.
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    dialect: Dialect,
    last_start: Option<Time>,
    last_command: Option<Time>,
    in_flight: usize,
    /// Not before this instant: the hub said 429 or 503.
    held_until: Time,
}

impl Pacer {
    const GAP: Duration = Duration::from_millis(150);

    /// Between the starts of two commands, which go out on connections of their own: so that the actions of one press reach
    /// the hub in their order, though none waits for another's reply.
    const ORDER: Duration = Duration::from_millis(8);

    /// Takes what is known of the hub; unknown is treated like V2.
    pub fn dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// How many requests may be in flight at once, the poll among them; `hung` of them have waited long for their devices.
    /// On V3 those count no more, so that dead devices delay no others. V2 takes two at a time, whatever they do.
    pub fn width(&self, hung: usize) -> usize {
        if self.dialect == Dialect::V3 {
            3 + hung
        } else {
            2
        }
    }

    /// What was told last.
    pub fn hub(&self) -> Dialect {
        self.dialect
    }

    /// When a request may start: `Some(now)` or a later instant; `None` until one in flight has ended.
    pub fn may_start(&self, now: Time, hung: usize) -> Option<Time> {
        if self.in_flight >= self.width(hung) {
            return None;
        }
        let gap = match (self.dialect, self.last_start) {
            (Dialect::V3, _) | (_, None) => now,
            (_, Some(last)) => now.max(last + Self::GAP),
        };
        Some(gap.max(self.held_until))
    }

    /// The same for a command.
    pub fn may_start_command(&self, now: Time, hung: usize) -> Option<Time> {
        let ordered = self.last_command.map_or(now, |last| last + Self::ORDER);
        Some(self.may_start(now, hung)?.max(ordered))
    }

    /// A request starts now.
    pub fn started(&mut self, now: Time) {
        self.last_start = Some(now);
        self.in_flight += 1;
    }

    /// A command starts now.
    pub fn started_command(&mut self, now: Time) {
        self.last_command = Some(now);
        self.started(now);
    }

    /// A request has ended, however.
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The hub asked for a pause, until this instant.
    pub fn hold(&mut self, until: Time) {
        self.held_until = self.held_until.max(until);
    }

    /// Until when nothing starts, because the hub asked for it; in the past where it did not.
    pub fn held_until(&self) -> Time {
        self.held_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: fn(u64) -> Time = Time::from_millis;

    #[test]
    fn v2_starts_are_held_apart_and_v3_are_not() {
        let mut pacer = Pacer::default();
        pacer.started(T(1000));
        assert_eq!(pacer.may_start(T(1010), 0), Some(T(1150)));
        assert_eq!(pacer.may_start(T(1200), 0), Some(T(1200)));
        pacer.started(T(1200));
        assert_eq!(pacer.may_start(T(2000), 0), None);
        pacer.ended();
        assert_eq!(pacer.may_start(T(2000), 0), Some(T(2000)));
        pacer.dialect(Dialect::V3);
        pacer.started(T(2000));
        assert_eq!(pacer.may_start(T(2001), 0), Some(T(2001)));
        pacer.started(T(2002));
        assert_eq!(pacer.may_start(T(2010), 0), None);
        assert_eq!(pacer.may_start(T(2010), 1), Some(T(2010)));
        pacer.ended();
        pacer.started_command(T(2010));
        assert_eq!(pacer.may_start(T(2011), 1), Some(T(2011)));
        assert_eq!(pacer.may_start_command(T(2011), 1), Some(T(2018)));
        pacer.ended();
        pacer.hold(T(4000));
        assert_eq!(pacer.may_start(T(2001), 0), Some(T(4000)));
    }
}
