// SPDX-License-Identifier: MIT OR Apache-2.0
//! Capability objects (`objects.md` 3.1, 3.2): one reader for both dialects, members in any order.

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::loose::{Any, Key, Loose, MAX_ID, Shape};
use crate::homey::text::cut;
use crate::homey::{Kind, Reading, Traits, Value};

/// Bounds of [`Traits`].
const MAX_UNITS: usize = 16;
const MAX_CHOICES: usize = 32;
/// More on one device are ignored; the most seen is about 40.
const MAX_CAPABILITIES: usize = 256;

/// Which capabilities of a device are kept.
#[derive(Copy, Clone)]
pub(super) enum Want<'a> {
    Nothing,
    Listed(&'a [&'a str]),
    All,
}

impl Want<'_> {
    fn covers(self, id: &str) -> bool {
        match self {
            Want::Nothing => false,
            Want::Listed(ids) => ids.contains(&id),
            Want::All => id.len() <= MAX_ID,
        }
    }
}

/// Readings by capability id; `available` still to be filled in.
pub(super) type Readings = Vec<(Box<str>, Reading)>;

/// The whole `capabilitiesObj`, as a map or an array. Anything else there counts as empty.
pub(super) struct Capabilities<'a, 'o> {
    pub(super) want: Want<'a>,
    pub(super) out: &'o mut Readings,
}

impl Capabilities<'_, '_> {
    /// The last of two equal names wins, as in every JSON reader that the hub's authors know.
    fn put(&mut self, id: Box<str>, reading: Reading) {
        let has_room = self.out.len() < MAX_CAPABILITIES;
        match self.out.iter_mut().find(|(known, _)| *known == id) {
            Some(known) => known.1 = reading,
            None if has_room => self.out.push((id, reading)),
            None => {}
        }
    }
}

impl<'de> Shape<'de> for Capabilities<'_, '_> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Ok(())
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let want = self.want;
        let keep = |id: &str| want.covers(id).then(|| Box::<str>::from(id));
        while let Some(kept) = map.next_key_seed(Key(keep))? {
            match kept {
                Some(id) => {
                    let one = map.next_value_seed(Any(Capability))?;
                    self.put(id, one.reading);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(one) = seq.next_element_seed(Any(Capability))? {
            if let Some(id) = one.id.filter(|id| self.want.covers(id)) {
                self.put(id, one.reading);
            }
        }
        Ok(())
    }
}

/// One capability object; a bare scalar in its place is its value.
struct Capability;

struct One {
    id: Option<Box<str>>,
    reading: Reading,
}

impl One {
    fn bare(value: Value) -> One {
        let reading = Reading {
            value,
            available: true,
            updated: None,
            traits: None,
        };
        One { id: None, reading }
    }
}

enum Field {
    Id,
    Value,
    Updated,
    Type,
    Getable,
    Setable,
    Min,
    Max,
    Step,
    Decimals,
    Units,
    Choices,
    Other,
}

impl Field {
    fn of(name: &str) -> Field {
        match name {
            "id" => Field::Id,
            "value" => Field::Value,
            "lastUpdated" => Field::Updated,
            "type" => Field::Type,
            "getable" => Field::Getable,
            "setable" => Field::Setable,
            "min" => Field::Min,
            "max" => Field::Max,
            "step" => Field::Step,
            "decimals" => Field::Decimals,
            "units" => Field::Units,
            "values" => Field::Choices,
            _ => Field::Other,
        }
    }
}

impl<'de> Shape<'de> for Capability {
    type Out = One;

    fn scalar<E: Error>(self, scalar: Loose) -> Result<One, E> {
        Ok(One::bare(scalar.into_value()))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<One, A::Error> {
        let mut one = One::bare(Value::Null);
        // An absent `setable` is no refusal: the hub says no itself where it means it.
        let mut traits = Box::new(Traits {
            getable: true,
            setable: true,
            ..Traits::default()
        });
        while let Some(field) = map.next_key_seed(Key(Field::of))? {
            match field {
                Field::Choices => traits.choices = map.next_value_seed(Any(Choices))?,
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
                Field::Id => one.id = map.next_value::<Loose>()?.into_id(),
                Field::Value => one.reading.value = map.next_value::<Loose>()?.into_value(),
                Field::Updated => one.reading.updated = map.next_value::<Loose>()?.as_millis(),
                _ => set(&mut traits, &field, map.next_value()?),
            }
        }
        one.reading.traits = Some(traits);
        Ok(one)
    }
}

/// Puts one scalar member into its place.
fn set(traits: &mut Traits, field: &Field, member: Loose) {
    match field {
        Field::Type => traits.kind = kind(&member),
        Field::Getable => traits.getable = member.as_bool().unwrap_or(true),
        Field::Setable => traits.setable = member.as_bool().unwrap_or(true),
        Field::Min => traits.min = member.as_number(),
        Field::Max => traits.max = member.as_number(),
        // A step of 0 or less would never arrive.
        Field::Step => traits.step = member.as_number().filter(|n| *n > 0.0),
        Field::Decimals => {
            let digits = member.as_number().filter(|n| (0.0..=15.0).contains(n));
            traits.decimals = digits.map(|n| n as u8);
        }
        Field::Units => {
            let units = member.into_text().filter(|t| !t.is_empty());
            traits.units = units.map(|t| cut(&t, MAX_UNITS).into());
        }
        _ => {}
    }
}

fn kind(member: &Loose) -> Kind {
    match member {
        Loose::Text(t) => match &**t {
            "boolean" => Kind::Boolean,
            "number" => Kind::Number,
            "enum" => Kind::Enum,
            "string" => Kind::String,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// `values` of an enum: objects with an `id`, or the bare ids.
struct Choices;

impl<'de> Shape<'de> for Choices {
    type Out = Vec<Box<str>>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(Vec::new())
    }

    fn seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Out, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = seq.next_element_seed(Any(Choice))? {
            if ids.len() < MAX_CHOICES {
                ids.extend(id);
            }
        }
        Ok(ids)
    }
}

struct Choice;

impl<'de> Shape<'de> for Choice {
    type Out = Option<Box<str>>;

    fn scalar<E: Error>(self, scalar: Loose) -> Result<Self::Out, E> {
        Ok(scalar.into_text())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut id = None;
        while let Some(is_id) = map.next_key_seed(Key(|name: &str| name == "id"))? {
            if is_id {
                id = map.next_value::<Loose>()?.into_text();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(id)
    }
}
