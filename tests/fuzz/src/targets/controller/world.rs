// SPDX-License-Identifier: MIT OR Apache-2.0
//! A loop, a network and a hub around a controller, with everything that must hold written down beside it.

use std::collections::HashSet;
use std::time::Duration;

use homey_panel::homey::Value;
use homey_panel::panel::plan::{Action, ControlId, Plan, PointId, StartId};
use homey_panel::panel::{
    Call, Condition, Controller, Edge, Event, Feedback, Link, Order, Outcome, PollId, Show, Tally,
};
use homey_panel::time::Time;

use super::hub::{Hub, Spec};
use super::net::Poll;
use super::plans;
use crate::targets::input::Input;

/// Happenings that a panel which does not ask for them may miss.
const QUEUE: usize = 64;

pub struct World {
    pub(super) controller: Controller,
    pub now: Time,
    pub(super) hub: Hub,
    /// Commands of the plan in force, and those whose end nobody will tell in time or that an older plan gave out.
    pub(super) calls: Vec<Call>,
    pub(super) strays: Vec<(usize, Call)>,
    tickets: HashSet<u32>,
    pub(super) polls: Vec<Poll>,
    pub(super) plans: usize,
    /// The newest poll, and for each point the newest one when a command of it was last confirmed.
    pub(super) newest: Option<PollId>,
    pub(super) confirmed: Vec<Option<PollId>>,
    /// Feedbacks pulled: taken, confirmed, refused, superseded, expired, unknown.
    shown: [u64; 6],
    /// For each start, how often it may still be given out.
    pub(super) allowed: Vec<u64>,
    /// For each point, how often it may still be written; a ramp writes as often as it likes.
    pub(super) writes: Vec<u64>,
    /// For each point, whether a reading told its traits.
    pub(super) taught: Vec<bool>,
    /// The home's time when a poll of this plan last told all of it.
    pub(super) told: Option<Vec<u64>>,
    /// FUZZ_TRACE is set: tell what happens, for whoever reads a finding.
    trace: bool,
}

fn words(tally: &Tally) -> [u64; 6] {
    [
        tally.pressed,
        tally.confirmed,
        tally.refused,
        tally.superseded,
        tally.expired,
        tally.unknown,
    ]
}

