// SPDX-License-Identifier: MIT OR Apache-2.0
//! `store_in`: the logic variable of the hub that is to hold the present bearer, for flows and scripts on the hub.
//!
//! It is read first and written only where it holds something else, at the start and after each renewal, by ordinary
//! commands that give way to everything: they start while no press is open and nothing else is in flight.

use std::time::Duration;

use crate::client::told;
use crate::homey::Value;
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::error::{classify, expect_json};
use crate::homey::reply;
use crate::http::ResponseHead;
use crate::panel::Link;
use crate::time::Time;

use super::lanes::{End, Job};
use super::life::Life;

/// After a failure, in units of `retry_ms`: 60 s, doubling to 30 min.
const FIRST: u32 = 120;
const LONGEST: u32 = 3600;

/// How long a request may wait for its connection.
const LIFE: Duration = Duration::from_secs(5);

/// What the variable is known to hold.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Holds {
    Unknown,
    Another,
    /// The bearer of this number.
    Bearer(u32),
}

/// The configured variable.
pub(super) struct Variable {
    /// As the configuration calls it.
    pub(super) name: Option<String>,
    /// Its id, once it was looked up.
    id: Option<String>,
    holds: Holds,
    not_before: Time,
    failures: u32,
    told: String,
}

impl Variable {
    /// Not looked up yet.
    pub(super) fn new(name: Option<&str>) -> Variable {
        Variable {
            name: name.map(str::to_owned),
            id: None,
            holds: Holds::Unknown,
            not_before: Time::ZERO,
            failures: 0,
            told: String::new(),
        }
    }

    /// The lists have it, or (`None`) have not.
    pub(super) fn found(&mut self, id: Option<String>) {
        if self.id != id {
            self.holds = Holds::Unknown;
            self.not_before = Time::ZERO;
            self.id = id;
        }
    }

    /// There is another bearer: what kept the old one out may not keep out this one.
    pub(super) fn renew(&mut self) {
        self.failures = 0;
        self.not_before = Time::ZERO;
    }

    /// Whether it is looked for in vain.
    pub(super) fn is_missing(&self) -> bool {
        self.name.is_some() && self.id.is_none()
    }
}

impl Life {
    /// Asks what the variable holds, or writes the bearer into it, where that is due and disturbs nobody.
    pub(super) fn keep_variable(&mut self, now: Time) {
        let Some(id) = &self.variable.id else {
            return;
        };
        let quiet = self.waiting.is_empty()
            && self.lanes.in_flight() == 0
            && self.controller.is_idle()
            && self.controller.link_state() == Link::Ready;
        let done = self.variable.holds == Holds::Bearer(self.bearers);
        if done || !quiet || now < self.variable.not_before {
            return;
        }
        if self.may_start_command(now).is_none_or(|at| at > now) {
            return;
        }
        let (Ok(segment), Some(bearer)) = (path_segment("variable id", id), &self.hub.bearer)
        else {
            return;
        };
        let target = format!("/api/manager/logic/variable/{segment}");
        let text = serde_json::Value::from(bearer.secret.expose());
        let body = format!("{{\"value\":{text}}}");
        let writes = self.variable.holds == Holds::Another;
        let call = Other {
            method: if writes { "PUT" } else { "GET" },
            target: &target,
            body: writes.then_some(body.as_bytes()),
            bearer: true,
            scope: Some(match writes {
                true => "homey.logic",
                false => "homey.logic.readonly",
            }),
            name: match writes {
                true => "write the bearer to the variable",
                false => "read the variable for the bearer",
            },
            repeat: match writes {
                true => Repeat::AbsolutePut,
                false => Repeat::Safe,
            },
        };
        let request = match self.hub.request(&Call::Other(call)) {
            Ok(request) => request,
            Err(failure) => return self.variable_failed(&failure.message, now),
        };
        let job = Job {
            ticket: None,
            target: id.clone(),
            doing: call.name.to_owned(),
            scope: call.scope,
            read: None,
            life: now + LIFE,
            once: false,
            departed: false,
            bearer: self.bearers,
        };
        if self.lanes.start(job, request, now, None).is_ok() {
            self.pacer.started_command(now);
        }
    }

    /// A request about the variable has ended.
    pub(super) fn variable_ended(&mut self, job: &Job, end: End, now: Time) {
        let (head, body) = match end {
            End::Reply { head, body } => (head, body),
            End::Broken { error, .. } => {
                self.trouble = true;
                return self.variable_failed(&error.to_string(), now);
            }
        };
        match self.variable_judged(job, &head, &body, now) {
            Ok(holds) => {
                self.variable.holds = holds;
                self.variable.failures = 0;
                if let Holds::Bearer(_) = holds {
                    self.variable.told.clear();
                }
            }
            Err(why) => self.variable_failed(&why, now),
        }
    }

    /// What a reply means for what it holds.
    fn variable_judged(
        &mut self,
        job: &Job,
        head: &ResponseHead,
        body: &[u8],
        now: Time,
    ) -> Result<Holds, String> {
        let text = |name| head.get(name).and_then(|v| std::str::from_utf8(v).ok());
        let (status, content_type) = (head.status(), text("content-type"));
        if !(200..300).contains(&status) {
            let error = classify(status, content_type, body);
            if error.kind.is_unauthorized() && job.bearer == self.bearers {
                self.trouble = true;
                self.bearer_refused(now);
            }
            // Deleted, perhaps made anew: the list tells.
            self.names_in_doubt |= status == 404;
            return Err(told(job.scope, &error));
        }
        if !body.is_empty() {
            expect_json(status, content_type, body).map_err(|e| e.to_string())?;
        }
        if self.variable.holds == Holds::Another {
            return Ok(Holds::Bearer(job.bearer));
        }
        let held = reply::capability_value(body).map_err(|e| e.to_string())?;
        let bearer = self.hub.bearer.as_ref().map(|b| b.secret.expose());
        match held {
            Value::Text(text) if Some(&*text) == bearer => Ok(Holds::Bearer(self.bearers)),
            Value::Text(_) | Value::Null => Ok(Holds::Another),
            Value::Bool(_) | Value::Number(_) => {
                Err("it is no text variable; make one of type text".to_owned())
            }
        }
    }

    /// Tells why it does not work, once, and when it is tried again.
    fn variable_failed(&mut self, why: &str, now: Time) {
        let variable = &mut self.variable;
        let growth = 2_u32.saturating_pow(variable.failures.min(16));
        variable.not_before = now + self.retry * FIRST.saturating_mul(growth).min(LONGEST);
        variable.failures = variable.failures.saturating_add(1);
        // Whatever was read before may have changed meanwhile.
        variable.holds = Holds::Unknown;
        if variable.told != why {
            variable.told = why.to_owned();
            let name = variable.name.as_deref().unwrap_or_default();
            let text = format!("the variable {name} cannot hold the bearer: {why}");
            self.notice(&text, now);
        }
    }
}
