// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the network and the home do to the world: replies late, cut, lost or of another time; other hands.

use std::time::Duration;

use homey_panel::homey::Value;
use homey_panel::panel::plan::{PointId, StartId};
use homey_panel::panel::{Call, Condition, Order, Outcome, PollId};

use super::hub::Hub;
use super::plans;
use super::world::World;
use crate::targets::input::Input;

/// A poll under way, with the home of its time.
pub struct Poll {
    pub(super) id: PollId,
    /// How many plans there had been.
    pub(super) plan: usize,
    pub(super) home: Hub,
}

impl World {
    pub fn start_poll(&mut self) {
        if self.polls.len() < 4 {
            self.begin_poll();
        }
    }

    pub(super) fn begin_poll(&mut self) {
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
    pub(super) fn tell(&mut self, poll: &Poll, upto: usize, traits: bool, stamp: bool) {
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
        // Whether an older one's traits count is not told.
        self.taught[usize::from(point.0)] |=
            traits && poll.plan == self.plans && self.newest == Some(poll.id);
        let confirmed = self.confirmed[usize::from(point.0)];
        let is_older = confirmed.is_some_and(|newest| poll.id <= newest);
        let condition = self.controller.point(point).map(|(condition, _)| condition);
        // That it is a pulse, which shows no wish, may be news.
        let pulse = !poll.home.specs[self.place(point)].traits.getable;
        if is_older && !pulse && condition != Some(Condition::Pending) {
            assert_eq!(value(self), before, "overwritten by an older read");
        }
    }

    /// Everything that the controller lets be seen.
    pub(super) fn picture(&self) -> String {
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
        for point in self.points().collect::<Vec<_>>() {
            self.controller.unchanged(id, point, self.now);
        }
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

    pub(super) fn end(&mut self, call: Call, outcome: Outcome, ran: bool) {
        self.say(|| format!("end of {:?}: {outcome:?}, ran: {ran}", call.ticket));
        if !matches!(outcome, Outcome::NotSent) {
            self.controller.sent(call.ticket);
        }
        match call.order {
            Order::Set { point, value, .. } => {
                if matches!(outcome, Outcome::NotNow { .. } | Outcome::NotSent) {
                    self.writes[usize::from(point.0)] += 1;
                }
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
}
