// SPDX-License-Identifier: MIT OR Apache-2.0

//! Control of devices and flows.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Ask, done, fail, find};
use crate::clock::now_ms;
use crate::home::Device;
use crate::home::feed::What;
use crate::state::Hub;

/// Changes one device and answers its id; what becomes of it is told when it is
/// known beforehand.
fn with(
    hub: &Hub,
    name: &str,
    what: Option<What>,
    change: impl FnOnce(&mut Device) -> Result<(), String>,
) -> Response {
    let mut home = hub.home();
    let at = match find(&home, name) {
        Ok(at) => at,
        Err(miss) => return miss,
    };
    let device = &mut home.devices[at];
    device.wire = None;
    match change(device) {
        Ok(()) => {
            if let Some(what) = what {
                device.feed.item("devices", "device", what, &device.id);
            }
            done(&json!({"device": device.id}))
        }
        Err(text) => fail(400, &text),
    }
}

/// `GET /_sim/state`: devices with their present values, flows, moods.
pub async fn state(State(hub): State<Arc<Hub>>) -> Response {
    let home = hub.home();
    let device = |d: &Device| {
        let values: Map<String, Value> = d
            .caps
            .iter()
            .map(|c| (c.id.clone(), c.value.clone()))
            .collect();
        json!({
            "id": d.id, "name": d.name, "zone": home.zone_path(&d.zone), "class": d.class,
            "available": d.available, "gone": d.gone, "slow_ms": d.slow_ms, "hang": d.hang,
            "values": values,
        })
    };
    let devices: Vec<Value> = home.devices.iter().map(device).collect();
    let flows: Vec<Value> = home
        .flows
        .iter()
        .map(|f| {
            json!({
                "id": f.id, "name": f.name, "advanced": f.advanced, "enabled": f.enabled,
                "broken": f.broken, "triggerable": f.triggerable, "count": f.count,
            })
        })
        .collect();
    let moods: Vec<Value> = home
        .moods
        .iter()
        .map(|m| json!({"id": m.id, "name": m.name, "zone": home.zone_path(&m.zone)}))
        .collect();
    let variables: Vec<Value> = home
        .variables
        .iter()
        .map(|v| json!({"id": v.id, "name": v.name, "value": v.value}))
        .collect();
    done(&json!({"devices": devices, "flows": flows, "moods": moods, "variables": variables}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    device: String,
    capability: String,
    value: Value,
}

/// `POST /_sim/value`: the device itself reports a value, of any type.
pub async fn value(State(hub): State<Arc<Hub>>, Ask(ask): Ask<NewValue>) -> Response {
    with(&hub, &ask.device, None, |device| {
        if device.cap(&ask.capability).is_none() {
            return Err(format!("the device has no capability {:?}", ask.capability));
        }
        device.report(&ask.capability, ask.value, now_ms());
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Available {
    device: String,
    available: bool,
    message: Option<String>,
}

/// `POST /_sim/available`: values stay; writes fail with the message.
pub async fn available(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Available>) -> Response {
    with(&hub, &ask.device, Some(What::Updated), |device| {
        device.available = ask.available;
        device.unavailable_message = ask.message.filter(|_| !ask.available);
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct One {
    device: String,
}

/// `POST /_sim/gone`: the device is removed from the hub.
pub async fn gone(State(hub): State<Arc<Hub>>, Ask(ask): Ask<One>) -> Response {
    with(&hub, &ask.device, Some(What::Deleted), |device| {
        device.gone = true;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Return {
    device: String,
    #[serde(default)]
    new_id: bool,
}

/// `POST /_sim/return`: it is back, with a new id if paired anew (api.md 15.14).
pub async fn come_back(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Return>) -> Response {
    let id = hub.dice().uuid();
    with(&hub, &ask.device, Some(What::Created), |device| {
        device.gone = false;
        if ask.new_id {
            device.id = id;
        }
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    device: String,
    name: Option<String>,
    zone: Option<String>,
}

/// `POST /_sim/rename`: the user renames a device or moves it to another zone.
pub async fn rename(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Rename>) -> Response {
    let zone = match &ask.zone {
        None => None,
        Some(wanted) => {
            let home = hub.home();
            let mut zones = home.zones.iter();
            let found = zones.find(|z| z.id == *wanted || z.name == *wanted);
            match found {
                Some(zone) => Some(zone.id.clone()),
                None => return fail(404, &format!("no zone is called {wanted:?}")),
            }
        }
    };
    with(&hub, &ask.device, Some(What::Updated), |device| {
        device.name = ask.name.unwrap_or_else(|| device.name.clone());
        device.zone = zone.unwrap_or_else(|| device.zone.clone());
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    device: String,
    ms: u64,
}

/// `POST /_sim/slow`: a written value takes effect so much later; 0 ends it.
pub async fn slow(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Slow>) -> Response {
    with(&hub, &ask.device, None, |device| {
        device.slow_ms = ask.ms;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hang {
    device: String,
    on: bool,
}

/// `POST /_sim/hang`: writes to the device are never answered.
pub async fn hang(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Hang>) -> Response {
    with(&hub, &ask.device, None, |device| {
        device.hang = ask.on;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowChange {
    flow: String,
    enabled: Option<bool>,
    broken: Option<bool>,
    triggerable: Option<bool>,
}

/// `POST /_sim/flow`: changes what the API cannot change of a flow.
pub async fn flow(State(hub): State<Arc<Hub>>, Ask(ask): Ask<FlowChange>) -> Response {
    let mut home = hub.home();
    let fits = |f: &&mut crate::home::Flow| f.id == ask.flow || f.name == ask.flow;
    let mut found: Vec<_> = home.flows.iter_mut().filter(fits).collect();
    match found.as_mut_slice() {
        [flow] => {
            flow.enabled = ask.enabled.unwrap_or(flow.enabled);
            flow.broken = ask.broken.unwrap_or(flow.broken);
            flow.triggerable = ask.triggerable.unwrap_or(flow.triggerable);
            let (id, class) = (flow.id.clone(), flow.class());
            home.feed.item("flow", class, What::Updated, &id);
            done(&json!({"flow": id}))
        }
        [] => fail(404, &format!("no flow is called {:?}", ask.flow)),
        _ => fail(
            409,
            &format!("several flows are called {:?}: use the id", ask.flow),
        ),
    }
}
