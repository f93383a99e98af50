// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chart as a picture: one SVG file that needs nothing else, dark on white, with its contents in words for those who
//! cannot see it. Pure: data in, text out.

use std::fmt::Write as _;

use crate::cli::tools::local::Zone;

use super::model::{Axis, Chart};
use super::scale::{Scale, times};

/// Units of the picture, which are pixels where nobody scales it.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 72.0;
const HEAD: f64 = 56.0;
const ONE_PANEL: f64 = 340.0;
const MANY_PANELS: f64 = 180.0;
/// Between two panels: the headline of the next.
const APART: f64 = 34.0;
const BAND: f64 = 34.0;
const LEGEND_LINE: f64 = 20.0;

/// Okabe and Ito's, which most people who see few colours tell apart; those dark enough for a thin line on white.
const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#007a5e", "#aa4499", "#555555", "#b07800",
];

/// With the seventh series colours come again: as dashes, then as dots.
const DASHES: [&str; 3] = ["", "7 3", "2 3"];

/// Between two marks on a line.
const MARK_EVERY: f64 = 90.0;

/// Draws the whole chart; `note` stands in its last line.
pub fn draw(chart: &Chart<'_>, zone: &Zone, note: &str) -> String {
    let panel = match chart.panels.len() {
        0 | 1 => ONE_PANEL,
        _ => MANY_PANELS,
    };
    let panels = chart.panels.len() as f64;
    let bands = chart.bands.len() as f64;
    let floor = HEAD + panels * (panel + APART) + bands * BAND;
    let lines = chart.items.len() as f64 + 1.0;
    let height = floor + 44.0 + lines * LEGEND_LINE;
    let mut svg = Picture {
        chart,
        out: String::new(),
    };
    svg.head(zone, height);
    let ticks = times(zone, chart.from, chart.to, 9);
    for tick in &ticks {
        let x = svg.x(tick.ms);
        let _ = write!(
            svg.out,
            "<path d=\"M{x:.1} {HEAD:.1}V{floor:.1}\" stroke=\"#e4e4e4\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            floor + 18.0,
            escaped(&tick.label)
        );
    }
    let mut top = HEAD;
    for one in &chart.panels {
        top += APART;
        svg.panel(&one.axes, top, panel);
        top += panel;
    }
    for item in &chart.bands {
        svg.band(*item, top);
        top += BAND;
    }
    svg.legend(floor + 44.0, note);
    svg.out.push_str("</svg>\n");
    svg.out
}

/// Text and attribute values: markup is escaped, and what XML 1.0 does not have becomes U+FFFD.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            // Those that turn the direction of writing would turn the rest of the line.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

struct Picture<'c> {
    chart: &'c Chart<'c>,
    out: String,
}

