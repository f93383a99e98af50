// SPDX-License-Identifier: MIT OR Apache-2.0

//! A device and its capabilities (objects.md 3).

use serde_json::{Map, Value, json};

use super::time_or_null;
use crate::clock::iso;
use crate::home::caps::{Capability, Kind};
use crate::home::values::num;
use crate::home::{Device, Home};

/// The device object in the hub's dialect. `ready` is false for a while after
/// a boot.
pub fn device(home: &Home, device: &Device, v2: bool, ready: bool) -> Value {
    if v2 {
        old(home, device, ready)
    } else {
        new(device, ready)
    }
}

fn new(d: &Device, ready: bool) -> Value {
    let owner = format!("homey:app:{}", d.app);
    json!({
        "id": d.id,
        "driverId": format!("{owner}:{}", d.driver),
        "driverUri": owner,
        "ownerUri": owner,
        "name": d.name,
        "note": d.note,
        "zone": d.zone,
        "data": {"id": d.data},
        "icon": null,
        "iconOverride": d.icon_override,
        "iconObj": icon(d),
        "class": d.class,
        "virtualClass": d.virtual_class,
        "capabilities": ids(d),
        "capabilitiesObj": capabilities(d, new_capability),
        "settings": d.settings,
        "settingsObj": true,
        "insights": insights(d),
        "flags": d.flags,
        "energy": d.battery.map(|b| json!({"batteries": [b]})),
        "energyObj": energy(d),
        "ui": ui(d),
        "uiIndicator": indicator(d),
        "available": d.available && ready,
        "unavailableMessage": d.unavailable_message,
        "warningMessage": null,
        "ready": ready,
        "repair": false,
        "unpair": false,
        "images": [],
        "videos": [],
        "color": d.color,
        "hidden": d.hidden,
        "group": d.group.as_ref().map(|ids| json!({"deviceIds": ids})),
        "lastSeenAt": iso(d.seen),
        "firmwareUpdate": null,
    })
}

fn old(home: &Home, d: &Device, ready: bool) -> Value {
    json!({
        "id": d.id,
        "name": d.name,
        "driverUri": format!("homey:app:{}", d.app),
        "driverId": d.driver,
        "zone": d.zone,
        "zoneName": home.zone_name(&d.zone),
        "icon": null,
        "iconObj": icon(d),
        "iconOverride": d.icon_override,
        "settings": d.settings,
        "settingsObj": true,
        "class": d.class,
        "virtualClass": d.virtual_class,
        "energy": d.battery.map(|b| json!({"batteries": [b]})),
        "energyObj": energy(d),
        "capabilities": ids(d),
        "capabilitiesObj": capabilities(d, old_capability),
        "flags": d.flags,
        "ui": ui(d),
        "uiIndicator": indicator(d),
        "ready": ready,
        "available": d.available && ready,
        "repair": false,
        "unpair": false,
        "unavailableMessage": d.unavailable_message,
        "speechExamples": [],
        "images": [],
        "insights": insights(d),
        "color": d.color,
        "note": d.note,
        "data": {"id": d.data},
    })
}

fn ids(d: &Device) -> Vec<&str> {
    d.caps.iter().map(|c| c.id.as_str()).collect()
}

fn icon(d: &Device) -> Value {
    json!({"id": d.icon, "url": format!("/icon/{}/icon.svg", d.icon)})
}

fn capabilities(d: &Device, shape: fn(&Capability) -> Value) -> Map<String, Value> {
    let each = |c: &Capability| (c.id.clone(), shape(c));
    d.caps.iter().map(each).collect()
}

fn choices(c: &Capability) -> Value {
    let each = |(id, title): &(&str, &str)| json!({"id": id, "title": title});
    c.values.iter().map(each).collect()
}

/// What is undefined is absent here: `min`, `max`, `step`, `decimals` of every
/// type, `units` of booleans and enums (objects.md 3.1).
fn new_capability(c: &Capability) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    put("id", json!(c.id));
    put("type", json!(c.kind.word()));
    put("iconObj", Value::Null);
    put("title", json!(c.title));
    put("titleShort", Value::Null);
    put("getable", json!(c.getable));
    put("setable", json!(c.setable));
    if c.insights {
        put("insights", json!(true));
    }
    let (yes, no) = switch_titles(c);
    put("insightsTitleTrue", yes);
    put("insightsTitleFalse", no);
    match c.kind {
        Kind::Number => {
            for (key, value) in [("min", c.min), ("max", c.max), ("step", c.step)] {
                if let Some(value) = value {
                    put(key, num(value));
                }
            }
            put("units", json!(c.units));
            if let Some(decimals) = c.decimals {
                put("decimals", json!(decimals));
            }
        }
        Kind::Enum => put("values", choices(c)),
        Kind::Boolean => {
            if c.id.starts_with("button") {
                put("maintenanceAction", json!(c.maintenance));
                put("desc", Value::Null);
            }
            put("titleTrue", Value::Null);
            put("titleFalse", Value::Null);
        }
        Kind::Text => {}
    }
    put("value", c.value.clone());
    put("lastUpdated", time_or_null(c.updated));
    Value::Object(map)
}

