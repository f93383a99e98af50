// SPDX-License-Identifier: MIT OR Apache-2.0

//! Flows that are made of cards, and the cards themselves.

use serde_json::{Value, json};

use crate::sim::Sim;

#[test]
fn flows_are_made_of_cards_and_run() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        let lamp = sim.id("Office/Desk light");
        let card = |uri: &str, id: &str, args: Value| match dialect {
            "v2" => json!({"uri": uri, "id": id, "args": args, "group": "then"}),
            _ => json!({"id": format!("{uri}:{id}"), "args": args, "group": "then"}),
        };
        let uri = format!("homey:device:{lamp}");
        let flow = json!({
            "name": "Dim", "trigger": card("homey:manager:flow", "programmatic_trigger", json!({})),
            "conditions": [], "actions": [card(&uri, "dim", json!({"dim": 0.35}))],
        });
        let made = sim.post("/flow/flow", &flow.to_string());
        assert_eq!(made.status, 200, "{}", made.text());
        let made = made.json();
        assert_eq!(
            (&made["triggerable"], &made["actions"]),
            (&json!(true), &flow["actions"])
        );
        let path = format!("/flow/flow/{}", made["id"].as_str().expect("an id"));
        assert_eq!(sim.post(&format!("{path}/trigger"), "{}").status, 200);
        let dim = || {
            sim.get(&format!("/devices/device/{lamp}")).json()["capabilitiesObj"]["dim"]["value"]
                .clone()
        };
        assert_eq!(dim(), 0.35, "{dialect}");
        let hourly = json!({"trigger": card("homey:manager:cron", "time_exactly", json!({}))});
        assert_eq!(
            sim.put(&path, &hourly.to_string()).json()["triggerable"],
            false
        );
        assert_eq!(
            sim.post(&format!("{path}/trigger"), "{}").outcome(),
            "400 flow_not_triggerable"
        );
        assert_eq!(
            sim.post("/flow/flow", r#"{"name":"x"}"#).outcome(),
            "400 invalid_body"
        );
        assert_eq!(sim.write("DELETE", &path, "").outcome(), "204");

        let node = json!({"type": "action", "ownerUri": uri, "id": match dialect {
            "v2" => "dim".to_owned(),
            _ => format!("{uri}:dim"),
        }, "args": {"dim": 0.15}});
        let advanced = json!({"name": "Adv", "cards": {"a": {"type": "start"}, "b": node}});
        let made = sim.post("/flow/advancedflow", &advanced.to_string()).json();
        assert_eq!(made["cards"], advanced["cards"]);
        let path = format!("/flow/advancedflow/{}", made["id"].as_str().expect("an id"));
        assert_eq!(sim.post(&format!("{path}/trigger"), "{}").status, 200);
        assert_eq!(dim(), 0.15, "{dialect}");
        assert_eq!(sim.write("DELETE", &path, "").outcome(), "204");
        assert_eq!(sim.get(&path).outcome(), "404 not_found");
    }
}

#[test]
fn cards_are_listed_and_run() {
    for dialect in ["v2", "v3"] {
        let v2 = dialect == "v2";
        let sim = Sim::unhurried(dialect, "12");
        let lamp = format!("homey:device:{}", sim.id("Office/Desk light"));
        let id = |uri: &str, short: &str| {
            if v2 {
                short.to_owned()
            } else {
                format!("{uri}:{short}")
            }
        };
        for (kind, uri, short) in [
            (
                "flowcardtrigger",
                "homey:manager:flow",
                "programmatic_trigger",
            ),
            ("flowcardtrigger", &lamp, "onoff_true"),
            (
                "flowcardcondition",
                "homey:manager:presence",
                "noone_athome",
            ),
            (
                "flowcardaction",
                "homey:manager:notifications",
                "create_notification",
            ),
            ("flowcardaction", &lamp, "dim"),
        ] {
            let list = sim.get(&format!("/flow/{kind}")).json();
            assert_eq!(list.is_array(), v2, "{dialect} {kind}");
            let one = sim
                .get(&format!("/flow/{kind}/{uri}/{}", id(uri, short)))
                .json();
            assert_eq!(one["id"], id(uri, short), "{dialect} {kind}");
            let listed = match &list {
                Value::Array(all) => all.contains(&one),
                map => map
                    .as_object()
                    .is_some_and(|m| m.values().any(|c| *c == one)),
            };
            assert!(listed, "{dialect} {kind} {short}");
        }
        let heater = format!("homey:device:{}", sim.id("Office/Heater"));
        let blinds = format!("homey:device:{}", sim.id("Bedroom/Blinds"));
        for (uri, short, body, wanted) in [
            (&lamp, "on", "{}", "200"),
            (&lamp, "dim_relative", r#"{"args":{"dim":0.9}}"#, "200"),
            (
                &lamp,
                "dim",
                r#"{"args":{"dim":2}}"#,
                "400 value_out_of_range",
            ),
            (&lamp, "dim", "{}", "400 missing_value"),
            (&lamp, "unlock", "{}", "404 not_found"),
            (
                &heater,
                "thermostat_mode_set",
                r#"{"args":{"thermostat_mode":"off"}}"#,
                "200",
            ),
            (
                &heater,
                "thermostat_mode_set",
                r#"{"args":{"thermostat_mode":"x"}}"#,
                "400 invalid_enum_value",
            ),
            (
                &blinds,
                "set_windowcoverings_state",
                r#"{"args":{"state":"down"}}"#,
                "200",
            ),
        ] {
            let path = format!("/flow/flowcardaction/{uri}/{}/run", id(uri, short));
            assert_eq!(
                sim.post(&path, body).outcome(),
                wanted,
                "{dialect} {short} {body}"
            );
        }
        let state = sim.control("state", Value::Null);
        let devices = state["devices"].as_array().expect("devices");
        let value = |name: &str, cap: &str| {
            let device = devices
                .iter()
                .find(|d| d["name"] == name)
                .expect("a device");
            device["values"][cap].clone()
        };
        assert_eq!(
            (
                value("Desk light", "dim"),
                value("Heater", "thermostat_mode")
            ),
            (json!(1), json!("off"))
        );
        assert_eq!(value("Blinds", "windowcoverings_set"), 0);
        let absent = |uri: &str, short: &str| {
            let path = format!("/flow/flowcardcondition/{uri}/{}/run", id(uri, short));
            sim.post(&path, "{}").json()
        };
        assert_eq!(absent("homey:manager:presence", "noone_athome"), false);
        assert_eq!(absent(&lamp, "onoff"), true);
        sim.put("/presence/me/present", r#"{"value":false}"#);
        assert_eq!(absent("homey:manager:presence", "noone_athome"), true);
    }
}
