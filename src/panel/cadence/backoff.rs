// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long to wait after a try that failed, by what it failed of.
//!
//! Numbers in, numbers out; must not know what was tried. Sources: design section 5, requirements N11–N13.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

/// Why a try failed; each cause has a rhythm of its own (N13), written here for a unit of 500 ms, `retry_ms` of `[poll]`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// No route: the network here is down. Looked at again every second (2 units), without growth.
    Unreachable,
    /// Refused, silent, broken or not to be understood: 0.5 s doubling to 10 s (1 to 20 units).
    NoHub,
    /// Our clock is behind, or the hub says that it is starting: every 2 s (4 units).
    Clock,
    /// Something else answers there: 5 s (10 units).
    WrongHub,
    /// The bearer is refused: every 60 s (120 units).
    Token,
    /// 429 or 503: as told, else 1, 2, 4 s (2 to 8 units).
    Busy(Option<Duration>),
}

/// The longest pause that a hub is granted: one odd Retry-After must not make a panel useless for the evening.
const TOLD_CEILING: Duration = Duration::from_secs(300);

/// How long to leave a hub alone that said 429 or 503: as `told`, within bounds, else `otherwise`. `unit` is the shortest pause, so that
/// a hub that says zero is not asked without a breath.
pub fn told_pause(told: Option<Duration>, otherwise: Duration, unit: Duration) -> Duration {
    told.map_or(otherwise, |told| {
        told.clamp(unit.min(TOLD_CEILING), TOLD_CEILING)
    })
}

/// Grows pauses between tries and shakes them a little, so that several panels do not knock in step.
#[derive(Clone, Debug)]
pub struct Backoff {
    unit: Duration,
    /// In a row, for the same cause.
    failures: u32,
    cause: Option<Discriminant<Cause>>,
    seed: u64,
}

impl Backoff {
    /// `unit` is the shortest pause; `seed` only needs to differ between panels.
    pub fn new(unit: Duration, seed: u64) -> Backoff {
        Backoff {
            unit,
            failures: 0,
            cause: None,
            seed: seed | 1,
        }
    }

    /// A try succeeded; the next failure starts small again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The shortest time from one try to another one that a hand asks for: two units.
    pub fn least(&self) -> Duration {
        self.unit * 2
    }

    /// A try failed: how long after its start the next one is due.
    pub fn pause(&mut self, cause: Cause) -> Duration {
        let unit = self.unit;
        let grown = |first: u32, most: u32, n: u32| {
            unit * first
                .saturating_mul(2_u32.saturating_pow(n.min(16)))
                .min(most)
        };
        let kind = Some(discriminant(&cause));
        if self.cause != kind {
            self.failures = 0;
        }
        self.cause = kind;
        let n = self.failures;
        self.failures = self.failures.saturating_add(1);
        match cause {
            Cause::Unreachable => unit * 2,
            Cause::Clock => unit * 4,
            Cause::WrongHub => self.shake(unit * 10),
            Cause::Token => self.shake(unit * 120),
            Cause::NoHub => self.shake(grown(1, 20, n)),
            Cause::Busy(told) => told_pause(told, grown(2, 8, n), unit),
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

    #[test]
    fn backoff_grows_shakes_and_resets() {
        let mut backoff = Backoff::new(Duration::from_millis(500), 7);
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
        assert_eq!(
            backoff.pause(Cause::Busy(Some(Duration::ZERO))),
            Duration::from_millis(500)
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
