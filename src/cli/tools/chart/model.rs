// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a chart consists of, whoever draws it: panels with one axis or two, bands of switches, and what has no data.
//!
//! ```text
//!   up to two units: one panel, the second unit on the right      more: a panel for each unit, one below the other
//!   switches and alarms: a band each, below all panels
//! ```

use crate::cli::tools::local::Zone;
use crate::cli::tools::series::{Series, number};

use super::scale::{Scale, moment};

/// Times before the last so many milliseconds are left out: 20 years, longer than any hub remembers.
const MAX_SPAN: i64 = 20 * 366 * 86_400_000;

/// A series with what it is called.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    pub label: String,
    pub series: Series,
}

/// One chart, ready to be drawn.
#[derive(Debug)]
pub struct Chart<'a> {
    pub title: &'a str,
    pub items: &'a [Item],
    pub from: i64,
    pub to: i64,
    pub panels: Vec<Panel>,
    /// Items of switches and alarms that have data.
    pub bands: Vec<usize>,
    /// Items without any data.
    pub empty: Vec<usize>,
}

/// A field with lines in it.
#[derive(Debug)]
pub struct Panel {
    /// The left one, and the right one where there are two units.
    pub axes: Vec<Axis>,
}

/// What lines of one unit are measured by.
#[derive(Debug)]
pub struct Axis {
    /// Empty where the hub names none.
    pub units: String,
    pub items: Vec<usize>,
    least: f64,
    greatest: f64,
}

impl Axis {
    /// The axis with about so many steps.
    pub fn scale(&self, steps: usize) -> Scale {
        Scale::new(self.least, self.greatest, steps)
    }
}

impl<'a> Chart<'a> {
    /// Sorts the items into panels and bands.
    pub fn new(title: &'a str, items: &'a [Item]) -> Chart<'a> {
        let mut axes: Vec<Axis> = Vec::new();
        let (mut bands, mut empty) = (Vec::new(), Vec::new());
        let (mut from, mut to) = (i64::MAX, i64::MIN);
        for (i, item) in items.iter().enumerate() {
            let series = &item.series;
            let Some(summary) = series.summary() else {
                empty.push(i);
                continue;
            };
            (from, to) = (from.min(series.from), to.max(series.to));
            if series.is_boolean {
                bands.push(i);
                continue;
            }
            let units = series.units.as_deref().unwrap_or_default();
            match axes.iter_mut().find(|axis| axis.units == units) {
                Some(axis) => {
                    axis.items.push(i);
                    axis.least = axis.least.min(summary.min);
                    axis.greatest = axis.greatest.max(summary.max);
                }
                None => axes.push(Axis {
                    units: units.into(),
                    items: vec![i],
                    least: summary.min,
                    greatest: summary.max,
                }),
            }
        }
        let to = to.max(0);
        let from = from.clamp(to.saturating_sub(MAX_SPAN), to.saturating_sub(1));
        let panels = match axes.len() {
            0 => Vec::new(),
            1 | 2 => vec![Panel { axes }],
            _ => axes
                .into_iter()
                .map(|axis| Panel { axes: vec![axis] })
                .collect(),
        };
        Chart {
            title,
            items,
            from,
            to,
            panels,
            bands,
            empty,
        }
    }

    /// Where a time is: 0 at the left, 1 at the right.
    pub fn place(&self, ms: i64) -> f64 {
        let span = self.to.saturating_sub(self.from) as f64;
        (ms.saturating_sub(self.from) as f64 / span).clamp(0.0, 1.0)
    }

    /// `24 Nov 2026 18:00 to 25 Nov 2026 18:00`
    pub fn span(&self, zone: &Zone) -> String {
        let (from, to) = (moment(zone, self.from), moment(zone, self.to));
        format!("{from} to {to}")
    }

    /// An item's runs of values, without those before the chart's time.
    pub fn runs(&self, item: usize) -> Vec<Vec<(i64, f64)>> {
        let runs = self.items.get(item).map(|item| item.series.runs());
        let mut runs = runs.unwrap_or_default();
        for run in &mut runs {
            run.retain(|(t, _)| (self.from..=self.to).contains(t));
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    /// A band's stretches of one value: from, to, and the share of the time that it was on.
    pub fn stretches(&self, item: usize) -> Vec<(i64, i64, f64)> {
        let step = self.items.get(item).map_or(1, |item| item.series.step);
        let mut all: Vec<(i64, i64, f64)> = Vec::new();
        for run in self.runs(item) {
            let next = run.iter().skip(1).map(|(t, _)| *t).chain([i64::MAX]);
            for ((t, v), next) in run.iter().zip(next) {
                let end = t.saturating_add(step).min(next).min(self.to);
                // The newest value has no time of its own yet.
                if end <= *t {
                    continue;
                }
                let share = v.clamp(0.0, 1.0);
                match all.last_mut() {
                    Some(last) if last.1 >= *t && last.2 == share => last.1 = end,
                    _ => all.push((*t, end, share)),
                }
            }
        }
        all
    }

    /// Which axis an item is on, where there are two.
    pub fn side(&self, item: usize) -> &'static str {
        for panel in self.panels.iter().filter(|panel| panel.axes.len() > 1) {
            for (axis, side) in panel.axes.iter().zip([" (left)", " (right)"]) {
                if axis.items.contains(&item) {
                    return side;
                }
            }
        }
        ""
    }

    /// What the legend says of an item: the newest value, and the range where it moved.
    pub fn says(&self, item: usize) -> String {
        let Some(series) = self.items.get(item).map(|item| &item.series) else {
            return String::new();
        };
        let (Some(newest), Some(s)) = (series.newest(), series.summary()) else {
            return "no data".into();
        };
        match series.is_boolean {
            true => {
                let share = number(s.mean * 100.0, Some(0));
                format!("{}, on {share} % of the time", series.shown(newest))
            }
            false => format!(
                "{} ({} to {})",
                series.with_units(newest),
                series.shown(s.min),
                series.shown(s.max)
            ),
        }
    }
}
