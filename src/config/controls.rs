// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[[control]]`: buttons and knobs, and what their gestures do.

use std::time::Duration;

use toml_span::Value;

use super::clash::{Clashes, Owner};
use super::names::{NAME_FORM, is_name};
use super::problem::{Report, quoted};
use super::section::{Keys, Section};
use super::targets::Context;
use super::times::HOLD_MS;
use super::value::{Text, kind, text_of, value_at};
use crate::letters;
use crate::panel::plan::{Action, Control, Gesture};

pub(super) const CONTROL: Keys = Keys {
    known: &[
        "panel",
        "name",
        "label",
        "layer",
        "press",
        "hold",
        "turn",
        "hold_ms",
        "key",
        "hold_key",
        "turn_keys",
    ],
    later: &[
        "release",
        "click",
        "double",
        "double_click",
        "triple_click",
        "hold_repeat",
        "repeat",
        "chord",
        "offline",
        "wake",
        "confirm",
        "acceleration",
        "detents",
    ],
    cures: &[],
};

/// The gestures by their keys.
const GESTURES: [(&str, Gesture); 3] = [
    ("press", Gesture::Press),
    ("hold", Gesture::Hold),
    ("turn", Gesture::Turn),
];

/// How a control looks and is reached where it has no hardware of its own. Parallel to [`crate::panel::plan::Plan::controls`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ControlFace {
    /// For people; the control's name where none is written.
    pub label: String,
    /// On a terminal: the key that presses it.
    pub key: Option<char>,
    /// On a terminal: the key that holds it; the capital of `key` where none is written. `None` where no hold is bound.
    pub hold_key: Option<char>,
    /// On a terminal: the keys that turn it down and up by one detent.
    pub turn_keys: Option<(char, char)>,
}

/// Reads one `[[control]]`; `None` where it cannot stand in the plan (reported).
pub(super) fn read(
    report: &mut Report<'_>,
    value: &Value<'_>,
    context: &mut Context<'_>,
    clashes: &mut Clashes,
) -> Option<(Control, ControlFace)> {
    let control = Section::open(report, value, "[[control]]", &CONTROL)?;
    let panel = context.names.panel(report, &control);
    let name = name(report, &control);
    let layer = context.names.layer(report, &control);
    let label = control.text(report, "label", "a text for people");
    let bindings = bindings(report, &control, context);
    let hold = control
        .has("hold_ms")
        .then(|| control.whole(report, "hold_ms", HOLD_MS, "milliseconds", 500));
    if hold.is_some() && !control.has("hold") {
        report.warn(
            control.at_key("hold_ms"),
            "hold_ms has no use without a hold",
        );
    }
    let face = face(
        report,
        &control,
        panel.and_then(|panel| context.names.is_terminal(panel)),
    );
    let (panel, name, layer) = (panel?, name?, layer.ok()?);
    let owner = Owner {
        panel,
        layer,
        at: name.at,
        name: name.text.to_owned(),
    };
    let keys = [
        (control.at_value(report, "key"), face.key),
        (
            control.at_value(report, hold_key_origin(&control)),
            face.hold_key,
        ),
        (
            control.at_value(report, "turn_keys"),
            face.turn_keys.map(|(down, _)| down),
        ),
        (
            control.at_value(report, "turn_keys"),
            face.turn_keys.map(|(_, up)| up),
        ),
    ];
    for (at, key) in keys {
        clashes.key(report, &owner, at, key);
    }
    let gestures = bindings
        .iter()
        .map(|(gesture, key, _)| (*gesture, control.at_key(key)));
    clashes.control(report, owner, gestures.collect());
    let control = Control {
        panel,
        name: name.text.to_owned(),
        layer,
        bindings: bindings
            .into_iter()
            .map(|(gesture, _, actions)| (gesture, actions))
            .collect(),
        hold: hold.map(Duration::from_millis),
    };
    let label = label.map_or(name.text, |label| label.text).to_owned();
    Some((control, ControlFace { label, ..face }))
}

/// The name of a control or output.
pub(super) fn name<'t>(report: &mut Report<'_>, section: &Section<'t>) -> Option<Text<'t>> {
    let title = section.title();
    if !section.has("name") {
        if !section.flawed {
            let what = format!("{title} has no name");
            report
                .error(section.at, what)
                .expected("name = \"desk\", as the panel's device calls it");
        }
        return None;
    }
    let name = section.text(report, "name", NAME_FORM)?;
    if !is_name(name.text) {
        let what = format!("{} is not a name for {title}", quoted(name.text));
        report
            .error(name.at, what)
            .expected(format!("{NAME_FORM}; other text belongs in label"));
        return None;
    }
    Some(name)
}

