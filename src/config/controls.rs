// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[[control]]`: buttons and knobs, and what their gestures do.

use std::time::Duration;

use toml_span::Value;

use super::clash::{Clashes, Owner};
use super::keys;
use super::names::{NAME_FORM, is_name};
use super::panels::wake;
use super::problem::{Report, quoted};
use super::section::{Keys, Section};
use super::targets::Context;
use super::times::{CLICK_MS, HOLD_MS, PRESS_LIFE_MS, REPEAT_MS};
use super::value::Text;
use crate::panel::plan::{Action, Control, Gesture, MAX_CLICKS, Times};

pub(super) const CONTROL: Keys = Keys {
    known: &[
        "panel",
        "name",
        "label",
        "layer",
        "press",
        "double_click",
        "triple_click",
        "click_4",
        "click_5",
        "hold",
        "hold_repeat",
        "release",
        "turn",
        "hold_ms",
        "click_ms",
        "repeat_ms",
        "press_life_ms",
        "key",
        "hold_key",
        "turn_keys",
        "offline",
        "wake",
    ],
    later: &["chord", "confirm", "acceleration", "detents"],
    cures: &[
        ("click", "one click is called press", "press = …"),
        (
            "double",
            "two clicks are called double_click",
            "double_click = …",
        ),
        (
            "triple",
            "three clicks are called triple_click",
            "triple_click = …",
        ),
        (
            "click_2",
            "two clicks are called double_click",
            "double_click = …",
        ),
        (
            "click_3",
            "three clicks are called triple_click",
            "triple_click = …",
        ),
        (
            "repeat",
            "what goes on while held is called hold_repeat",
            "hold_repeat = …",
        ),
    ],
};

/// The key under which stands what a press does while the hub is away.
pub(super) const OFFLINE: &str = "offline";

/// The gestures by their keys.
const GESTURES: [(&str, Gesture); 9] = [
    ("press", Gesture::Press),
    ("double_click", Gesture::Click(2)),
    ("triple_click", Gesture::Click(3)),
    ("click_4", Gesture::Click(4)),
    ("click_5", Gesture::Click(MAX_CLICKS)),
    ("hold", Gesture::Hold),
    ("hold_repeat", Gesture::HoldRepeat),
    ("release", Gesture::Release),
    ("turn", Gesture::Turn),
];

/// A gesture's key.
pub(super) fn word(gesture: Gesture) -> &'static str {
    let known = GESTURES.iter().find(|(_, other)| *other == gesture);
    known.map_or("", |(name, _)| name)
}

/// The keys of the gestures that `of` picks.
pub(super) fn gestures(of: impl Fn(Gesture) -> bool) -> impl Iterator<Item = &'static str> {
    let picked = GESTURES
        .into_iter()
        .filter(move |(_, gesture)| of(*gesture));
    picked.map(|(name, _)| name)
}

/// Several clicks.
fn is_series(gesture: Gesture) -> bool {
    matches!(gesture, Gesture::Click(_))
}

/// A hold, whole or in repeats.
pub(super) fn is_hold(gesture: Gesture) -> bool {
    matches!(gesture, Gesture::Hold | Gesture::HoldRepeat)
}

/// A gesture with its key and what it does.
type Binding = (Gesture, &'static str, Vec<Action>);

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
    let offline = offline(report, &control, context);
    let times = times(report, &control, &bindings);
    let wake = wake(report, &control);
    let sleeps = panel.and_then(|panel| context.names.sleeps.get(usize::from(panel.0)));
    if control.has("wake") && sleeps.is_some_and(|panel| panel.sleep.is_none()) {
        report
            .warn(
                control.at_key("wake"),
                "wake has no use where the panel never sleeps",
            )
            .expected("sleep_s in its [[panel]]");
    }
    let face = keys::face(
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
            control.at_value(report, keys::hold_key_origin(&control)),
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
        offline,
        wake,
        times,
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
) -> Vec<Binding> {
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

/// What a press does while the hub is away.
fn offline(
    report: &mut Report<'_>,
    control: &Section<'_>,
    context: &mut Context<'_>,
) -> Vec<Action> {
    let Some(value) = control.get(OFFLINE) else {
        return Vec::new();
    };
    if !control.has("press") {
        report
            .error(
                control.at_key(OFFLINE),
                "offline has no use without a press",
            )
            .expected("press = …, in whose place it stands while the hub is away");
    }
    context.actions(report, value, OFFLINE, Gesture::Press)
}

/// The control's own times; one that nothing bound here goes by is warned of.
fn times(report: &mut Report<'_>, control: &Section<'_>, bindings: &[Binding]) -> Times {
    let has = |of: fn(Gesture) -> bool| bindings.iter().any(|(gesture, ..)| of(*gesture));
    let (holds, series) = (has(is_hold), has(is_series));
    let ramps = |(_, _, actions): &Binding| {
        let ramp = |action: &Action| matches!(action, Action::Ramp { .. });
        actions.iter().any(ramp)
    };
    let repeats = has(|gesture| gesture == Gesture::HoldRepeat) || bindings.iter().any(ramps);
    let mut time = |key: &str, range, used: bool, without: &str| {
        if !control.has(key) {
            return None;
        }
        if !used {
            let what = format!("{key} has no use without {without}");
            report.warn(control.at_key(key), what);
        }
        // The default stands for one that is refused.
        let millis = control.whole(report, key, range, "milliseconds", 500);
        Some(Duration::from_millis(millis))
    };
    Times {
        // A click is shorter than a hold, so several clicks go by it, too.
        hold: time("hold_ms", HOLD_MS, holds || series, "a hold"),
        click: time("click_ms", CLICK_MS, series, "several clicks"),
        repeat: time("repeat_ms", REPEAT_MS, repeats, "a hold_repeat or a ramp"),
        press_life: time("press_life_ms", PRESS_LIFE_MS, true, ""),
    }
}
