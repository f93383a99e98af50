// SPDX-License-Identifier: MIT OR Apache-2.0
//! Actions → commands for the hub, and what becomes of them.
//!
//! Of each point at most one command is under way and at most one waits, the newest. A newer press on the same point takes the
//! waiting one's place. One-shots stand each for itself: starts (flows, moods), and sets of what is never read or was not
//! read yet. They are given out again only after an answer that says that they did not run, and they take each other's place in an
//! outage only. Actions of one press go out in their order, but none waits for another's reply: one
//! dead device must not hold up the rest of a scene.

use std::time::Duration;

use super::inner::Core;
use super::intent::Intent;
use super::plan::{Action, Gesture, LayerChange, LocalId, Plan, PointId, StartId};
use super::press::{Key, Word};
use super::render::link_word;
use super::series::{Act, Fired};
use super::state::Want;
use super::{Call, Link, Order, Ticket};
use crate::homey::Value;
use crate::time::Time;

/// How long after a command's life its outcome may take (a whole command has 5 s) before it counts as lost.
const ANSWER: Duration = Duration::from_secs(15);

const TOO_MANY: &str = "too many at once";

/// Starts that may wait or be under way at once.
const MAX_STARTS: usize = 32;

/// One-shot sets of one point that may wait.
const MAX_ONCE: usize = 32;

/// A flow or mood to be started once.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) start: StartId,
    pub(super) press: Key,
    pub(super) life: Time,
    pub(super) not_before: Time,
    pub(super) place: u64,
    /// Set once it is pulled; with when to give it up.
    pub(super) flight: Option<(Ticket, Time)>,
    pub(super) sent: bool,
    /// `not_before` is the hub's wish, not the time between two tries of ours.
    pub(super) put_off: bool,
}

impl Job {
    pub(super) fn waits_for(&self, start: StartId) -> bool {
        self.flight.is_none() && self.start == start
    }
}

impl Core {
    /// Does one action of the press `press`, which is the gesture `fired`.
    pub(super) fn act(&mut self, plan: &Plan, press: Key, action: &Action, fired: &Fired) {
        match action {
            Action::Set { point, value } => {
                self.want(plan, press, *point, Intent::Value(value.clone()), fired);
            }
            Action::Toggle { point } => {
                self.want(plan, press, *point, Intent::Flip { odd: true }, fired);
            }
            Action::Step { point, by } => {
                let count = fired.count;
                let (own, by) = match by {
                    Some(by) => (0, by * f64::from(count)),
                    None => (count, 0.0),
                };
                self.want(plan, press, *point, Intent::Step { own, by }, fired);
            }
            Action::Cycle { point, values } => {
                let (values, by) = (*values, fired.count);
                self.want(plan, press, *point, Intent::Cycle { values, by }, fired);
            }
            Action::Ramp {
                point,
                by,
                direction,
            } => self.start_ramp(plan, press, (*point, *by, *direction), fired),
            Action::Start(start) => self.start(plan, press, *start, fired),
            Action::Layer(change) => self.change_layer(plan, *change),
            Action::Local { local, to } => self.drive(*local, to.as_ref()),
        }
    }

    fn change_layer(&mut self, plan: &Plan, change: LayerChange) {
        let count = plan.layers.len().min(usize::from(u8::MAX) + 1);
        if count == 0 {
            return;
        }
        let now = usize::from(self.layer.0);
        let to = match change {
            LayerChange::To(layer) => usize::from(layer.0),
            LayerChange::Next => (now + 1) % count,
            LayerChange::Previous => (now + count - 1) % count,
        };
        if to < count && to != now {
            self.show_layer(to);
        }
    }

    /// Drives an output of the panel's own.
    fn drive(&mut self, id: LocalId, to: Option<&Value>) {
        let Some(local) = self.locals.get_mut(usize::from(id.0)) else {
            return;
        };
        let lit = match local {
            Value::Bool(on) => *on,
            Value::Number(level) => *level > 0.0,
            Value::Null | Value::Text(_) => false,
        };
        *local = to.cloned().unwrap_or(Value::Bool(!lit));
        for output in self.tables.local(id) {
            self.stage.touch(usize::from(*output));
        }
    }

