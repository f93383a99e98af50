// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to ask the hub and how much at once: poll interval, list or single devices, pacing, backoff.
//!
//! Numbers in, numbers out; must not know what a poll is made of. Sources: design section 5, `api.md` 11,
//! requirements N11–N16 and P28.

mod backoff;
mod pacer;

pub use backoff::{Backoff, Cause};
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
}
