// SPDX-License-Identifier: MIT OR Apache-2.0

//! Insight logs and their entries, and live power (objects.md 8, 9).
//!
//! The past is not kept: series are worked out from the log's name and the
//! time, so that the same question gives the same answer.

use serde_json::{Value, json};

use crate::clock::{iso, now_ms};
use crate::home::caps::{Capability, Kind};
use crate::home::values::num;
use crate::home::{Device, Home};

/// The recorded capabilities: list key and object.
pub fn logs(home: &Home, v2: bool) -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for device in home.devices.iter().filter(|d| !d.gone) {
        for cap in device.caps.iter().filter(|c| c.insights) {
            let uri = format!("homey:device:{}", device.id);
            list.push((format!("{uri}:{}", cap.id), log(device, cap, &uri, v2)));
        }
    }
    list
}

fn log(device: &Device, cap: &Capability, uri: &str, v2: bool) -> Value {
    let owner = match v2 {
        true => json!({
            "uri": uri,
            "uriObj": {"type": "device", "id": device.id, "name": device.name, "iconObj": null},
            "id": cap.id,
        }),
        false => json!({
            "id": format!("{uri}:{}", cap.id), "ownerUri": uri, "ownerId": device.id,
            "ownerName": device.name, "type": cap.kind.word(),
        }),
    };
    let mut object = owner;
    object["title"] = json!(cap.title);
    object["titleTrue"] = Value::Null;
    object["titleFalse"] = Value::Null;
    if v2 {
        object["type"] = json!(cap.kind.word());
    }
    object["units"] = json!(cap.units);
    object["decimals"] = json!(cap.decimals);
    object["lastValue"] = cap.value.clone();
    object
}

/// Length and step in minutes of a resolution; an unknown name means 24 hours
/// (objects.md 8).
fn span(resolution: &str) -> (i64, i64) {
    match resolution {
        "lastHour" => (60, 1),
        "last6Hours" => (360, 1),
        "last7Days" | "thisWeek" | "lastWeek" => (7 * 1440, 60),
        "last14Days" => (14 * 1440, 60),
        "last31Days" | "thisMonth" | "lastMonth" => (31 * 1440, 360),
        "last2Years" => (730 * 1440, 1440),
        "thisYear" | "lastYear" => (365 * 1440, 1440),
        _ => (1440, 5),
    }
}

/// The series of a log (objects.md 8): gaps are null, the newest value mostly
/// is too, booleans are 0 and 1.
pub fn entries(device: &Device, cap: &Capability, id: &str, resolution: &str) -> Value {
    let (length, step) = span(resolution);
    let (length, step) = (length * 60_000, step * 60_000);
    let now = now_ms();
    let end = now - now.rem_euclid(step);
    let start = end - length;
    let seed = cap
        .id
        .bytes()
        .fold(7u64, |h, b| h * 31 % 1_000_003 + u64::from(b));
    let value = |t: i64| -> Value {
        let n = u64::try_from(t / step).unwrap_or(0);
        let noise = (n * 7919 + seed) % 97;
        if noise < 3 || t >= end {
            return Value::Null;
        }
        if cap.kind == Kind::Boolean {
            return json!(u64::from(noise > 60));
        }
        let middle = cap.value.as_f64().unwrap_or(0.0);
        #[allow(clippy::cast_precision_loss)]
        let swing = (noise as f64 / 97.0 - 0.5) * (middle.abs() / 10.0 + 0.2);
        num(((middle + swing) * 100.0).round() / 100.0)
    };
    let count = length / step;
    let values: Vec<Value> = (0..=count)
        .map(|n| start + n * step)
        .map(|t| json!({"t": iso(t), "v": value(t)}))
        .collect();
    json!({
        "values": values, "start": iso(start), "end": iso(end), "step": step,
        "uri": format!("homey:device:{}", device.id), "id": id, "lastValue": cap.value,
        "updatesIn": end + step - now,
    })
}

/// Live power of a zone, or of the whole home (objects.md 9).
pub fn live(home: &Home, zone: Option<&str>) -> Value {
    let root = home.zones.first();
    let zone = home
        .zones
        .iter()
        .find(|z| Some(z.id.as_str()) == zone)
        .or(root);
    let whole = zone.is_none_or(|z| z.parent.is_none());
    let mut total = 0.0;
    let mut items = Vec::new();
    for device in home.devices.iter().filter(|d| !d.gone) {
        let inside = whole || zone.is_some_and(|z| z.id == device.zone);
        let watts = device.cap("measure_power").and_then(|c| c.value.as_f64());
        if let Some(watts) = watts.filter(|_| inside) {
            total += watts;
            items.push(json!({
                "type": "device", "id": device.id, "name": device.name,
                "values": price(watts), "isHomeBattery": false, "isEVCharger": false,
                "approximated": false, "canApproximate": true,
            }));
        }
    }
    json!({
        "zoneId": zone.map(|z| &z.id), "zoneName": zone.map(|z| &z.name), "currency": "EUR",
        "totalConsumed": price(total), "totalCumulative": price(total),
        "totalGenerated": {"W": 0, "cost": 0}, "items": items,
    })
}

/// Power with what an hour of it costs.
fn price(watts: f64) -> Value {
    let watts = (watts * 100.0).round() / 100.0;
    json!({"W": num(watts), "cost": num((watts * 0.25).round() / 1000.0)})
}
