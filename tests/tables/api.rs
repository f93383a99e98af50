// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any operation by its name: what leaves for the hub, what is refused here, and what a refusal of the hub's says.

use homey_rig::beds::{Bed, Ended, Hub};
use serde_json::{Value, json};

use crate::fake::Fake;

fn rows(ended: &Ended) -> Vec<Value> {
    serde_json::from_slice(&ended.is_good().out).unwrap()
}

/// An operation with its words as they are typed, none of which has a space in it.
fn api(fake: &Fake, typed: &str) -> Ended {
    let words: Vec<&str> = ["api"].into_iter().chain(typed.split(' ')).collect();
    fake.run(&words)
}

#[test]
fn operations_are_listed_without_any_hub() {
    let bed = Bed::new();
    let all = rows(&bed.run(&["api", "--list", "--json"]));
    let on = |hub: &str| {
        let has = |r: &&Value| r["hubs"] == "all" || r["hubs"].as_str().unwrap().contains(hub);
        all.iter().filter(has).count()
    };
    assert_eq!(
        (on("2023 and later"), on("2016-2019"), on("Homey Cloud")),
        (352, 259, 260)
    );
    let found = rows(&bed.run(&["api", "--list", "--json", "flow.start", "ADVANCED"]));
    let names: Vec<&Value> = found.iter().map(|r| &r["operation"]).collect();
    assert_eq!(names, ["triggerAdvancedFlow", "triggerAdvancedFlow"]);
    let alarms = rows(&bed.run(&["api", "ManagerAlarms", "--json"]));
    assert_eq!(
        alarms[1],
        json!({"manager": "alarms", "operation": "getAlarm", "method": "GET",
            "path": "/api/manager/alarms/alarm/:id", "parameters": ":id:str",
            "scope": "alarm.readonly", "hubs": "2023 and later, 2016-2019", "yes": ""})
    );
    assert_eq!(alarms[4]["yes"], "--yes");
    let table = bed.run(&["api", "vdevice"]).is_good().text();
    assert!(
        table.contains("getState") && table.lines().count() == 2,
        "{table}"
    );
    assert_eq!(bed.run(&["api", "virtual-device"]).text(), table);
    let shown = bed.run(&["api", "devices", "setcapabilityvalue", "--help"]);
    let shown = shown.is_good().text();
    for want in [
        "PUT /api/manager/devices/device/:deviceId/capability/:capabilityId",
        "--value str or num or bool (body)",
        "--opts obj (body, optional)",
        "homey.device.control",
    ] {
        assert!(shown.contains(want), "{shown}");
    }
    assert!(
        bed.run(&["api", "--help"])
            .is_good()
            .text()
            .contains("--data")
    );
    for (args, code, words) in [
        (&["api"][..], 64, "MANAGER is missing"),
        (&["api", "alarm"], 64, "did you mean alarms"),
        (&["api", "alarms", "getAlram"], 64, "did you mean getAlarm"),
        (
            &["api", "--list", "no such words"],
            1,
            "no operation has no such words",
        ),
        (
            &["api", "--list", "--id", "x"],
            64,
            "--id needs an operation",
        ),
    ] {
        bed.run(args).fails(code, &[words]);
    }
}

