// SPDX-License-Identifier: MIT OR Apache-2.0
//! `insights`: what a capability was, value by value.

use std::fmt::Write as _;

use lexopt::prelude::*;
use serde_json::json;

use crate::cli::desk::Desk;
use crate::cli::table::Table;
use crate::cli::{Common, help, note, print};
use crate::failure::{Exit, Failure};
use crate::homey::names::RefKind;
use crate::homey::text::one_line;

use super::local::{Zone, zone_for};
use super::record::{Record, show_json};
use super::series::{self, Series, Span, Wanted};

const HELP: &str = "\
usage: homey-panel [-c FILE] insights DEVICE CAPABILITY [OPTIONS]

What the hub remembers of a capability, oldest first, in local times.

      --last TIME         how far back: 90m, 24h (default), 7d, 4w; the finest resolution that covers it is taken
      --resolution NAME   take this one: lastHour, last6Hours, last24Hours, last7Days, last14Days, last31Days,
                          last2Years, today, yesterday, thisWeek, lastWeek, thisMonth, lastMonth, thisYear, lastYear
      --csv               lines of time,value with an empty value where there is none; what sums it up goes to stderr
      --json              one object

Times are those of the hub's zone, or of $TZ where that is set; the last line says which. Of switches and alarms a value
is on, off, or the share of the time between two values that it was on.
";

#[derive(Copy, Clone, PartialEq, Eq)]
enum Form {
    Table,
    Csv,
    Json,
}

/// `insights DEVICE CAPABILITY [--last TIME] [--resolution NAME] [--csv|--json]`
pub(in crate::cli) fn insights(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (mut last, mut resolution, mut form) = (None, None, Form::Table);
    let mut words = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("last") => last = Some(parser.value()?.string()?),
            Long("resolution") => resolution = Some(parser.value()?.string()?),
            Long("csv") => form = Form::Csv,
            Long("json") => form = Form::Json,
            Value(word) if words.len() < 2 => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [device, capability] = words.as_slice() else {
        return Err(Failure::usage("insights: expected DEVICE CAPABILITY"));
    };
    let span = Span::new(last.as_deref(), resolution.as_deref())
        .map_err(|why| Failure::usage_plain(format!("insights: {why}")))?;
    let mut desk = Desk::open(common)?;
    let found = desk.find(RefKind::Device, device)?;
    let wanted = Wanted {
        device: found.id,
        name: found.name,
        capability: capability.clone(),
    };
    let log = match series::find_logs(&mut desk, std::slice::from_ref(&wanted))?.pop() {
        Some(Ok(log)) => log,
        Some(Err(why)) => return Err(Failure::usage_plain(why)),
        None => return Err(Failure::unavailable("the look-up gave nothing")),
    };
    let about = series::about(&mut desk);
    let series = series::read(&mut desk, &wanted, &log, span, about.now)?;
    let (zone, zone_note) = zone_for(about.timezone.as_deref(), &[series.from, series.to]);
    match form {
        Form::Table => table(&series, &zone, &zone_note),
        Form::Csv => {
            print(&csv(&series, &zone))?;
            note(&sum(&series, &zone_note));
            Ok(())
        }
        Form::Json => show_json(&object(&series, &zone, span).object()),
    }?;
    match series.values.iter().any(|(_, v)| v.is_some()) {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Failed,
            one_line(
                &format!("the hub has no value of {} in this time", series.title()),
                400,
            ),
        )),
    }
}

/// The line under it all.
fn sum(series: &Series, zone_note: &str) -> String {
    let mut line = match series.summary() {
        Some(s) => {
            let shown = |value| series.with_units(value);
            format!(
                "{} values: min {}, mean {}, max {}; ",
                s.count,
                shown(s.min),
                shown(s.mean),
                shown(s.max)
            )
        }
        None => String::from("no values; "),
    };
    let gaps = series.gaps();
    if !gaps.is_empty() {
        let missing: i64 = gaps.iter().map(|(from, to)| to - from).sum();
        let _ = write!(line, "{}; ", holes(gaps.len(), missing));
    }
    line.push_str(zone_note);
    line
}

fn holes(count: usize, missing: i64) -> String {
    match count {
        1 => format!("1 gap of {}", length(missing)),
        count => format!("{count} gaps of {} in all", length(missing)),
    }
}

/// A length of time in its two largest units.
fn length(ms: i64) -> String {
    let ms = u64::try_from(ms).unwrap_or(0);
    super::age::age(0, ms)
}

fn table(series: &Series, zone: &Zone, zone_note: &str) -> Result<(), Failure> {
    let mut table = Table::new(&["time", "value", "units"]);
    // Where the clock is put forward or back, the same time may come twice.
    let changes = zone.offset(series.from) != zone.offset(series.to);
    let shown = |ms: i64| match changes {
        true => format!("{} {}", zone.shown(ms), zone.east(ms)),
        false => zone.shown(ms),
    };
    let units = series.units.as_deref().filter(|_| !series.is_boolean);
    let gaps = series.gaps();
    let mut gaps = gaps.iter().peekable();
    let mut gap = |table: &mut Table, before: i64| {
        while let Some((from, to)) = gaps.next_if(|(_, to)| *to <= before) {
            let words = format!("nothing for {}", length(to - from));
            table.row(vec![json!(shown(*from)), json!(words), json!("")]);
        }
    };
    for (t, v) in &series.values {
        let Some(v) = v else { continue };
        gap(&mut table, *t);
        table.row(vec![
            json!(shown(*t)),
            json!(series.shown(*v)),
            json!(units.unwrap_or_default()),
        ]);
    }
    gap(&mut table, i64::MAX);
    table.show(false)?;
    print(&format!(
        "\n{}\n",
        crate::cli::table::harmless(&sum(series, zone_note))
    ))
}

fn csv(series: &Series, zone: &Zone) -> String {
    let mut text = String::from("time,value\n");
    for (t, v) in &series.values {
        let value = v.map(|v| crate::homey::Value::Number(v).to_string());
        let _ = writeln!(text, "{},{}", zone.stamp(*t), value.unwrap_or_default());
    }
    text
}

fn object(series: &Series, zone: &Zone, span: Span) -> Record {
    let values: Vec<serde_json::Value> = series
        .values
        .iter()
        .map(|(t, v)| json!({"t": zone.stamp(*t), "v": v}))
        .collect();
    let gaps: Vec<serde_json::Value> = series
        .gaps()
        .iter()
        .map(|(from, to)| json!({"from": zone.stamp(*from), "to": zone.stamp(*to)}))
        .collect();
    let summary = series.summary();
    let mut record = Record::new();
    record.put("device", json!(series.device));
    record.put("capability", json!(series.capability));
    record.put("units", json!(series.units));
    record.put("boolean", json!(series.is_boolean));
    record.put("resolution", json!(span.resolution));
    record.put("zone", json!(zone.name()));
    record.put("from", json!(zone.stamp(series.from)));
    record.put("to", json!(zone.stamp(series.to)));
    record.put("step_ms", json!(series.step));
    record.put("min", json!(summary.map(|s| s.min)));
    record.put("mean", json!(summary.map(|s| s.mean)));
    record.put("max", json!(summary.map(|s| s.max)));
    record.put("gaps", json!(gaps));
    record.put("values", json!(values));
    record
}
