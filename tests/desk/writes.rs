// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the commands change, that they check it first, and that nothing else is sent.

use homey_rig::beds::Hub;
use serde_json::{Value, json};

use crate::lists::{named, object, rows};
use crate::odd::{Odd, Reply};

#[test]
fn alarms_are_changed() {
    for hub in [Hub::v3(), Hub::v2()] {
        let shown = object(&hub.run(&[
            "alarm",
            "Wake up",
            "--time",
            "7:05",
            "--days",
            "weekend,mon",
            "--off",
            "--json",
        ]));
        assert_eq!(
            (&shown["time"], &shown["days"], &shown["enabled"]),
            (
                &json!("07:05"),
                &json!(["mon", "sat", "sun"]),
                &json!(false)
            )
        );
        let alarms = rows(&hub.run(&["alarms", "--json"]));
        assert_eq!(named(&alarms, "Wake up"), &shown);
        let text = hub.run(&["alarm", "weekend", "--on"]).is_good().text();
        assert!(
            text.contains("enabled  yes") && text.contains("time     09:00"),
            "{text}"
        );
        for (args, words) in [
            (&["--time", "24:00"][..], &["--time 24:00", "23:59"][..]),
            (&["--time", "7.30"], &["did you mean 07:30"]),
            (
                &["--days", "mon,tusday"],
                &["tusday", "did you mean tuesday"],
            ),
            (&["--on", "--off"], &["exclude each other"]),
            (&["--snooze"], &["--snooze"]),
        ] {
            hub.run(&[&["alarm", "Wake up"], args].concat())
                .fails(64, words);
        }
        hub.run(&["alarm", "--on"]).fails(64, &["name is missing"]);
        assert_eq!(
            named(&rows(&hub.run(&["alarms", "--json"])), "Wake up"),
            &shown
        );
    }
    let hub = Hub::v3();
    hub.bed.secret("key", hub.at("api_key_readonly"));
    hub.run(&["alarm", "Wake up", "--off"])
        .fails(77, &["changing alarm Wake up", "scope"]);
    // Nothing has to be changed: nothing is sent that this key may not.
    hub.run(&[
        "alarm", "Wake up", "--on", "--time", "06:45", "--days", "weekdays",
    ])
    .is_good();
}

