// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asked only if changed: less to read, and nothing wrong believed because of it.

use homey_rig::beds::{Setup, Sim, Wall};
use serde_json::json;

fn unchanged(sim: &Sim) -> u64 {
    sim.counters()["statuses"]["304"].as_u64().unwrap_or(0)
}

fn setup(sim: &Sim) -> Setup {
    let lines = [
        "Host: {host}",
        "Accept-Encoding: gzip",
        "Authorization: Bearer {token}",
        "If-None-Match: {etag}",
        "Content-Type: {type}",
        "Content-Length: {length}",
    ];
    let lines: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
    Setup::of(sim)
        .also(&format!(
            "[profile]\nuse = \"own\"\n[profiles.own]\nlines = [{}]",
            lines.join(", ")
        ))
        .light("desk", "Office/Desk light")
}

fn conditional(sim: &Sim) -> Wall {
    setup(sim).ready()
}

#[test]
fn a_home_at_rest_is_read_once_and_every_change_is_seen() {
    let sim = Sim::new();
    let mut wall = conditional(&sim);
    wall.lamp("desk", "ready", false);
    sim.until("a few replies without a body", |sim| unchanged(sim) >= 3);
    sim.set("Office/Desk light", "onoff", json!(true));
    wall.lamp("desk", "ready", true);
    // After a command the whole state is asked for, and then again only changes.
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", false);
    let before = unchanged(&sim);
    sim.until("replies without a body again", |sim| {
        unchanged(sim) >= before + 3
    });
    assert_eq!(wall.now("desk")["on"], false);
    // Whatever the hub said before it was away counts no more.
    sim.post("restart", &json!({"down_ms": 1000}));
    wall.link("no-hub");
    let before = unchanged(&sim);
    wall.link("ready");
    wall.until("desk", "ready");
    assert_eq!(unchanged(&sim), before, "the first reading is whole");
    wall.stop();
}

#[test]
fn a_hub_without_validators_is_simply_read() {
    let sim = Sim::with(&["--devices", "12", "--etag", "off"]);
    let mut wall = conditional(&sim);
    wall.lamp("desk", "ready", false);
    sim.set("Office/Desk light", "onoff", json!(true));
    wall.lamp("desk", "ready", true);
    assert_eq!(unchanged(&sim), 0);
    wall.stop();
}

#[test]
fn a_list_that_lacks_a_device_never_confirms_it() {
    // V2 reads the list, where more than a few devices are bound.
    let sim = Sim::with(&["--devices", "12", "--dialect", "v2", "--etag", "on"]);
    let mut setup = setup(&sim);
    for (name, device) in [
        ("a", "Kitchen/Worktop light"),
        ("b", "Bedroom/Bedside lamp"),
        ("c", "Living room/Ceiling light"),
        ("d", "Living room/Floor lamp"),
    ] {
        setup = setup.light(name, device);
    }
    let mut wall = setup.ready();
    wall.until("desk", "ready");
    sim.until("replies without a body", |sim| unchanged(sim) >= 2);
    sim.post("restart", &json!({"down_ms": 1000}));
    sim.post("gone", &json!({"device": "Office/Desk light"}));
    wall.link("no-hub");
    wall.link("ready");
    let from = wall.shows.len();
    wall.until("desk", "blocked");
    for line in wall.shows.all().iter().skip(from) {
        assert!(
            !line.contains("\"show\":\"desk\",\"state\":\"ready\""),
            "{line}\n{}",
            wall.story()
        );
    }
    wall.until("a", "ready");
    wall.stop();
}
