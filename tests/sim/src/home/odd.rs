// SPDX-License-Identifier: MIT OR Apache-2.0

//! The odd devices of homes of 30 or more: each is here because some client
//! once failed on its like (objects.md 3.1, capabilities.md 1).

use serde_json::{Value, json};

use super::Home;
use super::kinds::{KINDS, Kind, build};
use crate::dice::Dice;

struct Odd {
    zone: &'static str,
    name: &'static str,
    caps: &'static [&'static str],
    class: &'static str,
    flag: &'static str,
}

const fn odd(
    zone: &'static str,
    name: &'static str,
    class: &'static str,
    flag: &'static str,
    caps: &'static [&'static str],
) -> Odd {
    Odd {
        zone,
        name,
        caps,
        class,
        flag,
    }
}

#[rustfmt::skip]
const ODD: &[Odd] = &[
    // The same name in two zones, and twice in one zone.
    odd("Office", "Spot", "light", "zigbee", &["onoff", "dim"]),
    odd("Living room", "Spot", "light", "zigbee", &["onoff", "dim"]),
    odd("Living room", "Spot", "light", "zigbee", &["onoff", "dim"]),
    // Names that break quoting, paths and byte counts.
    odd("Bedroom", "Mum's \"reading\" lamp", "light", "zigbee", &["onoff"]),
    odd("Living room", "Fairy lights 🎄", "socket", "zwave", &["onoff", "measure_power"]),
    odd("Living room", "TV/HiFi socket", "socket", "zwave", &["onoff", "measure_power", "meter_power"]),
    // App-made capabilities, one of them neither getable nor setable.
    odd("Hall", "Gateway", "other", "lan", &["actionEvents", "last_seen", "input_1", "onoff"]),
    // A numeric capability that holds a string.
    odd("Office", "Desk fan", "fan", "lan", &["onoff", "fan_speed"]),
    // Has never reported.
    odd("Kitchen", "New sensor", "sensor", "zigbee-battery", &["measure_temperature", "alarm_water", "measure_battery"]),
    // Suffixed capabilities with the same base.
    odd("Kitchen", "Double socket", "socket", "zwave", &["onoff", "onoff.2", "measure_power", "measure_power.2", "button.reset"]),
    odd("Kitchen", "Fridge", "sensor", "zigbee-battery", &["measure_temperature.inside", "measure_temperature.outside"]),
    // Unreachable.
    odd("Bedroom", "Lost lamp", "light", "zigbee", &["onoff", "dim"]),
];

/// Adds the odd devices, as many as `room` allows.
pub fn add(home: &mut Home, room: usize, dice: &mut Dice, now: i64) {
    for item in ODD.iter().take(room) {
        let Some(zone) = home.zones.iter().find(|z| z.name == item.zone) else {
            continue;
        };
        let kind = Kind {
            noun: item.name,
            class: item.class,
            app: "com.sample.odd",
            driver: "odd",
            flag: item.flag,
            battery: None,
            ..KINDS[0]
        };
        let kind = Kind {
            caps: item.caps,
            ..kind
        };
        let mut device = build(&kind, item.name, &zone.id, dice, now);
        match item.name {
            "Desk fan" => device.report("fan_speed", json!("auto"), now),
            "New sensor" => {
                for cap in &mut device.caps {
                    (cap.value, cap.updated) = (Value::Null, None);
                }
            }
            "Fairy lights 🎄" => device.virtual_class = Some("light"),
            "Lost lamp" => {
                device.available = false;
                device.unavailable_message = Some("Het apparaat is onbereikbaar".to_owned());
            }
            _ => {}
        }
        home.devices.push(device);
    }
}
