// SPDX-License-Identifier: MIT OR Apache-2.0

//! Faults of requests: pauses, endings, slow and other replies.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::raw::{BOTH, Ended, Over, Parts, Raw};
use crate::sim::Sim;

const ON: &str = "{\"value\":true}";

#[test]
fn connections_end_in_each_phase() {
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    let mut writes = 0;
    for over in BOTH {
        for (kind, notify, ended) in [
            ("close", true, Ended::Fin),
            (
                "close",
                false,
                if over == Over::Tls {
                    Ended::Bare
                } else {
                    Ended::Fin
                },
            ),
            ("rst", true, Ended::Rst),
        ] {
            for (phase, executed) in [("request", false), ("head", true), ("body", true)] {
                let what = format!("{over:?} {kind} {notify} {phase}");
                let mut fault = json!({"kind": kind, "phase": phase, "times": 1});
                if !notify {
                    fault["close_notify"] = json!(false);
                }
                sim.fault(fault);
                let mut raw = Raw::open(&sim, over).expect("a connection");
                raw.send("PUT", &path, "", ON).expect("sent");
                let got = raw.rest();
                assert_eq!(got.ended, ended, "{what}");
                if phase == "body" {
                    let parts = Parts::of(&got.bytes);
                    assert_eq!(parts.body.len(), parts.length() / 2, "{what}");
                } else {
                    assert_eq!(got.bytes, b"", "{what}");
                }
                writes += u64::from(executed);
                assert_eq!(sim.executed(), (writes, 0), "{what}");
            }
        }
    }
    let counters = sim.control("counters", Value::Null);
    assert_eq!(counters["unanswered"], 12);
    assert_eq!(counters["statuses"], json!({"200": 6}));
    assert_eq!(counters["faults"]["close head"], 4);
    assert_eq!(counters["faults"]["rst body"], 2);
}

#[test]
fn a_kept_connection_ends_after_its_reply() {
    let sim = Sim::start(&["--devices", "3"]);
    for over in BOTH {
        for (kind, ended) in [("close", Ended::Fin), ("rst", Ended::Rst)] {
            sim.fault(json!({"kind": kind, "phase": "idle", "ms": 20, "times": 1}));
            let mut raw = Raw::open(&sim, over).expect("a connection");
            raw.send("GET", "/system/ping", "", "").expect("sent");
            assert_eq!(raw.reply().body, b"true");
            let got = raw.rest();
            assert_eq!((got.bytes.len(), got.ended), (0, ended), "{over:?} {kind}");
        }
    }
    // A request within the time goes before it.
    sim.fault(json!({"kind": "close", "phase": "idle", "ms": 150, "times": 1}));
    crate::sim::until("the second request is in time", || {
        let mut raw = Raw::open(&sim, Over::Tcp).expect("a connection");
        let start = Instant::now();
        let mut again = || {
            raw.send("GET", "/system/ping", "", "").expect("sent");
            assert_eq!(raw.reply().body, b"true");
        };
        again();
        again();
        let in_time = start.elapsed() < Duration::from_millis(150);
        if in_time {
            std::thread::sleep(Duration::from_millis(160));
            again();
        }
        in_time
    });
}

#[test]
fn a_stall_without_a_time_lasts_and_lets_others_through() {
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    for (phase, executed, sent) in [("request", 0, false), ("head", 1, false), ("body", 2, true)] {
        let fault = json!({"kind": "stall", "phase": phase, "method": "PUT", "times": 1});
        sim.fault(fault);
        let mut raw = Raw::open(&sim, Over::Tls).expect("a connection");
        raw.send("PUT", &path, "", ON).expect("sent");
        if sent {
            let parts = Parts::of(&raw.piece().expect("half a reply"));
            assert_eq!(parts.body.len(), parts.length() / 2);
        }
        assert!(raw.quiet(40), "{phase}");
        assert_eq!(sim.raw_get(Over::Tls, "/system/ping", "").body, b"true");
        assert_eq!(sim.executed().0, executed, "{phase}");
    }
    crate::sim::until("those that went away are forgotten", || {
        sim.control("counters", Value::Null)["connections_open"] == 0
    });
}

#[test]
fn drip_sends_piece_by_piece() {
    let sim = Sim::start(&["--devices", "3"]);
    for over in BOTH {
        sim.fault(json!({"kind": "drip", "ms": 15, "times": 1}));
        let start = Instant::now();
        let mut raw = Raw::open(&sim, over).expect("a connection");
        raw.send("GET", "/system/ping", "", "").expect("sent");
        assert_eq!(raw.reply().body, b"true");
        assert!(start.elapsed() >= Duration::from_millis(45), "{over:?}");

        sim.fault(json!({"kind": "drip", "phase": "head", "ms": 40, "bytes": 100, "times": 1}));
        raw.send("GET", "/system/ping", "", "")
            .expect("sent on the same connection");
        assert_eq!(raw.piece().expect("a piece").len(), 100, "{over:?}");
        let start = Instant::now();
        let mut bytes = vec![0; 100];
        while !bytes.ends_with(b"\r\n\r\ntrue") {
            bytes.extend(raw.piece().expect("a piece"));
        }
        let pieces = bytes.len().div_ceil(100) as u32;
        assert!(start.elapsed() >= Duration::from_millis(30) * (pieces - 2));
    }
}

/// Status, what is asked besides, whether it is executed, a header, a piece of
/// the body, whether the hub itself answers.
type Row = (u16, Value, bool, Option<&'static str>, &'static str, bool);

