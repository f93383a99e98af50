// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerDrivers: the drivers of the home's apps, and pairing a device by hand
//! (operations.md 4).

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::body::{Fields, full_id, list_of, ok, one_of, text};
use crate::clock::now_ms;
use crate::home::feed::What;
use crate::home::kinds::{Kind, build};
use crate::home::{Home, Pairing};
use crate::shape;
use crate::state::Hub;

/// App, driver, and the class and capabilities of its devices.
type Driver = (&'static str, &'static str, &'static str, Vec<&'static str>);

fn drivers(home: &Home) -> BTreeMap<String, Driver> {
    let mut all = BTreeMap::new();
    for device in &home.devices {
        let id = format!("homey:app:{}:{}", device.app, device.driver);
        all.entry(id).or_insert_with(|| {
            let caps = device.caps.iter();
            let caps = caps.map(|c| &*Box::leak(c.id.clone().into_boxed_str()));
            (device.app, device.driver, device.class, caps.collect())
        });
    }
    all
}

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let all = drivers(&hub.home());
    let shaped = |(id, (app, driver, class, caps)): (String, Driver)| {
        let owner = format!("homey:app:{app}");
        let object = match hub.v2() {
            true => json!({
                "uri": owner, "id": driver, "name": driver, "class": class,
                "capabilities": caps, "ready": true, "pair": true, "repair": false,
            }),
            false => json!({
                "id": id, "ownerUri": owner, "ownerName": app, "name": driver, "class": class,
                "capabilities": caps, "ready": true, "pair": true, "repair": false,
            }),
        };
        (id, object)
    };
    all.into_iter().map(shaped).collect()
}

/// `GET /driver`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /driver/:id` (V3) or `/driver/:uri/:id` (V2).
pub async fn one(State(hub): Shared, Path(given): Path<HashMap<String, String>>) -> Response {
    one_of(&hub, items(&hub), &full_id(&given))
}

fn session(pairing: &Pairing) -> Value {
    json!({"id": pairing.id, "type": "pair", "driverId": pairing.driver, "zoneId": pairing.zone})
}

/// `GET /pairsession` (V2).
pub async fn sessions(State(hub): Shared) -> Response {
    let items = {
        let home = hub.home();
        let all = home.pairings.iter();
        all.map(|p| (p.id.clone(), session(p))).collect()
    };
    list_of(&hub, items)
}

/// `GET /pairsession/:id`.
pub async fn get(State(hub): Shared, Path(id): Path<String>) -> Response {
    let found = {
        let home = hub.home();
        home.pairings.iter().find(|p| p.id == id).map(session)
    };
    found.map_or_else(|| hub.refuse("not_found"), |s| ok(&s))
}

/// `POST /pairsession` with type `pair` and a driver.
pub async fn start(State(hub): Shared, fields: Fields) -> Response {
    let word = |key: &str| fields.0.get(key).and_then(Value::as_str);
    let (Some("pair"), Some(driver)) = (word("type"), word("driverId")) else {
        return hub.refuse("invalid_body");
    };
    let id = hub.dice().uuid();
    let mut home = hub.home();
    if !drivers(&home).contains_key(driver) {
        return hub.refuse("not_found");
    }
    let root = home.zones.first().map(|z| z.id.clone());
    let pairing = Pairing {
        id,
        driver: driver.to_owned(),
        zone: word("zoneId")
            .map(str::to_owned)
            .or(root)
            .unwrap_or_default(),
    };
    let object = session(&pairing);
    home.pairings.push(pairing);
    ok(&object)
}

/// `POST /pairsession/:id/heartbeat`.
pub async fn heartbeat(State(hub): Shared, Path(id): Path<String>) -> Response {
    let known = hub.home().pairings.iter().any(|p| p.id == id);
    match known {
        true => ok(&json!(true)),
        false => hub.refuse("not_found"),
    }
}

/// `DELETE /pairsession/:id`.
pub async fn end(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let before = home.pairings.len();
    home.pairings.retain(|p| p.id != id);
    match home.pairings.len() < before {
        true => StatusCode::NO_CONTENT.into_response(),
        false => hub.refuse("not_found"),
    }
}

/// `POST /pairsession/:id/device` with name and data: the device is made, with
/// the capabilities of its driver's others.
pub async fn make(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    let name = match fields.0.get("name") {
        None => Some("New device".to_owned()),
        Some(name) => text(name),
    };
    let (Some(name), true) = (name, fields.0.contains_key("data")) else {
        return hub.refuse("invalid_body");
    };
    let made = {
        let mut home = hub.home();
        let Some(pairing) = home.pairings.iter().find(|p| p.id == id).cloned() else {
            return hub.refuse("not_found");
        };
        let zone = fields.0.get("zone").and_then(Value::as_str);
        let zone = zone.unwrap_or(&pairing.zone).to_owned();
        let driver = drivers(&home).remove(&pairing.driver);
        let zoned = home.zones.iter().any(|z| z.id == zone);
        let Some((app, driver, class, caps)) = driver.filter(|_| zoned) else {
            return hub.refuse("not_found");
        };
        let kind = Kind {
            noun: "device",
            class,
            app,
            driver,
            flag: "lan",
            battery: None,
            caps: caps.leak(),
        };
        let mut device = build(&kind, &name, &zone, &mut hub.dice(), now_ms());
        device.feed = home.feed.clone();
        let id = device.id.clone();
        home.devices.push(device);
        home.feed.item("devices", "device", What::Created, &id);
        id
    };
    match shape::item(&hub, "device", &made) {
        Some(device) => ok(&device),
        None => hub.refuse("not_found"),
    }
}

/// `GET /devices/capability` (V2): the kinds of capability there are.
pub async fn capabilities(State(hub): Shared) -> Response {
    list_of(&hub, kinds(&hub))
}

/// `GET /devices/capability/:uri/:id` (V2).
pub async fn capability(
    State(hub): Shared,
    Path(given): Path<HashMap<String, String>>,
) -> Response {
    one_of(&hub, kinds(&hub), &full_id(&given))
}

fn kinds(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let mut all = BTreeMap::new();
    for cap in home.devices.iter().flat_map(|d| &d.caps) {
        let uri = "homey:manager:devices";
        let object = json!({
            "uri": uri, "id": cap.id, "type": cap.kind.word(), "title": cap.title,
            "getable": cap.getable, "setable": cap.setable, "units": cap.units,
        });
        all.insert(format!("{uri}:{}", cap.id), object);
    }
    all.into_iter().collect()
}
