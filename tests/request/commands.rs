// SPDX-License-Identifier: MIT OR Apache-2.0
//! devices, zones, get, set, flow and mood on the simulated hub, in both of its dialects.

use homey_rig::beds::{Bed, Ended, Hub};
use serde_json::{Value, json};

use crate::server::Server;

fn rows(ended: &Ended) -> Vec<Value> {
    serde_json::from_slice(&ended.is_good().out).unwrap()
}

#[test]
fn lists() {
    for hub in [Hub::v3(), Hub::v2()] {
        let devices = rows(&hub.run(&["devices", "--json"]));
        assert_eq!(devices.len(), 30);
        let lamp = devices
            .iter()
            .find(|d| d["name"] == "Ceiling light")
            .unwrap();
        assert_eq!(
            (&lamp["zone"], &lamp["class"], &lamp["available"]),
            (&json!("Living room"), &json!("light"), &json!(true))
        );
        assert_eq!(lamp["capabilities"], json!(["onoff", "dim"]));
        let table = hub.run(&["devices"]).is_good().text();
        assert_eq!(table.lines().count(), 31);
        assert!(
            table.starts_with("ZONE ") && table.contains("Ceiling light"),
            "{table}"
        );
        assert!(!table.contains('\u{1b}'));

        let zones = rows(&hub.run(&["zones", "--json"]));
        let kitchen = zones.iter().find(|z| z["zone"] == "Kitchen").unwrap();
        assert_eq!(kitchen["within"], "Ground floor < Home");
        assert!(hub.run(&["zones"]).is_good().text().contains("Kitchen"));

        let flows = rows(&hub.run(&["flow", "list", "--json"]));
        let flow = |name: &str| flows.iter().find(|f| f["name"] == name).unwrap().clone();
        assert_eq!(
            (&flow("Good night")["kind"], &flow("Panic")["kind"]),
            (&json!("flow"), &json!("advanced"))
        );
        assert_eq!(
            (
                &flow("Disabled flow")["enabled"],
                &flow("Broken flow")["startable"]
            ),
            (&json!(false), &json!(false))
        );
        assert_eq!(flow("When the door opens")["startable"], json!(false));
        let moods = rows(&hub.run(&["mood", "list", "--json"]));
        assert_eq!(moods.len(), 3);
        assert_eq!(
            hub.run(&["mood", "list"]).is_good().text().lines().count(),
            4
        );
    }
}

#[test]
fn values_are_read_and_set() {
    for hub in [Hub::v3(), Hub::v2()] {
        let set = |args: &[&str]| hub.run(&[&["set"], args].concat());
        let get = |args: &[&str]| hub.run(&[&["get"], args].concat());
        assert_eq!(
            set(&["Ceiling light", "dim", "0.6"]).is_good().text(),
            "Ceiling light dim = 0.6\n"
        );
        assert_eq!(
            get(&["Living room/Ceiling light", "dim", "--json"])
                .is_good()
                .text(),
            "0.6\n"
        );
        assert_eq!(
            set(&["Office/Desk light", "onoff", "on"]).is_good().text(),
            "Desk light onoff = true\n"
        );
        assert_eq!(
            get(&["--json", "Desk light", "onoff"]).is_good().text(),
            "true\n"
        );
        set(&["Heater", "target_temperature", "20.5"]).is_good();
        assert_eq!(
            get(&["Heater", "target_temperature"]).is_good().text(),
            "20.5 °C\n"
        );
        set(&["Heater", "thermostat_mode", "heat"]).is_good();
        assert_eq!(
            get(&["Heater", "thermostat_mode", "--json"])
                .is_good()
                .text(),
            "\"heat\"\n"
        );
        let table = rows(&get(&["Heater", "--json"]));
        let target = table
            .iter()
            .find(|r| r["capability"] == "target_temperature")
            .unwrap();
        assert_eq!(
            (&target["value"], &target["range"], &target["settable"]),
            (&json!(20.5), &json!("5 to 25"), &json!(true))
        );
        assert!(
            get(&["Heater"])
                .is_good()
                .text()
                .contains("measure_temperature")
        );
        // By id, and as another program reads it.
        let id = hub.counters()["writes"][0]["device"]
            .as_str()
            .unwrap()
            .to_string();
        assert_eq!(get(&[&id, "dim"]).is_good().text().trim(), "0.6");
        let writes = hub.counters()["writes"].as_array().unwrap().clone();
        let sent: Vec<(&str, &Value)> = writes
            .iter()
            .map(|w| (w["outcome"].as_str().unwrap(), &w["value"]))
            .collect();
        assert_eq!(
            sent,
            [
                ("ok", &json!(0.6)),
                ("ok", &json!(true)),
                ("ok", &json!(20.5)),
                ("ok", &json!("heat"))
            ]
        );
    }
}

