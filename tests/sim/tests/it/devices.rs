// SPDX-License-Identifier: MIT OR Apache-2.0

//! Device shapes and capability writes.

use serde_json::{Value, json};

use crate::sim::{Sim, until};

fn keys(value: &Value) -> Vec<String> {
    let map = value.as_object().expect("an object");
    map.keys().cloned().collect()
}

#[test]
fn shapes_follow_the_dialect() {
    let new = Sim::start(&["--devices", "12"]);
    let light = new
        .get(&format!(
            "/devices/device/{}",
            new.id("Living room/Ceiling light")
        ))
        .json();
    assert_eq!(
        keys(&light)[..6],
        ["id", "driverId", "driverUri", "ownerUri", "name", "note"]
    );
    let on = &light["capabilitiesObj"]["onoff"];
    for absent in [
        "min", "max", "step", "decimals", "units", "values", "options",
    ] {
        assert_eq!(on.get(absent), None, "{absent}");
    }
    let dim = &light["capabilitiesObj"]["dim"];
    assert_eq!(
        (&dim["min"], &dim["max"], dim.get("step")),
        (&json!(0), &json!(1), None)
    );

    let old = Sim::unhurried("v2", "12");
    let heater = old
        .get(&format!("/devices/device/{}", old.id("Office/Heater")))
        .json();
    assert_eq!(
        keys(&heater)[..6],
        ["id", "name", "driverUri", "driverId", "zone", "zoneName"]
    );
    assert_eq!(heater["zoneName"], "Office");
    assert_eq!(heater.get("ownerUri"), None);
    assert!(
        !heater["driverId"]
            .as_str()
            .unwrap_or_default()
            .contains(':')
    );
    let target = &heater["capabilitiesObj"]["target_temperature"];
    assert_eq!(keys(target)[0], "value");
    assert_eq!(
        target["options"],
        json!({"min": 5, "max": 25, "step": 0.5, "decimals": 1})
    );
    assert_eq!(
        heater["capabilitiesObj"]["thermostat_mode"]["units"],
        Value::Null
    );
}

#[test]
fn reading_one_capability_is_for_v3() {
    let new = Sim::start(&["--devices", "12"]);
    for (device, cap, value) in [
        ("Living room/Ceiling light", "onoff", json!(false)),
        ("Living room/Ceiling light", "dim", json!(0.6)),
        ("Office/Heater", "thermostat_mode", json!("heat")),
        ("Hall/Doorbell", "button.reset", json!(null)),
    ] {
        assert_eq!(
            new.get(&new.cap(device, cap)).json(),
            value,
            "{device} {cap}"
        );
    }
    let old = Sim::start(&["--devices", "12", "--dialect", "v2"]);
    let reply = old.get(&old.cap("Office/Heater", "thermostat_mode"));
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (500, "missing_api_method")
    );
}

