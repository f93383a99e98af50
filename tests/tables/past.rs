// SPDX-License-Identifier: MIT OR Apache-2.0
//! temperatures and insights on the simulated hub, in both dialects.

use homey_rig::beds::{Ended, Hub};
use serde_json::{Value, json};

fn object(ended: &Ended) -> Value {
    serde_json::from_slice(&ended.is_good().out).unwrap()
}

#[test]
fn all_temperatures_by_zone() {
    for hub in [Hub::v3(), Hub::v2()] {
        let table = hub.run(&["temperatures"]).is_good().text();
        let first: Vec<&str> = table
            .lines()
            .map(|l| l.split("  ").next().unwrap())
            .collect();
        assert_eq!(first[0], "ZONE");
        assert!(first[1..].windows(2).all(|w| w[0] <= w[1]), "{table}");
        assert!(
            table.contains("Fridge (inside)") && table.contains("average of"),
            "{table}"
        );
        let got = object(&hub.run(&["temperatures", "--json"]));
        let sensors = got["sensors"].as_array().unwrap();
        let of = |name: &str| sensors.iter().find(|s| s["name"] == name).unwrap();
        let heater = of("Heater");
        assert_eq!(
            (&heater["zone"], &heater["units"], &heater["available"]),
            (&json!("Office"), &json!("°C"), &json!(true))
        );
        assert!(heater["age_s"].as_u64().unwrap() < 86_400 * 2, "{heater}");
        assert_eq!(of("New sensor")["value"], Value::Null);
        for zone in got["zones"].as_array().unwrap() {
            let values: Vec<f64> = sensors
                .iter()
                .filter(|s| s["zone"] == zone["zone"] && s["available"] == true)
                .filter_map(|s| s["value"].as_f64())
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let said = zone["average"].as_f64().unwrap();
            assert!((mean - said).abs() < 1e-9, "{zone}");
            assert_eq!(zone["sensors"], json!(values.len()));
        }
    }
}

