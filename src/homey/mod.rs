// SPDX-License-Identifier: MIT OR Apache-2.0
//! What hub and cloud understand, as bytes and values. Pure: knows `http`, knows no socket, no file and no panel.
//!
//! Facts on the wire: `api.md`, `operations.md` and `objects.md` of the project's shared notes; each item names its section.
//!
//! - [`call`]: what a panel asks of a hub, as method, target and body. [`profile`]: the header lines around it.
//! - [`reply`]: streaming readers of what the hub answers. [`error`]: what it says when it refuses.
//! - [`names`]: `Zone/Name` references to ids, with near misses.
//! - [`secret`]: a bearer kept out of logs. [`session`]: the stored session. [`auth`]: the life cycle of tokens (who renews
//!   what, when), as a state machine over `(now, events)`.
//! - [`mdns`]: which hubs are in the house, as questions and answers of multicast DNS.
//! - [`route`]: by which ways a hub may be reached, and which of them wins.
//! - [`iso`], [`text`]: hub times, and small rules for foreign texts.

pub mod auth;
pub mod call;
pub mod error;
pub mod iso;
pub mod mdns;
pub mod names;
pub mod profile;
pub mod reply;
pub mod route;
pub mod secret;
pub mod session;
pub mod text;

use std::fmt;

/// A capability's value (`objects.md` 3): the four JSON scalars that the hub sends and takes.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Never reported yet, or not getable.
    Null,
    Bool(bool),
    /// Finite; a JSON number.
    Number(f64),
    /// A `string` capability, an `enum` choice, or what a driver put in place of a number. At most [`MAX_TEXT`] bytes.
    Text(Box<str>),
}

/// Longer texts from the hub are cut here before they are kept, so that memory stays bounded.
pub const MAX_TEXT: usize = 256;

impl fmt::Display for Value {
    /// As a person would write it: `on`/`off` stay `true`/`false`, numbers without needless digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("-"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::Text(t) => f.write_str(t),
        }
    }
}

/// The declared type of a capability (`capabilities.md` 1 rule 4).
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    Boolean,
    Number,
    Enum,
    String,
    /// Missing or a type that no source names.
    #[default]
    Other,
}

/// What a device says of one of its capabilities beside the value (`objects.md` 3.1). Absent members stay `None`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Traits {
    pub kind: Kind,
    pub getable: bool,
    pub setable: bool,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub step: Option<f64>,
    /// Digits after the point to show.
    pub decimals: Option<u8>,
    /// As the hub writes it, at most 16 bytes.
    pub units: Option<Box<str>>,
    /// The ids of an enum's choices, at most 32.
    pub choices: Vec<Box<str>>,
}

/// One capability of one device as a reply told it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    pub value: Value,
    /// The device's `available` member; `true` where it is absent.
    pub available: bool,
    /// `lastUpdated` in milliseconds of the **hub's** clock; only ever compared with other hub times.
    pub updated: Option<u64>,
    /// `None` where the reply carried the bare value only.
    pub traits: Option<Box<Traits>>,
}

/// The two dialects on the wire (`objects.md`, head). Found out from replies, never asked.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Dialect {
    /// Not known yet: treated with the caution that V2 needs.
    #[default]
    Unknown,
    /// Homey Pro 2016–2019.
    V2,
    /// Homey Pro 2023 and later, Pro mini, Self-Hosted Server, Homey Cloud.
    V3,
}
