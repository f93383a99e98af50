// SPDX-License-Identifier: MIT OR Apache-2.0

//! Flows, moods, alarms, variables and what is only read.

use serde_json::{Value, json};

use crate::sim::Sim;

fn named(list: &Value, name: &str) -> Value {
    let map = list.as_object().expect("a map");
    let found = map.values().find(|item| item["name"] == name);
    found.expect("the item exists").clone()
}

fn id(item: &Value) -> &str {
    item["id"].as_str().unwrap_or_default()
}

#[test]
fn flows_start_or_say_why_not() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        let flows = sim.get("/flow/flow").json();
        let advanced = sim.get("/flow/advancedflow").json();
        let card = &named(&flows, "Good night")["trigger"];
        assert_eq!(card.get("uri").is_some(), dialect == "v2");
        for (kind, list, name, status, code) in [
            ("flow", &flows, "Good night", 200, ""),
            ("flow", &flows, "Broken flow", 500, "flow_broken"),
            ("flow", &flows, "Disabled flow", 400, "flow_disabled"),
            (
                "flow",
                &flows,
                "When the door opens",
                400,
                "flow_not_triggerable",
            ),
            ("advancedflow", &advanced, "Morning routine", 200, ""),
            ("advancedflow", &advanced, "Panic", 200, ""),
        ] {
            let path = format!("/flow/{kind}/{}/trigger", id(&named(list, name)));
            let reply = sim.post(&path, "{}");
            assert_eq!(reply.status, status, "{name}");
            match status {
                200 => assert_eq!(reply.text(), "true"),
                _ => assert_eq!(reply.code(), code),
            }
        }
        assert_eq!(sim.post("/flow/flow/none/trigger", "{}").status, 404);
        let starts = sim.control("counters", Value::Null)["starts"].clone();
        assert_eq!(starts.as_array().map(Vec::len), Some(7));
        let night = named(&sim.get("/flow/flow").json(), "Good night");
        assert_eq!(night["triggerCount"], 1);
        let state = sim.control("state", Value::Null);
        let lights = state["devices"].as_array().expect("devices").iter();
        let on = lights.filter(|d| d["class"] == "light" && d["values"]["onoff"] == true);
        assert_eq!(on.count(), 5, "panic switches every light on");
    }
}

#[test]
fn a_flow_can_be_disabled_and_a_trigger_needs_no_body() {
    let sim = Sim::start(&["--devices", "12"]);
    let night = named(&sim.get("/flow/flow").json(), "Good night");
    let path = format!("/flow/flow/{}", id(&night));
    assert_eq!(
        sim.put(&path, "{\"enabled\":false}").json()["enabled"],
        false
    );
    assert_eq!(
        sim.post(&format!("{path}/trigger"), "{}").code(),
        "flow_disabled"
    );
    sim.put(&path, "{\"enabled\":true}");
    let bearer = format!("Bearer {}", sim.full());
    let url = sim.url(&format!("{path}/trigger"));
    let bare = sim.send("POST", &url, &[("Authorization", &bearer)], "");
    assert_eq!(bare.status, 200);
}

#[test]
fn moods_set_their_devices() {
    let sim = Sim::start(&["--devices", "12"]);
    let moods = sim.get("/moods/mood").json();
    let map = moods.as_object().expect("a map");
    assert_eq!(map.values().filter(|m| m["name"] == "Relax").count(), 2);
    let bright = named(&moods, "Bright");
    assert_eq!(
        sim.post(&format!("/moods/mood/{}/set", id(&bright)), "{}")
            .status,
        200
    );
    assert_eq!(
        sim.get(&sim.cap("Living room/Ceiling light", "dim")).json(),
        1
    );
    let start = sim.control("counters", Value::Null)["starts"][0].clone();
    assert_eq!(
        (&start["kind"], &start["name"]),
        (&json!("mood"), &json!("Bright"))
    );
}

