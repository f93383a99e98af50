// SPDX-License-Identifier: MIT OR Apache-2.0

//! The realtime endpoint, frame by frame.

use serde_json::{Value, json};

use crate::raw::Over;
use crate::sim::{Sim, until};
use crate::socket::Frames;

/// Opens a connection of Engine.IO 3 up to the open namespace.
fn ready(sim: &Sim, over: Over, bearer: &str) -> Frames {
    let mut frames = Frames::open(sim, over, "3");
    frames.play(&format!(
        r##"
        < 0{{"sid":"#ID","upgrades":[],"pingInterval":25000,"pingTimeout":20000}}
        < 40
        > 420["handshakeClient",{{"token":"{bearer}","homeyId":"{}"}}]
        < 430[null,{{"success":true,"namespace":"/api","token":"#ID"}}]
        > 40/api
        < 40/api
        "##,
        sim.word("hub_id")
    ));
    frames
}

fn realtime(sim: &Sim) -> Value {
    sim.control("realtime", Value::Null)["counters"].clone()
}

#[test]
fn a_capability_event_arrives_on_engine_io_3() {
    for (dialect, over) in [("v2", Over::Tcp), ("v3", Over::Tcp), ("v3", Over::Tls)] {
        let sim = Sim::start(&["--devices", "12", "--dialect", dialect]);
        let mut frames = ready(&sim, over, sim.full());
        let heater = sim.id("Office/Heater");
        frames.play(&format!(
            r#"
            > 42/api,0["subscribe","homey:device:{heater}"]
            < 43/api,0[null]
            > 2
            < 3
            > 2probe
            < 3probe
            "#
        ));
        let ask = json!({"device": "Heater", "capability": "measure_temperature", "value": 21.5});
        sim.control("value", ask);
        frames.play(&format!(
            r##"
            < 42/api,["homey:device:{heater}","capability",{{"capabilityId":"measure_temperature","value":21.5,"transactionId":null,"transactionTime":#ID}}]
            > 42/api,1["unsubscribe","homey:device:{heater}"]
            < 43/api,1[null]
            "##
        ));
        let ask = json!({"device": "Heater", "capability": "measure_temperature", "value": 22});
        sim.control("value", ask);
        frames.play("> 2\n< 3");
        let counted = realtime(&sim);
        assert_eq!((&counted["sent"], &counted["open"]), (&json!(1), &json!(1)));
        assert_eq!(counted["subscribed"], json!({}));
        frames.play(
            "> 41/api,\n> 42/api,2[\"subscribe\",\"homey:manager:zones\"]\n> 2\n< 3\n> 41\n< cut",
        );
        until("it is gone", || realtime(&sim)["open"] == 0);
    }
}

#[test]
fn engine_io_4_opens_the_namespace_with_its_token() {
    let sim = Sim::start(&["--devices", "12"]);
    sim.control(
        "realtime",
        json!({"ping_interval_ms": 100, "ping_timeout_ms": 400}),
    );
    let open = |sim: &Sim| {
        let mut frames = Frames::open(sim, Over::Tcp, "4");
        frames.play(
            r##"
            < 0{"sid":"#ID","upgrades":[],"pingInterval":100,"pingTimeout":400,"maxPayload":1000000}
            > 40
            < 40{"sid":"#ID"}
            "##,
        );
        frames.say(&format!(
            r#"420["handshakeClient",{{"token":"{}","homeyId":"{}"}}]"#,
            sim.full(),
            sim.word("hub_id")
        ));
        let ack = frames.hear();
        let ack: Value = serde_json::from_str(ack.trim_start_matches("430")).expect("JSON");
        (
            frames,
            ack[1]["token"].as_str().expect("a token").to_owned(),
        )
    };
    let (mut one, first) = open(&sim);
    let (mut two, second) = open(&sim);
    // It is bound to its connection.
    for (frames, token) in [(&mut one, &second), (&mut two, &first)] {
        frames.say(&format!(r#"40/api,{{"token":"{token}"}}"#));
        assert_eq!(frames.hear(), r#"44/api,{"message":"Unauthorized"}"#);
    }
    one.play(&format!(
        r##"
        > 40/api,{{"token":"{first}"}}
        < 40/api,{{"sid":"#ID"}}
        > 42/api,7["subscribe","homey:manager:logic"]
        < 43/api,7[null]
        < 2
        > 3
        < 2
        > 3
        < 2
        < cut
        "##
    ));
    sim.control("realtime", json!({"eio4": false}));
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", sim.word("http"));
    assert_eq!(sim.send("GET", &url, &[], "").status, 400);
}

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
fn bad_handshakes_and_namespaces_are_refused() {
    let sim = Sim::start(&["--devices", "12", "--language", "en"]);
    let (key, hub) = (sim.full().to_owned(), sim.word("hub_id").to_owned());
    let gone = sim.control("keys", json!({"scopes": ["homey"]}))["token"].clone();
    sim.control("keys/revoke", json!({"key": gone}));
    let mut frames = Frames::open(&sim, Over::Tcp, "3");
    frames.play(&format!(
        r##"
        < 0{{"sid":"#ID","upgrades":[],"pingInterval":25000,"pingTimeout":20000}}
        < 40
        > 40/api
        < 44/api,"Unauthorized"
        > 42/api,0["subscribe","homey:manager:zones"]
        > 421["handshakeClient",{{"token":"wrong","homeyId":"{hub}"}}]
        < 431[{{"code":401,"error":"invalid_token","error_description":"Invalid token [invalid_token]","statusCode":401}}]
        > 422["handshakeClient",{{"token":{gone},"homeyId":"{hub}"}}]
        < 432[{{"code":401,"error":"invalid_token","error_description":"Invalid token [invalid_token]","statusCode":401}}]
        > 423["handshakeClient",{{"token":"{key}"}}]
        < 433[{{"code":400,"error":"missing_homey_id","error_description":"Missing Homey ID [missing_homey_id]","statusCode":400}}]
        > 424["handshakeClient",{{"token":"{key}","homeyId":"5f00aa11bb22cc33dd44ff66"}}]
        < 434[{{"code":404,"error":"invalid_homey_id","error_description":"Another Homey [invalid_homey_id]","statusCode":404}}]
        > 40/api
        < 44/api,"Unauthorized"
        > 425["handshakeClient",{{"token":"{key}","homeyId":"{hub}"}}]
        < 435[null,{{"success":true,"namespace":"/api","token":"#ID"}}]
        > 40/other
        < 44/other,"Invalid namespace"
        "##
    ));
    sim.control(
        "realtime",
        json!({"text_errors": true, "namespace_drops": 1}),
    );
    frames.play(&format!(
        r#"
        > 426["handshakeClient",{{"token":"wrong","homeyId":"{hub}"}}]
        < 436["invalid_token"]
        > 40/api
        < 40/api
        < 41/api
        > 40/api
        < 40/api
        > 49
        < cut
        "#
    ));
    let counted = realtime(&sim);
    assert_eq!(
        (&counted["handshakes"], &counted["handshake_errors"]),
        (&json!(1), &json!(5))
    );
    for (query, message) in [
        ("EIO=3&transport=polling", "Transport unknown"),
        ("EIO=2&transport=websocket", "Unsupported protocol version"),
        ("EIO=3&transport=websocket", "Bad request"),
    ] {
        let url = format!("{}/socket.io/?{query}", sim.word("http"));
        let reply = sim.send("GET", &url, &[], "");
        assert_eq!(
            (reply.status, reply.json()["message"].as_str()),
            (400, Some(message))
        );
    }
}

#[test]
fn subscriptions_need_a_scope_that_reads() {
    let sim = Sim::start(&["--devices", "12", "--language", "en"]);
    let made = sim.control(
        "keys",
        json!({"scopes": ["homey.alarm", "homey.device.control"]}),
    );
    let mut frames = ready(&sim, Over::Tcp, made["token"].as_str().expect("a token"));
    let missing = r#"{"code":403,"error":"Missing Scopes","error_description":"Missing Scopes","statusCode":403}"#;
    let unknown = r#"{"code":404,"error":"not_found","error_description":"Not found [not_found]","statusCode":404}"#;
    frames.play(&format!(
        r#"
        > 42/api,0["subscribe","homey:manager:alarms"]
        < 43/api,0[null]
        > 42/api,1["subscribe","homey:manager:devices"]
        < 43/api,1[{missing}]
        > 42/api,2["subscribe","homey:device:x"]
        < 43/api,2[{missing}]
        > 42/api,3["subscribe","homey:manager:none"]
        < 43/api,3[{unknown}]
        > 42/api,4["subscribe",5]
        < 43/api,4[{unknown}]
        > 42/api,5["api",{{"uri":"homey:manager:devices","operation":"getDevices","args":{{}}}}]
        < 43/api,5[{missing}]
        "#
    ));
}

#[test]
fn whoever_changes_something_it_is_told() {
    let sim = Sim::start(&["--devices", "12"]);
    let lamp = sim.id("Kitchen/Worktop light");
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    frames.play(&format!(
        r#"
        > 42/api,0["subscribe","homey:device:{lamp}"]
        < 43/api,0[null]
        > 42/api,1["subscribe","homey:manager:alarms"]
        < 43/api,1[null]
        > 42/api,2["subscribe","homey:manager:devices"]
        < 43/api,2[null]
        "#
    ));
    let told = |value: bool, transaction: &str| {
        format!(
            r##"< 42/api,["homey:device:{lamp}","capability",{{"capabilityId":"onoff","value":{value},"transactionId":{transaction},"transactionTime":#ID}}]"##
        )
    };
    // By HTTP, with the client's transaction.
    let path = format!("/devices/device/{lamp}/capability/onoff");
    sim.put(&path, r#"{"value":true,"transactionId":"homey-api-1"}"#);
    frames.play(&told(true, r#""homey-api-1""#));
    // By a flow.
    let flows = sim.get("/flow/flow").json();
    let night = flows
        .as_object()
        .expect("a map")
        .values()
        .find(|f| f["name"] == "Good night");
    let night = night.expect("the flow")["id"].as_str().expect("an id");
    sim.post(&format!("/flow/flow/{night}/trigger"), "{}");
    frames.play(&told(false, "null"));
    // By a slow device, when it takes the value.
    sim.control("slow", json!({"device": "Worktop light", "ms": 50}));
    sim.put(&path, r#"{"value":true,"transactionId":"t2"}"#);
    frames.play(&told(true, r#""t2""#));
    sim.control("slow", json!({"device": "Worktop light", "ms": 0}));
    // By a call over the socket itself: the event and the ack, in any order.
    frames.say(&format!(
        r#"42/api,3["api",{{"uri":"homey:manager:devices","operation":"setCapabilityValue","args":{{"deviceId":"{lamp}","capabilityId":"onoff","value":false,"transactionId":"t3","transactionTime":1,"$validate":true,"query":{{}}}}}}]"#
    ));
    let mut two = [frames.hear(), frames.hear()];
    two.sort();
    assert!(two[0].starts_with(r#"42/api,["homey:device:"#), "{two:?}");
    assert!(
        two[1].starts_with(r#"43/api,3[null,{"transactionId":"t3","#),
        "{two:?}"
    );
    let write = sim.control("counters", Value::Null)["writes"][2].clone();
    assert_eq!(
        (&write["via"], &write["outcome"]),
        (&json!("socket"), &json!("ok"))
    );
    // Items of managers.
    let made = sim.post("/alarms/alarm", r#"{"name":"Bins"}"#).json();
    let alarm = made["id"].as_str().expect("an id");
    frames.play(&format!(
        r#"< 42/api,["homey:manager:alarms","alarm.create",{made}]"#
    ));
    sim.write("DELETE", &format!("/alarms/alarm/{alarm}"), "");
    frames.play(&format!(
        r#"< 42/api,["homey:manager:alarms","alarm.delete",{{"id":"{alarm}"}}]"#
    ));
    // A device's own changes go to both.
    sim.control("rename", json!({"device": "Worktop light", "name": "Old"}));
    let object = sim.get(&format!("/devices/device/{lamp}")).json();
    frames.play(&format!(
        r#"
        < 42/api,["homey:manager:devices","device.update",{object}]
        < 42/api,["homey:device:{lamp}","update",{object}]
        "#
    ));
    sim.control("realtime", json!({"updates": false}));
    sim.control("rename", json!({"device": "Old", "name": "Older"}));
    sim.control(
        "value",
        json!({"device": "Older", "capability": "onoff", "value": true}),
    );
    frames.play(&told(true, "null"));
    sim.control("realtime", json!({"updates": true}));
    sim.control("gone", json!({"device": "Older"}));
    frames.play(&format!(
        r#"
        < 42/api,["homey:manager:devices","device.delete",{{"id":"{lamp}"}}]
        < 42/api,["homey:device:{lamp}","delete",{{"id":"{lamp}"}}]
        "#
    ));
}

#[test]
fn calls_are_the_operations_of_the_dialect() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::start(&["--devices", "12", "--dialect", dialect, "--language", "en"]);
        let mut frames = ready(&sim, Over::Tcp, sim.full());
        let mut call = |manager: &str, operation: &str, args: Value| -> Value {
            let ask = json!({"uri": format!("homey:manager:{manager}"), "operation": operation, "args": args});
            frames.say(&format!("42/api,9[\"api\",{ask}]"));
            let ack = frames.hear();
            serde_json::from_str(ack.strip_prefix("43/api,9").expect("an ack")).expect("JSON")
        };
        let devices = call("devices", "getDevices", json!({}));
        assert_eq!(
            devices[1].as_object().map(serde_json::Map::len),
            Some(12),
            "{dialect}"
        );
        let heater = sim.id("Office/Heater");
        assert_eq!(
            call("devices", "getDevice", json!({"id": heater}))[1]["name"],
            "Heater"
        );
        let made = call(
            "logic",
            "createVariable",
            json!({"variable": {"name": "X", "type": "number", "value": 1}}),
        );
        let id = made[1]["id"].clone();
        let changed = call(
            "logic",
            "updateVariable",
            json!({"id": id, "variable": {"value": 2}, "$validate": true, "query": {}}),
        );
        assert_eq!(changed[1]["value"], 2);
        let wrong = call(
            "logic",
            "updateVariable",
            json!({"id": id, "variable": {"value": "x"}}),
        );
        assert_eq!(
            (&wrong[0]["error"], &wrong[0]["statusCode"]),
            (&json!("invalid_value_type"), &json!(400))
        );
        assert_eq!(
            call("logic", "deleteVariable", json!({"id": id})),
            json!([null])
        );
        assert_eq!(
            call("logic", "getVariable", json!({}))[0]["error"],
            "invalid_body"
        );
        let known = if dialect == "v2" {
            "missing_api_method"
        } else {
            "not_found"
        };
        for (manager, operation) in [("logic", "noSuch"), ("none", "getDevices")] {
            assert_eq!(call(manager, operation, json!({}))[0]["error"], known);
        }
        let value = call(
            "devices",
            "getCapabilityValue",
            json!({"deviceId": heater, "capabilityId": "thermostat_mode"}),
        );
        match dialect {
            "v2" => assert_eq!(value[0]["error"], "missing_api_method"),
            _ => assert_eq!(value, json!([null, "heat"])),
        }
        let log = if dialect == "v2" {
            "measure_temperature".to_owned()
        } else {
            format!("homey:device:{heater}:measure_temperature")
        };
        let ask =
            json!({"uri": format!("homey:device:{heater}"), "id": log, "resolution": "lastHour"});
        assert_eq!(call("insights", "getLogEntries", ask)[1]["step"], 60_000);
        assert_eq!(
            realtime(&sim)["operations"]["homey:manager:logic updateVariable"],
            2
        );
    }
}

#[test]
fn a_hanging_call_holds_up_nothing() {
    let sim = Sim::start(&["--devices", "12"]);
    let lamp = sim.id("Kitchen/Worktop light");
    sim.control("hang", json!({"device": "Worktop light", "on": true}));
    let mut frames = ready(&sim, Over::Tcp, sim.full());
    frames.say(&format!(
        r#"42/api,0["api",{{"uri":"homey:manager:devices","operation":"setCapabilityValue","args":{{"deviceId":"{lamp}","capabilityId":"onoff","value":false}}}}]"#
    ));
    frames.play(
        r#"
        > 42/api,1["api",{"uri":"homey:manager:system","operation":"getSystemName"}]
        < 43/api,1[null,"Home"]
        "#,
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
