// SPDX-License-Identifier: MIT OR Apache-2.0
//! Outputs that the panel's own controls drive, without the hub: a relay beside the button. `local = true` makes an output one,
//! the action `output` drives it.
//!
//! Their names are collected before anything else of the plan, since controls stand before outputs in most files.

use super::Sources;
use super::problem::{Report, choices, quoted};
use super::section::Section;
use super::suggest::nearest;
use super::targets::Context;
use super::value::{Text, scalar, value_at};
use crate::homey::Value;
use crate::panel::plan::{Action, LocalId, Plan, Source};

/// The names of all `[[output]]` with `local = true`, once each. What is wrong with them is said when they are read.
pub(super) fn names(root: &Section<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let outputs = root.get("output").and_then(toml_span::Value::as_array);
    for output in outputs.into_iter().flatten().map(Section::plain) {
        let local = output.get("local").and_then(toml_span::Value::as_bool);
        let name = output.get("name").and_then(toml_span::Value::as_str);
        if let (Some(true), Some(name)) = (local, name) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The number of the local output called `name`.
pub(super) fn find(plan: &Plan, name: &str) -> Option<LocalId> {
    let index = plan.locals.iter().position(|known| known == name)?;
    u16::try_from(index).ok().map(LocalId)
}

/// The source of an output that is local: checks what cannot stand beside it.
pub(super) fn source(
    report: &mut Report<'_>,
    output: &Section<'_>,
    name: Option<Text<'_>>,
    plan: &Plan,
    sources: &Sources,
) -> Option<Source> {
    for (key, why) in [
        ("show", "shows something of the hub's"),
        ("show_link", "shows something of the hub's"),
        ("capability", "is a device's"),
        ("layer", "would switch it with the layer"),
        ("on", "tests a reading"),
        ("range", "is for readings"),
    ] {
        if output.has(key) {
            let what = format!("{key} {why}, and the output is local");
            report
                .error(output.at_key(key), what)
                .expected("no such key beside local = true");
        }
    }
    let name = name?;
    let id = find(plan, name.text)?;
    let same = |source: Source| source == Source::Local(id);
    let twin = plan.outputs.iter().position(|output| same(output.source));
    if let Some(place) = twin.and_then(|index| sources.outputs.get(index)) {
        let what = format!(
            "local output {} stands already in line {}",
            quoted(name.text),
            place.line
        );
        report
            .error(name.at, what)
            .expected("a name of its own, on whatever panel it is: actions name it by that");
    }
    Some(Source::Local(id))
}

/// Warns of local outputs that no control drives.
pub(super) fn check(report: &mut Report<'_>, root: &Section<'_>, plan: &Plan) {
    let actions = plan.controls.iter().flat_map(|control| {
        let bound = control.bindings.iter().flat_map(|(_, actions)| actions);
        bound.chain(&control.offline)
    });
    let driven: Vec<LocalId> = actions
        .filter_map(|action| match action {
            Action::Local { local, .. } => Some(*local),
            _ => None,
        })
        .collect();
    let outputs = root.get("output").and_then(toml_span::Value::as_array);
    for output in outputs.into_iter().flatten().map(Section::plain) {
        let name = output.get("name").and_then(toml_span::Value::as_str);
        let local = output.get("local").and_then(toml_span::Value::as_bool);
        let id = name.filter(|_| local == Some(true));
        if let Some(id) = id.and_then(|name| find(plan, name)) {
            if !driven.contains(&id) {
                let name = name.unwrap_or_default();
                report
                    .warn(
                        output.at_key("local"),
                        format!("no control drives output {}", quoted(name)),
                    )
                    .expected(format!(
                        "an action {{ output = \"{name}\", toggle = true }}"
                    ));
            }
        }
    }
}

impl Context<'_> {
    pub(super) fn local(
        &mut self,
        report: &mut Report<'_>,
        action: &Section<'_>,
    ) -> Option<Action> {
        let name = action.text(report, "output", "the name of an output with local = true")?;
        let to = change(report, action);
        let Some(local) = find(self.plan, name.text) else {
            let known = self.plan.locals.iter().map(String::as_str);
            let names: Vec<String> = known.clone().map(quoted).collect();
            let expected = match names.is_empty() {
                true => "an [[output]] of this name with local = true".to_owned(),
                false => choices(names.iter().map(String::as_str)),
            };
            report
                .error(
                    name.at,
                    format!("there is no local output {}", quoted(name.text)),
                )
                .expected(expected)
                .meant(nearest(name.text, known).map(quoted));
            return None;
        };
        Some(Action::Local { local, to: to? })
    }
}

/// What to do with it: `Some(None)` is a toggle. `None` where that is wrong (reported).
fn change(report: &mut Report<'_>, action: &Section<'_>) -> Option<Option<Value>> {
    let expected = "value = true, false or a level from 0 to 1, or toggle = true";
    match (action.get("value"), action.get("toggle")) {
        (Some(_), Some(_)) => {
            let at = action.at_key("value").max(action.at_key("toggle"));
            report
                .error(at, "both value and toggle are given")
                .expected("one of them");
            None
        }
        (None, None) => {
            if !action.flawed {
                report
                    .error(action.at, "output does not say what to do with it")
                    .expected(expected);
            }
            None
        }
        (Some(value), None) => {
            let at = value_at(report, value);
            let value = scalar(report, value, "value")?;
            let fits = match value {
                Value::Bool(_) => true,
                Value::Number(level) => (0.0..=1.0).contains(&level),
                Value::Null | Value::Text(_) => false,
            };
            if !fits {
                report
                    .error(at, format!("an output is never {value}"))
                    .expected("true, false or a level from 0 to 1");
            }
            fits.then_some(Some(value))
        }
        (None, Some(_)) => match action.flag(report, "toggle")? {
            true => Some(None),
            false => {
                let at = action.at_value(report, "toggle");
                report
                    .error(at, "toggle = false does nothing")
                    .expected(expected);
                None
            }
        },
    }
}
