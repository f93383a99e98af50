// SPDX-License-Identifier: MIT OR Apache-2.0
//! Edges of keys and knobs → gestures. Only the events' own times count, never the time of their delivery.
//!
//! A key is a physical control: all of the plan's controls with one panel and one name. A gesture belongs to the
//! binding that was active at its down edge, whatever layer is shown by the time it ends. Knows no action and no layer.
//!
//! The gestures that are to come have their places: *release* fires where [`Gestures::edge`] handles `Up`; *click(n)* keeps the
//! last up edge in [`Held`] and fires its window's end from [`Gestures::due`], beside the hold; *hold-repeat* re-arms
//! the hold there; a *chord* compares the [`Held`] of two keys at the second one's down edge.

use std::time::Duration;

use super::Edge;
use super::plan::{ControlId, Gesture};
use crate::time::Time;

/// Two downs without an up between them, closer than this, are one: bounce or a kernel autorepeat, whose first comes after
/// at most half a second. Farther apart the up was lost, and the second is a press of its own (P29).
const REPEAT: Duration = Duration::from_secs(1);

/// A hand cannot turn farther between two reports; a broken encoder can.
const MAX_DETENTS: i32 = 1000;

/// What is bound to a key at the moment.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Bound {
    pub(super) control: ControlId,
    /// How long a hold takes; `None` where no hold is bound, so that a press need not wait to be told from one.
    pub(super) hold: Option<Duration>,
}

/// A gesture that happened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Fired {
    pub(super) control: ControlId,
    pub(super) gesture: Gesture,
    /// Detents with their sign; 1 for a press and a hold.
    pub(super) count: i32,
    pub(super) at: Time,
}

impl Fired {
    fn new(control: ControlId, gesture: Gesture, at: Time) -> Fired {
        Fired {
            control,
            gesture,
            count: 1,
            at,
        }
    }
}

/// A key that is down.
#[derive(Copy, Clone, Debug)]
struct Held {
    bound: Bound,
    /// The last down edge, repeats included.
    last: Time,
    /// When the hold fires; [`Time::NEVER`] where none is bound or it has fired.
    hold_at: Time,
}

impl Held {
    /// The hold, where it was due by `at` and has not fired.
    fn take_hold(&mut self, at: Time) -> Option<Fired> {
        if self.hold_at == Time::NEVER || at < self.hold_at {
            return None;
        }
        let fired = Fired::new(self.bound.control, Gesture::Hold, self.hold_at);
        self.hold_at = Time::NEVER;
        Some(fired)
    }
}

/// The recogniser, one entry a key.
#[derive(Debug, Default)]
pub(super) struct Gestures {
    keys: Vec<Option<Held>>,
}

impl Gestures {
    pub(super) fn new(keys: usize) -> Gestures {
        Gestures {
            keys: vec![None; keys],
        }
    }

    /// Takes one edge of a key and what is bound to it now (`None`: nothing). Gives what happened by it, oldest first: at
    /// most the hold that an earlier, never released press was due, and the gesture of this edge.
    pub(super) fn edge(
        &mut self,
        key: usize,
        edge: Edge,
        at: Time,
        bound: Option<Bound>,
    ) -> [Option<Fired>; 2] {
        let Some(slot) = self.keys.get_mut(key) else {
            return [None, None];
        };
        match (edge, bound) {
            (Edge::Down, bound) => {
                let mut overdue = None;
                if let Some(held) = slot {
                    overdue = held.take_hold(at);
                    let gap = held.bound.hold.unwrap_or(REPEAT).max(REPEAT);
                    let repeat = at < held.last + gap;
                    held.last = held.last.max(at);
                    if repeat {
                        return [overdue, None];
                    }
                }
                *slot = bound.map(|bound| Held {
                    bound,
                    last: at,
                    hold_at: bound.hold.map_or(Time::NEVER, |hold| at + hold),
                });
                let press = bound
                    .filter(|bound| bound.hold.is_none())
                    .map(|bound| Fired::new(bound.control, Gesture::Press, at));
                [overdue, press]
            }
            (Edge::Up, _) => {
                let Some(mut held) = slot.take() else {
                    return [None, None];
                };
                if let Some(hold) = held.take_hold(at) {
                    return [Some(hold), None];
                }
                // Still armed: let go before the hold. Not armed: its press or its hold has fired long ago.
                let press = (held.hold_at != Time::NEVER)
                    .then(|| Fired::new(held.bound.control, Gesture::Press, at));
                [press, None]
            }
            (Edge::Tap, Some(bound)) => [Some(Fired::new(bound.control, Gesture::Press, at)), None],
            // A long press where only a short one is bound acts as it would on a real key: at its down edge.
            (Edge::Held, Some(bound)) => {
                let gesture = bound.hold.map_or(Gesture::Press, |_| Gesture::Hold);
                [Some(Fired::new(bound.control, gesture, at)), None]
            }
            (Edge::Turn(count), Some(bound)) if count != 0 => {
                let fired = Fired {
                    count: count.clamp(-MAX_DETENTS, MAX_DETENTS),
                    ..Fired::new(bound.control, Gesture::Turn, at)
                };
                [Some(fired), None]
            }
            _ => [None, None],
        }
    }

