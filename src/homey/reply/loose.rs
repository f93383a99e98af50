// SPDX-License-Identifier: MIT OR Apache-2.0
//! Members of any type, taken without complaint: drivers put texts where numbers belong (`objects.md` 3.1).
//!
//! [`Any`] turns what one reader says about maps, arrays and scalars ([`Shape`]) into a serde visitor that takes all of them.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::homey::text::cut;
use crate::homey::{MAX_TEXT, Value, iso};

/// Longer ids are not kept at all: a cut id would name something else.
pub(in crate::homey) const MAX_ID: usize = 128;

/// What one reader makes of each JSON type. Unless it says otherwise, arrays and objects are read over.
pub(in crate::homey) trait Shape<'de>: Sized {
    type Out;

    /// `null`, a boolean, a number, a text, or [`Loose::Odd`] for an array or object that was read over.
    fn scalar<E: Error>(self, scalar: Loose) -> Result<Self::Out, E>;

    fn map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Out, A::Error> {
        IgnoredAny.visit_map(map)?;
        self.scalar(Loose::Odd)
    }

    fn seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Out, A::Error> {
        IgnoredAny.visit_seq(seq)?;
        self.scalar(Loose::Odd)
    }
}

/// A [`Shape`] as serde wants it.
pub(in crate::homey) struct Any<S>(pub(in crate::homey) S);

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for Any<S> {
    type Value = S::Out;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Out, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for Any<S> {
    type Value = S::Out;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another shape of reply")
    }

    fn visit_unit<E: Error>(self) -> Result<S::Out, E> {
        self.0.scalar(Loose::Null)
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<S::Out, E> {
        self.0.scalar(Loose::Bool(b))
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<S::Out, E> {
        self.0.scalar(Loose::Number(n as f64))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<S::Out, E> {
        self.0.scalar(Loose::Number(n as f64))
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<S::Out, E> {
        let scalar = if n.is_finite() {
            // The addition turns -0 into 0, so that no display shows "-0".
            Loose::Number(n + 0.0)
        } else {
            Loose::Null
        };
        self.0.scalar(scalar)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<S::Out, E> {
        self.0.scalar(Loose::Text(cut(text, MAX_TEXT).into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<S::Out, A::Error> {
        self.0.seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<S::Out, A::Error> {
        self.0.map(map)
    }
}

/// Whatever stood there.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::homey) enum Loose {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    /// Cut to [`MAX_TEXT`] bytes.
    Text(Box<str>),
    /// An array or object, read over.
    Odd,
}

struct AsItIs;

impl<'de> Shape<'de> for AsItIs {
    type Out = Loose;

    fn scalar<E: Error>(self, scalar: Loose) -> Result<Loose, E> {
        Ok(scalar)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Loose, D::Error> {
        Any(AsItIs).deserialize(deserializer)
    }
}

impl Loose {
    /// As a capability's value: an array or object counts as none.
    pub(in crate::homey) fn into_value(self) -> Value {
        match self {
            Loose::Null | Loose::Odd => Value::Null,
            Loose::Bool(b) => Value::Bool(b),
            Loose::Number(n) => Value::Number(n),
            Loose::Text(t) => Value::Text(t),
        }
    }

    pub(in crate::homey) fn into_text(self) -> Option<Box<str>> {
        match self {
            Loose::Text(t) => Some(t),
            _ => None,
        }
    }

    /// As an id: a text of 1 to [`MAX_ID`] bytes.
    pub(in crate::homey) fn into_id(self) -> Option<Box<str>> {
        self.into_text()
            .filter(|t| !t.is_empty() && t.len() <= MAX_ID)
    }

    pub(in crate::homey) fn as_bool(&self) -> Option<bool> {
        match self {
            Loose::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// As a number; a number in quotes counts, since settings carry such.
    pub(in crate::homey) fn as_number(&self) -> Option<f64> {
        match self {
            Loose::Number(n) => Some(*n),
            Loose::Text(t) => t.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// As a time: ISO 8601, or milliseconds since 1970.
    pub(in crate::homey) fn as_millis(&self) -> Option<u64> {
        match self {
            Loose::Text(t) => iso::parse(t),
            Loose::Number(n) if *n >= 0.0 && *n < 9.0e15 => Some(*n as u64),
            _ => None,
        }
    }
}

/// Reads a member's name through a function, without keeping the name.
pub(in crate::homey) struct Key<F>(pub(in crate::homey) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Key<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Key<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<T, E> {
        Ok((self.0)(name))
    }
}
