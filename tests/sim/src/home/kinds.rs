// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kinds of device that a generated home is made of, and how one is built.

use serde_json::{Map, Value, json};

use super::Device;
use super::caps::capability;
use super::feed::Feed;
use super::values::first;
use crate::dice::Dice;

/// A kind: what its driver says of every device of it.
pub struct Kind {
    /// Noun in its name.
    pub noun: &'static str,
    /// Device class.
    pub class: &'static str,
    /// App id.
    pub app: &'static str,
    /// Short driver id.
    pub driver: &'static str,
    /// Radio flag.
    pub flag: &'static str,
    /// Battery type.
    pub battery: Option<&'static str>,
    /// Capability ids.
    pub caps: &'static [&'static str],
}

const fn kind(
    noun: &'static str,
    class: &'static str,
    app: &'static str,
    driver: &'static str,
    flag: &'static str,
    caps: &'static [&'static str],
) -> Kind {
    let battery = match flag.as_bytes() {
        b"zigbee-battery" => Some("CR2032"),
        b"zwave-battery" => Some("AA"),
        _ => None,
    };
    Kind {
        noun,
        class,
        app,
        driver,
        flag,
        battery,
        caps,
    }
}

const LAMPS: &str = "com.sample.lamps";
const WAVE: &str = "com.sample.wave";

/// The kinds, roughly as often as in a real home.
#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    kind("light", "light", LAMPS, "e27", "zigbee", &["onoff", "dim"]),
    kind("lamp", "light", LAMPS, "color", "zigbee",
        &["onoff", "dim", "light_hue", "light_saturation", "light_temperature", "light_mode"]),
    kind("white lamp", "light", LAMPS, "ambiance", "zigbee", &["onoff", "dim", "light_temperature"]),
    kind("switch", "light", WAVE, "relay", "zwave", &["onoff", "measure_power", "meter_power"]),
    kind("socket", "socket", WAVE, "plug", "zwave",
        &["onoff", "measure_power", "meter_power", "measure_voltage", "measure_current", "button.reset"]),
    kind("climate sensor", "sensor", "com.sample.climate", "th", "zigbee-battery",
        &["measure_temperature", "measure_humidity", "measure_pressure", "measure_battery"]),
    kind("motion sensor", "sensor", WAVE, "pir", "zwave-battery",
        &["alarm_motion", "alarm_tamper", "measure_luminance", "measure_temperature", "measure_battery"]),
    kind("window", "sensor", WAVE, "contact", "zwave-battery", &["alarm_contact", "alarm_tamper", "measure_battery"]),
    kind("radiator", "thermostat", "com.sample.heat", "trv", "zigbee-battery",
        &["target_temperature", "measure_temperature", "thermostat_mode", "measure_battery"]),
    kind("blind", "windowcoverings", "com.sample.covers", "roller", "zwave",
        &["windowcoverings_state", "windowcoverings_set", "measure_power"]),
    kind("lock", "lock", "com.sample.locks", "bolt", "zwave-battery", &["locked", "alarm_battery", "measure_battery"]),
    kind("button", "button", LAMPS, "remote", "zigbee-battery", &["button", "measure_battery"]),
    kind("speaker", "speaker", "com.sample.sound", "one", "lan",
        &["speaker_playing", "speaker_prev", "speaker_next", "volume_set", "volume_mute", "speaker_artist", "speaker_track"]),
    kind("smoke detector", "sensor", WAVE, "smoke", "zwave-battery", &["alarm_smoke", "alarm_battery", "measure_battery"]),
    kind("air monitor", "sensor", "com.sample.climate", "air", "lan",
        &["measure_co2", "measure_noise", "measure_temperature", "measure_humidity"]),
    kind("double relay", "relay", WAVE, "double", "zwave",
        &["onoff", "onoff.2", "measure_power", "measure_power.2", "meter_power", "button.reset"]),
    kind("fridge probe", "sensor", "com.sample.climate", "probe", "zigbee-battery",
        &["measure_temperature.inside", "measure_temperature.outside", "alarm_contact.door_left", "measure_battery"]),
    kind("water meter", "sensor", "com.sample.meters", "pulse", "lan", &["meter_water", "alarm_water", "last_seen"]),
];

/// Builds a device of a kind; its values are drawn from the dice.
pub fn build(kind: &Kind, name: &str, zone: &str, dice: &mut Dice, now: i64) -> Device {
    let id = dice.uuid();
    let caps = kind
        .caps
        .iter()
        .map(|id| {
            let mut cap = capability(id);
            cap.value = first(&cap, dice);
            let age = i64::try_from(dice.below(86_400_000)).unwrap_or(0);
            cap.updated = (!cap.value.is_null()).then_some(now - age);
            cap
        })
        .collect();
    Device {
        id,
        name: name.to_owned(),
        zone: zone.to_owned(),
        class: kind.class,
        virtual_class: None,
        app: kind.app,
        driver: kind.driver,
        flags: vec![kind.flag.split('-').next().unwrap_or(kind.flag)],
        color: format!("#{}", dice.hex(6)),
        data: format!("0x{}", dice.hex(16)),
        icon: dice.hex(32),
        settings: settings(kind, dice),
        battery: kind.battery,
        caps,
        seen: now - i64::try_from(dice.below(3_600_000)).unwrap_or(0),
        available: true,
        unavailable_message: None,
        gone: false,
        slow_ms: 0,
        hang: false,
        wire: None,
        transaction: None,
        feed: Feed::default(),
    }
}

/// Driver settings: they make up much of the 3 to 8 KB of a real device, and
/// their keys may be numbers, their values non-ASCII or secret (objects.md 3.2).
fn settings(kind: &Kind, dice: &mut Dice) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("energy_alwayson".into(), json!(false));
    map.insert("energy_value_off".into(), Value::Null);
    map.insert("energy_value_on".into(), Value::Null);
    let zwave = kind.flag.starts_with("zwave");
    if zwave {
        for group in 1..=3 {
            map.insert(format!("zw_group_{group}"), json!("1"));
        }
        map.insert("zw_node_id".into(), json!(dice.below(232).to_string()));
        map.insert("zw_battery_type".into(), json!("⎓"));
        map.insert("zw_secure".into(), json!("⨯"));
        map.insert("zw_application_version".into(), json!("3.4"));
        map.insert("zw_wakeup_interval".into(), json!(4200));
    }
    if kind.flag == "lan" {
        map.insert("address".into(), json!("192.168.1.77"));
        map.insert("password".into(), json!(dice.hex(12)));
    }
    for parameter in 0..if zwave { 130 } else { 66 } {
        let value = match parameter % 3 {
            0 => json!(dice.below(100)),
            1 => json!(dice.chance(50)),
            _ => json!(dice.below(9).to_string()),
        };
        let key = match zwave {
            true => (parameter * 3 + 1).to_string(),
            false => format!("reporting_interval_{parameter:02}"),
        };
        map.insert(key, value);
    }
    map.insert("note".into(), json!("Gerät im Büro – größer prüfen"));
    map
}
