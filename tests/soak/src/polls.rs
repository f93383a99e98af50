// SPDX-License-Identifier: MIT OR Apache-2.0
//! Polls with a fault in every fifty: memory and descriptors stay as they were, and it ends ready.
//!
//! 100 ms is the product's shortest interval, so several houses poll side by side, one hub and one panel each; half of the
//! panels read single devices, half the whole list.

use std::time::{Duration, Instant};

use homey_rig::{Config, Result, SOON};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::explain::unexplained;
use crate::house::{House, Programs, side_by_side};
use crate::report::{Report, table};
use crate::tier::Tier;

/// The devices that a panel of each kind shows: three are read one by one, most of the home as the list.
const FEW: &[&str] = &[
    "Office/Desk light",
    "Kitchen/Worktop light",
    "Bedroom/Bedside lamp",
];

struct Story {
    way: &'static str,
    polls: usize,
    faults: usize,
    settled: (u64, u64),
    end: (u64, u64),
    ready: Duration,
    lines: usize,
    unexplained: Vec<String>,
    took: Duration,
}

pub fn run(programs: &Programs, tier: &Tier) -> Result<Report> {
    let houses = tier.poll_houses;
    let each = tier.polls.div_ceil(houses);
    let stories = side_by_side(houses, |n| story(programs, tier, each, n))?;
    let mut report = Report::default();
    let mut rows = Vec::new();
    for (n, s) in stories.iter().enumerate() {
        rows.push(vec![
            n.to_string(),
            s.way.to_string(),
            s.polls.to_string(),
            s.faults.to_string(),
            s.settled.0.to_string(),
            s.end.0.to_string(),
            s.settled.1.to_string(),
            s.end.1.to_string(),
            s.ready.as_millis().to_string(),
            s.lines.to_string(),
            s.unexplained.len().to_string(),
            s.took.as_secs().to_string(),
        ]);
        report.promise(s.end.0 <= s.settled.0 + tier.growth, || {
            format!(
                "house {n}: {} KiB resident after {} polls, {} before",
                s.end.0, s.polls, s.settled.0
            )
        });
        report.promise(s.end.1 <= s.settled.1, || {
            format!("house {n}: {} descriptors, {} before", s.end.1, s.settled.1)
        });
        report.promise(s.lines <= 4 * s.faults + 10, || {
            format!(
                "house {n}: {} lines logged for {} faults",
                s.lines, s.faults
            )
        });
        for line in &s.unexplained {
            report
                .broken
                .push(format!("house {n}: nobody can explain: {line}"));
        }
    }
    let heads = [
        "house",
        "reads",
        "polls",
        "faults",
        "KiB settled",
        "KiB end",
        "fds settled",
        "fds end",
        "ready ms",
        "log lines",
        "unexplained",
        "s",
    ];
    report.table = table(&heads, &rows);
    let all: usize = stories.iter().map(|s| s.polls).sum();
    let settled = tier.settled_polls;
    report.table.push_str(&format!(
        "{all} polls, a fault in every {}; settled is after {settled} polls of a panel, ready is after the last fault\n",
        tier.fault_every
    ));
    Ok(report)
}

fn story(programs: &Programs, tier: &Tier, count: usize, n: usize) -> Result<Story> {
    let whole_list = n % 2 == 1;
    let mut house = House::new(programs, 30, |config| {
        tier.of(bind(config, whole_list), 100, 100)
    })?;
    if whole_list {
        // One value of each device of the home, by id, since some names stand for several.
        let state = house.sim.get("state")?;
        let mut config = house.config.clone();
        for (at, (id, capability)) in values(&state).iter().enumerate() {
            config = config.lamp(&format!("d{at}"), id, capability);
        }
        house.config = config;
        house.renew_panel(programs)?;
    }
    let began = Instant::now();
    let mut dice = Dice::new(n as u64 + 77);
    let (mut done, mut faults, mut next) = (0, 0, tier.fault_every / 2);
    let mut settled = None;
    let from = polls(&house, whole_list)?;
    while done < count {
        std::thread::sleep(Duration::from_millis(40));
        done = polls(&house, whole_list)?.saturating_sub(from);
        if settled.is_none() && done >= tier.settled_polls {
            house.clear()?;
            house.until_ready("desk", tier.limit(15_000))?;
            settled = Some(house.figures());
        }
        if done >= next {
            next += tier.fault_every;
            faults += 1;
            fault(&house, tier, &mut dice)?;
        }
    }
    house.clear()?;
    let ready = house.until_ready("desk", tier.limit(15_000))?;
    let settled = settled.unwrap_or_default();
    // A lane that the hub closed is warmed again after 30 s at most.
    let patience = Instant::now() + Duration::from_secs(35);
    let mut end = house.figures();
    while end.1 > settled.1 && Instant::now() < patience {
        end = house.figures();
    }
    let took = began.elapsed();
    house.panel.stop(SOON)?;
    let log = house.panel.log.all();
    Ok(Story {
        way: if whole_list { "the list" } else { "3 singly" },
        polls: done,
        faults,
        settled,
        end,
        ready,
        lines: log.len(),
        unexplained: unexplained(&log),
        took,
    })
}

