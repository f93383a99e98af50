// SPDX-License-Identifier: MIT OR Apache-2.0
//! The relay while the hub is not in this network, and home again.

use std::time::{Duration, Instant};

use homey_rig::SOON;
use homey_rig::beds::{Setup, Sim, Wall};
use nix::sys::signal::Signal;
use serde_json::json;

use super::alone::alone;
use super::moves::{hub, setup};

/// Beside the panel's file: a session that knows the relay.
pub fn with_session(sim: &Sim, setup: Setup, hub_lines: &str) -> Setup {
    let session = json!({
        "version": 2, "kind": "password", "hub": sim.word("hub_id"), "name": "Home",
        "token": sim.word("session_token"), "made": null, "expires": null,
        "routes": {"local": sim.word("https"), "mdns": null, "relay": sim.word("relay"), "forwarded": null},
    });
    let path = setup.dir.write("session.json", &session.to_string());
    let lines = hub_lines.replace("SESSION", &path.display().to_string());
    setup
        .hub(&lines)
        .also(&format!("[cloud]\nca_file = \"{}\"", sim.word("ca_file")))
}

fn way(wall: &Wall, text: &str, within: Duration) -> Duration {
    let begun = Instant::now();
    while wall.now("way")["text"] != text {
        assert!(begun.elapsed() < within, "{text}\n{}", wall.story());
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

#[test]
fn the_relay_stands_in_and_home_is_found_again() {
    if !alone("outside::the_relay_stands_in_and_home_is_found_again") {
        return;
    }
    let sim = hub(&[]);
    let lines = format!(
        "address = \"{}\"\nsession_file = \"SESSION\"\nid = \"{}\"",
        sim.word("https_address"),
        sim.word("hub_id")
    );
    let mut wall = with_session(&sim, setup(&sim), &lines).ready();
    wall.lamp("desk", "ready", false);
    way(&wall, "local", SOON);
    // Away: somewhere in another network.
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let taken = way(&wall, "relay", SOON * 2);
    wall.until("desk", "ready");
    println!("by the relay after {taken:?}");
    wall.logged("(the relay)");
    assert_eq!(wall.now("way")["level"], 0.5);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", true);
    // Back where it was. Hands go on meanwhile, and lamps never doubt.
    sim.post("address", &json!({"ip": "127.0.0.2"}));
    let from = wall.shows.len();
    let begun = Instant::now();
    let mut pressed = 0;
    while wall.now("way")["text"] != "local" {
        assert!(
            begun.elapsed() < Duration::from_secs(45),
            "{}",
            wall.story()
        );
        wall.tap("night");
        wall.word("night", "confirmed");
        pressed += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "home after {:?}, {pressed} presses on the way",
        begun.elapsed()
    );
    for _ in 0..5 {
        wall.tap("night");
        wall.word("night", "confirmed");
        pressed += 1;
    }
    assert_eq!(sim.starts().len(), pressed);
    for said in wall.shows.since(from) {
        assert!(
            !said.line.contains("\"stale\"") && !said.line.contains("\"link\""),
            "{}",
            said.line
        );
    }
    wall.stop();
}

#[test]
fn a_panel_that_starts_away_from_home_takes_the_relay() {
    if !alone("outside::a_panel_that_starts_away_from_home_takes_the_relay") {
        return;
    }
    let sim = hub(&[]);
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    // No id and no address: the session names the hub.
    let mut wall = with_session(&sim, setup(&sim), "session_file = \"SESSION\"").run();
    way(&wall, "relay", SOON * 2);
    wall.until("desk", "ready");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    // A relay that is not to be used is not.
    wall.stop();
    let mut wall = with_session(
        &sim,
        setup(&sim),
        "relay = false\nsession_file = \"SESSION\"",
    )
    .run();
    wall.link("no-hub");
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(wall.now("way")["text"], "none", "{}", wall.story());
    wall.stop();
}

#[test]
fn an_api_key_never_goes_to_the_relay() {
    if !alone("outside::an_api_key_never_goes_to_the_relay") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim).ready();
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    sim.post("counters/reset", &json!({}));
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(sim.counters()["requests"], 0);
    assert_eq!(wall.now("way")["text"], "none");
    sim.post("mdns", &json!({"on": true}));
    wall.link("ready");
    wall.stop();
}

/// A panel that has taken the relay, and the file of its session.
fn by_the_relay(sim: &Sim) -> Wall {
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let mut wall = with_session(sim, setup(sim), "session_file = \"SESSION\"")
        .also("[poll]\ninterval_ms = 200\nidle_ms = 200\nretry_ms = 50")
        .run();
    way(&wall, "relay", SOON * 2);
    wall.link("ready");
    wall
}

/// The hub's requests that came with a bearer which it does not take there.
fn refused(sim: &Sim) -> u64 {
    sim.counters()["statuses"]["401"].as_u64().unwrap_or(0)
}

#[test]
fn a_reload_leaves_a_way_that_is_no_longer_allowed() {
    if !alone("outside::a_reload_leaves_a_way_that_is_no_longer_allowed") {
        return;
    }
    let sim = hub(&[]);
    let key = format!("id = \"{}\"\napi_key_file = \"KEY\"", sim.word("hub_id"));
    for lines in ["relay = false\nsession_file = \"SESSION\"", key.as_str()] {
        let mut wall = by_the_relay(&sim);
        let text = std::fs::read_to_string(wall.setup.file()).expect("the file");
        let dir = wall.setup.dir.0.display().to_string();
        let lines = lines
            .replace("SESSION", &format!("{dir}/session.json"))
            .replace("KEY", &format!("{dir}/key"));
        let rest = text.split_once("\n[").expect("sections").1;
        wall.setup
            .dir
            .write("panel.toml", &format!("[hub]\n{lines}\n[{rest}"));
        wall.signal(Signal::SIGHUP);
        wall.link("no-hub");
        way(&wall, "none", SOON);
        assert_eq!(refused(&sim), 0, "the key was sent to the relay");
        sim.post("counters/reset", &json!({}));
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(sim.counters()["requests"], 0);
        wall.stop();
    }
}

#[test]
fn a_login_with_a_key_leaves_the_relay() {
    if !alone("outside::a_login_with_a_key_leaves_the_relay") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = by_the_relay(&sim);
    let session = json!({
        "version": 2, "kind": "key", "hub": sim.word("hub_id"), "name": "Home",
        "token": sim.bearer(), "made": null, "expires": null,
        "routes": {"local": sim.word("https"), "mdns": null, "relay": sim.word("relay"), "forwarded": null},
    });
    wall.setup.dir.write("session.json", &session.to_string());
    wall.link("no-hub");
    way(&wall, "none", SOON);
    assert_eq!(refused(&sim), 0, "the key was sent to the relay");
    // At home it is good.
    sim.post("address", &json!({"ip": "127.0.0.2"}));
    wall.link("ready");
    way(&wall, "local", SOON);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(refused(&sim), 0);
    wall.stop();
}
