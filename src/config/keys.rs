// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal keys of a `[[control]]`: one for taps, one for holds, two for turns.
//!
//! Knows which gestures need which key; not what they do.

use toml_span::Value;

use super::controls::{ControlFace, gestures, is_hold};
use super::problem::{Report, quoted};
use super::section::Section;
use super::value::{Text, kind, text_of, value_at};
use crate::letters;
use crate::panel::plan::Gesture;

/// The control's face without its label. `terminal`: whether its panel is one; `None` where that is not known.
pub(super) fn face(
    report: &mut Report<'_>,
    control: &Section<'_>,
    terminal: Option<bool>,
) -> ControlFace {
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
pub(super) fn hold_key_origin(control: &Section<'_>) -> &'static str {
    if control.has("hold_key") {
        "hold_key"
    } else {
        "key"
    }
}

/// On a terminal every bound gesture needs a key.
fn complete(report: &mut Report<'_>, control: &Section<'_>, face: &mut ControlFace) {
    let bound = |of: fn(Gesture) -> bool| gestures(of).find(|name| control.has(name));
    let taps = |gesture| !is_hold(gesture) && gesture != Gesture::Turn;
    if let (Some(tap), false) = (bound(taps), control.has("key")) {
        let what = format!("{tap} has no key on the terminal");
        report
            .error(control.at_key(tap), what)
            .expected("key = \"d\", one character");
    }
    if control.has("turn") && !control.has("turn_keys") {
        report
            .error(control.at_key("turn"), "turn has no keys on the terminal")
            .expected("turn_keys = [\"-\", \"+\"], down and up");
    }
    let Some(hold) = bound(is_hold) else {
        if control.has("hold_key") {
            report
                .error(
                    control.at_key("hold_key"),
                    "hold_key has no use without a hold",
                )
                .expected("hold = …");
        }
        face.hold_key = None;
        return;
    };
    if !control.has("hold_key") {
        let capital = face.key.and_then(letters::capital);
        // A key that was refused is not complained about twice.
        if capital.is_none() && (face.key.is_some() || !control.has("key")) {
            let what = format!("{hold} has no key on the terminal");
            report.error(control.at_key(hold), what).expected(
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
