// SPDX-License-Identifier: MIT OR Apache-2.0
//! The plan of the random tests: a switch, a dimmer, a thermostat and a bell, bound in every way there is.

use std::time::Duration;

use homey_panel::homey::{Kind, Traits, Value};
use homey_panel::panel::plan::*;

const ONOFF: PointId = PointId(0);
const DIM: PointId = PointId(1);
const HEAT: PointId = PointId(2);
const BELL: PointId = PointId(3);
pub const TOGGLE: ControlId = ControlId(0);
pub const KNOB: ControlId = ControlId(1);
pub const HEAT_SET: ControlId = ControlId(4);

/// Written with `true` by this control only, and never read.
pub const RING: ControlId = ControlId(6);
/// Starts what nothing else starts.
pub const ONLY: ControlId = ControlId(7);
/// Toggles the local output, and nothing else does.
pub const RELAY: ControlId = ControlId(8);
pub const CONTROLS: u64 = 13;
pub const ONLY_START: StartId = StartId(1);
pub const RELAY_OUTPUT: OutputId = OutputId(4);

fn control(name: &str, bindings: Vec<(Gesture, Vec<Action>)>) -> Control {
    Control {
        name: name.into(),
        bindings,
        ..Control::default()
    }
}

fn set(point: PointId, value: Value) -> Action {
    Action::Set { point, value }
}

fn step(point: PointId, by: Option<f64>) -> Action {
    Action::Step { point, by }
}

const fn toggle(point: PointId) -> Action {
    Action::Toggle { point }
}

/// The first ones stand at the numbers that tests name.
fn controls() -> Vec<Control> {
    use Gesture::{Click, Hold, HoldRepeat, Press, Release, Turn};
    let cycle = |values| Action::Cycle {
        point: HEAT,
        values: CycleId(values),
    };
    let ramp = |direction| Action::Ramp {
        point: DIM,
        by: 0.5,
        direction,
    };
    let (on, half) = (Value::Bool(true), Value::Number(0.5));
    let scene = vec![
        set(ONOFF, on.clone()),
        set(DIM, half),
        Action::Start(StartId(0)),
    ];
    let relay = |to| Action::Local {
        local: LocalId(0),
        to,
    };
    let second = |control: Control, wake| Control {
        panel: PanelId(1),
        wake,
        ..control
    };
    vec![
        control("toggle", vec![(Press, vec![toggle(ONOFF)])]),
        control("knob", vec![(Turn, vec![step(DIM, None)])]),
        control(
            "scene",
            vec![
                (Press, scene),
                (Hold, vec![Action::Layer(LayerChange::Next)]),
            ],
        ),
        control(
            "mixed",
            vec![
                (Press, vec![step(HEAT, Some(0.5)), toggle(ONOFF)]),
                (Turn, vec![step(HEAT, Some(-0.7)), toggle(DIM)]),
            ],
        ),
        control("heat", vec![(Press, vec![set(HEAT, Value::Number(21.5))])]),
        control("leave", vec![(Press, vec![Action::Start(StartId(0))])]),
        control("ring", vec![(Press, vec![set(BELL, on.clone())])]),
        control("only", vec![(Press, vec![Action::Start(ONLY_START)])]),
        control("relay", vec![(Press, vec![relay(None)])]),
        control(
            "clicks",
            vec![
                (Press, vec![cycle(0)]),
                (Click(2), vec![toggle(ONOFF), Action::Start(StartId(0))]),
                (Click(3), vec![set(DIM, Value::Number(0.1))]),
                (Hold, vec![ramp(Direction::Flip)]),
                (HoldRepeat, vec![step(HEAT, Some(0.5))]),
                (Release, vec![set(ONOFF, on)]),
            ],
        ),
        Control {
            offline: vec![Action::Layer(LayerChange::Next)],
            ..control(
                "ramp",
                vec![
                    (Press, vec![toggle(ONOFF)]),
                    (Hold, vec![ramp(Direction::Up)]),
                    (Turn, vec![cycle(1)]),
                ],
            )
        },
        second(
            control("sleepy", vec![(Hold, vec![ramp(Direction::Down)])]),
            None,
        ),
        second(
            control("alert", vec![(Press, vec![toggle(ONOFF)])]),
            Some(Wake::Act),
        ),
    ]
}

/// Every kind of gesture and action, one output a point and one of the panel's own, two layers, two panels of which one sleeps.
pub fn plan() -> Plan {
    let point = |capability: &str| Point {
        device: "a".into(),
        capability: capability.into(),
    };
    let start = |name: &str| Start {
        kind: StartKind::Flow,
        name: name.into(),
    };
    let output = |point: u16| Output {
        panel: PanelId(0),
        name: format!("lamp{point}"),
        layer: (point == 2).then_some(LayerId(1)),
        source: match point {
            4 => Source::Local(LocalId(0)),
            point => Source::Point(PointId(point)),
        },
        render: Render::default(),
    };
    let sleepy = PanelPlan {
        sleep: Some(Duration::from_secs(2)),
        wake: Wake::Swallow,
    };
    Plan {
        points: ["onoff", "dim", "target_temperature", "button"]
            .map(point)
            .into(),
        starts: ["leave", "only"].map(start).into(),
        cycles: vec![
            [18.0, 20.0, 22.5].map(Value::Number).into(),
            [5.0, 25.0].map(Value::Number).into(),
        ],
        locals: vec!["relay".into()],
        panels: vec![PanelPlan::default(), sleepy],
        controls: controls(),
        outputs: (0..5).map(output).collect(),
        layers: vec!["one".into(), "two".into()],
        ..Plan::default()
    }
}

/// What the hub says of a point.
pub fn traits(point: usize) -> Traits {
    let (kind, limits) = match point {
        1 => (Kind::Number, Some((0.0, 1.0))),
        2 => (Kind::Number, Some((5.0, 25.0))),
        _ => (Kind::Boolean, None),
    };
    Traits {
        kind,
        getable: point != 3,
        setable: true,
        min: limits.map(|limits| limits.0),
        max: limits.map(|limits| limits.1),
        step: (point == 2).then_some(0.5),
        decimals: (point == 1).then_some(2),
        ..Traits::default()
    }
}
