// SPDX-License-Identifier: MIT OR Apache-2.0
//! Actions that go through values: `cycle` from one of a list to the next, `ramp` as long as a button is held.

use super::actions::no_state;
use super::capability::{Sort, check_value, sort};
use super::problem::{Report, choices, quoted};
use super::section::Section;
use super::suggest::nearest;
use super::targets::Context;
use super::value::{scalar, value_at};
use crate::homey::Value;
use crate::panel::plan::{Action, CycleId, Direction};

const MAX_VALUES: usize = 32;
const DIRECTIONS: [(&str, Direction); 3] = [
    ("up", Direction::Up),
    ("down", Direction::Down),
    ("flip", Direction::Flip),
];
/// How much of the range a ramp goes through in a second, where nothing is said.
const SPEED: f64 = 0.4;
const MAX_SPEED: f64 = 10.0;

impl Context<'_> {
    pub(super) fn cycle(
        &mut self,
        report: &mut Report<'_>,
        action: &Section<'_>,
    ) -> Option<Action> {
        let expected = "two values or more, such as [0.25, 0.5, 1]";
        let point = self.point(report, action, "cycle", "onoff");
        if !action.has("values") && !action.flawed {
            let what = "cycle does not say through which values";
            report
                .error(action.at, what)
                .expected(format!("values = {expected}"));
        }
        let list = action.list(report, "values", MAX_VALUES, expected)?;
        let (point, capability) = point?;
        if no_state(report, &capability, "cycle") {
            return None;
        }
        let mut values: Vec<Value> = Vec::new();
        for written in list {
            let at = value_at(report, written);
            let value = scalar(report, written, "a value")?;
            if !check_value(report, at, capability.text, &value) {
                return None;
            }
            if values.contains(&value) {
                report
                    .error(at, format!("{value} stands in values a second time"))
                    .expected("each value once, or what comes after it is not clear");
                return None;
            }
            values.push(value);
        }
        if values.len() < 2 {
            let at = action.at_value(report, "values");
            report
                .error(at, "values has one entry, which is where it stays")
                .expected(format!("{expected}, or set in place of cycle"));
            return None;
        }
        let cycles = &mut self.plan.cycles;
        let index = cycles.iter().position(|known| *known == values);
        let index = index.unwrap_or_else(|| {
            cycles.push(values);
            cycles.len() - 1
        });
        let values = CycleId(u16::try_from(index).ok()?);
        Some(Action::Cycle { point, values })
    }

    pub(super) fn ramp(&mut self, report: &mut Report<'_>, action: &Section<'_>) -> Option<Action> {
        let point = self.point(report, action, "ramp", "dim");
        let by = action.number(report, "by");
        let direction = direction(report, action);
        let (point, capability) = point?;
        if matches!(sort(capability.text), Sort::Switch | Sort::Push) {
            report
                .error(
                    capability.at,
                    format!("{} is true or false, with nothing between", capability.text),
                )
                .expected("a capability that is a number");
            return None;
        }
        let by = match by {
            Some((at, by)) if !(by > 0.0 && by <= MAX_SPEED) => {
                report
                    .error(at, format!("by is {by}"))
                    .expected("a share of the device's range in a second, above 0 and at most 10")
                    .meant(slow(by));
                return None;
            }
            Some((_, by)) => by,
            None if action.has("by") => return None,
            None => SPEED,
        };
        Some(Action::Ramp {
            point,
            by,
            direction: direction?,
        })
    }
}

/// What was probably meant by a speed out of bounds: percent, or a direction.
fn slow(by: f64) -> Option<String> {
    match by {
        _ if (-MAX_SPEED..0.0).contains(&by) => Some(format!("by = {}, direction = \"down\"", -by)),
        _ if by > MAX_SPEED && by <= 100.0 => Some((by.round() / 100.0).to_string()),
        _ => None,
    }
}

fn direction(report: &mut Report<'_>, action: &Section<'_>) -> Option<Direction> {
    if !action.has("direction") {
        return Some(Direction::default());
    }
    let names = DIRECTIONS.iter().map(|(name, _)| *name);
    let expected = choices(names.clone());
    let text = action.text(report, "direction", &expected)?;
    if let Some((_, direction)) = DIRECTIONS.iter().find(|(name, _)| *name == text.text) {
        return Some(*direction);
    }
    report
        .error(
            text.at,
            format!("there is no direction {}", quoted(text.text)),
        )
        .expected(expected)
        .meant(nearest(text.text, names).map(quoted));
    None
}
