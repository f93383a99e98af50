// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chart as text for a terminal. Pure: data in, text out.
//!
//! ```text
//!   °C                                  %     units, where there are two axes
//!   21.5 ┤⠒⠒●⠢⢄          ⢀▲⠒⠒⠒⠒⠒     ├ 60     a line of dots for each series, told apart by colour and by its mark
//!        │      ⠉⠒⠒●⠒⠒⠒⠒⠒⠊            │
//!      ◆ │████▁▁▁▁▁▁▁▁▁    ▁▁▁▒▒████           a band for each switch: on, off, on for a share of the time, nothing known
//!        └┬─────────┬─────────┬──────
//!       18:00     25 Nov    06:00
//! ```

use crate::cli::table::harmless;
use crate::cli::tools::local::Zone;

use super::canvas::{Canvas, Cell};
use super::model::{Axis, Chart, Panel};
use super::scale::{Scale, Tick, times};

/// What the terminal can show.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Look {
    pub columns: usize,
    pub rows: usize,
    pub unicode: bool,
    pub colour: bool,
}

/// Shapes first; letters where there are more series than shapes.
const MARKS: &str = "●▲■◆○△□◇abcdefghijklmnopqrstuvwxyz";
const PLAIN_MARKS: &str = "*+xo#@%&abcdefghijklmnopqrstuvwxyz";

/// Cyan, yellow, magenta, green, red, blue: none of them is near black or white.
const COLOURS: [&str; 6] = ["36", "33", "35", "32", "31", "34"];

/// Columns between two marks on a line.
const MARK_EVERY: usize = 14;

/// Rows that a panel has at least and at most.
const ROWS: (usize, usize) = (5, 40);

/// The parts of axes.
struct Signs {
    rule: char,
    tick_left: char,
    tick_right: char,
    corner: char,
    corner_right: char,
    floor: char,
    tick: char,
    on: char,
    off: char,
    share: char,
}

const FINE: Signs = Signs {
    rule: '│',
    tick_left: '┤',
    tick_right: '├',
    corner: '└',
    corner_right: '┘',
    floor: '─',
    tick: '┬',
    on: '█',
    off: '▁',
    share: '▒',
};

const PLAIN: Signs = Signs {
    rule: '|',
    tick_left: '+',
    tick_right: '+',
    corner: '+',
    corner_right: '+',
    floor: '-',
    tick: '+',
    on: '#',
    off: '_',
    share: '+',
};

impl Look {
    /// An item's mark; those beyond all marks share the last.
    pub fn mark(&self, item: usize) -> char {
        let marks = if self.unicode { MARKS } else { PLAIN_MARKS };
        marks.chars().nth(item).unwrap_or('z')
    }