#[test]
fn alarms_and_variables_keep_their_types() {
    let sim = Sim::start(&["--devices", "12"]);
    let alarms = sim.get("/alarms/alarm").json();
    let alarm = named(&alarms, "Wake up");
    assert!(alarm["nextOccurance"].is_string());
    let path = format!("/alarms/alarm/{}", id(&alarm));
    for (body, status) in [
        ("{\"enabled\":false}", 200),
        ("{\"time\":\"07:15\",\"repetition\":{\"sunday\":true}}", 200),
        ("{\"time\":\"27:15\"}", 400),
        ("{\"enabled\":\"no\"}", 400),
        ("{\"colour\":1}", 400),
    ] {
        assert_eq!(sim.put(&path, body).status, status, "{body}");
    }
    let alarm = sim.get(&path).json();
    assert_eq!(
        (&alarm["nextOccurance"], &alarm["time"]),
        (&json!(null), &json!("07:15"))
    );

    let variables = sim.get("/logic/variable").json();
    for (name, kind, good, bad) in [
        ("Visitors", "boolean", "true", "1"),
        ("Guests", "number", "3", "\"3\""),
        ("Message", "string", "\"hi\"", "false"),
    ] {
        let variable = named(&variables, name);
        assert_eq!(variable["type"], kind);
        let path = format!("/logic/variable/{}", id(&variable));
        assert_eq!(
            sim.put(&path, &format!("{{\"value\":{bad}}}")).status,
            400,
            "{name}"
        );
        assert_eq!(
            sim.put(&path, &format!("{{\"value\":{good}}}")).status,
            200,
            "{name}"
        );
    }
}

#[test]
fn cards_tokens_insights_and_the_small_lists() {
    for dialect in ["v2", "v3"] {
        let v2 = dialect == "v2";
        let sim = Sim::unhurried(dialect, "12");
        let probe = "/flow/flowcardtrigger/homey:manager:flow/programmatic_trigger";
        for path in [probe.to_owned(), probe.replace(':', "%3A")] {
            let card = sim.get(&path).json();
            let uri = if v2 { "uri" } else { "ownerUri" };
            assert_eq!(card[uri], "homey:manager:flow", "{path}");
        }
        let device = sim.id("Office/Heater");
        let uri = format!("homey:device:{device}");
        let cap = "measure_temperature";
        let id = if v2 {
            cap.to_owned()
        } else {
            format!("{uri}:{cap}")
        };
        let entries = sim
            .get(&format!(
                "/insights/log/{uri}/{id}/entry?resolution=last24Hours"
            ))
            .json();
        let values = entries["values"].as_array().expect("values");
        assert_eq!((values.len(), &entries["step"]), (289, &json!(300_000)));
        assert!(
            values.iter().any(|v| v["v"].is_null()) && values.iter().any(|v| v["v"].is_number())
        );
        assert_eq!(values[288]["v"], Value::Null);
        let light = format!("homey:device:{}", sim.id("Office/Desk light"));
        let id = if v2 {
            "onoff".to_owned()
        } else {
            format!("{light}:onoff")
        };
        let entries = sim.get(&format!("/insights/log/{light}/{id}/entry")).json();
        let values = entries["values"].as_array().expect("values");
        assert!(
            values
                .iter()
                .all(|v| v["v"].as_f64().is_none_or(|v| (0.0..=1.0).contains(&v)))
        );
        let tokens = sim.get("/flowtoken/flowtoken").json();
        let (key, token) = tokens
            .as_object()
            .and_then(|t| t.iter().next())
            .expect("a token");
        assert_eq!(token.get("uri").is_some(), v2);
        if !v2 {
            for key in [key.clone(), key.replace('|', "%7C").replace(':', "%3A")] {
                let value = sim.get(&format!("/flowtoken/flowtoken/{key}/value"));
                assert_eq!(value.status, 200, "{key}");
            }
        }
        let system = sim.get("/system/").json();
        assert_eq!(system.get("homeyPlatformVersion").is_none(), v2);
        let user = sim.get("/users/user/me").json();
        assert_eq!(
            user["properties"]["favoriteDevices"]
                .as_array()
                .map(Vec::len),
            Some(3)
        );
        assert_eq!(user.get("avatar").is_none(), v2);
        for path in [
            "/energy/live",
            "/weather/weather",
            "/notifications/notification",
            "/apps/app",
        ] {
            assert!(sim.get(path).json().is_object(), "{path}");
        }
    }
}
