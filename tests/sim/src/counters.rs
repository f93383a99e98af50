// SPDX-License-Identifier: MIT OR Apache-2.0

//! What happened, for tests to ask: requests, connections, handshakes, every
//! capability write and every start of a flow or mood, in order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::{iso, now_ms};

/// One set-capability request that got past the bearer check.
#[derive(Debug)]
pub struct Write {
    /// Device id.
    pub device: String,
    /// Zone and name of the device, empty for an unknown one.
    pub name: String,
    /// Capability id.
    pub capability: String,
    /// The value asked for.
    pub value: Value,
    /// The transition options, if any.
    pub opts: Value,
    /// The client's transaction id, if any.
    pub transaction: Value,
    /// `key` or `session`.
    pub bearer: &'static str,
    /// `http` or `https`.
    pub via: &'static str,
    /// `ok`, `hang`, `driver_error` or the code of the refusal.
    pub outcome: &'static str,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Its TCP is there.
    Accepted,
    /// Its TLS is there.
    Handshake {
        /// By a ticket of an earlier one.
        resumed: bool,
    },
    /// Its TLS was refused or failed.
    HandshakeFailed,
}

/// New connections by what became of them.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Accepted.
    pub connections: u64,
    /// Finished TLS handshakes.
    pub handshakes: u64,
    /// Those of them that resumed a session.
    pub resumed: u64,
    /// Refused or failed ones.
    pub refused: u64,
}

impl Arrivals {
    /// One more.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Accepted => self.connections += 1,
            Event::Handshake { resumed } => {
                self.handshakes += 1;
                self.resumed += u64::from(resumed);
            }
            Event::HandshakeFailed => self.refused += 1,
        }
    }
}

/// Everything counted since the start or the last reset.
#[derive(Debug, Default)]
pub struct Counters {
    routes: BTreeMap<String, u64>,
    statuses: BTreeMap<u16, u64>,
    writes: Vec<Value>,
    starts: Vec<Value>,
    requests: u64,
    unanswered: u64,
    executed: [u64; 2],
    arrivals: Arrivals,
    rate_limited: u64,
    logins: u64,
}

impl Counters {
    /// A request for a route, or for `unknown`.
    pub fn request(&mut self, method: &str, route: &str) {
        self.requests += 1;
        *self.routes.entry(format!("{method} {route}")).or_default() += 1;
    }

    /// A reply with a status.
    pub fn reply(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    /// A request whose connection was ended instead of a reply.
    pub fn no_reply(&mut self) {
        self.unanswered += 1;
    }

    /// Something of a connection to the hub.
    pub fn connection(&mut self, event: Event) {
        self.arrivals.add(event);
    }

    /// A 429.
    pub fn rate_limited(&mut self) {
        self.rate_limited += 1;
    }

    /// A successful `users/login`.
    pub fn login(&mut self) {
        self.logins += 1;
    }

    /// A set-capability request.
    pub fn write(&mut self, w: &Write) {
        let now = now_ms();
        let executed = w.outcome == "ok";
        self.executed[0] += u64::from(executed);
        self.writes.push(json!({
            "device": w.device, "name": w.name, "capability": w.capability, "value": w.value,
            "opts": w.opts, "transactionId": w.transaction, "bearer": w.bearer, "via": w.via,
            "outcome": w.outcome, "executed": executed, "time_ms": now, "time": iso(now),
        }));
    }

    /// A request to start a flow, advanced flow or mood.
    pub fn start(&mut self, kind: &str, id: &str, name: &str, outcome: &str) {
        let now = now_ms();
        let executed = outcome == "ok";
        self.executed[1] += u64::from(executed);
        self.starts.push(json!({
            "kind": kind, "id": id, "name": name, "outcome": outcome, "executed": executed,
            "time_ms": now, "time": iso(now),
        }));
    }

    /// Everything, for the control API, which adds what is known of faults and
    /// open connections.
    pub fn json(&self) -> Value {
        json!({
            "requests": self.requests, "connections": self.arrivals.connections,
            "tls_handshakes": self.arrivals.handshakes, "tls_resumed": self.arrivals.resumed,
            "tls_refused": self.arrivals.refused, "rate_limited": self.rate_limited,
            "unanswered": self.unanswered,
            "executed": {"writes": self.executed[0], "starts": self.executed[1]},
            "logins": self.logins, "statuses": self.statuses, "routes": self.routes,
            "writes": self.writes, "starts": self.starts,
        })
    }
}
