// SPDX-License-Identifier: MIT OR Apache-2.0

//! The items that every home of 12 devices or more holds, whatever its seed,
//! so that the demo's bindings and other people's scripts fit every home.
//!
//! Their ids come from a seed of their own and are the same in every home.

use serde_json::{Value, json};

use super::kinds::{Kind, build};
use super::values::num;
use super::{Alarm, Effect, Flow, Folder, Home, Mood, Notice, User, Variable, Zone};
use crate::clock::now_ms;
use crate::dice::Dice;

/// Seed of the fixed part.
const SEED: u64 = 0x686f_6d65_7973_696d;

type Item = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Name, zone, lights with their levels.
type MoodItem = (&'static str, &'static str, &'static [(&'static str, f64)]);

/// Zone, name, class, radio, capabilities with their first values as JSON.
#[rustfmt::skip]
const DEVICES: &[Item] = &[
    ("Living room", "Ceiling light", "light", "zigbee", &[("onoff", "false"), ("dim", "0.6")]),
    ("Living room", "Floor lamp", "light", "zigbee",
        &[("onoff", "true"), ("dim", "0.4"), ("light_hue", "0.1"), ("light_saturation", "0.8"),
          ("light_temperature", "0.5"), ("light_mode", "\"temperature\"")]),
    ("Kitchen", "Worktop light", "light", "zwave", &[("onoff", "false")]),
    ("Hall", "Front door", "lock", "zwave-battery",
        &[("locked", "true"), ("alarm_contact", "false"), ("measure_battery", "87")]),
    ("Hall", "Motion sensor", "sensor", "zwave-battery",
        &[("alarm_motion", "false"), ("measure_luminance", "120"), ("measure_battery", "64")]),
    ("Office", "Desk light", "light", "zigbee", &[("onoff", "false"), ("dim", "0.8")]),
    ("Office", "Heater", "thermostat", "zigbee",
        &[("target_temperature", "20"), ("measure_temperature", "19.4"), ("thermostat_mode", "\"heat\"")]),
    ("Bedroom", "Blinds", "windowcoverings", "zwave",
        &[("windowcoverings_set", "1"), ("windowcoverings_state", "\"idle\"")]),
    ("Kitchen", "Coffee machine", "coffeemachine", "zwave",
        &[("onoff", "false"), ("measure_power", "0"), ("meter_power", "214.703")]),
    ("Living room", "Radio", "speaker", "lan",
        &[("speaker_playing", "false"), ("volume_set", "0.3"), ("speaker_next", "null"),
          ("speaker_prev", "null"), ("speaker_track", "\"Morning News\"")]),
    ("Bedroom", "Bedside lamp", "light", "zigbee", &[("onoff", "false"), ("dim", "0.25")]),
    ("Hall", "Doorbell", "doorbell", "zigbee", &[("button", "null"), ("button.reset", "null")]),
];

/// Name, parent, icon.
const ZONES: &[(&str, &str, &str)] = &[
    ("Home", "", "home"),
    ("Ground floor", "Home", "ground-floor"),
    ("First floor", "Home", "first-floor"),
    ("Living room", "Ground floor", "living"),
    ("Kitchen", "Ground floor", "kitchen"),
    ("Hall", "Ground floor", "hallway"),
    ("Office", "First floor", "office"),
    ("Bedroom", "First floor", "bedroomDouble"),
];

/// A home of the fixed items, cut to `devices` when that is less than 12.
pub fn home(devices: usize) -> Home {
    let mut dice = Dice::new(SEED);
    let now = now_ms();
    let mut home = Home::default();
    for (order, (name, parent, icon)) in ZONES.iter().enumerate() {
        let parent = zone_id(&home, parent);
        let id = dice.uuid();
        home.zones.push(Zone {
            id,
            name: (*name).to_owned(),
            parent,
            icon: (*icon).to_owned(),
            order: order + 1,
        });
    }
    for (zone, name, class, flag, caps) in DEVICES {
        let zone = zone_id(&home, zone).unwrap_or_default();
        let ids: Vec<&'static str> = caps.iter().map(|c| c.0).collect();
        let kind = Kind {
            noun: name,
            class,
            app: "com.sample.basics",
            driver: class,
            flag,
            battery: flag.ends_with("battery").then_some("CR123A"),
            caps: ids.leak(),
        };
        let mut device = build(&kind, name, &zone, &mut dice, now);
        for (id, value) in *caps {
            let value = serde_json::from_str(value).unwrap_or(Value::Null);
            if !value.is_null() {
                device.report(id, value, now);
            }
        }
        if let Some(cap) = device.cap_mut("target_temperature") {
            (cap.min, cap.max, cap.step) = (Some(5.0), Some(25.0), Some(0.5));
        }
        home.devices.push(device);
    }
    home.devices.truncate(devices);
    flows(&mut home, &mut dice);
    moods(&mut home, &mut dice);
    others(&mut home, &mut dice, now);
    home
}

fn zone_id(home: &Home, name: &str) -> Option<String> {
    let zone = home.zones.iter().find(|z| z.name == name)?;
    Some(zone.id.clone())
}

