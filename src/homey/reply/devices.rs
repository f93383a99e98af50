// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device replies (`objects.md` 3): readings of bound capabilities, or whole rows for a table.

use std::io::Read;

use super::capability::Want;
use super::item::{Entry, Item, ItemShape, Items, List, Reader};
use super::loose::Any;
use super::{ReplyError, parse};
use crate::homey::{Dialect, Reading};

/// A device that something on the panel needs.
#[derive(Copy, Clone, Debug)]
pub struct BoundDevice<'a> {
    pub id: &'a str,
    /// Capability ids and the slots that their readings go to.
    pub capabilities: &'a [(&'a str, u16)],
}

/// What a device list held beside the readings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOutcome {
    /// All entries. 0 is seen for a moment after hub restarts (`api.md` 10): no reason to drop anything.
    pub items: u32,
    /// For each bound device, in the caller's order, whether the list has it.
    pub seen: Vec<bool>,
    /// What the devices' members say of the dialect.
    pub dialect: Dialect,
}

/// What the reply to one device's question held beside the readings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceOutcome {
    pub available: bool,
    pub dialect: Dialect,
}

/// One device for a table. No settings: they may hold passwords.
#[derive(Clone, PartialEq, Debug)]
pub struct DeviceRow {
    pub id: String,
    pub name: String,
    /// The zone's id.
    pub zone: Option<String>,
    /// `virtualClass` where the user chose one, else `class`.
    pub class: String,
    pub available: bool,
    /// Why not available, in the household's language.
    pub message: Option<String>,
    /// At most 256.
    pub capabilities: Vec<(String, Reading)>,
}

/// So many devices without a binding are looked into for signs of the dialect; the rest is read over unread.
const PEEKED: u32 = 8;

/// Reads all devices and hands the readings of bound capabilities to `sink`, slot by slot. The time goes into
/// reading over the rest. See the module's docs on lists that fail half-way.
pub fn devices(
    mut reader: impl Read,
    bound: &[BoundDevice<'_>],
    sink: &mut dyn FnMut(u16, Reading),
) -> Result<ListOutcome, ReplyError> {
    let mut wanted: Vec<&str> = Vec::new();
    for (capability, _) in bound.iter().flat_map(|device| device.capabilities) {
        if !wanted.contains(capability) {
            wanted.push(capability);
        }
    }
    let is_bound = |id: &str| bound.iter().any(|device| device.id == id);
    let mut items = Bound {
        bound,
        wanted: &wanted,
        is_bound: &is_bound,
        sink,
        outcome: ListOutcome {
            items: 0,
            seen: vec![false; bound.len()],
            dialect: Dialect::Unknown,
        },
        peeked: 0,
    };
    parse(&mut reader, Any(List(&mut items)), "a list of devices")?;
    Ok(items.outcome)
}

/// Reads one device. Its `id`, where it has one, must be the one asked for.
pub fn device(
    mut reader: impl Read,
    bound: &BoundDevice<'_>,
    sink: &mut dyn FnMut(u16, Reading),
) -> Result<DeviceOutcome, ReplyError> {
    const EXPECTED: &str = "a device";
    let wanted: Vec<&str> = bound.capabilities.iter().map(|(id, _)| *id).collect();
    let shape = ItemShape {
        reader: Reader {
            capabilities: Want::Listed(&wanted),
            texts: false,
        },
        wanted: None,
    };
    let item = parse(&mut reader, Any(shape), EXPECTED)?
        .ok_or(ReplyError::Shape { expected: EXPECTED })?;
    if item.id.as_deref().is_some_and(|id| id != bound.id) {
        return Err(ReplyError::OtherItem);
    }
    let outcome = DeviceOutcome {
        available: item.available.unwrap_or(true),
        dialect: item.dialect,
    };
    hand_out(item, bound, sink);
    Ok(outcome)
}

/// Reads all devices and hands each one to `sink` as a row, then lets go of it. Returns how many entries the list has.
pub fn devices_full(
    mut reader: impl Read,
    sink: &mut dyn FnMut(DeviceRow),
) -> Result<u32, ReplyError> {
    let mut items = Rows { sink, count: 0 };
    parse(&mut reader, Any(List(&mut items)), "a list of devices")?;
    Ok(items.count)
}

/// Reads one device as a row, like [`devices_full`] reads many.
pub fn device_row(mut reader: impl Read) -> Result<DeviceRow, ReplyError> {
    const EXPECTED: &str = "a device";
    let shape = ItemShape {
        reader: ROW,
        wanted: None,
    };
    let mut item = parse(&mut reader, Any(shape), EXPECTED)?
        .ok_or(ReplyError::Shape { expected: EXPECTED })?;
    let id = item.id.take().unwrap_or_default();
    Ok(row(&id, item))
}

struct Bound<'a> {
    bound: &'a [BoundDevice<'a>],
    /// Every bound capability's id, once. Those of all devices together, since in an array the id may come last.
    wanted: &'a [&'a str],
    is_bound: &'a dyn Fn(&str) -> bool,
    sink: &'a mut dyn FnMut(u16, Reading),
    outcome: ListOutcome,
    peeked: u32,
}