impl Picture<'_> {
    fn x(&self, ms: i64) -> f64 {
        LEFT + self.chart.place(ms) * (WIDTH - LEFT - RIGHT)
    }

    fn label(&self, item: usize) -> String {
        let label = self.chart.items.get(item).map(|item| item.label.as_str());
        escaped(label.unwrap_or_default())
    }

    fn head(&mut self, zone: &Zone, height: f64) {
        let title = escaped(self.chart.title);
        let span = escaped(&self.chart.span(zone));
        let mut contents = String::new();
        for i in 0..self.chart.items.len() {
            let says = escaped(&self.chart.says(i));
            let _ = write!(contents, "{}: {says}. ", self.label(i));
        }
        let _ = write!(
            self.out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" \
             height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title contents\" font-family=\"sans-serif\" \
             font-size=\"12\" fill=\"#222\">\n\
             <title id=\"title\">{title}, {span}</title>\n\
             <desc id=\"contents\">{}</desc>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT:.1}\" y=\"26\" font-size=\"18\">{title}</text>\n\
             <text x=\"{LEFT:.1}\" y=\"46\" fill=\"#555\">{span}</text>\n",
            contents.trim_end()
        );
    }

    fn panel(&mut self, axes: &[Axis], top: f64, height: f64) {
        let right = WIDTH - RIGHT;
        let scales: Vec<Scale> = axes
            .iter()
            .map(|axis| axis.scale((height / 55.0) as usize))
            .collect();
        let y = |scale: &Scale, value: f64| top + (1.0 - scale.place(value)) * height;
        let sides = [(LEFT - 8.0, "end"), (right + 8.0, "start")];
        for ((axis, scale), (x, anchor)) in axes.iter().zip(&scales).zip(sides) {
            let units = escaped(&axis.units);
            let _ = writeln!(
                self.out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"#555\">{units}</text>",
                top - 10.0
            );
            for (value, label) in scale.ticks() {
                let at = y(scale, value);
                if anchor == "end" {
                    let line = format!("M{LEFT:.1} {at:.1}H{right:.1}");
                    let _ = writeln!(self.out, "<path d=\"{line}\" stroke=\"#d8d8d8\"/>");
                }
                let _ = writeln!(
                    self.out,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>",
                    at + 4.0
                );
            }
        }
        let _ = writeln!(
            self.out,
            "<rect x=\"{LEFT:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"none\" stroke=\"#888\"/>",
            right - LEFT
        );
        for (axis, scale) in axes.iter().zip(&scales) {
            for item in &axis.items {
                let runs = self.chart.runs(*item);
                let runs: Vec<Vec<(f64, f64)>> = runs
                    .iter()
                    .map(|run| {
                        run.iter()
                            .map(|(t, v)| (self.x(*t), y(scale, *v)))
                            .collect()
                    })
                    .collect();
                self.line(*item, &runs);
            }
        }
    }

    /// One series: a path that breaks off at its gaps, and its marks.
    fn line(&mut self, item: usize, runs: &[Vec<(f64, f64)>]) {
        let colour = colour(item);
        let dashes = DASHES.get(item / COLOURS.len()).copied().unwrap_or("1 2");
        let mut path = String::new();
        for run in runs {
            for (i, (x, y)) in run.iter().enumerate() {
                let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
            }
            if let [(x, _)] = run.as_slice() {
                // A value with a gap on either side is a dot, by the round end of a line of no length.
                let _ = write!(path, "H{x:.1}");
            }
        }
        let dashes = match dashes {
            "" => String::new(),
            dashes => format!(" stroke-dasharray=\"{dashes}\""),
        };
        let _ = writeln!(
            self.out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-linecap=\"round\" \
             stroke-linejoin=\"round\"{dashes}><title>{}</title></path>",
            self.label(item)
        );
        if self.chart.items.len() < 2 {
            return;
        }
        for run in runs {
            // Shifted from series to series, so that marks of near lines do not hide each other.
            let mut next = LEFT + (item % 7) as f64 * MARK_EVERY / 7.0;
            let mut any = false;
            for (x, y) in run {
                if *x >= next {
                    // The first mark of a run is due where the shared grid has its next place.
                    any |= *x < next + MARK_EVERY;
                    if *x < next + MARK_EVERY {
                        mark(&mut self.out, item, *x, *y);
                    }
                    while next <= *x {
                        next += MARK_EVERY;
                    }
                }
            }
            if let (false, Some((x, y))) = (any, run.get(run.len() / 2)) {
                mark(&mut self.out, item, *x, *y);
            }
        }
    }

    fn band(&mut self, item: usize, top: f64) {
        let colour = colour(item);
        let (text, bar) = (top + 14.0, top + 19.0);
        let _ = writeln!(
            self.out,
            "<text x=\"{LEFT:.1}\" y=\"{text:.1}\">{}</text>",
            self.label(item)
        );
        for (from, to, share) in self.chart.stretches(item) {
            let (x, end) = (self.x(from), self.x(to));
            let width = (end - x).max(0.5);
            // Off is a line, so that it differs from a gap.
            let (y, height, fill) = match share {
                0.0 => (bar + 10.0, 2.0, 1.0),
                share => (bar, 12.0, 0.25 + 0.75 * share),
            };
            let _ = writeln!(
                self.out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.0}\" fill=\"{colour}\" fill-opacity=\"{fill:.2}\"/>"
            );
        }
    }

    fn legend(&mut self, top: f64, note: &str) {
        let mut y = top;
        for i in 0..self.chart.items.len() {
            let is_band = self.chart.bands.contains(&i);
            if is_band {
                let _ = writeln!(
                    self.out,
                    "<rect x=\"{LEFT:.1}\" y=\"{:.1}\" width=\"24\" height=\"10\" fill=\"{}\"/>",
                    y - 9.0,
                    colour(i)
                );
            } else if !self.chart.empty.contains(&i) {
                let _ = writeln!(
                    self.out,
                    "<path d=\"M{LEFT:.1} {:.1}h24\" stroke=\"{}\" stroke-width=\"1.8\"/>",
                    y - 4.0,
                    colour(i)
                );
                mark(&mut self.out, i, LEFT + 12.0, y - 4.0);
            }
            let _ = writeln!(
                self.out,
                "<text x=\"{:.1}\" y=\"{y:.1}\">{}{}: {}</text>",
                LEFT + 34.0,
                self.label(i),
                self.chart.side(i),
                escaped(&self.chart.says(i))
            );
            y += LEGEND_LINE;
        }
        let _ = writeln!(
            self.out,
            "<text x=\"{LEFT:.1}\" y=\"{y:.1}\" fill=\"#555\">{}</text>",
            escaped(note)
        );
    }
}

fn colour(item: usize) -> &'static str {
    COLOURS.get(item % COLOURS.len()).copied().unwrap_or("#222")
}

/// A mark: circle, square, triangle, diamond, triangle on its tip, cross.
fn mark(out: &mut String, item: usize, x: f64, y: f64) {
    let shape = match item % 6 {
        0 => "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        1 => "m-3.5 -3.5h7v7h-7z",
        2 => "m0 -4.5l4.2 7.5h-8.4z",
        3 => "m0 -5l5 5l-5 5l-5 -5z",
        4 => "m0 4.5l4.2 -7.5h-8.4z",
        _ => "m-4 -4l8 8m-8 0l8 -8",
    };
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {y:.1}{shape}\" fill=\"{0}\" stroke=\"{0}\"/>",
        colour(item)
    );
}