#[test]
fn writes_are_checked() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        for (device, cap, body, status, code) in [
            (
                "Living room/Ceiling light",
                "dim",
                "{\"value\":0.5}",
                200,
                "",
            ),
            (
                "Living room/Ceiling light",
                "dim",
                "{\"value\":60}",
                400,
                "value_out_of_range",
            ),
            (
                "Living room/Ceiling light",
                "dim",
                "{\"value\":\"0.5\"}",
                400,
                "invalid_value_type",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{\"value\":1}",
                400,
                "invalid_value_type",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{\"value\":null}",
                400,
                "invalid_value_type",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{\"value\":true,\"x\":1}",
                400,
                "invalid_body",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{}",
                400,
                "missing_value",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "",
                400,
                "missing_value",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{value:true}",
                400,
                "invalid_json",
            ),
            (
                "Living room/Ceiling light",
                "onoff",
                "{“value”:true}",
                400,
                "invalid_json",
            ),
            (
                "Living room/Ceiling light",
                "locked",
                "{\"value\":true}",
                404,
                "not_found",
            ),
            (
                "Hall/Motion sensor",
                "alarm_motion",
                "{\"value\":true}",
                400,
                "capability_not_setable",
            ),
            (
                "Office/Heater",
                "thermostat_mode",
                "{\"value\":\"warm\"}",
                400,
                "invalid_enum_value",
            ),
            (
                "Office/Heater",
                "target_temperature",
                "{\"value\":26}",
                400,
                "value_out_of_range",
            ),
            ("Hall/Doorbell", "button.reset", "{\"value\":true}", 200, ""),
        ] {
            let reply = sim.put(&sim.cap(device, cap), body);
            assert_eq!(
                reply.status,
                status,
                "{device} {cap} {body}: {}",
                reply.text()
            );
            if status != 200 {
                assert_eq!(reply.code(), code, "{device} {cap} {body}");
            }
        }
    }
}

#[test]
fn a_body_without_its_content_type_is_no_body() {
    let sim = Sim::start(&["--devices", "12"]);
    let url = sim.url(&sim.cap("Kitchen/Worktop light", "onoff"));
    let bearer = format!("Bearer {}", sim.full());
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        let reply = sim.send("PUT", &url, &headers, "{\"value\":true}");
        assert_eq!(reply.status, status, "{kind}");
    }
}

#[test]
fn a_write_is_echoed_recorded_and_has_its_effects() {
    let sim = Sim::start(&["--devices", "12"]);
    let light = "Living room/Ceiling light";
    let body = "{\"value\":0.3,\"opts\":{\"duration\":500},\"transactionId\":\"homey-api-1\"}";
    let reply = sim.put(&sim.cap(light, "dim"), body).json();
    assert_eq!(keys(&reply), ["transactionId", "transactionTime", "value"]);
    assert_eq!(
        (&reply["transactionId"], &reply["value"]),
        (&json!("homey-api-1"), &json!(0.3))
    );
    assert_eq!(sim.get(&sim.cap(light, "onoff")).json(), true, "set on dim");
    sim.put(&sim.cap(light, "dim"), "{\"value\":0}");
    assert_eq!(sim.get(&sim.cap(light, "onoff")).json(), false, "dim to 0");
    let counters = sim.control("counters", Value::Null);
    let write = &counters["writes"][0];
    assert_eq!(write["name"], "Living room/Ceiling light");
    assert_eq!(write["opts"], json!({"duration": 500}));
    assert_eq!(
        (&write["bearer"], &write["via"]),
        (&json!("key"), &json!("http"))
    );
    assert_eq!(counters["writes"].as_array().map(Vec::len), Some(2));
    let radio = "Living room/Radio";
    let before = sim.get(&sim.cap(radio, "speaker_track")).json();
    sim.put(&sim.cap(radio, "speaker_next"), "{\"value\":true}");
    assert_ne!(sim.get(&sim.cap(radio, "speaker_track")).json(), before);
}

