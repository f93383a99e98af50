// SPDX-License-Identifier: MIT OR Apache-2.0

//! The relay, sessions by the clock, local credentials, and the hub's move to
//! another address.

use std::io::ErrorKind;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::cloud::{Said, exchange};
use crate::raw::{Ended, Over, Raw};
use crate::sim::Sim;

/// GET over the relay below `/api/manager`.
fn get(sim: &Sim, path: &str, bearer: &str) -> Said {
    let text = format!(
        "GET /api/manager{path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\
         Authorization: Bearer {bearer}\r\n\r\n"
    );
    exchange(sim, sim.word("relay_address"), "localhost", &text).expect("a reply")
}

fn login(sim: &Sim) -> String {
    let jwt = sim.control("delegation", json!({}))["token"].clone();
    let body = json!({"token": jwt}).to_string();
    let text = format!(
        "POST /api/manager/users/login HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let reply = exchange(sim, sim.word("relay_address"), "localhost", &text).expect("a reply");
    reply.json().as_str().expect("a JSON string").to_owned()
}

#[test]
fn sessions_are_good_at_the_relay_and_keys_are_not() {
    let sim = Sim::start(&["--devices", "3"]);
    let port = sim
        .word("relay_address")
        .rsplit(':')
        .next()
        .expect("a port");
    assert_eq!(sim.word("relay"), format!("https://localhost:{port}"));
    let token = login(&sim);
    let reply = get(&sim, "/zones/zone", &token);
    assert_eq!(
        (reply.status(), reply.header("X-Homey-ID")),
        (200, sim.word("hub_id"))
    );
    // The same one at home.
    let bearer = format!("Bearer {token}");
    let at_home = sim.send(
        "GET",
        &sim.url("/zones/zone"),
        &[("Authorization", &bearer)],
        "",
    );
    assert_eq!(at_home.status, 200);
    let refused = (401, "invalid_token".to_owned());
    assert_eq!(get(&sim, "/zones/zone", sim.full()).refusal(), refused);
    assert_eq!(sim.get("/zones/zone").status, 200, "the key at home");
    let (access, _) = sim.tokens();
    assert_eq!(get(&sim, "/zones/zone", &access).refusal(), refused);
    // Requests there are requests to the hub.
    let counters = sim.control("counters", Value::Null);
    assert_eq!(counters["routes"]["GET /api/manager/zones/zone"], 5);
}

#[test]
fn the_relay_answers_for_a_hub_that_is_away() {
    let sim = Sim::start(&["--devices", "3"]);
    let ping = || get(&sim, "/system/ping", "x");
    assert_eq!(ping().body, "true");
    sim.cloud_options(json!({"offline_hub": true}));
    let away = ping();
    assert_eq!(
        (away.status(), away.header("Content-Type")),
        (502, "text/html; charset=utf-8")
    );
    assert!(away.body.contains("<h1>502 Bad Gateway</h1>"), "{away:?}");
    let at_home = sim.send("GET", &sim.url("/system/ping"), &[], "");
    assert_eq!(at_home.status, 200, "it is the cloud that does not see it");
    sim.cloud_options(json!({"offline_hub": false}));
    sim.control("restart", json!({"down_ms": 60_000}));
    assert_eq!(ping().status(), 502);
}

#[test]
fn a_relay_of_another_name() {
    let name = "5f00aa11bb22cc33dd44ff66.homey.eu-west-1.homeypro.net";
    let dir = tempfile::tempdir().expect("a folder");
    let pki = dir.path().to_str().expect("a path");
    let ping = "GET /api/manager/system/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (name, kept) in [(name, true), ("relay.example.org", false)] {
        let mut args = vec!["--devices", "0", "--relay-name", name];
        if kept {
            args.extend(["--pki", pki]);
        }
        let sim = Sim::start(&args);
        let address = sim.word("relay_address");
        assert!(sim.word("relay").starts_with(&format!("https://{name}:")));
        assert_eq!(
            exchange(&sim, address, name, ping).expect("a reply").body,
            "true"
        );
        assert!(exchange(&sim, address, "localhost", ping).is_err());
    }
    // A folder holds the names that relays have, and no others.
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_homey-sim"))
        .args(["--relay-name", "relay.example.org", "--pki", pki])
        .output()
        .expect("it ran");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("is not for the relay relay.example.org"),
        "{text}"
    );
}