    /// Why nothing can be sent in this state of the link, where waiting would not help.
    pub(super) fn barred(&self) -> Option<&'static str> {
        let barred = matches!(self.link, Link::Token | Link::Clock | Link::WrongHub);
        barred.then(|| link_word(self.link))
    }

    fn start(&mut self, plan: &Plan, press: Key, start: StartId, fired: &Fired) {
        self.ledger.add(press);
        let missing = self.missing.get(usize::from(start.0));
        let why = match missing {
            Some(Some(why)) => Some(why.to_string()),
            Some(None) if self.jobs.len() >= MAX_STARTS => Some(TOO_MANY.to_owned()),
            Some(None) => self.barred().map(str::to_owned),
            None => Some("no such start".to_owned()),
        };
        if let Some(why) = why {
            self.refuse(press, &plan.start_name(start), &why);
            return;
        }
        // In an outage the newest wins, as of any target. With a hub every press counts.
        let waits = |job: &Job| job.waits_for(start);
        let older = self.jobs.iter().position(waits);
        let older = older.filter(|_| self.link < Link::Ready);
        let older = older.map(|index| self.jobs.remove(index));
        let put_off = older.as_ref().is_some_and(|older| older.put_off);
        let pause = older.as_ref().map(|older| older.not_before);
        let place = self.next_place();
        self.jobs.push(Job {
            start,
            press,
            life: fired.at + self.tables.life(fired.control),
            not_before: pause.filter(|_| put_off).unwrap_or(Time::ZERO),
            place,
            flight: None,
            sent: false,
            put_off,
        });
        if let Some(older) = older {
            self.give_way(older.press, press);
        }
    }

    /// An outage began: of what waits for one target only the newest is left.
    pub(super) fn merge_waiting(&mut self) {
        for at in 0..self.busy.len() {
            let point = self.points.get_mut(usize::from(self.busy[at].0));
            let Some(point) = point else { continue };
            let newest = point.waiting.as_ref().map(|want| want.press);
            let before = std::mem::take(&mut point.before);
            for (older, newest) in before.into_iter().zip(newest.into_iter().cycle()) {
                self.give_way(older.press, newest);
            }
        }
        let mut index = 0;
        while let Some(job) = self.jobs.get(index) {
            let (start, press, waits) = (job.start, job.press, job.flight.is_none());
            let mut newer = self.jobs.iter().skip(index + 1);
            match newer.rfind(|job| waits && job.waits_for(start)) {
                Some(newest) => {
                    let newest = newest.press;
                    self.jobs.remove(index);
                    self.give_way(press, newest);
                }
                None => index += 1,
            }
        }
    }

    /// A press wants something of a point: one more part of it. `false`: it was refused, and why was said.
    pub(super) fn want(
        &mut self,
        plan: &Plan,
        press: Key,
        id: PointId,
        intent: Intent,
        fired: &Fired,
    ) -> bool {
        let life = fired.at + self.tables.life(fired.control);
        let flows = matches!(fired.act, Act::Gesture(Gesture::Turn | Gesture::HoldRepeat));
        let turned = flows || matches!(intent, Intent::Ramp { .. });
        self.ledger.add(press);
        let barred = self.barred();
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            self.refuse(press, "panel", "no such point");
            return false;
        };
        let traits = point.traits.as_deref();
        let unfit = intent.unfit(traits);
        if let Some(why) = barred.or(point.refusal()).or(unfit) {
            let why = why.to_owned();
            self.refuse(press, &plan.point_name(id), &why);
            return false;
        }
        let asked = self.seq;
        let intent = match point.present(asked) {
            Some(present) => match intent.resolve(plan, present, point.grid()) {
                Ok(value) => Intent::Value(value),
                Err(why) => {
                    self.refuse(press, &plan.point_name(id), why);
                    return false;
                }
            },
            None => intent,
        };
        let apart = point.is_once() && self.link == Link::Ready;
        let is_value = |want: &Want| matches!(want.intent, Intent::Value(_));
        let apart = apart && matches!(intent, Intent::Value(_));
        let mut older = point.waiting.take();
        let pause = older.as_ref().map_or(Time::ZERO, Want::hub_pause);
        let put_off = older.as_ref().is_some_and(|older| older.put_off);
        if let Some(older) = older.take_if(|older| apart && is_value(older)) {
            if point.before.len() >= MAX_ONCE {
                point.waiting = Some(older);
                self.refuse(press, &plan.point_name(id), TOO_MANY);
                return false;
            }
            point.before.push(older);
        }
        // Joined to an older one, it shares that one's read, which may have started before this press.
        let (intent, read, asked) = match (&older, intent) {
            (_, intent @ Intent::Value(_)) => (intent, None, asked),
            (Some(older), intent) => (older.intent.join(intent), older.read, older.asked),
            (None, intent) => (intent, None, asked),
        };
        let place = self.next_place();
        let want = Want {
            press,
            intent,
            life,
            // A pause that the hub asked for holds for the newer one too; a failed try does not.
            not_before: pause,
            place,
            turned,
            asked,
            read,
            put_off,
        };
        if let Some(point) = self.points.get_mut(usize::from(id.0)) {
            point.waiting = Some(want);
        }
        if !self.busy.contains(&id) {
            self.busy.push(id);
        }
        self.touch_point(id);
        if let Some(older) = older {
            self.give_way(older.press, press);
        }
        true
    }

    /// Ends a part of `older`, in whose place one of `newer` came. One of its own is no other press.
    pub(super) fn give_way(&mut self, older: Key, newer: Key) {
        let word = match older == newer {
            true => Word::Confirmed,
            false => Word::Superseded,
        };
        let over = self.ledger.end(older, word);
        self.stage.ended(over);
    }

    /// Ends a part as refused and says why.
    pub(super) fn refuse(&mut self, press: Key, what: &str, why: &str) {
        self.fail(press, Word::Refused, what, why);
    }

    /// Ends a part that did not come to a good end and says why.
    pub(super) fn fail(&mut self, press: Key, word: Word, what: &str, why: &str) {
        self.stage.notice(what, why);
        let over = self.ledger.end(press, word);
        self.stage.ended(over);
    }

    /// Turns a waiting toggle or step into a value, where a reading now allows it.
    pub(super) fn settle_want(&mut self, plan: &Plan, id: PointId) {
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            return;
        };
        let Some(want) = &point.waiting else {
            return;
        };
        if matches!(want.intent, Intent::Value(_)) {
            return;
        }
        let Some(present) = point.present(want.asked).cloned() else {
            return;
        };
        let mut intent = want.intent.clone();
        if let Intent::Ramp {
            share,
            free: free @ true,
        } = &mut intent
        {
            *share = self.settle_ramps(id, &present, *share);
            *free = false;
        }
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            return;
        };
        let unfit = intent.unfit(point.traits.as_deref());
        let resolved = match unfit.or(point.refusal()) {
            Some(why) => Err(why.to_owned()),
            None => intent
                .resolve(plan, &present, point.grid())
                .map_err(str::to_owned),
        };
        match (resolved, &mut point.waiting) {
            (Ok(value), Some(want)) => {
                want.intent = Intent::Value(value);
                want.read = None;
            }
            (Ok(_), None) => {}
            (Err(why), waiting) => {
                if let Some(want) = waiting.take() {
                    self.refuse(want.press, &plan.point_name(id), &why);
                }
            }
        }
    }

    /// The oldest command that may go out now.
    pub(super) fn pull_call(&mut self, plan: &Plan, now: Time) -> Option<Call> {
        if self.ledger.tally.open() == 0 {
            return None;
        }
        let ready = |place: u64, not_before: Time, life: Time| {
            (not_before <= now && now < life).then_some(place)
        };
        let points = self.busy.iter().filter_map(|id| {
            let index = usize::from(id.0);
            let point = self.points.get(index)?;
            let want = point.front()?;
            let free = match want.intent {
                Intent::Value(_) => point.flight.is_none(),
                _ => want.read.is_none(),
            };
            let place = ready(want.place, point.call_at(plan.timing.merge), want.life)?;
            free.then_some((place, true, index))
        });
        let jobs = self.jobs.iter().enumerate().filter_map(|(index, job)| {
            let place = ready(job.place, job.not_before, job.life)?;
            job.flight.is_none().then_some((place, false, index))
        });
        let (_, is_point, index) = points.chain(jobs).min()?;
        self.tickets = self.tickets.wrapping_add(1);
        let ticket = Ticket(self.tickets);
        if is_point {
            self.pull_point(ticket, index, now)
        } else {
            let job = self.jobs.get_mut(index)?;
            job.flight = Some((ticket, job.life.max(now) + ANSWER));
            let (order, life) = (Order::Start(job.start), job.life);
            Some(Call {
                ticket,
                order,
                life,
            })
        }
    }

    fn pull_point(&mut self, ticket: Ticket, index: usize, now: Time) -> Option<Call> {
        let id = PointId(u16::try_from(index).ok()?);
        let point = self.points.get_mut(index)?;
        let mut want = point.take_front()?;
        let life = want.life;
        let give_up = life.max(now) + ANSWER;
        let order = match &want.intent {
            Intent::Value(value) => {
                let value = value.clone();
                self.seq += 1;
                let once = point.is_once();
                point.fly(ticket, want, value.clone(), self.seq, now, give_up);
                Order::Set {
                    point: id,
                    value,
                    once,
                }
            }
            _ => {
                want.read = Some((ticket, give_up));
                point.waiting = Some(want);
                Order::Read { point: id }
            }
        };
        Some(Call {
            ticket,
            order,
            life,
        })
    }
}
