// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one row of the fault matrix is: a fault at a phase, and what the panel owes a person meanwhile and afterwards.

use serde_json::{Value, json};

/// How the fault comes about.
#[derive(Clone)]
pub enum How {
    /// These faults of the simulator.
    Fault(Vec<Value>),
    /// The same, of connections: those that stand are cut, so that the next one meets it.
    Fresh(Vec<Value>),
    /// A restart of the hub, with the control API's own members.
    Restart(Value),
    /// Something of the simulator's control API about the lamp's device, and what undoes it.
    Device(&'static str, Value, &'static str, Value),
    /// The hub's process is stopped; the kernel goes on taking connections for it.
    Frozen,
    /// The hub's process is killed; recovery is another one with the same home.
    Killed,
    /// The same as after a power cut, as far as this phase: `ping`, `empty` or `unready`.
    Booting(Value, &'static str),
}

/// When the two presses are made.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum When {
    /// As soon as the fault has been met, or is in force where only a command can meet it.
    Early,
    /// When the panel shows what it should.
    Late,
}

/// One row.
#[derive(Clone)]
pub struct Cell {
    pub fault: String,
    pub phase: String,
    pub how: How,
    /// The state that the link must take; `ready` means that it never leaves it.
    pub link: &'static str,
    /// States that it may take, too, on its way from try to try.
    pub also: &'static [&'static str],
    /// The lamp's conditions that must come, in this order; others may lie between.
    pub lamp: &'static [&'static str],
    pub when: When,
    /// How a toggle may end that is pressed meanwhile.
    pub set: &'static [&'static str],
    /// How the start of a flow may end that is pressed meanwhile.
    pub start: &'static [&'static str],
    /// From the fault's end to the lamp's `ready`, in ms of real deadlines.
    pub within: u64,
    /// More of the same that is not divided in a quick tier: what a hub asked for in whole seconds.
    pub asked: u64,
    /// No line may be logged.
    pub quiet: bool,
    /// The key's pin in place of the authority.
    pub pinned: bool,
    /// How long the fault lasts at least, in ms of real deadlines.
    pub lasts: u64,
    /// Recovery begins with a press.
    pub hand: bool,
    /// The hub asked for a pause, which outlasts the fault: presses work again within the same limit.
    pub paused: bool,
}

/// No hub: the lamp is stale, presses expire, and it is found again within 15 s of its return (N13, issue 3 section 3).
pub fn away(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        fault: fault.into(),
        phase: phase.into(),
        how,
        link: "no-hub",
        also: &[],
        lamp: &["stale"],
        when: When::Late,
        set: &["expired"],
        start: &["expired"],
        within: 15_000,
        asked: 0,
        quiet: false,
        pinned: false,
        lasts: 0,
        hand: false,
        paused: false,
    }
}

/// Nobody notices: the link stays ready, the lamp too, presses are confirmed, and nothing is logged (N17).
pub fn unnoticed(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        link: "ready",
        lamp: &["ready"],
        set: &["confirmed"],
        start: &["confirmed"],
        within: 1500,
        quiet: true,
        ..away(fault, phase, how)
    }
}

/// Commands only: the link stays ready; how a press ends depends.
pub fn command(fault: &str, phase: &str, word: &'static [&'static str], body: Value) -> Cell {
    let lost = word.first() == Some(&"unknown");
    Cell {
        link: "ready",
        // Wanted; then nobody knows; then it was read.
        lamp: if lost {
            &["pending", "unknown", "ready"]
        } else {
            &["pending", "ready"]
        },
        when: When::Early,
        set: word,
        start: word,
        within: 7000,
        ..away(fault, &format!("{phase}, commands"), commands(body))
    }
}

/// Polls only: the command connections work, and a press made while the poll hangs goes out at once (design section 4).
pub fn poll(fault: &str, phase: &str, body: Value) -> Cell {
    Cell {
        also: &["loading"],
        when: When::Early,
        set: &["confirmed"],
        start: &["confirmed"],
        ..away(fault, &format!("{phase}, polls"), polls(body))
    }
}

fn with(mut body: Value, more: &[(&str, &str)]) -> Value {
    for (key, value) in more {
        body[*key] = json!(value);
    }
    body
}

/// Both at once.
pub fn together(one: How, other: How) -> How {
    match (one, other) {
        (How::Fault(mut one), How::Fault(other)) => {
            one.extend(other);
            How::Fault(one)
        }
        (one, _) => one,
    }
}

/// The fault for what the poll asks.
pub fn polls(body: Value) -> How {
    How::Fault(vec![with(
        body,
        &[("path_prefix", "/api/manager/devices"), ("method", "GET")],
    )])
}

/// The fault for what presses ask.
pub fn commands(body: Value) -> How {
    let put = with(
        body.clone(),
        &[("path_prefix", "/api/manager/devices"), ("method", "PUT")],
    );
    let post = with(
        body,
        &[("path_prefix", "/api/manager/flow"), ("method", "POST")],
    );
    How::Fault(vec![put, post])
}

/// The fault for whatever is asked, pings included.
pub fn all(body: Value) -> How {
    How::Fault(vec![with(body, &[("path_prefix", "/api/")])])
}

/// The fault for new connections.
pub fn fresh(body: Value) -> How {
    How::Fresh(vec![body])
}

/// The LED of the connection: on when ready, else by its rhythm (render.rs; N14).
pub fn rhythm(link: &str) -> &'static str {
    match link {
        "down" => "blip",
        "no-hub" => "double",
        "clock" => "slow",
        // These two wait for a person.
        "wrong-hub" | "token" => "triple",
        "loading" => "fast",
        _ => "steady",
    }
}
