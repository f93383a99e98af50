// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes wrong at the cloud on purpose: errors in all forms, rate limit,
//! a cloud that is down, faults of its ports; and what it counts.

use std::io::ErrorKind;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::cloud::exchange;
use crate::sim::Sim;

fn sim() -> Sim {
    Sim::start(&["--devices", "0"])
}

#[test]
fn errors_come_in_all_their_forms() {
    let sim = sim();
    let me = || sim.cloud("GET /user/me\nAuthorization: Bearer x", "");
    let text = "The access token is invalid";
    for (form, body) in [
        (
            "description",
            json!({"error": "invalid_token", "error_description": text}),
        ),
        (
            "fields",
            json!({"error": "invalid_token", "error_description": {"request": text}}),
        ),
        (
            "error_message",
            json!({"error": "invalid_token", "error_message": text}),
        ),
        (
            "message",
            json!({"error": "invalid_token", "message": text}),
        ),
        (
            "result",
            json!({"status": 401, "error": "invalid_token", "result": text}),
        ),
    ] {
        sim.cloud_options(json!({"error_form": form}));
        let reply = me();
        assert_eq!((reply.status(), reply.json()), (401, body), "{form}");
    }
    sim.cloud_options(json!({"html_errors": true}));
    let reply = me();
    assert_eq!(
        (reply.status(), reply.header("Content-Type")),
        (401, "text/html; charset=utf-8")
    );
    assert!(
        reply.body.contains("<h1>401 Unauthorized</h1>"),
        "{reply:?}"
    );
    let (access, _) = sim.tokens();
    let good = sim.cloud(&format!("GET /user/me\nAuthorization: Bearer {access}"), "");
    assert_eq!(good.status(), 200);
}

#[test]
fn options_that_do_not_fit_change_nothing() {
    let sim = sim();
    let before = sim.control("cloud/options", Value::Null);
    let url = format!("{}/_sim/cloud/options", sim.word("control"));
    for body in [
        "{\"variant\":\"magic\"}",
        "{\"otp\":5}",
        "{\"code_ttl\":1}",
        "{\"rotate\":null}",
        "{\"hubs\":[1]}",
        "[]",
    ] {
        assert_eq!(sim.send("POST", &url, &[], body).status, 400, "{body}");
    }
    assert_eq!(sim.control("cloud/options", Value::Null), before);
    let set = sim.cloud_options(json!({"otp": "1", "code_ttl_ms": 5}));
    assert_eq!(
        (&set["otp"], &set["code_ttl_ms"], &set["rotate"]),
        (&json!("1"), &json!(5), &json!(true))
    );
    assert_eq!(sim.cloud_options(json!({"otp": null}))["otp"], Value::Null);
}

#[test]
fn so_many_requests_in_a_minute() {
    let sim = sim();
    sim.cloud_options(json!({"rate_limit": 2, "retry_after": 7}));
    let statuses = || [0; 3].map(|_| sim.cloud("GET /user/me", "").status());
    assert_eq!(statuses(), [401, 401, 429]);
    let busy = sim.cloud("GET /user/me", "");
    assert_eq!(
        (busy.header("Retry-After"), busy.body.as_str()),
        ("7", "Too many requests")
    );
    sim.advance(60_001);
    assert_eq!(statuses(), [401, 401, 429]);
    sim.cloud_options(json!({"rate_limit": null}));
    assert_eq!(statuses(), [401, 401, 401]);
    assert_eq!(sim.refused()["rate_limit"], 3);
}