impl World {
    pub fn new(input: &mut Input<'_>) -> World {
        let hub = Hub::new(input);
        let plan = plans::plan(input);
        // Machines run for years.
        let now = input.pick(&[Time::ZERO, Time::from_millis(1 << 40)]);
        let world = World {
            confirmed: vec![None; plan.points.len()],
            allowed: vec![0; plan.starts.len()],
            writes: vec![0; plan.points.len()],
            taught: vec![false; plan.points.len()],
            controller: Controller::new(plan, now),
            now,
            hub,
            calls: Vec::new(),
            strays: Vec::new(),
            tickets: HashSet::new(),
            polls: Vec::new(),
            plans: 0,
            newest: None,
            shown: [0; 6],
            told: None,
            trace: std::env::var_os("FUZZ_TRACE").is_some(),
        };
        world.say(|| format!("{:#?}", world.plan()));
        world.say(|| format!("{:#?}", world.hub));
        world
    }

    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:?} {}", self.now, what());
        }
    }

    pub fn plan(&self) -> &Plan {
        self.controller.plan()
    }

    pub(super) fn points(&self) -> impl Iterator<Item = PointId> + use<> {
        (0..self.plan().points.len() as u16).map(PointId)
    }

    /// The place of a point in the home.
    pub(super) fn place(&self, point: PointId) -> usize {
        let device = &self.plan().points[usize::from(point.0)].device;
        device[1..].parse().expect("a device of ours")
    }

    fn spec(&self, point: PointId) -> &Spec {
        &self.hub.specs[self.place(point)]
    }

    pub fn event(&mut self, control: ControlId, edge: Edge, ago: u64) {
        let at = Time::from_micros(self.now.as_micros().saturating_sub(ago * 1000));
        self.say(|| format!("{control:?} {edge:?} of {at:?}"));
        self.controller.event(Event { at, control, edge });
        self.pull_shows();
    }

    pub fn link(&mut self, link: Link) {
        self.say(|| format!("{link:?}"));
        self.controller.link(self.now, link);
        self.pull_shows();
    }

    pub(super) fn pull_shows(&mut self) {
        let (mut happenings, mut last) = (0, None);
        while let Some(show) = self.controller.next_show() {
            self.say(|| format!("  {show:?}"));
            happenings += usize::from(!matches!(show, Show::Look { .. }));
            match show {
                Show::Feedback { control, feedback } => self.feedback(control, feedback),
                Show::Notice(line) => {
                    // Such a press is refused before it is taken.
                    self.shown[0] += u64::from(line == "panel: too many presses at once");
                    assert!(line.chars().count() <= 120 && !line.contains(char::is_control));
                }
                Show::Look { output, look } => {
                    assert!(usize::from(output.0) < self.plan().outputs.len());
                    assert!((0.0..=1.0).contains(&look.level), "{look:?}");
                    assert!(look.on || look.level == 0.0, "{look:?}");
                    assert!(!look.text.contains(char::is_control));
                }
                Show::Layer(layer) => assert!(usize::from(layer.0) < self.plan().layers.len()),
                Show::Link(link) => last = Some(link),
                Show::Sleep { panel, .. } => {
                    let panel = self.plan().panels.get(usize::from(panel.0));
                    assert!(panel.is_some_and(|panel| panel.sleep.is_some()));
                }
            }
        }
        assert!(last.is_none_or(|link| link == self.controller.link_state()));
        let tally = self.controller.tally();
        let ended: u64 = words(&tally)[1..].iter().sum();
        assert_eq!(tally.pressed, ended + tally.open());
        if happenings >= QUEUE {
            self.shown = words(&tally);
        }
        assert_eq!(self.shown, words(&tally), "every end is shown once");
    }

    fn feedback(&mut self, control: ControlId, feedback: Feedback) {
        self.shown[match feedback {
            Feedback::Taken => 0,
            Feedback::Confirmed => 1,
            Feedback::Refused => 2,
            Feedback::Superseded => 3,
            Feedback::Expired => 4,
            Feedback::Unknown => 5,
        }] += 1;
        if feedback != Feedback::Taken {
            return;
        }
        // As often as the gesture that has most of it: which one it was is not told.
        let bindings = &self.controller.plan().controls[usize::from(control.0)].bindings;
        let most = |counts: &dyn Fn(&Action) -> u64| {
            let of = |actions: &[Action]| actions.iter().map(counts).sum::<u64>();
            let all = bindings.iter().map(|(_, actions)| of(actions));
            all.max().unwrap_or(0)
        };
        for (start, allowed) in self.allowed.iter_mut().enumerate() {
            let id = StartId(start as u16);
            *allowed += most(&|action| u64::from(*action == Action::Start(id)));
        }
        for (point, writes) in self.writes.iter_mut().enumerate() {
            let id = PointId(point as u16);
            *writes += most(&|action| match action {
                Action::Ramp { point, .. } if *point == id => 1 << 32,
                Action::Set { point, .. }
                | Action::Toggle { point }
                | Action::Step { point, .. }
                | Action::Cycle { point, .. } => u64::from(*point == id),
                _ => 0,
            });
        }
    }

    /// Takes everything out, as the loop does.
    pub fn pull(&mut self) {
        self.pull_shows();
        while let Some(call) = self.controller.next_call(self.now) {
            self.say(|| format!("  {call:?}"));
            assert!(call.life > self.now, "started after its life");
            assert!(self.tickets.insert(call.ticket.0), "a ticket twice");
            match &call.order {
                Order::Set { point, value, once } => {
                    assert!(usize::from(point.0) < self.plan().points.len());
                    assert!(!matches!(value, Value::Number(number) if !number.is_finite()));
                    let same = |other: &Call| matches!(other.order, Order::Set { point: p, .. } if p == *point);
                    assert!(!self.calls.iter().any(same), "two sets of one point");
                    let pulse = !self.spec(*point).traits.getable;
                    let taught = self.taught[usize::from(point.0)];
                    assert!(*once || !(pulse && taught), "a pulse that may be repeated");
                    let left = &mut self.writes[usize::from(point.0)];
                    assert!(*left > 0, "a set more often than was pressed");
                    *left -= 1;
                }
                Order::Start(start) => {
                    let left = &mut self.allowed[usize::from(start.0)];
                    assert!(*left > 0, "a one-shot more often than was pressed");
                    *left -= 1;
                }
                Order::Read { point } => assert!(usize::from(point.0) < self.plan().points.len()),
            }
            self.calls.push(call);
        }
    }

    /// The loop's turn.
    pub fn timeout(&mut self) {
        // Its own deadline for a whole command is over before the controller gives up on it.
        let now = self.now;
        let late = |call: &Call| call.life + Duration::from_secs(8) < now;
        while let Some(index) = self.calls.iter().position(late) {
            let call = self.calls.remove(index);
            self.end(call, Outcome::Lost, false);
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

    /// Another configuration takes over.
    pub fn reload(&mut self, input: &mut Input<'_>) {
        let plan = plans::plan(input);
        self.say(|| format!("reload {plan:#?}"));
        let pressed = self.controller.tally().pressed;
        let mut next = Controller::new(plan, self.now);
        next.adopt(&self.controller);
        self.controller = next;
        let tally = self.controller.tally();
        assert!(
            self.controller.is_idle() && tally.pressed == pressed,
            "{tally:?}"
        );
        self.strays
            .extend(self.calls.drain(..).map(|call| (self.plans, call)));
        self.plans += 1;
        self.confirmed = vec![None; self.plan().points.len()];
        self.allowed = vec![0; self.plan().starts.len()];
        self.writes = vec![0; self.plan().points.len()];
        self.taught = vec![false; self.plan().points.len()];
        self.shown = words(&tally);
        self.told = None;
        self.pull();
    }

    /// The end: all is accounted for at once.
    pub fn give_up(&mut self) {
        self.controller.give_up(self.now);
        self.pull_shows();
        assert!(self.controller.is_idle(), "{:?}", self.controller.tally());
        assert!(self.controller.next_call(self.now).is_none());
    }

    /// All hands off, a fair hub on a good link: within two minutes all is quiet and true.
    pub fn settle(&mut self) {
        self.say(|| "settle".to_owned());
        self.strays.clear();
        self.hub
            .specs
            .iter_mut()
            .for_each(|spec| spec.available = true);
        self.link(Link::Loading);
        self.link(Link::Ready);
        for control in 0..self.plan().controls.len() {
            self.event(ControlId(control as u16), Edge::Up, 0);
        }
        for round in 0..240 {
            self.now += Duration::from_millis(500);
            self.timeout();
            while !self.calls.is_empty() {
                let call = self.calls.remove(0);
                self.end(call, Outcome::Done { value: None }, true);
                self.pull();
            }
            self.begin_poll();
            for poll in std::mem::take(&mut self.polls) {
                let all = self.points().count();
                self.tell(&poll, all, true, true);
                self.controller.poll_ended(poll.id, self.now, true);
            }
            self.pull();
            // Whatever a hand began is over.
            if round > 10
                && self.controller.is_idle()
                && !self.controller.is_unsettled()
                && self.calls.is_empty()
            {
                break;
            }
        }
        assert!(self.controller.is_idle(), "{:?}", self.controller.tally());
        assert!(!self.controller.is_unsettled());
        for point in self.points() {
            let value = &self.spec(point).value;
            let known = *value != Value::Null || !self.spec(point).traits.getable;
            let condition = if known {
                Condition::Ready
            } else {
                Condition::Unknown
            };
            assert_eq!(self.controller.point(point), Some((condition, Some(value))));
        }
    }

    /// The hub has this value of a point that can be set and keeps what it is set to.
    pub fn assert_has(&self, point: PointId, value: &Value) {
        if usize::from(point.0) < self.plan().points.len() && self.spec(point).traits.setable {
            let spec = self.spec(point);
            assert_eq!(spec.value, spec.kept(value), "the last wish");
        }
    }
}
