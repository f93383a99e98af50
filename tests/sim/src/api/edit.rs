// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerDevices: what a household changes of its devices: names, zones,
//! settings, groups, removal (operations.md 4).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::Shared;
use super::body::{Fields, ok, text};
use crate::home::feed::What;
use crate::home::kinds::{Kind, build};
use crate::home::{Device, Home};
use crate::shape;
use crate::state::Hub;

/// The reply to a change: the device.
fn shown(hub: &Hub, id: &str) -> Response {
    match shape::item(hub, "device", id) {
        Some(device) => ok(&device),
        None => hub.refuse("not_found"),
    }
}

/// A text or null.
fn nullable(value: &Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err("invalid_body"),
    }
}

/// The classes that a user may choose (capabilities.md 11).
const VIRTUAL: &[(&str, &[&str])] = &[
    (
        "airtreatment",
        &["airpurifier", "dehumidifier", "diffuser", "humidifier"],
    ),
    ("heater", &["radiator"]),
    ("mediaplayer", &["settopbox"]),
    ("relay", &["garagedoor", "sunshade", "blinds", "curtain"]),
    (
        "socket",
        &[
            "light",
            "fan",
            "heater",
            "coffeemachine",
            "kettle",
            "tv",
            "solarpanel",
            "airconditioning",
            "airfryer",
            "boiler",
            "battery",
            "cooktop",
            "dishwasher",
            "dryer",
            "evcharger",
            "freezer",
            "fridge",
            "fridge_and_freezer",
            "fryer",
            "grill",
            "heatpump",
            "mediaplayer",
            "microwave",
            "multicooker",
            "networkrouter",
            "oven",
            "washer",
            "washer_and_dryer",
            "waterpurifier",
            "oven_and_microwave",
        ],
    ),
    ("vehicle", &["bicycle", "car", "scooter"]),
    (
        "windowcoverings",
        &["sunshade", "blinds", "curtain", "shutterblinds"],
    ),
];

fn virtual_class(class: &str, wanted: &Value) -> Result<Option<&'static str>, &'static str> {
    let Some(wanted) = nullable(wanted)? else {
        return Ok(None);
    };
    let allowed = VIRTUAL
        .iter()
        .find(|v| v.0 == class)
        .map_or(&[][..], |v| v.1);
    let found = allowed.iter().find(|v| **v == wanted);
    found.map(|v| Some(*v)).ok_or("invalid_enum_value")
}

/// The device with the members of the body, or the code of the refusal.
fn changed(home: &Home, device: &Device, fields: &Fields) -> Result<Device, &'static str> {
    let mut next = device.clone();
    for (key, value) in &fields.0 {
        match key.as_str() {
            "name" => next.name = text(value).ok_or("invalid_body")?,
            "zone" => {
                let zone = value.as_str().ok_or("invalid_body")?;
                if !home.zones.iter().any(|z| z.id == zone) {
                    return Err("not_found");
                }
                zone.clone_into(&mut next.zone);
            }
            "note" => next.note = nullable(value)?,
            "iconOverride" => next.icon_override = nullable(value)?,
            "virtualClass" => next.virtual_class = virtual_class(device.class, value)?,
            "uiIndicator" => next.ui_indicator = Some(nullable(value)?),
            "hidden" => next.hidden = value.as_bool().ok_or("invalid_body")?,
            _ => return Err("invalid_body"),
        }
    }
    next.wire = None;
    Ok(next)
}

/// Position of a device that is there.
fn position(home: &Home, id: &str) -> Option<usize> {
    home.devices.iter().position(|d| d.id == id && !d.gone)
}

/// `PUT /device/:id`.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(at) = position(&home, &id) else {
            return hub.refuse("not_found");
        };
        match changed(&home, &home.devices[at], &fields) {
            Ok(device) => home.devices[at] = device,
            Err(code) => return hub.refuse(code),
        }
        home.feed.item("devices", "device", What::Updated, &id);
    }
    shown(&hub, &id)
}

/// `DELETE /device/:id`: removed as by `/_sim/gone`, which can bring it back.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let Some(at) = position(&home, &id) else {
        return hub.refuse("not_found");
    };
    home.devices[at].gone = true;
    home.devices[at].wire = None;
    home.feed.item("devices", "device", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}

