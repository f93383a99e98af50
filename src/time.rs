// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one notion of time in the pure code: a number of microseconds on the monotonic clock.
//!
//! Nothing here reads a clock. The edges (`run`, `hw`, `net`) turn CLOCK_MONOTONIC into a [`Time`]
//! and pass it in; tests write times as integers.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::time::Duration;

/// An instant: microseconds since an arbitrary start, on CLOCK_MONOTONIC where it came from the kernel.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The start of the clock; earlier than or equal to every other instant.
    pub const ZERO: Time = Time(0);
    /// An instant that never comes, for a deadline that does not exist.
    pub const NEVER: Time = Time(u64::MAX);

    /// The instant `micros` microseconds after the start of the clock.
    pub const fn from_micros(micros: u64) -> Time {
        Time(micros)
    }

    /// The instant `millis` milliseconds after the start of the clock; saturates.
    pub const fn from_millis(millis: u64) -> Time {
        Time(millis.saturating_mul(1000))
    }

    /// Microseconds since the start of the clock.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this instant is; zero where it is not after it.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Saturates at [`Time::NEVER`], so a far deadline never wraps into the past.
    fn add(self, after: Duration) -> Time {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, after: Duration) {
        *self = *self + after;
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_saturates_and_since_never_goes_below_zero() {
        let t = Time::from_millis(1500);
        assert_eq!((t + Duration::from_millis(250)).as_micros(), 1_750_000);
        assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
        assert_eq!(t + Duration::MAX, Time::NEVER);
        assert_eq!(Time::ZERO.since(t), Duration::ZERO);
        assert_eq!(t.since(Time::ZERO), Duration::from_millis(1500));
        assert_eq!(format!("{t:?}"), "1.500000s");
    }
}
