// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to ids: which lists have to be read for which references, whoever does the reading.

use std::io::Read;

use crate::homey::Dialect;
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, NameError, RefKind, Reference, Resolved, Resolver};
use crate::homey::reply::{self, Zones};

use super::Refusal;

/// Whoever sends the calls and waits for the replies.
pub trait Source {
    /// Sends the call and gives the body of its reply to `visit`.
    fn get(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<(), Refusal>,
    ) -> Result<(), Refusal>;

    /// The list of devices told which dialect the hub speaks: the rest may be asked for at its pace.
    fn learned(&mut self, _dialect: Dialect) {}
}

/// What a look-up found.
pub struct Lookup {
    /// Parallel to the references.
    pub found: Vec<Result<Resolved, NameError>>,
    /// How many devices the hub listed; 0 also where none was asked for.
    pub devices: u32,
}

/// Looks every reference up, reading only the lists that some reference needs, each once and streaming.
pub fn look_up(references: &[Reference<'_>], source: &mut dyn Source) -> Result<Lookup, Refusal> {
    let needs = |kind: RefKind| references.iter().any(|r| r.kind == kind);
    let mut zones = Zones::default();
    if needs(RefKind::Device) || needs(RefKind::Mood) {
        source.get(&Call::Zones, &mut |body| {
            zones = reply::zones(body)?;
            Ok(())
        })?;
    }
    let mut resolver = Resolver::new(references);
    resolver.zones(&zones);
    let mut devices = 0;
    for (reference, item, call) in [
        (RefKind::Device, ItemKind::Device, Call::Devices),
        (RefKind::Flow, ItemKind::Flow, Call::Flows),
        (RefKind::Flow, ItemKind::AdvancedFlow, Call::AdvancedFlows),
        (RefKind::Mood, ItemKind::Mood, Call::Moods),
    ] {
        if !needs(reference) {
            continue;
        }
        let mut count = 0;
        let mut dialect = Dialect::Unknown;
        source.get(&call, &mut |body| {
            count = reply::names(body, &mut |i| {
                if i.dialect != Dialect::Unknown {
                    dialect = i.dialect;
                }
                resolver.item(item, i.id, i.name, i.zone);
            })?;
            Ok(())
        })?;
        if reference == RefKind::Device {
            devices = count;
            source.learned(dialect);
        }
    }
    Ok(Lookup {
        found: resolver.finish(),
        devices,
    })
}
