// SPDX-License-Identifier: MIT OR Apache-2.0
//! Edges of keys and knobs → gestures. Only the events' own times count, never the time of their delivery.
//!
//! A key is a physical control: all of the plan's controls with one panel and one name. A gesture belongs to the
//! binding that was active at its first down edge, whatever layer is shown by the time it ends. What one key does is
//! [`super::series`]'s business. Knows no action and no layer.
//!
//! A *chord* has its place here: it compares the [`Series`] of two keys at the second one's down edge.

use super::Edge;
use super::plan::Gesture;
use super::series::{Bound, Burst, Fired, Series};
use crate::time::Time;

/// A hand cannot turn farther between two reports; a broken encoder can.
const MAX_DETENTS: i32 = 1000;

/// The recogniser, one entry a key.
#[derive(Debug, Default)]
pub(super) struct Gestures {
    keys: Vec<Option<Series>>,
    /// Those that are not at rest: as many as there are fingers.
    live: Vec<usize>,
}

impl Gestures {
    pub(super) fn new(keys: usize) -> Gestures {
        Gestures {
            keys: vec![None; keys],
            live: Vec::with_capacity(8),
        }
    }

    /// The oldest gesture that was due by `at` on one of the keys that `of` picks; call until there is none.
    pub(super) fn due(&mut self, at: Time, of: impl Fn(usize) -> bool) -> Option<Fired> {
        loop {
            let keys = &self.keys;
            let next = |key: usize| keys.get(key)?.as_ref().map(Series::next);
            let ready = self.live.iter().filter(|key| of(**key));
            let ready = ready.filter_map(|key| Some((next(*key)?, *key)));
            let (when, key) = ready.min()?;
            if when == Time::NEVER || at < when {
                return None;
            }
            let series = self.keys.get_mut(key)?.as_mut()?;
            let fired = series.take(at);
            let mute = series.mute;
            self.rest(key);
            if !mute {
                return fired;
            }
        }
    }

    /// Takes one edge of a key, and what is bound to it now. `mute`: a gesture that begins by it does not count.
    /// Gives what happened by this edge, oldest first; what was [`Gestures::due`] by its time must have been asked for before.
    pub(super) fn edge(
        &mut self,
        key: usize,
        edge: Edge,
        at: Time,
        bound: Bound,
        mute: bool,
    ) -> Burst {
        let mut burst = [None; 3];
        let Some(slot) = self.keys.get_mut(key) else {
            return burst;
        };
        let is_mute = slot.as_ref().map_or(mute, |series| series.mute);
        match edge {
            Edge::Turn(0) => return burst,
            Edge::Turn(count) if !is_mute => {
                burst[0] = Some(Fired {
                    count: count.clamp(-MAX_DETENTS, MAX_DETENTS),
                    ..Fired::new(bound.control, Gesture::Turn, at)
                });
                return burst;
            }
            Edge::Down if slot.as_mut().is_some_and(|series| series.repeats(at)) => return burst,
            Edge::Up if slot.is_none_or(|series| !series.down) => return burst,
            _ => {}
        }
        // A new press, and the up edge of the last one got lost, or never comes from a device that sends whole gestures.
        let stale = match edge {
            Edge::Down | Edge::Tap => slot.is_some_and(|series| series.down || series.goes_on()),
            Edge::Held => slot.is_some_and(|series| series.down),
            Edge::Up | Edge::Turn(_) => false,
        };
        if stale {
            let lost = slot.take().filter(|series| !series.mute);
            burst[0] = lost.and_then(|mut series| series.halt(at));
        }
        if slot.is_none() {
            *slot = Some(Series::new(bound, mute, at));
            if !self.live.contains(&key) {
                self.live.push(key);
            }
        }
        let Some(series) = slot else {
            return burst;
        };
        let before = burst;
        match edge {
            Edge::Down => series.press(at, &mut burst),
            Edge::Up => series.release(at, &mut burst),
            Edge::Tap => {
                series.press(at, &mut burst);
                series.release(at, &mut burst);
            }
            Edge::Held => series.hold(at, &mut burst),
            Edge::Turn(_) => series.hush(at),
        }
        if series.mute {
            burst = before;
        }
        self.rest(key);
        burst
    }

    /// Forgets a key of which nothing more can come.
    fn rest(&mut self, key: usize) {
        if let Some(slot) = self.keys.get_mut(key) {
            if slot.is_none_or(|series| series.is_over()) {
                *slot = None;
                self.live.retain(|other| *other != key);
            }
        }
    }

