// SPDX-License-Identifier: MIT OR Apache-2.0
//! The common capability ids, for mistakes that need no hub to be seen: `onof`, `dim = 60`, toggling a number.
//!
//! Not a list of what is allowed: drivers bring ids of their own, and the device has the last word (`homey-panel check`).

use super::problem::{Report, quoted};
use super::suggest::nearest;
use super::value::truth;
use crate::homey::Value;

/// What a common capability's value is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// True or false.
    Switch,
    /// Written with `true`, never read.
    Push,
    /// A number from 0 to 1, which people think of as percent.
    Share,
    /// Anything else.
    Other,
}

use Sort::{Other, Push, Share, Switch};

/// From `capabilities.md` of the project's notes, sections 2 to 6 and the usual sensors.
const COMMON: [(&str, Sort); 76] = [
    ("onoff", Switch),
    ("dim", Share),
    ("light_hue", Share),
    ("light_saturation", Share),
    ("light_temperature", Share),
    ("light_mode", Other),
    ("button", Push),
    ("locked", Switch),
    ("lock_mode", Other),
    ("garagedoor_closed", Switch),
    ("homealarm_state", Other),
    ("windowcoverings_closed", Switch),
    ("windowcoverings_set", Share),
    ("windowcoverings_state", Other),
    ("windowcoverings_tilt_set", Share),
    ("windowcoverings_tilt_up", Push),
    ("windowcoverings_tilt_down", Push),
    ("target_temperature", Other),
    ("target_temperature_max", Other),
    ("target_temperature_min", Other),
    ("thermostat_mode", Other),
    ("target_humidity", Share),
    ("target_humidity_max", Share),
    ("target_humidity_min", Share),
    ("fan_speed", Share),
    ("fan_mode", Other),
    ("volume_set", Share),
    ("volume_mute", Switch),
    ("volume_up", Push),
    ("volume_down", Push),
    ("channel_up", Push),
    ("channel_down", Push),
    ("speaker_playing", Switch),
    ("speaker_shuffle", Switch),
    ("speaker_repeat", Other),
    ("speaker_next", Push),
    ("speaker_prev", Push),
    ("speaker_stop", Push),
    ("speaker_track", Other),
    ("speaker_artist", Other),
    ("speaker_album", Other),
    ("power_level", Share),
    ("power_boost", Switch),
    ("pump_setpoint", Share),
    ("valve_position", Share),
    ("oscillating", Switch),
    ("evcharger_charging", Switch),
    ("vacuumcleaner_state", Other),
    ("target_power", Other),
    ("measure_temperature", Other),
    ("measure_humidity", Other),
    ("measure_power", Other),
    ("measure_battery", Other),
    ("measure_luminance", Other),
    ("measure_co2", Other),
    ("measure_pm25", Other),
    ("measure_noise", Other),
    ("measure_pressure", Other),
    ("measure_rain", Other),
    ("measure_wind_strength", Other),
    ("measure_wind_angle", Other),
    ("measure_voltage", Other),
    ("measure_current", Other),
    ("measure_water", Other),
    ("meter_power", Other),
    ("meter_gas", Other),
    ("meter_water", Other),
    ("alarm_motion", Switch),
    ("alarm_contact", Switch),
    ("alarm_battery", Switch),
    ("alarm_smoke", Switch),
    ("alarm_water", Switch),
    ("alarm_co", Switch),
    ("alarm_heat", Switch),
    ("alarm_tamper", Switch),
    ("alarm_generic", Switch),
];

/// What `capability` holds, by its part before the first point (`onoff.socket2`); [`Sort::Other`] where it is not common.
pub(super) fn sort(capability: &str) -> Sort {
    let base = capability.split('.').next().unwrap_or(capability);
    COMMON
        .iter()
        .find(|(id, _)| *id == base)
        .map_or(Other, |(_, sort)| *sort)
}

/// A common id that `capability` is so near to that it is probably meant.
pub(super) fn meant(capability: &str) -> Option<&'static str> {
    let known = |id: &str| COMMON.iter().any(|(common, _)| *common == id);
    if known(capability.split('.').next().unwrap_or(capability)) {
        return None;
    }
    let near = nearest(capability, COMMON.iter().map(|(id, _)| *id))?;
    // A common id with something behind it (`dim_bedroom`, `measure_power_phase2`) is likely an id of a driver's own.
    (!capability.starts_with(near)).then_some(near)
}

/// Whether `text` has the form of a capability id.
pub(super) fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte))
}

/// Whether a common capability can have this value; reported where not.
pub(super) fn check_value(
    report: &mut Report<'_>,
    at: usize,
    capability: &str,
    value: &Value,
) -> bool {
    match (sort(capability), value) {
        (Sort::Switch | Sort::Push, Value::Bool(_)) | (Sort::Other, _) => true,
        (Sort::Switch | Sort::Push, other) => {
            let text = other.to_string();
            report
                .error(at, format!("{capability} is never {}", shown(other)))
                .expected("true or false")
                .meant(truth(&text));
            false
        }
        (Sort::Share, Value::Number(n)) => {
            check_share(report, at, capability, *n, "value").is_some()
        }
        (Sort::Share, other) => {
            report
                .error(at, format!("{capability} is never {}", shown(other)))
                .expected("a number from 0 to 1");
            false
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Reports a number outside 0 to 1 where the capability is known to run so: people write percent.
pub(super) fn check_share(
    report: &mut Report<'_>,
    at: usize,
    capability: &str,
    n: f64,
    name: &str,
) -> Option<()> {
    if sort(capability) != Sort::Share || (0.0..=1.0).contains(&n) {
        return Some(());
    }
    report
        .error(
            at,
            format!("{name} is {n}, but {capability} runs from 0 to 1"),
        )
        .expected("a number from 0 to 1")
        .meant((1.0..=100.0).contains(&n).then(|| percent(n)));
    None
}

/// The same for a step, which may go down.
pub(super) fn check_step(
    report: &mut Report<'_>,
    at: usize,
    capability: &str,
    by: f64,
) -> Option<()> {
    if sort(capability) != Sort::Share || by.abs() <= 1.0 {
        return Some(());
    }
    report
        .error(at, format!("by is {by}, but {capability} runs from 0 to 1"))
        .expected("a number from -1 to 1")
        .meant((by.abs() <= 100.0).then(|| percent(by)));
    None
}

/// `n` percent as a share, without the digits that floating point makes up.
fn percent(n: f64) -> String {
    ((n * 100.0).round() / 10_000.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_look_through_suffixes() {
        let cases = [
            ("onoff", Switch),
            ("onoff.left", Switch),
            ("dim", Share),
            ("volume_up", Push),
            ("measure_battery", Other),
            ("my.own", Other),
        ];
        for (id, found) in cases {
            assert_eq!(sort(id), found, "{id}");
        }
    }

    #[test]
    fn near_misses_are_named_and_own_ids_are_left_alone() {
        let cases = [
            ("onof", Some("onoff")),
            ("on_off", Some("onoff")),
            ("OnOff", Some("onoff")),
            ("mesure_temperature", Some("measure_temperature")),
            ("target_temp", Some("target_temperature")),
            ("onoff", None),
            ("onoff.2", None),
            ("dim_bedroom", None),
            ("boiler_state", None),
        ];
        for (id, found) in cases {
            assert_eq!(meant(id), found, "{id}");
        }
        assert!(is_id("measure_power.l1") && is_id("homey:app:x"));
        assert!(!is_id("") && !is_id("on off") && !is_id("ein/aus") && !is_id(&"x".repeat(129)));
    }
}
