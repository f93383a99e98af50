// SPDX-License-Identifier: MIT OR Apache-2.0

//! System information, weather and apps (objects.md 7, 10, 11).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::version;
use crate::clock::{iso, now_ms};
use crate::home::Home;
use crate::local;
use crate::state::Hub;

/// `GET /api/manager/system`; `homeyPlatformVersion` tells V3 from V2. `id` is
/// the hub's, or another's when a fault says so.
pub fn system(hub: &Hub, id: &str) -> Value {
    let now = now_ms();
    let uptime = hub.started.elapsed().as_secs() + 86_423;
    let times = json!({"user": 1, "nice": 1, "sys": 1, "idle": 1, "irq": 0});
    if hub.v2() {
        return json!({
            "bootId": hub.boot_id, "cloudId": id, "hostname": format!("homey-{id}"),
            "platform": "linux", "release": "4.14.15", "arch": "arm", "uptime": uptime,
            "loadavg": [0.21, 0.18, 0.15], "totalmem": 1_040_000_000u64,
            "freememMachine": 410_000_000u64, "freememHuman": "39%",
            "cpus": [{"model": "ARMv7 Processor rev 10 (v7l)", "speed": 996, "times": times}],
            "date": iso(now), "dateHuman": local::human(now), "dateDst": local::summer(now),
            "devmode": false, "nodeVersion": "v12.16.1", "homeyVersion": version(true),
            "homeyModelId": "homey4d", "homeyModelName": "Homey Pro (Early 2019)",
            "timezone": "Europe/Amsterdam", "wifiSsid": "home",
            "wifiAddress": "192.168.1.20:80", "wifiMac": "02:00:00:00:00:01",
        });
    }
    json!({
        "cloudId": id, "bootId": hub.boot_id, "homeyVersion": version(false),
        "homeyPlatform": "local", "homeyPlatformVersion": 2, "date": iso(now),
        "dateHuman": local::human(now), "dateDst": local::summer(now), "language": "nl",
        "country": "NL", "timezone": "Europe/Amsterdam", "rebootReason": "software",
        "bootDate": iso(now - 86_423_000), "homeyModelId": "homey5q",
        "homeyModelName": "Homey Pro (Early 2023)", "nodeVersion": "v22.0.0",
        "hostname": format!("homey-{id}"), "totalmem": 2_040_000_000u64,
        "freemem": 610_000_000u64, "loadavg": [0.31, 0.28, 0.25], "uptime": uptime,
        "cpus": [{"model": "Cortex-A55", "speed": 1800, "times": times}],
        "platform": "linux", "devmode": false, "address": "192.168.1.20:80",
        "mac": "02:00:00:00:00:01",
    })
}

/// `GET /api/manager/weather/weather`; humidity runs from 0 to 1.
pub fn weather() -> Value {
    let now = now_ms();
    let hour =
        |n: i64| json!({"date": iso(now + n * 3_600_000), "temperature": 11.3, "state": "Cloudy"});
    let hourly: Vec<Value> = (1..=3).map(hour).collect();
    json!({
        "city": "Town", "country": "NL", "state": "Cloudy", "id": "cloudy", "temperature": 11.3,
        "humidity": 0.82, "pressure": 1.013, "forecastHourly": hourly, "forecast": [],
    })
}

/// The apps that the devices come from.
pub fn apps(home: &Home, v2: bool) -> Vec<(String, Value)> {
    let ids: BTreeSet<&str> = home.devices.iter().map(|d| d.app).collect();
    ids.into_iter()
        .map(|id| (id.to_owned(), app(id, v2)))
        .collect()
}

fn app(id: &str, v2: bool) -> Value {
    let word = id.rsplit('.').next().unwrap_or(id);
    let mut map = Map::new();
    map.insert("id".into(), json!(id));
    if v2 {
        map.insert("sdk".into(), json!(3));
    }
    let common = json!({
        "origin": "appstore", "enabled": true, "autoupdate": true,
        "channel": if v2 { "stable" } else { "live" }, "version": "2.1.0",
        "compatibility": ">=5.0.0", "name": format!("Sample {word}"),
        "author": {"name": "Sample"}, "permissions": [], "images": {}, "settings": true,
        "brandColor": "#1BCACA", "hasDrivers": true, "ready": true, "state": "running",
        "crashed": false, "crashedMessage": null,
    });
    for (key, value) in common.as_object().into_iter().flatten() {
        map.insert(key.clone(), value.clone());
    }
    if v2 {
        map.insert("exitCode".into(), Value::Null);
        map.insert("exitSignal".into(), Value::Null);
        map.insert("exitCount".into(), json!(0));
        map.insert("usage".into(), json!({"cpu": 0.0011, "mem": 19_000_000}));
        map.insert("updateAvailable".into(), Value::Null);
    } else {
        map.insert("crashedCount".into(), json!(0));
        map.insert("usage".into(), json!({"cpu": 0.0011, "mem": 19_000_000}));
        map.insert("updateAvailable".into(), json!(false));
    }
    Value::Object(map)
}
