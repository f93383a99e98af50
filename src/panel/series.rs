// SPDX-License-Identifier: MIT OR Apache-2.0
//! One key from its first down edge until nothing more can come of it: clicks, hold, repeats.
//!
//! ```text
//!            ┌─ up, fewer clicks than bound ─► window ─ over ─► click(n)
//!   down ────┼─ up, all clicks that are bound ───────────────► click(n), where a hold kept it back
//!   edge     ├─ the last click that is bound ────────────────► click(n) at once, where no hold can win
//!            └─ down for the hold time ──► first: hold ──► repeats until up; later: click(n)
//! ```
//!
//! So a click is shorter than the hold time, a hold can only be the first press of a series, and each press is decided by the hold
//! time at the latest, also where its up edge is lost (P29). Knows no other key.

use std::time::Duration;

use super::plan::{ControlId, Gesture};
use crate::time::Time;

/// Two downs without an up between them, closer than this, are one: bounce or a kernel autorepeat, whose first comes after
/// at most half a second. Farther apart the up was lost, and the second is a press of its own (P29). Whole holds closer than
/// this are one as well: the autorepeat of a terminal.
pub(super) const REPEAT: Duration = Duration::from_secs(1);

/// A key that says nothing for so long is no longer believed to be held: its up edge was lost (P29).
const SILENCE: Duration = Duration::from_secs(10);

/// What is bound to a key, as far as telling gestures apart needs it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Bound {
    pub(super) control: ControlId,
    /// The most clicks that are bound; 1 for a press, and where none is.
    pub(super) clicks: u8,
    /// What being down for the hold time is: [`Gesture::Hold`], or the first [`Gesture::HoldRepeat`] where only that is bound.
    pub(super) long: Option<Gesture>,
    /// Between two repeats, where something is bound that goes on while the key is down.
    pub(super) repeat: Option<Duration>,
    pub(super) hold: Duration,
    /// From an up edge, how long a further click may take to begin.
    pub(super) window: Duration,
}

impl Bound {
    /// Nothing at all; a key that is down is followed all the same, so that its autorepeats are not taken for presses.
    pub(super) fn nothing(control: ControlId) -> Bound {
        Bound {
            control,
            clicks: 1,
            long: None,
            repeat: None,
            hold: REPEAT,
            window: Duration::ZERO,
        }
    }
}

/// What happened to a control.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// A gesture.
    Gesture(Gesture),
    /// Whatever went on while the key was held is over.
    Stop,
}

/// A gesture that happened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Fired {
    pub(super) control: ControlId,
    pub(super) act: Act,
    /// Detents with their sign; of repeats so many that came due together; else 1.
    pub(super) count: i32,
    pub(super) at: Time,
}

impl Fired {
    pub(super) fn new(control: ControlId, gesture: Gesture, at: Time) -> Fired {
        Fired {
            control,
            act: Act::Gesture(gesture),
            count: 1,
            at,
        }
    }
}

/// At most three things come of one edge.
pub(super) type Burst = [Option<Fired>; 3];

fn add(burst: &mut Burst, fired: Fired) {
    if let Some(free) = burst.iter_mut().find(|slot| slot.is_none()) {
        *free = Some(fired);
    }
}

fn clicked(clicks: u8) -> Gesture {
    match clicks {
        1 => Gesture::Press,
        clicks => Gesture::Click(clicks),
    }
}

/// What a key is doing.
#[derive(Copy, Clone, Debug)]
pub(super) struct Series {
    bound: Bound,
    /// Nothing of it counts: it woke its panel, or nothing is bound.
    pub(super) mute: bool,
    pub(super) down: bool,
    /// The last down edge, repeats included; the last of several whole holds that counted.
    last: Time,
    /// Down edges since the series began; 0 of a knob.
    clicks: u8,
    /// When it is decided without a further edge: the hold time while down, else the end of the window.
    due: Time,
    /// The next repeat.
    tick: Time,
    /// The end of the repeats without a fresh edge.
    stop: Time,
}

impl Series {
    pub(super) fn new(bound: Bound, mute: bool, at: Time) -> Series {
        Series {
            bound,
            mute,
            down: false,
            last: at,
            clicks: 0,
            due: Time::NEVER,
            tick: Time::NEVER,
            stop: Time::NEVER,
        }
    }

    /// When something is due; [`Time::NEVER`] when only an edge can bring something.
    pub(super) fn next(&self) -> Time {
        self.due.min(self.tick).min(self.stop)
    }

    /// Whether something goes on while the key is held.
    pub(super) fn goes_on(&self) -> bool {
        self.stop != Time::NEVER
    }

    pub(super) fn is_over(&self) -> bool {
        !self.down && self.next() == Time::NEVER
    }

