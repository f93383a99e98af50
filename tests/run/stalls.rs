// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocking, never deaf: a press while a poll's reply does not come.

use std::time::Duration;

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

fn a_press_beside_a_stall(phase: &str) {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    sim.post(
        "stall",
        &json!({"path_prefix": "/api/manager/devices/device", "phase": phase, "ms": 2500, "times": 1}),
    );
    // The next poll runs into it.
    let polls = |sim: &Sim| {
        let routes = sim.counters()["routes"].clone();
        let gets = routes.as_object().into_iter().flatten();
        gets.filter(|(r, _)| r.starts_with("GET") && r.contains("devices/device"))
            .filter_map(|(_, n)| n.as_u64())
            .sum::<u64>()
    };
    let now = polls(&sim);
    sim.until("a poll that stalls", |sim| polls(sim) > now);
    let sent = wall.tap("desk");
    let taken = wall.word("desk", "taken");
    let wait = sim.until("the write", |sim| sim.writes().len() == 2);
    let done = wall.word("desk", "confirmed");
    println!(
        "beside a stalled {phase}: acknowledged after {:?}, at the hub within {wait:?}, confirmed after {:?}",
        taken - sent,
        done - sent
    );
    assert!(
        taken - sent < Duration::from_millis(250),
        "{:?}",
        taken - sent
    );
    assert!(
        done - sent < Duration::from_millis(1200),
        "{:?}",
        done - sent
    );
    let tally = wall.stop();
    assert!(tally.contains("2 pressed: 2 confirmed"), "{tally}");
}

#[test]
fn a_press_beside_a_poll_without_a_head() {
    a_press_beside_a_stall("head");
}

#[test]
fn a_press_beside_a_poll_that_stops_in_its_body() {
    a_press_beside_a_stall("body");
}

#[test]
fn a_write_whose_reply_is_late_beyond_its_time_is_unknown_and_not_repeated() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[limits]\ncommand_ms = 600")
        .control("night", "press = { flow = \"Good night\" }")
        .lamp("desk", "Office/Desk light", "onoff")
        .ready();
    sim.post(
        "stall",
        &json!({"path_prefix": "/api/manager/flow/flow/", "phase": "head", "ms": 3000, "times": 1}),
    );
    wall.tap("night");
    wall.word("night", "unknown");
    // Long enough for every retry that there might be.
    wall.tap("night");
    wall.word("night", "confirmed");
    assert_eq!(sim.starts(), ["Good night", "Good night"]);
    let tally = wall.stop();
    assert!(
        tally.contains("2 pressed: 1 confirmed") && tally.contains("1 unknown"),
        "{tally}"
    );
}
