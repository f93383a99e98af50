// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a script: a plan in a few lines, then scenarios of input lines, each followed by what came out of it, indented.
//!
//! ```text
//! point desk/dim number 0..1 decimals=2 units=%     and: step=, ro (not settable), pulse (not getable)
//! start leave
//! layers day night
//! timing hold=500 life=3000 merge=120 settle=3000 stale=30000 reassert=300000
//! control key layer=day hold=800 press=toggle:desk/onoff,start:leave hold:set:desk/dim=0.5
//! output lamp desk/onoff                             or: link; layer= invert above= below= is= range= colours= blink= text= words=
//! == name of a scenario                              each starts with a new controller, everything shown, at t=0
//! t=40 down key                                      up, tap, held; at=30: what the kernel stamped
//! t=40 turn knob -2
//! t=50 link ready
//! t=50 read desk/dim=0.5 updated=7 away bare         a poll of its own
//! t=50 poll a  /  read a desk/dim=0.5  /  end a      a poll in pieces; unchanged a; end a cut
//! t=60 reply 1 done 0.5  /  refused why  /  notnow 500  /  notsent  /  lost      and: sent 1
//! t=60 missing desk/dim why  /  startmissing leave why  /  startfound leave
//! t=90 late down key at=80                           the loop was away: no timeout since the last line and none after it
//! t=90 wait  /  begin  /  reload  /  stop  /  tally  /  state begin: what is shown at the start; state: unsettled or idle
//! ```
//!
//! Between the lines the time runs as in the loop: `timeout` at every `poll_at`.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use homey_panel::homey::{Kind, Reading, Traits, Value};
use homey_panel::panel::plan::*;
use homey_panel::panel::{
    Condition, Controller, Edge, Event, Link, Order, Outcome, PollId, Show, Ticket,
};
use homey_panel::time::Time;

/// The script with the output lines as they came.
pub fn run(script: &str) -> String {
    let (mut out, mut setup) = (String::new(), Setup::default());
    let mut bench: Option<Bench> = None;
    for line in script.lines().filter(|line| !line.starts_with("  ")) {
        writeln!(out, "{line}").unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.first() {
            None | Some(&"#") => {}
            Some(&"==") => bench = Some(Bench::new(&setup)),
            Some(word) => match (&mut bench, word.strip_prefix("t=")) {
                (Some(bench), Some(time)) => {
                    bench.line(&setup, time.parse().unwrap(), &words[1..]);
                    out += &std::mem::take(&mut bench.out);
                }
                (None, None) => setup.line(&words),
                _ => panic!("cannot read {line:?}"),
            },
        }
    }
    out
}

#[derive(Default)]
struct Setup {
    plan: Plan,
    traits: Vec<Traits>,
}

