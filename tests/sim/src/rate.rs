// SPDX-License-Identifier: MIT OR Apache-2.0

//! The rate limit of a V2 hub (api.md 11): four quick requests draw a 429,
//! while at most two in flight with 150 ms between starts run cleanly.

use std::time::{Duration, Instant};

/// So many starts at once.
const BURST: f64 = 3.0;
/// One more start per this time.
const REFILL: Duration = Duration::from_millis(150);
/// So many requests at the same time.
const IN_FLIGHT: usize = 2;

/// A bucket of starts and a count of requests under way.
#[derive(Debug)]
pub struct Rate {
    level: f64,
    at: Instant,
    flying: usize,
}

impl Default for Rate {
    fn default() -> Self {
        Rate {
            level: BURST,
            at: Instant::now(),
            flying: 0,
        }
    }
}

impl Rate {
    /// True when a request may start now; it must then end with `done`.
    /// A refused one costs nothing, so that pausing always helps.
    pub fn start(&mut self, now: Instant) -> bool {
        let gone = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = BURST.min(self.level + gone / REFILL.as_secs_f64());
        self.at = now;
        let free = self.level >= 1.0 && self.flying < IN_FLIGHT;
        if free {
            self.level -= 1.0;
            self.flying += 1;
        }
        free
    }

    /// A started request has ended.
    pub fn done(&mut self) {
        self.flying = self.flying.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourth_quick_start_is_refused_and_a_pause_helps() {
        let start = Instant::now();
        for (gap, refused) in [(0, vec![3]), (20, vec![3]), (150, vec![]), (160, vec![])] {
            let mut rate = Rate {
                at: start,
                ..Rate::default()
            };
            let mut seen = Vec::new();
            for n in 0..4u32 {
                if rate.start(start + Duration::from_millis(gap) * n) {
                    rate.done();
                } else {
                    seen.push(n);
                }
            }
            assert_eq!(seen, refused, "gap {gap} ms");
        }
    }

    #[test]
    fn third_in_flight_is_refused() {
        let mut rate = Rate::default();
        let now = Instant::now();
        assert!(rate.start(now) && rate.start(now) && !rate.start(now));
        rate.done();
        assert!(rate.start(now));
    }
}
