// SPDX-License-Identifier: MIT OR Apache-2.0

//! What happened at the cloud, for tests to ask: every request in order with
//! the names, never the values, of what it held; refusals by reason.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::clock::{iso, now_ms};
use crate::counters::{Arrivals, Event};

/// So many requests are remembered.
const REMEMBERED: usize = 100_000;
/// The rate limit is per minute.
const MINUTE_MS: i64 = 60_000;

/// Everything counted since the start or the last reset.
#[derive(Debug, Default)]
pub struct Counters {
    routes: BTreeMap<String, u64>,
    requests: Vec<Value>,
    refused: BTreeMap<&'static str, u64>,
    granted: BTreeMap<&'static str, u64>,
    unanswered: u64,
    arrivals: Arrivals,
    /// Not reset: the limit must not depend on it.
    recent: VecDeque<i64>,
}

impl Counters {
    /// Something of a connection.
    pub fn connection(&mut self, event: Event) {
        self.arrivals.add(event);
    }

    /// A request; what is known of it only later is added by the others.
    pub fn request(&mut self, route: &str, mut entry: Value) -> usize {
        *self.routes.entry(route.to_owned()).or_default() += 1;
        let now = now_ms();
        entry["time_ms"] = json!(now);
        entry["time"] = json!(iso(now));
        if self.requests.len() >= REMEMBERED {
            self.requests.remove(0);
        }
        self.requests.push(entry);
        self.requests.len() - 1
    }

    /// The names in the body of the newest request.
    pub fn members(&mut self, names: Vec<String>) {
        if let Some(entry) = self.requests.last_mut() {
            entry["body"] = json!(names);
        }
    }

    /// The status of a request; none when its connection ended instead.
    pub fn reply(&mut self, at: usize, status: Option<u16>) {
        self.unanswered += u64::from(status.is_none());
        if let Some(entry) = self.requests.get_mut(at) {
            entry["status"] = json!(status);
        }
    }

    /// Something was refused.
    pub fn refuse(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    /// Something was given.
    pub fn grant(&mut self, what: &'static str) {
        *self.granted.entry(what).or_default() += 1;
    }

    /// Counts a request of this minute; false when there were so many already.
    pub fn within(&mut self, limit: usize) -> bool {
        let now = now_ms();
        self.recent
            .retain(|at| (now - MINUTE_MS..=now).contains(at));
        let free = self.recent.len() < limit;
        if free {
            self.recent.push_back(now);
        }
        free
    }

    /// Everything, for the control API.
    pub fn json(&self) -> Value {
        let count = |map: &BTreeMap<&str, u64>, key| map.get(key).copied().unwrap_or(0);
        json!({
            "requests": self.requests.len(), "routes": self.routes, "log": self.requests,
            "refused": self.refused, "granted": self.granted,
            "refreshes": count(&self.granted, "refresh_token"),
            "refresh_reuse": count(&self.refused, "refresh_spent"),
            "unanswered": self.unanswered, "connections": self.arrivals.connections,
            "tls_handshakes": self.arrivals.handshakes, "tls_resumed": self.arrivals.resumed,
            "tls_refused": self.arrivals.refused,
        })
    }

    /// Counts anew.
    pub fn reset(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        *self = Counters {
            recent,
            ..Counters::default()
        };
    }
}
