// SPDX-License-Identifier: MIT OR Apache-2.0
//! `chart`: a graph of what capabilities were, on the terminal or as a picture.
//!
//! ```text
//!   here    arguments, reading      model   panels, axes, bands        scale   round values and times
//!   text    for a terminal, on a    canvas  of dots                    svg     for everything else
//! ```

mod canvas;
mod model;
mod scale;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::cli::desk::Desk;
use crate::cli::request::Output;
use crate::cli::{Common, help, note, print};
use crate::client::Missing;
use crate::failure::{Exit, Failure};
use crate::homey::names::{RefKind, Reference};
use crate::homey::text::one_line;

use super::local::zone_for;
use super::series::{self, Span, Wanted};
use super::temperatures::sensors;
use model::{Chart, Item};
use text::Look;

const HELP: &str = "\
usage: homey-panel [-c FILE] chart [DEVICE CAPABILITY]... [OPTIONS]

A graph of what capabilities were; without any, of all temperature sensors. Two units have an axis each, more
units a panel each; switches and alarms are bands below. Where the hub knows nothing, nothing is drawn.

      --last TIME         how far back: 90m, 24h (default), 7d, 4w; the finest resolution that covers it is taken
      --resolution NAME   take this one of the hub's: last24Hours, yesterday, lastMonth; a wrong one lists all
      --svg FILE          write a picture instead, whole or not at all; - for stdout
      --width COLUMNS     40 to 1000; else the terminal's, or 80 where there is none
      --height ROWS       20 to 1000; else the terminal's but for one, or 23

Times are those of the hub's zone, or of $TZ where that is set. Without a UTF-8 locale the graph is of ASCII, and with
NO_COLOR set, or into a file, it has no colours: marks tell the lines apart, too.
";

/// More series than this no eye tells apart.
const MAX_SERIES: usize = 32;

/// What was asked for.
#[derive(Default)]
struct Args {
    words: Vec<String>,
    last: Option<String>,
    resolution: Option<String>,
    svg: Option<PathBuf>,
    width: Option<usize>,
    height: Option<usize>,
}

/// `chart [DEVICE CAPABILITY]... [--last TIME] [--resolution NAME] [--svg FILE]`
pub(in crate::cli) fn chart(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let mut args = Args::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("last") => args.last = Some(parser.value()?.string()?),
            Long("resolution") => args.resolution = Some(parser.value()?.string()?),
            Long("svg") => args.svg = Some(parser.value()?.into()),
            Long("width") => args.width = Some(size("width", 40, &parser.value()?.string()?)?),
            Long("height") => args.height = Some(size("height", 20, &parser.value()?.string()?)?),
            Value(word) => args.words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if args.words.len() % 2 != 0 {
        return Err(Failure::usage(
            "chart: expected pairs of DEVICE CAPABILITY, or none",
        ));
    }
    if args.words.len() / 2 > MAX_SERIES {
        return Err(Failure::usage_plain(format!(
            "chart: more than {MAX_SERIES} lines cannot be told apart"
        )));
    }
    let span = Span::new(args.last.as_deref(), args.resolution.as_deref())
        .map_err(|why| Failure::usage_plain(format!("chart: {why}")))?;
    // A place that cannot be written to is found before the hub has to work.
    let file = match &args.svg {
        Some(path) => Some(Output::with_mode(Some(path), 0o666).map_err(ours)?),
        None => None,
    };
    let mut desk = Desk::open(common)?;
    let (title, wanted) = match args.words.is_empty() {
        true => ("Temperatures".to_owned(), all_sensors(&mut desk)?),
        false => named(&mut desk, &args.words)?,
    };
    let about = series::about(&mut desk);
    let is_all = args.words.is_empty();
    let items = read(&mut desk, &wanted, span, is_all, about.now)?;
    let chart = Chart::new(&title, &items);
    if chart.empty.len() == items.len() {
        return Err(Failure::new(
            Exit::Failed,
            one_line(
                &format!("the hub has no value of {title} in this time"),
                800,
            ),
        ));
    }
    let (zone, said) = zone_for(about.timezone.as_deref(), &[chart.from, chart.to]);
    match file {
        Some(mut file) => {
            for i in &chart.empty {
                note(&format!(
                    "no data: {}",
                    items.get(*i).map_or("", |i| &i.label)
                ));
            }
            let picture = svg::draw(&chart, &zone, &said);
            file.write(picture.as_bytes()).map_err(ours)?;
            file.finish().map_err(ours)
        }
        None => print(&text::draw(&chart, &zone, look(&args), &said)),
    }
}

