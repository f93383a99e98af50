// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a household changes of its home: devices, zones, flows, moods, users,
//! apps, notifications, options. Tables of requests and what comes back.

use serde_json::{Value, json};

use crate::sim::Sim;

/// Plays lines of "METHOD path body -> status [code]"; `$name` stands for the
/// id that a line ending in "= name" got back.
fn play(sim: &Sim, known: &[(&str, String)], script: &str) -> Vec<(String, Value)> {
    let mut ids: Vec<(String, String)> = Vec::new();
    ids.extend(known.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
    let mut replies = Vec::new();
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (ask, wanted) = line.split_once(" -> ").expect("an arrow");
        let mut ask = ask.to_owned();
        // Longer names first: one may begin as another.
        ids.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, id) in &ids {
            ask = ask.replace(&format!("${name}"), id);
        }
        let mut parts = ask.splitn(3, ' ');
        let method = parts.next().expect("a method");
        let path = parts.next().expect("a path");
        let reply = match (method, parts.next()) {
            ("GET", _) => sim.get(path),
            (_, body) => sim.write(method, path, body.unwrap_or("{}")),
        };
        let (wanted, name) = match wanted.split_once(" = ") {
            Some((wanted, name)) => (wanted, Some(name)),
            None => (wanted, None),
        };
        assert_eq!(reply.outcome(), wanted, "{line}: {}", reply.text());
        if let Some(name) = name {
            let id = reply.json()["id"].as_str().expect("an id").to_owned();
            ids.push((name.to_owned(), id));
        }
        let json = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        replies.push((line.to_owned(), json));
    }
    replies
}

fn named(sim: &Sim, path: &str, name: &str) -> String {
    let list = sim.get(path).json();
    let map = list.as_object().expect("a map");
    let found = map
        .values()
        .find(|i| i["name"] == name)
        .expect("it is there");
    found["id"].as_str().expect("an id").to_owned()
}

#[test]
fn devices_are_changed_grouped_and_removed() {
    let sim = Sim::start(&["--devices", "12"]);
    let known = [
        ("lamp", sim.id("Office/Desk light")),
        ("other", sim.id("Bedroom/Bedside lamp")),
        ("coffee", sim.id("Kitchen/Coffee machine")),
        ("hall", named(&sim, "/zones/zone", "Hall")),
    ];
    let replies = play(
        &sim,
        &known,
        r#"
        PUT /devices/device/$lamp {"name":"Lamp","zone":"$hall","note":"n","hidden":true,"uiIndicator":"dim"} -> 200
        PUT /devices/device/$lamp {"name":""} -> 400 invalid_body
        PUT /devices/device/$lamp {"zone":"none"} -> 404 not_found
        PUT /devices/device/$lamp {"class":"tv"} -> 400 invalid_body
        PUT /devices/device/$lamp {"virtualClass":"tv"} -> 400 invalid_enum_value
        PUT /devices/device/$lamp {"virtualClass":null} -> 200
        PUT /devices/device/none {"name":"x"} -> 404 not_found
        PUT /devices/device/$lamp/settings {"reporting_interval_00":7} -> 200
        PUT /devices/device/$lamp/settings {"reporting_interval_00":"7"} -> 400 invalid_value_type
        PUT /devices/device/$lamp/settings {"none":7} -> 400 invalid_setting
        GET /devices/device/$lamp/settings_obj -> 200
        POST /devices/group {"name":"Both","class":"light","zoneId":"$hall","deviceIds":["$lamp","$other"]} -> 200 = group
        POST /devices/group {"name":"Both","class":"light","zoneId":"$hall","deviceIds":["none"]} -> 400 invalid_body
        PUT /devices/group/$group {"name":"Two"} -> 200
        PUT /devices/group/$lamp {"name":"Two"} -> 404 not_found
        DELETE /devices/group/$group/device/$other -> 200
        DELETE /devices/group/$group/device/$other -> 404 not_found
        DELETE /devices/device/$coffee -> 204
        DELETE /devices/device/$coffee -> 404 not_found
        GET /devices/device/$coffee -> 404 not_found
        "#,
    );
    let device = &replies[0].1;
    assert_eq!(
        (&device["name"], &device["note"], &device["uiIndicator"]),
        (&json!("Lamp"), &json!("n"), &json!("dim"))
    );
    assert_eq!(replies[10].1["reporting_interval_00"], 7);
    assert_eq!(replies[11].1["capabilities"], json!(["onoff", "dim"]));
    assert_eq!(replies[13].1["name"], "Two");
    assert_eq!(replies[15].1["group"]["deviceIds"], json!([known[0].1]));
    sim.control("return", json!({"device": "Coffee machine"}));
    assert_eq!(
        sim.get(&format!("/devices/device/{}", known[2].1)).status,
        200
    );
}