#[test]
fn sessions_follow_the_clock() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "0");
        sim.control("options", json!({"v3_session_times": true}));
        sim.control(
            "clock",
            json!({"freeze": true, "set_ms": 1_772_352_000_000_i64}),
        );
        let token = login(&sim);
        let me = || get(&sim, "/sessions/session/me", &token);
        let shown = me().json();
        assert_eq!(shown["createdAt"], "2026-03-01T08:00:00.000Z", "{dialect}");
        assert_eq!(shown["expiresAt"], "2026-03-02T08:00:00.000Z", "{dialect}");
        sim.advance(86_399_999);
        let reply = me();
        assert_eq!(reply.header("Date"), "Mon, 02 Mar 2026 07:59:59 GMT");
        assert_eq!(reply.status(), 200, "{dialect}");
        sim.advance(1);
        assert_eq!(
            me().refusal(),
            (401, "session_expired".to_owned()),
            "{dialect}"
        );

        let token = login(&sim);
        let bearer = format!("Bearer {token}");
        let id = token.split(':').nth(1).expect("an id");
        let path = sim.url(&format!("/sessions/session/{id}"));
        let out = sim.send("DELETE", &path, &[("Authorization", &bearer)], "");
        let wanted = if dialect == "v2" {
            (204, 401)
        } else {
            (404, 200)
        };
        let after = get(&sim, "/sessions/session/me", &token).status();
        assert_eq!((out.status, after), wanted, "{dialect}");

        sim.control("options", json!({"session_ttl_ms": 5000}));
        let token = login(&sim);
        sim.advance(5000);
        assert_eq!(get(&sim, "/zones/zone", &token).status(), 401);
        let token = login(&sim);
        sim.control("sessions/revoke", json!({"session": token}));
        let refused = (401, "invalid_token".to_owned());
        assert_eq!(get(&sim, "/zones/zone", &token).refusal(), refused);
    }
}

#[test]
fn the_clock_stops_moves_and_goes_on() {
    let sim = Sim::start(&["--devices", "0"]);
    let shows = |body: Value| {
        let shown = sim.control("clock", body);
        (
            shown["now_ms"].as_i64().expect("a time"),
            shown["frozen"] == true,
        )
    };
    assert!(!shows(Value::Null).1);
    let (stopped, frozen) = shows(json!({"freeze": true}));
    assert!(frozen);
    assert_eq!(shows(Value::Null), (stopped, true));
    assert_eq!(shows(json!({"advance_ms": -1000})), (stopped - 1000, true));
    assert_eq!(shows(json!({"set_ms": 1000})), (1000, true));
    let (on, frozen) = shows(json!({"freeze": false}));
    assert!((1000..60_000).contains(&on) && !frozen, "{on}");
    let (ahead, _) = shows(json!({"advance_ms": 3_600_000}));
    assert!((3_601_000..3_660_000).contains(&ahead), "{ahead}");
}

#[test]
fn local_credentials_are_for_v3_at_home() {
    let sim = Sim::start(&["--devices", "0"]);
    let kind = [("Content-Type", "application/json")];
    let url = sim.url("/users/login-local");
    let body = |password: &str| {
        json!({
            "username": sim.word("local_user"), "password": password, "clientId": "panel",
            "clientName": "Hall panel",
        })
        .to_string()
    };
    let good = body(sim.word("local_password"));
    let reply = sim.send("POST", &url, &kind, &good);
    let token = reply.json().as_str().expect("a JSON string").to_owned();
    assert_eq!(get(&sim, "/zones/zone", &token).status(), 200);
    let reply = sim.send("POST", &url, &kind, &body("x"));
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (401, "invalid_credentials")
    );
    assert_eq!(sim.send("POST", &url, &kind, "{}").status, 400);
    let text = format!(
        "POST /api/manager/users/login-local HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{good}",
        good.len()
    );
    let relay = exchange(&sim, sim.word("relay_address"), "localhost", &text).expect("a reply");
    assert_eq!(relay.refusal(), (401, "not_logged_in".to_owned()));
    let old = Sim::start(&["--devices", "0", "--dialect", "v2"]);
    assert_eq!(old.ready["local_user"], Value::Null);
    let reply = old.send("POST", &old.url("/users/login-local"), &kind, &good);
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (500, "missing_api_method")
    );
}

