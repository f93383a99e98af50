// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of commands: their outcomes, their expiry, and when to look again.
//!
//! An outcome that says "it did not run" puts the command back to wait within its life, unless a newer one for the same point waits
//! already. Any other ends it, in one word, and a bad end says why.

use std::time::Duration;

use super::inner::Core;
use super::intent::Intent;
use super::plan::{Plan, PointId, StartId};
use super::press::Word;
use super::render::link_word;
use super::state::{PointState, Want};
use super::{Link, Outcome, Ticket};
use crate::time::Time;

/// Between two tries of a command that could not be sent, unless that is more than a quarter of a press's life.
const RETRY: Duration = Duration::from_millis(250);

const LOST: &str = "reply lost, it may have been done";
const STOPPED: &str = "not sent before the end";
const NO_READING: &str = "the hub gave no reading of it";

fn retry(plan: &Plan) -> Duration {
    RETRY.min(plan.timing.press_life / 4)
}

/// What comes of a command that the hub put off: its pause, from both kinds of "it did not run".
fn pause_of(plan: &Plan, outcome: &Outcome) -> Option<Duration> {
    let retry = retry(plan);
    match outcome {
        Outcome::NotNow { pause } => Some(retry.max(*pause)),
        Outcome::NotSent => Some(retry),
        _ => None,
    }
}

fn unclear(why: &str) -> String {
    format!("may have been done: {why}")
}

fn late(link: Link) -> String {
    format!("not sent in time ({})", link_word(link))
}

impl Core {
    /// The bytes of this command may have left.
    pub(super) fn mark_sent(&mut self, ticket: Ticket) {
        for id in &self.busy {
            let point = self.points.get_mut(usize::from(id.0));
            if let Some(flight) = point.and_then(|point| point.flight.as_mut()) {
                flight.sent |= flight.ticket == ticket;
            }
        }
        for job in &mut self.jobs {
            job.sent |= job.flight.is_some_and(|(own, _)| own == ticket);
        }
    }

    /// A command ended; an unknown ticket is one that was given up or of an older plan.
    pub(super) fn end_call(&mut self, plan: &Plan, ticket: Ticket, outcome: &Outcome, now: Time) {
        let is_mine = |flight: Option<(Ticket, Time)>| flight.is_some_and(|(own, _)| own == ticket);
        for at in 0..self.busy.len() {
            let id = self.busy[at];
            let Some(point) = self.points.get(usize::from(id.0)) else {
                continue;
            };
            let set = point
                .flight
                .as_ref()
                .is_some_and(|flight| flight.ticket == ticket);
            let read = point
                .waiting
                .as_ref()
                .is_some_and(|want| is_mine(want.read));
            if set || read {
                if set {
                    self.end_set(plan, id, outcome, now);
                } else {
                    self.end_read(plan, id, outcome, now);
                }
                self.touch_point(id);
                self.tidy();
                return;
            }
        }
        if let Some(index) = self.jobs.iter().position(|job| is_mine(job.flight)) {
            self.end_start(plan, index, outcome, now);
        }
    }

