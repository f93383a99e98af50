// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices that never answer, beside a poll that stalls: nobody else waits for them.

use std::time::Duration;

use homey_rig::beds::{Setup, Sim, Wall};
use serde_json::json;

/// The lights of the panel; a and b hang in their turn, c never.
const LIGHTS: [(&str, &str); 3] = [
    ("a", "Kitchen/Worktop light"),
    ("b", "Bedroom/Bedside lamp"),
    ("c", "Office/Desk light"),
];

/// A panel of three lights, and a poll that stalls before its head for 4 s.
fn stalled(sim: &Sim, hanging: &[&str]) -> Wall {
    let mut setup = Setup::of(sim).also("[poll]\ninterval_ms = 400\nidle_ms = 400");
    for (name, device) in LIGHTS {
        setup = setup.control(
            name,
            &format!("press = {{ set = \"{device}\", value = true }}"),
        );
    }
    let wall = setup.lamp("lamp", "Office/Desk light", "onoff").ready();
    for device in hanging {
        sim.post("hang", &json!({"device": device, "on": true}));
    }
    sim.post(
        "stall",
        &json!({"path_prefix": "/api/manager/devices/device", "phase": "head", "ms": 4000, "times": 1}),
    );
    // The next poll runs into it.
    let now = polls(sim);
    sim.until("a poll that stalls", |sim| polls(sim) > now);
    wall
}

fn polls(sim: &Sim) -> u64 {
    let routes = sim.counters()["routes"].clone();
    let gets = routes.as_object().into_iter().flatten();
    gets.filter(|(r, _)| r.starts_with("GET") && r.contains("devices/device"))
        .filter_map(|(_, n)| n.as_u64())
        .sum()
}

fn quick(wall: &mut Wall, name: &str, most: u64) {
    let sent = wall.tap(name);
    let took = wall.word(name, "confirmed") - sent;
    println!("{name}: confirmed after {took:?}");
    assert!(took < Duration::from_millis(most), "{name}: {took:?}");
}

#[test]
fn two_devices_that_hang_and_a_stalled_poll_delay_no_third_on_v3() {
    let sim = Sim::new();
    let mut wall = stalled(&sim, &["Kitchen/Worktop light", "Bedroom/Bedside lamp"]);
    wall.tap("a");
    wall.tap("b");
    sim.until("both writes", |sim| sim.writes().len() == 2);
    // Two commands in flight are all that a hub is asked to bear, until they have had their time.
    quick(&mut wall, "c", 1800);
    quick(&mut wall, "c", 300);
    wall.word("a", "unknown");
    let tally = wall.stop();
    assert!(
        tally.contains("4 pressed: 2 confirmed") && tally.contains("2 unknown"),
        "{tally}"
    );
}

#[test]
fn on_v2_a_stalled_poll_gives_way_to_a_press_beside_a_device_that_hangs() {
    let sim = Sim::with(&["--devices", "12", "--dialect", "v2"]);
    let mut wall = stalled(&sim, &["Kitchen/Worktop light"]);
    wall.tap("a");
    sim.until("the write that hangs", |sim| sim.writes().len() == 1);
    quick(&mut wall, "c", 1000);
    assert_eq!(sim.counters()["rate_limited"], 0);
    wall.word("a", "unknown");
    let tally = wall.stop();
    assert!(
        tally.contains("2 pressed: 1 confirmed") && tally.contains("1 unknown"),
        "{tally}"
    );
}
