// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic on a device's own grid: stepping, clamping, snapping, and when two values are the same.
//!
//! The numbers come from drivers and may be absent or nonsense (`capabilities.md` 1); what cannot be a range or a step is
//! treated as absent. Knows no point and no time.

use super::Value;
use crate::homey::{Kind, Traits};

/// Finer than any driver's step; more digits are float dust.
const MAX_DIGITS: u8 = 9;

/// A device's range and step, as far as they make sense.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Grid {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    step: f64,
    /// Half of what the device tells apart.
    tolerance: f64,
    digits: u8,
}

impl Grid {
    /// The grid of a capability; step = its own, else the last of its decimals, else a hundredth of its range.
    pub(super) fn of(traits: Option<&Traits>) -> Grid {
        let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
        let (mut min, mut max) = (
            finite(traits.and_then(|t| t.min)),
            finite(traits.and_then(|t| t.max)),
        );
        if let (Some(low), Some(high)) = (min, max) {
            if low >= high {
                (min, max) = (None, None);
            }
        }
        let range = match (min, max) {
            (Some(low), Some(high)) => Some(high - low).filter(|range| range.is_finite()),
            _ => None,
        };
        // A "step" as wide as the range would make a knob a switch.
        let fits = |step: &f64| *step > 0.0 && range.is_none_or(|range| *step < range);
        let declared = finite(traits.and_then(|t| t.step)).filter(fits);
        let decimal = traits
            .and_then(|t| t.decimals)
            .map(|digits| power(digits).recip())
            .filter(fits);
        let device = declared.or(decimal);
        let step = device.unwrap_or(range.unwrap_or(1.0) / 100.0);
        Grid {
            min,
            max,
            step,
            tolerance: device.map_or(step * 1e-4, |step| step / 2.0),
            digits: digits(step).max(min.map_or(0, digits)),
        }
    }

    /// `from` moved by `own` device steps and by `by`, then on the grid and in the range. Moves by one grid step at least,
    /// so that a `by` finer than the device does not stick. `None` where that is no number.
    pub(super) fn moved(&self, from: f64, own: i32, by: f64) -> Option<f64> {
        let delta = f64::from(own) * self.step + by;
        let origin = self.min.unwrap_or(0.0);
        let slot = |number: f64| (number - origin) / self.step;
        let mut to = slot(from + delta).round();
        if delta > 0.0 {
            to = to.max((slot(from) + 1e-6).floor() + 1.0);
        } else if delta < 0.0 {
            to = to.min((slot(from) - 1e-6).ceil() - 1.0);
        }
        let scale = power(self.digits);
        let raw = origin + to * self.step;
        let round = (raw * scale).round() / scale;
        // Beyond what the scale can hold there is no dust to remove.
        let mut value = if round.is_finite() { round } else { raw };
        if let Some(max) = self.max {
            value = value.min(max);
        }
        if let Some(min) = self.min {
            value = value.max(min);
        }
        // -0 reads badly on a display.
        value.is_finite().then_some(value + 0.0)
    }

    /// How wide the device's range is; 1 where it is not known.
    pub(super) fn range(&self) -> f64 {
        match (self.min, self.max) {
            (Some(low), Some(high)) if (high - low).is_finite() => high - low,
            _ => 1.0,
        }
    }

    /// The device's step, above 0.
    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// Whether a device may mean the same by both: drivers round (`objects.md` 3.3).
    pub(super) fn same(&self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => (a - b).abs() <= self.tolerance,
            _ => a == b,
        }
    }
}

/// What a toggle writes, given the present value, or why it cannot.
pub(super) fn opposite(present: &Value) -> Result<Value, &'static str> {
    match present {
        Value::Bool(on) => Ok(Value::Bool(!on)),
        Value::Null => Err("has no value yet, cannot be toggled"),
        _ => Err("is not on or off, cannot be toggled"),
    }
}

/// Why a toggle can never work on a capability of these traits, as far as they tell.
pub(super) fn no_toggle(traits: Option<&Traits>) -> Option<&'static str> {
    let traits = traits?;
    if !matches!(traits.kind, Kind::Boolean | Kind::Other) {
        return Some("is not on or off, cannot be toggled");
    }
    (!traits.getable).then_some("has no state to toggle, set it to true instead")
}

/// The value `by` places after `present` in `values`, or before it where `by` is negative; from the first where `present` is
/// none of them. `None` where there are no values.
pub(super) fn next_of(values: &[Value], present: &Value, by: i32, grid: Grid) -> Option<Value> {
    let here = values.iter().position(|value| grid.same(value, present));
    let count = i64::try_from(values.len())
        .ok()
        .filter(|count| *count > 0)?;
    let at = match here {
        Some(here) => i64::try_from(here).ok()? + i64::from(by),
        // The first step leads to the first value.
        None => i64::from(by) - i64::from(by.signum()),
    };
    let at = usize::try_from(at.rem_euclid(count)).ok()?;
    values.get(at).cloned()
}

/// Why there can never be a next value of a capability of these traits, as far as they tell.
pub(super) fn no_cycle(traits: Option<&Traits>) -> Option<&'static str> {
    let pulse = traits.is_some_and(|traits| !traits.getable);
    pulse.then_some("has no state to go on from, set it instead")
}

