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
use super::plans;
use crate::targets::input::Input;

/// Happenings that a panel which does not ask for them may miss.
const QUEUE: usize = 64;

/// A poll under way, with the home of its time.
struct Poll {
    id: PollId,
    /// How many plans there had been.
    plan: usize,
    home: Hub,
}

pub struct World {
    controller: Controller,
    pub now: Time,
    hub: Hub,
    /// Commands of the plan in force, and those whose end nobody will tell in time or that an older plan gave out.
    calls: Vec<Call>,
    strays: Vec<(usize, Call)>,
    tickets: HashSet<u32>,
    polls: Vec<Poll>,
    plans: usize,
    /// The newest poll, and for each point the newest one when a command of it was last confirmed.
    newest: Option<PollId>,
    confirmed: Vec<Option<PollId>>,
    /// Feedbacks pulled: taken, confirmed, refused, superseded, expired, unknown.
    shown: [u64; 6],
    /// For each start, how often it may still be given out.
    allowed: Vec<u64>,
    /// The home's time when a poll of this plan last told all of it.
    told: Option<Vec<u64>>,
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

    fn say(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:?} {}", self.now, what());
        }
    }

    pub fn plan(&self) -> &Plan {
        self.controller.plan()
    }

    fn points(&self) -> impl Iterator<Item = PointId> + use<> {
        (0..self.plan().points.len() as u16).map(PointId)
    }

    /// The place of a point in the home.
    fn place(&self, point: PointId) -> usize {
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

    fn pull_shows(&mut self) {
        let (mut happenings, mut last) = (0, None);
        while let Some(show) = self.controller.next_show() {
            self.say(|| format!("  {show:?}"));
            happenings += usize::from(!matches!(show, Show::Look { .. }));
            match show {
                Show::Feedback { control, feedback } => self.feedback(control, feedback),
                Show::Notice(line) => {
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
        for start in 0..self.allowed.len() {
            let id = StartId(start as u16);
            let of = |actions: &[Action]| {
                let is_it = |action: &&Action| **action == Action::Start(id);
                actions.iter().filter(is_it).count() as u64
            };
            let bindings = &self.plan().controls[usize::from(control.0)].bindings;
            let most = bindings.iter().map(|(_, actions)| of(actions)).max();
            self.allowed[start] += most.unwrap_or(0);
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
                Order::Set { point, value } => {
                    assert!(usize::from(point.0) < self.plan().points.len());
                    assert!(!matches!(value, Value::Number(number) if !number.is_finite()));
                    let same = |other: &Call| matches!(other.order, Order::Set { point: p, .. } if p == *point);
                    assert!(!self.calls.iter().any(same), "two sets of one point");
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

    pub fn start_poll(&mut self) {
        if self.polls.len() < 4 {
            self.begin_poll();
        }
    }

    fn begin_poll(&mut self) {
        let id = self.controller.poll_started(self.now);
        self.newest = Some(id);
        self.polls.push(Poll {
            id,
            plan: self.plans,
            home: self.hub.clone(),
        });
    }

    /// A poll's reply comes, whole or not.
    pub fn end_poll(&mut self, input: &mut Input<'_>) {
        if self.polls.is_empty() {
            return;
        }
        let poll = self.polls.remove(input.below(self.polls.len()));
        let how = input.byte();
        let points = self.points().count();
        let upto = if how & 3 == 3 {
            input.below(points + 1)
        } else {
            points
        };
        self.tell(&poll, upto, how & 4 == 0, how & 8 == 0);
        self.controller
            .poll_ended(poll.id, self.now, upto == points);
    }

    /// Brings the first `upto` points of a poll. What was read before a command was confirmed must change nothing, nor what an
    /// older plan asked for.
    fn tell(&mut self, poll: &Poll, upto: usize, traits: bool, stamp: bool) {
        let before = self.picture();
        for point in self.points().take(upto) {
            self.hear(poll, point, traits, stamp);
        }
        if poll.plan != self.plans {
            assert_eq!(before, self.picture(), "an older plan's poll did something");
        }
        let whole = upto == self.points().count() && traits && stamp;
        if whole && poll.plan == self.plans {
            self.told = Some(poll.home.specs.iter().map(|spec| spec.stamp).collect());
        }
    }

    fn hear(&mut self, poll: &Poll, point: PointId, traits: bool, stamp: bool) {
        self.say(|| format!("{:?} tells of {point:?}", poll.id));
        let reading = poll.home.specs[self.place(point)].reading(traits, stamp);
        let value = |world: &World| world.controller.point(point).and_then(|(_, v)| v.cloned());
        let before = value(self);
        self.controller.update(poll.id, point, reading, self.now);
        let confirmed = self.confirmed[usize::from(point.0)];
        let is_older = confirmed.is_some_and(|newest| poll.id <= newest);
        let condition = self.controller.point(point).map(|(condition, _)| condition);
        if is_older && condition != Some(Condition::Pending) {
            assert_eq!(value(self), before, "overwritten by an older read");
        }
    }

    /// Everything that the controller lets be seen.
    fn picture(&self) -> String {
        let points: Vec<_> = self.points().map(|id| self.controller.point(id)).collect();
        format!("{points:?} {:?}", self.controller.tally())
    }

    /// The hub says that nothing has changed, where that is so and may be asked.
    pub fn unchanged(&mut self) {
        let stamps: Vec<u64> = self.hub.specs.iter().map(|spec| spec.stamp).collect();
        if self.controller.is_unsettled() || self.told.as_ref() != Some(&stamps) {
            return;
        }
        let id = self.controller.poll_started(self.now);
        self.newest = Some(id);
        self.controller.unchanged(id, self.now);
        self.controller.poll_ended(id, self.now, true);
    }

    /// A command ends somehow, or nobody will ever tell how.
    pub fn answer(&mut self, input: &mut Input<'_>) {
        if self.calls.is_empty() {
            return;
        }
        let call = self.calls.remove(input.below(self.calls.len()));
        let pause = Duration::from_millis(u64::from(input.byte()) * 40);
        let (outcome, ran) = match input.below(16) {
            0..8 => (Outcome::Done { value: None }, true),
            8 => {
                let value = Some(plans::value(input));
                (Outcome::Done { value }, true)
            }
            9 => {
                let why = "no\u{1b}[2J\n".repeat(50);
                (Outcome::Refused { why }, false)
            }
            10 => (Outcome::NotNow { pause }, false),
            11 => (Outcome::NotSent, false),
            12 => (Outcome::Lost, true),
            13 => (Outcome::Lost, false),
            // The device lags: the hub says yes, and does it later or never.
            14 => (Outcome::Done { value: None }, false),
            _ => return self.strays.push((self.plans, call)),
        };
        self.end(call, outcome, ran);
    }

    fn end(&mut self, call: Call, outcome: Outcome, ran: bool) {
        self.say(|| format!("end of {:?}: {outcome:?}, ran: {ran}", call.ticket));
        if !matches!(outcome, Outcome::NotSent) {
            self.controller.sent(call.ticket);
        }
        match call.order {
            Order::Set { point, value } => {
                if ran {
                    self.hub.write(self.place(point), &value);
                }
                if matches!(outcome, Outcome::Done { .. }) {
                    self.confirmed[usize::from(point.0)] = self.newest;
                }
            }
            Order::Read { point } if ran => {
                self.begin_poll();
                if let Some(poll) = self.polls.pop() {
                    self.hear(&poll, point, true, true);
                }
            }
            Order::Read { .. } => {}
            Order::Start(start) => {
                if matches!(outcome, Outcome::NotNow { .. } | Outcome::NotSent) {
                    self.allowed[usize::from(start.0)] += 1;
                }
            }
        }
        self.controller.outcome(call.ticket, outcome, self.now);
        self.pull_shows();
    }

    /// The end of a command is told that was given up, or that an older plan gave out.
    pub fn stray(&mut self, input: &mut Input<'_>) {
        if self.strays.is_empty() {
            return;
        }
        let (plan, call) = self.strays.remove(input.below(self.strays.len()));
        let outcome = match input.below(4) {
            0 => Outcome::Done { value: None },
            1 => Outcome::Lost,
            2 => Outcome::NotSent,
            _ => Outcome::Refused { why: "no".into() },
        };
        if plan == self.plans {
            // Whether the controller has given it up by now is its own business, so it proves nothing.
            let confirmed = self.confirmed.clone();
            self.end(call, outcome, false);
            self.confirmed = confirmed;
            return;
        }
        let before = self.picture();
        self.controller.sent(call.ticket);
        self.controller.outcome(call.ticket, outcome, self.now);
        assert_eq!(
            before,
            self.picture(),
            "an older plan's command did something"
        );
    }

    /// Another hand, another app.
    pub fn change_home(&mut self, input: &mut Input<'_>) {
        let at = input.below(self.hub.specs.len());
        if input.once_in(4) {
            let spec = &mut self.hub.specs[at];
            spec.available = !spec.available;
        } else {
            let value = if input.once_in(8) {
                Value::Null
            } else {
                plans::value(input)
            };
            self.hub.write(at, &value);
        }
        self.told = None;
    }

    pub fn missing(&mut self, point: PointId) {
        self.say(|| format!("missing {point:?}"));
        self.controller.missing(point, "gone\r\n".into());
        self.pull_shows();
    }

    pub fn start_missing(&mut self, start: StartId, missing: bool) {
        if missing {
            self.controller.start_missing(start, "gone".into());
        } else {
            self.controller.start_found(start);
        }
        self.pull_shows();
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