/// `PUT /device/:id/settings`: the body is the settings that change; those that
/// the driver does not have, and other types, are refused.
pub async fn settings(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let mut home = hub.home();
    let Some(at) = position(&home, &id) else {
        return hub.refuse("not_found");
    };
    let device = &mut home.devices[at];
    for (key, value) in &fields.0 {
        let Some(old) = device.settings.get(key) else {
            return hub.refuse("invalid_setting");
        };
        let same = std::mem::discriminant(old) == std::mem::discriminant(value);
        if !same && !old.is_null() {
            return hub.refuse("invalid_value_type");
        }
    }
    let changes: Map<String, Value> = fields.0;
    device.settings.extend(changes);
    device.wire = None;
    let settings = Value::Object(device.settings.clone());
    home.feed.item("devices", "device", What::Updated, &id);
    ok(&settings)
}

/// The ids of devices that are there; none when one is not.
fn members(home: &Home, value: Option<&Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?.iter();
    let ids: Option<Vec<String>> = list.map(|v| v.as_str().map(str::to_owned)).collect();
    ids.filter(|ids| !ids.is_empty() && ids.iter().all(|id| position(home, id).is_some()))
}

/// `POST /group` (V3): a device of the capabilities that all its members share.
/// What is written to it goes to none of them: no source tells how it does.
pub async fn group(State(hub): Shared, fields: Fields) -> Response {
    let allowed = [
        "name",
        "class",
        "zoneId",
        "deviceIds",
        "iconOverride",
        "iconDeviceId",
    ];
    let name = fields.0.get("name").and_then(text);
    let class = fields.0.get("class").and_then(text);
    let zone = fields.0.get("zoneId").and_then(text);
    let (Some(name), Some(class), Some(zone)) = (name, class, zone) else {
        return hub.refuse("invalid_body");
    };
    let id = {
        let mut home = hub.home();
        let ids = members(&home, fields.0.get("deviceIds"));
        let known = home.zones.iter().any(|z| z.id == zone) && fields.only(&allowed);
        let Some(ids) = ids.filter(|_| known) else {
            return hub.refuse("invalid_body");
        };
        let shared = shared(&home, &ids);
        // These few live as long as the process.
        let kind = Kind {
            noun: "group",
            class: Box::leak(class.into_boxed_str()),
            app: "com.athom.group",
            driver: "group",
            flag: "group",
            battery: None,
            caps: shared.leak(),
        };
        let mut device = build(&kind, &name, &zone, &mut hub.dice(), crate::clock::now_ms());
        device.group = Some(ids);
        device.feed = home.feed.clone();
        let id = device.id.clone();
        home.devices.push(device);
        home.feed.item("devices", "device", What::Created, &id);
        id
    };
    shown(&hub, &id)
}

/// The capabilities that all of them have.
fn shared(home: &Home, ids: &[String]) -> Vec<&'static str> {
    let devices: Vec<&Device> = home
        .devices
        .iter()
        .filter(|d| ids.contains(&d.id))
        .collect();
    let first = devices
        .first()
        .map(|d| d.caps.as_slice())
        .unwrap_or_default();
    let all = |id: &str| devices.iter().all(|d| d.cap(id).is_some());
    let ids = first.iter().filter(|c| all(&c.id));
    ids.map(|c| &*Box::leak(c.id.clone().into_boxed_str()))
        .collect()
}

/// Changes a group; false when there is no such group.
fn regroup(hub: &Hub, id: &str, how: impl FnOnce(&mut Device)) -> bool {
    let mut home = hub.home();
    let Some(at) = position(&home, id).filter(|at| home.devices[*at].group.is_some()) else {
        return false;
    };
    how(&mut home.devices[at]);
    home.devices[at].wire = None;
    home.feed.item("devices", "device", What::Updated, id);
    true
}

/// `PUT /group/:id` (V3) with any of name, deviceIds, iconOverride.
pub async fn update_group(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let allowed = ["name", "deviceIds", "iconOverride", "iconDeviceId"];
    let name = fields.0.get("name").map(text);
    let given = fields.0.get("deviceIds");
    let ids = given.map(|_| members(&hub.home(), given));
    if name == Some(None) || ids == Some(None) || !fields.only(&allowed) {
        return hub.refuse("invalid_body");
    }
    let done = regroup(&hub, &id, |device| {
        device.name = name.flatten().unwrap_or_else(|| device.name.clone());
        device.group = ids.flatten().or_else(|| device.group.take());
    });
    match done {
        true => shown(&hub, &id),
        false => hub.refuse("not_found"),
    }
}

/// `DELETE /group/:groupId/device/:deviceId` (V3).
pub async fn leave_group(
    State(hub): Shared,
    Path((id, member)): Path<(String, String)>,
) -> Response {
    let mut left = false;
    let done = regroup(&hub, &id, |device| {
        let members = device.group.get_or_insert_with(Vec::new);
        let before = members.len();
        members.retain(|m| *m != member);
        left = members.len() < before;
    });
    match done && left {
        true => shown(&hub, &id),
        false => hub.refuse("not_found"),
    }
}
