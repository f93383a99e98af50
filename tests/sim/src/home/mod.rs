// SPDX-License-Identifier: MIT OR Apache-2.0

//! The simulated home: what exists and what state it is in.
//!
//! It must not know how any of it looks on the wire (`shape`), nor who asks
//! (`auth`, `api`).

pub mod caps;
pub mod drive;
pub mod feed;
pub mod find;
pub mod fixed;
pub mod generate;
pub mod kinds;
pub mod names;
pub mod odd;
pub mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use caps::Capability;
use feed::{Change, Feed, What};

/// A room or floor (objects.md 4).
#[derive(Clone, Debug)]
pub struct Zone {
    /// UUID.
    pub id: String,
    /// Name given by the user.
    pub name: String,
    /// Id of the zone it lies in; none for the root.
    pub parent: Option<String>,
    /// Icon name (capabilities.md 12).
    pub icon: &'static str,
    /// Position among its siblings (V2 only).
    pub order: usize,
}

/// A device (objects.md 3) with the simulator's own switches on it.
#[derive(Clone, Debug)]
pub struct Device {
    /// UUID.
    pub id: String,
    /// Name given by the user.
    pub name: String,
    /// Id of its zone.
    pub zone: String,
    /// Class set by the driver.
    pub class: &'static str,
    /// Class set by the user.
    pub virtual_class: Option<&'static str>,
    /// App that brings the driver.
    pub app: &'static str,
    /// Short driver id.
    pub driver: &'static str,
    /// Radio and other flags.
    pub flags: Vec<&'static str>,
    /// Colour of its tile.
    pub color: String,
    /// Address in its app's own words.
    pub data: String,
    /// Icon id.
    pub icon: String,
    /// Driver settings.
    pub settings: Map<String, Value>,
    /// Battery type, if it has one.
    pub battery: Option<&'static str>,
    /// Its capabilities in the driver's order.
    pub caps: Vec<Capability>,
    /// Time of the last sign of life.
    pub seen: i64,
    /// False: unreachable; values stay as they were.
    pub available: bool,
    /// Why it is unreachable.
    pub unavailable_message: Option<String>,
    /// Removed from the hub.
    pub gone: bool,
    /// A written value takes effect only so many ms after the reply.
    pub slow_ms: u64,
    /// Writes are never answered.
    pub hang: bool,
    /// Its JSON, kept until something of it changes: a list of 10,000 devices
    /// is some 50 MB, which is too slow to build for every request.
    pub wire: Option<Arc<str>>,
    /// The client's transaction that is being carried out.
    pub transaction: Option<String>,
    /// Who wants to know of its values.
    pub feed: Feed,
}

impl Device {
    /// Its capability of this full id.
    pub fn cap(&self, id: &str) -> Option<&Capability> {
        self.caps.iter().find(|c| c.id == id)
    }

    /// The same, to change it; the kept JSON is dropped.
    pub fn cap_mut(&mut self, id: &str) -> Option<&mut Capability> {
        self.wire = None;
        self.caps.iter_mut().find(|c| c.id == id)
    }

    /// Changes a value as the device itself reports it.
    pub fn report(&mut self, id: &str, value: Value, now: i64) {
        self.seen = now;
        let told = value.clone();
        let Some(cap) = self.cap_mut(id) else {
            return;
        };
        cap.report(value, now);
        self.feed.tell(Change::Value {
            device: self.id.clone(),
            cap: id.to_owned(),
            value: told,
            transaction: self.transaction.clone(),
            at: now,
        });
        if matches!(caps::base(id), "alarm_motion" | "alarm_contact") {
            self.feed.item("zones", "zone", What::Updated, &self.zone);
        }
    }
}

/// What a flow or mood does to a device: device id, capability, value.
pub type Effect = (String, String, Value);

/// A standard or an advanced flow (objects.md 5).
#[derive(Clone, Debug)]
pub struct Flow {
    /// UUID.
    pub id: String,
    /// Name, not unique.
    pub name: String,
    /// Switched on by the user.
    pub enabled: bool,
    /// Has a card that no longer works.
    pub broken: bool,
    /// May be started by API.
    pub triggerable: bool,
    /// How often it ran.
    pub count: u64,
    /// Advanced flows have cards instead of trigger, conditions, actions.
    pub advanced: bool,
    /// What it does.
    pub effects: Vec<Effect>,
}

impl Flow {
    /// Its class's realtime prefix.
    pub fn class(&self) -> &'static str {
        match self.advanced {
            true => "advancedflow",
            false => "flow",
        }
    }
}

/// A mood (objects.md 6).
#[derive(Clone, Debug)]
pub struct Mood {
    /// UUID.
    pub id: String,
    /// Name, unique only in its zone.
    pub name: String,
    /// Zone it belongs to.
    pub zone: String,
    /// Device states that it sets.
    pub effects: Vec<Effect>,
}

/// An alarm clock (objects.md 6).
#[derive(Clone, Debug)]
pub struct Alarm {
    /// UUID.
    pub id: String,
    /// Name.
    pub name: String,
    /// Local time, `HH:MM`.
    pub time: String,
    /// Switched on.
    pub enabled: bool,
    /// Monday to Sunday.
    pub days: [bool; 7],
}

/// A logic variable (objects.md 6); the JSON type of the value is its type.
#[derive(Clone, Debug)]
pub struct Variable {
    /// UUID.
    pub id: String,
    /// Name.
    pub name: String,
    /// Boolean, number or string.
    pub value: Value,
}

/// A line of the timeline (objects.md 6).
#[derive(Clone, Debug)]
pub struct Notice {
    /// UUID.
    pub id: String,
    /// Text with `**bold**` parts.
    pub excerpt: String,
    /// When.
    pub date: i64,
}

/// The hub's owner (objects.md 2.3).
#[derive(Clone, Debug, Default)]
pub struct User {
    /// UUID.
    pub id: String,
    /// At home.
    pub present: bool,
    /// Asleep.
    pub asleep: bool,
    /// Ids in the user's order.
    pub favorite_devices: Vec<String>,
    /// Ids of standard and advanced flows in the user's order.
    pub favorite_flows: Vec<String>,
}

/// Everything that a hub keeps about its home.
#[derive(Debug, Default)]
pub struct Home {
    /// What it was made from.
    pub seed: u64,
    /// When the hub started.
    pub started: i64,
    /// Who wants to know of changes.
    pub feed: Feed,
    /// Zones; the root first.
    pub zones: Vec<Zone>,
    /// Devices in the order of their lists.
    pub devices: Vec<Device>,
    /// Standard and advanced flows.
    pub flows: Vec<Flow>,
    /// Moods.
    pub moods: Vec<Mood>,
    /// Alarms.
    pub alarms: Vec<Alarm>,
    /// Logic variables.
    pub variables: Vec<Variable>,
    /// Timeline.
    pub notices: Vec<Notice>,
    /// Owner.
    pub user: User,
    /// Options that were set, by manager and path.
    pub options: BTreeMap<(&'static str, &'static str), Value>,
}