/// The value of `key=value` among the words.
fn option<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words
        .iter()
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn value(text: &str) -> Value {
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

fn millis(text: &str) -> Duration {
    Duration::from_millis(text.parse().unwrap())
}

impl Setup {
    fn point(&self, name: &str) -> PointId {
        let (device, capability) = name.rsplit_once('/').unwrap();
        let is = |point: &Point| point.device == device && point.capability == capability;
        PointId(self.plan.points.iter().position(is).unwrap() as u16)
    }

    fn start(&self, name: &str) -> StartId {
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

    fn control(&self, name: &str) -> ControlId {
        ControlId(
            self.plan
                .controls
                .iter()
                .position(|control| control.name == name)
                .unwrap() as u16,
        )
    }

    fn line(&mut self, words: &[&str]) {
        let name = words.get(1).copied().unwrap_or_default();
        let layer = option(words, "layer").map(|name| self.layer(name));
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
            "layers" => self.plan.layers = words[1..].iter().map(|&name| name.into()).collect(),
            "timing" => {
                let timing = &mut self.plan.timing;
                for (key, field) in [
                    ("hold", &mut timing.hold),
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
                let bindings = words.iter().filter_map(|word| {
                    let (gesture, actions) = match word.split_once(['=', ':'])? {
                        ("press", actions) => (Gesture::Press, actions),
                        ("hold", actions) if actions.contains([':', '=']) => {
                            (Gesture::Hold, actions)
                        }
                        ("turn", actions) => (Gesture::Turn, actions),
                        _ => return None,
                    };
                    Some((
                        gesture,
                        actions
                            .split(',')
                            .map(|action| self.action(action))
                            .collect(),
                    ))
                });
                let bindings = bindings.collect();
                let hold = option(words, "hold")
                    .and_then(|text| text.parse().ok())
                    .map(Duration::from_millis);
                let (panel, name) = (PanelId(0), name.to_owned());
                self.plan.controls.push(Control {
                    panel,
                    name,
                    layer,
                    bindings,
                    hold,
                });
            }
            "output" => {
                let source = match words[2] {
                    "link" => Source::Link,
                    point => Source::Point(self.point(point)),
                };
                let (panel, name) = (PanelId(0), name.to_owned());
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

    fn action(&self, text: &str) -> Action {
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
            "start" => Action::Start(self.start(target)),
            "layer" => Action::Layer(match target {
                "next" => LayerChange::Next,
                "previous" => LayerChange::Previous,
                name => LayerChange::To(self.layer(name)),
            }),
            _ => panic!("no such action: {text}"),
        }
    }
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

/// A controller under test, with a loop around it.
struct Bench {
    controller: Controller,
    polls: HashMap<String, PollId>,
    /// What was shown before the scenario's first line.
    begin: String,
    out: String,
}

impl Bench {
    fn new(setup: &Setup) -> Bench {
        let mut bench = Bench {
            controller: Controller::new(setup.plan.clone(), Time::ZERO),
            polls: HashMap::new(),
            begin: String::new(),
            out: String::new(),
        };
        bench.drain(setup, Time::ZERO);
        bench.begin = std::mem::take(&mut bench.out);
        bench
    }

    /// Runs the time up to `now` as the loop would, then takes one line.
    fn line(&mut self, setup: &Setup, now: u64, words: &[&str]) {
        let now = Time::from_millis(now);
        if let Some((&"late", words)) = words.split_first() {
            self.input(setup, now, words);
            self.drain(setup, now);
            return;
        }
        self.pass(setup, now);
        self.input(setup, now, words);
        self.drain(setup, now);
        self.controller.timeout(now);
        self.pass(setup, now);
    }

    fn pass(&mut self, setup: &Setup, now: Time) {
        self.drain(setup, now);
        for _ in 0..1000 {
            let Some(at) = self.controller.poll_at().filter(|at| *at <= now) else {
                return;
            };
            self.controller.timeout(at);
            assert!(
                self.controller.poll_at().is_none_or(|next| next > at),
                "busy at {at:?}"
            );
            self.drain(setup, at);
        }
        panic!("no rest before {now:?}");
    }

    fn input(&mut self, setup: &Setup, now: Time, words: &[&str]) {
        let text = |from: usize| words.get(from..).unwrap_or_default().join(" ");
        let at = option(words, "at").map_or(now, |at| Time::from_millis(at.parse().unwrap()));
        let mut edge = |edge| {
            let control = setup.control(words[1]);
            self.controller.event(Event { at, control, edge });
        };
        match words[0] {
            "down" => edge(Edge::Down),
            "up" => edge(Edge::Up),
            "tap" => edge(Edge::Tap),
            "held" => edge(Edge::Held),
            "turn" => edge(Edge::Turn(words[2].parse().unwrap())),
            "link" => self.controller.link(now, link(words[1])),
            "stop" => self.controller.give_up(now),
            "poll" => {
                let poll = self.controller.poll_started(now);
                self.polls.insert(words[1].to_owned(), poll);
            }
            "end" => self
                .controller
                .poll_ended(self.polls[words[1]], now, !words.contains(&"cut")),
            "unchanged" => {
                for point in 0..self.controller.plan().points.len() {
                    let point = PointId(u16::try_from(point).unwrap());
                    self.controller.unchanged(self.polls[words[1]], point, now);
                }
            }
            "read" => {
                let (poll, words) = match self.polls.get(words[1]) {
                    Some(poll) => (*poll, &words[2..]),
                    None => (self.controller.poll_started(now), &words[1..]),
                };
                for (name, text) in words.iter().filter_map(|word| word.split_once('=')) {
                    if !name.contains('/') {
                        continue;
                    }
                    let point = setup.point(name);
                    let traits = (!words.contains(&"bare"))
                        .then(|| Box::new(setup.traits[usize::from(point.0)].clone()));
                    let reading = Reading {
                        value: value(text),
                        available: !words.contains(&"away"),
                        updated: option(words, "updated").map(|text| text.parse().unwrap()),
                        traits,
                    };
                    self.controller.update(poll, point, reading, now);
                }
            }
            "sent" => self.controller.sent(Ticket(words[1].parse().unwrap())),
            "reply" => {
                let outcome = match words[2] {
                    "done" => Outcome::Done {
                        value: words.get(3).map(|text| value(text)),
                    },
                    "refused" => Outcome::Refused { why: text(3) },
                    "notnow" => Outcome::NotNow {
                        pause: millis(words[3]),
                    },
                    "notsent" => Outcome::NotSent,
                    "lost" => Outcome::Lost,
                    word => panic!("no such outcome: {word}"),
                };
                self.controller
                    .outcome(Ticket(words[1].parse().unwrap()), outcome, now);
            }
            "missing" => self.controller.missing(setup.point(words[1]), text(2)),
            "startmissing" => self
                .controller
                .start_missing(setup.start(words[1]), text(2)),
            "startfound" => self.controller.start_found(setup.start(words[1])),
            "reload" => {
                let mut new = Controller::new(setup.plan.clone(), now);
                new.adopt(&self.controller);
                self.controller = new;
            }
            "begin" => self.out += &self.begin,
            "wait" => {}
            "tally" => writeln!(self.out, "  {:?}", self.controller.tally()).unwrap(),
            "state" => {
                let (idle, unsettled) = (self.controller.is_idle(), self.controller.is_unsettled());
                writeln!(self.out, "  idle={idle} unsettled={unsettled}").unwrap();
            }
            word => panic!("no such input: {word}"),
        }
    }

    /// Pulls everything that is to be pulled.
    fn drain(&mut self, setup: &Setup, now: Time) {
        let plan = &setup.plan;
        let ms = |time: Time| time.as_micros() / 1000;
        let name = |point: PointId| {
            let point = &plan.points[usize::from(point.0)];
            format!("{}/{}", point.device, point.capability)
        };
        while let Some(show) = self.controller.next_show() {
            let line = match show {
                Show::Look { output, look } => {
                    let lit = match look.on {
                        true => format!("on {:.2}", look.level),
                        false => "off".to_owned(),
                    };
                    let colour = look.colour.map_or(String::new(), |Rgb(r, g, b)| {
                        format!(" #{r:02x}{g:02x}{b:02x}")
                    });
                    assert!(look.on || (look.level == 0.0 && look.colour.is_none()));
                    assert!(look.condition != Condition::Unknown || !look.on);
                    let (name, condition) =
                        (&plan.outputs[usize::from(output.0)].name, look.condition);
                    format!(
                        "look {name} {condition:?} {lit}{colour} {:?} {:?}",
                        look.blink, look.text
                    )
                }
                Show::Feedback { control, feedback } => {
                    format!(
                        "feedback {} {feedback:?}",
                        plan.controls[usize::from(control.0)].name
                    )
                }
                Show::Link(link) => format!("link {link:?}"),
                Show::Layer(layer) => format!("layer {}", plan.layers[usize::from(layer.0)]),
                Show::Notice(text) => format!("notice {text}"),
            };
            writeln!(self.out, "  t={} {line}", ms(now)).unwrap();
        }
        while let Some(call) = self.controller.next_call(now) {
            let order = match call.order {
                Order::Set { point, value } => format!("set {} {value}", name(point)),
                Order::Start(start) => format!("start {}", plan.starts[usize::from(start.0)].name),
                Order::Read { point } => format!("read {}", name(point)),
            };
            let life = ms(call.life);
            writeln!(
                self.out,
                "  t={} call {} {order} life={life}",
                ms(now),
                call.ticket.0
            )
            .unwrap();
        }
    }
}

fn link(word: &str) -> Link {
    match word {
        "down" => Link::Down,
        "nohub" => Link::NoHub,
        "wronghub" => Link::WrongHub,
        "clock" => Link::Clock,
        "token" => Link::Token,
        "loading" => Link::Loading,
        "ready" => Link::Ready,
        _ => panic!("no such link: {word}"),
    }
}
