// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to ask the hub and how much at once: poll interval, list or single devices, pacing, backoff.
//!
//! Numbers in, numbers out; must not know what a poll is made of. Sources: design section 5, `api.md` 11,
//! requirements N11–N16 and P28.

mod backoff;
mod pacer;

pub use backoff::{Backoff, Cause, told_pause};
pub use pacer::Pacer;

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
    /// The unit of all pauses after failures: see [`Cause`].
    pub retry: Duration,
}

/// When the next regular poll is due after one that began at `began` and ended at `ended`.
///
/// `active` while a hand was on the panel lately, `idle` otherwise. After a poll that took long, at least as long again: a
/// large home must not keep a small board and its hub busy without end.
pub fn next_poll(began: Time, ended: Time, last_event: Option<Time>, rhythm: &Rhythm) -> Time {
    let touched = last_event.is_some_and(|at| began < at + rhythm.idle_after);
    let pause = if touched {
        rhythm.active
    } else {
        rhythm.idle.max(rhythm.active)
    };
    (began + pause).max(ended + ended.since(began))
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

/// What the last replies measured, decoded: 0 where nothing was measured.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Measured {
    /// Devices in the list.
    pub items: usize,
    /// Bytes of the list.
    pub list: u64,
    /// Bytes of all bound devices' own replies together.
    pub singles: u64,
}

/// Chooses the cheaper way to read `bound` devices by what was measured. Before single devices were read, each is taken for
/// as large as the list's average.
///
/// A V2 hub takes at most one request in 150 ms and drew 429 on four quick ones, so there singles are for a
/// handful only.
pub fn choose(bound: usize, measured: &Measured, dialect: Dialect) -> Reading {
    if bound == 0 || measured.items == 0 {
        return Reading::List;
    }
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let most = if dialect == Dialect::V3 { 64 } else { 3 };
    let bodies = match measured.singles {
        0 => count(bound).saturating_mul(measured.list / count(measured.items)),
        singles => singles,
    };
    let singles = bodies.saturating_add(count(bound).saturating_mul(REQUEST_COST));
    if bound <= most && singles < measured.list {
        Reading::Singles
    } else {
        Reading::List
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
            retry: s(1),
        };
        for (began, took, event, due) in [
            (0, 10, None, 5000),
            (20_000, 499, Some(19_000), 21_000),
            (20_000, 700, Some(19_000), 21_400),
            (20_000, 8000, Some(19_000), 36_000),
            (60_000, 0, Some(19_000), 65_000),
        ] {
            let next = next_poll(T(began), T(began + took), event.map(T), &rhythm);
            assert_eq!(next, T(due), "{began} {took}");
        }
    }

    #[test]
    fn singles_when_they_are_cheaper() {
        let (v2, v3) = (Dialect::V2, Dialect::V3);
        for (bound, items, list, singles, dialect, want) in [
            (0, 100, 500_000, 0, v3, Reading::List),
            (5, 0, 0, 0, v3, Reading::List),
            (5, 100, 500_000, 0, v3, Reading::Singles),
            (5, 100, 500_000, 0, v2, Reading::List),
            (2, 100, 500_000, 0, v2, Reading::Singles),
            (5, 6, 30_000, 0, v3, Reading::List),
            (90, 10_000, 50_000_000, 0, v3, Reading::List),
            // large devices among small ones, and small ones among large ones
            (5, 100, 500_000, 492_500, v3, Reading::List),
            (5, 6, 30_000, 20_000, v3, Reading::Singles),
        ] {
            let measured = Measured {
                items,
                list,
                singles,
            };
            assert_eq!(
                choose(bound, &measured, dialect),
                want,
                "{bound} of {measured:?} {dialect:?}"
            );
        }
    }
}
