// SPDX-License-Identifier: MIT OR Apache-2.0

//! Faults of new connections.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::raw::{BOTH, Ended, Over, Raw};
use crate::sim::{Sim, until};

fn refused(sim: &Sim, over: Over) -> bool {
    match Raw::open(sim, over) {
        Ok(_) => false,
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::ConnectionRefused);
            true
        }
    }
}

fn works(raw: &mut Raw) -> bool {
    raw.send("GET", "/system/ping", "", "").expect("sent");
    raw.reply().body == b"true"
}

#[test]
fn refuse_closes_the_ports_and_keeps_what_is_open() {
    let sim = Sim::start(&["--devices", "3"]);
    let mut kept = Raw::open(&sim, Over::Tcp).expect("a connection");
    assert!(works(&mut kept));
    let id = sim.fault(json!({"kind": "refuse"}));
    assert!(BOTH.iter().all(|over| refused(&sim, *over)));
    assert!(works(&mut kept), "kept connections go on");
    sim.control("fault/remove", json!({"id": id}));
    assert!(!BOTH.iter().any(|over| refused(&sim, *over)));

    sim.fault(json!({"kind": "refuse", "port": "https", "cut": true}));
    assert_eq!(kept.rest().ended, Ended::Fin);
    assert!(refused(&sim, Over::Tls) && !refused(&sim, Over::Tcp));
    sim.control("clear", json!({}));
    assert!(!refused(&sim, Over::Tls), "clear opens it again");

    sim.fault(json!({"kind": "refuse", "ms": 30}));
    until("it ends by itself", || !refused(&sim, Over::Tcp));
}

#[test]
fn silent_connections_get_no_byte() {
    let sim = Sim::start(&["--devices", "3"]);
    for over in BOTH {
        let id = sim.fault(json!({"kind": "silent"}));
        let mut raw = Raw::open(&sim, over).expect("it is accepted");
        let tcp_only = over == Over::Tcp;
        if tcp_only {
            raw.send("GET", "/system/ping", "", "").expect("sent");
        }
        // Over TLS reading sends the ClientHello first.
        assert!(raw.quiet(40), "{over:?}");
        sim.control("fault/remove", json!({"id": id}));
        assert!(raw.quiet(10), "it stays silent");
        drop(raw);
        until("its going is noticed", || {
            sim.control("counters", Value::Null)["connections_open"] == 0
        });
    }
    sim.fault(json!({"kind": "silent", "ms": 30}));
    let mut raw = Raw::open(&sim, Over::Tcp).expect("it is accepted");
    assert_eq!(raw.rest().ended, Ended::Fin, "closed after its time");
}

#[test]
fn new_connections_end() {
    let sim = Sim::start(&["--devices", "3"]);
    for (kind, phase, over, ended) in [
        ("close", "accept", Over::Tcp, Ended::Fin),
        ("rst", "accept", Over::Tcp, Ended::Rst),
        ("close", "handshake", Over::Tls, Ended::Bare),
        ("rst", "handshake", Over::Tls, Ended::Rst),
    ] {
        sim.fault(json!({"kind": kind, "phase": phase, "times": 1}));
        if phase == "handshake" {
            let plain = sim.raw_get(Over::Tcp, "/system/ping", "");
            assert_eq!(plain.body, b"true", "not for the plain port");
        }
        let mut raw = Raw::open(&sim, over).expect("it is accepted");
        let got = raw.rest();
        assert_eq!((got.bytes.len(), got.ended), (0, ended), "{kind} {phase}");
        let next = sim.raw_get(over, "/system/ping", "");
        assert_eq!(next.body, b"true", "once only");
    }
    let faults = sim.control("faults", Value::Null);
    let met: Vec<&Value> = faults.as_array().expect("a list").iter().collect();
    assert!(
        met.len() == 4 && met.iter().all(|f| f["met"] == 1),
        "{faults}"
    );
}

#[test]
fn a_handshake_stalls_after_the_client_hello() {
    let sim = Sim::start(&["--devices", "3"]);
    sim.fault(json!({"kind": "stall", "phase": "handshake", "ms": 120, "times": 1}));
    let start = Instant::now();
    assert_eq!(sim.raw_get(Over::Tcp, "/system/ping", "").body, b"true");
    assert_eq!(sim.raw_get(Over::Tls, "/system/ping", "").body, b"true");
    assert!(start.elapsed() >= Duration::from_millis(120));
    sim.fault(json!({"kind": "stall", "phase": "handshake"}));
    let mut raw = Raw::open(&sim, Over::Tls).expect("it is accepted");
    assert!(raw.quiet(40), "without a time: for ever");
}

#[test]
fn cut_ends_what_is_open() {
    let sim = Sim::start(&["--devices", "3"]);
    for (rst, ended) in [(false, Ended::Fin), (true, Ended::Rst)] {
        let mut raw = Raw::open(&sim, Over::Tcp).expect("a connection");
        assert!(works(&mut raw));
        sim.control("cut", json!({"rst": rst}));
        assert_eq!(raw.rest().ended, ended);
        assert!(!refused(&sim, Over::Tcp));
    }
}