#[test]
fn forms_of_the_v3_write_reply() {
    let sim = Sim::start(&["--devices", "12", "--v3-write-reply", "empty"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    let empty = sim.put(&path, "{\"value\":true}");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    sim.control("options", json!({"v3_write_reply": "204"}));
    assert_eq!(sim.put(&path, "{\"value\":true}").status, 204);
}

#[test]
fn slow_unavailable_gone_and_repaired_devices() {
    let sim = Sim::start(&["--devices", "12"]);
    let device = "Kitchen/Worktop light";
    let path = sim.cap(device, "onoff");
    sim.control("slow", json!({"device": device, "ms": 800}));
    let reply = sim.put(&path, "{\"value\":true}").json();
    assert_eq!(reply["value"], false, "the old value is echoed");
    assert_eq!(sim.get(&path).json(), false);
    until("the slow device takes the value", || {
        sim.get(&path).json() == true
    });
    sim.control("clear", json!({}));

    sim.control(
        "available",
        json!({"device": device, "available": false, "message": "Geen bereik"}),
    );
    let one = format!("/devices/device/{}", sim.id(device));
    let object = sim.get(&one).json();
    assert_eq!(object["available"], false);
    assert_eq!(
        object["capabilitiesObj"]["onoff"]["value"], true,
        "values stay"
    );
    let reply = sim.put(&path, "{\"value\":false}");
    assert_eq!((reply.status, reply.code().as_str()), (500, "Geen bereik"));
    sim.control("available", json!({"device": device, "available": true}));

    sim.control("gone", json!({"device": device}));
    assert_eq!(sim.get(&one).status, 404);
    assert_eq!(sim.put(&path, "{\"value\":false}").status, 404);
    let count = |sim: &Sim| {
        sim.get("/devices/device")
            .json()
            .as_object()
            .map(serde_json::Map::len)
    };
    assert_eq!(count(&sim), Some(11));
    let back = sim.control("return", json!({"device": device, "new_id": true}));
    assert_ne!(
        format!("/devices/device/{}", back["device"].as_str().unwrap_or("")),
        one
    );
    assert_eq!((sim.get(&one).status, count(&sim)), (404, Some(12)));
}

#[test]
fn a_hanging_device_answers_no_write_and_the_rest_goes_on() {
    let sim = Sim::start(&["--devices", "12"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    sim.control(
        "hang",
        json!({"device": "Kitchen/Worktop light", "on": true}),
    );
    let url = sim.url(&path);
    let bearer = format!("Bearer {}", sim.full());
    let quick = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_millis(400)))
        .build()
        .new_agent();
    let asked = quick
        .put(&url)
        .header("Authorization", &bearer)
        .header("Content-Type", "application/json")
        .send("{\"value\":true}");
    assert!(matches!(asked, Err(ureq::Error::Timeout(_))), "{asked:?}");
    assert_eq!(sim.get(&path).json(), false);
    assert_eq!(
        sim.control("counters", Value::Null)["writes"][0]["outcome"],
        "hang"
    );
}

#[test]
fn odd_devices_are_there() {
    let sim = Sim::start(&["--devices", "40", "--seed", "3"]);
    let list = sim.get("/devices/device").json();
    let devices: Vec<&Value> = list.as_object().expect("a map").values().collect();
    let named = |name: &str| devices.iter().filter(|d| d["name"] == name).count();
    assert_eq!(named("Spot"), 3);
    let fan = devices
        .iter()
        .find(|d| d["name"] == "Desk fan")
        .expect("a fan");
    assert_eq!(fan["capabilitiesObj"]["fan_speed"]["value"], "auto");
    assert_eq!(fan["capabilitiesObj"]["fan_speed"]["type"], "number");
    let gateway = devices
        .iter()
        .find(|d| d["name"] == "Gateway")
        .expect("a gateway");
    let events = &gateway["capabilitiesObj"]["actionEvents"];
    assert_eq!(
        (&events["getable"], &events["setable"]),
        (&json!(false), &json!(false))
    );
    let fresh = devices
        .iter()
        .find(|d| d["name"] == "New sensor")
        .expect("a sensor");
    assert_eq!(
        fresh["capabilitiesObj"]["alarm_water"]["lastUpdated"],
        Value::Null
    );
    for name in [
        "Mum's \"reading\" lamp",
        "Fairy lights 🎄",
        "TV/HiFi socket",
    ] {
        assert_eq!(named(name), 1, "{name}");
    }
    // An ambiguous name is refused, with the ids to choose from.
    let url = format!("{}/_sim/gone", sim.word("control"));
    for (name, status) in [
        ("Spot", 409),
        ("Living room/Spot", 409),
        ("Office/Spot", 200),
        ("No", 404),
    ] {
        let reply = sim.send("POST", &url, &[], &json!({"device": name}).to_string());
        assert_eq!(reply.status, status, "{name}");
    }
    sim.control(
        "value",
        json!({"device": "Living room/TV/HiFi socket", "capability": "onoff", "value": true}),
    );
}
