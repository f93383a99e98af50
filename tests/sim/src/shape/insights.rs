// SPDX-License-Identifier: MIT OR Apache-2.0

//! Insight logs and their entries, and live power (objects.md 8, 9).
//!
//! Where the values come from is `series`' business.

use serde_json::{Value, json};

use super::series::Past;
use super::series::range::range;
use crate::clock::{iso, now_ms};
use crate::home::caps::Capability;
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

/// The series of a log (objects.md 8): gaps are null, the newest value mostly
/// is too, booleans are 0, 1 or a fraction where the step saw both.
pub fn entries(home: &Home, device: &Device, cap: &Capability, resolution: &str) -> Value {
    let now = now_ms();
    let range = range(resolution, now);
    let values = Past::new(home, device, cap).values(range, now);
    let values: Vec<Value> = values
        .into_iter()
        .map(|(t, v)| json!({"t": iso(t), "v": v.map_or(Value::Null, num)}))
        .collect();
    json!({
        "values": values, "start": iso(range.start), "end": iso(range.end), "step": range.step,
        "uri": format!("homey:device:{}", device.id), "id": cap.id, "lastValue": cap.value,
        "updatesIn": (range.end + range.step - now).max(0),
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
