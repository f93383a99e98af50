// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random hands, hubs and networks with a fixed seed: what must hold whatever happens.

use std::collections::HashSet;
use std::time::Duration;

use homey_panel::homey::{Reading, Value};
use homey_panel::panel::plan::{ControlId, PointId};
use homey_panel::panel::{
    Call, Condition, Controller, Edge, Event, Feedback, Link, Order, Outcome, PollId, Show, Tally,
};
use homey_panel::time::Time;

use crate::sample::{
    CONTROLS, HEAT_SET, KNOB, ONLY, ONLY_START, RELAY, RELAY_OUTPUT, RING, TOGGLE, plan, traits,
};

struct Dice(u64);

impl Dice {
    /// Evenly 0..n, by Knuth's generator.
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A loop, a network and a hub around a controller.
struct World {
    controller: Controller,
    now: Time,
    hub: [Value; 4],
    stamp: u64,
    stamps: [u64; 4],
    calls: Vec<Call>,
    tickets: HashSet<u32>,
    /// Polls under way, with the hub's state of their time.
    polls: Vec<(PollId, [Value; 4], [u64; 4])>,
    /// The newest poll at each point's last confirmation.
    newest: Option<PollId>,
    confirmed: [Option<PollId>; 4],
    /// Feedbacks shown: taken, confirmed, refused, superseded, expired, unknown.
    shown: [u64; 6],
    /// Flows started, and those of them that only one control starts.
    runs: [u64; 2],
    rings: u64,
    /// Feedbacks of the controls of one-shots, and of the local output's.
    ends: [[u64; 6]; 3],
    relay: bool,
    asleep: bool,
    /// A hand was on the second panel since the last time that something was pulled.
    touched: bool,
}

/// Whose one-shots are counted.
const COUNTED: [ControlId; 3] = [ONLY, RING, RELAY];

/// Confirmed, refused, superseded, expired, unknown.
fn words(tally: &Tally) -> [u64; 5] {
    let Tally {
        confirmed,
        refused,
        superseded,
        expired,
        unknown,
        ..
    } = *tally;
    [confirmed, refused, superseded, expired, unknown]
}

impl World {
    fn new() -> World {
        World {
            controller: Controller::new(plan(), Time::ZERO),
            now: Time::ZERO,
            hub: [
                Value::Bool(false),
                Value::Number(0.2),
                Value::Number(19.0),
                Value::Null,
            ],
            stamp: 1,
            stamps: [1; 4],
            calls: Vec::new(),
            tickets: HashSet::new(),
            polls: Vec::new(),
            newest: None,
            confirmed: [None; 4],
            shown: [0; 6],
            runs: [0; 2],
            rings: 0,
            ends: [[0; 6]; 3],
            relay: false,
            asleep: false,
            touched: false,
        }
    }

    fn write(&mut self, point: usize, value: Value) {
        self.stamp += 1;
        self.stamps[point] = self.stamp;
        if point != 3 {
            self.hub[point] = value;
        } else {
            self.rings += 1;
        }
    }

    fn event(&mut self, control: ControlId, edge: Edge, ago: u64) {
        let at = Time::from_micros(self.now.as_micros().saturating_sub(ago * 1000));
        self.touched |= control.0 >= 11;
        self.controller.event(Event { at, control, edge });
    }

    fn pull(&mut self) {
        while let Some(show) = self.controller.next_show() {
            match show {
                Show::Feedback { control, feedback } => {
                    let word = match feedback {
                        Feedback::Taken => 0,
                        Feedback::Confirmed => 1,
                        Feedback::Refused => 2,
                        Feedback::Superseded => 3,
                        Feedback::Expired => 4,
                        Feedback::Unknown => 5,
                    };
                    self.shown[word] += 1;
                    if let Some(counted) = COUNTED.iter().position(|id| *id == control) {
                        self.ends[counted][word] += 1;
                    }
                }
                Show::Look { output, look } if output == RELAY_OUTPUT => self.relay = look.on,
                Show::Sleep { panel, asleep } => {
                    assert_eq!(panel.0, 1, "a panel that never sleeps");
                    assert!(asleep || !self.asleep || self.touched, "it woke by itself");
                    self.asleep = asleep;
                }
                Show::Notice(line) => assert!(line.chars().count() <= 120),
                _ => {}
            }
        }
        self.touched = false;
        let tally = self.controller.tally();
        let words = words(&tally);
        assert_eq!(self.shown[1..], words, "every end is shown once");
        assert_eq!(self.shown[0], tally.pressed);
        assert_eq!(tally.pressed, words.iter().sum::<u64>() + tally.open());
        while let Some(call) = self.controller.next_call(self.now) {
            assert!(call.life > self.now, "started after its life");
            assert!(self.tickets.insert(call.ticket.0), "a ticket twice");
            if let Order::Set { point, once, .. } = call.order {
                assert!(
                    once || point.0 != 3 || self.newest.is_none(),
                    "a pulse is a one-shot"
                );
                let other =
                    |other: &Call| matches!(other.order, Order::Set { point: p, .. } if p == point);
                assert!(
                    !self.calls.iter().any(other),
                    "two sets of one point under way"
                );
            }
            self.calls.push(call);
        }
    }

