// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plans from bytes: everything that `plan.rs` can say, in small numbers, so that things meet.

use std::time::Duration;

use homey_panel::homey::Value;
use homey_panel::panel::plan::*;

use super::hub::SPECS;
use crate::targets::input::Input;

const NUMBERS: [f64; 16] = [
    0.0, 1.0, 0.5, -1.0, 0.05, 0.1, 2.0, 5.0, 21.5, 25.0, 100.0, -0.7, 1e-9, 1e9, 1e300, -1e300,
];
const TEXTS: [&str; 4] = ["auto", "heat", "off", ""];

pub fn number(input: &mut Input<'_>) -> f64 {
    input.pick(&NUMBERS)
}

/// A value that a configuration can write.
pub fn value(input: &mut Input<'_>) -> Value {
    match input.below(4) {
        0 => Value::Bool(false),
        1 => Value::Bool(true),
        2 => Value::Text(input.pick(&TEXTS).into()),
        _ => Value::Number(number(input)),
    }
}

/// A time from `least` to `most` milliseconds, the ends among the likely ones.
fn millis(input: &mut Input<'_>, least: u64, usual: u64, most: u64) -> Duration {
    Duration::from_millis(match input.below(8) {
        0 => least,
        1 => most,
        2 => least + (most - least) * u64::from(input.byte()) / 255,
        _ => usual,
    })
}

/// Some of `SPECS` once each, and everything that aims at them. The bounds of the times are those of `config`.
pub fn plan(input: &mut Input<'_>) -> Plan {
    let timing = Timing {
        hold: millis(input, 100, 500, 5000),
        click: millis(input, 100, 250, 1000),
        repeat: millis(input, 50, 200, 5000),
        press_life: millis(input, 500, 3000, 30_000),
        merge: millis(input, 0, 120, 2000),
        settle: millis(input, 0, 3000, 30_000),
        stale: millis(input, 1000, 30_000, 7_200_000),
        reassert: millis(input, 10_000, 300_000, 86_400_000),
    };
    let chosen = input.byte() | 1 << (input.byte() % 8);
    let points = (0..SPECS).filter(|spec| chosen >> spec & 1 == 1);
    let points = points.map(|spec| Point {
        device: format!("d{spec}"),
        capability: "c".into(),
    });
    let mut plan = Plan {
        points: points.collect(),
        starts: (0..input.below(3))
            .map(|index| Start {
                kind: [StartKind::Flow, StartKind::Mood][index % 2],
                name: format!("s{index}"),
            })
            .collect(),
        cycles: (0..input.below(3))
            .map(|_| (0..2 + input.below(3)).map(|_| value(input)).collect())
            .collect(),
        locals: (0..input.below(3))
            .map(|index| format!("own{index}"))
            .collect(),
        // None, one or both may be there.
        panels: (0..input.below(3))
            .map(|_| PanelPlan {
                sleep: (!input.once_in(4)).then(|| millis(input, 1000, 60_000, 86_400_000)),
                wake: input.pick(&[Wake::Act, Wake::Swallow]),
            })
            .collect(),
        layers: (0..input.below(4))
            .map(|index| format!("l{index}"))
            .collect(),
        timing,
        ..Plan::default()
    };
    for _ in 0..1 + input.below(7) {
        let control = control(input, &plan);
        plan.controls.push(control);
    }
    for _ in 0..input.below(8) {
        let output = output(input, &plan);
        plan.outputs.push(output);
    }
    plan
}

/// Hardly ever one that is not there.
fn point(input: &mut Input<'_>, plan: &Plan) -> PointId {
    let count = plan.points.len() + usize::from(input.once_in(32));
    PointId(input.below(count) as u16)
}

fn layer(input: &mut Input<'_>, plan: &Plan) -> LayerId {
    LayerId(input.below(plan.layers.len() + 1) as u8)
}