/// The old dialect: value first, `units` null where there is none, and the
/// driver's own settings repeated in `options` (objects.md 3.2).
fn old_capability(c: &Capability) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    put("value", c.value.clone());
    put("lastUpdated", time_or_null(c.updated));
    put("type", json!(c.kind.word()));
    put("getable", json!(c.getable));
    put("setable", json!(c.setable));
    put("title", json!(c.title));
    put("titleShort", Value::Null);
    put("desc", Value::Null);
    put("units", json!(c.units));
    match c.kind {
        Kind::Number => {
            if let Some(decimals) = c.decimals {
                put("decimals", json!(decimals));
            }
            for (key, value) in [("min", c.min), ("max", c.max), ("step", c.step)] {
                if let Some(value) = value {
                    put(key, num(value));
                }
            }
            put("chartType", json!("stepLine"));
        }
        Kind::Enum => put("values", choices(c)),
        Kind::Boolean if c.maintenance => put("maintenanceAction", json!(true)),
        Kind::Boolean | Kind::Text => {}
    }
    put("id", json!(c.id));
    put("options", options(c));
    Value::Object(map)
}

fn options(c: &Capability) -> Value {
    if c.id == "dim" {
        return json!({"opts": {"duration": true}});
    }
    match (c.step, c.min, c.max) {
        (Some(step), Some(min), Some(max)) => json!({
            "min": num(min), "max": num(max), "step": num(step), "decimals": c.decimals,
        }),
        _ => json!({}),
    }
}

/// Titles of the two states in insights, for recorded booleans only.
fn switch_titles(c: &Capability) -> (Value, Value) {
    match (c.kind, c.insights) {
        (Kind::Boolean, true) if c.id.starts_with("onoff") => {
            (json!("Turned on"), json!("Turned off"))
        }
        (Kind::Boolean, true) => (
            json!(format!("{}: yes", c.title)),
            json!(format!("{}: no", c.title)),
        ),
        _ => (Value::Null, Value::Null),
    }
}

fn insights(d: &Device) -> Value {
    let each = |c: &Capability| {
        let mut map = Map::new();
        map.insert("uri".into(), json!(format!("homey:device:{}", d.id)));
        map.insert("id".into(), json!(c.id));
        map.insert("type".into(), json!(c.kind.word()));
        map.insert("title".into(), json!(c.title));
        map.insert("titleTrue".into(), Value::Null);
        map.insert("titleFalse".into(), Value::Null);
        map.insert("units".into(), json!(c.units));
        if let Some(decimals) = c.decimals {
            map.insert("decimals".into(), json!(decimals));
        }
        Value::Object(map)
    };
    d.caps.iter().filter(|c| c.insights).map(each).collect()
}

fn energy(d: &Device) -> Value {
    json!({
        "W": d.cap("measure_power").map(|c| c.value.clone()),
        "batteries": d.battery.map(|b| [b]),
        "cumulative": null,
        "cumulativeImportedCapability": null,
        "cumulativeExportedCapability": null,
        "homeBattery": null,
        "homeBatteryVirtual": null,
        "electricCar": null,
        "evCharger": null,
        "evChargerVirtual": null,
        "meterPowerImportedCapability": null,
        "meterPowerExportedCapability": null,
        "generator": null,
        "approximated": null,
        "approximation": null,
    })
}

/// The capability that a tap toggles, if any (capabilities.md 1.11).
fn quick_action(d: &Device) -> Option<&'static str> {
    ["onoff", "speaker_playing", "button"]
        .into_iter()
        .find(|id| d.cap(id).is_some())
}

fn ui(d: &Device) -> Value {
    let component = |c: &Capability| {
        let id = match (c.kind, c.setable) {
            (Kind::Boolean, true) if !c.getable => "button",
            (Kind::Boolean, true) => "toggle",
            (Kind::Number, true) => "slider",
            (Kind::Enum, true) => "picker",
            _ if c.id == "measure_battery" => "battery",
            _ => "sensor",
        };
        json!({"id": id, "capabilities": [c.id]})
    };
    let components: Value = d.caps.iter().map(component).collect();
    json!({
        "quickAction": quick_action(d),
        "components": components,
        "componentsStartAt": 1,
        "quickActionOverride": null,
    })
}

fn indicator(d: &Device) -> Value {
    if let Some(chosen) = &d.ui_indicator {
        return json!(chosen);
    }
    let reading = d.caps.iter().find(|c| c.id.starts_with("measure_"));
    reading.map_or(Value::Null, |c| json!(c.id))
}
