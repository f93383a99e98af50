// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub goes away and comes back: said, survived, and everything read again before it counts.

use std::time::Duration;

use homey_rig::SOON;
use homey_rig::beds::{Setup, Sim, Wall};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// No lamp is shown as certain between losing the hub and the `ready` that follows, by more than that very turn.
fn nothing_fresh_before_ready(wall: &Wall, from: usize) {
    let lines = wall.shows.all();
    let ready = lines
        .iter()
        .skip(from)
        .position(|l| l == "{\"link\":\"ready\"}")
        .map_or(lines.len(), |n| from + n);
    let loading = lines
        .iter()
        .skip(from)
        .take(ready - from)
        .rposition(|l| l == "{\"link\":\"loading\"}")
        .map_or(ready, |n| from + n);
    for line in &lines[from..loading] {
        let show: Value = serde_json::from_str(line).expect("JSON");
        assert_ne!(show["state"], "ready", "{line}\n{}", wall.story());
    }
}

#[test]
fn a_restart_of_the_hub_is_said_and_survived() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);
    sim.post("restart", &json!({"down_ms": 3000}));
    wall.link("no-hub");
    wall.see(json!({"show": "desk", "state": "stale"}));
    let from = wall.shows.len();
    // Early presses are too old when the hub is back; they are shown as that, not kept.
    let pressed = wall.tap("desk");
    wall.word("desk", "taken");
    let told = wall.see_text("\"feedback\":\"desk\"");
    let _ = pressed;
    assert!(
        told.contains("expired") || told.contains("confirmed"),
        "{told}"
    );
    // The press may end before everything is read, or after.
    wall.until("desk", "ready");
    nothing_fresh_before_ready(&wall, from);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    let tally = wall.stop();
    assert!(tally.contains("2 pressed"), "{tally}");
}

#[test]
fn a_hub_without_power_is_said_and_its_return_found() {
    let mut sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[timing]\npress_life_ms = 1000")
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.kill();
    wall.link("no-hub");
    wall.see(json!({"show": "desk", "state": "stale", "on": false}));
    let from = wall.shows.len();
    let pressed = wall.tap("desk");
    let expired = wall.word("desk", "expired");
    let life = expired - pressed;
    assert!(
        (Duration::from_millis(900)..Duration::from_millis(3000)).contains(&life),
        "{life:?}"
    );
    wall.tap("night");
    wall.word("night", "expired");
    sim.revive();
    sim.set("Office/Desk light", "onoff", json!(true));
    wall.link("loading");
    wall.link("ready");
    nothing_fresh_before_ready(&wall, from);
    assert!(
        sim.starts().is_empty() && sim.writes().is_empty(),
        "late presses"
    );
    wall.tap("night");
    wall.word("night", "confirmed");
    assert_eq!(sim.starts(), ["Good night"]);
    assert_eq!(wall.now("desk")["on"], true);
    // The same news is told once, not at every try.
    assert!(
        wall.times_logged("refused; nothing listens") <= 4,
        "{}",
        wall.story()
    );
    wall.stop();
}

#[test]
fn a_hub_that_falls_silent_is_missed_and_gets_no_late_presses() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[limits]\nfirst_byte_ms = 700\ntls_ms = 700\ncommand_ms = 1500")
        .also("[timing]\npress_life_ms = 1000")
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.signal(Signal::SIGSTOP);
    wall.link("no-hub");
    wall.see(json!({"show": "desk", "state": "stale"}));
    for control in ["night", "desk"] {
        let pressed = wall.tap(control);
        let expired = wall.word(control, "expired");
        assert!(expired - pressed < Duration::from_secs(3));
    }
    sim.signal(Signal::SIGCONT);
    wall.link("ready");
    wall.tap("night");
    wall.word("night", "confirmed");
    assert_eq!((sim.starts().len(), sim.writes().len()), (1, 0));
    let tally = wall.stop();
    assert!(
        tally.contains("3 pressed: 1 confirmed") && tally.contains("2 expired"),
        "{tally}"
    );
}

