// SPDX-License-Identifier: MIT OR Apache-2.0
//! A key that may do less than a command needs: each command names the scope that is missing.

use std::time::Duration;

use crate::odd::{Odd, Reply};

const ZONES: &str = "GET /api/manager/zones/zone";
const DEVICES: &str = "GET /api/manager/devices/device";
const LAMP: &str = r#"{"id":"x","name":"X","capabilitiesObj":{"onoff":{"type":"boolean","value":true,"getable":true,"setable":true}}}"#;

#[test]
fn every_command_names_the_scope_that_is_missing() {
    let refused = || {
        let body = r#"{"error":"Missing Scopes"}"#.into();
        Reply("403 Forbidden", body, Duration::ZERO)
    };
    let one = r#"[{"id":"x","name":"X","type":"string","value":"","enabled":true}]"#;
    for (args, scope, what) in [
        (&["devices"][..], "homey.device.readonly", DEVICES),
        (&["zones"], "homey.zone.readonly", ZONES),
        (&["devices"], "homey.zone.readonly", ZONES),
        (&["get", "X"], "homey.device.readonly", DEVICES),
        (
            &["get", "X"],
            "homey.device.readonly",
            "GET /api/manager/devices/device/x",
        ),
        (
            &["set", "X", "onoff", "off"],
            "homey.device.control",
            "PUT /api/manager/devices/device/x/capability/onoff",
        ),
        (
            &["flow", "list"],
            "homey.flow.readonly",
            "GET /api/manager/flow/flow",
        ),
        (
            &["flow", "start", "X"],
            "homey.flow.start",
            "POST /api/manager/flow/flow/x/trigger",
        ),
        (
            &["mood", "list"],
            "homey.mood.readonly",
            "GET /api/manager/moods/mood",
        ),
        (
            &["mood", "set", "X"],
            "homey.mood.set",
            "POST /api/manager/moods/mood/x/set",
        ),
        (&["device", "X"], "homey.device.readonly", DEVICES),
        (
            &["flow", "disable", "X"],
            "homey.flow",
            "PUT /api/manager/flow/flow/x",
        ),
        (
            &["flows"],
            "homey.flow.readonly",
            "GET /api/manager/flow/flow",
        ),
        (&["temperatures"], "homey.device.readonly", DEVICES),
        (
            &["insights", "X", "onoff"],
            "homey.insights.readonly",
            "GET /api/manager/insights/log",
        ),
        (
            &["alarms"],
            "homey.alarm.readonly",
            "GET /api/manager/alarms/alarm",
        ),
        (
            &["alarm", "X", "--off"],
            "homey.alarm",
            "PUT /api/manager/alarms/alarm/x",
        ),
        (
            &["variables"],
            "homey.logic.readonly",
            "GET /api/manager/logic/variable",
        ),
        (
            &["variable", "set", "X", "y"],
            "homey.logic",
            "PUT /api/manager/logic/variable/x",
        ),
        (
            &["system"],
            "homey.system.readonly",
            "GET /api/manager/system",
        ),
        (
            &["api", "alarms", "getAlarms"],
            "homey.alarm.readonly",
            "GET /api/manager/alarms/alarm",
        ),
    ] {
        let odd = Odd::new(vec![
            (ZONES, Reply::ok("{}")),
            (DEVICES, Reply::ok(format!("[{LAMP}]"))),
            ("GET /api/manager/devices/device/x", Reply::ok(LAMP)),
            ("GET /api/manager/flow/flow", Reply::ok(one)),
            ("GET /api/manager/flow/advancedflow", Reply::ok("[]")),
            ("GET /api/manager/moods/mood", Reply::ok(one)),
            ("GET /api/manager/alarms/alarm", Reply::ok(one)),
            (
                "GET /api/manager/alarms/alarm/x",
                Reply::ok(r#"{"id":"x","enabled":true}"#),
            ),
            ("GET /api/manager/logic/variable", Reply::ok(one)),
            (
                "GET /api/manager/logic/variable/x",
                Reply::ok(r#"{"id":"x","type":"string","value":""}"#),
            ),
            (what, refused()),
        ]);
        let told = format!("lacks the scope {scope};");
        odd.run(args).fails(77, &[&told]);
    }
}
