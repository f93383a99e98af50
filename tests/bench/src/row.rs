// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a figure came to, for people and for programs. It does not know how anything is measured.

use serde_json::{Map, Value, json};

use crate::stats::Samples;

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Row {
    figure: &'static str,
    case: String,
    values: Vec<(&'static str, f64)>,
    unit: &'static str,
    /// Of a value, by its name.
    limits: Vec<(&'static str, f64)>,
    samples: Option<usize>,
    note: String,
    failed: bool,
}

impl Row {
    /// `case`: which of the figure's rows it is.
    pub fn new(figure: &'static str, case: impl Into<String>, unit: &'static str) -> Row {
        Row {
            figure,
            case: case.into(),
            values: Vec::new(),
            unit,
            limits: Vec::new(),
            samples: None,
            note: String::new(),
            failed: false,
        }
    }

    /// A figure that could not be measured.
    pub fn failed(figure: &'static str, why: &str) -> Row {
        Row {
            note: why.lines().next().unwrap_or_default().to_string(),
            failed: true,
            ..Row::new(figure, "not measured", "")
        }
    }

    pub fn value(mut self, name: &'static str, value: f64) -> Row {
        self.values.push((name, value));
        self
    }

    /// p50, p99, max and their number.
    pub fn samples(mut self, samples: &Samples) -> Row {
        self.values.extend(samples.spread());
        self.samples = Some(samples.len());
        self
    }

    /// The value `name` is promised to be at most `bound`.
    pub fn limit(mut self, name: &'static str, bound: f64) -> Row {
        self.limits.push((name, bound));
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Row {
        self.note = note.into();
        self
    }

    /// One more note.
    pub fn also(mut self, note: &str) -> Row {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note);
        self
    }

    /// Whether all limits are kept, which no samples do not; `None` without any.
    fn kept(&self) -> Option<bool> {
        let kept = |(name, bound): &(&str, f64)| {
            self.values
                .iter()
                .any(|(known, value)| known == name && value <= bound)
        };
        let any = self.samples != Some(0);
        (!self.limits.is_empty()).then(|| any && self.limits.iter().all(kept))
    }

    fn line(&self) -> String {
        let mut parts = Vec::new();
        if !self.values.is_empty() {
            let values = self
                .values
                .iter()
                .map(|(n, v)| format!("{n} {}", short(*v)));
            parts.push(format!(
                "{} {}",
                values.collect::<Vec<_>>().join("  "),
                self.unit
            ));
        }
        if let Some(samples) = self.samples {
            parts.push(format!("n {samples}"));
        }
        if let Some(kept) = self.kept() {
            let limits = self
                .limits
                .iter()
                .map(|(n, v)| format!("{n} <= {}", short(*v)));
            let limits = limits.collect::<Vec<_>>().join(", ");
            parts.push(format!("{} ({limits})", if kept { "ok" } else { "MISSED" }));
        }
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        }
        format!("{:10} {:44} {}", self.figure, self.case, parts.join("  | "))
    }

    fn json(&self) -> Value {
        let members = |pairs: &[(&str, f64)]| -> Map<String, Value> {
            pairs
                .iter()
                .map(|(n, v)| (n.to_string(), json!(v)))
                .collect()
        };
        json!({
            "figure": self.figure,
            "case": self.case,
            "unit": self.unit,
            "values": members(&self.values),
            "limits": members(&self.limits),
            "kept": self.kept(),
            "samples": self.samples,
            "note": self.note,
            "measured": !self.failed,
        })
    }
}

/// Four digits that count, or all of a whole number.
fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 1000.0 || v.fract() == 0.0 => format!("{value:.0}"),
        v if v >= 100.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// All rows; each is printed when it is there.
pub struct Report {
    json: bool,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(json: bool) -> Report {
        Report {
            json,
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, row: Row) {
        if self.json {
            eprintln!("{}", row.line());
        } else {
            println!("{}", row.line());
        }
        self.rows.push(row);
    }

    /// Prints what comes last.
    pub fn end(&self) {
        if self.json {
            let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
            println!("{}", Value::from(rows));
        } else {
            println!(
                "{} rows, {} limits missed, {} figures not measured",
                self.rows.len(),
                self.missed(),
                self.broken()
            );
        }
    }

    /// How many rows miss a limit.
    pub fn missed(&self) -> usize {
        self.rows.iter().filter(|r| r.kept() == Some(false)).count()
    }

    /// How many figures could not be measured.
    pub fn broken(&self) -> usize {
        self.rows.iter().filter(|r| r.failed).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_its_bound_and_missed_without_its_value() {
        let row = |value: f64| Row::new("f", "c", "ms").value("p99", value);
        for (row, kept) in [
            (row(5.0), None),
            (row(5.0).limit("p99", 5.0), Some(true)),
            (row(5.1).limit("p99", 5.0), Some(false)),
            (row(5.0).limit("max", 5.0), Some(false)),
            (row(5.0).limit("p99", 5.0).limit("p99", 4.0), Some(false)),
        ] {
            assert_eq!(row.kept(), kept, "{row:?}");
        }
        let none = Row::new("f", "c", "ms").samples(&Samples::default());
        assert_eq!(none.limit("p99", 5.0).kept(), Some(false));
        let line = row(5.125).limit("p99", 5.0).line();
        assert!(
            line.contains("p99 5.12 ms") && line.contains("MISSED (p99 <= 5)"),
            "{line}"
        );
    }
}
