// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a gesture does: one table `{ verb = "on what", … }`, or a list of them that runs in order.

use toml_span::Value as Toml;

use super::capability::{Sort, check_step, check_value, sort};
use super::controls::OFFLINE;
use super::problem::{Report, choices};
use super::section::{Keys, Section};
use super::targets::{Context, start_id};
use super::value::{Text, kind, scalar, value_at};
use crate::panel::plan::{Action, Gesture, LayerChange, Start, StartKind};

const VERBS: [&str; 9] = [
    "toggle", "set", "step", "cycle", "ramp", "flow", "mood", "layer", "output",
];

pub(super) const ACTION: Keys = Keys {
    known: &[
        "toggle",
        "set",
        "step",
        "cycle",
        "ramp",
        "flow",
        "mood",
        "layer",
        "output",
        "capability",
        "value",
        "values",
        "by",
        "direction",
    ],
    later: &["variable", "alarm_clock", "card", "confirm"],
    cures: &[(
        "speed",
        "the speed of a ramp is called by",
        "by = 0.4, a share of the device's range in a second",
    )],
};

const MAX_ACTIONS: usize = 16;

/// An action as an example for messages.
fn example(name: &str, gesture: Gesture) -> &'static str {
    match gesture {
        _ if name == OFFLINE => "{ output = \"relay\", toggle = true }",
        Gesture::Press | Gesture::Hold | Gesture::Release | Gesture::Click(_) => {
            "{ toggle = \"Office/Desk light\" }"
        }
        Gesture::Turn | Gesture::HoldRepeat => "{ step = \"Office/Desk light\" }",
    }
}

/// Why a gesture cannot do this, and what it can.
fn forbidden(gesture: Gesture, verb: &str) -> Option<(&'static str, &'static str)> {
    match (gesture, verb) {
        (Gesture::Hold, "ramp") => None,
        (_, "ramp") => Some(("nothing says how long", "hold = { ramp = … }")),
        // A knob gives many detents in a second: each would start the flow again.
        (Gesture::Turn, "step" | "cycle" | "layer") => None,
        (Gesture::Turn, _) => Some(("it would do so at every detent", "step, cycle or layer")),
        (Gesture::HoldRepeat, "step" | "cycle" | "set" | "layer") => None,
        (Gesture::HoldRepeat, _) => Some((
            "it would do so at every repeat",
            "step, cycle, set or layer",
        )),
        _ => None,
    }
}

/// Reports a capability that is written and never read: `verb` goes by the present state.
pub(super) fn no_state(report: &mut Report<'_>, capability: &Text<'_>, verb: &str) -> bool {
    let push = sort(capability.text) == Sort::Push;
    if push {
        let what = format!(
            "{} is never read, so that its state is not known",
            capability.text
        );
        report
            .error(capability.at, what)
            .expected(format!("set in place of {verb}"));
    }
    push
}