    /// One hold that is due at `now`; call until there is none.
    pub(super) fn due(&mut self, now: Time) -> Option<Fired> {
        self.keys
            .iter_mut()
            .flatten()
            .find_map(|held| held.take_hold(now))
    }

    /// The next hold's time; [`Time::NEVER`] when none is armed.
    pub(super) fn poll_at(&self) -> Time {
        let armed = self.keys.iter().flatten().map(|held| held.hold_at);
        armed.min().unwrap_or(Time::NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_millis(500);

    /// Runs `+ms` (down), `-ms` (up) and `.ms` (timeout) and gives what fired as `P` and `H` with its time.
    fn run(hold: Option<Duration>, script: &str) -> String {
        let mut gestures = Gestures::new(1);
        let bound = Some(Bound {
            control: ControlId(0),
            hold,
        });
        let mut out = String::new();
        let mut tell = |fired: Fired| {
            let name = if fired.gesture == Gesture::Hold {
                'H'
            } else {
                'P'
            };
            out += &format!("{name}{} ", fired.at.as_micros() / 1000);
        };
        for word in script.split_whitespace() {
            let at = Time::from_millis(word[1..].parse().unwrap());
            match &word[..1] {
                "+" => gestures
                    .edge(0, Edge::Down, at, bound)
                    .into_iter()
                    .flatten()
                    .for_each(&mut tell),
                "-" => gestures
                    .edge(0, Edge::Up, at, bound)
                    .into_iter()
                    .flatten()
                    .for_each(&mut tell),
                _ => {
                    assert!(gestures.poll_at() > at || gestures.due(at).map(&mut tell).is_some());
                }
            }
        }
        out.trim_end().to_owned()
    }

    #[test]
    fn edges_and_times() {
        for (hold, script, want) in [
            (None, "+0 -40", "P0"),
            (None, "+0 -900 +1000", "P0 P1000"),
            (Some(HOLD), "+0 -499", "P499"),
            (Some(HOLD), "+0 -500", "H500"),
            (Some(HOLD), "+0 .500 -700", "H500"),
            (Some(HOLD), "+0 .499 -499", "P499"),
            // repeats: ignored while they keep coming, whether or not the hold has fired
            (None, "+0 +250 +1200 +2100 -2200", "P0"),
            (Some(HOLD), "+0 +250 .500 +900 -950", "H500"),
            // a lost up: the next down is fresh, and the hold that was due is not forgotten
            (None, "+0 +1500", "P0 P1500"),
            (Some(HOLD), "+0 .500 +1500 -1600", "H500 P1600"),
            (Some(HOLD), "+0 +1500 -1600", "H500 P1600"),
            // an up without a down
            (Some(HOLD), "-10 +20 -30", "P30"),
        ] {
            assert_eq!(run(hold, script), want, "{script}");
        }
    }

    #[test]
    fn absurd_input_is_harmless() {
        let mut gestures = Gestures::new(1);
        let bound = Some(Bound {
            control: ControlId(0),
            hold: None,
        });
        assert_eq!(gestures.edge(9, Edge::Down, Time::ZERO, bound), [None; 2]);
        let turned = gestures.edge(0, Edge::Turn(i32::MIN), Time::ZERO, bound);
        assert_eq!(turned[0].map(|fired| fired.count), Some(-MAX_DETENTS));
        assert_eq!(
            gestures.edge(0, Edge::Turn(0), Time::ZERO, bound),
            [None; 2]
        );
        assert_eq!(gestures.edge(0, Edge::Down, Time::NEVER, None), [None; 2]);
        assert_eq!(gestures.poll_at(), Time::NEVER);
    }
}
