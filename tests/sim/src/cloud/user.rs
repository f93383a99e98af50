// SPDX-License-Identifier: MIT OR Apache-2.0

//! `GET /user/me` at api.athom.com: the user and the hubs (objects.md 1.3).

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::options::{Options, UserForm};
use super::{Shared, USER, ask::Ask};
use crate::clock::iso;
use crate::refuse::reply;
use crate::shape::version;
use crate::state::{Hub, Via};

/// The simulator's own hub as its account knows it.
pub fn own(hub: &Hub, offline: bool) -> Map<String, Value> {
    let v2 = hub.v2();
    let port = |via| hub.address(via).map_or(0, |a| a.port());
    let ip = hub.address(Via::Http).map(|a| a.ip().to_string());
    let ip = ip.unwrap_or_default();
    let dashed = ip.replace(['.', ':'], "-");
    let (model, name) = match v2 {
        true => ("homey4d", "Homey Pro (Early 2019)"),
        false => ("homey5q", "Homey Pro (Early 2023)"),
    };
    let state = if offline { "offline" } else { "online" };
    let value = json!({
        "__athom_api_type": "homey", "_id": hub.id, "id": hub.id, "name": hub.args.hub_name,
        "platform": "local", "platformVersion": if v2 { 1 } else { 2 },
        "apiVersion": if v2 { 2 } else { 3 }, "softwareVersion": version(v2), "model": model,
        "modelName": name, "language": "en", "state": state,
        "stateSince": iso(1_769_940_000_000), "mobileAppVersionSupported": true, "role": "owner",
        "users": [{"userId": USER, "role": "owner"}], "apps": [], "devices": [],
        "geolocation": {"latitude": 52.0, "longitude": 6.9, "accuracy": 10},
        "ipInternal": ip, "ipExternal": "203.0.113.7", "ipExternalCountry": "NL",
        "ipExternalPort": null, "localUrl": format!("http://{ip}:{}", port(Via::Http)),
        "localUrlSecure": format!("https://{dashed}.homey.homeylocal.com:{}", port(Via::Https)),
        "remoteUrl": format!("https://{}:{}", hub.args.relay_name, port(Via::Relay)),
        "remoteUrlForwarded": null, "mdnsFqdn": format!("homey-{}.local", hub.id),
        "portHttp": port(Via::Http), "region": null,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Id of an entry, which older ones have as `_id` only.
pub fn id(entry: &Map<String, Value>) -> &str {
    let id = entry.get("id").or_else(|| entry.get("_id"));
    id.and_then(Value::as_str).unwrap_or_default()
}

/// Name of an entry.
pub fn name(entry: &Map<String, Value>) -> &str {
    let name = entry.get("name").and_then(Value::as_str);
    name.unwrap_or_default()
}

/// The account's hubs. One that the options give has its members over those
/// of the simulator's own hub when it is that one; another has what it says.
pub fn hubs(hub: &Hub, options: &Options) -> Vec<Map<String, Value>> {
    let own = own(hub, options.offline_hub);
    let Some(given) = &options.hubs else {
        return vec![own];
    };
    let mut list = Vec::new();
    for entry in given {
        let mut whole = match id(entry) == id(&own) || id(entry).is_empty() {
            true => own.clone(),
            false => other(),
        };
        for (key, value) in entry {
            whole.insert(key.clone(), value.clone());
        }
        list.push(whole);
    }
    list
}

/// What another hub has at least (objects.md 1.3).
fn other() -> Map<String, Value> {
    let value = json!({
        "__athom_api_type": "homey", "name": "Elsewhere", "platform": "local",
        "platformVersion": 2, "apiVersion": 3, "softwareVersion": version(false),
        "state": "online", "role": "owner", "users": [{"userId": USER, "role": "owner"}],
        "localUrl": null, "localUrlSecure": null, "remoteUrl": null,
        "remoteUrlForwarded": null, "mdnsFqdn": null, "portHttp": null,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The route.
pub async fn me(State(hub): Shared, ask: Ask) -> Response {
    let good = hub.cloud.book().check_access(ask.bearer());
    if let Err(reason) = good {
        return hub.cloud_refuse(reason);
    }
    let options = hub.cloud.options().clone();
    let list = hubs(&hub, &options);
    let homeys = match options.user_form {
        UserForm::Map => {
            let pair = |h: Map<String, Value>| (id(&h).to_owned(), Value::Object(h));
            Value::Object(list.into_iter().map(pair).collect())
        }
        _ => list.into_iter().map(Value::Object).collect(),
    };
    let user = json!({
        "__athom_api_type": "user", "_id": USER, "id": USER, "email": options.email,
        "firstname": "Pat", "lastname": "Panel", "fullname": "Pat Panel", "language": "en",
        "roles": [], "roleIds": [], "avatar": {"small": null, "medium": null, "large": null},
        "homeys": homeys, "devices": [],
    });
    let user = match options.user_form {
        UserForm::Result => json!({"status": 200, "result": user}),
        _ => user,
    };
    reply(200, &user.to_string())
}