fn refused(address: &str) -> bool {
    let error = TcpStream::connect(address).err();
    error.is_some_and(|e| e.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn a_cloud_that_is_down_leaves_hub_and_relay_alone() {
    let sim = sim();
    let mut kept = TcpStream::connect(sim.word("cloud_address")).expect("a connection");
    sim.cloud_options(json!({"down": true}));
    assert!(refused(sim.word("cloud_address")) && !refused(sim.word("relay_address")));
    assert_eq!(
        std::io::Read::read(&mut kept, &mut [0u8; 1]).expect("the end"),
        0
    );
    assert_eq!(
        sim.send("GET", &sim.url("/system/ping"), &[], "").status,
        200
    );
    // Faults come and go meanwhile.
    sim.control("clear", json!({}));
    assert!(refused(sim.word("cloud_address")));
    sim.cloud_options(json!({"down": false}));
    assert_eq!(sim.cloud("GET /user/me", "").status(), 401);
}

#[test]
fn faults_meet_the_port_they_are_for() {
    let sim = sim();
    let ping = "GET /api/manager/system/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let relay = || exchange(&sim, sim.word("relay_address"), "localhost", ping);
    let home = || sim.send("GET", &sim.url("/system/ping"), &[], "").status;
    let cloud = || sim.cloud("GET /user/me", "");
    // Without a port: at home, or at the cloud.
    sim.fault(json!({"kind": "status", "code": 503, "times": 1}));
    assert_eq!(
        (cloud().status(), relay().expect("a reply").status(), home()),
        (401, 200, 503)
    );
    let fault = |body: Value| sim.control("cloud/fault", body);
    fault(json!({"kind": "status", "code": 401, "error": "weird", "times": 1}));
    assert_eq!((home(), relay().expect("a reply").status()), (200, 200));
    assert_eq!(cloud().refusal(), (401, "weird".to_owned()));
    for (code, html) in [
        (403, false),
        (404, false),
        (429, false),
        (500, false),
        (502, true),
        (504, true),
    ] {
        fault(json!({"kind": "status", "code": code, "times": 1}));
        let reply = cloud();
        assert_eq!(reply.status(), code);
        assert_eq!(
            reply.header("Content-Type").starts_with("text/html"),
            html,
            "{code}"
        );
        assert!(reply.all("X-Homey-ID").is_empty());
    }
    fault(json!({"kind": "status", "code": 502, "port": "relay", "times": 1}));
    let reply = relay().expect("a reply");
    assert!(reply.status() == 502 && reply.header("Content-Type").starts_with("text/html"));
    fault(json!({"kind": "portal", "path_prefix": "/user", "times": 1}));
    assert!(cloud().body.contains("Guest WiFi"));
    // The bytes and the connections too.
    for (kind, phase) in [
        ("close", "request"),
        ("rst", "head"),
        ("close", "body"),
        ("close", "accept"),
    ] {
        let body = json!({"kind": kind, "phase": phase, "times": 1});
        fault(body);
        let text = "GET /user/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let tried = exchange_cut(&sim, text);
        assert!(!tried.ends_with("}"), "{kind} {phase}: {tried}");
        assert_eq!(cloud().status(), 401);
    }
    fault(json!({"kind": "truncated_json", "times": 1}));
    assert!(serde_json::from_str::<Value>(&cloud().body).is_err());
    fault(json!({"kind": "certificate", "which": "expired", "times": 1}));
    let text = "GET / HTTP/1.1\r\n\r\n";
    let error =
        exchange(&sim, sim.word("cloud_address"), "api.athom.com", text).expect_err("expired");
    assert!(error.to_string().contains("certificate expired"), "{error}");
    let id = fault(json!({"kind": "refuse", "port": "relay", "cut": true}))["id"].clone();
    assert!(refused(sim.word("relay_address")) && !refused(sim.word("cloud_address")));
    sim.control("fault/remove", json!({"id": id}));
    assert!(!refused(sim.word("relay_address")));
}

/// What came until the connection ended, however it did.
fn exchange_cut(sim: &Sim, text: &str) -> String {
    use std::io::{Read, Write};
    let config = crate::tls::config(sim, &rustls::version::TLS13);
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let client = rustls::ClientConnection::new(config, name).expect("a client");
    let tcp = TcpStream::connect(sim.word("cloud_address")).expect("a connection");
    let mut stream = rustls::StreamOwned::new(client, tcp);
    let mut got = Vec::new();
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.read_to_end(&mut got);
    String::from_utf8_lossy(&got).into_owned()
}

#[test]
fn the_cloud_counts_names_and_no_values() {
    let sim = sim();
    sim.jwt();
    sim.cloud(
        "GET /user/me?_=marked-value\naCCept: x\nAuthorization: Bearer marked-secret",
        "",
    );
    let counters = sim.control("cloud/counters", Value::Null);
    assert_eq!(
        counters["routes"],
        json!({"GET /user/me": 1, "POST /login": 1})
    );
    assert_eq!(counters["requests"], 2);
    let [login, me] = [&counters["log"][0], &counters["log"][1]];
    assert_eq!(login["body"], json!(["email", "password", "otptoken"]));
    assert_eq!(
        login["headers"],
        json!(["host", "connection", "content-type", "content-length"])
    );
    assert_eq!(
        (&login["method"], &login["path"], &login["status"]),
        (&json!("POST"), &json!("/login"), &json!(200))
    );
    assert_eq!(
        (&me["query"], &me["status"], &me["host"]),
        (&json!(["_"]), &json!(401), &json!("localhost"))
    );
    assert!(me["time_ms"].is_i64());
    assert_eq!(counters["refused"], json!({"access_unknown": 1}));
    assert_eq!(
        (&counters["connections"], &counters["tls_handshakes"]),
        (&json!(2), &json!(2))
    );
    for secret in ["marked", "p&ss", "p%26ss"] {
        assert!(!counters.to_string().contains(secret), "{secret}");
    }
    // None of it is the hub's.
    assert_eq!(sim.control("counters", Value::Null)["connections"], 0);
    sim.control("cloud/counters/reset", json!({}));
    assert_eq!(sim.control("cloud/counters", Value::Null)["requests"], 0);
}

#[test]
fn header_names_may_be_small() {
    let sim = sim();
    let head = |wanted: &str| {
        let reply = sim.cloud("GET /user/me", "");
        assert!(reply.head.contains(wanted), "{}", reply.head);
    };
    head("\r\nContent-Type: application/json");
    sim.cloud_options(json!({"lower_case": true}));
    head("\r\ncontent-type: application/json");
}
