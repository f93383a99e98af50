// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses of which nobody can say for sure whether they were done, and presses that must not be done any more.

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

#[test]
fn a_reply_that_does_not_say_whether_it_ran_is_unknown() {
    for (code, executed) in [(500, true), (500, false), (502, false), (504, false)] {
        let sim = Sim::new();
        let mut wall = Setup::of(&sim)
            .light("desk", "Office/Desk light")
            .control("night", "press = { flow = \"Good night\" }")
            .ready();
        wall.lamp("desk", "ready", false);
        for method in ["PUT", "POST"] {
            let fault = json!({"kind": "status", "code": code, "executed": executed, "method": method, "times": 1});
            sim.post("fault", &fault);
        }
        wall.tap("desk");
        wall.word("desk", "unknown");
        wall.see_text(&format!("may have been done: the hub answers {code}"));
        wall.lamp("desk", "ready", executed);
        wall.tap("night");
        wall.word("night", "unknown");
        let done = usize::from(executed);
        assert_eq!((sim.writes().len(), sim.starts().len()), (done, done));
        let tally = wall.stop();
        assert!(tally.contains("2 unknown"), "{tally}");
    }
}

#[test]
fn what_an_app_says_of_its_own_cloud_is_no_word_of_the_hubs() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    wall.lamp("desk", "ready", false);
    let links = wall.times_shown("\"link\"");
    let codes = [
        (500, "invalid_token"),
        (500, "session_expired"),
        (500, "not_logged_in"),
        (500, "too_many_requests"),
        (500, "not_found"),
    ];
    for (at, (code, error)) in codes.into_iter().enumerate() {
        // Every start is answered so, and has run all the same.
        let fault = json!({"kind": "status", "code": code, "error": error, "executed": true, "method": "POST"});
        let fault = sim.post("fault", &fault);
        wall.tap("night");
        wall.word("night", "unknown");
        wall.see_text(&format!(
            "may have been done: the hub answers {code} {error}"
        ));
        assert_eq!(sim.starts().len(), at + 1, "{error}: {}", wall.story());
        sim.post("fault/remove", &json!({"id": fault["id"]}));
    }
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(wall.times_shown("\"link\""), links, "{}", wall.story());
    let tally = wall.stop();
    assert!(tally.contains("5 unknown"), "{tally}");
}

#[test]
fn a_press_that_waits_for_a_handshake_past_its_life_is_not_sent() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[poll]\ninterval_ms = 10000\nidle_ms = 10000")
        .also("[timing]\npress_life_ms = 500")
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.post(
        "fault",
        &json!({"kind": "stall", "phase": "handshake", "ms": 1500}),
    );
    let open = |sim: &Sim| -> Vec<u64> {
        let open = sim.counters()["open"].as_array().cloned();
        let ids = open.iter().flatten().filter_map(|one| one["id"].as_u64());
        ids.collect()
    };
    let before = open(&sim);
    sim.post("cut", &json!({}));
    // A press that leaves on a connection before its end has come is unknown. The panel makes new ones at once.
    sim.until("the end of all connections", |sim| {
        open(sim).iter().all(|id| !before.contains(id))
    });
    for control in ["desk", "night"] {
        wall.tap(control);
        wall.word(control, "expired");
    }
    sim.post("clear", &json!({}));
    wall.until("desk", "ready");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!((sim.writes().len(), sim.starts().len()), (1, 0));
    wall.stop();
}