    /// The oldest thing that was due by `at`.
    pub(super) fn take(&mut self, at: Time) -> Option<Fired> {
        let next = self.next();
        if next == Time::NEVER || at < next {
            return None;
        }
        let control = self.bound.control;
        if next == self.due {
            self.due = Time::NEVER;
            return Some(match self.bound.long {
                Some(long) if self.down && self.clicks == 1 => {
                    self.keep_on(next);
                    Fired::new(control, long, next)
                }
                _ => Fired::new(control, clicked(self.clicks), next),
            });
        }
        if next == self.tick {
            // What came due while nobody looked is one repeat with a count.
            let every = self.bound.repeat.unwrap_or(REPEAT);
            let late = at.min(self.stop).since(next).as_micros();
            let more = u32::try_from(late / every.as_micros().max(1)).unwrap_or(u32::MAX);
            let last = next + every.saturating_mul(more);
            self.tick = last + every;
            return Some(Fired {
                count: i32::try_from(more).unwrap_or(i32::MAX).saturating_add(1),
                ..Fired::new(control, Gesture::HoldRepeat, last)
            });
        }
        self.halt(next)
    }

    /// From `at` on it repeats, where something is bound that does.
    fn keep_on(&mut self, at: Time) {
        if let Some(every) = self.bound.repeat {
            self.tick = at + every;
            self.stop = self.last + SILENCE;
        }
    }

    /// Ends what goes on while the key is held, where something does.
    pub(super) fn halt(&mut self, at: Time) -> Option<Fired> {
        let going = self.goes_on();
        self.tick = Time::NEVER;
        self.stop = Time::NEVER;
        going.then_some(Fired {
            control: self.bound.control,
            act: Act::Stop,
            count: 1,
            at,
        })
    }

    /// Whether a down edge at `at` is the one that it knows already, once more.
    pub(super) fn repeats(&mut self, at: Time) -> bool {
        let gap = match self.bound.long {
            Some(_) => self.bound.hold.max(REPEAT),
            None => REPEAT,
        };
        let repeats = self.down && at < self.last + gap;
        if repeats {
            self.last = self.last.max(at);
            if self.goes_on() {
                self.stop = self.last + SILENCE;
            }
        }
        repeats
    }

    /// A down edge that is a press. What was due by `at` has been taken.
    pub(super) fn press(&mut self, at: Time, burst: &mut Burst) {
        self.down = true;
        self.last = at;
        self.clicks = self.clicks.saturating_add(1);
        let may_be_long = self.clicks == 1 && self.bound.long.is_some();
        if self.clicks >= self.bound.clicks && !may_be_long {
            self.due = Time::NEVER;
            add(
                burst,
                Fired::new(self.bound.control, clicked(self.clicks), at),
            );
        } else {
            self.due = at + self.bound.hold;
        }
    }

    /// An up edge. What was due by `at` has been taken.
    pub(super) fn release(&mut self, at: Time, burst: &mut Burst) {
        let control = self.bound.control;
        self.down = false;
        if let Some(stop) = self.halt(at) {
            add(burst, stop);
        } else if self.due != Time::NEVER && self.clicks < self.bound.clicks {
            self.due = at + self.bound.window;
        } else if self.due != Time::NEVER {
            self.due = Time::NEVER;
            add(burst, Fired::new(control, clicked(self.clicks), at));
        }
        add(burst, Fired::new(control, Gesture::Release, at));
    }

    /// A whole hold. The first of a series is one; a later one is the series' last click, as on a key that stays down.
    pub(super) fn hold(&mut self, at: Time, burst: &mut Burst) {
        let control = self.bound.control;
        let goes_on = self.goes_on();
        if let (true, Some(every)) = (goes_on, self.bound.repeat) {
            // An autorepeat that is quicker than what is asked for.
            self.stop = at + REPEAT;
            if at < self.last + every {
                return;
            }
        }
        self.last = at;
        self.due = Time::NEVER;
        let gesture = match self.bound.long {
            Some(_) if goes_on => Gesture::HoldRepeat,
            Some(long) if self.clicks == 0 => long,
            _ => clicked(self.clicks.saturating_add(1).min(self.bound.clicks)),
        };
        add(burst, Fired::new(control, gesture, at));
        if !goes_on {
            add(burst, Fired::new(control, Gesture::Release, at));
        }
        if self.bound.long.is_some() && self.clicks == 0 && self.bound.repeat.is_some() {
            self.stop = at + REPEAT;
        }
    }

    /// A knob's report that does not count holds the silence up: a turn is one gesture as long as it goes on.
    pub(super) fn hush(&mut self, at: Time) {
        if !self.down {
            self.due = at + self.bound.window;
        }
    }
}