impl Context<'_> {
    /// The actions under a gesture's key `name`; empty where there is nothing right (reported).
    pub(super) fn actions(
        &mut self,
        report: &mut Report<'_>,
        value: &Toml<'_>,
        name: &str,
        gesture: Gesture,
    ) -> Vec<Action> {
        let at = value_at(report, value);
        let Some(list) = value.as_array() else {
            return self
                .action(report, value, name, gesture)
                .into_iter()
                .collect();
        };
        if list.is_empty() {
            report
                .error(at, format!("{name} is an empty list"))
                .expected(example(name, gesture));
        }
        if let Some(surplus) = list.get(MAX_ACTIONS) {
            let at = value_at(report, surplus);
            let what = format!("{name} has {} actions", list.len());
            report
                .error(at, what)
                .expected(format!("at most {MAX_ACTIONS}"));
        }
        let list = list.get(..MAX_ACTIONS).unwrap_or(list);
        list.iter()
            .filter_map(|value| self.action(report, value, name, gesture))
            .collect()
    }

    fn action(
        &mut self,
        report: &mut Report<'_>,
        value: &Toml<'_>,
        name: &str,
        gesture: Gesture,
    ) -> Option<Action> {
        let at = value_at(report, value);
        if value.as_table().is_none() {
            report
                .error(at, format!("{name} is {}", kind(value)))
                .expected(example(name, gesture));
            return None;
        }
        let action = Section::open(report, value, name, &ACTION)?;
        // `toggle` is what to do with a device, or with the output beside it.
        let is_verb =
            |verb: &&str| action.has(verb) && !(*verb == "toggle" && action.has("output"));
        let verbs: Vec<&str> = VERBS.into_iter().filter(is_verb).collect();
        let verb = match verbs.as_slice() {
            [] => {
                if !action.flawed {
                    let what = format!("{name} does not say what to do");
                    report
                        .error(at, what)
                        .expected(format!("one of {}", choices(VERBS)));
                }
                return None;
            }
            [verb] => *verb,
            [..] => {
                let what = format!("{name} has {} in one table", verbs.join(" and "));
                report
                    .error(at, what)
                    .expected("one each, in a list: [ {…}, {…} ]");
                return None;
            }
        };
        let goes_with: &[&str] = match verb {
            "toggle" => &["capability"],
            "set" => &["capability", "value"],
            "step" => &["capability", "by"],
            "cycle" => &["capability", "values"],
            "ramp" => &["capability", "by", "direction"],
            "output" => &["value"],
            _ => &[],
        };
        for key in ["capability", "value", "values", "by", "direction"] {
            if action.has(key) && !goes_with.contains(&key) {
                let what = format!("{key} has no meaning beside {verb}");
                let expected = match (verb, key) {
                    ("toggle", "value") => "set in place of toggle, or no value",
                    ("set", "by") => "step in place of set, or no by",
                    ("set" | "toggle", "values") => "cycle in place of it, or no values",
                    ("cycle", "value") => "values = […], or set in place of cycle",
                    ("step", "value") => "by = the size of the step, or set in place of step",
                    _ => "no such key",
                };
                report.error(action.at_key(key), what).expected(expected);
            }
        }
        let offline = (name == OFFLINE && !matches!(verb, "layer" | "output"))
            .then_some(("the hub is away then", "output or layer"));
        if let Some((why, expected)) = offline.or(forbidden(gesture, verb)) {
            let what = format!("{name} cannot {verb}: {why}");
            report.error(action.at_key(verb), what).expected(expected);
            return None;
        }
        match verb {
            "toggle" => self.toggle(report, &action),
            "set" => self.set(report, &action),
            "step" => self.step(report, &action),
            "cycle" => self.cycle(report, &action),
            "ramp" => self.ramp(report, &action),
            "flow" => self.start(report, &action, "flow", StartKind::Flow),
            "output" => self.local(report, &action),
            "mood" => self.start(report, &action, "mood", StartKind::Mood),
            _ => self.layer(report, &action),
        }
    }

    fn toggle(&mut self, report: &mut Report<'_>, action: &Section<'_>) -> Option<Action> {
        let (point, capability) = self.point(report, action, "toggle", "onoff")?;
        let what = match sort(capability.text) {
            Sort::Share => "a number, which has no opposite",
            Sort::Push => "never read, so that its opposite is not known",
            Sort::Switch | Sort::Other => return Some(Action::Toggle { point }),
        };
        report
            .error(capability.at, format!("{} is {what}", capability.text))
            .expected("set or step in place of toggle, or a capability that is true or false");
        None
    }

    fn set(&mut self, report: &mut Report<'_>, action: &Section<'_>) -> Option<Action> {
        let point = self.point(report, action, "set", "onoff");
        let Some(value) = action.get("value") else {
            if !action.flawed {
                let what = "set does not say to what value";
                report
                    .error(action.at, what)
                    .expected("value = true, a number or a text beside it");
            }
            return None;
        };
        let wanted = scalar(report, value, "value");
        let (point, capability) = point?;
        let at = value_at(report, value);
        let wanted = wanted?;
        check_value(report, at, capability.text, &wanted).then_some(Action::Set {
            point,
            value: wanted,
        })
    }

    fn step(&mut self, report: &mut Report<'_>, action: &Section<'_>) -> Option<Action> {
        let point = self.point(report, action, "step", "dim");
        let by = action.number(report, "by");
        let (point, capability) = point?;
        if matches!(sort(capability.text), Sort::Switch | Sort::Push) {
            report
                .error(
                    capability.at,
                    format!("{} is true or false and has no steps", capability.text),
                )
                .expected("toggle or set in place of step, or a capability that is a number");
            return None;
        }
        if action.has("by") && by.is_none() {
            return None;
        }
        if let Some((at, by)) = by {
            if by == 0.0 {
                report
                    .error(at, "by is 0, which never moves")
                    .expected("a number other than 0");
                return None;
            }
            check_step(report, at, capability.text, by)?;
        }
        Some(Action::Step {
            point,
            by: by.map(|(_, by)| by),
        })
    }

    fn start(
        &mut self,
        report: &mut Report<'_>,
        action: &Section<'_>,
        verb: &str,
        kind: StartKind,
    ) -> Option<Action> {
        let name = action.text(
            report,
            verb,
            "its name as the Homey app shows it, or its id",
        )?;
        let start = Start {
            kind,
            name: name.text.to_owned(),
        };
        let place = report.place(name.at);
        start_id(self.plan, self.sources, start, place).map(Action::Start)
    }

    fn layer(&mut self, report: &mut Report<'_>, action: &Section<'_>) -> Option<Action> {
        let name = action.text(report, "layer", "\"next\", \"previous\" or a layer's name")?;
        let change = match name.text {
            "next" | "previous" if self.names.layers.len() < 2 => {
                let what = format!("there is no {} layer", name.text);
                report
                    .error(name.at, what)
                    .expected("a section [layers] with two names or more");
                return None;
            }
            "next" => LayerChange::Next,
            "previous" => LayerChange::Previous,
            text => LayerChange::To(self.names.find_layer(
                report,
                name.at,
                text,
                &["next", "previous"],
            )?),
        };
        Some(Action::Layer(change))
    }
}
