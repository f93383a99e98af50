// SPDX-License-Identifier: MIT OR Apache-2.0

//! What one request or one connection goes through: the faults that it met,
//! put together. Each place holds one; of several that want it, the oldest.

use std::time::Duration;

use super::kind::{Arrived, Coding, End, Kind, Phase, Status};
use crate::pki::Which;

/// Longer than any test: a pause without an end.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

/// A reply that is not the hub's own.
#[derive(Clone, Debug)]
pub enum Instead {
    /// An error.
    Status(Status),
    /// A login page.
    Portal,
}

/// Small pieces.
#[derive(Clone, Copy, Debug)]
pub struct Drip {
    /// The head too.
    pub head: bool,
    /// Time between two.
    pub every: Duration,
    /// Bytes of one.
    pub size: usize,
}

/// The faults of one request.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Pauses before execution, before the head, in the body.
    pub stalls: [Option<Duration>; 3],
    /// Where, how and how late the connection ends.
    pub end: Option<(Phase, End, Duration)>,
    /// Another reply.
    pub instead: Option<Instead>,
    /// Slow sending.
    pub drip: Option<Drip>,
    /// Chunks of this size.
    pub chunked: Option<usize>,
    /// Another coding of the body.
    pub coding: Option<Coding>,
    /// The JSON is cut.
    pub truncated: bool,
    /// The Content-Length is wrong by so much.
    pub wrong_length: Option<i64>,
    /// Another hub's id, or one to be made up.
    pub wrong_id: Option<Option<String>>,
}

fn put<T>(place: &mut Option<T>, value: T) {
    *place = Some(value);
}

impl Plan {
    fn stall(&mut self, phase: Phase) -> &mut Option<Duration> {
        let [request, head, body] = &mut self.stalls;
        match phase {
            Phase::Request => request,
            Phase::Head => head,
            // No stall is idle: `ask` knows none.
            Phase::Body | Phase::Idle => body,
        }
    }

    /// True when the fault's place is free.
    pub fn has_place(&mut self, kind: &Kind) -> bool {
        match kind {
            Kind::Stall(phase, _) => self.stall(*phase).is_none(),
            Kind::End(..) => self.end.is_none(),
            Kind::Drip { .. } => self.drip.is_none(),
            // Both say where the body ends.
            Kind::Chunked(_) | Kind::WrongLength(_) => {
                self.chunked.is_none() && self.wrong_length.is_none()
            }
            Kind::Coding(_) => self.coding.is_none(),
            Kind::TruncatedJson => !self.truncated,
            Kind::Status(_) | Kind::Portal => self.instead.is_none(),
            Kind::WrongId(_) => self.wrong_id.is_none(),
            _ => false,
        }
    }

    /// Puts a fault into its place.
    pub fn put(&mut self, kind: &Kind) {
        match kind.clone() {
            Kind::Stall(phase, time) => put(self.stall(phase), time.unwrap_or(FOR_EVER)),
            Kind::End(phase, how, delay) => put(&mut self.end, (phase, how, delay)),
            Kind::Drip { head, every, size } => put(&mut self.drip, Drip { head, every, size }),
            Kind::Chunked(size) => put(&mut self.chunked, size),
            Kind::WrongLength(delta) => put(&mut self.wrong_length, delta),
            Kind::Coding(coding) => put(&mut self.coding, coding),
            Kind::TruncatedJson => self.truncated = true,
            Kind::Status(status) => put(&mut self.instead, Instead::Status(status)),
            Kind::Portal => put(&mut self.instead, Instead::Portal),
            Kind::WrongId(id) => put(&mut self.wrong_id, id),
            _ => {}
        }
    }

    /// How the connection ends in a phase, if it does.
    pub fn ends(&self, phase: Phase) -> Option<End> {
        self.end.filter(|e| e.0 == phase).map(|e| e.1)
    }

    /// True when the request is executed although its reply is another.
    pub fn executes(&self) -> bool {
        match &self.instead {
            Some(Instead::Status(status)) => status.executed,
            Some(Instead::Portal) => false,
            None => true,
        }
    }

    /// True when the JSON of the reply must not be compressed by the hub.
    pub fn wants_plain_body(&self) -> bool {
        self.truncated || self.coding.is_some()
    }

    /// True when there must be a body for the fault to show: a 304 has none.
    pub fn wants_body(&self) -> bool {
        let ends = matches!(self.end, Some((Phase::Body, ..)));
        let framed = self.chunked.is_some() || self.wrong_length.is_some();
        let slow = self.drip.is_some() || self.stalls[2].is_some();
        self.wants_plain_body() || framed || ends || slow
    }

    /// True when the reply's bytes are written by us instead of by hyper.
    pub fn by_hand(&self) -> bool {
        let ends = matches!(self.end, Some((Phase::Body | Phase::Idle, ..)));
        let framed = self.chunked.is_some() || self.wrong_length.is_some();
        ends || framed || self.drip.is_some() || self.stalls[2].is_some()
    }
}

/// The faults of one new connection.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// Held without a word, so long.
    pub silent: Option<Duration>,
    /// A pause after the ClientHello.
    pub stall: Option<Duration>,
    /// Where and how it ends.
    pub end: Option<(Arrived, End)>,
    /// Served with this certificate.
    pub certificate: Option<Which>,
}

impl Arrival {
    /// True when the fault's place is free.
    pub fn has_place(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Silent(_) => self.silent.is_none(),
            Kind::StallHandshake(_) => self.stall.is_none(),
            Kind::EndArrival(..) => self.end.is_none(),
            Kind::Certificate(_) => self.certificate.is_none(),
            _ => false,
        }
    }

    /// Puts a fault into its place.
    pub fn put(&mut self, kind: &Kind) {
        match kind {
            Kind::Silent(time) => put(&mut self.silent, time.unwrap_or(FOR_EVER)),
            Kind::StallHandshake(time) => put(&mut self.stall, time.unwrap_or(FOR_EVER)),
            Kind::EndArrival(at, how) => put(&mut self.end, (*at, *how)),
            Kind::Certificate(which) => put(&mut self.certificate, *which),
            _ => {}
        }
    }

    /// How the connection ends in a phase, if it does.
    pub fn ends(&self, at: Arrived) -> Option<End> {
        self.end.filter(|e| e.0 == at).map(|e| e.1)
    }
}
