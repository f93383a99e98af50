// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the controller's calls to requests on lanes, and from replies back to outcomes.

use std::rc::Rc;
use std::time::Duration;

use crate::client::told;
use crate::homey::Dialect;
use crate::homey::call::Call as HubCall;
use crate::homey::error::{Kind, classify, expect_json, retry_after};
use crate::homey::reply;
use crate::http::ResponseHead;
use crate::net::{self, Error, Phase, Repeat, Session};
use crate::panel::cadence::told_pause;
use crate::panel::plan::PointId;
use crate::panel::{Call, Link, Order, Outcome};
use crate::time::Time;

use super::fetches;
use super::lanes::{Asked, End, Finished, Job};
use super::life::Life;

/// A request, what it does in words, and the scope that it needs.
type Made = (net::Request, String, Option<&'static str>);

/// Why a one-shot is refused that a hub did not know while it started.
const STARTING: &str = "the hub is still starting and does not know it yet; press again";

/// What came of the try to start a call.
enum Start {
    /// It is on its way, or has ended.
    Over,
    /// It has to wait: for its device, for the next start that the hub bears, for a lane.
    Wait(Call),
    /// It waits for one of the requests in flight to end, and for nothing else.
    Crowded(Call),
}

/// The panel's line names the point or flow already; the log's names the call.
fn refused(job: &Job, why: String) -> Outcome {
    log::info!("{}: {why}", job.doing);
    Outcome::Refused { why }
}

/// Whether the request of an order may be sent a second time on a connection that died under it: what the call
/// allows, and never a one-shot.
fn repeat_of(order: &Order, call: Repeat) -> Repeat {
    match order {
        Order::Set { once: true, .. } | Order::Start(_) => Repeat::Never,
        Order::Set { .. } | Order::Read { .. } => call,
    }
}

impl Life {
    /// Takes what the controller wants done, starts what can start, brings home what ended. `idle`: the poll's connection,
    /// where the poll does not use it.
    pub(super) fn step_commands(&mut self, now: Time, mut idle: Option<&mut Session>) {
        self.step_lanes(now);
        while let Some(call) = self.controller.next_call(now) {
            self.waiting.push_back(call);
        }
        if self.waiting.is_empty() {
            return;
        }
        let before = self.lanes.in_flight();
        let mut crowded = false;
        for _ in 0..self.waiting.len() {
            let Some(call) = self.waiting.pop_front() else {
                break;
            };
            match self.try_start(call, now, idle.as_deref_mut()) {
                Start::Over => {}
                Start::Wait(call) => self.waiting.push_back(call),
                Start::Crowded(call) => {
                    crowded = true;
                    self.waiting.push_back(call);
                }
            }
        }
        self.crowded = crowded.then_some(self.crowded.unwrap_or(now));
        if self.lanes.in_flight() > before {
            // Its first byte goes out in this very turn.
            self.step_lanes(now);
            if self.pacer.hub() == Dialect::V3 {
                self.lanes.warm(now, true);
            }
        }
    }

    fn step_lanes(&mut self, now: Time) {
        let mut finished = std::mem::take(&mut self.finished);
        self.lanes.step(now, &mut finished);
        // Until a byte has left, a command can still be withdrawn; the controller is told the moment that ends.
        while let Some(ticket) = self.lanes.next_departed() {
            self.controller.sent(ticket);
        }
        for done in finished.drain(..) {
            self.pacer.ended();
            self.bring_home(done, now);
        }
        self.finished = finished;
    }

    /// Starts a call, or gives it back where it has to wait; one that cannot be sent ends here.
    fn try_start(&mut self, call: Call, now: Time, idle: Option<&mut Session>) -> Start {
        if now >= call.life || !self.identified {
            self.controller.outcome(call.ticket, Outcome::NotSent, now);
            return Start::Over;
        }
        let Some(target) = self.target_of(&call.order) else {
            self.controller.outcome(call.ticket, Outcome::NotSent, now);
            return Start::Over;
        };
        if !self.lanes.has_room_for(&target) {
            return Start::Wait(call);
        }
        match self.may_start_command(now) {
            Some(at) if at <= now => {}
            Some(_) => return Start::Wait(call),
            None => return Start::Crowded(call),
        }
        let (request, doing, scope) = match self.request_of(&call.order) {
            Ok(made) => made,
            Err(why) => {
                self.controller
                    .outcome(call.ticket, Outcome::Refused { why }, now);
                return Start::Over;
            }
        };
        let read = match call.order {
            Order::Read { point } => self.directory.index_of(point).map(|index| Asked {
                directory: Rc::clone(&self.directory),
                index,
                poll: self.controller.poll_started(now),
            }),
            Order::Set { .. } | Order::Start(_) => None,
        };
        let job = Job {
            ticket: Some(call.ticket),
            target,
            doing,
            scope,
            read,
            life: call.life,
            once: request.repeat == Repeat::Never,
            departed: false,
            bearer: self.bearers,
        };
        if self.lanes.start(job, request, now, idle).is_err() {
            return Start::Wait(call);
        }
        self.pacer.started_command(now);
        Start::Over
    }

    /// What a call is about: the device, so that no two commands for one are in flight, or the flow or mood.
    fn target_of(&self, order: &Order) -> Option<String> {
        match order {
            Order::Set { point, .. } | Order::Read { point } => {
                self.directory.device(*point).map(str::to_string)
            }
            Order::Start(start) => self.directory.starter(*start).map(|s| s.id().to_string()),
        }
    }

    fn request_of(&self, order: &Order) -> Result<Made, String> {
        let gone = || "not known on the hub".to_string();
        let capability =
            |point: PointId| self.plan.points.get(usize::from(point.0)).ok_or_else(gone);
        let call = match order {
            Order::Set { point, value, .. } => HubCall::SetCapability {
                device: self.directory.device(*point).ok_or_else(gone)?,
                capability: &capability(*point)?.capability,
                value,
                duration: None,
            },
            Order::Read { point } => {
                HubCall::Device(self.directory.device(*point).ok_or_else(gone)?)
            }
            Order::Start(start) => self.directory.starter(*start).ok_or_else(gone)?.call(),
        };
        let doing = match order {
            Order::Set { point, .. } => format!(
                "set {} of {}",
                capability(*point)?.capability,
                capability(*point)?.device
            ),
            Order::Read { point } => format!("read {}", capability(*point)?.device),
            Order::Start(start) => {
                let name = self
                    .plan
                    .starts
                    .get(usize::from(start.0))
                    .map_or("", |s| s.name.as_str());
                format!("start {name}")
            }
        };
        let mut request = self.hub.request(&call).map_err(|e| e.message)?;
        request.repeat = repeat_of(order, request.repeat);
        Ok((request, doing, call.scope()))
    }

    fn bring_home(&mut self, done: Finished, now: Time) {
        let Finished { job, end } = done;
        let Some(ticket) = job.ticket else {
            return self.variable_ended(&job, end, now);
        };
        let outcome = match end {
            End::Broken {
                error,
                may_have_left,
            } => {
                log::info!("{}: {error}", job.doing);
                self.trouble = true;
                // A device that does not answer says nothing of the hub; whether that is there, the poll will see.
                let silent = matches!(
                    error,
                    Error::Deadline {
                        phase: Phase::FirstByte,
                        ..
                    }
                );
                if !silent {
                    self.lanes.hang_up();
                }
                if may_have_left {
                    Outcome::Lost
                } else {
                    Outcome::NotSent
                }
            }
            End::Reply { head, body } => self.judge(&job, &head, &body, now),
        };
        if let Some(asked) = &job.read {
            self.controller
                .poll_ended(asked.poll, now, matches!(outcome, Outcome::Done { .. }));
        }
        self.controller.outcome(ticket, outcome, now);
    }

    /// What a complete reply to a command means.
    fn judge(&mut self, job: &Job, head: &ResponseHead, body: &[u8], now: Time) -> Outcome {
        let text = |name| head.get(name).and_then(|v| std::str::from_utf8(v).ok());
        let content_type = text("content-type");
        let status = head.status();
        if (200..300).contains(&status) {
            // A portal's page is no confirmation (N20).
            if let (false, Err(error)) = (body.is_empty(), expect_json(status, content_type, body))
            {
                self.trouble = true;
                return refused(job, error.to_string());
            }
            return match &job.read {
                None => Outcome::Done {
                    value: reply::set_reply(body),
                },
                Some(asked) => self.apply_read(asked, body, now),
            };
        }
        let error = classify(status, content_type, body);
        match error.kind {
            // Before all else, whatever code it bears: what may have run is never sent again, and refused would mean that it
            // did not run (`api.md` 10, 11). Whether the bearer is dead the poll sees by what no app answers.
            kind if error.may_have_run() && job.read.is_none() => {
                self.trouble |= kind.is_unauthorized();
                if let Some(told) = text("retry-after").and_then(retry_after) {
                    self.pacer
                        .hold(now + told_pause(Some(told), self.retry, self.retry));
                }
                log::info!("{}: {error}", job.doing);
                Outcome::Unclear {
                    why: error.to_string(),
                }
            }
            kind if kind.is_unauthorized() => {
                if job.bearer != self.bearers {
                    // It left with an older one.
                    return Outcome::NotNow {
                        pause: Duration::ZERO,
                    };
                }
                // The poll finds out whether the bearer is dead or this was one of the short spells that
                // hubs have at night (`api.md` 10); until then nothing has run and it may be tried again.
                self.trouble = true;
                self.bearer_refused(now);
                Outcome::NotNow { pause: self.retry }
            }
            Kind::TooManyRequests => {
                let told = text("retry-after").and_then(retry_after);
                let pause = told_pause(told, self.retry * 2, self.retry);
                self.pacer.hold(now + pause);
                Outcome::NotNow { pause }
            }
            Kind::NotFound => {
                self.names_in_doubt = true;
                self.trouble = true;
                match self.controller.link_state() {
                    Link::Ready => refused(job, error.to_string()),
                    // A hub that starts knows nothing for a while. What may be sent twice is sent again.
                    _ if job.once => refused(job, STARTING.to_owned()),
                    _ => Outcome::NotNow { pause: self.retry },
                }
            }
            _ => refused(job, told(job.scope, &error)),
        }
    }

    fn apply_read(&mut self, asked: &Asked, body: &[u8], now: Time) -> Outcome {
        match fetches::device_readings(&asked.directory, asked.index, body) {
            Ok((readings, _)) => {
                self.read_aside = true;
                for (slot, reading) in readings {
                    self.controller
                        .update(asked.poll, PointId(slot), reading, now);
                }
                Outcome::Done { value: None }
            }
            Err(refusal) => Outcome::Refused {
                why: format!("the device's state: {refusal}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homey::Value;
    use crate::panel::plan::StartId;

    #[test]
    fn a_one_shot_is_never_sent_again_on_a_connection_that_died() {
        let set = |once| Order::Set {
            point: PointId(0),
            value: Value::Bool(true),
            once,
        };
        let read = Order::Read { point: PointId(0) };
        for (order, call, want) in [
            (set(false), Repeat::Once, Repeat::Once),
            (set(true), Repeat::Once, Repeat::Never),
            (set(false), Repeat::Never, Repeat::Never),
            (Order::Start(StartId(0)), Repeat::Once, Repeat::Never),
            (read, Repeat::Once, Repeat::Once),
        ] {
            assert_eq!(repeat_of(&order, call), want, "{order:?}");
        }
    }
}