#[test]
fn values_that_are_wrong_are_refused_here() {
    let hub = Hub::v3();
    for (args, words) in [
        (
            &["Ceiling light", "dim", "60"][..],
            &["expected 0 to 1", "did you mean 0.6"][..],
        ),
        (
            &["Ceiling light", "dim", "60%"],
            &["expected a number", "did you mean 0.6"],
        ),
        (
            &["Ceiling light", "dim", "0,6"],
            &["expected a number", "did you mean 0.6"],
        ),
        (&["Ceiling light", "dim", "-0.1"], &["expected 0 to 1"]),
        (&["Ceiling light", "dim", "much"], &["expected a number"]),
        (&["Ceiling light", "dim", "inf"], &["expected a number"]),
        (
            &["Ceiling light", "onoff", "2"],
            &["expected true or false"],
        ),
        (
            &["Ceiling light", "onof", "true"],
            &["no capability \"onof\"", "did you mean onoff", "onoff, dim"],
        ),
        (&["Heater", "target_temperature", "30"], &["5 to 25"]),
        (
            &["Heater", "measure_temperature", "20"],
            &["does not let it be set"],
        ),
        (
            &["Heater", "thermostat_mode", "heating"],
            &["expected one of", "did you mean heat"],
        ),
        (&["Floor lamp", "light_mode", ""], &["expected one of"]),
        (
            &["Ceilling light", "dim", "0.5"],
            &["Ceilling light", "Ceiling light"],
        ),
        (
            &["Garage/Ceiling light", "dim", "0.5"],
            &["Garage", "Living room/Ceiling light"],
        ),
        (&["Spot", "onoff", "true"], &["Spot", "/Spot"]),
        (&["", "dim", "1"], &["no device is called"]),
    ] {
        hub.run(&[&["set"], args].concat()).fails(64, words);
    }
    assert_eq!(hub.counters()["writes"], json!([]));
    hub.run(&["get", "Nothing like it"])
        .fails(64, &["Nothing like it", "homey-panel devices shows"]);
    hub.run(&["get", "Heater", "nothing"])
        .fails(64, &["it has", "thermostat_mode"]);
}

#[test]
fn devices_that_are_away() {
    let hub = Hub::v3();
    hub.control(
        "available",
        "{\"device\":\"Office/Heater\",\"available\":false,\"message\":\"Geen \\u001b[2Jbereik\"}",
    );
    let ended = hub.run(&["get", "Heater"]);
    assert_eq!((ended.code, ended.err.lines().count()), (0, 1), "{ended}");
    assert!(
        ended.err.contains("Heater is unavailable: Geen") && ended.err.contains("last ones known"),
        "{ended}"
    );
    assert!(!ended.err.contains('\u{1b}'), "{ended:?}");
    let ended = hub.run(&["get", "Heater", "target_temperature"]);
    assert_eq!((ended.code, ended.err.lines().count()), (0, 1), "{ended}");
    let ended = hub.run(&["set", "Heater", "target_temperature", "20"]);
    assert!(
        matches!(ended.code, 1 | 69) && ended.err.lines().count() == 1,
        "{ended}"
    );
    assert!(
        ended.err.contains("Heater") && ended.err.contains("target_temperature"),
        "{ended}"
    );
    // Gone for good: the name is unknown, the id too.
    let id = rows(&hub.run(&["devices", "--json"]))
        .iter()
        .find(|d| d["name"] == "Radio")
        .unwrap()["id"]
        .clone();
    hub.control("gone", "{\"device\":\"Radio\"}");
    hub.run(&["get", "Radio"]).fails(64, &["Radio"]);
    hub.run(&["get", id.as_str().unwrap()])
        .fails(64, &[id.as_str().unwrap()]);
}