    fn signs(&self) -> &'static Signs {
        if self.unicode { &FINE } else { &PLAIN }
    }

    /// Text in an item's colour.
    fn paint(&self, text: &str, item: Option<usize>) -> String {
        match item.and_then(|i| COLOURS.get(i % COLOURS.len())) {
            Some(colour) if self.colour => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Draws the whole chart; `note` is its last line.
pub fn draw(chart: &Chart<'_>, zone: &Zone, look: Look, note: &str) -> String {
    let drawn = chart.items.len() - chart.empty.len();
    // Title, a line of times, the note; under each panel a floor; a headline over two axes.
    let besides = 4 + drawn + usize::from(!chart.empty.is_empty()) + chart.bands.len();
    let panels = chart.panels.len().max(1);
    let rows = look.rows.saturating_sub(besides) / panels;
    let rows = rows.saturating_sub(2).clamp(ROWS.0, ROWS.1);
    let scaled: Vec<Vec<(&Axis, Scale)>> = chart
        .panels
        .iter()
        .map(|panel| scales(panel, rows / 3))
        .collect();
    let widest = |side: usize| {
        let axes = scaled.iter().filter_map(|axes| axes.get(side));
        let labels = axes.flat_map(|(axis, scale)| {
            let ticks = scale.ticks().into_iter().map(|(_, label)| label);
            ticks.chain([axis.units.clone()])
        });
        labels.map(|label| wide(&label)).max().unwrap_or(0)
    };
    let (left, right) = (widest(0).max(3), widest(1));
    let edge = if right > 0 { right + 3 } else { 1 };
    let columns = look.columns.saturating_sub(left + 2 + edge).max(20);
    let frame = Frame {
        chart,
        look,
        left,
        right,
        columns,
        ticks: times(zone, chart.from, chart.to, columns / 9),
    };
    let mut out = String::new();
    line(
        &mut out,
        &format!("{}, {}", harmless(chart.title), chart.span(zone)),
    );
    for axes in &scaled {
        frame.panel(axes, rows, &mut out);
    }
    for item in &chart.bands {
        frame.band(*item, &mut out);
    }
    if chart.panels.is_empty() {
        frame.floor(false, &mut out);
    }
    frame.times(&mut out);
    for (i, item) in chart.items.iter().enumerate() {
        if chart.empty.contains(&i) {
            continue;
        }
        let mark = look.paint(&look.mark(i).to_string(), Some(i));
        let side = chart.side(i);
        line(
            &mut out,
            &format!(
                "{mark} {}{side}: {}",
                harmless(&item.label),
                harmless(&chart.says(i))
            ),
        );
    }
    if !chart.empty.is_empty() {
        let items = chart.empty.iter().filter_map(|i| chart.items.get(*i));
        let names: Vec<String> = items.map(|item| harmless(&item.label)).collect();
        line(&mut out, &format!("no data: {}", names.join(", ")));
    }
    line(&mut out, &harmless(note));
    if look.unicode {
        return out;
    }
    let plain = |c: char| if c.is_ascii() { c } else { '?' };
    out.replace('°', "").chars().map(plain).collect()
}

/// Where the note may be wider than a terminal, it goes on below: it is text.
fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn wide(text: &str) -> usize {
    crate::hw::text_columns(text)
}

fn scales(panel: &Panel, steps: usize) -> Vec<(&Axis, Scale)> {
    let scale = |axis| (axis, Axis::scale(axis, steps.max(2)));
    panel.axes.iter().map(scale).collect()
}

/// What all parts of the drawing have in common.
struct Frame<'c> {
    chart: &'c Chart<'c>,
    look: Look,
    /// Columns of the labels.
    left: usize,
    right: usize,
    /// Columns between the axes.
    columns: usize,
    ticks: Vec<Tick>,
}

impl Frame<'_> {
    fn panel(&self, axes: &[(&Axis, Scale)], rows: usize, out: &mut String) {
        let signs = self.look.signs();
        let mut canvas = Canvas::new(self.columns, rows, self.look.unicode);
        let many = self.chart.items.len() > 1;
        for (axis, scale) in axes {
            for item in &axis.items {
                self.plot(&mut canvas, scale, *item, many);
            }
        }
        let labels = |side: usize| {
            let mut labels = vec![None; rows];
            for (value, label) in axes.get(side).map(|(_, s)| s.ticks()).unwrap_or_default() {
                let place = axes.get(side).map_or(0.0, |(_, s)| s.place(value));
                let (_, row) = canvas.cell_of(canvas.dot(0.0, place));
                if let Some(slot) = labels.get_mut(row) {
                    *slot = Some(label);
                }
            }
            labels
        };
        let (left, right) = (labels(0), labels(1));
        let units = |side: usize| axes.get(side).map(|(axis, _)| harmless(&axis.units));
        let head = pad(&units(0).unwrap_or_default(), self.left);
        let gap = " ".repeat(self.columns + 4);
        line(
            out,
            &match units(1) {
                Some(units) => format!("{head}{gap}{units}"),
                None => head,
            },
        );
        for ((cells, left), right) in canvas.rows().zip(left).zip(right) {
            let sign = if left.is_some() {
                signs.tick_left
            } else {
                signs.rule
            };
            let mut row = format!("{} {sign}", pad(&left.unwrap_or_default(), self.left));
            self.cells(cells, &mut row);
            if self.right > 0 && axes.len() > 1 {
                let sign = if right.is_some() {
                    signs.tick_right
                } else {
                    signs.rule
                };
                row.push_str(&format!("{sign} {}", right.unwrap_or_default()));
            }
            line(out, &row);
        }
        self.floor(self.right > 0 && axes.len() > 1, out);
    }

    /// Draws one series: its line, and its mark on every run of it.
    fn plot(&self, canvas: &mut Canvas, scale: &Scale, item: usize, many: bool) {
        let mark = self.look.mark(item);
        let mut marks = Vec::new();
        for run in self.chart.runs(item) {
            let dots: Vec<(usize, usize)> = run
                .iter()
                .map(|(t, v)| canvas.dot(self.chart.place(*t), scale.place(*v)))
                .collect();
            let mut from = dots.first().copied();
            for to in &dots {
                canvas.line(from.unwrap_or(*to), *to, mark, item);
                from = Some(*to);
            }
            if many && self.look.unicode {
                // Shifted from series to series, so that marks of near lines do not hide each other.
                let due = |(column, _): &(usize, usize)| (column + item * 5) % MARK_EVERY == 0;
                let cells: Vec<(usize, usize)> =
                    dots.iter().map(|dot| canvas.cell_of(*dot)).collect();
                let before = marks.len();
                marks.extend(cells.iter().filter(|cell| due(cell)).copied());
                if marks.len() == before {
                    marks.extend(cells.get(cells.len() / 2));
                }
            }
        }
        marks.dedup_by_key(|(column, _)| *column);
        for (column, row) in marks {
            canvas.mark(column, row, mark, item);
        }
    }

    fn cells(&self, cells: &[Cell], row: &mut String) {
        let mut rest = cells;
        while let Some(first) = rest.first() {
            let run = rest
                .iter()
                .take_while(|cell| cell.owner == first.owner)
                .count();
            let (same, after) = rest.split_at(run);
            let text: String = same.iter().map(Cell::shown).collect();
            row.push_str(&self.look.paint(&text, first.owner));
            rest = after;
        }
    }

    fn band(&self, item: usize, out: &mut String) {
        let signs = self.look.signs();
        let mut cells = vec![' '; self.columns];
        for (from, to, share) in self.chart.stretches(item) {
            let sign = match share {
                1.0 => signs.on,
                0.0 => signs.off,
                _ => signs.share,
            };
            let at = |ms: i64| (self.chart.place(ms) * self.columns as f64) as usize;
            let first = at(from).min(self.columns - 1);
            let last = at(to.saturating_sub(1)).max(first);
            for cell in cells.iter_mut().take(last + 1).skip(first) {
                // A column of a long time may hold both.
                let is_free = *cell == ' ' || *cell == sign;
                *cell = if is_free { sign } else { signs.share };
            }
        }
        let mark = self.look.mark(item);
        let text: String = cells.into_iter().collect();
        let text = self.look.paint(&text, Some(item));
        let name = " ".repeat(self.left.saturating_sub(1));
        let mark = self.look.paint(&mark.to_string(), Some(item));
        line(out, &format!("{name}{mark} {}{text}", signs.rule));
    }

    /// The line under a panel, with the marks of the times.
    fn floor(&self, two: bool, out: &mut String) {
        let signs = self.look.signs();
        let mut row = vec![signs.floor; self.columns];
        for tick in &self.ticks {
            if let Some(cell) = row.get_mut(self.column(tick.ms)) {
                *cell = signs.tick;
            }
        }
        let row: String = row.into_iter().collect();
        let end = if two {
            signs.corner_right.to_string()
        } else {
            String::new()
        };
        line(
            out,
            &format!("{} {}{row}{end}", " ".repeat(self.left), signs.corner),
        );
    }

    fn column(&self, ms: i64) -> usize {
        let last = self.columns - 1;
        ((self.chart.place(ms) * last as f64 + 0.5) as usize).min(last)
    }

    /// The times, each under its mark, where there is room.
    fn times(&self, out: &mut String) {
        let mut row = String::new();
        for tick in &self.ticks {
            let width = wide(&tick.label);
            let middle = self.left + 2 + self.column(tick.ms);
            let start = middle.saturating_sub(width / 2);
            let taken = wide(&row);
            let has_room = taken == 0 || start > taken;
            if has_room && start + width <= self.look.columns.max(self.columns) {
                row.push_str(&" ".repeat(start - taken.min(start)));
                row.push_str(&tick.label);
            }
        }
        line(out, &row);
    }
}

/// Right-aligned.
fn pad(text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(wide(text));
    format!("{}{text}", " ".repeat(room))
}
