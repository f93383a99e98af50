// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of a script: the plan, and what the hub says of its points. The words are listed in `script.rs`.

use std::time::Duration;

use homey_panel::homey::{Kind, Traits, Value};
use homey_panel::panel::plan::*;

#[derive(Default)]
pub struct Setup {
    pub plan: Plan,
    pub traits: Vec<Traits>,
}

/// The value of `key=value` among the words.
pub fn option<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words
        .iter()
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

pub fn value(text: &str) -> Value {
    match text {
        "null" => Value::Null,
        "true" | "false" => Value::Bool(text == "true"),
        _ => match text.parse() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Text(text.into()),
        },
    }
}

fn range(text: &str) -> (f64, f64) {
    let (low, high) = text.split_once("..").unwrap();
    (low.parse().unwrap(), high.parse().unwrap())
}

pub fn millis(text: &str) -> Duration {
    Duration::from_millis(text.parse().unwrap())
}

impl Setup {
    pub fn point(&self, name: &str) -> PointId {
        let (device, capability) = name.rsplit_once('/').unwrap();
        let is = |point: &Point| point.device == device && point.capability == capability;
        PointId(self.plan.points.iter().position(is).unwrap() as u16)
    }

    pub fn start(&self, name: &str) -> StartId {
        StartId(
            self.plan
                .starts
                .iter()
                .position(|start| start.name == name)
                .unwrap() as u16,
        )
    }

    fn layer(&self, name: &str) -> LayerId {
        LayerId(
            self.plan
                .layers
                .iter()
                .position(|layer| layer == name)
                .unwrap() as u8,
        )
    }

