// SPDX-License-Identifier: MIT OR Apache-2.0

//! Restarts, stalls, activity, the end of the process.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sim::{Sim, until};

#[test]
fn a_restart_refuses_connections_and_keeps_tokens() {
    let sim = Sim::start(&["--devices", "12"]);
    assert_eq!(sim.get("/zones/zone").status, 200);
    sim.control("restart", json!({"down_ms": 1000}));
    let fresh = crate::sim::agent().get(sim.url("/system/ping")).call();
    assert!(
        matches!(&fresh, Err(ureq::Error::Io(e)) if e.kind() == std::io::ErrorKind::ConnectionRefused)
            || matches!(&fresh, Err(ureq::Error::ConnectionFailed)),
        "{fresh:?}"
    );
    until("it is back", || {
        crate::sim::agent()
            .get(sim.url("/system/ping"))
            .call()
            .is_ok()
    });
    assert_eq!(
        sim.get("/zones/zone").status,
        200,
        "the token is still good"
    );
}

#[test]
fn a_boot_goes_through_its_phases() {
    let sim = Sim::start(&["--devices", "12"]);
    sim.control("restart", json!({"boot": true, "boot_ms": 700}));
    until("ping answers", || {
        crate::sim::agent()
            .get(sim.url("/system/ping"))
            .call()
            .is_ok()
    });
    assert_eq!(sim.get("/zones/zone").status, 503);
    let mut seen = Vec::new();
    until("the devices are ready", || {
        let reply = sim.get("/devices/device");
        let phase = match reply.status {
            200 => match reply.json().as_object().and_then(|m| m.values().next()) {
                None => "empty",
                Some(device) if device["ready"] == false => {
                    assert_eq!(device["available"], false);
                    "unready"
                }
                Some(_) => "ready",
            },
            _ => "503",
        };
        if seen.last() != Some(&phase) {
            seen.push(phase);
        }
        phase == "ready"
    });
    assert_eq!(seen, ["503", "empty", "unready", "ready"]);
}

#[test]
fn stalls_by_phase() {
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    let prefix = "/api/manager/devices/device";
    for phase in ["request", "head", "body"] {
        let stall = json!({"path_prefix": prefix, "phase": phase, "ms": 300, "times": 1});
        sim.control("stall", stall);
        let start = Instant::now();
        assert_eq!(sim.put(&path, "{\"value\":true}").status, 200, "{phase}");
        assert!(start.elapsed() >= Duration::from_millis(300), "{phase}");
    }
    let stall = json!({"path_prefix": prefix, "phase": "head", "ms": 60_000});
    sim.control("stall", stall);
    assert_eq!(sim.get("/zones/zone").status, 200, "other paths go on");
    sim.control("clear", json!({}));
    assert_eq!(sim.get(&path).status, 200);
}

#[test]
fn control_works_on_the_hub_ports_too() {
    let sim = Sim::start(&["--devices", "12", "--dialect", "v2"]);
    let url = format!("{}/_sim/counters", sim.word("http"));
    for _ in 0..8 {
        assert_eq!(
            sim.send("GET", &url, &[], "").status,
            200,
            "not rate limited"
        );
    }
    let counters = sim.send("GET", &url, &[], "").json();
    assert_eq!(counters["requests"], 0, "not counted");
    let bad = sim.send(
        "POST",
        &format!("{}/_sim/gone", sim.word("http")),
        &[],
        "{\"x\":1}",
    );
    assert_eq!(bad.status, 400);
    sim.get("/zones/zone");
    sim.control("counters/reset", json!({}));
    assert_eq!(sim.control("counters", Value::Null)["requests"], 0);
}

#[test]
fn activity_changes_things() {
    let sim = Sim::start(&["--devices", "12", "--activity", "0.02"]);
    let values = |sim: &Sim| sim.control("state", Value::Null)["devices"].clone();
    let before = values(&sim);
    until("something changes", || values(&sim) != before);
}

#[test]
fn it_ends_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let mut sim = Sim::start(&["--devices", "3"]);
        let ca = sim.word("ca_file").to_owned();
        assert!(std::path::Path::new(&ca).exists());
        assert_eq!(sim.end(signal), 0, "{signal}");
        assert!(
            !std::path::Path::new(&ca).exists(),
            "the temporary folder is gone"
        );
    }
    let mut sim = Sim::start(&["--devices", "3"]);
    assert_eq!(sim.abandon(), 0, "standard input closed");
}
