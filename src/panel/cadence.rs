// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to ask the hub and how much at once: poll interval, list or single devices, pacing, backoff.
//!
//! Numbers in, numbers out; must not know what a poll is made of. Sources: design section 5, `api.md` 11,
//! requirements N11–N16 and P28.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use crate::homey::Dialect;
use crate::time::Time;

/// How often the home is read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Rhythm {
    /// From one poll's start to the next while the panel is in use.
    pub active: Duration,
    /// The same while nobody touches it.
    pub idle: Duration,
    /// How long after the last touch it counts as in use.
    pub idle_after: Duration,
    /// Names that stood for nothing are looked up again after this.
    pub names: Duration,
}

/// When the next regular poll is due after one that began at `began`.
///
/// `active` while a hand was on the panel lately, `idle` otherwise.
pub fn next_poll(began: Time, last_event: Option<Time>, rhythm: &Rhythm) -> Time {
    let touched = last_event.is_some_and(|at| began < at + rhythm.idle_after);
    began
        + if touched {
            rhythm.active
        } else {
            rhythm.idle.max(rhythm.active)
        }
}

/// How the bound devices are read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Reading {
    /// One request for the whole list.
    List,
    /// One request for each bound device.
    Singles,
}

/// What a request costs beside its body: heads, acknowledgements, the hub's own work, in bytes of body.
const REQUEST_COST: u64 = 1500;

/// Chooses the cheaper way by what the last list measured: `list_bytes` decoded for `list_items` devices.
///
/// A V2 hub takes at most one request in 150 ms and drew 429 on four quick ones, so there singles are for a
/// handful only.
pub fn choose(bound: usize, list_items: usize, list_bytes: u64, dialect: Dialect) -> Reading {
    if bound == 0 || list_items == 0 {
        return Reading::List;
    }
    let most = if dialect == Dialect::V3 { 64 } else { 3 };
    let average = list_bytes / u64::try_from(list_items).unwrap_or(u64::MAX).max(1);
    let singles = u64::try_from(bound)
        .unwrap_or(u64::MAX)
        .saturating_mul(average + REQUEST_COST);
    if bound <= most && singles < list_bytes {
        Reading::Singles
    } else {
        Reading::List
    }
}

/// Holds starts apart and counts requests in flight, as each dialect bears it.
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    dialect: Dialect,
    last_start: Option<Time>,
    in_flight: usize,
    /// Not before this instant: the hub said 429 or 503.
    held_until: Time,
}

impl Pacer {
    const GAP: Duration = Duration::from_millis(150);

    /// Takes what is known of the hub; unknown is treated like V2.
    pub fn dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// How many requests may be in flight at once, the poll among them.
    pub fn width(&self) -> usize {
        if self.dialect == Dialect::V3 { 3 } else { 2 }
    }

    /// What was told last.
    pub fn hub(&self) -> Dialect {
        self.dialect
    }

    /// When a request may start: `Some(now)` or a later instant; `None` until one in flight has ended.
    pub fn may_start(&self, now: Time) -> Option<Time> {
        if self.in_flight >= self.width() {
            return None;
        }
        let gap = match (self.dialect, self.last_start) {
            (Dialect::V3, _) | (_, None) => now,
            (_, Some(last)) => now.max(last + Self::GAP),
        };
        Some(gap.max(self.held_until))
    }

    /// A request starts now.
    pub fn started(&mut self, now: Time) {
        self.last_start = Some(now);
        self.in_flight += 1;
    }

    /// A request has ended, however.
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The hub asked for a pause.
    pub fn hold(&mut self, until: Time) {
        self.held_until = self.held_until.max(until);
    }
}

/// Why a try failed; each cause has a rhythm of its own (N13).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// No route: the network here is down. Looked at again every second, without growth.
    Unreachable,
    /// Refused, silent, broken or not to be understood: 0.5 s doubling to 10 s.
    NoHub,
    /// Our clock is behind: every 2 s.
    Clock,
    /// Something else answers there: 5 s.
    WrongHub,
    /// The bearer is refused: every 60 s.
    Token,
    /// 429 or 503: as told, else 1, 2, 4 s.
    Busy(Option<Duration>),
}

/// Grows pauses between tries and shakes them a little, so that several panels do not knock in step.
#[derive(Clone, Debug)]
pub struct Backoff {
    /// In a row, for the same cause.
    failures: u32,
    cause: Option<Discriminant<Cause>>,
    seed: u64,
}

impl Backoff {
    const CEILING: Duration = Duration::from_secs(10);
    const TOLD_CEILING: Duration = Duration::from_secs(300);

    /// `seed` only needs to differ between panels.
    pub fn new(seed: u64) -> Backoff {
        Backoff {
            failures: 0,
            cause: None,
            seed: seed | 1,
        }
    }

