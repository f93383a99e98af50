// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists for people and for programs: aligned columns, or one JSON array.
//!
//! Must not know where rows come from. Text from a hub is made harmless here before it reaches a terminal.

use std::io::{self, Write};
use std::os::fd::AsFd;

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::hw::{self, cut_columns, fit_columns, text_columns};

use super::written;

/// A list with named columns. Cells are JSON values, so that `--json` keeps numbers and nulls as they are.
pub struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// An empty list with these columns; the names serve as headings and as JSON members.
    pub fn new(columns: &'static [&'static str]) -> Table {
        Table {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are null, surplus ones are dropped.
    pub fn row(&mut self, mut cells: Vec<Value>) {
        cells.resize(self.columns.len(), Value::Null);
        self.rows.push(cells);
    }

    /// Sorts by the text of the first cells, in their order.
    pub fn sort(&mut self) {
        let mut sorted: Vec<(Vec<String>, Vec<Value>)> = Vec::with_capacity(self.rows.len());
        for row in self.rows.drain(..) {
            // std's sort would be 8 KiB of code for some hundred rows.
            let key = row.iter().map(plain).collect();
            let at = sorted.partition_point(|(other, _)| *other <= key);
            sorted.insert(at, (key, row));
        }
        self.rows.extend(sorted.into_iter().map(|(_, row)| row));
    }

    /// Writes the list to stdout: as `json`, or as columns, which on a terminal keep to its width.
    pub fn show(&self, json: bool) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        if json {
            return written(self.write(&mut out, true));
        }
        written(put_lines(&mut out, &self.lines()))
    }

    /// Writes the list whole; `json`: as an array of objects with two-space indentation.
    pub fn write(&self, out: &mut dyn Write, json: bool) -> io::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, &self.objects())?;
            return writeln!(out);
        }
        self.lines()
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
    }

    /// The rows as JSON objects.
    pub fn objects(&self) -> Vec<Value> {
        self.rows.iter().map(|row| self.object(row)).collect()
    }

    /// The heading and the rows, aligned.
    pub fn lines(&self) -> Vec<String> {
        let heading: Vec<String> = self
            .columns
            .iter()
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let mut rows = vec![heading];
        rows.extend(self.rows.iter().map(|row| row.iter().map(plain).collect()));
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|i| {
                let cells = rows.iter().filter_map(|row| row.get(i));
                cells.map(|cell| text_columns(cell)).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&fit_columns(cell, *width, '…'));
                line.push_str("  ");
            }
            line.truncate(line.trim_end().len());
            line
        };
        rows.iter().map(line).collect()
    }

    fn object(&self, row: &[Value]) -> Value {
        let mut members = Map::new();
        // One by one: collecting into a map would sort first, another 5 KiB of code.
        for (column, cell) in self.columns.iter().zip(row) {
            members.insert(column.to_string(), cell.clone());
        }
        Value::Object(members)
    }
}

/// Writes lines to stdout; on a terminal each ends at its edge instead of going on below.
pub(super) fn put_lines(out: &mut dyn Write, lines: &[String]) -> io::Result<()> {
    let columns = hw::columns(io::stdout().as_fd());
    lines.iter().try_for_each(|line| match columns {
        Some(columns) => writeln!(out, "{}", cut_columns(line, columns, '…')),
        None => writeln!(out, "{line}"),
    })
}

/// A cell as a person reads it, without control characters that could steer a terminal.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::String(text) => harmless(text),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        // 21, not 21.0.
        Value::Number(number) => match (number.is_f64(), number.as_f64()) {
            (true, Some(number)) => format!("{number}"),
            _ => number.to_string(),
        },
        other => harmless(&other.to_string()),
    }
}

/// Replaces control characters, so that a device's name cannot move the cursor of the reader's terminal, nor turn
/// the direction of its writing.
pub fn harmless(text: &str) -> String {
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| {
            if c.is_control() || turns(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Table {
        let mut table = Table::new(&["zone", "name", "on"]);
        table.row(vec![
            json!("Office"),
            json!("Desk \u{1b}[2Jlight"),
            json!(true),
        ]);
        table.row(vec![json!("Hall"), json!("Door")]);
        table.sort();
        table
    }

    #[test]
    fn people_get_columns_and_no_escapes() {
        let mut out = Vec::new();
        sample().write(&mut out, false).unwrap();
        let text = "ZONE    NAME            ON\nHall    Door            -\nOffice  Desk \u{fffd}[2Jlight  yes\n";
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        let mut table = Table::new(&["name", "n"]);
        table.row(vec![json!("日本語"), json!(21.0)]);
        table.row(vec![json!("e\u{301}"), json!(7)]);
        assert_eq!(
            table.lines(),
            ["NAME    N", "日本語  21", "e\u{301}       7"]
        );
    }

    #[test]
    fn nothing_in_a_cell_steers_a_terminal() {
        let odd = json!({"\u{9b}2J": ["\u{1b}x\u{202e}", {"y": "\u{2066}\u{85}"}]});
        for cell in [odd.clone(), json!([odd])] {
            let text = plain(&cell);
            let steers = |c: char| {
                c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!text.contains(steers), "{text:?}");
        }
    }

    #[test]
    fn programs_get_json_with_everything() {
        let mut out = Vec::new();
        sample().write(&mut out, true).unwrap();
        let rows: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(rows[0], json!({"zone": "Hall", "name": "Door", "on": null}));
        assert_eq!(rows[1]["name"], json!("Desk \u{1b}[2Jlight"));
    }
}
