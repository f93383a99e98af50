// SPDX-License-Identifier: MIT OR Apache-2.0
//! What others do to the home: values, devices that go, return, get new names, and slow ones.

use std::time::{Duration, Instant};

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

#[test]
fn a_change_from_outside_shows_within_one_poll() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .lamp("heat", "Office/Heater", "target_temperature")
        .ready();
    wall.lamp("desk", "ready", false);
    let changed = Instant::now();
    sim.set("Office/Desk light", "onoff", json!(true));
    let shown = wall.lamp("desk", "ready", true);
    println!(
        "a change from outside was shown after {:?} (polls every 200 ms)",
        shown - changed
    );
    assert!(shown - changed < Duration::from_millis(1500));

    sim.post(
        "available",
        &json!({"device": "Office/Desk light", "available": false, "message": "Geen bereik"}),
    );
    wall.see(json!({"show": "desk", "state": "unavailable"}));
    sim.post(
        "available",
        &json!({"device": "Office/Desk light", "available": true}),
    );
    wall.lamp("desk", "ready", true);
    wall.stop();
}

#[test]
fn a_device_that_is_paired_anew_under_its_name_works_again() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);
    sim.post("gone", &json!({"device": "Office/Desk light"}));
    wall.see(json!({"show": "desk", "state": "blocked"}));
    wall.tap("desk");
    wall.word("desk", "refused");
    sim.post(
        "return",
        &json!({"device": "Office/Desk light", "new_id": true}),
    );
    wall.lamp("desk", "ready", false);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(
        sim.writes().last().map(String::as_str),
        Some("Office/Desk light onoff true")
    );

    // Renamed it is still the same device.
    sim.post(
        "rename",
        &json!({"device": "Office/Desk light", "name": "Other light"}),
    );
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", false);
    assert_eq!(
        sim.writes().last().map(String::as_str),
        Some("Office/Other light onoff false")
    );
    wall.stop();
}

#[test]
fn a_slow_device_stays_as_wanted_and_never_snaps_back() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);
    let from = wall.shows.len();
    sim.post("slow", &json!({"device": "Office/Desk light", "ms": 2000}));
    wall.tap("desk");
    wall.lamp("desk", "pending", true);
    wall.word("desk", "confirmed");
    sim.until("the device's own pace", |sim| {
        let state = sim.get("state");
        let devices = state["devices"].as_array().cloned().unwrap_or_default();
        devices
            .iter()
            .any(|d| d["name"] == "Desk light" && d.to_string().contains("\"onoff\":true"))
    });
    wall.tap("desk");
    wall.lamp("desk", "pending", false);
    for line in &wall.shows.all()[from..wall.shows.len() - 1] {
        let off = line.contains("\"show\":\"desk\"") && line.contains("\"on\":false");
        assert!(!off || line.contains("pending"), "{line}\n{}", wall.story());
    }
    wall.stop();
}
