// SPDX-License-Identifier: MIT OR Apache-2.0

//! Insight logs and their entries (objects.md 8).
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
