// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks up what the configured names stand for, and tells the controller which of them stand for nothing.

use std::io::Read;
use std::rc::Rc;

use crate::client::{self, Refusal, Source};
use crate::homey::Dialect;
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, RefKind, Reference, Resolved};
use crate::net::{Session, monotonic};
use crate::panel::plan::{Plan, PointId, StartId, StartKind};

use super::directory::{Directory, Starter};
use super::fetches;
use super::life::Life;

/// What a look-up came to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Every name has its id.
    All,
    /// Some stand for nothing.
    Some,
    /// The hub lists no devices, as it does for a moment after a restart: nothing is changed, every name would look wrong.
    NoDevices,
}

/// The references of a plan: its points' devices first, its starts after them, the variable last.
fn references<'a>(plan: &'a Plan, variable: Option<&'a str>) -> Vec<Reference<'a>> {
    let points = plan.points.iter().map(|p| Reference {
        text: &p.device,
        kind: RefKind::Device,
    });
    let starts = plan.starts.iter().map(|s| Reference {
        text: &s.name,
        kind: match s.kind {
            StartKind::Flow => RefKind::Flow,
            StartKind::Mood => RefKind::Mood,
        },
    });
    let variable = variable.map(|name| Reference {
        text: name,
        kind: RefKind::Variable,
    });
    points.chain(starts).chain(variable).collect()
}

/// Reads the lists that the plan needs and fills the directory anew. Names that fail are told on the panel,
/// once as long as the reason stays the same.
pub fn resolve(
    life: &mut Life,
    session: &mut Session,
    told: &mut Vec<String>,
) -> Result<Found, Refusal> {
    let plan = Rc::clone(&life.plan);
    let variable = life.variable.name.clone();
    let references = references(&plan, variable.as_deref());
    let lookup = client::look_up(&references, &mut Asking { life, session })?;
    let now = monotonic();
    let (points, starts) = (plan.points.len(), plan.starts.len());
    if lookup.devices == 0 && points > 0 {
        return Ok(Found::NoDevices);
    }
    let mut directory = Directory::new(&plan);
    let mut complaints = Vec::new();
    for (index, result) in lookup.found.into_iter().enumerate() {
        let slot = |i: usize| u16::try_from(i).unwrap_or(u16::MAX);
        if index == points + starts {
            if let Err(error) = &result {
                complaints.push(error.to_string());
            }
            life.variable.found(result.ok().map(|found| found.id));
            continue;
        }
        match (result, index.checked_sub(points)) {
            (Ok(found), None) => directory.bind(&plan, PointId(slot(index)), &found.id),
            (Ok(found), Some(start)) => {
                life.controller.start_found(StartId(slot(start)));
                directory.bind_start(StartId(slot(start)), starter(found));
            }
            (Err(error), None) => {
                life.controller
                    .missing(PointId(slot(index)), error.to_string());
                complaints.push(error.to_string());
            }
            (Err(error), Some(start)) => {
                life.controller
                    .start_missing(StartId(slot(start)), error.to_string());
                complaints.push(error.to_string());
            }
        }
    }
    let found = if directory.is_incomplete() || life.variable.is_missing() {
        Found::Some
    } else {
        Found::All
    };
    life.directory = Rc::new(directory);
    complaints.dedup();
    // The panel gets the controller's short lines; the log gets each name once, with all that was near it.
    life.bring_shows(now, false);
    for complaint in complaints.iter().filter(|c| !told.contains(c)) {
        log::warn!("{complaint}");
    }
    *told = complaints;
    Ok(found)
}

/// The loop as a look-up's source.
struct Asking<'a> {
    life: &'a mut Life,
    session: &'a mut Session,
}

impl Source for Asking<'_> {
    fn get(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        fetches::get(self.session, self.life, call, |body| visit(body))
    }

    fn learned(&mut self, dialect: Dialect) {
        self.life.learn(dialect);
    }
}

fn starter(found: Resolved) -> Starter {
    match found.kind {
        ItemKind::Mood => Starter::Mood { id: found.id },
        kind => Starter::Flow {
            id: found.id,
            advanced: kind == ItemKind::AdvancedFlow,
        },
    }
}
