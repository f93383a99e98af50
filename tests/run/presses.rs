// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses on a hub in good health: what the panel shows, and what arrives, exactly once.

use std::time::Duration;

use homey_rig::beds::{Dir, Setup, Sim};
use serde_json::json;

#[test]
fn a_press_is_pending_then_confirmed_by_one_write() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);
    wall.tap("desk");
    wall.word("desk", "taken");
    wall.lamp("desk", "pending", true);
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", true);
    assert_eq!(sim.writes(), ["Office/Desk light onoff true"]);

    // Twice quickly: off and on again, or nothing at all in between; in the end as it was, and each press ends.
    wall.tap("desk");
    wall.tap("desk");
    wall.word("desk", "taken");
    wall.see_text("\"result\":\"confirmed\"");
    wall.lamp("desk", "ready", true);
    let writes = sim.writes();
    assert_eq!(
        writes.last().map(String::as_str),
        Some("Office/Desk light onoff true"),
        "{writes:?}"
    );
    let tally = wall.stop();
    assert!(tally.contains("3 pressed"), "{tally}");
    assert!(
        tally.contains("0 refused") && tally.contains("0 expired"),
        "{tally}"
    );
}

#[test]
fn a_flood_of_turns_merges_and_the_last_value_arrives() {
    let sim = Sim::new();
    sim.set("Office/Desk light", "dim", json!(0));
    let mut wall = Setup::of(&sim)
        .control(
            "knob",
            "turn = { step = \"Office/Desk light\", capability = \"dim\", by = 0.01 }",
        )
        .lamp("dim", "Office/Desk light", "dim")
        .ready();
    for _ in 0..60 {
        wall.say("{\"turn\":\"knob\",\"by\":1}");
    }
    sim.until("the last value", |sim| {
        sim.writes().last().map(String::as_str) == Some("Office/Desk light dim 0.6")
    });
    wall.see(json!({"show": "dim", "state": "ready", "level": 0.6}));
    let count = sim.writes().len();
    assert!(count <= 10, "{:?}", sim.writes());
    let tally = wall.stop();
    assert!(tally.contains("0 refused, "), "{tally}");
}

#[test]
fn holds_start_flows_once_and_several_actions_run_in_order() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .control(
            "night",
            "hold_ms = 300\nhold = { flow = \"Good night\" }\npress = { mood = \"Living room/Relax\" }",
        )
        .control("panic", "press = { flow = \"Panic\" }")
        .control(
            "leave",
            "press = [\n{ set = \"Office/Desk light\", value = true },\n\
             { set = \"Hall/Front door\", capability = \"locked\", value = true },\n{ flow = \"Leave home\" },\n]",
        )
        .ready();
    wall.say("{\"press\":\"night\"}");
    wall.word("night", "taken");
    wall.word("night", "confirmed");
    wall.say("{\"release\":\"night\"}");
    assert_eq!(sim.starts(), ["Good night"]);
    wall.tap("night");
    wall.word("night", "confirmed");
    wall.tap("panic");
    wall.word("panic", "confirmed");
    assert_eq!(sim.starts(), ["Good night", "Relax", "Panic"]);

    let before = sim.writes().len();
    wall.tap("leave");
    wall.word("leave", "confirmed");
    let writes = sim.writes();
    let ours: Vec<&String> = writes[before..].iter().collect();
    assert_eq!(
        ours[..2],
        [
            "Office/Desk light onoff true",
            "Hall/Front door locked true"
        ]
    );
    assert_eq!(sim.starts().len(), 4);
    let tally = wall.stop();
    assert!(tally.contains("4 pressed: 4 confirmed"), "{tally}");
}

#[test]
fn a_pro_2019_is_found_out_and_never_asked_too_quickly() {
    let sim = Sim::with(&["--devices", "40", "--dialect", "v2"]);
    let dir = Dir::new();
    let session = dir.write(
        "session.json",
        &json!({"version": 1, "hub": sim.word("hub_id"), "token": sim.word("session_token")})
            .to_string(),
    );
    let devices = [
        ("a", "Living room/Ceiling light"),
        ("b", "Living room/Floor lamp"),
        ("c", "Kitchen/Worktop light"),
        ("d", "Kitchen/Coffee machine"),
        ("e", "Office/Desk light"),
        ("f", "Bedroom/Bedside lamp"),
    ];
    let mut setup = Setup::of(&sim)
        .hub(&format!(
            "address = \"{}\"\nsession_file = \"{}\"",
            sim.word("https_address"),
            session.display()
        ))
        .lamp("g", "Hall/Front door", "locked")
        .lamp("h", "Office/Heater", "target_temperature")
        .lamp("i", "Bedroom/Blinds", "windowcoverings_set")
        .lamp("j", "Hall/Motion sensor", "alarm_motion")
        .control(
            "night",
            "press = [{ flow = \"Good night\" }, { mood = \"Bright\" }]",
        );
    for (name, device) in devices {
        setup = setup.light(name, device);
    }
    let mut wall = setup.ready();
    wall.logged("the hub speaks V2");
    for (name, _) in devices {
        wall.tap(name);
        wall.word(name, "confirmed");
    }
    wall.tap("night");
    wall.word("night", "confirmed");
    // All at once: the pace is ours to keep.
    for (name, _) in devices {
        wall.tap(name);
    }
    sim.until("every write", |sim| sim.writes().len() >= 12);
    let tally = wall.stop();
    assert!(tally.contains("13 pressed: 13 confirmed"), "{tally}");
    let counters = sim.counters();
    assert_eq!(counters["rate_limited"], 0, "{counters}");
}

#[test]
fn one_device_that_hangs_delays_no_other() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .control(
            "blinds",
            "press = { set = \"Bedroom/Blinds\", capability = \"windowcoverings_set\", value = 0.25 }",
        )
        .control(
            "stop",
            "press = { set = \"Bedroom/Blinds\", capability = \"windowcoverings_state\", value = \"idle\" }",
        )
        .light("desk", "Office/Desk light")
        .ready();
    sim.post("hang", &json!({"device": "Bedroom/Blinds", "on": true}));
    wall.tap("blinds");
    sim.until("the write that hangs", |sim| !sim.writes().is_empty());
    // A second one for the same device has to wait, asleep.
    wall.tap("stop");
    let ticks = wall.ticks();
    let sent = wall.tap("desk");
    let done = wall.word("desk", "confirmed");
    assert!(
        done - sent < Duration::from_millis(500),
        "{:?}",
        done - sent
    );
    wall.word("blinds", "unknown");
    let used = wall.ticks() - ticks;
    assert!(used < 60, "{used} ticks of processor time in 5 s");
    sim.post("hang", &json!({"device": "Bedroom/Blinds", "on": false}));
    let tally = wall.stop();
    assert!(
        tally.contains("3 pressed: 1 confirmed") && tally.contains("1 expired, 1 unknown"),
        "{tally}"
    );
}