    /// A try succeeded; the next failure starts small again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// A try failed: how long to wait before the next.
    pub fn pause(&mut self, cause: Cause) -> Duration {
        let grown = |first: Duration, most: Duration, n: u32| {
            (first * 2_u32.saturating_pow(n.min(16))).min(most)
        };
        let kind = Some(discriminant(&cause));
        if self.cause != kind {
            self.failures = 0;
        }
        self.cause = kind;
        let n = self.failures;
        self.failures = self.failures.saturating_add(1);
        match cause {
            Cause::Unreachable => Duration::from_secs(1),
            Cause::Clock => Duration::from_secs(2),
            Cause::WrongHub => self.shake(Duration::from_secs(5)),
            Cause::Token => self.shake(Duration::from_secs(60)),
            Cause::NoHub => {
                let pause = grown(Duration::from_millis(500), Self::CEILING, n);
                self.shake(pause)
            }
            Cause::Busy(Some(told)) => told.min(Self::TOLD_CEILING),
            Cause::Busy(None) => grown(Duration::from_secs(1), Duration::from_secs(4), n),
        }
    }

    /// ±20 %, by xorshift: unlike its neighbours is all it has to be.
    fn shake(&mut self, pause: Duration) -> Duration {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let percent = u32::try_from(self.seed % 41).unwrap_or(20) + 80;
        pause * percent / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: fn(u64) -> Time = Time::from_millis;

    #[test]
    fn polls_are_quicker_after_a_touch() {
        let s = Duration::from_secs;
        let rhythm = Rhythm {
            active: s(1),
            idle: s(5),
            idle_after: s(15),
            names: s(60),
        };
        for (began, event, due) in [
            (0, None, 5000),
            (20_000, Some(19_000), 21_000),
            (60_000, Some(19_000), 65_000),
        ] {
            assert_eq!(next_poll(T(began), event.map(T), &rhythm), T(due));
        }
    }

    #[test]
    fn singles_when_they_are_cheaper() {
        for (bound, items, bytes, dialect, want) in [
            (0, 100, 500_000, Dialect::V3, Reading::List),
            (5, 0, 0, Dialect::V3, Reading::List),
            (5, 100, 500_000, Dialect::V3, Reading::Singles),
            (5, 100, 500_000, Dialect::V2, Reading::List),
            (2, 100, 500_000, Dialect::V2, Reading::Singles),
            (5, 6, 30_000, Dialect::V3, Reading::List),
            (90, 10_000, 50_000_000, Dialect::V3, Reading::List),
        ] {
            assert_eq!(
                choose(bound, items, bytes, dialect),
                want,
                "{bound} of {items} {dialect:?}"
            );
        }
    }

    #[test]
    fn v2_starts_are_held_apart_and_v3_are_not() {
        let mut pacer = Pacer::default();
        pacer.started(T(1000));
        assert_eq!(pacer.may_start(T(1010)), Some(T(1150)));
        assert_eq!(pacer.may_start(T(1200)), Some(T(1200)));
        pacer.started(T(1200));
        assert_eq!(pacer.may_start(T(2000)), None);
        pacer.ended();
        assert_eq!(pacer.may_start(T(2000)), Some(T(2000)));
        pacer.dialect(Dialect::V3);
        pacer.started(T(2000));
        assert_eq!(pacer.may_start(T(2001)), Some(T(2001)));
        pacer.hold(T(4000));
        assert_eq!(pacer.may_start(T(2001)), Some(T(4000)));
    }

    #[test]
    fn backoff_grows_shakes_and_resets() {
        let mut backoff = Backoff::new(7);
        let mut want = 500_u64;
        for _ in 0..8 {
            let got = u64::try_from(backoff.pause(Cause::NoHub).as_millis()).unwrap();
            assert!(
                (want * 80 / 100..=want * 120 / 100).contains(&got),
                "{got} for {want}"
            );
            want = (want * 2).min(10_000);
        }
        backoff.reset();
        assert_eq!(backoff.pause(Cause::Busy(None)), Duration::from_secs(1));
        assert_eq!(backoff.pause(Cause::Busy(None)), Duration::from_secs(2));
        assert_eq!(
            backoff.pause(Cause::Busy(Some(Duration::from_secs(7)))),
            Duration::from_secs(7)
        );
        assert_eq!(backoff.pause(Cause::Unreachable), Duration::from_secs(1));
        // A hub that was away for long and now says that it is busy is a step further: its pauses start small.
        for _ in 0..9 {
            backoff.pause(Cause::NoHub);
        }
        assert_eq!(backoff.pause(Cause::Busy(None)), Duration::from_secs(1));
        assert_eq!(backoff.pause(Cause::Busy(None)), Duration::from_secs(2));
    }
}