/// Why stepping can never work on a capability of these traits, as far as they tell.
pub(super) fn no_step(traits: Option<&Traits>) -> Option<&'static str> {
    match traits?.kind {
        Kind::Number | Kind::Other => None,
        Kind::Boolean | Kind::Enum | Kind::String => Some("is not a number, cannot be stepped"),
    }
}

fn power(digits: u8) -> f64 {
    10f64.powi(i32::from(digits.min(MAX_DIGITS)))
}

/// How many digits after the point `number` needs.
fn digits(number: f64) -> u8 {
    let needs = |digits: &u8| {
        let scaled = number * power(*digits);
        (scaled - scaled.round()).abs() < 1e-6
    };
    (0..MAX_DIGITS).find(needs).unwrap_or(MAX_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(min: f64, max: f64, step: Option<f64>, decimals: Option<u8>) -> Traits {
        Traits {
            kind: Kind::Number,
            min: Some(min),
            max: Some(max),
            step,
            decimals,
            ..Traits::default()
        }
    }

    #[test]
    fn moves_on_the_devices_grid() {
        let dim = traits(0.0, 1.0, None, Some(2));
        let heat = traits(5.0, 25.0, Some(0.5), Some(1));
        let bare = traits(4.0, 35.0, None, None);
        let odd = traits(0.5, 10.0, Some(3.0), None);
        for (traits, from, own, by, want) in [
            (&dim, 0.1, 2, 0.0, 0.12),
            (&dim, 0.1, 0, 0.2, 0.3),
            (&dim, 0.07, -3, 0.0, 0.04),
            (&dim, 0.995, 3, 0.0, 1.0),
            (&dim, 0.02, -3, 0.0, 0.0),
            // finer than the device: still one of its steps
            (&dim, 0.5, 0, 0.001, 0.51),
            (&dim, 0.5, 0, -0.001, 0.49),
            // from beside the grid onto it
            (&heat, 19.3, 1, 0.0, 20.0),
            (&heat, 19.3, -1, 0.0, 19.0),
            (&heat, 24.9, 9, 0.0, 25.0),
            (&bare, 20.0, 1, 0.0, 20.43),
            (&odd, 0.5, 1, 0.0, 3.5),
            (&odd, 9.5, 1, 0.0, 10.0),
            (&odd, 10.0, -1, 0.0, 6.5),
            // far outside, as a driver may report
            (&dim, 60.0, -1, 0.0, 1.0),
            (&dim, -0.3, 1, 0.0, 0.0),
            (&dim, 0.5, 1000, 1e300, 1.0),
        ] {
            let got = Grid::of(Some(traits)).moved(from, own, by);
            assert_eq!(got, Some(want), "{from} {own} {by}");
        }
    }

    #[test]
    fn nonsense_from_drivers_is_as_if_absent() {
        let none = Grid::of(None);
        for nonsense in [
            traits(1.0, 0.0, Some(0.0), None),
            traits(f64::NAN, f64::INFINITY, Some(-1.0), None),
            traits(3.0, 3.0, Some(f64::NAN), None),
        ] {
            let grid = Grid::of(Some(&nonsense));
            assert_eq!(
                (grid.min.is_none() || grid.max.is_none(), grid.step),
                (true, none.step)
            );
            assert!(grid.moved(0.5, 1, 0.0).is_some());
        }
        assert_eq!(none.moved(1.0, 1, f64::INFINITY), None);
        assert_eq!(none.moved(0.0, 1, f64::NAN), None);
        assert_eq!(Grid::of(Some(&traits(0.0, 1.0, None, Some(0)))).step, 0.01);
        assert_eq!(
            Grid::of(Some(&traits(0.0, 1.0, None, Some(255)))).step,
            1e-9
        );
    }

    #[test]
    fn lists_are_gone_round_and_entered_at_their_first() {
        let dim = Grid::of(Some(&traits(0.0, 1.0, None, Some(2))));
        let values = [0.2, 0.5, 1.0].map(Value::Number);
        for (present, by, want) in [
            (Value::Number(0.2), 1, 0.5),
            (Value::Number(1.0), 1, 0.2),
            (Value::Number(0.2), -1, 1.0),
            (Value::Number(0.5), 7, 1.0),
            (Value::Number(0.5), i32::MIN, 1.0),
            // as near as the device can tell
            (Value::Number(0.498), 1, 1.0),
            // not in the list: the first, and on from there
            (Value::Number(0.7), 1, 0.2),
            (Value::Number(0.7), 2, 0.5),
            (Value::Number(0.7), -1, 0.2),
            (Value::Null, -2, 1.0),
        ] {
            let next = next_of(&values, &present, by, dim);
            assert_eq!(next, Some(Value::Number(want)), "{present} {by}");
        }
        assert_eq!(next_of(&[], &Value::Null, 1, dim), None);
    }

    #[test]
    fn sameness_forgives_rounding_only() {
        let dim = Grid::of(Some(&traits(0.0, 1.0, None, Some(2))));
        let number = Value::Number;
        assert!(dim.same(&number(0.5), &number(0.498)));
        assert!(!dim.same(&number(0.5), &number(0.48)));
        assert!(!dim.same(&number(1.0), &Value::Bool(true)));
        assert!(dim.same(&Value::Null, &Value::Null));
    }
}