    fn end_set(&mut self, plan: &Plan, id: PointId, outcome: &Outcome, now: Time) {
        let fresh = self.link >= Link::Loading;
        let place = self.next_place();
        self.seq += 1;
        self.stale_at.set(None);
        let barred = self.barred();
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            return;
        };
        let Some(flight) = point.flight.take() else {
            return;
        };
        let press = flight.press;
        let over = match outcome {
            Outcome::Done { value } => {
                point.confirm(
                    flight,
                    value.as_ref(),
                    self.seq,
                    fresh,
                    now,
                    plan.timing.settle,
                );
                self.ledger.end(press, Word::Confirmed)
            }
            Outcome::Refused { why } => return self.refuse(press, &plan.point_name(id), why),
            Outcome::Lost => {
                point.lose(self.seq);
                return self.fail(press, Word::Unknown, &plan.point_name(id), LOST);
            }
            Outcome::Unclear { why } => {
                point.lose(self.seq);
                return self.fail(press, Word::Unknown, &plan.point_name(id), &unclear(why));
            }
            Outcome::NotNow { .. } | Outcome::NotSent => {
                let pause = pause_of(plan, outcome).unwrap_or(retry(plan));
                let put_off = matches!(outcome, Outcome::NotNow { .. });
                let apart = flight.once && self.link == Link::Ready;
                let newer = point.waiting.as_mut().filter(|_| !apart);
                if let Some(newer) = newer {
                    if put_off {
                        newer.not_before = newer.not_before.max(now + pause);
                        newer.put_off = true;
                    }
                    let newer = newer.press;
                    return self.give_way(press, newer);
                } else if let Some(why) = barred {
                    return self.refuse(press, &plan.point_name(id), why);
                } else if now >= flight.life {
                    let why = late(self.link);
                    return self.fail(press, Word::Expired, &plan.point_name(id), &why);
                } else {
                    point.put_back(Want {
                        press,
                        intent: Intent::Value(flight.value),
                        life: flight.life,
                        not_before: now + pause,
                        place,
                        turned: false,
                        asked: self.seq,
                        read: None,
                        put_off,
                    });
                    None
                }
            }
        };
        self.stage.ended(over);
    }

    /// A read for a toggle or a step ended; where it brought a reading, `settle_want` has seen to it before.
    fn end_read(&mut self, plan: &Plan, id: PointId, outcome: &Outcome, now: Time) {
        let barred = self.barred();
        let Some(point) = self.points.get_mut(usize::from(id.0)) else {
            return;
        };
        let Some(want) = &mut point.waiting else {
            return;
        };
        want.read = None;
        let why = match outcome {
            Outcome::Refused { why } => why.clone(),
            Outcome::Done { .. } => {
                // Its reading was not heeded, being of a device that lags behind our last command: that one counts.
                let grid = Some(point.grid());
                let value = point.settling().zip(grid).zip(point.waiting.as_ref());
                let value = value
                    .and_then(|((base, grid), want)| want.intent.resolve(plan, base, grid).ok());
                match (value, &mut point.waiting) {
                    (Some(value), Some(want)) => return want.intent = Intent::Value(value),
                    _ => NO_READING.to_owned(),
                }
            }
            // Reading again does no harm, so a lost reply is as good as none sent.
            Outcome::NotNow { .. } | Outcome::NotSent | Outcome::Lost | Outcome::Unclear { .. } => {
                want.not_before = now + pause_of(plan, outcome).unwrap_or(retry(plan));
                want.put_off |= matches!(outcome, Outcome::NotNow { .. });
                match barred {
                    Some(why) => why.to_owned(),
                    None => return,
                }
            }
        };
        if let Some(want) = point.waiting.take() {
            self.refuse(want.press, &plan.point_name(id), &why);
        }
    }

    fn end_start(&mut self, plan: &Plan, index: usize, outcome: &Outcome, now: Time) {
        let barred = self.barred();
        let link = self.link;
        if let (Some(pause), Some(job)) = (pause_of(plan, outcome), self.jobs.get_mut(index)) {
            if barred.is_none() && now < job.life {
                job.flight = None;
                job.sent = false;
                job.not_before = now + pause;
                job.put_off = matches!(outcome, Outcome::NotNow { .. });
                if link < Link::Ready {
                    self.merge_waiting();
                }
                return;
            }
        }
        let job = self.jobs.remove(index);
        let name = plan.start_name(job.start);
        match outcome {
            Outcome::Done { .. } => {
                let over = self.ledger.end(job.press, Word::Confirmed);
                self.stage.ended(over);
            }
            Outcome::Refused { why } => self.refuse(job.press, &name, why),
            Outcome::Lost => self.fail(job.press, Word::Unknown, &name, LOST),
            Outcome::Unclear { why } => {
                self.fail(job.press, Word::Unknown, &name, &unclear(why));
            }
            Outcome::NotNow { .. } | Outcome::NotSent => match barred {
                Some(why) => self.refuse(job.press, &name, why),
                None => self.fail(job.press, Word::Expired, &name, &late(link)),
            },
        }
    }

    /// Refuses what waits for the points and starts that `which` names (`None`, `None`: all of it).
    pub(super) fn refuse_waiting(
        &mut self,
        plan: &Plan,
        only: Option<PointId>,
        start: Option<StartId>,
        why: &str,
    ) {
        let all = only.is_none() && start.is_none();
        for at in 0..self.busy.len() {
            let id = self.busy[at];
            if all || only == Some(id) {
                while let Some(want) = self.take_waiting(id, |_| true) {
                    self.refuse(want.press, &plan.point_name(id), why);
                    self.touch_point(id);
                }
            }
        }
        let mut index = 0;
        while index < self.jobs.len() {
            let job = &self.jobs[index];
            if job.flight.is_none() && (all || start == Some(job.start)) {
                let job = self.jobs.remove(index);
                self.refuse(job.press, &plan.start_name(job.start), why);
            } else {
                index += 1;
            }
        }
    }

    /// Ends what has waited past its life, and what has no outcome long after that.
    pub(super) fn expire(&mut self, plan: &Plan, now: Time) {
        if self.ledger.tally.open() == 0 {
            return;
        }
        let why = late(self.link);
        for at in 0..self.busy.len() {
            let id = self.busy[at];
            let Some(point) = self.points.get_mut(usize::from(id.0)) else {
                continue;
            };
            let flight = &point.flight;
            let lost = flight.as_ref().is_some_and(|flight| flight.give_up <= now);
            while let Some(want) = self.take_waiting(id, |want| want.life <= now) {
                self.fail(want.press, Word::Expired, &plan.point_name(id), &why);
                self.touch_point(id);
            }
            if lost {
                self.end_set(plan, id, &Outcome::Lost, now);
                self.touch_point(id);
            }
        }
        self.tidy();
        let mut index = 0;
        while index < self.jobs.len() {
            let job = &self.jobs[index];
            match job.flight {
                Some((_, give_up)) if give_up <= now => {
                    self.end_start(plan, index, &Outcome::Lost, now)
                }
                None if job.life <= now => {
                    let job = self.jobs.remove(index);
                    self.fail(job.press, Word::Expired, &plan.start_name(job.start), &why);
                }
                _ => index += 1,
            }
        }
    }

    /// Ends everything that is open: sent ones as unknown, the others as expired.
    pub(super) fn give_up(&mut self, plan: &Plan, now: Time) {
        for at in 0..self.busy.len() {
            let id = self.busy[at];
            let Some(point) = self.points.get_mut(usize::from(id.0)) else {
                continue;
            };
            // One that was not sent will not be.
            let unsent = point.flight.take_if(|flight| !flight.sent);
            let sent = point.flight.is_some();
            while let Some(want) = self.take_waiting(id, |_| true) {
                self.fail(want.press, Word::Expired, &plan.point_name(id), STOPPED);
            }
            if let Some(flight) = unsent {
                self.fail(flight.press, Word::Expired, &plan.point_name(id), STOPPED);
            }
            if sent {
                self.end_set(plan, id, &Outcome::Lost, now);
            }
            self.touch_point(id);
        }
        self.tidy();
        self.stop_ramps(None);
        while let Some(job) = self.jobs.pop() {
            let (word, why) = if job.sent {
                (Word::Unknown, LOST)
            } else {
                (Word::Expired, STOPPED)
            };
            self.fail(job.press, word, &plan.start_name(job.start), why);
        }
    }

    fn take_waiting(&mut self, id: PointId, which: impl Fn(&Want) -> bool) -> Option<Want> {
        let point = self.points.get_mut(usize::from(id.0))?;
        point.take_waiting(which)
    }

    /// Forgets the points where nothing waits or is under way any more.
    fn tidy(&mut self) {
        let points = &self.points;
        let busy = |id: &PointId| {
            points
                .get(usize::from(id.0))
                .is_some_and(PointState::is_busy)
        };
        self.busy.retain(busy);
    }

    /// The next instant at which a command is due, may be tried again, or expires; not those that have passed at `now`.
    pub(super) fn command_at(&self, plan: &Plan, now: Time) -> Time {
        let future = |at: Time| if at > now { at } else { Time::NEVER };
        let busy = self.busy.iter();
        let points = busy.filter_map(|id| self.points.get(usize::from(id.0)));
        let points = points.map(|point| {
            let waiting = point.before.iter().chain(&point.waiting);
            let life = waiting.map(|want| want.life).min().unwrap_or(Time::NEVER);
            let wait = future(point.call_at(plan.timing.merge)).min(life);
            let flight = point.flight.as_ref();
            wait.min(flight.map_or(Time::NEVER, |flight| flight.give_up))
        });
        let jobs = self.jobs.iter().map(|job| match job.flight {
            Some((_, give_up)) => give_up,
            None => future(job.not_before).min(job.life),
        });
        points.chain(jobs).min().unwrap_or(Time::NEVER)
    }

    /// How many presses have bytes under way, for a plan that is given up.
    pub(super) fn sent(&self) -> u64 {
        let points = self.busy.iter().map(|id| usize::from(id.0));
        let points = points.filter_map(|index| self.points.get(index));
        let flights = points.filter_map(|point| point.flight.as_ref());
        let sets = flights
            .filter(|flight| flight.sent)
            .map(|flight| flight.press);
        let starts = self.jobs.iter().filter(|job| job.sent).map(|job| job.press);
        let mut presses = Vec::new();
        for press in sets.chain(starts) {
            if !presses.contains(&press) {
                presses.push(press);
            }
        }
        presses.len() as u64
    }
}
