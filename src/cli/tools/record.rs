// SPDX-License-Identifier: MIT OR Apache-2.0
//! One thing with all that is known of it: labelled lines for people, one JSON object for programs.
//!
//! Must not know where it comes from. Text from a hub is made harmless before it reaches a terminal.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::cli::table::{plain, put_lines};
use crate::cli::written;
use crate::failure::Failure;

/// All that is known of one thing, by name: lines for people, one JSON object for programs.
pub(in crate::cli) struct Record {
    members: Vec<(&'static str, Value)>,
}

impl Record {
    pub(in crate::cli) fn new() -> Record {
        Record {
            members: Vec::new(),
        }
    }

    /// Adds a member; the name serves as JSON member and, with spaces for `_`, as label.
    pub(in crate::cli) fn put(&mut self, name: &'static str, value: Value) {
        self.members.push((name, value));
    }

    /// One line a member, for a person: what is not known is left out, and so are lists of objects, for which a
    /// [`Table`] is due.
    pub(in crate::cli) fn lines(&self) -> Vec<String> {
        let is_shown = |value: &Value| match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty() && !items.iter().any(Value::is_object),
            _ => true,
        };
        let shown = self.members.iter().filter(|(_, value)| is_shown(value));
        let width = shown.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
        let line = |(name, value): &(&str, Value)| {
            let value = match value {
                Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
                value => plain(value),
            };
            format!("{:width$}  {value}", name.replace('_', " "))
        };
        shown.map(line).collect()
    }

    /// The whole of it.
    pub(in crate::cli) fn object(self) -> Value {
        let mut members = Map::new();
        for (name, value) in self.members {
            members.insert(name.to_string(), value);
        }
        Value::Object(members)
    }

    /// Writes it to stdout.
    pub(in crate::cli) fn show(self, json: bool) -> Result<(), Failure> {
        if json {
            return show_json(&self.object());
        }
        written(put_lines(&mut io::stdout().lock(), &self.lines()))
    }
}

/// Writes JSON to stdout, with two-space indentation.
pub(in crate::cli) fn show_json(value: &Value) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(
        serde_json::to_writer_pretty(&mut out, value)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_leaves_out_what_is_not_known() {
        let mut record = Record::new();
        record.put("id", json!("d1"));
        record.put("last_seen", Value::Null);
        record.put("zone_path", json!("Home/\u{7}Hall"));
        record.put("flags", json!(["a b", "c"]));
        record.put("none", json!([]));
        record.put("capabilities", json!([{"id": "x"}]));
        assert_eq!(
            record.lines(),
            [
                "id         d1",
                "zone path  Home/\u{fffd}Hall",
                "flags      a b, c"
            ]
        );
        assert_eq!(record.object()["last_seen"], Value::Null);
    }
}
