// SPDX-License-Identifier: MIT OR Apache-2.0
//! One item of a list — device, flow, advanced flow, mood or zone — and the list around it, as a map or an array.
//!
//! The lists differ in what their items hold, not in how they are read (`objects.md`, head): one reader with a switch for what is kept.

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::capability::{Capabilities, Readings, Want};
use super::loose::{Any, Key, Loose, MAX_ID, Shape};
use crate::homey::Dialect;

/// What was kept of one item.
#[derive(Default)]
pub(super) struct Item {
    pub(super) id: Option<Box<str>>,
    pub(super) name: Option<Box<str>>,
    /// The id of its zone.
    pub(super) zone: Option<Box<str>>,
    /// V2 devices only.
    pub(super) zone_name: Option<Box<str>>,
    /// Zones only.
    pub(super) parent: Option<Box<str>>,
    pub(super) class: Option<Box<str>>,
    pub(super) virtual_class: Option<Box<str>>,
    pub(super) available: Option<bool>,
    pub(super) message: Option<Box<str>>,
    pub(super) enabled: Option<bool>,
    pub(super) triggerable: Option<bool>,
    pub(super) broken: Option<bool>,
    pub(super) capabilities: Readings,
    /// What the item's members say of the dialect.
    pub(super) dialect: Dialect,
}

/// How items are read.
#[derive(Copy, Clone)]
pub(super) struct Reader<'a> {
    pub(super) capabilities: Want<'a>,
    /// Names, zones, classes and the like are kept.
    pub(super) texts: bool,
}

enum Field {
    Id,
    Name,
    Zone,
    ZoneName,
    Parent,
    Class,
    VirtualClass,
    Available,
    Message,
    Enabled,
    Triggerable,
    Broken,
    Capabilities,
    DriverId,
    /// A member that only V3 has (`objects.md` 3.2).
    OfV3,
    Other,
}

impl Field {
    fn of(name: &str) -> Field {
        match name {
            "id" => Field::Id,
            "name" => Field::Name,
            "zone" => Field::Zone,
            "zoneName" => Field::ZoneName,
            "parent" => Field::Parent,
            "class" => Field::Class,
            "virtualClass" => Field::VirtualClass,
            "available" => Field::Available,
            "unavailableMessage" => Field::Message,
            "enabled" => Field::Enabled,
            "triggerable" => Field::Triggerable,
            "broken" => Field::Broken,
            "capabilitiesObj" => Field::Capabilities,
            "driverId" => Field::DriverId,
            "ownerUri" | "hidden" | "lastSeenAt" | "firmwareUpdate" => Field::OfV3,
            _ => Field::Other,
        }
    }
}

/// One item, as a [`Shape`]: `None` for what is no object.
pub(super) struct ItemShape<'a> {
    pub(super) reader: Reader<'a>,
    /// Where the id is not known beforehand: once it is read, whether the rest is worth reading.
    pub(super) wanted: Option<&'a dyn Fn(&str) -> bool>,
}

impl<'de> Shape<'de> for ItemShape<'_> {
    type Out = Option<Item>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(None)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut item = Item::default();
        let mut capabilities = self.reader.capabilities;
        while let Some(field) = map.next_key_seed(Key(Field::of))? {
            match field {
                Field::Id => {
                    item.id = map.next_value::<Loose>()?.into_id();
                    let unwanted = |id: &str| self.wanted.is_some_and(|wanted| !wanted(id));
                    if item.id.as_deref().is_some_and(unwanted) {
                        capabilities = Want::Nothing;
                        item.capabilities.clear();
                    }
                }
                Field::Capabilities if !matches!(capabilities, Want::Nothing) => {
                    item.capabilities.clear();
                    map.next_value_seed(Any(Capabilities {
                        want: capabilities,
                        out: &mut item.capabilities,
                    }))?;
                }
                Field::Capabilities | Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
                Field::OfV3 => {
                    item.dialect = Dialect::V3;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => item.set(&field, map.next_value()?, self.reader.texts),
            }
        }
        Ok(Some(item))
    }
}

impl Item {
    fn set(&mut self, field: &Field, member: Loose, texts: bool) {
        match field {
            Field::Available => self.available = member.as_bool(),
            Field::DriverId => {
                // V3 has the full id, `homey:app:…:bulb`; V2 the driver's own, `bulb`.
                if let Loose::Text(id) = &member {
                    self.hint(if id.contains(':') {
                        Dialect::V3
                    } else {
                        Dialect::V2
                    });
                }
            }
            Field::ZoneName => {
                self.hint(Dialect::V2);
                self.zone_name = member.into_text().filter(|_| texts);
            }
            _ if !texts => {}
            Field::Name => self.name = member.into_text(),
            Field::Zone => self.zone = member.into_id(),
            Field::Parent => self.parent = member.into_id(),
            Field::Class => self.class = member.into_text(),
            Field::VirtualClass => self.virtual_class = member.into_text(),
            Field::Message => self.message = member.into_text(),
            Field::Enabled => self.enabled = member.as_bool(),
            Field::Triggerable => self.triggerable = member.as_bool(),
            Field::Broken => self.broken = member.as_bool(),
            _ => {}
        }
    }

    /// A sign of V3 outweighs one of V2: V3 hubs kept some of the old members for a while.
    fn hint(&mut self, dialect: Dialect) {
        if self.dialect != Dialect::V3 {
            self.dialect = dialect;
        }
    }
}

/// What to do with an entry of a map, decided by its key.
pub(super) enum Entry<'a> {
    Skip,
    Read(Reader<'a>),
}

/// Who reads a list, and how.
pub(super) trait Items {
    /// The entry of a map under `key`. Without this call an array's item is read by `array`.
    fn entry(&mut self, key: &str) -> Entry<'_>;

    /// How the items of an array are read, and which ids are worth it.
    fn array(&self) -> ItemShape<'_>;

    /// One item that was read; `id` is its key in a map, its `id` member in an array.
    fn item(&mut self, id: &str, item: Item);

    /// One more entry, read or not.
    fn count(&mut self);
}

/// A whole list as a [`Shape`]; a scalar is an error.
pub(super) struct List<'x, I>(pub(super) &'x mut I);

impl<'de, I: Items> Shape<'de> for List<'_, I> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Err(E::custom("not a list"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut key = String::new();
        while map
            .next_key_seed(Key(|name: &str| {
                key.clear();
                key.push_str(name);
            }))?
            .is_some()
        {
            self.0.count();
            let read = match self.0.entry(&key) {
                Entry::Read(reader) if key.len() <= MAX_ID => {
                    map.next_value_seed(Any(ItemShape {
                        reader,
                        wanted: None,
                    }))?
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(item) = read {
                self.0.item(&key, item);
            }
        }
        Ok(())
    }

    fn seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(read) = seq.next_element_seed(Any(self.0.array()))? {
            self.0.count();
            if let Some(mut item) = read {
                if let Some(id) = item.id.take() {
                    self.0.item(&id, item);
                }
            }
        }
        Ok(())
    }
}
