// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys, sessions, scopes, login.

use serde_json::{Value, json};

use crate::sim::Sim;

#[test]
fn bad_bearers_have_their_codes() {
    let sim = Sim::start(&["--devices", "3"]);
    let url = sim.url("/zones/zone");
    for (header, code) in [
        (None, "not_logged_in"),
        (Some("Basic abc"), "not_logged_in"),
        (Some("Bearer garbage"), "invalid_token"),
        (
            Some("Bearer 0123456789abcdef0123456789abcdef01234567"),
            "invalid_token",
        ),
    ] {
        let headers: Vec<(&str, &str)> = header.map(|h| ("Authorization", h)).into_iter().collect();
        let reply = sim.send("GET", &url, &headers, "");
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, code),
            "{header:?}"
        );
    }
    // A user's mistake: the quotes of the JSON string kept in the header.
    let quoted = format!("\"{}\"", sim.full());
    assert_eq!(sim.with(&quoted, "GET", "/zones/zone", "").status, 401);
}

#[test]
fn a_read_only_key_reads_but_does_not_write() {
    let sim = Sim::start(&["--devices", "12"]);
    let key = sim.word("api_key_readonly").to_owned();
    let cap = sim.cap("Office/Desk light", "onoff");
    for (method, path, status) in [
        ("GET", "/devices/device", 200),
        ("GET", "/zones/zone", 200),
        ("GET", "/flow/flow", 200),
        ("GET", "/moods/mood", 200),
        ("GET", "/system", 200),
        ("GET", "/sessions/session/me", 200),
        ("GET", "/users/user/me", 403),
        ("PUT", cap.as_str(), 403),
        ("POST", "/moods/mood/x/set", 403),
        ("POST", "/flow/flow/x/trigger", 403),
    ] {
        let body = if method == "GET" {
            ""
        } else {
            "{\"value\":true}"
        };
        let reply = sim.with(&key, method, path, body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        if status == 403 {
            assert_eq!(reply.code(), "Missing Scopes");
        }
    }
    let counters = sim.control("counters", Value::Null);
    assert_eq!(counters["writes"], json!([]));
    assert_eq!(counters["starts"], json!([]));
}

#[test]
fn scopes_of_made_keys() {
    let sim = Sim::start(&["--devices", "12"]);
    let cap = sim.cap("Office/Desk light", "onoff");
    for (scope, read, write) in [
        ("homey", 200, 200),
        ("homey.device", 200, 200),
        ("homey.device.control", 403, 200),
        ("homey.device.readonly", 200, 403),
        ("homey.zone", 403, 403),
    ] {
        let made = sim.control("keys", json!({"scopes": [scope]}));
        let key = made["token"].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            sim.with(&key, "GET", "/devices/device", "").status,
            read,
            "{scope}"
        );
        let reply = sim.with(&key, "PUT", &cap, "{\"value\":true}");
        assert_eq!(reply.status, write, "{scope}");
    }
}

#[test]
fn login_session_expiry_and_revocation() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "3");
        let bad = sim.send(
            "POST",
            &sim.url("/users/login"),
            &[("Content-Type", "application/json")],
            "{\"token\":\"x\"}",
        );
        assert_eq!((bad.status, bad.code().as_str()), (401, "invalid_token"));
        let jwt = sim.control("delegation", json!({}))["token"].clone();
        let body = json!({"token": jwt}).to_string();
        let login = sim.send(
            "POST",
            &sim.url("/users/login"),
            &[("Content-Type", "application/json")],
            &body,
        );
        let token = login.json().as_str().expect("a JSON string").to_owned();
        let me = sim.with(&token, "GET", "/sessions/session/me", "");
        assert_eq!(me.status, 200);
        assert_eq!(me.json()["scopes"], json!(["homey"]));
        assert_eq!(me.json().get("expiresAt").is_some(), dialect == "v2");
        assert_eq!(sim.with(&token, "GET", "/users/user/me", "").status, 200);
        sim.control("sessions/expire", json!({}));
        let late = sim.with(&token, "GET", "/zones/zone", "");
        assert_eq!(
            (late.status, late.code().as_str()),
            (401, "session_expired")
        );
        let late = sim.control("delegation", json!({"ttl_ms": -1}))["token"].clone();
        let body = json!({"token": late}).to_string();
        let login = sim.send(
            "POST",
            &sim.url("/users/login"),
            &[("Content-Type", "application/json")],
            &body,
        );
        assert_eq!(login.status, 401);
    }
}

#[test]
fn keys_are_for_v3_only_and_can_be_revoked() {
    let fixed = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";
    let old = Sim::start(&["--dialect", "v2", "--devices", "3", "--keys", fixed]);
    assert_eq!(old.ready["api_key"], Value::Null);
    assert_eq!(old.ready["api_key_readonly"], Value::Null);
    assert_eq!(old.with(fixed, "GET", "/zones/zone", "").status, 401);
    assert_eq!(
        old.with(old.word("session_token"), "GET", "/zones/zone", "")
            .status,
        200
    );

    let new = Sim::start(&["--devices", "3", "--keys", fixed]);
    assert_eq!(new.word("api_key"), fixed);
    // Keys are managed by sessions, not by keys.
    let by_key = new.with(fixed, "GET", "/users/pat", "");
    assert_eq!(
        (by_key.status, by_key.code().as_str()),
        (403, "Invalid Session Type")
    );
    let session = new.word("session_token").to_owned();
    let body = "{\"name\":\"panel\",\"scopes\":[\"homey.zone.readonly\"]}";
    let made = new.with(&session, "POST", "/users/pat", body).json();
    let key = made["token"].as_str().unwrap_or_default().to_owned();
    assert_eq!(new.with(&key, "GET", "/zones/zone", "").status, 200);
    let path = format!("/users/pat/{}", made["id"].as_str().unwrap_or_default());
    assert_eq!(new.with(&session, "DELETE", &path, "").status, 204);
    assert_eq!(new.with(&key, "GET", "/zones/zone", "").status, 401);
    new.control("keys/revoke", json!({}));
    let reply = new.with(fixed, "GET", "/zones/zone", "");
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (401, "invalid_token")
    );
}
