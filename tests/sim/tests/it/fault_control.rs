// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whom faults meet and how often, what is refused, and what is counted.

use serde_json::{Value, json};

use crate::raw::{Over, Raw};
use crate::sim::{Sim, until};

fn statuses(sim: &Sim, count: usize) -> Vec<u16> {
    let ping = || sim.send("GET", &sim.url("/system/ping"), &[], "").status;
    (0..count).map(|_| ping()).collect()
}

#[test]
fn chances_repeat_by_seed() {
    let sim = Sim::start(&["--devices", "3"]);
    let run = |seed: Value| {
        let fault = json!({"kind": "status", "code": 500, "probability": 0.4, "seed": seed});
        let id = sim.fault(fault);
        let seen = statuses(&sim, 50);
        let list = sim.control("faults", Value::Null);
        let hits = seen.iter().filter(|s| **s == 500).count();
        assert_eq!(
            (&list[0]["met"], &list[0]["fitted"]),
            (&json!(hits), &json!(50))
        );
        sim.control("fault/remove", json!({"id": id}));
        (seen, hits)
    };
    let (one, hits) = run(json!(7));
    assert!((8..35).contains(&hits), "{hits} of 50");
    assert_eq!(run(json!(7)).0, one);
    assert_ne!(run(json!(8)).0, one);
    // Two kinds of one seed draw for themselves.
    let both = ["head", "body"].map(|phase| {
        let fault =
            json!({"kind": "stall", "phase": phase, "ms": 0, "probability": 0.4, "seed": 7});
        let id = sim.fault(fault);
        let met: Vec<u64> = (0..50)
            .map(|_| {
                statuses(&sim, 1);
                let met = &sim.control("faults", Value::Null)[0]["met"];
                met.as_u64().expect("a count")
            })
            .collect();
        sim.control("fault/remove", json!({"id": id}));
        met
    });
    assert_ne!(both[0], both[1]);
    for (probability, hit) in [(0.0, 200), (1.0, 500)] {
        let fault = json!({"kind": "status", "code": 500, "probability": probability});
        let id = sim.fault(fault);
        assert_eq!(statuses(&sim, 20), [hit; 20], "{probability}");
        sim.control("fault/remove", json!({"id": id}));
    }
}

#[test]
fn times_and_every_count_uses() {
    let sim = Sim::start(&["--devices", "3"]);
    sim.fault(json!({"kind": "status", "code": 500, "times": 2}));
    assert_eq!(statuses(&sim, 4), [500, 500, 200, 200]);
    sim.control("clear", json!({}));
    sim.fault(json!({"kind": "status", "code": 500, "every": 3, "times": 2}));
    assert_eq!(
        statuses(&sim, 10),
        [200, 200, 500, 200, 200, 500, 200, 200, 200, 200]
    );
    let list = sim.control("faults", Value::Null);
    assert_eq!(
        (list.as_array().map(Vec::len), &list[0]["met"]),
        (Some(1), &json!(2))
    );
}

#[test]
fn path_method_and_port_choose() {
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    let prefix = "/api/manager/devices/";
    let id =
        sim.fault(json!({"kind": "status", "code": 503, "path_prefix": prefix, "method": "put"}));
    assert_eq!(sim.get("/devices/device").status, 200);
    assert_eq!(sim.get(&path).status, 200);
    assert_eq!(sim.put(&path, "{\"value\":true}").status, 503);
    sim.control("fault/remove", json!({"id": id}));
    assert_eq!(sim.put(&path, "{\"value\":true}").status, 200);

    sim.fault(json!({"kind": "status", "code": 503, "port": "https"}));
    assert_eq!(sim.raw_get(Over::Tcp, "/system/ping", "").status(), 200);
    assert_eq!(sim.raw_get(Over::Tls, "/system/ping", "").status(), 503);
    let url = format!("{}/_sim/faults", sim.word("http"));
    assert_eq!(sim.send("GET", &url, &[], "").status, 200);
}

#[test]
fn what_does_not_fit_is_refused() {
    let sim = Sim::start(&["--devices", "3"]);
    for (fault, piece) in [
        (json!({}), "\"kind\\\" is missing"),
        (json!({"kind": "flood"}), "no fault is called"),
        (json!({"kind": "stall"}), "\"phase\\\" is missing"),
        (
            json!({"kind": "stall", "phase": "idle"}),
            "none of handshake, request, head, body",
        ),
        (
            json!({"kind": "stall", "phase": "head", "ms": -1}),
            "does not fit",
        ),
        (json!({"kind": "close", "phase": "heed"}), "none of accept"),
        (json!({"kind": "portal", "probabilty": 0.5}), "takes no"),
        (json!({"kind": "portal", "probability": 1.5}), "from 0 to 1"),
        (json!({"kind": "portal", "every": 0}), "1 or more"),
        (json!({"kind": "refuse", "times": 1}), "takes ms"),
        (json!({"kind": "certificate"}), "\"which\\\" is missing"),
        (
            json!({"kind": "certificate", "which": "expired", "port": "http"}),
            "no handshake",
        ),
        (json!({"kind": "coding", "as": "zip"}), "none of chunked"),
        (json!({"kind": "wrong_length", "delta": 0}), "no fault"),
        (json!({"kind": "status", "code": 418}), "status 418"),
        (
            json!({"kind": "status", "code": 401, "scopes": true}),
            "only a 403",
        ),
        (
            json!({"kind": "status", "code": 429, "retry_after": "a\nb"}),
            "retry_after",
        ),
        (json!({"kind": "wrong_id", "id": "12"}), "24 hex digits"),
    ] {
        let url = format!("{}/_sim/fault", sim.word("control"));
        let reply = sim.send("POST", &url, &[], &fault.to_string());
        assert_eq!(reply.status, 400, "{fault}");
        assert!(reply.text().contains(piece), "{fault}: {}", reply.text());
    }
    let url = format!("{}/_sim/fault/remove", sim.word("control"));
    assert_eq!(sim.send("POST", &url, &[], "{\"id\":1}").status, 404);
    assert_eq!(sim.control("faults", Value::Null), json!([]));
    assert_eq!(statuses(&sim, 3), [200; 3]);
}

#[test]
fn connections_and_their_requests_are_counted() {
    let sim = Sim::start(&["--devices", "3"]);
    let counters = || sim.control("counters", Value::Null);
    assert_eq!(counters()["connections_open"], 0);
    let mut kept = Raw::open(&sim, Over::Tls).expect("a connection");
    for _ in 0..3 {
        kept.send("GET", "/system/ping", "", "").expect("sent");
        kept.reply();
    }
    let idle = Raw::open(&sim, Over::Tcp).expect("a connection");
    until("both are accepted", || counters()["connections_open"] == 2);
    let now = counters();
    assert_eq!(now["open"][0]["via"], "https");
    assert_eq!(now["open"][0]["requests"], 3);
    assert_eq!(now["requests_per_connection"], json!({"0": 1, "3": 1}));
    drop((kept, idle));
    until("both are gone", || counters()["connections_open"] == 0);
    assert_eq!(
        counters()["requests_per_connection"],
        json!({"0": 1, "3": 1})
    );
    sim.control("counters/reset", json!({}));
    assert_eq!(counters()["requests_per_connection"], json!({}));
}
