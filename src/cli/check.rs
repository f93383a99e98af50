// SPDX-License-Identifier: MIT OR Apache-2.0
//! `check`: is the configuration good, can the panels be opened, is the hub there, does every name in it exist?
//!
//! Says everything that is wrong in one run, each as `file:line:column: what; expected …; did you mean …`.

use lexopt::prelude::*;

use crate::client::Missing;
use crate::client::account::Store;
use crate::config::{Config, Place, Problem, nearest};
use crate::failure::{Exit, Failure};
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, NameError, RefKind, Reference, Resolved};
use crate::homey::reply::{self, DeviceRow, NamedItem};
use crate::homey::session::Kind;
use crate::homey::text::one_line;
use crate::homey::{self, Reading, Traits, Value};
use crate::panel::plan::{Action, PointId, StartKind};
use crate::run;

use super::desk::Desk;
use super::{Common, parse, print, repaired};

/// `check [--offline] [FILE]`
pub(super) fn check(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let mut offline = false;
    let mut named = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("offline") => offline = true,
            // The usual, for those who say so.
            Long("online") => offline = false,
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Value(file) if !named => {
                common.config = Some(file.into());
                named = true;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let config = run::load(&common.file())?;
    for warning in &config.warnings {
        print(&format!("warning: {warning}\n"))?;
    }
    let plan = &config.plan;
    print(&format!(
        "{}: ok; {}, {}, {}, {}, {}\n",
        config.file,
        count(config.panels.len(), "panel", "panels"),
        count(plan.controls.len(), "control", "controls"),
        count(plan.outputs.len(), "output", "outputs"),
        count(plan.points.len(), "capability", "capabilities"),
        count(plan.starts.len(), "flow or mood", "flows and moods"),
    ))?;
    check_session(&config)?;
    let mut problems = check_panels(&config)?;
    let asked = if offline {
        Ok(())
    } else {
        check_hub(&config, &mut problems)
    };
    // What was found before the hub failed is worth as much as if it had not.
    problems.sort_by_key(|p| (p.line, p.column));
    let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let exit = match asked {
        Ok(()) if lines.is_empty() => return Ok(()),
        Ok(()) => Exit::Config,
        Err(failure) => {
            lines.push(failure.message);
            if problems.is_empty() {
                failure.exit
            } else {
                Exit::Config
            }
        }
    };
    Err(Failure::new(exit, lines.join("\n")))
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Looks at each panel's device without taking it.
fn check_panels(config: &Config) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    for (index, panel) in config.panels.iter().enumerate() {
        match crate::hw::probe(&run::panel_kind(config, index)) {
            Ok(_) => print(&format!("panel {}: ok\n", panel.name))?,
            Err(trouble) => {
                let place = config
                    .sources
                    .panels
                    .get(index)
                    .copied()
                    .unwrap_or_default();
                problems.push(config.problem(
                    place,
                    format!("panel {}: {trouble}", panel.name),
                    None,
                    None,
                ));
            }
        }
    }
    Ok(problems)
}

/// Says where a session is held that could be renewed, but not stored.
fn check_session(config: &Config) -> Result<(), Failure> {
    let Some(store) = Store::of(&config.hub.credential) else {
        return Ok(());
    };
    // One that cannot be read is told about by whoever needs its bearer.
    let session = store.read().ok().flatten();
    let renews = session.is_none_or(|session| !matches!(session.kind, Kind::Key | Kind::Bearer));
    match store.probe() {
        Err(failure) if renews => print(&format!(
            "warning: a session cannot be kept here, only an API key works for longer than a day: {failure}\n"
        )),
        _ => Ok(()),
    }
}

fn check_hub(config: &Config, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    let mut desk = Desk::of(config)?;
    print(&format!(
        "hub: answers at {}, id {}\n",
        desk.shown(),
        desk.hub_id()
    ))?;
    let before = problems.len();
    let names = check_names(&mut desk, config, problems)?;
    let bad = problems.len() - before;
    print(&format!(
        "names: {} of {names} exist and can be used as configured\n",
        names.saturating_sub(bad)
    ))
}

/// Whether every device, flow and mood of the configuration exists and can be used as it is bound; how many there are.
pub(super) fn check_names(
    desk: &mut Desk,
    config: &Config,
    problems: &mut Vec<Problem>,
) -> Result<usize, Failure> {
    let plan = &config.plan;
    let points = plan.points.iter().map(|p| Reference {
        text: &p.device,
        kind: RefKind::Device,
    });
    let starts = plan.starts.iter().map(|s| Reference {
        text: &s.name,
        kind: if s.kind == StartKind::Mood {
            RefKind::Mood
        } else {
            RefKind::Flow
        },
    });
    let variable = config.session.store_in.as_deref().map(|name| Reference {
        text: name,
        kind: RefKind::Variable,
    });
    let references: Vec<Reference<'_>> = points.chain(starts).chain(variable).collect();
    let mut found = desk.look_up(&references)?.found.into_iter();
    let devices: Vec<_> = found.by_ref().take(plan.points.len()).collect();
    check_points(desk, config, devices, problems)?;
    let starts = found.by_ref().take(plan.starts.len()).collect();
    check_starts(desk, config, starts, problems)?;
    if let Some(variable) = found.next() {
        check_variable(desk, config, variable, problems)?;
    }
    Ok(references.len())
}

/// Whether the devices exist, have the capabilities, and let them be set where an action wants that.
fn check_points(
    desk: &mut Desk,
    config: &Config,
    found: Vec<Result<Resolved, Missing>>,
    problems: &mut Vec<Problem>,
) -> Result<(), Failure> {
    // Several points of one device cost the hub one call.
    let mut read: Vec<DeviceRow> = Vec::new();
    for (index, device) in found.into_iter().enumerate() {
        let places = config.sources.points.get(index).copied();
        let places = places.unwrap_or_default();
        let id = match device {
            Ok(device) => device.id,
            Err(error) => {
                let (expected, hint) = match &error {
                    Missing::Name(NameError::NotFound { nearest, .. }) if nearest.is_empty() => {
                        repaired::meant(desk, config, index)?
                    }
                    _ => (None, None),
                };
                problems.push(config.problem(places.device, error.to_string(), expected, hint));
                continue;
            }
        };
        let at = match read.iter().position(|row| row.id == id) {
            Some(at) => at,
            None => {
                let name = config.plan.points.get(index).map_or("", |p| &*p.device);
                let doing = format!("reading {name}");
                let row = desk.read_as(&doing, &Call::Device(&id), &mut |body| {
                    Ok(reply::device_row(body)?)
                })?;
                read.push(row);
                read.len() - 1
            }
        };
        let row = read.get(at);
        problems.extend(row.and_then(|row| check_point(config, index, row, places.capability)));
    }
    Ok(())
}

fn check_point(config: &Config, index: usize, device: &DeviceRow, place: Place) -> Option<Problem> {
    let point = config.plan.points.get(index)?;
    let capability = point.capability.as_str();
    let Some((_, reading)) = device.capabilities.iter().find(|(c, _)| c == capability) else {
        let ids: Vec<&str> = device
            .capabilities
            .iter()
            .map(|(c, _)| c.as_str())
            .collect();
        let expected = if ids.is_empty() {
            "another device; it has none".to_string()
        } else {
            one_line(&ids.join(", "), 2000)
        };
        let hint = nearest(capability, ids.iter().copied()).map(str::to_string);
        let what = format!("{} has no capability {capability:?}", point.device);
        return Some(config.problem(place, what, Some(expected), hint));
    };
    if is_written(config, index) && !settable(reading) {
        let what = format!("{capability} of {} cannot be set", point.device);
        let expected = "a capability that can be set".to_string();
        return Some(config.problem(place, what, Some(expected), None));
    }
    let traits = reading.traits.as_deref()?;
    let (value, why) =
        values_of(config, index).find_map(|value| Some((value, unfit(value, traits)?)))?;
    let what = format!("{capability} of {} cannot be {value}", point.device);
    let (expected, hint) = match why.split_once("; did you mean ") {
        Some((expected, hint)) => (expected.to_string(), Some(hint.to_string())),
        None => (why, None),
    };
    let expected = expected.strip_prefix("expected ").unwrap_or(&expected);
    Some(config.problem(place, what, Some(expected.to_string()), hint))
}

/// Why the device does not take `value`, as `set` says it; `None` where it takes it.
fn unfit(value: &Value, traits: &Traits) -> Option<String> {
    if traits.kind == homey::Kind::Other {
        return None;
    }
    match parse::value(&value.to_string(), Some(traits)) {
        Err(why) => Some(why),
        Ok(read) => (read != *value).then(|| format!("expected {read}")),
    }
}

/// Whether the flows and moods exist, and the flows can be started.
fn check_starts(
    desk: &mut Desk,
    config: &Config,
    found: Vec<Result<Resolved, Missing>>,
    problems: &mut Vec<Problem>,
) -> Result<(), Failure> {
    let has = |kind| found.iter().flatten().any(|r| r.kind == kind);
    let mut unfit: Vec<(String, &'static str)> = Vec::new();
    for (kind, call) in [
        (ItemKind::Flow, Call::Flows),
        (ItemKind::AdvancedFlow, Call::AdvancedFlows),
    ] {
        if !has(kind) {
            continue;
        }
        desk.read(&call, &mut |body| {
            reply::names(body, &mut |item| {
                let is_ours = found.iter().flatten().any(|r| r.id == item.id);
                if let (true, Some(why)) = (is_ours, unfit_for_start(&item)) {
                    unfit.push((item.id.to_string(), why));
                }
            })?;
            Ok(())
        })?;
    }
    for (index, start) in found.iter().enumerate() {
        let what = match start {
            Err(error) => error.to_string(),
            Ok(flow) => match unfit.iter().find(|(id, _)| *id == flow.id) {
                Some((_, why)) => format!("the flow {} {why}", one_line(&flow.name, 100)),
                None => continue,
            },
        };
        let place = config.sources.starts.get(index).copied();
        problems.push(config.problem(place.unwrap_or_default(), what, None, None));
    }
    Ok(())
}

/// Whether the variable that is to hold the bearer exists and holds texts.
fn check_variable(
    desk: &mut Desk,
    config: &Config,
    found: Result<Resolved, Missing>,
    problems: &mut Vec<Problem>,
) -> Result<(), Failure> {
    let what = match found {
        Err(error) => error.to_string(),
        Ok(variable) => {
            let held = desk.variable(&variable.id)?;
            if matches!(held, homey::Value::Text(_) | homey::Value::Null) {
                return Ok(());
            }
            let name = one_line(&variable.name, 100);
            format!("the variable {name} holds no text; make one of type text")
        }
    };
    problems.push(config.problem(config.sources.store_in, what, None, None));
    Ok(())
}

fn unfit_for_start(item: &NamedItem<'_>) -> Option<&'static str> {
    if item.broken == Some(true) {
        return Some("is broken; mend it in the Homey app");
    }
    if item.enabled == Some(false) {
        return Some("is disabled; enable it in the Homey app");
    }
    (item.triggerable == Some(false)).then_some(
        "cannot be started: it has a trigger of its own; give it the card This Flow is started",
    )
}

fn settable(reading: &Reading) -> bool {
    reading.traits.as_ref().is_none_or(|t| t.setable)
}

/// What is done with anything bound.
fn actions(config: &Config) -> impl Iterator<Item = &Action> {
    let controls = config.plan.controls.iter();
    let bindings = controls.flat_map(|control| &control.bindings);
    bindings.flat_map(|(_, actions)| actions)
}

/// The values that actions write to a point.
fn values_of(config: &Config, index: usize) -> impl Iterator<Item = &Value> {
    let this = move |point: &PointId| usize::from(point.0) == index;
    actions(config).flat_map(move |action| match action {
        Action::Set { point, value } if this(point) => std::slice::from_ref(value),
        Action::Cycle { point, values } if this(point) => {
            let cycle = config.plan.cycles.get(usize::from(values.0));
            cycle.map_or(&[][..], Vec::as_slice)
        }
        _ => &[],
    })
}

/// The point that an action writes to.
pub(super) fn target(action: &Action) -> Option<PointId> {
    match action {
        Action::Set { point, .. }
        | Action::Toggle { point }
        | Action::Step { point, .. }
        | Action::Cycle { point, .. }
        | Action::Ramp { point, .. } => Some(*point),
        Action::Start(_) | Action::Layer(_) | Action::Local { .. } => None,
    }
}

fn is_written(config: &Config, index: usize) -> bool {
    let is_ours = |point: PointId| usize::from(point.0) == index;
    actions(config).filter_map(target).any(is_ours)
}