#[test]
fn the_hub_moves_to_another_address() {
    let sim = Sim::start(&["--devices", "0"]);
    let (http, https) = (
        sim.word("http").to_owned(),
        sim.word("https_address").to_owned(),
    );
    let there = |address: &str, ip: &str| {
        let port = address.rsplit(':').next().expect("a port");
        format!("{ip}:{port}")
    };
    let refused = |address: &str| {
        let error = TcpStream::connect(address).err();
        error.is_some_and(|e| e.kind() == ErrorKind::ConnectionRefused)
    };
    let old = http.trim_start_matches("http://").to_owned();
    let mut kept = Raw::open(&sim, Over::Tcp).expect("a connection");
    kept.send("GET", "/system/ping", "", "").expect("sent");
    assert_eq!(kept.reply().body, b"true");
    let moved = sim.control("address", json!({"ip": "127.0.0.2"}));
    assert_eq!(
        moved["http"],
        format!("http://{}", there(&old, "127.0.0.2"))
    );
    assert_eq!(moved["https_address"], there(&https, "127.0.0.2"));
    let dashed = moved["https"].as_str().unwrap_or_default();
    assert!(
        dashed.starts_with("https://127-0-0-2.homey.homeylocal.com:"),
        "{dashed}"
    );
    assert_eq!(kept.rest().ended, Ended::Rst);
    assert!(refused(&old) && refused(&https));
    for address in [&old, &https] {
        assert!(!refused(&there(address, "127.0.0.2")), "{address}");
    }
    // The account knows, and the relay leads there.
    let (access, _) = sim.tokens();
    let me = sim.cloud(&format!("GET /user/me\nAuthorization: Bearer {access}"), "");
    let hub = me.json()["homeys"][0].clone();
    assert_eq!(
        (&hub["localUrl"], &hub["localUrlSecure"]),
        (&moved["http"], &moved["https"])
    );
    assert_eq!(hub["ipInternal"], "127.0.0.2");
    assert_eq!(get(&sim, "/system/ping", "x").status(), 200);

    // A restart comes back there; a move while the ports are closed counts.
    sim.control("restart", json!({"down_ms": 0}));
    crate::sim::until("it is back", || !refused(&there(&old, "127.0.0.2")));
    let id = sim.fault(json!({"kind": "refuse"}));
    sim.control("address", json!({"ip": "127.0.0.3"}));
    assert!(refused(&there(&old, "127.0.0.2")) && refused(&there(&old, "127.0.0.3")));
    sim.control("fault/remove", json!({"id": id}));
    assert!(!refused(&there(&old, "127.0.0.3")));

    // Nobody ends the old connection when the hub is really gone.
    let moved = there(&old, "127.0.0.3");
    let mut socket = TcpStream::connect(&moved).expect("a connection");
    // One that waits to be accepted would end with the port.
    let ping = b"GET /api/manager/system/ping HTTP/1.1\r\nHost: x\r\n\r\n";
    std::io::Write::write_all(&mut socket, ping).expect("sent");
    let mut reply = [0u8; 4096];
    let got = std::io::Read::read(&mut socket, &mut reply).expect("a reply");
    assert!(reply[..got].ends_with(b"true"));
    sim.control("address", json!({"ip": "127.0.0.1", "silent": true}));
    socket
        .set_read_timeout(Some(std::time::Duration::from_millis(100)))
        .expect("a time limit");
    std::io::Write::write_all(&mut socket, ping).expect("sent");
    let read = std::io::Read::read(&mut socket, &mut [0u8; 1]);
    assert!(
        read.is_err_and(|e| e.kind() == ErrorKind::WouldBlock),
        "neither byte nor end"
    );
    assert_eq!(
        sim.send("GET", &sim.url("/system/ping"), &[], "").status,
        200
    );
}

#[test]
fn an_address_that_is_taken_is_refused() {
    let sim = Sim::start(&["--devices", "0"]);
    let port = sim
        .word("http")
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let other = std::net::TcpListener::bind(format!("127.0.0.2:{port}")).expect("a port");
    let url = format!("{}/_sim/address", sim.word("control"));
    for ip in ["127.0.0.2", "192.0.2.1"] {
        let reply = sim.send("POST", &url, &[], &json!({"ip": ip}).to_string());
        assert_eq!(reply.status, 409, "{}", reply.text());
    }
    drop(other);
    assert_eq!(
        sim.send("GET", &sim.url("/system/ping"), &[], "").status,
        200
    );
}
