// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the commands show of the simulated home: the same on both dialects, whole for programs, aligned for people.

use homey_rig::beds::{Ended, Hub};
use serde_json::{Value, json};

pub fn rows(ended: &Ended) -> Vec<Value> {
    serde_json::from_slice(&ended.is_good().out).unwrap()
}

pub fn object(ended: &Ended) -> Value {
    serde_json::from_slice(&ended.is_good().out).unwrap()
}

pub fn named<'r>(rows: &'r [Value], name: &str) -> &'r Value {
    rows.iter().find(|row| row["name"] == name).unwrap()
}

/// The members of an object, sorted.
#[track_caller]
fn has_members(value: &Value, members: &[&str]) {
    let mut members = members.to_vec();
    members.sort_unstable();
    let own: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(own, members);
}

#[test]
fn devices_of_a_zone_are_those_in_it_and_below() {
    for hub in [Hub::v3(), Hub::v2()] {
        let names = |zone: &str| -> Vec<String> {
            let rows = rows(&hub.run(&["devices", "--zone", zone, "--json"]));
            rows.iter()
                .map(|d| d["zone"].as_str().unwrap().to_string())
                .collect()
        };
        let kitchen = names("kitchen");
        assert!(kitchen.len() >= 2 && kitchen.iter().all(|zone| zone == "Kitchen"));
        let below = names("Home/First floor");
        for zone in ["Office", "Bedroom"] {
            assert!(below.iter().any(|z| z == zone), "{zone} in {below:?}");
        }
        assert!(!below.iter().any(|zone| zone == "Kitchen"));
        assert_eq!(names("Home").len(), 30);
        let zones = rows(&hub.run(&["zones", "--json"]));
        let office = zones.iter().find(|z| z["zone"] == "Office").unwrap();
        assert_eq!(names(office["id"].as_str().unwrap()), names("Office"));
        hub.run(&["devices", "--zone=Kitchn"])
            .fails(64, &["no zone", "Kitchn", "Kitchen"]);
        hub.run(&["devices", "--zone", "zzzzz"])
            .fails(64, &["homey-panel zones"]);
        hub.run(&["devices", "--zone"]).fails(64, &["--zone"]);
    }
}

#[test]
fn a_device_is_shown_with_all_but_its_secrets() {
    for hub in [Hub::v3(), Hub::v2()] {
        let heater = object(&hub.run(&["device", "Office/Heater", "--json"]));
        has_members(
            &heater,
            &[
                "id",
                "name",
                "zone",
                "zone_path",
                "class",
                "driver",
                "available",
                "message",
                "warning",
                "note",
                "flags",
                "power_w",
                "batteries",
                "last_seen",
                "last_seen_age",
                "setting_names",
                "capabilities",
            ],
        );
        assert_eq!(heater["zone_path"], "Home/First floor/Office");
        assert_eq!(heater["driver"], "homey:app:com.sample.basics:thermostat");
        assert_eq!(heater["available"], true);
        let capabilities = heater["capabilities"].as_array().unwrap();
        has_members(
            &capabilities[0],
            &[
                "id", "title", "type", "value", "units", "min", "max", "step", "decimals",
                "values", "gettable", "settable", "updated", "age_s",
            ],
        );
        // In the device's own order.
        let ids: Vec<&Value> = capabilities.iter().map(|one| &one["id"]).collect();
        assert_eq!(
            ids,
            [
                "target_temperature",
                "measure_temperature",
                "thermostat_mode"
            ]
        );
        assert_eq!(
            (
                &capabilities[0]["step"],
                &capabilities[0]["max"],
                &capabilities[0]["units"]
            ),
            (&json!(0.5), &json!(25), &json!("°C"))
        );
        assert_eq!(
            capabilities[2]["values"],
            json!(["auto", "heat", "cool", "off"])
        );
        assert_eq!(capabilities[1]["settable"], false);
        let age = capabilities[1]["age_s"].as_u64().unwrap();
        assert!(age < 3600, "{age}");

        let shown = hub.run(&["device", "heater"]).is_good().text();
        for part in [
            "Home/First floor/Office\n",
            "5 to 25, steps of 0.5, 1 decimal ",
            "auto|heat|cool|off",
            "CAPABILITY ",
            "not shown: they may hold passwords",
        ] {
            assert!(shown.contains(part), "{part:?} is missing:\n{shown}");
        }
        assert!(!shown.contains("reporting_interval"), "{shown}");
        // Off the air: why, and the last known values.
        hub.control(
            "available",
            "{\"device\":\"Office/Heater\",\"available\":false,\"message\":\"No range\"}",
        );
        let shown = hub.run(&["device", "Heater"]).is_good().text();
        assert!(
            shown.contains("  no\n") && shown.contains("No range"),
            "{shown}"
        );
        hub.run(&["device", "Heatr"])
            .fails(64, &["Heatr", "Office/Heater"]);
        hub.run(&["device"]).fails(64, &["DEVICE is missing"]);
    }
}

