// SPDX-License-Identifier: MIT OR Apache-2.0
//! One ping along one way, stepped beside others: is the right hub there? No bearer goes with it.

use std::os::fd::BorrowedFd;

use crate::client::{Hub, MAX_ERROR_BODY, Refusal, judge_ping};
use crate::homey::reply::PingReply;
use crate::homey::route::Way;
use crate::net::{Deadlines, Interest, Session, Whole};
use crate::time::Time;

/// What is wrong with a yes that anybody can say.
const NO_ID: &str = "whatever answers does not tell the hub's id, and in clear nothing else says who it is; check the address, or use https";

/// A ping that is under way.
pub struct Probe {
    session: Session,
    reply: Whole,
    /// The id that must not be another one; empty: any.
    expected: String,
    /// The hub has to tell it.
    strict: bool,
}

impl Probe {
    /// Prepares it and begins; nothing has been dialled before the first step.
    pub fn new(
        hub: &Hub,
        way: &Way,
        expected: &str,
        deadlines: Deadlines,
        now: Time,
    ) -> Result<Probe, Refusal> {
        let local = |e: crate::failure::Failure| Refusal::Local(e.message);
        let request = hub.ping_at(&way.host, expected).map_err(local)?;
        let address = hub.dial(way).map_err(local)?;
        let mut session = Session::new(Box::new(address));
        session.start(request, deadlines, now);
        Ok(Probe {
            session,
            reply: Whole::default(),
            expected: expected.to_owned(),
            // In clear nothing but its own word says who it is, and a yes is said by anybody. Hubs of 2016 to 2019 say no more: such
            // a one has to be where the configuration says.
            strict: way.tls.is_none()
                && !expected.is_empty()
                && hub.known.configured().as_ref() != Some(way),
        })
    }

    /// Moves it on. `Some`: what the hub said of itself, or why it does not count.
    pub fn step(&mut self, now: Time) -> Option<Result<PingReply, Refusal>> {
        let reply = self.reply.advance(&mut self.session, now, MAX_ERROR_BODY)?;
        Some(match reply {
            Ok((head, body)) => match judge_ping(&head, &body, &self.expected) {
                Ok(told) if self.strict && told.hub_id.is_none() => {
                    Err(Refusal::WrongHub(NO_ID.to_owned()))
                }
                judged => judged,
            },
            Err(error) => Err(Refusal::Net(error)),
        })
    }

    /// What to wait for.
    pub fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)> {
        self.session.wants()
    }

    /// When to step it though its descriptor is not ready.
    pub fn deadline(&self) -> Time {
        self.session.deadline()
    }
}
