// SPDX-License-Identifier: MIT OR Apache-2.0
//! Polls that stay where they are, in every phase, while the command's connection is warm.

use std::time::{Duration, Instant};

use homey_rig::Result;
use serde_json::{Value, json};

use super::{PATIENT, Volley, Wall};
use crate::home::{Bench, Home};

/// A phase in which the poll stands still.
#[derive(Clone, Copy)]
pub struct State {
    pub name: &'static str,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The address answers no SYN.
    Connect,
    Handshake,
    /// In the words of the simulator's fault.
    Reply(&'static str, &'static str),
}

pub const STATES: [State; 5] = [
    State {
        name: "in connect",
        phase: Phase::Connect,
    },
    State {
        name: "in the handshake",
        phase: Phase::Handshake,
    },
    State {
        name: "before the head",
        phase: Phase::Reply("stall", "head"),
    },
    State {
        name: "in mid-body",
        phase: Phase::Reply("stall", "body"),
    },
    State {
        name: "dripping",
        phase: Phase::Reply("drip", "body"),
    },
];

/// After five seconds without an answer to its SYN (TCP_USER_TIMEOUT) a connection is given up, whatever the limits say.
const SYN_PATIENCE: Duration = Duration::from_secs(3);

/// A volley while the poll of a new panel is in that state; of several panels where none can stay in it for long enough.
pub fn volley(
    bench: &Bench,
    home: &Home,
    state: State,
    count: usize,
    pause: Duration,
) -> Result<Volley> {
    let most = (state.phase == Phase::Connect).then_some(SYN_PATIENCE);
    let mut volley = Volley::default();
    while volley.lacks(count) {
        part(bench, home, state, (count, pause, most), &mut volley)?;
    }
    Ok(volley)
}

fn part(
    bench: &Bench,
    home: &Home,
    state: State,
    (count, pause, most): (usize, Duration, Option<Duration>),
    volley: &mut Volley,
) -> Result<()> {
    home.sim.post("clear", &json!({}))?;
    let mut wall = Wall::new(bench, home, |config| {
        config
            .also(PATIENT)
            .also("[poll]\ninterval_ms = 300\nidle_ms = 300")
    })?;
    match state.phase {
        Phase::Reply(kind, phase) => {
            let mut fault = json!({
                "kind": kind,
                "phase": phase,
                "method": "GET",
                "path_prefix": "/api/manager/devices/device",
                "times": 1,
            });
            if kind == "drip" {
                // So long that no list ends, whatever its size.
                fault["ms"] = json!(1000);
            }
            home.sim.post("fault", &fault)?;
            met(home)?;
        }
        Phase::Handshake => {
            home.sim.post(
                "fault",
                &json!({"kind": "stall", "phase": "handshake", "times": 1}),
            )?;
            cut_poll(&wall)?;
            met(home)?;
        }
        Phase::Connect => {
            wall.relay.block()?;
            cut_poll(&wall)?;
            dials(&wall)?;
        }
    }
    let from = wall.relay.mark();
    wall.go_on(volley, count, pause, most)?;
    let others = wall
        .relay
        .since(from)
        .into_iter()
        .filter(|r| r.data && !wall.is_command(r));
    // Commands may be followed by a read of their own; a poll that goes on asks more than that.
    if others.count() > count {
        return Err(format!("the poll did not stay {}", state.name));
    }
    if state.phase == Phase::Connect {
        wall.relay.unblock()?;
    }
    // What a fault holds up stays held up: the next panel starts with connections of its own.
    home.sim.post("clear", &json!({}))?;
    Ok(())
}

/// Waits until the fault was met.
fn met(home: &Home) -> Result<()> {
    let met = |sim: &homey_rig::Sim| {
        let faults = sim.get("faults")?;
        let list = faults["faults"].as_array().or(faults.as_array()).cloned();
        Ok(list
            .unwrap_or_default()
            .iter()
            .any(|f| f["met"].as_u64() > Some(0)))
    };
    home.sim.until("the fault", Duration::from_secs(20), met)?;
    // And what was sent before it has been read.
    std::thread::sleep(Duration::from_millis(100));
    Ok(())
}

/// Ends the connection that the poll uses: the last one that asked something that is no command.
fn cut_poll(wall: &Wall) -> Result<()> {
    let from = wall.relay.mark();
    let polls = |r: &crate::relay::Record| r.data && !wall.is_command(r);
    let asked = wall.relay.find(from, Duration::from_secs(10), polls);
    let connection = asked.ok_or("the panel does not poll")?.connection;
    // In the pause after the poll, so that it is no failure of its own.
    std::thread::sleep(Duration::from_millis(150));
    wall.relay.cut(Some(connection));
    Ok(())
}

/// Waits until the panel has sent a SYN that nobody answers.
fn dials(wall: &Wall) -> Result<()> {
    let port = format!(":{:04X}", wall.relay.address.port());
    let began = Instant::now();
    loop {
        let table = wall.panel.process().file("net/tcp");
        let waits = table.lines().any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            matches!(fields[..], [_, _, to, "02", ..] if to.ends_with(&port))
        });
        if waits {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(10) {
            return Err("the panel does not dial".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A switch of the simulator: a device that never answers a command.
pub fn hang(home: &Home, device: &str, on: bool) -> Result<Value> {
    home.sim.post("hang", &json!({"device": device, "on": on}))
}