#[test]
fn a_device_is_paired() {
    for (dialect, path) in [
        ("v2", "/drivers/driver/homey:app:com.sample.basics/light"),
        ("v3", "/drivers/driver/homey:app:com.sample.basics:light"),
    ] {
        let sim = Sim::unhurried(dialect, "12");
        let driver = sim.get(path).json();
        assert_eq!(driver["class"], "light", "{dialect}");
        let replies = play(
            &sim,
            &[],
            r#"
            POST /drivers/pairsession {"type":"pair","driverId":"homey:app:com.sample.basics:lock"} -> 200 = pair
            POST /drivers/pairsession {"type":"pair","driverId":"none"} -> 404 not_found
            GET /drivers/pairsession/$pair -> 200
            POST /drivers/pairsession/$pair/heartbeat -> 200
            POST /drivers/pairsession/$pair/device {"name":"Back door"} -> 400 invalid_body
            POST /drivers/pairsession/$pair/device {"name":"Back door","data":{"id":1}} -> 200 = door
            GET /devices/device/$door -> 200
            DELETE /drivers/pairsession/$pair -> 204
            GET /drivers/pairsession/$pair -> 404 not_found
            "#,
        );
        assert_eq!(
            replies[6].1["capabilities"],
            json!(["locked", "alarm_contact", "measure_battery"])
        );
        let list = sim.get("/devices/device").json();
        assert_eq!(list.as_object().map(serde_json::Map::len), Some(13));
    }
}

#[test]
fn zones_moods_and_folders() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        let known = [
            ("home", named(&sim, "/zones/zone", "Home")),
            ("hall", named(&sim, "/zones/zone", "Hall")),
            ("floor", named(&sim, "/zones/zone", "Ground floor")),
            ("lamp", sim.id("Office/Desk light")),
            ("lights", named(&sim, "/flow/flowfolder", "Lighting")),
            ("night", named(&sim, "/flow/flow", "Good night")),
        ];
        let replies = play(
            &sim,
            &known,
            r#"
            POST /zones/zone {"name":"Cellar","icon":"basement","parent":"$home"} -> 200 = cellar
            POST /zones/zone {"name":"Cellar","icon":"basement"} -> 400 invalid_body
            POST /zones/zone {"name":"Cellar","icon":"basement","parent":"none"} -> 404 not_found
            PUT /zones/zone/$cellar {"name":"Vault","parent":"$hall"} -> 200
            PUT /zones/zone/$hall {"parent":"$cellar"} -> 400 invalid_body
            PUT /zones/zone/$home {"parent":"$cellar"} -> 400 invalid_body
            PUT /zones/zone/none {"name":"x"} -> 404 not_found
            DELETE /zones/zone/$hall -> 400 zone_not_empty
            DELETE /zones/zone/$home -> 400 zone_not_empty
            DELETE /zones/zone/$cellar -> 204
            GET /zones/zone/$cellar -> 404 not_found
            POST /moods/mood {"name":"Work","devices":{"$lamp":{"state":{"onoff":true,"dim":0.7}}}} -> 200 = work
            POST /moods/mood {"name":"Work","devices":{"$lamp":{"state":{"dim":7}}}} -> 400 invalid_body
            POST /moods/mood {"name":"Work","devices":{"none":{"state":{}}}} -> 400 invalid_body
            PUT /moods/mood/$work {"name":"Read"} -> 200
            POST /moods/mood/$work/set -> 200
            DELETE /moods/mood/$work -> 204
            POST /moods/mood/$work/set -> 404 not_found
            POST /flow/flowfolder {"name":"Lamps","parent":"$lights"} -> 200 = lamps
            POST /flow/flowfolder {"parent":"$lights"} -> 400 invalid_body
            PUT /flow/flowfolder/$lights {"parent":"$lamps"} -> 400 invalid_body
            PUT /flow/flow/$night {"folder":"$lamps"} -> 200
            PUT /flow/flow/$night {"folder":"none"} -> 400 invalid_body
            DELETE /flow/flowfolder/$lamps -> 409 cannot_delete_has_flows
            PUT /flow/flow/$night {"folder":null} -> 200
            DELETE /flow/flowfolder/$lamps -> 204
            GET /flow/flowfolder/$lamps -> 404 not_found
            "#,
        );
        assert_eq!(replies[11].1["zone"], named(&sim, "/zones/zone", "Office"));
        let lamp = sim.get(&format!("/devices/device/{}", known[3].1)).json();
        assert_eq!(lamp["capabilitiesObj"]["dim"]["value"], 0.7);
        assert_eq!(replies[18].1.get("order").is_some(), dialect == "v2");
    }
}

