// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a press wants of a point, and which value that is, given the present one.
//!
//! Only a [`Intent::Value`] can be sent; the others wait for a reading. Knows no time and nothing of what waits.

use super::plan::{CycleId, Plan};
use super::step::{self, Grid};
use crate::homey::{Traits, Value};

/// What a press wants of a point.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Intent {
    /// This value.
    Value(Value),
    /// The opposite of what it is; an even number of toggles wants what it is.
    Flip { odd: bool },
    /// So many of the device's own steps and so much, from what it is.
    Step { own: i32, by: f64 },
    /// So many further in a list.
    Cycle { values: CycleId, by: i32 },
    /// By this share of the device's range. `free`: the other way where it rests at the end that this leads to.
    Ramp { share: f64, free: bool },
}

impl Intent {
    /// Why it can never be had of a capability of these traits, as far as they tell.
    pub(super) fn unfit(&self, traits: Option<&Traits>) -> Option<&'static str> {
        match self {
            Intent::Value(_) => None,
            Intent::Flip { .. } => step::no_toggle(traits),
            Intent::Step { .. } | Intent::Ramp { .. } => step::no_step(traits),
            Intent::Cycle { .. } => step::no_cycle(traits),
        }
    }

    /// The value that it means, given the present one, or why there is none.
    pub(super) fn resolve(
        &self,
        plan: &Plan,
        present: &Value,
        grid: Grid,
    ) -> Result<Value, &'static str> {
        let moved = |own, by| match present {
            Value::Number(from) => grid
                .moved(*from, own, by)
                .map(Value::Number)
                .ok_or("stepped out of all bounds"),
            Value::Null => Err("has no value yet, cannot be stepped"),
            _ => Err("is not a number, cannot be stepped"),
        };
        match self {
            Intent::Value(value) => Ok(value.clone()),
            Intent::Flip { odd: true } => step::opposite(present),
            // Twice is as it was, but it must be something that can be toggled.
            Intent::Flip { odd: false } => step::opposite(present).map(|_| present.clone()),
            Intent::Step { own, by } => moved(*own, *by),
            Intent::Ramp { share, .. } => moved(0, share * grid.range()),
            Intent::Cycle { values, by } => {
                let values = plan.cycles.get(usize::from(values.0));
                let next = values.and_then(|values| step::next_of(values, present, *by, grid));
                next.ok_or("has nothing to go on to")
            }
        }
    }

    /// What two presses want together, while neither knows the present value. Unlike ones cannot both fit a capability,
    /// so the newer one stands.
    pub(super) fn join(&self, newer: Intent) -> Intent {
        match (self, newer) {
            (Intent::Flip { odd: a }, Intent::Flip { odd: b }) => Intent::Flip { odd: *a != b },
            (
                Intent::Step { own, by },
                Intent::Step {
                    own: more,
                    by: further,
                },
            ) => Intent::Step {
                own: own.saturating_add(more),
                by: by + further,
            },
            (
                Intent::Cycle { values, by },
                Intent::Cycle {
                    values: same,
                    by: more,
                },
            ) if *values == same => Intent::Cycle {
                values: same,
                by: by.saturating_add(more),
            },
            (Intent::Ramp { share, free }, Intent::Ramp { share: more, .. }) => Intent::Ramp {
                share: share + more,
                free: *free,
            },
            (_, newer) => newer,
        }
    }
}
