// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the sample file means, value by value: the plan that the panel gets, and what the edges get.

use std::time::Duration;

use homey_panel::config::{
    Config, ControlFace, Credential, OutputFace, PanelConfig, PanelKind, Place, ProfileName,
    Scheme, Trust, Way,
};
use homey_panel::homey::Value;
use homey_panel::panel::plan::{
    Action, Blink, ControlId, CycleId, Direction, Gesture, LayerChange, LayerId, LocalId, OutputId,
    PanelId, PanelPlan, Point, PointId, Rgb, Source, Start, StartId, StartKind, Test, Times, Wake,
};

const SAMPLE: &str = include_str!("data/config/good/everything.toml");

fn sample() -> Config {
    Config::parse("everything.toml", SAMPLE).expect("the sample is right")
}

fn read(text: &str) -> Config {
    let text = format!("[hub]\naddress = \"192.168.1.17\"\n{text}");
    Config::parse("f", &text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The text that stands at a place of the sample.
fn at(place: Place) -> String {
    let line = SAMPLE.lines().nth(place.line as usize - 1).unwrap();
    line.chars().skip(place.column as usize - 1).collect()
}

#[test]
fn the_hub_and_who_we_are() {
    let config = sample();
    let address = config.hub.address.as_ref().expect("an address");
    assert_eq!((address.scheme, address.port), (Scheme::Https, 443));
    assert_eq!(address.ip.to_string(), "192.168.1.17");
    assert_eq!(
        address.tls_name.as_deref(),
        Some("192-168-1-17.homey.homeylocal.com")
    );
    assert_eq!(config.hub.id.as_deref(), Some("5f00aa11bb22cc33dd44ee55"));
    assert_eq!(
        config.hub.credential,
        Credential::ApiKeyFile("/etc/homey-panel.key".to_owned())
    );
    assert_eq!(config.trust, Trust::System);
    assert_eq!(
        (config.profile.name, config.profile.app_name.as_str()),
        (ProfileName::Forum, "homeypanel")
    );
    assert!(at(config.sources.hub_address).starts_with("\"192.168.1.17\""));
    assert!(at(config.sources.credential).starts_with("\"/etc/"));
    assert!(at(config.sources.trust).starts_with("system = true"));
}

#[test]
fn panels_and_how_they_are_reached() {
    let device = "/dev/serial/by-id/usb-Raspberry_Pi_Pico_E6614103E7452A2F-if00".to_owned();
    let kinds = [
        PanelKind::Terminal,
        PanelKind::Line(Way::Serial {
            device,
            baud: 115_200,
        }),
    ];
    let panels: Vec<PanelKind> = sample()
        .panels
        .into_iter()
        .map(|panel| panel.kind)
        .collect();
    assert_eq!(panels, kinds);
    let ways = [
        ("stdio = true", Way::Stdio),
        (
            "command = [\"sh\", \"-c\", \"\"]",
            Way::Command(vec!["sh".to_owned(), "-c".to_owned(), String::new()]),
        ),
        (
            "fifo = { in = \"/i\" }",
            Way::Fifo {
                input: "/i".to_owned(),
                output: None,
            },
        ),
        (
            "fifo.in = \"/i\"\nfifo.out = \"/o\"",
            Way::Fifo {
                input: "/i".to_owned(),
                output: Some("/o".to_owned()),
            },
        ),
        (
            "serial = \"/dev/x\"",
            Way::Serial {
                device: "/dev/x".to_owned(),
                baud: 115_200,
            },
        ),
        ("socket = \"/run/s\"", Way::Socket("/run/s".to_owned())),
    ];
    for (text, way) in ways {
        let config = read(&format!(
            "[[panel]]\nname = \"p\"\nkind = \"line\"\n{text}\n"
        ));
        assert_eq!(
            config.panels,
            [PanelConfig {
                name: "p".to_owned(),
                kind: PanelKind::Line(way)
            }],
            "{text}"
        );
    }
}

#[test]
fn controls_and_their_actions() {
    let Config {
        plan,
        control_faces,
        sources,
        ..
    } = sample();
    let (light, level, lock) = (PointId(0), PointId(2), PointId(1));
    let point = |device: &str, capability: &str| Point {
        device: device.to_owned(),
        capability: capability.to_owned(),
    };
    assert_eq!(
        plan.points[..3],
        [
            point("Office/Desk light", "onoff"),
            point("Hall/Front door", "locked"),
            point("Office/Desk light", "dim"),
        ]
    );
    assert_eq!(
        plan.starts[..2],
        [
            Start {
                kind: StartKind::Mood,
                name: "Living room/Relax".to_owned()
            },
            Start {
                kind: StartKind::Flow,
                name: "Good night".to_owned()
            },
        ]
    );
    let bindings: Vec<_> = plan
        .controls
        .iter()
        .map(|control| control.bindings.clone())
        .collect();
    let set = |point, value| Action::Set {
        point,
        value: Value::Bool(value),
    };
    assert_eq!(
        bindings[..5],
        [
            vec![
                (Gesture::Press, vec![Action::Toggle { point: light }]),
                (Gesture::Hold, vec![set(light, false), set(lock, true)]),
            ],
            vec![(
                Gesture::Turn,
                vec![Action::Step {
                    point: level,
                    by: Some(0.05)
                }]
            )],
            vec![(Gesture::Press, vec![Action::Start(StartId(0))])],
            vec![(Gesture::Press, vec![Action::Start(StartId(1))])],
            vec![(Gesture::Press, vec![Action::Layer(LayerChange::Next)])],
        ]
    );
    let layers: Vec<_> = plan.controls.iter().map(|control| control.layer).collect();
    assert_eq!(
        layers[..5],
        [None, None, Some(LayerId(0)), Some(LayerId(1)), None]
    );
    let desk = &plan.controls[usize::from(ControlId(0).0)];
    assert_eq!(
        (desk.panel, desk.name.as_str(), desk.times.hold),
        (PanelId(0), "desk", Some(Duration::from_millis(700)))
    );
    assert_eq!(plan.controls[4].panel, PanelId(1));
    let face = |label: &str, key, hold_key, turn_keys| ControlFace {
        label: label.to_owned(),
        key,
        hold_key,
        turn_keys,
    };
    assert_eq!(
        control_faces[..3],
        [
            face("Desk", Some('d'), Some('D'), None),
            face("dimmer", None, None, Some(('-', '+'))),
            face("scene", Some('s'), None, None),
        ]
    );
    assert!(at(sources.points[1].device).starts_with("\"Hall/Front door\", capability"));
    assert!(at(sources.points[1].capability).starts_with("\"locked\""));
    assert!(at(sources.starts[1]).starts_with("\"Good night\""));
    assert!(at(sources.controls[4]).starts_with("[[control]]"));
}

#[test]
fn gestures_and_times_of_a_control() {
    let plan = sample().plan;
    let control = |name: &str| {
        let found = plan.controls.iter().find(|control| control.name == name);
        found.unwrap_or_else(|| panic!("no control {name}"))
    };
    let gestures = |name: &str| -> Vec<Gesture> {
        let bindings = control(name).bindings.iter();
        bindings.map(|(gesture, _)| *gesture).collect()
    };
    let all = [
        Gesture::Press,
        Gesture::Click(2),
        Gesture::Click(3),
        Gesture::Click(4),
        Gesture::Click(5),
        Gesture::HoldRepeat,
    ];
    assert_eq!(gestures("blinds"), all);
    assert_eq!(gestures("bell"), [Gesture::Press, Gesture::Release]);
    let ms = |ms| Some(Duration::from_millis(ms));
    let times = Times {
        click: ms(300),
        repeat: ms(400),
        ..Times::default()
    };
    assert_eq!(control("blinds").times, times);
    assert_eq!(control("desk").times.press_life, ms(2000));
    let blinds = plan.controls.iter().position(|c| c.name == "blinds");
    let face = &sample().control_faces[blinds.unwrap()];
    assert_eq!((face.key, face.hold_key), (Some('b'), Some('B')));
}

#[test]
fn what_goes_through_values_and_what_needs_no_hub() {
    let Config { plan, .. } = sample();
    let control = |name: &str| {
        let found = plan.controls.iter().find(|control| control.name == name);
        found.unwrap_or_else(|| panic!("no control {name}"))
    };
    let point = |device: &str, capability: &str| {
        let is = |point: &Point| point.device == device && point.capability == capability;
        PointId(plan.points.iter().position(is).unwrap() as u16)
    };
    let reading = [
        (
            Gesture::Press,
            vec![Action::Cycle {
                point: point("Living room/Lamp", "light_temperature"),
                values: CycleId(0),
            }],
        ),
        (
            Gesture::Hold,
            vec![Action::Ramp {
                point: point("Living room/Lamp", "dim"),
                by: 0.4,
                direction: Direction::Flip,
            }],
        ),
    ];
    assert_eq!(control("reading").bindings, reading);
    assert_eq!(plan.cycles, [[0.2, 0.5, 0.8].map(Value::Number)]);
    let relay = LocalId(0);
    assert_eq!(plan.locals, ["relay"]);
    let toggle = Action::Local {
        local: relay,
        to: None,
    };
    assert_eq!(control("desk").offline, [toggle]);
    let output = plan.outputs.iter().find(|output| output.name == "relay");
    let output = output.unwrap();
    assert_eq!(
        (output.panel, output.source),
        (PanelId(1), Source::Local(relay))
    );
    let sleeps = [
        PanelPlan::default(),
        PanelPlan {
            sleep: Some(Duration::from_secs(300)),
            wake: Wake::Act,
        },
    ];
    assert_eq!(plan.panels, sleeps);
    assert_eq!(control("bell").wake, Some(Wake::Swallow));
}

#[test]
fn outputs_and_how_they_look() {
    let Config {
        plan, output_faces, ..
    } = sample();
    let desk = &plan.outputs[usize::from(OutputId(0).0)];
    assert_eq!(
        desk.source,
        Source::Point(PointId(2)),
        "the same point as the knob's"
    );
    assert_eq!(desk.render.on, Some(Test::Above(0.5)));
    assert_eq!(desk.render.range, Some((0.0, 1.0)));
    assert_eq!(
        desk.render.colours,
        [(f64::NEG_INFINITY, Rgb(0xff, 0xaa, 0))]
    );
    assert_eq!(
        output_faces[0],
        OutputFace {
            label: "Desk light".to_owned()
        }
    );
    let warmth = &plan.outputs[1];
    assert_eq!(warmth.layer, Some(LayerId(0)));
    assert_eq!(
        warmth.render.colours,
        [
            (0.0, Rgb(0, 0, 255)),
            (18.0, Rgb(0, 255, 0)),
            (24.0, Rgb(255, 0, 0))
        ]
    );
    assert_eq!(warmth.render.text.as_deref(), Some("{value} {units}"));
    let words = [
        (Value::Bool(true), "open".to_owned()),
        (Value::Bool(false), "closed".to_owned()),
    ];
    assert_eq!(plan.outputs[2].render.words, words);
    assert_eq!(
        (plan.outputs[3].source, plan.outputs[3].render.blink),
        (Source::Link, Blink::Slow)
    );
    for (name, source) in [("login", Source::Session), ("way", Source::Route)] {
        let output = plan.outputs.iter().find(|output| output.name == name);
        assert_eq!(output.map(|output| output.source), Some(source), "{name}");
    }
}

#[test]
fn words_stand_for_what_they_look_like() {
    let config = read(
        "[[panel]]\nname = \"p\"\nkind = \"line\"\nstdio = true\n[[output]]\nname = \"o\"\nshow = \"A\"\ncapability = \"x\"\n\
         on = { is = \"heat\" }\nwords = { heat = \"Heizen\", 3 = \"\", \"2.5\" = \"half\", true = \"ja\" }\n",
    );
    let text = |text: &str| Value::Text(text.into());
    let render = &config.plan.outputs[0].render;
    assert_eq!(render.on, Some(Test::Is(text("heat"))));
    assert_eq!(
        render.words,
        [
            (text("heat"), "Heizen".to_owned()),
            (Value::Number(3.0), String::new()),
            (Value::Number(2.5), "half".to_owned()),
            (Value::Bool(true), "ja".to_owned()),
        ]
    );
}

#[test]
fn trust_and_profiles_of_ones_own() {
    let pin = "[trust]\npin = \"sha256//q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\"";
    assert_eq!(read(pin).trust, Trust::Pin([0xab; 32]));
    assert_eq!(
        read("[trust]\nca_file = \"ca.pem\"").trust,
        Trust::CaFile("ca.pem".to_owned())
    );
    let session = read("session_file = \"${STATE_DIRECTORY}/s.json\"")
        .hub
        .credential;
    assert_eq!(
        session,
        Credential::SessionFile("${STATE_DIRECTORY}/s.json".to_owned())
    );
    // Bytes are the user's: case, spacing, order and repeats stay.
    let lines = [
        "hOST:{host}",
        "X-A:  1 ",
        "X-A:\t2",
        "Authorization: Bearer {token}",
        "Content-Type:{type}",
        "content-length: {length}",
    ];
    let list: Vec<String> = lines.iter().map(|line| format!("'{line}'")).collect();
    let config = read(&format!(
        "[profile]\nuse = \"my own\"\nname = \"x.y\"\n[profiles.\"my own\"]\nlines = [{}]",
        list.join(", ")
    ));
    assert_eq!(
        config.profile.name,
        ProfileName::Own(lines.map(str::to_owned).to_vec())
    );
    assert_eq!(config.profile.app_name, "x.y");
    assert!(config.warnings.is_empty());
}