fn bindings(
    report: &mut Report<'_>,
    control: &Section<'_>,
    context: &mut Context<'_>,
) -> Vec<(Gesture, &'static str, Vec<Action>)> {
    let mut bindings = Vec::new();
    for (key, gesture) in GESTURES {
        let Some(value) = control.get(key) else {
            continue;
        };
        bindings.push((gesture, key, context.actions(report, value, key, gesture)));
    }
    if bindings.is_empty() && !control.flawed {
        report
            .warn(control.at, "[[control]] does nothing")
            .expected("press, hold or turn");
    }
    bindings
}

fn face(report: &mut Report<'_>, control: &Section<'_>, terminal: Option<bool>) -> ControlFace {
    let key = key(report, control, "key");
    let hold_key = self::key(report, control, "hold_key");
    let turn_keys = turn_keys(report, control);
    let mut face = ControlFace {
        label: String::new(),
        key,
        hold_key,
        turn_keys,
    };
    match terminal {
        Some(true) => complete(report, control, &mut face),
        Some(false) => {
            for key in ["key", "hold_key", "turn_keys"]
                .into_iter()
                .filter(|key| control.has(key))
            {
                let what = format!("{key} has no use on a panel of kind \"line\"");
                report
                    .error(control.at_key(key), what)
                    .expected("a panel of kind \"terminal\", or no such key");
            }
        }
        None => {}
    }
    face
}

/// Which key's place stands for the hold key: without one of its own it follows from `key`.
fn hold_key_origin(control: &Section<'_>) -> &'static str {
    if control.has("hold_key") {
        "hold_key"
    } else {
        "key"
    }
}

/// On a terminal every bound gesture needs a key.
fn complete(report: &mut Report<'_>, control: &Section<'_>, face: &mut ControlFace) {
    let (press, hold, turn) = (
        control.has("press"),
        control.has("hold"),
        control.has("turn"),
    );
    if press && !control.has("key") {
        report
            .error(control.at_key("press"), "press has no key on the terminal")
            .expected("key = \"d\", one character");
    }
    if turn && !control.has("turn_keys") {
        report
            .error(control.at_key("turn"), "turn has no keys on the terminal")
            .expected("turn_keys = [\"-\", \"+\"], down and up");
    }
    if !hold {
        if control.has("hold_key") {
            report
                .error(
                    control.at_key("hold_key"),
                    "hold_key has no use without a hold",
                )
                .expected("hold = …");
        }
        face.hold_key = None;
    } else if !control.has("hold_key") {
        let capital = face.key.and_then(letters::capital);
        // A key that was refused is not complained about twice.
        if capital.is_none() && (face.key.is_some() || !control.has("key")) {
            report
                .error(control.at_key("hold"), "hold has no key on the terminal")
                .expected(
                    "hold_key = \"D\", or key as a small letter, whose capital is then the hold",
                );
        }
        face.hold_key = capital;
    }
}

fn key(report: &mut Report<'_>, control: &Section<'_>, name: &str) -> Option<char> {
    let value = control.get(name)?;
    one_key(report, value, name)
}

fn one_key(report: &mut Report<'_>, value: &Value<'_>, name: &str) -> Option<char> {
    let expected = "one character";
    let Text { at, text } = text_of(report, value, name, expected)?;
    let mut chars = text.chars();
    let key = chars.next()?;
    if chars.next().is_some() {
        report
            .error(
                at,
                format!("{name} {} is more than one character", quoted(text)),
            )
            .expected(expected);
        return None;
    }
    Some(key)
}

fn turn_keys(report: &mut Report<'_>, control: &Section<'_>) -> Option<(char, char)> {
    let value = control.get("turn_keys")?;
    let expected = "two keys, down and up: [\"-\", \"+\"]";
    let at = value_at(report, value);
    let Some(list) = value.as_array() else {
        report
            .error(at, format!("turn_keys is {}", kind(value)))
            .expected(expected);
        return None;
    };
    let [down, up] = list.as_slice() else {
        report
            .error(at, format!("turn_keys has {} entries", list.len()))
            .expected(expected);
        return None;
    };
    let (down, up) = (one_key(report, down, "a key"), one_key(report, up, "a key"));
    Some((down?, up?))
}