#[test]
fn of_an_alarm_only_what_differs_is_sent() {
    let list = r#"{"a1":{"id":"a1","name":"Up"}}"#;
    let one =
        r#"{"id":"a1","name":"Up","time":"06:45","enabled":false,"repetition":{"monday":true}}"#;
    let odd = Odd::new(vec![
        ("GET /api/manager/alarms/alarm", Reply::ok(list)),
        ("GET /api/manager/alarms/alarm/a1", Reply::ok(one)),
        ("PUT /api/manager/alarms/alarm/a1", Reply::ok("true")),
    ]);
    // This hub says yes and does nothing.
    odd.run(&["alarm", "Up", "--on", "--time", "06:45", "--days", "mon"])
        .fails(
            1,
            &["changing alarm Up", "said yes", "enabled is still false"],
        );
    let asked = odd.asked();
    let puts: Vec<&String> = asked
        .iter()
        .filter(|line| line.starts_with("PUT"))
        .collect();
    assert_eq!(
        puts,
        [r#"PUT /api/manager/alarms/alarm/a1 {"enabled":true}"#]
    );
}

#[test]
fn variables_keep_their_type() {
    for hub in [Hub::v3(), Hub::v2()] {
        for (name, value, want) in [
            ("Guests", "-5", "Guests = -5\n"),
            ("Guests", "2.5", "Guests = 2.5\n"),
            ("visitors", "on", "Visitors = true\n"),
            ("Visitors", "No", "Visitors = false\n"),
            (
                "Message",
                "Back at 7 \"sharp\"",
                "Message = Back at 7 \"sharp\"\n",
            ),
            ("Message", "", "Message = \n"),
            ("Message", "42", "Message = 42\n"),
        ] {
            let set = hub.run(&["variable", "set", name, value]);
            assert_eq!(set.is_good().text(), want);
        }
        let variables = rows(&hub.run(&["variables", "--json"]));
        assert_eq!(named(&variables, "Guests")["value"], 2.5);
        assert_eq!(named(&variables, "Message")["value"], "42");
        for (args, words) in [
            (
                &["Guests", "many"][..],
                &["setting variable Guests to many", "expected a number"][..],
            ),
            (&["Guests", "2,5"], &["did you mean 2.5"]),
            (&["Visitors", "maybe"], &["expected true or false"]),
            (&["Guests"], &["VARIABLE VALUE"]),
            (&["Message", "two", "words"], &["in quotes"]),
        ] {
            hub.run(&[&["variable", "set"], args].concat())
                .fails(64, words);
        }
        assert_eq!(
            named(&rows(&hub.run(&["variables", "--json"])), "Guests")["value"],
            2.5
        );
    }
    let hub = Hub::v3();
    hub.bed.secret("key", hub.at("api_key_readonly"));
    hub.run(&["variable", "set", "Guests", "1"])
        .fails(77, &["Guests", "scope"]);
}

#[test]
fn flows_are_switched() {
    for hub in [Hub::v3(), Hub::v2()] {
        for (verb, name, is) in [
            ("disable", "Good night", false),
            ("enable", "Good night", true),
            ("enable", "Disabled flow", true),
            ("disable", "Panic", false),
        ] {
            let said = hub.run(&["flow", verb, name]).is_good().text();
            assert_eq!(said, format!("{verb}d flow {name}\n"));
            let flows = rows(&hub.run(&["flows", "--json"]));
            assert_eq!(named(&flows, name)["enabled"], is, "{name}");
        }
        hub.run(&["flow", "enable"])
            .fails(64, &["flow enable", "name is missing"]);
        hub.run(&["flow", "enable", "Good nigth"])
            .fails(64, &["Good night"]);
        hub.run(&["flow", "stop", "Good night"])
            .fails(64, &["list, start, enable"]);
    }
    let hub = Hub::v3();
    hub.bed.secret("key", hub.at("api_key_readonly"));
    hub.run(&["flow", "disable", "Good night"])
        .fails(77, &["disabling the flow", "scope"]);
}

#[test]
fn an_advanced_flow_that_the_hub_does_not_switch_is_told() {
    let refused = Reply(
        "400 Bad Request",
        r#"{"code":400,"error":"invalid_body","error_description":"cards is missing"}"#.into(),
        std::time::Duration::ZERO,
    );
    let odd = Odd::new(vec![
        ("GET /api/manager/flow/flow", Reply::ok("{}")),
        (
            "GET /api/manager/flow/advancedflow",
            Reply::ok(r#"[{"id":"f1","name":"Big"}]"#),
        ),
        ("PUT /api/manager/flow/advancedflow/f1", refused),
    ]);
    odd.run(&["flow", "disable", "Big"])
        .fails(1, &["cards is missing", "in the Homey app only"]);
    // One that says yes and stays as it is.
    let odd = Odd::new(vec![
        (
            "GET /api/manager/flow/flow",
            Reply::ok(r#"{"f1":{"name":"Small"}}"#),
        ),
        ("GET /api/manager/flow/advancedflow", Reply::ok("{}")),
        (
            "GET /api/manager/flow/flow/f1",
            Reply::ok(r#"{"id":"f1","enabled":true}"#),
        ),
        (
            "PUT /api/manager/flow/flow/f1",
            Reply("204 No Content", String::new(), std::time::Duration::ZERO),
        ),
    ]);
    odd.run(&["flow", "disable", "Small"])
        .fails(1, &["said yes", "still not disabled"]);
    odd.run(&["flow", "enable", "Small"]).is_good();
}

#[test]
fn every_type_of_capability_is_set() {
    for hub in [Hub::v3(), Hub::v2()] {
        for (args, said) in [
            (
                &["Radio", "speaker_playing", "yes"][..],
                "Radio speaker_playing = true\n",
            ),
            (
                &["Front door", "locked", "OFF"],
                "Front door locked = false\n",
            ),
            (
                &["Blinds", "windowcoverings_state", "idle"],
                "Blinds windowcoverings_state = idle\n",
            ),
            (
                &["Blinds", "windowcoverings_set", "0.25"],
                "Blinds windowcoverings_set = 0.25\n",
            ),
            (&["Doorbell", "button", "1"], "Doorbell button = true\n"),
            (
                &["--duration", "2s", "Desk light", "dim", "1"],
                "Desk light dim = 1\n",
            ),
            (
                &["Floor lamp", "colour", "#ff8000", "--duration=500"],
                "Floor lamp light_mode = color\nFloor lamp light_saturation = 1\nFloor lamp light_hue = 0.08\n",
            ),
        ] {
            let set = hub.run(&[&["set"], args].concat());
            assert_eq!(set.is_good().text(), said);
        }
        let writes = hub.counters()["writes"].as_array().unwrap().clone();
        let sent: Vec<(&str, &Value, &Value)> = writes
            .iter()
            .map(|w| (w["capability"].as_str().unwrap(), &w["value"], &w["opts"]))
            .collect();
        let none = &Value::Null;
        let (two, half) = (&json!({"duration": 2000}), &json!({"duration": 500}));
        assert_eq!(
            sent,
            [
                ("speaker_playing", &json!(true), none),
                ("locked", &json!(false), none),
                ("windowcoverings_state", &json!("idle"), none),
                ("windowcoverings_set", &json!(0.25), none),
                ("button", &json!(true), none),
                ("dim", &json!(1), two),
                ("light_mode", &json!("color"), half),
                ("light_saturation", &json!(1), half),
                ("light_hue", &json!(0.08), half),
            ]
        );
        for (args, words) in [
            (
                &["Desk light", "dim", "60"][..],
                &["dim of Desk light", "0 to 1", "did you mean 0.6"][..],
            ),
            (
                &["Desk light", "dim", "0.666"],
                &["2 digits", "did you mean 0.67"],
            ),
            (
                &["Heater", "target_temperature", "20.3"],
                &["steps of 0.5", "did you mean 20.5"],
            ),
            (
                &["Blinds", "windowcoverings_state", "upp"],
                &["up, idle, down", "did you mean up"],
            ),
            (
                &["Radio", "speaker_playing", "ture"],
                &["did you mean true"],
            ),
            (&["Desk light", "colour", "red"], &["no light_hue"]),
            (
                &["Floor lamp", "color", "geen"],
                &["#ff8800", "did you mean green"],
            ),
            (
                &["Desk light", "dim", "1", "--duration", "soon"],
                &["--duration soon", "2s"],
            ),
            (&["Desk light", "dim", "1", "--duration"], &["--duration"]),
            (&["Desk light", "dim"], &["DEVICE CAPABILITY VALUE"]),
        ] {
            hub.run(&[&["set"], args].concat()).fails(64, words);
        }
        assert_eq!(
            hub.counters()["writes"].as_array().unwrap().len(),
            writes.len()
        );
    }
}

#[test]
fn what_cannot_be_read_is_never_written_twice() {
    // The hub takes the write and closes the connection, which stood before, without a word.
    for (getable, times) in [("false", 1), ("true", 2)] {
        let list = r#"{"d1":{"id":"d1","name":"Chime","zone":null}}"#;
        let one = format!(
            r#"{{"id":"d1","name":"Chime","capabilitiesObj":{{"ring":{{"type":"boolean","getable":{getable},"value":null}}}}}}"#
        );
        let odd = Odd::new(vec![
            ("GET /api/manager/zones/zone", Reply::ok("{}")),
            ("GET /api/manager/devices/device", Reply::ok(list)),
            ("GET /api/manager/devices/device/d1", Reply::ok(one)),
            (
                "PUT /api/manager/devices/device/d1/capability/ring",
                Reply("", String::new(), std::time::Duration::ZERO),
            ),
        ]);
        odd.run(&["set", "Chime", "ring", "true"])
            .fails(69, &["ring of Chime"]);
        let asked = odd.asked();
        let puts = asked.iter().filter(|line| line.starts_with("PUT"));
        assert_eq!(puts.count(), times, "getable {getable}");
    }
}