    fn timeout(&mut self) {
        // The loop's own deadline for a whole command, 5 s, is over before the controller gives up on it.
        while let Some(index) =
            (self.calls.iter()).position(|call| call.life + Duration::from_secs(8) < self.now)
        {
            self.answer(index, 9);
        }
        self.controller.timeout(self.now);
        let next = self.controller.poll_at();
        assert!(
            next.is_none_or(|next| next > self.now),
            "{next:?} is not after {:?}",
            self.now
        );
        self.pull();
    }

    fn start_poll(&mut self) {
        let poll = self.controller.poll_started(self.now);
        self.newest = Some(poll);
        self.polls.push((poll, self.hub.clone(), self.stamps));
    }

    /// Brings a poll's reply, or one point of it. What was read before a command was confirmed must change nothing.
    fn end_poll(&mut self, index: usize, only: Option<PointId>) {
        let (poll, hub, stamps) = self.polls.remove(index);
        for point in 0..4u16 {
            let (id, at) = (PointId(point), usize::from(point));
            if only.is_some_and(|only| only != id) {
                continue;
            }
            let before = self.controller.point(id).unwrap().1.cloned();
            let reading = Reading {
                value: hub[at].clone(),
                available: true,
                updated: Some(stamps[at]),
                traits: Some(Box::new(traits(at))),
            };
            self.controller.update(poll, id, reading, self.now);
            if self.confirmed[at].is_some_and(|newest| poll <= newest)
                && self.controller.point(id).unwrap().0 != Condition::Pending
            {
                assert_eq!(
                    self.controller.point(id).unwrap().1.cloned(),
                    before,
                    "overwritten by an older read"
                );
            }
        }
        self.controller.poll_ended(poll, self.now, true);
    }

    fn answer(&mut self, index: usize, dice: u64) {
        let call = self.calls.remove(index);
        self.controller.sent(call.ticket);
        let outcome = match dice {
            0..6 => Outcome::Done { value: None },
            6 => Outcome::Refused {
                why: "no\u{1b}[2J".repeat(50),
            },
            7 => Outcome::NotNow {
                pause: Duration::from_millis(700),
            },
            8 => Outcome::NotSent,
            _ => Outcome::Lost,
        };
        let ran = matches!(outcome, Outcome::Done { .. })
            || (outcome == Outcome::Lost && call.ticket.0 % 2 == 0);
        match call.order {
            Order::Set { point, value, .. } if ran => {
                self.write(usize::from(point.0), value);
                if outcome != Outcome::Lost {
                    self.confirmed[usize::from(point.0)] = self.newest;
                }
            }
            Order::Start(start) if ran => self.runs[usize::from(start == ONLY_START)] += 1,
            Order::Read { point } if ran => {
                self.start_poll();
                self.end_poll(self.polls.len() - 1, Some(point));
            }
            _ => {}
        }
        self.controller.outcome(call.ticket, outcome, self.now);
    }

    /// What ran lies between what was confirmed and that with what is unknown: no one-shot is lost or doubled.
    fn count_one_shots(&self) {
        for (ran, ends) in [self.runs[1], self.rings].into_iter().zip(self.ends) {
            let [taken, confirmed, .., unknown] = ends;
            assert!(taken == ends[1..].iter().sum::<u64>());
            let range = confirmed..=confirmed + unknown;
            assert!(range.contains(&ran), "{ran} ran, of {ends:?}");
        }
        let [taken, confirmed, ..] = self.ends[2];
        assert_eq!(taken, confirmed, "a local output needs no hub");
        assert_eq!(self.relay, confirmed % 2 == 1);
    }

    /// A good hub on a good link, until all is quiet.
    fn settle(&mut self) {
        self.controller.link(self.now, Link::Loading);
        self.controller.link(self.now, Link::Ready);
        for _ in 0..40 {
            self.now += Duration::from_millis(300);
            self.timeout();
            while !self.calls.is_empty() {
                self.answer(0, 0);
                self.pull();
            }
            self.start_poll();
            while !self.polls.is_empty() {
                self.end_poll(0, None);
            }
            self.pull();
        }
        assert!(self.controller.is_idle(), "{:?}", self.controller.tally());
        assert!(!self.controller.is_unsettled());
        self.count_one_shots();
        for (index, value) in self.hub.iter().enumerate() {
            let shown = self.controller.point(PointId(index as u16)).unwrap();
            assert_eq!(shown, (Condition::Ready, Some(value)));
        }
    }

