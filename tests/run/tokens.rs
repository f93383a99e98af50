// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bearer dies, is replaced on disk, or may not do everything.

use std::time::Duration;

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

#[test]
fn a_revoked_key_is_said_and_a_new_one_in_the_file_is_taken() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[poll]\ninterval_ms = 1500\nidle_ms = 1500")
        .light("desk", "Office/Desk light")
        .ready();
    wall.lamp("desk", "ready", false);
    let old = sim.bearer().to_string();
    sim.post("keys/revoke", &json!({}));
    wall.link("token");
    wall.see(json!({"show": "desk", "state": "stale"}));
    wall.tap("desk");
    wall.word("desk", "refused");
    // A dead key is not hammered.
    let asked = sim.counters()["statuses"]["401"].as_u64();
    let new = sim.post(
        "keys",
        &json!({"scopes": ["homey.device.readonly", "homey.device.control", "homey.zone.readonly"]}),
    );
    let new = new["token"].as_str().expect("a key").to_string();
    assert!(asked.is_some_and(|n| n <= 4), "{asked:?}");
    wall.setup.key(&new);
    let ready = wall.link("ready");
    // What was read on the way here counts: the lamp does not wait for the next poll.
    let lit = wall.lamp("desk", "ready", false);
    assert!(
        lit - ready < Duration::from_millis(700),
        "{:?}",
        lit - ready
    );
    wall.tap("desk");
    wall.word("desk", "confirmed");
    let story = wall.story();
    assert!(
        !story.contains(&old) && !story.contains(&new),
        "a key is shown"
    );
    wall.stop();
}

#[test]
fn a_start_with_a_dead_key_waits_for_a_good_one() {
    let sim = Sim::new();
    let setup = Setup::of(&sim).light("desk", "Office/Desk light");
    setup.key("00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000:00");
    let mut wall = setup.run();
    wall.link("token");
    wall.setup.key(sim.bearer());
    wall.link("ready");
    wall.lamp("desk", "ready", false);
    wall.stop();
}

#[test]
fn what_a_key_may_not_do_is_refused_by_name_and_the_rest_works() {
    let sim = Sim::new();
    let setup = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }");
    let key = sim.post(
        "keys",
        &json!({"scopes": ["homey.device.readonly", "homey.zone.readonly"]}),
    );
    setup.key(key["token"].as_str().expect("a key"));
    let mut wall = setup.ready();
    wall.lamp("desk", "ready", false);
    sim.set("Office/Desk light", "onoff", json!(true));
    wall.lamp("desk", "ready", true);
    wall.tap("desk");
    wall.word("desk", "refused");
    wall.see_text("homey.device.control");
    wall.tap("night");
    wall.word("night", "refused");
    wall.see_text("homey.flow");
    wall.until("desk", "ready");
    assert_eq!(sim.writes().len(), 0);
    wall.stop();
}