#[test]
fn what_a_capability_was() {
    for hub in [Hub::v3(), Hub::v2()] {
        let got = object(&hub.run(&["insights", "Heater", "measure_temperature", "--json"]));
        assert_eq!(
            (&got["units"], &got["resolution"], &got["step_ms"]),
            (&json!("°C"), &json!("last24Hours"), &json!(300_000))
        );
        let values = got["values"].as_array().unwrap();
        assert!((288..=289).contains(&values.len()), "{}", values.len());
        let known: Vec<f64> = values.iter().filter_map(|v| v["v"].as_f64()).collect();
        let least = known.iter().copied().fold(f64::MAX, f64::min);
        assert_eq!(got["min"], json!(least));
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        assert!((got["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
        // The bed sets TZ=UTC; the simulated home is in Amsterdam.
        assert_eq!(got["zone"], "UTC");
        let stamps: Vec<&str> = values.iter().map(|v| v["t"].as_str().unwrap()).collect();
        assert!(stamps.iter().all(|t| t.ends_with("+00:00")));
        assert!(stamps.windows(2).all(|w| w[0] < w[1]));
        // The same by id, as CSV.
        let devices = hub.run(&["devices", "--json"]);
        let devices = object(&devices);
        let heater = devices
            .as_array()
            .unwrap()
            .iter()
            .find(|d| d["name"] == "Heater")
            .unwrap();
        let id = heater["id"].as_str().unwrap();
        let csv = hub.run(&["insights", id, "measure_temperature", "--csv"]);
        assert_eq!(csv.code, 0);
        let text = csv.text();
        assert_eq!(text.lines().next(), Some("time,value"));
        assert_eq!(text.lines().count(), values.len() + 1);
        assert!(
            csv.err.contains("min ") && csv.err.contains("times of UTC"),
            "{}",
            csv.err
        );
        let table = hub
            .run(&["insights", "Heater", "measure_temperature"])
            .is_good()
            .text();
        let last = table.lines().last().unwrap();
        assert!(
            last.contains("values: min ") && last.contains(" °C"),
            "{last}"
        );
        assert_eq!(last.contains("gap"), got["gaps"] != json!([]), "{last}");
        assert_eq!(table.contains("nothing for"), got["gaps"] != json!([]));
    }
}

#[test]
fn spans_and_resolutions() {
    for hub in [Hub::v3(), Hub::v2()] {
        for (args, resolution, hours) in [
            (&["--last", "1h"][..], "lastHour", 1),
            (&["--last", "5h"], "last6Hours", 5),
            (&["--last", "7d"], "last7Days", 168),
            (&["--last", "31d"], "last31Days", 744),
            (&["--last", "60d"], "last2Years", 1440),
            (&["--resolution", "last14Days"], "last14Days", 336),
            (
                &["--resolution", "last7Days", "--last", "24h"],
                "last7Days",
                24,
            ),
        ] {
            let all = [
                &["insights", "Heater", "measure_temperature", "--json"],
                args,
            ]
            .concat();
            let got = object(&hub.run(&all));
            assert_eq!(got["resolution"], resolution);
            let ms = |name: &str| {
                let text = got[name].as_str().unwrap();
                homey_panel::homey::iso::parse(text).unwrap()
            };
            assert_eq!(ms("to") - ms("from"), hours * 3_600_000, "{args:?}");
        }
        let motion = object(&hub.run(&["insights", "Motion sensor", "alarm_motion", "--json"]));
        assert_eq!(motion["boolean"], json!(true));
        let table = hub
            .run(&["insights", "Motion sensor", "alarm_motion"])
            .is_good()
            .text();
        assert!(
            table.contains("  off") && table.contains("max on"),
            "{table}"
        );
    }
}

#[test]
fn what_is_not_there_is_named() {
    for hub in [Hub::v3(), Hub::v2()] {
        for (args, code, words) in [
            (&["Heater"][..], 64, &["expected DEVICE CAPABILITY"][..]),
            (&["Heatr", "onoff"], 64, &["Heatr", "Heater"]),
            (
                &["Heater", "measure_temperatur"],
                64,
                &["did you mean measure_temperature"],
            ),
            (
                &["Heater", "thermostat_mode"],
                64,
                &["keeps no log of thermostat_mode of Heater"],
            ),
            (
                &["Heater", "measure_temperature", "--last", "ten"],
                64,
                &["expected a time such as"],
            ),
            (
                &["Heater", "measure_temperature", "--resolution", "lastweek"],
                64,
                &["did you mean lastWeek"],
            ),
        ] {
            hub.run(&[&["insights"], args].concat()).fails(code, words);
        }
        let help = hub.run(&["insights", "--help"]).is_good().text();
        assert!(help.contains("last31Days"));
    }
}

#[test]
fn a_key_without_the_scope_is_told_which() {
    let hub = Hub::v3();
    // Only an owner's session makes keys.
    let session = json!({"version": 1, "hub": hub.at("hub_id"), "token": hub.at("session_token")});
    hub.bed.secret("session.json", &session.to_string());
    let (http, id) = (hub.at("http"), hub.at("hub_id"));
    let text =
        format!("[hub]\naddress = \"{http}\"\nid = \"{id}\"\nsession_file = \"session.json\"\n");
    hub.bed.file("owner.toml", text);
    let made = hub.bed.run(&[
        "-c",
        "owner.toml",
        "api",
        "users",
        "createPersonalAccessToken",
        "--name",
        "narrow",
        "--scopes",
        "[\"homey.device.readonly\",\"homey.zone.readonly\"]",
    ]);
    let made: Value = serde_json::from_slice(&made.is_good().out).unwrap();
    let token = made["token"].as_str().unwrap().to_owned();
    hub.bed.secret("key", &token);
    hub.run(&["temperatures"]).is_good();
    hub.run(&["insights", "Heater", "measure_temperature"])
        .fails(77, &["list the logs", "homey.insights.readonly"]);
}
