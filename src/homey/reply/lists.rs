// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists by name: devices, flows, advanced flows and moods alike, and the tree of zones (`objects.md` 3–6).

use std::collections::BTreeMap;
use std::io::Read;

use super::capability::Want;
use super::item::{Entry, Item, ItemShape, Items, List, Reader};
use super::loose::Any;
use super::{ReplyError, parse};
use crate::homey::Dialect;

/// Zones beyond this number are left out; a home has a few dozen.
pub const MAX_ZONES: usize = 4096;

/// What a list says of one item. Valid during one call of the sink.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct NamedItem<'a> {
    pub id: &'a str,
    /// Empty where the hub gave none. At most [`crate::homey::MAX_TEXT`] bytes.
    pub name: &'a str,
    /// The zone's id.
    pub zone: Option<&'a str>,
    /// The zone's name, which V2 devices carry along.
    pub zone_name: Option<&'a str>,
    /// Devices: `virtualClass` where the user chose one, else `class`.
    pub class: Option<&'a str>,
    /// Flows: switched on.
    pub enabled: Option<bool>,
    /// Flows: may be started by a call.
    pub triggerable: Option<bool>,
    /// Flows: a card in it is gone; a start fails.
    pub broken: Option<bool>,
    /// Devices: what their shape tells of the hub.
    pub dialect: Dialect,
}

/// Reads any list of items with names and hands each one to `sink`. Returns how many entries the list has.
pub fn names(
    mut reader: impl Read,
    sink: &mut dyn FnMut(NamedItem<'_>),
) -> Result<u32, ReplyError> {
    let mut give = |id: &str, item: Item| {
        let class = item.virtual_class.as_deref().filter(|c| !c.is_empty());
        sink(NamedItem {
            id,
            name: item.name.as_deref().unwrap_or_default(),
            zone: item.zone.as_deref(),
            zone_name: item.zone_name.as_deref(),
            class: class.or(item.class.as_deref()),
            enabled: item.enabled,
            triggerable: item.triggerable,
            broken: item.broken,
            dialect: item.dialect,
        });
    };
    each(&mut reader, &mut give, "a list")
}

/// The zones of a home by id (`objects.md` 4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Zones {
    zones: BTreeMap<Box<str>, Zone>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Zone {
    name: Box<str>,
    parent: Option<Box<str>>,
}

/// Reads the list of zones, the first [`MAX_ZONES`] of it.
pub fn zones(mut reader: impl Read) -> Result<Zones, ReplyError> {
    let mut found = Zones::default();
    let mut take = |id: &str, item: Item| {
        let name = item.name.unwrap_or_default();
        found.insert(id, &name, item.parent.as_deref());
    };
    each(&mut reader, &mut take, "a list of zones")?;
    Ok(found)
}

impl Zones {
    /// Adds a zone; beyond [`MAX_ZONES`] nothing happens.
    pub fn insert(&mut self, id: &str, name: &str, parent: Option<&str>) {
        if self.zones.len() < MAX_ZONES || self.zones.contains_key(id) {
            let zone = Zone {
                name: name.into(),
                parent: parent.map(Box::from),
            };
            self.zones.insert(id.into(), zone);
        }
    }

    pub fn len(&self) -> usize {
        self.zones.len()
    }

    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// The zone's own name.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.zones.get(id).map(|zone| &*zone.name)
    }

    /// The names of the zone and of those around it, from the inside out. Ends at the root, at a parent that is not
    /// in the list, and after as many steps as there are zones, so that a cycle ends too.
    pub fn outward<'z>(&'z self, id: &str) -> impl Iterator<Item = &'z str> {
        let mut next = self.zones.get(id);
        std::iter::from_fn(move || {
            let zone = next?;
            next = zone.parent.as_ref().and_then(|id| self.zones.get(id));
            Some(&*zone.name)
        })
        .take(self.zones.len())
    }

    /// All zones as (id, name, parent's id), in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        let zones = self.zones.iter();
        zones.map(|(id, zone)| (&**id, &*zone.name, zone.parent.as_deref()))
    }
}

/// Reads every item of a list with its texts.
fn each(
    reader: &mut dyn Read,
    give: &mut dyn FnMut(&str, Item),
    expected: &'static str,
) -> Result<u32, ReplyError> {
    let mut items = Each { give, count: 0 };
    parse(reader, Any(List(&mut items)), expected)?;
    Ok(items.count)
}

struct Each<'a> {
    give: &'a mut dyn FnMut(&str, Item),
    count: u32,
}

const TEXTS: Reader<'static> = Reader {
    capabilities: Want::Nothing,
    texts: true,
};

impl Items for Each<'_> {
    fn entry(&mut self, _: &str) -> Entry<'_> {
        Entry::Read(TEXTS)
    }

    fn array(&self) -> ItemShape<'_> {
        ItemShape {
            reader: TEXTS,
            wanted: None,
        }
    }

    fn item(&mut self, id: &str, item: Item) {
        (self.give)(id, item);
    }

    fn count(&mut self) {
        self.count = self.count.saturating_add(1);
    }
}
