// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the hub proves who it is: an authority of one's own, a pin, nothing at all; and what leaks.

use homey_rig::beds::{Setup, Sim};

#[test]
fn a_pin_is_as_good_as_an_authority() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also(&format!("[trust]\npin = \"{}\"", sim.word("spki_pin")))
        .light("desk", "Office/Desk light")
        .ready();
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.stop();
}

#[test]
fn plain_http_works_where_it_is_written_and_is_said() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .hub(&format!(
            "address = \"{}\"\napi_key_file = \"KEY\"",
            sim.word("http")
        ))
        .also("[trust]\nsystem = true")
        .light("desk", "Office/Desk light")
        .ready();
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(wall.times_logged("in clear"), 1, "{}", wall.story());
    wall.stop();
}

#[test]
fn another_authority_is_refused_with_the_pin_to_set() {
    let (sim, other) = (Sim::new(), Sim::new());
    let mut wall = Setup::of(&sim)
        .also(&format!("[trust]\nca_file = \"{}\"", other.word("ca_file")))
        .light("desk", "Office/Desk light")
        .run();
    wall.link("wrong-hub");
    let line = wall.logged("pin = ");
    assert!(line.contains(sim.word("spki_pin")), "{line}");
    wall.stop();
}

#[test]
fn another_pin_is_refused() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[trust]\npin = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"")
        .light("desk", "Office/Desk light")
        .run();
    wall.link("wrong-hub");
    wall.logged("pinned");
    assert_eq!(sim.counters()["requests"], 0);
    wall.stop();
}

#[test]
fn the_bearer_shows_nowhere() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.tap("desk");
    wall.word("desk", "confirmed");
    sim.post("restart", &serde_json::json!({"down_ms": 1000}));
    wall.link("no-hub");
    wall.link("ready");
    for part in sim.bearer().split(':') {
        for place in [wall.story(), wall.proc("cmdline"), wall.proc("environ")] {
            assert!(!place.contains(part), "a part of the bearer is shown");
        }
    }
    wall.stop();
}

#[test]
fn an_expired_certificate_is_not_the_hubs_and_its_renewal_is_found() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    let expired = serde_json::json!({"kind": "certificate", "which": "expired"});
    sim.post("fault", &expired);
    sim.post("cut", &serde_json::json!({}));
    wall.link("wrong-hub");
    wall.logged("has expired");
    wall.tap("desk");
    wall.word("desk", "refused");
    sim.post("clear", &serde_json::json!({}));
    wall.link("ready");
    wall.stop();
}
