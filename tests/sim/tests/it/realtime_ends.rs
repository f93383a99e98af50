// SPDX-License-Identifier: MIT OR Apache-2.0

//! How realtime connections end, and what changes by itself.

use serde_json::{Value, json};

use crate::raw::Over;
use crate::sim::{Sim, until};
use crate::socket::{Frames, ready, realtime};

#[test]
fn a_client_that_does_not_ping_is_dropped() {
    let sim = Sim::start(&["--devices", "3"]);
    sim.control(
        "realtime",
        json!({"ping_interval_ms": 100, "ping_timeout_ms": 150}),
    );
    let mut frames = Frames::open(&sim, Over::Tcp, "3");
    frames.play(
        r##"
        < 0{"sid":"#ID","upgrades":[],"pingInterval":100,"pingTimeout":150}
        < 40
        > 2
        < 3
        < cut
        "##,
    );
}

#[test]
fn connections_end_as_tests_want_it() {
    let sim = Sim::start(&["--devices", "12"]);
    for (ask, heard) in [
        (json!({"end": "namespace"}), "41/api"),
        (json!({"end": "close"}), "closed"),
        (json!({"end": "fin"}), "cut"),
        (json!({"end": "rst"}), "cut"),
        (json!({"on": false}), "cut"),
    ] {
        let mut frames = ready(&sim, Over::Tcp, sim.full());
        sim.control("realtime", ask.clone());
        assert_eq!(frames.hear(), heard, "{ask}");
    }
    let url = format!("{}/socket.io/?EIO=3&transport=websocket", sim.word("http"));
    assert_eq!(sim.send("GET", &url, &[], "").status, 503);
    sim.control("realtime", json!({"on": true}));
    // With all other connections.
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    sim.control("cut", json!({}));
    assert_eq!(frames.hear(), "cut");
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    sim.control("restart", json!({"down_ms": 100}));
    assert_eq!(frames.hear(), "cut");
    until("all are gone", || realtime(&sim)["open"] == 0);
}

#[test]
fn a_bearer_that_ends_closes_the_namespace() {
    let sim = Sim::start(&["--devices", "12"]);
    let lamp = sim.id("Kitchen/Worktop light");
    let mut frames = ready(&sim, Over::Tcp, sim.word("session_token"));
    frames.play(&format!(
        "> 42/api,0[\"subscribe\",\"homey:device:{lamp}\"]\n< 43/api,0[null]"
    ));
    sim.control("sessions/expire", json!({}));
    sim.control(
        "value",
        json!({"device": "Worktop light", "capability": "onoff", "value": true}),
    );
    frames.play("< 41/api");
    sim.control("realtime", json!({"events": false}));
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    frames.play(&format!(
        "> 42/api,0[\"subscribe\",\"homey:device:{lamp}\"]\n< 43/api,0[null]"
    ));
    sim.control(
        "value",
        json!({"device": "Worktop light", "capability": "onoff", "value": false}),
    );
    frames.play("> 2\n< 3");
}

#[test]
fn what_changes_by_itself_is_told() {
    let sim = Sim::start(&["--devices", "12", "--activity", "0.02"]);
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    let devices = sim.get("/devices/device").json();
    for id in devices.as_object().expect("a map").keys() {
        frames.say(&format!(r#"42/api,["subscribe","homey:device:{id}"]"#));
    }
    for _ in 0..5 {
        let frame = frames.hear();
        let json = frame.strip_prefix("42/api,").expect("an event");
        let event: Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(event[1], "capability", "{frame}");
        assert!(!event[2]["value"].is_null(), "{frame}");
    }
    sim.control("realtime", json!({"on": false}));
    sim.control("clear", json!({}));
    assert_eq!(sim.control("realtime", Value::Null)["on"], true);
}