/// A file's failure in this command's name.
fn ours(failure: Failure) -> Failure {
    let message = failure.message.replacen("request: ", "chart: ", 1);
    Failure::new(failure.exit, message)
}

fn size(name: &str, least: usize, text: &str) -> Result<usize, Failure> {
    let number = text.parse().ok().filter(|n| (least..=1000).contains(n));
    number
        .ok_or_else(|| Failure::usage(format!("chart: --{name} {text}: expected {least} to 1000")))
}

/// All temperature sensors, called by zone and name.
fn all_sensors(desk: &mut Desk) -> Result<Vec<(String, Wanted)>, Failure> {
    let sensors = sensors(desk)?;
    if sensors.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "no device of this home measures a temperature; name a DEVICE and a CAPABILITY",
        ));
    }
    let one = |sensor: super::temperatures::Sensor| {
        let which = match sensor.capability.split_once('.') {
            Some((_, which)) => format!(" ({which})"),
            None => String::new(),
        };
        let label = match sensor.zone.as_str() {
            "" => format!("{}{which}", sensor.name),
            zone => format!("{zone}/{}{which}", sensor.name),
        };
        let wanted = Wanted {
            device: sensor.device,
            name: sensor.name,
            capability: sensor.capability,
        };
        (label, wanted)
    };
    Ok(sensors.into_iter().map(one).collect())
}

/// The named ones, and what to write above them.
fn named(desk: &mut Desk, words: &[String]) -> Result<(String, Vec<(String, Wanted)>), Failure> {
    let pairs: Vec<(&str, &str)> = words
        .chunks_exact(2)
        .filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str())))
        .collect();
    let references: Vec<Reference<'_>> = pairs
        .iter()
        .map(|(text, _)| Reference {
            text,
            kind: RefKind::Device,
        })
        .collect();
    let mut wanted = Vec::new();
    let found = desk.look_up(&references)?.found;
    for (found, (_, capability)) in found.into_iter().zip(&pairs) {
        let found = found.map_err(|missing| match missing {
            Missing::Name(error) => Failure::usage_plain(error.to_string()),
            Missing::List(why) => Failure::permission(why),
        })?;
        let label = format!("{} {capability}", found.name);
        wanted.push((
            label,
            Wanted {
                device: found.id,
                name: found.name,
                capability: (*capability).into(),
            },
        ));
    }
    let title = match wanted.as_slice() {
        [(label, _)] => label.clone(),
        [(a, _), (b, _)] => format!("{a} and {b}"),
        [(a, _), rest @ ..] => format!("{a} and {} more", rest.len()),
        [] => String::new(),
    };
    Ok((title, wanted))
}

/// Reads each log. Of all sensors those without one are only named; one that was asked for by name must have one.
fn read(
    desk: &mut Desk,
    wanted: &[(String, Wanted)],
    span: Span,
    is_all: bool,
    now: Option<u64>,
) -> Result<Vec<Item>, Failure> {
    let only: Vec<Wanted> = wanted.iter().map(|(_, wanted)| wanted.clone()).collect();
    let logs = series::find_logs(desk, &only)?;
    let mut items = Vec::new();
    let mut left_out = 0;
    for ((label, wanted), log) in wanted.iter().zip(logs) {
        let log = match log {
            Ok(log) => log,
            Err(why) if is_all => {
                log::info!("{why}");
                note(&format!("the hub keeps no log of {label}"));
                continue;
            }
            Err(why) => return Err(Failure::usage_plain(why)),
        };
        if items.len() == MAX_SERIES {
            left_out += 1;
            continue;
        }
        items.push(Item {
            label: label.clone(),
            series: series::read(desk, wanted, &log, span, now)?,
        });
    }
    if left_out > 0 {
        note(&format!(
            "{left_out} more are left out: more than {MAX_SERIES} lines cannot be told apart; name those that matter"
        ));
    }
    if items.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "the hub keeps no log of any temperature sensor",
        ));
    }
    Ok(items)
}

/// What stdout can show.
fn look(args: &Args) -> Look {
    let out = io::stdout();
    let window = crate::hw::window(out.as_fd());
    let (columns, rows) = window.unwrap_or((80, 24));
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .map(said)
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    Look {
        columns: args.width.unwrap_or(columns).clamp(40, 1000),
        // The prompt comes below.
        rows: args.height.unwrap_or(rows.saturating_sub(1)).min(1000),
        unicode: locale.contains("utf-8") || locale.contains("utf8"),
        // https://no-color.org: set and not empty.
        colour: out.is_terminal() && said("NO_COLOR").is_empty() && said("TERM") != "dumb",
    }
}
