// SPDX-License-Identifier: MIT OR Apache-2.0
//! `store_in`: the logic variable of the hub that is to hold the present bearer, or cannot.

use homey_rig::beds::Sim;
use serde_json::{Value, json};

use super::renewal::{folder, press_until, renewals, session, setup, stored};

/// What a variable of the hub's holds.
fn variable(sim: &Sim, name: &str) -> Value {
    let state = sim.get("state");
    let all = state["variables"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().find(|v| v["name"] == name);
    found.map_or(Value::Null, |v| v["value"].clone())
}

#[test]
fn a_variable_of_the_hub_holds_the_present_bearer() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old))
        .also("[session]\nstore_in = \"Message\"")
        .ready();
    sim.until("the bearer", |sim| variable(sim, "Message") == old);
    let due = session(&sim, "oauth", 19.5, &old);
    wall.setup.dir.write("session.json", &due.to_string());
    press_until(&mut wall, "a renewal", |wall| renewals(wall) == 1);
    let new = stored(&folder(&wall));
    sim.until("the new bearer", |sim| variable(sim, "Message") == new);
    assert!(!wall.story().contains(&new) && !wall.story().contains(&old));
    wall.stop();
    // It is there already: nothing is written at another start.
    let written = |sim: &Sim| sim.counters()["routes"].to_string().matches("PUT").count();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &new))
        .also("[session]\nstore_in = \"Message\"")
        .ready();
    let before = written(&sim);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(variable(&sim, "Message"), new);
    assert_eq!(written(&sim), before);
    wall.stop();
}

#[test]
fn a_variable_that_cannot_hold_the_bearer_is_told_once() {
    let sim = Sim::new();
    let session_token = sim.word("session_token").to_owned();
    let scoped = sim.post(
        "keys",
        &json!({"scopes": ["homey.device", "homey.zone.readonly", "homey.logic.readonly"]}),
    );
    let scoped = scoped["token"].as_str().unwrap_or_default().to_owned();
    let blind = sim.post(
        "keys",
        &json!({"scopes": ["homey.device", "homey.zone.readonly"]}),
    );
    let blind = blind["token"].as_str().unwrap_or_default().to_owned();
    for (token, name, told) in [
        (&session_token, "Visitors", "it is no text variable"),
        (&session_token, "Nobody", "Nobody"),
        (&scoped, "Message", "homey.logic"),
        (&blind, "Message", "homey.logic.readonly"),
    ] {
        let mut wall = setup(&sim, &session(&sim, "bearer", 1.0, token))
            .also(&format!("[session]\nstore_in = \"{name}\""))
            .ready();
        // The variable gives way to presses: hands that never rest, on a busy machine, would put it off.
        wall.logged(told);
        for _ in 0..10 {
            wall.tap("desk");
            wall.word("desk", "confirmed");
        }
        assert_eq!(wall.times_logged(told), 1, "{}", wall.story());
        assert_ne!(variable(&sim, "Message"), **token);
        wall.stop();
    }
}