impl Bound<'_> {
    fn reader(&self) -> Reader<'_> {
        Reader {
            capabilities: Want::Listed(self.wanted),
            texts: false,
        }
    }
}

impl Items for Bound<'_> {
    fn entry(&mut self, key: &str) -> Entry<'_> {
        if (self.is_bound)(key) {
            Entry::Read(self.reader())
        } else if self.outcome.dialect == Dialect::Unknown && self.peeked < PEEKED {
            self.peeked += 1;
            Entry::Read(Reader {
                capabilities: Want::Nothing,
                texts: false,
            })
        } else {
            Entry::Skip
        }
    }

    fn array(&self) -> ItemShape<'_> {
        ItemShape {
            reader: self.reader(),
            wanted: Some(self.is_bound),
        }
    }

    fn item(&mut self, id: &str, item: Item) {
        let known = &mut self.outcome.dialect;
        if *known != Dialect::V3 && item.dialect != Dialect::Unknown {
            *known = item.dialect;
        }
        let Some(at) = self.bound.iter().position(|device| device.id == id) else {
            return;
        };
        // One device may be bound in several entries.
        for (i, device) in self.bound.iter().enumerate().skip(at + 1) {
            if device.id == id {
                self.outcome.seen[i] = true;
                hand_out(
                    Item {
                        available: item.available,
                        capabilities: item.capabilities.clone(),
                        ..Item::default()
                    },
                    device,
                    self.sink,
                );
            }
        }
        self.outcome.seen[at] = true;
        hand_out(item, &self.bound[at], self.sink);
    }

    fn count(&mut self) {
        self.outcome.items = self.outcome.items.saturating_add(1);
    }
}

/// Brings a device's readings to their slots, with its availability.
fn hand_out(item: Item, bound: &BoundDevice<'_>, sink: &mut dyn FnMut(u16, Reading)) {
    for (id, mut reading) in item.capabilities {
        reading.available = item.available.unwrap_or(true);
        let mut slots = bound.capabilities.iter().filter(|(want, _)| **want == *id);
        let Some((_, first)) = slots.next() else {
            continue;
        };
        for (_, slot) in slots {
            sink(*slot, reading.clone());
        }
        sink(*first, reading);
    }
}

fn row(id: &str, item: Item) -> DeviceRow {
    let available = item.available.unwrap_or(true);
    let class = item.virtual_class.filter(|class| !class.is_empty());
    let readings = item.capabilities.into_iter();
    DeviceRow {
        id: id.to_owned(),
        name: item.name.map(String::from).unwrap_or_default(),
        zone: item.zone.map(String::from),
        class: class.or(item.class).map(String::from).unwrap_or_default(),
        available,
        message: item.message.map(String::from),
        capabilities: readings
            .map(|(id, reading)| {
                (
                    id.into(),
                    Reading {
                        available,
                        ..reading
                    },
                )
            })
            .collect(),
    }
}

struct Rows<'a> {
    sink: &'a mut dyn FnMut(DeviceRow),
    count: u32,
}

const ROW: Reader<'static> = Reader {
    capabilities: Want::All,
    texts: true,
};

impl Items for Rows<'_> {
    fn entry(&mut self, _: &str) -> Entry<'_> {
        Entry::Read(ROW)
    }

    fn array(&self) -> ItemShape<'_> {
        ItemShape {
            reader: ROW,
            wanted: None,
        }
    }

    fn item(&mut self, id: &str, item: Item) {
        (self.sink)(row(id, item));
    }

    fn count(&mut self) {
        self.count = self.count.saturating_add(1);
    }
}