/// An effect on a device given as "Zone/Name"; none when the home is cut short.
fn effect(home: &Home, path: &str, cap: &str, value: Value) -> Option<Effect> {
    let device = home.find(path).ok()?;
    let id = home.devices.get(device)?.id.clone();
    Some((id, cap.to_owned(), value))
}

fn flows(home: &mut Home, dice: &mut Dice) {
    let lights = [
        "Living room/Ceiling light",
        "Living room/Floor lamp",
        "Kitchen/Worktop light",
        "Office/Desk light",
        "Bedroom/Bedside lamp",
    ];
    let all = |home: &Home, on: bool| -> Vec<Effect> {
        let each = |path: &&str| effect(home, path, "onoff", json!(on));
        lights.iter().filter_map(each).collect()
    };
    let mut leave = all(home, false);
    leave.extend(effect(home, "Hall/Front door", "locked", json!(true)));
    let mut morning = Vec::new();
    morning.extend(effect(home, "Kitchen/Coffee machine", "onoff", json!(true)));
    morning.extend(effect(
        home,
        "Bedroom/Blinds",
        "windowcoverings_set",
        num(1.0),
    ));
    let (off, on) = (all(home, false), all(home, true));
    // Name, advanced, enabled, broken, triggerable, effects.
    let list = [
        ("Good night", false, true, false, true, off),
        ("Leave home", false, true, false, true, leave),
        ("Broken flow", false, true, true, true, Vec::new()),
        ("Test", false, true, false, true, Vec::new()),
        ("Test", false, true, false, true, Vec::new()),
        ("Disabled flow", false, false, false, true, Vec::new()),
        ("When the door opens", false, true, false, false, Vec::new()),
        ("Morning routine", true, true, false, true, morning),
        ("Panic", true, true, false, true, on),
    ];
    for (name, advanced, enabled, broken, triggerable, effects) in list {
        home.flows.push(Flow {
            id: dice.uuid(),
            name: name.to_owned(),
            enabled,
            broken,
            triggerable,
            count: 0,
            advanced,
            effects,
            folder: None,
            own: None,
        });
    }
}

fn moods(home: &mut Home, dice: &mut Dice) {
    const CEILING: &str = "Living room/Ceiling light";
    const FLOOR: &str = "Living room/Floor lamp";
    const BEDSIDE: &str = "Bedroom/Bedside lamp";
    let list: [MoodItem; 3] = [
        ("Relax", "Living room", &[(CEILING, 0.2), (FLOOR, 0.4)]),
        ("Bright", "Living room", &[(CEILING, 1.0), (FLOOR, 1.0)]),
        ("Relax", "Bedroom", &[(BEDSIDE, 0.15)]),
    ];
    for (name, zone, lights) in list {
        let mut effects = Vec::new();
        for (path, level) in lights {
            effects.extend(effect(home, path, "onoff", json!(true)));
            effects.extend(effect(home, path, "dim", num(*level)));
        }
        home.moods.push(Mood {
            id: dice.uuid(),
            name: name.to_owned(),
            zone: zone_id(home, zone).unwrap_or_default(),
            effects,
        });
    }
}

fn others(home: &mut Home, dice: &mut Dice, now: i64) {
    let week = [true, true, true, true, true, false, false];
    for (name, time, enabled, days) in [
        ("Wake up", "06:45", true, week),
        ("Weekend", "09:00", false, week.map(|d| !d)),
    ] {
        home.alarms.push(Alarm {
            id: dice.uuid(),
            name: name.to_owned(),
            time: time.to_owned(),
            enabled,
            days,
        });
    }
    for (name, value) in [
        ("Visitors", json!(false)),
        ("Guests", json!(2)),
        ("Message", json!("Welkom thuis")),
    ] {
        home.variables.push(Variable {
            id: dice.uuid(),
            name: name.to_owned(),
            value,
        });
    }
    for excerpt in [
        "**Front door** opened",
        "Battery of **Motion sensor** is low",
    ] {
        home.notices.push(Notice {
            id: dice.uuid(),
            excerpt: excerpt.to_owned(),
            date: now - 3_600_000,
        });
    }
    home.name = "Home".to_owned();
    home.user = User {
        id: dice.uuid(),
        name: "Pat".to_owned(),
        role: "owner".to_owned(),
        enabled: true,
        present: true,
        ..User::default()
    };
    home.guests.push(User {
        id: dice.uuid(),
        name: "Robin".to_owned(),
        role: "user".to_owned(),
        enabled: true,
        ..User::default()
    });
    home.folders.push(Folder {
        id: "0b9f5c1e-54a7-4c0e-9d3a-6f1e2d3c4b5a".to_owned(),
        name: "Lighting".to_owned(),
        parent: None,
    });
    let favorites = [
        "Living room/Floor lamp",
        "Kitchen/Coffee machine",
        "Hall/Front door",
    ];
    for path in favorites {
        let found = home.find(path).ok().and_then(|i| home.devices.get(i));
        home.user
            .favorite_devices
            .extend(found.map(|d| d.id.clone()));
    }
    for name in ["Morning routine", "Good night"] {
        let found = home.flows.iter().find(|f| f.name == name);
        home.user.favorite_flows.extend(found.map(|f| f.id.clone()));
    }
}