#[test]
fn parameters_are_checked_before_anything_leaves() {
    let fake = Fake::new(|_| (200, "{}".into()));
    for (args, words) in [
        ("devices getDevice", "--id is missing"),
        (
            "devices getDevice --idd x",
            "takes no --idd; did you mean id",
        ),
        ("devices getDevice 1 2", r#""2" is one word too many"#),
        ("devices getDevice 1 --id 2", "id is given twice"),
        ("devices getDevice ..", "id: the id must have"),
        ("zones createZone --name x --icon y", "--parent is missing"),
        (
            "alarms updateAlarm 1 --enabled maybe",
            "--enabled: expected true or false",
        ),
        (
            "alarms updateAlarm 1 --repetition [1]",
            "--repetition: expected a JSON object",
        ),
        (
            "alarms updateAlarm 1 --json repetition",
            "expected MEMBER=JSON",
        ),
        ("alarms updateAlarm 1 --json name=x", "--json name: no JSON"),
        (
            "alarms updateAlarm 1 --json name=1",
            "name: expected a text",
        ),
        (r#"alarms updateAlarm 1 --json id="2""#, "part of the path"),
        (
            r#"alarms updateAlarm 1 --data {"tme":1}"#,
            r#"no member "tme"; did you mean time"#,
        ),
        ("alarms updateAlarm 1 --data []", "is a JSON object"),
        ("alarms updateAlarm 1 --data {", "--data: no JSON"),
        (
            "alarms updateAlarm 1 --data @nowhere",
            "--data @nowhere: No such file",
        ),
        (
            "alarms updateAlarm 1 --data {} --name x",
            "goes with no other member",
        ),
        ("alarms getAlarm 1 --data {}", "a GET has no body"),
        (
            "users login --token t",
            "a secret must not stand on the command line",
        ),
        (r#"users login --json token="t""#, "a secret must not stand"),
        (
            r#"users login --data {"token":"t"}"#,
            "a secret must not stand",
        ),
        (
            "thread setActiveDataset --tlvHex 0e08",
            "a secret must not stand",
        ),
        (
            r#"thread setActiveDataset --json tlvHex="0e08""#,
            "a secret must not stand",
        ),
        (
            "google-assistant setOptionPinCode --value 1234",
            "a secret must not stand",
        ),
        (
            "google-assistant setOptionPinCode --json value=1234",
            "a secret must not stand",
        ),
        (
            r#"google-assistant setOptionPinCode --data {"value":1234}"#,
            "a secret must not stand",
        ),
        ("flow triggerFlow 1 --hub v3", "expected local, v2 or cloud"),
        ("zones deleteZone 1", "--yes does it"),
        ("system reboot", "--yes does it"),
        ("zigbee eraseNV --hub cloud", "--yes does it"),
    ] {
        api(&fake, args).fails(64, &[words]);
    }
    fake.run(&["api", "energy", "getCurrency", "--hub", "v2"])
        .fails(1, &["this hub (2016-2019) has no energy getCurrency"]);
    assert_eq!(fake.asked().len(), 0);
}

#[test]
fn operations_leave_as_the_sheet_has_them() {
    let fake = Fake::new(|_| (200, "true".into()));
    let file = fake.bed.file("body", "{\"token\":\"a secret\"}");
    let file = format!("@{}", file.display());
    let pin = fake.bed.file("pin", "{\"value\":\"1234\"}");
    let pin = format!("@{}", pin.display());
    let mut want = Vec::new();
    for (args, line, body) in [
        ("zones getZones", "GET /api/manager/zones/zone", ""),
        ("ManagerSystem getinfo", "GET /api/manager/system", ""),
        ("alarms getState --hub local", "", ""),
        (
            "devices setCapabilityValue d1 onoff.2 --value true",
            "PUT /api/manager/devices/device/d1/capability/onoff.2",
            r#"{"value":true}"#,
        ),
        (
            r#"devices setCapabilityValue --device-id d1 --capabilityId dim --value 0.5 --opts {"duration":500}"#,
            "PUT /api/manager/devices/device/d1/capability/dim",
            r#"{"opts":{"duration":500},"value":0.5}"#,
        ),
        (
            "alarms updateAlarm a --time 07:30 --json repetition=null",
            "PUT /api/manager/alarms/alarm/a",
            r#"{"repetition":null,"time":"07:30"}"#,
        ),
        (
            r#"alarms createAlarm --data {"name":"x"}"#,
            "POST /api/manager/alarms/alarm",
            r#"{"name":"x"}"#,
        ),
        (
            "zones deleteZone z --yes",
            "DELETE /api/manager/zones/zone/z",
            "",
        ),
        (
            "system reboot --yes",
            "POST /api/manager/system/reboot",
            "{}",
        ),
        (
            "energy getReportDay --date 2026-03-01",
            "GET /api/manager/energy/report/day?date=2026-03-01",
            "",
        ),
        (
            "rf emulate 433 --data [1,2]",
            "POST /api/manager/rf/433/emulate",
            "[1,2]",
        ),
        (
            "i18n setOptionLanguage --value nl",
            "PUT /api/manager/i18n/option/language",
            r#"{"value":"nl"}"#,
        ),
        (
            r#"flow triggerFlow f --hub v2 --state {"a":1}"#,
            "POST /api/manager/flow/flow/f/trigger",
            r#"{"a":1}"#,
        ),
        (
            "flow triggerFlow f --hub local",
            "POST /api/manager/flow/flow/f/trigger",
            "{}",
        ),
        (
            &format!("google-assistant setOptionPinCode --data {pin}"),
            "PUT /api/manager/google-assistant/option/pinCode",
            r#"{"value":"1234"}"#,
        ),
        (
            r#"i18n setOptionLanguage --data {"value":"nl"}"#,
            "PUT /api/manager/i18n/option/language",
            r#"{"value":"nl"}"#,
        ),
        (
            &format!("users login --data {file}"),
            "POST /api/manager/users/login",
            r#"{"token":"a secret"}"#,
        ),
    ] {
        let ended = api(&fake, args);
        if line.is_empty() {
            ended.fails(64, &["has no operation"]);
            continue;
        }
        assert_eq!(ended.is_good().text(), "true", "{args}");
        want.push((line.to_owned(), body.to_owned()));
    }
    let asked = fake.asked();
    let got: Vec<(String, String)> = asked
        .iter()
        .map(|a| (a.line.clone(), a.body.clone()))
        .collect();
    assert_eq!(got, want);
    // Who logs in has no bearer yet, and everybody else shows it.
    let bearers: Vec<bool> = asked
        .iter()
        .map(|a| {
            a.head
                .to_ascii_lowercase()
                .contains("authorization: bearer")
        })
        .collect();
    assert_eq!(bearers.iter().filter(|b| !**b).count(), 1);
    assert_eq!(bearers.last(), Some(&false));
    let typed = fake
        .bed
        .prepare(&["-c", "panel.toml", "api", "users", "login", "--data", "-"]);
    typed.stdin("{\"token\":\"typed\"}").run().is_good();
    assert_eq!(fake.asked().last().unwrap().body, "{\"token\":\"typed\"}");
}

#[test]
fn the_forms_of_an_operation_are_told_apart_by_the_hub() {
    for (hub, line) in [
        (Hub::v3(), "GET /api/manager/insights/log/x HTTP"),
        (Hub::v2(), "GET /api/manager/insights/log/x/y HTTP"),
    ] {
        let v2 = line.contains("x/y");
        let args: &[&str] = if v2 { &["x", "y"] } else { &["x"] };
        let ended = hub.run(&[&["api", "insights", "getLog"], args].concat());
        ended.fails(1, &["insights getLog"]);
        let other: &[&str] = if v2 { &["x"] } else { &["x", "y"] };
        hub.run(&[&["api", "insights", "getLog"], other].concat())
            .fails(
                64,
                &[if v2 {
                    "--id is missing"
                } else {
                    "one word too many"
                }],
            );
        let zones = hub.run(&["api", "zones", "getZones"]);
        let zones: Value = serde_json::from_slice(&zones.is_good().out).unwrap();
        assert!(zones.as_object().is_some_and(|z| z.len() > 3), "{zones}");
        let started = hub.run(&["flow", "list", "--json"]);
        let flow = rows(&started)
            .into_iter()
            .find(|f| f["name"] == "Good night")
            .unwrap();
        let id = flow["id"].as_str().unwrap().to_owned();
        let ended = hub.run(&["api", "flow", "triggerFlow", &id]);
        assert_eq!(ended.is_good().text(), "true");
    }
    // Without the scope for the system, a flow card tells.
    let fake = Fake::new(|target| match target {
        t if t.contains("flowcardtrigger") => {
            (200, "{\"uri\":\"homey:manager:flow\",\"id\":\"x\"}".into())
        }
        t if t.ends_with("/system") => (403, "{\"error\":\"Missing Scopes\"}".into()),
        _ => (200, "1".into()),
    });
    fake.run(&["api", "flow", "triggerFlow", "f", "--state", "{}"])
        .is_good();
    let fake = Fake::new(|_| (200, "{}".into()));
    fake.run(&["api", "flow", "triggerFlow", "f"])
        .fails(69, &["say --hub local, v2 or cloud"]);
}

#[test]
fn a_refusal_says_what_is_missing() {
    for (status, body, operation, code, words) in [
        (
            403,
            "{\"error\":\"Missing Scopes\",\"error_description\":\"x\"}",
            "zones getZones",
            77,
            &["zones getZones", "homey.zone.readonly"][..],
        ),
        (
            500,
            "{\"error\":\"x\",\"error_description\":\"Missing API method [missing_api_method]\"}",
            "energy getCurrency",
            1,
            &[
                "this hub (2016-2019) has no energy getCurrency",
                "2023 and later, Homey Cloud",
            ],
        ),
        (
            404,
            "<html>Cannot GET</html>",
            "zones getZones",
            1,
            &["this hub has no zones getZones"],
        ),
        (
            404,
            "{\"error\":\"not_found\"}",
            "zones getZone 1",
            1,
            &["does not know this id"],
        ),
        (
            404,
            "{\"error\":\"not_found\"}",
            "zones getZones",
            1,
            &["does not know this operation"],
        ),
        (
            401,
            "{\"error\":\"session_expired\"}",
            "zones getZones",
            77,
            &["session is over"],
        ),
        (
            400,
            "{\"error\":\"x\",\"error_description\":\"bad name\"}",
            "zones getZones",
            1,
            &["bad name"],
        ),
        (503, "", "zones getZones", 69, &["zones getZones"]),
    ] {
        let fake = Fake::new(move |_| (status, body.to_owned()));
        let ended = api(&fake, operation);
        ended.fails(code, words);
        assert_eq!(ended.text(), "", "{ended}");
    }
    let hub = Hub::v2();
    hub.run(&["api", "devices", "getCapabilityValue", "d", "onoff"])
        .fails(
            1,
            &["this hub (2016-2019) has no devices getCapabilityValue"],
        );
}

#[test]
fn a_large_reply_streams_through() {
    let mut body = String::from("[");
    for i in 0..400_000 {
        body.push_str(&format!("{{\"i\":{i}}},"));
    }
    body.push_str("0]");
    let length = body.len();
    let fake = Fake::new(move |_| (200, body.clone()));
    let ended = fake.run(&["api", "zones", "getZones"]);
    assert_eq!(ended.is_good().out.len(), length);
    // A reader that goes away early is no reason for words.
    use std::process::Stdio;
    let run = fake
        .bed
        .prepare(&["-c", "panel.toml", "api", "zones", "getZones"]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    run.stdout(Stdio::from(full))
        .fails(1, &["writing to stdout", "No space left"]);
}