    /// When the next gesture is due without a further edge; [`Time::NEVER`] when none is.
    pub(super) fn poll_at(&self) -> Time {
        let live = self.live.iter().filter_map(|key| self.keys.get(*key));
        let next = live.flatten().map(Series::next);
        next.min().unwrap_or(Time::NEVER)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::plan::ControlId;
    use super::super::series::Act;
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// Something that is bound: `2` two clicks, `h` a hold, `r` a repeat.
    fn bound(what: &str) -> Bound {
        let long = match () {
            () if what.contains('h') => Some(Gesture::Hold),
            () => what.contains('r').then_some(Gesture::HoldRepeat),
        };
        let clicks = what.bytes().find(u8::is_ascii_digit);
        Bound {
            clicks: clicks.map_or(1, |digit| digit - b'0'),
            long,
            repeat: what.contains('r').then_some(MS(200)),
            hold: MS(500),
            window: MS(250),
            ..Bound::nothing(ControlId(0))
        }
    }

    /// Runs `+ms` (down), `-ms` (up), `tms` (tap), `lms` (whole hold), `.ms` (timeout) and gives what fired with its time: `P`ress,
    /// `H`old, `R`epeat (and how many), `C` with its clicks, `^` release, `!` stop. `mute`: the first gesture does not count.
    fn run(bound: Bound, script: &str, mut mute: bool) -> String {
        let mut gestures = Gestures::new(1);
        let mut out = String::new();
        let mut tell = |fired: Fired| {
            let name = match fired.act {
                Act::Gesture(Gesture::Press) => "P".to_owned(),
                Act::Gesture(Gesture::Hold) => "H".to_owned(),
                Act::Gesture(Gesture::HoldRepeat) if fired.count > 1 => {
                    format!("R{}@", fired.count)
                }
                Act::Gesture(Gesture::HoldRepeat) => "R".to_owned(),
                Act::Gesture(Gesture::Release) => "^".to_owned(),
                Act::Gesture(Gesture::Click(count)) => format!("C{count}@"),
                Act::Gesture(Gesture::Turn) => "T".to_owned(),
                Act::Stop => "!".to_owned(),
            };
            out += &format!("{name}{} ", fired.at.as_micros() / 1000);
        };
        for word in script.split_whitespace() {
            let at = Time::from_millis(word[1..].parse().unwrap());
            while let Some(fired) = gestures.due(at, |_| true) {
                tell(fired);
            }
            let edge = match &word[..1] {
                "+" => Edge::Down,
                "-" => Edge::Up,
                "t" => Edge::Tap,
                "l" => Edge::Held,
                _ => {
                    assert!(gestures.poll_at() > at);
                    continue;
                }
            };
            let burst = gestures.edge(0, edge, at, bound, std::mem::take(&mut mute));
            burst.into_iter().flatten().for_each(&mut tell);
        }
        assert!(gestures.live.len() < 2);
        out.trim_end().to_owned()
    }

    #[test]
    fn edges_and_times() {
        for (what, script, want) in [
            ("", "+0 -40", "P0 ^40"),
            ("", "+0 -900 +1000", "P0 ^900 P1000"),
            ("h", "+0 -499", "P499 ^499"),
            ("h", "+0 -500", "H500 ^500"),
            ("h", "+0 .500 -700", "H500 ^700"),
            ("h", "+0 .499 -499", "P499 ^499"),
            // repeats: ignored while they keep coming, whether or not the hold has fired
            ("", "+0 +250 +1200 +2100 -2200", "P0 ^2200"),
            ("h", "+0 +250 .500 +900 -950", "H500 ^950"),
            // a lost up: the next down is fresh, and the hold that was due is not forgotten
            ("", "+0 +1500", "P0 P1500"),
            ("h", "+0 .500 +1500 -1600", "H500 P1600 ^1600"),
            ("h", "+0 +1500 -1600", "H500 P1600 ^1600"),
            // an up without a down
            ("h", "-10 +20 -30", "P30 ^30"),
            ("2", "+0 -10 -20 .400", "^10 P260"),
        ] {
            assert_eq!(run(bound(what), script, false), want, "{what} {script}");
        }
    }

    #[test]
    fn clicks_are_counted_as_far_as_they_are_bound() {
        for (what, script, want) in [
            // the window runs from the last up edge; its end is no part of it
            ("2", "+0 -50 .299 .300", "^50 P300"),
            ("2", "+0 -50 +299 -350", "^50 C2@299 ^350"),
            ("2", "+0 -50 +300 -350 .600", "^50 P300 ^350 P600"),
            // the most that is bound fires on its down edge, and the next is a first one again
            (
                "2",
                "+0 -50 +100 -150 +200 -250 .500",
                "^50 C2@100 ^150 ^250 P500",
            ),
            ("3", "+0 -50 +100 -150 +200 -250", "^50 ^150 C3@200 ^250"),
            ("3", "+0 -50 +100 -150 .400", "^50 ^150 C2@400"),
            (
                "5",
                "t0 t200 t400 t600 t800",
                "^0 ^200 ^400 ^600 C5@800 ^800",
            ),
            // a click is shorter than the hold time, also where no hold is bound
            ("2", "+0 .500 -600 .900", "P500 ^600"),
            ("3", "+0 -50 +100 .600 -700", "^50 C2@600 ^700"),
            // a hold is the first press of a series only
            ("2h", "+0 .500 -600", "H500 ^600"),
            ("2h", "+0 -50 +100 .700 -800", "^50 C2@100 ^800"),
            ("3h", "+0 -50 +100 .600 -800", "^50 C2@600 ^800"),
            ("2h", "t0 l100", "^0 C2@100 ^100"),
            ("2h", "l0 t100 .350", "H0 ^0 ^100 P350"),
            ("2", "l0", "P0 ^0"),
            // a lost up counts no click twice
            ("2", "+0 +1500 -1550 .1800", "P500 ^1550 P1800"),
            ("2", "+0 -50 +100 +1500", "^50 C2@100 "),
        ] {
            assert_eq!(
                run(bound(what), script, false),
                want.trim(),
                "{what} {script}"
            );
        }
    }

    #[test]
    fn repeats_end_with_the_up_edge_or_with_silence() {
        for (what, script, want) in [
            (
                "r",
                "+0 .499 .500 .699 .700 -800 .2000",
                "R500 R700 !800 ^800",
            ),
            ("r", "+0 -400", "P400 ^400"),
            ("hr", "+0 .500 .700 -800", "H500 R700 !800 ^800"),
            // what came due while nobody looked is one repeat with a count
            ("hr", "+0 -1150", "H500 R3@1100 !1150 ^1150"),
            // ten seconds without a fresh edge; a kernel repeat is one
            ("r", "+0 .20000 -20001", "R500 R47@9900 !10000 ^20001"),
            (
                "r",
                "+0 +900 +1800 .20000",
                "R500 R2@900 R4@1700 R50@11700 !11800",
            ),
            // a lost up edge: the next press stops what went on
            (
                "hr",
                "+0 .700 +1900 -1950",
                "H500 R700 R6@1900 !1900 P1950 ^1950",
            ),
            // whole holds: another one within a second goes on
            (
                "hr",
                "l0 l300 l900 .1900 l3000",
                "H0 ^0 R300 R900 !1900 H3000 ^3000",
            ),
            ("hr", "l0 l100 l190 l210 .1209 .1210", "H0 ^0 R210 !1210"),
            ("hr", "l0 t300", "H0 ^0 !300 P300 ^300"),
        ] {
            assert_eq!(run(bound(what), script, false), want, "{what} {script}");
        }
    }

    #[test]
    fn what_does_not_count_is_swallowed_whole() {
        for (what, script, want) in [
            ("", "+0 +30 +60 -90 +200", "P200"),
            ("hr", "+0 .500 .2000 -2100 +2200 -2300", "P2300 ^2300"),
            ("2", "+0 -50 +100 -150 +200 -250 .500", "^250 P500"),
            ("2", "+0 -50 .299 .300 +400 -410 .660", "^410 P660"),
            ("2h", "t0 t100 t200 t300", "^200 C2@300 ^300"),
        ] {
            assert_eq!(run(bound(what), script, true), want, "{what} {script}");
        }
    }

    #[test]
    fn a_turn_that_does_not_count_is_swallowed_until_it_pauses() {
        let mut gestures = Gestures::new(1);
        let mut turn = |ms, mute| {
            let at = Time::from_millis(ms);
            assert_eq!(gestures.due(at, |_| true), None);
            gestures.edge(0, Edge::Turn(1), at, bound(""), mute)[0].is_some()
        };
        let turns = [(0, true), (200, false), (440, false), (700, false)];
        let counted = turns.map(|(ms, mute)| turn(ms, mute));
        assert_eq!(counted, [false, false, false, true]);
    }

    #[test]
    fn absurd_input_is_harmless() {
        let mut gestures = Gestures::new(1);
        let bound = bound("2hr");
        assert_eq!(
            gestures.edge(9, Edge::Down, Time::ZERO, bound, false),
            [None; 3]
        );
        let turned = gestures.edge(0, Edge::Turn(i32::MIN), Time::ZERO, bound, false);
        assert_eq!(turned[0].map(|fired| fired.count), Some(-MAX_DETENTS));
        assert_eq!(
            gestures.edge(0, Edge::Turn(0), Time::ZERO, bound, false),
            [None; 3]
        );
        assert_eq!(
            gestures.edge(0, Edge::Down, Time::NEVER, bound, false),
            [None; 3]
        );
        assert_eq!(
            (gestures.poll_at(), gestures.due(Time::NEVER, |_| true)),
            (Time::NEVER, None)
        );
    }
}
