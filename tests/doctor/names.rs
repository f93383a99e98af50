// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices, flows and moods of the configuration against those of the hub.

use serde_json::json;

use crate::bed::Bed;

/// What is bound, and what is said of it. Every row has a place in the file.
#[test]
fn what_cannot_work_is_named_with_its_place() {
    for bed in [Bed::v3(), Bed::v2()] {
        let rows: [(&str, &[&str]); 11] = [
            (
                "press = { toggle = \"Office/Desk ligth\" }",
                &["no device is called", "Office/Desk light"],
            ),
            (
                "press = { toggle = \"Office/Heater\", capability = \"onof\" }",
                &["no capability", "expected"],
            ),
            (
                "press = { set = \"Office/Heater\", capability = \"measure_temperature\", value = 3 }",
                &["cannot be set"],
            ),
            (
                "press = { set = \"Office/Heater\", capability = \"target_temperature\", value = 30 }",
                &["cannot be 30", "5 to 25"],
            ),
            (
                "press = { set = \"Office/Heater\", capability = \"thermostat_mode\", value = \"hot\" }",
                &["cannot be hot", "one of", "heat"],
            ),
            (
                "press = { cycle = \"Office/Heater\", capability = \"thermostat_mode\", values = [\"off\", \"warm\"] }",
                &["cannot be warm", "one of"],
            ),
            (
                "press = { flow = \"Good nigth\" }",
                &["no flow is called", "Good night"],
            ),
            (
                "press = { flow = \"Broken flow\" }",
                &["broken", "mend it in the Homey app"],
            ),
            (
                "press = { flow = \"Disabled flow\" }",
                &["disabled", "enable it"],
            ),
            (
                "press = { flow = \"When the door opens\" }",
                &["cannot be started", "This Flow is started"],
            ),
            ("press = { mood = \"Relax\" }", &["Relax", "Living room"]),
        ];
        for (gesture, words) in rows {
            bed.write(&bed.config().control("k", gesture));
            let found = bed.doctor();
            let all = [&["panel.toml:"], words].concat();
            assert!(
                found.has("names", "fail", &all),
                "{gesture}: {}",
                found.ended
            );
            assert_eq!(found.ended.code, 78, "{gesture}");
        }
        // Several at once, each in a line of its own; what is there is not complained about.
        let config = bed.config().control("k", rows[0].0).control("l", rows[7].0);
        bed.write(&config);
        let found = bed.doctor();
        let of_names = found.rows.iter().filter(|row| row["id"] == "names").count();
        assert_eq!(of_names, 2, "{}", found.ended);
        bed.write(&bed.config().control("k", "press = { set = \"Office/Heater\", capability = \"thermostat_mode\", value = \"heat\" }"));
        bed.doctor().ends(0).says("names", "ok", &["all 2"]);
    }
}

/// A device of an id that is gone: its new one is found by what the configuration calls it.
#[test]
fn a_device_that_was_paired_anew_is_found_by_its_label() {
    let bed = Bed::v3();
    let lamp = bed.sim.get("state").unwrap();
    let lamp = lamp["devices"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["name"] == "Desk light")
        .unwrap();
    let old = lamp["id"].as_str().unwrap().to_string();
    let bind = |label: &str| {
        let gesture = format!("{label}press = {{ toggle = \"{old}\" }}");
        bed.write(&bed.config().control("k", &gesture));
    };
    bind("");
    bed.doctor().ends(0);
    bed.control("gone", json!({"device": "Desk light"}));
    bed.control("return", json!({"device": "Desk light", "new_id": true}));
    bind("label = \"Desk light\"\n");
    let found = bed.doctor();
    found.ends(78).says(
        "names",
        "fail",
        &[
            &old,
            "paired anew",
            "did you mean \"Office/Desk light\"",
            "Zone/Name",
        ],
    );
    bind("label = \"desk ligt\"\n");
    bed.doctor()
        .says("names", "fail", &["did you mean \"Office/Desk light\""]);
    // Nothing in the configuration tells what it was.
    bind("label = \"Zzz\"\n");
    let found = bed.doctor();
    found.says("names", "fail", &["paired anew"]);
    assert!(
        !found.has("names", "fail", &["did you mean"]),
        "{}",
        found.ended
    );
    // `check` says the same.
    bind("label = \"Desk light\"\n");
    let ended = bed.run(&["check"]);
    assert!(
        ended.code == 78 && ended.err.contains("did you mean \"Office/Desk light\""),
        "{ended}"
    );
    // By its name it was there all the time.
    bed.write(&bed.config());
    bed.doctor().ends(0);
}