#[test]
fn the_hub_tells_of_itself() {
    for (hub, dialect, model) in [
        (Hub::v3(), "v3", "Homey Pro (Early 2023)"),
        (Hub::v2(), "v2", "Homey Pro (Early 2019)"),
    ] {
        let system = object(&hub.run(&["system", "--json"]));
        assert_eq!(
            (&system["dialect"], &system["model"]),
            (&json!(dialect), &json!(model))
        );
        assert_eq!(system["id"], hub.at("hub_id"));
        assert_eq!(system["timezone"], "Europe/Amsterdam");
        assert!(system["uptime_s"].is_u64() && system["load"].is_array());
        assert!(system["memory_free_bytes"].is_u64());
        let shown = hub.run(&["system"]).is_good().text();
        assert!(
            shown.contains(&format!("model              {model}\n")),
            "{shown}"
        );
        assert!(
            !shown.contains("  -"),
            "what is not known is left out: {shown}"
        );
    }
}

#[test]
fn flows_alarms_and_variables_are_listed() {
    for hub in [Hub::v3(), Hub::v2()] {
        let flows = rows(&hub.run(&["flows", "--json"]));
        let night = named(&flows, "Good night");
        has_members(
            night,
            &[
                "folder",
                "name",
                "kind",
                "enabled",
                "startable",
                "broken",
                "id",
            ],
        );
        assert_eq!(
            (&night["kind"], &night["enabled"]),
            (&json!("flow"), &json!(true))
        );
        assert_eq!(named(&flows, "Panic")["kind"], "advanced");
        let broken = named(&flows, "Broken flow");
        assert_eq!(
            (&broken["broken"], &broken["startable"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            hub.run(&["flows"]).is_good().text().lines().count(),
            flows.len() + 1
        );

        let alarms = rows(&hub.run(&["alarms", "--json"]));
        let wake = named(&alarms, "Wake up");
        has_members(wake, &["name", "time", "days", "enabled", "next", "id"]);
        assert_eq!(wake["time"], "06:45");
        assert_eq!(wake["days"], json!(["mon", "tue", "wed", "thu", "fri"]));
        assert!(wake["next"].as_str().unwrap().ends_with('Z'), "{wake}");
        assert_eq!(named(&alarms, "Weekend")["next"], Value::Null);
        let shown = hub.run(&["alarms"]).is_good().text();
        assert!(shown.contains("mon tue wed thu fri  yes"), "{shown}");
        assert_eq!(
            object(&hub.run(&["alarm", "Wake up", "--json"]))["id"],
            wake["id"]
        );

        let variables = rows(&hub.run(&["variables", "--json"]));
        let guests = named(&variables, "Guests");
        has_members(guests, &["name", "type", "value", "id"]);
        assert_eq!(
            (&guests["type"], &guests["value"]),
            (&json!("number"), &json!(2))
        );
        assert_eq!(named(&variables, "Visitors")["value"], false);
        let shown = hub.run(&["variable", "Message"]).is_good().text();
        assert!(shown.contains("value  Welkom thuis"), "{shown}");
        assert_eq!(
            object(&hub.run(&["variable", "--json", "Guests"]))["value"],
            2
        );
        for (args, word) in [
            (&["variable", "Gests"][..], "Guests"),
            (&["alarm", "Wake upp"], "Wake up"),
            (&["flow", "Good nigth"], "Good night"),
            (&["variable", "Zzzzz"], "homey-panel variables"),
            (&["alarm", "Zzzzz"], "homey-panel alarms"),
        ] {
            hub.run(args).fails(64, &[word]);
        }
    }
}

#[test]
fn a_flow_is_shown_in_words() {
    for hub in [Hub::v3(), Hub::v2()] {
        let flow = object(&hub.run(&["flow", "Good night", "--json"]));
        let cards = flow["cards"].as_array().unwrap();
        has_members(&cards[0], &["part", "what", "card"]);
        // The hub has words for some cards, and none for those of the lights.
        assert_eq!(cards[0]["what"], "Flow: This Flow is started");
        assert_eq!(cards[0]["part"], "when");
        assert_eq!(cards[0]["card"], "homey:manager:flow:programmatic_trigger");
        assert_eq!(
            (&cards[1]["part"], &cards[2]["part"]),
            (&json!("and"), &json!("then"))
        );
        let shown = hub.run(&["flow", "Good night"]).is_good().text();
        for part in [
            "Presence: not: Nobody is home",
            "Ceiling light: onoff (onoff: false)",
            ", after 2 min",
            "kind       flow\n",
        ] {
            assert!(shown.contains(part), "{part:?} is missing:\n{shown}");
        }
        let panic = object(&hub.run(&["flow", "Panic", "--json"]));
        let cards = panic["cards"].as_array().unwrap();
        has_members(&cards[0], &["number", "kind", "what", "next", "card"]);
        assert_eq!(
            (&cards[0]["kind"], &cards[0]["next"]),
            (&json!("start"), &json!("2"))
        );
        assert_eq!(cards[1]["what"], "wait 1 s");
        assert_eq!(cards.last().unwrap()["next"], Value::Null);
        hub.run(&["flow", "Test"])
            .fails(64, &["2 flows are called \"Test\""]);
    }
}
