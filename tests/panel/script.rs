// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a script: a plan in a few lines, then scenarios of input lines, each followed by what came out of it, indented.
//!
//! ```text
//! point desk/dim number 0..1 decimals=2 units=%     and: step=, ro (not settable), pulse (not getable)
//! start leave
//! layers day night
//! timing hold=500 click=250 repeat=200 life=3000 merge=120 settle=3000 stale=30000 reassert=300000
//! control key layer=day hold=800 press=toggle:desk/onoff,start:leave hold:set:desk/dim=0.5
//!                                                    gestures: press double triple click4 click5 hold repeat release turn, then : or =;
//!                                                    own times: hold= click= repeat= life=
//!                                                    actions: set:P=V toggle:P step:P[=BY] cycle:P=V;V ramp:P=BY[;up|down] start:S layer:L
//!                                                    out:O[=V]; offline:ACTIONS in place of a press without a hub; panel=1 wake=swallow
//! panel sleep=5000 wake=swallow                      once for each, where one sleeps
//! output lamp desk/onoff                             or: link, session, route, local; layer= invert above= below= is= range= colours= blink= text= words=
//! == name of a scenario                              each starts with a new controller, everything shown, at t=0
//! t=40 down key                                      up, tap, held; at=30: what the kernel stamped
//! t=40 turn knob -2
//! t=50 link ready                                    lease good, ending or ended: the session; route none, relay or local
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

use homey_panel::homey::Reading;
use homey_panel::panel::plan::{PointId, Rgb};
use homey_panel::panel::{
    Condition, Controller, Edge, Event, Lease, Link, Order, Outcome, PollId, Route, Show, Ticket,
};
use homey_panel::time::Time;

use crate::setup::{Setup, millis, option, value};

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

/// A controller under test, with a loop around it.
struct Bench {
    controller: Controller,
    polls: HashMap<String, PollId>,
    /// The time of the last line.
    now: Time,
    /// What was shown before the scenario's first line.
    begin: String,
    out: String,
}

impl Bench {
    fn new(setup: &Setup) -> Bench {
        let mut bench = Bench {
            controller: Controller::new(setup.plan.clone(), Time::ZERO),
            polls: HashMap::new(),
            now: Time::ZERO,
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
        let before = std::mem::replace(&mut self.now, now);
        if let Some((&"late", words)) = words.split_first() {
            self.input(setup, now, words);
            self.drain(setup, now);
            return;
        }
        self.drain(setup, before);
        self.pass(setup, now);
        self.input(setup, now, words);
        self.drain(setup, now);
        self.controller.timeout(now);
        self.drain(setup, now);
        self.pass(setup, now);
    }

    fn pass(&mut self, setup: &Setup, now: Time) {
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
            "route" => self.controller.route(match words[1] {
                "none" => Route::None,
                "relay" => Route::Relay,
                "local" => Route::Local,
                other => panic!("route {other}"),
            }),
            "lease" => self.controller.lease(match words[1] {
                "good" => Lease::Good,
                "ending" => Lease::Ending,
                _ => Lease::Ended,
            }),
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
                    "unclear" => Outcome::Unclear { why: text(3) },
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
                Show::Sleep { panel, asleep } => format!("sleep {} {asleep}", panel.0),
                Show::Layer(layer) => format!("layer {}", plan.layers[usize::from(layer.0)]),
                Show::Notice(text) => format!("notice {text}"),
            };
            writeln!(self.out, "  t={} {line}", ms(now)).unwrap();
        }
        while let Some(call) = self.controller.next_call(now) {
            let order = match call.order {
                Order::Set { point, value, once } => {
                    let once = if once { " once" } else { "" };
                    format!("set {} {value}{once}", name(point))
                }
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
