// SPDX-License-Identifier: MIT OR Apache-2.0
//! `check`: is the configuration good, can the panels be opened, is the hub there, does every name in it exist?
//!
//! Says everything that is wrong in one run, each as `file:line:column: what; expected …; did you mean …`.

use lexopt::prelude::*;

use crate::config::{Config, Problem, nearest};
use crate::failure::{Exit, Failure};
use crate::homey::Reading;
use crate::homey::call::Call;
use crate::homey::names::{RefKind, Reference};
use crate::homey::reply;
use crate::panel::plan::{Action, PointId, StartKind};
use crate::run;

use super::desk::Desk;
use super::{Common, print};

/// `check [--offline] [FILE]`
pub(super) fn check(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let mut offline = false;
    let mut named = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("offline") => offline = true,
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
        "{}: ok; {} panels, {} controls, {} outputs, {} capabilities, {} flows and moods\n",
        config.file,
        config.panels.len(),
        plan.controls.len(),
        plan.outputs.len(),
        plan.points.len(),
        plan.starts.len()
    ))?;
    let mut problems = check_panels(&config)?;
    if !offline {
        problems.extend(check_hub(&config)?);
    }
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(Failure::new(Exit::Config, lines.join("\n")))
}

/// Looks at each panel's device without taking it.
fn check_panels(config: &Config) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    for (index, panel) in config.panels.iter().enumerate() {
        match crate::hw::probe(&run::panel_kind(config, index)) {
            Ok(()) => print(&format!("panel {}: ok\n", panel.name))?,
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

fn check_hub(config: &Config) -> Result<Vec<Problem>, Failure> {
    let mut desk = Desk::of(config)?;
    print(&format!(
        "hub: answers at {}, id {}\n",
        desk.peer(),
        desk.hub_id()
    ))?;
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
    let references: Vec<Reference<'_>> = points.chain(starts).collect();
    let found = desk.look_up(&references)?.found;
    let mut problems = Vec::new();
    let mut good = 0;
    for (index, result) in found.into_iter().enumerate() {
        match result {
            Err(error) => {
                let point = config.sources.points.get(index).map(|p| p.device);
                let start = index
                    .checked_sub(plan.points.len())
                    .and_then(|i| config.sources.starts.get(i).copied());
                let place = point.or(start).unwrap_or_default();
                problems.push(config.problem(place, error.to_string(), None, None));
            }
            Ok(device) if index < plan.points.len() => {
                match check_point(&mut desk, config, index, &device.id)? {
                    None => good += 1,
                    Some(problem) => problems.push(problem),
                }
            }
            Ok(_) => good += 1,
        }
    }
    print(&format!(
        "names: {good} of {} exist and can be used as configured\n",
        references.len()
    ))?;
    Ok(problems)
}

/// Whether the device has the capability, and lets it be set where an action wants that.
fn check_point(
    desk: &mut Desk,
    config: &Config,
    index: usize,
    id: &str,
) -> Result<Option<Problem>, Failure> {
    let Some(point) = config.plan.points.get(index) else {
        return Ok(None);
    };
    let place = config
        .sources
        .points
        .get(index)
        .map(|p| p.capability)
        .unwrap_or_default();
    let device = desk.read(&Call::Device(id), &mut |body| Ok(reply::device_row(body)?))?;
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
            ids.join(", ")
        };
        let hint = nearest(capability, ids.iter().copied()).map(str::to_string);
        let what = format!("{} has no capability {capability:?}", point.device);
        return Ok(Some(config.problem(place, what, Some(expected), hint)));
    };
    if is_written(config, index) && !settable(reading) {
        let what = format!("{capability} of {} cannot be set", point.device);
        return Ok(Some(config.problem(
            place,
            what,
            Some("a capability that can be set".into()),
            None,
        )));
    }
    Ok(None)
}

fn settable(reading: &Reading) -> bool {
    reading.traits.as_ref().is_none_or(|t| t.setable)
}

fn is_written(config: &Config, index: usize) -> bool {
    let this = |point: &PointId| usize::from(point.0) == index;
    let actions = config
        .plan
        .controls
        .iter()
        .flat_map(|c| &c.bindings)
        .flat_map(|(_, actions)| actions);
    actions.into_iter().any(|action| match action {
        Action::Set { point, .. } | Action::Toggle { point } | Action::Step { point, .. } => {
            this(point)
        }
        Action::Start(_) | Action::Layer(_) => false,
    })
}
