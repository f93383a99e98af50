// SPDX-License-Identifier: MIT OR Apache-2.0

//! How things look on the wire in the two dialects (objects.md).
//!
//! It reads the home and changes nothing. Key order follows the captures.

pub mod device;
pub mod flow;
pub mod insights;
pub mod rest;
pub mod series;
pub mod system;

use serde_json::Value;

use crate::clock::iso;

/// Firmware version per dialect.
pub fn version(v2: bool) -> &'static str {
    if v2 { "13.2.4" } else { "12.9.0" }
}

/// A time or null.
pub fn time_or_null(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| Value::String(iso(ms)))
}
