// SPDX-License-Identifier: MIT OR Apache-2.0

//! Plausible first values and drifts per capability.

use serde_json::{Value, json};

use super::caps::{Capability, Kind, base};
use crate::dice::Dice;

/// A JSON number the way JavaScript writes it: `1`, not `1.0`.
pub fn num(n: f64) -> Value {
    #[allow(clippy::cast_possible_truncation)]
    if n.fract() == 0.0 && n.abs() < 9e15 {
        json!(n as i64)
    } else {
        json!(n)
    }
}

/// The usual span of a reading.
fn span(base: &str) -> (f64, f64) {
    match base {
        "measure_temperature" => (15.0, 25.0),
        "target_temperature" => (17.0, 22.0),
        "measure_humidity" => (35.0, 70.0),
        "measure_luminance" => (0.0, 900.0),
        "measure_battery" => (12.0, 100.0),
        "measure_power" => (0.0, 180.0),
        "measure_voltage" => (226.0, 236.0),
        "measure_co2" => (410.0, 1400.0),
        "measure_noise" => (28.0, 60.0),
        "measure_pressure" => (985.0, 1035.0),
        "meter_power" | "meter_water" => (1.0, 4000.0),
        _ => (0.0, 1.0),
    }
}

/// The value a device of this kind would have at some moment.
pub fn first(cap: &Capability, dice: &mut Dice) -> Value {
    let name = base(&cap.id);
    match cap.kind {
        _ if !cap.getable => Value::Null,
        Kind::Boolean if name.starts_with("alarm_") => json!(dice.chance(10)),
        Kind::Boolean => json!(dice.chance(50)),
        Kind::Number => {
            let (low, high) = span(name);
            num(dice.between(low, high, cap.decimals.unwrap_or(2)))
        }
        Kind::Enum => cap
            .values
            .get(dice.below(cap.values.len()))
            .map_or(Value::Null, |v| json!(v.0)),
        Kind::Text if name == "speaker_track" => json!(*dice.pick(TRACKS)),
        Kind::Text if name == "last_seen" => json!("2026-03-01 18:22"),
        Kind::Text => json!("—"),
    }
}

/// The next reading of a sensor: near the old one, inside the usual span.
/// None for what does not drift by itself.
pub fn drift(cap: &Capability, dice: &mut Dice) -> Option<Value> {
    let name = base(&cap.id);
    if cap.setable || !cap.getable {
        return None;
    }
    match cap.kind {
        Kind::Boolean => cap.value.as_bool().map(|old| json!(!old)),
        Kind::Number => {
            let old = cap.value.as_f64()?;
            let (low, high) = span(name);
            let width = (high - low) / 40.0;
            let next = dice.between(old - width, old + width, cap.decimals.unwrap_or(2));
            if name.starts_with("meter_") {
                return Some(num(((old + 0.001) * 1000.0).round() / 1000.0));
            }
            Some(num(next.clamp(low, high)))
        }
        Kind::Enum | Kind::Text => None,
    }
}

/// Names a radio plays; `speaker_next` goes round in them.
pub const TRACKS: &[&str] = &[
    "Morning News",
    "Slow Train",
    "Für Elise",
    "Rock \"n\" Rain",
    "Evening Jazz 🎷",
];
