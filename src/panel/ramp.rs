// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ramps: a value on the move while a button is held, in steps that merge like a knob's.
//!
//! A ramp begins with its hold, takes a step with each repeat of it and ends with it, or at the end of the device's range.
//! All its steps are parts of the one press. Knows nothing of how long a key is down: that is `series.rs`.

use super::inner::Core;
use super::intent::Intent;
use super::plan::{ControlId, Direction, Gesture, Plan, PointId};
use super::press::{Key, Word};
use super::series::{Act, Fired};
use super::state::PointState;
use crate::homey::Value;

/// A value on the move.
#[derive(Debug)]
pub(super) struct Ramp {
    control: ControlId,
    point: PointId,
    press: Key,
    /// How much of the device's range goes into one repeat.
    share: f64,
    up: bool,
    /// Whether the direction stands: it may have to wait for a reading.
    settled: bool,
    /// It has taken its first step.
    moved: bool,
    /// What is less than a step of the device so far.
    owed: f64,
}

/// The direction in which a ramp leaves an end of the range; `up` where the value is at none.
fn away(point: &PointState, present: &Value, up: bool) -> bool {
    let grid = point.grid();
    match present {
        Value::Number(number) if grid.max == Some(*number) => false,
        Value::Number(number) if grid.min == Some(*number) => true,
        _ => up,
    }
}

impl Core {
    /// Begins a ramp by its hold, with a first step.
    pub(super) fn start_ramp(
        &mut self,
        plan: &Plan,
        press: Key,
        (id, by, direction): (PointId, f64, Direction),
        fired: &Fired,
    ) {
        // Two hands at one lamp: the newer one moves it.
        while let Some(index) = self.ramps.iter().position(|ramp| ramp.point == id) {
            self.end_ramp(index, Word::Superseded);
        }
        let point = self.points.get_mut(usize::from(id.0));
        let last = point.as_ref().and_then(|point| point.ramped);
        let up = match direction {
            Direction::Up => true,
            Direction::Down => false,
            Direction::Flip => !last.unwrap_or(false),
        };
        let settled = direction != Direction::Flip;
        if let (true, Some(point)) = (settled, point) {
            point.ramped = Some(up);
        }
        self.ledger.add(press);
        if fired.act != Act::Gesture(Gesture::Hold) {
            // The configuration does not allow it: nothing else tells when a ramp is over.
            self.refuse(press, &plan.point_name(id), "only a hold can ramp");
            return;
        }
        self.ramps.push(Ramp {
            control: fired.control,
            point: id,
            press,
            share: by * self.tables.repeat(fired.control).as_secs_f64(),
            up,
            settled,
            moved: false,
            owed: 0.0,
        });
        self.step_ramp(plan, self.ramps.len() - 1, fired);
    }

    /// A repeat of a control's hold: its ramps take a step.
    pub(super) fn step_ramps(&mut self, plan: &Plan, fired: &Fired) {
        // From the end, since a step may be the last one.
        for index in (0..self.ramps.len()).rev() {
            if self.ramps[index].control == fired.control {
                self.step_ramp(plan, index, fired);
            }
        }
    }

    /// A control's hold is over, or all are.
    pub(super) fn stop_ramps(&mut self, control: Option<ControlId>) {
        for index in (0..self.ramps.len()).rev() {
            if control.is_none_or(|control| self.ramps[index].control == control) {
                self.end_ramp(index, Word::Confirmed);
            }
        }
    }

    /// A reading came while ramps of a point waited to know their direction: the one that `share` has, or the other.
    pub(super) fn settle_ramps(&mut self, id: PointId, present: &Value, share: f64) -> f64 {
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            return share;
        };
        let up = away(point, present, share > 0.0);
        point.ramped = Some(up);
        for ramp in self.ramps.iter_mut().filter(|ramp| ramp.point == id) {
            if !ramp.settled {
                ramp.up = up;
                ramp.settled = true;
            }
        }
        if up { share.abs() } else { -share.abs() }
    }

    fn step_ramp(&mut self, plan: &Plan, index: usize, fired: &Fired) {
        let asked = self.seq;
        let Some(ramp) = self.ramps.get_mut(index) else {
            return;
        };
        let Some(point) = self.points.get_mut(usize::from(ramp.point.0)) else {
            return self.end_ramp(index, Word::Refused);
        };
        let grid = point.grid();
        let mut at_end = false;
        if let Some(present) = point.present(asked).cloned() {
            if !ramp.settled {
                ramp.up = away(point, &present, ramp.up);
                ramp.settled = true;
                point.ramped = Some(ramp.up);
            }
            let end = if ramp.up { grid.max } else { grid.min };
            at_end = end.is_some_and(|end| present == Value::Number(end));
        }
        // The end was sent with the step that reached it; at an end from the start it is sent once, whatever the cache says.
        if at_end && ramp.moved {
            return self.end_ramp(index, Word::Confirmed);
        }
        let share = ramp.share * f64::from(fired.count) + ramp.owed;
        // Slower than the device's own step in each repeat: until it is one.
        if ramp.moved && share * grid.range() < grid.step() * 0.999 {
            ramp.owed = share;
            return;
        }
        ramp.moved = true;
        ramp.owed = 0.0;
        let (press, id) = (ramp.press, ramp.point);
        let intent = Intent::Ramp {
            share: if ramp.up { share } else { -share },
            free: !ramp.settled,
        };
        if !self.want(plan, press, id, intent, fired) {
            self.end_ramp(index, Word::Confirmed);
        }
    }

    fn end_ramp(&mut self, index: usize, word: Word) {
        let ramp = self.ramps.remove(index);
        let over = self.ledger.end(ramp.press, word);
        self.stage.ended(over);
    }
}
