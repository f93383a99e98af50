// SPDX-License-Identifier: MIT OR Apache-2.0

//! What tests change of the realtime endpoint, and what it counted.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// How open connections are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The TCP connection ends without a word.
    Fin,
    /// The same with a RST.
    Rst,
    /// A websocket close frame first.
    Close,
    /// `41/api`: only the namespace is closed.
    Namespace,
}

/// A request to change something; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    on: Option<bool>,
    events: Option<bool>,
    updates: Option<bool>,
    pong: Option<bool>,
    eio4: Option<bool>,
    ping_interval_ms: Option<u64>,
    ping_timeout_ms: Option<u64>,
    namespace_drops: Option<u64>,
    text_errors: Option<bool>,
    /// Ends the connections that are open now.
    pub end: Option<End>,
}

/// Present settings and counters.
#[derive(Debug)]
pub struct Realtime {
    /// Off: connections are refused with 503, open ones end.
    pub on: bool,
    /// Off: nothing is told any more, all else works.
    pub events: bool,
    /// Off: only capability events, as one self-hosted server was seen.
    pub updates: bool,
    /// Off: pings are not answered, and (EIO 4) none are sent.
    pub pong: bool,
    /// Off: EIO=4 is refused.
    pub eio4: bool,
    /// The next so many namespaces are opened and dropped at once.
    pub namespace_drops: u64,
    /// Errors of acks are bare texts instead of objects.
    pub text_errors: bool,
    /// Told to clients when they connect.
    pub ping_interval_ms: u64,
    /// The same.
    pub ping_timeout_ms: u64,
    /// Connections that are open.
    pub open: u64,
    /// Subscriptions that are held.
    pub subscribed: BTreeMap<String, u64>,
    /// What happened how often.
    pub counts: BTreeMap<&'static str, u64>,
    /// Calls by operation.
    pub calls: BTreeMap<String, u64>,
}

impl Default for Realtime {
    fn default() -> Self {
        Realtime {
            on: true,
            events: true,
            updates: true,
            pong: true,
            eio4: true,
            namespace_drops: 0,
            text_errors: false,
            ping_interval_ms: 25_000,
            ping_timeout_ms: 20_000,
            open: 0,
            subscribed: BTreeMap::new(),
            counts: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }
}

impl Realtime {
    /// Does what is asked; how open connections are to end, if they are.
    pub fn change(&mut self, ask: &Ask) -> Option<End> {
        self.on = ask.on.unwrap_or(self.on);
        self.events = ask.events.unwrap_or(self.events);
        self.updates = ask.updates.unwrap_or(self.updates);
        self.pong = ask.pong.unwrap_or(self.pong);
        self.eio4 = ask.eio4.unwrap_or(self.eio4);
        self.text_errors = ask.text_errors.unwrap_or(self.text_errors);
        self.namespace_drops = ask.namespace_drops.unwrap_or(self.namespace_drops);
        // Zero would make a client ping without a pause.
        let times = [ask.ping_interval_ms, ask.ping_timeout_ms];
        let [interval, timeout] = times.map(|t| t.map(|t| t.max(10)));
        self.ping_interval_ms = interval.unwrap_or(self.ping_interval_ms);
        self.ping_timeout_ms = timeout.unwrap_or(self.ping_timeout_ms);
        let off = (!self.on).then_some(End::Fin);
        ask.end.or(off)
    }

    /// Counts something.
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// A subscription more, or one less.
    pub fn subscription(&mut self, uri: &str, more: bool) {
        let held = self.subscribed.entry(uri.to_owned()).or_default();
        *held = if more {
            *held + 1
        } else {
            held.saturating_sub(1)
        };
        if *held == 0 {
            self.subscribed.remove(uri);
        }
    }

    /// Counts anew; what is open stays.
    pub fn reset(&mut self) {
        self.counts.clear();
        self.calls.clear();
    }

    /// For the control API.
    pub fn json(&self) -> Value {
        let mut value = json!({
            "on": self.on, "events": self.events, "updates": self.updates, "pong": self.pong,
            "eio4": self.eio4, "namespace_drops": self.namespace_drops,
            "text_errors": self.text_errors, "ping_interval_ms": self.ping_interval_ms,
            "ping_timeout_ms": self.ping_timeout_ms,
        });
        value["counters"] = self.counters();
        value
    }

    /// The counters alone.
    pub fn counters(&self) -> Value {
        let mut value = json!({"open": self.open, "subscribed": self.subscribed});
        for what in [
            "opened",
            "refused",
            "handshakes",
            "handshake_errors",
            "namespaces",
            "sent",
            "calls",
        ] {
            value[what] = json!(self.counts.get(what).copied().unwrap_or(0));
        }
        value["operations"] = json!(self.calls);
        value
    }
}
