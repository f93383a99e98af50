// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a household makes and removes: alarms, variables, API keys.

use serde_json::{Value, json};

use crate::sim::Sim;

#[test]
fn alarms_are_made_changed_and_removed() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        for (body, result) in [
            (
                r#"{"name":"Bins","time":"21:05","repetition":{"monday":true}}"#,
                "200",
            ),
            ("{}", "200"),
            ("", "200"),
            (r#"{"time":"24:00"}"#, "400 invalid_body"),
            (r#"{"time":"+7:15"}"#, "400 invalid_body"),
            (r#"{"time":"7:15"}"#, "400 invalid_body"),
            (r#"{"time":"07:60"}"#, "400 invalid_body"),
            (r#"{"time":715}"#, "400 invalid_body"),
            (r#"{"name":" "}"#, "400 invalid_body"),
            (r#"{"repetition":{"mon":true}}"#, "400 invalid_body"),
            (r#"{"repetition":{"monday":1}}"#, "400 invalid_body"),
            (r#"{"repetition":["monday"]}"#, "400 invalid_body"),
            (r#"{"volume":1}"#, "400 invalid_body"),
            (r#"["x"]"#, "400 invalid_body"),
        ] {
            assert_eq!(
                sim.post("/alarms/alarm", body).outcome(),
                result,
                "{dialect} {body}"
            );
        }
        let body = r#"{"name":"Bins","time":"21:05","repetition":{"monday":true}}"#;
        let made = sim.post("/alarms/alarm", body).json();
        let keys: Vec<&String> = made.as_object().expect("an object").keys().collect();
        assert_eq!(
            keys,
            [
                "id",
                "name",
                "time",
                "enabled",
                "repetition",
                "nextOccurance"
            ]
        );
        assert_eq!(
            (&made["enabled"], &made["repetition"]["monday"]),
            (&json!(true), &json!(true))
        );
        let next = made["nextOccurance"].as_str().expect("a time");
        assert!(
            next.ends_with("T20:05:00.000Z") || next.ends_with("T19:05:00.000Z"),
            "{next}"
        );
        let path = format!("/alarms/alarm/{}", made["id"].as_str().expect("an id"));
        assert_eq!(sim.get(&path).json()["name"], "Bins");
        assert_eq!(
            sim.put(&path, r#"{"enabled":false}"#).json()["nextOccurance"],
            Value::Null
        );
        assert_eq!(sim.write("DELETE", &path, "").outcome(), "204");
        assert_eq!(sim.get(&path).outcome(), "404 not_found");
        assert_eq!(sim.write("DELETE", &path, "").outcome(), "404 not_found");
    }
}

#[test]
fn variables_are_made_changed_and_removed() {
    let sim = Sim::start(&["--devices", "12"]);
    for (body, result) in [
        (r#"{"name":"A","type":"boolean","value":true}"#, "200"),
        (r#"{"name":"B","type":"number","value":1.5}"#, "200"),
        (r#"{"name":"C","type":"string","value":""}"#, "200"),
        (
            r#"{"name":"D","type":"string","value":1}"#,
            "400 invalid_value_type",
        ),
        (
            r#"{"name":"E","type":"number","value":null}"#,
            "400 invalid_value_type",
        ),
        (
            r#"{"name":"F","type":"boolean","value":"true"}"#,
            "400 invalid_value_type",
        ),
        (
            r#"{"name":"G","type":"object","value":{}}"#,
            "400 invalid_body",
        ),
        (r#"{"name":"H","type":"string"}"#, "400 invalid_body"),
        (
            r#"{"name":"","type":"string","value":""}"#,
            "400 invalid_body",
        ),
        (
            r#"{"name":"I","type":"string","value":"","x":1}"#,
            "400 invalid_body",
        ),
    ] {
        assert_eq!(
            sim.post("/logic/variable", body).outcome(),
            result,
            "{body}"
        );
    }
    let body = r#"{"name":"Bearer","type":"string","value":"a"}"#;
    let made = sim.post("/logic/variable", body).json();
    let path = format!("/logic/variable/{}", made["id"].as_str().expect("an id"));
    assert_eq!(made["type"], "string");
    for (body, result) in [
        (r#"{"value":"b"}"#, "200"),
        (r#"{"value":true}"#, "400 invalid_value_type"),
        (r#"{"value":null}"#, "400 invalid_value_type"),
        (r#"{"name":"Token"}"#, "200"),
        (r#"{"name":1}"#, "400 invalid_body"),
        (r#"{"type":"string"}"#, "400 invalid_body"),
    ] {
        assert_eq!(sim.put(&path, body).outcome(), result, "{body}");
    }
    let now = sim.get(&path).json();
    assert_eq!(
        (&now["name"], &now["value"]),
        (&json!("Token"), &json!("b"))
    );
    assert_eq!(sim.write("DELETE", &path, "").outcome(), "204");
    assert_eq!(
        sim.put(&path, r#"{"value":"c"}"#).outcome(),
        "404 not_found"
    );
}

#[test]
fn keys_are_made_by_the_owners_session_alone() {
    let sim = Sim::start(&["--devices", "3"]);
    let session = sim.word("session_token").to_owned();
    let good = r#"{"name":"panel","scopes":["homey.device.control","homey.zone.readonly"]}"#;
    for bearer in [sim.word("api_key"), sim.word("api_key_readonly")] {
        for (method, path, body) in [
            ("GET", "/users/pat", ""),
            ("POST", "/users/pat", good),
            ("DELETE", "/users/pat/x", ""),
        ] {
            let reply = sim.with(bearer, method, path, body);
            assert_eq!(reply.outcome(), "403 Invalid Session Type", "{method}");
        }
    }
    for body in [
        r#"{"name":"panel"}"#,
        r#"{"scopes":["homey"]}"#,
        r#"{"name":" ","scopes":["homey"]}"#,
        r#"{"name":"x","scopes":[]}"#,
        r#"{"name":"x","scopes":"homey"}"#,
        r#"{"name":"x","scopes":["homey.devices"]}"#,
        r#"{"name":"x","scopes":["homey.device.write"]}"#,
        r#"{"name":"x","scopes":["device"]}"#,
        r#"{"name":"x","scopes":["homey"],"token":"y"}"#,
    ] {
        let reply = sim.with(&session, "POST", "/users/pat", body);
        assert_eq!(reply.outcome(), "400 invalid_body", "{body}");
    }
    let made = sim.with(&session, "POST", "/users/pat", good).json();
    let keys: Vec<&String> = made.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["id", "name", "scopes", "token", "createdAt"]);
    let key = made["token"].as_str().expect("a token").to_owned();
    assert_eq!(
        key.split(':').map(str::len).collect::<Vec<_>>(),
        [36, 36, 40]
    );
    assert_eq!(sim.with(&key, "GET", "/zones/zone", "").status, 200);
    assert_eq!(
        sim.with(&key, "GET", "/devices/device", "").outcome(),
        "403 Missing Scopes"
    );
    let list = sim.with(&session, "GET", "/users/pat", "").json();
    let listed = list
        .as_array()
        .expect("an array")
        .iter()
        .find(|k| k["id"] == made["id"]);
    let listed = listed.expect("it is listed");
    assert_eq!(
        (&listed["name"], listed.get("token")),
        (&json!("panel"), None)
    );
    let path = format!("/users/pat/{}", made["id"].as_str().expect("an id"));
    assert_eq!(sim.with(&session, "DELETE", &path, "").outcome(), "204");
    assert_eq!(
        sim.with(&session, "DELETE", &path, "").outcome(),
        "404 not_found"
    );
    assert_eq!(
        sim.with(&key, "GET", "/zones/zone", "").outcome(),
        "401 invalid_token"
    );

    let old = Sim::start(&["--devices", "3", "--dialect", "v2"]);
    let reply = old.with(old.word("session_token"), "GET", "/users/pat", "");
    assert_eq!(reply.outcome(), "500 missing_api_method");
}
