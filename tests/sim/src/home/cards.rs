// SPDX-License-Identifier: MIT OR Apache-2.0

//! The flow cards of capabilities (capabilities.md 1.10, 2 to 6): which a
//! device has, and what its actions do.

use serde_json::{Value, json};

use super::Device;
use super::caps::{Capability, Kind};
use super::drive::check;
use super::values::num;

/// What running a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Writes this.
    On,
    Off,
    /// Writes the inverse.
    Toggle,
    /// Writes the argument.
    Set,
    /// Adds the argument.
    Add,
}

/// An action card of a capability: short id, its one argument, what it does.
type Row = (&'static str, &'static str, &'static str, Does);

#[rustfmt::skip]
const ACTIONS: &[Row] = &[
    ("onoff", "on", "", Does::On),
    ("onoff", "off", "", Does::Off),
    ("onoff", "toggle", "", Does::Toggle),
    ("button", "press", "", Does::On),
    ("dim", "dim", "dim", Does::Set),
    ("dim", "dim_relative", "dim", Does::Add),
    ("light_hue", "hue", "hue", Does::Set),
    ("light_saturation", "saturation", "saturation", Does::Set),
    ("light_temperature", "temperature", "temperature", Does::Set),
    ("fan_speed", "set_fan_speed", "fan_speed", Does::Set),
    ("target_temperature", "target_temperature_set", "target_temperature", Does::Set),
    ("thermostat_mode", "thermostat_mode_set", "thermostat_mode", Does::Set),
    ("garagedoor_closed", "close", "", Does::On),
    ("garagedoor_closed", "open", "", Does::Off),
    ("garagedoor_closed", "toggle", "", Does::Toggle),
    ("homealarm_state", "set_homealarm_state", "state", Does::Set),
    ("locked", "lock", "", Does::On),
    ("locked", "unlock", "", Does::Off),
    ("windowcoverings_set", "windowcoverings_set", "windowcoverings_set", Does::Set),
    ("windowcoverings_state", "set_windowcoverings_state", "state", Does::Set),
    ("speaker_next", "next", "", Does::On),
    ("speaker_prev", "prev", "", Does::On),
    ("speaker_playing", "play", "", Does::On),
    ("speaker_playing", "pause", "", Does::Off),
    ("speaker_playing", "toggle_playing", "", Does::Toggle),
    ("volume_set", "volume_set", "volume_set", Does::Set),
    ("volume_set", "volume_set_relative", "volume_set", Does::Add),
    ("volume_mute", "volume_mute", "", Does::On),
    ("volume_mute", "volume_unmute", "", Does::Off),
    ("volume_mute", "volume_mute_toggle", "", Does::Toggle),
    ("volume_up", "volume_up", "", Does::On),
    ("volume_down", "volume_down", "", Does::On),
];

/// The action cards of a device: capability, short id, argument. Capabilities
/// with a suffix have none of their own here.
pub fn actions(device: &Device) -> impl Iterator<Item = (&Capability, &'static str, &'static str)> {
    let row = |r: &'static Row| device.cap(r.0).map(|c| (c, r.1, r.2));
    ACTIONS.iter().filter_map(row)
}

/// What an action card writes: capability and checked value; the code of the
/// refusal otherwise.
pub fn action(
    device: &Device,
    card: &str,
    args: Option<&Value>,
) -> Result<(&'static str, Value), &'static str> {
    let mut rows = ACTIONS.iter().filter(|r| r.1 == card);
    let found = rows.find_map(|r| device.cap(r.0).map(|c| (r, c)));
    let ((id, _, argument, does), cap) = found.ok_or("not_found")?;
    let given = || args.and_then(|a| a.get(*argument)).ok_or("missing_value");
    let value = match does {
        Does::On => json!(true),
        Does::Off => json!(false),
        Does::Toggle => json!(cap.value != json!(true)),
        Does::Set => given()?.clone(),
        Does::Add => {
            let by = given()?.as_f64().ok_or("invalid_value_type")?;
            let sum = cap.value.as_f64().unwrap_or(0.0) + by;
            let (low, high) = (cap.min.unwrap_or(sum), cap.max.unwrap_or(sum));
            num((sum.clamp(low, high) * 100.0).round() / 100.0)
        }
    };
    Ok((id, check(cap, &value)?))
}

/// The trigger cards of a capability, short ids.
pub fn triggers(cap: &Capability) -> Vec<String> {
    match cap.kind {
        _ if !cap.getable => Vec::new(),
        Kind::Boolean => vec![format!("{}_true", cap.id), format!("{}_false", cap.id)],
        _ => vec![format!("{}_changed", cap.id)],
    }
}

/// Whether a capability has a condition card; its short id is the capability's.
pub fn condition(cap: &Capability) -> bool {
    cap.getable && cap.kind == Kind::Boolean
}