#[test]
fn a_hub_that_boots_keeps_its_bindings() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.post(
        "restart",
        &json!({"down_ms": 300, "boot": true, "boot_ms": 2500}),
    );
    wall.link("no-hub");
    let from = wall.shows.len();
    wall.see_within(json!({"link": "ready"}), SOON * 2);
    nothing_fresh_before_ready(&wall, from);
    // Said once, and true: not while every single device is answered with 404.
    let begin = std::time::Instant::now();
    while wall.times_logged("everything read") < 2 && begin.elapsed() < SOON {
        // The log comes by a pipe of its own.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(wall.times_logged("everything read"), 2, "{}", wall.story());
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.tap("night");
    wall.word("night", "confirmed");
    for line in wall.shows.all() {
        assert!(!line.contains("blocked"), "{line}\n{}", wall.story());
        assert!(!line.contains("nearest"), "{line}\n{}", wall.story());
    }
    wall.stop();
}

#[test]
fn a_start_while_the_hub_boots_ends_ready() {
    let sim = Sim::new();
    sim.post(
        "restart",
        &json!({"down_ms": 500, "boot": true, "boot_ms": 2000}),
    );
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .run();
    // At once, while there is no hub: it is taken, and it ends.
    wall.tap("desk");
    wall.word("desk", "taken");
    wall.see_within(json!({"link": "ready"}), SOON * 2);
    wall.tap("night");
    wall.word("night", "confirmed");
    for line in wall.shows.all() {
        assert!(!line.contains("blocked"), "{line}\n{}", wall.story());
    }
    wall.stop();
}

#[test]
fn what_a_starting_hub_does_not_know_yet_is_not_called_gone() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .control(
            "on",
            "press = { set = \"Office/Desk light\", value = true }",
        )
        .control("night", "press = { flow = \"Good night\" }")
        .lamp("desk", "Office/Desk light", "onoff")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.post("restart", &json!({"down_ms": 1000}));
    wall.link("no-hub");
    // It knows neither the device nor the flow at first, while its state is still being read.
    for method in ["PUT", "POST"] {
        sim.post(
            "fault",
            &json!({"kind": "status", "code": 404, "method": method, "times": 1}),
        );
    }
    sim.post(
        "fault",
        &json!({"kind": "stall", "phase": "head", "method": "GET", "ms": 2500, "times": 1,
            "path_prefix": "/api/manager/devices/device"}),
    );
    wall.link("loading");
    wall.tap("on");
    wall.word("on", "confirmed");
    assert_eq!(sim.writes().len(), 1);
    // A one-shot is sent once, and refused for what it is.
    wall.tap("night");
    wall.word("night", "refused");
    wall.see_text("still starting");
    assert_eq!(sim.starts().len(), 0);
    wall.link("ready");
    let tally = wall.stop();
    assert!(
        tally.contains("2 pressed: 1 confirmed, 1 refused"),
        "{tally}"
    );
}

#[test]
fn a_hand_finds_a_hub_that_is_back_though_the_last_try_hangs() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .control("night", "press = { flow = \"Good night\" }")
        .lamp("desk", "Office/Desk light", "onoff")
        .ready();
    wall.lamp("desk", "ready", false);
    // Connections that were made meanwhile stay dead, as those of a hub that lost its power do.
    sim.post("fault", &json!({"kind": "silent"}));
    sim.post("cut", &json!({}));
    wall.link("no-hub");
    let dialled = |sim: &Sim| sim.counters()["connections"].as_u64().unwrap_or(0);
    let before = dialled(&sim);
    sim.until("a try that hangs", |sim| dialled(sim) > before);
    sim.post("clear", &json!({}));
    let pressed = wall.tap("night");
    let noticed = wall.link("ready") - pressed;
    wall.until("desk", "ready");
    println!("noticed {noticed:?} after the press");
    assert!(noticed < Duration::from_secs(2), "{noticed:?}");
    wall.stop();
}