fn bind(mut config: Config, _whole_list: bool) -> Config {
    for (at, device) in FEW.iter().enumerate() {
        let name = if at == 0 {
            "desk".to_string()
        } else {
            format!("f{at}")
        };
        config = config.lamp(&name, device, "onoff");
    }
    config
}

/// Every device that has a value, with the first of those.
fn values(state: &Value) -> Vec<(String, String)> {
    let devices = state["devices"].as_array().cloned().unwrap_or_default();
    let first = |device: &Value| {
        let values = device["values"].as_object()?;
        let (capability, _) = values.iter().find(|(_, value)| !value.is_null())?;
        Some((device["id"].as_str()?.to_string(), capability.clone()))
    };
    devices.iter().filter_map(first).collect()
}

/// How often everything was read.
fn polls(house: &House, whole_list: bool) -> Result<usize> {
    let counters = house.sim.counters()?;
    let count = |route: &str| {
        let count = counters["routes"][format!("GET /api/manager/devices/device{route}")].as_u64();
        usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX)
    };
    let singles = if whole_list {
        0
    } else {
        count("/:id") / FEW.len()
    };
    Ok(count("") + singles)
}

/// One fault, met by the next request or connection. One in nine outlasts a deadline, since each of these costs seconds.
fn fault(house: &House, tier: &Tier, dice: &mut Dice) -> Result<()> {
    let ms = |ms: u64| tier.time(ms).as_millis() as u64;
    let once = |mut body: Value| {
        body["times"] = json!(1);
        body["path_prefix"] = json!("/api/");
        house.sim.post("fault", &body).map(drop)
    };
    // Of connections: met by the next one, so the present one is cut.
    let rst = dice.below(2) == 0;
    let fresh = |mut body: Value| {
        body["times"] = json!(1);
        house.sim.post("fault", &body)?;
        house.sim.post("cut", &json!({"rst": rst})).map(drop)
    };
    if dice.below(9) == 0 {
        return match dice.below(6) {
            0 => fresh(json!({"kind": "silent", "ms": ms(8000)})),
            1 => fresh(json!({"kind": "stall", "phase": "handshake", "ms": ms(8000)})),
            2 => once(json!({"kind": "stall", "phase": "request", "ms": ms(5000)})),
            3 => once(json!({"kind": "stall", "phase": "body", "ms": ms(12_000)})),
            4 => once(json!({"kind": "drip", "phase": "body", "ms": ms(1000), "bytes": 1})),
            _ => {
                house.sim.process().signal(Signal::SIGSTOP)?;
                std::thread::sleep(tier.time(4000));
                house.sim.process().signal(Signal::SIGCONT)
            }
        };
    }
    match dice.below(27) {
        0 => fresh(json!({"kind": "close", "phase": "accept"})),
        1 => fresh(json!({"kind": "close", "phase": "handshake"})),
        2 => fresh(json!({"kind": "rst", "phase": "accept"})),
        3 => fresh(json!({"kind": "rst", "phase": "handshake"})),
        4 => fresh(json!({"kind": "certificate", "which": "swapped"})),
        5 => fresh(json!({"kind": "certificate", "which": "expired"})),
        6 => once(json!({"kind": "close", "phase": "request"})),
        7 => once(json!({"kind": "close", "phase": "head", "close_notify": false})),
        8 => once(json!({"kind": "close", "phase": "body"})),
        9 => once(json!({"kind": "close", "phase": "idle"})),
        10 => once(json!({"kind": "rst", "phase": "request"})),
        11 => once(json!({"kind": "rst", "phase": "head"})),
        12 => once(json!({"kind": "rst", "phase": "body"})),
        13 => once(json!({"kind": "rst", "phase": "idle"})),
        14 => once(json!({"kind": "truncated_json"})),
        15 => once(json!({"kind": "wrong_length", "delta": 10})),
        16 => once(json!({"kind": "wrong_length", "delta": -10})),
        17 => once(
            json!({"kind": "coding", "as": *dice.pick(&["br", "deflate", "raw_deflate", "chunked"])}),
        ),
        18 => once(json!({"kind": "portal"})),
        19 => once(json!({"kind": "status", "code": 401})),
        20 => once(json!({"kind": "status", "code": 429})),
        21 => once(json!({"kind": "status", "code": 500})),
        22 => once(json!({"kind": "status", "code": 502})),
        23 => once(json!({"kind": "status", "code": 503})),
        24 => once(json!({"kind": "stall", "phase": "head", "ms": ms(1000)})),
        25 => house
            .sim
            .post("restart", &json!({"down_ms": ms(1000)}))
            .map(drop),
        _ => {
            let body = json!({"down_ms": ms(500), "boot": true, "boot_ms": ms(3000)});
            house.sim.post("restart", &body).map(drop)
        }
    }
}
