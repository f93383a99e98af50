// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the hub answers, read as it streams in (`objects.md`).
//!
//! Every reader takes any `Read`, unbuffered ones too: the one buffer is in here, and small. Nothing is kept that nobody
//! asked for: items without a binding are read over, texts are cut, counts are bounded, so memory does not grow
//! with the house. All readers share these rules:
//! - lists come as maps keyed by id or as arrays; in a map the key is the id;
//! - unknown members are ignored, every member may be missing, null or of another type; of two equal names the last wins;
//! - an odd item never fails a list. What does fail it: bytes that are no JSON, an end too early, something after the end,
//!   nesting beyond 100 levels, a text beyond 1 MiB, a reply of another shape altogether (`true` where a list was due);
//! - numbers that no f64 holds (`1e999`) count as null.
//!
//! A list that fails half-way has already called its sink. The caller keeps what the sink got until the call returns `Ok`.

mod capability;
mod clean;
mod devices;
mod info;
mod insights;
mod item;
mod lists;
pub(super) mod loose;
mod ping;
mod scalar;

pub use devices::{
    BoundDevice, DeviceOutcome, DeviceRow, ListOutcome, device, device_row, devices, devices_full,
};
pub use info::{SessionInfo, SystemInfo, probe_dialect, session, system};
pub use insights::{Entries, Log, MAX_ENTRIES, entries, logs};
pub use lists::{MAX_ZONES, NamedItem, Zones, names, zones};
pub use ping::{PingError, PingParts, PingReply, ping};
pub use scalar::{capability_value, set_reply};

use std::fmt;
use std::io::{self, Read};

use serde::de::DeserializeSeed;
use serde_json::error::Category;

use clean::{Clean, Fault};

/// Why a reply could not be read. Never quotes the reply: device settings hold passwords (`objects.md`, head).
#[derive(Debug)]
pub enum ReplyError {
    /// The stream below gave out; its own error.
    Read(io::Error),
    /// The stream ended inside the JSON.
    Truncated,
    /// Not JSON.
    Syntax { line: usize, column: usize },
    /// Something follows the JSON.
    Trailing,
    /// Well-formed, but not this.
    Shape { expected: &'static str },
    /// Nested deeper than any hub does.
    TooDeep,
    /// A text longer than any hub sends.
    LongText,
    /// The answer is about another item than the question.
    OtherItem,
}

/// Reads one JSON value as `seed` takes it, through the mending and the bounds that all readers here share, and insists
/// on the end of the stream after it. `expected` completes "the reply is not …".
pub fn parse<S, T>(src: &mut dyn Read, seed: S, expected: &'static str) -> Result<T, ReplyError>
where
    S: for<'de> DeserializeSeed<'de, Value = T>,
{
    let mut clean = Clean::new(src);
    let mut deserializer = serde_json::Deserializer::from_reader(&mut clean);
    let mut whole = false;
    let result = seed.deserialize(&mut deserializer).and_then(|value| {
        whole = true;
        deserializer.end().map(|()| value)
    });
    result.map_err(|e| match (e.classify(), clean.fault()) {
        (_, Some(Fault::TooDeep)) => ReplyError::TooDeep,
        (_, Some(Fault::LongText)) => ReplyError::LongText,
        (Category::Io, None) => ReplyError::Read(e.into()),
        (Category::Eof, None) => ReplyError::Truncated,
        (Category::Data, None) => ReplyError::Shape { expected },
        (Category::Syntax, None) if whole => ReplyError::Trailing,
        (Category::Syntax, None) if clean.asked_beyond_end() => ReplyError::Truncated,
        (Category::Syntax, None) => ReplyError::Syntax {
            line: e.line(),
            column: e.column(),
        },
    })
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplyError::Read(e) => write!(f, "the reply broke off: {e}"),
            ReplyError::Truncated => f.write_str("the reply ends in the middle of its JSON"),
            ReplyError::Syntax { line, column } => {
                write!(f, "the reply is no JSON at line {line} column {column}")
            }
            ReplyError::Trailing => f.write_str("the reply goes on after its JSON"),
            ReplyError::Shape { expected } => write!(f, "the reply is not {expected}"),
            ReplyError::TooDeep => f.write_str("the reply is nested deeper than 100 levels"),
            ReplyError::LongText => f.write_str("the reply holds a text longer than 1 MiB"),
            ReplyError::OtherItem => f.write_str("the reply is about another item than asked for"),
        }
    }
}

impl std::error::Error for ReplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReplyError::Read(e) => Some(e),
            _ => None,
        }
    }
}
