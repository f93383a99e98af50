// SPDX-License-Identifier: MIT OR Apache-2.0
//! The plan of the random tests: a switch, a dimmer, a thermostat and a bell, bound in every way there is.

use homey_panel::homey::{Kind, Traits, Value};
use homey_panel::panel::plan::*;

const ONOFF: PointId = PointId(0);
const DIM: PointId = PointId(1);
const HEAT: PointId = PointId(2);
const BELL: PointId = PointId(3);
pub const TOGGLE: ControlId = ControlId(0);
pub const KNOB: ControlId = ControlId(1);
pub const HEAT_SET: ControlId = ControlId(4);

/// Every kind of action, one output a point, two layers.
pub fn plan() -> Plan {
    let point = |capability: &str| Point {
        device: "a".into(),
        capability: capability.into(),
    };
    let control = |name: &str, bindings: Vec<(Gesture, Vec<Action>)>| Control {
        panel: PanelId(0),
        name: name.into(),
        bindings,
        ..Control::default()
    };
    let set = |point, value| Action::Set { point, value };
    let output = |point: u16| Output {
        panel: PanelId(0),
        name: format!("lamp{point}"),
        layer: (point == 2).then_some(LayerId(1)),
        source: Source::Point(PointId(point)),
        render: Render::default(),
    };
    Plan {
        points: ["onoff", "dim", "target_temperature", "button"]
            .map(point)
            .into(),
        starts: vec![Start {
            kind: StartKind::Flow,
            name: "leave".into(),
        }],
        controls: vec![
            control(
                "toggle",
                vec![(Gesture::Press, vec![Action::Toggle { point: ONOFF }])],
            ),
            control(
                "knob",
                vec![(
                    Gesture::Turn,
                    vec![Action::Step {
                        point: DIM,
                        by: None,
                    }],
                )],
            ),
            control(
                "scene",
                vec![
                    (
                        Gesture::Press,
                        vec![
                            set(ONOFF, Value::Bool(true)),
                            set(DIM, Value::Number(0.5)),
                            Action::Start(StartId(0)),
                        ],
                    ),
                    (
                        Gesture::Hold,
                        vec![
                            set(BELL, Value::Bool(true)),
                            Action::Layer(LayerChange::Next),
                        ],
                    ),
                ],
            ),
            control(
                "mixed",
                vec![
                    (
                        Gesture::Press,
                        vec![
                            Action::Step {
                                point: HEAT,
                                by: Some(0.5),
                            },
                            Action::Toggle { point: ONOFF },
                        ],
                    ),
                    (
                        Gesture::Turn,
                        vec![
                            Action::Step {
                                point: HEAT,
                                by: Some(-0.7),
                            },
                            Action::Toggle { point: DIM },
                        ],
                    ),
                ],
            ),
            control(
                "heat",
                vec![(Gesture::Press, vec![set(HEAT, Value::Number(21.5))])],
            ),
            control(
                "leave",
                vec![(Gesture::Press, vec![Action::Start(StartId(0))])],
            ),
        ],
        outputs: (0..4).map(output).collect(),
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