#[test]
fn statuses_come_with_their_bodies() {
    let rows: Vec<Row> = vec![
        (401, json!({}), false, None, "[session_expired]\"", true),
        (
            401,
            json!({"error": "invalid_token"}),
            false,
            None,
            "\"error\":\"invalid_token\"",
            true,
        ),
        (
            403,
            json!({"scopes": true}),
            false,
            None,
            "\"error\":\"Missing Scopes\"",
            true,
        ),
        (
            403,
            json!({}),
            false,
            None,
            "{\"error\":\"Subscription Inactive\",\"statusCode\":403}",
            true,
        ),
        (404, json!({}), false, None, "\"error\":\"not_found\"", true),
        (429, json!({}), false, None, "Too many requests", true),
        (
            429,
            json!({"retry_after": 2}),
            false,
            Some("2"),
            "Too many requests",
            true,
        ),
        (
            500,
            json!({}),
            false,
            None,
            "\"error\":\"Internal Server Error\"",
            true,
        ),
        (
            500,
            json!({"executed": true}),
            true,
            None,
            "\"code\":500",
            true,
        ),
        (
            502,
            json!({}),
            false,
            None,
            "<h1>502 Bad Gateway</h1>",
            false,
        ),
        (
            502,
            json!({"executed": true}),
            true,
            None,
            "<h1>502 Bad Gateway</h1>",
            false,
        ),
        (
            503,
            json!({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}),
            false,
            Some("Sun, 06 Nov 1994 08:49:37 GMT"),
            "<h1>503 Service Unavailable</h1>",
            false,
        ),
        (
            504,
            json!({}),
            false,
            None,
            "<h1>504 Gateway Timeout</h1>",
            false,
        ),
    ];
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    let mut writes = 0;
    for (code, more, executed, after, piece, own) in rows {
        let mut fault = more.clone();
        (fault["kind"], fault["code"], fault["times"]) = (json!("status"), json!(code), json!(1));
        sim.fault(fault);
        let reply = sim.put(&path, ON);
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (code, after),
            "{more}"
        );
        assert!(
            reply.text().contains(piece),
            "{code} {more}: {}",
            reply.text()
        );
        let html = piece.contains('<') || code == 429;
        let kind = if html {
            "text/html; charset=utf-8"
        } else {
            "application/json; charset=utf-8"
        };
        assert_eq!(reply.header("content-type"), Some(kind), "{code}");
        assert_eq!(reply.header("x-homey-id").is_some(), own, "{code}");
        writes += u64::from(executed);
        assert_eq!(sim.executed(), (writes, 0), "{code} {more}");
        assert_eq!(sim.put(&path, ON).status, 200, "once only");
        writes += 1;
    }
}

#[test]
fn starts_count_as_executed_when_they_were() {
    let sim = Sim::start(&["--devices", "12"]);
    let state = sim.control("state", Value::Null);
    let flows = state["flows"].as_array().expect("flows");
    let id = flows
        .iter()
        .find(|f| f["name"] == "Good night")
        .expect("it")["id"]
        .clone();
    let path = format!("/flow/flow/{}/trigger", id.as_str().expect("an id"));
    for (fault, executed) in [
        (json!({"kind": "status", "code": 500}), 0),
        (json!({"kind": "status", "code": 500, "executed": true}), 1),
        (json!({"kind": "close", "phase": "request"}), 1),
        (json!({"kind": "close", "phase": "head"}), 2),
    ] {
        let mut once = fault.clone();
        (once["times"], once["method"]) = (json!(1), json!("POST"));
        sim.fault(once);
        sim.raw(Over::Tcp, "POST", &path, "", "{}");
        assert_eq!(sim.executed(), (0, executed), "{fault}");
    }
    let counters = sim.control("counters", Value::Null);
    let starts = counters["starts"].as_array().expect("starts");
    assert!(starts.len() == 2 && starts.iter().all(|s| s["executed"] == true));
}

#[test]
fn another_hub_and_a_login_page() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "3");
        let own = sim.word("hub_id").to_owned();
        let ping = format!("/system/ping?id={own}");
        let id = sim.fault(json!({"kind": "wrong_id", "id": "0123456789abcdef01234567"}));
        assert_eq!(sim.raw_get(Over::Tls, &ping, "").body, b"false");
        let other = "/system/ping?id=0123456789abcdef01234567";
        assert_eq!(sim.raw_get(Over::Tls, other, "").body, b"true");
        let shown = (dialect == "v3").then_some("0123456789abcdef01234567");
        for path in [
            "/system/ping",
            "/zones/zone",
            "/devices/device/none",
            "/nothing",
        ] {
            let reply = sim.get(path);
            assert_eq!(reply.header("x-homey-id"), shown, "{path}");
        }
        assert_eq!(
            sim.get("/system").json()["cloudId"],
            "0123456789abcdef01234567"
        );
        sim.control("fault/remove", json!({"id": id}));
        assert_eq!(sim.raw_get(Over::Tcp, &ping, "").body, b"true");

        sim.fault(json!({"kind": "wrong_id", "times": 1}));
        assert_eq!(
            sim.raw_get(Over::Tcp, &ping, "").body,
            b"false",
            "one made up"
        );

        sim.fault(json!({"kind": "portal"}));
        for path in ["/system/ping", "/devices/device", "/nothing"] {
            let reply = sim.get(path);
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(
                reply.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert_eq!(reply.header("x-homey-id"), None);
            assert!(
                reply
                    .text()
                    .contains("<form method=\"post\" action=\"/login\">")
            );
        }
    }
}
