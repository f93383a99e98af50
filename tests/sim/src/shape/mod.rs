// SPDX-License-Identifier: MIT OR Apache-2.0

//! How things look on the wire in the two dialects (objects.md).
//!
//! It reads the home and changes nothing. Key order follows the captures.

pub mod device;
pub mod flow;
pub mod insights;
pub mod plausible;
pub mod rest;
pub mod series;
pub mod system;

use serde_json::Value;

use crate::clock::iso;
use crate::state::Hub;

/// Firmware version per dialect.
pub fn version(v2: bool) -> &'static str {
    if v2 { "13.2.4" } else { "12.9.0" }
}

/// A time or null.
pub fn time_or_null(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| Value::String(iso(ms)))
}

/// An item by its class's realtime prefix (operations.md 4), as its own GET
/// shows it.
pub fn item(hub: &Hub, class: &str, id: &str) -> Option<Value> {
    let v2 = hub.v2();
    let home = hub.home();
    let by_id = |list: Vec<(String, Value)>| list.into_iter().find(|i| i.0 == id).map(|i| i.1);
    match class {
        "device" => {
            let device = home.devices.iter().find(|d| d.id == id && !d.gone)?;
            Some(device::device(&home, device, v2, true))
        }
        "zone" => by_id(rest::zones(&home, v2)),
        "alarm" => home.alarms.iter().find(|a| a.id == id).map(rest::alarm),
        "variable" => home
            .variables
            .iter()
            .find(|v| v.id == id)
            .map(rest::variable),
        "mood" => home.moods.iter().find(|m| m.id == id).map(rest::mood),
        "notification" => {
            let notice = home.notices.iter().find(|n| n.id == id)?;
            Some(rest::notice(notice, v2))
        }
        "user" => (home.user.id == id).then(|| rest::user(&home.user, v2)),
        "flow" | "advancedflow" => {
            let (order, flow) = home.flows.iter().enumerate().find(|(_, f)| f.id == id)?;
            Some(match flow.advanced {
                true => flow::advanced(flow, v2),
                false => flow::standard(flow, order + 1, v2),
            })
        }
        _ => None,
    }
}