    /// One thing of many.
    fn step(&mut self, dice: &mut Dice) {
        self.now += Duration::from_micros(dice.roll(300_000));
        let (control, ago) = (ControlId(dice.roll(CONTROLS + 1) as u16), dice.roll(120));
        match dice.roll(24) {
            0..5 => self.event(control, Edge::Down, ago),
            5..9 => self.event(control, Edge::Up, ago),
            9 => self.event(control, Edge::Tap, ago * 40),
            10 => self.event(control, Edge::Held, ago),
            11..13 => {
                let count = dice.roll(9) as i32 - 4;
                self.event(control, Edge::Turn(count), ago);
            }
            13 => {
                let states = [
                    Link::Down,
                    Link::NoHub,
                    Link::Token,
                    Link::Loading,
                    Link::Ready,
                    Link::Ready,
                    Link::Ready,
                    Link::Ready,
                ];
                self.controller
                    .link(self.now, states[dice.roll(8) as usize]);
            }
            14..16 if self.polls.len() < 3 => self.start_poll(),
            16..18 if !self.polls.is_empty() => {
                let index = dice.roll(self.polls.len() as u64) as usize;
                self.end_poll(index, None);
            }
            18..22 if !self.calls.is_empty() => {
                let index = dice.roll(self.calls.len() as u64) as usize;
                self.answer(index, dice.roll(10));
            }
            22 => self.write(1, Value::Number(dice.roll(101) as f64 / 100.0)),
            23 if dice.roll(8) == 0 => self
                .controller
                .missing(PointId(dice.roll(6) as u16), "gone".into()),
            23 if dice.roll(8) == 0 => self.now += Duration::from_secs(dice.roll(90)),
            _ => {}
        }
        if dice.roll(4) > 0 {
            self.timeout();
        } else {
            self.pull();
        }
    }
}

#[test]
fn whatever_happens_every_press_ends_in_one_word() {
    let mut sums = [0; 5];
    for seed in 0..300 {
        let (mut world, mut dice) = (World::new(), Dice(seed));
        for _ in 0..400 {
            world.step(&mut dice);
        }
        world.settle();
        let tally = world.controller.tally();
        let runs = world.runs.iter().sum::<u64>();
        assert!(tally.pressed > 20 && runs <= tally.pressed, "{tally:?}");
        for (sum, count) in sums.iter_mut().zip(words(&tally)) {
            *sum += count;
        }
    }
    assert!(
        sums.iter().all(|sum| *sum > 300),
        "a word that hardly came up: {sums:?}"
    );
}

#[test]
fn the_last_wish_is_what_the_hub_gets() {
    for seed in 0..100 {
        let (mut world, mut dice) = (World::new(), Dice(seed));
        for _ in 0..100 {
            world.step(&mut dice);
        }
        world.settle();
        let (mut on, mut dim) = (world.hub[0] == Value::Bool(true), 0.0);
        if let Value::Number(number) = world.hub[1] {
            dim = number;
        }
        for _ in 0..60 {
            world.now += Duration::from_millis(dice.roll(80));
            match dice.roll(4) {
                0 => {
                    world.event(TOGGLE, Edge::Tap, 0);
                    on = !on;
                }
                1 => {
                    let count = dice.roll(41) as i32 - 20;
                    world.event(KNOB, Edge::Turn(count), 0);
                    dim = (dim + f64::from(count) / 100.0).clamp(0.0, 1.0);
                }
                2 if !world.calls.is_empty() => world.answer(0, 0),
                _ => world.start_poll(),
            }
            if world.polls.len() > 2 {
                world.end_poll(0, None);
            }
            world.timeout();
        }
        world.event(HEAT_SET, Edge::Tap, 0);
        world.settle();
        assert_eq!(world.hub[0], Value::Bool(on), "seed {seed}");
        let Value::Number(got) = world.hub[1] else {
            panic!()
        };
        assert!((got - dim).abs() < 1e-9, "seed {seed}: {got} {dim}");
        assert_eq!(world.hub[2], Value::Number(21.5));
    }
}

#[test]
fn nothing_that_it_keeps_grows() {
    let (mut world, mut dice) = (World::new(), Dice(1));
    let size = |world: &World| format!("{:?}", world.controller).len();
    for _ in 0..2_000 {
        world.step(&mut dice);
    }
    world.settle();
    let early = size(&world);
    for _ in 0..20_000 {
        world.step(&mut dice);
    }
    world.settle();
    assert!(size(&world) < early + early / 4, "{early} {}", size(&world));
}
