// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that stand for nothing, or for several things.

use serde_json::json;

use super::sim::Sim;
use super::wall::Setup;

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