#[test]
fn users_apps_notifications_and_options() {
    let sim = Sim::start(&["--devices", "30"]);
    let known = [
        ("robin", named(&sim, "/users/user", "Robin")),
        ("pat", named(&sim, "/users/user", "Pat")),
        ("lamp", sim.id("Office/Desk light")),
    ];
    let replies = play(
        &sim,
        &known,
        r#"
        GET /users/user/$robin -> 200
        PUT /users/user/$robin {"role":"guest","enabled":false} -> 200
        PUT /users/user/$robin {"role":"owner"} -> 400 invalid_body
        PUT /users/user/$pat {"role":"guest"} -> 400 invalid_body
        DELETE /users/user/$pat -> 400 cannot_delete_owner
        PUT /presence/$robin/present {"value":true} -> 200
        GET /presence/$robin/present -> 200
        GET /presence/none/asleep -> 404 not_found
        POST /users/user {"role":"user"} -> 200 = new
        DELETE /users/user/$new -> 204
        PUT /users/user/me {"name":"Pat P."} -> 200
        PUT /users/user/me/properties/favoriteDevices {"value":["$lamp"]} -> 200
        PUT /users/user/me/properties/favoriteDevices {"value":"$lamp"} -> 400 invalid_value_type
        PUT /users/user/me/properties/theme {"value":{"dark":true}} -> 200
        GET /users/user/me -> 200
        DELETE /users/user/me/properties/theme -> 200
        GET /apps/app/com.sample.basics -> 200
        PUT /apps/app/com.sample.basics/disable -> 200
        POST /apps/app/com.sample.basics/restart -> 400 app_disabled
        PUT /apps/app/com.sample.basics/enable -> 200
        POST /apps/app/com.sample.basics/restart -> 200
        PUT /apps/app/com.sample.basics {"autoupdate":false} -> 200
        PUT /apps/app/com.sample.basics/setting/key {"value":[1]} -> 200
        GET /apps/app/com.sample.basics/setting/key -> 200
        GET /apps/app/com.sample.basics/setting -> 200
        DELETE /apps/app/com.sample.basics/setting/key -> 204
        POST /apps/store {"id":"com.athom.homeyscript"} -> 200
        GET /apps/app/com.athom.homeyscript -> 200
        DELETE /apps/app/com.sample.odd -> 204
        GET /apps/app/com.sample.odd -> 404 not_found
        GET /notifications/owner -> 200
        PUT /notifications/owner/homey:manager:flow/push {"push":false} -> 200
        DELETE /notifications/notification -> 204
        GET /notifications/notification -> 200
        GET /i18n/option/units -> 200
        PUT /i18n/option/units {"value":"imperial"} -> 200
        PUT /i18n/option/units {"value":1} -> 400 invalid_value_type
        PUT /i18n/option/units {} -> 400 missing_value
        GET /i18n/option/units -> 200
        DELETE /i18n/option/units -> 204
        PUT /system/name {"name":"Barn"} -> 200
        GET /system/name -> 200
        GET /zigbee/state -> 200
        POST /ble/command {"command":"x"} -> 500 not_supported
        GET /matter/node/1 -> 404 not_found
        GET /images/image -> 200
        "#,
    );
    let reply = |start: &str| {
        let found = replies.iter().rev().find(|r| r.0.starts_with(start));
        &found.expect("a line").1
    };
    assert_eq!(reply("GET /presence/$robin/present"), &json!(true));
    let me = reply("GET /users/user/me ");
    assert_eq!(
        (&me["name"], &me["properties"]["theme"]),
        (&json!("Pat P."), &json!({"dark": true}))
    );
    assert_eq!(me["properties"]["favoriteDevices"], json!([known[2].1]));
    assert_eq!(
        reply("GET /apps/app/com.sample.basics/setting/key"),
        &json!([1])
    );
    assert_eq!(
        reply("PUT /apps/app/com.sample.basics/disable")["state"],
        "stopped"
    );
    assert_eq!(reply("GET /notifications/notification"), &json!({}));
    assert_eq!(
        reply("GET /i18n/option/units"),
        &json!({"value": "imperial"})
    );
    assert_eq!(
        sim.get("/i18n/option/units").json(),
        json!({"value": "metric"})
    );
    assert_eq!(reply("GET /system/name"), &json!("Barn"));
    let state = sim.control("state", Value::Null);
    let devices = state["devices"].as_array().expect("devices");
    let orphan = devices
        .iter()
        .find(|d| d["name"] == "Gateway")
        .expect("a device");
    assert_eq!(orphan["available"], false, "its app is gone");
}
