// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines for the log, bounded in number and in rate: a device that talks nonsense for a year must not
//! fill a flash card. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;

/// Lets `burst` through in each window and counts the rest.
pub(super) struct Throttle {
    burst: u32,
    window: Duration,
    start: Option<Time>,
    used: u32,
    held_back: u32,
}

impl Throttle {
    /// `burst` in each `window`.
    pub(super) const fn new(burst: u32, window: Duration) -> Throttle {
        Throttle {
            burst,
            window,
            start: None,
            used: 0,
            held_back: 0,
        }
    }

    /// Whether one more may pass; one that may not is counted.
    pub(super) fn allow(&mut self, now: Time) -> bool {
        if self
            .start
            .is_none_or(|start| now.since(start) >= self.window)
        {
            self.start = Some(now);
            self.used = 0;
        }
        if self.used < self.burst {
            self.used += 1;
            return true;
        }
        self.held_back = self.held_back.saturating_add(1);
        false
    }

    /// How many were held back, once the window has passed.
    pub(super) fn overdue(&mut self, now: Time) -> Option<u32> {
        if self.at().is_some_and(|at| at <= now) {
            return Some(std::mem::take(&mut self.held_back));
        }
        None
    }

    /// When [`overdue`](Throttle::overdue) has something to say.
    pub(super) fn at(&self) -> Option<Time> {
        (self.held_back > 0).then_some(self.start? + self.window)
    }
}

/// What one panel has to say to the log.
pub(super) struct Reports {
    lines: VecDeque<String>,
    malformed: Throttle,
    chatter: Throttle,
}

const MOST: usize = 32;
const MINUTE: Duration = Duration::from_secs(60);

impl Reports {
    /// Nothing yet.
    pub(super) fn new() -> Reports {
        Reports {
            lines: VecDeque::new(),
            malformed: Throttle::new(3, MINUTE),
            chatter: Throttle::new(20, MINUTE * 10),
        }
    }

    /// Something rare. Of more than 32 that nobody fetched the oldest go.
    pub(super) fn say(&mut self, line: String) {
        if self.lines.len() == MOST {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// A message that was not understood: three a minute in full, the rest counted.
    pub(super) fn malformed(&mut self, line: String, now: Time) {
        if self.malformed.allow(now) {
            self.say(line);
        }
    }

    /// A line from a program's standard error, or news of coming and going: twenty in ten minutes.
    pub(super) fn chatter(&mut self, line: String, now: Time) {
        if self.chatter.allow(now) {
            self.say(line);
        }
    }

    /// Tells the counts that are due.
    pub(super) fn tick(&mut self, now: Time) {
        if let Some(count) = self.malformed.overdue(now) {
            self.say(format!("{count} more lines skipped"));
        }
        if let Some(count) = self.chatter.overdue(now) {
            self.say(format!("{count} more lines left out"));
        }
    }

    /// When [`tick`](Reports::tick) has something to do.
    pub(super) fn poll_at(&self) -> Option<Time> {
        self.malformed
            .at()
            .into_iter()
            .chain(self.chatter.at())
            .min()
    }

    /// Takes all lines.
    pub(super) fn drain(&mut self) -> Vec<String> {
        self.lines.drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_bad_lines_becomes_three_lines_and_a_count() {
        let mut reports = Reports::new();
        for i in 0..1000 {
            reports.malformed(format!("line {i}"), Time::from_millis(i));
        }
        assert_eq!(reports.drain(), ["line 0", "line 1", "line 2"]);
        assert_eq!(reports.poll_at(), Some(Time::from_millis(60_000)));
        reports.tick(Time::from_millis(59_999));
        assert!(reports.drain().is_empty());
        reports.tick(Time::from_millis(60_000));
        assert_eq!(reports.drain(), ["997 more lines skipped"]);
        assert_eq!(reports.poll_at(), None);
    }

    #[test]
    fn lines_that_nobody_fetches_do_not_gather() {
        let mut reports = Reports::new();
        for i in 0..100 {
            reports.say(i.to_string());
        }
        let lines = reports.drain();
        assert_eq!((lines.len(), lines[0].as_str()), (MOST, "68"));
    }
}
