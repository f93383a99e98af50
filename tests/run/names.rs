// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that stand for nothing, or for several things.

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

#[test]
fn names_in_error_are_said_with_what_was_near_and_the_rest_works() {
    let sim = Sim::with(&["--devices", "40"]);
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .light("typo", "Office/Desk lihgt")
        .light("many", "Spot")
        .control("flow", "press = { flow = \"Good nigth\" }")
        .control("mood", "press = { mood = \"Relax\" }")
        .lamp("odd", "Kitchen/Worktop light", "dim")
        .ready();
    wall.lamp("desk", "ready", false);
    wall.logged("Office/Desk light");
    let story = wall.story();
    for part in [
        "Desk lihgt",
        "Good nigth",
        "Good night",
        "Spot",
        "Living room/Relax",
        "Bedroom/Relax",
    ] {
        wall.logged(part);
    }
    // Each is told once, however many ways there are to find out.
    for part in ["Desk lihgt", "Good nigth"] {
        assert_eq!(wall.times_logged(part), 1, "{part}\n{story}");
    }
    wall.until("typo", "blocked");
    // The device is there, but has no such capability.
    wall.until("odd", "blocked");
    for control in ["typo", "many", "flow", "mood"] {
        wall.tap(control);
        wall.word(control, "refused");
    }
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(sim.writes(), ["Office/Desk light onoff true"]);

    // The device comes by that name later.
    sim.post(
        "rename",
        &json!({"device": "Kitchen/Worktop light", "name": "Desk lihgt", "zone": "Office"}),
    );
    wall.see(json!({"show": "typo", "state": "ready"}));
    wall.tap("typo");
    wall.word("typo", "confirmed");
    let tally = wall.stop();
    assert!(
        tally.contains("6 pressed: 2 confirmed, 4 refused"),
        "{tally}"
    );
}

/// GETs of this route so far.
fn gets(sim: &Sim, part: &str) -> u64 {
    let routes = sim.counters()["routes"].clone();
    let gets = routes.as_object().into_iter().flatten();
    gets.filter(|(route, _)| route.starts_with("GET") && route.contains(part))
        .filter_map(|(_, n)| n.as_u64())
        .sum()
}

#[test]
fn a_panel_of_flows_alone_never_reads_the_home() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::with(&["--devices", "12", "--dialect", dialect]);
        let mut wall = Setup::of(&sim)
            .control("night", "press = { flow = \"Good night\" }")
            .ready();
        let asked = gets(&sim, "");
        sim.until("a few polls", |sim| gets(sim, "") >= asked + 3);
        assert_eq!(gets(&sim, "devices/device"), 0, "{dialect}");
        wall.tap("night");
        wall.word("night", "confirmed");
        sim.post("restart", &json!({"down_ms": 1000}));
        wall.link("no-hub");
        wall.link("ready");
        wall.stop();
    }
}

#[test]
fn a_device_that_is_listed_and_not_found_by_itself_is_read_from_the_list() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.until("desk", "ready");
    // Of the reads of single devices each is answered with 404; the list's path is shorter.
    sim.post(
        "fault",
        &json!({"kind": "status", "code": 404, "method": "GET", "path_prefix": "/api/manager/devices/device/"}),
    );
    let lists = |sim: &Sim| gets(sim, "devices/device") - gets(sim, "devices/device/");
    let before = lists(&sim);
    sim.until("lists", |sim| lists(sim) >= before + 5);
    let zones = gets(&sim, "zones");
    sim.set("Office/Desk light", "onoff", json!(true));
    wall.lamp("desk", "ready", true);
    let before = lists(&sim);
    sim.until("more lists", |sim| lists(sim) >= before + 3);
    assert_eq!(gets(&sim, "zones"), zones, "names looked up over and over");
    wall.stop();
}
