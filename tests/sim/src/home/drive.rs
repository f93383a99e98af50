// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the hub and the drivers do with a written value: check it, take it,
//! and change what depends on it (capabilities.md 1).

use serde_json::{Value, json};

use super::caps::{Capability, Kind, base};
use super::values::{TRACKS, num};
use super::{Device, Home};

/// Checks a value for a capability; gives it back as the hub stores it, or the
/// error code of the refusal (capabilities.md 1.4; the codes are our own).
pub fn check(cap: &Capability, value: &Value) -> Result<Value, &'static str> {
    if !cap.setable {
        return Err("capability_not_setable");
    }
    match (cap.kind, value) {
        (Kind::Boolean, Value::Bool(_)) | (Kind::Text, Value::String(_)) => Ok(value.clone()),
        (Kind::Number, Value::Number(n)) => {
            let n = n.as_f64().unwrap_or(f64::NAN);
            let low = cap.min.is_none_or(|min| n >= min);
            let high = cap.max.is_none_or(|max| n <= max);
            if low && high && n.is_finite() {
                Ok(num(n))
            } else {
                Err("value_out_of_range")
            }
        }
        (Kind::Enum, Value::String(s)) => {
            if cap.values.iter().any(|v| v.0 == s) {
                Ok(value.clone())
            } else {
                Err("invalid_enum_value")
            }
        }
        _ => Err("invalid_value_type"),
    }
}

/// Takes a checked value and changes what depends on it.
pub fn take(device: &mut Device, id: &str, value: &Value, now: i64) {
    let getable = device.cap(id).is_some_and(|c| c.getable);
    if getable {
        device.report(id, value.clone(), now);
    }
    match (base(id), value) {
        // Option setOnDim, on by default; 0 turns most lights off (1.8).
        ("dim", Value::Number(n)) => {
            let on = n.as_f64().unwrap_or(0.0) > 0.0;
            if device.cap("onoff").is_some_and(|c| c.value != json!(on)) {
                device.report("onoff", json!(on), now);
            }
        }
        ("onoff", Value::Bool(on)) => {
            let watts = if *on { 61.5 } else { 0.0 };
            let power = id.replacen("onoff", "measure_power", 1);
            device.report(&power, num(watts), now);
        }
        ("light_hue" | "light_saturation", _) => device.report("light_mode", json!("color"), now),
        ("light_temperature", _) => device.report("light_mode", json!("temperature"), now),
        ("windowcoverings_state", Value::String(way)) => match way.as_str() {
            "up" => device.report("windowcoverings_set", json!(1), now),
            "down" => device.report("windowcoverings_set", json!(0), now),
            _ => {}
        },
        ("speaker_next", _) => track(device, 1, now),
        ("speaker_prev", _) => track(device, TRACKS.len() - 1, now),
        _ => {}
    }
}

fn track(device: &mut Device, by: usize, now: i64) {
    let Some(cap) = device.cap("speaker_track") else {
        return;
    };
    let old = TRACKS.iter().position(|t| cap.value == json!(t));
    let next = TRACKS[(old.unwrap_or(0) + by) % TRACKS.len()];
    device.report("speaker_track", json!(next), now);
}

impl Home {
    /// Applies what a flow or mood does. What cannot be set stays as it is.
    pub fn apply(&mut self, effects: &[super::Effect], now: i64) {
        for (id, cap, value) in effects {
            let device = self.devices.iter_mut().find(|d| &d.id == id);
            if let Some(device) = device.filter(|d| d.available && !d.gone) {
                take(device, cap, value, now);
            }
        }
    }
}