    /// The local output `name`, which its first mention makes.
    fn local(&mut self, name: &str) -> LocalId {
        let locals = &mut self.plan.locals;
        let known = locals.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            locals.push(name.to_owned());
            locals.len() - 1
        });
        LocalId(index as u16)
    }

    pub fn control(&self, name: &str) -> ControlId {
        ControlId(
            self.plan
                .controls
                .iter()
                .position(|control| control.name == name)
                .unwrap() as u16,
        )
    }

    pub fn line(&mut self, words: &[&str]) {
        let name = words.get(1).copied().unwrap_or_default();
        let layer = option(words, "layer").map(|name| self.layer(name));
        let panel = PanelId(option(words, "panel").map_or(0, |text| text.parse().unwrap()));
        match words[0] {
            "point" => {
                let (device, capability) = name.rsplit_once('/').unwrap();
                let (device, capability) = (device.to_owned(), capability.to_owned());
                self.plan.points.push(Point { device, capability });
                let limits = words
                    .iter()
                    .find(|word| word.contains(".."))
                    .map(|text| range(text));
                self.traits.push(Traits {
                    kind: match words.get(2) {
                        Some(&"number") => Kind::Number,
                        Some(&"enum") => Kind::Enum,
                        Some(&"string") => Kind::String,
                        _ => Kind::Boolean,
                    },
                    getable: !words.contains(&"pulse"),
                    setable: !words.contains(&"ro"),
                    min: limits.map(|limits| limits.0),
                    max: limits.map(|limits| limits.1),
                    step: option(words, "step").map(|text| text.parse().unwrap()),
                    decimals: option(words, "decimals").map(|text| text.parse().unwrap()),
                    units: option(words, "units").map(Into::into),
                    choices: Vec::new(),
                });
            }
            "start" => {
                let (kind, name) = (StartKind::Flow, name.to_owned());
                self.plan.starts.push(Start { kind, name });
            }
            "panel" => {
                self.plan.panels.push(PanelPlan {
                    sleep: option(words, "sleep").map(millis),
                    wake: wake(words).unwrap_or_default(),
                });
            }
            "layers" => self.plan.layers = words[1..].iter().map(|&name| name.into()).collect(),
            "timing" => {
                let timing = &mut self.plan.timing;
                for (key, field) in [
                    ("hold", &mut timing.hold),
                    ("click", &mut timing.click),
                    ("repeat", &mut timing.repeat),
                    ("life", &mut timing.press_life),
                    ("merge", &mut timing.merge),
                    ("settle", &mut timing.settle),
                    ("stale", &mut timing.stale),
                    ("reassert", &mut timing.reassert),
                ] {
                    if let Some(text) = option(words, key) {
                        *field = millis(text);
                    }
                }
            }
            "control" => {
                let bindings = words[2..].iter().filter_map(|word| self.binding(word));
                let bindings = bindings.collect();
                let offline = words.iter().find_map(|word| word.strip_prefix("offline:"));
                let offline = offline.into_iter().flat_map(|actions| actions.split(','));
                let offline = offline.map(|action| self.action(action)).collect();
                let time = |key| option(words, key)?.parse().ok().map(Duration::from_millis);
                self.plan.controls.push(Control {
                    panel,
                    name: name.to_owned(),
                    layer,
                    bindings,
                    offline,
                    wake: wake(words),
                    times: Times {
                        hold: time("hold"),
                        click: time("click"),
                        repeat: time("repeat"),
                        press_life: time("life"),
                    },
                });
            }
            "output" => {
                let source = match words[2] {
                    "link" => Source::Link,
                    "session" => Source::Session,
                    "route" => Source::Route,
                    "local" => Source::Local(self.local(name)),
                    point => Source::Point(self.point(point)),
                };
                let name = name.to_owned();
                self.plan.outputs.push(Output {
                    panel,
                    name,
                    layer,
                    source,
                    render: render(words),
                });
            }
            word => panic!("no such setup: {word}"),
        }
    }

    /// A gesture with its actions; `None` for an option.
    fn binding(&mut self, word: &str) -> Option<(Gesture, Vec<Action>)> {
        let (gesture, actions) = word.split_once(['=', ':'])?;
        let gesture = match gesture {
            "press" => Gesture::Press,
            "double" => Gesture::Click(2),
            "triple" => Gesture::Click(3),
            "click4" => Gesture::Click(4),
            "click5" => Gesture::Click(5),
            "hold" => Gesture::Hold,
            "repeat" => Gesture::HoldRepeat,
            "release" => Gesture::Release,
            "turn" => Gesture::Turn,
            _ => return None,
        };
        // A number is a time.
        let actions = Some(actions).filter(|actions| actions.parse::<u64>().is_err())?;
        let actions = actions.split(',').map(|action| self.action(action));
        Some((gesture, actions.collect()))
    }

    fn action(&mut self, text: &str) -> Action {
        let (verb, of) = text.split_once(':').unwrap();
        let (target, rest) = of
            .split_once('=')
            .map_or((of, None), |(target, rest)| (target, Some(rest)));
        match verb {
            "set" => Action::Set {
                point: self.point(target),
                value: value(rest.unwrap()),
            },
            "toggle" => Action::Toggle {
                point: self.point(target),
            },
            "step" => {
                let by = rest.map(|text| text.parse().unwrap());
                Action::Step {
                    point: self.point(target),
                    by,
                }
            }
            "cycle" => {
                let values = rest.unwrap().split(';').map(value).collect();
                self.plan.cycles.push(values);
                Action::Cycle {
                    point: self.point(target),
                    values: CycleId(self.plan.cycles.len() as u16 - 1),
                }
            }
            "ramp" => {
                let rest = rest.unwrap();
                let (by, way) = rest.split_once(';').unwrap_or((rest, "flip"));
                Action::Ramp {
                    point: self.point(target),
                    by: by.parse().unwrap(),
                    direction: match way {
                        "up" => Direction::Up,
                        "down" => Direction::Down,
                        _ => Direction::Flip,
                    },
                }
            }
            "start" => Action::Start(self.start(target)),
            "out" => Action::Local {
                local: self.local(target),
                to: rest.map(value),
            },
            "layer" => Action::Layer(match target {
                "next" => LayerChange::Next,
                "previous" => LayerChange::Previous,
                name => LayerChange::To(self.layer(name)),
            }),
            _ => panic!("no such action: {text}"),
        }
    }
}

fn wake(words: &[&str]) -> Option<Wake> {
    option(words, "wake").map(|word| match word {
        "swallow" => Wake::Swallow,
        _ => Wake::Act,
    })
}

fn render(words: &[&str]) -> Render {
    let number = |key| option(words, key).map(|text| text.parse().unwrap());
    let colour = |text: &str| {
        let (limit, hex) = text.split_once(':').unwrap();
        let [_, r, g, b] = u32::from_str_radix(hex, 16).unwrap().to_be_bytes();
        (limit.parse().unwrap(), Rgb(r, g, b))
    };
    let pair = |text: &str| {
        let (of, word) = text.split_once(':').unwrap();
        (value(of), word.to_owned())
    };
    let list = |key| {
        option(words, key)
            .into_iter()
            .flat_map(|text| text.split(','))
    };
    Render {
        on: (number("above").map(Test::Above))
            .or(number("below").map(Test::Below))
            .or(option(words, "is").map(|text| Test::Is(value(text)))),
        invert: words.contains(&"invert"),
        range: option(words, "range").map(range),
        colours: list("colours").map(colour).collect(),
        blink: match option(words, "blink") {
            Some("slow") => Blink::Slow,
            Some("blip") => Blink::Blip,
            _ => Blink::Steady,
        },
        text: option(words, "text").map(|text| text.replace('_', " ")),
        words: list("words").map(pair).collect(),
    }
}
