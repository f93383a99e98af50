// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes a home of any size from a seed: the fixed items, the odd ones, and as
//! many ordinary ones as it takes.

use super::caps::Capability;
use super::feed::Feed;
use super::kinds::{KINDS, build};
use super::names::{FLOORS, ROOMS, SPOTS};
use super::{Home, Zone, fixed, odd};
use crate::clock::now_ms;
use crate::dice::Dice;

/// Homes of this size or more hold the odd devices.
const ODD_FROM: usize = 30;

/// A home of `devices` devices, always the same for the same seed.
pub fn home(devices: usize, seed: u64) -> Home {
    let mut home = fixed::home(devices);
    let mut dice = Dice::new(seed);
    let now = now_ms();
    if devices >= ODD_FROM {
        let room = devices - home.devices.len();
        odd::add(&mut home, room, &mut dice, now);
    }
    let rooms = rooms(&mut home, devices, &mut dice);
    while home.devices.len() < devices {
        let kind = dice.pick(KINDS);
        let zone = dice.pick(&rooms).clone();
        let name = free_name(&home, &zone, kind.noun, &mut dice);
        let mut device = build(kind, &name, &zone, &mut dice, now);
        if dice.chance(2) {
            device.available = false;
            device.unavailable_message = Some("Time-out".to_owned());
        }
        if kind.noun == "socket" && dice.chance(30) {
            device.virtual_class = Some(*dice.pick(&["light", "kettle", "tv", "heater"]));
        }
        home.devices.push(device);
    }
    // Lists come in no order that a client could lean on.
    home.devices.sort_by(|a, b| a.id.cmp(&b.id));
    home.feed = Feed::open();
    for device in &mut home.devices {
        device.feed = home.feed.clone();
        device.caps.iter_mut().for_each(Capability::begin);
    }
    (home.seed, home.started) = (seed, now);
    home
}

/// Adds floors and rooms, about one room per eight devices; gives the ids of
/// all zones that hold devices.
fn rooms(home: &mut Home, devices: usize, dice: &mut Dice) -> Vec<String> {
    let extra = (devices.saturating_sub(ODD_FROM) / 8).min(120);
    let floors = extra.div_ceil(ROOMS.len()).max(usize::from(extra > 0));
    let root = home.zones.first().map(|z| z.id.clone());
    let mut parents: Vec<String> = home.zones[1..3].iter().map(|z| z.id.clone()).collect();
    for floor in 0..floors {
        let (name, icon) = FLOORS[floor % FLOORS.len()];
        let name = match floor / FLOORS.len() {
            0 => name.to_owned(),
            n => format!("{name} {}", n + 1),
        };
        parents.push(add_zone(home, name, icon, root.clone(), dice));
    }
    for room in 0..extra {
        let (name, icon) = ROOMS[room % ROOMS.len()];
        let parent = parents[room % parents.len()].clone();
        add_zone(home, name.to_owned(), icon, Some(parent), dice);
    }
    let inner = |zone: &&Zone| zone.parent.is_some() && !parents.contains(&zone.id);
    home.zones
        .iter()
        .filter(inner)
        .map(|z| z.id.clone())
        .collect()
}

fn add_zone(
    home: &mut Home,
    name: String,
    icon: &'static str,
    parent: Option<String>,
    dice: &mut Dice,
) -> String {
    let id = dice.uuid();
    home.zones.push(Zone {
        id: id.clone(),
        name,
        parent,
        icon,
        order: home.zones.len() + 1,
    });
    id
}

/// A name that is new in its zone, so that the only ambiguous names are the
/// ones made so on purpose.
fn free_name(home: &Home, zone: &str, noun: &str, dice: &mut Dice) -> String {
    let word = *dice.pick(SPOTS);
    let taken = |name: &str| {
        home.devices
            .iter()
            .any(|d| d.zone == zone && d.name == name)
    };
    let plain = format!("{word} {noun}");
    if !taken(&plain) {
        return plain;
    }
    (2..)
        .map(|n| format!("{plain} {n}"))
        .find(|name| !taken(name))
        .unwrap_or(plain)
}