/// A driver that never answers; this takes the half minute that it may take.
#[test]
fn a_device_that_hangs() {
    let hub = Hub::v3();
    hub.control("hang", "{\"device\":\"Blinds\",\"on\":true}");
    let ended = hub.run(&["set", "Blinds", "windowcoverings_set", "1"]);
    ended.fails(69, &["Blinds", "no answer within"]);
    assert!(ended.took.as_secs() < 35, "{ended}");
}

#[test]
fn flows_and_moods() {
    for hub in [Hub::v3(), Hub::v2()] {
        assert_eq!(
            hub.run(&["flow", "start", "Good night"]).is_good().text(),
            "started flow Good night\n"
        );
        assert_eq!(
            hub.run(&["flow", "start", "Panic"]).is_good().text(),
            "started flow Panic\n"
        );
        assert_eq!(
            hub.run(&["mood", "set", "Bright"]).is_good().text(),
            "set mood Bright\n"
        );
        hub.run(&["mood", "set", "Bedroom/Relax"]).is_good();
        for (name, word) in [
            ("Broken flow", "broken"),
            ("Disabled flow", "disabled"),
            ("When the door opens", "started"),
        ] {
            let ended = hub.run(&["flow", "start", name]);
            ended.fails(1, &[name, word]);
        }
        hub.run(&["flow", "start", "Good nigth"])
            .fails(64, &["Good nigth", "Good night"]);
        hub.run(&["flow", "start", "Test twice"])
            .fails(64, &["Test twice"]);
        hub.run(&["mood", "set", "Relax"])
            .fails(64, &["Living room/Relax", "Bedroom/Relax"]);
        hub.run(&["mood", "set", "Party"]).fails(64, &["Party"]);
        let counters = hub.counters();
        let starts = counters["starts"].as_array().unwrap();
        let ok = starts.iter().filter(|s| s["outcome"] == "ok").count();
        assert_eq!(ok, 4, "{counters}");
    }
}

#[test]
fn bearers() {
    let hub = Hub::v3();
    hub.bed.secret("key", hub.at("api_key_readonly"));
    hub.run(&["devices"]).is_good();
    hub.run(&["set", "Ceiling light", "dim", "0.5"])
        .fails(77, &["Ceiling light", "scope"]);
    hub.run(&[
        "request",
        "-X",
        "PUT",
        "--json",
        "{\"value\":1}",
        "/api/manager/devices/device/x/capability/dim",
    ])
    .fails(1, &["403 missing_scopes", "scope"]);
    hub.control("keys/revoke", "{}");
    hub.run(&["devices"]).fails(77, &["401", "API key"]);
    hub.run(&["check"]);
    let hub = Hub::v2();
    hub.control("sessions/expire", "{}");
    hub.run(&["devices"]).fails(77, &["401 session_expired"]);
    hub.bed.secret("session.json", "{\"version\":1,\"tok");
    hub.run(&["devices"]).fails(77, &["session.json"]);
}

#[test]
fn a_hub_that_asks_for_patience_gets_it() {
    let hub = Hub::v2();
    for _ in 0..3 {
        hub.run(&["get", "Heater"]).is_good();
        hub.run(&["set", "Heater", "target_temperature", "21"])
            .is_good();
    }
    let statuses = hub.counters()["statuses"].clone();
    assert!(statuses["429"].as_u64().unwrap_or(0) < 3, "{statuses}");
    // For ever is too long.
    let no = Server::json("429 Too Many Requests", "{\"error\":\"Too many requests\"}");
    let bed = Bed::new();
    bed.config(&no.address(), "");
    let ended = bed.with_config(&["devices"]);
    ended.fails(69, &["429", "too many requests"]);
    assert!(
        ended.took.as_secs() < 20 && no.requests().len() <= 5,
        "{ended}"
    );
}