fn control(input: &mut Input<'_>, plan: &Plan) -> Control {
    let mut bindings: Vec<(Gesture, Vec<Action>)> = Vec::new();
    for _ in 0..1 + input.below(4) {
        let gesture = gesture(input);
        if bindings.iter().all(|(bound, _)| *bound != gesture) {
            let actions = (0..1 + input.below(3)).map(|_| action(input, plan, gesture));
            bindings.push((gesture, actions.collect()));
        }
    }
    let presses = bindings
        .iter()
        .any(|(gesture, _)| *gesture == Gesture::Press);
    let own = input.byte();
    Control {
        offline: (0..input.below(3))
            .filter(|_| presses)
            .map(|_| hubless(input, plan))
            .collect(),
        wake: input.pick(&[None, None, Some(Wake::Act), Some(Wake::Swallow)]),
        panel: PanelId(input.below(2) as u8),
        // Few names, so that layers bind one key twice.
        name: format!("k{}", input.below(5)),
        layer: input.once_in(4).then(|| layer(input, plan)),
        bindings,
        times: Times {
            hold: (own & 1 == 1).then(|| millis(input, 100, 300, 5000)),
            click: (own & 2 == 2).then(|| millis(input, 100, 150, 1000)),
            repeat: (own & 4 == 4).then(|| millis(input, 50, 100, 5000)),
            press_life: (own & 8 == 8).then(|| millis(input, 500, 1000, 30_000)),
        },
    }
}

fn gesture(input: &mut Input<'_>) -> Gesture {
    match input.below(8) {
        0..2 => Gesture::Press,
        2 => Gesture::Release,
        3 => Gesture::Click(2 + input.below(usize::from(MAX_CLICKS) - 1) as u8),
        4 => Gesture::Hold,
        5 => Gesture::HoldRepeat,
        _ => Gesture::Turn,
    }
}

fn action(input: &mut Input<'_>, plan: &Plan, gesture: Gesture) -> Action {
    let kind = input.below(16);
    let point = point(input, plan);
    match kind {
        0..3 => Action::Set {
            point,
            value: value(input),
        },
        3..6 => Action::Toggle { point },
        6..8 => Action::Step {
            point,
            by: input.once_in(2).then(|| number(input)),
        },
        8..10 if !plan.cycles.is_empty() => Action::Cycle {
            point,
            values: CycleId(input.below(plan.cycles.len()) as u16),
        },
        // Nothing else says how long.
        10..12 if gesture == Gesture::Hold => Action::Ramp {
            point,
            by: number(input).abs().max(1e-6),
            direction: input.pick(&[Direction::Flip, Direction::Up, Direction::Down]),
        },
        12..15 if !plan.starts.is_empty() => {
            Action::Start(StartId(input.below(plan.starts.len()) as u16))
        }
        _ => hubless(input, plan),
    }
}

/// What needs no hub.
fn hubless(input: &mut Input<'_>, plan: &Plan) -> Action {
    if input.once_in(2) && !plan.locals.is_empty() {
        return Action::Local {
            local: LocalId(input.below(plan.locals.len()) as u16),
            to: input.pick(&[None, Some(0.0), Some(0.4)]).map(Value::Number),
        };
    }
    Action::Layer(match input.below(3) {
        0 => LayerChange::Next,
        1 => LayerChange::Previous,
        _ => LayerChange::To(layer(input, plan)),
    })
}

fn output(input: &mut Input<'_>, plan: &Plan) -> Output {
    let colours = (0..input.below(3)).map(|_| (number(input), Rgb(input.byte(), 0, 255)));
    let colours: Vec<(f64, Rgb)> = colours.collect();
    let range = input.once_in(3).then(|| (number(input), number(input)));
    Output {
        panel: PanelId(input.below(2) as u8),
        name: format!("o{}", input.below(5)),
        layer: input.once_in(4).then(|| layer(input, plan)),
        source: match input.below(5) {
            0 => Source::Link,
            1 if !plan.locals.is_empty() => {
                Source::Local(LocalId(input.below(plan.locals.len()) as u16))
            }
            _ => Source::Point(point(input, plan)),
        },
        render: Render {
            on: match input.below(6) {
                0 => Some(Test::Above(number(input))),
                1 => Some(Test::Below(number(input))),
                2 => Some(Test::Is(value(input))),
                _ => None,
            },
            invert: input.once_in(4),
            range,
            colours,
            blink: input.pick(&[Blink::Steady, Blink::Slow, Blink::Fast, Blink::Triple]),
            text: input
                .once_in(3)
                .then(|| "{name}: {value} {units} {percent} {state}".into()),
            words: (0..input.below(2))
                .map(|_| (value(input), "word".into()))
                .collect(),
        },
    }
}
